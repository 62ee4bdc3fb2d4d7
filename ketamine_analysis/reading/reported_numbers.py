"""Numbers from what papers print: spreads from errors, intervals and tests, means from medians, counts from percents.

Every function takes numbers, arrays or Series and gives back the same kind; a missing number stays missing. The
formulas are those of the Cochrane Handbook 6.5.2 unless another source is named. What comes out replaces a number
that was not printed: say so where it is used.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

DISTRIBUTIONS = ("t", "z")


def sd_from_std_error(std_error: Any, n: Any) -> Any:
    """The standard deviation of an arm from the standard error of its mean: SE·√n.

    Only for the raw mean's own error: the error of an adjusted (MMRM, ANCOVA) mean gives no raw deviation.
    Raises ValueError for a negative error or fewer than two patients.

    >>> sd_from_std_error(1.5, 36)
    9.0
    """
    (error, count), wrap = _prepared({"std_error": std_error, "n": n})
    _refuse(error < 0, "std_error", error, "must not be negative")
    _refuse(count < 2, "n", count, "must be 2 or more")
    return wrap(error * np.sqrt(count))


def sd_from_interval(low: Any, high: Any, n: Any, *, distribution: str, level: float = 0.95) -> Any:
    """The standard deviation of an arm from the confidence interval of its raw mean: √n·(high − low)/(2·critical).

    distribution : "t" (n − 1 degrees of freedom) or "z": what the paper used, which in a small arm is not the same.
    Raises ValueError for limits in the wrong order, fewer than two patients, an unknown distribution.

    >>> round(sd_from_interval(-14.2, -9.8, 25, distribution="t"), 4)
    5.3297
    """
    (_, _, count), wrap = _prepared({"low": low, "high": high, "n": n})
    _refuse(count < 2, "n", count, "must be 2 or more")
    error = std_error_from_interval(low, high, distribution=distribution, df=count - 1, level=level)
    return wrap(np.asarray(error, float) * np.sqrt(count))


def std_error_from_interval(low: Any, high: Any, *, distribution: str, df: Any = np.inf, level: float = 0.95) -> Any:
    """The standard error of any estimate from its confidence interval: (high − low)/(2·critical value).

    distribution : "z", or "t" with `df` degrees of freedom. The limits of a ratio enter as logarithms.

    >>> round(std_error_from_interval(np.log(1.2), np.log(2.25), distribution="z"), 4)
    0.1604
    """
    if distribution not in DISTRIBUTIONS:
        raise ValueError(f"distribution {distribution!r} is unknown: say what the paper used, one of {DISTRIBUTIONS}")
    if not 0 < level < 1:
        raise ValueError(f"level {level!r} must lie between 0 and 1, such as 0.95")
    (lower, upper), wrap = _prepared({"low": low, "high": high})
    freedom = np.asarray(df, float)
    if distribution == "t" and np.isinf(freedom).any():
        raise ValueError("distribution 't' needs its degrees of freedom, df=…")
    _refuse(lower > upper, "low", lower, "must not lie above high")
    tail = (1 - level) / 2
    critical = stats.norm.isf(tail) if distribution == "z" else stats.t.isf(tail, freedom)
    return wrap((upper - lower) / (2 * critical))


def sd_from_t(difference: Any, t: Any, n: Any, control_n: Any) -> Any:
    """The common standard deviation of two arms from the t of their raw mean difference: |d/t| / √(1/n + 1/n_c).

    Raises ValueError for t = 0, for a t and a difference of 0 that contradict each other, too few patients.

    >>> round(sd_from_t(-4.0, -2.5, 30, 28), 4)
    6.089
    """
    (d, value, count, other), wrap = _prepared({"difference": difference, "t": t, "n": n, "control_n": control_n})
    _refuse(value == 0, "t", value, "must not be 0: nothing follows from it about the spread")
    _refuse(d == 0, "difference", d, "must not be 0 where t is not")
    _refuse((count < 1) | (other < 1) | (count + other <= 2), "n", count, "must leave degrees of freedom")
    return wrap(np.abs(d / value) / np.sqrt(1 / count + 1 / other))


def sd_from_p(difference: Any, p: Any, n: Any, control_n: Any, *, sides: int) -> Any:
    """The common standard deviation of two arms from the p-value of a two-sample t test of their raw means.

    sides : 1 or 2, as the paper tested; there is no default because the answer hangs on it. A p printed as a bound
        ("p < 0.001") gives an upper bound of the deviation, not the deviation.
    Raises ValueError for p outside (0, 1), one-sided p from 0.5 on, and as `sd_from_t`.

    >>> round(sd_from_p(-4.0, 0.0154, 30, 28, sides=2), 2)
    6.09
    """
    if sides not in (1, 2):
        raise ValueError(f"sides {sides!r} must be 1 or 2: what the paper's test was")
    (_, chance, count, other), _ = _prepared({"difference": difference, "p": p, "n": n, "control_n": control_n})
    _refuse((chance <= 0) | (chance >= 1), "p", chance, "must lie between 0 and 1")
    _refuse(chance / sides >= 0.5, "p", chance, "must be below 0.5 when one-sided, in the direction of the difference")
    t = stats.t.isf(chance / sides, np.maximum(count + other - 2, 1))
    return sd_from_t(difference, t if t.ndim else float(t), n, control_n)


def mean_sd_from_quantiles(
    n: Any, median: Any, *, q1: Any = None, q3: Any = None, minimum: Any = None, maximum: Any = None
) -> pd.DataFrame:
    """Mean and standard deviation from a median with quartiles, range, or both: `mean, sd, skewed, method`.

    mean : Luo 2018 (Stat Methods Med Res 27:1785), equations 7, 11 and 15. sd : Wan 2014 (BMC Med Res Methodol
        14:135), equations 9 (range), 16 (quartiles) and 12–13 (both). Both suppose normal data; `skewed` says that
        the quantiles themselves contradict that at the 5 % level (Shi 2023, Stat Methods Med Res 32:1338): then the
        numbers should not be used. A row with quartiles alone uses those, and so on, row by row.
    Raises ValueError for quantiles out of order, one quartile or one end of the range alone, neither of them, n < 2.

    >>> mean_sd_from_quantiles(50, 12, q1=8, q3=17)[["mean", "sd"]].round(3).to_numpy().tolist()
    [[12.354, 6.87]]
    """
    given = {"n": n, "median": median, "q1": q1, "q3": q3, "minimum": minimum, "maximum": maximum}
    given = {name: np.nan if value is None else value for name, value in given.items()}
    (count, middle, lower, upper, least, most), _ = _prepared(given)
    index = next((value.index for value in given.values() if isinstance(value, pd.Series)), None)
    quartiles, ends = ~np.isnan(lower) & ~np.isnan(upper), ~np.isnan(least) & ~np.isnan(most)
    _refuse(np.isnan(lower) ^ np.isnan(upper), "q1, q3", lower, "must come together")
    _refuse(np.isnan(least) ^ np.isnan(most), "minimum, maximum", least, "must come together")
    _refuse(~quartiles & ~ends, "median", middle, "needs quartiles or a range beside it")
    _refuse(np.isnan(count) | np.isnan(middle), "n, median", count, "must not be missing")
    _refuse(count < 2, "n", count, "must be 2 or more")
    for smaller, larger in (
        (least, lower),
        (least, middle),
        (lower, middle),
        (middle, upper),
        (middle, most),
        (upper, most),
    ):
        _refuse(smaller > larger, "quantiles", smaller, "must rise from minimum to maximum")
    mean, sd, skewed = _from_quantiles(count, middle, lower, upper, least, most)
    method = np.where(quartiles & ends, "quartiles and range", np.where(quartiles, "quartiles", "range"))
    table = {"mean": mean, "sd": sd, "skewed": skewed, "method": method}
    return pd.DataFrame({name: np.atleast_1d(value) for name, value in table.items()}, index=index)


def events_from_percent(percent: Any, n: Any, *, decimals: Any) -> pd.DataFrame:
    """The count behind a printed percentage, where exactly one whole number fits: `events, fitting, reason`.

    decimals : digits printed after the point (61 % has 0, 61.0 % has 1): the printed number is any that rounds to
        it, half up or half to even. `events` is missing unless one count fits; `fitting` says how many do and `reason`
            what to do. Raises ValueError for a percentage outside 0–100, n that is no whole number above 0.

    >>> events_from_percent([63.8, 64, 33], [47, 470, 40], decimals=[1, 0, 0])["events"].tolist()
    [30, <NA>, 13]
    """
    (share, count, digits), _ = _prepared({"percent": percent, "n": n, "decimals": decimals})
    index = next((value.index for value in (percent, n, decimals) if isinstance(value, pd.Series)), None)
    share, count, digits = (np.atleast_1d(value) for value in (share, count, digits))
    _refuse((share < 0) | (share > 100), "percent", share, "must lie between 0 and 100")
    _refuse((count < 1) | (count != np.round(count)) & ~np.isnan(count), "n", count, "must be a whole number above 0")
    _refuse(~((digits >= 0) & (digits == np.round(digits))), "decimals", digits, "must be 0, 1, 2 …")
    half = 0.5 * 10.0**-digits
    slack = 1e-9  # a bound that is itself a count belongs to both roundings
    first = np.maximum(np.ceil((share - half) / 100 * count - slack), 0)
    last = np.minimum(np.floor((share + half) / 100 * count + slack), count)
    known = ~np.isnan(first + last)
    fitting = np.where(known, np.maximum(last - first + 1, 0), 0).astype(int)
    reason = np.select(
        [~known, fitting == 0, fitting > 1],
        [
            "percentage or n is missing",
            "no count gives this percentage of n: n or the percentage is another (a model's estimate, other patients)",
            "several counts round to it: look for the count, or more digits",
        ],
        "",
    )
    events = pd.array(np.where(fitting == 1, first, np.nan), dtype="Int64")
    return pd.DataFrame({"events": events, "fitting": fitting, "reason": reason}, index=index)


def _from_quantiles(
    n: np.ndarray, median: np.ndarray, q1: np.ndarray, q3: np.ndarray, least: np.ndarray, most: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    quartiles, ends = ~np.isnan(q1), ~np.isnan(least)
    both = quartiles & ends
    middle_range, middle_quartiles = (least + most) / 2, (q1 + q3) / 2
    first = np.where(both, 2.2 / (2.2 + n**0.75), np.where(ends, 4 / (4 + n**0.75), 0.0))
    second = np.where(both, 0.7 - 0.72 / n**0.55, np.where(quartiles, 0.7 + 0.39 / n, 0.0))
    mean = (1 - first - second) * median
    mean = mean + np.where(ends, first * middle_range, 0.0) + np.where(quartiles, second * middle_quartiles, 0.0)
    by_range = (most - least) / (2 * stats.norm.ppf((n - 0.375) / (n + 0.25)))
    by_quartiles = (q3 - q1) / (2 * stats.norm.ppf((0.75 * n - 0.125) / (n + 0.25)))
    sd = np.where(both, (by_range + by_quartiles) / 2, np.where(ends, by_range, by_quartiles))
    with np.errstate(divide="ignore", invalid="ignore"):
        lean_range = np.abs(2 * (middle_range - median)) / (most - least)
        lean_quartiles = np.abs(2 * (middle_quartiles - median)) / (q3 - q1)
        joint = np.fmax(2.65 * np.log(0.6 * n) / np.sqrt(n) * lean_range, lean_quartiles)
    lean = np.where(both, joint, np.where(ends, lean_range, lean_quartiles))
    limit = np.where(
        both,
        3 / np.sqrt(n) - 40 / n**3,
        np.where(ends, 1 / np.log(n + 9) + 2.5 / (n + 1), 2.65 / np.sqrt(n) - 6 / n**2),
    )
    return mean, sd, lean >= limit


def _prepared(given: dict[str, Any]) -> tuple[list[np.ndarray], Any]:
    """The arguments as arrays of one shape, and what turns an answer back into their kind."""
    series = [value for value in given.values() if isinstance(value, pd.Series)]
    if any(not one.index.equals(series[0].index) for one in series):
        raise ValueError(f"{', '.join(given)}: the Series have different rows; bring them to one index first")
    arrays = []
    for name, value in given.items():
        try:
            arrays.append(np.asarray(pd.to_numeric(value) if isinstance(value, pd.Series) else value, dtype=float))
        except (TypeError, ValueError) as error:
            raise ValueError(f"{name} must be numbers: {error}") from error
    arrays = [np.array(one) for one in np.broadcast_arrays(*arrays)]

    def wrap(answer: np.ndarray) -> Any:
        if series:
            return pd.Series(answer, index=series[0].index)
        return answer if np.ndim(answer) else float(answer)

    return arrays, wrap


def _refuse(bad: np.ndarray, name: str, value: np.ndarray, rule: str) -> None:
    """Raises ValueError with the first offending values; a missing value offends nothing."""
    wrong = np.atleast_1d(bad)
    if wrong.any():
        found = np.atleast_1d(value)[wrong][:5].tolist()
        raise ValueError(f"{name} {rule}: {found} at {np.flatnonzero(wrong)[:5].tolist()}")
