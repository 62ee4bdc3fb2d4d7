"""new → check → run on four shapes of files, as a person calls them; whole outputs or none; nothing from the data runs."""

import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pandas as pd
import pytest
from browser import CHROMIUM, FLAGS
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from shapes_of_files import SHAPES, trial
from typer.testing import CliRunner

import ketamine_analysis as ka
from ketamine_analysis.report import cli, pages, run_dataset
from ketamine_analysis.report.run_dataset import choose_notebooks

pytestmark = pytest.mark.slow

FOUR = ("wide.sav", "long.dta", "adqs.xpt", "items.xlsx")
EVIL = "<img src=x onerror=\"document.title='pwned'\"><script>document.title='pwned'</script>"
NOTEBOOK = "10_your_data_among_the_evidence"


def _program(folder, *arguments):
    """The command itself, in a process of its own."""
    code = "from ketamine_analysis.report import pages; pages.version = str; from ketamine_analysis.report import cli; cli.app()"
    environment = {**os.environ, "PYTHONPATH": str(Path(cli.__file__).parents[2])}
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)], capture_output=True, text=True, cwd=folder, env=environment, check=False
    )  # fmt: skip
    assert "Traceback" not in done.stdout + done.stderr, done.stderr
    return done


def _confirm(folder):
    recipe = folder / "dataset.toml"
    text = recipe.read_text(encoding="utf-8")
    recipe.write_text(text.replace("confirmed = false", "confirmed = true"), encoding="utf-8")


def _tiny(path, source="table = ka.read_arms(dataset)"):
    cells = [
        new_markdown_cell("# Tiny?"),
        new_code_cell(
            "dataset = None  # file\nn = 3  # number\nresults = None  # folder", metadata={"tags": ["parameters"]}
        ),
        new_code_cell(f"import ketamine_analysis as ka\n{source}\nka.save_result(table, 'tiny', results)"),
    ]
    nbformat.write(new_notebook(cells=cells), path)
    return path


def _call(folder, command, name, *more):
    """The command in this process; its exit code."""
    result = CliRunner().invoke(cli.app, [command, str(folder / name), *map(str, more)])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code


def _whole_road(folder, name, *more):
    """(exit codes of new, check before and after the one edit, run; seconds)."""
    start = time.perf_counter()
    codes = [_call(folder, "new", name), _call(folder, "check", name, "--out", folder / "checked")]
    _confirm(folder)
    codes.append(_call(folder, "check", name, "--out", folder / "checked"))
    codes.append(_call(folder, "run", name, "--out", folder / "out", *more))
    return codes, time.perf_counter() - start


@pytest.fixture(scope="module")
def roads(tmp_path_factory):
    """Each shape's folder after new, check and run; the Excel file's labels hold HTML that would run.

    The wide file runs every shipped notebook that fits, the Excel file one, the other two a tiny one: kernels cost
    seconds.
    """
    place, scores = tmp_path_factory.mktemp("roads"), trial(n_per_arm=30)
    tiny = _tiny(place / "tiny.ipynb", "table = ka.read_scores(dataset)")
    folders = {name: place / name.split(".")[0] for name in FOUR}
    done = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pages, "version", str)
        patch.setenv("PYTHONPATH", str(Path(cli.__file__).parents[2]))
        for name, folder in folders.items():
            folder.mkdir()
            evil = {arm: f"{arm} {EVIL}" for arm in scores["arm"].unique()} if name == "items.xlsx" else {}
            SHAPES[name](folder / name, scores.assign(arm=scores["arm"].replace(evil)))
            more = {"wide.sav": (), "items.xlsx": ("--notebook", "10")}.get(name, ("--notebook", tiny))
            done[name] = _whole_road(folder, name, *more)
    return folders, done


def test_the_whole_road_with_one_edited_line(roads, capsys):
    folders, done = roads
    for name, (codes, seconds) in done.items():
        with capsys.disabled():
            print(f"\nnew, check, check, run on {name}: {seconds:.0f} s")
        assert codes == [0, 1, 0, 0], (name, codes)  # a warning while unconfirmed, then clean
        out = folders[name] / "out"
        assert {"index.html", "manifest.json", "dataset", "tables"} <= {path.name for path in out.iterdir()}
        assert not [path for path in folders[name].iterdir() if path.name.startswith(".")]
    names = {path.stem for path in (folders["wide.sav"] / "out").glob("*.html")}
    assert {"07_a_patient_level_trial", NOTEBOOK} <= names and "04_how_fast" not in names
    placed = pd.read_csv(folders["wide.sav"] / "out" / "tables" / "10_placed.csv")
    assert set(placed["treatment_class"]) == {"ketamine", "ssri"}


