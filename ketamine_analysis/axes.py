"""What all figures share: the hours-to-weeks axis, one colour per treatment class, the words on the axes."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

# Okabe & Ito's colour-blind-safe palette; one colour per class, in every figure
CLASS_COLOURS = {
    "ketamine": "#D55E00",
    "esketamine": "#E69F00",
    "arketamine": "#F0E442",
    "ssri": "#0072B2",
    "snri": "#56B4E9",
    "oral_antidepressant_mixed": "#009E73",
    "tca": "#CC79A7",
    "placebo": "#8c8c8c",
    "midazolam": "#4d4d4d",
}
OTHER_COLOUR = "#b0a48a"
CLASS_LABELS = {
    "ketamine": "ketamine",
    "esketamine": "esketamine",
    "ssri": "SSRI",
    "snri": "SNRI",
    "tca": "tricyclic",
    "maoi": "MAOI",
    "oral_antidepressant_mixed": "new oral antidepressant (mixed)",
    "placebo": "placebo",
    "midazolam": "midazolam",
}
# the ticks of the hours axis, the most telling first: on a narrow axis the last ones give way
TICKS = {
    24: "24 h",
    168: "1 wk",
    1344: "8 wk",
    2: "2 h",
    0: "0",
    72: "3 d",
    672: "4 wk",
    6: "6 h",
    336: "2 wk",
    4368: "26 wk",
    0.667: "40 min",
    10752: "64 wk",
}
LABEL_INCHES = 0.42
MEASURE_LABELS = {
    "odds_ratio": "odds ratio of response",
    "risk_ratio": "risk ratio of response",
    "risk_difference": "risk difference",
    "mean_difference": "mean difference, scale points",
    "standardized_mean_difference": "standardised mean difference (g)",
    "proportion": "response rate",
    "log_odds_ratio": "log odds ratio",
    "log_risk_ratio": "log risk ratio",
    "log_odds": "log odds of response",
}


def class_colour(name: str) -> str:
    """The colour of a treatment class; classes without one of their own share a neutral tone."""
    return CLASS_COLOURS.get(str(name), OTHER_COLOUR)


def class_label(name: str) -> str:
    """The class in words for a figure."""
    return CLASS_LABELS.get(str(name), str(name).replace("_", " "))


def hours_axis(ax: Axes, hours: pd.Series | np.ndarray | tuple[float, ...]) -> Axes:
    """The x axis in true time since first dose, hours and weeks on one log-like (inverse hyperbolic sine) scale.

    hours : the times drawn; the axis runs from a little below the first to a little above the last.
    """
    times = np.asarray(hours, float)
    low, high = float(np.nanmin(times)), float(np.nanmax(times))
    ax.set_xscale("asinh", linear_width=0.5)
    left, right = (low / 1.6 if low > 0 else -0.15), high * 1.5 + 0.2
    ax.set_xlim(left, right)
    inches = ax.get_window_extent().width / ax.figure.dpi
    span = np.arcsinh(right / 0.5) - np.arcsinh(left / 0.5)
    shown: list[float] = []
    for tick in (tick for tick in TICKS if left <= tick <= right):
        gaps = [abs(np.arcsinh(tick / 0.5) - np.arcsinh(other / 0.5)) / span * inches for other in shown]
        if not gaps or min(gaps) >= LABEL_INCHES:
            shown.append(tick)
    ax.set_xticks(sorted(shown), [TICKS[tick] for tick in sorted(shown)])
    ax.set_xticks([], minor=True)
    ax.set_xlabel("time since first dose (log-like scale)")
    return ax
