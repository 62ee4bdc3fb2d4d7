import numpy as np
import pandas as pd
import pytest
from reference_numbers import load

import ketamine_analysis as ka
from ketamine_analysis.pooling.heterogeneity import _score, log_likelihood

REFERENCE = load("meta_analysis.json")
INFERENCE = {"z": "wald", "knha": "hksj", "adhoc": "hksj_modified"}


def _as_list(value):
    return value if isinstance(value, list) else [value]


def _effects(case):
    one = REFERENCE["cases"][case]
    table = pd.DataFrame({"estimate": _as_list(one["yi"]), "variance": _as_list(one["vi"])}).dropna()  # null: left out
    return table.assign(std_error=np.sqrt(table["variance"].astype(float))).reset_index(drop=True)


def _close(found, expected, rel=1e-6, absolute=1e-9):
    if expected is None or expected == "NA":  # JSON has neither NA nor infinity
        assert not np.isfinite(found)
    else:
        assert found == pytest.approx(expected, rel=rel, abs=absolute)


@pytest.mark.parametrize(
    "fit", [*REFERENCE["fits"], *REFERENCE["fits_drop00"]], ids=lambda f: f"{f['case']}-{f['method']}-{f['test']}"
)
def test_pooling_agrees_with_metafor(fit):
    result = ka.random_effects(_effects(fit["case"]), method=fit["method"], inference=INFERENCE[fit["test"]])
    row = result.summary().iloc[0]
    if (fit["case"], fit["test"]) == ("four_identical", "knha"):  # metafor: a width of 0 and p = 0; here none
        assert row[["std_error", "statistic", "p_value", "conf_low", "conf_high"]].isna().all()
        return
    for name in ("estimate", "std_error", "statistic", "p_value", "conf_low", "conf_high", "Q"):
        _close(row[name], fit[name])
    _close(row["tau2"] if not (fit["k"] == 1 and fit["method"] == "FE") else np.nan, fit["tau2"])
    if fit["k"] > 1:
        _close(row["I2"], fit["I2"])
        _close(row["Q_p_value"], fit["Q_p_value"])
        interval = result.prediction_interval().iloc[0]
        _close(interval["prediction_low"], fit["prediction_low"])
        _close(interval["prediction_high"], fit["prediction_high"])
    if fit["loglik"] is not None:
        _close(result.log_likelihood(), fit["loglik"])
    assert row["k"] == fit["k"]


@pytest.mark.parametrize("case", REFERENCE["q_profile"])
def test_q_profile_agrees(case):
    found = ka.random_effects(_effects(case), method="DL", inference="wald").tau2_interval().iloc[0]
    for name, expected in REFERENCE["q_profile"][case].items():
        _close(found[name], expected)


def test_leave_one_out_agrees_with_metafor():
    table = ka.random_effects(_effects("bcg_log_odds_ratio")).leave_one_out()
    for name in ("estimate", "std_error", "conf_low", "conf_high", "tau2"):
        assert table[name].tolist() == pytest.approx([row[name] for row in REFERENCE["leave_one_out"]], rel=1e-6)


@pytest.mark.parametrize("name", ["bcg_log_odds_ratio", "bcg_log_risk_ratio", "bcg_risk_difference"])
def test_contrasts_of_counts_agree_with_metafor(name):
    case = REFERENCE["cases"][name]
    effects = ka.contrast_arms(_count_arms(case["counts"]), measure=name.removeprefix("bcg_"))
    assert effects["estimate"].tolist() == pytest.approx(case["yi"], rel=1e-10)
    assert (effects["std_error"] ** 2).tolist() == pytest.approx(case["vi"], rel=1e-10)
    assert (effects["added"] == 0).all()


