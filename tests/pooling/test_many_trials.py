"""Pools of more trials than anyone has: in blocks and by sums, with the numbers of the plain way."""

import importlib

import numpy as np
import pandas as pd
import pytest

import ketamine_analysis as ka
from ketamine_analysis.pooling import bayes, diagnostics, meta_analysis

fragility = importlib.import_module("ketamine_analysis.pooling.fragility")  # not the function of that name

COLUMNS = ["estimate", "std_error", "conf_low", "conf_high"]


def _trials(k, seed=1):
    rng = np.random.default_rng(seed)
    n, control_n = rng.integers(20, 200, k), rng.integers(20, 200, k)
    events, others = rng.binomial(n, 0.5), rng.binomial(control_n, 0.3)
    arms = pd.concat([
        pd.DataFrame({"study": [f"s{i}" for i in range(k)], "arm": arm, "role": role, "treatment_class": drug, "hours": 24.0,
                      "control_kind": kind, "scale": "MADRS", "outcome": "response", "n": size, "events": count})
        for arm, role, drug, kind, size, count in (("a", "active", "ssri", None, n, events),
                                                    ("c", "control", "placebo", "placebo", control_n, others))
    ], ignore_index=True)  # fmt: skip
    return ka.contrast_arms(arms)


def test_leaving_out_in_blocks_gives_the_same(monkeypatch):
    pool = ka.random_effects(_trials(30))
    whole, cumulated = pool.leave_one_out(), ka.cumulative(_trials(30).assign(year=range(30)))
    monkeypatch.setattr(meta_analysis, "BLOCK", 70)
    monkeypatch.setattr(diagnostics, "BLOCK", 70)
    pd.testing.assert_frame_equal(pool.leave_one_out(), whole)
    pd.testing.assert_frame_equal(ka.cumulative(_trials(30).assign(year=range(30))), cumulated)


def test_leaving_out_by_sums_is_leaving_out(monkeypatch):
    pool = ka.bayes_random_effects(_trials(40))
    plain = pool.leave_one_out().sort_values("left_out", ignore_index=True)
    monkeypatch.setattr(bayes, "MANY", 10)
    sums = pool.leave_one_out().sort_values("left_out", ignore_index=True)
    assert sums["left_out"].tolist() == plain["left_out"].tolist() and (sums["k"] == 39).all()
    np.testing.assert_allclose(sums[[*COLUMNS, "tau"]], plain[[*COLUMNS, "tau"]], rtol=1e-5, atol=1e-6)


def test_fragility_by_bisection_is_an_upper_bound_that_turns_the_result(monkeypatch):
    effects = _trials(12, seed=4)
    least = ka.fragility(effects)
    monkeypatch.setattr(fragility, "MANY", 5)
    bound = ka.fragility(effects)
    told, row = bound.summary().iloc[0], least.summary().iloc[0]
    assert not told["smallest"] and row["changes"] <= told["changes"] <= 3 * row["changes"]
    assert told["conf_low_before"] > 0 >= told["conf_low_after"]
    assert bound.moves["patients"].sum() == told["changes"]


@pytest.mark.slow
def test_a_forest_of_many_trials_can_be_drawn_and_says_what_it_leaves_out():
    pool = ka.random_effects(_trials(1500))
    ax = ka.plot_forest(pool)
    assert ax.figure.get_figheight() < 50
    assert "drawn: the 150 of 1,500 trials with most weight; all are pooled" in ax.get_xlabel()
    left = pool.leave_one_out()
    assert len(left) == 1500 and left["estimate"].std() < 0.002
