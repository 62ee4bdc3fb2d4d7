"""Tables of results that nobody here wrote, from `new` through the fewest answers to the numbers of R."""

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

import ketamine_analysis as ka
from ketamine_analysis.report.cli import app

TRIALS = {"trial": ["North 2001", "East 2004", "South 2010"]}
COUNTS = TRIALS | {"ai": [14, 25, 9], "n1i": [30, 52, 21], "ci": [6, 17, 2], "n2i": [29, 50, 20]}
NAMED = {"author": ["North", "East", "South"], "event.e": [14, 25, 9], "n.e": [30, 52, 21], "event.c": [6, 17, 2],
         "n.c": [29, 50, 20], "year": [2001, 2004, 2010]}  # fmt: skip
MEANS = {"author": ["North", "East", "South"], "n.e": [30, 52, 21], "mean.e": [11.2, 13.1, 9.4],
         "sd.e": [7.9, 9.0, 6.6], "n.c": [29, 50, 20], "mean.c": [15.0, 14.2, 16.1], "sd.c": [8.4, 8.8, 9.3],
         "pubyear": [2001, 2004, 2010]}  # fmt: skip
LONG = {"studyid": ["N1", "N1", "E1", "E1", "E1"], "r": [31, 19, 44, 40, 25], "n": [60, 58, 80, 82, 79],
        "drug": ["fluoxetine", "placebo", "venlafaxine", "fluoxetine", "placebo"]}  # fmt: skip
WIDE = {"id": [1, 2], "treatment1": ["SSRI", "SNRI"], "treatment2": ["Placebo", "SSRI"], "treatment3": [None, "Placebo"],
        "n1": [60, 80], "resp1": [31, 44], "n2": [58, 82], "resp2": [19, 40], "n3": [None, 79], "resp3": [None, 25]}  # fmt: skip
TRIANGLE = {"studlab": ["N1", "E1", "S1"], "treat1": ["fluoxetine", "venlafaxine", "venlafaxine"],
            "treat2": ["placebo", "placebo", "fluoxetine"], "TE": [0.79, 0.97, 0.15], "seTE": [0.38, 0.33, 0.31]}  # fmt: skip
LIMITS = {"study": ["North 2001", "East 2004"], "or": [3.36, 1.79], "ci_lower": [1.06, 0.8], "ci_upper": [10.6, 4.02],
          "weeks": [6, 8]}  # fmt: skip
SINGLE = {"author": ["North", "East"], "n": [40, 22], "mean": [31.2, 27.9], "sd": [7.1, 6.4]}


def _new(tmp_path, name, table, **answers):
    """A recipe of the table with the answers written in, and its text."""
    path = tmp_path / f"{name}.csv"
    pd.DataFrame(table).to_csv(path, index=False)
    recipe = ka.write_recipe(path, out=tmp_path / f"{name}.toml")
    text = recipe.read_text(encoding="utf-8")
    for key, value in ({"confirmed": "true"} | answers).items():
        text = _answered(text, key, value)
    recipe.write_text(text, encoding="utf-8")
    return recipe, text


def _answered(text, key, value):
    line = next(one for one in text.splitlines() if one.startswith(f"{key} = "))
    return text.replace(line, f"{key} = {value}")


def test_counts_side_by_side_need_one_answer(tmp_path):
    for name, table in (("counts", COUNTS), ("named", NAMED)):
        recipe, text = _new(tmp_path, name, table)
        assert 'grain = "arms"  # likely: no patients' in text and 'layout = "two_arms"' in text and "?" not in text.split(
            "[columns]")[1]  # fmt: skip
        arms = ka.read_dataset(recipe)
        grain = arms.attrs["grain"]
        assert grain == "arms" and len(arms) == 6
        assert ka.contrast_arms(arms)["estimate"].round(4).tolist() == [1.2102, 0.5863, 1.9095]
        effects = ka.read_as_effects(recipe)
        assert set(effects["comparison"]) == {"experimental against control"} and set(effects["when"]) == {
            "time not stated"
        }
        pooled = ka.random_effects(effects, inference="wald").summary().iloc[0]
        assert np.exp([pooled["estimate"], pooled["conf_low"], pooled["conf_high"]]).round(3).tolist() == [
            2.64,
            1.344,
            5.186,
        ]


def test_means_side_by_side(tmp_path):
    recipe, _ = _new(tmp_path, "means", MEANS)
    arms = ka.read_dataset(recipe)
    assert ka.contrast_arms(arms, outcome="score", measure="mean_difference")["estimate"].round(9).tolist() == [
        -3.8,
        -1.1,
        -6.7,
    ]
    assert set(ka.read_as_effects(recipe)["measure"]) == {"standardized_mean_difference"}
    assert ka.examine(recipe).errors == 0 and ka.examine(recipe).problems["rule"].tolist() == ["a mean has a scale"]


