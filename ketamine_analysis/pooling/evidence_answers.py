"""The answer of a folder of evidence, as it stands or as it stood in an earlier version."""

from __future__ import annotations

from pathlib import Path

from ..effects.collected import collect_effects
from ..effects.published_pools import published_pools
from ..evidence.shipped import default_pool, load_evidence
from .answers import ANSWER_WINDOWS, Answer, answer


def evidence_answer(
    *,
    folder: str | Path | None = None,
    version: int | None = None,
    counts_only: bool = False,
    windows: tuple[str, ...] = ANSWER_WINDOWS,
    classes: tuple[str, ...] | None = None,
) -> Answer:
    """The answer of the shipped evidence in one line: every form of it pooled, others' pools beside.

    folder : another folder of evidence (`load_evidence`). version : the evidence as it was then. counts_only : from
    counts of responders alone. windows, classes : as in `answer`. Raises NotInData where nothing lies there.

    >>> evidence_answer(version=1, windows=("24 h",), classes=("esketamine",)).summary()["k"].tolist()
    [7]
    """
    arms, printed = (load_evidence(name, folder=folder, version=version) for name in ("arms", "effects"))
    pool = default_pool(arms)
    if counts_only:
        effects = collect_effects(pool[pool["outcome"] == "response"])
    else:
        effects = collect_effects(pool, contrasts=default_pool(printed))
    return answer(effects, pool, windows=windows, classes=classes, published=published_pools(printed))
