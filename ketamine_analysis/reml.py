"""The Gaussian (restricted) likelihood of correlated effects: y = Xb + e, blocks of trials independent.

V of a trial = τ² f f' ∘ C + ω² I + S, with S the sampling covariance, f the shape at its times and C the
correlation of a trial's own sizes between classes (1 within a class, ½ between). Blocks of one size are solved
together; real and complex numbers alike, so that a complex step gives exact gradients.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import optimize

BETWEEN_CLASSES = 0.5  # what equal heterogeneity of every contrast implies (Higgins & Whitehead 1996)
STEP = 1e-30


@dataclass(frozen=True)
class Blocks:
    """Trials of one size n: positions of their rows (B × n), their S and C (B × n × n)."""

    rows: np.ndarray
    sampling: np.ndarray
    shared: np.ndarray


def make_blocks(trial: np.ndarray, classes: np.ndarray, sampling: np.ndarray) -> list[Blocks]:
    """The rows of each trial as blocks, grouped by size. sampling : the full k × k sampling covariance."""
    members: dict[object, list[int]] = {}
    for row, name in enumerate(trial):
        members.setdefault(name, []).append(row)
    blocks = []
    for size in sorted({len(rows) for rows in members.values()}):
        rows = np.array([one for one in members.values() if len(one) == size])
        same = classes[rows][:, :, None] == classes[rows][:, None, :]
        blocks.append(Blocks(rows, sampling[rows[:, :, None], rows[:, None, :]], np.where(same, 1.0, BETWEEN_CLASSES)))
    return blocks


@dataclass(frozen=True)
class Moments:
    """X'V⁻¹X, X'V⁻¹y, y'V⁻¹y and log|V|, all that the likelihood needs."""

    xx: np.ndarray
    xy: np.ndarray
    yy: Any
    log_det: Any

    def coefficients(self) -> np.ndarray:
        """Generalised least squares."""
        return np.linalg.solve(self.xx, self.xy)

    def deviance(self, *, restricted: bool) -> Any:
        """−2 log-likelihood without its constant, b profiled out; restricted: + log|X'V⁻¹X|."""
        value = self.log_det + self.yy - self.xy @ self.coefficients()
        return value + _log_det(self.xx) if restricted else value


def moments(blocks: list[Blocks], x: np.ndarray, y: np.ndarray, f: np.ndarray, tau: Any, omega: Any) -> Moments:
    """The moments at standard deviations tau (a trial's own size) and omega (left over at a time)."""
    p = x.shape[1]
    both = np.column_stack([x, y])
    total = np.zeros((p + 1, p + 1), dtype=np.result_type(both, f, tau, omega))
    log_det: Any = 0.0
    for block in blocks:
        g, z = f[block.rows], both[block.rows]
        v = tau**2 * g[:, :, None] * g[:, None, :] * block.shared + block.sampling
        n = v.shape[1]
        v = v + omega**2 * np.eye(n)
        if n == 1:
            solved = z / v
            log_det = log_det + np.log(v).sum()
        else:
            solved = np.linalg.solve(v, z)
            log_det = log_det + _log_det(v).sum()
        total += np.einsum("bni,bnj->ij", z, solved)
    return Moments(total[:p, :p], total[:p, p], total[p, p], log_det)


def exact_gradient(function: Callable[[np.ndarray], Any], at: np.ndarray) -> np.ndarray:
    """The gradient by a complex step: exact to rounding, no differences taken (Squire & Trapp 1998)."""
    steps = at.astype(complex) + 1j * STEP * np.eye(len(at))
    return np.array([np.imag(function(one)) / STEP for one in steps])


def minimize(
    function: Callable[[np.ndarray], Any], starts: list[np.ndarray], bounds: list[tuple[float, float]]
) -> optimize.OptimizeResult:
    """The lowest of the minima reached from the starts, by L-BFGS-B with exact gradients."""
    found = [
        optimize.minimize(
            lambda at: (float(np.real(function(at))), exact_gradient(function, at)), start, jac=True,
            method="L-BFGS-B", bounds=bounds, options={"maxiter": 500, "ftol": 1e-13, "gtol": 1e-8},
        )
        for start in starts
    ]  # fmt: skip
    return min(found, key=lambda one: one.fun)


def _log_det(v: np.ndarray) -> np.ndarray:
    sign, value = np.linalg.slogdet(v)
    return value + np.log(sign) if np.iscomplexobj(v) else value
