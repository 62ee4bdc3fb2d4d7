"""Choices to views; your own data among the published.

Takes `arms` and a choice of class, control, outcome and time; gives a view with the code that makes it.
Read: `views`, `explorer` (the controls of a notebook), `among_evidence`, `evidence_plots`, `new_form` (a recipe).
"""

from .among_evidence import AmongEvidence, among_evidence, published_effects
from .evidence_plots import plot_among_evidence, plot_on_time_course
from .explorer import explore
from .new_form import new
from .views import View, view

__all__ = [
    "AmongEvidence",
    "View",
    "among_evidence",
    "explore",
    "new",
    "plot_among_evidence",
    "plot_on_time_course",
    "published_effects",
    "view",
]
