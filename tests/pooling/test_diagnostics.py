import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from reference_numbers import load

import ketamine_analysis as ka

REFERENCE = load("meta_regression.json")
MORE = load("diagnostics.json")


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


def _odds():
    b = MORE["bcg"]
    counts = pd.DataFrame({
        "events": b["tpos"], "n": np.add(b["tpos"], b["tneg"]), "control_events": b["cpos"],
        "control_n": np.add(b["cpos"], b["cneg"]),
    })  # fmt: skip
    return counts.assign(estimate=b["yi"], std_error=np.sqrt(b["vi"]), measure="log_odds_ratio")


def test_peters_is_the_weighted_regression_on_one_over_the_size():
    found, expected = ka.peters_test(_odds()).iloc[0], MORE["peters"]
    for name, value in expected.items():
        assert found[name] == pytest.approx(value, rel=1e-6), name
    flipped = ka.peters_test(_odds().assign(estimate=lambda t: -t["estimate"])).iloc[0]
    assert flipped["statistic"] == pytest.approx(-found["statistic"])


@pytest.mark.parametrize("name", ["bcg", "odd_one"])
def test_influential_trials_and_baujat_agree_with_metafor(name):
    case = MORE["influence"][name]
    pooled = ka.random_effects(pd.DataFrame({"estimate": case["yi"], "std_error": np.sqrt(case["vi"])}))
    table, both = ka.influence(pooled), ka.baujat(pooled)
    assert table["dfbetas"].tolist() == pytest.approx(case["dfbetas"], rel=1e-6)
    assert table["influential"].tolist() == case["influential"]
    assert both["heterogeneity"].tolist() == pytest.approx(case["heterogeneity"], rel=1e-6)
    assert both["influence"].tolist() == pytest.approx(case["influence"], rel=1e-6)


def test_influence_is_drawn_a_panel_a_measure_with_odd_trials_marked():
    case = MORE["influence"]["odd_one"]
    effects = pd.DataFrame({"study": list("abcdefghij"), "estimate": case["yi"], "std_error": np.sqrt(case["vi"])})
    table = ka.influence(ka.random_effects(effects))
    ax = ka.plot_influence(table)
    assert len(ax.child_axes) == 6
    first = ax.child_axes[0]
    assert [label.get_text() for label in first.get_yticklabels()] == list("abcdefghij")
    assert first.collections[0].get_offsets()[:, 0].tolist() == table["rstudent"].tolist()
    colours = first.collections[0].get_facecolors()
    assert [row for row in range(10) if (colours[row] != colours[0]).any()] == [3]
    own = plt.subplots()[1]
    assert ka.plot_influence(table, ax=own) is own
    plt.close("all")


def test_baujat_names_the_trial_farthest_out():
    case = MORE["influence"]["odd_one"]
    effects = pd.DataFrame({"study": list("abcdefghij"), "estimate": case["yi"], "std_error": np.sqrt(case["vi"])})
    table = ka.baujat(ka.random_effects(effects))
    ax = ka.plot_baujat(table)
    assert "d" in [text.get_text() for text in ax.texts]
    assert ax.collections[0].get_offsets()[3].tolist() == pytest.approx(table.loc[3, ["heterogeneity", "influence"]])
    plt.close("all")


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
        (lambda: ka.baujat(ka.random_effects(_bcg().head(2))), "three trials"),
        (lambda: ka.peters_test(_odds().assign(measure="risk_difference")), "is for log odds ratios"),
        (lambda: ka.peters_test(_odds().assign(events=0, control_events=[0] + [1] * 12)), r"rows \[0\] have no events"),
        (lambda: ka.peters_test(_odds().drop(columns="n")), "'n'"),
        (lambda: ka.peters_test(_odds().head(2)), "Peters' test needs three trials"),
        (lambda: ka.peters_test(_odds().assign(n=9000, control_n=90000, events=5)), "combination of intercept"),
        (lambda: ka.cumulative(_bcg().drop(columns="year")), "'year' is needed"),
    ],
)
def test_what_cannot_be_judged_is_named(call, words):
    with pytest.raises(ValueError, match=words):
        call()
