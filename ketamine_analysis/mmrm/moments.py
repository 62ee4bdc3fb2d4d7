"""From patients to sums: covariates coded, fixed effects laid out, sums of products by pattern of visits seen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from .likelihood import Moments, invert
from .patients import SHOWN, refusal
from .table import Patients

BLOCK = 2**15  # patients multiplied at once: memory does not grow with their number
ALIASED = 1e-10  # share of a column's sum of squares that the others leave, below which it is one of them


@dataclass(frozen=True)
class Covariate:
    """One column of z: an arm's indicator, a numeric covariate (from its origin) or a level of a categorical one."""

    name: str
    level: Any
    origin: float
    by_visit: bool

    @property
    def label(self) -> str:
        """As R names it: the covariate and, of a categorical one, the level."""
        return self.name if self.level is None else f"{self.name}{self.level}"


@dataclass(frozen=True)
class Design:
    """How the fixed effects are laid out.

    arms : their names, the controls first; the first `len(arms)` columns of z indicate them (one column for all
    patients where there is no arm). covariates : the columns of z after those. levels : of the categorical ones, the
    reference first. place : visits × columns of z, which fixed effect multiplies it there; −1 where nobody of that arm
    was seen. y_origin : of each visit.
    """

    arms: tuple[Any, ...]
    covariates: tuple[Covariate, ...]
    levels: dict[str, tuple[Any, ...]]
    visits: tuple[Any, ...]
    hours: np.ndarray
    place: np.ndarray
    y_origin: np.ndarray

    @property
    def columns(self) -> np.ndarray:
        """(T·q) × P: the coefficient of each column of z at each visit as a sum of fixed effects."""
        flat = self.place.ravel()
        return (flat[:, None] == np.arange(flat.max() + 1)).astype(float)


def make_design(
    patients: Patients,
    *,
    arms: tuple[Any, ...],
    arm: str | None,
    visit_covariates: tuple[str, ...],
    order: tuple[str, ...],
) -> tuple[Design, np.ndarray]:
    """The layout, and the patients' z. order : every covariate; those of `visit_covariates` act at each visit anew."""
    if arm is None or len(arms) == 1:
        columns = [np.ones(len(patients.keys))]
    else:
        columns = [(patients.keys[arm] == name).to_numpy(float) for name in arms]
    covariates: list[Covariate] = []
    levels: dict[str, tuple[Any, ...]] = {}
    for name in order:
        values, by_visit = patients.keys[name], name in visit_covariates
        if name in patients.numeric:
            number = values.to_numpy(float)
            if not np.isfinite(number).all():
                raise refusal(name, "finite covariates", "correct the infinite values or make them missing")
            covariates.append(Covariate(name, None, float(number.mean()), by_visit))
            columns.append(number - number.mean())
            continue
        levels[name] = ordered_levels(values)
        if len(levels[name]) == 1:
            raise refusal(name, "a covariate varies", f"all fitted patients have {levels[name][0]!r}: leave it out")
        covariates += [Covariate(name, level, 0.0, by_visit) for level in levels[name][1:]]
        columns += [(values == level).to_numpy(float) for level in levels[name][1:]]
    z = np.column_stack(columns)
    seen = ~np.isnan(patients.scores)
    place = _places(z, seen, len(columns) - len(covariates), covariates)
    y_origin = np.nanmean(patients.scores, axis=0)
    design = Design(arms, tuple(covariates), levels, patients.visits, patients.hours, place, y_origin)
    return design, z


def make_moments(patients: Patients, design: Design, z: np.ndarray, group: np.ndarray) -> Moments:
    """Sums of products by pattern of visits seen and group; patients of one pattern are multiplied as one matrix."""
    seen = ~np.isnan(patients.scores)
    t, q = seen.shape[1], z.shape[1]
    code = (seen @ (1 << np.arange(t, dtype=np.int64))) * (group.max() + 1) + group
    order = np.argsort(code, kind="stable")
    first = np.flatnonzero(np.diff(code[order], prepend=-1))
    n = np.diff(np.append(first, len(order)))
    sums = np.zeros((len(first), q + t, q + t))
    for row, (begin, count) in enumerate(zip(first, n, strict=True)):
        for block in range(begin, begin + count, BLOCK):
            mine = order[block : min(block + BLOCK, begin + count)]
            both = np.hstack([z[mine], patients.scores[mine] - design.y_origin])
            both[:, q:][:, ~seen[mine[0]]] = 0.0
            sums[row] += both.T @ both
    patterns = seen[order[first]]
    return Moments(patterns, n.astype(float), group[order[first]], sums[:, :q, :q], sums[:, :q, q:], sums[:, q:, q:])


