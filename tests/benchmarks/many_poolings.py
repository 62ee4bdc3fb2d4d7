"""The table that the pooling benchmarks share: 10,000 poolings of 20 simulated trials."""

import numpy as np
import pandas as pd

GROUPS, TRIALS = 10_000, 20


def many_poolings() -> pd.DataFrame:
    """Columns `g, estimate, std_error`; the same table at every call."""
    rng = np.random.default_rng(1)
    return pd.DataFrame({
        "g": np.repeat(np.arange(GROUPS), TRIALS),
        "estimate": rng.normal(0, 0.4, GROUPS * TRIALS),
        "std_error": rng.uniform(0.1, 0.5, GROUPS * TRIALS),
    })  # fmt: skip
