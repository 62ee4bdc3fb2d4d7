"""Random-effects pooling of counts by their own likelihood: no cell is changed, no normal approximation of a trial."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import special, stats

from ..errors import ConvergenceError, DatasetError, problem_table
from ..intervals import critical_value, summary_html, summary_table, summary_text
from .count_pools import check_counts, table_cells
from .effect_tables import arms_counted_twice
from .random_logits import Binomial, Family, Hypergeometric, MixedFit, fit_common, fit_mixed

INFERENCES = ("wald", "t")


@dataclass(frozen=True)
class ExactPool:
    """A random-effects pooling of counts; made by `hypergeometric_normal` or `binomial_normal`.

    tau2 : variance of the true log odds (ratios) between trials, missing for one trial. log_likelihood : at the
        maximum; log_likelihood_common : with τ² = 0. Q : likelihood-ratio statistic of one common value against a
        value for each trial, on k − 1 degrees of freedom. left_out : trials that carry no information.
    """

    model: str
    measure: str
    inference: str
    estimate: float
    std_error: float
    k: int
    tau2: float
    log_likelihood: float
    log_likelihood_common: float
    Q: float
    left_out: pd.DataFrame

    def summary(self, level: float = 0.95) -> pd.DataFrame:
        """The summary columns, then `measure, k, tau2, tau2_p_value, Q, Q_p_value, model, inference`.

        tau2_p_value : of τ² = 0 by likelihood ratio, ½χ²₁ since 0 is the edge (Self & Liang 1987, JASA 82:605).
        """
        table = summary_table("pooled effect", self.estimate, self.std_error, self._df(), level=level)
        several = self.k > 1
        ratio = max(0.0, 2 * (self.log_likelihood - self.log_likelihood_common))
        return table.assign(
            measure=self.measure, k=self.k, tau2=self.tau2,
            tau2_p_value=(0.5 * stats.chi2.sf(ratio, 1) if ratio > 0 else 1.0) if several else np.nan,
            Q=self.Q, Q_p_value=stats.chi2.sf(self.Q, self.k - 1) if several else np.nan,
            model=self.model, inference=self.inference if several else "wald (one trial)",
        )  # fmt: skip

    def prediction_interval(self, level: float = 0.95) -> pd.DataFrame:
        """Where a new trial's true value would lie: `prediction_low, prediction_high, formula`."""
        half = float(critical_value(self._df(), level)) * np.sqrt(self.std_error**2 + self.tau2)
        quantile = "z" if self.inference == "wald" else "t(k−1)"
        return pd.DataFrame({
            "prediction_low": [self.estimate - half], "prediction_high": [self.estimate + half],
            "formula": [f"estimate ± {quantile}·√(SE² + τ²)"],
        })  # fmt: skip

    def _df(self) -> float:
        return np.inf if self.inference == "wald" or self.k == 1 else self.k - 1.0

    __repr__ = summary_text
    _repr_html_ = summary_html


def hypergeometric_normal(effects: pd.DataFrame, *, inference: str = "wald") -> ExactPool:
    """The pooled log odds ratio from each trial's exact likelihood given its margins (metafor's rma.glmm, "CM.EL").

    A trial's events, given the events of both arms together, follow the noncentral hypergeometric distribution; log
    odds ratios are normal between trials. The control rates drop out; what is assumed is that a trial's true odds
    ratio does not go with how many events it has in all: where larger effects come with more events and counts
    are sparse, the estimate leans towards those trials.
    effects : table with `events, n, control_events, control_n`, one row a trial; no 0.5 is added anywhere, and a
        trial without events in both arms (or with all) says nothing: it is in `left_out`.
    inference : "wald" (normal), or "t" with k − 1 degrees of freedom.
    Raises ValueError for missing or impossible counts and when the odds ratio is 0 or infinite; DatasetError for an
    arm counted twice; ConvergenceError when τ² grows without end.
    Sources: van Houwelingen 1993 (Stat Med 12:2273); Stijnen 2010 (Stat Med 29:3046).

    >>> tables = pd.DataFrame({"events": [8, 5], "n": [20, 15], "control_events": [4, 2], "control_n": [20, 15]})
    >>> hypergeometric_normal(tables).summary()[["estimate", "tau2"]].round(4).to_numpy().tolist()
    [[1.0255, 0.0]]
    """
    _check(effects, inference)
    a, b, c, d, used = table_cells(effects, all_events=True, keep=False)
    family = Hypergeometric.of(a, a + b, c + d, a + c)
    return _pool(family, "hypergeometric–normal", "log_odds_ratio", inference, effects[~used])


def binomial_normal(arms: pd.DataFrame, *, inference: str = "wald") -> ExactPool:
    """The pooled log odds of responding of single arms: binomial counts, normal log odds (rma.glmm measure "PLO").

    arms : table with `events, n`, one row a trial. `as_proportion` turns the summary into a rate: that of the
        middle trial, not the average of the rates. Arms of different trials were not randomised against each other.
    inference, errors : as for `hypergeometric_normal`; all events, or none, in every trial is a ValueError.
    Source: Hamza 2008 (J Clin Epidemiol 61:41).

    >>> arms = pd.DataFrame({"events": [3, 9, 5], "n": [20, 21, 19]})
    >>> binomial_normal(arms).summary()[["estimate", "tau2"]].round(4).to_numpy().tolist()
    [[-0.9514, 0.0915]]
    """
    _check(arms, inference)
    absent = [name for name in ("events", "n") if name not in arms or arms[name].isna().any()]
    if absent:
        raise ValueError(f"counts are needed in every row: {absent} is missing")
    if arms.empty:
        raise ValueError("no arms to pool: the table is empty")
    e, n = arms["events"].to_numpy(float), arms["n"].to_numpy(float)
    check_counts(arms, e, n)
    return _pool(Binomial.of(e, n), "binomial–normal", "log_odds", inference, arms.iloc[:0])


def _check(table: pd.DataFrame, inference: str) -> None:
    if inference not in INFERENCES:
        raise ValueError(f"inference {inference!r} is unknown: use one of {list(INFERENCES)}")
    problems = arms_counted_twice(table.reset_index(drop=True))
    if problems:
        raise DatasetError(problem_table("effects", problems))


def _pool(family: Family, model: str, measure: str, inference: str, left_out: pd.DataFrame) -> ExactPool:
    x, low, high = family.observed, family.lowest, family.highest
    k = len(x)
    for edge, words in ((low, "fewest"), (high, "most")):
        if (x == edge).all():
            value = "odds" if measure == "log_odds" else "odds ratio"
            raise ValueError(
                f"every trial has the {words} events it could have: the pooled {value} is 0 or infinite; report the "
                "counts, or a risk difference"
            )
    common = fit_common(family)
    saturated = family.highest_log_likelihood()
    found = fit_mixed(family, common) if k > 1 else common
    _check_finite(found)
    return ExactPool(
        model, measure, inference, found.centre, found.std_error, k, found.spread**2 if k > 1 else np.nan,
        found.log_likelihood, common.log_likelihood, max(0.0, 2 * (saturated - common.log_likelihood)), left_out,
    )  # fmt: skip


def _check_finite(found: MixedFit) -> None:
    if not found.converged:
        raise ConvergenceError(
            "the between-trial variance grows without end: most trials have either all or none of the events they "
            "could have; pool with mantel_haenszel, or report the trials one by one",
            {"estimate": found.centre, "tau2": found.spread**2, "rate": float(special.expit(found.centre))},
        )
