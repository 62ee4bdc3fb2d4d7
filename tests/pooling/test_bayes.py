"""Random effects with a prior on the spread: bayesmeta's numbers, direct quadrature, laws, few trials."""

import json
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from reference_numbers import load
from scipy import integrate, stats

import ketamine_analysis as ka
from ketamine_analysis.pooling.spread_priors import spread_prior

CASES = {
    "one trial": ([-0.7], [0.3]),
    "two trials": ([0.9, 0.1], [0.4, 0.3]),
    "identical": ([-0.4] * 4, [0.2] * 4),
    "one huge, two tiny": ([-0.2, -1.5, 0.8], [0.01, 0.9, 1.1]),
    "errors over six orders of magnitude": ([0.3, 0.31, 0.2, 1.0, -40.0], [1e-4, 1e-2, 0.3, 5.0, 100.0]),
    "twenty that differ": (list(np.linspace(-1, 1, 20)), [0.2] * 20),
}
PRIORS = [("half_normal", 0.5), ("half_cauchy", 0.5), ("log_normal", (-2.12, 1.53))]


def _table(estimate, std_error):
    return pd.DataFrame({"estimate": np.asarray(estimate, float), "std_error": np.asarray(std_error, float)})


def _settings(name):
    if name.startswith("turner"):
        return {"prior": "log_normal", "scale": (-2.93, 1.58)}
    prior, scale = name.rsplit("_", 1)
    return {"prior": prior, "scale": float(scale)}


@pytest.mark.parametrize("expected", load("bayes.json")["expected"], ids=lambda one: f"{one['set']}, {one['prior']}")
def test_bayesmeta_gives_the_same_to_its_accuracy(expected):
    sets = {one["name"]: one for one in load("bayes.json")["sets"]}
    trials = _table(sets[expected["set"]]["estimate"], sets[expected["set"]]["std_error"])
    pool = ka.bayes_random_effects(trials, **_settings(expected["prior"]))
    row, tau, new = pool.summary().iloc[0], pool.tau.iloc[0], pool.prediction_interval().iloc[0]
    width = expected["mu_high"] - expected["mu_low"]
    for found, names in (
        ([row["estimate"], row["conf_low"], row["conf_high"]], ["mu_median", "mu_low", "mu_high"]),
        ([new["prediction_low"], new["prediction_high"]], ["new_low", "new_high"]),
        ([tau["tau"], tau["tau_low"], tau["tau_high"]], ["tau_median", "tau_low", "tau_high"]),
    ):
        wanted = [expected[name] for name in names]
        assert found == pytest.approx(wanted, abs=2e-3 * (max(wanted) - min(wanted)))
    assert pool.probability(below=0) == pytest.approx(expected["probability_below_zero"], abs=1e-3)
    shrunken = pool.shrunken()
    assert shrunken["estimate"].to_numpy() == pytest.approx(expected["shrunken"], abs=2e-3 * width)
    if not pool.prior.heavy or len(trials) > 10:  # bayesmeta cuts heavy tails off, and so their moments
        assert row["std_error"] == pytest.approx(expected["mu_sd"], rel=2e-2)
        assert shrunken["std_error"].to_numpy() == pytest.approx(expected["shrunken_sd"], rel=2e-2)


def _directly(trials, prior, function, *, up_to=np.inf):
    """∫ function(mean, variance, τ) over the posterior of τ up to a value, by adaptive quadrature in log τ."""
    y, v = trials["estimate"].to_numpy(), trials["std_error"].to_numpy() ** 2

    def parts(x):
        w = 1 / (v + np.exp(2 * x))
        mean = (w * y).sum() / w.sum()
        log = (np.log(w).sum() - np.log(w.sum()) - (w * (y - mean) ** 2).sum()) / 2
        return log + float(prior.log_density(np.array(x))), mean, 1 / w.sum()

    grid = np.linspace(-60, 60, 2401)
    logs = np.array([parts(x)[0] for x in grid])
    inside = grid[logs > logs.max() - 60]
    low, high = inside[0] - 0.05, inside[-1] + 0.05

    def total(what, end):
        def integrand(x):
            log, mean, variance = parts(x)
            return np.exp(log - logs.max()) * what(mean, variance, np.exp(x))

        edges = np.linspace(low, end, 40)
        return sum(integrate.quad(integrand, a, b, epsabs=1e-13, epsrel=1e-11)[0] for a, b in pairwise(edges))

    return total(function, min(high, np.log(up_to))) / total(lambda *_: 1.0, high)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize(("name", "scale"), PRIORS)
