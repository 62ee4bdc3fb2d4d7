"""Laws of proportions, outcomes and arms, tried on whatever hypothesis thinks up."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from laws import law, law_of_tables

import ketamine_analysis as ka

LEVEL = st.sampled_from([0.5, 0.8, 0.95, 0.999])
METHOD = st.sampled_from(["wilson", "clopper_pearson"])
DIFFERENCE = st.sampled_from(["wald", "newcombe", "miettinen_nurminen"])


@st.composite
def counts(draw, least=0):
    n = draw(st.integers(max(1, 2 * least), 300))
    return draw(st.integers(least, n - least)), n


@law
@given(st.integers(1, 300), METHOD, LEVEL)
def test_limits_of_a_proportion_rise_with_its_events_and_hold_it(n, method, level):
    events = np.arange(n + 1)
    low, high = ka.proportion_interval(events, np.full(n + 1, n), method=method, level=level)
    assert (low >= 0).all() and (high <= 1).all()
    assert (low <= events / n).all() and (events / n <= high).all()
    assert (np.diff(low) > 0).all() and (np.diff(high) > 0).all()
    assert low[0] == 0 and high[-1] == 1 and low[-1] < 1 and high[0] > 0
    assert (1 - high[::-1]).tolist() == pytest.approx(low.tolist(), abs=1e-12)  # failures are the mirror of events


@law
@given(counts(), METHOD)
def test_limits_widen_with_the_level_and_narrow_with_the_patients(count, method):
    (e, n), levels = count, [0.5, 0.8, 0.95, 0.999]
    limits = np.array([ka.proportion_interval(e, n, method=method, level=level) for level in levels])
    width = limits[:, 1] - limits[:, 0]
    assert (np.diff(width) > 0).all()
    low, high = ka.proportion_interval(4 * e, 4 * n, method=method)
    assert high - low < width[2]


@law
@given(counts(), counts(), DIFFERENCE, LEVEL)
def test_swapped_arms_turn_the_difference_round(one, other, method, level):
    r, turned = (ka.risk_difference(*a, *b, method=method, level=level) for a, b in ((one, other), (other, one)))
    assert r.estimate == pytest.approx(one[0] / one[1] - other[0] / other[1], abs=1e-12)
    assert [r.conf_low, r.conf_high] == pytest.approx([-turned.conf_high, -turned.conf_low], abs=1e-9)
    assert r.conf_low <= r.estimate + 1e-12 and r.estimate <= r.conf_high + 1e-12
    failures = [(n - e, n) for e, n in (one, other)]
    mirror = ka.risk_difference(*failures[1], *failures[0], method=method, level=level)
    assert [mirror.conf_low, mirror.conf_high] == pytest.approx([r.conf_low, r.conf_high], abs=1e-9)
    if method != "wald":  # Wald's may leave −1…1
        assert r.conf_low >= -1 and r.conf_high <= 1


@law
@given(counts(least=1), counts(least=1), LEVEL)
def test_swapped_arms_turn_ratios_upside_down(one, other, level):
    for measure in (ka.risk_ratio, ka.odds_ratio):
        r, turned = measure(*one, *other, level=level), measure(*other, *one, level=level)
        assert [1 / r.estimate, 1 / r.conf_high, 1 / r.conf_low] == pytest.approx(
            [turned.estimate, turned.conf_low, turned.conf_high], rel=1e-12
        )
        assert r.conf_low < r.estimate < r.conf_high
    failures = [(n - e, n) for e, n in (one, other)]
    assert ka.odds_ratio(*failures[0], *failures[1]).estimate == pytest.approx(1 / ka.odds_ratio(*one, *other).estimate)


@law
@given(counts(), counts(), DIFFERENCE)
def test_number_needed_to_treat_is_one_over_the_difference(one, other, method):
    r, nnt = (f(*one, *other, method=method) for f in (ka.risk_difference, ka.number_needed_to_treat))
    if r.estimate != 0 and r.conf_low != 0 and r.conf_high != 0:
        assert [nnt.estimate * r.estimate, nnt.conf_low * r.conf_high, nnt.conf_high * r.conf_low] == pytest.approx(
            [1] * 3
        )


SCORE = st.one_of(st.none(), st.integers(0, 60))


@st.composite
def scores(draw):
    """A trial of two arms on MADRS: some patients without a baseline, some not seen at a visit."""
    rows = [(9, "drug", 0.0, 30.0), (9, "drug", 24.0, 15.0)]
    for subject in range(draw(st.integers(3, 8))):
        arm = "drug" if subject % 2 else "placebo"
        for hour in (0.0, 24.0, 168.0):
            score = draw(SCORE)
            if score is not None or draw(st.booleans()):
                rows.append((subject, arm, hour, np.nan if score is None else float(score)))
    table = pd.DataFrame(rows, columns=["subject", "arm", "hours", "score"])
    return table.assign(study="s", scale="MADRS", score=table["score"].astype(float))


STRATEGY = st.sampled_from(["observed", "nonresponder", "locf", "bocf"])
FIVE = ["baseline", "change", "percent_change", "response", "remission"]


def _as_numbers(table, names):
    return table[names].astype(float).to_numpy().tolist()


@law_of_tables
@given(scores(), st.integers(-40, 40))
def test_a_scale_moved_as_a_whole_leaves_response_and_remission(table, by):
    """Scores, floor and cut-off all so many points higher: only the baseline is."""
    moved = ka.define_scale(ka.own_scale(f"test moved {by}", by, 60 + by, "moved", remission={f"<={10 + by}": "moved"}))
    plain = ka.derive_outcomes(table)
    other = ka.derive_outcomes(table.assign(score=table["score"] + by, scale=moved.name))
    assert _as_numbers(other, FIVE[1:]) == pytest.approx(np.array(_as_numbers(plain, FIVE[1:])), nan_ok=True)
    assert (other["baseline"] - plain["baseline"]).dropna().eq(by).all()


@law_of_tables
@given(scores(), st.sampled_from([0.5, 2.0, 4.0]))
def test_a_scale_in_other_units_leaves_response_and_remission(table, factor):
    name = f"test times {factor:g}"
    ka.define_scale(
        ka.own_scale(name, 0, 60 * factor, "scaled", integer=False, remission={f"<={10 * factor:g}": "scaled"})
    )
    plain, other = (
        ka.derive_outcomes(table),
        ka.derive_outcomes(table.assign(score=table["score"] * factor, scale=name)),
    )
    same = ["percent_change", "response", "remission"]
    assert _as_numbers(other, same) == pytest.approx(np.array(_as_numbers(plain, same)), nan_ok=True)
    assert other["change"].to_numpy() == pytest.approx(factor * plain["change"].to_numpy(), nan_ok=True)


@law_of_tables
@given(scores())
def test_a_scale_turned_round_only_turns_the_change(table):
    turned = ka.own_scale("test turned round", 0, 60, "turned", higher_is_worse=False, remission={">=50": "turned"})
    ka.define_scale(turned)
    plain = ka.derive_outcomes(table)
    other = ka.derive_outcomes(table.assign(score=60 - table["score"], scale=turned.name))
    same = ["percent_change", "response", "remission"]
    assert _as_numbers(other, same) == pytest.approx(np.array(_as_numbers(plain, same)), nan_ok=True)
    assert other["change"].to_numpy() == pytest.approx(-plain["change"].to_numpy(), nan_ok=True)


@law_of_tables
@given(scores(), st.randoms(use_true_random=False))
def test_rows_and_names_do_not_matter(table, random):
    order = list(range(len(table)))
    random.shuffle(order)
    names = {subject: f"patient {100 - subject}" for subject in range(10)}
    shuffled = table.iloc[order].assign(subject=lambda rows: rows["subject"].map(names))
    plain = ka.derive_outcomes(table).assign(subject=lambda rows: rows["subject"].map(names))
    other = ka.derive_outcomes(shuffled)
    key = ["subject", "hours"]
    pd.testing.assert_frame_equal(
        plain.sort_values(key).reset_index(drop=True), other.sort_values(key).reset_index(drop=True)
    )


@law_of_tables
@given(scores(), st.integers(0, 59))
def test_a_lower_score_is_never_a_worse_outcome(table, lower):
    """Whoever responds or is in remission still does so with a lower score after the dose."""
    after = table["hours"] > 0
    better = ka.derive_outcomes(table.assign(score=table["score"].mask(after, table["score"].clip(upper=lower))))
    plain = ka.derive_outcomes(table)
    for name in ("response", "remission"):
        assert better.loc[plain[name].fillna(False), name].all()
        assert better[name].isna().tolist() == plain[name].isna().tolist()


def _arms(table, missing):
    return ka.summarize_arms(ka.derive_outcomes(table), missing=missing)


@law_of_tables
@given(scores(), STRATEGY)
def test_a_trial_under_two_names_is_counted_once_under_each(table, missing):
    once = _arms(table, missing)
    both = _arms(pd.concat([table, table.assign(study="t")]), missing)
    for name in ("s", "t"):
        part = both[both["study"] == name].reset_index(drop=True)
        pd.testing.assert_frame_equal(part.assign(study="s"), once, rtol=1e-12)


@law_of_tables
@given(scores(), STRATEGY)
def test_every_patient_twice_doubles_the_counts_and_leaves_the_means(table, missing):
    once, twice = (
        _arms(table, missing),
        _arms(pd.concat([table, table.assign(subject=table["subject"] + 100)]), missing),
    )
    assert twice["n"].tolist() == (2 * once["n"]).tolist()
    for name, factor in (("events", 2), ("mean", 1)):
        if name in once:
            assert twice[name].to_numpy() == pytest.approx(factor * once[name].to_numpy(), nan_ok=True, abs=1e-12)


@law_of_tables
@given(scores())
def test_nobody_unseen_is_counted_as_well(table):
    """Non-responders imputed: everyone with a baseline is counted, and only who was seen to be well is an event."""
    arms = _arms(table, "nonresponder")
    before = table[(table["hours"] == 0) & table["score"].notna()].set_index("subject")
    for _, row in arms[arms["outcome"].isin(["response", "remission"])].iterrows():
        people = before[before["arm"] == row["arm"]]["score"]
        if row["outcome"] == "response":
            people = people[people > 0]  # nobody can be said to have lost half of nothing
        now = table[(table["hours"] == row["hours"]) & table["subject"].isin(people.index)].set_index("subject")[
            "score"
        ]
        limit = 10 if row["outcome"] == "remission" else people.reindex(now.index) / 2
        assert (row["n"], row["events"]) == (len(people), (now <= limit).sum())


@law_of_tables
@given(scores(), STRATEGY)
def test_limits_of_arms_hold_what_they_are_limits_of(table, missing):
    arms = _arms(table, missing)
    for name, part in arms.groupby("outcome"):
        middle = part["mean"] if name == "change" else part["events"] / part["n"]
        known = part["conf_low"].notna()
        assert (part["conf_low"] <= middle + 1e-12)[known].all() and (middle <= part["conf_high"] + 1e-12)[known].all()
        if name != "change":
            assert known.all() and part["conf_low"].ge(0).all() and part["conf_high"].le(1).all()
