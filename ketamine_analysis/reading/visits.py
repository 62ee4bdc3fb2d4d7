"""Visit labels to hours since first dose: what a label most likely means, and how sure that is."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

from ..errors import DatasetError, problem_table

ASK = "hours?"  # stands in a recipe where only a person knows
DROP = "drop"  # rows of that visit are left out
UNIT_HOURS = {"h": 1.0, "d": 24.0, "w": 168.0, "m": 730.5}
_UNITS = {  # English, German, French, Spanish and Portuguese, Italian, Dutch, Chinese, Japanese
    unit: tuple(words.split())
    for unit, words in {
        "h": "h hr hrs hour hours std stunde stunden heure heures hora horas ora ore uur uren 小时 時間",
        "d": "d day days tag tage jour jours dia dias giorno giorni dag dagen 天 日",
        "w": "w wk wks week weeks woche wochen wo semaine semaines semana semanas settimana settimane weken 周 週",
        "m": "m mo month months monat monate mois mes meses mese mesi maand maanden 月",
    }.items()
}
_UNIT = {word: unit for unit, words in _UNITS.items() for word in words}
_WORDS = "|".join(sorted(_UNIT, key=len, reverse=True))
_NUMBERED = re.compile(rf"(?:(?P<a>{_WORDS})[\s_.-]*(?P<n>-?\d+)|(?P<m>-?\d+)[\s_.-]*(?P<b>{_WORDS}))$")
_BASELINE = re.compile(
    r"(base(line)?|bl|pre([\s_-]?(dose|treatment|test))?|t0|randomi[sz]ation|ausgangswert|basal|inclusion|基线|ベースライン)$"
)
_SCREENING = re.compile(r"(screen(ing)?|scr)$")
_LEFT_OUT = re.compile(r"(unscheduled|unsch|end ?of ?(study|treatment)|eos|eot|endpoint|early termination|et)\b.*")


def visit_hours(labels: Iterable[str]) -> dict[str, tuple[float | str, str]]:
    """For each label its hours since first dose (or "hours?", "drop") and the evidence; "" where there is no doubt.

    "Day n" counts from the day of the first dose as day 1, unless the labels hold a day 0.

    >>> visit_hours(["Baseline", "Day 2", "Week 1", "V3"])["Day 2"]
    (24.0, 'day 1 taken as the day of first dose; 48 if that was day 0')
    """
    labels = list(labels)
    parsed = {label: _numbered(label) for label in labels}
    day_zero = any(one is not None and one == ("d", 0) for one in parsed.values())
    return {label: _hours(label, parsed[label], day_zero) for label in labels}


def _plain(label: str) -> str:
    """The label small and without accents."""
    plain = unicodedata.normalize("NFKC", str(label).strip().casefold())
    return "".join(one for one in unicodedata.normalize("NFD", plain) if unicodedata.category(one) != "Mn" or one in "゙゚")


def _numbered(label: str) -> tuple[str, int] | None:
    text = re.sub(r"_arm_\d+$", "", _plain(label)).removeprefix("第")  # REDCap's event names end so
    text = re.sub(r"^(nach|after|apres|despues de|dopo|na|post)\s+|\s+(post|after|nach)\b.*$", "", text)
    found = _NUMBERED.fullmatch(text) or _NUMBERED.fullmatch(
        re.sub(r"^(visit|v|t)\s*\d+[\s:_.,-]+\(?", "", text).rstrip(")")
    )
    if not found:
        return None
    return _UNIT[found["a"] or found["b"]], int(found["n"] or found["m"])


def _hours(label: str, numbered: tuple[str, int] | None, day_zero: bool) -> tuple[float | str, str]:
    text = re.sub(r"_arm_\d+$", "", _plain(label))
    if numbered is not None:
        unit, number = numbered
        if unit == "d" and not day_zero:
            why = "day 1 taken as the day of first dose"
            if number > 1:
                why += f"; {number * 24} if that was day 0"
            return (number - 1) * 24.0 if number > 0 else number * 24.0, why
        if unit == "m":
            return number * UNIT_HOURS["m"], "a month taken as 730.5 h"
        return number * UNIT_HOURS[unit], "" if unit != "d" else "day 0 is among the labels"
    if _BASELINE.match(text):
        return 0.0, ""
    if _SCREENING.match(text):
        return -168.0, "screening taken as a week before first dose"
    if _LEFT_OUT.match(text):
        return DROP, "no planned time"
    return ASK, "the label tells no time"


def hours_from_visits(table: pd.DataFrame, visits: Mapping[str, float] | None, file: str) -> pd.DataFrame:
    """The table with `hours` for each `visit`; DatasetError for visits without hours, with the likely ones to paste."""
    hours = table["visit"].map(dict(visits or {}))
    unknown = table.assign(visit=table["visit"].astype(object).where(table["visit"].notna(), ""))[hours.isna()]
    if unknown.empty:
        return table.assign(hours=hours)
    first = unknown.drop_duplicates("visit")
    told = visit_hours(map(str, first["visit"]))
    likely = {label: f"{hour:g}" if isinstance(hour, float) else "…" for label, (hour, _) in told.items()}
    together = ", ".join(f"{label!r}: {hour}" for label, hour in likely.items())
    problems: list[tuple] = []
    for line, label in zip(first["_line"], first["visit"], strict=True):
        fix = f"say its hours since first dose, most likely visits={{{label!r}: {likely[str(label)]}}}"
        whole = f"; all together: visits={{{together}}}" if not problems and len(likely) > 1 else ""
        problems.append((line, "visit", label, "a visit with known hours", fix + whole))
    raise DatasetError(problem_table(file, problems))


def with_study_days(table: pd.DataFrame, file: str) -> pd.DataFrame:
    """The table with `hours` from study days: day 1 is hour 0, day −1 is 24 h before. DatasetError for a day 0."""
    number = pd.to_numeric(table["hours"], errors="coerce").astype(float)
    if (number == 0).any():
        fix = "study days have no day 0: the unit is days (a recipe may name first_dose, the day of first dose)"
        lines = table.loc[number == 0, "_line"]
        raise DatasetError(problem_table(file, [(line, "hours", 0, "no day 0", fix) for line in lines]))
    hours = pd.Series(np.where(number > 0, number - 1, number) * 24.0, index=table.index)
    return table.assign(hours=table["hours"].where(number.isna(), hours))
