"""A study read from its form, checked against the evidence it joins, and kept there."""

from __future__ import annotations

import json
from collections import Counter
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from ..errors import problem_table, raise_on_errors
from ..reading.problems import Problems
from .codebook import (
    BOOK,
    QUOTE_KEY,
    checksum,
    codebook,
    evidence_folder,
    fields_of,
    quote_key,
    resource_of,
    text_tables,
)
from .known_studies import known_studies
from .row_checks import (
    check_domain_words,
    check_row_counts,
    check_row_means,
    check_row_places,
    check_row_quotes,
    check_row_words,
)
from .shipped import load_evidence
from .study_form import read_study

ONE_OF_EACH = {"arms": ["trial_id", "arm_id"], "trials": ["trial_id"], "risk_of_bias": ["trial_id", "domain"]}
A_MOMENT = ["trial_id", "arm_id", "hours", "outcome"]  # one preferred row of each


@dataclass(frozen=True)
class Addition:
    """A study on its way into the evidence; made by `add_study`.

    folder : the evidence it would join. rows : its rows by table, as text, with `quote` and `line`. warnings : what is
    worth a second look (columns of `DatasetError.problems`). Nothing is written before `.keep()`.
    """

    folder: Path
    rows: dict[str, pd.DataFrame]
    warnings: pd.DataFrame

    @property
    def version(self) -> int:
        """The version of the evidence that these rows belong to."""
        return int(codebook(self.folder)["version"])

    def tables(self) -> dict[str, pd.DataFrame]:
        """Every table with these rows at its end, as text; `quotes` with their words."""
        tables = text_tables(self.folder)
        for name, rows in self.rows.items():
            own = rows.assign(added=str(self.version))[list(tables[name].columns)]
            tables[name] = pd.concat([tables[name], own], ignore_index=True)
            words = quote_key(name, rows).assign(quote=rows["quote"])
            tables["quotes"] = pd.concat([tables["quotes"], words], ignore_index=True)
        return tables

    def write(self, folder: str | Path) -> None:
        """Writes the evidence with these rows into `folder`, codebook with row counts and checksums included."""
        where = Path(folder)
        book = deepcopy(codebook(self.folder))
        tables = self.tables()
        for resource in book["resources"]:
            name = resource["name"]
            path = where / f"{name}.csv"
            tables[name].to_csv(path, index=False, lineterminator="\n")
            resource |= {"rows": len(tables[name]), "hash": checksum(path)}
        text = json.dumps(book, indent=1, ensure_ascii=False) + "\n"
        (where / BOOK).write_text(text, encoding="utf-8")

    def keep(self) -> None:
        """Writes these rows into the evidence itself: every file beside the old ones first, then in their place."""
        aside = self.folder / ".adding"
        aside.mkdir()
        try:
            self.write(aside)
            for path in sorted(aside.iterdir()):
                path.replace(self.folder / path.name)
        finally:
            for path in aside.glob("*"):
                path.unlink()
            aside.rmdir()
        codebook.cache_clear()


def add_study(file: str | Path, *, folder: str | Path | None = None) -> Addition:
    """Reads a study's form, checks every row of it, and says what it would add; `.keep()` then writes it.

    file : a TOML form (`data/README.md` walks through one). folder : the evidence to add to; default the shipped one.
    Checked: columns, types and words; n, events and percent against each other and the arm; means against their
    scale; limits around their figure; a source, an address and the words as printed for every row, with every figure
    in them; keys, one preferred row a moment; twins of studies that are here already. DatasetError with every problem.

    >>> import tempfile, pathlib
    >>> form = pathlib.Path(tempfile.mkdtemp()) / "study.toml"
    >>> _ = form.write_text('trial_id = "zarate2006"\\n[[outcomes]]\\narm_id = "ketamin"\\nhours = 2\\n')
    >>> try: add_study(form)
    ... except ValueError as error: print([line for line in str(error).splitlines() if "arm_id" in line][0])
    study.toml, row 2, column arm_id: 'ketamin' breaks rule 'an arm of the trial': zarate2006 has ketamine_0.5
    """
    where = evidence_folder(folder)
    rows = {name: found for name, found in read_study(file, where).items() if len(found)}
    name = Path(file).name
    shipped = text_tables(where)
    both = {one: pd.concat([shipped[one], rows[one]]) if one in rows else shipped[one] for one in ("trials", "arms")}
    problems = [
        *problems_in_rows(rows, shipped, where, name),
        *(_key_problems(table, found, both, shipped, name) for table, found in rows.items()),
        _twins(rows, where, name),
    ]
    raise_on_errors(*problems)
    return Addition(where, rows, pd.concat(problems, ignore_index=True))


def problems_in_rows(
    rows: dict[str, pd.DataFrame], shipped: dict[str, pd.DataFrame], folder: Path, file: str
) -> list[pd.DataFrame]:
    """What is wrong with each row by itself; `rows` need `line` (of `file`); their arms may be `shipped` ones."""
    arms = pd.concat([shipped["arms"], rows["arms"]] if "arms" in rows else [shipped["arms"]])
    tables = []
    for name, table in rows.items():
        table = table.reset_index(drop=True)
        problems = Problems(table, file, table["line"])
        check_row_words(table, fields_of(name, folder), problems)
        if {"n", "events"} <= set(table):
            check_row_counts(table, arms, problems)
        check_row_means(table, problems)
        check_row_places(name, table, problems)
        if name == "risk_of_bias":
            check_domain_words(table, resource_of(name, folder)["words"], problems)
        if "quote" in table:
            check_row_quotes(table, problems)
        tables.append(problems.table_of_problems())
    return tables


