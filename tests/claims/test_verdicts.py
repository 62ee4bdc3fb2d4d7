"""Claims: the table, the verdict as a function of the interval, and verdicts that flip when the data change."""

import numpy as np
import pandas as pd
import pytest

import ketamine_analysis as ka
from ketamine_analysis.claims.looks import looks_of, one_look
from ketamine_analysis.claims.quantities import claim_estimates
from ketamine_analysis.errors import NotInData

OPEN = "cannot be told from what is here"


@pytest.fixture(scope="module")
def evidence():
    published = ka.published_contrasts("taylor2006_pool", measure="log_risk_ratio")
    return ka.load_evidence(), ka.load_evidence("adverse_events"), published


@pytest.fixture(scope="module")
def judged(evidence):
    return ka.judge_claims(evidence[0], evidence[1], published=evidence[2])


def trial(study, events, control_events, n=100, **columns):
    """Two arms of ketamine against placebo at 24 h."""
    words = {"hours": 24.0, "timing": "at", "schedule": "single", "route": "iv", "population": "TRD", **columns}
    arms = {"arm": ["ketamine", "placebo"], "treatment_class": ["ketamine", "placebo"], "role": ["active", "control"]}
    return pd.DataFrame({
        "study": study, **arms, "control_kind": [None, "placebo"], "scale": "MADRS", "outcome": "response",
        "analysis": "itt", "n": n, "events": [events, control_events], **words,
    })  # fmt: skip


def trials(*rates, **columns):
    return pd.concat([trial(f"t{i}", *rate, **columns) for i, rate in enumerate(rates)], ignore_index=True)


def verdict(judged, name, part=None):
    rows = judged[(judged["id"] == name) & (judged["part"].eq(part) if part else True)]
    return rows["verdict"].iloc[0]


def test_every_claim_names_its_quantity_threshold_and_fewest_trials():
    table = ka.claim_parts()
    assert list(dict.fromkeys(table["id"])) == list(ka.CLAIMS)
    with_quantity = table[table["id"] != "approval"]
    assert with_quantity[["quantity", "sense", "threshold", "evidence"]].notna().all().all()
    assert (with_quantity["minimum_trials"] >= 1).all()
    assert not table.duplicated(["id", "part"]).any()


@pytest.mark.parametrize(
    ("low", "high", "k", "sense", "expected"),
    [
        (1.5, 4.0, 3, "at least", "supported"),  # the threshold itself counts
        (1.2, 4.0, 3, "at least", "partly"),
        (1.0, 4.0, 3, "at least", OPEN),  # no effect is not excluded
        (0.5, 1.4, 3, "at least", "not supported"),
        (0.5, 1.5, 3, "at least", OPEN),  # an interval that ends at the threshold holds it
        (1.5, 1.9, 3, "at most", OPEN),
        (1.5, 4.0, 2, "at least", OPEN),  # fewer trials than the minimum
        (np.nan, np.nan, 3, "at least", OPEN),
        (0.2, 0.9, 3, "at most", "supported"),
        (1.6, 1.9, 3, "at most", "not supported"),
        (0.2, 1.9, 3, "at most", OPEN),
    ],
)
def test_the_verdict_is_a_function_of_interval_threshold_and_trials(low, high, k, sense, expected):
    nothing = 1.0 if sense == "at least" else np.nan
    got = ka.claim_verdict(low, high, k, threshold=1.5, sense=sense, no_effect=nothing, minimum_trials=3)
    assert got == expected


def test_at_most_is_at_least_mirrored():
    for low, high in ((-0.2, 0.4), (0.6, 0.9), (0.1, 0.3)):
        one = ka.claim_verdict(low, high, 5, threshold=0.5, no_effect=0.0)
        other = ka.claim_verdict(-high, -low, 5, threshold=-0.5, no_effect=0.0, sense="at most")
        assert one == other


