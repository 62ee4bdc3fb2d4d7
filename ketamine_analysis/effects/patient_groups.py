"""Other conditions and other patients: the same verbs for each group, and what there is of each."""

from __future__ import annotations

import pandas as pd

from ..errors import NotInData
from ..evidence.shipped import default_pool
from ..words import holds_word
from .contrasts import contrast_arms
from .converted_means import MEAN_OUTCOMES, with_converted_means
from .side_effects import SAFETY_CONTROLS

# name of the group: condition, and a word of `population` (empty: all)
PATIENT_GROUPS = {
    "anxiety": ("anxiety", ""),
    "PTSD": ("ptsd", ""),
    "chronic pain": ("chronic_pain", ""),
    "adolescents": ("depression", "adolescent"),
    "older adults": ("depression", "elderly"),
    "bipolar or mixed": ("depression", "BD"),
}
MEASURES = ("log_odds_ratio", "standardized_mean_difference")


def patient_groups(arms: pd.DataFrame, *, context: bool = False) -> pd.DataFrame:
    """The rows of each group of PATIENT_GROUPS, with a column `group`: those meant for pooling, or (context) all.

    arms : `load_evidence()` or your own with `condition` and `population`. "bipolar or mixed" are trials that took
        unipolar and bipolar patients: none here reports the bipolar ones alone.
    Words of `population` are found in any case. Raises NotInData where the columns are missing.

    >>> from ketamine_analysis import load_evidence
    >>> patient_groups(load_evidence())["group"].value_counts()["chronic pain"].item()
    11
    """
    absent = [name for name in ("condition", "population") if name not in arms]
    if absent:
        raise NotInData(f"groups of patients are told apart by condition and population; the table lacks {absent}")
    parts = []
    for name, (condition, word) in PATIENT_GROUPS.items():
        rows = arms[arms["condition"] == condition] if context else default_pool(arms, condition=condition)
        rows = rows[rows["condition"] == condition]
        rows = rows[holds_word(rows["population"], word)] if word else rows
        parts.append(rows.assign(group=name))
    return pd.concat(parts, ignore_index=True)


def group_contrasts(grouped: pd.DataFrame, *, measure: str = "log_odds_ratio") -> pd.DataFrame:
    """Every group's contrasts with control, at stated times: an `effects` table with `group`.

    grouped : from `patient_groups`. measure : "log_odds_ratio" of response (means converted, and so marked, where a
        trial has no count), or "standardized_mean_difference" of change and score (negative: an improvement).
        Controls are those of the default pooling, also of a kind not stated, and a new oral drug in both arms
        (`control_kind` tells them).
    A group without a contrast has no row. Raises ValueError for another measure, NotInData where a column is missing.
    """
    absent = [name for name in ("role", "hours", "outcome") if name not in grouped]
    if absent:
        raise NotInData(f"contrasts need role, hours and outcome of each arm; the table lacks {absent}")
    if measure not in MEASURES:
        raise ValueError(f"measure {measure!r} is unknown: use one of {list(MEASURES)}")
    rows = grouped[grouped["hours"].notna()]
    rows = rows[rows["timing"] == "at"] if "timing" in rows else rows
    rows = rows if "control_kind" in rows else rows.assign(control_kind=None)
    rows = rows[rows["role"].eq("active") | rows["control_kind"].isna() | rows["control_kind"].isin(SAFETY_CONTROLS)]
    parts = []
    for name, part in rows.groupby("group", sort=False):
        own = part.drop(columns="group")
        if not own["role"].eq("control").any():
            continue
        if measure == MEASURES[0]:
            tables = [_odds_ratios(own)]
        else:
            outcomes = [one for one in MEAN_OUTCOMES if (own["outcome"] == one).any()]
            tables = [contrast_arms(own, outcome=one, measure=measure, control="all") for one in outcomes]
        parts += [table.assign(group=name) for table in tables if len(table)]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=["group", "study", "estimate"])


def _odds_ratios(rows: pd.DataFrame) -> pd.DataFrame:
    """Counts where there are, converted means for the other trials; each control keeps its own kind."""
    controls = rows[rows["role"] == "control"].assign(control_arm=lambda table: table["arm"].astype(str))
    kinds = controls.drop_duplicates(["study", "control_arm"]).set_index(["study", "control_arm"])["control_kind"]
    # a control with a new oral drug is wanted here, and would not be taken unasked; two kinds of one trial stay two
    rows = rows.assign(control_kind=rows["control_kind"].replace("placebo_plus_new_drug", "placebo_plus_stable_drug"))
    counted = rows if (rows["outcome"] == "response").any() else rows.assign(outcome="response", events=None)
    effects = with_converted_means(contrast_arms(counted), rows)
    if effects.empty:
        return effects
    own = pd.MultiIndex.from_frame(effects[["study", "control_arm"]])
    named = kinds.reindex(own).to_numpy(object)
    return effects.assign(control_kind=pd.Series(named, index=effects.index).fillna(effects["control_kind"]))
