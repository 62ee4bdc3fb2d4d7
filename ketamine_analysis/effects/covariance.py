"""What contrasts share: the sampling covariance of one trial's contrasts, over arms, over times."""

from __future__ import annotations

import numpy as np
import pandas as pd

from .contrasts import MOMENT
from .time_windows import HOURS_PER_DAY


def sampling_covariance(effects: pd.DataFrame) -> np.ndarray:
    """The k × k sampling covariance of contrasts, shared controls included (DESIGN §5; Cochrane 23.3.4).

    Off-diagonal: contrasts of one trial and moment that share their control arm covary by the control arm's
    own term: log OR 1/e + 1/(n−e), log RR 1/e − 1/n, RD p(1−p)/n, MD s²/n, SMD 1/n_c +
    g₁g₂(n_c − 1)/(2·df₁·df₂) with df the degrees of freedom of each contrast's own two arms' spread (they share the
    control's; Gleser & Olkin's g₁g₂/(2N) is for one spread of all arms, and 4 to 8 % too high here at g of 1 and more:
    tests/calibration/shared_control.py), or g₁g₂/(2·`sd_df`) where the table says how well its one spread is known.
    Raises ValueError when one trial enters at several times (that needs a correlation over time), on several
    scales, or with one active arm against several controls.

    >>> effects = pd.DataFrame({"study": "a", "hours": 24, "arm": ["x", "y"], "control_arm": "z",
    ...     "measure": "log_odds_ratio", "std_error": [0.5, 0.6], "control_events": 10, "control_n": 20,
    ...     "control_variance": 0.2})
    >>> sampling_covariance(effects).round(2).tolist()
    [[0.25, 0.2], [0.2, 0.36]]
    """
    moment = effects.groupby(["study"], dropna=False)["hours"].nunique()
    if (moment > 1).any():
        names = ", ".join(map(str, moment.index[moment > 1][:5]))
        raise ValueError(
            f"{names}: several times of one trial are correlated over time; take one time per trial with "
            "one_per_window before asking for a covariance"
        )
    effects = effects.reset_index(drop=True)
    covariance = np.diag(effects["std_error"].to_numpy(float) ** 2)
    moment = [name for name in (*MOMENT, "measure") if name in effects]
    apart = effects.groupby("study").agg({name: "nunique" for name in moment if name != "study"}).max(axis=1) > 1
    if apart.any():
        names = ", ".join(map(str, apart.index[apart][:5]))
        raise ValueError(
            f"{names}: the same patients enter on several scales, definitions or analyses; keep one of them"
        )
    if effects.duplicated(["study", "arm"]).any():
        names = ", ".join(map(str, effects.loc[effects.duplicated(["study", "arm"]), "study"].unique()[:5]))
        raise ValueError(f"{names}: one active arm stands against several controls; choose one with control=…")
    for rows in effects.groupby(["study", "control_arm"]).indices.values():
        for i in rows:
            for j in rows[rows != i]:
                covariance[i, j] = _shared_term(effects, i, j)
    return covariance


def time_covariance(effects: pd.DataFrame, correlation: float, *, constant: bool = False) -> np.ndarray:
    """The k × k sampling covariance of contrasts over times and classes of each trial.

    Each arm's results correlate ρ^(days apart / 7) (or ρ): the active arm's with its own, the control's with all
    contrasts of the trial that use it. Needs `active_variance, control_variance, hours, study`.

    >>> effects = pd.DataFrame({"study": "a", "hours": [24, 192], "treatment_class": "ketamine", "std_error": 0.5**0.5,
    ...     "active_variance": 0.3, "control_variance": 0.2})
    >>> time_covariance(effects, 0.5).round(2).tolist()
    [[0.5, 0.25], [0.25, 0.5]]
    """
    covariance = np.zeros((len(effects), len(effects)))
    for rows in effects.groupby("study", sort=False).indices.values():
        covariance[np.ix_(rows, rows)] = trial_covariances(effects, rows[None, :], correlation, constant=constant)[0]
    return covariance


def trial_covariances(
    effects: pd.DataFrame, rows: np.ndarray, correlation: float, *, constant: bool = False
) -> np.ndarray:
    """The sampling covariances (B × n × n) of B trials with n contrasts each, as in `time_covariance`.

    rows : B × n positions in `effects`, the contrasts of one trial in a line. Standardised differences of one moment
    also share the spread that standardised them, as in `sampling_covariance`.
    """
    active = _active_arms(effects)
    control = effects["control_arm"].factorize()[0] if "control_arm" in effects else np.zeros(len(effects))
    va, vc = (np.sqrt(effects[name].to_numpy(float))[rows] for name in ("active_variance", "control_variance"))
    t, active, control = effects["hours"].to_numpy(float)[rows], active[rows], control[rows]
    apart = np.abs(t[:, :, None] - t[:, None, :])
    rho = np.where(apart == 0, 1.0, correlation if constant else correlation ** (apart / HOURS_PER_DAY / 7))
    own, shared = (one[:, :, None] == one[:, None, :] for one in (active, control))
    result = rho * (own * va[:, :, None] * va[:, None, :] + shared * vc[:, :, None] * vc[:, None, :])
    if "measure" in effects and (effects["measure"] == "standardized_mean_difference").all():
        common = shared & ~own & (apart == 0)
        result += np.where(common, _shared_spread(effects, rows[:, :, None], rows[:, None, :]), 0.0)
    diagonal = np.arange(rows.shape[1])
    result[:, diagonal, diagonal] = effects["std_error"].to_numpy(float)[rows] ** 2
    return result


def _active_arms(effects: pd.DataFrame) -> np.ndarray:
    """A number for each row's active patients: class and arm; the class alone where a trial's arms were added up.

    Arms added up at one time and apart at another ("a + b", then "a") share patients; they count as the same.
    """
    names = [name for name in ("treatment_class", "arm") if name in effects]
    if not names:
        return np.zeros(len(effects))
    table = effects[names].astype(object)
    if "arm" in table:
        keys = [effects["study"], *(effects[name] for name in names if name != "arm")]
        added = table["arm"].astype(str).str.contains(" + ", regex=False)
        table["arm"] = table["arm"].mask(added.groupby(keys, dropna=False).transform("any"), "")
    return table.groupby(names, dropna=False, sort=False).ngroup().to_numpy()


def _shared_term(effects: pd.DataFrame, i: int, j: int) -> float:
    first = effects.iloc[i]
    if first["measure"] != "standardized_mean_difference":
        return float(first["control_variance"])
    # control_variance is 1/n_c where the arms' own spread standardised; with a baseline spread, its error's square
    return float(first["control_variance"] + _shared_spread(effects, np.array(i), np.array(j)))


def _shared_spread(effects: pd.DataFrame, i: np.ndarray, j: np.ndarray) -> np.ndarray:
    """What two standardised differences share because one control's spread standardised both: g₁g₂ · share / 2."""
    g = effects["estimate"].to_numpy(float)
    if "sd_df" in effects:
        share = 1 / effects["sd_df"].to_numpy(float)[i]
    else:
        control_n = effects["control_n"].to_numpy(float)
        df = effects["n"].to_numpy(float) + control_n - 2
        share = (control_n[i] - 1) / (df[i] * df[j])
    return g[i] * g[j] * share / 2
