"""Figures of claims: one page of verdicts, and each claim's interval against what its words need."""

from __future__ import annotations

import textwrap

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import NullFormatter, PercentFormatter

from ..claims.verdicts import claim_verdicts
from ..intervals import interval_text
from .axes import plain_text

VERDICT_COLOURS = {
    "supported": "#009E73",
    "partly": "#B87900",
    "not supported": "#D55E00",
    "cannot be told from what is here": "#6e6e6e",
}
FACT_COLOUR = "#0072B2"
REACH = 2.0  # half the width of the page's strip, in units of UNITS
UNITS = {"ratio": np.log(2), "share": 0.15}  # one step of the strip: twice the ratio, 15 of 100 patients
RATIO_ENDS = (0.125, 64.0)
ROW_INCHES = 0.33
CLAIM, PART, NEED, ESTIMATE = -3.85, -2.1, -0.83, -0.06  # where the page's columns stand, in widths of the strip


@plain_text
def plot_claims(judged: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """One page: every quantity with its trials, interval and verdict, and where it lies against what the claim needs.

    judged : from `judge_claims`. In the strip the line is the threshold; right of it lies what the claim says (an "at
    most" is mirrored), left of it less. One step to the next grid line is a doubled ratio, or 15 of 100 patients.
    """
    rows = judged[judged["quantity"] != "none"].reset_index(drop=True)
    facts = judged[judged["quantity"] == "none"]
    together = claim_verdicts(judged).set_index("id")["verdict"]
    if ax is None:
        height = ROW_INCHES * (len(judged) + 1.5) + 0.8
        figure = plt.figure(figsize=(14, height))
        ax = figure.add_axes((0.585, 0.55 / height, 0.15, 1 - 0.8 / height))
    for y, row in enumerate(rows.to_dict("records")):
        first = y == 0 or row["id"] != rows["id"][y - 1]
        if first:
            ax.axhline(y - 0.5, xmin=-3.87, xmax=2.8, color="0.85", lw=0.7, clip_on=False)
        _page_row(ax, y, row, first)
        if not first and y == rows.index[rows["id"] == row["id"]][1]:
            verdict = together[row["id"]]
            _words(ax, CLAIM, y, f"together: {verdict}", colour=VERDICT_COLOURS[verdict])
    for y, row in enumerate(facts.to_dict("records"), start=len(rows)):
        ax.axhline(y - 0.5, xmin=-3.87, xmax=2.8, color="0.85", lw=0.7, clip_on=False)
        _words(ax, CLAIM, y, row["claim"], weight="bold")
        _words(ax, 1.08, y, row["verdict"], colour=FACT_COLOUR, weight="bold")
    for x, text, side in ((CLAIM, "what people say", "left"), (PART, "quantity here", "left"),
                          (NEED, "it needs", "right"), (ESTIMATE, "estimate (95 %)", "right"),
                          (1.08, "verdict", "left"), (2.45, "trials (patients)", "left")):  # fmt: skip
        _words(ax, x, -1.1, text, colour="0.35", side=side)
    ax.axvline(0, color="0.2", lw=1.2, zorder=0)
    ax.set_xlim(-REACH, REACH)
    ax.set_ylim(len(judged) - 0.5, -1.5)
    ax.set_xticks(np.arange(-REACH + 1, REACH), [])
    ax.grid(axis="x", color="0.9", lw=0.6)
    ax.set_axisbelow(True)
    ax.set_yticks([])
    ax.tick_params(axis="x", length=0)
    ax.spines[["left", "right", "top"]].set_visible(False)
    ax.set_xlabel("← less   |   what the claim needs, or more →", fontsize=8)
    return ax


@plain_text
def plot_claim(judged: pd.DataFrame, name: str, *, ax: Axes | None = None) -> Axes:
    """One claim's quantities on the reader's scale: intervals, the threshold (dashed) and no effect (thin).

    judged : from `judge_claims`. name : the claim's id. A quantity no trial here measures says so.
    Raises ValueError for an unknown id, or one without a quantity.
    """
    rows = judged[(judged["id"] == name) & (judged["quantity"] != "none")].reset_index(drop=True)
    if rows.empty:
        raise ValueError(f"claim {name!r} has no quantity here: use one of {list(dict.fromkeys(judged['id']))}")
    ax = ax or plt.subplots(figsize=(5, 1.2 + 0.5 * len(rows)), layout="constrained")[1]
    ratio = bool(rows["quantity"].map(_is_ratio).all())
    values = rows[["estimate", "conf_low", "conf_high", "threshold"]].to_numpy(float)
    ends = RATIO_ENDS if ratio else (min(0.0, np.nanmin(values)) - 0.02, max(0.1, np.nanmax(values) + 0.04))
    if ratio:
        ax.set_xscale("log")
        ax.set_xticks([0.25, 1, 4, 16], ["¼", "1", "4", "16"])
        ax.xaxis.set_minor_formatter(NullFormatter())
    else:
        ax.xaxis.set_major_formatter(PercentFormatter(1.0, decimals=0, symbol=" %"))
    ax.set_xlim(*ends)
    for y, row in enumerate(rows.to_dict("records")):
        _claim_row(ax, y, row, ends)
    ax.set_ylim(len(rows) - 0.5, -0.75)
    ax.set_yticks([])
    ax.tick_params(axis="x", labelsize=8)
    ax.spines[["left", "right", "top"]].set_visible(False)
    ax.set_xlabel(textwrap.fill("; ".join(dict.fromkeys(rows["quantity"])), 60), fontsize=7.5)
    ax.tick_params(axis="x", which="minor", length=0)
    ax.set_title(textwrap.fill(str(rows["claim"][0]), 46), fontsize=9, loc="left", weight="bold")
    return ax


def _is_ratio(quantity: str) -> bool:
    return "ratio" in quantity


def _page_row(ax: Axes, y: int, row: dict, first: bool) -> None:
    colour = VERDICT_COLOURS[row["verdict"]]
    if first:
        _words(ax, CLAIM, y, textwrap.fill(row["claim"], 54), weight="bold")
    _words(ax, PART, y, row["part"])
    need = f"{row['threshold']:.3g}" if _is_ratio(row["quantity"]) else f"{100 * row['threshold']:.0f} %"
    _words(ax, NEED, y, f"{row['sense']} {need}", colour="0.35", side="right")
    _words(ax, 1.08, y, row["verdict"], colour=colour, weight="bold")
    _words(ax, 2.45, y, f"{row['k']}" + (f" ({row['patients']:,})" if row["patients"] else ""))
    if not np.isfinite(row["estimate"]):
        ax.text(0, y, "no trial here", ha="center", va="center", fontsize=7.5, style="italic", color="0.4",
                bbox={"facecolor": "white", "edgecolor": "none", "pad": 1})  # fmt: skip
        return
    _words(ax, ESTIMATE, y, _estimate(row), side="right")
    x = np.clip(_against_threshold(row), -REACH, REACH)
    far = np.abs(_against_threshold(row)) > REACH
    ax.plot(x[1:], [y, y], color=colour, lw=2.4, solid_capstyle="butt")
    ax.plot(x[0], y, "o", ms=5, color=colour, mec="white", mew=0.6)
    for place in (1, 2):
        if far[place]:
            ax.plot(x[place], y, marker="<" if x[place] < 0 else ">", ms=6, color=colour, clip_on=False)


def _against_threshold(row: dict) -> np.ndarray:
    """Estimate and limits in steps beyond the threshold, the claim's side positive."""
    values = np.array([row["estimate"], row["conf_low"], row["conf_high"]], float)
    if _is_ratio(row["quantity"]):
        steps = (np.log(np.maximum(values, 1e-12)) - np.log(row["threshold"])) / UNITS["ratio"]
    else:
        steps = (values - row["threshold"]) / UNITS["share"]
    return -steps if row["sense"] == "at most" else steps


def _claim_row(ax: Axes, y: int, row: dict, ends: tuple[float, float]) -> None:
    colour = VERDICT_COLOURS[row["verdict"]]
    ax.vlines(row["threshold"], y - 0.28, y + 0.28, color="0.15", ls="--", lw=1.2)
    if np.isfinite(row["no_effect"]):
        ax.vlines(row["no_effect"], y - 0.28, y + 0.28, color="0.55", lw=0.9)
    label = f"{row['part']}: {row['verdict'].removesuffix(' from what is here')}"
    ax.text(0, y - 0.33, label, fontsize=8, color=colour, va="bottom", transform=ax.get_yaxis_transform())
    if not np.isfinite(row["estimate"]):
        ax.text(0.8, y, "no trial here", ha="center", va="center", fontsize=8, style="italic", color="0.4",
                transform=ax.get_yaxis_transform())  # fmt: skip
        return
    low, high = max(row["conf_low"], ends[0]), min(row["conf_high"], ends[1])
    ax.plot([low, high], [y, y], color=colour, lw=2.4, solid_capstyle="butt")
    ax.plot(row["estimate"], y, "o", ms=5.5, color=colour, mec="white", mew=0.6)
    for end, marker, beyond in ((low, "<", row["conf_low"] < low), (high, ">", row["conf_high"] > high)):
        if beyond:
            ax.plot(end, y, marker=marker, ms=6, color=colour, clip_on=False)
    ax.text(1, y - 0.33, f"{row['k']} trial{'s' * (row['k'] != 1)}", fontsize=7.5, color="0.3", ha="right", va="bottom",
            transform=ax.get_yaxis_transform())  # fmt: skip


def _estimate(row: dict) -> str:
    numbers = {name: [row[name]] for name in ("estimate", "conf_low", "conf_high")}
    if _is_ratio(row["quantity"]):
        return str(interval_text(pd.DataFrame(numbers)).iloc[0, 0])
    middle, low, high = (100 * row[name] for name in ("estimate", "conf_low", "conf_high"))
    return f"{middle:.1f} % ({low:.1f} to {high:.1f} %)"


def _words(
    ax: Axes, x: float, y: float, text: str, *, colour: str = "0.1", side: str = "left", weight: str = "normal"
) -> None:
    ax.annotate(
        text, (x, y), xycoords=("axes fraction", "data"), ha=side, va="center", fontsize=8, color=colour, weight=weight,
        annotation_clip=False,
    )  # fmt: skip
