from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from reference_numbers import load
from scipy import optimize, stats
from simulated_evidence import shipped_variances, simulate_effects
from small_data import simulated_effects

import ketamine_analysis as ka
from ketamine_analysis.time_course.curve_fit import deviance, profile, profile_limit, restricted

REFERENCE = load("time_course.json")


def _multilevel():
    table = pd.DataFrame(REFERENCE["effects"])
    return table.assign(std_error=np.sqrt(table["active_variance"] + table["control_variance"]))


def test_a_flat_course_is_metafor_s_multilevel_model():
    fit = ka.fit_time_course(_multilevel(), shape="plateau")
    expected = REFERENCE["fits"]["REML"]
    assert fit.reml.size.tolist() == pytest.approx(expected["estimate"], rel=1e-5)
    assert np.sqrt(np.diag(fit.reml.covariance)).tolist() == pytest.approx(expected["std_error"], rel=1e-5)
    assert [fit.tau**2, fit.omega**2] == pytest.approx([expected["tau2"], expected["omega2"]], rel=1e-4, abs=1e-7)
    row = fit.information_criteria().iloc[0]
    assert row["log_likelihood"] == pytest.approx(REFERENCE["fits"]["ML"]["loglik"], rel=1e-6)
    assert row["AIC"] == pytest.approx(-2 * row["log_likelihood"] + 2 * 4)


def test_gradients_are_exact():
    fit = ka.fit_time_course(simulated_effects(1))
    at = np.array([np.log(30.0), 0.2, 0.15])
    numeric = optimize.approx_fprime(at, lambda x: deviance(fit.ml, x)[0], 1e-6)
    assert deviance(fit.ml, at)[1] == pytest.approx(numeric, rel=1e-3, abs=1e-3)


def test_nothing_near_the_optimum_is_better():
    fit = ka.fit_time_course(simulated_effects(2))
    rng = np.random.default_rng(1)
    for _ in range(300):
        other = np.maximum(fit.ml.state + rng.normal(0, 0.3, 3), [np.log(0.05), 0, 0])
        assert deviance(fit.ml, other)[0] >= fit.ml.deviance - 1e-7


@pytest.mark.slow
def test_the_truth_is_recovered_and_covered():
    """60 simulated evidence bases: half-time 24 h, effect at 24 h 0.5 and at 6 weeks 0.977."""
    log_half, covered, errors = [], [], []
    for seed in range(60):
        fit = ka.fit_time_course(simulated_effects(seed))
        log_half.append(fit.reml.logs[0])
        curve = fit.predict([24.0, 1008.0])
        truth = np.array([0.5, 1008 / 1032])
        errors.append(curve["estimate"].to_numpy() - truth)
        covered.append((curve["conf_low"].to_numpy() <= truth) & (truth <= curve["conf_high"].to_numpy()))
    log_half, errors = np.array(log_half), np.array(errors)
    assert abs(log_half.mean() - np.log(24)) < 3 * log_half.std() / np.sqrt(60)
    assert np.all(np.abs(errors.mean(axis=0)) < 3 * errors.std(axis=0) / np.sqrt(60))
    assert np.all(np.mean(covered, axis=0) >= 0.87)  # of 60: 95 % less three Monte-Carlo errors


def test_late_looks_alone_give_a_bound_and_no_half_time():
    effects = simulated_effects(3, half=24.0, times=(672, 840, 1008, 1344, 2016))
    fit = ka.fit_time_course(effects)
    row = fit.time_to(0.5).iloc[0]
    assert np.isnan(row["estimate"]) and row["conf_low"] == 0 and 24 < row["conf_high"] < 672
    assert "no limit on the low side" in row["note"] and "28 to 84 days" in row["note"]
    size = fit.summary().iloc[0]
    assert np.isnan(size["estimate"]) and "widest interval" in size["note"] and size["conf_low"] < 1 < size["conf_high"]
    curve = fit.predict([24.0, 1008.0])
    assert curve["estimate"].isna().all() and curve["looked"].tolist() == [False, True]
    width = curve["conf_high"] - curve["conf_low"]
    assert width[0] > 2 * width[1]  # where nobody looked, the band says so


