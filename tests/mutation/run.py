"""Breaks the library on purpose, one small fault at a time, and counts how many of them its tests notice.

    pip install -e ".[test,mutation]"
    python tests/mutation/run.py                                 # every module of MODULES, 40 faults of each
    python tests/mutation/run.py outcomes/derive.py --count 60 --seed 2

The faults are those of cosmic-ray that a person could make (FAULTS), a seeded sample of each module's. Every one runs
in a copy of the repository under --folder, never in the sources. What was found is kept there, so that a run that was
stopped goes on where it was. After tests were added, --again runs what survived once more. A change that makes no
difference is named, with the reason, in equivalent.toml beside this file, and counts neither way.
"""

from __future__ import annotations

import argparse
import ast
import difflib
import json
import multiprocessing
import os
import random
import re
import shutil
import sys
import tomllib
from pathlib import Path

import matplotlib.pyplot as plt  # noqa: F401 — what every test needs is loaded once, here, and inherited by each run
import pandas as pd  # noqa: F401
import pytest
import scipy.stats  # noqa: F401
from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator, operator_names

ROOT = Path(__file__).resolve().parents[2]
# module → the test files that speak of it, run in this order until one fails; a whole wing would take minutes
MODULES = {
    "outcomes/derive.py": "outcomes/test_derive.py outcomes/test_missing_scores.py outcomes/test_own_scales.py "
    "outcomes/test_laws.py",
    "outcomes/proportions.py": "outcomes/test_proportions.py outcomes/test_laws.py",
    "outcomes/arm_sums.py": "effects/test_contrasts.py effects/test_laws.py",
    "outcomes/scale_definition.py": "outcomes/test_own_scales.py outcomes/test_scales.py",
    "effects/contrasts.py": "effects/test_contrasts.py effects/test_laws.py",
    "effects/measures.py": "effects/test_contrasts.py pooling/test_meta_analysis.py effects/test_laws.py",
    "effects/covariance.py": "effects/test_contrasts.py pooling/test_meta_analysis.py",
    "effects/collected.py": "effects/test_collected.py",
    "effects/printed_differences.py": "effects/test_collected.py effects/test_effects_read.py",
    "effects/side_effects.py": "effects/test_side_effects.py",
    "pooling/meta_analysis.py": "pooling/test_meta_analysis.py pooling/test_laws.py",
    "pooling/heterogeneity.py": "pooling/test_meta_analysis.py pooling/test_laws.py",
    "pooling/effect_tables.py": "pooling/test_meta_analysis.py pooling/test_laws.py",
    "mmrm/likelihood.py": "mmrm/test_likelihood.py mmrm/test_inference.py mmrm/test_analysis.py",
    "mmrm/moments.py": "mmrm/test_table.py mmrm/test_analysis.py mmrm/test_inference.py",
    "mmrm/covariances.py": "mmrm/test_covariances.py mmrm/test_likelihood.py",
    "mmrm/inference.py": "mmrm/test_inference.py mmrm/test_analysis.py",
}
SWAPS = "Lt_LtE|Lt_Gt|LtE_Lt|LtE_Gt|Gt_GtE|Gt_Lt|GtE_Gt|GtE_Lt|Eq_NotEq|NotEq_Eq|Is_IsNot|IsNot_Is"
ARITHMETIC = "Add_Sub|Sub_Add|Mul_Div|Div_Mul|Pow_Mul|BitAnd_BitOr|BitOr_BitAnd"
FAULTS = re.compile(
    rf"core/(ReplaceComparisonOperator_({SWAPS})|ReplaceBinaryOperator_({ARITHMETIC})|NumberReplacer|AddNot|"
    r"ReplaceUnaryOperator_(Delete_\w+|USub_UAdd)|Replace(True|False|And|Or|Break|Continue)With\w+|"
    r"ZeroIterationForLoop)"
)
TIMEOUT = 300.0  # seconds: a fault that makes a loop endless is noticed


