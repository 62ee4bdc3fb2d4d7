import sys
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
import pytest

collect_ignore_glob = ["benchmarks/*", "calibration/*"]  # commands that print: never a pass or fail

sys.path.insert(0, str(Path(__file__).parent))
mpl.use("agg")


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")
