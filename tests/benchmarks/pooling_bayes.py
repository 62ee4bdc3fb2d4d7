"""Many Bayesian poolings in one call: python tests/benchmarks/pooling_bayes.py. Prints milliseconds per pooling.

Peers in the same run: the same posterior by `scipy.integrate.quad` (limits by root finding on it), and R's bayesmeta
where it is installed (not a dependency).
"""

import shutil
import subprocess
import time

import numpy as np
from many_poolings import GROUPS, TRIALS, many_poolings
from scipy import integrate, optimize, stats

import ketamine_analysis as ka

ALONE, SCALE = 5, 0.5
table = many_poolings()


def by_quadrature(part):
    y, v = part["estimate"].to_numpy(), part["std_error"].to_numpy() ** 2

    def density(tau, q):
        w = 1 / (v + tau**2)
        mean = (w * y).sum() / w.sum()
        log = (np.log(w).sum() - np.log(w.sum()) - (w * (y - mean) ** 2).sum()) / 2 - (tau / SCALE) ** 2 / 2
        return np.exp(log - 30) * (1 if q is None else stats.norm.cdf(q, mean, w.sum() ** -0.5))

    whole = integrate.quad(density, 0, 6, args=(None,), epsabs=0)[0]
    below = lambda q, p: integrate.quad(density, 0, 6, args=(q,), epsabs=0)[0] / whole - p  # noqa: E731
    return [optimize.brentq(below, -5, 5, args=(p,)) for p in (0.025, 0.5, 0.975)]


start = time.perf_counter()
summary = ka.bayes_random_effects(table, scale=SCALE, by="g").summary()
together = time.perf_counter() - start
print(f"{GROUPS} poolings of {TRIALS} trials in one call: {together:.1f} s, {1e3 * together / GROUPS:.2f} ms each")
parts = [part for _, part in table.head(ALONE * TRIALS).groupby("g")]
start = time.perf_counter()
direct = np.array([by_quadrature(part) for part in parts])
alone = (time.perf_counter() - start) / ALONE
print(f"scipy.integrate.quad, one after another: {alone:.2f} s each, {alone * GROUPS / together:.0f} times as long")
ours = summary[["conf_low", "estimate", "conf_high"]].to_numpy()[:ALONE]
print(f"largest difference between the two: {np.abs(ours - direct).max():.1e}")
call = ("suppressMessages(library(bayesmeta)); y <- scan('stdin', quiet=TRUE); "
        f"e <- y[{TRIALS + 1}:{2 * TRIALS}]; y <- y[1:{TRIALS}]; t <- system.time(bayesmeta(y=y, sigma=e, "
        f"tau.prior=function(t) dhalfnormal(t, scale={SCALE})))[3]; cat(t)")  # fmt: skip
numbers = " ".join(map(str, [*parts[0]["estimate"], *parts[0]["std_error"]]))
found = shutil.which("Rscript") and subprocess.run(
    ["Rscript", "-e", call], input=numbers, capture_output=True, text=True, check=False
)
if found and found.returncode == 0:
    print(f"bayesmeta: {float(found.stdout):.2f} s, {float(found.stdout) * GROUPS / together:.0f} times as long")
else:
    print("bayesmeta is not installed: not compared")
