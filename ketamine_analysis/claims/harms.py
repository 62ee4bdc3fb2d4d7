"""The quantities of the claims about harms: shares, risk differences over control, and one drug's less another's."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ..effects.side_effects import contrast_events, counted_events
from ..errors import NotInData
from ..intervals import critical_value
from ..outcomes.proportions import proportion_interval
from ..pooling.meta_analysis import random_effects
from .found import EMPTY, found_row, found_words, people

KETAMINES = ("ketamine", "esketamine")
ORAL = ("ssri", "snri")
# event: its word in the table of claims. The last two are those that oral drugs are known for, and the whole
LESS = {"nausea": "nausea", "dizziness": "dizziness", "insomnia": "insomnia", "any_ae": "any event"}


def harm_estimates(adverse_events: pd.DataFrame) -> list[tuple[str, str, dict, str, str]]:
    """Rows `id, part, quantity, beside, note` of the claims "sideeffects" and "fewer".

    adverse_events : as `contrast_events`, with `treatment_class` and `role`. A quantity that no trial gives has k = 0.
    Raises NotInData where one of the two columns is missing.
    """
    absent = [name for name in ("treatment_class", "role") if name not in adverse_events]
    if absent:
        raise NotInData(f"claims about side effects need the columns treatment_class and role; {absent} is missing")
    serious, oral, which = _risks(adverse_events, "serious_ae")
    rows = [("sideeffects", "serious events", serious, "SSRI and SNRI: " + found_words(oral, percent=True), which)]
    rows.append(("sideeffects", "dissociation for over 24 h", _lasting(adverse_events), "",
                 "most rows carry no hour at all"))  # fmt: skip
    for event, word in LESS.items():
        drug, other, which = _risks(adverse_events, event)
        words = (f"over control: here {found_words(drug, percent=True)}; SSRI and SNRI "
                 f"{found_words(other, percent=True)}")  # fmt: skip
        note = "; ".join(one for one in ("not randomised", which) if one)
        rows.append(("fewer", f"{word}, less oral drugs'", _difference(drug, other), words, note))
    return rows


def _lasting(adverse_events: pd.DataFrame) -> dict:
    """The share of ketamine patients whose dissociation lasted for over a day."""
    rows = counted_events(adverse_events)
    rows = rows[(rows["event"] == "dissociation_long_lasting_gt24h") & rows["events"].notna()]
    rows = rows[rows["treatment_class"].isin(KETAMINES)]
    if rows.empty:
        return EMPTY
    events, n = rows["events"].sum(), rows["n"].sum()
    return found_row(rows["study"].nunique(), n, events / n, *map(float, proportion_interval(events, n)))


def _risks(adverse_events: pd.DataFrame, event: str) -> tuple[dict, dict, str]:
    """The pooled risk difference over control of ketamine or esketamine, of SSRI or SNRI, and which drug is meant."""
    drug, names = _risk(adverse_events, event, KETAMINES)
    oral, _ = _risk(adverse_events, event, ORAL)
    return drug, oral, f"{names[0]} alone" if len(names) == 1 else ""


def _risk(adverse_events: pd.DataFrame, event: str, classes: tuple[str, ...]) -> tuple[dict, list[str]]:
    """The risk difference over control, over the whole phase, of these classes as one; and those that it rests on."""
    own = adverse_events["treatment_class"].isin(classes) & adverse_events["role"].eq("active")
    mine = adverse_events[own & adverse_events["event"].eq(event)]
    table = adverse_events[own | adverse_events["role"].eq("control")]
    table = table.assign(treatment_class=table["treatment_class"].mask(own, "drug"))
    try:
        effects = contrast_events(table, event)
    except NotInData:
        return EMPTY, []
    effects = effects[(effects["period"] == "whole phase") & (effects["treatment_class"] == "drug")]
    if effects.empty:
        return EMPTY, []
    row = random_effects(effects).summary().iloc[0]
    names = mine.loc[mine["study"].isin(effects["study"]), "treatment_class"].unique()
    return found_row(row["k"], people(effects), row["estimate"], row["conf_low"], row["conf_high"]), sorted(names)


def _difference(one: dict, other: dict) -> dict:
    """The difference of two pooled risk differences of different trials: t with Welch and Satterthwaite's degrees.

    Each pooling brings its own standard error and k − 1 degrees; the fewer of both would charge the wide interval of
    the many trials with the degrees of the few. A single trial's own interval is normal.
    """
    k = min(one["k"], other["k"])
    if k == 0:
        return EMPTY
    freedom = np.array([row["k"] - 1 if row["k"] > 1 else np.inf for row in (one, other)], float)
    half = np.array([(row["conf_high"] - row["conf_low"]) / 2 for row in (one, other)])
    errors = half / np.array([float(critical_value(df, 0.95)) for df in freedom])
    spread = float((errors**4 / freedom).sum())
    df = float((errors**2).sum() ** 2 / spread) if spread > 0 else np.inf
    width = float(critical_value(df, 0.95)) * float(np.hypot(*errors))
    middle = one["estimate"] - other["estimate"]
    return found_row(k, one["patients"] + other["patients"], middle, middle - width, middle + width)
