"""collect_effects: each form of evidence by hand, every shipped row accounted for, nothing twice."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import ketamine_analysis as ka


@pytest.fixture(scope="module")
def shipped():
    arms, contrasts = ka.default_pool(ka.load_evidence()), ka.default_pool(ka.load_evidence("effects"))
    return arms, contrasts, ka.collect_effects(arms, contrasts=contrasts)


SD = ka.typical_spreads(ka.default_pool(ka.load_evidence())).set_index("scale")["sd"]["MADRS"]


def _row(effects, study, hours):
    return effects[(effects["study"] == study) & (effects["hours"] == hours)].iloc[0]


def test_a_difference_with_its_standard_error(shipped):
    row = _row(shipped[2], "fu2020", 24)  # -3.8 (SE 1.39), printed
    assert row["estimate"] == pytest.approx(-3.8 / SD) and row["std_error"] == pytest.approx(1.39 / SD)


def test_a_difference_with_its_interval_by_t(shipped):
    row = _row(shipped[2], "murrough2013", 24)  # 7.95 (3.20 to 12.71) in favour of ketamine, 47 and 25 people
    assert row["estimate"] == pytest.approx(-7.95 / SD)
    assert row["std_error"] == pytest.approx((12.71 - 3.20) / (2 * stats.t.isf(0.025, 70)) / SD)


def test_a_crossover_by_its_paired_difference(shipped):
    row = _row(shipped[2], "dwyer2021", 24)  # -8.69 (-16.72 to -0.65), 16 people: 15 degrees of freedom
    assert row["std_error"] == pytest.approx((16.72 - 0.65) / (2 * stats.t.isf(0.025, 15)) / SD)
    assert row["form"] == "adjusted difference" and row["design"] == "crossover"


def test_a_difference_with_an_exact_p_value():
    row = pd.DataFrame({
        "study": ["a"], "arm": "x", "control_arm": "p", "treatment_class": "x", "hours": 24.0, "scale": "MADRS",
        "outcome": "change", "measure": "MD", "favours_drug": "negative", "estimate": -4.0, "p_value": "0.02",
        "n": 30, "control_n": 32,
    })  # fmt: skip
    arms = pd.DataFrame({"study": ["a"], "arm": "y", "role": "control", "hours": 99.0, "scale": "MADRS",
                         "outcome": "score", "n": 3, "mean": 2.0, "sd": 1.0})  # fmt: skip
    found = ka.collect_effects(arms, contrasts=row).iloc[0]
    assert found["std_error"] == pytest.approx(4.0 / stats.t.isf(0.01, 60) / SD)
    one_sided = ka.collect_effects(arms, contrasts=row.assign(p_sides=1)).iloc[0]
    assert one_sided["std_error"] == pytest.approx(4.0 / stats.t.isf(0.02, 60) / SD)
    left = ka.collect_effects(arms, contrasts=row.assign(p_value="<0.02"), rest=True)
    assert "no standard error" in left.loc[left["table"] == "contrasts", "reason"].iloc[0]


def test_two_doses_that_share_a_placebo(shipped):
    row = _row(shipped[2], "janik2025", 24)  # 56 mg: -3.8 (1.29), n 84; 84 mg: -3.4 (1.24), n 93; placebo n 195
    w = np.array([84, 93]) / 177
    error, share = np.array([1.29, 1.24]), np.array([84 / 279, 93 / 288])
    shared = np.sqrt(share) * error  # the control's own part of each error
    v = np.diag(error**2 - shared**2) + np.outer(shared, shared)
    assert row["estimate"] == pytest.approx(w @ [-3.8, -3.4] / SD)
    assert row["std_error"] == pytest.approx(np.sqrt(w @ v @ w) / SD)
    assert row["n"] == 177 and row["control_n"] == 195


def test_means_and_counts(shipped):
    lii = _row(shipped[2], "lii2023", 24)
    arms = shipped[0]
    pair = arms[(arms["study"] == "lii2023") & (arms["hours"] == 24) & (arms["outcome"] == "score")].set_index("role")
    gap = pair["mean"]["active"] - pair["mean"]["control"]
    assert lii["estimate"] == pytest.approx(gap / SD) and lii["form"] == "means"
    assert lii["std_error"] == pytest.approx(np.sqrt((pair["sd"] ** 2 / pair["n"]).sum()) / SD)
    counts = shipped[2][shipped[2]["form"] == "counts"].iloc[0]
    odds = ka.contrast_arms(arms[arms["study"] == counts["study"]])
    odds = odds[odds["hours"] == counts["hours"]].iloc[0]
    assert counts["estimate"] == pytest.approx(-odds["estimate"] * np.sqrt(3) / np.pi)


def test_every_shipped_row_is_used_or_set_aside_with_its_reason(shipped):
    arms, contrasts, effects = shipped
    rest = ka.collect_effects(arms, contrasts=contrasts, rest=True)
    assert rest["reason"].notna().all() and (rest["reason"].str.len() > 10).all()
    assert not effects.duplicated(["study", "treatment_class", "hours"]).any()
    for name, table in (("arms", arms), ("contrasts", contrasts)):
        assert 0 < (rest["table"] == name).sum() < len(table)
    aside = ka.default_pool(ka.load_evidence("effects"), rest=True)
    assert len(aside) + len(contrasts) == 124 and (aside["reason"].str.len() > 10).all()


def test_bad_choices_are_refused(shipped):
    with pytest.raises(ValueError, match="spread 'mine' is unknown"):
        ka.collect_effects(shipped[0], spread="mine")
    with pytest.raises(ValueError, match="typical spread of scale 'XYZ'"):
        ka.in_points(shipped[2], "XYZ")
    with pytest.raises(ValueError, match="between 0 and 1"):
        ka.per_hundred(shipped[2], control_rate=30)


def test_points_come_back_as_printed(shipped):
    assert ka.in_points(_row(shipped[2], "fu2020", 24).to_frame().T)["estimate"].iloc[0] == pytest.approx(-3.8)


def test_one_per_window_takes_one_row_a_trial_and_class_whatever_its_form(shipped):
    chosen = ka.one_per_window(shipped[2])
    assert not chosen.duplicated(["study", "treatment_class", "window"]).any()
    assert chosen.loc[(chosen["study"] == "lii2023") & (chosen["window"] == "2–5 d"), "hours"].tolist() == [72.0]
    rest = ka.one_per_window(shipped[2], rest=True)
    assert len(chosen) + len(rest) == len(shipped[2])
