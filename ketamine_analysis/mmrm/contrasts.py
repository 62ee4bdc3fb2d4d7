"""Contrasts of an MMRM's LS means: arms against a reference, changes of that difference, standardised, as `effects`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from ..effects.measures import hedges_correction
from .inference import FixedEffects
from .likelihood import Moments
from .means import Cells
from .moments import Design
from .table import text

DESCRIPTORS = ("treatment", "treatment_class", "role")


def only_control(design: Design, about: pd.DataFrame) -> Any:
    """The arm of role control where the trial has one and only one."""
    if "role" not in about or "arm" not in about:
        return None
    controls = [arm for arm in about.loc[about["role"] == "control", "arm"] if arm in design.arms]
    return controls[0] if len(controls) == 1 else None


def chosen_reference(design: Design, about: pd.DataFrame, reference: Any) -> Any:
    """The arm to compare with: the one named, else the trial's only control."""
    if len(design.arms) < 2:
        raise ValueError("the fit has one arm (or none): there is nothing to contrast; compare visits with `linear`")
    if reference is None:
        reference = only_control(design, about)
        if reference is None:
            raise ValueError(f"name the reference arm, reference=…: one of {list(design.arms)}")
    if reference not in design.arms:
        raise ValueError(f"reference {reference!r} is no arm of the fit: use one of {list(design.arms)}")
    return reference


def chosen_visits(design: Design, at: Any) -> tuple[Any, ...]:
    """The visits asked for, in the order of time; None takes all."""
    if at is None:
        return design.visits
    wanted = list(at) if isinstance(at, Sequence | np.ndarray) and not isinstance(at, str) else [at]
    unknown = [visit for visit in wanted if visit not in design.visits]
    if unknown:
        raise ValueError(f"at {unknown} is no visit of the fit: use some of {[text(one) for one in design.visits]}")
    return tuple(visit for visit in design.visits if visit in wanted)


def contrast_cells(cells: Cells, reference: Any, at: tuple[Any, ...], since: Any) -> Cells:
    """Each other arm minus the reference at each visit (minus the same at the visit `since`)."""
    columns = {name: cells.table[name].tolist() for name in cells.table}
    place = {key: row for row, key in enumerate(zip(columns["arm"], columns["visit"], strict=True))}
    arms = [arm for arm in dict.fromkeys(columns["arm"]) if arm != reference]
    found, rows = [], []
    for visit in at:
        for arm in arms:
            used = [place[arm, visit], place[reference, visit]]
            term = f"{arm} − {reference} at {text(visit)}"
            if since is not None:
                used += [place[reference, since], place[arm, since]]
                term += f", less that at {text(since)}"
            reason = "; ".join(dict.fromkeys(columns["reason"][row] for row in used if columns["reason"][row]))
            n, control_n = columns["n"][used[0]], columns["n"][used[1]]
            found.append((term, arm, reference, visit, columns["hours"][used[0]], n, control_n, reason))
            rows.append(np.array([1, -1, 1, -1][: len(used)]) @ cells.rows[used])
    names = ["term", "arm", "control_arm", "visit", "hours", "n", "control_n", "reason"]
    return Cells(pd.DataFrame(found, columns=names), np.array(rows).reshape(len(found), cells.rows.shape[1]))


