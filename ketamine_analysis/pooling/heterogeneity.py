"""Between-trial variance: estimators and the Q-profile interval, for many poolings at once.

Every function takes y and v as (groups × trials) arrays; a missing trial has weight 0 through `present`.
Estimators as in Veroniki 2016 (Res Synth Methods 7:55); REML's and ML's maximum is bracketed on a grid and then
polished by safeguarded Newton steps on the score, so that it is the global one and exact to rounding.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import stats

METHODS = ("REML", "DL", "PM", "ML", "EB", "FE")
_GRID = np.concatenate([[0.0], np.geomspace(1e-6, 1.0, 25)])
_STEPS = 200

Array = np.ndarray


def estimate_tau2(y: Array, v: Array, present: Array, method: str) -> Array:
    """τ² of each group (row) by the named method; 0 for "FE" and nan for a group of one trial."""
    k = present.sum(axis=1)
    if method == "FE":
        tau2 = np.zeros(len(y))
    elif method == "DL":
        tau2 = _dersimonian_laird(y, v, present)
    elif method in ("PM", "EB"):  # empirical Bayes solves the same equation as Paule and Mandel
        tau2 = solve_generalized_q(y, v, present, (k - 1).astype(float))
    else:
        tau2 = _maximum_likelihood(y, v, present, restricted=method == "REML")
    return np.where((k == 1) & (method != "FE"), np.nan, tau2)


def weighted_mean(y: Array, v: Array, present: Array, tau2: Array) -> tuple[Array, Array, Array]:
    """Weights 1/(v + τ²), each group's weighted mean, and the residual sum Σ w (y − mean)²."""
    w = present / (v + tau2[:, None])
    mean = (w * y).sum(axis=1) / w.sum(axis=1)
    return w, mean, (w * (y - mean[:, None]) ** 2).sum(axis=1)


def typical_variance(v: Array, present: Array) -> Array:
    """The typical sampling variance of Higgins & Thompson (2002, Stat Med 21:1539), as metafor's I² uses."""
    w = present / v
    total = w.sum(axis=1)
    bottom = total - (w**2).sum(axis=1) / total
    k = present.sum(axis=1)
    return np.divide(k - 1, bottom, out=np.full(len(v), np.nan), where=k > 1)


def log_likelihood(y: Array, v: Array, present: Array, tau2: Array, *, restricted: bool) -> Array:
    """The (restricted) log-likelihood of each group at τ², with metafor's constants."""
    w, _, residual = weighted_mean(y, v, present, tau2)
    k = present.sum(axis=1)
    value = -0.5 * (np.where(present, np.log(v + tau2[:, None]), 0.0).sum(axis=1) + residual)
    if restricted:  # metafor's: + ½ log|X'X| − ½ log|X'WX|
        return value - 0.5 * (k - 1) * np.log(2 * np.pi) + 0.5 * np.log(k) - 0.5 * np.log(w.sum(axis=1))
    return value - 0.5 * k * np.log(2 * np.pi)


def q_profile(y: Array, v: Array, present: Array, level: float) -> tuple[Array, Array]:
    """The Q-profile interval of τ² (Viechtbauer 2007, Stat Med 26:37); (0, 0) when the set is empty, nan for k = 1."""
    df = present.sum(axis=1) - 1.0
    safe = np.maximum(df, 1)
    low = solve_generalized_q(y, v, present, stats.chi2.isf((1 - level) / 2, safe))
    high = solve_generalized_q(y, v, present, stats.chi2.isf((1 + level) / 2, safe))
    return np.where(df > 0, low, np.nan), np.where(df > 0, high, np.nan)


def solve_generalized_q(y: Array, v: Array, present: Array, target: Array) -> Array:
    """The τ² at which Σ w (y − mean)² falls to `target`; 0 where it is below from the start.

    The generalised Q falls convexly in τ², so Newton's steps from 0 approach the root from the left.
    """
    tau2 = np.zeros(len(y))
    for _ in range(_STEPS):
        w, mean, residual = weighted_mean(y, v, present, tau2)
        slope = (w**2 * (y - mean[:, None]) ** 2).sum(axis=1)
        step = np.divide(residual - target, slope, out=np.zeros_like(slope), where=slope > 0)
        new = np.maximum(tau2 + step, 0.0)
        if np.all(np.abs(new - tau2) <= 1e-14 * (new + 1e-300)):
            return new
        tau2 = new
    return tau2


