"""How often three 95 % intervals hold the truth with few trials: python tests/calibration/few_trials.py [simulations].

Standardised differences of 2 to 6 trials; standard errors uniform between 0.15 and 0.45, as the shipped trials' are;
trials differ by a fixed τ, or by one drawn from the half-normal prior itself. Prints coverage in percent (Monte Carlo
error below 0.4 with 5,000 simulations) and the median width of each interval.
"""

import sys

import numpy as np
import pandas as pd

import ketamine_analysis as ka
from ketamine_analysis.pooling.spread_priors import DEFAULT_SCALES

SIMULATIONS = int(sys.argv[1]) if len(sys.argv) > 1 else 5_000
TRUTH, SCALE = -0.4, DEFAULT_SCALES["standardized_mean_difference"]
SPREADS = {"0": 0.0, "0.15": 0.15, "0.3": 0.3, "0.6": 0.6, "half-normal 0.276": None}


def simulated(trials, spread, rng):
    shape = (SIMULATIONS, trials)
    error = rng.uniform(0.15, 0.45, shape)
    tau = np.full((SIMULATIONS, 1), spread) if spread is not None else np.abs(rng.normal(0, SCALE, (SIMULATIONS, 1)))
    estimate = TRUTH + tau * rng.normal(size=shape) + error * rng.normal(size=shape)
    return pd.DataFrame({
        "simulation": np.repeat(np.arange(SIMULATIONS), trials), "estimate": estimate.ravel(),
        "std_error": error.ravel(), "measure": "standardized_mean_difference",
    })  # fmt: skip


def held(summary):
    width = summary["conf_high"] - summary["conf_low"]
    return 100 * summary["conf_low"].le(TRUTH).mul(summary["conf_high"].ge(TRUTH)).mean(), width.median()


rng, rows = np.random.default_rng(20261127), []
for name, spread in SPREADS.items():
    for trials in range(2, 7):
        table = simulated(trials, spread, rng)
        ways = {"half-normal prior": ka.bayes_random_effects(table, by="simulation").summary()}
        for inference, words in (("hksj_modified", "modified Hartung–Knapp"), ("wald", "Wald")):
            ways[words] = ka.random_effects(table, by="simulation", inference=inference).summary()
        for words, summary in ways.items():
            coverage, width = held(summary)
            rows.append({"tau": name, "trials": trials, "interval": words, "coverage": coverage, "width": width})
table = pd.DataFrame(rows)
for value in ("coverage", "width"):
    print(f"\n{value} ({SIMULATIONS} simulations)")
    print(table.pivot_table(index=["tau", "trials"], columns="interval", values=value).reindex(SPREADS, level=0)
          .to_string(float_format="{:.1f}".format if value == "coverage" else "{:.2f}".format))  # fmt: skip
