"""Many poolings in one call: python tests/benchmarks/pooling.py. Prints microseconds per REML pooling of 20 trials.

Beside it, in the same run: one `random_effects` call per pooling, and, where installed (neither is a dependency),
PyMARE's two vectorised paths and R's metafor.
"""

import shutil
import subprocess
import time

import numpy as np
from many_poolings import GROUPS, TRIALS, many_poolings

import ketamine_analysis as ka

ALONE = 50


def _seconds(call):
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


table = many_poolings()
together = min(_seconds(lambda: ka.random_effects(table, by="g")) for _ in range(3)) / GROUPS
parts = [part for _, part in table.head(ALONE * TRIALS).groupby("g")]
alone = _seconds(lambda: [ka.random_effects(part) for part in parts]) / ALONE
print(f"{GROUPS} REML poolings of {TRIALS} trials in one call: {1e6 * together:.1f} µs each")
print(f"one call each: {1e6 * alone:.0f} µs ({alone / together:.0f} times as long)")
try:
    from pymare.estimators import DerSimonianLaird, VarianceBasedLikelihoodEstimator
except ImportError:
    print("PyMARE is not installed: not compared")
else:
    y = table["estimate"].to_numpy().reshape(GROUPS, TRIALS).T
    v = table["std_error"].to_numpy().reshape(GROUPS, TRIALS).T ** 2
    one = np.ones((TRIALS, 1))
    peer = min(_seconds(lambda: DerSimonianLaird().fit(y=y, v=v, X=one)) for _ in range(3)) / GROUPS
    print(f"PyMARE DerSimonianLaird (closed form) on the same 2-D array: {1e6 * peer:.1f} µs each")
    few = VarianceBasedLikelihoodEstimator(method="REML")
    peer = _seconds(lambda: few.fit(y=y[:, :ALONE], v=v[:, :ALONE], X=one)) / ALONE
    print(f"PyMARE VarianceBasedLikelihoodEstimator (REML) on a 2-D array: {1e6 * peer:.0f} µs each")

R = f"""suppressMessages(library(metafor)); set.seed(1)
start <- proc.time()[3]; for (i in 1:{ALONE}) rma(rnorm({TRIALS}, 0, 0.4), runif({TRIALS}, 0.01, 0.25))
cat((proc.time()[3] - start) / {ALONE})"""
found = (
    subprocess.run(["Rscript", "-e", R], capture_output=True, text=True, check=False)
    if shutil.which("Rscript")
    else None
)
if found is None or found.returncode:
    print("R with metafor is not installed: not compared")
else:
    print(
        f"metafor rma, one by one: {1e6 * float(found.stdout):.0f} µs each ({float(found.stdout) / together:.0f} times as long)"
    )
