"""The questions of a new recipe as a form: answered by its buttons, with the preview, to a recipe that reads."""

import ipywidgets as widgets
import pytest

import ketamine_analysis as ka
from ketamine_analysis.any_file.preview import preview
from ketamine_analysis.any_file.questions import choices, open_questions

CLINIC = "who,drug_given,when,points\n1,a,Baseline,30\n1,a,Later,14\n2,b,Baseline,28\n2,b,Later,27\n"


@pytest.fixture
def form(tmp_path):
    (tmp_path / "clinic.csv").write_text(CLINIC)
    return ka.new(tmp_path / "clinic.csv")


def _all(widget):
    yield widget
    for child in getattr(widget, "children", ()):
        yield from _all(child)


def _asked(form):
    """The words of each question and its field and button."""
    rows = [one for one in form.children if isinstance(one, widgets.VBox)]
    return [(row.children[0].value, *row.children[1].children) for row in rows]


def _press(form, words):
    next(one for one in _all(form) if isinstance(one, widgets.Button) and one.description.startswith(words)).click()


def _text(form):
    return " ".join(one.value for one in _all(form) if isinstance(one, widgets.HTML))


def _answer(form, about, value):
    for words, field, button in _asked(form):
        if about in words:
            field.value = value
            button.click()
            return
    raise AssertionError(f"nothing is asked about {about}: {[words for words, _, _ in _asked(form)]}")


def test_a_file_that_nothing_tells_is_asked_through_to_a_recipe_that_reads(form, tmp_path):
    assert "open question" in _text(form) and not (tmp_path / "dataset.toml").exists()
    first = len(_asked(form))
    _answer(form, "scale", "MADRS")
    assert len(_asked(form)) == first - 1  # nothing is asked twice
    for about, value in {"subject": "who", "arm": "drug_given", "score": "points", "visit": "when"}.items():
        if any(f"[columns] {about}" in words for words, _, _ in _asked(form)):
            _answer(form, f"[columns] {about}", value)
    _answer(form, "[visits] Later", "168")  # a column of visits is followed by the hours of its labels
    for drug in "ab":
        _answer(form, f"[arms] {drug} treatment_class", {"a": "ketamine", "b": "ssri"}[drug])
    if any(isinstance(one, widgets.Button) and one.description.startswith("Keep the") for one in _all(form)):
        _press(form, "Keep the")
    while left := [words for words, _, _ in _asked(form)]:
        raise AssertionError(left)
    _press(form, "All is right")
    assert "written" in _text(form) and (tmp_path / "dataset.toml").exists()


def test_a_wrong_answer_is_said_and_asked_again(form):
    before = len(_asked(form))
    _answer(form, "scale", "MARDS")
    assert "did you mean" in _text(form) and len(_asked(form)) == before
    _answer(form, "[columns] score", "point")
    assert "has no column" in _text(form) and "did you mean" in _text(form) and len(_asked(form)) == before


def test_an_answer_is_taken_back(form):
    before = [words for words, _, _ in _asked(form)]
    _answer(form, "scale", "MADRS")
    _press(form, "Take the last answer back")
    assert [words for words, _, _ in _asked(form)] == before


def test_what_check_refuses_is_not_written_at_once(tmp_path):
    (tmp_path / "low.csv").write_text("id,arm,visit,madrs\n1,ketamine,Baseline,30\n1,ketamine,Week 1,71\n")
    form = ka.new(tmp_path / "low.csv")
    if any(isinstance(one, widgets.Button) and one.description.startswith("Keep the") for one in _all(form)):
        _press(form, "Keep the")
    _press(form, "All is right")
    assert "Not written" in _text(form) and "runs from 0 to 60" in _text(form)
    assert not (tmp_path / "dataset.toml").exists()


def test_the_preview_shows_rows_and_counts_as_answers_come(tmp_path):
    ka.simulate_trial(n_per_arm=5, seed=4)[["subject", "arm", "hours", "score"]].rename(
        columns={"score": "mood"}
    ).to_csv(tmp_path / "t.csv", index=False)
    form = ka.new(tmp_path / "t.csv")
    _answer(form, "scale", "MADRS")
    _answer(form, "score", "mood")
    assert "The first rows, as they will be read" in _text(form) and "<td>5</td>" in _text(form)
    _press(form, "Start again")
    assert any("scale" in words for words, _, _ in _asked(form))


def test_html_in_a_file_stays_words(tmp_path):
    (tmp_path / "x.csv").write_text(
        "who,arm,visit,madrs\n1,<script>alert(1)</script>,Baseline,30\n1,<img src=x>,Week 1,20\n"
    )
    assert "<script>" not in _text(ka.new(tmp_path / "x.csv")) and "<img" not in _text(ka.new(tmp_path / "x.csv"))


def test_a_recipe_that_is_there_is_not_overwritten(form, tmp_path):
    (tmp_path / "dataset.toml").write_text('file = "clinic.csv"\n')
    with pytest.raises(ka.DatasetError, match="it is not overwritten"):
        ka.new(tmp_path / "clinic.csv")


def test_choices_are_the_words_that_may_be_answered(tmp_path):
    (tmp_path / "clinic.csv").write_text(CLINIC)
    text = ka.write_recipe(tmp_path / "clinic.csv").read_text(encoding="utf-8")
    of = {(one.table, one.key, one.part): choices(one, ["who", "points"]) for one in open_questions(text)}
    assert of["", "scale", ""][:2] == ["MADRS", "HAMD6"] and "not_stated" in of["", "scale", ""]
    assert all(words == ["who", "points"] for (table, _, _), words in of.items() if table == "columns")
    assert preview(text, tmp_path / "dataset.toml").rows.shape[0] >= 0
