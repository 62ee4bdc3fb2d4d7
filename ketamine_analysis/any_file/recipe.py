"""The recipe: `dataset.toml` beside the data says which column is what. Data, not code; every word of it is checked."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..errors import DatasetError, one_problem, problem_table
from ..outcomes.scales import define_scales
from ..reading.visits import ASK
from .recipe_checks import key_problems, word_problems

NAME = "dataset.toml"


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
    change_is: str = "score_minus_baseline"
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
    problems = [*key_problems(settings), *word_problems(settings)]
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
    for told, value, rule, fix in [*key_problems(settings), *word_problems(settings)]:
        if (told == place or told.startswith(f"{place}.")) and value not in ("?", ASK):
            return f"{value!r} is not {rule}: {fix}"
    return ""


def _parsed(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise one_problem(str(path), "the recipe exists", "write one with: ketamine-analysis new FILE")
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise one_problem(path.name, "UTF-8 text", "save the recipe as UTF-8") from None
    except OSError as error:
        raise one_problem(path.name, "a file that may be read", f"{error.strerror}") from None
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise one_problem(path.name, "a recipe in TOML", f"{error}: correct that line") from None
    except (RecursionError, ValueError, OverflowError) as error:  # nested a thousand deep; a number no machine holds
        raise one_problem(path.name, "a recipe in TOML", f"{type(error).__name__}: is it damaged?") from None
