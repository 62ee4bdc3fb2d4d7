"""The new recipe of a table of results: arms side by side, a row an arm, a row a contrast, Metapsy's convention."""

from __future__ import annotations

from pathlib import Path

from ..outcomes.scales import NOT_STATED
from ..reading.column_names import squeezed
from ..words import numeric
from .metapsy import NEEDED, metapsy_arm
from .recipe_plan import ALL, Plan, plan_arms, plan_missing, plan_unit
from .recognise import ARM_LEVEL, GUESS, LIKELY, SURE, Guess, guess_scale, spellings, words_of
from .recognise_results import guess_measure, results_columns, row_a_contrast, row_an_arm, side_by_side

SPREADS = ("mean", "sd", "std_error", "n", "events", "percent", "estimate", "conf_low", "conf_high")
METAPSY = {*NEEDED, "time_weeks", "outcome_type"}
OUTCOME_WORDS = {"resp": "response", "remi": "remission", "relaps": "relapse", "chang": "change"}
NO_TIME = "no column tells when: the results of a trial are contrasted, and stand in no time window and on no curve"
NO_DRUG = 'which drugs the arms had is not told: [arms] experimental = { treatment = "ketamine", … } tells it'


def plan_results(plan: Plan, path: Path) -> bool:
    """Fills the plan where the file holds results of trials; False where it does not look so."""
    columns = set(plan.raw.frame.columns)
    if not _planned(plan, path, columns):
        return False
    numbers = [
        str(guess.value)
        for name, guess in plan.columns.items()
        if name.rpartition("_")[0] in SPREADS or name in SPREADS
    ]
    plan_missing(plan, numbers)
    return True


def _planned(plan: Plan, path: Path, columns: set[str]) -> bool:
    if columns >= METAPSY:
        _plan_metapsy(plan)
    elif sides := side_by_side(plan.raw):
        _plan_sides(plan, path, sides)
    elif contrast := row_a_contrast(plan.raw):
        _plan_contrasts(plan, path, contrast)
    elif counts := _counts(plan):
        _plan_arms_below(plan, path, counts)
    else:
        return False
    return True


def _counts(plan: Plan) -> dict[str, Guess]:
    """The columns of a row an arm; {} where another column holds scores ("total" may be the arm's n)."""
    counts, score = row_an_arm(plan.raw), plan.columns.get("score")
    return counts if score is None or score.value in {guess.value for guess in counts.values()} else {}


def _plan_metapsy(plan: Plan) -> None:
    plan.top["grain"] = Guess("arms", SURE, "the columns follow Metapsy: two arms a row")
    plan.top["layout"] = Guess("metapsy", SURE, "condition_arm1 and condition_arm2")
    plan.columns = {}
    labels = [label for side in ("1", "2") for label in metapsy_arm(plan.raw.frame, side)]
    plan_arms(plan, {label: [] for label in labels}, "arm")


def _plan_sides(plan: Plan, path: Path, sides: dict[str, Guess]) -> None:
    names = list(dict.fromkeys(name.rpartition("_")[2] for name in sides))
    plan.top["grain"] = Guess("arms", LIKELY, f"no patients: counts or spreads of {len(names)} arms stand in each row")
    plan.top["layout"] = Guess("two_arms" if len(names) == 2 else "several_arms", LIKELY, "arms side by side")
    _keep_columns(plan, sides)
    plan.columns.pop("arm", None)
    _plan_words(plan, path)
    treatments = [guess.value for name, guess in sides.items() if name.startswith("treatment_")]
    labels = [label for column in treatments for label in words_of(plan.raw, column)] if treatments else names
    if treatments or not {*names} <= {"1", "2"}:
        plan_arms(plan, {label: [] for label in dict.fromkeys(labels)}, "arm", results=True)
    else:
        first = ", ".join(guess.value for name, guess in sides.items() if name.endswith("_1"))
        plan.notes += [f"arm 1 ({first}) is read as the experimental arm, arm 2 as its control", NO_DRUG]


def _plan_arms_below(plan: Plan, path: Path, counts: dict[str, Guess]) -> None:
    plan.top["grain"] = Guess("arms", LIKELY, "no patients: n with events or means in each row, one row an arm")
    _keep_columns(plan, counts)
    _plan_words(plan, path)
    columns = plan.columns
    if "role" in columns:
        return
    by = "treatment" if "treatment" in columns and columns["treatment"] != columns.get("arm") else "arm"
    if by in columns:
        plan_arms(plan, spellings(plan.raw, columns[by].value), by, results=True)
    else:
        plan.tables["arms"] = {ALL: Guess({"role": "active"}, GUESS, "one group? no column tells arms apart; say its "
                                          "treatment and treatment_class")}  # fmt: skip
        plan.doubts.append("arms")


