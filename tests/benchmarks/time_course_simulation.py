"""2 000 simulated evidence bases of the shipped size: bias and coverage of the time course.

python tests/benchmarks/time_course_simulation.py [bases]. Prints for each quantity: truth, mean error with its
Monte-Carlo error, and the share of 95 % intervals that hold the truth.
"""

import sys
from pathlib import Path

import numpy as np

import ketamine_analysis as ka

sys.path.insert(0, str(Path(__file__).parents[1]))
from simulated_evidence import TRUTH, shipped_variances, simulate_effects  # noqa: E402

BASES = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
truth, variances = {}, shipped_variances()
for name, (_, half, size, _) in TRUTH.items():
    truth[name, "log half-time"] = np.log(half)
    for hours in (24.0, 1008.0):
        truth[name, f"log OR at {hours:g} h"] = size * hours / (hours + half)
errors, held, unbounded = {key: [] for key in truth}, {key: [] for key in truth}, 0
for seed in range(BASES):
    fit = ka.fit_time_course(simulate_effects(seed, variances))
    halves, curves = fit.time_to(0.5).set_index("treatment_class"), fit.predict([24.0, 1008.0])
    if halves["estimate"].isna().any():
        unbounded += 1
        continue
    for name in TRUTH:
        row = np.log(halves.loc[name, ["estimate", "conf_low", "conf_high"]].to_numpy(float))
        found = {"log half-time": row}
        for part in curves[curves["treatment_class"] == name].itertuples():
            found[f"log OR at {part.hours:g} h"] = np.array([part.estimate, part.conf_low, part.conf_high])
        for what, (middle, low, high) in found.items():
            errors[name, what].append(middle - truth[name, what])
            held[name, what].append(low <= truth[name, what] <= high)
print(f"{BASES} bases of {sum(one[0] for one in TRUTH.values())} trials; half-time not identified in {unbounded}")
for key, value in truth.items():
    e, n = np.array(errors[key]), len(errors[key])
    error = e.std(ddof=1) / np.sqrt(n)
    print(
        f"{key[0]:>5} {key[1]:<18} truth {value:6.3f}  mean error {e.mean():+.4f} (Monte-Carlo {error:.4f}, "
        f"ratio {e.mean() / error:+.1f})  sd {e.std():.3f}  coverage {100 * np.mean(held[key]):.1f} %"
    )