def test_an_unknown_sense_is_refused():
    with pytest.raises(ValueError, match="sense 'about' is unknown"):
        ka.claim_verdict(1, 2, 3, threshold=1, sense="about")


@pytest.mark.parametrize(
    ("rates", "expected"),
    [
        ([(80, 30), (78, 31), (79, 29), (81, 30)], "supported"),
        ([(50, 38), (51, 37), (49, 38), (52, 38)], "partly"),
        ([(30, 32), (31, 30), (30, 31), (32, 31)], "not supported"),
        ([(80, 30), (20, 40), (50, 50), (30, 25)], OPEN),
        ([(80, 30), (78, 31)], OPEN),
    ],
)
def test_speed_and_resistant_flip_with_the_data(rates, expected):
    judged = ka.judge_claims(trials(*rates, n=100 if expected != "not supported" else 1000))
    assert verdict(judged, "speed", "ketamine at 24 h") == expected
    assert verdict(judged, "resistant") == expected


@pytest.mark.parametrize(
    ("events", "expected"), [(90, "supported"), (40, "not supported"), (70, "partly"), (None, OPEN)]
)
def test_seventy_flips_with_the_rate(events, expected):
    arms = trials(*[((events or 60) + i, 30) for i in (-2, -1, 1, 2)])
    if events is None:
        arms = arms[arms["study"].isin(["t0", "t1"])]
    assert verdict(ka.judge_claims(arms), "seventy") == expected


@pytest.mark.slow
def test_month_series_routes_children_and_everyone_flip_with_the_data():
    good, none = [(80, 30), (78, 31), (79, 29), (81, 30), (80, 31)], [(300, 310), (305, 300), (300, 302), (310, 308)]
    for hours, part in ((168.0, "one dose at 1 week"), (672.0, "one dose at 4 weeks")):
        assert verdict(ka.judge_claims(trials(*good, hours=hours)), "month", part) == "supported"
        assert verdict(ka.judge_claims(trials(*none, hours=hours, n=1000)), "month", part) == "not supported"
        assert verdict(ka.judge_claims(trials(*good, hours=hours, schedule="twice_weekly")), "month", part) == OPEN
    assert verdict(ka.judge_claims(trials(*good)), "everyone") == "supported"
    assert verdict(ka.judge_claims(trials(*none, (308, 300), n=1000)), "everyone") == OPEN
    assert verdict(ka.judge_claims(trials(*good, population="adolescent_TRD")), "children") == "supported"
    assert verdict(ka.judge_claims(trials(*good)), "children") == OPEN
    assert verdict(ka.judge_claims(trials(*good)), "routes", "into a vein, first days") == "supported"
    assert verdict(ka.judge_claims(trials(*none, n=1000)), "routes", "into a vein, first days") == "not supported"
    assert verdict(ka.judge_claims(trials(*good, route="sc")), "routes", "skin or muscle, first days") == "supported"
    one, many = trials(*none, hours=168.0, n=1000), trials(*good, hours=168.0, schedule="twice_weekly")
    many["study"] = "m" + many["study"]
    assert verdict(ka.judge_claims(pd.concat([one, many], ignore_index=True)), "series") == "supported"
    swapped = pd.concat([one.assign(schedule="weekly"), many.assign(schedule="single")], ignore_index=True)
    assert verdict(ka.judge_claims(swapped), "series") == "not supported"


@pytest.mark.parametrize("condition", ["anxiety", "ptsd", "chronic_pain"])
def test_other_conditions_flip_with_the_data(condition):
    name = condition.removeprefix("chronic_")
    good = trials((80, 30), (78, 31), (79, 29), hours=336.0, condition=condition)
    assert verdict(ka.judge_claims(good), name) == "supported"
    bad = trials((300, 310), (305, 300), (300, 302), hours=336.0, condition=condition, n=1000)
    assert verdict(ka.judge_claims(bad), name) == "not supported"
    assert verdict(ka.judge_claims(good.head(2)), name) == OPEN


