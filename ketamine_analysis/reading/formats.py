"""Reading a file of any format as it stands: cells, value labels, and which codes its author called missing."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ..errors import one_problem
from .sidecars import sidecar
from .text_files import read_text
from .workbooks import WORKBOOKS, read_workbook

TEXT = (".csv", ".tsv", ".txt", ".tab", ".dat")
ARROW = (".parquet", ".feather", ".arrow")
STATISTICS = (".sav", ".zsav", ".dta", ".xpt", ".sas7bdat")
JSON = (".json", ".ndjson")
R_FILES = (".rds", ".rda", ".rdata")
KNOWN = (*TEXT, *WORKBOOKS, *ARROW, *STATISTICS, *JSON, *R_FILES)


@dataclass(frozen=True)
class RawTable:
    """A file as it stands, before anything is understood.

    frame : its cells, a user-missing code already blank, with `_line`: the line or row number in the file.
    labels : column → {code: label}. missing : column → {code its author called missing: how often it stood there}.
    column_labels : column → the file's own words for it. notes : how the file was read.
    """

    frame: pd.DataFrame
    labels: Mapping[str, Mapping[Any, str]] = field(default_factory=dict)
    missing: Mapping[str, Mapping[Any, int]] = field(default_factory=dict)
    column_labels: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def read_table(
    path: str | Path,
    *,
    sheet: str | None = None,
    encoding: str | None = None,
    delimiter: str | None = None,
    decimal: str | None = None,
    header_lines: int | None = None,
) -> RawTable:
    """The file's cells as a `RawTable`, whatever its format; the ending of the name says which.

    CSV, TSV (any delimiter, decimal comma, UTF-8, UTF-16, Windows-1252), Excel (.xlsx), Parquet, Feather/Arrow,
    SPSS (.sav, .zsav), Stata (.dta), SAS (.xpt v5 and v8, .sas7bdat), CDISC Dataset-JSON (.json, .ndjson),
    R (.rds, .rda; needs the package rdata). Values of text files are words, of the others as stored.
    sheet : of a workbook or, in an .rda file, the object; needed only where there are several.
    encoding, delimiter, decimal : of a text file, where the recognised ones are wrong.
    header_lines : of a text file or workbook, where the recognised number of lines of the header is wrong.
    Raises DatasetError for a file that is not there, not readable, not of its format, or without a row.
    """
    path = Path(path)
    _check_path(path)
    kind = path.suffix.lower()
    if kind in TEXT:
        how = {"encoding": encoding, "delimiter": delimiter, "decimal": decimal}
        frame, below, notes = read_text(path, header_lines=header_lines, **how)
        labels, said, told = sidecar(path, frame)
        raw = RawTable(frame, labels, column_labels=below | said, notes=(*notes, *told))
    elif kind in WORKBOOKS:
        raw = _guarded(path, "an Excel workbook", lambda: _workbook(path, sheet, header_lines))
    elif kind in ARROW:
        raw = _guarded(path, "a Parquet or Arrow table", lambda: _arrow(path))
    elif kind in STATISTICS:
        raw = _guarded(path, f"a {kind} file", lambda: _statistics(path))
    elif kind in JSON:
        raw = _guarded(path, "a CDISC Dataset-JSON file", lambda: _dataset_json(path))
    else:
        raw = _guarded(path, "an R data file with a data frame", lambda: _r_file(path, sheet))
    return _checked(raw, path)


def _check_path(path: Path) -> None:
    if not path.exists():
        raise one_problem(str(path), "the file exists", "check the path")
    if path.is_dir():
        raise one_problem(str(path), "a file, not a folder", "name the file in it")
    kind = path.suffix.lower()
    if kind not in KNOWN:
        raise one_problem(path.name, "a known format", f"the name must end in one of {', '.join(KNOWN)}")
    try:
        with path.open("rb") as file:
            start = file.read(4)
    except PermissionError:
        raise one_problem(path.name, "a file that may be read", "you lack the permission to read it") from None
    if start == b"PK\x03\x04" and kind not in WORKBOOKS:
        raise one_problem(
            path.name, f"a {kind} file", "the content is a zip archive (a workbook?): unpack or rename it"
        )


def _guarded(path: Path, what: str, read: Callable[[], RawTable]) -> RawTable:
    """The readers of binary formats have errors of their own for a damaged file: they become one of ours."""
    try:
        return read()
    except (OSError, ValueError, TypeError, KeyError, IndexError, AttributeError, RuntimeError, EOFError) as error:
        if type(error).__name__ == "DatasetError":
            raise
        words = (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
        raise one_problem(path.name, what, f"it cannot be read as one: {words}") from None


def _checked(raw: RawTable, path: Path) -> RawTable:
    frame = raw.frame
    frame.columns = pd.Index([str(name).strip() for name in frame.columns])
    for name in frame.columns[frame.columns.duplicated()]:
        raise one_problem(path.name, "column named once", "rename or remove the second column of that name", name)
    if frame.empty:
        raise one_problem(path.name, "at least one row", "the file has a header and no rows")
    if "_line" not in frame:
        frame["_line"] = np.arange(1, len(frame) + 1)
    return raw


def _workbook(path: Path, sheet: str | None, header_lines: int | None) -> RawTable:
    frame, said, notes = read_workbook(path, sheet, header_lines)
    return RawTable(frame, column_labels=said, notes=notes)


def _arrow(path: Path) -> RawTable:
    import pyarrow as pa
    import pyarrow.feather
    import pyarrow.parquet

    read = pyarrow.parquet.read_table if path.suffix.lower() == ".parquet" else pyarrow.feather.read_table
    table = read(path)
    plain = [
        field.with_type(field.type.value_type) if pa.types.is_dictionary(field.type) else field
        for field in table.schema.remove_metadata()
    ]
    frame = table.cast(pa.schema(plain)).to_pandas()
    return RawTable(frame.loc[:, ~frame.columns.str.fullmatch(r"__index_level_\d+__")])  # pandas' own row labels


def _statistics(path: Path) -> RawTable:
    import pyreadstat

    kind = path.suffix.lower()
    readers: dict[str, Any] = {".dta": pyreadstat.read_dta, ".sas7bdat": pyreadstat.read_sas7bdat}
    read = readers.get(kind, pyreadstat.read_sav)
    meta: Any
    if kind == ".xpt" and path.stat().st_size % 80:
        raise ValueError("its length is no multiple of 80 bytes: it is cut short")
    try:
        frame, meta = pyreadstat.read_xport(path) if kind == ".xpt" else read(path, user_missing=True)
    except pyreadstat.ReadstatError as error:
        raise ValueError(str(error)) from None
    missing: dict[str, dict[Any, int]] = {}
    for name, ranges in meta.missing_ranges.items():
        codes = frame[name].isin([]) | False
        for one in ranges:
            low, high = one["lo"], one["hi"]
            codes |= frame[name] == low if low == high else frame[name].between(low, high)
        missing[name] = dict(Counter(frame.loc[codes, name].tolist()))
        frame[name] = frame[name].mask(codes)
    for name in meta.missing_user_values:  # the letters of Stata (.a … .z) and SAS (.A … .Z, ._)
        letters = frame[name].map(lambda cell: isinstance(cell, str))
        missing[name] = {f".{letter}": count for letter, count in Counter(frame.loc[letters, name]).items()}
        frame[name] = pd.to_numeric(frame[name].mask(letters))
    labels = {name: words for name, words in meta.variable_value_labels.items() if name in frame}
    frame = frame.replace("", None) if frame.isin([""]).any(axis=None) else frame
    said = {name: words for name, words in meta.column_names_to_labels.items() if words}
    return RawTable(frame, labels, missing, said)


def _dataset_json(path: Path) -> RawTable:
    text = path.read_text(encoding="utf-8-sig")
    if path.suffix.lower() == ".ndjson":
        head, *rows = [json.loads(line) for line in text.splitlines() if line.strip()]
    else:
        head = json.loads(text)
        rows = head.get("rows", [])
    columns = head.get("columns")
    if columns is None:  # version 1.0 keeps its data sets in groups
        groups = [*head.get("clinicalData", {}).get("itemGroupData", {}).values()]
        groups += [*head.get("referenceData", {}).get("itemGroupData", {}).values()]
        if len(groups) != 1:
            raise ValueError(f"it holds {len(groups)} data sets, not one")
        columns, rows = groups[0]["items"], groups[0]["itemData"]
    frame = pd.DataFrame(rows, columns=[one["name"] for one in columns])
    frame = frame.drop(columns="ITEMGROUPDATASEQ", errors="ignore")
    for one in columns:  # decimals may be held as text
        if one.get("dataType", one.get("type")) in ("decimal", "float", "double", "integer") and one["name"] in frame:
            frame[one["name"]] = pd.to_numeric(frame[one["name"]]).astype(float)
    frame = frame.replace("", None) if frame.isin([""]).any(axis=None) else frame
    return RawTable(frame, column_labels={one["name"]: one.get("label", "") for one in columns})


def _r_file(path: Path, sheet: str | None) -> RawTable:
    try:
        import rdata
    except ImportError:
        raise one_problem(
            path.name, "the package rdata is installed", "pip install 'ketamine_analysis[r]', or save the table as CSV"
        ) from None
    if path.suffix.lower() == ".rds":
        table = rdata.read_rds(path)
    else:
        tables = {name: one for name, one in rdata.read_rda(path).items() if isinstance(one, pd.DataFrame)}
        if sheet is None and len(tables) != 1:
            raise ValueError(f"it holds the data frames {', '.join(tables)}: name one in the recipe, sheet = …")
        table = tables[sheet if sheet is not None else next(iter(tables))]
    if not isinstance(table, pd.DataFrame):
        raise ValueError("it holds no data frame")
    plain = {name: table[name].astype(object) for name in table if isinstance(table[name].dtype, pd.CategoricalDtype)}
    return RawTable(table.assign(**plain).reset_index(drop=True))
