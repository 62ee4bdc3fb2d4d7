"""What a time course is fitted to: checked effects with the size that each belongs to, or arms with counts."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from ..effects.contrasts import arm_log_odds
from ..effects.time_windows import WINDOW_NAMES, assign_window
from ..pooling.effect_tables import check_effects
from .shapes import SHAPES, Shape


def checked_effects(effects: pd.DataFrame, by: str, correlation: float) -> pd.DataFrame:
    """The effects with `treatment_class` = the column `by`; ValueError or DatasetError for what cannot be fitted."""
    needed = ("study", by, "hours", "estimate", "std_error", "active_variance", "control_variance")
    absent = [name for name in needed if name not in effects]
    if absent:
        raise ValueError(f"the effects lack {absent}; contrast_arms gives them")
    if not 0 <= correlation < 1:
        raise ValueError(f"correlation {correlation!r} must lie from 0 to below 1")
    _one_kind(effects)
    _every_class_named(effects, by)
    rows = effects.assign(treatment_class=effects[by].astype(str)).reset_index(drop=True)
    _positive_hours(rows)
    series = [name for name in ("treatment_class", "arm", "study", "hours") if name in rows]
    check_effects(rows.drop(columns=["control_arm", "arm"], errors="ignore"), ())
    _no_row_twice(rows, series)
    return rows


def sized_rows(
    rows: pd.DataFrame, shape: str | Mapping[str, str]
) -> tuple[pd.DataFrame, pd.DataFrame, tuple[tuple[str, str], ...]]:
    """Each row's size of effect (`_column`), rows in no window apart, and the (class, window) of every size."""
    names = _shape_names(rows["treatment_class"], shape, tuple(SHAPES))
    windowed = rows["treatment_class"].map(names) == "windows"
    window = assign_window(rows)["window"].astype(object)
    outside = windowed & window.isna()
    keys = pd.Series(list(zip(rows["treatment_class"], window.where(windowed, ""), strict=True)), index=rows.index)
    order = ["", *WINDOW_NAMES]
    found = keys[~outside].unique()
    classes = list(dict.fromkeys(name for name, _ in found))
    columns = tuple(sorted(found, key=lambda key: (classes.index(key[0]), order.index(key[1]))))
    kept = rows[~outside].assign(_column=keys[~outside].map({key: i for i, key in enumerate(columns)}))
    return kept.reset_index(drop=True), rows[outside].reset_index(drop=True), columns


def counted_arms(arms: pd.DataFrame, by: str, shape: str | Mapping[str, str]) -> tuple[pd.DataFrame, tuple[Shape, ...]]:
    """Arms with counts, added up by trial, class and hour, and the shape of each class in order of appearance.

    Raises ValueError for several outcomes, counts "within" a span, no counts, or the same arms twice at an hour.
    """
    absent = [name for name in ("study", by, "hours", "n", "events", "outcome") if name not in arms]
    if absent:
        raise ValueError(f"the arms lack {absent}; read_arms and summarize_arms give them")
    _one_kind(arms)
    _every_class_named(arms, by)
    rows = arms.assign(treatment_class=arms[by].astype(str))
    rows = rows[rows["events"].notna() & rows["n"].notna()]
    if rows.empty:
        raise ValueError("no arm has events and n: a curve of the odds of response needs counts")
    table = arm_log_odds(rows, outcome=str(rows["outcome"].iloc[0]))
    _positive_hours(table)
    _no_row_twice(table, ["study", "treatment_class", "hours"])
    names = _shape_names(table["treatment_class"], shape, tuple(name for name in SHAPES if name != "windows"))
    return table, tuple(SHAPES[name] for name in names.values())


def _shape_names(classes: pd.Series, shape: str | Mapping[str, str], allowed: tuple[str, ...]) -> dict[str, str]:
    names = {one: shape if isinstance(shape, str) else shape.get(one, "") for one in classes.unique()}
    unknown = {one: name for one, name in names.items() if name not in allowed}
    if unknown:
        raise ValueError(f"shape {unknown} is unknown: use one of {sorted(allowed)} for each class")
    return names


def _every_class_named(table: pd.DataFrame, by: str) -> None:
    if table[by].isna().any():
        names = ", ".join(map(str, table.loc[table[by].isna(), "study"].unique()[:5]))
        raise ValueError(f"{names}: {by} is missing: name it, or leave the rows out")


def _one_kind(table: pd.DataFrame) -> None:
    for name in ("measure", "outcome"):
        if name in table and table[name].nunique() > 1:
            raise ValueError(f"one fit takes one {name}; the table has {sorted(table[name].unique())}")
    if "timing" in table and (table["timing"] == "within").any():
        raise ValueError("rows counted within a span have no hour of their own: keep timing == 'at'")


def _positive_hours(rows: pd.DataFrame) -> None:
    hours = rows["hours"].to_numpy(float)
    bad = ~((hours > 0) & np.isfinite(hours))
    if bad.any():
        named = ", ".join(f"row {row} ({rows['study'].iloc[row]}): {hours[row]}" for row in np.flatnonzero(bad)[:5])
        raise ValueError(f"every row needs a number of hours > 0 since first dose; not so: {named}")


def _no_row_twice(rows: pd.DataFrame, series: list[str]) -> None:
    if rows.duplicated(series).any():
        twice = ", ".join(map(str, rows.loc[rows.duplicated(series), "study"].unique()[:5]))
        raise ValueError(f"{twice}: the same patients stand twice at one time; keep one scale, analysis and control")
