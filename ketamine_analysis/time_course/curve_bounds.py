"""What the data can and cannot tell of a shape parameter: profile-likelihood limits, and the values they allow."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pandas as pd
from scipy import stats

from .curve_fit import Curves, profile, profile_limit
from .shapes import BY_FADE, HIGHEST, LOWEST, fade_of_peak

HELD = "its time course is not identified: no estimate; the widest interval over all time courses that the data allow"
OUT_OF_SIGHT = "its peak may lie where nobody looked, with less than a hundredth of it left at any look: no estimate"
GRID = {1: 25, 2: 17}  # values tried of one unidentified parameter, and of each of two (9 cut bands short)


def open_sides(ml: Curves, place: int) -> tuple[str, ...]:
    """The sides ("low", "high") on which the likelihood never falls by the 95 % limit: there the data say nothing."""
    curves, place = _quantity(ml, place)
    limit = float(stats.chi2.ppf(0.95, 1))
    ends = (("low", LOWEST, curves.logs[place] < LOWEST), ("high", HIGHEST, curves.logs[place] > HIGHEST))
    return tuple(side for side, end, out in ends if out or profile(curves, {place: end}).fun - ml.deviance < limit)


def hours_interval(ml: Curves, place: int, sides: tuple[str, ...], level: float) -> tuple[str, float, float, float]:
    """(what it is, likeliest value, lower and upper limit) of a shape parameter in hours; one-sided if a side is open.

    A likeliest value is no estimate where a side is open: the caller leaves it out.
    """
    curves, place = _quantity(ml, place)
    limit = float(stats.chi2.ppf(level if not sides else 2 * level - 1, 1))
    low = 0.0 if "low" in sides else np.exp(profile_limit(curves, place, -1, limit))
    high = np.inf if "high" in sides else np.exp(profile_limit(curves, place, 1, limit))
    owner = next(i for i in range(len(curves.shapes)) if place in curves.own(i))
    words = curves.shapes[owner].parameters[place - curves.own(owner)[0]]
    return words, float(np.exp(curves.logs[place])), float(low), float(high)


def limits_note(sides: tuple[str, ...], low: float, high: float, hours: np.ndarray, level: float) -> str:
    """Why a time has no estimate, or no limit at this level; "" where it has both. hours : those looked at."""
    looked = f"trials of this class looked from {hours.min() / 24:.3g} to {hours.max() / 24:.3g} days"
    if sides:
        return f"the data set no limit on the {' and '.join(sides)} side: {looked}: a bound, no estimate"
    open_now = [side for side, out in (("low", low <= 0), ("high", np.isinf(high))) if out]
    return f"no limit on the {' and '.join(open_now)} side at {100 * level:g} %: {looked}" if open_now else ""


def hours_to_fraction(table: pd.DataFrame, shape: dict[str, str], fraction: float) -> pd.DataFrame:
    """The half-times of saturating classes (emax, exponential) as hours to another fraction of the maximum.

    table : half-times with `treatment_class, estimate, conf_low, conf_high`. ValueError for a fraction outside (0, 1).
    """
    if not 0 < fraction < 1:
        raise ValueError(f"fraction {fraction!r} must lie between 0 and 1")
    factor = {"emax": fraction / (1 - fraction), "exponential": -np.log2(1 - fraction)}
    shapes = table["treatment_class"].map(shape)
    table = table[shapes.isin(factor)].reset_index(drop=True)
    columns = ["estimate", "conf_low", "conf_high"]
    table[columns] = table[columns].mul(table["treatment_class"].map(shape).map(factor).astype(float), axis=0)
    return table


def allowed(ml: Curves, place: int, level: float) -> list[np.ndarray]:
    """The likeliest state for each value of one class's shape parameters that the data allow, on a grid.

    The maximum-likelihood state comes first.
    """
    own, limit = ml.own(place), float(stats.chi2.ppf(level, 1))
    free = np.array([one not in own for one in range(len(ml.state))])
    grid, found, start = np.linspace(LOWEST, HIGHEST, GRID[len(own)]), [ml.state], None
    tried = list(product(grid, repeat=len(own)))
    if len(own) == 1:  # the ends of what is allowed, which a grid would miss
        ends = [profile_limit(ml, own[0], side, limit) for side in (-1, 1)]
        tried = sorted(tried + [(end,) for end in ends if np.isfinite(end)])
    for values in tried:
        here = profile(ml, dict(zip(own, values, strict=True)), start)
        start = here.x
        if here.fun - ml.deviance <= limit + 1e-4:
            state = np.empty(len(free))
            state[free], state[own] = here.x, values
            found.append(state)
    return found


def _quantity(ml: Curves, place: int) -> tuple[Curves, int]:
    """The curves in the parameters in which this one is in hours, and its position there."""
    owner = next(i for i in range(len(ml.shapes)) if place in ml.own(i))
    own = ml.own(owner)
    if ml.shapes[owner].name != "rise_and_fade" or place == own[0]:
        return ml, place
    state = ml.state.copy()
    state[own[0]] = fade_of_peak(ml.logs[own])
    shapes = tuple(BY_FADE if i == owner else shape for i, shape in enumerate(ml.shapes))
    return replace(ml, shapes=shapes, state=state), own[0]
