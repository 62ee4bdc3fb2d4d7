import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

import ketamine_analysis as ka


@pytest.fixture(scope="module")
def pool():
    return ka.default_pool(ka.load_evidence())


@pytest.fixture(scope="module")
def effects(pool):
    table = ka.contrast_arms(pool)
    return ka.one_per_window(table[table["timing"] == "at"])


def test_rates_are_drawn_where_they_are(pool):
    rows = pool[(pool["outcome"] == "response") & (pool["study"] == "murrough2013")]
    ax = ka.plot_rates(rows)
    drawn = sorted(float(collection.get_offsets()[0, 1]) for collection in ax.collections[1::2])
    assert drawn == pytest.approx(sorted(100 * rows["events"] / rows["n"]))
    assert ax.get_ylabel() == "response, % of patients"
    with pytest.raises(ValueError, match="one figure shows one outcome"):
        ka.plot_rates(pool[pool["study"] == "popova2019"])
    with pytest.raises(ValueError, match="nothing to draw"):
        ka.plot_rates(rows.assign(events=np.nan))


def test_every_plot_draws_into_the_given_axes(pool, effects):
    import matplotlib.pyplot as plt

    response = pool[pool["outcome"] == "response"]
    pooled = ka.random_effects(effects, by=["treatment_class", "window"])
    for draw in (
        lambda ax: ka.plot_rates(response, ax=ax),
        lambda ax: ka.plot_assessment_times(response, ax=ax),
        lambda ax: ka.plot_windows(ka.as_ratio(pooled.summary()), ax=ax),
        lambda ax: ka.plot_forest(ka.random_effects(effects[effects["window"] == "24 h"]), ax=ax),
    ):
        ax = plt.subplots()[1]
        assert draw(ax) is ax and (ax.lines or ax.collections)


def test_the_hours_axis_is_true_time():
    import matplotlib.pyplot as plt

    ax = ka.hours_axis(plt.subplots(figsize=(10, 3))[1], (0, 24, 168, 1344))
    place = ax.transData.transform(np.column_stack([[0, 24, 168, 1344], np.zeros(4)]))[:, 0]
    assert np.all(np.diff(place) > 0)
    assert {label.get_text() for label in ax.get_xticklabels()} >= {"0", "24 h", "1 wk", "8 wk"}


def test_labels_never_overlap_on_a_narrow_axis():
    import matplotlib.pyplot as plt

    for width in (3, 5, 9):
        figure, ax = plt.subplots(figsize=(width, 3))
        ka.hours_axis(ax, (0.667, 5376))
        figure.canvas.draw()
        boxes = sorted(
            (t.get_window_extent().x0, t.get_window_extent().x1) for t in ax.get_xticklabels() if t.get_text()
        )
        assert all(left[1] < right[0] for left, right in zip(boxes, boxes[1:], strict=False))


@pytest.mark.parametrize("size", [1, 5, 60])
def test_a_forest_shows_every_trial_and_overlaps_nowhere(effects, size):
    rows = effects[(effects["treatment_class"] == "ssri") & (effects["window"] == "8 wk")].head(size)
    ax = ka.plot_forest(ka.random_effects(rows))
    texts = [text.get_text() for text in ax.texts]
    for label, events, n in zip(rows["label"], rows["events"], rows["n"], strict=True):
        assert label in texts or any(text.endswith("…") and label.startswith(text[:-1]) for text in texts)
        assert f"{events:.0f}/{n:.0f}" in texts
    ax.figure.canvas.draw()
    boxes = [text.get_window_extent() for text in ax.texts if text.get_text()]
    for i, one in enumerate(boxes):
        assert not any(one.overlaps(other) for other in boxes[i + 1 :])
    width, height = ax.figure.canvas.get_width_height()
    assert all(box.x0 >= 0 and box.x1 <= width and box.y0 >= 0 and box.y1 <= height for box in boxes)


def test_spans_in_which_nobody_looked_are_grey(effects):
    ketamine = effects[effects["treatment_class"] == "ketamine"]
    summary = ka.as_ratio(ka.random_effects(ketamine, by=["treatment_class", "window"]).summary())
    ax = ka.plot_windows(summary)
    white = [patch for patch in ax.patches if patch.get_facecolor()[:3] == (1.0, 1.0, 1.0)]
    assert len(white) == summary["window"].nunique() and len(ax.patches) == len(white) + 1


def test_one_colour_per_class_everywhere():
    colours = [ka.class_colour(name) for name in ("ketamine", "esketamine", "ssri", "snri", "placebo", "midazolam")]
    assert len(set(colours)) == 6
    assert ka.class_colour("something new") == ka.class_colour("another")


