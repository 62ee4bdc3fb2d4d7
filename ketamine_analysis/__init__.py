"""How fast, how strongly and for how long: ketamine and conventional antidepressants compared.

One road, and only two tables enter it:

    file ─ read_scores ─▶ scores ─ derive_outcomes ─▶ outcomes ─ summarize_arms ─▶ arms
    published results ─ read_arms, load_evidence ─────────────────────────────────▶ arms
    arms ─ contrast_arms ─▶ effects ─ random_effects, fit_time_course ─▶ result ─ .summary() ─▶ plot_*
    outcomes ─ fit_mmrm ─▶ one trial's own analysis ─ .effects() ─▶ effects

By question:

    how strongly      random_effects by class and window; meta_regression, subgroup_differences; correlated_effects;
                      for sparse counts mantel_haenszel, peto, hypergeometric_normal, binomial_normal
    how fast          fit_time_course; separation_by_window, first_separation, what_is_known
    one trial         risk_difference, odds_ratio, number_needed_to_treat; fit_mmrm
    how sure          alternative_poolings, fragility, influence, egger_test, trim_and_fill, cumulative
    at what cost      contrast_events, event_rates, number_needed, benefit_risk
    for whom          patient_groups, group_contrasts
    what people say   claim_verdicts
    your own data     examine, write_recipe, read_dataset; among_evidence lays a trial over the published ones
    just looking      explore (controls in a notebook), view (the same by arguments, with its code)

A file of another shape (a column per visit, dates, labels, a table of trials): `write_recipe(file)` guesses what is
what, a person corrects it, `read_dataset(file)` and `read_as_arms(file)` read by it. Every problem comes in one error.

Times are hours since first dose, every interval takes `level=0.95`, a negative change is an improvement.
Nothing here is medical advice.
"""

from .among_evidence import AmongEvidence, among_evidence, published_effects
from .any_dataset import read_as_arms, read_dataset
from .arm_course import ArmTimeCourse
from .axes import class_colour, class_label, hours_axis, note_source
from .checks import problems_in_arms, problems_in_scores
from .claim_plots import plot_claim, plot_claims
from .claim_quantities import one_look
from .claims import CLAIMS, claim_parts, claim_verdict, claim_verdicts, judge_claims, rejudge_claims
from .contrast_covariance import sampling_covariance, time_covariance
from .converted_means import with_converted_means
from .count_pools import CountPool, mantel_haenszel, peto
from .course_plots import plot_separation, plot_time_course, plot_what_is_known
from .datasets import check_arms, check_scores, read_arms, read_scores
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
from .evidence_plots import plot_among_evidence, plot_on_time_course
from .exact_pools import ExactPool, binomial_normal, hypergeometric_normal
from .examination import Examination, examine
from .explorer import explore
from .forest import plot_forest
from .formats import RawTable, read_table
from .fragility import Fragility, fragility
from .funnel import plot_funnel
from .inference import as_proportion, as_ratio, hours_text, interval_text, stack_tables
from .items import ITEM_RULES, sum_items
from .keep import journal_style, save_result
from .known_studies import known_studies
from .meta_analysis import PooledEffects, random_effects
from .meta_regression import MetaRegression, meta_regression, subgroup_differences
from .mmrm import fit_mmrm
from .mmrm_plots import plot_covariance, plot_lsmeans, plot_trajectories
from .mmrm_result import MMRM
from .multilevel import CorrelatedEffects, correlated_effects
from .new_recipe import write_recipe
from .onset import first_separation, separation_by_window, what_is_known
from .outcomes import derive_outcomes, summarize_arms
from .patient_groups import PATIENT_GROUPS, group_contrasts, patient_groups
from .plausibility import implausible
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
from .questions import NotInData, need_rows
from .readable import ReadableTable, readable
from .recipe import Recipe, load_recipe
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
from .side_effect_plots import plot_after_dose, plot_benefit_risk, plot_event_differences, plot_event_rates
from .side_effects import (
    benefit_risk,
    check_adverse_events,
    contrast_events,
    event_rates,
    measurements,
    number_needed,
    problems_in_adverse_events,
)
from .simulate import simulate_trial, simulated_truth
from .time_course import TimeCourse, fit_time_course
from .time_windows import TIME_WINDOWS, assign_window, one_per_window
from .views import View, view

__version__ = "0.1.0"

__all__ = [
    "CLAIMS",
    "ITEM_RULES",
    "MMRM",
    "PATIENT_GROUPS",
    "SCALES",
    "TIME_WINDOWS",
    "AmongEvidence",
    "ArmTimeCourse",
    "Comparison",
    "ConvergenceError",
    "CorrelatedEffects",
    "CountPool",
    "DatasetError",
    "ExactPool",
    "Examination",
    "Fragility",
    "MetaRegression",
    "NotInData",
    "PooledEffects",
    "RawTable",
    "ReadableTable",
    "Recipe",
    "Scale",
    "TimeCourse",
    "TrimAndFill",
    "View",
    "alternative_poolings",
    "among_evidence",
    "arm_log_odds",
    "as_proportion",
    "as_ratio",
    "assign_window",
    "baujat",
    "benefit_risk",
    "binomial_normal",
    "check_adverse_events",
    "check_arms",
    "check_scores",
    "claim_parts",
    "claim_verdict",
    "claim_verdicts",
    "class_colour",
    "class_label",
    "contrast_arms",
    "contrast_events",
    "correlated_effects",
    "cumulative",
    "default_pool",
    "derive_outcomes",
    "describe_number_needed_to_treat",
    "egger_test",
    "event_rates",
    "events_from_percent",
    "examine",
    "explore",
    "find_scale",
    "first_separation",
    "fit_mmrm",
    "fit_time_course",
    "fragility",
    "group_contrasts",
    "hours_axis",
    "hours_text",
    "hypergeometric_normal",
    "implausible",
    "influence",
    "influence_limits",
    "interval_text",
    "journal_style",
    "judge_claims",
    "known_studies",
    "load_evidence",
    "load_recipe",
    "mantel_haenszel",
    "mean_sd_from_quantiles",
    "measurements",
    "meta_regression",
    "need_rows",
    "note_source",
    "number_needed",
    "number_needed_to_treat",
    "odds_ratio",
    "one_look",
    "one_per_window",
    "patient_groups",
    "peters_test",
    "peto",
    "plot_after_dose",
    "plot_alternatives",
    "plot_among_evidence",
    "plot_assessment_times",
    "plot_baujat",
    "plot_benefit_risk",
    "plot_claim",
    "plot_claims",
    "plot_covariance",
    "plot_event_differences",
    "plot_event_rates",
    "plot_forest",
    "plot_funnel",
    "plot_influence",
    "plot_lsmeans",
    "plot_on_time_course",
    "plot_rates",
    "plot_separation",
    "plot_time_course",
    "plot_trajectories",
    "plot_what_is_known",
    "plot_windows",
    "problems_in_adverse_events",
    "problems_in_arms",
    "problems_in_scores",
    "proportion_interval",
    "published_contrasts",
    "published_effects",
    "random_effects",
    "read_arms",
    "read_as_arms",
    "read_dataset",
    "read_scores",
    "read_table",
    "readable",
    "rejudge_claims",
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
    "sum_items",
    "summarize_arms",
    "time_covariance",
    "trim_and_fill",
    "view",
    "what_is_known",
    "with_converted_means",
    "without_contrast",
    "write_recipe",
]
