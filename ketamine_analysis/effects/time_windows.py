"""The windows in which times from different trials count as "the same time".

One pooled number takes one time per trial and window, the nearest to the window's name. Hours that lie in
none (8 h, 40 h) are not stretched into a neighbour.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

HOURS_PER_DAY = 24.0
HOURS_PER_WEEK = 168.0


@dataclass(frozen=True)
class TimeWindow:
    """A span of hours since first dose, ends included, and the moment that names it."""

    name: str
    low: float
    high: float
    nominal: float


TIME_WINDOWS = (
    TimeWindow("≤6 h", 0.0, 6.0, 4.0),
    TimeWindow("24 h", 12.0, 36.0, 24.0),
    TimeWindow("2–5 d", 48.0, 120.0, 72.0),
    TimeWindow("1 wk", 144.0, 240.0, 168.0),
    TimeWindow("2 wk", 264.0, 576.0, 336.0),
    TimeWindow("4 wk", 600.0, 840.0, 672.0),
    TimeWindow("6 wk", 864.0, 1152.0, 1008.0),
    TimeWindow("8 wk", 1176.0, 1656.0, 1344.0),
    TimeWindow("≥10 wk", 1680.0, np.inf, 2016.0),
)
WINDOW_NAMES = tuple(window.name for window in TIME_WINDOWS)


def moment_text(hours: float) -> str:
    """A time since first dose as a clinic says it: whole weeks, whole days from the second on, hours, minutes.

    >>> [moment_text(one) for one in (0, 2 / 3, 24, 72, 648, 1344)]
    ['0 h', '40 min', '24 h', '3 d', '27 d', '8 wk']
    """
    if 0 < abs(hours) < 1:
        return f"{60 * hours:.0f} min"
    days = hours / HOURS_PER_DAY
    if days >= 7 and days % 7 == 0:
        return f"{days / 7:g} wk"
    return f"{days:g} d" if days >= 2 and days % 1 == 0 else f"{hours:g} h"


def assign_window(table: pd.DataFrame) -> pd.DataFrame:
    """The table with `window` (ordered category, missing outside every window) and `window_hours` (nominal).

    table : any table with `hours`; a row at or before first dose (hours <= 0) has no window.

    >>> assign_window(pd.DataFrame({"hours": [2, 24, 40, 648]}))["window"].tolist()
    ['≤6 h', '24 h', nan, '4 wk']
    """
    hours = table["hours"].to_numpy(float)
    code = np.full(len(hours), -1)
    for i, window in enumerate(TIME_WINDOWS):
        code[(hours >= window.low) & (hours <= window.high) & (hours > 0)] = i
    nominal = np.array([window.nominal for window in TIME_WINDOWS] + [np.nan])
    names = pd.Categorical.from_codes(code, list(WINDOW_NAMES), ordered=True)
    return table.assign(window=names, window_hours=nominal[code])


def one_per_window(table: pd.DataFrame, *, rest: bool = False) -> pd.DataFrame:
    """One row per trial, contrast (or arm) and window: the time nearest to the window's name, by ratio of hours.

    table : `effects` or `arms`. Rows that differ in anything but `hours` (class, control, scale, timing …)
        are different series and each keeps a row; of `collect_effects` (with `form`) trial and class are the series,
        whatever scale or arms were best at an hour. Ties go to the earlier time.
    rest : True gives the rows left out instead, with `reason`.

    >>> table = pd.DataFrame({"study": "a", "hours": [18, 24, 30]})
    >>> one_per_window(table)["hours"].tolist()
    [24]
    """
    series = [name for name in (COLLECTED_SERIES if "form" in table else SERIES_COLUMNS) if name in table]
    windowed = assign_window(table.reset_index(drop=True))
    distance = np.abs(np.log(windowed["hours"].where(windowed["hours"] > 0) / windowed["window_hours"]))
    order = windowed.assign(_distance=distance.round(12)).sort_values(["_distance", "hours"], kind="stable")
    inside = order[order["window"].notna()]
    chosen = inside[~inside.duplicated([*series, "window"])].index
    if not rest:
        return windowed.loc[windowed.index.isin(chosen)].reset_index(drop=True)
    left = windowed.loc[~windowed.index.isin(chosen)]
    reason = np.where(left["window"].isna(), "in no time window", "another time of this trial is nearer")
    return left.assign(reason=reason).reset_index(drop=True)


SERIES_COLUMNS = (
    "study",
    "arm",
    "control_arm",
    "treatment_class",
    "control_kind",
    "scale",
    "outcome",
    "definition",
    "timing",
    "analysis",
    "measure",
)
COLLECTED_SERIES = ("study", "treatment_class")
