"""When a curve and its band reach a value, and how long they stay beyond it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

GRID = np.geomspace(0.25, 10752.0, 1200)  # hours at which a curve's crossings are looked for: to 64 weeks


def first_hours(curves: pd.DataFrame, value: float) -> pd.DataFrame:
    """First hour at which each class's curve, its band's far end and its near end reach a value; missing where never.

    curves : `TimeCourse.predict(GRID)`.
    """
    rows = []
    for name, middle, near, far in _beyond(curves, value):
        first = [float(GRID[one.argmax()]) if one.any() else np.nan for one in (middle, far, near)]
        rows.append((name, f"hours to an effect of {value:g}", *first))
    return pd.DataFrame(rows, columns=["treatment_class", "term", "estimate", "conf_low", "conf_high"])


def hours_beyond(curves: pd.DataFrame, value: float, last_look: pd.Series) -> pd.DataFrame:
    """Hours for which each class's curve, its band's near end and its far end lie at or beyond a value.

    curves : `TimeCourse.predict(GRID)`; last_look : hours by class, at which counting stops.
    """
    rows = []
    unknown = curves.groupby("treatment_class")["estimate"].apply(lambda one: one.isna().all())
    for name, middle, near, far in _beyond(curves, value):
        end = float(last_look[name])
        width = np.diff(np.minimum(GRID, end), prepend=0.0)
        spans = [float(width[one].sum()) for one in (middle, near, far)]
        still = bool((far if unknown[name] else middle)[end >= GRID][-1:].any())
        rows.append((name, f"hours beyond {value:g}", np.nan if unknown[name] else spans[0], *spans[1:], still, end))
    names = ["treatment_class", "term", "estimate", "conf_low", "conf_high", "still", "last_look"]
    return pd.DataFrame(rows, columns=names)


def _beyond(curves: pd.DataFrame, value: float) -> Iterator[tuple[str, np.ndarray, np.ndarray, np.ndarray]]:
    """For each class where on GRID the curve, its band's near end and its far end lie beyond a value."""
    if value == 0:
        raise ValueError("value 0 lies on neither side: use an effect that matters, above 0 or below it")
    sign = 1.0 if value > 0 else -1.0
    names = ("estimate", "conf_low", "conf_high") if sign > 0 else ("estimate", "conf_high", "conf_low")
    for name, part in curves.groupby("treatment_class", sort=False):
        middle, near, far = (sign * part[one].to_numpy() >= sign * value for one in names)
        yield str(name), middle, near, far
