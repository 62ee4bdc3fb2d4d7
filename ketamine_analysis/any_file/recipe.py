"""The recipe: `dataset.toml` beside the data says which column is what. Data, not code; every word of it is checked."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..effects.effects_read import EFFECT_COLUMNS, EFFECT_MEASURES, FAVOURS
from ..errors import DatasetError, nearest, one_problem, problem_table
from ..evidence.shipped import arm_words
from ..outcomes.scales import NOT_STATED, SCALES, define_scales
from ..reading.checks import ALLOWED, ARM_NUMBERS, ARM_TRAITS, ARM_WORDS
from ..reading.raw_tables import TIME_UNITS
from ..reading.result_layouts import is_sided
from ..reading.visits import ASK, DROP

NAME = "dataset.toml"
GRAINS = ("patients", "arms", "effects")
LAYOUTS = ("long", "wide", "metapsy", "two_arms", "several_arms")
PATIENT_COLUMNS = ("study", "subject", "arm", "period", "hours", "visit", "date", "start", "scale", "score", "baseline",
                   "dose")  # fmt: skip
COLUMNS = tuple(
    dict.fromkeys((*PATIENT_COLUMNS, "change", "site", "age", "sex", "outcome", "year", "doi", "registry", *ARM_NUMBERS,
                   *ARM_WORDS, *EFFECT_COLUMNS))
)  # fmt: skip
ARM_KEYS = (*ARM_TRAITS, "label")
TEXT, NUMBER, LIST, TABLE, FLAG = (str,), (int, float), (list,), (dict,), (bool,)
KEYS: Mapping[str, tuple[type, ...]] = {
    "file": TEXT, "subjects": TEXT, "codebook": TEXT, "codebook_sheet": TEXT, "header_lines": (int,),
    "sheet": TEXT, "encoding": TEXT, "delimiter": TEXT, "decimal": TEXT,
    "layout": TEXT, "grain": TEXT,
    "study": TEXT, "scale": TEXT, "outcome": TEXT, "definition": TEXT, "measure": TEXT, "favours_drug": TEXT,
    "level": NUMBER, "confirmed": FLAG, "missing": LIST, "once_per_subject": LIST, "date_format": TEXT,
    "arms_by": TEXT, "may_be_missing": (int,), "entry_score": NUMBER, "columns": TABLE, "time": TABLE, "visits": TABLE,
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


@dataclass(frozen=True)
class Recipe:
    """A read and checked recipe; each field is the key of that name, `source` the recipe's own file."""

    source: Path
    file: Path
    subjects: Path | None = None
    codebook: Path | None = None
    codebook_sheet: str | None = None
    header_lines: int | None = None
    grain: str = "patients"
    layout: str = "long"
    sheet: str | None = None
    encoding: str | None = None
    delimiter: str | None = None
    decimal: str | None = None
    study: str | None = None
    scale: str | None = None
    outcome: str | None = None
    definition: str | None = None
    measure: str | None = None
    favours_drug: str | None = None
    level: float = 0.95
    confirmed: bool = False
    missing: tuple[Any, ...] = ()
    once_per_subject: tuple[str, ...] = ()
    date_format: str | None = None
    arms_by: str = "arm"
    may_be_missing: int | None = None
    entry_score: float | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    time: Mapping[str, Any] = field(default_factory=dict)
    visits: Mapping[str, float | str] = field(default_factory=dict)
    wide: Mapping[str, Any] = field(default_factory=dict)
    items: Mapping[str, list[str]] = field(default_factory=dict)
    filter: Mapping[str, list[Any]] = field(default_factory=dict)
    arms: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    scales: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    scores: Mapping[str, str] = field(default_factory=dict)
    scale_names: Mapping[str, str] = field(default_factory=dict)
    doses: Mapping[str, float] = field(default_factory=dict)


def find_recipe(path: str | Path) -> Path | None:
    """The recipe of a file: the file itself when it is one, else the dataset.toml or FILE.toml beside it that names it.

    Raises DatasetError when such a recipe lies beside the file and is broken.
    """
    path = Path(path)
    if path.suffix.lower() == ".toml":
        return path
    for beside in (path.parent / NAME, path.with_suffix(".toml")):
        if beside.is_file() and _parsed(beside).get("file") == path.name:
            return beside
    return None


