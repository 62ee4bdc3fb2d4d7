"""What a stranger's files were read as, and what is right: changes, totals, footers, scales that rise, spellings."""

import numpy as np
import pandas as pd
import pytest

import ketamine_analysis as ka
from ketamine_analysis.any_file.recognise_arms import guess_arms
from ketamine_analysis.reading.visits import visit_hours

RNG = np.random.default_rng(5)


def _recipe(folder, table, *edits, name="t.csv"):
    table.to_csv(folder / name, index=False)
    recipe = ka.write_recipe(folder / name)
    words = recipe.read_text(encoding="utf-8").replace("confirmed = false", "confirmed = true")
    for old, new in edits:
        assert old in words, words
        words = words.replace(old, new, 1)
    recipe.write_text(words, encoding="utf-8")
    return recipe


def _changes(sign):
    """Ten people an arm: baseline 30, changes after 24 hours; ketamine's fall of 20 is a response, midazolam's of 5 none."""
    arms = ["ketamine"] * 10 + ["midazolam"] * 10
    fall = np.where(np.array(arms) == "ketamine", 20, 5) + RNG.integers(-2, 3, 20)
    return pd.DataFrame({"id": range(1, 21), "arm": arms, "MADRS_baseline": 30, "MADRS_change_24h": sign * fall})


@pytest.mark.parametrize("sign", [-1, 1])
def test_a_column_of_changes_is_no_score(sign, tmp_path):
    edits = [('change_is = "?"', 'change_is = "baseline_minus_score"')] if sign > 0 else []
    recipe = _recipe(tmp_path, _changes(sign), *edits)
    text = recipe.read_text(encoding="utf-8")
    assert "missing = " not in text and "hours = 24" in text  # negative changes are no codes; the name tells the time
    arms = ka.summarize_arms(ka.derive_outcomes(ka.read_dataset(recipe)), outcomes=("response",))
    assert arms.set_index("arm")["events"].to_dict() == {"ketamine": 10, "midazolam": 0}


def test_the_sign_of_positive_changes_is_asked(tmp_path):
    _changes(1).to_csv(tmp_path / "t.csv", index=False)
    assert 'change_is = "?"  # GUESS' in ka.write_recipe(tmp_path / "t.csv").read_text(encoding="utf-8")


def test_changes_without_a_time_say_what_is_needed(tmp_path):
    table = _changes(-1).rename(columns={"MADRS_change_24h": "MADRS_change"}).drop(columns="MADRS_baseline")
    recipe = _recipe(
        tmp_path, table, ("[time]", '[filter]\narm = ["ketamine", "midazolam"]\n[time]'), ('hours = "?"', "")
    )
    with pytest.raises(ka.DatasetError, match=r"changes need it: \[time\] hours = 24"):
        ka.read_dataset(recipe)


@pytest.mark.parametrize(("scale", "better"), [("WHO-5", 1), ("MADRS", -1)])
@pytest.mark.parametrize("worsens", [False, True])
def test_worsening_is_told_by_the_scales_direction(scale, better, worsens):
    move = 8 * better * (-1 if worsens else 1)
    table = pd.DataFrame({"study": "a", "subject": np.repeat(range(8), 2), "arm": np.repeat(["k", "p"], 8),
                          "hours": [0, 24] * 8, "scale": scale, "score": [40 - 20 * (scale == "WHO-5"), 0] * 8})  # fmt: skip
    table.loc[1::2, "score"] = table["score"].iloc[0] + move
    rules = ka.implausible(table, "patients")["rule"].tolist()
    assert ("symptoms do not worsen in every arm" in rules) == worsens


@pytest.mark.parametrize(
    "name", ["Total (95% CI)", "Subtotal", "Overall", "Heterogeneity: I2 = 40 %", "Random effects model"]
)
def test_a_total_is_no_trial(name, tmp_path):
    table = pd.DataFrame({"study": ["North 2001", "East 2004", name], "event.e": [14, 25, 39], "n.e": [30, 52, 82],
                          "event.c": [6, 17, 23], "n.c": [29, 50, 79]})  # fmt: skip
    with pytest.raises(ka.DatasetError, match="a trial, not a sum of trials"):
        ka.read_dataset(_recipe(tmp_path, table))


@pytest.mark.parametrize("name", ["Totaro 2001", "Overallo 1999", "Pool 2003"])
def test_a_trial_may_be_called_nearly_so(name, tmp_path):
    table = pd.DataFrame({"study": ["North 2001", name], "event.e": [14, 25], "n.e": [30, 52], "event.c": [6, 17],
                          "n.c": [29, 50]})  # fmt: skip
    assert len(ka.read_dataset(_recipe(tmp_path, table))) == 4


