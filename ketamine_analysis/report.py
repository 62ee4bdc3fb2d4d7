"""Runs the notebooks on a dataset and writes pages to read: results/index.html, figures, tables."""

from __future__ import annotations

import html
import multiprocessing
import time
import warnings
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import Any

import nbformat
import pandas as pd

from .folders import shipped_folder
from .keep import make_folder
from .pages import write_index, write_page


def run_report(
    out: str | Path,
    notebooks: str | Path | None = None,
    *,
    workers: int = 2,
    on_progress: Callable[[dict], None] | None = None,
) -> pd.DataFrame:
    """Executes every notebook and writes pages; the table says how each went.

    out : folder for `index.html`, a page per notebook, `notebooks/`, `figures/`, `tables/`.
    notebooks : folder of *.ipynb; default the shipped ones. workers : notebooks run at a time.
    on_progress : called with each finished notebook's row.
    Columns: `notebook, title, seconds, ok, failed_cell, error`. A failing notebook does not stop the others.
    Raises ValueError when the folder holds no notebook.
    """
    folder = Path(notebooks) if notebooks is not None else shipped_folder("notebooks")
    sources = sorted(path for path in folder.glob("*.ipynb") if not path.name.startswith("."))
    if not sources:
        raise ValueError(f"{folder} holds no notebook (*.ipynb)")
    target = make_folder(Path(out).resolve())
    make_folder(target / "notebooks")
    spawn = multiprocessing.get_context("spawn")
    rows = []
    with ProcessPoolExecutor(max_workers=workers, mp_context=spawn) as pool:
        jobs = [pool.submit(_run_notebook, str(source), str(target)) for source in sources]
        for job in as_completed(jobs):
            rows.append(job.result())
            if on_progress is not None:
                on_progress(rows[-1])
    table = pd.DataFrame(rows).sort_values("notebook").reset_index(drop=True)
    names = [(row["notebook"], row["title"]) for row in table.to_dict("records")]
    executed = {name: nbformat.read(target / "notebooks" / f"{name}.ipynb", as_version=4) for name, _ in names}
    for name, notebook in executed.items():
        write_page(notebook, target / f"{name}.html", names)
    write_index(target, table, executed)
    return table


def _run_notebook(source: str, target: str) -> dict:
    """One notebook in its own process: executed copy written, failure described."""
    warnings.simplefilter("ignore")  # of the tools that run the notebook; a notebook's own warnings stay in its cells
    import papermill

    path = Path(source)
    output = Path(target) / "notebooks" / path.name
    row: dict[str, Any] = {"notebook": path.stem, "ok": True, "failed_cell": None, "error": None}
    start = time.perf_counter()
    try:
        papermill.execute_notebook(
            source,
            str(output),
            parameters={"results": target},
            cwd=str(path.parent),
            kernel_name="python3",
            progress_bar=False,
        )
    except papermill.PapermillExecutionError as error:
        row.update(ok=False, failed_cell=error.exec_count, error=f"{error.ename}: {error.evalue.strip()}")
    row["seconds"] = round(time.perf_counter() - start, 1)
    row["title"] = _title(nbformat.read(output, as_version=4), path.stem)
    return row


def _title(notebook: nbformat.NotebookNode, otherwise: str) -> str:
    for cell in notebook.cells:
        for line in cell.source.splitlines() if cell.cell_type == "markdown" else []:
            if line.startswith("# "):
                return html.unescape(line[2:].strip())
    return otherwise
