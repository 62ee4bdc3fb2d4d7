"""Figures of rates and times. They draw numbers already computed, take an `ax` and give it back."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from ..effects.time_windows import TIME_WINDOWS
from ..errors import NotInData
from ..outcomes.proportions import proportion_interval
from .axes import (
    arm_colours,
    arm_legend,
    class_colour,
    class_label,
    class_legend,
    draw_intervals,
    hours_axis,
    in_order,
    plain_text,
    value_axis,
)

POINT_AREA_PER_PATIENT = 0.9  # points² of marker area for each patient; less when there are many rows
MANY_ROWS = 40
JOINED = 12  # times of an arm; more are those of different patients, whose rates no line should join
ARM_MARKERS = ("o", "s", "^", "D", "v", "P")
COUNT_INCHES = 0.17  # between two numbers of trials, or one of them is moved


@plain_text
def plot_rates(arms: pd.DataFrame, *, outcome: str | None = None, ax: Axes | None = None) -> Axes:
    """Events / n of every row by time: Wilson 95 % bars, marker area ∝ n, one colour per treatment class.

    arms : rows with `hours, n, events, treatment_class`; arms of the same hour are set side by side. Without
        classes each arm has its own colour and marker. Of one trial, the times of an arm are joined. Filled markers
        are active arms, open ones controls (where `role` is given).
    outcome : the one to draw, such as "response"; None where the table holds one.
    Raises ValueError for a table with several outcomes or no counts.

    >>> arms = pd.DataFrame({"study": list("ab"), "arm": "ketamine", "treatment_class": "ketamine", "hours": [24, 168],
    ...     "outcome": "response", "n": 20, "events": [10, 8]})
    >>> plot_rates(arms).get_title(loc="left")
    '2 arm-times of 2 trials; bars: Wilson 95 %; area: patients'
    """
    rows = _one_outcome(arms, outcome)
    ax = ax or plt.subplots(figsize=(8, 4.5), layout="constrained")[1]
    low, high = proportion_interval(rows["events"], rows["n"])
    area = POINT_AREA_PER_PATIENT * min(1.0, MANY_ROWS / len(rows))
    rows = rows.assign(low=low, high=high, rate=rows["events"] / rows["n"], x=_side_by_side(rows["hours"]))
    styles = _rate_styles(rows, "treatment_class" in arms)
    trials = rows["study"].nunique()
    for name, part in rows.groupby("treatment_class", sort=False):
        _draw_rates(ax, part, styles[str(name)], area, joined=trials == 1)
    hours_axis(ax, rows["x"])
    ax.set_ylim(-3, 103)
    ax.set_ylabel(f"{rows['outcome'].iloc[0]}, % of patients")
    if "treatment_class" in arms:
        class_legend(ax, rows["treatment_class"].unique())
    else:
        arm_legend(ax, styles)
    words = f"{len(rows)} arm-times of {trials} trial{'s' * (trials > 1)}; bars: Wilson 95 %; area: patients"
    ax.set_title(words, fontsize=9, loc="left")
    return ax


def _rate_styles(rows: pd.DataFrame, classes: bool) -> dict[str, tuple[str, str]]:
    """Colour and marker of each class, or of each arm where the table has no classes."""
    names = [str(name) for name in rows["treatment_class"].unique()]
    if classes:
        return {name: (class_colour(name), "o") for name in names}
    colours = arm_colours(names)
    return {name: (colours[name], ARM_MARKERS[place % len(ARM_MARKERS)]) for place, name in enumerate(names)}


def _draw_rates(ax: Axes, part: pd.DataFrame, style: tuple[str, str], area: float, *, joined: bool) -> None:
    colour, marker = style
    ax.vlines(part["x"], 100 * part["low"], 100 * part["high"], color=colour, lw=0.8, alpha=0.6)
    control = part["role"].eq("control") if "role" in part else pd.Series(False, index=part.index)
    ax.scatter(
        part["x"],
        100 * part["rate"],
        s=4 + area * part["n"],
        marker=marker,
        edgecolor=colour,
        linewidth=0.9,
        facecolor=[("white" if one else colour) for one in control],
        alpha=0.75,
        zorder=3,
    )
    if not joined:
        return
    apart = [name for name in ("arm", "scale", "definition", "analysis", "timing") if name in part]
    for _, line in part.sort_values("x").groupby(apart, dropna=False):
        if len(line) <= JOINED:
            ax.plot(line["x"], 100 * line["rate"], color=colour, lw=1.2, alpha=0.7, zorder=2)


@plain_text
def plot_windows(summary: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Pooled estimates in the time windows, with intervals; spans in which no trial looked are grey.

    summary : rows with `window, estimate, conf_low, conf_high, k, treatment_class, measure` (`as_ratio` or
        `as_proportion` of a pooling by class and window). Above the axis stands each point's number of trials,
        a line for each class.
        An interval that leaves the axis ends in an arrow.

    >>> pooled = pd.DataFrame({"treatment_class": "ssri", "window": ["8 wk"], "k": [3], "measure": "odds_ratio",
    ...     "estimate": [1.5], "conf_low": [1.2], "conf_high": [1.9]})
    >>> plot_windows(pooled).get_ylabel()
    'odds ratio of response'
    """
    summary = summary[summary["window"].notna()]
    if summary.empty:
        raise NotInData("no pooled estimate lies in a time window: nothing to draw")
    ax = ax or plt.subplots(figsize=(8, 4), layout="constrained")[1]
    measure = str(summary["measure"].iloc[0])
    ends = value_axis(ax, measure)
    windows = {window.name: window for window in TIME_WINDOWS}
    ax.axvspan(1e-3, 1e5, color="0.9", lw=0, zorder=0)
    for name in summary["window"].unique():
        span = windows[str(name)]
        ax.axvspan(max(span.low, 0.3), min(span.high, 9000), color="white", lw=0, zorder=0.5)
    classes, counts = in_order(summary["treatment_class"]), []
    for place, name in enumerate(classes):
        part = summary[summary["treatment_class"] == name]
        x = np.array([windows[str(one)].nominal for one in part["window"]]) * 1.13 ** (place - (len(classes) - 1) / 2)
        draw_intervals(ax, x, part, class_colour(str(name)), ends)
        counts += [(float(one), int(k), place, name) for one, k in zip(x, part["k"], strict=True)]
    hours_axis(ax, (1.0, 4000.0))
    ax.set_xlabel(f"{ax.get_xlabel()}\nbars: 95 %; grey: no trial looked")
    _write_counts(ax, counts, many=len(classes) > 1)
    _name_classes(ax, classes)
    return ax


