"""The rules of a recipe: its keys, the kind of each value, the known words; every breach is told with its fix."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..effects.effects_read import EFFECT_COLUMNS, EFFECT_MEASURES, FAVOURS
from ..errors import nearest
from ..evidence.shipped import arm_words
from ..outcomes.scales import NOT_STATED, SCALES
from ..reading.checks import ALLOWED, ARM_NUMBERS, ARM_TRAITS, ARM_WORDS
from ..reading.raw_tables import TIME_UNITS
from ..reading.result_layouts import is_sided
from ..reading.visits import ASK, DROP

GRAINS = ("patients", "arms", "effects")
LAYOUTS = ("long", "wide", "metapsy", "two_arms", "several_arms")
PATIENT_COLUMNS = ("study", "subject", "arm", "period", "hours", "visit", "date", "start", "scale", "score", "baseline",
                   "dose")  # fmt: skip
COLUMNS = tuple(
    dict.fromkeys((*PATIENT_COLUMNS, "change", "site", "age", "sex", "outcome", "year", "doi", "registry", *ARM_NUMBERS,
                   *ARM_WORDS, *EFFECT_COLUMNS))
)  # fmt: skip
CHANGES = ("score_minus_baseline", "baseline_minus_score")
ARM_KEYS = (*ARM_TRAITS, "label")
TEXT, NUMBER, LIST, TABLE, FLAG = (str,), (int, float), (list,), (dict,), (bool,)
KEYS: Mapping[str, tuple[type, ...]] = {
    "file": TEXT, "subjects": TEXT, "codebook": TEXT, "codebook_sheet": TEXT, "header_lines": (int,),
    "sheet": TEXT, "encoding": TEXT, "delimiter": TEXT, "decimal": TEXT,
    "layout": TEXT, "grain": TEXT,
    "study": TEXT, "scale": TEXT, "outcome": TEXT, "definition": TEXT, "measure": TEXT, "favours_drug": TEXT,
    "level": NUMBER, "change_is": TEXT, "confirmed": FLAG, "missing": LIST, "once_per_subject": LIST,
    "date_format": TEXT, "arms_by": TEXT, "may_be_missing": (int,), "entry_score": NUMBER, "columns": TABLE,
    "time": TABLE, "visits": TABLE,
    "wide": TABLE, "items": TABLE, "filter": TABLE, "arms": TABLE, "scales": TABLE,
    "scores": TABLE, "scale_names": TABLE, "doses": TABLE,
}  # fmt: skip
WORDS: Mapping[type, str] = {
    str: "text in quotes",
    int: "a whole number",
    float: "a number",
    list: "a list [ ]",
    dict: "a table",
    bool: "true or false",
}

Found = tuple[str, Any, str, str]  # key, value, rule, fix


def key_problems(settings: Mapping[str, Any]) -> list[Found]:
    """Unknown keys, values of another kind, questions that are still open."""
    found: list[Found] = []
    for key, value in settings.items():
        if key not in KEYS:
            fix = f"known keys: {', '.join(KEYS)}{nearest(key, KEYS)}"
            found.append((key, None, "a known key", fix))
        elif not isinstance(value, KEYS[key]) or (isinstance(value, bool) and bool not in KEYS[key]):
            found.append((key, str(value), "a value of the right kind", f"{key} is {WORDS[KEYS[key][-1]]}"))
    if "file" not in settings:
        found.append(("file", None, "the data file is named", 'say file = "…", relative to the recipe'))
    for key, allowed in (("columns", COLUMNS), ("time", ("unit", "first_dose", "nominal", "hours"))):
        table = settings.get(key, {})
        for name in table if isinstance(table, dict) else ():
            if name not in allowed and not (key == "columns" and is_sided(name)):
                found.append(
                    (f"{key}.{name}", None, "a known key", f"known: {', '.join(allowed)}{nearest(name, allowed)}")
                )
            elif key == "columns" and table[name] == "?":
                found.append(
                    (f"{key}.{name}", "?", "every question is answered", f"name the column that holds the {name}")
                )
            elif key == "columns" and not isinstance(table[name], str):
                found.append(
                    (f"{key}.{name}", str(table[name]), "a value of the right kind", "name a column in quotes")
                )
    return found + _arm_problems(settings.get("arms", {}))


def _arm_problems(arms: Any) -> list[Found]:
    found: list[Found] = []
    for name, words in arms.items() if isinstance(arms, dict) else ():
        if not isinstance(words, dict):
            found.append(
                (f"arms.{name}", str(words), "a value of the right kind", "an arm is { treatment = …, role = … }")
            )
            continue
        for key, value in words.items():
            place = f"arms.{name}.{key}"
            allowed = ALLOWED.get(key) or arm_words(key)
            if key not in ARM_KEYS:
                found.append((place, None, "a known key", f"known: {', '.join(ARM_KEYS)}{nearest(key, ARM_KEYS)}"))
            elif not isinstance(value, str):
                found.append((place, str(value), "a value of the right kind", f"{key} is {WORDS[str]}"))
            elif value == "?" and not allowed:
                found.append((place, value, "every question is answered", f"say the {key}, or remove it"))
            elif allowed and value not in allowed:
                hint = nearest(value, allowed)
                found.append((place, value, f"a known {key}", f"one of {', '.join(allowed)}{hint}"))
    return found


def word_problems(settings: Mapping[str, Any]) -> list[Found]:
    """Words that are not among the known ones, numbers that cannot be."""
    found: list[Found] = []
    time = settings.get("time", {})
    for key, value, allowed in (
        ("grain", settings.get("grain"), GRAINS),
        ("layout", settings.get("layout"), LAYOUTS),
        ("scale", settings.get("scale"), (*SCALES, NOT_STATED)),
        ("outcome", settings.get("outcome"), ALLOWED["outcome"]),
        ("measure", settings.get("measure"), EFFECT_MEASURES),
        ("favours_drug", settings.get("favours_drug"), FAVOURS),
        ("time.unit", time.get("unit") if isinstance(time, dict) else None, TIME_UNITS),
        ("change_is", settings.get("change_is"), CHANGES),
        ("arms_by", settings.get("arms_by"), ("arm", "treatment", "treatment_class")),
    ):
        if isinstance(value, str) and value not in allowed:
            found.append((key, value, "a known word", f"one of {', '.join(allowed)}{nearest(value, allowed)}"))
    level = settings.get("level", 0.95)
    if isinstance(level, (int, float)) and not 0 < level < 1:
        found.append(("level", str(level), "a level between 0 and 1", "write 0.95 for 95 %"))
    lines = settings.get("header_lines", 1)
    if isinstance(lines, int) and lines < 1:
        found.append(("header_lines", str(lines), "a number of lines from 1", "how many lines the header has"))
    scales = settings.get("scales", {})
    for name, words in scales.items() if isinstance(scales, dict) else ():
        if not isinstance(words, dict):
            fix = "a scale is a table: [scales.NAME] with minimum, maximum, citation"
            found.append((f"scales.{name}", str(words), "a value of the right kind", fix))
    found += _part_problems(settings, time if isinstance(time, dict) else {})
    for key in ("visits", "wide", "doses"):
        table = settings.get(key, {})
        for name, value in table.items() if isinstance(table, dict) else ():
            found += _moment_problems(f"{key}.{name}", value)
    found += _scale_problems(settings)
    for key in ("items", "filter"):
        table = settings.get(key, {})
        for name, value in table.items() if isinstance(table, dict) else ():
            if not isinstance(value, list) or not value:
                found.append((f"{key}.{name}", str(value), "a value of the right kind", f"{key} needs {WORDS[list]}"))
    return found


def _part_problems(settings: Mapping[str, Any], time: Mapping[str, Any]) -> list[Found]:
    """What stands in [time], and in the lists at the head: words, finite numbers."""
    found: list[Found] = []
    nominal = time.get("nominal", [0])
    if not (isinstance(nominal, list) and nominal and all(map(_finite, nominal))):
        fix = "hours in a list, such as [0, 24, 168]"
        found.append(("time.nominal", str(nominal), "a value of the right kind", fix))
    if not _finite(time.get("first_dose", 0)):
        fix = "the number at which the first dose was given, in the column's unit"
        found.append(("time.first_dose", str(time["first_dose"]), "a value of the right kind", fix))
    if not _finite(time.get("hours", 0)):
        fix = "the hours since first dose of every row, where no column tells them"
        found.append(("time.hours", str(time["hours"]), "a value of the right kind", fix))
    if not isinstance(time.get("unit", ""), str):
        found.append(("time.unit", str(time["unit"]), "a value of the right kind", f"unit is {WORDS[str]}"))
    for key, kinds in (("once_per_subject", (str,)), ("missing", (str, int, float))):
        for one in settings[key] if isinstance(settings.get(key), list) else ():
            if not isinstance(one, kinds) or isinstance(one, bool):
                found.append(
                    (key, str(one), "a value of the right kind", f"its values are {WORDS[kinds[0]]} or numbers")
                )
    return found


def _finite(value: Any) -> bool:
    return type(value) in (int, float) and abs(value) < float("inf")


def _scale_problems(settings: Mapping[str, Any]) -> list[Found]:
    """[scores] is scale → column, [scale_names] what the file calls a scale → scale."""
    found: list[Found] = []
    for table, of_key in (("scores", True), ("scale_names", False)):
        told = settings.get(table, {})
        for key, value in told.items() if isinstance(told, dict) else ():
            scale, known = (key, SCALES) if of_key else (value, (*SCALES, DROP))
            if not isinstance(value, str) or value == "?":
                what = "a column of the file" if of_key else f'a known scale, or "{DROP}"'
                found.append((f"{table}.{key}", str(value), "a value of the right kind", f"name {what} in quotes"))
            elif scale not in known:
                found.append(
                    (f"{table}.{key}", scale, "a known scale", f"known: {', '.join(known)}{nearest(scale, known)}")
                )
    return found


def _moment_problems(place: str, value: Any) -> list[Found]:
    """A visit is hours, "drop", or for a wide column also { hours = …, scale = … }."""
    if value == ASK:
        return [(place, value, "a visit with known hours", f'write its hours since first dose, or "{DROP}"')]
    if isinstance(value, dict) and place.startswith("wide."):
        unknown = [key for key in value if key not in ("hours", "scale")]
        if unknown:
            return [(place, unknown[0], "a known key", f"known: hours, scale{nearest(unknown[0], ('hours', 'scale'))}")]
        if value.get("scale", next(iter(SCALES))) not in SCALES:
            return [
                (place, value["scale"], "a known scale", f"known: {', '.join(SCALES)}{nearest(value['scale'], SCALES)}")
            ]
        value = value.get("hours")
    if _finite(value) or (value == DROP and not place.startswith("doses.")):
        return []
    return [(place, str(value), "hours as a number", f'write hours since first dose, such as 168, or "{DROP}"')]
