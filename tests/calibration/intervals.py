"""How often every kind of interval that is printed holds the truth: python tests/calibration/intervals.py [--repeats 2000].

Proportions and their differences by enumeration (exact), everything else by simulation with fixed seeds. Finished cells
of data/calibration.csv are kept, so that a run which was stopped goes on (`--again` does all anew). One minus the
coverage of a difference of nought is the type I error of its p-value.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
from rich.progress import track
from scipy.stats import binom

import ketamine_analysis as ka

OUT = Path(__file__).parents[2] / "data" / "calibration.csv"
COMMAND = "python tests/calibration/intervals.py"
COLUMNS = ["kind", "interval", "setting", "size", "coverage", "monte_carlo_error", "repeats", "seed", "date"]
SEED = 20261201
Cell = tuple[str, str, str, float]  # kind, interval, setting, size: n or k


def cells() -> Iterator[Cell]:
    """Every cell of the table, the quick ones first."""
    for n in (8, 20, 50, 200):
        for rate in (0.05, 0.2, 0.5):
            for method in ("wilson", "clopper_pearson"):
                yield "proportion", method, f"rate {rate:g}", n
    for n in (10, 20, 50, 100):
        for rates in ((0.1, 0.1), (0.3, 0.3), (0.2, 0.5)):
            for method in ("newcombe", "miettinen_nurminen", "wald"):
                yield "risk difference", method, f"rates {rates[0]:g} and {rates[1]:g}", n
    for k in (2, 3, 5, 10, 20, 40):
        for tau in (0.0, 0.2, 0.5, 1.0):
            for way in ("wald", "hksj", "hksj_modified", "half_normal_prior"):
                yield "pooled mean", way, f"spread {tau:g}", k
            for way in ("hksj_modified", "half_normal_prior"):
                yield "new trial", way, f"spread {tau:g}", k
    for k in (3, 5, 10):
        for rate in (0.02, 0.1):
            for way in ("inverse_variance", "mantel_haenszel", "peto", "hypergeometric_normal"):
                yield "pooled rare events", way, f"control rate {rate:g}, 50 an arm", k
    for n in (4, 8, 16, 50):
        for way in ("satterthwaite", "kenward_roger_linear", "kenward_roger"):
            yield "difference by MMRM", way, "3 visits, a sixth leave", 2 * n


def coverage(cell: Cell, repeats: int) -> tuple[float, int]:
    """The share of intervals that hold the truth, and of how many (0: by enumeration)."""
    kind, way, setting, size = cell
    rng = np.random.default_rng([SEED, *f"{kind} {setting} {size:g}".encode()])  # the same trials for every interval
    numbers = [float(word) for word in setting.replace(",", " ").split() if word.replace(".", "").isdigit()]
    if kind == "proportion":
        return _proportion(way, numbers[0], int(size)), 0
    if kind == "risk difference":
        return _difference(way, numbers[0], numbers[1], int(size)), 0
    if kind in ("pooled mean", "new trial"):
        return _pooled(kind, way, numbers[0], int(size), repeats, rng)
    if kind == "pooled rare events":
        return _rare(way, numbers[0], int(size), min(repeats, 500), rng)
    return _mmrm(way, int(size) // 2, min(repeats, 500), rng)


def _proportion(method: str, rate: float, n: int) -> float:
    events = np.arange(n + 1)
    low, high = ka.proportion_interval(events, n, method=method)
    return float(binom.pmf(events, n, rate) @ ((low <= rate) & (rate <= high)))


def _difference(method: str, rate: float, control: float, n: int) -> float:
    one, other = (grid.ravel() for grid in np.meshgrid(np.arange(n + 1), np.arange(n + 1), indexing="ij"))
    found = ka.risk_difference(one, n, other, n, method=method)
    truth = rate - control
    held = (found.conf_low <= truth + 1e-12) & (truth <= found.conf_high + 1e-12)
    return float((binom.pmf(one, n, rate) * binom.pmf(other, n, control)) @ held)


def _pooled(kind: str, way: str, tau: float, k: int, repeats: int, rng: np.random.Generator) -> tuple[float, int]:
    error = rng.uniform(0.15, 0.45, (repeats, k))
    estimate = -0.4 + tau * rng.normal(size=(repeats, k)) + error * rng.normal(size=(repeats, k))
    new = -0.4 + tau * rng.normal(size=repeats)
    table = pd.DataFrame({
        "simulation": np.repeat(np.arange(repeats), k), "estimate": estimate.ravel(), "std_error": error.ravel(),
        "measure": "standardized_mean_difference",
    })  # fmt: skip
    bayes = way == "half_normal_prior"
    pool = ka.bayes_random_effects(table, by="simulation") if bayes else ka.random_effects(
        table, by="simulation", inference=way)  # fmt: skip
    if kind == "pooled mean":
        found, truth = pool.summary(), -0.4
        low, high = found["conf_low"], found["conf_high"]
    else:
        found, truth = pool.prediction_interval(), new
        low, high = found["prediction_low"], found["prediction_high"]
    known = low.notna() & high.notna()
    return float(((low <= truth) & (truth <= high))[known].mean()), int(known.sum())


def _rare(way: str, rate: float, k: int, repeats: int, rng: np.random.Generator) -> tuple[float, int]:
    odds, truth = 1.5 * rate / (1 - rate), np.log(1.5)
    events, others = rng.binomial(50, odds / (1 + odds), (repeats, k)), rng.binomial(50, rate, (repeats, k))
    names = [f"{i}/{j}" for i in range(repeats) for j in range(k)]
    arm = {"hours": 24.0, "scale": "MADRS", "outcome": "response", "n": 50, "study": names}
    active = pd.DataFrame(arm | {"arm": "a", "role": "active", "treatment_class": "ssri", "events": events.ravel()})
    control = pd.DataFrame(arm | {"arm": "c", "role": "control", "treatment_class": "placebo", "control_kind": "placebo",
                                  "events": others.ravel()})  # fmt: skip
    effects = ka.contrast_arms(pd.concat([active, control], ignore_index=True))
    effects = effects.assign(simulation=effects["study"].str.partition("/")[0])
    if way == "inverse_variance":
        found = ka.random_effects(effects, by="simulation").summary()
    else:
        pools = []
        for _, trials in effects.groupby("simulation"):
            try:
                pools.append(getattr(ka, way)(trials).summary())
            except (ValueError, ka.ConvergenceError):
                continue  # no event at all: no interval is printed
        found = pd.concat(pools)
    known = np.isfinite(found[["conf_low", "conf_high"]]).all(axis=1)
    held = (found["conf_low"] <= truth) & (truth <= found["conf_high"])
    return float(held[known].mean()), int(known.sum())


def _mmrm(way: str, n: int, repeats: int, rng: np.random.Generator) -> tuple[float, int]:
    visits = np.array([0.0, 24.0, 168.0, 336.0])
    root = np.linalg.cholesky(36 * 0.6 ** np.abs(np.subtract.outer(np.arange(4), np.arange(4))))
    held, tried = 0, 0
    for _ in range(repeats):
        scores = 30 + rng.normal(size=(2 * n, 4)) @ root.T
        last = np.where(rng.uniform(size=2 * n) < 1 / 6, rng.integers(1, 3, 2 * n), 3)
        seen = np.arange(4) <= last[:, None]
        person, visit = np.nonzero(seen)
        table = pd.DataFrame({
            "study": "s", "subject": person, "arm": np.where(person < n, "a", "b"), "hours": visits[visit],
            "scale": "MADRS", "score": scores[person, visit],
        })  # fmt: skip
        try:
            fit = ka.fit_mmrm(ka.derive_outcomes(table), covariance="us", inference=way)
            found = fit.contrasts("b", at=fit.design.visits[-1]).iloc[0]
        except (ValueError, ka.ConvergenceError, ka.DatasetError):
            continue
        if np.isfinite([found["conf_low"], found["conf_high"]]).all():
            tried += 1
            held += found["conf_low"] <= 0 <= found["conf_high"]
    return held / tried if tried else np.nan, tried


def main() -> None:
    """Fills the table cell by cell, and prints it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=2000)
    parser.add_argument("--again", action="store_true", help="do every cell anew")
    told = parser.parse_args()
    done = pd.read_csv(OUT) if OUT.exists() and not told.again else pd.DataFrame(columns=COLUMNS)
    rows = {tuple(row[:4]): row for row in done[COLUMNS].to_numpy().tolist()}
    for cell in track([cell for cell in cells() if cell not in rows], "cells"):
        share, repeats = coverage(cell, told.repeats)
        error = (share * (1 - share) / repeats) ** 0.5 if repeats else 0.0
        rows[cell] = [*cell, round(share, 4), round(error, 4), repeats, SEED, date.today().isoformat()]
        pd.DataFrame([rows[one] for one in cells() if one in rows], columns=COLUMNS).to_csv(OUT, index=False)
    table = pd.DataFrame([rows[one] for one in cells() if one in rows], columns=COLUMNS)
    print(
        table.pivot_table(
            index=["kind", "setting", "interval"], columns="size", values="coverage", sort=False
        ).to_string()
    )


if __name__ == "__main__":
    main()
