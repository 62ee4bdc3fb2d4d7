"""The open questions of a new recipe as a form of a notebook, with a preview of how the file will be read."""

from __future__ import annotations

import html
from pathlib import Path
from typing import Any

from ..any_file.examination import errors_of_recipe
from ..any_file.new_recipe import recipe_text, with_follow_ups
from ..any_file.preview import preview
from ..any_file.questions import Question, answered, choices, confirmed, open_questions
from ..any_file.recipe import free_recipe
from ..errors import describe_problems, one_problem
from ..reading.formats import RawTable, read_table
from ..words import counted

WIDE = "100%"


def new(path: str | Path, *, sheet: str | None = None) -> Any:
    """A form (ipywidgets) with the open questions of a file's new recipe, and how it will be read, kept up to date.

    path : a data file of any format. sheet : of a workbook with several. Each answer is a line of the recipe, and
    nothing is asked twice. "All is right" writes dataset.toml (FILE.toml, where that is another's).
    Raises DatasetError for a file that cannot be read, and where a recipe exists already.
    """
    path = Path(path)
    target = free_recipe(path)
    if target.exists():
        raise one_problem(str(target), "no recipe there yet", "it is not overwritten: edit and check it, or remove it")
    return _Form(path, target, recipe_text(path, sheet=sheet, base=target.parent), read_table(path, sheet=sheet)).box


class _Form:
    """What is asked, what was answered and the preview; `text` is the recipe as it stands."""

    def __init__(self, path: Path, target: Path, text: str, raw: RawTable) -> None:
        import ipywidgets as widgets

        self.path, self.target, self.raw = path, target, raw
        self.columns = [str(name) for name in raw.frame.columns if name != "_line"]
        self.first = self.text = text
        self.told: list[str] = []
        self.before: list[str] = []  # the text before each answer
        self.said, self.warned = "", False
        self.box = widgets.VBox(layout=widgets.Layout(width=WIDE))
        self.draw()

    def draw(self) -> None:
        """The form as the recipe's text has it."""
        import ipywidgets as widgets

        questions = open_questions(self.text)
        rows = [self.row(question) for question in questions]
        guessed = [one for one in questions if not one.open]
        buttons = []
        if guessed:
            buttons.append(self.button(f"Keep the other {len(guessed)} guesses", self.keep))
        if not questions:
            buttons.append(self.button("All is right: write the recipe", self.write))
        if self.told:
            buttons += [self.button("Take the last answer back", self.back), self.button("Start again", self.restart)]
        head = f"<b>{html.escape(self.path.name)}</b>: {counted(len(questions), 'open question')}"
        answers = "".join(f"<li>{html.escape(one)}</li>" for one in self.told)
        self.box.children = [
            widgets.HTML(head),
            *rows,
            widgets.HBox(buttons),
            widgets.HTML(f"<p role='status'>{html.escape(self.said)}</p>" if self.said else ""),
            widgets.HTML(f"<details><summary>Answered</summary><ul>{answers}</ul></details>" if answers else ""),
            widgets.HTML(self.preview()),
        ]

    def row(self, question: Question) -> Any:
        """One question with a field that holds its guess, and a button."""
        import ipywidgets as widgets

        words = widgets.HTML(html.escape(question.words), layout=widgets.Layout(width=WIDE))
        field = widgets.Combobox(
            value="" if question.open else question.value, options=choices(question, self.columns),
            placeholder="type or choose", ensure_option=False, layout=widgets.Layout(width="60%"),
        )  # fmt: skip
        button = self.button(
            "Answer" if question.open else "Keep or change", lambda: self.answer(question, field.value)
        )
        return widgets.VBox([words, widgets.HBox([field, button])])

    def button(self, words: str, act: Any) -> Any:
        import ipywidgets as widgets

        made = widgets.Button(description=words, layout=widgets.Layout(width="auto"))
        made.on_click(lambda _: self.after(act))
        return made

    def after(self, act: Any) -> None:
        """Does it, says what is wrong with it, and draws again."""
        try:
            self.said = act() or ""
        except (ValueError, OSError) as error:
            self.said = str(error)
        self.draw()

    def answer(self, question: Question, value: str) -> None:
        kept = value.strip() in ("", question.value) and not question.open
        text = answered(self.text, question, "" if kept else value, self.columns)
        self.before.append(self.text)
        self.text = with_follow_ups(text, self.raw)
        name = " ".join(filter(None, (question.table, question.key, question.part)))
        self.told.append(f"{name}: {value or question.value}")

    def keep(self) -> None:
        while guessed := [one for one in open_questions(self.text) if not one.open]:
            self.answer(guessed[0], "")

    def restart(self) -> None:
        self.text, self.told, self.before, self.warned = self.first, [], [], False

    def back(self) -> None:
        self.text, self.warned = self.before.pop(), False
        self.told.pop()

    def write(self) -> str:
        errors = errors_of_recipe(confirmed(self.text), self.target)
        if len(errors) and not self.warned:
            self.warned = True
            return f"Not written: {describe_problems(errors, 3)} Press again to write it as it is."
        with self.target.open("x", encoding="utf-8", newline="\n") as file:
            file.write(confirmed(self.text))
        return f"written: {self.target}. Next: ka.read_dataset({str(self.path)!r})"

    def preview(self) -> str:
        shown = preview(self.text, self.target)
        if shown.words:
            return f"<p>Cannot be read yet: {html.escape(shown.words)}</p>"
        parts = ["<p><b>The first rows, as they will be read</b></p>", shown.rows.to_html(index=False, na_rep="")]
        if len(shown.counts):
            parts += ["<p><b>Scores or results by arm and time</b></p>", shown.counts.to_html(index=False, na_rep="")]
        return f"<div style='overflow-x:auto'>{''.join(parts)}</div>"
