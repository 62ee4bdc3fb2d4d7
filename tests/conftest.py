import sys
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
import pytest

sys.path.insert(0, str(Path(__file__).parent))
mpl.use("agg")


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")
