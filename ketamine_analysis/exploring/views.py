"""Views: one class against its control under chosen conditions, with the code that makes each."""

from __future__ import annotations

import base64
import html
import io
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..effects.contrasts import contrast_arms, without_contrast
from ..effects.time_windows import WINDOW_NAMES, one_per_window
from ..errors import NotInData, nearest
from ..figures.axes import MEASURE_LABELS, class_label
from ..figures.course_plots import plot_time_course
from ..figures.forest import plot_forest
from ..figures.keep import VECTOR
from ..figures.plots import plot_windows
from ..figures.readable import readable
from ..intervals import as_ratio, interval_text
from ..pooling.meta_analysis import random_effects
from ..time_course.time_course import fit_time_course

OUTCOME_MEASURES = {
    "response": "log_odds_ratio",
    "remission": "log_odds_ratio",
    "change": "standardized_mean_difference",
    "score": "standardized_mean_difference",
}
MODELS = ("windows", "plateau", "emax", "exponential")
FILTERS = ("blinding", "population", "scale")
SCREEN_DPI = 80


@dataclass(frozen=True, repr=False)
class View:
    """What one choice shows; made by `view`.

    effects : the contrasts, one per trial and time. table : their pooling in each time window, ratios for counts.
    forest : the trials of the chosen window, None where none looked (`note` says so). time_course : the pooled
    windows, or the fitted curve. alt : both figures in words. code : makes the same, ready to paste.
    """

    title: str
    note: str
    effects: pd.DataFrame
    table: pd.DataFrame
    forest: Figure | None
    time_course: Figure
    alt: dict[str, str]
    code: str

    def figures_html(self, kind: str = "png") -> str:
        """Title, figures with their alt texts, and table, as HTML; kind "svg" is drawn in a third of the time."""
        images = "".join(
            _image(figure, self.alt[name], kind)
            for name, figure in (("forest", self.forest), ("time_course", self.time_course))
            if figure is not None
        )
        note = f"<p>{html.escape(self.note)}</p>" if self.note else ""
        shown = ["window", "k", "estimate (95 %)", "tau2", "I2", "method", "inference"]
        table = readable(interval_text(self.table)[shown])
        return f'<p aria-live="polite"><b>{html.escape(self.title)}</b></p>{note}{images}{table._repr_html_()}'

    def __repr__(self) -> str:
        return f"View({self.title!r})"

    def _repr_html_(self) -> str:
        return f"{self.figures_html()}<p>The code of this view:</p><pre>{html.escape(self.code)}</pre>"


def view(
    arms: pd.DataFrame,
    *,
    treatment_class: str,
    control: str | None = None,
    blinding: str | None = None,
    population: str | None = None,
    scale: str | None = None,
    outcome: str = "response",
    window: str = "24 h",
    model: str = "windows",
) -> View:
    """One class against its control: a forest of one time window, a time course, their numbers and their code.

    treatment_class : the class; only contrasts within trials are made. control : as in `contrast_arms` (None: kinds
        that are pooled by default; "all"; or one kind). blinding, population, scale : keep these rows; None: all.
    outcome : "response", "remission" (odds ratios), "change", "score" (standardised mean differences).
    window : a name of `TIME_WINDOWS`, for the forest. model : of the time course, "windows" (each window pooled by
        itself, REML with modified Hartung–Knapp), or a curve of this class alone: "plateau", "emax", "exponential".
    Raises ValueError for an unknown choice, a choice that leaves no contrast, or too few effects for the curve;
    ConvergenceError when no curve fits.

    >>> import ketamine_analysis as ka
    >>> made = view(ka.default_pool(ka.load_evidence()), treatment_class="ketamine")
    >>> made.title
    'ketamine, response: 3 trials at 24 h, odds ratio 3.61 (0.33 to 39.39)'
    """
    kept = {
        name: value for name, value in zip(FILTERS, (blinding, population, scale), strict=True) if value is not None
    }
    _check_choices(arms, treatment_class, outcome, window, model, kept)
    effects = _effects(arms, treatment_class, outcome, control, kept)
    one_each = one_per_window(effects)
    if one_each.empty:
        raise NotInData(f"{class_label(treatment_class)} has times in no window: {sorted(effects['hours'].unique())}")
    log = OUTCOME_MEASURES[outcome].startswith("log_")
    table = random_effects(one_each, by=["treatment_class", "window"]).summary()
    table = as_ratio(table) if log else table
    inside = one_each[one_each["window"] == window]
    forest = _finished(plot_forest(random_effects(inside))) if len(inside) else None
    if model == "windows":
        course = _finished(plot_windows(table))
    else:
        course = _finished(plot_time_course(fit_time_course(effects, shape=model), only=treatment_class))
    title, note = _words(table, treatment_class, outcome, window)
    note = note or _mixed_cutoffs(inside, outcome)
    code = _code(arms, treatment_class, outcome, control, kept, window, model)
    return View(title, note, effects, table, forest, course, _alt(title, table, model), code)


