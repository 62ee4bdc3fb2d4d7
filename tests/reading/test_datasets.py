"""One broken file per rule, and combinations: each names file, row, column, value, rule and fix."""

import pandas as pd
import pytest
from typer.testing import CliRunner

import ketamine_analysis as ka
from ketamine_analysis.report.cli import app

SCORES = "study,subject,arm,hours,scale,score\n"
GOOD = (
    SCORES + "t,1,ketamine,0,MADRS,30\nt,1,ketamine,24,MADRS,12\nt,2,midazolam,0,MADRS,31\nt,2,midazolam,24,MADRS,29\n"
)
ARMS = "study,arm,role,hours,scale,outcome,n,events,percent,mean,sd\n"
GOOD_ARMS = ARMS + "t,ketamine,active,24,MADRS,response,17,12,70.6,,\nt,placebo,control,24,MADRS,response,17,1,5.9,,\n"
FIRST = "t,1,ketamine,0,MADRS,30\n"

# name: (text, row, column, value, words of the rule)
BROKEN = {
    "score_missing_column": ("study,subject,arm,hours,scale\nt,1,k,0,MADRS\n", None, "score", None, "column present"),
    "score_misspelled_column": (SCORES.replace("hours", "hour") + FIRST, None, "hours", None, "column present"),
    "score_two_columns_of_one_name": (SCORES.replace("arm", "score") + FIRST, None, "score", None, "column named once"),
    "score_not_a_number": (GOOD + "t,2,midazolam,72,MADRS,twelve\n", 6, "score", "twelve", "finite number"),
    "score_decimal_comma": (GOOD + 't,2,midazolam,72,MADRS,"12,5"\n', 6, "score", "12,5", "finite number"),
    "score_infinite": (GOOD + "t,2,midazolam,72,MADRS,inf\n", 6, "score", "inf", "finite number"),
    "score_hours_not_a_number": (GOOD + "t,2,midazolam,day 3,MADRS,20\n", 6, "hours", "day 3", "finite number"),
    "score_hours_blank": (GOOD + "t,2,midazolam,,MADRS,20\n", 6, "hours", None, "value present"),
    "score_subject_blank": (GOOD + "t,,midazolam,0,MADRS,20\n", 6, "subject", None, "value present"),
    "score_arm_blank": (SCORES + "t,1,,0,MADRS,30\n", 2, "arm", None, "value present"),
    "score_above_scale": (GOOD + "t,2,midazolam,72,MADRS,61\n", 6, "score", "61", "within its scale"),
    "score_sentinel": (GOOD + "t,2,midazolam,72,MADRS,-9\n", 6, "score", "-9", "within its scale"),
    "score_fraction": (GOOD + "t,2,midazolam,72,MADRS,12.5\n", 6, "score", "12.5", "whole scores"),
    "score_unknown_scale": (GOOD + "t,3,midazolam,0,MARDS,12\n", 6, "scale", "MARDS", "known scale"),
    "score_duplicate": (GOOD + "t,2,midazolam,24,MADRS,20\n", 6, "hours", "24", "one score per subject"),
    "score_no_baseline": (GOOD + "t,3,midazolam,24,MADRS,20\n", 6, "subject", "3", "before first dose"),
    "score_two_arms": (GOOD + "t,2,ketamine,72,MADRS,20\n", 6, "arm", "ketamine", "one arm per subject"),
    "score_role_changes": (
        "study,subject,arm,role,hours,scale,score\nt,1,k,active,0,MADRS,30\nt,2,k,control,0,MADRS,30\n", 3, "role",
        "control", "one role per arm",
    ),
    "score_below_floor_of_cdrs": (GOOD + "t,4,ketamine,0,CDRS-R,12\n", 6, "score", "12", "within its scale"),
    "arm_missing_n": ("study,arm,hours,scale,outcome\nt,k,24,MADRS,response\n", None, "n", None, "column present"),
    "arm_outcome_blank": (GOOD_ARMS + "u,k,active,24,MADRS,,10,3,,,\n", 4, "outcome", None, "value present"),
    "arm_study_blank": (GOOD_ARMS + ",k,active,24,MADRS,response,10,3,,,\n", 4, "study", None, "value present"),
    "arm_arm_blank": (GOOD_ARMS + "u,,active,24,MADRS,response,10,3,,,\n", 4, "arm", None, "value present"),
    "arm_scale_blank": (GOOD_ARMS + "u,k,active,24,,response,10,3,,,\n", 4, "scale", None, "value present"),
    "arm_n_zero": (GOOD_ARMS + "u,k,active,24,MADRS,response,0,0,,,\n", 4, "n", "0", "whole number above 0"),
    "arm_n_fraction": (GOOD_ARMS + "u,k,active,24,MADRS,response,10.5,3,,,\n", 4, "n", "10.5", "whole number above 0"),
    "arm_events_above_n": (GOOD_ARMS + "u,k,active,24,MADRS,response,10,11,,,\n", 4, "events", "11", "at most n"),
    "arm_events_negative": (GOOD_ARMS + "u,k,active,24,MADRS,response,10,-1,,,\n", 4, "events", "-1", "whole number from 0"),
    "arm_events_fraction": (GOOD_ARMS + "u,k,active,24,MADRS,response,10,1.5,,,\n", 4, "events", "1.5", "whole number from 0"),
    "arm_events_without_n": (GOOD_ARMS + "u,k,active,24,MADRS,response,,4,,,\n", 4, "n", None, "n beside events"),
    "arm_percent_fits_no_count": (GOOD_ARMS + "u,k,active,24,MADRS,response,10,,33.3,,\n", 4, "percent", "33.3", "whole count"),
    "arm_percent_against_events": (GOOD_ARMS + "u,k,active,24,MADRS,response,10,4,50.0,,\n", 4, "percent", "50.0", "whole count"),
    "arm_percent_above_100": (GOOD_ARMS + "u,k,active,24,MADRS,response,10,,120,,\n", 4, "percent", "120", "0 to 100"),
    "arm_negative_spread": (GOOD_ARMS + "u,k,active,24,MADRS,change,10,,,-9,-2\n", 4, "sd", "-2", "not negative"),
    "arm_mean_outside": (GOOD_ARMS + "u,k,active,24,MADRS,score,10,,,75,9\n", 4, "mean", "75", "mean within its scale"),
    "arm_change_outside": (GOOD_ARMS + "u,k,active,24,MADRS,change,10,,,-70,9\n", 4, "mean", "-70", "mean within its scale"),
    "arm_unknown_role": (GOOD_ARMS + "u,k,treated,24,MADRS,response,10,4,,,\n", 4, "role", "treated", "role is one of"),
    "arm_unknown_outcome": (GOOD_ARMS + "u,k,active,24,MADRS,cured,10,4,,,\n", 4, "outcome", "cured", "outcome is one of"),
    "arm_duplicate": (GOOD_ARMS + "t,ketamine,active,24,MADRS,response,17,11,,,\n", 4, "arm", "ketamine", "one row per arm"),
    "arm_hours_text": (GOOD_ARMS + "u,k,active,1 day,MADRS,response,10,4,,,\n", 4, "hours", "1 day", "finite number"),
}  # fmt: skip