@pytest.mark.parametrize("name", ["SD-001", "Mean01", "Summer", "N12", "Note7"])
def test_a_patient_may_be_called_nearly_so(name, tmp_path):
    table = pd.DataFrame({"patient": ["P1", "P2", name], "arm": "ketamine", "MADRS_BL": [30, 31, 30],
                          "MADRS_W1": [20, 10, 15]})  # fmt: skip
    assert len(ka.read_dataset(_recipe(tmp_path, table))) == 6


@pytest.mark.parametrize("name", ["N = 2", "Mean", "SD", "Note: two left", "*p < 0.05"])
def test_a_footer_is_no_patient(name, tmp_path):
    table = pd.DataFrame({"patient": ["P1", "P2", name], "arm": "ketamine", "MADRS_BL": [30, 31, 30],
                          "MADRS_W1": [20, 10, 15]})  # fmt: skip
    with pytest.raises(ka.DatasetError, match="a patient, not a footer"):
        ka.read_dataset(_recipe(tmp_path, table))


def test_a_mean_without_a_spread_is_said(tmp_path):
    table = pd.DataFrame({"study": ["A 2001", "B 2002"], "mean.e": [11.0, 12], "sd.e": [8.0, None], "n.e": [30, 31],
                          "mean.c": [17.0, 18], "sd.c": [8.0, None], "n.c": [30, 31]})  # fmt: skip
    found = ka.examine(_recipe(tmp_path, table)).problems
    assert (found["rule"] == "a mean with its spread").sum() == 2 and found["severity"].eq("warning").all()


def test_a_wide_file_of_a_scale_of_ones_own(tmp_path):
    table = pd.DataFrame(
        {"group": ["ketamine", "placebo"], "vit_base": [12, 13], "vit_24h": [30, 14], "vit_w1": [28, 13]}
    )
    own = '\n[scales.Vitality]\nminimum = 0\nmaximum = 40\nhigher_is_worse = false\ncitation = "our clinic"\n'
    recipe = _recipe(tmp_path, table, ('scale = "?"', 'scale = "Vitality"'))
    text = recipe.read_text(encoding="utf-8")
    assert 'layout = "wide"' in text and "# [scales." in text
    recipe.write_text(text + own, encoding="utf-8")
    outcomes = ka.derive_outcomes(ka.read_dataset(recipe)).query("hours == 24").set_index("arm")
    assert outcomes["response"].to_dict() == {"ketamine": True, "placebo": False}
    recipe.write_text(text + own.replace("minimum", "min"), encoding="utf-8")
    with pytest.raises(
        ka.DatasetError, match="'min' is no key of a scale, did you mean 'minimum'|'min' is no key of a scale"
    ):
        ka.read_dataset(recipe)


def test_an_outcome_column_that_holds_scales_is_the_scale(tmp_path):
    table = pd.DataFrame({"study": ["A", "B"], "mean.e": [11.0, 12], "sd.e": [8.0, "NR"], "n.e": [30, 31], "mean.c": [17.0, 18],
                          "sd.c": [8.0, 8.0], "n.c": [30, 31], "outcome": ["MADRS", "HAMD17"]})  # fmt: skip
    arms = ka.read_dataset(_recipe(tmp_path, table))
    assert set(arms["scale"]) == {"MADRS", "HAMD17"} and arms["sd"].isna().sum() == 1


def test_spellings_of_drugs_and_visits_in_other_languages():
    told = {
        label: guess.value for label, guess in guess_arms(["Ketamin 0,5 mg/kg", "Kétamine", "sertralina 50 mg"]).items()
    }
    assert [one["treatment_class"] for one in told.values()] == ["ketamine", "ketamine", "ssri"]
    assert told["Ketamin 0,5 mg/kg"]["dose"] == "0.5"
    assert [hours for hours, _ in visit_hours(["Nach 24 Stunden", "24 h post dose", "après 1 semaine"]).values()] == [
        24,
        24,
        168,
    ]


def test_a_scale_that_no_published_trial_shares_is_not_placed_among_them():
    ka.define_scale(ka.own_scale("test vigour", 0, 60, "nowhere"))
    arms = ka.summarize_arms(ka.derive_outcomes(ka.simulate_trial(n_per_arm=30, seed=3)))
    for scale in ("test vigour", "not_stated"):
        placed = ka.among_evidence(arms[arms["outcome"] == "change"].assign(scale=scale), outcome="symptoms")
        assert placed.effects.empty and placed.without["reason"].str.contains("in no published trial").any()
    assert len(ka.among_evidence(arms, outcome="symptoms").effects)
