"""The three errors raised on purpose: a table not usable, a fit without an end, a question not in the data."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sized

import pandas as pd

PROBLEM_COLUMNS = ("file", "row", "column", "value", "rule", "severity", "message")
SHOWN = 10  # problems spelled out in the error's own text; all of them are in `.problems`


class DatasetError(ValueError):
    """A table that cannot be used as it is; `.problems` lists everything wrong with it.

    problems : DataFrame with columns `file, row, column, value, rule, severity, message`, one row a
        problem. `row` is the line of the file (the header is line 1) or the row label of a dataframe.
    """

    def __init__(self, problems: pd.DataFrame) -> None:
        self.problems = problems
        super().__init__(describe_problems(problems))


class ConvergenceError(RuntimeError):
    """A fit that did not reach its optimum; `.state` holds where it stopped."""

    def __init__(self, message: str, state: dict[str, object]) -> None:
        self.state = state
        super().__init__(message)


class NotInData(ValueError):  # noqa: N818 — an answer, not a mistake
    """The question cannot be asked of this table; a report says so and goes on."""


def need_rows(rows: Sized, what: str, *, at_least: int = 1) -> None:
    """Raises NotInData when there are fewer rows than the question needs. what : the rows needed, in words.

    >>> need_rows([], "single-dose trials of ketamine")
    Traceback (most recent call last):
    ketamine_analysis.errors.NotInData: this table has no single-dose trials of ketamine: there is nothing to answer
    """
    if len(rows) < at_least:
        found = "no" if not len(rows) else f"only {len(rows)} (of {at_least} needed)"
        raise NotInData(f"this table has {found} {what}: there is nothing to answer")


def problem_table(file: str, rows: Iterable[tuple], severity: str = "error") -> pd.DataFrame:
    """Problems of one file as a table; each row is (row, column, value, rule, message)."""
    found = [(file, row, column, value, rule, severity, message) for row, column, value, rule, message in rows]
    return pd.DataFrame(found, columns=list(PROBLEM_COLUMNS)).astype(object)


def raise_on_errors(*problems: pd.DataFrame) -> None:
    """DatasetError with every problem of severity "error"; nothing where there are warnings only."""
    found = pd.concat(problems, ignore_index=True)
    errors = found[found["severity"] == "error"]
    if len(errors):
        raise DatasetError(errors.reset_index(drop=True))


def one_problem(file: str, rule: str, fix: str, column: str = "", value: object = None) -> DatasetError:
    """The error of a single problem that belongs to no row."""
    return DatasetError(problem_table(file, [(None, column, value, rule, fix)]))


def nearest(word: object, known: Iterable[str]) -> str:
    """ "; did you mean 'subject'?" where a known word is near, else nothing.

    >>> nearest("subjct", ["subject", "arm"])
    "; did you mean 'subject'?"
    """
    words = {one.casefold(): one for one in known}
    near = difflib.get_close_matches(str(word).casefold(), list(words), 1, 0.6)
    return f"; did you mean {words[near[0]]!r}?" if near else ""


def describe_problems(problems: pd.DataFrame, shown: int = SHOWN) -> str:
    """The problems as text, one a line: file, row, column, value, rule, what to do."""
    lines = [_describe_problem(problem) for problem in problems.head(shown).to_dict("records")]
    if len(problems) > shown:
        lines.append(f"… and {len(problems) - shown} more; all are in .problems")
    return "\n".join(lines)


def _describe_problem(problem: dict) -> str:
    places = [str(problem["file"])]
    if pd.notna(problem["row"]):
        places.append(f"row {problem['row']}")
    if problem["column"]:
        places.append(f"column {problem['column']}")
    found = f" {problem['value']!r}" if pd.notna(problem["value"]) and problem["value"] != "" else ""
    return f"{', '.join(places)}:{found} breaks rule '{problem['rule']}': {problem['message']}"
