import importlib
import subprocess
import sys

import nbformat
import pandas as pd
import pytest
from typer.testing import CliRunner

from ketamine_analysis import __version__
from ketamine_analysis.errors import PROBLEM_COLUMNS
from ketamine_analysis.report import cli

report = importlib.import_module("ketamine_analysis.report.report")
examination = importlib.import_module("ketamine_analysis.any_file.examination")
check_report = importlib.import_module("ketamine_analysis.report.check_report")


def _call(*arguments):
    return CliRunner().invoke(cli.app, [str(argument) for argument in arguments])


def _problems(*severities):
    rows = [
        ("f.csv", line, "score", "99", "range", severity, f"say {line}") for line, severity in enumerate(severities, 2)
    ]
    return pd.DataFrame(rows, columns=list(PROBLEM_COLUMNS))


def _report_table(ok):
    row = {
        "notebook": "02_[bad]",
        "title": "t",
        "seconds": 1.5,
        "ok": ok,
        "not_asked": None,
        "failed_cell": None,
        "error": None,
    }
    return row if ok else row | {"failed_cell": "2 (rate = 1 / 0)", "error": "ZeroDivisionError: division by zero"}


def test_version_and_help():
    assert _call("--version").output.strip() == __version__
    text = _call("--help").output
    assert all(name in text for name in ("report", "lab", "new", "check", "run"))


@pytest.mark.parametrize(
    ("severities", "code", "closing"),
    [
        ((), 0, "f.csv: read as patients; 0 errors, 0 warnings"),
        (("warning",), 1, "f.csv: read as patients; 0 errors, 1 warning"),
        (("warning", "error"), 2, "f.csv: read as patients; 1 error, 1 warning"),
        (("error",) * 15, 2, "f.csv: read as patients; 15 errors, 0 warnings"),
    ],
)
def test_check_prints_each_problem_and_the_count(monkeypatch, tmp_path, severities, code, closing):
    facts = pd.DataFrame([("file", "f.csv")], columns=["what", "found"])
    monkeypatch.setattr(
        examination, "examine", lambda path: examination.Examination("f.csv", "patients", facts, _problems(*severities))
    )
    result = _call("check", "f.csv", "--out", tmp_path)
    assert result.exit_code == code
    first, *lines, last, written, following = result.output.splitlines()
    assert (first, last) == ("file: f.csv", closing)
    assert following.startswith("next: ")
    assert len(lines) == len(severities)  # all of them, never "and 5 more"
    assert str(tmp_path / "check_f_csv.csv") in written and (tmp_path / "check_f_csv.html").exists()
    if severities:
        assert lines[0] == "f.csv, row 2, column score: '99' breaks rule 'range': say 2"


@pytest.mark.parametrize("content", [None, b"", b"\x89PNG\r\n\x1a\n\xff\xfe", b"\0" * 50])
def test_check_of_what_is_no_table(tmp_path, content):
    file = tmp_path / "file.csv"
    if content is not None:
        file.write_bytes(content)
    for path in (file, tmp_path):
        result = _call("check", path)
        assert result.exit_code == 2
        assert "breaks rule" in result.output
        assert isinstance(result.exception, SystemExit)


@pytest.mark.parametrize("ok", [True, False])
def test_report_names_what_failed_and_sets_the_exit_code(monkeypatch, tmp_path, ok):
    def pretend(out, notebooks, *, on_progress):
        on_progress(_report_table(ok))
        return pd.DataFrame([_report_table(ok)])

    monkeypatch.setattr(report, "run_report", pretend)
    result = _call("report", "--out", tmp_path / "out", "--notebooks", tmp_path)
    assert result.exit_code == (0 if ok else 1)
    assert f"{'done   ' if ok else 'FAILED '} 02_[bad] (1.5 s)" in result.output
    assert str(tmp_path / "out" / "index.html") in result.output
    failure = "02_[bad]: cell 2 (rate = 1 / 0) failed: ZeroDivisionError: division by zero"
    assert (failure in result.output) is not ok


