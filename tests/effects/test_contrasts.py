import numpy as np
import pandas as pd
import pytest
from reference_numbers import load

import ketamine_analysis as ka

MEANS = load("meta_analysis.json")["means"]


def _arms(**columns):
    return pd.DataFrame(columns).assign(hours=24.0, scale="MADRS")


def _mean_arms():
    s = MEANS["summaries"]
    k = range(len(s["m1"]))
    active = _arms(study=k, arm="drug", role="active", n=s["n1"], mean=s["m1"], sd=s["sd1"])
    control = _arms(study=k, arm="placebo", role="control", n=s["n2"], mean=s["m2"], sd=s["sd2"])
    return pd.concat([active, control], ignore_index=True).assign(outcome="change")


@pytest.mark.parametrize(("measure", "key"), [("standardized_mean_difference", "smd"), ("mean_difference", "md")])
def test_means_agree_with_metafor(measure, key):
    effects = ka.contrast_arms(_mean_arms(), outcome="change", measure=measure)
    assert effects["estimate"].tolist() == pytest.approx(MEANS[key]["yi"], rel=1e-10)
    assert (effects["std_error"] ** 2).tolist() == pytest.approx(MEANS[key]["vi"], rel=1e-10)


def test_combined_arms_equal_the_patients_pooled():
    """Cochrane 6.5.2.10: n, mean and SD of two arms together are those of all their patients."""
    rng = np.random.default_rng(1)
    one, two, control = rng.normal(-12, 8, 30), rng.normal(-9, 6, 22), rng.normal(-5, 7, 25)
    rows = [("a1", "active", one), ("a2", "active", two), ("c", "control", control)]
    arms = pd.DataFrame([
        {"study": "s", "arm": arm, "treatment_class": "ketamine" if role == "active" else "placebo", "role": role,
         "n": len(x), "mean": x.mean(), "sd": x.std(ddof=1)} for arm, role, x in rows
    ]).assign(hours=24.0, scale="MADRS", outcome="change")  # fmt: skip
    row = ka.contrast_arms(arms, outcome="change", measure="mean_difference").iloc[0]
    both = np.concatenate([one, two])
    assert row["estimate"] == pytest.approx(both.mean() - control.mean())
    assert row["active_variance"] == pytest.approx(both.var(ddof=1) / len(both))
    assert row["arm"] == "a1 + a2" and row["n"] == 52


def _three_arms():
    return _arms(
        study="s", arm=["low", "high", "placebo"], treatment_class=["ketamine", "ketamine", "placebo"],
        role=["active", "active", "control"], n=[20, 25, 22], events=[8, 14, 5],
        mean=[-10.0, -13.0, -6.0], sd=[8.0, 9.0, 7.0],
    ).assign(outcome="response")  # fmt: skip


def test_arms_of_one_class_are_added_up_by_default():
    row = ka.contrast_arms(_three_arms()).iloc[0]
    assert (row["events"], row["n"], row["control_events"], row["control_n"]) == (22, 45, 5, 22)
    assert row["estimate"] == pytest.approx(np.log(22 / 23) - np.log(5 / 17))


@pytest.mark.parametrize(
    ("measure", "shared"),
    [
        ("log_odds_ratio", 1 / 5 + 1 / 17),
        ("log_risk_ratio", 1 / 5 - 1 / 22),
        ("risk_difference", (5 / 22) * (17 / 22) / 22),
        ("mean_difference", 49 / 22),
    ],
)
def test_arms_kept_apart_share_their_control(measure, shared):
    outcome = "change" if measure == "mean_difference" else "response"
    effects = ka.contrast_arms(_three_arms().assign(outcome=outcome), outcome=outcome, measure=measure, combine="arm")
    covariance = ka.sampling_covariance(effects)
    assert covariance[0, 1] == covariance[1, 0] == pytest.approx(shared)
    assert np.diag(covariance).tolist() == pytest.approx((effects["std_error"] ** 2).tolist())
    assert np.linalg.eigvalsh(covariance).min() > 0


SHARED = load("meta_analysis.json")["shared_control"]
NAMES = {"OR": "log_odds_ratio", "RR": "log_risk_ratio", "RD": "risk_difference", "MD": "mean_difference"}


