"""Pooling of sparse counts without adding to zero cells: Mantel–Haenszel and Peto (one common effect)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ..intervals import summary_html, summary_table, summary_text

COUNTS = ("events", "n", "control_events", "control_n")


@dataclass(frozen=True)
class CountPool:
    """One common effect of several 2 × 2 tables. `left_out`: trials that carry no information (no events, or all)."""

    method: str
    measure: str
    estimate: float
    std_error: float
    k: int
    left_out: pd.DataFrame

    def summary(self, level: float = 0.95) -> pd.DataFrame:
        """The summary columns, then `measure, k, method`; ratios on the log scale (see `as_ratio`)."""
        table = summary_table("pooled effect", self.estimate, self.std_error, np.inf, level=level)
        return table.assign(measure=self.measure, k=self.k, method=self.method)

    __repr__ = summary_text
    _repr_html_ = summary_html


def mantel_haenszel(effects: pd.DataFrame, *, measure: str = "log_odds_ratio") -> CountPool:
    """The Mantel–Haenszel pooled effect from the counts of `effects`; no cell is changed.

    effects : table with `events, n, control_events, control_n` (from `contrast_arms`), one row a trial.
    measure : "log_odds_ratio" (variance of Robins, Breslow & Greenland 1986), "log_risk_ratio" (Greenland &
        Robins 1985) or "risk_difference" (Sato, Greenland & Robins 1989).
    Trials without events in both arms (or, for the odds ratio, with all) carry nothing and are in `left_out`; the
    risk difference uses them. Raises ValueError when no trial is left or the counts are missing.

    >>> tables = pd.DataFrame({"events": [8, 5], "n": [20, 15], "control_events": [4, 2], "control_n": [20, 15]})
    >>> round(mantel_haenszel(tables).estimate, 4)
    1.0561
    """
    a, b, c, d, used = table_cells(effects, all_events=measure == "log_odds_ratio", keep=measure == "risk_difference")
    estimators = {"log_odds_ratio": _mh_odds, "log_risk_ratio": _mh_risk, "risk_difference": _mh_difference}
    if measure not in estimators:
        raise ValueError(f"measure {measure!r} is unknown: use one of {sorted(estimators)}")
    estimate, std_error = estimators[measure](a, b, c, d)
    return CountPool("Mantel–Haenszel", measure, estimate, std_error, int(used.sum()), effects[~used])


def peto(effects: pd.DataFrame) -> CountPool:
    """Peto's pooled log odds ratio: observed minus expected events over their hypergeometric variance.

    Good for rare events, balanced arms and small effects only (Yusuf 1985, Prog Cardiovasc Dis 27:335). Arguments
    and errors as for `mantel_haenszel`.

    >>> tables = pd.DataFrame({"events": [8, 5], "n": [20, 15], "control_events": [4, 2], "control_n": [20, 15]})
    >>> round(peto(tables).estimate, 4)
    0.9882
    """
    a, b, c, d, used = table_cells(effects, all_events=True, keep=False)
    n1, n2, m = a + b, c + d, a + c
    total = n1 + n2
    variance = n1 * n2 * m * (total - m) / (total**2 * (total - 1))
    estimate = float((a - n1 * m / total).sum() / variance.sum())
    return CountPool(
        "Peto", "log_odds_ratio", estimate, float(1 / np.sqrt(variance.sum())), int(used.sum()), effects[~used]
    )


def table_cells(
    effects: pd.DataFrame, *, all_events: bool, keep: bool
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """The four cells of each trial that carries something, and which those are; raises ValueError for no counts.

    all_events : leave out trials where everybody has the event. keep : leave out nothing.
    """
    absent = [name for name in COUNTS if name not in effects or effects[name].isna().any()]
    if absent:
        raise ValueError(
            f"counts are needed in every row: {absent} is missing; mean differences cannot be pooled this way"
        )
    e, n, ce, cn = (effects[name].to_numpy(float) for name in COUNTS)
    check_counts(effects, e, n)
    check_counts(effects, ce, cn, prefix="control_")
    used = np.ones(len(e), bool) if keep else (e + ce > 0)
    if all_events:
        used &= e + ce < n + cn
    if not used.any():
        raise ValueError("no trial has events in one arm and not in all of both: there is nothing to pool")
    e, n, ce, cn = (values[used] for values in (e, n, ce, cn))
    return e, n - e, ce, cn - ce, used


def check_counts(table: pd.DataFrame, events: np.ndarray, n: np.ndarray, *, prefix: str = "") -> None:
    """Raises ValueError, naming the rows, when events are no whole number from 0 to n."""
    bad = ~((events >= 0) & (events <= n) & (n > 0) & (events == np.round(events)) & (n == np.round(n)))
    if bad.any():
        rows = list(table.index[bad][:5])
        raise ValueError(
            f"{prefix}events must be whole numbers from 0 to {prefix}n; rows {rows} are not: {events[bad][:5].tolist()}"
        )


def _mh_odds(a: np.ndarray, b: np.ndarray, c: np.ndarray, d: np.ndarray) -> tuple[float, float]:
    total = a + b + c + d
    p, q, r, s = (a + d) / total, (b + c) / total, a * d / total, b * c / total
    rs, ss = r.sum(), s.sum()
    if rs == 0 or ss == 0:
        raise ValueError(
            "one arm has no events (or no non-events) in any trial: the pooled odds ratio is 0 or infinite"
        )
    variance = ((p * r).sum() / rs**2 + ((p * s) + (q * r)).sum() / (rs * ss) + (q * s).sum() / ss**2) / 2
    return float(np.log(rs / ss)), float(np.sqrt(variance))


def _mh_risk(a: np.ndarray, b: np.ndarray, c: np.ndarray, d: np.ndarray) -> tuple[float, float]:
    n1, n2 = a + b, c + d
    total = n1 + n2
    r, s = (a * n2 / total).sum(), (c * n1 / total).sum()
    if r == 0 or s == 0:
        raise ValueError("one arm has no events in any trial: the pooled risk ratio is 0 or infinite")
    variance = ((n1 * n2 * (a + c) - a * c * total) / total**2).sum() / (r * s)
    return float(np.log(r / s)), float(np.sqrt(variance))


def _mh_difference(a: np.ndarray, b: np.ndarray, c: np.ndarray, d: np.ndarray) -> tuple[float, float]:
    n1, n2 = a + b, c + d
    total = n1 + n2
    weight = (n1 * n2 / total).sum()
    estimate = (a * n2 / total - c * n1 / total).sum() / weight
    first = (c * (n1 / total) ** 2 - a * (n2 / total) ** 2 + (n1 / total) * (n2 / total) * (n2 - n1) / 2).sum()
    second = ((a * d + c * b) / total).sum() / 2
    return float(estimate), float(np.sqrt((estimate * first + second) / weight**2))
