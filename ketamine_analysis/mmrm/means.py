"""Rows that turn fixed effects of an MMRM into means: LS means, R's treatment-coded coefficients, tests of covariates.

Every quantity is a weighting of the coefficients of z by visit (visits × columns of z), flattened to the fixed
effects; where it asks for a cell nobody was seen in, it cannot be estimated and says so.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ..intervals import summary_table
from .inference import FixedEffects, t_inference
from .likelihood import Moments
from .moments import Design
from .table import text

WEIGHTS = ("equal", "proportional", "observed")


@dataclass(frozen=True)
class Cells:
    """The cells arm × visit, arms within visits: `table` (arm, visit, n, reason), a row of fixed effects for each."""

    table: pd.DataFrame
    rows: np.ndarray


def mean_cells(design: Design, moments: Moments, weights: str) -> Cells:
    """The LS mean of every arm at every visit.

    Numeric covariates at their mean over the fitted rows. Categorical ones: "equal" gives each level the same
    weight, "proportional" its share of the fitted rows (SAS OM), "observed" its share within the cell.
    """
    if weights not in WEIGHTS:
        raise ValueError(f"weights {weights!r} is unknown: use one of {list(WEIGHTS)}")
    a, (t, q) = max(len(design.arms), 1), design.place.shape
    by_visit = np.tensordot(moments.seen.astype(float), moments.zz, ([0], [0]))  # visits × q × q, over the rows seen
    n = np.einsum("taa->ta", by_visit[:, :a, :a])
    at = by_visit[:, :a, :].sum((0, 1)) / n.sum()
    values = np.broadcast_to(at, (t, a, q)).copy()
    for column, covariate in enumerate(design.covariates, start=a):
        if covariate.level is not None and weights == "equal":
            values[:, :, column] = 1 / len(design.levels[covariate.name])
        if covariate.level is not None and weights == "observed":
            values[:, :, column] = by_visit[:, :a, column] / np.maximum(n, 1)
    values[:, :, :a] = np.eye(a)
    flat = np.zeros((t, a, t, q))
    flat[np.arange(t), :, np.arange(t)] = values
    names = design.arms or ("all",)
    table = pd.DataFrame(
        {
            "arm": list(names) * t,
            "visit": [visit for visit in design.visits for _ in names],
            "hours": np.repeat(design.hours, a),
            "n": n.ravel().round().astype(int),
        }
    )
    table["reason"] = [
        "" if n > 0 else f"nobody of {arm} was seen at {text(visit)}"
        for arm, visit, n in zip(table["arm"], table["visit"], table["n"], strict=True)
    ]
    return Cells(table, flat.reshape(t * a, t * q) @ design.columns)


def estimate_rows(
    effects: FixedEffects, terms: list[str], rows: np.ndarray, reasons: list[str], level: float
) -> pd.DataFrame:
    """The summary columns of each row; one with a reason stays empty and keeps it."""
    known = np.array([reason == "" for reason in reasons], dtype=bool)
    values = np.full((3, len(rows)), np.nan)
    if known.any():
        values[0, known] = rows[known] @ effects.coefficients
        values[1:, known] = t_inference(effects, rows[known])
    unadjusted = known & np.isnan(values[1])
    words = f"{effects.inference} leaves no positive variance with so few patients: inference='satterthwaite'"
    reasons = [words if one else reason for one, reason in zip(unadjusted, reasons, strict=True)]
    table = summary_table(np.array(terms, dtype=object), *values, level=level)
    return table.assign(reason=reasons) if any(reasons) else table


def coefficient_rows(design: Design, visit: str) -> tuple[list[str], np.ndarray, list[str]]:
    """R's treatment-coded coefficients of arm × visit + covariates: terms, rows, and why one cannot be estimated."""
    a, (t, q) = max(len(design.arms), 1), design.place.shape
    cell = np.zeros((a, t, t, q))
    for arm in range(a):
        cell[arm, np.arange(t), np.arange(t), arm] = 1
    others = np.zeros((len(design.covariates), t, t, q))
    for place in range(len(design.covariates)):
        others[place, np.arange(t), np.arange(t), a + place] = 1
    origin = np.array([covariate.origin for covariate in design.covariates])
    base = cell[0] - np.tensordot(origin, others, 1)
    labels = [f"{visit}{text(name)}" for name in design.visits]
    arms = [f"arm{text(name)}" for name in design.arms[1:]]
    found = [("(Intercept)", base[0])]
    found += [(labels[v], base[v] - base[0]) for v in range(1, t)]
    found += [(name, cell[place, 0] - cell[0, 0]) for place, name in enumerate(arms, start=1)]
    found += [(one.label, others[place, 0]) for place, one in enumerate(design.covariates)]
    for place, name in enumerate(arms, start=1):
        found += [
            (f"{labels[v]}:{name}", cell[place, v] - cell[0, v] - cell[place, 0] + cell[0, 0]) for v in range(1, t)
        ]
    for place, one in enumerate(design.covariates):
        if one.by_visit:
            found += [(f"{one.label}:{labels[v]}", others[place, v] - others[place, 0]) for v in range(1, t)]
    weights = np.array([one for _, one in found])
    needs = (weights != 0) & (design.place < 0)
    reasons = ["needs an arm and visit nobody was seen in" if one.any() else "" for one in needs]
    return [name for name, _ in found], weights.reshape(len(found), -1) @ design.columns, reasons


def effect_tests(design: Design, cells: Cells) -> list[tuple[str, np.ndarray]]:
    """The usual joint tests and their rows: arms at any visit, arm × visit, each covariate (all its coefficients)."""
    a, t = max(len(design.arms), 1), len(design.visits)
    found = []
    whole = (design.place[:, :a] >= 0).all(axis=1)  # visits at which every arm was seen
    rows = cells.rows.reshape(t, a, -1)[whole]
    if a > 1 and len(rows):
        words = "" if whole.all() else " (visits with every arm)"
        against = rows[:, 1:] - rows[:, :1]
        found.append((f"arm at any visit{words}", against.reshape(-1, rows.shape[-1])))
        if len(rows) > 1:
            found.append((f"arm × visit{words}", (against[1:] - against[:1]).reshape(-1, rows.shape[-1])))
    for name in dict.fromkeys(one.name for one in design.covariates):
        mine = [a + place for place, one in enumerate(design.covariates) if one.name == name]
        places = np.unique(design.place[:, mine])
        found.append((name, np.eye(design.columns.shape[1])[places]))
    return found
