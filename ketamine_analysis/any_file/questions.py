"""The open questions of a new recipe, one by one: what is asked, what stands there, and the recipe with the answer."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from ..effects.effects_read import EFFECT_MEASURES, FAVOURS
from ..errors import nearest
from ..evidence.shipped import arm_words
from ..outcomes.scales import NOT_STATED, SCALES
from ..reading.checks import ALLOWED
from ..reading.raw_tables import TIME_UNITS
from ..reading.visits import DROP
from .recipe import wrong_answer
from .recipe_checks import CHANGES
from .recognise import GUESS

OPEN = ("?", "hours?")
_LINE = re.compile(r"^(?P<key>[^#=\[\]]+?) = (?P<value>.+?)  # (?P<sure>sure|likely|GUESS)(?:: (?P<why>.*))?$")


@dataclass(frozen=True)
class Question:
    """One guess of a recipe: `line` (from 0), `table` and `key` it stands under, `part` of an arm, `value`, `why`.

    open : nothing is guessed, an answer is needed; else Enter keeps the guess.
    """

    line: int
    table: str
    key: str
    part: str
    value: str
    why: str

    @property
    def open(self) -> bool:
        """Whether there is no guess to keep."""
        return self.value in OPEN

    @property
    def words(self) -> str:
        """The question in a line: what is meant, why it is asked, what is guessed."""
        what = " ".join(filter(None, (f"[{self.table}]" if self.table else "", self.key, self.part)))
        kept = "" if self.open else f" [{self.value}]"
        return f"{what}: {self.why}{kept}"


def open_questions(text: str) -> list[Question]:
    """The guesses of a recipe in the order in which they stand; the parts of an arm that are asked, each by itself.

    >>> [one.words for one in open_questions('scale = "?"  # GUESS: no name tells it')]
    ['scale: no name tells it']
    """
    found, table = [], ""
    for place, line in enumerate(text.splitlines()):
        if line.startswith("["):
            table = line.split("]")[0].strip("[")
        told = _LINE.match(line)
        if told is None or told["sure"] != GUESS:
            continue
        value, key, why = tomllib.loads(f"v = {told['value']}")["v"], told["key"].strip('"'), told["why"] or ""
        if isinstance(value, dict):
            asked = [part for part, one in value.items() if one in OPEN]
            found += [Question(place, table, key, part, "?", why) for part in asked]
            found += [] if asked else [Question(place, table, key, "", told["value"], why)]
        else:
            shown = str(value) if isinstance(value, str) else told["value"]
            found.append(Question(place, table, key, "", shown, why))
    return found


def with_answer(text: str, question: Question, answer: str) -> str:
    """The recipe with the answer in its line; an empty answer keeps the guess. Raises ValueError where one is needed.

    >>> asked = 'scale = "?"  # GUESS: no name tells it'
    >>> with_answer(asked, open_questions(asked)[0], "MADRS")
    'scale = "MADRS"  # sure: answered'
    """
    answer = "" if answer.strip() in OPEN else answer.strip()
    if not answer and question.open:
        raise ValueError("this one needs an answer")
    lines = text.splitlines()
    told = _LINE.match(lines[question.line])
    if told is None:
        raise ValueError(f"line {question.line + 1} is no longer the one that was asked about")
    value = told["value"]
    if question.part:
        value = re.sub(rf'({question.part} = )"\?"', lambda found: found[1] + _toml(answer), value, count=1)
    elif answer:
        value = _toml(answer)
    still = '"?"' in value
    lines[question.line] = (
        f"{told['key']} = {value}  # {GUESS + ': ' + (told['why'] or '') if still else 'sure: answered'}"
    )
    return "\n".join(lines) + ("\n" if text.endswith("\n") else "")


def ask_all(text: str, ask: Callable[[str], str], tell: Callable[[str], None]) -> str:
    """The recipe after each of its questions was put by `ask` (the words of a question → the answer), and confirmed.

    tell : told what an answer lacks; the question is put again.
    """
    asked: set[str] = set()
    while questions := open_questions(text):
        question = questions[0]
        asked |= {question.table, question.key}
        try:
            text = answered(text, question, ask(question.words))
        except ValueError as error:
            tell(str(error))
    waits = re.search(r"(?m)^confirmed = false.*guessed: (.*?)\. Read", text)
    rest = [one for one in waits[1].split(", ") if one not in asked] if waits else []
    if rest:
        tell(text)
        if ask(f"guessed, and not asked: {', '.join(rest)}. Are these lines right? [yes]").strip()[:1] in ("n", "N"):
            return text
    return confirmed(text)


def answered(text: str, question: Question, answer: str, columns: Sequence[str] = ()) -> str:
    """As `with_answer`, and ValueError also for an answer that cannot be; columns : of the file, where known."""
    new = with_answer(text, question, answer)
    if question.table == "columns" and answer.strip() and columns and answer.strip() not in columns:
        raise ValueError(f"the file has no column {answer.strip()!r}{nearest(answer.strip(), columns)}")
    if wrong := wrong_answer(new, question.table, question.key):
        raise ValueError(wrong)
    return new


def confirmed(text: str) -> str:
    """The recipe with its guesses confirmed."""
    return re.sub(r"(?m)^confirmed = false.*$", "confirmed = true  # every question was answered", text)


def choices(question: Question, columns: Sequence[str]) -> list[str]:
    """What may be answered, where it is one of some words; columns : of the file."""
    if question.table == "columns":
        return list(columns)
    if question.table == "arms":
        return list(ALLOWED.get(question.part) or arm_words(question.part) or ())
    words: dict[str, Iterable[str]] = {
        "scale": (*SCALES, NOT_STATED), "outcome": ALLOWED["outcome"], "measure": EFFECT_MEASURES,
        "favours_drug": FAVOURS, "change_is": CHANGES, "unit": TIME_UNITS, "subject": columns,
    }  # fmt: skip
    of_scales = question.table in ("scale_names", "scores")
    return list((*SCALES, DROP) if of_scales else words.get(question.key, ()))


def _toml(answer: str) -> str:
    """The answer as a TOML value: a number, a list, a table or true and false as they are, all else as text."""
    try:
        tomllib.loads(f"v = {answer}")
    except tomllib.TOMLDecodeError:
        return '"' + answer.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return answer
