"""Scales of a dataset as the recipe names them: items summed, one column a scale, or a column that holds the scales."""

from __future__ import annotations

import pandas as pd

from ..errors import DatasetError, nearest, one_problem, problem_table
from ..reading.items import sum_items
from ..reading.visits import DROP
from .recipe import Recipe


def with_totals(frame: pd.DataFrame, recipe: Recipe) -> tuple[pd.DataFrame, list[str]]:
    """The items of each total of [items] summed by their scale's rule, and notes."""
    notes = []
    for name, columns in recipe.items.items():
        scale = _scale_of(name, recipe)
        total = sum_items(
            frame, items=columns, scale=scale, may_be_missing=recipe.may_be_missing, file=recipe.file.name,
            lines=frame["_line"],
        )  # fmt: skip
        frame = frame.drop(columns=columns).assign(**{name: total})
        notes.append(f"{name}: sum of {len(columns)} items of {scale}")
    return frame, notes


def _scale_of(name: str, recipe: Recipe) -> str:
    told = recipe.wide.get(name)
    scale = told.get("scale", recipe.scale) if isinstance(told, dict) else recipe.scale
    scale = next((one for one, column in recipe.scores.items() if column == name), scale)
    if scale is None:
        raise one_problem(recipe.source.name, "a scale for the items", 'say scale = "…"', column=f"items.{name}")
    return str(scale)


def with_scales(frame: pd.DataFrame, recipe: Recipe) -> tuple[pd.DataFrame, list[str]]:
    """One row a score: [scores] puts one scale's column under the other, [scale_names] names what a column calls them.

    Raises DatasetError for absent columns and for a value of the column of scales that [scale_names] does not name.
    """
    if recipe.scores:
        return _one_below_another(frame, recipe)
    if recipe.scale_names:
        return _with_names(frame, recipe)
    return frame, []


def _one_below_another(frame: pd.DataFrame, recipe: Recipe) -> tuple[pd.DataFrame, list[str]]:
    for name in ("score", "scale"):
        if name in recipe.columns:
            fix = f"[scores] names a column for each scale: remove [columns] {name}"
            raise one_problem(recipe.source.name, f"one place for each {name}", fix, name, recipe.columns[name])
    need(frame, list(recipe.scores.values()), recipe)
    rest = frame.drop(columns=list(dict.fromkeys(recipe.scores.values())))
    parts = [rest.assign(scale=scale, score=frame[column]) for scale, column in recipe.scores.items()]
    told = ", ".join(f"{scale} from {column!r}" for scale, column in recipe.scores.items())
    table, notes = pd.concat(parts, ignore_index=True), [f"several scales, each a column: {told}"]
    look = [name for name in ("study", "period", "visit", "hours") if name in table]
    asked = table.groupby(["scale", *look], dropna=False)["score"].transform("count") > 0
    if not asked.all() and {"visit", "hours"} & set(look):  # a visit at which nobody was asked was not planned for it
        left = table[~asked].groupby("scale", sort=False)[look[-1]].unique()
        notes += [f"{scale}: nobody has a score at {', '.join(map(str, times))}" for scale, times in left.items()]
        table = table[asked].reset_index(drop=True)
    return table, notes


def _with_names(frame: pd.DataFrame, recipe: Recipe) -> tuple[pd.DataFrame, list[str]]:
    if "scale" not in frame:
        fix = "[scale_names] is given: name the column that holds the scales, [columns] scale = …"
        raise one_problem(recipe.source.name, "column present", fix, "scale")
    values = frame["scale"].dropna().astype(str)
    there = list(dict.fromkeys(values))
    rows: list[tuple] = [
        (None, f"scale_names.{one}", None, "a value of the column", f"no row has it{nearest(one, there)}")
        for one in recipe.scale_names
        if one not in there
    ]
    rows += [
        (None, "scale_names", one, "every scale is named", f'say {one!r} = "MADRS" (a known scale) or "{DROP}"')
        for one in there
        if one not in recipe.scale_names
    ]
    if rows:
        raise DatasetError(problem_table(recipe.source.name, rows))
    named = frame["scale"].astype(object).map(lambda one: recipe.scale_names.get(str(one), one), na_action="ignore")
    kept = named != DROP
    counts = values[~kept[values.index]].value_counts(sort=False)
    left = ", ".join(f"{one} ({count}×)" for one, count in counts.items())
    return frame.assign(scale=named)[kept].reset_index(drop=True), [f"scales left out: {left}"] if left else []


def need(frame: pd.DataFrame, names: list[str], recipe: Recipe) -> None:
    """DatasetError for each of these columns that the file lacks."""
    present = [name for name in frame.columns if name != "_line"]
    absent = [name for name in dict.fromkeys(names) if name not in present]
    if absent:
        rows = [
            (None, name, None, "column present", f"{recipe.file.name} has no such column{nearest(name, present)}")
            for name in absent
        ]
        raise DatasetError(problem_table(recipe.source.name, rows))
