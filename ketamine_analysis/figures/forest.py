"""The forest plot: every trial with its counts and weight, then each pooling's diamond and prediction interval."""

from __future__ import annotations

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from scipy.special import expit, logit

from ..intervals import critical_value, interval_text
from ..pooling.meta_analysis import PooledEffects
from .axes import MEASURE_LABELS, class_colour, class_label, plain_text

DRAWN = 150  # trials in one forest
ROW_INCHES, AXES_INCHES = 0.21, 3.515
LETTER_INCHES = 0.062  # of a trial's name
NAME_LETTERS, LONGEST_NAME = 37, 62  # for which there is room; a longer name widens the figure, up to the second
RATIO_TICKS = (0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100)
RATE_TICKS = (0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 0.7, 0.85, 0.95)
# how a pooled measure is shown: (back to the reader's scale, its inverse, ticks on that scale, name of the measure)
SHOWN: dict[str, tuple[Any, Any, tuple[float, ...], str]] = {
    "log_odds_ratio": (np.exp, np.log, RATIO_TICKS, "odds_ratio"),
    "log_risk_ratio": (np.exp, np.log, RATIO_TICKS, "risk_ratio"),
    "log_hazard_ratio": (np.exp, np.log, RATIO_TICKS, "hazard_ratio"),
    "log_odds": (expit, logit, RATE_TICKS, "proportion"),
}


@plain_text
def plot_forest(result: PooledEffects, *, ax: Axes | None = None) -> Axes:
    """Each pooled trial with its 95 % interval, counts and weight; diamonds for the poolings of `by`.

    A trial's interval is estimate ± z·SE (what is pooled); the diamond is the pooled estimate by the result's
    method and inference; the thin bar through it is the prediction interval. Log measures are drawn as ratios on
    a log axis, log odds as rates on a logit axis. Intervals that leave the axis end in an arrow.
    Without `ax` the figure grows with its rows; of more than 150 trials those with most weight are drawn, as it says.

    >>> from ..pooling.meta_analysis import random_effects
    >>> trials = pd.DataFrame({"study": list("abc"), "estimate": [0.2, 0.5, 0.9], "std_error": [0.2, 0.3, 0.4]})
    >>> plot_forest(random_effects(trials.assign(measure="log_odds_ratio"))).get_xlabel().splitlines()[0]
    'odds ratio of response (log scale)'
    """
    if isinstance(result, pd.DataFrame):
        raise TypeError("a forest is drawn of a pooling: plot_forest(random_effects(effects)); for several times of "
                        "one trial, random_effects(one_per_window(effects), by='window')")  # fmt: skip
    rows, pooled = _layout(result)
    measure = str(pooled["measure"].iloc[0])
    bottom = max(rows["y"].max(), pooled["y"].max()) + 1
    note = _added(rows)
    if len(rows) < int(result.present.sum()):
        note += f"\ndrawn: the {len(rows):,} of {int(result.present.sum()):,} trials with most weight; all are pooled"
    longest = int(rows["name"].str.len().max())
    more = 0 if ax is not None else max(0, min(longest, LONGEST_NAME) - NAME_LETTERS)
    ax = ax or _figure(bottom, more, 0.14 * note.count("\n"))
    ends = _limits(rows, pooled)
    _draw_trials(ax, rows, ends)
    for row in pooled.to_dict("records"):
        _draw_pooled(ax, row, ends)
    _columns(ax, rows, pooled, measure, more)
    if measure != "log_odds":
        ax.axvline(0, color="0.3", lw=0.8, zorder=0)
    ax.set_ylim(bottom, -1.6)
    ax.set_xlim(*ends)
    ax.set_yticks([])
    ax.tick_params(axis="x", labelsize=8)
    ax.spines[["left", "right", "top"]].set_visible(False)
    name = MEASURE_LABELS.get(measure, "effect")
    if measure in SHOWN:
        _, inverse, ticks, shown = SHOWN[measure]
        inside = [tick for tick in ticks if ends[0] <= inverse(tick) <= ends[1]]
        labels = [f"{100 * tick:g} %" if shown == "proportion" else f"{tick:g}" for tick in inside]
        ax.set_xticks(inverse(inside), labels)
        name = f"{MEASURE_LABELS[shown]} ({'logit' if shown == 'proportion' else 'log'} scale)"
    words = {"wald": "Wald", "hksj": "Hartung–Knapp", "hksj_modified": "modified Hartung–Knapp"}[result.inference]
    ax.set_xlabel(
        f"{name}\ntrials: Wald 95 % intervals; diamond: {result.method}, {words}; "
        f"thin bar: 95 % prediction interval{note}",
        fontsize=8,
    )
    return ax


