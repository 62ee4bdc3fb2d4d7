"""Intervals for one proportion and for two: the numbers under every response rate.

All functions take numbers or arrays of one shape and answer in that shape. Nothing is added to a zero cell:
where a formula does not exist (a risk ratio with no events in an arm) the interval is missing (nan).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Comparison:
    """Two proportions compared: estimate and interval, with the names of measure and method.

    For the number needed to treat, read `describe_number_needed_to_treat`: its interval may pass infinity.
    """

    measure: str
    method: str
    level: float
    estimate: Floats
    conf_low: Floats
    conf_high: Floats


def proportion_interval(
    events: ArrayLike, n: ArrayLike, *, method: str = "wilson", level: float = 0.95
) -> tuple[Floats, Floats]:
    """Confidence limits (conf_low, conf_high) of events / n, on the 0–1 scale.

    method : "wilson" (Wilson 1927 score interval, J Am Stat Assoc 22:209) or "clopper_pearson"
        (Clopper & Pearson 1934, Biometrika 26:404; exact, wide). An arm with n = 0 gives nan.
    Raises ValueError for events outside 0 … n, an unknown method or a level outside (0, 1).

    >>> [round(float(limit), 4) for limit in proportion_interval(12, 17)]
    [0.4687, 0.8672]
    """
    e, m = _counts(events, n)
    z = _normal_quantile(level)
    if method == "wilson":
        low, high = _wilson(e, m, z)
    elif method == "clopper_pearson":
        low, high = _clopper_pearson(e, m, (1 - level) / 2)
    else:
        raise ValueError(f"method {method!r} is unknown: use 'wilson' or 'clopper_pearson'")
    return low[()], high[()]


def risk_difference(
    events: ArrayLike,
    n: ArrayLike,
    control_events: ArrayLike,
    control_n: ArrayLike,
    *,
    method: str = "newcombe",
    level: float = 0.95,
) -> Comparison:
    """The difference events/n − control_events/control_n with its interval, on the −1…1 scale.

    method : "newcombe" (Newcombe 1998, Stat Med 17:873, method 10: from two Wilson intervals),
        "miettinen_nurminen" (1985, Stat Med 4:213: score interval with the N/(N−1) factor) or
        "wald" (estimate ± z · SE, to reproduce papers). Only the Wald form has a standard error.

    >>> r = risk_difference(56, 70, 48, 80)
    >>> round(float(r.conf_low), 4), round(float(r.conf_high), 4)
    (0.0524, 0.3339)
    """
    methods = {"newcombe": _newcombe, "miettinen_nurminen": _miettinen_nurminen, "wald": _wald}
    if method not in methods:
        raise ValueError(f"method {method!r} is unknown: use one of {sorted(methods)}")
    e, m = _counts(events, n)
    ce, cm = _counts(control_events, control_n)
    estimate = _divide(e, m) - _divide(ce, cm)
    low, high = methods[method](e, m, ce, cm, _normal_quantile(level))
    return Comparison("risk_difference", method, level, estimate[()], low[()], high[()])


def risk_ratio(
    events: ArrayLike, n: ArrayLike, control_events: ArrayLike, control_n: ArrayLike, *, level: float = 0.95
) -> Comparison:
    """The ratio of two proportions with Katz' log interval (Katz 1978, Biometrics 34:469).

    >>> round(float(risk_ratio(12, 17, 5, 20).estimate), 3)
    2.824
    """
    e, m = _counts(events, n)
    ce, cm = _counts(control_events, control_n)
    variance = _divide(1, e) - _divide(1, m) + _divide(1, ce) - _divide(1, cm)
    return _log_comparison("risk_ratio", "katz", _divide(e * cm, m * ce), variance, level)


def odds_ratio(
    events: ArrayLike, n: ArrayLike, control_events: ArrayLike, control_n: ArrayLike, *, level: float = 0.95
) -> Comparison:
    """The ratio of two odds with Woolf's log interval (Woolf 1955, Ann Hum Genet 19:251).

    >>> round(float(odds_ratio(12, 17, 5, 20).estimate), 3)
    7.2
    """
    e, m = _counts(events, n)
    ce, cm = _counts(control_events, control_n)
    variance = _divide(1, e) + _divide(1, m - e) + _divide(1, ce) + _divide(1, cm - ce)
    return _log_comparison("odds_ratio", "woolf", _divide(e * (cm - ce), (m - e) * ce), variance, level)


def number_needed_to_treat(
    events: ArrayLike,
    n: ArrayLike,
    control_events: ArrayLike,
    control_n: ArrayLike,
    *,
    method: str = "newcombe",
    level: float = 0.95,
) -> Comparison:
    """One over the risk difference, and one over its limits (Altman 1998, BMJ 317:1309).

    Positive: treated for one more event (benefit, where the event is response); negative: for one fewer
    (harm). `conf_low` is one over the upper limit of the difference, `conf_high` one over the lower. Where
    the difference's interval holds zero, conf_low > 0 > conf_high and the interval runs through infinity:
    `describe_number_needed_to_treat` says so in words.

    >>> r = number_needed_to_treat(30, 47, 7, 25)
    >>> round(float(r.estimate), 2), round(float(r.conf_low), 2), round(float(r.conf_high), 2)
    (2.79, 1.85, 8.63)
    """
    rd = risk_difference(events, n, control_events, control_n, method=method, level=level)
    return Comparison(
        "number_needed_to_treat",
        method,
        level,
        _divide(1, rd.estimate)[()],
        _divide(1, rd.conf_high)[()],
        _divide(1, rd.conf_low)[()],
    )


def describe_number_needed_to_treat(estimate: float, conf_low: float, conf_high: float) -> str:
    """The number needed to treat in words, with Altman's benefit … ∞ … harm where the interval holds zero.

    >>> describe_number_needed_to_treat(2.79, 1.85, 8.63)
    'NNT (benefit) 2.8 (1.9 to 8.6)'
    >>> describe_number_needed_to_treat(10.0, 3.2, -8.0)
    'NNT (benefit) 10.0 (NNT (benefit) 3.2 to ∞ to NNT (harm) 8.0)'
    """
    if np.isnan(estimate):
        return "NNT not defined (no patients)"
    kind = "benefit" if estimate > 0 else "harm"
    point = "NNT ∞ (no difference)" if np.isinf(estimate) else f"NNT ({kind}) {abs(estimate):.1f}"
    if conf_low > 0 > conf_high:
        return f"{point} (NNT (benefit) {conf_low:.1f} to ∞ to NNT (harm) {-conf_high:.1f})"
    near, far = sorted((abs(conf_low), abs(conf_high)))
    return f"{point} ({near:.1f} to {'∞' if np.isinf(far) else f'{far:.1f}'})"


def _counts(events: ArrayLike, n: ArrayLike) -> tuple[Floats, Floats]:
    e, m = np.broadcast_arrays(np.asarray(events, float), np.asarray(n, float))
    if np.any(np.isnan(e) != np.isnan(m)):
        raise ValueError("events and n must both be known, or both missing")
    if np.any((e < 0) | (e > m)):
        raise ValueError("events must lie between 0 and n")
    return e, m


def _normal_quantile(level: float) -> float:
    if not 0 < level < 1:
        raise ValueError(f"level {level!r} must lie between 0 and 1, such as 0.95")
    return float(stats.norm.ppf((1 + level) / 2))


def _divide(top: ArrayLike, bottom: ArrayLike) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.divide(top, bottom), float)


def _wilson(e: Floats, m: Floats, z: float) -> tuple[Floats, Floats]:
    p = _divide(e, m)
    centre = (p + _divide(z**2, 2 * m)) / (1 + _divide(z**2, m))
    half = z * np.sqrt(_divide(p * (1 - p), m) + _divide(z**2, 4 * m**2)) / (1 + _divide(z**2, m))
    low = np.where(e == 0, np.where(m == 0, np.nan, 0.0), centre - half)
    return low, np.where(e == m, np.where(m == 0, np.nan, 1.0), centre + half)


def _clopper_pearson(e: Floats, m: Floats, tail: float) -> tuple[Floats, Floats]:
    low = np.where(e == 0, 0.0, stats.beta.ppf(tail, np.maximum(e, 0.5), m - e + 1))
    high = np.where(e == m, 1.0, stats.beta.isf(tail, e + 1, np.maximum(m - e, 0.5)))
    return np.where(m == 0, np.nan, low), np.where(m == 0, np.nan, high)


def _wald(e: Floats, m: Floats, ce: Floats, cm: Floats, z: float) -> tuple[Floats, Floats]:
    p, q = _divide(e, m), _divide(ce, cm)
    half = z * np.sqrt(_divide(p * (1 - p), m) + _divide(q * (1 - q), cm))
    return p - q - half, p - q + half


def _newcombe(e: Floats, m: Floats, ce: Floats, cm: Floats, z: float) -> tuple[Floats, Floats]:
    p, q = _divide(e, m), _divide(ce, cm)
    (low, high), (control_low, control_high) = _wilson(e, m, z), _wilson(ce, cm, z)
    return (
        p - q - np.sqrt((p - low) ** 2 + (control_high - q) ** 2),
        p - q + np.sqrt((high - p) ** 2 + (q - control_low) ** 2),
    )


def _miettinen_nurminen(e: Floats, m: Floats, ce: Floats, cm: Floats, z: float) -> tuple[Floats, Floats]:
    difference = _divide(e, m) - _divide(ce, cm)
    one = np.ones(np.broadcast(e, ce).shape)
    low = _bisect(lambda d: _score_statistic(d, e, m, ce, cm) - z, -one, difference * one)
    high = _bisect(lambda d: _score_statistic(d, e, m, ce, cm) + z, difference * one, one)
    return low, high


def _score_statistic(d: Floats, e: Floats, m: Floats, ce: Floats, cm: Floats) -> Floats:
    """(p − q − d) over its standard error under the hypothesis p − q = d; falls as d grows."""
    q = _constrained_control_rate(d, e, m, ce, cm)
    p, total = np.clip(q + d, 0, 1), m + cm
    variance = (_divide(p * (1 - p), m) + _divide(q * (1 - q), cm)) * _divide(total, total - 1)
    gap = _divide(e, m) - _divide(ce, cm) - d
    return np.where(variance > 0, _divide(gap, np.sqrt(variance)), np.where(gap == 0, 0.0, np.copysign(np.inf, gap)))


def _constrained_control_rate(d: Floats, e: Floats, m: Floats, ce: Floats, cm: Floats) -> Floats:
    """Maximum-likelihood control proportion given the difference d: the cubic's root in closed form."""
    total = m + cm
    c2 = ((m + 2 * cm) * d - total - e - ce) / (3 * total)
    c1 = ((cm * d - total - 2 * ce) * d + e + ce) / (3 * total)
    c0 = ce * d * (1 - d) / total
    q = c2**3 - 1.5 * c1 * c2 + c0 / 2
    p = np.where(q < 0, -1.0, 1.0) * np.sqrt(np.maximum(c2**2 - c1, 0))
    angle = (np.pi + np.arccos(np.clip(_divide(q, p**3), -1, 1))) / 3
    rate = np.where(p == 0, -c2, 2 * p * np.cos(angle) - c2)
    return np.clip(rate, np.maximum(0, -d), np.minimum(1, 1 - d))


def _bisect(falling: Callable[[Floats], Floats], low: Floats, high: Floats, steps: int = 80) -> Floats:
    for _ in range(steps):
        middle = (low + high) / 2
        above = falling(middle) > 0
        low, high = np.where(above, middle, low), np.where(above, high, middle)
    return (low + high) / 2


def _log_comparison(measure: str, method: str, ratio: Floats, variance: Floats, level: float) -> Comparison:
    half = _normal_quantile(level) * np.sqrt(np.where(np.isfinite(variance), variance, np.nan))
    return Comparison(measure, method, level, ratio[()], (ratio * np.exp(-half))[()], (ratio * np.exp(half))[()])
