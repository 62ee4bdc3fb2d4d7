"""A file or dataframe of any format to a checked table.

Takes a path or a dataframe; gives `scores` or `arms`, or one DatasetError that lists every problem.
Read: `datasets` (the door), `formats`, `text_files`, `encodings`, `size_limits`, `workbooks`, `header_lines`,
`sidecars` and `codebook` (cells as they stand), `raw_tables`, `column_names`, `visits`, `items`, `arm_names`,
`result_layouts` (arms side by side), `reported_numbers` (spreads from what papers print) and `derived_numbers` (where
a table leaves them to be found), then the rules: `checks`, `number_checks`, collected by `problems`.
"""

from .checks import problems_in_arms, problems_in_scores
from .datasets import check_arms, check_scores, read_arms, read_scores
from .formats import RawTable, read_table
from .items import ITEM_RULES, sum_items
from .reported_numbers import (
    events_from_percent,
    mean_sd_from_quantiles,
    sd_from_interval,
    sd_from_p,
    sd_from_std_error,
    sd_from_t,
    std_error_from_interval,
)

__all__ = [
    "ITEM_RULES",
    "RawTable",
    "check_arms",
    "check_scores",
    "events_from_percent",
    "mean_sd_from_quantiles",
    "problems_in_arms",
    "problems_in_scores",
    "read_arms",
    "read_scores",
    "read_table",
    "sd_from_interval",
    "sd_from_p",
    "sd_from_std_error",
    "sd_from_t",
    "std_error_from_interval",
    "sum_items",
]
