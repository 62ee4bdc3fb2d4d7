"""Where the shipped data and notebooks are: in a clone its own folders, in an installed wheel inside the package."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).parent


def shipped_folder(name: str) -> Path:
    """The folder `data` or `notebooks`: the clone's own where there is one, else the installed copy.

    >>> (shipped_folder("data") / "evidence" / "outcomes.csv").exists()
    True
    """
    clone = _PACKAGE.parent
    return clone / name if (clone / "pyproject.toml").exists() else _PACKAGE / name
