"""The headline: drug classes against times, each cell what the drug added to control, and how sure that is."""

from __future__ import annotations

import textwrap
from typing import Any

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from ..effects.time_windows import moment_text
from ..errors import need_rows
from ..pooling.answers import BETTER, CELL, NOBODY, WORSE, Answer
from ..pooling.calibrated import GOOD
from .axes import class_colour, class_label, plain_text

WINDOW_WORDS = {"≤6 h": "first 6 hours", "24 h": "24 hours", "2–5 d": "3 days", "1 wk": "1 week", "2 wk": "2 weeks",
                "4 wk": "4 weeks", "6 wk": "6 weeks", "8 wk": "8 weeks", "≥10 wk": "10 weeks or later"}  # fmt: skip
UNIT_WORDS = {
    "points": "{scale} points against control (minus: fewer symptoms)",
    "per_hundred": "responders more (fewer) of 100 than on control",
}
LEANING = 0.9  # posterior probability at which a cell is shaded
# better by the least important difference · better than control · leaning that way · not told apart · worse
SHADES = {"important": "#7fc8ac", "better": "#bfe3d5", "leaning": "#e6f3ee", "open": "#f3f3f3", "worse": "#f2c3a7"}
SHADE_WORDS = {
    "important": "better than control, and by an important difference",
    "better": "better than control",
    "leaning": "leaning to better (over 90 %)",
    "open": "not told apart",
    "worse": "worse than control",
}
CELL_INCHES, ROW_INCHES, LABEL_INCHES, HEAD_INCHES, LINE_INCHES = 1.5, 1.25, 1.2, 0.7, 0.19
LETTER = 0.062  # inches of a letter of the legend


@plain_text
def plot_answer(answer: Answer, *, ax: Axes | None = None, level: float = 0.95) -> Axes:
    """Classes × windows: points against control with interval, people per hundred, trials, and how sure.

    answer : from `answer`. A cell without a trial says so; a published pool there stands in italics with its name,
    never pooled with ours. Shade: how probable it is that the drug is better than control, and by an important amount.

    >>> from ketamine_analysis import answer, collect_effects
    >>> arms = pd.DataFrame({"study": "a", "arm": ["x", "p"], "role": ["active", "control"], "hours": 24.0, "n": 20,
    ...     "scale": "MADRS", "outcome": "response", "events": [10, 5], "treatment_class": ["ketamine", "placebo"]})
    >>> plot_answer(answer(collect_effects(arms), arms, windows=("24 h", "1 wk"))).get_title(loc="left").split(":")[0]
    'MADRS points against control (minus'
    """
    table = answer.summary(level).set_index(["treatment_class", "window"])
    columns, rows, least = len(answer.windows), len(answer.classes), answer.least_points
    shades, words = _legend(CELL_INCHES * max(columns, 2), level, least)
    if ax is None:
        width, foot = LABEL_INCHES + CELL_INCHES * max(columns, 2), LINE_INCHES * (shades[-1][1] + len(words) + 1)
        height = HEAD_INCHES + ROW_INCHES * rows + foot
        box = (LABEL_INCHES / width, foot / height, CELL_INCHES * columns / width - 0.01, ROW_INCHES * rows / height)
        ax = plt.figure(figsize=(width, height)).add_axes(box)
    for y, name in enumerate(answer.classes):
        ax.text(-0.06, y, class_label(name).replace(" (", "\n("), ha="right", va="center", fontsize=11, weight="bold",
                color=_readable(class_colour(name)))  # fmt: skip
        for x, window in enumerate(answer.windows):
            row = table.loc[(name, window)]
            shade = "none" if row["verdict"] == NOBODY else _shade(row)
            ax.add_patch(Rectangle((x, y - 0.5), 1, 1, facecolor=SHADES.get(shade, "white"), edgecolor="white", lw=3))
            _cell(ax, x + 0.5, y, row, _beside(answer, name, window), least)
    for x, window in enumerate(answer.windows):
        ax.text(x + 0.5, -0.58, WINDOW_WORDS.get(window, window), ha="center", va="bottom", fontsize=10.5)
    ax.set_xlim(0, columns)
    ax.set_ylim(rows - 0.5, -0.5)
    ax.set_axis_off()
    ax.set_title(f"{answer.scale} points against control (minus: fewer symptoms)", loc="left", fontsize=11,
                 weight="bold", pad=24, x=-(LABEL_INCHES - 0.1) / (CELL_INCHES * columns))  # fmt: skip
    _draw_legend(ax, rows, shades, words)
    return ax


