"""One estimated quantity as a claim needs it: trials, patients, estimate and limits; and the same in words."""

from __future__ import annotations

import numpy as np
import pandas as pd

EMPTY = {"k": 0, "patients": 0, "estimate": np.nan, "conf_low": np.nan, "conf_high": np.nan}


def found_row(k: int, patients: float, estimate: float, low: float, high: float) -> dict:
    """The quantity as a row: `k, patients, estimate, conf_low, conf_high`.

    >>> found_row(2, 40.0, 0.5, 0.25, 1.0)["patients"]
    40
    """
    return {"k": int(k), "patients": int(patients), "estimate": float(estimate), "conf_low": float(low),
            "conf_high": float(high)}  # fmt: skip


def found_words(row: dict, *, percent: bool = False) -> str:
    """The quantity in words, a share in percent on request; "none here" without a trial.

    >>> found_words(found_row(2, 40, 0.5, 0.25, 1.0)), found_words(EMPTY)
    ('0.50 (0.25 to 1.00), k = 2', 'none here')
    """
    if row["k"] == 0:
        return "none here"
    numbers = [row[name] for name in ("estimate", "conf_low", "conf_high")]
    shown = [f"{100 * one:.0f} %" if percent else f"{one:.2f}" for one in numbers]
    return f"{shown[0]} ({shown[1]} to {shown[2]}), k = {row['k']}"


def people(effects: pd.DataFrame) -> float:
    """The patients of contrasts, both arms; effects : rows with `n, control_n`.

    >>> people(pd.DataFrame({"n": [10, 5], "control_n": [9, 6]}))
    30.0
    """
    return float(effects["n"].sum() + effects["control_n"].sum())