def column_values(arms: pd.DataFrame, column: str) -> list[tuple[str, str]]:
    """The values of a column in words and as they are, the most frequent first; none where the column is missing."""
    counts = arms[column].value_counts() if column in arms else pd.Series(dtype=int)
    return [(str(name).replace("_", " "), str(name)) for name in counts.index]


def check_columns(arms: pd.DataFrame) -> None:
    """Raises ValueError where a column that every view needs is missing, TypeError for what is no table."""
    if not isinstance(arms, pd.DataFrame):
        raise TypeError(f"a table of arms is explored, not {type(arms).__name__}: ka.read_as_arms(file) reads one")
    missing = [name for name in ("study", "treatment_class", "outcome", "hours") if name not in arms]
    if missing:
        raise ValueError(f"the table of arms has no column {missing}: see ka.read_arms; a class may be the arm's name")


def _check_choices(
    arms: pd.DataFrame, treatment_class: str, outcome: str, window: str, model: str, kept: dict[str, str]
) -> None:
    check_columns(arms)
    for name, value, allowed in (
        ("treatment_class", treatment_class, sorted(arms["treatment_class"].dropna().astype(str).unique())),
        ("outcome", outcome, list(OUTCOME_MEASURES)),
        ("window", window, list(WINDOW_NAMES)),
        ("model", model, list(MODELS)),
        *((name, value, [one for _, one in column_values(arms, name)]) for name, value in kept.items()),
    ):
        if value not in allowed:
            raise ValueError(f"{name} {value!r} is not here: use one of {allowed}{nearest(value, allowed)}")


def _effects(
    arms: pd.DataFrame, treatment_class: str, outcome: str, control: str | None, kept: dict[str, str]
) -> pd.DataFrame:
    """The contrasts of the class under the choices; trials without the class are left out first, for speed."""
    rows = arms[arms["timing"].eq("at")] if "timing" in arms else arms
    for name, value in kept.items():
        rows = rows[rows[name] == value]
    rows = rows[rows["study"].isin(rows.loc[rows["treatment_class"] == treatment_class, "study"])]
    words = "".join(f", {name} {value}" for name, value in kept.items())
    if not (rows["outcome"] == outcome).any():
        raise NotInData(f"no trial of {class_label(treatment_class)} here counts {outcome}{words}")
    effects = contrast_arms(rows, outcome=outcome, measure=OUTCOME_MEASURES[outcome], control=control)
    effects = effects[effects["treatment_class"] == treatment_class]
    if effects.empty:
        left = without_contrast(rows, outcome=outcome, measure=OUTCOME_MEASURES[outcome], control=control)
        reasons = sorted(left["reason"].unique())
        if not reasons:
            reasons = [f"its arms got something besides: class {treatment_class}_combination"]
        raise NotInData(
            f"no {outcome} of {class_label(treatment_class)} stands beside such a control{words}: {'; '.join(reasons)}"
        )
    return effects.reset_index(drop=True)


