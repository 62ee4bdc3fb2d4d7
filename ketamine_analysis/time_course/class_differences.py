"""Two classes against each other at one hour, across trials: indirect, and named so."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from ..intervals import summary_table
from .curve_fit import Curves, jacobian, values


def compare_at(course: Any, first: str, second: str, *, at: float, level: float) -> pd.DataFrame:
    """The difference of two classes' curves: see `TimeCourse.compare`."""
    for name in (first, second):
        if name not in course.classes or course.shape.get(name) == "windows":
            fitted = [one for one, shape in course.shape.items() if shape != "windows"]
            raise ValueError(f"class {name!r} was not fitted with a curve: use one of {fitted}")
    curves = course.predict([at], level=level).set_index("treatment_class")
    both = np.array([course.classes.index(first), course.classes.index(second)])
    column = np.array([course.columns.index((first, "")), course.columns.index((second, ""))])
    middle = curves["estimate"][first] - curves["estimate"][second]
    words = f"{first} minus {second}"
    if course.mixture is None:
        error = float(np.sqrt(_gap(course.reml, at, both, column)[1]))
        row = summary_table(words, middle, error, course.df[column].min(), level=level)
    else:
        gaps = np.array([_gap(one, at, both, column) for one in course.mixture.fits])
        _, error, low, high = course.mixture.interval(gaps[:, :1], gaps[:, 1:], level)
        row = summary_table(words, middle, float(error[0]), np.inf, level=level)
        row = row.assign(conf_low=low[0], conf_high=high[0])
    row = row.assign(hours=at, measure=course.measure, comparison="indirect, not randomised", note="")
    if np.isnan(middle) or any(len(course.ml.own(one)) > 1 for one in both):  # no linearised interval: see `band`
        low, high = curves["conf_low"], curves["conf_high"]
        row = row.assign(std_error=np.nan, statistic=np.nan, p_value=np.nan)
        row = row.assign(conf_low=low[first] - high[second], conf_high=high[first] - low[second])
        row["note"] = "the widest difference of the two bands" + (
            "; a half-time is not identified: no estimate" if np.isnan(middle) else ""
        )
    return row


def _gap(fit: Curves, at: float, both: np.ndarray, column: np.ndarray) -> tuple[float, float]:
    """The difference of two curves of a fit and its variance."""
    hours = np.array([at, at])
    slope = jacobian(fit, hours, both, column, np.concatenate([fit.size, fit.logs]))
    step = slope[0] - slope[1]
    heights = fit.size[column] * np.array(
        [values(replace(fit, t=hours[:1], place=both[i : i + 1]), fit.logs)[0] for i in range(2)]
    )
    return float(heights[0] - heights[1]), float(step @ fit.covariance @ step)
