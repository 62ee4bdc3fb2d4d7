"""The answer: each drug class at each time against control, from every form of evidence, in words people use."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from ..effects.contrasts import POOLED_CONTROL_KINDS, arm_log_odds
from ..effects.points import in_points, minimal_difference, per_hundred
from ..effects.time_windows import WINDOW_NAMES, assign_window, one_per_window
from ..errors import need_rows
from ..intervals import as_proportion, critical_value, stack_tables, summary_html, summary_text
from .bayes import BayesPool, bayes_random_effects
from .bayes_families import bayes_families
from .calibrated import simulated_coverage
from .meta_analysis import random_effects

ANSWER_WINDOWS = ("≤6 h", "24 h", "2–5 d", "1 wk", "2 wk", "4 wk", "8 wk")
CELL = ["treatment_class", "window"]
CONTROL_SPREAD = 0.5  # scale of the half-normal prior on how controls' log odds differ between trials (Friede 2017)
BETTER, WORSE = 0.975, 0.025  # posterior probabilities at which a 95 % interval leaves no effect out
NOBODY = "no trial here"
TRIAL_COLUMNS = (
    "study", "label", "hours", "form", "scale", "printed_outcome", "estimate", "conf_low", "conf_high", "n",
    "control_n", "control_kind", "design", "arm", "control_arm", "sd_source", "locator", "source",
)  # fmt: skip


@dataclass(frozen=True)
class Answer:
    """Drug classes × windows; made by `answer`.

    effects : one row a trial, class and window, as pooled. left_out : effects in no window, or not the nearest.
    pool : its posterior by class and window. control_rates : responders on control for each cell, with `whose`.
    classes, windows : the rows and columns asked for. scale, least : the unit of points; the name of the least
    important difference. published : others' pools of the same cells, for those who want them beside (may be empty).
    """

    effects: pd.DataFrame
    left_out: pd.DataFrame
    pool: BayesPool
    control_rates: pd.DataFrame
    classes: tuple[str, ...]
    windows: tuple[str, ...]
    scale: str
    least: str
    published: pd.DataFrame

    @property
    def least_points(self) -> float:
        """The least important difference in points of `scale`."""
        value = minimal_difference(self.least)[0]
        return float(in_points(pd.DataFrame({"estimate": [value]}), self.scale)["estimate"].iloc[0])

    def summary(self, level: float = 0.95) -> pd.DataFrame:
        """One row a class and window, those without a trial included (k = 0, verdict "no trial here").

        Columns: `treatment_class, window, k, patients, estimate, std_error, conf_low, conf_high` (standard deviations,
        negative = better), `points, points_low, points_high` (of `scale`), `per_hundred, …_low, …_high` (more
        responders than on control, at `control_rate`), `probability_better` (than control), `probability_important`
        (better by the least important difference), `prediction_low, prediction_high` (a new trial's, in points), `tau`,
        `coverage` (how often such 95 % intervals held the truth in simulation: `simulated_coverage`), `verdict`,
        `unit, prior, least`.
        """
        table = self.pool.summary(level)
        value, source = minimal_difference(self.least)
        points = in_points(table, self.scale)
        new = in_points(self.pool.prediction_interval(level), self.scale)
        rates = self.control_rates.set_index(CELL).reindex(pd.MultiIndex.from_frame(table[CELL]))
        more = per_hundred(table, control_rate=rates[["estimate", "conf_low", "conf_high"]])
        better = np.asarray(self.pool.probability(below=0.0))
        table = table[[*CELL, "k", "estimate", "std_error", "conf_low", "conf_high", "tau", "prior"]].assign(
            patients=_people(self.effects).to_numpy(),
            points=points["estimate"], points_low=points["conf_low"], points_high=points["conf_high"],
            per_hundred=more["estimate"], per_hundred_low=more["conf_low"], per_hundred_high=more["conf_high"],
            control_rate=rates["estimate"].to_numpy(), probability_better=better,
            probability_important=np.asarray(self.pool.probability(below=-value)),
            prediction_low=new["prediction_low"], prediction_high=new["prediction_high"],
            unit=points["unit"], least=source, coverage=simulated_coverage(table["k"], table["tau"]),
            verdict=np.select([better >= BETTER, better <= WORSE], ["better than control", "worse than control"],
                              "not told apart from control"),
        )  # fmt: skip
        cells = pd.MultiIndex.from_product([self.classes, self.windows], names=CELL)
        table = table.astype({"window": str}).set_index(CELL).reindex(cells).reset_index()
        table["k"] = table["k"].fillna(0).astype(int)
        table["patients"] = table["patients"].fillna(0).astype(int)
        return table.assign(verdict=table["verdict"].fillna(NOBODY))

    def trials(self, treatment_class: str, window: str) -> pd.DataFrame:
        """The trials of one cell: label, hours, form of evidence, spread used, people, effect in points, source."""
        rows = self._cell(treatment_class, window)
        half = critical_value(np.inf, 0.95) * rows["std_error"]
        rows = rows.assign(conf_low=rows["estimate"] - half, conf_high=rows["estimate"] + half)
        points = in_points(rows, self.scale)
        return points[[name for name in TRIAL_COLUMNS if name in points]].reset_index(drop=True)

    def inferences(self, level: float = 0.95) -> pd.DataFrame:
        """Each cell in points under three intervals: half-normal prior, modified Hartung–Knapp, Wald."""
        parts = [self.pool.summary(level).assign(interval=self.pool.prior.words)]
        for name, words in (("hksj_modified", "modified Hartung–Knapp"), ("wald", "Wald")):
            pooled = random_effects(self.effects, by=CELL, inference=name)
            parts.append(pooled.summary(level).assign(interval=words))
        table = in_points(stack_tables(parts), self.scale)
        names = [*CELL, "interval", "k", "estimate", "conf_low", "conf_high", "unit"]
        return self._in_order(table)[names].reset_index(drop=True)

    def leave_one_out(self, treatment_class: str, window: str, level: float = 0.95) -> pd.DataFrame:
        """One cell in points without each of its trials in turn: `left_out, k, estimate, conf_low, conf_high`."""
        rows = self._cell(treatment_class, window)
        pool = bayes_random_effects(rows, scale=self.pool.prior.scale)
        left = in_points(pool.leave_one_out(level), self.scale)
        return left[["left_out", "k", "estimate", "conf_low", "conf_high", "unit"]]

    def families(self, level: float = 0.95) -> pd.DataFrame:
        """Each cell in points "alone" and "with its family" in its window (`bayes_families`): what relatives lend."""
        lent = bayes_families(self.effects, scale=self.pool.prior.scale, by="window", level=level)
        return self._in_order(in_points(lent, self.scale)).drop(columns=["_class", "measure"]).reset_index(drop=True)

    def together(self, classes: tuple[str, ...], window: str) -> Answer:
        """The same with these classes as one, in one window: "ketamine and esketamine"."""
        rows = self.effects[self.effects["treatment_class"].isin(classes) & (self.effects["window"] == window)]
        need_rows(rows, f"{', '.join(classes)} measured against control at {window}")
        name = " and ".join(classes)
        rates = self.control_rates[self.control_rates["treatment_class"].isin(classes)]
        rates = rates[rates["window"] == window].head(1).assign(treatment_class=name)
        rows = _by_window(rows.assign(treatment_class=name), (window,))
        pool = bayes_random_effects(rows, by=CELL, scale=self.pool.prior.scale)
        return replace(self, effects=rows, pool=pool, control_rates=rates, classes=(name,), windows=(window,))

    def beside_published(self) -> pd.DataFrame:
        """Each published pool of these cells with ours: where they differ, and from how many trials ours is."""
        ours = self.summary()[[*CELL, "k", "points", "points_low", "points_high", "per_hundred"]]
        ours = ours.rename(columns={name: f"our_{name}" for name in ours if name not in CELL})
        theirs = self.published.drop(columns=["study", "outcome"], errors="ignore").astype({"window": str})
        return theirs.merge(ours, on=CELL, how="inner")

    def _cell(self, treatment_class: str, window: str) -> pd.DataFrame:
        rows = self.effects[
            (self.effects["treatment_class"] == treatment_class) & (self.effects["window"].astype(str) == window)
        ]
        need_rows(rows, f"{treatment_class} measured against control at {window}")
        return rows.reset_index(drop=True)

    def _in_order(self, table: pd.DataFrame) -> pd.DataFrame:
        order = {name: place for place, name in enumerate(self.classes)}
        return table.assign(_class=table["treatment_class"].map(order)).sort_values(["_class", "window"], kind="stable")

    __repr__ = summary_text
    _repr_html_ = summary_html


def answer(
    effects: pd.DataFrame,
    arms: pd.DataFrame,
    *,
    classes: tuple[str, ...] | None = None,
    windows: tuple[str, ...] = ANSWER_WINDOWS,
    scale: str = "MADRS",
    least: str = "cuijpers_2014",
    published: pd.DataFrame | None = None,
) -> Answer:
    """Each class of drug at each time against control: points, responders per hundred, how sure, from how many.

    effects : from `collect_effects`. arms : the arms it came from; their controls' responders give the control rate of
        a cell: those of its own trials at that time, else of all trials then.
    published : from `published_pools`, kept beside (`.beside_published()`), never pooled.
    classes : None takes those with an effect in one of the `windows` (names as in `TIME_WINDOWS`).
    One time a trial and window (`one_per_window`); pooled with a half-normal prior on the spread between trials
    (`bayes_random_effects`), whose interval is honest with few trials; `.inferences()` shows the usual ones beside it.
    Raises ValueError for a window or class that is unknown; NotInData where no effect lies in any of the windows.

    >>> arms = pd.DataFrame({"study": "a", "arm": ["x", "p"], "role": ["active", "control"], "hours": 24.0, "n": 20,
    ...     "scale": "MADRS", "outcome": "response", "events": [10, 5], "treatment_class": ["ketamine", "placebo"]})
    >>> from ketamine_analysis.effects import collect_effects
    >>> table = answer(collect_effects(arms), arms, windows=("24 h", "1 wk")).summary()
    >>> table[["window", "k", "points", "verdict"]].round(1).to_numpy().tolist()
    [['24 h', 1, -6.8, 'not told apart from control'], ['1 wk', 0, nan, 'no trial here']]
    """
    unknown = [name for name in windows if name not in WINDOW_NAMES]
    if unknown:
        raise ValueError(f"window {unknown} is unknown: use names of TIME_WINDOWS, {list(WINDOW_NAMES)}")
    chosen, left = one_per_window(effects), one_per_window(effects, rest=True)
    inside = chosen["window"].isin(windows)
    left = stack_tables([left, chosen[~inside].assign(reason="in a window that is not shown")])
    chosen = chosen[inside]
    known = list(dict.fromkeys(chosen["treatment_class"]))
    wanted = tuple(known) if classes is None else tuple(classes)
    chosen = chosen[chosen["treatment_class"].isin(wanted)]
    need_rows(chosen, f"{', '.join(wanted) or 'a class'} measured against control in {', '.join(windows)}")
    beside = pd.DataFrame(columns=[*CELL, "label", "points"]) if published is None else published
    beside = beside[beside["treatment_class"].isin(wanted) & beside["window"].isin(windows)].reset_index(drop=True)
    chosen = _by_window(chosen, windows)
    pool = bayes_random_effects(chosen, by=CELL)
    rates = _control_rates(arms, chosen)
    return Answer(chosen, left, pool, rates, wanted, tuple(windows), scale, least, beside)


def _by_window(effects: pd.DataFrame, windows: tuple[str, ...]) -> pd.DataFrame:
    ordered = pd.CategoricalDtype(list(windows), ordered=True)
    return effects.assign(window=effects["window"].astype(str).astype(ordered)).reset_index(drop=True)


def _people(effects: pd.DataFrame) -> pd.Series:
    """Patients of each cell; a crossover's people are the same in both arms."""
    crossover = effects["design"].eq("crossover") if "design" in effects else pd.Series(False, index=effects.index)
    people = effects["n"].fillna(0) + effects["control_n"].fillna(0).mask(crossover, 0)
    return people.groupby([effects[name] for name in CELL], observed=True, sort=True).sum()


def _one_row_an_arm(arms: pd.DataFrame) -> pd.DataFrame:
    """Of the rows of an arm in one window the one on its trial's primary scale, then that of most people."""
    other = arms["scale"] != arms["primary_scale"] if "primary_scale" in arms else pd.Series(False, index=arms.index)
    order = arms.assign(_other=other).sort_values(["_other", "n"], ascending=[True, False], kind="stable")
    twice = order.duplicated(["study", "arm", "window"])
    return arms.loc[order.index[~twice & order["window"].notna()].sort_values()]


def _control_rates(arms: pd.DataFrame, effects: pd.DataFrame) -> pd.DataFrame:
    """Responders on control for each cell of `effects`: `estimate, conf_low, conf_high, k, whose`."""
    cells = effects[CELL].astype({"window": str}).drop_duplicates()
    counted = arms[(arms["outcome"] == "response") & arms["events"].notna()] if "events" in arms else arms.head(0)
    counted = counted[counted["role"] == "control"]
    if "timing" in counted:
        counted = counted[counted["timing"] == "at"]
    if "control_kind" in counted:
        counted = counted[counted["control_kind"].isna() | counted["control_kind"].isin(POOLED_CONTROL_KINDS)]
    if counted.empty:
        return cells.assign(estimate=np.nan, conf_low=np.nan, conf_high=np.nan, k=0, whose="nobody counted responders")
    counted = _one_row_an_arm(one_per_window(counted)).astype({"window": str})
    odds = arm_log_odds(counted).drop(columns=["window", "window_hours"], errors="ignore")
    # of two kinds of control in one trial that of most people, whatever the order of the rows
    odds = odds.sort_values(["n", "control_kind", "arm"], ascending=[False, True, True], kind="stable")
    odds = assign_window(odds).astype({"window": str}).drop_duplicates(["study", "window"])
    # every trial once where it is one of a cell's own, and once among all trials at that time
    own = effects[["study", *CELL]].astype({"window": str}).merge(
        odds[["study", "window", "estimate", "std_error"]], on=["study", "window"]
    )  # fmt: skip
    everyone = odds[["study", "window", "estimate", "std_error"]].assign(treatment_class="")
    pools = [
        as_proportion(bayes_random_effects(part, scale=CONTROL_SPREAD, by=CELL).summary().drop(columns="std_error"))
        for part in (own, everyone) if len(part)
    ]  # fmt: skip
    names = ["estimate", "conf_low", "conf_high", "k"]
    all_trials = pools[-1].set_index("window")[names]
    table = cells.merge(pools[0][[*CELL, *names]], on=CELL, how="left") if len(own) else cells.reindex(
        columns=[*CELL, *names])  # fmt: skip
    absent = table["estimate"].isna()
    table.loc[absent, names] = all_trials.reindex(table.loc[absent, "window"]).to_numpy()
    return table.assign(whose=np.where(absent, "of all trials at that time", "of the cell's own trials"))
