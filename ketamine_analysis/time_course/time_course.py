"""Response against hours across trials: how fast, how strong, how long, with the calendar and the control taken out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import cast

import numpy as np
import pandas as pd

from ..effects.covariance import trial_covariances
from ..effects.time_windows import assign_window
from ..errors import NotInData
from ..intervals import summary_html, summary_table, summary_text
from .arm_course import ArmTimeCourse, fit_arm_course
from .class_differences import compare_at
from .course_rows import checked_effects, counted_arms, sized_rows
from .crossings import GRID, first_hours, hours_beyond
from .curve_bands import band, may_be_out_of_sight, size_limits, widest_size
from .curve_bounds import HELD, OUT_OF_SIGHT, hours_interval, hours_to_fraction, limits_note, open_sides
from .curve_fit import Curves, maximum_likelihood, restricted
from .random_speed import RandomSpeed, fit_random_speed
from .refits import misfit_table, without_each_trial
from .reml import make_blocks
from .shape_tests import information_criteria, likelihood_ratio
from .shapes import SHAPES
from .spread_mixture import SpreadMixture, spread_mixture, usual_scale


@dataclass(frozen=True)
class TimeCourse:
    """Curves fitted across trials; made by `fit_time_course`.

    columns : (class, window) of each size of effect; the window is "" but for the shape "windows".
    ml : the maximum-likelihood fit (shapes are compared and half-times bounded by it); reml : the restricted fit
        (sizes, their covariance, tau = sd of a trial's own size, omega = sd of what is left at a time).
    unbounded : for each shape parameter the sides ("low", "high") on which the data set no limit.
    left_out : effects in no time window (shape "windows" only). mixture : with a prior, its posterior of τ and ω.
    """

    effects: pd.DataFrame
    measure: str
    columns: tuple[tuple[str, str], ...]
    correlation: float
    constant_correlation: bool
    ml: Curves
    reml: Curves
    unbounded: tuple[tuple[str, ...], ...]
    left_out: pd.DataFrame
    mixture: SpreadMixture | None = None

    @property
    def inference(self) -> Curves | SpreadMixture:
        """What intervals come from: the mixture where there is a prior, else the restricted fit."""
        return self.mixture or self.reml

    @property
    def classes(self) -> tuple[str, ...]:
        """Treatment classes, each with its shape in `ml.shapes`."""
        return tuple(dict.fromkeys(name for name, _ in self.columns))

    @property
    def shape(self) -> dict[str, str]:
        """The name of each class's shape."""
        return {name: shape.name for name, shape in zip(self.classes, self.ml.shapes, strict=True)}

    @property
    def tau(self) -> float:
        """Between-trial standard deviation of the size of effect (REML)."""
        return float(np.sqrt(self.reml.state[-2]))

    @property
    def omega(self) -> float:
        """Standard deviation of what is left at a time within a trial (REML)."""
        return float(np.sqrt(self.reml.state[-1]))

    @property
    def df(self) -> np.ndarray:
        """Degrees of freedom of t for each size: its own trials less its own parameters, at least 1.

        The variances are shared by all classes, but a class of five trials does not borrow the others' certainty
        (as Hartung & Knapp count: k − 1 for one mean). For shape "windows" a size's trials are those of its window.
        Infinite with a prior on the variances.
        """
        if self.mixture is not None:  # a prior instead of t
            return np.full(len(self.columns), np.inf)
        column, studies = self.ml.column, self.effects["study"].to_numpy()
        trials = np.array([len(set(studies[column == one])) for one in range(len(self.columns))])
        held = self._held()
        free = [int((~held[self.ml.own(self.classes.index(name))]).sum()) for name, _ in self.columns]
        return np.maximum(1.0, trials - 1.0 - np.array(free))

    def summary(self, level: float = 0.95) -> pd.DataFrame:
        """Sizes with t intervals, then each shape parameter in hours with its profile-likelihood interval.

        `note` says in words what the data cannot tell (an unbounded time has no estimate), and where the shape does
        not fit the class's trials (`misfit`).
        """
        places = [self.classes.index(name) for name, _ in self.columns]
        terms = [f"{self.ml.shapes[i].size} {window}".strip() for i, (_, window) in zip(places, self.columns)]  # noqa: B905
        found = [size_limits(self.inference, row, df, level) for row, df in enumerate(self.df)]
        size, error, low, high = np.array(found).T
        sizes = summary_table(terms, size, error, self.df, level=level).assign(conf_low=low, conf_high=high)
        sizes.insert(0, "treatment_class", [name for name, _ in self.columns])
        sizes["note"] = ""
        for row, place in enumerate(places):
            own = self.ml.own(place)
            held = bool(self._held()[own].any())
            if held or (len(own) > 1 and may_be_out_of_sight(self.ml, row, level)):
                low, high = widest_size(self.ml, self.inference, row, self.df[row], level)
                sizes.loc[row, ["estimate", "std_error", "statistic", "p_value"]] = np.nan
                sizes.loc[row, ["conf_low", "conf_high"]] = low, high
                sizes.loc[row, "note"] = HELD if held else OUT_OF_SIGHT
        unfit = sizes["treatment_class"].map(self.misfit.set_index("treatment_class")["note"])
        sizes["note"] = ["; ".join(filter(None, both)) for both in zip(sizes["note"], unfit, strict=True)]
        return pd.concat([sizes, self._hours(level)], ignore_index=True).assign(measure=self.measure)

    def predict(self, hours: np.ndarray | list[float], *, level: float = 0.95, only: str | None = None) -> pd.DataFrame:
        """Each class's curve (or one): `treatment_class, hours, estimate, std_error, conf_*, prediction_*, looked`.

        The confidence band is for the mean of trials, the prediction band for a new trial at that hour: τ and ω enter
        as estimated, so it is too narrow where ω decides (early on a slow curve): tests/calibration/time_course.py
        prints how often both hold the truth. looked :
        a trial of the class reported at or before and at or after that hour; elsewhere the shape speaks, not data.
        A class whose time course is unbounded has no estimate: its band is the widest over all that the data allow.
        Shape "windows" is silent (missing) in a window where nobody looked. `note` : why there is no estimate.
        """
        if only not in (None, *self.classes):
            raise ValueError(f"class {only!r} was not fitted: use one of {list(self.classes)}")
        t = np.asarray(hours, float)
        window = assign_window(pd.DataFrame({"hours": t}))["window"].astype(object)
        parts = []
        for name, shape in self.shape.items() if only is None else [(only, self.shape[only])]:
            keys = [(name, one if shape == "windows" else "") for one in window]
            column = np.array([self.columns.index(key) if key in self.columns else -1 for key in keys])
            times = self.effects.loc[self.effects["treatment_class"] == name, "hours"]
            looked = (t >= times.min()) & (t <= times.max()) & (column >= 0)
            table = band(self.ml, self.inference, self._held(), t, column, self.df[column], level)
            table.insert(0, "treatment_class", name)
            table.insert(1, "hours", t)
            silent = np.where(column < 0, "no look of this class in this window", "")
            held = self._held()[self.ml.own(self.classes.index(name))].any()
            parts.append(table.assign(looked=looked, note=HELD if held else silent))
        return pd.concat(parts, ignore_index=True)

    def time_to(self, fraction: float = 0.5, *, level: float = 0.95) -> pd.DataFrame:
        """Hours to a fraction of the maximum, for the classes with a saturating shape (emax, exponential).

        Profile-likelihood intervals; an unbounded side is 0 or infinity, `note` says why.
        """
        table = hours_to_fraction(self._hours(level), self.shape, fraction)
        return table.assign(term=f"hours to {100 * fraction:g} % of the maximum")

    def time_to_effect(self, value: float, *, level: float = 0.95) -> pd.DataFrame:
        """First hour at which each curve reaches `value` (in the measure's own unit), and at which its band does.

        conf_low : first hour at which the band's far end reaches it; conf_high : at which the whole band lies
        beyond it. Missing when it never does within 64 weeks. ValueError for a value of 0.
        """
        return first_hours(self.predict(GRID, level=level), value)

    def duration_above(self, value: float, *, level: float = 0.95) -> pd.DataFrame:
        """Hours for which each curve lies at or beyond `value`, up to the class's last look.

        conf_low, conf_high : the same of the band's near and far end. `still` : the curve has not come back by the
        last look, so the duration is at least this. ValueError for a value of 0.
        """
        last = self.effects.groupby("treatment_class")["hours"].max()
        return hours_beyond(self.predict(GRID, level=level), value, last)

    def peak(self, *, level: float = 0.95) -> pd.DataFrame:
        """Hours to the peak, half-time of the fade, and the effect at the peak, for classes that rise and fade."""
        if "rise_and_fade" not in self.shape.values():
            raise ValueError(f"no class was fitted with shape 'rise_and_fade'; shapes are {self.shape}")
        table = self.summary(level)
        return table[table["treatment_class"].map(self.shape) == "rise_and_fade"].reset_index(drop=True)

    def compare(self, first: str, second: str, *, at: float, level: float = 0.95) -> pd.DataFrame:
        """The difference of two classes' effects against control at one hour: an indirect comparison, and so named."""
        return compare_at(self, first, second, at=at, level=level)

    def information_criteria(self) -> pd.DataFrame:
        """AIC and BIC (n = trials) of the ML fit, to compare shapes on the same `effects`: lower is better."""
        return information_criteria(self.ml)

    @cached_property
    def misfit(self) -> pd.DataFrame:
        """Each class's curve against a free effect in every time window, fitted to its effects alone.

        Columns: `treatment_class, shape, effects, AIC, AIC_windows, note`; lower is better, and a curve 10 or more
        worse has next to no support (Burnham & Anderson 2004, Sociol Methods Res 33:261): `note` and `summary` say so.
        Missing where a class has too few effects in windows to tell.
        """
        return misfit_table(self.effects, self.shape, lambda own, shape: self._again(own, self.correlation, shape))

    def likelihood_ratio(self, simpler: TimeCourse) -> pd.DataFrame:
        """The test of this shape against a simpler one nested in it, both ML on the same effects.

        Raises ValueError for shapes that are not nested (see `shape_tests`).
        """
        return likelihood_ratio(simpler.ml, self.ml)

    def sensitivity(self, correlations: tuple[float, ...] = (0.3, 0.5, 0.7, 0.9)) -> pd.DataFrame:
        """The summary refitted at other within-trial correlations: which results hang on that assumption."""
        fits = [self._again(self.effects, rho).summary().assign(correlation=rho) for rho in correlations]
        return pd.concat(fits, ignore_index=True)

    def leave_one_out(self, treatment_class: str, *, at: float, level: float = 0.95) -> pd.DataFrame:
        """One class's curve at one hour without each of its trials: `left_out`, `note`, and as `predict`."""
        if treatment_class not in self.classes:
            raise ValueError(f"class {treatment_class!r} was not fitted: use one of {list(self.classes)}")
        return without_each_trial(
            self.effects, treatment_class, lambda kept: self._again(kept, self.correlation), at=at, level=level
        )

    def with_random_speed(self) -> RandomSpeed:
        """The same curves when trials also differ in speed: each trial's hours stretched by its own random factor."""
        return fit_random_speed(self.ml, self.columns)

    def _again(self, effects: pd.DataFrame, correlation: float, shape: str | None = None) -> TimeCourse:
        kind, constant = shape or self.shape, self.constant_correlation
        prior = "half_normal" if self.mixture else None
        again = fit_time_course(
            effects, shape=kind, correlation=correlation, constant_correlation=constant, prior=prior
        )
        return cast(TimeCourse, again)

    def _held(self) -> np.ndarray:
        return np.array([len(sides) > 0 for sides in self.unbounded], dtype=bool)

    def _hours(self, level: float) -> pd.DataFrame:
        rows = []
        for place, sides in enumerate(self.unbounded):
            name = self.classes[next(i for i in range(len(self.classes)) if place in self.ml.own(i))]
            words, estimate, low, high = hours_interval(self.ml, place, sides, level)
            times = self.effects.loc[self.effects["treatment_class"] == name, "hours"].to_numpy(float)
            note = limits_note(sides, low, high, times, level)
            rows.append((name, words, np.nan if sides else estimate, low, high, note))
        return pd.DataFrame(rows, columns=["treatment_class", "term", "estimate", "conf_low", "conf_high", "note"])

    __repr__ = summary_text
    _repr_html_ = summary_html


def fit_time_course(
    effects: pd.DataFrame,
    *,
    shape: str | Mapping[str, str] = "emax",
    by: str = "treatment_class",
    correlation: float = 0.5,
    constant_correlation: bool = False,
    prior: str | None = None,
) -> TimeCourse | ArmTimeCourse:
    """Curves of effect against hours since first dose, one per class, from all times of all trials at once.

    effects : from `contrast_arms` (one measure, one outcome, timing "at"); several times of a trial are welcome.
        A table of arms (counts, no contrasts) gives the odds of response in the arms instead, by exact binomial
        likelihood: an `ArmTimeCourse`, labelled as not randomised; correlations play no part in it.
    shape : "emax", "exponential", "rise_and_fade", "plateau", "linear", or "windows" (a size for each time window,
        nothing assumed), for all classes or one per class.
    by : the column of classes. correlation : of one arm's results one week apart, falling as ρ^(days / 7), or
        the same at all distances with constant_correlation; it holds for the shared control too.
    Model: y_i(t) = (E_c + u_i) f_c(t) + w_i(t) + error, u_i ~ N(0, τ²), w_i(t) ~ N(0, ω²); the u of two classes
    in one trial correlate ½. Shapes by maximum likelihood, then variances, sizes and standard errors by
    restricted likelihood of the curve linearised there (as Lindstrom & Bates 1990, Biometrics 46:673).
    prior : "half_normal" integrates τ and ω out under half-normal priors of their measure's usual scale, so that a
        class of few trials has a band by the spread that trials usually have; hours keep their profile bounds. Early
        on a curve of six trials its bands hold the truth a little less often (tests/calibration/time_course.py).
    Raises ValueError for an unknown shape or prior, several measures, times "within", or too few effects;
    ConvergenceError when no start reaches an optimum.

    >>> table = pd.DataFrame({"study": list("abcd"), "treatment_class": "x", "hours": [4.0, 24.0, 96.0, 600.0],
    ...     "estimate": [0.2, 0.5, 0.8, 0.97], "active_variance": 1e-4, "control_variance": 1e-4, "std_error": 0.0142})
    >>> fit_time_course(table).time_to(0.5)["estimate"].round(0).tolist()
    [22.0]
    """
    if "estimate" not in effects and "events" in effects:
        return fit_arm_course(*counted_arms(effects, by, shape))
    rows, left_out, columns = sized_rows(checked_effects(effects, by, correlation), shape)
    classes = list(dict.fromkeys(name for name, _ in columns))
    shapes = tuple(SHAPES[shape if isinstance(shape, str) else shape[name]] for name in classes)
    m = sum(len(one.parameters) for one in shapes)
    if len(rows) < len(columns) + m + 2:
        raise NotInData(f"{len(rows)} effects cannot carry {len(columns) + m} curve parameters and two variances")
    kinds = rows["study"].to_numpy(), rows["treatment_class"].to_numpy()
    blocks = make_blocks(*kinds, lambda at: trial_covariances(rows, at, correlation, constant=constant_correlation))
    y, t, empty = rows["estimate"].to_numpy(float), rows["hours"].to_numpy(float), np.empty(0)
    place = rows["treatment_class"].map({name: i for i, name in enumerate(classes)}).to_numpy(int)
    column = rows["_column"].to_numpy(int)
    start = Curves(y, t, place, column, len(columns), shapes, blocks, np.zeros(m + 2), np.nan, *[empty] * 3)
    ml = maximum_likelihood(start)
    unbounded = tuple(open_sides(ml, one) for one in range(m))
    reml = restricted(ml, np.array([len(sides) > 0 for sides in unbounded], dtype=bool))
    measure = str(rows["measure"].iloc[0]) if "measure" in rows else "effect"
    rows = rows.drop(columns="_column")
    scale = None if prior is None else usual_scale(prior, measure)
    mixture = None if scale is None else spread_mixture(ml, np.array([len(one) > 0 for one in unbounded], bool), scale)
    return TimeCourse(rows, measure, columns, correlation, constant_correlation, ml, reml, unbounded, left_out, mixture)
