"""fit_mmrm against R's mmrm (every fit of the reference), closed forms, laws, other engines and what it answers."""

import dataclasses

import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_allclose
from reference_numbers import FOLDER, load
from scipy import stats
from small_data import few_patients, trial

import ketamine_analysis as ka
from ketamine_analysis.mmrm.means import estimate_rows

R = load("mmrm.json")
FITS = [key for key in R if key.count("/") >= 3]
SUMMARY = ["term", "estimate", "std_error", "df", "statistic", "p_value", "conf_low", "conf_high"]


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
    assert_allclose(ours.loc[theirs.index], theirs, rtol=1e-8, atol=1e-10)  # a contrast near nought has few digits
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


def test_paired_visits_equal_the_paired_t_test():
    table = pd.read_csv(FOLDER / "mmrm_paired.csv")
    result = ka.fit_mmrm(table, outcome="score", visit_covariates=())
    change = result.linear([[-1, 1]]).iloc[0]
    paired = R["paired"]["t_test"]
    assert_allclose(change[["estimate", "std_error", "df", "p_value"]].astype(float), list(paired.values()), rtol=1e-9)
    r_mmrm = pd.DataFrame(R["paired"]["mmrm"])
    assert_allclose(result.summary()["std_error"], r_mmrm["Std. Error"], rtol=1e-9)


def test_a_single_visit_is_ancova():
    table = trial("small").query("hours == 24")
    for covariance in ("us", "ar1h", "cs"):  # one visit has one variance
        result = ka.fit_mmrm(table, covariance=covariance)
        ancova = pd.DataFrame(R["ancova"]).set_index("_row")
        ours = result.summary().set_index("term").loc[["(Intercept)", "baseline", "armketamine"]]
        assert_allclose(ours["estimate"], ancova["Estimate"], rtol=1e-9)
        assert_allclose(ours["std_error"], ancova["Std. Error"], rtol=1e-9)
        assert_allclose(ours["df"], len(table) - 3, rtol=1e-9)
        assert result.covariance == "us" and len(result.fit.theta) == 1


def test_complete_balanced_data_equal_the_two_sample_t_test_at_each_visit():
    table = trial("complete")
    result = ka.fit_mmrm(table, visit_covariates=())
    for row in result.contrasts().itertuples():
        seen = table[table["hours"] == row.hours]
        one, other = (seen.loc[seen["arm"] == arm, "change"] for arm in ("ketamine", "placebo"))
        expected = stats.ttest_ind(one, other)
        assert_allclose([row.statistic, row.p_value, row.df], [expected.statistic, expected.pvalue, 28], rtol=1e-8)
    wide = table.pivot_table(index="subject", columns="hours", values="change")
    arm = table.groupby("subject")["arm"].first()
    pooled = sum((group - group.mean()).T @ (group - group.mean()) for _, group in wide.groupby(arm)) / 28
    assert_allclose(result.covariance_matrix(), pooled, rtol=1e-9)


def test_lsmeans_weights_equal_emmeans():
    weights, table = load("mmrm_weights.json"), trial("small").query("hours == 672")
    result = ka.fit_mmrm(table, covariates=("site", "sex"))
    for name in ("equal", "proportional", "observed"):
        ours = result.lsmeans(weights=name).set_index("arm")
        theirs = pd.DataFrame(weights[name]).set_index("arm")
        assert_allclose(ours.loc[theirs.index, ["estimate", "std_error", "df"]], theirs, rtol=1e-10)
        assert set(ours["weights"]) == {name}


