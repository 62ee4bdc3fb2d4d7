"""The front page says the answer first: its sentences, its figure, then the questions."""

import nbformat
import pandas as pd

from ketamine_analysis.report.pages import ANSWER, write_index

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


def _notebook(title, words):
    cell = nbformat.v4.new_code_cell("x", metadata={"tags": ["headline"]})
    cell.outputs = [nbformat.v4.new_output("display_data", data={"image/png": PIXEL})]
    numbers = nbformat.v4.new_code_cell("y", metadata={"tags": ["headline_numbers"]})
    numbers.outputs = [nbformat.v4.new_output("display_data", data={"text/markdown": words})]
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell(f"# {title}\n\nWhy."), cell, numbers])


def _index(folder, not_asked=None):
    books = {"01_first": _notebook("First?", "One."), ANSWER: _notebook("Answer?", "At 24 hours **7** points & more.")}
    rows = [{"notebook": name, "title": book.cells[0].source.splitlines()[0][2:], "seconds": 1.0, "ok": True,
             "not_asked": not_asked if name == ANSWER else None, "failed_cell": None, "error": None}
            for name, book in books.items()]  # fmt: skip
    write_index(folder, pd.DataFrame(rows), books, "About.")
    return (folder / "index.html").read_text(encoding="utf-8")


def test_the_answer_stands_before_the_questions_and_its_figure_says_it_too(tmp_path):
    page = _index(tmp_path)
    answer, questions, first = (
        page.index(one) for one in (f'<h2 id="{ANSWER}">', '<ul class="questions">', '<h2 id="01_first">')
    )
    assert answer < questions < first and page.count(f'<h2 id="{ANSWER}">') == 1
    assert page.index("At 24 hours") < page.index("<img")
    assert 'alt="At 24 hours 7 points &amp; more."' in page
    assert f'<a href="#{ANSWER}">Answer?</a>' in page  # and among the questions


def test_where_the_data_hold_no_answer_the_questions_come_first(tmp_path):
    page = _index(tmp_path, not_asked="no ketamine here")
    assert page.index('<ul class="questions">') < page.index('<h2 id="01_first">') < page.index(f'<h2 id="{ANSWER}">')