def standard_deviations(
    design: Design, moments: Moments, variances: np.ndarray, variance_df: np.ndarray, sd: str | float
) -> tuple[np.ndarray, np.ndarray, str]:
    """The SD to divide by at each visit, its degrees of freedom (infinite where it is given) and its name.

    variances, variance_df : of the residuals by visit. sd : "residual" (the model's, adjusted for covariates),
    "baseline" (of the fitted patients, within arms) or a number.
    """
    t = len(design.visits)
    if isinstance(sd, int | float) and not isinstance(sd, bool):
        if not sd > 0:
            raise ValueError(f"sd {sd!r} must be above 0")
        return np.full(t, float(sd)), np.full(t, np.inf), "stated"
    if sd == "residual":
        return np.sqrt(variances), variance_df, "mmrm residual"
    if sd != "baseline":
        raise ValueError(f"sd {sd!r} is unknown: use 'residual', 'baseline' or a number of scale points")
    place = [at for at, one in enumerate(design.covariates) if one.name == "baseline" and one.level is None]
    if not place:
        raise ValueError("sd='baseline' needs the numeric covariate `baseline` in the model")
    a = max(len(design.arms), 1)
    sums = moments.zz.sum(0)
    column, n = a + place[0], np.diag(sums)[:a]
    within = sums[column, column] - (sums[:a, column] ** 2 / np.maximum(n, 1)).sum()
    df = n.sum() - a
    return np.full(t, np.sqrt(within / df)), np.full(t, df), "baseline"


def effects_table(
    fixed: FixedEffects, means: Cells, contrasts: Cells, scaling: tuple[np.ndarray, np.ndarray, str] | None
) -> pd.DataFrame:
    """Contrasts with what pooling needs: both means, both arms' own variances; divided by an SD where one is given.

    Hedges' g: exact small-sample factor with the SD's df; variance = that of the difference / SD² + g² / (2 df).
    """
    mean = means.rows @ fixed.coefficients
    variance = np.einsum("ij,jk,ik->i", means.rows, fixed.covariance, means.rows)
    place = {key: row for row, key in enumerate(zip(means.table["arm"], means.table["visit"], strict=True))}
    table = contrasts.table.copy()
    active = [place[key] for key in zip(table["arm"], table["visit"], strict=True)]
    control = [place[key] for key in zip(table["control_arm"], table["visit"], strict=True)]
    estimate = contrasts.rows @ fixed.coefficients
    error2 = np.einsum("ij,jk,ik->i", contrasts.rows, fixed.covariance, contrasts.rows)
    table = table.assign(mean=mean[active], control_mean=mean[control], measure="mean_difference", sd_source=None)
    own, other, extra = variance[active], variance[control], 0.0
    if scaling is not None:
        visits = list(dict.fromkeys(means.table["visit"]))
        at = [visits.index(visit) for visit in table["visit"]]
        sd, df = scaling[0][at], scaling[1][at]
        correction = np.where(np.isinf(df), 1.0, hedges_correction(np.where(np.isinf(df), 10.0, df)))
        estimate = correction * estimate / sd
        extra = estimate**2 / (2 * df)
        own, other, error2 = own / sd**2 + extra, other / sd**2, error2 / sd**2 + extra
        table = table.assign(measure="standardized_mean_difference", sd_divisor=sd, sd_source=scaling[2])
    table = table.assign(
        estimate=estimate, std_error=np.sqrt(error2), active_variance=own, control_variance=other, added=0.0
    )
    empty = table["reason"] != ""
    numbers = ["estimate", "std_error", "active_variance", "control_variance", "mean", "control_mean"]
    table.loc[empty, numbers] = np.nan
    return table


def with_descriptors(table: pd.DataFrame, about: pd.DataFrame, outcome: str) -> pd.DataFrame:
    """The effects with the words of the `effects` table: study, arm's treatment and class, control, scale, analysis."""
    words = about.copy()
    for name in ("study", "scale"):
        table.insert(0, name, words[name].iloc[0] if name in words and len(words) else None)
    by_arm = words.set_index("arm") if "arm" in words else words
    for name in DESCRIPTORS:
        if name in by_arm:
            table[name] = by_arm[name].reindex(table["arm"]).to_numpy()
    if "control_kind" in by_arm:
        table["control_kind"] = by_arm["control_kind"].reindex(table["control_arm"]).to_numpy()
    if "treatment_class" not in table:
        table["treatment_class"] = table["treatment"] if "treatment" in table else table["arm"]
    return table.assign(outcome=outcome, timing="at", analysis="mmrm", definition=None, source="patient data, MMRM")