def free_recipe(path: Path) -> Path:
    """Where a new recipe of the file goes: dataset.toml, or FILE.toml where that one is another file's."""
    beside = path.parent / NAME
    own = not beside.is_file() or _parsed(beside).get("file") == path.name
    return beside if own else path.with_suffix(".toml")


def load_recipe(path: str | Path) -> Recipe:
    """The recipe in a TOML file, every key and word checked.

    Raises DatasetError naming each unknown key or word with the nearest valid one, and each value of a wrong type.
    """
    path = Path(path)
    return recipe_of(_parsed(path), path)


def recipe_of(settings: Mapping[str, Any], path: Path) -> Recipe:
    """The recipe of the words of a TOML file that stands, or is to stand, at `path`; DatasetError as `load_recipe`."""
    own = settings.get("scales")
    if isinstance(own, dict):
        define_scales({name: words for name, words in own.items() if isinstance(words, dict)}, path.name)
    problems = [*_key_problems(settings), *_word_problems(settings)]
    if problems:
        raise DatasetError(
            problem_table(path.name, [(None, key, value, rule, fix) for key, value, rule, fix in problems])
        )
    plain: dict[str, Any] = {k: tuple(one) if isinstance(one, list) else one for k, one in settings.items()}
    files = {key: path.parent / settings[key] for key in ("file", "subjects", "codebook") if key in settings}
    return Recipe(source=path, **(plain | files))


def wrong_answer(text: str, table: str, key: str) -> str:
    """Why the answer in one line of a recipe's text cannot be; "" where it can."""
    settings = tomllib.loads(text)
    place = f"{table}.{key}" if table else key
    for told, value, rule, fix in [*_key_problems(settings), *_word_problems(settings)]:
        if (told == place or told.startswith(f"{place}.")) and value not in ("?", ASK):
            return f"{value!r} is not {rule}: {fix}"
    return ""


def _parsed(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise one_problem(str(path), "the recipe exists", "write one with: ketamine-analysis new FILE")
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except tomllib.TOMLDecodeError as error:
        raise one_problem(path.name, "a recipe in TOML", f"{error}: correct that line") from None
    except UnicodeDecodeError:
        raise one_problem(path.name, "UTF-8 text", "save the recipe as UTF-8") from None
    except PermissionError:
        raise one_problem(path.name, "a file that may be read", "you lack the permission to read it") from None


Found = tuple[str, Any, str, str]  # key, value, rule, fix


def _key_problems(settings: Mapping[str, Any]) -> list[Found]:
    found: list[Found] = []
    for key, value in settings.items():
        if key not in KEYS:
            fix = f"known keys: {', '.join(KEYS)}{nearest(key, KEYS)}"
            found.append((key, None, "a known key", fix))
        elif not isinstance(value, KEYS[key]) or (isinstance(value, bool) and bool not in KEYS[key]):
            found.append((key, str(value), "a value of the right kind", f"{key} is {WORDS[KEYS[key][-1]]}"))
    if "file" not in settings:
        found.append(("file", None, "the data file is named", 'say file = "…", relative to the recipe'))
    for key, allowed in (("columns", COLUMNS), ("time", ("unit", "first_dose", "nominal"))):
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


def _word_problems(settings: Mapping[str, Any]) -> list[Found]:
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
    nominal = time.get("nominal", [0]) if isinstance(time, dict) else [0]
    if not (isinstance(nominal, list) and nominal and all(type(one) in (int, float) for one in nominal)):
        found.append(
            ("time.nominal", str(nominal), "a value of the right kind", "hours in a list, such as [0, 24, 168]")
        )
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
    number = isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < float("inf")
    if number or (value == DROP and not place.startswith("doses.")):
        return []
    return [(place, str(value), "hours as a number", f'write hours since first dose, such as 168, or "{DROP}"')]
