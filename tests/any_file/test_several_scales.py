"""Several scales in one file: side by side, below each other, as items; each its own set in one `scores` table."""

import pandas as pd
import pytest

import ketamine_analysis as ka
from ketamine_analysis.any_file.any_dataset import open_dataset

PEOPLE = [("P1", "ketamine"), ("P2", "ketamine"), ("P3", "placebo"), ("P4", "placebo")]
MADRS = {"Baseline": [30, 28, 31, 27], "Week 1": [12, 20, 29, 26]}
PHQ = {"Baseline": [18, 15, 20, 16], "Week 1": [7, 9, 19, 8]}


def _side_by_side(ids=PEOPLE):
    return pd.DataFrame([
        {"patid": who, "group": arm, "visit": visit, "madrs_total": MADRS[visit][i], "phq9": PHQ[visit][i]}
        for i, (who, arm) in enumerate(ids)
        for visit in MADRS
    ])  # fmt: skip


def _confirmed(path):
    recipe = ka.write_recipe(path)
    text = recipe.read_text(encoding="utf-8")
    recipe.write_text(text.replace("confirmed = false", "confirmed = true"), encoding="utf-8")
    return recipe


def _responders(recipe):
    """(scale, arm) → people with half their score gone at week 1."""
    arms = ka.summarize_arms(ka.derive_outcomes(ka.read_dataset(recipe)), outcomes=("response",))
    return arms[arms["hours"] == 168].set_index(["scale", "arm"])["events"].to_dict()


EXPECTED = {  # by hand: 12 of 30 and 7 of 18 respond; 20 of 28, 9 of 15 do not; 8 of 16 does
    ("MADRS", "ketamine"): 1, ("MADRS", "placebo"): 0, ("PHQ-9", "ketamine"): 1, ("PHQ-9", "placebo"): 1,
}  # fmt: skip


def test_scales_side_by_side(tmp_path):
    _side_by_side().to_csv(tmp_path / "clinic.csv", index=False)
    recipe = _confirmed(tmp_path / "clinic.csv")
    assert _responders(recipe) == EXPECTED
    assert any("several scales, each a column" in note for note in open_dataset(recipe).notes)


def test_scales_below_each_other_and_a_laboratory_value_left_out(tmp_path):
    long = _side_by_side().melt(["patid", "group", "visit"], var_name="instrument", value_name="value")
    long["instrument"] = long["instrument"].map({"madrs_total": "MADRS total", "phq9": "PHQ-9 sum"})
    weight = long[long["instrument"] == "MADRS total"].assign(instrument="Body weight", value=70)
    pd.concat([long, weight]).to_csv(tmp_path / "clinic.csv", index=False)
    recipe = _confirmed(tmp_path / "clinic.csv")
    assert _responders(recipe) == EXPECTED
    text = recipe.read_text(encoding="utf-8")
    assert "also there: Body weight" in text
    recipe.write_text(text.replace('"PHQ-9 sum" = "PHQ-9"', '"PHQ-9 sum" = "PHQ"'), encoding="utf-8")
    with pytest.raises(ka.DatasetError, match="a known scale.*PHQ-8|PHQ-9"):
        ka.read_dataset(recipe)
    recipe.write_text(text.replace('"PHQ-9 sum" = "PHQ-9"', '"PHQ-9 sum" = "drop"'), encoding="utf-8")
    assert set(ka.read_dataset(recipe)["scale"]) == {"MADRS"}
    assert any("PHQ-9 sum (8×)" in note for note in open_dataset(recipe).notes)


def test_a_value_of_the_column_of_scales_must_be_named(tmp_path):
    long = _side_by_side().melt(["patid", "group", "visit"], var_name="instrument", value_name="value")
    long.to_csv(tmp_path / "clinic.csv", index=False)
    recipe = _confirmed(tmp_path / "clinic.csv")
    text = "".join(line for line in recipe.read_text(encoding="utf-8").splitlines(True) if "phq9 =" not in line)
    recipe.write_text(text, encoding="utf-8")
    with pytest.raises(ka.DatasetError, match="every scale is named.*phq9"):
        ka.read_dataset(recipe)


def test_items_of_two_scales_are_summed_each_by_its_own_rule(tmp_path):
    table = _side_by_side()
    for i in range(1, 11):
        table[f"MADRS{i}"] = table["madrs_total"] // 10 + (i <= table["madrs_total"] % 10)
    for i in range(1, 10):
        table[f"PHQ{i}"] = table["phq9"] // 9 + (i <= table["phq9"] % 9)
    table.drop(columns=["madrs_total", "phq9"]).to_csv(tmp_path / "clinic.csv", index=False)
    assert _responders(_confirmed(tmp_path / "clinic.csv")) == EXPECTED


def test_a_visit_at_which_a_scale_was_not_asked_is_not_planned_for_it(tmp_path):
    table = _side_by_side()
    day = table[table["visit"] == "Week 1"].assign(visit="Day 2", phq9=None)
    pd.concat([table, day]).to_csv(tmp_path / "clinic.csv", index=False)
    recipe = _confirmed(tmp_path / "clinic.csv")
    scores = ka.read_dataset(recipe)
    assert scores.groupby("scale")["hours"].unique().map(sorted).to_dict() == {"MADRS": [0, 24, 168], "PHQ-9": [0, 168]}
    assert any("PHQ-9: nobody has a score at Day 2" in note for note in open_dataset(recipe).notes)


def test_one_place_for_scores(tmp_path):
    _side_by_side().to_csv(tmp_path / "clinic.csv", index=False)
    recipe = _confirmed(tmp_path / "clinic.csv")
    text = recipe.read_text(encoding="utf-8")
    recipe.write_text(text.replace("[columns]", '[columns]\nscore = "phq9"', 1), encoding="utf-8")
    with pytest.raises(ka.DatasetError, match=r"\[scores\] names a column for each scale"):
        ka.read_dataset(recipe)