def _write(tmp_path, name, text):
    path = tmp_path / f"{name}.csv"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("name", BROKEN)
def test_each_broken_file_is_named_in_full(name, tmp_path):
    text, row, column, value, rule = BROKEN[name]
    path = _write(tmp_path, name, text)
    read = ka.read_scores if name.startswith("score") else ka.read_arms
    with pytest.raises(ka.DatasetError) as caught:
        read(path)
    found = caught.value.problems
    mine = found[(found["column"] == column) & found["rule"].str.contains(rule, regex=False)]
    assert len(mine) >= 1, found.to_string()
    last = mine.iloc[-1]
    assert last["file"] == path.name and len(last["message"]) > 8
    if row is not None:
        assert last["row"] == row
    if value is not None:
        assert last["value"] == value
        assert repr(value) in str(caught.value)
    outcome = CliRunner().invoke(app, ["check", str(path), "--out", str(tmp_path / "out")])
    assert outcome.exit_code == 2 and "Traceback" not in outcome.output
    assert path.name in outcome.output and rule in outcome.output and column in outcome.output


def test_all_problems_come_in_one_report(tmp_path):
    text = GOOD + "t,2,midazolam,72,MADRS,61\nt,3,midazolam,24,MARDS,x\nt,2,midazolam,96,MADRS,12.5\n"
    with pytest.raises(ka.DatasetError) as caught:
        ka.read_scores(_write(tmp_path, "many", text))
    rules = set(caught.value.problems["rule"])
    assert rules == {
        "score within its scale",
        "a known scale",
        "a finite number",
        "a row before first dose",
        "whole scores",
    }
    assert set(caught.value.problems["row"]) == {6, 7, 8}


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("empty", b"", "a header line"),
        ("header_only", SCORES.encode(), "at least one row"),
        ("ragged", (GOOD + "t,1,2,3,4,5,6,7,8\n").encode(), "as many fields"),
        ("control", GOOD.encode().replace(b"30", b"3\0"), "control characters"),
    ],
)
def test_unreadable_files_are_refused_in_words(name, content, words, tmp_path):
    path = tmp_path / f"{name}.csv"
    path.write_bytes(content)
    with pytest.raises(ka.DatasetError, match=words):
        ka.read_scores(path)
    outcome = CliRunner().invoke(app, ["check", str(path), "--out", str(tmp_path / "out")])
    assert outcome.exit_code == 2 and words in outcome.output and "Traceback" not in outcome.output


