"""Effects to one number, and its doubts.

Takes `effects`; gives pooled results with interval, spread and prediction.
Read: `heterogeneity` and `meta_analysis` (random effects), `meta_regression`, `multilevel` on `trial_likelihood`
(several effects a trial), `count_pools`, `exact_pools` on `random_logits` (sparse counts), then what could overturn
a number: `diagnostics`, `fragility`, `robustness`.
"""

from .count_pools import CountPool, mantel_haenszel, peto
from .diagnostics import (
    TrimAndFill,
    baujat,
    cumulative,
    egger_test,
    influence,
    influence_limits,
    peters_test,
    trim_and_fill,
)
from .exact_pools import ExactPool, binomial_normal, hypergeometric_normal
from .fragility import Fragility, fragility
from .meta_analysis import PooledEffects, random_effects
from .meta_regression import MetaRegression, meta_regression, subgroup_differences
from .multilevel import CorrelatedEffects, correlated_effects
from .robustness import alternative_poolings

__all__ = [
    "CorrelatedEffects",
    "CountPool",
    "ExactPool",
    "Fragility",
    "MetaRegression",
    "PooledEffects",
    "TrimAndFill",
    "alternative_poolings",
    "baujat",
    "binomial_normal",
    "correlated_effects",
    "cumulative",
    "egger_test",
    "fragility",
    "hypergeometric_normal",
    "influence",
    "influence_limits",
    "mantel_haenszel",
    "meta_regression",
    "peters_test",
    "peto",
    "random_effects",
    "subgroup_differences",
    "trim_and_fill",
]