def test_one_trial_in_four_formats_gives_the_same_arms(roads):
    columns = ["treatment_class", "hours", "outcome", "n", "events", "mean", "sd"]
    tables = [
        pd.read_csv(folder / "out" / "dataset" / "arms.csv")
        .query("scale == 'MADRS'")  # ADaM's file holds a second parameter
        .sort_values(columns[:3])[columns]
        .reset_index(drop=True)
        for folder in roads[0].values()
    ]
    assert len(tables[0]) == 36
    for other in tables[1:]:
        pd.testing.assert_frame_equal(tables[0], other)


def test_a_second_run_gives_the_same_bytes(roads, monkeypatch):
    folder = roads[0]["wide.sav"]
    monkeypatch.setattr(pages, "version", str)
    monkeypatch.setenv("PYTHONPATH", str(Path(cli.__file__).parents[2]))
    names = json.loads((folder / "out" / "manifest.json").read_text(encoding="utf-8"))["tables"]
    first = {name: (folder / "out" / name).read_bytes() for name in names}
    assert len(first) > 8 and "tables/10_placed.csv" in first
    assert _call(folder, "run", "dataset.toml", "--out", folder / "out", "--set", "shape=emax") == 0
    assert {name: (folder / "out" / name).read_bytes() for name in names} == first


def test_the_manifest_tells_how_it_was_made(roads):
    """By the command itself, in a process of its own."""
    folder = roads[0]["long.dta"]
    done = _program(folder, "run", "long.dta", "--out", "again", "--notebook", "../tiny.ipynb", "--set", "n=5")
    assert done.returncode == 0, done.stderr
    manifest = json.loads((folder / "again" / "manifest.json").read_text(encoding="utf-8"))
    assert [one["file"] for one in manifest["inputs"]] == ["long.dta", "dataset.toml"]
    assert all(re.fullmatch(r"[0-9a-f]{64}", one["sha256"]) for one in manifest["inputs"])
    assert (
        manifest["command"][1:5] == ["run", "long.dta", "--out", "again"] and "confirmed = true" in manifest["recipe"]
    )
    assert manifest["dataset"] == {"grain": "patients", "rows": len(trial(n_per_arm=30)), "studies": 1}
    assert {"pandas", "numpy", "scipy"} <= set(manifest["packages"]) and manifest["notebooks"][0]["ok"]
    assert manifest["notebooks"][0]["parameters"] == {"n": 5, "dataset": "./dataset/scores.csv"}
    assert len(pd.read_csv(folder / "again" / "dataset" / "scores.csv")) > 0
    assert manifest["seconds"] > 0 and manifest["seed"] is None
    assert f"{Path('again') / 'dataset'} keeps a copy of your data's columns " in done.stdout


def test_nothing_that_a_run_writes_says_where_it_was_made(roads):
    """Pages, executed notebooks, tables, figures and manifests, of shapes with recipes, by absolute paths."""
    places = {str(one) for one in (roads[0]["wide.sav"].parent, Path(cli.__file__).parents[2], Path.home(), sys.prefix)}
    for folder in roads[0].values():
        files = [path for path in (folder / "out").rglob("*") if path.is_file()]
        assert len(files) > 6
        for path in files:
            said = [one for one in places if one.encode() in path.read_bytes() and len(one) > 5]
            assert said == [], (path, said)
    executed = nbformat.read(roads[0]["wide.sav"] / "out" / "notebooks" / "07_a_patient_level_trial.ipynb", 4)
    given = next(cell.source for cell in executed.cells if "injected-parameters" in cell.metadata.get("tags", []))
    assert 'dataset = "../dataset/scores.csv"' in given and 'results = ".."' in given  # right from where the copy lies


