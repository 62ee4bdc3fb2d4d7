"""Shapes of response over time: f(hours), between 0 and 1, that a class's size of effect multiplies.

Times enter as hours since first dose; shape parameters are logarithms, written so that a complex step passes
through them (exact derivatives).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

LOG2 = np.log(2.0)
LINEAR_REFERENCE = 1008.0  # hours: a linear shape's size is the effect at 6 weeks
LOWEST, HIGHEST = np.log(0.05), np.log(20000.0)  # hours within which a time is looked for


@dataclass(frozen=True)
class Shape:
    """One curve. parameters : what each logarithm is, in words; curve(hours, parameters) → values; starts for them.

    size : what the size of effect means. The parameter "fade / rise − 1" of `rise_and_fade` has no unit; its half-time
    of fade is found through the twin shape `BY_FADE`.
    """

    name: str
    parameters: tuple[str, ...]
    curve: Callable[[np.ndarray, np.ndarray], np.ndarray]
    starts: tuple[tuple[float, ...], ...]
    size: str = "maximum effect"


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
    """A single dose: rise and fade at two rates (Bateman), scaled to 1 at its peak.

    logs : log hours to the peak, and log of (half-time of the fade / that of the rise − 1).

    >>> rise_and_fade(np.array([24.0]), np.log([24.0, 10.0])).round(12).tolist()
    [1.0]
    """
    ratio = np.exp(logs[1])
    return _bateman(hours, np.exp(logs[0]) * LOG2 * ratio / (1 + ratio) / np.log(1 + ratio), ratio)


def rise_and_fade_by_fade(hours: np.ndarray, logs: np.ndarray) -> np.ndarray:
    """`rise_and_fade` with the log half-time of the fade in place of the log hours to the peak."""
    ratio = np.exp(logs[1])
    return _bateman(hours, np.exp(logs[0]) / (1 + ratio), ratio)


def fade_of_peak(logs: np.ndarray) -> float:
    """The log half-time of the fade of `rise_and_fade`."""
    ratio = np.exp(logs[1])
    return float(logs[0] + np.log(LOG2 * ratio / np.log(1 + ratio)))


def plateau(hours: np.ndarray, none: np.ndarray) -> np.ndarray:
    """1 from the first look on: no time course at all."""
    return np.ones_like(hours)


def linear(hours: np.ndarray, none: np.ndarray) -> np.ndarray:
    """t / 6 weeks: grows without end."""
    return hours / LINEAR_REFERENCE


def _bateman(hours: np.ndarray, rise: float, ratio: float) -> np.ndarray:
    a, e = LOG2 / rise, LOG2 / (rise * (1 + ratio))
    peak = np.log(a / e) / (a - e)
    return (np.exp(-e * hours) - np.exp(-a * hours)) / (np.exp(-e * peak) - np.exp(-a * peak))


_HALF = tuple((float(np.log(t)),) for t in (2.0, 24.0, 168.0, 672.0))
_PEAK = tuple((float(np.log(t)), float(np.log(ratio))) for t in (12.0, 48.0) for ratio in (10.0, 60.0))
_RATIO = "fade / rise − 1"
SHAPES = {
    shape.name: shape
    for shape in (
        Shape("emax", ("half-time, h",), emax, _HALF),
        Shape("exponential", ("half-time, h",), exponential, _HALF),
        Shape("rise_and_fade", ("peak, h", _RATIO), rise_and_fade, _PEAK, "effect at the peak"),
        Shape("plateau", (), plateau, ((),), "effect at any time"),
        Shape("linear", (), linear, ((),), "effect at 6 weeks"),
        Shape("windows", (), plateau, ((),), "effect in the window"),
    )
}
BY_FADE = Shape("rise_and_fade", ("half-time of the fade, h", _RATIO), rise_and_fade_by_fade, _PEAK)