def test_saving_keeps_figures_and_tables_and_refuses_the_rest(tmp_path, pool):
    ax = ka.plot_rates(pool[(pool["outcome"] == "response") & (pool["study"] == "murrough2013")])
    ka.save_result(ax, "rates", tmp_path)
    ka.save_result(pd.DataFrame({"a": [1]}), "table", tmp_path)
    ka.save_result("ignored", "x", None)
    assert (tmp_path / "figures" / "rates.svg").exists() and (tmp_path / "tables" / "table.csv").read_text() == "a\n1\n"
    with pytest.raises(TypeError, match="this is str"):
        ka.save_result("text", "x", tmp_path)


def test_nothing_to_draw_is_said():
    arms = pd.DataFrame({"study": "a", "arm": "x", "role": "control", "hours": [24.0], "treatment_class": "placebo"})
    with pytest.raises(ValueError, match="no active arm"):
        ka.plot_assessment_times(arms)
    with pytest.raises(ValueError, match="no pooled estimate"):
        ka.plot_windows(pd.DataFrame({"window": [None], "measure": ["odds_ratio"]}))


def test_ratios_and_rates_are_made_only_of_their_logarithms(effects):
    summary = ka.random_effects(effects[effects["window"] == "24 h"]).summary()
    assert ka.as_ratio(summary)["measure"].tolist() == ["odds_ratio"]
    with pytest.raises(ValueError, match="is not on the scale"):
        ka.as_proportion(summary)
    with pytest.raises(ValueError, match="is not on the scale"):
        ka.as_ratio(summary.assign(measure="mean_difference"))


def test_a_time_course_without_a_half_time_has_a_band_and_no_line(effects):
    ssri = ka.contrast_arms(ka.default_pool(ka.load_evidence()))
    ssri = ssri[(ssri["timing"] == "at") & (ssri["treatment_class"] == "ssri")]
    ax = ka.plot_time_course(ka.fit_time_course(ssri))
    curves = [line for line in ax.lines if len(line.get_xdata()) > 10]
    assert curves and all(np.isnan(line.get_ydata()).all() for line in curves)
    band = ax.collections[0].get_paths()[0].vertices[:, 1]
    assert band.min() >= 0.99 and 1.4 < band.max() < 2.5  # the faint band over all hours: no effect to the plateau


def test_numbers_of_trials_stand_apart_on_a_narrow_axis():
    windows = ["4 wk", "6 wk", "8 wk", "≥10 wk"]
    summary = pd.DataFrame({
        "treatment_class": "ssri", "window": windows, "k": [10, 53, 67, 12], "measure": "odds_ratio",
        "estimate": 1.5, "conf_low": 1.2, "conf_high": 1.9,
    })  # fmt: skip
    for width, clear in ((3.0, False), (14.0, True)):
        figure, ax = plt.subplots(figsize=(width, 3))
        ka.plot_windows(summary, ax=ax)
        figure.canvas.draw()
        boxes = [text.get_window_extent() for text in ax.texts if text.get_text().isdigit()]
        assert len(boxes) == 4
        assert not any(one.overlaps(other) for i, one in enumerate(boxes) for other in boxes[:i])
        assert (len({round(box.y0) for box in boxes}) == 1) == clear


def test_a_long_name_widens_the_forest_instead_of_being_cut(effects):
    rows = effects[(effects["treatment_class"] == "ssri") & (effects["window"] == "8 wk")].head(3)
    long = "Williams 2018 (naltrexone + ketamine) (crossover)"
    ax = ka.plot_forest(ka.random_effects(rows.assign(label=[long, "Short 1990", "x" * 90])))
    texts = [text.get_text() for text in ax.texts]
    assert long in texts and sum(text.endswith("…") for text in texts) == 1
    assert ax.figure.get_figwidth() == pytest.approx(9.5 + 0.062 * (62 - 37))
    ax.figure.canvas.draw()
    assert min(text.get_window_extent().x0 for text in ax.texts) >= 0


def test_classes_stand_in_one_order_and_are_named_where_their_numbers_are():
    rows = {"window": "4 wk", "k": [10, 1], "measure": "odds_ratio", "estimate": 1.5, "conf_low": 1.2, "conf_high": 2.0}
    ax = ka.plot_windows(pd.DataFrame({"treatment_class": ["ssri", "ketamine"], **rows}))
    named = {text.get_text(): text for text in ax.texts}
    heights = [named[words].get_position()[1] for words in ("ketamine, trials", "SSRI, trials")]
    assert heights == [pytest.approx(1.035), pytest.approx(1.085)] and ax.get_legend() is None
    assert [named[k].xy[1] for k in ("1", "10")] == heights  # each number on its class's line
    assert named["SSRI, trials"].get_color() == named["10"].get_color() == ka.class_colour("ssri")


def test_a_funnel_of_odds_ratios_is_labelled_with_odds_ratios(effects):
    rows = effects[(effects["treatment_class"] == "ssri") & (effects["window"] == "8 wk")]
    ax = ka.plot_funnel(ka.random_effects(rows))
    ticks = dict(zip([one.get_text() for one in ax.get_xticklabels()], ax.get_xticks(), strict=True))
    assert ticks["1"] == 0 and ticks["2"] == pytest.approx(np.log(2))
    assert ax.get_xlabel() == "odds ratio of response (log scale)"


