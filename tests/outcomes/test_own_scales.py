"""Scales of one's own, and scales on which a higher score is better: derived rightly, everywhere."""

import numpy as np
import pandas as pd
import pytest

import ketamine_analysis as ka
from ketamine_analysis.outcomes.scales import scales_text

HIGHER = dict(higher_is_worse=False, citation="a manual")


def _scores(scale, scores, subject=1, arm="a", hours=(0, 24, 168)):
    return pd.DataFrame({"study": "s", "subject": subject, "arm": arm, "hours": hours, "scale": scale, "score": scores})


def test_higher_is_better_derives_as_its_mirror_image_does():
    """WHO-5 of 20, 60, 90: from 20 to 100 are 80 points of the way; 60 is half of it, 90 is 87.5 %."""
    up = ka.derive_outcomes(_scores("WHO-5", [20.0, 60.0, 90.0]))
    assert up["change"].tolist() == [0, 40, 70] and up["percent_change"].tolist() == [0, -50, -87.5]
    assert up["response"].tolist() == [False, True, True]
    mirror = ka.own_scale("test mirror", 0, 100, "WHO-5 turned round", remission={"<=10": "x"})
    down = ka.derive_outcomes(ka.read_scores(_scores(None, [80.0, 40.0, 10.0]).drop(columns="scale"), scale=mirror))
    assert down["percent_change"].tolist() == up["percent_change"].tolist()
    assert down["response"].tolist() == up["response"].tolist() and down["remission"].tolist() == [False, False, True]
    full = ka.derive_outcomes(_scores("WHO-5", [100.0, 60.0, 90.0]))  # no symptoms at the start: nothing can be said
    assert full["response"].isna().all()
    turned = ka.own_scale("test turned", 0, 100, remission={">=90": "x"}, **HIGHER)
    assert ka.derive_outcomes(ka.read_scores(_scores(None, [20.0, 89.0, 90.0]).drop(columns="scale"), scale=turned))[
        "remission"].tolist() == [False, False, True]  # fmt: skip


def test_standardised_differences_point_the_same_way_whatever_the_scale():
    arms = pd.DataFrame({"study": "s", "arm": ["drug", "placebo"], "role": ["active", "control"], "hours": 168.0,
                         "outcome": "change", "n": 30, "sd": 10.0})  # fmt: skip
    worse = arms.assign(scale="MADRS", mean=[-15.0, -10.0])
    better = arms.assign(scale="WHO-5", mean=[15.0, 10.0])
    g = [ka.contrast_arms(one, outcome="change", measure="standardized_mean_difference")["estimate"].iloc[0]
         for one in (worse, better)]  # fmt: skip
    assert g[0] == pytest.approx(g[1]) and g[0] < 0
    raw = ka.contrast_arms(better, outcome="change", measure="mean_difference")["estimate"].tolist()
    assert raw == [5.0]  # points stay points of the scale
    collected = [ka.collect_effects(one)["estimate"].iloc[0] for one in (worse, better)]
    assert collected[0] < 0 and collected[1] < 0
    log_odds = ka.with_converted_means(pd.DataFrame(columns=["study", "treatment_class"]), better)
    assert log_odds["estimate"].iloc[0] == pytest.approx(-g[0] * np.pi / np.sqrt(3))


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("x", 5, 5), "minimum 5 must lie below maximum 5"),
        (("x", 0, "ten"), "maximum 'ten' must be a number"),
        (("x", 0, float("nan")), "maximum nan must be a number"),
        (("", 0, 5), "needs a name"),
        (("not_stated", 0, 5), "needs a name"),
    ],
)
def test_a_definition_that_cannot_be_is_refused(words, told):
    with pytest.raises(ValueError, match=told):
        ka.own_scale(*words, "a manual")


def test_cutoffs_keep_range_and_direction_and_names_stay_what_they_are():
    for rules, told in (({"<=50": "x"}, "between 0 and 40"), ({">=5": "x"}, "<=number"), ({"low": "x"}, "<=number")):
        with pytest.raises(ValueError, match=told):
            ka.own_scale("x", 0, 40, "a manual", remission=rules)
    with pytest.raises(ValueError, match="needs a citation"):
        ka.own_scale("x", 0, 40, " ")
    with pytest.raises(ValueError, match="remission '<=4' must be a table"):
        ka.own_scale("x", 0, 40, "a manual", remission="<=4")
    with pytest.raises(ValueError, match="remission '<=4' needs a citation"):
        ka.own_scale("x", 0, 40, "a manual", remission={"<=4": 5})
    with pytest.raises(ValueError, match="integer 'yes' must be true or false"):
        ka.own_scale("x", 0, 40, "a manual", integer="yes")
    with pytest.raises(ValueError, match="floor 50 must lie between"):
        ka.own_scale("x", 0, 40, "a manual", floor=50)
    with pytest.raises(ValueError, match="'MADRS' is a shipped scale"):
        ka.define_scale(ka.own_scale("MADRS", 0, 10, "mine"))
    one = ka.define_scale(ka.own_scale("test once", 0, 10, "mine"))
    assert ka.define_scale(ka.own_scale("test once", 0, 10, "mine")) is not None and ka.SCALES["test once"] == one
    with pytest.raises(ValueError, match=r"defined already \(0–10\): give yours another name"):
        ka.define_scale(ka.own_scale("test once", 0, 11, "mine"))


def test_own_scales_are_checked_as_shipped_ones_are():
    scale = ka.own_scale("test checked", 0, 20, "a manual")
    with pytest.raises(ka.DatasetError, match="test checked runs from 0 to 20"):
        ka.read_scores(_scores(None, [21, 3, 4]).drop(columns="scale"), scale=scale)
    with pytest.raises(ka.DatasetError, match="whole scores"):
        ka.read_scores(_scores(None, [2.5, 3, 4]).drop(columns="scale"), scale=scale)


def test_scales_toml_beside_a_file_defines_its_scales(tmp_path):
    scale = ka.define_scale(ka.own_scale('test "beside"', 0, 20, "a manual, 2nd ed.", remission={"<=3": "A 2001"}))
    text = scales_text(["MADRS", scale.name, "unknown"])
    (tmp_path / "scales.toml").write_text(text.replace('test \\"beside\\"', "test beside"), encoding="utf-8")
    _scores("test beside", [18, 9, 3]).to_csv(tmp_path / "scores.csv", index=False)
    read = ka.derive_outcomes(ka.read_scores(tmp_path / "scores.csv"))
    assert read["response"].tolist() == [False, True, True] and read["remission"].tolist() == [False, False, True]
    (tmp_path / "scales.toml").write_text("[other]\nminimum = 0\nmaximun = 5\n", encoding="utf-8")
    with pytest.raises(
        ka.DatasetError, match="scales.toml, column scales.other: .*maximun.*its keys are minimum, maximum"
    ):
        ka.read_scores(tmp_path / "scores.csv")
    (tmp_path / "scales.toml").write_text("[other\n", encoding="utf-8")
    with pytest.raises(ka.DatasetError, match="scales.toml: breaks rule 'definitions in TOML'"):
        ka.read_scores(tmp_path / "scores.csv")
