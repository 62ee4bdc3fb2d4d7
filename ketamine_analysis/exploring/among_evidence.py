"""A dataset among the published evidence: where its trials lie, and what adding them changes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ..effects.collected import collect_effects
from ..effects.contrasts import contrast_arms
from ..effects.measures import MEASURES
from ..effects.time_windows import WINDOW_NAMES, one_per_window
from ..evidence.known_studies import known_studies
from ..evidence.shipped import default_pool, load_evidence
from ..intervals import critical_value, summary_html, summary_text
from ..outcomes.scales import NOT_STATED, SCALES
from ..pooling.meta_analysis import PooledEffects, random_effects
from ..time_course.time_course import TimeCourse

GROUP = ["treatment_class", "window"]
OUTCOMES = ("response", "change", "score", "remission")
SYMPTOMS = "symptoms"


@dataclass(frozen=True)
class AmongEvidence:
    """A dataset's contrasts beside the published ones; made by `among_evidence`.

    effects : one row per new trial, class and window; own : the same of all its trials, known ones too.
    published : the evidence's rows of the same classes and windows, without any study that is new here.
    known : the dataset's studies that the evidence has already, how each was recognised; they are not counted again.
    without : what could not be placed, with `reason`.
    """

    outcome: str
    measure: str
    effects: pd.DataFrame
    own: pd.DataFrame
    published: pd.DataFrame
    known: pd.DataFrame
    without: pd.DataFrame

    def summary(self, level: float = 0.95) -> pd.DataFrame:
        """One row per new trial, class and window: its estimate beside what the published trials lead one to expect.

        prediction_low, prediction_high : where the true effect of a new trial would lie. expected_low,
        expected_high : where its estimate would, this trial's own error included (t, k − 1 degrees of freedom).
        inside : its estimate lies between the expected limits; beyond : how far outside, in the measure's unit,
        0 inside (through `as_ratio` a factor, 1 inside); distance : (estimate − pooled) / √(error² + τ² + own error²).
        k is the number of published trials; fewer than two predict nothing, and these columns are missing.
        """
        table = self.effects.merge(_limits(self.published, level), on=GROUP, how="left", validate="many_to_one")
        own = table["std_error"]
        spread = np.sqrt(table["pooled_error"] ** 2 + table["tau2"] + own**2)
        half = critical_value(np.maximum(table["k"] - 1, 1), level) * spread
        low, high = table["pooled"] - half, table["pooled"] + half
        beyond = np.maximum(low - table["estimate"], 0) + np.maximum(table["estimate"] - high, 0)
        half_own = critical_value(np.inf, level) * own
        table = table.assign(
            conf_low=table["estimate"] - half_own,
            conf_high=table["estimate"] + half_own,
            expected_low=low,
            expected_high=high,
            inside=pd.array(beyond == 0, dtype="boolean"),
            beyond=beyond,
            distance=(table["estimate"] - table["pooled"]) / spread,
        )
        table["inside"] = table["inside"].mask(low.isna())
        columns = ["study", *GROUP, "hours", "estimate", "conf_low", "conf_high", "k", "pooled", "prediction_low",
                   "prediction_high", "expected_low", "expected_high", "inside", "beyond", "distance"]  # fmt: skip
        return table[columns].assign(measure=self.measure)

    def before_after(self, level: float = 0.95) -> pd.DataFrame:
        """Each class and window pooled without the new trials, with them, and these alone: `stage`."""
        stages = (
            ("before", self.published),
            ("after", pd.concat([self.published, self.effects], ignore_index=True)),
            ("this dataset", self.effects),
        )
        parts = []
        for stage, rows in stages:
            if len(rows):
                pooled = random_effects(rows, by=GROUP)
                table = pooled.summary(level)
                limits = pooled.prediction_interval(level)[["prediction_low", "prediction_high"]]
                parts.append(pd.concat([table, limits], axis=1).assign(stage=stage))
        if not parts:
            return pd.DataFrame(columns=[*GROUP, "stage", "k", "estimate", "conf_low", "conf_high"])
        order = {stage: i for i, (stage, _) in enumerate(stages)}
        table = pd.concat(parts, ignore_index=True)
        table["_order"] = table["stage"].map(order)
        table["window"] = pd.Categorical(table["window"], WINDOW_NAMES, ordered=True)
        keep = [*GROUP, "stage", "k", "estimate", "conf_low", "conf_high", "p_value", "tau2", "I2", "prediction_low",
                "prediction_high", "measure"]  # fmt: skip
        return table.sort_values([*GROUP, "_order"])[keep].reset_index(drop=True).astype({"window": object})

    def forest(self, treatment_class: str, window: str) -> PooledEffects:
        """The published trials and this dataset's of one class and window, pooled apart: for `plot_forest`."""
        parts = [rows.assign(of=name) for name, rows in (("published", self.published), ("this dataset", self.effects))]
        table = pd.concat(parts, ignore_index=True)
        chosen = table[(table["treatment_class"] == treatment_class) & (table["window"] == window)]
        if chosen.empty:
            known = sorted({f"{one} at {other}" for one, other in self.effects[GROUP].to_numpy()})
            raise ValueError(f"no contrast of {treatment_class!r} at {window!r}; this dataset has {known}")
        return random_effects(chosen, by="of")

    def on_time_course(self, course: TimeCourse, *, level: float = 0.95) -> pd.DataFrame:
        """Each new contrast beside the published curve at its own hour, and whether it lies in the prediction band.

        course : `fit_time_course` of `published_effects`, or another fit of the same measure. prediction_low,
        prediction_high : the band of a new trial's true effect; expected_low, expected_high : of its estimate, the
        trial's own error added as the root of the sum of squares. inside asks about the latter.
        """
        rows = self.effects[self.effects["treatment_class"].isin(course.classes)]
        if rows.empty:
            return rows[["study", "treatment_class", "hours", "estimate"]]
        curve = course.predict(sorted(rows["hours"].unique()), level=level).drop(columns="std_error")
        curve = curve.rename(columns={"estimate": "curve", "conf_low": "curve_low", "conf_high": "curve_high"})
        columns = ["study", "treatment_class", "hours", "estimate", "std_error"]
        table = rows[columns].merge(curve, on=["treatment_class", "hours"], how="left")
        middle = (table["prediction_low"] + table["prediction_high"]) / 2
        own = critical_value(np.inf, level) * table["std_error"]
        half = np.hypot((table["prediction_high"] - table["prediction_low"]) / 2, own)
        table = table.assign(expected_low=middle - half, expected_high=middle + half)
        between = (table["estimate"] >= table["expected_low"]) & (table["estimate"] <= table["expected_high"])
        return table.assign(inside=between.astype("boolean").mask(middle.isna()))

    __repr__ = summary_text
    _repr_html_ = summary_html


