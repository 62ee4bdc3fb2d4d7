"""Meta-regression: does the effect change with what is known of the trials?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import optimize

from ..intervals import critical_value, joint_tests, summary_html, summary_table, summary_text
from .effect_tables import check_effects
from .heterogeneity import METHODS
from .meta_analysis import INFERENCES, hksj_scale

_GRID = np.concatenate([[0.0], np.geomspace(1e-7, 1.0, 60)])


@dataclass(frozen=True)
class MetaRegression:
    """A fitted meta-regression; made by `meta_regression`.

    terms : names of the coefficients; `design` the k × p matrix, `covariance` of the coefficients under the
        chosen inference. tau2 : residual between-trial variance; tau2_without : the same without moderators.
    """

    method: str
    inference: str
    moderators: tuple[str, ...]
    levels: dict[str, tuple[str, ...]]
    terms: tuple[str, ...]
    effects: pd.DataFrame
    design: np.ndarray
    coefficients: np.ndarray
    covariance: np.ndarray
    df: float
    tau2: float
    tau2_without: float
    QE: float

    def summary(self, level: float = 0.95) -> pd.DataFrame:
        """One row a coefficient, with the summary columns."""
        error = np.sqrt(np.diag(self.covariance))
        return summary_table(list(self.terms), self.coefficients, error, self.df, level=level)

    def test(self) -> pd.DataFrame:
        """The joint test of all moderators (χ², or F for Hartung–Knapp) and of the heterogeneity left over."""
        b, inner = self.coefficients[1:], self.covariance[1:, 1:]
        m, k, p = len(b), *self.design.shape
        wald = float(b @ np.linalg.solve(inner, b))
        chi2 = self.inference == "wald"
        rows = [
            ("moderators", wald if chi2 else wald / m, m, np.inf if chi2 else self.df),
            ("residual heterogeneity", self.QE, k - p, np.inf),
        ]
        return joint_tests(rows)

    @property
    def R2(self) -> float:  # noqa: N802 — the field's own letter
        """Share of the between-trial variance that the moderators account for, percent; missing where there is none."""
        if self.method == "FE" or self.tau2_without == 0:
            return np.nan
        return max(0.0, 100 * (self.tau2_without - self.tau2) / self.tau2_without)

    @property
    def I2(self) -> float:  # noqa: N802
        """Residual I² = τ² / (τ² + typical variance), percent (metafor's); for FE from Q."""
        k, p = self.design.shape
        if self.method == "FE":
            return 100 * max(0.0, (self.QE - (k - p)) / self.QE)
        typical = (k - p) / _trace_p(self.design, self.effects["std_error"].to_numpy(float) ** 2, 0.0)
        return 100 * self.tau2 / (self.tau2 + typical)

    def predict(self, table: pd.DataFrame, *, level: float = 0.95) -> pd.DataFrame:
        """The expected effect at the moderators' values in `table`, with its confidence and prediction interval."""
        x = moderator_design(table, self.moderators, self.levels)[0]
        rows = expected_effects(x, self.coefficients, self.covariance, df=self.df, tau2=self.tau2, level=level)
        return pd.concat([table[list(self.moderators)].reset_index(drop=True), rows], axis=1)

    def permutation_p_values(self, *, permutations: int = 1000, seed: int) -> pd.DataFrame:
        """Each coefficient's p-value when the moderators' rows are shuffled among trials (Higgins & Thompson 2004).

        The share of shuffles whose |t| reaches the observed one, the observed order counted as a shuffle.
        """
        rng = np.random.default_rng(seed)
        observed = np.abs(self.summary()["statistic"].to_numpy())
        reached = np.ones(len(observed))
        y, v = self.effects["estimate"].to_numpy(float), self.effects["std_error"].to_numpy(float) ** 2
        for _ in range(permutations):
            x = self.design[rng.permutation(len(y))]
            b, covariance = _coefficients(y, v, x, _tau2(y, v, x, self.method), self.inference)[:2]
            reached += np.abs(b) / np.sqrt(np.diag(covariance)) >= observed - 1e-12
        return pd.DataFrame({"term": self.terms, "p_value": reached / (permutations + 1)})

    __repr__ = summary_text
    _repr_html_ = summary_html


def meta_regression(
    effects: pd.DataFrame,
    moderators: str | Sequence[str],
    *,
    method: str = "REML",
    inference: str = "hksj_modified",
) -> MetaRegression:
    """The effect as a linear function of moderators, with trials differing beyond them by τ².

    effects : table with `estimate, std_error` and the moderators; one row a trial (see `random_effects`).
    moderators : columns; numbers enter as they are, words as indicators against their first level
        (alphabetical), named "population[TRD]".
    method : "REML", "DL", "PM" (= "EB"), "ML" or "FE". inference : "hksj_modified", "hksj" or "wald".
    Raises ValueError for an unknown choice, a moderator with missing values, moderators that cannot be told
    apart, or too few trials; DatasetError for unusable effects. Sources: Knapp & Hartung 2003 (Stat Med 22:2693).

    >>> table = pd.DataFrame({"estimate": [0.1, 0.3, 0.4, 0.7], "std_error": 0.1, "year": [0, 1, 2, 3]})
    >>> meta_regression(table, "year", method="FE", inference="wald").summary()["estimate"].round(3).tolist()
    [0.09, 0.19]
    """
    for name, value, allowed in (("method", method, METHODS), ("inference", inference, INFERENCES)):
        if value not in allowed:
            raise ValueError(f"{name} {value!r} is unknown: use one of {list(allowed)}")
    if method == "FE" and inference != "wald":
        raise ValueError("method 'FE' assumes no differences left over; Hartung–Knapp does not apply: use 'wald'")
    names = (moderators,) if isinstance(moderators, str) else tuple(moderators)
    effects = effects.reset_index(drop=True)
    check_effects(effects, ())
    levels = moderator_levels(effects, names)
    x, terms = moderator_design(effects, names, levels)
    check_design(x, terms)
    y, v = effects["estimate"].to_numpy(float), effects["std_error"].to_numpy(float) ** 2
    tau2 = _tau2(y, v, x, method)
    b, covariance, df = _coefficients(y, v, x, tau2, inference)
    without = _tau2(y, v, x[:, :1], method)
    return MetaRegression(
        method, inference, names, levels, terms, effects, x, b, covariance, df, tau2, without, _q(y, v, x, 0.0)
    )  # fmt: skip


def subgroup_differences(effects: pd.DataFrame, by: str, *, method: str = "REML") -> pd.DataFrame:
    """The test of whether pooled effects differ between subgroups: `test, statistic, df, df_denominator, p_value`.

    One τ² for all subgroups, F by modified Hartung–Knapp: the moderator test of `meta_regression` on `by`.

    >>> trials = pd.DataFrame({"estimate": [0.0, 0.1, 0.9, 1.0], "std_error": 0.2,
    ...     "dose": ["low", "low", "high", "high"]})
    >>> subgroup_differences(trials, "dose")[["statistic", "p_value"]].round(3).to_numpy().tolist()
    [[20.25, 0.046]]
    """
    return meta_regression(effects, by, method=method).test().head(1).assign(test=f"difference by {by}")


def expected_effects(
    x: np.ndarray, coefficients: np.ndarray, covariance: np.ndarray, *, df: float, tau2: float, level: float
) -> pd.DataFrame:
    """The expected effect in each row of the design x: the summary columns and `prediction_low, prediction_high`."""
    estimate = x @ coefficients
    variance = np.einsum("ij,jk,ik->i", x, covariance, x)
    rows = summary_table("expected effect", estimate, np.sqrt(variance), df, level=level)
    half = critical_value(df, level) * np.sqrt(variance + tau2)
    return rows.assign(prediction_low=estimate - half, prediction_high=estimate + half)


def moderator_levels(table: pd.DataFrame, names: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    """The levels of each moderator in words, in alphabetical order; raises ValueError for one absent or missing."""
    levels = {}
    for name in names:
        if name not in table:
            raise ValueError(f"moderator {name!r} is not a column of the effects")
        if table[name].isna().any():
            raise ValueError(
                f"moderator {name!r} is missing in {int(table[name].isna().sum())} rows: leave them out by name"
            )
        if not pd.api.types.is_numeric_dtype(table[name]):
            levels[name] = tuple(sorted(map(str, table[name].unique())))
    return levels


def moderator_design(
    table: pd.DataFrame, names: tuple[str, ...], levels: dict[str, tuple[str, ...]]
) -> tuple[np.ndarray, tuple[str, ...]]:
    """The design matrix, intercept first, and the names of its columns; unknown levels raise ValueError."""
    columns, terms = [np.ones(len(table))], ["intercept"]
    for name in names:
        if name not in levels:
            columns.append(table[name].to_numpy(float))
            terms.append(name)
            continue
        unknown = set(map(str, table[name])) - set(levels[name])
        if unknown:
            raise ValueError(f"moderator {name!r} has level {sorted(unknown)}; the fit knows {list(levels[name])}")
        for level in levels[name][1:]:
            columns.append((table[name].astype(str) == level).to_numpy(float))
            terms.append(f"{name}[{level}]")
    return np.column_stack(columns), tuple(terms)


def check_design(x: np.ndarray, terms: tuple[str, ...]) -> None:
    """Raises ValueError when the rows cannot tell the coefficients apart."""
    k, p = x.shape
    if k <= p:
        raise ValueError(f"{k} trials cannot tell {p} coefficients apart: {', '.join(terms)}")
    scaled = x / np.maximum(np.abs(x).max(axis=0), 1e-300)
    for place in range(1, p):
        if np.linalg.matrix_rank(scaled[:, : place + 1]) <= place:
            raise ValueError(f"term {terms[place]!r} is a combination of {', '.join(terms[:place])}: leave one out")


def _solve(y: np.ndarray, v: np.ndarray, x: np.ndarray, tau2: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Weights, coefficients and (X'WX)⁻¹ at τ²."""
    w = 1 / (v + tau2)
    inverse = np.linalg.inv((x * w[:, None]).T @ x)
    return w, inverse @ (x.T @ (w * y)), inverse


def _q(y: np.ndarray, v: np.ndarray, x: np.ndarray, tau2: float) -> float:
    w, b, _ = _solve(y, v, x, tau2)
    return float(np.sum(w * (y - x @ b) ** 2))


def _trace_p(x: np.ndarray, v: np.ndarray, tau2: float) -> float:
    """tr(P), P = W − WX(X'WX)⁻¹X'W."""
    w, _, inverse = _solve(v, v, x, tau2)
    return float(w.sum() - np.trace(inverse @ ((x * (w**2)[:, None]).T @ x)))


def _tau2(y: np.ndarray, v: np.ndarray, x: np.ndarray, method: str) -> float:
    k, p = x.shape
    if method == "FE":
        return 0.0
    if method == "DL":
        return max(0.0, (_q(y, v, x, 0.0) - (k - p)) / _trace_p(x, v, 0.0))
    if method in ("PM", "EB"):
        return _falling_root(lambda t: _q(y, v, x, t) - (k - p), np.ptp(y) ** 2 + v.max())
    return _highest(y, v, x, restricted=method == "REML")


def _falling_root(function: Callable[[float], float], top: float) -> float:
    if function(0.0) <= 0:
        return 0.0
    while function(top) > 0:
        top *= 2
    return float(optimize.brentq(function, 0.0, top, xtol=1e-300, rtol=8.9e-16, maxiter=500))


def _highest(y: np.ndarray, v: np.ndarray, x: np.ndarray, *, restricted: bool) -> float:
    """τ² of the highest (restricted) likelihood: the best cell of a grid, then the root of the score in it."""

    def height(t: float) -> float:
        w, b, inverse = _solve(y, v, x, t)
        value = np.log(v + t).sum() + np.sum(w * (y - x @ b) ** 2)
        return -float(value - np.linalg.slogdet(inverse)[1] if restricted else value)

    def score(t: float) -> float:
        w, b, _ = _solve(y, v, x, t)
        return float(np.sum(w**2 * (y - x @ b) ** 2) - (_trace_p(x, v, t) if restricted else w.sum()))

    top = 2 * np.ptp(y) ** 2 + v.max()
    while score(top) > 0:
        top *= 2
    grid = top * _GRID
    best = int(np.argmax([height(t) for t in grid]))
    if best == 0 and score(0.0) <= 0:
        return 0.0
    low, high = grid[max(best - 1, 0)], grid[min(best + 1, len(grid) - 1)]
    return float(optimize.brentq(score, low, high, xtol=1e-300, rtol=8.9e-16, maxiter=500))


def _coefficients(
    y: np.ndarray, v: np.ndarray, x: np.ndarray, tau2: float, inference: str
) -> tuple[np.ndarray, np.ndarray, float]:
    w, b, inverse = _solve(y, v, x, tau2)
    if inference == "wald":
        return b, inverse, np.inf
    df = float(x.shape[0] - x.shape[1])
    factor = float(np.sum(w * (y - x @ b) ** 2)) / df
    return b, inverse * float(hksj_scale(np.array(factor), inference)), df
