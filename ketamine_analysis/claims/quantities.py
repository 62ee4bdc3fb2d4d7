"""The quantities by which popular claims stand or fall, computed from `arms` and `adverse_events`."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ..effects.contrasts import arm_log_odds, contrast_arms
from ..effects.converted_means import with_converted_means
from ..errors import NotInData
from ..evidence.shipped import default_pool
from ..intervals import as_proportion, critical_value
from ..pooling.bayes import bayes_random_effects
from ..pooling.exact_pools import binomial_normal
from ..pooling.meta_analysis import random_effects
from ..pooling.meta_regression import meta_regression
from .found import EMPTY, found_row, found_words, people
from .harms import KETAMINES, ORAL, harm_estimates
from .looks import alone, both_looks, in_window, of_population, of_route, one_look

FIRST_DAYS = (24.0, 12.0, 240.0)  # hours: the look wanted, and the first and last that will do
FIRST_WEEKS = (336.0, 144.0, 576.0)  # at one week a series twice a week is two doses old
LONGER = (336.0, 24.0, 2016.0)
WEEK_ONE = (168.0, 144.0, 240.0)
# an arm of masked SSRI or SNRI counts early too: the class of new oral drugs, where it is the arm under study
EARLY_ORAL = {"ssri": "SSRI", "snri": "SNRI", "oral_antidepressant_mixed": "mixed SSRI or SNRI"}
NEEDED = ("study", "hours", "outcome", "treatment_class", "role")


def claim_estimates(
    arms: pd.DataFrame,
    adverse_events: pd.DataFrame | None = None,
    published: pd.DataFrame | None = None,
    *,
    contrasts: pd.DataFrame | None = None,
    convert_means: bool = True,
) -> pd.DataFrame:
    """The estimate of every claim's quantity: `id, part, k, patients, estimate, conf_low, conf_high, beside, note`.

    Arguments as `judge_claims`. Ratios and rates are on the reader's scale. Contrasts take every form of result where
    `contrasts` are given, else counts and (convert_means) converted means of trials without; ketamine and esketamine
    count as one class where the claim names neither. Arms that got something besides (`combination` = yes) are left
    out. Raises NotInData where a column is missing.
    """
    absent = [name for name in NEEDED if name not in arms]
    if absent:
        raise NotInData(f"claims are judged by {', '.join(NEEDED)} of arms; the table has no {', '.join(absent)}")
    pool = alone(default_pool(arms))
    looks, both = both_looks(pool, None if contrasts is None else alone(default_pool(contrasts)), convert_means)
    first = one_look(both, *FIRST_DAYS)
    day = in_window(looks[looks["treatment_class"] == "ketamine"], "24 h")
    single = both[both["schedule"] == "single"] if "schedule" in both else both.head(0)
    eight = found_words(_pool(in_window(looks[looks["treatment_class"] == "ssri"], "8 wk")))
    oral, daily = f"SSRI at 8 weeks, odds ratio {eight}", f"SSRI taken daily for 8 weeks, odds ratio {eight}"
    fortnight = "one dose at 2 weeks, odds ratio " + found_words(_pool(in_window(single, "2 wk")))
    spread = "; ".join(one for one in (_apart(first, prediction=True), _spread(first)) if one)
    spread = f"at the likeliest τ² {found_words(_pool(first, prediction=True))}; {spread}" if spread else ""
    resistant, young, old = (of_population(first, word) for word in ("TRD", "adolescent", "elderly"))
    rows = [
        ("speed", "ketamine at 24 h", _pool(day), oral, _apart(day)),
        (
            "speed",
            "conventional at 1 week",
            _published(published),
            _week_one(pool, None if contrasts is None else looks),
            "",
        ),
        ("seventy", "ketamine arms at 24 h", *_rate_at_24_hours(pool)),
        ("month", "one dose at 1 week", _pool(in_window(single, "1 wk")), daily, fortnight),
        ("month", "one dose at 4 weeks", _pool(in_window(single, "4 wk")), daily, fortnight),
        ("resistant", "resistant, first days", _pool(resistant), oral, _apart(resistant)),
        ("everyone", "a new trial, first days", _new_trial(first), oral, spread),
        ("everyone", "older adults, first days", _pool(old), "", "only as an add-on to a new oral drug: notebook 13"),
        ("children", "controlled, first days", _pool(young), _young(arms), "milligrams of two drugs do not compare"),
        ("series", "repeated over one dose, 1–3 wk", _series(both), "", "not randomised between schedules"),
        ("routes", "into a vein, first days", _pool(of_route(first, ("iv",))), oral, _apart(of_route(first, ("iv",)))),
        ("routes", "skin or muscle, first days", _pool(of_route(first, ("sc", "im"))), oral, ""),
        *([] if adverse_events is None else harm_estimates(adverse_events)),
    ]
    for name in ("anxiety", "ptsd", "pain"):
        rows.append((name, "controlled", *_other_condition(arms, adverse_events, name, contrasts, convert_means)))
    return pd.DataFrame([{"id": i, "part": part, **found, "beside": beside, "note": note}
                         for i, part, found, beside, note in rows])  # fmt: skip


def _pool(effects: pd.DataFrame, *, prediction: bool = False) -> dict:
    """The pooled odds ratio, or its prediction interval; k = 0 without a trial.

    Collected effects with the half-normal prior of the headline; others by REML with modified Hartung–Knapp.
    """
    if effects.empty:
        return EMPTY
    fit = bayes_random_effects(effects) if "form" in effects else random_effects(effects)
    row = fit.summary().iloc[0]
    low, high = row["conf_low"], row["conf_high"]
    if prediction:
        low, high = fit.prediction_interval().iloc[0][["prediction_low", "prediction_high"]]
    values = np.exp([row["estimate"], float(low), float(high)])
    return found_row(int(row["k"]), people(effects), *values)


def _new_trial(effects: pd.DataFrame) -> dict:
    """The prediction interval with τ² at its upper 95 % limit (Q-profile): τ² is hardly known from few trials.

    At the likeliest τ², often 0, a prediction interval is too short (Partlett & Riley 2017, Stat Med 36:301).
    """
    if len(effects) < 2:
        return _pool(effects)
    fit = random_effects(effects)
    row, widest = fit.summary().iloc[0], float(fit.tau2_interval()["tau2_high"].iloc[0])
    half = float(critical_value(row["k"] - 1, 0.95)) * np.sqrt(float(row["std_error"]) ** 2 + widest)
    return found_row(int(row["k"]), people(effects), *np.exp(row["estimate"] + half * np.array([0.0, -1.0, 1.0])))


def _apart(effects: pd.DataFrame, *, prediction: bool = False) -> str:
    """The same by counts alone, and without crossovers, in words: what hangs on either."""
    kept = {}
    if "count_estimate" in effects:
        counted = effects[effects["count_estimate"].notna()].drop(columns="form")
        kept["counts alone"] = counted.assign(estimate=counted["count_estimate"], std_error=counted["count_error"])
    elif "converted" in effects and effects["converted"].any():
        kept["counts alone"] = effects[~effects["converted"].astype(bool)]
    if "design" in effects and effects["design"].eq("crossover").any():
        kept["without crossovers"] = effects[effects["design"].ne("crossover")]
    parts = [f"{name} {found_words(_pool(rows, prediction=prediction))}" for name, rows in kept.items()]
    return "; ".join(parts)


def _published(published: pd.DataFrame | None) -> dict:
    """The printed risk ratio of the first week, nearest to one week; none without limits or at another time."""
    if published is None or published.empty:
        return EMPTY
    if "measure" in published and not (published["measure"] == "log_risk_ratio").all():
        raise ValueError(f"published must hold log risk ratios; it has {sorted(published['measure'].unique())}")
    wanted, first, last = WEEK_ONE
    rows = published[published["hours"].between(first, last) & published["conf_low"].notna()]
    if rows.empty:
        return EMPTY
    row = rows.loc[(rows["hours"] - wanted).abs().idxmin()]
    return found_row(1, 0, *np.exp(row[["estimate", "conf_low", "conf_high"]].astype(float)))


def _week_one(pool: pd.DataFrame, looks: pd.DataFrame | None) -> str:
    """Oral drugs at one week in the trials here, in words; looks : the collected effects, else means are converted."""
    if looks is None and ("mean" not in pool or pool.empty):
        return ""
    effects = with_converted_means(contrast_arms(pool), pool, borrow_sd=True) if looks is None else looks
    week = in_window(effects[effects["treatment_class"].isin(EARLY_ORAL)], "1 wk")
    names = " and ".join(EARLY_ORAL[name] for name in EARLY_ORAL if name in set(week["treatment_class"])) or "no oral"
    means = int(week["converted"].sum()) if len(week) else 0
    how = "converted means" if looks is None else "other forms than counts"
    return f"{names} trials here at 1 week ({means} by {how}), odds ratio {found_words(_pool(week))}"


def _rate_at_24_hours(pool: pd.DataFrame) -> tuple[dict, str, str]:
    oral = _rate(pool, "ssri", 1176.0, 1656.0)[0]
    found, beyond = _rate(pool, "ketamine", 12.0, 36.0)
    return found, "SSRI arms at 8 weeks " + found_words(oral, percent=True), beyond


def _rate(pool: pd.DataFrame, name: str, first: float, last: float) -> tuple[dict, str]:
    """The rate of the middle trial's arm (binomial–normal, t), and its prediction interval in words."""
    rows = pool[(pool["treatment_class"] == name) & (pool["role"] == "active") & pool["hours"].between(first, last)]
    if "events" not in rows:
        return EMPTY, ""
    rows = rows[rows["events"].notna() & (rows["outcome"] == "response")]
    rows = rows[rows["timing"] == "at"] if "timing" in rows else rows
    if rows.empty:
        return EMPTY, ""
    arms = one_look(arm_log_odds(rows), (first * last) ** 0.5, first, last)
    fit = binomial_normal(arms, inference="t")
    row = as_proportion(fit.summary()).iloc[0]
    ends = as_proportion(fit.prediction_interval().assign(estimate=0.0, conf_low=0.0, conf_high=0.0)).iloc[0]
    words = f"a new trial's rate: {100 * ends['prediction_low']:.0f} to {100 * ends['prediction_high']:.0f} %"
    best = arms.loc[(arms["events"] / arms["n"]).idxmax()]
    words += (
        f"; highest of one trial {100 * best['events'] / best['n']:.0f} % ({best['events']:.0f} of {best['n']:.0f})"
    )
    found = found_row(fit.k, arms["n"].sum(), row["estimate"], row["conf_low"], row["conf_high"])
    return found, words if fit.k > 1 else ""


