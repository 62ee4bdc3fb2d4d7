"""Problems in the words of the file: its own column names, and a row of a wide file once."""

from __future__ import annotations

import pandas as pd

from .recipe import Recipe

ONE_TIME = "one score per subject, scale and time"


def in_file_words(problems: pd.DataFrame, frame: pd.DataFrame, lines: pd.Series, recipe: Recipe | None) -> pd.DataFrame:
    """The problems with the file's names for the library's columns; frame, lines : what was checked, and its rows.

    A score of a wide file is named by its column (MADRS_D7), and what is wrong with a whole row stands there once.
    """
    if recipe is None or problems.empty:
        return problems
    found = problems.copy()
    if recipe.layout == "wide":
        score = found["column"].eq("score") & found["row"].notna()
        named = _wide_columns(found[score], frame, lines, recipe)
        twice = found["rule"].eq(ONE_TIME)
        subject = dict(zip(lines, frame["subject"].astype(object), strict=True)) if twice.any() else {}
        found.loc[twice, "value"] = found.loc[twice, "row"].map(subject)
        found.loc[twice, "column"] = "subject"
        found.loc[score, "column"] = named
        rest = found.duplicated(["row", "column", "rule"]) & ~score
        found = found[~rest].reset_index(drop=True)
    return found.assign(column=found["column"].map(lambda name: recipe.columns.get(name, name)))


def _wide_columns(scores: pd.DataFrame, frame: pd.DataFrame, lines: pd.Series, recipe: Recipe) -> pd.Series:
    """The wide column in which each doubted score stands; "score" where it may be several."""
    told = {name: moment if isinstance(moment, dict) else {"hours": moment} for name, moment in recipe.wide.items()}
    names = {(str(one["hours"]), one.get("scale", recipe.scale)): name for name, one in told.items()}
    at = {(float(hours), scale): name for (hours, scale), name in names.items() if hours != "drop"}
    rows = frame.assign(_row=lines.to_numpy())[lines.isin(scores["row"]).to_numpy()]
    places: dict[tuple, set[str]] = {}
    for line, value, hours, scale in zip(rows["_row"], rows["score"], rows["hours"], rows["scale"], strict=True):
        places.setdefault((line, str(value)), set()).add(at.get((float(hours), scale), "score"))
    keys = zip(scores["row"], scores["value"], strict=True)
    where = [places.get((line, str(value)), set()) for line, value in keys]
    return pd.Series([next(iter(one)) if len(one) == 1 else "score" for one in where], index=scores.index, dtype=object)
