"""Several effects per trial in one model: arms that share a control, times at which the same patients are seen."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ..effects.covariance import trial_covariances
from ..intervals import joint_tests, summary_html, summary_table, summary_text
from .meta_regression import check_design, expected_effects, moderator_design, moderator_levels
from .trial_likelihood import STRUCTURES, TrialBlock, VarianceFit, fit_variance

METHODS = ("REML", "ML")
INFERENCES = ("containment", "residual", "wald")
COVARIANCE_NEEDS = ("active_variance", "control_variance", "hours")


@dataclass(frozen=True)
class CorrelatedEffects:
    """A fitted model of several effects per trial; made by `correlated_effects`.

    terms, coefficients, covariance : of the fixed part. tau2 : variance of a true effect between trials. rho : how
        alike two true effects of one trial are (CS: correlation; CAR: correlation one week apart; nested: share of
        τ² that lies between trials; ID: 0), missing where τ² is 0. QE : heterogeneity left over, at τ² = 0.
    trace : tr P at τ² = 0, from which the typical sampling variance comes. df : of each coefficient's t.
    """

    structure: str
    method: str
    inference: str
    moderators: tuple[str, ...]
    levels: dict[str, tuple[str, ...]]
    terms: tuple[str, ...]
    effects: pd.DataFrame
    trials: int
    coefficients: np.ndarray
    covariance: np.ndarray
    df: np.ndarray
    tau2: float
    rho: float
    log_likelihood: float
    QE: float
    trace: float

    def summary(self, level: float = 0.95) -> pd.DataFrame:
        """One row a coefficient: the summary columns, then `measure, k, trials, tau2, rho, structure, …, note`.

        `note` says when ρ lies at the end of its range: the trials then do not tell it, and it is no estimate.
        """
        error = np.sqrt(np.diag(self.covariance))
        table = summary_table(list(self.terms), self.coefficients, error, self.df, level=level)
        named = self.effects["measure"].unique() if "measure" in self.effects else [None]
        return table.assign(
            measure=named[0], k=len(self.effects), trials=self.trials, tau2=self.tau2, rho=self.rho,
            structure=self.structure, method=self.method, inference=self.inference, note=self._note(),
        )  # fmt: skip

    def test(self) -> pd.DataFrame:
        """The joint test of all moderators (χ² for Wald, F otherwise) and of the heterogeneity left over."""
        k, p = len(self.effects), len(self.terms)
        rows: list[tuple[str, float, float, float]] = [("residual heterogeneity", self.QE, k - p, np.inf)]
        if p > 1:
            b, inner = self.coefficients[1:], self.covariance[1:, 1:]
            wald, chi2 = float(b @ np.linalg.solve(inner, b)), self.inference == "wald"
            df = np.inf if chi2 else float(self.df[1:].min())
            rows.insert(0, ("moderators", wald if chi2 else wald / (p - 1), p - 1, df))
        return joint_tests(rows)

    @property
    def I2(self) -> float:  # noqa: N802 — the field's own letter
        """τ² / (τ² + typical sampling variance), percent, the typical variance (k − p)/tr P with P of the whole S."""
        typical = (len(self.effects) - len(self.terms)) / self.trace
        return 100 * self.tau2 / (self.tau2 + typical)

    def information_criteria(self) -> pd.DataFrame:
        """AIC and BIC with metafor's counts (REML: n = k − p): lower is better.

        REML values compare structures of variance, never models with different moderators: use ML for those.
        """
        k, p = len(self.effects), len(self.terms)
        parameters = p + (1 if self.structure == "ID" else 2)
        n = k - p if self.method == "REML" else k
        return pd.DataFrame({
            "structure": [self.structure], "method": [self.method], "effects": [k], "parameters": [parameters],
            "log_likelihood": [self.log_likelihood], "AIC": [2 * parameters - 2 * self.log_likelihood],
            "BIC": [np.log(n) * parameters - 2 * self.log_likelihood],
        })  # fmt: skip

    def predict(self, table: pd.DataFrame, *, level: float = 0.95) -> pd.DataFrame:
        """The expected effect at the moderators' values in `table`, with its confidence and prediction interval.

        Degrees of freedom: the smallest of the coefficients'.
        """
        x = moderator_design(table, self.moderators, self.levels)[0]
        df = float(self.df.min())
        rows = expected_effects(x, self.coefficients, self.covariance, df=df, tau2=self.tau2, level=level)
        return pd.concat([table[list(self.moderators)].reset_index(drop=True), rows], axis=1)

    def _note(self) -> str:
        if self.tau2 == 0:
            return "τ² is 0: ρ does not exist"
        largest = int(self.effects.groupby("study").size().max())
        lowest = -1 / (largest - 1) if self.structure == "CS" and largest > 1 else 0.0
        edge = self.structure != "ID" and (self.rho > 1 - 1e-3 or self.rho < lowest + 1e-3)
        return "ρ lies at the end of its range: the trials do not tell it" if edge else ""

    __repr__ = summary_text
    _repr_html_ = summary_html


def correlated_effects(
    effects: pd.DataFrame,
    *,
    moderators: str | tuple[str, ...] | list[str] = (),
    structure: str = "CS",
    method: str = "REML",
    inference: str = "containment",
    correlation: float | np.ndarray = 0.5,
) -> CorrelatedEffects:
    """One model of all effects of all trials, as metafor's `rma.mv`: nothing is chosen, nothing counted twice.

    effects : `contrast_arms`' table; each row an arm (or class) against its control at one time.
    moderators : columns; numbers as they are, words as indicators against their first level.
    structure : how the true effects of one trial resemble each other, each with variance τ². "CS": correlation ρ
        between any two; "CAR": ρ^(weeks apart), effects at one hour alike; "nested": what is the trial's own and
        what is the single effect's (CS with ρ ≥ 0, its usual form as a three-level model); "ID": nothing in common.
    method : "REML" or "ML" (to compare moderators by likelihood).
    inference : t with trials − p degrees of freedom for what does not vary within trials, k − p otherwise
        ("containment", metafor's dfs="contain"), t with k − p ("residual"), or normal ("wald").
    correlation : of one arm's results one week apart, as in `time_covariance`; or the k × k sampling covariance.
    Raises ValueError for unknown choices, missing columns, an arm that enters twice at one time, a covariance that
    is none, trials that each have one effect (`random_effects` is for those), ConvergenceError with the last state.
    Sources: Gleser & Olkin 2009 (Handbook of Research Synthesis, ch. 19); Ishak 2007 (Clin Trials 4:525);
    Konstantopoulos 2011 (Res Synth Methods 2:61).

    >>> table = pd.DataFrame({"study": [1, 1, 2, 2, 3, 3], "estimate": [.1, .3, .7, .9, .3, .4], "std_error": .1})
    >>> fit = correlated_effects(table, structure="nested", correlation=0.01 * np.eye(6))
    >>> fit.summary()[["estimate", "df"]].round(3).to_numpy().tolist()
    [[0.45, 2.0]]
    """
    names = (moderators,) if isinstance(moderators, str) else tuple(moderators)
    effects = effects.reset_index(drop=True)
    _check_choices(structure, method, inference)
    _check_table(effects, structure, correlation)
    levels = moderator_levels(effects, names)
    x, terms = moderator_design(effects, names, levels)
    check_design(x, terms)
    blocks = _blocks(effects, structure, correlation)
    y = effects["estimate"].to_numpy(float)
    found = fit_variance(blocks, x, y, structure, restricted=method == "REML")
    tau2, rho = _tau2_and_rho(structure, found)
    return CorrelatedEffects(
        structure, method, inference, names, levels, terms, effects, effects["study"].nunique(), found.coefficients,
        found.covariance, _degrees(effects, x, structure, inference), tau2, rho, found.log_likelihood, found.QE,
        found.trace,
    )  # fmt: skip


def _check_choices(structure: str, method: str, inference: str) -> None:
    for name, value, allowed in (
        ("structure", structure, STRUCTURES),
        ("method", method, METHODS),
        ("inference", inference, INFERENCES),
    ):
        if value not in allowed:
            raise ValueError(f"{name} {value!r} is unknown: use one of {list(allowed)}")


def _check_table(effects: pd.DataFrame, structure: str, correlation: float | np.ndarray) -> None:
    own = isinstance(correlation, np.ndarray)
    needs = ["study", "estimate", "std_error", *(() if own else COVARIANCE_NEEDS)]
    needs += ["hours"] if own and structure == "CAR" else []
    absent = [name for name in needs if name not in effects]
    if absent:
        raise ValueError(f"the table lacks column {absent}; take it from contrast_arms, or give your own covariance")
    for name in needs:
        bad = effects[name].isna() | (effects[name] <= 0 if name == "std_error" else False)
        if bad.any():
            raise ValueError(
                f"{name} is missing or not positive in rows {list(effects.index[bad][:5])} "
                f"({', '.join(map(str, effects['study'][bad].unique()[:5]))}): leave them out"
            )
    if "measure" in effects and effects["measure"].nunique() > 1:
        raise ValueError(f"one model takes one measure; the table has {sorted(effects['measure'].unique())}")
    moment = [name for name in ("study", "treatment_class", "arm", "hours") if name in effects]
    if not own and effects.duplicated(moment).any():
        twice = effects.loc[effects.duplicated(moment), moment].iloc[0].tolist()
        raise ValueError(
            f"{' / '.join(map(str, twice))}: the same patients enter twice at one time (several scales, analyses, "
            "definitions or controls): keep one row"
        )
    if not own and not 0 <= float(correlation) < 1:
        raise ValueError(f"correlation {correlation!r} must be at least 0 and below 1")
    if effects["study"].nunique() < 2:
        raise ValueError("one trial cannot tell how trials differ: two or more are needed")
    if structure != "ID" and not effects["study"].duplicated().any():
        raise ValueError("every trial has one effect: nothing in common within a trial to estimate; use random_effects")
    if structure == "CAR" and not (effects.groupby("study")["hours"].nunique() > 1).any():
        raise ValueError(
            "no trial has two times: structure 'CAR' has nothing to estimate its correlation from; use 'CS'"
        )


def _blocks(effects: pd.DataFrame, structure: str, correlation: float | np.ndarray) -> list[TrialBlock]:
    """Trials of equal size together: rows, sampling covariance, weeks apart."""
    k = len(effects)
    if isinstance(correlation, np.ndarray) and correlation.shape != (k, k):
        raise ValueError(f"the covariance is {correlation.shape}, the table has {k} rows: it must be {k} × {k}")
    blocks = []
    members = list(effects.groupby("study", sort=False, observed=True).indices.values())
    for size in sorted({len(rows) for rows in members}):
        rows = np.array([one for one in members if len(one) == size])
        if isinstance(correlation, np.ndarray):
            sampling = correlation[rows[:, :, None], rows[:, None, :]].astype(float)
        else:
            sampling = trial_covariances(effects, rows, float(correlation))
        weeks = effects["hours"].to_numpy(float)[rows] / 168 if "hours" in effects else np.zeros(rows.shape)
        blocks.append(TrialBlock(rows, sampling, np.abs(weeks[:, :, None] - weeks[:, None, :])))
    if isinstance(correlation, np.ndarray):
        inside = sum(float(np.abs(block.sampling).sum()) for block in blocks)
        if not np.isclose(inside, np.abs(correlation).sum()) or not np.allclose(correlation, correlation.T):
            raise ValueError("the covariance must be symmetric, with zeros between trials")
    for block in blocks:
        lowest = np.linalg.eigvalsh(block.sampling)[:, 0]
        if (lowest <= 0).any():
            name = effects["study"][block.rows[int(lowest.argmin()), 0]]
            raise ValueError(f"{name}: its sampling covariance is not positive definite; the numbers contradict")
    return blocks


def _tau2_and_rho(structure: str, found: VarianceFit) -> tuple[float, float]:
    if structure == "ID":
        return found.parameters[0], 0.0
    if structure == "nested":
        tau2 = found.parameters[0] + found.parameters[1]
        return tau2, found.parameters[0] / tau2 if tau2 > 0 else np.nan
    return found.parameters[0], found.parameters[1] if found.parameters[0] > 0 else np.nan


def _degrees(effects: pd.DataFrame, x: np.ndarray, structure: str, inference: str) -> np.ndarray:
    """Degrees of freedom of each coefficient; at least 1, as in metafor."""
    k, p = x.shape
    if inference == "wald":
        return np.full(p, np.inf)
    df = np.full(p, k - p)
    if inference == "containment":
        groupings = [["study"]] if structure != "CAR" else [["study", "hours"], ["study"]]
        for names in groupings:  # metafor: the fewest levels within which a column does not vary
            group = effects.groupby(names, sort=False).ngroup()
            constant = pd.DataFrame(x).groupby(group.to_numpy()).nunique().max().to_numpy() == 1
            df = np.where(constant, group.nunique() - p, df)
    return np.maximum(df, 1).astype(float)