def test_direct_quadrature_gives_the_same_to_1e_8(case, name, scale):
    trials, prior = _table(*CASES[case]), spread_prior(name, scale, None)
    pool = ka.bayes_random_effects(trials, prior=name, scale=scale)
    row, tau, new = pool.summary().iloc[0], pool.tau.iloc[0], pool.prediction_interval().iloc[0]
    below = lambda q: lambda m, v, t: stats.norm.cdf(q, m, v**0.5)  # noqa: E731
    for quantile, p in ((row["conf_low"], 0.025), (row["estimate"], 0.5), (row["conf_high"], 0.975)):
        assert _directly(trials, prior, below(quantile)) == pytest.approx(p, abs=1e-8)
    new_below = _directly(trials, prior, lambda m, v, t: stats.norm.cdf(new["prediction_low"], m, (v + t * t) ** 0.5))
    assert new_below == pytest.approx(0.025, abs=1e-8)
    assert pool.probability(above=0.1) == pytest.approx(1 - _directly(trials, prior, below(0.1)), abs=1e-8)
    if np.isfinite(row["std_error"]):
        mean = _directly(trials, prior, lambda m, v, t: m)
        second = _directly(trials, prior, lambda m, v, t: v + (m - mean) ** 2)
        assert row["std_error"] == pytest.approx(second**0.5, rel=1e-8)
    assert _directly(trials, prior, lambda *_: 1.0, up_to=tau["tau"]) == pytest.approx(0.5, abs=1e-8)


def test_one_trial_is_wider_than_two_that_agree_and_than_itself():
    one = ka.bayes_random_effects(_table([-0.7], [0.3]), scale=0.5).summary().iloc[0]
    two = ka.bayes_random_effects(_table([-0.7, -0.7], [0.3, 0.3]), scale=0.5).summary().iloc[0]
    width = one["conf_high"] - one["conf_low"]
    assert width > two["conf_high"] - two["conf_low"]
    assert width > 2 * 1.96 * 0.3
    assert one["std_error"] ** 2 == pytest.approx(0.3**2 + 0.5**2)  # s² + E τ² of a half-normal


def test_no_spread_at_all_is_the_common_effect():
    trials = _table([0.2, 0.5, 0.1], [0.1, 0.2, 0.3])
    row = ka.bayes_random_effects(trials, scale=1e-6).summary().iloc[0]
    common = ka.random_effects(trials, method="FE", inference="wald").summary().iloc[0]
    columns = ["estimate", "std_error", "conf_low", "conf_high"]
    assert row[columns].to_numpy(float) == pytest.approx(common[columns].to_numpy(float), rel=1e-9)


def test_laws():
    trials = _table([0.9, 0.1, -0.3], [0.4, 0.3, 0.2])
    row = ka.bayes_random_effects(trials, scale=0.5).summary().iloc[0]
    shifted = ka.bayes_random_effects(trials.assign(estimate=trials["estimate"] + 100), scale=0.5).summary().iloc[0]
    larger = ka.bayes_random_effects(trials * 1000, scale=500.0).summary().iloc[0]
    turned = (
        ka.bayes_random_effects(trials.assign(estimate=-trials["estimate"]).iloc[::-1], scale=0.5).summary().iloc[0]
    )
    limits = row[["conf_low", "estimate", "conf_high"]].to_numpy(float)
    assert shifted[["conf_low", "estimate", "conf_high"]].to_numpy(float) - 100 == pytest.approx(limits, abs=1e-9)
    assert larger[["conf_low", "estimate", "conf_high"]].to_numpy(float) / 1000 == pytest.approx(limits, abs=1e-9)
    assert -turned[["conf_high", "estimate", "conf_low"]].to_numpy(float) == pytest.approx(limits, abs=1e-9)


