"""Everything a person should know about a dataset before running it: what was understood, and every problem."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from ..effects.effects_read import problems_in_effects
from ..errors import PROBLEM_COLUMNS, DatasetError, problem_table
from ..reading.checks import ARM_NUMBERS, problems_in_arms, problems_in_scores
from ..reading.datasets import rows_from_baseline
from ..reading.derived_numbers import with_derived
from ..words import numeric
from .any_dataset import check_confirmed, open_dataset
from .file_words import in_file_words
from .plausibility import implausible
from .recipe_checks import COLUMNS
from .reshape import RawDataset

SHOWN_NAMES = 12  # of arms, times or studies spelled out


@dataclass(frozen=True)
class Examination:
    """What a dataset holds and what is wrong with it; made by `examine`.

    file : name of the data file. grain : "patients", "arms", or "" when it could not be read.
    understood : columns `what, found`. problems : columns `file, row, column, value, rule, severity, message`.
    """

    file: str
    grain: str
    understood: pd.DataFrame
    problems: pd.DataFrame

    @property
    def errors(self) -> int:
        """Number of problems that stop an analysis."""
        return int((self.problems["severity"] == "error").sum())

    @property
    def exit_code(self) -> int:
        """0 clean, 1 only warnings, 2 errors."""
        return 2 if self.errors else int(len(self.problems) > 0)

    def _repr_html_(self) -> str:
        return self.understood.to_html(index=False) + self.problems.to_html(index=False)


def examine(path: str | Path) -> Examination:
    """The examination of a data file (read by its recipe where there is one) or of a recipe; nothing is raised for it.

    Every rule of the table, every plausibility rule, and whether the recipe's guesses are confirmed.
    """
    try:
        data = open_dataset(path)
        frame = rows_from_baseline(data.frame, data.file) if "baseline" in data.frame else data.frame
    except DatasetError as error:
        understood = pd.DataFrame(
            [("file", str(path)), ("read as", "nothing yet: see the problems")], columns=["what", "found"]
        )
        return Examination(Path(path).name, "", understood, error.problems)
    lines = frame.pop("_line")
    words = [name for name in frame if not pd.api.types.is_numeric_dtype(frame[name]) and name in COLUMNS]
    frame = frame.astype(dict.fromkeys(words, "category"))  # each different word is looked at once: millions of rows
    doubts = [(None, "", None, "an encoding that is known", one) for one in data.doubts]
    problems = [
        _unconfirmed(data),
        problem_table(data.file, doubts, "warning"),
        CHECKS[data.grain](frame, file=data.file, lines=lines),
    ]
    understood = _facts_of_file(data)
    if not problems[-1]["rule"].isin(["column present", "column named once"]).any():
        entry = data.recipe.entry_score if data.recipe is not None else None
        problems.append(implausible(frame, data.grain, file=data.file, lines=lines, entry_score=entry))
        understood |= FACTS[data.grain](frame)
    table = pd.DataFrame(list(understood.items()), columns=["what", "found"])
    found = pd.concat([one for one in problems if len(one)] or [problems[-1]], ignore_index=True)
    found = in_file_words(found, frame, lines, data.recipe)
    return Examination(data.file, data.grain, table, found)


def errors_of_recipe(text: str, target: Path) -> pd.DataFrame:
    """The errors that `check` would find with this recipe's text at `target`; it is written aside and taken away."""
    aside = target.with_name(f".{target.stem}-{os.getpid()}.toml")
    try:
        aside.write_text(text, encoding="utf-8", newline="\n")
        problems = examine(aside).problems
    finally:
        aside.unlink(missing_ok=True)
    return problems[problems["severity"] == "error"].reset_index(drop=True)


def _unconfirmed(data: RawDataset) -> pd.DataFrame:
    if data.recipe is not None:
        try:
            check_confirmed(data.recipe)
        except DatasetError as error:
            return error.problems.assign(severity="warning")
    return pd.DataFrame(columns=list(PROBLEM_COLUMNS))


def _facts_of_file(data: RawDataset) -> dict[str, str]:
    recipe = data.recipe.source.name if data.recipe is not None else "none: the file has the library's own column names"
    facts = {"file": data.file, "recipe": recipe, "grain": data.grain}
    return facts | {f"how it was read ({i})": note for i, note in enumerate(data.notes, 1)}


