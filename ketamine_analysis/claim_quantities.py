"""The quantities by which popular claims stand or fall, computed from `arms` and `adverse_events`."""

from __future__ import annotations

import numpy as np
import pandas as pd

from .converted_means import with_converted_means
from .effects import arm_log_odds, contrast_arms
from .evidence import default_pool
from .exact_pools import binomial_normal
from .inference import as_proportion, critical_value
from .meta_analysis import random_effects
from .meta_regression import meta_regression
from .proportions import proportion_interval
from .side_effects import contrast_events, counted_events
from .time_windows import one_per_window

KETAMINES = ("ketamine", "esketamine")
ORAL = ("ssri", "snri")
FIRST_DAYS = (24.0, 12.0, 240.0)  # hours: the look wanted, and the first and last that will do
FIRST_WEEKS = (168.0, 144.0, 576.0)
LONGER = (336.0, 24.0, 2016.0)
EMPTY = {"k": 0, "patients": 0, "estimate": np.nan, "conf_low": np.nan, "conf_high": np.nan}


def claim_estimates(
    arms: pd.DataFrame,
    adverse_events: pd.DataFrame | None = None,
    published: pd.DataFrame | None = None,
    *,
    convert_means: bool = True,
) -> pd.DataFrame:
    """The estimate of every claim's quantity: `id, part, k, patients, estimate, conf_low, conf_high, beside, note`.

    Arguments as `judge_claims`. Ratios and rates are on the reader's scale. Contrasts take counts, and (convert_means)
    converted means of trials without; ketamine and esketamine count as one class where the claim names neither.
    """
    pool = default_pool(arms)
    looks, both = _looks(pool, convert_means), _looks(_one_class(pool), convert_means)
    first = one_look(both, *FIRST_DAYS)
    day = _window(looks[looks["treatment_class"] == "ketamine"], "24 h")
    single = both[both["schedule"] == "single"] if "schedule" in both else both.head(0)
    oral = "SSRI at 8 weeks, odds ratio " + _text(_pool(_window(looks[looks["treatment_class"] == "ssri"], "8 wk")))
    resistant, young, old = (_population(first, word) for word in ("TRD", "adolescent", "elderly"))
    rows = [
        ("speed", "ketamine at 24 h", _pool(day), oral, _counted(day)),
        ("speed", "conventional at 1 week", _published(published), _week_one(pool), ""),
        ("seventy", "ketamine arms at 24 h", *_rate_at_24_hours(pool)),
        ("month", "one dose at 1 week", _pool(_window(single, "1 wk")), oral, ""),
        ("month", "one dose at 4 weeks", _pool(_window(single, "4 wk")), oral, ""),
        ("resistant", "resistant, first days", _pool(resistant), oral, _counted(resistant)),
        (
            "everyone",
            "a new trial, first days",
            _pool(first, prediction=True),
            oral,
            _counted(first, prediction=True) + "; " + _spread(first),
        ),
        ("everyone", "older adults, first days", _pool(old), "", "only as an add-on to a new oral drug: notebook 13"),
        ("children", "controlled, first days", _pool(young), _young(arms), "milligrams of two drugs do not compare"),
        ("series", "repeated over one dose, 1–3 wk", _series(both), "", "not randomised between schedules"),
        ("routes", "into a vein, first days", _pool(_route(first, ("iv",))), oral, _counted(_route(first, ("iv",)))),
        ("routes", "skin or muscle, first days", _pool(_route(first, ("sc", "im"))), oral, ""),
        *_side_effects(adverse_events),
        *[(name, "controlled", *_other_condition(arms, name, convert_means)) for name in ("anxiety", "ptsd", "pain")],
    ]
    return pd.DataFrame([{"id": i, "part": part, **found, "beside": beside, "note": note}
                         for i, part, found, beside, note in rows])  # fmt: skip


def one_look(effects: pd.DataFrame, wanted: float, first: float, last: float) -> pd.DataFrame:
    """One row a trial and class: the look nearest to the wanted hour (by ratio) between the first and last that do.

    A tie goes to the trial's primary scale, then to the earlier hour.

    >>> table = pd.DataFrame({"study": "a", "treatment_class": "x", "hours": [2.0, 40.0, 168.0]})
    >>> one_look(table, 24, 12, 240)["hours"].tolist()
    [40.0]
    """
    near = effects[(effects["hours"] >= first) & (effects["hours"] <= last)]
    own = near["scale"] == near["primary_scale"] if {"scale", "primary_scale"} <= set(near) else near["hours"] > 0
    gap = np.abs(np.log(near["hours"] / wanted)).round(12)
    order = near.assign(_gap=gap, _other=~own).sort_values(["_gap", "_other", "hours"], kind="stable")
    return order.drop_duplicates(["study", "treatment_class"]).drop(columns=["_gap", "_other"]).sort_index()