def test_rows_visits_and_names_do_not_matter():
    table = trial("small")
    first = ka.fit_mmrm(table).contrasts()
    again = ka.fit_mmrm(table.sample(frac=1, random_state=3).assign(subject=lambda t: "x" + t["subject"]))
    assert_allclose(again.contrasts()[SUMMARY[1:]], first[SUMMARY[1:]], rtol=1e-9)
    words = {24: "Day 1", 168: "Week 1", 336: "Week 2", 672: "Week 4"}
    text = ka.fit_mmrm(table.assign(week=table["hours"].map(words)), visit="week")
    assert_allclose(text.contrasts()[SUMMARY[1:]], first[SUMMARY[1:]], rtol=1e-9)
    assert text.contrasts()["week"].tolist() == list(words.values())
    assert text.effects()["hours"].tolist() == list(words)
    order = pd.Categorical(table["hours"].map(words), categories=list(words.values()), ordered=True)
    ordered = ka.fit_mmrm(table.drop(columns="hours").assign(week=order), visit="week", covariance="ar1h")
    assert_allclose(ordered.log_likelihood, R["small/ar1h/reml/satterthwaite"]["log_likelihood"], rtol=1e-11)
    with pytest.raises(ValueError, match="the visits have no hours"):
        ordered.effects()


def test_the_reference_arm_turns_signs_and_nothing_else():
    table = trial("small")
    result = ka.fit_mmrm(table)
    here, there = result.contrasts("placebo"), result.contrasts("ketamine")
    assert_allclose(here["estimate"], -there["estimate"], rtol=1e-12)
    assert_allclose(here[["std_error", "df", "p_value"]], there[["std_error", "df", "p_value"]], rtol=1e-9)
    swapped = ka.fit_mmrm(table.assign(role="active"))  # ketamine sorts first: R's coding changes, the model does not
    assert_allclose(swapped.log_likelihood, result.log_likelihood, rtol=1e-12)
    assert_allclose(swapped.contrasts("placebo")["estimate"], here["estimate"], rtol=1e-9)
    with pytest.raises(ValueError, match="name the reference arm"):
        swapped.contrasts()


@pytest.mark.parametrize("covariance", ["us", "toeph", "cs"])
def test_shift_and_scale_laws(covariance):
    table = trial("small")
    first = ka.fit_mmrm(table, covariance=covariance)
    moved = ka.fit_mmrm(
        table.assign(change=1e4 + 3 * table["change"], baseline=1e3 + 7 * table["baseline"]), covariance=covariance
    )
    numbers = ["estimate", "std_error", "conf_low", "conf_high"]
    assert_allclose(moved.contrasts()[numbers], 3 * first.contrasts()[numbers], rtol=1e-7)
    assert_allclose(moved.contrasts()["df"], first.contrasts()["df"], rtol=1e-7)
    assert_allclose(moved.lsmeans()["estimate"], 1e4 + 3 * first.lsmeans()["estimate"], rtol=1e-9)
    effects = len(first.fixed.coefficients)
    slopes = len(first.design.visits) * np.log(7)  # the determinant of X′WX counts the baseline's units
    expected = first.log_likelihood - (first.n_scores - effects) * np.log(3) - slopes
    assert_allclose(moved.log_likelihood, expected, rtol=1e-9)


def test_other_engines_give_the_same_fit():
    table = trial("small")
    first = ka.fit_mmrm(table, covariates=("site", "sex"))
    frame = pl.DataFrame(table.to_dict("list"))
    for engine in (frame, frame.lazy()):
        other = ka.fit_mmrm(engine, covariates=("site", "sex"))
        assert_allclose(other.log_likelihood, first.log_likelihood, rtol=1e-12)
        assert_allclose(other.contrasts()[SUMMARY[1:]], first.contrasts()[SUMMARY[1:]], rtol=1e-8)
    weeks = frame.with_columns(week=pl.col("hours").cast(pl.String).cast(pl.Enum(["24", "168", "336", "672"])))
    assert ka.fit_mmrm(weeks.drop("hours"), visit="week").design.visits == ("24", "168", "336", "672")


