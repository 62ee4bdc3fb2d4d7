"""The whole check of ten million rows: python tests/benchmarks/check.py [rows]. Prints seconds for CSV and Parquet.

Beside it, in the same run: pandas reading the same CSV with typed columns, which checks nothing. Everything the
check command does is timed: reading, every rule of the table, plausibility, and the report on disk.
"""

import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

import ketamine_analysis as ka
from ketamine_analysis.report.check_report import describe, write_check

ROWS = int(float(sys.argv[1])) if len(sys.argv) > 1 else 10_000_000
HOURS = np.array([0.0, 4.0, 24.0, 72.0, 168.0, 336.0, 504.0, 672.0, 840.0, 1008.0])


def _table():
    people = ROWS // len(HOURS)
    rng = np.random.default_rng(1)
    arm = np.array(["ketamine", "midazolam", "sertraline"])[np.arange(people) % 3]
    score = np.clip(
        np.round(rng.normal(32, 5, people)[:, None] - rng.gamma(2, 4, (people, len(HOURS))) * (HOURS > 0)), 0, 60
    )
    return pd.DataFrame({
        "study": "registry", "subject": np.repeat(np.char.add("S", np.arange(people).astype(str)), len(HOURS)),
        "arm": np.repeat(arm, len(HOURS)), "hours": np.tile(HOURS, people), "scale": "MADRS", "score": score.ravel(),
    })  # fmt: skip


def _timed(call):
    """The answer, and seconds on the clock and of this process (they differ on a busy machine)."""
    clock, own = time.perf_counter(), time.process_time()
    answer = call()
    return answer, np.array([time.perf_counter() - clock, time.process_time() - own])


with tempfile.TemporaryDirectory() as place:
    table = _table()
    csv, parquet = Path(place) / "registry.csv", Path(place) / "registry.parquet"
    table.to_csv(csv, index=False)
    table.to_parquet(parquet)
    print(f"{len(table):,} rows, {csv.stat().st_size / 1e6:.0f} MB as CSV")
    del table
    kinds = {"subject": "str", "arm": "category", "hours": float, "score": float}
    _, peer = _timed(lambda: pd.read_csv(csv, dtype=kinds))
    for path in (csv, parquet):
        found, seconds = _timed(lambda path=path: ka.examine(path))
        _, writing = _timed(lambda found=found: (describe(found), write_check(found, Path(place))))
        clock, own = seconds + writing
        print(f"{path.suffix}: {clock:.1f} s, {own:.1f} s of the processor ({found.errors} errors)")
        print(f"  {own / peer[1]:.1f} times pandas.read_csv alone ({peer[0]:.1f} s, {peer[1]:.1f} s of the processor)")
