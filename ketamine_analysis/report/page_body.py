"""The body of a notebook's page: outputs that cannot run or load, code folded, every figure described, no dead link."""

from __future__ import annotations

import html
import re
from urllib.parse import unquote

import bleach
import nbformat
from nbconvert import HTMLExporter
from nbconvert.filters import markdown2html

NO_WORDS = "No description has been provided for this image"  # nbconvert's, for a figure that brings no alt text
KINDS = ("text/html", "text/markdown", "text/plain", "image/png")  # of an output; an SVG or a script is not shown
WIDGET = "application/vnd.jupyter.widget-view+json"
NEEDS_KERNEL = (
    '<p class="needs-kernel">The controls here need a running notebook (<code>ketamine-analysis lab</code>); '
    "what follows is one view of them.</p>"
)
TAGS = {
    "a", "b", "blockquote", "br", "caption", "code", "div", "em", "h1", "h2", "h3", "h4", "hr", "i", "img", "li", "ol",
    "p", "pre", "small", "span", "strong", "sub", "sup", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "u",
    "ul",
}  # fmt: skip
OWN_IMAGE = re.compile(r"data:image/png;base64,[A-Za-z0-9+/=\s]+")
OWN_LINK = re.compile(r"(?:#|[\w%.-][\w%./-]*(?:#|$))")  # of these pages: a name in the data leads to no other host


def page_body(notebook: nbformat.NotebookNode, name: str, names: list[str]) -> str:
    """The notebook as HTML. name : its own, names : those that have pages; links to other notebooks become text."""
    body, _ = HTMLExporter(template_name="basic").from_notebook_node(_harmless(notebook))
    body = re.sub(r"<script\b.*?</script>", "", body, flags=re.DOTALL)
    return living_links(_with_alt_texts(_folded(body)), name, names)


def clean_html(text: str) -> str:
    """HTML of a notebook's output without anything that could run or load: it may quote the data.

    Images are kept where they hold their own pixels, with their alt texts.

    >>> clean_html("<b onclick='x()'>b</b><script>x()</script><img src=x onerror='x()'>")
    '<b>b</b><img>'
    """
    text = re.sub(r"<(script|style)\b.*?</\1\s*>", "", text, flags=re.DOTALL | re.IGNORECASE)
    protocols = {*bleach.ALLOWED_PROTOCOLS, "data"}  # `_kept` lets it pass in an image only
    clean = bleach.clean(text, tags=TAGS, attributes=_kept, protocols=protocols, strip=True)
    return re.sub(r'<table class="dataframe">.*?</table>', _marked_if_numbered, str(clean), flags=re.DOTALL)


def _marked_if_numbered(match: re.Match) -> str:
    """A table whose rows are only numbered gets the class that hides the numbers; names of rows are shown."""
    head, _, body = match.group(0).partition("<tbody>")
    labels = re.findall(r"<th[^>]*>(.*?)</th>", body, flags=re.DOTALL)
    plain = head.count("<tr") == 1 and all(label.strip().isdigit() for label in labels)
    return match.group(0).replace("dataframe", "dataframe numbered", 1) if plain else match.group(0)


def living_links(body: str, name: str, names: list[str]) -> str:
    """Links between notebooks as links between pages, README as the index; a link that leads nowhere is its text.

    >>> living_links('<h2 id="A-b">x</h2><a href="#A-b">b</a><a href="#c">c</a><a href="02.ipynb">d</a>', "01", ["01"])
    '<h2 id="A-b">x</h2><a href="#A-b">b</a>cd'
    """
    ids = {html.unescape(one) for one in re.findall(r'\sid="([^"]*)"', body)}

    def living(match: re.Match) -> str:
        target, text = html.unescape(match.group(1)), match.group(2)
        page, _, place = target.partition("#")
        if page == "../README.md":
            return f'<a href="index.html#{name}">{text}</a>'
        if page.endswith(".ipynb"):
            known = page.removesuffix(".ipynb") in names
            place = f"#{place}" if place else ""
            return f'<a href="{page.removesuffix(".ipynb")}.html{html.escape(place)}">{text}</a>' if known else text
        return match.group(0) if page or unquote(place) in ids else text

    return re.sub(r'<a href="([^"]*)">(.*?)</a>', living, body, flags=re.DOTALL)


