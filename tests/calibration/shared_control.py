"""How two standardised differences that share a control covary: python tests/calibration/shared_control.py [draws].

Trials of three arms with normal outcomes; g of each arm against the control by the spread of its own two arms (Hedges).
Prints the covariance seen in simulated trials over the one that `sampling_covariance` gives at the true effects, and
over Gleser & Olkin's 1/n_c + g₁g₂/(2N), which holds where one spread of all arms standardises both.
"""

import sys

import numpy as np
import pandas as pd

import ketamine_analysis as ka
from ketamine_analysis.effects.measures import hedges_correction

DRAWS = int(sys.argv[1]) if len(sys.argv) > 1 else 400_000


def seen(n, g, rng):
    """The covariance of the two Hedges' g over simulated trials: n of arm, arm, control; g true."""
    mean = [rng.normal(shift, size**-0.5, DRAWS) for shift, size in zip((*g, 0.0), n, strict=True)]
    square = [rng.chisquare(size - 1, DRAWS) for size in n]
    pair = [hedges_correction(np.array(n[i] + n[2] - 2.0)) * (mean[i] - mean[2])
            / np.sqrt((square[i] + square[2]) / (n[i] + n[2] - 2)) for i in (0, 1)]  # fmt: skip
    return np.cov(*pair)[0, 1]


def formula(n, g):
    table = pd.DataFrame({
        "study": "a", "hours": 24.0, "arm": ["x", "y"], "control_arm": "p", "measure": "standardized_mean_difference",
        "estimate": g, "std_error": 1.0, "control_variance": 1 / n[2], "n": n[:2], "control_n": n[2], "sd_source": "arms",
    })  # fmt: skip
    return ka.sampling_covariance(table)[0, 1]


rng = np.random.default_rng(20261127)
print(f"{DRAWS} simulated trials; Monte Carlo error of a ratio about {100 * 2 / DRAWS**0.5:.1f} %")
print("n (arm, arm, control)   g₁, g₂      seen / ours   seen / Gleser–Olkin")
for n in ((50, 50, 50), (60, 60, 20), (25, 100, 60)):
    for g in ((0.0, 0.0), (0.5, 0.5), (1.0, 1.0), (1.5, 1.5), (1.5, 0.5)):
        found = seen(n, g, rng)
        usual = 1 / n[2] + g[0] * g[1] / (2 * sum(n))
        print(f"{n!s:<22}  {g!s:<11} {found / formula(n, g):>9.3f} {found / usual:>17.3f}")
