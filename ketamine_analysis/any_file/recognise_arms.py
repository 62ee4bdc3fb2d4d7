"""What the label of an arm tells: drug, class, role, dose and route, as far as it does."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

from ..evidence.shipped import arm_words, load_evidence
from ..reading.column_names import squeezed
from ..reading.result_layouts import PLACEBO_WORDS
from .drug_names import ABBREVIATIONS, BRANDS, CLASS_OF, OTHER_CONTROLS
from .recognise import GUESS, LIKELY, Guess

CONTROL_WORDS = {"control", "controls", "kontrolle", "kontrollgruppe", "controle", "controllo", "contrôle", "témoin"}
BESIDE = (
    "ssri",
    "ssris",
    "snri",
    "snris",
    "antidepressant",
    "antidepressants",
    "oral",
)  # with a placebo: its control kind
NO_TREATMENT = re.compile(r"\bno (treatment|therapy|intervention)\b")


def guess_arms(labels: Iterable[str]) -> dict[str, Guess]:
    """For each arm label: treatment, class, role, control kind, dose and route, as far as the label tells."""
    return {label: _arm(label) for label in labels}


@cache
def _classes() -> dict[str, str]:
    """Drug → class, from the shipped evidence and the list of names."""
    arms = load_evidence()[["treatment", "treatment_class"]].dropna().drop_duplicates()
    plain = arms[arms["treatment"].str.fullmatch(r"[a-z]{3,}")]
    return CLASS_OF | dict(zip(plain["treatment"], plain["treatment_class"], strict=True))


def drug_words() -> list[str]:
    """Names of drugs, and their usual short forms."""
    return [*_classes(), *BRANDS, *ABBREVIATIONS]


def class_of_drug(treatment: str) -> str | None:
    """The class of a drug by its name, where the evidence or the list of common ones holds it.

    >>> class_of_drug("Esketamine"), class_of_drug("something new")
    ('esketamine', None)
    """
    return _classes().get(str(treatment).strip().casefold())


def _in_english(word: str) -> str:
    """Ketamin, kétamine and ketamina are ketamine: a drug's name with another ending or accent."""
    plain = squeezed(word)
    return next((one for one in (word, plain, f"{plain}e", f"{plain[:-1]}e") if one in _classes()), word)


def _arm(label: str) -> Guess:
    text = str(label).casefold()
    found = re.findall(r"[^\W\d_]+", text)
    short = [ABBREVIATIONS[word] for word in found if word in ABBREVIATIONS]
    words = [BRANDS.get(word, ABBREVIATIONS.get(word, _in_english(word))) for word in found]
    drugs = list(dict.fromkeys(word for word in words if word in _classes() and word != "placebo"))
    kinds = [OTHER_CONTROLS[word] for word in found if word in OTHER_CONTROLS]
    kinds += ["no_treatment"] if NO_TREATMENT.search(text) else []
    placebo = {*words} & {*PLACEBO_WORDS} - {"sham"}
    if kinds and not placebo and all(_classes()[drug] in ("stimulation", "ect") for drug in drugs):
        asked = {"treatment": text, "treatment_class": "other", "role": "control", "control_kind": kinds[0]}
        return Guess(asked, LIKELY, f"{kinds[0].replace('_', ' ')}, contrasted only where it is named")
    if not drugs:
        if not any(word in PLACEBO_WORDS for word in words):
            if CONTROL_WORDS & set(words):
                asked = {"treatment": text, "treatment_class": "?", "role": "control", "control_kind": "?"}
                return Guess(asked, GUESS, "called a control; of which kind?")
            if text in arm_words("treatment_class"):
                return Guess({"treatment": text, "treatment_class": text, "role": "active"}, LIKELY, "a class of drugs")
            return Guess(
                {"treatment": text, "treatment_class": "?", "role": "active"}, GUESS, "no known drug in the label"
            )
        told = {"treatment": "placebo", "treatment_class": "placebo", "role": "control", "control_kind": "placebo"}
        if "+" in text or {"plus", *BESIDE} & set(words):
            why = "a placebo beside another drug: placebo_plus_stable_drug, or placebo_plus_new_drug?"
            return Guess(told | {"control_kind": "?"}, GUESS, why)
        return Guess(told, LIKELY, "a word for placebo")
    drug = drugs[0]
    told = {"treatment": drug, "treatment_class": _classes()[drug], "role": "active"}
    if drug == "midazolam":
        told |= {"role": "control", "control_kind": "active_placebo"}
    dose = re.search(r"(\d+(?:[.,]\d+)?)\s*(mg/kg|mg/day|mg)", text)
    if dose:
        told |= {"dose": dose[1].replace(",", "."), "dose_unit": dose[2]}
    route = re.search(r"\b(iv|i\.v\.|intravenous|intranasal|nasal|oral|p\.?o\.?|sc|subcutaneous)\b", text)
    if route:
        words_of = {"i": "iv", "n": "intranasal", "o": "oral", "p": "oral", "s": "sc"}
        told["route"] = "intranasal" if "nasal" in route[1] else words_of[route[1][0]]
    several = len(drugs) > 1 or "+" in text or (set(words) & set(PLACEBO_WORDS))
    why = "more than one treatment is named" if several else f"{drug} is in the label"
    if short and not several:
        return Guess(told, GUESS, f"an abbreviation read as {drug}")
    return Guess(told, GUESS if several else LIKELY, why)