def test_identified_half_times_have_a_profile_interval_and_scale_with_the_fraction():
    fit = ka.fit_time_course(simulated_effects(4))
    half, ninety = fit.time_to(0.5).iloc[0], fit.time_to(0.9).iloc[0]
    assert half["conf_low"] < half["estimate"] < half["conf_high"]
    assert ninety["estimate"] == pytest.approx(9 * half["estimate"])
    reach = fit.time_to_effect(0.5).iloc[0]
    assert reach["conf_low"] < reach["estimate"] < reach["conf_high"]
    assert np.isnan(fit.time_to_effect(5.0).iloc[0]["estimate"])


def test_a_single_dose_rises_and_fades():
    rng = np.random.default_rng(2)
    t = np.tile([2.0, 6, 24, 72, 168, 336, 672], 12)
    fit = ka.fit_time_course(
        pd.DataFrame({
            "study": np.repeat([f"s{i}" for i in range(12)], 7), "treatment_class": "ketamine", "hours": t,
            "estimate": 1.2 * (2 ** (-t / 150) - 2 ** (-t / 6)) + rng.normal(0, 0.05, len(t)),
            "active_variance": 0.002, "control_variance": 0.002, "std_error": np.sqrt(0.004),
        }),
        shape="rise_and_fade",
    )  # fmt: skip
    curve = fit.predict(np.geomspace(1, 700, 200))
    assert 15 < curve.loc[curve["estimate"].idxmax(), "hours"] < 50
    flat = ka.fit_time_course(fit.effects, shape="plateau")
    assert fit.information_criteria()["AIC"][0] < flat.information_criteria()["AIC"][0]


def test_two_classes_compare_indirectly_and_the_sign_flips():
    both = pd.concat(
        [
            simulated_effects(5),
            simulated_effects(6, half=200, size=0.6).assign(treatment_class="y", study=lambda t: t["study"] + "y"),
        ]
    )
    fit = ka.fit_time_course(both)
    one, other = fit.compare("x", "y", at=72).iloc[0], fit.compare("y", "x", at=72).iloc[0]
    assert one["estimate"] == pytest.approx(-other["estimate"]) and "indirect" in one["comparison"]
    curve = fit.predict([72.0]).set_index("treatment_class")["estimate"]
    assert one["estimate"] == pytest.approx(curve["x"] - curve["y"])
    assert set(fit.sensitivity((0.3, 0.9))["correlation"]) == {0.3, 0.9}


def test_row_order_does_not_matter():
    effects = simulated_effects(7)
    one = ka.fit_time_course(effects)
    other = ka.fit_time_course(effects.sample(frac=1, random_state=3))
    assert other.reml.size.tolist() == pytest.approx(one.reml.size.tolist(), rel=1e-5)
    assert other.ml.deviance == pytest.approx(one.ml.deviance, abs=1e-7)


@pytest.mark.parametrize(
    ("change", "arguments", "words"),
    [
        ({}, {"shape": "sigmoid"}, "is unknown: use one of"),
        ({"timing": "within"}, {}, "have no hour of their own"),
        ({"hours": 0.0}, {}, "hours > 0"),
        ({"measure": ["a", "b"] * 45}, {}, "one fit takes one measure"),
        ({}, {"correlation": 1.0}, "from 0 to below 1"),
        ({"study": "one", "hours": 24.0}, {}, "stand twice at one time"),
    ],
)
def test_what_cannot_be_fitted_is_named(change, arguments, words):
    effects = simulated_effects(8).head(90)
    change = {name: (value[: len(effects)] if isinstance(value, list) else value) for name, value in change.items()}
    with pytest.raises(ValueError, match=words):
        ka.fit_time_course(effects.assign(**change), **arguments)


def test_too_few_effects_are_refused():
    with pytest.raises(ValueError, match="cannot carry"):
        ka.fit_time_course(simulated_effects(9).head(3))


