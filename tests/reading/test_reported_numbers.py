import numpy as np
import pandas as pd
import pytest
from reference_numbers import load

import ketamine_analysis as ka

REFERENCE = load("reported_numbers.json")
TRIAL = REFERENCE["trial"]


def test_the_spread_of_a_trial_comes_back_from_all_that_r_prints_of_it():
    n, control_n = TRIAL["n"], TRIAL["control_n"]
    assert ka.sd_from_std_error(TRIAL["std_error"], n) == pytest.approx(TRIAL["sd"], rel=1e-12)
    interval = (TRIAL["conf_low"], TRIAL["conf_high"])
    assert ka.sd_from_interval(*interval, n, distribution="t") == pytest.approx(TRIAL["sd"], rel=1e-10)
    assert ka.sd_from_interval(*interval, n, distribution="z") > 1.02 * TRIAL["sd"]
    d, pooled = TRIAL["difference"], TRIAL["pooled_sd"]
    assert ka.sd_from_t(d, TRIAL["t"], n, control_n) == pytest.approx(pooled, rel=1e-10)
    assert ka.sd_from_p(d, TRIAL["p"], n, control_n, sides=2) == pytest.approx(pooled, rel=1e-8)
    assert ka.sd_from_p(d, TRIAL["p_one_sided"], n, control_n, sides=1) == pytest.approx(pooled, rel=1e-8)


def test_by_hand():
    assert ka.sd_from_std_error(2.0, 25) == 10.0
    # z at 95 % is 1.959964: √100 · 3.919928 / (2 · 1.959964) = 10
    assert ka.sd_from_interval(0.0, 3.919928, 100, distribution="z") == pytest.approx(10.0, rel=1e-6)
    # t of 24 degrees of freedom at 90 % is 1.710882
    assert ka.sd_from_interval(0.0, 2 * 1.710882, 25, distribution="t", level=0.90) == pytest.approx(5.0, rel=1e-6)
    # |−6 / −3| / √(1/8 + 1/8) = 4
    assert ka.sd_from_t(-6.0, -3.0, 8, 8) == pytest.approx(4.0)
    # Taylor 2006: risk ratio 1.64 (1.2 to 2.25)
    assert ka.std_error_from_interval(np.log(1.2), np.log(2.25), distribution="z") == pytest.approx(0.160362, rel=1e-5)


def test_a_round_trip_gives_the_interval_back():
    error = ka.std_error_from_interval(-3.0, 1.0, distribution="t", df=11, level=0.99)
    assert -1.0 + 3.105807 * error == pytest.approx(1.0, rel=1e-6)  # t of 11 df at 99 %


@pytest.mark.parametrize("kind", ["range", "quartiles", "both"])
def test_means_and_deviations_of_luo_and_wan(kind):
    c = REFERENCE["cases"]
    ends = {"minimum": c["min"], "maximum": c["max"]} if kind != "quartiles" else {}
    middle = {"q1": c["q1"], "q3": c["q3"]} if kind != "range" else {}
    table = ka.mean_sd_from_quantiles(c["n"], c["median"], **ends, **middle)
    assert table["mean"].tolist() == pytest.approx(REFERENCE[kind]["mean"], rel=1e-10)
    assert table["sd"].tolist() == pytest.approx(REFERENCE[kind]["sd"], rel=1e-10)
    assert set(table["method"]) == {"quartiles and range" if kind == "both" else kind}


def test_rows_use_what_they_have():
    table = ka.mean_sd_from_quantiles(
        [25, 50], [12, 13], q1=[np.nan, 7], q3=[np.nan, 16], minimum=[2, np.nan], maximum=[30, np.nan]
    )
    assert table["method"].tolist() == ["range", "quartiles"]
    expected = [REFERENCE["range"]["sd"][0], REFERENCE["quartiles"]["sd"][1]]
    assert table["sd"].tolist() == pytest.approx(expected, rel=1e-10)


def test_normal_samples_come_back_and_skewed_ones_are_flagged():
    rng = np.random.default_rng(2)
    n, many = 60, 2000
    for draw, flagged in ((rng.normal(-10, 8, (many, n)), (0.02, 0.08)), (rng.exponential(8, (many, n)), (0.75, 1.0))):
        least, q1, median, q3, most = np.quantile(draw, [0, 0.25, 0.5, 0.75, 1], axis=1)
        table = ka.mean_sd_from_quantiles(n, median, q1=q1, q3=q3, minimum=least, maximum=most)
        assert flagged[0] <= table["skewed"].mean() <= flagged[1]
        if flagged[1] < 0.5:
            assert table["mean"].mean() == pytest.approx(-10, abs=0.1)
            assert table["sd"].mean() == pytest.approx(8, rel=0.02)


def test_shift_and_scale():
    one = ka.mean_sd_from_quantiles(50, 12, q1=8, q3=17).iloc[0]
    two = ka.mean_sd_from_quantiles(50, 12 * 3 - 5, q1=8 * 3 - 5, q3=17 * 3 - 5).iloc[0]
    assert two["mean"] == pytest.approx(3 * one["mean"] - 5) and two["sd"] == pytest.approx(3 * one["sd"])


