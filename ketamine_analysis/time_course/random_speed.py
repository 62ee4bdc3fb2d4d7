"""Curves whose speed differs between trials: each trial's hours are stretched by its own factor, integrated out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy import optimize, stats

from ..errors import ConvergenceError
from ..intervals import summary_html, summary_table, summary_text
from .curve_fit import STEP, Curves, slopes, values
from .reml import Blocks, minimize
from .shapes import HIGHEST, LOWEST

NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(15)
LEAST_SPEED, MOST_SPEED = 1e-6, 16.0  # variance of a trial's log speed: an sd of 4 is a factor of 55


@dataclass(frozen=True)
class RandomSpeed:
    """Maximum-likelihood curves with a random speed; made by `TimeCourse.with_random_speed`.

    speed_sd : sd of a trial's log speed; tau, omega as in `TimeCourse`. statistic : of equal speed (ratio).
    """

    columns: tuple[tuple[str, str], ...]
    curves: Curves
    state: np.ndarray
    covariance: np.ndarray
    deviance: float
    statistic: float

    @property
    def speed_sd(self) -> float:
        """Standard deviation of a trial's log speed."""
        return float(np.sqrt(self.state[-1]))

    def summary(self, level: float = 0.95) -> pd.DataFrame:
        """Sizes (Wald, ML), the curve's hours in a trial of median speed (profile likelihood), the sd of the log speed.

        `p_value` of the sd tests equal speed, on the edge of the possible (half χ²₀, half χ²₁).
        """
        k, classes = self.curves.sizes, list(dict.fromkeys(name for name, _ in self.columns))
        variance = np.diag(self.covariance)
        error = np.sqrt(np.where(variance > 0, variance, np.nan))
        terms = [f"{self.curves.shapes[classes.index(name)].size} {window}".strip() for name, window in self.columns]
        sizes = summary_table(terms, self.state[:k], error[:k], np.inf, level=level)
        sizes.insert(0, "treatment_class", [name for name, _ in self.columns])
        hours = [
            (name, words, *_limits(self, k + place, level))
            for i, name in enumerate(classes)
            for place, words in zip(self.curves.own(i), self.curves.shapes[i].parameters, strict=True)
        ]
        names = ["treatment_class", "term", "estimate", "conf_low", "conf_high", "note"]
        unknown = sizes["treatment_class"].isin([name for name, *_, note in hours if note])
        sizes.loc[unknown, [name for name in sizes if name not in ("treatment_class", "term")]] = np.nan
        sizes["note"] = np.where(unknown, "its time course is not identified: no estimate", "")
        flat = ~unknown & sizes["std_error"].isna()
        sizes.loc[flat, "note"] = "the likelihood is flat or at an edge here: no standard error"
        p_value = float(stats.chi2.sf(self.statistic, 1) / 2) if self.statistic > 0 else 1.0
        none = self.state[-1] <= 2 * LEAST_SPEED
        words = "at the edge: no difference in speed is seen" if none else "no interval: judged by its likelihood ratio"
        spread = pd.DataFrame({
            "term": ["sd of log speed"], "estimate": [0.0 if none else self.speed_sd], "p_value": [p_value],
            "note": [words],
        })  # fmt: skip
        return pd.concat([sizes, pd.DataFrame(hours, columns=names), spread], ignore_index=True)

    __repr__ = summary_text
    _repr_html_ = summary_html


def fit_random_speed(ml: Curves, columns: tuple[tuple[str, str], ...]) -> RandomSpeed:
    """The curves of a maximum-likelihood fit with a trial's log speed s ~ N(0, σ²): f(t·e^−s).

    Integrated by Gauss–Hermite quadrature centred and scaled on each trial (pseudo-adaptive: Rizopoulos 2012, Comput
    Stat Data Anal 56:491). Raises ConvergenceError when no optimum is reached, ValueError when no shape has a speed.
    """
    if not len(ml.logs):
        raise ValueError("shape 'plateau', 'linear' or 'windows' has no speed: fit emax, exponential or rise_and_fade")
    x = values(ml, ml.logs)[:, None] * (ml.column[:, None] == np.arange(ml.sizes))
    size = np.linalg.lstsq(x, ml.y, rcond=None)[0]
    state = np.array([*size, *ml.state, 0.25])
    nodes = _start_nodes(ml)
    before = np.inf
    for _ in range(20):
        found = _optimum(lambda at, here=nodes: _deviance(ml, at, here)[:2], ml, state)  # type: ignore[misc]
        state = found.x
        nodes = _recentred(ml, state, nodes)
        if abs(before - found.fun) < 1e-7:
            break
        before = float(found.fun)
    value, gradient, _ = _deviance(ml, state, nodes)
    free = _free(ml, state)
    if not np.isfinite(value) or np.abs((gradient * _scale(ml))[free]).max() > 1e-2:
        words = "the random speed did not settle: too few trials with several times; use the fit without it"
        raise ConvergenceError(words, {"state": state, "gradient": gradient})
    covariance = _covariance(lambda at: _deviance(ml, at, nodes)[1], state, free, _scale(ml))
    statistic = max(0.0, ml.deviance - value) if state[-1] > 2 * LEAST_SPEED else 0.0
    return RandomSpeed(columns, ml, state, covariance, float(value), statistic)


