import dataclasses

import pytest

import ketamine_analysis as ka
from ketamine_analysis.outcomes.scales import NOT_STATED, RESPONSE

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
    "HAM-A": (0, 56, ["<=7"], []),  # 14 × 4
    "LSAS": (0, 144, ["<=30"], []),  # 24 × (3 + 3)
    "CAPS": (0, 136, ["<=19"], [19, 39, 59, 79, 136]),  # 17 × (4 + 4)
    "CAPS-5": (0, 80, [], []),  # 20 × 4
    "PCL-5": (0, 80, [], []),  # 20 × 4
    "IES-R": (0, 88, [], []),  # 22 × 4
    "NRS-pain": (0, 10, [], []),
    "VAS-pain": (0, 100, [], []),
    "CADSS": (0, 112, [], []),  # 28 × 4
}


def test_the_scales_and_no_others():
    assert list(ka.SCALES) == list(EXPECTED)
    assert NOT_STATED == "not_stated" and NOT_STATED not in ka.SCALES


@pytest.mark.parametrize("name", EXPECTED)
def test_range_cutoffs_and_bands_as_published(name):
    scale = ka.SCALES[name]
    minimum, maximum, remission, ends = EXPECTED[name]
    assert (scale.name, scale.minimum, scale.maximum) == (name, minimum, maximum)
    assert list(scale.remission) == remission
    assert [highest for _, _, highest in scale.severity] == ends
    assert scale.label and scale.citation and scale.higher_is_worse


@pytest.mark.parametrize("scale", ka.SCALES.values(), ids=list(ka.SCALES))
def test_cutoffs_lie_within_the_scale_and_carry_their_name_and_source(scale):
    assert scale.floor == scale.minimum
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


def test_only_the_visual_analogue_scale_takes_fractions():
    assert [one.name for one in ka.SCALES.values() if not one.integer] == ["VAS-pain"]


def test_cdrs_r_counts_from_17():
    assert ka.SCALES["CDRS-R"].floor == 17
    assert ka.SCALES["CDRS-R"].response == f"{RESPONSE}, counted from 17"


def test_response_rules_in_words():
    assert ka.SCALES["MADRS"].response == ">=50% fall from baseline"
    assert [one.name for one in ka.SCALES.values() if not one.response.startswith(RESPONSE)] == ["CADSS"]


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
