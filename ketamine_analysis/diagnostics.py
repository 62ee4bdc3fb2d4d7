"""What could overturn a pooled number: small-trial asymmetry, trials filled in, trials that weigh on the result."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from .meta_analysis import PooledEffects, random_effects
from .meta_regression import meta_regression


@dataclass(frozen=True)
class TrimAndFill:
    """The pooling with mirror images of trials thought to be missing; `filled` are those images.

    missing : how many were filled in, on `side` ("left" or "right") of the funnel.
    """

    missing: int
    side: str
    filled: pd.DataFrame
    pooled: PooledEffects

    def summary(self, level: float = 0.95) -> pd.DataFrame:
        """The summary of the filled pooling, with `missing` and `side`."""
        return self.pooled.summary(level).assign(missing=self.missing, side=self.side)


def egger_test(effects: pd.DataFrame) -> pd.DataFrame:
    """Egger's test of funnel asymmetry: `term, estimate, std_error, df, statistic, p_value, …`.

    Weighted regression of the estimate on its standard error with multiplicative dispersion (Egger 1997, BMJ
    315:629; metafor's regtest model "lm"); t with k − 2. Odds ratios correlate with their standard errors even
    without bias. Raises ValueError for fewer than three trials or equal standard errors.
    """
    if len(effects) < 3:
        raise ValueError(f"Egger's test needs three trials; there are {len(effects)}")
    slope = meta_regression(effects.assign(asymmetry=effects["std_error"]), "asymmetry", method="FE", inference="wald")
    w = 1 / effects["std_error"].to_numpy(float) ** 2
    residual = effects["estimate"].to_numpy(float) - slope.design @ slope.coefficients
    dispersion = float((w * residual**2).sum()) / (len(w) - 2)
    table = slope.summary().iloc[[1]].reset_index(drop=True)
    error = float(table["std_error"].iloc[0]) * np.sqrt(dispersion)
    statistic, df = float(table["estimate"].iloc[0]) / error, len(w) - 2
    half = float(stats.t.ppf(0.975, df)) * error
    return table.assign(
        std_error=error,
        df=float(df),
        statistic=statistic,
        p_value=float(2 * stats.t.sf(abs(statistic), df)),
        conf_low=table["estimate"] - half,
        conf_high=table["estimate"] + half,
    )


def trim_and_fill(effects: pd.DataFrame, *, method: str = "REML", inference: str = "wald") -> TrimAndFill:
    """Duval & Tweedie's trim and fill with the L0 estimator (2000, Biometrics 56:455), as metafor's trimfill.

    A picture of what asymmetry could mean, not a correction: heterogeneity makes funnels asymmetric too. The side
    is where the regression on the standard error says trials are lacking.
    """
    y, v = effects["estimate"].to_numpy(float), effects["std_error"].to_numpy(float) ** 2
    k = len(y)
    slope = meta_regression(effects.assign(asymmetry=np.sqrt(v)), "asymmetry", method=method, inference="wald")
    side = "right" if slope.coefficients[1] < 0 else "left"
    sign = -1.0 if side == "right" else 1.0
    order = np.argsort(sign * y, kind="stable")
    y, v = sign * y[order], v[order]
    missing, before = 0, -1
    for _ in range(100):
        if missing == before:
            break
        before = missing
        centre = _pool(y[: k - missing], v[: k - missing], method, inference).summary()["estimate"].iloc[0]
        ranks = stats.rankdata(np.abs(y - centre), method="ordinal") * np.sign(y - centre)
        missing = max(0, round((4 * ranks[ranks > 0].sum() - k * (k + 1)) / (2 * k - 1)))
    mirrored = sign * (2 * centre - y[k - missing :])
    filled = pd.DataFrame({"estimate": mirrored, "std_error": np.sqrt(v[k - missing :])})
    both = pd.concat([effects[["estimate", "std_error"]], filled], ignore_index=True)
    return TrimAndFill(missing, side, filled, random_effects(both, method=method, inference=inference))


def influence(pooled: PooledEffects) -> pd.DataFrame:
    """How much each trial weighs on one pooling: a row a trial, in the order of `pooled.effects`.

    Columns: `study` (or row), `estimate`, `weight` (percent), `hat`, `rstudent` (externally standardised
    residual), `dffits`, `cook` (Cook's distance), `tau2_without`, `Q_without`, as Viechtbauer & Cheung 2010 (Res
    Synth Methods 1:112). Raises ValueError for several groups (`by`) or fewer than three trials.
    """
    if len(pooled.groups) != 1 or len(pooled.effects) < 3:
        raise ValueError("influence looks at one pooling (no by=) of at least three trials")
    effects = pooled.effects
    y, v = effects["estimate"].to_numpy(float), effects["std_error"].to_numpy(float) ** 2
    wald = random_effects(effects, method=pooled.method, inference="wald")
    full = wald.summary().iloc[0]
    left = wald.leave_one_out()
    hat = wald.weights().to_numpy() / 100
    without, tau2 = left["estimate"].to_numpy(), left["tau2"].to_numpy()
    error = left["std_error"].to_numpy()
    names = effects["study"] if "study" in effects else pd.Series(effects.index)
    return pd.DataFrame({
        "study": names.to_numpy(), "estimate": y, "weight": 100 * hat, "hat": hat,
        "rstudent": (y - without) / np.sqrt(v + tau2 + error**2),
        "dffits": (full["estimate"] - without) / np.sqrt(hat * (v + tau2)),
        "cook": (full["estimate"] - without) ** 2 / full["std_error"] ** 2,
        "tau2_without": tau2, "Q_without": left["Q"].to_numpy(),
    })  # fmt: skip


def cumulative(effects: pd.DataFrame, order: str = "year", **choices: str) -> pd.DataFrame:
    """The pooling as it stood after each trial, in the order of a column: summary rows with `after` and that column."""
    if order not in effects or effects[order].isna().any():
        raise ValueError(f"column {order!r} is needed in every row to put trials in order")
    rows = effects.sort_values(order, kind="stable").reset_index(drop=True)
    k = len(rows)
    stacked = pd.concat([rows.head(i + 1).assign(_step=i) for i in range(k)], ignore_index=True)
    table = random_effects(stacked, by="_step", **choices).summary().drop(columns="_step")
    names = rows["study"] if "study" in rows else pd.Series(rows.index)
    return table.assign(after=names.to_numpy(), **{order: rows[order].to_numpy()})


def _pool(y: np.ndarray, v: np.ndarray, method: str, inference: str) -> PooledEffects:
    return random_effects(pd.DataFrame({"estimate": y, "std_error": np.sqrt(v)}), method=method, inference=inference)
