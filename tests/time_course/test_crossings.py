"""When a curve reaches a value and for how long, on curves drawn by hand."""

import numpy as np
import pandas as pd
import pytest

from ketamine_analysis.time_course.crossings import GRID, first_hours, hours_beyond


def _steps(values, half):
    """A curve of one value before 24 h, one until 168 h and one after, with a band so wide on either side."""
    middle = np.select([GRID < 24, GRID < 168], values[:2], values[2])
    return pd.DataFrame(
        {"treatment_class": "x", "estimate": middle, "conf_low": middle - half, "conf_high": middle + half}
    )


AT_24 = GRID[GRID >= 24][0]


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize(
    ("half", "middle", "far", "near"),
    [(0.3, AT_24, AT_24, AT_24), (0.45, AT_24, GRID[0], AT_24), (0.6, AT_24, GRID[0], np.nan)],
)
def test_the_far_end_of_a_band_comes_first_and_the_near_end_last(sign, half, middle, far, near):
    """0.1, 1.0 and 0.2 against 0.5: with ±0.45 the band reaches it from the start (0.55), with ±0.6 never whole (0.4)."""
    row = first_hours(_steps(sign * np.array([0.1, 1.0, 0.2]), half), sign * 0.5).iloc[0]
    found = row[["estimate", "conf_low", "conf_high"]].to_numpy(float)
    np.testing.assert_array_equal(found, [middle, far, near])
    assert row["term"] == f"hours to an effect of {sign * 0.5:g}"


@pytest.mark.parametrize("sign", [1, -1])
def test_hours_beyond_are_counted_to_the_last_look(sign):
    """Beyond 0.5 from 24 to 168 h; the far end (±0.35: 0.55 after 168 h) until the last look, the near end as the curve."""
    curves, step = _steps(sign * np.array([0.1, 1.0, 0.2]), 0.35), 0.01  # GRID steps by 0.9 %
    row = hours_beyond(curves, sign * 0.5, pd.Series({"x": 1000.0})).iloc[0]
    assert row["estimate"] == pytest.approx(144, rel=step) and row["conf_low"] == pytest.approx(144, rel=step)
    assert row["conf_high"] == pytest.approx(976, rel=step) and not row["still"]
    cut = hours_beyond(curves, sign * 0.5, pd.Series({"x": 100.0})).iloc[0]
    assert cut["estimate"] == pytest.approx(76, rel=step) and cut["still"] and cut["last_look"] == 100
    other = hours_beyond(curves, -sign * 0.5, pd.Series({"x": 1000.0})).iloc[0]  # the other side is never reached
    assert other[["estimate", "conf_low", "conf_high"]].tolist() == [0, 0, 0]


def test_a_curve_without_an_estimate_has_only_the_hours_of_its_band():
    curves = _steps(np.array([0.1, 1.0, 0.2]), 0.35).assign(estimate=np.nan)
    row = hours_beyond(curves, 0.5, pd.Series({"x": 1000.0})).iloc[0]
    assert np.isnan(row["estimate"]) and row["conf_low"] == pytest.approx(144, rel=0.01) and row["still"]


def test_nought_has_no_side():
    curves = _steps(np.array([0.1, 1.0, 0.2]), 0.35)
    with pytest.raises(ValueError, match="value 0 lies on neither side"):
        first_hours(curves, 0.0)
    with pytest.raises(ValueError, match="value 0 lies on neither side"):
        hours_beyond(curves, 0.0, pd.Series({"x": 1000.0}))