@pytest.mark.parametrize("name", ["sparse_log_odds_ratio", "sparse_log_risk_ratio"])
def test_zero_cells_get_one_half_and_say_so(name):
    case = REFERENCE["cases"][name]
    effects = ka.contrast_arms(_count_arms(case["counts"]), measure=name.removeprefix("sparse_"))
    touched = effects["added"] == 0.5
    assert effects["study"][touched].tolist() == [0, 1, 3, 4]
    assert effects["estimate"].tolist() == pytest.approx(case["yi"], rel=1e-10)
    assert (effects["std_error"] ** 2).tolist() == pytest.approx(case["vi"], rel=1e-10)


def test_a_risk_difference_is_never_moved_by_the_half():
    """metafor moves it (½ in all four cells); we keep e/n − e/n and help only a variance of exactly zero."""
    counts = REFERENCE["cases"]["sparse_log_odds_ratio"]["counts"]
    effects = ka.contrast_arms(_count_arms(counts), measure="risk_difference")
    plain = REFERENCE["sparse_risk_difference"]
    assert effects["estimate"].tolist() == pytest.approx(plain["yi"], abs=1e-12)
    touched = effects["added"] > 0
    assert effects["study"][touched].tolist() == [3] and (effects["std_error"] > 0).all()
    rest = [i for i in effects.index if not touched[i]]
    assert (effects["std_error"] ** 2)[rest].tolist() == pytest.approx([plain["vi"][i] for i in rest], rel=1e-10)


def test_zero_cells_excluded_are_listed():
    arms = _count_arms(REFERENCE["cases"]["sparse_log_odds_ratio"]["counts"])
    assert len(ka.contrast_arms(arms, zero_cells="exclude")) == 2
    left = ka.without_contrast(arms, zero_cells="exclude")
    assert len(left) == 8 and left["reason"].str.contains("zero cells excluded").all()


def _count_arms(counts):
    t, c = np.array(counts["tpos"]), np.array(counts["cpos"])
    active = {"arm": "vaccine", "role": "active", "events": t, "n": t + np.array(counts["tneg"])}
    control = {"arm": "none", "role": "control", "events": c, "n": c + np.array(counts["cneg"])}
    tables = [pd.DataFrame({"study": range(len(t)), **one}) for one in (active, control)]
    return pd.concat(tables, ignore_index=True).assign(hours=24, scale="not_stated", outcome="response")


def test_identical_studies_have_no_heterogeneity_exactly():
    for method in ("REML", "DL", "PM", "ML", "EB"):
        assert ka.random_effects(_effects("four_identical"), method=method).tau2 == 0.0


def test_no_better_likelihood_is_near():
    result = ka.random_effects(_effects("heterogeneous_large"))
    best = result.log_likelihood()
    for tau2 in np.concatenate([[0.0], np.geomspace(1e-6, 10, 2000)]):
        other = log_likelihood(result.y, result.v, result.present, np.array([tau2]), restricted=True)[0]
        assert other <= best + 1e-12


@pytest.mark.parametrize("restricted", [True, False])
@pytest.mark.parametrize("tau2", [0.0, 0.05, 0.4])
def test_score_and_curvature_are_the_derivatives_of_the_likelihood(restricted, tau2):
    table, step = _effects("bcg_log_odds_ratio"), 1e-5
    y, v = (table[name].to_numpy(float)[None] for name in ("estimate", "variance"))
    seen = np.ones(y.shape, bool)
    first, second = _score(y, v, seen, np.array([tau2]), restricted)
    up, down = (np.array([tau2 + sign * step]) for sign in (1, -1))
    height = [log_likelihood(y, v, seen, at, restricted=restricted)[0] for at in (up, down)]
    slope = [_score(y, v, seen, at, restricted)[0][0] for at in (up, down)]
    assert first[0] == pytest.approx((height[0] - height[1]) / (2 * step), rel=1e-5)
    assert second[0] == pytest.approx((slope[0] - slope[1]) / (2 * step), rel=1e-5)


