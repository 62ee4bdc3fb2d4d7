"""Tables for people: the numbers stay, the words and units are those of a clinic."""

import numpy as np
import pandas as pd

import ketamine_analysis as ka


def _shown(**columns):
    return ka.readable(pd.DataFrame(columns)).text


def test_headings_classes_times_and_methods_are_words():
    text = _shown(
        treatment_class=["oral_antidepressant_mixed", "snri"], hours=[2 / 3, 648.0],
        control_kind=["active_placebo", None], inference=["hksj_modified", "wald (one trial)"], looked=[True, False],
    )  # fmt: skip
    assert text.columns.tolist() == ["class", "time", "control", "inference", "anybody looked"]
    assert text.to_numpy().tolist() == [
        ["new oral antidepressant (mixed)", "40 min", "active placebo", "modified Hartung–Knapp", "yes"],
        ["SNRI", "27 d", "", "one trial: its own", "no"],
    ]


def test_numbers_have_the_digits_that_they_are_worth():
    text = _shown(
        k=[3, 67], patients=[148.0, 18636.0], I2=[20.561, np.nan], p_value=[0.1701, 3e-26], tau2=[0.131, 0.0],
        estimate=[-0.762, 1234.5],
    )  # fmt: skip
    assert text["trials"].tolist() == ["3", "67"] and text["patients"].tolist() == ["148", "18,636"]
    assert text["I², %"].tolist() == ["21", "–"] and text["p"].tolist() == ["0.170", "<0.001"]
    assert text["τ²"].tolist() == ["0.13", "0.00"] and text["estimate"].tolist() == ["-0.76", "1,234"]


def test_the_callers_table_and_its_codes_of_studies_stay():
    table = pd.DataFrame({"study": ["esk_phase23_pool"], "estimate": [0.123456]})
    before = table.copy()
    assert ka.readable(table, digits=1, names={"study": "trial"}).text.to_numpy().tolist() == [
        ["esk_phase23_pool", "0.1"]
    ]
    pd.testing.assert_frame_equal(table, before)


def test_two_columns_of_one_heading_keep_apart():
    assert _shown(k=[1], trials=[2]).columns.tolist() == ["trials", "trials (trials)"]


def test_the_html_has_no_index_escapes_the_data_and_says_what_is_left_out():
    shown = ka.readable(pd.DataFrame({"arm": ["<b>a</b>"] * 45, "n": range(45)}))
    page = shown._repr_html_()
    assert page.count("<tr>") == 41 and "&lt;b&gt;a&lt;/b&gt;" in page and "<b>" not in page
    assert '<td class="text" style="text-align: left">' in page
    assert '<td class="number" style="text-align: right">7</td>' in page
    assert "… and 5 more rows." in page and repr(shown).endswith("… and 5 more rows.")


def test_a_table_without_rows_is_a_head():
    assert ka.readable(pd.DataFrame({"k": [], "study": []}))._repr_html_().count("<tr>") == 1


def test_an_interval_is_not_broken_over_lines():
    page = ka.readable(pd.DataFrame({"estimate (95 %)": ["3.61 (0.33 to 39.39)"]}))._repr_html_()
    assert '<td class="text interval" style="text-align: left; white-space: nowrap">3.61 (0.33 to 39.39)</td>' in page


def test_limits_become_one_column_where_the_first_stood():
    limits = {"conf_low": [0.002, np.nan, 0.0, -np.inf], "conf_high": [np.inf, np.nan, 1158.3, 3e12]}
    text = _shown(estimate=[1.0, 1.5, 2.0, 2.5], **limits, I2_low=[0.0] * 4, I2_high=[92.4] * 4, note="a")
    assert text.columns.tolist() == ["estimate", "95 % CI", "I² (95 %)", "note"]
    assert text["95 % CI"].tolist() == ["0.002 to ∞", "–", "0 to 1,158", "-∞ to over a million"]
    assert text["I² (95 %)"].tolist() == ["0 to 92"] * 4


def test_events_are_spelled_out_and_long_words_get_room():
    shown = ka.readable(pd.DataFrame({"event": ["any_ae", "dry_mouth"], "note": ["a word " * 10, "b"]}))
    assert shown.text["event"].tolist() == ["any adverse event", "dry mouth"]
    assert '<td class="text long" style="text-align: left; min-width: 15em">b</td>' in shown._repr_html_()