def test_differences_of_differences_and_any_weighting():
    result = ka.fit_mmrm(trial("three_arm"))
    since = result.contrasts(at=672, since=24)
    contrasts, covariance = result.contrasts(), result.contrast_covariance().to_numpy()
    last = (contrasts["hours"] == 672) & (contrasts["arm"] == "oral")
    first = (contrasts["hours"] == 24) & (contrasts["arm"] == "oral")
    change = last.to_numpy(float) - first.to_numpy(float)
    row = since[since["arm"] == "oral"].iloc[0]
    assert_allclose(row["estimate"], change @ contrasts["estimate"], rtol=1e-10)
    assert_allclose(row["std_error"], np.sqrt(change @ covariance @ change), rtol=1e-10)
    assert row["term"] == "oral − midazolam at 672, less that at 24"
    assert_allclose(np.sqrt(np.diag(covariance)), contrasts["std_error"], rtol=1e-10)
    means = result.lsmeans()
    weights = ((means["arm"] == "oral").astype(int) - (means["arm"] == "midazolam")) * (
        (means["hours"] == 672).astype(int) - (means["hours"] == 24)
    )
    assert_allclose(result.linear(weights)[SUMMARY[1:]], row[SUMMARY[1:]].to_frame().T.astype(float), rtol=1e-8)
    one = result.joint_test(weights).iloc[0]
    assert_allclose([one["statistic"], one["df_denominator"]], [row["statistic"] ** 2, row["df"]], rtol=1e-8)
    assert_allclose(result.joint_test([weights, 2 * weights])["df"], 1)  # dependent rows count once
    for bad in ([1, -1], [[np.nan] * len(means)]):
        with pytest.raises(ValueError, match="one finite number for each of the 18 rows"):
            result.linear(bad)
    with pytest.raises(ValueError, match="2 terms for 1 rows"):
        result.linear(weights, terms=["a", "b"])


def test_effects_enter_pooling_beside_published_trials():
    table = trial("three_arm").assign(study="here", scale="MADRS")
    result = ka.fit_mmrm(table)
    effects, contrasts = result.effects(at=[24, 168]), result.contrasts(at=[24, 168])
    assert_allclose(effects[["estimate", "std_error"]], contrasts[["estimate", "std_error"]])
    assert set(effects["measure"]) == {"mean_difference"} and set(effects["analysis"]) == {"mmrm"}
    means = result.lsmeans(at=24).set_index("arm")
    first = effects.iloc[0]
    assert_allclose([first["mean"], first["control_mean"]], means.loc[["ketamine", "midazolam"], "estimate"])
    variances = means.loc[["ketamine", "midazolam"], "std_error"] ** 2
    assert_allclose(first[["active_variance", "control_variance"]].astype(float), variances)
    published = pd.DataFrame(
        {"study": ["a", "b"], "arm": "ketamine", "control_arm": "midazolam", "treatment_class": "ketamine"}
    ).assign(
        hours=24, measure="mean_difference", estimate=[-5.0, -6.0], std_error=1.5, n=20, control_n=20, scale="MADRS"
    )
    one = effects[(effects["arm"] == "ketamine") & (effects["hours"] == 24)]
    both = pd.concat([one, published], ignore_index=True)
    pooled = ka.random_effects(both).summary().iloc[0]
    assert both["estimate"].min() < pooled["estimate"] < both["estimate"].max()
    assert_allclose(np.diag(ka.time_covariance(effects, 0.5)), effects["std_error"] ** 2)
    course = ka.fit_time_course(
        pd.concat([effects, published.assign(active_variance=1.2, control_variance=1.05)]), shape="plateau"
    )
    ketamine = course.summary().set_index("treatment_class").loc["ketamine"]
    assert effects["estimate"].min() < ketamine["estimate"] < 0


def test_a_class_that_is_not_said_is_the_treatment_and_without_one_the_arm():
    table = trial("small").assign(study="here", scale="MADRS")
    named = table.assign(treatment=table["arm"].map({"ketamine": "esketamine", "placebo": "saline"}))
    assert set(ka.fit_mmrm(named).effects()["treatment_class"]) == {"esketamine"}
    assert set(ka.fit_mmrm(table).effects()["treatment_class"]) == {"ketamine"}
    classed = named.assign(treatment_class=named["arm"].map({"ketamine": "nmda", "placebo": "placebo"}))
    assert set(ka.fit_mmrm(classed).effects()["treatment_class"]) == {"nmda"}


