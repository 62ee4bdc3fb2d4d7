"""Keeps of mmrm_expected.json (written by make_mmrm_reference.R) what the tests use: python make_mmrm_compact.py FILE."""

import json
import sys
from pathlib import Path

full = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
short = {"made_with": full.pop("versions"), "paired": full.pop("paired")}
short["ancova"] = full.pop("small/single_visit_24h/ancova")
for key, fit in full.items():
    numbers = ("n_obs", "n_subjects", "n_theta", "log_likelihood", "AIC", "BIC", "covariance")
    short[key] = {name: fit[name] for name in numbers}
    short[key]["coefficients"] = [
        [row[name] for name in ("term", "Estimate", "Std. Error", "df", "Pr(>|t|)")] for row in fit["coefficients"]
    ]
    short[key]["lsmeans"] = [
        [row[name] for name in ("arm", "visit", "emmean", "SE", "df", "lower.CL", "upper.CL")]
        for row in fit["lsmeans_equal_weights"]
    ]
    short[key]["contrasts"] = [
        [row[name] for name in ("contrast", "visit", "estimate", "SE", "df", "lower.CL", "upper.CL", "p.value")]
        for row in fit["contrasts"]
    ]
    short[key]["arm_by_visit"] = [fit["arm_by_visit_F"][name] for name in ("F", "num_df", "den_df", "p")]
target = Path(__file__).parent / "mmrm.json"
target.write_text(json.dumps(short, separators=(",", ":")) + "\n", encoding="utf-8")
