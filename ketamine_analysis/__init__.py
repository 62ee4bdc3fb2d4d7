"""How fast, how strongly and for how long: ketamine and conventional antidepressants compared.

One road, and only two tables enter it:

    file ─ read_scores ─▶ scores ─ derive_outcomes ─▶ outcomes ─ summarize_arms ─▶ arms
    published results ─ read_arms, load_evidence ─────────────────────────────────▶ arms
    arms, contrasts as printed ─ collect_effects (contrast_arms for counts alone) ─▶ effects
    effects ─ random_effects, fit_time_course ─▶ result ─ .summary() ─▶ plot_*
    outcomes ─ fit_mmrm ─▶ one trial's own analysis ─ .effects() ─▶ effects

The verbs that a person needs, in the order of the road:

    load              load_evidence, default_pool
    read              read_scores, read_arms, read_effects; examine, write_recipe, read_dataset for any other shape
    derive            derive_outcomes, summarize_arms
    contrast          contrast_arms, one_per_window; risk_difference for one trial; with_converted_means
    collect           collect_effects (every form that papers print, on one scale); in_points, per_hundred
    pool              bayes_random_effects (honest with few trials), random_effects, meta_regression
    answer            answer (every class at every time, in points and people), plot_answer, published_pools
    course            fit_time_course, what_is_known, first_separation
    one trial         fit_mmrm
    at what cost      event_rates, contrast_events
    for whom          patient_groups
    what people say   claim_verdicts
    explore           explore, view; among_evidence lays your trial over the published ones
    look              plot_rates, plot_time_course, plot_forest, plot_funnel, plot_trajectories, plot_lsmeans
    show              readable, interval_text, as_ratio, save_result

Every other public name answers here too (`ka.egger_test`) and lives in its wing (`ka.pooling.egger_test`); the wings,
in the order of the road: outcomes, reading, evidence, effects, pooling, time_course, mmrm, claims, any_file, figures,
exploring, report. `help(ka.pooling)` says what a wing takes, gives, and in which order to read it.

Every problem of a file comes in one error. Times are hours since first dose, every interval takes `level=0.95`, a
negative change is an improvement. Nothing here is medical advice.
"""

from importlib import import_module as _import_module
from typing import TYPE_CHECKING as _TYPE_CHECKING

if _TYPE_CHECKING:  # a wing is loaded when one of its names is first used; type checkers and editors read these lines
    from .any_file import *  # noqa: F403
    from .claims import *  # noqa: F403
    from .effects import *  # noqa: F403
    from .errors import *  # noqa: F403
    from .evidence import *  # noqa: F403
    from .exploring import *  # noqa: F403
    from .figures import *  # noqa: F403
    from .intervals import *  # noqa: F403
    from .mmrm import *  # noqa: F403
    from .outcomes import *  # noqa: F403
    from .pooling import *  # noqa: F403
    from .reading import *  # noqa: F403
    from .time_course import *  # noqa: F403

__version__ = "0.1.0"

_VERBS = """
    load_evidence default_pool read_scores read_arms read_effects examine write_recipe read_dataset derive_outcomes
    summarize_arms contrast_arms collect_effects in_points per_hundred with_converted_means
    one_per_window risk_difference bayes_random_effects random_effects meta_regression answer plot_answer
    published_pools fit_time_course what_is_known first_separation fit_mmrm event_rates contrast_events
    patient_groups claim_verdicts explore view among_evidence plot_rates plot_time_course plot_forest
    plot_funnel plot_trajectories plot_lsmeans readable interval_text as_ratio save_result
"""
_NAMES = {
    "errors": "ConvergenceError DatasetError NotInData need_rows",
    "intervals": "as_proportion as_ratio hours_text interval_text stack_tables",
    "outcomes": """
        SCALES Comparison Scale convert_scores crosswalks define_scale derive_outcomes
        describe_number_needed_to_treat find_scale number_needed_to_treat odds_ratio own_scale
        proportion_interval risk_difference risk_ratio rows_of_scale simulate_trial simulated_truth summarize_arms
    """,
    "reading": """
        ITEM_RULES RawTable check_arms check_scores events_from_percent mean_sd_from_quantiles
        problems_in_arms problems_in_scores read_arms read_scores read_table sd_from_interval sd_from_p
        sd_from_std_error sd_from_t std_error_from_interval sum_items
    """,
    "evidence": """
        Addition add_study default_pool evidence_history known_studies load_evidence published_contrasts
        with_risk_of_bias
    """,
    "effects": """
        PATIENT_GROUPS TIME_WINDOWS arm_log_odds assign_window benefit_risk check_adverse_events
        collect_effects contrast_arms contrast_events event_rates group_contrasts in_points measurements
        minimal_difference number_needed one_per_window patient_groups per_hundred
        problems_in_adverse_events problems_in_effects published_pools read_effects sampling_covariance
        time_covariance typical_spreads with_converted_means without_contrast
    """,
    "pooling": """
        FAMILIES Answer BayesPool CorrelatedEffects CountPool ExactPool Fragility MetaRegression
        PooledEffects TrimAndFill alternative_poolings answer baujat bayes_families bayes_random_effects
        binomial_normal calibration_table correlated_effects cumulative egger_test evidence_answer fragility
        hypergeometric_normal influence influence_limits mantel_haenszel meta_regression peters_test peto
        prior_sensitivity random_effects simulated_coverage subgroup_differences trim_and_fill uncalibrated
    """,
    "time_course": """
        ArmTimeCourse TimeCourse first_separation fit_time_course separation_by_window what_is_known
    """,
    "mmrm": "MMRM fit_mmrm",
    "claims": "CLAIMS claim_parts claim_verdict claim_verdicts judge_claims one_look rejudge_claims",
    "any_file": """
        Examination Recipe arms_alone examine implausible load_recipe read_as_arms read_as_effects
        read_dataset write_recipe
    """,
    "figures": """
        ReadableTable answer_words class_colour class_label hours_axis journal_style
        note_source plot_calibration
        plot_after_dose plot_alternatives plot_answer plot_assessment_times plot_baujat plot_benefit_risk
        plot_beside_published plot_claim plot_claims plot_covariance plot_event_differences plot_event_rates plot_forest
        plot_funnel plot_influence plot_lsmeans plot_rates plot_separation plot_time_course
        plot_trajectories plot_what_is_known plot_windows readable save_result
    """,
    "exploring": """
        AmongEvidence View among_evidence explore new plot_among_evidence plot_on_time_course published_effects
        view
    """,
    "report": "",  # the command line and the pages: called by `ketamine-analysis`, not by name
}
_HOME = {name: room for room, names in _NAMES.items() for name in names.split()}

__all__ = sorted(_HOME, key=lambda name: (not name.isupper(), not name[0].isupper(), name))  # noqa: PLE0605


def __getattr__(name: str) -> object:
    """The public name, from its wing; the wing itself by its own name."""
    if name in _NAMES:
        return _import_module(f".{name}", __name__)
    if name not in _HOME:
        raise AttributeError(f"module 'ketamine_analysis' has no attribute {name!r}")
    value = getattr(_import_module(f".{_HOME[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """The first screen: about thirty verbs and the wings; every other public name answers all the same."""
    return sorted([*_VERBS.split(), *_NAMES, "__version__"])