def _key_problems(
    name: str, table: pd.DataFrame, both: dict[str, pd.DataFrame], shipped: dict[str, pd.DataFrame], file: str
) -> pd.DataFrame:
    """Keys of one table: known trial and arm, no second row of a kind, one preferred row a moment, one quote a row.

    both : the trials and arms of the evidence with those of the form.
    """
    table = table.reset_index(drop=True)
    problems = Problems(table, file, table["line"])
    unknown = ~table["trial_id"].isin(both["trials"]["trial_id"])
    problems.add(unknown, "trial_id", "a trial of trials.csv or of this form", "add [trial], or correct the name")
    for column in ("arm_id", "control_arm_id"):
        if column in table and name != "arms":
            known = both["arms"].groupby("trial_id")["arm_id"].agg(", ".join)
            pairs = set(zip(both["arms"]["trial_id"], both["arms"]["arm_id"], strict=True))
            absent = [(t, a) not in pairs for t, a in zip(table["trial_id"], table[column], strict=True)]
            strange = pd.Series(absent, table.index) & ~unknown & ~((table[column] == "") & (name == "effects"))
            for trial in table.loc[strange, "trial_id"].unique():
                here = strange & (table["trial_id"] == trial)
                problems.add(here, column, "an arm of the trial", f"{trial} has {known.get(trial, 'none')}")
    if name in ONE_OF_EACH:
        _second(table, shipped[name], ONE_OF_EACH[name], problems, "a row of its own")
    if name == "outcomes":
        for one in ("hours", "outcome", "timing", "analysis", "use", "preferred", "basis"):
            problems.add(table[one] == "", one, "filled in", "see the codebook")
        chosen = table[(table["preferred"] == "yes") & (table["use"] == "pool")]
        old = shipped[name]
        old = old[(old["preferred"] == "yes") & (old["use"] == "pool")]
        _second(chosen, old, A_MOMENT, problems, "one preferred row an arm, time and outcome")
    if name == "effects":
        for one in ("hours", "outcome", "effect_measure", "favours_drug", "estimate", "use"):
            problems.add(table[one] == "", one, "filled in", "see the codebook")
    key = quote_key(name, table)
    words = pd.concat([shipped["quotes"][list(QUOTE_KEY)], key])
    again = words.duplicated(keep=False).to_numpy()[len(shipped["quotes"]) :]
    problems.add(
        pd.Series(again, table.index), "locator", "each row has its own place",
        "two rows measure the same in the same place: say in `locator` which row or column it is, or take one out",
    )  # fmt: skip
    return problems.table_of_problems()


def _second(table: pd.DataFrame, old: pd.DataFrame, key: list[str], problems: Problems, rule: str) -> None:
    """Notes the rows of `table` whose key stands among the `old` ones, or twice among themselves."""
    here, stood = _keys(table, key), set(_keys(old, key))
    times = Counter(here)
    again = pd.Series([one in stood or times[one] > 1 for one in here], table.index, dtype=bool)
    problems.add(
        again.reindex(problems.table.index, fill_value=False), key[-1], rule,
        lambda row: "the evidence has it already" if here[table.index.get_loc(row)] in stood
        else "it stands twice in the form",
    )  # fmt: skip


def _keys(table: pd.DataFrame, key: list[str]) -> list[tuple]:
    """The keys of rows; an hour is a number there, 24 and 24.0 the same."""
    numbers = {"hours": pd.to_numeric(table["hours"], errors="coerce")} if "hours" in key else {}
    return list(table[key].assign(**numbers).itertuples(index=False, name=None))


def _twins(rows: dict[str, pd.DataFrame], folder: Path, file: str) -> pd.DataFrame:
    """A new trial that looks like one which is here: the same DOI, registry number, author and year, or figures."""
    if "trials" not in rows:
        return problem_table(file, [])
    trial = rows["trials"].rename(columns={"trial_id": "study"})
    looked = trial[["study", "doi", "registry", "pmid", "label"]].replace("", None)
    if "outcomes" in rows:
        counted = rows["outcomes"].merge(rows["arms"][["arm_id", "treatment"]], on="arm_id", how="left")
        counted = counted.assign(study=trial["study"].iloc[0])[
            ["study", "treatment", "outcome", "hours", "n", "events"]
        ]
        figures = counted.apply(
            lambda one: pd.to_numeric(one, errors="coerce") if one.name in ("hours", "n", "events") else one
        )
        looked = looked.merge(figures, on="study", how="left")
    found = known_studies(looked, load_evidence(folder=folder))
    line = rows["trials"]["line"].iloc[0]
    return problem_table(
        file,
        [
            (line, "trial_id", one.study, "no twin of a study that is here",
             f"{one.evidence_study} has the same {one.matched_by}: add rows to it, or make sure that it is another")
            for one in found.itertuples()
        ],
        "warning",
    )  # fmt: skip
