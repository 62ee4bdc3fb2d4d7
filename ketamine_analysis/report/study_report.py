"""What a new study would add and change, printed before anything is kept."""

from __future__ import annotations

import tempfile

import pandas as pd

from ..errors import NotInData, describe_problems
from ..evidence.additions import Addition
from ..pooling.evidence_answers import evidence_answer

SHOWN = ["class", "time", "before", "after"]


def describe_addition(addition: Addition) -> str:
    """Its rows by table, what is worth a second look, and each cell of the answer that it changes, before and after."""
    counts = [f"{len(rows)} of {name}" for name, rows in addition.rows.items()]
    parts = [f"rows read and checked: {', '.join(counts)}"]
    if len(addition.warnings):
        parts += ["", "worth a second look:", describe_problems(addition.warnings, len(addition.warnings))]
    changes = answer_changes(addition)
    if changes.empty:
        parts += ["", "the answer does not change: no row of it is a controlled effect in one of its times"]
    else:
        parts += ["", "what it does to the answer (MADRS points against control):", changes.to_string(index=False)]
    return "\n".join(parts)


def answer_changes(addition: Addition) -> pd.DataFrame:
    """The cells of the answer that differ with the addition: `class, time, before, after`, with trials."""
    with tempfile.TemporaryDirectory() as folder:
        addition.write(folder)
        both = [_cells(where) for where in (addition.folder, folder)]
    words = pd.concat(both, axis=1, keys=["before", "after"]).fillna("no trial here")
    words = words[words["before"] != words["after"]].reset_index()
    return words.rename(columns={"treatment_class": "class", "window": "time"}).reindex(columns=SHOWN)


def _cells(folder: object) -> pd.Series:
    try:
        table = evidence_answer(folder=str(folder)).summary()
    except NotInData:
        return pd.Series(dtype=object, name="words")
    table = table[table["k"] > 0].set_index(["treatment_class", "window"])
    text = [
        f"{row.points:.2f} ({row.points_low:.2f} to {row.points_high:.2f}; {row.k} trials)"
        for row in table.itertuples()
    ]
    return pd.Series(text, table.index)
