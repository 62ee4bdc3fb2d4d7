"""A table of results of any shape as effects: each comparison at each time, for a pooling."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from ..effects.contrasts import contrast_arms
from ..effects.time_windows import assign_window, one_per_window
from ..errors import NotInData
from ..intervals import critical_value
from ..outcomes.derive import derive_outcomes, summarize_arms
from ..outcomes.proportions import proportion_interval
from ..reading.derived_numbers import COUNTED
from .any_dataset import read_dataset

UNDATED = "time not stated"
OUTCOMES = ("response", "change", "score", "remission", "relapse", "continued_response")


def read_as_effects(path: str | Path, *, outcome: str | None = None, measure: str | None = None) -> pd.DataFrame:
    """The effects of a dataset of any grain, each with its `comparison` and `when`: for `random_effects(by=…)`.

    path : as for `read_dataset`. outcome : None takes the first of response, change, score, remission that it has.
    measure : None takes log_odds_ratio for counts, standardized_mean_difference for means; effects keep their own.
    comparison : "ketamine against midazolam", by classes (arms of one class and trial are combined) or by the names of
    the arms. when : its time window, or "time not stated"; a time in no window is named in hours. Of several times of a
    trial in one window the nearest to its name is kept.
    Raises NotInData where no arm has a control, or no row the outcome.

    >>> from ketamine_analysis.folders import shipped_folder
    >>> effects = read_as_effects(shipped_folder("data") / "examples" / "simulated_results.csv")
    >>> effects[["comparison", "when"]].drop_duplicates().to_numpy().tolist()
    [['experimental against control', 'time not stated']]
    """
    table = read_dataset(path)
    grain = table.attrs["grain"]
    if grain == "effects":
        effects = table if outcome is None else table[table["outcome"] == outcome]
        if effects["std_error"].isna().all():
            raise NotInData("no effect has a standard error, limits or an exact p: there is nothing to pool")
        return _placed(effects[effects["std_error"].notna()], ["arm", "control_arm"])
    arms = summarize_arms(derive_outcomes(table)) if grain == "patients" else table
    outcome = outcome or next((one for one in OUTCOMES if (arms["outcome"] == one).any()), "response")
    chosen = measure or ("log_odds_ratio" if outcome in COUNTED else "standardized_mean_difference")
    effects = contrast_arms(arms, outcome=outcome, measure=chosen, control="all")
    if effects.empty:
        raise NotInData(f"no arm with {outcome} has a control at its time: there is nothing to compare")
    return _placed(effects, ["treatment_class", "control_arm"])


def arms_alone(path: str | Path, *, outcome: str | None = None, level: float = 0.95) -> pd.DataFrame:
    """Each arm of a dataset by itself: `study, arm, hours, outcome, n`, the share of its people or the mean, limits.

    Shares with Wilson's interval; means with `sd` or `std_error` by t with n − 1 degrees of freedom. Not randomised
    between trials: no comparison. Without rows for a table of effects, which holds no arms.

    >>> from ketamine_analysis.folders import shipped_folder
    >>> alone = arms_alone(shipped_folder("data") / "examples" / "simulated_results.csv")
    >>> alone[["arm", "events", "n", "estimate"]].head(1).to_numpy().tolist()
    [['experimental', 44.0, 100.0, 0.44]]
    """
    table = read_dataset(path)
    grain = table.attrs["grain"]
    if grain == "effects":
        return pd.DataFrame(columns=["study", "arm", "hours", "outcome", "n", "estimate", "conf_low", "conf_high"])
    arms = summarize_arms(derive_outcomes(table)) if grain == "patients" else table
    arms = arms if outcome is None else arms[arms["outcome"] == outcome]
    counted = arms["outcome"].isin(COUNTED)
    keep = [name for name in ("study", "arm", "hours", "scale", "outcome", "n", "events") if name in arms]
    shares = arms.loc[counted & arms.get("events", pd.Series(dtype=float)).notna(), keep]
    parts = []
    if len(shares):
        low, high = proportion_interval(shares["events"], shares["n"], level=level)
        parts.append(shares.assign(estimate=shares["events"] / shares["n"], conf_low=low, conf_high=high,
                                   measure="proportion"))  # fmt: skip
    means = arms[~counted & arms["mean"].notna()] if "mean" in arms else arms.head(0)
    if len(means):
        parts.append(_means(means, keep, level))
    if not parts:
        raise NotInData("no arm has counts or means")
    return pd.concat(parts, ignore_index=True)


def _means(rows: pd.DataFrame, keep: list[str], level: float) -> pd.DataFrame:
    error = rows["std_error"] if "std_error" in rows else pd.Series(float("nan"), index=rows.index)
    if "sd" in rows:
        error = error.fillna(rows["sd"] / rows["n"] ** 0.5)
    half = critical_value((rows["n"] - 1).clip(lower=1), level) * error
    return rows[keep].assign(estimate=rows["mean"], conf_low=rows["mean"] - half, conf_high=rows["mean"] + half,
                             measure="mean")  # fmt: skip


def _placed(effects: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    """The effects with `comparison` and `when`, one for each trial, comparison and window."""
    active, control = (effects[name].astype(str) for name in names)
    effects = effects.assign(comparison=active + " against " + control)
    undated, dated = effects[effects["hours"].isna()], assign_window(effects[effects["hours"].notna()])
    outside = dated[dated["window"].isna()]
    parts = [
        one_per_window(dated[dated["window"].notna()]).assign(when=lambda rows: rows["window"].astype(str)),
        outside.assign(when=outside["hours"].map("{:g} h".format)),
        undated.assign(when=UNDATED),
    ]
    rows = [part.drop(columns=["window", "window_hours"], errors="ignore") for part in parts if len(part)]
    return pd.concat(rows, ignore_index=True)
