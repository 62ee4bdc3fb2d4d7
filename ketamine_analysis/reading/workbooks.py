"""An Excel workbook's sheet as a table: titles left out, formulas without value refused, its dimension not believed."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path
from typing import Any

import pandas as pd

from ..errors import DatasetError, one_problem, problem_table
from .codebook import CODEBOOK_NAMES
from .header_lines import MISSING_WORDS, joined_header

WORKBOOKS = (".xlsx", ".xlsm")
UNCOMPUTED = "open it in Excel or LibreOffice and save it, so that values are stored, or export the sheet as CSV"
SAMPLE_ROWS = 60  # looked at for the header
TITLES = 6  # rows in which the names of the columns are looked for


def read_workbook(
    path: Path, sheet: str | None, header_lines: int | None
) -> tuple[pd.DataFrame, dict[str, str], tuple[str, ...]]:
    """The sheet's cells with `_line`, words for its columns where its header has several lines, and notes.

    Raises DatasetError for a sheet that is not there or not told, and for formulas whose value was never stored.
    """
    import openpyxl

    with path.open("rb") as file:  # closed whatever is wrong with it
        book = openpyxl.load_workbook(file, read_only=True, data_only=True)
        tables = {name: _rows_of(book[name]) for name in book.sheetnames if hasattr(book[name], "iter_rows")}
    filled = {name: rows for name, rows in tables.items() if len(rows) > 1}
    if len(filled) > 1:  # a sheet of codes is no second table
        filled = {
            name: rows for name, rows in filled.items() if not re.search(CODEBOOK_NAMES, name.casefold())
        } or filled
    if sheet is not None and sheet not in tables:
        raise one_problem(path.name, "a sheet of the workbook", f"its sheets are {', '.join(tables)}", value=sheet)
    if sheet is None and len(filled) > 1:
        fix = (
            f"several sheets hold a table: name one in the recipe, sheet = {next(iter(filled))!r}; {', '.join(filled)}"
        )
        raise one_problem(path.name, "one sheet, or its name", fix)
    if sheet is None and not filled:
        raise one_problem(path.name, "at least one row", "no sheet holds a header and a row")
    chosen = sheet if sheet is not None else next(iter(filled))
    titles, table = _without_titles(tables[chosen] or [(1, ())])
    names, said, deep = joined_header([row for _, row in table[:SAMPLE_ROWS]], header_lines)
    rows, width = table[deep:], max((i + 1 for i, name in enumerate(names) if name), default=0)
    _check_computed(path, chosen, table, width)
    frame = pd.DataFrame([row[:width] + (None,) * (width - len(row)) for _, row in rows], dtype=object)
    frame = frame.reindex(columns=range(width))
    frame.columns = pd.Index(names[:width])
    notes = [
        f"sheet {chosen!r} of the workbook",
        *(f"row {line}, {words!r}, is taken for a title" for line, words in titles),
        *([f"{deep} rows are the header"] if deep > 1 else []),
    ]
    return _typed_cells(frame).assign(_line=[line for line, _ in rows]), said, tuple(notes)


def _check_computed(path: Path, sheet: str, table: list[tuple[int, tuple]], width: int) -> None:
    """DatasetError for formulas whose value was never stored: they would be read as blank cells."""
    import openpyxl

    with zipfile.ZipFile(path) as parts:
        sheets = [name for name in parts.namelist() if name.startswith("xl/worksheets/")]
        if not any(b"<f>" in (text := parts.read(name)) or b"<f " in text for name in sheets):
            return
    values, header = dict(table), table[0][1]
    book = openpyxl.load_workbook(path, read_only=True)
    problems = []
    book[sheet].reset_dimensions()
    for number, row in enumerate(book[sheet].iter_rows(max_col=width or None), 1):
        stored = values.get(number, ())
        for place, cell in enumerate(row):
            blank = place >= len(stored) or stored[place] is None
            if blank and getattr(cell, "data_type", "") == "f" and number >= table[0][0]:
                name = str(header[place]) if place < len(header) else ""
                problems.append((number, name, cell.value, "a formula with its value", UNCOMPUTED))
    book.close()
    if problems:
        raise DatasetError(problem_table(path.name, problems))


def _without_titles(rows: list[tuple[int, tuple]]) -> tuple[list[tuple[int, str]], list[tuple[int, tuple]]]:
    """The titles above the table (rows with one cell, where a row of three or more follows), and the table."""
    filled = [[cell for cell in row if cell is not None and cell != ""] for _, row in rows[:TITLES]]
    header = next((i for i, cells in enumerate(filled) if len(cells) >= 3), 0)
    titled = [row[0] not in (None, "") for _, row in rows[:header]]  # else a heading over some of the columns
    if any(len(cells) != 1 for cells in filled[:header]) or not all(titled):
        header = 0
    return [(rows[i][0], str(filled[i][0])) for i in range(header)], rows[header:]


def _rows_of(sheet: Any) -> list[tuple[int, tuple]]:
    """The rows that hold anything, each with its number in the sheet; its stated dimension may be wrong: not asked."""
    sheet.reset_dimensions()
    rows = ((number, row) for number, row in enumerate(sheet.iter_rows(values_only=True), 1))
    return [(number, row) for number, row in rows if any(cell is not None and cell != "" for cell in row)]


def _typed_cells(frame: pd.DataFrame) -> pd.DataFrame:
    """Blank words as missing; a column of numbers only as numbers."""
    frame = frame.map(lambda cell: cell.strip() if isinstance(cell, str) else cell)
    frame = frame.mask(frame.isin(list(MISSING_WORDS)), None)
    for place in range(frame.shape[1]):
        cells = frame.iloc[:, place].dropna()
        if len(cells) and all(isinstance(cell, (int, float)) and not isinstance(cell, bool) for cell in cells):
            frame.isetitem(place, frame.iloc[:, place].astype(float))
    return frame
