"""Every notebook that fits a dataset, run on it: a folder of pages, figures and tables, whole or not at all."""

from __future__ import annotations

import ast
import html
import json
import re
import shutil
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from ..any_file.any_dataset import read_dataset
from ..any_file.recipe import find_recipe, load_recipe
from ..effects.effects_read import EFFECT_COLUMNS
from ..errors import nearest
from ..figures.keep import make_folder
from ..folders import shipped_folder
from ..outcomes.derive import derive_outcomes, summarize_arms
from ..outcomes.scales import BESIDE, scales_text
from ..reading.checks import KNOWN
from .manifest import made_with
from .parameters import check_settings, code_cells, grains, notebook_parameters
from .places import machine_places, near, without_places
from .report import find_notebooks, run_notebooks, write_pages
from .whole_folder import MANIFEST, sha256, whole_folder, write_manifest

STATED = ("analysis", "design", "blinding", "population", "background", "schedule")
MADE_BY = "ketamine-analysis run"
# what the library itself reads of a table; a column beside these is kept where a notebook or a parameter names it
READ = frozenset((*KNOWN, *EFFECT_COLUMNS, "change", "derived", "doi", "registry"))


@dataclass(frozen=True)
class Run:
    """A finished run: `notebooks` (columns of `run_report`), the folder `out` and its manifest.

    kept, left_out : the dataset's columns that the copy in `dataset/` holds, and the others; none kept without a copy.
    """

    out: Path
    notebooks: pd.DataFrame
    manifest: Mapping[str, Any]
    kept: Sequence[str]
    left_out: Sequence[str]


def run_dataset(
    file: str | Path,
    out: str | Path,
    *,
    notebooks: Sequence[str] = (),
    settings: Sequence[str] = (),
    command: Sequence[str] = (),
    keep_dataset: bool = True,
    on_progress: Callable[[dict], None] | None = None,
) -> Run:
    """Reads a dataset (by its recipe) and runs the notebooks for its grain on it.

    file : data file or recipe. notebooks : names, numbers ("10") or paths; default every shipped notebook that
        reads the dataset's grain. settings : "key=value" for their parameters. command : what the manifest quotes.
    keep_dataset : whether `dataset/` stays: a copy of the table as it was read, with the columns that the notebooks
        and their parameters use and no others, and its arms.
    out : the folder, made whole at the end: `index.html`, pages, `figures/`, `tables/`, `dataset/`, `manifest.json`.
        An earlier run there is replaced; anything else is refused.
    Raises DatasetError for the data, ValueError for notebooks, settings and `out`, RuntimeError when every
    notebook failed. Whatever is raised, and whatever kills the process, nothing is left behind.
    """
    start, begun = time.perf_counter(), datetime.now(UTC)
    target = Path(out).resolve()
    if Path(file).resolve().is_relative_to(target):
        raise ValueError(f"{file} lies in the folder that the run replaces: choose another --out")
    table = read_dataset(file)
    grain = table.attrs["grain"]
    sources = choose_notebooks(notebooks, grain)
    chosen = check_settings(settings, {source.stem: notebook_parameters(source) for source in sources})
    wanted = used_columns(sources, chosen)
    used = [name for name in table if name in wanted]
    with whole_folder(target, MADE_BY) as folder:
        files = _write_tables(grain, table[used], make_folder(folder / "dataset"))
        given = {source.stem: {**chosen[source.stem], "dataset": str(_file_for(source, files))} for source in sources}
        result = run_notebooks(folder, sources, parameters=given, on_progress=on_progress)
        if not result["ok"].any():
            raise RuntimeError("; ".join(f"{row.notebook}: {row.error}" for row in result.itertuples()))
        if not keep_dataset:
            shutil.rmtree(folder / "dataset")
        write_pages(folder, result, _about(file, grain))
        facts = _facts(file, grain, table, folder) | made_with(result, given) | {"command": list(command)}
        facts |= {"started": begun.isoformat(timespec="seconds"), "seconds": round(time.perf_counter() - start, 1)}
        around = dict.fromkeys((Path(file).parent, *(source.parent for source in sources)), ".")
        places = machine_places({**around, target.parent: "..", target: ".", folder: "."})
        write_manifest(folder, MADE_BY, without_places(facts, places))
    manifest = json.loads((target / MANIFEST).read_text(encoding="utf-8"))
    kept = used if keep_dataset else []
    return Run(target, result, manifest, kept, [name for name in table if name not in kept])


def used_columns(sources: Sequence[Path], chosen: Mapping[str, Mapping[str, Any]]) -> Collection[str]:
    """The columns that a run reads: those that the library knows, and those named in the notebooks or a parameter.

    A notebook of one's own may read a further column by its name in quotes: `table["smoker"]`, or in a `query`.
    """
    words = {text for values in chosen.values() for text in _texts(list(values.values()))}
    for source in sources:
        for node in (one for cell in code_cells(source) for one in ast.walk(_parsed(cell.source))):
            words |= set(_texts(node.value)) if isinstance(node, ast.Constant) else set()
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "query":
                words |= set(re.findall(r"\w+", " ".join(ast.unparse(one) for one in node.args)))
    return READ | words


def _texts(value: Any) -> list[str]:
    """The texts in a parameter, however deep in lists."""
    if isinstance(value, (list, tuple)):
        return [text for one in value for text in _texts(one)]
    return [value] if isinstance(value, str) else []


def _parsed(source: str) -> ast.Module:
    """The code of a cell without IPython's own lines (%pip, !git); nothing where even that is no Python."""
    code = "\n".join(re.sub(r"^(\s*)[%!].*", r"\1pass", line) for line in source.splitlines())
    try:
        return ast.parse(code)
    except SyntaxError:
        return ast.parse("")


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


def _facts(file: str | Path, grain: str, table: pd.DataFrame, folder: Path) -> dict[str, Any]:
    """What the manifest says of the data: each file that was read and its fingerprint, the recipe, the tables made."""
    recipe = find_recipe(file)
    loaded = load_recipe(recipe) if recipe is not None else None
    named = (Path(file),) if loaded is None else (loaded.file, loaded.subjects, loaded.codebook)
    data = [one for one in named if one is not None]
    beside = [other for one in data for other in (one.with_suffix(".json"), one.parent / BESIDE) if other.is_file()]
    inputs = list(dict.fromkeys([*data, *([loaded.source] if loaded is not None else []), *beside]))
    outputs = sorted(path for place in ("dataset", "tables") for path in (folder / place).glob("*.csv"))
    places = machine_places({one.parent: "." for one in inputs})
    text = None if loaded is None else without_places(loaded.source.read_text(encoding="utf-8-sig"), places)
    here = Path(file).resolve().parent
    names = {path: near(path.resolve(), here) for path in inputs}
    return {
        "inputs": [{"file": names[path], "bytes": path.stat().st_size, "sha256": sha256(path)} for path in inputs],
        "recipe": text,
        "dataset": {"grain": grain, "rows": len(table), "studies": int(table["study"].nunique())},
        "tables": {path.relative_to(folder).as_posix(): sha256(path) for path in outputs},
    }
