"""The numerical part of the time course: likelihood of curves, profiles, the restricted fit at the linearised curve."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from .errors import ConvergenceError
from .reml import Blocks, exact_gradient, minimize, moments
from .shapes import HIGHEST, LOWEST, Shape

SD_BOUNDS = (0.0, 20.0)
STEP = 1e-30


@dataclass(frozen=True)
class Curves:
    """Effects y at hours t, the class of each (its place among `shapes`), trials as blocks; and a state of the fit.

    state : shape parameters (log hours, class after class), tau, omega. size, covariance : of the restricted fit.
    """

    y: np.ndarray
    t: np.ndarray
    place: np.ndarray
    shapes: tuple[Shape, ...]
    blocks: list[Blocks]
    state: np.ndarray
    deviance: float
    size: np.ndarray
    covariance: np.ndarray

    @property
    def log_hours(self) -> np.ndarray:
        """The shape parameters."""
        return self.state[:-2]

    def own(self, place: int) -> list[int]:
        """Positions of one class's shape parameters."""
        before = sum(len(shape.parameters) for shape in self.shapes[:place])
        return list(range(before, before + len(self.shapes[place].parameters)))


def maximum_likelihood(curves: Curves) -> Curves:
    """The state of the highest likelihood; ConvergenceError with the last state when no start reaches an optimum."""
    m = len(curves.state) - 2
    bounds = [(LOWEST, HIGHEST)] * m + [SD_BOUNDS] * 2
    starts = []
    for i in range(max(len(shape.starts) for shape in curves.shapes)):
        logs = [value for shape in curves.shapes for value in shape.starts[i % len(shape.starts)]]
        starts.append(np.array([*logs, 0.3, 0.15]))
    found = minimize(lambda at: deviance(curves, at), starts, bounds)
    gradient = exact_gradient(lambda at: deviance(curves, at), found.x)
    low, high = np.array([one for one, _ in bounds]), np.array([one for _, one in bounds])
    free = (found.x > low + 1e-9) & (found.x < high - 1e-9)
    if not np.isfinite(found.fun) or np.abs(gradient[free]).max(initial=0.0) > 1e-3:
        state: dict[str, object] = {"state": found.x, "gradient": gradient}
        raise ConvergenceError("no start reached an optimum: try a simpler shape", state)
    return replace(curves, state=found.x, deviance=float(found.fun))


def deviance(curves: Curves, at: np.ndarray) -> Any:
    """−2 log-likelihood without its constant at a state, the sizes profiled out."""
    x, f = design(curves, at[:-2])
    return moments(curves.blocks, x, curves.y, f, at[-2], at[-1]).deviance(restricted=False)


def profile(curves: Curves, place: int, value: float) -> float:
    """The lowest deviance with one shape parameter held at a value."""
    free = np.arange(len(curves.state)) != place

    def held(at: np.ndarray) -> Any:
        full = np.empty(len(curves.state), dtype=at.dtype)
        full[free], full[place] = at, value
        return deviance(curves, full)

    m = len(curves.state) - 3
    start = np.maximum(curves.state[free], [*[LOWEST] * m, 1e-3, 1e-3])
    return float(minimize(held, [start], [(LOWEST, HIGHEST)] * m + [SD_BOUNDS] * 2).fun)


def profile_limit(curves: Curves, place: int, side: int, limit: float) -> float:
    """Where the profile deviance has risen by `limit` on one side of its minimum (bisection on log hours)."""
    near, far = float(curves.state[place]), LOWEST if side < 0 else HIGHEST
    while abs(near - far) > 1e-5:
        middle = (near + far) / 2
        below = profile(curves, place, middle) - curves.deviance < limit
        near, far = (middle, far) if below else (near, middle)
    return (near + far) / 2


def restricted(curves: Curves, held: np.ndarray) -> Curves:
    """Variances by REML of the linearised curve, sizes and the free shape parameters by generalised least squares.

    held : which shape parameters stay where they are. Lindstrom & Bates 1990, Biometrics 46:673.
    """
    logs, tau, omega = curves.log_hours.copy(), float(curves.state[-2]), float(curves.state[-1])
    x, f = design(curves, logs)
    size = moments(curves.blocks, x, curves.y, f, tau, omega).coefficients()
    keep = np.concatenate([np.ones(len(size), bool), ~held])
    for _ in range(200):
        x, f = design(curves, logs)
        slope = jacobian(curves.shapes, curves.t, curves.place, size, logs)[:, keep]
        now = np.concatenate([size, logs])[keep]
        working = curves.y - x @ size + slope @ now
        tau, omega = _variances(curves, slope, working, f, tau, omega)
        sums = moments(curves.blocks, slope, working, f, tau, omega)
        step = sums.coefficients() - now
        step = np.clip(step, -0.5, 0.5) if (~held).any() else step
        full = np.concatenate([size, logs])
        full[keep] += step
        size, logs = full[: len(size)], np.clip(full[len(size) :], LOWEST, HIGHEST)
        if np.abs(step).max() < 1e-8 * (1 + np.abs(now).max()):
            covariance = np.zeros((len(keep), len(keep)))
            covariance[np.ix_(keep, keep)] = np.linalg.inv(sums.xx)
            return replace(curves, state=np.array([*logs, tau, omega]), size=size, covariance=covariance)
    state: dict[str, object] = {"size": size, "log_hours": logs, "tau": tau, "omega": omega}
    raise ConvergenceError("the restricted fit did not settle: try a simpler shape", state)


def jacobian(
    shapes: tuple[Shape, ...], t: np.ndarray, place: np.ndarray, size: np.ndarray, log_hours: np.ndarray
) -> np.ndarray:
    """Derivatives of the curves at t of the classes `place`: by each size, then by each shape parameter."""
    k, used = len(shapes), 0
    result = np.zeros((len(t), k + len(log_hours)))
    for i, shape in enumerate(shapes):
        m, rows = len(shape.parameters), place == i
        logs = log_hours[used : used + m]
        result[rows, i] = shape.curve(t[rows], logs)
        for j in range(m):
            stepped = logs.astype(complex)
            stepped[j] += 1j * STEP
            result[rows, k + used + j] = size[i] * np.imag(shape.curve(t[rows].astype(complex), stepped)) / STEP
        used += m
    return result


def design(curves: Curves, log_hours: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The columns of the sizes, and each row's own shape value."""
    f = np.zeros(len(curves.t), dtype=log_hours.dtype if log_hours.size else float)
    used = 0
    for i, shape in enumerate(curves.shapes):
        m, rows = len(shape.parameters), curves.place == i
        f[rows] = shape.curve(curves.t[rows], log_hours[used : used + m])
        used += m
    return f[:, None] * (curves.place[:, None] == np.arange(len(curves.shapes))), f


def _variances(
    curves: Curves, slope: np.ndarray, working: np.ndarray, f: np.ndarray, tau: float, omega: float
) -> tuple[float, float]:
    def objective(at: np.ndarray) -> Any:
        return moments(curves.blocks, slope, working, f, at[0], at[1]).deviance(restricted=True)

    # two starts: from where the fit is, and from an even split, so that neither variance is trapped at zero
    starts = [np.maximum([tau, omega], 1e-3), np.array([0.2, 0.2])]
    found = minimize(objective, starts, [SD_BOUNDS, SD_BOUNDS])
    return float(found.x[0]), float(found.x[1])
