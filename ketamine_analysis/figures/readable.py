"""Tables for people: headings in words with units, times as clinics say them, classes by their names."""

from __future__ import annotations

import html
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ..effects.time_windows import moment_text
from ..intervals import number_text
from .axes import MEASURE_LABELS, class_label

HEADINGS = {
    "treatment_class": "class", "hours": "time", "first_hour": "first look", "last_hour": "last look", "k": "trials",
    "n": "patients", "control_n": "control patients", "events": "with the event", "control_events": "control events",
    "estimate (95 %)": "estimate (95 % CI)", "std_error": "SE",
    "p_value": "p", "tau2": "τ²", "I2": "I², %", "Q_p_value": "p of Q", "df_denominator": "df 2",
    "control_kind": "control", "sd_source": "SD from", "looked": "anybody looked", "converted": "from means",
    "number_needed": "number needed (95 % CI)", "time_zero": "clock starts at", "n_at_risk": "at risk",
    "no_effect": "no effect is", "minimum_trials": "trials needed", "control_arm": "against",
    "locator": "where printed",
}  # fmt: skip
PAIRS = {
    "conf": "95 % CI", "prediction": "new trial (95 %)", "expected": "expected (95 %)", "curve": "curve (95 %)",
    "I2": "I² (95 %)",
}  # fmt: skip
EVENT_WORDS = {
    "any_ae": "any adverse event", "serious_ae": "serious adverse event",
    "discontinuation_due_to_ae": "left because of an adverse event",
}  # fmt: skip
INFERENCE_WORDS = {
    "wald": "Wald", "hksj": "Hartung–Knapp", "hksj_modified": "modified Hartung–Knapp",
    "wald (one trial)": "one trial: its own",
}  # fmt: skip
CODES = ("population", "condition", "basis", "sd_source", "control_kind", "event", "what", "blinding", "design", "term",
         "group", "split", "events_from", "counted", "background", "schedule")  # fmt: skip
TIMES = ("hours", "first_hour", "last_hour")
DIGITS = {"I2": 0, "df": 0, "p_value": 3, "Q_p_value": 3, "percent": 1}
MISSING = "–"
MILLION = 1e6
LONG = 40  # letters; a column with a longer cell gets room for its words


@dataclass(frozen=True, repr=False)
class ReadableTable:
    """A table as text, made by `readable`; Jupyter shows it without an index, words left and numbers right.

    text : the cells, headings in words. words : the headings whose cells are words. left_out : rows not shown.
    """

    text: pd.DataFrame
    words: tuple[str, ...]
    left_out: int

    def __repr__(self) -> str:
        return self.text.to_string(index=False) + self._more("\n")

    def _repr_html_(self) -> str:
        sides = [_side(name, self.text[name]) if name in self.words else ("number", "right") for name in self.text]
        head = _row("th", list(self.text), sides)
        rows = "".join(_row("td", values, sides) for values in self.text.to_numpy().tolist())
        more = f"<p>{self._more('')}</p>" if self.left_out else ""
        return f'<table class="dataframe"><thead>{head}</thead><tbody>{rows}</tbody></table>{more}'

    def _more(self, start: str) -> str:
        return f"{start}… and {self.left_out} more rows." if self.left_out else ""


def readable(
    table: pd.DataFrame, *, names: Mapping[str, str] | None = None, digits: int = 2, most: int = 40
) -> ReadableTable:
    """The table as a reader wants it: for showing, not for computing. The numbers themselves are not changed.

    names : headings of one's own, column → words. digits : decimals of numbers (I² has none, p-values three).
    most : rows shown; how many more there are is said under the table.
    Times (`hours`) become minutes, hours, days or weeks since the first dose; classes, kinds of control and methods
    are spelled out; two columns of limits become one, "from to"; a missing number is a dash, a missing word is blank.

    >>> row = {"treatment_class": "ssri", "hours": 1344.0, "n": 1250, "I2": 27.31, "p_value": 1e-9}
    >>> readable(pd.DataFrame([row]))
    class time patients I², %      p
     SSRI 8 wk    1,250    27 <0.001
    """
    shown = _with_ranges(table.head(most), digits)
    text: dict[str, list[str]] = {}
    words: list[str] = []
    for column in shown.columns:
        heading = (names or {}).get(str(column)) or HEADINGS.get(str(column)) or str(column).replace("_", " ")
        heading = heading if heading not in text else f"{heading} ({column})"
        values = shown[column]
        cells = _as_text(str(column), values, digits)
        if not _is_number(values) or str(column) in TIMES:
            words.append(heading)
        text[heading] = cells
    return ReadableTable(pd.DataFrame(text, dtype=object), tuple(words), len(table) - len(shown))


