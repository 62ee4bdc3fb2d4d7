import numpy as np
import pandas as pd
import pytest
from reference_numbers import load

import ketamine_analysis as ka

REFERENCE = load("meta_regression.json")
INFERENCE = {"z": "wald", "knha": "hksj", "adhoc": "hksj_modified"}


def _bcg():
    b = REFERENCE["bcg"]
    table = pd.DataFrame({name: b[name] for name in ("latitude", "year", "allocation")})
    return table.assign(estimate=b["yi"], std_error=np.sqrt(b["vi"]))


def _as_list(value):
    return value if isinstance(value, list) else [value]


@pytest.mark.parametrize(
    "fit", REFERENCE["fits"], ids=lambda f: f"{'+'.join(_as_list(f['moderators']))}-{f['method']}-{f['test']}"
)
def test_regression_agrees_with_metafor(fit):
    inference = INFERENCE[fit["test"]]
    result = ka.meta_regression(_bcg(), _as_list(fit["moderators"]), method=fit["method"], inference=inference)
    table, test = result.summary(), result.test()
    for name in ("estimate", "std_error", "p_value", "conf_low", "conf_high"):
        assert table[name].tolist() == pytest.approx(fit[name], rel=1e-6, abs=1e-12), name
    assert result.tau2 == pytest.approx(fit["tau2"], rel=1e-6, abs=1e-12)
    assert pytest.approx(fit["I2"], rel=1e-6, abs=1e-9) == result.I2
    assert test["statistic"].tolist() == pytest.approx([fit["QM"], fit["QE"]], rel=1e-6)
    assert test["p_value"].tolist() == pytest.approx([fit["QM_p_value"], fit["QE_p_value"]], rel=1e-6)
    if fit["R2"] not in (None, "NA"):
        assert pytest.approx(fit["R2"], rel=1e-6, abs=1e-9) == result.R2


def test_predictions_by_hand():
    result = ka.meta_regression(_bcg(), "latitude")
    b = result.summary()["estimate"]
    row = result.predict(pd.DataFrame({"latitude": [40.0]})).iloc[0]
    assert row["estimate"] == pytest.approx(b[0] + 40 * b[1])
    assert row["prediction_low"] < row["conf_low"] < row["conf_high"] < row["prediction_high"]
    with pytest.raises(ValueError, match="the fit knows"):
        ka.meta_regression(_bcg(), "allocation").predict(pd.DataFrame({"allocation": ["coin"]}))


def test_shifted_and_scaled_moderators_change_nothing_else():
    one = ka.meta_regression(_bcg(), "latitude")
    moved = ka.meta_regression(_bcg().assign(latitude=lambda t: (t["latitude"] - 30) / 10), "latitude")
    assert moved.tau2 == pytest.approx(one.tau2, rel=1e-9)
    assert moved.coefficients[1] == pytest.approx(10 * one.coefficients[1], rel=1e-9)
    assert moved.test()["p_value"].tolist() == pytest.approx(one.test()["p_value"].tolist(), rel=1e-9)


def test_without_a_real_difference_the_permutation_p_value_is_not_small():
    table = _bcg().assign(noise=np.tile([0.0, 1.0], 7)[:13])
    p = ka.meta_regression(table, "noise").permutation_p_values(permutations=400, seed=1)
    assert p["p_value"][1] > 0.1
    strong = ka.meta_regression(table, "latitude").permutation_p_values(permutations=400, seed=1)
    assert strong["p_value"][1] < 0.02


def test_subgroups_are_the_moderator_test():
    found = ka.subgroup_differences(_bcg(), "allocation")
    expected = next(
        f
        for f in REFERENCE["fits"]
        if f["moderators"] == "allocation" and (f["method"], f["test"]) == ("REML", "adhoc")
    )
    assert found["p_value"].iloc[0] == pytest.approx(expected["QM_p_value"], rel=1e-6)


@pytest.mark.parametrize(
    ("moderators", "arguments", "words"),
    [
        ("nothing", {}, "is not a column"),
        ("gap", {}, "missing in 1 rows"),
        (["latitude", "double"], {}, "'double' is a combination of intercept, latitude"),
        ("latitude", {"method": "SJ"}, "'SJ' is unknown"),
        ("latitude", {"method": "FE"}, "Hartung–Knapp does not apply"),
        ("label", {}, "13 trials cannot tell 13 coefficients apart"),
    ],
)
def test_impossible_regressions_are_named(moderators, arguments, words):
    table = _bcg().assign(gap=[np.nan] + [1.0] * 12, label=[f"t{i}" for i in range(13)])
    table["double"] = 2 * table["latitude"] + 1
    with pytest.raises(ValueError, match=words):
        ka.meta_regression(table, moderators, **arguments)
