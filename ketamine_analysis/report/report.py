"""Runs the notebooks on a dataset and writes pages to read: index.html, figures, tables; whole or not at all."""

from __future__ import annotations

import html
import multiprocessing
import os
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import Any

import nbformat
import pandas as pd

from ..errors import NotInData
from ..figures.keep import make_folder
from ..folders import shipped_folder
from .children import no_child_left, start_worker
from .manifest import made_with
from .pages import SHIPPED, write_index, write_page
from .places import machine_places, without_places
from .whole_folder import WORK, whole_folder, write_manifest

MADE_BY = "ketamine-analysis report"
COLUMNS = ("notebook", "title", "seconds", "ok", "not_asked", "failed_cell", "error")


def run_report(
    out: str | Path,
    notebooks: str | Path | Sequence[Path] | None = None,
    *,
    parameters: Mapping[str, Mapping[str, Any]] | None = None,
    about: str = SHIPPED,
    workers: int = 2,
    on_progress: Callable[[dict], None] | None = None,
) -> pd.DataFrame:
    """Executes every notebook and writes pages; the table says how each went.

    out : folder for `index.html`, a page per notebook, `notebooks/`, `figures/`, `tables/`, `manifest.json`. It is
        made aside and takes its place whole at the end; an earlier report there is replaced, anything else refused.
    notebooks : folder of *.ipynb, or the notebooks themselves; default the shipped ones.
    parameters : notebook → its parameters (`results` is always the folder). about : HTML at the head of the index.
    workers : notebooks run at a time.
    on_progress : called with each finished notebook's row.
    Columns: `notebook, title, seconds, ok, not_asked, failed_cell, error`; `not_asked` : why it cannot be asked of
    this dataset (`NotInData`), which is no failure; `failed_cell` is the number of the code cell in
    the notebook, from 1, and its first line. A failing notebook does not stop the others, and has its page.
    Raises ValueError when the folder holds no notebook or is `<out>/notebooks` itself, and where `out` holds a file
    that no earlier report wrote.
    A script that calls this needs `if __name__ == "__main__":`, because each worker is a fresh process.
    """
    target, given = Path(out).resolve(), parameters or {}
    sources = _sources(notebooks)
    folders = {source.resolve().parent for source in sources}
    if target / "notebooks" in folders:
        raise ValueError(
            f"{target / 'notebooks'} is where the executed copies go: choose another `out`, or the originals are lost"
        )
    with whole_folder(target, MADE_BY) as folder:
        table = run_notebooks(folder, sources, parameters=given, workers=workers, on_progress=on_progress)
        write_pages(folder, table, about)
        places = machine_places({folder: ".", **dict.fromkeys(folders, ".")})
        write_manifest(folder, MADE_BY, without_places(made_with(table, given), places))
    return table


def run_notebooks(
    folder: Path,
    sources: Sequence[Path],
    *,
    parameters: Mapping[str, Mapping[str, Any]],
    workers: int = 2,
    on_progress: Callable[[dict], None] | None = None,
) -> pd.DataFrame:
    """Executed copies, figures and tables of the notebooks in a folder; the table of `run_report`."""
    make_folder(folder / "notebooks")
    rows = _run_all(sources, folder, parameters, workers, on_progress)
    return pd.DataFrame(rows, columns=list(COLUMNS)).sort_values("notebook").reset_index(drop=True)


def write_pages(folder: Path, table: pd.DataFrame, about: str = SHIPPED) -> None:
    """index.html and a page for each notebook that was run into the folder. table : of `run_notebooks`."""
    names = list(zip(table["notebook"], table["title"], strict=True))
    executed = {name: nbformat.read(folder / "notebooks" / f"{name}.ipynb", as_version=4) for name, _ in names}
    for name, notebook in executed.items():
        write_page(notebook, folder / f"{name}.html", names)
    write_index(folder, table, {name: _without_marks(notebook) for name, notebook in executed.items()}, about)


def _sources(notebooks: str | Path | Sequence[Path] | None) -> list[Path]:
    if notebooks is not None and not isinstance(notebooks, (str, Path)):
        return list(notebooks)
    folder = Path(notebooks) if notebooks is not None else shipped_folder("notebooks")
    sources = find_notebooks(folder)
    if not sources:
        raise ValueError(f"{folder} holds no notebook (*.ipynb)")
    return sources


def find_notebooks(folder: Path) -> list[Path]:
    """The notebooks of a folder in the order of their names."""
    return sorted(path for path in folder.glob("*.ipynb") if not path.name.startswith("."))


