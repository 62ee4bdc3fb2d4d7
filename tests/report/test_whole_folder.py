"""Results whole or not at all: killed at any moment, on a full disk, and never in place of a stranger's file."""

import importlib.util
import json
import os
import random
import resource
import signal
import stat
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

import ketamine_analysis as ka
from ketamine_analysis.folders import write_whole
from ketamine_analysis.report import cli, whole_folder
from ketamine_analysis.report.whole_folder import MANIFEST, check_ours, clear_left, write_manifest

MAKER = "the tests"
REPOSITORY = Path(cli.__file__).parents[2]
# takes the place of the folder again and again: each time twenty files that all hold the same number
LOOP = """
import itertools, sys
from pathlib import Path
from ketamine_analysis.report.whole_folder import whole_folder, write_manifest
for turn in itertools.count(int(sys.argv[2])):
    with whole_folder(Path(sys.argv[1]), "the tests") as folder:
        (folder / "tables").mkdir()
        for i in range(20):
            (folder / "tables" / f"{i}.csv").write_text(str(turn))
        write_manifest(folder, "the tests", {"turn": turn})
"""


def _make(target, **files):
    with whole_folder.whole_folder(target, MAKER) as folder:
        for name, text in files.items():
            (folder / f"{name}.txt").write_text(text)
        write_manifest(folder, MAKER, {})
    return target


def _program(code, *arguments, **more):
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    return subprocess.Popen([sys.executable, "-c", code, *map(str, arguments)], env=environment, **more)


def _until(condition, seconds=10):
    """Whether the condition came true in this time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.05)
    return condition()


def test_the_manifest_lists_every_file_and_the_folder_takes_its_place(tmp_path):
    out = _make(tmp_path / "deep" / "out", one="1")
    manifest = json.loads((out / MANIFEST).read_text(encoding="utf-8"))
    one = "6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b"  # of "1"
    assert manifest == {"made_by": MAKER, "files": {"one.txt": one}}
    _make(out, two="2")
    assert sorted(path.name for path in out.iterdir()) == [MANIFEST, "two.txt"]
    assert [path.name for path in out.parent.iterdir()] == ["out"]


@pytest.mark.parametrize("atomic", [True, False])
def test_an_error_leaves_the_earlier_folder_and_nothing_else(tmp_path, monkeypatch, atomic):
    if not atomic:
        monkeypatch.setattr(whole_folder, "_exchanged", lambda one, other: False)
    out = _make(_make(tmp_path / "out", one="0"), one="1")  # and replaces one both ways
    with pytest.raises(ZeroDivisionError), whole_folder.whole_folder(out, MAKER) as folder:
        (folder / "half.txt").write_text("x")
        assert (out / "one.txt").read_text() == "1"  # the old results are there until the end
        1 / 0  # noqa: B018
    assert (out / "one.txt").read_text() == "1" and [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_strangers_file_stops_it_by_name_and_nothing_is_lost(tmp_path):
    out = _make(tmp_path / "out", one="1")
    cases = {
        "thesis.docx": "thesis.docx, which no run wrote: move it elsewhere",
        "deep/er.txt": "deep/er.txt, which no",
    }
    for name, words in cases.items():
        (out / name).parent.mkdir(exist_ok=True)
        (out / name).write_text("years")
        with pytest.raises(ValueError, match=words):
            _make(out, two="2")
        assert (out / name).read_text() == "years" and (out / "one.txt").exists()
        (out / name).unlink()
    (out / "linked").symlink_to(tmp_path)
    with pytest.raises(ValueError, match="holds linked"):
        check_ours(out, MAKER)
    (out / "linked").unlink()
    (out / ".DS_Store").write_text("a file manager's")
    (out / "one.txt").write_text("my own words")
    with pytest.raises(ValueError, match=r"one\.txt was changed after it was written: move it elsewhere"):
        _make(out, two="2")
    (out / "one.txt").unlink()  # a file that is missing takes nothing with it
    assert (_make(out, two="2") / "two.txt").exists()


def test_a_file_that_comes_while_it_is_made_stops_it_too(tmp_path):
    out = _make(tmp_path / "out", one="1")
    with pytest.raises(ValueError, match=r"late\.txt, which no run wrote"), whole_folder.whole_folder(out, MAKER):
        (out / "late.txt").write_text("mine")
    assert (out / "late.txt").read_text() == "mine" and (out / "one.txt").exists()


def test_only_its_own_makers_folder_with_a_list_is_replaced(tmp_path):
    out = _make(tmp_path / "out", one="1")
    with pytest.raises(ValueError, match="was made by 'the tests': choose another --out"):
        check_ours(out, "another")
    (out / MANIFEST).write_text(json.dumps({"made_by": MAKER}))
    with pytest.raises(ValueError, match=r"has no list of its files \(an earlier version made it\)"):
        check_ours(out, MAKER)
    for broken in ("[1]", "{", ""):
        (out / MANIFEST).write_text(broken)
        with pytest.raises(ValueError, match="not a folder of an earlier run"):
            check_ours(out, MAKER)
    (tmp_path / "file").write_text("x")
    with pytest.raises(ValueError, match="not a folder of an earlier run"):
        check_ours(tmp_path / "file", MAKER)
    (tmp_path / "empty").mkdir()
    assert (_make(tmp_path / "empty", one="1") / "one.txt").exists()


def test_a_disks_own_folder_is_refused_before_anything_is_computed():
    with pytest.raises(ValueError, match="is a disk's own folder"), whole_folder.whole_folder(Path("/"), MAKER):
        raise KeyError


@pytest.mark.parametrize(("mask", "mode"), [(0o077, 0o700), (0o022, 0o755)])
def test_a_folder_is_as_private_as_the_umask_and_stays_so(tmp_path, mask, mode):
    before = os.umask(mask)
    try:
        out = _make(tmp_path / "out", one="1")
        assert stat.S_IMODE(out.stat().st_mode) == mode
        out.chmod(0o700)
        with pytest.raises(KeyError), whole_folder.whole_folder(out, MAKER) as folder:  # also while it is made
            assert stat.S_IMODE(folder.stat().st_mode) == 0o700
            raise KeyError
        assert stat.S_IMODE(_make(out, two="2").stat().st_mode) == 0o700
    finally:
        os.umask(before)


def test_killed_at_any_moment_it_is_whole_and_nothing_stays(tmp_path):
    """Sixteen kills of a program that does nothing but replace the folder."""
    out, draw = tmp_path / "out", random.Random(7)
    for i, name in enumerate(("KILL", "TERM", "HUP", "INT") * 4):
        program = _program(LOOP, out, 1000 * i, stderr=subprocess.DEVNULL)
        assert _until(lambda: out.exists())
        time.sleep(0.3 + draw.uniform(0, 0.4))
        program.send_signal(getattr(signal, f"SIG{name}"))
        program.wait()
        assert _until(lambda: [path.name for path in tmp_path.iterdir()] == ["out"])
        check_ours(out, MAKER)
        turn = json.loads((out / MANIFEST).read_text(encoding="utf-8"))["turn"]
        assert [(out / "tables" / f"{one}.csv").read_text() for one in range(20)] == [str(turn)] * 20


def test_what_a_run_left_whose_guard_was_killed_too_goes_with_the_next(tmp_path):
    out = _make(tmp_path / "out", one="1")
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    living, old = tmp_path / f".out-{os.getpid()}-0123abcd", tmp_path / f".out-{ended.pid}-0123abcd-old"
    mine = [tmp_path / name for name in (".out-mine", ".out-12-x", ".other-1-0123abcd")]
    for folder in (tmp_path / f".out-{ended.pid}-89abcdef", living, *mine):
        folder.mkdir()
    out.rename(old)  # killed between the two renames
    clear_left(out)
    assert {path.name for path in tmp_path.iterdir()} == {"out", living.name, *(one.name for one in mine)}
    assert (out / "one.txt").read_text() == "1"
    os.utime(living, (0, 0))  # its number is another process's now, and nobody holds its lock
    with whole_folder._owned(living):
        clear_left(out)
        assert living.exists()
    clear_left(out)
    assert not living.exists()


@contextmanager
def _full_disk():
    """No file may grow beyond 200 bytes, as where the disk is full; only inside: the tests' own output may be a file."""
    before, act = resource.getrlimit(resource.RLIMIT_FSIZE), signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, act)