def test_a_missing_file_and_a_folder_are_refused(tmp_path):
    for path, words in ((tmp_path / "none.csv", "the file exists"), (tmp_path, "not a folder")):
        with pytest.raises(ka.DatasetError, match=words):
            ka.read_arms(path)


def test_good_files_pass_with_exit_code_0_and_flags_with_1(tmp_path):
    for name, text, code in (
        ("scores", GOOD, 0),
        ("arms", GOOD_ARMS, 0),
        ("flag", GOOD_ARMS + "t,ketamine,active,24,MADRS,remission,17,14,,,\n", 1),
    ):
        outcome = CliRunner().invoke(app, ["check", str(_write(tmp_path, name, text)), "--out", str(tmp_path)])
        assert outcome.exit_code == code, outcome.output
    assert "remission not more frequent" in outcome.output and "14" in outcome.output


def test_the_shipped_evidence_keeps_every_rule_and_its_oddities_are_flagged():
    problems = ka.problems_in_arms(ka.load_evidence())
    assert (problems["severity"] == "warning").all()
    arms = ka.load_evidence()
    flagged = arms.loc[problems.loc[problems["rule"].str.startswith("remission"), "row"], "study"]
    assert {"lii2023", "edwards1989", "mcgrath2000", "moreno2005"} <= set(flagged)


def test_foreign_names_units_visits_codes_and_a_baseline_column():
    table = pd.DataFrame({
        "PATIENT": [1, 1, 2], "arm": ["a", "a", "b"], "visit": ["Week 1", "Week 2", "Week 1"],
        "MADRS": [20, -9, 18], "base": [30, 30, 33],
    })  # fmt: skip
    scores = ka.read_scores(
        table,
        columns={"subject": "PATIENT", "score": "MADRS", "baseline": "base"},
        scale="MADRS", study="mine", visits={"Week 1": 168, "Week 2": 336}, missing=(-9,),
    )  # fmt: skip
    start = scores[scores["hours"] == 0]
    assert start["score"].tolist() == [30, 33]
    later = scores[scores["hours"] > 0].sort_values(["subject", "hours"])
    assert later["hours"].tolist() == [168, 336, 168] and later["score"].isna().tolist() == [False, True, False]
    assert table["MADRS"].tolist() == [20, -9, 18]  # the caller's table is as it was


def test_time_units_are_turned_into_hours():
    table = pd.DataFrame({"subject": 1, "arm": "a", "hours": [0, 1], "score": [30, 20]})
    for unit, hours in (("minutes", 1 / 60), ("days", 24), ("weeks", 168)):
        assert ka.read_scores(table, scale="MADRS", study="s", time_unit=unit)["hours"].max() == pytest.approx(hours)
    assert ka.read_scores(table, scale="MADRS", study="s", time_unit="months")["hours"].max() == 730.5
    with pytest.raises(ValueError, match="'years' is unknown"):
        ka.read_scores(table, scale="MADRS", study="s", time_unit="years")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"columns": {"subject": "ID"}}, "names no column of the file"),
        ({"visits": {"Week 9": 1}}, "say its hours since first dose"),
        ({"study": "other"}, "has its own column"),
    ],
)
def test_arguments_that_do_not_fit_the_table_are_named(arguments, words):
    table = pd.DataFrame({"study": "s", "subject": 1, "arm": "a", "visit": ["Week 0", "Week 1"], "score": [30, 20]})
    with pytest.raises(ka.DatasetError, match=words):
        ka.read_scores(table, scale="MADRS", **arguments)


