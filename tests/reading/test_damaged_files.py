"""What these libraries raise for a damaged file becomes one clear sentence; sizes, encodings and counts are told."""

import gzip
import os
import zipfile

import numpy as np
import pandas as pd
import pytest

import ketamine_analysis as ka
from ketamine_analysis.any_file.examination import examine

SCORES = ka.simulate_trial(n_per_arm=6, seed=9)[["study", "subject", "arm", "hours", "scale", "score"]].dropna()


def _rewritten(path, part, change):
    """The workbook with one part of its archive changed."""
    with zipfile.ZipFile(path) as book:
        parts = {name: book.read(name) for name in book.namelist()}
    with zipfile.ZipFile(path, "w") as book:
        for name, data in parts.items():
            book.writestr(name, change(data) if name == part else data)


def test_a_workbook_with_broken_xml(tmp_path):
    SCORES.to_excel(tmp_path / "b.xlsx", index=False)
    _rewritten(tmp_path / "b.xlsx", "xl/worksheets/sheet1.xml", lambda data: data[:-400])
    with pytest.raises(ka.DatasetError, match=r"b.xlsx: breaks rule 'an Excel workbook'.*is it damaged"):
        ka.read_table(tmp_path / "b.xlsx")


def test_a_workbook_whose_parts_do_not_unpack(tmp_path):
    SCORES.to_excel(tmp_path / "b.xlsx", index=False)
    data = bytearray((tmp_path / "b.xlsx").read_bytes())
    at = data.find(b"xl/worksheets/sheet1.xml") + 60
    data[at : at + 200] = bytes(range(200))
    (tmp_path / "b.xlsx").write_bytes(data)
    with pytest.raises(ka.DatasetError, match="an Excel workbook"):
        ka.read_table(tmp_path / "b.xlsx")


def test_a_list_in_a_cell(tmp_path):
    pd.DataFrame({"subject": ["a"], "score": [[1, 2]]}).to_parquet(tmp_path / "n.parquet")
    with pytest.raises(ka.DatasetError, match=r"row 1, column score: .*one value in each cell"):
        ka.read_table(tmp_path / "n.parquet")


@pytest.mark.parametrize("kind", [".rds", ".rda"])
def test_an_r_file_that_is_none(kind, tmp_path):
    (tmp_path / f"x{kind}").write_bytes(gzip.compress(b"X\n\0\0\0\2\0\4" + bytes(100)))
    with pytest.raises(ka.DatasetError, match="an R data file with a data frame"):
        ka.read_table(tmp_path / f"x{kind}")


def test_a_pipe_is_no_file(tmp_path):
    os.mkfifo(tmp_path / "p.csv")
    with pytest.raises(ka.DatasetError, match="a regular file"):
        ka.read_table(tmp_path / "p.csv")


def test_too_many_rows_are_refused_before_they_are_read(tmp_path, monkeypatch):
    pd.DataFrame({"score": np.zeros(2_000_000, "int8")}).to_parquet(tmp_path / "big.parquet")
    monkeypatch.setenv("KETAMINE_ANALYSIS_MAX_ROWS", "1000000")
    with pytest.raises(ka.DatasetError, match=r"at most 1,000,000 rows.*it has 2,000,000.*KETAMINE_ANALYSIS_MAX_ROWS"):
        ka.read_table(tmp_path / "big.parquet")
    monkeypatch.setenv("KETAMINE_ANALYSIS_MAX_ROWS", "2000000")
    assert len(ka.read_table(tmp_path / "big.parquet").frame) == 2_000_000


def test_what_unpacks_to_too_much_is_refused(tmp_path, monkeypatch):
    SCORES.to_excel(tmp_path / "b.xlsx", index=False)
    (tmp_path / "x.rds").write_bytes(gzip.compress(bytes(5_000_000)))
    monkeypatch.setenv("KETAMINE_ANALYSIS_MAX_BYTES", "1000")
    for name in ("b.xlsx", "x.rds"):
        with pytest.raises(ka.DatasetError, match="at most 1,000 bytes unpacked"):
            ka.read_table(tmp_path / name)