def _facts_of_scores(frame: pd.DataFrame) -> dict[str, str]:
    hours, score = numeric(frame["hours"]), numeric(frame["score"])
    people = frame[["study", "subject", "arm"]].drop_duplicates()
    facts = {
        "rows": f"{len(frame)}, {int(score.isna().sum())} without a score",
        "studies": _names(people["study"]),
        "subjects": str(len(people[["study", "subject"]].drop_duplicates())),
        "arms": _counts(people["arm"].value_counts(sort=False), _arm_words(frame)),
        "hours since first dose": _times(hours),
        "scale": _names(frame["scale"]),
    }
    before = frame.assign(hours=hours, score=score)[(hours <= 0) & score.notna()]
    lacking = len(people) - len(before[["study", "subject", "arm"]].drop_duplicates())
    facts |= {"without a baseline score": f"{lacking} subjects: no change or response can be known"} if lacking else {}
    for scale, rows in before.sort_values("hours").groupby("scale", observed=True):
        last = rows.drop_duplicates(["study", "subject"], keep="last")["score"]
        spread = f", SD {last.std():.1f}" if len(last) > 1 else ""
        facts[f"baseline {scale}"] = f"mean {last.mean():.1f}{spread}, {last.min():g} to {last.max():g}, n {len(last)}"
    return facts


def _facts_of_arms(frame: pd.DataFrame) -> dict[str, str]:
    hours = numeric(frame["hours"])
    arms = frame[["study", "arm"]].drop_duplicates()
    role = frame.drop_duplicates(["study", "arm"])["role"].value_counts() if "role" in frame else pd.Series(dtype=int)
    roles = ", ".join(f"{count} {name}" for name, count in role.items()) or "no role: no control arm is known"
    numbers = frame.assign(**{name: numeric(frame[name]) for name in ARM_NUMBERS if name in frame})
    found = with_derived(numbers).get("derived", pd.Series(dtype=object)).value_counts()
    return {
        "rows": str(len(frame)),
        "studies": _names(frame["study"]),
        "arms": f"{len(arms)} ({roles})",
        "outcomes": _counts(frame["outcome"].value_counts(), {}),
        "hours since first dose": _times(hours),
        "scale": _names(frame["scale"]),
    } | ({"found from what is printed": _counts(found, {})} if len(found) else {})


def _facts_of_effects(frame: pd.DataFrame) -> dict[str, str]:
    pairs = frame[[name for name in ("arm", "control_arm") if name in frame]].astype(str).agg(" against ".join, axis=1)
    return {
        "rows": str(len(frame)),
        "studies": _names(frame["study"]),
        "contrasts": _counts(pairs.value_counts(), {}) if pairs.any() else "arms not named",
        "measure": _names(frame["measure"]) + ", better on the drug: " + _names(frame["favours_drug"]),
        "hours since first dose": _times(numeric(frame["hours"]) if "hours" in frame else pd.Series(dtype=float)),
    }


def _arm_words(frame: pd.DataFrame) -> dict[str, str]:
    names = [name for name in ("treatment_class", "role") if name in frame]
    rows = frame[["arm", *names]].drop_duplicates("arm")
    return {
        row["arm"]: ", ".join(str(row[name]) for name in names if pd.notna(row[name]))
        for row in rows.to_dict("records")
    }


def _names(values: pd.Series) -> str:
    names = [str(one) for one in values.dropna().unique()]
    more = f" … ({len(names)} in all)" if len(names) > SHOWN_NAMES else ""
    return ", ".join(names[:SHOWN_NAMES]) + more


def _counts(counts: pd.Series, words: Mapping[str, str]) -> str:
    parts = [
        f"{name} (n {count}{'; ' + words[name] if words.get(name) else ''})"
        for name, count in counts.head(SHOWN_NAMES).items()
    ]
    return ", ".join(parts) + (f" … ({len(counts)} in all)" if len(counts) > SHOWN_NAMES else "")


def _times(hours: pd.Series) -> str:
    times = sorted(hours.dropna().unique())
    if not times:
        return "not stated: no time window, no curve"
    if len(times) <= SHOWN_NAMES:
        return ", ".join(f"{one:g}" for one in times)
    return f"{times[0]:g} to {times[-1]:g} ({len(times)} different)"


CHECKS = {"patients": problems_in_scores, "arms": problems_in_arms, "effects": problems_in_effects}
FACTS = {"patients": _facts_of_scores, "arms": _facts_of_arms, "effects": _facts_of_effects}
