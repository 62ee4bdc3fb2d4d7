"""Whether a table can be asked a notebook's question at all."""

from __future__ import annotations

from collections.abc import Sized


class NotInData(ValueError):  # noqa: N818 — an answer, not a mistake
    """The question cannot be asked of this table; a report says so and goes on."""


def need_rows(rows: Sized, what: str, *, at_least: int = 1) -> None:
    """Raises NotInData when there are fewer rows than the question needs. what : the rows needed, in words.

    >>> need_rows([], "single-dose trials of ketamine")
    Traceback (most recent call last):
    ketamine_analysis.questions.NotInData: this table has no single-dose trials of ketamine: there is nothing to answer
    """
    if len(rows) < at_least:
        found = "no" if not len(rows) else f"only {len(rows)} (of {at_least} needed)"
        raise NotInData(f"this table has {found} {what}: there is nothing to answer")
