"""The answer at one time from the shipped evidence, printed: three intervals, leave-one-out, counts alone."""

from __future__ import annotations

import pandas as pd

from ..effects.points import per_hundred
from ..figures.answer_plots import answer_words
from ..pooling.answers import Answer
from ..pooling.bayes_families import FAMILIES, KETAMINES
from ..pooling.evidence_answers import evidence_answer

KETAMINE_CLASSES = tuple(name for name, family in FAMILIES.items() if family == KETAMINES)


def describe_answer(window: str) -> str:
    """One window in print: a sentence; each class, and ketamine with esketamine, by three intervals; what moves it.

    ValueError for a window that is unknown; NotInData where no shipped trial measured then.
    """
    whole = evidence_answer(windows=(window,))
    parts = [answer_words(whole, window), "", _text(_three_ways(whole))]
    together = tuple(name for name in KETAMINE_CLASSES if name in whole.classes)
    if len(together) > 1:
        parts += ["", "Together:", _text(_three_ways(whole.together(together, window)))]
    counts = evidence_answer(counts_only=True, windows=(window,))
    shown = [name for name in whole.classes if name in together] or list(whole.classes)
    alone = counts.summary()
    alone = alone[alone["treatment_class"].isin(shown) & (alone["k"] > 0)]
    names = ["treatment_class", "k", "patients", "points", "points_low", "points_high"]
    parts += ["", "From counts of responders alone:", _text(alone[names])]
    for name in shown:
        rows = whole.trials(name, window)
        names = ["label", "hours", "form", "scale", "estimate", "conf_low", "conf_high", "n", "control_n"]
        parts += ["", f"{name}, its trials (points of {whole.scale}):", _text(rows[names])]
        if len(rows) > 1:
            left = whole.leave_one_out(name, window).drop(columns="unit")
            parts += ["", f"{name} without each trial in turn:", _text(left)]
    return "\n".join(parts)


def _three_ways(one: Answer) -> pd.DataFrame:
    """Points, standard deviations and people per hundred of each class under each interval."""
    table = one.summary()
    points = one.inferences()
    people = table.set_index("treatment_class")["patients"]
    sd = (table["points"] / table["estimate"]).dropna().iloc[0]
    standard = points.assign(**{name: points[name] / sd for name in ("estimate", "conf_low", "conf_high")})
    rates = one.control_rates.set_index("treatment_class").reindex(points["treatment_class"])
    more = per_hundred(standard, control_rate=rates[["estimate", "conf_low", "conf_high"]])
    return pd.DataFrame({
        "class": points["treatment_class"], "interval": points["interval"], "trials": points["k"],
        "people": people.reindex(points["treatment_class"]).to_numpy(),
        f"{one.scale} points": _limits(points, 1), "standardised": _limits(standard, 2),
        "responders per 100": _limits(more, 0),
    })  # fmt: skip


def _limits(table: pd.DataFrame, digits: int) -> list[str]:
    texts = []
    for row in table.itertuples():
        number, low, high = (f"{one:.{digits}f}" for one in (row.estimate, row.conf_low, row.conf_high))
        texts.append("nobody counted responders" if pd.isna(row.estimate) else f"{number} ({low} to {high})")
    return texts


def _text(table: pd.DataFrame) -> str:
    return table.to_string(index=False, float_format="{:.1f}".format)
