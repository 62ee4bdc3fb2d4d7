"""The examination as text, CSV and a page to share. Whatever came from the data is escaped."""

from __future__ import annotations

import html
import shlex
from pathlib import Path

import pandas as pd

from ..any_file.examination import Examination
from ..errors import describe_problems
from ..figures.keep import harmless, make_folder
from ..folders import write_whole
from ..words import counted
from .pages import page_of

SHOWN = 20  # problems of one rule spelled out; the CSV holds all


def describe(examination: Examination) -> str:
    """The examination as lines for a terminal: what was understood, then each problem."""
    facts = [f"{row.what}: {row.found}" for row in examination.understood.itertuples()]
    parts = facts if examination.grain else []
    for rule, rows in examination.problems.groupby("rule", sort=False):
        parts += describe_problems(rows.head(SHOWN), SHOWN).split("\n")
        if len(rows) > SHOWN:
            parts.append(f"… and {len(rows) - SHOWN} more of rule '{rule}'; the CSV has all")
    warnings = len(examination.problems) - examination.errors
    kind = f"read as {examination.grain}; " if examination.grain else "not read; "
    parts.append(f"{examination.file}: {kind}{counted(examination.errors, 'error')}, {counted(warnings, 'warning')}")
    return "\n".join(_printable(part) for part in parts)


def next_step(problems: pd.DataFrame, file: str | Path, *, with_recipe: bool) -> str:
    """What to do after a check or a refused run, as a line for the terminal; problems : of the dataset.

    >>> next_step(pd.DataFrame({"rule": [], "severity": []}), "a.csv", with_recipe=True)
    'next: ketamine-analysis run a.csv'
    """
    name = shlex.quote(str(file))
    if problems["rule"].isin(["the file exists", "the recipe exists"]).any():
        return "next: say where the file is"
    if problems["rule"].eq("column present").any() and not with_recipe:
        return f"next: ketamine-analysis new {name} (writes which column is what, to be corrected)"
    waits = problems["rule"].eq("the guesses are confirmed")
    if problems["severity"][~waits].eq("error").any():
        return f"next: correct the file{' or its recipe' * with_recipe}, then: ketamine-analysis check {name}"
    if waits.any():
        return (
            f"next: write confirmed = true in the recipe when its guesses are right, then: ketamine-analysis run {name}"
        )
    return f"next: ketamine-analysis run {name}"


def write_check(examination: Examination, folder: Path) -> tuple[Path, Path]:
    """Writes check_<file>.csv (every problem) and check_<file>.html (facts too), both or neither; their paths."""
    stem = "check_" + Path(examination.file).name.replace(".", "_")
    table, page = make_folder(folder) / f"{stem}.csv", folder / f"{stem}.html"
    problems = harmless(examination.problems).to_csv(index=False, lineterminator="\n")
    write_whole({table: problems, page: _page(examination, table.name)})
    return table, page


def _printable(text: str) -> str:
    """No control characters from the data reach the terminal; a very long cell is cut."""
    plain = "".join(one if one.isprintable() else "�" for one in text)
    return plain if len(plain) <= 1000 else plain[:1000] + "…"


def _page(examination: Examination, table: str) -> str:
    facts = "".join(
        f"<tr><th>{html.escape(_printable(str(row.what)))}</th><td>{html.escape(_printable(str(row.found)))}</td></tr>"
        for row in examination.understood.itertuples()
    )
    parts, contents = [], ['<a href="#understood">Understood</a>']
    groups = examination.problems.groupby(["severity", "rule"], sort=True)
    for i, ((severity, rule), rows) in enumerate(groups):
        contents.append(f'<a href="#rule{i}">{html.escape(_printable(str(rule)))}</a>')
        cells = "".join(
            "<tr>" + "".join(f"<td>{_cell(row[name])}</td>" for name in ("row", "column", "value", "message")) + "</tr>"
            for row in rows.head(5 * SHOWN).to_dict("records")
        )
        more = f"<p>{len(rows) - 5 * SHOWN} more are in the CSV.</p>" if len(rows) > 5 * SHOWN else ""
        parts.append(
            f'<h2 id="rule{i}">{html.escape(str(severity))}: {html.escape(str(rule))} ({len(rows)})</h2>'
            f"<table><tr><th>row</th><th>column</th><th>value</th><th>what to do</th></tr>{cells}</table>{more}"
        )
    warnings = len(examination.problems) - examination.errors
    name = html.escape(_printable(examination.file))
    body = (
        f"<h1>What {name} holds, and what is wrong with it</h1>"
        f"<p><strong>{counted(examination.errors, 'error')}, {counted(warnings, 'warning')}.</strong> "
        f'<a href="{html.escape(table, quote=True)}" download>Every problem as CSV</a></p>'
        f'<h2 id="understood">What was understood</h2><table class="facts">{facts}</table>' + "".join(parts)
    )
    return page_of(f"Check of {examination.file}", "", "".join(contents), body)


def _cell(value: object) -> str:
    return "" if value is None or pd.isna(value) else html.escape(_printable(str(value)))
