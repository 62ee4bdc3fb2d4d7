"""A view: what is shown is what its code makes; choices that cannot be answered say so."""

import re

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from small_data import THREE_TRIALS

import ketamine_analysis as ka


@pytest.fixture(scope="module")
def arms():
    return ka.default_pool(ka.load_evidence())


@pytest.mark.parametrize("choices", [
    {"treatment_class": "ketamine"},
    {"treatment_class": "esketamine", "control": "placebo_plus_new_drug", "outcome": "remission", "window": "4 wk"},
    {"treatment_class": "ssri", "blinding": "double_blind", "window": "8 wk", "model": "plateau"},
    {"treatment_class": "ketamine", "outcome": "change", "scale": "MADRS", "window": "1 wk"},
    {"treatment_class": "ssri", "population": "MDD", "window": "≤6 h", "control": "all"},
], ids=lambda choices: "-".join(choices.values()))  # fmt: skip
def test_the_code_shown_makes_the_view_shown(arms, choices):
    made = ka.view(arms, **choices)
    names = {"arms": arms}
    exec(made.code, names)  # noqa: S102 — the point: a reader pastes it
    pd.testing.assert_frame_equal(names["table"], made.table)
    pd.testing.assert_frame_equal(names["effects"].reset_index(drop=True), made.effects)
    assert (names["forest"] is None) == (made.forest is None)
    drawn = [text.get_text() for text in names["course"].texts]
    assert [text.get_text() for text in made.time_course.axes[0].texts] == drawn


def test_numbers_worked_by_hand():
    made = ka.view(THREE_TRIALS, treatment_class="ketamine")
    assert made.table["window"].tolist() == ["24 h", "1 wk"] and made.table["k"].tolist() == [2, 1]
    # 20/40 against 10/40: odds ratio 3; 16/40 against 8/40: 8/3; equal weights but for 1/20+1/20+1/10+1/30 and 1/16+1/24+1/8+1/32
    weights = 1 / np.array([1 / 20 + 1 / 20 + 1 / 10 + 1 / 30, 1 / 16 + 1 / 24 + 1 / 8 + 1 / 32])
    expected = np.exp(weights @ np.log([3, 8 / 3]) / weights.sum())
    assert made.table["estimate"].to_numpy() == pytest.approx([expected, 15 * 30 / (25 * 10)])
    assert made.title.startswith("ketamine, response: 2 trials at 24 h, odds ratio 2.8")
    assert repr(made) == f"View({made.title!r})"


def test_filters_and_control_keep_only_what_they_name():
    masked = ka.view(THREE_TRIALS, treatment_class="ketamine", control="active_placebo")
    assert masked.effects["study"].tolist() == ["two"] and "1 trial at 24 h" in masked.title
    assert ka.view(THREE_TRIALS, treatment_class="ketamine", blinding="double_blind").effects["study"].tolist() == [
        "one",
        "two",
    ]
    assert (
        ka.view(THREE_TRIALS.iloc[::-1], treatment_class="ketamine").title
        == ka.view(THREE_TRIALS, treatment_class="ketamine").title
    )


def test_a_window_without_a_trial_is_said_and_not_drawn():
    made = ka.view(THREE_TRIALS, treatment_class="ketamine", window="8 wk")
    assert made.forest is None and made.title == "ketamine, response: no trial at 8 wk"
    assert made.note == "No contrast lies in the window 8 wk; windows with trials: 24 h, 1 wk."
    assert made.figures_html().count("<img") == 1 and made.note in made.figures_html()


@pytest.mark.parametrize(("choices", "message"), [
    ({"treatment_class": "ssri"}, r"treatment_class 'ssri' is not here: use one of \['ketamine', 'placebo'\]"),
    ({"window": "3 wk"}, "window '3 wk' is not here"),
    ({"model": "spline"}, r"model 'spline' is not here: use one of \['windows', 'plateau', 'emax', 'exponential'\]"),
    ({"outcome": "relapse"}, "outcome 'relapse' is not here"),
    ({"blinding": "triple"}, r"blinding 'triple' is not here: use one of \['double_blind', 'open_label'\]"),
    ({"outcome": "remission"}, "no trial of ketamine here counts remission"),
    ({"control": "active_placebo", "blinding": "open_label"}, "active_placebo"),
    ({"model": "emax"}, "3 effects cannot carry"),
], ids=str)  # fmt: skip
def test_a_choice_that_cannot_be_shown_says_why(choices, message):
    with pytest.raises(ValueError, match=message):
        ka.view(THREE_TRIALS, **{"treatment_class": "ketamine", **choices})
    with pytest.raises(ValueError, match=r"no column \['treatment_class'\]"):
        ka.view(THREE_TRIALS.drop(columns="treatment_class"), treatment_class="ketamine")


def test_figures_have_alt_texts_and_none_stays_open():
    made = ka.view(THREE_TRIALS, treatment_class="ketamine")
    assert plt.get_fignums() == []
    for kind, mime in (("png", "image/png"), ("svg", "image/svg+xml")):
        images = re.findall(r"<img [^>]+>", made.figures_html(kind))
        assert len(images) == 2 and all(f'src="data:{mime};base64,' in image for image in images)
    assert made.alt["forest"] == f"Forest plot. {made.title}"
    assert made.alt["time_course"].startswith("Pooled time windows: 24 h 2.8") and "k = 1" in made.alt["time_course"]
    assert "<pre>import ketamine_analysis as ka" in made._repr_html_()


def test_remission_by_different_cutoffs_is_said(arms):
    made = ka.view(arms, treatment_class="esketamine", outcome="remission")
    # Daly 2018 and SYNAPSE count MADRS of 10 or less, Takahashi 2021 of 12 or less, Canuso 2018 does not say
    assert made.note == ("Remission by different cut-offs: MADRS<=10 (k = 2); MADRS<=12 (k = 1); "
                         "remission (threshold not printed; MADRS) (k = 1).")  # fmt: skip
    assert made.note.replace("<", "&lt;") in made.figures_html()
    assert ka.view(arms, treatment_class="ketamine", outcome="remission").note == ""


@pytest.mark.parametrize(("changes", "message"), [
    ({"hours": np.nan}, "beside such a control: no time stated"),
    ({"combination": ["yes", "no"] * 3}, "its arms got something besides: class ketamine_combination"),
    ({"control_kind": "active_comparator"}, "contrasted only when named"),
    ({"events": np.nan}, "no count of events and patients"),
], ids=str)  # fmt: skip
def test_arms_that_form_no_contrast_say_why(changes, message):
    with pytest.raises(ValueError, match=message):
        ka.view(THREE_TRIALS.assign(**changes), treatment_class="ketamine")


def test_a_path_is_answered_with_the_verb_that_reads_it_and_a_near_word_is_named(arms):
    for call in (lambda: ka.explore("trials.csv"), lambda: ka.view("trials.csv", treatment_class="ketamine")):
        with pytest.raises(TypeError, match=r"not str: ka.read_as_arms\(file\)"):
            call()
    with pytest.raises(ValueError, match="did you mean 'ketamine'"):
        ka.view(arms, treatment_class="Ketamine")
