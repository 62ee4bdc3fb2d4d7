"""The command line: `ketamine-analysis report | lab | check`."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from . import __version__
from .datasets import inspect_file
from .errors import DatasetError, describe_problems
from .folders import shipped_folder

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def main(
    _version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Ketamine and conventional antidepressants: hours against weeks."""


@app.command()
def report(
    out: Annotated[Path, typer.Option(help="Folder for the pages, figures and tables.")] = Path("results"),
    notebooks: Annotated[Path | None, typer.Option(help="Folder of notebooks; default the shipped ones.")] = None,
) -> None:
    """Run every notebook and write OUT/index.html. Exit code 1 when a notebook failed."""
    from .report import find_notebooks, run_report  # the notebook tools are slow to import

    start = time.perf_counter()
    console = Console()
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    folder = notebooks or shipped_folder("notebooks")
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task("notebooks", total=len(find_notebooks(folder)))

        def show(row: dict) -> None:
            progress.advance(task)
            state = "no data" if row["not_asked"] else "done   " if row["ok"] else "FAILED "
            line = f"{state} {row['notebook']} ({row['seconds']} s)"
            console.print(line, highlight=False, markup=False, soft_wrap=True)

        try:
            table = run_report(out, folder, on_progress=show)
        except (ValueError, OSError) as error:
            _stop(str(error))
    for row in table[~table["ok"]].to_dict("records"):
        place = f"cell {row['failed_cell']} failed" if isinstance(row["failed_cell"], str) else "failed"
        typer.echo(f"{row['notebook']}: {place}: {row['error']}", err=True)
    typer.echo(f"{(out / 'index.html').resolve()} ({time.perf_counter() - start:.0f} s)")
    raise typer.Exit(0 if table["ok"].all() else 1)


@app.command()
def lab() -> None:
    """Open JupyterLab in the notebooks folder."""
    folder = shipped_folder("notebooks")
    installed = folder.parent == Path(__file__).parent
    if installed or not os.access(folder, os.W_OK):  # work on a copy, never on the installed files
        copy = Path.cwd() / "notebooks"
        copy.mkdir(exist_ok=True)
        for path in folder.glob("*.ipynb"):
            if not (copy / path.name).exists():
                shutil.copy(path, copy)
        folder = copy
        typer.echo(f"the notebooks are copied to {copy}")
    raise typer.Exit(subprocess.run([sys.executable, "-m", "jupyterlab", str(folder)], check=False).returncode)


@app.command()
def check(file: Annotated[Path, typer.Argument(help="A CSV file of scores or of published arms.")]) -> None:
    """Say everything that is wrong with FILE. Exit code 0 clean, 1 only warnings, 2 errors."""
    try:
        grain, problems = inspect_file(file)
    except (DatasetError, OSError) as error:
        _stop(str(error))
    errors = int((problems["severity"] == "error").sum())
    if len(problems):
        typer.echo(describe_problems(problems, len(problems)))
    typer.echo(f"{file.name}: read as {grain}; {_count(errors, 'error')}, {_count(len(problems) - errors, 'warning')}")
    raise typer.Exit(2 if errors else int(len(problems) > 0))


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"


def _stop(message: str) -> NoReturn:
    typer.echo(message, err=True)
    raise typer.Exit(2)
