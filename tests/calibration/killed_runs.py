"""`run` and `report` killed at random moments: what stands in its folder afterwards, and what is left beside it.

    python tests/calibration/killed_runs.py --times 20 [--command report]

Each time a run onto the results of an earlier one gets one of the signals at a moment drawn from its usual duration.
Its results must be the old ones whole or the new ones whole; no process, no half made folder, nothing in the folder
for temporary files. A line a signal; every number of the last three columns must be 0, and the exit code says so.
"""

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd

import ketamine_analysis as ka
from ketamine_analysis.folders import shipped_folder
from ketamine_analysis.report import cli
from ketamine_analysis.report.whole_folder import MANIFEST, check_ours

SIGNALS = ("KILL", "TERM", "HUP", "INT")
PATIENCE = 10  # seconds until everything must be gone
MARK = "KETAMINE_ANALYSIS_KILLED_RUN"  # in the environment of a run and of whatever it starts
PROGRAM = "from ketamine_analysis.report import cli\nif __name__ == '__main__':\n    cli.app()\n"


def start_run(folder, *arguments):
    """The command in a process of its own, on the file in `folder`, with its own folder for temporary files."""
    (folder / "program.py").write_text(PROGRAM)
    (folder / "temporary").mkdir(exist_ok=True)
    environment = os.environ | {
        MARK: str(folder), "TMPDIR": str(folder / "temporary"), "PYTHONPATH": str(Path(cli.__file__).parents[2])
    }  # fmt: skip
    return subprocess.Popen(
        [sys.executable, "program.py", *arguments],
        cwd=folder,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def processes_left(folder):
    """The numbers of the processes that a run in this folder started and that still live."""
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        try:
            if f"{MARK}={folder}".encode() in (place / "environ").read_bytes().split(b"\0"):
                found.append(int(place.name))
        except OSError:  # it ended, or is another person's
            continue
    return found


def left_beside(folder):
    """Half made folders beside the results, and files in the folder for temporary ones."""
    return [path.name for path in folder.glob(".*")] + [path.name for path in (folder / "temporary").iterdir()]


def is_whole(out):
    """Whether the folder holds every file of its manifest as it was written, and no other."""
    try:
        manifest = json.loads((out / MANIFEST).read_text(encoding="utf-8"))
        check_ours(out, manifest["made_by"])
    except (OSError, ValueError):
        return False
    return all((out / name).is_file() for name in manifest["files"])


def kill_one(folder, arguments, name, seconds):
    """One run killed: (old, new or broken; processes left; things left beside; seconds until all was gone)."""
    before = (folder / "out" / MANIFEST).read_bytes()
    process = start_run(folder, *arguments)
    time.sleep(seconds)
    process.send_signal(getattr(signal, f"SIG{name}"))
    begun = time.perf_counter()
    while time.perf_counter() - begun < PATIENCE:
        if process.poll() is not None and not processes_left(folder) and not left_beside(folder):
            break
        time.sleep(0.1)
    gone, processes, beside = time.perf_counter() - begun, processes_left(folder), left_beside(folder)
    state = "broken"
    if is_whole(folder / "out"):
        state = "old" if (folder / "out" / MANIFEST).read_bytes() == before else "new"
    for number in processes:  # the next time starts clean
        os.kill(number, signal.SIGKILL)
    process.wait()
    return {
        "signal": name,
        "after": seconds,
        "state": state,
        "processes": len(processes),
        "beside": len(beside),
        "gone": gone,
    }


def prepared(folder, command):
    """The arguments of the command for one notebook on a small simulated trial."""
    examples, notebooks = folder / "data" / "examples", folder / "notebooks"
    for one in (examples, notebooks):
        one.mkdir(parents=True)
    ka.simulate_trial(n_per_arm=20, seed=1).to_csv(examples / "simulated_trial.csv", index=False)
    shutil.copy(shipped_folder("notebooks") / "07_a_patient_level_trial.ipynb", notebooks)
    given = {"run": ("data/examples/simulated_trial.csv", "--notebook", "07"), "report": ("--notebooks", "notebooks")}
    return command, *given[command], "--out", "out"


def kill_many(times, *, seed=1, signals=SIGNALS, command="run"):
    """A row for each killed run."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        arguments = prepared(folder, command)
        begun = time.perf_counter()
        if start_run(folder, *arguments).wait() != 0:
            raise RuntimeError("the first run, which nobody killed, failed")
        usual, draw = time.perf_counter() - begun, random.Random(seed)
        moments = [(signals[i % len(signals)], draw.uniform(0.1, 1.05 * usual)) for i in range(times)]
        return pd.DataFrame([kill_one(folder, arguments, name, seconds) for name, seconds in moments])


def summarize(rows):
    """A line for each signal and one for all."""
    lines = [*rows.groupby("signal", sort=False), ("all", rows)]
    return pd.DataFrame([
        {"signal": name, "times": len(some), "old whole": some["state"].eq("old").sum(),
         "new whole": some["state"].eq("new").sum(), "slowest end, s": round(some["gone"].max(), 1),
         "broken": some["state"].eq("broken").sum(), "processes left": some["processes"].sum(),
         "left beside": some["beside"].sum()} for name, some in lines])  # fmt: skip


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--command", choices=("run", "report"), default="run")
    given = parser.parse_args()
    killed = kill_many(given.times, seed=given.seed, command=given.command)
    print(killed.round(1).to_string(index=False))
    print(summarize(killed).to_string(index=False))
    sys.exit(int(killed["state"].eq("broken").any() or killed[["processes", "beside"]].to_numpy().any()))
