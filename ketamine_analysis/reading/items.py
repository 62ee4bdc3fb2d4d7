"""Item-level scores to totals: how many items each scale has, their range, and what may be missing, as data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import pandas as pd

from ..errors import DatasetError, one_problem, problem_table
from ..outcomes.scales import find_scale

Alternatives = tuple[tuple[int, ...], ...]  # items of which one counts; an inner group needs one answer


@dataclass(frozen=True)
class ItemRule:
    """How the items of one scale make its total.

    items : their number. low, high : lowest and highest score of an item.
    may_be_missing : so many unanswered parts are replaced by the mean of the answered ones; 0 = none may.
    parts : groups of item numbers (from 1) of which only the highest counts; empty = every item counts.
    citation : where the rule is published, or that none is.
    """

    items: int
    low: int
    high: int
    may_be_missing: int = 0
    parts: tuple[Alternatives, ...] = ()
    citation: str = "no rule for missing items is published: complete items only"


_ALONE = tuple(((i,),) for i in range(1, 31))
_QIDS = ItemRule(  # sleep 1–4, appetite and weight 6–9, psychomotor 15–16: the highest; 6 or 7 and 8 or 9 are answered
    16,
    0,
    3,
    parts=(((1,), (2,), (3,), (4,)), ((5,),), ((6, 7), (8, 9)), *_ALONE[9:14], ((15,), (16,))),
    citation="Rush 2003, Biol Psychiatry 54:573-583 (nine domains); complete domains only",
)
_IDS = ItemRule(  # 11 or 12 (appetite) and 13 or 14 (weight) are answered
    30,
    0,
    3,
    parts=(*_ALONE[:10], ((11, 12),), ((13, 14),), *_ALONE[14:]),
    citation="Rush 1996, Psychol Med 26:477-486 (28 of 30 items count); complete items only",
)
ITEM_RULES: Mapping[str, ItemRule] = MappingProxyType(
    {
        "MADRS": ItemRule(10, 0, 6),
        "HAMD6": ItemRule(6, 0, 4),
        "HAMD17": ItemRule(17, 0, 4),
        "HAMD21": ItemRule(21, 0, 4),
        "HAMD24": ItemRule(24, 0, 4),
        "QIDS-SR16": _QIDS,
        "QIDS-C16": _QIDS,
        "IDS-C30": _IDS,
        "IDS-SR30": _IDS,
        "PHQ-9": ItemRule(
            9,
            0,
            3,
            2,
            citation="Instruction manual for the PHQ and GAD-7 (phqscreeners.com), and the NHS Data Dictionary, PHQ-9: "
            "one or two, by the mean of the answered; with more the questionnaire is disregarded",
        ),
        "BDI": ItemRule(21, 0, 3),
        "BDI-II": ItemRule(21, 0, 3),
        "CDRS-R": ItemRule(17, 1, 7),
        "HAM-A": ItemRule(14, 0, 4),
        "LSAS": ItemRule(48, 0, 3),
        "CAPS": ItemRule(34, 0, 4),
        "CAPS-5": ItemRule(20, 0, 4),
        "PCL-5": ItemRule(20, 0, 4),
        "IES-R": ItemRule(22, 0, 4),
    }
)


def sum_items(
    table: pd.DataFrame,
    *,
    items: Sequence[str],
    scale: str,
    may_be_missing: int | None = None,
    file: str = "table",
    lines: pd.Series | None = None,
) -> pd.Series:
    """The total of each row, missing where too many items are; by the scale's rule in ITEM_RULES.

    items : the columns, in the scale's own order (it matters where only the highest of several counts).
    may_be_missing : another number of unanswered items to replace by the mean of the answered; a replaced total
        is rounded to a whole score, halves up. lines : the line of each row, for messages.
    Raises DatasetError for a wrong number of items and for an item out of its range or not whole.

    >>> table = pd.DataFrame({f"PHQ{i}": [1.0, 2.0] for i in range(1, 10)})
    >>> table.loc[1, ["PHQ1", "PHQ2"]] = None
    >>> sum_items(table, items=list(table), scale="PHQ-9").tolist()
    [9.0, 18.0]
    """
    rule = ITEM_RULES.get(find_scale(scale).name)
    if rule is None:
        raise one_problem(file, "a scale with an item rule", f"give the total of {scale}, not its items", value=scale)
    if len(items) != rule.items:
        fix = f"{scale} has {rule.items} items, {len(items)} columns are named: {', '.join(items)}"
        raise one_problem(file, "all items of the scale", fix, column=", ".join(items[:1]))
    values = _checked_items(table, items, rule, scale, file, lines)
    parts = rule.parts or tuple(((item,),) for item in range(1, rule.items + 1))
    scores = np.column_stack([_part(values, part) for part in parts])
    gaps = np.isnan(scores).sum(axis=1)
    allowed = rule.may_be_missing if may_be_missing is None else may_be_missing
    answered = np.maximum(len(parts) - gaps, 1)
    total = np.nansum(scores, axis=1)
    total = np.where(gaps > 0, np.floor(total / answered * len(parts) + 0.5), total)
    return pd.Series(np.where((gaps <= allowed) & (gaps < len(parts)), total, np.nan), index=table.index)


def _checked_items(
    table: pd.DataFrame, items: Sequence[str], rule: ItemRule, scale: str, file: str, lines: pd.Series | None
) -> np.ndarray:
    lines = lines if lines is not None else pd.Series(table.index, index=table.index)
    columns, problems = [], []
    for name in items:
        value = pd.to_numeric(table[name], errors="coerce").astype(float)
        bad = (value.isna() & table[name].notna()) | (value < rule.low) | (value > rule.high) | (value % 1 > 0)
        fix = (
            f"an item of {scale} is a whole number from {rule.low} to {rule.high}; or name the code with missing = [ ]"
        )
        problems += [(lines[row], name, table[name][row], "item within its range", fix) for row in table.index[bad]]
        columns.append(value.to_numpy())
    if problems:
        raise DatasetError(problem_table(file, problems))
    return np.column_stack(columns)


def _part(values: np.ndarray, part: Alternatives) -> np.ndarray:
    """The highest answered item of a part; missing where one of its groups has no answer."""
    highest = [np.fmax.reduce(values[:, [item - 1 for item in group]], axis=1) for group in part]
    return np.maximum.reduce(highest)  # missing when a group is
