"""The (restricted) likelihood of several effects per trial, maximised over two parameters of their variance.

V of a trial = G(parameters) + S. CS: τ²·(ρ off the diagonal); CAR: τ²·ρ^(weeks apart); nested: a·J + b·I; ID: τ²·I.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import optimize

from ..errors import ConvergenceError

STRUCTURES = ("CS", "CAR", "nested", "ID")
STEPS = 60


@dataclass(frozen=True)
class TrialBlock:
    """Trials of one size n: positions of their rows (B × n), their S and the weeks between effects (B × n × n)."""

    rows: np.ndarray
    sampling: np.ndarray
    weeks: np.ndarray


@dataclass(frozen=True)
class VarianceFit:
    """Where the likelihood is highest: parameters of the variance, coefficients, and what inference needs."""

    parameters: tuple[float, ...]
    coefficients: np.ndarray
    covariance: np.ndarray
    log_likelihood: float
    QE: float
    trace: float


def fit_variance(
    blocks: list[TrialBlock], x: np.ndarray, y: np.ndarray, structure: str, *, restricted: bool
) -> VarianceFit:
    """The highest maximum from several starts, polished by Newton steps to rounding.

    Raises ConvergenceError where the slope does not vanish.
    """
    scale = float(np.var(y)) or 1.0
    low, high = _bounds(blocks, structure)
    unit = np.array([scale, scale if structure == "nested" else 1.0])[: len(low)]

    def height(state: np.ndarray) -> tuple[float, np.ndarray]:
        value, slope = deviance(blocks, x, y, structure, state * unit, restricted=restricted)[:2]
        return value, slope * unit

    found = [
        optimize.minimize(
            height, start, jac=True, method="L-BFGS-B", bounds=list(zip(low, high, strict=True)),
            options={"maxiter": 500, "ftol": 1e-11, "gtol": 1e-6},
        )
        for start in _starts(structure, low, high)
    ]  # fmt: skip
    best = min(found, key=lambda one: one.fun)
    state = _polish(height, best.x, low, high)
    value, slope = height(state)
    free = ~(((state <= low) & (slope > 0)) | ((state >= high) & (slope < 0)))
    if np.abs(slope[free]).max(initial=0.0) > 1e-5 * (1 + abs(value)):
        raise ConvergenceError(
            "the likelihood has no maximum that could be reached", {"parameters": tuple(state * unit)}
        )
    return _result(blocks, x, y, structure, state * unit, restricted=restricted)


def deviance(
    blocks: list[TrialBlock], x: np.ndarray, y: np.ndarray, structure: str, parameters: np.ndarray, *, restricted: bool
) -> tuple[float, np.ndarray, np.ndarray, np.ndarray]:
    """−2 log-likelihood without constants, its slope in the parameters, coefficients and their covariance."""
    p, both = x.shape[1], np.column_stack([x, y])
    total, log_det, inverses, solved = np.zeros((p + 1, p + 1)), 0.0, [], []
    parts = [_variance(block, structure, parameters) for block in blocks]
    for block, (v, _) in zip(blocks, parts, strict=True):
        z = both[block.rows]
        log_det += float(np.linalg.slogdet(v)[1].sum())
        inverses.append(np.linalg.inv(v))
        solved.append(inverses[-1] @ z)
        total += np.tensordot(z, solved[-1], axes=([0, 1], [0, 1]))
    covariance = np.linalg.inv(total[:p, :p])
    b = covariance @ total[:p, p]
    value = log_det + float(total[p, p] - total[:p, p] @ b)
    value += float(np.linalg.slogdet(total[:p, :p])[1]) if restricted else 0.0
    slope = np.zeros(len(parameters))
    for w, one, (_, derivatives) in zip(inverses, solved, parts, strict=True):
        u = one[..., p] - one[..., :p] @ b
        m = w - u[:, :, None] * u[:, None, :]
        if restricted:
            m -= one[..., :p] @ covariance @ one[..., :p].transpose(0, 2, 1)
        slope += [float((m * d).sum()) for d in derivatives]
    return value, slope, b, covariance


def _variance(block: TrialBlock, structure: str, parameters: np.ndarray) -> tuple[np.ndarray, list[np.ndarray]]:
    """V of each trial and its derivatives in the parameters."""
    n = block.rows.shape[1]
    one, all_ones = np.eye(n), np.ones((n, n))
    if structure == "ID":
        return block.sampling + parameters[0] * one, [np.broadcast_to(one, block.sampling.shape)]
    first, second = parameters
    if structure == "nested":
        shapes = [np.broadcast_to(part, block.sampling.shape) for part in (all_ones, one)]
        return block.sampling + first * all_ones + second * one, shapes
    if structure == "CS":
        alike = np.broadcast_to(second * all_ones + (1 - second) * one, block.sampling.shape)
        change = np.broadcast_to(all_ones - one, block.sampling.shape)
    else:
        alike = np.where(block.weeks == 0, 1.0, second**block.weeks)
        change = np.where(block.weeks == 0, 0.0, block.weeks * second ** (block.weeks - 1))
    return block.sampling + first * alike, [alike, first * change]


def _bounds(blocks: list[TrialBlock], structure: str) -> tuple[np.ndarray, np.ndarray]:
    if structure == "ID":
        return np.array([0.0]), np.array([np.inf])
    if structure == "nested":
        return np.zeros(2), np.full(2, np.inf)
    largest = max(block.rows.shape[1] for block in blocks)
    lowest = -1 / (largest - 1) if structure == "CS" else 1e-9  # CAR: no correlation at all is its limit
    return np.array([0.0, lowest]), np.array([np.inf, 1.0])


def _starts(structure: str, low: np.ndarray, high: np.ndarray) -> list[np.ndarray]:
    if structure == "ID":
        return [np.array([one]) for one in (0.05, 1.0)]
    if structure == "nested":
        return [np.array(one) for one in ((0.5, 0.5), (0.9, 0.05), (0.05, 0.9), (0.01, 0.01))]
    return [np.array([one, rho]) for one in (0.1, 1.0) for rho in (max(low[1] / 2, 0.02), 0.5, 0.95)]


def _polish(
    height: Callable[[np.ndarray], tuple[float, np.ndarray]], state: np.ndarray, low: np.ndarray, high: np.ndarray
) -> np.ndarray:
    """Newton steps on the parameters inside their bounds, with the Hessian from differences of the exact slope."""
    for _ in range(STEPS):
        value, slope = height(state)
        free = np.flatnonzero((state > low) & (state < high))
        if not len(free):
            break
        hessian = np.zeros((len(free), len(free)))
        for place, i in enumerate(free):
            width = min(1e-5 * max(abs(state[i]), 1e-3), (state[i] - low[i]) / 2, (high[i] - state[i]) / 2)
            shift = np.zeros(len(state))
            shift[i] = width
            hessian[place] = (height(state + shift)[1] - height(state - shift)[1])[free] / (2 * width)
        hessian = (hessian + hessian.T) / 2
        if np.linalg.eigvalsh(hessian)[0] <= 0:
            break
        new = state.copy()
        new[free] = np.clip(state[free] - np.linalg.solve(hessian, slope[free]), low[free], high[free])
        if height(new)[0] > value + 1e-9 * (1 + abs(value)):
            break
        done = np.abs(new - state).max() <= 1e-12 * (1 + np.abs(new).max())
        state = new
        if done:
            break
    return state


def _result(
    blocks: list[TrialBlock], x: np.ndarray, y: np.ndarray, structure: str, parameters: np.ndarray, *, restricted: bool
) -> VarianceFit:
    k, p = x.shape
    value, _, b, covariance = deviance(blocks, x, y, structure, parameters, restricted=restricted)
    value += (k - p if restricted else k) * np.log(2 * np.pi)
    value -= float(np.linalg.slogdet(x.T @ x)[1]) if restricted else 0.0  # metafor's constant
    qe, trace = _at_zero(blocks, x, y)
    return VarianceFit(tuple(map(float, parameters)), b, covariance, -value / 2, qe, trace)


def _at_zero(blocks: list[TrialBlock], x: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """With the sampling covariance alone: the weighted residual sum (QE) and tr P."""
    p, both = x.shape[1], np.column_stack([x, y])
    total, square, trace = np.zeros((p + 1, p + 1)), np.zeros((p, p)), 0.0
    for block in blocks:
        w, z = np.linalg.inv(block.sampling), both[block.rows]
        solved = w @ z
        total += np.tensordot(z, solved, axes=([0, 1], [0, 1]))
        square += np.tensordot(solved[..., :p], solved[..., :p], axes=([0, 1], [0, 1]))
        trace += float(np.einsum("bii->", w))
    inverse = np.linalg.inv(total[:p, :p])
    qe = total[p, p] - total[:p, p] @ inverse @ total[:p, p]
    return float(qe), trace - float(np.trace(inverse @ square))
