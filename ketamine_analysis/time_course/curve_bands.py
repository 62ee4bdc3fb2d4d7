"""Curves with their confidence and prediction bands, drawn wide where a shape parameter is not identified."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from ..intervals import critical_value
from .curve_bounds import allowed
from .curve_fit import Curves, jacobian, restricted, values
from .spread_mixture import SpreadMixture, limits_of_size, mixture_beside, one_of

UNSEEN = 0.01  # share of a curve's maximum


def band(
    ml: Curves,
    reml: Curves | SpreadMixture,
    held: np.ndarray,
    t: np.ndarray,
    column: np.ndarray,
    df: np.ndarray,
    level: float,
) -> pd.DataFrame:
    """`estimate, std_error, conf_low, conf_high, prediction_low, prediction_high` at hours t of one class.

    column : each hour's size of effect (its class follows), −1 where there is none: an empty row. df : of each hour's
    t; a mixture over the spreads (`reml`) needs none. held : which shape parameters are not identified. If one of the
    class's own is, the band is the widest over all values that the data allow, and there is no estimate; a shape of two
    parameters always has that band.
    """
    drawn = column >= 0
    place = _class_of(ml, int(column[drawn][0])) if drawn.any() else 0
    open_own = held[ml.own(place)].any() if ml.own(place) else False
    wide = open_own or len(ml.own(place)) > 1  # two parameters bend the curve too much for a linearised band
    fits = [reml, *(_allowed_fits(ml, place, level, reml) if wide else [])]
    c = critical_value(df[drawn], level)
    parts = np.array([_band_of(fit, t[drawn], place, column[drawn], c, level) for fit in fits])  # fits × 6 × hours
    outside = (t[drawn] < ml.t[ml.place == place].min()) | (t[drawn] > ml.t[ml.place == place].max())
    unseen = np.array([_unseen(one_of(fit), place) for fit in fits])
    parts[:, 2::2, :][np.broadcast_to((unseen[:, None] & outside)[:, None, :], parts[:, 2::2, :].shape)] = -np.inf
    parts[:, 3::2, :][np.broadcast_to((unseen[:, None] & outside)[:, None, :], parts[:, 3::2, :].shape)] = np.inf
    error = np.where(unseen[0] & outside, np.inf, parts[0, 1])
    table = pd.DataFrame({
        "estimate": np.nan if open_own else parts[0, 0], "std_error": np.nan if open_own else error,
        "conf_low": parts[:, 2].min(axis=0), "conf_high": parts[:, 3].max(axis=0),
        "prediction_low": parts[:, 4].min(axis=0), "prediction_high": parts[:, 5].max(axis=0),
    })  # fmt: skip
    return table.set_axis(np.flatnonzero(drawn)).reindex(range(len(t)))


def widest_size(ml: Curves, reml: Curves | SpreadMixture, column: int, df: float, level: float) -> tuple[float, float]:
    """The widest interval of a size over all time courses of its class that the data allow.

    Infinite where one of them has its maximum out of sight: no look of the class then sees a hundredth of it.
    """
    place = _class_of(ml, column)
    fits = _allowed_fits(ml, place, level, reml)
    if any(_unseen(one_of(fit), place) for fit in fits):
        return -np.inf, np.inf
    ends = np.array([size_limits(fit, column, df, level)[2:] for fit in fits])
    return float(ends[:, 0].min()), float(ends[:, 1].max())


def size_limits(fit: Curves | SpreadMixture, column: int, df: float, level: float) -> tuple[float, float, float, float]:
    """A size with its standard error and limits: t of a fit, the posterior's of a mixture over the spreads."""
    if isinstance(fit, SpreadMixture):
        return limits_of_size(fit, column, level)
    size, error = float(fit.size[column]), float(np.sqrt(fit.covariance[column, column]))
    half = float(critical_value(df, level)) * error
    return size, error, size - half, size + half


def may_be_out_of_sight(ml: Curves, column: int, level: float) -> bool:
    """Whether a time course that the data allow has its maximum where no look of the class sees a hundredth of it."""
    place = _class_of(ml, column)
    return any(_unseen(replace(ml, state=state), place) for state in allowed(ml, place, level))


def _unseen(curves: Curves, place: int) -> bool:
    rows = curves.place == place
    return bool(np.abs(values(curves, curves.logs)[rows]).max() < UNSEEN)


def _allowed_fits(
    ml: Curves, place: int, level: float, reml: Curves | SpreadMixture
) -> Sequence[Curves | SpreadMixture]:
    """At each time course of the class that the data allow the fit, or the mixture where `reml` is one."""
    given = np.ones(len(ml.logs), bool)
    states = [replace(ml, state=state) for state in allowed(ml, place, level)]
    if isinstance(reml, SpreadMixture):
        return [mixture_beside(one, given, reml) for one in states]
    return [restricted(one, given) for one in states]


def _band_of(
    fit: Curves | SpreadMixture, t: np.ndarray, place: int, column: np.ndarray, c: np.ndarray, level: float
) -> tuple[np.ndarray, ...]:
    """The curve, its standard error, its limits, and those of a new trial's true effect at that hour."""
    if isinstance(fit, SpreadMixture):
        mean, variance, new = (np.array(one) for one in zip(*(_moments(one, t, place, column) for one in fit.fits),
                                                          strict=True))  # fmt: skip
        middle, deviation, low, high = fit.interval(mean, variance, level)
        return middle, deviation, low, high, *fit.interval(mean, new, level)[2:]
    middle, variance, new = _moments(fit, t, place, column)
    error, spread = np.sqrt(variance), np.sqrt(new)
    return middle, error, middle - c * error, middle + c * error, middle - c * spread, middle + c * spread


def _moments(fit: Curves, t: np.ndarray, place: int, column: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The curve, its variance, and the variance of a new trial's true effect at that hour."""
    classes = np.full(len(t), place)
    slope = jacobian(fit, t, classes, column, np.concatenate([fit.size, fit.logs]))
    variance = np.einsum("ij,jk,ik->i", slope, fit.covariance, slope)
    f = values(replace(fit, t=t, place=classes), fit.logs)
    return fit.size[column] * f, variance, variance + fit.state[-2] * f**2 + fit.state[-1]


def _class_of(curves: Curves, column: int) -> int:
    return int(curves.place[curves.column == column][0])
