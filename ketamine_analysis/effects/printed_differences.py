"""Contrasts as papers print them, read to standardised differences: signs, units, levels, sides, several doses."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats

TO_LOG_ODDS = np.pi / np.sqrt(3)  # the logistic's standard deviation (Chinn 2000, Stat Med 19:3127)
MEASURES_READ = {
    "MD": "adjusted difference", "OR": "printed odds ratio", "SMD": "effect size", "mean_difference":
    "adjusted difference", "log_odds_ratio": "printed odds ratio", "standardized_mean_difference": "effect size",
}  # fmt: skip
NO_SCORE = "is no symptom score and no response at a time"
GROUP = ["study", "treatment_class", "control_arm", "hours", "scale", "form"]


def printed_differences(contrasts: pd.DataFrame, spreads: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Candidates for `collect_effects` (negative = better on the drug), and the rows that give none, with a `reason`.

    contrasts : as `load_evidence("effects")` or `read_effects`, with `treatment_class`, `_row` (an identifier).
    spreads : from `spreads_in_use`. A mean difference takes its printed standard error, else its interval by t with
    n + n_c − 2 degrees of freedom (n − 1 in a crossover; Cochrane Handbook 6.5.2.3), of its own level, else an exact
    p-value of its own sides; a bound ("<0.001") gives nothing. An odds ratio is −log OR·√3/π. An effect size alone has
    the wider of its printed interval and 1/n + 1/n_c + g²/2(n + n_c) (1/n + g²/2n in a crossover, a correlation of ½).
    Of several figures of one arm and time the best is used; several doses against one control become one, weighted by
    their people, with the control's own term in common.
    """
    rows = contrasts.reset_index(drop=True)
    rows["form"] = rows["measure"].map(MEASURES_READ)
    for name in ("estimate", "std_error", "conf_low", "conf_high", "n", "control_n", "hours"):
        rows[name] = pd.to_numeric(rows[name]).astype(float) if name in rows else np.nan
    rows = _on_one_scale(rows, spreads)
    rows["reason"] = _why_not(rows)
    usable, rest = rows[rows["reason"] == ""], rows[rows["reason"] != ""]
    order = usable.sort_values(["_precision", "_row"], kind="stable")
    again = order.duplicated([*GROUP, "arm"])
    rest = pd.concat([rest, order[again].assign(reason="another figure of these arms at that hour is used")])
    return _one_per_class(order[~again].sort_index()), rest.sort_index().drop(columns="_precision")


def _on_one_scale(rows: pd.DataFrame, spreads: pd.DataFrame) -> pd.DataFrame:
    """`estimate, std_error` in standard deviations, negative = better; `_precision` 0 = SE printed, 1 interval, 2 p."""
    ratio, difference = (rows["form"] == form for form in ("printed odds ratio", "adjusted difference"))
    plain = rows["measure"] == "OR"
    with np.errstate(divide="ignore", invalid="ignore"):
        value, low, high = (
            np.where(plain, np.log(rows[name]), rows[name]) for name in ("estimate", "conf_low", "conf_high")
        )
    errors = standard_errors(rows, value, low, high)
    n, control_n, crossover = rows["n"], rows["control_n"], _crossover(rows)
    whole = n + control_n
    by_n = np.sqrt(np.where(crossover, 1 / n + value**2 / (2 * n), 1 / n + 1 / control_n + value**2 / (2 * whole)))
    alone = (rows["form"] == "effect size").to_numpy()
    errors.loc[alone] = errors[alone].assign(interval=lambda one: np.fmax(one["interval"], by_n[alone]), p=by_n[alone])
    errors = errors.where(errors > 0)
    own = spreads.reindex(pd.MultiIndex.from_frame(rows[["study", "scale"]])).set_axis(rows.index)
    one = own["sd"].where(difference, 1.0).mask(ratio, TO_LOG_ODDS)
    better = rows["favours_drug"].map({"negative": 1.0, "positive": -1.0, "above_1": -1.0, "below_1": 1.0})
    source = own["sd_source"].where(difference, "printed as an effect size")
    estimate, of_spread = better * value / one, own["sd_df"].where(difference, np.inf)
    return rows.assign(
        estimate=estimate,
        std_error=np.sqrt((errors.bfill(axis=1)["printed"] / one) ** 2 + estimate**2 / (2 * of_spread)),
        sd_source=source.mask(ratio, "the logistic's, π/√3"), sd_df=of_spread.mask(alone, whole - 2),
        _precision=errors.notna().to_numpy().argmax(axis=1),
        _inside=pd.isna(low) | ((low <= value) & (value <= high)), _spread=one.notna(),
    )  # fmt: skip


