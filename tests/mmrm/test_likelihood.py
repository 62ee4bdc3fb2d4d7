"""The likelihood from sums: against one matrix per patient, its derivatives, its optimum, hard cases."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from small_data import few_patients, trial

import ketamine_analysis as ka
from ketamine_analysis.mmrm import likelihood
from ketamine_analysis.mmrm.covariances import STRUCTURES, covariance_derivatives
from ketamine_analysis.mmrm.likelihood import evaluate


def patient_by_patient(table, sigma, restricted):
    """−2 log L and the coefficients with one matrix per patient, as a textbook writes it."""
    visits = sorted(table["hours"].unique())
    information, score, square, deviance, n = 0, 0, 0, 0, len(table)
    blocks = []
    for _, rows in table.groupby("subject"):
        seen = [visits.index(hour) for hour in rows["hours"]]
        x = np.zeros((len(seen), 3 * len(visits)))
        for place, visit in enumerate(seen):
            x[place, 3 * visit : 3 * visit + 3] = [1, rows["arm"].iloc[0] == "ketamine", rows["baseline"].iloc[0]]
        own = sigma[np.ix_(seen, seen)]
        blocks.append((x, rows["change"].to_numpy(float), np.linalg.inv(own)))
        deviance += np.linalg.slogdet(own)[1]
    for x, y, w in blocks:
        information, score, square = information + x.T @ w @ x, score + x.T @ w @ y, square + y @ w @ y
    beta = np.linalg.solve(information, score)
    deviance += square - beta @ score
    if restricted:
        deviance += np.linalg.slogdet(information)[1]
    return deviance + (n - restricted * len(beta)) * np.log(2 * np.pi), beta


@pytest.mark.parametrize("method", ["REML", "ML"])
@pytest.mark.parametrize("covariance", ["us", "toep", "adh", "sp_exp"])
def test_sums_give_the_likelihood_of_the_patients(covariance, method):
    table = trial("small")
    result = ka.fit_mmrm(table, covariance=covariance, method=method)
    theta = result.fit.theta + 0.1 * np.cos(np.arange(len(result.fit.theta)))  # not only at the optimum
    point = evaluate(result.moments, result.model, theta)
    sigma = covariance_derivatives(covariance, theta, result.model.days)[0]
    deviance, beta = patient_by_patient(table, sigma, method == "REML")
    assert_allclose(-2 * point.log_likelihood, deviance, rtol=1e-11)
    effect = point.coefficients[result.design.place[:, 0]] - point.coefficients[result.design.place[:, 1]]
    sign = 1 if result.design.arms[0] == "ketamine" else -1
    assert_allclose(sign * effect, beta[1::3], rtol=1e-9)


@pytest.mark.parametrize("choices", [{}, {"method": "ML"}, {"by": "arm"}, {"covariates": ("site",)}])
@pytest.mark.parametrize("covariance", STRUCTURES)
def test_gradient_and_hessian_equal_differences(covariance, choices):
    result = ka.fit_mmrm(trial("small"), covariance=covariance, **choices)
    theta = result.fit.theta + 0.05 * np.sin(1 + np.arange(len(result.fit.theta)))
    here, step = evaluate(result.moments, result.model, theta), 1e-5
    for k in range(len(theta)):
        move = step * (np.arange(len(theta)) == k)
        up, down = (evaluate(result.moments, result.model, theta + sign * move) for sign in (1, -1))
        slope = (down.log_likelihood - up.log_likelihood) / (2 * step)
        assert_allclose(here.gradient[k], slope, rtol=1e-6, atol=1e-6)
        bend = (up.gradient - down.gradient) / (2 * step)
        assert_allclose(here.hessian[k], bend, rtol=1e-6, atol=1e-6)
        slopes = (np.linalg.inv(up.covariance) - np.linalg.inv(down.covariance)) / (2 * step)
        assert_allclose(here.slopes[k], slopes, rtol=1e-5, atol=1e-6 * np.abs(slopes).max())


@pytest.mark.parametrize(
    ("height", "bend", "there"),
    [(-3.0, 1.0, True), (-3.0, np.nan, False), (np.inf, 1.0, False), (np.nan, np.inf, False)],
)
def test_a_point_whose_value_or_curvature_is_not_finite_is_no_point(height, bend, there, monkeypatch):
    point = SimpleNamespace(log_likelihood=height, hessian=np.array([[1.0, bend], [bend, 1.0]]))
    monkeypatch.setattr(likelihood, "_evaluate", lambda *_: point)
    assert evaluate(None, None, None) is (point if there else None)


def nothing_better(result):
    """No point around the optimum, a thousandth to one standard error away, is more likely."""
    rng, root = np.random.default_rng(7), np.linalg.cholesky(result.fit.parameter_covariance)
    for size in (1e-3, 1e-2, 0.1, 1.0):
        for _ in range(10):
            there = result.fit.theta + size * root @ rng.normal(size=len(root))
            other = evaluate(result.moments, result.model, there)
            assert other is None or other.log_likelihood < result.log_likelihood


@pytest.mark.parametrize("name", ["small", "three_arm", "wide_gap"])
@pytest.mark.parametrize("covariance", STRUCTURES)
def test_nothing_around_the_optimum_is_better(name, covariance):
    nothing_better(ka.fit_mmrm(trial(name), covariance=covariance))


@pytest.mark.parametrize("covariance", STRUCTURES)
@pytest.mark.parametrize("correlation", [0.99, 0.999, 0.99999])
def test_nearly_collinear_visits_converge(covariance, correlation):
    rng, n, t = np.random.default_rng(1), 60, 6
    scores = np.sqrt(correlation) * rng.normal(size=(n, 1)) + np.sqrt(1 - correlation) * rng.normal(size=(n, t))
    scores[np.cumsum(rng.random((n, t)) < 0.1, axis=1) > 0] = np.nan
    result = ka.fit_mmrm(long(scores), visit_covariates=(), covariance=covariance)
    assert result.fit.gain < 1e-12
    nothing_better(result)


@pytest.mark.parametrize("covariance", ["us", "toeph", "ar1h", "csh", "adh", "cs", "ar1", "toep"])
def test_variances_of_sixteen_orders_of_magnitude_converge(covariance):
    rng, n, t = np.random.default_rng(2), 60, 6
    scores = (rng.normal(size=(n, 1)) + rng.normal(size=(n, t))) * 10.0 ** np.linspace(-4, 4, t)
    scores[np.cumsum(rng.random((n, t)) < 0.1, axis=1) > 0] = np.nan
    result = ka.fit_mmrm(long(scores), visit_covariates=(), covariance=covariance)
    assert result.fit.largest_gradient < 1e-9
    nothing_better(result)
    if STRUCTURES[covariance].own_variances:  # the units of a visit are free: only its determinant enters
        again = ka.fit_mmrm(long(scores / 10.0 ** np.linspace(-4, 4, t)), visit_covariates=(), covariance=covariance)
        tests = [one.contrasts("a")[["statistic", "df"]] for one in (result, again)]
        assert_allclose(tests[0], tests[1], rtol=1e-6)


def long(scores):
    n, t = scores.shape
    return pd.DataFrame(
        {"subject": np.repeat(np.arange(n), t), "arm": np.repeat(np.where(np.arange(n) % 2, "a", "b"), t),
         "hours": np.tile(24.0 * np.arange(1, t + 1), n), "change": scores.ravel()}
    )  # fmt: skip


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("drop", [0.0, 0.05])
def test_more_visits_than_patients_can_bear_converge_or_say_so(seed, drop):
    table = few_patients(visits=12, seed=seed, drop=drop)
    for covariance in ("us", "toeph", "ar1h"):
        try:
            result = ka.fit_mmrm(table, covariance=covariance)
        except ka.ConvergenceError as error:
            assert "fit fewer visits or fewer covariance parameters" in str(error) and drop > 0
        else:
            nothing_better(result)


def test_covariances_nobody_informs_are_refused():
    table = trial("small")
    half = np.where(table["subject"].str[1:].astype(int) % 2, table["hours"] <= 168, table["hours"] >= 336)
    with pytest.raises(ka.ConvergenceError, match="fewer than two patients were seen at both visit 24 and visit 336"):
        ka.fit_mmrm(table[half])
    last = table[(table["hours"] < 672) | table["subject"].isin(table.query("hours == 672")["subject"].unique()[:3])]
    with pytest.raises(ka.ConvergenceError, match="visit 672 has no more patients than coefficients of its own"):
        ka.fit_mmrm(last, covariance="toeph")
    flat = table.assign(change=table["change"].where(table["hours"] != 24, 2.0))
    with pytest.raises(ka.ConvergenceError, match="the fixed effects leave no variance at visit 24"):
        ka.fit_mmrm(flat)


@pytest.mark.parametrize("covariance", STRUCTURES)
def test_fisher_information_is_half_the_trace_over_patients(covariance):
    table = trial("small")
    result = ka.fit_mmrm(table, covariance=covariance)
    theta, visits = result.fit.theta, list(result.design.visits)
    sigma, first, _ = covariance_derivatives(covariance, theta, result.model.days)
    expected = np.zeros((len(theta), len(theta)))
    for _, rows in table.groupby("subject"):
        seen = [visits.index(hour) for hour in rows["hours"]]
        w = np.linalg.inv(sigma[np.ix_(seen, seen)])
        scaled = [w @ one[np.ix_(seen, seen)] for one in first]
        expected += [[np.trace(a @ b) / 2 for b in scaled] for a in scaled]
    assert_allclose(evaluate(result.moments, result.model, theta).fisher, expected, rtol=1e-9, atol=1e-12)
