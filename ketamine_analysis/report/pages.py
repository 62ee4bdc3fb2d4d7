"""HTML pages of executed notebooks: self-contained, nothing loaded from another host."""

from __future__ import annotations

import html
import platform
import re
from datetime import UTC, datetime
from importlib.metadata import version
from itertools import groupby
from pathlib import Path
from string import Template
from urllib.parse import quote

import nbformat
import pandas as pd
from nbconvert.filters import markdown2html
from pygments.formatters import HtmlFormatter

from .. import __version__
from .page_body import clean_html, page_body, plain

SHIPPED = (
    "Computed from the tables in <code>data/</code>; every page shows its numbers, their intervals and their sources."
)
ANSWER = "03_response_timelines"  # the page whose headline is the answer: it stands first
ROWS_SHOWN = 8  # of a card's numbers; a longer table is folded
PAGE = Template((Path(__file__).parent / "report_page.html").read_text(encoding="utf-8"))


def write_page(notebook: nbformat.NotebookNode, path: Path, names: list[tuple[str, str]]) -> None:
    """The executed notebook as one page with contents, links to its neighbours and alt texts."""
    body = page_body(notebook, path.stem, [name for name, _ in names]) + _own_files(path)
    contents = "".join(
        f'<a href="#{anchor}">{plain(text)}</a>'
        for anchor, text in re.findall(r'<h2 id="([^"]+)">(.*?)</h2>', body, flags=re.DOTALL)
    )
    title = dict(names).get(path.stem, path.stem)
    path.write_text(page_of(title, _road(path.stem, names, contents), "", body), encoding="utf-8")


def write_index(target: Path, table: pd.DataFrame, executed: dict[str, nbformat.NotebookNode], about: str) -> None:
    """index.html: the answer, every question, a card for each with its headline figure and numbers, all downloads."""
    rows = table.to_dict("records")
    answered = [
        row for row in rows if row["notebook"] == ANSWER and row["ok"] and not isinstance(row["not_asked"], str)
    ]
    others = [row for row in rows if row not in answered]
    questions = "".join(
        f'<li><span class="number">{row["notebook"].split("_")[0]}</span> '
        f'<a href="#{row["notebook"]}">{html.escape(row["title"])}</a></li>'
        for row in rows
    )
    files = "".join(_downloads(target, folder) for folder in ("dataset", "figures", "tables"))
    names = ("pandas", "numpy", "scipy", "matplotlib")
    versions = ", ".join(f"{name} {version(name)}" for name in names)
    made = f"Made {datetime.now(UTC):%Y-%m-%d %H:%M} UTC with Python {platform.python_version()}, "
    made += f"ketamine_analysis {__version__}, {versions}."
    body = (
        "<h1>Ketamine and conventional antidepressants: hours against weeks</h1>"
        f"<p>{about} Nothing here is medical advice.</p>"
        + "".join(_card(row, executed[row["notebook"]]) for row in answered)
        + f'<ul class="questions">{questions}</ul>'
        + "".join(_card(row, executed[row["notebook"]]) for row in others)
        + f'<section class="card"><h2 id="files">Figures and tables</h2>{files}</section>'
        + f'<p class="small">{html.escape(made)}</p>'
    )
    (target / "index.html").write_text(page_of("ketamine_analysis", "", "", body), encoding="utf-8")


def page_of(title: str, links: str, contents: str, body: str) -> str:
    """A whole page in the project's style; links, contents and body are HTML already."""
    lines = f'<div>{links}</div><div class="contents">{contents}</div>'
    return PAGE.substitute(
        title=html.escape(title),
        navigation=f"<nav>{lines}</nav>" if links or contents else "",
        body=body,
        pygments=HtmlFormatter().get_style_defs(".highlight"),
    )


def _road(name: str, names: list[tuple[str, str]], contents: str) -> str:
    """One line: the index, the pages before and after, this page's headings behind a word."""
    place = next((at for at, (one, _) in enumerate(names) if one == name), 0)
    near = [
        f'<a class="near" href="{names[at][0]}.html">{text.format(html.escape(names[at][1]))}</a>'
        for at, text in ((place - 1, "← {}"), (place + 1, "→ {}"))
        if 0 <= at < len(names)
    ]
    here = f'<details><summary>On this page</summary><div class="contents">{contents}</div></details>'
    return f'<a href="index.html">All questions</a>{"".join(near)}{here if contents else ""}'