def _deviance(
    curves: Curves, at: np.ndarray, nodes: tuple[np.ndarray, np.ndarray]
) -> tuple[float, np.ndarray, np.ndarray]:
    """−2 log-likelihood (without its constant), its gradient, and each trial's posterior weights of the nodes."""
    z, log_weight = nodes
    k, sigma = curves.sizes, float(np.sqrt(at[-1]))
    logs = np.empty(z.shape)
    gradients = np.empty((*z.shape, len(at)))
    trial = _trial_of_row(curves)
    for q in range(z.shape[1]):
        shift = z[trial, q]
        logs[:, q], gradients[:, q] = _given_speed(curves, at[:k], at[k:-1], sigma, shift)
    total = logs + log_weight
    top = total.max(axis=1, keepdims=True)
    weight = np.exp(total - top)
    likelihood = weight.sum(axis=1)
    weight /= likelihood[:, None]
    gradient = -2 * np.einsum("iq,iqp->p", weight, gradients)
    return float(-2 * (np.log(likelihood) + top[:, 0]).sum()), gradient, weight


def _given_speed(
    curves: Curves, size: np.ndarray, state: np.ndarray, sigma: float, shift: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Each trial's log density (without its constant) and gradient, its log speed being sigma × shift (per row)."""
    stretched = replace(curves, t=curves.t * np.exp(-sigma * shift))
    logs, (tau2, omega2) = state[:-2], state[-2:]
    f = values(stretched, logs)
    slope = slopes(curves.shapes, stretched.t, curves.place, logs)
    tilted = replace(stretched, t=stretched.t * (1 + 1j * STEP))
    speed = -shift * np.imag(values(tilted, logs)) / STEP
    residual = curves.y - f * size[curves.column]
    m, k = slope.shape[1], len(size)
    log_density, gradient, first = np.zeros(_trials(curves)), np.zeros((_trials(curves), k + m + 3)), 0
    for block in curves.blocks:
        place = slice(first, first + len(block.rows))
        first += len(block.rows)
        own, by_shape, log_density[place], gradient[place, k + m], gradient[place, k + m + 1] = _block(
            block, f, residual, tau2, omega2
        )
        per_row = own * size[curves.column[block.rows]] - by_shape / 2
        in_column = curves.column[block.rows][:, :, None] == np.arange(k)
        gradient[place, :k] = np.einsum("bn,bnk->bk", own * f[block.rows], in_column)
        gradient[place, k : k + m] = np.einsum("bn,bnm->bm", per_row, slope[block.rows])
        gradient[place, -1] = (per_row * speed[block.rows]).sum(axis=1) / (2 * sigma)
    return log_density, gradient


def _block(block: Blocks, f: np.ndarray, residual: np.ndarray, tau2: float, omega2: float) -> tuple[np.ndarray, ...]:
    """u = V⁻¹r, the derivative of −2 log density by f, log density, and its derivatives by τ² and ω²."""
    g, r = f[block.rows] * block.present, residual[block.rows] * block.present
    v = block.variance(g, tau2, omega2)
    w = np.linalg.inv(v)
    own = np.einsum("bij,bj->bi", w, r)
    m = w - own[:, :, None] * own[:, None, :]
    along = np.einsum("bij,bj->bi", m * block.shared, g)
    density = -(np.linalg.slogdet(v)[1] + (r * own).sum(axis=1)) / 2
    return (
        own,
        2 * tau2 * along,
        density,
        -(g * along).sum(axis=1) / 2,
        -(np.diagonal(m, axis1=1, axis2=2) * block.present).sum(axis=1) / 2,
    )


def _trials(curves: Curves) -> int:
    return sum(len(block.rows) for block in curves.blocks)


def _trial_of_row(curves: Curves) -> np.ndarray:
    trial, first = np.zeros(len(curves.y), int), 0
    for block in curves.blocks:
        block.put(trial, np.broadcast_to(np.arange(first, first + len(block.rows))[:, None], block.rows.shape))
        first += len(block.rows)
    return trial


def _nodes(curves: Curves, centre: np.ndarray, scale: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Standardised log speeds at which each trial is evaluated, and the log of their weights (normal density in)."""
    z = centre[:, None] + scale[:, None] * NODES
    log_weight = np.log(WEIGHTS / np.sqrt(2 * np.pi)) + NODES**2 / 2 + np.log(scale)[:, None] - z**2 / 2
    return z, log_weight


def _start_nodes(curves: Curves) -> tuple[np.ndarray, np.ndarray]:
    return _nodes(curves, np.zeros(_trials(curves)), np.ones(_trials(curves)))


def _recentred(curves: Curves, at: np.ndarray, nodes: tuple[np.ndarray, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    weight = _deviance(curves, at, nodes)[2]
    centre = (weight * nodes[0]).sum(axis=1)
    scale = np.sqrt((weight * (nodes[0] - centre[:, None]) ** 2).sum(axis=1))
    return _nodes(curves, centre, np.clip(scale, 0.05, 1.5))


def _bounds(curves: Curves) -> list[tuple[float, float]]:
    return [(-np.inf, np.inf)] * curves.sizes + curves.bounds + [(LEAST_SPEED, MOST_SPEED)]


def _scale(curves: Curves) -> np.ndarray:
    return np.array([np.sqrt(curves.spread)] * curves.sizes + [*curves.scale, 1.0])


def _free(curves: Curves, state: np.ndarray) -> np.ndarray:
    low, high = np.array(_bounds(curves)).T
    step = 1e-6 * _scale(curves)
    return (state > low + step) & (state < high - step)


def _optimum(
    function: Callable[[np.ndarray], tuple[float, np.ndarray]], curves: Curves, start: np.ndarray
) -> optimize.OptimizeResult:
    return minimize(function, [start], _bounds(curves), _scale(curves))


def _covariance(
    gradient: Callable[[np.ndarray], np.ndarray], at: np.ndarray, free: np.ndarray, scale: np.ndarray
) -> np.ndarray:
    """Twice the inverse of the deviance's Hessian over the free parameters (differences of the exact gradient)."""
    steps = 1e-5 * np.maximum(np.abs(at), 0.1 * scale)
    hessian = np.array([
        (gradient(at + step) - gradient(at - step)) / (2 * step.sum()) for step in np.diag(steps)[free]
    ])[:, free]  # fmt: skip
    covariance = np.full((len(at), len(at)), np.nan)
    covariance[np.ix_(free, free)] = 2 * np.linalg.pinv((hessian + hessian.T) / 2)
    return covariance


def _limits(fit: RandomSpeed, place: int, level: float) -> tuple[float, float, float, str]:
    """Estimate, lower and upper profile limit of a parameter in hours, and a note where the data set no limit."""
    nodes = _recentred(fit.curves, fit.state, _start_nodes(fit.curves))

    def rise(value: float) -> float:
        keep = np.arange(len(fit.state)) != place

        def held(at: np.ndarray) -> tuple[float, np.ndarray]:
            full = np.where(keep, 0.0, value)
            full[keep] = at
            found, gradient, _ = _deviance(fit.curves, full, nodes)
            return found, gradient[keep]

        bounds = [one for one, kept in zip(_bounds(fit.curves), keep, strict=True) if kept]
        return float(minimize(held, [fit.state[keep]], bounds, _scale(fit.curves)[keep]).fun) - fit.deviance

    ends = {"low": LOWEST, "high": HIGHEST}
    sides = [side for side, end in ends.items() if rise(end) < stats.chi2.ppf(0.95, 1)]
    limit = float(stats.chi2.ppf(level if not sides else 2 * level - 1, 1))
    low, high = 0.0, np.inf
    if "low" not in sides and rise(LOWEST) > limit:
        low = np.exp(optimize.brentq(lambda v: rise(v) - limit, LOWEST, fit.state[place], xtol=1e-4))
    if "high" not in sides and rise(HIGHEST) > limit:
        high = np.exp(optimize.brentq(lambda v: rise(v) - limit, fit.state[place], HIGHEST, xtol=1e-4))
    note = f"the data set no limit on the {' and '.join(sides)} side: a bound, no estimate" if sides else ""
    return (np.nan if sides else float(np.exp(fit.state[place]))), float(low), float(high), note