def _mixed_cutoffs(inside: pd.DataFrame, outcome: str) -> str:
    """Says so where the window's trials count remission by different cut-offs: one number of unlike things."""
    if outcome != "remission" or "definition" not in inside:
        return ""
    counts = inside["definition"].fillna("not stated").value_counts().sort_index(key=lambda words: words.str.casefold())
    if len(counts) < 2:
        return ""
    return "Remission by different cut-offs: " + "; ".join(f"{name} (k = {k})" for name, k in counts.items()) + "."


def _words(table: pd.DataFrame, treatment_class: str, outcome: str, window: str) -> tuple[str, str]:
    """The answer at the chosen window in one line; and what is missing there."""
    start = f"{class_label(treatment_class)}, {outcome}"
    row = table[table["window"] == window]
    if row.empty:
        looked = ", ".join(map(str, table["window"]))
        return (
            f"{start}: no trial at {window}",
            f"No contrast lies in the window {window}; windows with trials: {looked}.",
        )
    k = int(row["k"].iloc[0])
    measure = str(row["measure"].iloc[0])
    name = MEASURE_LABELS.get(measure, measure).removesuffix(" of response")
    return f"{start}: {k} trial{'s' * (k > 1)} at {window}, {name} {interval_text(row)['estimate (95 %)'].iloc[0]}", ""


def _alt(title: str, table: pd.DataFrame, model: str) -> dict[str, str]:
    rows = zip(table["window"], table["k"], interval_text(table)["estimate (95 %)"], strict=True)
    numbers = "; ".join(f"{window} {text}, k = {k}" for window, k, text in rows)
    kind = "Pooled time windows" if model == "windows" else f"Fitted curve ({model}) with its band; pooled windows"
    return {"forest": f"Forest plot. {title}", "time_course": f"{kind}: {numbers}"}


def _code(
    arms: pd.DataFrame, treatment_class: str, outcome: str, control: str | None, kept: dict[str, str],
    window: str, model: str,
) -> str:  # fmt: skip
    """The lines that make the view from `arms`, with the library's own verbs."""
    measure = OUTCOME_MEASURES[outcome]
    given = f", control={control!r}" if control is not None else ""
    keep = {**({"timing": "at"} if "timing" in arms else {}), **kept}
    lines = [
        "import ketamine_analysis as ka",
        "",
        "# arms: the table explored, such as ka.default_pool(ka.load_evidence())",
    ]
    lines += ["rows = arms", *(f"rows = rows[rows[{name!r}] == {value!r}]" for name, value in keep.items())]
    summary = "ka.random_effects(one_each, by=['treatment_class', 'window']).summary()"
    lines += [
        f"rows = rows[rows['study'].isin(rows.loc[rows['treatment_class'] == {treatment_class!r}, 'study'])]",
        f"effects = ka.contrast_arms(rows, outcome={outcome!r}, measure={measure!r}{given})",
        f"effects = effects[effects['treatment_class'] == {treatment_class!r}]",
        "one_each = ka.one_per_window(effects)",
        f"table = {f'ka.as_ratio({summary})' if measure.startswith('log_') else summary}",
        f"inside = one_each[one_each['window'] == {window!r}]",
        "forest = ka.plot_forest(ka.random_effects(inside)) if len(inside) else None",
    ]
    if model == "windows":
        lines.append("course = ka.plot_windows(table)")
    else:
        lines.append(f"fit = ka.fit_time_course(effects, shape={model!r})")
        lines.append(f"course = ka.plot_time_course(fit, only={treatment_class!r})")
    return "\n".join(lines)


def _finished(ax: Axes) -> Figure:
    """The figure of the axes, taken from pyplot so that a notebook does not show it a second time."""
    figure: Any = ax.figure
    plt.close(figure)
    return figure


def _image(figure: Figure, alt: str, kind: str) -> str:
    buffer = io.BytesIO()
    with mpl.rc_context(VECTOR):
        figure.savefig(buffer, format=kind, dpi=SCREEN_DPI)
    mime = {"png": "image/png", "svg": "image/svg+xml"}[kind]
    data = base64.b64encode(buffer.getvalue()).decode()
    return f'<img alt="{html.escape(alt)}" style="max-width: 100%" src="data:{mime};base64,{data}">'
