"""Figures of a patient-level trial: LS means with their contrasts, the patients' courses, the visits' correlations."""

from __future__ import annotations

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from mpl_toolkits.axes_grid1 import make_axes_locatable

from ..effects.time_windows import moment_text
from ..mmrm.result import MMRM
from .axes import arm_colours, class_colour, hours_axis, legend_words, plain_text

MARKERS = ("o", "s", "^", "D", "v", "P")
MARGINS = {"left": 0.1, "right": 0.97, "bottom": 0.08, "top": 0.91}
MOST_LINES = 40  # patients drawn per arm in plot_trajectories


@plain_text
def plot_lsmeans(result: MMRM, *, reference: Any = None, ax: Axes | None = None) -> Axes:
    """LS means with 95 % intervals on the true-time axis, patients seen under them, and the contrasts in a panel below.

    reference : arm of the contrasts; by default the trial's only control, and without one there is no panel.
    Raises ValueError where the visits have no hours.
    """
    if np.isnan(result.design.hours).any():
        raise ValueError("the visits have no hours: a time axis cannot be drawn")
    reference = result.reference if reference is None else reference
    ax = ax or plt.subplots(figsize=(8, 5 if reference is None else 7.5), gridspec_kw=MARGINS)[1]
    means = result.lsmeans()
    hours = dict(zip(result.design.visits, result.design.hours, strict=True))
    means["hours"] = means[result.visit].map(hours)
    styles = _styles(list(dict.fromkeys(means["arm"])), result.about)
    _draw(ax, means, styles)
    hours_axis(ax, means["hours"])
    ax.set_ylabel(f"LS mean of {result.outcome}")
    handles = [Line2D([], [], marker=m, color=c, label=legend_words(arm), lw=1.4) for arm, (c, m, _) in styles.items()]
    ax.legend(handles=handles, loc="lower left", bbox_to_anchor=(-0.01, 0.99), ncols=4, frameon=False, fontsize=9)
    title = (
        f"{_study(result.about)}MMRM ({result.covariance}, {result.method}), {result.n_patients} patients; bars: 95 %"
    )
    ax.set_title(title, fontsize=9, loc="left", pad=10 + 14 * -(-len(styles) // 4))
    divider = make_axes_locatable(ax)  # the parts under the axes take their room from it
    strip = divider.append_axes("bottom", size=0.1 + 0.16 * len(styles), pad=0.3)
    _write_n(strip, ax, means, styles)
    if reference is not None and len(styles) > 1:
        panel = divider.append_axes("bottom", size="65%", pad=0.08)
        _contrast_panel(
            panel, ax, result.contrasts(reference).assign(hours=lambda r: r[result.visit].map(hours)), styles
        )
        panel.set_ylabel(f"difference from {reference}")
    else:
        strip.set_title("time since first dose (log-like scale)", y=-0.4, va="top", fontsize=10)
    return ax


@plain_text
def plot_trajectories(outcomes: pd.DataFrame, *, outcome: str = "score", ax: Axes | None = None) -> Axes:
    """Every patient's course as a thin line, and each arm's mean of those seen as a thick one.

    outcomes : one trial and scale with `subject, arm, hours` and the outcome. Of an arm with more than 40 patients
    every k-th is drawn; the means are of all.
    """
    ax = ax or plt.subplots(figsize=(8, 4.8), layout="constrained")[1]
    table = outcomes[outcomes[outcome].notna()].sort_values("hours")
    if table.empty:
        raise ValueError(f"no row has a {outcome}: nothing to draw")
    arms = list(dict.fromkeys(table["arm"].astype(object)))
    styles = _styles(sorted(arms, key=str), table.drop_duplicates("arm"))
    for arm, (colour, _, _) in styles.items():
        mine = table[table["arm"] == arm]
        people = mine["subject"].unique()
        shown = people[:: -(-len(people) // MOST_LINES)]
        for _, line in mine[mine["subject"].isin(shown)].groupby("subject"):
            ax.plot(line["hours"], line[outcome], color=colour, lw=0.5, alpha=0.25)
    for arm, (colour, marker, _) in styles.items():
        means = table[table["arm"] == arm].groupby("hours")[outcome].mean()
        ax.plot(means.index, means, color="white", lw=4.5, zorder=3)
        n = table.loc[table["arm"] == arm, "subject"].nunique()
        words = legend_words(f"{arm} (n = {n})")
        ax.plot(means.index, means, color=colour, lw=2.4, marker=marker, ms=5, label=words, zorder=4)
    hours_axis(ax, table["hours"])
    scales = table["scale"].dropna().unique() if "scale" in table else []
    scale = f"{scales[0]} " if len(scales) == 1 else ""
    ax.set_ylabel(scale + str(outcome).replace("_", " "))
    ax.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False, fontsize=9)
    words = f"thin: patients, at most {MOST_LINES} an arm; thick: mean of all seen"
    ax.set_title(_study(table) + words, fontsize=9, loc="left")
    return ax


@plain_text
def plot_covariance(result: MMRM, *, group: Any = None, ax: Axes | None = None) -> Axes:
    """The visits' residual correlations as a map with numbers, and each visit's standard deviation on the diagonal.

    group : with a covariance per group, the one to draw.
    """
    correlation = result.correlation_matrix(group)
    deviation = np.sqrt(np.diag(result.covariance_matrix(group)))
    t = len(deviation)
    ax = ax or plt.subplots(figsize=(1.6 + 0.62 * t, 1.2 + 0.55 * t), layout="constrained")[1]
    values = correlation.to_numpy(copy=True)
    np.fill_diagonal(values, np.nan)
    low = min(0.0, float(np.nanmin(values))) if t > 1 else 0.0
    ax.imshow(values, cmap="Blues", vmin=low, vmax=1.0)
    for i in range(t):
        for j in range(t):
            words = f"{deviation[i]:.2f}" if i == j else f"{values[i, j]:.2f}".replace("-", "−")
            dark = i != j and values[i, j] > low + 0.6 * (1 - low)
            weight = "bold" if i == j else "normal"
            ax.text(j, i, words, ha="center", va="center", fontsize=8, color="white" if dark else "0.1", weight=weight)
    labels = [
        str(name) if np.isnan(hours) else moment_text(hours)
        for hours, name in zip(result.design.hours, correlation.index, strict=True)
    ]
    ax.set_xticks(range(t), labels, fontsize=8)
    ax.set_yticks(range(t), labels, fontsize=8)
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    words = f"{result.covariance}, {group}" if group is not None else result.covariance
    ax.set_title(f"residual correlation ({words}); bold: SD", fontsize=9, loc="left")
    return ax


def _styles(arms: list[Any], about: pd.DataFrame) -> dict[Any, tuple[str, str, float]]:
    """Colour of the arm's treatment class, a marker of its own, and its place beside the others."""
    classes = {}
    if {"arm", "treatment_class"} <= set(about.columns):
        classes = dict(zip(about["arm"], about["treatment_class"], strict=True))
    middle, own = (len(arms) - 1) / 2, arm_colours(arms)
    known = {arm: str(name) for arm, name in classes.items() if pd.notna(name)}
    return {
        arm: (
            class_colour(known[arm]) if arm in known else own[str(arm)],
            MARKERS[place % len(MARKERS)],
            place - middle,
        )
        for place, arm in enumerate(arms)
    }


def _study(table: pd.DataFrame) -> str:
    """The study's name and a colon, where the table has one: a simulated trial is called so in its figure."""
    return f"{table['study'].iloc[0]}: " if "study" in table and len(table) else ""


def _aside(hours: np.ndarray, place: float) -> np.ndarray:
    """Hours moved by equal steps of the axis' own scale, so that no marker hides another."""
    return 0.5 * np.sinh(np.arcsinh(np.asarray(hours, float) / 0.5) + 0.07 * place)


def _draw(ax: Axes, rows: pd.DataFrame, styles: dict[Any, tuple[str, str, float]]) -> None:
    for arm, (colour, marker, place) in styles.items():
        mine = rows[(rows["arm"] == arm) & rows["estimate"].notna()]
        x = _aside(mine["hours"].to_numpy(), place)
        ax.vlines(x, mine["conf_low"], mine["conf_high"], color=colour, lw=1.6)
        ax.plot(x, mine["estimate"], color=colour, marker=marker, ms=5, lw=1.2)


def _write_n(strip: Axes, ax: Axes, means: pd.DataFrame, styles: dict[Any, tuple[str, str, float]]) -> None:
    """Patients seen at each visit, one line per arm, at the places of the axis above."""
    strip.axis("off")
    ax.set_xlabel("")
    strip.set_xscale("asinh", linear_width=0.5)
    strip.set_xlim(ax.get_xlim())
    strip.set_ylim(len(styles) - 0.4, -0.6)
    strip.annotate("patients ", (0, 0), xycoords=("axes fraction", "data"), ha="right", va="center", fontsize=8)
    for line, (arm, (colour, _, _)) in enumerate(styles.items()):
        for row in means[means["arm"] == arm].itertuples():
            strip.text(row.hours, line, f"{row.n}", ha="center", va="center", fontsize=8, color=colour)


def _contrast_panel(panel: Axes, ax: Axes, rows: pd.DataFrame, styles: dict[Any, tuple[str, str, float]]) -> None:
    panel.axhline(0, color="0.3", lw=0.8)
    _draw(panel, rows, {arm: style for arm, style in styles.items() if arm in set(rows["arm"])})
    hours_axis(panel, rows["hours"])
    panel.set_xlim(ax.get_xlim())