def test_many_poolings_at_once_are_each_alone():
    sizes = {"a": 1, "b": 2, "c": 7}
    rng = np.random.default_rng(3)
    table = pd.concat([pd.DataFrame({"study": [f"{name}{i}" for i in range(k)], "drug": name,
                                     "estimate": rng.normal(size=k), "std_error": rng.uniform(0.01, 0.5, k)})
                       for name, k in sizes.items()])  # fmt: skip
    together = ka.bayes_random_effects(table, scale=0.5, by="drug")
    for name, part in table.groupby("drug"):
        alone = ka.bayes_random_effects(part, scale=0.5)
        row = together.summary().set_index("drug").loc[name]
        assert row[["estimate", "conf_low", "tau"]].to_numpy(float) == pytest.approx(
            alone.summary()[["estimate", "conf_low", "tau"]].to_numpy(float)[0], abs=1e-8
        )
        assert together.probability(below=0.1)[name] == pytest.approx(alone.probability(below=0.1), abs=1e-10)
        assert together.k[name] == alone.k == len(part)
    assert together.shrunken()["study"].tolist() == table["study"].tolist()


def test_leaving_one_out_is_pooling_the_others():
    trials = _table([0.9, 0.1, -0.3], [0.4, 0.3, 0.2]).assign(study=list("abc"))
    left = ka.bayes_random_effects(trials, scale=0.5).leave_one_out().set_index("left_out")
    rest = ka.bayes_random_effects(trials[trials["study"] != "b"], scale=0.5).summary().iloc[0]
    assert left.loc["b", "conf_high"] == pytest.approx(rest["conf_high"], abs=1e-10)
    assert left["k"].tolist() == [2, 2, 2]
    assert ka.bayes_random_effects(trials.head(1), scale=0.5).leave_one_out().empty


def test_the_usual_scales_and_the_published_priors():
    trials = _table([0.9, 0.1], [0.4, 0.3])
    odds = ka.prior_sensitivity(trials.assign(measure="log_odds_ratio"))["prior"].tolist()
    assert odds == ["half_normal 0.25", "half_normal 0.5", "half_normal 1", "half_cauchy 0.5",
                    "turner_2015 (log τ²: -2.12, 1.53)"]  # fmt: skip
    differences = ka.prior_sensitivity(trials.assign(measure="standardized_mean_difference"))["prior"].tolist()
    assert differences[1] == "half_normal 0.276" and differences[-1] == "rhodes_2015 (log τ²: -2.99, 2.16)"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"prior": "flat"}, "prior 'flat' is unknown"),
        ({}, "no usual spread: give scale="),
        ({"scale": -1.0}, "must be a positive number"),
        ({"scale": float("inf")}, "must be a positive number"),
        ({"prior": "log_normal", "scale": 0.5}, r"needs scale=\(location, scale\)"),
        ({"prior": "turner_2015"}, "published for log_odds_ratio"),
    ],
)
def test_what_cannot_be_is_said(arguments, words):
    with pytest.raises(ValueError, match=words):
        ka.bayes_random_effects(_table([0.9, 0.1], [0.4, 0.3]), **arguments)


def test_arms_that_would_count_twice_are_refused():
    table = _table([0.9, 0.1], [0.4, 0.3]).assign(study="a", arm=["x", "y"], control_arm="p")
    with pytest.raises(ka.DatasetError, match="counted twice"):
        ka.bayes_random_effects(table, scale=0.5)


def test_the_reference_says_what_made_it():
    assert "bayesmeta 3.4" in json.dumps(load("bayes.json")["versions"])
