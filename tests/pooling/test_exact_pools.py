import numpy as np
import pandas as pd
import pytest
from reference_numbers import load
from scipy import optimize, special, stats

import ketamine_analysis as ka
from ketamine_analysis.pooling.random_logits import Binomial, marginal

REFERENCE = load("exact_pools.json")


def _tables(name):
    d = REFERENCE["tables"][name]
    return pd.DataFrame({"events": d["ai"], "n": d["n1"], "control_events": d["ci"], "control_n": d["n2"]})


def _arms(name):
    d = REFERENCE["arms"][name]
    return pd.DataFrame({"events": d["xi"], "n": d["ni"]})


@pytest.mark.parametrize("case", REFERENCE["conditional"], ids=lambda c: c["data"])
def test_conditional_fits_agree_with_metafor(case):
    result = ka.hypergeometric_normal(_tables(case["data"]))
    assert result.k == case["k"]
    assert [result.estimate, result.std_error] == pytest.approx([case["estimate"], case["std_error"]], rel=1e-5)
    assert result.tau2 == pytest.approx(case["tau2"], rel=1e-5)
    assert result.log_likelihood >= case["log_likelihood"] - 1e-8
    assert result.log_likelihood == pytest.approx(case["log_likelihood"], rel=1e-8)
    assert result.log_likelihood_common == pytest.approx(case["log_likelihood_common"], rel=1e-8)
    assert pytest.approx(case["Q"], rel=1e-6) == result.Q
    # metafor's own stop is near it
    assert [result.estimate, result.tau2] == pytest.approx([case["estimate_metafor"], case["tau2_metafor"]], rel=1e-2)


@pytest.mark.parametrize("case", REFERENCE["single"], ids=lambda c: c["data"])
def test_single_arms_agree_with_metafor(case):
    result = ka.binomial_normal(_arms(case["data"]))
    assert [result.estimate, result.std_error] == pytest.approx([case["estimate"], case["std_error"]], rel=1e-5)
    assert result.tau2 == pytest.approx(case["tau2"], rel=1e-5)
    assert result.log_likelihood == pytest.approx(case["log_likelihood"], rel=1e-8)
    assert pytest.approx(case["Q"], rel=1e-5) == result.Q


def test_the_likelihood_by_hand():
    x, n = np.array([1, 9, 4, 2, 19]), np.array([10, 12, 20, 15, 24])
    u = np.linspace(-9, 9, 3001)  # an even grid over a density that vanishes at both ends is exact to rounding

    def negative(state):
        rate = 1 / (1 + np.exp(-state[0] - state[1] * u))
        chance = stats.binom.pmf(x[:, None], n[:, None], rate) * stats.norm.pdf(u)
        return -np.log(chance.sum(axis=1) * (u[1] - u[0])).sum()

    found = optimize.minimize(negative, (0, 1), method="Nelder-Mead", options={"xatol": 1e-8, "fatol": 1e-12})
    result = ka.binomial_normal(pd.DataFrame({"events": x, "n": n}))
    assert result.log_likelihood == pytest.approx(-found.fun, rel=1e-10)
    assert [result.estimate, np.sqrt(result.tau2)] == pytest.approx(found.x, rel=1e-5)


@pytest.mark.parametrize("spread", [0.1, 1.0, 5.0])
def test_the_integral_is_exact_also_for_trials_without_events(spread):
    x, n, u = np.array([0.0, 5, 40, 0]), np.array([5.0, 5, 200, 300]), np.linspace(-12, 12, 40001)
    rate = special.expit(-1 + spread * u)
    chance = stats.binom.pmf(x[:, None], n[:, None], rate) * stats.norm.pdf(u)
    value = marginal(Binomial.of(x, n), -1.0, spread)[0]
    assert value == pytest.approx(np.log(chance.sum(axis=1) * (u[1] - u[0])).sum(), rel=1e-9)


def test_one_trial_is_its_conditional_estimate():
    one = pd.DataFrame({"events": [8], "n": [20], "control_events": [4], "control_n": [20]})
    result = ka.hypergeometric_normal(one)
    # R: fisher.test(matrix(c(8, 12, 4, 16), 2))$estimate is 2.600904, found to about 1e-5
    assert np.exp(result.estimate) == pytest.approx(2.600904, rel=1e-5)
    assert result.k == 1 and np.isnan(result.tau2)
    assert result.summary()["inference"][0] == "wald (one trial)"
    rate = ka.as_proportion(ka.binomial_normal(pd.DataFrame({"events": [5], "n": [20]})).summary())
    assert rate["estimate"][0] == pytest.approx(0.25)


def test_swapped_arms_and_swapped_outcomes_flip_the_sign():
    one = _tables("rare")
    arms = one.rename(
        columns={"events": "control_events", "n": "control_n", "control_events": "events", "control_n": "n"}
    )
    outcome = one.assign(events=one["n"] - one["events"], control_events=one["control_n"] - one["control_events"])
    for two in (arms, outcome):
        assert ka.hypergeometric_normal(two).estimate == pytest.approx(-ka.hypergeometric_normal(one).estimate)
        assert ka.hypergeometric_normal(two).std_error == pytest.approx(ka.hypergeometric_normal(one).std_error)
    rates = _arms("many")
    other = ka.binomial_normal(rates.assign(events=rates["n"] - rates["events"]))
    assert other.estimate == pytest.approx(-ka.binomial_normal(rates).estimate)


