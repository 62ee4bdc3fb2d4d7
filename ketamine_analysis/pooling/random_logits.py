"""Counts with a normal log odds (ratio) between trials: the marginal likelihood by adaptive quadrature.

A trial's count x given its logit η has log-likelihood g(x) + xη − A(η), for the binomial and for the noncentral
hypergeometric alike; A′ and A″ are the mean and variance of the count. η = centre + spread·u, u ~ N(0, 1), is
integrated by the trapezoidal rule over the stretch where a trial's own integrand is not negligible. For a smooth
function that vanishes at both ends that rule converges geometrically (Trefethen & Weideman 2014, SIAM Rev 56:385),
also for trials without events, whose one-sided integrand Gauss–Hermite nodes miss where trials differ much.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import optimize, special

GRID = np.linspace(0, 1, 81)
NEGLIGIBLE = 38.0  # e⁻³⁸ of the highest value
STARTS = (0.2, 1.0, 3.0)
LARGEST_SPREAD = 30.0
Array = np.ndarray


@dataclass(frozen=True)
class Binomial:
    """Events among n."""

    observed: Array
    lowest: Array
    highest: Array
    constant: float

    @classmethod
    def of(cls, events: Array, n: Array) -> Binomial:
        """The family of `events` among `n`."""
        return cls(events, np.zeros(len(n)), n, float(np.sum(_log_choose(n, events))))

    def cumulants(self, eta: Array) -> tuple[Array, Array, Array]:
        """A = n log(1 + e^η)."""
        n, p = self.highest[:, None], special.expit(eta)
        return n * np.logaddexp(0, eta), n * p, n * p * special.expit(-eta)

    def highest_log_likelihood(self) -> float:
        """Each trial at its own rate."""
        x, n = self.observed, self.highest
        return self.constant + float(np.sum(special.xlogy(x, x / n) + special.xlogy(n - x, 1 - x / n)))


@dataclass(frozen=True)
class Hypergeometric:
    """Events of one arm, given those of both: the supports of all trials laid end to end, each `start`ing somewhere."""

    observed: Array
    lowest: Array
    highest: Array
    constant: float
    trial: Array
    support: Array
    log_count: Array
    start: Array

    @classmethod
    def of(cls, events: Array, n: Array, control_n: Array, total: Array) -> Hypergeometric:
        """The family of `events` among `n`, given `total` events among n + control_n."""
        low, high = np.maximum(0, total - control_n), np.minimum(n, total)
        size = (high - low + 1).astype(int)
        trial = np.repeat(np.arange(len(n)), size)
        start = np.cumsum(size) - size
        support = low[trial] + np.arange(len(trial)) - start[trial]
        log_count = _log_choose(n[trial], support) + _log_choose(control_n[trial], total[trial] - support)
        constant = float(np.sum(_log_choose(n, events) + _log_choose(control_n, total - events)))
        return cls(events, low, high, constant, trial, support, log_count, start)

    def cumulants(self, eta: Array) -> tuple[Array, Array, Array]:
        """A = log Σ over the support of exp(log count + sη)."""
        s = self.support[:, None]
        terms = self.log_count[:, None] + s * eta[self.trial]
        top = np.maximum.reduceat(terms, self.start, axis=0)
        share = np.exp(terms - top[self.trial])
        total = np.add.reduceat(share, self.start, axis=0)
        mean = np.add.reduceat(share * s, self.start, axis=0) / total
        variance = np.add.reduceat(share * (s - mean[self.trial]) ** 2, self.start, axis=0) / total
        return top + np.log(total), mean, variance

    def highest_log_likelihood(self) -> float:
        """Each trial at its own odds ratio; at the edge of its support its probability is 1."""
        inside = (self.observed > self.lowest) & (self.observed < self.highest)
        x, eta = self.observed[:, None], np.zeros((len(self.observed), 1))
        for _ in range(200):
            _, mean, variance = self.cumulants(eta)
            with np.errstate(divide="ignore", invalid="ignore"):
                step = np.where(inside[:, None], np.clip((x - mean) / variance, -1, 1), 0.0)
            eta += step
            if np.abs(step).max() < 1e-12:
                break
        own = self.log_count[self.start + (self.observed - self.lowest).astype(int)]
        log_probability = own + (x * eta - self.cumulants(eta)[0])[:, 0]
        return float(np.where(inside, log_probability, 0.0).sum())


Family = Binomial | Hypergeometric


@dataclass(frozen=True)
class MixedFit:
    """The maximum: centre and spread (sd) of the logits, the centre's standard error, the log-likelihood."""

    centre: float
    spread: float
    std_error: float
    log_likelihood: float
    converged: bool


def fit_common(family: Family) -> MixedFit:
    """One logit for all trials (spread 0); it is finite unless every count lies at the same edge."""
    x, centre, variance = family.observed[:, None], 0.0, np.ones((1, 1))
    for _ in range(500):
        _, mean, variance = family.cumulants(np.full(x.shape, centre))
        step = float(np.clip((x - mean).sum() / max(variance.sum(), 1e-300), -1, 1))
        centre += step
        if abs(step) <= 1e-14 * (1 + abs(centre)):
            break
    height, _, variance = family.cumulants(np.full(x.shape, centre))
    value = family.constant + float((x * centre - height).sum())
    return MixedFit(centre, 0.0, float(1 / np.sqrt(variance.sum())), value, True)


