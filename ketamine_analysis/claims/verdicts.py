"""What popular descriptions say, as data: each claim's quantity, threshold, fewest trials, and its computed verdict."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd

from .quantities import claim_estimates

VERDICTS = ("supported", "partly", "not supported", "cannot be told from what is here")
FACT = "a fact with a date, not data"
FOUND = ("k", "patients", "estimate", "conf_low", "conf_high", "beside", "note")
LEAST_ODDS_RATIO = 1.5  # the least effect worth having, as in notebook 05
LARGE_ODDS_RATIO = 4.27  # exp(0.8 · π/√3): a large standardised difference by Cohen's convention
RANDOMISED = "randomised, within trials"
INDIRECT = "indirect, between trials"


@dataclass(frozen=True)
class ClaimPart:
    """One quantity a claim stands or falls by.

    sense : "at least" or "at most"; threshold : what the words need, on the reader's scale (ratio, rate, difference);
    no_effect : the value that would be nothing of it (missing: there is no "partly"); minimum_trials : with fewer the
    verdict is "cannot be told"; evidence : kind of evidence the quantity rests on.
    """

    id: str
    part: str
    quantity: str
    sense: str
    threshold: float
    no_effect: float
    minimum_trials: int
    evidence: str


CLAIMS = {
    "speed": "Ketamine works within hours; conventional antidepressants take weeks or months",
    "seventy": "About 70 % of those given ketamine improve within 24 hours",
    "month": "One treatment's effect lasts about a month",
    "resistant": "It works where two or more antidepressants failed",
    "everyone": "It works for a wide range of people whatever their physiology",
    "children": "In the young it helps at half the dose of a common antidepressant",
    "series": "A series over weeks is needed, not one dose",
    "routes": "Infusions into a vein or a muscle are highly effective",
    "sideeffects": "Side effects are mild and gone in hours",
    "fewer": "Fewer side effects than other antidepressants",
    "anxiety": "It helps anxiety disorders",
    "ptsd": "It helps post-traumatic stress disorder",
    "pain": "It helps chronic pain",
    "approval": "It is not approved for depression",
}

_LEAST = ("at least", LEAST_ODDS_RATIO, 1.0)
PARTS = (
    ClaimPart("speed", "ketamine at 24 h", "odds ratio of response against control", *_LEAST, 3, RANDOMISED),
    ClaimPart("speed", "conventional at 1 week", "risk ratio of response, SSRI against placebo", "at most", 1.0, np.nan,
              1, "published pool of randomised trials"),
    ClaimPart("seventy", "ketamine arms at 24 h", "response rate", "at least", 0.70, 0.50, 3,
              "arm level, not randomised"),
    ClaimPart("month", "one dose at 1 week", "odds ratio of response against control", *_LEAST, 3, RANDOMISED),
    ClaimPart("month", "one dose at 4 weeks", "odds ratio of response against control", *_LEAST, 3, RANDOMISED),
    ClaimPart("resistant", "resistant, first days", "odds ratio of response against control", *_LEAST, 3, RANDOMISED),
    ClaimPart("everyone", "a new trial, first days", "odds ratio, 95 % prediction interval at the highest τ²",
              "at least", 1.0, np.nan, 5, "spread between randomised trials"),
    ClaimPart("everyone", "older adults, first days", "odds ratio of response against control", *_LEAST, 2, RANDOMISED),
    ClaimPart("children", "controlled, first days", "odds ratio of response against control", *_LEAST, 2, RANDOMISED),
    ClaimPart("series", "repeated over one dose, 1–3 wk", "ratio of odds ratios", *_LEAST, 3, INDIRECT),
    ClaimPart("routes", "into a vein, first days", "odds ratio of response against control", "at least",
              LARGE_ODDS_RATIO, 1.0, 3, RANDOMISED),
    ClaimPart("routes", "skin or muscle, first days", "odds ratio of response against control", "at least",
              LARGE_ODDS_RATIO, 1.0, 3, RANDOMISED),
    ClaimPart("sideeffects", "serious events", "risk difference against control", "at most", 0.02, np.nan, 3,
              RANDOMISED),
    ClaimPart("sideeffects", "dissociation for over 24 h", "share of ketamine patients", "at most", 0.05, np.nan, 2,
              "one arm's own rate"),
    ClaimPart("fewer", "nausea, less oral drugs'", "difference of risk differences", "at most", 0.0, np.nan, 3,
              INDIRECT),
    ClaimPart("fewer", "dizziness, less oral drugs'", "difference of risk differences", "at most", 0.0, np.nan, 3,
              INDIRECT),
    ClaimPart("fewer", "insomnia, less oral drugs'", "difference of risk differences", "at most", 0.0, np.nan, 3,
              INDIRECT),
    ClaimPart("fewer", "any event, less oral drugs'", "difference of risk differences", "at most", 0.0, np.nan, 3,
              INDIRECT),
    ClaimPart("anxiety", "controlled", "odds ratio of response against control", *_LEAST, 2, RANDOMISED),
    ClaimPart("ptsd", "controlled", "odds ratio of response against control", *_LEAST, 2, RANDOMISED),
    ClaimPart("pain", "controlled", "odds ratio of response against control", *_LEAST, 2, RANDOMISED),
)  # fmt: skip


def claim_parts() -> pd.DataFrame:
    """The table of claims: `id, claim, part, quantity, sense, threshold, no_effect, minimum_trials, evidence`.

    One row for each quantity; "approval" has none, since it is a fact with a date. Change the table (a threshold, a
    minimum) and hand it to `judge_claims` to judge by your own rules.

    >>> claim_parts()["id"].nunique()
    14
    """
    table = pd.DataFrame([asdict(part) for part in PARTS])
    fact = pd.DataFrame([{"id": "approval", "part": "", "quantity": "none", "minimum_trials": 0, "evidence": "a fact"}])
    table = pd.concat([table, fact], ignore_index=True)
    table.insert(1, "claim", table["id"].map(CLAIMS))
    return table


def claim_verdict(
    conf_low: float,
    conf_high: float,
    k: int,
    *,
    threshold: float,
    sense: str = "at least",
    no_effect: float = np.nan,
    minimum_trials: int = 1,
) -> str:
    """One of VERDICTS: a function of an interval, a threshold and the number of trials, and of nothing else.

    "cannot be told from what is here" : fewer than `minimum_trials`, or no interval; or the interval holds the
        threshold and (with `no_effect`) also no effect.
    "supported" : the whole interval lies at or beyond the threshold. "not supported" : all of it short of it.
    "partly" : the interval holds the threshold and lies wholly on the claim's side of `no_effect`.
    Raises ValueError for an unknown `sense`.

    >>> claim_verdict(1.6, 4.0, 5, threshold=1.5), claim_verdict(1.1, 4.0, 5, threshold=1.5, no_effect=1.0)
    ('supported', 'partly')
    >>> claim_verdict(0.3, 0.6, 4, threshold=0.7), claim_verdict(1.6, 4.0, 1, threshold=1.5, minimum_trials=2)
    ('not supported', 'cannot be told from what is here')
    """
    if sense not in ("at least", "at most"):
        raise ValueError(f"sense {sense!r} is unknown: use 'at least' or 'at most'")
    if k < minimum_trials or np.isnan(conf_low) or np.isnan(conf_high):
        return VERDICTS[3]
    near, far, need, nothing = conf_low, conf_high, threshold, no_effect
    if sense == "at most":
        near, far, need, nothing = -conf_high, -conf_low, -threshold, -no_effect
    if near >= need:
        return VERDICTS[0]
    if far < need:
        return VERDICTS[2]
    return VERDICTS[1] if near > nothing else VERDICTS[3]


def judge_claims(
    arms: pd.DataFrame,
    adverse_events: pd.DataFrame | None = None,
    *,
    published: pd.DataFrame | None = None,
    contrasts: pd.DataFrame | None = None,
    parts: pd.DataFrame | None = None,
    convert_means: bool = True,
) -> pd.DataFrame:
    """Every quantity with its estimate, interval, trials, patients, the conventional figure beside it, and a verdict.

    arms : all published rows (`load_evidence()`), or your own. adverse_events : `load_evidence("adverse_events")`.
    published : others' week-1 contrast of conventional drugs, log risk ratios (`published_contrasts`).
    contrasts : differences as papers print them (`load_evidence("effects")`): with them every form of result enters and
        is pooled as the headline is (`collect_effects`, half-normal prior); without, counts and converted means, by
        modified Hartung–Knapp.
    parts : from `claim_parts`, perhaps changed. convert_means : False leaves out trials that print only means; it asks
        nothing where `contrasts` are given.
    A quantity that no trial here measures has k = 0 and no estimate. Columns of `claim_parts`, then
    `k, patients, estimate, conf_low, conf_high, beside, note, verdict`.
    """
    found = claim_estimates(arms, adverse_events, published, contrasts=contrasts, convert_means=convert_means)
    return _with_verdicts(claim_parts() if parts is None else parts, found)


def rejudge_claims(judged: pd.DataFrame, parts: pd.DataFrame) -> pd.DataFrame:
    """The same estimates judged by other rules: `judged` from `judge_claims`, `parts` a changed `claim_parts`."""
    return _with_verdicts(parts, judged[["id", "part", *FOUND]])


def claim_verdicts(judged: pd.DataFrame) -> pd.DataFrame:
    """One row a claim: `id, claim, verdict` from the verdicts of its parts.

    Parts that agree give their verdict. Otherwise: "not supported" where a part is and none is supported or partly;
    "partly" where some part is supported or partly and another is not, or cannot be told; else "cannot be told".

    >>> parts = pd.DataFrame({"id": "a", "claim": "A", "verdict": ["supported", "not supported"]})
    >>> claim_verdicts(parts)["verdict"].tolist()
    ['partly']
    """
    rows = []
    for (name, claim), part in judged.groupby(["id", "claim"], sort=False):
        seen = set(part["verdict"])
        if len(seen) == 1:
            verdict = part["verdict"].iloc[0]
        elif seen & set(VERDICTS[:2]):
            verdict = VERDICTS[1]
        else:
            verdict = VERDICTS[2] if VERDICTS[2] in seen else VERDICTS[3]
        rows.append((name, claim, verdict))
    return pd.DataFrame(rows, columns=["id", "claim", "verdict"])


def _with_verdicts(parts: pd.DataFrame, found: pd.DataFrame) -> pd.DataFrame:
    """Rules and estimates side by side, each row with its verdict."""
    table = parts.merge(found, on=["id", "part"], how="left", validate="one_to_one")
    table[["k", "patients"]] = table[["k", "patients"]].fillna(0).astype(int)
    table[["beside", "note"]] = table[["beside", "note"]].fillna("")
    verdicts = [
        FACT
        if row.quantity == "none"
        else claim_verdict(
            row.conf_low, row.conf_high, row.k, threshold=row.threshold, sense=row.sense, no_effect=row.no_effect,
            minimum_trials=row.minimum_trials,
        )
        for row in table.itertuples()
    ]  # fmt: skip
    return table.assign(verdict=verdicts)