def events_table(active, control, *, n=1000, event="serious_ae", treatment_class="esketamine"):
    rows = [{"study": f"{treatment_class}{i}", "arm": arm, "event": event, "n": n, "events": count, "role": role,
             "treatment_class": name, "control_kind": kind, "design": "parallel"}
            for i in range(4)
            for arm, role, name, kind, count in (("drug", "active", treatment_class, None, active + i),
                                                 ("placebo", "control", "placebo", "placebo", control + i))]  # fmt: skip
    return pd.DataFrame(rows)


@pytest.mark.slow
def test_side_effect_claims_flip_with_the_data():
    arms = trials((80, 30), (78, 31), (79, 29))
    for active, expected in ((10, "supported"), (200, "not supported")):
        judged = ka.judge_claims(arms, events_table(active, 10))
        assert verdict(judged, "sideeffects", "serious events") == expected
    for active, expected in ((3, "supported"), (300, "not supported")):
        lasting = events_table(active, 5, event="dissociation_long_lasting_gt24h")
        judged = ka.judge_claims(arms, lasting)
        assert verdict(judged, "sideeffects", "dissociation for over 24 h") == expected
    oral = events_table(300, 100, event="nausea", treatment_class="snri")
    for active, expected in ((150, "supported"), (600, "not supported"), (300, OPEN)):
        both = pd.concat([events_table(active, 100, event="nausea"), oral], ignore_index=True)
        assert verdict(ka.judge_claims(arms, both), "fewer", "nausea, less oral drugs'") == expected


def test_the_published_first_week_flips_the_second_half_of_speed(evidence):
    part = "conventional at 1 week"
    arms, published = trials((80, 30), (78, 31), (79, 29)), evidence[2]
    assert verdict(ka.judge_claims(arms), "speed", part) == OPEN
    assert verdict(ka.judge_claims(arms, published=published), "speed", part) == "not supported"
    worse = published.assign(conf_low=np.log(0.5), conf_high=np.log(0.9), estimate=np.log(0.7))
    assert verdict(ka.judge_claims(arms, published=worse), "speed", part) == "supported"


@pytest.mark.slow
def test_a_changed_threshold_changes_the_verdict(evidence, judged):
    parts = ka.claim_parts()
    parts.loc[parts["id"] == "resistant", "threshold"] = 1.0
    again = ka.judge_claims(evidence[0], evidence[1], published=evidence[2], parts=parts)
    assert verdict(judged, "resistant") == "partly"
    assert verdict(again, "resistant") == "supported"
    pd.testing.assert_frame_equal(ka.rejudge_claims(judged, parts), again)


def test_the_shipped_evidence_gives_what_the_other_notebooks_give(evidence, judged):
    rows = judged.set_index("part")
    pool = ka.default_pool(evidence[0])
    at = pool[pool["timing"] == "at"]
    looks = ka.with_converted_means(ka.contrast_arms(at), at)
    window = ka.one_per_window(looks[looks["treatment_class"] == "ketamine"])
    pooled = ka.as_ratio(ka.random_effects(window[window["window"] == "24 h"]).summary()).iloc[0]
    assert rows.loc["ketamine at 24 h", "estimate"] == pytest.approx(pooled["estimate"], rel=1e-12)
    assert rows.loc["ketamine at 24 h", "k"] == pooled["k"] == 5
    # Taylor 2006, as printed: risk ratio 1.64 (1.20 to 2.25) at one week
    assert rows.loc["conventional at 1 week", ["estimate", "conf_low", "conf_high"]].tolist() == pytest.approx(
        [1.64, 1.2, 2.25]
    )
    # Ekstrand 2022, Table 3: 7 of 91 with dissociation for over 24 h
    assert rows.loc["dissociation for over 24 h", "estimate"] == pytest.approx(7 / 91)
    assert verdict(judged, "approval") == "a fact with a date, not data"


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        (["supported", "supported"], "supported"),
        (["supported", OPEN], "partly"),
        (["partly", "not supported"], "partly"),
        (["not supported", OPEN], "not supported"),
        ([OPEN, OPEN], OPEN),
    ],
)
def test_parts_make_one_verdict(parts, expected):
    table = pd.DataFrame({"id": "a", "claim": "A", "verdict": parts})
    assert ka.claim_verdicts(table)["verdict"].tolist() == [expected]