def _side(name: str, cells: pd.Series) -> tuple[str, str]:
    """Class and style of a column of words: intervals and times stay on one line, long words get room."""
    longest = int(cells.str.len().max()) if len(cells) else 0
    if "95 %" in name or longest <= 6:
        return "text interval", "left; white-space: nowrap"
    return ("text long", "left; min-width: 15em") if longest > LONG else ("text", "left")


def _with_ranges(table: pd.DataFrame, digits: int) -> pd.DataFrame:
    """Two columns of limits as one of words, where the first stood."""
    for start, heading in PAIRS.items():
        low, high = f"{start}_low", f"{start}_high"
        if {low, high} <= set(table.columns):
            ends = zip(table[low].astype(float), table[high].astype(float), strict=True)
            places = DIGITS.get(start, digits)
            words = [
                MISSING if np.isnan(a) and np.isnan(b) else f"{_end(a, places)} to {_end(b, places)}" for a, b in ends
            ]
            at = list(table.columns).index(low)
            table = table.drop(columns=[low, high])
            table.insert(min(at, table.shape[1]), heading, words)
    return table


def _end(value: float, digits: int) -> str:
    if np.isnan(value):
        return MISSING
    if not np.isfinite(value) or abs(value) >= MILLION:
        return ("∞" if not np.isfinite(value) else "over a million") if value > 0 else "-∞"
    return f"{value:,.0f}" if abs(value) >= 1000 or digits == 0 or value == 0 else number_text(value, digits)


def _is_number(values: pd.Series) -> bool:
    return bool(pd.api.types.is_numeric_dtype(values)) and not pd.api.types.is_bool_dtype(values)


def _as_text(column: str, values: pd.Series, digits: int) -> list[str]:
    if column in TIMES and _is_number(values):
        return [MISSING if pd.isna(one) else moment_text(float(one)) for one in values]
    if _is_number(values):
        return _numbers(values.to_numpy(float, na_value=np.nan), DIGITS.get(column, digits))
    return [_word(column, one) for one in values]


def _numbers(values: np.ndarray, digits: int) -> list[str]:
    """Whole numbers without decimals where all are whole; else the same decimals for each."""
    finite = values[np.isfinite(values)]
    whole = bool((finite == np.round(finite)).all())
    texts = []
    for one in values:
        if np.isnan(one):
            texts.append(MISSING)
        elif np.isinf(one):
            texts.append("∞" if one > 0 else "-∞")
        elif whole or digits == 0 or abs(one) >= 1000:
            texts.append(f"{one:,.0f}")
        else:
            texts.append("<0.001" if digits == 3 and 0 < one < 0.001 else number_text(one, digits))
    return texts


def _word(column: str, value: Any) -> str:
    if isinstance(value, (bool, np.bool_)):
        return "yes" if value else "no"
    if value is None or pd.isna(value):
        return ""
    if isinstance(value, (float, np.floating)):  # in a column of mixed things
        return f"{value:g}"
    text = str(value)
    if column in ("treatment_class", "class"):
        return class_label(text)
    if column in ("event", "what") and text in EVENT_WORDS:
        return EVENT_WORDS[text]
    if column == "inference":
        return INFERENCE_WORDS.get(text, text)
    if column == "measure":
        return MEASURE_LABELS.get(text, text.replace("_", " "))
    return text.replace("_", " ") if column in CODES else text


def _row(kind: str, values: list[Any], sides: list[tuple[str, str]]) -> str:
    cells = "".join(
        f'<{kind} class="{name}" style="text-align: {side}">{html.escape(str(value))}</{kind}>'
        for value, (name, side) in zip(values, sides, strict=True)
    )
    return f"<tr>{cells}</tr>"
