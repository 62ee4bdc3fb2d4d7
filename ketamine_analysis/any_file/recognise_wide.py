"""Column names that hold a scale with a visit, with an item, or with both."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ..outcomes.scales import SCALES
from ..reading.items import ITEM_RULES
from .recognise import SCALE_WORDS, guess_scale, squeezed

_COLUMN_VISIT = (
    r"(?P<visit>bl|base(?:line)?|pre|scr(?:een(?:ing)?)?|post(?:[_ .-]?(?:treatment|test|dose))?|end(?:point)?|final|"
    r"(?:fu|follow[_ .-]?up)[_ .]?\d*|(?:hour|hr|h|day|d|week|wk|w|month|m|visit|vis|v|t)[_ .]?\d+|"
    r"\d+(?:hours?|hr|h|days?|d|weeks?|wk|w|months?|mo|m))"
)
_WIDE = re.compile(rf"(?P<stem>[a-z][a-z0-9 _.-]*?)[_ .-]*{_COLUMN_VISIT}$", re.IGNORECASE)
_WIDE_FIRST = re.compile(rf"{_COLUMN_VISIT}[_ .-]+(?P<stem>[a-z][a-z0-9 _.-]*?)$", re.IGNORECASE)
_ITEM = re.compile(
    r"(?P<stem>.*?[a-z5_]|.*?[a-z]\d+(?=[_ .-]))[_ .-]*(?:item|i|q)?[_ .-]*(?P<item>\d{1,2})$", re.IGNORECASE
)


@dataclass(frozen=True)
class WideColumn:
    """A column that holds one visit of one scale, or one item of it: stem, item number or None, visit label or None."""

    stem: str
    item: int | None
    visit: str | None


def guess_wide(columns: Iterable[str]) -> dict[str, WideColumn]:
    """The columns whose names hold a scale and a visit, or a scale and an item number, or all three."""
    found = {}
    for column in columns:
        told = _parts(str(column))
        if told is not None and guess_scale([told.stem]) is not None:
            found[str(column)] = told
    return found


def _parts(column: str) -> WideColumn | None:
    wide = _WIDE.fullmatch(column) or _WIDE_FIRST.fullmatch(column)
    if wide and not _inside_a_word(column, wide):
        stem, item = wide["stem"].strip("_ .-"), None
        inner = _ITEM.fullmatch(stem)
        if inner and guess_scale([inner["stem"]]) and not _names_scale(stem):
            stem, item = inner["stem"].strip("_ .-"), int(inner["item"])
        return WideColumn(stem, item, wide["visit"])
    alone = _ITEM.fullmatch(column)
    if alone and not _names_scale(column):
        stem = alone["stem"].strip("_ .-")
        between = _WIDE.fullmatch(stem)  # madrs_w1_3: scale, visit, item
        if between and guess_scale([between["stem"]]):
            return WideColumn(between["stem"].strip("_ .-"), int(alone["item"]), between["visit"])
        return WideColumn(stem, int(alone["item"]), None)
    return None


def _inside_a_word(column: str, wide: re.Match[str]) -> bool:
    """Whether the visit is the end of a longer word, as "m1" of "item1" is; a scale's name may end right before it."""
    before = column[: wide.start("visit")]
    return before[-1:].isalpha() and not _names_scale(before)


def _names_scale(text: str) -> bool:
    """HAMD17 and PHQ9 end in a number that is no item."""
    return squeezed(text) in {squeezed(name) for name in (*SCALES, *SCALE_WORDS)}


def guess_items(told: Mapping[str, WideColumn], scale: str) -> dict[tuple[str, str | None], list[str]]:
    """(stem, visit) → its item columns in order, where they are exactly items 1 … k of the scale."""
    groups: dict[tuple[str, str | None], dict[int, str]] = {}
    for column, one in told.items():
        if one.item is not None:
            groups.setdefault((one.stem, one.visit), {})[one.item] = column
    size = ITEM_RULES[scale].items if scale in ITEM_RULES else -1
    return {
        key: [columns[i] for i in range(1, size + 1)]
        for key, columns in groups.items()
        if sorted(columns) == list(range(1, size + 1))
    }


def items_by_visit(items: Mapping[tuple[str, str | None], list[str]]) -> dict[tuple[str, str | None], list[str]]:
    """Items whose stems differ in a number alone, BDI1.1 … and BDI2.1 …, as those of visits v1, v2.

    >>> sorted(items_by_visit({("BDI1", None): ["BDI1.1"], ("BDI2", None): ["BDI2.1"]}))
    [('BDI', 'v1'), ('BDI', 'v2')]
    """
    told = {key: re.fullmatch(r"(.*?)[._ -]*(\d{1,2})", key[0]) for key in items if key[1] is None}
    bases = {found[1] for found in told.values() if found}
    if len(told) < 2 or len(told) != len(items) or len(bases) != 1 or not all(told.values()):
        return dict(items)
    return {(found[1], f"v{found[2]}"): items[key] for key, found in told.items() if found}
