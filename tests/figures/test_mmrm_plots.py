"""The MMRM's figures: what stands where, on the axes given, and what is refused."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from small_data import trial

import ketamine_analysis as ka


def test_plot_lsmeans_draws_the_means_the_numbers_and_the_contrasts():
    result = ka.fit_mmrm(trial("three_arm").assign(study="a trial"))
    fig, ax = plt.subplots()
    assert ka.plot_lsmeans(result, ax=ax) is ax
    means = result.lsmeans()
    for line, arm in zip(ax.get_lines(), result.design.arms, strict=True):
        assert_allclose(line.get_ydata(), means.loc[means["arm"] == arm, "estimate"])
        assert np.all(np.abs(np.arcsinh(line.get_xdata() / 0.5) - np.arcsinh(result.design.hours / 0.5)) < 0.1)
    assert ax.get_title(loc="left") == "a trial: MMRM (us, REML), 180 patients; bars: 95 %"
    strip, panel = fig.axes[1:]
    assert [text.get_text() for text in strip.texts][1:] == means.sort_values(
        "arm", key=lambda arm: arm.map(result.design.arms.index), kind="stable"
    )["n"].astype(str).tolist()
    contrasts = result.contrasts()
    for line, arm in zip(panel.get_lines()[1:], result.design.arms[1:], strict=True):
        assert_allclose(line.get_ydata(), contrasts.loc[contrasts["arm"] == arm, "estimate"])
    assert panel.get_ylabel() == "difference from midazolam"


def test_plot_lsmeans_without_a_control_or_without_hours():
    table = trial("small").drop(columns="role")
    result = ka.fit_mmrm(table)
    assert len(ka.plot_lsmeans(result).figure.axes) == 2  # nobody said which arm is the reference
    assert len(ka.plot_lsmeans(result, reference="placebo").figure.axes) == 3
    order = pd.Categorical(table["hours"], categories=[24, 168, 336, 672], ordered=True)
    timeless = ka.fit_mmrm(table.drop(columns="hours").assign(week=order), visit="week")
    with pytest.raises(ValueError, match="the visits have no hours: a time axis"):
        ka.plot_lsmeans(timeless)
    assert ka.plot_covariance(timeless).get_xticklabels()[0].get_text() == "24"


def test_plot_trajectories_draws_patients_and_means():
    outcomes = ka.derive_outcomes(ka.simulate_trial(n_per_arm=50, seed=3))
    ax = ka.plot_trajectories(outcomes)
    assert len(ax.get_lines()) == 3 * 25 + 2 * 3  # every second patient of 50; each mean with its white edge
    mean = outcomes[outcomes["arm"] == "ketamine"].groupby("hours")["score"].mean()
    assert_allclose(ax.get_lines()[-5].get_ydata(), mean)
    assert "ketamine (n = 50)" in [text.get_text() for text in ax.get_legend().get_texts()]
    assert ax.get_title(loc="left").startswith("simulated_trial: ")
    with pytest.raises(ValueError, match="no row has a change"):
        ka.plot_trajectories(outcomes.assign(change=np.nan), outcome="change")


def test_plot_covariance_writes_correlations_and_deviations():
    result = ka.fit_mmrm(trial("small"), by="arm")
    ax = ka.plot_covariance(result, group="placebo")
    words = np.array([text.get_text() for text in ax.texts]).reshape(4, 4)
    deviation = np.sqrt(np.diag(result.covariance_matrix("placebo")))
    assert words.diagonal().tolist() == [f"{one:.3g}" for one in deviation]
    assert words[0, 1] == f"{result.correlation_matrix('placebo').iloc[0, 1]:.2f}"
    assert [label.get_text() for label in ax.get_xticklabels()] == ["24 h", "1 wk", "2 wk", "4 wk"]
    assert ax.get_title(loc="left") == "residual correlation (us, placebo); bold: SD"


def test_arms_without_a_class_have_colours_of_their_own_and_the_axis_names_the_scale():
    trial = ka.simulate_trial(n_per_arm=12, seed=5)
    keep = ["study", "subject", "arm", "hours", "scale", "score"]
    names = dict(zip(sorted(trial["arm"].unique()), ("Arm A", "Arm B", "Arm C", "Arm D"), strict=False))
    ax = ka.plot_trajectories(trial[keep].replace({"arm": names}))
    assert ax.get_ylabel() == f"{trial['scale'].iloc[0]} score"
    colours = [handle.get_color() for handle in ax.get_legend().legend_handles]
    assert len(set(colours)) == len(colours) == trial["arm"].nunique()