def _run_all(
    sources: Sequence[Path],
    folder: Path,
    parameters: Mapping[str, Mapping[str, Any]],
    workers: int,
    on_progress: Callable[[dict], None] | None,
) -> list[dict[str, Any]]:
    """The row of each notebook, in the order in which they finish."""
    rows = []
    spawn = multiprocessing.get_context("spawn")  # papermill changes the working folder: a process each, no threads
    start = (folder / WORK, os.getpid())
    with ProcessPoolExecutor(workers, spawn, initializer=start_worker, initargs=start) as pool, no_child_left():
        jobs = [pool.submit(_run_notebook, one, folder, dict(parameters.get(one.stem, {}))) for one in sources]
        for job in as_completed(jobs):
            rows.append(job.result())
            if on_progress is not None:
                on_progress(rows[-1])
    return rows


def _run_notebook(source: Path, folder: Path, parameters: dict[str, Any]) -> dict[str, Any]:
    """One notebook: executed copy written, failure described; neither says where on this machine it was made."""
    import papermill

    output = folder / "notebooks" / source.name
    row: dict[str, Any] = {"notebook": source.stem, "ok": True, "not_asked": None, "failed_cell": None, "error": None}
    start = time.perf_counter()
    try:
        papermill.execute_notebook(
            _as_it_stands(source),
            _as_it_stands(output),
            parameters={**parameters, "results": str(folder)},
            cwd=str(source.parent),
            kernel_name="python3",
            language="python",
            progress_bar=False,
            extra_arguments=["--log-level=CRITICAL"],  # the kernel's own log, not the notebook's output
        )
    except papermill.PapermillExecutionError as error:
        if error.ename == NotInData.__name__:  # the table holds nothing to answer with: said, and no failure
            row["not_asked"] = _last_line(error.evalue)
        else:
            row.update(ok=False, error=f"{error.ename}: {_last_line(error.evalue)}")
    except (RuntimeError, ValueError, KeyError, AttributeError, nbformat.ValidationError) as error:
        # the kernel died or did not start (RuntimeError); the file is no notebook (the others)
        row.update(ok=False, error=f"{type(error).__name__}: {_last_line(str(error))}")
    row["seconds"] = round(time.perf_counter() - start, 1)
    places = machine_places({folder: "..", source.resolve().parent: "."})
    row = without_places(row, places)
    notebook = nbformat.from_dict(without_places(_read_output(output, row), places))
    row["title"] = _title(notebook, source.stem)
    nbformat.write(_until_not_asked(notebook, row["not_asked"]) if row["not_asked"] else notebook, output)
    row["failed_cell"] = None if row["ok"] else _failed_cell(notebook)
    return row


def _as_it_stands(path: Path) -> str:
    """The path for papermill, which puts parameters in the place of braces."""
    return str(path).replace("{", "{{").replace("}", "}}")


def _last_line(text: str) -> str:
    return (text.strip().splitlines() or [""])[-1]


def _read_output(output: Path, row: dict[str, Any]) -> nbformat.NotebookNode:
    """The executed copy; where there is none, a page's worth of explanation takes its place."""
    if not output.exists():
        reason = nbformat.v4.new_markdown_cell(f"This notebook could not be run.\n\n    {row['error']}")
        nbformat.write(nbformat.v4.new_notebook(cells=[reason]), output)
    return nbformat.read(output, as_version=4)


def _failed_cell(notebook: nbformat.NotebookNode) -> str | None:
    """The failed code cell as "2 (rate = 1 / 0)", counted as in the original, without the cell of parameters."""
    cells = [cell for cell in notebook.cells if cell.cell_type == "code" and "injected-parameters" not in _tags(cell)]
    states = [cell.metadata.get("papermill", {}) for cell in cells]
    failed = [number for number, state in enumerate(states) if state.get("exception")]
    started = [number for number, state in enumerate(states) if state.get("start_time")]
    if not started:
        return None
    number = failed[0] if failed else started[-1]  # a kernel that died leaves no exception: the last cell it began
    return f"{number + 1} ({(cells[number].source.strip().splitlines() or [''])[0].strip()})"


def _without_marks(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """The notebook without papermill's red marks, so that its first paragraph is its own."""
    cells = [cell for cell in notebook.cells if "papermill-error-cell-tag" not in _tags(cell)]
    return nbformat.from_dict({**notebook, "cells": cells})


def _until_not_asked(notebook: nbformat.NotebookNode, words: str) -> nbformat.NotebookNode:
    """The notebook up to the cell that found nothing to answer with, and the words in its place."""
    cells = list(_without_marks(notebook).cells)
    place = next(
        at for at, cell in enumerate(cells)
        if any(output.output_type == "error" for output in cell.get("outputs", []))
    )  # fmt: skip
    said = nbformat.v4.new_markdown_cell(f"**Not asked:** {words}.")
    return nbformat.from_dict({**notebook, "cells": [*cells[:place], said]})


def _tags(cell: nbformat.NotebookNode) -> list[str]:
    return cell.metadata.get("tags", [])


def _title(notebook: nbformat.NotebookNode, otherwise: str) -> str:
    for cell in notebook.cells:
        for line in cell.source.splitlines() if cell.cell_type == "markdown" else []:
            if line.startswith("# "):
                return html.unescape(line[2:].strip())
    return otherwise
