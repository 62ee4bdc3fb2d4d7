"""Every notebook that fits a dataset, run on it: a folder of pages, figures and tables, whole or not at all."""

from __future__ import annotations

import hashlib
import html
import json
import os
import platform
import shutil
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd

from .. import __version__
from ..any_file.any_dataset import read_dataset
from ..any_file.recipe import find_recipe, load_recipe
from ..errors import nearest
from ..figures.keep import make_folder
from ..folders import shipped_folder
from ..outcomes.derive import derive_outcomes, summarize_arms
from ..outcomes.scales import BESIDE, scales_text
from .parameters import check_settings, grains, notebook_parameters
from .report import find_notebooks, run_report

MANIFEST = "manifest.json"
STATED = ("analysis", "design", "blinding", "population", "background", "schedule")
MADE_BY = "ketamine-analysis run"
PACKAGES = ("pandas", "numpy", "scipy", "matplotlib", "narwhals", "pyarrow", "pyreadstat", "openpyxl", "papermill")


@dataclass(frozen=True)
class Run:
    """A finished run: `notebooks` (columns of `run_report`), the folder `out` and its manifest."""

    out: Path
    notebooks: pd.DataFrame
    manifest: Mapping[str, Any]


def run_dataset(
    file: str | Path,
    out: str | Path,
    *,
    notebooks: Sequence[str] = (),
    settings: Sequence[str] = (),
    command: Sequence[str] = (),
    on_progress: Callable[[dict], None] | None = None,
) -> Run:
    """Reads a dataset (by its recipe) and runs the notebooks for its grain on it.

    file : data file or recipe. notebooks : names, numbers ("10") or paths; default every shipped notebook that
        reads the dataset's grain. settings : "key=value" for their parameters. command : what the manifest quotes.
    out : the folder, made whole at the end: `index.html`, pages, `figures/`, `tables/`, `dataset/` (the table as
        it was read, and its arms), `manifest.json`. An earlier run there is replaced; anything else is refused.
    Raises DatasetError for the data, ValueError for notebooks, settings and `out`, RuntimeError when every
    notebook failed. Whatever is raised, nothing is left behind.
    """
    start, begun = time.perf_counter(), datetime.now(UTC)
    target = Path(out).resolve()
    _check_target(target)
    table = read_dataset(file)
    grain = table.attrs["grain"]
    sources = choose_notebooks(notebooks, grain)
    chosen = check_settings(settings, {source.stem: notebook_parameters(source) for source in sources})
    make_folder(target.parent)
    staging = Path(tempfile.mkdtemp(dir=target.parent, prefix=f".{target.name}-"))
    try:
        files = _write_tables(grain, table, make_folder(staging / "dataset"))
        given = {source.stem: {**chosen[source.stem], "dataset": str(_file_for(source, files))} for source in sources}
        result = run_report(staging, sources, parameters=given, about=_about(file, grain), on_progress=on_progress)
        if not result["ok"].any():
            raise RuntimeError("; ".join(f"{row.notebook}: {row.error}" for row in result.itertuples()))
        _rename_inside(staging, target)
        manifest = _manifest(file, grain, table, result, given, staging)
        manifest |= {"command": list(command), "started": begun.isoformat(timespec="seconds")}
        manifest |= {"seconds": round(time.perf_counter() - start, 1)}
        text = json.dumps(manifest, indent=2, ensure_ascii=False, default=str).replace(str(staging), str(target))
        (staging / MANIFEST).write_text(text + "\n", encoding="utf-8")
        _replace(target, staging)
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    return Run(target, result, manifest)


def _file_for(source: Path, files: Mapping[str, Path]) -> Path:
    """Of the dataset's files the one that a notebook reads: arms where it takes them."""
    wanted = grains(source)
    return next(files[name] for name in ("arms", "effects", "patients") if name in files and name in wanted)


def choose_notebooks(names: Sequence[str], grain: str, folder: Path | None = None) -> list[Path]:
    """The notebooks of these names, numbers or paths; without any, all shipped ones that read this grain.

    Raises ValueError for an unknown name (with the nearest), one that reads no dataset, and patients' ones on arms.
    """
    shipped = find_notebooks(folder or shipped_folder("notebooks"))
    if not names:
        fitting = [path for path in shipped if grain in grains(path)]
        if not fitting:
            raise ValueError(f"no shipped notebook reads {grain}: name one with --notebook")
        return fitting
    found = []
    for name in names:
        stems = {path.stem: path for path in shipped}
        starting = [path for stem, path in stems.items() if stem == name or stem.split("_")[0] == name]
        path = starting[0] if starting else Path(name)
        if not starting and not (path.suffix == ".ipynb" and path.is_file()):
            raise ValueError(f"no notebook is called {name!r}{nearest(name, stems)}; there are {', '.join(stems)}")
        kinds = grains(path)
        readable = {"patients": {"patients", "arms"}}.get(grain, {grain})
        if not kinds & readable:
            reads = " and ".join(sorted(kinds)) or "no dataset"
            raise ValueError(f"{path.stem} reads {reads}, this dataset holds {grain}")
        found.append(path)
    return list(dict.fromkeys(found))


