"""The rules notebooks keep: one question each, one cell of parameters, short cells, committed executed and clean."""

import ast
import re
from pathlib import Path

import nbformat
import pytest

NOTEBOOKS = sorted((Path(__file__).parents[1] / "notebooks").glob("*.ipynb"))


def test_the_notebooks_are_there():
    names = [path.stem for path in NOTEBOOKS]
    assert names[:3] == ["00_start_here", "01_the_evidence", "02_response_at_24_hours"]
    assert sum(path.stat().st_size for path in NOTEBOOKS) < 3_000_000


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_keeps_the_rules(path):
    notebook = nbformat.read(path, as_version=4)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert notebook.cells[0].source.startswith("# ") and "?" in notebook.cells[0].source.splitlines()[0]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    assert not any(output.output_type in ("error", "stream") for cell in code for output in cell.outputs)
    tagged = [cell for cell in code if "parameters" in cell.metadata.get("tags", [])]
    assert len(tagged) == 1
    for line in tagged[0].source.splitlines():
        assert "  # " in line, f"a parameter without its comment: {line}"
    for cell in code:
        assert cell.source.count("\n") < 15
        assert not any(isinstance(node, (ast.FunctionDef, ast.ClassDef)) for node in ast.walk(ast.parse(cell.source)))
    tags = [tag for cell in code for tag in cell.metadata.get("tags", [])]
    assert "headline" in tags and "headline_numbers" in tags


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_links_on_and_every_link_is_a_notebook(path):
    notebook = nbformat.read(path, as_version=4)
    links = re.findall(r"\]\((\w+\.ipynb)\)", "\n".join(cell.source for cell in notebook.cells))
    assert links and set(links) <= {other.name for other in NOTEBOOKS}
