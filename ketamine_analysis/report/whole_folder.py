"""A folder of results, whole or not at all: written aside, in its place at the end; only our own files are replaced."""

from __future__ import annotations

import ctypes
import hashlib
import json
import os
import re
import secrets
import shutil
import stat
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any

from .children import OLD, clear, guarded, other_results

try:
    import fcntl
except ImportError:  # Windows: a folder that was left is known by its age alone
    fcntl = None  # type: ignore[assignment]

MANIFEST = "manifest.json"
WORK = ".work"  # what the run itself needs and nobody keeps: inside the half made folder, gone before it is whole
LITTER = (".DS_Store", "Thumbs.db", "desktop.ini")  # written by file managers into any folder they show
FORGOTTEN = 60.0 if fcntl is not None else 86400.0  # seconds after which a half made folder without owner is left


@contextmanager
def whole_folder(target: Path, made_by: str) -> Iterator[Path]:
    """A folder to write into, which takes the place of `target` when the block ends; on any error it never was.

    target : absolute; may hold what `made_by` made earlier, else nothing. The block ends with `write_manifest`.
    It lies beside `target` until then, as private as the umask and the earlier folder, and goes when this process is
    killed.
    Raises ValueError for a target that holds a file which is not ours or was changed, and for a disk's own folder.
    """
    if target.is_mount():
        raise ValueError(f"{target} is a disk's own folder, which cannot be replaced: choose a folder in it as --out")
    check_ours(target, made_by)
    target.parent.mkdir(parents=True, exist_ok=True)
    clear_left(target)
    staging = target.with_name(f".{target.name}-{os.getpid()}-{secrets.token_hex(4)}")
    with guarded(staging, target):
        staging.mkdir()
        if target.exists():  # as private as the earlier one, or more where the umask says so
            staging.chmod(stat.S_IMODE(target.stat().st_mode) & stat.S_IMODE(staging.stat().st_mode) | stat.S_IRWXU)
        with _owned(staging):
            yield staging
            check_ours(target, made_by)  # a file may have come since
            _take_place(staging, target)


def write_manifest(folder: Path, made_by: str, facts: Mapping[str, Any]) -> None:
    """Writes manifest.json: who made the folder, the facts, and every file in it with its SHA-256."""
    shutil.rmtree(folder / WORK, ignore_errors=True)
    files = {name: sha256(folder / name) for name in _names(folder)}
    manifest = {"made_by": made_by, **facts, "files": files}
    text = json.dumps(manifest, indent=2, ensure_ascii=False, default=str)
    (folder / MANIFEST).write_text(text + "\n", encoding="utf-8")


def check_ours(target: Path, made_by: str) -> None:
    """Raises ValueError unless the folder is missing, empty, or every file in it is one that its manifest lists.

    Results of other commands may stand in it (`results/run` in `results`): they stay."""
    if not target.exists() or (target.is_dir() and not any(target.iterdir())):
        return
    try:
        manifest = json.loads((target / MANIFEST).read_text(encoding="utf-8"))
        maker, listed = manifest.get("made_by"), manifest.get("files")
    except (OSError, ValueError, AttributeError):
        maker, listed = None, None
    if maker != made_by:
        found = f"was made by {maker!r}" if maker else f"is not a folder of an earlier run (no {MANIFEST} says so)"
        raise ValueError(f"{target} {found}: choose another --out, or take out what is yours and remove it")
    if not isinstance(listed, dict):
        raise ValueError(
            f"{target} has no list of its files (an earlier version made it): choose another --out, or take out what "
            "is yours and remove it"
        )
    others = tuple(one.name for one in other_results(target))
    for name in _names(target):
        if name.split("/", 1)[0] in others:
            continue
        if name not in (*listed, MANIFEST):
            raise ValueError(f"{target} holds {name}, which no run wrote: move it elsewhere, or choose another --out")
        if name in listed and ((target / name).is_symlink() or sha256(target / name) != listed[name]):
            raise ValueError(
                f"{target / name} was changed after it was written: move it elsewhere, or choose another --out"
            )


def clear_left(target: Path) -> None:
    """Removes what earlier runs into `target` left half made when they and their guard were killed."""
    for folder in target.parent.glob(".*"):
        named = re.fullmatch(rf"\.{re.escape(target.name)}-(\d+)-[0-9a-f]{{8}}(?:{OLD})?", folder.name)
        if named and folder.is_dir() and not folder.is_symlink() and _is_left(folder, int(named[1])):
            clear(folder.with_name(folder.name.removesuffix(OLD)), target)


def sha256(path: Path) -> str:
    """The file's SHA-256 in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _names(folder: Path) -> list[str]:
    """Every file below the folder by its path from there; a link to a folder counts as a file."""
    found = []
    for place, folders, files in os.walk(folder):
        links = [name for name in folders if (Path(place) / name).is_symlink()]
        found += [(Path(place) / name).relative_to(folder).as_posix() for name in (*files, *links)]
    return sorted(name for name in found if name.rsplit("/", 1)[-1] not in LITTER)


@contextmanager
def _owned(folder: Path, *, wait: bool = True) -> Iterator[None]:
    """The folder is locked while the block runs: other runs see that its owner lives. Without `wait` OSError if so."""
    if fcntl is None:
        yield
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError) if wait else nullcontext():  # a disk without locks: other runs then leave it alone
            fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        yield
    finally:
        os.close(handle)


def _is_left(folder: Path, owner: int) -> bool:
    """Whether nobody holds the folder's lock any more; one made this minute by a living process may be about to."""
    try:
        with _owned(folder, wait=False):
            pass
    except OSError:
        return False
    return time.time() - folder.stat().st_mtime > FORGOTTEN or (os.name == "posix" and not _lives(owner))


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)  # sends nothing
    except ProcessLookupError:
        return False
    except PermissionError:  # another person's
        return True
    return True


def _take_place(staging: Path, target: Path) -> None:
    """The finished folder takes the place of the earlier one: in one step on Linux, else in two renames."""
    if not target.exists():
        staging.rename(target)
    elif not _exchanged(staging, target):
        old = staging.with_name(staging.name + OLD)
        target.rename(old)  # whoever is killed here: `clear` brings it back
        staging.rename(target)


def _exchanged(one: Path, other: Path) -> bool:
    """Whether two folders could swap their names in one step (Linux' renameat2 with RENAME_EXCHANGE)."""
    here, exchange = -100, 2
    library = ctypes.CDLL(None) if sys.platform == "linux" else None
    if library is None or not hasattr(library, "renameat2"):
        return False
    return library.renameat2(here, os.fsencode(one), here, os.fsencode(other), exchange) == 0
