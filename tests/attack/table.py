"""`python tests/attack/table.py`: damaged files, broken recipes, hostile names, faults, and what became of each; 0 is the rule.

Exit code 1 where a number of the last three columns is not 0. `--files 600` says how many files.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import faults
import files
import names
import recipes

STATES = ("clear error", "correct", "wrong", "traceback", "hang")


def main() -> int:
    """Prints the table, and the words of what must not be."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=600)
    told = parser.parse_args()
    parts = {
        "damaged files": files.run(told.files, 3600), "broken recipes": recipes.run(), "hostile names": names.run(),
        "faults": faults.run(),
    }  # fmt: skip
    print(f"{'':16}{'tried':>8}" + "".join(f"{state:>13}" for state in STATES))
    for what, (counts, _) in parts.items():
        print(f"{what:16}{sum(counts.values()):>8}" + "".join(f"{counts[state]:>13}" for state in STATES))
    bad = [line for _, lines in parts.values() for line in lines]
    print("\n".join(bad))
    return int(bool(bad))


if __name__ == "__main__":
    raise SystemExit(main())
