"""Files damaged byte by byte, of every format: each must be read as an independent reader reads it, or refused in words.

`python tests/attack/table.py` prints how it went; `python tests/attack/files.py --seconds 600` goes on as long as told.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import tempfile
import time
from collections import Counter
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pyarrow.feather
import pyreadstat

import ketamine_analysis as ka
from ketamine_analysis.any_file.examination import examine

COLUMNS = ["study", "subject", "arm", "hours", "scale", "score"]
WAYS = ("cut", "flip", "zero", "swap", "insert", "head", "repeat", "text")


def whole_files(folder: Path) -> dict[str, Path]:
    """One good file of every format, of the same simulated trial."""
    table = ka.simulate_trial(n_per_arm=12, seed=5)[COLUMNS].dropna().reset_index(drop=True)
    table.to_csv(folder / "comma.csv", index=False)
    table.to_csv(folder / "tab.tsv", index=False, sep="\t")
    table.to_csv(folder / "utf16.csv", index=False, sep=";", encoding="utf-16")
    table.assign(subject='a"b,' + table["subject"]).to_csv(folder / "quoted.csv", index=False)
    table.to_excel(folder / "book.xlsx", index=False)
    table.to_parquet(folder / "table.parquet")
    pyarrow.feather.write_feather(table, folder / "table.feather")
    pyreadstat.write_sav(table, folder / "spss.sav")
    pyreadstat.write_sav(table, folder / "spss.zsav", compress=True)
    pyreadstat.write_dta(table, folder / "stata.dta")
    pyreadstat.write_xport(table, folder / "sas.xpt", file_format_version=5)
    kinds = {"hours": "double", "score": "double"}
    columns = [{"name": name, "label": name, "dataType": kinds.get(name, "string")} for name in COLUMNS]
    rows = table.to_numpy().tolist()
    (folder / "cdisc.json").write_text(json.dumps({"columns": columns, "records": len(rows), "rows": rows}))
    lines = [json.dumps({"columns": columns, "records": len(rows)}), *map(json.dumps, rows)]
    (folder / "cdisc.ndjson").write_text("\n".join(lines))
    return {path.name: path for path in sorted(folder.iterdir())}


def damaged(data: bytes, way: str, rng: np.random.Generator) -> bytes:
    """The bytes with one kind of damage at a place that the generator chooses."""
    at, size = int(rng.integers(1, len(data))), int(rng.integers(1, 64))
    noise = rng.integers(0, 256, size, dtype=np.uint8).tobytes()
    if way == "flip":
        places = rng.integers(0, len(data), int(rng.integers(1, 9)))
        changed = bytearray(data)
        for place in places:
            changed[place] ^= 1 << int(rng.integers(0, 8))
        return bytes(changed)
    if way == "text":
        words = rng.choice([b"=1+1", b"\r\n", b'"', b",,,", b"\0", b"1e400", b"-", b"\xff\xfe", b"<script>"])
        return data[:at] + bytes(words) + data[at:]
    swapped = data[at:] + data[:at]
    ways = {"cut": data[:at], "zero": data[:at] + bytes(size) + data[at + size :], "swap": swapped,
            "insert": data[:at] + noise + data[at:], "head": noise + data[size:], "repeat": data + data[:at]}  # fmt: skip
    return ways[way]


def _sas(path: Path) -> pd.DataFrame:
    return pd.read_sas(path, format="xport", encoding="utf-8")


def told_otherwise(path: Path) -> int | None:
    """How many rows with anything in them another reader finds; None where it fails or counts nothing."""
    kind = path.suffix
    try:
        if kind in (".csv", ".tsv"):
            data = path.read_bytes()
            text = data.decode("utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8")
            delimiter = {"comma.csv": ",", "quoted.csv": ",", "tab.tsv": "\t", "utf16.csv": ";"}[path.name]
            rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
            return sum(any(cell.strip() for cell in row) for row in rows) - 1
        if kind == ".xlsx":
            with path.open("rb") as file:
                sheet = openpyxl.load_workbook(file).active
            return sum(any(cell not in (None, "") for cell in row) for row in sheet.iter_rows(values_only=True)) - 1
        readers = {".parquet": pd.read_parquet, ".feather": pd.read_feather, ".dta": pd.read_stata, ".xpt": _sas}
        return len(readers[kind](path)) if kind in readers else None
    except Exception:  # noqa: BLE001 - whatever the other reader says, it gives no count
        return None


def attack(name: str, data: bytes, folder: Path) -> tuple[str, str]:
    """What became of one damaged file ("correct", "clear error", "wrong", "traceback"), and the words."""
    path = folder / name
    path.write_bytes(data)
    try:
        raw = ka.read_table(path)
    except ka.DatasetError as error:
        told = error.problems[["rule", "message", "file"]].map(bool).all(axis=None)
        return ("clear error" if told else "traceback"), str(error)
    except Exception as error:  # noqa: BLE001 - what must not be
        return "traceback", f"{type(error).__name__}: {error}"
    rows = told_otherwise(path)
    if rows is not None and rows != len(raw.frame):
        return "wrong", f"{len(raw.frame)} rows read, another reader finds {rows}"
    try:
        found = examine(path)
        if found.exit_code == 0:
            ka.read_dataset(path)  # what check passes, run can read
    except Exception as error:  # noqa: BLE001 - what must not be
        return "traceback", f"{type(error).__name__}: {error}"
    return "correct", ""


def run(tries: int | None, seconds: float, seed: int = 1) -> tuple[Counter, list[str]]:
    """Counts of what became of each, over formats and kinds of damage in turn; and the words of what must not be."""
    rng, counts, bad = np.random.default_rng(seed), Counter(), []
    end = time.monotonic() + seconds
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as two:
        whole = {name: path.read_bytes() for name, path in whole_files(Path(one)).items()}
        turns = [(name, way) for way in WAYS for name in whole]
        number = 0
        while (tries is None or number < tries) and time.monotonic() < end:
            name, way = turns[number % len(turns)]
            start = time.monotonic()
            state, words = attack(name, damaged(whole[name], way, rng), Path(two))
            state = "hang" if time.monotonic() - start > 60 else state
            counts[state] += 1
            bad += (
                [f"{name}, {way}, number {number}: {state}: {words}"] if state in ("wrong", "traceback", "hang") else []
            )
            number += 1
    return counts, bad


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=1)
    told = parser.parse_args()
    found, bad = run(None, told.seconds, told.seed)
    print(f"{sum(found.values())} damaged files in {told.seconds:g} s: {dict(found)}")
    print("\n".join(bad))
    raise SystemExit(bool(bad))
