"""What a table of results leaves to be found: a count from its percentage, an error from its interval."""

from __future__ import annotations

import numpy as np
import pandas as pd

from .reported_numbers import events_from_percent, std_error_from_interval

COUNTED = ("response", "remission", "relapse", "continued_response")


def printed_decimals(values: pd.Series) -> pd.Series:
    """Digits after the point as they stand, without closing zeros, which a spreadsheet or a float may have added.

    >>> printed_decimals(pd.Series(["64", "63.8", "61.0"])).tolist()
    [0, 1, 0]
    """
    return values.astype(str).str.extract(r"\.(\d+)")[0].str.rstrip("0").str.len().fillna(0).astype(int)


def with_derived(arms: pd.DataFrame, decimals: pd.Series | None = None, *, level: float = 0.95) -> pd.DataFrame:
    """The `arms` table with `events` or `std_error` where only `percent` or an interval tells them; `derived` says so.

    decimals : digits of `percent` as printed, one a row; default those of the numbers.
    events : the whole number that gives the percentage of n; where several round to it, the nearest, and `derived`
        says how many do (they lie within the rounding, which is small beside the error of so many patients).
    std_error : of a mean without a spread, from its limits at `level`, read as normal: if they came from a small
        arm's t, the error is too large, never too small.
    A table that needs neither comes back as it is.

    >>> arms = pd.DataFrame({"outcome": "response", "n": [47, 470], "percent": [63.8, 64.0]})
    >>> with_derived(arms)[["events", "derived"]].to_numpy().tolist()
    [[30.0, 'events from percent and n'], [301.0, 'events from percent and n: the nearest of 5 that round to it']]
    """
    get = {name: arms.get(name, pd.Series(np.nan, index=arms.index)).astype(float) for name in _NEEDED}
    events, events_by = _events(arms["outcome"], get, decimals)
    error, error_by = _std_error(get, level)
    if events_by.isna().all() and error_by.isna().all():
        return arms
    found = {"events": (events, events_by), "std_error": (error, error_by)}
    new = {name: get[name].fillna(values) for name, (values, by) in found.items() if by.notna().any()}
    return arms.assign(**new, derived=events_by.fillna(error_by))


_NEEDED = ("n", "events", "percent", "mean", "sd", "std_error", "conf_low", "conf_high")


def _events(outcome: pd.Series, get: dict[str, pd.Series], decimals: pd.Series | None) -> tuple[pd.Series, pd.Series]:
    n, percent = get["n"], get["percent"]
    rows = outcome.isin(COUNTED) & get["events"].isna() & percent.between(0, 100) & (n >= 1) & (n % 1 == 0)
    digits = printed_decimals(percent) if decimals is None else decimals
    fitting = events_from_percent(percent[rows], n[rows], decimals=digits[rows])["fitting"]
    nearest = np.floor(percent * n / 100 + 0.5)[rows]
    words = [f"events from percent and n{f': the nearest of {k} that round to it' if k > 1 else ''}" for k in fitting]
    told = pd.Series(words, index=fitting.index, dtype=object)
    return nearest[fitting > 0].reindex(n.index), told[fitting > 0].reindex(n.index)


def _std_error(get: dict[str, pd.Series], level: float) -> tuple[pd.Series, pd.Series]:
    low, high = get["conf_low"], get["conf_high"]
    rows = get["mean"].notna() & (low < high) & get["sd"].isna() & get["std_error"].isna()
    error = std_error_from_interval(low[rows], high[rows], distribution="z", level=level)
    told = pd.Series("std_error from conf_low and conf_high", index=low.index, dtype=object)
    return error.reindex(low.index), told.where(rows)
