"""Each plausibility rule: how often it sees a seeded error, how often it cries wolf on 20 valid files. Printed."""

import numpy as np
import pandas as pd
import pytest

import ketamine_analysis as ka
from ketamine_analysis.any_file.plausibility import RULES, implausible
from ketamine_analysis.words import numeric

FILES = 20
ENTRY = 20


@pytest.fixture(scope="module")
def patients():
    """20 valid trials: other sizes, visits, scales, file orders."""
    rng = np.random.default_rng(5)
    visits = (
        [4.0, 24.0, 72.0, 168.0],
        [24.0, 168.0, 336.0, 672.0, 1008.0],
        [168.0, 336.0, 672.0, 1344.0],
        [2.0, 24.0, 48.0],
    )
    tables = []
    for seed in range(FILES):
        table = ka.simulate_trial(n_per_arm=int(rng.integers(15, 80)), seed=seed, hours=visits[seed % 4])
        if seed % 5 == 4:  # no order in the file
            table = table.sample(frac=1, random_state=seed)
        if seed % 5 == 3:  # sorted by visit
            table = table.sort_values(["hours", "subject"])
        tables.append(table.reset_index(drop=True))
    return tables


@pytest.fixture(scope="module")
def published(patients):
    return [ka.summarize_arms(ka.derive_outcomes(one), outcomes=["response", "change", "score"]) for one in patients]


def _put(table, column, row, value):
    table = table.assign(**{column: table[column].astype(float)})
    table.loc[row, column] = value
    return table


def _one_row(table, rng, mask):
    return rng.choice(np.flatnonzero(mask))


def _twin(table, rng):
    counts = table.dropna(subset="score").groupby("subject").size()
    one = rng.choice(counts.index[counts >= 4]) if (counts >= 4).any() else counts.idxmax()
    return pd.concat([table, table[table["subject"] == one].assign(subject="S9999")], ignore_index=True)


def _swapped_times(table, rng):
    """Two visits of one subject, typed in the wrong order."""
    subject = rng.choice(table["subject"].unique())
    rows = table.index[(table["subject"] == subject)].tolist()
    while len(rows) < 3:
        subject = rng.choice(table["subject"].unique())
        rows = table.index[(table["subject"] == subject)].tolist()
    return _put(_put(table, "hours", rows[1], table["hours"][rows[2]]), "hours", rows[2], table["hours"][rows[1]])


def _as_lsas(table):
    """A scale on which 99 is a possible score."""
    return table.assign(scale="LSAS")


SEEDS = {  # rule: how an error of that kind gets into a valid table
    ("a code for missing among the scores", "score"): lambda t, rng: _put(_as_lsas(t), "score", _one_row(t, rng, t["hours"] > 0), 99),
    ("a number that can be measured", "score"): lambda t, rng: _put(t, "score", _one_row(t, rng, t["hours"] > 0), 5.397605e-79),
    ("a number that can be measured", "hours"): lambda t, rng: _put(t, "hours", _one_row(t, rng, t["hours"] == 0), 5.397605e-79),
    ("time runs forward", "hours"): _swapped_times,
    ("a time after first dose", "hours"): lambda t, rng: t.assign(hours=-t["hours"]),
    ("visits have common times", "hours"): lambda t, rng: t.assign(hours=t["hours"] * rng.uniform(0.9, 1.1, len(t))),
    ("hours are hours", "hours"): lambda t, rng: t.assign(hours=t["hours"].replace({4: 24, 2: 24}) / (24 if t["hours"].max() < 1000 else 168)),
    ("each patient once", "subject"): _twin,
    ("no preference for round scores", "score"): lambda t, rng: t.assign(
        score=t["score"].where(rng.random(len(t)) < 0.6, (t["score"] / 5).round() * 5)),
    ("baseline at or above the entry score", "score"): lambda t, rng: _put(t, "score", _one_row(t, rng, t["hours"] == 0), ENTRY - 3),
    ("a patient, not a footer", "subject"): lambda t, rng: t.assign(
        subject=t["subject"].astype(str).where(t["subject"] != t["subject"].iloc[-1], rng.choice(["N = 54", "Mean", "SD", "Mean (SD)"]))),
    ("a trial, not a sum of trials", "study"): lambda t, rng: t.assign(
        study=t["study"].where(t.index != _one_row(t, rng, t["study"].notna()), rng.choice(["Total (95% CI)", "Overall"]))),
    ("symptoms do not worsen in every arm", "score"): lambda t, rng: t.assign(
        score=(2 * t["subject"].map(t[t["hours"] == 0].set_index("subject")["score"]) - t["score"]).clip(0, 60)),
    ("a change for the better is negative", "mean"): lambda t, rng: t.assign(mean=t["mean"].where(t["outcome"] != "change", -t["mean"])),
    ("sd is a standard deviation", "sd"): lambda t, rng: t.assign(sd=t["std_error"]),
    ("std_error is a standard error", "std_error"): lambda t, rng: t.assign(std_error=t["sd"]),
    ("sd and std_error fit n", "std_error"): lambda t, rng: t.assign(std_error=t["std_error"] * 1.5),
    ("n counts patients", "n"): lambda t, rng: _put(t, "n", _one_row(t, rng, t["n"] > 0), 999),
    ("a number that can be measured", "mean"): lambda t, rng: _put(t, "mean", _one_row(t, rng, t["mean"].notna()), 5.397605e-79),
    ("each trial once", "study"): lambda t, rng: pd.concat([t, t.assign(study="again")], ignore_index=True),
}  # fmt: skip