def test_the_copy_of_the_data_holds_what_was_used_or_is_not_kept(roads, tmp_path):
    notebook = _tiny(tmp_path / "own.ipynb", "table = ka.read_scores(dataset).query('nurse > 0')[['smoker', 'score']]")
    table = trial(n_per_arm=5).assign(smoker="no", surname="Doe", nurse=1)
    table.to_csv(tmp_path / "t.csv", index=False)
    done = _program(tmp_path, "run", "t.csv", "--notebook", notebook, "--out", "out")
    kept = [*[name for name in trial(n_per_arm=5) if name not in ("site", "age", "sex")], "smoker", "nurse"]
    assert list(pd.read_csv(tmp_path / "out" / "dataset" / "scores.csv")) == kept, done.stderr
    left = ", ".join(name for name in table if name not in kept)
    assert "surname" in left and f"{', '.join(kept)}; left out: {left}" in done.stdout
    again = _program(tmp_path, "run", "t.csv", "--notebook", notebook, "--out", "out", "--no-keep-dataset")
    assert again.returncode == 0 and not (tmp_path / "out" / "dataset").exists() and "copy" not in again.stdout
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text(encoding="utf-8"))
    assert sorted(manifest["tables"]) == ["tables/tiny.csv"] and manifest["command"][-1] == "--no-keep-dataset"
    inside = tmp_path / "out" / "tables" / "tiny.csv"
    refused = _program(tmp_path, "run", inside, "--out", "out")
    assert refused.returncode == 2 and "lies in the folder that the run replaces" in refused.stderr and inside.exists()


def test_a_broken_recipe_is_named_by_every_command(roads, tmp_path):
    folder = tmp_path / "broken"
    shutil.copytree(roads[0]["long.dta"], folder, ignore=shutil.ignore_patterns("out", "again"))
    recipe = folder / "dataset.toml"
    recipe.write_text(recipe.read_text("utf-8").replace("score = ", "scor = "), encoding="utf-8")
    for command in ("check", "run"):
        result = CliRunner().invoke(cli.app, [command, str(folder / "long.dta"), "--out", str(tmp_path / "out")])
        assert result.exit_code == 2 and "columns.scor" in result.output and "did you mean 'score'" in result.output
    assert not (tmp_path / "out").exists()


def test_html_in_the_data_stays_text(roads):
    folder = roads[0]["items.xlsx"]
    for path in [*(folder / "out").glob("*.html"), *(folder / "checked").glob("*.html")]:
        text = path.read_text(encoding="utf-8")
        assert "<script" not in text and not re.search(r"<img[^>]*onerror", text), path.name
        assert "default-src 'none'" in text
    checked = next((folder / "checked").glob("*.html")).read_text(encoding="utf-8")
    assert "&lt;script&gt;" in checked and 'id="understood"' in checked and "download" in checked


@pytest.mark.skipif(CHROMIUM is None, reason="NO BROWSER HERE: no page with HTML in its data was opened in Chromium")
def test_no_script_of_the_data_runs_in_a_browser(roads, tmp_path):
    folder = roads[0]["items.xlsx"]
    harmful = tmp_path / "harmful.html"
    harmful.write_text(f"<html><body><h1>x</h1>{EVIL}</body></html>", encoding="utf-8")
    titles = []
    for i, path in enumerate([folder / "out" / "index.html", folder / "out" / f"{NOTEBOOK}.html", *(folder / "checked").glob("*.html"), harmful]):  # fmt: skip
        command = [CHROMIUM, *FLAGS, f"--user-data-dir={tmp_path / str(i)}", "--dump-dom", path.as_uri()]
        shown = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True).stdout
        titles.append("<title>pwned</title>" in shown)
    assert titles == [False, False, False, True]  # and the check can fail


@pytest.fixture
def arms_file(tmp_path):
    table = ka.summarize_arms(ka.derive_outcomes(trial()), outcomes=["response"])
    table.to_csv(tmp_path / "arms.csv", index=False)
    return tmp_path / "arms.csv"


def test_only_notebooks_of_the_grain_are_run(tmp_path):
    folder = tmp_path / "notebooks"
    folder.mkdir()
    for name, call in (("01_arms", "read_arms"), ("02_people", "read_scores"), ("03_any", "read_as_arms")):
        _tiny(folder / f"{name}.ipynb", f"table = ka.{call}(dataset)")
    _tiny(folder / "04_none.ipynb", "table = 1")
    names = {grain: [path.stem for path in choose_notebooks((), grain, folder)] for grain in ("arms", "patients")}
    assert names == {"arms": ["01_arms", "03_any"], "patients": ["02_people", "03_any"]}
    assert [path.stem for path in choose_notebooks(("03", "01_arms"), "patients", folder)] == ["03_any", "01_arms"]
    for asked, grain, words in (
        ("02", "arms", "reads patients, this dataset holds arms"),
        ("04", "arms", "reads no dataset"),
        ("03_an", "arms", "did you mean '03_any'"),
    ):
        with pytest.raises(ValueError, match=words):
            choose_notebooks((asked,), grain, folder)


