"""Doubts about an `arms` table: one function a rule, True for each row that is doubted."""

from __future__ import annotations

import numpy as np
import pandas as pd

from .plausible_scores import DENORMAL, span


def _of_means(table: pd.DataFrame) -> pd.Series:
    return table["outcome"].isin(["score", "change"])


def positive_change(table: pd.DataFrame) -> pd.Series:
    """A mean change for the worse by a twentieth of the scale or more."""
    return (table["outcome"] == "change") & (table["mean"] > 0.05 * span(table))


def small_sd(table: pd.DataFrame) -> pd.Series:
    """A standard deviation below a twentieth of the scale (a fortieth before 24 h), as standard errors are."""
    limit = span(table) / np.where(table["hours"] >= 24, 20, 40)
    return _of_means(table) & (table["sd"] > 0) & (table["sd"] < limit) & (table["n"] >= 10)


def large_std_error(table: pd.DataFrame) -> pd.Series:
    """A standard error above a twelfth of the scale in an arm of 10 or more, as standard deviations are."""
    return _of_means(table) & (table["std_error"] > span(table) / 12) & (table["n"] >= 10)


def sd_against_std_error(table: pd.DataFrame) -> pd.Series:
    """sd and std_error that do not fit n: sd = std_error·√n within a quarter."""
    if "sd" not in table:
        return pd.Series(False, index=table.index)
    return ((table["sd"] / (table["std_error"] * np.sqrt(table["n"]))).sub(1).abs() > 0.25) & _of_means(table)


def code_as_n(table: pd.DataFrame) -> pd.Series:
    """n of 999 or 9999."""
    return table["n"].isin([999.0, 9999.0])


def denormal_mean(table: pd.DataFrame) -> pd.Series:
    """Numbers such as 5.4e-79 among the means."""
    return (table["mean"] != 0) & (table["mean"].abs() < DENORMAL)


def one_trial_twice(table: pd.DataFrame) -> pd.Series:
    """A study whose three or more figures are all those of another study."""
    columns = [name for name in ("hours", "outcome", "n", "events", "mean") if name in table]
    signed = pd.util.hash_pandas_object(table[columns], index=False)
    sums = signed.groupby(table["study"], sort=False).agg(["sum", "size"])
    twins = sums.index[(sums["size"] >= 3) & sums["sum"].duplicated()]
    return table["study"].isin(twins) & ~table["study"].duplicated()
