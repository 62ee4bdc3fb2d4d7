"""Reading a file of any format as it stands: cells, value labels, and which codes its author called missing."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ..errors import DatasetError, one_problem, problem_table
from .sidecars import sidecar
from .size_limits import check_bytes, check_rows, check_stream, check_zip
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
    column_labels : column → the file's own words for it. notes : how the file was read. doubts : what a person should
    look at, such as a guessed encoding. stated : how many rows the file itself says that it has, where it does.
    """

    frame: pd.DataFrame
    labels: Mapping[str, Mapping[Any, str]] = field(default_factory=dict)
    missing: Mapping[str, Mapping[Any, int]] = field(default_factory=dict)
    column_labels: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()
    stated: int | None = None


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
    try:
        if kind in TEXT:
            raw = _text(path, encoding, delimiter, decimal, header_lines)
        elif kind in WORKBOOKS:
            raw = _workbook(path, sheet, header_lines)
        elif kind in R_FILES:
            raw = _r_file(path, sheet)
        else:
            raw = READERS[kind](path)
        return _checked(raw, path)
    except DatasetError:
        raise
    except Exception as error:  # noqa: BLE001 - each library has its own errors for a damaged file
        words = (str(error).strip().splitlines() or [""])[0][:200]
        fix = f"it cannot be read as one ({type(error).__name__}{': ' if words else ''}{words}): is it damaged?"
        raise one_problem(path.name, WHAT.get(kind, f"a {kind} file"), fix) from None


def _check_path(path: Path) -> None:
    try:
        there, folder, regular = path.exists(), path.is_dir(), path.is_file()
    except (OSError, ValueError) as error:  # a folder that may not be entered; a name that no system takes
        raise one_problem(str(path), "a path that can be followed", f"{type(error).__name__}: check it") from None
    if not there:
        raise one_problem(str(path), "the file exists", "check the path")
    if folder:
        raise one_problem(str(path), "a file, not a folder", "name the file in it")
    if not regular:
        raise one_problem(str(path), "a regular file", "it is a pipe or a device: save the table as a file")
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


def _text(
    path: Path, encoding: str | None, delimiter: str | None, decimal: str | None, header_lines: int | None
) -> RawTable:
    how = {"encoding": encoding, "delimiter": delimiter, "decimal": decimal}
    frame, below, notes, doubt = read_text(path, header_lines=header_lines, **how)
    labels, said, told = sidecar(path, frame)
    doubts = (doubt,) if doubt else ()
    return RawTable(frame, labels, column_labels=below | said, notes=(*notes, *told), doubts=doubts)


def _checked(raw: RawTable, path: Path) -> RawTable:
    frame = raw.frame
    frame.columns = pd.Index([str(name).strip() for name in frame.columns])
    for name in frame.columns[frame.columns.duplicated()]:
        raise one_problem(path.name, "column named once", "rename or remove the second column of that name", name)
    if frame.empty:
        raise one_problem(path.name, "at least one row", "the file has a header and no rows")
    check_rows(path, len(frame))
    if raw.stated is not None and raw.stated != len(frame):
        fix = f"{len(frame)} were read: the file is damaged or cut short"
        raise one_problem(path.name, f"the {raw.stated} rows that the file says it has", fix)
    _check_cells(frame, path)
    if "_line" not in frame:
        frame["_line"] = np.arange(1, len(frame) + 1)
    counted = () if raw.stated is None else (f"{len(frame):,} rows, as many as the file itself counts",)
    return replace(raw, notes=(*raw.notes, *counted))


def _check_cells(frame: pd.DataFrame, path: Path) -> None:
    """DatasetError for a cell that holds a list, a table or bytes."""
    for name in [name for name in frame.columns if pd.api.types.is_object_dtype(frame[name])]:
        nested = frame[name].map(lambda cell: isinstance(cell, (list, tuple, dict, set, bytes, np.ndarray)))
        if nested.any():
            row = int(nested.to_numpy().argmax())
            value = str(frame[name].iloc[row])[:80]
            fix = "it holds a list or a table: spread it over columns or rows"
            raise DatasetError(problem_table(path.name, [(row + 1, name, value, "one value in each cell", fix)]))


def _workbook(path: Path, sheet: str | None, header_lines: int | None) -> RawTable:
    check_zip(path)
    frame, said, notes = read_workbook(path, sheet, header_lines)
    return RawTable(frame, column_labels=said, notes=notes)


def _arrow(path: Path) -> RawTable:
    import pyarrow as pa
    import pyarrow.feather
    import pyarrow.parquet

    stated = None
    if path.suffix.lower() == ".parquet":
        told = pyarrow.parquet.read_metadata(path)
        stated = told.num_rows
        check_rows(path, stated)
        check_bytes(path, sum(told.row_group(i).total_byte_size for i in range(told.num_row_groups)))
        table = pyarrow.parquet.read_table(path)
    else:
        check_bytes(path, path.stat().st_size)
        table = pyarrow.feather.read_table(path)
    table.validate(full=True)  # damaged offsets would end the whole process
    plain = [
        field.with_type(field.type.value_type) if pa.types.is_dictionary(field.type) else field
        for field in table.schema.remove_metadata()
    ]
    frame = table.cast(pa.schema(plain)).to_pandas()
    own = frame.columns.str.fullmatch(r"__index_level_\d+__")  # pandas' own row labels
    return RawTable(frame.loc[:, ~own], stated=stated)


def _statistics(path: Path) -> RawTable:
    import pyreadstat

    kind = path.suffix.lower()
    readers: dict[str, Any] = {".dta": pyreadstat.read_dta, ".sas7bdat": pyreadstat.read_sas7bdat}
    read = readers.get(kind, pyreadstat.read_sav)
    meta: Any
    if kind == ".xpt" and path.stat().st_size % 80:
        raise ValueError("its length is no multiple of 80 bytes: it is cut short")
    try:
        _check_stated(path, {**readers, ".xpt": pyreadstat.read_xport}.get(kind, pyreadstat.read_sav))
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
    return RawTable(frame, labels, missing, said, stated=meta.number_rows)


def _check_stated(path: Path, read: Callable[..., tuple[Any, Any]]) -> None:
    """The rows that the file's head states, before they are read."""
    _, meta = read(path, metadataonly=True)
    check_rows(path, meta.number_rows or 0)


def _dataset_json(path: Path) -> RawTable:
    check_bytes(path, path.stat().st_size)
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
    stated = head.get("records") if isinstance(head.get("records"), int) else None
    return RawTable(frame, column_labels={one["name"]: one.get("label", "") for one in columns}, stated=stated)


def _r_file(path: Path, sheet: str | None) -> RawTable:
    try:
        import rdata
    except ImportError:
        raise one_problem(
            path.name, "the package rdata is installed", "pip install 'ketamine_analysis[r]', or save the table as CSV"
        ) from None
    check_stream(path)
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


READERS: Mapping[str, Callable[[Path], RawTable]] = {
    **dict.fromkeys(ARROW, _arrow),
    **dict.fromkeys(STATISTICS, _statistics),
    **dict.fromkeys(JSON, _dataset_json),
}
WHAT: Mapping[str, str] = {
    **dict.fromkeys(TEXT, "a text table"),
    **dict.fromkeys(WORKBOOKS, "an Excel workbook"),
    **dict.fromkeys(ARROW, "a Parquet or Arrow table"),
    **dict.fromkeys(JSON, "a CDISC Dataset-JSON file"),
    **dict.fromkeys(R_FILES, "an R data file with a data frame"),
}