def test_standardised_effects_by_hand():
    table = trial("small").query("hours == 24").assign(study="here")
    result = ka.fit_mmrm(table)
    contrast, df = result.contrasts().iloc[0], len(table) - 3
    sigma = np.sqrt(result.covariance_matrix().iloc[0, 0])
    effect = result.effects(sd="residual").iloc[0]
    assert_allclose(effect["estimate"], (1 - 3 / (4 * df - 1)) * contrast["estimate"] / sigma, rtol=1e-4)
    expected = contrast["std_error"] ** 2 / sigma**2 + effect["estimate"] ** 2 / (2 * df)
    assert_allclose(effect["std_error"] ** 2, expected, rtol=1e-9)
    assert (effect["measure"], effect["sd_source"]) == ("standardized_mean_difference", "mmrm residual")
    baseline = table.groupby("arm")["baseline"]
    pooled = np.sqrt(sum((len(b) - 1) * b.var() for _, b in baseline) / (len(table) - 2))
    effect = result.effects(sd="baseline").iloc[0]
    assert_allclose([effect["sd_divisor"], effect["sd_source"] == "baseline"], [pooled, 1], rtol=1e-10)
    assert_allclose(result.effects(sd=8).iloc[0][["estimate", "std_error"]].astype(float),
                    contrast[["estimate", "std_error"]].astype(float) / 8)  # fmt: skip
    with pytest.raises(ValueError, match="sd 'arms' is unknown"):
        result.effects(sd="arms")
    with pytest.raises(ValueError, match="must be above 0"):
        result.effects(sd=-1)
    with pytest.raises(ValueError, match="needs the numeric covariate `baseline`"):
        ka.fit_mmrm(table, visit_covariates=()).effects(sd="baseline")


def test_each_arm_its_own_covariance():
    result = ka.fit_mmrm(trial("small"), by="arm")
    assert result.groups == ("ketamine", "placebo")
    with pytest.raises(ValueError, match="group None: name one of"):
        result.covariance_matrix()
    with pytest.raises(ValueError, match="each arm has residual variances of its own"):
        result.effects(sd="residual")
    with pytest.raises(ValueError, match="one covariance for all patients"):
        ka.fit_mmrm(trial("small")).covariance_matrix("placebo")
    # without covariates, groups with nothing in common are two separate trials
    both = ka.fit_mmrm(trial("small"), by="arm", visit_covariates=())
    apart = [ka.fit_mmrm(part, visit_covariates=()) for _, part in trial("small").groupby("arm")]
    assert_allclose(both.log_likelihood, sum(one.log_likelihood for one in apart), rtol=1e-11)
    means = pd.concat([one.lsmeans() for one in apart]).sort_values(["hours", "arm"])
    assert_allclose(both.lsmeans().sort_values(["hours", "arm"])["std_error"], means["std_error"], rtol=1e-8)


@pytest.mark.slow
def test_the_fallback_is_the_analysts_list_and_is_recorded():
    table = few_patients(visits=12, seed=0)
    result = ka.fit_mmrm(table, covariance=("us", "ar1h", "cs"))
    assert result.covariance == "ar1h"
    assert result.tried["covariance"].tolist() == ["us", "ar1h"] and result.tried["used"].tolist() == [False, True]
    assert result.tried["reason"].iloc[0] != ""
    with pytest.raises(ka.ConvergenceError, match="fit fewer visits or fewer covariance parameters") as caught:
        ka.fit_mmrm(table)
    assert caught.value.state["tried"] == ["us"]


