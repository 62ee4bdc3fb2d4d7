"""What is gathered for a new recipe, and the parts that patients' files and tables of arms share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..evidence.shipped import arm_words
from ..reading.formats import RawTable
from .recognise import GUESS, LIKELY, SURE, Guess, guess_missing, guess_scale, guess_unit
from .recognise_arms import guess_arms

ALL = "all"  # [arms] all = { … }: one group, without a column of arms
MANY = 40  # different values: more are no arms and no visits


@dataclass
class Plan:
    """What is gathered for the recipe."""

    raw: RawTable
    columns: dict[str, Guess]
    top: dict[str, Guess] = field(default_factory=dict)
    tables: dict[str, dict[str, Guess]] = field(default_factory=dict)
    doubts: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def plan_unit(plan: Plan) -> None:
    """The unit of the column of times, where it is not hours already."""
    column = plan.columns.get("hours")
    if column is None:
        return
    unit = guess_unit(column.value, plan.raw.column_labels.get(column.value, ""))
    if not (unit.value == "hours" and unit.confidence == SURE):
        plan.tables["time"] = {"unit": unit}
        if unit.confidence == GUESS:
            plan.doubts.append("time")


def plan_missing(plan: Plan, columns: list[str]) -> None:
    """Codes in the columns of scores that look like missing."""
    codes = guess_missing(plan.raw, columns)
    if codes:
        plan.top["missing"] = Guess(list(codes), LIKELY, "; ".join(codes.values()))


def plan_arms(plan: Plan, labels: Mapping[str, list[str]], by: str, *, results: bool = False) -> None:
    """What the labels of the arms tell; labels : each → its other spellings in the file.

    results : of a table of results, whose arms need no class and no kind of control.
    """
    if len(labels) > MANY:
        return
    told = guess_arms(labels)
    if results:
        told = {label: _unsaid(guess) for label, guess in told.items()}
    plan.tables["arms"] = {
        label: _with_spellings(_with_own_class(plan, by, label, guess), labels[label]) for label, guess in told.items()
    }
    if by != "arm":
        plan.top["arms_by"] = Guess(by, LIKELY, f"[arms] describes the values of {by}")
    plan.doubts.append("arms")


def _unsaid(guess: Guess) -> Guess:
    """A guess without what it asks, unless it is what a placebo stood beside."""
    open_words = {name for name, value in guess.value.items() if value == "?"}
    if not open_words or guess.value.get("treatment_class") == "placebo":
        return guess
    kept = {name: value for name, value in guess.value.items() if name not in open_words}
    return Guess(kept, GUESS, f"{guess.evidence}; {' and '.join(sorted(open_words))} may stay unsaid")


def _with_spellings(guess: Guess, others: list[str]) -> Guess:
    if not others:
        return guess
    return Guess(guess.value, guess.confidence, f"{guess.evidence}; also written {', '.join(map(repr, others))}")


def _with_own_class(plan: Plan, by: str, label: str, guess: Guess) -> Guess:
    """The class that the file itself gives to the rows of this label, where it is one of the known classes."""
    if "treatment_class" not in plan.columns or by not in plan.columns:
        return guess
    rows = plan.raw.frame[plan.raw.frame[plan.columns[by].value].astype("str") == label]
    own = rows[plan.columns["treatment_class"].value].dropna().unique()
    if len(own) != 1 or own[0] not in arm_words("treatment_class"):
        return guess
    return Guess(
        {**guess.value, "treatment_class": str(own[0])}, guess.confidence, f"{guess.evidence}; the file's class"
    )


def plan_sdtm_scale(plan: Plan) -> None:
    """SDTM's questionnaires: the totals' rows of each category whose name tells a scale; else nothing."""
    frame = plan.raw.frame
    totals = frame[frame["QSTEST"].astype(str).str.contains("total", case=False)]
    names = {str(one): guess for one in totals["QSCAT"].dropna().unique() if (guess := guess_scale([str(one)]))}
    if not names:
        return
    others = [str(one) for one in frame["QSCAT"].dropna().unique() if str(one) not in names]
    more = f"; also there: {', '.join(others[:6])}" if others else ""
    tests = list(dict.fromkeys(totals.loc[totals["QSCAT"].astype(str).isin(names), "QSTEST"].astype(str)))
    plan.tables["filter"] = {
        "QSCAT": Guess(list(names), LIKELY, f"the rows of known scales{more}"),
        "QSTEST": Guess(tests, LIKELY, "the totals"),
    }
    if len(names) > 1:
        plan.columns["scale"] = Guess("QSCAT", LIKELY, "it tells the scale of each row")
        plan.tables["scale_names"] = {
            one: Guess(guess.value, guess.confidence, f"{one!r}") for one, guess in names.items()
        }
        return
    category, scale = next(iter(names.items()))
    plan.top["scale"] = Guess(scale.value, scale.confidence, f"QSCAT = {category!r}")
