"""Figures of a dataset among the published evidence."""

from __future__ import annotations

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from ..effects.time_windows import WINDOW_NAMES
from ..figures.axes import MEASURE_LABELS, class_colour, class_label, hours_axis, plain_text
from ..figures.course_plots import plot_time_course
from ..figures.forest import SHOWN
from ..time_course.time_course import TimeCourse
from .among_evidence import GROUP, AmongEvidence

WITH_INTERVALS = 6  # trials of one class and window drawn with their own intervals; more are drawn as points
RATIOS = ("log_odds_ratio", "log_risk_ratio")


@plain_text
def plot_among_evidence(result: AmongEvidence, *, ax: Axes | None = None) -> Axes:
    """For each class and window: the published prediction interval, the pools before and after, the new trials.

    Grey bar: where the true effect of a new trial would lie; black line and dot: the published pool with its 95 %
    interval; ring: the pool with the new trials; squares: the new trials (with 95 % intervals where they are few).
    Intervals that leave the axis end in an arrow.
    """
    pools, trials = result.before_after(), result.summary()
    rows = _ordered(trials)
    if ax is None:
        ax = plt.subplots(figsize=(9, 1.6 + 0.75 * max(len(rows), 1)), layout="constrained")[1]
    ends = _ends(pools, trials)
    for y, (name, window) in enumerate(rows):
        mine = pools[(pools["treatment_class"] == name) & (pools["window"] == window)].set_index("stage")
        _draw_pools(ax, mine, y, ends)
        _draw_trials(ax, trials[(trials["treatment_class"] == name) & (trials["window"] == window)], y, ends)
    ax.set_xlim(*ends)
    ax.set_yticks(range(len(rows)), [f"{class_label(name)}, {window}" for name, window in rows], parse_math=False)
    ax.set_ylim(len(rows) - 0.4, -0.6)
    ax.axvline(0, color="0.3", lw=0.8, zorder=0)
    ax.spines[["left", "right", "top"]].set_visible(False)
    ax.tick_params(axis="y", length=0, pad=10)
    _value_axis(ax, result.measure)
    if not rows:
        words = "no new trial of this dataset has a contrast in a time window"
        ax.text(0.5, 0.5, words, transform=ax.transAxes, ha="center")
    else:
        _legend(ax)
    return ax


@plain_text
def plot_on_time_course(result: AmongEvidence, course: TimeCourse, *, ax: Axes | None = None) -> Axes:
    """The published time course with the dataset's own contrasts on it as squares, with their 95 % intervals."""
    ax = plot_time_course(course, ax=ax)
    back = np.exp if result.measure in RATIOS else np.asarray
    ends = ax.get_ylim()
    trials = result.summary()
    trials = trials[trials["treatment_class"].isin(course.classes)]
    classes = sorted(trials["treatment_class"].unique())
    for row in trials.to_dict("records"):
        hours = row["hours"] * (
            1 + 0.06 * (classes.index(row["treatment_class"]) - (len(classes) - 1) / 2)
        )  # side by side
        values = back(np.array([row["conf_low"], row["estimate"], row["conf_high"]]))
        low, middle, high = np.clip(values, min(ends), max(ends))
        ax.plot([hours, hours], [low, high], color="black", lw=1)
        marker = "s" if middle == values[1] else "^" if values[1] > middle else "v"
        colour = class_colour(row["treatment_class"])
        ax.plot(hours, middle, marker, ms=6, mec="black", color=colour, zorder=5, clip_on=False)
    if len(trials):
        hours_axis(ax, np.concatenate([trials["hours"], course.effects["hours"]]))
    return ax


def _ordered(trials: pd.DataFrame) -> list[tuple[str, str]]:
    keys = trials[GROUP].drop_duplicates().to_numpy().tolist()
    return sorted(
        ((str(name), str(window)) for name, window in keys), key=lambda one: (one[0], WINDOW_NAMES.index(one[1]))
    )


