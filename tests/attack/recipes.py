"""Recipes that no one should write: each key with each kind of value; each is read, or refused in words."""

from __future__ import annotations

import tempfile
from collections import Counter
from itertools import product
from pathlib import Path

import ketamine_analysis as ka
from ketamine_analysis.any_file.examination import examine
from ketamine_analysis.any_file.recipe_checks import KEYS

HEAD = {"file": '"t.csv"', "scale": '"MADRS"', "confirmed": "true"}
COLUMNS = '[columns]\nsubject = "subject"\narm = "arm"\nhours = "hours"\nscore = "score"\n'
VALUES = (
    '"x"', '""', "5", "-1", "0", "true", "[]", '["x"]', "[1]", "[[1]]", "{}", "{ a = 1 }", '{ a = "x" }', "{ a = [1] }",
    "{ a = { b = 1 } }", "1e400", "nan", "-inf", "1979-05-27", '"tab"', '"hex"', '"zip"', '"utf-16"', '"€"', '";;"',
    "99999999999999999999", '"a\\u0000b"', '"../../etc/passwd"', '"?"', "[nan]",
)  # fmt: skip
PARTS = {"time": ("unit", "first_dose", "nominal")}
WHOLE = {
    "nested": "x = " + "[" * 100_000 + "]" * 100_000, "not TOML": "file = t.csv", "empty": "", "twice": 'file = "a"\n' * 2,
    "a number too long": "level = " + "9" * 5000, "no file": "confirmed = true",
}  # fmt: skip


def recipes() -> dict[str, str]:
    """Name → text of each recipe."""
    found = {}
    for key, value in product(KEYS, VALUES):
        head = "".join(f"{one} = {told}\n" for one, told in (HEAD | {key: value}).items() if one != "columns")
        found[f"{key} = {value}"] = head + (f"columns = {value}\n" if key == "columns" else COLUMNS)
    for table, parts in PARTS.items():
        head = "".join(f"{one} = {told}\n" for one, told in HEAD.items())
        for part, value in product(parts, VALUES):
            found[f"[{table}] {part} = {value}"] = f"{head}{COLUMNS}[{table}]\n{part} = {value}\n"
    return found | WHOLE


def run() -> tuple[Counter, list[str]]:
    """Counts of what became of each, and the words of what must not be."""
    counts, bad = Counter(), []
    with tempfile.TemporaryDirectory() as folder:
        scores = ka.simulate_trial(n_per_arm=4, seed=1)[["subject", "arm", "hours", "score"]]
        scores.to_csv(Path(folder) / "t.csv", index=False)
        path = Path(folder) / "r.toml"
        for name, text in recipes().items():
            path.write_text(text, encoding="utf-8")
            try:
                found = examine(path)
                state = "clear error" if found.errors else "correct"
                if not found.errors and found.problems["rule"].ne("the guesses are confirmed").all():
                    ka.read_dataset(path)
            except ka.DatasetError as error:  # what check passed was then refused
                state, words = "wrong", f"check passed it, and then: {error}"
            except Exception as error:  # noqa: BLE001 - what must not be
                state, words = "traceback", f"{type(error).__name__}: {error}"
            counts[state] += 1
            bad += [f"{name}: {state}: {words}"] if state in ("wrong", "traceback") else []
    return counts, bad
