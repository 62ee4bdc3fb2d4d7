"""The Gaussian (restricted) likelihood of correlated effects: y = Xb + e, blocks of trials independent.

V of a trial = τ² f f' ∘ C + ω² I + S, with S the sampling covariance, f the shape at its times and C the
correlation of a trial's own sizes between classes (1 within a class, ½ between). Blocks of one size are solved
together; the gradient comes with the value.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import optimize

NOTHING = 1e-150  # information too small to be inverted
COARSE = 12  # turns from each of several starts, before the best is followed to its end
BETWEEN_CLASSES = 0.5  # what equal heterogeneity of every contrast implies (Higgins & Whitehead 1996)


@dataclass(frozen=True)
class Blocks:
    """Trials of one size n: positions of their rows (B × n), their S and C (B × n × n)."""

    rows: np.ndarray
    sampling: np.ndarray
    shared: np.ndarray


def make_blocks(trial: np.ndarray, classes: np.ndarray, sampling: Callable[[np.ndarray], np.ndarray]) -> list[Blocks]:
    """The rows of each trial as blocks, grouped by size. sampling : positions (B × n) → covariances (B × n × n)."""
    members: dict[object, list[int]] = {}
    for row, name in enumerate(trial):
        members.setdefault(name, []).append(row)
    blocks = []
    for size in sorted({len(rows) for rows in members.values()}):
        rows = np.array([one for one in members.values() if len(one) == size])
        same = classes[rows][:, :, None] == classes[rows][:, None, :]
        blocks.append(Blocks(rows, sampling(rows), np.where(same, 1.0, BETWEEN_CLASSES)))
    return blocks


@dataclass(frozen=True)
class Likelihood:
    """−2 log-likelihood (without its constant) at a state, b profiled out, and what its derivatives need.

    by_tau2, by_omega2 : derivatives of the deviance. by_shape : per row, what a change of f adds to the deviance
    through V; u = V⁻¹(y − Xb), so that through the mean it adds −2 u · (change of the mean).
    """

    deviance: float
    b: np.ndarray
    information: np.ndarray
    u: np.ndarray
    by_shape: np.ndarray
    by_tau2: float
    by_omega2: float


def likelihood(
    blocks: list[Blocks], x: np.ndarray, y: np.ndarray, f: np.ndarray, spread: tuple[float, float], *, restricted: bool
) -> Likelihood:
    """The likelihood at spread = (τ², ω²): variance of a trial's own size, and of what is left at a time."""
    tau2, omega2 = spread
    p, both = x.shape[1], np.column_stack([x, y])
    total, log_det, inverses, solved = np.zeros((p + 1, p + 1)), 0.0, [], []
    for block in blocks:
        g, z = f[block.rows], both[block.rows]
        v = tau2 * g[:, :, None] * g[:, None, :] * block.shared + block.sampling
        v += omega2 * np.eye(v.shape[1])
        if v.shape[1] == 1:  # most trials look once
            log_det += float(np.log(v).sum())
            inverses.append(1 / v)
        else:
            log_det += float(np.linalg.slogdet(v)[1].sum())
            inverses.append(np.linalg.inv(v))
        solved.append(inverses[-1] @ z)
        total += z.reshape(-1, p + 1).T @ solved[-1].reshape(-1, p + 1)
    information = total[:p, :p]
    information[np.abs(information) < NOTHING] = 0.0  # a curve that is 0 at every look has no size
    inverse = np.linalg.pinv(information, hermitian=True)
    b = inverse @ total[:p, p]
    value = log_det + total[p, p] - total[:p, p] @ b
    value += float(np.linalg.slogdet(information)[1]) if restricted else 0.0
    u, by_shape, by_tau2, by_omega2 = np.zeros(len(y)), np.zeros(len(y)), 0.0, 0.0
    for block, w, one in zip(blocks, inverses, solved, strict=True):
        own = one[..., p] - one[..., :p] @ b
        m = w - own[:, :, None] * own[:, None, :]
        if restricted:
            m -= one[..., :p] @ inverse @ one[..., :p].transpose(0, 2, 1)
        along = np.einsum("bij,bj->bi", m * block.shared, f[block.rows])
        u[block.rows], by_shape[block.rows] = own, 2 * tau2 * along
        by_tau2 += float((f[block.rows] * along).sum())
        by_omega2 += float(np.einsum("bii->", m))
    return Likelihood(float(value), b, information, u, by_shape, by_tau2, by_omega2)


def minimize(
    function: Callable[[np.ndarray], tuple[float, np.ndarray]],
    starts: list[np.ndarray],
    bounds: list[tuple[float, float]],
    scale: np.ndarray,
    *,
    rough: bool = False,
) -> optimize.OptimizeResult:
    """The minimum below the lowest point reached from the starts, by L-BFGS-B; function : value and gradient.

    scale : what counts as a step of order 1 in each parameter. Variances, not standard deviations, are parameters:
    the deviance of a standard deviation is flat at 0 and would hold the search there. rough : to 1e-6 of a deviance,
    enough for a profile.
    """
    if rough:
        return min((_descend(function, start, bounds, scale, 500, 1e-9) for start in starts), key=lambda one: one.fun)
    found = [_descend(function, start, bounds, scale, COARSE if len(starts) > 1 else 500) for start in starts]
    best = min(found, key=lambda one: one.fun)
    return best if len(starts) == 1 else _descend(function, best.x, bounds, scale, 500)


def _descend(
    function: Callable[[np.ndarray], tuple[float, np.ndarray]],
    start: np.ndarray,
    bounds: list[tuple[float, float]],
    scale: np.ndarray,
    turns: int,
    ftol: float = 1e-13,
) -> optimize.OptimizeResult:
    def scaled(z: np.ndarray) -> tuple[float, np.ndarray]:
        value, gradient = function(z * scale)
        return value, gradient * scale

    limits = [(low / one, high / one) for (low, high), one in zip(bounds, scale, strict=True)]
    options = {"maxiter": turns, "ftol": ftol, "gtol": 1e-8}
    found = optimize.minimize(scaled, start / scale, jac=True, method="L-BFGS-B", bounds=limits, options=options)
    found.x = found.x * scale
    return found
