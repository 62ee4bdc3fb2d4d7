"""Scores of one scale as those of another, by published tables that link them; always marked as converted."""

from __future__ import annotations

from functools import cache

import pandas as pd

from ..folders import shipped_folder


@cache
def _tables() -> pd.DataFrame:
    return pd.read_csv(shipped_folder("data") / "crosswalks.csv")


def crosswalks() -> pd.DataFrame:
    """The shipped links between scales, one row a pair: `scale, to_scale, lowest, highest` score linked, source.

    A link's own rows (score → lowest and highest score of the other scale) stand in data/crosswalks.csv.

    >>> crosswalks()[["scale", "to_scale"]].head(2).to_numpy().tolist()
    [['QIDS-SR16', 'HAMD17'], ['QIDS-SR16', 'HAMD21']]
    """
    told = _tables().groupby(["scale", "to_scale"], sort=False)
    return told.agg(lowest=("score", "min"), highest=("score", "max"), source=("source", "first")).reset_index()


def convert_scores(scores: pd.DataFrame, to: str) -> pd.DataFrame:
    """The scores with each that a published link turns into the scale `to` in its place; scores of `to` stay.

    scores : columns `scale, score`. A score that is linked to several takes their middle. The answer has
        `converted_from`, the scale it was rated on (missing where nothing was converted).
    A link holds for groups, not for a patient: spreads and responses of converted scores are those of the other scale
    only roughly. Raises ValueError for a scale without a link to `to`, and for scores that a link leaves out.

    >>> table = pd.DataFrame({"scale": ["QIDS-SR16", "HAMD17"], "score": [11.0, 20.0]})
    >>> convert_scores(table, "HAMD17")[["score", "converted_from"]].to_numpy().tolist()
    [[14.5, 'QIDS-SR16'], [20.0, nan]]
    """
    links = _tables().query("to_scale == @to")
    lacking = sorted(set(scores["scale"]) - set(links["scale"]) - {to})
    if lacking:
        there = ", ".join(f"{row.scale} → {row.to_scale}" for row in crosswalks().itertuples())
        raise ValueError(f"no published link of {', '.join(lacking)} to {to} is shipped: there are {there}")
    middle = links.assign(middle=links[["to_low", "to_high"]].mean(axis=1))[["scale", "score", "middle"]]
    found = scores[["scale", "score"]].merge(middle, on=["scale", "score"], how="left")["middle"].set_axis(scores.index)
    own = scores["scale"] == to
    unknown = scores[~own & scores["score"].notna() & found.isna()]
    if len(unknown):
        first = unknown.iloc[0]
        raise ValueError(f"{len(unknown)} scores have no partner (the first: {first['scale']} {first['score']:g})")
    return scores.assign(score=found.where(~own, scores["score"]), scale=to, converted_from=scores["scale"].mask(own))
