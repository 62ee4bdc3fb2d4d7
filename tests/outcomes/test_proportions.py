import numpy as np
import pytest
from reference_numbers import load

import ketamine_analysis as ka

REFERENCE = load("proportions.json")


@pytest.mark.parametrize("row", REFERENCE["one_proportion"], ids=lambda r: f"{r['events']}/{r['n']}@{r['level']}")
@pytest.mark.parametrize("method", ["wilson", "clopper_pearson"])
def test_one_proportion_agrees_with_r(row, method):
    low, high = ka.proportion_interval(row["events"], row["n"], method=method, level=row["level"])
    assert [low, high] == pytest.approx(row[method], abs=1e-8)


TWO = pytest.mark.parametrize(
    "row",
    REFERENCE["two_proportions"],
    ids=lambda r: f"{r['events']}/{r['n']} v {r['control_events']}/{r['control_n']}",
)


def _counts(row):
    return row["events"], row["n"], row["control_events"], row["control_n"]


@TWO
@pytest.mark.parametrize("method", ["wald", "newcombe", "miettinen_nurminen"])
def test_risk_difference_agrees_with_r(row, method):
    r = ka.risk_difference(*_counts(row), method=method)
    assert r.estimate == pytest.approx(row["estimate"], abs=1e-12)
    assert [r.conf_low, r.conf_high] == pytest.approx(row[method], abs=1e-8)


@TWO
@pytest.mark.parametrize("name", ["risk_ratio", "odds_ratio"])
def test_ratios_agree_with_r_or_are_missing(row, name):
    r = getattr(ka, name)(*_counts(row))
    if row.get(name):
        assert [r.estimate, r.conf_low, r.conf_high] == pytest.approx(row[name], rel=1e-8)
    else:  # a zero cell: no interval, and nothing was added in silence
        assert np.isnan(r.conf_low) and np.isnan(r.conf_high)


def test_swapped_arms_flip_the_sign():
    for method in ("wald", "newcombe", "miettinen_nurminen"):
        one = ka.risk_difference(17, 63, 8, 60, method=method)
        other = ka.risk_difference(8, 60, 17, 63, method=method)
        assert [one.conf_low, one.conf_high] == pytest.approx([-other.conf_high, -other.conf_low], abs=1e-12)


def test_arrays_answer_like_single_numbers():
    low, high = ka.proportion_interval([0, 12], [10, 17])
    assert [low[1], high[1]] == pytest.approx(ka.proportion_interval(12, 17))
    both = ka.risk_difference([17, 0], [63, 10], [8, 0], [60, 10], method="miettinen_nurminen")
    alone = ka.risk_difference(17, 63, 8, 60, method="miettinen_nurminen")
    assert both.conf_low[0] == pytest.approx(alone.conf_low, abs=1e-14)


@pytest.mark.parametrize("method", ["wilson", "clopper_pearson"])
def test_nobody_has_no_interval_and_everybody_and_nobody_of_some_reach_the_ends(method):
    low, high = ka.proportion_interval([0, 0, 5], [0, 5, 5], method=method)
    assert np.isnan([low[0], high[0]]).all()
    # by hand: Wilson's z²/(n + z²), Clopper and Pearson's 1 − 0.025^(1/n)
    far = {"wilson": 1.959964**2 / (5 + 1.959964**2), "clopper_pearson": 1 - 0.025 ** (1 / 5)}[method]
    assert low[1:].tolist() == pytest.approx([0, 1 - far], abs=1e-7) and low[1] == 0
    assert high[1:].tolist() == pytest.approx([far, 1], abs=1e-7) and high[2] == 1
    alone = ka.proportion_interval(0, 0, method=method)
    assert np.isnan(alone).all()


def test_no_patients_are_no_comparison():
    for method in ("wald", "newcombe"):
        r = ka.risk_difference(0, 0, 3, 10, method=method)
        assert np.isnan([r.estimate, r.conf_low, r.conf_high]).all()
    assert ka.describe_number_needed_to_treat(np.nan, np.nan, np.nan) == "NNT not defined (no patients)"


def test_miettinen_nurminen_exists_for_every_small_table():
    n, cn = 7, 5
    e, ce = (grid.ravel() for grid in np.meshgrid(np.arange(n + 1), np.arange(cn + 1)))
    r = ka.risk_difference(e, np.full(e.shape, n), ce, np.full(e.shape, cn), method="miettinen_nurminen")
    assert np.all((r.conf_low >= -1) & (r.conf_low <= r.estimate) & (r.estimate <= r.conf_high) & (r.conf_high <= 1))
    assert np.all(r.conf_high - r.conf_low > 0.1)


def test_esketamine_risk_differences_reproduce_to_the_printed_digit():
    """Clin Pharmacol Ther 2021;109:536 Table 1: the eight published Wald differences, from the observed rows."""
    arms = ka.load_evidence()
    rows = arms[(arms["hours"] == 648) & (arms["analysis"] == "observed") & arms["events"].notna()]
    found = []
    for study in ("fedgchin2019", "popova2019", "ochsross2020"):
        for outcome in ("response", "remission"):
            part = rows[(rows["study"] == study) & (rows["outcome"] == outcome)]
            part = part.drop_duplicates(["arm", "n", "events"]).set_index("arm")  # one count has two sources
            control = part.loc["placebo_ad"]
            for arm in sorted(name for name in part.index if name != "placebo_ad"):
                active = part.loc[arm]
                r = ka.risk_difference(active["events"], active["n"], control["events"], control["n"], method="wald")
                found.append(round(100 * float(r.estimate), 1))
    assert sorted(found) == sorted([17.3, 21.5, 15.2, 14.2, 5.5, 8.2, 13.7, 10.8])


@pytest.mark.parametrize(
    ("function", "counts"),
    [(ka.proportion_interval, (1, 2)), (ka.risk_difference, (1, 2, 1, 2)), (ka.risk_ratio, (1, 2, 1, 2)),
     (ka.odds_ratio, (1, 2, 1, 2)), (ka.number_needed_to_treat, (1, 2, 1, 2))],
)  # fmt: skip
def test_counts_may_be_named_and_choices_must_be(function, counts):
    names = ("events", "n", "control_events", "control_n")
    function(**dict(zip(names, counts, strict=False)))
    with pytest.raises(TypeError):
        function(*counts, 0.9)


def test_number_needed_to_treat_runs_through_infinity():
    r = ka.number_needed_to_treat(12, 20, 10, 20)
    assert r.estimate == pytest.approx(10)
    assert r.conf_low > 0 > r.conf_high
    text = ka.describe_number_needed_to_treat(float(r.estimate), float(r.conf_low), float(r.conf_high))
    assert "∞" in text and "NNT (harm)" in text
    assert ka.describe_number_needed_to_treat(np.inf, 3.0, -3.0).startswith("NNT ∞")
    assert ka.describe_number_needed_to_treat(-5.0, -9.0, -3.0) == "NNT (harm) 5.0 (3.0 to 9.0)"


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: ka.proportion_interval(3, 2), "between 0 and n"),
        (lambda: ka.proportion_interval(1, 2, method="score"), "'score' is unknown"),
        (lambda: ka.proportion_interval(1, 2, level=95), "level 95"),
        (lambda: ka.risk_difference(1, 2, 1, 2, method="x"), "'x' is unknown"),
    ],
)
def test_wrong_arguments_are_named(call, words):
    with pytest.raises(ValueError, match=words):
        call()
