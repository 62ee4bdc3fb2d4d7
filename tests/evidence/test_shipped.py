import pytest

import ketamine_analysis as ka


def test_every_outcome_row_is_there_and_the_pool_is_one_per_moment():
    arms = ka.load_evidence()
    assert len(arms) == 1971
    pool = ka.default_pool(arms)
    assert (len(pool), pool["study"].nunique()) == (1248, 246)
    assert not pool.duplicated(["study", "arm", "hours", "outcome"]).any()
    rest = ka.default_pool(arms, rest=True)
    assert len(rest) == 1971 - 1248 and rest["reason"].str.len().gt(3).all()


def test_known_rows_are_as_printed():
    arms = ka.default_pool(ka.load_evidence()).set_index(["study", "arm", "hours", "outcome"]).sort_index()
    zarate = arms.loc[("zarate2006", "ketamine_0.5", 24.0, "response")]
    assert (zarate["events"], zarate["n"]) == (12, 17)
    murrough = arms.loc[("murrough2013", "midazolam", 24.0, "response")]
    assert (murrough["events"], murrough["n"], murrough["control_kind"]) == (7, 25, "active_placebo")


def test_the_other_tables_carry_the_library_s_names():
    for name, rows, columns in (
        ("trials", 396, {"study", "design"}),
        (
            "effects",
            124,
            {"study", "arm", "control_arm", "measure", "std_error", "conf_low", "favours_drug", "treatment_class"},
        ),
        ("durability", 9, {"study", "value", "conf_low", "time_zero"}),
        ("adverse_events", 771, {"study", "arm", "event", "n", "events"}),
    ):
        table = ka.load_evidence(name)
        assert len(table) == rows and columns <= set(table)
    with pytest.raises(ValueError, match="'results' is unknown"):
        ka.load_evidence("results")
