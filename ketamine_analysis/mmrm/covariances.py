"""Covariance structures of repeated measures: parameters ↔ matrix, with first and second derivatives.

The parameters are those of R's mmrm, because the full Kenward–Roger form depends on them: logarithms of standard
deviations, then each correlation ρ as φ = ρ / √(1 − ρ²). `us` is the Cholesky factor D·L: the logarithms of D, then the
rows of the unit lower triangle L. `cs` and `csh` take the logit of ρ's place between its lower bound −1/(T − 1) and 1;
`sp_exp` is σ²·ρ^days with the logit of ρ.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import special

Derivatives = tuple[np.ndarray, np.ndarray, np.ndarray]  # matrix, by each parameter, by each pair of parameters
ONE_THREAD = 200_000  # multiplications that OpenBLAS does not share among threads
FURTHEST = 0.95  # a starting correlation lies within ± this


@dataclass(frozen=True)
class Structure:
    """One structure: its name in words, whether every visit has a variance of its own, and its correlations.

    correlation : (parameters, days) → the correlation matrix and its derivatives; None for `us`.
    lags : how many correlation parameters T visits need. start : their values from a rough correlation matrix.
    """

    words: str
    own_variances: bool
    lags: Callable[[int], int]
    correlation: Callable[[np.ndarray, np.ndarray], Derivatives] | None = None
    start: Callable[[np.ndarray, np.ndarray], np.ndarray] | None = None


def count_parameters(name: str, visits: int) -> int:
    """How many parameters a structure has for so many visits.

    >>> [count_parameters(name, 4) for name in ("us", "toeph", "ar1h", "cs")]
    [10, 7, 5, 2]
    """
    structure = STRUCTURES[name]
    return (visits if structure.own_variances else 1) + structure.lags(visits)


def covariance_derivatives(name: str, theta: np.ndarray, days: np.ndarray) -> Derivatives:
    """The T × T covariance, its first (K × T × T) and its second derivatives (K × K × T × T) by the parameters.

    days : of the T visits; only `sp_exp` uses their values, the others their number and order.

    >>> covariance_derivatives("cs", np.array([0.0, 0.0]), np.arange(2.0))[0].tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    """
    structure = STRUCTURES[name]
    if structure.correlation is None:
        return _unstructured(theta, days.size)
    t = days.size
    spread = _own_spread(t) if structure.own_variances else np.full((1, t, t), 2.0)
    k = len(spread)
    corr, corr_1, corr_2 = structure.correlation(theta[k:], days)
    scale = np.exp(np.tensordot(theta[:k], spread, 1))
    sigma, by_corr = scale * corr, scale * corr_1
    mixed = spread[:, None] * by_corr
    second = np.empty((k + len(by_corr),) * 2 + (t, t), sigma.dtype)
    second[:k, :k] = spread[:, None] * spread * sigma
    second[:k, k:], second[k:, :k], second[k:, k:] = mixed, mixed.swapaxes(0, 1), scale * corr_2
    return sigma, np.concatenate([spread * sigma, by_corr]), second


def starting_values(name: str, rough: np.ndarray, days: np.ndarray) -> np.ndarray:
    """Parameters near a rough, positive definite covariance matrix."""
    structure = STRUCTURES[name]
    if structure.start is None or structure.correlation is None:
        factor = np.linalg.cholesky(rough)
        unit = factor / np.diag(factor)[:, None]
        return np.concatenate([np.log(np.diag(factor)), unit[np.tril_indices(days.size, -1)]])
    variance = np.diag(rough)
    deviation = np.log(variance if structure.own_variances else variance.mean(keepdims=True)) / 2
    phi = structure.start(rough / np.sqrt(variance[:, None] * variance), days)
    for _ in range(40):  # averages over a band need not be a correlation matrix: towards independence until they are
        if np.linalg.eigvalsh(structure.correlation(phi, days)[0])[0] > 1e-6:
            break
        phi = 0.8 * phi
    return np.concatenate([deviation, phi])


def multiply(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """a @ b by slices of a that BLAS works in one thread: handing small products around costs more than they do."""
    rows = max(1, ONE_THREAD // (a.shape[1] * b.shape[1]))
    if not rows < len(a) < 500 * rows:
        return a @ b
    product = np.empty((len(a), b.shape[1]), np.result_type(a, b))
    for begin in range(0, len(a), rows):
        np.matmul(a[begin : begin + rows], b, out=product[begin : begin + rows])
    return product


def _own_spread(t: int) -> np.ndarray:
    """∂ log(sᵢsⱼ) / ∂ log s_k: how often visit k takes part in element ij."""
    one = np.eye(t)
    return one[:, :, None] + one[:, None, :]


def _unstructured(theta: np.ndarray, t: int) -> Derivatives:
    scale = np.exp(theta[:t])
    row, column = np.tril_indices(t, -1)
    unit = np.eye(t, dtype=theta.dtype)
    unit[row, column] = theta[t:]
    factor = scale[:, None] * unit
    k = len(theta)
    first = np.zeros((k, t, t), theta.dtype)
    visit, below = np.arange(t), t + np.arange(len(row))
    first[visit, visit] = factor
    first[below, row, column] = scale[row]
    flat = first.reshape(k * t, t)
    second = multiply(flat, flat.T).reshape(k, t, k, t).transpose(0, 2, 1, 3)
    second = second + second.swapaxes(2, 3)
    # the factor's own second derivatives: by log d twice its row, by log d and an element of that row the element
    twice = np.zeros((t, t, t), theta.dtype)
    twice[visit, visit] = factor
    bend = twice @ factor.T
    second[visit, visit] += bend + bend.swapaxes(1, 2)
    bend = first[below] @ factor.T
    bend = bend + bend.swapaxes(1, 2)
    second[row, below] += bend
    second[below, row] += bend
    slope = first @ factor.T
    return factor @ factor.T, slope + slope.swapaxes(1, 2), second


def _bounded(phi: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """ρ = φ / √(1 + φ²) with its two derivatives."""
    inside = 1 / (1 + phi * phi)
    return phi * np.sqrt(inside), inside**1.5, -3 * phi * inside**2.5


def _unbounded(rho: np.ndarray) -> np.ndarray:
    rho = np.clip(rho, -FURTHEST, FURTHEST)
    return rho / np.sqrt(1 - rho**2)


def _lag(days: np.ndarray) -> np.ndarray:
    order = np.arange(days.size)
    return np.abs(order[:, None] - order)


def _toeplitz(phi: np.ndarray, days: np.ndarray) -> Derivatives:
    rho, slope, bend = _bounded(phi)
    lag, places = _lag(days), np.arange(len(phi))
    band = (lag == places[:, None, None] + 1).astype(float)
    second = np.zeros((len(phi), len(phi), *lag.shape), phi.dtype)
    second[places, places] = bend[:, None, None] * band
    return (lag == 0) + np.tensordot(rho, band, 1), slope[:, None, None] * band, second


def _exchangeable(phi: np.ndarray, days: np.ndarray) -> Derivatives:
    lowest = -1 / (days.size - 1)
    share = 1 / (1 + np.exp(-phi))
    slope = (1 - lowest) * share * (1 - share)
    apart = 1 - np.eye(days.size)
    rho = lowest + (1 - lowest) * share
    return rho * apart + np.eye(days.size), (slope * apart)[None], (slope * (1 - 2 * share) * apart)[None, None]


def _autoregressive(phi: np.ndarray, days: np.ndarray) -> Derivatives:
    (rho,), (slope,), (bend,) = _bounded(phi)
    m = _lag(days)
    power, by_rho = rho**m, m * rho ** np.maximum(m - 1, 0)
    by_rho_twice = m * (m - 1) * rho ** np.maximum(m - 2, 0)
    return power, (slope * by_rho)[None], (slope**2 * by_rho_twice + bend * by_rho)[None, None]


def _antedependent(phi: np.ndarray, days: np.ndarray) -> Derivatives:
    """Element ij is the product of the correlations of the neighbouring visits between i and j."""
    rho, slope, bend = _bounded(phi)
    order, count = np.arange(days.size), len(phi)
    low, high = np.minimum(order[:, None], order), np.maximum(order[:, None], order)
    between = np.stack([(low <= step) & (step < high) for step in range(count)])
    terms = np.where(between, rho[:, None, None], 1.0)
    second = np.zeros((count, count, *low.shape), phi.dtype)
    first = np.zeros((count, *low.shape), phi.dtype)
    for i in range(count):
        rest = np.prod(np.delete(terms, i, 0), 0) * between[i]
        first[i], second[i, i] = slope[i] * rest, bend[i] * rest
        for j in range(i):
            both = np.prod(np.delete(terms, (i, j), 0), 0) * (between[i] & between[j])
            second[i, j] = second[j, i] = slope[i] * slope[j] * both
    return np.prod(terms, 0), first, second


def _spatial(phi: np.ndarray, days: np.ndarray) -> Derivatives:
    apart = np.abs(days[:, None] - days)
    log_rho, rho = -np.log1p(np.exp(-phi[0])), 1 / (1 + np.exp(-phi[0]))
    corr = np.exp(apart * log_rho)
    slope = apart * (1 - rho)
    return corr, (slope * corr)[None], ((slope**2 - slope * rho) * corr)[None, None]


def _start_lags(corr: np.ndarray, days: np.ndarray) -> np.ndarray:
    return _unbounded(np.array([np.diag(corr, lag).mean() for lag in range(1, days.size)]))


def _start_first_lag(corr: np.ndarray, days: np.ndarray) -> np.ndarray:
    return _start_lags(corr, days)[:1]


def _start_neighbours(corr: np.ndarray, days: np.ndarray) -> np.ndarray:
    return _unbounded(np.diag(corr, 1))


def _start_mean(corr: np.ndarray, days: np.ndarray) -> np.ndarray:
    lowest = -1 / (days.size - 1)
    share = (corr[np.tril_indices(days.size, -1)].mean(keepdims=True) - lowest) / (1 - lowest)
    return special.logit(np.clip(share, 0.05, 0.95))


def _start_per_day(corr: np.ndarray, days: np.ndarray) -> np.ndarray:
    pairs = np.tril_indices(days.size, -1)
    logs = np.log(np.clip(corr[pairs], 0.05, FURTHEST))
    apart = np.abs(days[:, None] - days)[pairs]
    return special.logit(np.clip(np.exp((logs / apart).mean(keepdims=True)), 1e-4, 1 - 1e-6))


def _one(visits: int) -> int:
    return 1


def _steps(visits: int) -> int:
    return visits - 1


def _pairs(visits: int) -> int:
    return visits * (visits - 1) // 2


STRUCTURES = {
    "us": Structure("unstructured", True, _pairs),
    "toeph": Structure("heterogeneous Toeplitz", True, _steps, _toeplitz, _start_lags),
    "toep": Structure("Toeplitz", False, _steps, _toeplitz, _start_lags),
    "ar1h": Structure("heterogeneous first-order autoregressive", True, _one, _autoregressive, _start_first_lag),
    "ar1": Structure("first-order autoregressive", False, _one, _autoregressive, _start_first_lag),
    "csh": Structure("heterogeneous compound symmetry", True, _one, _exchangeable, _start_mean),
    "cs": Structure("compound symmetry", False, _one, _exchangeable, _start_mean),
    "adh": Structure("heterogeneous ante-dependence", True, _steps, _antedependent, _start_neighbours),
    "sp_exp": Structure("spatial exponential in real time", False, _one, _spatial, _start_per_day),
}
