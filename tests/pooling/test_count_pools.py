import pandas as pd
import pytest
from reference_numbers import load

import ketamine_analysis as ka

REFERENCE = load("meta_regression.json")
MEASURES = {"OR": "log_odds_ratio", "RR": "log_risk_ratio", "RD": "risk_difference"}


def _tables(name):
    c = pd.DataFrame({key: REFERENCE[name][key] for key in ("tpos", "tneg", "cpos", "cneg")})
    return pd.DataFrame({
        "study": c.index, "events": c["tpos"], "n": c["tpos"] + c["tneg"],
        "control_events": c["cpos"], "control_n": c["cpos"] + c["cneg"],
    })  # fmt: skip


@pytest.mark.parametrize("row", REFERENCE["pools"], ids=lambda r: f"{r['data']}-{r['method']}-{r['measure']}")
def test_pools_agree_with_metafor(row):
    tables = _tables(row["data"])
    pool = ka.peto(tables) if row["method"] == "peto" else ka.mantel_haenszel(tables, measure=MEASURES[row["measure"]])
    found = pool.summary().iloc[0]
    for name in ("estimate", "std_error", "conf_low", "conf_high", "p_value"):
        assert found[name] == pytest.approx(row[name], rel=1e-6), name


def test_trials_without_information_are_listed():
    assert ka.mantel_haenszel(_tables("sparse")).left_out["study"].tolist() == [3]
    assert ka.mantel_haenszel(_tables("sparse"), measure="risk_difference").left_out.empty


@pytest.mark.parametrize(
    ("change", "measure", "words"),
    [
        ({"events": 0, "control_events": 0}, "log_odds_ratio", "nothing to pool"),
        ({"events": 0}, "log_odds_ratio", "0 or infinite"),
        ({"events": 0}, "log_risk_ratio", "0 or infinite"),
        ({"n": None}, "log_odds_ratio", "'n'"),
        ({"events": 0, "n": 0}, "log_odds_ratio", r"events must be whole numbers from 0 to n; rows \[0, 1, 2, 3, 4\]"),
        ({"control_events": 0, "control_n": 0}, "log_odds_ratio", "control_events must be whole numbers"),
        ({"events": 1.5}, "log_odds_ratio", "events must be whole numbers"),
        ({"events": -1}, "log_odds_ratio", "events must be whole numbers"),
        ({}, "hazard", "'hazard' is unknown"),
    ],
)
def test_what_cannot_be_pooled_is_named(change, measure, words):
    with pytest.raises(ValueError, match=words):
        ka.mantel_haenszel(_tables("sparse").assign(**change), measure=measure)


def test_swapped_arms_flip_the_sign():
    one = _tables("bcg")
    two = one.rename(
        columns={"events": "control_events", "n": "control_n", "control_events": "events", "control_n": "n"}
    )
    for pool in (ka.mantel_haenszel, ka.peto):
        assert pool(two).estimate == pytest.approx(-pool(one).estimate)
        assert pool(two).std_error == pytest.approx(pool(one).std_error)
