"""Which shape the trials prefer: information criteria, and the likelihood ratio where one shape holds the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy import stats

if TYPE_CHECKING:
    from .time_course import TimeCourse

NESTED = {("plateau", "emax"), ("plateau", "exponential"), ("plateau", "windows"), ("exponential", "rise_and_fade")}


def information_criteria(fit: TimeCourse) -> pd.DataFrame:
    """AIC and BIC (n = trials) of a fit's maximum likelihood."""
    n, k = fit.effects["study"].nunique(), len(fit.columns) + len(fit.ml.state)
    log_likelihood = -(fit.ml.deviance + len(fit.effects) * np.log(2 * np.pi)) / 2
    return pd.DataFrame({
        "shape": [" + ".join(dict.fromkeys(fit.shape.values()))], "effects": [len(fit.effects)],
        "parameters": [k], "log_likelihood": [log_likelihood], "AIC": [2 * k - 2 * log_likelihood],
        "BIC": [np.log(n) * k - 2 * log_likelihood],
    })  # fmt: skip


def likelihood_ratio(simpler: TimeCourse, richer: TimeCourse) -> pd.DataFrame:
    """`statistic, df, p_value` of a shape against one nested in it; ValueError where it is not, or the data differ.

    A half-time of 0 or a fade at infinity lies on the edge: each halves the chance of a statistic above 0 (Self &
    Liang 1987, JASA 82:605), counted for one class at a time.
    """
    pairs = {(simpler.shape.get(name), shape) for name, shape in richer.shape.items()}
    if not {pair for pair in pairs if pair[0] != pair[1]} <= NESTED:
        raise ValueError(f"{sorted(map(str, pairs))} are not nested: compare shapes by information_criteria")
    same = all(simpler.effects[name].equals(richer.effects[name]) for name in ("estimate", "std_error", "hours"))
    ways = [(fit.correlation, fit.constant_correlation) for fit in (simpler, richer)]
    if not same or ways[0] != ways[1]:
        raise ValueError("the two fits must be of the same effects with the same correlation")
    df = len(richer.columns) + len(richer.ml.logs) - len(simpler.columns) - len(simpler.ml.logs)
    statistic = max(0.0, simpler.ml.deviance - richer.ml.deviance)
    edges = 0 if "windows" in richer.shape.values() else df
    share = stats.binom.pmf(np.arange(df + 1), df, 0.5) if edges else np.eye(df + 1)[df]
    tail = [float(statistic == 0), *(stats.chi2.sf(statistic, one) for one in range(1, df + 1))]
    return pd.DataFrame({"statistic": [statistic], "df": [df], "p_value": [float(share @ tail)]})
