"""Counts from percentages and errors from intervals, where a table of results prints no other."""

import numpy as np
import pandas as pd
import pytest

import ketamine_analysis as ka
from ketamine_analysis.reading.derived_numbers import with_derived

ARMS = {"study": ["Abe", "Abe", "Bor", "Bor"], "arm": ["ketamine", "placebo"] * 2, "hours": 24, "scale": "MADRS"}
COUNTS = pd.DataFrame({**ARMS, "outcome": "response", "n": [20, 20, 31, 29], "events": [12, 4, 15, 5]})
MEANS = pd.DataFrame({**ARMS, "outcome": "score", "n": [20, 20, 31, 29], "mean": [15.1, 22.0, 17.2, 20.4],
                      "std_error": [1.5, 1.6, 1.1, 1.2]})  # fmt: skip


def test_percentages_give_the_contrasts_of_their_counts():
    percent = (100 * COUNTS["events"] / COUNTS["n"]).round(1)
    read = ka.read_arms(COUNTS.drop(columns="events").assign(percent=percent))
    assert read["events"].tolist() == [12, 4, 15, 5] and set(read["derived"]) == {"events from percent and n"}
    expected = ka.contrast_arms(ka.read_arms(COUNTS), outcome="response")
    found = ka.contrast_arms(read, outcome="response")
    assert found[["estimate", "std_error"]].to_numpy() == pytest.approx(expected[["estimate", "std_error"]].to_numpy())


@pytest.mark.parametrize("level", [0.95, 0.9])
def test_limits_of_means_give_the_contrasts_of_their_errors(level):
    half = MEANS["std_error"] * {0.95: 1.959963984540054, 0.9: 1.6448536269514722}[level]
    limits = MEANS.drop(columns="std_error").assign(conf_low=MEANS["mean"] - half, conf_high=MEANS["mean"] + half)
    read = ka.read_arms(limits, level=level)
    assert read["std_error"].to_numpy() == pytest.approx(MEANS["std_error"].to_numpy(), rel=1e-12)
    assert set(read["derived"]) == {"std_error from conf_low and conf_high"}
    how = {"outcome": "score", "measure": "mean_difference"}
    assert ka.contrast_arms(read, **how)["std_error"].tolist() == pytest.approx(
        ka.contrast_arms(ka.read_arms(MEANS), **how)["std_error"].tolist()
    )


def test_what_is_told_stays_and_a_table_that_tells_all_gets_no_new_column():
    told = COUNTS.assign(percent=[60.0, 20.0, 48.4, 17.2])
    assert "derived" not in ka.read_arms(told) and ka.read_arms(told)["events"].tolist() == [12, 4, 15, 5]
    partly = ka.read_arms(told.assign(events=[12, None, 15, 5]))
    assert partly["events"].tolist() == [12, 4, 15, 5] and partly["derived"].notna().tolist() == [
        False,
        True,
        False,
        False,
    ]
    spread = MEANS.assign(sd=7.0, conf_low=MEANS["mean"] - 9, conf_high=MEANS["mean"] + 9)
    assert "derived" not in ka.read_arms(spread) and ka.read_arms(spread)["std_error"].tolist() == [1.5, 1.6, 1.1, 1.2]


def test_a_percentage_of_a_score_counts_nothing_and_a_wrong_one_is_refused():
    change = pd.DataFrame({"outcome": "change", "n": [20.0], "percent": [60.0]})
    assert with_derived(change) is change
    with pytest.raises(ka.DatasetError, match="percent fits a whole count"):
        ka.read_arms(COUNTS.drop(columns="events").assign(percent=[61.3, 20, 48.4, 17.2]))
    shown = pd.DataFrame({"outcome": "response", "n": [20.0, 20.5, np.nan], "percent": [61.3, 50.0, 50.0]})
    assert with_derived(shown) is shown  # rows that are shown only may break the rule: nothing follows from them


def test_a_level_is_a_share():
    with pytest.raises(ValueError, match="between 0 and 1"):
        ka.read_arms(MEANS, level=95)
