"""How often intervals held the truth when it was known: the shipped table of simulations, and its nearest cell."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from ..folders import shipped_folder

GOOD = (0.93, 0.97)  # coverage of 95 % intervals that nobody would call wrong


def calibration_table() -> pd.DataFrame:
    """The shipped simulations: `kind, interval, setting, size, coverage, monte_carlo_error, repeats`, a row a cell.

    coverage : the share of 95 % intervals that held the truth; repeats 0: by enumeration, without error.
    size : patients or trials. Made by `python tests/calibration/intervals.py`.

    >>> bool(calibration_table().query("interval == 'wilson' and size == 50")["coverage"].between(0.9, 1).all())
    True
    """
    return _table().copy()


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


def simulated_coverage(trials: ArrayLike, spread: ArrayLike, interval: str = "half_normal_prior") -> np.ndarray:
    """How often a pooled mean's 95 % interval held the truth in simulation, for each number of trials and spread.

    trials : k; one alone, which was not simulated, gives nan. spread : tau, in standard deviations; the interval
    between simulated spreads and numbers of trials is bridged by a line (numbers of trials on the log scale), and what
    lies outside takes the nearest. interval : "half_normal_prior", "hksj_modified", "hksj" or "wald".

    >>> simulated_coverage([1, 5, 5], [0.2, 0.0, 1.0]).round(2).tolist()
    [nan, 0.99, 0.77]
    """
    cells = _table()
    cells = cells[(cells["kind"] == "pooled mean") & (cells["interval"] == interval)]
    grid = cells.assign(spread=cells["setting"].str.removeprefix("spread ").astype(float))
    grid = grid.pivot_table(aggfunc="first", index="size", columns="spread", values="coverage").sort_index()
    k, tau = np.broadcast_arrays(np.asarray(trials, dtype=float), np.asarray(spread, dtype=float))
    by_spread = np.array([np.interp(tau, grid.columns, row) for row in grid.to_numpy()])
    sizes = np.log(grid.index.to_numpy(dtype=float))
    found = [np.interp(np.log(max(one, 1)), sizes, by_spread[:, place]) for place, one in enumerate(k)]
    return np.where(k < 2, np.nan, found)


@cache
def _table() -> pd.DataFrame:
    return pd.read_csv(shipped_folder("data") / "calibration.csv")