def _looks(arms: pd.DataFrame, convert_means: bool) -> pd.DataFrame:
    """Log odds ratios of response at stated hours; on request means converted where a trial has no count."""
    if not (arms["outcome"] == "response").any() or "role" not in arms or not arms["role"].eq("control").any():
        return pd.DataFrame(columns=["study", "treatment_class", "hours", "schedule", "estimate", "std_error"])
    rows = arms[arms["timing"] == "at"] if "timing" in arms else arms
    counts = contrast_arms(rows)
    return with_converted_means(counts, rows) if convert_means else counts.assign(converted=False)


def _one_class(arms: pd.DataFrame) -> pd.DataFrame:
    kind = arms["treatment_class"].where(~arms["treatment_class"].isin(KETAMINES), "ketamine or esketamine")
    return arms.assign(treatment_class=kind)[kind.eq("ketamine or esketamine") | arms["role"].eq("control")]


def _window(effects: pd.DataFrame, window: str) -> pd.DataFrame:
    if effects.empty:
        return effects
    chosen = one_per_window(effects)
    return chosen[chosen["window"] == window].drop_duplicates(["study", "treatment_class"])


def _population(effects: pd.DataFrame, word: str) -> pd.DataFrame:
    return effects[effects["population"].str.contains(word, na=False)] if "population" in effects else effects.head(0)


def _route(effects: pd.DataFrame, routes: tuple[str, ...]) -> pd.DataFrame:
    return effects[effects["route"].isin(routes)] if "route" in effects else effects.head(0)


def _pool(effects: pd.DataFrame, *, prediction: bool = False) -> dict:
    """The pooled odds ratio (REML, modified Hartung–Knapp), or its prediction interval; k = 0 without a trial."""
    if effects.empty:
        return EMPTY
    fit = random_effects(effects)
    row = fit.summary().iloc[0]
    low, high = row["conf_low"], row["conf_high"]
    if prediction:
        low, high = fit.prediction_interval().iloc[0][["prediction_low", "prediction_high"]]
    values = np.exp([row["estimate"], float(low), float(high)])
    return _found(int(row["k"]), float((effects["n"] + effects["control_n"]).sum()), *values)


def _counted(effects: pd.DataFrame, *, prediction: bool = False) -> str:
    """The same without the converted means, in words: what hangs on the conversion."""
    if "converted" not in effects or not effects["converted"].any():
        return ""
    return "counts alone " + _text(_pool(effects[~effects["converted"].astype(bool)], prediction=prediction))


def _found(k: int, patients: float, estimate: float, low: float, high: float) -> dict:
    return {"k": k, "patients": int(patients), "estimate": float(estimate), "conf_low": float(low),
            "conf_high": float(high)}  # fmt: skip


def _text(found: dict, *, percent: bool = False) -> str:
    if found["k"] == 0:
        return "none here"
    numbers = [found[name] for name in ("estimate", "conf_low", "conf_high")]
    shown = [f"{100 * one:.0f} %" if percent else f"{one:.2f}" for one in numbers]
    return f"{shown[0]} ({shown[1]} to {shown[2]}), k = {found['k']}"


def _published(published: pd.DataFrame | None) -> dict:
    if published is None or published.empty:
        return EMPTY
    row = published[published["conf_low"].notna()].sort_values("hours").iloc[0]
    return _found(1, 0, *np.exp(row[["estimate", "conf_low", "conf_high"]].astype(float)))


def _week_one(pool: pd.DataFrame) -> str:
    if "mean" not in pool or "role" not in pool:
        return ""
    effects = with_converted_means(contrast_arms(pool), pool, borrow_sd=True)
    week = _window(effects[effects["treatment_class"].isin(ORAL)], "1 wk")
    return "SNRI and SSRI trials here at 1 week (converted means), odds ratio " + _text(_pool(week))


def _rate_at_24_hours(pool: pd.DataFrame) -> tuple[dict, str, str]:
    oral = _rate(pool, "ssri", 1176.0, 1656.0)[0]
    found, beyond = _rate(pool, "ketamine", 12.0, 36.0)
    return found, "SSRI arms at 8 weeks " + _text(oral, percent=True), beyond


