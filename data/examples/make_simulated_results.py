"""Writes simulated_results.csv, a sheet as meta-analyses keep it: python data/examples/make_simulated_results.py.

Twelve simulated trials (no real ones): a control responds with probability 0.25 on average, the true log odds ratio is
0.7 with a standard deviation of 0.3 between trials.
"""

from pathlib import Path

import numpy as np
import pandas as pd
from scipy.special import expit, logit

TRUE_LOG_ODDS_RATIO, TAU, TRIALS, SEED = 0.7, 0.3, 12, 20261130

rng = np.random.default_rng(SEED)
n = rng.integers(20, 120, TRIALS)
control = logit(0.25) + rng.normal(0, 0.3, TRIALS)
active = control + rng.normal(TRUE_LOG_ODDS_RATIO, TAU, TRIALS)
table = pd.DataFrame({
    "trial": [f"Simulated {2001 + i}" for i in range(TRIALS)], "ai": rng.binomial(n, expit(active)), "n1i": n,
    "ci": rng.binomial(n, expit(control)), "n2i": n,
})  # fmt: skip
table.to_csv(Path(__file__).parent / "simulated_results.csv", index=False, lineterminator="\n")