@pytest.mark.parametrize("name", NAMES)
def test_what_a_shared_control_adds_equals_the_reference(name):
    arms = pd.DataFrame(SHARED["arms"]).T.rename_axis("arm").reset_index()
    arms = arms.assign(
        study="s", role=["active", "active", "control"], treatment_class="drug", hours=24.0, scale="MADRS"
    )
    outcome, expected = "change" if name == "MD" else "response", SHARED["contrasts"][name]
    effects = ka.contrast_arms(arms.assign(outcome=outcome), outcome=outcome, measure=NAMES[name], combine="arm")
    assert effects["estimate"].tolist() == pytest.approx(expected["yi"], rel=1e-10)
    covariance = ka.sampling_covariance(effects)
    assert np.diag(covariance).tolist() == pytest.approx(expected["vi"], rel=1e-10)
    assert covariance[0, 1] == covariance[1, 0] == pytest.approx(expected["covariance"], rel=1e-10)


def test_shared_control_of_standardized_differences():
    arms = _three_arms().assign(outcome="change")
    effects = ka.contrast_arms(arms, outcome="change", measure="standardized_mean_difference", combine="arm")
    g = effects["estimate"]
    expected = 1 / 22 + g[0] * g[1] * 21 / (2 * (20 + 20) * (25 + 20))
    assert ka.sampling_covariance(effects)[0, 1] == pytest.approx(expected)
    assert (effects["sd_source"] == "arms").all()


def test_the_covariance_of_standardized_differences_is_the_one_of_simulated_trials():
    rng, n, draws, g = np.random.default_rng(8), 40, 60000, 1.5
    scores = rng.normal(np.array([g, g, 0.0])[:, None], 1, (draws, 3, n))
    mean, square = scores.mean(axis=2), scores.var(axis=2, ddof=1)
    pair = [ka.effects.measures.hedges_correction(np.array(2 * n - 2.0)) * (mean[:, i] - mean[:, 2])
            / np.sqrt((square[:, i] + square[:, 2]) / 2) for i in (0, 1)]  # fmt: skip
    table = pd.DataFrame({
        "study": "a", "hours": 24.0, "arm": ["x", "y"], "control_arm": "p", "measure": "standardized_mean_difference",
        "estimate": g, "std_error": 1.0, "control_variance": 1 / n, "n": n, "control_n": n,
    })  # fmt: skip
    assert ka.sampling_covariance(table)[0, 1] == pytest.approx(np.cov(*pair)[0, 1], rel=0.02)


def test_a_spread_taken_as_known_adds_nothing_to_what_shared_controls_have_in_common():
    arms = _three_arms().assign(outcome="change")
    effects = ka.contrast_arms(arms, outcome="change", measure="standardized_mean_difference", combine="arm")
    known = effects.assign(sd_df=np.inf)
    assert ka.sampling_covariance(known)[0, 1] == pytest.approx(1 / 22)
    assert ka.time_covariance(known, 0.5)[0, 1] == pytest.approx(1 / 22)
    estimated = effects.assign(sd_df=40.0)
    expected = 1 / 22 + effects["estimate"].prod() / (2 * 40)
    assert ka.sampling_covariance(estimated)[0, 1] == pytest.approx(expected)
    assert ka.time_covariance(estimated, 0.5)[0, 1] == pytest.approx(expected)


def test_the_shared_control_covariance_is_the_one_of_simulated_trials():
    rng = np.random.default_rng(4)
    p, n, draws = np.array([0.4, 0.55, 0.25]), np.array([60, 70, 65]), 40000
    counts = rng.binomial(n, p, (draws, 3))
    odds = np.log(counts / (n - counts))
    seen = np.cov(odds[:, 0] - odds[:, 2], odds[:, 1] - odds[:, 2])[0, 1]
    e = n[2] * p[2]
    assert seen == pytest.approx(1 / e + 1 / (n[2] - e), rel=0.06)