def test_the_files_own_count_of_rows_is_held_against_what_was_read(tmp_path):
    text = '{"columns": [{"name": "score", "dataType": "integer"}], "records": 3, "rows": [[1], [2]]}'
    (tmp_path / "d.json").write_text(text)
    with pytest.raises(ka.DatasetError, match="the 3 rows that the file says it has.*2 were read"):
        ka.read_table(tmp_path / "d.json")
    SCORES.to_parquet(tmp_path / "s.parquet")
    told = examine(tmp_path / "s.parquet").understood["found"].tolist()
    assert f"{len(SCORES)} rows, as many as the file itself counts" in told


TEXTS = {
    "cp1251": "Пациент;группа;визит;MADRS\nИванов;кетамин;исходно;30\nПетров;плацебо;неделя 1;20\n",
    "gb18030": "患者编号,组别,访视,MADRS\n张三,氯胺酮,基线,30\n李四,安慰剂,第1周,22\n",
    "shift_jis": "患者番号,群,来院,MADRS\n山田,ケタミン,ベースライン,30\n佐藤,プラセボ,1週,25\n",
    "euc_kr": "환자,군,방문,MADRS\n김민수,케타민,기저선,30\n이영희,위약군,1주차,25\n",
    "cp1253": "Ασθενής;ομάδα;επίσκεψη;MADRS\nΝίκος;κεταμίνη;αρχή;30\n",
    "cp1250": "Pacjent;grupa;wizyta;MADRS\nŁukasz;ketamina;początek;30\nŻaneta;placebo;tydzień 1;20\n",
}


@pytest.mark.parametrize("encoding", TEXTS)
def test_a_guessed_encoding_reads_the_names_and_is_doubted(encoding, tmp_path):
    (tmp_path / "t.csv").write_bytes(TEXTS[encoding].encode(encoding))
    raw = ka.read_table(tmp_path / "t.csv")
    names, first = (line.replace(";", ",").split(",") for line in TEXTS[encoding].splitlines()[:2])
    assert list(raw.frame.columns[:-1]) == names and raw.frame.iloc[0, :-1].tolist() == first
    assert len(raw.doubts) == 1 and "guessed from its bytes" in raw.doubts[0]
    assert any(f"a name reads '{one}'" in raw.doubts[0] for one in (*names, *first))
    problems = examine(tmp_path / "t.csv").problems
    assert (problems["rule"] == "an encoding that is known").any()


def test_western_text_is_windows_1252_without_a_doubt(tmp_path):
    text = "Patient;Gruppe;Ort;MADRS\nMüller;Ketamin;Zürich;30\nFrançois;Placébo;Besançon;20\nAñez;Kétamine;Málaga;9\n"
    (tmp_path / "t.csv").write_bytes(text.encode("cp1252"))
    raw = ka.read_table(tmp_path / "t.csv")
    assert raw.doubts == () and raw.frame["Patient"].tolist() == ["Müller", "François", "Añez"]


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({"delimiter": "two"}, "a delimiter of one character"),
        ({"delimiter": "€"}, "a delimiter of one character"),
        ({"encoding": "hex"}, "no text encoding 'hex'"),
        ({"encoding": "zip"}, "no text encoding 'zip'"),
        ({"encoding": "klingon"}, "no text encoding"),
        ({"encoding": "utf-16"}, "say utf-16-le or utf-16-be"),
    ],
)
def test_how_a_text_is_to_be_read_must_be_possible(how, said, tmp_path):
    (tmp_path / "t.csv").write_text("subject,score\na,30\n")
    with pytest.raises(ka.DatasetError, match=said):
        ka.read_table(tmp_path / "t.csv", **how)
    (tmp_path / "t.tab").write_text("subject\tscore\na\t30\n")
    assert ka.read_table(tmp_path / "t.tab", delimiter="tab").frame["score"].tolist() == ["30"]


def test_hours_beyond_a_lifetime_are_refused():
    table = SCORES.assign(hours=SCORES["hours"].replace(24.0, 1e30))
    with pytest.raises(ka.DatasetError, match="hours within a lifetime.*a hundred years"):
        ka.read_scores(table)
