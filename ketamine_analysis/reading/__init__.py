"""A file or dataframe of any format to a checked table.

Takes a path or a dataframe; gives `scores` or `arms`, or one DatasetError that lists every problem.
Read: `datasets` (the door), `formats` and `text_files` (cells as they stand), `raw_tables`, `column_names`, `visits`,
`items`, `arm_names`, `result_layouts` (arms side by side), then the rules: `checks`, `number_checks`, collected by
`problems`.
"""

from .checks import problems_in_arms, problems_in_scores
from .datasets import check_arms, check_scores, read_arms, read_scores
from .formats import RawTable, read_table
from .items import ITEM_RULES, sum_items

__all__ = [
    "ITEM_RULES",
    "RawTable",
    "check_arms",
    "check_scores",
    "problems_in_arms",
    "problems_in_scores",
    "read_arms",
    "read_scores",
    "read_table",
    "sum_items",
]
