"""Who is counted when scores are missing: a second reading of the definition, on random trials and every engine."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import ketamine_analysis as ka

STRATEGIES = ("observed", "nonresponder", "locf", "bocf")


def _random_trial(seed):
    rng = np.random.default_rng(seed)
    rows = []
    for arm in ("a", "b"):
        visits = [24.0, 72.0, 168.0, 336.0]
        own = [hour for hour in visits if rng.random() < 0.8] or [24.0]  # arms may differ in visits
        for subject in range(rng.integers(3, 9)):
            name = f"{arm}{subject}"
            if rng.random() < 0.9:
                rows.append((name, arm, 0.0, float(rng.integers(17, 100))))
            for hour in own:
                if rng.random() < 0.75:
                    score = float(rng.integers(17, 100)) if rng.random() < 0.9 else np.nan
                    rows.append((name, arm, hour, score))
    table = pd.DataFrame(rows, columns=["subject", "arm", "hours", "score"])
    return table.assign(study="s", scale="CDRS-R" if seed % 2 else "MADRS").sample(frac=1, random_state=seed)


def _by_hand(scores, missing):
    """(arm, hours) → n, responders, mean change: subject by subject, straight from the definition."""
    floor = {"CDRS-R": 17.0, "MADRS": 0.0}[scores["scale"].iloc[0]]
    answer = {}
    for arm, part in scores.groupby("arm"):
        for hour in sorted(set(part.loc[part["hours"] > 0, "hours"])):
            responses, changes = [], []
            for _, own in part.groupby("subject"):
                base = own[(own["hours"] <= 0) & own["score"].notna()]
                if base.empty:
                    continue
                base = base["score"].iloc[0]
                now = own[(own["hours"] == hour) & own["score"].notna()]["score"]
                if len(now):
                    score = now.iloc[0]
                elif missing == "locf":
                    before = own[(own["hours"] <= hour) & own["score"].notna()].sort_values("hours")
                    score = before["score"].iloc[-1]
                elif missing == "bocf":
                    score = base
                else:
                    score = None
                if score is not None:
                    changes.append(score - base)
                if base > floor and (score is not None or missing == "nonresponder"):
                    responses.append(score is not None and (base - score) / (base - floor) >= 0.5 - 1e-9)
            answer[(arm, hour)] = (len(responses), sum(responses), len(changes), np.mean(changes) if changes else None)
    return answer


def _compare(arms, expected):
    response = arms[arms["outcome"] == "response"].set_index(["arm", "hours"])
    change = arms[arms["outcome"] == "change"].set_index(["arm", "hours"])
    assert set(response.index) == {place for place, one in expected.items() if one[0]}
    assert set(change.index) == {place for place, one in expected.items() if one[2]}
    for place, (n, events, seen, mean) in expected.items():
        if n:
            assert (response.loc[place, "n"], response.loc[place, "events"]) == (n, events)
        if seen:
            assert change.loc[place, "n"] == seen and change.loc[place, "mean"] == pytest.approx(mean)


@pytest.mark.slow
@pytest.mark.parametrize("missing", STRATEGIES)
def test_two_hundred_random_trials_by_a_second_reading(missing):
    for seed in range(200):
        scores = _random_trial(seed)
        arms = ka.summarize_arms(ka.derive_outcomes(scores), missing=missing)
        _compare(arms, _by_hand(scores, missing))


@pytest.mark.parametrize("missing", STRATEGIES)
def test_pyarrow_gives_what_pandas_gives(missing):
    for seed in range(5):
        scores = _random_trial(seed)
        table = pa.Table.from_pandas(scores, preserve_index=False)
        arms = ka.summarize_arms(ka.derive_outcomes(table), missing=missing)
        _compare(arms, _by_hand(scores, missing))


def _with_a_tail():
    """Ten responders in each arm at 24 h; then only the drug's patients are followed, open label."""
    people = [(f"{arm}{i}", arm, hour, score) for arm in ("drug", "placebo") for i in range(10)
              for hour, score in ((0.0, 40.0), (24.0, 10.0), (168.0, 10.0)) if not (arm == "placebo" and hour == 168)]  # fmt: skip
    table = pd.DataFrame(people, columns=["subject", "arm", "hours", "score"]).assign(study="s", scale="MADRS")
    return table.assign(role=table["arm"].map({"drug": "active", "placebo": "control"}))


