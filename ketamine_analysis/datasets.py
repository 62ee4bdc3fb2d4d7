"""Reading: any CSV file or dataframe to a checked `scores` or `arms` table. The only door into the library."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd

from .checks import ARM_NUMBERS, ARM_WORDS, problems_in_arms, problems_in_scores
from .errors import PROBLEM_COLUMNS, DatasetError

HOURS_IN = {"minutes": 1 / 60, "hours": 1.0, "days": 24.0, "weeks": 168.0}
MISSING_WORDS = ("", "NA", "N/A", "NaN", "nan", ".", "null", "NULL", "None")


def read_scores(
    source: Any,
    *,
    columns: Mapping[str, str] | None = None,
    scale: str | None = None,
    study: str | None = None,
    time_unit: str = "hours",
    visits: Mapping[str, float] | None = None,
    missing: float | str | Iterable[float | str] = (),
) -> pd.DataFrame:
    """A checked `scores` table: one row per subject, time and scale, with `hours` since first dose.

    source : path of a CSV file, or a dataframe (pandas, Polars, PyArrow …).
    columns : library name → name in the file, such as {"subject": "PATIENT"}; other columns are kept as they are.
    scale, study : for the whole table, where it has no such column (study: else the file's name).
    time_unit : unit of the column `hours`: "minutes", "hours", "days", "weeks" (`visits` are always in hours).
    visits : visit label → hours since first dose, such as {"Week 1": 168}; reads the column `visit`.
    missing : the code or codes that stand for a missing score, such as (-9, 999).
    A column `baseline` becomes rows at hour 0. Raises DatasetError with every problem in `.problems`.

    >>> table = pd.DataFrame({"id": [1, 1], "arm": "ketamine", "hours": [0, 24], "score": [30, 12]})
    >>> read_scores(table, columns={"subject": "id"}, scale="MADRS", study="mine")["score"].tolist()
    [30.0, 12.0]
    """
    raw, file = _load(source)
    raw = _rename(raw, columns or {}, file)
    raw = _constant(raw, {"scale": scale, "study": study or (Path(file).stem if "study" not in raw else None)})
    from_visits = "visit" in raw and "hours" not in raw
    if from_visits:
        raw = _hours_from_visits(raw, visits, file)
    codes = (missing,) if isinstance(missing, (str, int, float)) else tuple(missing)
    raw = _missing_codes(raw, "score", codes)
    if "baseline" in raw:
        raw = _rows_from_baseline(_missing_codes(raw, "baseline", codes), file)
    lines = raw.pop("_line")
    _raise_on_errors(problems_in_scores(raw, file=file, lines=lines))
    table = _typed(raw, ("hours", "score"))
    table["hours"] *= 1.0 if from_visits else _unit(time_unit)
    return table


def read_arms(source: Any, *, columns: Mapping[str, str] | None = None) -> pd.DataFrame:
    """A checked `arms` table: one row per arm, time and outcome, from a CSV file or a dataframe.

    source, columns : as for `read_scores`. Raises DatasetError with every problem in `.problems`.
    """
    raw, file = _load(source)
    raw = _rename(raw, columns or {}, file)
    lines = raw.pop("_line")
    _raise_on_errors(problems_in_arms(raw, file=file, lines=lines))
    return _typed(raw, tuple(name for name in ARM_NUMBERS if name in raw))


def check_scores(table: pd.DataFrame) -> pd.DataFrame:
    """The same table, when it keeps every rule of a `scores` table; else DatasetError with `.problems`."""
    _raise_on_errors(problems_in_scores(table), _text_numbers(table, ("hours", "score")))
    return table


def check_arms(table: pd.DataFrame) -> pd.DataFrame:
    """The same table, when it keeps every rule of an `arms` table; else DatasetError with `.problems`."""
    _raise_on_errors(problems_in_arms(table), _text_numbers(table, ARM_NUMBERS))
    return table


def inspect_file(path: str | Path) -> tuple[str, pd.DataFrame]:
    """What a file holds ("scores" or "arms") and every problem in it, errors and warnings; nothing is raised for them.

    A file with `subject` or `score` and without `outcome` holds scores.
    """
    raw, file = _load(path)
    lines = raw.pop("_line")
    if {"subject", "score"} & set(raw) and "outcome" not in raw:
        raw = _constant(raw, {"study": Path(file).stem if "study" not in raw else None})
        if "baseline" in raw:
            raw = _rows_from_baseline(raw.assign(_line=lines), file)
            lines = raw.pop("_line")
        return "scores", problems_in_scores(raw, file=file, lines=lines)
    return "arms", problems_in_arms(raw, file=file, lines=lines)


def _load(source: Any) -> tuple[pd.DataFrame, str]:
    """The table as it stands, with `_line`: the line in the file, or the row label of a dataframe."""
    if not isinstance(source, (str, Path)):
        frame = source
        if not isinstance(source, pd.DataFrame):
            frame = pd.DataFrame(nw.from_native(source).lazy().collect().to_dict(as_series=False))
        if frame.empty:
            raise _one_problem("table", "at least one row", "the dataframe has no rows")
        return frame.assign(_line=frame.index), "table"
    path = Path(source)
    table = _read_csv(path)
    table.columns = [str(name).strip() for name in table.columns]
    for name in table.columns[table.columns.duplicated()]:
        raise _one_problem(path.name, "column named once", "rename or remove the second column of that name", name)
    if table.empty:
        raise _one_problem(path.name, "at least one row", "the file has a header and no rows")
    table["_line"] = np.arange(2, len(table) + 2)
    return table, path.name


def _read_csv(path: Path) -> pd.DataFrame:
    if not path.exists():
        raise _one_problem(str(path), "the file exists", "check the path")
    if path.is_dir():
        raise _one_problem(str(path), "a file, not a folder", "name the CSV file in it")
    try:
        # header=None keeps two columns of one name apart from pandas' own renaming; blank lines keep their number
        rows = pd.read_csv(
            path,
            header=None,
            dtype=str,
            keep_default_na=False,
            na_values=list(MISSING_WORDS),
            encoding="utf-8-sig",
            skip_blank_lines=False,
        )
    except UnicodeDecodeError:
        raise _one_problem(path.name, "UTF-8 text", "save the file as CSV in UTF-8") from None
    except pd.errors.EmptyDataError:
        raise _one_problem(path.name, "a header line", "the file is empty") from None
    except pd.errors.ParserError as error:
        raise _one_problem(path.name, "as many fields in each line as in the header", str(error).strip()) from None
    rows = rows.apply(lambda column: column.str.strip())
    rows = rows.mask(rows == "")
    table = rows.iloc[1:].reset_index(drop=True)
    table.columns = pd.Index(rows.iloc[0].fillna("").tolist())
    return table


def _rename(table: pd.DataFrame, columns: Mapping[str, str], file: str) -> pd.DataFrame:
    absent = {name: theirs for name, theirs in columns.items() if theirs not in table}
    if absent:
        problems = [
            (
                file,
                None,
                theirs,
                None,
                "column present",
                "error",
                f"columns={{{name!r}: {theirs!r}}} names no column of the file",
            )
            for name, theirs in absent.items()
        ]
        raise DatasetError(pd.DataFrame(problems, columns=list(PROBLEM_COLUMNS)))
    table = table.rename(columns={theirs: name for name, theirs in columns.items()})
    for name in table.columns[table.columns.duplicated()]:
        raise _one_problem(file, "column named once", f"columns= makes a second {name!r}: drop the other", name)
    return table


def _constant(table: pd.DataFrame, values: Mapping[str, str | None]) -> pd.DataFrame:
    for name, value in values.items():
        if value is not None and name in table and not (table[name].astype(str) == value).all():
            raise _one_problem(
                "table", f"one {name}", f"{name}={value!r} was given, and the table has its own column {name!r}"
            )
    return table.assign(**{name: value for name, value in values.items() if value is not None})


def _hours_from_visits(table: pd.DataFrame, visits: Mapping[str, float] | None, file: str) -> pd.DataFrame:
    hours = table["visit"].map(dict(visits or {}))
    unknown = table[hours.isna()]
    if len(unknown):
        problems = [
            (
                file,
                line,
                "visit",
                label,
                "a visit with known hours",
                "error",
                f"say its hours since first dose: visits={{{label!r}: …}}",
            )
            for line, label in zip(unknown["_line"], unknown["visit"], strict=True)
        ]
        raise DatasetError(pd.DataFrame(problems, columns=list(PROBLEM_COLUMNS)))
    return table.assign(hours=hours)


def _missing_codes(table: pd.DataFrame, column: str, missing: Iterable[float | str]) -> pd.DataFrame:
    if column not in table:
        return table
    codes = {str(code) for code in missing} | {str(float(code)) for code in missing if isinstance(code, (int, float))}
    return table.assign(**{column: table[column].where(~table[column].astype(str).str.strip().isin(codes))})


def _rows_from_baseline(table: pd.DataFrame, file: str) -> pd.DataFrame:
    """The `baseline` column as rows at hour 0: one per subject, scale and period."""
    key = [name for name in ("study", "subject", "scale", "period") if name in table]
    several = table.groupby(key, dropna=False)["baseline"].transform("nunique") > 1
    if several.any():
        rows = table[several]
        problems = [
            (
                file,
                line,
                "baseline",
                value,
                "one baseline per subject",
                "error",
                "give all rows of a subject the same baseline",
            )
            for line, value in zip(rows["_line"], rows["baseline"], strict=True)
        ]
        raise DatasetError(pd.DataFrame(problems, columns=list(PROBLEM_COLUMNS)))
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


def _unit(time_unit: str) -> float:
    if time_unit not in HOURS_IN:
        raise ValueError(f"time_unit {time_unit!r} is unknown: use one of {list(HOURS_IN)}")
    return HOURS_IN[time_unit]


def _one_problem(file: str, rule: str, fix: str, column: str = "") -> DatasetError:
    return DatasetError(pd.DataFrame([(file, None, column, None, rule, "error", fix)], columns=list(PROBLEM_COLUMNS)))


def _text_numbers(table: pd.DataFrame, names: tuple[str, ...]) -> pd.DataFrame:
    """Number columns that are held as text: they would be joined, not added."""
    text = [name for name in names if name in table and not pd.api.types.is_numeric_dtype(table[name])]
    text = [name for name in text if table[name].notna().any()]
    fix = "the numbers are text: read the table with read_scores or read_arms, which turn them into numbers"
    rows = [("table", None, name, None, "numbers held as numbers", "error", fix) for name in text]
    return pd.DataFrame(rows, columns=list(PROBLEM_COLUMNS))


def _raise_on_errors(*problems: pd.DataFrame) -> None:
    found = pd.concat(problems, ignore_index=True)
    errors = found[found["severity"] == "error"]
    if len(errors):
        raise DatasetError(errors.reset_index(drop=True))
