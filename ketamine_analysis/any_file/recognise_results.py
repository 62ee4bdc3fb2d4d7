"""Whether a file holds results of trials, and in which layout: by its columns' names and by what they hold."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pandas as pd

from ..reading.column_names import COUNT_SYNONYMS, EFFECT_SYNONYMS, RESULT_SYNONYMS, squeezed
from ..reading.formats import RawTable
from ..reading.result_layouts import is_sided, side_columns
from ..words import numeric
from .recognise import GUESS, LIKELY, SURE, Guess
from .recognise_arms import drug_words

MOST = 0.9  # share of rows that must hold what the names promise
MEASURE_OF = {  # what the column of estimates is called → the measure
    word: measure
    for measure, words in {
        "OR": "or oddsratio odds", "RR": "rr riskratio relativerisk", "HR": "hr hazardratio",
        "SMD": "smd g hedgesg d cohensd stdmeandifference", "MD": "md meandifference diff difference",
        "log_odds_ratio": "logor lnor logoddsratio", "log_risk_ratio": "logrr lnrr", "RD": "rd riskdifference",
    }.items() for word in words.split()
}  # fmt: skip


def side_by_side(raw: RawTable) -> dict[str, Guess]:
    """The columns of arms that stand side by side, where they hold whole counts within their totals, or spreads."""
    found = side_columns(raw.frame.columns, drug_words())
    sides = {name.rpartition("_")[2] for name in found}
    get = {name: numeric(raw.frame[column]) for name, column in found.items() if not name.startswith("treatment")}
    if not found or not all(_holds(get, f"_{side}") for side in sides):
        return {}
    return {name: Guess(column, LIKELY, _why(name)) for name, column in found.items()}


def _why(name: str) -> str:
    quantity, _, side = name.rpartition("_")
    return f"{quantity.replace('_', ' ')} of arm {side}" if side.isdigit() else f"{quantity} of {side}"


def _holds(get: Mapping[str, pd.Series], end: str = "") -> bool:
    """Whether n is whole and above 0, events whole and within n, spreads above 0, in nearly every row that has them."""
    none = pd.Series(dtype=float)
    n, events, spread = (get.get(f"{name}{end}", none) for name in ("n", "events", "sd"))
    rules = [(n, (n >= 1) & (n % 1 == 0)), (events, (events >= 0) & (events % 1 == 0)), (spread, spread > 0)]
    if len(n) and len(events):
        rules.append((events.where(n.notna()), events <= n))
    return all(keeps[values.notna()].mean() >= MOST for values, keeps in rules if values.notna().any())


def row_an_arm(raw: RawTable) -> dict[str, Guess]:
    """The columns of a published table (n, events, mean, sd …) under the names that such tables give them.

    {} unless n stands beside events, percent or a mean and they hold what their names say.
    """
    found = _named(raw, COUNT_SYNONYMS)
    get = {name: numeric(raw.frame[guess.value]) for name, guess in found.items()}
    enough = "n" in found and bool({"events", "mean", "percent"} & set(found))
    return found if enough and _holds(get) else {}


def row_a_contrast(raw: RawTable) -> dict[str, Guess]:
    """The columns of a table of effects: an estimate with its error, limits or p, which hold together."""
    found = _named(raw, EFFECT_SYNONYMS)
    once = {guess.value: name for name, guess in reversed(found.items())}  # a column is one thing: the first
    found = {name: guess for name, guess in found.items() if once[guess.value] == name}
    if "estimate" not in found or not ({"std_error", "variance", "p_value"} & set(found) or {
        "conf_low", "conf_high"} <= set(found)):  # fmt: skip
        return {}
    get = {name: numeric(raw.frame[guess.value]) for name, guess in found.items()}
    rules = [get["estimate"].notna(), *(get[name].fillna(1) > 0 for name in ("std_error", "variance") if name in get)]
    if {"conf_low", "conf_high"} <= set(get):
        rules.append(~((get["conf_low"] > get["estimate"]) | (get["conf_high"] < get["estimate"])))
    return found if all(rule.mean() >= MOST for rule in rules) else {}


def guess_measure(column: str, get: Mapping[str, pd.Series]) -> Guess:
    """What the estimates are: by their column's name, unless their limits or signs contradict it; else asked."""
    named = MEASURE_OF.get(squeezed(column))
    negative = bool((get["estimate"] < 0).any())
    if named is None:
        words = "log_odds_ratio, log_risk_ratio, OR, RR, SMD or MD? logarithm or not changes everything"
        return Guess("?", GUESS, words + ("; some are negative: no plain ratio" if negative else ""))
    if named in ("OR", "RR", "HR") and negative:
        logs = {"OR": "log_odds_ratio", "RR": "log_risk_ratio", "HR": "log_hazard_ratio"}[named]
        return Guess(logs, GUESS, f"called {column!r}, and some are negative: logarithms")
    return Guess(named, LIKELY, f"{column!r} says so")


def results_columns(raw: RawTable, used: Iterable[str]) -> dict[str, Guess]:
    """`study, arm, hours …` of a table of results under their usual names; `used` are read already."""
    taken = set(used)
    frame = raw.frame[[name for name in raw.frame.columns if name not in taken]]
    return _named(RawTable(frame), RESULT_SYNONYMS)


def _named(raw: RawTable, synonyms: Mapping[str, tuple[str, ...]]) -> dict[str, Guess]:
    own = {*synonyms.get("sd", ()), *synonyms.get("std_error", ())}  # sd_change is no arm called "change"
    names = [str(name) for name in raw.frame.columns if name != "_line"]
    columns = [name for name in names if not is_sided(name) or squeezed(name) in own]
    found: dict[str, Guess] = {}
    for name, words in synonyms.items():
        fits = [column for word in words for column in columns if squeezed(column) == word]
        if name in columns:
            found[name] = Guess(name, SURE, "the library's own name")
        elif fits:
            found[name] = Guess(fits[0], LIKELY, f"a usual name for {name}")
    return found
