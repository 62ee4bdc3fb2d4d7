"""Reading: any file or dataframe to a checked `scores` or `arms` table. The only door into the library."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from ..errors import DatasetError, problem_table, raise_on_errors
from ..outcomes.scales import NOT_STATED, Scale
from .checks import ARM_NUMBERS, ARM_WORDS, problems_in_arms, problems_in_scores
from .column_names import likely_column
from .derived_numbers import printed_decimals, with_derived
from .raw_tables import (
    in_hours,
    load_table,
    numbered,
    renamed,
    scale_name,
    unit_of_times,
    with_constants,
    with_words,
    without_codes,
)
from .result_layouts import LAYOUTS, is_sided, one_row_an_arm, side_columns, with_unsaid
from .visits import hours_from_visits, with_study_days

SCORE_NUMBERS = ("hours", "score", "baseline", "change")


def read_scores(
    source: Any,
    *,
    columns: Mapping[str, str] | None = None,
    scale: str | Scale | None = None,
    study: str | None = None,
    arm: str | None = None,
    time_unit: str | None = None,
    visits: Mapping[str, float] | None = None,
    missing: float | str | Iterable[float | str] = (),
) -> pd.DataFrame:
    """A checked `scores` table: one row per subject, time and scale, with `hours` since first dose.

    source : path of a file (every format of `read_table`), or a dataframe (pandas, Polars, PyArrow …).
    columns : library name → name in the file, such as {"subject": "PATIENT"}; other columns are kept as they are.
    scale, study, arm : for the whole table, where it has no such column (study: else the file's name; arm: one group,
        as a registry or a case series has it). A scale of one's own is an `own_scale(…)`; for files also scales.toml
        in their folder.
    time_unit : unit of the column `hours`: "minutes", "hours" (the default), "days", "weeks", "months" (of 730.5
        h), "study_days" (day 1 is the day of first dose, there is no day 0); `visits` are always in hours.
    visits : visit label → hours since first dose, such as {"Week 1": 168}; reads the column `visit`.
    missing : the code or codes that stand for a missing score, such as (-9, 999).
    A column `baseline` becomes rows at hour 0; where each row then is one patient (one `hours`), no subject is needed.
    Raises DatasetError with every problem in `.problems`.

    >>> table = pd.DataFrame({"id": [1, 1], "arm": "ketamine", "hours": [0, 24], "score": [30, 12]})
    >>> read_scores(table, columns={"subject": "id"}, scale="MADRS", study="mine")["score"].tolist()
    [30.0, 12.0]
    """
    names, unit = columns or {}, unit_of_times(time_unit, columns)
    raw, file = load_table(source, [names.get(name, name) for name in SCORE_NUMBERS])
    raw = renamed(raw, names, file)
    raw = with_words(raw) if file != "table" else raw
    raw = with_constants(
        raw,
        {"scale": scale_name(scale), "arm": arm, "study": study or (Path(file).stem if "study" not in raw else None)},
    )
    if "subject" not in raw and "baseline" in raw and raw.get("hours", pd.Series(dtype=float)).nunique() == 1:
        raw = numbered(raw)  # one row, one patient
    from_visits = "visit" in raw and "hours" not in raw
    if from_visits:
        raw = hours_from_visits(raw, visits, file)
    codes = (missing,) if isinstance(missing, (str, int, float)) else tuple(missing)
    for name in ("score", "baseline"):
        raw = without_codes(raw, name, codes) if name in raw else raw
    if unit == "study_days" and "hours" in raw and not from_visits:
        raw = with_study_days(raw, file)
    table = finish_scores(raw, file)
    table["hours"] = in_hours(table["hours"], "hours" if from_visits else unit)
    return table


def finish_scores(raw: pd.DataFrame, file: str) -> pd.DataFrame:
    """The checked `scores` table of a raw one in the library's names, with `_line`."""
    if "baseline" in raw:
        raw = rows_from_baseline(raw, file)
    lines = raw.pop("_line")
    raise_on_errors(problems_in_scores(raw, file=file, lines=lines))
    return _typed(raw, ("hours", "score"))


def finish_arms(raw: pd.DataFrame, file: str, *, level: float = 0.95) -> pd.DataFrame:
    """The checked `arms` table of a raw one in the library's names, with `_line`; `level` is that of its limits."""
    lines = raw.pop("_line")
    raise_on_errors(problems_in_arms(raw, file=file, lines=lines))
    decimals = printed_decimals(raw["percent"].reset_index(drop=True)) if "percent" in raw else None
    return with_derived(_typed(raw, tuple(name for name in ARM_NUMBERS if name in raw)), decimals, level=level)


