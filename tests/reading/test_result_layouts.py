"""Tables of results with their arms side by side: every naming habit, what may stay unsaid, what is refused."""

import numpy as np
import pandas as pd
import pytest

import ketamine_analysis as ka
from ketamine_analysis.reading.result_layouts import side_columns

COUNTS = ([14, 25, 9], [30, 52, 21], [6, 17, 2], [29, 50, 20])  # events, n, control events, control n
LOG_ODDS = [1.2102, 0.5863, 1.9095]  # metafor's escalc(measure = "OR"): ../shared/cases/tables
MEANS = ([11.2, 13.1, 9.4], [7.9, 9.0, 6.6], [30, 52, 21], [15.0, 14.2, 16.1], [8.4, 8.8, 9.3], [29, 50, 20])
COUNT_NAMES = [  # events, n, control events, control n, as packages and their sheets call them
    ("ai", "n1i", "ci", "n2i"),
    ("event.e", "n.e", "event.c", "n.c"),
    ("ev.exp", "n.exp", "ev.cont", "n.cont"),
    ("Events 1", "Total 1", "Events 2", "Total 2"),
    ("Experimental events", "Experimental total", "Control events", "Control total"),
    ("Experimental cases", "Experimental N", "Control cases", "Control N"),
    ("Group-A Events", "Group-A Total N", "Group-B Events", "Group-B Total N"),
    ("event_arm1", "totaln_arm1", "event_arm2", "totaln_arm2"),
    ("r1", "n1", "r2", "n2"),
    ("resp_t", "n_t", "resp_c", "n_c"),
    ("respondersTreated", "nTreated", "respondersControl", "nControl"),
    ("events_1", "n_1", "events_2", "n_2"),
    ("x_treat", "n_treat", "x_ctrl", "n_ctrl"),
]
MEAN_NAMES = [
    ("m1i", "sd1i", "n1i", "m2i", "sd2i", "n2i"),
    ("mean.e", "sd.e", "n.e", "mean.c", "sd.c", "n.c"),
    ("mean1", "sd1", "n1", "mean2", "sd2", "n2"),
    ("Mean 1", "SD 1", "Total 1", "Mean 2", "SD 2", "Total 2"),
    ("mean_arm1", "sd_arm1", "n_arm1", "mean_arm2", "sd_arm2", "n_arm2"),
    ("Treated Mean", "Treated SD", "Treated N", "Control Mean", "Control SD", "Control N"),
    ("Mt", "SDt", "Nt", "Mc", "SDc", "Nc"),
    ("Experimental mean", "Experimental SD", "Experimental total", "Control mean", "Control SD", "Control total"),
]


def _sheet(names, numbers):
    return pd.DataFrame({"trial": ["North 2001", "East 2004", "South 2010"], "year": [2001, 2004, 2010]}
                        | dict(zip(names, numbers, strict=True)))  # fmt: skip


@pytest.mark.parametrize("names", COUNT_NAMES, ids="-".join)
def test_counts_side_by_side_under_every_name(names):
    arms = ka.read_arms(_sheet(names, COUNTS), layout="two_arms", columns={"study": "trial"})
    assert arms["arm"].tolist() == ["experimental", "control"] * 3
    assert arms["role"].tolist() == ["active", "control"] * 3
    assert arms["events"].tolist() == [14, 6, 25, 17, 9, 2] and arms["n"].tolist() == [30, 29, 52, 50, 21, 20]
    assert arms["hours"].isna().all() and set(arms["timing"]) == set(arms["scale"]) == {"not_stated"}
    assert ka.contrast_arms(arms)["estimate"].round(4).tolist() == LOG_ODDS


@pytest.mark.parametrize("names", MEAN_NAMES, ids="-".join)
def test_means_side_by_side_under_every_name(names):
    arms = ka.read_arms(_sheet(names, MEANS), layout="two_arms", columns={"study": "trial"})
    effects = ka.contrast_arms(arms, outcome="score", measure="mean_difference")
    assert effects["estimate"].round(9).tolist() == [-3.8, -1.1, -6.7]
    assert effects["std_error"].iloc[0] == pytest.approx(np.sqrt(7.9**2 / 30 + 8.4**2 / 29), rel=1e-12)


def test_the_pooled_odds_ratio_is_metafors():
    sheet = _sheet(COUNT_NAMES[0], COUNTS)
    effects = ka.contrast_arms(ka.read_arms(sheet, layout="two_arms", columns={"study": "trial"}))
    wald = ka.random_effects(effects, inference="wald")
    row = ka.as_ratio(wald.summary()).iloc[0]
    assert row[["estimate", "conf_low", "conf_high", "tau2"]].astype(float).round(4).tolist() == [
        2.64,
        1.344,
        5.1858,
        0.0495,
    ]
    common = ka.as_ratio(ka.random_effects(effects, inference="wald", method="FE").summary())
    assert round(common["estimate"].iloc[0], 2) == 2.55


def test_counts_of_events_and_of_the_others_give_n():
    sheet = pd.DataFrame(
        {"study": ["a", "b"], "tpos": [4, 6], "tneg": [119, 300], "cpos": [11, 29], "cneg": [128, 274]}
    )
    arms = ka.read_arms(sheet, layout="two_arms")
    assert arms["n"].tolist() == [123, 139, 306, 303]
    assert ka.contrast_arms(arms, measure="log_risk_ratio")["estimate"].round(4).tolist() == [-0.8893, -1.5854]


