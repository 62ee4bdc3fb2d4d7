"""Figures of side effects: rates, differences from control, the hours after a dose, benefit beside harm."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from .axes import class_colour, class_label, class_legend, in_order, plain_text

LARGEST_POINT = 90.0  # points², for the arm with most people
STAGES = {"time_to_onset": ("begins", "|"), "time_to_peak": ("strongest", "^"), "time_to_resolution": ("over", "s")}
GAP = 0.2  # between the classes of one event, in rows


@plain_text
def plot_event_rates(rates: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Every arm's share of people with each event, with Wilson 95 % intervals: drugs above, controls (open) below.

    rates : from `event_rates`, with `treatment_class, role`. One row of the figure an event, in the order of the table;
        area ∝ people. Arms of different trials and pools of trials stand side by side: nothing here is randomised.
    """
    rows = rates[rates["rate"].notna()]
    events = list(dict.fromkeys(rows["event"]))
    ax = ax or plt.subplots(figsize=(8.5, 0.9 + 0.62 * len(events)), layout="constrained")[1]
    active = rows["role"] == "active"
    classes = in_order(rows.loc[active, "treatment_class"])
    lines = [*classes, "control"]
    kind = rows["treatment_class"].where(active, "control")
    for (event, name), part in rows.groupby([rows["event"], kind], sort=False):
        y = events.index(str(event)) + GAP * (lines.index(str(name)) - (len(lines) - 1) / 2)
        spread = y + 0.06 * (np.arange(len(part)) / max(1, len(part) - 1) - 0.5) * (len(part) > 1)
        colour = class_colour("placebo" if name == "control" else str(name))
        ax.hlines(spread, 100 * part["conf_low"], 100 * part["conf_high"], color=colour, lw=0.7, alpha=0.5)
        area = 8 + LARGEST_POINT * part["n"].fillna(0) / rows["n"].max()
        ax.scatter(100 * part["rate"], spread, s=area, edgecolor=colour, linewidth=0.9, zorder=3, alpha=0.8,
                   facecolor="white" if name == "control" else colour)  # fmt: skip
    _event_axis(ax, events)
    ax.set_xlim(-1, min(101.0, 100 * rows["conf_high"].max() + 3))
    ax.set_xlabel("people with the event, % (Wilson 95 %; area: people)", fontsize=8.5)
    handles = [Line2D([], [], marker="o", ls="", color=class_colour(one), label=class_label(one)) for one in classes]
    handles.append(Line2D([], [], marker="o", ls="", mfc="white", mec=class_colour("placebo"), label="control arms"))
    ax.legend(handles=handles, loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False, fontsize=8)
    return ax


