"""The notebooks in a real JupyterLab, in a real browser: opened, run, a control moved, saved."""

import json
import os
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import nbformat
import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update",
]  # fmt: skip
NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
SETTINGS = {
    "notebook-extension/tracker": {
        "windowingMode": "none",
        "autoStartDefaultKernel": True,
    },  # every cell is on the page
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},  # asks nothing of other hosts
}
ERRORS = '[data-mime-type="application/vnd.jupyter.error"], [data-mime-type="application/vnd.jupyter.stderr"]'
FIGURES = ".jp-OutputArea-output img"
SECONDS = 120  # for one notebook on a busy machine

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="NO BROWSER HERE: JupyterLab was not opened in Chromium"),
]


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """The address of a JupyterLab on copies of the notebooks, and their folder."""
    folder = tmp_path_factory.mktemp("lab")
    shutil.copytree(NOTEBOOKS, folder / "notebooks")
    shutil.copytree(NOTEBOOKS.parent / "data" / "examples", folder / "data" / "examples")
    for name, values in SETTINGS.items():
        path = folder / "settings" / "@jupyterlab" / f"{name}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(values), encoding="utf-8")
    places = {name: str(folder / name) for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR")}
    env = {**os.environ, **places, "JUPYTERLAB_SETTINGS_DIR": str(folder / "settings"),
           "JUPYTERLAB_WORKSPACES_DIR": str(folder / "workspaces")}  # fmt: skip
    env.pop("MPLBACKEND", None)
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ip=127.0.0.1", "--port=0",
               "--IdentityProvider.token=", "--ServerApp.password=", f"--ServerApp.root_dir={folder / 'notebooks'}"]  # fmt: skip
    with open(folder / "log.txt", "w", encoding="utf-8") as log:
        server = subprocess.Popen(command, env=env, stdout=log, stderr=subprocess.STDOUT)
        try:
            yield _address(folder, server), folder / "notebooks"
        finally:
            server.terminate()
            server.wait(30)


def _address(folder, server):
    """Waits until the server answers."""
    end = time.monotonic() + 90
    while time.monotonic() < end and server.poll() is None:
        for path in (folder / "JUPYTER_RUNTIME_DIR").glob("jpserver-*.json"):
            try:
                url = json.loads(path.read_text(encoding="utf-8"))["url"]
                with urllib.request.urlopen(f"{url}api/status", timeout=5):
                    return url
            except (ValueError, urllib.error.URLError):
                continue
        time.sleep(0.3)
    raise RuntimeError(f"JupyterLab did not start: {(folder / 'log.txt').read_text(encoding='utf-8')[-2000:]}")