def read_arms(
    source: Any,
    *,
    columns: Mapping[str, str] | None = None,
    layout: str = "long",
    scale: str | Scale | None = None,
    outcome: str | None = None,
    arm: str | None = None,
    time_unit: str | None = None,
    level: float = 0.95,
) -> pd.DataFrame:
    """A checked `arms` table: one row per arm, time and outcome, from a file or a dataframe.

    source, columns, scale, arm, time_unit : as for `read_scores`.
    layout : "long", a row an arm; "two_arms" and "several_arms", a row a trial with its arms side by side: columns=
        {"events_1": "ai", "n_1": "n1i", "events_2": "ci", "n_2": "n2i"}, or `mean_1, sd_1`, and `treatment_1` where
        arms are named; left out, the usual names are looked for (`side_columns`). Arm 1 is the experimental one.
    outcome : "response", "remission", "score", "change" …, for the whole table, where it has no such column; a table
        of arms side by side that does not say it holds "response" (counts) or "score" (means).
    level : of `conf_low` and `conf_high`.
    `events` come from `percent` and n, a mean's `std_error` from its limits, where the table tells no other
    (`derived` says in which rows). What such a table does not hold may stay unsaid: `hours` (missing, `timing`
    "not_stated": such rows are contrasted with each other and placed in no window), `scale` ("not_stated"), `role` (a
    placebo is a control). A column that looks like one of them is asked for.
    Raises DatasetError with every problem in `.problems`.

    >>> table = pd.DataFrame({"study": "a", "arm": ["ketamine", "saline"], "Week": 1, "n": 12, "events": [8, 1]})
    >>> arms = read_arms(table, columns={"hours": "Week"}, scale="MADRS", outcome="response", time_unit="weeks")
    >>> arms["hours"].tolist()
    [168.0, 168.0]
    >>> pair = pd.DataFrame({"trial": ["a"], "event.e": 8, "n.e": 12, "event.c": 1, "n.c": 12})
    >>> read_arms(pair, layout="two_arms", columns={"study": "trial"})[["arm", "events"]].to_numpy().tolist()
    [['experimental', 8.0], ['control', 1.0]]
    """
    if layout not in LAYOUTS:
        raise ValueError(f"layout {layout!r} is unknown: use one of {list(LAYOUTS)}")
    names, unit = dict(columns or {}), unit_of_times(time_unit, columns)
    raw, file = load_table(source, [names.get(name, name) for name in ARM_NUMBERS])
    if layout != "long":
        if not any(map(is_sided, names)):
            names |= side_columns(name for name in raw.columns if name not in names.values())
        raw = renamed(raw, names, file)
        raw = one_row_an_arm(raw, names, file, layout)
    else:
        raw = renamed(raw, names, file)
    raw = with_words(raw) if file != "table" or layout != "long" else raw
    raw = with_constants(raw, {"scale": scale_name(scale), "outcome": outcome, "arm": arm})
    raw = with_study_days(raw, file) if unit == "study_days" and "hours" in raw else raw
    asked = [name for name in ("hours", "visit", "scale") if name not in raw and likely_column(name, raw.columns)]
    raw = raw if asked else with_unsaid(raw, NOT_STATED)
    table = finish_arms(raw, file, level=level)
    table["hours"] = in_hours(table["hours"], unit)
    return table


def check_scores(table: pd.DataFrame) -> pd.DataFrame:
    """The same table, when it keeps every rule of a `scores` table; else DatasetError with `.problems`."""
    raise_on_errors(problems_in_scores(table), _text_numbers(table, ("hours", "score")))
    return table


def check_arms(table: pd.DataFrame) -> pd.DataFrame:
    """The same table, when it keeps every rule of an `arms` table; else DatasetError with `.problems`."""
    raise_on_errors(problems_in_arms(table), _text_numbers(table, ARM_NUMBERS))
    return table


def open_plain(path: str | Path) -> tuple[str, pd.DataFrame, str]:
    """A file in the library's own columns, not yet checked: "scores", "arms" or "effects", with `_line`; its name.

    A file with `estimate` and `measure` holds effects; one with `subject` or `score` and without `outcome` scores.
    """
    raw, file = load_table(path, (*SCORE_NUMBERS, *ARM_NUMBERS))
    raw = with_words(raw)
    if {"estimate", "measure"} <= set(raw):
        return "effects", raw, file
    if not {"subject", "score"} & set(raw) or "outcome" in raw:
        return "arms", raw, file
    raw = with_constants(raw, {"study": Path(file).stem if "study" not in raw else None})
    return "scores", rows_from_baseline(raw, file) if "baseline" in raw else raw, file


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


def _text_numbers(table: pd.DataFrame, names: tuple[str, ...]) -> pd.DataFrame:
    """Number columns that are held as text: they would be joined, not added."""
    text = [name for name in names if name in table and not pd.api.types.is_numeric_dtype(table[name])]
    text = [name for name in text if table[name].notna().any()]
    fix = "the numbers are text: read the table with read_scores or read_arms, which turn them into numbers"
    return problem_table("table", [(None, name, None, "numbers held as numbers", fix) for name in text])


def _numeric(values: pd.Series) -> bool:
    present = values.dropna()
    return len(present) > 0 and bool(pd.to_numeric(present, errors="coerce").notna().all())
