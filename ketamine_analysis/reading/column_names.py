"""What columns are usually called: the library's name for a file's column, and the unit a name tells."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable, Mapping

from ..outcomes.scales import SCALES
from .problems import Problems


def squeezed(text: str) -> str:
    """The text's letters and digits, small and without accents; of any script.

    >>> squeezed("Día 2 (Ärztin)"), squeezed("患者 ID")
    ('dia2arztin', '患者id')
    """
    plain = unicodedata.normalize("NFKD", str(text).casefold())
    return "".join(one for one in plain if one.isalnum() and not unicodedata.combining(one))


# library name → what a column for it is called, punctuation gone, the most telling first
_SYNONYMS: Mapping[str, tuple[str, ...]] = {
    name: tuple(words.split())
    for name, words in {
        "subject": "usubjid subjid subjectid subject subj subjectno patientid patient patid patnr patno patientnumber "
        "recordid participantid participant ptid pid pt pts ptno ptnr ptnumber patcode casenumber caseid case mrn id",
        "arm": "trt01p trtp trt01a trta arm treatment treatmentarm treatmentgroup allocation allocatedarm "
        "randomisedarm randomizedarm randomisation randomization group grp trt treat drug condition gruppe behandlung",
        "study": "studyid study trialid trial",
        "visit": "avisit redcapeventname visit visitname visitlabel timepoint event eventname visitnum visitno",
        "hours": "hours hour hrs timehours hourspost hourspostdose hourspostinfusion hoursafterdose hourssincedose "
        "ady qsdy studyday days day dayssincefirstdose weeks week wk minutes",
        "date": "visitdate assessmentdate visdt adt visitdt date datum",
        "start": "randdate randomisationdate randomizationdate firstdosedate startdate dateoffirstdose infusiondate "
        "trtsdt rfstdtc randdt baselinedate",
        "score": "aval qsstresn score total totalscore sum value",
        "baseline": "base baseline baselinescore baselinetotal bl",
        "change": "chg change changefrombaseline",
        "period": "period aperiod",
        "dose": "dosenumber doseno infusion infusionnumber infusionno treatmentnumber treatmentno injection",
        "site": "site siteid centre center",
        "age": "age",
        "sex": "sex gender",
    }.items()
}
_MORE = {  # rarer English words, and German, French, Spanish, Portuguese, Italian, Dutch, Chinese, Japanese ones
    "subject": "subjects subji subjno patientnumber patientno patientnummer patientennummer patientenid proband "
    "probandennummer versuchsperson sujet numeropatient paciente idpaciente sujeto participante "
    "paziente soggetto deelnemer proefpersoon 患者 患者id 患者编号 病人 受试者 受试者编号 被験者 被験者id "
    "患者番号 症例番号",
    "arm": "therapy therapie treatmentname trtname armname armcd actarm cond alloc studyarm intervention "
    "behandlungsgruppe bras groupe traitement brazo grupo tratamiento tratamento braco gruppo braccio "
    "trattamento groep behandeling random 组 组别 分组 治疗组 群 投与群 治療群",
    "visit": "visitnumber visitcode session epoch besuch termin zeitpunkt visite visita momento tijdstip "
    "meetmoment 访视 时间点 来院 時点",
    "hours": "months month time zeit temps tiempo tempo tijd stunden tage tag wochen woche monat monate heures "
    "jours jour semaines semaine mois "
    "horas dias dia semanas semana meses mes ore giorni giorno settimane settimana mesi mese uren "
    "dagen dag weken maand maanden 小时 天 周 月 時間 日 週",
    "score": "gesamtwert summe punktwert punktzahl scoretotal puntaje puntuacion pontuacao punteggio "
    "totaalscore 总分 得分 评分 合計 得点 点数",
    "baseline": "ausgangswert basal valeurinitiale uitgangswaarde 基线 ベースライン",
    "date": "visitdatum fecha fechavisita datevisite datavisita 日期 日付",
    "site": "zentrum centro sitio 中心 施設",
    "age": "alter edad eta idade leeftijd 年龄 年齢",
    "sex": "geschlecht sexe sexo sesso geslacht 性别 性別",
}
SYNONYMS: Mapping[str, tuple[str, ...]] = {
    name: (*words, *map(squeezed, _MORE.get(name, "").split())) for name, words in _SYNONYMS.items()
}
COUNT_SYNONYMS: Mapping[str, tuple[str, ...]] = {  # of published tables: a row an arm
    name: tuple(words.split())
    for name, words in {
        "n": "n ntotal total samplesize npatients numberofpatients nrandomised nrandomized patients",
        "events": "events r responders nresponders numberofresponders responded response nresponse remitters "
        "nremitters remission remitted",
        "percent": "percent responserate percentresponders rate",
        "mean": "mean meanscore meanchange change changefrombaseline meanchangefrombaseline chg",
        "sd": "sd standarddeviation stddev sdchange changesd sdofchange",
        "std_error": "se sem stderr standarderror sechange changese",
    }.items()
}
EFFECT_SYNONYMS: Mapping[str, tuple[str, ...]] = {  # of tables of effects: a row a contrast
    name: tuple(words.split())
    for name, words in {
        "estimate": "estimate te yi est es effect effectsize logor lnor logoddsratio logrr lnrr or oddsratio rr "
        "riskratio hr hazardratio rd riskdifference smd hedgesg cohensd md meandifference diff difference g d",
        "std_error": "sete sei se stderr standarderror selogor selnor seyi",
        "variance": "vi v var variance",
        "conf_low": "conflow cilow cilower cilb cil lowerci lowercl lower95 lower95ci ci95lower lci lcl ll lower "
        "low lo lb",
        "conf_high": "confhigh cihigh ciupper ciub ciu upperci uppercl upper95 upper95ci ci95upper uci ucl ul upper "
        "high hi ub",
        "p_value": "pvalue pval p",
        "arm": "treat1 treatment1 trt1 arm1 t1 experimental intervention",
        "control_arm": "treat2 treatment2 trt2 arm2 t2 comparator comparison control reference",
        "n": "n1 ne nexp nexperimental",
        "control_n": "n2 nc ncontrol nctrl",
    }.items()
}
RESULT_SYNONYMS: Mapping[str, tuple[str, ...]] = {  # of any table of results
    name: tuple(words.split())
    for name, words in {
        "study": "studyid study trialid trial studlab studyname studylabel author authors firstauthor paper "
        "publication reference slab citation id",
        "arm": "armid arm treatment treat trt drug group intervention condition",
        "hours": "hours hour timeweeks weeks week wk days day timehours fuweeks followupweeks",
        "treatment": "treatment drug",
    }.items()
}
ALONE = ("isi", "bai", "k10")  # scales whose names other words hold: visit, week10
UNIT_OF = {"hour": "hours", "hr": "hours", "day": "days", "week": "weeks", "wk": "weeks", "minute": "minutes",
           "month": "months"}  # fmt: skip
UNIT_WORDS = {  # as the whole name
    squeezed(word): unit
    for unit, words in {
        "hours": "stunde stunden heure heures hora horas ora ore uur uren 小时 時間",
        "days": "tag tage jour jours dia dias giorno giorni dag dagen 天 日",
        "weeks": "woche wochen semaine semaines semana semanas settimana settimane weken 周 週",
        "months": "monat monate mois mes meses mese mesi maand maanden 月",
    }.items() for word in words.split()
}  # fmt: skip


def names_scale(text: str, scale: str) -> bool:
    """Whether a text holds a scale's squeezed name; one that other words hold too must stand alone.

    >>> names_scale("ISI_week4", "isi"), names_scale("VISIT", "isi"), names_scale("week10", "k10")
    (True, False, False)
    """
    if scale in ALONE:
        return re.search(rf"(?<![a-z]){scale}(?![a-z0-9])", str(text).casefold()) is not None
    return scale in squeezed(text)


def likely_column(name: str, columns: Iterable[str]) -> str | None:
    """The column that most likely holds what the library calls `name`, by its usual names, the most telling first.

    >>> likely_column("subject", ["SITEID", "USUBJID", "HAMD17"])
    'USUBJID'
    """
    words = SYNONYMS.get(name, COUNT_SYNONYMS.get(name, ()))
    named = {squeezed(column): str(column) for column in reversed(list(columns))}
    return next((named[word] for word in words if word in named), None)


def named_unit(column: str) -> str | None:
    """The time unit that a column's name tells; CDISC's ADY counts study days, day 1 = first dose.

    >>> named_unit("Week"), named_unit("ADY"), named_unit("time")
    ('weeks', 'study_days', None)
    """
    if str(column).upper() in ("ADY", "QSDY", "VISITDY", "STUDYDAY"):
        return "study_days"
    if squeezed(column) in UNIT_WORDS:
        return UNIT_WORDS[squeezed(column)]
    return next((unit for word, unit in UNIT_OF.items() if word in str(column).casefold()), None)


def has_columns(found: Problems, required: tuple[str, ...], known: tuple[str, ...]) -> bool:
    """Whether the required columns are there, once; a problem for each that is not, with the likely one to paste."""
    present = [str(name) for name in found.table.columns]
    for name in sorted({name for name in present if present.count(name) > 1}):
        found.add_column(name, "column named once", "rename or remove the second column of that name")
    absent = [name for name in required if name not in present]
    recipe = "" if found.file == "table" else "; or say once what is what: ketamine-analysis new FILE"
    for place, name in enumerate(absent):
        needs = f"the table needs {', '.join(required)}; it has {', '.join(present[:20])}{recipe}"
        found.add_column(name, "column present", (needs if place == 0 else "needed too") + _column_hint(name, present))
    for name in (column for column in present if column not in known and not absent):
        near = difflib.get_close_matches(str(name), known, 1, 0.85)
        if near and near[0] not in present:
            found.add_column(
                str(name), "known column", f"did you mean {near[0]!r}? as it is the column is not used", "warning"
            )
    return not absent and found.table.columns.is_unique


def _column_hint(name: str, present: list[str]) -> str:
    """Which column it may be, ready to be pasted."""
    near = likely_column(name, present) or next(iter(difflib.get_close_matches(name, present, 1)), None)
    visit = likely_column("visit", present)
    if name == "hours" and visit is not None and "subject" not in (near, visit):
        return f'; is it told by {visit!r}? then columns={{"visit": "{visit}"}} and visits={{label: hours}}'
    if near is not None:
        return f'; is it {near!r}? then columns={{"{name}": "{near}"}}'
    scores = [(column, scale) for column in present for scale in SCALES if names_scale(column, squeezed(scale))]
    if name == "score" and scores:
        return f'; is it {scores[-1][0]!r}? then columns={{"score": "{scores[-1][0]}"}}'
    if name in ("scale", "outcome"):
        word = "response" if name == "outcome" else scores[-1][1] if scores else "MADRS"
        return f'; one for the whole table: {name}="{word}"'
    return ""