def test_many_poolings_in_one_call_equal_one_by_one():
    rng = np.random.default_rng(7)
    sizes = rng.integers(1, 9, 40)
    group = np.repeat(np.arange(40), sizes)
    table = pd.DataFrame({"g": group, "estimate": rng.normal(0, 0.5, len(group)), "std_error": 0.3})
    table = table.sample(frac=1, random_state=1)
    for method in ("REML", "ML", "PM", "DL"):
        result = ka.random_effects(table, by="g", method=method)
        together, likelihood = result.summary().set_index("g"), result.log_likelihood()
        for g, part in table.groupby("g"):
            alone = ka.random_effects(part, method=method)
            assert likelihood[g] == pytest.approx(alone.log_likelihood(), rel=1e-12)
            alone = alone.summary().iloc[0]
            for name in ("estimate", "std_error", "tau2", "conf_low"):
                assert together.loc[g, name] == pytest.approx(alone[name], rel=1e-10, abs=1e-14, nan_ok=True)


def test_laws_of_shift_scale_and_sign():
    effects = _effects("bcg_log_odds_ratio")
    base = ka.random_effects(effects).summary().iloc[0]
    moved = ka.random_effects(effects.assign(estimate=effects["estimate"] + 5)).summary().iloc[0]
    assert moved["estimate"] == pytest.approx(base["estimate"] + 5, rel=1e-9)
    assert moved["tau2"] == pytest.approx(base["tau2"], rel=1e-9)
    scaled = ka.random_effects(10 * effects).summary().iloc[0]
    assert scaled["tau2"] == pytest.approx(100 * base["tau2"], rel=1e-9)
    flipped = ka.random_effects(effects.assign(estimate=-effects["estimate"])).summary().iloc[0]
    assert flipped["conf_low"] == pytest.approx(-base["conf_high"], rel=1e-10)


def test_one_trial_gives_its_own_interval():
    row = ka.random_effects(pd.DataFrame({"estimate": [0.4], "std_error": [0.3]})).summary().iloc[0]
    assert [row["conf_low"], row["conf_high"]] == pytest.approx([0.4 - 1.959964 * 0.3, 0.4 + 1.959964 * 0.3], rel=1e-6)
    assert np.isnan(row["tau2"]) and np.isnan(row["I2"]) and row["inference"] == "wald (one trial)"
    interval = ka.random_effects(pd.DataFrame({"estimate": [0.4], "std_error": [0.3]})).prediction_interval()
    assert interval["prediction_low"].isna().all()


def test_a_single_trial_cannot_be_left_out():
    table = pd.DataFrame({"g": list("aab"), "study": list("xyz"), "estimate": [0.1, 0.9, 0.4], "std_error": 0.3})
    left = ka.random_effects(table, by="g").leave_one_out()
    assert left[["g", "left_out", "estimate"]].to_numpy().tolist() == [["a", "x", 0.9], ["a", "y", 0.1]]


def test_the_measure_is_said_where_every_row_says_the_same():
    table = pd.DataFrame({"estimate": [0.1, 0.9], "std_error": 0.3})
    for measure, said in (("log_odds_ratio", "log_odds_ratio"), (["log_odds_ratio", None], "mixed")):
        assert ka.random_effects(table.assign(measure=measure)).summary()["measure"].tolist() == [said]
    assert ka.random_effects(table).summary()["measure"].isna().all()


def test_the_interval_of_i2_is_that_of_the_spread_over_the_typical_variance():
    """Trials of one variance 0.04: the typical variance is 0.04, and I² = τ²/(τ² + 0.04) at each limit."""
    row = ka.random_effects(
        pd.DataFrame({"estimate": [0.0, 0.5, 1.0, 1.3], "std_error": 0.2})
    ).tau2_interval().iloc[0]  # fmt: skip
    for end in ("low", "high"):
        assert row[f"I2_{end}"] == pytest.approx(100 * row[f"tau2_{end}"] / (row[f"tau2_{end}"] + 0.04), rel=1e-12)
    assert 0 < row["tau2_low"] < row["tau2_high"]


def test_weights_add_up_and_follow_the_rows():
    effects = _effects("bcg_log_odds_ratio")
    weights = ka.random_effects(effects, method="FE", inference="wald").weights()
    expected = 1 / effects["std_error"] ** 2
    assert weights.tolist() == pytest.approx((100 * expected / expected.sum()).tolist())


