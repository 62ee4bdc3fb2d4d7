"""What manifest.json says of how a folder of results was made: notebooks, parameters, seeds, versions."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

import pandas as pd

from .. import __version__

PACKAGES = ("pandas", "numpy", "scipy", "matplotlib", "narwhals", "pyarrow", "pyreadstat", "openpyxl", "papermill")


def made_with(table: pd.DataFrame, parameters: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """How each notebook went and with which parameters, the seeds among them, and the versions that computed.

    table : of `run_report`. parameters : notebook → its parameters.
    """
    rows = table.astype(object).where(table.notna(), None).to_dict("records")
    return {
        "notebooks": [{**row, "parameters": dict(parameters.get(row["notebook"], {}))} for row in rows],
        "seed": {name: one["seed"] for name, one in parameters.items() if "seed" in one} or None,
        "python": platform.python_version(),
        "packages": {"ketamine_analysis": __version__, **{name: version(name) for name in PACKAGES}},
    }
