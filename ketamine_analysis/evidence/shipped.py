"""The published results the project ships, as the library's tables, with where each figure comes from."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from ..reading.checks import ARM_TRAITS
from .codebook import codebook, evidence_folder
from .printed import with_their_arms

TABLES = ("arms", "adverse_events", "effects", "durability", "trials", "risk_of_bias", "quotes")
RENAMED = {
    "trial_id": "study",
    "arm_id": "arm",
    "control_arm_id": "control_arm",
    "se": "std_error",
    "ci_low": "conf_low",
    "ci_high": "conf_high",
    "effect_measure": "measure",
    "source_url": "source",
}
LEADING = (
    "study",
    "label",
    "year",
    "arm",
    *ARM_TRAITS,
    "hours",
    "scale",
    "outcome",
    "definition",
    "timing",
    "analysis",
    "n",
    "events",
    "percent",
    "mean",
    "sd",
    "std_error",
    "conf_low",
    "conf_high",
    "design",
    "blinding",
    "condition",
    "population",
    "background",
    "schedule",
    "n_doses",
    "basis",
    "use",
    "reason",
    "preferred",
    "locator",
    "source",
)


def load_evidence(table: str = "arms", *, folder: str | Path | None = None, version: int | None = None) -> pd.DataFrame:
    """The shipped published results: every outcome row as `arms`, or another of the tables.

    table : "arms" (1 971 outcome rows joined to their arm and trial: all of them, also those not for
        pooling; see `default_pool`), "adverse_events" (joined likewise), "effects" (contrasts as printed, signs
        included: read `favours_drug` and `unit`; with the words of their arms and trials), "durability", "trials",
        "risk_of_bias" (what trials print of their own; see `with_risk_of_bias`) or "quotes" (the words that rows were
        read from: every row since version 3).
    folder : another folder with the same CSV files; default the shipped `data/evidence`.
    version : only what was here in that version of the evidence (`evidence_history`); default the newest.
    Column meanings: `data/evidence/datapackage.json`. Raises ValueError for an unknown table.

    >>> load_evidence().shape[0]
    1971
    """
    if table not in TABLES:
        raise ValueError(f"table {table!r} is unknown: use one of {list(TABLES)}")
    where = evidence_folder(folder)

    def read(name: str) -> pd.DataFrame:
        rows = _read(where / f"{name}.csv")
        return rows if version is None or "added" not in rows else rows[rows["added"] <= version].reset_index(drop=True)

    if table not in ("arms", "adverse_events", "effects"):
        return read(table)
    arms, trials = read("arms").drop(columns="added"), read("trials").drop(columns="added")
    if table == "effects":
        return with_their_arms(read("effects"), arms, trials, read("outcomes"))
    rows = read("outcomes" if table == "arms" else "adverse_events").merge(
        arms, on=["study", "arm"], how="left", validate="many_to_one"
    )
    trials = trials.rename(columns={"n_randomised": "trial_n_randomised"})
    rows = rows.merge(trials, on="study", how="left", validate="many_to_one")
    if table == "adverse_events":
        return rows
    return rows[[*LEADING, *(name for name in rows if name not in LEADING)]]


def default_pool(arms: pd.DataFrame, *, condition: str = "depression", rest: bool = False) -> pd.DataFrame:
    """The rows meant for the default analyses of one condition (depression): use pool, preferred yes.

    One row per trial, arm, time and outcome remains (1 248 rows of 246 trials in the shipped evidence).
    condition : "depression", "anxiety", "ptsd" or "chronic_pain". rest : True gives all other rows instead, each with
        a `reason`.
    A table without one of the three columns (your own trial) is not filtered by it.

    >>> default_pool(load_evidence()).shape[0], default_pool(load_evidence(), rest=True).shape[0]
    (1248, 723)
    """
    reason = pd.Series("", index=arms.index, dtype=object)
    if "preferred" in arms:
        reason[arms["preferred"] == "no"] = "another analysis of the same arm and time is preferred"
    if "use" in arms:
        not_pooled = arms["use"].isin(["context", "exclude"])
        reason[not_pooled] = arms["use"] + ": " + arms["reason"].fillna("no reason given")
    if "condition" in arms:
        other = arms["condition"].notna() & (arms["condition"] != condition)
        reason[other] = "condition is " + arms["condition"]
    if not rest:
        return arms[reason == ""].reset_index(drop=True)
    return arms.assign(reason=reason)[reason != ""].reset_index(drop=True)


def published_contrasts(study: str, *, measure: str, outcome: str = "response") -> pd.DataFrame:
    """Contrasts as others published them, in this library's words and units, to be drawn beside a result of ours.

    study : such as "taylor2006_pool". measure : "risk_difference" (as a share), "log_risk_ratio", "log_odds_ratio" or
        "mean_difference". Rows whose printed sign does not say that above none favours the drug are left out.
    Columns: `label, study, arm, hours, outcome, measure, estimate, conf_low, conf_high, locator, source`; limits are
    missing where none were printed. Raises ValueError where nothing fits.

    >>> published_contrasts("taylor2006_pool", measure="risk_difference")["estimate"].tolist()
    [0.04, 0.1, 0.09, 0.11, 0.11, 0.12]
    """
    printed = {"risk_difference": "RD", "log_risk_ratio": "RR", "log_odds_ratio": "OR", "mean_difference": "MD"}
    if measure not in printed:
        raise ValueError(f"measure {measure!r} is unknown: use one of {list(printed)}")
    table = load_evidence("effects")
    usual = {"RD": "positive", "MD": "negative"}.get(printed[measure], "above_1")
    fits = (table["study"] == study) & (table["measure"] == printed[measure]) & (table["outcome"] == outcome)
    rows = table[fits & (table["favours_drug"] == usual)].reset_index(drop=True)
    if rows.empty:
        raise ValueError(f"no published {measure} of {outcome} from {study!r} is here")
    numbers = rows[["estimate", "conf_low", "conf_high"]]
    points = np.where(rows["unit"] == "percentage points", 100.0, 1.0)
    shown = np.log(numbers) if printed[measure] in ("RR", "OR") else numbers.div(points, axis=0)
    name = re.sub(r"(?<=[a-z])(?=\d)", " ", study.removesuffix("_pool").capitalize())
    label = f"{name} (published pool)"
    keep = rows[["study", "arm", "hours", "outcome", "locator", "source"]].assign(measure=measure, label=label)
    return keep.join(shown)


# what no shipped trial has and yours may: such controls are contrasted only where they are named
OTHER_WORDS = {
    "treatment_class": ("psychological", "stimulation", "psychedelic"),
    "control_kind": (
        "usual_care", "waiting_list", "no_treatment", "psychotherapy", "sham_stimulation", "another_dose",
    ),
}  # fmt: skip


@cache
def arm_words(name: str) -> tuple[str, ...]:
    """The allowed words of `treatment_class`, `control_kind`, `route` …: the evidence's codebook's, and others."""
    package = codebook(evidence_folder())
    fields = {one["name"]: one for table in package["resources"] for one in table["schema"]["fields"]}
    known = tuple(fields[name].get("constraints", {}).get("enum", ())) if name in fields else ()
    return known + OTHER_WORDS.get(name, ())


def _read(path: Path) -> pd.DataFrame:
    text = ("pmid", "doi", "registry", "p_value", "dose", "reason", "notes")
    kinds = "str" if path.name == "quotes.csv" else dict.fromkeys(text, "str")
    return pd.read_csv(path, dtype=kinds).rename(columns=RENAMED)
