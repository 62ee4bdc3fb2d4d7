from itertools import product

import numpy as np
import pandas as pd
import pytest

import ketamine_analysis as ka


def _effects(rows, measure="log_odds_ratio"):
    arms = [
        {"study": f"t{i}", "arm": arm, "role": role, "hours": 24.0, "scale": "MADRS", "outcome": "response", "events": e, "n": n}
        for i, (e1, n1, e2, n2) in enumerate(rows)
        for arm, role, e, n in (("drug", "active", e1, n1), ("placebo", "control", e2, n2))
    ]  # fmt: skip
    return ka.contrast_arms(pd.DataFrame(arms), measure=measure)


CLEAR = [(20, 35, 9, 31), (14, 34, 5, 33), (16, 30, 10, 30)]
UNCLEAR = [(12, 20, 10, 20), (9, 22, 6, 21)]


def _smallest_by_hand(rows, direction):
    """Every set of single changes up to four, tried with the library's pooling but none of its search."""
    for size in range(1, 5):
        for moves in product(range(2 * len(rows)), repeat=size):
            changed = [list(row) for row in rows]
            for move in moves:
                trial, active = move % len(rows), move < len(rows)
                changed[trial][0 if active else 2] += direction if active else -direction
            if any(not (0 <= e <= n and 0 <= ce <= cn) for e, n, ce, cn in changed):
                continue
            low = ka.random_effects(_effects(changed), method="FE", inference="wald").summary()["conf_low"][0]
            if (low <= 0) if direction < 0 else (low > 0):
                return size
    raise AssertionError("not found in four changes")


@pytest.mark.parametrize(
    ("rows", "direction", "kind"),
    [([(17, 30, 9, 30), (9, 20, 4, 22)], -1, "fragility"), (UNCLEAR, 1, "reverse fragility")],
)
@pytest.mark.slow
def test_the_number_is_the_smallest(rows, direction, kind):
    found = ka.fragility(_effects(rows), method="FE", inference="wald")
    assert found.kind == kind and found.smallest
    assert found.changes == _smallest_by_hand(rows, direction)
    assert found.moves["patients"].sum() == found.changes


def test_one_trial_by_hand():
    found = ka.fragility(_effects([(30, 47, 7, 25)]))
    row = found.summary().iloc[0]
    assert row["kind"] == "fragility"
    e, n, ce, cn = 30, 47, 7, 25
    moved = found.moves.set_index("side")["patients"]
    e, ce = e - moved.get("active", 0), ce + moved.get("control", 0)
    y = np.log(e / (n - e)) - np.log(ce / (cn - ce))
    half = 1.959964 * np.sqrt(1 / e + 1 / (n - e) + 1 / ce + 1 / (cn - ce))
    assert row["conf_low_after"] == pytest.approx(y - half, rel=1e-6)
    assert row["conf_low_after"] <= 0 < row["conf_low_before"]
    assert row["percent"] == pytest.approx(100 * row["changes"] / 72)


def test_the_last_interval_touches_and_the_one_before_does_not():
    found = ka.fragility(_effects(CLEAR), inference="wald")
    row = found.summary().iloc[0]
    assert row["conf_low_before"] > 0 >= row["conf_low_after"]
    assert set(found.moves["change"]) <= {"responder → non-responder", "non-responder → responder"}
    active = found.moves[found.moves["side"] == "active"]
    assert (active["change"] == "responder → non-responder").all()


def test_swapped_arms_and_another_order_need_as_many():
    one = ka.fragility(_effects(CLEAR), inference="wald")
    swapped = ka.fragility(_effects([(c, d, a, b) for a, b, c, d in CLEAR]), inference="wald")
    assert swapped.changes == one.changes and swapped.kind == one.kind
    assert swapped.summary()["conf_high_after"][0] == pytest.approx(-one.summary()["conf_low_after"][0])
    assert ka.fragility(_effects(CLEAR[::-1]), inference="wald").changes == one.changes


@pytest.mark.parametrize("measure", ["log_risk_ratio", "risk_difference"])
def test_other_measures_turn_too(measure):
    row = ka.fragility(_effects(CLEAR, measure), inference="wald").summary().iloc[0]
    assert row["kind"] == "fragility" and row["conf_low_after"] <= 0 < row["conf_low_before"]
    assert row["measure"] == measure


def test_reverse_fragility_is_labelled_apart():
    row = ka.fragility(_effects(UNCLEAR), inference="wald").summary().iloc[0]
    assert row["kind"] == "reverse fragility"
    assert row["conf_low_before"] <= 0 < row["conf_low_after"]


def test_a_result_that_no_outcome_can_turn_says_so():
    # two patients an arm: even 2/2 against 0/2 has an interval over no effect
    found = ka.fragility(_effects([(1, 2, 1, 2)]))
    row = found.summary().iloc[0]
    assert np.isnan(row["changes"]) and row["note"] == "no change of outcomes turns the interval"
    assert found.moves.empty and np.isnan(row["conf_low_after"])


def test_many_changes_are_said_to_be_at_most():
    rows = [(150 + 3 * i, 300, 90 + i, 300) for i in range(8)]
    row = ka.fragility(_effects(rows), inference="wald").summary().iloc[0]
    assert row["changes"] > 20 and not row["smallest"] and row["note"].startswith("at most")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"measure": "mean_difference"}, "no measure of counts"),
        ({"events": np.nan}, r"\['events'\] is missing"),
        ({"events": 1.0}, "the counts do not give the estimate"),
        ({"study": "a", "arm": "b"}, "no arm counted twice"),
    ],
)
def test_what_cannot_be_judged_is_named(change, words):
    with pytest.raises(ValueError, match=words):
        ka.fragility(_effects(CLEAR).assign(**change))
