"""The spread that brings points of a scale to standard deviations: one choice for a whole table, and named."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ..evidence.shipped import default_pool, load_evidence

SYMPTOM_OUTCOMES = ("change", "score")
SAME_SPREAD = {"HAMD": "HAMD17", "QIDS-C16": "QIDS-SR16"}  # a version not stated, another rater: the same range


def typical_spreads(arms: pd.DataFrame) -> pd.DataFrame:
    """The typical standard deviation of each scale after treatment: `scale, sd, trials, n`.

    arms : rows with `study, scale, hours, outcome, n, sd`; changes and scores after first dose, of adults' depression
    trials in the default pool. A trial's variance is the mean over its arms and times with weights n − 1; trials are
    pooled with the patients of their largest time, so that a trial with many visits weighs once.

    >>> arms = pd.DataFrame({"study": ["a", "a", "b"], "scale": "MADRS", "hours": 24.0, "outcome": "change",
    ...     "n": [11, 11, 22], "sd": [9.0, 9.0, 12.0]})
    >>> typical_spreads(arms).round(2).to_numpy().tolist()
    [['MADRS', 10.61, 2, 44.0]]
    """
    rows = arms[arms["outcome"].isin(SYMPTOM_OUTCOMES) & (arms["hours"] > 0) & (arms["sd"] > 0) & (arms["n"] > 1)]
    rows = rows.assign(scale=rows["scale"].replace(SAME_SPREAD), weight=rows["n"].astype(float) - 1)
    rows = rows.assign(square=rows["weight"] * rows["sd"].astype(float) ** 2)
    trial = rows.groupby(["scale", "study"])[["square", "weight"]].sum()
    people = rows.groupby(["scale", "study", "hours", "outcome"])["n"].sum().groupby(["scale", "study"]).max()
    table = pd.DataFrame({"variance": trial["square"] / trial["weight"], "n": people.astype(float)})
    pooled = table.assign(square=table["variance"] * table["n"]).groupby("scale")
    return pd.DataFrame(
        {"sd": np.sqrt(pooled["square"].sum() / pooled["n"].sum()), "trials": pooled.size(), "n": pooled["n"].sum()}
    ).reset_index()


def spreads_in_use(pairs: pd.DataFrame, arms: pd.DataFrame, *, own: bool = False) -> pd.DataFrame:
    """`sd, sd_df, sd_source` of each pair of `study, scale` (the index); pairs without a known spread are absent.

    The typical spread of the shipped trials, else of the given arms: treated as known (`sd_df` infinite). own : the
    trial's own where it prints one, with its degrees of freedom.
    """
    shipped = typical_spreads(default_pool(load_evidence())).assign(whose="shipped trials")
    given = typical_spreads(arms).assign(whose="trials of these arms") if {"sd", "n"} <= set(arms) else shipped.head(0)
    known = pd.concat([shipped, given], ignore_index=True).drop_duplicates("scale").set_index("scale")
    pairs = pairs[["study", "scale"]].drop_duplicates().dropna()
    table = known.reindex(pairs["scale"].replace(SAME_SPREAD)).set_axis(pd.MultiIndex.from_frame(pairs))
    scale = table.index.get_level_values("scale")
    words = "typical of " + scale + ": " + table["sd"].map("{:.2f}".format).astype(str) + " points, "
    table["sd_source"] = words + table["trials"].map("{:.0f}".format).astype(str) + " " + table["whose"].astype(str)
    table["sd_df"] = np.inf
    if own and {"sd", "n"} <= set(arms):
        for study, part in arms.groupby("study", sort=False):
            for row in typical_spreads(part).itertuples():
                if (study, row.scale) in table.index:
                    words = f"the trial's own: {row.sd:.2f} points"
                    table.loc[(study, row.scale), ["sd", "sd_df", "sd_source"]] = row.sd, row.n - 2, words
    return table.loc[table["sd"].notna(), ["sd", "sd_df", "sd_source"]]
