"""Texts without the places of the machine that made them: what is shared says no user's name and no folder."""

from __future__ import annotations

import re
import sysconfig
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

PACKAGE = Path(__file__).parents[1]
COLOUR = r"\x1b\[[\d;]*m"  # in the traceback of a notebook a path may follow at once


def near(path: Path, folder: Path) -> str:
    """The file by its path from `folder`, also in the folder around it; by its name alone where it lies elsewhere.

    >>> [near(Path(one), Path("/a/b")) for one in ("/a/b/c/trial.sav", "/a/dm.csv", "/c/d/dm.csv")]
    ['c/trial.sav', '../dm.csv', 'dm.csv']
    """
    if path.is_relative_to(folder):
        return path.relative_to(folder).as_posix()
    return f"../{path.name}" if path.parent == folder.parent else path.name


def machine_places(known: Mapping[Path, str]) -> dict[str, str]:
    """Folder → the words that stand for it, the longest first: `known`, the library's, Python's, the person's own."""
    python = [sysconfig.get_path(name) for name in ("purelib", "platlib", "stdlib", "platstdlib", "data")]
    others = [PACKAGE.parent, *map(Path, python), Path(tempfile.gettempdir()), Path.cwd()]
    places = {str(one): "." for one in others} | {str(Path.home()): "~"}
    for folder, words in known.items():
        places |= {str(folder.absolute()): words, str(folder.resolve()): words}
    places = {place: words for place, words in places.items() if place != Path(place).anchor}
    return dict(sorted(places.items(), key=lambda item: -len(item[0])))


def without_places(value: Any, places: Mapping[str, str]) -> Any:
    """The text, or every text in lists and dictionaries, with each folder's own words in its place.

    places : folder → its words, the longest first (`machine_places`).

    >>> without_places({"error": "no /home/ann/x.csv; see https://a.org/home/ann"}, {"/home/ann": "~"})
    {'error': 'no ~/x.csv; see https://a.org/home/ann'}
    """
    if isinstance(value, str):
        for place, words in places.items():
            if place in value:
                start = rf"(^|file://|[^\w.~/\\-]|{COLOUR})"
                value = re.sub(rf"{start}{re.escape(place)}(?![\w-])", lambda m, w=words: m.group(1) + w, value)  # type: ignore[misc]
        return value
    if isinstance(value, Mapping):
        return {without_places(key, places): without_places(one, places) for key, one in value.items()}
    return [without_places(one, places) for one in value] if isinstance(value, (list, tuple)) else value
