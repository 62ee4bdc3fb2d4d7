"""Effects to curves over hours: how fast, how strong, how long.

Takes `effects` (or arms with counts); gives fitted curves with bands, half-times with bounds, first separation.
Read: `shapes`, `course_rows` (what is fitted), `reml` and `curve_fit` (the likelihood), `spread_mixture`
(a prior on the spreads), `curve_bounds` and `curve_bands` (what is not identified), `time_course` (the fit and its
answers), `class_differences`, `crossings`, `refits`,
`shape_tests`, `random_speed`; `arm_course` on `quadrature` for arms by themselves; `onset` for pooled windows.
"""

from .arm_course import ArmTimeCourse
from .onset import first_separation, separation_by_window, what_is_known
from .time_course import TimeCourse, fit_time_course

__all__ = [
    "ArmTimeCourse",
    "TimeCourse",
    "first_separation",
    "fit_time_course",
    "separation_by_window",
    "what_is_known",
]
