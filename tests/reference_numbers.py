"""Loads the numbers R gave."""

import json
from pathlib import Path

FOLDER = Path(__file__).parent / "reference"


def load(name):
    return json.loads((FOLDER / name).read_text(encoding="utf-8"))
