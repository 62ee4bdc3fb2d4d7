"""HTML pages of executed notebooks: self-contained, nothing loaded from another host."""

from __future__ import annotations

import html
import platform
import re
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from string import Template
from urllib.parse import quote

import bleach
import nbformat
import pandas as pd
from nbconvert import HTMLExporter
from nbconvert.filters import markdown2html
from pygments.formatters import HtmlFormatter

from . import __version__

SHIPPED = (
    "Computed from the tables in <code>data/</code>; every page shows its numbers, their intervals and their sources."
)
KINDS = ("text/html", "text/markdown", "text/plain", "image/png")  # of an output; an SVG or a script is not shown
TAGS = {
    "a", "b", "blockquote", "br", "caption", "code", "div", "em", "h1", "h2", "h3", "h4", "hr", "i", "li", "ol", "p",
    "pre", "small", "span", "strong", "sub", "sup", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "u", "ul",
}  # fmt: skip
PAGE = Template((Path(__file__).parent / "report_page.html").read_text(encoding="utf-8"))


def write_page(notebook: nbformat.NotebookNode, path: Path, names: list[tuple[str, str]]) -> None:
    """The executed notebook as one page with contents, links to its neighbours and alt texts."""
    exporter = HTMLExporter(template_name="basic")
    body, _ = exporter.from_notebook_node(_harmless(notebook))
    body = _with_alt_texts(re.sub(r"<script\b.*?</script>", "", body, flags=re.DOTALL))
    for name, _ in names:  # a link between notebooks becomes a link between their pages
        body = body.replace(f'href="{name}.ipynb', f'href="{name}.html')
    body += _own_files(path)
    contents = "".join(
        f'<a href="#{anchor}">{_plain(text)}</a>'
        for anchor, text in re.findall(r'<h2 id="([^"]+)">(.*?)</h2>', body, flags=re.DOTALL)
    )
    others = "".join(
        f'<a href="{name}.html"{" class=here" if name == path.stem else ""}>{html.escape(title)}</a>'
        for name, title in names
    )
    title = dict(names).get(path.stem, path.stem)
    path.write_text(page_of(title, f'<a href="index.html">All questions</a>{others}', contents, body), encoding="utf-8")


def write_index(target: Path, table: pd.DataFrame, executed: dict[str, nbformat.NotebookNode], about: str) -> None:
    """index.html: a card for each notebook with its headline figure and numbers, and everything to download."""
    cards = []
    for row in table.to_dict("records"):
        notebook = executed[row["notebook"]]
        place = f" in cell {row['failed_cell']}" if isinstance(row["failed_cell"], str) else ""
        state = f"{row['seconds']:.0f} s" if row["ok"] else f"failed{place}: {row['error']}"
        state = f"not asked: {row['not_asked']}" if isinstance(row["not_asked"], str) else state
        image = _tagged_output(notebook, "headline", "image/png")
        figure = f'<img alt="{html.escape(row["title"])}" src="data:image/png;base64,{image}">' if image else ""
        numbers = clean_html(_tagged_output(notebook, "headline_numbers", "text/html") or "")
        numbers = numbers or clean_html(
            markdown2html(_tagged_output(notebook, "headline_numbers", "text/markdown") or "")
        )
        cards.append(
            f'<section class="card"><h2 id="{row["notebook"]}"><a href="{row["notebook"]}.html">'
            f"{html.escape(row['title'])}</a></h2><p>{html.escape(_lead(notebook))}</p>{figure}"
            f'<div class="numbers">{numbers}</div><p class="small {"" if row["ok"] else "failed"}">'
            f"{html.escape(state)}</p></section>"
        )
    files = "".join(_downloads(target, folder) for folder in ("dataset", "figures", "tables"))
    names = ("pandas", "numpy", "scipy", "matplotlib")
    versions = ", ".join(f"{name} {version(name)}" for name in names)
    made = f"Made {datetime.now(UTC):%Y-%m-%d %H:%M} UTC with Python {platform.python_version()}, "
    made += f"ketamine_analysis {__version__}, {versions}."
    body = (
        "<h1>Ketamine and conventional antidepressants: hours against weeks</h1>"
        f"<p>{about} Nothing here is medical advice.</p>"
        + "".join(cards)
        + f'<section class="card"><h2 id="files">Figures and tables</h2>{files}</section>'
        + f'<p class="small">{html.escape(made)}</p>'
    )
    links = "".join(
        f'<a href="{row["notebook"]}.html">{html.escape(row["title"])}</a>' for row in table.to_dict("records")
    )
    (target / "index.html").write_text(page_of("ketamine_analysis", links, "", body), encoding="utf-8")


