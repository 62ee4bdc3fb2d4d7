"""Response against hours across trials: how fast, how strong, how long, with the calendar and the control taken out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy import stats

from .curve_fit import Curves, jacobian, maximum_likelihood, profile, profile_limit, restricted
from .errors import ConvergenceError
from .inference import critical_value, summary_table
from .meta_analysis import check_effects
from .reml import make_blocks
from .shapes import HIGHEST, LOWEST, SHAPES
from .time_windows import HOURS_PER_DAY

HELD = "its half-time is not identified and is held at the likeliest value: this interval is too narrow; see predict"
PROFILE = float(stats.chi2.ppf(0.95, 1))


@dataclass(frozen=True)
class TimeCourse:
    """Curves fitted across trials; made by `fit_time_course`.

    classes : treatment classes, each with its shape in `ml.shapes`.
    ml : the maximum-likelihood fit (shapes are compared and half-times bounded by it); reml : the restricted fit
        (sizes, their covariance, tau = sd of a trial's own size, omega = sd of what is left at a time).
    unbounded : for each shape parameter the sides ("low", "high") on which the data set no limit.
    """

    effects: pd.DataFrame
    measure: str
    classes: tuple[str, ...]
    correlation: float
    constant_correlation: bool
    ml: Curves
    reml: Curves
    unbounded: tuple[tuple[str, ...], ...]

    @property
    def tau(self) -> float:
        """Between-trial standard deviation of the size of effect (REML)."""
        return float(self.reml.state[-2])

    @property
    def omega(self) -> float:
        """Standard deviation of what is left at a time within a trial (REML)."""
        return float(self.reml.state[-1])

    @property
    def df(self) -> float:
        """Degrees of freedom of t: trials minus parameters of the curves, at least 1."""
        return max(1.0, self.effects["study"].nunique() - len(self.reml.size) - len(self.reml.log_hours))

    def summary(self, level: float = 0.95) -> pd.DataFrame:
        """Sizes with t intervals, then each shape parameter in hours with its profile-likelihood interval.

        `note` says in words what the data cannot tell: an unbounded half-time has no estimate.
        """
        k = len(self.reml.size)
        error = np.sqrt(np.diag(self.reml.covariance)[:k])
        sizes = summary_table("size of effect", self.reml.size, error, self.df, level=level)
        sizes.insert(0, "treatment_class", list(self.classes))
        rows = [self._hours_row(place, level) for place in range(len(self.ml.log_hours))]
        held = [any(self.unbounded[one] for one in self.ml.own(place)) for place in range(k)]
        sizes["note"] = np.where(held, HELD, "")
        return pd.concat([sizes, pd.DataFrame(rows)], ignore_index=True).assign(measure=self.measure)

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
        rows = [self._hours_row(place, level) for place in range(len(self.ml.log_hours))]
        table = pd.DataFrame(rows, columns=_HOURS_COLUMNS)
        name = {one: shape.name for one, shape in zip(self.classes, self.ml.shapes, strict=True)}
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
        both = np.array([self.classes.index(first), self.classes.index(second)])
        slope = jacobian(self.reml.shapes, np.array([at, at]), both, self.reml.size, self.reml.log_hours)
        gap = slope[0] - slope[1]
        curve = self.predict([at], level=level).set_index("treatment_class")["estimate"]
        error = float(np.sqrt(gap @ self.reml.covariance @ gap))
        row = summary_table(f"{first} minus {second}", curve[first] - curve[second], error, self.df, level=level)
        return row.assign(hours=at, measure=self.measure, comparison="indirect, not randomised")

    def information_criteria(self) -> pd.DataFrame:
        """AIC and BIC (n = trials) of the ML fit, to compare shapes on the same effects: lower is better."""
        n, k = self.effects["study"].nunique(), len(self.classes) + len(self.ml.state)
        rows = len(self.effects)
        full = self.ml.deviance + rows * np.log(2 * np.pi)
        return pd.DataFrame({
            "shape": [" + ".join(dict.fromkeys(shape.name for shape in self.ml.shapes))], "parameters": [k],
            "log_likelihood": [-full / 2], "AIC": [full + 2 * k], "BIC": [full + np.log(n) * k],
        })  # fmt: skip

    def sensitivity(self, correlations: tuple[float, ...] = (0.3, 0.5, 0.7, 0.9)) -> pd.DataFrame:
        """The summary refitted at other within-trial correlations: which results hang on that assumption."""
        shapes = {name: shape.name for name, shape in zip(self.classes, self.ml.shapes, strict=True)}
        again = [
            fit_time_course(self.effects, shape=shapes, correlation=rho, constant_correlation=self.constant_correlation)
            .summary().assign(correlation=rho)
            for rho in correlations
        ]  # fmt: skip
        return pd.concat(again, ignore_index=True)

    def _predict_class(self, place: int, t: np.ndarray, level: float) -> pd.DataFrame:
        name, shape = self.classes[place], self.ml.shapes[place]
        own = self.ml.own(place)
        times = self.effects.loc[self.effects["treatment_class"] == name, "hours"]
        keys = pd.DataFrame({"treatment_class": name, "hours": t})
        looked = (t >= times.min()) & (t <= times.max())
        candidates = [self.reml.log_hours[own]]
        bounded = not any(self.unbounded[i] for i in own)
        if not bounded:
            candidates = self._allowed(place)
        bands = []
        for logs in candidates:
            fit = self.reml if bounded else self._at(place, logs)
            slope = jacobian(fit.shapes, t, np.full(len(t), place), fit.size, fit.log_hours)
            variance = np.einsum("ij,jk,ik->i", slope, fit.covariance, slope)
            f = shape.curve(t, logs)
            spread = variance + fit.state[-2] ** 2 * f**2 + fit.state[-1] ** 2
            bands.append((fit.size[place] * f, np.sqrt(variance), np.sqrt(spread)))
        estimate, error, spread = (np.array(parts) for parts in zip(*bands, strict=True))
        c = critical_value(self.df, level)
        return keys.assign(
            estimate=estimate[0] if bounded else np.nan, std_error=error[0] if bounded else np.nan,
            conf_low=(estimate - c * error).min(axis=0), conf_high=(estimate + c * error).max(axis=0),
            prediction_low=(estimate - c * spread).min(axis=0), prediction_high=(estimate + c * spread).max(axis=0),
            looked=looked,
        )  # fmt: skip

    def _at(self, place: int, logs: np.ndarray) -> Curves:
        """The restricted fit with one class's shape parameters held at a value."""
        state, held = self.ml.state.copy(), np.array([len(sides) > 0 for sides in self.unbounded], dtype=bool)
        state[self.ml.own(place)], held[self.ml.own(place)] = logs, True
        return restricted(replace(self.ml, state=state), held)

    def _allowed(self, place: int) -> list[np.ndarray]:
        """Shape parameters of a class that the data allow (within the 95 % profile), over a grid."""
        own = self.ml.own(place)
        if len(own) > 1:
            state: dict[str, object] = {"class": self.classes[place], "log_hours": self.ml.log_hours}
            words = f"{self.classes[place]}: two shape parameters are not identified; use a simpler shape"
            raise ConvergenceError(words, state)
        grid = np.linspace(LOWEST, HIGHEST, 25)
        return [np.array([one]) for one in grid if profile(self.ml, own[0], one) - self.ml.deviance <= PROFILE]

    def _hours_row(self, place: int, level: float) -> dict[str, object]:
        owner = next(i for i in range(len(self.classes)) if place in self.ml.own(i))
        name = self.ml.shapes[owner].parameters[place - self.ml.own(owner)[0]]
        sides = self.unbounded[place]
        limit = float(stats.chi2.ppf(level if not sides else 2 * level - 1, 1))  # one-sided where one side is open
        low = 0.0 if "low" in sides else np.exp(profile_limit(self.ml, place, -1, limit))
        high = np.inf if "high" in sides else np.exp(profile_limit(self.ml, place, 1, limit))
        words = {
            "log_half_time": "half-time, h",
            "log_rise": "half-time of rise, h",
            "log_fade_ratio": "fade / rise − 1",
        }
        note = ""
        if sides:
            own = self.effects.loc[self.effects["treatment_class"] == self.classes[owner], "hours"]
            times = own / HOURS_PER_DAY
            note = (
                f"the data set no limit on the {' and '.join(sides)} side: trials of this class looked "
                f"from {times.min():.3g} to {times.max():.3g} days: a bound, no estimate"
            )
        values = (words[name], np.nan if sides else float(np.exp(self.ml.log_hours[place])), low, high, note)
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
    m = sum(len(one.parameters) for one in shapes)
    if len(rows) <= 2 * len(classes) + m:
        raise ValueError(f"{len(rows)} effects cannot carry {len(classes) + m} curve parameters and two variances")
    order = {name: i for i, name in enumerate(classes)}
    y, t = rows["estimate"].to_numpy(float), rows["hours"].to_numpy(float)
    place, empty = rows["treatment_class"].map(order).to_numpy(int), np.empty(0)
    ml = maximum_likelihood(Curves(y, t, place, shapes, blocks, np.zeros(m + 2), np.nan, empty, empty))
    unbounded = tuple(_open_sides(ml, one) for one in range(m))
    reml = restricted(ml, np.array([len(sides) > 0 for sides in unbounded], dtype=bool))
    measure = str(rows["measure"].iloc[0]) if "measure" in rows else "effect"
    return TimeCourse(rows, measure, classes, correlation, constant_correlation, ml, reml, unbounded)


def _open_sides(ml: Curves, place: int) -> tuple[str, ...]:
    """The sides on which the likelihood never falls by the 95 % limit: there the data say nothing."""
    ends = (("low", LOWEST), ("high", HIGHEST))
    return tuple(side for side, end in ends if profile(ml, place, end) - ml.deviance < PROFILE)


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


def _first(grid: np.ndarray, reached: np.ndarray) -> float:
    return float(grid[reached.argmax()]) if reached.any() else np.nan
