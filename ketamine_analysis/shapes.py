"""Shapes of response over time: f(hours), between 0 and 1, that a class's size of effect multiplies.

Times enter as hours since first dose; shape parameters are logarithms of hours. Written so that a complex step
passes through them: derivatives are exact.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

LOG2 = np.log(2.0)
LINEAR_REFERENCE = 1008.0  # hours: a linear shape's size is the effect at 6 weeks
LOWEST, HIGHEST = np.log(0.05), np.log(20000.0)  # hours within which a half-time is looked for


@dataclass(frozen=True)
class Shape:
    """One curve. parameters : names of the log-hour parameters; curve(hours, parameters) → values; starts for them."""

    name: str
    parameters: tuple[str, ...]
    curve: Callable[[np.ndarray, np.ndarray], np.ndarray]
    starts: tuple[tuple[float, ...], ...]


def emax(hours: np.ndarray, log_half: np.ndarray) -> np.ndarray:
    """t / (t + t50): half of the maximum at t50.

    >>> emax(np.array([24.0, 72.0]), np.log([24.0])).tolist()
    [0.5, 0.75]
    """
    return hours / (hours + np.exp(log_half[0]))


def exponential(hours: np.ndarray, log_half: np.ndarray) -> np.ndarray:
    """1 − 2^(−t / t50): half of the maximum at t50, three quarters at twice t50."""
    return 1 - np.exp(-LOG2 * hours / np.exp(log_half[0]))


def rise_and_fade(hours: np.ndarray, logs: np.ndarray) -> np.ndarray:
    """A single dose: rise with one half-time, fade with a longer one, scaled to a peak of 1.

    logs : log of the half-time of the rise, and log of (half-time of the fade / that of the rise − 1).
    """
    rise = np.exp(logs[0])
    fade = rise * (1 + np.exp(logs[1]))
    a, e = LOG2 / rise, LOG2 / fade
    peak = np.log(a / e) / (a - e)
    return (np.exp(-e * hours) - np.exp(-a * hours)) / (np.exp(-e * peak) - np.exp(-a * peak))


def rise_and_fade_peak(logs: np.ndarray) -> float:
    """Hours to the peak of `rise_and_fade`."""
    rise = np.exp(logs[0])
    a, e = LOG2 / rise, LOG2 / (rise * (1 + np.exp(logs[1])))
    return float(np.log(a / e) / (a - e))


def plateau(hours: np.ndarray, none: np.ndarray) -> np.ndarray:
    """1 from the first look on: no time course at all."""
    return np.ones_like(hours)


def linear(hours: np.ndarray, none: np.ndarray) -> np.ndarray:
    """t / 6 weeks: grows without end."""
    return hours / LINEAR_REFERENCE


_HALF = tuple((float(np.log(t)),) for t in (2.0, 24.0, 168.0, 672.0))
SHAPES = {
    shape.name: shape
    for shape in (
        Shape("emax", ("log_half_time",), emax, _HALF),
        Shape("exponential", ("log_half_time",), exponential, _HALF),
        Shape("rise_and_fade", ("log_rise", "log_fade_ratio"), rise_and_fade,
              tuple((float(np.log(r)), float(np.log(f))) for r in (2.0, 12.0) for f in (10.0, 60.0))),
        Shape("plateau", (), plateau, ((),)),
        Shape("linear", (), linear, ((),)),
    )
}  # fmt: skip
