"""Column names that hold a scale with a visit, with an item, or with both."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from ..outcomes.scales import SCALES
from ..reading.items import ITEM_RULES
from .recognise import CHANGE, SCALE_WORDS, guess_scale, says_change, squeezed

_COLUMN_VISIT = (
    r"(?P<visit>bl|base(?:line)?|pre|scr(?:een(?:ing)?)?|post(?:[_ .-]?(?:treatment|test|dose))?|end(?:point)?|final|"
    r"(?:fu|follow[_ .-]?up)[_ .]?\d*|(?:hour|hr|h|day|d|week|wk|w|month|m|visit|vis|v|t)[_ .]?\d+|"
    r"\d+(?:hours?|hr|h|days?|d|weeks?|wk|w|months?|mo|m))"
)
_WIDE = re.compile(rf"(?P<stem>[a-z][a-z0-9 _.-]*?)[_ .-]*{_COLUMN_VISIT}$", re.IGNORECASE)
_WIDE_FIRST = re.compile(rf"{_COLUMN_VISIT}[_ .-]+(?P<stem>[a-z][a-z0-9 _.-]*?)$", re.IGNORECASE)
_STEM = r"(?P<stem>.*?[a-z5_]|.*?[a-z]\d+(?=[_ .-]))[_ .-]*"
_ITEM = re.compile(rf"{_STEM}(?:item|i|q)?[_ .-]*(?P<item>\d{{1,2}})$", re.IGNORECASE)
_PLAIN_ITEM = re.compile(rf"{_STEM}(?P<item>\d{{1,2}})$", re.IGNORECASE)  # the q of PHQ1 is its scale's

SIBLINGS = 3  # so many numbered columns of one stem make another number an item, too


@dataclass(frozen=True)
class WideColumn:
    """A column that holds one visit of one scale, or one item of it: stem, item number or None, visit label or None."""

    stem: str
    item: int | None
    visit: str | None


def guess_wide(columns: Collection[str]) -> dict[str, WideColumn]:
    """The columns whose names hold a scale and a visit, or a scale and an item number, or all three."""
    found = {}
    for column in columns:
        told = _parts(str(column))
        if told is not None and guess_scale([told.stem]) is not None:
            found[str(column)] = told
    stems = Counter(one.stem for one in found.values() if one.item is not None and one.visit is None)
    for column in map(str, columns):  # PHQ9 is a scale, and the ninth item where PHQ1, PHQ2 … stand beside it
        alone = _item(column)
        if alone and column not in found and stems[stem := alone["stem"].strip("_ .-")] >= SIBLINGS:
            found[column] = WideColumn(stem, int(alone["item"]), None)
    return found


def wide_by_stem(columns: Iterable[str]) -> dict[str, WideColumn]:
    """Columns of one and the same stem with different visits (vit_base, vit_24h), where no name tells a scale."""
    told = {column: one for column in columns if (one := _parts(column)) is not None and one.visit and one.item is None}
    stems = Counter(one.stem.casefold() for one in told.values() if len(one.stem) > 1)
    several = [stem for stem, count in stems.items() if count > 1]
    if len(several) != 1:
        return {}
    found = {column: one for column, one in told.items() if one.stem.casefold() == several[0]}
    return found if len({one.visit for one in found.values()}) == len(found) else {}


def visit_in(column: str) -> str | None:
    """The visit that a column's name ends or begins with, whatever else it says: "24h" of MADRS_change_24h."""
    plain = re.sub(r"\W+$|_+$", "", CHANGE.sub("", column.casefold()))
    wide = _WIDE.fullmatch(plain) or _WIDE_FIRST.fullmatch(plain)
    return wide["visit"] if wide and not _inside_a_word(plain, wide) else None


def _parts(column: str) -> WideColumn | None:
    if says_change(column):
        return None
    wide = _WIDE.fullmatch(column) or _WIDE_FIRST.fullmatch(column)
    if wide and not _inside_a_word(column, wide):
        stem, item = wide["stem"].strip("_ .-"), None
        inner = _item(stem)
        if inner and guess_scale([inner["stem"]]) and not _names_scale(stem):
            stem, item = inner["stem"].strip("_ .-"), int(inner["item"])
        return WideColumn(stem, item, wide["visit"])
    alone = _item(column)
    if alone and not _names_scale(column):
        stem = alone["stem"].strip("_ .-")
        between = _WIDE.fullmatch(stem)  # madrs_w1_3: scale, visit, item
        if between and guess_scale([between["stem"]]):
            return WideColumn(between["stem"].strip("_ .-"), int(alone["item"]), between["visit"])
        return WideColumn(stem, int(alone["item"]), None)
    return None


def _item(text: str) -> re.Match[str] | None:
    """A stem and an item's number; "q" before the number belongs to the stem where only then it names a scale."""
    short, whole = _ITEM.fullmatch(text), _PLAIN_ITEM.fullmatch(text)
    return whole if whole and not (short and guess_scale([short["stem"]])) else short


def _inside_a_word(column: str, wide: re.Match[str]) -> bool:
    """Whether the visit is the end of a longer word, as "m1" of "item1" is; a scale's name may end right before it."""
    before = column[: wide.start("visit")]
    return before[-1:].isalpha() and not _names_scale(before)


def _names_scale(text: str) -> bool:
    """HAMD17 and PHQ9 end in a number that is no item."""
    return squeezed(text) in {squeezed(name) for name in (*SCALES, *SCALE_WORDS)}


def guess_items(told: Mapping[str, WideColumn], scale: str) -> dict[tuple[str, str | None], list[str]]:
    """(stem, visit) → its item columns in order, where they are exactly 1 … k of the scale or the stem's."""
    groups: dict[tuple[str, str | None], dict[int, str]] = {}
    for column, one in told.items():
        if one.item is not None:
            groups.setdefault((one.stem, one.visit), {})[one.item] = column
    found = {}
    for (stem, visit), columns in groups.items():
        own = guess_scale([stem])
        fits = [ITEM_RULES[one].items for one in (scale, own.value if own else "") if one in ITEM_RULES]
        size = next((size for size in fits if sorted(columns) == list(range(1, size + 1))), 0)
        if size:
            found[stem, visit] = [columns[i] for i in range(1, size + 1)]
    return found


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