def _plan_contrasts(plan: Plan, path: Path, found: dict[str, Guess]) -> None:
    plan.top["grain"] = Guess("effects", LIKELY, "no patients: an estimate with its error in each row")
    get = {name: numeric(plan.raw.frame[guess.value]) for name, guess in found.items()}
    if "measure" not in plan.raw.frame:
        plan.top["measure"] = guess_measure(found["estimate"].value, get)
    if "favours_drug" not in plan.raw.frame:
        words = "which estimates are better on the drug: negative, positive, or of a plain ratio above_1, below_1?"
        plan.top["favours_drug"] = Guess("?", GUESS, words)
    _keep_columns(plan, found)
    _plan_words(plan, path)
    arms = [plan.columns[name].value for name in ("arm", "control_arm") if name in plan.columns]
    if len(arms) == 2:
        labels = dict.fromkeys(label for column in arms for label in words_of(plan.raw, column))
        plan_arms(plan, {label: [] for label in labels}, "arm", results=True)
    plan.doubts += [name for name in ("measure", "favours_drug") if name in plan.top]


def _keep_columns(plan: Plan, found: dict[str, Guess]) -> None:
    """The columns of numbers with those of the trial: study, arm, hours and the library's own words of an arm."""
    used = {guess.value for guess in found.values()}
    own = {name: guess for name, guess in plan.columns.items() if name in (*ARM_LEVEL, "study", "hours", "scale", "arm")
           and guess.value not in used and guess.confidence == SURE}  # fmt: skip
    trial = results_columns(plan.raw, used)
    plan.columns = {**trial, **own, **found}
    if "study" not in plan.columns:
        plan.columns["study"] = Guess("?", GUESS, "no column looks like the trials: name it")
        plan.doubts.append("study")


def _plan_words(plan: Plan, path: Path) -> None:
    """Outcome, scale and time, where no column holds them."""
    raw, columns = plan.raw, plan.columns
    if "outcome" in columns and (held := words_of(raw, columns["outcome"].value)) and all(map(_names_scale, held)):
        columns["scale"] = columns.pop("outcome")  # "MADRS" is what was rated, not what was counted
        plan.tables["scale_names"] = {one: Guess(guess.value, LIKELY, f"{one!r}") for one in held
                                      if (guess := guess_scale([one])) is not None}  # fmt: skip
    texts = [*raw.column_labels.values(), *map(str, raw.frame.columns), path.stem]
    if "outcome" not in columns:
        _plan_outcome(plan, path)
    if "scale" in raw.frame:
        columns["scale"] = Guess("scale", SURE, "the library's own name")
    elif "scale" not in columns:
        unsaid = Guess(NOT_STATED, GUESS, "no column and no name tells the scale: it may stay unsaid")
        plan.top["scale"] = guess_scale(texts) or unsaid
        plan.doubts.append("scale")
    plan_unit(plan)
    if "hours" not in columns:
        plan.notes.append(NO_TIME)


def _names_scale(word: str) -> bool:
    return guess_scale([word]) is not None


def _plan_outcome(plan: Plan, path: Path) -> None:
    """What is counted or measured, where no column says it."""
    numbers = {name.rpartition("_")[0] or name: guess.value for name, guess in reversed(plan.columns.items())}
    numbers |= {name: guess.value for name, guess in plan.columns.items()}
    measured = next((name for name in ("events", "percent", "mean", "estimate") if name in numbers), "events")
    column = str(numbers.get(measured, ""))
    words = [(text, outcome) for text in (column, path.stem) for word, outcome in OUTCOME_WORDS.items()
             if word in squeezed(text)]  # fmt: skip
    counted = measured in ("events", "percent")
    fitting = [one for one in words if (one[1] == "change") != counted]
    if measured == "estimate":
        return  # by its measure: a ratio is of responders, a difference of changes
    if fitting:
        plan.top["outcome"] = Guess(fitting[0][1], LIKELY, f"{fitting[0][0]!r} says so")
        return
    what = "counted" if counted else "measured"
    plan.top["outcome"] = Guess("response" if counted else "score", GUESS, f"{column!r} does not say what is {what}")
    plan.doubts.append("outcome")
