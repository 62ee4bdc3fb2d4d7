"""Clinical plausibility: what no rule of the table forbids and a careful reader would still ask about.

One small function a rule: table in, the rows it doubts out. RULES is the list; the answer is a table of problems,
all of them warnings except where the number cannot be one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ..errors import PROBLEM_COLUMNS
from ..reading.checks import ARM_NUMBERS
from ..words import numeric
from . import plausible_arms as in_arms
from . import plausible_scores as in_scores


@dataclass(frozen=True)
class Rule:
    """A plausibility rule: its name, grain, column, the function that doubts, what to do, and its severity."""

    name: str
    grain: str
    column: str
    doubts: Callable[[pd.DataFrame], pd.Series]
    fix: str
    severity: str = "warning"


def implausible(
    table: pd.DataFrame,
    grain: str,
    *,
    file: str = "table",
    lines: pd.Series | None = None,
    entry_score: float | None = None,
) -> pd.DataFrame:
    """Every doubt about a `scores` (grain "patients") or `arms` table: the columns of `problems_in_scores`.

    table : its numbers may still be text; what is no number is left to the other checks.
    entry_score : the trial's entry criterion; a baseline below it is doubted.

    >>> table = pd.DataFrame({"study": "a", "subject": [1, 1], "arm": "x", "hours": [0.0, 168.0], "scale": "MADRS",
    ...     "score": [30.0, 99.0]})
    >>> implausible(table.assign(score=[30.0, 5.4e-79]), "patients")["rule"].tolist()
    ['a number that can be measured']
    """
    lines = lines if lines is not None else pd.Series(table.index, index=table.index)
    numbers = ("hours", "score") if grain == "patients" else ARM_NUMBERS
    typed = {name: numeric(table[name]) for name in numbers if name in table}
    rows = (
        table.assign(**typed).reset_index(drop=True).assign(_entry=entry_score if entry_score is not None else np.nan)
    )
    found = []
    for rule in RULES:
        if rule.grain != grain or rule.column not in rows:
            continue
        doubted = np.flatnonzero(rule.doubts(rows).fillna(False).to_numpy(bool))
        if len(doubted):
            found.append(
                pd.DataFrame(
                    {
                        "file": file,
                        "row": lines.to_numpy()[doubted],
                        "column": rule.column,
                        "value": table[rule.column].to_numpy()[doubted],
                        "rule": rule.name,
                        "severity": rule.severity,
                        "message": rule.fix,
                    }
                ).astype(object)
            )
    return pd.concat(found, ignore_index=True) if found else pd.DataFrame(columns=list(PROBLEM_COLUMNS))


BLANK = "a blank of a SAS file became a number: read the original, or name the code with missing = [ ]"
UNIT = "the times look like another unit: say time_unit (recipe: [time] unit) or correct the hours of the visits"
FOOTER = "the row looks like a sum or a note below the table: delete it, or keep the others with [filter]"
TOTAL = "the row looks like a total, which would be counted as a trial: delete it, or keep the others with [filter]"
RULES = (
    Rule(
        "a code for missing among the scores",
        "patients",
        "score",
        in_scores.sentinel,
        "if it means missing: missing = [99]",
    ),
    Rule("a number that can be measured", "patients", "score", in_scores.denormal_score, BLANK, "error"),
    Rule("a number that can be measured", "patients", "hours", in_scores.denormal_hours, BLANK, "error"),
    Rule(
        "time runs forward",
        "patients",
        "hours",
        in_scores.backwards,
        "the row above is later: check date, unit or visit",
    ),
    Rule(
        "a time after first dose",
        "patients",
        "hours",
        in_scores.never_after,
        "no row lies after the first dose: are date and start exchanged, or the sign of the times?",
        "error",
    ),
    Rule(
        "visits have common times",
        "patients",
        "hours",
        in_scores.times_of_their_own,
        "subjects were seen at times of their own, so no visit has many: name the planned hours, [time] nominal = [ ]",
    ),
    Rule("hours are hours", "patients", "hours", in_scores.unit_of_time, UNIT),
    Rule("a patient, not a footer", "patients", "subject", in_scores.footer, FOOTER, "error"),
    Rule("a trial, not a sum of trials", "arms", "study", in_scores.total_row, TOTAL, "error"),
    Rule("a trial, not a sum of trials", "effects", "study", in_scores.total_row, TOTAL, "error"),
    Rule(
        "each patient once",
        "patients",
        "subject",
        in_scores.duplicated_patient,
        "another subject has the very same scores at the same times: is it one person?",
    ),
    Rule(
        "no preference for round scores",
        "patients",
        "score",
        in_scores.digit_preference,
        "scores ending in 0 or 5 are far too frequent: rounded or guessed?",
    ),
    Rule(
        "baseline at or above the entry score",
        "patients",
        "score",
        in_scores.below_entry,
        "below the trial's entry score: check the score and who was included",
    ),
    Rule(
        "symptoms do not worsen in every arm",
        "patients",
        "score",
        in_scores.rising,
        "the sign of the change, the scale's direction or the order of times may be reversed",
    ),
    Rule(
        "a change for the better is negative",
        "arms",
        "mean",
        in_arms.positive_change,
        "is the sign reversed? a fall of the score is a negative change",
    ),
    Rule(
        "sd is a standard deviation",
        "arms",
        "sd",
        in_arms.small_sd,
        "so small a spread is usually a standard error: then it belongs in std_error",
    ),
    Rule(
        "std_error is a standard error",
        "arms",
        "std_error",
        in_arms.large_std_error,
        "so large an error is usually a standard deviation: then it belongs in sd",
    ),
    Rule(
        "sd and std_error fit n",
        "arms",
        "std_error",
        in_arms.sd_against_std_error,
        "sd should be std_error·√n: one is mistaken, or the error is a model's",
    ),
    Rule("n counts patients", "arms", "n", in_arms.code_as_n, "if it means unknown, leave it blank"),
    Rule("a number that can be measured", "arms", "mean", in_arms.denormal_mean, BLANK, "error"),
    Rule("hours are hours", "arms", "hours", in_scores.unit_of_time, UNIT),
    Rule(
        "each trial once",
        "arms",
        "study",
        in_arms.one_trial_twice,
        "another study has the very same figures: is it one trial?",
    ),
)
