"""Small tables that several tests use."""

import numpy as np
import pandas as pd
from reference_numbers import FOLDER


def trial(name):
    table = pd.read_csv(FOLDER / f"mmrm_{name}.csv")
    control = "midazolam" if name == "three_arm" else "placebo"
    if "arm" in table:  # the arm of role control is the reference, as in R's relevel
        table["role"] = np.where(table["arm"] == control, "control", "active")
    return table


def few_patients(*, visits, seed, n=15, drop=0.05):
    rng = np.random.default_rng(seed)
    apart = np.abs(np.subtract.outer(np.arange(visits), np.arange(visits)))
    scores = rng.normal(size=(n, visits)) @ np.linalg.cholesky(0.6**apart).T
    gone = np.cumsum(rng.random((n, visits)) < drop, axis=1) > 0
    gone[:, 0] = False
    scores[gone] = np.nan
    return pd.DataFrame(
        {"subject": np.repeat(np.arange(n), visits), "arm": np.repeat(np.where(np.arange(n) % 2, "a", "b"), visits),
         "baseline": np.repeat(rng.normal(33, 5, n), visits), "hours": np.tile(24.0 * np.arange(1, visits + 1), n),
         "change": scores.ravel()}
    )  # fmt: skip


def effect_rows(rows):
    table = pd.DataFrame(rows, columns=["study", "treatment_class", "hours", "estimate", "std_error"])
    return table.assign(measure="log_odds_ratio")


TWO_CLASSES = effect_rows([
    *((f"a{i}", "fast", 24.0, 1.0, 0.2) for i in range(6)), *((f"a{i}", "fast", 168.0, 0.02, 0.2) for i in range(6)),
    *((f"b{i}", "slow", 672.0, 0.1 * (-1) ** i, 0.2) for i in range(6)), *((f"b{i}", "slow", 1344.0, 0.9, 0.2) for i in range(6)),
])  # fmt: skip


def counted_effects():
    rows = [
        *((f"a{i}", "fast", 24.0, 1.0, 0.2) for i in range(6)),
        *((f"b{i}", "slow", 1344.0, 0.1 * (-1) ** i, 0.2) for i in range(6)),
        *((f"c{i}", "worse", 168.0, -1.0, 0.2) for i in range(6)),
    ]
    return effect_rows(rows).assign(n=10, control_n=15)


def simulated_effects(seed, half=24.0, trials=30, times=(2, 6, 24, 72, 168, 672), size=1.0, tau=0.25, omega=0.1):
    rng = np.random.default_rng(seed)
    rows = []
    for i in range(trials):
        t = np.sort(rng.choice(times, rng.integers(2, 5), replace=False)).astype(float)
        f = t / (t + half)
        apart = np.abs(np.subtract.outer(t, t)) / 24 / 7
        error = rng.multivariate_normal(np.zeros(len(t)), 0.06 * 0.5**apart)
        y = (size + rng.normal(0, tau)) * f + rng.normal(0, omega, len(t)) + error
        rows.append(pd.DataFrame({"study": f"s{i}", "hours": t, "estimate": y}))
    return pd.concat(rows, ignore_index=True).assign(
        treatment_class="x", active_variance=0.03, control_variance=0.03, std_error=np.sqrt(0.06)
    )


THREE_TRIALS = pd.DataFrame({
    "study": np.repeat(["one", "two", "three"], 2), "arm": ["x", "p"] * 3, "role": ["active", "control"] * 3,
    "treatment_class": ["ketamine", "placebo"] * 3, "control_kind": [None, "placebo", None, "active_placebo", None, "placebo"],
    "blinding": ["double_blind"] * 4 + ["open_label"] * 2, "population": "TRD", "scale": "MADRS", "outcome": "response",
    "timing": "at", "hours": [24, 24, 20, 20, 168, 168], "n": 40, "events": [20, 10, 16, 8, 15, 10],
})  # fmt: skip
