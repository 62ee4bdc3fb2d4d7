"""The table that a pooling takes: checked, no arm counted twice, its groups as rows of padded arrays."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ..errors import DatasetError, NotInData, problem_table


def checked_effects(
    effects: pd.DataFrame, by: str | tuple[str, ...] | list[str] | None
) -> tuple[tuple[str, ...], pd.DataFrame]:
    """The keys of a pooling and its table with rows numbered from 0; raises as `check_effects`."""
    keys = (by,) if isinstance(by, str) else tuple(by or ())
    effects = effects.reset_index(drop=True)
    check_effects(effects, keys)
    return keys, effects


def check_effects(effects: pd.DataFrame, keys: tuple[str, ...]) -> None:
    """Raises when effects cannot be pooled by `keys`: unusable numbers, or an arm that would be counted twice."""
    absent = [name for name in ("estimate", "std_error", *keys) if name not in effects]
    if absent:
        raise ValueError(f"the table lacks column {absent}; random_effects needs estimate and std_error")
    if "measure" in effects and effects["measure"].nunique() > 1:
        raise ValueError(f"one pooling takes one measure; the table has {sorted(effects['measure'].unique())}")
    if effects.empty:
        raise NotInData("no effects to pool: the table is empty")
    problems = []
    for name in ("estimate", "std_error"):
        value = effects[name].to_numpy(float)
        bad = ~np.isfinite(value) | ((value <= 0) if name == "std_error" else False)
        rule = "estimate is a number" if name == "estimate" else "std_error is a positive number"
        fix = "leave the row out, or find its spread in the source"
        problems += [(row, name, effects[name][row], rule, fix) for row in np.flatnonzero(bad)]
    problems += arms_counted_twice(effects, keys)
    if problems:
        raise DatasetError(problem_table("effects", problems))


def arms_counted_twice(effects: pd.DataFrame, keys: tuple[str, ...] = ()) -> list[tuple]:
    """The problems (rows for `problem_table`) of arms that enter one pooling more than once."""
    problems = []
    for arm in ("control_arm", "arm"):
        if {"study", arm} <= set(effects):
            twice = effects.duplicated([*dict.fromkeys((*keys, "study", arm))], keep=False) & effects[arm].notna()
            fix = (
                "one arm enters this pooling more than once, so its patients would be counted twice: take one time "
                "per trial (one_per_window), combine arms (combine='class'), choose one control "
                "(control=…), or add the differing column to by="
            )
            names = effects["study"].astype(str) + " / " + effects[arm].astype(str)
            problems += [(row, arm, names[row], "no arm counted twice", fix) for row in effects.index[twice]]
    return problems


def padded(
    effects: pd.DataFrame, keys: tuple[str, ...]
) -> tuple[pd.DataFrame, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Groups as rows of arrays: their keys, the positions of their trials, which of these are real, and y and v."""
    groups, rows, present = _padded_rows(effects, keys)
    y = np.where(present, effects["estimate"].to_numpy(float)[rows], 0.0)
    v = np.where(present, effects["std_error"].to_numpy(float)[rows] ** 2, 1.0)
    return groups, rows, present, y, v


def by_group(values: np.ndarray, groups: pd.DataFrame) -> pd.Series | float:
    """A number a pooling under its keys; the number itself where there is one pooling and no key."""
    if groups.columns.empty and len(values) == 1:
        return values[0].item()
    return pd.Series(values, index=pd.MultiIndex.from_frame(groups) if groups.shape[1] > 1 else groups.iloc[:, 0])


def _padded_rows(effects: pd.DataFrame, keys: tuple[str, ...]) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    if not keys:
        rows = np.arange(len(effects))[None, :]
        return pd.DataFrame(index=range(1)), rows, np.ones(rows.shape, bool)
    grouped = effects.groupby(list(keys), observed=True, dropna=False, sort=True)
    code = grouped.ngroup().to_numpy()
    order = np.argsort(code, kind="stable")
    size = np.bincount(code)
    place = np.arange(len(code)) - np.repeat(np.cumsum(size) - size, size)
    rows = np.zeros((len(size), size.max()), dtype=int)
    present = np.zeros(rows.shape, bool)
    rows[code[order], place], present[code[order], place] = order, True
    groups = effects.loc[rows[:, 0], list(keys)].reset_index(drop=True)
    return groups, rows, present
