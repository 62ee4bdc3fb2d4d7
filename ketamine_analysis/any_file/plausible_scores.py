"""Doubts about a `scores` table: one function a rule, True for each row that is doubted."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from ..outcomes.scales import SCALES
from ..words import groups, looked_up

CODES = (88.0, 99.0, 888.0, 999.0, 9999.0)
DENORMAL = 1e-30
ASCENDING = 0.7  # share of steps forward in time above which the order of rows means something
PREFERENCE, PREFERENCE_ROWS = 0.36, 100  # share of multiples of five (0.2 by chance) and rows needed to tell
WEEKLY = {6.0, 8.0, 10.0, 12.0, 16.0, 24.0, 26.0, 52.0}
WEEKS_IN_DAYS = {7.0, 14.0, 21.0, 28.0, 42.0, 56.0, 84.0}


FOOTER = re.compile(  # SD-001 may be a patient
    r"n\s*[=:]\s*\d+|(mean|average|median|sd|s\.d\.|sum|total|valid n|count)s?\s*([:=(].*)?|\*.*|notes?\s*[:.].*"
)
TOTAL = re.compile(
    r"(sub|grand )?totals?\b.*|overall\b.*|pooled\b.*|summary\b.*|heterogeneity\b.*|test for .*|"
    r"(random|fixed|common)[ -]effects?\b.*|"
    r"re model\b.*|fe model\b.*|all (studies|trials)\b.*|gesamt\b.*"
)


def footer(table: pd.DataFrame) -> pd.Series:
    """A patient called "N = 54", "Mean", "SD": a line below the table."""
    return _called(table["subject"], FOOTER)


def total_row(table: pd.DataFrame) -> pd.Series:
    """A trial called "Total (95% CI)", "Overall", "Heterogeneity": a line of the meta-analysis itself."""
    return _called(table["study"], TOTAL)


def _called(names: pd.Series, pattern: re.Pattern[str]) -> pd.Series:
    different = {one for one in names.dropna().unique() if pattern.fullmatch(str(one).strip().casefold())}
    return names.isin(different)


def span(table: pd.DataFrame) -> pd.Series:
    """The range of each row's scale in points, missing for an unknown scale."""
    return looked_up(table["scale"], {name: one.maximum - one.minimum for name, one in SCALES.items()})


def _none(table: pd.DataFrame) -> pd.Series:
    return pd.Series(False, index=table.index)


def _first(table: pd.DataFrame, doubted: bool) -> pd.Series:
    """A doubt about the whole table stands at its first row."""
    return pd.Series(np.arange(len(table)) == (0 if doubted else -1), index=table.index)


def sentinel(table: pd.DataFrame) -> pd.Series:
    """A code such as 99 within the scale's range, far (a fifth of the range) above every other score of its scale."""
    doubts = _none(table)
    for scale, rows in table.groupby("scale", observed=True)["score"]:
        if scale not in SCALES:
            continue
        one = SCALES[scale]
        coded = rows.isin([code for code in CODES if code <= one.maximum])
        others = rows[~coded]
        if coded.any() and others.notna().any():
            gap = rows - others.max() > 0.2 * (one.maximum - one.minimum)
            doubts.loc[rows.index[coded & gap]] = True
    return doubts


def denormal_score(table: pd.DataFrame) -> pd.Series:
    """Numbers such as 5.4e-79: how some readers turn a blank of a SAS transport file into a number."""
    return (table["score"] != 0) & (table["score"].abs() < DENORMAL)


def denormal_hours(table: pd.DataFrame) -> pd.Series:
    """The same in the column of times."""
    return (table["hours"] != 0) & (table["hours"].abs() < DENORMAL)


def backwards(table: pd.DataFrame) -> pd.Series:
    """A subject's row that lies before the row above it, in a file that otherwise runs forward in time."""
    key = pd.factorize(table["subject"])[0]
    if "scale" in table:
        key = key * 100 + pd.factorize(table["scale"])[0]
    order = np.argsort(key, kind="stable")
    hours, sorted_key = table["hours"].to_numpy()[order], key[order]
    step = np.diff(hours, prepend=np.nan)
    step[np.r_[True, sorted_key[1:] != sorted_key[:-1]]] = np.nan
    back = step < 0
    known = np.isfinite(step).sum()
    doubted = np.zeros(len(table), bool)
    if known and 1 - back.sum() / known >= ASCENDING:
        doubted[order] = back
    return pd.Series(doubted, index=table.index)


