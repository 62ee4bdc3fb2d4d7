"""Mixtures of normals over a spread that is not known: nodes in log τ, and the quantiles of what is mixed.

Given τ everything is normal, so a posterior is a sum over nodes in τ. The nodes are equal steps in u with
log τ = centre + width · sinh u: the trapezoidal rule then converges exponentially for densities that vanish at both
ends (Trefethen & Weideman 2014, SIAM Rev 56:385), also where the trials' errors span orders of magnitude.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import special, stats
from scipy.optimize import elementwise

NEGLIGIBLE = 1e-13  # share of the mixture below which a node does not bound where quantiles are looked for
LIGHT_TAIL, HEAVY_TAIL = 40.0, 250.0  # how far the nodes reach beyond the trials' own spread, in log τ


def log_spread_nodes(
    low: np.ndarray, high: np.ndarray, trials: int, *, heavy: bool
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Nodes u (J), log τ (G × J) and log of dlog τ / du (G × J), for G posteriors that vary between `low` and `high`.

    trials : of the largest; the posterior of log τ is about 1/√(2 · trials) wide, and the step is less.
    """
    width = np.maximum(1.5, (high - low) / 2)
    reach = np.arcsinh(1 + (HEAVY_TAIL if heavy else LIGHT_TAIL) / width.min())
    step = min(0.12, 0.6 / np.sqrt(2 * trials)) / (np.sqrt(2) * width.max())
    u = np.linspace(-reach, reach, 2 * int(np.ceil(reach / step)) + 1)
    log_tau = (low + high)[:, None] / 2 + width[:, None] * np.sinh(u)
    return u, log_tau, np.log(width[:, None] * np.cosh(u))


def mixture_quantile(weight: np.ndarray, mean: np.ndarray, variance: np.ndarray, p: float) -> np.ndarray:
    """The p-quantile of each of G mixtures of J normals (G × J arrays)."""
    deviation = np.sqrt(variance)
    ends = mean + stats.norm.ppf(p) * deviation
    counted = weight > NEGLIGIBLE
    low = np.where(counted, ends, np.inf).min(axis=1)
    high = np.where(counted, ends, -np.inf).max(axis=1)
    low, high = low - 1e-9 * deviation.min(axis=1), high + 1e-9 * deviation.min(axis=1)

    def excess(x: np.ndarray, which: np.ndarray) -> np.ndarray:
        rows = which.astype(int)
        return (weight[rows] * special.ndtr((x[:, None] - mean[rows]) / deviation[rows])).sum(axis=1) - p

    return _root(excess, low, high)


def mixture_below(weight: np.ndarray, mean: np.ndarray, variance: np.ndarray, value: float) -> np.ndarray:
    """The probability of each mixture below a value."""
    return (weight * special.ndtr((value - mean) / np.sqrt(variance))).sum(axis=1)


def node_quantile(weight: np.ndarray, u: np.ndarray, p: float) -> np.ndarray:
    """The u at which each posterior's integral from the left is p, by the sinc series of its density.

    The indefinite integral is as exact as the whole one (Stenger 1993, Numerical Methods Based on Sinc Functions).
    """
    step = u[1] - u[0]

    def excess(x: np.ndarray, which: np.ndarray) -> np.ndarray:
        share = 0.5 + special.sici(np.pi * (x[:, None] - u) / step)[0] / np.pi
        return (weight[which.astype(int)] * share).sum(axis=1) - p

    return _root(excess, np.full(len(weight), u[0] - step), np.full(len(weight), u[-1] + step))


def _root(excess: Callable, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    return elementwise.find_root(excess, (low, high), args=(np.arange(len(low), dtype=float),)).x
