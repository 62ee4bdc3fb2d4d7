"""The report's pages in a real browser: every image is there, and nothing is asked of another host."""

import re
import subprocess
from pathlib import Path

import pytest
from browser import CHROMIUM, FLAGS

from ketamine_analysis.report.report import run_report

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    folder = tmp_path_factory.mktemp("report")
    table = run_report(folder)
    assert table["ok"].all(), table.to_string()
    return folder


def test_the_shipped_notebooks_make_complete_pages(pages):
    names = {path.name for path in pages.glob("*.html")}
    assert {"index.html", "01_the_evidence.html", "02_response_at_24_hours.html", "03_response_timelines.html"} <= names
    for path in pages.glob("*.html"):
        text = path.read_text(encoding="utf-8")
        images = re.findall(r"<img\b[^>]*>", text)
        assert images or path.name == "index.html"
        for image in images:
            assert 'src="data:image/png;base64,' in image and re.search(r'alt="[^"]{5,}"', image)
        for link in re.findall(r'href="((?:figures|tables)/[^"]+)"', text):
            assert (pages / link).stat().st_size > 0
    assert len(list((pages / "figures").glob("*.svg"))) == len(list((pages / "figures").glob("*.png"))) >= 5


def _asked_by_the_page(path, profile):
    """The http addresses that the page itself (not the browser for its own ends) asks for."""
    log = profile.with_suffix(".json")
    command = [CHROMIUM, *FLAGS, f"--user-data-dir={profile}", f"--log-net-log={log}", "--dump-dom", path.as_uri()]
    shown = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    assert "</h1>" in shown.stdout
    # one event a line; the last may be cut when the browser ends
    lines = [
        line for line in log.read_text(encoding="utf-8").splitlines() if '"network_isolation_key":"file://' in line
    ]
    return [url for line in lines for url in re.findall(r'"url":"((?:https?|wss?):[^"]*)"', line)]


@pytest.mark.skipif(CHROMIUM is None, reason="NO BROWSER HERE: the pages were not opened in Chromium")
def test_no_page_asks_anything_of_another_host(pages, tmp_path):
    for path in sorted(pages.glob("*.html")):
        assert _asked_by_the_page(path, tmp_path / path.stem) == []
    other = tmp_path / "other.html"  # and the check can fail
    other.write_text('<h1>x</h1><img src="http://example.invalid/a.png">', encoding="utf-8")
    assert _asked_by_the_page(other, tmp_path / "other") == ["http://example.invalid/a.png"]


def test_the_page_code_names_no_other_host():
    template = Path(__file__).parents[2] / "ketamine_analysis" / "report" / "report_page.html"
    assert not re.search(r"https?:|//", template.read_text(encoding="utf-8"))
