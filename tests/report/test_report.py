"""Small notebooks made here, run for real; one run serves most tests."""

import json
import re
import sys
from pathlib import Path

import matplotlib.pyplot as plt
import nbformat
import pandas as pd
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from ketamine_analysis import save_result
from ketamine_analysis.report import page_body, pages
from ketamine_analysis.report.report import MADE_BY, run_report
from ketamine_analysis.report.whole_folder import whole_folder, write_manifest

FIGURE = """import matplotlib.pyplot as plt
import ketamine_analysis as ka
fig, ax = plt.subplots(figsize=(2, 1))
ax.plot([1, 24], [0.2, 0.7])
ka.save_result(ax, "rates", results)"""
TABLE = """import pandas as pd
table = pd.DataFrame({"term": ["<i>a</i>"], "estimate": [0.25]})
ka.save_result(table, "rates", results)
table"""


def _code(source, *tags):
    return new_code_cell(source, metadata={"tags": list(tags)})


def _write(folder, name, *cells):
    notebook = new_notebook(cells=list(cells))
    notebook.metadata["kernelspec"] = {"name": "not-installed", "display_name": "x", "language": "python"}
    nbformat.write(notebook, folder / name)


@pytest.fixture(autouse=True, scope="module")
def _version_without_install():
    """`pages` prints installed versions; a clone on PYTHONPATH has none of its own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pages, "version", lambda name: f"version-of-{name}")
        yield


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """(table, out, rows told to on_progress): one good, one failing, one whose kernel dies, one that is no notebook."""
    folder, out = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("place") / "out"
    _write(
        folder,
        "01_good.ipynb",
        new_markdown_cell("# How fast?\n\nThe **first** paragraph, x < y."),
        _code("results = None  # where files go", "parameters"),
        new_markdown_cell("## Rates"),
        _code(FIGURE, "headline"),
        _code("import sys, os\nprint('at', sys.executable, os.getcwd(), results)", "hide-input"),
        _code(TABLE, "headline_numbers"),
    )
    _write(
        folder,
        "02_bad.ipynb",
        new_markdown_cell("# Does it fail?\n\nIt does."),
        _code("half = 2"),
        _code("rate = half / 0\nrate"),
        _code("print('never')"),
    )
    _write(folder, "03_dead.ipynb", new_markdown_cell("# Does it die?"), _code("import os\nos._exit(1)"))
    (folder / "04_text.ipynb").write_text("not a notebook")
    _write(
        folder,
        "05_not_asked.ipynb",
        new_markdown_cell("# Is there anything?\n\nPerhaps."),
        _code("import ketamine_analysis as ka\nka.need_rows([], 'rows of <b>mine</b>')"),
        new_markdown_cell("## The reading of what is not there"),
    )
    with whole_folder(out, MADE_BY) as earlier:
        (earlier / "notebooks").mkdir()
        _write(earlier / "notebooks", "04_text.ipynb", new_markdown_cell("# Earlier"))
        (earlier / "00_earlier.html").write_text("Earlier")
        write_manifest(earlier, MADE_BY, {})
    told = []
    # a kernel "python3" registered by someone else must not be the one that runs
    spec = tmp_path_factory.mktemp("jupyter") / "kernels" / "python3" / "kernel.json"
    spec.parent.mkdir(parents=True)
    spec.write_text(json.dumps({"argv": ["/bin/false"], "display_name": "other", "language": "python"}))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JUPYTER_PATH", str(spec.parents[2]))
        patch.setenv("PYTHONPATH", str(Path(pages.__file__).parents[2]))  # the notebooks import the code tested here
        table = run_report(out, folder, workers=2, on_progress=told.append)
    return table.set_index("notebook"), out, told, folder


@pytest.mark.slow
def test_every_notebook_has_its_row_and_the_others_finish(run):
    table, _, told, _ = run
    assert table["ok"].tolist() == [True, False, False, False, True]
    assert table.columns.tolist() == ["title", "seconds", "ok", "not_asked", "failed_cell", "error"]
    assert table["title"].tolist() == ["How fast?", "Does it fail?", "Does it die?", "04_text", "Is there anything?"]
    assert sorted(row["notebook"] for row in told) == table.index.tolist()
    assert (table["seconds"] >= 0).all()


@pytest.mark.slow
def test_a_failing_cell_is_named_as_counted_in_the_original(run):
    table = run[0]
    assert pd.isna(table.loc["01_good", "failed_cell"])
    assert table.loc["02_bad", "failed_cell"] == "2 (rate = half / 0)"
    assert table.loc["02_bad", "error"] == "ZeroDivisionError: division by zero"
    assert table.loc["03_dead", "failed_cell"] == "1 (import os)"
    assert table.loc["03_dead", "error"] == "DeadKernelError: Kernel died"
    assert pd.isna(table.loc["04_text", "failed_cell"])
    assert table.loc["04_text", "error"].startswith("NotJSONError")


def test_a_question_that_the_data_cannot_be_asked_is_no_failure_and_says_so(run):
    table, out, _, _ = run
    assert table["not_asked"].notna().tolist() == [False] * 4 + [True]
    words = "this table has no rows of <b>mine</b>: there is nothing to answer"
    assert table.loc["05_not_asked", "not_asked"] == words and pd.isna(table.loc["05_not_asked", "failed_cell"])
    page = (out / "05_not_asked.html").read_text(encoding="utf-8")
    assert "Not asked:" in page and "NotInData" not in page and "The reading of what is not there" not in page
    assert "not asked: this table has no rows of &lt;b&gt;mine" in (out / "index.html").read_text(encoding="utf-8")


def test_the_notebook_is_given_out_and_runs_in_its_folder_with_this_interpreter(run):
    _, out, _, folder = run
    executed = nbformat.read(out / "notebooks" / "01_good.ipynb", as_version=4)
    printed = [
        line.text for cell in executed.cells if cell.cell_type == "code" for line in cell.outputs if "text" in line
    ]
    assert printed == [f"at {_plain(sys.executable)} . ..\n"]  # and the copy does not say where they are


def _plain(path):
    return path.replace(sys.prefix, ".")


def test_figures_and_tables_are_kept_and_listed(run):
    out, index = run[1], (run[1] / "index.html").read_text()
    for name in ("figures/rates.png", "figures/rates.svg", "tables/rates.csv"):
        assert (out / name).exists()
        assert f'href="{name}"' in index
    assert pd.read_csv(out / "tables" / "rates.csv")["estimate"].tolist() == [0.25]


def test_index_shows_headline_numbers_states_and_versions(run):
    index = (run[1] / "index.html").read_text()
    assert index.count("data:image/png;base64,") == 1
    assert "0.25" in index and "&lt;i&gt;a&lt;/i&gt;" in index
    assert "The first paragraph, x &lt; y." in index
    assert "<p>It does.</p>" in index  # not papermill's red mark
    assert "failed in cell 2 (rate = half / 0): ZeroDivisionError: division by zero" in index
    assert re.search(r"ketamine_analysis (version-of|\d)", index)
    for name in ("pandas", "numpy", "scipy", "matplotlib"):
        assert f"{name} version-of-{name}" in index


def test_a_failed_page_shows_the_error_and_a_page_links_contents_and_index(run):
    out = run[1]
    assert "ZeroDivisionError" in (out / "02_bad.html").read_text()
    assert "could not be run" in (out / "04_text.html").read_text()
    page = (out / "01_good.html").read_text()
    assert '<a href="#Rates">Rates</a>' in page
    assert '<a href="index.html">' in page
    assert 'alt="Rates"' in page
    assert "celltag_hide-input" in page and ".celltag_hide-input .input { display: none; }" in page


def test_pages_load_nothing(run):
    for path in run[1].glob("*.html"):
        text = path.read_text()
        assert "<script" not in text and "@import" not in text
        loads = re.findall(r"<(?!a\b)\w+[^>]*\s(?:src|href)=[\"']?([^\"'\s>]*)", text)
        assert all(load.startswith("data:") for load in loads), (path.name, loads)
        assert not re.findall(r"url\([\"']?https?:", text)


def test_an_earlier_run_is_replaced_and_a_strangers_file_stops_the_next(run):
    table, out, _, folder = run
    assert table.loc["04_text", "title"] == "04_text"  # not "Earlier", which an earlier run left there
    assert not (out / "00_earlier.html").exists() and [path.name for path in out.parent.iterdir()] == ["out"]
    (out / "mine.txt").write_text("mine")
    with pytest.raises(ValueError, match=r"holds mine\.txt, which no run wrote"):
        run_report(out, folder)
    assert (out / "mine.txt").read_text() == "mine" and (out / "index.html").exists()
    (out / "mine.txt").unlink()


def test_the_manifest_says_how_and_not_where(run):
    _, out, _, folder = run
    manifest = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["made_by"] == "ketamine-analysis report" and "index.html" in manifest["files"]
    assert [row["ok"] for row in manifest["notebooks"]] == [True, False, False, False, True]
    assert len(manifest["packages"]) > 5
    for path in (path for path in out.rglob("*") if path.is_file()):
        for place in (out.parent, folder, sys.prefix, Path(pages.__file__).parents[2]):
            assert str(place).encode() not in path.read_bytes(), (path, place)


def test_no_notebook_and_a_folder_that_would_be_overwritten(tmp_path):
    with pytest.raises(ValueError, match="holds no notebook"):
        run_report(tmp_path / "out", tmp_path)
    inside = tmp_path / "out" / "notebooks"
    inside.mkdir(parents=True)
    _write(inside, "one.ipynb", new_markdown_cell("# Mine"))
    before = (inside / "one.ipynb").read_bytes()
    with pytest.raises(ValueError, match="choose another `out`"):
        run_report(tmp_path / "out", inside)
    assert (inside / "one.ipynb").read_bytes() == before


def test_save_result_gives_the_same_bytes_again(tmp_path):
    def save(folder):
        figure, ax = plt.subplots(figsize=(2, 1))
        ax.plot([1, 24], [0.2, 0.7], label="esketamine")
        ax.fill_between([1, 24], [0.1, 0.6], [0.3, 0.8])
        ax.legend()
        save_result(ax, "axes", folder)
        save_result(figure, "figure", folder)
        save_result(pd.DataFrame({"n": [1], "rate": [1 / 3]}), "table", folder)
        return {path.relative_to(folder): path.read_bytes() for path in sorted(folder.rglob("*.*"))}

    first, second = save(tmp_path / "a"), save(tmp_path / "b")
    kinds = ("pdf", "png", "svg")
    names = [*(f"figures/{name}.{kind}" for name in ("axes", "figure") for kind in kinds), "tables/table.csv"]
    assert [path.as_posix() for path in first] == names
    assert first == second
    assert b">esketamine</text>" in first[Path("figures/axes.svg")]  # text stays text


def test_save_result_without_a_folder_does_nothing_and_refuses_other_things(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert save_result(pd.DataFrame({"n": [1]}), "table", None) is None
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(TypeError, match="Axes, Figure and DataFrame; this is list"):
        save_result([1], "list", tmp_path)


def test_names_of_rows_are_shown_and_numbers_of_rows_are_not():
    """A table of arms by hour without the arms' names cannot be read."""
    table = pd.DataFrame({"arm": ["k", "m"], "hours": 24, "n": [9, 8]})
    clean = page_body.clean_html
    seen = table.set_index(["arm", "hours"])["n"].unstack()  # noqa: PD010
    for shown in (seen, table.set_index("n"), table.set_index("arm").rename_axis(None)):
        assert "numbered" not in clean(shown.to_html())
    assert 'class="dataframe numbered"' in clean(table.to_html()) and "numbered" in clean(table.iloc[1:].to_html())
