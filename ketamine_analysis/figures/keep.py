"""Keeping a notebook's figures and tables as files, and figures in the sizes and style of a journal."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib as mpl
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

STYLE = Path(__file__).parent / "journal.mplstyle"
COLUMN_INCHES = {1: 3.5, 2: 7.2}  # 89 and 183 mm: the columns of most medical journals
NUMBERS = re.compile(r"[+-]((\d[\d.,]*(e[+-]?\d+)?)|[\s()%;:–+-]|\bto\b)+", re.IGNORECASE)  # -7.1 (-9.9 to -4.2)
FORMULA = ("=", "@", "\t", "\r")  # what a spreadsheet runs when it opens a table
# text stays text (TrueType in PDF), and the same figure gives the same bytes
VECTOR: dict[Any, Any] = {"svg.fonttype": "none", "svg.hashsalt": "ketamine_analysis", "pdf.fonttype": 42}


def save_result(thing: Any, name: str, folder: str | Path | None) -> None:
    """Keeps a figure (PNG 300 dpi, SVG, PDF) or a table (CSV) of a notebook; with folder None nothing happens.

    thing : matplotlib Axes or Figure → <folder>/figures/<name>.png, .svg, .pdf; DataFrame → <folder>/tables/<name>.csv.
    Raises TypeError for anything else.

    >>> save_result(pd.DataFrame({"k": [3]}), "pooled", None)
    """
    if folder is None:
        return
    if isinstance(thing, pd.DataFrame):
        path = make_folder(Path(folder) / "tables") / f"{name}.csv"
        harmless(thing).to_csv(path, index=False, lineterminator="\n")
    elif isinstance(thing, (Axes, Figure)):
        figure: Any = thing.figure if isinstance(thing, Axes) else thing
        where = make_folder(Path(folder) / "figures")
        with mpl.rc_context(VECTOR):
            figure.savefig(where / f"{name}.png", dpi=300, bbox_inches="tight", metadata={"Software": None})
            figure.savefig(where / f"{name}.svg", bbox_inches="tight", metadata={"Date": None})
            figure.savefig(where / f"{name}.pdf", bbox_inches="tight", metadata={"CreationDate": None})
    else:
        raise TypeError(f"save_result keeps Axes, Figure and DataFrame; this is {type(thing).__name__}")


@contextmanager
def journal_style(*, columns: int = 1, height: float | None = None) -> Iterator[None]:
    """Figures made inside have a journal's width and style; outside nothing changes.

    columns : 1 (89 mm) or 2 (183 mm). height : inches; default 0.75 of the width for one column, 0.5 for two.
    A figure that a plot function makes for itself keeps its own size: give it an `ax` made inside. Save it inside, too:
    fonts are looked up when a figure is drawn.
    Raises ValueError for another number of columns.

    >>> with journal_style(columns=1):
    ...     mpl.rcParams["figure.figsize"], mpl.rcParams["font.size"]
    ([3.5, 2.625], 7.0)
    """
    if columns not in COLUMN_INCHES:
        raise ValueError(f"columns {columns!r} is unknown: journals have {sorted(COLUMN_INCHES)}")
    width = COLUMN_INCHES[columns]
    high = height if height is not None else width * (0.75 if columns == 1 else 0.5)
    with mpl.rc_context(fname=STYLE, rc={"figure.figsize": (width, high)}):
        yield


def harmless(table: pd.DataFrame) -> pd.DataFrame:
    """The table with an apostrophe before texts that a spreadsheet would run as a formula.

    >>> harmless(pd.DataFrame({"value": ["=1+1", "-9 (-12 to -6)", "-x"]}))["value"].tolist()
    ["'=1+1", '-9 (-12 to -6)', "'-x"]
    """
    words = [name for name in table.columns if not pd.api.types.is_numeric_dtype(table[name])]
    cells = {name: table[name].map(_without_formula, na_action="ignore") for name in words}
    return table.assign(**cells).rename(columns=_without_formula)


def _without_formula(cell: Any) -> Any:
    if not isinstance(cell, str):
        return cell
    return (f"'{cell}" if _is_formula(cell) else cell).replace("\r", " ")  # a lone one would end the line


def _is_formula(cell: str) -> bool:
    if cell.startswith(FORMULA):
        return True
    return cell.startswith(("+", "-")) and not NUMBERS.fullmatch(cell)


def make_folder(folder: Path) -> Path:
    """The folder, made where it is missing."""
    folder.mkdir(parents=True, exist_ok=True)
    return folder
