"""Contrasts as their sources print them, with what their arms and trials are known by."""

from __future__ import annotations

import pandas as pd

ARM_WORDS = (
    "role", "treatment", "treatment_class", "combination", "route", "dose", "dose_unit", "schedule", "background",
)  # fmt: skip
TRIAL_WORDS = ("label", "year", "design", "blinding", "condition", "population")


def with_their_arms(
    contrasts: pd.DataFrame, arms: pd.DataFrame, trials: pd.DataFrame, outcomes: pd.DataFrame
) -> pd.DataFrame:
    """Contrasts with the words of the active arm, `control_role, control_kind`, those of the trial, `n, control_n`.

    n, control_n : people of each arm in its own rows of `outcomes` at that hour, else randomised to it; else, of two
    arms, half of the trial's. Missing where none is known.
    """
    own = arms[["study", "arm", *(name for name in ARM_WORDS if name in arms)]]
    control = arms[["study", "arm", "role", "control_kind"]]
    control = control.rename(columns={"arm": "control_arm", "role": "control_role"})
    known = trials[["study", *(name for name in TRIAL_WORDS if name in trials)]]
    table = contrasts.merge(own, on=["study", "arm"], how="left", validate="many_to_one")
    table = table.merge(control, on=["study", "control_arm"], how="left", validate="many_to_one")
    table = table.merge(known, on="study", how="left", validate="many_to_one")
    for name, count in (("arm", "n"), ("control_arm", "control_n")):
        table[count] = _people(table, name, arms, trials, outcomes)
    return table


def _people(
    table: pd.DataFrame, name: str, arms: pd.DataFrame, trials: pd.DataFrame, outcomes: pd.DataFrame
) -> pd.Series:
    key = ["study", name]
    counted = outcomes[outcomes["n"].notna()].groupby(["study", "arm", "hours"])["n"].max()
    randomised = arms.set_index(["study", "arm"])["n_randomised"]
    two_arms = arms.groupby("study")["arm"].nunique() == 2
    half = trials.set_index("study")["n_randomised"].where(two_arms) / 2
    here = pd.MultiIndex.from_frame(table[[*key, "hours"]])
    at_hour = pd.Series(counted.reindex(here).to_numpy(), index=table.index)
    at_start = pd.Series(randomised.reindex(pd.MultiIndex.from_frame(table[key])).to_numpy(), index=table.index)
    return at_hour.fillna(at_start).fillna(table["study"].map(half))
