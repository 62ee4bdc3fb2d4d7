"""The share of responders by hours in the arms themselves: not randomised between trials, and labelled so."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import product

import numpy as np
import pandas as pd
from scipy import optimize, stats

from ..errors import ConvergenceError
from ..intervals import critical_value, summary_html, summary_table, summary_text
from .curve_bounds import GRID, HELD, hours_to_fraction, limits_note
from .curve_fit import slopes
from .quadrature import Counts, mixed_binomial
from .reml import minimize
from .shapes import HIGHEST, LOWEST, Shape

LEAST_TAU2, MOST_TAU2 = 1e-8, 25.0  # variance of a trial's own log odds
UNFITTED = np.empty(0), np.nan, np.empty(0), ()
NOT_RANDOMISED = "arm level, not randomised"


@dataclass(frozen=True)
class ArmTimeCourse:
    """Curves of the odds of response in arms, across trials; made by `fit_time_course` from a table of arms.

    effects : the arms, with the observed log odds as `estimate` (0.5 added to both cells where one is empty).
    counts, hours, place : events of n, time and class (its place in `classes`) of each row.
    state : log odds of each class at its maximum, shape parameters (log hours), τ² = variance of a trial's own.
    covariance : robust to what repeated times of one trial share (sandwich over trials). widening : for each shape
    parameter the robust over the model variance, by which its profile-likelihood limit is raised (Chandler & Bate
    2007, Biometrika 94:167). unbounded : as in `TimeCourse`.
    """

    effects: pd.DataFrame
    counts: Counts
    hours: np.ndarray
    place: np.ndarray
    classes: tuple[str, ...]
    shapes: tuple[Shape, ...]
    state: np.ndarray
    covariance: np.ndarray
    deviance: float
    widening: np.ndarray
    unbounded: tuple[tuple[str, ...], ...]

    measure = "log_odds"
    kind = NOT_RANDOMISED

    @property
    def tau(self) -> float:
        """Between-trial standard deviation of the log odds."""
        return float(np.sqrt(self.state[-1]))

    @property
    def shape(self) -> dict[str, str]:
        """The name of each class's shape."""
        return {name: shape.name for name, shape in zip(self.classes, self.shapes, strict=True)}

    @property
    def df(self) -> np.ndarray:
        """Degrees of freedom of t for each class: its trials less its own free parameters, at least 1."""
        trials = self.effects.groupby("treatment_class")["study"].nunique().reindex(list(self.classes)).to_numpy()
        free = [sum(not self.unbounded[one] for one in _own(self, i)) for i in range(len(self.classes))]
        return np.maximum(1.0, trials - 1.0 - np.array(free))

    def summary(self, level: float = 0.95) -> pd.DataFrame:
        """Log odds at each class's maximum (t, robust), then its hours with profile-likelihood limits."""
        k = len(self.classes)
        sizes = summary_table(
            [f"log odds: {shape.size}" for shape in self.shapes], self.state[:k],
            np.sqrt(np.diag(self.covariance)[:k]), self.df, level=level,
        )  # fmt: skip
        sizes.insert(0, "treatment_class", self.classes)
        sizes["note"] = ""
        for i in filter(self._unknown, range(k)):
            fits, c = _allowed(self, i, level), critical_value(self.df[i], level)
            half = [c * np.sqrt(one.covariance[i, i]) for one in fits]
            ends = [(one.state[i] - h, one.state[i] + h) for one, h in zip(fits, half, strict=True)]
            sizes.loc[i, ["estimate", "std_error", "statistic", "p_value"]] = np.nan
            sizes.loc[i, ["conf_low", "conf_high"]] = min(low for low, _ in ends), max(high for _, high in ends)
            sizes.loc[i, "note"] = HELD
        table = pd.concat([sizes, self._hours(level)], ignore_index=True)
        return table.assign(measure=self.measure, kind=self.kind)

    def predict(self, hours: np.ndarray | list[float], *, level: float = 0.95, only: str | None = None) -> pd.DataFrame:
        """Each class's curve (or only one) in the median trial, as log odds; columns as in `TimeCourse`.

        A class whose hours are not identified has no estimate: its band is the widest over all that the data allow.
        """
        if only not in (None, *self.classes):
            raise ValueError(f"class {only!r} was not fitted: use one of {list(self.classes)}")
        t, parts = np.asarray(hours, float), []
        for i, name in enumerate(self.classes):
            if only not in (None, name):
                continue
            c, unknown = critical_value(self.df[i], level), self._unknown(i)
            bands = [_band(one, i, t) for one in (_allowed(self, i, level) if unknown else [self])]
            middle, error = (np.array(one) for one in zip(*bands, strict=True))
            new = np.sqrt(error**2 + self.tau**2)
            times = self.effects.loc[self.effects["treatment_class"] == name, "hours"]
            parts.append(pd.DataFrame({
                "treatment_class": name, "hours": t, "estimate": np.nan if unknown else middle[0],
                "std_error": np.nan if unknown else error[0],
                "conf_low": (middle - c * error).min(axis=0), "conf_high": (middle + c * error).max(axis=0),
                "prediction_low": (middle - c * new).min(axis=0), "prediction_high": (middle + c * new).max(axis=0),
                "looked": (t >= times.min()) & (t <= times.max()), "measure": self.measure,
                "note": HELD if unknown else "",
            }))  # fmt: skip
        return pd.concat(parts, ignore_index=True)

    def time_to(self, fraction: float = 0.5, *, level: float = 0.95) -> pd.DataFrame:
        """Hours to a fraction of the maximal odds of response (emax, exponential); limits as in `TimeCourse`."""
        table = hours_to_fraction(self._hours(level), self.shape, fraction)
        return table.assign(term=f"hours to {100 * fraction:g} % of the maximal odds", kind=self.kind)

    def _unknown(self, i: int) -> bool:
        return any(self.unbounded[one] for one in _own(self, i))

    def _hours(self, level: float) -> pd.DataFrame:
        rows = []
        for i, name in enumerate(self.classes):
            times = self.effects.loc[self.effects["treatment_class"] == name, "hours"].to_numpy(float)
            for one, words in zip(_own(self, i), self.shapes[i].parameters, strict=True):
                sides = self.unbounded[one]
                low, high = _limits(self, one, sides, level)
                note = limits_note(sides, low, high, times, level)
                middle = np.nan if sides else np.exp(self.state[len(self.classes) + one])
                rows.append((name, words, middle, low, high, note))
        return pd.DataFrame(rows, columns=["treatment_class", "term", "estimate", "conf_low", "conf_high", "note"])

    __repr__ = summary_text
    _repr_html_ = summary_html


