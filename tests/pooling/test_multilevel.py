import numpy as np
import pandas as pd
import pytest
from reference_numbers import load
from scipy import optimize

import ketamine_analysis as ka
from ketamine_analysis.pooling import trial_likelihood

REFERENCE = load("multilevel.json")


def _table(name):
    d = pd.DataFrame(REFERENCE["tables"][name])
    return d.assign(
        std_error=np.sqrt(d["active_variance"] + d["control_variance"]),
        treatment_class=d["arm"],
        measure="log_odds_ratio",
    )


def _fit(case, **changes):
    arguments = {name: case[name] for name in ("structure", "method", "inference", "correlation")} | changes
    return ka.correlated_effects(_table(case["table"]), moderators=case["moderators"], **arguments)


def _many(value):
    return value if isinstance(value, list) else [value]


@pytest.mark.parametrize(
    "case", REFERENCE["cases"], ids=lambda c: f"{c['table']}-{c['structure']}-{c['method']}-{'+'.join(c['moderators'])}"
)
def test_fits_agree_with_metafor(case):
    result = _fit(case)
    table, test, criteria = result.summary(), result.test(), result.information_criteria().iloc[0]
    assert result.log_likelihood >= case["log_likelihood"] - 1e-8
    assert result.log_likelihood == pytest.approx(case["log_likelihood"], rel=1e-9)
    assert [result.tau2, result.rho] == pytest.approx([case["tau2"], case["rho"]], rel=1e-5)
    assert criteria["AIC"] == pytest.approx(case["AIC"], rel=1e-8)
    assert criteria["BIC"] == pytest.approx(case["BIC"], rel=1e-8)
    assert pytest.approx(case["QE"], rel=1e-9) == result.QE
    for name in ("estimate", "std_error", "p_value", "conf_low", "conf_high"):
        assert table[name].tolist() == pytest.approx(_many(case[name]), rel=1e-5, abs=1e-7), name
    if case["inference"] != "wald":
        assert table["df"].tolist() == _many(case["df"])
    if case["moderators"]:
        assert test["statistic"][0] == pytest.approx(case["QM"], rel=1e-5)
        assert test["p_value"][0] == pytest.approx(case["QM_p_value"], rel=1e-5)
    else:
        new = result.predict(pd.DataFrame(index=[0])).iloc[0]
        assert new["prediction_low"] == pytest.approx(case["prediction_low"], rel=1e-5)
        assert new["prediction_high"] == pytest.approx(case["prediction_high"], rel=1e-5)
    assert test["p_value"].iloc[-1] == pytest.approx(case["QE_p_value"], rel=1e-6, abs=1e-30)


def test_one_effect_per_trial_without_anything_in_common_is_random_effects():
    table = _table("times").drop_duplicates("study")
    one = ka.correlated_effects(table, structure="ID", inference="containment")
    two = ka.random_effects(table)
    assert one.tau2 == pytest.approx(two.tau2, rel=1e-8)
    assert one.log_likelihood == pytest.approx(two.log_likelihood(), rel=1e-10)
    assert pytest.approx(two.I2, rel=1e-8) == one.I2
    assert one.coefficients[0] == pytest.approx(two.estimate[0], rel=1e-10)
    assert one.df[0] == len(table) - 1


def test_order_shift_and_scale():
    table = _table("times")
    one = ka.correlated_effects(table, structure="CAR")
    shuffled = ka.correlated_effects(table.sample(frac=1, random_state=1), structure="CAR")
    assert shuffled.summary()["conf_low"][0] == pytest.approx(one.summary()["conf_low"][0], rel=1e-8)
    moved = ka.correlated_effects(table.assign(estimate=5 + table["estimate"]), structure="CAR")
    assert moved.coefficients[0] == pytest.approx(5 + one.coefficients[0], rel=1e-8)
    assert [moved.tau2, moved.rho] == pytest.approx([one.tau2, one.rho], rel=1e-6)
    names = ["active_variance", "control_variance", "std_error", "estimate"]
    tenfold = table.assign(**{name: table[name] * (10 if name in names[2:] else 100) for name in names})
    large = ka.correlated_effects(tenfold, structure="CAR")
    assert [large.tau2, large.rho] == pytest.approx([100 * one.tau2, one.rho], rel=1e-6)


def test_nested_is_compound_symmetry_with_its_own_names():
    cs = ka.correlated_effects(_table("times"), structure="CS")
    nested = ka.correlated_effects(_table("times"), structure="nested")
    assert [nested.tau2, nested.rho] == pytest.approx([cs.tau2, cs.rho], rel=1e-6)


def test_a_known_truth_comes_back_and_what_repeats_is_not_counted_twice():
    rng = np.random.default_rng(4)
    trials, hours = 400, np.array([24.0, 168.0, 336.0])
    weeks = np.abs(hours[:, None] - hours[None, :]) / 168
    va, vc = 0.05, 0.03
    true = np.linalg.cholesky(0.4 * 0.6**weeks)
    error = np.linalg.cholesky(0.5**weeks * (va + vc))
    y = 1.0 + rng.normal(size=(trials, 3)) @ true.T + rng.normal(size=(trials, 3)) @ error.T
    table = pd.DataFrame({
        "study": np.repeat(np.arange(trials), 3), "arm": "a", "control_arm": "c", "hours": np.tile(hours, trials),
        "estimate": y.ravel(), "std_error": np.sqrt(va + vc), "active_variance": va, "control_variance": vc,
    })  # fmt: skip
    fit = ka.correlated_effects(table, structure="CAR")
    row = fit.summary().iloc[0]
    assert row["conf_low"] < 1.0 < row["conf_high"]
    assert fit.tau2 == pytest.approx(0.4, abs=0.06) and fit.rho == pytest.approx(0.6, abs=0.08)
    as_if_independent = ka.random_effects(table.drop(columns=["arm", "control_arm"])).summary().iloc[0]
    assert row["std_error"] > 1.3 * as_if_independent["std_error"]


