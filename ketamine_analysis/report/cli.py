"""The command line: `ketamine-analysis answer | report | lab | new | check | run | add-study`."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Annotated, Any, NoReturn

import pandas as pd
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from .. import __version__
from ..errors import DatasetError
from ..folders import shipped_folder

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
def answer(
    window: Annotated[str, typer.Argument(help="A time: '24 h', '≤6 h', '2–5 d', '1 wk' … '8 wk'.")] = "24 h",
) -> None:
    """Print what the shipped trials say at one time: points, responders, three intervals, and what moves them."""
    from .answer_report import describe_answer

    try:
        typer.echo(describe_answer(window))
    except ValueError as error:
        _stop(str(error))


@app.command()
def report(
    out: Annotated[Path, typer.Option(help="Folder for the pages, figures and tables.")] = Path("results"),
    notebooks: Annotated[Path | None, typer.Option(help="Folder of notebooks; default the shipped ones.")] = None,
) -> None:
    """Run every notebook and write OUT/index.html. Exit code 1 when a notebook failed, 2 where OUT is not ours."""
    from .report import find_notebooks, run_report  # the notebook tools are slow to import

    start = time.perf_counter()
    console = Console()
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    folder = notebooks or shipped_folder("notebooks")
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task("notebooks", total=len(find_notebooks(folder)))

        def show(row: dict) -> None:
            progress.advance(task)
            console.print(_line(row), highlight=False, markup=False, soft_wrap=True)

        try:
            table = run_report(out, folder, on_progress=show)
        except (ValueError, OSError, RuntimeError) as error:
            _stop(str(error))
    _tell_failures(table)
    typer.echo(f"open in a browser: {out / 'index.html'} ({time.perf_counter() - start:.0f} s)")
    raise typer.Exit(0 if table["ok"].all() else 1)


@app.command(name="add-study")
def add_study_command(
    file: Annotated[Path, typer.Argument(help="The study's form, a TOML file: data/README.md walks through one.")],
    keep: Annotated[bool, typer.Option("--keep", help="Write the rows into the evidence.")] = False,
    evidence: Annotated[Path | None, typer.Option(help="A folder of evidence; default the shipped one.")] = None,
) -> None:
    """Check a study's form, show what it adds and what it changes in the answer; --keep then writes it."""
    from ..evidence.additions import add_study
    from .study_report import describe_addition

    try:
        addition = add_study(file, folder=evidence)
        typer.echo(describe_addition(addition))
        if keep:
            addition.keep()
    except (ValueError, OSError) as error:
        _stop(str(error))
    if keep:
        typer.echo(f"kept in {addition.folder}; next: run the tests, and tell it in CHANGELOG.md")
    else:
        again = [*sys.argv[1:], "--keep"]
        typer.echo(f"nothing is written; to keep it: ketamine-analysis {shlex.join(again)}")


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def lab(context: typer.Context) -> None:
    """Open JupyterLab at the first notebook. Other options are JupyterLab's: --no-browser --port 8890 --allow-root."""
    folder = shipped_folder("notebooks")
    installed = folder.parent == Path(__file__).parents[1]
    if installed or not os.access(folder, os.W_OK):  # work on a copy, never on the installed files
        copy = Path.cwd() / "notebooks"
        copy.mkdir(exist_ok=True)
        for path in folder.glob("*.ipynb"):
            if not (copy / path.name).exists():
                shutil.copy(path, copy)
        examples = Path.cwd() / "data" / "examples"  # where notebooks 00 and 07 look for the simulated trial
        if not examples.exists():
            left = shutil.ignore_patterns("__pycache__", "*.py")
            shutil.copytree(shipped_folder("data") / "examples", examples, ignore=left)
        folder = copy
        typer.echo(f"the notebooks are copied to {copy}: yours to change, an installed newer version leaves them alone")
    first = next(iter(sorted(folder.glob("00_*.ipynb"))), folder)
    where = [  # the folder around, so that data/ and the README can be opened there, too
        f"--ServerApp.root_dir={folder.parent}",
        f"--LabApp.default_url=/lab/tree/{first.relative_to(folder.parent).as_posix()}",
    ]
    typer.echo("JupyterLab opens in the browser; Ctrl+C here stops it")
    command = [sys.executable, "-m", "jupyterlab", *where, *context.args]
    sys.stdout.flush()
    if os.name == "posix":  # this process becomes JupyterLab: whatever ends it ends JupyterLab and its kernels
        os.execv(command[0], command)
    raise typer.Exit(subprocess.run(command, check=False).returncode)


