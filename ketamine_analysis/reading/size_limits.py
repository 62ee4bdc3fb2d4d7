"""How large a file may be once unpacked: refused before it fills the memory."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path
from typing import Any

from ..errors import one_problem

ROWS, BYTES = 50_000_000, 8 << 30  # about what 16 GB of memory hold
ROWS_SET, BYTES_SET = "KETAMINE_ANALYSIS_MAX_ROWS", "KETAMINE_ANALYSIS_MAX_BYTES"  # environment variables


def check_rows(path: Path, rows: int) -> None:
    """DatasetError for a file of more rows than the limit."""
    limit = _set(ROWS_SET, ROWS)
    if rows > limit:
        fix = f"it has {rows:,}: take fewer, or where the memory suffices set {ROWS_SET}={rows}"
        raise one_problem(path.name, f"at most {limit:,} rows", fix)


def check_bytes(path: Path, unpacked: int) -> None:
    """DatasetError for a file that is larger than the limit once unpacked."""
    limit = _set(BYTES_SET, BYTES)
    if unpacked > limit:
        fix = f"it unpacks to {unpacked:,}: take less, or where the memory suffices set {BYTES_SET}={unpacked}"
        raise one_problem(path.name, f"at most {limit:,} bytes unpacked", fix)


def check_zip(path: Path) -> None:
    """As `check_bytes`, of the parts of a zip archive (a workbook), by their stated sizes and as they unpack."""
    with zipfile.ZipFile(path) as parts:
        check_bytes(path, sum(part.file_size for part in parts.infolist()))


def check_stream(path: Path) -> None:
    """As `check_bytes`, of a file compressed as a whole (gzip, bzip2, xz); others by their size."""
    import bz2
    import gzip
    import lzma

    with path.open("rb") as file:
        start = file.read(6)
    openers: dict[bytes, Any] = {b"\x1f\x8b": gzip.open, b"BZ": bz2.open, b"\xfd7": lzma.open}
    opener = openers.get(start[:2])
    if opener is None:
        return check_bytes(path, path.stat().st_size)
    size = 0
    with opener(path, "rb") as stream:
        while block := stream.read(1 << 20):
            size += len(block)
            check_bytes(path, size)
    return None


def _set(name: str, default: int) -> int:
    told = os.environ.get(name, "")
    return int(told) if told.isdecimal() else default
