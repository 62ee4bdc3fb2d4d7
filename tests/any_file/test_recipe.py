"""Recipes: eight shapes of files to the same scores, every broken character named, nothing read on a guess."""

import numpy as np
import pandas as pd
import pytest
from shapes_of_files import SHAPES, VISITS, trial

import ketamine_analysis as ka
from ketamine_analysis.any_file.any_dataset import open_dataset, read_as_arms, read_dataset
from ketamine_analysis.any_file.new_recipe import write_recipe
from ketamine_analysis.any_file.recipe import load_recipe
from ketamine_analysis.any_file.recognise_arms import guess_arms


@pytest.fixture(scope="module")
def scores():
    return trial()


def _confirm(recipe):
    text = recipe.read_text(encoding="utf-8")
    assert "confirmed = false" in text
    recipe.write_text(text.replace("confirmed = false", "confirmed = true"), encoding="utf-8")


def _new(folder, name, scores):
    SHAPES[name](folder / name, scores)
    return write_recipe(folder / name)


def _plain(table):
    """Subject number, class and hours → score, whatever the file called them."""
    rows = table.assign(subject=table["subject"].str.extract(r"(\d{4})$")[0]).set_index(
        ["subject", "treatment_class", "hours"]
    )
    return rows["score"].sort_index()


@pytest.mark.parametrize("name", [name for name in SHAPES if name != "metapsy.csv"])
def test_each_shape_reads_to_the_same_scores_with_one_edited_line(name, scores, tmp_path):
    recipe = _new(tmp_path, name, scores)
    with pytest.raises(ka.DatasetError, match="the guesses are confirmed"):
        read_dataset(tmp_path / name)
    _confirm(recipe)
    table = read_dataset(tmp_path / name)
    grain = table.attrs["grain"]
    assert grain == "patients"
    expected = _plain(scores)
    if name == "adqs.xpt":  # the same file's other parameter is read beside it
        assert table["scale"].value_counts().to_dict() == {"MADRS": len(scores), "CGI-S": len(scores)}
        table = table[table["scale"] == "MADRS"]
    if name == "dated.csv":
        expected = expected.clip(upper=52)
    if name == "wide.sav":  # every visit has its column: those who left have blank scores
        assert len(table) == 5 * scores["subject"].nunique()
        table = table[_plain(table).reindex(pd.MultiIndex.from_frame(table.assign(
            subject=table["subject"].str.extract(r"(\d{4})$")[0])[["subject", "treatment_class", "hours"]])).notna().to_numpy()]  # fmt: skip
        expected = expected.dropna()
    if name == "change.parquet":  # a missed visit has no change; the baseline became a row
        assert set(table["hours"]) == set(VISITS)
    pd.testing.assert_series_equal(_plain(table).dropna(), expected.dropna(), check_index_type=False)


def test_metapsy_rows_become_arms_and_the_shared_control_is_kept_once(scores, tmp_path):
    _confirm(_new(tmp_path, "metapsy.csv", scores))
    table = read_dataset(tmp_path / "metapsy.csv")
    grain = table.attrs["grain"]
    expected = ka.summarize_arms(ka.derive_outcomes(scores), outcomes=["score"])
    key = ["arm", "hours"]
    assert grain == "arms" and len(table) == len(expected) == 12
    pd.testing.assert_frame_equal(
        table.sort_values(key)[[*key, "n", "mean", "sd"]].reset_index(drop=True),
        expected.sort_values(key)[[*key, "n", "mean", "sd"]].reset_index(drop=True), check_dtype=False,
    )  # fmt: skip
    assert table.loc[table["arm"] == "midazolam", "role"].eq("control").all()


