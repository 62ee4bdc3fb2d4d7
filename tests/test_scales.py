import dataclasses

import pytest

import ketamine_analysis as ka

EXPECTED = [
    "MADRS",
    "HAMD6",
    "HAMD17",
    "HAMD21",
    "HAMD24",
    "HAMD25",
    "QIDS-SR16",
    "QIDS-C16",
    "IDS-C30",
    "IDS-SR30",
    "PHQ-9",
    "BDI",
    "BDI-II",
    "CDRS-R",
    "HAM-A",
    "LSAS",
    "CAPS",
    "CAPS-5",
    "PCL-5",
    "IES-R",
    "NRS-pain",
    "VAS-pain",
    "CADSS",
]


def test_every_scale_is_there_with_range_and_citation():
    assert list(ka.SCALES) == EXPECTED
    for scale in ka.SCALES.values():
        assert scale.minimum <= scale.floor < scale.maximum and len(scale.citation) > 10


def test_known_definitions():
    assert {name: one.at_most for name, one in ka.SCALES["MADRS"].remission.items()} == {"<=10": 10, "<=12": 12}
    assert next(iter(ka.SCALES["HAMD17"].remission)) == "<=7" and ka.SCALES["HAMD17"].maximum == 52
    assert (ka.SCALES["CDRS-R"].floor, ka.SCALES["CDRS-R"].minimum) == (17, 17)
    assert not ka.SCALES["VAS-pain"].integer and ka.SCALES["MADRS"].integer


@pytest.mark.parametrize("scale", ka.SCALES.values(), ids=EXPECTED)
def test_bands_and_cutoffs_lie_within_the_scale(scale):
    for cutoff in scale.remission.values():
        assert scale.minimum <= cutoff.at_most < scale.maximum and cutoff.citation
    if scale.severity:
        assert scale.severity[0][1] == scale.minimum and scale.severity[-1][2] == scale.maximum
        for (_, _, high), (_, low, _) in zip(scale.severity, scale.severity[1:], strict=False):
            assert low == high + 1


def test_definitions_cannot_be_changed():
    with pytest.raises(TypeError):
        ka.SCALES["MADRS"] = None
    with pytest.raises(dataclasses.FrozenInstanceError):
        ka.SCALES["MADRS"].maximum = 10


def test_an_unknown_scale_names_the_nearest():
    with pytest.raises(ValueError, match="did you mean 'MADRS'"):
        ka.find_scale("MARDS")
