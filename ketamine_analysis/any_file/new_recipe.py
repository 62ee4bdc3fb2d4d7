"""Writes the recipe of a file: best guesses, how sure each is and why, as TOML that a person corrects and confirms."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..errors import one_problem
from ..outcomes.scales import NOT_STATED
from ..reading.formats import WORKBOOKS, RawTable, read_table
from .metapsy import metapsy_arm
from .recipe import free_recipe
from .recipe_of_patients import plan_patients
from .recipe_plan import Plan, plan_arms, plan_unit
from .recognise import (
    ARM_LEVEL,
    GUESS,
    LIKELY,
    SURE,
    Guess,
    convention,
    guess_columns,
    guess_counts,
    guess_scale,
    spellings,
)

NOMINAL = "# nominal = [0, 24, 168]  # hours of the planned visits, where subjects were seen at times of their own"
HEAD = """# How to read {file}. Written by `ketamine-analysis new`; correct it here, no code is needed.
# Each line says how sure it is: sure, likely, GUESS. Times are hours since first dose.
"""


def write_recipe(path: str | Path, *, out: str | Path | None = None, sheet: str | None = None) -> Path:
    """Inspects a file and writes `dataset.toml` beside it (FILE.toml where that is another file's); the recipe's path.

    out : another place for the recipe. sheet : of a workbook with several.
    Raises DatasetError for a file that cannot be read, and where a recipe exists already.
    """
    path = Path(path)
    target = Path(out) if out is not None else free_recipe(path)
    if path.exists() and target.exists():
        raise one_problem(
            str(target), "no recipe there yet", "it is not overwritten: edit and check it, remove it, or say --out"
        )
    text = recipe_text(path, sheet=sheet, base=target.parent)
    try:
        target.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise one_problem(str(target), "a place that can be written", f"{error.strerror}: say --out") from None
    return target


def recipe_text(path: Path, *, sheet: str | None = None, base: Path | None = None) -> str:
    """The recipe of a file as commented TOML."""
    raw = read_table(path, sheet=sheet)
    plan = Plan(raw, guess_columns(raw))
    kind = convention(raw.frame.columns)
    name = path.name if base is None or base.resolve() == path.parent.resolve() else str(path.resolve())
    plan.top["file"] = Guess(name, SURE, "; ".join(raw.notes) or f"read as {path.suffix}")
    if sheet is not None or path.suffix.lower() in WORKBOOKS:
        plan.top["sheet"] = Guess(sheet or raw.notes[0].split("'")[1], SURE, "the sheet with the table")
    if kind:
        plan.top["grain"] = Guess("patients", SURE, f"the columns follow {kind}" if kind != "library" else "own names")
    if kind == "Metapsy":
        _plan_metapsy(plan)
    elif _is_arm_level(raw, plan.columns):
        _plan_arm_table(plan, path)
    else:
        plan_patients(plan, path, kind)
    return _toml(plan, path)


def _is_arm_level(raw: RawTable, columns: Mapping[str, Guess]) -> bool:
    counts = guess_counts(raw)
    return "n" in counts and bool({"events", "mean", "percent"} & set(counts)) and "score" not in columns


def _plan_metapsy(plan: Plan) -> None:
    plan.top["grain"] = Guess("arms", SURE, "the columns follow Metapsy: two arms a row")
    plan.top["layout"] = Guess("metapsy", SURE, "condition_arm1 and condition_arm2")
    plan.columns = {}
    labels = [label for side in ("1", "2") for label in metapsy_arm(plan.raw.frame, side)]
    plan_arms(plan, {label: [] for label in labels}, "arm")


def _plan_arm_table(plan: Plan, path: Path) -> None:
    plan.top["grain"] = Guess("arms", LIKELY, "n with events or means, and no score: one row an arm, time and outcome")
    columns = plan.columns
    for name, theirs in (("study", ("trial_id", "study_id", "trial")), ("arm", ("arm_id", "treatment"))):
        there = [one for one in theirs if one in plan.raw.frame]
        if there and name not in plan.raw.frame:
            columns[name] = Guess(there[0], LIKELY, f"a usual name for {name}")
    columns = {name: guess for name, guess in columns.items() if name in (*ARM_LEVEL, "study", "arm", "scale", "hours")}
    plan.columns = columns = columns | guess_counts(plan.raw)
    if "outcome" not in columns:
        _plan_outcome(plan)
    if "scale" not in plan.raw.frame:
        found = guess_scale([*plan.raw.column_labels.values(), path.stem])
        plan.top["scale"] = found or Guess(
            NOT_STATED, GUESS, "no column and no name tells the scale; counts may do without"
        )
        plan.doubts.append("scale")
    else:
        columns["scale"] = Guess("scale", SURE, "the library's own name")
    plan_unit(plan)
    if "role" not in columns:
        by = "treatment" if "treatment" in columns and columns["treatment"].value != columns["arm"].value else "arm"
        plan_arms(plan, spellings(plan.raw, columns[by].value), by)


def _plan_outcome(plan: Plan) -> None:
    """What is counted or measured, where no column says it."""
    column = str(plan.columns[next(name for name in ("events", "percent", "mean") if name in plan.columns)].value)
    words = column.casefold()
    if "respon" in words or "remi" in words:
        plan.top["outcome"] = Guess("response" if "respon" in words else "remission", LIKELY, f"{column!r} says so")
        return
    counted = not plan.columns.keys() & {"mean"}
    plan.top["outcome"] = Guess(
        "response" if counted else "change" if "change" in words else "score",
        GUESS,
        f"{column!r} does not say what is {'counted' if counted else 'measured'}",
    )
    plan.doubts.append("outcome")


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
    if plan.top["grain"].value == "patients":
        lines.append("# entry_score = 20  # the trial's entry criterion: write it, and lower baselines are doubted")
    lines.append("")
    tables = {"columns": plan.columns, **plan.tables}
    notes = {
        "columns": "the library's name = the file's column; columns not named here are kept as they are",
        "time": "of the column hours: minutes, hours, days, weeks, study_days (day 1 = first dose, no day 0)",
        "visits": 'hours since first dose, or "drop"',
        "wide": 'column = hours since first dose of its visit, or "drop"',
        "items": "new column = its items, in the scale's order; missing items by the scale's rule",
        "filter": "only rows with these values are read",
        "arms": "role is active or control; a control needs a control_kind (placebo, active_placebo, …)",
    }
    if "date" in plan.columns:
        tables.setdefault("time", {})
    for name, table in tables.items():
        if table or name == "time":
            lines += [f"[{name}]  # {notes[name]}", *(_line(key, guess) for key, guess in table.items())]
            lines += [NOMINAL] if name == "time" else []
            lines.append("")
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