def test_what_a_fit_says_of_itself():
    result = ka.fit_mmrm(trial("small"))
    table = result.fit_statistics().iloc[0]
    assert (table["covariance"], table["parameters"], table["n_patients"], table["n_scores"]) == ("us", 10, 60, 210)
    assert table["largest_gradient"] < 1e-10
    assert "<table" in result._repr_html_()
    assert result.lsmeans(at=24)["hours"].tolist() == [24, 24]
    assert_allclose(np.diag(result.correlation_matrix()), 1)
    with pytest.raises(ValueError, match=r"at \[25\] is no visit of the fit"):
        result.lsmeans(at=25)
    with pytest.raises(ValueError, match="weights 'om' is unknown"):
        result.lsmeans(weights="om")
    with pytest.raises(ValueError, match="reference 'saline' is no arm"):
        result.contrasts("saline")


@pytest.mark.parametrize(
    ("choices", "words"),
    [
        ({"covariance": "un"}, r"covariance \['un'\] is unknown"),
        ({"covariance": ()}, r"covariance \[\] is unknown"),
        ({"method": "REM"}, r"method \['REM'\] is unknown"),
        ({"inference": "z"}, r"inference \['z'\] is unknown"),
        ({"method": "ML", "inference": "kenward_roger"}, "is defined for REML"),
        ({"covariates": "baseline"}, r"covariate \['baseline'\] is named twice"),
        ({"covariates": ("arm",)}, r"covariate \['arm'\] is the outcome, the arm or the patient"),
    ],
)
def test_choices_that_do_not_fit_are_refused(choices, words):
    with pytest.raises(ValueError, match=words):
        ka.fit_mmrm(trial("small"), **choices)


def test_spatial_covariance_needs_hours():
    table = trial("small")
    order = pd.Categorical(table["hours"], categories=[24, 168, 336, 672], ordered=True)
    with pytest.raises(ValueError, match="'sp_exp' needs the visits' hours"):
        ka.fit_mmrm(table.drop(columns="hours").assign(visit=order), visit="visit", covariance="sp_exp")


@pytest.mark.parametrize("inference", ["satterthwaite", "kenward_roger", "kenward_roger_linear"])
def test_an_f_of_one_row_is_the_square_of_its_t(inference):
    result = ka.fit_mmrm(trial("wide_gap"), covariance="toeph", inference=inference)
    weights = np.zeros(16)
    weights[-2:] = [-1, 1]
    row, test = result.linear(weights).iloc[0], result.joint_test(weights).iloc[0]
    assert_allclose(test["statistic"], row["statistic"] ** 2, rtol=1e-9)
    assert_allclose(test[["df_denominator", "p_value"]].astype(float), row[["df", "p_value"]].astype(float), rtol=1e-7)


def test_labelled_covariances_and_patterns():
    table = trial("small")
    result = ka.fit_mmrm(table, inference="kenward_roger_linear")
    covariance, summary = result.coefficient_covariance(), result.summary()
    assert covariance.index.tolist() == summary["term"].tolist()
    assert_allclose(np.sqrt(np.diag(covariance)), summary["std_error"], rtol=1e-10)
    patterns = result.patterns()
    assert patterns["patients"].sum() == 60 and patterns["patients"].is_monotonic_decreasing
    whole = patterns.drop(columns="patients").all(axis=1)
    assert patterns.loc[whole, "patients"].item() == (table["subject"].value_counts() == 4).sum()


def test_a_fit_at_a_prompt_is_its_means_not_its_arrays():
    trial = ka.derive_outcomes(ka.simulate_trial(n_per_arm=30, seed=3))
    lines = repr(ka.fit_mmrm(trial)).splitlines()
    assert lines[0].startswith("MMRM (us, REML), ") and lines[0].endswith("LS means of change")
    assert lines[1].split()[:2] == ["arm", "hours"] and len(lines) < 40


