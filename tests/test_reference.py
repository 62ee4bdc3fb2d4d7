"""The reference: every public name is documented with an example, and one page holds them all."""

import inspect
import re
from pathlib import Path

import pytest

import ketamine_analysis as ka

ROOT = Path(__file__).parents[1]
MADE_BY = "a result, shown by the function that makes it: "
SHOWN_IN = "too large for an example here; shown in notebook "
OWN_FILE = "reads or describes a file of the reader's own: the README's new, check and run show it"
NO_EXAMPLE = {  # public names whose docstring has no example, and why
    "Addition": MADE_BY + "add_study",
    "ArmTimeCourse": MADE_BY + "fit_time_course",
    "Comparison": MADE_BY + "risk_difference",
    "Answer": MADE_BY + "answer",
    "BayesPool": MADE_BY + "bayes_random_effects",
    "CorrelatedEffects": MADE_BY + "correlated_effects",
    "CountPool": MADE_BY + "mantel_haenszel",
    "ExactPool": MADE_BY + "binomial_normal",
    "Fragility": MADE_BY + "fragility",
    "MetaRegression": MADE_BY + "meta_regression",
    "PooledEffects": MADE_BY + "random_effects",
    "TimeCourse": MADE_BY + "fit_time_course",
    "TrimAndFill": MADE_BY + "trim_and_fill",
    "ReadableTable": MADE_BY + "readable",
    "View": MADE_BY + "view",
    "ConvergenceError": "raised by fits; nothing to call",
    "DatasetError": "raised by checks; nothing to call",
    "FAMILIES": "a table of definitions, used by bayes_families",
    "SCALES": "a table of definitions, documented by Scale and find_scale",
    "TIME_WINDOWS": "a table of definitions, documented by assign_window",
    "check_arms": "the same rules are shown by problems_in_arms",
    "check_scores": "the same rules are shown by problems_in_scores",
    "MMRM": MADE_BY + "fit_mmrm",
    "AmongEvidence": MADE_BY + "among_evidence",
    "NotInData": "raised by need_rows, which shows it",
    "CLAIMS": "a table of sentences, judged by judge_claims",
    "ITEM_RULES": "a table of definitions, used by sum_items",
    "PATIENT_GROUPS": "a table of definitions, used by patient_groups",
    "benefit_risk": SHOWN_IN + "12_side_effects",
    "group_contrasts": SHOWN_IN + "13_other_conditions",
    "judge_claims": SHOWN_IN + "11_what_people_say",
    "plot_after_dose": SHOWN_IN + "12_side_effects",
    "plot_among_evidence": SHOWN_IN + "10_your_data_among_the_evidence",
    "plot_benefit_risk": SHOWN_IN + "12_side_effects",
    "plot_claim": SHOWN_IN + "11_what_people_say",
    "plot_claims": SHOWN_IN + "11_what_people_say",
    "plot_calibration": SHOWN_IN + "16_can_the_intervals_be_trusted",
    "plot_covariance": SHOWN_IN + "07_a_patient_level_trial",
    "plot_event_differences": SHOWN_IN + "12_side_effects",
    "plot_event_rates": SHOWN_IN + "12_side_effects",
    "plot_lsmeans": SHOWN_IN + "07_a_patient_level_trial",
    "plot_on_time_course": SHOWN_IN + "10_your_data_among_the_evidence",
    "plot_trajectories": SHOWN_IN + "07_a_patient_level_trial",
    "published_effects": SHOWN_IN + "10_your_data_among_the_evidence",
    "rejudge_claims": SHOWN_IN + "11_what_people_say",
    "read_arms": SHOWN_IN + "01_the_evidence",
    "read_as_arms": SHOWN_IN + "10_your_data_among_the_evidence",
    "examine": OWN_FILE,
    "load_recipe": OWN_FILE,
    "read_dataset": OWN_FILE,
    "read_table": OWN_FILE,
    "write_recipe": OWN_FILE,
    "new": OWN_FILE,
    "Examination": OWN_FILE,
    "RawTable": OWN_FILE,
    "Recipe": OWN_FILE,
}


@pytest.mark.parametrize("name", ka.__all__)
def test_a_public_name_is_documented_with_an_example(name):
    thing = getattr(ka, name)
    if name not in (
        "FAMILIES",
        "SCALES",
        "TIME_WINDOWS",
        "CLAIMS",
        "ITEM_RULES",
        "PATIENT_GROUPS",
    ):  # tables carry their type's docstring
        assert len(inspect.getdoc(thing).splitlines()[0]) > 20
        assert inspect.getdoc(thing) != inspect.getdoc(type(thing))
    assert ">>>" in (inspect.getdoc(thing) or "") or name in NO_EXAMPLE, (
        f"{name} has no example: add one that a reader can check by hand, or say why not in NO_EXAMPLE"
    )


def test_names_without_an_example_are_still_public_and_their_makers_have_one():
    assert set(NO_EXAMPLE) <= set(ka.__all__)
    makers = [why.removeprefix(MADE_BY) for why in NO_EXAMPLE.values() if why.startswith(MADE_BY)]
    assert all(">>>" in getattr(ka, maker).__doc__ for maker in makers)
    for name, why in NO_EXAMPLE.items():
        if why.startswith(SHOWN_IN):
            page = (ROOT / "notebooks" / f"{why.removeprefix(SHOWN_IN)}.ipynb").read_text(encoding="utf-8")
            assert re.search(rf"ka\.{name}\(", page), f"{name}: {why}, but it is not there"


def test_the_map_of_the_library_names_the_road():
    assert all(verb in ka.__doc__ for verb in ("read_scores", "derive_outcomes", "summarize_arms", "contrast_arms"))
    assert ka.__all__ == sorted(ka.__all__, key=lambda name: (not name.isupper(), not name[0].isupper(), name))


def test_one_page_holds_every_public_name_and_names_no_other_host(tmp_path):
    pdoc = pytest.importorskip("pdoc")
    pdoc.render.configure(template_directory=ROOT / ".ci" / "reference_style", search=False, show_source=False)
    pdoc.pdoc("ketamine_analysis", r"!ketamine_analysis\..+", output_directory=tmp_path)
    page = (tmp_path / "ketamine_analysis.html").read_text(encoding="utf-8")
    assert [name for name in ka.__all__ if f'id="{name}"' not in page] == []
    assert re.findall(r'<(?:script|img|link)[^>]+(?:src|href)="https?:[^"]*', page) == []
    assert re.search(r"white-space: ?pre-line", page)
    assert not (tmp_path / "ketamine_analysis" / "axes.html").exists()


def test_the_lock_file_pins_every_dependency_with_hashes_and_names_no_host():
    text = (ROOT / ".ci" / "requirements.lock").read_text(encoding="utf-8")
    assert "://" not in text and "--index-url" not in text and "--find-links" not in text
    pins = re.findall(
        r"^([A-Za-z0-9._-]+)==\S+(?: ;[^\n\\]+)?((?: \\\n    --hash=sha256:[0-9a-f]{64})+)", text, flags=re.MULTILINE
    )
    unpinned = re.findall(r"^[A-Za-z0-9][^=\n]*(?:\n|$)", text, flags=re.MULTILINE)
    assert unpinned == [] and len(pins) == len(re.findall(r"^\S+==", text, flags=re.MULTILINE)) > 50
    declared = re.findall(
        r'^\s*"([A-Za-z0-9_-]+)>=', (ROOT / "pyproject.toml").read_text(encoding="utf-8"), re.MULTILINE
    )
    names = {name.lower().replace("_", "-") for name, _ in pins}
    assert {name.lower() for name in declared if name != "hatchling"} <= names