def main() -> None:
    """Runs the sample of each module named and prints its score and what survived."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("modules", nargs="*", metavar="module", help=f"of {', '.join(MODULES)}; default all")
    parser.add_argument("--count", type=int, default=40)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=Path, default=ROOT / "build" / "mutation")
    parser.add_argument("--again", action="store_true", help="run survivors once more, with the tests as they are now")
    chosen = parser.parse_args()
    sys.dont_write_bytecode = True
    for module in chosen.modules or MODULES:
        place = chosen.folder.resolve() / f"{module.replace('/', '_').removesuffix('.py')}_{chosen.count}_{chosen.seed}"
        shutil.rmtree(place / "copy", ignore_errors=True)
        kept = shutil.ignore_patterns(".*", "__pycache__", "build", "dist", "results")
        shutil.copytree(ROOT, place / "copy", ignore=kept)
        code = (ROOT / "ketamine_analysis" / module).read_text(encoding="utf-8")
        faults = every_fault(code)
        _run(module, random.Random(chosen.seed).sample(faults, min(chosen.count, len(faults))), place, chosen.again)


def every_fault(code: str) -> list[str]:
    """The module with each fault in turn, in the order of the source."""
    tree, hints, found = get_ast(code), _annotations(code), []
    for name in filter(FAULTS.fullmatch, operator_names()):
        operator = get_operator(name)()
        places = [start for node in ast_nodes(tree) for start, _ in operator.mutation_positions(node)]
        found += [(start, name, turn) for turn, start in enumerate(places) if start not in hints]
    return [mutate_code(code, get_operator(name)(), turn) for _, name, turn in sorted(found)]


def _annotations(code: str) -> set[tuple[int, int]]:
    """Where type hints stand: changing one changes nothing that runs."""
    places = set()
    for node in ast.walk(ast.parse(code)):
        for hint in (getattr(node, "annotation", None), getattr(node, "returns", None)):
            if hint is not None:
                lines = range(hint.lineno, hint.end_lineno + 1)
                places |= {(line, column) for line in lines for column in range(hint.col_offset, hint.end_col_offset)}
    return places


def _run(module: str, sample: list[str], place: Path, again: bool) -> None:
    record, path = place / "found.json", place / "copy" / "ketamine_analysis" / module
    found = json.loads(record.read_text(encoding="utf-8")) if record.exists() else {}
    code = path.read_text(encoding="utf-8")
    same, every = _equivalent(module), {_difference(code, one): one for one in sample}
    changes = {change: one for change, one in every.items() if change.splitlines()[-1].strip() not in same}
    waiting = [change for change in changes if change not in found or (again and not found[change])]
    if waiting and not _passes(place / "copy", MODULES[module]):
        sys.exit(f"without any fault some of these fail, or take too long: {MODULES[module]}")
    for done, change in enumerate(waiting):
        print(f"{module}: {done} of {len(waiting)}", end="\r", file=sys.stderr)
        path.write_text(changes[change], encoding="utf-8")
        found[change] = not _passes(place / "copy", MODULES[module])
        path.write_text(code, encoding="utf-8")
        record.write_text(json.dumps(found, ensure_ascii=False, indent=1), encoding="utf-8")
    killed, aside = sum(found[change] for change in changes), len(every) - len(changes)
    share = f"{killed} of {len(changes)} noticed ({100 * killed / max(len(changes), 1):.0f} %)"
    print(f"{module}: {share}" + (f"; {aside} that change nothing" if aside else ""))
    print("".join(f"  {change}\n" for change in changes if not found[change]), end="", flush=True)


def _equivalent(module: str) -> set[str]:
    """The new lines, as a difference shows them, that change nothing."""
    rows = tomllib.loads((ROOT / "tests" / "mutation" / "equivalent.toml").read_text(encoding="utf-8"))
    return {f"+{line}" for line in rows.get(module, {})}


def _difference(code: str, changed: str) -> str:
    lines = list(difflib.unified_diff(code.splitlines(), changed.splitlines(), lineterm="", n=0))[2:]
    return "\n  ".join(lines)


def _passes(copy: Path, tests: str) -> bool:
    """Whether the tests pass in a process of their own, the first file before the others are even read."""
    names = [f"tests/{one}" for one in tests.split() if (copy / "tests" / one).exists()]
    for part in filter(None, (names[:1], names[1:])):
        process = multiprocessing.get_context("fork").Process(target=_test, args=(copy, part))
        process.start()
        process.join(TIMEOUT)
        if process.is_alive():
            process.kill()
            process.join()
        if process.exitcode != 0:
            return False
    return True


def _test(copy: Path, names: list[str]) -> None:
    os.chdir(copy)
    sys.path.insert(0, str(copy))
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    os.dup2(null, 2)
    os._exit(int(pytest.main(["-x", "-q", "-p", "no:cacheprovider", "-m", "not slow", *names])))


if __name__ == "__main__":
    main()
