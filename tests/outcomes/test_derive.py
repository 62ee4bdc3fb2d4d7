import numpy as np
import pandas as pd
import polars as pl
import pytest

import ketamine_analysis as ka


def _scores(rows, scale="MADRS"):
    table = pd.DataFrame(rows, columns=["subject", "arm", "hours", "score"])
    return table.assign(study="s", scale=scale, score=table["score"].astype(float))


# four patients: responder, exactly half, dropout after a good first visit, never seen again
FOUR = _scores([
    (1, "a", -24, 40), (1, "a", 0, 30), (1, "a", 24, 10), (1, "a", 168, 9),
    (2, "a", 0, 30), (2, "a", 24, 15), (2, "a", 168, 20),
    (3, "a", 0, 30), (3, "a", 24, 12),
    (4, "a", 0, 30),
])  # fmt: skip


def test_outcomes_by_hand():
    table = ka.derive_outcomes(FOUR).set_index(["subject", "hours"])
    assert table.loc[(1, 24), "baseline"] == 30  # the last score at hours <= 0, not the first
    assert table.loc[(1, 24), "change"] == -20
    assert table.loc[(1, 24), "percent_change"] == pytest.approx(-200 / 3)
    assert table.loc[(2, 24), "response"] and not table.loc[(2, 168), "response"]  # exactly 50 % counts
    assert table.loc[(1, 24), "remission"] and table.loc[(1, 168), "remission"] and not table.loc[(3, 24), "remission"]
    assert table["remission_definition"].unique().tolist() == ["MADRS<=10"]


def test_exactly_half_counts_whatever_the_rounding():
    for baseline in range(1, 61):
        half = _scores([(1, "a", 0, baseline), (1, "a", 24, baseline * 0.5), (1, "a", 48, baseline * 0.5 + 0.01)])
        assert ka.derive_outcomes(half)["response"].tolist()[1:] == [True, False]
    third = _scores([(1, "a", 0, 0.3 * 100), (1, "a", 24, 0.2 * 100)])
    assert ka.derive_outcomes(third, response_fraction=1 / 3)["response"].tolist()[1]


def test_response_counts_from_the_floor_of_cdrs_r():
    table = _scores(
        [(1, "a", 0, 57), (1, "a", 24, 37), (1, "a", 48, 38), (2, "a", 0, 17), (2, "a", 24, 17), (2, "a", 48, 30)],
        "CDRS-R",
    )
    out = ka.derive_outcomes(table)
    assert out["response"].tolist()[1:3] == [True, False]  # (57 − 17)/2 = 20 points are half
    assert out.loc[out["subject"] == 2, "response"].isna().all()  # baseline at the floor: unknown
    assert out.loc[out["subject"] == 2, "percent_change"].isna().all()  # and not infinite


def test_unknown_scores_are_unknown_outcomes():
    table = _scores([(1, "a", 0, 30), (1, "a", 24, None), (2, "a", 0, None), (2, "a", 24, 10)])
    out = ka.derive_outcomes(table)
    assert out["response"].isna().tolist() == [False, True, True, True]
    assert out["remission"].isna().tolist() == [False, True, True, False]
    assert str(out["response"].dtype) == "boolean"


def test_remission_is_a_named_choice():
    table = _scores([(1, "a", 0, 30), (1, "a", 24, 11)])
    assert ka.derive_outcomes(table)["remission"].tolist()[1] is False
    out = ka.derive_outcomes(table, remission={"MADRS": "<=12"})
    assert out["remission"].tolist()[1] is True and out["remission_definition"].iloc[1] == "MADRS<=12"
    everyone = {name: next(iter(scale.remission), None) for name, scale in ka.SCALES.items()}  # every scale named
    assert ka.derive_outcomes(table, remission={**everyone, "MADRS": "<=12"})["remission"].tolist()[1] is True
    with pytest.raises(ValueError, match="no remission cut-off '<=11'"):
        ka.derive_outcomes(table, remission="<=11")
    with pytest.raises(ValueError, match=r"response_fraction 50"):
        ka.derive_outcomes(table, response_fraction=50)


def _row(missing, outcome, hours):
    arms = ka.summarize_arms(ka.derive_outcomes(FOUR), missing=missing)
    return arms[(arms["outcome"] == outcome) & (arms["hours"] == hours)].iloc[0]


@pytest.mark.parametrize(
    ("missing", "hours", "n", "events", "mean_n", "mean"),
    [
        ("observed", 24, 3, 3, 3, (-20 - 15 - 18) / 3),
        ("observed", 168, 2, 1, 2, (-21 - 10) / 2),
        ("nonresponder", 24, 4, 3, 3, (-20 - 15 - 18) / 3),
        ("nonresponder", 168, 4, 1, 2, (-21 - 10) / 2),
        ("locf", 24, 4, 3, 4, (-20 - 15 - 18 + 0) / 4),
        ("locf", 168, 4, 2, 4, (-21 - 10 - 18 + 0) / 4),
        ("bocf", 168, 4, 1, 4, (-21 - 10 + 0 + 0) / 4),
    ],
)
def test_missing_data_strategies_by_hand(missing, hours, n, events, mean_n, mean):
    row = _row(missing, "response", hours)
    assert (row["n"], row["events"], row["analysis"]) == (n, events, missing)
    row = _row(missing, "change", hours)
    assert row["n"] == mean_n and row["mean"] == pytest.approx(mean)