def test_rows_of_arms_and_several_arms_side_by_side_are_the_same_trials(tmp_path):
    long, text = _new(tmp_path, "long", LONG)
    assert 'arm = "drug"' in text and 'treatment_class = "snri"' in text
    wide, text = _new(tmp_path, "wide", WIDE)
    assert 'layout = "several_arms"' in text and 'treatment_class = "ssri"' in text
    assert "outcome = \"response\"  # likely: 'resp1' says so" in text
    estimates = [ka.read_as_effects(one).sort_values("estimate")["estimate"].round(6).tolist() for one in (long, wide)]
    assert estimates[0] == estimates[1] and len(estimates[0]) == 3
    assert ka.read_as_effects(long)["comparison"].tolist() == [
        "ssri against placebo", "snri against placebo", "ssri against placebo"]  # fmt: skip


def test_contrasts_ask_for_measure_and_direction(tmp_path):
    pd.DataFrame(TRIANGLE).to_csv(tmp_path / "t.csv", index=False)
    recipe = ka.write_recipe(tmp_path / "t.csv", out=tmp_path / "open.toml")
    with pytest.raises(ka.DatasetError) as raised:
        ka.read_dataset(recipe)
    told = raised.value.problems
    assert told["column"].tolist() == ["measure", "favours_drug"] and set(told["value"]) == {"?"}
    recipe, _ = _new(tmp_path, "triangle", TRIANGLE, measure='"log_odds_ratio"', favours_drug='"positive"')
    effects = ka.read_dataset(recipe)
    grain = effects.attrs["grain"]
    assert grain == "effects" and effects["control_role"].tolist() == ["control", "control", "active"]
    assert effects["treatment_class"].tolist() == ["ssri", "snri", "snri"]
    assert ka.read_as_effects(recipe)["comparison"].nunique() == 3
    with pytest.raises(ka.NotInData, match="it has no arms"):
        ka.read_as_arms(recipe)
    assert ka.arms_alone(recipe).empty


def test_estimates_with_limits_and_weeks(tmp_path):
    recipe, text = _new(tmp_path, "limits", LIMITS, favours_drug='"above_1"')
    assert "measure = \"OR\"  # likely: 'or' says so" in text and 'unit = "weeks"' in text
    effects = ka.read_as_effects(recipe)
    assert effects["when"].tolist() == ["6 wk", "8 wk"] and effects["std_error"].round(4).tolist() == [0.5874, 0.4119]
    negative = LIMITS | {"or": [-0.3, 0.2], "ci_lower": [-1, -0.5], "ci_upper": [0.4, 0.9]}
    _, text = _new(tmp_path, "negative", negative, favours_drug='"positive"')
    assert "measure = \"log_odds_ratio\"  # GUESS: called 'or', and some are negative: logarithms" in text


def test_arms_without_a_control_have_their_means_and_no_contrast(tmp_path):
    recipe, text = _new(tmp_path, "single", SINGLE)
    assert 'all = { role = "active" }  # GUESS: one group?' in text
    arms = ka.read_dataset(recipe)
    grain = arms.attrs["grain"]
    assert grain == "arms" and arms["arm"].tolist() == ["all", "all"]
    alone = ka.arms_alone(recipe)
    half = 2.0226909 * 7.1 / np.sqrt(40)  # R: qt(.975, 39)
    assert alone[["estimate", "conf_low"]].iloc[0].tolist() == pytest.approx([31.2, 31.2 - half], rel=1e-7)
    with pytest.raises(ka.NotInData, match="no arm with score has a control"):
        ka.read_as_effects(recipe)
    named = text.replace('all = { role = "active" }', 'all = { treatment = "ketamine", treatment_class = "ketamine" }')
    recipe.write_text(named.replace('scale = "not_stated"', 'scale = "MADRS"'), encoding="utf-8")
    assert ka.read_dataset(recipe)[["arm", "treatment_class"]].to_numpy().tolist() == [["ketamine", "ketamine"]] * 2


def test_arms_called_by_their_drugs_keep_the_name(tmp_path):
    table = {
        "study": ["a", "b"],
        "n_ketamine": [20, 30],
        "resp_ketamine": [12, 15],
        "n_pbo": [21, 29],
        "resp_pbo": [5, 6],
    }
    recipe, text = _new(tmp_path, "drugs", table)
    assert 'events_ketamine = "resp_ketamine"' in text and 'role = "control"' in text
    effects = ka.read_as_effects(recipe)
    assert set(effects["comparison"]) == {"ketamine against pbo"}
    assert effects["estimate"].iloc[0] == pytest.approx(np.log(12 / 8 / (5 / 16)))


