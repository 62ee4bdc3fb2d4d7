"""Words that files use: other languages, brand names, abbreviations, controls that are no placebo."""

import pandas as pd
import pytest

import ketamine_analysis as ka
from ketamine_analysis.any_file.recognise_arms import guess_arms
from ketamine_analysis.reading.column_names import likely_column, named_unit
from ketamine_analysis.reading.visits import visit_hours

HEADS = {  # subject, arm, visit or time, score as eight languages head them
    "German": ("Patientennummer", "Behandlungsgruppe", "Woche", "weeks"),
    "French": ("Sujet", "Groupe", "Semaine", "weeks"),
    "Spanish": ("Paciente", "Tratamiento", "Días", "days"),
    "Portuguese": ("Participante", "Braço", "Dia", "days"),
    "Italian": ("Soggetto", "Gruppo", "Settimana", "weeks"),
    "Dutch": ("Deelnemer", "Groep", "Dagen", "days"),
    "Chinese": ("患者编号", "组别", "周", "weeks"),
    "Japanese": ("被験者ID", "群", "週", "weeks"),
    "English": ("PATIENT NUMBER", "TREATMENT NAME", "months", "months"),
}


@pytest.mark.parametrize("language", HEADS)
def test_a_file_in_each_language_needs_only_its_guesses_confirmed(language, tmp_path):
    subject, arm, time, unit = HEADS[language]
    table = pd.DataFrame({subject: [1, 1, 2, 2], arm: ["Ketamine", "Ketamine", "Placebo", "Placebo"], time: [0, 1] * 2,
                          "MADRS": [30, 12, 31, 25]})  # fmt: skip
    table.to_csv(tmp_path / "file.csv", index=False)
    recipe = ka.write_recipe(tmp_path / "file.csv")
    recipe.write_text(recipe.read_text("utf-8").replace("confirmed = false", "confirmed = true"), "utf-8")
    scores = ka.read_dataset(recipe)
    one = {"days": 24.0, "weeks": 168.0, "months": 730.5}[unit]
    assert sorted(scores["hours"].unique()) == [0, one] and scores["subject"].nunique() == 2
    assert scores.drop_duplicates("arm")["role"].tolist() == ["active", "control"]


def test_rarer_english_heads_are_known():
    for name, head in (("arm", "THERAPY"), ("arm", "TRT"), ("arm", "COND"), ("arm", "ALLOC"), ("subject", "subji"),
                       ("subject", "Subjects"), ("visit", "VISIT NUMBER"), ("visit", "TIMEPOINT"), ("visit", "EPOCH"),
                       ("visit", "SESSION"), ("age", "Alter"), ("sex", "性别")):  # fmt: skip
        assert likely_column(name, ["x", head]) == head, head
    assert named_unit("stage") is None and named_unit("Tag") == "days" and named_unit("Mois") == "months"
    assert visit_hours(["Semana 2", "4 Wochen", "第2周", "基线", "Día 3", "2 mois"]) == {
        "Semana 2": (336.0, ""), "4 Wochen": (672.0, ""), "第2周": (336.0, ""), "基线": (0.0, ""),
        "Día 3": (48.0, "day 1 taken as the day of first dose; 72 if that was day 0"),
        "2 mois": (1461.0, "a month taken as 730.5 h"),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("label", "treatment", "name"),
    [
        ("Spravato 56 mg", "esketamine", "esketamine"), ("Zoloft", "sertraline", "ssri"), ("Cymbalta", "duloxetine", "snri"),
        ("Remeron", "mirtazapine", "atypical"), ("Anafranil", "clomipramine", "tca"), ("Nardil", "phenelzine", "maoi"),
        ("LSD 100 µg", "lsd", "psychedelic"), ("CBT", "cbt", "psychological"), ("rTMS", "rtms", "stimulation"),
        ("Zuranolone 50 mg", "zuranolone", "neurosteroid"), ("dosulepin", "dosulepin", "tca"),
    ],
)  # fmt: skip
def test_drugs_brands_and_other_treatments_give_their_class(label, treatment, name):
    told = guess_arms([label])[label]
    assert (told.value["treatment"], told.value["treatment_class"], told.value["role"]) == (treatment, name, "active")


def test_abbreviations_are_guesses_and_placebos_stay_placebos():
    for label, drug in (("KET", "ketamine"), ("ESK", "esketamine"), ("DLX", "duloxetine"), ("PSIL", "psilocybin")):
        told = guess_arms([label])[label]
        assert told.value["treatment"] == drug and told.confidence == "GUESS", label
    for label in ("PBO", "PLB", "Saline", "placebo"):
        assert guess_arms([label])[label].value["control_kind"] == "placebo", label
    assert guess_arms(["MDZ"])["MDZ"].value["control_kind"] == "active_placebo"
    assert guess_arms(["Placebo + standard care"])["Placebo + standard care"].value["control_kind"] == "?"


def test_other_controls_have_their_kind_and_are_contrasted_only_when_named(tmp_path):
    kinds = {"Wait list": "waiting_list", "TAU": "usual_care", "Usual care": "usual_care", "No treatment": "no_treatment",
             "Sham rTMS": "sham_stimulation"}  # fmt: skip
    kinds = {label.replace("Wait list", "Waiting list"): kind for label, kind in kinds.items()}
    for label, kind in kinds.items():
        told = guess_arms([label])[label].value
        assert (told["role"], told["control_kind"]) == ("control", kind), label
    sheet = pd.DataFrame({"study": ["a", "b"], "treatment1": "CBT", "treatment2": "Waiting list", "r1": [9, 12],
                          "n1": [20, 25], "r2": [3, 4], "n2": [20, 24]})  # fmt: skip
    sheet.to_csv(tmp_path / "sheet.csv", index=False)
    recipe = ka.write_recipe(tmp_path / "sheet.csv")
    recipe.write_text(recipe.read_text("utf-8").replace("confirmed = false", "confirmed = true"), "utf-8")
    arms = ka.read_dataset(recipe)
    assert ka.contrast_arms(arms).empty and len(ka.contrast_arms(arms, control="waiting_list")) == 2
    reasons = ka.without_contrast(arms)["reason"]
    assert reasons.str.contains("waiting_list is contrasted only when named").any()
    assert set(ka.read_as_effects(recipe)["comparison"]) == {"psychological against Waiting list"}