def test_means_and_intervals_by_hand():
    row = _row("observed", "change", 24)
    values = np.array([-20, -15, -18.0])
    assert row["sd"] == pytest.approx(values.std(ddof=1))
    assert row["std_error"] == pytest.approx(2.516611 / np.sqrt(3), rel=1e-6)  # deviations −7/3, 8/3, −1/3: 19/3 over 3
    assert row["conf_high"] - row["mean"] == pytest.approx(4.302653 * row["std_error"], rel=1e-6)  # t with 2 df
    rate = _row("observed", "response", 168)
    assert [rate["conf_low"], rate["conf_high"]] == pytest.approx(ka.proportion_interval(1, 2))


@pytest.mark.parametrize("missing", ["observed", "nonresponder", "locf", "bocf"])
def test_every_engine_gives_the_same_arms(missing):
    trial = ka.simulate_trial(n_per_arm=30, seed=3)
    pandas_arms = ka.summarize_arms(ka.derive_outcomes(trial), missing=missing)
    eager = pl.DataFrame({name: [None if pd.isna(one) else one for one in trial[name]] for name in trial})
    for table in (eager, eager.lazy()):
        arms = ka.summarize_arms(ka.derive_outcomes(table), missing=missing)
        words = {"control_kind": "", "definition": ""}
        pd.testing.assert_frame_equal(arms.fillna(words), pandas_arms.fillna(words), check_dtype=False, rtol=1e-12)


def test_row_order_and_the_caller_s_table_do_not_matter():
    trial = ka.simulate_trial(n_per_arm=20, seed=5)
    before = trial.copy()
    one = ka.summarize_arms(ka.derive_outcomes(trial), missing="locf")
    other = ka.summarize_arms(ka.derive_outcomes(trial.sample(frac=1, random_state=2)), missing="locf")
    pd.testing.assert_frame_equal(one, other, rtol=1e-12)
    pd.testing.assert_frame_equal(trial, before)


def test_the_labels_of_the_caller_s_rows_are_neither_kept_nor_a_column():
    labelled = FOUR.set_index(pd.Index([7] * len(FOUR), name="line"))
    pd.testing.assert_frame_equal(ka.derive_outcomes(labelled), ka.derive_outcomes(FOUR))


def test_wrong_choices_are_named():
    outcomes = ka.derive_outcomes(FOUR)
    with pytest.raises(ValueError, match="'cured'"):
        ka.summarize_arms(outcomes, outcomes=["cured"])
    with pytest.raises(ValueError, match="'mmrm' is unknown"):
        ka.summarize_arms(outcomes, missing="mmrm")
    with pytest.raises(ValueError, match="did you mean 'MADRS'"):
        ka.derive_outcomes(FOUR.assign(scale="MADRSS"))


def test_a_word_that_varies_or_is_blank_counts_nobody_twice():
    plain = ka.summarize_arms(ka.derive_outcomes(FOUR), missing="locf")
    for name, values in (("dose", [0.5, None]), ("role", [None, "active"])):
        varied = FOUR.assign(**{name: [values[i % 2] for i in range(len(FOUR))]})
        again = ka.summarize_arms(ka.derive_outcomes(varied), missing="locf")
        assert again["n"].tolist() == plain["n"].tolist()


def test_not_a_number_is_missing_in_every_engine():
    table = pl.DataFrame({
        "study": "s", "subject": [1, 1, 2, 2], "arm": "a", "hours": [0, 24, 0, 24], "scale": "MADRS",
        "score": [30.0, 10.0, 32.0, float("nan")],
    })  # fmt: skip
    row = ka.summarize_arms(ka.derive_outcomes(table), outcomes=["change"]).iloc[0]
    assert (row["n"], row["mean"]) == (1, -20)


def test_a_crossover_counts_each_period_at_its_own_visits():
    table = pd.DataFrame({
        "study": "s", "subject": [1, 1, 1, 1, 2, 2, 2, 2], "period": [1, 1, 2, 2] * 2, "arm": ["a", "a", "b", "b"] * 2,
        "hours": [0, 24, 0, 72] * 2, "scale": "MADRS", "score": [30.0, 10, 30, 28, 30, 29, 30, 12],
    })  # fmt: skip
    arms = ka.summarize_arms(ka.derive_outcomes(table), outcomes=["response"], missing="nonresponder")
    assert arms[["arm", "hours", "n", "events"]].to_numpy().tolist() == [["a", 24, 2, 1], ["b", 72, 2, 1]]


def test_a_foreign_baseline_column_and_unknown_scales_are_refused():
    with pytest.raises(ValueError, match="a column `baseline` already"):
        ka.derive_outcomes(FOUR.assign(baseline=99.0))
    with pytest.raises(ValueError, match=r"remission names \['MADRAS'\]"):
        ka.derive_outcomes(FOUR, remission={"MADRAS": "<=12"})


def test_scores_without_outcomes_are_sent_to_derive_outcomes():
    with pytest.raises(ValueError, match=r"summarize_arms\(derive_outcomes\(scores\)\)"):
        ka.summarize_arms(ka.simulate_trial(n_per_arm=4, seed=1))
