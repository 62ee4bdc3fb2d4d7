"""The maximum of an MMRM's likelihood: a start from moments, Newton steps on the exact Hessian, a check of the end."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ..errors import ConvergenceError
from .covariances import STRUCTURES, covariance_derivatives, starting_values
from .likelihood import Likelihood, Model, Moments, evaluate, invert, residual_products

STEPS, HALVINGS = 60, 40
LEAP = 2.0  # longest step against 1 + |parameter|; parameters are logarithms or of order one
FLAT = 1e-7  # curvature of the likelihood against the information expected, below which a parameter is not identified
NEAR = 1e-6  # gain still expected from a Newton step, below which steps are taken whole
CONSTANT = 1e-12  # share of a visit's sum of squares left by the fixed effects, below which it is rounding
SINGULAR = 1e-11  # smallest eigenvalue of the correlation matrix, below which it is degenerate
NO_CORRELATION = 0.01  # of the nearest two visits, below which a failed climb of `sp_exp` was on its way to 0
SURELY_NONE = 30.0  # −log correlation that is 0 to rounding
REMEDY = "fit fewer visits or fewer covariance parameters, such as covariance=('us', 'toeph', 'ar1h', 'cs')"


@dataclass(frozen=True)
class Fit:
    """The optimum: covariance parameters, the likelihood there, steps taken, and what was left of the gradient.

    gain : what one more Newton step promises the log-likelihood. parameter_covariance : inverse Hessian.
    boundary : says that a parameter ended at the end of its range, where it has no error; "" where none did.
    """

    theta: np.ndarray
    likelihood: Likelihood
    steps: int
    largest_gradient: float
    gain: float
    parameter_covariance: np.ndarray
    boundary: str = ""


def maximise(moments: Moments, model: Model) -> Fit:
    """The parameters at which the (restricted) likelihood is largest. Raises ConvergenceError, naming the remedy."""
    check_identified(moments, model)
    try:
        return _climb(moments, model, _start(moments, model))
    except ConvergenceError as failure:
        if model.structure == "sp_exp":
            return _uncorrelated(moments, model, failure)
        if STRUCTURES[model.structure].correlation is not None:
            raise
        fewest, wanted = _sparsest_visit(moments, model)
        if fewest <= wanted:
            words = (
                f"{failure.state['reason']}; a visit has {fewest:.0f} patients, its row asks for more than {wanted:.0f}"
            )
            raise _failure(model, words, None) from failure
    # an unstructured matrix that rough moments miss, as of visits correlated 0.999, lies near its structured neighbour
    near = replace(model, structure="csh")
    found = np.split(maximise(moments, near).theta, model.groups)
    sigmas = [covariance_derivatives("csh", part, model.days)[0] for part in found]
    return _climb(moments, model, np.concatenate([starting_values(model.structure, s, model.days) for s in sigmas]))


def _uncorrelated(moments: Moments, model: Model, failure: ConvergenceError) -> Fit:
    """The maximum at ρ = 0 of visits that are uncorrelated or less: an end of the range of ρ is an answer.

    Raises the failure where the climb did not run towards ρ = 0, or where the likelihood is lower there.
    """
    if failure.state["parameters"] is None:
        raise failure
    theta = np.array(failure.state["parameters"], float)
    nearest = np.diff(np.sort(model.days)).min()
    last = np.arange(1, model.groups + 1) * model.parameters - 1  # the logit of ρ of each group
    ends = last[-np.log1p(np.exp(-theta[last])) * nearest < np.log(NO_CORRELATION)]
    point = before = evaluate(moments, model, theta)
    theta[ends] = -2 * SURELY_NONE / nearest
    free, gain, steps = np.setdiff1d(np.arange(len(theta)), ends), np.inf, 0
    covariance = np.zeros((len(theta), len(theta)))
    while before is not None and len(ends) and gain > 1e-20 and steps < STEPS:
        point = evaluate(moments, model, theta)
        inverse = invert(point.hessian[np.ix_(free, free)]) if point is not None else None
        if point is None or inverse is None:
            break
        move = inverse[0] @ point.gradient[free]
        gain, steps = float(point.gradient[free] @ move), steps + 1
        theta[free] -= move
        covariance[np.ix_(free, free)] = inverse[0]
    if point is None or before is None or gain > 1e-20:
        raise failure
    if point.log_likelihood < before.log_likelihood - NEAR:
        raise failure
    words = "the correlation is 0, an end of its range: visits are uncorrelated, or less than that"
    return Fit(theta, point, steps, float(np.abs(point.gradient[free]).max()), gain, covariance, words)


def _climb(moments: Moments, model: Model, theta: np.ndarray) -> Fit:
    point = evaluate(moments, model, theta)
    if point is None:
        raise _failure(model, "no likelihood at the starting values", theta)
    for step in range(STEPS):
        direction, positive = _direction(point)
        gain = float(-point.gradient @ direction)
        if positive and gain < NEAR:
            return _polish(moments, model, theta, point, step)
        found = _line_search(moments, model, theta, point, direction)
        if found is None:
            raise _failure(model, "no step improves the likelihood and its slope is not zero", theta)
        theta, point = found
        _check_regular(model, theta)
    raise _failure(model, f"no maximum within {STEPS} steps", theta)


def check_identified(moments: Moments, model: Model) -> None:
    """Refuses a covariance that the visits seen cannot determine."""
    structure = STRUCTURES[model.structure]
    alone = _own_effects(model)
    for group in range(model.groups):
        mine = moments.group == group
        seen = moments.seen[mine] * moments.n[mine, None]
        both = seen.T @ moments.seen[mine]
        words = f" in covariance group {group + 1}" if model.groups > 1 else ""
        needed = alone if model.groups == 1 else np.ones(len(alone))
        if structure.own_variances and bool(np.any(np.diag(both) <= needed)):
            visit = int(np.argmin(np.diag(both) - needed))
            raise _failure(
                model, f"visit {model.visits[visit]}{words} has no more patients than coefficients of its own", None
            )
        if structure.correlation is None and (both < 2).any():
            one, other = (model.visits[place] for place in np.argwhere(both < 2)[0])
            raise _failure(
                model,
                f"fewer than two patients{words} were seen at both visit {one} and visit {other}"
                + _times_of_their_own(len(model.visits), int(moments.seen[mine].sum(axis=1).max())),
                None,
            )


def _times_of_their_own(visits: int, most: int) -> str:
    """Why so few were seen together, where the visits are no common ones."""
    if visits <= 2 * most:
        return ""
    return (
        f": there are {visits} times, and no patient was seen at more than {most} of them; first give each row its "
        "planned visit: read_scores(visits={…}), or [time] nominal = [ ] in a recipe"
    )


def _own_effects(model: Model) -> np.ndarray:
    """Of each visit, the fixed effects that only its scores feed."""
    effects = model.columns.reshape(model.days.size, -1, model.columns.shape[1]).max(axis=1)
    return effects[:, effects.sum(axis=0) == 1].sum(axis=1)


def _sparsest_visit(moments: Moments, model: Model) -> tuple[float, float]:
    """Patients at the visit with the fewest to spare, and how many its regression on all other visits uses up."""
    n = moments.n @ moments.seen
    used = _own_effects(model) + model.groups * (model.days.size - 1)
    place = int(np.argmin(n - used))
    return float(n[place]), float(used[place])


def _start(moments: Moments, model: Model) -> np.ndarray:
    """Structure parameters of the residual covariance of a fit that ignores correlation."""
    t = model.days.size
    w = moments.seen[:, :, None] * np.eye(t)
    residual, used = residual_products(moments, model, w)
    parts = []
    for group in range(model.groups):
        mine = moments.group == group
        pairs = (moments.seen[mine] * moments.n[mine, None]).T @ moments.seen[mine].astype(float)
        share = max(0.1, 1 - used / (moments.n @ moments.seen.sum(1)) if model.restricted else 1.0)
        rough = residual[mine].sum(0) / np.maximum(pairs * share, 1e-9)
        variance = np.diag(rough)
        exact = variance * np.diag(pairs) <= CONSTANT * np.einsum("ntt->t", moments.yy[mine])
        if exact.all() or (exact.any() and STRUCTURES[model.structure].own_variances):
            visit = model.visits[int(np.argmax(exact))]
            raise _failure(model, f"the fixed effects leave no variance at visit {visit}", None)
        deviation = np.sqrt(np.maximum(variance, CONSTANT * variance.max()))
        parts.append(starting_values(model.structure, _positive(rough, deviation), model.days))
    return np.concatenate(parts)


def _positive(rough: np.ndarray, deviation: np.ndarray) -> np.ndarray:
    """The covariance matrix moved towards its diagonal until it is one: pairs come from different patients."""
    corr = rough / (deviation[:, None] * deviation)
    np.fill_diagonal(corr, 1.0)
    lowest = np.linalg.eigvalsh(corr)[0]
    if lowest < 1e-6:
        weight = (0.05 - lowest) / (1 - lowest)
        corr = (1 - weight) * corr + weight * np.eye(len(corr))
    return corr * deviation[:, None] * deviation


def _direction(point: Likelihood) -> tuple[np.ndarray, bool]:
    """Newton's step; where the Hessian is not positive, its curvatures made positive against the Fisher information."""
    inverse = invert(point.hessian)
    if inverse is not None:
        return -inverse[0] @ point.gradient, True
    scale = 1 / np.sqrt(np.diag(point.fisher))
    values, vectors = np.linalg.eigh(point.fisher * scale[:, None] * scale)
    basis = scale[:, None] * vectors / np.sqrt(np.maximum(values, 1e-12 * values[-1]))
    curvature, turned = np.linalg.eigh(basis.T @ point.hessian @ basis)
    basis = basis @ turned
    along = basis.T @ point.gradient / np.maximum(np.abs(curvature), 0.1)
    return -basis @ along, False


