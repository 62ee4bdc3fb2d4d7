"""A study as one TOML file, a form: `[trial]`, `[[arms]]`, `[[outcomes]]` … read into rows of the evidence's tables.

Each row holds the table's columns by name, and `quote`: the words it was read from. A key above the first section is
a default of every row, `trial_id` and `source_url` among them.
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pandas as pd

from ..errors import DatasetError, nearest, one_problem, problem_table
from .codebook import QUOTE_KEY, ROWS, fields_of

SECTIONS = {"trial": "trials", **{name: name for name in ROWS if name != "trials"}}
OWN = ("quote", "line")  # columns of a row that its table does not have


def read_study(file: str | Path, folder: Path) -> dict[str, pd.DataFrame]:
    """The rows of a form by table, as text, each with its `quote` and the `line` of the file where it begins.

    folder : the evidence whose codebook names the columns. DatasetError, naming line, column and fix, for a file that
    is no TOML, an unknown section or column, a value that is no figure and no text.
    """
    path = Path(file)
    try:
        text = path.read_text(encoding="utf-8")
        form = tomllib.loads(text, parse_float=str)  # 12.70 stays 12.70
    except OSError as error:
        raise one_problem(path.name, "a file that opens", str(error.strerror)) from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise one_problem(path.name, "a form in TOML, encoded in UTF-8", f"{error}") from None
    defaults = {name: value for name, value in form.items() if not isinstance(value, (dict, list))}
    sections = f"use [trial], or [[…]] of {', '.join(ROWS[1:])}"
    found: list[tuple] = [
        (None, name, None, "a section of the form", f"{sections}{nearest(name, SECTIONS)}")
        for name in form
        if name not in defaults and name not in SECTIONS
    ]
    if isinstance(form.get("trial"), dict):
        defaults.setdefault("trial_id", form["trial"].get("trial_id", ""))
    known = {column for table in ROWS for column in fields_of(table, folder)} | set(QUOTE_KEY) | set(OWN)
    found += [
        (None, name, value, "a column of a table", f"take it out{nearest(name, known)}")
        for name, value in defaults.items()
        if name not in known
    ]
    tables = {}
    for section, table in SECTIONS.items():
        rows = form.get(section, [])
        rows = [rows] if isinstance(rows, dict) else rows
        lines = _lines_of(section, text)
        fields = fields_of(table, folder)
        extra = ("quote", *(name for name in ("locator", "source_url") if name not in fields))
        read = []
        for number, row in enumerate(rows if isinstance(rows, list) else [rows]):
            line = lines[number] if number < len(lines) else None
            if not isinstance(row, dict):
                found.append((line, section, row, "a table of columns", f"write [[{section}]], then a column a line"))
                continue
            found += _strange(row, line, fields, extra)
            filled = {**{k: v for k, v in defaults.items() if k in fields or k in extra}, **row}
            read.append({"line": line, **{name: _text(filled.get(name, "")) for name in (*fields, *extra)}})
        tables[table] = pd.DataFrame(read, columns=["line", *fields, *extra])
    if found:
        raise DatasetError(problem_table(path.name, found))
    if not any(len(rows) for rows in tables.values()):
        raise one_problem(path.name, "a study", "it has no row: begin with [trial], [[arms]], [[outcomes]]")
    return tables


def _strange(row: dict, line: int | None, fields: dict, extra: tuple[str, ...]) -> list[tuple]:
    known = (*(name for name in fields if name != "added"), *extra)
    unknown = [
        (line, name, value, "a column of this table", f"use one of {', '.join(known)}{nearest(name, known)}")
        for name, value in row.items()
        if name not in known
    ]
    nested = [
        (line, name, str(value)[:80], "one figure or one text", "write a number, or words in quotation marks")
        for name, value in row.items()
        if isinstance(value, (dict, list, bool))
    ]
    return unknown + nested


def _lines_of(section: str, text: str) -> list[int]:
    """The lines on which the blocks of a section begin."""
    head = re.compile(rf"\s*\[\[?\s*{section}\s*\]\]?")
    return [number for number, line in enumerate(text.splitlines(), 1) if head.match(line)]


def _text(value: object) -> str:
    return " ".join(str(value).split())
