"""Curves with their confidence and prediction bands, drawn wide where a shape parameter is not identified."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from ..intervals import critical_value
from .curve_bounds import allowed
from .curve_fit import Curves, jacobian, restricted, values

UNSEEN = 0.01  # share of a curve's maximum


def band(
    ml: Curves, reml: Curves, held: np.ndarray, t: np.ndarray, column: np.ndarray, df: np.ndarray, level: float
) -> pd.DataFrame:
    """`estimate, std_error, conf_low, conf_high, prediction_low, prediction_high` at hours t of one class.

    column : each hour's size of effect (its class follows), −1 where there is none: an empty row. df : of each hour's
    t. held : which shape parameters are not identified. If one of the class's own is, the band is the widest over all
    values that the data allow, and there is no estimate; a shape of two parameters always has that band.
    """
    drawn = column >= 0
    place = _class_of(reml, int(column[drawn][0])) if drawn.any() else 0
    open_own = held[ml.own(place)].any() if ml.own(place) else False
    wide = open_own or len(ml.own(place)) > 1  # two parameters bend the curve too much for a linearised band
    fits = [reml, *(_allowed_fits(ml, place, level) if wide else [])]
    parts = [_band_of(fit, t[drawn], place, column[drawn]) for fit in fits]
    estimate, error, spread = (np.array(one) for one in zip(*parts, strict=True))
    outside = (t[drawn] < ml.t[ml.place == place].min()) | (t[drawn] > ml.t[ml.place == place].max())
    unseen = np.array([_unseen(fit, place) for fit in fits])
    error[unseen[:, None] & outside] = spread[unseen[:, None] & outside] = np.inf  # that curve's height nobody saw
    c = critical_value(df[drawn], level)
    table = pd.DataFrame({
        "estimate": np.nan if open_own else estimate[0], "std_error": np.nan if open_own else error[0],
        "conf_low": (estimate - c * error).min(axis=0), "conf_high": (estimate + c * error).max(axis=0),
        "prediction_low": (estimate - c * spread).min(axis=0), "prediction_high": (estimate + c * spread).max(axis=0),
    })  # fmt: skip
    return table.set_axis(np.flatnonzero(drawn)).reindex(range(len(t)))


def widest_size(ml: Curves, column: int, df: float, level: float) -> tuple[float, float]:
    """The widest interval of a size over all time courses of its class that the data allow.

    Infinite where one of them has its maximum out of sight: no look of the class then sees a hundredth of it.
    """
    place = _class_of(ml, column)
    fits = _allowed_fits(ml, place, level)
    if any(_unseen(fit, place) for fit in fits):
        return -np.inf, np.inf
    size = np.array([fit.size[column] for fit in fits])
    half = critical_value(df, level) * np.sqrt([fit.covariance[column, column] for fit in fits])
    return float((size - half).min()), float((size + half).max())


def may_be_out_of_sight(ml: Curves, column: int, level: float) -> bool:
    """Whether a time course that the data allow has its maximum where no look of the class sees a hundredth of it."""
    place = _class_of(ml, column)
    return any(_unseen(replace(ml, state=state), place) for state in allowed(ml, place, level))


def _unseen(curves: Curves, place: int) -> bool:
    rows = curves.place == place
    return bool(np.abs(values(curves, curves.logs)[rows]).max() < UNSEEN)


def _allowed_fits(ml: Curves, place: int, level: float) -> list[Curves]:
    return [restricted(replace(ml, state=state), np.ones(len(ml.logs), bool)) for state in allowed(ml, place, level)]


def _band_of(fit: Curves, t: np.ndarray, place: int, column: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The curve, its standard error, and the standard deviation of a new trial's true effect at that hour."""
    classes = np.full(len(t), place)
    slope = jacobian(fit, t, classes, column, np.concatenate([fit.size, fit.logs]))
    variance = np.einsum("ij,jk,ik->i", slope, fit.covariance, slope)
    f = values(replace(fit, t=t, place=classes), fit.logs)
    new = variance + fit.state[-2] * f**2 + fit.state[-1]
    return fit.size[column] * f, np.sqrt(variance), np.sqrt(new)


def _class_of(curves: Curves, column: int) -> int:
    return int(curves.place[curves.column == column][0])
