"""Scales of depression, observer-rated and self-rated, each with its source. MADRS first: the order is a rank."""

from __future__ import annotations

from .scale_definition import RESPONSE, Cutoff, shipped

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
_PHQ_8 = "Kroenke 2009, J Affect Disord 114:163-173"
_RADLOFF = "Radloff 1977, Appl Psychol Meas 1:385-401"
_YESAVAGE = "Yesavage 1983, J Psychiatr Res 17:37-49"
_TORONTO = "McIntyre 2002, J Psychiatry Neurosci 27:235-239"
_EATON = "Eaton 2004, in The Use of Psychological Testing for Treatment Planning, 3rd ed., 363-377"
_ZIMMERMAN = "Zimmerman 2017, J Clin Psychiatry 78(2)"
PROMIS = "Cella 2010, J Clin Epidemiol 63:1179-1194"
HADS = "Zigmond & Snaith 1983, Acta Psychiatr Scand"
HADS_BANDS = (("no case", 0, 7), ("possible case", 8, 10), ("probable case", 11, 21))
DASS = "Lovibond & Lovibond 1995, Manual for the Depression Anxiety Stress Scales, 2nd ed."

DEPRESSION_SCALES = (
    shipped(
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
    shipped(
        "HAMD6",
        "Hamilton Depression Rating Scale, 6-item subscale",
        22,  # five items of 0–4 and general somatic symptoms, 0–2
        "Bech 1975, Acta Psychiatr Scand 51:161-170",
        remission=(Cutoff(4, "Carmody 2006, Eur Neuropsychopharmacol 16:601-611 (matches HAMD17 of 7)"),),
    ),
    shipped(
        "HAMD17",
        "Hamilton Depression Rating Scale, 17 items",
        52,  # nine items of 0–4 and eight of 0–2
        f"{_HAMILTON}; bands: Zimmerman 2013, J Affect Disord 150:384-388",
        remission=(Cutoff(7, "Frank 1991, Arch Gen Psychiatry 48:851-855"),),
        severity=(("none", 0, 7), ("mild", 8, 16), ("moderate", 17, 23), ("severe", 24, 52)),
    ),
    # 17 items + diurnal variation 0–2, depersonalisation 0–4, paranoid 0–3 or 0–4, obsessional 0–2: 63 or 64
    # (the table of ids-qids.org prints 64); 66 where both halves of diurnal variation are added
    shipped(
        "HAMD21",
        "Hamilton Depression Rating Scale, 21 items",
        66,
        _HAMILTON,
        remission=(Cutoff(7, _RIEDEL),),
    ),
    # 21 items + helplessness, hopelessness, worthlessness of 0–4: 75 or 76 as printed; 78 on a HAMD21 of 66
    shipped("HAMD24", "Hamilton Depression Rating Scale, 24 items", 78, _GUY),
    # no printed range found: 17 items (52) and eight more of at most 4 points each bound it at 84
    shipped("HAMD25", "Hamilton Depression Rating Scale, 25 items", 84, _THASE),
    shipped(
        "QIDS-SR16",
        "Quick Inventory of Depressive Symptomatology, self-report",
        27,
        _RUSH,
        remission=(Cutoff(5, _RUSH),),
        severity=_QIDS_BANDS,
    ),
    shipped(
        "QIDS-C16",
        "Quick Inventory of Depressive Symptomatology, clinician",
        27,
        _RUSH,
        remission=(Cutoff(5, _RUSH),),
        severity=_QIDS_BANDS,
    ),
    shipped("IDS-C30", "Inventory of Depressive Symptomatology, clinician, 30 items", 84, _IDS),
    shipped(
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
    shipped(
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
    shipped(
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
    shipped(
        "BDI-II",
        "Beck Depression Inventory, second edition",
        63,
        _BDI_II,
        remission=(Cutoff(13, f"{_BDI_II} (minimal band)"),),
        severity=(("minimal", 0, 13), ("mild", 14, 19), ("moderate", 20, 28), ("severe", 29, 63)),
    ),
    shipped(
        "CDRS-R",
        "Children's Depression Rating Scale, revised",
        113,  # 14 items of 1–7 and three of 1–5
        "Poznanski & Mokros 1996, CDRS-R Manual",
        minimum=17,
        response=f"{RESPONSE}, counted from 17",
        remission=(Cutoff(28, "Emslie 1997, Arch Gen Psychiatry 54:1031-1037"),),
    ),
    shipped(
        "PHQ-8",
        "Patient Health Questionnaire, 8 items",
        24,
        _PHQ_8,
        remission=(Cutoff(4, f"{_PHQ_8} (below its first cut-point, those of the PHQ-9)"),),
        severity=(
            ("minimal", 0, 4),
            ("mild", 5, 9),
            ("moderate", 10, 14),
            ("moderately severe", 15, 19),
            ("severe", 20, 24),
        ),
    ),
    shipped(
        "CES-D",
        "Center for Epidemiologic Studies Depression Scale",
        60,
        _RADLOFF,
        remission=(Cutoff(15, f"{_RADLOFF} (16 or more: a case)"),),
    ),
    shipped("EPDS", "Edinburgh Postnatal Depression Scale", 30, "Cox 1987, Br J Psychiatry 150:782-786"),
    shipped(
        "GDS-15",
        "Geriatric Depression Scale, 15 items",
        15,
        "short form of Yesavage 1983, J Psychiatr Res 17:37-49",
        remission=(Cutoff(4, "normal band of the short form, Yesavage 1983"),),
        severity=(("normal", 0, 4), ("mild", 5, 8), ("moderate", 9, 11), ("severe", 12, 15)),
    ),
    shipped(
        "GDS-30",
        "Geriatric Depression Scale, 30 items",
        30,
        _YESAVAGE,
        remission=(Cutoff(9, f"{_YESAVAGE} (normal band)"),),
        severity=(("normal", 0, 9), ("mild", 10, 19), ("severe", 20, 30)),
    ),
    shipped(
        "HADS-D",
        "Hospital Anxiety and Depression Scale, depression",
        21,
        HADS,
        remission=(Cutoff(7, f"{HADS} (no case)"),),
        severity=HADS_BANDS,
    ),
    shipped(
        "DASS-21-D",
        "Depression Anxiety Stress Scales, 21 items, depression (sum of 7 items, doubled)",
        42,
        DASS,
        remission=(Cutoff(9, f"{DASS} (normal band)"),),
        severity=(
            ("normal", 0, 9),
            ("mild", 10, 13),
            ("moderate", 14, 20),
            ("severe", 21, 27),
            ("extremely severe", 28, 42),
        ),
    ),
    shipped("Zung-SDS", "Zung Self-Rating Depression Scale, raw sum", 80, "Zung 1965, Arch Gen Psychiatry", minimum=20),
    shipped(  # raw sum × 1.25, so that not every whole number can be
        "Zung-SDS-index",
        "Zung Self-Rating Depression Scale, index",
        100,
        "Zung 1965, Arch Gen Psychiatry",
        minimum=25,
        integer=False,
        remission=(Cutoff(49, "Zung 1965, Arch Gen Psychiatry (below 50: normal)"),),
    ),
    shipped(
        "MADRS-S",
        "Montgomery–Åsberg Depression Rating Scale, self-rated, 9 items",
        54,
        "Svanborg & Åsberg 1994, Acta Psychiatr Scand",
    ),
    shipped(
        "HAMD7",
        "Toronto Hamilton Depression Rating Scale, 7 items",
        26,  # six items of 0–4 and one of 0–2
        _TORONTO,
        remission=(Cutoff(3, f"{_TORONTO} (matches HAMD17 <= 7)"),),
    ),
    shipped(  # scored as most do, its top two answers counted alike; items of 0–4 sum to 80: define that one
        "CESD-R",
        "Center for Epidemiologic Studies Depression Scale, revised",
        60,
        _EATON,
        remission=(Cutoff(15, f"{_EATON} (the cut-off of the CES-D; 16 or more: a case)"),),
    ),
    shipped(
        "CUDOS",
        "Clinically Useful Depression Outcome Scale, its 16 symptom items",
        64,
        "Zimmerman 2008 (PMID 18243884)",
        remission=(
            Cutoff(19, f"{_ZIMMERMAN} (the developers' cut-off)"),
            Cutoff(10, f"{_ZIMMERMAN} (its remission rate was nearest that of HAMD17)"),
        ),
        severity=(
            ("none", 0, 10),
            ("minimal", 11, 20),
            ("mild", 21, 30),
            ("moderate", 31, 45),
            ("severe", 46, 64),
        ),
    ),
    # T scores: mean 50, SD 10, on a metric printed as of 100 points; the short forms reach 37.1 to 81.3, banks further.
    # No T score means "no symptoms", so that percent change and >=50% response are not meant for them
    shipped(
        "PROMIS-Depression",
        "PROMIS Depression, T score",
        100,
        f"{PROMIS}; minimally important difference: PMC7103541",
        integer=False,
        response="none: 3 to 4 T-score points are the minimally important difference",
    ),
)
