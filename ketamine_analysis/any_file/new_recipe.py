"""Writes the recipe of a file: best guesses, how sure each is and why, as TOML that a person corrects and confirms."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..errors import describe_problems, one_problem
from ..folders import write_whole
from ..outcomes.scales import NOT_STATED
from ..reading.formats import RawTable, read_table
from ..reading.workbooks import WORKBOOKS
from .codebook_file import plan_codebook
from .examination import errors_of_recipe
from .recipe import free_recipe
from .recipe_of_patients import plan_patients
from .recipe_of_results import plan_results
from .recipe_plan import MANY, Plan
from .recognise import SURE, Guess, convention, guess_columns, guess_visits, words_of
from .recognise_arms import guess_arms
from .subjects_file import plan_subjects

NOMINAL = "# nominal = [0, 24, 168]  # hours of the planned visits, where subjects were seen at times of their own"
NOTES = {  # beside the heads of the tables
    "columns": "the library's name = the file's column; columns not named here are kept as they are",
    "time": "of the column hours: minutes, hours, days, weeks, study_days (day 1 = first dose, no day 0)",
    "visits": 'hours since first dose, or "drop"',
    "doses": "hours since first dose of each dose, to which the times since it are added",
    "wide": 'column = hours since first dose of its visit, or "drop"',
    "scores": "scale = the column of its scores",
    "scale_names": 'what the column of scales calls it = a known scale, or "drop"',
    "items": "new column = its items, in the scale's order; missing items by the scale's rule",
    "filter": "only rows with these values are read",
    "arms": "role is active or control; a control needs a control_kind (placebo, active_placebo, …)",
}
OWN_SCALE = """# a scale that is not known here: name it in scale = "…", take away the signs "#", and say what it is
# [scales."our mood scale"]
# minimum = 0
# maximum = 40
# citation = "our clinic's manual"  # where its range and direction are from
# higher_is_worse = true  # false: a higher score is better
# remission = { "<=8" = "our clinic's manual" }  # may be left out
"""
HEAD = """# How to read {file}. Written by `ketamine-analysis new`; correct it here, no code is needed.
# Each line says how sure it is: sure, likely, GUESS. Times are hours since first dose.
"""


def write_recipe(
    path: str | Path,
    *,
    out: str | Path | None = None,
    sheet: str | None = None,
    answers: Callable[[str], str] | None = None,
) -> Path:
    """Inspects a file and writes `dataset.toml` beside it (FILE.toml where that is another file's); the recipe's path.

    out : another place for the recipe. sheet : of a workbook with several. answers : takes the recipe's text and gives
    it with what a person answered (`--ask` of the command line).
    Raises DatasetError for a file that cannot be read, and where a recipe exists already.
    """
    path = Path(path)
    target = Path(out) if out is not None else free_recipe(path)
    if path.exists() and target.exists():
        raise one_problem(
            str(target), "no recipe there yet", "it is not overwritten: edit and check it, remove it, or say --out"
        )
    text = recipe_text(path, sheet=sheet, base=target.parent)
    if answers is not None:
        text = answers(text)
        more = with_follow_ups(text, read_table(path, sheet=sheet))
        text = _settled(text if more == text else answers(more), target)
    try:
        write_whole({target: text})
    except OSError as error:
        raise one_problem(str(target), "a place that can be written", f"{error.strerror}: say --out") from None
    return target


def with_follow_ups(text: str, raw: RawTable) -> str:
    """The recipe with [visits] or [arms] where a person has named the column, and no table tells of its labels."""
    told = tomllib.loads(text)
    for name, table, guess in (("visit", "visits", guess_visits), ("arm", "arms", guess_arms)):
        column = told.get("columns", {}).get(name, "?")
        labels = words_of(raw, column) if column in raw.frame and table not in told else []
        if labels and len(labels) <= MANY and not (name == "visit" and told.get("time")):
            lines = [f"\n[{table}]  # {NOTES[table]}", *(_line(key, one) for key, one in guess(labels).items())]
            asked = f"confirmed = false  # guessed: {table}. Read those lines, correct them, then write true"
            text = re.sub(r"(?m)^confirmed = .*$", asked, text).rstrip("\n") + "\n".join(["", *lines, ""])
    return text


def _settled(text: str, target: Path) -> str:
    """An answered recipe, unconfirmed again where `check` finds errors with it, which stand at its end."""
    errors = errors_of_recipe(text, target)
    if errors.empty:
        return text
    text = re.sub(r"(?m)^confirmed = true.*$", "confirmed = false  # check finds errors: they stand below", text)
    return text + "".join(f"# {line}\n" for line in describe_problems(errors, 5).splitlines())


def recipe_text(path: Path, *, sheet: str | None = None, base: Path | None = None) -> str:
    """The recipe of a file as commented TOML."""
    raw = read_table(path, sheet=sheet)
    chosen = sheet or (raw.notes[0].split("'")[1] if path.suffix.lower() in WORKBOOKS else "")
    raw, codebook = plan_codebook(path, raw, chosen)
    raw, subjects = plan_subjects(path, raw, base or path.parent)
    plan = Plan(raw, guess_columns(raw))
    kind = convention(raw.frame.columns)
    name = path.name if base is None or base.resolve() == path.parent.resolve() else str(path.resolve())
    plan.top["file"] = Guess(name, SURE, "; ".join(raw.notes) or f"read as {path.suffix}")
    if subjects is not None:
        plan.top["subjects"] = subjects
    if chosen:
        plan.top["sheet"] = Guess(chosen, SURE, "the sheet with the table")
    plan.top |= codebook
    if kind in ("ADaM", "REDCap") or not plan_results(plan, path):
        plan_patients(plan, path, kind)
    return _toml(plan, path)


def _toml(plan: Plan, path: Path) -> str:
    lines = [HEAD.format(file=path.name)]
    lines += [_line(key, guess) for key, guess in plan.top.items()]
    doubts = list(dict.fromkeys(plan.doubts))
    words = (
        f"guessed: {', '.join(doubts)}. Read those lines, correct them, then write true"
        if doubts
        else "nothing is guessed"
    )
    lines += [f"confirmed = {'false' if doubts else 'true'}  # {words}"]
    lines += [f"# {note}" for note in plan.notes]
    if plan.top["grain"].value == "patients":
        lines.append("# entry_score = 20  # the trial's entry criterion: write it, and lower baselines are doubted")
    lines.append("")
    tables = {"columns": plan.columns, **plan.tables}
    if "date" in plan.columns:
        tables.setdefault("time", {})
    for name, table in tables.items():
        if table or name == "time":
            lines += [f"[{name}]  # {NOTES[name]}", *(_line(key, guess) for key, guess in table.items())]
            lines += [NOMINAL] if name == "time" else []
            lines.append("")
    if plan.top.get("scale") is not None and plan.top["scale"].value in ("?", NOT_STATED):
        lines.append(OWN_SCALE)
    return "\n".join(lines).rstrip() + "\n"


def _line(key: str, guess: Guess) -> str:
    evidence = " ".join(guess.evidence.split())  # a label's line break must not end the comment
    why = f": {evidence}" if evidence else ""
    return f"{_key(key)} = {_value(guess.value)}  # {guess.confidence}{why}"


def _key(key: str) -> str:
    plain = key.isascii() and key.replace("_", "").replace("-", "").isalnum()
    return key if plain else _value(key)


def _value(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{_key(key)} = {_value(one)}" for key, one in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(_value(one) for one in value) + "]"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")  # a JSON string is a TOML basic string
    return f"{value:.10g}" if isinstance(value, float) else str(value)
