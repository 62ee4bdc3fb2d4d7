"""A codebook, in a file or sheet of its own, that says what columns and codes mean: its labels for a table."""

from __future__ import annotations

import re
from typing import Any

import pandas as pd

from .column_names import squeezed

CODEBOOK_NAMES = r"code ?books?|dictionary|legend|labels|variables|lookup|codes|variablen|schl[üu]ssel"
VARIABLE = (
    "variable",
    "variablename",
    "variablefieldname",
    "field",
    "fieldname",
    "column",
    "columnname",
    "name",
    "item",
)
CODE = ("code", "codes", "value", "values")
LABEL = ("label", "valuelabel", "meaning", "codelabel", "description")
WORDS = ("fieldlabel", "variablelabel", "question", "description", "label")
CHOICES = (
    "choicescalculationsorsliderlabels",
    "choices",
    "responses",
    "categories",
    "coding",
    "codes",
    "values",
    "levels",
)
_CHOICE = re.compile(r"\s*(?P<code>-?[\w.]+)\s*[,=:]\s*(?P<label>[^|;\n]+?)\s*(?:[|;\n]|$)")


def codebook_labels(book: pd.DataFrame, table: pd.DataFrame) -> tuple[dict[str, dict[Any, str]], dict[str, str]] | None:
    """Column → {code: label} and column → words, for the table's columns that the codebook names; None if it is none.

    book : one row a code (variable, code, label; a blank variable is the one above), or one row a variable with its
        choices in a cell ("1, Ketamine | 2, Midazolam", as REDCap's dictionary; "1 = Ketamine; 2 = Midazolam").
    """
    named = {squeezed(name): str(name) for name in reversed([one for one in book.columns if one != "_line"])}
    variable = next((named[word] for word in VARIABLE if word in named), None)
    if variable is None:
        return None
    names = book[variable].ffill().astype(str).str.strip()
    rows = book[names.isin(table.columns)].assign(_name=names)
    if rows.empty:
        return None
    code = next((named[word] for word in CODE if word in named and named[word] != variable), None)
    label = next((named[word] for word in LABEL if word in named and named[word] not in (variable, code)), None)
    labels: dict[str, dict[Any, str]] = {}
    if code is not None and label is not None and names.duplicated().any():
        for name, one, words in zip(rows["_name"], rows[code], rows[label], strict=True):
            if pd.notna(one) and pd.notna(words):
                labels.setdefault(name, {})[_code(one, table[name])] = str(words)
    else:
        choices = next((named[word] for word in CHOICES if word in named), None)
        for name, cell in zip(rows["_name"], rows[choices], strict=True) if choices is not None else ():
            found = {_code(one["code"], table[name]): one["label"] for one in _CHOICE.finditer(str(cell))}
            labels |= {name: found} if pd.notna(cell) and found else {}
    about = next((named[word] for word in WORDS if word in named and (named[word] != label or not labels)), None)
    said = {} if about is None else dict(zip(rows["_name"], rows[about], strict=True))
    return labels, {name: str(words) for name, words in said.items() if pd.notna(words)}


def _code(code: Any, column: pd.Series) -> Any:
    """The code as the table's column holds it: a number, or words."""
    number = pd.to_numeric(code, errors="coerce")
    if pd.api.types.is_numeric_dtype(column):
        return float(number)
    return f"{number:g}" if isinstance(code, float) and pd.notna(number) else str(code).strip()