def test_kinds_in_are_kinds_out():
    series = pd.Series([1.0, np.nan, 2.0], index=["a", "b", "c"])
    found = ka.sd_from_std_error(series, 9)
    assert found.index.tolist() == ["a", "b", "c"] and found.dropna().tolist() == [3.0, 6.0] and np.isnan(found["b"])
    assert isinstance(ka.sd_from_std_error([1.0, 2.0], 9), np.ndarray)
    assert isinstance(ka.sd_from_std_error(1, 9), float)
    p = ka.sd_from_p(series, 0.04, pd.Series([20, 20, 20], index=["a", "b", "c"]), 20, sides=2)
    assert p.index.tolist() == ["a", "b", "c"] and p["c"] == pytest.approx(2 * p["a"])
    table = ka.mean_sd_from_quantiles(30, pd.Series([4.0], index=["x"]), q1=3, q3=5.5)
    assert table.index.tolist() == ["x"]


def test_every_count_comes_back_from_its_own_percentage():
    n = 73
    counts = np.arange(n + 1)
    table = ka.events_from_percent(np.round(100 * counts / n, 1), n, decimals=1)
    assert (
        table["events"].tolist() == counts.tolist() and (table["fitting"] == 1).all() and (table["reason"] == "").all()
    )


def test_counts_that_do_not_follow_stay_missing_with_a_reason():
    table = ka.events_from_percent([50, 33, 64, np.nan, 12.5], [10, 10, 470, 20, 4], decimals=[0, 0, 0, 0, 1])
    assert table["events"].tolist()[0] == 5 and table["events"].isna().tolist() == [False, True, True, True, True]
    assert table["fitting"].tolist() == [1, 0, 5, 0, 0]
    assert "no count gives this percentage" in table["reason"][1] and "several counts" in table["reason"][2]
    assert table["reason"][3] == "percentage or n is missing"
    # 1/8 is 12.5 %: printed as 12 by half-to-even and as 13 by half-up
    assert ka.events_from_percent([12, 13], 8, decimals=0)["events"].tolist() == [1, 1]
    assert ka.events_from_percent([0, 100], 8, decimals=0)["events"].tolist() == [0, 8]


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: ka.sd_from_std_error(-1, 9), "std_error must not be negative"),
        (lambda: ka.sd_from_std_error(1, 1), "n must be 2 or more"),
        (lambda: ka.sd_from_std_error("a lot", 9), "std_error must be numbers"),
        (lambda: ka.sd_from_interval(0, 1, 9, distribution="normal"), "say what the paper used"),
        (lambda: ka.sd_from_interval(1, 0, 9, distribution="t"), "low must not lie above high"),
        (lambda: ka.std_error_from_interval(0, 1, distribution="t"), "needs its degrees of freedom"),
        (lambda: ka.std_error_from_interval(0, 1, distribution="z", level=95), "between 0 and 1"),
        (lambda: ka.sd_from_t(1, 0, 9, 9), "nothing follows"),
        (lambda: ka.sd_from_t(0, 2, 9, 9), "difference must not be 0"),
        (lambda: ka.sd_from_t(1, 2, 1, 1), "degrees of freedom"),
        (lambda: ka.sd_from_p(1, 0.03, 9, 9, sides=3), "must be 1 or 2"),
        (lambda: ka.sd_from_p(1, 0.0, 9, 9, sides=2), "p must lie between 0 and 1"),
        (lambda: ka.sd_from_p(1, 0.6, 9, 9, sides=1), "below 0.5 when one-sided"),
        (lambda: ka.mean_sd_from_quantiles(20, 5), "needs quartiles or a range"),
        (lambda: ka.mean_sd_from_quantiles(20, 5, q1=3), "q1, q3 must come together"),
        (lambda: ka.mean_sd_from_quantiles(20, 5, minimum=3), "minimum, maximum must come together"),
        (lambda: ka.mean_sd_from_quantiles(20, 5, q1=6, q3=9), "must rise from minimum to maximum"),
        (lambda: ka.mean_sd_from_quantiles(1, 5, q1=3, q3=9), "n must be 2 or more"),
        (lambda: ka.mean_sd_from_quantiles(np.nan, 5, q1=3, q3=9), "n, median must not be missing"),
        (lambda: ka.events_from_percent(101, 9, decimals=0), "percent must lie between"),
        (lambda: ka.events_from_percent(10, 9.5, decimals=0), "n must be a whole number"),
        (lambda: ka.events_from_percent(10, 9, decimals=-1), "decimals must be"),
        (lambda: ka.sd_from_std_error(pd.Series([1.0]), pd.Series([9], index=[4])), "different rows"),
    ],
)
def test_what_does_not_follow_is_named(call, words):
    with pytest.raises(ValueError, match=words):
        call()


def test_sides_have_no_default():
    with pytest.raises(TypeError, match="sides"):
        ka.sd_from_p(1, 0.03, 9, 9)
