"""The numerical part of the time course: likelihood of curves, profiles, the restricted fit at the linearised curve."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import product

import numpy as np
from scipy import ndimage, optimize

from ..errors import ConvergenceError
from .reml import Blocks, likelihood, minimize
from .shapes import HIGHEST, LOWEST, Shape

WIDEST = 400.0  # a between-trial variance is looked for up to so many times that of the effects
STEP = 1e-30
FLAT = 1e-2  # slope of the deviance, by a step of order 1, that still counts as an optimum: below 1e-4 of a deviance
DEEP = 20.0  # of deviance above the best so far, from which another valley is still followed down
VALLEYS = {1: 17, 2: 9}  # values tried of one class's shape parameter, and of each of two


@dataclass(frozen=True)
class Curves:
    """Effects y at hours t, the class and the column (size of effect) of each, trials as blocks; a state of the fit.

    place : each row's class (its place among `shapes`); column : its size, of which there are `sizes`.
    state : shape parameters (class after class), τ², ω². size, covariance : of the restricted fit.
    steps : how far each parameter goes, by itself, for the deviance to rise by ½, where the likelihood is highest.
    """

    y: np.ndarray
    t: np.ndarray
    place: np.ndarray
    column: np.ndarray
    sizes: int
    shapes: tuple[Shape, ...]
    blocks: list[Blocks]
    state: np.ndarray
    deviance: float
    size: np.ndarray
    covariance: np.ndarray
    steps: np.ndarray

    @property
    def logs(self) -> np.ndarray:
        """The shape parameters."""
        return self.state[:-2]

    @property
    def spread(self) -> float:
        """The variance of the effects: the order of τ² and ω²."""
        return max(float(np.std(self.y)), 1e-3 * float(np.abs(self.y).max()), 1e-12) ** 2

    @property
    def bounds(self) -> list[tuple[float, float]]:
        """Where the state may lie."""
        return [(LOWEST, HIGHEST)] * len(self.logs) + [(0.0, WIDEST * self.spread)] * 2

    @property
    def scale(self) -> np.ndarray:
        """What is a step of order 1 in each parameter of the state."""
        return np.array([1.0] * len(self.logs) + [self.spread] * 2)

    def own(self, place: int) -> list[int]:
        """Positions of one class's shape parameters."""
        before = sum(len(shape.parameters) for shape in self.shapes[:place])
        return list(range(before, before + len(self.shapes[place].parameters)))


def maximum_likelihood(curves: Curves) -> Curves:
    """The state of the highest likelihood; ConvergenceError with the last state when no start reaches an optimum."""
    starts = []
    for i in range(max(len(shape.starts) for shape in curves.shapes)):
        logs = [value for shape in curves.shapes for value in shape.starts[i % len(shape.starts)]]
        starts.append(np.array([*logs, 0.1 * curves.spread, 0.02 * curves.spread]))
    found = minimize(lambda at: deviance(curves, at), starts, curves.bounds, curves.scale)
    found = _class_by_class(curves, found)
    gradient = deviance(curves, found.x)[1]
    low, high = np.array(curves.bounds).T
    free = (found.x > low + 1e-9 * curves.scale) & (found.x < high - 1e-9 * curves.scale)
    if not np.isfinite(found.fun) or np.abs(gradient * curves.scale)[free].max(initial=0.0) > FLAT:
        state: dict[str, object] = {"state": found.x, "gradient": gradient}
        raise ConvergenceError("no start reached an optimum: try a simpler shape", state)
    return replace(curves, state=found.x, deviance=float(found.fun), steps=_steps(curves, found.x, gradient))


def _steps(curves: Curves, at: np.ndarray, gradient: np.ndarray) -> np.ndarray:
    """1 / √ of the deviance's curvature along each parameter, by differences of the gradient; within reason."""
    small = 1e-4 * curves.scale
    inward = np.where(at + small > np.array(curves.bounds)[:, 1], -small, small)
    curvature = [
        (deviance(curves, at + np.where(np.arange(len(at)) == one, inward, 0))[1][one] - gradient[one]) / inward[one]
        for one in range(len(at))
    ]
    steps = 1 / np.sqrt(np.maximum(curvature, 1e-300))
    return np.clip(steps, 1e-3 * curves.scale, 10 * curves.scale)