def test_the_shipped_evidence_bounds_the_speed_of_ssris():
    effects = ka.contrast_arms(ka.default_pool(ka.load_evidence()))
    ssri = effects[(effects["timing"] == "at") & (effects["treatment_class"] == "ssri")]
    row = ka.fit_time_course(ssri).time_to(0.5).iloc[0]
    assert np.isnan(row["estimate"]) and row["conf_low"] == 0 and 168 < row["conf_high"] < 1008


def test_zero_between_trial_variance_is_no_trap():
    """Seed 1 once stopped at τ = 0 with a deviance 12 above the optimum: standard deviations are flat at 0."""
    fit = ka.fit_time_course(simulate_effects(1, shipped_variances())).ml
    draw, found = np.random.default_rng(0), []
    low, high = np.array(fit.bounds).T / fit.scale
    for _ in range(10):  # the optimum from anywhere, by scipy alone
        start = np.array([*draw.uniform(low[:-2], high[:-2]), *10 ** draw.uniform(-3, 0, 2)])
        run = optimize.minimize(
            lambda z: deviance(fit, z * fit.scale)[0], start, method="L-BFGS-B", bounds=[*zip(low, high, strict=True)]
        )
        found.append(run.fun)
    assert fit.deviance == pytest.approx(min(found), abs=1e-3)
    assert deviance(fit, np.array([*fit.logs, 0.0, fit.state[-1]]))[0] > fit.deviance + 5


def test_without_rows_before_four_weeks_half_times_are_bounds():
    """The issue's own check: every row before 672 h removed, from simulated and from shipped evidence."""
    late = simulate_effects(2, shipped_variances())
    shipped = ka.contrast_arms(ka.default_pool(ka.load_evidence()))
    shipped = shipped[(shipped["timing"] == "at") & shipped["treatment_class"].isin(["ssri", "ketamine"])]
    for effects in (late, shipped):
        halves = ka.fit_time_course(effects[effects["hours"] >= 672]).time_to(0.5)
        assert halves["estimate"].isna().all() and (halves["conf_low"] == 0).all()
        assert halves["note"].str.contains("low").all()


def test_windows_assume_nothing():
    """One time per trial and window, no correlation left to share: each size is its own inverse-variance mean."""
    rng = np.random.default_rng(4)
    hours = np.repeat([24.0, 168.0, 672.0], 8)
    table = pd.DataFrame({
        "study": [f"s{i}" for i in range(24)], "treatment_class": "x", "hours": hours,
        "estimate": np.repeat([0.9, 0.5, 0.3], 8) + rng.normal(0, 0.1, 24), "active_variance": 0.02,
        "control_variance": rng.uniform(0.02, 0.1, 24),
    }).assign(std_error=lambda t: np.sqrt(t["active_variance"] + t["control_variance"]))  # fmt: skip
    fit = ka.fit_time_course(table, shape="windows")
    weight = 1 / (table["std_error"] ** 2 + fit.tau**2 + fit.omega**2)
    expected = (weight * table["estimate"]).groupby(hours).sum() / weight.groupby(hours).sum()
    summary = fit.summary()
    assert summary["term"].tolist() == [
        "effect in the window 24 h",
        "effect in the window 1 wk",
        "effect in the window 4 wk",
    ]
    assert summary["estimate"].tolist() == pytest.approx(expected.tolist(), rel=1e-6)
    assert summary["df"].tolist() == [7, 7, 7]
    curve = fit.predict([4.0, 24.0, 40.0])
    assert curve["estimate"].isna().tolist() == [True, False, True] and curve["looked"].tolist() == [False, True, False]
    outside = ka.fit_time_course(
        pd.concat([table, table.assign(hours=40.0, study="o" + table["study"])]), shape="windows"
    )
    assert len(outside.left_out) == 24 and (outside.left_out["hours"] == 40).all()


def test_a_class_has_the_degrees_of_freedom_of_its_own_trials():
    both = pd.concat(
        [
            simulated_effects(5),
            simulated_effects(6, trials=6).assign(treatment_class="y", study=lambda t: t["study"] + "y"),
        ]
    )
    assert ka.fit_time_course(both, shape="plateau").df.tolist() == [29, 5]
    assert ka.fit_time_course(both).df[0] == 28  # one more parameter: the half-time


