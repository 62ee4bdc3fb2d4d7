"""Any file, by a recipe, to a checked table; and what a careful reader would doubt.

Takes a file of any shape and its `dataset.toml`; gives `scores` or `arms` and a report of doubts.
Read: `recipe` (the words), `reshape`, `recipe_times` and `metapsy` (the recipe applied), `any_dataset` (the verbs);
`new_recipe`, `recipe_plan`, `recipe_of_patients` on `recognise` and its parts (guesses); `plausibility` and its
parts, `examination`, `file_words` (what is reported).
"""

from .any_dataset import read_as_arms, read_dataset
from .examination import Examination, examine
from .new_recipe import write_recipe
from .plausibility import implausible
from .recipe import Recipe, load_recipe

__all__ = [
    "Examination",
    "Recipe",
    "examine",
    "implausible",
    "load_recipe",
    "read_as_arms",
    "read_dataset",
    "write_recipe",
]
