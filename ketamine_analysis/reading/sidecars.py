"""The JSON beside a text file in which its author says what columns and codes mean, as BIDS has it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

WORDS = ("LongName", "Description", "Levels", "Units")


def sidecar(path: Path, frame: pd.DataFrame) -> tuple[dict[str, dict[Any, str]], dict[str, str], list[str]]:
    """Labels of codes, words for columns, and a note, from NAME.json beside NAME.tsv; all empty where there is none.

    A JSON file is a sidecar where it is an object that describes a column of the table by `LongName`, `Description`,
    `Levels` or `Units` (Brain Imaging Data Structure 1.9, tabular files); `Levels` are words or {"Description": words}.
    """
    beside = path.with_suffix(".json")
    if not beside.is_file():
        return {}, {}, []
    try:
        told = json.loads(beside.read_text(encoding="utf-8-sig"))
    except (ValueError, OSError):
        return {}, {}, [f"{beside.name} cannot be read as JSON: if it describes the columns, mend it"]
    columns = {
        name: words
        for name, words in (told.items() if isinstance(told, dict) else ())
        if name in frame and isinstance(words, dict) and set(WORDS) & set(words)
    }
    labels = {
        name: _levels(words["Levels"]) for name, words in columns.items() if isinstance(words.get("Levels"), dict)
    }
    said = {name: str(words.get("LongName") or words.get("Description") or "") for name, words in columns.items()}
    note = [f"{beside.name} describes {', '.join(columns)}"] if columns else []
    return labels, said, note


def _levels(levels: Mapping[str, Any]) -> dict[Any, str]:
    words = {code: (one.get("Description", code) if isinstance(one, Mapping) else one) for code, one in levels.items()}
    return {str(code): str(one) for code, one in words.items()}