@pytest.fixture(scope="module")
def page(lab):
    """One page of a browser."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        one = browser.new_page(viewport={"width": 1500, "height": 1100})
        one.set_default_timeout(60_000)
        yield one
        browser.close()


def _run_all(page, lab, name):
    """Opens a notebook with its committed outputs cleared, runs every cell, waits for the last, saves."""
    url, folder = lab
    path = folder / f"{name}.ipynb"
    notebook = nbformat.read(path, as_version=4)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    for cell in code:
        cell.outputs, cell.execution_count = [], None
    nbformat.write(notebook, path)
    page.goto(f"{url}lab/workspaces/{name}/tree/{name}.ipynb")
    page.locator(".jp-Notebook .jp-Cell").first.wait_for()
    page.get_by_text("| Idle").first.wait_for()
    assert page.locator(FIGURES).count() == 0
    page.locator('.lm-MenuBar-itemLabel:text-is("Run")').click()
    page.locator('.lm-Menu-itemLabel:text-is("Run All Cells")').click()
    last = page.locator(".jp-Notebook .jp-CodeCell .jp-InputPrompt").last
    _wait(page, lambda: last.inner_text().strip() == f"[{len(code)}]:" or page.locator(ERRORS).count() > 0)
    assert page.locator(ERRORS).all_inner_texts() == []
    return path, len(code)


def _wait(page, condition, seconds=SECONDS):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "nothing happened in time"
        page.wait_for_timeout(100)


def _save(page, path):
    before = path.stat().st_mtime_ns
    page.keyboard.press("Control+s")
    _wait(page, lambda: path.stat().st_mtime_ns != before, 30)
    return nbformat.read(path, as_version=4)


@pytest.mark.parametrize(
    "name", [path.stem for path in sorted(NOTEBOOKS.glob("*.ipynb")) if "explore" not in path.stem]
)
def test_a_notebook_runs_shows_its_figures_and_is_saved(lab, page, name):
    path, cells = _run_all(page, lab, name)
    assert page.locator(FIGURES).count() >= 1
    assert all(page.locator(FIGURES).evaluate_all("all => all.map(one => one.complete && one.naturalWidth > 100)"))
    saved = _save(page, path)
    code = [cell for cell in saved.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, cells + 1))
    kinds = {output.output_type for cell in code for output in cell.outputs}
    assert "display_data" in kinds and "error" not in kinds and "stream" not in kinds


def test_the_contents_of_a_notebook_lead_to_its_headings(lab, page):
    page.goto(f"{lab[0]}lab/workspaces/contents/tree/06_how_sure.ipynb")
    first = page.locator(".jp-Notebook .jp-Cell").first
    first.wait_for()
    page.get_by_text("| Idle").first.wait_for()
    headings = [text.rstrip("¶") for text in page.locator(".jp-Notebook h2").all_inner_texts()]
    assert len(headings) > 8
    for heading in (headings[-1], headings[3]):  # far down, and one in between
        page.locator(".jp-WindowedPanel-outer").first.evaluate("one => one.scrollTop = 0")
        first.get_by_role("link", name=heading, exact=True).click()
        place = page.locator(".jp-Notebook h2", has_text=heading).first
        _wait(page, lambda place=place: 0 < place.bounding_box()["y"] < 1000, 10)


def test_a_control_of_the_explorer_changes_the_view(lab, page):
    _run_all(page, lab, "09_explore")
    cells = page.locator(".jp-Notebook .jp-Cell").count()
    shown = page.locator(".jupyter-widgets.widget-html")
    title, figures = shown.locator("b"), shown.locator("img")
    figures.first.wait_for()
    page.get_by_label("class", exact=True).select_option(label="ketamine")
    _wait(page, lambda: title.inner_text().startswith("ketamine, response"), 30)
    before, words = [one.get_attribute("src") for one in figures.all()], title.inner_text()
    control = page.get_by_label("control", exact=True)  # by the keyboard, as one without a mouse would
    control.focus()
    control.press("a")  # "all", then the kinds that begin with a
    control.press("ArrowDown")
    chosen = control.evaluate("one => one.selectedOptions[0].text")
    _wait(page, lambda: title.inner_text() != words or page.locator("[role=alert]").count() > 0, 30)
    after = [one.get_attribute("src") for one in figures.all()]
    assert chosen == "placebo" and page.locator("[role=alert]").count() == 0
    assert len(after) == len(before) and all(one != other for one, other in zip(after, before, strict=True))
    assert all(len(one.get_attribute("alt")) > 40 for one in figures.all())
    assert page.locator(".jp-Notebook .jp-Cell").count() == cells  # JupyterLab did not take the keys as its shortcuts
    assert "control='placebo'" in page.get_by_label("code", exact=True).input_value()
    page.get_by_label("window", exact=True).select_option(label="8 wk")  # nobody looked then: said, not drawn
    _wait(page, lambda: "no trial at 8 wk" in title.inner_text(), 30)
    assert page.locator(ERRORS).count() == 0


def test_the_form_of_a_new_recipe_is_answered_in_the_browser(lab, page, tmp_path):
    url, folder = lab
    (folder / "clinic").mkdir()
    (folder / "clinic" / "visits.csv").write_text("who,group,visit,mood\n" + "".join(
        f"P{i},{arm},{visit},{score}\n"
        for i, arm in enumerate(("ketamine", "ketamine", "placebo"))
        for visit, score in (("Baseline", 30 + i), ("Week 1", 14 + 6 * i))
    ))  # fmt: skip
    code = 'import ketamine_analysis as ka\nka.new("clinic/visits.csv")'
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)]), folder / "form.ipynb")
    page.goto(f"{url}lab/workspaces/form/tree/form.ipynb")
    page.locator(".jp-Notebook .jp-Cell").first.wait_for()
    page.get_by_text("| Idle").first.wait_for()
    page.locator('.lm-MenuBar-itemLabel:text-is("Run")').click()
    page.locator('.lm-Menu-itemLabel:text-is("Run All Cells")').click()
    form = page.locator(".jp-OutputArea-output")
    answers = {"scale:": "MADRS", "[columns] score": "mood", "[columns] subject": "who"}
    for about, value in answers.items():
        row = form.locator(".widget-vbox .widget-vbox", has_text=about)
        row.first.wait_for()
        row.first.locator("input").fill(value)
        row.first.locator("input").press("Tab")
        row.first.locator("button").click()
        _wait(page, lambda about=about: form.locator(".widget-vbox .widget-vbox", has_text=about).count() == 0, 30)
    assert "The first rows, as they will be read" in form.first.inner_text()
    page.screenshot(path=str(tmp_path / "form.png"))
    if form.get_by_role("button", name="Keep the other").count():
        form.get_by_role("button", name="Keep the other").click()
    form.get_by_role("button", name="All is right").click()
    form.get_by_text("written:").first.wait_for()
    assert (folder / "clinic" / "dataset.toml").exists() and page.locator(ERRORS).count() == 0
