"""One simulated trial in eight shapes that files come in, written for the tests of recipes."""

import numpy as np
import openpyxl
import pandas as pd
import pyreadstat

import ketamine_analysis as ka

HOURS = [24.0, 168.0, 336.0, 672.0]
VISITS = {0.0: "Baseline", 24.0: "Day 2", 168.0: "Week 1", 336.0: "Week 2", 672.0: "Week 4"}
CODES = {"ketamine": 1.0, "midazolam": 2.0, "sertraline": 3.0}
ARM_LABELS = {1: "Ketamine 0.5 mg/kg", 2: "Midazolam", 3: "Sertraline"}


def trial(n_per_arm=12, seed=7):
    """The scores every shape below holds."""
    return ka.simulate_trial(n_per_arm=n_per_arm, seed=seed, hours=HOURS)


def wide_spss(path, scores):
    """A column per visit, arm codes with labels, -9 declared missing."""
    wide = scores.pivot_table(index="subject", columns="hours", values="score", sort=False).reset_index()
    wide.columns = [
        "PATID",
        *("MADRS_" + {"Baseline": "BL", "Day 2": "D2"}.get(v, v.replace("eek ", "")) for v in VISITS.values()),
    ]
    arm = scores.drop_duplicates("subject").set_index("subject")["arm"].map(CODES)
    wide.insert(1, "GROUP", wide["PATID"].map(arm))
    columns = [name for name in wide if name.startswith("MADRS")]
    wide[columns] = wide[columns].fillna(-9.0)
    pyreadstat.write_sav(
        wide, path, variable_value_labels={"GROUP": ARM_LABELS}, missing_ranges={name: [-9] for name in columns},
        column_labels={"PATID": "Patient", "GROUP": "Randomised group"},
    )  # fmt: skip


def long_stata(path, scores):
    """A row per visit, time in days, arm codes with labels, .a for a missed visit."""
    table = pd.DataFrame({
        "id": scores["subject"], "trt": scores["arm"].map(CODES), "day": scores["hours"] / 24,
        "madrs": scores["score"].astype(object).where(scores["score"].notna(), "a"),
    })  # fmt: skip
    pyreadstat.write_dta(table, path, variable_value_labels={"trt": ARM_LABELS}, missing_user_values={"madrs": ["a"]},
                         column_labels={"madrs": "MADRS total score"})  # fmt: skip


def adam_xpt(path, scores):
    """ADaM's basic data structure (ADQS) as SAS transport, version 5, with a second parameter and derived rows."""
    rows = pd.DataFrame({
        "STUDYID": "SIM01", "USUBJID": "SIM01-" + scores["subject"], "TRT01P": scores["arm"].map({1: "", **{a: ARM_LABELS[int(c)] for a, c in CODES.items()}}),
        "PARAMCD": "MADRS", "PARAM": "MADRS total", "AVISIT": scores["hours"].map(VISITS),
        "AVISITN": scores["hours"].map({hours: float(i) for i, hours in enumerate(VISITS)}),
        "ADY": scores["hours"] / 24 + 1, "AVAL": scores["score"], "DTYPE": "",
    })  # fmt: skip
    base = rows[rows["AVISIT"] == "Baseline"].set_index("USUBJID")["AVAL"]
    rows["BASE"] = rows["USUBJID"].map(base)
    rows["CHG"] = rows["AVAL"] - rows["BASE"]
    other = rows.assign(PARAMCD="CGIS", PARAM="CGI severity", AVAL=4.0)
    derived = rows[rows["AVISIT"] == "Week 4"].assign(DTYPE="LOCF")
    pyreadstat.write_xport(pd.concat([rows, other, derived]), path, file_format_version=5, table_name="ADQS")


def item_excel(path, scores):
    """MADRS1 … MADRS10 on a second sheet, a row per visit."""
    rng = np.random.default_rng(1)
    book = openpyxl.Workbook()
    book.active.title = "Read me"
    sheet = book.create_sheet("Ratings")
    sheet.append(["Patient ID", "Treatment", "Visit", *(f"MADRS{i}" for i in range(1, 11))])
    for row in scores.to_dict("records"):
        items = [None] * 10 if np.isnan(row["score"]) else _items(int(row["score"]), rng)
        sheet.append([row["subject"], row["arm"], VISITS[row["hours"]], *items])
    book.save(path)


def _items(total, rng):
    items = np.zeros(10, int)
    while items.sum() < total:
        items[rng.choice(np.flatnonzero(items < 6))] += 1
    return items.tolist()


def dated_csv(path, scores):
    """German export: semicolons, dates of visits and of first dose, 99 for a missed visit."""
    start = pd.Timestamp("2024-03-04 09:00")
    table = pd.DataFrame({
        "PatNr": scores["subject"], "Gruppe": scores["arm"], "RandDate": start.strftime("%d.%m.%Y %H:%M"),
        "VisitDate": (start + pd.to_timedelta(scores["hours"], unit="h")).dt.strftime("%d.%m.%Y %H:%M"),
        "HAMD17": scores["score"].clip(upper=52).fillna(99).astype(int),
    })  # fmt: skip
    table.to_csv(path, index=False, sep=";", encoding="utf-16")


def redcap_csv(path, scores):
    """REDCap export: events, the arm only at baseline."""
    events = {hours: label.lower().replace(" ", "_") + "_arm_1" for hours, label in VISITS.items()}
    table = pd.DataFrame({
        "record_id": scores["subject"], "redcap_event_name": scores["hours"].map(events),
        "randomisation": scores["arm"].where(scores["hours"] == 0), "madrs_total": scores["score"],
    })  # fmt: skip
    table.to_csv(path, index=False)


def change_parquet(path, scores):
    """Change from baseline and the baseline, no score."""
    base = scores[scores["hours"] == 0].set_index("subject")["score"]
    later = scores[scores["hours"] > 0]
    table = pd.DataFrame({
        "subject": later["subject"], "arm": later["arm"], "week": later["hours"] / 168,
        "change": later["score"] - later["subject"].map(base), "baseline": later["subject"].map(base),
        "scale": "MADRS",
    })  # fmt: skip
    table.to_parquet(path)


def metapsy_csv(path, scores):
    """Metapsy's convention: two arms a row; the midazolam arm stands beside both others."""
    arms = ka.summarize_arms(ka.derive_outcomes(scores), outcomes=["score"])
    control = arms[arms["arm"] == "midazolam"].set_index("hours")
    rows = []
    for row in arms[arms["arm"] != "midazolam"].to_dict("records"):
        other = control.loc[row["hours"]]
        rows.append({
            "study": "Simulated, 2024", "condition_arm1": row["arm"], "condition_arm2": "midazolam", "multi_arm1": None,
            "outcome_type": "msd", "instrument": "MADRS", "time_weeks": row["hours"] / 168, "mean_arm1": row["mean"],
            "mean_arm2": other["mean"], "sd_arm1": row["sd"], "sd_arm2": other["sd"], "n_arm1": row["n"], "n_arm2": other["n"],
        })  # fmt: skip
    pd.DataFrame(rows).to_csv(path, index=False)


SHAPES = {
    "wide.sav": wide_spss, "long.dta": long_stata, "adqs.xpt": adam_xpt, "items.xlsx": item_excel, "dated.csv": dated_csv,
    "redcap.csv": redcap_csv, "change.parquet": change_parquet, "metapsy.csv": metapsy_csv,
}  # fmt: skip
