"""A second file with one row a subject (SDTM DM, ADaM ADSL, BIDS participants): its columns beside the first's."""

from __future__ import annotations

import os
from pathlib import Path

import pandas as pd

from ..errors import DatasetError, one_problem, problem_table
from ..reading.formats import KNOWN, RawTable, read_table
from ..reading.raw_tables import as_word
from .recognise import LIKELY, Guess, guess_columns

NAMES = ("dm", "adsl", "participants", "demographics", "subjects")


def find_subjects(path: Path, raw: RawTable) -> tuple[Path, RawTable, str] | None:
    """The file of subjects in the folder of a file of scores, or above it, its table and the column that both share.

    It is called dm, adsl, participants, demographics or subjects, names an arm, which the first does not, and holds
    each of its subjects once. None where there is no such file.
    """
    first = guess_columns(raw)
    if "arm" in first or "subject" not in first:
        return None
    key = str(first["subject"].value)
    for folder in (path.parent, path.parent.parent):
        for other in sorted(folder.glob("*.*")) if folder.is_dir() else ():
            if other.stem.casefold() in NAMES and other.suffix.lower() in KNOWN and other.resolve() != path.resolve():
                try:
                    table = read_table(other)
                except DatasetError:
                    continue
                if key in table.frame and table.frame[key].is_unique and "arm" in guess_columns(table):
                    return other, table, key
    return None


def with_subjects(raw: RawTable, other: RawTable, key: str, file: str, other_file: str) -> RawTable:
    """The first file's rows with the columns that the second has more, by the subject's column `key`, which both have.

    A row whose subject the second file lacks keeps those columns blank; how many there are is among the notes.
    Raises DatasetError where the column is in one file only, where the second holds a subject twice, or where no
    subject is in both.
    """
    for frame, name in ((raw.frame, file), (other.frame, other_file)):
        if key not in frame:
            fix = f"the subjects of {file} are looked up in {other_file} by it: both need it"
            raise one_problem(name, "the column of subjects is in both files", fix, key)
    left, right = (frame[key].map(as_word, na_action="ignore") for frame in (raw.frame, other.frame))
    twice = right.duplicated(keep=False) & right.notna()
    if twice.any():
        rows = [(line, key, value, "one row a subject", "keep one row of each") for line, value in zip(
            other.frame["_line"][twice], right[twice], strict=True)]  # fmt: skip
        raise DatasetError(problem_table(other_file, rows))
    if not left.isin(right.dropna()).any():
        shown = f"{left.iloc[0]!r} there, {right.iloc[0]!r} here"
        raise one_problem(other_file, "subjects of both files", f"none is in both: {shown}", key)
    added = [name for name in other.frame.columns if name not in raw.frame.columns]
    found = other.frame[added].set_axis(right).loc[lambda rows: rows.index.notna()]
    frame = pd.concat([raw.frame, found.reindex(left).set_axis(raw.frame.index)], axis=1)
    frame = frame[[name for name in frame.columns if name != "_line"] + ["_line"]]
    unknown = left[~left.isin(right)].nunique(dropna=False)
    note = f"{', '.join(added)} from {other_file} by {key}" + (f"; {unknown} subjects are not in it" if unknown else "")
    return RawTable(
        frame, {**other.labels, **raw.labels}, {**other.missing, **raw.missing},
        {**other.column_labels, **raw.column_labels}, (*raw.notes, note),
    )  # fmt: skip


def plan_subjects(path: Path, raw: RawTable, base: Path) -> tuple[RawTable, Guess | None]:
    """The table that a recipe is guessed from, and the line of the recipe where a file of subjects belongs to it."""
    found = find_subjects(path, raw)
    if found is None:
        return raw, None
    other, table, key = found
    place = Path(os.path.relpath(other.resolve(), base.resolve())).as_posix()
    why = f"it names the arm; its rows are joined by {key}"
    return with_subjects(raw, table, key, path.name, other.name), Guess(place, LIKELY, why)
