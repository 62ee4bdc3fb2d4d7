"""The symptom scales: range, floor, response rule, named remission cut-offs, severity bands, citations.

Definitions are data and live here only. Where versions of a scale differ in their maximum the larger is
taken, so that no valid score is refused. A band or cut-off that is not published is left out, not guessed.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from ..errors import nearest, one_problem
from .depression_scales import DEPRESSION_SCALES
from .other_scales import OTHER_SCALES
from .scale_definition import NOT_STATED, Cutoff, Scale, own_scale
from .wider_scales import WIDER_SCALES

__all__ = ["NOT_STATED", "SCALES", "Cutoff", "Scale", "define_scale", "find_scale", "own_scale", "rows_of_scale"]
BESIDE = "scales.toml"  # beside a data file: the scales of one's own that it uses

_KNOWN = {scale.name: scale for scale in (*DEPRESSION_SCALES, *OTHER_SCALES, *WIDER_SCALES)}
_SHIPPED = frozenset(_KNOWN)
SCALES: Mapping[str, Scale] = MappingProxyType(_KNOWN)


def find_scale(name: str) -> Scale:
    """The scale of that name; ValueError naming the nearest known one otherwise.

    >>> find_scale("MADRS").maximum
    60
    """
    if name in SCALES:
        return SCALES[name]
    likeness = {key: difflib.SequenceMatcher(None, str(name).casefold(), key.casefold()).ratio() for key in SCALES}
    best = max(likeness.values())
    near = [repr(key) for key, ratio in likeness.items() if ratio >= max(best - 0.02, 0.5) and name != NOT_STATED]
    hint = f"; did you mean {' or '.join(near)}?" if near else "."
    raise ValueError(f"scale {name!r} is unknown{hint} Known: {', '.join(SCALES)}")


def rows_of_scale(table: pd.DataFrame, scale: str | None = None) -> pd.DataFrame:
    """The rows of one scale of a table that may hold several.

    scale : its name; None takes, of those there, the first in the order of SCALES (MADRS before PHQ-9).
    Raises ValueError for a scale that the table does not hold.

    >>> table = pd.DataFrame({"scale": ["PHQ-9", "MADRS", "MADRS"], "score": [9, 20, 11]})
    >>> rows_of_scale(table)["score"].tolist(), rows_of_scale(table, "PHQ-9")["score"].tolist()
    ([20, 11], [9])
    """
    there = [name for name in (*SCALES, NOT_STATED) if (table["scale"] == name).any()]
    if scale is None:
        return table[table["scale"] == there[0]] if len(there) > 1 else table
    if scale not in there:
        raise ValueError(f"no row has the scale {scale!r}: the table holds {', '.join(there)}")
    return table[table["scale"] == scale]


def define_scale(scale: Scale) -> Scale:
    """Makes a scale of one's own known under its name, from here on; the scale.

    scale : from `own_scale`. Defining it again as it is does nothing. Raises ValueError for a name that is taken, by a
    shipped scale or by another definition.

    >>> define_scale(own_scale("clinic score", 0, 40, "our clinic's manual")).name in SCALES
    True
    """
    there = _KNOWN.get(scale.name)
    if there is not None and there != scale:
        whose = (
            "a shipped scale" if scale.name in _SHIPPED else f"defined already ({there.minimum:g}–{there.maximum:g})"
        )
        raise ValueError(f"scale {scale.name!r} is {whose}: give yours another name")
    _KNOWN[scale.name] = scale
    return scale


def define_scales(definitions: Mapping[str, Any], file: str) -> None:
    """Defines the scales of a recipe's or scales.toml's tables: name → minimum, maximum, citation …

    Raises DatasetError naming the file, the scale and what is wrong with it.
    """
    for name, words in definitions.items():
        try:
            define_scale(own_scale(name, **words))
        except (TypeError, ValueError) as error:
            told = str(error).replace("own_scale() ", "")
            keys = "minimum, maximum, citation; label, floor, higher_is_worse, integer, remission"
            wrong = re.search("unexpected keyword argument '(.*?)'", told)
            told = (
                f"{wrong[1]!r} is no key of a scale{nearest(wrong[1], keys.replace(';', ',').split(', '))}"
                if wrong
                else told
            )
            raise one_problem(file, "a scale that can be", f"{told}; its keys are {keys}", f"scales.{name}") from None


def define_scales_beside(path: Path) -> None:
    """Defines the scales of scales.toml in the folder of a data file, where there is one."""
    beside = path.parent / BESIDE
    if beside.is_file() and path.name != BESIDE:
        try:
            define_scales(tomllib.loads(beside.read_text(encoding="utf-8")), BESIDE)
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise one_problem(BESIDE, "definitions in TOML", f"{error}: correct that line") from None


def scales_text(names: Iterable[str]) -> str:
    """The definitions of those of these scales that are one's own, as scales.toml holds them; "" where none is."""
    parts = []
    for name in names:
        if name in _SHIPPED or name not in _KNOWN:
            continue
        one = _KNOWN[name]
        rules = ", ".join(f"{_quoted(rule)} = {_quoted(cut.citation)}" for rule, cut in one.remission.items())
        words = {"label": _quoted(one.label), "minimum": one.minimum, "maximum": one.maximum, "floor": one.floor,
                 "integer": str(one.integer).lower(), "higher_is_worse": str(one.higher_is_worse).lower(),
                 "remission": f"{{ {rules} }}", "citation": _quoted(one.citation)}  # fmt: skip
        parts.append("\n".join([f"[{_quoted(name)}]", *(f"{key} = {value}" for key, value in words.items())]) + "\n")
    return "\n".join(parts)


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ") + '"'


def worse_sign(names: Iterable[str]) -> np.ndarray:
    """1 where a higher score of the scale is worse (or it is unknown), −1 where higher is better.

    >>> worse_sign(["MADRS", "WHO-5"]).tolist()
    [1.0, -1.0]
    """
    return np.array([-1.0 if name in _KNOWN and not _KNOWN[name].higher_is_worse else 1.0 for name in names])
