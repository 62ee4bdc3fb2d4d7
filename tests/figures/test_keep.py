"""Figures for print: a journal's widths, and files whose text stays text."""

import matplotlib as mpl
import matplotlib.pyplot as plt
import pytest
from PIL import Image

import ketamine_analysis as ka


@pytest.mark.parametrize(("columns", "millimetres"), [(1, 89), (2, 183)])
def test_a_journal_figure_has_the_columns_width_and_300_dpi(tmp_path, columns, millimetres):
    before = dict(mpl.rcParams)
    with ka.journal_style(columns=columns):
        figure, ax = plt.subplots()
        ax.plot([0, 1])
        figure.savefig(tmp_path / "one.png")
        assert ax.xaxis.label.get_fontsize() == 7 and not ax.spines["top"].get_visible()
    assert figure.get_figwidth() * 25.4 == pytest.approx(millimetres, abs=0.5)
    with Image.open(tmp_path / "one.png") as image:
        assert image.width == pytest.approx(figure.get_figwidth() * 300, abs=1)
    assert dict(mpl.rcParams) == before


def test_height_is_chosen_and_other_columns_are_refused():
    with ka.journal_style(columns=2, height=4):
        assert mpl.rcParams["figure.figsize"] == [7.2, 4]
    with pytest.raises(ValueError, match=r"columns 3 is unknown: journals have \[1, 2\]"), ka.journal_style(columns=3):
        pass


def test_the_pdf_holds_its_text_as_a_font_not_as_outlines(tmp_path):
    figure, ax = plt.subplots(figsize=(2, 1))
    ax.set_title("esketamine")
    ka.save_result(figure, "one", tmp_path)
    data = (tmp_path / "figures" / "one.pdf").read_bytes()
    assert data.startswith(b"%PDF") and b"/Subtype /Type0" in data and b"/Type3" not in data
    assert b"CreationDate" not in data
