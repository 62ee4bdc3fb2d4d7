"""`new --ask`: every open question once, an answer that cannot be is put again, each answer a line of the recipe."""

import pandas as pd
import pytest
from typer.testing import CliRunner

import ketamine_analysis as ka
from ketamine_analysis.any_file.questions import ask_all, open_questions, with_answer
from ketamine_analysis.report.cli import app

SHEET = pd.DataFrame({"studlab": ["a", "b"], "TE": [0.8, 0.6], "seTE": [0.3, 0.2]})


def test_the_conversation_writes_the_recipe_and_asks_nothing_twice(tmp_path):
    SHEET.to_csv(tmp_path / "sheet.csv", index=False)
    result = CliRunner().invoke(
        app, ["new", str(tmp_path / "sheet.csv"), "--ask"], input="odds\nlog_odds_ratio\n\npositive\n\n"
    )
    assert result.exit_code == 0, result.output
    assert "'odds' is not a known word: one of OR, RR" in result.output  # refused, and put again
    assert "this one needs an answer" in result.output  # Enter keeps no guess where there is none
    assert result.output.count("which estimates are better on the drug") == 2
    text = (tmp_path / "dataset.toml").read_text("utf-8")
    assert 'measure = "log_odds_ratio"  # sure: answered' in text and 'scale = "not_stated"  # sure: answered' in text
    effects = ka.read_dataset(tmp_path / "sheet.csv")
    grain = effects.attrs["grain"]
    assert grain == "effects" and effects["estimate"].tolist() == [0.8, 0.6]


def test_parts_of_an_arm_are_asked_each_and_times_are_numbers(tmp_path):
    table = pd.DataFrame({"id": [1, 2], "MADRS_Baseline": [30, 31], "MADRS_Post": [12, 20]})
    table.to_csv(tmp_path / "clinic.csv", index=False)
    given = iter(["soon", "672", "esketamine"])
    recipe = ka.write_recipe(
        tmp_path / "clinic.csv", answers=lambda text: ask_all(text, lambda _: next(given), lambda _: None)
    )
    scores = ka.read_dataset(recipe)
    assert sorted(scores["hours"].unique()) == [0, 672] and set(scores["treatment_class"]) == {"esketamine"}


def test_answers_are_text_numbers_or_lists():
    text = 'a = "?"  # GUESS: one\nb = 144  # GUESS: two\nc = { treatment = "?", role = "?" }  # GUESS: three\n'
    first, second, drug, role = open_questions(text)
    assert (first.open, second.open, drug.part, role.part) == (True, False, "treatment", "role")
    assert with_answer(text, first, 'say "x"').splitlines()[0] == 'a = "say \\"x\\""  # sure: answered'
    assert with_answer(text, second, "").splitlines()[1] == "b = 144  # sure: answered"
    assert with_answer(text, second, "168").splitlines()[1] == "b = 168  # sure: answered"
    half = with_answer(text, drug, "ketamine")
    assert half.splitlines()[2] == 'c = { treatment = "ketamine", role = "?" }  # GUESS: three'
    assert with_answer(half, open_questions(half)[-1], "active").splitlines()[2] == (
        'c = { treatment = "ketamine", role = "active" }  # sure: answered')  # fmt: skip
    with pytest.raises(ValueError, match="needs an answer"):
        with_answer(text, first, " ")
