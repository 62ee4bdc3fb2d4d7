"""Which shape the trials prefer: information criteria, and the likelihood ratio where one shape holds the other."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats

from .curve_fit import Curves

NESTED = {("plateau", "emax"), ("plateau", "exponential"), ("plateau", "windows"), ("exponential", "rise_and_fade")}


def information_criteria(ml: Curves) -> pd.DataFrame:
    """AIC and BIC (n = trials) of a fit of maximum likelihood."""
    n, k = sum(len(block.rows) for block in ml.blocks), ml.sizes + len(ml.state)
    log_likelihood = -(ml.deviance + len(ml.y) * np.log(2 * np.pi)) / 2
    return pd.DataFrame({
        "shape": [" + ".join(dict.fromkeys(shape.name for shape in ml.shapes))], "effects": [len(ml.y)],
        "parameters": [k], "log_likelihood": [log_likelihood], "AIC": [2 * k - 2 * log_likelihood],
        "BIC": [np.log(n) * k - 2 * log_likelihood],
    })  # fmt: skip


def likelihood_ratio(simpler: Curves, richer: Curves) -> pd.DataFrame:
    """`statistic, df, p_value` of a shape against one nested in it; ValueError where it is not, or the data differ.

    A half-time of 0 or a fade at infinity lies on the edge: each halves the chance of a statistic above 0 (Self &
    Liang 1987, JASA 82:605), counted for one class at a time.
    """
    if not _same_effects(simpler, richer):
        raise ValueError("the two fits must be of the same effects with the same correlation")
    pairs = {(low.name, high.name) for low, high in zip(simpler.shapes, richer.shapes, strict=True)}
    if not {pair for pair in pairs if pair[0] != pair[1]} <= NESTED:
        raise ValueError(f"{sorted(map(str, pairs))} are not nested: compare shapes by information_criteria")
    df = richer.sizes + len(richer.logs) - simpler.sizes - len(simpler.logs)
    statistic = max(0.0, simpler.deviance - richer.deviance)
    edges = 0 if any(shape.name == "windows" for shape in richer.shapes) else df
    share = stats.binom.pmf(np.arange(df + 1), df, 0.5) if edges else np.eye(df + 1)[df]
    tail = [float(statistic == 0), *(stats.chi2.sf(statistic, one) for one in range(1, df + 1))]
    return pd.DataFrame({"statistic": [statistic], "df": [df], "p_value": [float(share @ tail)]})


def _same_effects(one: Curves, other: Curves) -> bool:
    same = all(np.array_equal(getattr(one, name), getattr(other, name)) for name in ("y", "t", "place"))
    return same and all(np.array_equal(a.sampling, b.sampling) for a, b in zip(one.blocks, other.blocks, strict=True))
