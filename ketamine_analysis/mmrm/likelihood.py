"""The likelihood of an MMRM from sums: value, gradient, Hessian, at a cost that does not know the number of patients.

Patients who were seen at the same visits (a pattern) share a covariance matrix, and the likelihood sees them only
through the sums of products of their covariates z and outcomes y. W = Σ⁻¹ of the visits seen, with zero rows and
columns for the others, lets all patterns be worked in one array. Formulas: Lindstrom & Bates 1988 (J Am Stat Assoc
83:1014); Wolfinger, Tobias & Sall 1994 (SIAM J Sci Comput 15:1294).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .covariances import count_parameters, covariance_derivatives, multiply

CHUNK = 2**22  # numbers in the largest temporary array: patterns are worked in parts no larger


@dataclass(frozen=True)
class Moments:
    """Sums of products within each pattern of visits seen (and each group with a covariance of its own).

    seen : patterns × visits. n : patients of each. group : index of its covariance. zz, zy, yy : sums of products of
    the covariates z and the outcomes y (unseen ones count 0), both measured from their origin.
    """

    seen: np.ndarray
    n: np.ndarray
    group: np.ndarray
    zz: np.ndarray
    zy: np.ndarray
    yy: np.ndarray


@dataclass(frozen=True)
class Model:
    """What is fitted: structure, visits and their days, groups with their own covariance, REML or ML, fixed effects.

    columns : (T·q) × P; the coefficient of z_a at visit t (row t·q + a) as a sum of fixed effects.
    """

    structure: str
    visits: tuple[str, ...]
    days: np.ndarray
    groups: int
    restricted: bool
    columns: np.ndarray

    @property
    def parameters(self) -> int:
        """Covariance parameters of one group."""
        return count_parameters(self.structure, self.days.size)


@dataclass(frozen=True)
class Likelihood:
    """The likelihood at one point. Derivatives are of −log L by the covariance parameters.

    coefficients, covariance : of the fixed effects (generalised least squares and its model-based covariance).
    slopes : ∂(X′WX)/∂θ (K × P × P). fisher : expected information of θ, without the restricted part.
    """

    log_likelihood: float
    gradient: np.ndarray
    hessian: np.ndarray
    fisher: np.ndarray
    coefficients: np.ndarray
    covariance: np.ndarray
    slopes: np.ndarray


@dataclass(frozen=True)
class Weights:
    """W and the logarithm of |Σ| of each pattern under one group's covariance, with the derivatives of Σ."""

    rows: np.ndarray
    w: np.ndarray
    log_determinant: np.ndarray
    first: np.ndarray
    second: np.ndarray


def evaluate(moments: Moments, model: Model, theta: np.ndarray) -> Likelihood | None:
    """Value, gradient and Hessian at the parameters of all groups; None where a covariance matrix does not exist."""
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):  # far from any covariance: not finite, so None
        point = _evaluate(moments, model, theta)
    if point is None or not (np.isfinite(point.log_likelihood) and np.isfinite(point.hessian).all()):
        return None
    return point


def weigh(moments: Moments, model: Model, theta: np.ndarray) -> list[Weights] | None:
    """Each group's W by pattern; None where a matrix is not positive definite."""
    groups = []
    for group, part in enumerate(np.split(theta, model.groups)):
        sigma, first, second = covariance_derivatives(model.structure, part, model.days)
        variance = np.diag(sigma)
        if not np.isfinite(first).all() or (variance <= 0).any():
            return None
        deviation = np.sqrt(variance)
        rows = np.flatnonzero(moments.group == group)
        seen = moments.seen[rows].astype(float)
        pairs = seen[:, :, None] * seen[:, None, :]
        corr = sigma / (deviation[:, None] * deviation) * pairs
        t = np.arange(model.days.size)
        corr[:, t, t] = 1.0
        try:
            factor = np.linalg.cholesky(corr)
        except np.linalg.LinAlgError:
            return None
        root = np.linalg.inv(factor)
        w = (root.swapaxes(1, 2) @ root) * pairs / (deviation[:, None] * deviation)
        log_determinant = 2 * np.log(factor[:, t, t]).sum(1) + seen @ np.log(variance)
        groups.append(Weights(rows, w, log_determinant, first, second))
    return groups


