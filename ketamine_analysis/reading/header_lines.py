"""A header of several lines: which lines are the header, and the names and words of the columns that they make."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

MISSING_WORDS = ("", "NA", "N/A", "n/a", "#N/A", "n.a.", "NaN", "nan", ".", "null", "NULL", "None")
MISSING_LABELS = (
    r"(missing|not (done|known|applicable|assessed|available|answered)|unknown|refused|n/?a|no answer|keine angabe)"
)
DEEPEST = 3  # lines: names, their labels, an identifier (Qualtrics)
_NUMBER = re.compile(r"[+-]?\d*[.,]?\d+\s*%?")
_NO_HEAD = re.compile(rf"{MISSING_LABELS}|nd|-+|\?")


def joined_header(rows: Sequence[Sequence[Any]], lines: int | None) -> tuple[list[str], dict[str, str], int]:
    """The columns' names, name → the words below it, and how many of the first rows they took.

    rows : the first rows as they stand. lines : how many are the header; None looks: a line below the first belongs to
    it where it holds words above columns of numbers.
    Where each name of the first line is there once, the lines below are words about it; else they are joined to it, a
    blank cell taking what stands left of it ("MADRS", "" over "week 1", "week 2").

    >>> joined_header([["id", "MADRS", ""], ["", "week 1", "week 2"], ["a", "30", "12"], ["b", "28", "9"]], None)
    (['id', 'MADRS week 1', 'MADRS week 2'], {}, 2)
    """
    first = [_text(cell) for cell in rows[0]] if rows else []
    width = max((len(row) for row in rows[: lines or DEEPEST]), default=0)
    cells = [[_text(cell) for cell in row] + [""] * (width - len(row)) for row in rows]
    deep = lines or next((n for n in range(min(DEEPEST, len(cells) - 1), 1, -1) if _is_header(cells, n)), 1)
    return (first, {}, 1) if deep == 1 else (*_names(cells[:deep]), deep)


def _text(cell: Any) -> str:
    return "" if cell is None else str(cell).strip()


def _names(header: list[list[str]]) -> tuple[list[str], dict[str, str]]:
    first, *others = header
    under = [" ".join(filter(None, (row[i] if i < len(row) else "" for row in others))) for i in range(len(first))]
    if all(first) and len(set(first)) == len(first):
        return first, {name: words for name, words in zip(first, under, strict=True) if words}
    filled, left = [], ""
    for name, words in zip(first, under, strict=True):
        left = name or (left if words else "")
        filled.append(" ".join(filter(None, (left, words))))
    return filled, {}


def _is_header(cells: list[list[str]], lines: int) -> bool:
    """Whether the first lines are the header: words, each of another column, that stand above numbers."""
    body = cells[lines:]
    if not body:
        return False
    numbers = [
        i
        for i in range(len(cells[0]))
        if any(told := [row[i] for row in body if i < len(row) and row[i] not in MISSING_WORDS])
        and all(_NUMBER.fullmatch(one) for one in told)
    ]
    for row in cells[1:lines]:
        if any(_NUMBER.fullmatch(one) or _NO_HEAD.fullmatch(one.casefold()) for one in row if one):
            return False
        if sum(bool(row[i]) for i in numbers if i < len(row)) < 2:
            return False
    names, below = _names(cells[:lines])
    made = list(below.values()) or names
    return len(set(made)) == len(made) and all(names)
