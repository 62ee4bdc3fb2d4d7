import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

import ketamine_analysis as ka


def _effects(rows):
    arms = [
        {"study": f"t{i}", "arm": arm, "role": role, "hours": 24.0, "scale": "MADRS", "outcome": "response", "events": e, "n": n}
        for i, (e1, n1, e2, n2) in enumerate(rows)
        for arm, role, e, n in (("drug", "active", e1, n1), ("placebo", "control", e2, n2))
    ]  # fmt: skip
    return ka.contrast_arms(pd.DataFrame(arms))


TRIALS = [(19, 35, 9, 31), (12, 34, 1, 33), (12, 20, 10, 20), (30, 47, 7, 25), (8, 20, 6, 21)]


def test_each_row_is_the_pooling_it_names():
    effects = _effects(TRIALS)
    table = ka.alternative_poolings(effects).set_index("analysis")
    main, left = ka.random_effects(effects), ka.random_effects(effects).leave_one_out()
    expected = {
        "REML, modified Hartung–Knapp": main.summary(),
        "REML, Wald": ka.random_effects(effects, inference="wald").summary(),
        "DerSimonian–Laird, Wald": ka.random_effects(effects, method="DL", inference="wald").summary(),
        "common effect, inverse variance": ka.random_effects(effects, method="FE", inference="wald").summary(),
        "common effect, Mantel–Haenszel": ka.mantel_haenszel(effects).summary(),
        "exact likelihood, t": ka.hypergeometric_normal(effects, inference="t").summary(),
        "trim and fill, modified Hartung–Knapp": ka.trim_and_fill(effects, inference="hksj_modified").summary(),
        f"without {left.loc[left['conf_low'].idxmin(), 'left_out']} (nearest to no effect)": left.loc[
            [left["conf_low"].idxmin()]
        ],
        f"without {left.loc[left['conf_low'].idxmax(), 'left_out']} (farthest)": left.loc[[left["conf_low"].idxmax()]],
    }
    for name, summary in expected.items():
        for column in ("estimate", "conf_low", "conf_high"):
            assert table.loc[name, column] == pytest.approx(summary[column].iloc[0]), (name, column)
    new = main.prediction_interval().iloc[0]
    assert table.loc["a new trial (prediction)", "conf_low"] == pytest.approx(new["prediction_low"])
    assert list(table.index)[:-1] == list(expected) and (table["reason"] == "").all()
    assert (table["measure"] == "log_odds_ratio").all()


def test_mirrored_effects_leave_out_the_same_trials():
    effects = _effects(TRIALS)
    one = ka.alternative_poolings(effects)["analysis"].tolist()
    two = ka.alternative_poolings(effects[["study", "estimate", "std_error"]].assign(estimate=-effects["estimate"]))
    assert [name for name in one if "without" in name] == [name for name in two["analysis"] if "without" in name]


def test_what_does_not_exist_has_a_reason():
    table = ka.alternative_poolings(_effects(TRIALS[:1])).set_index("analysis")
    assert table.loc["trim and fill, modified Hartung–Knapp", "reason"].startswith("trim and fill needs three trials")
    assert table.loc["a new trial (prediction)", "reason"] == "one trial says nothing of how trials differ"
    assert not any(name.startswith("without") for name in table.index)
    missing = table["conf_low"].isna()
    assert (table.loc[missing, "reason"] != "").all() and missing.sum() == 2


def test_a_control_without_events_leaves_the_other_rows():
    table = ka.alternative_poolings(_effects([(5, 20, 0, 20), (4, 25, 0, 24), (3, 30, 0, 29)])).set_index("analysis")
    assert "0 or infinite" in table.loc["common effect, Mantel–Haenszel", "reason"]
    assert "0 or infinite" in table.loc["exact likelihood, t", "reason"]
    assert np.isfinite(table.loc["REML, Wald", "estimate"])


def test_means_have_no_counts():
    table = ka.alternative_poolings(
        pd.DataFrame({"estimate": [-0.4, -0.2, -0.6], "std_error": 0.2, "measure": "standardized_mean_difference"})
    )
    assert not table["analysis"].str.contains("exact|Mantel").any()


def test_the_figure_shows_every_row_and_its_numbers():
    table = ka.as_ratio(ka.alternative_poolings(_effects(TRIALS)))
    ax = ka.plot_alternatives(table)
    assert [label.get_text() for label in ax.get_yticklabels()] == table["analysis"].tolist()
    assert ax.get_xscale() == "log"
    first = ka.interval_text(table)["estimate (95 %)"].iloc[0]
    assert first in [text.get_text() for text in ax.texts]
    own = plt.subplots()[1]
    one = ka.alternative_poolings(_effects(TRIALS[:1]))
    assert ka.plot_alternatives(one, ax=own) is own
    assert "one trial says nothing of how trials differ" in [text.get_text() for text in own.texts]
    plt.close("all")
