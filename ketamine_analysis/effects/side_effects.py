"""Adverse events: the table checked at the door, rates by arm, contrasts within trials, numbers needed to harm."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ..errors import PROBLEM_COLUMNS, DatasetError, NotInData, raise_on_errors
from ..outcomes.proportions import describe_number_needed_to_treat, proportion_interval
from ..reading.reported_numbers import events_from_percent
from .contrasts import POOLED_CONTROL_KINDS, contrast_arms

EVENT_COLUMNS = ("study", "arm", "event")
# with a new oral drug in both arms the contrast is what the active drug added to it
SAFETY_CONTROLS = (*POOLED_CONTROL_KINDS, "placebo_plus_new_drug")
LARGEST_MISFIT = 1.0  # percentage points: some sources round upward or truncate


def check_adverse_events(table: pd.DataFrame) -> pd.DataFrame:
    """The same table, or DatasetError with every error of `problems_in_adverse_events` in `.problems`.

    >>> check_adverse_events(pd.DataFrame({"study": "a", "arm": "x", "event": "nausea", "n": [10], "events": [3]}))
      study arm   event   n  events
    0     a   x  nausea  10       3
    """
    raise_on_errors(problems_in_adverse_events(table))
    return table


def problems_in_adverse_events(table: pd.DataFrame) -> pd.DataFrame:
    """Everything wrong with a table of adverse events: `file, row, column, value, rule, severity, message`.

    table : one row an arm and event with `study, arm, event`, then `n, events` or `percent` (people with the event at
        least once), or a `mean` (a rating, mmHg) or a duration in `hours` as `measure` says.

    >>> from ketamine_analysis import load_evidence
    >>> bad = load_evidence("adverse_events").head(1).assign(events=99.0, n=9.0)
    >>> problems_in_adverse_events(bad)["column"].tolist()
    ['events']
    """
    absent = [name for name in EVENT_COLUMNS if name not in table]
    if absent:
        fix = f"the table needs {', '.join(EVENT_COLUMNS)}"
        rows = [("table", None, name, None, "column present", "error", fix) for name in absent]
        return pd.DataFrame(rows, columns=list(PROBLEM_COLUMNS))
    number = {name: _number(table, name) for name in ("n", "events", "percent", "mean", "hours")}
    n, events, percent = number["n"], number["events"], number["percent"]
    text = {name: table[name].notna() & number[name].isna() for name in number if name in table}
    rules = [(mask, name, "a finite number", "error", f"{name} is a number, or blank") for name, mask in text.items()]
    for name in EVENT_COLUMNS:
        blank = table[name].isna() | (table[name].astype(str).str.strip() == "")
        rules.append((blank, name, "value present", "error", f"every row needs a {name}"))
    key = [name for name in ("study", "arm", "event", "hours", "measure", "scale") if name in table]
    misfit = (100 * events / n - percent).abs() > LARGEST_MISFIT
    nothing = number["mean"].isna() & events.isna() & percent.isna() & number["hours"].isna()
    rules += [
        ((n <= 0) | (n % 1 != 0) & n.notna(), "n", "n is a whole number above 0", "error", "n counts people"),
        ((events < 0) | (events % 1 != 0) & events.notna(), "events", "events is a whole number from 0", "error",
         "events counts people with the event, not occurrences"),
        (events > n, "events", "events at most n", "error", "more people with the event than people: correct either"),
        (events.notna() & n.isna(), "n", "n beside events", "warning", "without n a count forms no contrast"),
        ((percent < 0) | (percent > 100), "percent", "percent from 0 to 100", "error", "give the percentage of n"),
        (misfit & ~(events > n), "percent", "percent fits events / n", "error", "more than 1 point apart: correct one"),
        (nothing, "events", "something reported", "error", "a row needs a count, a percentage, a mean or hours"),
        (table.duplicated(key, keep=False), "event", "one row per arm, event, time and measure", "warning",
         "keep one, or tell them apart by hours"),
        (percent.notna() & n.isna(), "n", "n beside percent", "warning", "without n there is no interval"),
    ]  # fmt: skip
    return _listed(table, rules)


def event_rates(adverse_events: pd.DataFrame, *, level: float = 0.95) -> pd.DataFrame:
    """The share of people with each event in each arm: the table's rows with `rate, conf_low, conf_high, counted`.

    Wilson intervals. counted : "events" where a count is printed; "from percent" where exactly one count gives the
    printed percentage of n; "percent only" where several would: then the interval takes percent × n (it need not be
    a whole number), and without n there is a rate and no interval (`counted` says "no n").
    Rows of means and of times are left out. Raises DatasetError as `check_adverse_events`.

    >>> table = pd.DataFrame({"study": "a", "arm": "x", "event": "nausea", "n": [20], "events": [5]})
    >>> event_rates(table)[["rate", "conf_low", "conf_high"]].round(3).to_numpy().tolist()
    [[0.25, 0.112, 0.469]]
    """
    rows = counted_events(adverse_events)
    share = rows["events"].fillna(rows["percent"] * rows["n"] / 100)
    low, high = proportion_interval(share, rows["n"].where(share.notna()), level=level)
    rate = (share / rows["n"]).fillna(rows["percent"] / 100)
    return rows.assign(rate=rate, conf_low=low, conf_high=high)


def counted_events(adverse_events: pd.DataFrame) -> pd.DataFrame:
    """The rows about people with an event, `events` filled in where one count alone gives the printed percentage.

    `counted` says how each row's count is known (see `event_rates`). Raises DatasetError as `check_adverse_events`.
    """
    check_adverse_events(adverse_events)
    table = adverse_events.assign(
        **{name: _number(adverse_events, name) for name in ("n", "events", "percent", "hours")}
    )
    people = table["events"].notna() | table["percent"].notna()
    table = table[people].reset_index(drop=True)
    digits = np.where(table["percent"] % 1 == 0, 0, np.where((10 * table["percent"]).round(6) % 1 == 0, 1, 2))
    fitted = events_from_percent(table["percent"], table["n"], decimals=pd.Series(digits, index=table.index))["events"]
    known = table["n"].notna()
    cases = [known & table["events"].notna(), known & fitted.notna(), known]
    counted = np.select(cases, ["events", "from percent", "percent only"], "no n")
    return table.assign(events=table["events"].fillna(fitted.astype(float)).where(known), counted=counted)


def contrast_events(
    adverse_events: pd.DataFrame,
    events: str | tuple[str, ...] | list[str],
    *,
    measure: str = "risk_difference",
    control: str | tuple[str, ...] | None = None,
) -> pd.DataFrame:
    """Each active arm's events against its own control: an `effects` table with `event`, ready for `random_effects`.

    events : one or several words of `event`. measure : "risk_difference", "log_risk_ratio" or "log_odds_ratio";
        active minus control, so above none means more harm. control : as `contrast_arms`; None also takes a
        control with a new oral drug (`placebo_plus_new_drug`), where both arms get it.
    Left out: pooled analyses (their trials may stand beside them), single arms, and rows without a count. Arms of a
    class are added up. Rows with an hour of their own are contrasted at that hour, others over the whole phase.
    Raises ValueError without a control to be told (`role`, or `control`), NotInData (a ValueError) where no contrast
    can be formed, DatasetError as `check_adverse_events` and where an arm's event is counted twice over one time.

    >>> table = pd.DataFrame({"study": "a", "arm": ["x", "placebo"], "event": "nausea", "n": [20, 20],
    ...     "events": [8, 2], "role": ["active", "control"], "treatment_class": ["x", "placebo"]})
    >>> contrast_events(table, "nausea")[["event", "estimate"]].round(2).to_numpy().tolist()
    [['nausea', 0.3]]
    """
    wanted = (events,) if isinstance(events, str) else tuple(events)
    if control is None and "role" not in adverse_events:
        raise ValueError("the table has no column role to tell the controls: add it, or name the control, control=…")
    rows = counted_events(adverse_events)
    rows = rows[rows["event"].isin(wanted) & rows["events"].notna()]
    if "design" in rows:
        rows = rows[rows["design"] != "pooled_analysis"]
    if control is None and "control_kind" in rows:
        rows = rows[rows["control_kind"].isna() | rows["control_kind"].isin(SAFETY_CONTROLS)]
    _refuse_twice(rows)
    when = rows["hours"].map(lambda hour: "whole phase" if np.isnan(hour) else f"{hour:g} h")
    rows = rows.assign(outcome="response", scale=when).drop(columns=["hours", "measure"], errors="ignore")
    named = control if control is not None else "all"
    parts = [
        contrast_arms(part, measure=measure, control=named).assign(event=event)
        for event, part in rows.groupby("event", sort=False)
    ]
    table = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()
    if table.empty:
        raise NotInData(f"no trial here counts {list(wanted)} in an active arm and in its control")
    return table.drop(columns="outcome").rename(columns={"scale": "period"})


def number_needed(differences: pd.DataFrame, *, harm: bool) -> pd.DataFrame:
    """One over each risk difference with its limits, in words: the table with a column `number_needed`.

    differences : a `summary()` of risk differences. harm : True where the event is a harm (a positive difference is a
        number needed to harm), False where it is a response. An interval that holds 0 runs through infinity; a limit
        beyond ±1 (t intervals of two trials know no bounds) counts as 1: no fewer than one person can be treated.

    >>> row = pd.DataFrame({"estimate": [0.25], "conf_low": [0.2], "conf_high": [0.5]})
    >>> number_needed(row, harm=True)["number_needed"].tolist()
    ['NNT (harm) 4.0 (2.0 to 5.0)']
    """
    sign = -1.0 if harm else 1.0
    first, second = ("conf_low", "conf_high") if harm else ("conf_high", "conf_low")
    with np.errstate(divide="ignore"):
        limits = (sign * differences[name].to_numpy(float).clip(-1, 1) for name in ("estimate", first, second))
        middle, near, far = (1 / one for one in limits)
    words = [describe_number_needed_to_treat(*row) for row in zip(middle, near, far, strict=True)]
    return differences.assign(number_needed=words)


def benefit_risk(benefits: pd.DataFrame, harms: pd.DataFrame) -> pd.DataFrame:
    """Benefit and harm in one table and one unit: both summaries with `kind, what` and the number needed, in words.

    benefits : a `summary()` of risk differences of response by `treatment_class, window`; harms : of events by
        `treatment_class, event`. Above 0 a benefit is more responders, a harm more people with the event.
    Columns: `kind, treatment_class, what, k, estimate, conf_low, conf_high, number_needed`. Raises ValueError for
    another measure.
    """
    parts = []
    for kind, table, name in (("benefit", benefits, "window"), ("harm", harms, "event")):
        if not (table["measure"] == "risk_difference").all():
            raise ValueError(f"{kind}s must be risk differences; the table has {sorted(table['measure'].unique())}")
        words = table[name].astype(str)
        part = number_needed(table, harm=kind == "harm").assign(kind=kind)
        parts.append(part.assign(what="response at " + words if kind == "benefit" else words))
    columns = ["kind", "treatment_class", "what", "k", "estimate", "conf_low", "conf_high", "number_needed"]
    return pd.concat(parts, ignore_index=True)[columns]


def measurements(adverse_events: pd.DataFrame) -> pd.DataFrame:
    """The rows that are no counts (ratings, blood pressure, times to onset, peak and end), each with its `value`.

    value : the mean, or for a time after a dose its hours. Columns `study, arm, event, measure, scale, hours, value,
    locator` as far as the table has them. Few sources print an hour, and none of these a spread: no interval.

    >>> from ketamine_analysis import load_evidence
    >>> len(measurements(load_evidence("adverse_events")))
    68
    """
    table = check_adverse_events(adverse_events)
    kind = table["measure"].fillna("events") if "measure" in table else pd.Series("events", index=table.index)
    rows = table[kind != "events"]
    mean, hours = _number(rows, "mean"), _number(rows, "hours")
    value = mean.where(mean.notna(), hours)
    columns = ["study", "arm", "event", "measure", "scale", "hours", "value", "locator"]
    return rows.assign(value=value).reindex(columns=[name for name in columns if name in rows or name == "value"])


def _refuse_twice(rows: pd.DataFrame) -> None:
    """Raises DatasetError where one arm's event is counted twice over the same time: its people would count twice."""
    twice = rows.duplicated(["study", "arm", "event", "hours"], keep=False)
    if twice.any():
        fix = "the arm's people would count twice: keep one row, or tell the rows apart by hours"
        rule = (twice, "event", "one count per arm, event and time", "error", fix)
        raise DatasetError(_listed(rows, [rule]))


def _number(table: pd.DataFrame, name: str) -> pd.Series:
    if name not in table:
        return pd.Series(np.nan, index=table.index)
    value = pd.to_numeric(table[name], errors="coerce").astype(float)
    return value.where(np.isfinite(value))


def _listed(table: pd.DataFrame, rules: list[tuple[pd.Series, str, str, str, str]]) -> pd.DataFrame:
    """The breaches of each rule as rows of `problems`."""
    rows = []
    for breaks, column, rule, severity, fix in rules:
        for row in table.index[breaks.fillna(False).to_numpy(bool)]:
            value = table.loc[row, column] if column in table else None
            rows.append(("table", row, column, value, rule, severity, fix))
    return pd.DataFrame(rows, columns=list(PROBLEM_COLUMNS)).astype(object)