def test_a_risk_difference_is_in_percentage_points():
    rows = {"window": ["8 wk"], "k": 3, "estimate": 0.1, "conf_low": 0.05, "conf_high": 0.2}
    ax = ka.plot_windows(pd.DataFrame({"treatment_class": "ssri", "measure": "risk_difference", **rows}))
    assert ax.get_ylabel() == "risk difference, percentage points"
    assert ax.yaxis.get_major_formatter()(0.1) == "+10" and ax.yaxis.get_major_formatter()(0.0) == "0"


def test_the_note_under_a_figure_names_the_file_and_lies_below_everything(effects):
    ax = ka.plot_windows(ka.as_ratio(ka.random_effects(effects, by=["treatment_class", "window"]).summary()))
    assert ka.note_source(ax, "/home/me/mine.csv", "a word " * 40) is ax
    (note,) = ax.figure.texts
    assert note.get_text().endswith("Source: mine.csv.") and "/home/me" not in note.get_text()
    ax.figure.canvas.draw()
    box = note.get_window_extent()
    assert box.y1 <= 0 and box.x1 <= ax.figure.bbox.width and note.get_text().count("\n") == 2
    ka.note_source(ax.figure)
    assert ax.figure.texts[1].get_text() == "Source: data/evidence, published results."


def _one_trial():
    """A trial as read_scores and summarize_arms give it: no class, no role."""
    return pd.DataFrame({
        "study": "trd", "arm": ["Esketamine 84 mg + SSRI", "Placebo + SSRI"] * 2, "hours": [168.0, 168.0, 672.0, 672.0],
        "scale": "HAMD17", "outcome": "response", "n": 90, "events": [8, 6, 50, 27],
    })  # fmt: skip


def test_arms_without_a_class_are_told_apart_and_their_times_joined():
    ax = ka.plot_rates(_one_trial())
    legend = {
        text.get_text(): handle
        for text, handle in zip(ax.get_legend().texts, ax.get_legend().legend_handles, strict=True)
    }
    looks = {name: (handle.get_color(), handle.get_marker()) for name, handle in legend.items()}
    assert looks == {
        "Esketamine 84 mg + SSRI": (ka.class_colour("esketamine"), "o"),
        "Placebo + SSRI": (ka.class_colour("placebo"), "s"),
    }
    lines = [line for line in ax.lines if len(line.get_xdata()) == 2]
    np.testing.assert_allclose([line.get_ydata() for line in lines], 100 * np.array([[8, 50], [6, 27]]) / 90)
    assert ax.get_title(loc="left").startswith("4 arm-times of 1 trial;")
    own = pd.concat([_one_trial().assign(hours=lambda t, i=i: t["hours"] + 24 * i) for i in range(7)])
    assert not ka.plot_rates(own).lines  # times of their own: other patients at each
    unnamed = ka.plot_rates(_one_trial().replace({"arm": {"Esketamine 84 mg + SSRI": "A", "Placebo + SSRI": "B"}}))
    assert len({handle.get_color() for handle in unnamed.get_legend().legend_handles}) == 2


def test_one_of_several_outcomes_is_asked_for_and_drawn():
    both = pd.concat([_one_trial(), _one_trial().assign(outcome="remission")])
    with pytest.raises(ValueError, match="say outcome='response'"):
        ka.plot_rates(both)
    assert ka.plot_rates(both, outcome="remission").get_ylabel() == "remission, % of patients"
    with pytest.raises(ValueError, match="patients become arms by summarize_arms"):
        ka.plot_rates(ka.derive_outcomes(ka.simulate_trial(n_per_arm=5, seed=1)))


def test_a_forest_of_effects_says_that_they_are_pooled_first(effects):
    with pytest.raises(TypeError, match=r"plot_forest\(random_effects\(effects\)\)"):
        ka.plot_forest(effects)


def test_a_forest_says_what_was_added_to_empty_cells():
    arms = pd.DataFrame({
        "study": ["Lopez 2014"] * 2 + ["Chen 2016"] * 2, "arm": ["ketamine", "saline"] * 2, "hours": 168, "n": [12, 12, 41, 40],
        "role": ["active", "control"] * 2, "scale": "MADRS", "outcome": "response", "events": [8, 0, 20, 11],
    })  # fmt: skip
    effects = ka.contrast_arms(arms)
    ax = ka.plot_forest(ka.random_effects(effects))
    assert ax.get_xlabel().splitlines()[2] == "0.5 added to the cells of trials with an empty one: Lopez 2014"
    ax.figure.canvas.draw()
    assert ax.xaxis.label.get_window_extent().y0 >= 0
    assert "added" not in ka.plot_forest(ka.random_effects(effects[effects["added"] == 0])).get_xlabel()
