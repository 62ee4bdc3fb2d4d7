"""A study's form: what is refused and how it is said, what is kept, and that nothing else changes."""

import shutil
from pathlib import Path

import pytest

import ketamine_analysis as ka
from ketamine_analysis.evidence.codebook import text_tables
from ketamine_analysis.report.study_report import describe_addition

SHIPPED = Path(__file__).parents[2] / "data" / "evidence"
FORM = """
source_url = "https://example.org/table2"
locator = "Table 2"
[trial]
trial_id = "nobody2026"
label = "Nobody 2026"
year = 2026
evidence_group = "ketamine"
design = "parallel"
blinding = "double_blind"
control_type = "active_placebo"
condition = "depression"
population = "MDD"
n_randomised = 40
primary_scale = "MADRS"
quote = "40 adults with MDD were randomised, double-blind, to ketamine or midazolam"
[[arms]]
arm_id = "ketamine_0.5"
role = "active"
treatment = "ketamine"
treatment_class = "ketamine"
combination = "no"
background = "none"
n_randomised = 20
quote = "ketamine 0.5 mg/kg (n = 20)"
[[arms]]
arm_id = "midazolam"
role = "control"
control_kind = "active_placebo"
treatment = "midazolam"
treatment_class = "midazolam"
combination = "no"
background = "none"
n_randomised = 20
quote = "midazolam (n = 20)"
[[outcomes]]
arm_id = "ketamine_0.5"
hours = 24
timing = "at"
scale = "MADRS"
outcome = "response"
definition = ">=50% fall"
analysis = "itt"
n = 20
events = 12
percent = 60.0
basis = "printed"
use = "pool"
preferred = "yes"
quote = "response at 24 h: ketamine 12/20 (60.0 %)"
[[outcomes]]
arm_id = "midazolam"
hours = 24
timing = "at"
scale = "MADRS"
outcome = "response"
definition = ">=50% fall"
analysis = "itt"
n = 20
events = 5
percent = 25.0
basis = "printed"
use = "pool"
preferred = "yes"
quote = "response at 24 h: midazolam 5/20 (25.0 %)"
"""


@pytest.fixture
def folder(tmp_path):
    return Path(shutil.copytree(SHIPPED, tmp_path / "evidence"))


def form(tmp_path, text):
    path = tmp_path / "study.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_study_is_shown_with_what_it_changes_and_kept_whole(tmp_path, folder):
    before = text_tables(folder)
    addition = ka.add_study(form(tmp_path, FORM), folder=folder)
    assert {name: len(rows) for name, rows in addition.rows.items()} == {"trials": 1, "arms": 2, "outcomes": 2}
    text = describe_addition(addition)
    assert "rows read and checked: 1 of trials, 2 of arms, 2 of outcomes" in text
    assert "5 trials" in text and "6 trials" in text and "24 h" in text
    assert all(before[name].equals(table) for name, table in text_tables(folder).items()), "written before it was kept"
    addition.keep()
    after = text_tables(folder)
    for name, old in before.items():
        assert after[name].iloc[: len(old)].equals(old)
    assert after["outcomes"].iloc[-1]["percent"] == "25.0", "a figure is kept as it was written"
    kept = ka.default_pool(ka.load_evidence(folder=folder)).query("study == 'nobody2026'")
    assert kept[["n", "events"]].to_numpy().tolist() == [[20, 12], [20, 5]]
    words = ka.load_evidence("quotes", folder=folder).query("study == 'nobody2026'")
    assert len(words) == 5
    assert not (folder / ".adding").exists()
    with pytest.raises(ka.DatasetError, match="the evidence has it already"):
        ka.add_study(form(tmp_path, FORM), folder=folder)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("events = 12", "events = 21", "'21' breaks rule 'events are not above n'"),
        ("percent = 60.0", "percent = 66.7", "rounds to the percent"),
        ("n = 20\nevents = 5\npercent = 25.0", "n = 16\nevents = 5\npercent = 25.0", "of the 20 randomised, not of this n"),
        ('percent = 60.0\nbasis = "printed"', 'percent = 62.0\nbasis = "count_from_percent"', "exactly one whole number of people"),
        ("12/20 (60.0 %)", "12 of them", "the figure stands in the row's quote"),
        ('outcome = "response"', 'outcome = "respons"', "did you mean 'response'"),
        ("hours = 24", "our = 24", "did you mean 'hours'"),
        ('arm_id = "midazolam"\nhours', 'arm_id = "midazolan"\nhours', "nobody2026 has ketamine_0.5, midazolam"),
        ('source_url = "https://example.org/table2"', 'source_url = "table2"', "an address that opens the source"),
        ('control_kind = "active_placebo"\n', "", "say what they got"),
        ("hours = 24", 'hours = "next day"', "'next day' breaks rule 'a number'"),
        ("hours = 24", "hours = [24]", "one figure or one text"),
        ("[[outcomes]]", "[[outcome]]", "did you mean 'outcomes'"),
        ("[trial]", "[trial", "a form in TOML"),
        ('use = "pool"', 'use = "context"', "what is not pooled says why"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_its_line_and_nothing_is_written(tmp_path, folder, old, new, said):
    assert old in FORM
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    with pytest.raises(ka.DatasetError) as caught:
        ka.add_study(form(tmp_path, FORM.replace(old, new)), folder=folder)
    assert said in str(caught.value) and "study.toml" in str(caught.value)
    assert before == {path.name: path.read_bytes() for path in folder.iterdir()}


def test_impossible_means_are_refused(tmp_path, folder):
    mean = '[[outcomes]]\narm_id = "midazolam"\nhours = 4\ntiming = "at"\nscale = "MADRS"\noutcome = "score"\n' \
        'analysis = "observed"\nn = 20\nmean = 70.5\nsd = 40.1\nbasis = "printed"\nuse = "pool"\npreferred = "yes"\n' \
        'quote = "MADRS 4 h midazolam 70.5 (40.1), n = 20"\n'  # fmt: skip
    with pytest.raises(ka.DatasetError) as caught:
        ka.add_study(form(tmp_path, FORM + mean), folder=folder)
    rules = set(caught.value.problems["rule"])
    assert {"a mean score lies within its scale", "an SD is at most half the scale's width"} <= rules


def test_a_twin_is_worth_a_second_look(tmp_path, folder):
    twin = FORM.replace('label = "Nobody 2026"', 'label = "Murrough 2013"')
    found = ka.add_study(form(tmp_path, twin), folder=folder).warnings
    assert "murrough2013 has the same label" in " ".join(found["message"])


def test_risk_of_bias_stands_beside_effects_and_blank_is_not_stated():
    table = ka.with_risk_of_bias(ka.load_evidence("trials").query("study in ['sumner2020', 'blashki1971']"))
    table = table.set_index("study")
    assert table.loc["sumner2020", "masking_active_right"] == 88
    assert table.loc["blashki1971", ["randomisation", "funding"]].tolist() == ["not stated", "not stated"]


def test_an_earlier_version_of_the_evidence_is_as_it_was():
    assert len(ka.load_evidence("effects", version=1)) == 117 and len(ka.load_evidence("risk_of_bias", version=2)) == 0


def test_a_folder_without_a_codebook_says_what_to_do(tmp_path):
    with pytest.raises(ValueError, match="copy the shipped data/evidence there, whole"):
        ka.evidence_history(tmp_path)
