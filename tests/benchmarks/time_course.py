"""One time-course fit of the shipped evidence: python tests/benchmarks/time_course.py. Prints milliseconds.

Its peer in the same run is one pooling of the same contrasts, window by window, by `random_effects`; and, where R and
metafor are installed, one `rma.mv` of the same rows with the same two random effects and no curve.
"""

import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np

import ketamine_analysis as ka


def milliseconds(call, times=7):
    spans = []
    for _ in range(times):
        start = time.perf_counter()
        call()
        spans.append(1e3 * (time.perf_counter() - start))
    return min(spans)


effects = ka.contrast_arms(ka.default_pool(ka.load_evidence()))
effects = effects[
    (effects["timing"] == "at") & effects["treatment_class"].isin(["ketamine", "esketamine", "ssri", "snri"])
]
two = effects[effects["treatment_class"].isin(["ketamine", "ssri"])]
windows = ka.one_per_window(effects)
for words, rows in (("four classes", effects), ("ketamine and SSRI", two)):
    span = milliseconds(lambda rows=rows: ka.fit_time_course(rows))
    print(f"emax, {words}: {rows['study'].nunique()} trials, {len(rows)} contrasts: {span:.0f} ms")
print(
    f"random_effects by class and window: {milliseconds(lambda: ka.random_effects(windows, by=['treatment_class', 'window'])):.0f} ms"
)
if shutil.which("Rscript") is None:
    print("R is not installed: not compared")
else:
    with tempfile.TemporaryDirectory() as folder:
        effects[["study", "treatment_class", "hours", "estimate"]].to_csv(Path(folder) / "d.csv", index=False)
        np.savetxt(Path(folder) / "V.csv", ka.time_covariance(effects.reset_index(drop=True), 0.5), delimiter=",")
        script = f"""suppressMessages(library(metafor)); d <- read.csv("{folder}/d.csv"); d$row <- seq_len(nrow(d))
V <- as.matrix(read.csv("{folder}/V.csv", header = FALSE)); start <- proc.time()[3]
for (i in 1:3) rma.mv(estimate, V, mods = ~ 0 + treatment_class, random = list(~ 1 | study, ~ 1 | row), data = d)
cat(1000 * (proc.time()[3] - start) / 3)"""
        found = subprocess.run(["Rscript", "-e", script], capture_output=True, text=True, check=False)
    print(
        f"metafor rma.mv without a curve: {float(found.stdout):.0f} ms"
        if found.returncode == 0
        else "metafor is not installed"
    )
