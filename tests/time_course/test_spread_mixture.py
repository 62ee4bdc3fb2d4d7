"""A prior on the two spreads of a time course: against integration by hand, few trials, many trials."""

import numpy as np
import pandas as pd
import pytest
from scipy import optimize, stats

import ketamine_analysis as ka

SCALE = 0.5 * np.sqrt(3) / np.pi  # of standardised differences


def _single_looks(estimates, errors, name="x", hours=24.0):
    half = np.asarray(errors, float) ** 2 / 2
    return pd.DataFrame({
        "study": [f"{name}{i}" for i in range(len(estimates))], "treatment_class": name, "hours": hours,
        "estimate": estimates, "std_error": errors, "active_variance": half, "control_variance": half,
        "measure": "standardized_mean_difference", "n": 1e4, "control_n": 1e4,
    })  # fmt: skip


def _by_hand(y, v, level=0.95):
    """The posterior of one mean when each trial looks once: V = v + τ² + ω², on a grid of 1201 × 1201 spreads."""
    grid = np.linspace(0, 6 * SCALE, 1201)
    height, mean, variance = (np.empty((1201, 1201)) for _ in range(3))
    for i, tau in enumerate(grid):
        w = 1 / (v[:, None] + tau**2 + grid[None, :] ** 2)
        total = w.sum(axis=0)
        mean[i], variance[i] = (w * y[:, None]).sum(axis=0) / total, 1 / total
        deviance = -np.log(w).sum(axis=0) + (w * (y[:, None] - mean[i]) ** 2).sum(axis=0) + np.log(total)
        height[i] = -deviance / 2 - (tau**2 + grid**2) / (2 * SCALE**2)
    weight = np.exp(height - height.max())
    weight[[0, -1]] /= 2  # trapezoids
    weight[:, [0, -1]] /= 2
    weight /= weight.sum()
    middle = (weight * mean).sum()
    deviation = np.sqrt((weight * (variance + mean**2)).sum() - middle**2)
    flat, m, s = weight.ravel(), mean.ravel(), np.sqrt(variance.ravel())
    kept = flat > 1e-9
    flat, m, s = flat[kept] / flat[kept].sum(), m[kept], s[kept]
    low, high = (optimize.brentq(lambda x, p=p: float((flat * stats.norm.cdf((x - m) / s)).sum()) - p, middle - 9 * deviation,
                                 middle + 9 * deviation) for p in ((1 - level) / 2, (1 + level) / 2))  # fmt: skip
    return middle, deviation, low, high


@pytest.mark.parametrize("k", [4, 6])
def test_the_plateau_of_single_looks_is_the_integral_by_hand(k):
    y, e = np.array([-0.9, -0.2, -0.6, -0.5, -0.1, -0.7])[:k], np.array([0.2, 0.3, 0.25, 0.4, 0.2, 0.3])[:k]
    fit = ka.fit_time_course(_single_looks(y, e), shape="plateau", prior="half_normal")
    row = fit.summary().iloc[0]
    found = row[["estimate", "std_error", "conf_low", "conf_high"]].astype(float).to_numpy()
    np.testing.assert_allclose(found, _by_hand(y, e**2), atol=1e-4)
    assert np.isinf(row["df"])


def test_a_class_of_few_trials_has_a_band_and_not_a_wall():
    """Two trials of one class beside ten of another: t with one degree of freedom is a wall, the prior sets a band."""
    rng = np.random.default_rng(2)
    many = _single_looks(-0.3 + 0.2 * rng.standard_normal(10), np.full(10, 0.15), "many")
    few = _single_looks([-0.6, -0.5], [0.2, 0.2], "few")
    both = pd.concat([many, few], ignore_index=True)
    wide = ka.fit_time_course(both, shape="plateau").predict([24], only="few").iloc[0]
    band = ka.fit_time_course(both, shape="plateau", prior="half_normal").predict([24], only="few").iloc[0]
    assert wide["conf_high"] - wide["conf_low"] > 2.5 and band["conf_high"] - band["conf_low"] < 1.2
    assert band["conf_low"] < -0.55 < band["conf_high"]
    assert band["prediction_low"] < band["conf_low"] and band["prediction_high"] > band["conf_high"]


def test_many_trials_drown_the_prior():
    rng = np.random.default_rng(4)
    table = _single_looks(-0.4 + 0.2 * rng.standard_normal(200), np.full(200, 0.1))
    flat, given = (
        ka.fit_time_course(table, shape="plateau", prior=prior).summary().iloc[0] for prior in (None, "half_normal")
    )
    assert given["estimate"] == pytest.approx(flat["estimate"], abs=1e-3)
    assert given["std_error"] == pytest.approx(flat["std_error"], rel=0.03)


def test_every_answer_of_a_fit_takes_the_prior_along():
    rng = np.random.default_rng(6)
    hours = np.tile([4.0, 24.0, 168.0], 8)
    truth = -0.6 * hours / (hours + 10)
    one = _single_looks(truth + 0.15 * rng.standard_normal(24), np.full(24, 0.15), "a", hours)
    one["study"] = np.repeat([f"a{i}" for i in range(8)], 3)
    two = one.assign(treatment_class="b", study="b" + one["study"], estimate=one["estimate"] + 0.3)
    fit = ka.fit_time_course(pd.concat([one, two], ignore_index=True), prior="half_normal")
    gap = fit.compare("a", "b", at=24.0).iloc[0]
    curves = fit.predict([24.0]).set_index("treatment_class")["estimate"]
    assert gap["conf_low"] < -0.1 < gap["conf_high"] and gap["conf_high"] - gap["conf_low"] < 1.0
    if np.isfinite(curves).all():
        assert gap["estimate"] == pytest.approx(curves["a"] - curves["b"])
    left = fit.leave_one_out("a", at=24.0)
    assert len(left) == 8 and left["conf_high"].max() < 0
    without = ka.fit_time_course(pd.concat([one, two], ignore_index=True)).predict([4.0, 24.0, 168.0], only="a")
    assert fit.predict([4.0, 24.0, 168.0], only="a")["estimate"].tolist() == pytest.approx(
        without["estimate"].tolist(), abs=0.02
    )


def test_an_unknown_prior_or_a_measure_without_a_usual_scale_is_refused():
    table = _single_looks([-0.9, -0.2, -0.6, -0.5], [0.2] * 4)
    with pytest.raises(ValueError, match="prior 'flat' is unknown"):
        ka.fit_time_course(table, shape="plateau", prior="flat")
    with pytest.raises(ValueError, match="scale"):
        ka.fit_time_course(table.assign(measure="mean_difference"), shape="plateau", prior="half_normal")
