"""The new recipe of a file of patients: scale, layout, items, visits or times, arms."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from ..reading.column_names import squeezed
from ..reading.visits import ASK, DROP
from .recipe_of_scores import numeric_or_words, plan_scale, plan_score
from .recipe_plan import ALL, MANY, Plan, plan_arms, plan_missing, plan_unit
from .recognise import GUESS, LIKELY, SURE, Guess, guess_date_format, guess_scale, guess_visits, spellings, words_of
from .recognise_arms import drug_words, guess_arms
from .recognise_wide import WideColumn, guess_items, guess_wide, items_by_visit, visit_in, wide_by_stem

OFTEN = 0.5  # share of rows
FEW = 6  # groups of patients
YES_NO = {"yes", "no", "y", "n", "true", "false", "ja", "nein", "oui", "non", "si", "sí", "sim", "0", "1"}
_LEFT = ("n", "events", "percent", "mean", "sd", "source", "use", "reason", "label", "outcome", "year")


def plan_patients(plan: Plan, path: Path, kind: str) -> None:
    """Fills the plan for a file of patients' scores."""
    raw, columns = plan.raw, plan.columns
    why = f"the columns follow {kind}" if kind else "one row a patient or visit"
    plan.top["grain"] = Guess("patients", SURE if kind else LIKELY, why)
    _plan_instrument(plan)
    said = [raw.column_labels.get(name, "") for name in raw.frame.columns if name != "_line"]
    told = guess_wide([name for name in raw.frame.columns if name != "_line"])
    numbers = [name for name in raw.frame.columns if name != "_line" and _numeric(raw.frame[name])]
    told = told or wide_by_stem([str(name) for name in numbers])
    if "study" not in columns:
        plan.top["study"] = Guess(path.stem, LIKELY, "the file's name; no column names the study")
    plan_scale(plan, [*told, *said, *map(str, raw.frame.columns), path.stem], kind)
    scale = plan.top["scale"].value if "scale" in plan.top else ""
    items = items_by_visit(guess_items(told, scale))
    visits = {column: one for column, one in told.items() if one.visit is not None}
    numbered = {
        column: WideColumn(one.stem, None, f"v{one.item}") for column, one in told.items() if one.item is not None
    }
    if len({one.visit for one in visits.values()} | {visit for _, visit in items if visit is not None}) > 1:
        _plan_wide(plan, told, items)
    elif len(numbered) > 1 and not items and not {"hours", "visit", "date"} & set(columns):
        _plan_wide(plan, numbered, {})  # MADRS0, MADRS1 …: visits, and only a person knows when
    else:
        plan.top["layout"] = Guess("long", LIKELY, "one row a patient and visit")
        _plan_long(plan, items, told)
    columns = plan.columns
    _plan_change(plan, told)
    _plan_doses(plan)
    arm = columns.get("arm")
    _plan_once(plan)
    if arm is not None and not ({"role", "treatment_class"} <= set(columns)):
        plan_arms(plan, spellings(raw, arm.value), "arm")
    plan.columns = {name: guess for name, guess in columns.items() if name not in _LEFT}
    _doubt_subject(plan)
    _plan_subject(plan)
    if "arm" not in columns:
        _plan_one_group(plan, path)


def _plan_instrument(plan: Plan) -> None:
    """REDCap's repeated forms: only the rows of the form with the scores; without dates its number is the visit."""
    frame, columns = plan.raw.frame, plan.columns
    form, number = "redcap_repeat_instrument", "redcap_repeat_instance"
    if form not in frame or frame[form].isna().all():
        return
    scored = [name for name in frame.columns if guess_scale([name]) and name not in (form, number)]
    counts = frame[frame[scored].notna().any(axis=1) if scored else frame[form].notna()][form].value_counts()
    if counts.empty:
        return
    plan.tables["filter"] = {form: Guess([str(counts.index[0])], LIKELY, "the repeated form that holds the scores")}
    dated = [
        name
        for name in frame.columns
        if "date" in squeezed(name) and frame.loc[frame[form].notna(), name].notna().any()
    ]
    if "date" not in columns and len(dated) == 1:
        columns["date"] = Guess(dated[0], LIKELY, "the only date of the repeated form")
    if "date" in columns and "start" in columns:
        columns.pop("visit", None)
    elif number in frame:
        columns["visit"] = Guess(number, LIKELY, "the number of the repeated form")