def _figure(lines: float, letters: int, below: float) -> Axes:
    """Axes in the middle of a figure that leaves room for the text columns on both sides, for long names, and below."""
    height, more = 0.75 + below + ROW_INCHES * (lines + 1.6), LETTER_INCHES * letters
    figure = plt.figure(figsize=(9.5 + more, height))
    wide, foot = figure.get_figwidth(), 0.62 + below
    return figure.add_axes(((3.8 + more) / wide, foot / height, AXES_INCHES / wide, 1 - (0.75 + below) / height))


def _added(rows: pd.DataFrame) -> str:
    """What was added to the empty cells, and in which trials; nothing where none was."""
    if "added" not in rows or not (rows["added"] > 0).any():
        return ""
    changed = rows[rows["added"] > 0]
    names = list(dict.fromkeys(changed["label" if "label" in rows else "study"].astype(str)))
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return (
        f"\n{changed['added'].iloc[0]:g} added to the cells of trials with an empty one: {', '.join(names[:3])}{more}"
    )


def _layout(result: PooledEffects) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The trials and the poolings, each with its line `y` from the top."""
    pooled = pd.concat([result.summary(), result.prediction_interval().iloc[:, -3:]], axis=1)
    pooled["measure"] = pooled["measure"].fillna("effect")
    weight = result.weights()
    effects = result.effects.assign(weight=weight, area=10 + 45 * weight / weight.max())
    half = critical_value(np.inf, 0.95) * effects["std_error"]
    effects = effects.assign(conf_low=effects["estimate"] - half, conf_high=effects["estimate"] + half)
    names = effects["label"] if "label" in effects else pd.Series(np.nan, index=effects.index)
    studies = effects["study"] if "study" in effects else pd.Series("", index=effects.index)
    effects["name"] = names.where([isinstance(one, str) for one in names], studies).astype(str)
    parts, y = [], 0
    heights = []
    for place in range(len(pooled)):
        members = result.rows[place][result.present[place]]
        if result.present.sum() > DRAWN:  # as large a figure nobody reads, and no program opens
            most = max(5, DRAWN // len(pooled))
            members = members[np.argsort(-weight.to_numpy()[members], kind="stable")[:most]]
        part = effects.iloc[members].sort_values("estimate", kind="stable")
        start = y + (1 if result.by else 0)
        parts.append(part.assign(y=np.arange(start, start + len(part))))
        heights.append((y, start + len(part)))
        y = start + len(part) + 2
    pooled["head_y"], pooled["y"] = [one for one, _ in heights], [other for _, other in heights]
    pooled["name"] = [", ".join(str(value) for value in keys) for keys in result.groups.to_numpy()]
    return pd.concat(parts), pooled


def _limits(rows: pd.DataFrame, pooled: pd.DataFrame) -> tuple[float, float]:
    """The axis holds every estimate and most interval ends; the widest intervals are cut by an arrow."""
    low = min(rows["estimate"].min(), pooled["estimate"].min(), rows["conf_low"].quantile(0.1), 0.0)
    high = max(rows["estimate"].max(), pooled["estimate"].max(), rows["conf_high"].quantile(0.9), 0.0)
    pad = 0.06 * (high - low) or 1.0
    return float(low - pad), float(high + pad)


def _draw_trials(ax: Axes, rows: pd.DataFrame, ends: tuple[float, float]) -> None:
    """All trials at once: a call for each of many trials is slow."""
    names = rows["treatment_class"] if "treatment_class" in rows else pd.Series("", index=rows.index)
    colours, y = names.map(class_colour).to_numpy(), rows["y"].to_numpy()
    low, high = rows["conf_low"].to_numpy(), rows["conf_high"].to_numpy()
    ax.hlines(y, np.maximum(low, ends[0]), np.minimum(high, ends[1]), colors=colours, lw=1.1)
    for end, marker, beyond in ((ends[0], "<", low < ends[0]), (ends[1], ">", high > ends[1])):
        ax.scatter(np.full(beyond.sum(), end), y[beyond], marker=marker, s=16, c=colours[beyond], clip_on=False)
    ax.scatter(rows["estimate"], y, marker="s", s=rows["area"], c=colours, zorder=3, lw=0)


def _draw_pooled(ax: Axes, row: dict, ends: tuple[float, float]) -> None:
    y = row["y"]
    if np.isfinite(row["prediction_low"]):
        low, high = max(row["prediction_low"], ends[0]), min(row["prediction_high"], ends[1])
        ax.plot([low, high], [y, y], color="0.25", lw=1.0)
        for end, marker, beyond in (
            (ends[0], "<", row["prediction_low"] < ends[0]),
            (ends[1], ">", row["prediction_high"] > ends[1]),
        ):
            if beyond:
                ax.plot(end, y, marker=marker, ms=4, color="0.25", clip_on=False)
    x = np.clip([row["conf_low"], row["estimate"], row["conf_high"], row["estimate"]], *ends)
    ax.fill(x, [y, y - 0.38, y, y + 0.38], color="0.15", zorder=4, lw=0)


def _columns(ax: Axes, rows: pd.DataFrame, pooled: pd.DataFrame, measure: str, more: int) -> None:
    """The text left and right of the axis: names and counts, estimates and weights."""
    counts = "events" in rows and rows["events"].notna().all()
    control = counts and "control_events" in rows
    start = -1.05 - more * LETTER_INCHES / AXES_INCHES
    heads = [(start, "trial", "left"), (1.04, "estimate (95 %)", "left"), (1.58, "weight", "right")]
    if counts:
        heads.append((-0.19, "active" if control else "events / n", "right"))
    if control:
        heads.append((-0.02, "control", "right"))
    for x, text, side in heads:
        _text(ax, x, -1, text, side, weight="bold")
    for row in rows.assign(text=_intervals(rows, measure)).to_dict("records"):
        _text(ax, start, row["y"], _short(row["name"], NAME_LETTERS + 3 + more), "left")
        if counts:
            _text(ax, -0.19, row["y"], f"{row['events']:.0f}/{row['n']:.0f}", "right")
        if control:
            _text(ax, -0.02, row["y"], f"{row['control_events']:.0f}/{row['control_n']:.0f}", "right")
        _text(ax, 1.04, row["y"], row["text"], "left")
        _text(ax, 1.58, row["y"], f"{row['weight']:.1f} %", "right")
    for row in pooled.assign(text=_intervals(pooled, measure)).to_dict("records"):
        if row["name"]:
            head = ", ".join(class_label(one) for one in row["name"].split(", "))
            _text(ax, start, row["head_y"], head, "left", weight="bold")
        spread = "" if row["k"] < 2 else f", τ² {row['tau2']:.2f}, I² {row['I2']:.0f} %"
        words = f"pooled, {row['k']} trials{spread}" if row["k"] > 1 else "one trial: its own interval"
        _text(ax, start, row["y"], words, "left", weight="bold")
        _text(ax, 1.04, row["y"], row["text"], "left", weight="bold")


def _text(ax: Axes, x: float, y: float, text: str, side: str, weight: str = "normal") -> None:
    # x as a fraction of the axes, y in data; a dollar sign in a name is a dollar sign
    across = ax.get_yaxis_transform()
    ax.text(x, y, text, ha=side, va="center", weight=weight, fontsize=7.5, parse_math=False, transform=across)


def _intervals(rows: pd.DataFrame, measure: str) -> list[str]:
    shown = rows[["estimate", "conf_low", "conf_high"]].astype(float)
    shown = SHOWN[measure][0](shown) if measure in SHOWN else shown
    if measure == "log_odds":
        return ["{:.0f} % ({:.0f} to {:.0f} %)".format(*(100 * one)) for one in shown.to_numpy()]
    return list(interval_text(shown).iloc[:, 0])


def _short(name: str, width: int) -> str:
    return name if len(name) <= width else name[: width - 1] + "…"
