"""Related classes lend to each other: class means spread about the mean of their family, trials about their class."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from .bayes import bayes_random_effects
from .effect_tables import check_effects
from .normal_mixtures import log_spread_nodes, mixture_quantile
from .spread_priors import SpreadPrior, spread_prior

KETAMINES, CONVENTIONAL = "ketamine and its enantiomers", "conventional antidepressants"
FAMILIES = {
    **dict.fromkeys(("ketamine", "esketamine", "arketamine"), KETAMINES),
    **dict.fromkeys(("ssri", "snri", "tca", "atypical", "oral_antidepressant_mixed"), CONVENTIONAL),
}


def bayes_families(
    effects: pd.DataFrame,
    families: Mapping[str, str] = FAMILIES,
    *,
    scale: float | None = None,
    by: str | None = None,
    level: float = 0.95,
) -> pd.DataFrame:
    """Each class's pooled effect "alone" and "with its family": how much the relatives lend.

    effects : as for `bayes_random_effects`, with `treatment_class`; no arm twice in a class and group of `by`.
    families : class → family; a class that is in none, or alone in it, keeps its own answer.
    Model: class means ~ N(family's mean, γ²), trials ~ N(class's mean, τ²), one τ a family, γ and τ half-normal with
    `scale` (None: as in `bayes_random_effects`), the family's mean flat; both spreads are integrated out on a grid.
    Relatives that share a control in one trial are treated as independent: leave such a trial out of one class.
    Columns: `by`, `treatment_class, family, pooling, k, estimate` (posterior median)`, conf_low, conf_high, measure`.
    Raises as `bayes_random_effects` does.

    >>> trials = pd.DataFrame({"treatment_class": ["ketamine", "esketamine", "esketamine"],
    ...     "estimate": [-1.0, -0.3, -0.4], "std_error": [0.3, 0.1, 0.1], "measure": "standardized_mean_difference"})
    >>> table = bayes_families(trials)
    >>> table.loc[table["treatment_class"] == "ketamine", ["pooling", "estimate"]].round(2).to_numpy().tolist()
    [['alone', -1.0], ['with its family', -0.64]]
    """
    keys = ["treatment_class"] if by is None else [by, "treatment_class"]
    effects = effects.reset_index(drop=True)
    check_effects(effects, tuple(keys))
    measure = effects["measure"].iloc[0] if "measure" in effects else None
    prior = spread_prior("half_normal", scale, measure)
    alone = bayes_random_effects(effects, scale=prior.scale, by=keys).summary(level)
    family = [families.get(name, name) for name in alone["treatment_class"]]
    table = alone.assign(family=family, pooling="alone")
    lent = []
    for _, members in table.groupby([*keys[:-1], "family"], observed=True, sort=False):
        trials = [_trials_of(effects, row, keys) for row in members.itertuples()]
        low, middle, high = _with_family(trials, prior, level)
        lent.append(members.assign(pooling="with its family", estimate=middle, conf_low=low, conf_high=high))
    both = pd.concat([table, *lent]).sort_index(kind="stable")
    columns = [*keys, "family", "pooling", "k", "estimate", "conf_low", "conf_high", "measure"]
    return both[columns].reset_index(drop=True)


def _trials_of(effects: pd.DataFrame, row: tuple, keys: list[str]) -> tuple[np.ndarray, np.ndarray]:
    same = np.logical_and.reduce([effects[key] == getattr(row, key) for key in keys])
    part = effects[same]
    return part["estimate"].to_numpy(float), part["std_error"].to_numpy(float) ** 2


def _with_family(
    trials: list[tuple[np.ndarray, np.ndarray]], prior: SpreadPrior, level: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Lower limit, median and upper limit of each class mean (C)."""
    everything, errors = (np.concatenate(one) for one in zip(*trials, strict=True))
    centre = everything.mean()
    ends = np.array([prior.centre, *np.log(errors) / 2, np.log(max(np.ptp(everything), errors.min() ** 0.5))])
    u, log_tau, jacobian = log_spread_nodes(ends.min(keepdims=True), ends.max(keepdims=True), len(errors), heavy=False)
    log_spread = log_tau[0, ::2]  # two dimensions: half of the nodes still give six digits
    node = prior.log_density(log_spread) + jacobian[0, ::2]
    w = [1 / (v + np.exp(2 * log_spread)[:, None]) for _, v in trials]
    total = np.stack([one.sum(axis=1) for one in w])  # C × τ
    mean = np.stack([(one * (y - centre)).sum(axis=1) for one, (y, _) in zip(w, trials, strict=True)]) / total
    likelihood = sum(
        np.log(one).sum(axis=1) - np.log(one.sum(axis=1)) - (one * (y - centre - m[:, None]) ** 2).sum(axis=1)
        for one, (y, _), m in zip(w, trials, mean, strict=True)
    )
    # over τ (first) and γ (second axis): the family's mean, then each class's own given it
    between = 1 / (1 / total[:, :, None] + np.exp(2 * log_spread)[None, None, :])
    shared = between.sum(axis=0)
    family = (between * mean[:, :, None]).sum(axis=0) / shared
    distance = (between * (mean[:, :, None] - family) ** 2).sum(axis=0)
    log = (likelihood[:, None] + np.log(between).sum(axis=0) - np.log(shared) - distance) / 2
    log = log + node[:, None] + node[None, :]
    weight = np.exp(log - log.max())
    counted = weight > weight.max() * 1e-12
    toward = between / total[:, :, None]
    means = (toward * family + (1 - toward) * mean[:, :, None])[:, counted]
    variances = ((1 - toward) / total[:, :, None] + toward**2 / shared)[:, counted]
    weights = np.broadcast_to(weight[counted] / weight[counted].sum(), means.shape)
    tail = (1 - level) / 2
    low, middle, high = (centre + mixture_quantile(weights, means, variances, p) for p in (tail, 0.5, 1 - tail))
    return low, middle, high
