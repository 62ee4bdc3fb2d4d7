"""One question, one answer: the pages that give a headline number give the library's own."""

import json
from pathlib import Path

import pytest

import ketamine_analysis as ka
from ketamine_analysis.pooling.evidence_answers import evidence_answer

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"


def _outputs(name):
    notebook = json.loads((NOTEBOOKS / f"{name}.ipynb").read_text(encoding="utf-8"))
    data = [one["data"] for cell in notebook["cells"] for one in cell.get("outputs", [])]
    return "\n".join("".join(one.get(kind, "")) for one in data for kind in ("text/markdown", "text/html"))


def _four_classes():
    arms, printed = ka.default_pool(ka.load_evidence()), ka.load_evidence("effects")
    effects = ka.collect_effects(arms, contrasts=ka.default_pool(printed))
    return ka.answer(effects, arms, classes=("ketamine", "esketamine", "ssri", "snri"))


@pytest.mark.parametrize("window", ["24 h", "8 wk"])
@pytest.mark.parametrize("name", ["00_start_here", "03_response_timelines"])
def test_the_first_pages_say_the_library_s_sentence(name, window):
    assert ka.answer_words(_four_classes(), window) in _outputs(name)


def test_readme_says_the_same_sentence():
    answer = _four_classes()
    readme = (NOTEBOOKS.parent / "README.md").read_text(encoding="utf-8")
    assert ka.answer_words(answer, "24 h") in readme and ka.answer_words(answer, "8 wk") in readme


def test_the_page_on_sureness_gives_the_answer_s_own_pool_of_both():
    row = evidence_answer(windows=("24 h",)).together(("ketamine", "esketamine"), "24 h").summary().iloc[0]
    limits = f"{row['points']:.1f} ({row['points_low']:.1f} to {row['points_high']:.1f})"
    assert limits in _outputs("06_how_sure").replace("−", "-")
