"""What a fitted MMRM answers: LS means, contrasts, tests, effects for pooling, covariance of the visits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from .contrasts import (
    chosen_reference,
    chosen_visits,
    contrast_cells,
    effects_table,
    only_control,
    standard_deviations,
    with_descriptors,
)
from .covariances import covariance_derivatives
from .fit import Fit
from .inference import FixedEffects, f_inference
from .likelihood import Model, Moments
from .means import Cells, coefficient_rows, effect_tests, estimate_rows, mean_cells
from .moments import Design
from .table import text


@dataclass(frozen=True)
class MMRM:
    """A fitted MMRM; made by `fit_mmrm`.

    covariance : the structure used; tried : every structure of the list in order, and why one was not used.
    left_out : reason, patients, scores. groups : levels of `by` with a covariance of their own.
    log_likelihood : (restricted) maximum, all constants included. AIC and BIC count covariance parameters only; BIC
    takes the logarithm of the number of patients.
    """

    outcome: str
    visit: str
    covariance: str
    by: str | None
    groups: tuple[Any, ...]
    method: str
    inference: str
    design: Design
    moments: Moments
    model: Model
    fit: Fit
    fixed: FixedEffects
    about: pd.DataFrame
    tried: pd.DataFrame
    left_out: pd.DataFrame

    @property
    def log_likelihood(self) -> float:
        """The maximum of the (restricted) log-likelihood."""
        return self.fit.likelihood.log_likelihood

    @property
    def reference(self) -> Any:
        """The trial's only arm of role control; None where there is no such arm."""
        return only_control(self.design, self.about)

    @property
    def n_patients(self) -> int:
        """Patients fitted."""
        return int(round(self.moments.n.sum()))

    @property
    def n_scores(self) -> int:
        """Scores fitted."""
        return int(round(self.moments.n @ self.moments.seen.sum(1)))

    @property
    def AIC(self) -> float:  # noqa: N802 — the field's own letters
        """−2 log L + 2 · covariance parameters."""
        return 2 * len(self.fit.theta) - 2 * self.log_likelihood

    @property
    def BIC(self) -> float:  # noqa: N802
        """−2 log L + log(patients) · covariance parameters."""
        return float(np.log(self.n_patients)) * len(self.fit.theta) - 2 * self.log_likelihood

    def summary(self, level: float = 0.95) -> pd.DataFrame:
        """One row per fixed effect, named and coded as R does (treatment contrasts, numbers not centred)."""
        terms, rows, reasons = coefficient_rows(self.design, self.visit)
        return estimate_rows(self.fixed, terms, rows, reasons, level)

    def lsmeans(self, *, weights: str = "equal", at: Any = None, level: float = 0.95) -> pd.DataFrame:
        """LS mean of each arm at each visit: `arm`, the visit, `n` seen, and the summary columns.

        weights : of categorical covariates: "equal", "proportional" to the fitted rows (SAS OM), "observed" in the
        cell. Numeric covariates are held at their mean over the fitted rows. A cell nobody was seen in is empty, and
        the column `reason` says so. at : some of the visits.
        """
        cells = mean_cells(self.design, self.moments, weights)
        kept = cells.table["visit"].isin(chosen_visits(self.design, at)).to_numpy()
        table = cells.table[kept].reset_index(drop=True)
        terms = [f"{arm} at {text(visit)}" for arm, visit in zip(table["arm"], table["visit"], strict=True)]
        rows = estimate_rows(self.fixed, terms, cells.rows[kept], table["reason"].tolist(), level)
        return pd.concat([self._keys(table, ["arm", "visit", "n"]), rows], axis=1).assign(weights=weights)

    def contrasts(
        self, reference: Any = None, *, at: Any = None, since: Any = None, weights: str = "equal", level: float = 0.95
    ) -> pd.DataFrame:
        """Each arm minus the reference at each visit: `arm, control_arm`, the visit, and the summary columns.

        reference : an arm; by default the only one of role control. at : a visit or several.
        since : a visit; then the difference at `at` less the difference at `since` (a difference of differences).
        Raises ValueError for an unknown arm or visit, or a fit with one arm.
        """
        cells = self._contrast_cells(reference, at, since, weights)
        rows = estimate_rows(
            self.fixed, cells.table["term"].tolist(), cells.rows, cells.table["reason"].tolist(), level
        )
        return pd.concat([self._keys(cells.table, ["arm", "control_arm", "visit"]), rows], axis=1)

    def contrast_covariance(self, reference: Any = None, *, at: Any = None) -> pd.DataFrame:
        """The joint covariance of `contrasts()` over visits and arms, in the same order, labelled (arm, visit)."""
        cells = self._contrast_cells(reference, at, None, "equal")
        labels = pd.MultiIndex.from_frame(cells.table[["arm", "visit"]].rename(columns={"visit": self.visit}))
        values = cells.rows @ self.fixed.covariance @ cells.rows.T
        empty = (cells.table["reason"] != "").to_numpy()
        values[empty], values[:, empty] = np.nan, np.nan
        return pd.DataFrame(values, index=labels, columns=labels)

    def linear(self, weights: Any, *, terms: Sequence[str] | None = None, level: float = 0.95) -> pd.DataFrame:
        """Any weighting of the LS means: one row of `weights` (as long as `lsmeans()`, same order) is one estimate."""
        rows, reasons = self._weighted(weights)
        names = list(terms) if terms is not None else [f"row {place + 1}" for place in range(len(rows))]
        if len(names) != len(rows):
            raise ValueError(f"{len(names)} terms for {len(rows)} rows of weights")
        return estimate_rows(self.fixed, names, rows, reasons, level)

    def joint_test(self, weights: Any) -> pd.DataFrame:
        """The F test that all rows of `weights` over the LS means are zero; columns as in `tests`."""
        rows, reasons = self._weighted(weights)
        if any(reasons):
            raise ValueError("; ".join(dict.fromkeys(filter(None, reasons))) + ": that row cannot be tested")
        return _tests_table([("all rows are zero", rows)], self.fixed)

    def tests(self) -> pd.DataFrame:
        """F tests: arms at any visit, arm × visit, every covariate: `test, statistic, df, df_denominator, p_value`.

        A test that Kenward–Roger's approximation cannot give is missing, with a `note`; the others stand.
        """
        return _tests_table(effect_tests(self.design, mean_cells(self.design, self.moments, "equal")), self.fixed)

    def effects(self, reference: Any = None, *, at: Any = None, sd: str | float | None = None) -> pd.DataFrame:
        """The contrasts as an `effects` table, for pooling and the time course beside published trials.

        sd : None gives mean differences; "residual" (the model's own, adjusted for covariates), "baseline" or a number
        gives Hedges' g by that standard deviation (`sd_source` names it). Cells nobody was seen in are left out.
        The joint covariance of the mean differences is `contrast_covariance`. Raises ValueError where the visits have
        no hours.
        """
        if np.isnan(self.design.hours).any():
            raise ValueError("the visits have no hours: add the column `hours` to the table to make effects")
        cells = self._contrast_cells(reference, at, None, "equal")
        scaling = None
        if sd is not None:
            scaling = standard_deviations(self.design, self.moments, *self._residual_variances(sd), sd)
        table = effects_table(self.fixed, mean_cells(self.design, self.moments, "equal"), cells, scaling)
        table = with_descriptors(
            table[table["reason"] == ""].drop(columns=["reason", "visit"]), self.about, self.outcome
        )
        return table.reset_index(drop=True)

    def covariance_matrix(self, group: Any = None) -> pd.DataFrame:
        """The residual covariance of the visits; with `by`, of the group named."""
        names = [text(visit) for visit in self.design.visits]
        labels = pd.Index(names, name=self.visit)
        return pd.DataFrame(self._derivatives(group)[0], index=labels, columns=labels)

    def correlation_matrix(self, group: Any = None) -> pd.DataFrame:
        """The residual correlation of the visits; with `by`, of the group named."""
        matrix = self.covariance_matrix(group)
        deviation = np.sqrt(np.diag(matrix))
        return matrix / (deviation[:, None] * deviation)

    def coefficient_covariance(self) -> pd.DataFrame:
        """The covariance of the coefficients of `summary()` (adjusted under Kenward–Roger), labelled by term."""
        terms, rows, reasons = coefficient_rows(self.design, self.visit)
        known = [place for place, reason in enumerate(reasons) if reason == ""]
        labels = pd.Index([terms[place] for place in known], name="term")
        return pd.DataFrame(rows[known] @ self.fixed.covariance @ rows[known].T, index=labels, columns=labels)

    def patterns(self) -> pd.DataFrame:
        """Which visits patients were seen at: one row per pattern, a column per visit, `patients`; commonest first."""
        table = pd.DataFrame(self.moments.seen, columns=[text(visit) for visit in self.design.visits])
        table = table.assign(patients=self.moments.n.round().astype(int))
        table = table.groupby(list(table.columns[:-1]), as_index=False)["patients"].sum()
        return table.sort_values("patients", ascending=False, kind="stable").reset_index(drop=True)

    def fit_statistics(self) -> pd.DataFrame:
        """One row: structure, parameters, patients, scores, log-likelihood, AIC, BIC, how the fit converged; note."""
        words = {"covariance": self.covariance, "method": self.method, "inference": self.inference}
        numbers = {"parameters": len(self.fit.theta), "n_patients": self.n_patients, "n_scores": self.n_scores}
        values = {"log_likelihood": self.log_likelihood, "AIC": self.AIC, "BIC": self.BIC, "steps": self.fit.steps}
        ended = {"largest_gradient": self.fit.largest_gradient, "note": self.fit.boundary}
        return pd.DataFrame([{**words, **numbers, **values, **ended}])

    def _repr_html_(self) -> str:
        return self.lsmeans().to_html(index=False)

    def __repr__(self) -> str:
        head = f"MMRM ({self.covariance}, {self.method}), {self.n_patients} patients: LS means of {self.outcome}"
        return f"{head}\n{self.lsmeans().to_string(index=False)}"

    def _keys(self, table: pd.DataFrame, names: list[str]) -> pd.DataFrame:
        return table[names].rename(columns={"visit": self.visit})

    def _contrast_cells(self, reference: Any, at: Any, since: Any, weights: str) -> Cells:
        reference = chosen_reference(self.design, self.about, reference)
        visits = chosen_visits(self.design, at)
        if since is not None:
            (since,) = chosen_visits(self.design, since)
            visits = tuple(visit for visit in visits if visit != since)
        return contrast_cells(mean_cells(self.design, self.moments, weights), reference, visits, since)

    def _weighted(self, weights: Any) -> tuple[np.ndarray, list[str]]:
        cells = mean_cells(self.design, self.moments, "equal")
        matrix = np.atleast_2d(np.asarray(weights, float))
        if matrix.ndim != 2 or matrix.shape[1] != len(cells.rows) or not np.isfinite(matrix).all():
            raise ValueError(f"weights need one finite number for each of the {len(cells.rows)} rows of lsmeans()")
        reasons = cells.table["reason"].to_numpy()
        return matrix @ cells.rows, ["; ".join(filter(None, reasons[row != 0])) for row in matrix]

    def _derivatives(self, group: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        if self.by is None and group is not None:
            raise ValueError("the fit has one covariance for all patients: leave `group` out")
        if self.by is not None and group not in self.groups:
            raise ValueError(f"group {group!r}: name one of {list(self.groups)}")
        part = np.split(self.fit.theta, self.model.groups)[self.groups.index(group) if self.by is not None else 0]
        return covariance_derivatives(self.model.structure, part, self.model.days)

    def _residual_variances(self, sd: str | float) -> tuple[np.ndarray, np.ndarray]:
        if self.by is not None and sd == "residual":
            raise ValueError(f"each {self.by} has residual variances of its own: use sd='baseline' or a number")
        sigma, first, _ = self._derivatives(self.groups[0] if self.by is not None else None)
        slope = np.diagonal(first, axis1=1, axis2=2)
        own = self.fit.parameter_covariance[: len(first), : len(first)]
        variance = np.diag(sigma)
        return variance, 2 * variance**2 / np.einsum("kt,kl,lt->t", slope, own, slope)


def _tests_table(tests: list[tuple[str, np.ndarray]], fixed: FixedEffects) -> pd.DataFrame:
    rows = [(name, *f_inference(fixed, row)) for name, row in tests]
    table = pd.DataFrame(rows, columns=["test", "statistic", "df", "df_denominator", "p_value"])
    refused = table["statistic"].isna()
    words = f"{fixed.inference} gives no F distribution with so few patients: inference='satterthwaite'"
    return table.assign(note=np.where(refused, words, "")) if refused.any() else table
