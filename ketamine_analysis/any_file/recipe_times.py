"""Visits, dates and columns of times to hours since first dose, as the recipe says."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ..errors import DatasetError, nearest, one_problem, problem_table
from ..reading.raw_tables import as_word, in_hours
from ..reading.visits import DROP, with_study_days
from .recipe import Recipe

NEAR = np.log(1.5)  # a look counts for a nominal time within a factor of 1.5


def with_hours(frame: pd.DataFrame, recipe: Recipe) -> tuple[pd.DataFrame, list[str]]:
    """The rows with `hours` since first dose, from visits, dates or a column of times; and notes on nominal times.

    With [time] nominal each row takes the nearest of these hours, within a factor of 1.5; its own stay in
    `actual_hours`. Rows near none, and the farther of two on one nominal time, are left out and counted in a note.
    """
    frame = _since_first_dose(_hours(frame, recipe), recipe)
    nominal = recipe.time.get("nominal")
    return _on_nominal_times(frame, np.array(sorted(nominal), float)) if nominal else (frame, [])


def _hours(frame: pd.DataFrame, recipe: Recipe) -> pd.DataFrame:
    if recipe.visits or ("visit" in frame and "hours" not in frame and "date" not in frame):
        return _hours_of_visits(frame, recipe)
    if "date" in frame:
        return _hours_of_dates(frame, recipe)
    if "hours" not in frame:
        return frame.assign(hours=float(recipe.time["hours"])) if "hours" in recipe.time else frame
    unit, zero = recipe.time.get("unit", "hours"), float(recipe.time.get("first_dose", 0))
    if unit == "study_days":
        return with_study_days(frame, recipe.file.name)
    number = pd.to_numeric(frame["hours"], errors="coerce").astype(float)
    return frame.assign(hours=frame["hours"].where(number.isna(), in_hours(number - zero, unit)))


def _since_first_dose(frame: pd.DataFrame, recipe: Recipe) -> pd.DataFrame:
    """Hours that are counted from one dose of several, plus the hours of that dose since the first."""
    if not recipe.doses:
        return frame
    if "dose" not in frame or "hours" not in frame:
        fix = "[doses] is given: name the columns of the dose and of the time since it, [columns] dose = …, hours = …"
        raise one_problem(recipe.source.name, "column present", fix, "dose" if "dose" not in frame else "hours")
    labels = frame["dose"].map(as_word, na_action="ignore")
    unknown = labels[~labels.isin(list(recipe.doses))]
    if len(unknown):
        rows = [(frame["_line"][i], "dose", labels[i], "a dose with known hours", f"say its hours since the first: "
                 f"[doses] {labels[i]} = …") for i in unknown.index]  # fmt: skip
        raise DatasetError(problem_table(recipe.file.name, rows))
    after = pd.to_numeric(frame["hours"], errors="coerce")
    return frame.assign(hours=frame["hours"].where(after.isna(), after + labels.map(dict(recipe.doses))))


def _hours_of_visits(frame: pd.DataFrame, recipe: Recipe) -> pd.DataFrame:
    if "visit" not in frame:
        fix = "[visits] is given: name the column of visits, [columns] visit = …"
        raise one_problem(recipe.source.name, "column present", fix, "visit")
    labels = {str(label).strip() for label in frame["visit"].dropna()}
    unknown = [label for label in sorted(labels) if label not in recipe.visits]
    idle = [label for label in recipe.visits if label not in labels]
    rows: list[tuple] = [
        (None, f"visits.{one}", None, "a visit of the file", f"no row has it{nearest(one, labels)}") for one in idle
    ]
    rows += [
        (None, "visits", one, "a visit with known hours", f"say its hours since first dose: {one!r} = …")
        for one in unknown
    ]
    if rows:
        raise DatasetError(problem_table(recipe.source.name, rows))
    moment = frame["visit"].map(dict(recipe.visits))
    frame = frame[moment.astype(object) != DROP]
    return frame.assign(hours=pd.to_numeric(moment[frame.index])).reset_index(drop=True)


def _hours_of_dates(frame: pd.DataFrame, recipe: Recipe) -> pd.DataFrame:
    if "start" not in frame:
        fix = "dates need the date of first dose: [columns] start = …"
        raise one_problem(recipe.source.name, "column present", fix, "start")
    times = {name: _dates(frame[name], name, frame["_line"], recipe) for name in ("date", "start")}
    hours = (times["date"] - times["start"]) / pd.Timedelta(hours=1)
    return frame.assign(hours=hours).drop(columns=["date", "start"])


def _dates(values: pd.Series, name: str, lines: pd.Series, recipe: Recipe) -> pd.Series:
    """Dates as moments; a text date is ISO (2021-03-04) unless the recipe gives its format."""
    form = recipe.date_format or "ISO8601"
    text = values.map(lambda one: one if isinstance(one, str) else one.isoformat(), na_action="ignore")
    plain = values.map(lambda one: isinstance(one, str)) & (recipe.date_format is not None)
    try:
        moments = pd.to_datetime(text.where(plain), format=form, errors="coerce")
    except ValueError as error:
        raise one_problem(recipe.source.name, "a date format", str(error), "date_format", recipe.date_format) from None
    moments = moments.where(plain, pd.to_datetime(text.where(~plain), format="ISO8601", errors="coerce"))
    bad = moments.isna() & values.notna()
    if bad.any():
        fix = f"read as {form}: write dates as 2021-03-04, or say date_format = '%d.%m.%Y'"
        rows = [(lines[i], name, values[i], "a date of one format", fix) for i in values.index[bad]]
        raise DatasetError(problem_table(recipe.file.name, rows))
    return moments


def _on_nominal_times(frame: pd.DataFrame, nominal: np.ndarray) -> tuple[pd.DataFrame, list[str]]:
    hours = pd.to_numeric(frame["hours"], errors="coerce").to_numpy(float)
    before, after = nominal[nominal <= 0], nominal[nominal > 0]
    chosen, distance = np.full(len(hours), np.nan), np.full(len(hours), np.inf)
    for time in before:  # before the first dose the nearest in hours
        near = (hours <= 0) & (np.abs(hours - time) < distance)
        chosen[near], distance[near] = time, np.abs(hours - time)[near]
    for time in after:  # after it the nearest by ratio
        ratio = np.abs(np.log(np.where(hours > 0, hours, np.nan) / time))
        near = (ratio <= NEAR) & (ratio < distance)
        chosen[near], distance[near] = time, ratio[near]
    rows = frame.assign(actual_hours=hours, hours=chosen, _distance=distance)
    far = rows["hours"].isna() & np.isfinite(hours)
    kept = rows[~far].sort_values("_distance", kind="stable")
    key = [name for name in ("study", "subject", "scale", "period", "hours") if name in kept]
    twice = kept.duplicated(key) & kept["hours"].notna()
    notes = [f"hours taken to the nominal {', '.join(f'{time:g}' for time in nominal)}"]
    notes += [f"{int(far.sum())} rows lie near none of them and are left out"] if far.any() else []
    notes += [f"{int(twice.sum())} rows are the farther of two on one nominal time and left out"] if twice.any() else []
    return kept[~twice].sort_index().drop(columns="_distance").reset_index(drop=True), notes
