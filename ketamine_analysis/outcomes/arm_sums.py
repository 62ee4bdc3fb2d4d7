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
    if arms.empty:
        return arms.assign(_rows=[]).drop(columns="_row")
    group = arms.groupby(keys, dropna=False, sort=False).ngroup()  # found once: seven groupings of many keys are slow
    grouped = arms.groupby(group)
    table = arms.loc[~group.duplicated(), keys].reset_index(drop=True)
    table["n"] = grouped["n"].sum(min_count=1)
    table["_rows"] = grouped["_row"].agg(tuple)
    if "events" in arms:
        table["events"] = grouped["events"].sum(min_count=1)
    if "mean" in arms:
        table = table.join(_combine_means(arms, group))
    own = {*keys, *table.columns, "_row", "mean", "sd", "std_error", "baseline_sd", "events"}
    words = [name for name in arms.columns if name not in own]
    return table.join(_join_words(arms[words], group)).infer_objects()


def _combine_means(arms: pd.DataFrame, group: pd.Series) -> pd.DataFrame:
    n, mean = arms["n"], arms["mean"]
    sd = arms["sd"] if "sd" in arms else pd.Series(np.nan, index=arms.index)
    error = arms["std_error"] if "std_error" in arms else pd.Series(np.nan, index=arms.index)
    error = error.fillna(sd / np.sqrt(n))
    base = arms["baseline_sd"] if "baseline_sd" in arms else pd.Series(np.nan, index=arms.index)
    parts = pd.DataFrame({
        "n": n, "first": n * mean, "within": (n - 1) * sd**2, "square": n * mean**2, "error": (n * error) ** 2,
        "base": (n - 1) * base**2, "arms": 1,
    })  # fmt: skip
    grouped = parts.groupby(group)
    sums = grouped.sum()
    sums = sums.where(grouped.count().eq(sums["arms"], axis=0))  # an arm without the number leaves no sum
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


def _join_words(words: pd.DataFrame, group: pd.Series) -> pd.DataFrame:
    """Each group's value of the descriptive columns; where its arms differ, the distinct values joined."""
    table = words[~group.duplicated()].reset_index(drop=True)
    several = group.duplicated(keep=False)
    if not several.any():
        return table
    grouped = words[several].groupby(group[several])
    first = grouped.first()
    table.loc[first.index, first.columns] = first
    differs = grouped.nunique() > 1
    for name in differs.columns[differs.any()]:
        joined = grouped[name].agg(lambda values: " + ".join(map(str, dict.fromkeys(values.dropna()))))
        table[name] = table[name].astype(object)
        table.loc[joined.index[differs[name]], name] = joined[differs[name]]
    return table