def among_evidence(
    arms: pd.DataFrame, *, evidence: pd.DataFrame | None = None, outcome: str | None = None, measure: str | None = None
) -> AmongEvidence:
    """The dataset's contrasts beside the published ones of the same class and time window.

    arms : an `arms` table of one's own (patients: `summarize_arms`; any file: `read_as_arms`).
    evidence : default the shipped default pool. outcome : "symptoms" takes every form of result of both, as the
        headline does (`collect_effects`; of the shipped evidence the printed differences, too); None the first of
        response, change, score, remission that the dataset has.
    measure : None takes log_odds_ratio for counts, standardized_mean_difference for means.
    One time per trial and window (`one_per_window`); a study that the evidence holds already (`known_studies`) is
    left out of the new ones. Raises ValueError where nothing can be contrasted.

    >>> new = pd.DataFrame({"study": "new", "arm": ["s", "p"], "treatment_class": ["ssri", "placebo"],
    ...     "role": ["active", "control"], "hours": 1344.0, "scale": "HAMD17", "outcome": "response", "n": 100,
    ...     "events": [55, 40]})
    >>> among_evidence(new).summary()[["estimate", "k", "inside"]].round(2).to_numpy().tolist()
    [[0.61, 67, True]]
    """
    published_arms = default_pool(load_evidence()) if evidence is None else evidence
    outcome = outcome or next((one for one in OUTCOMES if (arms["outcome"] == one).any()), "response")
    counts = outcome in ("response", "remission")
    measure = measure or ("log_odds_ratio" if counts else "standardized_mean_difference")
    if measure not in MEASURES:
        raise ValueError(f"measure {measure!r} is unknown: use one of {list(MEASURES)}")
    known = known_studies(arms, load_evidence() if evidence is None else evidence)
    own, left = _windowed(arms, outcome, measure)
    own, unlike = _comparable(own, outcome, published_arms)
    again = own["study"].isin(known["study"])
    published, _ = _windowed(published_arms, outcome, measure, _printed(evidence))
    places = own.loc[~again, GROUP].drop_duplicates()
    parts = [own[again].assign(reason="in the evidence already"), unlike, left]
    without = pd.concat([one for one in parts if len(one)] or [left], ignore_index=True)
    return AmongEvidence(
        outcome,
        measure,
        own[~again].reset_index(drop=True),
        own,
        published.merge(places, on=GROUP),
        known,
        without.reindex(columns=["study", *GROUP, "scale", "hours", "reason"]),
    )