def test_shapes_that_are_nested_are_tested_and_others_refused():
    effects = simulated_effects(11)
    flat, curve, windows = (ka.fit_time_course(effects, shape=name) for name in ("plateau", "emax", "windows"))
    row = curve.likelihood_ratio(flat).iloc[0]
    assert row["statistic"] == pytest.approx(flat.ml.deviance - curve.ml.deviance) and row["df"] == 1
    assert row["p_value"] == pytest.approx(stats.chi2.sf(row["statistic"], 1) / 2)
    assert windows.likelihood_ratio(flat)["df"][0] == len(windows.columns) - 1
    with pytest.raises(ValueError, match="not nested"):
        curve.likelihood_ratio(windows)
    with pytest.raises(ValueError, match="same effects"):
        curve.likelihood_ratio(ka.fit_time_course(simulated_effects(12), shape="plateau"))


@pytest.mark.slow
def test_a_null_course_is_rarely_called_a_course():
    found = 0
    for seed in range(100):
        effects = simulated_effects(seed, half=1e-6, trials=15)
        ratio = ka.fit_time_course(effects).likelihood_ratio(ka.fit_time_course(effects, shape="plateau"))
        found += ratio["p_value"][0] < 0.05
    assert found <= 12  # 5 % and three Monte-Carlo errors


def test_how_long_an_effect_lasts_and_where_it_peaks():
    rng = np.random.default_rng(3)
    t = np.tile([2.0, 6, 24, 72, 168, 336, 672], 20)
    rows = pd.DataFrame({
        "study": np.repeat([f"s{i}" for i in range(20)], 7), "treatment_class": "ketamine", "hours": t,
        "estimate": 1.2 * (2 ** (-t / 150) - 2 ** (-t / 6)) + rng.normal(0, 0.05, len(t)),
        "active_variance": 0.001, "control_variance": 0.001, "std_error": np.sqrt(0.002),
    })  # fmt: skip
    fit = ka.fit_time_course(rows, shape="rise_and_fade")
    peak = fit.peak().set_index("term")
    truth = np.log(150 / 6) / (np.log(2) / 6 - np.log(2) / 150)
    assert peak.loc["peak, h", "conf_low"] < truth < peak.loc["peak, h", "conf_high"]
    fade = peak.loc["half-time of the fade, h"]
    assert fade["conf_low"] < 150 < fade["conf_high"]
    lasts = fit.duration_above(0.5).iloc[0]
    assert lasts["conf_low"] < lasts["estimate"] < lasts["conf_high"] and not lasts["still"]
    grid = np.arange(0.5, 672, 0.5)
    assert lasts["estimate"] == pytest.approx(0.5 * (fit.predict(grid)["estimate"] > 0.5).sum(), abs=3)
    assert ka.fit_time_course(rows, shape="plateau").duration_above(0.1).iloc[0]["still"]
    with pytest.raises(ValueError, match="no class was fitted with shape 'rise_and_fade'"):
        ka.fit_time_course(rows, shape="plateau").peak()


def test_leaving_each_trial_out():
    effects = simulated_effects(13, trials=8)
    table = ka.fit_time_course(effects, shape="plateau").leave_one_out("x", at=24.0)
    assert table["left_out"].tolist() == [f"s{i}" for i in range(8)]
    alone = ka.fit_time_course(effects[effects["study"] != "s3"], shape="plateau").predict([24.0])
    assert table.loc[3, "estimate"] == pytest.approx(alone["estimate"][0], rel=1e-8)
    with pytest.raises(ValueError, match="class 'z' was not fitted"):
        ka.fit_time_course(effects, shape="plateau").leave_one_out("z", at=24.0)


