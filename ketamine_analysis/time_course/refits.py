"""The same curve fitted again: without each trial, and with no shape at all to see whether it fits."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from ..effects.time_windows import assign_window
from ..errors import ConvergenceError

ONLY = "the only trial of this class"
NO_SUPPORT = 10.0  # of AIC: so much worse has next to no support (Burnham & Anderson 2004, Sociol Methods Res 33:261)
MISFIT = (
    "this shape does not fit: a free effect in each time window is better by {:.0f} of AIC; take another shape, or "
    "shape='windows'"
)


def misfit_table(
    effects: pd.DataFrame, shapes: Mapping[str, str], again: Callable[[pd.DataFrame, str], Any]
) -> pd.DataFrame:
    """Each class's shape against a free effect in every time window: see `TimeCourse.misfit`.

    again : fits effects with a shape.
    """
    rows = []
    for name, shape in shapes.items():
        own = effects[effects["treatment_class"] == name]
        own = own[assign_window(own)["window"].notna().to_numpy()]
        curve, free = (np.nan, np.nan) if shape == "windows" else (_aic(own, one, again) for one in (shape, "windows"))
        note = MISFIT.format(curve - free) if curve - free >= NO_SUPPORT else ""
        rows.append((name, shape, len(own), curve, free, note))
    return pd.DataFrame(rows, columns=["treatment_class", "shape", "effects", "AIC", "AIC_windows", "note"])


def without_each_trial(
    effects: pd.DataFrame, treatment_class: str, again: Callable[[pd.DataFrame], Any], *, at: float, level: float
) -> pd.DataFrame:
    """One class's curve at one hour without each of its trials: see `TimeCourse.leave_one_out`."""
    rows = []
    for trial in effects.loc[effects["treatment_class"] == treatment_class, "study"].unique():
        try:
            fit = again(effects[effects["study"] != trial])
        except (ValueError, ConvergenceError) as error:  # what is left cannot carry the curve: said, not hidden
            rows.append(pd.DataFrame({"treatment_class": [treatment_class], "hours": at, "note": str(error)}))
        else:
            gone = pd.DataFrame({"treatment_class": [treatment_class], "hours": at, "note": ONLY})
            there = treatment_class in fit.classes
            rows.append(fit.predict([at], level=level, only=treatment_class) if there else gone)
        rows[-1]["left_out"] = trial
    return pd.concat(rows, ignore_index=True)


def _aic(effects: pd.DataFrame, shape: str, again: Callable[[pd.DataFrame, str], Any]) -> float:
    """AIC of one class's effects alone; missing where they are too few or reach no optimum."""
    try:
        return float(again(effects, shape).information_criteria()["AIC"].iloc[0])
    except (ValueError, ConvergenceError):
        return np.nan
