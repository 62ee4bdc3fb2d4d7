"""Collecting what is wrong with a table, row by row."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from ..errors import PROBLEM_COLUMNS

Fix = Callable[[int], str]  # of a row label: what to do


class Problems:
    """Collects breaches of one table; `add` takes a mask of the rows that break a rule."""

    def __init__(self, table: pd.DataFrame, file: str, lines: pd.Series | None) -> None:
        self.table, self.file = table.reset_index(drop=True), file
        self.lines = pd.Series(table.index if lines is None else lines.to_numpy())
        self.found: list[pd.DataFrame] = []

    def add(self, breaks: pd.Series, column: str, rule: str, fix: str | Fix, severity: str = "error") -> None:
        """Notes every row where `breaks` is true; fix is one text, or a function of the row's label."""
        rows = breaks.index[breaks.eq(True).fillna(False).astype(bool)]
        if len(rows) == 0:
            return
        value = self.table.loc[rows, column] if column in self.table else None
        message = fix if isinstance(fix, str) else [fix(row) for row in rows]
        self.found.append(
            pd.DataFrame(
                {
                    "file": self.file,
                    "row": self.lines.loc[rows].to_numpy(),
                    "column": column,
                    "value": value.to_numpy() if value is not None else None,
                    "rule": rule,
                    "severity": severity,
                    "message": message,
                }
            ).astype(object)
        )

    def add_column(self, column: str, rule: str, fix: str, severity: str = "error") -> None:
        """Notes a problem of a whole column."""
        self.found.append(
            pd.DataFrame([(self.file, None, column, None, rule, severity, fix)], columns=list(PROBLEM_COLUMNS))
        )

    def table_of_problems(self) -> pd.DataFrame:
        """All that was noted, as the table of `DatasetError`."""
        if not self.found:
            return pd.DataFrame(columns=list(PROBLEM_COLUMNS))
        return pd.concat(self.found, ignore_index=True)[list(PROBLEM_COLUMNS)]
