"""Keeping a notebook's figures and tables as files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib as mpl
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

# text stays text, and the same figure gives the same bytes
SVG: dict[Any, Any] = {"svg.fonttype": "none", "svg.hashsalt": "ketamine_analysis"}


def save_result(thing: Any, name: str, folder: str | Path | None) -> None:
    """Keeps a figure (PNG 300 dpi and SVG) or a table (CSV) of a notebook; with folder None nothing happens.

    thing : matplotlib Axes or Figure → <folder>/figures/<name>.png, .svg; DataFrame → <folder>/tables/<name>.csv.
    Raises TypeError for anything else.
    """
    if folder is None:
        return
    if isinstance(thing, pd.DataFrame):
        path = make_folder(Path(folder) / "tables") / f"{name}.csv"
        thing.to_csv(path, index=False, lineterminator="\n")
    elif isinstance(thing, (Axes, Figure)):
        figure: Any = thing.figure if isinstance(thing, Axes) else thing
        where = make_folder(Path(folder) / "figures")
        with mpl.rc_context(SVG):
            figure.savefig(where / f"{name}.png", dpi=300, bbox_inches="tight", metadata={"Software": None})
            figure.savefig(where / f"{name}.svg", bbox_inches="tight", metadata={"Date": None})
    else:
        raise TypeError(f"save_result keeps Axes, Figure and DataFrame; this is {type(thing).__name__}")


def make_folder(folder: Path) -> Path:
    """The folder, made where it is missing."""
    folder.mkdir(parents=True, exist_ok=True)
    return folder
