"""The looks by which claims are judged: one log odds ratio of response a trial, class and time, from every form."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ..effects.collected import collect_effects
from ..effects.contrasts import contrast_arms
from ..effects.converted_means import with_converted_means
from ..effects.printed_differences import TO_LOG_ODDS
from ..effects.time_windows import TIME_WINDOWS
from ..errors import NotInData
from ..words import holds_word
from .harms import KETAMINES

TIES = ("scale", "definition", "analysis", "control_kind")  # the same look twice: one of them, whatever the row order
ONE_CLASS = "ketamine or esketamine"
KEY = ["study", "treatment_class", "hours"]
NO_LOOKS = ["study", "treatment_class", "hours", "schedule", "estimate", "std_error"]


def looks_of(arms: pd.DataFrame, contrasts: pd.DataFrame | None, convert_means: bool) -> pd.DataFrame:
    """Log odds ratios of response at stated hours, `converted` where they are no counts.

    contrasts : with them every form of result enters (`collect_effects`, times −π/√3), and `count_estimate,
    count_error` say what the counts alone give at that look. Without: counts, and on request means converted where a
    trial has no count.
    """
    if "role" not in arms or not arms["role"].eq("control").any():
        return pd.DataFrame(columns=NO_LOOKS)
    rows = arms[arms["timing"] == "at"] if "timing" in arms else arms
    if contrasts is not None:
        return _collected(rows, contrasts)
    if not (rows["outcome"] == "response").any():
        return pd.DataFrame(columns=NO_LOOKS)
    counts = contrast_arms(rows)
    return with_converted_means(counts, rows) if convert_means else counts.assign(converted=False)


def both_looks(
    arms: pd.DataFrame, contrasts: pd.DataFrame | None, convert_means: bool
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The looks (`looks_of`) of each class, and with ketamine and esketamine as one."""
    printed = None if contrasts is None else one_class(contrasts)
    return looks_of(arms, contrasts, convert_means), looks_of(one_class(arms), printed, convert_means)


def _collected(arms: pd.DataFrame, contrasts: pd.DataFrame) -> pd.DataFrame:
    try:
        effects = collect_effects(arms, contrasts=contrasts)
    except NotInData:
        return pd.DataFrame(columns=NO_LOOKS)
    turned = effects.assign(
        estimate=-TO_LOG_ODDS * effects["estimate"], std_error=TO_LOG_ODDS * effects["std_error"],
        measure="log_odds_ratio", converted=effects["form"] != "counts",
    )  # fmt: skip
    counted = arms["outcome"].eq("response").any()
    counts = _in_order(contrast_arms(arms)).drop_duplicates(KEY) if counted else effects.head(0)
    counts = counts[[*KEY, "estimate", "std_error"]].set_axis([*KEY, "count_estimate", "count_error"], axis=1)
    return turned.merge(counts, on=KEY, how="left")


def one_look(effects: pd.DataFrame, wanted: float, first: float, last: float) -> pd.DataFrame:
    """One row a trial and class: the look nearest to the wanted hour (by ratio) between the first and last that do.

    A tie goes to the trial's primary scale, then to the earlier hour, then to the first in the alphabet of scale,
    definition, analysis and kind of control.

    >>> table = pd.DataFrame({"study": "a", "treatment_class": "x", "hours": [2.0, 40.0, 168.0]})
    >>> one_look(table, 24, 12, 240)["hours"].tolist()
    [40.0]
    """
    near = effects[(effects["hours"] >= first) & (effects["hours"] <= last)]
    order = _in_order(near.assign(_gap=np.abs(np.log(near["hours"] / wanted)).round(12)), "_gap")
    return order.drop_duplicates(["study", "treatment_class"])[list(effects.columns)].sort_index()


def _in_order(looks: pd.DataFrame, *first: str) -> pd.DataFrame:
    """Looks in the order in which one of several is taken, whatever the order of the rows."""
    own = looks["scale"] == looks["primary_scale"] if {"scale", "primary_scale"} <= set(looks) else looks["hours"] > 0
    ties = {f"_{name}": looks[name].astype("str") for name in TIES if name in looks}
    return looks.assign(_other=~own, **ties).sort_values([*first, "_other", "hours", *ties], kind="stable")


def alone(arms: pd.DataFrame) -> pd.DataFrame:
    """Without the active arms that got something besides: no answer to what the drug does."""
    return arms[~(arms["combination"].eq("yes") & arms["role"].eq("active"))] if "combination" in arms else arms


def one_class(arms: pd.DataFrame) -> pd.DataFrame:
    """Ketamine and esketamine as one class, beside their controls."""
    kind = arms["treatment_class"].where(~arms["treatment_class"].isin(KETAMINES), ONE_CLASS)
    return arms.assign(treatment_class=kind)[kind.eq(ONE_CLASS) | arms["role"].eq("control")]


def in_window(effects: pd.DataFrame, name: str) -> pd.DataFrame:
    """One look a trial and class in a named time window."""
    window = next(one for one in TIME_WINDOWS if one.name == name)
    return effects if effects.empty else one_look(effects, window.nominal, window.low, window.high)


def of_population(effects: pd.DataFrame, word: str) -> pd.DataFrame:
    """The effects whose population names the word."""
    return effects[holds_word(effects["population"], word)] if "population" in effects else effects.head(0)


def of_route(effects: pd.DataFrame, routes: tuple[str, ...]) -> pd.DataFrame:
    """The effects of these routes."""
    return effects[effects["route"].isin(routes)] if "route" in effects else effects.head(0)