def test_changes_without_a_baseline_become_the_means_of_arms(scores, tmp_path):
    SHAPES["change.parquet"](tmp_path / "c.parquet", scores)
    pd.read_parquet(tmp_path / "c.parquet").drop(columns="baseline").to_csv(tmp_path / "c.csv", index=False)
    _confirm(write_recipe(tmp_path / "c.csv"))
    table = read_dataset(tmp_path / "c.csv")
    grain = table.attrs["grain"]
    expected = ka.summarize_arms(ka.derive_outcomes(scores), outcomes=["change"])
    merged = table.merge(expected, on=["arm", "hours"], suffixes=("", "_own"))
    assert grain == "arms" and len(merged) == 12 and (table["outcome"] == "change").all()
    np.testing.assert_allclose(merged[["n", "mean", "sd"]], merged[["n_own", "mean_own", "sd_own"]])
    assert "no score, response or remission" in open_dataset(tmp_path / "c.csv").notes[-1]


def test_patients_of_any_shape_become_arms(scores, tmp_path):
    _confirm(_new(tmp_path, "long.dta", scores))
    arms = read_as_arms(tmp_path / "long.dta")
    own = ka.summarize_arms(ka.derive_outcomes(scores))
    assert sorted(arms.loc[arms["outcome"] == "response", "events"]) == sorted(
        own.loc[own["outcome"] == "response", "events"]
    )


BROKEN = {  # shape: (in the recipe, broken by one character, what the error names)
    "a key": ("long.dta", "study = ", "stydy = ", "stydy", "did you mean 'study'"),
    "a table": ("long.dta", "[columns]", "[colums]", "colums", "did you mean 'columns'"),
    "a library name": ("long.dta", "subject = ", "subjct = ", "columns.subjct", "did you mean 'subject'"),
    "a column": ("long.dta", '"madrs"', '"madr"', "column madr", "did you mean 'madrs'"),
    "the file": ("long.dta", '"long.dta"', '"lon.dta"', "lon.dta", "check the path"),
    "the scale": ("long.dta", 'scale = "MADRS"', 'scale = "MARDS"', "'MARDS'", "did you mean 'MADRS'"),
    "the unit": ("long.dta", '"days"', '"day"', "'day'", "did you mean 'days'"),
    "a class": ("long.dta", 'class = "ssri"', 'class = "ssr"', "arms.Sertraline.treatment_class", "did you mean 'ssri'"),
    "a role": ("long.dta", '"control"', '"contrl"', "arms.Midazolam.role", "did you mean 'control'"),
    "a key of an arm": ("long.dta", "role =", "rol =", "arms.Midazolam.rol", "did you mean 'role'"),
    "an arm": ("long.dta", "Sertraline =", "Sertralin =", "arms.Sertralin", "did you mean 'Sertraline'"),
    "the flag": ("long.dta", "confirmed = true", "confirmed = tru", "line", "correct that line"),
    "a quote": ("long.dta", '"MADRS"', '"MADRS', "line", "correct that line"),
    "a visit": ("items.xlsx", '"Week 2" =', '"Weak 2" =', "visits.Weak 2", "did you mean 'Week 2'"),
    "hours": ("items.xlsx", "= 336", '= "336"', "visits.Week 2", "hours as a number"),
    "an item": ("items.xlsx", '"MADRS7"', '"MADRS77"', "MADRS77", "column present"),
    "an item left out": ("items.xlsx", '"MADRS7", ', "", "9 columns are named", "all items of the scale"),
    "the sheet": ("items.xlsx", '"Ratings"', '"Rating"', "'Rating'", "its sheets are Read me, Ratings"),
    "a filter": ("adqs.xpt", '[""]', '["LOC"]', "filter.DTYPE", "did you mean 'LOCF'"),
    "the name of a scale": ("adqs.xpt", 'MADRS = "MADRS"', 'MADR = "MADRS"', "scale_names.MADR", "did you mean 'MADRS'"),
    "a wide column": ("wide.sav", "MADRS_W2", "MADRS_W22", "MADRS_W22", "did you mean 'MADRS_W2'"),
    "the date format": ("dated.csv", "%d.%m", "%d.%n", "%d.%n", "a date format"),
}  # fmt: skip


@pytest.mark.parametrize("what", BROKEN)
def test_one_broken_character_is_named(what, scores, tmp_path):
    name, right, wrong, place, hint = BROKEN[what]
    recipe = _new(tmp_path, name, scores)
    _confirm(recipe)
    text = recipe.read_text(encoding="utf-8")
    assert right in text
    recipe.write_text(text.replace(right, wrong), encoding="utf-8")
    with pytest.raises(ka.DatasetError) as caught:
        read_dataset(recipe)
    assert place in str(caught.value) and hint in str(caught.value), str(caught.value)


