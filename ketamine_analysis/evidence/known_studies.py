"""Which studies of a dataset the published evidence holds already, so that none is counted twice."""

from __future__ import annotations

import re
from collections.abc import Callable

import pandas as pd

from .shipped import load_evidence

SAME_ARMS = 2  # arms with the very same figures that make two studies one
COUNTED = ("response", "remission")


def known_studies(arms: pd.DataFrame, evidence: pd.DataFrame | None = None) -> pd.DataFrame:
    """The studies of `arms` that are in the evidence: `study, evidence_study, matched_by, same_figures, figures`.

    matched_by : the first that fits of "identifier" (the study's name is the evidence's), "doi", "registry", "pmid",
        "label" (author and year), "figures" (two arms or more with the same treatment, outcome, n and events, and
        at least half of the study's counted arms). same_figures of figures : how many counted rows agree, whatever
        the match: a known study with other figures deserves a look.
    evidence : the table of `load_evidence()`, or another one.

    >>> known_studies(pd.DataFrame({"study": ["zarate2006"], "arm": "ketamine"}))["matched_by"].tolist()
    ['identifier']
    """
    evidence = load_evidence() if evidence is None else evidence
    found: dict[str, tuple[str, str]] = {}
    for way, own, theirs in _keys(arms, evidence):
        joined = own.merge(theirs, on="key").drop_duplicates("study")
        for row in joined.to_dict("records"):
            found.setdefault(row["study"], (row["evidence_study"], way))
    shared = _same_figures(arms, evidence)
    figures = _figures(arms).groupby("study").size()
    for row in shared.to_dict("records"):
        enough = row["arms"] >= SAME_ARMS and row["same"] >= figures.get(row["study"], 0) / 2
        if enough and row["informative"]:
            found.setdefault(row["study"], (row["evidence_study"], "figures"))
    table = pd.DataFrame(
        [(study, other, way) for study, (other, way) in found.items()],
        columns=["study", "evidence_study", "matched_by"],
    ).astype("str")
    same = shared.rename(columns={"same": "same_figures"})[["study", "evidence_study", "same_figures"]]
    table = table.merge(
        same.astype({"study": "str", "evidence_study": "str"}), on=["study", "evidence_study"], how="left"
    )
    counted = table["study"].map({str(name): size for name, size in figures.items()}).fillna(0).astype(int)
    return table.assign(same_figures=table["same_figures"].fillna(0).astype(int), figures=counted)


def _keys(arms: pd.DataFrame, evidence: pd.DataFrame) -> list[tuple[str, pd.DataFrame, pd.DataFrame]]:
    """Each way to know a study again: its name, the dataset's keys, the evidence's keys."""
    named = evidence.rename(columns={"study": "evidence_study"})
    ways = [("identifier", _key(arms, "study", _squeezed), _key(named, "evidence_study", _squeezed))]
    for name, clean in (("doi", _doi), ("registry", _registry), ("pmid", _digits)):
        if name in arms and name in named:
            ways.append((name, _key(arms, name, clean), _key(named, name, clean)))
    for own in ("study", "label"):
        for name, way, clean in (("registry", "registry", _registry), ("label", "label", _author_year)):
            if own in arms and name in named:
                ways.append((way, _key(arms, own, clean), _key(named, name, clean)))
    return ways


def _key(table: pd.DataFrame, column: str, clean: Callable[[object], str]) -> pd.DataFrame:
    name = "study" if "study" in table else "evidence_study"
    rows = table[[name]].assign(key=table[column].map(clean, na_action="ignore")).dropna().drop_duplicates()
    return rows[rows["key"] != ""]


def _squeezed(text: object) -> str:
    return re.sub(r"[^a-z0-9]", "", str(text).casefold())


def _doi(text: object) -> str:
    found = re.search(r"10\.\d{4,}/\S+", str(text).casefold())
    return found[0].rstrip(".,;") if found else ""


def _registry(text: object) -> str:
    found = re.search(r"(nct\s?\d{8}|isrctn\s?\d{8}|eudract\W*\d{4}-\d{6}-\d\d|\d{4}-\d{6}-\d\d)", str(text).casefold())
    return re.sub(r"[^a-z0-9]", "", found[0].replace("eudract", "")) if found else ""


def _digits(text: object) -> str:
    return re.sub(r"\.0$|\D", "", str(text))


def _author_year(text: object) -> str:
    """ "Zarate 2006", "zarate, 2006a" → zarate2006: first author, year and its letter; nothing where one lacks."""
    found = re.match(r"\W*([^\W\d_][^\W\d_'’-]+).*?((?:19|20)\d\d[a-d]?)(?!\d)", str(text).casefold())
    return f"{found[1]}{found[2]}" if found else ""


def _figures(arms: pd.DataFrame) -> pd.DataFrame:
    """One row per study, treatment, outcome and time: its n and events."""
    if not {"events", "n", "outcome"} <= set(arms):
        return pd.DataFrame(columns=["study", "treatment", "outcome", "hours", "n", "events"])
    rows = arms[arms["outcome"].isin(COUNTED) & arms["events"].notna() & arms["n"].notna()]
    treatment = rows["treatment"] if "treatment" in rows else rows["arm"]
    drug = treatment.astype("str").str.casefold().str.extract(r"([a-z]+)")[0]
    table = rows[["study", "outcome", "hours", "n", "events"]].assign(treatment=drug)
    return table.astype({"n": float, "events": float}).drop_duplicates()


def _same_figures(arms: pd.DataFrame, evidence: pd.DataFrame) -> pd.DataFrame:
    """Pairs of studies with equal figures: how many rows and arms agree, and whether they could not by chance."""
    own, theirs = _figures(arms), _figures(evidence).rename(columns={"study": "evidence_study"})
    pairs = own.merge(theirs.drop(columns="hours"), on=["treatment", "outcome", "n", "events"]).drop_duplicates()
    pairs = pairs.assign(large=pairs["n"] >= 10)
    grouped = pairs.groupby(["study", "evidence_study"])
    table = grouped.agg(same=("n", "size"), arms=("treatment", "nunique"), informative=("large", "all")).reset_index()
    return table.sort_values("same", ascending=False, kind="stable")