def _name_classes(ax: Axes, classes: list[str]) -> None:
    """One class as the title; several each at the end of its line of numbers, in its colour, instead of a legend."""
    if len(classes) == 1:
        colour, words = class_colour(classes[0]), class_label(classes[0])
        ax.set_title(words, fontsize=10, loc="left", pad=18, color=colour, weight="bold")
        ax.annotate("trials", (1.0, 1.035), xycoords="axes fraction", ha="right", fontsize=7, color="0.25")
        return
    for place, name in enumerate(classes):
        where, colour = (1.01, 1.035 + 0.05 * place), class_colour(name)
        ax.annotate(f"{class_label(name)}, trials", where, xycoords="axes fraction", fontsize=7.5, color=colour)


def _write_counts(ax: Axes, counts: list[tuple[float, int, int, str]], *, many: bool) -> None:
    """Each point's number of trials above the axis; one too near its left neighbour stands a line higher."""
    inches = {one: ax.transData.transform((one, 1.0))[0] / ax.figure.dpi for one, *_ in counts}
    last, raised = (-1, -np.inf), False
    for one, k, place, name in counts:
        raised = place == last[0] and inches[one] - last[1] < COUNT_INCHES and not raised
        last = place, inches[one]
        ax.annotate(
            f"{k}",
            (one, 1.035 + 0.05 * place),
            (0, 8 if raised else 0),
            xycoords=("data", "axes fraction"),
            textcoords="offset points",
            ha="center",
            fontsize=7,
            color=class_colour(name) if many else "0.25",
        )


