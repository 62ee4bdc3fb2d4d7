"""Reading: any file or dataframe to a checked `scores` or `arms` table. The only door into the library."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

import narwhals as nw
import pandas as pd

from ..errors import DatasetError, nearest, one_problem, problem_table
from .checks import ARM_NUMBERS, ARM_WORDS, problems_in_arms, problems_in_scores
from .column_names import named_unit
from .formats import RawTable, read_table
from .visits import hours_from_visits, with_study_days

HOURS_IN = {"minutes": 1 / 60, "hours": 1.0, "days": 24.0, "weeks": 168.0}
TIME_UNITS = (*HOURS_IN, "study_days")
SCORE_NUMBERS = ("hours", "score", "baseline", "change")
WORD_COLUMNS = ("arm", "outcome", *ARM_WORDS)


def read_scores(
    source: Any,
    *,
    columns: Mapping[str, str] | None = None,
    scale: str | None = None,
    study: str | None = None,
    time_unit: str | None = None,
    visits: Mapping[str, float] | None = None,
    missing: float | str | Iterable[float | str] = (),
) -> pd.DataFrame:
    """A checked `scores` table: one row per subject, time and scale, with `hours` since first dose.

    source : path of a file (every format of `read_table`), or a dataframe (pandas, Polars, PyArrow …).
    columns : library name → name in the file, such as {"subject": "PATIENT"}; other columns are kept as they are.
    scale, study : for the whole table, where it has no such column (study: else the file's name).
    time_unit : unit of the column `hours`: "minutes", "hours" (the default), "days", "weeks", "study_days" (day 1 is
        the day of first dose, there is no day 0); `visits` are always in hours.
    visits : visit label → hours since first dose, such as {"Week 1": 168}; reads the column `visit`.
    missing : the code or codes that stand for a missing score, such as (-9, 999).
    A column `baseline` becomes rows at hour 0. Raises DatasetError with every problem in `.problems`.

    >>> table = pd.DataFrame({"id": [1, 1], "arm": "ketamine", "hours": [0, 24], "score": [30, 12]})
    >>> read_scores(table, columns={"subject": "id"}, scale="MADRS", study="mine")["score"].tolist()
    [30.0, 12.0]
    """
    names, unit = columns or {}, _unit(time_unit, columns)
    raw, file = _load(source, [names.get(name, name) for name in SCORE_NUMBERS])
    raw = _rename(raw, names, file)
    raw = with_words(raw) if file != "table" else raw
    raw = _constant(raw, {"scale": scale, "study": study or (Path(file).stem if "study" not in raw else None)})
    from_visits = "visit" in raw and "hours" not in raw
    if from_visits:
        raw = hours_from_visits(raw, visits, file)
    codes = (missing,) if isinstance(missing, (str, int, float)) else tuple(missing)
    for name in ("score", "baseline"):
        raw = without_codes(raw, name, codes) if name in raw else raw
    if unit == "study_days" and "hours" in raw and not from_visits:
        raw = with_study_days(raw, file)
    table = finish_scores(raw, file)
    table["hours"] *= 1.0 if from_visits else HOURS_IN.get(unit, 1.0)
    return table


def finish_scores(raw: pd.DataFrame, file: str) -> pd.DataFrame:
    """The checked `scores` table of a raw one in the library's names, with `_line`."""
    if "baseline" in raw:
        raw = rows_from_baseline(raw, file)
    lines = raw.pop("_line")
    _raise_on_errors(problems_in_scores(raw, file=file, lines=lines))
    return _typed(raw, ("hours", "score"))


def finish_arms(raw: pd.DataFrame, file: str) -> pd.DataFrame:
    """The checked `arms` table of a raw one in the library's names, with `_line`."""
    lines = raw.pop("_line")
    _raise_on_errors(problems_in_arms(raw, file=file, lines=lines))
    return _typed(raw, tuple(name for name in ARM_NUMBERS if name in raw))


def read_arms(
    source: Any,
    *,
    columns: Mapping[str, str] | None = None,
    scale: str | None = None,
    outcome: str | None = None,
    time_unit: str | None = None,
) -> pd.DataFrame:
    """A checked `arms` table: one row per arm, time and outcome, from a file or a dataframe.

    source, columns, scale, time_unit : as for `read_scores`; a count may do without a scale: "not_stated".
    outcome : "response", "remission", "score", "change" …, for the whole table, where it has no such column.
    Raises DatasetError with every problem in `.problems`.

    >>> table = pd.DataFrame({"study": "a", "arm": ["ketamine", "saline"], "Week": 1, "n": 12, "events": [8, 1]})
    >>> arms = read_arms(table, columns={"hours": "Week"}, scale="MADRS", outcome="response", time_unit="weeks")
    >>> arms["hours"].tolist()
    [168.0, 168.0]
    """
    names, unit = columns or {}, _unit(time_unit, columns)
    raw, file = _load(source, [names.get(name, name) for name in ARM_NUMBERS])
    raw = _rename(raw, names, file)
    raw = with_words(raw) if file != "table" else raw
    raw = _constant(raw, {"scale": scale, "outcome": outcome})
    raw = with_study_days(raw, file) if unit == "study_days" and "hours" in raw else raw
    table = finish_arms(raw, file)
    table["hours"] *= HOURS_IN.get(unit, 1.0)
    return table


def check_scores(table: pd.DataFrame) -> pd.DataFrame:
    """The same table, when it keeps every rule of a `scores` table; else DatasetError with `.problems`."""
    _raise_on_errors(problems_in_scores(table), _text_numbers(table, ("hours", "score")))
    return table


def check_arms(table: pd.DataFrame) -> pd.DataFrame:
    """The same table, when it keeps every rule of an `arms` table; else DatasetError with `.problems`."""
    _raise_on_errors(problems_in_arms(table), _text_numbers(table, ARM_NUMBERS))
    return table


def open_plain(path: str | Path) -> tuple[str, pd.DataFrame, str]:
    """A file in the library's own columns, not yet checked: "scores" or "arms", the table with `_line`, its name.

    A file with `subject` or `score` and without `outcome` holds scores.
    """
    raw, file = _load(path, (*SCORE_NUMBERS, *ARM_NUMBERS))
    raw = with_words(raw)
    if not {"subject", "score"} & set(raw) or "outcome" in raw:
        return "arms", raw, file
    raw = _constant(raw, {"study": Path(file).stem if "study" not in raw else None})
    return "scores", rows_from_baseline(raw, file) if "baseline" in raw else raw, file


def _load(source: Any, numbers: Collection[str]) -> tuple[pd.DataFrame, str]:
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
    return labelled(read_table(source), numbers), Path(source).name


def labelled(raw: RawTable, numbers: Collection[str]) -> pd.DataFrame:
    """The file's cells with labels in place of codes, except in the columns of numbers."""
    frame = raw.frame.copy()
    for name in frame.columns:
        if name in raw.labels and name not in numbers:
            words = frame[name].map(dict(raw.labels[name]))
            frame[name] = words.where(words.notna(), frame[name].map(_as_word, na_action="ignore"))
        elif pd.api.types.is_float_dtype(frame[name]) and frame[name].notna().all() and (frame[name] % 1 == 0).all():
            frame[name] = frame[name].astype("int64")  # 44.0 is how these formats store 44
    return frame


def with_words(table: pd.DataFrame) -> pd.DataFrame:
    """The table with its names (subject, study, arm, visit, every word of an arm) as text, as a CSV file has them."""
    names = [name for name in ("study", "subject", "visit", "scale", *WORD_COLUMNS) if name in table]
    numeric = [name for name in names if not isinstance(table[name].dtype, pd.StringDtype)]
    return table.assign(**{name: table[name].map(_as_word, na_action="ignore").astype("str") for name in numeric})


def _as_word(value: Any) -> str:
    """A code as text: 101.0 is 101.

    >>> _as_word(101.0), _as_word("S1")
    ('101', 'S1')
    """
    whole = isinstance(value, (int, float)) and value == value and abs(value) < 1e15 and value % 1 == 0
    return str(int(value)) if whole else str(value)


def _rename(table: pd.DataFrame, columns: Mapping[str, str], file: str) -> pd.DataFrame:
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


def _constant(table: pd.DataFrame, values: Mapping[str, str | None]) -> pd.DataFrame:
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


def rows_from_baseline(table: pd.DataFrame, file: str) -> pd.DataFrame:
    """The `baseline` column as rows at hour 0: one per subject, scale and period."""
    key = [name for name in ("study", "subject", "scale", "period") if name in table]
    several = table.groupby(key, dropna=False)["baseline"].transform("nunique") > 1
    if several.any():
        rows = table[several]
        problems = [
            (line, "baseline", value, "one baseline per subject", "give all rows of a subject the same baseline")
            for line, value in zip(rows["_line"], rows["baseline"], strict=True)
        ]
        raise DatasetError(problem_table(file, problems))
    table = table.assign(baseline=table.groupby(key, dropna=False)["baseline"].transform("first"))
    first = table[~table.duplicated(key)].assign(hours=0, score=lambda rows: rows["baseline"])
    return pd.concat([first, table], ignore_index=True).drop(columns="baseline")


def _typed(table: pd.DataFrame, numbers: tuple[str, ...]) -> pd.DataFrame:
    typed = {name: pd.to_numeric(table[name]).astype(float) for name in numbers}
    others = [name for name in table.columns if name not in numbers]
    guessed = {
        name: pd.to_numeric(table[name])
        for name in others
        if name not in (*ARM_WORDS, "subject", "study", "arm") and _numeric(table[name])
    }
    return table.assign(**typed, **guessed).reset_index(drop=True)


def _numeric(values: pd.Series) -> bool:
    present = values.dropna()
    return len(present) > 0 and bool(pd.to_numeric(present, errors="coerce").notna().all())


def _unit(time_unit: str | None, columns: Mapping[str, str] | None) -> str:
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


def _text_numbers(table: pd.DataFrame, names: tuple[str, ...]) -> pd.DataFrame:
    """Number columns that are held as text: they would be joined, not added."""
    text = [name for name in names if name in table and not pd.api.types.is_numeric_dtype(table[name])]
    text = [name for name in text if table[name].notna().any()]
    fix = "the numbers are text: read the table with read_scores or read_arms, which turn them into numbers"
    return problem_table("table", [(None, name, None, "numbers held as numbers", fix) for name in text])


def _raise_on_errors(*problems: pd.DataFrame) -> None:
    found = pd.concat(problems, ignore_index=True)
    errors = found[found["severity"] == "error"]
    if len(errors):
        raise DatasetError(errors.reset_index(drop=True))
