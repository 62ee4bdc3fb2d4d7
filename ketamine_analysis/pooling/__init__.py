"""Effects to one number, and its doubts.

Takes `effects`; gives pooled results with interval, spread and prediction.
Read: `effect_tables` (what is pooled), `heterogeneity` and `meta_analysis` (random effects), `bayes` and
`bayes_families` on `spread_priors` and `normal_mixtures` (few trials), `answers` (every class at every time) and
`evidence_answers` (of the shipped evidence, by version), `meta_regression`, `multilevel` on `trial_likelihood`
(several effects a trial), `count_pools`, `exact_pools` on `random_logits` (sparse counts), then what could overturn a
number: `diagnostics`, `fragility`, `robustness`, and how often its interval holds: `calibrated`.
"""

from .answers import Answer, answer
from .bayes import BayesPool, bayes_random_effects, prior_sensitivity
from .bayes_families import FAMILIES, bayes_families
from .calibrated import calibration_table, simulated_coverage, uncalibrated
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
from .evidence_answers import evidence_answer
from .exact_pools import ExactPool, binomial_normal, hypergeometric_normal
from .fragility import Fragility, fragility
from .meta_analysis import PooledEffects, random_effects
from .meta_regression import MetaRegression, meta_regression, subgroup_differences
from .multilevel import CorrelatedEffects, correlated_effects
from .robustness import alternative_poolings

__all__ = [
    "FAMILIES",
    "Answer",
    "BayesPool",
    "CorrelatedEffects",
    "CountPool",
    "ExactPool",
    "Fragility",
    "MetaRegression",
    "PooledEffects",
    "TrimAndFill",
    "alternative_poolings",
    "answer",
    "baujat",
    "bayes_families",
    "bayes_random_effects",
    "binomial_normal",
    "calibration_table",
    "correlated_effects",
    "cumulative",
    "egger_test",
    "evidence_answer",
    "fragility",
    "hypergeometric_normal",
    "influence",
    "influence_limits",
    "mantel_haenszel",
    "meta_regression",
    "peters_test",
    "peto",
    "prior_sensitivity",
    "random_effects",
    "simulated_coverage",
    "subgroup_differences",
    "trim_and_fill",
    "uncalibrated",
]