def _plan_change(plan: Plan, told: Mapping[str, WideColumn]) -> None:
    """A column of changes: its baseline, its sign, and when it was measured, where its name or another column tells."""
    columns, change = plan.columns, plan.columns.get("change")
    if change is None or "score" in columns or plan.top["layout"].value == "wide" or "scores" in plan.tables:
        columns.pop("change", None)
        return
    before = [name for name, one in told.items() if one.visit and guess_visits([one.visit])[one.visit].value == 0]
    if "baseline" not in columns and len(before) == 1:
        columns["baseline"] = Guess(before[0], LIKELY, "the scale before treatment")
    values = pd.to_numeric(plan.raw.frame[change.value], errors="coerce").dropna()
    if len(values) and values.median() > 0:
        words = "most are positive: a better score (baseline_minus_score) or a worse one (score_minus_baseline)?"
        better = re.search("improve|reduc", str(change.value).casefold()) is not None
        plan.top["change_is"] = Guess("baseline_minus_score" if better else "?", GUESS, words)
        plan.doubts.append("change_is")
    if columns.get("visit", change).value == "?":
        visit = visit_in(str(change.value))
        moment = guess_visits([visit])[visit] if visit else Guess(ASK, GUESS, "how many hours after the first dose?")
        known = isinstance(moment.value, (int, float))
        why = f"{change.value!r} says so" if known else "how many hours after the first dose was it measured?"
        plan.tables["time"] = {"hours": Guess(moment.value if known else "?", LIKELY if known else GUESS, why)}
        columns.pop("visit")
        plan.doubts = [one for one in plan.doubts if one != "visit"] + ["time"]


def _plan_once(plan: Plan) -> None:
    """What stands on one of a patient's rows only: the arm, the date of first dose."""
    columns, frame = plan.columns, plan.raw.frame
    once = [name for name in ("arm", "start") if name in columns and frame[columns[name].value].isna().any()]
    if once and "subject" in columns:
        words = " and ".join(columns[name].value for name in once)
        plan.top["once_per_subject"] = Guess(once, LIKELY, f"{words} blank on some rows")


def _plan_doses(plan: Plan) -> None:
    """Times that are counted anew from each dose: when each dose was given, which only a person knows."""
    dose, subject, when = (plan.columns.get(name) for name in ("dose", "subject", "hours"))
    visit = plan.columns.get("visit")
    time = when or visit
    if dose is None or subject is None or time is None or "hours" not in plan.columns and "visits" not in plan.tables:
        plan.columns.pop("dose", None)
        return
    labels = words_of(plan.raw, dose.value)
    again = plan.raw.frame.duplicated([subject.value, time.value], keep=False).any()
    if len(labels) < 2 or len(labels) > MANY or not again:
        plan.columns.pop("dose", None)
        return
    first = min(labels, key=lambda one: (len(one), one))
    plan.tables["doses"] = {
        one: Guess(0, LIKELY, "the first dose") if one == first else Guess("?", GUESS, "hours since the first dose?")
        for one in labels
    }
    plan.doubts.append("doses")


def _plan_subject(plan: Plan) -> None:
    """Who the patients are, where no column is called so: a column without repeats; in a wide file each row is one."""
    if "subject" in plan.columns:
        return
    alone = _without_repeats(plan)
    if alone is not None:
        plan.columns["subject"] = Guess(alone, GUESS, "no value stands twice")
        plan.doubts.append("subject")
    elif plan.top["layout"].value == "wide":
        plan.notes.append("no column names the patients: each row is read as one, called by its number in the file")
    else:
        plan.columns["subject"] = Guess(
            "?", GUESS, "no column looks like it, and several rows are one patient: name it"
        )
        plan.doubts.append("subject")


def _plan_one_group(plan: Plan, path: Path) -> None:
    """No column is called an arm: one that tells groups of patients apart is asked about, else all are one group."""
    groups = _groups(plan)
    if groups:
        words = f"is it {' or '.join(groups[:4])}? one group? then remove this line and write [arms] all = {{ … }}"
        plan.columns["arm"] = Guess("?", GUESS, words)
        plan.doubts.append("arm")
        return
    named = [word for word in re.findall(r"[a-z]{3,}", path.stem.casefold()) if word in drug_words()]
    told = guess_arms(named[:1])[named[0]].value if named else {"treatment": "?", "role": "active"}
    words = "the file's name" if named else "what were they given?"
    plan.tables["arms"] = {ALL: Guess(told, GUESS, f"one group: no column tells arms apart; {words}")}
    plan.doubts.append("arms")


def _groups(plan: Plan) -> list[str]:
    """Columns of a few values that stay the same for a patient and are not read as anything else."""
    read = {*plan.tables.get("wide", {}), *(str(one.value) for one in plan.columns.values()), "_line"}
    subject = plan.columns.get("subject")
    frame = plan.raw.frame
    found = []
    for name in (name for name in frame.columns if name not in read):
        values = frame[name].dropna().astype(str)
        if not 2 <= values.nunique() <= FEW or len(values) < 2 * values.nunique() or _answers(values):
            continue
        person = frame[subject.value] if subject is not None and subject.value in frame else frame["_line"]
        if values.groupby(person.reindex(values.index)).nunique().max() == 1:
            found.append(str(name))
    return found


def _numeric(values: pd.Series) -> bool:
    return pd.api.types.is_numeric_dtype(numeric_or_words(values))


def _answers(values: pd.Series) -> bool:
    """A column of yes and no: a co-medication, a history, no arm."""
    return set(values.str.strip().str.casefold()) <= YES_NO