def test_patients_seen_at_times_of_their_own_are_sent_to_planned_visits():
    trial = ka.simulate_trial(n_per_arm=30, seed=3)
    after = trial["hours"] > 0
    own = trial["hours"] + after * 24.0 * (trial["subject"].str.extract(r"(\d+)$")[0].astype(int) % 4)
    with pytest.raises(
        ka.ConvergenceError, match=r"no patient was seen at more than \d of them; first give each row its planned visit"
    ):
        ka.fit_mmrm(ka.derive_outcomes(trial.assign(hours=own)))


@pytest.mark.parametrize(("seed", "visits"), [(1, 5), (7, 5), (9, 6), (10, 6)])
def test_a_joint_test_without_an_f_distribution_is_refused_and_the_others_stand(seed, visits):
    table = few_patients(visits=visits, seed=seed, n=12).assign(study="s", scale="MADRS")
    tests = ka.fit_mmrm(table, inference="kenward_roger_linear").tests().set_index("test")
    refused = tests["statistic"].isna()
    assert refused["baseline"]  # was F = −1.31, or a negative denominator, with p = 1.000
    assert tests.loc[refused, "note"].str.contains("inference='satterthwaite'").all()
    stand = tests[~refused]
    assert (
        (stand["statistic"] >= 0).all() and (stand["df_denominator"] > 2).all() and stand["p_value"].between(0, 1).all()
    )
    satterthwaite = ka.fit_mmrm(table, inference="satterthwaite").tests()
    assert satterthwaite["statistic"].notna().all() and "note" not in satterthwaite


def test_a_contrast_without_a_positive_adjusted_variance_is_missing_and_the_others_stand():
    result = ka.fit_mmrm(few_patients(visits=4, seed=3, n=16).assign(study="s", scale="MADRS"))
    whole = result.contrasts("b")
    fixed = result.fixed
    values, vectors = np.linalg.eigh(fixed.covariance)
    broken = dataclasses.replace(fixed, covariance=fixed.covariance - 2 * values[0] * np.outer(*[vectors[:, 0]] * 2))
    rows = vectors[:, [0, -1]].T  # the first in the direction that such an adjustment leaves negative
    table = estimate_rows(broken, ["broken", "whole"], rows, ["", ""], 0.95)
    assert np.isnan(table["std_error"][0]) and "inference='satterthwaite'" in table["reason"][0]
    assert table["std_error"][1] > 0 and table["reason"][1] == ""
    assert whole["std_error"].gt(0).all() and "reason" not in whole


@pytest.mark.parametrize("seed", [2, 4, 9, 11])
def test_uncorrelated_visits_are_an_answer_of_sp_exp_and_the_independent_model(seed):
    rng, n, visits = np.random.default_rng(seed), 30, 4
    scores, arm = rng.normal(size=(n, visits)), np.where(np.arange(n) % 2, "a", "b")
    base = rng.normal(33, 5, n)
    table = pd.DataFrame({
        "study": "s", "scale": "MADRS", "subject": np.repeat(np.arange(n), visits), "arm": np.repeat(arm, visits),
        "baseline": np.repeat(base, visits), "hours": np.tile(24.0 * np.arange(1, visits + 1), n),
        "change": scores.ravel(),
    })  # fmt: skip
    result = ka.fit_mmrm(table, covariance="sp_exp")  # was refused: "the slope stays at 3e-10"
    assert "correlation is 0" in result.fit_statistics()["note"].iloc[0]
    one = np.column_stack([arm == "a", arm == "b", base]).astype(float)  # each visit has its own: ordinary regression
    left = scores - one @ np.linalg.lstsq(one, scores, rcond=None)[0]
    variance = (left**2).sum() / (n * visits - 3 * visits)
    assert_allclose(np.exp(2 * result.fit.theta[0]), variance, rtol=1e-9)
    difference = result.contrasts("b").iloc[0]
    inverse = np.linalg.inv(one.T @ one)
    weights = np.array([1.0, -1.0, 0.0])
    assert_allclose(difference["std_error"], np.sqrt(variance * weights @ inverse @ weights), rtol=1e-8)
    assert_allclose(difference["df"], n * visits - 3 * visits, rtol=1e-6)
