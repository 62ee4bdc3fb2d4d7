"""The answer: cells from all forms of evidence, three intervals, rates with their uncertainty, nothing twice."""

import numpy as np
import pandas as pd
import pytest

import ketamine_analysis as ka
from ketamine_analysis.effects.printed_differences import TO_LOG_ODDS


@pytest.fixture(scope="module")
def arms():
    return ka.default_pool(ka.load_evidence())


@pytest.fixture(scope="module")
def effects(arms):
    return ka.collect_effects(arms, contrasts=ka.default_pool(ka.load_evidence("effects")))


@pytest.fixture(scope="module")
def shipped(arms, effects):
    pools = ka.published_pools(ka.load_evidence("effects"))
    return ka.answer(effects, arms, classes=("ketamine", "esketamine", "ssri", "snri"), published=pools)


def _cell(answer, name, window):
    table = answer.summary()
    return table[(table["treatment_class"] == name) & (table["window"] == window)].iloc[0]


def test_a_cell_is_the_bayesian_pool_of_its_trials_in_points(shipped, effects):
    chosen = ka.one_per_window(effects)
    chosen = chosen[(chosen["treatment_class"] == "ketamine") & (chosen["window"] == "24 h")]
    row, pool = _cell(shipped, "ketamine", "24 h"), ka.bayes_random_effects(chosen)
    points = ka.in_points(pool.summary())[["estimate", "conf_low", "conf_high"]].to_numpy(float)[0]
    assert row[["points", "points_low", "points_high"]].to_numpy(float) == pytest.approx(points, abs=1e-7)
    assert row["k"] == len(chosen) and row["probability_better"] == pytest.approx(pool.probability(below=0.0))
    assert row["probability_important"] == pytest.approx(pool.probability(below=-0.24), abs=1e-9)


def test_people_of_a_crossover_count_once(shipped):
    rows = shipped.trials("ketamine", "24 h")
    crossover = rows["design"] == "crossover"
    people = rows["n"].sum() + rows.loc[~crossover, "control_n"].sum()
    assert crossover.any() and _cell(shipped, "ketamine", "24 h")["patients"] == people


def test_no_trial_twice_in_a_cell_and_every_effect_accounted_for(shipped, effects):
    assert not shipped.effects.duplicated(["study", "treatment_class", "window"]).any()
    asked = effects["treatment_class"].isin(shipped.classes)
    left = shipped.left_out[shipped.left_out["treatment_class"].isin(shipped.classes)]
    assert len(shipped.effects) + len(left) == asked.sum() and left["reason"].notna().all()


def test_where_nobody_looked_it_is_said_and_a_published_pool_stands_beside(shipped):
    row = _cell(shipped, "ssri", "1 wk")
    assert row["k"] == 0 and row["verdict"] == "no trial here" and np.isnan(row["points"])
    beside = shipped.beside_published()
    taylor = beside[(beside["treatment_class"] == "ssri") & (beside["window"] == "1 wk") & beside["points"].notna()]
    spreads = ka.typical_spreads(ka.default_pool(ka.load_evidence())).set_index("scale")["sd"]
    assert taylor["points"].iloc[0] == pytest.approx(-1.07 / spreads["HAMD17"] * spreads["MADRS"])


def test_three_intervals_stand_beside_each_other(shipped, effects):
    table = shipped.inferences()
    cell = table[(table["treatment_class"] == "esketamine") & (table["window"] == "24 h")].set_index("interval")
    assert cell.index.tolist() == ["half_normal 0.276", "modified Hartung–Knapp", "Wald"]
    chosen = ka.one_per_window(effects)
    chosen = chosen[(chosen["treatment_class"] == "esketamine") & (chosen["window"] == "24 h")]
    wald = ka.in_points(ka.random_effects(chosen, inference="wald").summary()).iloc[0]
    assert cell.loc["Wald", "conf_low"] == pytest.approx(wald["conf_low"], abs=1e-9)


def test_the_control_rate_is_the_trials_own_and_its_doubt_widens_people_per_hundred(shipped):
    rates = shipped.control_rates.set_index(["treatment_class", "window"])
    row = _cell(shipped, "esketamine", "24 h")
    rate = rates.loc[("esketamine", "24 h")]
    assert rate["whose"] == "of the cell's own trials" and rate["estimate"] == row["control_rate"]
    log_odds = np.log(row["control_rate"] / (1 - row["control_rate"])) - TO_LOG_ODDS * row["estimate"]
    assert row["per_hundred"] == pytest.approx(100 * (1 / (1 + np.exp(-log_odds)) - row["control_rate"]))
    alone = pd.DataFrame({name: [row[name]] for name in ("estimate", "conf_low", "conf_high")})
    fixed = ka.per_hundred(alone, control_rate=float(row["control_rate"])).iloc[0]
    assert row["per_hundred_low"] < fixed["conf_low"] and row["per_hundred_high"] > fixed["conf_high"]