def test_one_drug_less_another_has_welch_s_degrees(judged):
    """The wide interval (esketamine, six trials) is not charged with the degrees of the four oral trials.

    R 4.2.2, metafor 3.8-1, for each side rma(yi, vi, method="REML", test="adhoc") of the risk differences; then
    se = sqrt(a$se^2 + b$se^2), df = se^4 / (a$se^4 / (a$k − 1) + b$se^4 / (b$k − 1)), t by qt(0.975, df).
    """
    rows = judged.set_index("part")
    numbers = ["estimate", "conf_low", "conf_high"]
    dizzy, sick = rows.loc["dizziness, less oral drugs'"], rows.loc["nausea, less oral drugs'"]
    assert dizzy[numbers].tolist() == pytest.approx([0.2084167, 0.03814912, 0.3786844], abs=2e-6)
    assert sick[numbers].tolist() == pytest.approx([0.03459837, -0.04272837, 0.1119251], abs=2e-6)
    assert dizzy["verdict"] == "not supported" and sick["verdict"] == OPEN
    assert ka.claim_verdicts(judged).set_index("id").loc["fewer", "verdict"] == "not supported"


def test_fewer_is_also_judged_by_what_oral_drugs_are_known_for(judged):
    rows = judged.set_index("part")
    # Ionescu 2021: 9 of 114 against 11 of 113; Jama 2009: 65 of 85 against 59 of 92, the one oral trial
    assert "here -2 % (-9 % to 6 %), k = 1" in rows.loc["insomnia, less oral drugs'", "beside"]
    assert rows.loc["any event, less oral drugs'", "k"] == 1
    assert rows.loc[["insomnia, less oral drugs'", "any event, less oral drugs'"], "verdict"].eq(OPEN).all()
    assert "esketamine alone" in rows.loc["dizziness, less oral drugs'", "note"]


def test_a_series_is_looked_at_when_it_is_one(judged):
    """At two weeks, not one. R: rma(yi, vi, mods = ~ repeated, method="REML", test="adhoc"), metafor 3.8-1."""
    row = judged.set_index("id").loc["series", ["estimate", "conf_low", "conf_high"]]
    assert row.tolist() == pytest.approx([1.237657, 0.1483788, 10.32354], rel=1e-4)


def test_pain_counts_nobody_twice(judged):
    """Noppers 2011 (2 of 12 against 0 of 12, 0.5 added) and Pickering 2020 without its arm of ketamine with magnesium.

    R 4.2.2, metafor 3.8-1: rma(c(1.783791, 0.0373741), c(2.575238, 0.3290044), method="REML",
    test="adhoc", control=list(threshold=1e-12)), exponentiated.
    """
    row = judged.set_index("id").loc["pain"]
    assert row[["estimate", "conf_low"]].tolist() == pytest.approx([1.306674, 0.000719], rel=1e-3)
    assert row["patients"] == 64


