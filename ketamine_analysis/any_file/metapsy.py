"""Metapsy's convention (two arms a row, `_arm1` and `_arm2`) to the rows of `arms`."""

from __future__ import annotations

import pandas as pd

from ..effects.time_windows import HOURS_PER_WEEK
from ..errors import one_problem

NEEDED = ("study", "condition_arm1", "condition_arm2")
SHARED = ("study", "year", "doi", "instrument", "time_weeks", "outcome_type", "_line")
# outcome: columns of an arm in Metapsy's names → the library's
COUNTS = {"event": "events", "totaln": "n"}
MEANS = {"mean": "mean", "sd": "sd", "n": "n"}
CHANGES = {"mean_change": "mean", "sd_change": "sd", "n_change": "n"}


def metapsy_to_arms(table: pd.DataFrame, recipe: str) -> pd.DataFrame:
    """Each arm of each row as a row of `arms`; a control that stands beside several arms is kept once.

    `arm` is the condition with `multi_arm`, `scale` the instrument, `hours` 168 × time_weeks.
    Raises DatasetError without the columns of the convention.
    """
    absent = [name for name in (*NEEDED, "time_weeks") if name not in table]
    if absent:
        raise one_problem(
            recipe, "column present", f"Metapsy's layout needs {', '.join(NEEDED)}, time_weeks", absent[0]
        )
    parts = []
    for side in ("1", "2"):
        shared = table[[name for name in SHARED if name in table]]
        condition, arm = table[f"condition_arm{side}"].astype("str"), metapsy_arm(table, side)
        for outcome, columns in (("", COUNTS), ("score", MEANS), ("change", CHANGES)):
            present = {
                f"{theirs}_arm{side}": name for theirs, name in columns.items() if f"{theirs}_arm{side}" in table
            }
            if len(present) < len(columns):
                continue
            values = table[list(present)].rename(columns=present)
            part = shared.assign(arm=arm, treatment=condition, outcome=_outcome(table, outcome), **values)
            parts.append(part[part["outcome"].notna() & part["n"].notna()])
    if not parts:
        raise one_problem(recipe, "column present", "no arm has mean, sd and n, nor event and totaln", "mean_arm1")
    rows = pd.concat(parts, ignore_index=True)
    rows = rows.rename(columns={"instrument": "scale"})
    weeks = pd.to_numeric(rows["time_weeks"], errors="coerce")
    rows = rows.assign(hours=weeks * HOURS_PER_WEEK).drop(columns=["time_weeks", "outcome_type"], errors="ignore")
    return rows[~rows.drop(columns="_line").duplicated()].reset_index(drop=True)


def metapsy_arm(table: pd.DataFrame, side: str) -> pd.Series:
    """The label of each row's arm 1 or 2: its condition, and `multi_arm` where the trial has several of it."""
    condition = table[f"condition_arm{side}"].astype("str")
    if f"multi_arm{side}" not in table:
        return condition
    label = table[f"multi_arm{side}"].astype(object)
    return condition + label.map(lambda one: "" if pd.isna(one) else f" {one}").astype("str")


def _outcome(table: pd.DataFrame, outcome: str) -> pd.Series:
    """What a row of Metapsy measures: its `outcome_type` where it names one of the library's counts."""
    kind = table["outcome_type"].astype("str").str.strip().str.casefold()
    if outcome == "":
        return kind.where(kind.isin(["response", "remission"]))
    fitting = kind.isin(["msd", "imsd"]) if outcome == "score" else kind.isin(["change", "msd_change"])
    return pd.Series(outcome, index=table.index).where(fitting)