def _class_by_class(curves: Curves, found: optimize.OptimizeResult) -> optimize.OptimizeResult:
    """A lower optimum, if one lies in another valley of one class's shape parameters (their deviance has several)."""
    for place in [place for place in range(len(curves.shapes)) if curves.own(place)]:
        own = curves.own(place)
        grid = np.array(list(product(np.linspace(LOWEST, HIGHEST, VALLEYS[len(own)]), repeat=len(own))))
        states = np.repeat(found.x[None, :], len(grid), axis=0)
        states[:, own] = grid
        heights = np.array([deviance(curves, state)[0] for state in states]).reshape([VALLEYS[len(own)]] * len(own))
        floor = heights == ndimage.minimum_filter(heights, size=3, mode="nearest")
        nearest = np.abs(grid - found.x[own]).sum(axis=1).argmin()
        other = floor.ravel() & (heights.ravel() < found.fun + DEEP) & (np.arange(len(grid)) != nearest)
        if other.any():
            here = minimize(lambda at: deviance(curves, at), [*states[other]], curves.bounds, curves.scale)
            found = here if here.fun < found.fun else found
    return found


def deviance(curves: Curves, at: np.ndarray) -> tuple[float, np.ndarray]:
    """−2 log-likelihood without its constant at a state, the sizes profiled out, and its gradient."""
    f = values(curves, at[:-2])
    x = f[:, None] * (curves.column[:, None] == np.arange(curves.sizes))
    here = likelihood(curves.blocks, x, curves.y, f, (at[-2], at[-1]), restricted=False)
    slope = slopes(curves.shapes, curves.t, curves.place, at[:-2])
    gradient = slope.T @ (here.by_shape - 2 * here.b[curves.column] * here.u)
    return here.deviance, np.array([*gradient, here.by_tau2, here.by_omega2])


def profile(curves: Curves, held: dict[int, float], start: np.ndarray | None = None) -> optimize.OptimizeResult:
    """The lowest deviance with some shape parameters held (position → value); `.fun`, and `.x` = the others."""
    free = np.array([place not in held for place in range(len(curves.state))])

    def function(at: np.ndarray) -> tuple[float, np.ndarray]:
        full = curves.state.copy()
        full[free], full[list(held)] = at, list(held.values())
        value, gradient = deviance(curves, full)
        return value, gradient[free]

    start = curves.state[free] if start is None else start
    bounds = [one for one, kept in zip(curves.bounds, free, strict=True) if kept]
    return minimize(function, [start], bounds, curves.steps[free], rough=True)


def profile_limit(curves: Curves, place: int, side: int, limit: float) -> float:
    """Where the profile deviance has risen by `limit` on one side of its minimum; ∓infinity where it never does."""

    def rise(value: float) -> float:
        return float(profile(curves, {place: value}).fun) - curves.deviance - limit

    middle, end = float(np.clip(curves.state[place], LOWEST, HIGHEST)), LOWEST if side < 0 else HIGHEST
    if rise(middle) >= 0:  # the likeliest value lies beyond all that is looked for
        return middle
    step = 0.5
    near, far = middle, middle + side * step
    while side * (end - far) > 0 and rise(far) < 0:
        step *= 2
        near, far = far, far + side * step
    far = min(far, end) if side > 0 else max(far, end)
    return float(optimize.brentq(rise, near, far, xtol=1e-6)) if rise(far) > 0 else side * np.inf


def restricted(curves: Curves, held: np.ndarray) -> Curves:
    """Variances by REML of the curve linearised at its shape parameters; sizes by generalised least squares there.

    held : which shape parameters are given, not estimated: they add nothing to the covariance. The restricted
    likelihood of a linearised curve depends on its columns' span alone, so no iteration is needed.
    """
    f = values(curves, curves.logs)
    spread = (float(curves.state[-2]), float(curves.state[-1]))
    slope = _columns(curves, held, spread)[1]
    return fitted_at(curves, held, _variances(curves, slope, f, spread))