def ordered_levels(values: pd.Series) -> tuple[Any, ...]:
    """Levels of a categorical covariate: in the order of its categories, else sorted; the first is the reference."""
    if isinstance(values.dtype, pd.CategoricalDtype):
        present = set(values)
        return tuple(level for level in values.cat.categories if level in present)
    return tuple(sorted(values.unique().tolist(), key=lambda value: (str(type(value)), value)))


def check_aliases(moments: Moments, design: Design) -> None:
    """Refuses fixed effects that are sums of others, naming them."""
    t, q = moments.seen.shape[1], moments.zz.shape[-1]
    sums = np.zeros((t, q, t, q))
    for visit in range(t):
        sums[visit, :, visit] = np.tensordot(moments.seen[:, visit].astype(float), moments.zz, 1)
    columns = design.columns
    products = columns.T @ sums.reshape(t * q, t * q) @ columns
    left = _pivots(products)
    aliased = np.flatnonzero(left < ALIASED)
    if aliased.size:
        names = _effect_names(design)
        fix = "it is constant, or the sum of the arms and covariates before it: leave it out, or merge levels or visits"
        raise refusal("covariates", "no aliased covariate", fix, tuple(names[one] for one in aliased[:SHOWN]))


def check_scores_vary(moments: Moments, design: Design, outcome: str) -> None:
    """Refuses scores that are all equal at each visit, and fewer scores than the model has coefficients."""
    seen = moments.n @ moments.seen
    spread = np.einsum("ntt->", moments.yy)
    if spread <= 1e-24 * (seen @ design.y_origin**2):
        raise refusal(outcome, "scores vary", "every patient has the same score at each visit: there is nothing to fit")
    coefficients = int(design.place.max()) + 1
    if seen.sum() <= coefficients:
        fix = f"{seen.sum():.0f} scores cannot tell {coefficients} coefficients and a variance: leave out covariates"
        raise refusal(outcome, "more scores than coefficients", fix)


def _places(z: np.ndarray, seen: np.ndarray, arms: int, covariates: list[Covariate]) -> np.ndarray:
    t, q = seen.shape[1], z.shape[1]
    place = np.full((t, q), -1)
    attended = seen.T.astype(float) @ z[:, :arms] > 0
    place[:, :arms][attended] = np.arange(attended.sum())
    free = int(attended.sum())
    for column, covariate in enumerate(covariates, start=arms):
        place[:, column] = free + (np.arange(t) if covariate.by_visit else 0)
        free = int(place[:, column].max()) + 1
    return place


def _pivots(products: np.ndarray) -> np.ndarray:
    """What each column keeps of its sum of squares after the columns before it (those found aliased set aside)."""
    diagonal = np.diag(products)
    scale = np.where(diagonal > 0, diagonal, 1.0) ** -0.5
    unit = products * scale[:, None] * scale
    if invert(unit) is not None:
        left = np.diag(np.linalg.cholesky(unit)) ** 2
        if left.min() >= ALIASED:
            return left
    left = np.diag(unit).copy()
    for j in range(len(unit)):
        left[j] = unit[j, j]
        if left[j] >= ALIASED:
            unit = unit - np.outer(unit[:, j], unit[j]) / left[j]
    return left


def _effect_names(design: Design) -> list[str]:
    names = [""] * (int(design.place.max()) + 1)
    labels = [*(str(arm) for arm in design.arms or ("all",)), *(one.label for one in design.covariates)]
    labels = labels[-design.place.shape[1] :]
    for column, label in enumerate(labels):
        for visit, place in enumerate(design.place[:, column]):
            if place >= 0:
                alone = np.count_nonzero(design.place == place) == 1 and len(design.visits) > 1
                names[place] = f"{label} at {design.visits[visit]}" if alone else label
    return names
