"""Workers, kernels and JupyterLab end with the process that started them, and the folder for temporary files is empty."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from ketamine_analysis.report import cli
from ketamine_analysis.report.children import clear, guarded, no_child_left

MARK = "KETAMINE_ANALYSIS_TEST_OF_CHILDREN"
REPOSITORY = Path(cli.__file__).parents[2]
needs_proc = pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="NO /proc HERE: no process was counted")
WORKER = """
import os, sys, time
from concurrent.futures import ProcessPoolExecutor
from ketamine_analysis.report.children import end_with_parent, no_child_left
if __name__ == "__main__":
    with ProcessPoolExecutor(1, initializer=end_with_parent, initargs=(os.getpid(),)) as pool, no_child_left():
        job = pool.submit(time.sleep, 600)
        open(sys.argv[1], "w").close()
        job.result()
"""


def _start(code, folder, *arguments, **more):
    environment = {**os.environ, MARK: str(folder), "PYTHONPATH": str(REPOSITORY), **more.pop("env", {})}
    (folder / "program.py").write_text(code)
    command = [sys.executable, str(folder / "program.py"), *map(str, arguments)]
    return subprocess.Popen(command, env=environment, cwd=folder, **more)


def _living(folder):
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        try:
            if f"{MARK}={folder}".encode() in (place / "environ").read_bytes().split(b"\0"):
                found.append((place / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        except OSError:
            continue
    return found


def _until(condition, seconds=20):
    end = time.monotonic() + seconds
    while time.monotonic() < end and not condition():
        time.sleep(0.1)
    return condition()


def test_an_earlier_folder_that_made_room_comes_back(tmp_path):
    target, half, old = tmp_path / "out", tmp_path / ".half", tmp_path / ".half-old"
    for folder in (half, old):
        folder.mkdir()
        (folder / "a.txt").write_text(folder.name)
    clear(half, target)
    assert (target / "a.txt").read_text() == ".half-old" and [path.name for path in tmp_path.iterdir()] == ["out"]
    half.mkdir()
    with guarded(half, target):
        assert half.exists()
    assert not half.exists() and target.exists()
    clear(half, target)  # nothing to clear


@needs_proc
@pytest.mark.parametrize("name", ["KILL", "TERM", "HUP", "INT"])
def test_a_worker_ends_with_its_parent(tmp_path, name):
    """INT goes to the parent alone, in the midst of a job of ten minutes."""
    program = _start(WORKER, tmp_path, tmp_path / "begun", stderr=subprocess.DEVNULL)
    assert _until((tmp_path / "begun").exists) and _until(lambda: len(_living(tmp_path)) >= 2)
    time.sleep(0.5)
    program.send_signal(getattr(signal, f"SIG{name}"))
    assert program.wait(10) != 0
    assert _until(lambda: _living(tmp_path) == [], 5), _living(tmp_path)


def test_other_peoples_children_are_left_alone():
    other = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    with pytest.raises(KeyError), no_child_left():
        raise KeyError
    assert other.poll() is None
    other.kill()
    other.wait()


@needs_proc
@pytest.mark.slow
@pytest.mark.parametrize("name", ["TERM", "HUP", "KILL"])
def test_jupyterlab_and_its_kernels_end_with_the_command(tmp_path, name):
    folders = {
        f"JUPYTER_{one}_DIR": str(tmp_path / one.lower()) for one in ("RUNTIME", "CONFIG", "DATA")
    }  # nothing of the person's
    code = "from ketamine_analysis.report import cli\ncli.app()\n"
    options = ("--no-browser", "--port", "0", "--allow-root", "--IdentityProvider.token=t")
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    program = _start(code, tmp_path, "lab", *options, env=folders, **quiet)
    found = []
    assert _until(lambda: found.extend((tmp_path / "runtime").glob("jpserver-*.json")) or found, 120)
    time.sleep(1)
    address = json.loads(found[0].read_text(encoding="utf-8"))["url"]
    asked = urllib.request.Request(f"{address}api/kernels", b"{}", {"Authorization": "token t"}, method="POST")
    with urllib.request.urlopen(asked, timeout=60) as answer:
        assert answer.status == 201
    assert _until(lambda: any("kernel" in one for one in _living(tmp_path)))
    program.send_signal(getattr(signal, f"SIG{name}"))
    program.wait(30)
    assert _until(lambda: _living(tmp_path) == [], 15), _living(tmp_path)
