from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import ketamine_analysis as ka

EXAMPLE = Path(__file__).parents[2] / "data" / "examples" / "simulated_trial.csv"


def test_the_shipped_example_is_this_call():
    text = ka.simulate_trial(n_per_arm=60, seed=20261124).to_csv(index=False, lineterminator="\n")
    assert text == EXAMPLE.read_text(encoding="utf-8")
    assert ka.read_scores(EXAMPLE)["study"].unique().tolist() == ["simulated_trial"]


def test_the_truth_is_recovered():
    trial = ka.simulate_trial(n_per_arm=4000, seed=8, dropout=False)
    arms = ka.summarize_arms(ka.derive_outcomes(trial), outcomes=["change"])
    both = arms.merge(ka.simulated_truth(), on=["arm", "hours"])
    assert len(both) == 24
    # rounding is centred; clipping at 0 moves the mean by less than 0.1 point
    assert np.all(np.abs(both["mean"] - both["mean_change"]) < 4 * both["std_error"] + 0.1)


def test_dropout_is_realistic_and_monotone():
    trial = ka.simulate_trial(n_per_arm=1000, seed=2)
    last = trial.groupby("subject")["hours"].max()
    assert 0.15 < (last < 1008).mean() < 0.35
    visits = trial.groupby("subject")["hours"].nunique()
    full = np.sort(trial["hours"].unique())
    assert (visits == last.map({hour: i + 1 for i, hour in enumerate(full)})).all()
    assert 0.01 < trial.loc[trial["hours"] > 0, "score"].isna().mean() < 0.03


def test_scores_are_scores():
    trial = ka.check_scores(ka.simulate_trial(n_per_arm=100, seed=4))
    assert (trial["score"].dropna() % 1 == 0).all()
    pd.testing.assert_frame_equal(trial, ka.simulate_trial(n_per_arm=100, seed=4))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [({"n_per_arm": 1}, "at least 2"), ({"hours": [0, 24]}, "must ascend"), ({"hours": [48, 24]}, "must ascend")],
)
def test_wrong_arguments_are_named(arguments, words):
    with pytest.raises(ValueError, match=words):
        ka.simulate_trial(seed=1, **arguments)
