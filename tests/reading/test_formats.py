"""One small trial in every format and quirk, written by an independent writer where one exists: the same table."""

import json
from pathlib import Path

import openpyxl
import pandas as pd
import polars as pl
import pyreadstat
import pytest

import ketamine_analysis as ka
from ketamine_analysis.reading.formats import read_table

FILES = Path(__file__).parents[1] / "reference" / "files"
ROWS = pd.DataFrame({
    "subject": ["S1", "S1", "S2", "S2"], "arm": ["ketamine", "ketamine", "midazolam", "midazolam"],
    "hours": [0.0, 24.0, 0.0, 24.0], "score": [30.0, 12.0, 31.0, None], "age": [44, 44, 51, 51],
})  # fmt: skip
CODES = ROWS.assign(arm=[1.0, 1.0, 2.0, 2.0], score=[30.0, 12.0, 31.0, -9.0])
LABELS = {"arm": {1: "ketamine", 2: "midazolam"}, "score": {-9: "not done"}}
TEXT = ROWS.to_csv(index=False)


def _dataset_json(version):
    kinds = {"subject": "string", "arm": "string", "hours": "integer", "score": "decimal", "age": "integer"}
    rows = json.loads(ROWS.to_json(orient="values"))
    for row in rows:
        row[3] = None if row[3] is None else str(row[3])  # decimals travel as text
    if version == 1.0:
        items = [
            {"OID": f"IT.{name}", "name": name, "label": name.title(), "type": kind} for name, kind in kinds.items()
        ]
        group = {"name": "TRIAL", "items": items, "itemData": rows}
        return json.dumps({"datasetJSONVersion": "1.0.0", "clinicalData": {"itemGroupData": {"IG.TRIAL": group}}})
    columns = [
        {"itemOID": f"IT.{name}", "name": name, "label": name.title(), "dataType": kind} for name, kind in kinds.items()
    ]
    head = {"datasetJSONVersion": "1.1.0", "name": "TRIAL", "records": 4, "columns": columns}
    if version == "lines":
        return "\n".join(json.dumps(one) for one in (head, *rows))
    return json.dumps(head | {"rows": rows})


def _workbook(path):
    book = openpyxl.Workbook()
    book.active.title = "Notes"
    sheet = book.create_sheet("Scores")
    for row in [ROWS.columns.tolist(), *ROWS.astype(object).where(ROWS.notna(), None).to_numpy().tolist()]:
        sheet.append(row)
    book.save(path)


def _stata_letters(path):
    table = CODES.assign(score=[30.0, 12.0, 31.0, "a"])
    pyreadstat.write_dta(
        table, path, variable_value_labels={"arm": LABELS["arm"]}, missing_user_values={"score": ["a"]}
    )


GERMAN = TEXT.replace(",", ";").replace(".0", ",0")
WRITERS = {
    "plain.csv": lambda path: path.write_text(TEXT),
    "bom.csv": lambda path: path.write_text(TEXT, encoding="utf-8-sig"),
    "utf16.csv": lambda path: path.write_text(TEXT, encoding="utf-16"),
    "utf16_without_mark.csv": lambda path: path.write_text(TEXT, encoding="utf-16-le"),
    "semicolon_decimal_comma.csv": lambda path: path.write_text(GERMAN),
    "tabs.tsv": lambda path: path.write_text(TEXT.replace(",", "\t")),
    "bars.txt": lambda path: path.write_text(TEXT.replace(",", "|")),
    "quoted_windows_lines.csv": lambda path: path.write_text(ROWS.to_csv(index=False, quoting=1), newline="\r\n"),
    "old_mac_lines.csv": lambda path: path.write_text(TEXT, newline="\r"),
    "blank_lines.csv": lambda path: path.write_text(TEXT.replace("\nS2", "\n\nS2", 1) + "\n"),
    "second_sheet.xlsx": _workbook,
    "pandas.parquet": lambda path: ROWS.astype({"arm": "category"}).to_parquet(path),
    "polars.parquet": lambda path: pl.DataFrame(ROWS.to_dict("list")).write_parquet(path),
    "polars.feather": lambda path: pl.DataFrame(ROWS.to_dict("list")).write_ipc(path),
    "spss.sav": lambda path: pyreadstat.write_sav(CODES, path, variable_value_labels=LABELS, missing_ranges={"score": [-9]}),
    "spss_range.zsav": lambda path: pyreadstat.write_sav(
        CODES, path, compress=True, variable_value_labels=LABELS, missing_ranges={"score": [{"lo": -99, "hi": -1}]}
    ),
    "stata_pyreadstat.dta": _stata_letters,
    "stata_pandas.dta": lambda path: ROWS.astype({"arm": "category"}).to_stata(path, write_index=False),
    "sas_v5.xpt": lambda path: pyreadstat.write_xport(ROWS, path, file_format_version=5),
    "sas_v8.xpt": lambda path: pyreadstat.write_xport(ROWS, path, file_format_version=8),
    "dataset_json_1_1.json": lambda path: path.write_text(_dataset_json(1.1)),
    "dataset_json_1_0.json": lambda path: path.write_text(_dataset_json(1.0)),
    "dataset_json.ndjson": lambda path: path.write_text(_dataset_json("lines")),
    "from_sas.sas7bdat": lambda path: path.write_bytes((FILES / "trial.sas7bdat").read_bytes()),
    "from_r.rds": lambda path: path.write_bytes((FILES / "trial.rds").read_bytes()),
    "from_r.rda": lambda path: path.write_bytes((FILES / "trial.rda").read_bytes()),
}  # fmt: skip


