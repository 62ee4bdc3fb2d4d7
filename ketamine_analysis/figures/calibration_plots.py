"""How often intervals held the truth when it was known, drawn."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from ..pooling.calibrated import GOOD
from .axes import SPARE_COLOURS, plain_text

SIZES = {"proportion": "patients", "risk difference": "patients an arm", "difference by MMRM": "patients"}
LOWEST = 0.6  # what covers less stands at the edge, with its number


@plain_text
def plot_calibration(table: pd.DataFrame) -> np.ndarray:
    """A panel for each kind: coverage by size, from the worst to the best setting (bar) with the median (dot).

    Grey: 93 to 97 %. table : from `calibration_table`.
    """
    kinds = list(dict.fromkeys(table["kind"]))
    rows = -(-len(kinds) // 3)
    figure, axes = plt.subplots(rows, 3, figsize=(12, 3.4 * rows), layout="constrained", sharey=True, squeeze=False)
    for ax, kind in zip(axes.flat, kinds, strict=False):
        _panel(ax, table[table["kind"] == kind], kind)
    for ax in axes.flat[len(kinds) :]:
        ax.set_visible(False)
    for ax in axes[:, 0]:
        ax.set_ylabel("intervals that hold the truth, %")
    return axes


def _panel(ax: plt.Axes, part: pd.DataFrame, kind: str) -> None:
    sizes = sorted(part["size"].unique())
    names = list(dict.fromkeys(part["interval"]))
    ax.axhspan(100 * GOOD[0], 100 * GOOD[1], color="0.92", zorder=0)
    ax.axhline(95, color="0.6", lw=0.8, zorder=1)
    for place, name in enumerate(names):
        shift = 0.7 * (place - (len(names) - 1) / 2) / max(len(names), 2)
        rows = part[part["interval"] == name].groupby("size")["coverage"].agg(["min", "median", "max"])
        x = np.array([sizes.index(size) for size in rows.index]) + shift
        low, middle, high = (100 * rows[one].clip(lower=LOWEST).to_numpy() for one in ("min", "median", "max"))
        colour = SPARE_COLOURS[1 + place % (len(SPARE_COLOURS) - 1)]
        ax.vlines(x, low, high, color=colour, lw=2.5, alpha=0.5)
        ax.plot(x, middle, "o", color=colour, ms=5, label=name.replace("_", " "))
        for where, share in zip(x, rows["min"], strict=True):
            if share < LOWEST:
                ax.annotate(
                    f"{100 * share:.0f}", (where, 100 * LOWEST), ha="center", va="bottom", fontsize=7, color=colour
                )
    ax.set_xticks(range(len(sizes)), [f"{size:g}" for size in sizes])
    ax.set_xlabel(SIZES.get(kind, "trials"))
    ax.set_ylim(100 * LOWEST - 1, 100.5)
    ax.set_title(kind, loc="left", fontsize=10)
    ax.legend(fontsize=7, frameon=False, loc="lower right")
    ax.spines[["top", "right"]].set_visible(False)
