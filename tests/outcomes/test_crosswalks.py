"""Published links between scales: whole, in order, and what their papers print; converted scores say so."""

import pandas as pd
import pytest

import ketamine_analysis as ka
from ketamine_analysis.folders import shipped_folder

LINKS = pd.read_csv(shipped_folder("data") / "crosswalks.csv")


@pytest.mark.parametrize(("scale", "to"), LINKS[["scale", "to_scale"]].drop_duplicates().to_numpy().tolist())
def test_each_link_is_whole_and_in_order(scale, to):
    rows = LINKS[(LINKS["scale"] == scale) & (LINKS["to_scale"] == to)]
    whole = set(range(int(ka.SCALES[scale].maximum) + 1)) - ({59} if scale == "MADRS" else set())  # the table skips 59
    assert sorted(rows["score"]) == sorted(whole)
    assert rows["to_low"].is_monotonic_increasing and rows["to_high"].is_monotonic_increasing
    assert (rows["to_low"] <= rows["to_high"]).all() and rows[["source", "source_url"]].notna().all(axis=None)
    assert rows["to_low"].min() >= ka.SCALES[to].minimum and rows["to_high"].max() <= ka.SCALES[to].maximum


def test_what_the_papers_print():
    link = LINKS.set_index(["scale", "score", "to_scale"])[["to_low", "to_high"]]
    assert link.loc["HAMD17", 7, "MADRS"].tolist() == [8, 9]  # Carmody 2006, abstract
    assert link.loc["QIDS-SR16", 27, "HAMD17"].max() == 52  # both ends meet


def test_converted_scores_say_what_they_were():
    scores = ka.simulate_trial(n_per_arm=4, seed=2)
    converted = ka.convert_scores(scores, "HAMD17")
    assert (converted["scale"] == "HAMD17").all() and (converted["converted_from"] == "MADRS").all()
    assert len(converted) == len(scores) and converted["score"].isna().equals(scores["score"].isna())
    assert "converted_from" in ka.derive_outcomes(converted)
    again = ka.convert_scores(scores, "MADRS")
    assert again["score"].equals(scores["score"]) and again["converted_from"].isna().all()


def test_no_link_and_no_partner_are_said():
    table = pd.DataFrame({"scale": ["PHQ-9"], "score": [9.0]})
    with pytest.raises(
        ValueError, match="no published link of PHQ-9 to MADRS is shipped: there are QIDS-SR16 → HAMD17"
    ):
        ka.convert_scores(table, "MADRS")
    with pytest.raises(ValueError, match=r"1 scores have no partner \(the first: MADRS 59\)"):
        ka.convert_scores(pd.DataFrame({"scale": ["MADRS"], "score": [59.0]}), "HAMD17")
