"""From the standardised scale back to words people use: points of a scale, responders per hundred."""

from __future__ import annotations

import pandas as pd
from scipy.special import expit, logit

from .printed_differences import TO_LOG_ODDS
from .spreads import spreads_in_use

LENGTHS = ("estimate", "std_error", "conf_low", "conf_high", "prediction_low", "prediction_high")


def in_points(table: pd.DataFrame, scale: str = "MADRS") -> pd.DataFrame:
    """Standardised effects, or a summary of them, as points of a scale; `unit` names the spread used.

    table : rows of `collect_effects` or of a `summary()` or `prediction_interval()` made from them. Variances follow.
    Raises ValueError for a scale whose typical spread is not known.

    >>> in_points(pd.DataFrame({"estimate": [-0.5], "conf_low": [-0.8], "conf_high": [-0.2]})).round(1)["estimate"][0]
    np.float64(-5.6)
    """
    known = spreads_in_use(pd.DataFrame({"study": [""], "scale": [scale]}), pd.DataFrame())
    if known.empty:
        raise ValueError(f"no typical spread of scale {scale!r} is known: use a scale of typical_spreads")
    sd, source = float(known["sd"].iloc[0]), known["sd_source"].iloc[0]
    changed = {name: table[name] * sd for name in LENGTHS if name in table}
    squares = {name: table[name] * sd**2 for name in ("active_variance", "control_variance") if name in table}
    return table.assign(**changed, **squares, unit=f"{scale} points ({source})")


def per_hundred(table: pd.DataFrame, *, control_rate: float) -> pd.DataFrame:
    """Responders per hundred more than on the control, by the logistic (Cochrane Handbook 15.5.3.2).

    table : standardised effects, negative = better (`estimate`, and `conf_low, conf_high` where there).
    control_rate : the share that responds on the control, between 0 and 1. Columns of the same names in people per
    hundred, the limits in order of size; `control_rate` beside them. ValueError for another rate.

    >>> table = pd.DataFrame({"estimate": [-0.5], "conf_low": [-0.8], "conf_high": [-0.2]})
    >>> per_hundred(table, control_rate=0.3)[["estimate", "conf_low", "conf_high"]].round(1).to_numpy().tolist()
    [[21.5, 8.1, 34.7]]
    """
    if not 0 < control_rate < 1:
        raise ValueError(f"control_rate {control_rate!r} must lie between 0 and 1, such as 0.3 for 30 of 100")
    more = {
        name: 100 * (expit(logit(control_rate) - TO_LOG_ODDS * table[other]) - control_rate)
        for name, other in (("estimate", "estimate"), ("conf_low", "conf_high"), ("conf_high", "conf_low"))
        if other in table
    }
    kept = table.drop(columns=[name for name in LENGTHS if name in table and name not in more])
    return kept.assign(**more, control_rate=control_rate)