def test_identical_trials_leave_no_variance_and_no_correlation():
    table = _table("times").assign(estimate=0.7)
    fit = ka.correlated_effects(table, structure="CS")
    assert fit.tau2 == 0 and np.isnan(fit.rho)
    assert fit.summary()["note"][0] == "τ² is 0: ρ does not exist"
    assert fit.coefficients[0] == pytest.approx(0.7)


def test_a_correlation_at_its_end_is_noted():
    table = _table("times")
    size = {name: place for place, name in enumerate(table["study"].unique())}
    same = ka.correlated_effects(table.assign(estimate=table["study"].map(size) / 4), structure="CAR")
    assert same.rho > 0.999 and "do not tell it" in same.summary()["note"][0]
    assert ka.correlated_effects(table, structure="CAR").summary()["note"][0] == ""


def test_two_thousand_trials_take_no_square_matrix():
    rng = np.random.default_rng(1)
    k = 2000
    one = pd.DataFrame({
        "study": np.repeat(np.arange(k), 3), "arm": "a", "control_arm": "c", "hours": np.tile([24.0, 168.0, 672.0], k),
        "active_variance": 0.04, "control_variance": 0.05, "std_error": 0.3,
    })  # fmt: skip
    one["estimate"] = 0.5 + np.repeat(rng.normal(0, 0.4, k), 3) + rng.normal(0, 0.3, 3 * k)
    fit = ka.correlated_effects(one)
    assert fit.trials == 2000 and fit.coefficients[0] == pytest.approx(0.5, abs=0.05)


def test_standardised_differences_share_their_spread():
    arms = pd.DataFrame({
        "study": "a", "arm": ["x", "y", "p"], "treatment_class": ["x", "y", "p"], "role": ["active", "active", "control"],
        "hours": 24.0, "scale": "MADRS", "outcome": "change", "mean": [-12.0, -9.0, -4.0], "sd": 9.0, "n": [30, 25, 28],
    })  # fmt: skip
    effects = ka.contrast_arms(arms, outcome="change", measure="standardized_mean_difference")
    assert ka.time_covariance(effects, 0.5) == pytest.approx(ka.sampling_covariance(effects), rel=1e-12)


@pytest.mark.parametrize(
    ("change", "arguments", "words"),
    [
        ({}, {"structure": "UN"}, "'UN' is unknown"),
        ({}, {"inference": "hksj"}, "'hksj' is unknown"),
        ({}, {"method": "DL"}, "'DL' is unknown"),
        ({}, {"correlation": 1.0}, "at least 0 and below 1"),
        ({}, {"correlation": np.eye(3)}, "must be"),
        ({}, {"moderators": "nothing"}, "not a column"),
        ({"std_error": 0.0}, {}, "std_error is missing or not positive in rows"),
        ({"active_variance": np.nan}, {}, "active_variance is missing"),
        ({"measure": ["risk_difference"] + ["log_odds_ratio"] * 44}, {}, "one measure"),
        ({"hours": 24.0}, {}, "enter twice at one time"),
        ({"study": "a", "arm": [str(i) for i in range(45)]}, {}, "two or more are needed"),
        ({"study": range(45)}, {}, "use random_effects"),
        ({"hours": 24.0, "arm": [str(i) for i in range(45)]}, {"structure": "CAR"}, "no trial has two times"),
    ],
)
def test_what_cannot_be_fitted_is_named(change, arguments, words):
    table = _table("times")
    change = {name: list(value) if not np.isscalar(value) else value for name, value in change.items()}
    with pytest.raises(ValueError, match=words):
        ka.correlated_effects(table.assign(**change), **arguments)


def test_a_search_that_stops_early_says_where(monkeypatch):
    monkeypatch.setattr(trial_likelihood, "STEPS", 0)
    stop = optimize.OptimizeResult(x=np.array([0.1, 0.5]), fun=0.0)
    monkeypatch.setattr(trial_likelihood.optimize, "minimize", lambda *_, **__: stop)
    with pytest.raises(ka.ConvergenceError, match="no maximum that could be reached") as caught:
        ka.correlated_effects(_table("times"))
    assert len(caught.value.state["parameters"]) == 2


def test_an_own_covariance_is_checked():
    table = _table("times")
    good = ka.time_covariance(table, 0.5)
    by_matrix = ka.correlated_effects(table, correlation=good)
    assert by_matrix.tau2 == pytest.approx(ka.correlated_effects(table).tau2, rel=1e-9)
    across = good + 0.001
    with pytest.raises(ValueError, match="zeros between trials"):
        ka.correlated_effects(table, correlation=across)
    singular = np.where(good != 0, 0.1, 0.0)
    with pytest.raises(ValueError, match="not positive definite"):
        ka.correlated_effects(table, correlation=singular)
    with pytest.raises(ValueError, match="lacks column"):
        ka.correlated_effects(table.drop(columns="control_variance"))
