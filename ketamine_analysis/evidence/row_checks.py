"""What can be wrong with a row of evidence, seen from the row itself, its trial's arms and the codebook."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from ..errors import nearest
from ..reading.number_checks import scale_limits
from ..reading.problems import Problems
from ..reading.reported_numbers import events_from_percent
from ..words import numeric

PATTERNS = {"string": r"(?s).+", "integer": r"-?\d+", "number": r"-?\d+(\.\d+)?", "year": r"(19|20)\d\d"}
LONGEST_QUOTE = 200
PRINTED = ("n", "events", "percent", "mean", "sd", "se", "ci_low", "ci_high", "estimate", "value", "n_at_risk")
ROUNDING = 1e-9


def check_row_words(rows: pd.DataFrame, fields: dict[str, dict], problems: Problems) -> None:
    """Types, and the codebook's words."""
    for name, field in fields.items():
        filled = rows[name] != ""
        wrong = filled & ~rows[name].str.fullmatch(PATTERNS[field["type"]])
        problems.add(wrong, name, f"a {field['type']}", "write the figure alone, with a point for decimals")
        known = field.get("constraints", {}).get("enum")
        if known:
            strange = filled & ~wrong & ~rows[name].isin([str(one) for one in known])
            listed = ", ".join(str(one) for one in known)
            for word in rows.loc[strange, name].unique():
                fix = f"use one of: {listed}{nearest(word, map(str, known))}"
                problems.add(strange & (rows[name] == word), name, "one of the codebook's words", fix)


def check_row_counts(rows: pd.DataFrame, arms: pd.DataFrame, problems: Problems) -> None:
    """n, events and percent fit each other, and the arm."""
    n, events, percent = _numbers(rows, "n", "events", "percent")
    problems.add(events > n, "events", "events are not above n", "n is everyone in the row's denominator")
    problems.add(n <= 0, "n", "n is above 0", "leave n empty where the source does not print it")
    problems.add((percent < 0) | (percent > 100), "percent", "within 0 and 100", "a percentage, 12.5 for 12.5 %")
    randomised = numeric(_of_arm(rows, arms, "n_randomised"))
    problems.add(
        n > randomised, "n", "n is not above the arm's n_randomised",
        lambda row: f"{randomised[row]:g} were randomised; correct one of the two, or say why in `notes`", "warning",
    )  # fmt: skip
    decimals = rows["percent"].str.extract(r"\.(\d+)")[0].str.len().astype(float).fillna(0)
    # half a unit of the last printed digit, ends included: 12.5 may be printed as 12 or as 13
    half = 0.5 * 10.0**-decimals + ROUNDING
    misfit = (100 * events / n - percent).abs() > half
    other = (100 * events / randomised - percent).abs() <= half
    problems.add(
        misfit, "percent", "100·events/n rounds to the percent",
        lambda row: f"the percentage is of the {randomised[row]:g} randomised, not of this n" if other[row]
        else "one of the three is not what the source prints",
    )  # fmt: skip
    if "basis" in rows:
        deduced = rows["basis"] == "count_from_percent"
        sound = deduced & percent.between(0, 100) & (n > 0) & (n % 1 == 0)
        fitting = events_from_percent(percent[sound], n[sound], decimals=decimals[sound])["fitting"]
        problems.add(
            deduced & (fitting.reindex(rows.index) != 1), "events",
            "exactly one whole number of people fits n and percent",
            "leave events empty, use = context, reason = no count",
        )  # fmt: skip


def check_row_means(rows: pd.DataFrame, problems: Problems) -> None:
    """Means and spreads that the scale allows; limits around their figure."""
    mean, sd, se, low, high = _numbers(rows, "mean", "sd", "se", "ci_low", "ci_high")
    figure = mean if "estimate" not in rows else _numbers(rows, "estimate")[0]
    if "percent" in rows:
        figure = figure.fillna(_numbers(rows, "percent")[0])
    if "value" in rows:
        figure = _numbers(rows, "value")[0]
    outside = (figure < low) | (figure > high) | (low > high)
    problems.add(outside, "ci_low", "the limits enclose their figure", "copy both limits with their signs")
    problems.add((sd < 0) | (se < 0), "sd", "a spread is not negative", "copy the figure without a sign")
    if "mean" not in rows or "outcome" not in rows:
        return
    lowest, highest = scale_limits(rows["scale"])
    span = highest - lowest
    score = (rows["outcome"] == "score") & ((mean < lowest) | (mean > highest))
    problems.add(score, "mean", "a mean score lies within its scale", "is it another scale, or a change?")
    problems.add(
        (rows["outcome"] == "change") & (mean.abs() > span), "mean", "a change is not wider than its scale",
        "is it another scale, or a percentage?",
    )  # fmt: skip
    problems.add(sd > span / 2, "sd", "an SD is at most half the scale's width", "is it a variance, or another scale?")
    problems.add(
        (rows["outcome"] == "change") & (mean > 0), "mean", "a change for the better is negative",
        "right only where this arm got worse on average", "warning",
    )  # fmt: skip
    n = _numbers(rows, "n")[0]
    problems.add(
        sd.notna() & se.notna() & ((sd / np.sqrt(n) - se).abs() > 0.1 * se + 0.05), "se", "se is sd over the root of n",
        "an error of a model stands alone: leave sd empty",
    )  # fmt: skip


