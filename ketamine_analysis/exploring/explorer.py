"""The explorer: controls in a notebook that choose a view."""

from __future__ import annotations

import html
from typing import Any

import pandas as pd

from ..effects.time_windows import WINDOW_NAMES
from ..errors import ConvergenceError
from ..figures.axes import CLASS_COLOURS, class_label
from .views import FILTERS, MODELS, OUTCOME_MEASURES, check_columns, column_values, view

# JupyterLab takes arrow keys and letters from a focused list (ipywidgets issue 3912), but for one marked like this
KEYS_STAY_HERE = """export default { render({ el }) {
  const mark = (event) => event.target.setAttribute("data-lm-suppress-shortcuts", "true");
  const waiting = setInterval(() => {
    if (!el.isConnected) return;
    clearInterval(waiting);
    el.closest(".ketamine-explorer").addEventListener("focusin", mark);
  }, 50);
  return () => clearInterval(waiting);
} };"""

# a widget's table has no style of JupyterLab's
TABLE_STYLE = (
    "<style>.ketamine-explorer td, .ketamine-explorer th { padding: .1em 1em .1em 0; line-height: 1.5; }</style>"
)


def explore(arms: pd.DataFrame) -> Any:
    """Controls for a notebook: choose class, control, blinding, population, scale, outcome, window and model.

    arms : any table of arms with `treatment_class` (`default_pool(load_evidence())`, `read_arms`).
    Each change shows `view` of the chosen values: nothing here computes. Controls are plain lists: Tab moves between
    them, arrow keys and letters choose. The code of the view stands below it, to be copied.
    Returns an ipywidgets box. Raises ImportError where ipywidgets or anywidget is missing: use `view` instead.

    >>> import ketamine_analysis as ka
    >>> arms = ka.default_pool(ka.load_evidence())
    >>> [control.description for control in explore(arms).children[0].children][:3]
    ['class', 'control', 'blinding']
    """
    try:
        import anywidget
        import ipywidgets
    except ImportError as error:
        raise ImportError(
            f"explore needs {error.name} (pip install {error.name}); ka.view shows the same without"
        ) from error
    options = _options(arms)
    controls = {
        name: ipywidgets.Dropdown(
            options=values, description=name.replace("treatment_class", "class"), layout={"width": "19em"}
        )
        for name, values in options.items()
    }
    controls["window"].value = "24 h"
    shown = ipywidgets.HTML()
    code = ipywidgets.Textarea(description="code", rows=18, layout={"width": "98%"})
    code.style.font_family = "monospace"

    def show(_: Any = None) -> None:
        chosen: dict[str, Any] = {name: control.value or None for name, control in controls.items()}
        try:
            made = view(arms, **chosen)
        except (ValueError, ConvergenceError) as error:
            shown.value, code.value = f'<p role="alert">No view of these choices: {html.escape(str(error))}</p>', ""
        else:
            shown.value, code.value = TABLE_STYLE + made.figures_html("svg"), made.code

    for control in controls.values():
        control.observe(show, names="value")
    show()
    # a row that wraps: beside the figures the controls would take half of a small screen
    above = ipywidgets.Box(list(controls.values()), layout={"flex_flow": "row wrap"})
    explorer = ipywidgets.VBox([above, shown, code, anywidget.AnyWidget(_esm=KEYS_STAY_HERE)])
    explorer.add_class("ketamine-explorer")
    return explorer


def _options(arms: pd.DataFrame) -> dict[str, list]:
    """The values each control offers: those that the table holds."""
    check_columns(arms)
    active = arms[arms["role"].eq("active")] if "role" in arms else arms
    with_outcome = active[active["outcome"].isin(OUTCOME_MEASURES)]
    any_of = {name: [("any", ""), *column_values(arms, name)] for name in FILTERS}
    known = list(CLASS_COLOURS)  # in the figures' order, then others, the most frequent first
    classes = sorted(
        with_outcome["treatment_class"].value_counts().index,
        key=lambda name: known.index(name) if name in known else len(known),
    )
    return {
        "treatment_class": [(class_label(name), str(name)) for name in classes],
        "control": [("pooled by default", ""), ("all", "all"), *column_values(arms, "control_kind")],
        **any_of,
        "outcome": [name for name in OUTCOME_MEASURES if (with_outcome["outcome"] == name).any()],
        "window": list(WINDOW_NAMES),
        "model": list(MODELS),
    }
