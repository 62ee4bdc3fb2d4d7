"""Words: columns of them, millions of rows long, each different one looked at once; and a number with its word."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd


def groups(table: pd.DataFrame, names: list[str]) -> pd.Series:
    """A number for each combination of the columns' values; a missing value is a value."""
    codes = [pd.factorize(table[name], use_na_sentinel=False)[0].astype("int64") for name in names]
    combined = codes[0]
    for code in codes[1:]:
        combined = pd.factorize(combined * (int(code.max(initial=0)) + 1) + code)[0]
    return pd.Series(combined, index=table.index)


def blank(values: pd.Series) -> pd.Series:
    """True where a cell holds nothing."""
    if pd.api.types.is_numeric_dtype(values):
        return values.isna()
    code, words = pd.factorize(values)
    empty = np.array([str(word).strip() == "" for word in words] + [True], bool)
    return pd.Series(empty[code], index=values.index)


def holds_word(values: pd.Series, word: str) -> pd.Series:
    """True where a text holds the word from its beginning on, in any case; an abbreviation must stand alone.

    >>> holds_word(pd.Series(["Adolescents", "MDD_or_BD", "BDI over 20", None]), "BD").tolist()
    [False, True, False, False]
    >>> holds_word(pd.Series(["Adolescents", "child_adolescent_MDD"]), "adolescent").tolist()
    [True, True]
    """
    end = "(?![a-z])" if word.isupper() else ""
    return values.astype(object).str.contains(f"(?<![a-z]){word}{end}", case=False, na=False).astype(bool)


def numeric(values: pd.Series) -> pd.Series:
    """The finite numbers of a column, missing where it holds none; each different word is read once."""
    if pd.api.types.is_numeric_dtype(values):
        number = values.to_numpy(float, na_value=np.nan)
        return pd.Series(np.where(np.isinf(number), np.nan, number), index=values.index)
    code, words = pd.factorize(values)
    number = pd.to_numeric(pd.Series(words, dtype=object), errors="coerce").to_numpy(float, na_value=np.nan)
    number = np.append(np.where(np.isinf(number), np.nan, number), np.nan)
    return pd.Series(number[code], index=values.index)


def looked_up(words: pd.Series, values: Mapping[str, float]) -> pd.Series:
    """The number that stands for each word, missing for an unknown one; each different word is looked up once."""
    code, different = pd.factorize(words)
    number = np.array([values.get(word, np.nan) for word in different] + [np.nan], float)
    return pd.Series(number[code], index=words.index)


def counted(number: int, word: str) -> str:
    """A number with its word, in the plural unless it is 1.

    >>> counted(1, "error"), counted(2, "error")
    ('1 error', '2 errors')
    """
    return f"{number} {word}{'' if number == 1 else 's'}"
