"""Scores in one file, what is known of each subject in another: SDTM's QS and DM, BIDS phenotype and participants."""

import json
from pathlib import Path

import pytest

import ketamine_analysis as ka
from ketamine_analysis.report.run_dataset import run_dataset

VISITS = (("SCREENING", -7), ("BASELINE", 1), ("DAY 2", 2), ("WEEK 1", 8))


def _sdtm(folder, subjects=6, people=6, vary=0):
    rows = ["STUDYID,DOMAIN,USUBJID,QSTESTCD,QSTEST,QSCAT,QSSTRESN,VISITNUM,VISIT,QSDY"]
    for i in range(1, subjects + 1):
        for k, (visit, day) in enumerate(VISITS):
            total = 30 - (4 * k if i % 2 else k) + vary * ((7 * i + 3 * k * (i % 4)) % 5 - 2)
            for test, words, score in (("MDRS0101", "Apparent Sadness", 3), ("MDRS0111", "Total Score", total)):
                rows.append(f"S1,QS,S1-{i:02d},{test},MADRS01-{words},MADRS,{score},{k},{visit},{day}")
    (folder / "qs.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    known = [
        f"S1,DM,S1-{i:02d},{30 + i},F,{'Ketamine 0.5 mg/kg' if i % 2 else 'Placebo'}" for i in range(1, people + 1)
    ]
    (folder / "dm.csv").write_text("STUDYID,DOMAIN,USUBJID,AGE,SEX,ARM\n" + "\n".join(known) + "\n", encoding="utf-8")
    return folder / "qs.csv"


def _confirmed(recipe):
    recipe.write_text(
        recipe.read_text(encoding="utf-8").replace("confirmed = false", "confirmed = true"), encoding="utf-8"
    )
    return recipe


def test_questionnaires_of_sdtm_get_their_arms_from_dm(tmp_path):
    recipe = ka.write_recipe(_sdtm(tmp_path))
    text = recipe.read_text(encoding="utf-8")
    assert 'subjects = "dm.csv"' in text and 'QSTEST = ["MADRS01-Total Score"]' in text and '= "?"' not in text
    scores = ka.read_dataset(_confirmed(recipe))
    grain = scores.attrs["grain"]
    assert grain == "patients" and len(scores) == 24
    last = scores[scores["hours"] == 168].groupby("arm")["score"].mean()
    assert last.to_dict() == {"Ketamine 0.5 mg/kg": 18, "Placebo": 27}


def test_a_phenotype_of_bids_gets_its_groups_and_their_labels_from_participants(tmp_path):
    (tmp_path / "phenotype").mkdir()
    scores = tmp_path / "phenotype" / "madrs.tsv"
    rows = [
        f"sub-{i:02d}\t{visit}\t{30 - 9 * k * (i % 2)}"
        for i in range(1, 7)
        for k, visit in enumerate(["baseline", "24h"])
    ]
    scores.write_text("participant_id\tsession\tmadrs_total\n" + "\n".join(rows) + "\n", encoding="utf-8")
    people = "\n".join(f"sub-{i:02d}\t{20 + i}\t{i % 2}" for i in range(1, 7))
    (tmp_path / "participants.tsv").write_text(f"participant_id\tage\tgroup\n{people}\n", encoding="utf-8")
    levels = {"0": "placebo", "1": {"Description": "ketamine"}}
    (tmp_path / "participants.json").write_text(json.dumps({"group": {"Levels": levels}, "age": {"Units": "years"}}))
    recipe = ka.write_recipe(scores)
    assert 'subjects = "../participants.tsv"' in recipe.read_text(encoding="utf-8")
    table = ka.read_dataset(_confirmed(recipe))
    assert table[table["hours"] == 24].groupby("arm")["score"].mean().to_dict() == {"ketamine": 21, "placebo": 30}


def test_a_subject_without_its_row_a_row_too_many_and_a_wrong_key_are_told(tmp_path):
    recipe = _confirmed(ka.write_recipe(_sdtm(tmp_path)))
    _sdtm(tmp_path, subjects=7)
    notes = ka.examine(recipe).understood["found"]
    assert any("1 subjects are not in it" in str(one) for one in notes)
    with pytest.raises(ka.DatasetError, match="every row needs an arm"):
        ka.read_dataset(recipe)
    people = (tmp_path / "dm.csv").read_text(encoding="utf-8")
    (tmp_path / "dm.csv").write_text(people + "S1,DM,S1-02,32,F,Placebo\n", encoding="utf-8")
    with pytest.raises(ka.DatasetError, match="dm.csv, row 3, column USUBJID: 'S1-02' breaks rule 'one row a subject'"):
        ka.read_dataset(recipe)
    (tmp_path / "dm.csv").write_text(people.replace("S1-0", "S2-0"), encoding="utf-8")
    with pytest.raises(ka.DatasetError, match="none is in both: 'S1-01' there, 'S2-01' here"):
        ka.read_dataset(recipe)
    (tmp_path / "dm.csv").write_text(people.replace("USUBJID", "SUBJID"), encoding="utf-8")
    with pytest.raises(ka.DatasetError, match="the column of subjects is in both files"):
        ka.read_dataset(recipe)
    (tmp_path / "dm.csv").unlink()
    with pytest.raises(ka.DatasetError, match="the file exists"):
        ka.read_dataset(recipe)


def test_a_file_that_names_its_arms_is_not_joined(tmp_path):
    path = _sdtm(tmp_path)
    text = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join([text[0] + ",ARM", *(f"{one},Placebo" for one in text[1:])]) + "\n", encoding="utf-8")
    assert "subjects" not in ka.write_recipe(path).read_text(encoding="utf-8")


def test_a_json_beside_a_table_that_describes_nothing_of_it_is_left_alone_and_a_broken_one_is_said(tmp_path):
    path = tmp_path / "scores.tsv"
    path.write_text("id\tscore\n1\t30\n", encoding="utf-8")
    (tmp_path / "scores.json").write_text('{"score": 3, "run": {"Levels": {"1": "x"}}}')
    assert ka.read_table(path).labels == {} and len(ka.read_table(path).notes) == 1
    (tmp_path / "scores.json").write_text('{"score": ')
    assert "scores.json cannot be read as JSON" in ka.read_table(path).notes[1]


@pytest.mark.slow
def test_a_run_keeps_the_fingerprint_of_every_file_that_was_read(tmp_path):
    recipe = _confirmed(ka.write_recipe(_sdtm(tmp_path, subjects=24, people=24, vary=1)))
    (tmp_path / "scales.toml").write_text('[MINE]\nminimum = 0\nmaximum = 9\ncitation = "none"\n', encoding="utf-8")
    run = run_dataset(recipe, tmp_path / "out", notebooks=["07"])
    names = [Path(one["file"]).name for one in run.manifest["inputs"]]
    assert names == ["qs.csv", "dm.csv", "dataset.toml", "scales.toml"] and run.notebooks["ok"].all()
