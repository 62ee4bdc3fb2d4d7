import numpy as np
import pandas as pd
import pytest
from scipy import integrate, optimize, stats

import ketamine_analysis as ka
from ketamine_analysis.time_course.random_speed import _deviance, _nodes

TIMES = (2.0, 8.0, 24.0, 72.0, 168.0, 672.0)


def _effects(seed, speed_sd, trials=60):
    rng = np.random.default_rng(seed)
    rows = []
    for i in range(trials):
        t = np.sort(rng.choice(TIMES, 4, replace=False))
        half = 24 * np.exp(speed_sd * rng.normal())
        y = (1.2 + rng.normal(0, 0.2)) * t / (t + half) + rng.normal(0, 0.11, 4)
        rows.append(pd.DataFrame({"study": f"s{i}", "hours": t, "estimate": y}))
    table = pd.concat(rows, ignore_index=True).assign(
        treatment_class="x", active_variance=0.005, control_variance=0.005
    )
    return table.assign(std_error=0.1)


def test_the_likelihood_is_the_integral_over_speed():
    """One trial of three looks: quadrature against numerical integration of the normal density given the speed."""
    table = _effects(1, 0.5, trials=8)
    fit = ka.fit_time_course(table, correlation=0.0)
    state = np.array([1.1, np.log(20.0), 0.03, 0.004, 0.36])
    parts = 0.0
    for _, trial in table.groupby("study", sort=False):
        t, y = trial["hours"].to_numpy(), trial["estimate"].to_numpy()

        def density(z, t=t, y=y):
            f = t / (t + 20.0 * np.exp(0.6 * z))
            v = 0.03 * np.outer(f, f) + (0.004 + 0.01) * np.eye(len(t))
            return stats.norm.pdf(z) * stats.multivariate_normal.pdf(y, 1.1 * f, v)

        parts += np.log(integrate.quad(density, -8, 8, epsabs=1e-13, limit=200)[0])
    expected = -2 * (parts + len(table) * np.log(2 * np.pi) / 2)
    nodes = _nodes(fit.ml, np.zeros(8), np.ones(8))
    assert _deviance(fit.ml, state, nodes)[0] == pytest.approx(expected, abs=2e-3)
    numeric = optimize.approx_fprime(state, lambda x: _deviance(fit.ml, x, nodes)[0], 1e-7)
    assert _deviance(fit.ml, state, nodes)[1] == pytest.approx(numeric, rel=1e-3, abs=1e-2)


def test_no_difference_in_speed_leaves_the_curve_as_it_was():
    fit = ka.fit_time_course(_effects(2, 0.0), correlation=0.0)
    table = fit.with_random_speed().summary().set_index("term")
    assert table.loc["sd of log speed", "p_value"] > 0.05
    assert table.loc["half-time, h", "estimate"] == pytest.approx(fit.time_to(0.5)["estimate"][0], rel=0.05)


@pytest.mark.slow
def test_a_difference_in_speed_is_found_and_its_half_time_is_the_median_trial_s():
    log_half, speed = [], []
    for seed in range(4):
        result = ka.fit_time_course(_effects(seed, 0.8), correlation=0.0).with_random_speed()
        table = result.summary().set_index("term")
        assert table.loc["sd of log speed", "p_value"] < 0.001
        log_half.append(np.log(table.loc["half-time, h", "estimate"]))
        speed.append(result.speed_sd)
    assert abs(np.mean(log_half) - np.log(24)) < 3 * np.std(log_half) / np.sqrt(4) + 0.02
    assert abs(np.mean(speed) - 0.8) < 3 * np.std(speed) / np.sqrt(4) + 0.05


@pytest.mark.slow
def test_an_unidentified_speed_has_no_points():
    late = _effects(3, 0.3)
    late = late[late["hours"] >= 672]
    table = ka.fit_time_course(late, correlation=0.0).with_random_speed().summary()
    assert table["estimate"].head(2).isna().all() and "no estimate" in table["note"][0]


def test_a_shape_without_speed_is_refused():
    with pytest.raises(ValueError, match="has no speed"):
        ka.fit_time_course(_effects(4, 0.0), shape="plateau").with_random_speed()