def test_what_only_a_person_knows_is_asked(scores, tmp_path):
    table = scores[["subject", "arm", "score"]].assign(visit=scores["hours"].map({0: "V1", 24: "V2"}), scale="MADRS")
    table = table.dropna(subset="visit").assign(
        arm=table["arm"].map({"ketamine": "A", "midazolam": "B", "sertraline": "C"})
    )
    table.to_csv(tmp_path / "blind.csv", index=False)
    recipe = write_recipe(tmp_path / "blind.csv")
    with pytest.raises(ka.DatasetError) as caught:
        load_recipe(recipe)
    told = set(caught.value.problems["column"])
    assert told == {
        "visits.V1",
        "visits.V2",
        "arms.A.treatment_class",
        "arms.B.treatment_class",
        "arms.C.treatment_class",
    }


def test_a_recipe_is_not_overwritten_and_only_read_for_its_file(scores, tmp_path):
    _new(tmp_path, "long.dta", scores)
    with pytest.raises(ka.DatasetError, match="no recipe there yet"):
        write_recipe(tmp_path / "long.dta")
    other = tmp_path / "other.csv"
    scores.to_csv(other, index=False)
    assert len(read_dataset(other)) == len(scores)


def test_labels_that_would_end_a_line_or_a_quote_stay_labels(tmp_path):
    arms = ['A "quoted" \\ arm', "B\nline = 1", "C # no comment", "D\x7f ketamine"]
    rows = [(i, arm, hours, 30 - hours) for i, arm in enumerate(arms) for hours in (0, 1)]
    table = pd.DataFrame(rows, columns=["subject", "arm", "hours", "score"]).assign(scale="MADRS")
    table.to_parquet(tmp_path / "odd.parquet")
    recipe = write_recipe(tmp_path / "odd.parquet")
    recipe.write_text(
        recipe.read_text("utf-8").replace('"?"', '"other"').replace("= false", "= true"), encoding="utf-8"
    )
    assert sorted(load_recipe(recipe).arms) == sorted(arms)
    assert sorted(read_dataset(recipe)["arm"].unique()) == sorted(arms)


def test_study_days_have_no_day_zero(tmp_path):
    table = pd.DataFrame({"subject": 1, "arm": "ketamine", "ady": [-1, 1, 2], "score": [31, 30, 12], "scale": "MADRS"})
    table.to_csv(tmp_path / "a.csv", index=False)
    recipe = write_recipe(tmp_path / "a.csv")
    _confirm(recipe)
    assert read_dataset(recipe)["hours"].tolist() == [-24, 0, 24]
    table.assign(ady=[0, 1, 2]).to_csv(tmp_path / "a.csv", index=False)
    with pytest.raises(ka.DatasetError, match="no day 0"):
        read_dataset(recipe)


def test_items_of_each_visit_and_a_second_scale_in_one_wide_file(tmp_path):
    rng = np.random.default_rng(2)
    visits = {"BL": 0.0, "W1": 168.0, "W2": 336.0}
    people = pd.DataFrame({"ID": [f"P{i}" for i in range(6)], "Treatment": ["ketamine", "placebo"] * 3})
    for visit in visits:
        for item in range(1, 11):
            people[f"MADRS{item}_{visit}"] = rng.integers(0, 5, 6)
        people[f"PHQ9_{visit}"] = rng.integers(5, 25, 6)
    people.loc[0, "MADRS3_W2"] = None
    people.to_excel(tmp_path / "w.xlsx", index=False)
    _confirm(write_recipe(tmp_path / "w.xlsx"))
    table = read_dataset(tmp_path / "w.xlsx").set_index(["subject", "scale", "hours"])["score"]
    for visit, hours in visits.items():
        total = people[[f"MADRS{item}_{visit}" for item in range(1, 11)]].sum(axis=1, skipna=False)
        np.testing.assert_array_equal(table.loc[people["ID"], "MADRS", hours], total)
        np.testing.assert_array_equal(table.loc[people["ID"], "PHQ-9", hours], people[f"PHQ9_{visit}"])
    assert pd.isna(table["P0", "MADRS", 336.0]) and len(table) == 36