@plain_text
def plot_beside_published(answer: Answer, *, unit: str = "points", ax: Axes | None = None, level: float = 0.95) -> Axes:
    """Published pools (open diamonds) under ours (filled circles) of the same class and window, on one axis.

    answer : from `answer(…, published=published_pools(contrasts))`. unit : "points" of its scale, or "per_hundred",
    more responders of a hundred; a pool printed in the other unit is in the other figure. A pool without printed limits
    has no bar. Raises NotInData where no published pool of these cells is in that unit; ValueError for another unit.

    >>> from ketamine_analysis import answer, collect_effects, default_pool, load_evidence, published_pools
    >>> arms, printed = default_pool(load_evidence()), load_evidence("effects")
    >>> effects = collect_effects(arms, contrasts=default_pool(printed))
    >>> made = answer(effects, arms, classes=("ssri",), published=published_pools(printed))
    >>> plot_beside_published(made).get_xlabel()
    'MADRS points against control (minus: fewer symptoms)'
    """
    if unit not in UNIT_WORDS:
        raise ValueError(f"unit {unit!r} is unknown: use one of {list(UNIT_WORDS)}")
    table = answer.beside_published()
    table = table[table[unit].notna()] if len(table) else table
    need_rows(table, f"published pool in {unit.replace('_', ' ')} of these classes and windows")
    ours = answer.summary(level).set_index(["treatment_class", "window"])
    y, ticks = 0.0, []
    ax = (
        ax
        or plt.subplots(figsize=(9, 1.2 + 0.34 * (len(table) + table.groupby(CELL).ngroups)), layout="constrained")[1]
    )
    for name in answer.classes:
        for window in answer.windows:
            theirs = table[(table["treatment_class"] == name) & (table["window"] == window)]
            if theirs.empty:
                continue
            row, own = ours.loc[(name, window)], f"{class_label(name)}, {WINDOW_WORDS.get(window, window)}: "
            own += "no trial here" if row["k"] == 0 else _trials(row["k"]) + " here"
            _bar(ax, row, unit, y, marker="o", color=class_colour(name), ms=7)
            ticks.append((y, own))
            for beside in theirs.to_dict("records"):
                y += 1
                _bar(ax, beside, unit, y, marker="D", color="0.35", mfc="white", ms=6)
                ticks.append((y, f"{beside['label']}, {moment_text(beside['hours'])}"))
            y += 1.4
    ax.axvline(0, color="0.3", lw=0.8, zorder=0)
    ax.set_yticks([place for place, _ in ticks], [words for _, words in ticks], fontsize=8.5)
    ax.set_ylim(y - 0.7, -0.8)
    ax.set_xlabel(UNIT_WORDS[unit].format(scale=answer.scale))
    ax.set_title("filled: trials here, pooled; open diamond: pooled by others, never mixed in", loc="left", fontsize=9)
    return ax


def _bar(ax: Axes, row: Any, unit: str, y: float, **mark: Any) -> None:
    """A mark at the row's number with a bar of its limits, where it has them."""
    ax.plot([row[f"{unit}_low"], row[f"{unit}_high"]], [y, y], color=mark["color"], lw=1.6, solid_capstyle="butt")
    ax.plot(row[unit], y, ls="none", **mark)


def answer_words(answer: Answer, window: str) -> str:
    """One sentence about one window: what each class measured then added to control; and who was not measured.

    Where simulation shows that such intervals hold the truth in less than 93 % (`coverage` of the summary) it says so.

    >>> from ketamine_analysis import answer, collect_effects
    >>> arms = pd.DataFrame({"study": "a", "arm": ["x", "p"], "role": ["active", "control"], "hours": 24.0, "n": 20,
    ...     "scale": "MADRS", "outcome": "response", "events": [10, 5], "treatment_class": ["ketamine", "placebo"]})
    >>> answer_words(answer(collect_effects(arms), arms, windows=("24 h",)), "24 h")
    'At 24 hours, against control: ketamine −6.8 MADRS points (−17.1 to 3.5; 1 trial, 40 people; not told apart).'
    """
    table = answer.summary()
    table = table[table["window"] == window]
    seen, unseen = table[table["k"] > 0], table[table["k"] == 0]
    parts = []
    for row in seen.itertuples():
        told = "" if row.verdict == "better than control" else "; " + row.verdict.removesuffix(" from control")
        limits = f"{_number(row.points_low)} to {_number(row.points_high)}"
        who = f"{_trials(row.k)}, {row.patients:,} people{told}{_held(row.coverage)}"
        number = f"{_number(row.points)} {answer.scale} points ({limits}; {who})"
        parts.append(f"{class_label(row.treatment_class)} {number}")
    when = f"At {WINDOW_WORDS.get(window, window)}".replace("At first", "In the first")
    words = f"{when}, against control: {'; '.join(parts)}." if parts else f"{when} no trial here measured any."
    nobody = ", ".join(class_label(name) for name in unseen["treatment_class"])
    return words + (f" No trial here measured {nobody} then." if parts and nobody else "")


