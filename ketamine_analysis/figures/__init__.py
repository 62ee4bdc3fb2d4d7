"""Results to axes, and tables for people. Nothing is computed here.

Takes tables and results; gives matplotlib axes, readable tables, files in a journal's sizes.
Read: `axes` (the hours-to-weeks axis, one colour per class), then any: `plots`, `forest`, `funnel`, `course_plots`,
`diagnostic_plots`, `mmrm_plots`, `side_effect_plots`, `claim_plots`, `calibration_plots`; `answer_plots` (the
headline); `readable`, `keep`.
"""

from .answer_plots import answer_words, plot_answer, plot_beside_published
from .axes import class_colour, class_label, hours_axis, note_source
from .calibration_plots import plot_calibration
from .claim_plots import plot_claim, plot_claims
from .course_plots import plot_separation, plot_time_course, plot_what_is_known
from .diagnostic_plots import plot_alternatives, plot_baujat, plot_influence
from .forest import plot_forest
from .funnel import plot_funnel
from .keep import journal_style, save_result
from .mmrm_plots import plot_covariance, plot_lsmeans, plot_trajectories
from .plots import plot_assessment_times, plot_rates, plot_windows
from .readable import ReadableTable, readable
from .side_effect_plots import plot_after_dose, plot_benefit_risk, plot_event_differences, plot_event_rates

__all__ = [
    "ReadableTable",
    "answer_words",
    "class_colour",
    "class_label",
    "hours_axis",
    "journal_style",
    "note_source",
    "plot_after_dose",
    "plot_alternatives",
    "plot_answer",
    "plot_assessment_times",
    "plot_baujat",
    "plot_benefit_risk",
    "plot_beside_published",
    "plot_calibration",
    "plot_claim",
    "plot_claims",
    "plot_covariance",
    "plot_event_differences",
    "plot_event_rates",
    "plot_forest",
    "plot_funnel",
    "plot_influence",
    "plot_lsmeans",
    "plot_rates",
    "plot_separation",
    "plot_time_course",
    "plot_trajectories",
    "plot_what_is_known",
    "plot_windows",
    "readable",
    "save_result",
]
