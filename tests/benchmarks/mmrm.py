"""MMRM from 200 to a million patients: python tests/benchmarks/mmrm.py [most patients, default 1000000].

Ours is the whole call: checks, data pass, REML fit (unstructured), Satterthwaite contrasts at every visit. Beside it, in
the same run and on the same table: R mmrm (its default fit) where it is installed, R's nlme::gls with the same
model (no Satterthwaite) where that is, statsmodels' random-intercept model where that is, and a Python fit that loops over
patients, as one writes it from a textbook. Peak memory is what the process grew by while fitting.
"""

import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import optimize

import ketamine_analysis as ka

SIZES = ((200, 4), (10_000, 6), (100_000, 6), (1_000_000, 6))
HOURS = np.array([24.0, 168.0, 336.0, 504.0, 672.0, 1008.0])
PEER_MOST, LOOP_MOST = 10_000, 200  # patients beyond which a peer is not waited for


def simulate(n, visits, seed=1):
    rng = np.random.default_rng(seed)
    arm, baseline = rng.integers(0, 2, n), rng.normal(33, 5, n).round()
    change = -4 * np.log1p(np.arange(1, visits + 1)) - 3 * arm[:, None] + 0.25 * (baseline[:, None] - 33)
    change = change + rng.normal(0, 5, (n, 1)) + rng.normal(0, 4, (n, visits))
    gone = np.cumsum(rng.random((n, visits)) < 0.05, axis=1) > 0
    gone[:, 0] = False
    table = pd.DataFrame({
        "subject": np.repeat(np.arange(n), visits),
        "arm": np.repeat(np.array(["placebo", "ketamine"])[arm], visits),
        "baseline": np.repeat(baseline, visits),
        "hours": np.tile(HOURS[:visits], n),
        "change": change.ravel(),
    })  # fmt: skip
    return table[~gone.ravel()].reset_index(drop=True)


def ours(table):
    result = ka.fit_mmrm(table)
    result.contrasts("placebo")
    return result


def seconds(call, times):
    best, value = np.inf, None
    for _ in range(times):
        start = time.perf_counter()
        value = call()
        best = min(best, time.perf_counter() - start)
    return best, value


def peak_megabytes(call):
    """What resident memory grew by at most while the call ran."""
    peak, running = [_resident()], [True]

    def watch():
        while running[0]:
            peak[0] = max(peak[0], _resident())
            time.sleep(0.002)

    before, watcher = _resident(), threading.Thread(target=watch)
    watcher.start()
    call()
    running[0] = False
    watcher.join()
    return peak[0] - before


def _resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 1e6 if Path("/proc").exists() else np.nan


def loop_over_patients(table):
    """REML by a quasi-Newton method on one matrix per patient: the log-likelihood it reaches."""
    visits = sorted(table["hours"].unique())
    t, blocks = len(visits), []
    for _, rows in table.groupby("subject"):
        seen = np.searchsorted(visits, rows["hours"])
        x = np.zeros((len(seen), 3 * t))
        for row, visit in enumerate(seen):
            x[row, 3 * visit : 3 * visit + 3] = [1, rows["arm"].iloc[0] == "ketamine", rows["baseline"].iloc[0] - 33]
        blocks.append((seen, x, rows["change"].to_numpy()))

    def deviance(theta):
        factor = np.diag(np.exp(theta[:t]))
        factor[np.tril_indices(t, -1)] = theta[t:]
        sigma, value, information, score, square = factor @ factor.T, 0.0, 0, 0, 0.0
        for seen, x, y in blocks:
            own = sigma[np.ix_(seen, seen)]
            w = np.linalg.inv(own)
            value += np.linalg.slogdet(own)[1]
            information, score, square = information + x.T @ w @ x, score + x.T @ w @ y, square + y @ w @ y
        beta = np.linalg.solve(information, score)
        return value + square - beta @ score + np.linalg.slogdet(information)[1]

    start = np.concatenate([np.full(t, 1.5), np.zeros(t * (t - 1) // 2)])
    found = optimize.minimize(deviance, start, method="BFGS")
    return -(found.fun + (len(table) - 3 * t) * np.log(2 * np.pi)) / 2


GLS = """suppressMessages(library(nlme)); d <- read.csv("{file}"); d$visit <- factor(d$hours); d$v <- as.integer(d$visit)
d$arm <- relevel(factor(d$arm), "placebo"); f <- NULL
s <- proc.time()[3]; f <- gls(change ~ baseline*visit + arm*visit, d, correlation = corSymm(form = ~ v | subject),
 weights = varIdent(form = ~ 1 | visit)); cat(proc.time()[3] - s, as.numeric(logLik(f)))"""
MMRM = """suppressMessages(library(mmrm)); d <- read.csv("{file}"); d$visit <- factor(d$hours)
d$arm <- relevel(factor(d$arm), "placebo"); d$subject <- factor(d$subject)
s <- proc.time()[3]; f <- mmrm(change ~ baseline*visit + arm*visit + us(visit | subject), d); summary(f)
cat(proc.time()[3] - s, as.numeric(logLik(f)))"""


def in_r(script, table):
    """Seconds and log-likelihood that R prints; None where it, or the package, is not installed."""
    if shutil.which("Rscript") is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "trial.csv"
        table.to_csv(file, index=False)
        found = subprocess.run(
            ["Rscript", "-e", script.format(file=file)], capture_output=True, text=True, check=False, timeout=900
        )
    return tuple(map(float, found.stdout.split()[-2:])) if found.returncode == 0 and found.stdout else None


def random_intercept(table):
    """statsmodels' MixedLM: seconds; it has no unstructured covariance and reports z."""
    import statsmodels.formula.api as smf

    model = smf.mixedlm("change ~ baseline * C(hours) + arm * C(hours)", table, groups=table["subject"])
    return seconds(model.fit, 1)[0]


def compare(name, peer, own, likelihood, ours_likelihood):
    words = f", log-likelihood {likelihood - ours_likelihood:+.1e} from ours" if likelihood is not None else ""
    print(f"    {name}: {peer:.2f} s, {peer / own:.0f} times as long{words}")


if __name__ == "__main__":
    most = int(sys.argv[1]) if len(sys.argv) > 1 else SIZES[-1][0]
    for n, visits in SIZES:
        if n > most:
            continue
        trial = simulate(n, visits)
        ours(trial.head(200 * visits))
        added = peak_megabytes(lambda trial=trial: ours(trial))  # before the process holds memory to reuse
        own, result = seconds(lambda trial=trial: ours(trial), 20 if n < 1000 else 3)
        size = trial.memory_usage(deep=False).sum() / 1e6
        print(
            f"{n} × {visits}: {1e3 * own:.1f} ms, {result.fit.steps} Newton steps, slope {result.fit.largest_gradient:.0e}; "
            f"memory {added:.0f} MB above a table of {size:.0f} MB"
        )
        if n <= PEER_MOST:
            for name, script in (("R mmrm", MMRM), ("R nlme::gls (no df)", GLS)):
                found = in_r(script, trial) if n <= LOOP_MOST or name == "R mmrm" else None
                if found is not None:
                    compare(name, found[0], own, found[1], result.log_likelihood)
                elif n <= LOOP_MOST:
                    print(f"    {name}: not installed, not compared")
            try:
                compare("statsmodels MixedLM, random intercept only", random_intercept(trial), own, None, None)
            except ImportError:
                print("    statsmodels: not installed, not compared")
        if n <= LOOP_MOST:
            slow, likelihood = seconds(lambda trial=trial: loop_over_patients(trial), 1)
            compare("Python loop over patients", slow, own, likelihood, result.log_likelihood)
