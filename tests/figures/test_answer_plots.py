"""The headline figure: every cell says its number, its doubt or that nobody looked."""

import matplotlib.pyplot as plt
import pandas as pd
import pytest

import ketamine_analysis as ka

ARMS = pd.DataFrame({
    "study": ["a", "a", "b", "b"], "arm": ["x", "p", "s", "p"], "role": ["active", "control"] * 2,
    "hours": [24.0, 24.0, 1344.0, 1344.0], "scale": "MADRS", "outcome": "response", "n": 200,
    "events": [120, 50, 80, 82], "treatment_class": ["ketamine", "placebo", "ssri", "placebo"],
})  # fmt: skip


@pytest.fixture
def small():
    published = pd.DataFrame({"treatment_class": ["ssri"], "window": ["24 h"], "label": ["Old 2001 (pooled)"],
                              "points": [-1.0], "per_hundred": [float("nan")]})  # fmt: skip
    return ka.answer(ka.collect_effects(ARMS), ARMS, windows=("24 h", "1 wk", "8 wk"), published=published)


def _texts(ax):
    return [text.get_text() for text in ax.texts]


def test_cells_say_number_trials_and_how_sure(small):
    ax = ka.plot_answer(small)
    row = small.summary().iloc[0]
    texts = _texts(ax)
    assert f"{row['points']:.1f}".replace("-", "−") in texts
    assert any("1 trial, 400 people" in text and "better: 9" in text for text in texts)
    assert texts.count("no trial here") == 3  # ketamine at 1 and 8 weeks, SSRI at 1 week
    assert any("published pool:\nOld 2001" in text for text in texts) and "(−1.0)" in texts
    plt.close("all")


def test_no_word_leaves_its_cell_or_the_figure(small):
    for windows in (("24 h",), ("24 h", "1 wk", "8 wk")):
        answer = ka.answer(ka.collect_effects(ARMS), ARMS, windows=windows)
        ax = ka.plot_answer(answer)
        figure = ax.figure
        figure.canvas.draw()
        width, height = figure.bbox.width, figure.bbox.height
        for text in ax.texts:
            box = text.get_window_extent()
            assert box.x0 >= -1 and box.x1 <= width + 1 and box.y0 >= -1 and box.y1 <= height + 1, text.get_text()
            if "people" in text.get_text():
                (left, _), (right, _) = ax.transData.transform([(0, 0), (1, 0)])
                assert box.width < right - left
    plt.close("all")


def test_words_say_the_numbers_and_who_was_not_measured(small):
    words = ka.answer_words(small, "8 wk")
    assert words.startswith("At 8 weeks, against control: SSRI 0.") and "not told apart" in words
    assert words.endswith("No trial here measured ketamine then.")
    assert ka.answer_words(small, "1 wk") == "At 1 week no trial here measured any."


def test_published_pools_stand_beside_ours_with_their_own_mark_and_are_not_in_ours():
    arms, printed = ka.default_pool(ka.load_evidence()), ka.load_evidence("effects")
    effects = ka.collect_effects(arms, contrasts=ka.default_pool(printed))
    made = ka.answer(effects, arms, classes=("esketamine", "ssri"), published=ka.published_pools(printed))
    ax = ka.plot_beside_published(made)
    marks = {line.get_marker(): [] for line in ax.lines if line.get_marker() != "None"}
    for line in ax.lines:
        if line.get_marker() != "None":
            marks[line.get_marker()].append(round(float(line.get_xdata()[0]), 6))
    theirs, ours = made.beside_published(), made.summary()
    shown = theirs[theirs["points"].notna()]
    assert sorted(marks["D"]) == sorted(shown["points"].round(6))
    own = ours.merge(shown[["treatment_class", "window"]].drop_duplicates())["points"]
    assert sorted(one for one in marks["o"] if one == one) == sorted(own.dropna().round(6))
    words = [tick.get_text() for tick in ax.get_yticklabels()]
    assert any(one.startswith("SSRI, 1 week: no trial here") for one in words)
    assert any("Taylor 2006" in one and one.endswith("1 wk") for one in words)
    people = ka.plot_beside_published(made, unit="per_hundred")
    assert "of 100" in people.get_xlabel()
    with pytest.raises(ValueError, match="unit 'percent' is unknown"):
        ka.plot_beside_published(made, unit="percent")
    alone = ka.answer(effects, arms, classes=("esketamine",), published=None)
    with pytest.raises(ka.NotInData, match="published pool in points"):
        ka.plot_beside_published(alone)
