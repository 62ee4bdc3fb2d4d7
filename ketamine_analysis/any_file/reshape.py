"""A file and its recipe to the library's table: filters, items, wide columns, visits and dates, arms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from ..effects.effects_read import NUMBERS as EFFECT_NUMBERS
from ..errors import nearest, one_problem
from ..outcomes.scales import NOT_STATED, define_scales_beside
from ..reading.formats import RawTable, read_table
from ..reading.raw_tables import labelled, numbered, with_words, without_codes
from ..reading.result_layouts import is_sided, one_row_an_arm, with_unsaid
from ..reading.visits import DROP
from .codebook_file import with_codebook
from .metapsy import metapsy_to_arms
from .recipe import Recipe
from .recipe_arms import with_arms
from .recipe_checks import ARM_KEYS, COLUMNS
from .recipe_scales import need, with_scales, with_totals
from .recipe_times import with_hours
from .subjects_file import with_subjects

NUMBERS = ("hours", "score", "baseline", "change", "events", "percent", "mean", "sd", *EFFECT_NUMBERS)
COVARIATES = ("site", "age", "sex")


@dataclass(frozen=True)
class RawDataset:
    """A dataset in the library's columns, not yet checked: `frame` with `_line`, its grain, file and notes."""

    frame: pd.DataFrame
    grain: str
    file: str
    notes: tuple[str, ...] = ()
    recipe: Recipe | None = None
    missing: Mapping[str, Mapping[Any, int]] = field(default_factory=dict)
    doubts: tuple[str, ...] = ()


def apply_recipe(recipe: Recipe) -> RawDataset:
    """The recipe's file in the library's columns. Raises DatasetError where recipe and file do not fit."""
    define_scales_beside(recipe.file)
    raw = read_table(
        recipe.file,
        sheet=recipe.sheet,
        encoding=recipe.encoding,
        delimiter=recipe.delimiter,
        decimal=recipe.decimal,
        header_lines=recipe.header_lines,
    )
    if recipe.codebook is not None:
        raw = with_codebook(raw, recipe.codebook, recipe.codebook_sheet, recipe.file.name)
    if recipe.subjects is not None:
        key = recipe.columns.get("subject", "subject")
        raw = with_subjects(raw, read_table(recipe.subjects), key, recipe.file.name, recipe.subjects.name)
    frame, notes = _prepared(raw, recipe)
    if recipe.layout == "metapsy":
        frame = metapsy_to_arms(frame, recipe.source.name)
    else:
        if recipe.layout == "wide" and "subject" not in recipe.columns and recipe.grain == "patients":
            frame = numbered(frame)
            notes.append("no column names the patients: each row is one, called by its number in the file")
        frame = _melted(frame, recipe) if recipe.layout == "wide" else frame
        frame, dropped = _named(frame, recipe)
        notes += dropped
    if recipe.layout in ("two_arms", "several_arms"):
        frame = one_row_an_arm(frame, recipe.columns, recipe.source.name, recipe.layout)
    frame, told = with_scales(frame, recipe)
    notes += told
    frame = with_words(frame)
    frame = _constants(frame, recipe)
    if recipe.layout not in ("wide", "metapsy"):
        frame, told = with_hours(frame, recipe)
        notes += told
    frame, told = with_arms(frame, recipe)
    notes += told
    grain = recipe.grain
    frame = with_unsaid(frame, NOT_STATED) if grain == "arms" and recipe.layout != "metapsy" else frame
    if "change" in frame and grain == "patients":
        frame, grain, words = _from_changes(frame, recipe)
        notes.append(words)
    if frame.empty:
        fix = f"none of {len(raw.frame)} is left: look at [filter], [visits], [time] nominal and [scale_names]"
        raise one_problem(recipe.source.name, "at least one row", fix)
    return RawDataset(frame, grain, recipe.file.name, (*raw.notes, *notes), recipe, raw.missing, raw.doubts)


def _prepared(raw: RawTable, recipe: Recipe) -> tuple[pd.DataFrame, list[str]]:
    """Filtered rows, codes for missing blank, items summed."""
    items = [name for columns in recipe.items.values() for name in columns]
    totals = recipe.scores.values()
    sided = {theirs for name, theirs in recipe.columns.items() if is_sided(name) and not name.startswith("treatment")}
    numbers = {*items, *recipe.wide, *totals, *sided, *(recipe.columns.get(name, name) for name in NUMBERS)}
    need(raw.frame, [*items, *(name for name in recipe.wide if name not in recipe.items), *recipe.filter], recipe)
    frame, notes = labelled(raw, numbers), []
    for name, codes in raw.missing.items():
        told = ", ".join(f"{_plain(code)} ({count}×)" for code, count in codes.items())
        notes += [f"{name}: the file itself calls missing {told}"] if told else []
    frame = _filled(frame, recipe)  # before the filter: the arm may stand on a row of another form
    for name, kept in recipe.filter.items():
        frame = _kept(frame, name, kept, recipe)
        notes.append(f"only rows with {name} = {', '.join(str(value) for value in kept)}: {len(frame)}")
    for name in [name for name in frame.columns if name in numbers]:
        before, frame = frame[name], without_codes(frame, name, recipe.missing)
        counts = before[before.notna() & frame[name].isna()].astype(str).value_counts()
        told = ", ".join(f"{code.removesuffix('.0')} ({count}×)" for code, count in counts.items())
        notes += [f"{name}: read as missing {told}"] if told else []
    frame, summed = with_totals(frame, recipe)
    return frame, [*notes, *summed]


