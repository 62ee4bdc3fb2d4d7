"""Random effects with a prior on the spread between trials: honest with two trials, and with one."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from ..intervals import stack_tables, summary_html, summary_text
from .effect_tables import by_group, checked_effects, padded
from .normal_mixtures import log_spread_nodes, mixture_below, mixture_quantile, node_quantile
from .spread_priors import PUBLISHED, SpreadPrior, spread_prior

CELLS = 4_000_000  # groups × nodes × trials held at once


FAINT = 1e-18  # a share of the posterior that a value of τ may be left out for
MANY = 200  # trials: of more, each is left out by taking its terms off the sums


@dataclass(frozen=True)
class BayesPool:
    """The posterior of one pooling, or of one for each group of `by`; made by `bayes_random_effects`.

    groups : one row a pooling with the keys of `by`. effects : the table that was pooled; `y, v, present, rows` hold
    it as (groups × trials) arrays. u, tau : nodes; weight : their posterior share; mean, variance : of the pooled
    effect given τ (groups × nodes).
    """

    prior: SpreadPrior
    by: tuple[str, ...]
    groups: pd.DataFrame
    effects: pd.DataFrame
    rows: np.ndarray
    y: np.ndarray
    v: np.ndarray
    present: np.ndarray
    u: np.ndarray
    tau_nodes: np.ndarray
    weight: np.ndarray
    mean: np.ndarray
    variance: np.ndarray

    @property
    def k(self) -> pd.Series | int:
        """Number of trials pooled."""
        return self._one(self.present.sum(axis=1))

    @property
    def tau(self) -> pd.DataFrame:
        """The posterior of τ: keys, `tau` (median), `tau_low, tau_high` (central 95 %)."""
        return self.tau_interval()

    def tau_interval(self, level: float = 0.95) -> pd.DataFrame:
        """Keys, `tau` (posterior median), `tau_low, tau_high` (central)."""
        u = [node_quantile(self.weight, self.u, p) for p in _probabilities(level)]
        log_tau = np.log(self.tau_nodes)
        # log τ is linear in sinh u
        first, last = np.sinh(self.u[0]), np.sinh(self.u[-1])
        at = [log_tau[:, 0] + (log_tau[:, -1] - log_tau[:, 0]) * (np.sinh(x) - first) / (last - first) for x in u]
        low, middle, high = (np.exp(one) for one in at)
        return self.groups.assign(tau=middle, tau_low=low, tau_high=high)

    def summary(self, level: float = 0.95) -> pd.DataFrame:
        """One row a pooling: keys, `term, estimate, std_error, conf_low, conf_high, measure, k, tau, prior`.

        estimate : posterior median; std_error : posterior standard deviation (infinite where it does not exist: a
        heavy-tailed prior and fewer than three trials); limits : central credible interval; tau : posterior median.
        """
        low, middle, high = (mixture_quantile(self.weight, self.mean, self.variance, p) for p in _probabilities(level))
        k = self.present.sum(axis=1)
        named = self.effects["measure"].unique() if "measure" in self.effects else [None]
        table = pd.DataFrame({
            "term": "pooled effect", "estimate": middle, "std_error": self._deviation(self.variance, k),
            "conf_low": low, "conf_high": high, "measure": named[0], "k": k,
            "tau": self.tau_interval(level)["tau"].to_numpy(), "prior": self.prior.words,
        })  # fmt: skip
        return pd.concat([self.groups, table], axis=1)

    def prediction_interval(self, level: float = 0.95) -> pd.DataFrame:
        """Where the true effect of a new trial lies: keys, `prediction_low, prediction_high, formula`."""
        tail = (1 - level) / 2
        variance = self.variance + self.tau_nodes**2
        low, high = (mixture_quantile(self.weight, self.mean, variance, p) for p in (tail, 1 - tail))
        return self.groups.assign(
            prediction_low=low,
            prediction_high=high,
            formula=f"posterior of a new trial's effect, τ ~ {self.prior.words}",
        )

    def probability(self, *, below: float | None = None, above: float | None = None) -> pd.Series | float:
        """The posterior probability that the pooled effect lies below (or above) a value."""
        if (below is None) == (above is None):
            raise ValueError("name one side: below=… or above=…")
        value = below if below is not None else above
        share = mixture_below(self.weight, self.mean, self.variance, float(value))  # type: ignore[arg-type]
        return self._one(share if below is not None else 1 - share)

    def shrunken(self, level: float = 0.95) -> pd.DataFrame:
        """Each trial's own true effect given all: keys, `study`, `estimate` (mean), `std_error`, limits, as pooled."""
        group, column = np.nonzero(self.present)
        v, y = self.v[group, column][:, None], self.y[group, column][:, None]
        toward = v / (v + self.tau_nodes[group] ** 2)
        mean = toward * self.mean[group] + (1 - toward) * y
        variance = (1 - toward) * v + toward**2 * self.variance[group]
        weight, tail = self.weight[group], (1 - level) / 2
        estimate = (weight * mean).sum(axis=1)
        trials = self.effects.iloc[self.rows[group, column]]
        table = self.groups.iloc[group].reset_index(drop=True).assign(
            study=trials["study"].to_numpy() if "study" in trials else trials.index.to_numpy(),
            estimate=estimate,
            std_error=np.sqrt((weight * (variance + (mean - estimate[:, None]) ** 2)).sum(axis=1)),
            conf_low=mixture_quantile(weight, mean, variance, tail),
            conf_high=mixture_quantile(weight, mean, variance, 1 - tail),
        )  # fmt: skip
        return table.iloc[np.argsort(self.rows[group, column], kind="stable")].reset_index(drop=True)

    def leave_one_out(self, level: float = 0.95) -> pd.DataFrame:
        """Each pooling of two or more trials again without each in turn: `left_out` and the summary columns."""
        parts, k = [], self.present.sum(axis=1)
        for many in np.flatnonzero(k > MANY):
            parts.append(self._without_one_by_sums(int(many), level))
        group, column = np.nonzero(self.present & ((k > 1) & (k <= MANY))[:, None])
        left = []
        for i, j in zip(group, column, strict=True):
            kept = self.present[i] & (np.arange(self.present.shape[1]) != j)
            left.append(self.effects.iloc[self.rows[i, kept]].assign(left_out=self._study(self.rows[i, j])))
        if left:
            parts.append(_pool(pd.concat(left, ignore_index=True), self.prior, (*self.by, "left_out")).summary(level))
        return pd.concat(parts, ignore_index=True) if parts else self.summary(level).head(0).assign(left_out=[])

    def _study(self, row: int) -> object:
        left = self.effects.iloc[row]
        return left["study"] if "study" in left else self.effects.index[row]

    def _without_one_by_sums(self, i: int, level: float) -> pd.DataFrame:
        """Each of many trials left out of pooling i: its terms taken off the sums over all, at the same values of τ."""
        place, held = np.flatnonzero(self.present[i]), np.flatnonzero(self.weight[i] > FAINT)
        y, v, tau, u = self.y[i, place], self.v[i, place], self.tau_nodes[i, held], self.u[held]
        width = np.log(self.tau_nodes[i, -1] / self.tau_nodes[i, 0]) / (np.sinh(self.u[-1]) - np.sinh(self.u[0]))
        prior = self.prior.log_density(np.log(tau)) + np.log(width * np.cosh(u))
        centre = y.mean()
        w = 1 / (v[:, None] + tau**2)
        y = (y - centre)[:, None]
        total, first, second = (one.sum(axis=0) - one for one in (w, w * y, w * y**2))
        mean, logs = first / total, np.log(w).sum(axis=0) - np.log(w)
        density = (logs - np.log(total) - (second - first * mean)) / 2 + prior
        weight = np.exp(density - density.max(axis=1, keepdims=True))
        groups = self.groups.iloc[[i] * len(place)].reset_index(drop=True)
        return replace(
            self, by=(*self.by, "left_out"), u=u, tau_nodes=np.broadcast_to(tau, weight.shape), mean=mean + centre,
            groups=groups.assign(left_out=[self._study(row) for row in self.rows[i, place]]), variance=1 / total,
            present=np.ones((len(place), len(place) - 1), bool), weight=weight / weight.sum(axis=1, keepdims=True),
        ).summary(level)  # fmt: skip

    def _deviation(self, variance: np.ndarray, k: np.ndarray) -> np.ndarray:
        centre = (self.weight * self.mean).sum(axis=1, keepdims=True)
        second = (self.weight * (variance + (self.mean - centre) ** 2)).sum(axis=1)
        return np.where(self.prior.heavy & (k < 3), np.inf, np.sqrt(second))

    def _one(self, values: np.ndarray) -> pd.Series | float:
        return by_group(values, self.groups)

    __repr__ = summary_text
    _repr_html_ = summary_html


