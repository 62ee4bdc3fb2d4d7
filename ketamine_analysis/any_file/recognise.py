"""What a file most likely holds: each guess with how sure it is and the evidence for it. Nothing here reads scores."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import pandas as pd

from ..outcomes.scales import SCALES
from ..reading.arm_names import one_spelling
from ..reading.checks import ARM_NUMBERS, ARM_WORDS
from ..reading.column_names import SYNONYMS, named_unit, names_scale, squeezed
from ..reading.formats import RawTable
from ..reading.header_lines import MISSING_LABELS
from ..reading.raw_tables import labelled
from ..reading.visits import visit_hours

SURE, LIKELY, GUESS = "sure", "likely", "GUESS"
ARM_LEVEL = (*ARM_NUMBERS, *ARM_WORDS, "outcome", "year", "doi", "registry")
SCALE_WORDS = {
    "madrs": "MADRS", "montgomery": "MADRS", "hamd": "HAMD17", "hdrs": "HAMD17", "hrsd": "HAMD17",
    "qids": "QIDS-SR16", "qidsc": "QIDS-C16", "phq": "PHQ-9", "bdi": "BDI-II", "bdi2": "BDI-II", "cdrs": "CDRS-R",
    "hars": "HAM-A", "caps": "CAPS", "pcl": "PCL-5", "ids": "IDS-SR30",
}  # fmt: skip
CHANGE = re.compile(
    r"change|(?<![a-z])(chg|cfb|delta|diff)(?![a-z])|Δ|δ|differen[cz]|improve|reduction|ver[äa]nderung|cambio|variation|"
    r"variazione|verandering|変化|变化"
)
SENTINELS = (-9, -99, -999, 99, 999, 9999, -1, -8, -7)


@dataclass(frozen=True)
class Guess:
    """A value for the recipe, how sure it is (sure, likely, GUESS) and the evidence."""

    value: Any
    confidence: str
    evidence: str


def convention(columns: Iterable[str]) -> str:
    """The convention the columns follow: "ADaM", "Metapsy", "REDCap", "library" or ""."""
    names = {str(name) for name in columns}
    if {"USUBJID", "AVAL", "PARAMCD"} <= names:
        return "ADaM"
    if {"condition_arm1", "condition_arm2"} <= names:
        return "Metapsy"
    if "redcap_event_name" in names:
        return "REDCap"
    library = {"subject", "arm", "hours", "score"} <= names or {"arm", "hours", "outcome", "n"} <= names
    return "library" if library else ""


def says_change(name: str) -> bool:
    """Whether a column's name says that it holds changes, not scores.

    >>> says_change("MADRS_change_24h"), says_change("dMADRS"), says_change("delta madrs")
    (True, False, True)
    """
    return CHANGE.search(str(name).casefold()) is not None


def guess_columns(raw: RawTable) -> dict[str, Guess]:
    """library name → the column that most likely is it; the file's own name first, then its label."""
    found: dict[str, Guess] = {}
    columns = [name for name in raw.frame.columns if name != "_line"]
    for name in (*SYNONYMS, *ARM_LEVEL):
        if name in columns:
            found[name] = Guess(name, SURE, "the library's own name")
    for name, words in SYNONYMS.items():
        taken = [guess.value for guess in found.values()]
        free = [column for column in columns if column not in taken]
        if name in found:
            continue
        fits = [column for word in words for column in free if squeezed(column) == word]
        said = [column for column in free if squeezed(raw.column_labels.get(column, "")) in words]
        if fits:
            found[name] = Guess(fits[0], LIKELY, f"a usual name for {name}")
        elif said:
            found[name] = Guess(said[0], LIKELY, f"its label says {raw.column_labels[said[0]]!r}")
    changes = [
        one for one in columns if says_change(one) and pd.to_numeric(raw.frame[one], errors="coerce").notna().any()
    ]
    if "change" not in found and changes:
        others = f"; also there, and not read: {', '.join(changes[1:6])}" if changes[1:] else ""
        found["change"] = Guess(changes[0], GUESS if others else LIKELY, f"its name says change{others}")
    return {name: one for name, one in found.items() if name == "change" or one.value not in changes}


def guess_scale(texts: Iterable[str]) -> Guess | None:
    """The scale that the texts (column names, labels, the file's name) name; the first text that names one."""
    exact = {squeezed(name): name for name in SCALES}
    for text in texts:
        words = squeezed(text)
        for word in sorted(exact, key=len, reverse=True):
            if names_scale(text, word):
                return Guess(exact[word], LIKELY, f"{text!r} names it")
        for word in sorted(SCALE_WORDS, key=len, reverse=True):
            if word in words:
                name = SCALE_WORDS[word]
                doubt = GUESS if word not in ("montgomery", "cdrs", "phq") else LIKELY
                return Guess(name, doubt, f"{text!r}; which version is not said" if doubt == GUESS else f"{text!r}")
    return None


