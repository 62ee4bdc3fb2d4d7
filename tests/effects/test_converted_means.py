import numpy as np
import pandas as pd
import pytest

import ketamine_analysis as ka

SLOPE = np.pi / np.sqrt(3)


def _arms():
    """Trial a: counts and means; b: means on two scales, one with more times; c: adjusted means with model errors only."""
    rows = []
    for arm, role, events, mean in (("drug", "active", 12, -14.0), ("placebo", "control", 6, -9.0)):
        rows.append(("a", arm, role, 24.0, "MADRS", "response", 20, events, None, None, None))
        rows.append(("a", arm, role, 24.0, "MADRS", "change", 20, None, mean, 8.0, None))
        rows.append(("b", arm, role, 24.0, "HAMD17", "change", 30, None, mean, 10.0, None))
        rows.append(("b", arm, role, 168.0, "HAMD17", "change", 30, None, mean - 1, 10.0, None))
        rows.append(("b", arm, role, 168.0, "MADRS", "change", 30, None, mean, 9.0, None))
        rows.append(("c", arm, role, 168.0, "HAMD17", "change", 50, None, mean, None, 1.1))
    names = ["study", "arm", "role", "hours", "scale", "outcome", "n", "events", "mean", "sd", "std_error"]
    return pd.DataFrame(rows, columns=names).astype({"events": float, "mean": float, "sd": float, "std_error": float})


def test_a_mean_becomes_a_log_odds_ratio_by_chinn():
    table = ka.with_converted_means(ka.contrast_arms(_arms()), _arms())
    assert table["converted"].tolist() == [False, True, True]
    row = table.iloc[1]
    j = 1 - 3 / (4 * 58 - 1)  # Hedges' approximate correction; the exact one differs in the fifth digit
    assert row["estimate"] == pytest.approx(SLOPE * j * 5 / 10, rel=1e-4)
    g = j * 0.5
    assert row["std_error"] == pytest.approx(SLOPE * np.sqrt(2 / 30 + g**2 / 120), rel=1e-4)
    assert row["std_error"] ** 2 == pytest.approx(row["active_variance"] + row["control_variance"])
    assert (row["measure"], row["outcome"], row["sd_source"]) == ("log_odds_ratio", "response", "arms")
    assert row["definition"] == "converted from change on HAMD17 (−g·π/√3)"


def test_a_trial_enters_once_by_its_counts_and_by_one_scale():
    table = ka.with_converted_means(ka.contrast_arms(_arms()), _arms())
    assert table["study"].tolist() == ["a", "b", "b"]
    assert table["scale"].tolist() == ["MADRS", "HAMD17", "HAMD17"]  # the scale with two times, not one


def test_a_borrowed_spread_is_asked_for_and_named():
    table = ka.with_converted_means(ka.contrast_arms(_arms()), _arms(), borrow_sd=True)
    row = table[table["study"] == "c"].iloc[0]
    assert row["sd_source"] == "borrowed: 10.0 points, pooled over 1 trials"
    g = -5 / 10
    assert row["estimate"] == pytest.approx(-SLOPE * g)
    variance = 2 * 1.1**2 / 100 + g**2 / (2 * 116)  # four arms of 30 on HAMD17 give 116 degrees of freedom
    assert row["std_error"] == pytest.approx(SLOPE * np.sqrt(variance))


def test_no_means_change_nothing_and_other_measures_are_refused():
    counts = _arms()[_arms()["outcome"] == "response"]
    table = ka.with_converted_means(ka.contrast_arms(counts), counts)
    assert len(table) == 1 and not table["converted"].any()
    with pytest.raises(ValueError, match="means convert to log odds ratios"):
        ka.with_converted_means(ka.contrast_arms(counts, measure="risk_difference"), counts)


def test_the_shipped_evidence_gains_the_early_oral_means():
    arms = ka.default_pool(ka.load_evidence())
    effects = ka.contrast_arms(arms)
    plain, more = ka.with_converted_means(effects, arms), ka.with_converted_means(effects, arms, borrow_sd=True)
    assert {"detke2002a", "detke2002b"} <= set(more["study"]) - set(plain["study"])
    early = more[more["converted"] & (more["treatment_class"] == "snri") & (more["hours"] < 672)]
    assert sorted(early["hours"].unique()) == [168.0, 336.0, 504.0]
    assert not (set(zip(effects["study"], effects["treatment_class"], strict=True))
                & set(more.loc[more["converted"], ["study", "treatment_class"]].itertuples(index=False, name=None)))  # fmt: skip


def test_a_categorical_scale_is_read_and_a_missing_one_refused():
    arms = _arms().assign(scale=lambda t: t["scale"].astype("category"))
    table = ka.with_converted_means(ka.contrast_arms(arms), arms)
    assert (
        table["estimate"].tolist() == ka.with_converted_means(ka.contrast_arms(_arms()), _arms())["estimate"].tolist()
    )
    with pytest.raises(ValueError, match="lack column 'scale'"):
        ka.with_converted_means(ka.contrast_arms(_arms()), _arms().drop(columns="scale"))