def test_files_are_written_whole_or_stay_as_they_were(tmp_path):
    one, two = tmp_path / "a.txt", tmp_path / "b.txt"
    write_whole({one: "ü\r\n", two: "2"})
    assert one.read_bytes() == b"\xc3\xbc\r\n"
    left = tmp_path / ".a.txt-01234567.part"
    left.write_text("half")
    os.utime(left, (0, 0))  # killed a minute ago
    with _full_disk(), pytest.raises(OSError):
        write_whole({one: "new", two: "x" * 1000})
    assert (one.read_bytes(), two.read_text()) == (b"\xc3\xbc\r\n", "2")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.txt", "b.txt"]


def test_new_and_check_on_a_full_disk_leave_no_half_file(tmp_path):
    wide = {"Nr": [1, 2], "Group": ["ketamine", "saline"], "MADRS_BL": [30, 31], "MADRS_D7": [12, 30]}
    pd.DataFrame(wide).to_csv(tmp_path / "a.csv", index=False)
    ka.simulate_trial(n_per_arm=5, seed=1).to_csv(tmp_path / "b.csv", index=False)
    for arguments, code in ((["new", tmp_path / "a.csv"], 2), (["check", tmp_path / "b.csv", "--out", tmp_path], 2)):
        with _full_disk():
            told = CliRunner().invoke(cli.app, [str(one) for one in arguments])
        assert told.exit_code == code and ("File too large" in told.output), told.output
        assert sorted(path.name for path in tmp_path.iterdir()) == ["a.csv", "b.csv"]


def _killed_runs():
    place = REPOSITORY / "tests" / "calibration" / "killed_runs.py"
    spec = importlib.util.spec_from_file_location("killed_runs", place)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="NO /proc HERE: processes left are not counted")
def test_killed_runs_leave_the_results_whole_and_nothing_else():
    """Two of the twenty of `python tests/calibration/killed_runs.py`."""
    rows = _killed_runs().kill_many(2, seed=2)
    assert set(rows["state"]) <= {"old", "new"}
    assert rows[["processes", "beside"]].to_numpy().sum() == 0, rows


def _by(target, maker, text):
    with whole_folder.whole_folder(target, maker) as folder:
        (folder / "index.html").write_text(text)
        write_manifest(folder, maker, {})


def test_results_of_other_commands_in_the_folder_stay(tmp_path):
    target = tmp_path / "results"
    _by(target, "report", "old")
    _by(target / "run", "run", "a run")
    (target / "check_trial_csv.csv").write_text("a check")
    _by(target, "report", "new")
    assert (target / "index.html").read_text() == "new"
    assert (target / "run" / "index.html").read_text() == "a run" and (target / "run" / MANIFEST).is_file()
    assert (target / "check_trial_csv.csv").read_text() == "a check"
    assert [one.name for one in tmp_path.iterdir()] == ["results"]
    with pytest.raises(ValueError, match="was made by 'report'"):
        _by(target, "run", "in the wrong place")