def test_an_unidentified_class_is_compared_by_its_widest_band():
    both = pd.concat([
        simulated_effects(5), simulated_effects(6, times=(672, 840, 1008, 1344)).assign(treatment_class="y", study=lambda t: t["study"] + "y")
    ])  # fmt: skip
    fit = ka.fit_time_course(both)
    row, curves = fit.compare("x", "y", at=24).iloc[0], fit.predict([24.0]).set_index("treatment_class")
    assert np.isnan(row["estimate"]) and "not identified" in row["note"]
    assert row["conf_low"] == pytest.approx(curves.loc["x", "conf_low"] - curves.loc["y", "conf_high"])


@pytest.mark.parametrize("factor", [1e6, 1e-6, -1.0])
def test_the_unit_of_the_effect_does_not_matter(factor):
    effects = simulated_effects(14)
    scaled = effects.assign(
        estimate=factor * effects["estimate"], std_error=abs(factor) * effects["std_error"],
        **{name: factor**2 * effects[name] for name in ("active_variance", "control_variance")},
    )  # fmt: skip
    one, other = ka.fit_time_course(effects), ka.fit_time_course(scaled)
    assert other.reml.size[0] == pytest.approx(factor * one.reml.size[0], rel=1e-5)
    assert other.time_to(0.5)["estimate"][0] == pytest.approx(one.time_to(0.5)["estimate"][0], rel=1e-5)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda t: t.head(3), "cannot carry"),
        (lambda t: t.assign(std_error=0.0), "std_error is a positive number"),
        (lambda t: t.assign(std_error=np.nan), "std_error is a positive number"),
        (lambda t: t.drop(columns="active_variance"), "the effects lack"),
    ],
)
def test_degenerate_tables_give_a_clear_error(change, words):
    with pytest.raises(ValueError, match=words):
        ka.fit_time_course(change(simulated_effects(15)))


def test_degenerate_tables_that_can_be_answered_are():
    rows = simulated_effects(16)
    one_time = ka.fit_time_course(rows.drop_duplicates("study").assign(hours=24.0))
    assert one_time.time_to(0.5).iloc[0][["conf_low", "conf_high"]].tolist() == [0, np.inf]
    fighting = rows.assign(estimate=np.where(np.arange(len(rows)) % 2, 3.0, -3.0))
    curve = ka.fit_time_course(fighting, shape="plateau").predict([24.0]).iloc[0]
    assert curve["conf_low"] < 0 < curve["conf_high"] and ka.fit_time_course(fighting, shape="plateau").omega > 1
    many = pd.concat(
        [simulated_effects(i, trials=100).assign(study=lambda t, i=i: t["study"] + f"_{i}") for i in range(20)]
    )
    half = ka.fit_time_course(many).time_to(0.5).iloc[0]
    assert half["conf_low"] < 24 < half["conf_high"] and half["conf_high"] / half["conf_low"] < 1.2


def test_limits_at_other_levels_are_found_or_said_to_be_missing():
    """A limit that the wider level never reaches is 0 or infinite with a note, never the end of the search."""
    effects = simulated_effects(3, trials=6, half=3.0)
    fit = ka.fit_time_course(effects)
    for level in (0.9, 0.95, 0.99, 0.9999):
        row = fit.time_to(0.5, level=level).iloc[0]
        for end, limit in ((0.0, row["conf_low"]), (np.inf, row["conf_high"])):
            assert limit == end or 0.06 < limit < 19000
        reached = row["conf_low"] > 0 and np.isfinite(row["conf_high"])
        assert reached or "no limit on the" in row["note"]
    assert not reached  # the last level is beyond what these trials can tell


def test_a_class_without_its_only_trial_is_a_row_with_its_reason():
    one = simulated_effects(6, trials=3).assign(treatment_class="few")
    both = pd.concat([simulated_effects(5), one[one["study"] == "s0"].assign(study="alone")])
    table = ka.fit_time_course(both, shape="plateau").leave_one_out("few", at=24.0)
    assert table["left_out"].tolist() == ["alone"] and table["note"].tolist() == ["the only trial of this class"]


