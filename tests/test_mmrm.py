"""fit_mmrm against R's mmrm (every fit of the reference), closed forms, laws, other engines and what it answers."""

from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_allclose
from reference_numbers import FOLDER, load
from scipy import stats

import ketamine_analysis as ka

R = load("mmrm.json")
FITS = [key for key in R if key.count("/") >= 3]
SUMMARY = ["term", "estimate", "std_error", "df", "statistic", "p_value", "conf_low", "conf_high"]


def trial(name):
    table = pd.read_csv(FOLDER / f"mmrm_{name}.csv")
    control = "midazolam" if name == "three_arm" else "placebo"
    if "arm" in table:  # the arm of role control is the reference, as in R's relevel
        table["role"] = np.where(table["arm"] == control, "control", "active")
    return table


def fit(key):
    name, covariance, method, inference = key.split("/")[:4]
    by = "arm" if covariance == "us_by_arm" else None
    covariates = ("site", "sex") if key.endswith("site+sex") else ()
    covariance = "us" if by else covariance
    return ka.fit_mmrm(
        trial(name), covariates=covariates, covariance=covariance, by=by, method=method.upper(), inference=inference
    )


def named(terms):
    """R's term names, with `visit` for our `hours` and the parts of an interaction in one order."""
    return [":".join(sorted(part.replace("hours", "visit") for part in term.split(":"))) for term in terms]


@pytest.mark.parametrize("key", FITS)
def test_equals_r_mmrm(key):
    expected, result = R[key], fit(key)
    assert_allclose(result.log_likelihood, expected["log_likelihood"], rtol=1e-11)
    assert_allclose([result.AIC, result.BIC], [expected["AIC"], expected["BIC"]], rtol=1e-11)
    assert (result.n_scores, result.n_patients) == (expected["n_obs"], expected["n_subjects"])
    assert len(result.fit.theta) == expected["n_theta"] and result.fit.largest_gradient < 1e-10
    ours = result.summary().set_index("term").set_axis(named(result.summary()["term"]))
    theirs = pd.DataFrame(expected["coefficients"], columns=["term", "estimate", "std_error", "df", "p_value"])
    theirs = theirs.set_axis(named(theirs["term"]))
    assert set(ours.index) == set(theirs.index)
    ours = ours.loc[theirs.index]
    assert_allclose(ours["estimate"], theirs["estimate"], rtol=1e-9, atol=1e-10)
    assert_allclose(ours["std_error"], theirs["std_error"], rtol=1e-9)
    assert_allclose(ours["df"], theirs["df"], rtol=1e-8)
    assert_allclose(ours["p_value"], theirs["p_value"], rtol=1e-6, atol=1e-11)
    _compare_means(result, expected)
    f = result.tests().set_index("test").loc["arm × visit"]
    assert_allclose(f[["statistic", "df", "df_denominator"]].astype(float), expected["arm_by_visit"][:3], rtol=1e-8)
    assert_allclose(f["p_value"], expected["arm_by_visit"][3], rtol=1e-6, atol=1e-11)


def _compare_means(result, expected):
    numbers = ["estimate", "std_error", "df", "conf_low", "conf_high"]
    ours = result.lsmeans().assign(hours=lambda rows: rows["hours"].astype(int).astype(str))
    ours = ours.set_index(["arm", "hours"])[numbers]
    theirs = pd.DataFrame(expected["lsmeans"], columns=["arm", "hours", *numbers]).set_index(["arm", "hours"])
    assert_allclose(ours.loc[theirs.index], theirs, rtol=1e-8)
    ours = result.contrasts()
    keys = ours["arm"] + " - " + ours["control_arm"], ours["hours"].astype(int).astype(str)
    ours = ours.set_index(list(keys))[[*numbers, "p_value"]]
    theirs = pd.DataFrame(expected["contrasts"], columns=["c", "v", *numbers, "p_value"]).set_index(["c", "v"])
    assert_allclose(ours.loc[theirs.index], theirs, rtol=1e-6, atol=1e-11)
    covariance = expected["covariance"]
    if isinstance(covariance, dict):
        for group, matrix in covariance.items():
            assert_allclose(result.covariance_matrix(group), matrix, rtol=1e-8)
    elif result.covariance != "sp_exp":  # R prints that one for two visits one day apart
        assert_allclose(result.covariance_matrix(), matrix_of(covariance), rtol=1e-8, atol=1e-8)
    else:
        one_day = result.model.days[1] - result.model.days[0], result.correlation_matrix().iloc[0, 1]
        rho = one_day[1] ** (1 / one_day[0])
        assert_allclose(result.covariance_matrix().iloc[0, 0] * np.array([1, rho]), covariance[0], rtol=1e-8)


def matrix_of(rows):
    return np.array(rows, float)