def test_patients_below_the_entry_score_are_doubted(scores, tmp_path):
    recipe = _new(tmp_path, "long.dta", scores)
    text = (
        recipe.read_text("utf-8")
        .replace("confirmed = false", "confirmed = true")
        .replace("# entry_score = 20", "entry_score = 30")
    )
    recipe.write_text(text, encoding="utf-8")
    found = ka.examine(recipe).problems
    low = scores[(scores["hours"] == 0) & (scores["score"] < 30)]
    assert found["rule"].eq("baseline at or above the entry score").sum() == len(low) > 0


def test_every_guess_says_how_sure_and_why(scores, tmp_path):
    lines = _new(tmp_path, "adqs.xpt", scores).read_text("utf-8").splitlines()
    told = [line for line in lines if " = " in line and not line.startswith(("#", "confirmed", "["))]
    assert told and all("  # sure" in line or "  # likely" in line or "  # GUESS" in line for line in told)
    assert '"Day 2" = 24  # GUESS: day 1 taken as the day of first dose; 48 if that was day 0' in lines


def test_numbered_columns_are_visits_whose_time_only_a_person_knows(scores, tmp_path):
    wide = scores.pivot_table(index=["subject", "arm"], columns="hours", values="score").reset_index()
    wide.columns = ["id", "group", *(f"madrs{i}" for i in range(5))]
    wide.to_csv(tmp_path / "w.csv", index=False)
    recipe = write_recipe(tmp_path / "w.csv")
    with pytest.raises(ka.DatasetError) as caught:
        load_recipe(recipe)
    assert caught.value.problems["column"].tolist() == [f"wide.madrs{i}" for i in range(5)]
    text = recipe.read_text("utf-8")
    for i, hours in enumerate(VISITS):
        text = text.replace(f'madrs{i} = "hours?"', f"madrs{i} = {hours:g}")
    recipe.write_text(text.replace("confirmed = false", "confirmed = true"), encoding="utf-8")
    pd.testing.assert_series_equal(
        _plain(read_dataset(recipe)).dropna(), _plain(scores).dropna(), check_index_type=False
    )


def test_an_unanswered_question_is_asked_again(tmp_path):
    pd.DataFrame({"arm": ["a", "a"], "hours": [0, 24], "MADRS": [30, 12]}).to_csv(tmp_path / "a.csv", index=False)
    with pytest.raises(ka.DatasetError, match="name the column that holds the subject"):
        load_recipe(write_recipe(tmp_path / "a.csv"))


def test_times_of_their_own_go_to_the_nominal_visits(scores, tmp_path):
    rng = np.random.default_rng(3)
    seen = scores[["subject", "arm", "hours", "score"]].assign(scale="MADRS")
    later = seen["hours"] > 0
    seen.loc[later, "hours"] = seen["hours"][later] * rng.uniform(0.85, 1.15, later.sum())
    seen = pd.concat(
        [seen, seen.iloc[[1]].assign(hours=4000.0), seen.iloc[[1]].assign(hours=34.0, score=1)], ignore_index=True
    )
    seen.to_csv(tmp_path / "own.csv", index=False)
    assert "visits have common times" in set(ka.examine(tmp_path / "own.csv").problems["rule"])
    recipe = write_recipe(tmp_path / "own.csv")
    text = recipe.read_text("utf-8").replace("confirmed = false", "confirmed = true")
    recipe.write_text(text + "[time]\nnominal = [0, 24, 168, 336, 672]\n", encoding="utf-8")
    table = read_dataset(recipe)
    pd.testing.assert_series_equal(_plain(table), _plain(scores), check_index_type=False)
    notes = open_dataset(recipe).notes
    assert "1 rows lie near none of them and are left out" in notes
    assert "1 rows are the farther of two on one nominal time and left out" in notes
    recipe.write_text(recipe.read_text("utf-8").replace("[0, 24, 168, 336, 672]", '["0"]'), encoding="utf-8")
    with pytest.raises(ka.DatasetError, match="time.nominal"):
        load_recipe(recipe)