def _comparable(own: pd.DataFrame, outcome: str, published: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The contrasts on scales whose spread published trials tell, and the others with their reason.

    Of symptoms everything is divided by the spread that is typical of its scale: one's own scale, or one that is not
    stated, has none, may rate another complaint, and is not placed among scores of depression.
    """
    if outcome != SYMPTOMS or own.empty:
        return own, own.head(0)
    known = own["scale"].isin(published["scale"]) & (own["scale"] != NOT_STATED) | (own["form"] == "counts")
    reason = "its scale is in no published trial here, or not stated: neither spread nor complaint can be compared"
    return own[known].reset_index(drop=True), own[~known].assign(reason=reason)


def published_effects(result: AmongEvidence, *, evidence: pd.DataFrame | None = None) -> pd.DataFrame:
    """The published contrasts at every hour, of the classes that the dataset has: for `fit_time_course`."""
    arms = default_pool(load_evidence()) if evidence is None else evidence
    effects = _effects(arms, result.outcome, result.measure, _printed(evidence))
    at = effects["timing"] == "at" if "timing" in effects else pd.Series(True, index=effects.index)
    return effects[at & effects["treatment_class"].isin(result.effects["treatment_class"])].reset_index(drop=True)


def _printed(evidence: pd.DataFrame | None) -> pd.DataFrame | None:
    """The differences that go with the shipped evidence."""
    return default_pool(load_evidence("effects")) if evidence is None else None


def _effects(arms: pd.DataFrame, outcome: str, measure: str, contrasts: pd.DataFrame | None) -> pd.DataFrame:
    if outcome == SYMPTOMS:
        return collect_effects(arms, contrasts=contrasts)
    return contrast_arms(arms, outcome=outcome, measure=measure)


def _windowed(
    arms: pd.DataFrame, outcome: str, measure: str, contrasts: pd.DataFrame | None = None
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """One contrast per trial, class and window, counted at (not within) its time; and the others with their reason.

    Of several scales the first in the order of SCALES is taken, then the first definition, analysis and control.
    """
    effects = _effects(arms, outcome, measure, contrasts)
    at = effects["timing"].isna() | (effects["timing"] == "at") if "timing" in effects else effects["estimate"].notna()
    rank = {name: i for i, name in enumerate(SCALES)}
    table = one_per_window(effects[at])
    order = table.assign(_rank=table["scale"].map(rank).fillna(len(rank))).sort_values("_rank", kind="stable")
    twice = order.duplicated(["study", *GROUP])
    chosen = table.loc[order.index[~twice]].sort_index()
    left = one_per_window(effects[at], rest=True)
    parts = [
        table.loc[order.index[twice]].assign(reason="another scale, definition, analysis or control of it is shown"),
        left[left["window"].isna()],
        effects[~at].assign(reason="counted within, not at, that time", window=None),
    ]
    parts = [part.astype({"window": object}) for part in parts if len(part)]
    rest = pd.concat(parts, ignore_index=True) if parts else chosen.head(0).assign(reason=None)
    return chosen.astype({"window": object}).reset_index(drop=True), rest


def _limits(published: pd.DataFrame, level: float) -> pd.DataFrame:
    """What the published trials of each class and window lead one to expect."""
    if published.empty:
        names = ["k", "pooled", "pooled_error", "tau2", "prediction_low", "prediction_high"]
        kinds = dict.fromkeys(GROUP, object) | dict.fromkeys(names, float)
        return pd.DataFrame(columns=list(kinds)).astype(kinds)
    pooled = random_effects(published, by=GROUP)
    summary, limits = pooled.summary(level), pooled.prediction_interval(level)
    return pd.DataFrame({
        **{name: summary[name] for name in GROUP}, "k": summary["k"], "pooled": summary["estimate"],
        "pooled_error": summary["std_error"], "tau2": summary["tau2"],
        "prediction_low": limits["prediction_low"], "prediction_high": limits["prediction_high"],
    })  # fmt: skip
