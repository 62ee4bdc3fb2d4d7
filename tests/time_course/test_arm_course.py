import numpy as np
import pandas as pd
import pytest
from scipy import integrate, optimize, special, stats

import ketamine_analysis as ka
from ketamine_analysis.time_course.arm_course import _deviance, _scores
from ketamine_analysis.time_course.quadrature import Counts, mixed_binomial


def _arms(seed, half=10.0, top=0.5, tau=0.5, trials=40, times=(2.0, 8.0, 24.0, 72.0, 168.0), name="ketamine"):
    """Repeated times are the same patients: each has one onset, and has responded at every later look."""
    rng = np.random.default_rng(seed)
    rows = []
    for i in range(trials):
        hours, n = (
            np.sort(rng.choice(times, min(len(times), rng.integers(1, 4)), replace=False)),
            int(rng.integers(15, 60)),
        )
        share = special.expit(top + np.log(hours / (hours + half)) + tau * rng.normal())
        events = (rng.uniform(size=n)[:, None] < share).sum(axis=0)
        rows += [(f"{name}{i}", t, n, e) for t, e in zip(hours, events, strict=True)]
    table = pd.DataFrame(rows, columns=["study", "hours", "n", "events"])
    return table.assign(arm=name, treatment_class=name, role="active", outcome="response", scale="MADRS")


def test_the_integral_is_the_integral():
    e, n, eta, tau = np.array([3.0, 5.0]), np.array([10.0, 12.0]), np.array([-0.8, 0.1]), 0.9

    def density(z):
        return stats.norm.pdf(z) * np.prod(stats.binom.pmf(e, n, special.expit(eta + tau * z)))

    exact = np.log(integrate.quad(density, -10, 10, epsabs=1e-14)[0])
    counts = Counts.of(e, n, np.array(["a", "a"]))
    here = mixed_binomial(counts, eta, tau)
    assert here.by_trial[0] == pytest.approx(exact, abs=1e-9)
    for value, change in ((here.by_tau[0], (np.zeros(2), 1e-6)), (here.by_eta[0], (np.array([1e-6, 0]), 0.0))):
        up = mixed_binomial(counts, eta + change[0], tau + change[1]).by_trial[0]
        down = mixed_binomial(counts, eta - change[0], tau - change[1]).by_trial[0]
        assert value == pytest.approx((up - down) / 2e-6, rel=1e-4)


def test_scores_are_the_gradient_and_nothing_near_is_better():
    fit = ka.fit_time_course(_arms(1))
    at = fit.state + np.array([0.2, -0.3, 0.1])
    numeric = optimize.approx_fprime(at, lambda x: _deviance(fit, x)[0], 1e-6)
    assert -2 * _scores(fit, at)[1].sum(axis=0) == pytest.approx(numeric, rel=1e-3, abs=1e-3)
    rng = np.random.default_rng(1)
    for _ in range(200):
        other = fit.state + rng.normal(0, 0.2, 3)
        assert _deviance(fit, np.array([*other[:2], max(other[2], 1e-8)]))[0] >= fit.deviance - 1e-6


def test_one_time_and_plateau_is_the_pooled_proportion():
    """A plateau over one time per trial is the logit-normal binomial model of rates."""
    arms = _arms(2, times=(24.0,), trials=30)
    arms = arms.drop_duplicates("study")
    fit = ka.fit_time_course(arms, shape="plateau")
    rough = ka.random_effects(ka.arm_log_odds(arms), inference="wald").summary().iloc[0]
    assert fit.summary().iloc[0]["estimate"] == pytest.approx(rough["estimate"], abs=0.06)
    assert fit.tau == pytest.approx(np.sqrt(rough["tau2"]), abs=0.12)
    assert (fit.summary()["kind"] == "arm level, not randomised").all()


