"""What all figures share: the hours-to-weeks axis, one colour per treatment class, the words on the axes."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Iterable, Mapping
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar, cast

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.transforms import ScaledTranslation

Figurer = TypeVar("Figurer", bound=Callable[..., Any])
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
# Tol's muted palette: for arms of which nothing tells the class
SPARE_COLOURS = (OTHER_COLOUR, "#332288", "#117733", "#882255", "#44AA99", "#999933")
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
NOTE_GAP = 0.06  # inches between a figure and the note under it
NOTE_LETTERS = 15.5  # of a note's line, for each inch of the figure
MEASURE_LABELS = {
    "odds_ratio": "odds ratio of response",
    "risk_ratio": "risk ratio of response",
    "hazard_ratio": "hazard ratio",
    "risk_difference": "risk difference",
    "mean_difference": "mean difference, scale points",
    "standardized_mean_difference": "standardised mean difference (g)",
    "proportion": "response rate",
    "log_odds_ratio": "log odds ratio",
    "log_risk_ratio": "log risk ratio",
    "log_hazard_ratio": "log hazard ratio",
    "log_odds": "log odds of response",
}


def class_colour(name: str) -> str:
    """The colour of a treatment class; classes without one of their own share a neutral tone.

    >>> class_colour("ssri"), class_colour("something new")
    ('#0072B2', '#b0a48a')
    """
    return CLASS_COLOURS.get(str(name), OTHER_COLOUR)


def arm_colours(labels: Iterable[str]) -> dict[str, str]:
    """A colour for each arm of a trial without classes: of the first class its label names, else one of its own.

    >>> arm_colours(["Ketamine 0.5 mg/kg", "Placebo + SSRI", "A", "B"])
    {'Ketamine 0.5 mg/kg': '#D55E00', 'Placebo + SSRI': '#8c8c8c', 'A': '#b0a48a', 'B': '#332288'}
    """
    found: dict[str, str] = {}
    spare = 0
    for label in map(str, labels):
        words = re.findall(r"[a-z]+", label.casefold().replace("saline", "placebo"))
        named = [word for word in words if word in CLASS_COLOURS]
        found[label] = CLASS_COLOURS[named[0]] if named else SPARE_COLOURS[spare % len(SPARE_COLOURS)]
        spare += not named
    return found


def class_label(name: str) -> str:
    """The class in words for a figure.

    >>> class_label("oral_antidepressant_mixed"), class_label("nmda_other")
    ('new oral antidepressant (mixed)', 'nmda other')
    """
    return CLASS_LABELS.get(str(name), str(name).replace("_", " "))


def in_order(classes: Iterable[str]) -> list[str]:
    """The classes in the one order of all figures: fast drugs, oral ones, controls, then others by name.

    >>> in_order(["ssri", "other", "ketamine"])
    ['ketamine', 'ssri', 'other']
    """
    known = list(CLASS_COLOURS)
    return sorted(dict.fromkeys(classes), key=lambda one: (known.index(one) if one in known else len(known), str(one)))


def plain_text(draw: Figurer) -> Figurer:
    """The figure function with every text taken as it stands: "$" and "^" in a trial's or arm's name are no formula."""

    @wraps(draw)
    def drawn(*args: Any, **kwargs: Any) -> Any:
        with mpl.rc_context({"text.parse_math": False}):
            return draw(*args, **kwargs)

    return cast("Figurer", drawn)


def legend_words(name: object) -> str:
    """A name as a legend shows it: one that begins with "_" would be left out.

    >>> legend_words("_a"), legend_words("ketamine")
    (' _a', 'ketamine')
    """
    return f" {name}" if str(name).startswith("_") else str(name)


def note_source(thing: Axes | Figure, dataset: str | Path | None = None, words: str = "") -> Axes | Figure:
    """The figure with a line below it that says what is drawn and where the numbers come from; gives `thing` back.

    dataset : the file that was read; None: the published results shipped with the library. words : what a bar or a
    shade means, said before the source.

    >>> import matplotlib.pyplot as plt
    >>> ax = note_source(plt.figure(figsize=(8, 3)).add_subplot(), None, "bars: 95 %")
    >>> ax.figure.texts[0].get_text()
    'bars: 95 %. Source: data/evidence, published results.'
    """
    figure: Any = thing if isinstance(thing, Figure) else thing.figure
    source = "data/evidence, published results" if dataset is None else Path(dataset).name
    text = f"{words.rstrip('.')}. Source: {source}." if words else f"Source: {source}."
    lines = textwrap.fill(text, int(NOTE_LETTERS * figure.get_figwidth()))
    below = figure.transFigure + ScaledTranslation(0, -NOTE_GAP, figure.dpi_scale_trans)
    figure.text(0.01, 0, lines, va="top", fontsize=7.5, color="0.35", parse_math=False, transform=below)
    return thing


def hours_axis(ax: Axes, hours: pd.Series | np.ndarray | tuple[float, ...]) -> Axes:
    """The x axis in true time since first dose, hours and weeks on one log-like (inverse hyperbolic sine) scale.

    hours : the times drawn; the axis runs from a little below the first to a little above the last.

    >>> import matplotlib.pyplot as plt
    >>> ax = hours_axis(plt.figure(figsize=(8, 3)).add_subplot(), (2, 1344))
    >>> [label.get_text() for label in ax.get_xticklabels()]
    ['2 h', '6 h', '24 h', '3 d', '1 wk', '2 wk', '4 wk', '8 wk']
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


