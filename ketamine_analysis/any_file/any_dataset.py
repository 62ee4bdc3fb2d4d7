"""A dataset of any shape, by its recipe or in the library's own columns: the checked table, or its arms."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from ..effects.effects_read import finish_effects
from ..errors import DatasetError, NotInData, one_problem, raise_on_errors
from ..outcomes.derive import derive_outcomes, summarize_arms
from ..reading.datasets import finish_arms, finish_scores, open_plain
from .file_words import in_file_words
from .plausibility import implausible
from .recipe import Recipe, find_recipe, load_recipe
from .reshape import RawDataset, apply_recipe


def read_dataset(path: str | Path) -> pd.DataFrame:
    """The checked table (`scores`, `arms` or `effects`) of a dataset; `table.attrs["grain"]` says which.

    path : a recipe, or a data file: read by the dataset.toml beside it that names it, else by the library's own
        column names. The grain is "patients", "arms" or "effects".
    Raises DatasetError with every problem, and for a recipe that is not confirmed.

    >>> from ketamine_analysis.folders import shipped_folder
    >>> table = read_dataset(shipped_folder("data") / "examples" / "simulated_results.csv")
    >>> table.attrs["grain"], table["arm"].unique().tolist()
    ('arms', ['experimental', 'control'])
    """
    data = open_dataset(path)
    if data.recipe is not None:
        check_confirmed(data.recipe)
    lines = data.frame["_line"]
    try:
        table = _finished(data)
    except DatasetError as error:
        raise DatasetError(in_file_words(error.problems, data.frame, lines, data.recipe)) from None
    raise_on_errors(implausible(table, data.grain, file=data.file))
    table.attrs["grain"] = data.grain
    return table


def _finished(data: RawDataset) -> pd.DataFrame:
    if data.grain == "patients":
        return finish_scores(data.frame, data.file)
    finish = finish_effects if data.grain == "effects" else finish_arms
    return finish(data.frame, data.file, level=data.recipe.level if data.recipe is not None else 0.95)


def read_as_arms(path: str | Path) -> pd.DataFrame:
    """The `arms` table of a dataset of either grain: patients are summarised (response, remission, change; observed).

    path : as for `read_dataset`. Raises NotInData for a table of effects, which holds no arms.
    """
    table = read_dataset(path)
    if table.attrs["grain"] == "effects":
        raise NotInData(f"{Path(path).name} holds effects, one contrast a row: it has no arms")
    return summarize_arms(derive_outcomes(table)) if table.attrs["grain"] == "patients" else table


def open_dataset(path: str | Path) -> RawDataset:
    """The dataset in the library's columns before it is checked, with notes on how it was read."""
    recipe = find_recipe(path)
    if recipe is not None:
        return apply_recipe(load_recipe(recipe))
    kind, frame, file = open_plain(path)
    notes, doubts = (tuple(frame.attrs.pop(name, ())) for name in ("notes", "doubts"))
    return RawDataset(frame, "patients" if kind == "scores" else kind, file, notes, doubts=doubts)


def check_confirmed(recipe: Recipe) -> None:
    """Raises DatasetError while the recipe's guesses wait for a person to confirm them."""
    if not recipe.confirmed:
        fix = "read its guesses (arms, scale, times), correct them, then write confirmed = true"
        raise one_problem(recipe.source.name, "the guesses are confirmed", fix, column="confirmed", value="false")
