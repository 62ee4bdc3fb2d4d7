"""A notebook's parameters are known and checked before anything runs."""

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from ketamine_analysis.report.parameters import check_settings, grains, notebook_parameters

DEFAULTS = {
    "02": {"window": "24 h", "classes": ["ketamine"], "share": 0.5, "n": 3, "open": True, "who": None, "dataset": None}
}


def _write(path, *sources):
    cells = [
        new_code_cell(source, metadata={"tags": ["parameters"] if i == 0 else []}) for i, source in enumerate(sources)
    ]
    nbformat.write(new_notebook(cells=cells), path)
    return path


@pytest.mark.parametrize(
    ("text", "key", "value"),
    [
        ("window=1 wk", "window", "1 wk"),
        ("window = '1 wk'", "window", "1 wk"),
        ("window=24", "window", "24"),
        ('classes=["ssri", "snri"]', "classes", ["ssri", "snri"]),
        ("share=1", "share", 1.0),
        ("n=4", "n", 4),
        ("open=false", "open", False),
        ("who=a=b", "who", "a=b"),
    ],
)
def test_a_value_takes_the_type_of_its_default(text, key, value):
    given = check_settings([text], DEFAULTS)["02"][key]
    assert given == value and type(given) is type(value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("windw=24 h", "did you mean 'window'"),
        ("window", "no key=value"),
        ("dataset=x.csv", "the run fills it in"),
        ("share=half", "like its default 0.5"),
        ("n=4.5", "like its default 3"),
        ("n=true", "like its default 3"),
        ("open=1", "true or false"),
        ("classes=ssri", "like its default"),
        ("classes=[1]", "like its default"),
    ],
)
def test_an_unknown_or_mistyped_setting_is_an_error(text, words):
    with pytest.raises(ValueError, match=words):
        check_settings([text], DEFAULTS)


def test_a_key_goes_to_every_notebook_that_has_it():
    assert check_settings(["n=4"], {"a": {"n": 1}, "b": {"m": 2}, "c": {"n": 3}}) == {
        "a": {"n": 4},
        "b": {},
        "c": {"n": 4},
    }


def test_parameters_and_grain_are_read_from_the_code(tmp_path):
    path = _write(tmp_path / "a.ipynb", "dataset = None  # x\nk = [1, 2]  # y", "table = ka.read_scores(dataset)")
    assert notebook_parameters(path) == {"dataset": None, "k": [1, 2]}
    assert grains(path) == {"patients"}
    assert grains(_write(tmp_path / "b.ipynb", "dataset = None", "ka.read_as_arms(dataset)")) == {"patients", "arms"}
    own = "scores = ka.read_dataset(dataset)"  # patients, by a recipe or in the library's columns
    assert grains(_write(tmp_path / "e.ipynb", "dataset = None", own)) == {"patients"}
    assert grains(_write(tmp_path / "c.ipynb", "x = 1")) == set()
    (tmp_path / "d.ipynb").write_text("no notebook")
    with pytest.raises(ValueError, match="is no notebook"):
        grains(tmp_path / "d.ipynb")
    with pytest.raises(ValueError, match="'k' is no plain value"):
        notebook_parameters(_write(tmp_path / "e.ipynb", "k = open('x')"))
