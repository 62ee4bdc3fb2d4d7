"""Mixed model for repeated measures (MMRM): the primary analysis of a trial with visits.

The patients are read once and become sums of products for each pattern of visits seen (`mmrm_moments`); the fit works
on those, so that its time and memory do not depend on the number of patients.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd

from ..effects.time_windows import HOURS_PER_DAY
from ..errors import ConvergenceError
from .covariances import STRUCTURES
from .fit import Fit, maximise
from .inference import INFERENCES, FixedEffects, fixed_effects
from .likelihood import Model, Moments
from .moments import Design, check_aliases, check_scores_vary, make_design, make_moments, ordered_levels
from .result import MMRM
from .table import Patients, read_patients, text

METHODS = ("REML", "ML")


def fit_mmrm(
    outcomes: Any,
    *,
    outcome: str = "change",
    covariates: Sequence[str] = (),
    visit_covariates: Sequence[str] = ("baseline",),
    covariance: str | Sequence[str] = "us",
    by: str | None = None,
    method: str = "REML",
    inference: str = "satterthwaite",
    visit: str = "hours",
) -> MMRM:
    """The MMRM of a trial: outcome ~ arm × visit + visit_covariates × visit + covariates, correlated within patients.

    outcomes : the `outcomes` table of one trial and scale (`derive_outcomes`), of any engine narwhals knows: one row
        per patient and visit, `subject`, `arm` (may be absent), `hours`. Rows at hours <= 0 are the baseline and no
        outcome where the outcome is a change or the baseline a covariate.
    visit_covariates, covariates : columns constant over a patient's visits, with an effect at each visit anew, or
        one effect. Text, booleans and categories are categorical.
    covariance : "us", "toeph", "toep", "ar1h", "ar1", "csh", "cs", "adh" or "sp_exp" (real time); or several in the
        order in which to try them: the next is taken only where one does not converge, and `covariance` says which.
    by : column (such as "arm") whose levels each have a covariance of their own.
    method : "REML" or "ML". inference : "satterthwaite", "kenward_roger_linear" (SAS ddfm=kr for type=un) or
        "kenward_roger" (the full form, in the parameters of R's mmrm).
    visit : column of visits: hours, numbers, or text with an order (an ordered categorical, or `hours` beside it).
    Raises DatasetError for a table that cannot be fitted, ValueError for choices that do not fit each other,
    ConvergenceError where no structure of the list has a regular maximum.

    >>> table = pd.DataFrame({"subject": [1, 2, 3, 4, 5, 6], "arm": ["a", "a", "a", "b", "b", "b"], "hours": 24,
    ...     "change": [1.0, 2.0, 3.0, 5.0, 6.0, 7.0]})
    >>> contrasts = fit_mmrm(table, visit_covariates=()).contrasts("a")
    >>> contrasts[["estimate", "std_error", "df"]].round(3).to_numpy().tolist()
    [[4.0, 0.816, 4.0]]
    """
    structures = (covariance,) if isinstance(covariance, str) else tuple(covariance)
    each, once = (_names(one) for one in (visit_covariates, covariates))
    _check_choices(structures, method, inference, each, once, outcome)
    names = nw.from_native(outcomes).collect_schema().names()
    arm = "arm" if "arm" in names else None
    wanted = tuple(dict.fromkeys([*each, *once, *([by] if by not in (None, "arm") else [])]))
    patients = read_patients(outcomes, outcome=outcome, covariates=wanted, visit=visit, arm=arm)
    arms = _arms(patients, arm)
    design, z = make_design(patients, arms=arms, arm=arm, visit_covariates=each, order=(*each, *once))
    groups = ordered_levels(patients.keys[by]) if by is not None else ()
    group = np.zeros(len(z), int) if by is None else pd.Index(groups).get_indexer(patients.keys[by])
    moments = make_moments(patients, design, z, group)
    check_aliases(moments, design)
    check_scores_vary(moments, design, outcome)
    model, fit, tried = _first_that_converges(structures, moments, design, groups, method)
    return MMRM(
        outcome=outcome,
        visit=visit,
        covariance=tried["covariance"].iloc[-1],
        by=by,
        groups=groups,
        method=method,
        inference=inference,
        design=design,
        moments=moments,
        model=model,
        fit=fit,
        fixed=_from_zero(fixed_effects(moments, model, fit, inference), design),
        about=patients.about,
        tried=tried,
        left_out=patients.left_out,
    )


def _names(columns: Sequence[str] | str) -> tuple[str, ...]:
    return (columns,) if isinstance(columns, str) else tuple(columns)


def _check_choices(
    structures: tuple[str, ...], method: str, inference: str, each: tuple[str, ...], once: tuple[str, ...], outcome: str
) -> None:
    for name, values, allowed in (
        ("covariance", structures, tuple(STRUCTURES)),
        ("method", (method,), METHODS),
        ("inference", (inference,), INFERENCES),
    ):
        unknown = [value for value in values if value not in allowed]
        if unknown or not values:
            raise ValueError(f"{name} {unknown or list(values)} is unknown: choose from {list(allowed)}")
    if method == "ML" and inference != "satterthwaite":
        raise ValueError(f"inference {inference!r} is defined for REML: use method='REML' or inference='satterthwaite'")
    both = [*each, *once]
    repeated = sorted({name for name in both if both.count(name) > 1})
    if repeated:
        raise ValueError(f"covariate {repeated} is named twice: it acts at each visit (visit_covariates) or once")
    taken = [name for name in both if name in ("arm", "subject", outcome)]
    if taken:
        raise ValueError(
            f"covariate {taken} is the outcome, the arm or the patient: arm × visit is in the model already"
        )


def _arms(patients: Patients, arm: str | None) -> tuple[Any, ...]:
    """Arms with fitted patients: those of role control first, each in the order of its categories or sorted."""
    if arm is None:
        return ()
    names = ordered_levels(patients.keys[arm])
    about = patients.about
    controls = set(about.loc[about["role"] == "control", "arm"]) if "role" in about else set()
    return tuple(sorted(names, key=lambda name: name not in controls))


def _first_that_converges(
    structures: tuple[str, ...], moments: Moments, design: Design, groups: tuple[Any, ...], method: str
) -> tuple[Model, Fit, pd.DataFrame]:
    """The first structure with a regular maximum; every one tried, with the reason where it was passed over."""
    if len(design.visits) == 1:
        structures = ("us",)  # one visit has one variance: all structures are the same
    if "sp_exp" in structures and np.isnan(design.hours).any():
        raise ValueError("covariance 'sp_exp' needs the visits' hours: add the column `hours` to the table")
    visits = tuple(map(text, design.visits))
    tried, failures = [], []
    for name in structures:
        model = Model(name, visits, design.hours / HOURS_PER_DAY, max(len(groups), 1), method == "REML", design.columns)
        try:
            fit = maximise(moments, model)
        except ConvergenceError as failure:
            failures.append(failure)
            tried.append((name, False, str(failure.state["reason"])))
            continue
        return model, fit, pd.DataFrame([*tried, (name, True, "")], columns=["covariance", "used", "reason"])
    words = "\n".join(map(str, failures))
    raise ConvergenceError(words, {**failures[-1].state, "tried": [name for name, _, _ in tried]})


def _from_zero(fixed: FixedEffects, design: Design) -> FixedEffects:
    """Coefficients of the scores themselves: the fit saw each visit from its mean."""
    coefficients = fixed.coefficients.copy()
    for visit, origin in enumerate(design.y_origin):
        cells = design.place[visit, : max(len(design.arms), 1)]
        coefficients[cells[cells >= 0]] += origin
    return replace(fixed, coefficients=coefficients)