def bayes_random_effects(
    effects: pd.DataFrame,
    *,
    prior: str = "half_normal",
    scale: float | tuple[float, float] | None = None,
    by: str | tuple[str, ...] | list[str] | None = None,
) -> BayesPool:
    """The pooled effect with a prior on τ and none on the mean, for each group of `by`, by quadrature.

    effects : any table with `estimate` and `std_error`, one row a trial; checked as in `random_effects`. One trial is
        enough: its interval carries the spread that trials are expected to have.
    prior : "half_normal" (default), "half_cauchy", "log_normal" on τ², or "turner_2015" (log odds ratios) and
        "rhodes_2015" (standardised differences), published for mental health outcomes of drugs against placebo.
    scale : of τ in the effects' own unit; None takes 0.5 for log odds ratios (Friede 2017, Res Synth Methods 8:79) and
        0.5·√3/π for standardised differences; for log_normal (location, scale) of log τ².
    No sampling: given τ all is normal, and τ is integrated out exactly (Röver 2020, J Stat Softw 93(6)).
    Raises as `random_effects` does; ValueError for an unknown prior and where the measure has no usual scale.

    >>> trials = pd.DataFrame({"estimate": [0.9, 0.1], "std_error": [0.4, 0.3]})
    >>> pool = bayes_random_effects(trials, scale=0.5)
    >>> pool.summary()[["estimate", "conf_low", "conf_high"]].round(3).to_numpy().tolist()
    [[0.431, -0.395, 1.334]]
    >>> round(pool.probability(below=0), 3)
    0.12
    """
    keys, effects = checked_effects(effects, by)
    measure = effects["measure"].iloc[0] if "measure" in effects else None
    return _pool(effects, spread_prior(prior, scale, measure), keys)


