"""A dataset among the evidence: worked by hand, and against pools made the ordinary way."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import ketamine_analysis as ka

GRISELDA = Path(__file__).parents[3] / "shared" / "external" / "griselda_arms.csv"


def _arms(study, *figures, hours=24.0, **more):
    """Rows of (treatment class, role, n, events)."""
    rows = [
        {"study": study, "arm": name, "treatment": name, "treatment_class": name, "role": role, "n": n, "events": events,
         "control_kind": "placebo" if role == "control" else None, "hours": hours, "scale": "MADRS", "outcome": "response",
         "definition": None, "timing": "at", "analysis": "itt", **more}
        for name, role, n, events in figures
    ]  # fmt: skip
    return pd.DataFrame(rows)


def _evidence():
    trials = ((40, 20, 40, 10), (50, 30, 50, 18), (60, 24, 60, 15), (45, 27, 45, 9))
    parts = [
        _arms(
            f"pub{i}",
            ("ketamine", "active", n, e),
            ("placebo", "control", m, c),
            label=f"Author{i} 200{i}",
            year=2000 + i,
        )
        for i, (n, e, m, c) in enumerate(trials, 1)
    ]
    return pd.concat(parts, ignore_index=True)


NEW = _arms("new", ("ketamine", "active", 50, 45), ("placebo", "control", 50, 5))


def test_a_new_trial_is_judged_by_the_pool_of_the_others():
    among = ka.among_evidence(NEW, evidence=_evidence())
    pool = ka.random_effects(ka.contrast_arms(_evidence()))
    error = pool.summary().iloc[0]
    row = among.summary().iloc[0]
    estimate = np.log((45 / 5) / (5 / 45))
    own = np.sqrt(1 / 45 + 1 / 5 + 1 / 5 + 1 / 45)
    half = stats.t.isf(0.025, 3) * np.sqrt(error["std_error"] ** 2 + pool.tau2 + own**2)
    assert row["estimate"] == pytest.approx(estimate) and row["k"] == 4
    assert row["expected_high"] == pytest.approx(error["estimate"] + half)
    assert row["beyond"] == pytest.approx(estimate - error["estimate"] - half) and not row["inside"]
    assert row["prediction_low"] == pytest.approx(pool.prediction_interval()["prediction_low"][0])
    assert row["distance"] == pytest.approx(
        (estimate - error["estimate"]) / np.sqrt(error["std_error"] ** 2 + pool.tau2 + own**2)
    )
    tame = _arms("new", ("ketamine", "active", 50, 25), ("placebo", "control", 50, 15))
    inside = ka.among_evidence(tame, evidence=_evidence()).summary().iloc[0]
    assert inside["inside"] and inside["beyond"] == 0


def test_before_and_after_are_the_pools_without_and_with_the_trial():
    table = ka.among_evidence(NEW, evidence=_evidence()).before_after().set_index("stage")
    before = ka.random_effects(ka.contrast_arms(_evidence())).summary().iloc[0]
    after = ka.random_effects(ka.contrast_arms(pd.concat([_evidence(), NEW], ignore_index=True))).summary().iloc[0]
    for stage, pool, k in (("before", before, 4), ("after", after, 5)):
        assert table.loc[stage, "k"] == k
        assert table.loc[stage, ["estimate", "conf_low", "conf_high"]].tolist() == pytest.approx(
            pool[["estimate", "conf_low", "conf_high"]].tolist()
        )
    assert table.loc["this dataset", "k"] == 1


def test_fewer_than_two_published_trials_judge_nothing():
    one = ka.among_evidence(NEW, evidence=_evidence().query("study == 'pub1'")).summary().iloc[0]
    none = ka.among_evidence(NEW.assign(hours=1344.0), evidence=_evidence()).summary().iloc[0]
    assert one["k"] == 1 and pd.isna(one["inside"]) and pd.isna(none["k"]) and pd.isna(none["inside"])


@pytest.mark.parametrize(
    ("change", "way"),
    [
        ({"study": "PUB-2"}, "identifier"),
        ({"study": "x", "doi": "https://doi.org/10.1000/ABC.2"}, "doi"),
        ({"study": "Trial NCT00000002"}, "registry"),
        ({"study": "x", "label": "Author2 et al., 2002"}, "label"),
        ({"study": "x"}, "figures"),
    ],
)  # fmt: skip
def test_a_known_study_is_recognised_and_not_counted_twice(change, way):
    evidence = _evidence().assign(doi="10.1000/abc.1", registry="NCT00000001")
    second = evidence["study"] == "pub2"
    evidence.loc[second, ["doi", "registry"]] = ["10.1000/abc.2", "NCT00000002"]
    again = evidence[second].drop(columns=["doi", "registry", "label"]).assign(**change)
    among = ka.among_evidence(pd.concat([again, NEW], ignore_index=True), evidence=evidence)
    known = among.known.iloc[0]
    assert (known["evidence_study"], known["matched_by"]) == ("pub2", way) and len(among.known) == 1
    assert (known["same_figures"], known["figures"]) == (2, 2)
    assert among.effects["study"].tolist() == ["new"] and set(among.own["study"]) == {"new", change["study"]}
    assert among.without["reason"].tolist() == ["in the evidence already"]
    assert among.before_after().set_index("stage").loc["after", "k"] == 5


def test_equal_figures_in_one_arm_or_in_tiny_arms_are_no_match():
    one_arm = _arms("x", ("ketamine", "active", 50, 30), ("placebo", "control", 50, 11))
    tiny = pd.concat(
        [_evidence(), _arms("small", ("ketamine", "active", 5, 3), ("placebo", "control", 5, 1))], ignore_index=True
    )
    assert ka.known_studies(one_arm, _evidence()).empty
    assert ka.known_studies(_arms("x", ("ketamine", "active", 5, 3), ("placebo", "control", 5, 1)), tiny).empty


def test_of_two_scales_the_first_is_shown_and_the_other_listed():
    both = pd.concat(
        [
            NEW.assign(scale="PHQ-9", events=[20, 10]),
            NEW,
            NEW.assign(hours=40.0),
            NEW.assign(timing="within", hours=30.0),
        ],
        ignore_index=True,
    )
    among = ka.among_evidence(both, evidence=_evidence())
    assert among.effects["scale"].tolist() == ["MADRS"]
    assert among.without[["scale", "hours", "reason"]].to_numpy().tolist() == [
        ["PHQ-9", 24.0, "another scale, definition, analysis or control of it is shown"],
        ["MADRS", 40.0, "in no time window"],
        ["MADRS", 30.0, "counted within, not at, that time"],
    ]


def test_a_forest_of_one_window_and_an_unknown_one():
    among = ka.among_evidence(NEW, evidence=_evidence())
    assert among.forest("ketamine", "24 h").k.to_dict() == {"published": 4, "this dataset": 1}
    with pytest.raises(ValueError, match="this dataset has .'ketamine at 24 h'"):
        among.forest("ssri", "24 h")
    with pytest.raises(ValueError, match="measure 'odds' is unknown"):
        ka.among_evidence(NEW, evidence=_evidence(), measure="odds")


def test_means_are_placed_by_their_standardised_difference():
    means = [_arms(name, ("ketamine", "active", 40, 0), ("placebo", "control", 40, 0)).assign(outcome="change", events=None,
             mean=[-12.0 - i, -8.0], sd=[9.0, 9.0]) for i, name in enumerate(("a", "b", "c"))]  # fmt: skip
    among = ka.among_evidence(means[2], evidence=pd.concat(means[:2], ignore_index=True))
    assert among.measure == "standardized_mean_difference" and among.summary()["inside"].tolist() == [True]


def test_figures_show_every_pool_and_trial():
    among = ka.among_evidence(NEW, evidence=_evidence())
    ax = ka.plot_among_evidence(among)
    assert [label.get_text() for label in ax.get_yticklabels()] == ["ketamine, 24 h"]
    squares = [line for line in ax.lines if line.get_marker() == "s" and len(line.get_xdata())]
    assert [line.get_xdata()[0] for line in squares] == pytest.approx(among.summary()["estimate"].tolist())
    left, right = ax.get_xlim()
    assert left < among.summary()["estimate"][0] < right
    empty = ka.among_evidence(_evidence().query("study == 'pub1'"), evidence=_evidence())
    assert "no new trial" in ka.plot_among_evidence(empty).texts[0].get_text()


def test_the_published_course_gets_the_new_contrasts():
    arms = ka.summarize_arms(ka.derive_outcomes(ka.simulate_trial(n_per_arm=40, seed=3)), outcomes=["response"])
    among = ka.among_evidence(arms)
    course = ka.fit_time_course(ka.published_effects(among).query("treatment_class == 'ssri'"))
    table = among.on_time_course(course)
    assert set(table["treatment_class"]) == {"ssri"} and len(table) == 7
    own = 1.959964 * table["std_error"]
    half = np.hypot((table["prediction_high"] - table["prediction_low"]) / 2, own)
    np.testing.assert_allclose((table["expected_high"] - table["expected_low"]) / 2, half, rtol=1e-6)
    assert len(ka.plot_on_time_course(among, course).lines) > 7


@pytest.mark.skipif(not GRISELDA.exists(), reason="NO SHARED FILE: ../shared/external/griselda_arms.csv was not tried")
def test_a_foreign_table_of_488_trials(tmp_path, capsys):
    """Its pooled SSRI-against-placebo odds ratio, printed; trials in the evidence known by name and by figures alone."""
    (tmp_path / "griselda_arms.csv").write_bytes(GRISELDA.read_bytes())
    recipe = ka.write_recipe(tmp_path / "griselda_arms.csv")
    recipe.write_text(recipe.read_text("utf-8").replace("confirmed = false", "confirmed = true"), encoding="utf-8")
    arms = ka.read_as_arms(recipe)
    assert len(arms) == 2189 and arms["study"].nunique() == 488
    own = ka.one_per_window(ka.contrast_arms(arms))
    pooled = ka.as_ratio(ka.random_effects(own[own["treatment_class"] == "ssri"], by="window").summary()).set_index(
        "window"
    )
    evidence = ka.load_evidence()
    among = ka.among_evidence(arms)
    there = set(arms["study"]) & set(evidence["study"])
    assert set(among.known["study"]) == there and not set(among.effects["study"]) & set(evidence["study"])
    renamed = {study: f"trial {i}" for i, study in enumerate(arms["study"].unique())}
    blind = ka.known_studies(arms.assign(study=arms["study"].map(renamed)))
    back = blind["study"].map({new: old for old, new in renamed.items()})
    assert (back == blind["evidence_study"]).all() and len(blind) > 0.85 * len(there)
    with capsys.disabled():
        words = "; ".join(
            f"{row.Index} {row.estimate:.2f} ({row.conf_low:.2f} to {row.conf_high:.2f}), k {row.k}"
            for row in pooled.itertuples()
        )
        print(f"\nGRISELDA, SSRI against placebo, odds ratio of response: {words}")
        print(
            f"{len(there)} of 488 trials are in the evidence by name; without names {len(blind)} are known by their figures, none wrongly"
        )
    assert pooled.loc["8 wk", "k"] == 66 and pooled.loc["8 wk", "estimate"] == pytest.approx(1.479, abs=0.001)


def test_symptoms_takes_every_form_and_the_published_pool_is_the_collected_one():
    arms = pd.DataFrame({
        "study": "new", "arm": ["k", "p"], "treatment_class": ["ketamine", "placebo"], "role": ["active", "control"],
        "hours": 24.0, "scale": "MADRS", "outcome": "change", "n": 40, "mean": [-18.0, -10.0], "sd": 10.0,
    })  # fmt: skip
    among = ka.among_evidence(arms, outcome="symptoms")
    row = among.summary().iloc[0]
    spread = ka.typical_spreads(ka.default_pool(ka.load_evidence())).set_index("scale").loc["MADRS", "sd"]
    assert row["estimate"] == pytest.approx(-8.0 / spread)
    effects = ka.collect_effects(
        ka.default_pool(ka.load_evidence()), contrasts=ka.default_pool(ka.load_evidence("effects"))
    )
    cell = ka.one_per_window(effects[effects["treatment_class"] == "ketamine"])
    pool = ka.random_effects(cell[cell["window"] == "24 h"]).summary().iloc[0]
    assert row["k"] == pool["k"] == 5 and row["pooled"] == pytest.approx(pool["estimate"])
    assert set(ka.published_effects(among)["treatment_class"]) == {"ketamine"}
    counts = ka.among_evidence(arms.assign(outcome="response", events=[20, 10])).summary().iloc[0]
    assert counts["k"] == 3  # counts alone