def _held(coverage: float) -> str:
    """What simulation says of an interval that holds the truth clearly less often than it promises."""
    if not coverage < GOOD[0]:  # one trial alone was not simulated: nan
        return ""
    return f"; simulated, such intervals held {100 * coverage:.0f} %"


def _shade(row: pd.Series) -> str:
    better = row["probability_better"]
    if better <= WORSE:
        return "worse"
    if row["probability_important"] >= BETTER:
        return "important"
    if better >= BETTER:
        return "better"
    return "leaning" if better > LEANING else "open"


def _cell(ax: Axes, x: float, y: float, row: pd.Series, beside: pd.Series | None, least: float) -> None:
    grey: dict[str, Any] = {"ha": "center", "va": "center", "fontsize": 8, "color": "0.25"}
    if row["k"] == 0 and beside is None:
        ax.text(x, y, NOBODY, **{**grey, "color": "0.55", "fontsize": 8.5})
        return
    if beside is not None and row["k"] == 0:
        big = _number(beside["points"]) if pd.notna(beside["points"]) else f"{beside['per_hundred']:+.0f} per 100"
        ax.text(x, y - 0.2, f"({big})", **{**grey, "fontsize": 12, "style": "italic", "color": "0.4"})
        ax.text(x, y + 0.12, "no trial here;\npublished pool:\n" + beside["label"].split(" (")[0],
                **{**grey, "style": "italic", "color": "0.4", "fontsize": 7.5})  # fmt: skip
        return
    ax.text(x, y - 0.28, _number(row["points"]), **{**grey, "fontsize": 15, "weight": "bold", "color": "black"})
    lines = [f"{_number(row['points_low'])} to {_number(row['points_high'])}"]
    if pd.notna(row["per_hundred"]):
        lines.append(f"{row['per_hundred']:+.0f} responders per 100".replace("-", "−"))
    lines += [f"{_trials(row['k'])}, {row['patients']:,} people", f"better: {_percent(row['probability_better'])}",
              f"by {least:.1f} or more: {_percent(row['probability_important'])}"]  # fmt: skip
    ax.text(x, y + 0.14, "\n".join(lines), **{**grey, "linespacing": 1.25})


def _beside(answer: Answer, name: str, window: str) -> pd.Series | None:
    there = answer.published
    rows = there[(there["treatment_class"] == name) & (there["window"].astype(str) == window)]
    rows = rows.sort_values("points", na_position="last")
    return rows.iloc[0] if len(rows) else None


def _legend(inches: float, level: float, least: float) -> tuple[list[tuple[float, int, str]], list[str]]:
    """Shades (inches from the left edge of the cells, line, name) and the words under them, in a figure's width."""
    left = x = -(LABEL_INCHES - 0.1)
    line, shades = 1, []
    for shade, words in SHADE_WORDS.items():
        width = 0.35 + LETTER * len(words)
        if x + width > inches and x > left:
            x, line = left, line + 1
        shades.append((x, line, shade))
        x += width
    words = (
        f"Under each number: {100 * level:g} % credible interval; responders more (fewer) of 100; probability of being "
        f"better than control, and better by {least:.1f} points or more (the least important difference)."
    )
    return shades, textwrap.wrap(words, int((inches - left) / LETTER))


def _draw_legend(ax: Axes, rows: int, shades: list[tuple[float, int, str]], words: list[str]) -> None:
    small: dict[str, Any] = {"ha": "left", "va": "center", "fontsize": 7.5, "color": "0.25"}
    step = LINE_INCHES / ROW_INCHES
    for x, line, shade in shades:
        y = rows - 0.5 + step * line
        box = (x / CELL_INCHES, y - step * 0.35)
        ax.add_patch(Rectangle(box, 0.13, step * 0.7, facecolor=SHADES[shade], edgecolor="0.7", lw=0.5, clip_on=False))
        ax.text(x / CELL_INCHES + 0.17, y, SHADE_WORDS[shade], **small)
    for place, text in enumerate(words, start=shades[-1][1] + 1):
        ax.text(shades[0][0] / CELL_INCHES, rows - 0.5 + step * place, text, **small)


def _number(value: float) -> str:
    return f"{value:.1f}".replace("-", "−")


def _percent(value: float) -> str:
    percent = 100 * value
    return ">99 %" if percent > 99 else "<1 %" if percent < 1 else f"{percent:.0f} %"


def _trials(k: int) -> str:
    return f"{k} trial" if k == 1 else f"{k} trials"


def _readable(colour: str) -> str:
    return {"#F0E442": "#8a7f00", "#E69F00": "#a87400", "#56B4E9": "#2b7fb0", "#b0a48a": "#6e6650"}.get(colour, colour)
