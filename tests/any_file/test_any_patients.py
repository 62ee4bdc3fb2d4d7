"""Files of patients as most people have them: one group, no identifiers, a scale of one's own, higher is better."""

import pandas as pd
import pytest
from typer.testing import CliRunner

import ketamine_analysis as ka
from ketamine_analysis.report.cli import app


@pytest.fixture(scope="module")
def group():
    """Thirty simulated patients of one arm; nothing says so in the columns."""
    scores = ka.simulate_trial(n_per_arm=30, seed=3)
    one = scores[scores["arm"] == "ketamine"][["subject", "hours", "score", "sex"]]
    return one.rename(columns={"subject": "Patient", "hours": "hour", "score": "MADRS"})


def _answered(path, *answers):
    recipe = ka.write_recipe(path, out=path.with_suffix(".toml"))
    text = recipe.read_text(encoding="utf-8").replace("confirmed = false", "confirmed = true")
    for before, after in answers:
        assert before in text, text
        text = text.replace(before, after)
    recipe.write_text(text, encoding="utf-8")
    return recipe


def test_one_group_is_proposed_and_the_drug_asked(group, tmp_path):
    group.to_csv(tmp_path / "registry.csv", index=False)
    recipe = ka.write_recipe(tmp_path / "registry.csv", out=tmp_path / "open.toml")
    text = recipe.read_text("utf-8")
    assert 'all = { treatment = "?", role = "active" }  # GUESS: one group: no column tells arms apart' in text
    assert "arm = " not in text.split("[arms]")[0]
    with pytest.raises(ka.DatasetError, match="every question is answered': say the treatment"):
        ka.read_dataset(recipe)
    recipe = _answered(tmp_path / "registry.csv", ('treatment = "?"', 'treatment = "esketamine"'))
    scores = ka.read_dataset(recipe)
    grain = scores.attrs["grain"]
    assert grain == "patients" and scores["subject"].nunique() == 30
    assert scores[["arm", "treatment_class"]].drop_duplicates().to_numpy().tolist() == [["esketamine", "esketamine"]]
    by_hand = ka.read_scores(group, columns={"subject": "Patient", "hours": "hour", "score": "MADRS"}, scale="MADRS",
                             study="registry", arm="esketamine")  # fmt: skip
    pd.testing.assert_series_equal(by_hand["score"], scores["score"])
    day = ka.summarize_arms(ka.derive_outcomes(by_hand)).query("hours == 24 and outcome == 'response'").iloc[0]
    wide = group.pivot_table(index="Patient", columns="hour", values="MADRS")
    assert day["events"] == (wide[24.0] <= wide[0.0] / 2).sum() and day["n"] == wide[24.0].notna().sum()
    assert "one group, no column of arms: every row is 'esketamine'" in ka.examine(recipe).understood["found"].tolist()


def test_the_files_name_may_name_the_drug_and_a_group_column_is_asked_about(group, tmp_path):
    group.to_csv(tmp_path / "esketamine_clinic.csv", index=False)
    text = ka.write_recipe(tmp_path / "esketamine_clinic.csv").read_text("utf-8")
    assert 'all = { treatment = "esketamine", treatment_class = "esketamine", role = "active" }  # GUESS' in text
    number = group.groupby("Patient").ngroup()
    unclear = group.assign(cohort=number.mod(2).map({0: "first", 1: "second"}), lithium=number.mod(3).eq(0).map(
        {True: "yes", False: "no"}))  # fmt: skip
    unclear.to_csv(tmp_path / "two.csv", index=False)
    text = ka.write_recipe(tmp_path / "two.csv", out=tmp_path / "two.toml").read_text("utf-8")
    assert 'arm = "?"  # GUESS: is it cohort? one group? then remove this line and write [arms] all' in text
    assert "lithium" not in text  # yes and no: a co-medication, no arm


def test_a_wide_file_without_identifiers_numbers_its_rows_and_says_so(group, tmp_path):
    wide = group.pivot_table(index="Patient", columns="hour", values="MADRS").reset_index(drop=True)
    wide = wide[[0.0, 24.0, 168.0]].set_axis(["MADRS_BL", "MADRS_24h", "MADRS_W1"], axis=1)
    wide.assign(group=["ketamine", "saline"] * 15).to_csv(tmp_path / "noid.csv", index=False)
    recipe = _answered(tmp_path / "noid.csv")
    scores = ka.read_dataset(recipe)
    assert scores["subject"].nunique() == 30 and scores["subject"].iloc[0] == "row 2"
    assert any("no column names the patients" in str(one) for one in ka.examine(recipe).understood["found"])
    start = scores[scores["hours"] == 0].set_index("subject")["score"]
    assert start["row 2"] == wide["MADRS_BL"].iloc[0]