def fit_arm_course(rows: pd.DataFrame, shapes: tuple[Shape, ...]) -> ArmTimeCourse:
    """Odds of response = (a class's maximum) × f(hours) × (a trial's own factor), by exact binomial likelihood.

    rows : `study, treatment_class, hours, n, events`, one row per trial, class and hour; the classes in order of
    appearance have the shapes. At hour 0 nobody has responded, so the odds rise from 0. The trial's log factor is
    N(0, τ²), integrated by adaptive Gauss–Hermite quadrature; repeated times of a trial are the same patients, and all
    standard errors are robust to that. Raises ConvergenceError when no start reaches an optimum.
    """
    e, n = rows[["events", "n"]].to_numpy(float).T
    added = np.where((e == 0) | (e == n), 0.5, 0.0)
    a, b = e + added, n - e + added
    rows = rows.assign(estimate=np.log(a / b), std_error=np.sqrt(1 / a + 1 / b), added=added)
    total = rows.groupby("treatment_class")[["events", "n"]].sum()
    same = total.index[(total["events"] == 0) | (total["events"] == total["n"])]
    if len(same):
        raise ValueError(f"in class {list(same)} nobody or everybody responded: its odds of response have no estimate")
    classes = tuple(dict.fromkeys(rows["treatment_class"]))
    k, m = len(shapes), sum(len(shape.parameters) for shape in shapes)
    rows = rows.sort_values("study", kind="stable").reset_index(drop=True)
    counts = Counts.of(*(rows[name].to_numpy() for name in ("events", "n", "study")))
    place = rows["treatment_class"].map({name: i for i, name in enumerate(classes)}).to_numpy(int)
    hours = rows["hours"].to_numpy(float)
    start = ArmTimeCourse(rows, counts, hours, place, classes, shapes, np.zeros(k + m + 1), *UNFITTED)
    level = rows.groupby("treatment_class")["estimate"].median().reindex(list(classes)).to_numpy()
    logs = [[v for shape in shapes for v in shape.starts[i % len(shape.starts)]] for i in range(4)]
    starts = [np.array([*level, *one, 0.2]) for one in logs]
    found = minimize(lambda at: _deviance(start, at), starts, _bounds(k, m), np.ones(k + m + 1))
    fit = replace(start, state=found.x, deviance=float(found.fun))
    gradient = _deviance(fit, fit.state)[1]
    if not np.isfinite(found.fun) or np.abs(gradient[_free(fit)]).max(initial=0.0) > 1e-2 * max(1.0, len(rows) ** 0.5):
        message = "no start reached an optimum: try a simpler shape"
        raise ConvergenceError(message, {"state": fit.state, "gradient": gradient})
    return _with_bounds(fit)