def test_what_the_names_promise_and_the_cells_deny_is_no_table_of_results(tmp_path):
    """Events above their totals, totals that are no counts, limits that hold no estimate."""
    for name, table in (
        ("events", COUNTS | {"ai": [140, 250, 90], "ci": [60, 170, 20]}),
        ("halves", COUNTS | {"n1i": [30.5, 52.5, 21.5], "n2i": [29.5, 50.5, 20.5]}),
        ("limits", LIMITS | {"ci_lower": [4.0, 4.0]}),
        ("spread", SINGLE | {"n": [0.4, 0.2]}),
    ):
        pd.DataFrame(table).to_csv(tmp_path / f"{name}.csv", index=False)
        text = ka.write_recipe(tmp_path / f"{name}.csv", out=tmp_path / f"{name}.toml").read_text("utf-8")
        assert 'grain = "patients"' in text and "confirmed = false" in text, name
        with pytest.raises(ka.DatasetError):
            ka.read_dataset(tmp_path / f"{name}.toml")


def test_two_times_of_one_group_are_not_two_arms(tmp_path):
    table = {"study": ["a", "b"], "mean_pre": [30, 31], "sd_pre": [5, 6], "n_pre": [20, 22], "mean_post": [20, 21],
             "sd_post": [8, 9], "n_post": [20, 22]}  # fmt: skip
    pd.DataFrame(table).to_csv(tmp_path / "times.csv", index=False)
    text = ka.write_recipe(tmp_path / "times.csv").read_text("utf-8")
    assert "two_arms" not in text and "confirmed = false" in text


@pytest.mark.slow
def test_run_makes_a_page_of_each_kind_of_table(tmp_path):
    for name, table, answers in (("counts", COUNTS, {}), ("triangle", TRIANGLE, {
        "measure": '"log_odds_ratio"', "favours_drug": '"positive"'}), ("single", SINGLE, {})):  # fmt: skip
        recipe, _ = _new(tmp_path, name, table, **answers)
        result = CliRunner().invoke(
            app, ["run", str(recipe), "--notebook", "15", "--out", str(tmp_path / f"out_{name}")]
        )
        page = (tmp_path / f"out_{name}" / "15_your_table_of_results.html").read_text("utf-8")
        assert "FAILED" not in result.output and "Traceback (most" not in page
        assert ("no data" in result.output) == (name == "single")
        assert (tmp_path / f"out_{name}" / "figures" / "15_forest.png").exists() == (name != "single")
        assert "<strong>The trials shown are simulated" not in page


@pytest.mark.parametrize("sign", ["", "%", " %"])
def test_percentages_side_by_side_are_counted(tmp_path, sign):
    table = {"trial": NAMED["author"]} | {
        f"{name}.{side}": values
        for side in "ec"
        for name, values in {
            "n": NAMED[f"n.{side}"],
            "percent": [
                f"{100 * events / n:.1f}{sign}"
                for events, n in zip(NAMED[f"event.{side}"], NAMED[f"n.{side}"], strict=True)
            ],
        }.items()
    }
    recipe, _ = _new(tmp_path, "percent", table)
    arms = ka.read_dataset(recipe)
    assert arms["events"].tolist() == [14, 6, 25, 17, 9, 2]
    assert ka.read_as_effects(recipe)["estimate"].round(4).tolist() == [1.2102, 0.5863, 1.9095]
    facts = ka.examine(recipe).understood.set_index("what")["found"]
    assert facts["found from what is printed"] == "events from percent and n (n 6)"


def test_means_with_limits_side_by_side_give_the_errors_of_those_limits(tmp_path):
    table = {name: values for name, values in MEANS.items() if not name.startswith("sd.")}
    for side in "ec":
        error = np.divide(MEANS[f"sd.{side}"], np.sqrt(MEANS[f"n.{side}"]))
        table |= {f"{word}.{side}": np.add(MEANS[f"mean.{side}"], sign * 1.959963984540054 * error)
                  for word, sign in (("lower", -1), ("upper", 1))}  # fmt: skip
    recipe, _ = _new(tmp_path, "limits", table)
    how = {"outcome": "score", "measure": "mean_difference"}
    found = ka.contrast_arms(ka.read_dataset(recipe), **how)
    whole, _ = _new(tmp_path, "spreads", MEANS)
    expected = ka.contrast_arms(ka.read_dataset(whole), **how)
    columns = ["estimate", "std_error"]
    assert found[columns].to_numpy() == pytest.approx(expected[columns].to_numpy(), rel=1e-9)