def test_what_stands_beside_says_what_and_when_it_is(judged):
    rows = judged.set_index("part")
    # Detke 2002a and b (duloxetine, means) and Goldstein 2004 (masked duloxetine or paroxetine, 7 of 84 against 5 of 88)
    # R: rma(c(.118314, .075842, log(7*83/(77*5))), sei=c(.156657, .158818, sqrt(1/7+1/77+1/5+1/83)), test="adhoc")
    early = rows.loc["conventional at 1 week", "beside"]
    assert early == ("SNRI and mixed SSRI or SNRI trials here at 1 week (2 by converted means), "
                     "odds ratio 1.11 (0.69 to 1.79), k = 3")  # fmt: skip
    # TADS: 66 of 109 against 39 of 112 at week 12; (66 · 73) / (43 · 39) = 2.87
    assert "week 12), odds ratio 2.87" in rows.loc["controlled, first days", "beside"]
    # Lii 2023 at two weeks: 7 of 19 against 10 of 19, (7 · 9) / (12 · 10) = 0.53
    assert "one dose at 2 weeks, odds ratio 0.53" in rows.loc["one dose at 4 weeks", "note"]


def test_trials_without_a_usable_number_are_named(judged):
    """The one count in PTSD is the trial that worked; the largest, Abdallah 2022 (a null result), prints no number."""
    notes = judged.set_index("id")["note"]
    assert notes["ptsd"] == "randomised too, without a usable number: abdallah2022"
    assert notes["anxiety"] == "randomised too, without a usable number: taylor2018"
    assert "sigtermans2009" in notes["pain"] and "noppers2011" not in notes["pain"]
    assert (
        "without a usable number: fluoxetine_ptsd_17414240, friedman2007_ptsd"
        in judged.set_index("id").loc["ptsd", "beside"]
    )
    # said of one study the sentence is true: Zarate 2006, 12 of 17
    assert notes["seventy"].endswith("highest of one trial 71 % (12 of 17)")


def test_a_published_week_one_is_of_week_one_and_a_risk_ratio(evidence):
    arms, published, part = trials((80, 30)), evidence[2], "conventional at 1 week"
    late = ka.judge_claims(arms, published=published.assign(hours=1344.0)).set_index("part")
    assert late.loc[part, "k"] == 0
    without = ka.judge_claims(arms, published=published.assign(conf_low=np.nan)).set_index("part")
    assert without.loc[part, "k"] == 0
    with pytest.raises(ValueError, match="must hold log risk ratios; it has \\['risk_difference'\\]"):
        ka.judge_claims(arms, published=published.assign(measure="risk_difference"))


def test_drugs_with_something_added_answer_no_claim():
    alone = trials((80, 30), (78, 31), (79, 29))
    added = trials((99, 1), (98, 2), (97, 3))
    added = added.assign(study="added " + added["study"], combination=["yes", "no"] * 3)
    both = ka.judge_claims(pd.concat([alone, added], ignore_index=True))
    pd.testing.assert_frame_equal(both, ka.judge_claims(alone))


def test_a_look_given_twice_is_one_look_whatever_the_row_order():
    first = trials((80, 30), (78, 31), (79, 29))
    other = trials((60, 30), (58, 31), (59, 29), definition="stricter")
    both = pd.concat([first.assign(definition="usual"), other], ignore_index=True)
    one, turned = ka.judge_claims(both), ka.judge_claims(both.iloc[::-1].reset_index(drop=True))
    pd.testing.assert_series_equal(one["estimate"], turned["estimate"])
    assert one.set_index("part").loc["ketamine at 24 h", "patients"] == 600


def test_of_two_scales_the_counts_beside_a_look_are_the_primary_scale_s_whatever_the_row_order():
    first = trials((80, 30), (78, 31)).assign(scale="MADRS", primary_scale="MADRS")
    other = trials((60, 30), (58, 31)).assign(scale="HAMD17", primary_scale="MADRS")
    both, none = pd.concat([other, first], ignore_index=True), ka.load_evidence("effects").head(0)
    n = first["n"].iloc[0]
    expected = [np.log(e / (n - e)) - np.log(c / (n - c)) for e, c in ((80, 30), (78, 31))]
    for arms in (both, both.iloc[::-1].reset_index(drop=True)):
        found = looks_of(arms, none, False).set_index("study").sort_index()["count_estimate"]
        assert found.tolist() == pytest.approx(expected)


