"""Hostile names of trials, arms, patients, columns and files, through check, new, figures and a page."""

from __future__ import annotations

import os
import re
import tempfile
import warnings
from collections import Counter
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd

import ketamine_analysis as ka
from ketamine_analysis.any_file.examination import examine
from ketamine_analysis.report.check_report import describe, write_check

RUN = re.compile(r"<(script|img|svg|iframe)|onerror=|href=.javascript:", re.IGNORECASE)
NAMES = (
    "=1+1", "@SUM(A1)", "+cmd|' /C calc'!A0", "-2+3+cmd|x", "\t=1", "$x^2$", r"\frac{1}{2}$", "_a", "{x}", "{0}", "%s", "%(x)s",
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "</td><td>", "&lt;b&gt;", "[a](javascript:alert(1))",
    "![x](http://a.b/c.png)", "`rm -rf /`", "$(reboot)", "; rm -rf /", "| cat", "a'b", 'a"b', "a\\b", "a/b", "../x", "~",
    "*", "?", "con", "nul", "é" * 60, "a" * 300, "𝒳", "\u202eabc", "\u200b", "a\u0301", "患者", "عربي", "😀", "null", "NA ",
    "None", "True", "1e5", "01", "0x1F", "−5", "a b", " a", "a ", "a\u00a0b", "a,b", "a;b", "#", "# x", "a=b", "a|b", "__class__",
    "os.system", "' OR 1=1 --", "{{7*7}}", "<%= 7 %>", "\\N{BULLET}",
)  # fmt: skip


def attack(name: str, folder: Path) -> str:
    """What is wrong with how one name came through, or "": lost, changed, run, or a fault."""
    scores = ka.simulate_trial(n_per_arm=3, seed=2)[["subject", "arm", "hours", "score"]]
    told = scores.replace({"arm": {"ketamine": name}})
    told = told.assign(
        subject=told["subject"].mask(told["subject"] == "S0001", name), study=name, scale="MADRS", site=name
    )
    path = folder / "t.parquet"
    told.rename(columns={"site": name if name not in told else "site"}).to_parquet(path)
    found = examine(path)
    page = write_check(found, folder)
    text = page[1].read_text(encoding="utf-8")
    if RUN.search(re.sub(r"&lt;.*?&gt;", "", text)):
        return "the page of check holds what a browser runs"
    cells = pd.read_csv(page[0], dtype=str, keep_default_na=False)
    if cells.map(lambda cell: cell.startswith(("=", "@", "\t", "\r"))).any(axis=None):
        return "the table of check holds a formula"
    if any(not one.isprintable() for one in describe(found).replace("\n", "")):
        return "what the terminal shows holds control characters"
    if found.errors:
        return ""  # refused in words
    table = ka.read_dataset(path)
    if name.strip() and name.strip() not in {str(arm).strip() for arm in table["arm"]}:
        return f"the arm is called {sorted(set(table['arm']))}"
    arms = ka.summarize_arms(ka.derive_outcomes(table), outcomes=("response",))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a script that the figures' font lacks, a name as wide as the figure
        ka.plot_rates(arms).figure.canvas.draw()
    plt.close("all")
    ka.readable(arms)._repr_html_()
    (folder / "new").mkdir(exist_ok=True)
    told.drop(columns=["study", "scale"]).to_parquet(folder / "new" / "madrs.parquet")
    recipe = ka.write_recipe(folder / "new" / "madrs.parquet")
    ka.load_recipe(recipe) if "?" not in recipe.read_text(encoding="utf-8") else None
    recipe.unlink()
    return ""


def run() -> tuple[Counter, list[str]]:
    """Counts of what became of each, and the words of what must not be."""
    counts, bad = Counter(), []
    for name in NAMES:
        with tempfile.TemporaryDirectory() as folder:
            try:
                wrong = attack(name, Path(folder))
                state = "wrong" if wrong else "correct"
            except Exception as error:  # noqa: BLE001 - what must not be
                state, wrong = "traceback", f"{type(error).__name__}: {error}"
            if sorted(os.listdir(folder)) and any(".." in one for one in os.listdir(folder)):
                state, wrong = "wrong", "a file was written outside its folder"
        counts[state] += 1
        bad += [f"{name!r}: {state}: {wrong}"] if wrong else []
    return counts, bad