def never_after(table: pd.DataFrame) -> pd.Series:
    """No row after the first dose at all: dates or signs are exchanged."""
    return _first(table, bool(table["hours"].notna().any()) and not bool((table["hours"] > 0).any()))


def times_of_their_own(table: pd.DataFrame) -> pd.Series:
    """More than ten different times after first dose, and over twice as many as any subject has: no common visits."""
    later = table[table["hours"] > 0]
    most = np.bincount(groups(later, ["study", "subject", "scale"]), minlength=1).max()
    times = later["hours"].nunique()
    return _first(table, bool(times > 10 and times > 2 * most))


def unit_of_time(table: pd.DataFrame) -> pd.Series:
    """Times that look like days or weeks called hours, or weeks called days."""
    times = table["hours"].dropna().unique()
    later = set(times[times > 0].tolist())
    if len(later) < 3:
        return _none(table)
    days = {time / 24 for time in later}
    as_days = all(time % 1 == 0 for time in later) and max(later) in WEEKS_IN_DAYS
    as_weeks = max(later) in WEEKLY and max(later) <= 16
    days_as_weeks = all(day % 1 == 0 for day in days) and max(days) in WEEKLY and not days & WEEKS_IN_DAYS
    return _first(table, bool(as_days or as_weeks or days_as_weeks))


def duplicated_patient(table: pd.DataFrame) -> pd.Series:
    """A subject with the same four or more scores at the same times, arm, age, sex and site as another subject."""
    known = table["score"].notna() & table["hours"].notna()
    key = [pd.factorize(table[name])[0] for name in ("study", "subject") if name in table]
    subject = key[0].astype("int64") * (1 + max((int(one.max()) for one in key), default=0)) + key[-1]
    scale = pd.factorize(table["scale"])[0]
    same = {name: pd.factorize(table[name])[0] for name in ("arm", "age", "sex", "site") if name in table}
    moment = pd.DataFrame({"hours": table["hours"], "score": table["score"], "scale": scale, **same})
    signed = pd.util.hash_pandas_object(moment, index=False)
    people = pd.DataFrame({"subject": subject, "sign": signed, "score": table["score"]})[known.to_numpy()]
    grouped = people.groupby("subject", sort=False)
    sums = pd.DataFrame({"sign": grouped["sign"].sum(), "n": grouped.size()})
    sums = sums.assign(low=grouped["score"].min(), high=grouped["score"].max())
    sums = sums[(sums["n"] >= 4) & (sums["low"] < sums["high"])]
    twins = sums.index[sums["sign"].duplicated()]
    return pd.Series(np.isin(subject, twins) & ~pd.Series(subject).duplicated().to_numpy(), index=table.index)


def digit_preference(table: pd.DataFrame) -> pd.Series:
    """Scores that end in 0 or 5 far more often than one in five."""
    scores = table["score"][(span(table) >= 40) & (table["score"] > 0) & (table["score"] % 1 == 0)]
    often = len(scores) >= PREFERENCE_ROWS and (scores % 5 == 0).mean() > PREFERENCE
    return _first(table, bool(often))


def below_entry(table: pd.DataFrame) -> pd.Series:
    """A score before the first dose below the trial's entry score, where that is the subject's highest before it."""
    before = table["hours"] <= 0
    if table["_entry"].isna().all() or not before.any():
        return _none(table)
    rows = table[before & table["score"].notna()]
    highest = rows.groupby(["study", "subject"], sort=False)["score"].transform("max")
    low = rows.index[(highest < table["_entry"].iloc[0]) & (rows["score"] == highest)]
    return pd.Series(np.isin(table.index, low), index=table.index)


def rising(table: pd.DataFrame) -> pd.Series:
    """Scores that after the first dose are on average worse than before, by a fiftieth of the scale, in every arm."""
    before, after = table["hours"] <= 0, table["hours"] > 0
    if not (before.any() and after.any()):
        return _none(table)
    worse = looked_up(table["scale"], {name: 1.0 if one.higher_is_worse else -1.0 for name, one in SCALES.items()})
    share = (worse * table["score"] / span(table)).groupby(table["arm"], observed=True)
    means = pd.DataFrame({
        "before": share.apply(lambda rows: rows[before[rows.index]].mean()),
        "after": share.apply(lambda rows: rows[after[rows.index]].mean()),
    }).dropna()  # fmt: skip
    return _first(table, len(means) > 0 and bool((means["after"] - means["before"] > 0.02).all()))
