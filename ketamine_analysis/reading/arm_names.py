"""Spellings of one arm: labels that differ only in capitals and spaces."""

from __future__ import annotations

import pandas as pd

from .problems import Problems


def plain_name(label: object) -> str:
    """The label without capitals and spaces.

    >>> plain_name("Ketamine 0.5 mg/kg ") == plain_name("ketamine 0.5mg/kg")
    True
    """
    return "".join(str(label).casefold().split())


def one_spelling(labels: pd.Series) -> dict[str, str]:
    """Each label → how its arm is most often written (the first of equals).

    >>> one_spelling(pd.Series(["ketamine", "Ketamine", "Ketamine", "saline"]))
    {'Ketamine': 'Ketamine', 'ketamine': 'Ketamine', 'saline': 'saline'}
    """
    counts = labels.dropna().astype(str).value_counts()
    chosen: dict[str, str] = {}
    for label in counts.index:
        chosen.setdefault(plain_name(label), label)
    return {label: chosen[plain_name(label)] for label in counts.index}


def other_spellings(arms: pd.Series, studies: pd.Series) -> pd.Series:
    """For each row the commoner spelling of its arm in its study; missing where it is written so already."""
    pairs = pd.DataFrame({"study": studies.astype(str), "arm": arms.astype(str)})[arms.notna()]
    counts = pairs.value_counts().reset_index()
    counts["plain"] = counts["arm"].map(plain_name)
    counts["chosen"] = counts.groupby(["study", "plain"])["arm"].transform("first")
    rare = counts[counts["arm"] != counts["chosen"]]
    told = dict(zip(zip(rare["study"], rare["arm"], strict=True), rare["chosen"], strict=True))
    if not told:
        return pd.Series(None, index=arms.index, dtype=object)
    keys = zip(studies.astype(str), arms.astype(str), strict=True)
    return pd.Series([told.get(key) for key in keys], index=arms.index, dtype=object)


def check_spelling(found: Problems) -> None:
    """'Ketamine' and 'ketamine ' in one study are one arm: apart, the few of the rarer spelling would be compared."""
    other = other_spellings(found.table["arm"], found.table["study"])
    found.add(
        other.notna(),
        "arm",
        "one spelling per arm",
        lambda row: f"the same arm is mostly written {other[row]!r}: write it so",
    )