def _spread(effects: pd.DataFrame) -> str:
    """How much trials may differ: τ² with its Q-profile interval, in words."""
    if len(effects) < 2:
        return ""
    fit = random_effects(effects)
    ends = fit.tau2_interval().iloc[0]
    return (f"between trials τ² {float(np.squeeze(fit.tau2)):.2f} ({ends['tau2_low']:.2f} to {ends['tau2_high']:.2f}); "
            "says nothing of the spread between people")  # fmt: skip


def _young(arms: pd.DataFrame) -> str:
    """The SSRI contrast in the young, context rows included (none here is meant for pooling)."""
    rows = alone(arms)
    rows = rows[(rows["outcome"] == "response") & rows["events"].notna()] if "events" in rows else rows.head(0)
    rows = of_population(rows, "adolescent")
    if rows.empty or not rows["role"].eq("control").any():
        return ""
    effects = contrast_arms(rows)
    chosen = one_look(effects[effects["treatment_class"] == "ssri"], *LONGER)
    weeks = " and ".join(f"{week:g}" for week in sorted(chosen["hours"].unique() / 168)) or "later"
    return f"SSRI in the young (global impression, week {weeks}), odds ratio {found_words(_pool(chosen))}"


def _series(both: pd.DataFrame) -> dict:
    """The ratio of odds ratios, repeated over single dosing: a meta-regression on the schedule."""
    chosen = one_look(both, *FIRST_WEEKS)
    if chosen.empty or "schedule" not in chosen:
        return EMPTY
    repeated = chosen["schedule"] != "single"
    fewest = int(min(repeated.sum(), (~repeated).sum()))
    if fewest == 0 or len(chosen) < 3:
        return {**EMPTY, "k": fewest}
    row = meta_regression(chosen.assign(repeated=repeated.astype(float)), "repeated").summary().iloc[1]
    return found_row(fewest, people(chosen), *np.exp(row[["estimate", "conf_low", "conf_high"]].astype(float)))