def weighted_products(moments: Moments, model: Model, rows: np.ndarray, w: np.ndarray) -> np.ndarray:
    """Σ over patterns of X′wX, as P × P, for weights w (patterns × … × T × T; the axes between are kept)."""
    between, (t, q) = w.shape[1:-2], (w.shape[-1], moments.zz.shape[-1])
    flat = multiply(w.reshape(len(rows), -1).T, moments.zz[rows].reshape(len(rows), q * q))
    sums = np.moveaxis(flat.reshape(*between, t, t, q, q), -2, -3).reshape(*between, t * q, t * q)
    return model.columns.T @ sums @ model.columns


def residual_products(moments: Moments, model: Model, w: np.ndarray) -> tuple[np.ndarray, int]:
    """Residual sums of products by pattern of the fit with weights w, and how many fixed effects it estimated."""
    information = weighted_products(moments, model, np.arange(len(w)), w)
    score = model.columns.T @ np.tensordot(w, moments.zy, ([0, 2], [0, 2])).ravel()
    coefficients = np.linalg.solve(information, score)
    return _residual(moments, model, coefficients), len(coefficients)


def invert(information: np.ndarray) -> tuple[np.ndarray, float] | None:
    """Inverse and log determinant of a positive definite matrix, whatever the units of its rows."""
    diagonal = np.diag(information)
    if not (diagonal > 0).all():
        return None
    scale = 1 / np.sqrt(diagonal)
    try:
        factor = np.linalg.cholesky(information * scale[:, None] * scale)
    except np.linalg.LinAlgError:
        return None
    root = np.linalg.inv(factor) * scale
    return root.T @ root, 2 * float(np.log(np.diag(factor) / scale).sum())


def _evaluate(moments: Moments, model: Model, theta: np.ndarray) -> Likelihood | None:
    groups = weigh(moments, model, theta)
    if groups is None:
        return None
    information, score = _normal_equations(moments, model, groups)
    inverse = invert(information)
    if inverse is None:
        return None
    covariance, log_determinant = inverse
    coefficients = covariance @ score
    residual = _residual(moments, model, coefficients)
    total = residual + _taken(moments, model, covariance) if model.restricted else residual
    deviance = log_determinant if model.restricted else 0.0
    used = moments.n @ moments.seen.sum(1) - (len(coefficients) if model.restricted else 0)
    deviance += used * np.log(2 * np.pi)
    for part in groups:
        deviance += moments.n[part.rows] @ part.log_determinant + np.vdot(part.w, residual[part.rows])
    derivatives = [_group_derivatives(moments, model, part, total, coefficients) for part in groups]
    return _assemble(model, -deviance / 2, derivatives, coefficients, covariance)


def _normal_equations(moments: Moments, model: Model, groups: list[Weights]) -> tuple[np.ndarray, np.ndarray]:
    p, (t, q) = model.columns.shape[1], (model.days.size, moments.zz.shape[-1])
    information, weighted = np.zeros((p, p)), np.zeros((t, q))
    for part in groups:
        information += weighted_products(moments, model, part.rows, part.w)
        weighted += np.tensordot(part.w, moments.zy[part.rows], ([0, 2], [0, 2]))
    return information, model.columns.T @ weighted.ravel()


def _residual(moments: Moments, model: Model, coefficients: np.ndarray) -> np.ndarray:
    """Residual sums of products of each pattern."""
    by_visit = (model.columns @ coefficients).reshape(moments.seen.shape[1], -1)
    cross = by_visit @ moments.zy
    pairs = moments.seen[:, :, None] & moments.seen[:, None, :]
    return pairs * (moments.yy - cross - cross.swapaxes(1, 2) + by_visit @ moments.zz @ by_visit.T)


