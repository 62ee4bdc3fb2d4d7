"""Writes simulated_trial.csv and its codebook: python data/examples/make_simulated_trial.py, from the root."""

import json
from pathlib import Path

import ketamine_analysis as ka

FOLDER = Path(__file__).parent
CALL = {"n_per_arm": 60, "seed": 20261124}
MANY = {"n_per_arm": 20000, "seed": 1, "dropout": False}

trial = ka.simulate_trial(**CALL)
trial.to_csv(FOLDER / "simulated_trial.csv", index=False, lineterminator="\n")
truth = ka.simulated_truth()
many = ka.summarize_arms(ka.derive_outcomes(ka.simulate_trial(**MANY)), outcomes=["change", "response"])
change = many[many["outcome"] == "change"][["arm", "hours", "mean"]].rename(columns={"mean": "observed_mean_change"})
rate = many[many["outcome"] == "response"].assign(response_rate=lambda rows: rows["events"] / rows["n"])
truth = truth.merge(change, on=["arm", "hours"]).merge(rate[["arm", "hours", "response_rate"]], on=["arm", "hours"])
codebook = {
    "title": "A simulated three-arm trial (not real patients)",
    "made_by": "ketamine_analysis.simulate_trial(n_per_arm=60, seed=20261124)",
    "columns": {
        "study": "always simulated_trial",
        "subject": "identifier of a simulated patient",
        "arm": "ketamine | midazolam | sertraline (randomised 1:1:1)",
        "treatment": "as arm",
        "treatment_class": "ketamine | midazolam | ssri",
        "role": "active | control",
        "control_kind": "active_placebo for midazolam, blank for active arms",
        "hours": "hours since first dose; 0 = baseline before it",
        "scale": "MADRS (0-60, higher is worse)",
        "score": "scale points; blank = visit missed; no row = left the trial",
        "site": "A-D", "age": "years", "sex": "female | male",
    },
    "dropout": "after each visit but the first with probability 1/(1 + exp(4.2 - 0.055 (last score - 20)))",
    "truth": {
        "mean_change": "mean change of the latent score (formula in simulated_truth)",
        "observed_mean_change": f"rounded and clipped, no dropout; {MANY['n_per_arm']} simulated per arm",
        "response_rate": "share with a fall of at least 50 %, by the same simulation",
        "rows": truth.round(4).to_dict("records"),
    },
}  # fmt: skip
(FOLDER / "simulated_trial_codebook.json").write_text(json.dumps(codebook, indent=1) + "\n", encoding="utf-8")
