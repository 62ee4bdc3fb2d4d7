"""Fragility of a pooled result: how many patients' outcomes would have to be other for the conclusion to turn."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations_with_replacement
from math import comb

import numpy as np
import pandas as pd

from ..effects.measures import MEASURES, effect_of_counts, needs_half
from ..intervals import summary_html, summary_text
from .count_pools import table_cells
from .meta_analysis import BLOCK, PooledEffects, random_effects

HALVINGS = 8  # the best 1/128 of the arms at the least
MANY = 200  # trials: of more, changes are shared out and counted by bisection
SEARCHED = 20_000  # poolings tried when a smaller number of changes is looked for
KINDS = ("fragility", "reverse fragility")


@dataclass(frozen=True)
class Fragility:
    """How many single-patient changes turn a pooled interval; made by `fragility`.

    kind : "fragility" (from excluding no effect to touching it) or "reverse fragility" (from including it to
        excluding it). changes : how many; missing when no change of outcomes can turn it. smallest : True where
        every smaller set was tried too, False where `changes` is what the step-by-step search needed ("at most").
    moves : the changes, a row a trial and arm. before, after : the summaries of the two poolings.
    """

    kind: str
    changes: float
    smallest: bool
    patients: int
    moves: pd.DataFrame
    before: pd.DataFrame
    after: pd.DataFrame

    def summary(self) -> pd.DataFrame:
        """One row: `kind, changes, smallest, patients, percent, trials_changed`, the interval before and after, `note`.

        percent : changes among all patients (the fragility quotient; Ahmed 2016, Anesth Analg 123:562).
        """
        first, last = self.before.iloc[0], self.after.iloc[0]
        found = np.isfinite(self.changes)
        limits = ("estimate", "conf_low", "conf_high")
        note = "no change of outcomes turns the interval" if not found else ""
        note = note or ("fewer changes were all tried" if self.smallest else "at most: fewer were not all tried")
        return pd.DataFrame([{
            "kind": self.kind, "changes": self.changes, "smallest": self.smallest, "patients": self.patients,
            "percent": 100 * self.changes / self.patients, "trials_changed": self.moves["study"].nunique(),
            **{f"{name}_before": first[name] for name in limits},
            **{f"{name}_after": last[name] if found else np.nan for name in limits},
            "measure": first["measure"], "note": note,
        }])  # fmt: skip

    __repr__ = summary_text
    _repr_html_ = summary_html


def fragility(
    effects: pd.DataFrame, *, method: str = "REML", inference: str = "hksj_modified", level: float = 0.95
) -> Fragility:
    """How many responders would have to be non-responders (or the reverse) for the pooled interval to turn.

    effects : `contrast_arms`' table of one count measure, one row a trial, with its counts; pooled as by
        `random_effects` with `method` and `inference`. A single trial is judged by its Wald interval, not by
        Fisher's test as in Walsh 2014 (J Clin Epidemiol 67:622).
    Where the interval excludes no effect, patients change towards no effect: a responder fewer in the better arm, or
        one more in the worse. At each step every such single change in every trial is pooled, and the one that
        brings the limit nearest to no effect is kept, until the limit touches it (Atal 2019, J Clin Epidemiol
        111:32). Then all smaller sets of such changes are tried, as long as they are at most 20 000, so that the
        answer is the smallest (`smallest`) or said to be "at most". Where the interval includes no effect, the same
        search goes the other way: reverse fragility, which says how near the result is, not how frail.
    Of more than 200 trials the changes are shared out among the arms, their number found by bisection ("at most").
    Changes heaped on few trials also turn a result by making trials disagree; `moves` shows where they fell.
    Raises ValueError when counts are missing or do not give the estimates, and for measures of means; DatasetError as
    `random_effects`.

    >>> table = pd.DataFrame({"study": ["a"], "events": [30.0], "n": [47.0], "control_events": [7.0],
    ...     "control_n": [25.0], "estimate": [1.512446], "std_error": [0.539045], "measure": "log_odds_ratio"})
    >>> fragility(table).summary()[["kind", "changes", "smallest"]].to_numpy().tolist()
    [['fragility', 3.0, True]]
    """
    effects = effects.reset_index(drop=True)
    pooled = random_effects(effects, method=method, inference=inference)
    measure = str(effects["measure"].iloc[0]) if "measure" in effects else "log_odds_ratio"
    counts = _counts(effects, measure)
    before = pooled.summary(level)
    sign = 1.0 if before["estimate"][0] >= 0 else -1.0
    kind = KINDS[0] if _inner(before, sign)[0] > 0 else KINDS[1]
    search = _Search(pooled, counts, sign, kind, level, measure)
    steps = _step_by_step(search) if len(effects) <= MANY else _by_halves(search)
    fewer, tried = _smaller(search, steps) if len(effects) <= MANY else (None, False)
    chosen = fewer if fewer is not None else steps
    after = before if chosen is None else search.pool(chosen[None, :])
    return Fragility(
        kind, float(chosen.sum()) if chosen is not None else np.nan, tried, int(counts[1].sum() + counts[3].sum()),
        _moves(search, effects, chosen), before, after,
    )  # fmt: skip


@dataclass(frozen=True)
class _Search:
    """The pooling, its counts, and in which direction patients change.

    A set of changes is a vector of 2k numbers: patients changed in each active, then in each control arm.
    """

    pooled: PooledEffects
    counts: np.ndarray
    sign: float
    kind: str
    level: float
    measure: str

    @property
    def direction(self) -> float:
        """Change of an active arm's events: −1 takes responders away."""
        return -self.sign if self.kind == KINDS[0] else self.sign

    def room(self) -> np.ndarray:
        """How many patients can change in each arm."""
        e, n, ce, cn = self.counts
        fall = self.direction < 0
        return np.concatenate([e, cn - ce] if fall else [n - e, ce])

    def pool(self, changes: np.ndarray) -> pd.DataFrame:
        """The summaries after each set of changes (sets × 2k)."""
        e, n, ce, cn = self.counts
        k = len(e)
        e, ce = e + self.direction * changes[:, :k], ce - self.direction * changes[:, k:]
        n, cn = np.broadcast_to(n, e.shape), np.broadcast_to(cn, e.shape)
        added = np.where(needs_half(e, n, ce, cn, self.measure), 0.5, 0.0)
        y, active, control = effect_of_counts(e, n, ce, cn, added, self.measure)
        return self.pooled.refit(y, active + control).summary(self.level).drop(columns="pooling")

    def turned(self, summaries: pd.DataFrame) -> np.ndarray:
        """Which poolings have the conclusion turned."""
        inner = _inner(summaries, self.sign)
        return inner <= 0 if self.kind == KINDS[0] else inner > 0