def test_a_difference_with_a_two_parameter_shape_is_that_of_the_bands():
    both = pd.concat(
        [simulated_effects(5), simulated_effects(6).assign(treatment_class="y", study=lambda t: t["study"] + "y")]
    )
    fit = ka.fit_time_course(both, shape={"x": "rise_and_fade", "y": "emax"})
    row, band = fit.compare("x", "y", at=24).iloc[0], fit.predict([24.0]).set_index("treatment_class")
    assert row["conf_low"] == pytest.approx(band.loc["x", "conf_low"] - band.loc["y", "conf_high"])
    assert "widest difference" in row["note"] and np.isnan(row["std_error"])


def test_the_widest_band_reaches_the_ends_of_what_is_allowed():
    shipped = ka.contrast_arms(ka.default_pool(ka.load_evidence()))
    fit = ka.fit_time_course(shipped[(shipped["timing"] == "at") & (shipped["treatment_class"] == "ketamine")])
    curve = fit.predict([672.0]).iloc[0]
    end = profile_limit(fit.ml, 0, 1, stats.chi2.ppf(0.95, 1))
    at_end = restricted(replace(fit.ml, state=np.array([end, *profile(fit.ml, {0: end}).x])), np.array([True]))
    half = stats.t.isf(0.025, fit.df[0]) * np.sqrt(at_end.covariance[0, 0])
    f = 672 / (672 + np.exp(end))
    assert curve["conf_high"] >= f * (at_end.size[0] + half) - 1e-3 and curve["note"] != ""


def test_a_missing_class_and_an_unknown_one_are_named():
    effects = simulated_effects(8)
    with pytest.raises(ValueError, match="s0: treatment_class is missing"):
        ka.fit_time_course(effects.assign(treatment_class=[None, *["x"] * (len(effects) - 1)]))
    with pytest.raises(ValueError, match="class 'z' was not fitted"):
        ka.fit_time_course(effects, shape="plateau").predict([24.0], only="z")


def test_fits_of_another_sampling_model_are_not_compared():
    effects = simulated_effects(11)
    curve = ka.fit_time_course(effects, constant_correlation=True)
    with pytest.raises(ValueError, match="same correlation"):
        curve.likelihood_ratio(ka.fit_time_course(effects, shape="plateau"))


def test_arms_added_up_at_one_time_only_still_share_their_patients():
    table = pd.DataFrame({
        "study": "a", "treatment_class": "x", "arm": ["d1 + d2", "d1"], "control_arm": "p", "hours": [24.0, 168.0],
        "active_variance": [0.1, 0.2], "control_variance": [0.1, 0.1], "std_error": np.sqrt([0.2, 0.3]),
    })  # fmt: skip
    covariance = ka.time_covariance(table, 0.9, constant=True)
    assert covariance[0, 1] == pytest.approx(0.9 * (np.sqrt(0.1 * 0.2) + 0.1))
    apart = ka.time_covariance(table.assign(arm=["d1", "d2"]), 0.9, constant=True)
    assert apart[0, 1] == pytest.approx(0.9 * 0.1)


@pytest.mark.parametrize("hours", [np.inf, -1.0, 0.0, np.nan])
def test_hours_that_are_no_time_are_named(hours):
    effects = pd.DataFrame({
        "study": ["a", "b", "c"], "treatment_class": "x", "hours": [24.0, hours, 168.0], "estimate": 0.5,
        "std_error": 0.3, "active_variance": 0.05, "control_variance": 0.04, "measure": "log_odds_ratio",
    })  # fmt: skip
    with pytest.raises(ValueError, match=rf"row 1 \(b\): {hours}"):
        ka.fit_time_course(effects)


def _late_looks(seed, hours, trials, fade):
    rng = np.random.default_rng(seed)
    rows = []
    for i in range(trials):
        own = rng.normal(0, 0.2)
        for hour in hours:
            true = (0.8 + own) * np.exp(-max(hour - 24.0, 0) * np.log(2) / fade)
            rows.append((f"t{i}", hour, true + rng.normal(0, 0.25)))
    table = pd.DataFrame(rows, columns=["study", "hours", "estimate"])
    return table.assign(treatment_class="k", std_error=0.25, active_variance=0.03125, control_variance=0.03125,
                        measure="log_odds_ratio", arm="a", control_arm="p", n=40, control_n=40)  # fmt: skip


