"""What could overturn a pooled number: small-trial asymmetry, trials filled in, trials that weigh on the result."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy import stats

from ..intervals import summary_table
from .count_pools import table_cells
from .effect_tables import check_effects
from .meta_analysis import BLOCK, PooledEffects, random_effects
from .meta_regression import check_design, meta_regression


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
    without bias: `peters_test`. Raises ValueError for fewer than three trials or equal standard errors.

    >>> trials = pd.DataFrame({"estimate": [0.0, 0.1, 0.5, 1.4], "std_error": [0.1, 0.2, 0.3, 0.5]})
    >>> egger_test(trials)[["estimate", "p_value"]].round(2).to_numpy().tolist()
    [[2.85, 0.06]]
    """
    check_effects(effects.reset_index(drop=True), ())
    error = effects["std_error"].to_numpy(float)
    return _dispersed_slope(effects, 1 / error**2, error, "asymmetry", "Egger's test")


def peters_test(effects: pd.DataFrame) -> pd.DataFrame:
    """Peters' test of small-trial effects in log odds ratios: the slope on 1/N, columns as for `egger_test`.

    Weighted by 1/(1/events + 1/non-events) of both arms together, which unlike the standard error does not go with
    the odds ratio itself (Peters 2006, JAMA 295:676); dispersion and t with k − 2 as in Egger's.
    effects : `estimate` (log odds ratios) with `events, n, control_events, control_n`.
    Raises ValueError for another measure, missing counts, a trial without events (or with all), fewer than three
    trials, or trials of one size.

    >>> trials = pd.DataFrame({"estimate": [0.2, 0.5, 0.9], "std_error": [0.2, 0.3, 0.5], "events": [60, 24, 9],
    ...     "n": [100, 40, 15], "control_events": [55, 20, 5], "control_n": [100, 40, 15]})
    >>> peters_test(trials)["p_value"].round(3).tolist()
    [0.142]
    """
    effects = effects.reset_index(drop=True)
    check_effects(effects, ())
    if "measure" in effects and (effects["measure"] != "log_odds_ratio").any():
        raise ValueError("Peters' test is for log odds ratios; for other measures use egger_test")
    a, b, c, d, used = table_cells(effects, all_events=True, keep=False)
    if not used.all():
        raise ValueError(
            f"rows {list(effects.index[~used])} have no events, or only events, in both arms: leave them out"
        )
    weight = 1 / (1 / (a + c) + 1 / (b + d))
    return _dispersed_slope(effects, weight, 1 / (a + b + c + d), "small-trial effect", "Peters' test")


