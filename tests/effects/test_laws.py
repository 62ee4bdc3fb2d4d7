"""Laws of contrasts and of the scales they are told on, tried on whatever hypothesis thinks up."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from laws import law, law_of_tables

import ketamine_analysis as ka

COUNTED = ["log_odds_ratio", "log_risk_ratio", "risk_difference"]
MEASURE = st.sampled_from([*COUNTED, "mean_difference", "standardized_mean_difference"])
FALL = st.integers(-300, 50).map(lambda value: value / 10)
SPREAD = st.integers(10, 150).map(lambda value: value / 10)


@st.composite
def arms(draw):
    """Two to five trials of one drug in two doses against placebo, with counts and means."""
    rows = []
    for study in range(draw(st.integers(2, 5))):
        for arm, role in (("low", "active"), ("high", "active"), ("placebo", "control")):
            n = draw(st.integers(4, 80))
            rows.append((f"s{study}", arm, role, n, draw(st.integers(0, n)), draw(FALL), draw(SPREAD)))
    table = pd.DataFrame(rows, columns=["study", "arm", "role", "n", "events", "mean", "sd"])
    drug = table["role"].map({"active": "ketamine", "control": "placebo"})
    return table.assign(treatment_class=drug, hours=24.0, scale="MADRS", timing="at")


def _contrast(table, measure, **choices):
    outcome = "response" if measure in COUNTED else "change"
    return ka.contrast_arms(table.assign(outcome=outcome), outcome=outcome, measure=measure, **choices)


def _numbers(effects):
    return effects[["estimate", "std_error"]].to_numpy(float).ravel()


@law_of_tables
@given(arms(), MEASURE, st.randoms(use_true_random=False))
def test_the_order_of_arms_does_not_matter(table, measure, random):
    order = list(range(len(table)))
    random.shuffle(order)
    one = _contrast(table, measure, combine="arm").sort_values(["study", "arm"])
    other = _contrast(table.iloc[order], measure, combine="arm").sort_values(["study", "arm"])
    assert one[["study", "arm"]].to_numpy().tolist() == other[["study", "arm"]].to_numpy().tolist()
    assert _numbers(other) == pytest.approx(_numbers(one), rel=1e-12, abs=1e-14)


@law_of_tables
@given(arms(), MEASURE)
def test_swapped_arms_flip_the_sign(table, measure):
    pair = table[table["arm"] != "high"]
    turned = pair.assign(role=pair["role"].map({"active": "control", "control": "active"}))
    one, other = _contrast(pair, measure), _contrast(turned, measure)
    assert other["estimate"].tolist() == pytest.approx((-one["estimate"]).tolist(), abs=1e-12)
    assert other["std_error"].tolist() == pytest.approx(one["std_error"].tolist(), rel=1e-12)


@law_of_tables
@given(arms())
def test_odds_of_failure_are_the_other_way_round(table):
    one = _contrast(table, "log_odds_ratio")
    other = _contrast(table.assign(events=table["n"] - table["events"]), "log_odds_ratio")
    assert other["estimate"].tolist() == pytest.approx((-one["estimate"]).tolist(), abs=1e-12)
    assert other["std_error"].tolist() == pytest.approx(one["std_error"].tolist(), rel=1e-12)


@law_of_tables
@given(arms(), MEASURE)
def test_a_trial_under_another_name_is_another_trial_with_the_same_effect(table, measure):
    once = _contrast(table, measure)
    twice = _contrast(pd.concat([table, table.assign(study="again " + table["study"])]), measure)
    assert len(twice) == 2 * len(once)
    assert _numbers(twice[twice["study"].str.startswith("s")]) == pytest.approx(_numbers(once))
    assert _numbers(twice[twice["study"].str.startswith("again")]) == pytest.approx(_numbers(once))


@law_of_tables
@given(arms())
def test_added_arms_count_everyone_and_lie_between(table):
    both, apart = _contrast(table, "mean_difference"), _contrast(table, "mean_difference", combine="arm")
    bounds = apart.groupby("study")["estimate"].agg(["min", "max"])
    assert (
        (both["estimate"].to_numpy() >= bounds["min"] - 1e-9) & (both["estimate"].to_numpy() <= bounds["max"] + 1e-9)
    ).all()
    active = table[table["role"] == "active"].groupby("study")
    counts = _contrast(table, "risk_difference")
    assert counts["n"].tolist() == active["n"].sum().tolist()
    assert counts["events"].tolist() == active["events"].sum().tolist()
    rate, control = counts["events"] / counts["n"], counts["control_events"] / counts["control_n"]
    assert counts["estimate"].tolist() == pytest.approx((rate - control).tolist(), abs=1e-12)


@law_of_tables
@given(arms(), st.sampled_from([0.5, 3.0]), st.sampled_from([-4.0, 7.0]))
def test_a_standardised_difference_has_no_unit_and_no_nought(table, factor, by):
    one = _contrast(table, "standardized_mean_difference")
    other = table.assign(mean=factor * (table["mean"] + by), sd=factor * table["sd"])
    assert _numbers(_contrast(other, "standardized_mean_difference")) == pytest.approx(
        _numbers(one), rel=1e-9, abs=1e-12
    )
    points = _numbers(_contrast(table, "mean_difference"))
    assert _numbers(_contrast(other, "mean_difference")) == pytest.approx(factor * points, rel=1e-9, abs=1e-9)


@law_of_tables
@given(arms(), st.sampled_from([*COUNTED, "mean_difference", "standardized_mean_difference"]))
def test_a_covariance_of_shared_controls_is_one(table, measure):
    """Symmetric, positive definite, the errors' squares on its diagonal, nothing between trials."""
    effects = _contrast(table, measure, combine="arm").reset_index(drop=True)
    covariance = ka.sampling_covariance(effects)
    np.testing.assert_array_equal(covariance, covariance.T)
    assert np.diag(covariance) == pytest.approx((effects["std_error"] ** 2).to_numpy())
    assert np.linalg.eigvalsh(covariance).min() > 0
    same = effects["study"].to_numpy()[:, None] == effects["study"].to_numpy()
    assert (covariance[~same] == 0).all() and (covariance[same] > 0).sum() >= len(effects)


