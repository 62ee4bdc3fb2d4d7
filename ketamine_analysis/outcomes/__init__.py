"""Scores of patients to outcomes, and outcomes to arms.

Takes `scores` (one row per subject, time and scale); gives `outcomes` (change, response, remission) and `arms`
(counts and means per arm and time, with the named strategy for missing scores).
Read: `scale_definition`, `depression_scales`, `other_scales`, `wider_scales`, `scales`, `crosswalks` (what a score
means), `derive`, `proportions` (intervals of counts), `simulate`.
"""

from .crosswalks import convert_scores, crosswalks
from .derive import derive_outcomes, summarize_arms
from .proportions import (
    Comparison,
    describe_number_needed_to_treat,
    number_needed_to_treat,
    odds_ratio,
    proportion_interval,
    risk_difference,
    risk_ratio,
)
from .scales import SCALES, Scale, define_scale, find_scale, own_scale, rows_of_scale
from .simulate import simulate_trial, simulated_truth

__all__ = [
    "SCALES",
    "Comparison",
    "Scale",
    "convert_scores",
    "crosswalks",
    "define_scale",
    "derive_outcomes",
    "describe_number_needed_to_treat",
    "find_scale",
    "number_needed_to_treat",
    "odds_ratio",
    "own_scale",
    "proportion_interval",
    "risk_difference",
    "risk_ratio",
    "rows_of_scale",
    "simulate_trial",
    "simulated_truth",
    "summarize_arms",
]