def test_two_baselines_of_one_subject_are_refused():
    table = pd.DataFrame({"subject": 1, "arm": "a", "hours": [24, 48], "score": [30, 20], "baseline": [30, 31]})
    with pytest.raises(ka.DatasetError, match="one baseline per subject"):
        ka.read_scores(table, scale="MADRS", study="s")


def test_checks_give_back_the_same_table():
    arms = ka.load_evidence()
    assert ka.check_arms(arms) is arms
    with pytest.raises(ka.DatasetError):
        ka.check_scores(pd.DataFrame({"subject": [1]}))


def test_a_crossover_is_read_with_a_period():
    table = pd.DataFrame({
        "study": "s", "subject": 1, "period": [1, 1, 2, 2], "arm": ["a", "a", "b", "b"], "hours": [0, 24, 0, 24],
        "scale": "MADRS", "score": [30, 12, 28, 25],
    })  # fmt: skip
    assert len(ka.read_scores(table)) == 4
    with pytest.raises(ka.DatasetError, match="one arm per subject"):
        ka.read_scores(table.drop(columns="period").assign(hours=[0, 24, -1, 48]))


def test_visits_are_hours_whatever_the_time_unit_and_one_code_may_be_given_alone():
    table = pd.DataFrame({"subject": 1, "arm": "a", "visit": ["B", "D1"], "score": ["30", "9"]})
    scores = ka.read_scores(table, scale="MADRS", study="s", visits={"B": 0, "D1": 24}, time_unit="days", missing="999")
    assert scores["hours"].tolist() == [0, 24] and scores["score"].tolist() == [30, 9]
    again = ka.read_scores(
        table.assign(score=[30, -9]), scale="MADRS", study="s", visits={"B": 0, "D1": 24}, missing=-9
    )
    assert again["score"].isna().tolist() == [False, True]


def test_the_baseline_is_found_on_whichever_row_it_stands():
    table = pd.DataFrame({"subject": [1, 1], "arm": "k", "hours": [24, 168], "score": [10, 9], "baseline": [None, 30]})
    assert ka.read_scores(table, scale="MADRS", study="s")["score"].tolist()[0] == 30


def test_a_wide_file_that_reads_also_checks(tmp_path):
    path = _write(tmp_path, "wide", "subject,arm,hours,scale,score,baseline\n1,k,24,MADRS,10,30\n")
    assert CliRunner().invoke(app, ["check", str(path), "--out", str(tmp_path / "out")]).exit_code == 0
    assert len(ka.read_scores(path)) == 2


def test_the_same_time_written_in_two_ways_is_a_duplicate(tmp_path):
    text = GOOD_ARMS + "t,ketamine ,active,24.0,MADRS,response,17,11,,,\n"
    with pytest.raises(ka.DatasetError, match="one row per arm"):
        ka.read_arms(_write(tmp_path, "twice", text))


def test_empty_frames_and_second_names_are_refused():
    table = pd.DataFrame({"subject": [1], "arm": "a", "hours": 0, "score": 30, "total": 1})
    with pytest.raises(ka.DatasetError, match="at least one row"):
        ka.read_scores(table.iloc[:0])
    with pytest.raises(ka.DatasetError, match="column named once"):
        ka.read_scores(table, columns={"score": "total"})


def test_rows_of_one_label_are_told_apart():
    table = pd.DataFrame(
        {"study": "s", "subject": [1, 1], "arm": "a", "hours": [0, 24], "scale": "MADRS", "score": [61, 30]},
        index=[7, 7],
    )
    problems = ka.problems_in_scores(table)
    assert problems[["row", "value"]].to_numpy().tolist() == [[7, 61]]