def _kept(tag: str, attribute: str, value: str) -> bool:
    """Classes and spans of cells; addresses only where they are plain links or images that hold themselves."""
    if tag == "a" and attribute == "href":
        return OWN_LINK.match(value) is not None
    if tag == "img":
        return attribute == "alt" or (attribute == "src" and OWN_IMAGE.fullmatch(value) is not None)
    return attribute in ("class", "colspan", "rowspan")


def _harmless(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """The notebook with its outputs cleaned, without scripts, its first cell and the folder that a run fills in."""
    cells = []
    for cell in notebook.cells:
        tags = cell.metadata.get("tags", [])
        if "install" in tags:  # for whoever runs the notebook, not for whoever reads the page
            continue
        if "injected-parameters" in tags:
            if not _says_more(cell.source):
                continue
            shown = [line for line in cell.source.splitlines() if not line.startswith("results = ")]
            cell = nbformat.from_dict({**cell, "source": "\n".join(shown)})
        outputs = [_harmless_output(output) for output in cell.get("outputs", [])]
        cells.append(nbformat.from_dict({**cell, "outputs": outputs}) if outputs else cell)
    return nbformat.from_dict({**notebook, "cells": cells})


def _says_more(source: str) -> bool:
    """Whether a run's own parameters hold more than the folder of its results."""
    return any(not line.startswith(("#", "results = ")) for line in source.splitlines() if line.strip())


def _harmless_output(output: nbformat.NotebookNode) -> dict:
    if "data" not in output:
        return output
    if WIDGET in output["data"]:
        return {**output, "data": {"text/html": NEEDS_KERNEL}}
    data = {kind: value for kind, value in output["data"].items() if kind in KINDS}
    if "text/html" in data:
        data["text/html"] = clean_html("".join(data["text/html"]))
    elif "text/markdown" in data:
        data = {"text/html": clean_html(markdown2html("".join(data["text/markdown"])))}
    return {**output, "data": data}


def _folded(body: str) -> str:
    """Code behind a word that opens it; the cells of parameters stand open."""
    parts = re.split(r'(?=<div class="cell |<div [^>]*class="cell )', body)
    for place, part in enumerate(parts):
        shown = " open" if re.search(r'class="cell [^"]*parameters', part[:400]) else ""
        word = "parameters" if shown else "code"
        parts[place] = re.sub(
            r'(<div class="input_area">\s*)(<div class="highlight.*?</pre></div>)',
            rf'\1<details class="code"{shown}><summary>{word}</summary>\2</details>',
            part,
            flags=re.DOTALL,
        )
    return "".join(parts)


def _with_alt_texts(body: str) -> str:
    """Every image that brings no description of its own is described by the heading above it."""
    heading = "figure"

    def describe(match: re.Match) -> str:
        nonlocal heading
        if match.group(1) is not None:
            heading = html.unescape(plain(match.group(0)))
            return match.group(0)
        own = re.search(r'\salt="([^"]*)"', match.group(0))
        if own and own.group(1) not in ("", NO_WORDS):
            return match.group(0)
        image = re.sub(r'\salt="[^"]*"', "", match.group(0))
        return image.replace("<img", f'<img alt="{html.escape(heading, quote=True)}"', 1)

    return re.sub(r"<h([1-4])\b.*?</h\1>|<img\b[^>]*>", describe, body, flags=re.DOTALL)


def plain(text: str) -> str:
    """The words of a piece of HTML, still escaped, without tags and nbconvert's sign for an anchor.

    >>> plain('How <b>fast</b>?<a href="#x">¶</a>')
    'How fast?'
    """
    return re.sub(r"<[^>]+>|¶", "", text).strip()