@plain_text
def plot_assessment_times(arms: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """When trials look: one line per trial with a dot at each time it reports, grouped by treatment class.

    arms : rows of active arms with `study, treatment_class, hours` (controls are left out of the classes).

    >>> arms = pd.DataFrame({"study": list("ab"), "arm": "ketamine", "treatment_class": "ketamine", "hours": [24, 168],
    ...     "outcome": "response", "n": 20, "events": [10, 8]})
    >>> [label.get_text() for label in plot_assessment_times(arms).get_yticklabels()]
    ['ketamine (2 trials)']
    """
    active = arms[(arms["hours"] > 0) & (arms["role"].eq("active") if "role" in arms else True)]
    active = active.assign(treatment_class=active["treatment_class"] if "treatment_class" in active else active["arm"])
    if active.empty:
        raise NotInData("no active arm has a time after first dose: nothing to draw")
    groups = active.groupby("treatment_class")["study"].nunique().sort_values(ascending=False)
    ax = ax or plt.subplots(figsize=(8, 0.9 + 0.45 * len(groups) + 0.012 * groups.sum()), layout="constrained")[1]
    top, ticks, labels = 0.0, [], []
    for name, size in groups.items():
        part = active[active["treatment_class"] == name]
        order = part.groupby("study")["hours"].agg(["min", "max"]).sort_values(["min", "max"]).index
        step = max(0.35, 3.0 / size)
        y = top + step * pd.Series(np.arange(len(order)), index=order)
        times = part[["study", "hours"]].drop_duplicates()
        spans = times.groupby("study")["hours"].agg(["min", "max"])
        ax.hlines(y[spans.index], spans["min"], spans["max"], color=class_colour(str(name)), lw=0.5, alpha=0.5)
        ax.scatter(times["hours"], y[times["study"]], s=7, color=class_colour(str(name)), lw=0)
        ticks.append(top + step * (len(order) - 1) / 2)
        labels.append(f"{class_label(str(name))} ({size} trial{'s' if size > 1 else ''})")
        top += step * len(order) + 3
        ax.axhline(top - 1.5 - step / 2, color="0.85", lw=0.6)
    ax.set_yticks(ticks, labels)
    ax.set_ylim(top, -3)
    words = f"{active['study'].nunique()} trials: a line each, a dot at each time that it reports"
    ax.set_title(words, fontsize=9, loc="left")
    hours_axis(ax, active["hours"])
    ax.tick_params(axis="y", length=0)
    ax.grid(axis="x", color="0.9", lw=0.6)
    ax.set_axisbelow(True)
    return ax


def _one_outcome(arms: pd.DataFrame, outcome: str | None) -> pd.DataFrame:
    absent = [name for name in ("outcome", "events", "n", "hours") if name not in arms]
    if absent:
        raise ValueError(f"the table has no column {absent}: rates are of arms; patients become arms by summarize_arms")
    arms = arms if outcome is None else arms[arms["outcome"] == outcome]
    rows = arms[arms["events"].notna() & arms["n"].notna() & (arms["hours"] > 0)]
    if rows.empty:
        raise NotInData("no row has events, n and a time after first dose: nothing to draw")
    kinds = sorted(rows["outcome"].unique())
    if len(kinds) > 1:
        raise ValueError(f"one figure shows one outcome; the table has {kinds}: say outcome={kinds[-1]!r}")
    named = rows["treatment_class"].fillna(rows["arm"]) if "treatment_class" in rows else rows["arm"]
    return rows.assign(treatment_class=named)


def _side_by_side(hours: pd.Series) -> pd.Series:
    """Equal hours spread over ± 13 % (less for few; 6 and 8 weeks stay apart), so that no marker hides another."""
    size = hours.groupby(hours).transform("size")
    place = hours.groupby(hours).cumcount()
    width = np.minimum(0.13, 0.04 * (size - 1))
    share = np.where(size > 1, 2 * place / (size - 1).where(size > 1, 1) - 1, 0.0)
    return hours * np.exp(width * share)
