"""A table of effects (a forest plot typed in, another meta-analysis's sheet) to checked `effects`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from ..errors import raise_on_errors
from ..outcomes.scales import NOT_STATED
from ..reading.checks import ALLOWED, ARM_WORDS
from ..reading.column_names import has_columns
from ..reading.number_checks import checked_number
from ..reading.problems import Problems
from ..reading.raw_tables import in_hours, load_table, renamed, unit_of_times, with_constants, with_words
from ..words import blank
from .measures import RATIO_MEASURES
from .printed_differences import exact_p, standard_errors

# what a sheet may call a measure → ours; a plain ratio is brought to its logarithm
PRINTED = {"OR": "log_odds_ratio", "RR": "log_risk_ratio", "HR": "log_hazard_ratio", "RD": "risk_difference",
           "MD": "mean_difference", "SMD": "standardized_mean_difference"}  # fmt: skip
PLAIN_RATIOS = ("OR", "RR", "HR")
LOGARITHMS = (*RATIO_MEASURES, "log_hazard_ratio")
EFFECT_MEASURES = (*PRINTED, *PRINTED.values())
FAVOURS = ("negative", "positive", "above_1", "below_1")
NEEDED = ("study", "estimate", "measure", "favours_drug")
NUMBERS = (
    "estimate",
    "std_error",
    "variance",
    "conf_low",
    "conf_high",
    "ci_level",
    "p_sides",
    "n",
    "control_n",
    "hours",
)
EFFECT_COLUMNS = (*NEEDED, "arm", "control_arm", "p_value", "outcome", "scale", "control_role", "year", *NUMBERS,
                  *ARM_WORDS)  # fmt: skip
LOPSIDED = 0.2  # of half the interval's width: rounding moves an estimate from the middle by less


def read_effects(
    source: Any,
    *,
    columns: Mapping[str, str] | None = None,
    measure: str | None = None,
    favours_drug: str | None = None,
    outcome: str | None = None,
    scale: str | None = None,
    time_unit: str | None = None,
    level: float = 0.95,
) -> pd.DataFrame:
    """A checked table of effects, one contrast a row: for `random_effects`, and for `collect_effects(contrasts=…)`.

    source : path of a file, or a dataframe. columns : library name → the file's, of `study, estimate`; `std_error` or
        `variance` or `conf_low, conf_high` or `p_value` (exact, with `p_sides` 1 or 2); `arm, control_arm, n,
        control_n, hours, treatment_class, control_kind …`. A column of the same name needs no mention.
    measure : "OR", "RR", "HR" (plain ratios: estimate and limits become logarithms), "log_odds_ratio",
        "log_risk_ratio", "log_hazard_ratio" (logarithms already), "MD", "SMD", "RD" or their whole names; or a column.
        A standard error is that of the logarithm. No default: a log odds ratio of 0.8 and an odds ratio of 0.8 look
        alike.
    favours_drug : which estimates are better on the drug: "negative", "positive", or of a ratio "above_1", "below_1".
    outcome : "response", "change" …, default "response" for ratios and risk differences, else "change".
    level : of the limits, unless a column `ci_level` says it. Limits are read by z, of mean differences by t with
        n + n_c − 2 degrees of freedom where both are given (Cochrane Handbook 6.3).
    Unsaid may stay: `hours` (`timing` "not_stated"), `scale`, arms ("experimental", "control"). A control that is
    itself an `arm` of another row is active (`control_role`): such a contrast is not pooled as one against control.
    Columns: those, with `measure` in whole words, `estimate, conf_low, conf_high` on its scale and `std_error`.
    Raises DatasetError with every problem; ValueError for an unknown choice.

    >>> table = pd.DataFrame({"study": ["a", "b"], "or": [3.36, 1.79], "lo": [1.06, 0.8], "hi": [10.6, 4.02]})
    >>> names = {"estimate": "or", "conf_low": "lo", "conf_high": "hi"}
    >>> read_effects(table, columns=names, measure="OR", favours_drug="above_1")["std_error"].round(4).tolist()
    [0.5874, 0.4119]
    """
    if not 0 < level < 1:
        raise ValueError(f"level {level!r} must lie between 0 and 1, such as 0.95")
    names, unit = columns or {}, unit_of_times(time_unit, columns)
    raw, file = load_table(source, [names.get(name, name) for name in NUMBERS])
    raw = with_words(renamed(raw, names, file))
    raw = with_constants(raw, {"measure": measure, "favours_drug": favours_drug, "outcome": outcome, "scale": scale})
    table = finish_effects(raw, file, level=level)
    table["hours"] = in_hours(table["hours"], unit)
    return table


def finish_effects(raw: pd.DataFrame, file: str, *, level: float = 0.95) -> pd.DataFrame:
    """The checked table of a raw one in the library's names, with `_line`; `hours` as they stand."""
    lines = raw.pop("_line")
    raise_on_errors(problems_in_effects(raw, file=file, lines=lines))
    return _with_errors(_with_unsaid(raw.reset_index(drop=True), level))