@pytest.mark.parametrize("missing", ["nonresponder", "locf", "bocf"])
def test_a_visit_of_one_arm_makes_nobody_of_the_other_a_failure(missing):
    outcomes = ka.derive_outcomes(_with_a_tail())
    arms = ka.summarize_arms(outcomes, outcomes=["response"], missing=missing)
    assert arms[["arm", "hours", "n", "events"]].to_numpy().tolist() == [
        ["drug", 24.0, 10.0, 10.0], ["drug", 168.0, 10.0, 10.0], ["placebo", 24.0, 10.0, 10.0]
    ]  # fmt: skip
    assert ka.contrast_arms(arms)["hours"].tolist() == [24.0]
    assert ka.without_contrast(arms)["reason"].tolist() == ["no control arm at that time"]


def test_the_study_s_visits_when_asked_for():
    outcomes = ka.derive_outcomes(_with_a_tail())
    arms = ka.summarize_arms(outcomes, outcomes=["response"], missing="nonresponder", visits="study")
    late = arms[(arms["arm"] == "placebo") & (arms["hours"] == 168)].iloc[0]
    assert (late["n"], late["events"]) == (10.0, 0.0)
    with pytest.raises(ValueError, match="visits 'all' is unknown"):
        ka.summarize_arms(outcomes, missing="locf", visits="all")


def test_a_row_with_a_missing_score_is_a_planned_visit():
    scores = _with_a_tail()
    lost = scores[(scores["arm"] == "placebo") & (scores["hours"] == 24)].head(1).assign(hours=168.0, score=np.nan)
    outcomes = ka.derive_outcomes(pd.concat([scores, lost]))
    arms = ka.summarize_arms(outcomes, outcomes=["response"], missing="nonresponder")
    late = arms[(arms["arm"] == "placebo") & (arms["hours"] == 168)].iloc[0]
    assert (late["n"], late["events"]) == (10.0, 0.0)


@pytest.mark.parametrize("missing", ["nonresponder", "locf", "bocf"])
def test_a_table_that_lost_its_baseline_rows_is_refused(missing):
    outcomes = ka.derive_outcomes(_with_a_tail())
    with pytest.raises(ValueError, match="20 patients have a baseline but no row at or before hour 0"):
        ka.summarize_arms(outcomes[outcomes["hours"] == 24], missing=missing)
    one_arm = outcomes[outcomes["arm"] == "drug"]
    assert len(ka.summarize_arms(one_arm, outcomes=["response"], missing=missing)) == 2
    assert ka.summarize_arms(outcomes[outcomes["hours"] == 24], outcomes=["response"])["n"].tolist() == [10.0, 10.0]


def test_nobody_unseen_is_in_remission():
    scores = _scores_of_three(seen=[8.0, 40.0, None])
    outcomes = ka.derive_outcomes(scores)
    for missing, expected in (("observed", [2.0, 1.0]), ("nonresponder", [3.0, 1.0]), ("bocf", [3.0, 1.0])):
        arms = ka.summarize_arms(outcomes, outcomes=["remission", "response"], missing=missing)
        assert arms[["n", "events"]].to_numpy().tolist() == [expected, expected], missing


def _scores_of_three(seen):
    rows = [(i, hour, score) for i, late in enumerate(seen) for hour, score in ((0.0, 40.0), (24.0, late))]
    table = pd.DataFrame(rows, columns=["subject", "hours", "score"])
    return table.assign(study="s", arm="drug", scale="MADRS")


def test_an_outcome_that_nobody_has_makes_no_row():
    """All baselines at the floor: no response is known of anybody, and 0 of 0 is not a row."""
    outcomes = ka.derive_outcomes(_scores_of_three(seen=[20.0, 30.0, 25.0]).replace({"score": {40.0: 0.0}}))
    assert outcomes["response"].isna().all()
    arms = ka.summarize_arms(outcomes, outcomes=["response", "change"], missing="nonresponder")
    assert arms["outcome"].tolist() == ["change"] and (arms["n"] == 3).all()
