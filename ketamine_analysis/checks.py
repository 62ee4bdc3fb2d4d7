"""The rules a table must keep before anything is computed from it; every breach is one row of `problems`.

Both functions take the table as it was read (numbers may still be text) and look only: they change nothing.
Errors stop an analysis; warnings are shown and kept.
"""

from __future__ import annotations

import difflib

import numpy as np
import pandas as pd

from .arm_names import check_spelling
from .column_names import has_columns
from .problems import Fix, Problems
from .scales import NOT_STATED, SCALES
from .words import blank, groups, looked_up, numeric

SCORE_COLUMNS = ("study", "subject", "arm", "hours", "scale", "score")
ARM_COLUMNS = ("study", "arm", "hours", "scale", "outcome", "n")
ARM_NUMBERS = ("hours", "n", "events", "percent", "mean", "sd", "std_error", "conf_low", "conf_high")
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
    "timing": ("at", "within"),
    "outcome": ("response", "remission", "score", "change", "relapse", "continued_response"),
    "use": ("pool", "context", "exclude"),
    "preferred": ("yes", "no"),
    "combination": ("yes", "no"),
}
KNOWN = (*SCORE_COLUMNS, *ARM_COLUMNS, *ARM_NUMBERS, *ARM_WORDS, "baseline", "visit", "period")
COUNTED = ("response", "remission", "relapse", "continued_response")


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
    hours = _number(found, "hours", required=True)
    score = _number(found, "score", required=False)
    _check_scale_of_scores(found, score)
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
    number = {name: _number(found, name, required=False) for name in ARM_NUMBERS if name in table}
    empty = pd.Series(np.nan, index=table.index)
    get = {name: number.get(name, empty) for name in ARM_NUMBERS}
    found.add(
        get["hours"].isna() & blank(table["hours"]),
        "hours",
        "time stated",
        "without hours a row forms no contrast",
        "warning",
    )
    _check_allowed(found)
    _check_counts(found, get)
    _check_means(found, get)
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
    _check_remission(found, get)
    problems = found.table_of_problems()
    shown_only = pd.Series(False, index=table.index)
    for name, words in (("use", ["context", "exclude"]), ("preferred", ["no"])):
        if name in table:
            shown_only |= table[name].isin(words)
    lines_shown = set(found.lines[shown_only])
    problems.loc[problems["row"].isin(lines_shown), "severity"] = "warning"
    return problems


def _number(found: Problems, name: str, *, required: bool) -> pd.Series:
    text = found.table[name]
    empty, value = blank(text), numeric(text)
    bad = ~empty & value.isna()
    fix = f"{name} must be a number with a decimal point, or blank when unknown"
    if name == "hours":
        fix += "; dates and visits become hours by a recipe: ketamine-analysis new FILE"
    found.add(bad, name, "a finite number", fix)
    if required:
        found.add(empty, name, "value present", f"every row needs {name}")
    return value


def _check_scale_of_scores(found: Problems, score: pd.Series) -> None:
    scale = found.table["scale"]
    known = scale.isin(list(SCALES))
    found.add(~known & ~blank(scale), "scale", "a known scale", _scale_hint(scale))
    low, high = _limits(scale)
    found.add(
        (score < low) | (score > high),
        "score",
        "score within its scale",
        lambda row: (
            f"{scale[row]} runs from {low[row]:g} to {high[row]:g}; correct it, or name the code for missing with "
            "missing=(…) (recipe: missing = [ ])"
        ),
    )
    whole = scale.isin([name for name, one in SCALES.items() if one.integer])
    found.add(
        whole & (score % 1 != 0) & score.notna(),
        "score",
        "whole scores",
        lambda row: f"{scale[row]} is a sum of whole item scores",
    )


def _scale_hint(scale: pd.Series) -> Fix:
    def hint(row: int) -> str:
        near = difflib.get_close_matches(str(scale[row]).upper(), list(SCALES), 1, 0.5)
        ask = f"did you mean {near[0]!r}? " if near else ""
        return f"{ask}known scales: {', '.join(SCALES)}"

    return hint


