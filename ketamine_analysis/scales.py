"""The symptom scales: range, floor, response rule, named remission cut-offs, severity bands, citations.

Definitions are data and live here only. Where versions of a scale differ in their maximum the larger is taken, so
that no valid score is refused. A band or cut-off that is not published is left out, not guessed.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

NOT_STATED = "not_stated"  # an allowed scale of an `arms` row of counts; never the scale of a score or a mean
RESPONSE = ">=50% fall from baseline"


@dataclass(frozen=True)
class Cutoff:
    """A published remission rule: score <= at_most (scale points)."""

    at_most: float
    citation: str


@dataclass(frozen=True)
class Scale:
    """One symptom scale, scores in scale points.

    floor : the score that means no symptoms; response and percent change count from it.
    integer : only whole scores are possible.
    remission : name → Cutoff; the first is the default. Empty when none is published.
    severity : (band, lowest, highest) score of each published band, mildest first.
    """

    name: str
    label: str
    minimum: float
    maximum: float
    citation: str
    floor: float = 0.0
    integer: bool = True
    higher_is_worse: bool = True
    response: str = RESPONSE
    remission: Mapping[str, Cutoff] = field(default_factory=dict)
    severity: tuple[tuple[str, float, float], ...] = ()


def find_scale(name: str) -> Scale:
    """The scale of that name; ValueError naming the nearest known one otherwise.

    >>> find_scale("MADRS").maximum
    60
    """
    if name in SCALES:
        return SCALES[name]
    near = difflib.get_close_matches(str(name), list(SCALES), 1, 0.5)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    raise ValueError(f"scale {name!r} is unknown{hint} Known: {', '.join(SCALES)}")


def _bands(*bands: tuple[str, float, float]) -> tuple[tuple[str, float, float], ...]:
    return bands


def _at_most(**cutoffs: tuple[float, str]) -> Mapping[str, Cutoff]:
    return MappingProxyType({f"<={limit:g}": Cutoff(limit, citation) for limit, citation in cutoffs.values()})


_HAMILTON = "Hamilton 1960, J Neurol Neurosurg Psychiatry 23:56-62"
_FRANK = "Frank 1991, Arch Gen Psychiatry 48:851-855"
_RUSH = "Rush 2003, Biol Psychiatry 54:573-583"
_IDS = "Rush 1996, Psychol Med 26:477-486"
_QIDS_BANDS = _bands(("none", 0, 5), ("mild", 6, 10), ("moderate", 11, 15), ("severe", 16, 20), ("very severe", 21, 27))
_PAIN = "Farrar 2001, Pain 94:149-158"

_ALL = (
    Scale(
        "MADRS",
        "Montgomery–Åsberg Depression Rating Scale",
        0,
        60,
        "Montgomery & Åsberg 1979, Br J Psychiatry 134:382-389",
        remission=_at_most(
            a=(10, "Hawley 2002, J Affect Disord 72:177-184"),
            b=(12, "Popova 2019, Am J Psychiatry 176:428-438 (the esketamine trials' definition)"),
        ),
        severity=_bands(("none", 0, 6), ("mild", 7, 19), ("moderate", 20, 34), ("severe", 35, 60)),  # Snaith 1986
    ),
    Scale(
        "HAMD6",
        "Hamilton Depression Rating Scale, 6-item subscale",
        0,
        22,
        "Bech 1975, Acta Psychiatr Scand 51:161-170",
        remission=_at_most(a=(4, "Bech 2010, Acta Psychiatr Scand 122:226-234")),
    ),
    Scale(
        "HAMD17",
        "Hamilton Depression Rating Scale, 17 items",
        0,
        52,
        _HAMILTON,
        remission=_at_most(a=(7, _FRANK)),
        severity=_bands(("none", 0, 7), ("mild", 8, 16), ("moderate", 17, 23), ("severe", 24, 52)),  # Zimmerman 2013
    ),
    # the 21-, 24- and 25-item forms add items of 0–2, 0–3 and 0–4 points, and printed maxima differ by version
    Scale("HAMD21", "Hamilton Depression Rating Scale, 21 items", 0, 66, _HAMILTON),
    Scale("HAMD24", "Hamilton Depression Rating Scale, 24 items", 0, 78, "Guy 1976, ECDEU Assessment Manual, 179-192"),
    Scale("HAMD25", "Hamilton Depression Rating Scale, 25 items", 0, 82, "Thase 1991, Psychopharmacol Bull 27:289-295"),
    Scale(
        "QIDS-SR16",
        "Quick Inventory of Depressive Symptomatology, self-report",
        0,
        27,
        _RUSH,
        remission=_at_most(a=(5, _RUSH)),
        severity=_QIDS_BANDS,
    ),
    Scale(
        "QIDS-C16",
        "Quick Inventory of Depressive Symptomatology, clinician",
        0,
        27,
        _RUSH,
        remission=_at_most(a=(5, _RUSH)),
        severity=_QIDS_BANDS,
    ),
    Scale(
        "IDS-C30",
        "Inventory of Depressive Symptomatology, clinician, 30 items",
        0,
        84,
        _IDS,
        remission=_at_most(a=(12, "Trivedi 2004, Psychol Med 34:73-82")),
    ),
    Scale(
        "IDS-SR30",
        "Inventory of Depressive Symptomatology, self-report, 30 items",
        0,
        84,
        _IDS,
        remission=_at_most(a=(14, "Trivedi 2004, Psychol Med 34:73-82")),
    ),
    Scale(
        "PHQ-9",
        "Patient Health Questionnaire, 9 items",
        0,
        27,
        "Kroenke 2001, J Gen Intern Med 16:606-613",
        remission=_at_most(a=(4, "Kroenke 2001, J Gen Intern Med 16:606-613 (minimal band)")),
        severity=_bands(
            ("minimal", 0, 4), ("mild", 5, 9), ("moderate", 10, 14), ("moderately severe", 15, 19), ("severe", 20, 27)
        ),
    ),
    Scale(
        "BDI",
        "Beck Depression Inventory",
        0,
        63,
        "Beck 1961, Arch Gen Psychiatry 4:561-571",
        remission=_at_most(a=(9, "Beck 1988, Clin Psychol Rev 8:77-100 (minimal band)")),
        severity=_bands(("minimal", 0, 9), ("mild", 10, 18), ("moderate", 19, 29), ("severe", 30, 63)),
    ),
    Scale(
        "BDI-II",
        "Beck Depression Inventory, second edition",
        0,
        63,
        "Beck 1996, BDI-II Manual",
        remission=_at_most(a=(13, "Beck 1996, BDI-II Manual (minimal band)")),
        severity=_bands(("minimal", 0, 13), ("mild", 14, 19), ("moderate", 20, 28), ("severe", 29, 63)),
    ),
    Scale(
        "CDRS-R",
        "Children's Depression Rating Scale, revised",
        17,
        113,
        "Poznanski & Mokros 1996, CDRS-R Manual",
        floor=17,
        response=f"{RESPONSE}, counted from 17",
        remission=_at_most(a=(28, "Emslie 1997, Arch Gen Psychiatry 54:1031-1037")),
    ),
    Scale(
        "HAM-A",
        "Hamilton Anxiety Rating Scale",
        0,
        56,
        "Hamilton 1959, Br J Med Psychol 32:50-55",
        remission=_at_most(a=(7, "Ballenger 1999, J Clin Psychiatry 60 Suppl 22:29-34")),
    ),
    Scale(
        "LSAS",
        "Liebowitz Social Anxiety Scale",
        0,
        144,
        "Liebowitz 1987, Mod Probl Pharmacopsychiatry 22:141-173",
        remission=_at_most(a=(30, "Mennin 2002, J Anxiety Disord 16:661-673")),
    ),
    Scale("CAPS", "Clinician-Administered PTSD Scale (DSM-IV)", 0, 136, "Blake 1995, J Trauma Stress 8:75-90"),
    Scale("CAPS-5", "Clinician-Administered PTSD Scale for DSM-5", 0, 80, "Weathers 2018, Psychol Assess 30:383-395"),
    Scale("PCL-5", "PTSD Checklist for DSM-5", 0, 80, "Blevins 2015, J Trauma Stress 28:489-498"),
    Scale(
        "IES-R",
        "Impact of Event Scale, revised",
        0,
        88,
        "Weiss & Marmar 1997, in Assessing Psychological Trauma and PTSD",
    ),
    Scale("NRS-pain", "Numeric rating of pain", 0, 10, _PAIN),
    Scale(
        "VAS-pain", "Visual analogue scale of pain, mm", 0, 100, "Huskisson 1974, Lancet 304:1127-1131", integer=False
    ),
    Scale(
        "CADSS",
        "Clinician-Administered Dissociative States Scale (23 subjective items)",
        0,
        92,
        "Bremner 1998, J Trauma Stress 11:125-136",
    ),
)

SCALES: Mapping[str, Scale] = MappingProxyType({scale.name: scale for scale in _ALL})