def _card(row: dict, notebook: nbformat.NotebookNode) -> str:
    """A question with its headline figure, its numbers and how its notebook went."""
    place = f" in cell {row['failed_cell']}" if isinstance(row["failed_cell"], str) else ""
    state = f"computed in {row['seconds']:.0f} s" if row["ok"] else f"failed{place}: {row['error']}"
    state = f"not asked: {row['not_asked']}" if isinstance(row["not_asked"], str) else state
    title, page = html.escape(row["title"]), f"{row['notebook']}.html"
    image = _tagged_output(notebook, "headline", "image/png")
    numbers = clean_html(_tagged_output(notebook, "headline_numbers", "text/html") or "")
    numbers = numbers or clean_html(markdown2html(_tagged_output(notebook, "headline_numbers", "text/markdown") or ""))
    words = html.unescape(re.sub(r"<[^>]+>", "", numbers))
    said = html.escape(re.sub(r"\s+", " ", words).strip(), quote=True)
    alt = title if "<table" in numbers or not said else said  # a figure says what its sentences say
    figure = f'<img alt="{alt}" src="data:image/png;base64,{image}">' if image else ""
    if numbers.count("<tr") > ROWS_SHOWN + 1:
        numbers = f"<details><summary>the numbers ({numbers.count('<tr') - 1} rows)</summary>{numbers}</details>"
    parts = [f"<p>{html.escape(_lead(notebook))}</p>", figure, f'<div class="numbers">{numbers}</div>']
    if row["notebook"] == ANSWER:  # sentences, figure (to be pushed aside on a phone, not shrunk), how
        parts = [parts[2], f'<div class="scroll">{figure}</div>', parts[0]]
    return (
        f'<section class="card"><h2 id="{row["notebook"]}"><a href="{page}">{title}</a></h2>{"".join(parts)}'
        f'<p><a href="{page}">The whole page, with its code and limits →</a></p>'
        f'<p class="small {"" if row["ok"] else "failed"}">{html.escape(state)}</p></section>'
    )


def _own_files(page: Path) -> str:
    """The tables and figures that the notebook of this page kept, to download."""
    number = page.stem.split("_")[0]
    items = "".join(_files(page.parent / folder, f"{number}_*") for folder in ("tables", "figures"))
    return f'<h2 id="downloads">Tables and figures of this page</h2><ul class=files>{items}</ul>' if items else ""


def _lead(notebook: nbformat.NotebookNode) -> str:
    """The first paragraph under the title."""
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            for part in re.split(r"\n\s*\n", cell.source):
                if part.strip() and not part.lstrip().startswith(("#", "|", "[")):
                    return re.sub(r"[*_`]|\]\([^)]*\)|\[", "", " ".join(part.split()))
    return ""


def _tagged_output(notebook: nbformat.NotebookNode, tag: str, kind: str) -> str | None:
    for cell in notebook.cells:
        if cell.cell_type == "code" and tag in cell.metadata.get("tags", []):
            for output in reversed(cell.outputs):
                data = output.get("data", {})
                if kind in data:
                    text = "".join(data[kind])
                    return text.replace("\n", "") if kind == "image/png" else text
    return None


def _downloads(target: Path, folder: str) -> str:
    items = _files(target / folder, "*")
    return f"<details><summary>{folder}</summary><ul class=files>{items}</ul></details>" if items else ""


def _files(folder: Path, pattern: str) -> str:
    """A line for each name in a folder, with a link for each kind of file it is there in."""
    paths = sorted(folder.glob(pattern)) if folder.exists() else []
    lines = []
    for stem, same in groupby(paths, key=lambda path: path.stem):
        links = " · ".join(
            f'<a href="{folder.name}/{quote(path.name)}" download>{html.escape(path.suffix.lstrip(".") or "file")}</a>'
            for path in same
        )
        lines.append(f"<li>{html.escape(stem)}: {links}</li>")
    return "".join(lines)