def prior_sensitivity(
    effects: pd.DataFrame, *, by: str | tuple[str, ...] | list[str] | None = None, level: float = 0.95
) -> pd.DataFrame:
    """The pooling under half, once and twice the usual scale, a heavier tail, and the published prior of its measure.

    effects : of a measure with a usual scale (log odds ratios, standardised differences). Columns: as `summary()`.

    >>> trials = pd.DataFrame({"estimate": [0.9, 0.1], "std_error": [0.4, 0.3], "measure": "log_odds_ratio"})
    >>> prior_sensitivity(trials)[["prior", "conf_low"]].round(2).to_numpy().tolist()[:2]
    [['half_normal 0.25', -0.18], ['half_normal 0.5', -0.39]]
    """
    measure = effects["measure"].iloc[0] if "measure" in effects and len(effects) else None
    usual = spread_prior("half_normal", None, measure).scale
    choices: list[tuple[str, float | None]] = [("half_normal", usual * factor) for factor in (0.5, 1.0, 2.0)]
    choices += [("half_cauchy", usual), *((name, None) for name, one in PUBLISHED.items() if one[0] == measure)]
    pools = [bayes_random_effects(effects, prior=name, scale=scale, by=by) for name, scale in choices]
    return stack_tables([pool.summary(level) for pool in pools])


def _pool(effects: pd.DataFrame, prior: SpreadPrior, keys: tuple[str, ...]) -> BayesPool:
    groups, rows, present, y, v = padded(effects, keys)
    spread = np.ptp(np.where(present, y, y[:, :1]), axis=1)
    error = np.log(np.where(present, v, v[:, :1])) / 2
    low, high = np.minimum(error.min(axis=1), prior.centre), np.maximum(error.max(axis=1), prior.centre)
    with np.errstate(divide="ignore"):
        high = np.maximum(high, np.log(spread))
    u, log_tau, jacobian = log_spread_nodes(low, high, present.shape[1], heavy=np.isfinite(prior.df))
    chunk = max(1, CELLS // (len(u) * present.shape[1]))
    parts = [_given_tau(y[i : i + chunk], v[i : i + chunk], present[i : i + chunk], log_tau[i : i + chunk])
             for i in range(0, len(y), chunk)]  # fmt: skip
    likelihood, mean, variance = (np.concatenate(one) for one in zip(*parts, strict=True))
    density = likelihood + prior.log_density(log_tau) + jacobian
    weight = np.exp(density - density.max(axis=1, keepdims=True))
    weight /= weight.sum(axis=1, keepdims=True)
    return BayesPool(prior, keys, groups, effects, rows, y, v, present, u, np.exp(log_tau), weight, mean, variance)


def _given_tau(
    y: np.ndarray, v: np.ndarray, present: np.ndarray, log_tau: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Marginal log-likelihood of τ, and mean and variance of the pooled effect given it (G × J)."""
    w = present[:, None, :] / (v[:, None, :] + np.exp(2 * log_tau)[:, :, None])
    total = w.sum(axis=2)
    mean = (w * y[:, None, :]).sum(axis=2) / total
    residual = (w * (y[:, None, :] - mean[:, :, None]) ** 2).sum(axis=2)
    logs = np.where(present[:, None, :], np.log(np.where(present[:, None, :], w, 1.0)), 0.0).sum(axis=2)
    return (logs - np.log(total) - residual) / 2, mean, 1 / total


def _probabilities(level: float) -> tuple[float, float, float]:
    if not 0 < level < 1:
        raise ValueError(f"level {level!r} must lie between 0 and 1, such as 0.95")
    return (1 - level) / 2, 0.5, (1 + level) / 2