def _clinic(folder):
    """A clinician's workbook: a row a patient, a blank, a code, a name of the drug typed in two ways."""
    rows = [(i, "Ketamine" if i % 3 else "Midazolam", 30 + i % 5, 14 + i % 7, 16 + i % 6) for i in range(1, 22)]
    table = pd.DataFrame(rows, columns=["Pt", "Group", "MADRS_BL", "MADRS_24h", "MADRS_D7"]).astype(object)
    table.loc[3, "Group"], table.loc[4, "MADRS_D7"], table.loc[7, "MADRS_D7"] = "ketamine ", -9, None
    table.to_excel(folder / "clinic.xlsx", index=False)
    return folder / "clinic.xlsx"


def test_an_arm_typed_in_two_ways_is_one_arm_and_said_to_be(tmp_path):
    recipe = write_recipe(_clinic(tmp_path))
    text = recipe.read_text(encoding="utf-8")
    assert "ketamine is in the label; also written 'ketamine'" in text and text.count('role = "active"') == 1
    _confirm(recipe)
    data = open_dataset(tmp_path / "clinic.xlsx")
    assert "arm 'ketamine' (3×) is read as 'Ketamine'" in data.notes
    assert set(read_dataset(recipe)["arm"]) == {"Ketamine", "Midazolam"}


def test_the_column_of_patients_is_found_by_its_short_name_or_as_the_one_without_repeats(tmp_path):
    recipe = write_recipe(_clinic(tmp_path))
    assert load_recipe(recipe).columns["subject"] == "Pt"
    odd = pd.read_excel(tmp_path / "clinic.xlsx").rename(columns={"Pt": "Chart"})
    odd.to_csv(tmp_path / "odd.csv", index=False)
    text = write_recipe(tmp_path / "odd.csv", out=tmp_path / "odd.toml").read_text(encoding="utf-8")
    assert 'subject = "Chart"  # GUESS: no value stands twice' in text


def test_a_published_table_is_known_by_its_usual_heads(tmp_path):
    """Study, Arm, N, Responders, Week: a row an arm, weeks as hours, the controls by their names."""
    path = tmp_path / "six_trials.csv"
    path.write_text(
        "Study,Arm,N,Responders,Week\nSmith 2011,ketamine 0.5 mg/kg,24,14,1\nSmith 2011,midazolam,23,6,1\n"
        "Lopez 2014,Ketamine,12,8,4\nLopez 2014,saline,12,0,4\n"
    )
    recipe = write_recipe(path)
    text = recipe.read_text(encoding="utf-8")
    assert 'grain = "arms"' in text and "outcome = \"response\"  # likely: 'Responders' says so" in text
    _confirm(recipe)
    table = read_dataset(path)
    grain = table.attrs["grain"]
    assert grain == "arms" and table["hours"].tolist() == [168.0, 168.0, 672.0, 672.0]
    effects = ka.contrast_arms(table)
    assert effects["treatment_class"].tolist() == ["ketamine", "ketamine"]
    np.testing.assert_allclose(effects["estimate"].iloc[0], np.log((14 / 10) / (6 / 17)))


def test_problems_of_a_wide_file_are_told_in_its_own_columns_and_once(tmp_path):
    table = pd.read_excel(_clinic(tmp_path)).astype(object)
    table.loc[5, "MADRS_D7"], table.loc[6, "Group"], table.loc[9, "Pt"], table.loc[2, "MADRS_24h"] = 188, None, 9, "-"
    table.to_csv(tmp_path / "wrong.csv", index=False)
    recipe = write_recipe(tmp_path / "wrong.csv")
    assert '"-"' in recipe.read_text(encoding="utf-8")  # a dash among scores is a blank
    text = recipe.read_text(encoding="utf-8").replace('once_per_subject = ["arm"]', "once_per_subject = []")
    recipe.write_text(text, encoding="utf-8")
    _confirm(recipe)
    found = ka.examine(tmp_path / "wrong.csv")
    assert "MADRS_D7: read as missing -9 (1×)" in found.understood["found"].tolist()
    told = found.problems[found.problems["severity"] == "error"].set_index(["row", "column"])["message"]
    assert told.index.tolist() == [
        (8, "Group"), (7, "MADRS_D7"), (10, "Pt"), (11, "Pt"), (10, "Group"), (11, "Group"),
    ]  # fmt: skip
    assert told[8, "Group"] == "every row needs an arm" and "in rows 10, 11: keep one" in told[10, "Pt"]
    with pytest.raises(ka.DatasetError, match=r"row 7, column MADRS_D7: .* breaks rule 'score within its scale'"):
        read_dataset(recipe)