def test_a_standard_error_is_not_taken_for_a_spread():
    arms = pd.concat([
        _arms(study="s", arm="a", role="active", n=[30], mean=[-12.0], std_error=[1.5]),
        _arms(study="s", arm="c", role="control", n=[30], mean=[-7.0], std_error=[1.4]),
    ]).assign(outcome="change")  # fmt: skip
    md = ka.contrast_arms(arms, outcome="change", measure="mean_difference").iloc[0]
    assert md["std_error"] == pytest.approx(np.hypot(1.5, 1.4))
    measure = "standardized_mean_difference"
    assert ka.contrast_arms(arms, outcome="change", measure=measure).empty
    left = ka.without_contrast(arms, outcome="change", measure=measure)
    assert len(left) == 2 and left["reason"].str.contains("no raw standard deviation").all()
    based = arms.assign(baseline_sd=[5.0, 6.0], baseline_scale="MADRS")
    row = ka.contrast_arms(based, outcome="change", measure=measure).iloc[0]
    assert row["sd_source"] == "baseline"
    assert row["estimate"] == pytest.approx(-5 / np.sqrt((25 + 36) / 2) * (1 - 3 / (4 * 58 - 1)), rel=1e-4)
    other = based.assign(baseline_scale="HAMD17")
    assert ka.contrast_arms(other, outcome="change", measure=measure).empty


def _two(n, control_n, sd, control_sd):
    return _arms(study="s", arm=["drug", "placebo"], role=["active", "control"], outcome="change", n=[n, control_n],
                 mean=[-3.0, -1.0], sd=[sd, control_sd])  # fmt: skip


def test_two_patients_an_arm_are_enough_for_a_standardised_difference_and_three_in_all_are_not():
    """J(2) = Γ(1) / (√1 · Γ(½)) = 1/√π; with one degree of freedom J does not exist."""
    measure = "standardized_mean_difference"
    row = ka.contrast_arms(_two(2, 2, 2.0, 2.0), outcome="change", measure=measure).iloc[0]
    assert row["estimate"] == pytest.approx(-2 / 2 / np.sqrt(np.pi))
    assert row["std_error"] == pytest.approx(np.sqrt(1 / 2 + 1 / 2 + (1 / np.pi) / (2 * 4)))
    assert ka.contrast_arms(_two(2, 1, 2.0, 2.0), outcome="change", measure=measure).empty


def test_arms_without_a_spread_form_no_difference_and_small_spreads_do():
    row = ka.contrast_arms(_two(25, 16, 0.5, 0.4), outcome="change", measure="mean_difference").iloc[0]
    assert row["estimate"] == -2 and row["std_error"] == pytest.approx(np.hypot(0.1, 0.1))
    for sd, control_sd in ((0.0, 0.4), (0.5, 0.0), (0.0, 0.0)):
        arms = _two(25, 16, sd, control_sd)
        assert ka.contrast_arms(arms, outcome="change", measure="mean_difference").empty
        reasons = ka.without_contrast(arms, outcome="change", measure="mean_difference")["reason"]
        assert len(reasons) == 2 and reasons.str.startswith("no spread").all()


def test_a_spread_printed_as_nought_gives_way_to_the_baseline_s():
    arms = _two(30, 28, 0.0, 0.0).assign(std_error=[1.0, 1.5], baseline_sd=5.0, baseline_scale="MADRS")
    row = ka.contrast_arms(arms, outcome="change", measure="standardized_mean_difference").iloc[0]
    g = -2 / 5 * (1 - 3 / (4 * 56 - 1))
    assert row["sd_source"] == "baseline" and row["estimate"] == pytest.approx(g, rel=1e-4)
    assert row["control_variance"] == pytest.approx(2.25 / 25)
    assert row["active_variance"] == pytest.approx(1 / 25 + g**2 / (2 * 58), rel=1e-4)


def test_controls_by_default_by_name_and_all():
    arms = ka.default_pool(ka.load_evidence())
    default = ka.contrast_arms(arms)
    assert set(default["control_kind"]) == {
        "placebo", "active_placebo", "placebo_plus_stable_drug", "placebo_plus_standard_care"
    }  # fmt: skip
    named = ka.contrast_arms(arms, control="placebo_plus_new_drug")
    assert {"popova2019", "fedgchin2019", "ochsross2020"} <= set(named["study"])
    assert set(named["control_kind"]) == {"placebo_plus_new_drug"}
    everything = ka.contrast_arms(arms, control="all")
    assert len(everything) > len(default) + len(named) - 1
    with pytest.raises(ValueError, match="is no arm of this outcome"):
        ka.contrast_arms(arms, control="sugar")


