"""Delimited text to a table of words; how it was read (encoding, delimiter, decimal comma) is always told."""

from __future__ import annotations

import codecs
import csv
import io
from itertools import islice
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from ..errors import DatasetError, one_problem, problem_table
from .encodings import SAMPLE, blocks, checked_encoding, guess_encoding
from .header_lines import MISSING_WORDS, joined_header
from .size_limits import check_bytes

DELIMITERS = (",", ";", "\t", "|")
DELIMITER_WORDS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
LONGEST_LINE = 1 << 24  # bytes
SAMPLE_ROWS = 60  # looked at for the header
DECIMAL_COMMA = r"^[+-]?\d+,\d+$"
PERCENT = r"[+-]?\d+(?:[.,]\d+)?\s*%"
TEXT = pd.StringDtype(na_value=float("nan"))


def read_text(
    path: Path,
    *,
    encoding: str | None = None,
    delimiter: str | None = None,
    decimal: str | None = None,
    header_lines: int | None = None,
) -> tuple[pd.DataFrame, dict[str, str], tuple[str, ...], str]:
    """The file as words (`_line` is each row's line), words for its columns, notes on how it was read, a doubt.

    encoding, delimiter, decimal : as stated in a recipe; None recognises UTF-8, UTF-16 and Windows-1252, the
        delimiter among comma, semicolon, tab and bar, and a decimal comma where the delimiter is no comma.
    Raises DatasetError for what is no text, no table, or ragged.
    """
    if path.stat().st_size == 0:
        raise one_problem(path.name, "a header line", "the file is empty")
    check_bytes(path, path.stat().st_size)
    encoding, doubt = (checked_encoding(encoding, path), "") if encoding else guess_encoding(path)
    sample = _sample(path, encoding)
    delimiter = _checked_delimiter(delimiter, path) if delimiter else _delimiter(sample)
    first = list(islice(csv.reader(io.StringIO(sample, newline=None), delimiter=delimiter), SAMPLE_ROWS))
    if not first or not any(name.strip() for name in first[0]):
        raise one_problem(path.name, "a header line", "the first line names no column")
    names, said, deep = joined_header(first, header_lines)
    table, lines = _parse(path, encoding, delimiter, len(first[0]))
    frame = table.to_pandas(types_mapper={pa.string(): TEXT}.get)
    frame.columns = pd.Index(names)
    frame["_line"] = lines
    frame = frame[frame["_line"] > deep].reset_index(drop=True) if deep > 1 else frame
    notes = [f"{encoding} text, {DELIMITER_WORDS.get(delimiter, repr(delimiter))} between columns"]
    notes += [f"{deep} lines are the header"] if deep > 1 else []
    signed = _without_percent_signs(frame)
    notes += [f"percent signs taken off {', '.join(signed)}"] if signed else []
    if decimal == "," or (decimal is None and delimiter != ","):
        changed = _decimal_points(frame)
        notes += [f"decimal comma in {', '.join(changed)}"] if changed else []
    return frame, said, tuple(notes), doubt


def _sample(path: Path, encoding: str) -> str:
    try:
        decode = codecs.getincrementaldecoder(encoding)(errors="strict")
        with path.open("rb") as file:
            sample = decode.decode(file.read(SAMPLE))
            while "\n" not in sample and len(sample) < LONGEST_LINE and (block := file.read(SAMPLE)):
                sample += decode.decode(block)
            return sample
    except UnicodeDecodeError:
        raise one_problem(path.name, f"{encoding} text", "say another encoding in the recipe") from None


def _checked_delimiter(told: str, path: Path) -> str:
    """One plain character; or the word for it."""
    words = {word: character for character, word in DELIMITER_WORDS.items()}
    delimiter = words.get(told, told)
    if len(delimiter) != 1 or not delimiter.isascii() or delimiter in '"\r\n':
        fix = f'say one plain character, such as ";", or {", ".join(words)}'
        raise one_problem(path.name, "a delimiter of one character", fix, "delimiter", told)
    return delimiter


def _delimiter(sample: str) -> str:
    """The delimiter that splits the first lines into the most columns of one and the same number."""
    lines = sample.splitlines()[:50]
    if len(lines) > 2:
        lines = lines[:-1]  # the last may be cut
    best, columns = ",", 1
    for delimiter in DELIMITERS:
        counts = [len(row) for row in csv.reader(lines, delimiter=delimiter) if row]
        same = sum(count == counts[0] for count in counts) if counts else 0
        if counts and same > 0.8 * len(counts) and counts[0] > columns:
            best, columns = delimiter, counts[0]
    return best


