"""What the machine does to a run: killed at every moment, full disk, no home, no place to write, two at once, strangers' files.

After each the results must be the old ones whole or the new ones whole, with no process and nothing half made left; a
fault that is no end ends in words and exit code 2.
"""

from __future__ import annotations

import importlib.util
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import nbformat

import ketamine_analysis as ka
from ketamine_analysis.report import cli
from ketamine_analysis.report.whole_folder import MANIFEST

_SPEC = importlib.util.spec_from_file_location(
    "killed_runs", Path(__file__).parents[1] / "calibration" / "killed_runs.py"
)
killed_runs = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(killed_runs)

KILLS = [(name, share) for share in (0.05, 0.2, 0.4, 0.6, 0.8, 0.95) for name in killed_runs.SIGNALS]
CODE = (
    "dataset = None  # parameter\nresults = None  # parameter",
    "import ketamine_analysis as ka\nka.read_dataset(dataset)",
)
SMALL = 4096  # bytes that a file may have on a "full disk"


def _notebook(folder: Path) -> Path:
    """A small notebook that reads patients."""
    cells = [nbformat.v4.new_markdown_cell("# What is there?"), *map(nbformat.v4.new_code_cell, CODE)]
    cells[1].metadata["tags"] = ["parameters"]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), folder / "tiny.ipynb")
    return folder / "tiny.ipynb"


def _called(folder: Path, *arguments: str, full: bool = False, **environment: str | None) -> tuple[int, str]:
    """Exit code and all that a command said. full : no file may grow beyond a few kilobytes."""
    told = {**os.environ, "PYTHONPATH": str(Path(cli.__file__).parents[2]), killed_runs.MARK: str(folder)} | environment
    command = [sys.executable, "-c", killed_runs.PROGRAM.replace("__name__ == '__main__'", "True"), *arguments]
    done = subprocess.run(
        command, cwd=folder, env={name: value for name, value in told.items() if value is not None}, capture_output=True,
        text=True, timeout=300, check=False, stdin=subprocess.DEVNULL,
        preexec_fn=(lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (SMALL, SMALL))) if full else None,
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


def _wrong(folder: Path, before: bytes, code: int, words: str, expected: int | None) -> str:
    """What is wrong after a fault, or ""."""
    if "Traceback" in words:
        return "traceback: " + words.strip().splitlines()[-1]
    if expected is not None and code != expected:
        return f"exit code {code}, not {expected}: {words[-200:]}"
    if not killed_runs.is_whole(folder / "out"):
        return "the results are broken"
    if expected and (folder / "out" / MANIFEST).read_bytes() != before:
        return "the results changed"
    left = [name for name in os.listdir(folder) if name.startswith(".out")]
    return f"left: {left}" if left or killed_runs.processes_left(folder) else ""


def _others(folder: Path, arguments: list[str]) -> dict[str, str]:
    """Each fault that is no kill, and what was wrong."""
    found = {}

    def fault(name: str, *given: str, expected: int | None = 2, **how: object) -> None:
        before = (folder / "out" / MANIFEST).read_bytes()
        code, words = _called(folder, *(given or arguments), **how)  # type: ignore[arg-type]
        found[name] = _wrong(folder, before, code, words, expected)

    fault("full disk, run", full=True)
    fault("full disk, new", "new", "trial.csv", "--out", "recipe.toml", full=True, expected=None)
    fault("full disk, check", "check", "trial.csv", "--out", "checked", full=True, expected=None)
    (folder / "a_file").write_text("not a folder")
    for name, given in {"run": [*arguments[:-1], "a_file/out"], "check": ["check", "trial.csv", "--out", "a_file"],
                        "new": ["new", "trial.csv", "--out", "a_file/recipe.toml"]}.items():  # fmt: skip
        fault(f"no place to write, {name}", *given)
    fault("out is a file", *arguments[:-1], "a_file")
    fault("out holds braces", *arguments[:-1], "o{x}ut", expected=0)
    shutil.rmtree(folder / "o{x}ut", ignore_errors=True)
    for word in ("check", "run"):
        given = ("check", "trial.csv", "--out", "checked") if word == "check" else ()
        fault(f"no home, {word}", *given, HOME=None, expected=0 if word == "check" else None)
        fault(
            f"plain language, {word}",
            *given,
            LANG="C",
            LC_ALL="C",
            PYTHONUTF8="0",
            expected=0 if word == "check" else None,
        )
    for name, words in (("deep", "[" * 50_000), ("long", "9" * 5000), ("unknown", "1")):
        fault(f"--set {name}", *arguments, "--set", f"nothing={words}" if name == "unknown" else f"results={words}")
    fault("a notebook that is not there", *arguments[:-4], "--notebook", "none.ipynb", "--out", "out")
    (folder / "out" / "mine.txt").write_text("a stranger's")
    code, words = _called(folder, *arguments)
    kept = (folder / "out" / "mine.txt").exists() and "mine.txt" in words and code == 2
    found["a stranger's file"] = "" if kept else "it was lost, or not named"
    (folder / "out" / "mine.txt").unlink()
    pair = [killed_runs.start_run(folder, *arguments) for _ in range(2)]
    codes = [one.wait(300) for one in pair]
    whole = killed_runs.is_whole(folder / "out") and 0 in codes and not killed_runs.processes_left(folder)
    found["two at once"] = "" if whole else f"exit codes {codes}"
    return found


def run() -> tuple[Counter, list[str]]:
    """Counts of what became of each, and the words of what must not be."""
    counts, bad = Counter(), []
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        ka.simulate_trial(n_per_arm=20, seed=1).to_csv(folder / "trial.csv", index=False)
        arguments = ["run", "trial.csv", "--notebook", str(_notebook(folder)), "--out", "out"]
        (folder / "temporary").mkdir()
        code, words = _called(folder, *arguments)
        if code:
            raise RuntimeError(f"the run that nothing was done to failed: {words}")
        start = time.perf_counter()
        killed_runs.start_run(folder, *arguments).wait()
        usual = time.perf_counter() - start
        for name, share in KILLS:
            row = killed_runs.kill_one(folder, arguments, name, share * usual)
            wrong = row["state"] == "broken" or row["processes"] or row["beside"]
            counts["wrong" if wrong else "correct"] += 1
            bad += [f"{name} after {100 * share:.0f} %: {row}"] if wrong else []
        for name, wrong in _others(folder, arguments).items():
            counts["wrong" if wrong else "clear error"] += 1
            bad += [f"{name}: {wrong}"] if wrong else []
    return counts, bad