@pytest.fixture(scope="module")
def expected():
    return ka.read_scores(ROWS, scale="MADRS", study="t").astype(
        {"subject": "str", "arm": "str", "scale": "str", "study": "str"}
    )


@pytest.mark.parametrize("name", WRITERS)
def test_every_format_gives_the_same_table(name, tmp_path, expected):
    WRITERS[name](tmp_path / name)
    table = ka.read_scores(tmp_path / name, scale="MADRS", study="t")
    kinds = {"subject": "str", "arm": "str", "scale": "str", "study": "str"}
    pd.testing.assert_frame_equal(table.astype(kinds)[expected.columns], expected)


def test_codes_called_missing_and_labels_stay_known(tmp_path):
    WRITERS["spss.sav"](tmp_path / "a.sav")
    raw = read_table(tmp_path / "a.sav")
    assert raw.missing == {"score": {-9.0: 1}} and raw.labels["score"] == {-9.0: "not done"}
    _stata_letters(tmp_path / "a.dta")
    assert read_table(tmp_path / "a.dta").missing == {"score": {".a": 1}}


def test_special_missings_of_sas_are_blanks(tmp_path):
    for name, known in (("special.sas7bdat", {"score": {".A": 1, ".Z": 1}}), ("special.xpt", {})):
        raw = read_table(FILES / name)
        assert raw.frame["score"].isna().tolist() == [False, True, True, True] and raw.missing == known
    cut = tmp_path / "cut.xpt"
    cut.write_bytes((FILES / "special.xpt").read_bytes()[:-24])
    with pytest.raises(ka.DatasetError, match="cut short"):
        read_table(cut)


