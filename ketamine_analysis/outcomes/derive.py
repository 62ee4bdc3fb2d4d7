"""From scores to outcomes to arms: change, response, remission, and how missing scores are counted.

Written once over narwhals: the table may be pandas, Polars (eager or lazy), DuckDB …; the answer of
`derive_outcomes` is of the same kind. Only `summarize_arms` ends in pandas: by then it is one row an arm.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd

from ..intervals import critical_value
from .proportions import proportion_interval
from .scales import NOT_STATED, SCALES, find_scale

TOLERANCE = 1e-9  # a fall of exactly 50 % counts, whatever the rounding of its floating-point quotient
MISSING = ("observed", "nonresponder", "locf", "bocf")
VISITS = ("arm", "study")
MEANS = ("change", "score")
SUMMARIZED = ("response", "remission", *MEANS)
ARM_WORDS = ("treatment", "treatment_class", "role", "control_kind", "route", "dose", "dose_unit")


def derive_outcomes(
    scores: Any, *, response_fraction: float = 0.5, remission: str | Mapping[str, str] | None = None
) -> Any:
    """The scores with `baseline, change, percent_change, response, remission` and the two definitions used.

    scores : a checked `scores` table of any engine narwhals knows.
    response_fraction : the fall that counts as response, counted from the scale's floor; exactly it counts.
    remission : the scale's named cut-off ("<=10"), or one per scale ({"MADRS": "<=12"}); default the scale's
        first. The definition is printed in `remission_definition`; a scale without a published cut-off has none.
    Baseline is the last non-missing score at hours <= 0; a baseline at or below the floor, or none, gives an
    unknown (null) response and percent change, and a missing score an unknown everything. Where higher is better the
    way to the floor (the score of no symptoms) counts: `change` stays score − baseline, `percent_change` is negative
    for an improvement.
    Raises ValueError for a fraction outside (0, 1], an unknown scale or cut-off.

    >>> table = pd.DataFrame({"study": "a", "subject": 1, "arm": "ketamine", "hours": [0, 24], "scale": "MADRS",
    ...     "score": [30.0, 15.0]})
    >>> derive_outcomes(table)[["change", "percent_change", "response", "remission"]].iloc[1].astype(str).tolist()
    ['-15.0', '-50.0', 'True', 'False']
    """
    if not 0 < response_fraction <= 1:
        raise ValueError(f"response_fraction {response_fraction!r} must lie above 0 and at most 1")
    frame = nw.from_native(scores)
    if isinstance(scores, pd.DataFrame):
        frame = nw.from_native(scores.reset_index(drop=True))
    if "baseline" in frame.collect_schema().names():
        raise ValueError("the scores have a column `baseline` already: read_scores turns it into rows at hour 0")
    score = nw.col("score").cast(nw.Float64)
    frame = frame.with_columns(nw.when(~score.is_nan()).then(score).alias("score"))  # not-a-number is missing
    names = frame.select("scale").unique().lazy().collect()["scale"].to_list()
    key = [*_subject_key(frame), "scale"]
    rules = _rules(names, response_fraction, remission)
    rows = frame.join(_baseline(frame, key), on=key, how="left")
    for column, value in rules.items():
        rows = rows.with_columns(_by_scale(value).alias(column))
    score, base, floor = nw.col("score"), nw.col("baseline"), nw.col("_floor")
    worse = nw.col("_worse")  # 1 where a higher score is worse, −1 where it is better
    span = nw.when((base - floor) * worse > 0).then(base - floor)
    derived = rows.with_columns((score - base).alias("change")).with_columns(
        (100 * nw.col("change") / span).alias("percent_change")
    )
    limit = -100.0 * response_fraction + TOLERANCE
    known = ~nw.col("percent_change").is_null()
    derived = derived.with_columns(
        nw.when(known).then(nw.col("percent_change") <= limit).alias("response"),
        nw.when(~score.is_null() & ~nw.col("_cutoff").is_null())
        .then(score * worse <= nw.col("_cutoff") * worse)
        .alias("remission"),
    ).drop("_floor", "_cutoff", "_worse")
    return _nullable(derived.to_native())


def summarize_arms(
    table: Any,
    /,
    *,
    outcomes: Iterable[str] = ("response", "remission", "change"),
    missing: str = "observed",
    visits: str = "arm",
    level: float = 0.95,
) -> pd.DataFrame:
    """The `arms` table of patient data: one row per arm, time after dose, scale and outcome.

    table : the answer of `derive_outcomes`.
    outcomes : which of "response", "remission" (n, events, Wilson limits on the 0–1 scale), "change",
        "score" (n, mean, sd, std_error, t limits).
    missing : "observed" (those seen at that time); "nonresponder" (everyone with a baseline; unseen = no
        response and no remission; means as observed); "locf" (the last score seen by then, baseline included);
        "bocf" (an unseen score is the baseline). The last three count everyone with a baseline.
    visits : "arm": a visit is planned for an arm that has a row at that hour, seen or not (a row with a missing score
        is one), so that an open-label tail of one arm makes no failures in another, and no contrast. "study": every
        hour of the study and scale is planned for all of its arms.
    The strategy is in `analysis`. Hours are taken as nominal visits.
    Raises ValueError for an unknown outcome or strategy, and, unless "observed", for a table whose patients have lost
    their baseline rows: it no longer says who was there (filter the arms afterwards).

    >>> table = pd.DataFrame({"study": "a", "subject": [1, 1, 2, 2], "arm": "ketamine", "hours": [0, 24, 0, 24],
    ...     "scale": "MADRS", "score": [30.0, 15.0, 30.0, None]})
    >>> arms = summarize_arms(derive_outcomes(table), outcomes=["response"], missing="nonresponder")
    >>> arms[["n", "events"]].to_numpy().tolist()
    [[2.0, 1.0]]
    """
    wanted = tuple(outcomes)
    unknown = [name for name in wanted if name not in SUMMARIZED]
    if unknown:
        raise ValueError(f"outcome {unknown} is unknown: use some of {list(SUMMARIZED)}")
    if missing not in MISSING:
        raise ValueError(f"missing {missing!r} is unknown: use one of {list(MISSING)}")
    if visits not in VISITS:
        raise ValueError(f"visits {visits!r} is unknown: use one of {list(VISITS)}")
    frame = nw.from_native(table)
    if not {"response", "remission"} <= set(frame.collect_schema().names()):
        raise ValueError("the table has no response and remission: summarize_arms(derive_outcomes(scores))")
    frame = frame.with_columns(nw.col("response", "remission").cast(nw.Float64))
    seen = frame.filter(nw.col("hours") > 0) if missing == "observed" else _complete(frame, missing, visits)
    sums = _arm_sums(seen, wanted)
    rows = pd.concat([_outcome_rows(sums, name, level) for name in wanted], ignore_index=True)
    return rows[rows["n"] > 0].assign(timing="at", analysis=missing, source="patient data").reset_index(drop=True)


def _subject_key(frame: Any) -> list[str]:
    names = frame.collect_schema().names()
    return ["study", "subject", *(name for name in ("period",) if name in names)]


def _baseline(frame: Any, key: list[str]) -> Any:
    """Each subject's last non-missing score at hours <= 0, as `baseline`."""
    before = frame.filter((nw.col("hours") <= 0) & ~nw.col("score").is_null()).select(*key, "hours", "score")
    last = before.group_by(*key).agg(nw.col("hours").max().alias("hours"))
    return before.join(last, on=[*key, "hours"], how="inner").select(*key, nw.col("score").alias("baseline"))