def _found(table, rule, **given):
    problems = implausible(table, rule.grain, **given)
    return bool(((problems["rule"] == rule.name) & (problems["column"] == rule.column)).any())


@pytest.mark.slow
def test_detection_and_false_alarms_of_every_rule(patients, published, capsys):
    rng = np.random.default_rng(11)
    rows = []
    for rule in RULES:
        tables = patients if rule.grain == "patients" else published
        given = {"entry_score": ENTRY} if rule.name.startswith("baseline") else {}
        seed = SEEDS.get((rule.name, rule.column))
        hit = np.mean([_found(seed(table, rng), rule, **given) for table in tables])
        alarm = np.mean([_found(table, rule, **given) for table in tables])
        rows.append((rule.grain, rule.name, rule.column, hit, alarm))
    rates = pd.DataFrame(rows, columns=["grain", "rule", "column", "detected", "false_alarms"])
    with capsys.disabled():
        print("\n" + rates.to_string(index=False))
    assert (rates["detected"] >= 0.75).all()  # without order no time runs backwards; two visits have any unit
    assert (rates["false_alarms"] <= 0.05).all()


def _text_percent(table, rng):
    table = table.assign(
        percent=(100 * table["events"] / table["n"]).round(1).map("{:.1f}".format).where(table["outcome"] == "response")
    )
    row = _one_row(table, rng, table["percent"].notna())
    return table.assign(percent=table["percent"].mask(table.index == row, f"{float(table['percent'][row]) + 1.7:.1f}"))


OF_THE_TABLE = {  # rules that stop a reading: they are in checks.py, and belong to the same promise
    ("score within its scale", "patients"): lambda t, rng: _put(t, "score", _one_row(t, rng, t["hours"] > 0), 61),
    ("whole scores", "patients"): lambda t, rng: _put(t, "score", _one_row(t, rng, t["score"] < 60), 20.5),
    ("one arm per subject", "patients"): lambda t, rng: t.assign(
        arm=t["arm"].where(t.index != _one_row(t, rng, t["subject"].duplicated()), "another"), treatment=None, treatment_class=None, role=None, control_kind=None),
    ("one score per subject, scale and time", "patients"): lambda t, rng: pd.concat([t, t.iloc[[3]]], ignore_index=True),
    ("percent fits a whole count", "arms"): _text_percent,
    ("mean within its scale", "arms"): lambda t, rng: _put(t, "mean", _one_row(t, rng, t["outcome"] == "score"), 61),
    ("events at most n", "arms"): lambda t, rng: _put(t, "events", _one_row(t, rng, t["outcome"] == "response"), 1000),
}  # fmt: skip


@pytest.mark.slow
def test_detection_and_false_alarms_of_the_rules_that_stop_a_reading(patients, published, capsys):
    rng = np.random.default_rng(12)
    rows = []
    for (rule, grain), seed in OF_THE_TABLE.items():
        find = ka.problems_in_scores if grain == "patients" else ka.problems_in_arms
        tables = patients if grain == "patients" else published
        hit = np.mean([find(seed(table, rng))["rule"].eq(rule).any() for table in tables])
        alarm = np.mean([find(table)["rule"].eq(rule).any() for table in tables])
        rows.append((grain, rule, hit, alarm))
    rates = pd.DataFrame(rows, columns=["grain", "rule", "detected", "false_alarms"])
    with capsys.disabled():
        print("\n" + rates.to_string(index=False))
    assert (rates["detected"] >= 0.95).all() and (rates["false_alarms"] == 0).all()


def test_numbers_of_words_are_read_once_and_infinities_are_none():
    values = numeric(pd.Series(["1", "x", None, "inf", "1", "2.5"]))
    np.testing.assert_array_equal(values, [1, np.nan, np.nan, np.nan, 1, 2.5])


def test_a_problem_says_where_and_what_to_do(patients):
    table = patients[0]
    row = table.index[table["hours"] == 0][3]
    problems = implausible(
        _put(table, "score", row, ENTRY - 3), "patients", file="f.csv", lines=table.index + 2, entry_score=ENTRY
    )
    mine = problems[problems["rule"].str.startswith("baseline")].iloc[0]
    assert mine[["file", "row", "column", "value", "severity"]].tolist() == ["f.csv", row + 2, "score", 17.0, "warning"]
