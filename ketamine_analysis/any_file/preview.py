"""How a file would be read by a recipe that still has open questions: its first rows, and who was seen when."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from ..errors import DatasetError, describe_problems
from ..reading.visits import ASK, DROP
from ..words import numeric
from .questions import OPEN
from .recipe import recipe_of
from .recipe_checks import COLUMNS
from .reshape import apply_recipe

ROWS = 6


@dataclass(frozen=True)
class Preview:
    """`rows` : the first rows as they will be read. `counts` : scores (or results) by arm and hours. `words` : why not.

    What is still open is left out of both: a visit without hours, a column that is not named.
    """

    rows: pd.DataFrame
    counts: pd.DataFrame
    words: str = ""


def preview(text: str, source: Path) -> Preview:
    """The preview of a recipe's text; source : where the recipe is to stand."""
    nothing = pd.DataFrame()
    try:
        recipe = recipe_of(_without_open(tomllib.loads(text)), source)
        frame = apply_recipe(recipe).frame.drop(columns="_line")
    except DatasetError as error:
        return Preview(nothing, nothing, describe_problems(error.problems, 3))
    return Preview(frame[[name for name in COLUMNS if name in frame]].head(ROWS), _counts(frame))


def _counts(frame: pd.DataFrame) -> pd.DataFrame:
    held = next((name for name in ("score", "events", "mean", "estimate") if name in frame), None)
    if held is None or "arm" not in frame:
        return pd.DataFrame()
    by = [name for name in ("scale", "arm") if name in frame and (name == "arm" or frame[name].nunique() > 1)]
    there = frame.assign(there=numeric(frame[held]).notna(), hours=numeric(frame["hours"]) if "hours" in frame else 0.0)
    counts = there.pivot_table(index=by, columns="hours", values="there", aggfunc="sum", dropna=False)
    return counts.rename(columns="{:g} h".format).reset_index().rename_axis(columns=None)


def _without_open(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The recipe's words without those that still ask: a visit that asks is dropped."""
    kept: dict[str, Any] = {}
    for key, value in settings.items():
        if isinstance(value, dict) and key in ("visits", "wide"):
            kept[key] = {name: _moment(one) for name, one in value.items()}
        elif isinstance(value, dict):
            kept[key] = _without_open(value)
        elif value not in OPEN:
            kept[key] = value
    return kept


def _moment(value: Any) -> Any:
    asked = value.get("hours") if isinstance(value, dict) else value
    return DROP if asked in (ASK, *OPEN) else value