def _rate(pool: pd.DataFrame, name: str, first: float, last: float) -> tuple[dict, str]:
    """The rate of the middle trial's arm (binomial–normal, t), and its prediction interval in words."""
    rows = pool[(pool["treatment_class"] == name) & (pool["role"] == "active") & pool["hours"].between(first, last)]
    rows = rows[rows["events"].notna() & (rows["outcome"] == "response")]
    rows = rows[rows["timing"] == "at"] if "timing" in rows else rows
    if rows.empty:
        return EMPTY, ""
    arms = one_look(arm_log_odds(rows), (first * last) ** 0.5, first, last)
    fit = binomial_normal(arms, inference="t")
    row = as_proportion(fit.summary()).iloc[0]
    ends = as_proportion(fit.prediction_interval().assign(estimate=0.0, conf_low=0.0, conf_high=0.0)).iloc[0]
    words = f"a new trial's rate: {100 * ends['prediction_low']:.0f} to {100 * ends['prediction_high']:.0f} %"
    found = _found(fit.k, arms["n"].sum(), row["estimate"], row["conf_low"], row["conf_high"])
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
    rows = arms[(arms["outcome"] == "response") & arms["events"].notna()]
    rows = _population(rows, "adolescent")
    if rows.empty or not rows["role"].eq("control").any():
        return ""
    effects = contrast_arms(rows)
    return "SSRI in the young (global impression), odds ratio " + _text(
        _pool(one_look(effects[effects["treatment_class"] == "ssri"], *LONGER))
    )


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
    people = (chosen["n"] + chosen["control_n"]).sum()
    return _found(fewest, people, *np.exp(row[["estimate", "conf_low", "conf_high"]].astype(float)))


def _side_effects(adverse_events: pd.DataFrame | None) -> list[tuple[str, str, dict, str, str]]:
    if adverse_events is None:
        return []
    serious, oral = _risk(adverse_events, "serious_ae")
    rows = [("sideeffects", "serious events", serious, "SSRI and SNRI: " + _text(oral, percent=True), "")]
    lasting = counted_events(adverse_events)
    lasting = lasting[(lasting["event"] == "dissociation_long_lasting_gt24h") & lasting["events"].notna()]
    lasting = lasting[lasting["treatment_class"].isin(KETAMINES)]
    events, n = lasting["events"].sum(), lasting["n"].sum()
    found = EMPTY if lasting.empty else _found(len(lasting), n, events / n, *map(float, proportion_interval(events, n)))
    rows.append(("sideeffects", "dissociation for over 24 h", found, "", "most rows carry no hour at all"))
    for event in ("nausea", "dizziness"):
        drug, oral = _risk(adverse_events, event)
        words = f"over control: here {_text(drug, percent=True)}; SSRI and SNRI {_text(oral, percent=True)}"
        rows.append(("fewer", f"{event}, less oral drugs'", _difference(drug, oral), words, "not randomised"))
    return rows


def _risk(adverse_events: pd.DataFrame, event: str) -> tuple[dict, dict]:
    """The pooled risk difference over control of ketamine or esketamine, and of SSRI or SNRI (whole phase)."""
    pair = []
    for classes in (KETAMINES, ORAL):
        own = adverse_events["treatment_class"].isin(classes) & adverse_events["role"].eq("active")
        table = adverse_events[own | adverse_events["role"].eq("control")]
        table = table.assign(treatment_class=table["treatment_class"].mask(own, "drug"))
        if not (table["event"].eq(event) & own).any():
            pair.append(EMPTY)
            continue
        effects = contrast_events(table, event)
        effects = effects[(effects["period"] == "whole phase") & (effects["treatment_class"] == "drug")]
        row = random_effects(effects).summary().iloc[0]
        people = (effects["n"] + effects["control_n"]).sum()
        pair.append(_found(row["k"], people, row["estimate"], row["conf_low"], row["conf_high"]))
    return pair[0], pair[1]


def _difference(one: dict, other: dict) -> dict:
    """The difference of two pooled risk differences of different trials; t with the fewer trials' degrees."""
    k = min(one["k"], other["k"])
    if k == 0:
        return EMPTY
    errors = []
    for found in (one, other):
        df = found["k"] - 1 if found["k"] > 1 else np.inf
        errors.append((found["conf_high"] - found["conf_low"]) / 2 / float(critical_value(df, 0.95)))
    middle = one["estimate"] - other["estimate"]
    half = float(critical_value(k - 1 if k > 1 else np.inf, 0.95)) * float(np.hypot(*errors))
    return _found(k, one["patients"] + other["patients"], middle, middle - half, middle + half)


def _other_condition(arms: pd.DataFrame, name: str, convert_means: bool) -> tuple[dict, str, str]:
    """The pooled odds ratio in another condition, with the SSRI or SNRI there beside it."""
    own = default_pool(arms, condition="chronic_pain" if name == "pain" else name)
    if "condition" not in arms or own.empty:
        return EMPTY, "", ""
    looks = _looks(own, convert_means)
    oral = looks[looks["treatment_class"].isin(ORAL)]
    words = "SSRI or SNRI there, odds ratio " + _text(_pool(one_look(oral, *LONGER)))
    return _pool(one_look(_looks(_one_class(own), convert_means), *LONGER)), words, ""
