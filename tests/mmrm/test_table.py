"""What fit_mmrm refuses, what it leaves out and counts, and what a design with empty cells still answers."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from small_data import trial

import ketamine_analysis as ka

THREE_TRIALS = trial("small")


def changed(column, value, rows):
    table = THREE_TRIALS.astype({column: object})
    table.loc[rows, column] = value
    return table.infer_objects()


WEEKS = THREE_TRIALS.assign(week=THREE_TRIALS["hours"].map({24: "d1", 168: "w1", 336: "w2", 672: "w4"}))
REFUSED = [
    (pd.concat([THREE_TRIALS, THREE_TRIALS.iloc[:2]]), {}, r"\('S001', 24\) breaks rule 'one score per patient and visit': keep one"),
    (THREE_TRIALS.drop(columns="baseline"), {}, "column baseline: breaks rule 'column present': add `baseline`"),
    (THREE_TRIALS, {"covariates": ("age",)}, "column age: breaks rule 'column present'"),
    (THREE_TRIALS, {"by": "region"}, "column region: breaks rule 'column present'"),
    (THREE_TRIALS.assign(change="a"), {}, "breaks rule 'numeric outcome': an MMRM takes scores; `change` is String"),
    (changed("change", np.inf, 3), {}, "breaks rule 'finite scores'"),
    (changed("baseline", np.inf, THREE_TRIALS["subject"] == "S001"), {}, "column baseline: breaks rule 'finite covariates'"),
    (changed("baseline", 99, 3), {}, "'S002' breaks rule 'constant over a patient's visits': `baseline` is 36, 99"),
    (changed("arm", "placebo", 3), {}, "column arm: 'S002' breaks rule .*`arm` is ketamine, placebo in one patient"),
    (THREE_TRIALS.assign(scale=np.where(THREE_TRIALS["hours"] == 24, "MADRS", "HAMD")), {}, "'HAMD' breaks rule 'one scale'"),
    (THREE_TRIALS.assign(study=np.where(THREE_TRIALS["arm"] == "placebo", "a", "b")), {}, "'a' breaks rule 'one study': fit one"),
    (changed("hours", np.nan, 3), {}, "column hours: breaks rule 'every score has a visit'"),
    (THREE_TRIALS.assign(hours=np.arange(1.0, 1 + len(THREE_TRIALS))), {}, "at most 40 visits.*`hours` has 210 values"),
    (WEEKS.drop(columns="hours"), {"visit": "week"}, "'d1' breaks rule 'visits in an order': text has no order in time"),
    (WEEKS.assign(hours=WEEKS["hours"] + (WEEKS.index == 3)), {"visit": "week"}, "breaks rule 'one hour per visit'"),
    (THREE_TRIALS.iloc[:0], {}, "breaks rule 'somebody was seen'"),
    (THREE_TRIALS.assign(change=np.nan), {}, "breaks rule 'somebody was seen'"),
    (THREE_TRIALS.assign(baseline=np.nan), {}, r"'somebody can be fitted': no baseline \(60 patients\)"),
    (THREE_TRIALS.assign(change=3.1), {}, "breaks rule 'scores vary'"),
    (THREE_TRIALS.assign(twice=2 * THREE_TRIALS["baseline"]), {"covariates": ("twice",)}, "'twice' breaks rule 'no aliased covariate'"),
    (THREE_TRIALS.assign(k=1.0), {"visit_covariates": ("k",)}, "'k at 24' breaks rule 'no aliased covariate': it is constant"),
    (THREE_TRIALS.assign(k=THREE_TRIALS["arm"] + "!"), {"covariates": ("k",)}, "'kplacebo!' breaks rule 'no aliased covariate'"),
    (THREE_TRIALS.assign(k="a"), {"covariates": ("k",)}, "column k: breaks rule 'a covariate varies': all fitted patients"),
    (THREE_TRIALS[THREE_TRIALS["subject"].isin(["S001", "S002"])], {}, "'baseline at 24' breaks rule 'no aliased covariate'"),
    (
        THREE_TRIALS[THREE_TRIALS["subject"].isin(["S001", "S002"])],
        {"visit_covariates": (), "covariance": "cs"},
        "'more scores than coefficients': 5 scores cannot tell 5 coefficients",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("table", "choices", "words"), REFUSED, ids=[case[2][:40] for case in REFUSED])
def test_what_cannot_be_fitted_is_refused(table, choices, words):
    with pytest.raises(ka.DatasetError, match=words) as caught:
        ka.fit_mmrm(table, **choices)
    assert len(caught.value.problems) > 0


def test_every_problem_is_listed():
    with pytest.raises(ka.DatasetError) as caught:
        ka.fit_mmrm(THREE_TRIALS.drop(columns=["baseline", "change"]))
    assert caught.value.problems["column"].tolist() == ["change", "baseline"]


def test_who_is_left_out_is_counted():
    extra = pd.DataFrame(
        {"subject": ["X1", "X1", "X2", "X3"], "arm": ["placebo", "placebo", "placebo", None], "role": "control",
         "baseline": [30, 30, np.nan, 31], "site": "site1", "sex": "F", "hours": [0, 24, 24, 24],
         "change": [0, np.nan, -3, -4]}
    )  # fmt: skip
    empty = THREE_TRIALS.assign(hours=1000, change=np.nan)
    result = ka.fit_mmrm(pd.concat([THREE_TRIALS, extra, empty]))
    assert result.left_out.to_dict("records") == [
        {"reason": "no score at any visit", "patients": 1, "scores": 0},
        {"reason": "no arm", "patients": 1, "scores": 1},
        {"reason": "no baseline", "patients": 1, "scores": 1},
        {"reason": "nobody was seen at hours 1000", "patients": 0, "scores": 0},
    ]
    assert_allclose(result.log_likelihood, ka.fit_mmrm(THREE_TRIALS).log_likelihood, rtol=1e-12)


def test_baseline_rows_are_no_outcome_unless_asked_for():
    baseline = THREE_TRIALS.drop_duplicates("subject").assign(hours=0, change=0.0)
    scores = pd.concat([THREE_TRIALS, baseline]).assign(score=lambda rows: rows["baseline"] + rows["change"])
    assert ka.fit_mmrm(scores).design.visits == (24, 168, 336, 672)
    assert ka.fit_mmrm(scores, outcome="score").design.visits == (24, 168, 336, 672)
    everything = ka.fit_mmrm(scores, outcome="score", visit_covariates=())
    assert everything.design.visits == (0, 24, 168, 336, 672)


def test_no_arm_and_a_single_arm_have_means_and_no_contrasts():
    for table in (THREE_TRIALS.drop(columns=["arm", "role"]), THREE_TRIALS[THREE_TRIALS["arm"] == "placebo"]):
        result = ka.fit_mmrm(table)
        assert len(result.lsmeans()) == 4 and result.tests()["test"].tolist() == ["baseline"]
        with pytest.raises(ValueError, match="one arm"):
            result.contrasts()
    assert set(ka.fit_mmrm(THREE_TRIALS.drop(columns="arm")).lsmeans()["arm"]) == {"all"}


def test_an_arm_seen_at_one_visit_only_keeps_its_place():
    table = THREE_TRIALS[(THREE_TRIALS["arm"] == "placebo") | (THREE_TRIALS["hours"] == 24)]
    result = ka.fit_mmrm(table)
    means = result.lsmeans()
    empty = means["n"] == 0
    assert empty.sum() == 3 and means.loc[empty, "estimate"].isna().all()
    assert means.loc[empty, "reason"].iloc[0] == "nobody of ketamine was seen at 168"
    assert means.loc[~empty, "std_error"].notna().all() and (means.loc[~empty, "reason"] == "").all()
    contrasts = result.contrasts()
    assert contrasts["estimate"].notna().tolist() == [True, False, False, False]
    assert result.effects()["hours"].tolist() == [24]
    assert (result.summary().query("estimate.isna()")["reason"] != "").all()
    assert result.tests()["test"].tolist() == ["arm at any visit (visits with every arm)", "baseline"]
    with pytest.raises(ValueError, match="nobody of ketamine was seen at 168: that row cannot be tested"):
        result.joint_test(np.eye(8)[result.lsmeans().query("n == 0").index[:1]])
    # the ketamine arm tells of 24 h only, so its mean there equals its least-squares mean given the common slope
    slopes = result.summary().set_index("term").loc["baseline", "estimate"]
    rows = table[table["arm"] == "ketamine"]
    at = table["baseline"].mean()
    expected = rows["change"].mean() - slopes * (rows["baseline"].mean() - at)
    assert_allclose(means.query("arm == 'ketamine' and hours == 24")["estimate"], expected, rtol=1e-9)


def test_kinds_of_columns():
    first = ka.fit_mmrm(THREE_TRIALS, covariates=("sex",))
    as_bool = ka.fit_mmrm(THREE_TRIALS.assign(male=THREE_TRIALS["sex"] == "M"), covariates=("male",))
    as_category = ka.fit_mmrm(THREE_TRIALS.astype({"arm": "category", "sex": "category"}), covariates=("sex",))
    numbers = THREE_TRIALS.assign(
        subject=THREE_TRIALS["subject"].str[1:].astype(int), arm=(THREE_TRIALS["arm"] == "ketamine").astype(int)
    )
    as_numbers = ka.fit_mmrm(numbers, covariates=("sex",))
    for other in (as_bool, as_category, as_numbers):
        assert_allclose(other.log_likelihood, first.log_likelihood, rtol=1e-12)
    assert as_bool.summary()["term"].iloc[6] == "maleTrue"
    turned = THREE_TRIALS.astype({"sex": pd.CategoricalDtype(["M", "F"])})
    assert "sexF" in ka.fit_mmrm(turned, covariates=("sex",)).summary()["term"].tolist()


def test_the_callers_table_is_not_changed():
    before = THREE_TRIALS.copy()
    ka.fit_mmrm(THREE_TRIALS)
    pd.testing.assert_frame_equal(THREE_TRIALS, before)


@pytest.mark.parametrize(("own", "refused"), [(1e-4, False), (1e-6, True)])
def test_a_covariate_is_aliased_when_the_others_leave_nothing_of_it(own, refused):
    """Of its sum of squares the others leave about own²: 1e-8 is kept, as R keeps it, and 1e-12 is rounding."""
    noise = np.random.default_rng(2).normal(size=THREE_TRIALS["subject"].nunique())
    extra = THREE_TRIALS["subject"].map(dict(zip(THREE_TRIALS["subject"].unique(), noise, strict=True)))
    base = THREE_TRIALS["baseline"]
    table = THREE_TRIALS.assign(twin=base + own * base.std() * extra)
    if refused:
        with pytest.raises(ka.DatasetError, match="no aliased covariate"):
            ka.fit_mmrm(table, visit_covariates=(), covariates=("baseline", "twin"))
    else:
        assert np.isfinite(ka.fit_mmrm(table, visit_covariates=(), covariates=("baseline", "twin")).log_likelihood)