def _with_bounds(fit: ArmTimeCourse) -> ArmTimeCourse:
    """The fit with robust covariance, the widening of its profile limits, and the sides on which nothing limits it."""
    k, m = len(fit.classes), len(fit.state) - len(fit.classes) - 1
    model, robust = _covariances(fit, _free(fit))
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = np.diag(robust)[k : k + m] / np.diag(model)[k : k + m]
    fit = replace(fit, widening=np.fmax(np.where(np.isfinite(ratio), ratio, 1.0), 1.0))
    sides = tuple(_open_sides(fit, one) for one in range(m))
    free = _free(fit)
    free[k : k + m] &= np.array([not one for one in sides], bool)
    return replace(fit, unbounded=sides, covariance=_covariances(fit, free)[1])


def _open_sides(fit: ArmTimeCourse, one: int) -> tuple[str, ...]:
    limit, place = stats.chi2.ppf(0.95, 1) * fit.widening[one], len(fit.classes) + one
    ends = (("low", LOWEST), ("high", HIGHEST))
    return tuple(side for side, end in ends if _profile(fit, {place: end})[0] - fit.deviance < limit)


def _own(fit: ArmTimeCourse, i: int) -> list[int]:
    before = sum(len(shape.parameters) for shape in fit.shapes[:i])
    return list(range(before, before + len(fit.shapes[i].parameters)))


def _bounds(k: int, m: int) -> list[tuple[float, float]]:
    return [(-15.0, 15.0)] * k + [(LOWEST, HIGHEST)] * m + [(LEAST_TAU2, MOST_TAU2)]


def _free(fit: ArmTimeCourse) -> np.ndarray:
    low, high = np.array(_bounds(len(fit.classes), len(fit.state) - len(fit.classes) - 1)).T
    return (fit.state > low + 1e-6) & (fit.state < high - 1e-6)


