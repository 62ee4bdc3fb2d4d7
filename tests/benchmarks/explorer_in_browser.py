"""From the choice to the drawn figure, in JupyterLab in Chromium: pytest -s tests/benchmarks/explorer_in_browser.py

Each line: wall seconds between the change of a control and the new figures being complete on the page; the fastest and
the median of several. Beside it, in the same run, the same for a control whose view is one sentence: no figure at all.
"""

import statistics
import time

from report.test_jupyterlab import _run_all, lab, page  # noqa: F401

import ketamine_analysis as ka

REPEATS = 5
CHANGES = {
    "ketamine, window 24 h → 1 wk": ({"class": "ketamine", "window": "24 h"}, {"window": "1 wk"}),
    "SNRI, window 6 wk → 8 wk (43 trials)": ({"class": "SNRI", "window": "6 wk"}, {"window": "8 wk"}),
    "SSRI, window 6 wk → 8 wk (67 trials)": ({"class": "SSRI", "window": "6 wk"}, {"window": "8 wk"}),
    "SSRI, model windows → plateau": ({"class": "SSRI", "window": "8 wk", "model": "windows"}, {"model": "plateau"}),
    "ketamine, model windows → emax": ({"class": "ketamine", "window": "24 h", "model": "windows"}, {"model": "emax"}),
    "esketamine, model windows → emax": (
        {"class": "esketamine", "window": "24 h", "model": "windows"},
        {"model": "emax"},
    ),
}
STATE = """() => { const box = document.querySelector(".jupyter-widgets.widget-html");
  return box.innerText + [...box.querySelectorAll("img")].map(one => one.complete ? one.src.length : "LOADING").join(); }"""


def _choose(page, name, label):  # noqa: F811
    before = page.evaluate(STATE)
    start = time.perf_counter()
    page.get_by_label(name, exact=True).select_option(label=label)
    page.wait_for_function(
        f"before => {{ const now = ({STATE})(); return now !== before && !now.includes('LOADING'); }}", arg=before
    )
    return time.perf_counter() - start


def _view_seconds(before, change):
    words = {"class": "treatment_class"}
    arms = ka.default_pool(ka.load_evidence())
    choices = {
        words.get(name, name): label if name != "class" else label.lower()
        for name, label in {**before, **change}.items()
    }
    spans = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        ka.view(arms, **choices).figures_html("svg")
        spans.append(time.perf_counter() - start)
    return statistics.median(spans)


def test_round_trips(lab, page):  # noqa: F811
    _run_all(page, lab, "09_explore")
    page.locator(".jupyter-widgets.widget-html img").first.wait_for()
    print()
    for words, (before, change) in CHANGES.items():
        spans = []
        for _ in range(REPEATS):
            for name, label in before.items():
                if (
                    page.get_by_label(name, exact=True).evaluate(
                        'one => one.selectedOptions[0].text.replaceAll("\u00a0", " ")'
                    )
                    != label
                ):
                    _choose(page, name, label)
            spans.append(sum(_choose(page, name, label) for name, label in change.items()))
        alone = _view_seconds(before, change)
        print(f"{words}: {min(spans):.2f} to {statistics.median(spans):.2f} s; ka.view alone {alone:.2f} s")