@pytest.mark.parametrize("seed", range(4))
def test_a_peak_that_no_look_saw_has_no_estimate_and_no_finite_band(seed):
    fit = ka.fit_time_course(_late_looks(seed, [1344.0, 2016.0, 2688.0], 5, 150.0), shape="rise_and_fade")
    row = fit.summary().iloc[0]
    assert np.isnan(row["estimate"]) and np.isnan(row["p_value"]) and row["note"]  # was 2e74 with p = 0
    early = fit.predict([24.0]).iloc[0]
    assert np.isinf(early["conf_high"]) or early["conf_high"] < 100
    inside = fit.predict([1344.0, 2016.0])
    assert np.isfinite(inside[["conf_low", "conf_high", "prediction_low", "prediction_high"]].to_numpy()).all()


def test_a_peak_that_may_be_out_of_sight_is_said():
    fit = ka.fit_time_course(_late_looks(0, [336.0, 672.0, 1344.0, 2016.0], 8, 400.0), shape="rise_and_fade")
    row, early = fit.summary().iloc[0], fit.predict([24.0]).iloc[0]
    assert np.isnan(row["estimate"]) and "nobody looked" in row["note"]  # had 0.97 (−0.19 to 2.12)
    assert np.isinf(early["conf_high"]) and np.isinf(early["prediction_high"])  # was 4e69


def test_negative_effects_reach_their_values_when_positive_ones_do():
    rows = simulated_effects(4)
    up, down = ka.fit_time_course(rows), ka.fit_time_course(rows.assign(estimate=-rows["estimate"]))
    limits = ["estimate", "conf_low", "conf_high"]
    for verb in ("time_to_effect", "duration_above"):
        one, other = getattr(up, verb)(0.5)[limits], getattr(down, verb)(-0.5)[limits]
        assert one.notna().all(axis=None)
        np.testing.assert_allclose(other, one, rtol=1e-4)
    first = up.time_to_effect(0.5).iloc[0]
    assert first["conf_low"] < first["estimate"] < first["conf_high"]


def test_a_curve_that_the_trials_turn_away_from_says_so():
    rng, rows = np.random.default_rng(5), simulated_effects(5)
    turned = rows.assign(estimate=np.where(rows["hours"] < 100, -0.8, 0.8) + rng.normal(0, 0.25, len(rows)))
    for shape in ("emax", "exponential", "plateau", "linear"):
        fit = ka.fit_time_course(turned, shape=shape)
        found = fit.misfit.iloc[0]
        assert found["AIC"] - found["AIC_windows"] > 10 and "does not fit" in found["note"]
        assert "does not fit" in fit.summary()["note"].iloc[0]
    free = ka.fit_time_course(turned, shape="windows")
    assert free.misfit["AIC"].isna().all() and (free.summary()["note"] == "").all()


def test_a_curve_that_fits_says_nothing():
    for seed in range(20):
        fit = ka.fit_time_course(simulated_effects(seed))
        assert fit.misfit["note"].tolist() == [""] and fit.misfit.notna().all(axis=None)
        assert not fit.summary()["note"].str.contains("does not fit").any()


def test_misfit_is_told_of_the_class_that_has_it():
    good = simulated_effects(6).assign(treatment_class="good")
    bad = simulated_effects(7).assign(treatment_class="bad", study=lambda one: "b" + one["study"])
    bad["estimate"] = np.where(bad["hours"] < 100, -0.8, 0.8)
    fit = ka.fit_time_course(pd.concat([good, bad], ignore_index=True))
    assert (fit.misfit.set_index("treatment_class")["note"] != "").to_dict() == {"good": False, "bad": True}
    few = ka.fit_time_course(simulated_effects(6).head(6))
    assert few.misfit["AIC_windows"].isna().all() and few.misfit["note"].tolist() == [""]