def test_a_guessed_day_says_what_else_it_may_be(tmp_path):
    text = write_recipe(_clinic(tmp_path)).read_text(encoding="utf-8")
    assert "MADRS_D7 = 144  # GUESS: day 1 taken as the day of first dose; 168 if that was day 0" in text


def test_a_placebo_beside_another_drug_is_asked_what_kind_of_control_it_is(tmp_path):
    """A newly started drug is no placebo control, and only a person knows whether it is new."""
    rows = {
        "id": [1, 1, 2, 2],
        "arm": ["Esketamine + SSRI"] * 2 + ["Placebo + SSRI"] * 2,
        "visit": ["Baseline", "Week 1"] * 2,
    }
    pd.DataFrame(rows | {"MADRS": [30, 12, 31, 25]}).to_csv(tmp_path / "t.csv", index=False)
    recipe = write_recipe(tmp_path / "t.csv")
    assert "placebo_plus_stable_drug, or placebo_plus_new_drug?" in recipe.read_text(encoding="utf-8")
    _confirm(recipe)
    with pytest.raises(ka.DatasetError, match="a known control_kind"):
        read_dataset(recipe)
    recipe.write_text(
        recipe.read_text("utf-8").replace('control_kind = "?"', 'control_kind = "placebo_plus_new_drug"'), "utf-8"
    )
    assert set(read_dataset(recipe)["control_kind"].dropna()) == {"placebo_plus_new_drug"}


def test_an_arm_called_control_is_one_and_its_kind_is_asked():
    guess = guess_arms(["Control group", "Group A"])
    assert guess["Control group"].value["role"] == "control" and guess["Control group"].value["control_kind"] == "?"
    assert guess["Group A"].value["role"] == "active"


def test_one_item_of_many_is_not_taken_for_the_total(tmp_path):
    items = {f"BDI1.{i}": [i % 4, (i + 1) % 4] for i in range(1, 22)}
    pd.DataFrame({"id": [1, 2], "group": ["ketamine", "placebo"], **items}).to_csv(tmp_path / "a.csv", index=False)
    text = ka.write_recipe(tmp_path / "a.csv").read_text(encoding="utf-8")
    line = next(one for one in text.splitlines() if one.startswith("score"))
    assert line.startswith('score = "BDI1"  # likely: the sum of the items') and "[items]" in text
    assert "visit" in next(one for one in text.splitlines() if one.startswith("confirmed = false"))


def test_the_id_of_a_study_is_not_taken_for_the_patients(tmp_path):
    table = pd.DataFrame({"id": ["S1"] * 20 + ["S2"] * 20, "person_no": list(range(10)) * 4, "madrs": range(40),
                          "week": ([0] * 10 + [1] * 10) * 2, "arm": ["ketamine", "placebo"] * 20})  # fmt: skip
    table.to_csv(tmp_path / "b.csv", index=False)
    text = ka.write_recipe(tmp_path / "b.csv").read_text(encoding="utf-8")
    line = next(one for one in text.splitlines() if one.startswith("subject"))
    assert line.startswith('subject = "?"') and "study or the site" in line
    table.assign(id=table["person_no"] + 100 * (table["id"] == "S2")).to_csv(tmp_path / "c.csv", index=False)
    good = ka.write_recipe(tmp_path / "c.csv").read_text(encoding="utf-8")
    assert 'subject = "id"  # likely' in good