def _rules(
    names: list[str], response_fraction: float, remission: str | Mapping[str, str] | None
) -> dict[str, dict[str, Any]]:
    """For each scale in the table: floor, remission cut-off, and both definitions in words."""
    if isinstance(remission, Mapping) and not set(remission) <= set(SCALES):
        raise ValueError(f"remission names {sorted(set(remission) - set(SCALES))}: known scales are {list(SCALES)}")
    floor: dict[str, Any] = {}
    names = [name for name in names if name != NOT_STATED]  # nothing but its changes is known
    cutoff: dict[str, Any] = {}
    worse: dict[str, Any] = {}
    response_words: dict[str, Any] = {}
    remission_words: dict[str, Any] = {}
    for name in names:
        scale = find_scale(name)
        chosen = remission.get(name) if isinstance(remission, Mapping) else remission
        chosen = chosen or next(iter(scale.remission), None)
        if chosen is not None and chosen not in scale.remission:
            raise ValueError(f"{name} has no remission cut-off {chosen!r}: use one of {list(scale.remission)}")
        floor[name] = float(scale.floor) if scale.responds else None
        rule = scale.remission[chosen] if chosen else None
        cutoff[name] = None if rule is None else rule.at_most if scale.higher_is_worse else rule.at_least
        worse[name] = 1.0 if scale.higher_is_worse else -1.0
        response_words[name] = f">={100 * response_fraction:g}% {name}" if scale.responds else None
        remission_words[name] = f"{name}{chosen}" if chosen else None
    return {
        "_floor": floor,
        "_cutoff": cutoff,
        "_worse": worse,
        "response_definition": response_words,
        "remission_definition": remission_words,
    }


def _by_scale(value: Mapping[str, float | str | None]) -> nw.Expr:
    """The expression that gives each row the value of its scale."""
    dtype = nw.String if any(isinstance(one, str) for one in value.values()) else nw.Float64
    chosen: Any = nw.lit(None, dtype=dtype)
    for name, one in value.items():
        if one is not None:
            chosen = nw.when(nw.col("scale") == name).then(nw.lit(one, dtype=dtype)).otherwise(chosen)
    return chosen


def _nullable(native: Any) -> Any:
    """pandas holds an unknown truth only in its nullable type."""
    if isinstance(native, pd.DataFrame):
        return native.astype({"response": "boolean", "remission": "boolean"})
    return native