def test_coverage_of_the_default_interval():
    """2 000 simulated poolings of 6 trials with τ² = 0.1: the modified HKSJ interval covers 93–98 %."""
    rng = np.random.default_rng(11)
    v = rng.uniform(0.02, 0.2, (2000, 6))
    y = rng.normal(-0.4, np.sqrt(v + 0.1))
    table = pd.DataFrame({"g": np.repeat(np.arange(2000), 6), "estimate": y.ravel(), "std_error": np.sqrt(v).ravel()})
    rows = ka.random_effects(table, by="g").summary()
    assert 0.93 <= ((rows["conf_low"] < -0.4) & (rows["conf_high"] > -0.4)).mean() <= 0.98


def test_an_arm_used_twice_is_refused():
    arms = ka.default_pool(ka.load_evidence())
    apart = ka.contrast_arms(arms, combine="arm")
    with pytest.raises(ka.DatasetError, match="counted twice") as caught:
        ka.random_effects(apart)
    assert {"row", "rule", "message"} <= set(caught.value.problems)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"std_error": [0.1, 0.0]}, "std_error is a positive number"),
        ({"std_error": [0.1, np.nan]}, "std_error is a positive number"),
        ({"estimate": [np.inf, 1.0]}, "estimate is a number"),
    ],
)
def test_unusable_effects_are_named(change, words):
    table = pd.DataFrame({"estimate": [0.1, 0.2], "std_error": [0.1, 0.1]}).assign(**change)
    with pytest.raises(ka.DatasetError, match=words):
        ka.random_effects(table)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"method": "SJ"}, "'SJ' is unknown"),
        ({"inference": "t"}, "'t' is unknown"),
        ({"method": "FE"}, "Hartung–Knapp does not apply"),
        ({"by": "nothing"}, "lacks column"),
    ],
)
def test_wrong_choices_are_named(arguments, words):
    with pytest.raises(ValueError, match=words):
        ka.random_effects(pd.DataFrame({"estimate": [0.1], "std_error": [0.1]}), **arguments)


def test_all_inferences_stand_side_by_side():
    table = ka.random_effects(_effects("bcg_log_odds_ratio")).inferences()
    assert table["inference"].tolist() == ["wald", "hksj", "hksj_modified"]
    assert table["estimate"].nunique() == 1 and table["std_error"].nunique() >= 2


def test_a_result_at_a_prompt_is_its_summary_not_its_arrays():
    trials = pd.DataFrame({"study": list("abc"), "estimate": [0.2, 0.5, 0.9], "std_error": [0.2, 0.3, 0.4]})
    pooled = ka.random_effects(trials.assign(measure="log_odds_ratio"))
    assert repr(pooled) == f"PooledEffects\n{pooled.summary().to_string(index=False)}"
    assert "array(" not in repr(pooled) and "<table" in pooled._repr_html_()


def test_plain_hksj_of_effects_that_do_not_differ_has_no_interval():
    same = pd.DataFrame({"estimate": [0.4] * 3, "std_error": [0.1, 0.2, 0.3], "group": 1})
    row = ka.random_effects(same, inference="hksj").summary().iloc[0]
    assert row["estimate"] == pytest.approx(0.4) and row["tau2"] == 0
    assert row[["std_error", "conf_low", "conf_high", "p_value"]].isna().all()
    assert ka.random_effects(same, inference="hksj").prediction_interval()["prediction_low"].isna().all()
    modified = ka.random_effects(same).summary().iloc[0]
    assert modified["conf_low"] < 0.4 < modified["conf_high"]
    several = pd.concat([same, same.assign(group=2, estimate=[0.1, 0.4, 0.9])])
    by_group = ka.random_effects(several, inference="hksj", by="group").summary()
    assert by_group["conf_low"].isna().tolist() == [True, False]
    moderated = same.assign(year=[1.0, 2.0, 4.0])
    assert ka.meta_regression(moderated, "year", inference="hksj").summary()["p_value"].isna().all()