def _other_condition(
    arms: pd.DataFrame,
    adverse_events: pd.DataFrame | None,
    name: str,
    contrasts: pd.DataFrame | None,
    convert_means: bool,
) -> tuple[dict, str, str]:
    """The pooled odds ratio in another condition, with the SSRI or SNRI there beside it, and who is in neither."""
    condition = "chronic_pain" if name == "pain" else name
    own = alone(default_pool(arms, condition=condition))
    if "condition" not in arms or own.empty:
        return EMPTY, "", ""
    printed = None if contrasts is None else alone(default_pool(contrasts, condition=condition))
    looks, both = both_looks(own, printed, convert_means)
    oral = one_look(looks[looks["treatment_class"].isin(ORAL)], *LONGER)
    chosen = one_look(both, *LONGER)
    known = [table for table in (arms, adverse_events) if table is not None]
    words = "SSRI or SNRI there, odds ratio " + found_words(_pool(oral)) + _silent(known, condition, ORAL, oral)
    return _pool(chosen), words, _silent(known, condition, KETAMINES, chosen).removeprefix("; ")


def _silent(tables: list[pd.DataFrame], condition: str, classes: tuple[str, ...], used: pd.DataFrame) -> str:
    """The randomised trials of the classes that print no usable number: counts are printed where a drug worked."""
    names: set[str] = set()
    for table in tables:
        if {"condition", "design", "treatment_class", "study"} <= set(table):
            mine = table["condition"].eq(condition) & table["treatment_class"].isin(classes)
            names |= set(table.loc[mine & table["design"].isin(("parallel", "crossover")), "study"])
    left = sorted(names - set(used["study"]))
    return f"; randomised too, without a usable number: {', '.join(left)}" if left else ""