@app.command()
def new(
    file: Annotated[Path, typer.Argument(help="A data file of any format.")],
    out: Annotated[Path | None, typer.Option(help="Where the recipe goes; default dataset.toml beside FILE.")] = None,
    sheet: Annotated[str | None, typer.Option(help="The sheet of a workbook with several.")] = None,
    ask: Annotated[bool, typer.Option("--ask", help="Ask what is not sure, one by one; Enter keeps a guess.")] = False,
) -> None:
    """Inspect FILE and write dataset.toml beside it: which column is what, how sure, and why."""
    from ..any_file.new_recipe import write_recipe

    try:
        recipe = write_recipe(file, out=out, sheet=sheet, answers=_asked if ask else None)
    except (DatasetError, OSError) as error:
        _stop(str(error))
    text = recipe.read_text(encoding="utf-8")
    typer.echo(text)
    lines = text.splitlines()
    unsure = [str(number) for number, line in enumerate(lines, 1) if "# GUESS" in line]
    waits = [number for number, line in enumerate(lines, 1) if line.startswith("confirmed = false")]
    typer.echo(f"written: {recipe}")
    if unsure:
        typer.echo(f"  open it in any text editor and look at line{'s' * (len(unsure) > 1)} {', '.join(unsure)}")
    if waits:
        typer.echo(f"  when all is right write confirmed = true in line {waits[0]}, then:")
    name = shlex.quote(str(file if out is None else recipe))
    typer.echo(f"  ketamine-analysis check {name}\n  ketamine-analysis run {name}")


@app.command()
def check(
    file: Annotated[Path, typer.Argument(help="A data file of any format, or its recipe (dataset.toml).")],
    out: Annotated[Path, typer.Option(help="Folder for check_FILE.csv and check_FILE.html.")] = Path("results"),
) -> None:
    """Say what FILE holds and everything that is wrong with it. Exit code 0 clean, 1 only warnings, 2 errors."""
    from ..any_file.examination import examine
    from .check_report import describe, write_check

    examination = examine(file)
    typer.echo(describe(examination))
    if examination.grain:
        try:
            paths = write_check(examination, out)
        except OSError as error:
            _stop(f"the report cannot be written: {error}")
        typer.echo(f"written: {', '.join(str(path) for path in paths)}")
    typer.echo(_next(examination.problems, file))
    raise typer.Exit(examination.exit_code)


@app.command()
def run(
    file: Annotated[Path, typer.Argument(help="A data file of any format, or its recipe (dataset.toml).")],
    notebook: Annotated[
        list[str] | None, typer.Option(help="Number, name or path; repeatable. Default: all that fit.")
    ] = None,
    set_: Annotated[list[str] | None, typer.Option("--set", help="key=value for a parameter; repeatable.")] = None,
    out: Annotated[Path, typer.Option(help="Folder for pages, figures, tables, manifest.")] = Path("results/run"),
    keep_dataset: Annotated[bool, typer.Option(help="Keep a copy of the columns used in OUT/dataset.")] = True,
) -> None:
    """Run the notebooks that fit FILE on it and write OUT/index.html. Exit code 1 when one failed, 2 for bad input."""
    from .run_dataset import run_dataset

    typer.echo(f"reading {file}, then running the notebooks that fit it: each is named when it is done")
    command = ["ketamine-analysis", *sys.argv[1:]]
    chosen: dict[str, Any] = {"notebooks": notebook or (), "settings": set_ or (), "keep_dataset": keep_dataset}
    try:
        done = run_dataset(file, out, **chosen, command=command, on_progress=_show_row)
    except DatasetError as error:
        _stop(f"{error}\n{_next(error.problems, file)}".replace("all are in .problems", "check lists them all"))
    except (ValueError, OSError, RuntimeError) as error:
        _stop(str(error))
    _tell_failures(done.notebooks)
    if done.kept:
        left = f"; left out: {', '.join(done.left_out)}" if done.left_out else ""
        typer.echo(f"{out / 'dataset'} keeps a copy of your data's columns {', '.join(done.kept)}{left}")
        typer.echo("  --no-keep-dataset keeps none")
    typer.echo(f"open in a browser: {out / 'index.html'} ({done.manifest['seconds']:.0f} s)")
    raise typer.Exit(0 if done.notebooks["ok"].all() else 1)


def _asked(text: str) -> str:
    from ..any_file.questions import ask_all

    return ask_all(text, lambda words: typer.prompt(words, default="", show_default=False), typer.echo)


def _next(problems: pd.DataFrame, file: Path) -> str:
    from ..any_file.recipe import find_recipe
    from .check_report import next_step

    try:
        with_recipe = find_recipe(file) is not None
    except DatasetError:  # a broken one is one
        with_recipe = True
    return next_step(problems, file, with_recipe=with_recipe)


def _show_row(row: dict) -> None:
    typer.echo(_line(row))


def _line(row: dict) -> str:
    """How one notebook went: done, FAILED, or no data to ask its question of."""
    state = "no data" if row["not_asked"] else "done   " if row["ok"] else "FAILED "
    why = f": {row['not_asked']}" if row["not_asked"] else ""
    return f"{state} {row['notebook']} ({row['seconds']} s){why}"


def _tell_failures(table: pd.DataFrame) -> None:
    for row in table[~table["ok"]].to_dict("records"):
        place = f"cell {row['failed_cell']} failed" if isinstance(row["failed_cell"], str) else "failed"
        typer.echo(f"{row['notebook']}: {place}: {row['error']}", err=True)


def _stop(message: str) -> NoReturn:
    typer.echo(message, err=True)
    raise typer.Exit(2)