def test_arms_of_other_names_and_numbers_of_arms():
    wide = pd.DataFrame({
        "id": [1, 2], "treatment1": ["SSRI", "SNRI"], "treatment2": ["Placebo", "SSRI"], "treatment3": [None, "Placebo"],
        "n1": [60, 80], "resp1": [31, 44], "n2": [58, 82], "resp2": [19, 40], "n3": [None, 79], "resp3": [None, 25],
    })  # fmt: skip
    arms = ka.read_arms(wide, layout="several_arms", columns={"study": "id"})
    assert arms[["study", "arm", "events"]].to_numpy().tolist() == [
        ["1", "SSRI", 31], ["1", "Placebo", 19], ["2", "SNRI", 44], ["2", "SSRI", 40], ["2", "Placebo", 25]]  # fmt: skip
    effects = ka.contrast_arms(arms)
    assert effects["estimate"].round(4).tolist() == [0.7858, 0.9708, 0.7213]
    with pytest.raises(ka.DatasetError, match="columns of two arms"):
        ka.read_arms(wide, layout="two_arms", columns={"study": "id"})
    names = {
        "study": "id",
        "events_ketamine": "k_yes",
        "n_ketamine": "k_all",
        "events_saline": "s_yes",
        "n_saline": "s_all",
    }
    own = pd.DataFrame({"id": ["a"], "k_yes": 8, "k_all": 12, "s_yes": 1, "s_all": 12})
    arms = ka.read_arms(own, layout="two_arms", columns=names, scale="MADRS")
    assert arms[["arm", "role", "scale"]].to_numpy().tolist() == [
        ["ketamine", "active", "MADRS"],
        ["saline", "control", "MADRS"],
    ]


def test_a_control_that_stands_beside_two_arms_is_kept_once():
    sheet = pd.DataFrame({
        "study": "a", "treatment1": ["low", "high"], "treatment2": "placebo", "r1": [5, 9], "n1": 20, "r2": 3, "n2": 20,
    })  # fmt: skip
    arms = ka.read_arms(sheet, layout="two_arms")
    assert arms["arm"].tolist() == ["low", "placebo", "high"]
    with pytest.raises(ka.DatasetError, match="one row per arm, time and outcome"):
        ka.read_arms(sheet.assign(r2=[3, 4]), layout="two_arms")


def test_what_is_no_pair_of_arms_is_none():
    for columns in (
        ["id", "arm", "madrs1", "madrs2", "n"],
        ["patient", "mean_base", "sd_base", "n_base", "mean_end", "sd_end", "n_end"],
        ["study", "n", "events"],
        ["id", "age", "sex", "score_1", "score_2"],
    ):
        assert side_columns(columns) == {}
        with pytest.raises(ka.DatasetError, match="columns of two arms.*events_1, n_1, events_2, n_2"):
            ka.read_arms(pd.DataFrame({name: [1] for name in columns}), layout="two_arms")
    with pytest.raises(ValueError, match="layout 'wide' is unknown"):
        ka.read_arms(pd.DataFrame({"n": [1]}), layout="wide")


def test_a_row_an_arm_without_time_scale_or_role():
    table = pd.DataFrame({"study": ["N1", "N1"], "arm": ["fluoxetine", "placebo"], "events": [31, 19], "n": [60, 58]})
    arms = ka.read_arms(table, outcome="response")
    assert ka.contrast_arms(arms)["estimate"].round(4).tolist() == [0.7858]
    assert ka.collect_effects(arms)[["hours", "timing"]].isna().to_numpy().tolist() == [[True, False]]
    with pytest.raises(ka.DatasetError, match="is it 'Week'"):  # a column that looks like the time is asked for
        ka.read_arms(table.assign(Week=8), outcome="response")
    one_arm = pd.DataFrame({"study": ["North", "East"], "n": [40, 22], "mean": [31.2, 27.9], "sd": [7.1, 6.4]})
    alone = ka.read_arms(one_arm, outcome="score", arm="ketamine", scale="MADRS")
    assert alone["arm"].tolist() == ["ketamine"] * 2
    with pytest.raises(ValueError, match="no arm has role 'control'"):
        ka.contrast_arms(alone, outcome="score", measure="mean_difference")
    with pytest.raises(ValueError, match="hours > 0"):  # no curve without times
        ka.fit_time_course(ka.collect_effects(arms))


def test_undated_rows_of_the_evidence_stay_out():
    arms = ka.load_evidence()
    undated = arms[arms["hours"].isna()]
    left = ka.collect_effects(arms, rest=True)
    assert len(undated) and left["hours"].isna().sum() == len(undated)


def test_a_mean_without_a_scale_is_a_warning():
    arms = ka.read_arms(_sheet(MEAN_NAMES[0], MEANS), layout="two_arms", columns={"study": "trial"})
    problems = ka.problems_in_arms(arms)
    assert set(problems["severity"]) == {"warning"} and "a mean has a scale" in set(problems["rule"])
    with pytest.raises(ka.NotInData, match="no row gives a difference"):  # and it never becomes points
        ka.collect_effects(arms)
