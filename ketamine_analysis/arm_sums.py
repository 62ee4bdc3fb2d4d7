"""Arms of one trial added up into one: sums of counts, and means by Cochrane Handbook 6.5.2.10."""

from __future__ import annotations

import numpy as np
import pandas as pd


def combine_arms(arms: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """One row per key: `n`, `events`, `mean`, `sd`, `std_error` of the arms together.

    arms : rows with `_row` (an identifier kept in the tuple column `_rows`), `n` and whatever of `events`,
        `mean`, `sd`, `std_error`, `baseline_sd` there is. Other columns: the one value, or the distinct
        values joined by " + ".
    Means: weights n; the variance of all patients together includes the spread between arm means. Where an
    arm has only a standard error, the combined standard error is that of the weighted mean and `sd` is missing.
    """
    grouped = arms.groupby(keys, dropna=False, sort=False)
    if arms.empty:
        return arms.assign(_rows=[]).drop(columns="_row")
    table = grouped["n"].sum(min_count=1).to_frame()
    table["_rows"] = grouped["_row"].agg(tuple)
    if "events" in arms:
        table["events"] = grouped["events"].sum(min_count=1)
    if "mean" in arms:
        table = table.join(_combine_means(arms, keys))
    own = {*keys, *table.columns, "_row", "mean", "sd", "std_error", "baseline_sd", "events"}
    words = [name for name in arms.columns if name not in own]
    return table.join(_join_words(arms, keys, words)).reset_index()


def _combine_means(arms: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    n, mean = arms["n"], arms["mean"]
    sd = arms["sd"] if "sd" in arms else pd.Series(np.nan, index=arms.index)
    error = arms["std_error"] if "std_error" in arms else pd.Series(np.nan, index=arms.index)
    error = error.fillna(sd / np.sqrt(n))
    base = arms["baseline_sd"] if "baseline_sd" in arms else pd.Series(np.nan, index=arms.index)
    parts = arms[keys].assign(
        n=n,
        first=n * mean,
        within=(n - 1) * sd**2,
        square=n * mean**2,
        error=(n * error) ** 2,
        base=(n - 1) * base**2,
        arms=1,
    )
    sums = parts.groupby(keys, dropna=False, sort=False)[list(parts.columns[len(keys) :])].agg(
        lambda column: column.sum(skipna=False)
    )
    total = sums["n"]
    average = sums["first"] / total
    between = (sums["square"] - total * average**2).clip(lower=0).where(sums["arms"] > 1, 0.0)
    spread = np.sqrt((sums["within"] + between) / (total - 1).where(total > 1))
    std_error = np.sqrt(sums["error"]) / total
    return pd.DataFrame(
        {
            "mean": average,
            "sd": spread,
            "std_error": std_error.where(spread.isna() | (sums["arms"] == 1), spread / np.sqrt(total)),
            "baseline_sd": np.sqrt(sums["base"] / (total - sums["arms"]).where(total > sums["arms"])),
        }
    )


def _join_words(arms: pd.DataFrame, keys: list[str], words: list[str]) -> pd.DataFrame:
    """Each group's value of the descriptive columns; where its arms differ, the distinct values joined."""
    grouped = arms.groupby(keys, dropna=False, sort=False)
    table = grouped[words].first()
    differs = grouped[words].nunique() > 1
    for name in differs.columns[differs.any()]:
        rows = arms[grouped[name].transform("nunique") > 1]
        joined = rows.groupby(keys, dropna=False, sort=False)[name].agg(
            lambda values: " + ".join(map(str, dict.fromkeys(values.dropna())))
        )
        table[name] = table[name].astype(object)
        table.loc[joined.index, name] = joined
    return table