def _check_target(target: Path) -> None:
    """Only a folder of an earlier run, or none, may be replaced."""
    if not target.exists() or (target.is_dir() and not any(target.iterdir())):
        return
    manifest = target / MANIFEST
    try:
        ours = json.loads(manifest.read_text(encoding="utf-8")).get("made_by") == MADE_BY
    except (OSError, ValueError, AttributeError):
        ours = False
    if not ours:
        raise ValueError(f"{target} exists and is not a folder of an earlier run: choose another --out")


def _write_tables(grain: str, table: pd.DataFrame, folder: Path) -> dict[str, Path]:
    """The dataset as the notebooks get it: `effects.csv`; or `arms.csv`, and `scores.csv` of patients."""
    files = {}
    if own := scales_text(map(str, table["scale"].dropna().unique())):
        (folder / BESIDE).write_text(own, encoding="utf-8")
    if grain == "effects":
        files["effects"] = folder / "effects.csv"
        table.to_csv(files["effects"], index=False, lineterminator="\n")
        return files
    arms = table
    if grain == "patients":
        files["patients"] = folder / "scores.csv"
        table.to_csv(files["patients"], index=False, lineterminator="\n")
        arms = summarize_arms(derive_outcomes(table))
    files["arms"] = folder / "arms.csv"
    arms = _described(arms)
    arms.to_csv(files["arms"], index=False, lineterminator="\n")
    return files


def _described(arms: pd.DataFrame) -> pd.DataFrame:
    """The arms with the descriptors that notebooks show; what the dataset does not say is "not_stated"."""
    told = {"label": arms["study"], "treatment": arms["arm"], "timing": "at", "source": "the dataset itself"}
    told |= dict.fromkeys(STATED, "not_stated")
    for name, value in told.items():
        given = arms[name] if name in arms else pd.Series(None, index=arms.index, dtype=object)
        arms = arms.assign(**{name: given.astype(object).where(given.notna(), value)})
    classes = arms["treatment_class"] if "treatment_class" in arms else arms["treatment"]
    return arms.assign(treatment_class=classes.where(classes.notna(), arms["treatment"]))


def _about(file: str | Path, grain: str) -> str:
    name, link = html.escape(Path(file).name), "<a href='manifest.json'>manifest.json</a>"
    return f"Computed on <strong>{name}</strong> ({grain}); {link} says how."


def _rename_inside(staging: Path, target: Path) -> None:
    """The pages and notebooks name the folder they end in, not the one they were made in."""
    for path in [*staging.glob("*.html"), *staging.glob("notebooks/*.ipynb")]:
        text = path.read_text(encoding="utf-8")
        path.write_text(text.replace(str(staging), str(target)), encoding="utf-8")


def _manifest(
    file: str | Path, grain: str, table: pd.DataFrame, result: pd.DataFrame, given: Mapping[str, Any], staging: Path
) -> dict[str, Any]:
    recipe = find_recipe(file)
    loaded = load_recipe(recipe) if recipe is not None else None
    data = (
        [Path(file)]
        if loaded is None
        else [one for one in (loaded.file, loaded.subjects, loaded.codebook) if one is not None]
    )
    beside = [other for one in data for other in (one.with_suffix(".json"), one.parent / BESIDE) if other.is_file()]
    inputs = list(dict.fromkeys([*data, *([loaded.source] if loaded is not None else []), *beside]))
    outputs = sorted(path for folder in ("dataset", "tables") for path in (staging / folder).glob("*.csv"))
    rows = result.astype(object).where(result.notna(), None).to_dict("records")
    return {
        "made_by": MADE_BY,
        "inputs": [{"file": str(path), "bytes": path.stat().st_size, "sha256": _hash(path)} for path in inputs],
        "recipe": None if loaded is None else loaded.source.read_text(encoding="utf-8-sig"),
        "dataset": {"grain": grain, "rows": len(table), "studies": int(table["study"].nunique())},
        "notebooks": [{**row, "parameters": given[row["notebook"]]} for row in rows],
        "seed": {name: one["seed"] for name, one in given.items() if "seed" in one} or None,
        "tables": {path.relative_to(staging).as_posix(): _hash(path) for path in outputs},
        "python": platform.python_version(),
        "packages": {"ketamine_analysis": __version__, **{name: version(name) for name in PACKAGES}},
    }


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _replace(target: Path, staging: Path) -> None:
    """The finished folder takes the place of the earlier one in two renames."""
    staging.chmod(0o755)
    old = target.with_name(f".{target.name}-old-{os.getpid()}")
    if target.exists():
        target.rename(old)
    try:
        staging.rename(target)
    except OSError:
        if old.exists():
            old.rename(target)
        raise
    shutil.rmtree(old, ignore_errors=True)
