"""The encoding of a text file: by its mark, as UTF-8 where every byte is, else guessed, and told how sure."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from pathlib import Path

from ..errors import one_problem

MARKS = (  # byte order marks, the longer first
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
SAMPLE = 1 << 16  # bytes
CONTROLS = (b"\0", b"\x01", b"\x02", b"\x03", b"\x04", b"\x1b")
WESTERN = set("àáâãäåæçèéêëìíîïñòóôõöøùúûüÿœßÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÑÒÓÔÕÖØÙÚÛÜŸŒ’‘“”„–—…€°µ½¼¾²³·±×≤≥«»§¿¡®©™ºª\xa0")
OTHERS = (  # what spreadsheets and statistics programs of other languages write
    "cp1250", "cp1251", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257", "cp874", "koi8_r", "gb18030", "big5", "cp932",
    "euc_jp", "cp949",
)  # fmt: skip


def guess_encoding(path: Path) -> tuple[str, str]:
    """The encoding, and what to doubt about it: "" for a mark, UTF-8 and Western text, else words for a warning.

    Neither a mark nor UTF-8: Windows-1252 where it makes words as Western languages write them (accents alone among
    plain letters), else the best guess of charset-normalizer. Raises DatasetError for control characters.
    """
    with path.open("rb") as file:
        start = file.read(SAMPLE)
    for mark, name in MARKS:
        if start.startswith(mark):
            return name, ""
    if b"\0" in start[:2000]:
        odd, even = start[1::2].count(0), start[0::2].count(0)
        if max(odd, even) > 0.4 * len(start) / 2 and min(odd, even) < 0.01 * len(start):
            return ("utf-16-le" if odd > even else "utf-16-be"), ""
    if _utf8(path):
        return "utf-8", ""
    sample = _told_apart(path)
    return ("cp1252", "") if _western(sample) else _guessed(path, sample)


def blocks(path: Path) -> Iterator[bytes]:
    """The file's bytes, 16 MB at a time."""
    with path.open("rb") as file:
        while block := file.read(1 << 24):
            yield block


def checked_encoding(name: str, path: Path) -> str:
    """The name of a text encoding that Python knows, as a recipe states it; DatasetError otherwise."""
    try:
        known = codecs.lookup(name)
        "".encode(known.name)  # hex, zip and the like turn bytes into bytes, not into text
    except (LookupError, ValueError):
        raise one_problem(path.name, "a known encoding", f"Python knows no text encoding {name!r}") from None
    if known.name in ("utf-16", "utf-32"):
        with path.open("rb") as file:
            start = file.read(4)
        if not any(start.startswith(mark) for mark, _ in MARKS[1:]):
            fix = f"the file has no byte order mark: say {name}-le or {name}-be"
            raise one_problem(path.name, f"{name} text with its mark", fix)
    return name


def _utf8(path: Path) -> bool:
    decode, utf8 = codecs.getincrementaldecoder("utf-8")(), True
    for block in blocks(path):
        if any(byte in block for byte in CONTROLS):
            raise one_problem(path.name, "a text file", "it holds control characters: it is damaged or no text at all")
        if utf8:
            try:
                decode.decode(block)
            except UnicodeDecodeError:
                utf8 = False
    try:
        decode.decode(b"", final=True)
    except UnicodeDecodeError:
        utf8 = False
    return utf8


def _told_apart(path: Path) -> bytes:
    """The first lines where some hold bytes above 127, else the lines that do: they alone tell encodings apart."""
    with path.open("rb") as file:
        start = file.read(SAMPLE)
    if not start.isascii():
        return start.rpartition(b"\n")[0] or start
    found, size = [], 0
    for block in blocks(path):
        for line in block.split(b"\n"):
            if not line.isascii():
                found.append(line)
                size += len(line)
        if size > SAMPLE:
            break
    return b"\n".join(found)[:SAMPLE]


def _western(sample: bytes) -> bool:
    text = sample.decode("cp1252", errors="replace")
    far = [i for i, one in enumerate(text) if not one.isascii()]
    beside = sum(i + 1 < len(text) and not text[i + 1].isascii() for i in far)
    return all(text[i] in WESTERN for i in far) and beside <= 0.2 * len(far)


def _guessed(path: Path, sample: bytes) -> tuple[str, str]:
    from charset_normalizer import from_bytes

    best = from_bytes(sample, cp_isolation=list(OTHERS)).best()
    if best is None:
        fix = 'save the file as UTF-8, or say encoding = "…" in the recipe'
        raise one_problem(path.name, "text in a known encoding", fix)
    shown = next((word for word in re.split(r"[,;|\t\n]", str(best)) if not word.isascii()), "")
    return best.encoding, (
        f"guessed from its bytes as {best.encoding}; a name reads {shown.strip()[:40]!r}: if that is rubbish, say "
        'encoding = "…" in the recipe'
    )
