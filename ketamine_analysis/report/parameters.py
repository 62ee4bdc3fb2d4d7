"""A notebook's parameters: read from its cell, and a person's values checked against them before anything runs."""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import nbformat

from ..errors import nearest

GIVEN = ("dataset", "results")  # filled in by the run itself


def notebook_parameters(path: Path) -> dict[str, Any]:
    """Name → default of the cell tagged `parameters`, in order; {} where the notebook has none.

    Raises ValueError for a file that is no notebook and for a default that is not a plain value.
    """
    for cell in code_cells(path):
        if "parameters" in cell.metadata.get("tags", []):
            return _defaults(cell.source, path)
    return {}


def grains(path: Path) -> set[str]:
    """Which datasets a notebook reads, of "patients", "arms" and "effects"; none where it takes no dataset."""
    code = "\n".join(cell.source for cell in code_cells(path))
    calls = (("patients", "read_scores(dataset"), ("patients", "read_dataset(dataset"), ("arms", "read_arms(dataset"))
    found = {grain for grain, call in calls if call in code}
    if "read_as_effects(dataset" in code:
        return {"arms", "effects"}
    return {"patients", "arms"} if "read_as_arms(dataset" in code else found


def check_settings(settings: Iterable[str], parameters: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Notebook → the values that `key=value` texts give its parameters; a key applies to every notebook that has it.

    A value is written as in TOML ('["ketamine"]', 0.5, true); a plain word needs no quotes.
    Raises ValueError for a text without "=", an unknown key (with the nearest), and a value of another type.

    >>> check_settings(["window=1 wk"], {"02": {"window": "24 h"}})
    {'02': {'window': '1 wk'}}
    """
    chosen: dict[str, dict[str, Any]] = {name: {} for name in parameters}
    known = sorted({key for one in parameters.values() for key in one if key not in GIVEN})
    for text in settings:
        key, equals, value = text.partition("=")
        key = key.strip()
        if not equals:
            raise ValueError(f"--set {text!r} is no key=value; keys: {', '.join(known)}")
        if key in GIVEN:
            raise ValueError(f"--set {key}: the run fills it in; keys: {', '.join(known)}")
        if key not in known:
            raise ValueError(
                f"--set {key!r} is no parameter of {', '.join(parameters)}{nearest(key, known)}; "
                f"keys: {', '.join(known)}"
            )
        for name, defaults in parameters.items():
            if key in defaults:
                chosen[name][key] = _value(key, value.strip(), defaults[key])
    return chosen


def code_cells(path: Path) -> list[nbformat.NotebookNode]:
    """The cells of code of a notebook. Raises ValueError for a file that is none."""
    try:
        notebook = nbformat.read(path, as_version=4)
    except (ValueError, KeyError, AttributeError, OSError, nbformat.ValidationError):
        raise ValueError(f"{path} is no notebook") from None
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def _defaults(source: str, path: Path) -> dict[str, Any]:
    found = {}
    for node in ast.parse(source).body:
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            try:
                found[node.targets[0].id] = ast.literal_eval(node.value)
            except ValueError:
                raise ValueError(f"{path.name}: parameter {node.targets[0].id!r} is no plain value") from None
    return found


def _value(key: str, text: str, default: Any) -> Any:
    """The text as a value of the default's type."""
    try:
        value = tomllib.loads(f"value = {text}")["value"]
    except (tomllib.TOMLDecodeError, KeyError):
        value = text
    except (RecursionError, ValueError):  # nested a thousand deep, a number of a thousand digits
        raise ValueError(f"--set {key}: the value cannot be read") from None
    if isinstance(default, str) and not isinstance(value, str):
        value = text  # 24 for a text parameter is "24"
    if isinstance(default, float) and type(value) is int:
        value = float(value)
    if default is None or value is None or type(value) is type(default):
        inner = {type(one) for one in default} if isinstance(default, list) and default else set()
        wrong = [one for one in value if inner and type(one) not in inner] if isinstance(value, list) else []
        if not wrong:
            return value
    kind = "true or false" if isinstance(default, bool) else f"like its default {default!r}"
    raise ValueError(f"--set {key}={text}: the value must be {kind}")
