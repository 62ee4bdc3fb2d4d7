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
COARSE = 12  # turns
BETWEEN_CLASSES = 0.5  # what equal heterogeneity of every contrast implies (Higgins & Whitehead 1996)


@dataclass(frozen=True)
class Blocks:
    """Trials of up to n rows: positions of their rows (B × n), 1 where there is one, their S and C (B × n × n).

    A trial with fewer rows is filled up with rows of variance 1 that are nobody's: they add nothing to any sum.
    """

    rows: np.ndarray
    present: np.ndarray
    sampling: np.ndarray
    shared: np.ndarray

    def variance(self, g: np.ndarray, tau2: float, omega2: float) -> np.ndarray:
        """V of each trial; g : the shape at its rows, 0 where there is none."""
        v = tau2 * g[:, :, None] * g[:, None, :] * self.shared + self.sampling
        v.reshape(len(v), -1)[:, :: v.shape[1] + 1] += omega2 * self.present
        return v

    def put(self, target: np.ndarray, values: np.ndarray) -> None:
        """Writes values (B × n) where their rows are."""
        there = self.present > 0
        target[self.rows[there]] = values[there]


def make_blocks(trial: np.ndarray, classes: np.ndarray, sampling: Callable[[np.ndarray], np.ndarray]) -> list[Blocks]:
    """The rows of each trial, like sizes together. sampling : positions (B × n) → covariances (B × n × n)."""
    members: dict[object, list[int]] = {}
    for row, name in enumerate(trial):
        members.setdefault(name, []).append(row)
    rooms: dict[int, list[list[int]]] = {}
    for one in members.values():  # one block for all single looks, one for 2 to 8, then for up to twice as many
        rooms.setdefault(1 if len(one) == 1 else max(8, 1 << (len(one) - 1).bit_length()), []).append(one)
    return [_block(rooms[room], classes, sampling) for room in sorted(rooms)]


def _block(trials: list[list[int]], classes: np.ndarray, sampling: Callable[[np.ndarray], np.ndarray]) -> Blocks:
    n = max(map(len, trials))
    rows, present = np.zeros((len(trials), n), int), np.zeros((len(trials), n))
    s, c = np.tile(np.eye(n), (len(trials), 1, 1)), np.zeros((len(trials), n, n))
    for size in {len(one) for one in trials}:
        those = [place for place, one in enumerate(trials) if len(one) == size]
        own = np.array([trials[place] for place in those])
        rows[those, :size], present[those, :size] = own, 1.0
        s[those, :size, :size] = sampling(own)
        same = classes[own][:, :, None] == classes[own][:, None, :]
        c[those, :size, :size] = np.where(same, 1.0, BETWEEN_CLASSES)
    return Blocks(rows, present, s, c)


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
    total, log_det, parts = np.zeros((p + 1, p + 1)), 0.0, []
    for block in blocks:
        g, z = f[block.rows] * block.present, both[block.rows] * block.present[:, :, None]
        v = block.variance(g, tau2, omega2)
        single = v.shape[1] == 1  # most trials look once
        log_det += float((np.log(v) if single else np.linalg.slogdet(v)[1]).sum())
        w = 1 / v if single else np.linalg.inv(v)
        solved = w * z if single else w @ z
        parts.append((block, g, w, solved))
        total += z.reshape(-1, p + 1).T @ solved.reshape(-1, p + 1)
    information = total[:p, :p]
    information[np.abs(information) < NOTHING] = 0.0  # a curve that is 0 at every look has no size
    inverse = _pseudo_inverse(information)
    b = inverse @ total[:p, p]
    value = log_det + total[p, p] - total[:p, p] @ b
    value += float(np.linalg.slogdet(information)[1]) if restricted else 0.0
    u, by_shape, by_tau2, by_omega2 = np.zeros(len(y)), np.zeros(len(y)), 0.0, 0.0
    for block, g, w, solved in parts:
        own = solved[..., p] - solved[..., :p] @ b
        m = w - own[:, :, None] * own[:, None, :]
        if restricted:
            m -= solved[..., :p] @ inverse @ solved[..., :p].transpose(0, 2, 1)
        along = ((m * block.shared) @ g[:, :, None])[:, :, 0]
        block.put(u, own)
        block.put(by_shape, 2 * tau2 * along)
        by_tau2 += float(np.vdot(g, along))
        by_omega2 += float(np.vdot(np.diagonal(m, axis1=1, axis2=2), block.present))
    return Likelihood(float(value), b, information, u, by_shape, by_tau2, by_omega2)


def _pseudo_inverse(information: np.ndarray) -> np.ndarray:
    """numpy's `pinv(…, hermitian=True)`, in a fifth of its time."""
    w, q = np.linalg.eigh(information)
    kept = w > 1e-15 * w[-1]
    return (q[:, kept] / w[kept]) @ q[:, kept].T


def minimize(
    function: Callable[[np.ndarray], tuple[float, np.ndarray]],
    starts: list[np.ndarray],
    bounds: list[tuple[float, float]],
    scale: np.ndarray,
    *,
    coarse: int = COARSE,
    rough: bool = False,
) -> optimize.OptimizeResult:
    """The minimum below the lowest point reached from the starts, by L-BFGS-B; function : value and gradient.

    scale : what counts as a step of order 1 in each parameter. Variances, not standard deviations, are parameters:
    the deviance of a standard deviation is flat at 0 and would hold the search there. coarse : turns from each of
    several starts, before the best is followed to its end. rough : to 1e-6 of a deviance,
    enough for a profile.
    """
    if rough:
        return min((_descend(function, start, bounds, scale, 500, 1e-9) for start in starts), key=lambda one: one.fun)
    found = [_descend(function, start, bounds, scale, coarse if len(starts) > 1 else 500) for start in starts]
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
