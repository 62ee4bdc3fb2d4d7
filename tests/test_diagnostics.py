import numpy as np
import pandas as pd
import pytest
from reference_numbers import load

import ketamine_analysis as ka

REFERENCE = load("meta_regression.json")


def _bcg():
    b = REFERENCE["bcg"]
    return pd.DataFrame({"estimate": b["yi"], "std_error": np.sqrt(b["vi"]), "year": b["year"]})


def _biased():
    b = REFERENCE["trim_and_fill"]
    return pd.DataFrame({"estimate": b["yi"], "std_error": np.sqrt(b["vi"])})


@pytest.mark.parametrize(("name", "table"), [("bcg", _bcg()), ("biased", _biased())])
def test_egger_agrees_with_metafor(name, table):
    found, expected = ka.egger_test(table).iloc[0], REFERENCE["egger"][name]
    for key in ("statistic", "df", "p_value"):
        assert found[key] == pytest.approx(expected[key], rel=1e-6)


@pytest.mark.parametrize("method", ["REML", "FE"])
def test_trim_and_fill_agrees_with_metafor(method):
    found, expected = ka.trim_and_fill(_biased(), method=method), REFERENCE["trim_and_fill"][method]
    row = found.summary().iloc[0]
    assert (found.missing, found.side) == (expected["missing"], expected["side"])
    assert [row["estimate"], row["std_error"]] == pytest.approx([expected["estimate"], expected["std_error"]], rel=1e-6)
    assert row["k"] == 18 + found.missing


def test_shift_moves_and_a_flip_mirrors_what_is_filled():
    one = ka.trim_and_fill(_biased())
    moved = ka.trim_and_fill(_biased().assign(estimate=lambda t: t["estimate"] + 3))
    flipped = ka.trim_and_fill(_biased().assign(estimate=lambda t: -t["estimate"]))
    assert one.missing == moved.missing == flipped.missing == 1
    assert (one.side, flipped.side) == ("left", "right")
    assert moved.filled["estimate"].tolist() == pytest.approx((one.filled["estimate"] + 3).tolist())
    assert flipped.filled["estimate"].tolist() == pytest.approx((-one.filled["estimate"]).tolist())


def test_influence_agrees_with_metafor():
    table = ka.influence(ka.random_effects(_bcg()))
    for ours, theirs in (
        ("rstudent", "rstudent"), ("dffits", "dffits"), ("cook", "cook"), ("tau2_without", "tau2_without"),
        ("Q_without", "Q_without"), ("hat", "hat"), ("weight", "weight"),
    ):  # fmt: skip
        assert table[ours].tolist() == pytest.approx(REFERENCE["influence"][theirs], rel=1e-5), ours


def test_cumulative_ends_with_the_pooling_itself():
    table = ka.cumulative(_bcg())
    whole = ka.random_effects(_bcg()).summary().iloc[0]
    assert table["year"].is_monotonic_increasing and table["k"].tolist() == list(range(1, 14))
    assert table["estimate"].iloc[-1] == pytest.approx(whole["estimate"], rel=1e-10)
    first = _bcg().sort_values("year").iloc[0]
    assert table["estimate"].iloc[0] == pytest.approx(first["estimate"])


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: ka.egger_test(_bcg().head(2)), "three trials"),
        (lambda: ka.egger_test(_bcg().assign(std_error=0.1)), "combination of intercept"),
        (lambda: ka.influence(ka.random_effects(_bcg().assign(g=[0, 1] * 6 + [0]), by="g")), "one pooling"),
        (lambda: ka.cumulative(_bcg().drop(columns="year")), "'year' is needed"),
    ],
)
def test_what_cannot_be_judged_is_named(call, words):
    with pytest.raises(ValueError, match=words):
        call()
