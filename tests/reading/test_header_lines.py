"""Headers of several lines: which lines they are, the names they make, and data that must not be taken for one."""

import openpyxl
import pandas as pd
import pytest

import ketamine_analysis as ka
from ketamine_analysis.reading.header_lines import joined_header

QUALTRICS = """ResponseId,Group,Q1,Q2
Response ID,What were you given?,MADRS before,MADRS after a day
"{""ImportId"":""_recordId""}","{""ImportId"":""QID1""}","{""ImportId"":""QID2""}","{""ImportId"":""QID3""}"
R_1,ketamine,30,12
R_2,placebo,28,27
"""
MERGED = [["id", "arm", "MADRS", None, "PHQ-9", None], [None, None, "Baseline", "Week 1", "Baseline", "Week 1"],
          ["P1", "ketamine", 30, 12, 18, 7], ["P2", "placebo", 28, 27, 15, 14]]  # fmt: skip


def test_names_with_questions_and_identifiers_below(tmp_path):
    (tmp_path / "survey.csv").write_text(QUALTRICS)
    raw = ka.read_table(tmp_path / "survey.csv")
    assert list(raw.frame.columns) == ["ResponseId", "Group", "Q1", "Q2", "_line"]
    assert raw.frame["Q1"].tolist() == ["30", "28"] and raw.frame["_line"].tolist() == [4, 5]
    assert raw.column_labels["Q2"].startswith("MADRS after a day") and "3 lines are the header" in raw.notes


@pytest.mark.parametrize("suffix", [".csv", ".xlsx"])
def test_headings_over_several_columns_are_joined_to_the_line_below(suffix, tmp_path):
    path = tmp_path / f"trial{suffix}"
    if suffix == ".csv":
        pd.DataFrame(MERGED).to_csv(path, index=False, header=False)
    else:
        book = openpyxl.Workbook()
        for row in MERGED:
            book.active.append(row)
        book.active.merge_cells("C1:D1")
        book.active.merge_cells("E1:F1")
        book.save(path)
    raw = ka.read_table(path)
    names = ["id", "arm", "MADRS Baseline", "MADRS Week 1", "PHQ-9 Baseline", "PHQ-9 Week 1", "_line"]
    assert list(raw.frame.columns) == names and raw.frame["_line"].tolist() == [3, 4]
    assert pd.to_numeric(raw.frame["PHQ-9 Week 1"]).tolist() == [7, 14]


@pytest.mark.parametrize(
    "first",
    [
        ["P1", "ketamine", "ND", "missing"],  # a patient without scores
        ["P1", "ketamine", "not done", "n/a"],
        ["P1", "ketamine", "dropped", ""],  # one word above numbers is not enough
        ["1", "ketamine", "left", "moved"],  # a number stands in the line
    ],
)
def test_a_first_patient_is_no_header(first):
    rows = [["id", "arm", "MADRS_BL", "MADRS_W1"], first, ["P2", "placebo", "30", "20"], ["P3", "placebo", "29", "8"]]
    assert joined_header(rows, None) == (rows[0], {}, 1)


def test_a_recipe_says_how_many_lines_where_they_cannot_be_told(tmp_path):
    (tmp_path / "t.csv").write_text("id,arm,MADRS,\n,,0,7\nP1,ketamine,30,12\nP2,placebo,28,27\n")  # days as numbers
    with pytest.raises(ka.DatasetError, match="column"):
        ka.read_dataset(tmp_path / "t.csv")
    raw = ka.read_table(tmp_path / "t.csv", header_lines=2)
    assert list(raw.frame.columns)[:4] == ["id", "arm", "MADRS 0", "MADRS 7"] and len(raw.frame) == 2


def test_a_header_of_more_than_64_kilobytes_is_read(tmp_path):
    names = [f"column_number_{i}" for i in range(5000)]
    (tmp_path / "wide.csv").write_text(",".join(names) + "\n" + ",".join(["1"] * 5000) + "\n")
    assert len(",".join(names)) > 1 << 16
    frame = ka.read_table(tmp_path / "wide.csv").frame
    assert list(frame.columns[:-1]) == names and len(frame) == 1
