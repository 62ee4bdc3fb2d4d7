"""The rules notebooks keep: one question each, one cell of parameters, short cells, committed executed and clean."""

import ast
import base64
import html
import re
from pathlib import Path
from urllib.parse import unquote

import nbformat
import pytest
from IPython.core.inputtransformer2 import TransformerManager

from ketamine_analysis.report.page_body import page_body

NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))
README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
NAMES = [path.stem for path in NOTEBOOKS]
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
# a result typed into prose stays when the data change; counts, ratios, intervals and p-values come from code
TYPED_RESULT = re.compile(
    r"\b\d[\d,]* (?:trials|patients|arms|people|looks|rows)\b|\b\d+ of \d+\b|\b\d+/\d+\b"
    r"|ratio (?:of )?\d|\bp [=<] ?0|\(\d+(?:\.\d+)? to \d|\b\d+ \(\d"
)
ANCHOR = re.compile(r"[A-Za-z0-9 ,.:?'-]+")  # of a heading: JupyterLab finds no anchor with a percent-encoded letter
every_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=NAMES)


def _read(path):
    return nbformat.read(path, as_version=4)


def _code(path):
    return [cell for cell in _read(path).cells if cell.cell_type == "code"]


def _prose(path):
    return [cell.source for cell in _read(path).cells if cell.cell_type == "markdown"]


def _links(text):
    return re.findall(r"\[([^\]]+)\]\(([^)]+)\)", text)


def test_the_notebooks_are_there():
    assert NAMES[:3] == ["00_start_here", "01_the_evidence", "02_response_at_24_hours"]
    assert sum(path.stat().st_size for path in NOTEBOOKS) < 3_000_000


@every_notebook
def test_a_notebook_keeps_the_rules(path):
    notebook, code = _read(path), _code(path)
    assert notebook.cells[0].source.startswith("# ") and "?" in notebook.cells[0].source.splitlines()[0]
    tagged = [cell for cell in code if "parameters" in cell.metadata.get("tags", [])]
    assert len(tagged) == 1
    for line in tagged[0].source.splitlines():
        assert "  # " in line, f"a parameter without its comment: {line}"
    for cell in code:
        assert cell.source.count("\n") < 15
        plain = TransformerManager().transform_cell(cell.source)  # %pip and !git as calls
        assert not any(isinstance(node, (ast.FunctionDef, ast.ClassDef)) for node in ast.walk(ast.parse(plain)))
    tags = [tag for cell in code for tag in cell.metadata.get("tags", [])]
    assert tags.count("headline") == tags.count("headline_numbers") == 1
    assert set(tags) <= {"install", "parameters", "headline", "headline_numbers"}


@every_notebook
def test_a_notebook_is_committed_executed_and_clean(path):
    notebook, code = _read(path), _code(path)
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    assert [cell.id for cell in notebook.cells] == [f"{path.name[:2]}-{at:02d}" for at in range(len(notebook.cells))]
    assert notebook.metadata == METADATA
    for cell in notebook.cells:
        first = "install" in cell.metadata.get("tags", [])  # folded in JupyterLab: it is for few
        assert set(cell.metadata) <= {"tags"} or (first and cell.metadata["jupyter"] == {"source_hidden": True})
    for output in (output for cell in code for output in cell.outputs):
        assert output.output_type in ("display_data", "execute_result")
        assert "application/vnd.jupyter.widget-view+json" not in output.data  # its model lives in a kernel
        if "image/png" in output.data:
            header = base64.b64decode(output.data["image/png"])[:26]
            assert header[25] == 3, "a figure that .ci/run_notebooks has not made smaller"  # 3: a palette


@every_notebook
def test_the_first_cell_leads_back_on_to_the_readme_and_to_every_heading(path):
    place = NOTEBOOKS.index(path)
    lead, roads, contents = _prose(path)[0].split("\n\n")[1:]
    assert not lead.startswith(("[", "#", "|", "**On"))
    targets = dict((words.split(":")[0], target) for words, target in _links(roads))
    assert targets.get("Back") == (NOTEBOOKS[place - 1].name if place else None)
    assert targets.get("Next") == (NOTEBOOKS[place + 1].name if place + 1 < len(NOTEBOOKS) else None)
    assert targets["All questions, in the README"] == "../README.md#the-notebooks" and "## The notebooks" in README
    assert f"[{path.stem}](notebooks/{path.name})" in README
    headings = [line[3:] for text in _prose(path) for line in text.splitlines() if line.startswith("## ")]
    assert len(headings) == len(set(headings)) >= 3 and all(ANCHOR.fullmatch(one) for one in headings)
    assert contents.startswith("**On this page:** ")
    assert _links(contents) == [(one, f"#{one.replace(' ', '-')}") for one in headings]


@every_notebook
def test_the_question_in_the_readme_is_the_title(path):
    title = _prose(path)[0].splitlines()[0].removeprefix("# ")
    row = next(line for line in README.splitlines() if f"(notebooks/{path.name})" in line)
    assert title in row


@every_notebook
def test_every_link_is_a_notebook_and_every_heading_is_followed_by_words(path):
    links = [target for text in _prose(path) for _, target in _links(text)]
    assert {one.split("#")[0] for one in links if ".ipynb" in one} <= {other.name for other in NOTEBOOKS}
    for text in _prose(path):
        for part in re.split(r"^## .*$", text, flags=re.MULTILINE)[1:]:
            assert part.strip(), "a heading without the words that say why"
    assert re.search(r"^## (The limit|What cannot be concluded)$", _prose(path)[-1], re.MULTILINE)


@every_notebook
def test_no_result_is_typed_into_prose(path):
    for text in _prose(path):
        assert TYPED_RESULT.findall(text) == []


def test_the_rule_on_typed_results_can_fail():
    for words in ("12 of 17 patients", "3 trials", "an odds ratio of 1.49", "p < 0.05", "1.49 (1.38 to 1.61)", "21/30"):
        assert TYPED_RESULT.search(words)
    for words in ("95 % intervals", "a fall of 50 %", "the 24-hour rate", "at least half", "adds 0.5 to empty cells"):
        assert not TYPED_RESULT.search(words)


@every_notebook
def test_every_figure_says_its_source_and_every_table_is_readable(path):
    for cell in _code(path):
        for output in cell.outputs:
            assert "image/png" not in output.data or "ka.note_source(" in cell.source, cell.source
            page = output.data.get("text/html", "")
            assert "<table" not in page or 'class="text"' in page or 'class="number"' in page, cell.source
            assert not re.search(r">-?\d+\.\d{4,}<|>NaN<|>(?:nan|None)<", page), cell.source  # no digits nobody needs


@pytest.fixture(scope="module")
def bodies():
    return {path.stem: page_body(_read(path), path.stem, NAMES) for path in NOTEBOOKS}


@every_notebook
@pytest.mark.slow
def test_a_page_has_no_dead_anchor_and_loses_no_link(path, bodies):
    body = bodies[path.stem]
    # (an anchor's own sign has a class before its address, and is not among these)
    shown = [html.unescape(target) for target in re.findall(r'<a href="([^"]*)">', body)]
    ids = {name: set(map(html.unescape, re.findall(r'\sid="([^"]*)"', text))) for name, text in bodies.items()}
    for target in shown:
        page, _, anchor = target.partition("#")
        if page == "index.html":
            assert anchor == path.stem
        elif page.endswith(".html") or not page:
            assert page.removesuffix(".html") in ids or not page
            assert not anchor or unquote(anchor) in ids[page.removesuffix(".html") or path.stem]
    assert len(shown) == sum(len(_links(text)) for text in _prose(path))
