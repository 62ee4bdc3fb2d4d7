import dataclasses
import warnings

import pandas as pd
import pytest

import ketamine_analysis as ka
from ketamine_analysis.outcomes.scale_definition import BETTER, RESPONSE
from ketamine_analysis.outcomes.scales import NOT_STATED

# minimum, maximum, remission names (the first is the default), upper ends of the bands; written by hand
EXPECTED = {
    "MADRS": (0, 60, ["<=10", "<=12"], [6, 19, 34, 60]),  # 10 × 6
    "HAMD6": (0, 22, ["<=4"], []),  # 5 × 4 + 2
    "HAMD17": (0, 52, ["<=7"], [7, 16, 23, 52]),  # 9 × 4 + 8 × 2
    "HAMD21": (0, 66, ["<=7"], []),  # 52 + 2 + 2 + 4 + 4 + 2
    "HAMD24": (0, 78, [], []),  # 66 + 3 × 4
    "HAMD25": (0, 84, [], []),  # 52 + 8 × 4
    "QIDS-SR16": (0, 27, ["<=5"], [5, 10, 15, 20, 27]),  # 9 domains × 3
    "QIDS-C16": (0, 27, ["<=5"], [5, 10, 15, 20, 27]),
    "IDS-C30": (0, 84, [], []),  # 28 × 3
    "IDS-SR30": (0, 84, ["<=13"], [13, 25, 38, 48, 84]),
    "PHQ-9": (0, 27, ["<=4"], [4, 9, 14, 19, 27]),  # 9 × 3
    "BDI": (0, 63, ["<=9", "<=12"], [9, 18, 29, 63]),  # 21 × 3
    "BDI-II": (0, 63, ["<=13"], [13, 19, 28, 63]),
    "CDRS-R": (17, 113, ["<=28"], []),  # 17 × 1; 14 × 7 + 3 × 5
    "PHQ-8": (0, 24, ["<=4"], [4, 9, 14, 19, 24]),  # 8 × 3
    "CES-D": (0, 60, ["<=15"], []),  # 20 × 3
    "EPDS": (0, 30, [], []),  # 10 × 3
    "GDS-15": (0, 15, ["<=4"], [4, 8, 11, 15]),
    "GDS-30": (0, 30, ["<=9"], [9, 19, 30]),
    "HADS-D": (0, 21, ["<=7"], [7, 10, 21]),  # 7 × 3
    "DASS-21-D": (0, 42, ["<=9"], [9, 13, 20, 27, 42]),  # 7 × 3 × 2
    "Zung-SDS": (20, 80, [], []),  # 20 × 1; 20 × 4
    "Zung-SDS-index": (25, 100, ["<=49"], []),  # × 1.25
    "MADRS-S": (0, 54, [], []),  # 9 × 6
    "HAMD7": (0, 26, ["<=3"], []),  # 6 × 4 + 2
    "CESD-R": (0, 60, ["<=15"], []),  # 20 × 3
    "CUDOS": (0, 64, ["<=19", "<=10"], [10, 20, 30, 45, 64]),  # 16 × 4
    "PROMIS-Depression": (0, 100, [], []),
    "HAM-A": (0, 56, ["<=7"], []),  # 14 × 4
    "LSAS": (0, 144, ["<=30"], []),  # 24 × (3 + 3)
    "CAPS": (0, 136, ["<=19"], [19, 39, 59, 79, 136]),  # 17 × (4 + 4)
    "CAPS-5": (0, 80, [], []),  # 20 × 4
    "PCL-5": (0, 80, [], []),  # 20 × 4
    "IES-R": (0, 88, [], []),  # 22 × 4
    "NRS-pain": (0, 10, [], []),
    "VAS-pain": (0, 100, [], []),
    "CADSS": (0, 112, [], []),  # 28 × 4
    "GAD-7": (0, 21, ["<=4"], [4, 9, 14, 21]),  # 7 × 3
    "HADS-A": (0, 21, ["<=7"], [7, 10, 21]),
    "DASS-21-A": (0, 42, ["<=7"], [7, 9, 14, 19, 42]),
    "DASS-21-S": (0, 42, ["<=14"], [14, 18, 25, 33, 42]),
    "BAI": (0, 63, ["<=7"], [7, 15, 25, 63]),  # 21 × 3
    "PSWQ": (16, 80, [], []),  # 16 × 1; 16 × 5
    "Y-BOCS": (0, 40, [], [7, 15, 23, 31, 40]),  # 10 × 4
    "YMRS": (0, 60, [], []),  # 7 × 4 + 4 × 8
    "K10": (10, 50, [], [15, 21, 29, 50]),  # 10 × 1; 10 × 5
    "ISI": (0, 28, ["<=7"], [7, 14, 21, 28]),  # 7 × 4
    "SHAPS": (0, 14, ["<=2"], []),
    "CGI-S": (1, 7, [], []),
    "WHO-5": (0, 100, [], []),
    "WHO-5-raw": (0, 25, [], []),  # 5 × 5
    "PROMIS-Anxiety": (0, 100, [], []),
    "K6": (0, 24, [], [4, 12, 24]),  # 6 × 4
    "CGI-I": (1, 7, [], []),
    "SSI": (0, 38, [], []),  # 19 × 2
    "BSS": (0, 38, [], []),  # 19 × 2, two items unscored
    "C-SSRS-ideation": (0, 5, [], []),
    "SIDAS": (0, 50, [], []),  # 5 × 10
    "STAI-S": (20, 80, [], []),  # 20 × 1; 20 × 4
    "STAI-T": (20, 80, [], []),
    "OASIS": (0, 20, [], []),  # 5 × 4
    "PDSS": (0, 28, [], []),  # 7 × 4
    "SPIN": (0, 68, [], []),  # 17 × 4
    "SHAPS-Likert": (14, 56, [], []),  # 14 × 1; 14 × 4
    "Sheehan-SDS": (0, 30, [], []),  # 3 × 10
    "WSAS": (0, 40, [], [9, 20, 40]),  # 5 × 8
    "EQ-5D": (-1.491, 1, [], []),
    "EQ-VAS": (0, 100, [], []),
    "Q-LES-Q-SF": (14, 70, [], []),  # 14 × 1; 14 × 5
    "PANSS": (30, 210, [], []),  # 30 × 1; 30 × 7
    "BPRS": (18, 126, [], []),  # 18 × 1; 18 × 7
}
NO_SHARE = ("PROMIS-Depression", "CADSS", "PROMIS-Anxiety", "CGI-I", "C-SSRS-ideation", "EQ-5D")  # no response
BETTER_ABOVE = ("WHO-5", "WHO-5-raw", "EQ-5D", "EQ-VAS", "Q-LES-Q-SF")  # a higher score is better


