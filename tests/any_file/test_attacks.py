"""A small part of `tests/attack/`: damaged files of every format, a thousand broken recipes, hostile names; none gets through."""

import sys
from pathlib import Path

import pytest

import ketamine_analysis as ka

sys.path.insert(0, str(Path(__file__).parents[1] / "attack"))

import files
import names
import recipes


def test_a_minute_of_damaged_files():
    counts, bad = files.run(120, 60, seed=3)
    assert bad == [] and counts["clear error"] > 0 and counts["correct"] > 0


@pytest.mark.slow
def test_every_key_of_a_recipe_with_every_kind_of_value():
    counts, bad = recipes.run()
    assert bad == [] and sum(counts.values()) > 1000


@pytest.mark.slow
def test_hostile_names_come_through_as_they_stand():
    counts, bad = names.run()
    assert bad == [] and sum(counts.values()) >= 60


def test_no_row_left_is_said(tmp_path):
    (tmp_path / "t.csv").write_text("subject,arm,hours,score\na,k,0,30\na,k,24,20\n")
    (tmp_path / "r.toml").write_text('file = "t.csv"\nscale = "MADRS"\nconfirmed = true\n[columns]\nsubject = "subject"\n'
                                     'arm = "arm"\nhours = "hours"\nscore = "score"\n[time]\nnominal = [5000]\n')  # fmt: skip
    with pytest.raises(ka.DatasetError, match="at least one row.*nominal"):
        ka.read_dataset(tmp_path / "r.toml")
