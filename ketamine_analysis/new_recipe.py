"""Writes the recipe of a file: best guesses, how sure each is and why, as TOML that a person corrects and confirms."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from .errors import one_problem
from .formats import WORKBOOKS, RawTable, read_table
from .metapsy import metapsy_arm
from .recipe import NAME, arm_words
from .recognise import (
    ARM_LEVEL,
    GUESS,
    LIKELY,
    SURE,
    Guess,
    convention,
    guess_arms,
    guess_columns,
    guess_date_format,
    guess_items,
    guess_missing,
    guess_scale,
    guess_unit,
    guess_visits,
    guess_wide,
    words_of,
)
from .scales import NOT_STATED, SCALES

MANY = 40  # different values: more are no arms and no visits
HEAD = """# How to read {file}. Written by `ketamine-analysis new`; correct it here, no code is needed.
# Each line says how sure it is: sure, likely, GUESS. Times are hours since first dose.
"""


@dataclass
class _Plan:
    """What is gathered for the recipe."""

    raw: RawTable
    columns: dict[str, Guess]
    top: dict[str, Guess] = field(default_factory=dict)
    tables: dict[str, dict[str, Guess]] = field(default_factory=dict)
    doubts: list[str] = field(default_factory=list)


def write_recipe(path: str | Path, *, out: str | Path | None = None, sheet: str | None = None) -> Path:
    """Inspects a file and writes `dataset.toml` beside it; the path of the recipe.

    out : another place for the recipe. sheet : of a workbook with several.
    Raises DatasetError for a file that cannot be read, and where a recipe exists already.
    """
    path = Path(path)
    target = Path(out) if out is not None else path.parent / NAME
    if path.exists() and target.exists():
        raise one_problem(str(target), "no recipe there yet", "it is not overwritten: edit it, remove it, or say --out")
    text = recipe_text(path, sheet=sheet, base=target.parent)
    try:
        target.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise one_problem(str(target), "a place that can be written", f"{error.strerror}: say --out") from None
    return target


def recipe_text(path: Path, *, sheet: str | None = None, base: Path | None = None) -> str:
    """The recipe of a file as commented TOML."""
    raw = read_table(path, sheet=sheet)
    plan = _Plan(raw, guess_columns(raw))
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
        _plan_patients(plan, path, kind)
    return _toml(plan, path)


def _is_arm_level(raw: RawTable, columns: Mapping[str, Guess]) -> bool:
    counts = "n" in raw.frame and bool({"events", "mean", "percent"} & set(raw.frame.columns))
    return counts and "score" not in columns


def _plan_metapsy(plan: _Plan) -> None:
    plan.top["grain"] = Guess("arms", SURE, "the columns follow Metapsy: two arms a row")
    plan.top["layout"] = Guess("metapsy", SURE, "condition_arm1 and condition_arm2")
    plan.columns = {}
    labels = [label for side in ("1", "2") for label in metapsy_arm(plan.raw.frame, side)]
    _plan_arms(plan, list(dict.fromkeys(labels)), "arm")


def _plan_arm_table(plan: _Plan, path: Path) -> None:
    plan.top["grain"] = Guess("arms", LIKELY, "n with events or means, and no score: one row an arm, time and outcome")
    columns = plan.columns
    for name, theirs in (("study", ("trial_id", "study_id", "trial")), ("arm", ("arm_id", "treatment"))):
        there = [one for one in theirs if one in plan.raw.frame]
        if there and name not in plan.raw.frame:
            columns[name] = Guess(there[0], LIKELY, f"a usual name for {name}")
    columns = {name: guess for name, guess in columns.items() if name in (*ARM_LEVEL, "study", "arm", "scale", "hours")}
    plan.columns = columns
    if "scale" not in plan.raw.frame:
        found = guess_scale([*plan.raw.column_labels.values(), path.stem])
        plan.top["scale"] = found or Guess(
            NOT_STATED, GUESS, "no column and no name tells the scale; counts may do without"
        )
        plan.doubts.append("scale")
    else:
        columns["scale"] = Guess("scale", SURE, "the library's own name")
    _plan_unit(plan)
    if "role" not in columns:
        by = "treatment" if "treatment" in columns and columns["treatment"].value != columns["arm"].value else "arm"
        _plan_arms(plan, words_of(plan.raw, columns[by].value), by)


def _plan_patients(plan: _Plan, path: Path, kind: str) -> None:
    raw, columns = plan.raw, plan.columns
    why = f"the columns follow {kind}" if kind else "one row a patient or visit"
    plan.top["grain"] = Guess("patients", SURE if kind else LIKELY, why)
    said = [raw.column_labels.get(name, "") for name in raw.frame.columns if name != "_line"]
    told = guess_wide(name for name in raw.frame.columns if name != "_line")
    if "study" not in columns:
        plan.top["study"] = Guess(path.stem, LIKELY, "the file's name; no column names the study")
    _plan_scale(plan, [*told, *said, *map(str, raw.frame.columns), path.stem], kind)
    scale = plan.top["scale"].value if "scale" in plan.top else ""
    items = guess_items(told, scale)
    visits = {column: one for column, one in told.items() if one.visit is not None}
    if len({one.visit for one in visits.values()}) > 1:
        _plan_wide(plan, told, items)
    else:
        plan.top["layout"] = Guess("long", LIKELY, "one row a patient and visit")
        _plan_long(plan, items, told)
    arm = columns.get("arm")
    if arm is not None and not ({"role", "treatment_class"} <= set(columns)):
        values = raw.frame[arm.value]
        if values.isna().any() and "subject" in columns:
            plan.top["once_per_subject"] = Guess(["arm"], LIKELY, f"{arm.value} is blank on some rows")
        _plan_arms(plan, words_of(raw, arm.value), "arm")
    plan.columns = {name: guess for name, guess in columns.items() if name not in _LEFT}
    for name in ("subject", "arm"):
        if name not in columns:
            plan.columns[name] = Guess("?", GUESS, "no column looks like it: name it")
            plan.doubts.append(name)


_LEFT = ("n", "events", "percent", "mean", "sd", "source", "use", "reason", "label", "outcome", "year")


def _plan_scale(plan: _Plan, texts: list[str], kind: str) -> None:
    raw = plan.raw
    for column in ("PARAMCD", "PARAM", "scale", "instrument", "questionnaire"):
        if column not in raw.frame:
            continue
        values = words_of(raw, column)
        if column == "scale" and set(values) <= set(SCALES):
            plan.columns["scale"] = Guess("scale", SURE, "the library's own name")
            return
        named = {value: guess_scale([value]) for value in values}
        counts = raw.frame[column].value_counts()
        fits = sorted((value for value in values if named[value]), key=lambda value: -counts.get(value, 0))
        if fits:
            found = named[fits[0]]
            assert_scale = found.value if found else ""
            others = [value for value in values if value != fits[0]]
            more = f"; also there: {', '.join(others[:6])}" if others else ""
            plan.tables["filter"] = {column: Guess([fits[0]], LIKELY, f"the rows of one scale{more}")}
            plan.top["scale"] = Guess(assert_scale, LIKELY, f"{column} = {fits[0]!r}")
            break
    if "scale" not in plan.top:
        plan.top["scale"] = guess_scale(texts) or Guess("?", GUESS, "no name tells it: write one of the known scales")
    if kind == "ADaM":
        for flag, kept in (("ANL01FL", "Y"),):
            if flag in raw.frame:
                plan.tables.setdefault("filter", {})[flag] = Guess(
                    [kept], LIKELY, "ADaM's flag of the analysis records"
                )
        if "DTYPE" in raw.frame:
            plan.tables.setdefault("filter", {})["DTYPE"] = Guess([""], LIKELY, "no derived rows (LOCF, averages)")
    if plan.top["scale"].confidence == GUESS:
        plan.doubts.append("scale")


def _plan_wide(plan: _Plan, told: Mapping[str, Any], items: Mapping[tuple[str, str | None], list[str]]) -> None:
    plan.top["layout"] = Guess("wide", LIKELY, "column names hold a scale and a visit")
    summed = {f"{stem}_{visit}": columns for (stem, visit), columns in items.items() if visit is not None}
    if summed:
        plan.tables["items"] = {name: Guess(columns, LIKELY, "its items") for name, columns in summed.items()}
    names = {name: name.rsplit("_", 1)[1] for name in summed}
    names |= {column: one.visit for column, one in told.items() if one.visit is not None and one.item is None}
    hours = guess_visits(list(dict.fromkeys(names.values())))
    wide: dict[str, Guess] = {}
    for name, visit in names.items():
        moment = hours[visit]
        stem = told[name].stem if name in told else name
        scale = guess_scale([stem])
        if scale is not None and scale.value != plan.top["scale"].value:
            moment = Guess({"hours": moment.value, "scale": scale.value}, moment.confidence, moment.evidence)
        wide[name] = moment
        plan.columns = {key: one for key, one in plan.columns.items() if one.value != name}
    plan.tables["wide"] = wide
    _plan_missing(plan, [*wide, *(one for columns in summed.values() for one in columns)])
    for name in ("hours", "visit", "score", "baseline", "change", "date"):
        plan.columns.pop(name, None)
    plan.doubts.append("wide")


def _plan_long(plan: _Plan, items: Mapping[tuple[str, str | None], list[str]], told: Mapping[str, Any]) -> None:
    columns, raw = plan.columns, plan.raw
    alone = {stem: names for (stem, visit), names in items.items() if visit is None}
    if alone:
        stem, names = next(iter(alone.items()))
        total = f"{stem}_total" if stem in raw.frame else stem
        plan.tables["items"] = {total: Guess(names, LIKELY, "numbered 1 … as the scale's items")}
        columns["score"] = Guess(total, LIKELY, "the sum of the items")
    elif "score" not in columns:
        named = [name for name in raw.frame.columns if name != "_line" and guess_scale([name]) and name not in told]
        named += [name for name, words in raw.column_labels.items() if guess_scale([words]) and name not in named]
        used = [one.value for one in columns.values()]
        named = [name for name in named if name not in used and pd.api.types.is_numeric_dtype(_number(raw.frame[name]))]
        if named:
            columns["score"] = Guess(named[0], LIKELY, "named after the scale")
    _plan_missing(plan, [columns[name].value for name in ("score", "baseline") if name in columns])
    if "score" in columns:
        columns.pop("change", None)
    visit = columns.get("visit")
    labels = words_of(raw, visit.value) if visit else []
    own_hours = "hours" in columns and columns["hours"].confidence == SURE
    if visit and labels and len(labels) <= MANY and not own_hours:
        plan.tables["visits"] = guess_visits(labels)
        columns.pop("hours", None)
        columns.pop("date", None)
        columns.pop("start", None)
        if any(isinstance(one.value, float) and one.value <= 0 for one in plan.tables["visits"].values()):
            columns.pop("baseline", None)
        plan.doubts.append("visits")
        return
    columns.pop("visit", None)
    if "hours" in columns:
        columns.pop("date", None)
        columns.pop("start", None)
        _plan_unit(plan)
        numbers = pd.to_numeric(raw.frame[columns["hours"].value], errors="coerce")
        first = 1 if plan.tables.get("time", {}).get("unit", Guess("", SURE, "")).value == "study_days" else 0
        if (numbers <= first).any():
            columns.pop("baseline", None)
    elif "date" in columns and "start" in columns:
        form = guess_date_format(pd.concat([raw.frame[columns[name].value] for name in ("date", "start")]))
        if form is not None:
            plan.top["date_format"] = form
        plan.doubts.append("time")
    else:
        columns["visit"] = Guess("?", GUESS, "no column looks like a time or visit: name it")
        plan.doubts.append("visit")


def _number(values: pd.Series) -> pd.Series:
    number = pd.to_numeric(values, errors="coerce")
    return number if number.notna().sum() >= 0.9 * values.notna().sum() else values.astype("str")


def _plan_unit(plan: _Plan) -> None:
    column = plan.columns.get("hours")
    if column is None:
        return
    unit = guess_unit(column.value, plan.raw.column_labels.get(column.value, ""))
    if not (unit.value == "hours" and unit.confidence == SURE):
        plan.tables["time"] = {"unit": unit}
        if unit.confidence == GUESS:
            plan.doubts.append("time")


def _plan_missing(plan: _Plan, columns: list[str]) -> None:
    codes = guess_missing(plan.raw, columns)
    if codes:
        plan.top["missing"] = Guess(list(codes), LIKELY, "; ".join(codes.values()))


def _plan_arms(plan: _Plan, labels: list[str], by: str) -> None:
    if len(labels) > MANY:
        return
    plan.tables["arms"] = {
        label: _with_own_class(plan, by, label, guess) for label, guess in guess_arms(labels).items()
    }
    if by != "arm":
        plan.top["arms_by"] = Guess(by, LIKELY, f"[arms] describes the values of {by}")
    plan.doubts.append("arms")


def _with_own_class(plan: _Plan, by: str, label: str, guess: Guess) -> Guess:
    """The class that the file itself gives to the rows of this label, where it is one of the known classes."""
    if "treatment_class" not in plan.columns or by not in plan.columns:
        return guess
    rows = plan.raw.frame[plan.raw.frame[plan.columns[by].value].astype("str") == label]
    own = rows[plan.columns["treatment_class"].value].dropna().unique()
    if len(own) != 1 or own[0] not in arm_words("treatment_class"):
        return guess
    return Guess(
        {**guess.value, "treatment_class": str(own[0])}, guess.confidence, f"{guess.evidence}; the file's class"
    )


def _toml(plan: _Plan, path: Path) -> str:
    lines = [HEAD.format(file=path.name)]
    lines += [_line(key, guess) for key, guess in plan.top.items()]
    doubts = list(dict.fromkeys(plan.doubts))
    words = (
        f"guessed: {', '.join(doubts)}. Read those lines, correct them, then write true"
        if doubts
        else "nothing is guessed"
    )
    lines += [f"confirmed = {'false' if doubts else 'true'}  # {words}", ""]
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
    for name, table in tables.items():
        if table:
            lines += [f"[{name}]  # {notes[name]}", *(_line(key, guess) for key, guess in table.items()), ""]
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