def _complete(frame: Any, missing: str, planned: str) -> Any:
    """Every subject with a baseline at every visit planned for it, unseen values filled by the strategy."""
    names = frame.collect_schema().names()
    key = [*_subject_key(frame), "scale"]
    values = ["score", "change", "response", "remission"]
    words = [name for name in (*ARM_WORDS, "response_definition", "remission_definition") if name in names]
    known = frame.filter(~nw.col("baseline").is_null())
    people = known.group_by(*key, "arm", "baseline").agg(nw.col(name).max().alias(name) for name in words)
    shared = [name for name in key if name != "subject"] + (["arm"] if planned == "arm" else [])
    visits = frame.filter(nw.col("hours") > 0).select(*shared, "hours").unique()
    start = (
        frame.filter((nw.col("hours") <= 0) & (nw.col("score") == nw.col("baseline")))
        .group_by(*key)
        .agg(*(nw.col(name).max().alias(f"_{name}") for name in values))
    )
    _check_everyone_is_there(people, start, key)
    grid = people.join(visits, on=shared, how="inner").join(start, on=key, how="left")
    rows = grid.join(frame.select(*key, "hours", *values), on=[*key, "hours"], how="left")
    if missing == "nonresponder":
        unseen = nw.col("score").is_null()
        return rows.with_columns(
            nw.when(unseen).then(0 * nw.col("_response")).otherwise(nw.col("response")).alias("response"),
            nw.when(unseen).then(0 * nw.col("_remission")).otherwise(nw.col("remission")).alias("remission"),
        )
    if missing == "locf":
        rows = _carried_forward(rows, key, values)
    return rows.with_columns(nw.coalesce(nw.col(name), nw.col(f"_{name}")).alias(name) for name in values)


def _carried_forward(rows: Any, key: list[str], values: list[str]) -> Any:
    """Unseen values from the last visit seen; by joins, which every engine has (PyArrow and Dask fill no windows)."""
    place = [*key, "hours"]
    seen = rows.filter(~nw.col("score").is_null()).select(*place, *values).rename({"hours": "_seen"})
    last = rows.select(*place).join(seen.select(*key, "_seen"), on=key, how="inner")
    last = last.filter(nw.col("_seen") <= nw.col("hours")).group_by(*place).agg(nw.col("_seen").max().alias("_seen"))
    filled = last.join(seen, on=[*key, "_seen"], how="inner").drop("_seen")
    return rows.drop(*values).join(filled, on=place, how="left")


def _check_everyone_is_there(people: Any, start: Any, key: list[str]) -> None:
    lost = people.select(*key).join(start.select(*key), on=key, how="anti").lazy().collect()
    if len(lost):
        first = ", ".join(str(value) for value in lost.select("study", "subject").row(0))
        raise ValueError(
            f"{len(lost)} patients have a baseline but no row at or before hour 0 (the first: {first}): the table was "
            "filtered after derive_outcomes, so that who was not seen later is lost; summarize it whole, then filter "
            "the arms"
        )


def _arm_sums(frame: Any, wanted: tuple[str, ...]) -> pd.DataFrame:
    """One group-by: for each arm, scale and time the counts and moments of every wanted outcome."""
    names = frame.collect_schema().names()
    words = [name for name in (*ARM_WORDS, "response_definition", "remission_definition") if name in names]
    key = ["study", "arm", "scale", "hours"]
    measures = []
    for name in wanted:
        column = nw.col(name)
        measures += [column.count().alias(f"{name}_n"), column.mean().alias(f"{name}_mean")]
        measures.append(column.std().alias(f"{name}_sd") if name in MEANS else column.sum().alias(f"{name}_events"))
    sums = frame.group_by(*key).agg(*measures, *(nw.col(name).max().alias(name) for name in words))
    return pd.DataFrame(sums.sort(*key).lazy().collect().to_dict(as_series=False))


def _outcome_rows(sums: pd.DataFrame, name: str, level: float) -> pd.DataFrame:
    words = [column for column in ARM_WORDS if column in sums]
    rows = sums[["study", "arm", *words, "hours", "scale"]].assign(outcome=name, n=sums[f"{name}_n"].astype(float))
    if name in MEANS:
        n, mean, sd = rows["n"], sums[f"{name}_mean"].astype(float), sums[f"{name}_sd"].astype(float)
        error = sd / np.sqrt(n)
        half = pd.Series(critical_value(np.maximum(n - 1, 1), level), index=rows.index) * error
        return rows.assign(
            definition=None, mean=mean, sd=sd, std_error=error, conf_low=mean - half, conf_high=mean + half
        )
    rows = rows.assign(definition=sums[f"{name}_definition"], events=sums[f"{name}_events"].astype(float))
    rows = rows[rows["definition"].notna()]
    low, high = proportion_interval(rows["events"], rows["n"], level=level)
    return rows.assign(conf_low=low, conf_high=high)
