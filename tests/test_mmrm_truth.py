"""fit_mmrm over many simulated trials with a known truth: type I error, coverage, degrees of freedom that hold."""

import numpy as np
import pandas as pd
import pytest

import ketamine_analysis as ka

TRIALS, PER_ARM, VISITS = 1000, 25, np.array([24.0, 168.0, 336.0, 672.0])
SIGMA = 36 * 0.6 ** np.abs(np.subtract.outer(np.arange(4), np.arange(4))) + 9 * np.eye(4)


def simulated(rng, effect):
    """Two arms, change on baseline; a fifth has left by week 4, sooner those who do badly (missing at random)."""
    n = 2 * PER_ARM
    arm, baseline = np.repeat([0, 1], PER_ARM), rng.normal(33, 5, n)
    change = -np.array([4, 6, 8, 9]) - arm[:, None] * effect * np.array([0.5, 0.8, 1, 1])
    change = change + 0.3 * (baseline[:, None] - 33) + rng.multivariate_normal(np.zeros(4), SIGMA, n)
    leaves = rng.random((n, 3)) < 1 / (1 + np.exp(-(-2.8 + 0.12 * (change[:, :3] - change[:, :3].mean(0)))))
    change[:, 1:][np.cumsum(leaves, axis=1) > 0] = np.nan
    return pd.DataFrame(
        {"subject": np.repeat(np.arange(n), 4), "arm": np.repeat(arm, 4), "baseline": np.repeat(baseline, 4),
         "hours": np.tile(VISITS, n), "change": change.ravel()}
    )  # fmt: skip


@pytest.mark.parametrize(("inference", "effect"), [("satterthwaite", 0.0), ("kenward_roger_linear", 5.0)])
def test_type_one_error_and_coverage_of_the_week_4_contrast(inference, effect):
    rng = np.random.default_rng(20261124)
    rows = []
    for _ in range(TRIALS):
        table = simulated(rng, effect)
        row = ka.fit_mmrm(table, inference=inference).contrasts(0, at=672.0).iloc[0]
        rows.append(
            (row["estimate"], row["std_error"], row["conf_low"], row["conf_high"], table["change"].isna().mean())
        )
    estimate, error, low, high, _ = np.array(rows).T
    missed = (low > -effect) | (high < -effect)
    assert 0.04 <= missed.mean() <= 0.06  # 5 % ± 1.4 standard errors of 1000 trials; coverage is its complement
    assert abs(estimate.mean() + effect) < 3 * estimate.std() / np.sqrt(TRIALS)
    assert abs((error**2).mean() / estimate.var() - 1) < 0.12