def _counts(effects: pd.DataFrame, measure: str) -> np.ndarray:
    if MEASURES.get(measure) != "counts":
        raise ValueError(f"fragility counts patients: {measure!r} is no measure of counts")
    table_cells(effects, all_events=False, keep=True)
    counts = np.array([effects[name].to_numpy(float) for name in ("events", "n", "control_events", "control_n")])
    e, n, ce, cn = counts
    added = np.where(needs_half(e, n, ce, cn, measure), 0.5, 0.0)
    y, active, control = effect_of_counts(e, n, ce, cn, added, measure)
    fits = np.isclose(y, effects["estimate"], atol=1e-5) & np.isclose(active + control, effects["std_error"] ** 2, 1e-4)
    if not fits.all():
        raise ValueError(
            f"rows {list(effects.index[~fits][:5])}: the counts do not give the estimate: take effects from "
            "contrast_arms"
        )
    return counts


def _inner(summaries: pd.DataFrame, sign: float) -> np.ndarray:
    """The limit on the side of no effect; positive means that the interval excludes it."""
    return (summaries["conf_low"] if sign > 0 else -summaries["conf_high"]).to_numpy(float)


def _step_by_step(search: _Search) -> np.ndarray | None:
    """The changes kept one by one until the conclusion turns; None when all patients have changed before."""
    room = search.room()
    changes, units = np.zeros(len(room)), np.eye(len(room))
    while True:
        free = np.flatnonzero(changes < room)
        if not len(free):
            return None
        candidates = changes + units[free]
        summaries = search.pool(candidates)
        inner = _inner(summaries, search.sign)
        best = int(inner.argmin() if search.kind == KINDS[0] else inner.argmax())
        changes = candidates[best]
        if search.turned(summaries)[best]:
            return changes


