"""Pieces of a page: what an output may bring, what a page says where a kernel is needed, and where links lead."""

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from ketamine_analysis.report.page_body import clean_html, page_body

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
TITLE = new_markdown_cell("# How fast?\n\n[README](../README.md#the-notebooks) · [a](#Rates-%281%29) · [b](#Gone)")


def _shown(data, metadata=None):
    return new_output("display_data", data=data, metadata=metadata or {})


def _body(*cells, name="01_speed", names=("01_speed", "02_size")):
    return page_body(nbformat.from_dict(new_notebook(cells=list(cells))), name, list(names))


def test_a_figure_keeps_the_words_it_brings_and_others_take_the_heading():
    view = _shown({"text/html": f'<img alt="Forest of 3 trials" src="data:image/png;base64,{PIXEL}">'})
    told = _shown({"image/png": PIXEL}, {"image/png": {"alt": "Two curves"}})
    silent = _shown({"image/png": PIXEL})
    body = _body(TITLE, new_markdown_cell("## Rates"), new_code_cell("x", outputs=[view, told, silent]))
    for words in ("Forest of 3 trials", "Two curves", "Rates"):
        assert body.count(f'alt="{words}"') == 1
    assert body.count(f"data:image/png;base64,{PIXEL}") == 3


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ('<img alt="a" src="https://example.invalid/a.png">', '<img alt="a">'),
        ('<img src="data:image/svg+xml;base64,PHN2Zz4=">', "<img>"),
        (f'<img src="data:image/png;base64,{PIXEL}" onload="x()">', f'<img src="data:image/png;base64,{PIXEL}">'),
        ('<a href="data:text/html,x">b</a>', "<a>b</a>"),
        ('<a href="java\tscript:x()">b</a>', "<a>b</a>"),
        ('<a href="tables/01_a.csv">b</a>', '<a href="tables/01_a.csv">b</a>'),
        ('<a href="#Rates">b</a>', '<a href="#Rates">b</a>'),
        ('<p class="text" style="background: url(x)">b</p>', '<p class="text">b</p>'),
    ],
)
def test_outputs_bring_pixels_and_links_and_nothing_that_loads_or_runs(given, kept):
    assert clean_html(given) == kept


def test_a_widget_is_a_line_that_says_what_it_needs():
    widget = _shown({"application/vnd.jupyter.widget-view+json": {"model_id": "1"}, "text/plain": "HBox(children=(V"})
    body = _body(TITLE, new_code_cell("ka.explore(arms)", outputs=[widget]))
    assert "HBox(children" not in body
    assert body.count("The controls here need a running notebook") == 1


def test_code_is_folded_and_parameters_stand_open_without_the_folder_of_a_run():
    asked = new_code_cell("window = '24 h'", metadata={"tags": ["parameters"]})
    folder = new_code_cell('# Parameters\nresults = "/home/me/out"', metadata={"tags": ["injected-parameters"]})
    body = _body(TITLE, asked, folder, new_code_cell("rate = 1"))
    assert body.count("<details") == body.count("</details>") == 2
    assert '<details class="code" open><summary>parameters</summary>' in body
    assert '<details class="code"><summary>code</summary>' in body and "/home/me" not in body
    given = new_code_cell('dataset = "mine.csv"\nresults = "/x"', metadata={"tags": ["injected-parameters"]})
    shown = _body(TITLE, given)  # what was run on somebody's data is shown
    assert "mine.csv" in shown and "/x" not in shown


def test_links_lead_to_pages_headings_and_the_index_or_are_text():
    cell = new_markdown_cell("## Rates (1)\n\n[next](02_size.ipynb) [there](02_size.ipynb#A) [none](03_x.ipynb)")
    body = _body(TITLE, cell)
    assert '<a href="index.html#01_speed">README</a>' in body
    assert '<a href="#Rates-%281%29">a</a> · b</p>' in body and 'id="Rates-(1)"' in body
    assert '<a href="02_size.html">next</a> <a href="02_size.html#A">there</a> none' in body
