"""Scales of functioning, quality of life, suicidal ideation, psychosis, and more of anxiety; each with its source."""

from __future__ import annotations

from .depression_scales import PROMIS
from .scale_definition import BETTER, RESPONSE, shipped

_EUROQOL = "Brooks 1996, Health Policy 37:53-72"
_SPIELBERGER = "Spielberger 1983, Manual for the State-Trait Anxiety Inventory (Form Y)"

WIDER_SCALES = (
    shipped(  # a T score, as PROMIS-Depression
        "PROMIS-Anxiety",
        "PROMIS Anxiety, T score",
        100,
        PROMIS,
        integer=False,
        response="none: a T score has no zero to count from",
    ),
    shipped(
        "K6",
        "Kessler Psychological Distress Scale, 6 items of 0 to 4",
        24,
        "Kessler 2003, Arch Gen Psychiatry 60:184-189; bands: Prochaska 2012, Int J Methods Psychiatr Res 21:88-97",
        severity=(("none or low", 0, 4), ("moderate", 5, 12), ("serious", 13, 24)),
    ),
    shipped(  # itself a rating of change (4: no change), so that it has no baseline
        "CGI-I",
        "Clinical Global Impression, improvement",
        7,
        "Guy 1976, ECDEU Assessment Manual",
        minimum=1,
        response="none: a score of 1 or 2 (very much, much improved) is one, without a baseline",
    ),
    shipped(
        "SSI",
        "Scale for Suicide Ideation, clinician, 19 items",
        38,
        "Beck 1979, J Consult Clin Psychol 47:343-352",
    ),
    shipped(  # 21 items, the last two of which are not scored
        "BSS",
        "Beck Scale for Suicide Ideation, self-report",
        38,
        "Beck 1991, Beck Scale for Suicide Ideation",
    ),
    shipped(  # the most severe of five kinds of ideation; 0: none of them
        "C-SSRS-ideation",
        "Columbia-Suicide Severity Rating Scale, severity of ideation",
        5,
        "Posner 2011, Am J Psychiatry 168:1266-1277",
        response="none: its scores are ordered kinds of ideation",
    ),
    shipped(
        "SIDAS",
        "Suicidal Ideation Attributes Scale",
        50,
        "van Spijker 2014, Suicide Life Threat Behav 44(4), doi 10.1111/sltb.12084",
    ),
    shipped("STAI-S", "State-Trait Anxiety Inventory, state", 80, _SPIELBERGER, minimum=20),
    shipped("STAI-T", "State-Trait Anxiety Inventory, trait", 80, _SPIELBERGER, minimum=20),
    shipped("OASIS", "Overall Anxiety Severity and Impairment Scale", 20, "Norman 2006, Depress Anxiety 23:245-249"),
    shipped("PDSS", "Panic Disorder Severity Scale", 28, "Shear 1997, Am J Psychiatry 154:1571-1575"),
    shipped("SPIN", "Social Phobia Inventory", 68, "Connor 2000, Br J Psychiatry 176:379-386"),
    shipped(  # the sum of items of 1–4; SHAPS counts each item 0 or 1
        "SHAPS-Likert",
        "Snaith–Hamilton Pleasure Scale, items of 1 to 4 (higher: less pleasure)",
        56,
        "Franken 2007, J Affect Disord 99:83-89",
        minimum=14,
    ),
    shipped(  # SDS is also Zung's scale
        "Sheehan-SDS",
        "Sheehan Disability Scale, sum of work, social and family life",
        30,
        "Sheehan 1996, Int Clin Psychopharmacol 11 Suppl 3:89-95",
    ),
    shipped(  # 32 where the item on work does not apply
        "WSAS",
        "Work and Social Adjustment Scale",
        40,
        "Mundt 2002, Br J Psychiatry 180:461-464",
        severity=(("subclinical", 0, 9), ("significant impairment", 10, 20), ("moderately severe or worse", 21, 40)),
    ),
    shipped(  # the lowest value is the value set's: -0.285 England (5L), -0.594 UK (3L); lowest found: -1.491 Morocco
        "EQ-5D",
        "EQ-5D index by any value set (1: full health, 0: dead)",
        1,
        f"{_EUROQOL}; lowest value: that of Morocco, doi 10.1007/s11136-025-03930-1",
        minimum=-1.491,
        integer=False,
        better=True,
        response="none: it is a value of health states, not of symptoms",
    ),
    shipped("EQ-VAS", "EQ-5D visual analogue scale of health", 100, _EUROQOL, better=True, response=BETTER),
    shipped(  # also given as a percentage of the highest sum: define that one
        "Q-LES-Q-SF",
        "Quality of Life Enjoyment and Satisfaction Questionnaire, short form, raw sum of 14 items",
        70,
        "Endicott 1993; short form: Stevanovic 2011, J Psychiatr Ment Health Nurs 18:744-750",
        minimum=14,
        better=True,
        response=BETTER,
    ),
    shipped(
        "PANSS",
        "Positive and Negative Syndrome Scale",
        210,
        "Kay 1987, Schizophr Bull 13:261-276",
        minimum=30,
        response=f"{RESPONSE}, counted from 30",
    ),
    shipped(  # 18 items of 1–7; where they count 0–6 the sum runs from 0 to 108: define that one
        "BPRS",
        "Brief Psychiatric Rating Scale, 18 items of 1 to 7",
        126,
        "Overall & Gorham 1962, doi 10.2466/pr0.1962.10.3.799",
        minimum=18,
        response=f"{RESPONSE}, counted from 18",
    ),
)