def _ends(pools: pd.DataFrame, trials: pd.DataFrame) -> tuple[float, float]:
    """The axis holds every estimate with room; what few trials leave open ends in arrows."""
    if trials.empty:
        return -1.0, 1.0
    estimates = pd.concat([pools["estimate"], trials["estimate"]])
    reach = 1.3 * float(estimates.abs().max()) + 0.5
    low = float(np.clip(pd.concat([estimates, pools["conf_low"], pools["prediction_low"]]).min(), -reach, 0))
    high = float(np.clip(pd.concat([estimates, pools["conf_high"], pools["prediction_high"]]).max(), 0, reach))
    pad = 0.04 * (high - low)
    return low - pad, high + pad


def _bar(ax: Axes, limits: tuple[float, float], y: float, ends: tuple[float, float], style: dict[str, Any]) -> None:
    """An interval, cut at the ends of the axis by an arrow."""
    low, high = np.clip(limits, *ends)
    ax.plot([low, high], [y, y], solid_capstyle="butt", **style)
    for end, marker, beyond in ((ends[0], "<", limits[0] < ends[0]), (ends[1], ">", limits[1] > ends[1])):
        if beyond:
            ax.plot(end, y, marker, ms=4, color=style["color"], clip_on=False, zorder=style["zorder"])


def _draw_pools(ax: Axes, pools: pd.DataFrame, y: float, ends: tuple[float, float]) -> None:
    if "before" in pools.index:
        before = pools.loc["before"]
        if np.isfinite(before["prediction_low"]):
            low, high = np.clip([before["prediction_low"], before["prediction_high"]], *ends)
            ax.barh(y, high - low, left=low, height=0.5, color="0.88", zorder=1)
        style = {"color": "black", "lw": 1.6, "zorder": 3}
        _bar(ax, (before["conf_low"], before["conf_high"]), y - 0.12, ends, style)
        ax.plot(before["estimate"], y - 0.12, "o", color="black", ms=5, zorder=3)
    k = pools["k"].get("before", 0)
    place: dict[str, Any] = {"xycoords": ("axes fraction", "data"), "fontsize": 8, "va": "center"}
    ax.annotate(f"{k:.0f} published" if k else "none published", (1.02, y - 0.12), **place)
    after = pools.loc["after"]
    style = {"color": "0.35", "lw": 1.0, "ls": (0, (2, 1)), "zorder": 3}
    _bar(ax, (after["conf_low"], after["conf_high"]), y + 0.02, ends, style)
    ax.plot(after["estimate"], y + 0.02, "o", mfc="white", mec="black", ms=5, zorder=4)


def _draw_trials(ax: Axes, trials: pd.DataFrame, y: float, ends: tuple[float, float]) -> None:
    few = len(trials) <= WITH_INTERVALS
    offsets = np.linspace(0.14, 0.34, len(trials)) if few else np.linspace(0.14, 0.36, 6)[np.arange(len(trials)) % 6]
    for offset, row in zip(offsets, trials.to_dict("records"), strict=True):
        colour = class_colour(row["treatment_class"])
        if few:
            style = {"color": colour, "lw": 1.2, "zorder": 2}
            _bar(ax, (row["conf_low"], row["conf_high"]), y + offset, ends, style)
        ax.plot(row["estimate"], y + offset, "s", color=colour, ms=6 if few else 4, mec="black", mew=0.6, zorder=5)


def _value_axis(ax: Axes, measure: str) -> None:
    name = MEASURE_LABELS.get(measure, measure)
    if measure in SHOWN:
        _, inverse, ticks, shown = SHOWN[measure]
        low, high = ax.get_xlim()
        inside = [tick for tick in ticks if low <= inverse(tick) <= high]
        ax.set_xticks(inverse(inside), [f"{tick:g}" for tick in inside])
        name = f"{MEASURE_LABELS[shown]} (log scale)"
    ax.set_xlabel(name)


def _legend(ax: Axes) -> None:
    marks = [
        Patch(color="0.88", label="where a new trial's true effect would lie (95 %)"),
        Line2D([], [], color="black", marker="o", ms=5, lw=1.6, label="published, pooled"),
        Line2D([], [], color="0.35", marker="o", mfc="white", mec="black", lw=1, ls="--", label="with the new trials"),
        Line2D([], [], color="0.6", marker="s", mec="black", ms=6, lw=1.2, label="a new trial"),
    ]  # fmt: skip
    ax.legend(handles=marks, fontsize=8, frameon=False, ncols=2, loc="lower center", bbox_to_anchor=(0.5, 1.0))
