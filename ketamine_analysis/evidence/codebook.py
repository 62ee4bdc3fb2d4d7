"""The codebook of a folder of evidence: its tables, their columns and words, their text, and the versions of it."""

from __future__ import annotations

import hashlib
import json
from functools import cache
from pathlib import Path

import pandas as pd

from ..folders import shipped_folder

BOOK = "datapackage.json"
ROWS = ("trials", "arms", "outcomes", "effects", "durability", "adverse_events", "risk_of_bias")
# what a row of each table measures, in two columns: with trial, arm, time, scale and place they find its quote
MEASURED = {
    "outcomes": ("outcome", "analysis"),
    "effects": ("outcome", "effect_measure"),
    "durability": ("statistic", "condition"),
    "adverse_events": ("event", "measure"),
    "risk_of_bias": ("domain", "value"),
}
QUOTE_KEY = ("table", "trial_id", "arm_id", "hours", "scale", "measured", "kind", "locator", "source_url")


def evidence_folder(folder: str | Path | None = None) -> Path:
    """The folder asked for, or the shipped `data/evidence`."""
    return Path(folder) if folder is not None else shipped_folder("data") / "evidence"


@cache
def codebook(folder: Path) -> dict:
    """`datapackage.json` of a folder. ValueError, with the fix, where there is none."""
    path = folder / BOOK
    if not path.is_file():
        raise ValueError(f"{folder} has no {BOOK}: copy the shipped data/evidence there, whole, and add to the copy")
    return json.loads(path.read_text(encoding="utf-8"))


def resource_of(table: str, folder: Path) -> dict:
    """What the codebook says of one table."""
    return next(one for one in codebook(folder)["resources"] if one["name"] == table)


def fields_of(table: str, folder: Path) -> dict[str, dict]:
    """The fields of one table by name, in the order of its columns."""
    return {field["name"]: field for field in resource_of(table, folder)["schema"]["fields"]}


def text_tables(folder: Path) -> dict[str, pd.DataFrame]:
    """Every table as text, as it stands in its file: 12.70 stays 12.70, an empty cell is ""."""
    names = [one["name"] for one in codebook(folder)["resources"]]
    return {name: pd.read_csv(folder / f"{name}.csv", dtype=str, keep_default_na=False) for name in names}


def quote_key(table: str, rows: pd.DataFrame) -> pd.DataFrame:
    """The key under which `quotes` holds the words of rows of `table`: QUOTE_KEY, "" where one does not apply."""
    measured, kind = MEASURED.get(table, ("", ""))
    given = {"table": table, "measured": rows.get(measured, ""), "kind": rows.get(kind, "")}
    return pd.DataFrame({name: given.get(name, rows.get(name, "")) for name in QUOTE_KEY}, index=rows.index).fillna("")


def checksum(path: Path) -> str:
    """Of a file, as the codebook writes it."""
    return f"sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}"


def evidence_history(folder: str | Path | None = None) -> pd.DataFrame:
    """The versions of the evidence: `version, date, table, rows, trials, changed`, one row a version and table.

    rows, trials : how many that version brought. changed : what was corrected in rows that stood already, in words.
    folder : another folder with the same files; default the shipped one.

    >>> evidence_history().query("version == 1 and table == 'outcomes'")[["rows", "trials"]].values.tolist()
    [[1971, 360]]
    """
    where = evidence_folder(folder)
    tables = text_tables(where)
    rows = [
        {
            "version": one["version"], "date": one["date"], "table": name, "rows": len(brought),
            "trials": brought["trial_id"].nunique(), "changed": one["changed"],
        }
        for one in codebook(where)["history"]
        for name in ROWS
        for brought in [tables[name][tables[name]["added"] == str(one["version"])]]
        if len(brought)
    ]  # fmt: skip
    return pd.DataFrame(rows)
