"""The command that prints the answer: the numbers of the library, or one clear sentence."""

from typer.testing import CliRunner

import ketamine_analysis as ka
from ketamine_analysis.pooling.evidence_answers import evidence_answer
from ketamine_analysis.report.answer_report import describe_answer
from ketamine_analysis.report.cli import app


def test_the_printed_numbers_are_the_library_s():
    text = describe_answer("24 h")
    whole = evidence_answer(windows=("24 h",))
    assert text.startswith(ka.answer_words(whole, "24 h"))
    together = whole.together(("ketamine", "esketamine"), "24 h").summary().iloc[0]
    limits = f"{together['points']:.1f} ({together['points_low']:.1f} to {together['points_high']:.1f})"
    assert limits in text.split("Together:")[1]
    assert "modified Hartung–Knapp" in text and "From counts of responders alone" in text
    for label in whole.trials("esketamine", "24 h")["label"]:
        assert label in text


def test_an_unknown_time_is_one_sentence():
    result = CliRunner().invoke(app, ["answer", "3 d"])
    assert result.exit_code == 2 and "window ['3 d'] is unknown" in result.output
