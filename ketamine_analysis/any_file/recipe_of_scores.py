"""The new recipe's scale and scores: which scale or scales, which column holds each, which items make a total."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pandas as pd

from ..outcomes.scales import SCALES
from .recipe_plan import Plan, plan_missing, plan_sdtm_scale
from .recognise import GUESS, LIKELY, SURE, Guess, guess_scale, says_change, words_of


def plan_scale(plan: Plan, texts: list[str], kind: str) -> None:
    """Which scale or scales the file holds: by a column of scales, or the first of the texts that names one."""
    raw = plan.raw
    if {"QSCAT", "QSTEST"} <= set(raw.frame):
        plan_sdtm_scale(plan)
    for column in () if "scale" in plan.top else ("PARAMCD", "PARAM", "scale", "instrument", "questionnaire"):
        if column not in raw.frame:
            continue
        values = words_of(raw, column)
        if column == "scale" and set(values) <= set(SCALES):
            plan.columns["scale"] = Guess("scale", SURE, "the library's own name")
            return
        if _scales_in_rows(plan, column, values):
            break
    if "scale" not in plan.top and "scale_names" not in plan.tables:
        plan.top["scale"] = guess_scale(texts) or Guess(
            "?", GUESS, "no name tells it: a known scale, one of your own (see the end), or not_stated (changes alone)"
        )
    if kind == "ADaM":
        if "ANL01FL" in raw.frame:
            plan.tables.setdefault("filter", {})["ANL01FL"] = Guess(["Y"], LIKELY, "ADaM's flag of analysis records")
        if "DTYPE" in raw.frame:
            plan.tables.setdefault("filter", {})["DTYPE"] = Guess([""], LIKELY, "no derived rows (LOCF, averages)")
    if "scale" in plan.top and plan.top["scale"].confidence == GUESS:
        plan.doubts.append("scale")


def _scales_in_rows(plan: Plan, column: str, values: list[str]) -> bool:
    """A column that tells the scale of each row: its rows of known scales, one value each, the totals before others."""
    counts = plan.raw.frame[column].astype(str).value_counts()
    of_scale: dict[str, str] = {}
    by_rank = sorted(values, key=lambda value: ("total" not in value.casefold(), -counts.get(value, 0)))
    for value in by_rank:
        if (guess := guess_scale([value])) is not None:
            of_scale.setdefault(guess.value, value)
    if not of_scale:
        return False
    kept = [value for value in values if value in of_scale.values()]
    others = [value for value in values if value not in kept]
    more = f"; also there: {', '.join(others[:6])}" if others else ""
    if len(of_scale) == 1:
        scale, value = next(iter(of_scale.items()))
        plan.top["scale"] = Guess(scale, LIKELY, f"{column} = {value!r}")
    else:
        names = {value: scale for scale, value in of_scale.items()}
        plan.columns["scale"] = Guess(column, LIKELY, "it tells the scale of each row")
        plan.tables["scale_names"] = {value: Guess(names[value], LIKELY, f"{value!r} names it") for value in kept}
    if others or len(of_scale) == 1:
        plan.tables["filter"] = {column: Guess(kept, LIKELY, f"the rows of known scales{more}")}
    return True


def _scales_in_columns(plan: Plan, named: list[str]) -> dict[str, Guess]:
    """scale → its column, the first of those that are named after it; no totals of items."""
    found: dict[str, Guess] = {}
    for name in named:
        guess = guess_scale([name, plan.raw.column_labels.get(name, "")])
        if guess is not None and guess.value in found:
            before = found[guess.value]
            found[guess.value] = Guess(before.value, before.confidence, f"{before.evidence}; not read: {name}")
        elif guess is not None:
            found[guess.value] = Guess(name, guess.confidence, guess.evidence)
    return found


def _stem(name: str) -> str:
    """The column's name without the number at its end."""
    return re.sub(r"[._ -]*\d{1,3}$", "", str(name)).casefold()


def plan_score(plan: Plan, items: Mapping[tuple[str, str | None], list[str]], told: Mapping[str, Any]) -> None:
    """The column of scores of a long file: a sum of items, or the one named after the scale; asked where numbered."""
    columns, raw = plan.columns, plan.raw
    alone = {stem: names for (stem, visit), names in items.items() if visit is None}
    if alone:
        totals = {stem: f"{stem}_total" if stem in raw.frame else stem for stem in alone}
        plan.tables["items"] = {
            totals[stem]: Guess(names, LIKELY, "numbered 1 … as the scale's items") for stem, names in alone.items()
        }
        scales = {guess.value: totals[stem] for stem in alone if (guess := guess_scale([stem])) is not None}
        if len(scales) > 1:
            plan.tables["scores"] = {scale: Guess(total, LIKELY, "its items' sum") for scale, total in scales.items()}
            plan.top.pop("scale", None)
        else:
            columns["score"] = Guess(next(iter(totals.values())), LIKELY, "the sum of the items")
    elif "score" not in columns:
        named = [name for name in raw.frame.columns if name != "_line" and guess_scale([name]) and name not in told]
        named = [name for name in named if not says_change(name)]
        named += [name for name, words in raw.column_labels.items() if guess_scale([words]) and name not in named]
        used = [one.value for one in columns.values()]
        named = [
            name
            for name in named
            if name not in used and pd.api.types.is_numeric_dtype(numeric_or_words(raw.frame[name]))
        ]
        numbered = [name for name in named if named and _stem(name) == _stem(named[0])]
        if len(numbered) > 2:  # one of 21 items is no total
            words = f"{numbered[0]} to {numbered[-1]} are numbered: items, or visits? name the total, or add up [items]"
            columns["score"] = Guess("?", GUESS, words)
            plan.doubts.append("score")
        elif len(told_apart := _scales_in_columns(plan, named)) > 1:
            plan.tables["scores"] = told_apart
            plan.top.pop("scale", None)
            if any(guess.confidence == GUESS for guess in told_apart.values()):
                plan.doubts.append("scores")
        elif named:
            others = f"; also there, and not read: {', '.join(named[1:6])}" if named[1:] else ""
            columns["score"] = Guess(named[0], LIKELY, f"named after the scale{others}")
        elif "change" not in columns:
            columns["score"] = Guess("?", GUESS, f"no column is called so: is it {_numbers_left(plan)}?")
            plan.doubts.append("score")
    read = [columns[name].value for name in ("score", "baseline") if name in columns]
    plan_missing(plan, [*read, *(guess.value for guess in plan.tables.get("scores", {}).values())])


def _numbers_left(plan: Plan) -> str:
    """The columns of numbers that are not read as anything else."""
    read = {"_line", *(str(one.value) for one in plan.columns.values())}
    free = [str(name) for name in plan.raw.frame.columns if name not in read]
    numbers = [name for name in free if pd.api.types.is_numeric_dtype(numeric_or_words(plan.raw.frame[name]))]
    return " or ".join(numbers[:5]) or "in another sheet"


def numeric_or_words(values: pd.Series) -> pd.Series:
    """The column as numbers where nine in ten of its cells are, else as words."""
    number = pd.to_numeric(values, errors="coerce")
    return number if number.notna().sum() >= 0.9 * values.notna().sum() else values.astype("str")
