"""Every trial, class and time once on one standardised scale, from the best form of evidence that it prints."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ..errors import NotInData
from ..outcomes.scales import SCALES, worse_sign
from .contrasts import POOLED_CONTROL_KINDS, contrast_rows
from .printed_differences import TO_LOG_ODDS, printed_differences
from .spreads import SYMPTOM_OUTCOMES, spreads_in_use

FORMS = ("adjusted difference", "means", "adjusted means", "counts", "printed odds ratio", "effect size")
PLACE = ["study", "treatment_class", "hours"]
MEASURE = "standardized_mean_difference"
LEADING = (
    *PLACE, "label", "arm", "control_arm", "control_kind", "timing", "scale", "outcome", "printed_outcome", "form",
    "measure", "estimate", "std_error", "active_variance", "control_variance", "n", "control_n", "sd_source",
    "sd_df",
)  # fmt: skip
WORDS = (
    "year", "design", "blinding", "condition", "population", "background", "combination", "route", "schedule",
    "treatment", "locator", "source",
)  # fmt: skip


def collect_effects(
    arms: pd.DataFrame,
    *,
    contrasts: pd.DataFrame | None = None,
    control: str | tuple[str, ...] | None = None,
    spread: str = "typical",
    rest: bool = False,
) -> pd.DataFrame:
    """One row per trial, class and time: the standardised difference from control; negative is better on the drug.

    arms : as `default_pool(load_evidence())`, or your own. contrasts : differences as printed, as
        `default_pool(load_evidence("effects"))` or `read_effects`. control : as in `contrast_arms`.
    Of what a trial gives at an hour the best is taken, in the order of FORMS: a printed (adjusted) difference with its
    error; means with standard deviations; means with a model's errors; counts of response (−log OR·√3/π, Chinn 2000);
    a printed odds ratio; an effect size printed alone. Among scales the first in SCALES (MADRS), a change before a
    score; among controls the first of placebo, active placebo, placebo beside a stable drug, beside standard care.
    spread : "typical" divides points by one standard deviation per scale for the whole table (`typical_spreads` of the
        shipped trials; named in `sd_source`), so that points of a scale come back exactly (`in_points`); "own" takes a
        trial's own standard deviations where it prints them (Hedges' g): the sensitivity of that choice.
    rest : True gives every row of `arms` and `contrasts` that is in no effect, with `table` and `reason`, instead.
    Columns: `study, treatment_class, hours, estimate, std_error, active_variance, control_variance, n, control_n, form,
    scale, printed_outcome, sd_source, sd_df, measure`, arms, control and the words of the trial; `sd_df` says how well
    the spread is known (infinite: taken as known).
    Raises ValueError for an unknown choice; NotInData where nothing gives an effect.

    >>> arms = pd.DataFrame({"study": "a", "arm": ["x", "p"], "role": ["active", "control"], "hours": 24.0,
    ...     "scale": "MADRS", "outcome": "response", "n": 20, "events": [10, 5]})
    >>> collect_effects(arms)[["estimate", "std_error", "form"]].round(3).to_numpy().tolist()
    [[-0.606, 0.377, 'counts']]
    """
    if spread not in ("typical", "own"):
        raise ValueError(f"spread {spread!r} is unknown: use 'typical' or 'own'")
    arms = arms.reset_index(drop=True).rename_axis("_row").reset_index()
    printed = (arms.head(0) if contrasts is None else contrasts).drop(columns="_row", errors="ignore")
    printed = printed.reset_index(drop=True).rename_axis("_row").reset_index()
    pairs = pd.concat([one[["study", "scale"]] for one in (arms, printed) if "scale" in one])
    spreads = spreads_in_use(pairs, arms, own=spread == "own")
    own, without = _from_arms(arms, spreads, control)
    theirs, others = _from_contrasts(printed, spreads, control)
    candidates = pd.concat([own.assign(_table="arms"), theirs.assign(_table="contrasts")], ignore_index=True)
    chosen, passed = _best(candidates)
    if rest:
        reasons = {"arms": without, "contrasts": others}
        return pd.concat([_left(table, name, chosen, passed, reasons[name])
                          for name, table in (("arms", arms), ("contrasts", printed))], ignore_index=True)  # fmt: skip
    if chosen.empty:
        raise NotInData("no row gives a difference of symptoms from a control at a time")
    return chosen.drop(columns=["_rows", "_table"])


def _from_arms(
    arms: pd.DataFrame, spreads: pd.DataFrame, control: str | tuple[str, ...] | None
) -> tuple[pd.DataFrame, dict[int, str]]:
    """Candidates from means and from counts, and why other rows give none."""
    within = arms["timing"].eq("within") if "timing" in arms else pd.Series(False, index=arms.index)
    reasons = dict.fromkeys(arms.loc[within, "_row"], "counted within a span: no hour of its own")
    parts = []
    for outcome in (*SYMPTOM_OUTCOMES, "response"):
        rows = arms[(arms["outcome"] == outcome) & ~within]
        if rows.empty:
            continue
        measure = "log_odds_ratio" if outcome == "response" else "mean_difference"
        table, without = contrast_rows(rows.drop(columns="_row"), outcome, measure, control)
        places = rows["_row"].to_numpy()
        table["_rows"] = [tuple(places[list(one)]) for one in table["_rows"]]
        reasons.update(zip(places[without["_row"]], without["reason"], strict=True))
        if outcome == "response":
            parts.append(_from_counts(table))
        else:
            parts.append(_from_means(table, spreads))
            unknown = table[~table["_rows"].isin(parts[-1]["_rows"])]
            words = "no spread of scale " + unknown["scale"].astype(str) + " is known"
            reasons.update({row: why for rows, why in zip(unknown["_rows"], words, strict=True) for row in rows})
    return pd.concat(parts) if parts else arms.head(0).assign(_rows=[], form=None, control_n=None), reasons


def _from_means(table: pd.DataFrame, spreads: pd.DataFrame) -> pd.DataFrame:
    own = spreads.reindex(pd.MultiIndex.from_frame(table[["study", "scale"]])).set_axis(table.index)
    worse = worse_sign(table["scale"])
    raw = table["sd"].notna() & table["control_sd"].notna() if "sd" in table else pd.Series(False, index=table.index)
    estimate = worse * table["estimate"] / own["sd"]
    active, control = (table[f"{arm}_variance"] / own["sd"] ** 2 for arm in ("active", "control"))
    active += estimate**2 / (2 * own["sd_df"])
    return table.assign(
        estimate=estimate, active_variance=active, control_variance=control, std_error=np.sqrt(active + control),
        form=np.where(raw, "means", "adjusted means"), sd_source=own["sd_source"], sd_df=own["sd_df"],
    )[own["sd"].notna()]  # fmt: skip


def _from_counts(table: pd.DataFrame) -> pd.DataFrame:
    active, control = (table[f"{arm}_variance"] / TO_LOG_ODDS**2 for arm in ("active", "control"))
    return table.assign(
        estimate=-table["estimate"] / TO_LOG_ODDS, std_error=table["std_error"] / TO_LOG_ODDS, active_variance=active,
        control_variance=control, form="counts", sd_source="the logistic's, π/√3", sd_df=np.inf,
    )  # fmt: skip


def _from_contrasts(
    printed: pd.DataFrame, spreads: pd.DataFrame, control: str | tuple[str, ...] | None
) -> tuple[pd.DataFrame, dict[int, str]]:
    """Candidates from printed contrasts with a wanted control, and why other rows give none."""
    if printed.empty:
        return printed.assign(_rows=[], form=None), {}
    kind = printed.get("control_kind", pd.Series(None, printed.index)).astype(object)
    role = printed["control_role"] if "control_role" in printed else pd.Series("control", printed.index)
    against = role.fillna("control") == "control"
    if control is None:
        wanted = kind.isna() | kind.isin(POOLED_CONTROL_KINDS)
    else:
        names = (control,) if isinstance(control, str) else control
        wanted = kind.isin(names) | printed["control_arm"].isin(names) | (names == ("all",))
    rest = printed[~(against & wanted)]
    words = (
        "control of kind "
        + kind[rest.index].fillna("not stated").astype(str)
        + " is contrasted only when named (control=…)"
    )
    reasons = dict(zip(rest["_row"], words.where(against, "against an active arm, no control"), strict=True))
    extra = printed["combination"].eq("yes") if "combination" in printed else pd.Series(False, printed.index)
    classes = printed["treatment_class"].mask(extra, printed["treatment_class"] + "_combination")
    usable = printed.assign(treatment_class=classes)[against & wanted]
    if usable.empty:
        return usable.assign(_rows=[], form=None), reasons
    table, others = printed_differences(usable, spreads)
    return table, reasons | dict(zip(others["_row"], others["reason"], strict=True))


def _best(candidates: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """One candidate for each trial, class and time; the others with the form that was preferred."""
    kinds = list(POOLED_CONTROL_KINDS)
    ranks = {"form": list(FORMS), "scale": list(SCALES), "outcome": list(SYMPTOM_OUTCOMES), "control_kind": kinds}
    order = candidates.assign(**{
        f"_{name}": candidates[name].map({word: i for i, word in enumerate(words)}).fillna(len(words))
        if name in candidates else 0
        for name, words in ranks.items()
    })  # fmt: skip
    order = order.sort_values(["_control_kind", "_form", "_scale", "_outcome"], kind="stable")
    first = ~order.duplicated(PLACE)
    names = [name for name in (*LEADING, *WORDS) if name in order]
    chosen = order[first].sort_index()
    used = (
        chosen.set_index(PLACE)[["form", "scale"]].agg(" on ".join, axis=1) if len(chosen) else pd.Series(dtype=object)
    )
    passed = order[~first]
    passed = passed.assign(
        reason="a better form is used: " + used.reindex(pd.MultiIndex.from_frame(passed[PLACE])).to_numpy()
    )
    timing = np.where(chosen["hours"].isna(), "not_stated", "at")
    chosen = chosen.assign(printed_outcome=chosen["outcome"], outcome="symptoms", measure=MEASURE, timing=timing)
    return chosen[[*names, "_rows", "_table"]].reset_index(drop=True), passed


def _left(
    table: pd.DataFrame, name: str, chosen: pd.DataFrame, passed: pd.DataFrame, reasons: dict[int, str]
) -> pd.DataFrame:
    """Rows of one table that are in no effect, each with its reason."""
    used = {row for rows in chosen.loc[chosen["_table"] == name, "_rows"] for row in rows}
    mine = passed[passed["_table"] == name]
    better = {row: why for rows, why in zip(mine["_rows"], mine["reason"], strict=True) for row in rows}
    left = table[~table["_row"].isin(used)]
    other = left["outcome"].astype(str) + " is not on the scale of symptoms"
    reason = left["_row"].map(better | reasons).fillna(other)
    return left.drop(columns="_row").assign(table=name, reason=reason)
