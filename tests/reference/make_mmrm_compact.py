"""Keeps of mmrm_expected.json (written by make_mmrm_reference.R) what the tests use: python make_mmrm_compact.py FILE."""

import json
import sys
from pathlib import Path

TABLES = {
    "coefficients": ("coefficients", ("term", "Estimate", "Std. Error", "df", "Pr(>|t|)")),
    "lsmeans": ("lsmeans_equal_weights", ("arm", "visit", "emmean", "SE", "df", "lower.CL", "upper.CL")),
    "contrasts": ("contrasts", ("contrast", "visit", "estimate", "SE", "df", "lower.CL", "upper.CL", "p.value")),
}


def compact(full):
    """The same fits with tables as rows without names, and without what no test reads."""
    short = {"made_with": full.pop("versions"), "paired": full.pop("paired")}
    short["ancova"] = full.pop("small/single_visit_24h/ancova")
    for key, fit in full.items():
        numbers = ("n_obs", "n_subjects", "n_theta", "log_likelihood", "AIC", "BIC", "covariance")
        short[key] = {name: fit[name] for name in numbers}
        for name, (source, columns) in TABLES.items():
            short[key][name] = [[row[column] for column in columns] for row in fit[source]]
        short[key]["arm_by_visit"] = [fit["arm_by_visit_F"][name] for name in ("F", "num_df", "den_df", "p")]
    return short


if __name__ == "__main__":
    expected = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    target = Path(__file__).parent / "mmrm.json"
    target.write_text(json.dumps(compact(expected), separators=(",", ":")) + "\n", encoding="utf-8")
