"""When a class first separates from its control: pooled windows with simultaneous bands, and where nobody looked."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

import numpy as np
import pandas as pd

from ..effects.time_windows import WINDOW_NAMES, one_per_window
from ..evidence.shipped import arm_words
from ..pooling.meta_analysis import random_effects

COLUMNS = ["treatment_class", "window", "k", "estimate", "conf_low", "conf_high", "measure"]
UPWARDS = ("log_odds_ratio", "log_risk_ratio", "risk_difference")  # measures of response: above 0 favours the drug
VERDICTS = ("no trial here", "not told apart from control", "better than control", "worse than control")


def separation_by_window(
    effects: pd.DataFrame, *, value: float = 0.0, inference: str = "hksj_modified", level: float = 0.95
) -> pd.DataFrame:
    """Every class in every time window: pooled effect with a simultaneous interval, and whether it lies beyond `value`.

    effects : from `contrast_arms` (one measure). value : no effect (0), or the least effect worth having, in the
        measure's own unit; its sign says which way (0: either way).
    Intervals hold for all windows of a class together (Bonferroni over the windows in which it was looked at). A
    window without a trial is a row with k = 0 and nothing else: "nobody looked" is not "no effect".
    Columns: `treatment_class, window, k, estimate, conf_low, conf_high, looked, separated`.
    Raises as `random_effects` does.

    >>> effects = pd.DataFrame({"study": list("abc"), "treatment_class": "ssri", "hours": [168, 1344, 1344],
    ...     "estimate": [0.1, 0.6, 0.7], "std_error": 0.1, "measure": "log_odds_ratio", "n": 50, "control_n": 50})
    >>> table = separation_by_window(effects, inference="wald")
    >>> table.loc[table["looked"], ["window", "k", "separated"]].to_numpy().tolist()
    [['1 wk', 1, False], ['8 wk', 2, True]]
    """
    if effects["treatment_class"].isna().any():
        raise ValueError("treatment_class is missing in some rows: name it, or leave them out")
    chosen = one_per_window(effects)
    rows = []
    for name in effects["treatment_class"].unique():
        part = chosen[(chosen["treatment_class"] == name) & chosen["window"].notna()]
        if part.empty:  # looked at, but in no window
            rows.append(pd.DataFrame({"treatment_class": name, "window": list(WINDOW_NAMES)}).reindex(columns=COLUMNS))
            continue
        windows = part["window"].nunique()
        pooled = random_effects(part, by="window", inference=inference)
        table = pooled.summary(level=1 - (1 - level) / windows).assign(treatment_class=name)
        rows.append(table.set_index("window").reindex(list(WINDOW_NAMES)).rename_axis("window").reset_index())
        rows[-1]["treatment_class"] = name
    table = pd.concat(rows, ignore_index=True)
    table["k"] = table["k"].fillna(0).astype(int)
    low, high = table["conf_low"], table["conf_high"]
    beyond = (low > value) if value > 0 else (high < value) if value < 0 else (low > 0) | (high < 0)
    table["measure"] = effects["measure"].iloc[0] if "measure" in effects else "effect"
    return table[COLUMNS].assign(looked=table["k"] > 0, separated=beyond & (table["k"] > 0))


def first_separation(table: pd.DataFrame) -> pd.DataFrame:
    """One row a class: `first_looked, first_separated` (window names) and `words` that tell the two apart.

    table : from `separation_by_window`. `first_separated` is missing where no window separates. A class that is told
        apart because the control did better is said to be ("for the worse"); of scores, which were lower.

    >>> effects = pd.DataFrame({"study": list("abc"), "treatment_class": "ssri", "hours": [168, 1344, 1344],
    ...     "estimate": [0.1, 0.6, 0.7], "std_error": 0.1, "measure": "log_odds_ratio", "n": 50, "control_n": 50})
    >>> first_separation(separation_by_window(effects, inference="wald"))["words"].tolist()
    ['separated at 8 wk; not yet at 1 wk']
    """
    rows = []
    for name, part in table.groupby("treatment_class", sort=False):
        looked, separated = part.loc[part["looked"], "window"], part.loc[part["separated"], "window"]
        first = separated.iloc[0] if len(separated) else None
        way = _way(part[part["window"] == first])
        if looked.empty:
            words = "nobody looked in any of the windows"
        elif first is None:
            words = (
                f"no window separates; looked at from {looked.iloc[0]} to {looked.iloc[-1]} in {len(looked)} windows"
            )
        elif first == looked.iloc[0]:
            words = f"separated at {first}{way}, the first look: nobody looked before"
        else:
            words = f"separated at {first}{way}; not yet at {', '.join(looked[: list(looked).index(first)])}"
        rows.append({
            "treatment_class": name, "first_looked": looked.iloc[0] if len(looked) else None, "first_separated": first,
            "words": words,
        })  # fmt: skip
    return pd.DataFrame(rows)


def _way(row: pd.DataFrame) -> str:
    """How the words go on where a class is told apart, so that worse is not read as better."""
    if row.empty or "measure" not in row or row["measure"].iloc[0] == "effect":
        return ""
    lower = bool(row["estimate"].iloc[0] < 0)
    if row["measure"].iloc[0] in UPWARDS:
        return " for the worse" if lower else ""
    return f" with {'lower' if lower else 'higher'} scores than the control"


def what_is_known(
    effects: pd.DataFrame,
    *,
    windows: tuple[str, ...] = ("24 h", "1 wk", "8 wk"),
    classes: tuple[str, ...] | None = None,
    inference: str = "hksj_modified",
    level: float = 0.95,
) -> pd.DataFrame:
    """One row for every class and named window: pooled effect, trials, patients, verdict; also where nobody looked.

    effects : from `contrast_arms` with one measure of counts (above 0 = the drug is better) and `n, control_n`.
    classes : in the order wanted, also such as no trial has; default all in the table.
    verdict : a function of the interval and of k alone, one of VERDICTS: "no trial here" (k = 0), "not told apart
        from control" (the interval holds 0), "better than control", "worse than control".
    Columns: `treatment_class, window, k, patients, estimate, conf_low, conf_high, measure, verdict`.
    Raises ValueError for a window that is none of TIME_WINDOWS, a class misspelt, and as
    `random_effects` does.

    >>> effects = pd.DataFrame({"study": list("abc"), "treatment_class": "ssri", "hours": [168, 1344, 1344],
    ...     "estimate": [0.1, 0.6, 0.7], "std_error": 0.1, "measure": "log_odds_ratio", "n": 50, "control_n": 50})
    >>> what_is_known(effects, inference="wald")[["window", "k", "verdict"]].to_numpy().tolist()
    [['24 h', 0, 'no trial here'], ['1 wk', 1, 'not told apart from control'], ['8 wk', 2, 'better than control']]
    """
    unknown = [name for name in windows if name not in WINDOW_NAMES]
    if unknown:
        raise ValueError(f"window {unknown} is unknown: use {list(WINDOW_NAMES)}")
    _check_classes(effects, classes or ())
    measure = str(effects["measure"].iloc[0]) if "measure" in effects else "none"
    if measure not in UPWARDS:
        raise ValueError(f"measure {measure!r} does not say which way is better: use one of {list(UPWARDS)}")
    chosen = one_per_window(effects)
    chosen = chosen[chosen["window"].isin(windows)]
    names = list(classes) if classes is not None else list(dict.fromkeys(effects["treatment_class"]))
    keys = pd.MultiIndex.from_product([names, windows], names=["treatment_class", "window"])
    columns = ["k", "patients", "estimate", "conf_low", "conf_high"]
    if chosen.empty:
        table = pd.DataFrame(np.nan, index=keys, columns=columns).reset_index()
    else:
        by = ["treatment_class", "window"]
        chosen = chosen.assign(window=chosen["window"].astype(str))
        pooled = random_effects(chosen, by=by, inference=inference).summary(level).set_index(by)
        people = chosen.assign(patients=chosen["n"] + chosen["control_n"]).groupby(by)["patients"].sum()
        table = pooled.join(people).reindex(keys)[columns].reset_index()
    k, low, high = table["k"].fillna(0), table["conf_low"], table["conf_high"]
    verdict = np.select([k == 0, low > 0, high < 0], [VERDICTS[0], VERDICTS[2], VERDICTS[3]], default=VERDICTS[1])
    whole = {name: table[name].fillna(0).astype(int) for name in ("k", "patients")}
    return table.assign(**whole, measure=measure, verdict=verdict)


def _check_classes(effects: pd.DataFrame, classes: Iterable[str]) -> None:
    """A misspelt class would be shown as one that no trial has; other names may be groups that none has."""
    known = [*dict.fromkeys(effects["treatment_class"].dropna().astype(str)), *arm_words("treatment_class")]
    for name in classes:
        near = difflib.get_close_matches(str(name).casefold(), known, 1, 0.8)
        if near and name not in known and name.removesuffix("_combination") not in known:
            raise ValueError(f"class {name!r} is not here and is no known one; did you mean {near[0]!r}?")
