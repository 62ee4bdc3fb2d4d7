"""Scales of other complaints: anxiety, post-traumatic stress, pain, dissociation, well-being; each with its source."""

from __future__ import annotations

from .depression_scales import DASS, HADS, HADS_BANDS
from .scale_definition import BETTER, RESPONSE, Cutoff, shipped

_PTSD = f"{RESPONSE}; PTSD trials often use >=30%"
_PAIN = f"{RESPONSE}; pain trials also use >=30%"
_GAD_7 = "Spitzer 2006, Arch Intern Med 166:1092-1097"
_TOPP = "Topp 2015, Psychother Psychosom 84:167-176"

OTHER_SCALES = (
    shipped(
        "HAM-A",
        "Hamilton Anxiety Rating Scale",
        56,
        "Hamilton 1959, Br J Med Psychol 32:50-55",
        remission=(Cutoff(7, "Ballenger 1999, J Clin Psychiatry 60 Suppl 22:29-34"),),
    ),
    shipped(
        "LSAS",
        "Liebowitz Social Anxiety Scale",
        144,
        "Liebowitz 1987, Mod Probl Pharmacopsychiatry 22:141-173",
        remission=(Cutoff(30, "Mennin 2002, J Anxiety Disord 16:661-673; remission: Glischinski 2018"),),
    ),
    shipped(
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
    shipped(  # remission is published only together with loss of the diagnosis, which a score cannot tell
        "CAPS-5",
        "Clinician-Administered PTSD Scale for DSM-5",
        80,
        "Weathers 2018, Psychol Assess 30:383-395",
        response=_PTSD,
    ),
    shipped(
        "PCL-5",
        "PTSD Checklist for DSM-5",
        80,
        "Blevins 2015, J Trauma Stress 28:489-498",
        response=_PTSD,
    ),
    shipped(
        "IES-R",
        "Impact of Event Scale, revised",
        88,
        "Weiss & Marmar 1997, in Assessing Psychological Trauma and PTSD, 399-411",
        response=_PTSD,
    ),
    shipped("NRS-pain", "Numeric rating of pain", 10, "Farrar 2001, Pain 94:149-158", response=_PAIN),
    shipped(
        "VAS-pain",
        "Visual analogue scale of pain, mm",
        100,
        "Huskisson 1974, Lancet 304:1127-1131",
        integer=False,
        response=_PAIN,
    ),
    shipped(  # 92 on the 23 items (0–4) of the ketamine trials; the forms of 27 and 28 items reach 108 and 112
        "CADSS",
        "Clinician-Administered Dissociative States Scale",
        112,
        "Bremner 1998, J Trauma Stress 11:125-136",
        response="none: it rates a side effect",
    ),
    shipped(
        "GAD-7",
        "Generalized Anxiety Disorder, 7 items",
        21,
        _GAD_7,
        remission=(Cutoff(4, f"{_GAD_7} (below its first cut-point)"),),
        severity=(("minimal", 0, 4), ("mild", 5, 9), ("moderate", 10, 14), ("severe", 15, 21)),
    ),
    shipped(
        "HADS-A",
        "Hospital Anxiety and Depression Scale, anxiety",
        21,
        HADS,
        remission=(Cutoff(7, f"{HADS} (no case)"),),
        severity=HADS_BANDS,
    ),
    shipped(
        "DASS-21-A",
        "Depression Anxiety Stress Scales, 21 items, anxiety (sum of 7 items, doubled)",
        42,
        DASS,
        remission=(Cutoff(7, f"{DASS} (normal band)"),),
        severity=(
            ("normal", 0, 7),
            ("mild", 8, 9),
            ("moderate", 10, 14),
            ("severe", 15, 19),
            ("extremely severe", 20, 42),
        ),
    ),
    shipped(
        "DASS-21-S",
        "Depression Anxiety Stress Scales, 21 items, stress (sum of 7 items, doubled)",
        42,
        DASS,
        remission=(Cutoff(14, f"{DASS} (normal band)"),),
        severity=(
            ("normal", 0, 14),
            ("mild", 15, 18),
            ("moderate", 19, 25),
            ("severe", 26, 33),
            ("extremely severe", 34, 42),
        ),
    ),
    shipped(
        "BAI",
        "Beck Anxiety Inventory",
        63,
        "Beck 1988, J Consult Clin Psychol 56:893-897; bands: Beck & Steer 1993, Manual",
        remission=(Cutoff(7, "Beck & Steer 1993, Manual (minimal band)"),),
        severity=(("minimal", 0, 7), ("mild", 8, 15), ("moderate", 16, 25), ("severe", 26, 63)),
    ),
    shipped(
        "PSWQ",
        "Penn State Worry Questionnaire",
        80,
        "Meyer 1990, Behav Res Ther 28:487-495",
        minimum=16,
    ),
    shipped(
        "Y-BOCS",
        "Yale–Brown Obsessive Compulsive Scale",
        40,
        "Goodman 1989, Arch Gen Psychiatry 46:1006-1011",
        response=f"{RESPONSE}; trials of obsessive-compulsive disorder use >=35%",
        severity=(
            ("subclinical", 0, 7),
            ("mild", 8, 15),
            ("moderate", 16, 23),
            ("severe", 24, 31),
            ("extreme", 32, 40),
        ),
    ),
    shipped("YMRS", "Young Mania Rating Scale", 60, "Young 1978, Br J Psychiatry 133:429-435"),
    shipped(  # items of 1–5, as most surveys score it; where they count 0–4 the sum runs from 0 to 40: define that one
        "K10",
        "Kessler Psychological Distress Scale, 10 items of 1 to 5",
        50,
        "Kessler 2002, Psychol Med 32:959-976; bands: Australian Bureau of Statistics 2012, 4817.0.55.001",
        minimum=10,
        severity=(("low", 10, 15), ("moderate", 16, 21), ("high", 22, 29), ("very high", 30, 50)),
    ),
    shipped(
        "ISI",
        "Insomnia Severity Index",
        28,
        "Bastien 2001, Sleep Med 2:297-307",
        remission=(Cutoff(7, "Morin 2011, Sleep 34:601-608 (below 8)"),),
        severity=(("none", 0, 7), ("subthreshold", 8, 14), ("moderate", 15, 21), ("severe", 22, 28)),
    ),
    shipped(  # each of 14 items 0 or 1; the sum of items of 1–4 (14 to 56) is another scale: define that one
        "SHAPS",
        "Snaith–Hamilton Pleasure Scale, items of 0 or 1 (higher: less pleasure)",
        14,
        "Snaith 1995, Br J Psychiatry",
        remission=(Cutoff(2, "Snaith 1995, Br J Psychiatry (normal: 2 or less)"),),
    ),
    shipped("CGI-S", "Clinical Global Impression, severity", 7, "Guy 1976, ECDEU Assessment Manual", minimum=1),
    shipped(
        "WHO-5",
        "WHO-Five Well-Being Index, percentage (raw sum × 4)",
        100,
        _TOPP,
        better=True,
        response=BETTER,
    ),
    shipped("WHO-5-raw", "WHO-Five Well-Being Index, raw sum", 25, _TOPP, better=True, response=BETTER),
)
