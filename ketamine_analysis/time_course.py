"""Response against hours across trials: how fast, how strong, how long, with the calendar and the control taken out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy import stats

from .errors import ConvergenceError
from .inference import critical_value, summary_table
from .meta_analysis import check_effects
from .reml import Blocks, exact_gradient, make_blocks, minimize, moments
from .shapes import HIGHEST, LOWEST, SHAPES, Shape
from .time_windows import HOURS_PER_DAY

SD_BOUNDS = (0.0, 20.0)
PROFILE = float(stats.chi2.ppf(0.95, 1))


@dataclass(frozen=True)
class TimeCourse:
    """Curves fitted across trials; made by `fit_time_course`.

    classes : treatment classes; shapes : the curve of each. size : each class's effect (the curve's maximum, or at
        6 weeks for a linear one); log_hours : shape parameters, class after class; covariance : of (size,
        log_hours) under REML; tau, omega : standard deviations of a trial's own size and of what is left at a
        time, REML. deviance : −2 log-likelihood of the ML fit. unbounded : for each shape parameter the sides
        ("low", "high") on which the data set no limit.
    """

    effects: pd.DataFrame
    measure: str
    classes: tuple[str, ...]
    shapes: tuple[Shape, ...]
    correlation: float
    constant_correlation: bool
    blocks: list[Blocks]
    size: np.ndarray
    log_hours: np.ndarray
    covariance: np.ndarray
    tau: float
    omega: float
    deviance: float
    ml: np.ndarray
    unbounded: tuple[tuple[str, ...], ...]

    @property
    def df(self) -> float:
        """Degrees of freedom of t: trials minus parameters of the curves, at least 1."""
        return max(1.0, self.effects["study"].nunique() - len(self.size) - len(self.log_hours))

    def summary(self, level: float = 0.95) -> pd.DataFrame:
        """Sizes with t intervals, then each shape parameter in hours with its profile-likelihood interval.

        `note` says in words what the data cannot tell: an unbounded half-time has no estimate.
        """
        k = len(self.size)
        sizes = summary_table("size of effect", self.size, np.sqrt(np.diag(self.covariance)[:k]), self.df, level=level)
        sizes.insert(0, "treatment_class", list(self.classes))
        rows = [self._hours_row(place, level) for place in range(len(self.log_hours))]
        return pd.concat([sizes.assign(note=""), pd.DataFrame(rows)], ignore_index=True).assign(measure=self.measure)

    def predict(self, hours: np.ndarray | list[float], *, level: float = 0.95) -> pd.DataFrame:
        """Each class's curve: `treatment_class, hours, estimate, std_error, conf_*, prediction_*, looked`.

        The confidence band is for the mean of trials, the prediction band for a new trial at that hour. looked :
        a trial of the class reported at or before and at or after that hour; elsewhere the shape speaks, not data.
        A class whose half-time is unbounded has no estimate: its band is the widest over all half-times that
        the data allow.
        """
        t = np.asarray(hours, float)
        return pd.concat(
            [self._predict_class(place, t, level) for place in range(len(self.classes))], ignore_index=True
        )

    def time_to(self, fraction: float = 0.5, *, level: float = 0.95) -> pd.DataFrame:
        """Hours to a fraction of the maximum, for the classes with a saturating shape (emax, exponential).

        Profile-likelihood intervals; an unbounded side is 0 or infinity, `note` says why.
        """
        if not 0 < fraction < 1:
            raise ValueError(f"fraction {fraction!r} must lie between 0 and 1")
        factor = {"emax": fraction / (1 - fraction), "exponential": -np.log2(1 - fraction)}
        rows = [self._hours_row(place, level) for place in range(len(self.log_hours))]
        table = pd.DataFrame(rows, columns=_HOURS_COLUMNS)
        name = {one: shape.name for one, shape in zip(self.classes, self.shapes, strict=True)}
        table = table[table["treatment_class"].map(name).isin(factor)].reset_index(drop=True)
        scale = table["treatment_class"].map(name).map(factor).astype(float)
        for column in ("estimate", "conf_low", "conf_high"):
            table[column] = table[column] * scale
        return table.assign(term=f"hours to {100 * fraction:g} % of the maximum")

    def time_to_effect(self, value: float, *, level: float = 0.95) -> pd.DataFrame:
        """First hour at which each curve reaches `value` (in the measure's own unit), and at which its band does.

        conf_low : first hour at which the band's far end reaches it; conf_high : at which the whole band lies
        beyond it. Missing when it never does within 64 weeks.
        """
        grid = np.geomspace(0.25, 10752.0, 1200)
        curve = self.predict(grid, level=level)
        sign = 1.0 if value > 0 else -1.0
        near, far = ("conf_low", "conf_high") if sign > 0 else ("conf_high", "conf_low")
        rows = []
        for name, part in curve.groupby("treatment_class", sort=False):
            first = {
                column: _first(grid, sign * part[source].to_numpy() >= sign * value)
                for column, source in (("estimate", "estimate"), ("conf_low", far), ("conf_high", near))
            }
            rows.append({"treatment_class": name, "term": f"hours to an effect of {value:g}", **first})
        return pd.DataFrame(rows)

    def compare(self, first: str, second: str, *, at: float, level: float = 0.95) -> pd.DataFrame:
        """The difference of two classes' effects against control at one hour: an indirect comparison, and so named."""
        for name in (first, second):
            if name not in self.classes:
                raise ValueError(f"class {name!r} was not fitted: use one of {list(self.classes)}")
        jacobian = self._jacobian(np.array([at, at]), np.array([self.classes.index(first), self.classes.index(second)]))
        gap = jacobian[0] - jacobian[1]
        curve = self.predict([at], level=level).set_index("treatment_class")["estimate"]
        error = float(np.sqrt(gap @ self.covariance @ gap))
        row = summary_table(f"{first} minus {second}", curve[first] - curve[second], error, self.df, level=level)
        return row.assign(hours=at, measure=self.measure, comparison="indirect, not randomised")

    def information_criteria(self) -> pd.DataFrame:
        """AIC and BIC (n = trials) of the ML fit, to compare shapes on the same effects: lower is better."""
        n, k = self.effects["study"].nunique(), len(self.size) + len(self.ml)
        rows = len(self.effects)
        full = self.deviance + rows * np.log(2 * np.pi)
        return pd.DataFrame({
            "shape": [" + ".join(dict.fromkeys(shape.name for shape in self.shapes))], "parameters": [k],
            "log_likelihood": [-full / 2], "AIC": [full + 2 * k], "BIC": [full + np.log(n) * k],
        })  # fmt: skip

    def sensitivity(self, correlations: tuple[float, ...] = (0.3, 0.5, 0.7, 0.9)) -> pd.DataFrame:
        """The summary refitted at other within-trial correlations: which results hang on that assumption."""
        shapes = {name: shape.name for name, shape in zip(self.classes, self.shapes, strict=True)}
        again = [
            fit_time_course(self.effects, shape=shapes, correlation=rho, constant_correlation=self.constant_correlation)
            .summary().assign(correlation=rho)
            for rho in correlations
        ]  # fmt: skip
        return pd.concat(again, ignore_index=True)

    def _predict_class(self, place: int, t: np.ndarray, level: float) -> pd.DataFrame:
        name, shape = self.classes[place], self.shapes[place]
        own = self._own(place)
        times = self.effects.loc[self.effects["treatment_class"] == name, "hours"]
        keys = pd.DataFrame({"treatment_class": name, "hours": t})
        looked = (t >= times.min()) & (t <= times.max())
        candidates = [self.log_hours[own]]
        bounded = not any(self.unbounded[i] for i in own)
        if not bounded:
            candidates = self._allowed(place)
        bands = []
        for logs in candidates:
            fit = self if bounded else self._at(place, logs)
            jacobian = fit._jacobian(t, np.full(len(t), place))
            variance = np.einsum("ij,jk,ik->i", jacobian, fit.covariance, jacobian)
            f = shape.curve(t, logs)
            spread = variance + fit.tau**2 * f**2 + fit.omega**2
            bands.append((fit.size[place] * f, np.sqrt(variance), np.sqrt(spread)))
        estimate, error, spread = (np.array(parts) for parts in zip(*bands, strict=True))
        c = critical_value(self.df, level)
        return keys.assign(
            estimate=estimate[0] if bounded else np.nan, std_error=error[0] if bounded else np.nan,
            conf_low=(estimate - c * error).min(axis=0), conf_high=(estimate + c * error).max(axis=0),
            prediction_low=(estimate - c * spread).min(axis=0), prediction_high=(estimate + c * spread).max(axis=0),
            looked=looked,
        )  # fmt: skip

    def _jacobian(self, t: np.ndarray, place: np.ndarray) -> np.ndarray:
        """Derivatives of the curves at t of the classes `place`, by size and by shape parameter."""
        return _jacobian(self.shapes, t, place, self.size, self.log_hours)

    def _own(self, place: int) -> list[int]:
        before = sum(len(shape.parameters) for shape in self.shapes[:place])
        return list(range(before, before + len(self.shapes[place].parameters)))

    def _at(self, place: int, logs: np.ndarray) -> TimeCourse:
        """The fit with one class's shape parameters held."""
        log_hours = self.log_hours.copy()
        log_hours[self._own(place)] = logs
        held = np.zeros(len(log_hours), bool)
        held[self._own(place)] = True
        return _restricted(replace(self, log_hours=log_hours), held | _not_identified(self.unbounded))

    def _allowed(self, place: int) -> list[np.ndarray]:
        """Shape parameters of a class that the data allow (within the 95 % profile), over a grid."""
        own = self._own(place)
        if len(own) > 1:
            raise ConvergenceError(
                "a two-parameter shape is not identified: use a simpler one", {"class": self.classes[place]}
            )
        grid = np.linspace(LOWEST, HIGHEST, 25)
        kept = [one for one in grid if _profile(self, own[0], one) - self.deviance <= PROFILE]
        return [np.array([one]) for one in kept]

    def _hours_row(self, place: int, level: float) -> dict[str, object]:
        owner = next(i for i in range(len(self.classes)) if place in self._own(i))
        name = self.shapes[owner].parameters[place - self._own(owner)[0]]
        sides = self.unbounded[place]
        limit = float(stats.chi2.ppf(level if not sides else 2 * level - 1, 1))  # one-sided where one side is open
        low = 0.0 if "low" in sides else np.exp(_profile_limit(self, place, -1, limit))
        high = np.inf if "high" in sides else np.exp(_profile_limit(self, place, 1, limit))
        words = {
            "log_half_time": "half-time, h",
            "log_rise": "half-time of rise, h",
            "log_fade_ratio": "fade / rise − 1",
        }
        note = ""
        if sides:
            times = self.effects.loc[self.effects["treatment_class"] == self.classes[owner], "hours"]
            note = (
                f"the data set no limit on the {' and '.join(sides)} side: trials of this class looked only from "
                f"{times.min() / HOURS_PER_DAY:g} to {times.max() / HOURS_PER_DAY:g} days; a one-sided bound, no estimate"
            )
        values = (words[name], np.nan if sides else float(np.exp(self.log_hours[place])), low, high, note)
        return dict(zip(_HOURS_COLUMNS, (self.classes[owner], *values), strict=True))

    def _repr_html_(self) -> str:
        return self.summary().to_html(index=False)


_HOURS_COLUMNS = ("treatment_class", "term", "estimate", "conf_low", "conf_high", "note")


def fit_time_course(
    effects: pd.DataFrame,
    *,
    shape: str | Mapping[str, str] = "emax",
    by: str = "treatment_class",
    correlation: float = 0.5,
    constant_correlation: bool = False,
) -> TimeCourse:
    """Curves of effect against hours since first dose, one per class, from all times of all trials at once.

    effects : from `contrast_arms` (one measure, one outcome, timing "at"); several times of a trial are welcome.
    shape : "emax", "exponential", "rise_and_fade", "plateau" or "linear", for all classes or one per class.
    by : the column of classes. correlation : of one arm's results one week apart, falling as ρ^(days / 7), or
        the same at all distances with constant_correlation; it holds for the shared control too.
    Model: y_i(t) = (E_c + u_i) f_c(t) + w_i(t) + error, u_i ~ N(0, τ²), w_i(t) ~ N(0, ω²); the u of two classes
    in one trial correlate ½. Shapes by maximum likelihood, then variances, sizes and standard errors by
    restricted likelihood at the linearised curve (Lindstrom & Bates 1990, Biometrics 46:673).
    Raises ValueError for an unknown shape, several measures, times "within", or too few effects;
    ConvergenceError when no start reaches an optimum.

    >>> table = pd.DataFrame({"study": list("abcd"), "treatment_class": "x", "hours": [4.0, 24.0, 96.0, 600.0],
    ...     "estimate": [0.2, 0.5, 0.8, 0.97], "active_variance": 1e-4, "control_variance": 1e-4, "std_error": 0.0142})
    >>> fit_time_course(table).time_to(0.5)["estimate"].round(0).tolist()
    [22.0]
    """
    rows = _checked(effects, by, correlation)
    classes = tuple(dict.fromkeys(rows["treatment_class"]))
    names = {one: shape if isinstance(shape, str) else shape.get(one) for one in classes}
    unknown = {one: name for one, name in names.items() if name not in SHAPES}
    if unknown:
        raise ValueError(f"shape {unknown} is unknown: use one of {sorted(SHAPES)} for each class")
    shapes = tuple(SHAPES[str(names[one])] for one in classes)
    sampling = time_covariance(rows, correlation, constant=constant_correlation)
    blocks = make_blocks(rows["study"].to_numpy(), rows["treatment_class"].to_numpy(), sampling)
    empty = np.empty(0)
    measure = str(rows["measure"].iloc[0]) if "measure" in rows else "effect"
    start = TimeCourse(
        rows, measure, classes, shapes, correlation, constant_correlation, blocks, empty, empty, empty, 0.0, 0.0,
        np.nan, empty, (),
    )  # fmt: skip
    return _fit(start)


def time_covariance(effects: pd.DataFrame, correlation: float, *, constant: bool = False) -> np.ndarray:
    """The k × k sampling covariance of contrasts over times and classes of each trial.

    Each arm's results correlate ρ^(days apart / 7) (or ρ): the active arm's with its own, the control's with all
    contrasts of the trial that use it. Needs `active_variance, control_variance, hours, study`.
    """
    va, vc = (np.sqrt(effects[name].to_numpy(float)) for name in ("active_variance", "control_variance"))
    t = effects["hours"].to_numpy(float)
    apart = np.abs(t[:, None] - t[None, :])
    rho = np.where(apart == 0, 1.0, correlation if constant else correlation ** (apart / HOURS_PER_DAY / 7))
    study = effects["study"].to_numpy()
    trial = study[:, None] == study[None, :]
    names = [name for name in ("treatment_class", "arm") if name in effects]
    active = pd.MultiIndex.from_frame(effects[names]).factorize()[0] if names else np.zeros(len(effects))
    own = active[:, None] == active[None, :]
    control = effects["control_arm"].to_numpy() if "control_arm" in effects else np.zeros(len(effects))
    shared = control[:, None] == control[None, :]
    covariance = trial * rho * (own * va[:, None] * va[None, :] + shared * vc[:, None] * vc[None, :])
    np.fill_diagonal(covariance, effects["std_error"].to_numpy(float) ** 2)
    return covariance


def _checked(effects: pd.DataFrame, by: str, correlation: float) -> pd.DataFrame:
    needed = ("study", by, "hours", "estimate", "std_error", "active_variance", "control_variance")
    absent = [name for name in needed if name not in effects]
    if absent:
        raise ValueError(f"the effects lack {absent}; contrast_arms gives them")
    if not 0 <= correlation < 1:
        raise ValueError(f"correlation {correlation!r} must lie from 0 to below 1")
    for name in ("measure", "outcome"):
        if name in effects and effects[name].nunique() > 1:
            raise ValueError(f"one fit takes one {name}; the table has {sorted(effects[name].unique())}")
    if "timing" in effects and (effects["timing"] == "within").any():
        raise ValueError("rows counted within a span have no hour of their own: keep timing == 'at'")
    rows = effects.assign(treatment_class=effects[by].astype(str)).reset_index(drop=True)
    if (rows["hours"] <= 0).any() or rows["hours"].isna().any():
        raise ValueError("every effect needs hours > 0 since first dose")
    series = [name for name in ("treatment_class", "arm", "study", "hours") if name in rows]
    check_effects(rows.drop(columns=["control_arm", "arm"], errors="ignore"), ())
    if rows.duplicated(series).any():
        twice = ", ".join(map(str, rows.loc[rows.duplicated(series), "study"].unique()[:5]))
        raise ValueError(f"{twice}: the same contrast stands twice at one time; keep one scale, analysis and control")
    return rows


def _fit(start: TimeCourse) -> TimeCourse:
    """Maximum likelihood for the shapes, the check of what the data can tell, then REML."""
    n_shape = sum(len(shape.parameters) for shape in start.shapes)
    bounds = [(LOWEST, HIGHEST)] * n_shape + [SD_BOUNDS] * 2
    depth = max(len(shape.starts) for shape in start.shapes)
    starts = []
    for i in range(depth):
        logs = [value for shape in start.shapes for value in shape.starts[i % len(shape.starts)]]
        starts.append(np.array([*logs, 0.3, 0.15]))
    if len(start.effects) <= len(start.size) + n_shape + len(start.classes):
        raise ValueError(f"{len(start.effects)} effects cannot carry {len(start.classes) + n_shape} curve parameters")
    found = minimize(lambda at: _deviance(start, at), starts, bounds)
    gradient = exact_gradient(lambda at: _deviance(start, at), found.x)
    free = (found.x > [b[0] + 1e-9 for b in bounds]) & (found.x < [b[1] - 1e-9 for b in bounds])
    if not np.isfinite(found.fun) or np.abs(gradient[free]).max(initial=0.0) > 1e-3:
        raise ConvergenceError(
            "no start reached an optimum: try a simpler shape", {"at": found.x, "gradient": gradient}
        )
    fitted = replace(
        start, ml=found.x, deviance=float(found.fun), log_hours=found.x[:n_shape], tau=found.x[-2], omega=found.x[-1]
    )
    unbounded = tuple(
        tuple(
            side
            for side, end in (("low", LOWEST), ("high", HIGHEST))
            if _profile(fitted, place, end) - fitted.deviance < PROFILE
        )
        for place in range(n_shape)
    )
    fitted = replace(fitted, unbounded=unbounded)
    return _restricted(fitted, _not_identified(unbounded))


def _not_identified(unbounded: tuple[tuple[str, ...], ...]) -> np.ndarray:
    return np.array([len(sides) > 0 for sides in unbounded], dtype=bool)


def _design(fit: TimeCourse, log_hours: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The columns of the sizes, and each row's own shape value."""
    t = fit.effects["hours"].to_numpy(float)
    place = _places(fit)
    f = np.zeros(len(t), dtype=log_hours.dtype if log_hours.size else float)
    used = 0
    for i, shape in enumerate(fit.shapes):
        m = len(shape.parameters)
        f[place == i] = shape.curve(t[place == i], log_hours[used : used + m])
        used += m
    return f[:, None] * (place[:, None] == np.arange(len(fit.shapes))), f


def _places(fit: TimeCourse) -> np.ndarray:
    order = {name: i for i, name in enumerate(fit.classes)}
    return fit.effects["treatment_class"].map(order).to_numpy(int)


def _deviance(fit: TimeCourse, at: np.ndarray) -> complex | float:
    x, f = _design(fit, at[:-2])
    y = fit.effects["estimate"].to_numpy(float)
    return moments(fit.blocks, x, y, f, at[-2], at[-1]).deviance(restricted=False)


def _profile(fit: TimeCourse, place: int, value: float) -> float:
    """The lowest deviance with one shape parameter held at a value."""
    free = np.arange(len(fit.ml)) != place

    def held(at: np.ndarray) -> complex | float:
        full = np.empty(len(fit.ml), dtype=at.dtype)
        full[free], full[place] = at, value
        return _deviance(fit, full)

    bounds = [(LOWEST, HIGHEST)] * (len(fit.ml) - 3) + [SD_BOUNDS] * 2
    start = np.maximum(fit.ml[free], [*[LOWEST] * (len(fit.ml) - 3), 1e-3, 1e-3])
    return float(minimize(held, [start], bounds).fun)


def _profile_limit(fit: TimeCourse, place: int, side: int, limit: float) -> float:
    """Where the profile deviance has risen by `limit` on one side of its minimum (bisection on log hours)."""
    near, far = float(fit.ml[place]), LOWEST if side < 0 else HIGHEST
    for _ in range(40):
        middle = (near + far) / 2
        if _profile(fit, place, middle) - fit.deviance < limit:
            near = middle
        else:
            far = middle
        if abs(near - far) < 1e-6:
            break
    return (near + far) / 2


def _restricted(fit: TimeCourse, held: np.ndarray) -> TimeCourse:
    """Variances by REML of the linearised curve, sizes and free shape parameters by generalised least squares."""
    y = fit.effects["estimate"].to_numpy(float)
    t, place = fit.effects["hours"].to_numpy(float), _places(fit)
    log_hours, tau, omega = fit.log_hours.copy(), float(fit.tau), float(fit.omega)
    x, f = _design(fit, log_hours)
    size = moments(fit.blocks, x, y, f, tau, omega).coefficients()
    keep = np.concatenate([np.ones(len(size), bool), ~held])
    for _ in range(60):
        x, f = _design(fit, log_hours)
        jacobian = _jacobian(fit.shapes, t, place, size, log_hours)[:, keep]
        now = np.concatenate([size, log_hours])[keep]
        working = y - x @ size + jacobian @ now
        found = minimize(
            lambda at, j=jacobian, z=working, g=f: moments(fit.blocks, j, z, g, at[0], at[1]).deviance(restricted=True),
            [np.maximum([tau, omega], 0.01)], [SD_BOUNDS, SD_BOUNDS],
        )  # fmt: skip
        tau, omega = (float(value) for value in found.x)
        sums = moments(fit.blocks, jacobian, working, f, tau, omega)
        step = np.clip(sums.coefficients() - now, -0.5, 0.5) if (~held).any() else sums.coefficients() - now
        full = np.concatenate([size, log_hours])
        full[keep] += step
        size, log_hours = full[: len(size)], np.clip(full[len(size) :], LOWEST, HIGHEST)
        if np.abs(step).max() < 1e-8 * (1 + np.abs(now).max()):
            break
    else:
        raise ConvergenceError(
            "the restricted fit did not settle: try a simpler shape", {"size": size, "log_hours": log_hours}
        )
    covariance = np.zeros((len(keep), len(keep)))
    covariance[np.ix_(keep, keep)] = np.linalg.inv(sums.xx)
    return replace(fit, size=size, log_hours=log_hours, covariance=covariance, tau=tau, omega=omega)


def _jacobian(
    shapes: tuple[Shape, ...], t: np.ndarray, place: np.ndarray, size: np.ndarray, log_hours: np.ndarray
) -> np.ndarray:
    k = len(shapes)
    jacobian = np.zeros((len(t), k + len(log_hours)))
    used = 0
    for i, shape in enumerate(shapes):
        m, rows = len(shape.parameters), place == i
        logs = log_hours[used : used + m]
        jacobian[rows, i] = shape.curve(t[rows], logs)
        for j in range(m):
            stepped = logs.astype(complex)
            stepped[j] += 1e-30j
            jacobian[rows, k + used + j] = size[i] * np.imag(shape.curve(t[rows].astype(complex), stepped)) / 1e-30
        used += m
    return jacobian


def _first(grid: np.ndarray, reached: np.ndarray) -> float:
    return float(grid[reached.argmax()]) if reached.any() else np.nan
