"""Names of trials and arms that matplotlib, a spreadsheet or a browser would run: shown as they stand, or made inert."""

import matplotlib.pyplot as plt
import pandas as pd
import pytest
from matplotlib.text import Text

import ketamine_analysis as ka
from ketamine_analysis.figures.keep import harmless

NAMES = [
    "$x^2$",
    "_a",
    r"\frac{1}{2}$",
    "a_b^c",
    "$",
    "10 $ a dose, 20 $ two",
    "{}",
    "%s",
    "<b>x</b>",
    "=cmd|' /C calc'!A0",
]


def _trial(name):
    scores = ka.simulate_trial(n_per_arm=8, seed=6)
    arms = {"ketamine": name, "midazolam": "midazolam", "sertraline": "sertraline"}
    return ka.derive_outcomes(scores.assign(arm=scores["arm"].map(arms), study=f"{name} 2001"))


def _words(ax):
    ax.figure.canvas.draw()  # a formula that cannot be parsed is raised here
    return [one for one in ax.figure.findobj(Text) if one.get_text().strip()]


@pytest.mark.parametrize("name", NAMES)
def test_figures_show_a_name_as_it_stands(name):
    outcomes = _trial(name)
    arms = ka.summarize_arms(outcomes)
    effects = ka.contrast_arms(
        arms.assign(treatment_class=arms["treatment_class"].fillna("other")), control="midazolam"
    )
    last = effects[(effects["hours"] == effects["hours"].max()) & (effects["arm"] == name)]
    pooled = ka.random_effects(pd.concat([last, last.assign(study="other 2002")]))
    figures = [
        ka.plot_rates(arms, outcome="response"),
        ka.plot_trajectories(outcomes),
        ka.plot_forest(pooled),
        ka.plot_funnel(pooled),
    ]
    shown = [one for ax in figures for one in _words(ax)]
    with_name = [one for one in shown if name in one.get_text()]
    assert len(with_name) >= 3 and not any(one.get_parse_math() for one in with_name)
    plt.close("all")


def test_a_kept_table_runs_nothing_and_keeps_its_numbers(tmp_path):
    table = pd.DataFrame({"=name": ["=1+1", "@x", "+a", "-b", "\tc", "\rd"], "n": [-1, 2, 3, 4, 5, 6],
                          "ci": ["-7.1 (-9.9 to -4.2)", "-3e-05", "+2", "-1,5", "- ", "−2 to 3"]})  # fmt: skip
    ka.save_result(table, "t", tmp_path)
    back = pd.read_csv(tmp_path / "tables" / "t.csv", keep_default_na=False)
    assert list(back.columns) == ["'=name", "n", "ci"] and len(back) == len(table)
    assert all(cell.startswith("'") for cell in back["'=name"])
    assert back["ci"].tolist() == table["ci"].tolist() and back["n"].tolist() == table["n"].tolist()
    assert harmless(table)["n"].dtype == table["n"].dtype
