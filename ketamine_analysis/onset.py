"""When a class first separates from its control: pooled windows with simultaneous bands, and where nobody looked."""

from __future__ import annotations

import pandas as pd

from .meta_analysis import random_effects
from .time_windows import WINDOW_NAMES, one_per_window


def separation_by_window(
    effects: pd.DataFrame, *, value: float = 0.0, inference: str = "hksj_modified", level: float = 0.95
) -> pd.DataFrame:
    """Every class in every time window: pooled effect with a simultaneous interval, and whether it lies beyond `value`.

    effects : from `contrast_arms` (one measure). value : no effect (0), or the least effect worth having, in the
        measure's own unit; its sign says which way (0: either way).
    Intervals hold for all windows of a class together (Bonferroni over the windows in which it was looked at). A
    window without a trial is a row with k = 0 and nothing else: "nobody looked" is not "no effect".
    Columns: `treatment_class, window, k, estimate, conf_low, conf_high, looked, separated`.
    Raises as `random_effects` does.
    """
    chosen = one_per_window(effects)
    rows = []
    for name, part in chosen.groupby("treatment_class", sort=False):
        windows = part["window"].dropna().nunique()
        pooled = random_effects(part, by="window", inference=inference)
        table = pooled.summary(level=1 - (1 - level) / windows).assign(treatment_class=name)
        rows.append(table.set_index("window").reindex(list(WINDOW_NAMES)).rename_axis("window").reset_index())
        rows[-1]["treatment_class"] = name
    table = pd.concat(rows, ignore_index=True)
    table["k"] = table["k"].fillna(0).astype(int)
    low, high = table["conf_low"], table["conf_high"]
    beyond = (low > value) if value > 0 else (high < value) if value < 0 else (low > 0) | (high < 0)
    columns = ["treatment_class", "window", "k", "estimate", "conf_low", "conf_high", "measure"]
    table["measure"] = table["measure"].ffill().bfill()
    return table[columns].assign(looked=table["k"] > 0, separated=beyond & (table["k"] > 0))


def first_separation(table: pd.DataFrame) -> pd.DataFrame:
    """One row a class: `first_looked, first_separated` (window names) and `words` that tell the two apart.

    table : from `separation_by_window`. `first_separated` is missing where no window separates.
    """
    rows = []
    for name, part in table.groupby("treatment_class", sort=False):
        looked, separated = part.loc[part["looked"], "window"], part.loc[part["separated"], "window"]
        first = separated.iloc[0] if len(separated) else None
        if first is None:
            words = (
                f"no window separates; looked at from {looked.iloc[0]} to {looked.iloc[-1]} in {len(looked)} windows"
            )
        elif first == looked.iloc[0]:
            words = f"separated at {first}, the first look: nobody looked before"
        else:
            words = f"separated at {first}; not yet at {', '.join(looked[: list(looked).index(first)])}"
        rows.append({
            "treatment_class": name, "first_looked": looked.iloc[0] if len(looked) else None, "first_separated": first,
            "words": words,
        })  # fmt: skip
    return pd.DataFrame(rows)