def _limits(scale: pd.Series) -> tuple[pd.Series, pd.Series]:
    low, high = {name: one.minimum for name, one in SCALES.items()}, {name: one.maximum for name, one in SCALES.items()}
    return looked_up(scale, low), looked_up(scale, high)


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


def _check_counts(found: Problems, get: dict[str, pd.Series]) -> None:
    n, events, percent = get["n"], get["events"], get["percent"]
    found.add((n <= 0) | (n % 1 != 0) & n.notna(), "n", "n is a whole number above 0", "n counts patients")
    found.add(
        (events < 0) | (events % 1 != 0) & events.notna(),
        "events",
        "events is a whole number from 0",
        "events counts patients",
    )
    found.add(events > n, "events", "events at most n", lambda row: f"n is {n[row]:g}: correct either")
    found.add(events.notna() & n.isna(), "n", "n beside events", "a count needs its denominator")
    found.add((percent < 0) | (percent > 100), "percent", "percent from 0 to 100", "give the percentage of n")
    decimals = (
        found.table["percent"].astype(str).str.extract(r"\.(\d+)")[0].str.rstrip("0").str.len().fillna(0)
        if "percent" in found.table
        else 0
    )
    half = 0.5 * 10.0 ** -pd.Series(decimals, index=n.index) + 1e-9
    nearest = events.where(events.notna(), (percent * n / 100).round())
    fits = (100 * nearest / n - percent).abs() <= half
    counted = found.table["outcome"].isin(COUNTED)
    found.add(
        counted & percent.between(0, 100) & (n > 0) & ~(events > n) & ~fits,
        "percent",
        "percent fits a whole count",
        lambda row: (
            f"of n = {n[row]:g} patients no whole number gives this percentage, or events is another: "
            "check n and events"
        ),
    )


def _check_means(found: Problems, get: dict[str, pd.Series]) -> None:
    table, mean = found.table, get["mean"]
    scale = table["scale"]
    for name in ("sd", "std_error"):
        found.add(get[name] < 0, name, "spread not negative", f"{name} is a positive number")
        found.add(get[name] == 0, name, "spread above 0", f"{name} = 0 says all patients scored the same", "warning")
    low, high = _limits(scale)
    span = high - low
    outside = ((table["outcome"] == "score") & ((mean < low) | (mean > high))) | (
        (table["outcome"] == "change") & (mean.abs() > span)
    )
    found.add(
        outside,
        "mean",
        "mean within its scale",
        lambda row: f"{scale[row]} cannot have this mean: check scale and sign",
    )
    found.add(
        (get["conf_low"] > mean) | (get["conf_high"] < mean),
        "mean",
        "mean inside its interval",
        "check conf_low and conf_high",
    )
    found.add(
        (scale == NOT_STATED) & table["outcome"].isin(["score", "change"]),
        "scale",
        "a mean has a scale",
        "scale not_stated is allowed for counts only",
    )
    found.add(
        ~scale.isin([*SCALES, NOT_STATED]) & ~blank(scale),
        "scale",
        "a known scale",
        lambda row: "its range cannot be checked; " + _scale_hint(scale)(row),
        "warning",
    )


def _check_remission(found: Problems, get: dict[str, pd.Series]) -> None:
    """Flags arms with more remitters than responders; some papers print that, and it stays as printed."""
    table = found.table
    key = [name for name in ("study", "arm", "hours", "timing", "scale", "analysis") if name in table]
    share = get["events"] / get["n"]
    responders = (
        table[key].assign(share=share)[table["outcome"] == "response"].groupby(key, dropna=False)["share"].max()
    )
    beside = table[key].merge(responders.rename("response"), left_on=key, right_index=True, how="left")["response"]
    found.add(
        (table["outcome"] == "remission") & (share > beside.reindex(table.index) + 1e-12),
        "events",
        "remission not more frequent than response",
        "kept as printed; check cut-off and denominators",
        "warning",
    )