def test_side_effects_without_a_contrast_are_no_quantity():
    arms, events = trials((80, 30)), events_table(300, 100, event="nausea")
    for table in (events[events["role"] == "active"], events.assign(hours=2.0), events.assign(control_kind="ect")):
        judged = ka.judge_claims(arms, table).set_index("part")
        assert judged.loc["nausea, less oral drugs'", "k"] == 0
        assert "here none here" in judged.loc["nausea, less oral drugs'", "beside"]


@pytest.mark.parametrize("column", ["role", "hours", "treatment_class"])
def test_a_missing_column_is_named(column):
    with pytest.raises(NotInData, match=f"the table has no {column}"):
        ka.judge_claims(trials((80, 30)).drop(columns=column))
    with pytest.raises(NotInData, match="\\['treatment_class'\\] is missing"):
        ka.judge_claims(trials((80, 30)), events_table(3, 5).drop(columns="treatment_class"))


def test_populations_are_known_in_any_case():
    good = trials((80, 30), (78, 31), (79, 29), population="Adolescents with TRD")
    judged = ka.judge_claims(good).set_index("id")
    assert judged.loc["children", "k"] == 3 and judged.loc["resistant", "k"] == 3


def test_the_same_without_crossovers_stands_in_the_note(judged):
    """R 4.2.2, metafor 3.8-1: rma(yi, vi, method="REML", test="adhoc"), predict(), of the parallel trials alone."""
    notes = judged.set_index("part")["note"]
    assert "without crossovers 2.58 (0.73 to 9.11), k = 3" in notes["ketamine at 24 h"]
    assert "without crossovers 2.17 (1.58 to 2.98), k = 10" in notes["a new trial, first days"]
    # Berman 2000 and Dwyer 2021
    assert "without crossovers" in notes["into a vein, first days"]


@pytest.mark.slow
def test_row_order_does_not_matter(evidence, judged):
    arms = evidence[0].sample(frac=1, random_state=1)
    again = claim_estimates(arms, evidence[1].sample(frac=1, random_state=2), evidence[2])
    pd.testing.assert_series_equal(again["estimate"], judged["estimate"].iloc[:-1], rtol=1e-6)


def test_one_look_prefers_the_nearest_then_the_primary_scale():
    table = pd.DataFrame({"study": "a", "treatment_class": "x", "hours": [24.0, 24.0, 6.0, 300.0],
                          "scale": ["VAS", "MADRS", "MADRS", "MADRS"], "primary_scale": "MADRS"})  # fmt: skip
    assert one_look(table, 24, 12, 240).index.tolist() == [1]


def test_a_simulated_trial_of_ones_own_is_judged_without_a_stumble():
    arms = ka.summarize_arms(ka.derive_outcomes(ka.simulate_trial(n_per_arm=30, seed=1)), outcomes=("response",))
    judged = ka.judge_claims(arms)
    assert (judged["verdict"] != "supported").all()


def test_the_page_and_the_small_figures_hold_every_claim(judged):
    ax = ka.plot_claims(judged)
    text = " ".join(one.get_text().replace("\n", " ") for one in ax.texts)
    assert all(claim in text for claim in ka.CLAIMS.values())
    assert sum(one.get_text() == "no trial here" for one in ax.texts) == (judged["k"].iloc[:-1] == 0).sum()
    for name in dict.fromkeys(judged["id"].iloc[:-1]):
        small = ka.plot_claim(judged, name)
        assert len([one for one in small.texts if ":" in one.get_text()]) == (judged["id"] == name).sum()
    with pytest.raises(ValueError, match="claim 'approval' has no quantity here"):
        ka.plot_claim(judged, "approval")


