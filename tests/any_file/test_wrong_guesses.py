"""For each guess that `new` makes a file in which it is wrong: asked, warned of or refused, never read wrong unasked."""

import re

import numpy as np
import pandas as pd
import pytest

import ketamine_analysis as ka

RNG = np.random.default_rng(11)
PEOPLE = pd.DataFrame({"id": range(1, 21), "group": ["ketamine", "placebo"] * 10})
START, END = RNG.integers(28, 40, 20), RNG.integers(8, 30, 20)
LONG = pd.concat([PEOPLE.assign(week=0, MADRS=START), PEOPLE.assign(week=1, MADRS=END)], ignore_index=True)
SHEET = pd.DataFrame(
    {"study": list("abc"), "r1": [14, 25, 9], "n1": [30, 52, 21], "r2": [6, 17, 2], "n2": [29, 50, 20]}
)
BESIDE = pd.DataFrame({"study": list("ab"), "or": [0.79, 0.97], "lower": [0.05, 0.32], "upper": [1.53, 1.62]})
OPEN = "confirmed = false"

CASES = {  # guess → (a file in which it is wrong, the words of the recipe that ask, which a careless reader passes by)
    "a column without its unit counts days": (LONG.rename(columns={"week": "time"}), r'unit = "days"  # GUESS'),
    "day 1 is the day of first dose": (
        PEOPLE.assign(MADRS_D0=START, MADRS_D1=START - 2, MADRS_D7=END).drop(columns="MADRS_D0"), r"MADRS_D7 = 144  # GUESS"),
    "the column of patients": (LONG.assign(id=1, person=list(range(20)) * 2), r'subject = "\?"'),
    "the scale's version": (LONG.rename(columns={"MADRS": "HAMD"}), r'scale = "HAMD17"  # GUESS'),
    "the column of scores": (LONG.drop(columns="MADRS").assign(a=LONG["MADRS"], b=1), r'score = "\?"  # GUESS.*a or b'),
    "one item is the total": (
        LONG.drop(columns="MADRS").assign(**{f"MADRS{i}": 3 for i in (1, 2, 3, 5)}), r'= "(\?|hours\?)"  # GUESS'),
    "numbered columns are visits": (PEOPLE.assign(MADRS1=3, MADRS2=4, MADRS3=2), r'MADRS1 = "hours\?"  # GUESS'),
    "an endpoint is no visit": (PEOPLE.assign(MADRS_baseline=START, MADRS_endpoint=END), r'MADRS_endpoint = "hours\?"'),
    "no column tells arms apart": (LONG.rename(columns={"group": "wing"}), r'arm = "\?"  # GUESS: is it wing'),
    "an arm's drug by an abbreviation": (LONG.assign(group=["PAR", "PBO"] * 20), r"# GUESS: an abbreviation read as paroxetine"),
    "an arm of two drugs": (LONG.assign(group=["ketamine + sertraline", "placebo"] * 20), r"# GUESS: more than one treatment"),
    "a control called so": (LONG.assign(group=["ketamine", "control"] * 20), r'control_kind = "\?"'),
    "a code for missing": (LONG.assign(MADRS=LONG["MADRS"].where(LONG.index != 25, 99)), r"missing = \[99\]"),
    "dates with days above twelve nowhere": (
        LONG.drop(columns="week").assign(visitdate=["03/04/2021"] * 20 + ["05/06/2021"] * 20, randdate="03/04/2021"),
        r'date_format = ".*"  # GUESS: also possible'),
    "arm 1 is the experimental one": (
        SHEET.rename(columns={"r1": "r2", "n1": "n2", "r2": "r1", "n2": "n1"}), r"# arm 1 \(.*\) is read as the experimental"),
    "what is counted": (SHEET, r'outcome = "response"  # GUESS'),
    "a ratio is no logarithm": (BESIDE, r'favours_drug = "\?"'),
    "which direction is better": (BESIDE.rename(columns={"or": "TE"}), r'measure = "\?"'),
    "a spread is a standard deviation": (
        pd.DataFrame({"study": list("aabb"), "arm": ["ketamine", "placebo"] * 2, "n": 40, "mean": [-15.0, -9, -14, -8],
                      "sd": 1.2, "hours": 24, "scale": "MADRS", "outcome": "change"}), OPEN),
    "percents are counts": (SHEET.assign(r1=[46.7, 48.1, 42.9], r2=[20.7, 34.0, 10.0]), r'grain = "patients"'),
    "events stand within their totals": (SHEET.assign(r1=[140, 250, 90]), r'grain = "patients"'),
    "a row is a patient": (PEOPLE.drop(columns="id").assign(MADRS_BL=START, MADRS_W1=END), r"# no column names the patients"),
}  # fmt: skip
FOUND: dict[str, tuple[str, str]] = {}


@pytest.mark.parametrize("guess", CASES)
def test_a_wrong_guess_is_asked_or_caught(guess, tmp_path):
    table, asks = CASES[guess]
    table.to_csv(tmp_path / "file.csv", index=False)
    recipe = ka.write_recipe(tmp_path / "file.csv")
    text = recipe.read_text("utf-8")
    asked = re.search(asks, text) is not None and OPEN in text
    with pytest.raises(ka.DatasetError):  # nothing is read before a person has looked
        ka.read_dataset(recipe)
    recipe.write_text(text.replace(OPEN, "confirmed = true"), "utf-8")
    careless = ka.examine(recipe)
    after = "refused" if careless.errors else "warned" if len(careless.problems) else "read as asked"
    FOUND[guess] = ("asked" if asked else "not asked", after)
    assert asked or after != "read as asked", text


def test_the_table_of_wrong_guesses():
    """Printed with -s: each guess, whether it was asked, and what happens when it is confirmed unread."""
    if len(FOUND) < len(CASES):
        pytest.skip("the other tests of this file did not all run: there is nothing to tell")
    print(f"\n{len(FOUND)} guesses")
    for guess, (asked, after) in FOUND.items():
        print(f"{asked:10} {after:14} {guess}")
    assert all(asked == "asked" or after != "read as asked" for asked, after in FOUND.values())
