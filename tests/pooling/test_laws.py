"""Laws of pooling, tried on whatever hypothesis thinks up."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from laws import law
from scipy.stats import chi2

import ketamine_analysis as ka

METHOD = st.sampled_from(["REML", "DL", "PM", "ML", "EB"])
INFERENCE = st.sampled_from(["wald", "hksj", "hksj_modified"])
ESTIMATE = st.integers(-300, 300).map(lambda value: value / 100)
ERROR = st.integers(5, 150).map(lambda value: value / 100)


@st.composite
def trials(draw, least=2):
    """Trials that differ a little, so that every inference has an interval."""
    pairs = draw(st.lists(st.tuples(ESTIMATE, ERROR), min_size=least, max_size=9))
    table = pd.DataFrame(pairs, columns=["estimate", "std_error"])
    table["estimate"] += 0.001 * np.arange(len(table))
    return table.assign(study=[f"s{place}" for place in range(len(table))])


def _row(table, method="REML", inference="hksj_modified", level=0.95):
    return ka.random_effects(table, method=method, inference=inference).summary(level).iloc[0]


@law
@given(trials(), METHOD, INFERENCE, st.randoms(use_true_random=False))
def test_the_order_of_trials_does_not_matter(table, method, inference, random):
    order = list(range(len(table)))
    random.shuffle(order)
    names = ["estimate", "std_error", "conf_low", "conf_high", "p_value", "Q"]
    one, other = _row(table, method, inference), _row(table.iloc[order], method, inference)
    assert other[names].to_numpy(float) == pytest.approx(one[names].to_numpy(float), rel=1e-6, abs=1e-9)
    result = ka.random_effects(table, method=method).weights()
    again = ka.random_effects(table.iloc[order], method=method).weights().to_numpy()
    assert again == pytest.approx(result.to_numpy()[order], rel=1e-6) and again.sum() == pytest.approx(100)


@law
@given(trials(), METHOD, INFERENCE)
def test_swapped_arms_flip_the_sign_and_nothing_else(table, method, inference):
    one, other = _row(table, method, inference), _row(table.assign(estimate=-table["estimate"]), method, inference)
    assert [other["conf_low"], other["estimate"], other["conf_high"]] == pytest.approx(
        [-one["conf_high"], -one["estimate"], -one["conf_low"]], rel=1e-6, abs=1e-9
    )
    assert [other["tau2"], other["p_value"], other["Q"]] == pytest.approx(
        [one["tau2"], one["p_value"], one["Q"]], rel=1e-6, abs=1e-9
    )


@law
@given(trials(), METHOD, st.sampled_from([-2.0, 0.5, 10.0]), st.sampled_from([0.25, 3.0]))
def test_other_units_and_another_nought_are_only_that(table, method, by, factor):
    one = _row(table, method)
    moved = _row(table.assign(estimate=table["estimate"] + by), method)
    assert [moved["estimate"], moved["std_error"], moved["tau2"]] == pytest.approx(
        [one["estimate"] + by, one["std_error"], one["tau2"]], rel=1e-6, abs=1e-8
    )
    scaled = _row(table.assign(estimate=factor * table["estimate"], std_error=factor * table["std_error"]), method)
    assert [scaled["estimate"], scaled["std_error"], scaled["tau2"], scaled["I2"]] == pytest.approx(
        [factor * one["estimate"], factor * one["std_error"], factor**2 * one["tau2"], one["I2"]], rel=1e-6, abs=1e-8
    )


@law
@given(trials(), METHOD, INFERENCE)
def test_limits_hold_the_estimate_and_the_estimate_lies_among_the_trials(table, method, inference):
    result = ka.random_effects(table, method=method, inference=inference)
    row, wide = result.summary().iloc[0], result.summary(0.99).iloc[0]
    assert wide["conf_low"] < row["conf_low"] < row["estimate"] < row["conf_high"] < wide["conf_high"]
    assert table["estimate"].min() - 1e-12 <= row["estimate"] <= table["estimate"].max() + 1e-12
    assert row["tau2"] >= 0 and 0 <= row["I2"] < 100 and 0 <= row["I2_Q"] < 100
    new = result.prediction_interval().iloc[0]
    assert new["prediction_low"] <= row["conf_low"] and row["conf_high"] <= new["prediction_high"]
    assert (row["p_value"] < 0.05) == (row["conf_low"] > 0 or row["conf_high"] < 0)


@law
@given(trials())
def test_the_modified_interval_is_never_the_narrower_of_hartung_knapp_s_and_the_factor_one(table):
    plain, modified, wald = (_row(table, inference=name) for name in ("hksj", "hksj_modified", "wald"))
    assert modified["std_error"] == pytest.approx(max(plain["std_error"], wald["std_error"]), rel=1e-9)


@law
@given(ESTIMATE, st.lists(ERROR, min_size=2, max_size=8), METHOD)
def test_trials_that_agree_are_pooled_by_their_precision(estimate, errors, method):
    table = pd.DataFrame({"estimate": estimate, "std_error": errors})
    row = _row(table, method)
    assert row["tau2"] == 0 and row["estimate"] == pytest.approx(estimate, abs=1e-12)
    assert row["std_error"] == pytest.approx(1 / np.sqrt((1 / np.array(errors) ** 2).sum()), rel=1e-9)


@law
@given(trials(least=3), METHOD)
def test_leaving_a_trial_out_is_pooling_the_others(table, method):
    left = ka.random_effects(table, method=method).leave_one_out().set_index("left_out")
    for place, name in enumerate(table["study"]):
        own = _row(table.drop(index=place), method)
        assert left.loc[name, ["estimate", "std_error", "tau2"]].tolist() == pytest.approx(
            own[["estimate", "std_error", "tau2"]].tolist(), rel=1e-6, abs=1e-9
        )


@law
@given(trials(), METHOD)
def test_the_spread_lies_where_the_interval_of_the_spread_says(table, method):
    """The Q-profile's limits: the generalised Q at each is the χ² quantile, or the limit is 0."""
    result = ka.random_effects(table, method=method)
    interval = result.tau2_interval().iloc[0]
    assert 0 <= interval["tau2_low"] <= interval["tau2_high"]
    y, v = table["estimate"].to_numpy(), table["std_error"].to_numpy() ** 2
    for limit, tail in ((interval["tau2_low"], 0.025), (interval["tau2_high"], 0.975)):
        w = 1 / (v + limit)
        q = (w * (y - (w * y).sum() / w.sum()) ** 2).sum()
        quantile = chi2.isf(tail, len(y) - 1)
        assert q == pytest.approx(quantile, rel=1e-6) if limit > 0 else q <= quantile * (1 + 1e-9)