def test_nothing_is_dropped_in_silence():
    arms = ka.default_pool(ka.load_evidence())
    for outcome, measure in (("response", "log_odds_ratio"), ("change", "standardized_mean_difference")):
        rows = arms[arms["outcome"] == outcome]
        effects = ka.contrast_arms(arms, outcome=outcome, measure=measure, combine="arm")
        left = ka.without_contrast(arms, outcome=outcome, measure=measure, combine="arm")
        key = ["study", "arm", "hours", "scale", "timing"]
        used = pd.concat([
            effects[key], effects[["study", "control_arm", "hours", "scale", "timing"]].set_axis(key, axis=1), left[key]
        ]).drop_duplicates()  # fmt: skip
        assert len(used.merge(rows[key].drop_duplicates())) == len(rows[key].drop_duplicates())
        assert left["reason"].str.len().gt(5).all()


def test_no_control_is_counted_twice_in_any_pooled_number():
    arms = ka.default_pool(ka.load_evidence())
    for outcome in ("response", "remission"):
        effects = ka.one_per_window(ka.contrast_arms(arms, outcome=outcome))
        pooled = ka.random_effects(effects, by=["treatment_class", "window", "timing"])  # refuses an arm used twice
        for rows, present in zip(pooled.rows, pooled.present, strict=True):
            assert not effects.iloc[rows[present]].duplicated(["study", "control_arm"]).any()


def test_a_drug_with_something_added_is_a_class_of_its_own():
    arms = _three_arms().assign(combination=["no", "yes", "no"])
    assert set(ka.contrast_arms(arms)["treatment_class"]) == {"ketamine", "ketamine_combination"}


def test_swapped_arms_flip_the_sign():
    arms = _three_arms().iloc[[0, 2]]
    swapped = arms.assign(role=["control", "active"])
    assert ka.contrast_arms(arms)["estimate"].iloc[0] == pytest.approx(-ka.contrast_arms(swapped)["estimate"].iloc[0])


def test_patient_data_and_published_rows_meet():
    trial = ka.simulate_trial(n_per_arm=40, seed=9)
    mine = ka.summarize_arms(ka.derive_outcomes(trial), missing="nonresponder")
    both = pd.concat([mine, ka.default_pool(ka.load_evidence())], ignore_index=True)
    effects = ka.contrast_arms(both)
    assert "simulated_trial" in set(effects["study"]) and "murrough2013" in set(effects["study"])


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"measure": "hazard_ratio"}, "'hazard_ratio' is unknown"),
        ({"measure": "mean_difference"}, "does not fit outcome 'response'"),
        ({"outcome": "change", "measure": "log_odds_ratio"}, "does not fit outcome 'change'"),
        ({"outcome": "remission"}, "no row has outcome 'remission'"),
        ({"combine": "all"}, "'all' is unknown"),
        ({"zero_cells": "ignore"}, "'ignore' is unknown"),
    ],
)
def test_wrong_choices_are_named(arguments, words):
    with pytest.raises(ValueError, match=words):
        ka.contrast_arms(_three_arms(), **arguments)


def test_a_table_without_roles_asks_for_the_control():
    arms = _three_arms().drop(columns="role")
    with pytest.raises(ValueError, match="name the control arm"):
        ka.contrast_arms(arms)
    assert len(ka.contrast_arms(arms, control="placebo")) == 1
    many = pd.concat([arms.iloc[[0]].assign(arm=letter) for letter in "lkjihgfedcba"])  # ten of twelve are shown
    with pytest.raises(ValueError, match=r"arms are \['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j'\]"):
        ka.contrast_arms(many)


def test_several_times_of_one_trial_need_a_choice():
    arms = pd.concat([_three_arms(), _three_arms().assign(hours=48.0)])
    with pytest.raises(ValueError, match="correlated over time"):
        ka.sampling_covariance(ka.contrast_arms(arms))
    effects = ka.contrast_arms(arms)
    assert ka.one_per_window(effects)["hours"].tolist() == [24.0, 48.0]
    assert ka.one_per_window(pd.concat([effects, effects.assign(hours=20.0)]))["hours"].tolist() == [24.0, 48.0]