def _line_search(
    moments: Moments, model: Model, theta: np.ndarray, point: Likelihood, direction: np.ndarray
) -> tuple[np.ndarray, Likelihood] | None:
    slope = float(point.gradient @ direction)
    length = 1 / max(1.0, float((np.abs(direction) / (1 + np.abs(theta))).max()) / LEAP)
    for _ in range(HALVINGS):
        there = theta + length * direction
        other = evaluate(moments, model, there)
        if other is not None and point.log_likelihood - other.log_likelihood <= 1e-4 * length * slope:
            return there, other
        length /= 2
    return None


def _polish(moments: Moments, model: Model, theta: np.ndarray, point: Likelihood, steps: int) -> Fit:
    """Whole Newton steps while they still shrink the slope: the last digits, below what the likelihood can resolve."""
    inverse = _inverse_hessian(model, theta, point)
    gain = float(point.gradient @ inverse @ point.gradient)
    for _ in range(8):
        there = theta - inverse @ point.gradient
        other = evaluate(moments, model, there)
        after = invert(other.hessian) if other is not None else None
        if other is None or after is None:
            break
        left = float(other.gradient @ after[0] @ other.gradient)
        if left >= gain:
            break
        theta, point, inverse, gain, steps = there, other, after[0], left, steps + 1
        if gain < 1e-24:
            break
    if gain > 1e-12:
        raise _failure(model, f"the slope stays at {np.abs(point.gradient).max():.1e}", theta)
    _check_regular(model, theta)
    return Fit(theta, point, steps, float(np.abs(point.gradient).max()), gain, inverse)


def _inverse_hessian(model: Model, theta: np.ndarray, point: Likelihood) -> np.ndarray:
    inverse = invert(point.hessian)
    scale = 1 / np.sqrt(np.diag(point.fisher))
    lowest = np.linalg.eigvalsh(point.hessian * scale[:, None] * scale)[0]
    if inverse is None or lowest < FLAT:
        raise _failure(model, "the likelihood is flat in a covariance parameter", theta)
    return inverse[0]


def _check_regular(model: Model, theta: np.ndarray) -> None:
    for part in np.split(theta, model.groups):
        sigma = covariance_derivatives(model.structure, part, model.days)[0]
        deviation = np.sqrt(np.diag(sigma))
        if not np.linalg.eigvalsh(sigma / (deviation[:, None] * deviation))[0] > SINGULAR:
            raise _failure(model, "the covariance matrix becomes singular", theta)


def _failure(model: Model, words: str, theta: np.ndarray | None) -> ConvergenceError:
    name = STRUCTURES[model.structure].words
    state: dict[str, object] = {"covariance": model.structure, "reason": words, "parameters": theta}
    return ConvergenceError(f"{model.structure} ({name}): {words}; {REMEDY}", state)