def _design(fit: ArmTimeCourse, t: np.ndarray, place: np.ndarray, at: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The logit at hours t of class `place` in the median trial, and its derivatives by sizes and shape parameters."""
    k = len(fit.classes)
    f = np.empty(len(t))
    for i, shape in enumerate(fit.shapes):
        f[place == i] = shape.curve(t[place == i], at[k:-1][_own(fit, i)])
    f = np.maximum(f, 1e-250)
    by_size = (place[:, None] == np.arange(k)).astype(float)
    return at[:k][place] + np.log(f), np.column_stack([by_size, slopes(fit.shapes, t, place, at[k:-1]) / f[:, None]])


def _deviance(fit: ArmTimeCourse, at: np.ndarray) -> tuple[float, np.ndarray]:
    here = _scores(fit, at)
    return -2 * float(here[0].sum()), -2 * here[1].sum(axis=0)


def _scores(fit: ArmTimeCourse, at: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Each trial's log-likelihood and its derivatives."""
    eta, slope = _design(fit, fit.hours, fit.place, at)
    here = mixed_binomial(fit.counts, eta, float(np.sqrt(at[-1])))
    by_mean = fit.counts.sum(here.by_eta[:, None] * slope)
    return here.by_trial, np.column_stack([by_mean, here.by_tau / (2 * np.sqrt(at[-1]))])


def _covariances(fit: ArmTimeCourse, free: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Model-based and trial-robust covariance of the free parameters (zero elsewhere); CR1 over trials."""
    at, steps = fit.state, 1e-5 * np.maximum(np.abs(fit.state), 0.1)
    steps[-1] = 1e-4 * at[-1]
    change = [_deviance(fit, at + step)[1] - _deviance(fit, at - step)[1] for step in np.diag(steps)[free]]
    hessian = (np.array(change) / (4 * steps[free, None]))[:, free]
    bread = np.linalg.pinv((hessian + hessian.T) / 2, hermitian=True)
    score = _scores(fit, at)[1][:, free]
    k, p = len(score), int(free.sum())
    meat = score.T @ score * k / max(k - p, 1)
    model, robust = np.zeros((len(at), len(at))), np.zeros((len(at), len(at)))
    model[np.ix_(free, free)], robust[np.ix_(free, free)] = bread, bread @ meat @ bread
    return model, robust


def _profile(fit: ArmTimeCourse, held: dict[int, float], start: np.ndarray | None = None) -> tuple[float, np.ndarray]:
    """The lowest deviance with some parameters held (position → value), and the whole state there.

    start : the state from which to look; default the likeliest.
    """
    free = ~np.isin(np.arange(len(fit.state)), list(held))
    full = (fit.state if start is None else start).copy()
    full[list(held)] = list(held.values())

    def function(at: np.ndarray) -> tuple[float, np.ndarray]:
        full[free] = at
        value, gradient = _deviance(fit, full)
        return value, gradient[free]

    k = len(fit.classes)
    bounds = [one for one, kept in zip(_bounds(k, len(fit.state) - k - 1), free, strict=True) if kept]
    found = minimize(function, [full[free]], bounds, np.ones(int(free.sum())), rough=True)
    full[free] = found.x
    return float(found.fun), full.copy()


def _limits(fit: ArmTimeCourse, one: int, sides: tuple[str, ...], level: float) -> tuple[float, float]:
    place = len(fit.classes) + one
    limit = float(stats.chi2.ppf(level if not sides else 2 * level - 1, 1)) * fit.widening[one]

    def edge(end: float) -> float:
        def rise(value: float) -> float:
            return _profile(fit, {place: value})[0] - fit.deviance - limit

        if rise(end) <= 0:
            return -np.inf if end == LOWEST else np.inf
        return float(optimize.brentq(rise, fit.state[place], end, xtol=1e-4))

    low = 0.0 if "low" in sides else float(np.exp(edge(LOWEST)))
    return low, np.inf if "high" in sides else float(np.exp(edge(HIGHEST)))


def _allowed(fit: ArmTimeCourse, i: int, level: float) -> list[ArmTimeCourse]:
    """Fits with one class's shape parameters held at each value that the data allow, the likeliest first."""
    own, k = _own(fit, i), len(fit.classes)
    limit = float(stats.chi2.ppf(level, 1)) * fit.widening[own].max()
    found, state = [fit], fit.state
    for values in product(np.linspace(LOWEST, HIGHEST, GRID[len(own)]), repeat=len(own)):
        deviance, state = _profile(fit, dict(zip((k + one for one in own), values, strict=True)), state)
        if deviance - fit.deviance <= limit:
            here = replace(fit, state=state)
            free = _free(here)
            free[[k + one for one in own]] = False
            found.append(replace(here, covariance=_covariances(here, free)[1]))
    return found


def _band(fit: ArmTimeCourse, i: int, t: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The curve of one class and its standard error."""
    eta, slope = _design(fit, t, np.full(len(t), i), fit.state)
    return eta, np.sqrt(np.maximum(np.einsum("ij,jk,ik->i", slope, fit.covariance[:-1, :-1], slope), 0.0))