def value_axis(ax: Axes, measure: str) -> tuple[float, float]:
    """The y axis of a measure as readers see it (ratios on a log axis, rates in percent); its ends."""
    if measure in ("odds_ratio", "risk_ratio", "hazard_ratio"):
        ax.set_yscale("log")
        ends = (0.2, 20.0)
        ticks = [0.25, 0.5, 1, 2, 4, 8, 16]
        ax.set_yticks(ticks, [f"{tick:g}" for tick in ticks])
        ax.set_yticks([], minor=True)
        ax.axhline(1, color="0.3", lw=0.8, zorder=1)
    elif measure == "proportion":
        ends = (0.0, 1.0)
        ax.yaxis.set_major_formatter(lambda value, _: f"{100 * value:.0f} %")
    elif measure == "risk_difference":
        ends = (-np.inf, np.inf)
        ax.yaxis.set_major_formatter(lambda value, _: f"{100 * value:+.0f}" if value else "0")
        ax.axhline(0, color="0.3", lw=0.8, zorder=1)
    else:
        ends = (-np.inf, np.inf)
        ax.axhline(0, color="0.3", lw=0.8, zorder=1)
    if np.isfinite(ends[0]):
        ax.set_ylim(*ends)
    unit = ", percentage points" if measure == "risk_difference" else ""
    ax.set_ylabel(MEASURE_LABELS.get(measure, measure) + unit)
    return ends


def draw_intervals(ax: Axes, x: np.ndarray, part: pd.DataFrame, colour: str, ends: tuple[float, float]) -> None:
    """Estimates with their intervals at x; an interval that leaves the axis ends in an arrow."""
    low, high = part["conf_low"].to_numpy(float), part["conf_high"].to_numpy(float)
    ax.vlines(x, np.maximum(low, ends[0]), np.minimum(high, ends[1]), color=colour, lw=1.6, zorder=2)
    for end, marker, beyond in ((ends[0], "v", low < ends[0]), (ends[1], "^", high > ends[1])):
        ax.scatter(x[beyond], np.full(beyond.sum(), end), marker=marker, s=30, color=colour, clip_on=False, zorder=4)
    ax.scatter(x, part["estimate"], s=34, color=colour, zorder=3, edgecolor="white", linewidth=0.6)


def arm_legend(ax: Axes, styles: Mapping[str, tuple[str, str]]) -> None:
    """The arms' colours and markers, right of the axes."""
    handles = [
        Line2D([], [], marker=mark, ls="", color=tone, label=legend_words(arm)) for arm, (tone, mark) in styles.items()
    ]
    ax.legend(handles=handles, loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False, fontsize=8)


def class_legend(ax: Axes, classes: np.ndarray | list[str]) -> None:
    """The classes' colours, right of the axes."""
    handles = [
        Line2D([], [], marker="o", ls="", color=class_colour(str(name)), label=class_label(str(name)))
        for name in in_order(classes)
    ]
    ax.legend(handles=handles, loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False, fontsize=8)
