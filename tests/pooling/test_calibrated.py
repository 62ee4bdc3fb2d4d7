"""What simulation says of an interval is said where the interval is given."""

import numpy as np
import pandas as pd

import ketamine_analysis as ka


def test_simulated_coverage_is_the_table_s_own_at_its_cells_and_a_line_between_them():
    cells = ka.calibration_table().query("kind == 'pooled mean' and interval == 'half_normal_prior'")
    cells = cells.assign(spread=cells["setting"].str.removeprefix("spread ").astype(float))
    assert np.allclose(ka.simulated_coverage(cells["size"], cells["spread"]), cells["coverage"])
    low, middle, high = ka.simulated_coverage([3, 3, 3], [0.5, 0.75, 1.0])
    assert np.isclose(middle, (low + high) / 2)
    assert ka.simulated_coverage([400], [0.0])[0] == ka.simulated_coverage([40], [0.0])[0]
    assert np.isnan(ka.simulated_coverage([1], [0.1])[0])


def test_an_interval_that_held_too_seldom_is_said_in_the_sentence():
    effects = pd.DataFrame({
        "study": list("abc"), "treatment_class": "ketamine", "hours": 24.0, "estimate": [-2.6, 0.1, -1.1],
        "std_error": 0.2, "measure": "standardized_mean_difference", "n": 40, "control_n": 40, "label": list("abc"),
    })  # fmt: skip
    arms = pd.DataFrame({"study": ["a"], "arm": ["p"], "role": ["control"], "hours": [24.0], "n": [40], "events": [8],
                         "scale": ["MADRS"], "outcome": ["response"]})  # fmt: skip
    far = ka.answer(effects, arms, windows=("24 h",))
    held = far.summary()["coverage"].iloc[0]
    assert held < 0.93
    assert f"simulated, such intervals held {100 * held:.0f} %" in ka.answer_words(far, "24 h")
    near = ka.answer(effects.assign(estimate=[-1.0, -1.1, -0.9]), arms, windows=("24 h",))
    assert near.summary()["coverage"].iloc[0] > 0.93 and "simulated" not in ka.answer_words(near, "24 h")
