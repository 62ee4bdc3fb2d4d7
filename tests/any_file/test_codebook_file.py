"""Codes whose meaning stands in a codebook: a sheet of the workbook, a file beside it, REDCap's dictionary."""

import openpyxl
import pandas as pd
import pytest

import ketamine_analysis as ka

DATA = pd.DataFrame({
    "pid": ["a", "a", "b", "b"], "grp": [1, 1, 2, 2], "tp": [0, 1, 0, 1], "tot": [30, 12, 28, 27],
})  # fmt: skip
LONG = pd.DataFrame({
    "Variable": ["grp", None, "tp", None], "Value": [1, 2, 0, 1],
    "Label": ["Ketamine", "Midazolam", "Baseline", "Week 1"],
})  # fmt: skip
REDCAP = pd.DataFrame({
    "Variable / Field Name": ["pid", "grp", "tp", "tot"],
    "Field Label": ["Patient", "Randomised group", "Visit", "MADRS total score"],
    "Choices, Calculations, OR Slider Labels": [None, "1, Ketamine | 2, Midazolam", "0, Baseline | 1, Week 1", None],
})  # fmt: skip


def _confirmed(path):
    recipe = ka.write_recipe(path)
    text = recipe.read_text(encoding="utf-8").replace("confirmed = false", "confirmed = true")
    text = text.replace('scale = "?"', 'scale = "MADRS"').replace('score = "?"', 'score = "tot"')
    text = text.replace('visit = "?"', 'visit = "tp"')
    recipe.write_text(text, encoding="utf-8")
    return recipe


def _changes(recipe):
    outcomes = ka.derive_outcomes(ka.read_dataset(recipe))
    return outcomes[outcomes["hours"] > 0].set_index("arm")["change"].to_dict()


def test_a_sheet_of_codes_is_no_second_table_and_gives_the_labels(tmp_path):
    with pd.ExcelWriter(tmp_path / "trial.xlsx") as book:
        DATA.rename(columns={"tp": "visit"}).to_excel(book, sheet_name="Data", index=False)
        LONG.replace("tp", "visit").to_excel(book, sheet_name="Codes", index=False)
    recipe = _confirmed(tmp_path / "trial.xlsx")
    text = recipe.read_text(encoding="utf-8")
    assert 'sheet = "Data"' in text and 'codebook_sheet = "Codes"' in text
    assert _changes(recipe) == {"Ketamine": -18, "Midazolam": -1}


@pytest.mark.parametrize("book", [LONG, REDCAP], ids=["a row a code", "REDCap"])
def test_a_codebook_beside_a_text_file(book, tmp_path):
    DATA.rename(columns={"tp": "visit", "tot": "madrs"}).to_csv(tmp_path / "trial.csv", index=False)
    book.replace({"tp": "visit", "tot": "madrs"}).to_csv(tmp_path / "trial_DataDictionary.csv", index=False)
    recipe = _confirmed(tmp_path / "trial.csv")
    assert 'codebook = "trial_DataDictionary.csv"' in recipe.read_text(encoding="utf-8")
    assert _changes(recipe) == {"Ketamine": -18, "Midazolam": -1}


def test_words_of_the_dictionary_tell_the_columns(tmp_path):
    DATA.to_csv(tmp_path / "trial.csv", index=False)
    REDCAP.to_csv(tmp_path / "codebook.csv", index=False)
    text = ka.write_recipe(tmp_path / "trial.csv").read_text(encoding="utf-8")
    assert 'scale = "MADRS"' in text and 'score = "tot"' in text and "Ketamine =" in text


def test_what_is_no_codebook_is_refused_and_left_alone_by_new(tmp_path):
    DATA.assign(grp=["ketamine", "ketamine", "placebo", "placebo"]).to_csv(tmp_path / "trial.csv", index=False)
    pd.DataFrame({"shop": ["milk"]}).to_csv(tmp_path / "labels.csv", index=False)
    recipe = _confirmed(tmp_path / "trial.csv")
    text = recipe.read_text(encoding="utf-8")
    assert "codebook" not in text
    recipe.write_text('codebook = "labels.csv"\n' + text, encoding="utf-8")
    with pytest.raises(ka.DatasetError, match="labels.csv.*a codebook of the file.*a column of variables"):
        ka.read_dataset(recipe)


def test_several_tables_are_still_asked(tmp_path):
    book = openpyxl.Workbook()
    for name in ("Trial A", "Trial B"):
        sheet = book.create_sheet(name)
        for row in [list(DATA.columns), *DATA.to_numpy().tolist()]:
            sheet.append(row)
    book.save(tmp_path / "two.xlsx")
    with pytest.raises(ka.DatasetError, match="several sheets hold a table"):
        ka.write_recipe(tmp_path / "two.xlsx")
