"""The effect measures: estimate and variance of one active arm against one control, row by row."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.special import gammaln

from ..outcomes.scales import worse_sign

# which numbers of an arm a measure is made from
MEASURES = {
    "log_odds_ratio": "counts",
    "log_risk_ratio": "counts",
    "risk_difference": "counts",
    "mean_difference": "means",
    "standardized_mean_difference": "means",
}
RATIO_MEASURES = ("log_odds_ratio", "log_risk_ratio")


def contrast_columns(pairs: pd.DataFrame, measure: str, moment: list[str], zero_cells: str) -> pd.DataFrame:
    """The pairs with `estimate, std_error, active_variance, control_variance, added, sd_source, _reason`.

    pairs : one row per contrast with `n, events` or `n, mean, sd, std_error` and the control's under
        `control_…`. Where no contrast can be formed `estimate` is missing and `_reason` says why.
    """
    if pairs.empty:
        columns = ("estimate", "std_error", "active_variance", "control_variance", "added", "sd_source", "_reason")
        return pairs.reindex(columns=list(dict.fromkeys([*pairs.columns, *columns])))
    if MEASURES[measure] == "counts":
        return _count_measure(pairs, measure, moment, zero_cells)
    if measure == "mean_difference":
        return _mean_difference(pairs)
    table = _standardized(pairs)
    scale = pairs["scale"].astype(str) if "scale" in pairs else [""] * len(pairs)
    return table.assign(estimate=table["estimate"] * worse_sign(scale))


def hedges_correction(df: np.ndarray) -> np.ndarray:
    """Hedges' exact small-sample factor J(df) = Γ(df/2) / (√(df/2) Γ((df−1)/2)) (Hedges 1981, J Educ Stat 6:107).

    >>> round(float(hedges_correction(np.array(10.0))), 4)
    0.9227
    """
    return np.exp(gammaln(df / 2) - gammaln((df - 1) / 2)) / np.sqrt(df / 2)


def _count_measure(pairs: pd.DataFrame, measure: str, moment: list[str], zero_cells: str) -> pd.DataFrame:
    e, n, ce, cn = (pairs[name].to_numpy(float) for name in ("events", "n", "control_events", "control_n"))
    empty = pd.Series(needs_half(e, n, ce, cn, measure), index=pairs.index)
    # one rule for all contrasts of a trial's moment, so that the arm they share has one variance
    empty = empty.groupby([pairs[name] for name in moment], dropna=False).transform("any")
    added = np.where(empty, 0.5, 0.0)
    estimate, active, control = effect_of_counts(e, n, ce, cn, added, measure)
    left_out = empty.to_numpy() & (zero_cells == "exclude")
    return pairs.assign(
        estimate=np.where(left_out, np.nan, estimate),
        std_error=np.sqrt(active + control),
        active_variance=active,
        control_variance=control,
        added=added,
        sd_source=None,
        _reason="zero cells excluded (zero_cells='exclude')",
    )


def needs_half(e: np.ndarray, n: np.ndarray, ce: np.ndarray, cn: np.ndarray, measure: str) -> np.ndarray:
    """Where the measure needs 0.5 in every cell: an empty cell; for the risk difference only a variance of zero."""
    one, other = (e == 0) | (e == n), (ce == 0) | (ce == cn)
    return one & other if measure == "risk_difference" else one | other


def effect_of_counts(
    e: np.ndarray, n: np.ndarray, ce: np.ndarray, cn: np.ndarray, added: np.ndarray, measure: str
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The estimate and the active and the control arm's variance, from counts with `added` in every cell."""
    a, b, c, d = e + added, n - e + added, ce + added, cn - ce + added
    if measure == "risk_difference":
        p, q = a / (a + b), c / (c + d)
        return e / n - ce / cn, p * (1 - p) / (a + b), q * (1 - q) / (c + d)
    with np.errstate(divide="ignore", invalid="ignore"):
        if measure == "log_odds_ratio":
            return np.log(a / b) - np.log(c / d), 1 / a + 1 / b, 1 / c + 1 / d
        return np.log(a / (a + b)) - np.log(c / (c + d)), 1 / a - 1 / (a + b), 1 / c - 1 / (c + d)


def _mean_difference(pairs: pd.DataFrame) -> pd.DataFrame:
    active, control = pairs["std_error"] ** 2, pairs["control_std_error"] ** 2
    formed = (active > 0) & (control > 0)
    return pairs.assign(
        estimate=(pairs["mean"] - pairs["control_mean"]).where(formed),
        std_error=np.sqrt(active + control),
        active_variance=active,
        control_variance=control,
        added=0.0,
        sd_source=None,
        _reason="no spread: the arm's standard deviation or error is missing or zero",
    )


def _standardized(pairs: pd.DataFrame) -> pd.DataFrame:
    """Hedges' g with the large-sample variance 1/n₁ + 1/n₂ + g²/(2N) (metafor SMD, vtype LS).

    The standard deviation is the arms' own; where a trial prints only (adjusted) standard errors, the baseline
    standard deviation, and the variance then carries the printed errors. `sd_source` names which.
    """
    n, cn = pairs["n"].to_numpy(float), pairs["control_n"].to_numpy(float)
    df = n + cn - 2
    own = _pooled_sd(pairs["sd"], pairs["control_sd"], n, cn)
    base = _pooled_sd(pairs["baseline_sd"], pairs["control_baseline_sd"], n, cn)
    sd = np.where(own > 0, own, base)
    ok = (sd > 0) & (df > 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        g = np.where(
            ok, hedges_correction(np.where(ok, df, 2.0)) * (pairs["mean"] - pairs["control_mean"]) / sd, np.nan
        )
        from_own = own > 0
        control = np.where(from_own, 1 / cn, pairs["control_std_error"] ** 2 / sd**2)
        active = np.where(from_own, 1 / n, pairs["std_error"] ** 2 / sd**2) + g**2 / (2 * (n + cn))
    return pairs.assign(
        estimate=g,
        std_error=np.sqrt(active + control),
        active_variance=active,
        control_variance=control,
        added=0.0,
        sd_source=np.where(from_own, "arms", np.where(ok, "baseline", "")),
        _reason="no raw standard deviation (a model's standard error times √n is not one)",
    )


def _pooled_sd(sd: pd.Series, control_sd: pd.Series, n: np.ndarray, cn: np.ndarray) -> np.ndarray:
    df = n + cn - 2
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.sqrt(((n - 1) * sd.to_numpy(float) ** 2 + (cn - 1) * control_sd.to_numpy(float) ** 2) / df)