@pytest.mark.slow
def test_truth_is_recovered_though_times_repeat_patients():
    """24 sets: log odds 0.5 at the plateau, half of the odds at 10 h; 95 % intervals hold the truth."""
    errors, held = [], []
    for seed in range(24):
        fit = ka.fit_time_course(_arms(seed))
        half, size = fit.time_to(0.5).iloc[0], fit.summary().iloc[0]
        errors.append((np.log(half["estimate"] / 10), size["estimate"] - 0.5))
        held.append((half["conf_low"] < 10 < half["conf_high"], size["conf_low"] < 0.5 < size["conf_high"]))
    errors = np.array(errors)
    assert np.all(np.abs(errors.mean(axis=0)) < 3 * errors.std(axis=0) / np.sqrt(24) + 0.01)
    assert np.all(np.mean(held, axis=0) >= 0.81)  # of 24: 95 % less three Monte-Carlo errors


def test_repeated_times_widen_what_independent_binomials_would_claim():
    arms = _arms(3, tau=0.0, trials=40)
    once, thrice = (
        ka.fit_time_course(arms),
        ka.fit_time_course(pd.concat([arms.assign(hours=arms["hours"] * factor) for factor in (1.0, 1.001, 1.002)])),
    )
    first, second = (fit.time_to(0.5).iloc[0] for fit in (once, thrice))
    # three copies as independent binomials would claim 0.58 of the width
    assert np.log(second["conf_high"] / second["conf_low"]) > 0.7 * np.log(first["conf_high"] / first["conf_low"])


def test_late_looks_alone_bound_the_half_time_and_the_curve_has_no_line():
    fit = ka.fit_time_course(_arms(4, half=5.0, times=(336.0, 504.0, 672.0, 1008.0)))
    row = fit.time_to(0.5).iloc[0]
    assert np.isnan(row["estimate"]) and row["conf_low"] == 0 and 5 < row["conf_high"] < 700
    assert "looked from 14 to 42 days" in row["note"]
    curve = ka.as_proportion(fit.predict([24.0, 672.0]))
    assert curve["estimate"].isna().all() and curve["looked"].tolist() == [False, True]
    assert (curve["conf_low"] >= 0).all() and (curve["conf_high"] <= 1).all()
    size = fit.summary().iloc[0]
    assert np.isnan(size["estimate"]) and size["conf_low"] < 0.5 < size["conf_high"] and "widest" in size["note"]


def test_classes_and_row_order():
    both = pd.concat([_arms(5), _arms(6, half=200.0, times=(168.0, 336.0, 672.0, 1344.0), name="ssri")])
    one, other = ka.fit_time_course(both), ka.fit_time_course(both.sample(frac=1, random_state=1))
    assert one.classes == ("ketamine", "ssri") and one.shape == {"ketamine": "emax", "ssri": "emax"}
    halves = [fit.time_to(0.5).set_index("treatment_class")["estimate"] for fit in (one, other)]
    assert halves[0]["ssri"] == pytest.approx(halves[1]["ssri"], rel=1e-3)
    assert other.deviance == pytest.approx(one.deviance, abs=1e-5)


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_odds_without_an_estimate_are_refused(share):
    arms = _arms(7).assign(events=lambda t: share * t["n"])
    with pytest.raises(ValueError, match="nobody or everybody responded"):
        ka.fit_time_course(arms, shape="plateau")


@pytest.mark.parametrize(
    ("change", "shape", "words"),
    [
        ({"outcome": ["response", "remission"] * 200}, "emax", "one fit takes one outcome"),
        ({"timing": "within"}, "emax", "have no hour of their own"),
        ({"events": np.nan}, "emax", "no arm has events and n"),
        ({"hours": 0.0}, "emax", "hours > 0"),
        ({}, "windows", "is unknown: use one of"),
        ({"scale": ["MADRS", "HAMD17"] * 200, "study": "one", "hours": 24.0}, "emax", "stand twice at one time"),
    ],
)
def test_what_cannot_be_fitted_is_named(change, shape, words):
    arms = _arms(8)
    change = {name: (value[: len(arms)] if isinstance(value, list) else value) for name, value in change.items()}
    with pytest.raises(ValueError, match=words):
        ka.fit_time_course(arms.assign(**change), shape=shape)


def test_a_table_that_is_neither_is_named():
    with pytest.raises(ValueError, match="the arms lack"):
        ka.fit_time_course(_arms(9).drop(columns="outcome"))