def problems_in_effects(table: pd.DataFrame, *, file: str = "table", lines: pd.Series | None = None) -> pd.DataFrame:
    """Everything wrong with a raw table of effects: the columns of `problems_in_scores`.

    >>> raw = pd.DataFrame({"study": ["a"], "estimate": [-0.4], "measure": "OR", "favours_drug": "above_1",
    ...     "std_error": 1})
    >>> problems_in_effects(raw)["rule"].tolist()
    ['a ratio above 0']
    """
    found = Problems(table, file, lines)
    if not has_columns(found, NEEDED, EFFECT_COLUMNS):
        return found.table_of_problems()
    table = found.table
    get = {name: checked_number(found, name, required=name == "estimate") for name in NUMBERS if name in table}
    for name, allowed in (("measure", EFFECT_MEASURES), ("favours_drug", FAVOURS), *(
        (name, words) for name, words in ALLOWED.items() if name in table
    )):  # fmt: skip
        empty = blank(table[name])
        found.add(
            ~table[name].isin(allowed) & ~empty, name, f"{name} is one of {', '.join(allowed)}", "correct the word"
        )
        if name in NEEDED:
            found.add(empty, name, "value present", f"every row needs {name}")
    found.add(blank(table["study"]), "study", "value present", "every row needs a study")
    _check_ratios(found, get)
    _check_errors(found, get)
    key = [name for name in ("study", "arm", "control_arm", "hours", "scale", "outcome", "measure") if name in table]
    again = table[key].duplicated(keep=False)
    found.add(again, "study", "one row per contrast, time and outcome", "keep one, or tell them apart by arm or hours")
    return found.table_of_problems()


def _check_ratios(found: Problems, get: dict[str, pd.Series]) -> None:
    plain = found.table["measure"].isin(PLAIN_RATIOS)
    for name in ("estimate", "conf_low", "conf_high"):
        if name in get:
            fix = "are these logarithms? then measure = log_odds_ratio (log_risk_ratio, log_hazard_ratio)"
            found.add(plain & (get[name] <= 0), name, "a ratio above 0", fix)
    side = found.table["favours_drug"].isin(["above_1", "below_1"])
    found.add(side & ~plain, "favours_drug", "a side that fits the measure", "only a plain ratio is better above 1")
    unstated = plain & ~side & ~blank(found.table["favours_drug"])
    found.add(unstated, "favours_drug", "a side that fits the measure", "of a plain ratio say above_1 or below_1")