def _kept(frame: pd.DataFrame, name: str, kept: list[Any], recipe: Recipe) -> pd.DataFrame:
    words = frame[name].map(_plain, na_action="ignore").astype(object).fillna("")  # "" keeps the blank cells
    wanted = [_plain(value) for value in kept]
    there = list(dict.fromkeys(words))
    for value in wanted:
        if value not in there:
            fix = f"no row has it; the column holds {', '.join(there[:10])}{nearest(value, there)}"
            raise one_problem(recipe.source.name, "a value of the column", fix, column=f"filter.{name}", value=value)
    return frame[words.isin(wanted)].reset_index(drop=True)


def _plain(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _melted(frame: pd.DataFrame, recipe: Recipe) -> pd.DataFrame:
    """One row a subject and wide column, the row's line kept."""
    if not recipe.wide:
        raise one_problem(recipe.source.name, "a wide file has visits", "name each column: [wide], column = hours")
    need(frame, list(recipe.wide), recipe)
    parts = []
    rest = frame.drop(columns=[*recipe.wide])
    for name, moment in recipe.wide.items():
        told = moment if isinstance(moment, dict) else {"hours": moment}
        if told.get("hours") == DROP:
            continue
        part = rest.assign(hours=float(told["hours"]), score=frame[name])
        parts.append(part.assign(scale=told["scale"]) if "scale" in told else part)
    return pd.concat(parts, ignore_index=True)


def _named(frame: pd.DataFrame, recipe: Recipe) -> tuple[pd.DataFrame, list[str]]:
    """The file's columns under the library's names; one that bears such a name without being named is left out."""
    made = ("hours", "score", "scale", "subject") if recipe.layout == "wide" else ()
    summed = {name: name for name in recipe.items if name in frame}
    named = {name: theirs for name, theirs in recipe.columns.items() if not (name in made and theirs == name)}
    need(frame, [theirs for theirs in named.values() if theirs not in summed], recipe)
    stray = [name for name in frame.columns if name in COLUMNS and name not in (*named.values(), *made, *COVARIATES)]
    twice = [theirs for theirs in set(named.values()) if list(named.values()).count(theirs) > 1]
    copies = {name: frame[theirs] for name, theirs in named.items() if theirs in twice}
    frame = frame.drop(columns=[*stray, *twice])
    frame = frame.rename(columns={theirs: name for name, theirs in named.items() if theirs not in twice})
    notes = [f"column {name!r} of the file is not named under [columns] and left out" for name in stray]
    return frame.assign(**copies), notes


def _constants(frame: pd.DataFrame, recipe: Recipe) -> pd.DataFrame:
    words = ("scale", "outcome", "definition", "measure", "favours_drug")
    values = {name: getattr(recipe, name) for name in words}
    values["study"] = recipe.study or recipe.file.stem
    for name, value in values.items():
        if value is None or (name == "study" and name in frame and recipe.study is None):
            continue
        if name not in frame:
            frame = frame.assign(**{name: value})
        elif name in recipe.columns:
            fix = f"{name} = {value!r} and [columns] {name} = {recipe.columns[name]!r} both stand there: keep one"
            raise one_problem(recipe.source.name, f"one {name}", fix, column=name)
        else:
            frame = frame.assign(**{name: frame[name].fillna(value)})
    return frame


def _filled(frame: pd.DataFrame, recipe: Recipe) -> pd.DataFrame:
    """What stands once per subject (an arm at randomisation) on each of the subject's rows."""
    key = [recipe.columns[name] for name in ("study", "subject") if recipe.columns.get(name) in frame]
    for name in recipe.once_per_subject:
        column = recipe.columns.get(name, name)
        if column not in frame or "subject" not in recipe.columns:
            raise one_problem(recipe.source.name, "a named column", f"[columns] names no {name!r}", "once_per_subject")
        first = frame.groupby(key, dropna=False)[column].transform("first")
        frame = frame.assign(**{column: first.where(frame[column].isna(), frame[column])})
    return frame


def _from_changes(frame: pd.DataFrame, recipe: Recipe) -> tuple[pd.DataFrame, str, str]:
    """Change scores: with a baseline they are scores; without one only their means can be used, so they become arms."""
    change = pd.to_numeric(frame["change"], errors="coerce")
    if recipe.change_is == "baseline_minus_score":
        change = -change
    if "score" in frame:
        return (
            frame.drop(columns="change"),
            "patients",
            "change: the score is there too, the change is computed from it",
        )
    if "baseline" in frame:
        score = pd.to_numeric(frame["baseline"], errors="coerce") + change
        return frame.assign(score=score).drop(columns="change"), "patients", "score: baseline + change"
    for name, how in (("hours", "[time] hours = 24, or name the column of times"), ("arm", "[columns] arm = …")):
        if name not in frame:
            raise one_problem(recipe.source.name, "column present", f"changes need it: {how}", name)
    words = [key for key in ARM_KEYS if key in frame and key != "arm"]
    grouped = frame.assign(change=change).groupby(["study", "arm", *words, "hours", "scale"], dropna=False, sort=False)
    table = grouped.agg(n=("change", "count"), mean=("change", "mean"), sd=("change", "std"), _line=("_line", "first"))
    table = table[table["n"] > 0].reset_index().assign(outcome="change", analysis="observed", source="patient data")
    return (
        table,
        "arms",
        "change without a baseline: no score, response or remission can be known; mean changes of arms",
    )