def test_the_scales_and_no_others():
    assert [name for name in ka.SCALES if not name.startswith("test ")] == list(EXPECTED)
    assert NOT_STATED == "not_stated" and NOT_STATED not in ka.SCALES


@pytest.mark.parametrize("name", EXPECTED)
def test_range_cutoffs_and_bands_as_published(name):
    scale = ka.SCALES[name]
    minimum, maximum, remission, ends = EXPECTED[name]
    assert (scale.name, scale.minimum, scale.maximum) == (name, minimum, maximum)
    assert list(scale.remission) == remission
    assert [highest for _, _, highest in scale.severity] == ends
    assert scale.label and scale.citation and scale.higher_is_worse == (name not in BETTER_ABOVE)


@pytest.mark.parametrize("scale", [ka.SCALES[name] for name in EXPECTED], ids=list(EXPECTED))
def test_cutoffs_lie_within_the_scale_and_carry_their_name_and_source(scale):
    assert scale.floor == (scale.minimum if scale.higher_is_worse else scale.maximum)
    for name, cutoff in scale.remission.items():
        assert name == f"<={cutoff.at_most}" and scale.floor <= cutoff.at_most < scale.maximum
        assert any(year in cutoff.citation for year in map(str, range(1960, 2026)))


BANDED = [one for one in ka.SCALES.values() if one.severity]


