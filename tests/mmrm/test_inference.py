"""Kenward–Roger and Satterthwaite against their formulas written patient by patient, with a covariance per arm."""

from types import SimpleNamespace

import numpy as np
import pytest
from numpy.testing import assert_allclose
from small_data import trial

import ketamine_analysis as ka
from ketamine_analysis.mmrm import inference
from ketamine_analysis.mmrm.covariances import covariance_derivatives


def patients(result, table):
    """Each patient's X (in the layout of the fit), visits seen and group."""
    visits, columns = list(result.design.visits), result.design.columns
    t, q = result.design.place.shape
    origin = result.design.covariates[0].origin
    for _, rows in table.groupby("subject"):
        arm = result.design.arms.index(rows["arm"].iloc[0])
        z = np.zeros(q)
        z[arm], z[-1] = 1, rows["baseline"].iloc[0] - origin
        seen = [visits.index(hour) for hour in rows["hours"]]
        x = np.einsum("tu,q->tuq", np.eye(t), z).reshape(t, t * q) @ columns
        yield x[seen], seen, result.groups.index(rows["arm"].iloc[0])


def textbook(result, table, linear):
    """Kenward & Roger 1997: Φ, P, and Φ + 2Φ{Σ w(Q − PΦP − R/4)}Φ summed over patients and pairs of parameters."""
    k, w = result.model.parameters, result.fit.parameter_covariance
    p, size = result.design.columns.shape[1], len(w)
    information, slopes = np.zeros((p, p)), np.zeros((size, p, p))
    inner = np.zeros((p, p))
    parts = [covariance_derivatives("us", part, result.model.days) for part in np.split(result.fit.theta, 2)]
    for x, seen, group in patients(result, table):
        sigma, first, second = parts[group]
        cut = np.ix_(seen, seen)
        v = np.linalg.inv(sigma[cut])
        information += x.T @ v @ x
        for i in range(k):
            slopes[group * k + i] -= x.T @ v @ first[i][cut] @ v @ x
            for j in range(k):
                weight = w[group * k + i, group * k + j]
                inner += weight * x.T @ v @ first[i][cut] @ v @ first[j][cut] @ v @ x
                if not linear:
                    inner -= weight / 4 * x.T @ v @ second[i, j][cut] @ v @ x
    plain = np.linalg.inv(information)
    inner -= sum(w[i, j] * slopes[i] @ plain @ slopes[j] for i in range(size) for j in range(size))
    return plain, slopes, plain + 2 * plain @ inner @ plain


@pytest.mark.parametrize("inference", ["kenward_roger", "kenward_roger_linear"])
def test_kenward_roger_with_a_covariance_per_arm_equals_its_formula(inference):
    table = trial("small")
    result = ka.fit_mmrm(table, by="arm", inference=inference)
    plain, slopes, adjusted = textbook(result, table, inference == "kenward_roger_linear")
    assert_allclose(result.fixed.plain, plain, rtol=1e-9, atol=1e-12)
    assert_allclose(result.fixed.slopes, slopes, rtol=1e-8, atol=1e-10)
    assert_allclose(result.fixed.covariance, adjusted, rtol=1e-8, atol=1e-10)
    row = (np.eye(8)[1] - np.eye(8)[0]) @ np.array([one for one in means(result)])
    variance = row @ plain @ row
    slope = np.array([-row @ plain @ one @ plain @ row for one in slopes])
    df = 2 * variance**2 / (slope @ result.fit.parameter_covariance @ slope)
    contrast = result.contrasts(result.design.arms[0], at=24).iloc[0]
    assert_allclose(contrast["df"], df, rtol=1e-8)
    assert_allclose(contrast["std_error"], np.sqrt(row @ adjusted @ row), rtol=1e-8)


def means(result):
    """The row of fixed effects of each LS mean at mean baseline, arms within visits."""
    t, q = result.design.place.shape
    seen = np.tensordot(result.moments.seen.astype(float), result.moments.zz, ([0], [0])).sum(0)
    at = seen[:2, 2].sum() / np.trace(seen[:2, :2])
    for visit in range(t):
        for arm in range(2):
            weights = np.zeros((t, q))
            weights[visit, arm], weights[visit, -1] = 1, at
            yield weights.ravel() @ result.design.columns


@pytest.mark.parametrize(("df", "expected"), [([7.0], 7.0), ([5.0, 5.0], 5.0), ([2.0, 9.0], 2.0), ([1.5, 9.0], 2.0)])
def test_joint_degrees_of_freedom_of_few(df, expected, monkeypatch):
    """Fai & Cornelius: one row keeps its own; equal ones theirs; an F without a mean (df ≤ 2) counts as 2 (lmerTest)."""
    monkeypatch.setattr(inference, "_df", lambda *_: np.array(df))
    rows = np.eye(len(df))
    assert inference._fai_cornelius(SimpleNamespace(plain=np.eye(len(df))), rows) == pytest.approx(expected)


def test_joint_degrees_of_freedom_of_several_match_the_mean_of_f(monkeypatch):
    monkeypatch.setattr(inference, "_df", lambda *_: np.array([4.0, 10.0]))
    expected = 4 / 2 + 10 / 8  # the sum of the means of two F(1, df)
    found = inference._fai_cornelius(SimpleNamespace(plain=np.eye(2)), np.eye(2))
    assert found == pytest.approx(2 * expected / (expected - 2))


@pytest.mark.parametrize(("left", "rows"), [(1e-8, 2), (1e-12, 1)])
def test_a_row_that_the_others_hold_already_counts_once(left, rows):
    """Two unit rows whose cosine is 1 − left: their products have the eigenvalues left and 2 − left."""
    cosine = 1 - left
    pair = np.array([[1.0, 0.0], [cosine, np.sqrt(1 - cosine**2)]])
    found = inference._independent(SimpleNamespace(plain=np.eye(2)), pair)
    assert len(found) == rows
    if rows == 1:  # what is left spans their common direction
        assert np.abs(found[0] / np.linalg.norm(found[0])) == pytest.approx([1, 0], abs=1e-5)