def test_mover_by_hand():
    table = pd.DataFrame({"estimate": [-0.5], "conf_low": [-0.8], "conf_high": [-0.2]})
    rates = pd.DataFrame({"estimate": [0.3], "conf_low": [0.2], "conf_high": [0.4]})
    more = lambda rate, g: 100 * (1 / (1 + (1 - rate) / rate * np.exp(np.pi / 3**0.5 * g)) - rate)  # noqa: E731
    middle = more(0.3, -0.5)
    down = max(middle - more(0.2, -0.5), middle - more(0.4, -0.5), 0)
    up = max(more(0.2, -0.5) - middle, more(0.4, -0.5) - middle, 0)
    row = ka.per_hundred(table, control_rate=rates).iloc[0]
    assert row["conf_low"] == pytest.approx(middle - np.hypot(middle - more(0.3, -0.2), down))
    assert row["conf_high"] == pytest.approx(middle + np.hypot(more(0.3, -0.8) - middle, up))


def test_leaving_one_out_and_together(shipped):
    left = shipped.leave_one_out("esketamine", "24 h")
    assert len(left) == _cell(shipped, "esketamine", "24 h")["k"] and (left["conf_high"] < 0).all()
    both = shipped.together(("ketamine", "esketamine"), "24 h").summary().iloc[0]
    assert both["k"] == sum(_cell(shipped, name, "24 h")["k"] for name in ("ketamine", "esketamine"))
    alone = _cell(shipped, "ketamine", "24 h")
    assert both["points_high"] - both["points_low"] < alone["points_high"] - alone["points_low"]


def test_relatives_lend_in_their_window_only(shipped):
    table = shipped.families().set_index(["treatment_class", "window", "pooling"])["conf_high"]
    assert table[("ketamine", "1 wk", "with its family")] < table[("ketamine", "1 wk", "alone")]


def test_what_cannot_be_asked_is_said(effects, arms, shipped):
    with pytest.raises(ValueError, match="window .* is unknown"):
        ka.answer(effects, arms, windows=("1 day",))
    with pytest.raises(ka.NotInData, match="lithium"):
        ka.answer(effects, arms, classes=("lithium",))
    with pytest.raises(ka.NotInData, match="ssri measured against control at 24 h"):
        shipped.trials("ssri", "24 h")
    with pytest.raises(ValueError, match="minimal difference 'mine' is unknown"):
        ka.answer(effects, arms, least="mine").summary()


def test_without_counts_of_responders_points_still_stand(effects):
    none = pd.DataFrame({"study": ["a"], "role": ["control"], "outcome": ["change"], "hours": [24.0]})
    table = ka.answer(effects, none, windows=("24 h",)).summary()
    assert table["points"].notna().any() and table["per_hundred"].isna().all()


def test_an_arm_that_stands_twice_lends_its_control_rate_once_from_the_primary_scale_then_from_most_people():
    def control(study, hours, scale, n, events):
        return {"study": study, "arm": "p", "role": "control", "treatment_class": "placebo", "hours": hours,
                "scale": scale, "primary_scale": "MADRS", "outcome": "response", "n": n, "events": events}  # fmt: skip

    active = {**control("one", 24.0, "MADRS", 40, 20), "arm": "x", "role": "active", "treatment_class": "ketamine"}
    once = pd.DataFrame([active, control("one", 24.0, "MADRS", 40, 10)])
    other = control("one", 24.0, "HAMD17", 60, 45)
    fewer = {**control("one", 24.0, "MADRS", 30, 24), "analysis": "observed"}
    for extra in ([other], [fewer], [other, fewer]):
        table = pd.DataFrame([*extra, *once.to_dict("records")])
        alone, twice = (ka.answer(ka.collect_effects(once), one, windows=("24 h",)) for one in (once, table))
        pd.testing.assert_frame_equal(twice.control_rates, alone.control_rates)


def test_of_two_kinds_of_control_the_one_of_most_people_lends_its_rate_whatever_the_order_of_rows():
    def control(arm, kind, n, events):
        return {"study": "one", "arm": arm, "role": "control", "treatment_class": "placebo", "control_kind": kind,
                "hours": 24.0, "scale": "MADRS", "outcome": "response", "n": n, "events": events}  # fmt: skip

    active = {**control("x", None, 40, 20), "role": "active", "treatment_class": "ketamine"}
    few, many = control("saline", "placebo", 20, 12), control("midazolam", "active_placebo", 30, 9)
    effects = ka.collect_effects(pd.DataFrame([active, many]))
    for rows in ([active, few, many], [many, few, active], [few, many, active]):
        rate = ka.answer(effects, pd.DataFrame(rows), windows=("24 h",)).control_rates.iloc[0]
        assert (rate["estimate"], rate["k"]) == (pytest.approx(9 / 30, abs=1e-9), 1)