def _dersimonian_laird(y: Array, v: Array, present: Array) -> Array:
    k = present.sum(axis=1)
    w, _, q = weighted_mean(y, v, present, np.zeros(len(y)))
    scale = w.sum(axis=1) - (w**2).sum(axis=1) / w.sum(axis=1)
    return np.maximum(np.divide(q - (k - 1), scale, out=np.zeros(len(y)), where=k > 1), 0.0)


def _maximum_likelihood(y: Array, v: Array, present: Array, *, restricted: bool) -> Array:
    def score(tau2: Array) -> tuple[Array, Array]:
        return _score(y, v, present, tau2, restricted)

    top = _upper_bound(y, v, present, score)
    grid = top[:, None] * _GRID
    heights = np.stack(
        [log_likelihood(y, v, present, grid[:, j], restricted=restricted) for j in range(grid.shape[1])], axis=1
    )
    best = heights.argmax(axis=1)
    rows = np.arange(len(y))
    low = grid[rows, np.maximum(best - 1, 0)]
    high = grid[rows, np.minimum(best + 1, grid.shape[1] - 1)]
    at_zero = (best == 0) & (score(np.zeros(len(y)))[0] <= 0)
    tau2 = np.zeros(len(y))
    rows = np.flatnonzero(~at_zero)
    if len(rows):
        tau2[rows] = _safeguarded_newton(
            lambda t, among: _score(y[among], v[among], present[among], t, restricted), low[rows], high[rows], rows
        )
    return tau2


def _score(y: Array, v: Array, present: Array, tau2: Array, restricted: bool) -> tuple[Array, Array]:
    """First and second derivative of the log-likelihood (mean profiled out) in τ²."""
    w, mean, _ = weighted_mean(y, v, present, tau2)
    r2 = (y - mean[:, None]) ** 2
    w1, w2, w3 = w.sum(axis=1), (w**2).sum(axis=1), (w**3).sum(axis=1)
    first = 0.5 * ((w**2 * r2).sum(axis=1) - w1)
    drift = (w**2 * (y - mean[:, None])).sum(axis=1)
    second = 0.5 * w2 - (w**3 * r2).sum(axis=1) + drift**2 / w1
    if restricted:
        first = first + 0.5 * w2 / w1
        second = second + 0.5 * (w2**2 / w1**2 - 2 * w3 / w1)
    return first, second


def _upper_bound(y: Array, v: Array, present: Array, score: Callable[[Array], tuple[Array, Array]]) -> Array:
    """A τ² beyond the maximum: doubled until the score is negative there."""
    reach = np.where(present, y, -np.inf).max(axis=1) - np.where(present, y, np.inf).min(axis=1)
    top = np.maximum(2 * reach**2, np.where(present, v, 0.0).max(axis=1))
    for _ in range(60):
        rising = score(top)[0] > 0
        if not rising.any():
            break
        top = np.where(rising, 2 * top, top)
    return top


def _safeguarded_newton(
    score: Callable[[Array, Array], tuple[Array, Array]], low: Array, high: Array, rows: Array
) -> Array:
    """The root of each row's falling score within (low, high); rows that have settled drop out."""
    found = (low + high) / 2
    x, place = found.copy(), np.arange(len(rows))
    for _ in range(_STEPS):
        first, second = score(x, rows[place])
        low, high = np.where(first > 0, x, low), np.where(first > 0, high, x)
        newton = x + np.divide(first, -second, out=np.zeros_like(x), where=second < 0)
        inside = (second < 0) & (newton > low) & (newton < high)
        new = np.where(first == 0, x, np.where(inside, newton, (low + high) / 2))
        moving = np.abs(new - x) > 1e-13 * np.abs(new)
        found[place] = new
        if not moving.any():
            break
        x, low, high, place = new[moving], low[moving], high[moving], place[moving]
    return found
