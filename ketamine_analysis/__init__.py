"""How fast, how strongly and for how long: ketamine and conventional antidepressants compared.

One road, and only two tables enter it:

    file ─ read_scores ─▶ scores ─ derive_outcomes ─▶ outcomes ─ summarize_arms ─▶ arms
    published results ─ read_arms, load_evidence ─────────────────────────────────▶ arms
    arms ─ contrast_arms ─▶ effects ─ random_effects ─▶ result ─ .summary() ─▶ plot_*
    arms ─ explore (controls in a notebook), view (the same by arguments) ─▶ figures, table, code

Times are hours since first dose, every interval takes `level=0.95`, a negative change is an improvement.
Nothing here is medical advice.
"""

from .arm_course import ArmTimeCourse
from .axes import class_colour, class_label, hours_axis
from .checks import problems_in_arms, problems_in_scores
from .contrast_covariance import sampling_covariance, time_covariance
from .converted_means import with_converted_means
from .count_pools import CountPool, mantel_haenszel, peto
from .course_plots import plot_separation, plot_time_course, plot_what_is_known
from .datasets import check_arms, check_scores, inspect_file, read_arms, read_scores
from .diagnostic_plots import plot_alternatives, plot_baujat, plot_influence
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
from .effects import arm_log_odds, contrast_arms, without_contrast
from .errors import ConvergenceError, DatasetError
from .evidence import default_pool, load_evidence, published_contrasts
from .exact_pools import ExactPool, binomial_normal, hypergeometric_normal
from .explorer import explore
from .forest import plot_forest
from .fragility import Fragility, fragility
from .funnel import plot_funnel
from .inference import as_proportion, as_ratio, hours_text, interval_text, stack_tables
from .keep import journal_style, save_result
from .meta_analysis import PooledEffects, random_effects
from .meta_regression import MetaRegression, meta_regression, subgroup_differences
from .multilevel import CorrelatedEffects, correlated_effects
from .onset import first_separation, separation_by_window, what_is_known
from .outcomes import derive_outcomes, summarize_arms
from .plots import plot_assessment_times, plot_rates, plot_windows
from .proportions import (
    Comparison,
    describe_number_needed_to_treat,
    number_needed_to_treat,
    odds_ratio,
    proportion_interval,
    risk_difference,
    risk_ratio,
)
from .reported_numbers import (
    events_from_percent,
    mean_sd_from_quantiles,
    sd_from_interval,
    sd_from_p,
    sd_from_std_error,
    sd_from_t,
    std_error_from_interval,
)
from .robustness import alternative_poolings
from .scales import SCALES, Scale, find_scale
from .simulate import simulate_trial, simulated_truth
from .time_course import TimeCourse, fit_time_course
from .time_windows import TIME_WINDOWS, assign_window, one_per_window
from .views import View, view

__version__ = "0.1.0"

__all__ = [
    "SCALES",
    "TIME_WINDOWS",
    "ArmTimeCourse",
    "Comparison",
    "ConvergenceError",
    "CorrelatedEffects",
    "CountPool",
    "DatasetError",
    "ExactPool",
    "Fragility",
    "MetaRegression",
    "PooledEffects",
    "Scale",
    "TimeCourse",
    "TrimAndFill",
    "View",
    "alternative_poolings",
    "arm_log_odds",
    "as_proportion",
    "as_ratio",
    "assign_window",
    "baujat",
    "binomial_normal",
    "check_arms",
    "check_scores",
    "class_colour",
    "class_label",
    "contrast_arms",
    "correlated_effects",
    "cumulative",
    "default_pool",
    "derive_outcomes",
    "describe_number_needed_to_treat",
    "egger_test",
    "events_from_percent",
    "explore",
    "find_scale",
    "first_separation",
    "fit_time_course",
    "fragility",
    "hours_axis",
    "hours_text",
    "hypergeometric_normal",
    "influence",
    "influence_limits",
    "inspect_file",
    "interval_text",
    "journal_style",
    "load_evidence",
    "mantel_haenszel",
    "mean_sd_from_quantiles",
    "meta_regression",
    "number_needed_to_treat",
    "odds_ratio",
    "one_per_window",
    "peters_test",
    "peto",
    "plot_alternatives",
    "plot_assessment_times",
    "plot_baujat",
    "plot_forest",
    "plot_funnel",
    "plot_influence",
    "plot_rates",
    "plot_separation",
    "plot_time_course",
    "plot_what_is_known",
    "plot_windows",
    "problems_in_arms",
    "problems_in_scores",
    "proportion_interval",
    "published_contrasts",
    "random_effects",
    "read_arms",
    "read_scores",
    "risk_difference",
    "risk_ratio",
    "sampling_covariance",
    "save_result",
    "sd_from_interval",
    "sd_from_p",
    "sd_from_std_error",
    "sd_from_t",
    "separation_by_window",
    "simulate_trial",
    "simulated_truth",
    "stack_tables",
    "std_error_from_interval",
    "subgroup_differences",
    "summarize_arms",
    "time_covariance",
    "trim_and_fill",
    "view",
    "what_is_known",
    "with_converted_means",
    "without_contrast",
]
