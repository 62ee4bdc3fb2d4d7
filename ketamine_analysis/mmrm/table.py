"""From the `outcomes` table to the patients that are fitted: checked, and those left out counted.

Written over narwhals: one query counts the scores by visit, one lays out the patients. Only one row per patient leaves
the engine that holds the table.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd

from ..errors import PROBLEM_COLUMNS, DatasetError
from .patients import SHOWN, one_row_each, refusal

ARM_WORDS = ("treatment", "treatment_class", "role", "control_kind")
FROM_BASELINE = ("change", "percent_change", "baseline")
MOST_VISITS = 40


@dataclass(frozen=True)
class Patients:
    """One row per patient with a score: `keys` (arm, covariates) and `scores` (patients × visits, unseen = NaN).

    visits : their labels in order of time; hours : of each, NaN where unknown. about : each arm's words, study, scale.
    left_out : reason, patients, scores. numeric : covariates that are numbers.
    """

    keys: pd.DataFrame
    scores: np.ndarray
    visits: tuple[Any, ...]
    hours: np.ndarray
    about: pd.DataFrame
    numeric: tuple[str, ...]
    left_out: pd.DataFrame


def read_patients(outcomes: Any, *, outcome: str, covariates: tuple[str, ...], visit: str, arm: str | None) -> Patients:
    """The patients of an `outcomes` table (any engine narwhals knows), checked.

    covariates : columns constant over a patient's visits. arm : column of arms, or None.
    Raises DatasetError for absent columns, an outcome that is no number or not finite, several studies or scales,
    visits without an order, a patient with two scores at a visit, in two arms or with a changing covariate.
    """
    frame = nw.from_native(outcomes)
    schema = frame.collect_schema()
    keys = tuple(dict.fromkeys(name for name in (arm, *covariates) if name is not None))
    _check_columns(schema, outcome, keys, visit)
    frame = frame.with_columns(_score(schema, outcome, covariates).alias("_score"))
    seen = _by_visit(frame, visit, "hours" in schema.names() and visit != "hours")
    visits, hours = _in_order(seen, visit, schema)
    about = _about(frame, schema, arm)
    wide, scores = one_row_each(frame, visit, visits, keys, int(seen["n"].sum()))
    if np.isinf(scores).any():
        raise refusal(outcome, "finite scores", "a score is infinite: correct it or make it missing")
    numeric = tuple(name for name in covariates if schema[name].is_numeric())
    table = pd.DataFrame(
        {name: _categories(frame, schema, name, wide[name]) for name in keys}, index=range(len(scores))
    )
    everybody = Patients(table, scores, visits, hours, about, numeric, pd.DataFrame())
    return _complete(everybody, [f"{visit} {name}" for name in _unseen(seen, visit)])


def text(value: Any) -> str:
    """A level or visit in words: 24.0 is "24"."""
    return f"{value:g}" if isinstance(value, float) else str(value)


def _check_columns(schema: Any, outcome: str, keys: tuple[str, ...], visit: str) -> None:
    names = schema.names()
    absent = [name for name in ("subject", visit, outcome, *keys) if name not in names]
    if absent:
        rows = [
            ("table", None, name, None, "column present", "error", f"add `{name}`; the table has {names}")
            for name in dict.fromkeys(absent)
        ]
        raise DatasetError(pd.DataFrame(rows, columns=list(PROBLEM_COLUMNS)))
    if not schema[outcome].is_numeric():
        raise refusal(outcome, "numeric outcome", f"an MMRM takes scores; `{outcome}` is {schema[outcome]}")


def _score(schema: Any, outcome: str, covariates: tuple[str, ...]) -> nw.Expr:
    """The outcome, missing where it is no number; baseline rows are no outcome once the baseline is taken off."""
    value = nw.col(outcome)
    if schema[outcome] != nw.Float64:
        value = value.cast(nw.Float64)
    known = ~value.is_nan()
    from_baseline = outcome in FROM_BASELINE or "baseline" in covariates
    if from_baseline and "hours" in schema.names() and schema["hours"].is_numeric():
        known = known & ((nw.col("hours") > 0) | nw.col("hours").is_null())
    return nw.when(known).then(value)


def _by_visit(frame: Any, visit: str, with_hours: bool) -> pd.DataFrame:
    score = nw.col("_score")
    facts = [score.count().alias("n")]
    if with_hours:
        facts += [nw.col("hours").min().alias("first"), nw.col("hours").max().alias("last")]
    table = frame.group_by(visit).agg(*facts).lazy().collect()
    return pd.DataFrame({name: table[name].to_numpy() for name in table.columns}, columns=list(table.columns))


def _in_order(seen: pd.DataFrame, visit: str, schema: Any) -> tuple[tuple[Any, ...], np.ndarray]:
    """Labels of the visits somebody attended in the order of time, and their hours."""
    rows = seen[seen["n"] > 0]
    if rows.empty:
        raise refusal("subject", "somebody was seen", "no row has a score after first dose: nothing to fit")
    if rows[visit].isna().any():
        raise refusal(visit, "every score has a visit", "give the visit of these scores, or leave them out")
    if len(rows) > MOST_VISITS:
        fix = f"an MMRM needs planned visits: `{visit}` has {len(rows)} values; use a nominal time or visit column"
        raise refusal(visit, f"at most {MOST_VISITS} visits", fix)
    if "first" in rows:
        wrong = rows[rows["first"] != rows["last"]]
        if len(wrong):
            fix = "give the visit's nominal hour on all its rows"
            raise refusal("hours", "one hour per visit", fix, tuple(wrong[visit].head(SHOWN)))
        rows = rows.sort_values("first")
        return tuple(rows[visit].tolist()), rows["first"].to_numpy(float)
    if schema[visit].is_numeric():
        values = np.sort(rows[visit].to_numpy())
        return tuple(values.tolist()), values.astype(float) if visit == "hours" else np.full(len(values), np.nan)
    if isinstance(schema[visit], nw.Enum):
        named = tuple(name for name in schema[visit].categories if name in set(rows[visit]))
        return named, np.full(len(named), np.nan)
    fix = "add the column `hours`, or make the visits an ordered categorical (pandas) or Enum (Polars)"
    raise refusal(visit, "visits in an order", f"text has no order in time: {fix}", tuple(rows[visit].head(SHOWN)))


def _about(frame: Any, schema: Any, arm: str | None) -> pd.DataFrame:
    """One row per arm with its words, study and scale; several studies or scales are refused."""
    names = schema.names()
    for name, fix in (
        ("study", "fit one trial at a time: filter the table"),
        ("scale", "one model takes one scale: filter the table"),
    ):
        if name in names:
            values = frame.select(name).unique().lazy().collect()[name].to_list()
            if len(values) > 1:
                raise refusal(name, f"one {name}", fix, tuple(sorted(map(str, values))[:SHOWN]))
    words = [name for name in ("study", "scale", *ARM_WORDS) if name in names]
    if not words:
        return pd.DataFrame()
    if arm is None:
        rows = frame.select(*words).head(1).lazy().collect()
        return pd.DataFrame({name: rows[name].to_list() for name in words})
    rows = frame.select(arm, *(name for name in words if name != arm)).unique(subset=[arm], keep="any").lazy().collect()
    return pd.DataFrame({name: rows[name].to_list() for name in rows.columns}).rename(columns={arm: "arm"})


def _categories(frame: Any, schema: Any, name: str, values: np.ndarray) -> Any:
    """The values; with the order of their categories where the table gives one."""
    if isinstance(schema[name], nw.Enum):
        return pd.Categorical(values, list(schema[name].categories))
    if isinstance(schema[name], nw.Categorical) and frame.implementation.is_pandas():
        return pd.Categorical(values, frame.to_native()[name].cat.categories)
    return values


def _complete(patients: Patients, unseen: list[str]) -> Patients:
    """Those with a score and all covariates; the others are counted by reason, visits without anybody named."""
    table, scores = patients.keys, patients.scores
    counts = np.count_nonzero(~np.isnan(scores), axis=1)
    out, kept = [], counts > 0
    if not kept.all():
        out.append(("no score at any visit", int((~kept).sum()), 0))
    for name in table.columns:
        lacking = table[name].isna().to_numpy() & kept
        if lacking.any():
            out.append((f"no {name}", int(lacking.sum()), int(counts[lacking].sum())))
            kept = kept & ~lacking
    if not kept.any():
        raise refusal("subject", "somebody can be fitted", "; ".join(f"{one[0]} ({one[1]} patients)" for one in out))
    if not kept.all():
        table, scores = table[kept].reset_index(drop=True), scores[kept]
    attended = ~np.isnan(scores).all(axis=0)
    visits = tuple(label for label, yes in zip(patients.visits, attended, strict=True) if yes)
    unseen = unseen + [f"visit {text(label)}" for label in patients.visits if label not in visits]
    out += [(f"nobody was seen at {name}", 0, 0) for name in unseen]
    left_out = pd.DataFrame(out, columns=["reason", "patients", "scores"])
    hours = patients.hours[attended]
    return replace(patients, keys=table, scores=scores[:, attended], visits=visits, hours=hours, left_out=left_out)


def _unseen(seen: pd.DataFrame, visit: str) -> list[str]:
    """Visits after first dose that have rows and no score."""
    empty = seen.loc[seen["n"] == 0, visit].dropna().tolist()
    return [text(one) for one in empty if visit != "hours" or not isinstance(one, float | int) or one > 0]
