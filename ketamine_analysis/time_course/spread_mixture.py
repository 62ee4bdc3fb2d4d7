"""Curves under a prior on their two spreads: τ and ω integrated out on a grid, what is asked a mixture of normals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..pooling.normal_mixtures import mixture_quantile
from ..pooling.spread_priors import spread_prior
from .curve_fit import Curves, fitted_at, restricted

SCAN, NODES = 12, 10  # along each spread: to find where the posterior lies, and Gauss–Legendre nodes there
REACH = 4.0  # scales of the prior: beyond, it holds a six-hundredth of a per cent
Axes = tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]
FLAT = 12.0  # below the highest log density all is negligible


@dataclass(frozen=True)
class SpreadMixture:
    """The posterior of (τ, ω) on nodes: their `weight`, and at each the sizes and their covariance given it.

    scale : of the half-normal priors on both. axes : nodes and weights along τ and along ω.
    """

    scale: float
    axes: Axes
    weight: np.ndarray
    fits: tuple[Curves, ...]

    def interval(
        self, mean: np.ndarray, variance: np.ndarray, level: float
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Mean, standard deviation and central limits of quantities that are normal given the spreads.

        mean, variance : nodes × quantities.
        """
        middle = self.weight @ mean
        deviation = np.sqrt(self.weight @ (variance + mean**2) - middle**2)
        weight = np.tile(self.weight, (mean.shape[1], 1))
        low, high = (mixture_quantile(weight, mean.T, variance.T, p) for p in ((1 - level) / 2, (1 + level) / 2))
        return middle, deviation, low, high


def spread_mixture(curves: Curves, held: np.ndarray, scale: float) -> SpreadMixture:
    """The restricted posterior of (τ, ω) at given shape parameters, half-normal priors of this scale on both.

    The deviance is that of `restricted`, so a flat prior has its mode where REML is. curves : at their shape
    parameters, which stay; held : which of these are given, not estimated.
    """
    own = restricted(curves, held)
    edges = [np.linspace(0.0, max(REACH * scale, 2 * np.sqrt(one)), SCAN) for one in own.state[-2:]]
    heights = np.array([[_height(curves, held, tau, omega, scale)[0] for omega in edges[1]] for tau in edges[0]])
    near = heights > heights.max() - FLAT
    return _on_nodes(curves, held, scale, (_nodes(edges[0], near.any(axis=1)), _nodes(edges[1], near.any(axis=0))))


def mixture_beside(curves: Curves, held: np.ndarray, like: SpreadMixture) -> SpreadMixture:
    """The same at other shape parameters, on the nodes of a mixture whose posterior lies where this one's does."""
    return _on_nodes(curves, held, like.scale, like.axes)


def _on_nodes(curves: Curves, held: np.ndarray, scale: float, axes: Axes) -> SpreadMixture:
    found = [
        (*_height(curves, held, tau, omega, scale), share * other)
        for tau, share in zip(*axes[0], strict=True)
        for omega, other in zip(*axes[1], strict=True)
    ]
    height, fits, share = zip(*found, strict=True)
    weight = np.exp(np.array(height) - max(height)) * np.array(share)
    return SpreadMixture(scale, axes, weight / weight.sum(), tuple(fits))


def _height(curves: Curves, held: np.ndarray, tau: float, omega: float, scale: float) -> tuple[float, Curves]:
    """The log posterior density of (τ, ω), up to a constant, and the curves there."""
    fit = fitted_at(curves, held, (tau**2, omega**2))
    return -fit.deviance / 2 - (tau**2 + omega**2) / (2 * scale**2), fit


def _nodes(edges: np.ndarray, near: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Gauss–Legendre nodes and weights between the edges around where the posterior lies."""
    inside = np.flatnonzero(near)
    low, high = edges[max(inside[0] - 1, 0)], edges[min(inside[-1] + 1, len(edges) - 1)]
    x, w = np.polynomial.legendre.leggauss(NODES)
    return low + (high - low) * (x + 1) / 2, w * (high - low) / 2


def limits_of_size(mixture: SpreadMixture, column: int, level: float) -> tuple[float, float, float, float]:
    """Mean, standard deviation and limits of one size of effect."""
    size = np.array([[fit.size[column]] for fit in mixture.fits])
    variance = np.array([[fit.covariance[column, column]] for fit in mixture.fits])
    middle, deviation, low, high = mixture.interval(size, variance, level)
    return float(middle[0]), float(deviation[0]), float(low[0]), float(high[0])


def one_of(fit: Curves | SpreadMixture) -> Curves:
    """The curves themselves, whose shape parameters all nodes of a mixture share."""
    return fit.fits[0] if isinstance(fit, SpreadMixture) else fit


def usual_scale(prior: str, measure: str) -> float:
    """The scale of the half-normal priors for a measure. Raises ValueError for another prior or a measure without."""
    if prior != "half_normal":
        raise ValueError(f"prior {prior!r} is unknown: use 'half_normal', or None for REML")
    return spread_prior(prior, None, measure).scale
