"""The rules a table must keep before anything is computed from it; every breach is one row of `problems`.

Both functions take the table as it was read (numbers may still be text) and look only: they change nothing.
Errors stop an analysis; warnings are shown and kept.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from ..words import blank, groups
from .arm_names import check_spelling
from .column_names import has_columns
from .number_checks import check_counts, check_means, check_remission, check_scale_of_scores, checked_number
from .problems import Problems

SCORE_COLUMNS = ("study", "subject", "arm", "hours", "scale", "score")
ARM_COLUMNS = ("study", "arm", "hours", "scale", "outcome", "n")
ARM_NUMBERS = ("hours", "n", "events", "percent", "mean", "sd", "std_error", "conf_low", "conf_high")
# what an arm is, whatever the row says of it
ARM_TRAITS = ("treatment", "treatment_class", "role", "control_kind", "combination", "route", "dose", "dose_unit")
ARM_WORDS = (
    "label",
    "treatment",
    "treatment_class",
    "role",
    "control_kind",
    "route",
    "dose",
    "dose_unit",
    "definition",
    "timing",
    "analysis",
    "source",
    "design",
    "blinding",
    "condition",
    "population",
    "background",
    "schedule",
    "combination",
    "basis",
    "use",
    "reason",
    "preferred",
)
ALLOWED = {
    "role": ("active", "control"),
    "timing": ("at", "within", "not_stated"),
    "outcome": ("response", "remission", "score", "change", "relapse", "continued_response"),
    "use": ("pool", "context", "exclude"),
    "preferred": ("yes", "no"),
    "combination": ("yes", "no"),
}
KNOWN = (*SCORE_COLUMNS, *ARM_COLUMNS, *ARM_NUMBERS, *ARM_WORDS, "baseline", "visit", "period")


def problems_in_scores(table: pd.DataFrame, *, file: str = "table", lines: pd.Series | None = None) -> pd.DataFrame:
    """Everything wrong with a `scores` table: `file, row, column, value, rule, severity, message`.

    lines : the line of the file each row came from; default the row label.

    >>> scores = pd.DataFrame({"study": ["a"], "subject": [1], "arm": ["x"], "hours": [24], "scale": ["MADRS"],
    ...     "score": [99]})
    >>> problems_in_scores(scores)["column"].tolist()
    ['score', 'subject']
    """
    found = Problems(table, file, lines)
    if not has_columns(found, SCORE_COLUMNS, KNOWN):
        return found.table_of_problems()
    table = found.table
    for name in ("study", "subject", "arm", "scale"):
        found.add(blank(table[name]), name, "value present", f"every row needs {_with_article(name)}")
    check_spelling(found)
    hours = checked_number(found, "hours", required=True)
    score = checked_number(found, "score", required=False)
    check_scale_of_scores(found, score)
    period = [name for name in ("period",) if name in table]
    key = ["study", "subject", "scale", *period]
    person = groups(table, key)
    moment = pd.DataFrame({"person": person, "hours": hours})
    twice = moment.duplicated(keep=False) & hours.notna()
    places = found.lines[twice].astype(str).groupby([moment["person"][twice], moment["hours"][twice]]).agg(list)
    found.add(
        twice,
        "hours",
        "one score per subject, scale and time",
        lambda row: (
            f"subject {table['subject'][row]!r} has it in rows {', '.join(places[person[row], hours[row]][:5])}: "
            "keep one, or tell them apart by hours"
        ),
    )
    pre_dose = person.isin(person[hours <= 0].unique())
    first = ~person.duplicated()
    fix = "add the subject's row at hours <= 0 (its score may be blank when it was not measured)"
    if not pre_dose.any():
        fix = (
            "no row lies at hours <= 0: do the times count study days from 1? then time_unit='study_days' (recipe: "
            "[time] unit); is the baseline a column? then columns={'baseline': …}"
        )
    found.add(~pre_dose & first & hours.notna(), "subject", "a row before first dose", fix)
    _check_one_arm(found, period)
    _check_allowed(found)
    return found.table_of_problems()


def _with_article(name: str) -> str:
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"


def _check_one_arm(found: Problems, period: list[str]) -> None:
    """One arm for each subject, one treatment and role for each arm."""
    table = found.table
    own = groups(table, ["study", "subject", *period])
    pairs = pd.DataFrame({"own": own, "arm": groups(table, ["arm"])})[~blank(table["arm"])].drop_duplicates()
    switched = pairs["own"][pairs["own"].duplicated()]
    found.add(
        own.isin(switched) & pd.Series(table.index.isin(pairs.index), index=table.index),
        "arm",
        "one arm per subject",
        "a crossover needs a `period` column (one arm per subject and period); otherwise correct the arm",
    )
    for name in ("treatment", "treatment_class", "role", "control_kind"):
        if name in table:
            arm = groups(table, ["study", "arm"])
            kinds = pd.DataFrame({"arm": arm, "kind": groups(table, [name])}).drop_duplicates()
            known = kinds[~blank(table[name])[kinds.index]]
            several = known["arm"][known["arm"].duplicated()]
            found.add(
                arm.isin(several) & pd.Series(table.index.isin(kinds.index), index=table.index),
                name,
                f"one {name} per arm",
                f"give all rows of an arm the same {name}",
            )


def problems_in_arms(table: pd.DataFrame, *, file: str = "table", lines: pd.Series | None = None) -> pd.DataFrame:
    """Everything wrong with an `arms` table; the same columns as `problems_in_scores`.

    Rows of `use` context or exclude, or `preferred` no, are shown, not computed with: their problems are warnings.

    >>> arms = pd.DataFrame({"study": ["a"], "arm": ["x"], "hours": [24], "scale": ["MADRS"], "outcome": ["response"],
    ...     "n": [10], "events": [12]})
    >>> problems_in_arms(arms)["column"].tolist()
    ['events']
    """
    found = Problems(table, file, lines)
    if not has_columns(found, ARM_COLUMNS, KNOWN):
        return found.table_of_problems()
    table = found.table
    for name in ("study", "arm", "scale", "outcome"):
        found.add(blank(table[name]), name, "value present", f"every row needs {_with_article(name)}")
    check_spelling(found)
    number = {name: checked_number(found, name, required=False) for name in ARM_NUMBERS if name in table}
    empty = pd.Series(np.nan, index=table.index)
    get = {name: number.get(name, empty) for name in ARM_NUMBERS}
    unsaid = table["timing"].eq("not_stated") if "timing" in table else pd.Series(False, index=table.index)
    found.add(
        get["hours"].isna() & blank(table["hours"]) & ~unsaid,
        "hours",
        "time stated",
        "without hours a row forms no contrast",
        "warning",
    )
    _check_allowed(found)
    check_counts(found, get)
    check_means(found, get)
    key = [
        name
        for name in ("study", "arm", "hours", "timing", "scale", "outcome", "definition", "analysis")
        if name in table
    ]
    found.add(
        table[key].assign(hours=get["hours"]).duplicated(keep=False),
        "arm",
        "one row per arm, time and outcome",
        "keep one, or tell them apart by definition or analysis",
    )
    check_remission(found, get)
    problems = found.table_of_problems()
    shown_only = pd.Series(False, index=table.index)
    for name, words in (("use", ["context", "exclude"]), ("preferred", ["no"])):
        if name in table:
            shown_only |= table[name].isin(words)
    lines_shown = set(found.lines[shown_only])
    problems.loc[problems["row"].isin(lines_shown), "severity"] = "warning"
    return problems


def _check_allowed(found: Problems) -> None:
    for name, allowed in ALLOWED.items():
        if name in found.table:
            value = found.table[name]
            found.add(
                ~value.isin(allowed) & ~blank(value),
                name,
                f"{name} is one of {', '.join(allowed)}",
                "correct the word",
            )
