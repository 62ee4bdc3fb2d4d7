"""Where the shipped data and notebooks are: in a clone its own folders, in an installed wheel inside the package.

And how a file is written: whole or not at all.
"""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Mapping
from pathlib import Path

_PACKAGE = Path(__file__).parent


def shipped_folder(name: str) -> Path:
    """The folder `data` or `notebooks`: the clone's own where there is one, else the installed copy.

    >>> (shipped_folder("data") / "evidence" / "outcomes.csv").exists()
    True
    """
    clone = _PACKAGE.parent
    return clone / name if (clone / "pyproject.toml").exists() else _PACKAGE / name


def write_whole(texts: Mapping[Path, str]) -> None:
    """Writes files whole or not at all: each text goes beside its place, and all take their places at the end.

    texts : path → what the file holds (UTF-8, line ends as they are). A file of that name is replaced.
    Raises OSError where one cannot be written; then every file is as it was.
    """
    aside = {path: path.with_name(f".{path.name}-{secrets.token_hex(4)}.part") for path in texts}
    try:
        for path, text in texts.items():
            _clear_parts(path)
            with aside[path].open("x", encoding="utf-8", newline="") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
        for path, part in aside.items():
            os.replace(part, path)
    finally:
        for part in aside.values():
            part.unlink(missing_ok=True)


def _clear_parts(path: Path) -> None:
    """Removes what was half written here when an earlier process was killed, a minute ago or longer."""
    for part in path.parent.glob(".*.part"):
        named = part.name.startswith(f".{path.name}-") and len(part.name) == len(path.name) + len(".-01234567.part")
        if named and time.time() - part.stat().st_mtime > 60:
            part.unlink(missing_ok=True)
