import sys
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
import pytest

from ketamine_analysis.outcomes import scales

collect_ignore_glob = ["benchmarks/*", "calibration/*", "mutation/*"]  # commands that print: never a pass or fail

sys.path.insert(0, str(Path(__file__).parent))
mpl.use("agg")


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


@pytest.fixture(autouse=True)
def _shipped_scales_alone():
    """A scale that a test defines is forgotten after it."""
    yield
    for name in set(scales.SCALES) - scales._SHIPPED:
        del scales._KNOWN[name]
