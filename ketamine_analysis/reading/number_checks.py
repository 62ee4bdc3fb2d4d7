"""The rules that numbers keep: within their scale, counts within patients, percentages, means and limits that agree."""

from __future__ import annotations

import difflib

import pandas as pd

from ..outcomes.scales import NOT_STATED, SCALES
from ..words import blank, looked_up, numeric
from .derived_numbers import COUNTED, printed_decimals
from .problems import Fix, Problems

LIFETIME = 100 * 365.25 * 24  # hours


def checked_number(found: Problems, name: str, *, required: bool) -> pd.Series:
    """The column as numbers; text that is none, and a blank where one is required, are problems."""
    text = found.table[name]
    empty, value = blank(text), numeric(text)
    bad = ~empty & value.isna()
    fix = f"{name} must be a number with a decimal point, or blank when unknown"
    if name == "hours":
        fix += "; dates and visits become hours by a recipe: ketamine-analysis new FILE"
    found.add(bad, name, "a finite number", fix)
    if name == "hours":
        words = f"{LIFETIME:g} hours are a hundred years: is it another unit, a date, a code for missing?"
        found.add(value.abs() > LIFETIME, name, "hours within a lifetime", words)
    if required:
        found.add(empty, name, "value present", f"every row needs {name}")
    return value


def check_scale_of_scores(found: Problems, score: pd.Series) -> None:
    """A known scale, scores within its range, whole where items are whole."""
    scale = found.table["scale"]
    known = scale.isin([*SCALES, NOT_STATED])
    if (scale == NOT_STATED).any():
        words = "its changes are read, lower taken for better; response and remission need the scale"
        found.add_column("scale", "a scale for response", words, "warning")
    found.add(~known & ~blank(scale), "scale", "a known scale", _scale_hint(scale))
    low, high = scale_limits(scale)
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


def check_counts(found: Problems, get: dict[str, pd.Series]) -> None:
    """Events within n, percentages that fit a whole count."""
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
    half = 0.5 * 10.0 ** -printed_decimals(found.table.get("percent", percent)) + 1e-9
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


def check_means(found: Problems, get: dict[str, pd.Series]) -> None:
    """Means within their scale and their own interval, spreads above 0."""
    table, mean = found.table, get["mean"]
    scale = table["scale"]
    for name in ("sd", "std_error"):
        found.add(get[name] < 0, name, "spread not negative", f"{name} is a positive number")
        found.add(get[name] == 0, name, "spread above 0", f"{name} = 0 says all patients scored the same", "warning")
    low, high = scale_limits(scale)
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
    alone = mean.notna() & get["sd"].isna() & get["std_error"].isna() & get["conf_low"].isna()
    fix = "without sd, std_error or limits the row is shown and in no pooling"
    found.add(alone & get["n"].notna(), "mean", "a mean with its spread", fix, "warning")
    if ((scale == NOT_STATED) & table["outcome"].isin(["score", "change"])).any():
        fix = "without it neither its range nor which direction is better is known, and it is not turned into points"
        found.add_column("scale", "a mean has a scale", fix, "warning")
    found.add(
        ~scale.isin([*SCALES, NOT_STATED]) & ~blank(scale),
        "scale",
        "a known scale",
        lambda row: "its range cannot be checked; " + _scale_hint(scale)(row),
        "warning",
    )


def check_remission(found: Problems, get: dict[str, pd.Series]) -> None:
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


def _scale_hint(scale: pd.Series) -> Fix:
    def hint(row: int) -> str:
        near = difflib.get_close_matches(str(scale[row]).upper(), list(SCALES), 1, 0.5)
        ask = f"did you mean {near[0]!r}? " if near else ""
        return f"{ask}known scales: {', '.join(SCALES)}"

    return hint


def scale_limits(scale: pd.Series) -> tuple[pd.Series, pd.Series]:
    """Lowest and highest score of each row's scale; missing for an unknown one."""
    low, high = {name: one.minimum for name, one in SCALES.items()}, {name: one.maximum for name, one in SCALES.items()}
    return looked_up(scale, low), looked_up(scale, high)