def test_windows_leave_out_what_lies_between():
    table = ka.one_per_window(pd.DataFrame({"study": "s", "hours": [8.0, 24.0, 30.0, -1.0]}), rest=True)
    assert table["reason"].tolist() == [
        "in no time window",
        "another time of this trial is nearer",
        "in no time window",
    ]


def test_numbers_held_as_text_are_refused_or_read_as_numbers():
    text = _three_arms().astype({"n": str, "events": str, "hours": str})
    with pytest.raises(ka.DatasetError, match="numbers are text"):
        ka.check_arms(text)
    assert ka.contrast_arms(text)["estimate"].iloc[0] == pytest.approx(
        ka.contrast_arms(_three_arms())["estimate"].iloc[0]
    )


def test_the_covariance_of_baseline_standardised_differences_is_a_covariance():
    arms = pd.DataFrame({
        "study": "a", "arm": ["k1", "k2", "p"], "role": ["active", "active", "control"],
        "treatment_class": ["x", "y", "p"], "hours": 24.0, "scale": "MADRS", "outcome": "change", "n": 50,
        "mean": [-10.0, -9, -5], "std_error": 0.5, "baseline_sd": 8.0, "baseline_scale": "MADRS",
    })  # fmt: skip
    effects = ka.contrast_arms(arms, outcome="change", measure="standardized_mean_difference")
    covariance = ka.sampling_covariance(effects)
    assert np.linalg.eigvalsh(covariance).min() > 0
    assert covariance[0, 1] == pytest.approx(0.25 / 64 + effects["estimate"].prod() * 49 / (2 * 98**2))


def test_dependence_that_has_no_formula_here_is_refused():
    two_controls = _three_arms().assign(
        role=["active", "control", "control"], control_kind=[None, "placebo", "active_placebo"]
    )
    effects = ka.contrast_arms(two_controls)
    assert len(effects) == 2
    with pytest.raises(ValueError, match="against several controls"):
        ka.sampling_covariance(effects)
    with pytest.raises(ka.DatasetError, match="choose one control"):
        ka.random_effects(effects)
    both = pd.concat([_three_arms(), _three_arms().assign(scale="HAMD17")])
    with pytest.raises(ValueError, match="several scales"):
        ka.sampling_covariance(ka.contrast_arms(both))
    with pytest.raises(ValueError, match="one measure"):
        ka.random_effects(effects.assign(measure=["log_odds_ratio", "risk_difference"]))


def test_arms_named_by_numbers_and_tables_without_counts_or_means():
    arms = _three_arms().drop(columns=["treatment_class", "mean", "sd"]).assign(arm=[1, 2, 0])
    assert len(ka.contrast_arms(arms)) == 2
    assert ka.contrast_arms(arms.drop(columns="events")).empty
    left = ka.without_contrast(arms.drop(columns="events"))
    assert left["reason"].str.contains("no count").all() and len(left) == 3
    none = ka.contrast_arms(arms.assign(outcome="change"), outcome="change", measure="mean_difference")
    assert none.empty and none.columns.is_unique


def test_a_control_that_is_not_there_is_answered_with_the_arms():
    arms = pd.DataFrame({
        "study": "a", "arm": ["Esketamine + SSRI", "Placebo + SSRI"], "hours": 24, "scale": "MADRS",
        "outcome": "response", "n": 10, "events": [6, 3],
    })  # fmt: skip
    with pytest.raises(
        ValueError,
        match=r"'Placebo \+ SSRI'\) and no kind of control here \(none is told\); did you mean 'Placebo \+ SSRI'",
    ):
        ka.contrast_arms(arms, control="placebo")


@pytest.mark.parametrize(
    ("column", "value", "rule"),
    [("events", 12.0, "no more events than patients"), ("events", -1.0, "no fewer than 0 events"),
     ("n", 0.0, "at least one patient")],
)  # fmt: skip
def test_counts_that_cannot_be_are_refused_at_every_door(column, value, rule):
    arms = pd.DataFrame({
        "study": "a", "arm": ["x", "p"], "role": ["active", "control"], "hours": 24.0, "scale": "MADRS",
        "outcome": "response", "n": 10.0, "events": 5.0, "treatment_class": ["x", "p"],
    })  # fmt: skip
    arms.loc[0, column] = value
    for door in (ka.contrast_arms, ka.without_contrast, ka.arm_log_odds, ka.collect_effects):
        with pytest.raises(ka.DatasetError) as error:
            door(arms)
        problem = error.value.problems.iloc[0]
        assert (problem["column"], problem["value"], problem["rule"]) == (column, value, rule)


