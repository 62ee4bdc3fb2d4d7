"""Tables of results in which a row holds several arms (the sheets behind meta-analyses) to one row an arm."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

import numpy as np
import pandas as pd

from ..errors import one_problem
from ..words import numeric
from .column_names import squeezed

LAYOUTS = ("long", "two_arms", "several_arms")
COUNTS, MEANS = ("events", "non_events", "percent"), ("mean", "sd", "std_error", "conf_low", "conf_high")
QUANTITIES = {  # of one arm: what sheets call it, punctuation gone
    name: tuple(words.split())
    for name, words in {
        "treatment": "treatment treat trt drug arm intervention condition tx group",
        "events": "events event ev cases responders responded response resp r x pos d",
        "non_events": "nonevents nonevent noevents noevent neg nonresponders",
        "n": "n total ntotal totaln size samplesize nrandomised nrandomized",
        "percent": "percent pct responserate",
        "mean": "mean m",
        "sd": "sd std stdev stddev",
        "std_error": "se sem stderr",
        "conf_low": "conflow low lower lowerci cilow cilower lcl ll",
        "conf_high": "confhigh high upper upperci cihigh ciupper ucl ul",
    }.items()
}
FIRST, SECOND = (  # a row's experimental arm and its control
    tuple(words.split())
    for words in (
        "1 e exp experimental t treat treated treatment trt tx i int intervention active drug a verum",
        "2 c con cont ctrl ctl control controls b placebo pbo plc plac",
    )
)
METAFOR = {"ai": "events_1", "bi": "non_events_1", "ci": "events_2", "di": "non_events_2"} | {
    f"{theirs}{side}i": f"{name}_{side}" for side in "12" for theirs, name in (("n", "n"), ("m", "mean"), ("sd", "sd"))
}
PLACEBO_WORDS = ("placebo", "pbo", "plb", "plc", "plac", "saline", "sham", "vehicle")
_SIDED = re.compile(rf"({'|'.join(sorted(QUANTITIES, key=len, reverse=True))})_(\w+)")


def side_columns(columns: Iterable[str], drugs: Collection[str] = ()) -> dict[str, str]:
    """`events_1`, `n_1`, `mean_2` … → the column of a row's arm 1, 2 … under the names that such sheets give it.

    Knows metafor's `ai, bi, ci, di, n1i, m1i, sd1i`, and a quantity before or after its arm: `event.e`, `n1`, `tpos`,
    `Experimental total`, `mean_arm1`, `Group-B Events`. An arm that is called by a word of `drugs` or for placebo keeps
    it: `events_ketamine`. {} unless two arms or more are complete: n with events, percent or mean; or both counts.

    >>> side_columns(["trial", "ai", "n1i", "ci", "n2i"])
    {'events_1': 'ai', 'n_1': 'n1i', 'events_2': 'ci', 'n_2': 'n2i'}
    >>> side_columns(["n_ketamine", "resp_ketamine", "n_pbo", "resp_pbo"], drugs=["ketamine"])
    {'n_ketamine': 'n_ketamine', 'events_ketamine': 'resp_ketamine', 'n_pbo': 'n_pbo', 'events_pbo': 'resp_pbo'}
    """
    names = [str(one) for one in columns if one != "_line"]
    exact = {METAFOR[squeezed(one)]: one for one in names if squeezed(one) in METAFOR}
    if len(_complete(exact)) == 2:
        return exact | {f"treatment_{side}": one for one in names for side in "12" if _parts(one, ()) == (
            "treatment", side)}  # fmt: skip
    found: dict[str, str] = {}
    for one in names:
        told = _parts(one, drugs)
        if told is not None:
            found.setdefault("_".join(told), one)
    sides = _complete(found)
    first, second = (set(sides) & set(words) for words in (FIRST, SECOND))
    unnamed = len(sides) == len(first | second) == 2 and len(first) == 1 and not set(sides) & set(PLACEBO_WORDS)
    place = {side: ("1" if side in first else "2") if unnamed else side for side in sides}
    table = {name.removesuffix(side := _side(name)) + place[side]: column for name, column in found.items()
             if _side(name) in place}  # fmt: skip
    return table if len(sides) > 1 else {}


def _parts(column: str, drugs: Collection[str]) -> tuple[str, str] | None:
    """A column's quantity and its arm; None where it names none. Words are split where the name splits them."""
    pieces = re.findall(r"[a-z]+|\d+", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", column).casefold())
    sides = {str(i) for i in range(1, 10)} | {*FIRST, *SECOND, *map(str.casefold, drugs)}
    cuts = [("".join(pieces[:i]), "".join(pieces[i:])) for i in range(1, len(pieces))]
    if len(pieces) == 1:  # tpos, sdc
        cuts = [(pieces[0][:i], pieces[0][i:]) for i in range(1, len(pieces[0]))]
        short = len(pieces[0]) <= 3
        cuts = [cut for cut in cuts if short or {*cut} & {"pos", "neg"} or min(map(len, cut)) > 1]
    for quantity, side in [*cuts, *((last, first) for first, last in cuts)]:
        told = next((name for name, words in QUANTITIES.items() if quantity in words), None)
        plain = re.sub(r"^(arm|group|grp|g)(?=.)", "", side)
        if told is not None and plain in sides:
            return told, plain
    return None


def is_sided(name: str) -> bool:
    """Whether the name is a quantity of one arm: `events_1`, `mean_control`."""
    return _SIDED.fullmatch(name) is not None


def _side(name: str) -> str:
    told = _SIDED.fullmatch(name)
    return told[2] if told else ""


def _complete(table: Collection[str]) -> list[str]:
    """The arms for which enough columns are there to count or to average."""
    sides: dict[str, set[str]] = {}
    for name in table:
        told = _SIDED.fullmatch(name)
        if told:
            sides.setdefault(told[2], set()).add(told[1])
    return [
        side
        for side, has in sides.items()
        if ("n" in has and has & {"events", "percent", "mean"}) or {"events", "non_events"} <= has
    ]


def one_row_an_arm(table: pd.DataFrame, names: Iterable[str], file: str, layout: str) -> pd.DataFrame:
    """The arms of each row as rows: `arm, treatment, outcome, n, events, mean, sd …`, other columns on each.

    table : with `events_1, n_1, events_2, n_2` … or `mean_1, sd_1, n_1` …, and `treatment_1` … where the sheet names
        its arms; else arm 1 is "experimental" (role active), arm 2 "control", and an arm of another word is so called.
    names : the columns that were named; another one that looks so (`mean_base`) is left as it is.
    n is events + non_events where it is not told. An arm without numbers and name is none. An arm that stands in
    several rows of one trial with the same numbers is kept once. `outcome`, unless told: "response" for counts,
    "score" for means. Raises DatasetError where fewer than two arms are complete, or more than two in "two_arms".
    """
    sided = [name for name in names if _SIDED.fullmatch(name)]
    sides = _complete(sided)
    if len(sides) < 2 or (layout == "two_arms" and len(sides) > 2):
        fix = "name them in columns: events_1, n_1, events_2, n_2 (or mean_1, sd_1, n_1 …; non_events_1; treatment_1)"
        words = ", ".join(str(name) for name in table.columns if name != "_line")
        raise one_problem(file, f"columns of {layout.replace('_', ' ')}", f"{len(sides)} found: {fix}; it has {words}")
    shared = table.drop(columns=sided)
    parts = []
    for place, side in enumerate(sorted(sides, key=lambda one: (not one.isdigit(), one if one.isdigit() else ""))):
        own = {told[1]: table[name] for name in sided if (told := _SIDED.fullmatch(name)) and told[2] == side}
        parts.append(_of_one_side(shared, own, side).assign(_place=place))
    rows = pd.concat(parts, ignore_index=True).sort_values(["_line", "_place"], kind="stable").drop(columns="_place")
    rows = rows.drop(columns=[name for name in rows if rows[name].isna().all() and name in (*COUNTS, *MEANS)])
    return rows[~rows.drop(columns="_line").duplicated()].reset_index(drop=True)


def _of_one_side(shared: pd.DataFrame, own: dict[str, pd.Series], side: str) -> pd.DataFrame:
    label = {"1": "experimental", "2": "control"}.get(side, f"arm {side}" if side.isdigit() else side)
    named = "treatment" in own
    treatment = own.pop("treatment") if named else pd.Series(label, index=shared.index)
    if "events" in own and "non_events" in own:
        both = numeric(own["events"]) + numeric(own["non_events"])
        own["n"] = own["n"].where(numeric(own["n"]).notna(), both) if "n" in own else both
    own.pop("non_events", None)
    outcomes = [outcome for outcome, words in (("response", COUNTS), ("score", MEANS)) if set(words) & set(own)]
    parts = []
    for outcome in outcomes:
        words = ("n", *(COUNTS if outcome == "response" else MEANS))
        keep = {name: values for name, values in own.items() if name in words}
        part = shared.assign(arm=treatment, treatment=treatment, **keep)
        if "outcome" not in part:
            part = part.assign(outcome=outcome)
        if not named and label in ("experimental", "control") and "role" not in part:
            part = part.assign(role="control" if label == "control" else "active")
        empty = pd.DataFrame(keep).isna().all(axis=1) & (treatment.isna() | pd.Series(not named, shared.index))
        parts.append(part[~empty])
    return pd.concat(parts, ignore_index=True)


def with_unsaid(table: pd.DataFrame, not_stated: str) -> pd.DataFrame:
    """What such a sheet need not say: no `hours` (then `timing` is "not_stated"), no `scale`, no `role`.

    A role is told only by a word for placebo; without one, every arm is active and a contrast asks for its control.
    """
    if "hours" not in table:
        table = table.assign(hours=np.nan)
    undated = table["hours"].isna()
    if undated.any():
        timing = table["timing"] if "timing" in table else pd.Series(None, index=table.index, dtype=object)
        table = table.assign(timing=timing.astype(object).where(timing.notna() | ~undated, not_stated))
    if "scale" not in table:
        table = table.assign(scale=not_stated)
    if "role" not in table and "arm" in table:
        table = table.assign(role=np.where(_placebo(table["arm"]), "control", "active"))
    if "control_kind" not in table and "arm" in table and _placebo(table["arm"]).any():
        known = (table["role"] == "control") & _placebo(table["arm"])
        table = table.assign(control_kind=known.map({True: "placebo", False: None}))
    return table


def _placebo(labels: pd.Series) -> pd.Series:
    words = labels.astype(object).map(lambda one: set(re.findall(r"[a-z]+", str(one).casefold())))
    return words.map(lambda one: bool(one) and one <= {*PLACEBO_WORDS, "pill", "iv", "oral", "nasal", "inert"})
