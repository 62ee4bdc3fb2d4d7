"""The codebook of a data file: a sheet of its workbook, or a file beside it; found for a new recipe, read for one."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import openpyxl

from ..errors import DatasetError, one_problem
from ..reading.codebook import CODEBOOK_NAMES, codebook_labels
from ..reading.formats import KNOWN, RawTable, read_table
from ..reading.workbooks import WORKBOOKS
from .recognise import LIKELY, Guess


def with_codebook(raw: RawTable, codebook: Path, sheet: str | None, file: str) -> RawTable:
    """The table with the codebook's labels and words. Raises DatasetError where it names no column of the table."""
    found = codebook_labels(read_table(codebook, sheet=sheet).frame, raw.frame)
    if found is None:
        fix = f"it needs a column of variables (of {file}) and either codes with labels, or their choices in a cell"
        raise one_problem(codebook.name, "a codebook of the file", fix)
    labels, said = found
    note = f"{codebook.name}{f', sheet {sheet!r},' if sheet else ''} labels {', '.join(labels) or 'no codes'}"
    return replace(
        raw, labels={**raw.labels, **labels}, column_labels={**raw.column_labels, **said}, notes=(*raw.notes, note)
    )


def plan_codebook(path: Path, raw: RawTable, sheet: str) -> tuple[RawTable, dict[str, Guess]]:
    """The table with the labels of its codebook, and the recipe's lines for it, where one is found."""
    for book, name in _candidates(path, sheet):
        try:
            table = with_codebook(raw, book, name, path.name)
        except DatasetError:
            continue
        lines = {"codebook": Guess(book.name, LIKELY, table.notes[-1])}
        return table, lines | ({"codebook_sheet": Guess(name, LIKELY, "it says what codes mean")} if name else {})
    return raw, {}


def _candidates(path: Path, sheet: str) -> list[tuple[Path, str | None]]:
    found: list[tuple[Path, str | None]] = []
    if path.suffix.lower() in WORKBOOKS:
        book = openpyxl.load_workbook(path, read_only=True)
        names = [name for name in book.sheetnames if re.search(CODEBOOK_NAMES, name.casefold()) and name != sheet]
        book.close()
        found += [(path, name) for name in names]
    beside = sorted(path.parent.glob("*.*"))
    found += [
        (other, None)
        for other in beside
        if re.search(CODEBOOK_NAMES, other.stem.casefold()) and other.suffix.lower() in KNOWN and other != path
    ]
    return found
