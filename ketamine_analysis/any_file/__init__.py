"""Any file, by a recipe, to a checked table; and what a careful reader would doubt.

Takes a file of any shape and its `dataset.toml`; gives `scores`, `arms` or `effects` and a report of doubts.
Read: `recipe` (the words) and `recipe_checks`, `reshape`, `subjects_file` and `codebook_file` (a second file),
`recipe_scales`, `recipe_times`, `recipe_arms` and `metapsy` (the recipe applied), `any_dataset` and `as_effects` (the
verbs); `new_recipe`, `recipe_plan`, `recipe_of_results`, `recipe_of_patients`, `recipe_of_scores` on `recognise`
(guesses) with `recognise_results`, `recognise_wide`, `recognise_arms`, `drug_names`; `questions` (put one by one) and
`preview`; `plausibility` and its parts, `examination`, `file_words` (what is reported).
"""

from .any_dataset import read_as_arms, read_dataset
from .as_effects import arms_alone, read_as_effects
from .examination import Examination, examine
from .new_recipe import write_recipe
from .plausibility import implausible
from .recipe import Recipe, load_recipe

__all__ = [
    "Examination",
    "Recipe",
    "arms_alone",
    "examine",
    "implausible",
    "load_recipe",
    "read_as_arms",
    "read_as_effects",
    "read_dataset",
    "write_recipe",
]
