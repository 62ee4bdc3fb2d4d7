"""Trials that print only means, brought to the log odds ratio of response, and marked as converted."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ..outcomes.scales import SCALES, worse_sign
from .contrasts import contrast_arms

TO_LOG_ODDS = np.pi / np.sqrt(3)  # the logistic's standard deviation (Chinn 2000, Stat Med 19:3127)
MEAN_OUTCOMES = ("change", "score")  # a change is taken before a score of the same trial


def with_converted_means(effects: pd.DataFrame, arms: pd.DataFrame, *, borrow_sd: bool = False) -> pd.DataFrame:
    """Log odds ratios from counts, and below them those converted from means for trials without such a count.

    effects : from `contrast_arms` with measure "log_odds_ratio". arms : the same arms, with their means.
    log OR = −g·π/√3 (Hedges' g is negative for an improvement; Chinn 2000). A trial's class that has a count in
    `effects` never enters a second time by its means; of several scales the one reported at most times enters,
    change before score. The conversion takes the scores for logistic, and a response for a cut of them.
    borrow_sd : True also takes trials that print only adjusted means with model errors: they are standardised by the
        standard deviation of that scale and outcome in the other arms of `arms` (Cochrane Handbook 6.5.2.7),
        named in `sd_source`. With False such trials stay out.
    Adds `converted` (True for such rows; their `definition` names the scale). Raises ValueError for another measure.

    >>> arms = pd.DataFrame({"study": ["a", "a", "b", "b"], "arm": ["x", "placebo"] * 2,
    ...     "role": ["active", "control"] * 2, "hours": 24, "scale": "MADRS", "n": 20,
    ...     "outcome": ["response"] * 2 + ["change"] * 2,
    ...     "events": [10, 5, None, None], "mean": [None, None, -15.0, -10.0], "sd": [None, None, 10.0, 10.0]})
    >>> with_converted_means(contrast_arms(arms), arms)[["study", "estimate", "converted"]].round(2).to_numpy().tolist()
    [['a', 1.1, False], ['b', 0.89, True]]
    """
    if "measure" in effects and not (effects["measure"] == "log_odds_ratio").all():
        raise ValueError(f"means convert to log odds ratios; the table has {sorted(effects['measure'].unique())}")
    counted = _keys(effects)
    parts = []
    for outcome in MEAN_OUTCOMES:
        if (arms["outcome"] == outcome).any():
            parts.append(_standardised(arms, outcome, borrow_sd))
    means = pd.concat(parts, ignore_index=True) if parts else effects.head(0)
    means = _one_series(means[~_keys(means).isin(counted)])
    counts = effects.assign(converted=False)
    return counts if means.empty else pd.concat([counts, means], ignore_index=True)


def _standardised(arms: pd.DataFrame, outcome: str, borrow_sd: bool) -> pd.DataFrame:
    """Contrasts of one outcome as log odds ratios, with `_order` = the place of the outcome."""
    if "scale" not in arms:
        raise ValueError(
            "the arms lack column 'scale': a mean cannot be standardised or its direction known without it"
        )
    arms = arms.assign(scale=arms["scale"].astype(object))
    table = contrast_arms(arms, outcome=outcome, measure="standardized_mean_difference")
    if borrow_sd:
        table = pd.concat([table, _borrowed(arms, outcome, table)], ignore_index=True)
    names = ("active_variance", "control_variance")
    return table.assign(
        estimate=-TO_LOG_ODDS * table["estimate"], std_error=TO_LOG_ODDS * table["std_error"],
        measure="log_odds_ratio", outcome="response", converted=True,
        definition="converted from " + outcome + " on " + table["scale"] + " (−g·π/√3)",
        _order=MEAN_OUTCOMES.index(outcome), **{name: TO_LOG_ODDS**2 * table[name] for name in names},
    )  # fmt: skip


def _borrowed(arms: pd.DataFrame, outcome: str, own: pd.DataFrame) -> pd.DataFrame:
    """Mean differences of trials without a spread of their own, divided by that of the scale's other arms."""
    raw = arms[(arms["outcome"] == outcome) & arms["sd"].notna() & (arms["n"] > 1)]
    weight = raw["n"].astype(float) - 1
    sums = pd.DataFrame({"scale": raw["scale"], "w": weight, "s": weight * raw["sd"].astype(float) ** 2})
    sums = sums.groupby("scale").sum()
    table = contrast_arms(arms, outcome=outcome, measure="mean_difference")
    moment = ["study", "treatment_class", "hours", "scale"]
    seen = pd.MultiIndex.from_frame(own[moment])
    table = table[~pd.MultiIndex.from_frame(table[moment]).isin(seen) & table["scale"].isin(sums.index)]
    sd = np.sqrt((sums["s"] / sums["w"]).reindex(table["scale"]).to_numpy())
    freedom = sums["w"].reindex(table["scale"]).to_numpy()
    g = worse_sign(table["scale"]) * table["estimate"] / sd
    active = table["active_variance"] / sd**2 + g**2 / (2 * freedom)
    control = table["control_variance"] / sd**2
    trials = raw.groupby("scale")["study"].nunique().reindex(table["scale"]).to_numpy()
    source = [f"borrowed: {one:.1f} points, pooled over {k} trials" for one, k in zip(sd, trials, strict=True)]
    return table.assign(
        estimate=g, active_variance=active, control_variance=control, std_error=np.sqrt(active + control),
        sd_source=source,
    )  # fmt: skip


def _one_series(means: pd.DataFrame) -> pd.DataFrame:
    """One outcome and scale for each trial's class: the one with most times, change before score."""
    if means.empty:
        return means.drop(columns="_order", errors="ignore")
    series = ["study", "treatment_class", "_order", "scale"]
    times = means.groupby(series, sort=False)["hours"].nunique().rename("times").reset_index()
    times["rank"] = [list(SCALES).index(name) if name in SCALES else len(SCALES) for name in times["scale"]]
    best = times.sort_values(["times", "_order", "rank"], ascending=[False, True, True], kind="stable")
    best = best.drop_duplicates(["study", "treatment_class"])
    kept = pd.MultiIndex.from_frame(means[series]).isin(pd.MultiIndex.from_frame(best[series]))
    return means[kept].drop(columns="_order")


def _keys(table: pd.DataFrame) -> pd.Index:
    return pd.Index(table["study"].astype(str) + " / " + table["treatment_class"].astype(str))
