"""Totals of items, worked by hand."""

import numpy as np
import pandas as pd
import pytest

import ketamine_analysis as ka
from ketamine_analysis.reading.items import ITEM_RULES, sum_items


def _table(rows, prefix="I"):
    return pd.DataFrame(rows, columns=[f"{prefix}{i}" for i in range(1, len(rows[0]) + 1)], dtype=object)


def test_a_complete_madrs_is_the_plain_sum_and_a_gap_leaves_no_total():
    table = _table([[3] * 10, [6] * 10, [2] * 9 + [None]])
    np.testing.assert_array_equal(sum_items(table, items=list(table), scale="MADRS"), [30, 60, np.nan])


def test_the_phq_replaces_up_to_two_items_by_the_mean_and_rounds_halves_up():
    # 7 answered with sum 7: 7/7·9 = 9; 8 answered with sum 12: 13.5 → 14; 3 missing: none
    table = _table([[1] * 7 + [None, None], [1, 1, 1, 1, 2, 2, 2, 2, None], [1] * 6 + [None] * 3])
    np.testing.assert_array_equal(sum_items(table, items=list(table), scale="PHQ-9"), [9, 14, np.nan])


def test_the_analyst_may_allow_another_number_but_never_all():
    table = _table([[2] * 9 + [None], [None] * 10])
    np.testing.assert_array_equal(sum_items(table, items=list(table), scale="MADRS", may_be_missing=1), [20, np.nan])
    assert sum_items(table, items=list(table), scale="MADRS", may_be_missing=10).isna().tolist() == [False, True]


def test_the_qids_takes_the_highest_of_sleep_appetite_and_psychomotor():
    # sleep max(1,3,0,2) = 3; mood 2; appetite max(1, –, –, 3) = 3; 10–14: 1 each = 5; psychomotor max(0, 2) = 2 → 15
    row = [1, 3, 0, 2, 2, 1, None, None, 3, 1, 1, 1, 1, 1, 0, 2]
    lacking = [1, 3, 0, 2, 2, None, None, None, 3, 1, 1, 1, 1, 1, 0, 2]  # neither 6 nor 7
    table = _table([row, lacking])
    np.testing.assert_array_equal(sum_items(table, items=list(table), scale="QIDS-SR16"), [15, np.nan])


def test_the_ids_counts_28_of_30():
    row = [1] * 30
    row[10], row[13] = None, None  # 11 or 12, 13 or 14
    table = _table([row])
    assert sum_items(table, items=list(table), scale="IDS-SR30").tolist() == [28]


def test_full_items_reach_the_scale_s_maximum():
    for name, rule in ITEM_RULES.items():
        table = _table([[rule.high] * rule.items])
        total = sum_items(table, items=list(table), scale=name)[0]
        assert (
            total == ka.SCALES[name].maximum or name.startswith("HAM") or name == "CDRS-R"
        )  # items of 0–2 or 1–5 there


@pytest.mark.parametrize(
    ("scale", "change", "words"),
    [
        ("MADRS", {"I3": 7}, "item within its range"),
        ("MADRS", {"I3": 2.5}, "item within its range"),
        ("MADRS", {"I3": "x"}, "item within its range"),
        ("PHQ-9", {}, "PHQ-9 has 9 items, 10 columns"),
        ("VAS-pain", {}, "a scale with an item rule"),
    ],
)
def test_wrong_items_are_named(scale, change, words):
    table = _table([[2] * 10]).assign(**change)
    with pytest.raises(ka.DatasetError, match=words):
        sum_items(table, items=list(table), scale=scale)
