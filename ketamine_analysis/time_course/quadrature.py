"""Integrals over a trial's own standard normal effect: adaptive Gauss–Hermite, all trials at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit, gammaln

NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(15)
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


@dataclass(frozen=True)
class Counts:
    """Events of n in each row, rows of one trial together; trial : each row's trial, 0, 1, …; first : its first row."""

    events: np.ndarray
    n: np.ndarray
    trial: np.ndarray
    first: np.ndarray

    @classmethod
    def of(cls, events: np.ndarray, n: np.ndarray, study: np.ndarray) -> Counts:
        """The counts, rows already in order of their study."""
        first = np.flatnonzero(np.r_[True, study[1:] != study[:-1]])
        return cls(
            np.asarray(events, float),
            np.asarray(n, float),
            np.repeat(np.arange(len(first)), np.diff(np.r_[first, len(study)])),
            first,
        )

    def sum(self, values: np.ndarray) -> np.ndarray:
        """Sums of rows over each trial."""
        return np.add.reduceat(values, self.first, axis=0)


def mixed_binomial(counts: Counts, eta: np.ndarray, tau: float) -> MixedBinomial:
    """Rows of one trial share its z. Nodes lie around each trial's own mode (Liu & Pierce 1994, Biometrika 81:624).

    >>> here = mixed_binomial(Counts.of([3], [10], np.array(["a"])), np.array([-0.8]), 0.0)
    >>> float(here.by_trial.round(4)[0])  # the binomial itself: log(120 · p³ · (1 − p)⁷), p = 0.3100
    -1.3235
    """
    events, n, trial = counts.events, counts.n, counts.trial
    mode, scale = _centre(counts, eta, tau)
    z = mode[:, None] + scale[:, None] * NODES
    logit = eta[:, None] + tau * z[trial]
    residual = events[:, None] - n[:, None] * expit(logit)
    log_density = events[:, None] * logit - n[:, None] * np.logaddexp(0, logit)
    joint = counts.sum(log_density) - z**2 / 2 + LOG_WEIGHTS + np.log(scale)[:, None]
    top = joint.max(axis=1, keepdims=True)
    weight = np.exp(joint - top)
    total = weight.sum(axis=1)
    weight /= total[:, None]
    coefficient = gammaln(n + 1) - gammaln(events + 1) - gammaln(n - events + 1)
    by_trial = np.log(total) + top[:, 0] + counts.sum(coefficient)
    by_tau = (weight * z * counts.sum(residual)).sum(axis=1)
    return MixedBinomial(by_trial, (weight[trial] * residual).sum(axis=1), by_tau)


def _centre(counts: Counts, eta: np.ndarray, tau: float) -> tuple[np.ndarray, np.ndarray]:
    """Each trial's most likely z and the standard deviation of the normal that fits there (Newton; concave)."""
    z = np.zeros(len(counts.first))
    for _ in range(50):
        p = expit(eta + tau * z[counts.trial])
        curvature = 1 + tau**2 * counts.sum(counts.n * p * (1 - p))
        step = np.clip((tau * counts.sum(counts.events - counts.n * p) - z) / curvature, -2.0, 2.0)
        z = z + step
        if np.abs(step).max() < 1e-6:  # nodes need not lie to the last digit
            break
    p = expit(eta + tau * z[counts.trial])
    return z, 1 / np.sqrt(1 + tau**2 * counts.sum(counts.n * p * (1 - p)))
