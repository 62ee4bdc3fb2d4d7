import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from small_data import TWO_CLASSES, counted_effects, simulated_effects

import ketamine_analysis as ka


@pytest.fixture(autouse=True)
def _close():
    yield
    plt.close("all")


def _fit():
    rows = pd.concat([
        simulated_effects(5), simulated_effects(6, times=(672, 840, 1008, 1344)).assign(treatment_class="late", study=lambda t: t["study"] + "y")
    ])  # fmt: skip
    return ka.fit_time_course(rows.assign(measure="log_odds_ratio", schedule="single", converted=False))


def test_a_curve_has_its_line_only_where_it_is_identified():
    fit = _fit()
    ax = ka.plot_time_course(fit)
    assert ax.get_ylabel() == "odds ratio of response"
    full, _, late, _ = [
        line for line in ax.get_lines() if len(line.get_ydata()) > 100
    ]  # full and dotted, class by class
    there = np.isfinite(np.asarray(full.get_ydata(), float))
    looked = fit.effects.loc[fit.effects["treatment_class"] == "x", "hours"]
    assert np.asarray(full.get_xdata())[there].min() == looked.min()
    assert not np.isfinite(np.asarray(late.get_ydata(), float)).any()


def test_one_class_alone_and_an_unknown_one():
    ax = ka.plot_time_course(_fit(), only="x")
    assert ax.get_title(loc="left").startswith("x: 30 trials") and ax.get_legend() is None
    with pytest.raises(ValueError, match="class 'z' was not fitted"):
        ka.plot_time_course(_fit(), only="z")


def test_what_others_found_is_drawn_and_named():
    others = pd.DataFrame({"label": "Others 2006 (published pool)", "hours": [168.0], "estimate": [np.log(2.0)],
                           "conf_low": [0.0], "conf_high": [np.log(4.0)]})  # fmt: skip
    ax = ka.plot_time_course(_fit(), others=others)
    words = [text.get_text() for text in ax.get_legend().get_texts()]
    assert "Others 2006 (published pool), not fitted" in words and "single-dose trial" in words
    assert [168.0, pytest.approx(2.0)] in [point.tolist() for point in ax.collections[-1].get_offsets()]


def test_separated_windows_are_filled_and_looks_counted_below():
    table = ka.separation_by_window(TWO_CLASSES)
    ax = ka.plot_separation(table)
    words = [text.get_text() for text in ax.texts]
    assert words.count("6") == 4  # six trials in each of four looked-at windows
    assert {"fast", "slow"} <= set(words)
    white = [
        one
        for one in ax.collections
        if len(one.get_facecolor()) and (one.get_facecolor()[:, :3] == 1).all() and len(one.get_offsets())
    ]
    assert sum(len(one.get_offsets()) for one in white) == 2  # fast at one week, slow at four weeks


def test_the_grid_says_what_no_trial_here_counted():
    table = ka.what_is_known(counted_effects(), classes=("fast", "maoi"))
    axes = ka.plot_what_is_known(table)
    assert axes.shape == (2, 3)
    assert "better than control" in axes[0, 0].texts[0].get_text() and "6 trials" in axes[0, 0].texts[1].get_text()
    assert "no trial here" in axes[1, 2].texts[0].get_text()
    assert [ax.get_title() for ax in axes[0]] == ["at 24 h", "at 1 wk", "at 8 wk"]


def test_arm_level_curves_are_rates_and_say_that_they_are_not_randomised():
    arms = ka.default_pool(ka.load_evidence())
    arms = arms[(arms["outcome"] == "response") & (arms["timing"] == "at") & (arms["treatment_class"] == "esketamine")]
    ax = ka.plot_time_course(ka.fit_time_course(arms, shape="plateau"))
    assert ax.get_ylabel() == "response rate" and "not randomised" in ax.get_title(loc="left")


def test_published_contrasts_come_in_our_units():
    ratio = ka.published_contrasts("taylor2006_pool", measure="log_risk_ratio").iloc[0]
    assert np.exp(ratio[["estimate", "conf_low", "conf_high"]].to_numpy(float)).tolist() == pytest.approx(
        [1.64, 1.2, 2.25]
    )
    assert ratio["label"] == "Taylor 2006 (published pool)"
    assert ka.published_contrasts("taylor2006_pool", measure="mean_difference", outcome="score")[
        "estimate"
    ].tolist() == [-1.07, -3.3]
    with pytest.raises(ValueError, match="no published log_odds_ratio"):
        ka.published_contrasts("taylor2006_pool", measure="log_odds_ratio")
    with pytest.raises(ValueError, match="measure 'OR' is unknown"):
        ka.published_contrasts("taylor2006_pool", measure="OR")