EFFECT = st.integers(-200, 200).map(lambda value: value / 100)


@law_of_tables
@given(EFFECT, st.integers(1, 100).map(lambda value: value / 100), st.integers(5, 95).map(lambda value: value / 100))
def test_points_and_responders_per_hundred_turn_back(estimate, error, rate):
    limits = (estimate - 2 * error, estimate + 2 * error)
    table = pd.DataFrame({"estimate": [estimate], "std_error": [error], "conf_low": limits[0], "conf_high": limits[1]})
    points = ka.in_points(table).iloc[0]
    sd = ka.in_points(pd.DataFrame({"estimate": [1.0]}))["estimate"].iloc[0]
    assert [points[name] / sd for name in table] == pytest.approx(table.iloc[0].tolist(), abs=1e-12)
    people = ka.per_hundred(table, control_rate=rate).iloc[0]
    back = {
        name: -np.sqrt(3) / np.pi * (_log_odds(rate + people[name] / 100) - _log_odds(rate))
        for name in ("estimate", "conf_low", "conf_high")
    }
    assert back["estimate"] == pytest.approx(estimate, abs=1e-6)
    assert [back["conf_high"], back["conf_low"]] == pytest.approx(
        list(limits), abs=1e-6
    )  # more responders: a lower score
    assert -100 * rate < people["conf_low"] < people["estimate"] < people["conf_high"] < 100 * (1 - rate)


def _log_odds(p):
    return np.log(p / (1 - p))


@law
@given(EFFECT, st.integers(2, 80).map(lambda value: value / 100), st.sampled_from([0.8, 0.95, 0.99]))
def test_a_ratio_read_from_its_limits_is_the_logarithm_with_its_error(log_ratio, error, level):
    z = {0.8: 1.2815515655446004, 0.95: 1.959963984540054, 0.99: 2.5758293035489004}[level]
    limits = np.exp([log_ratio, log_ratio - z * error, log_ratio + z * error])
    table = pd.DataFrame([["s", *limits]], columns=["study", "estimate", "conf_low", "conf_high"])
    read = ka.read_effects(table, measure="OR", favours_drug="above_1", level=level).iloc[0]
    assert [read["estimate"], read["std_error"]] == pytest.approx([log_ratio, error], rel=1e-9, abs=1e-12)
