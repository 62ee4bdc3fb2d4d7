"""The funnel plot: each trial's effect against its standard error, with contours of significance."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from ..intervals import critical_value
from ..pooling.meta_analysis import PooledEffects
from .axes import MEASURE_LABELS, OTHER_COLOUR, class_colour, plain_text
from .forest import SHOWN

CONTOURS = ((0.99, "0.86"), (0.95, "0.92"), (0.90, "1.0"))


@plain_text
def plot_funnel(result: PooledEffects, *, ax: Axes | None = None) -> Axes:
    """Effects of one pooling against their standard errors (large trials on top).

    Shades: p > 0.10 (white), 0.05–0.10, 0.01–0.05 around no effect; a gap of trials in the white part is what
    selective publication would leave (Peters 2008, J Clin Epidemiol 61:991). Dashed: pooled effect. Other reasons
    make funnels lopsided too. Raises ValueError for several groups (`by`).

    >>> import pandas as pd
    >>> from ..pooling.meta_analysis import random_effects
    >>> trials = pd.DataFrame({"study": list("abc"), "estimate": [0.2, 0.5, 0.9], "std_error": [0.2, 0.3, 0.4]})
    >>> plot_funnel(random_effects(trials)).get_ylabel()
    'standard error'
    """
    if len(result.groups) != 1:
        raise ValueError("one funnel shows one pooling: leave out by=")
    ax = ax or plt.subplots(figsize=(6, 4.5), layout="constrained")[1]
    effects = result.effects
    error = np.linspace(0, 1.08 * effects["std_error"].max(), 50)
    reach = 1.1 * max(effects["estimate"].abs().max(), float(critical_value(np.inf, 0.99)) * error[-1])
    ax.axvspan(-reach, reach, color="0.80", lw=0, zorder=0)
    for level, shade in CONTOURS:
        half = critical_value(np.inf, level) * error
        ax.fill_betweenx(error, -half, half, color=shade, lw=0, zorder=0.5)
    classes = effects["treatment_class"] if "treatment_class" in effects else [None] * len(effects)
    colours = [class_colour(one) if one is not None else OTHER_COLOUR for one in classes]
    ax.scatter(effects["estimate"], effects["std_error"], s=22, c=colours, edgecolor="white", linewidth=0.5, zorder=2)
    ax.axvline(float(result.estimate[0]), color="0.2", lw=1, ls="--", zorder=1)
    ax.set_ylim(error[-1], 0)
    ax.set_xlim(-reach, reach)
    measure = str(effects["measure"].iloc[0]) if "measure" in effects else "effect"
    ax.set_xlabel(MEASURE_LABELS.get(measure, measure))
    if measure in SHOWN:  # the axis stays that of the log, its labels are what readers know
        _, inverse, ticks, shown = SHOWN[measure]
        inside = [tick for tick in ticks if -reach <= inverse(tick) <= reach]
        percent = shown == "proportion"
        ax.set_xticks(inverse(inside), [f"{100 * tick:g} %" if percent else f"{tick:g}" for tick in inside])
        ax.set_xlabel(f"{MEASURE_LABELS[shown]} ({'logit' if percent else 'log'} scale)")
    ax.set_ylabel("standard error")
    ax.set_title(f"{len(effects)} trials; white: p > 0.10, then 0.05, then 0.01", fontsize=9, loc="left")
    return ax
