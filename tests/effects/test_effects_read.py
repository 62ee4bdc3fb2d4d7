"""A user's own table of effects: logarithms or not, limits, levels, sides, directions, what is refused."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import ketamine_analysis as ka

RATIOS = pd.DataFrame({"study": ["North 2001", "East 2004"], "or": [3.36, 1.79], "lo": [1.06, 0.8], "hi": [10.6, 4.02]})
NAMES = {"estimate": "or", "conf_low": "lo", "conf_high": "hi"}


def test_limits_of_a_ratio_are_read_on_the_log_scale():
    effects = ka.read_effects(RATIOS, columns=NAMES, measure="OR", favours_drug="above_1")
    error = (np.log(10.6) - np.log(1.06)) / (2 * stats.norm.isf(0.025))
    assert effects["std_error"].iloc[0] == pytest.approx(error, rel=1e-14)
    assert effects["estimate"].tolist() == pytest.approx(np.log([3.36, 1.79]))
    assert set(effects["measure"]) == {"log_odds_ratio"} and set(effects["favours_drug"]) == {"positive"}
    ninety = ka.read_effects(RATIOS, columns=NAMES, measure="OR", favours_drug="above_1", level=0.9)
    assert ninety["std_error"].iloc[0] == pytest.approx(error * stats.norm.isf(0.025) / stats.norm.isf(0.05))
    logs = RATIOS.assign(**{name: np.log(RATIOS[name]) for name in ("or", "lo", "hi")})
    same = ka.read_effects(logs, columns=NAMES, measure="log_odds_ratio", favours_drug="positive")
    assert same["std_error"].tolist() == pytest.approx(effects["std_error"].tolist(), rel=1e-14)


def test_variance_exact_p_and_a_mean_difference_by_t():
    variance = pd.DataFrame({"study": ["a"], "yi": [-0.4], "vi": [0.04]})
    names = {"estimate": "yi", "variance": "vi"}
    assert ka.read_effects(variance, columns=names, measure="SMD", favours_drug="negative")["std_error"].tolist() == [
        0.2
    ]
    by_t = pd.DataFrame(
        {"study": ["a"], "estimate": [-4.0], "conf_low": [-7.0], "conf_high": [-1.0], "n": 30, "control_n": 28}
    )
    read = ka.read_effects(by_t, measure="MD", favours_drug="negative")
    assert read["std_error"].iloc[0] == pytest.approx(3 / stats.t.isf(0.025, 56), rel=1e-14)
    by_p = pd.DataFrame(
        {"study": ["a", "b"], "estimate": [-0.5, -0.5], "p_value": ["0.02", "<0.001"], "p_sides": [1, 2]}
    )
    read = ka.read_effects(by_p, measure="SMD", favours_drug="negative")
    assert read["std_error"].iloc[0] == pytest.approx(0.5 / stats.norm.isf(0.02)) and np.isnan(
        read["std_error"].iloc[1]
    )


def test_they_are_collected_as_the_papers_own_contrasts_are():
    table = RATIOS.assign(hours=168.0, arm="ketamine", treatment_class="ketamine")
    effects = ka.read_effects(table, columns=NAMES, measure="OR", favours_drug="above_1")
    collected = ka.collect_effects(ka.load_evidence().head(0), contrasts=effects)
    assert collected["estimate"].tolist() == pytest.approx(-np.log([3.36, 1.79]) * np.sqrt(3) / np.pi)
    assert collected["std_error"].tolist() == pytest.approx((effects["std_error"] * np.sqrt(3) / np.pi).tolist())
    points = pd.DataFrame({"study": ["m"], "arm": "ketamine", "hours": 24.0, "estimate": -5.0, "std_error": 1.5})
    read = ka.read_effects(points, measure="MD", favours_drug="negative", scale="MADRS")
    assert ka.in_points(ka.collect_effects(read.head(0), contrasts=read))["estimate"].tolist() == pytest.approx([-5.0])
    turned = ka.read_effects(points.assign(estimate=5.0), measure="MD", favours_drug="positive", scale="MADRS")
    assert ka.in_points(ka.collect_effects(read.head(0), contrasts=turned))["estimate"].tolist() == pytest.approx(
        [-5.0]
    )


def test_a_class_that_is_not_said_is_the_treatment_and_a_treatment_that_is_not_said_the_arm():
    table = RATIOS.assign(arm=["high dose", "low dose"], treatment=["esketamine", None])
    read = ka.read_effects(table, columns=NAMES, measure="OR", favours_drug="above_1")
    assert read["treatment"].tolist() == ["esketamine", "low dose"]
    assert read["treatment_class"].tolist() == ["esketamine", "low dose"]
    classed = ka.read_effects(
        table.assign(treatment_class=[None, "ketamine"]), columns=NAMES, measure="OR", favours_drug="above_1"
    )
    assert classed["treatment_class"].tolist() == ["esketamine", "ketamine"]


def test_an_active_control_is_not_pooled_as_a_control_and_no_time_is_no_window():
    triangle = pd.DataFrame({
        "studlab": ["N1", "E1", "S1"], "treat1": ["fluoxetine", "venlafaxine", "venlafaxine"],
        "treat2": ["placebo", "placebo", "fluoxetine"], "TE": [0.79, 0.97, 0.15], "seTE": [0.38, 0.33, 0.31],
    })  # fmt: skip
    names = {"study": "studlab", "arm": "treat1", "control_arm": "treat2", "estimate": "TE", "std_error": "seTE"}
    effects = ka.read_effects(triangle, columns=names, measure="log_odds_ratio", favours_drug="positive")
    assert effects["control_role"].tolist() == ["control", "control", "active"]
    assert set(effects["timing"]) == {"not_stated"} and effects["hours"].isna().all()
    collected = ka.collect_effects(effects.head(0), contrasts=effects)
    assert collected["study"].tolist() == ["N1", "E1"] and ka.one_per_window(collected).empty
    left = ka.collect_effects(effects.head(0), contrasts=effects, rest=True)
    assert left[["study", "reason"]].to_numpy().tolist() == [["S1", "against an active arm, no control"]]


@pytest.mark.parametrize(
    ("change", "arguments", "words"),
    [
        ({}, {"measure": None}, "column measure: breaks rule 'column present'"),
        ({}, {"favours_drug": None}, "column favours_drug: breaks rule 'column present'"),
        ({"or": [-0.2, 1.79]}, {}, "row 0, column estimate: -0.2 breaks rule 'a ratio above 0': are these logarithms"),
        ({}, {"favours_drug": "negative"}, "of a plain ratio say above_1 or below_1"),
        ({}, {"measure": "log_odds_ratio"}, "only a plain ratio is better above 1"),
        ({}, {"measure": "odds"}, "measure is one of OR, RR"),
        ({"lo": [3.5, 0.8]}, {}, "row 0, column estimate: 3.36 breaks rule 'an estimate inside its limits'"),
        ({"or": ["x", 1.79]}, {}, "row 0, column estimate: 'x' breaks rule 'a finite number'"),
        ({"or": [None, 1.79]}, {}, "every row needs estimate"),
        ({"study": ["North 2001"] * 2}, {}, "one row per contrast, time and outcome"),
        ({"std_error": [0.5, -1]}, {}, "row 1, column std_error: -1.0 breaks rule 'an error above 0'"),
        ({"ci_level": [95, 95]}, {}, "write 0.95 for 95 %"),
        ({"p_sides": [3, 1]}, {}, "row 0, column p_sides"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_by_name(change, arguments, words):
    given = {"measure": "OR", "favours_drug": "above_1"} | arguments
    with pytest.raises(ka.DatasetError) as raised:
        ka.read_effects(RATIOS.assign(**change), columns=NAMES, **given)
    assert words in str(raised.value)


def test_a_ratio_taken_for_a_logarithm_and_a_variance_for_an_error_are_doubted():
    raw = RATIOS.rename(columns={"or": "estimate", "lo": "conf_low", "hi": "conf_high"}).assign(favours_drug="positive")
    found = ka.problems_in_effects(raw.assign(measure="log_odds_ratio"))
    assert found[["row", "rule", "severity"]].to_numpy().tolist() == [
        [0, "limits even about the estimate", "warning"], [1, "limits even about the estimate", "warning"]]  # fmt: skip
    right = raw.assign(measure="OR", favours_drug="above_1")
    assert ka.problems_in_effects(right).empty
    squared = right.assign(std_error=[0.5874**2, 0.4119**2])
    assert set(ka.problems_in_effects(squared)["rule"]) == {"an error that fits the limits"} or (
        ka.problems_in_effects(squared)["row"].tolist() == [1])  # fmt: skip
    unweighed = ka.problems_in_effects(right.drop(columns=["conf_low", "conf_high"]))
    assert unweighed["rule"].tolist() == ["an estimate with its error"] * 2
    with pytest.raises(ValueError, match="level 95"):
        ka.read_effects(raw, level=95)