@pytest.mark.slow
def test_report_runs_quietly_from_the_terminal(tmp_path):
    (tmp_path / "notebooks").mkdir()
    cells = [nbformat.v4.new_code_cell("1 / 0")]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), tmp_path / "notebooks" / "bad.ipynb")
    program = "from ketamine_analysis.report import cli, pages; pages.version = str; cli.app()"
    folders = ["--out", str(tmp_path / "out"), "--notebooks", str(tmp_path / "notebooks")]
    done = subprocess.run(
        [sys.executable, "-c", program, "report", *folders], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stderr.splitlines() == ["bad: cell 1 (1 / 0) failed: ZeroDivisionError: division by zero"]
    assert len(done.stdout.splitlines()) == 2  # one line a notebook, and where the index is


def test_report_of_a_folder_without_notebooks_or_onto_a_file(tmp_path):
    result = _call("report", "--notebooks", tmp_path, "--out", tmp_path / "out")
    assert (result.exit_code, "holds no notebook" in result.output) == (2, True)
    (tmp_path / "one.ipynb").write_text("")
    (tmp_path / "file").write_text("")
    result = _call("report", "--notebooks", tmp_path, "--out", tmp_path / "file")
    assert result.exit_code == 2
    assert isinstance(result.exception, SystemExit)


def test_lab_opens_the_clone_and_copies_an_installed_folder_once(monkeypatch, tmp_path):
    calls = []
    monkeypatch.setattr(cli.os, "execv", lambda program, command: calls.append(command))
    monkeypatch.setattr(cli.subprocess, "run", lambda command, check: subprocess.CompletedProcess(command, 3))
    clone = tmp_path / "clone" / "notebooks"
    clone.mkdir(parents=True)
    monkeypatch.setattr(cli, "shipped_folder", lambda name: clone)
    assert _call("lab").exit_code == 3
    around = f"--ServerApp.root_dir={clone.parent}"  # data/ and the README can be opened there, too
    assert calls[-1] == [sys.executable, "-m", "jupyterlab", around, "--LabApp.default_url=/lab/tree/notebooks"]
    _call("lab", "--no-browser", "--port", "8890")
    assert calls[-1][-3:] == ["--no-browser", "--port", "8890"]

    package = tmp_path / "site-packages" / "ketamine_analysis"
    (package / "notebooks").mkdir(parents=True)
    for name in ("01.ipynb", "02.ipynb"):
        (package / "notebooks" / name).write_text("shipped")
    work = tmp_path / "work"
    (work / "notebooks").mkdir(parents=True)
    (work / "notebooks" / "01.ipynb").write_text("mine")
    monkeypatch.chdir(work)
    monkeypatch.setattr(cli, "__file__", str(package / "report" / "cli.py"))
    (package / "data" / "examples").mkdir(parents=True)
    (package / "data" / "examples" / "trial.csv").write_text("shipped")
    (package / "data" / "examples" / "__pycache__").mkdir()
    (package / "notebooks" / "00_start_here.ipynb").write_text("shipped")
    monkeypatch.setattr(cli, "shipped_folder", lambda name: package / name)
    result = _call("lab")
    assert (work / "data" / "examples" / "trial.csv").read_text() == "shipped"  # notebooks 00 and 07 read it
    assert str(work / "notebooks") in result.output
    first = "--LabApp.default_url=/lab/tree/notebooks/00_start_here.ipynb"  # the first page, not a list of files
    assert calls[-1][-2:] == [f"--ServerApp.root_dir={work}", first]
    assert not (work / "data" / "examples" / "__pycache__").exists()
    assert (work / "notebooks" / "01.ipynb").read_text() == "mine"
    assert (work / "notebooks" / "02.ipynb").read_text() == "shipped"


@pytest.mark.parametrize(
    ("rules", "severity", "recipe", "words"),
    [
        ((), "error", True, "next: ketamine-analysis run 'my trial.xlsx'"),
        (("column present",), "error", False, "next: ketamine-analysis new 'my trial.xlsx'"),
        (("column present",), "error", True, "next: correct the file or its recipe, then: ketamine-analysis check"),
        (("whole scores",), "error", False, "next: correct the file, then: ketamine-analysis check"),
        (("the guesses are confirmed",), "error", True, "write confirmed = true in the recipe"),
        (("the guesses are confirmed",), "warning", True, "write confirmed = true in the recipe"),
        (("the file exists",), "error", False, "next: say where the file is"),
    ],
)
def test_every_check_ends_with_what_to_do_next(rules, severity, recipe, words):
    problems = _problems(*([severity] * len(rules))).assign(rule=list(rules))
    assert words in check_report.next_step(problems, "my trial.xlsx", with_recipe=recipe)


def test_check_and_run_of_a_foreign_file_lead_to_new_and_new_to_the_lines_to_read(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("one", "two"):
        rows = {"Nr": [1, 2], "Group": ["ketamine", "saline"], "MADRS_BL": [30, 31], "MADRS_D7": [12, 30]}
        pd.DataFrame(rows).to_csv(f"{name}.csv", index=False)
    for verb in ("check", "run"):
        told = _call(verb, "one.csv")
        assert told.exit_code == 2 and "next: ketamine-analysis new one.csv" in told.output
    told = _call("new", "one.csv")
    lines = (tmp_path / "dataset.toml").read_text(encoding="utf-8").splitlines()
    unsure = [str(number) for number, line in enumerate(lines, 1) if "# GUESS" in line]
    assert f"look at lines {', '.join(unsure)}" in told.output and "ketamine-analysis run one.csv" in told.output
    assert "written: two.toml" in _call("new", "two.csv").output  # dataset.toml is the other file's
    assert (
        "recipe: two.toml" in _call("check", "two.csv").output and "no recipe there" in _call("new", "two.csv").output
    )
