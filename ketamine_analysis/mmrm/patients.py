"""One row per patient: the scores of all visits side by side with what is constant over them.

Any engine does it in one group-by (no pivot). pandas would hold every column of that query at once, so its own tables
are laid out through integer codes of the patients instead: the same answer in less memory.
"""

from __future__ import annotations

from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd

from ..errors import PROBLEM_COLUMNS, DatasetError

SHOWN = 10


def refusal(column: str, rule: str, fix: str, values: tuple[Any, ...] = (None,)) -> DatasetError:
    """The error of a table that breaks one rule, once for each value found."""
    rows = [("table", None, column, value, rule, "error", fix) for value in values]
    return DatasetError(pd.DataFrame(rows, columns=list(PROBLEM_COLUMNS)))


def one_row_each(
    frame: Any, visit: str, visits: tuple[Any, ...], keys: tuple[str, ...], n_scores: int
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """The patients' keys and their scores (patients × visits, unseen = NaN).

    frame : with the columns `subject`, keys, visit and `_score`, which has n_scores values.
    Raises DatasetError for rows without a patient, two scores at a visit, and keys that change within a patient.
    """
    native = frame.to_native()
    if isinstance(native, pd.DataFrame):
        found = _by_codes(native, visit, visits, keys)
        if found is not None:
            return found
    places = [f"_score_{place}" for place in range(len(visits))]
    columns = [
        nw.when(nw.col(visit) == label).then(nw.col("_score")).alias(place)
        for label, place in zip(visits, places, strict=True)
    ]
    wide = frame.with_columns(*columns).group_by("subject", *keys).agg(nw.col(*places).max()).lazy().collect()
    scores = np.column_stack([wide[place].to_numpy().astype(float) for place in places])
    people = {name: wide[name].to_numpy() for name in ("subject", *keys)}
    _check_keys(pd.DataFrame(people), keys)
    if np.count_nonzero(~np.isnan(scores)) != n_scores:
        raise _twice(frame, visit)
    return {name: people[name] for name in keys}, scores


def _by_codes(
    table: pd.DataFrame, visit: str, visits: tuple[Any, ...], keys: tuple[str, ...]
) -> tuple[dict[str, np.ndarray], np.ndarray] | None:
    """The same from pandas; None where a rule is broken (the group-by then finds out which)."""
    codes, people = _codes(table["subject"])
    if len(codes) == 0 or codes.min() < 0:
        return None
    first = np.flatnonzero(np.diff(np.maximum.accumulate(codes), prepend=-1))  # codes count up as patients appear
    known = {}
    for name in keys:
        level = _codes(table[name])[0]
        if (level != level[first][codes]).any():
            return None
        known[name] = table[name].iloc[first].to_numpy()
    score = table["_score"].to_numpy(float, na_value=np.nan)
    scored = ~np.isnan(score)
    scores = np.full((len(people), len(visits)), np.nan)
    for place, label in enumerate(visits):
        rows = np.flatnonzero((table[visit] == label).to_numpy(bool, na_value=False) & scored)
        scores[codes[rows], place] = score[rows]
        if np.count_nonzero(~np.isnan(scores[:, place])) != len(rows):
            return None
    return known, scores


def _codes(values: pd.Series) -> tuple[np.ndarray, Any]:
    codes, levels = pd.factorize(values)
    return codes.astype(np.int32 if len(codes) < 2**31 else np.int64), levels


def _check_keys(people: pd.DataFrame, keys: tuple[str, ...]) -> None:
    """Refuses rows without a patient and patients whose keys change."""
    if people["subject"].isna().any():
        raise refusal("subject", "every row has a patient", "give the patient of these rows, or leave them out")
    twice = people[people.duplicated("subject", keep=False)]
    if twice.empty:
        return
    found = []
    for name in keys:
        levels = twice.groupby("subject", sort=True)[name].nunique(dropna=False)
        for who in levels.index[levels > 1][:SHOWN]:
            values = ", ".join(map(str, twice.loc[twice["subject"] == who, name].unique()[:3]))
            fix = f"`{name}` is {values} in one patient; an MMRM takes what is known at the start"
            found.append(("table", None, name, who, "constant over a patient's visits", "error", fix))
    raise DatasetError(pd.DataFrame(found, columns=list(PROBLEM_COLUMNS)))


def _twice(frame: Any, visit: str) -> DatasetError:
    """The error that names patients with two scores at a visit."""
    counts = frame.filter(~nw.col("_score").is_null()).group_by("subject", visit).agg(nw.col("_score").count())
    found = counts.filter(nw.col("_score") > 1).sort("subject", visit).head(SHOWN).lazy().collect()
    values = tuple(zip(found["subject"].to_list(), found[visit].to_list(), strict=True))
    return refusal("subject", "one score per patient and visit", "keep one of the rows", values)
