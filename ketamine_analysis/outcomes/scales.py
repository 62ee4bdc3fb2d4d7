"""The symptom scales: range, floor, response rule, named remission cut-offs, severity bands, citations.

Definitions are data and live here only. Where versions of a scale differ in their maximum the larger is
taken, so that no valid score is refused. A band or cut-off that is not published is left out, not guessed.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

NOT_STATED = "not_stated"  # an allowed scale of an `arms` row of counts; never the scale of a score or a mean
RESPONSE = ">=50% fall from baseline"

Bands = tuple[tuple[str, float, float], ...]


@dataclass(frozen=True)
class Cutoff:
    """A published remission rule: score <= at_most.

    at_most : highest score, in scale points, that still counts as remission.
    citation : where the rule was published.

    >>> SCALES["HAMD17"].remission["<=7"].at_most
    7
    """

    at_most: float
    citation: str


@dataclass(frozen=True)
class Scale:
    """One symptom scale, scores in scale points (VAS-pain in mm).

    name, label : the key ("MADRS") and the full name.
    minimum, maximum : lowest and highest possible score.
    floor : the score that means no symptoms; response and percent change count from it.
    integer : only whole scores are possible.
    higher_is_worse : a higher score means more symptoms.
    response : the response rule in words, with its usual fraction.
    remission : name → Cutoff; the first is the default. Empty when none is published.
    severity : (band, lowest, highest) score of each published band, mildest first; else empty.
    citation : the scale's publication and, where another paper gave them, its bands'.

    >>> [band for band, lowest, highest in SCALES["MADRS"].severity if lowest <= 28 <= highest]
    ['moderate']
    """

    name: str
    label: str
    minimum: float
    maximum: float
    floor: float
    integer: bool
    higher_is_worse: bool
    response: str
    remission: Mapping[str, Cutoff]
    severity: Bands
    citation: str


def find_scale(name: str) -> Scale:
    """The scale of that name; ValueError naming the nearest known one otherwise.

    >>> find_scale("MADRS").maximum
    60
    """
    if name in SCALES:
        return SCALES[name]
    keys = {key.casefold(): key for key in SCALES}  # "madrs" is as near as can be
    near = difflib.get_close_matches(str(name).casefold(), list(keys), 1, 0.5)
    hint = f"; did you mean {keys[near[0]]!r}?" if near else "."
    raise ValueError(f"scale {name!r} is unknown{hint} Known: {', '.join(SCALES)}")


def _scale(
    name: str,
    label: str,
    maximum: float,
    citation: str,
    *,
    minimum: float = 0,
    integer: bool = True,
    response: str = RESPONSE,
    remission: tuple[Cutoff, ...] = (),
    severity: Bands = (),
) -> Scale:
    """A scale on which the minimum means no symptoms and higher is worse, as on all of these."""
    named = MappingProxyType({f"<={one.at_most:g}": one for one in remission})
    return Scale(name, label, minimum, maximum, minimum, integer, True, response, named, severity, citation)


_HAMILTON = "Hamilton 1960, J Neurol Neurosurg Psychiatry 23:56-62"
_MONTGOMERY = "Montgomery & Åsberg 1979, Br J Psychiatry 134:382-389"
_GUY = "Guy 1976, ECDEU Assessment Manual, 179-192"
_THASE = "Thase 1991, Psychopharmacol Bull 27:17-22"
_RIEDEL = "Riedel 2010, J Psychiatr Res 44:1063-1068"
_RUSH = "Rush 2003, Biol Psychiatry 54:573-583"
_IDS = "Rush 1996, Psychol Med 26:477-486"
_KROENKE = "Kroenke 2001, J Gen Intern Med 16:606-613"
_BDI_II = "Beck, Steer & Brown 1996, Manual for the BDI-II"
_QIDS_BANDS = (
    ("none", 0, 5),
    ("mild", 6, 10),
    ("moderate", 11, 15),
    ("severe", 16, 20),
    ("very severe", 21, 27),
)
_PTSD = f"{RESPONSE}; PTSD trials often use >=30%"
_PAIN = f"{RESPONSE}; pain trials also use >=30%"

_ALL = (
    _scale(
        "MADRS",
        "Montgomery–Åsberg Depression Rating Scale",
        60,
        f"{_MONTGOMERY}; bands: Snaith 1986, Br J Psychiatry 148:599-601",
        remission=(
            # Hawley 2002 (J Affect Disord 72:177-184) is often cited for <=10 but found <9 and <10
            Cutoff(10, "Zimmerman 2004, J Psychiatr Res 38:577-582 (matches HAMD17 <= 7)"),
            Cutoff(12, "Popova 2019, Am J Psychiatry 176:428-438 (the esketamine trials' definition)"),
        ),
        severity=(("none", 0, 6), ("mild", 7, 19), ("moderate", 20, 34), ("severe", 35, 60)),
    ),
    _scale(
        "HAMD6",
        "Hamilton Depression Rating Scale, 6-item subscale",
        22,  # five items of 0–4 and general somatic symptoms, 0–2
        "Bech 1975, Acta Psychiatr Scand 51:161-170",
        remission=(Cutoff(4, "Carmody 2006, Eur Neuropsychopharmacol 16:601-611 (matches HAMD17 of 7)"),),
    ),
    _scale(
        "HAMD17",
        "Hamilton Depression Rating Scale, 17 items",
        52,  # nine items of 0–4 and eight of 0–2
        f"{_HAMILTON}; bands: Zimmerman 2013, J Affect Disord 150:384-388",
        remission=(Cutoff(7, "Frank 1991, Arch Gen Psychiatry 48:851-855"),),
        severity=(("none", 0, 7), ("mild", 8, 16), ("moderate", 17, 23), ("severe", 24, 52)),
    ),
    # 17 items + diurnal variation 0–2, depersonalisation 0–4, paranoid 0–3 or 0–4, obsessional 0–2: 63 or 64
    # (the table of ids-qids.org prints 64); 66 where both halves of diurnal variation are added
    _scale(
        "HAMD21",
        "Hamilton Depression Rating Scale, 21 items",
        66,
        _HAMILTON,
        remission=(Cutoff(7, _RIEDEL),),
    ),
    # 21 items + helplessness, hopelessness, worthlessness of 0–4: 75 or 76 as printed; 78 on a HAMD21 of 66
    _scale("HAMD24", "Hamilton Depression Rating Scale, 24 items", 78, _GUY),
    # no printed range found: 17 items (52) and eight more of at most 4 points each bound it at 84
    _scale("HAMD25", "Hamilton Depression Rating Scale, 25 items", 84, _THASE),
    _scale(
        "QIDS-SR16",
        "Quick Inventory of Depressive Symptomatology, self-report",
        27,
        _RUSH,
        remission=(Cutoff(5, _RUSH),),
        severity=_QIDS_BANDS,
    ),
    _scale(
        "QIDS-C16",
        "Quick Inventory of Depressive Symptomatology, clinician",
        27,
        _RUSH,
        remission=(Cutoff(5, _RUSH),),
        severity=_QIDS_BANDS,
    ),
    _scale("IDS-C30", "Inventory of Depressive Symptomatology, clinician, 30 items", 84, _IDS),
    _scale(
        "IDS-SR30",
        "Inventory of Depressive Symptomatology, self-report, 30 items",
        84,  # 28 of the 30 items are scored, 0–3 each
        f"{_IDS}; bands: {_RUSH}, table at ids-qids.org",
        remission=(Cutoff(13, f"{_RUSH}, table at ids-qids.org (matches QIDS-SR16 <= 5)"),),
        severity=(
            ("none", 0, 13),
            ("mild", 14, 25),
            ("moderate", 26, 38),
            ("severe", 39, 48),
            ("very severe", 49, 84),
        ),
    ),
    _scale(
        "PHQ-9",
        "Patient Health Questionnaire, 9 items",
        27,
        _KROENKE,
        remission=(Cutoff(4, f"{_KROENKE} (minimal band)"),),
        severity=(
            ("minimal", 0, 4),
            ("mild", 5, 9),
            ("moderate", 10, 14),
            ("moderately severe", 15, 19),
            ("severe", 20, 27),
        ),
    ),
    _scale(
        "BDI",
        "Beck Depression Inventory",
        63,
        "Beck 1961, Arch Gen Psychiatry 4:561-571; bands: Beck 1988, Clin Psychol Rev 8:77-100",
        remission=(Cutoff(9, "Elkin 1989, Arch Gen Psychiatry 46:971-982"), Cutoff(12, _RIEDEL)),
        severity=(
            ("minimal", 0, 9),
            ("mild to moderate", 10, 18),
            ("moderate to severe", 19, 29),
            ("severe", 30, 63),
        ),
    ),
    _scale(
        "BDI-II",
        "Beck Depression Inventory, second edition",
        63,
        _BDI_II,
        remission=(Cutoff(13, f"{_BDI_II} (minimal band)"),),
        severity=(("minimal", 0, 13), ("mild", 14, 19), ("moderate", 20, 28), ("severe", 29, 63)),
    ),
    _scale(
        "CDRS-R",
        "Children's Depression Rating Scale, revised",
        113,  # 14 items of 1–7 and three of 1–5
        "Poznanski & Mokros 1996, CDRS-R Manual",
        minimum=17,
        response=f"{RESPONSE}, counted from 17",
        remission=(Cutoff(28, "Emslie 1997, Arch Gen Psychiatry 54:1031-1037"),),
    ),
    _scale(
        "HAM-A",
        "Hamilton Anxiety Rating Scale",
        56,
        "Hamilton 1959, Br J Med Psychol 32:50-55",
        remission=(Cutoff(7, "Ballenger 1999, J Clin Psychiatry 60 Suppl 22:29-34"),),
    ),
    _scale(
        "LSAS",
        "Liebowitz Social Anxiety Scale",
        144,
        "Liebowitz 1987, Mod Probl Pharmacopsychiatry 22:141-173",
        remission=(Cutoff(30, "Mennin 2002, J Anxiety Disord 16:661-673; remission: Glischinski 2018"),),
    ),
    _scale(
        "CAPS",
        "Clinician-Administered PTSD Scale (DSM-IV)",
        136,  # 17 items, frequency 0–4 and intensity 0–4
        "Blake 1995, J Trauma Stress 8:75-90; bands: Weathers 2001, Depress Anxiety 13:132-156",
        response=_PTSD,
        remission=(Cutoff(19, "Davidson 2004, Int Clin Psychopharmacol 19:85-87 (printed as < 20)"),),
        severity=(
            ("asymptomatic", 0, 19),
            ("mild", 20, 39),
            ("moderate", 40, 59),
            ("severe", 60, 79),
            ("extreme", 80, 136),
        ),
    ),
    _scale(  # remission is published only together with loss of the diagnosis, which a score cannot tell
        "CAPS-5",
        "Clinician-Administered PTSD Scale for DSM-5",
        80,
        "Weathers 2018, Psychol Assess 30:383-395",
        response=_PTSD,
    ),
    _scale(
        "PCL-5",
        "PTSD Checklist for DSM-5",
        80,
        "Blevins 2015, J Trauma Stress 28:489-498",
        response=_PTSD,
    ),
    _scale(
        "IES-R",
        "Impact of Event Scale, revised",
        88,
        "Weiss & Marmar 1997, in Assessing Psychological Trauma and PTSD, 399-411",
        response=_PTSD,
    ),
    _scale("NRS-pain", "Numeric rating of pain", 10, "Farrar 2001, Pain 94:149-158", response=_PAIN),
    _scale(
        "VAS-pain",
        "Visual analogue scale of pain, mm",
        100,
        "Huskisson 1974, Lancet 304:1127-1131",
        integer=False,
        response=_PAIN,
    ),
    _scale(  # 92 on the 23 items (0–4) of the ketamine trials; the forms of 27 and 28 items reach 108 and 112
        "CADSS",
        "Clinician-Administered Dissociative States Scale",
        112,
        "Bremner 1998, J Trauma Stress 11:125-136",
        response="none published: it rates a side effect",
    ),
)

SCALES: Mapping[str, Scale] = MappingProxyType({scale.name: scale for scale in _ALL})