def _taken(moments: Moments, model: Model, covariance: np.ndarray) -> np.ndarray:
    """What estimating the fixed effects takes from the residual sums of products, by expectation."""
    t, q = moments.seen.shape[1], moments.zz.shape[-1]
    spread = (model.columns @ covariance @ model.columns.T).reshape(t, q, t, q).transpose(1, 3, 0, 2)
    taken = moments.zz.reshape(-1, q * q) @ spread.reshape(q * q, t * t)
    return taken.reshape(-1, t, t)


def _group_derivatives(
    moments: Moments, model: Model, part: Weights, total: np.ndarray, coefficients: np.ndarray
) -> tuple[np.ndarray, ...]:
    """One group's share: gradient and direct Hessian of −2 log L, Fisher information, slopes of X′WX and of X′Wr."""
    k, t = part.first.shape[:2]
    n, w = moments.n[part.rows][:, None, None], part.w
    within = w @ total[part.rows] @ w
    slack = (n * w - within).sum(0)
    flat = part.first.reshape(k, t * t)
    direct = multiply(multiply(flat, _pair_products(w, 2 * within - n * w)), flat.T)
    direct += np.einsum("klts,ts->kl", part.second, slack)
    fisher = multiply(multiply(flat, _pair_products(w, n * w)), flat.T) / 2
    by_visit = (model.columns @ coefficients).reshape(t, -1)
    left = moments.zy[part.rows].swapaxes(1, 2) - by_visit @ moments.zz[part.rows]
    p = model.columns.shape[1]
    slopes, score = np.zeros((k, p, p)), np.zeros((k, p))
    size = max(1, CHUNK // (k * t * t))
    for begin in range(0, len(part.rows), size):
        some = slice(begin, begin + size)
        change = -_sandwich(w[some], part.first)
        slopes += weighted_products(moments, model, part.rows[some], change)
        score += (change.reshape(len(change), k * t, t) @ left[some]).sum(0).reshape(k, -1) @ model.columns
    return flat @ slack.ravel(), direct, fisher, slopes, score


def _pair_products(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Σ over patterns of a[j,k]·b[l,i] as the T² × T² matrix with rows ij and columns kl."""
    t = a.shape[1]
    sums = multiply(a.reshape(len(a), -1).T, b.reshape(len(b), -1)).reshape(t, t, t, t)  # j, k, l, i
    return sums.transpose(3, 0, 1, 2).reshape(t * t, t * t)


def _sandwich(w: np.ndarray, first: np.ndarray) -> np.ndarray:
    """w·Σ_k·w for each pattern and parameter: patterns × K × T × T."""
    (n, t), k = w.shape[:2], len(first)
    half = multiply(w.reshape(n * t, t), first.transpose(1, 0, 2).reshape(t, k * t)).reshape(n, t, k, t)
    return (half.transpose(0, 2, 1, 3).reshape(n, k * t, t) @ w).reshape(n, k, t, t)


def _assemble(
    model: Model,
    log_likelihood: float,
    derivatives: list[tuple[np.ndarray, ...]],
    coefficients: np.ndarray,
    covariance: np.ndarray,
) -> Likelihood:
    gradient, slopes, score = (np.concatenate([part[place] for part in derivatives]) for place in (0, 3, 4))
    k = len(gradient)
    hessian, fisher = np.zeros((k, k)), np.zeros((k, k))
    for place, part in enumerate(derivatives):
        own = slice(place * model.parameters, (place + 1) * model.parameters)
        hessian[own, own], fisher[own, own] = part[1], part[2]
    hessian -= 2 * score @ covariance @ score.T
    if model.restricted:
        by_parameter = covariance @ slopes
        hessian -= multiply(by_parameter.reshape(k, -1), by_parameter.swapaxes(1, 2).reshape(k, -1).T)
    return Likelihood(log_likelihood, gradient / 2, (hessian + hessian.T) / 4, fisher, coefficients, covariance, slopes)
