"""How often the 95 % bands of a time course hold the truth with 30 trials, and with 6 with and without a prior.

python tests/calibration/time_course.py [simulations] [shape …]; `rise_and_fade` takes seconds a fit, for
its bands are the widest of many fits.

Trials of one class that look two to four times, with correlated sampling errors of the shipped trials' size, an effect
of their own (τ = 0.25) and a rest at each look (ω = 0.1). Prints for each shape and hour the share of confidence bands
that hold the curve, of prediction bands that hold a new trial's effect, and how often there was an estimate (percent;
Monte Carlo error below 0.8 with 1,000 simulations).
"""

import sys

import numpy as np
import pandas as pd

import ketamine_analysis as ka
from ketamine_analysis.time_course.shapes import SHAPES

SIMULATIONS = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000
TRIALS, TAU, OMEGA, VARIANCE, CORRELATION = 30, 0.25, 0.1, 0.06, 0.5
EARLY, LATE = (2, 6, 24, 72, 168, 672), (24, 72, 168, 336, 672)
RISE, FADE = 6.0, 240.0  # half-times of rise_and_fade
PEAK = np.log(FADE / RISE) / (np.log(2) / RISE - np.log(2) / FADE)
BOTH = np.log([PEAK, FADE / RISE - 1])
FEW = 6
# shape, log hours of its parameters, hours at which trials may look, hours asked, trials, prior
CASES = [
    (*one, TRIALS, None)
    for one in [
        ("emax", np.log([24.0]), EARLY, (6.0, 24.0, 168.0, 672.0)),
        ("emax", np.log([150.0]), LATE, (24.0, 168.0, 672.0)),
        ("exponential", np.log([24.0]), EARLY, (6.0, 24.0, 168.0, 672.0)),
        ("rise_and_fade", BOTH, EARLY, (6.0, 24.0, 168.0, 672.0)),
        ("rise_and_fade", BOTH, LATE, (24.0, 168.0, 672.0)),
    ]
] + [("emax", np.log([24.0]), EARLY, (6.0, 24.0, 168.0, 672.0), FEW, prior) for prior in (None, "half_normal")]


def simulated(curve, times, trials, rng):
    parts = []
    for trial in range(trials):
        t = np.sort(rng.choice(times, rng.integers(2, 5), replace=False)).astype(float)
        correlation = CORRELATION ** (np.abs(t[:, None] - t[None, :]) / 168)
        error = np.linalg.cholesky(VARIANCE * correlation) @ rng.normal(size=len(t))
        y = (1 + rng.normal(0, TAU)) * curve(t) + rng.normal(0, OMEGA, len(t)) + error
        parts.append(pd.DataFrame({"study": f"s{trial}", "hours": t, "estimate": y}))
    half = VARIANCE / 2
    return pd.concat(parts, ignore_index=True).assign(
        treatment_class="x",
        active_variance=half,
        control_variance=half,
        std_error=VARIANCE**0.5,
        measure="log_odds_ratio",
    )


def shares(shape, logs, times, hours, trials, prior, rng):
    """Percent of bands that hold the curve, of prediction bands that hold a new effect, and of estimates, by hour; their median width."""

    def curve(t):
        return SHAPES[shape].curve(np.asarray(t, float), logs)

    truth, held, new, told, width = curve(hours), [], [], [], []
    for _ in range(SIMULATIONS):
        effects = simulated(curve, times, trials, rng)
        try:
            bands = ka.fit_time_course(effects, shape=shape, prior=prior).predict(list(hours))
        except (ka.ConvergenceError, ka.NotInData):
            continue
        own = (1 + rng.normal(0, TAU)) * truth + rng.normal(0, OMEGA, len(truth))
        held.append(bands["conf_low"].le(truth).to_numpy() & bands["conf_high"].ge(truth).to_numpy())
        new.append(bands["prediction_low"].le(own).to_numpy() & bands["prediction_high"].ge(own).to_numpy())
        told.append(bands["estimate"].notna().to_numpy())
        width.append((bands["conf_high"] - bands["conf_low"]).to_numpy())
    return *(100 * np.mean(one, axis=0) for one in (held, new, told)), np.median(width, axis=0), len(held)


if __name__ == "__main__":
    generator = np.random.default_rng(20261128)
    for case in [one for one in CASES if not sys.argv[2:] or one[0] in sys.argv[2:]]:
        held, new, told, width, fits = shares(*case, generator)
        print(f"{case[0]}, {case[4]} trials, looks at {case[2]} h, prior {case[5]}: {fits} of {SIMULATIONS} fitted")
        for place, hour in enumerate(case[3]):
            print(
                f"  at {hour:5g} h: band {held[place]:5.1f}  prediction {new[place]:5.1f}  told {told[place]:5.1f}  width {width[place]:.2f}"
            )