def standard_errors(rows: pd.DataFrame, value: np.ndarray, low: np.ndarray, high: np.ndarray) -> pd.DataFrame:
    """The standard error of each contrast as `printed`, by its `interval` and by its exact `p`.

    rows : with `measure, std_error, ci_level, n, control_n`, `p_value, p_sides` and `design` where there are.
    value, low, high : on the measure's scale. Mean differences by t (n + n_c − 2; a crossover n − 1) where n is known,
    else by z.
    """
    level, n, control_n = _column(rows, "ci_level", 0.95), rows["n"], rows["control_n"]
    difference = rows["measure"].isin(["MD", "mean_difference"])
    df = pd.Series(np.where(_crossover(rows), n - 1, n + control_n - 2), index=rows.index)
    df = df.where(difference).fillna(np.inf).clip(lower=1)
    return pd.DataFrame({
        "printed": rows["std_error"], "interval": (high - low) / (2 * stats.t.isf((1 - level) / 2, df)),
        "p": np.abs(value) / stats.t.isf(exact_p(rows) / _column(rows, "p_sides", 2.0), df),
    })  # fmt: skip


def _crossover(rows: pd.DataFrame) -> pd.Series:
    return rows["design"].eq("crossover") if "design" in rows else pd.Series(False, index=rows.index)


def _column(rows: pd.DataFrame, name: str, default: float) -> np.ndarray:
    return pd.to_numeric(rows[name]).fillna(default).to_numpy(float) if name in rows else np.full(len(rows), default)


def exact_p(rows: pd.DataFrame) -> np.ndarray:
    """The printed p-value; missing where none or only a bound is printed."""
    if "p_value" not in rows:
        return np.full(len(rows), np.nan)
    text = rows["p_value"].astype("string").str.strip()
    p = pd.to_numeric(text.where(~text.str.contains("[<>]", na=False)), errors="coerce")
    return p.where((p > 0) & (p < 1)).to_numpy(float)


def _why_not(rows: pd.DataFrame) -> pd.Series:
    """Why a row gives no effect of symptoms at a time; "" where it gives one."""
    outcome = rows["outcome"].astype(str)
    ratio = rows["form"] == "printed odds ratio"
    fits = (ratio & (outcome == "response")) | (rows["form"].notna() & ~ratio & outcome.isin(["change", "score"]))
    unsaid = rows["timing"].eq("not_stated") if "timing" in rows else False
    counted = "a difference of percentages or a ratio of risks: the counts of its arms say more"
    reasons = [
        (rows["hours"].isna() & ~unsaid | (rows["hours"] <= 0), "no time after first dose stated"),
        (rows["form"].isna() & (outcome == "response"), counted),
        (~fits, rows["outcome"].astype(str) + " as " + rows["measure"].astype(str) + " " + NO_SCORE),
        (rows["estimate"].isna() & rows["_spread"], "no estimate, or no direction printed"),
        (~rows["_spread"], "no spread of scale " + rows["scale"].astype(str) + " is known"),
        (~rows["_inside"], "its limits do not hold its estimate"),
        (rows["std_error"].isna(), "no standard error, interval or exact p-value printed"),
    ]
    reason = pd.Series("", index=rows.index, dtype=object)
    for where, words in reversed(reasons):
        reason = reason.mask(where, words)
    return reason


def _one_per_class(rows: pd.DataFrame) -> pd.DataFrame:
    """Doses of one class against one control as one contrast: mean by people, variance wᵀVw with the shared control."""
    n, control_n = rows["n"].fillna(1.0), rows["control_n"].fillna(1.0)
    share = n / (n + control_n)  # of σ²(1/n + 1/n_c) that is the control's: (1/n_c)/(1/n + 1/n_c)
    rows = rows.assign(control_variance=share * rows["std_error"] ** 2, weight=n)
    group = rows.groupby(GROUP, dropna=False, sort=False)
    rows["weight"] /= group["weight"].transform("sum")
    shared = rows["weight"] * np.sqrt(rows["control_variance"])  # contrasts i, j covary by √(c_i c_j)
    own = rows["weight"] ** 2 * (rows["std_error"] ** 2 - rows["control_variance"])
    sums = pd.DataFrame({"e": rows["weight"] * rows["estimate"], "own": own, "shared": shared})
    sums = sums.groupby(group.ngroup()).sum()
    table = group.first().reset_index()
    return table.assign(
        arm=group["arm"].agg(" + ".join).to_numpy(), n=group["n"].sum(min_count=1).to_numpy(),
        estimate=sums["e"].to_numpy(), active_variance=sums["own"].to_numpy(),
        control_variance=(sums["shared"] ** 2).to_numpy(),
        std_error=np.sqrt(sums["own"] + sums["shared"] ** 2).to_numpy(),
        _rows=group["_row"].agg(tuple).to_numpy(),
    ).drop(columns=["_row", "weight", "reason", "_precision", "_inside", "_spread"])  # fmt: skip
