"""Classes that lend to each other: a brute-force integral, and the laws of borrowing."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import ketamine_analysis as ka

SCALE = 0.4
TRIALS = pd.DataFrame({
    "treatment_class": ["ketamine", "ketamine", "esketamine", "esketamine", "esketamine", "tca"],
    "estimate": [-1.0, -0.2, -0.3, -0.4, 0.1, -0.5],
    "std_error": [0.3, 0.4, 0.1, 0.2, 0.3, 0.2],
})  # fmt: skip


def _row(table, name, pooling):
    return table[(table["treatment_class"] == name) & (table["pooling"] == pooling)].iloc[0]


def _brute_force(name, value):
    """P(class mean < value) by the rectangle rule over τ, γ and the family's mean, straight from the model."""
    spreads = (np.arange(120) + 0.5) * (5 * SCALE / 120)
    common = np.linspace(-6, 6, 401)
    prior = np.exp(-((spreads / SCALE) ** 2) / 2)
    classes = {one: part for one, part in TRIALS.iloc[:5].groupby("treatment_class")}
    top = bottom = 0.0
    for tau, p_tau in zip(spreads, prior, strict=True):
        joint, below = np.ones((len(spreads), len(common))), None
        for one, part in classes.items():
            w = 1 / (part["std_error"].to_numpy() ** 2 + tau**2)
            m, v = (w * part["estimate"].to_numpy()).sum() / w.sum(), 1 / w.sum()
            inner = np.prod(stats.norm.pdf(part["estimate"], m, w**-0.5)) / stats.norm.pdf(m, m, v**0.5)
            gamma2 = spreads[:, None] ** 2
            joint = joint * inner * stats.norm.pdf(m, common, (v + gamma2) ** 0.5)
            if one == name:
                toward = v / (v + gamma2)
                below = stats.norm.cdf(value, toward * common + (1 - toward) * m, ((1 - toward) * v) ** 0.5)
        weight = p_tau * prior[:, None] * joint
        top, bottom = top + (weight * below).sum(), bottom + weight.sum()
    return top / bottom


def test_the_grid_agrees_with_brute_force():
    table = ka.bayes_families(TRIALS, scale=SCALE)
    for name in ("ketamine", "esketamine"):
        row = _row(table, name, "with its family")
        assert _brute_force(name, row["conf_low"]) == pytest.approx(0.025, abs=2e-4)
        assert _brute_force(name, row["estimate"]) == pytest.approx(0.5, abs=1e-3)


def test_a_class_without_relatives_keeps_its_own_answer():
    table = ka.bayes_families(TRIALS, scale=SCALE)
    alone, lent = _row(table, "tca", "alone"), _row(table, "tca", "with its family")
    columns = ["estimate", "conf_low", "conf_high"]
    assert lent[columns].to_numpy(float) == pytest.approx(alone[columns].to_numpy(float), abs=1e-6)
    off = ka.bayes_families(TRIALS, {}, scale=SCALE)  # nobody lends
    for name in ("ketamine", "esketamine"):
        assert _row(off, name, "with its family")[columns].to_numpy(float) == pytest.approx(
            _row(off, name, "alone")[columns].to_numpy(float), abs=1e-6
        )


def test_borrowing_moves_towards_the_relative_and_narrows():
    table = ka.bayes_families(TRIALS, scale=SCALE)
    alone, lent = _row(table, "ketamine", "alone"), _row(table, "ketamine", "with its family")
    relative = _row(table, "esketamine", "alone")["estimate"]
    assert alone["estimate"] < lent["estimate"] < relative
    assert lent["conf_high"] - lent["conf_low"] < alone["conf_high"] - alone["conf_low"]


def test_windows_are_apart():
    twice = pd.concat([TRIALS.assign(window="24 h"), TRIALS.assign(window="1 wk", estimate=TRIALS["estimate"] + 5)])
    table = ka.bayes_families(twice, scale=SCALE, by="window")
    one = ka.bayes_families(TRIALS, scale=SCALE)
    day = table[table["window"] == "24 h"]["estimate"].to_numpy()
    week = table[table["window"] == "1 wk"]["estimate"].to_numpy()
    assert day == pytest.approx(one["estimate"].to_numpy(), abs=1e-9)
    assert week == pytest.approx(one["estimate"].to_numpy() + 5, abs=1e-9)
