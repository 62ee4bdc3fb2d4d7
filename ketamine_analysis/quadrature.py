"""Integrals over a trial's own standard normal effect: adaptive Gauss–Hermite, all trials at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit, gammaln

NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(21)
LOG_WEIGHTS = np.log(WEIGHTS / np.sqrt(2 * np.pi)) + NODES**2 / 2


@dataclass(frozen=True)
class MixedBinomial:
    """The log-likelihood of events of n on the logit η + τz, z ~ N(0, 1) of each trial, with its derivatives.

    by_trial : each trial's log-likelihood, binomial coefficients included. by_eta : its derivative by each row's η.
    by_tau : by τ, a trial each.
    """

    by_trial: np.ndarray
    by_eta: np.ndarray
    by_tau: np.ndarray


def mixed_binomial(
    events: np.ndarray, n: np.ndarray, eta: np.ndarray, tau: float, trial: np.ndarray, trials: int
) -> MixedBinomial:
    """Rows of one trial (numbered 0 … trials − 1, in that order) share its z. Nodes lie around each trial's own mode.

    Liu & Pierce 1994, Biometrika 81:624.

    >>> here = mixed_binomial(np.array([3.0]), np.array([10.0]), np.array([-0.8]), 0.0, np.array([0]), 1)
    >>> float(here.by_trial.round(4)[0])  # the binomial itself: log(120 · p³ · (1 − p)⁷), p = 0.3100
    -1.3235
    """
    mode, scale = _centre(events, n, eta, tau, trial, trials)
    z = mode[:, None] + scale[:, None] * NODES
    logit = eta[:, None] + tau * z[trial]
    residual = events[:, None] - n[:, None] * expit(logit)
    log_density = events[:, None] * logit - n[:, None] * np.logaddexp(0, logit)
    joint = _sum(log_density, trial, trials) - z**2 / 2 + LOG_WEIGHTS + np.log(scale)[:, None]
    top = joint.max(axis=1, keepdims=True)
    weight = np.exp(joint - top)
    total = weight.sum(axis=1)
    weight /= total[:, None]
    coefficient = gammaln(n + 1) - gammaln(events + 1) - gammaln(n - events + 1)
    by_trial = np.log(total) + top[:, 0] + _sum(coefficient, trial, trials)
    by_tau = (weight * z * _sum(residual, trial, trials)).sum(axis=1)
    return MixedBinomial(by_trial, (weight[trial] * residual).sum(axis=1), by_tau)


def _centre(
    events: np.ndarray, n: np.ndarray, eta: np.ndarray, tau: float, trial: np.ndarray, trials: int
) -> tuple[np.ndarray, np.ndarray]:
    """Each trial's most likely z and the standard deviation of the normal that fits there (Newton; concave)."""
    z = np.zeros(trials)
    for _ in range(50):
        p = expit(eta + tau * z[trial])
        curvature = 1 + tau**2 * _sum(n * p * (1 - p), trial, trials)
        step = np.clip((tau * _sum(events - n * p, trial, trials) - z) / curvature, -2.0, 2.0)
        z = z + step
        if np.abs(step).max() < 1e-10:
            break
    p = expit(eta + tau * z[trial])
    return z, 1 / np.sqrt(1 + tau**2 * _sum(n * p * (1 - p), trial, trials))


def _sum(values: np.ndarray, trial: np.ndarray, trials: int) -> np.ndarray:
    """Sums of rows over each trial."""
    return np.add.reduceat(values, np.searchsorted(trial, np.arange(trials)), axis=0)
