"""Arms to effects: each active arm against its control, with what shared controls and repeated looks need.

Takes `arms` (from patients or papers) and adverse events; gives `effects` (estimate, standard error, covariances).
Read: `measures` (the formulas), `contrasts`, `time_windows`, `covariance`; `spreads`, `printed_differences`,
`effects_read` (another's table of effects), `collected` (every form of evidence on one scale), `points` (back to words
people use), `published_pools`; `converted_means`, `side_effects`, `patient_groups`.
"""

from .collected import collect_effects
from .contrasts import arm_log_odds, contrast_arms, without_contrast
from .converted_means import with_converted_means
from .covariance import sampling_covariance, time_covariance
from .effects_read import problems_in_effects, read_effects
from .patient_groups import PATIENT_GROUPS, group_contrasts, patient_groups
from .points import in_points, minimal_difference, per_hundred
from .published_pools import published_pools
from .side_effects import (
    benefit_risk,
    check_adverse_events,
    contrast_events,
    event_rates,
    measurements,
    number_needed,
    problems_in_adverse_events,
)
from .spreads import typical_spreads
from .time_windows import TIME_WINDOWS, assign_window, one_per_window

__all__ = [
    "PATIENT_GROUPS",
    "TIME_WINDOWS",
    "arm_log_odds",
    "assign_window",
    "benefit_risk",
    "check_adverse_events",
    "collect_effects",
    "contrast_arms",
    "contrast_events",
    "event_rates",
    "group_contrasts",
    "in_points",
    "measurements",
    "minimal_difference",
    "number_needed",
    "one_per_window",
    "patient_groups",
    "per_hundred",
    "problems_in_adverse_events",
    "problems_in_effects",
    "published_pools",
    "read_effects",
    "sampling_covariance",
    "time_covariance",
    "with_converted_means",
    "typical_spreads",
    "without_contrast",
]