def test_trials_without_events_change_nothing_and_are_listed():
    one = _tables("rare")
    with_zeros = pd.concat([one, pd.DataFrame({"events": [0], "n": [40], "control_events": [0], "control_n": [41]})])
    result = ka.hypergeometric_normal(with_zeros.reset_index(drop=True))
    assert result.estimate == ka.hypergeometric_normal(one).estimate
    assert result.left_out.index.tolist() == [3, 8]


def test_large_counts_meet_the_inverse_variance_pooling():
    rng = np.random.default_rng(3)
    n = np.full(12, 1000)
    true = rng.normal(0.5, 0.4, 12)
    events, control = rng.binomial(n, 1 / (1 + np.exp(1 - true))), rng.binomial(n, 1 / (1 + np.e))
    table = pd.DataFrame({"events": events, "n": n, "control_events": control, "control_n": n})
    odds = np.log(events / (n - events)) - np.log(control / (n - control))
    error = np.sqrt(1 / events + 1 / (n - events) + 1 / control + 1 / (n - control))
    pooled = ka.random_effects(pd.DataFrame({"estimate": odds, "std_error": error}), method="ML", inference="wald")
    exact = ka.hypergeometric_normal(table)
    assert exact.estimate == pytest.approx(pooled.estimate[0], rel=5e-3)
    assert exact.tau2 == pytest.approx(pooled.tau2, rel=0.03)


def test_a_known_truth_comes_back_from_two_thousand_small_trials():
    rng = np.random.default_rng(8)
    k = 2000
    base, size = rng.normal(-2.5, 0.5, k), rng.normal(0.8, 0.6, k)
    n = rng.integers(10, 40, k)
    table = pd.DataFrame({
        "events": rng.binomial(n, 1 / (1 + np.exp(-base - size / 2))), "n": n,
        "control_events": rng.binomial(n, 1 / (1 + np.exp(-base + size / 2))), "control_n": n,
    })  # fmt: skip
    row = ka.hypergeometric_normal(table).summary().iloc[0]
    assert abs(row["estimate"] - 0.8) < 3 * row["std_error"]
    assert row["tau2"] == pytest.approx(0.36, abs=0.15)


def test_similar_trials_leave_no_variance():
    table = pd.DataFrame({"events": [10, 20], "n": [30, 60], "control_events": [5, 10], "control_n": [30, 60]})
    result = ka.hypergeometric_normal(table)
    row = result.summary().iloc[0]
    assert row["tau2"] == 0 and row["tau2_p_value"] == 1
    assert result.prediction_interval()["prediction_low"][0] == pytest.approx(row["conf_low"])


def test_t_is_wider_and_prediction_wider_still():
    wald, t = (ka.hypergeometric_normal(_tables("responses"), inference=name) for name in ("wald", "t"))
    one, two = wald.summary().iloc[0], t.summary().iloc[0]
    half = stats.t.isf(0.025, t.k - 1) * two["std_error"]
    assert two["conf_high"] == pytest.approx(two["estimate"] + half) and two["conf_high"] > one["conf_high"]
    assert t.prediction_interval()["prediction_high"][0] > two["conf_high"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"events": 0}, "fewest events it could have: the pooled odds ratio is 0 or infinite"),
        ({"control_events": 0}, "most events it could have"),
        ({"events": 0, "control_events": 0}, "nothing to pool"),
        ({"events": 1.5}, "whole numbers from 0 to n; rows"),
        ({"control_events": 1000}, "control_events must be whole numbers"),
        ({"n": np.nan}, r"\['n'\] is missing"),
        ({"study": "a", "arm": "b"}, "no arm counted twice"),
    ],
)
def test_what_cannot_be_pooled_is_named(change, words):
    with pytest.raises(ValueError, match=words):
        ka.hypergeometric_normal(_tables("rare").assign(**change))


def test_arms_that_cannot_be_pooled_are_named():
    arms = _arms("some")
    with pytest.raises(ValueError, match="the pooled odds is 0 or infinite"):
        ka.binomial_normal(arms.assign(events=0))
    with pytest.raises(ValueError, match="'sandwich' is unknown"):
        ka.binomial_normal(arms, inference="sandwich")
    with pytest.raises(ValueError, match="counts are needed"):
        ka.binomial_normal(arms.drop(columns="n"))
    with pytest.raises(ValueError, match="table is empty"):
        ka.binomial_normal(arms.head(0))
    with pytest.raises(ka.ConvergenceError, match="grows without end") as caught:
        ka.binomial_normal(pd.DataFrame({"events": [0, 0, 20, 20], "n": 20}))
    assert caught.value.state["tau2"] > 100
