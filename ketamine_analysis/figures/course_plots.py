"""Figures of effect against hours: fitted curves, first separation, and what is known at named times."""

from __future__ import annotations

from collections.abc import Callable

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import NullFormatter

from ..effects.time_windows import TIME_WINDOWS
from ..intervals import interval_text
from ..time_course.arm_course import ArmTimeCourse
from ..time_course.time_course import TimeCourse
from .axes import OTHER_COLOUR, class_colour, class_label, draw_intervals, hours_axis, plain_text, value_axis
from .forest import SHOWN

LARGEST_BUBBLE = 220.0  # points², for the look with the smallest variance
RUG_STEP = 0.028  # of the axes' height, between the classes' rows of looks
VERDICT_SHADES = {"better than control": 0.30, "worse than control": 0.30, "not told apart from control": 0.08}
RATIO_ENDS = (0.2, 20.0)


@plain_text
def plot_time_course(
    result: TimeCourse | ArmTimeCourse,
    *,
    only: str | None = None,
    others: pd.DataFrame | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Fitted curves with 95 % confidence bands, every trial's look as a bubble (area ∝ 1 / variance).

    Full line and band: hours between a class's first and last look; fainter and dotted: the shape alone speaks. A class
    whose time course is not identified has a band and no line. Ticks at the foot: hours at which trials of each
    class looked. Bubbles of single-dose trials have a black edge, converted means a dotted one (where the table says).
    only : one class, as a panel without a legend. others : contrasts that others published (`published_contrasts`),
    drawn as open diamonds and not fitted.

    >>> from ..time_course.time_course import fit_time_course
    >>> effects = pd.DataFrame({"study": list("abcd"), "treatment_class": "ssri", "hours": [4.0, 24.0, 96.0, 600.0],
    ...     "estimate": [0.2, 0.5, 0.8, 0.97], "active_variance": 1e-4, "control_variance": 1e-4, "std_error": 0.0142})
    >>> plot_time_course(fit_time_course(effects), only="ssri").get_title(loc="left")
    'SSRI: 4 trials, 4 looks'
    """
    classes = [only] if only is not None else list(result.classes)
    if not set(classes) <= set(result.classes):
        raise ValueError(f"class {only!r} was not fitted: use one of {list(result.classes)}")
    ax = ax or plt.subplots(figsize=(9, 5.2), layout="constrained")[1]
    effects = result.effects[result.effects["treatment_class"].isin(classes)]
    back, _, _, shown = SHOWN.get(result.measure, (np.asarray, None, None, result.measure))
    ends = value_axis(ax, shown)
    times = result.effects["hours"]
    hours = np.geomspace(min(1.0, times.min()), times.max(), 160)
    hours = np.union1d(hours, effects.groupby("treatment_class")["hours"].agg(["min", "max"]))
    curves = result.predict(hours, only=only)
    for place, name in enumerate(classes):
        own, colour = effects[effects["treatment_class"] == name], class_colour(name)
        _draw_curve(ax, curves[curves["treatment_class"] == name], back, ends, colour)
        _draw_looks(ax, own, back, ends, float(effects["std_error"].min() ** 2))
        looks = np.unique(own["hours"])
        ax.scatter(looks, np.full(len(looks), 0.02 + RUG_STEP * place), marker="|", s=26, lw=1.1, color=colour,
                   transform=ax.get_xaxis_transform(), clip_on=False)  # fmt: skip
    if others is not None:
        _draw_others(ax, others, back)
    hours_axis(ax, hours)
    words = f"{effects['study'].nunique()} trials, {len(effects)} looks"
    if only is not None:
        ax.set_title(f"{class_label(only)}: {words}", fontsize=10, loc="left", weight="bold", color=class_colour(only))
        return ax
    _course_legend(ax, classes, effects, others)
    kind = "arm level, not randomised" if isinstance(result, ArmTimeCourse) else "within trials, control subtracted"
    shapes = ", ".join(dict.fromkeys(result.shape.values()))
    ax.set_title(f"{words}; {kind}; shape {shapes}; 95 % bands\nfaint or dotted: outside a class's first and last look",
                 fontsize=8.5, loc="left")  # fmt: skip
    return ax


@plain_text
def plot_separation(table: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Each class's pooled windows with simultaneous intervals; filled: separated. Below: where anybody looked.

    table : from `separation_by_window`. Under the axis each class has a strip: coloured where trials looked, blank
    where nobody did, with the number of trials.

    >>> from ..time_course.onset import separation_by_window
    >>> effects = pd.DataFrame({"study": list("abc"), "treatment_class": "ssri", "hours": [168, 1344, 1344],
    ...     "estimate": [0.1, 0.6, 0.7], "std_error": 0.1, "measure": "log_odds_ratio", "n": 50, "control_n": 50})
    >>> plot_separation(separation_by_window(effects)).get_ylabel()
    'odds ratio of response'
    """
    classes = list(dict.fromkeys(table["treatment_class"]))
    if ax is None:
        figure, ax = plt.subplots(figsize=(9, 4.4 + 0.25 * len(classes)))
        figure.subplots_adjust(
            left=0.13, right=0.98, top=0.93, bottom=(0.75 + 0.25 * len(classes)) / figure.get_figheight()
        )
    measure = str(table["measure"].iloc[0])
    back, _, _, shown = SHOWN.get(measure, (np.asarray, None, None, measure))
    ends = value_axis(ax, shown)
    spans = {window.name: (max(window.low, 0.6), min(window.high, 4000.0), window.nominal) for window in TIME_WINDOWS}
    for place, name in enumerate(classes):
        colour = class_colour(name)
        part = table[(table["treatment_class"] == name) & table["looked"]]
        x = np.array([spans[str(one)][2] for one in part["window"]]) * 1.18 ** (place - (len(classes) - 1) / 2)
        drawn = part.assign(**{one: back(part[one]) for one in ("estimate", "conf_low", "conf_high")})
        draw_intervals(ax, x, drawn, colour, ends)
        open_ones = ~part["separated"].to_numpy()
        ax.scatter(x[open_ones], drawn["estimate"][open_ones], s=34, color="white", edgecolor=colour, zorder=4)
        y = -0.19 - 0.055 * place
        for row in part.itertuples():
            low, high, middle = spans[str(row.window)]
            ax.plot([low, high], [y, y], color=colour, lw=7, alpha=0.35, solid_capstyle="butt", clip_on=False,
                    transform=ax.get_xaxis_transform())  # fmt: skip
            ax.annotate(str(row.k), (middle, y), xycoords=("data", "axes fraction"), ha="center", va="center",
                        fontsize=7, annotation_clip=False)  # fmt: skip
        ax.annotate(class_label(name), (-0.005, y), xycoords="axes fraction", ha="right", va="center", fontsize=7.5,
                    color=colour, annotation_clip=False)  # fmt: skip
    hours_axis(ax, (1.0, 2600.0))
    ax.set_title("filled: separated from control, all windows of a class held together; below: trials that looked",
                 fontsize=8.5, loc="left")  # fmt: skip
    return ax


@plain_text
def plot_what_is_known(table: pd.DataFrame, *, axes: np.ndarray | None = None) -> np.ndarray:
    """A grid: a class in each row, a time in each column; its pooled ratio and interval, or none.

    table : from `what_is_known`, of a log measure. Shaded by the verdict; grey: no trial here counted responders then.
    axes : an array of axes (classes × times); default a new figure. Returns that array.

    >>> from ..time_course.onset import what_is_known
    >>> effects = pd.DataFrame({"study": list("abc"), "treatment_class": "ssri", "hours": [168, 1344, 1344],
    ...     "estimate": [0.1, 0.6, 0.7], "std_error": 0.1, "measure": "log_odds_ratio", "n": 50, "control_n": 50})
    >>> plot_what_is_known(what_is_known(effects)).shape
    (1, 3)
    """
    windows, classes = (list(dict.fromkeys(table[name])) for name in ("window", "treatment_class"))
    if axes is None:
        size = (2.9 * len(windows) + 1.6, 1.02 * len(classes) + 0.9)
        axes = plt.subplots(len(classes), len(windows), figsize=size, squeeze=False, sharex=True, layout="constrained")[
            1
        ]
    measure = str(table["measure"].iloc[0])
    if measure not in SHOWN:
        raise ValueError(f"the grid shows ratios: measure {measure!r} must be one of {list(SHOWN)}")
    back, _, _, shown = SHOWN[measure]
    for (name, window), part in table.groupby(["treatment_class", "window"], sort=False):
        ax = axes[classes.index(name), windows.index(window)]
        _known_cell(ax, part.iloc[0], back)
        if classes.index(name) == 0:
            words = f"at {window}".replace("at ≤", "up to ").replace("at ≥", "from ")
            ax.set_title(words, fontsize=11, weight="bold")
        if windows.index(window) == 0:
            colour = class_colour(str(name))
            ax.set_ylabel(class_label(str(name)), rotation=0, ha="right", va="center", fontsize=10, weight="bold",
                          color="0.25" if colour == OTHER_COLOUR else colour)  # fmt: skip
    words = shown.replace("_", " ")
    axes[-1, len(windows) // 2].set_xlabel(f"{words} of response against control, 95 % (log scale; right: better)",
                                           fontsize=8.5)  # fmt: skip
    return axes


def _known_cell(ax: Axes, row: pd.Series, back: Callable) -> None:
    colour = class_colour(str(row["treatment_class"]))
    ax.set_xscale("log")
    ax.set_xlim(*RATIO_ENDS)
    ax.set_ylim(0, 1)
    ax.set_yticks([])
    ax.set_xticks([0.25, 1, 4, 16], ["¼", "1", "4", "16"], fontsize=7.5)
    ax.xaxis.set_minor_formatter(NullFormatter())
    ax.tick_params(axis="x", which="minor", length=0)
    ax.spines[["top", "right", "left"]].set_visible(False)
    if row["k"] == 0:
        ax.set_facecolor("0.92")
        ax.text(0.5, 0.5, "no trial here\ncounted responders", transform=ax.transAxes, ha="center", va="center",
                color="0.35", fontsize=9, style="italic")  # fmt: skip
        return
    ax.patch.set(facecolor=colour, alpha=VERDICT_SHADES[row["verdict"]])
    middle, low, high = (float(back(row[name])) for name in ("estimate", "conf_low", "conf_high"))
    ends = np.clip([low, high], *RATIO_ENDS)
    ax.plot(ends, [0.2, 0.2], color=colour, lw=2.2, solid_capstyle="butt")
    for end, marker, beyond in ((ends[0], "<", low < ends[0]), (ends[1], ">", high > ends[1])):
        if beyond:
            ax.plot(end, 0.2, marker=marker, ms=6, color=colour, clip_on=False)
    ax.plot(middle, 0.2, "o", ms=5.5, color=colour, mec="white", mew=0.6)
    ax.axvline(1, ymax=0.42, color="0.3", lw=0.8)
    text = interval_text(pd.DataFrame({"estimate": [middle], "conf_low": [low], "conf_high": [high]})).iloc[0, 0]
    trials = f"{row['k']} trial{'s' if row['k'] > 1 else ''}, {row['patients']:,} patients"
    ax.text(0.03, 0.93, f"{row['verdict']}\n{text}", transform=ax.transAxes, va="top", fontsize=8.5)
    ax.text(0.97, 0.34, trials, transform=ax.transAxes, ha="right", va="center", fontsize=7.5, color="0.3")


def _draw_curve(ax: Axes, curve: pd.DataFrame, back: Callable, ends: tuple[float, float], colour: str) -> None:
    hours, looked = curve["hours"].to_numpy(), curve["looked"].to_numpy()
    with np.errstate(over="ignore"):  # beyond the axis
        low, high, middle = (back(curve[name].to_numpy()) for name in ("conf_low", "conf_high", "estimate"))
    low, high = np.clip(low, *ends), np.clip(high, *ends)
    ax.fill_between(hours, low, high, color=colour, alpha=0.07, lw=0)
    ax.fill_between(hours, low, high, where=looked, color=colour, alpha=0.16, lw=0)
    ax.plot(hours, np.where(looked, middle, np.nan), color=colour, lw=2)
    ax.plot(hours, np.where(looked, np.nan, middle), color=colour, lw=1, ls=":")


def _draw_looks(ax: Axes, own: pd.DataFrame, back: Callable, ends: tuple[float, float], most: float) -> None:
    colour = class_colour(str(own["treatment_class"].iloc[0]))
    area = np.maximum(LARGEST_BUBBLE * most / own["std_error"].to_numpy() ** 2, 7.0)
    inside = np.clip(back(own["estimate"].to_numpy()), *ends)
    ax.scatter(own["hours"], inside, s=area, color=colour, alpha=0.25, lw=0)
    for column, value, style in (("schedule", "single", "-"), ("converted", True, ":")):
        marked = own[column].eq(value).to_numpy() if column in own else np.zeros(len(own), bool)
        ax.scatter(
            own["hours"][marked], inside[marked], s=area[marked], facecolor="none", edgecolor="0.15", lw=0.9, ls=style
        )


def _draw_others(ax: Axes, others: pd.DataFrame, back: Callable) -> None:
    middle, low, high = (back(others[name].to_numpy()) for name in ("estimate", "conf_low", "conf_high"))
    ax.vlines(others["hours"], low, high, color="0.1", lw=1.2, zorder=5)
    ax.scatter(others["hours"], middle, marker="D", s=38, facecolor="white", edgecolor="0.1", lw=1.2, zorder=6)


def _course_legend(ax: Axes, classes: list[str], effects: pd.DataFrame, others: pd.DataFrame | None) -> None:
    handles = [Line2D([], [], marker="o", ls="", color=class_colour(name), label=class_label(name)) for name in classes]
    if "schedule" in effects and (effects["schedule"] == "single").any():
        handles.append(Line2D([], [], marker="o", ls="", mfc="none", mec="0.15", label="single-dose trial"))
    if "converted" in effects and effects["converted"].any():
        handles.append(Line2D([], [], marker=".", ls="", mfc="none", mec="0.15", label="converted mean (dotted edge)"))
    if others is not None:
        handles += [Line2D([], [], marker="D", ls="", mfc="white", mec="0.1", label=f"{name}, not fitted")
                    for name in dict.fromkeys(others["label"])]  # fmt: skip
    ax.legend(handles=handles, loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False, fontsize=8)
