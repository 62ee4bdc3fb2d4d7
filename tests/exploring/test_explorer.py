"""The explorer: its controls call view and show its words."""

import builtins

import pytest
from small_data import THREE_TRIALS

import ketamine_analysis as ka


def test_the_controls_call_view_and_show_its_words():
    explorer = ka.explore(THREE_TRIALS)
    above, shown, code, _ = explorer.children
    assert above.layout.flex_flow == "row wrap"  # on a small screen the figures keep the whole width
    controls = {control.description: control for control in above.children}
    assert list(controls) == ["class", "control", "blinding", "population", "scale", "outcome", "window", "model"]
    assert ka.view(THREE_TRIALS, treatment_class="ketamine").title in shown.value
    controls["control"].value = "active_placebo"
    made = ka.view(THREE_TRIALS, treatment_class="ketamine", control="active_placebo")
    assert made.title in shown.value and code.value == made.code
    controls["model"].value = "emax"
    assert "No view of these choices" in shown.value and code.value == ""


def test_classes_stand_in_the_figures_order_and_no_control_is_among_them():
    classes = [value for _, value in ka.explore(ka.default_pool(ka.load_evidence())).children[0].children[0].options]
    assert classes[:5] == ["ketamine", "esketamine", "ssri", "snri", "oral_antidepressant_mixed"]
    assert "placebo" not in classes and len(classes) == len(set(classes)) > 5


def test_without_widgets_the_error_names_the_package_and_the_other_way(monkeypatch):
    real = builtins.__import__

    def without(name, *rest):
        if name == "anywidget":
            raise ImportError("no", name="anywidget")
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ImportError, match=r"explore needs anywidget \(pip install anywidget\); ka.view shows the same"):
        ka.explore(THREE_TRIALS)