def page_of(title: str, links: str, contents: str, body: str) -> str:
    """A whole page in the project's style; links, contents and body are HTML already."""
    colours = HtmlFormatter().get_style_defs(".highlight")
    return PAGE.substitute(
        title=html.escape(title),
        links=links,
        contents=contents,
        body=body,
        pygments=colours,
    )


def clean_html(text: str) -> str:
    """HTML of a notebook's output without anything that could run or load: it may quote the data.

    >>> clean_html("<b onclick='x()'>b</b><script>x()</script><img src=x onerror='x()'>")
    '<b>b</b>'
    """
    text = re.sub(r"<(script|style)\b.*?</\1\s*>", "", text, flags=re.DOTALL | re.IGNORECASE)
    clean = bleach.clean(text, tags=TAGS, attributes={"*": ["class", "colspan", "rowspan"], "a": ["href"]}, strip=True)
    return re.sub(r'<table class="dataframe">.*?</table>', _marked_if_numbered, str(clean), flags=re.DOTALL)


def _marked_if_numbered(match: re.Match) -> str:
    """A table whose rows are only numbered gets the class that hides the numbers; names of rows are shown."""
    head, _, body = match.group(0).partition("<tbody>")
    labels = re.findall(r"<th[^>]*>(.*?)</th>", body, flags=re.DOTALL)
    plain = head.count("<tr") == 1 and all(label.strip().isdigit() for label in labels)
    return match.group(0).replace("dataframe", "dataframe numbered", 1) if plain else match.group(0)


def _harmless(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """The notebook with its HTML and Markdown outputs cleaned, and without scripts."""
    cells = []
    for cell in notebook.cells:
        outputs = [_harmless_output(output) for output in cell.get("outputs", [])]
        cells.append(nbformat.from_dict({**cell, "outputs": outputs}) if outputs else cell)
    return nbformat.from_dict({**notebook, "cells": cells})


def _harmless_output(output: nbformat.NotebookNode) -> dict:
    if "data" not in output:
        return output
    data = {kind: value for kind, value in output["data"].items() if kind in KINDS}
    if "text/html" in data:
        data["text/html"] = clean_html("".join(data["text/html"]))
    elif "text/markdown" in data:
        data = {"text/html": clean_html(markdown2html("".join(data["text/markdown"])))}
    return {**output, "data": data}


def _own_files(page: Path) -> str:
    """The tables and figures that the notebook of this page kept, to download."""
    number = page.stem.split("_")[0]
    paths = [path for folder in ("tables", "figures") for path in sorted((page.parent / folder).glob(f"{number}_*"))]
    items = "".join(
        f'<li><a href="{path.parent.name}/{quote(path.name)}" download>{html.escape(path.name)}</a></li>'
        for path in paths
    )
    return f'<h2 id="downloads">Tables and figures of this page</h2><ul class=files>{items}</ul>' if items else ""


def _plain(text: str) -> str:
    return re.sub(r"<[^>]+>|¶", "", text).strip()


def _with_alt_texts(body: str) -> str:
    """Every image is described by the heading above it."""
    heading = "figure"

    def describe(match: re.Match) -> str:
        nonlocal heading
        if match.group(1) is not None:
            heading = html.unescape(_plain(match.group(0)))
            return match.group(0)
        image = re.sub(r'\salt="[^"]*"', "", match.group(0))
        return image.replace("<img", f'<img alt="{html.escape(heading, quote=True)}"', 1)

    return re.sub(r"<h([1-4])\b.*?</h\1>|<img\b[^>]*>", describe, body, flags=re.DOTALL)


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
    paths = sorted((target / folder).glob("*")) if (target / folder).exists() else []
    items = "".join(
        f'<li><a href="{folder}/{quote(path.name)}" download>{html.escape(path.name)}</a></li>' for path in paths
    )
    return f"<h3>{folder}</h3><ul class=files>{items}</ul>" if items else ""