def trim_and_fill(effects: pd.DataFrame, *, method: str = "REML", inference: str = "wald") -> TrimAndFill:
    """Duval & Tweedie's trim and fill with the L0 estimator (2000, Biometrics 56:455), as metafor's trimfill.

    A picture of what asymmetry could mean, not a correction: heterogeneity makes funnels asymmetric too. The side
    is where the regression on the standard error says trials are lacking. Raises ValueError for fewer than three.

    >>> trials = pd.DataFrame({"estimate": [0.0, 0.1, 0.5, 1.4], "std_error": [0.1, 0.2, 0.3, 0.5]})
    >>> filled = trim_and_fill(trials)
    >>> filled.missing, filled.side
    (0, 'left')
    """
    if len(effects) < 3:
        raise ValueError(f"trim and fill needs three trials; there are {len(effects)}")
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
    residual), `dffits`, `cook` (Cook's distance), `dfbetas`, `tau2_without`, `Q_without`, and `influential`: whether
    DFFITS, Cook's distance, hat or DFBETAS passes its limit (`influence_limits`), as Viechtbauer & Cheung 2010 (Res
    Synth Methods 1:112). Raises ValueError for several groups (`by`) or fewer than three trials.

    >>> trials = pd.DataFrame({"estimate": [0.0, 0.1, 0.5, 1.4], "std_error": [0.1, 0.2, 0.3, 0.5]})
    >>> influence(random_effects(trials))[["study", "weight", "influential"]].round(1).to_numpy().tolist()
    [[0, 34.0, True], [1, 28.9, True], [2, 23.1, False], [3, 14.0, True]]
    """
    effects, left, full = _without_each(pooled)
    y, v = effects["estimate"].to_numpy(float), effects["std_error"].to_numpy(float) ** 2
    hat = replace(pooled, inference="wald").weights().to_numpy() / 100
    without, tau2, error = (left[name].to_numpy() for name in ("estimate", "tau2", "std_error"))
    shift = full["estimate"] - without
    table = pd.DataFrame({
        "study": _names(effects), "estimate": y, "weight": 100 * hat, "hat": hat,
        "rstudent": (y - without) / np.sqrt(v + tau2 + error**2),
        "dffits": shift / np.sqrt(hat * (v + tau2)),
        "cook": shift**2 / full["std_error"] ** 2,
        "dfbetas": shift * np.sqrt([(1 / (v + one)).sum() for one in tau2]),
        "tau2_without": tau2, "Q_without": left["Q"].to_numpy(),
    })  # fmt: skip
    passed = [table[name].abs() > limit for name, limit in influence_limits(len(table)).items() if name != "rstudent"]
    return table.assign(influential=np.any(passed, axis=0))


def influence_limits(k: int) -> dict[str, float]:
    """Beyond what a trial among k is called influential (by absolute value), or for `rstudent` an outlier.

    >>> {name: round(value, 3) for name, value in influence_limits(10).items()}
    {'rstudent': 1.96, 'dffits': 1.0, 'cook': 0.455, 'hat': 0.3, 'dfbetas': 1.0}
    """
    return {
        "rstudent": float(stats.norm.isf(0.025)), "dffits": 3 * float(np.sqrt(1 / (k - 1))),
        "cook": float(stats.chi2.ppf(0.5, 1)), "hat": 3 / k, "dfbetas": 1.0,
    }  # fmt: skip


def baujat(pooled: PooledEffects) -> pd.DataFrame:
    """What each trial adds to the heterogeneity and to the result: `study, heterogeneity, influence`.

    heterogeneity : squared Pearson residual (y − pooled)² / (v + τ²); influence : squared shift of the pooled effect
    without the trial over its variance then (Baujat 2002, Stat Med 21:2641, as metafor draws it). Raises as
    `influence`.

    >>> trials = pd.DataFrame({"estimate": [0.0, 0.1, 0.5, 1.4], "std_error": [0.1, 0.2, 0.3, 0.5]})
    >>> baujat(random_effects(trials))[["heterogeneity", "influence"]].round(1).to_numpy().tolist()
    [[0.7, 0.4], [0.3, 0.2], [0.1, 0.0], [2.7, 8.9]]
    """
    effects, left, full = _without_each(pooled)
    y, v = effects["estimate"].to_numpy(float), effects["std_error"].to_numpy(float) ** 2
    return pd.DataFrame({
        "study": _names(effects), "heterogeneity": (y - full["estimate"]) ** 2 / (v + full["tau2"]),
        "influence": (left["estimate"].to_numpy() - full["estimate"]) ** 2 / left["std_error"].to_numpy() ** 2,
    })  # fmt: skip


def cumulative(effects: pd.DataFrame, order: str = "year", **choices: str) -> pd.DataFrame:
    """The pooling as it stood after each trial, in the order of a column: summary rows with `after` and that column.

    >>> trials = pd.DataFrame({"study": ["b", "a"], "year": [2020, 2012], "estimate": [1.0, 0.0], "std_error": 1.0})
    >>> cumulative(trials)[["after", "k", "estimate"]].to_numpy().tolist()
    [['a', 1, 0.0], ['b', 2, 0.5]]
    """
    if order not in effects or effects[order].isna().any():
        raise ValueError(f"column {order!r} is needed in every row to put trials in order")
    rows = effects.sort_values(order, kind="stable").reset_index(drop=True)
    k = len(rows)
    parts, size = [], max(1, BLOCK // k)
    for at in range(0, k, size):
        stacked = pd.concat([rows.head(i + 1).assign(_step=i) for i in range(at, min(at + size, k))], ignore_index=True)
        parts.append(random_effects(stacked, by="_step", **choices).summary().drop(columns="_step"))
    table = pd.concat(parts, ignore_index=True)
    return table.assign(after=_names(rows), **{order: rows[order].to_numpy()})


def _pool(y: np.ndarray, v: np.ndarray, method: str, inference: str) -> PooledEffects:
    return random_effects(pd.DataFrame({"estimate": y, "std_error": np.sqrt(v)}), method=method, inference=inference)


def _without_each(pooled: PooledEffects) -> tuple[pd.DataFrame, pd.DataFrame, pd.Series]:
    """The pooled trials, the pooling without each, and the pooling itself, with Wald errors."""
    if len(pooled.groups) != 1 or len(pooled.effects) < 3:
        raise ValueError("influence looks at one pooling (no by=) of at least three trials")
    wald = replace(pooled, inference="wald")
    return pooled.effects, wald.leave_one_out(), wald.summary().iloc[0]


def _names(effects: pd.DataFrame) -> np.ndarray:
    return (effects["study"] if "study" in effects else pd.Series(effects.index)).to_numpy()


def _dispersed_slope(effects: pd.DataFrame, w: np.ndarray, x: np.ndarray, term: str, test: str) -> pd.DataFrame:
    """The weighted least-squares slope of the estimates on x, its error with the dispersion found."""
    if len(effects) < 3:
        raise ValueError(f"{test} needs three trials; there are {len(effects)}")
    y, design = effects["estimate"].to_numpy(float), np.column_stack([np.ones(len(x)), x])
    check_design(design, ("intercept", term))
    inverse = np.linalg.inv((design * w[:, None]).T @ design)
    b = inverse @ (design.T @ (w * y))
    df = len(y) - 2
    dispersion = float((w * (y - design @ b) ** 2).sum()) / df
    return summary_table(term, b[1], np.sqrt(dispersion * inverse[1, 1]), df)
