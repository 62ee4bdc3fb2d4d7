import numpy as np
import pandas as pd
import pytest
from small_data import TWO_CLASSES, counted_effects, effect_rows

import ketamine_analysis as ka


def test_not_yet_is_not_nobody_looked():
    table = ka.separation_by_window(TWO_CLASSES)
    assert len(table) == 2 * len(ka.TIME_WINDOWS)
    unseen = table[~table["looked"]]
    assert unseen["estimate"].isna().all() and (unseen["k"] == 0).all() and not unseen["separated"].any()
    first = ka.first_separation(table).set_index("treatment_class")
    assert first.loc["fast", "first_separated"] == "24 h" and "nobody looked before" in first.loc["fast", "words"]
    assert first.loc["slow", "first_separated"] == "8 wk" and "not yet at 4 wk" in first.loc["slow", "words"]


def test_intervals_hold_for_all_windows_together():
    table = ka.separation_by_window(TWO_CLASSES, inference="wald").set_index(["treatment_class", "window"])
    row = table.loc[("fast", "24 h")]
    assert row["conf_high"] - row["estimate"] == pytest.approx(2.241403 * 0.2 / np.sqrt(6), rel=1e-5)  # z of 97.5 %


def test_an_important_effect_is_asked_for_by_its_value():
    assert ka.separation_by_window(TWO_CLASSES, value=0.5)["separated"].sum() == 2
    assert ka.separation_by_window(TWO_CLASSES, value=2.0)["separated"].sum() == 0
    assert ka.separation_by_window(TWO_CLASSES, value=-0.2)["separated"].sum() == 0
    words = ka.first_separation(ka.separation_by_window(TWO_CLASSES, value=2.0))["words"]
    assert words.str.contains("no window separates").all()


def test_a_drug_that_did_worse_is_not_said_to_separate_as_if_it_did_better():
    worse = TWO_CLASSES.assign(estimate=-TWO_CLASSES["estimate"])
    words = ka.first_separation(ka.separation_by_window(worse)).set_index("treatment_class")["words"]
    assert words["fast"].startswith("separated at 24 h for the worse") and "for the worse" in words["slow"]
    better = ka.first_separation(ka.separation_by_window(TWO_CLASSES))["words"]
    assert not better.str.contains("worse").any()
    scores = ka.separation_by_window(worse.assign(measure="mean_difference"))
    words = ka.first_separation(scores).set_index("treatment_class")["words"]
    assert words["fast"].startswith("separated at 24 h with lower scores than the control")


@pytest.mark.slow
def test_a_null_world_separates_rarely():
    rng = np.random.default_rng(3)
    found = 0
    for _ in range(200):
        rows = [(f"t{i}", "x", h, rng.normal(0, 0.2), 0.2) for h in (24.0, 168.0, 672.0) for i in range(5)]
        found += ka.separation_by_window(effect_rows(rows))["separated"].any()
    assert found / 200 <= 0.09  # 5 % and three Monte-Carlo errors


def test_the_funnel_draws_every_trial_and_one_pooling_only():
    part = TWO_CLASSES[TWO_CLASSES["treatment_class"] == "fast"].head(6)
    ax = ka.plot_funnel(ka.random_effects(part))
    points = ax.collections[-1].get_offsets()
    assert np.asarray(points).tolist() == part[["estimate", "std_error"]].to_numpy().tolist()
    with pytest.raises(ValueError, match="one funnel shows one pooling"):
        ka.plot_funnel(ka.random_effects(TWO_CLASSES.drop(columns="study"), by="treatment_class"))


def test_what_is_known_is_a_function_of_the_interval_and_of_k():
    table = ka.what_is_known(counted_effects(), classes=("fast", "slow", "worse", "maoi"))
    verdict = table.set_index(["treatment_class", "window"])["verdict"]
    assert verdict["fast", "24 h"] == "better than control" and verdict["slow", "8 wk"] == "not told apart from control"
    assert verdict["worse", "1 wk"] == "worse than control"
    assert (table.loc[table["k"] == 0, "verdict"] == "no trial here").all() and (table["k"] == 0).sum() == 9
    pooled = ka.random_effects(counted_effects().head(6)).summary().iloc[0]
    row = table[(table["treatment_class"] == "fast") & (table["window"] == "24 h")].iloc[0]
    assert row[["estimate", "conf_low", "conf_high"]].tolist() == pytest.approx(
        pooled[["estimate", "conf_low", "conf_high"]].tolist()
    )
    assert (row["k"], row["patients"]) == (6, 150)


def test_a_verdict_turns_with_the_data():
    weaker = counted_effects().assign(std_error=2.0)
    assert not ka.what_is_known(weaker)["verdict"].str.contains("than").any()


def test_what_is_known_of_windows_that_nobody_looked_at_and_of_none_such():
    table = ka.what_is_known(counted_effects(), windows=("≤6 h",))
    assert table["k"].tolist() == [0, 0, 0] and (table["verdict"] == "no trial here").all()
    with pytest.raises(ValueError, match="window \\['3 h'\\] is unknown"):
        ka.what_is_known(counted_effects(), windows=("3 h",))


def test_a_class_seen_in_no_window_is_a_row_and_a_measure_without_direction_is_refused():
    odd = pd.concat([counted_effects(), effect_rows([("z", "between", 40.0, 0.5, 0.2)])])
    table = ka.separation_by_window(odd)
    assert (table[table["treatment_class"] == "between"]["k"] == 0).all() and "between" in set(table["treatment_class"])
    words = ka.first_separation(table).set_index("treatment_class")["words"]
    assert words["between"] == "nobody looked in any of the windows"
    with pytest.raises(ValueError, match="does not say which way is better"):
        ka.what_is_known(counted_effects().assign(measure="standardized_mean_difference"))
    with pytest.raises(ValueError, match="treatment_class is missing"):
        ka.separation_by_window(counted_effects().assign(treatment_class=None))


def test_a_misspelt_class_is_not_one_without_trials():
    effects = pd.DataFrame({"study": list("ab"), "treatment_class": "ketamine", "hours": 24, "estimate": [1.0, 0.8],
        "std_error": 0.4, "measure": "log_odds_ratio", "n": 20, "control_n": 20})  # fmt: skip
    with pytest.raises(ValueError, match="'ketamin' is not here and is no known one.*did you mean 'ketamine'"):
        ka.what_is_known(effects, classes=("ketamin",))
    table = ka.what_is_known(effects, classes=("ketamine", "snri"))  # a known class that no trial here has
    assert table.loc[table["treatment_class"] == "snri", "verdict"].eq("no trial here").all()
    assert len(ka.what_is_known(effects, classes=("ketamine", "anxiety"))) == 6  # notebook 13 asks of groups
