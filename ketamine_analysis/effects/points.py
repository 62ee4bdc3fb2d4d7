"""From the standardised scale back to words people use: points of a scale, responders per hundred."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.special import expit, logit

from .printed_differences import TO_LOG_ODDS
from .spreads import spreads_in_use

LENGTHS = ("estimate", "std_error", "conf_low", "conf_high", "prediction_low", "prediction_high")

# least difference from control that patients would notice: value, unit, source
MINIMAL_DIFFERENCES = {
    "duru_fantino_2008": (1.9, "MADRS", "Duru & Fantino 2008, Curr Med Res Opin 24:1329 (1.6 to 1.9 points)"),
    "cuijpers_2014": (0.24, "", "Cuijpers 2014, Depress Anxiety 31:374 (0.24 standard deviations, tentative)"),
    "hengartner_ploderl_2021": (3.0, "MADRS", "Hengartner & Plöderl 2021, BMJ Evid Based Med 26:69 (3 to 6 points)"),
}


def minimal_difference(name: str) -> tuple[float, str]:
    """A named least important difference in standard deviations (positive), and its source.

    name : "duru_fantino_2008" (1.9 MADRS points), "cuijpers_2014" (0.24 standard deviations) or
        "hengartner_ploderl_2021" (3 MADRS points, the lower end of their range). ValueError for another.

    >>> minimal_difference("cuijpers_2014")[0]
    0.24
    """
    if name not in MINIMAL_DIFFERENCES:
        raise ValueError(f"minimal difference {name!r} is unknown: use one of {list(MINIMAL_DIFFERENCES)}")
    value, scale, source = MINIMAL_DIFFERENCES[name]
    return (value / in_points(pd.DataFrame({"estimate": [1.0]}), scale)["estimate"].iloc[0] if scale else value), source


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


def per_hundred(table: pd.DataFrame, *, control_rate: float | pd.DataFrame) -> pd.DataFrame:
    """Responders per hundred more than on the control, by the logistic (Cochrane Handbook 15.5.3.2).

    table : standardised effects, negative = better (`estimate`, and `conf_low, conf_high` where there).
    control_rate : the share that responds on the control, between 0 and 1; or a table of such rates, a row for each of
        `table`, with `estimate, conf_low, conf_high`, whose uncertainty then joins that of the effect (MOVER: the
        limits' distances add in squares; Newcombe 2001, Zou & Donner 2008, Stat Med 27:1693).
    Columns of the same names in people per hundred, the limits in order of size; `control_rate` beside them.
    ValueError for another rate.

    >>> table = pd.DataFrame({"estimate": [-0.5], "conf_low": [-0.8], "conf_high": [-0.2]})
    >>> per_hundred(table, control_rate=0.3)[["estimate", "conf_low", "conf_high"]].round(1).to_numpy().tolist()
    [[21.5, 8.1, 34.7]]
    """
    rates = control_rate if isinstance(control_rate, pd.DataFrame) else pd.DataFrame({"estimate": [control_rate]})
    if ((rates <= 0) | (rates >= 1)).any(axis=None):
        raise ValueError(f"control_rate {control_rate!r} must lie between 0 and 1, such as 0.3 for 30 of 100")
    at = {name: rates[name].to_numpy(float) for name in rates}

    def more(effect: str, rate: str) -> np.ndarray:
        other = at.get(rate, at["estimate"])
        return 100 * (expit(logit(other) - TO_LOG_ODDS * table[effect].to_numpy(float)) - other)

    result = {"estimate": more("estimate", "estimate")}
    if "conf_low" in table:
        middle, turned = result["estimate"], [more("estimate", name) for name in ("conf_low", "conf_high")]
        down = np.fmax(middle - np.fmin(*turned), 0)
        up = np.fmax(np.fmax(*turned) - middle, 0)
        result["conf_low"] = middle - np.hypot(middle - more("conf_high", "estimate"), down)
        result["conf_high"] = middle + np.hypot(more("conf_low", "estimate") - middle, up)
    kept = table.drop(columns=[name for name in LENGTHS if name in table and name not in result])
    return kept.assign(**result, control_rate=at["estimate"] if len(rates) == len(table) else at["estimate"][0])
