"""The arms of a dataset as the recipe describes them: words of each label, one spelling, one group without a column."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from ..errors import DatasetError, nearest, one_problem, problem_table
from ..reading.arm_names import plain_name
from .recipe import Recipe
from .recipe_checks import ARM_KEYS
from .recipe_plan import ALL
from .recognise_arms import class_of_drug


def with_arms(frame: pd.DataFrame, recipe: Recipe) -> tuple[pd.DataFrame, list[str]]:
    """The rows with the words of [arms], and notes. Raises DatasetError where labels and [arms] do not fit."""
    if not recipe.arms:
        return frame, []
    by = recipe.arms_by
    if by == "arm" and by not in frame and list(recipe.arms) == [ALL]:  # one group
        label = recipe.arms[ALL].get("label") or recipe.arms[ALL].get("treatment") or ALL
        return frame.assign(arm=label, **_with_class(recipe.arms[ALL])), [
            f"one group, no column of arms: every row is {label!r}"
        ]
    if by not in frame:
        raise one_problem(recipe.source.name, "column present", f"[arms] is given: name [columns] {by} = …", by)
    frame, notes = _spelled_as_in_recipe(frame, by, recipe)
    both = [name for name in (by, "control_arm") if name in frame]
    labels = list(dict.fromkeys(label for name in both for label in frame[name].dropna().astype(str)))
    rows: list[tuple] = [
        (None, f"arms.{one}", None, f"a value of {by}", f"no row has it{nearest(one, labels)}")
        for one in recipe.arms
        if one not in labels
    ]
    rows += [
        (
            None,
            "arms",
            one,
            "every arm is described",
            f"add {one!r} = {{ treatment = …, treatment_class = …, role = … }}",
        )
        for one in labels
        if one not in recipe.arms
    ]
    if rows:
        raise DatasetError(problem_table(recipe.source.name, rows))
    arms = {arm: _with_class(words) for arm, words in recipe.arms.items()}
    told = [key for key in ARM_KEYS if any(key in words for words in arms.values())]
    new = {key: frame[by].map({arm: words.get(key) for arm, words in arms.items()}) for key in told}
    if "control_arm" in frame:  # a contrast: its control's own words
        for key, theirs in (("role", "control_role"), ("control_kind", "control_kind")):
            if key in told:
                new[theirs] = frame["control_arm"].map({arm: words.get(key) for arm, words in arms.items()})
    told_apart = {key: values if key not in frame else values.fillna(frame[key]) for key, values in new.items()}
    return frame.assign(**told_apart), notes


def _with_class(words: Mapping[str, str]) -> dict[str, str]:
    """The words of an arm with the class of its drug, where the recipe leaves it out and the drug is known."""
    known = class_of_drug(words.get("treatment", ""))
    return {**({"treatment_class": known} if known else {}), **words}


def _spelled_as_in_recipe(frame: pd.DataFrame, by: str, recipe: Recipe) -> tuple[pd.DataFrame, list[str]]:
    """Labels that differ from one of [arms] only in capitals and spaces are that arm; each is noted."""
    known = {plain_name(label): label for label in recipe.arms}
    counts = frame[by].dropna().astype(str).value_counts()
    meant = {
        label: known[plain_name(label)]
        for label in counts.index
        if label not in recipe.arms and plain_name(label) in known
    }
    if not meant:
        return frame, []
    notes = [f"{by} {label!r} ({counts[label]}×) is read as {right!r}" for label, right in meant.items()]
    return frame.assign(**{by: frame[by].map(lambda one: meant.get(str(one), one), na_action="ignore")}), notes