def _parse(path: Path, encoding: str, delimiter: str, columns: int) -> tuple[pa.Table, np.ndarray]:
    """Every cell as text, without the header; and the number of each row's line."""
    odd: list[tuple[int, int, str]] = []

    def note(row: pacsv.InvalidRow) -> str:
        odd.append((row.number, row.actual_columns, row.text))
        return "skip"

    names = [str(i) for i in range(columns)]
    quoted = any(b'"' in block for block in blocks(path))
    try:
        table = pacsv.read_csv(
            path,
            read_options=pacsv.ReadOptions(
                column_names=names, use_threads=False, encoding=encoding.removesuffix("-sig"), block_size=1 << 24
            ),
            parse_options=pacsv.ParseOptions(
                delimiter=delimiter,
                newlines_in_values=quoted,
                ignore_empty_lines=False,  # they count as lines
                invalid_row_handler=note,
            ),
            convert_options=pacsv.ConvertOptions(
                column_types={name: pa.string() for name in names},
                null_values=list(MISSING_WORDS),
                strings_can_be_null=True,
            ),
        )
    except (pa.ArrowInvalid, UnicodeError) as error:
        raise one_problem(path.name, "a text table", f"{str(error).splitlines()[0][:200]}") from None
    ragged = [(number, count) for number, count, text in odd if text.strip()]
    if ragged:
        rule = "as many fields in each line as in the header"
        if len(ragged) > 1 and len({count for _, count in ragged}) == 1 and columns < 3:  # all agree, against line 1
            fix = (
                f"it has {columns}, each line below it {ragged[0][1]}: is it a title? delete the lines above the table"
            )
            raise DatasetError(problem_table(path.name, [(1, "", None, rule, fix)]))
        rows = [(number, "", None, rule, f"{count} fields, not {columns}") for number, count in ragged]
        raise DatasetError(problem_table(path.name, rows))
    _check_lines(path, encoding, len(table) + len(odd), quoted)
    table = pa.table({name: _trimmed(table[name]) for name in names}).slice(1)
    lines = np.arange(2, len(table) + len(odd) + 2)
    lines = lines[~np.isin(lines, [number for number, _, _ in odd])] if odd else lines
    blank = np.ones(len(table), bool)
    for column in table.columns:
        blank &= column.is_null().to_numpy()
    return (table.filter(pa.array(~blank)), lines[~blank]) if blank.any() else (table, lines)


def _check_lines(path: Path, encoding: str, read: int, quoted: bool) -> None:
    """DatasetError where another number of lines was read than the file's line ends count (quotes may hold some)."""
    if quoted or encoding.startswith(("utf-16", "utf-32")):
        return
    ends, last = 0, b""
    for block in blocks(path):
        ends, last = ends + block.count(b"\n"), block[-1:]
    lines = ends + (last != b"\n")
    if ends and read != lines:
        fix = f"{read} were read: are there single carriage returns, or other line ends within cells? save it again"
        raise one_problem(path.name, f"every one of its {lines} lines read", fix)


def _trimmed(column: pa.ChunkedArray) -> pa.ChunkedArray:
    words = pc.utf8_trim_whitespace(column)
    return pc.if_else(pc.is_in(words, value_set=pa.array(list(MISSING_WORDS))), pa.scalar(None, pa.string()), words)


def _without_percent_signs(frame: pd.DataFrame) -> list[str]:
    """Turns 46.7 % into 46.7 in columns in which every cell that is not empty has the sign; their names."""
    changed = []
    for place, name in enumerate(frame.columns[:-1]):
        words = frame.iloc[:, place]
        told = words[words.notna()]
        if len(told) and told.iloc[0].endswith("%") and told.str.fullmatch(PERCENT).all():
            frame.isetitem(place, words.str.rstrip("% "))
            changed.append(str(name))
    return changed


def _decimal_points(frame: pd.DataFrame) -> list[str]:
    """Turns 12,5 into 12.5 in columns whose every number with a comma is of that kind; the names of those columns."""
    changed = []
    for place, name in enumerate(frame.columns[:-1]):
        words = frame.iloc[:, place]
        commas = words.str.contains(",", regex=False, na=False)
        if not commas.any() or words.str.contains(".", regex=False, na=False).any():
            continue
        if words[commas].str.match(DECIMAL_COMMA).all():
            frame.isetitem(place, words.str.replace(",", ".", regex=False))
            changed.append(str(name))
    return changed