def _by_halves(search: _Search) -> np.ndarray | None:
    """Changes of many trials: shared out among the arms that move the limit most, their number found by bisection.

    Arms stand in the order of what a first change of theirs does; the best of all, half, a quarter … of them that turn
    the result with the fewest changes is kept: an upper bound.
    """
    room = search.room()
    arms = np.flatnonzero(room > 0)
    first, size = np.empty(len(arms)), max(1, BLOCK // len(room))
    for at in range(0, len(arms), size):
        units = np.zeros((len(arms[at : at + size]), len(room)))
        units[np.arange(len(units)), arms[at : at + size]] = 1
        first[at : at + size] = _inner(search.pool(units), search.sign)
    order = arms[np.argsort(first if search.kind == KINDS[0] else -first, kind="stable")]
    shares = [order[: -(-len(order) // 2**i)] for i in range(HALVINGS)]
    found = [one for chosen in shares if (one := _fewest(search, chosen)) is not None]
    return min(found, key=lambda one: one.sum(), default=None)


def _fewest(search: _Search, arms: np.ndarray) -> np.ndarray | None:
    """The fewest changes, dealt out to these arms in turn, that turn the result; None where all of them do not."""
    room = search.room()[arms]

    def dealt(total: int) -> np.ndarray:
        low, high = 0, int(room.max())
        while low < high:  # how many full turns fit
            middle = (low + high + 1) // 2
            low, high = (middle, high) if np.minimum(room, middle).sum() <= total else (low, middle - 1)
        part = np.minimum(room, low)
        part[np.flatnonzero(room > low)[: int(total - part.sum())]] += 1
        changes = np.zeros(len(search.room()))
        changes[arms] = part
        return changes

    def turned(total: int) -> bool:
        return bool(search.turned(search.pool(dealt(total)[None, :]))[0])

    few, many = 0, int(room.sum())
    if not turned(many):
        return None
    while many - few > 1:
        middle = (few + many) // 2
        few, many = (few, middle) if turned(middle) else (middle, many)
    return dealt(many)


def _smaller(search: _Search, steps: np.ndarray | None) -> tuple[np.ndarray | None, bool]:
    """A set smaller than the one found step by step, and whether all smaller sets were tried."""
    if steps is None:
        return None, False
    room, tried = search.room(), 0
    for size in range(1, int(steps.sum())):
        tried += comb(len(room) + size - 1, size)
        if tried > SEARCHED:
            return None, False
        sets = np.array([
            np.bincount(one, minlength=len(room)) for one in combinations_with_replacement(range(len(room)), size)
        ])  # fmt: skip
        sets = sets[(sets <= room).all(axis=1)]
        if not len(sets):
            continue
        turned = np.flatnonzero(search.turned(search.pool(sets)))
        if len(turned):
            return sets[turned[0]].astype(float), True
    return None, True


def _moves(search: _Search, effects: pd.DataFrame, changes: np.ndarray | None) -> pd.DataFrame:
    columns = ["study", "side", "arm", "change", "patients"]
    if changes is None:
        return pd.DataFrame(columns=columns)
    k, rows = len(effects), []
    for place in np.flatnonzero(changes):
        trial, active = place % k, place < k
        gains = (search.direction > 0) == active
        named = "arm" if active else "control_arm"
        rows.append((
            effects["study"][trial] if "study" in effects else trial, "active" if active else "control",
            effects[named][trial] if named in effects else None,
            "non-responder → responder" if gains else "responder → non-responder", int(changes[place]),
        ))  # fmt: skip
    return pd.DataFrame(rows, columns=columns)