def _doubt_subject(plan: Plan) -> None:
    """A column of patients that stands several times at most of its times may be the study or the site: asked."""
    subject = plan.columns.get("subject")
    told = [name for name in ("visit", "hours", "date", "scale", "period", "dose") if name in plan.columns]
    when = [plan.columns[name].value for name in told]
    one_scale = ("PARAMCD", "PARAM", *plan.tables.get("filter", {}))
    place = [name for name in (*one_scale, "study", *when) if name in plan.raw.frame]
    if subject is None or subject.confidence == SURE or not set(when) & set(plan.raw.frame.columns):
        return
    if (
        subject.value in plan.raw.frame
        and plan.raw.frame.duplicated([subject.value, *place], keep=False).mean() > OFTEN
    ):
        words = (
            f"{subject.value} stands several times at one time: is it the study or the site, and who are the patients?"
        )
        plan.columns["subject"] = Guess("?", GUESS, words)
        plan.doubts.append("subject")


def _without_repeats(plan: Plan) -> str | None:
    """In a wide file the only column that is not read yet and could name the patients: no blank, no value twice."""
    if plan.top["layout"].value != "wide":
        return None
    read = {*plan.tables.get("wide", {}), *(str(one.value) for one in plan.columns.values()), "_line"}
    free = [name for name in plan.raw.frame.columns if name not in read]
    alone = [name for name in free if plan.raw.frame[name].notna().all() and plan.raw.frame[name].is_unique]
    return str(alone[0]) if len(alone) == 1 else None


def _plan_wide(plan: Plan, told: Mapping[str, Any], items: Mapping[tuple[str, str | None], list[str]]) -> None:
    plan.top["layout"] = Guess("wide", LIKELY, "column names hold a scale and a visit")
    summed = {f"{stem}_{visit}": columns for (stem, visit), columns in items.items() if visit is not None}
    if summed:
        plan.tables["items"] = {name: Guess(columns, LIKELY, "its items") for name, columns in summed.items()}
    names = {name: name.rsplit("_", 1)[1] for name in summed}
    names |= {column: one.visit for column, one in told.items() if one.visit is not None and one.item is None}
    hours = guess_visits(list(dict.fromkeys(names.values())))
    if sum(moment.value != DROP for moment in hours.values()) < 2:  # baseline and endpoint: the endpoint is wanted
        hours = {visit: Guess(ASK, GUESS, "when was it?") if moment.value == DROP else moment
                 for visit, moment in hours.items()}  # fmt: skip
    wide: dict[str, Guess] = {}
    for name, visit in names.items():
        moment = hours[visit]
        stem = told[name].stem if name in told else name
        scale = guess_scale([stem])
        if scale is not None and (plan.top.get("scale") is None or scale.value != plan.top["scale"].value):
            moment = Guess({"hours": moment.value, "scale": scale.value}, moment.confidence, moment.evidence)
        wide[name] = moment
        plan.columns = {key: one for key, one in plan.columns.items() if one.value != name}
    plan.tables["wide"] = wide
    plan_missing(plan, [*wide, *(one for columns in summed.values() for one in columns)])
    for name in ("hours", "visit", "score", "baseline", "change", "date"):
        plan.columns.pop(name, None)
    plan.doubts.append("wide")


def _plan_long(plan: Plan, items: Mapping[tuple[str, str | None], list[str]], told: Mapping[str, Any]) -> None:
    columns, raw = plan.columns, plan.raw
    plan_score(plan, items, told)
    if "score" in columns:
        columns.pop("change", None)
    when = columns.get("hours")
    if when is not None and "visit" not in columns and not _numeric(raw.frame[when.value]):
        columns["visit"] = columns.pop("hours")  # a column called time that holds labels
    visit = columns.get("visit")
    labels = words_of(raw, visit.value) if visit else []
    own_hours = "hours" in columns and columns["hours"].confidence == SURE
    if visit and labels and len(labels) <= MANY and not own_hours:
        plan.tables["visits"] = guess_visits(labels)
        columns.pop("hours", None)
        columns.pop("date", None)
        columns.pop("start", None)
        if any(isinstance(one.value, float) and one.value <= 0 for one in plan.tables["visits"].values()):
            columns.pop("baseline", None)
        plan.doubts.append("visits")
        return
    columns.pop("visit", None)
    if "hours" in columns:
        columns.pop("date", None)
        columns.pop("start", None)
        plan_unit(plan)
        numbers = pd.to_numeric(raw.frame[columns["hours"].value], errors="coerce")
        first = 1 if plan.tables.get("time", {}).get("unit", Guess("", SURE, "")).value == "study_days" else 0
        if (numbers <= first).any():
            columns.pop("baseline", None)
    elif "date" in columns and "start" in columns:
        form = guess_date_format(pd.concat([raw.frame[columns[name].value] for name in ("date", "start")]))
        if form is not None:
            plan.top["date_format"] = form
        plan.doubts.append("time")
    else:
        columns["visit"] = Guess("?", GUESS, "no column looks like a time or visit: name it")
        plan.doubts.append("visit")
