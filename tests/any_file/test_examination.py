"""What check says of a dataset: facts that a person can hold against the protocol, and every problem."""

import pandas as pd
import pytest
from shapes_of_files import trial, wide_spss

import ketamine_analysis as ka
from ketamine_analysis.report.check_report import describe, harmless, write_check


@pytest.fixture
def wide(tmp_path):
    wide_spss(tmp_path / "wide.sav", trial())
    ka.write_recipe(tmp_path / "wide.sav")
    return tmp_path / "wide.sav"


def _facts(examination):
    return dict(examination.understood.to_numpy().tolist())


def test_the_facts_of_a_file_of_patients(wide):
    scores = trial()
    found = ka.examine(wide)
    facts = _facts(found)
    base = scores[scores["hours"] == 0]["score"]
    assert (found.grain, found.exit_code, found.errors) == ("patients", 1, 0)
    assert facts["subjects"] == "36" and facts["hours since first dose"] == "0, 24, 168, 336, 672"
    assert (
        facts["baseline MADRS"]
        == f"mean {base.mean():.1f}, SD {base.std():.1f}, {base.min():g} to {base.max():g}, n 36"
    )
    assert "Midazolam (n 12; midazolam, control)" in facts["arms"] and "the file itself calls missing -9" in str(facts)
    assert facts["rows"] == f"180, {180 - scores['score'].notna().sum()} without a score"
    assert found.problems["rule"].tolist() == ["the guesses are confirmed"]


def test_the_facts_of_a_table_of_arms(tmp_path):
    arms = ka.summarize_arms(ka.derive_outcomes(trial()), outcomes=["response"])
    arms.to_csv(tmp_path / "arms.csv", index=False)
    facts = _facts(ka.examine(tmp_path / "arms.csv"))
    assert facts["arms"] == "3 (2 active, 1 control)" and facts["outcomes"] == "response (n 12)"
    assert facts["recipe"] == "none: the file has the library's own column names"


def test_a_file_that_cannot_be_read_has_problems_and_no_facts(tmp_path):
    found = ka.examine(tmp_path / "none.csv")
    assert (found.grain, found.exit_code) == ("", 2) and "not read; 1 error" in describe(found)


def test_every_problem_is_in_the_csv_and_many_of_one_rule_are_counted(tmp_path):
    table = trial().assign(score=70)
    table.to_csv(tmp_path / "t.csv", index=False)
    found = ka.examine(tmp_path / "t.csv")
    lines = describe(found).splitlines()
    wrong = (found.problems["rule"] == "score within its scale").sum()
    assert wrong == len(table) and f"… and {wrong - 20} more of rule 'score within its scale'; the CSV has all" in lines
    csv, page = write_check(found, tmp_path / "out")
    assert len(pd.read_csv(csv)) == len(found.problems)
    text = page.read_text(encoding="utf-8")
    assert f"score within its scale ({wrong})" in text and f'href="{csv.name}"' in text and "<nav>" in text


def test_control_characters_never_reach_the_terminal_or_the_page(tmp_path):
    table = trial().assign(scale="\x1b[31mMADRS\u202e")
    table.to_parquet(tmp_path / "t.parquet")
    found = ka.examine(tmp_path / "t.parquet")
    told = describe(found)
    assert "\x1b" not in told and "\u202e" not in told and found.exit_code == 2
    page = write_check(found, tmp_path)[1].read_text(encoding="utf-8")
    assert "\x1b" not in page and "\u202e" not in page


def test_formulas_are_made_harmless_and_numbers_stay():
    cells = pd.DataFrame({"value": ["=1+1", "@x", "+49 30", "-9", "-1.5", "-x", 3, None]})
    assert harmless(cells)["value"].tolist()[:7] == ["'=1+1", "'@x", "+49 30", "-9", "-1.5", "'-x", 3]