def test_a_long_file_without_identifiers_is_refused_with_the_reason(group, tmp_path):
    group.drop(columns="Patient").assign(group="ketamine").to_csv(tmp_path / "long.csv", index=False)
    text = ka.write_recipe(tmp_path / "long.csv").read_text("utf-8")
    assert 'subject = "?"  # GUESS: no column looks like it, and several rows are one patient: name it' in text
    with pytest.raises(ka.DatasetError, match="needs study, subject"):
        ka.read_scores(group.drop(columns="Patient"), columns={"hours": "hour", "score": "MADRS"}, scale="MADRS",
                       study="s", arm="ketamine")  # fmt: skip


def test_a_row_a_patient_with_a_baseline_needs_no_identifier():
    table = pd.DataFrame({"arm": ["a", "a", "b"], "hours": 168, "baseline": [30, 28, 32], "score": [12, 20, 16]})
    outcomes = ka.derive_outcomes(ka.read_scores(table, scale="MADRS", study="s"))
    assert outcomes["subject"].nunique() == 3
    assert outcomes[outcomes["hours"] > 0]["response"].tolist() == [True, False, True]


def test_a_recipe_defines_a_scale_of_its_own_and_run_takes_it_along(group, tmp_path):
    clinic = group.rename(columns={"MADRS": "mood"}).assign(mood=60 - group["MADRS"])
    clinic.to_csv(tmp_path / "clinic.csv", index=False)
    answers = [("scale", "test mood"), ("treatment", "ketamine"), ("score", "mood")]
    recipe = _answered(tmp_path / "clinic.csv", *((f'{key} = "?"', f'{key} = "{value}"') for key, value in answers))
    text = recipe.read_text("utf-8")
    text += '\n[scales."test mood"]\nminimum = 0\nmaximum = 60\nhigher_is_worse = false\ncitation = "our clinic"\n'
    recipe.write_text(text, encoding="utf-8")
    outcomes = ka.derive_outcomes(ka.read_dataset(recipe))
    mirror = ka.derive_outcomes(ka.read_scores(group, columns={"subject": "Patient", "hours": "hour", "score": "MADRS"},
                                               scale="MADRS", study="s", arm="k"))  # fmt: skip
    assert outcomes["response"].tolist() == mirror["response"].tolist()
    wrong = recipe.with_name("wrong.toml")
    wrong.write_text(
        text.replace("[columns]", "level = 95\n[columns]", 1) + "\n[scales]\nmood2 = 5\n", encoding="utf-8"
    )
    with pytest.raises(ka.DatasetError):  # TOML itself: a table defined twice
        ka.read_dataset(wrong)
    wrong.write_text(
        text.split("\n[scales")[0].replace("[columns]", "level = 95\n[columns]", 1) + "[scales]\nm = 5\n", "utf-8"
    )
    with pytest.raises(ka.DatasetError) as raised:
        ka.read_dataset(wrong)
    assert {"level", "scales.m"} <= set(raised.value.problems["column"])
    broken = recipe.with_name("broken.toml")
    broken.write_text(text.replace("minimum = 0", "minimum = 70").replace("test mood", "test broken"), encoding="utf-8")
    with pytest.raises(ka.DatasetError, match="broken.toml, column scales.test broken: .*minimum 70 must lie below"):
        ka.read_dataset(broken)


@pytest.mark.slow
def test_run_of_one_group_says_what_it_cannot_ask_and_does_the_rest(group, tmp_path):
    group.to_csv(tmp_path / "ketamine_registry.csv", index=False)
    recipe = _answered(tmp_path / "ketamine_registry.csv")
    result = CliRunner().invoke(app, ["run", str(recipe), "--out", str(tmp_path / "out")])
    assert "FAILED" not in result.output and "done    07_a_patient_level_trial" in result.output
    assert "no data 10_your_data_among_the_evidence" in result.output and "no arm has role 'control'" in result.output
    page = (tmp_path / "out" / "07_a_patient_level_trial.html").read_text("utf-8")
    assert "One group: nothing is compared." in page and "in one group and without a control" in page