def check_row_places(name: str, rows: pd.DataFrame, problems: Problems) -> None:
    """Where a figure stands, why a row is not pooled, what a control arm got."""
    if "locator" in rows:
        problems.add(rows["locator"].str.len() < 3, "locator", "the place in the source", "such as: Table 2, row 3")
        far = ~rows["source_url"].str.match("https?://")
        problems.add(far, "source_url", "an address that opens the source", "begin with https://")
    if "reason" in rows:
        unsaid = (rows["use"] != "pool") & (rows["reason"] == "")
        problems.add(unsaid, "reason", "what is not pooled says why", "such as: no count, no spread")
        problems.add((rows["use"] == "pool") & (rows["reason"] != ""), "reason", "a pooled row has none", "take it out")
    if name == "arms":
        unlike = (rows["role"] == "control") != (rows["control_kind"] != "")
        problems.add(unlike, "control_kind", "control arms, and only they, say what they got", "fill it, or leave it")


def check_row_quotes(rows: pd.DataFrame, problems: Problems) -> None:
    """The words that a row was read from: there, short, and holding every figure of the row."""
    quote = rows["quote"]
    problems.add(quote == "", "quote", "the words as printed", "copy at most 200 characters of the source")
    long = quote.str.len() > LONGEST_QUOTE
    problems.add(long, "quote", f"at most {LONGEST_QUOTE} characters", "put … where words can go")
    for name in PRINTED:
        if name not in rows:
            continue
        worked_out = name == "events" and "basis" in rows
        free = rows["basis"].isin(["count_from_percent", "n_deduced"]) if worked_out else pd.Series(False, rows.index)
        held = [_holds(words, figure) for words, figure in zip(quote, rows[name], strict=True)]
        problems.add(
            (rows[name] != "") & (quote != "") & ~free & ~pd.Series(held, index=rows.index), name,
            "the figure stands in the row's quote", "quote the words that hold it, with the heads of the table",
        )  # fmt: skip


def check_domain_words(rows: pd.DataFrame, words: dict[str, list[str]], problems: Problems) -> None:
    """Of risk of bias: a word of its domain, or a percentage where the domain has no words."""
    for domain in rows["domain"].unique():
        own = rows["domain"] == domain
        if domain in words:
            strange = own & ~rows["value"].isin(words[domain])
            problems.add(strange, "value", f"a word for {domain}", f"use one of: {', '.join(words[domain])}")
        else:
            share = numeric(rows["value"])
            problems.add(own & ~share.between(0, 100), "value", "a percentage as printed", "a figure from 0 to 100")


def _holds(quote: str, figure: str) -> bool:
    """Whether a figure stands among the numbers of a text, in any of the ways that print it: −4.0, .80, 1,200."""
    if not re.fullmatch(PATTERNS["number"], figure):
        return True
    text = re.sub(r"(?<=\d),(?=\d{3}(?!\d))", "", quote).replace("·", ".")
    found = {abs(float(one)) for one in re.findall(r"\d*\.\d+|\d+", text)}
    return abs(float(figure)) in found


def _numbers(rows: pd.DataFrame, *names: str) -> list[pd.Series]:
    """Columns of text as numbers; missing where the column is, or the cell, or what stands there is no number."""
    missing = pd.Series(np.nan, index=rows.index)
    return [numeric(rows[name]) if name in rows else missing for name in names]


def _of_arm(rows: pd.DataFrame, arms: pd.DataFrame, column: str) -> pd.Series:
    known = arms.drop_duplicates(["trial_id", "arm_id"]).set_index(["trial_id", "arm_id"])[column]
    here = pd.MultiIndex.from_frame(rows[["trial_id", "arm_id"]])
    return pd.Series(known.reindex(here).to_numpy(), index=rows.index)
