"""Tests and intervals: the one place that turns an estimate and its standard error into a summary row."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import special, stats

SUMMARY_COLUMNS = ("term", "estimate", "std_error", "df", "statistic", "p_value", "conf_low", "conf_high")


def critical_value(df: ArrayLike, level: float) -> np.ndarray:
    """The two-sided critical value of t with `df` degrees of freedom; infinite df is the normal.

    >>> critical_value([10, np.inf], 0.95).round(4).tolist()
    [2.2281, 1.96]
    """
    if not 0 < level < 1:
        raise ValueError(f"level {level!r} must lie between 0 and 1, such as 0.95")
    df = np.asarray(df, float)
    tail = (1 - level) / 2
    return np.where(np.isinf(df), stats.norm.isf(tail), stats.t.isf(tail, np.where(np.isinf(df), 1.0, df)))


def summary_table(
    term: ArrayLike, estimate: ArrayLike, std_error: ArrayLike, df: ArrayLike, *, level: float = 0.95
) -> pd.DataFrame:
    """The summary columns `term, estimate, std_error, df, statistic, p_value, conf_low, conf_high`.

    df : degrees of freedom of t, infinite for the normal. `statistic` tests estimate = 0, two-sided.
    """
    estimate, std_error, df = np.broadcast_arrays(
        np.atleast_1d(np.asarray(estimate, float)), np.asarray(std_error, float), np.asarray(df, float)
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        statistic = estimate / std_error
    p_value = 2 * np.where(
        np.isinf(df), stats.norm.sf(np.abs(statistic)), stats.t.sf(np.abs(statistic), np.where(np.isinf(df), 1.0, df))
    )
    half = critical_value(df, level) * std_error
    return pd.DataFrame(
        {
            "term": np.broadcast_to(np.asarray(term, object), estimate.shape),
            "estimate": estimate,
            "std_error": std_error,
            "df": df,
            "statistic": statistic,
            "p_value": p_value,
            "conf_low": estimate - half,
            "conf_high": estimate + half,
        }
    )


def summary_text(result: Any) -> str:
    """A result at a prompt or in a log: its kind and its summary, not its arrays."""
    return f"{type(result).__name__}\n{result.summary().to_string(index=False)}"


def summary_html(result: Any) -> str:
    """A result in a notebook: its summary."""
    return result.summary().to_html(index=False)


def joint_tests(rows: Sequence[tuple[str, float, float, float]]) -> pd.DataFrame:
    """Joint tests as a table: `test, statistic, df, df_denominator, p_value`; infinite denominators are χ².

    rows : (name, statistic, df, df_denominator), the statistic already divided by df where it is an F.

    >>> joint_tests([("moderators", 3.841459, 1, np.inf)])["p_value"].round(4).tolist()
    [0.05]
    """
    table = pd.DataFrame(rows, columns=["test", "statistic", "df", "df_denominator"])
    is_f = np.isfinite(table["df_denominator"])
    f_tail = stats.f.sf(table["statistic"], table["df"], table["df_denominator"].where(is_f, 1.0))
    return table.assign(p_value=np.where(is_f, f_tail, stats.chi2.sf(table["statistic"], table["df"])))


def as_ratio(summary: pd.DataFrame) -> pd.DataFrame:
    """The summary of a log measure as ratios: estimate and limits exponentiated, the log's own test kept.

    `std_error` and `statistic` belong to the logarithm and are dropped; `measure` loses its "log_".

    >>> as_ratio(summary_table("pooled", 0.0, 1.0, np.inf))[["estimate", "p_value"]].to_numpy().tolist()
    [[1.0, 1.0]]
    """
    return _transformed(summary, np.exp, {f"log_{one}_ratio": f"{one}_ratio" for one in ("odds", "risk", "hazard")})


def as_proportion(summary: pd.DataFrame) -> pd.DataFrame:
    """The summary of log odds as proportions: estimate and limits through the inverse logit.

    The test of a log odds against 0 asks whether half respond, which nobody asked: it is dropped too.

    >>> as_proportion(summary_table("pooled", 0.0, 1.0, np.inf))["estimate"].tolist()
    [0.5]
    """
    return _transformed(summary, special.expit, {"log_odds": "proportion"}).drop(columns="p_value", errors="ignore")


def interval_text(summary: pd.DataFrame, *, digits: int = 2, level: float = 0.95) -> pd.DataFrame:
    """The table with `estimate, conf_low, conf_high` as one text column `estimate (95 %)`, for reading.

    level : of the limits in the table; it names the column.

    Limits beyond 1000 or below 0.001 are written as such: their digits mean nothing. A missing estimate is said.

    >>> row = pd.DataFrame({"estimate": [3.157], "conf_low": [0.0002], "conf_high": [33.2]})
    >>> interval_text(row)["estimate (95 %)"].tolist()
    ['3.16 (<0.001 to 33.20)']
    """
    rows = zip(summary["estimate"], summary["conf_low"], summary["conf_high"], strict=True)
    texts = [_estimate_text(float(one), float(low), float(high), digits) for one, low, high in rows]
    table = summary.drop(columns=["conf_low", "conf_high"])
    place = list(table.columns).index("estimate")
    table = table.drop(columns="estimate")
    table.insert(place, f"estimate ({100 * level:g} %)", texts)
    return table


def _estimate_text(estimate: float, low: float, high: float, digits: int) -> str:
    limits = f"({number_text(low, digits)} to {number_text(high, digits)})"
    if np.isfinite(estimate):
        return f"{number_text(estimate, digits)} {limits}"
    return "no estimate" if np.isnan(low) and np.isnan(high) else f"no estimate {limits}"


def hours_text(estimate: float, low: float, high: float) -> str:
    """A time in hours with its interval in words; a bound where there is no estimate.

    >>> hours_text(22.04, 10.1, 40.0), hours_text(np.nan, 0.0, 8.4), hours_text(np.nan, 17.0, np.inf)
    ('22 h (10 to 40)', 'below 8.4 h', 'above 17 h')
    >>> hours_text(np.nan, 0.0, np.inf)
    'not bounded by these trials'
    """
    if np.isfinite(estimate):
        return f"{_two_digits(estimate)} h ({_two_digits(low)} to {_two_digits(high)})"
    if low > 0 and np.isfinite(high):
        return f"between {_two_digits(low)} and {_two_digits(high)} h"
    if not np.isfinite(high):
        return f"above {_two_digits(low)} h" if low > 0 else "not bounded by these trials"
    return f"below {_two_digits(high)} h"


def _two_digits(value: float) -> str:
    return f"{value:.2g}" if value < 100 else f"{float(f'{value:.2g}'):,.0f}"


def number_text(value: float, digits: int) -> str:
    """A number with its decimals; one more where it would read as nought, and none of what digits cannot tell.

    >>> number_text(3.157, 2), number_text(0.0021, 2), number_text(0.0002, 2), number_text(4e5, 2)
    ('3.16', '0.002', '<0.001', '>1000')
    """
    if abs(value) > 1000:
        return ">1000" if value > 0 else "<−1000"
    if 0 < value < 0.001:
        return "<0.001"
    return f"{value:.{digits + (value != 0 and abs(value) < 0.5 * 10**-digits)}f}"


def stack_tables(tables: list[pd.DataFrame]) -> pd.DataFrame:
    """Summaries under one another as one table.

    >>> stack_tables([pd.DataFrame({"k": [1]}), pd.DataFrame({"k": [2]})])["k"].tolist()
    [1, 2]
    """
    return pd.concat(tables, ignore_index=True)


def _transformed(
    summary: pd.DataFrame, transform: Callable[[pd.Series], pd.Series], names: dict[str, str]
) -> pd.DataFrame:
    limits = (
        "estimate",
        "conf_low",
        "conf_high",
        "prediction_low",
        "prediction_high",
        "pooled",  # of AmongEvidence: what published trials lead one to expect, and how far beyond
        "expected_low",
        "expected_high",
        "beyond",
    )
    unfit = set(summary["measure"].dropna()) - set(names) if "measure" in summary else set()
    if unfit:
        raise ValueError(f"measure {sorted(unfit)} is not on the scale {sorted(names)} that this turns back")
    table = summary.assign(**{name: transform(summary[name]) for name in limits if name in summary})
    if "measure" in table:
        table["measure"] = table["measure"].replace(names)
    return table.drop(columns=["std_error", "statistic", "df"], errors="ignore")
