"""From arms to effects: each active arm against its control, with what shared controls need.

Roads that are not taken are listed, not lost: `without_contrast` answers with every arm that formed no
contrast and why.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from ..errors import DatasetError, NotInData, nearest, problem_table
from ..outcomes.arm_sums import combine_arms
from ..reading.derived_numbers import COUNTED
from .measures import MEASURES, contrast_columns

POOLED_CONTROL_KINDS = ("placebo", "active_placebo", "placebo_plus_stable_drug", "placebo_plus_standard_care")
MOMENT = ("study", "hours", "timing", "scale", "outcome", "definition", "analysis")
COMBINE = ("class", "arm")
ZERO_CELLS = ("half", "exclude")


def contrast_arms(
    arms: pd.DataFrame,
    *,
    outcome: str = "response",
    measure: str = "log_odds_ratio",
    control: str | tuple[str, ...] | None = None,
    combine: str = "class",
    zero_cells: str = "half",
) -> pd.DataFrame:
    """One row per active arm (or class of arms) against its control at one time: the `effects` table.

    outcome : which rows of `arms` to contrast: "response", "remission" (counts), "change", "score" (means).
    measure : counts: "log_odds_ratio", "log_risk_ratio", "risk_difference"; means: "mean_difference",
        "standardized_mean_difference" (Hedges' g). Always active minus control, so a better change is negative;
        a standardised difference of a scale on which higher is better is turned, so that it is negative there too.
    control : None takes arms of role control whose kind is placebo, active_placebo,
        placebo_plus_stable_drug or placebo_plus_standard_care (or not stated); "all" takes every control;
        otherwise the control kinds, or the arms, named.
    combine : "class" adds up arms of one class in one trial before contrasting (sums of counts; Cochrane
        Handbook 6.5.2.10 for means); "arm" keeps arms apart, and they share their control: see
        `sampling_covariance`. A drug combined with something else (`combination` = yes) is a class of its own,
        named <class>_combination.
    zero_cells : "half" adds 0.5 to every cell of a trial's moment with an empty cell, and says so in `added`
        (a risk difference exists without; only where its variance would be zero, that takes the 0.5);
        "exclude" leaves such moments out (`without_contrast` lists them). Mantel–Haenszel needs neither.
    Arms without `hours` are contrasted with each other only where `timing` is "not_stated" (`read_arms`).
    Columns: keys and descriptors of the arms; `estimate, std_error`; both arms' `n` and `events` or means;
    `active_variance, control_variance` (each arm's own term); `added`; `sd_source`.
    Raises ValueError for an unknown choice or a `control` that names nothing in the table; DatasetError for counts
    that cannot be (12 events of 10).

    >>> arms = pd.DataFrame({"study": "a", "arm": ["ketamine", "midazolam"], "role": ["active", "control"],
    ...     "hours": 24, "scale": "MADRS", "outcome": "response", "n": [47, 25], "events": [30, 7]})
    >>> contrast_arms(arms)[["estimate", "std_error"]].round(3).to_numpy().tolist()
    [[1.512, 0.539]]
    """
    return contrast_rows(arms, outcome, measure, control, combine, zero_cells)[0].drop(columns="_rows")


def without_contrast(
    arms: pd.DataFrame,
    *,
    outcome: str = "response",
    measure: str = "log_odds_ratio",
    control: str | tuple[str, ...] | None = None,
    combine: str = "class",
    zero_cells: str = "half",
) -> pd.DataFrame:
    """The companion of `contrast_arms`: arms of that outcome that formed no contrast, each with a `reason`.

    >>> arms = pd.DataFrame({"study": "a", "arm": ["ketamine", "midazolam"], "role": ["active", "control"],
    ...     "hours": [24, 48], "scale": "MADRS", "outcome": "response", "n": [47, 25], "events": [30, 7]})
    >>> without_contrast(arms)["reason"].tolist()
    ['no control arm at that time', 'no active arm at that time']
    """
    return contrast_rows(arms, outcome, measure, control, combine, zero_cells)[1].drop(columns="_row")


def arm_log_odds(arms: pd.DataFrame, *, outcome: str = "response") -> pd.DataFrame:
    """The log odds of responding in each trial's class of arms: an arm-level table for `random_effects`.

    Arms of one class in one trial and moment are added up; 0.5 is added to both cells where one is empty
    (`added` says so). Arms of different trials were not randomised against each other: a comparison of two
    pooled rates is not a comparison of treatments.
    Columns: `estimate` (log odds), `std_error`, `n`, `events`, `measure` = "log_odds" and the arms' descriptors.

    >>> arms = pd.DataFrame({"study": "a", "arm": "ketamine", "hours": 24, "scale": "MADRS",
    ...     "outcome": "response", "n": [20], "events": [10]})
    >>> arm_log_odds(arms)[["estimate", "std_error"]].round(4).to_numpy().tolist()
    [[0.0, 0.4472]]
    """
    rows = _with_defaults(arms[(arms["outcome"] == outcome) & arms["events"].notna() & arms["n"].notna()])
    rows = rows.reset_index(drop=True).rename_axis("_row").reset_index()
    moment = [name for name in MOMENT if name in rows]
    table = combine_arms(rows, [*moment, "treatment_class", "control_kind"]).drop(columns="_rows")
    e, n = table["events"].to_numpy(float), table["n"].to_numpy(float)
    added = np.where((e == 0) | (e == n), 0.5, 0.0)
    a, b = e + added, n - e + added
    return table.assign(estimate=np.log(a / b), std_error=np.sqrt(1 / a + 1 / b), added=added, measure="log_odds")


def contrast_rows(
    arms: pd.DataFrame,
    outcome: str,
    measure: str,
    control: str | tuple[str, ...] | None = None,
    combine: str = "class",
    zero_cells: str = "half",
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Contrasts, each with the places of its arms among the rows of that outcome (`_rows`), and the rows in none."""
    _check_choices(arms, outcome, measure, combine, zero_cells)
    rows = arms[arms["outcome"] == outcome].reset_index(drop=True)
    rows = _with_defaults(rows)
    rows["_row"] = rows.index
    rows["_role"], role_reason = _roles(rows, control)
    usable, reason = _usable(rows, measure, role_reason)
    active = usable[usable["_role"] == "active"]
    controls = usable[usable["_role"] == "control"]
    moment = [name for name in MOMENT if name in rows]
    pairs = _pair(active, controls, moment, combine)
    effects = contrast_columns(pairs, measure, moment, zero_cells)
    formed = effects["estimate"].notna()
    reason.update(_reasons_unformed(effects[~formed], zero_cells))
    used = {row for pair in effects.loc[formed, "_rows"] for row in pair}
    left = rows[~rows["_row"].isin(used)].drop(columns="_role")
    missing = "no active arm at that time" if controls.empty and active.empty else "no control arm at that time"
    left = left.assign(
        reason=[
            reason.get(row) or ("no active arm at that time" if rows["_role"][row] == "control" else missing)
            for row in left.index
        ]
    )
    table = effects[formed].drop(columns=["_role", "_reason"]).assign(measure=measure)
    return table.reset_index(drop=True), left.reset_index(drop=True)


def _check_choices(arms: pd.DataFrame, outcome: str, measure: str, combine: str, zero_cells: str) -> None:
    for name, value, allowed in (
        ("measure", measure, tuple(MEASURES)),
        ("combine", combine, COMBINE),
        ("zero_cells", zero_cells, ZERO_CELLS),
    ):
        if value not in allowed:
            raise ValueError(f"{name} {value!r} is unknown: use one of {list(allowed)}")
    counts = outcome in COUNTED
    if counts != (MEASURES[measure] == "counts"):
        fitting = [name for name, needs in MEASURES.items() if (needs == "counts") == counts]
        raise ValueError(f"measure {measure!r} does not fit outcome {outcome!r}: use one of {fitting}")
    if not (arms["outcome"] == outcome).any():
        raise NotInData(f"no row has outcome {outcome!r}; the table has {sorted(arms['outcome'].unique())}")


def _with_defaults(rows: pd.DataFrame) -> pd.DataFrame:
    rows = rows.copy()
    for name in ("arm", "treatment", "treatment_class"):
        if name in rows:
            rows[name] = rows[name].map(str, na_action="ignore").astype(object)
    for name in ("n", "events", "mean"):
        rows[name] = pd.to_numeric(rows[name]).astype(float) if name in rows else np.nan
    _check_numbers(rows)
    for name, value in (("role", None), ("control_kind", None), ("combination", "no")):
        if name not in rows:
            rows[name] = value
    for name, fallback in (("treatment", "arm"), ("treatment_class", "treatment")):
        rows[name] = rows[name].fillna(rows[fallback]) if name in rows else rows[fallback]
    if "baseline_sd" in rows and "baseline_scale" in rows:  # another scale's spread standardises nothing
        rows["baseline_sd"] = rows["baseline_sd"].where(rows["baseline_scale"] == rows["scale"])
    extra = rows["combination"] == "yes"
    rows["treatment_class"] = rows["treatment_class"].mask(extra, rows["treatment_class"] + "_combination")
    return rows


def _check_numbers(rows: pd.DataFrame) -> None:
    """Raises DatasetError for counts and spreads that no trial can have; a table from `read_arms` has none."""
    rules = [("n", rows["n"] <= 0, "at least one patient"), ("events", rows["events"] < 0, "no fewer than 0 events"),
             ("events", rows["events"] > rows["n"], "no more events than patients")]  # fmt: skip
    rules += [(name, rows[name] < 0, "no spread below 0") for name in ("sd", "std_error") if name in rows]
    problems = [
        (row, name, rows[name][row], rule, "look it up in the source, or leave the row out")
        for name, bad, rule in rules for row in rows.index[bad]
    ]  # fmt: skip
    if problems:
        raise DatasetError(problem_table("arms", problems))


def _roles(rows: pd.DataFrame, control: str | tuple[str, ...] | None) -> tuple[pd.Series, dict[int, str]]:
    """Each row's role under the choice of control, and why a control arm is set aside."""
    role = rows["role"].astype(object).where(rows["role"].notna(), "active")
    named = (control,) if isinstance(control, str) else control
    is_control = role == "control"
    if named is None:
        if not is_control.any():
            raise NotInData(
                "no arm has role 'control': name the control arm, control=…; arms are "
                f"{sorted(rows['arm'].unique())[:10]}"
            )
        wanted = is_control & (rows["control_kind"].isna() | rows["control_kind"].isin(POOLED_CONTROL_KINDS))
    elif named == ("all",):
        wanted = is_control
    else:
        wanted = rows["control_kind"].isin(named) | rows["arm"].isin(named)
        unknown = [name for name in named if not ((rows["control_kind"] == name) | (rows["arm"] == name)).any()]
        if unknown:
            kinds = sorted(rows["control_kind"].dropna().astype(str).unique())
            arms = sorted(rows["arm"].astype(str).unique())
            hint = nearest(unknown[0], [*arms, *kinds]) or "".join(
                f"; did you mean {one!r}?" for one in arms if str(unknown[0]).casefold() in one.casefold()
            )
            raise ValueError(
                f"control {unknown} is no arm of this outcome ({', '.join(map(repr, arms[:10]))}) and no kind of "
                f"control here ({', '.join(kinds) or 'none is told'}){hint}"
            )
    aside = is_control & ~wanted
    role = role.mask(wanted, "control").mask(aside, "aside")
    kind = rows["control_kind"].astype(object).where(rows["control_kind"].notna(), "not stated")
    reasons = {
        row: f"control of kind {kind[row]} is contrasted only when named (control=…)" for row in rows.index[aside]
    }
    return role, reasons


def _usable(rows: pd.DataFrame, measure: str, reason: dict[int, str]) -> tuple[pd.DataFrame, dict[int, str]]:
    """Rows with the numbers the measure needs, and the reason of each that lacks them."""
    reason = dict(reason)
    if MEASURES[measure] == "counts":
        lacking, words = rows["events"].isna() | rows["n"].isna(), "no count of events and patients"
    else:
        spread = _any_column(rows, ("sd", "std_error")) & rows["n"].notna()
        lacking, words = rows["mean"].isna() | ~spread, "no mean, or no n or spread beside it"
    reason.update({row: words for row in rows.index[lacking] if row not in reason})
    if "hours" in rows:
        unsaid = rows["timing"].eq("not_stated") if "timing" in rows else pd.Series(False, index=rows.index)
        undated = rows["hours"].isna() & ~unsaid
        reason.update({row: "no time stated" for row in rows.index[undated]})
        lacking = lacking | undated
    return rows[~lacking & (rows["_role"] != "aside")], reason


def _any_column(rows: pd.DataFrame, names: tuple[str, ...]) -> pd.Series:
    present = [rows[name].notna() for name in names if name in rows]
    return pd.concat(present, axis=1).any(axis=1) if present else pd.Series(False, index=rows.index)


def _pair(active: pd.DataFrame, controls: pd.DataFrame, moment: list[str], combine: str) -> pd.DataFrame:
    """Active arms beside the controls of the same trial, time, scale, definition and analysis."""
    keys = [*moment, "treatment_class"] if combine == "class" else [*moment, "treatment_class", "arm"]
    one = combine_arms(active, keys)
    other = combine_arms(controls, [*moment, "control_kind"])
    shared = ["arm", "treatment", "n", "events", "mean", "sd", "std_error", "baseline_sd", "_rows"]
    other = other[[*moment, "control_kind", *(name for name in shared if name in other)]]
    other = other.rename(columns={name: f"control_{name}" for name in shared if name in other})
    pairs = one.drop(columns="control_kind").merge(other, on=moment, how="inner")
    pairs["_rows"] = [(*a, *b) for a, b in zip(pairs["_rows"], pairs["control__rows"], strict=True)]
    return pairs.drop(columns="control__rows")


def _reasons_unformed(effects: pd.DataFrame, zero_cells: str) -> dict[int, str]:
    return {row: words for pair, words in zip(effects["_rows"], effects["_reason"], strict=True) for row in pair}