def _check_errors(found: Problems, get: dict[str, pd.Series]) -> None:
    """Errors above 0, limits around the estimate and in its middle on the measure's scale, something to weigh by."""
    none = pd.Series(np.nan, index=found.table.index)
    low, high, estimate = (get.get(name, none) for name in ("conf_low", "conf_high", "estimate"))
    for name in ("std_error", "variance"):
        found.add(get.get(name, none) <= 0, name, "an error above 0", f"{name} is a positive number")
    outside = (low > estimate) | (high < estimate)
    found.add(outside, "estimate", "an estimate inside its limits", "correct the estimate or its limits")
    given = get.get("ci_level", none)
    found.add((given <= 0) | (given >= 1), "ci_level", "a level between 0 and 1", "write 0.95 for 95 %")
    sides = get.get("p_sides", none)
    found.add(sides.notna() & ~sides.isin([1, 2]), "p_sides", "1 or 2 sides", "say how many sides the test had")
    value, lower, upper = _on_scale(found.table["measure"], estimate, low, high)
    half = (upper - lower) / 2
    aside = ~outside & (half > 0) & ((value - (lower + upper) / 2).abs() > LOPSIDED * half)
    fix = "the estimate is not in the middle of its limits on this scale: a ratio, or a logarithm, or rounded?"
    found.add(aside, "estimate", "limits even about the estimate", fix, "warning")
    told = get.get("std_error", none)
    by_limits = half / 1.96
    found.add((told / by_limits).sub(1).abs() > 0.5, "std_error", "an error that fits the limits",
              "a variance, or the error of the plain ratio? it is that of the logarithm", "warning")  # fmt: skip
    weighed = told.notna() | get.get("variance", none).notna() | half.notna() | ~np.isnan(exact_p(found.table))
    found.add(~weighed, "std_error", "an estimate with its error",
              "without a standard error, limits or exact p it is shown, not pooled", "warning")  # fmt: skip


def _on_scale(measure: pd.Series, *values: pd.Series) -> tuple[pd.Series, ...]:
    plain = measure.isin(PLAIN_RATIOS)
    with np.errstate(divide="ignore", invalid="ignore"):
        return tuple(value.where(~plain, np.log(value.where(value > 0))) for value in values)


def _with_unsaid(raw: pd.DataFrame, level: float) -> pd.DataFrame:
    """Numbers as numbers on the measure's scale; what the table need not say."""
    numbers = {name: pd.to_numeric(raw[name]).astype(float) if name in raw else np.nan for name in NUMBERS}
    table = raw.assign(**numbers)
    shown = ["estimate", "conf_low", "conf_high"]
    table[shown] = np.column_stack(_on_scale(table["measure"], *(table[name] for name in shown)))
    unstated = dict.fromkeys(("arm", "control_arm", "scale", "outcome", "p_value", "timing"))
    table = table.assign(**{name: table.get(name, value) for name, value in unstated.items()})
    ratio = table["measure"].isin(["RD", "risk_difference", *PLAIN_RATIOS, *LOGARITHMS])
    fills = {"arm": "experimental", "control_arm": "control", "scale": NOT_STATED, "ci_level": level, "p_sides": 2.0}
    for name, value in fills.items():
        table[name] = table[name].where(table[name].notna(), value)
    table["outcome"] = (
        table["outcome"].astype(object).where(table["outcome"].notna(), np.where(ratio, "response", "change"))
    )
    table["timing"] = table["timing"].astype(object).where(table["hours"].notna(), NOT_STATED)
    for name, source in (("treatment", "arm"), ("treatment_class", "treatment")):
        table[name] = table[name].fillna(table[source]) if name in table else table[source]
    if "control_role" not in table:
        table["control_role"] = np.where(table["control_arm"].isin(table["arm"]), "active", "control")
    table["favours_drug"] = table["favours_drug"].replace({"above_1": "positive", "below_1": "negative"})
    return table.assign(measure=table["measure"].replace(PRINTED))


def _with_errors(table: pd.DataFrame) -> pd.DataFrame:
    errors = standard_errors(table, table["estimate"], table["conf_low"], table["conf_high"])
    told = table["std_error"].fillna(np.sqrt(table["variance"]))
    return table.drop(columns="variance").assign(std_error=told.fillna(errors["interval"]).fillna(errors["p"]))
