"""What a symptom scale is: its range, direction, floor and named cut-offs, and the rules that a definition keeps."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

NOT_STATED = "not_stated"  # a scale that is not told: counts of responders stand, of scores only changes are known
RESPONSE = ">=50% fall from baseline"
NO_RESPONSE = "none: "  # a response rule that begins so: no share of the way to no symptoms is meant, and why
BETTER = ">=50% of the way from baseline to no symptoms"  # of a scale on which higher is better

Bands = tuple[tuple[str, float, float], ...]


@dataclass(frozen=True)
class Cutoff:
    """A published remission rule: score <= at_most; on a scale on which higher is better, score >= at_least.

    citation : where the rule was published. One of at_most and at_least, in scale points, is given.

    >>> from ketamine_analysis import SCALES
    >>> SCALES["HAMD17"].remission["<=7"].at_most
    7
    """

    at_most: float | None
    citation: str
    at_least: float | None = None

    @property
    def name(self) -> str:
        """The rule as results name it: "<=7", ">=50"."""
        return f"<={self.at_most:g}" if self.at_least is None else f">={self.at_least:g}"


@dataclass(frozen=True)
class Scale:
    """One symptom scale, scores in scale points (VAS-pain in mm).

    name, label : the key ("MADRS") and the full name.
    minimum, maximum : lowest and highest possible score.
    floor : the score that means no symptoms; response and percent change count from it.
    integer : only whole scores are possible.
    higher_is_worse : a higher score means more symptoms.
    response : the response rule in words, with its usual fraction; "none: …" where none is meant.
    remission : name → Cutoff; the first is the default. Empty when none is published.
    severity : (band, lowest, highest) score of each published band, mildest first; else empty.
    citation : the scale's publication and, where another paper gave them, its bands'.

    >>> from ketamine_analysis import SCALES
    >>> [band for band, lowest, highest in SCALES["MADRS"].severity if lowest <= 28 <= highest]
    ['moderate']
    """

    name: str
    label: str
    minimum: float
    maximum: float
    floor: float
    integer: bool
    higher_is_worse: bool
    response: str
    remission: Mapping[str, Cutoff]
    severity: Bands
    citation: str

    @property
    def responds(self) -> bool:
        """Whether a response is defined; a T score, a rating of change or of a side effect has changes alone."""
        return not self.response.startswith(NO_RESPONSE)


def own_scale(
    name: str,
    minimum: float,
    maximum: float,
    citation: str,
    *,
    label: str = "",
    floor: float | None = None,
    higher_is_worse: bool = True,
    integer: bool = True,
    remission: Mapping[str, str] | None = None,
) -> Scale:
    """A scale of one's own, checked: for `read_scores(scale=…)`, `define_scale` and the recipe's [scales].

    floor : the score that means no symptoms; default the end of the range that means none. remission : rule → where it
    was published, such as {"<=4": "Smith 2001"} (">=50" where higher is better); the first is the default.
    Raises ValueError for a range, floor, rule or citation that cannot be.

    >>> own_scale("GAD-2", 0, 6, "Kroenke 2007", remission={"<=2": "Kroenke 2007"}).floor
    0.0
    >>> own_scale("mood thermometer", 0, 100, "our clinic", higher_is_worse=False).floor
    100.0
    """
    if not (isinstance(name, str) and name.strip()) or name == NOT_STATED:
        raise ValueError(f"scale {name!r} needs a name")
    low, high = _number(name, "minimum", minimum), _number(name, "maximum", maximum)
    if low >= high:
        raise ValueError(f"scale {name!r}: minimum {low:g} must lie below maximum {high:g}")
    if not str(citation).strip():
        raise ValueError(f"scale {name!r} needs a citation: where its range and direction are from")
    for what, value in (("higher_is_worse", higher_is_worse), ("integer", integer)):
        if not isinstance(value, bool):
            raise ValueError(f"scale {name!r}: {what} {value!r} must be true or false")
    if not isinstance(remission or {}, Mapping):
        raise ValueError(f"scale {name!r}: remission {remission!r} must be a table: rule → where it was published")
    none = (low if higher_is_worse else high) if floor is None else _number(name, "floor", floor)
    if not low <= none <= high:
        raise ValueError(f"scale {name!r}: floor {none:g} must lie between {low:g} and {high:g}")
    rules = {rule: _cutoff(name, rule, where, low, high, higher_is_worse) for rule, where in (remission or {}).items()}
    words = RESPONSE if higher_is_worse else BETTER
    return Scale(name, label or name, low, high, none, integer, higher_is_worse, words, rules, (), str(citation))


def shipped(
    name: str,
    label: str,
    maximum: float,
    citation: str,
    *,
    minimum: float = 0,
    integer: bool = True,
    better: bool = False,
    response: str = RESPONSE,
    remission: tuple[Cutoff, ...] = (),
    severity: Bands = (),
) -> Scale:
    """A shipped scale: its minimum means no symptoms and higher is worse, or (better) the other way round."""
    named = MappingProxyType({one.name: one for one in remission})
    floor = maximum if better else minimum
    return Scale(name, label, minimum, maximum, floor, integer, not better, response, named, severity, citation)


def _number(name: str, what: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise ValueError(f"scale {name!r}: {what} {value!r} must be a number")
    return float(value)


def _cutoff(name: str, rule: str, citation: str, low: float, high: float, higher_is_worse: bool) -> Cutoff:
    sign = "<=" if higher_is_worse else ">="
    if not isinstance(citation, str) or not citation.strip():
        raise ValueError(f"scale {name!r}: remission {rule!r} needs a citation: where it was published")
    try:
        limit = float(rule.removeprefix(sign)) if rule.startswith(sign) else math.nan
    except ValueError:
        limit = math.nan
    if not low <= limit <= high:
        words = f"{sign}number between {low:g} and {high:g}"
        raise ValueError(f"scale {name!r}: remission {rule!r} must be {words}, as the scale's direction has it")
    return Cutoff(limit, citation) if higher_is_worse else Cutoff(None, citation, limit)