def test_a_negative_spread_is_refused():
    arms = _three_arms().assign(outcome="change", sd=-1.0)
    with pytest.raises(ka.DatasetError, match="no spread below 0"):
        ka.contrast_arms(arms, outcome="change", measure="mean_difference")


def test_the_class_not_told_is_the_treatment_and_not_the_arm():
    arms = _three_arms().drop(columns="treatment_class").assign(treatment=["ketamine", "ketamine", "placebo"])
    row = ka.contrast_arms(arms).iloc[0]
    assert row["treatment_class"] == "ketamine" and row["n"] == 45
    apart = ka.contrast_arms(arms.drop(columns="treatment"))
    assert sorted(apart["treatment_class"]) == ["high", "low"]


def test_words_of_arms_added_up_stand_in_the_order_of_the_arms():
    row = ka.contrast_arms(_three_arms().assign(dose=[0.5, 1.0, np.nan], source=["first", "second", "third"])).iloc[0]
    assert (row["dose"], row["source"], row["arm"]) == ("0.5 + 1.0", "first + second", "low + high")


@pytest.mark.parametrize(("column", "value"), [("n", 0), ("n", -3)])
def test_an_arm_of_nobody_is_refused(column, value):
    arms = _three_arms().astype({"events": float})
    arms.loc[1, ["events", column]] = 0.0, value
    with pytest.raises(ka.DatasetError, match="row 1, column n: .* breaks rule 'at least one patient'"):
        ka.contrast_arms(arms)


def test_log_odds_of_arms_by_hand():
    """5 of 20 and 3 of 10 are one class: 8 of 30; 0 of 12, 7 of 7 and 1 of 9: ½ in both cells of the first two alone."""
    arms = _arms(
        study=["a", "a", "b", "c", "d"], arm=["low", "high", "x", "x", "x"], treatment_class="ketamine",
        outcome="response", n=[20, 10, 12, 7, 9], events=[5, 3, 0, 7, 1],
    )  # fmt: skip
    found = ka.arm_log_odds(arms).set_index("study")
    cells = pd.DataFrame({"yes": [8, 0.5, 7.5, 1], "no": [22, 12.5, 0.5, 8]}, index=list("abcd"))
    assert found["estimate"].tolist() == pytest.approx(np.log(cells["yes"] / cells["no"]).tolist())
    assert found["std_error"].tolist() == pytest.approx(np.sqrt(1 / cells["yes"] + 1 / cells["no"]).tolist())
    assert found["added"].tolist() == [0, 0.5, 0.5, 0] and found["n"].tolist() == [30, 12, 7, 9]


def test_a_row_without_its_hour_forms_no_contrast_and_its_reason_is_said():
    arms = _three_arms().iloc[[1, 2]].assign(hours=np.nan)
    assert ka.contrast_arms(arms).empty
    assert ka.without_contrast(arms)["reason"].tolist() == ["no time stated"] * 2
    assert len(ka.contrast_arms(arms.assign(timing="not_stated"))) == 1
    assert len(ka.contrast_arms(arms.drop(columns="hours"))) == 1


def test_what_was_meant_is_guessed_of_the_first_and_what_fits_is_named():
    with pytest.raises(ValueError, match=r"control \['plcebo', 'zzz'\] is no arm.*did you mean 'placebo'"):
        ka.contrast_arms(_three_arms(), control=("plcebo", "zzz"))
    with pytest.raises(ValueError, match=r"use one of \['log_odds_ratio', 'log_risk_ratio', 'risk_difference'\]"):
        ka.contrast_arms(_three_arms(), measure="mean_difference")
    with pytest.raises(TypeError):
        ka.contrast_arms(_three_arms(), "response")
    with pytest.raises(TypeError):
        ka.without_contrast(_three_arms(), "response")
