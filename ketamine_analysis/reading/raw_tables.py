"""A file or dataframe as a raw table: cells with `_line`, labels for codes, names changed, constants added."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

import narwhals as nw
import pandas as pd

from ..errors import DatasetError, nearest, one_problem, problem_table
from ..outcomes.scales import Scale, define_scale, define_scales_beside
from .checks import ARM_WORDS
from .column_names import named_unit
from .formats import RawTable, read_table

HOURS_IN = {
    "minutes": 1 / 60,
    "hours": 1.0,
    "days": 24.0,
    "weeks": 168.0,
    "months": 730.5,
}  # a month: a twelfth of 365.25 days
TIME_UNITS = (*HOURS_IN, "study_days")
WORD_COLUMNS = ("arm", "outcome", *ARM_WORDS)


def in_hours(times: pd.Series, unit: str) -> pd.Series:
    """Times of a unit (study days are days) in hours, to a billionth: 1/7 week is hour 24, not a digit beside it.

    >>> in_hours(pd.Series([1 / 7, 2]), "weeks").tolist()
    [24.0, 336.0]
    """
    return (times * HOURS_IN.get(unit, 1.0)).round(9)


def load_table(source: Any, numbers: Collection[str]) -> tuple[pd.DataFrame, str]:
    """The table as it stands, with `_line`: the line in the file, or the row label of a dataframe.

    numbers : the file's columns that hold numbers: value labels are not put in their place.
    """
    if not isinstance(source, (str, Path)):
        frame = source
        if not isinstance(source, pd.DataFrame):
            frame = pd.DataFrame(nw.from_native(source).lazy().collect().to_dict(as_series=False))
        if frame.empty:
            raise one_problem("table", "at least one row", "the dataframe has no rows")
        return frame.assign(_line=frame.index), "table"
    define_scales_beside(Path(source))
    raw = read_table(source)
    frame = labelled(raw, numbers)
    frame.attrs = {"notes": raw.notes, "doubts": raw.doubts}  # how it was read, for `examine`
    return frame, Path(source).name


def labelled(raw: RawTable, numbers: Collection[str]) -> pd.DataFrame:
    """The file's cells with labels in place of codes, except in the columns of numbers."""
    frame = raw.frame.copy()
    for name in frame.columns:
        if name in raw.labels and name not in numbers:
            words = frame[name].map(dict(raw.labels[name]))
            frame[name] = words.where(words.notna(), frame[name].map(as_word, na_action="ignore"))
        elif pd.api.types.is_float_dtype(frame[name]) and frame[name].notna().all() and (frame[name] % 1 == 0).all():
            frame[name] = frame[name].astype("int64")  # 44.0 is how these formats store 44
    return frame


def with_words(table: pd.DataFrame) -> pd.DataFrame:
    """The table with its names (subject, study, arm, visit, every word of an arm) as text, as a CSV file has them."""
    names = [name for name in ("study", "subject", "visit", "scale", *WORD_COLUMNS) if name in table]
    numeric = [name for name in names if not isinstance(table[name].dtype, pd.StringDtype)]
    return table.assign(**{name: table[name].map(as_word, na_action="ignore").astype("str") for name in numeric})


def as_word(value: Any) -> str:
    """A code as text: 101.0 is 101.

    >>> as_word(101.0), as_word("S1")
    ('101', 'S1')
    """
    whole = isinstance(value, (int, float)) and value == value and abs(value) < 1e15 and value % 1 == 0
    return str(int(value)) if whole else str(value)


def renamed(table: pd.DataFrame, columns: Mapping[str, str], file: str) -> pd.DataFrame:
    """The table with the file's columns under the library's names. Raises DatasetError for absent and second names."""
    absent = {name: theirs for name, theirs in columns.items() if theirs not in table}
    if absent:
        present = [str(column) for column in table.columns if column != "_line"]
        problems = [
            (
                None,
                theirs,
                None,
                "column present",
                f"{name} = {theirs!r} names no column of the file{nearest(theirs, present)}",
            )
            for name, theirs in absent.items()
        ]
        raise DatasetError(problem_table(file, problems))
    table = table.rename(columns={theirs: name for name, theirs in columns.items()})
    for name in table.columns[table.columns.duplicated()]:
        raise one_problem(file, "column named once", f"columns= makes a second {name!r}: drop the other", name)
    return table


def with_constants(table: pd.DataFrame, values: Mapping[str, str | None]) -> pd.DataFrame:
    """The table with columns of one value. Raises DatasetError where the table has a column of another value."""
    for name, value in values.items():
        if value is not None and name in table and not (table[name].astype(str) == value).all():
            raise one_problem(
                "table", f"one {name}", f"{name}={value!r} was given, and the table has its own column {name!r}"
            )
    return table.assign(**{name: value for name, value in values.items() if value is not None})


def without_codes(table: pd.DataFrame, column: str, missing: Iterable[float | str]) -> pd.DataFrame:
    """The table with the codes for missing blank in one column."""
    codes = {str(code) for code in missing} | {str(float(code)) for code in missing if isinstance(code, (int, float))}
    return table.assign(**{column: table[column].where(~table[column].astype(str).str.strip().isin(codes))})


def numbered(table: pd.DataFrame) -> pd.DataFrame:
    """The table with `subject` = "row 2", "row 3" …: its lines, where each row is one patient and none is named."""
    return table.assign(subject="row " + table["_line"].astype(str))


def scale_name(scale: str | Scale | None) -> str | None:
    """The name of a scale; a definition of one's own is made known."""
    return define_scale(scale).name if isinstance(scale, Scale) else scale


def unit_of_times(time_unit: str | None, columns: Mapping[str, str] | None) -> str:
    """The unit of the times. Raises ValueError for an unknown one, and where a column's name tells another."""
    if time_unit is not None and time_unit not in TIME_UNITS:
        raise ValueError(
            f"time_unit {time_unit!r} is unknown: use one of {list(TIME_UNITS)}{nearest(time_unit, TIME_UNITS)}"
        )
    column = (columns or {}).get("hours", "hours")
    told = named_unit(column)
    if time_unit is None and told not in (None, "hours"):
        raise ValueError(f"the column {column!r} seems to count {told}: say time_unit={told!r} (or 'hours')")
    return time_unit or "hours"
