"""Adverse events: every kind of bad row named, rates and contrasts by hand, numbers needed to harm."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import PathCollection

import ketamine_analysis as ka


@pytest.fixture(scope="module")
def events():
    return ka.load_evidence("adverse_events")


def table(**columns):
    base = {"study": ["a", "a"], "arm": ["drug", "placebo"], "event": "nausea", "n": [20.0, 20.0],
            "events": [8.0, 2.0], "role": ["active", "control"], "treatment_class": ["drug", "placebo"]}  # fmt: skip
    return pd.DataFrame({**base, **columns})


def test_the_shipped_table_has_no_error_and_joins_its_arms(events):
    problems = ka.problems_in_adverse_events(events)
    assert (problems["severity"] == "warning").all()
    assert len(events) == 771 and events["treatment_class"].notna().all()
    assert ka.check_adverse_events(events) is events


@pytest.mark.parametrize(
    ("columns", "rule"),
    [
        ({"events": [21.0, 2.0]}, "events at most n"),
        ({"events": [-1.0, 2.0]}, "events is a whole number from 0"),
        ({"events": [1.5, 2.0]}, "events is a whole number from 0"),
        ({"n": [0.0, 20.0], "events": [np.nan, 2.0]}, "n is a whole number above 0"),
        ({"n": ["many", "20"]}, "a finite number"),
        ({"event": [" ", "nausea"]}, "value present"),
        ({"percent": [101.0, 10.0], "events": [np.nan, 2.0]}, "percent from 0 to 100"),
        ({"percent": [44.0, 10.0]}, "percent fits events / n"),
        ({"events": [np.nan, 2.0]}, "something reported"),
    ],
)
def test_each_bad_row_is_named_and_refused(columns, rule):
    with pytest.raises(ka.DatasetError) as error:
        ka.check_adverse_events(table(**columns))
    problems = error.value.problems
    assert rule in problems["rule"].tolist()
    assert problems.loc[problems["rule"] == rule, "row"].tolist() == [0]
    with pytest.raises(ka.DatasetError):
        ka.event_rates(table(**columns))


def test_all_problems_come_in_one_report():
    bad = table(events=[21.0, -2.0], event=["", "nausea"])
    with pytest.raises(ka.DatasetError) as error:
        ka.check_adverse_events(bad)
    assert len(error.value.problems) == 3


def test_a_missing_column_is_named():
    with pytest.raises(ka.DatasetError, match="column event: breaks rule 'column present'"):
        ka.check_adverse_events(table().drop(columns="event"))


def test_warnings_do_not_stop():
    twice = pd.concat([table(), table()], ignore_index=True)
    assert set(ka.problems_in_adverse_events(twice)["severity"]) == {"warning"}
    no_n = table(n=[np.nan, 20.0])
    assert ka.problems_in_adverse_events(no_n)["rule"].tolist() == ["n beside events"]


def test_rates_are_wilson_and_say_how_the_count_is_known():
    percent = [np.nan, 35.0, 33.0, 33.0]
    rows = pd.DataFrame({"study": "a", "arm": list("wxyz"), "event": "nausea", "n": [17, 20, 300, np.nan],
                         "events": [12, np.nan, np.nan, np.nan], "percent": percent})  # fmt: skip
    rates = ka.event_rates(rows)
    assert rates["counted"].tolist() == ["events", "from percent", "percent only", "no n"]
    assert rates["events"].tolist()[:2] == [12, 7]
    assert rates["rate"].tolist() == pytest.approx([12 / 17, 0.35, 0.33, 0.33])
    # Wilson by hand for 12 of 17: (p + z²/2n ± z√(p(1−p)/n + z²/4n²)) / (1 + z²/n)
    p, n, z = 12 / 17, 17, 1.959963984540054
    half = z * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    ends = np.array([p + z**2 / (2 * n) - half, p + z**2 / (2 * n) + half]) / (1 + z**2 / n)
    assert rates.loc[0, ["conf_low", "conf_high"]].tolist() == pytest.approx(ends.tolist())
    assert rates.loc[3, ["conf_low", "conf_high"]].isna().all()


def test_contrasts_by_hand_and_their_sign():
    one = ka.contrast_events(table(), "nausea").iloc[0]
    assert one["estimate"] == pytest.approx(8 / 20 - 2 / 20)
    assert one["std_error"] == pytest.approx(np.sqrt(0.4 * 0.6 / 20 + 0.1 * 0.9 / 20))
    swapped = ka.contrast_events(table(role=["control", "active"]), "nausea").iloc[0]
    assert swapped["estimate"] == pytest.approx(-one["estimate"])
    ratio = ka.contrast_events(table(), "nausea", measure="log_risk_ratio").iloc[0]
    assert ratio["estimate"] == pytest.approx(np.log(4))


def test_pooled_analyses_ect_and_uncounted_rows_form_no_contrast(events):
    effects = ka.contrast_events(events, ["nausea", "dissociation"])
    assert not effects["study"].str.contains("pool").any()
    assert "ekstrand2022" not in set(effects["study"])  # against ECT
    assert "popova2019" not in set(effects["study"])  # percentages without n
    ect = ka.contrast_events(events, "dissociation", control="ect")
    assert ect["study"].tolist() == ["ekstrand2022"]
    assert ect["estimate"].iloc[0] == pytest.approx(55 / 91 - 14 / 90)
    with pytest.raises(ValueError, match="no trial here counts"):
        ka.contrast_events(events, "bladder")


def test_arms_of_a_class_are_added_up(events):
    effects = ka.contrast_events(events, "nausea").set_index("study")
    # Janik 2025: 24 of 105 and 32 of 121 against 21 of 250
    assert effects.loc["janik2025", "estimate"] == pytest.approx(56 / 226 - 21 / 250)


def test_the_pooled_difference_is_metafor_s(events):
    # R 4.2.2, metafor 3.8.1: rma(yi, vi, data = escalc("RD", ai = c(53, 56, 68, 22, 38, 25), n1i = c(126, 226, 231, 122,
    # 114, 152), ci = c(17, 21, 12, 7, 16, 1), n2i = c(126, 250, 113, 80, 113, 145)), method = "REML", test = "adhoc",
    # control = list(threshold = 1e-12))
    effects = ka.contrast_events(events, "nausea")
    row = ka.random_effects(effects[effects["treatment_class"] == "esketamine"]).summary().iloc[0]
    assert row["k"] == 6
    expected = [0.1730390917, 0.1160953143, 0.2299828692, 0.0005471868]
    assert row[["estimate", "conf_low", "conf_high", "tau2"]].tolist() == pytest.approx(expected, abs=2e-7)


def test_hours_keep_their_own_contrast(events):
    effects = ka.contrast_events(events, "dissociation")
    hour = effects[effects["period"] != "whole phase"]
    assert hour[["study", "period"]].to_numpy().tolist() == [["su2023", "0.667 h"]]


@pytest.mark.parametrize(
    ("row", "harm", "words"),
    [
        ((0.25, 0.2, 0.5), True, "NNT (harm) 4.0 (2.0 to 5.0)"),
        ((0.25, 0.2, 0.5), False, "NNT (benefit) 4.0 (2.0 to 5.0)"),
        ((0.1, -0.1, 0.3), True, "NNT (harm) 10.0 (NNT (benefit) 10.0 to ∞ to NNT (harm) 3.3)"),
        ((-0.25, -0.5, -0.2), True, "NNT (benefit) 4.0 (2.0 to 5.0)"),
        ((0.25, -0.5, 1.5), True, "NNT (harm) 4.0 (NNT (benefit) 2.0 to ∞ to NNT (harm) 1.0)"),
    ],
)
def test_numbers_needed(row, harm, words):
    one = pd.DataFrame([row], columns=["estimate", "conf_low", "conf_high"])
    assert ka.number_needed(one, harm=harm)["number_needed"].tolist() == [words]


def test_benefit_and_harm_stand_in_one_unit():
    pooled = ka.random_effects(ka.contrast_events(table(), "nausea"), by=["treatment_class", "event"]).summary()
    gains = pooled.rename(columns={"event": "window"}).assign(window="24 h")
    both = ka.benefit_risk(gains, pooled)
    assert both["what"].tolist() == ["response at 24 h", "nausea"]
    assert both["number_needed"].str[:8].tolist() == ["NNT (ben", "NNT (har"]
    with pytest.raises(ValueError, match="harms must be risk differences"):
        ka.benefit_risk(gains, pooled.assign(measure="log_odds_ratio"))


def test_measurements_are_the_rows_that_are_no_counts(events):
    measured = ka.measurements(events)
    assert (measured["measure"] != "events").all()
    pressure = measured[(measured["study"] == "doherty2020_pool") & (measured["arm"] == "esketamine_ad")]
    assert pressure.loc[pressure["measure"] == "mean_score", "value"].tolist() == [13.3, 8.7]
    assert pressure.loc[pressure["measure"] == "time_to_resolution", "value"].tolist() == [1.5]


def test_the_figures_draw_every_row(events):
    rates = ka.event_rates(events)
    part = rates[rates["event"].isin(["nausea", "dizziness"])]
    ax = ka.plot_event_rates(part)
    points = [one for one in ax.collections if isinstance(one, PathCollection)]
    assert sum(len(one.get_offsets()) for one in points) == len(part)
    effects = ka.contrast_events(events, ["nausea", "dizziness"])
    effects = effects[effects["period"] == "whole phase"]
    pooled = ka.random_effects(effects, by=["event", "treatment_class"]).summary()
    ax = ka.plot_event_differences(pooled)
    assert sorted(one.get_text() for one in ax.texts) == sorted(map(str, pooled["k"]))
    both = ka.benefit_risk(pooled.rename(columns={"event": "window"}), pooled)
    assert len(ka.plot_benefit_risk(both).get_yticks()) == 4
    measured = ka.measurements(events)
    assert len(ka.plot_after_dose(measured).get_yticks()) == 4
    with pytest.raises(ValueError, match="no row holds a time to onset"):
        ka.plot_after_dose(measured[measured["measure"] == "mean_score"])


def test_a_count_given_twice_is_refused_and_not_added_up():
    rows = pd.DataFrame({"study": "a", "arm": ["x", "placebo"], "event": "nausea", "n": [20, 20], "events": [8, 2],
                         "role": ["active", "control"], "treatment_class": ["x", "placebo"]})  # fmt: skip
    with pytest.raises(ka.DatasetError, match="one count per arm, event and time"):
        ka.contrast_events(pd.concat([rows, rows], ignore_index=True), "nausea")
    apart = pd.concat([rows.assign(hours=2.0), rows.assign(hours=24.0)], ignore_index=True)
    assert ka.contrast_events(apart, "nausea")["n"].tolist() == [20.0, 20.0]


def test_a_table_without_roles_needs_its_control_named():
    rows = pd.DataFrame({"study": "a", "arm": ["x", "placebo"], "event": "nausea", "n": [20, 20], "events": [8, 2]})
    with pytest.raises(ValueError, match="no column role to tell the controls"):
        ka.contrast_events(rows, "nausea")
    assert ka.contrast_events(rows, "nausea", control="placebo")["estimate"].tolist() == pytest.approx([0.3])


def test_measurements_of_a_table_of_counts_alone_are_none():
    rows = pd.DataFrame({"study": ["a"], "arm": ["x"], "event": ["nausea"], "n": [20], "events": [8]})
    assert ka.measurements(rows).empty
    times = rows.assign(measure="time_to_peak", hours=0.5)
    assert ka.measurements(times)["value"].tolist() == [0.5]
