"""What others pooled, in the same units as ours: drawn beside, never mixed in."""

from __future__ import annotations

import numpy as np
import pandas as pd

from .points import in_points
from .spreads import spreads_in_use
from .time_windows import assign_window


def published_pools(contrasts: pd.DataFrame, *, scale: str = "MADRS") -> pd.DataFrame:
    """Published pools by class and time window: points of `scale` and responders per hundred against control.

    contrasts : as `load_evidence("effects")`; rows of design "pooled_analysis" against a control at a stated time.
        Trials' patients pooled again (two trials by name) are such rows too. Mean differences of another scale go
        through standard deviations (`typical_spreads`); risk differences are people per hundred as printed.
    Columns: `treatment_class, window, hours, label, study, outcome, points, points_low, points_high, per_hundred,
    per_hundred_low, per_hundred_high, printed` (the figure as printed)`, locator, source`; negative points and positive
    people are better on the drug.

    >>> from ketamine_analysis.evidence import load_evidence
    >>> table = published_pools(load_evidence("effects"))
    >>> table.loc[(table["treatment_class"] == "ssri") & (table["window"] == "1 wk"), "points"].round(1).tolist()
    [-1.8, nan]
    """
    rows = contrasts[contrasts["design"].eq("pooled_analysis") & contrasts["measure"].isin(["MD", "RD"])]
    rows = rows[rows["control_role"].eq("control") & (rows["hours"] > 0) & rows["estimate"].notna()]
    rows = rows[rows["measure"].eq("MD") | rows["outcome"].eq("response")]
    rows = assign_window(rows.reset_index(drop=True))
    rows = rows[rows["window"].notna()].reset_index(drop=True)
    spread = spreads_in_use(rows, pd.DataFrame()).reindex(pd.MultiIndex.from_frame(rows[["study", "scale"]]))
    numbers = rows[["estimate", "conf_low", "conf_high"]].astype(float)
    printed = rows["measure"] + " " + numbers["estimate"].map("{:g}".format) + " " + rows["unit"].astype(str)
    difference = rows["measure"].eq("MD")
    better = rows["favours_drug"].map({"negative": 1.0, "positive": -1.0})
    standard = numbers.mul(better, axis=0).div(spread["sd"].to_numpy(), axis=0)
    points = in_points(standard, scale).where(difference)
    percent = np.where(rows["unit"].eq("percentage points"), 1.0, 100.0)
    people = numbers.mul(-better * percent, axis=0).where(~difference)
    table = rows[["treatment_class", "window", "hours", "label", "study", "outcome"]].assign(
        points=points["estimate"], points_low=_least(points), points_high=_most(points),
        per_hundred=people["estimate"], per_hundred_low=_least(people), per_hundred_high=_most(people),
        printed=printed, locator=rows["locator"], source=rows["source"],
    )  # fmt: skip
    return table.sort_values(["treatment_class", "hours"], kind="stable").reset_index(drop=True)


def _least(table: pd.DataFrame) -> pd.Series:
    return table[["conf_low", "conf_high"]].min(axis=1, skipna=False)


def _most(table: pd.DataFrame) -> pd.Series:
    return table[["conf_low", "conf_high"]].max(axis=1, skipna=False)
