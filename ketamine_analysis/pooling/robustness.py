"""One question, every defensible pooling of it: whether the answer hangs on the analyst's choices."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from ..intervals import stack_tables
from .count_pools import COUNTS, mantel_haenszel
from .diagnostics import trim_and_fill
from .exact_pools import hypergeometric_normal
from .meta_analysis import random_effects

COLUMNS = ("analysis", "estimate", "conf_low", "conf_high", "measure", "k", "reason")


def alternative_poolings(effects: pd.DataFrame, *, level: float = 0.95) -> pd.DataFrame:
    """The pooled effect by each usual method: `analysis, estimate, conf_low, conf_high, measure, k, reason`.

    effects : as for `random_effects`, one row a trial; with counts of log odds ratios also Mantel–Haenszel and the
        exact likelihood (t). Then the pooling after trim and fill, those with one trial left out whose limit comes
        nearest to no effect and stays farthest from it, and where a new trial's effect is expected (main pooling).
    A pooling that does not exist has no numbers and a `reason`. Raises DatasetError as `random_effects`.

    >>> trials = pd.DataFrame({"estimate": [0.1, 0.9, 0.4], "std_error": [0.2, 0.3, 0.3]})
    >>> alternative_poolings(trials)["analysis"].tolist()[:2]
    ['REML, modified Hartung–Knapp', 'REML, Wald']
    """
    effects = effects.reset_index(drop=True)
    main = random_effects(effects)
    prediction = main.prediction_interval(level).rename(
        columns={"prediction_low": "conf_low", "prediction_high": "conf_high"}
    )
    ways: dict[str, Callable[[], pd.DataFrame]] = {
        "REML, modified Hartung–Knapp": lambda: main.summary(level),
        "REML, Wald": lambda: random_effects(effects, inference="wald").summary(level),
        "DerSimonian–Laird, Wald": lambda: random_effects(effects, method="DL", inference="wald").summary(level),
        "common effect, inverse variance": lambda: random_effects(effects, method="FE", inference="wald").summary(
            level
        ),
    }
    if set(COUNTS) <= set(effects) and effects.get("measure", pd.Series("log_odds_ratio")).eq("log_odds_ratio").all():
        ways["common effect, Mantel–Haenszel"] = lambda: mantel_haenszel(effects).summary(level)
        ways["exact likelihood, t"] = lambda: hypergeometric_normal(effects, inference="t").summary(level)
    ways["trim and fill, modified Hartung–Knapp"] = lambda: trim_and_fill(effects, inference="hksj_modified").summary(
        level
    )
    rows = [_row(name, way) for name, way in ways.items()]
    left = main.leave_one_out(level)
    left = left.iloc[_inner(left, main.summary()["estimate"].iloc[0]).argsort(kind="stable")]
    names = dict(zip(effects["study"], effects["label"], strict=True)) if {"study", "label"} <= set(effects) else {}
    for place, words in ((0, "nearest to no effect"), (-1, "farthest")) if len(left) > 1 else ():
        one = left.iloc[[place]]
        out = one["left_out"].iloc[0]
        rows.append(one.assign(analysis=f"without {names.get(out) or out} ({words})"))
    new = main.summary(level).assign(analysis="a new trial (prediction)", **prediction.iloc[0].drop("formula"))
    rows.append(new.assign(reason="" if len(effects) > 1 else "one trial says nothing of how trials differ"))
    table = stack_tables([row.reindex(columns=list(COLUMNS)) for row in rows])
    return table.assign(measure=main.summary()["measure"].iloc[0], reason=table["reason"].fillna(""))


def _inner(summaries: pd.DataFrame, estimate: float) -> np.ndarray:
    """The limit on the side of no effect, larger where it is farther from it."""
    return (summaries["conf_low"] if estimate >= 0 else -summaries["conf_high"]).to_numpy(float)


def _row(name: str, way: Callable[[], pd.DataFrame]) -> pd.DataFrame:
    try:
        return way().assign(analysis=name)
    except ValueError as error:  # a pooling that these trials do not have, such as an odds ratio without events
        return pd.DataFrame({"analysis": [name], "reason": [str(error)]})