def fit_mixed(family: Family, common: MixedFit) -> MixedFit:
    """The highest maximum over centre and spread from several starts; the common fit where no spread is higher.

    The standard error of the centre is that of the observed information of both parameters.
    """
    bounds = [(None, None), (0.0, LARGEST_SPREAD)]
    found = [
        optimize.minimize(
            lambda state: _negative(family, state), (common.centre, start), jac=True, method="L-BFGS-B",
            bounds=bounds, options={"ftol": 1e-11, "gtol": 1e-6, "maxiter": 500},
        )
        for start in STARTS
    ]  # fmt: skip
    best = min(found, key=lambda one: one.fun)
    centre, spread = best.x
    if spread < 1e-4 or -best.fun <= common.log_likelihood + 1e-10:
        return common
    if spread >= LARGEST_SPREAD / 2:
        return MixedFit(float(centre), float(spread), np.nan, -float(best.fun), False)
    state, information = best.x, np.eye(2)
    for _ in range(30):
        value, slope, information = marginal(family, *state)
        if np.linalg.eigvalsh(information)[0] <= 0:
            break
        step = np.linalg.solve(information, slope)
        if marginal(family, *(state + step))[0] < value - 1e-9 * abs(value):
            break
        state = state + step
        if np.abs(step).max() < 1e-13 * (1 + np.abs(state).max()):
            break
    value, slope, information = marginal(family, *state)
    error = float(np.sqrt(np.linalg.inv(information)[0, 0]))
    return MixedFit(float(state[0]), float(abs(state[1])), error, value, bool(np.abs(slope).max() < 1e-5))


def marginal(family: Family, centre: float, spread: float) -> tuple[float, Array, Array]:
    """The log-likelihood, its slope in (centre, spread) and minus its second derivative (Louis 1982)."""
    x = family.observed[:, None]
    low, high = _stretch(family, centre, spread)
    u = low + (high - low) * GRID
    logs, mean, variance = _integrand(family, centre, spread, u)
    top = logs.max(axis=1, keepdims=True)
    share = np.exp(logs - top)
    total = share.sum(axis=1, keepdims=True)
    step = (high - low) * GRID[1]
    value = family.constant + float((top + np.log(total * step) - 0.5 * np.log(2 * np.pi)).sum())
    share /= total
    first = np.stack([x - mean, (x - mean) * u])
    slopes = (share * first).sum(axis=2)
    direction = np.stack([np.ones_like(u), u])
    second = np.einsum("tn,itn,jtn->ij", share * variance, direction, direction)
    second -= np.einsum("tn,itn,jtn->ij", share, first, first) - slopes @ slopes.T
    return value, slopes.sum(axis=1), second


def _negative(family: Family, state: Array) -> tuple[float, Array]:
    value, slope, _ = marginal(family, *state)
    return -value, -slope


def _integrand(family: Family, centre: float, spread: float, u: Array) -> tuple[Array, Array, Array]:
    """Its logarithm at u (trials × anything), with the mean and the variance of the counts there."""
    eta = centre + spread * u
    height, mean, variance = family.cumulants(eta)
    return family.observed[:, None] * eta - height - u**2 / 2, mean, variance


def _stretch(family: Family, centre: float, spread: float) -> tuple[Array, Array]:
    """Where each trial's integrand is not negligible: around its mode, by bisection on both sides.

    The logarithm is concave, and more so than −u²/2: beyond √(2·38) from the mode nothing is left.
    """
    mode = _modes(family, centre, spread)
    top = _integrand(family, centre, spread, mode)[0]
    ends = []
    for side in (-1.0, 1.0):
        inside, outside = np.zeros_like(mode), np.full_like(mode, np.sqrt(2 * NEGLIGIBLE))
        for _ in range(12):
            middle = (inside + outside) / 2
            small = _integrand(family, centre, spread, mode + side * middle)[0] < top - NEGLIGIBLE
            inside, outside = np.where(small, inside, middle), np.where(small, middle, outside)
        ends.append(mode + side * outside)
    return ends[0], ends[1]


def _modes(family: Family, centre: float, spread: float) -> Array:
    """Where each trial's integrand is highest; Newton's steps on a concave function."""
    x, u = family.observed[:, None], np.zeros((len(family.observed), 1))
    for _ in range(200):
        _, mean, variance = family.cumulants(centre + spread * u)
        step = (spread * (x - mean) - u) / (1 + spread**2 * variance)
        largest = 2 / max(spread, 1e-12)
        step = np.clip(step, -largest, largest)
        u += step
        if np.abs(step).max() < 1e-8:
            break
    return u


def _log_choose(n: Array, k: Array) -> Array:
    return special.gammaln(n + 1) - special.gammaln(k + 1) - special.gammaln(n - k + 1)
