"""How often intervals held the truth when it was known: the shipped table of simulations, and its figure."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from ..folders import shipped_folder
from .axes import SPARE_COLOURS, plain_text

GOOD = (0.93, 0.97)  # coverage of 95 % intervals that nobody would call wrong
SIZES = {"proportion": "patients", "risk difference": "patients an arm", "difference by MMRM": "patients"}
LOWEST = 0.6  # what covers less stands at the edge, with its number


def calibration_table() -> pd.DataFrame:
    """The shipped simulations: `kind, interval, setting, size, coverage, monte_carlo_error, repeats`, a row a cell.

    coverage : the share of 95 % intervals that held the truth; repeats 0: by enumeration, without error.
    size : patients or trials. Made by `python tests/calibration/intervals.py`.

    >>> bool(calibration_table().query("interval == 'wilson' and size == 50")["coverage"].between(0.9, 1).all())
    True
    """
    return pd.read_csv(shipped_folder("data") / "calibration.csv")


def uncalibrated(table: pd.DataFrame) -> pd.DataFrame:
    """The cells whose coverage lies outside 93 to 97 %, by more than twice its Monte Carlo error; the worst first.

    >>> table = pd.DataFrame({"coverage": [0.95, 0.80, 0.925], "monte_carlo_error": [0.005, 0.009, 0.005]})
    >>> uncalibrated(table)["coverage"].tolist()
    [0.8]
    """
    low, high = GOOD
    error = 2 * table["monte_carlo_error"]
    wrong = (table["coverage"] + error < low) | (table["coverage"] - error > high)
    far = (table["coverage"] - 0.95).abs()
    return (
        table[wrong].assign(_far=far).sort_values("_far", ascending=False).drop(columns="_far").reset_index(drop=True)
    )


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