@plain_text
def plot_event_differences(pooled: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """What each class adds to its control's rate of each event: pooled risk differences with 95 % intervals.

    pooled : a `summary()` of risk differences with `event, treatment_class, k`. The number right of each interval
        is its number of trials. Classes were not randomised against each other.
    """
    events, classes = list(dict.fromkeys(pooled["event"])), in_order(pooled["treatment_class"])
    ax = ax or plt.subplots(figsize=(8.5, 0.9 + 0.5 * len(events)), layout="constrained")[1]
    ends = (-25.0, 75.0)
    for row in pooled.to_dict("records"):
        y = events.index(row["event"]) + GAP * (classes.index(row["treatment_class"]) - (len(classes) - 1) / 2)
        _interval(ax, y, row, class_colour(row["treatment_class"]), ends)
        ax.annotate(f"{row['k']}", (min(100 * row["conf_high"], ends[1]) + 1.2, y), va="center", fontsize=7,
                    color="0.3", annotation_clip=False)  # fmt: skip
    _event_axis(ax, events)
    ax.axvline(0, color="0.3", lw=0.8, zorder=0)
    ax.set_xlim(*ends)
    ax.set_xlabel("people with the event beyond control, per 100 (95 %; number: trials)", fontsize=8.5)
    class_legend(ax, classes)
    return ax


@plain_text
def plot_after_dose(measured: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """When what follows a dose begins, is strongest and is over, in hours: one line an arm and event.

    measured : from `measurements`; rows of times to onset, peak and resolution are drawn, as printed, with no
        interval since no source gives one. Raises ValueError where there is none.
    """
    rows = measured[measured["measure"].isin(list(STAGES)) & measured["hours"].notna()]
    if rows.empty:
        raise ValueError("no row holds a time to onset, peak or resolution: nothing to draw")
    lines = list(rows.groupby(["event", "study"], sort=True).groups)
    ax = ax or plt.subplots(figsize=(7.5, 1.1 + 0.38 * len(lines)), layout="constrained")[1]
    for y, (event, study) in enumerate(lines):
        part = rows[(rows["event"] == event) & (rows["study"] == study)]
        ax.plot([0, part["hours"].max()], [y, y], color="#D55E00", lw=2, alpha=0.35, solid_capstyle="butt")
        for row in part.to_dict("records"):
            ax.plot(row["hours"], y, marker=STAGES[row["measure"]][1], ms=8, mew=2, color="#D55E00", ls="")
    ax.set_yticks(range(len(lines)), [f"{_words(event)} ({study})" for event, study in lines], fontsize=8)
    ax.set_ylim(len(lines) - 0.5, -0.6)
    ax.set_xlim(0, max(2.0, rows["hours"].max() * 1.1))
    ax.set_xlabel("hours after a dose (as printed, no interval given)", fontsize=8.5)
    ax.spines[["top", "right"]].set_visible(False)
    handles = [Line2D([], [], marker=marker, ls="", color="#D55E00", mew=2, label=words)
               for words, marker in STAGES.values()]  # fmt: skip
    ax.legend(handles=handles, loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False, fontsize=8)
    return ax


@plain_text
def plot_benefit_risk(table: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Benefit beside harm in one unit: people per 100 beyond control, responders above, events below.

    table : from `benefit_risk`. An interval that leaves the axis ends in an arrow; the number is its trials. Benefits
        and harms come from different sets of trials, and the classes were not randomised against each other.
    """
    rows = [(kind, what) for kind in ("benefit", "harm")
            for what in dict.fromkeys(table.loc[table["kind"] == kind, "what"])]  # fmt: skip
    classes = in_order(table["treatment_class"])
    ax = ax or plt.subplots(figsize=(9, 1.0 + 0.55 * len(rows)), layout="constrained")[1]
    ends = (-30.0, 80.0)
    benefits = sum(kind == "benefit" for kind, _ in rows)
    ax.axhspan(-0.75, benefits - 0.5, color="#009E73", alpha=0.07, lw=0)
    ax.axhspan(benefits - 0.5, len(rows) - 0.25, color="#D55E00", alpha=0.07, lw=0)
    for row in table.to_dict("records"):
        place = classes.index(row["treatment_class"]) - (len(classes) - 1) / 2
        y = rows.index((row["kind"], row["what"])) + GAP * place
        _interval(ax, y, row, class_colour(row["treatment_class"]), ends)
        ax.annotate(f"{row['k']}", (min(100 * row["conf_high"], ends[1]) + 1.4, y), va="center", fontsize=6.5,
                    color="0.3", annotation_clip=False)  # fmt: skip
    ax.set_yticks(range(len(rows)), [_words(what) for _, what in rows], fontsize=8.5)
    ax.set_ylim(len(rows) - 0.25, -0.75)
    ax.axvline(0, color="0.3", lw=0.8, zorder=0)
    for y, words in ((-0.6, "more responders"), (benefits - 0.35, "more people with the event")):
        ax.text(ends[1], y, f"{words} →", ha="right", va="top", fontsize=8, color="0.3", style="italic")
    ax.set_xlim(*ends)
    ax.tick_params(axis="y", length=0)
    ax.spines[["top", "right", "left"]].set_visible(False)
    ax.set_xlabel("people per 100 beyond the class's own control (95 %; number: trials)", fontsize=8.5)
    class_legend(ax, classes)
    return ax


def _event_axis(ax: Axes, events: list[str]) -> None:
    ax.set_yticks(range(len(events)), [_words(event) for event in events], fontsize=8.5)
    ax.set_ylim(len(events) - 0.4, -0.6)
    ax.tick_params(axis="y", length=0)
    for y in range(1, len(events)):
        ax.axhline(y - 0.5, color="0.9", lw=0.6, zorder=0)
    ax.spines[["top", "right", "left"]].set_visible(False)


def _words(event: str) -> str:
    return event.replace("_", " ").replace("any ae", "any adverse event").replace("serious ae", "serious event")


def _interval(ax: Axes, y: float, row: dict, colour: str, ends: tuple[float, float]) -> None:
    """An estimate and its limits per 100; a limit beyond the axis is an arrow."""
    middle, low, high = (100 * row[name] for name in ("estimate", "conf_low", "conf_high"))
    ax.plot([max(low, ends[0]), min(high, ends[1])], [y, y], color=colour, lw=1.8, solid_capstyle="butt")
    for end, marker, beyond in ((ends[0], "<", low < ends[0]), (ends[1], ">", high > ends[1])):
        if beyond:
            ax.plot(end, y, marker=marker, ms=5, color=colour, clip_on=False)
    ax.plot(middle, y, "o", ms=5.5, color=colour, mec="white", mew=0.6)