def test_counts_alone_leave_out_the_trials_with_means_only(evidence, judged):
    alone = ka.judge_claims(evidence[0], evidence[1], published=evidence[2], convert_means=False).set_index("part")
    # as notebook 03 has it: three trials with counts at 24 h
    assert alone.loc["ketamine at 24 h", "k"] == 3
    assert alone.loc["ketamine at 24 h", "verdict"] == OPEN
    rows = judged.set_index("part")
    assert "counts alone 3.61 (0.33 to 39.39), k = 3" in rows.loc["ketamine at 24 h", "note"]
    assert alone.loc["ketamine at 24 h", "estimate"] == pytest.approx(3.61, abs=0.005)


def test_a_new_trial_is_expected_as_widely_as_the_data_allow(judged):
    """R 4.2.2, metafor 3.8-1: r = rma(yi, sei, method="REML", test="adhoc"); t = the upper limit of τ² of confint(r);
    exp(r$b ± qt(.975, 12) · sqrt(r$se² + t)) = 0.16090 and 34.528 of 13 trials."""
    row = judged.set_index("part").loc["a new trial, first days"]
    assert (row["k"], row["verdict"]) == (13, "cannot be told from what is here")
    np.testing.assert_allclose(
        row[["estimate", "conf_low", "conf_high"]].astype(float), [2.35699, 0.16090, 34.5276], rtol=1e-4
    )
    assert row["note"].startswith("at the likeliest τ² 2.36 (1.65 to 3.37), k = 13; ")
    alike = trials(*[(80 + one % 3, 30) for one in range(40)], n=1000)  # forty large trials that agree: τ² is known
    known = ka.judge_claims(alike).set_index("part").loc["a new trial, first days"]
    assert known["verdict"] == "supported" and known["k"] == 40


def test_with_the_printed_contrasts_a_claim_is_the_headline_on_another_scale(evidence):
    """At 24 hours ketamine's odds ratio is exp(−π/√3 · the headline's standardised difference), trial for trial."""
    arms, contrasts = evidence[0], ka.load_evidence("effects")
    judged = ka.judge_claims(*evidence[:2], published=evidence[2], contrasts=contrasts).set_index("part")
    pool = ka.default_pool(arms)
    effects = ka.collect_effects(pool, contrasts=ka.default_pool(contrasts))
    cell = ka.answer(effects, pool, classes=("ketamine",), windows=("24 h",)).summary().iloc[0]
    row = judged.loc["ketamine at 24 h"]
    ends = np.exp(-np.pi / np.sqrt(3) * cell[["estimate", "conf_high", "conf_low"]].astype(float))
    assert row[["estimate", "conf_low", "conf_high"]].astype(float).tolist() == pytest.approx(ends.tolist(), rel=1e-8)
    assert row["k"] == cell["k"] == 5 and row["verdict"] == "supported"
    assert "counts alone 3.61 (0.33 to 39.39), k = 3" in row["note"]  # as without the contrasts
    assert judged.loc["resistant, first days", "verdict"] == "supported"  # partly, by counts and converted means


def test_a_printed_difference_alone_enters_a_claim_and_one_against_an_active_arm_does_not():
    arms = trials((60, 30), (62, 31))
    printed = pd.DataFrame({
        "study": ["d1", "d2"], "arm": "ketamine", "control_arm": ["placebo", "fluoxetine"], "treatment_class": "ketamine",
        "control_role": ["control", "active"], "role": "active", "control_kind": ["placebo", None], "hours": 24.0,
        "scale": "MADRS", "outcome": "change", "measure": "MD", "favours_drug": "negative", "estimate": -6.0,
        "std_error": 1.5, "n": 40.0, "control_n": 40.0, "design": "parallel", "population": "TRD", "schedule": "single",
    })  # fmt: skip
    judged = ka.judge_claims(arms, contrasts=printed).set_index("part")
    assert judged.loc["ketamine at 24 h", ["k", "patients"]].tolist() == [3, 480]
    assert judged.loc["resistant, first days", "k"] == 3
    assert ka.judge_claims(arms, contrasts=printed.head(0)).set_index("part").loc["ketamine at 24 h", "k"] == 2