def _pretend(monkeypatch, *, ok=True, crash=None):
    """run_notebooks without its kernels: writes something, then succeeds, fails or crashes."""

    def run(out, sources, *, parameters, on_progress):
        (out / "tables").mkdir()
        (out / "tables" / "half.csv").write_text("x")
        if crash:
            raise crash
        rows = [{"notebook": one.stem, "title": "t", "seconds": 1.0, "ok": ok, "failed_cell": None if ok else "1 (x)", "error": None if ok else "E: no"} for one in sources]  # fmt: skip
        return pd.DataFrame(rows)

    monkeypatch.setattr(run_dataset, "run_notebooks", run)
    monkeypatch.setattr(run_dataset, "write_pages", lambda *given: None)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--notebook", "99"], "no notebook is called '99'"),
        (["--set", "shap=emax"], "did you mean 'shape'"),
        (["--set", "shape"], "no key=value"),
        (["--set", "results=x"], "the run fills it in"),
    ],
)
def test_bad_calls_leave_nothing(arms_file, monkeypatch, arguments, words):
    _pretend(monkeypatch)
    place = arms_file.parent / "place"
    result = CliRunner().invoke(
        cli.app, ["run", str(arms_file), "--out", str(place / "out"), "--notebook", "10", *arguments]
    )
    assert result.exit_code == 2 and words in result.output and isinstance(result.exception, SystemExit)
    assert not place.exists()


@pytest.mark.parametrize("crash", [None, RuntimeError("kernel"), OSError("disk full"), KeyboardInterrupt()])
def test_a_run_that_fails_leaves_nothing_and_keeps_the_earlier_one(arms_file, monkeypatch, crash):
    out = arms_file.parent / "place" / "out"
    _pretend(monkeypatch)
    ka_run = run_dataset.run_dataset(arms_file, out, notebooks=["10"])
    assert ka_run.manifest["made_by"] == "ketamine-analysis run" and (out / "tables" / "half.csv").exists()
    before = (out / "manifest.json").read_bytes()
    _pretend(monkeypatch, ok=False, crash=crash)
    with pytest.raises((RuntimeError, OSError, KeyboardInterrupt), match="E: no" if crash is None else None):
        run_dataset.run_dataset(arms_file, out, notebooks=["10"])
    assert [path.name for path in out.parent.iterdir()] == ["out"] and (out / "manifest.json").read_bytes() == before


def test_a_folder_that_is_not_ours_is_never_replaced(arms_file, monkeypatch):
    _pretend(monkeypatch)
    mine = arms_file.parent / "mine"
    mine.mkdir()
    (mine / "thesis.txt").write_text("years")
    result = CliRunner().invoke(cli.app, ["run", str(arms_file), "--out", str(mine), "--notebook", "10"])
    assert result.exit_code == 2 and "choose another --out" in result.output
    assert (mine / "thesis.txt").read_text() == "years"


def test_a_file_in_a_foreign_shape_without_a_recipe_says_what_to_do(tmp_path):
    pd.DataFrame({"PATID": [1], "MADRS": [30]}).to_csv(tmp_path / "a.csv", index=False)
    result = CliRunner().invoke(cli.app, ["run", str(tmp_path / "a.csv"), "--out", str(tmp_path / "out")])
    assert result.exit_code == 2 and "column present" in result.output and not (tmp_path / "out").exists()


def test_new_tells_the_next_step_and_stops_for_what_cannot_be_read(tmp_path):
    trial().to_csv(tmp_path / "a.csv", index=False)
    told = CliRunner().invoke(cli.app, ["new", str(tmp_path / "a.csv")])
    assert told.exit_code == 0 and "ketamine-analysis check" in told.output and "confirmed = true" in told.output
    for path, words in ((tmp_path / "a.csv", "no recipe there yet"), (tmp_path / "none.csv", "the file exists")):
        again = CliRunner().invoke(cli.app, ["new", str(path)])
        assert again.exit_code == 2 and words in again.output