@pytest.mark.parametrize("scale", BANDED, ids=lambda one: one.name)
def test_bands_cover_the_scale_without_gap_or_overlap(scale):
    assert scale.integer  # so that the next band starts one point higher
    assert scale.severity[0][1] == scale.minimum and scale.severity[-1][2] == scale.maximum
    assert all(low <= high for _, low, high in scale.severity)
    assert [low for _, low, _ in scale.severity[1:]] == [high + 1 for _, _, high in scale.severity[:-1]]


def test_only_these_scales_take_fractions():
    assert [one.name for name in EXPECTED if not (one := ka.SCALES[name]).integer] == [
        "Zung-SDS-index", "PROMIS-Depression", "VAS-pain", "PROMIS-Anxiety", "EQ-5D",
    ]  # fmt: skip


def test_cdrs_r_counts_from_17():
    assert ka.SCALES["CDRS-R"].floor == 17
    assert ka.SCALES["CDRS-R"].response == f"{RESPONSE}, counted from 17"


def test_response_rules_in_words():
    assert ka.SCALES["MADRS"].response == ">=50% fall from baseline"
    other = [name for name in EXPECTED if not ka.SCALES[name].response.startswith(RESPONSE)]
    assert set(other) == {*NO_SHARE, *BETTER_ABOVE} and ka.SCALES["WHO-5"].response == BETTER
    assert [name for name in EXPECTED if not ka.SCALES[name].responds] == list(NO_SHARE)


@pytest.mark.parametrize("scale", ["PROMIS-Depression", "not_stated"])
def test_where_no_response_is_meant_there_are_changes_alone(scale):
    table = pd.DataFrame(
        {"study": "a", "subject": [1, 1], "arm": "k", "hours": [0, 24], "scale": scale, "score": [70.0, 35.0]}
    )
    with warnings.catch_warnings(record=True):
        outcomes = ka.derive_outcomes(ka.read_scores(table))
    assert outcomes["change"].tolist() == [0, -35]
    assert outcomes[["response", "remission", "percent_change", "response_definition"]].isna().all(axis=None)
    for missing in ("observed", "nonresponder", "locf"):
        arms = ka.summarize_arms(outcomes, outcomes=("response", "change"), missing=missing)
        assert arms["outcome"].tolist() == ["change"] and arms["mean"].tolist() == [-35]


def test_definitions_cannot_be_changed():
    with pytest.raises(TypeError):
        ka.SCALES["MADRS"] = None
    for name in ("MADRS", "HAMD24"):  # an empty set of cut-offs is as fixed as a full one
        with pytest.raises(TypeError):
            ka.SCALES[name].remission["<=20"] = None
    with pytest.raises(dataclasses.FrozenInstanceError):
        ka.SCALES["MADRS"].maximum = 10
    with pytest.raises(dataclasses.FrozenInstanceError):
        ka.SCALES["MADRS"].remission["<=10"].at_most = 20


def test_find_scale_returns_the_scale_itself():
    assert all(ka.find_scale(name) is scale for name, scale in ka.SCALES.items())


NEAREST = {"MARDS": "MADRS", "madrs": "MADRS", "HAMD-17": "HAMD17"}


@pytest.mark.parametrize(("asked", "nearest"), NEAREST.items())
def test_an_unknown_scale_names_the_value_the_nearest_and_all(asked, nearest):
    with pytest.raises(ValueError) as error:
        ka.find_scale(asked)
    message = f"scale {asked!r} is unknown; did you mean {nearest!r}? Known: {', '.join(EXPECTED)}"
    assert str(error.value) == message


@pytest.mark.parametrize("asked", ["zzzz", NOT_STATED, None])
def test_nothing_near_is_not_guessed(asked):
    with pytest.raises(ValueError) as error:
        ka.find_scale(asked)
    assert str(error.value) == f"scale {asked!r} is unknown. Known: {', '.join(EXPECTED)}"