def test_an_arm_spelled_in_two_ways_is_not_two_arms():
    table = pd.DataFrame({
        "subject": [1, 1, 2, 2, 3, 3], "arm": ["Ketamine"] * 4 + ["ketamine "] * 2, "hours": [0, 24] * 3, "score": 20,
    })  # fmt: skip
    with pytest.raises(ka.DatasetError, match="mostly written 'Ketamine': write it so") as raised:
        ka.read_scores(table, scale="MADRS", study="one")
    assert raised.value.problems["row"].tolist() == [4, 5]
    counts = table.assign(arm=["Ketamine", "ketamine"] * 3, study=list("aabbcc"), n=20, events=9, outcome="response")
    counts = counts.assign(hours=24, scale="MADRS")
    with pytest.raises(ka.DatasetError, match="one spelling per arm"):
        ka.read_arms(counts)
    ka.read_arms(counts.assign(study=list("abcdef")))  # other trials spell as they like


def test_missing_columns_name_the_likely_ones_to_paste():
    table = pd.DataFrame({"USUBJID": ["a"], "TRT01P": "x", "VISIT": "Week 1", "AVAL": 20})
    with pytest.raises(ka.DatasetError) as raised:
        ka.read_scores(table)
    told = dict(zip(raised.value.problems["column"], raised.value.problems["message"], strict=True))
    assert "it has USUBJID, TRT01P, VISIT, AVAL" in str(raised.value) and str(raised.value).count("it has") == 1
    assert 'columns={"subject": "USUBJID"}' in told["subject"] and 'columns={"score": "AVAL"}' in told["score"]
    assert 'columns={"visit": "VISIT"} and visits=' in told["hours"] and 'scale="MADRS"' in told["scale"]
    with pytest.raises(ka.DatasetError, match='columns={"score": "HAMD17_total"}') as raised:
        ka.read_scores(table.rename(columns={"AVAL": "HAMD17_total"}))
    assert 'scale="HAMD17"' in str(raised.value)


def test_unknown_visits_are_told_once_with_their_likely_hours():
    table = pd.DataFrame({"subject": [1, 1, 1, 2, 2], "arm": "a", "score": 20})
    table["visit"] = ["Baseline", "Week 1", "V9", "Baseline", "Week 1"]
    with pytest.raises(ka.DatasetError) as raised:
        ka.read_scores(table, scale="MADRS", study="s")
    assert raised.value.problems["value"].tolist() == ["Baseline", "Week 1", "V9"]
    assert "all together: visits={'Baseline': 0, 'Week 1': 168, 'V9': …}" in raised.value.problems["message"][0]
    table.loc[2, "visit"] = None
    with pytest.raises(ka.DatasetError, match="a visit with known hours"):
        ka.read_scores(table, scale="MADRS", study="s", visits={"Baseline": 0, "Week 1": 168})


def test_study_days_count_from_one_and_a_named_unit_must_be_said():
    table = pd.DataFrame({"subject": 1, "arm": "a", "ADY": [-1, 1, 8], "score": [30, 31, 20]})
    names = {"columns": {"hours": "ADY"}, "scale": "MADRS", "study": "s"}
    assert ka.read_scores(table, **names, time_unit="study_days")["hours"].tolist() == [-24, 0, 168]
    with pytest.raises(ValueError, match="'ADY' seems to count study_days: say time_unit='study_days'"):
        ka.read_scores(table, **names)
    assert ka.read_scores(table, **names, time_unit="hours")["hours"].tolist() == [-1, 1, 8]
    with pytest.raises(ka.DatasetError, match="no day 0"):
        ka.read_scores(table.assign(ADY=[0, 1, 8]), **names, time_unit="study_days")
    with pytest.raises(ka.DatasetError, match="do the times count study days from 1"):
        ka.read_scores(table.assign(ADY=[1, 2, 8]), **names, time_unit="days")
    with pytest.raises(ValueError, match="'weekz' is unknown.*did you mean 'weeks'"):
        ka.read_scores(table, **names, time_unit="weekz")


def test_a_small_published_table_is_read_in_one_call():
    table = pd.DataFrame({"Study": "a", "Arm": ["ketamine", "saline"], "N": 12, "Responders": [8, 1], "Week": 1})
    names = {"study": "Study", "arm": "Arm", "n": "N", "events": "Responders", "hours": "Week"}
    with pytest.raises(ValueError, match="'Week' seems to count weeks: say time_unit='weeks'"):
        ka.read_arms(table, columns=names)
    arms = ka.read_arms(table, columns=names, scale="not_stated", outcome="response", time_unit="weeks")
    assert arms[["hours", "events"]].to_numpy().tolist() == [[168, 8], [168, 1]]
