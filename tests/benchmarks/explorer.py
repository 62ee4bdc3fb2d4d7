"""How long a change in the explorer takes: python tests/benchmarks/explorer.py. Wanted: under half a second.

Each line: one view from the arms to the HTML that is shown (contrasts, pooling or fit, both figures, SVG), the fastest
and the median of several, in wall seconds and in this process's own CPU seconds (what it takes on an idle machine).
Beside it, in the same run, what one bare matplotlib figure of the same size takes to become an image.
"""

import io
import statistics
import time

import matplotlib.pyplot as plt

import ketamine_analysis as ka

REPEATS = 5
CHOICES = {
    "ketamine, 24 h (where the explorer begins for it)": {"treatment_class": "ketamine"},
    "esketamine, remission, 4 wk": {"treatment_class": "esketamine", "outcome": "remission", "window": "4 wk"},
    "SNRI, 8 wk (43 trials)": {"treatment_class": "snri", "window": "8 wk"},
    "SSRI, 8 wk (67 trials, the largest forest)": {"treatment_class": "ssri", "window": "8 wk"},
    "ketamine, plateau": {"treatment_class": "ketamine", "model": "plateau"},
    "SSRI, plateau, 8 wk": {"treatment_class": "ssri", "window": "8 wk", "model": "plateau"},
    "ketamine, emax (half-time not identified)": {"treatment_class": "ketamine", "model": "emax"},
    "esketamine, emax (half-time not identified)": {"treatment_class": "esketamine", "model": "emax"},
}


def _times(call):
    rows = []
    for _ in range(REPEATS):
        wall, own = time.perf_counter(), time.process_time()
        call()
        rows.append((time.perf_counter() - wall, time.process_time() - own))
    return [(min(column), statistics.median(column)) for column in zip(*rows, strict=True)]


def _bare():
    figure = plt.figure(figsize=(8, 4), layout="constrained")
    figure.add_subplot().plot([0, 1])
    figure.savefig(io.BytesIO(), format="svg")
    plt.close(figure)


arms = ka.default_pool(ka.load_evidence())
(_, bare), (_, own) = _times(_bare)
print(f"a bare figure of one line: {bare:.2f} s ({own:.2f} s CPU)")
for name, choices in CHOICES.items():
    (low, middle), (own_low, own_middle) = _times(lambda: ka.view(arms, **choices).figures_html("svg"))  # noqa: B023
    print(f"{name}: {low:.2f} to {middle:.2f} s ({own_low:.2f} to {own_middle:.2f} s CPU), {middle / bare:.0f} × bare")
