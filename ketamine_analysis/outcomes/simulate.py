"""A simulated trial with a known truth, for teaching and testing. Simulated data say so in study and file name."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

HOURS = (4.0, 24.0, 72.0, 168.0, 336.0, 504.0, 672.0, 1008.0)
ARMS = pd.DataFrame(
    {
        "arm": ["ketamine", "midazolam", "sertraline"],
        "treatment": ["ketamine", "midazolam", "sertraline"],
        "treatment_class": ["ketamine", "midazolam", "ssri"],
        "role": ["active", "control", "active"],
        "control_kind": [None, "active_placebo", None],
    }
)
BASELINE_MEAN, BASELINE_SD, ENTRY_SCORE = 33.0, 5.0, 20.0
SUBJECT_SD, NOISE_SD = 6.0, 4.0  # a subject's own size of change; noise that decays over log time
DROPOUT_LOGIT, DROPOUT_PER_POINT = -4.2, 0.055  # hazard of leaving after a visit, by the last seen score
MISSED = 0.02  # visits missed by those who stay


def simulate_trial(
    *, n_per_arm: int = 60, seed: int, hours: Sequence[float] = HOURS, dropout: bool = True
) -> pd.DataFrame:
    """A simulated three-arm trial as `scores`: ketamine twice weekly for 4 weeks, midazolam, sertraline; MADRS.

    n_per_arm : patients in each arm, at least 2. seed : of numpy's default generator; the same seed, the same trial.
    hours : visits after first dose, ascending. dropout : False keeps everyone at every visit.
    Model: score = baseline + mean change (`simulated_truth`) + s·(1 − exp(−t/48 h)) + noise, rounded to whole
    points within 0–60; s ~ N(0, 6²) per subject, noise sd 4 with correlation exp(−|Δ log(1 + t)| / 2). Leaving after a
    visit depends on the last seen score (missing at random); then there are no rows. A missed visit is a row
    with a blank score. Raises ValueError for fewer than 2 patients or hours that do not ascend from above 0.

    >>> simulate_trial(n_per_arm=2, seed=1, hours=[24])["arm"].value_counts().tolist()
    [4, 4, 4]
    """
    times = np.asarray(hours, float)
    if n_per_arm < 2:
        raise ValueError(f"n_per_arm {n_per_arm!r} must be at least 2")
    if times.size == 0 or times[0] <= 0 or np.any(np.diff(times) <= 0):
        raise ValueError(f"hours {list(hours)} must ascend from above 0")
    rng = np.random.default_rng(seed)
    people = _people(n_per_arm, rng)
    latent = _latent_scores(people, times, rng)
    score = np.clip(np.round(latent), 0, 60)
    seen = _seen(score, people["baseline"].to_numpy(), rng) if dropout else np.ones(score.shape, bool)
    missed = dropout & (rng.random(score.shape) < MISSED)
    rows = people.loc[people.index.repeat(times.size + 1)].reset_index(drop=True)
    rows["hours"] = np.tile(np.concatenate([[0.0], times]), len(people))
    rows["score"] = np.column_stack([people["baseline"], np.where(missed, np.nan, score)]).ravel()
    kept = np.column_stack([np.ones(len(people), bool), seen]).ravel()
    rows["scale"] = "MADRS"
    columns = ["study", "subject", *ARMS.columns, "hours", "scale", "score", "site", "age", "sex"]
    return rows.loc[kept, columns].reset_index(drop=True)


def simulated_truth(hours: Sequence[float] = HOURS) -> pd.DataFrame:
    """The mean change of the latent (unrounded, unclipped) MADRS score: `arm, hours, mean_change`.

    Midazolam −7·(1 − e^(−t/100 h)); sertraline the same and −5·(1 − e^(−t/336 h)) more; ketamine
    −13·(1 − e^(−t/6 h)) while dosed (4 weeks), fading after it with e^(−(t − 672)/1008).

    >>> simulated_truth([24.0]).round(2)["mean_change"].tolist()
    [-12.76, -1.49, -1.84]
    """
    t = np.asarray(hours, float)
    placebo = -7 * (1 - np.exp(-t / 100))
    means = {
        "ketamine": -13 * (1 - np.exp(-t / 6)) * np.exp(-np.maximum(t - 672, 0) / 1008),
        "midazolam": placebo,
        "sertraline": placebo - 5 * (1 - np.exp(-t / 336)),
    }
    return pd.concat(
        [pd.DataFrame({"arm": arm, "hours": t, "mean_change": mean}) for arm, mean in means.items()], ignore_index=True
    )


def _people(n_per_arm: int, rng: np.random.Generator) -> pd.DataFrame:
    people = ARMS.loc[ARMS.index.repeat(n_per_arm)].sample(frac=1, random_state=rng).reset_index(drop=True)
    n = len(people)
    baseline = np.clip(np.round(rng.normal(BASELINE_MEAN, BASELINE_SD, n)), ENTRY_SCORE, 60)
    return people.assign(
        study="simulated_trial",
        subject=[f"S{i + 1:04d}" for i in range(n)],
        baseline=baseline,
        site=rng.choice(["A", "B", "C", "D"], n),
        age=np.clip(np.round(rng.normal(44, 12, n)), 18, 64).astype(int),
        sex=rng.choice(["female", "male"], n, p=[0.6, 0.4]),
    )


def _latent_scores(people: pd.DataFrame, times: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    truth = simulated_truth(list(times)).pivot_table(index="arm", columns="hours", values="mean_change", sort=False)
    mean = truth.loc[people["arm"]].to_numpy()
    distance = np.abs(np.subtract.outer(np.log1p(times), np.log1p(times)))
    noise = rng.multivariate_normal(np.zeros(times.size), NOISE_SD**2 * np.exp(-distance / 2), len(people))
    own = rng.normal(0, SUBJECT_SD, (len(people), 1)) * (1 - np.exp(-times / 48))
    return people["baseline"].to_numpy()[:, None] + mean + own + noise


def _seen(score: np.ndarray, baseline: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Who is still there at each visit: leaving depends on the score seen last."""
    last = np.column_stack([baseline, score[:, :-1]])
    hazard = 1 / (1 + np.exp(-(DROPOUT_LOGIT + DROPOUT_PER_POINT * (last - 20))))
    hazard[:, 0] = 0.0  # everyone is seen at the first visit
    return np.cumsum(rng.random(score.shape) < hazard, axis=1) == 0