def guess_visits(labels: Iterable[str]) -> dict[str, Guess]:
    """Hours since first dose of each visit label."""
    told = visit_hours(labels)
    return {label: Guess(hours, GUESS if why else LIKELY, why) for label, (hours, why) in told.items()}


def guess_unit(column: str, label: str = "") -> Guess:
    """The time unit that a column's name or label names; CDISC's ADY counts study days, day 1 = first dose."""
    if named_unit(column) == "study_days":
        return Guess("study_days", LIKELY, "CDISC study days: day 1 is the day of first dose, there is no day 0")
    for text in (column, label):
        if (unit := named_unit(text)) is not None:
            return Guess(unit, SURE if column == "hours" else LIKELY, f"{text!r} says so")
    return Guess("days", GUESS, f"the name {column!r} does not say its unit")


DATE_FORMATS = (
    "%Y-%m-%d",
    "%d.%m.%Y",
    "%d/%m/%Y",
    "%m/%d/%Y",
    "%d-%m-%Y",
    "%d%b%Y",
    "%d-%b-%Y",
    "%d %b %Y",
    "%Y/%m/%d",
)


def guess_date_format(values: Iterable[Any]) -> Guess | None:
    """The format of text dates; None for ISO dates and real ones. Day and month are a guess where none is above 12."""
    text = pd.Series([one for one in values if isinstance(one, str)], dtype=object)
    if text.empty or pd.to_datetime(text, format="ISO8601", errors="coerce").notna().all():
        return None
    fits = [
        day + clock
        for day in DATE_FORMATS
        for clock in ("", " %H:%M", " %H:%M:%S")
        if pd.to_datetime(text, format=day + clock, errors="coerce").notna().all()
    ]
    if not fits:
        return Guess("?", GUESS, "no usual format fits every date: write it in strftime's letters")
    several = f"also possible: {', '.join(fits[1:])}" if len(fits) > 1 else "the only usual format that fits every date"
    return Guess(fits[0], GUESS if len(fits) > 1 else LIKELY, several)


def guess_missing(raw: RawTable, numbers: Iterable[str]) -> dict[Any, str]:
    """Codes in columns of scores that look like "missing" → why; what the file calls missing is blank already."""
    found: dict[Any, str] = {}
    for name in numbers:
        if name not in raw.frame:
            continue
        number = pd.to_numeric(raw.frame[name], errors="coerce")
        present = set(number.dropna())
        negative = {one for one in present if one < 0}
        changes = len(negative) > 3 or not negative <= set(SENTINELS)  # numbers below nought, and no codes
        for word in dict.fromkeys(raw.frame[name][number.isna()].dropna().astype(str).str.strip()):
            if re.fullmatch(rf"{MISSING_LABELS}|-+|\?|n\.?[rd]\.?|drop(ped)?[ -]?out", word.casefold()):
                found[word] = f"stands in {name}, and is no number"
        for code, words in raw.labels.get(name, {}).items():
            if code in present and re.search(MISSING_LABELS, str(words).casefold()):
                found[_short(code)] = f"labelled {words!r} in {name}"
        for code in SENTINELS:
            if code in negative and not changes:
                found.setdefault(code, f"stands in {name}, and no score is negative")
            elif (
                code in present
                and code > 0
                and sorted(present)[-2:-1]
                and code > 1.5 * max(one for one in present if one != code)
            ):
                found.setdefault(code, f"stands in {name}, far above every other value")
    return found


def _short(code: Any) -> Any:
    return int(code) if isinstance(code, float) and code % 1 == 0 else code


def words_of(raw: RawTable, column: str) -> list[str]:
    """The values of a column as words, in the order in which they come."""
    return list(dict.fromkeys(_words(raw, column)))


def spellings(raw: RawTable, column: str) -> dict[str, list[str]]:
    """The labels of a column in the order in which they come → how else each is written (capitals and spaces)."""
    words = _words(raw, column)
    chosen = one_spelling(words)
    return {
        label: [one for one, right in chosen.items() if right == label and one != label]
        for label in dict.fromkeys(words.map(chosen))
    }


def _words(raw: RawTable, column: str) -> pd.Series:
    values = labelled(RawTable(raw.frame[[column]], raw.labels), ())[column].dropna()
    return values.map(lambda value: str(_short(value))).astype(object)