def test_how_a_text_file_was_read_is_said(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(GERMAN.replace("midazolam", "kétamine").encode("latin-1"))
    raw = read_table(path)
    assert raw.notes == ("cp1252 text, semicolon between columns", "decimal comma in hours, score")
    assert raw.frame["arm"].tolist()[2] == "kétamine"
    assert read_table(path, encoding="latin-1", delimiter=";", decimal=".").frame["score"].tolist()[0] == "30,0"


def test_percent_signs_are_taken_off_where_every_cell_has_one(tmp_path):
    path = tmp_path / "signs.csv"
    path.write_text("study;rate;note\nA;46,7 %;50%\nB;;about 20%\nC;12%;\n", encoding="utf-8")
    raw = ka.read_table(path)
    assert raw.notes[1:] == ("percent signs taken off rate", "decimal comma in rate")
    assert raw.frame["rate"].fillna("").tolist() == ["46.7", "", "12"] and raw.frame["note"][1] == "about 20%"


def test_blank_lines_are_counted(tmp_path):
    WRITERS["blank_lines.csv"](tmp_path / "a.csv")
    assert read_table(tmp_path / "a.csv").frame["_line"].tolist() == [2, 3, 5, 6]


def _two_sheets(path):
    book = openpyxl.Workbook()
    for name in ("A", "B"):
        for row in (["x"], [1]):
            book.create_sheet(name).append(row) if name not in book.sheetnames else book[name].append(row)
    book.save(path)


REFUSED = {
    "zip_called.csv": (lambda path: path.write_bytes(b"PK\x03\x04" + b"x" * 40), "a zip archive"),
    "unknown.doc": (lambda path: path.write_text("x"), "a known format"),
    "no_workbook.xlsx": (lambda path: path.write_text("x,y\n1,2\n"), "an Excel workbook"),
    "two.xlsx": (_two_sheets, "one sheet, or its name"),
    "cut.sav": (lambda path: path.write_bytes(b"$FL2@(#) SPSS"), "a .sav file"),
    "cut.parquet": (lambda path: path.write_bytes(b"PAR1xxxx"), "a Parquet or Arrow table"),
    "short_line.csv": (lambda path: path.write_text(TEXT + "S3,ketamine\n"), "2 fields, not 5"),
    "second_name.csv": (lambda path: path.write_text(TEXT.replace("age", "arm")), "column named once"),
    "no_header.csv": (lambda path: path.write_text("\n1,2\n"), "a header line"),
    "not.json": (lambda path: path.write_text("{"), "Dataset-JSON"),
    "two.json": (lambda path: path.write_text('{"clinicalData": {"itemGroupData": {}}}'), "0 data sets"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_read_is_refused_in_words(name, tmp_path):
    write, words = REFUSED[name]
    write(tmp_path / name)
    with pytest.raises(ka.DatasetError, match=words):
        read_table(tmp_path / name)


def test_the_arguments_of_a_text_file_and_a_sheet_are_checked(tmp_path):
    WRITERS["plain.csv"](tmp_path / "a.csv")
    _workbook(tmp_path / "a.xlsx")
    for path, given, words in (
        ("a.csv", {"encoding": "utf-9"}, "a known encoding"),
        ("a.xlsx", {"sheet": "Score"}, "its sheets are Notes, Scores"),
    ):
        with pytest.raises(ka.DatasetError, match=words):
            read_table(tmp_path / path, **given)


def test_a_title_above_the_table_of_a_workbook_is_said_and_passed_over(tmp_path):
    table = pd.DataFrame({"Pt": [1, 2], "Group": ["k", "m"], "MADRS_BL": [30, 31], "MADRS_24h": [9, 28]})
    table.to_excel(tmp_path / "t.xlsx", index=False, startrow=3)
    book = openpyxl.load_workbook(tmp_path / "t.xlsx")
    book.active["A1"], book.active["A2"] = "Ketamine pilot", "export of 3 March"
    book.save(tmp_path / "t.xlsx")
    raw = read_table(tmp_path / "t.xlsx")
    assert raw.frame.columns.tolist() == [*table.columns, "_line"] and raw.frame["_line"].tolist() == [5, 6]
    assert raw.notes[1:] == (
        "row 1, 'Ketamine pilot', is taken for a title", "row 2, 'export of 3 March', is taken for a title",
    )  # fmt: skip
    pd.DataFrame({"only": [1, 2]}).to_excel(tmp_path / "narrow.xlsx", index=False)
    assert read_table(tmp_path / "narrow.xlsx").frame["only"].tolist() == [1, 2]


def test_a_title_above_a_text_table_is_one_problem_with_its_remedy(tmp_path):
    (tmp_path / "t.csv").write_text("My export\n" + TEXT)
    with pytest.raises(ka.DatasetError, match="each line below it 5: is it a title") as raised:
        read_table(tmp_path / "t.csv")
    assert raised.value.problems["row"].tolist() == [1]


@pytest.mark.parametrize("stated", ["A1", "A1:B2", "A1:B9"])
def test_a_sheet_is_read_to_its_end_whatever_dimension_it_states(tmp_path, stated):
    import re
    import zipfile

    pd.DataFrame({"x": range(5), "y": range(5)}).to_excel(tmp_path / "good.xlsx", index=False)
    with zipfile.ZipFile(tmp_path / "good.xlsx") as good, zipfile.ZipFile(tmp_path / "stated.xlsx", "w") as other:
        for name in good.namelist():
            text = good.read(name)
            if name.endswith("sheet1.xml"):
                text, changed = re.subn(rb'<dimension ref="[^"]*"', f'<dimension ref="{stated}"'.encode(), text)
                assert changed == 1
            other.writestr(name, text)
    table = read_table(tmp_path / "stated.xlsx").frame
    assert table["y"].tolist() == [0, 1, 2, 3, 4] and table["_line"].tolist() == [2, 3, 4, 5, 6]


def test_formulas_without_stored_values_are_errors_that_say_what_to_do(tmp_path):
    book = openpyxl.Workbook()
    book.active.append(["subject", "score"])
    book.active.append([1, 20])
    book.active.append([2, "=10+11"])  # openpyxl stores no value of a formula
    book.save(tmp_path / "formula.xlsx")
    with pytest.raises(ka.DatasetError) as error:
        ka.read_table(tmp_path / "formula.xlsx")
    problem = error.value.problems.iloc[0]
    assert (problem["row"], problem["column"], problem["value"]) == (3, "score", "=10+11")
    assert "save it, so that values are stored" in str(error.value)
