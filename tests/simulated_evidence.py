"""Evidence bases with known truth, of the size and precision of the shipped one; used by tests and benchmarks."""

import numpy as np
import pandas as pd

import ketamine_analysis as ka

CORRELATION, TAU, OMEGA = 0.5, 0.17, 0.10
# class: (trials, half-time in hours, maximum log odds ratio, hours at which its trials may look)
TRUTH = {
    "fast": (60, 6.0, 0.9, (2, 4, 8, 24, 72, 168, 336, 672)),
    "slow": (147, 150.0, 0.6, (72, 168, 336, 504, 672, 840, 1008, 1344)),
}


def shipped_variances():
    """Active and control variances of the shipped contrasts, as pairs to draw from."""
    effects = ka.contrast_arms(ka.default_pool(ka.load_evidence()))
    return effects[["active_variance", "control_variance"]].to_numpy()


def simulate_effects(seed, variances, truth=None):
    """207 trials that look 1 to 4 times, with correlated sampling errors, a size of their own and a rest at each time."""
    rng = np.random.default_rng(seed)
    rows = []
    for name, (trials, half, size, times) in (truth or TRUTH).items():
        for i in range(trials):
            t = np.sort(rng.choice(times, rng.integers(1, 5), replace=False)).astype(float)
            va, vc = variances[rng.integers(len(variances))]
            rho = CORRELATION ** (np.abs(t[:, None] - t[None, :]) / 168)
            error = np.linalg.cholesky((va + vc) * rho) @ rng.normal(size=len(t))
            y = (size + rng.normal(0, TAU)) * t / (t + half) + rng.normal(0, OMEGA, len(t)) + error
            rows.append(pd.DataFrame({
                "study": f"{name}{i}", "treatment_class": name, "hours": t, "estimate": y,
                "active_variance": va, "control_variance": vc, "std_error": np.sqrt(va + vc),
            }))  # fmt: skip
    return pd.concat(rows, ignore_index=True)
