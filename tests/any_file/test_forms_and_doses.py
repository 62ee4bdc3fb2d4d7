"""REDCap's repeated forms, times counted anew from each dose, and an arm's change column."""

import pytest

import ketamine_analysis as ka
from ketamine_analysis.any_file.any_dataset import open_dataset

REPEATED = """record_id,redcap_repeat_instrument,redcap_repeat_instance,randomisation,madrs_date,infusion_date,madrs_total
1,,,ketamine,,2024-01-02,
1,madrs,1,,2024-01-02,,30
1,madrs,2,,2024-01-03,,12
1,adverse_event,1,,,,
2,,,placebo,,2024-01-05,
2,madrs,1,,2024-01-05,,31
2,madrs,2,,2024-01-06,,28
"""
SERIES = """patient,group,infusion,hours_post,madrs
p1,ketamine,1,0,30
p1,ketamine,1,24,18
p1,ketamine,2,0,20
p1,ketamine,2,24,9
p2,placebo,1,0,29
p2,placebo,1,24,25
p2,placebo,2,0,24
p2,placebo,2,24,20
"""
CHANGES = """study,arm,n,change,sd_change
A 2001,ketamine,20,-14.2,9.1
A 2001,placebo,21,-6.0,8.4
"""


def _recipe(folder, name, text, *edits):
    (folder / name).write_text(text)
    recipe = ka.write_recipe(folder / name)
    words = recipe.read_text(encoding="utf-8").replace("confirmed = false", "confirmed = true")
    for old, new in edits:
        assert old in words, words
        words = words.replace(old, new, 1)
    recipe.write_text(words, encoding="utf-8")
    return recipe


def _scores(recipe):
    return ka.read_dataset(recipe).set_index(["subject", "hours"])["score"].to_dict()


def test_a_repeated_form_takes_arm_and_first_dose_from_the_patients_own_row(tmp_path):
    recipe = _recipe(tmp_path, "redcap.csv", REPEATED)
    assert _scores(recipe) == {("1", 0): 30, ("1", 24): 12, ("2", 0): 31, ("2", 24): 28}
    assert ka.read_dataset(recipe).drop_duplicates("subject")["arm"].tolist() == ["ketamine", "placebo"]
    assert "only rows with redcap_repeat_instrument = madrs: 4" in open_dataset(recipe).notes


def test_a_repeated_form_without_dates_has_its_number_as_visit(tmp_path):
    undated = "\n".join(",".join(line.split(",")[:4] + line.split(",")[6:]) for line in REPEATED.split("\n"))
    (tmp_path / "redcap.csv").write_text(undated)
    text = ka.write_recipe(tmp_path / "redcap.csv").read_text(encoding="utf-8")
    assert 'visit = "redcap_repeat_instance"' in text


def test_times_since_each_dose_become_hours_since_the_first(tmp_path):
    recipe = _recipe(tmp_path, "series.csv", SERIES, ('2 = "?"', "2 = 72"))
    told = {hours: score for (subject, hours), score in _scores(recipe).items() if subject == "p1"}
    assert told == {0: 30, 24: 18, 72: 20, 96: 9}
    changes = ka.derive_outcomes(ka.read_dataset(recipe)).query("hours == 96").set_index("arm")["change"]
    assert changes.to_dict() == {"ketamine": -21, "placebo": -9}


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (('2 = "?"', '2 = "?"'), r"doses\.2.*hours"),
        (('2 = "?"', "3 = 72"), "rows? .*a dose with known hours|series.csv, row 4, column dose: '2'"),
        (('dose = "infusion"', ""), r"\[doses\] is given"),
    ],
)
def test_a_dose_without_hours_is_named(edit, said, tmp_path):
    edits = [edit] if edit[0].startswith("2 =") else [('2 = "?"', "2 = 72"), edit]
    recipe = _recipe(tmp_path, "series.csv", SERIES, *edits)
    with pytest.raises(ka.DatasetError, match=said):
        ka.read_dataset(recipe)


def test_an_arms_change_column_is_a_mean_with_its_spread(tmp_path):
    recipe = _recipe(tmp_path, "arms.csv", CHANGES, ('scale = "not_stated"', 'scale = "MADRS"'))
    arms = ka.read_dataset(recipe)
    assert arms.attrs["grain"] == "arms" and (arms["outcome"] == "change").all()
    effect = ka.contrast_arms(arms, outcome="change", measure="mean_difference", control="all").iloc[0]
    assert effect["estimate"] == pytest.approx(-8.2)
    assert effect["std_error"] == pytest.approx((9.1**2 / 20 + 8.4**2 / 21) ** 0.5)
