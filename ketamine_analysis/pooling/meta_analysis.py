"""Random-effects pooling: one number from many trials, with what the trials do not agree on."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy import stats

from ..intervals import critical_value, summary_html, summary_table, summary_text
from .effect_tables import by_group, checked_effects, padded
from .heterogeneity import METHODS, estimate_tau2, log_likelihood, q_profile, typical_variance, weighted_mean

INFERENCES = ("wald", "hksj", "hksj_modified")
NO_SPREAD = 1e-12  # q of effects that are the same to rounding
PREDICTION_FORMULAS = {
    "wald": "estimate ± z·√(SE² + τ²)",
    "hksj": "estimate ± t(k−1)·√(SE² + τ²), SE by HKSJ",
    "hksj_modified": "estimate ± t(k−1)·√(SE² + τ²), SE by modified HKSJ",
}


BLOCK = 2_000_000  # numbers that are refitted at a time


@dataclass(frozen=True)
class PooledEffects:
    """One pooling, or one for each group of `by`; made by `random_effects`.

    groups : one row a pooling with the keys of `by` (no column when there is none).
    effects : the table that was pooled; `y, v, present` hold it as (groups × trials) arrays.
    estimate, wald_error, scale : the weighted mean, its model standard error, and HKSJ's factor q.
    """

    method: str
    inference: str
    by: tuple[str, ...]
    groups: pd.DataFrame
    effects: pd.DataFrame
    rows: np.ndarray
    y: np.ndarray
    v: np.ndarray
    present: np.ndarray
    estimate: np.ndarray
    wald_error: np.ndarray
    scale: np.ndarray
    tau2_values: np.ndarray
    q_values: np.ndarray

    @property
    def k(self) -> pd.Series | int:
        """Number of trials pooled."""
        return self._one(self.present.sum(axis=1))

    @property
    def tau2(self) -> pd.Series | float:
        """Between-trial variance τ²; missing for a single trial."""
        return self._one(self.tau2_values)

    @property
    def Q(self) -> pd.Series | float:  # noqa: N802 — the field's own letter
        """Cochran's Q."""
        return self._one(self.q_values)

    @property
    def I2(self) -> pd.Series | float:  # noqa: N802
        """I² = τ² / (τ² + typical sampling variance), percent (metafor's); missing for a single trial."""
        typical = typical_variance(self.v, self.present)
        if self.method == "FE":
            return self.I2_Q
        return self._one(100 * self.tau2_values / (self.tau2_values + typical))

    @property
    def I2_Q(self) -> pd.Series | float:  # noqa: N802
        """Higgins' I² = (Q − df) / Q, percent, never below 0: the other I², labelled apart."""
        df = self.present.sum(axis=1) - 1
        share = np.divide(self.q_values - df, self.q_values, out=np.zeros(len(df)), where=self.q_values > 0)
        return self._one(np.where(df > 0, 100 * np.maximum(share, 0), np.nan))

    def summary(self, level: float = 0.95) -> pd.DataFrame:
        """One row a pooling: keys, the summary columns, then `measure, k, tau2, I2, I2_Q, Q, Q_p_value, inference`."""
        error, df = self._standard_error(self.inference)
        table = summary_table("pooled effect", self.estimate, error, df, level=level)
        k = self.present.sum(axis=1)
        extra = pd.DataFrame(
            {
                "measure": self._measure(),
                "k": k,
                "tau2": self.tau2_values,
                "I2": np.asarray(self.I2),
                "I2_Q": np.asarray(self.I2_Q),
                "Q": self.q_values,
                "Q_p_value": np.where(k > 1, stats.chi2.sf(self.q_values, np.maximum(k - 1, 1)), np.nan),
                "method": self.method,
                "inference": np.where(k > 1, self.inference, "wald (one trial)"),
            }
        )
        return pd.concat([self.groups, table, extra], axis=1)

    def inferences(self, level: float = 0.95) -> pd.DataFrame:
        """The same pooling by every inference (Wald beside Hartung–Knapp), so that none is chosen by its answer."""
        names = INFERENCES if self.method != "FE" else ("wald",)
        return pd.concat([replace(self, inference=name).summary(level) for name in names], ignore_index=True)

    def prediction_interval(self, level: float = 0.95) -> pd.DataFrame:
        """Where the true effect of a new trial would lie: `prediction_low, prediction_high, formula`.

        Needs two trials and a method that allows them to differ (missing otherwise, and for FE).
        t with k − 1 degrees of freedom for HKSJ, normal for Wald.
        """
        error, df = self._standard_error(self.inference)
        half = critical_value(df, level) * np.sqrt(error**2 + self.tau2_values)
        missing = (self.present.sum(axis=1) < 2) | (self.method == "FE")
        half = np.where(missing, np.nan, half)
        return self.groups.assign(
            prediction_low=self.estimate - half,
            prediction_high=self.estimate + half,
            formula=PREDICTION_FORMULAS[self.inference],
        )

    def tau2_interval(self, level: float = 0.95) -> pd.DataFrame:
        """The Q-profile interval of τ², and of I² by it: `tau2_low, tau2_high, I2_low, I2_high`.

        (0, 0) means that even τ² = 0 makes the trials look more alike than chance would (an empty set).
        """
        low, high = q_profile(self.y, self.v, self.present, level)
        typical = typical_variance(self.v, self.present)
        return self.groups.assign(
            tau2_low=low, tau2_high=high, I2_low=100 * low / (low + typical), I2_high=100 * high / (high + typical)
        )

    def log_likelihood(self) -> pd.Series | float:
        """The (restricted, for REML) log-likelihood at the fitted τ², with metafor's constants."""
        value = log_likelihood(
            self.y, self.v, self.present, np.nan_to_num(self.tau2_values), restricted=self.method == "REML"
        )
        return self._one(value)

    def weights(self) -> pd.Series:
        """Each pooled row's share of its pooling, in percent, in the order of `effects`."""
        w = self.present / (self.v + np.nan_to_num(self.tau2_values)[:, None])
        share = 100 * w / w.sum(axis=1, keepdims=True)
        return pd.Series(share[self.present][np.argsort(self.rows[self.present])], index=self.effects.index)

    def leave_one_out(self, level: float = 0.95) -> pd.DataFrame:
        """Each pooling again without each of its trials in turn: `left_out` and the summary columns."""
        group, column = np.nonzero(self.present & (self.present.sum(axis=1) > 1)[:, None])
        size = max(1, BLOCK // self.y.shape[1])  # 5,000 trials without each in turn are 25 million numbers
        starts = range(0, max(len(group), 1), size)
        parts = [self._without(group[at : at + size], column[at : at + size], level) for at in starts]
        return pd.concat(parts, ignore_index=True)

    def _without(self, group: np.ndarray, column: np.ndarray, level: float) -> pd.DataFrame:
        present = self.present[group].copy()
        present[np.arange(len(group)), column] = False
        keys = self.groups.iloc[group].reset_index(drop=True)
        left = self.effects.iloc[self.rows[group, column]]
        names = left["study"].to_numpy() if "study" in left else left.index.to_numpy()
        return _fit(self, self.y[group], self.v[group], present, keys.assign(left_out=names)).summary(level)

    def refit(self, y: np.ndarray, v: np.ndarray) -> PooledEffects:
        """The same pooling of other numbers for its trials: estimates and variances (poolings × trials)."""
        return _fit(self, y, v, np.ones(y.shape, bool), pd.DataFrame({"pooling": range(len(y))}))

    def _standard_error(self, inference: str) -> tuple[np.ndarray, np.ndarray]:
        """Standard error and degrees of freedom; a single trial always has its own Wald interval."""
        k = self.present.sum(axis=1)
        if inference == "wald":
            return self.wald_error, np.full(len(k), np.inf)
        factor = np.sqrt(hksj_scale(self.scale, inference))
        return np.where(k > 1, factor * self.wald_error, self.wald_error), np.where(k > 1, k - 1.0, np.inf)

    def _measure(self) -> str | None:
        named = self.effects["measure"].unique() if "measure" in self.effects else [None]
        return named[0] if len(named) == 1 else "mixed"

    def _one(self, values: np.ndarray) -> pd.Series | float:
        return by_group(values, self.groups)

    __repr__ = summary_text
    _repr_html_ = summary_html


def random_effects(
    effects: pd.DataFrame,
    *,
    method: str = "REML",
    inference: str = "hksj_modified",
    by: str | tuple[str, ...] | list[str] | None = None,
) -> PooledEffects:
    """The pooled effect of the trials in `effects`, for each group of `by` in one vectorised call.

    effects : any table with `estimate` and `std_error`, one row a trial; with `study`, `arm` and
        `control_arm` it is checked that no arm enters a pooling twice.
    method : between-trial variance: "REML" (default), "DL", "PM", "ML", "EB", or "FE" (common effect, τ² = 0).
    inference : "hksj_modified" (Hartung–Knapp–Sidik–Jonkman whose factor is never below 1; metafor's
        `adhoc`), "hksj", or "wald". A single trial gives its own Wald interval and no τ². Of effects that do not differ
        at all "hksj" has no interval (its width would be 0): limits and p-value are missing.
    Raises DatasetError for missing or non-positive standard errors and for an arm counted twice; ValueError for
    unknown choices and for FE with HKSJ.
    Sources: Viechtbauer 2005 (J Educ Behav Stat 30:261), IntHout 2014 (BMC Med Res Methodol 14:25), Röver 2015
    (BMC Med Res Methodol 15:99).

    >>> trials = pd.DataFrame({"estimate": [0.1, 0.9], "std_error": [0.2, 0.3]})
    >>> random_effects(trials, inference="wald").summary()[["estimate", "tau2"]].round(4).to_numpy().tolist()
    [[0.4688, 0.255]]
    """
    for name, value, allowed in (("method", method, METHODS), ("inference", inference, INFERENCES)):
        if value not in allowed:
            raise ValueError(f"{name} {value!r} is unknown: use one of {list(allowed)}")
    if method == "FE" and inference != "wald":
        raise ValueError("method 'FE' assumes one common effect; Hartung–Knapp does not apply: use inference='wald'")
    keys, effects = checked_effects(effects, by)
    groups, rows, present, y, v = padded(effects, keys)
    empty = np.empty(0)
    start = PooledEffects(
        method, inference, keys, groups, effects, rows, y, v, present, empty, empty, empty, empty, empty
    )
    return _fit(start, y, v, present, groups)


def _fit(
    start: PooledEffects, y: np.ndarray, v: np.ndarray, present: np.ndarray, groups: pd.DataFrame
) -> PooledEffects:
    tau2 = estimate_tau2(y, v, present, start.method)
    w, mean, residual = weighted_mean(y, v, present, np.nan_to_num(tau2))
    k = present.sum(axis=1)
    _, _, q = weighted_mean(y, v, present, np.zeros(len(y)))
    scale = np.divide(residual, k - 1, out=np.full(len(y), np.nan), where=k > 1)
    return replace(
        start, by=tuple(groups.columns), groups=groups, y=y, v=v, present=present, estimate=mean,
        wald_error=1 / np.sqrt(w.sum(axis=1)), scale=scale, tau2_values=tau2, q_values=q,
    )  # fmt: skip


def hksj_scale(q: np.ndarray, inference: str) -> np.ndarray:
    """HKSJ's factor q; never below 1 if modified; missing where effects that do not differ would leave no interval."""
    if inference == "hksj_modified":
        return np.maximum(q, 1.0)
    return np.where(np.asarray(q) > NO_SPREAD, q, np.nan)
