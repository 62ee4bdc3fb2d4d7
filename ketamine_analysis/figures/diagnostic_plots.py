"""Figures of how single trials weigh on a pooled number."""

from __future__ import annotations

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes

from ..intervals import interval_text
from ..pooling.diagnostics import influence_limits
from .axes import MEASURE_LABELS, plain_text
from .forest import DRAWN, RATIO_TICKS

ROW_INCHES = 0.17
MARKED, PLAIN = "#D55E00", "0.45"
FINE_TICKS = (0.5, 0.6, 0.7, 0.8, 0.9, 1, 1.1, 1.25, 1.5, 1.75, 2, 2.5, 3, 4)
LABELLED = 5
LETTER = 0.017  # width of one, as a share of the axis
PANELS = {
    "rstudent": "residual\n(studentised)",
    "dffits": "DFFITS",
    "cook": "Cook's\ndistance",
    "hat": "hat\n(leverage)",
    "tau2_without": "τ² without\nthe trial",
    "Q_without": "Q without\nthe trial",
}


@plain_text
def plot_influence(table: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """The table of `influence`: a row a trial, a panel a measure; trials that pass a limit stand out.

    Grey lines: the limits of `influence_limits` (±1.96 for residuals). Panels lie inside `ax`, whose own axes are
    hidden; without `ax` the figure grows with its rows.

    >>> from ..pooling.diagnostics import influence
    >>> from ..pooling.meta_analysis import random_effects
    >>> trials = pd.DataFrame({"study": list("abc"), "estimate": [0.2, 0.5, 0.9], "std_error": [0.2, 0.3, 0.4]})
    >>> plot_influence(influence(random_effects(trials))).get_title(loc="left")
    '3 trials; orange: beyond a limit (grey lines)'
    """
    limits, width, trials = influence_limits(len(table)), 1 / len(PANELS), f"{len(table):,} trials"
    if len(table) > DRAWN:
        table = table.loc[table["cook"].nlargest(DRAWN).index.sort_values()]
        trials += f", the {DRAWN} with the largest Cook's distance drawn"
    if ax is None:
        ax = plt.subplots(figsize=(9, 1.3 + ROW_INCHES * len(table)), layout="constrained")[1]
    ax.set_axis_off()
    ax.set_title(f"{trials}; orange: beyond a limit (grey lines)", fontsize=9, loc="left", pad=30)
    marked = table["influential"] | (table["rstudent"].abs() > limits["rstudent"])
    colours = [MARKED if one else PLAIN for one in marked]
    rows = range(len(table))
    for place, (name, words) in enumerate(PANELS.items()):
        panel = ax.inset_axes((place * width, 0, 0.88 * width, 1))
        panel.scatter(table[name], rows, s=14, c=colours, zorder=2)
        for limit in [limits[name]] if name in limits else []:
            ends = (-limit, limit) if table[name].min() < 0 else (limit,)
            for one in ends:
                panel.axvline(one, color="0.7", lw=0.8, zorder=0)
        panel.set_title(words, fontsize=8, loc="left")
        panel.set_yticks(rows, [str(one) for one in table["study"]] if place == 0 else [""] * len(table), fontsize=7)
        panel.set_ylim(len(table) - 0.4, -0.6)
        panel.margins(x=0.12)
        panel.locator_params(axis="x", nbins=3)
        panel.tick_params(axis="x", labelsize=7)
        panel.tick_params(axis="y", length=0)
        panel.grid(axis="y", color="0.93", lw=0.6)
        panel.set_axisbelow(True)
        panel.spines[["top", "right", "left"]].set_visible(False)
    return ax


@plain_text
def plot_alternatives(table: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """The table of `alternative_poolings` (or `as_ratio` of it): a row an analysis, with its numbers at the right.

    The first analysis is drawn in colour and its limits as a band through the others. Ratios stand on a log axis; rows
    without numbers say why.

    >>> from ..pooling.robustness import alternative_poolings
    >>> trials = pd.DataFrame({"study": list("abc"), "estimate": [0.2, 0.5, 0.9], "std_error": [0.2, 0.3, 0.4], "n": 50,
    ...     "events": [20, 25, 30], "control_n": 50, "control_events": [15, 15, 12], "measure": "log_odds_ratio"})
    >>> len(plot_alternatives(alternative_poolings(trials)).get_yticklabels())
    10
    """
    ax = ax or plt.subplots(figsize=(8, 0.9 + 0.28 * len(table)), layout="constrained")[1]
    measure = str(table["measure"].iloc[0])
    ratio = measure in ("odds_ratio", "risk_ratio", "hazard_ratio")
    rows, texts = range(len(table)), interval_text(table)["estimate (95 %)"]
    ax.axvline(1 if ratio else 0, color="0.3", lw=0.8, zorder=0)
    first = table.iloc[0]
    ax.axvspan(first["conf_low"], first["conf_high"], color=MARKED, alpha=0.10, lw=0, zorder=0)
    for place, row in enumerate(table.to_dict("records")):
        colour, spread = (MARKED if place == 0 else "0.3"), "prediction" in row["analysis"]
        ax.plot([row["conf_low"], row["conf_high"]], [place] * 2, color=colour, lw=1.3, ls=":" if spread else "-")
        ax.plot(row["estimate"], place, "d" if spread else "o", color=colour, ms=5)
        words = texts.iloc[place] if pd.notna(row["conf_low"]) else row["reason"]
        ax.annotate(
            words, (1.02, place), xycoords=ax.get_yaxis_transform(), va="center", fontsize=8, annotation_clip=False
        )
    if ratio:
        ax.set_xscale("log")
        low, high = ax.get_xlim()
        shown = [tick for tick in RATIO_TICKS if low <= tick <= high]
        shown = shown if len(shown) > 2 else [tick for tick in FINE_TICKS if low <= tick <= high]
        ax.set_xticks(shown, [f"{tick:g}" for tick in shown])
        ax.set_xticks([], minor=True)
    ax.set_yticks(rows, [str(name) for name in table["analysis"]], fontsize=8)
    ax.set_ylim(len(table) - 0.4, -0.6)
    ax.set_xlabel(MEASURE_LABELS.get(measure, "effect") + (" (log scale)" if ratio else ""))
    ax.tick_params(axis="y", length=0)
    ax.spines[["top", "right", "left"]].set_visible(False)
    return ax


@plain_text
def plot_baujat(table: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """The table of `baujat`: heterogeneity (right) against influence (up); the trials farthest out are named.

    >>> from ..pooling.diagnostics import baujat
    >>> from ..pooling.meta_analysis import random_effects
    >>> trials = pd.DataFrame({"study": list("abc"), "estimate": [0.2, 0.5, 0.9], "std_error": [0.2, 0.3, 0.4]})
    >>> plot_baujat(baujat(random_effects(trials))).get_xlabel()
    'contribution to heterogeneity (squared Pearson residual)'
    """
    ax = ax or plt.subplots(figsize=(6, 4.5), layout="constrained")[1]
    x, y = table["heterogeneity"], table["influence"]
    ax.scatter(x, y, s=22, color=PLAIN, edgecolor="white", linewidth=0.5, zorder=2)
    across, up = x / max(x.max(), 1e-300), y / max(y.max(), 1e-300)
    taken: list[tuple[float, float, float]] = []
    for row in (across**2 + up**2).nlargest(LABELLED).index:
        name, leftward = str(table["study"][row]), across[row] > 0.7
        wide = LETTER * (len(name) + 2)
        low, high = (across[row] - wide, across[row]) if leftward else (across[row], across[row] + wide)
        if any(abs(up[row] - at) < 0.05 and low < end and start < high for start, end, at in taken):
            continue  # two names on one spot cannot be read; the trial farther out keeps its own
        taken.append((low, high, up[row]))
        ax.annotate(
            name, (x[row], y[row]), xytext=(-6 if leftward else 6, 0), textcoords="offset points",
            ha="right" if leftward else "left", va="center", fontsize=8,
        )  # fmt: skip
    ax.set_xlim(left=0)
    ax.set_ylim(bottom=0)
    ax.margins(0.08)
    ax.set_xlabel("contribution to heterogeneity (squared Pearson residual)")
    ax.set_ylabel("influence on the pooled effect")
    ax.set_title(f"{len(table)} trials; upper right: odd ones that matter", fontsize=9, loc="left")
    ax.spines[["top", "right"]].set_visible(False)
    return ax