def fitted_at(curves: Curves, held: np.ndarray, spread: tuple[float, float]) -> Curves:
    """Sizes and covariance at given (τ², ω²) and shape parameters; `deviance` : of the restricted likelihood there."""
    size, slope = _columns(curves, held, spread)
    here = likelihood(curves.blocks, slope, curves.y, values(curves, curves.logs), spread, restricted=True)
    keep = np.concatenate([np.ones(len(size), bool), ~held])
    covariance = np.zeros((len(keep), len(keep)))
    covariance[np.ix_(keep, keep)] = np.linalg.pinv(here.information, hermitian=True)
    state = np.array([*curves.logs, *spread])
    return replace(curves, state=state, size=size, covariance=covariance, deviance=here.deviance)


def _columns(curves: Curves, held: np.ndarray, spread: tuple[float, float]) -> tuple[np.ndarray, np.ndarray]:
    """The sizes by generalised least squares, and the linearised curve's columns without the held parameters."""
    f = values(curves, curves.logs)
    x = f[:, None] * (curves.column[:, None] == np.arange(curves.sizes))
    size = likelihood(curves.blocks, x, curves.y, f, spread, restricted=False).b
    keep = np.concatenate([np.ones(len(size), bool), ~held])
    at = np.concatenate([size, curves.logs])
    return size, jacobian(curves, curves.t, curves.place, curves.column, at)[:, keep]


def values(curves: Curves, logs: np.ndarray) -> np.ndarray:
    """Each row's own shape value (complex where the hours are: a complex step)."""
    f, used = np.zeros(len(curves.t), np.result_type(curves.t, float)), 0
    for i, shape in enumerate(curves.shapes):
        m, rows = len(shape.parameters), curves.place == i
        f[rows] = shape.curve(curves.t[rows], logs[used : used + m])
        used += m
    return f


def slopes(shapes: tuple[Shape, ...], t: np.ndarray, place: np.ndarray, logs: np.ndarray) -> np.ndarray:
    """Derivatives of the shape values by the shape parameters (complex step: Squire & Trapp 1998)."""
    result, used = np.zeros((len(t), len(logs))), 0
    for i, shape in enumerate(shapes):
        m, rows = len(shape.parameters), place == i
        for j in range(m):
            stepped = logs[used : used + m].astype(complex)
            stepped[j] += 1j * STEP
            result[rows, used + j] = np.imag(shape.curve(t[rows].astype(complex), stepped)) / STEP
        used += m
    return result


def jacobian(curves: Curves, t: np.ndarray, place: np.ndarray, column: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Derivatives of the curves at t (of class `place`, size `column`): by each size, then by each shape parameter.

    at : sizes, then shape parameters.
    """
    size, logs = at[: curves.sizes], at[curves.sizes :]
    f = values(replace(curves, t=t, place=place), logs)
    by_size = f[:, None] * (column[:, None] == np.arange(curves.sizes))
    return np.column_stack([by_size, size[column][:, None] * slopes(curves.shapes, t, place, logs)])


def _variances(curves: Curves, slope: np.ndarray, f: np.ndarray, spread: tuple[float, float]) -> tuple[float, float]:
    """REML of (τ², ω²), from an even split too, for the two may trade places."""

    def objective(at: np.ndarray) -> tuple[float, np.ndarray]:
        here = likelihood(curves.blocks, slope, curves.y, f, (at[0], at[1]), restricted=True)
        return here.deviance, np.array([here.by_tau2, here.by_omega2])

    starts = [np.array(spread), np.full(2, 0.04 * curves.spread)]
    found = minimize(objective, starts, curves.bounds[-2:], curves.steps[-2:], coarse=4)
    return float(found.x[0]), float(found.x[1])
