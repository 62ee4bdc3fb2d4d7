"""Groups of patients: who is in each, the contrasts by hand, and a group that none looked at."""

import numpy as np
import pandas as pd
import pytest

import ketamine_analysis as ka
from ketamine_analysis.errors import NotInData


@pytest.fixture(scope="module")
def grouped():
    return ka.patient_groups(ka.load_evidence())


def test_groups_hold_their_condition_and_population(grouped):
    assert set(grouped["group"]) == set(ka.PATIENT_GROUPS)
    assert set(grouped.loc[grouped["group"] == "PTSD", "condition"]) == {"ptsd"}
    assert grouped.loc[grouped["group"] == "adolescents", "population"].str.contains("adolescent").all()
    assert (grouped["use"] == "pool").all()
    assert len(ka.patient_groups(ka.load_evidence(), context=True)) > len(grouped)


def test_contrasts_are_those_of_the_trials(grouped):
    effects = ka.group_contrasts(grouped).drop_duplicates(["group", "study", "hours"])
    effects = effects.set_index(["group", "study", "hours"]).sort_index()
    # Feder 2021: 10 of 15 against 3 of 15; log odds ratio by hand
    feder = effects.loc[("PTSD", "feder2021", 336.0)]
    assert feder["estimate"] == pytest.approx(np.log((10 / 5) / (3 / 12)))
    assert feder["std_error"] == pytest.approx(np.sqrt(1 / 10 + 1 / 5 + 1 / 3 + 1 / 12))
    # Ochs-Ross 2020: 17 of 63 against 8 of 60, with a new oral drug in both arms, and so named
    old = effects.loc[("older adults", "ochsross2020", 648.0)]
    assert old["estimate"] == pytest.approx(np.log((17 / 46) / (8 / 52)))
    assert old["control_kind"] == "placebo_plus_new_drug"
    # Dwyer 2021 at 24 h has means only: converted, −g·π/√3
    young = effects.loc[("adolescents", "dwyer2021", 24.0)]
    g = ka.group_contrasts(grouped, measure="standardized_mean_difference").set_index("study").loc["dwyer2021"]
    assert young["converted"] and young["estimate"] == pytest.approx(-g["estimate"] * np.pi / np.sqrt(3))
    sd = np.sqrt((10.07**2 + 12.08**2) / 2)
    assert g["estimate"] == pytest.approx((15.44 - 24.13) / sd * (1 - 3 / (4 * 30 - 1)), abs=2e-4)


def test_anxiety_has_no_contrast_here_and_no_row(grouped):
    assert "anxiety" not in set(ka.group_contrasts(grouped)["group"])


def test_bad_requests_are_refused(grouped):
    with pytest.raises(ValueError, match="measure 'risk_difference' is unknown"):
        ka.group_contrasts(grouped, measure="risk_difference")
    with pytest.raises(NotInData, match="the table lacks \\['population'\\]"):
        ka.patient_groups(ka.load_evidence().drop(columns="population"))


def test_a_table_without_controls_gives_an_empty_one(grouped):
    assert ka.group_contrasts(grouped[grouped["role"] == "active"]).empty
    assert isinstance(ka.group_contrasts(grouped.head(0)), pd.DataFrame)


OWN = pd.DataFrame({
    "study": ["a", "a", "b", "b"], "arm": ["ketamine", "placebo"] * 2, "role": ["active", "control"] * 2,
    "treatment_class": ["ketamine", "placebo"] * 2, "control_kind": [None, "placebo"] * 2, "condition": "ptsd",
    "population": "PTSD", "timing": "at", "hours": 24.0, "scale": "CAPS-5", "outcome": "response", "n": 20.0,
    "events": [10.0, 5.0, 12.0, 4.0],
})  # fmt: skip
BY_HAND = [np.log((10 / 10) / (5 / 15)), np.log((12 / 8) / (4 / 16))]


@pytest.mark.parametrize("column", ["timing", "control_kind", "scale"])
def test_optional_columns_may_be_missing_or_blank(column):
    lacking = ka.group_contrasts(ka.patient_groups(OWN.drop(columns=column)))
    assert lacking["estimate"].tolist() == pytest.approx(BY_HAND)
    if column == "control_kind":  # a kind not stated is a control like any other, as in contrast_arms
        blank = ka.group_contrasts(ka.patient_groups(OWN.assign(control_kind=None)))
        assert blank["estimate"].tolist() == pytest.approx(BY_HAND)


@pytest.mark.parametrize("column", ["role", "hours"])
def test_needed_columns_are_named(column):
    with pytest.raises(NotInData, match=f"the table lacks \\['{column}'\\]"):
        ka.group_contrasts(ka.patient_groups(OWN.drop(columns=column)))


def test_two_kinds_of_control_stay_two_contrasts():
    second = OWN[OWN["arm"] == "placebo"].assign(arm="midazolam", control_kind="active_placebo", events=8.0)
    effects = ka.group_contrasts(ka.patient_groups(pd.concat([OWN, second], ignore_index=True)))
    assert sorted(zip(effects["study"], effects["control_kind"], effects["control_n"], strict=True)) == [
        ("a", "active_placebo", 20.0), ("a", "placebo", 20.0), ("b", "active_placebo", 20.0), ("b", "placebo", 20.0)
    ]  # fmt: skip
    masked = effects[effects["control_kind"] == "active_placebo"].set_index("study")["estimate"]
    assert masked["a"] == pytest.approx(np.log((10 / 10) / (8 / 12)))


def test_groups_are_known_in_any_case_and_not_inside_words():
    words = ["Adolescents", "Elderly", "MDD_or_BD", "BDI over 20"]
    table = pd.concat([OWN.assign(study=word, condition="depression", population=word) for word in words])
    grouped = ka.patient_groups(table)
    assert grouped.groupby("study")["group"].unique().map(list).to_dict() == {
        "Adolescents": ["adolescents"], "Elderly": ["older adults"], "MDD_or_BD": ["bipolar or mixed"]
    }  # fmt: skip


def test_a_crossover_s_people_count_once_beside_ketamine_with_something_added(grouped):
    """Pickering 2020: ketamine 185 (SD 100), placebo 187 (SD 90), the same 20 people; ketamine with magnesium apart.

    R 4.2.2, metafor 3.8-1: escalc("SMD", m1i=185, sd1i=100, n1i=20, m2i=187, sd2i=90, n2i=20), then −g·π/√3.
    """
    effects = ka.group_contrasts(grouped)
    row = effects[(effects["study"] == "pickering2020") & (effects["treatment_class"] == "ketamine")].squeeze()
    assert row["n"] == row["control_n"] == 20
    assert row["estimate"] == pytest.approx(0.02060538 * np.pi / np.sqrt(3), abs=1e-8)
    assert row["std_error"] == pytest.approx(np.sqrt(0.1000053) * np.pi / np.sqrt(3), abs=1e-6)
    events = ka.contrast_events(ka.load_evidence("adverse_events"), "any_ae").set_index(["study", "treatment_class"])
    assert events.loc[("pickering2020", "ketamine"), ["events", "n"]].tolist() == [4.0, 20.0]


def test_a_response_at_any_time_is_not_one_at_that_time():
    rows = ka.load_evidence()
    assert set(rows.loc[rows["definition"].str.contains("at any time in first 2 weeks", na=False), "timing"]) == {
        "within"
    }
