"""200 damaged copies of valid files: a clear error or a correct table; no traceback, nothing left behind."""

import io
import shutil
import zipfile
from collections import Counter

import numpy as np
import pandas as pd
import pyreadstat
import pytest
from shapes_of_files import SHAPES, trial
from typer.testing import CliRunner

import ketamine_analysis as ka
from ketamine_analysis.reading.formats import read_table
from ketamine_analysis.report import cli, run_dataset

pytestmark = pytest.mark.slow

COPIES = 200
VALID = ("plain.csv", "dated.csv", "long.dta", "wide.sav", "items.xlsx", "change.parquet", "adqs.xpt", "published.csv")
LONG_CELL = "x" * 10_000
FORMULA = '=HYPERLINK("http://example.invalid","x")'
HTML = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
def valid(tmp_path_factory):
    """Each valid file with its confirmed recipe, and what it reads to."""
    place, scores, found = tmp_path_factory.mktemp("valid"), trial(n_per_arm=6), {}
    for name in VALID:
        folder = place / name.split(".")[0]
        folder.mkdir()
        if name == "plain.csv":
            scores.assign(note="fine").to_csv(folder / name, index=False)
        elif name == "published.csv":
            ka.summarize_arms(ka.derive_outcomes(scores)).assign(note="fine").to_csv(folder / name, index=False)
        else:
            SHAPES[name](folder / name, scores)
        recipe = ka.write_recipe(folder / name)
        recipe.write_text(recipe.read_text("utf-8").replace("confirmed = false", "confirmed = true"), encoding="utf-8")
        found[name] = (folder, ka.read_dataset(recipe))
    return found


def _table(change):
    """A mutation of the cells of a file, written back in the file's own format."""

    def mutate(path, rng):
        kind = path.suffix
        if kind == ".csv":
            sample = path.read_bytes()[:2]
            encoding = "utf-16" if sample in (b"\xff\xfe", b"\xfe\xff") else "utf-8"
            separator = ";" if encoding == "utf-16" else ","
            table = pd.read_csv(path, dtype=object, sep=separator, encoding=encoding)
            change(table, rng).to_csv(path, index=False, sep=separator, encoding=encoding)
        elif kind == ".xlsx":
            change(pd.read_excel(path, sheet_name="Ratings", dtype=object), rng).to_excel(
                path, sheet_name="Ratings", index=False
            )
        elif kind == ".parquet":
            table = change(pd.read_parquet(path).astype(object), rng)
            table.astype({name: "str" for name in table if table[name].map(type).nunique() > 1}).to_parquet(path)
        else:
            try:
                _statistics(path, change, rng)
            except pyreadstat.ReadstatError:  # the format cannot hold it
                _bytes_flipped(path, rng)

    return mutate


def _statistics(path, change, rng):
    read = {".sav": pyreadstat.read_sav, ".dta": pyreadstat.read_dta}.get(path.suffix, pyreadstat.read_xport)
    table, meta = read(path) if path.suffix == ".xpt" else read(path, user_missing=True)
    table = change(table.astype(object), rng)
    if not table.columns.is_unique:  # none of these formats can hold it
        return _truncated(path, rng)
    for name in table:
        kinds = {type(one) for one in table[name].dropna()}
        table[name] = table[name].astype(float) if kinds <= {float, int} else table[name].map(str, na_action="ignore")
    labels = {
        name: words
        for name, words in meta.variable_value_labels.items()
        if pd.api.types.is_float_dtype(table.get(name))
    }
    if path.suffix == ".sav":
        return pyreadstat.write_sav(table, path, variable_value_labels=labels, missing_ranges={n: [-9] for n in table if n.startswith("MADRS") and pd.api.types.is_float_dtype(table[n])})  # fmt: skip
    if path.suffix == ".dta":
        return pyreadstat.write_dta(table, path, variable_value_labels=labels)
    return pyreadstat.write_xport(table, path, file_format_version=8)


def _cell(value):
    def change(table, rng):
        table.iloc[rng.integers(len(table)), rng.integers(table.shape[1])] = value
        return table

    return change


def _dropped(table, rng):
    return table.drop(columns=table.columns[rng.integers(table.shape[1])])


def _swapped(table, rng):
    one, other = rng.integers(2), rng.integers(2, table.shape[1])  # two visits exchanged is what nobody can see
    names = list(table.columns)
    names[one], names[other] = names[other], names[one]
    table.columns = names
    return table


def _duplicate_header(table, rng):
    names = list(table.columns)
    names[rng.integers(1, len(names))] = names[0]
    table.columns = names
    return table


def _twice(table, rng):
    return pd.concat([table, table.iloc[[rng.integers(len(table))]]], ignore_index=True)


def _bytes_flipped(path, rng):
    data = bytearray(path.read_bytes())
    for place in rng.integers(0, len(data), 5):
        data[place] = rng.integers(256)
    path.write_bytes(bytes(data))


def _truncated(path, rng):
    data = path.read_bytes()
    path.write_bytes(data[: rng.integers(1, len(data))])


def _nul(path, rng):
    data = path.read_bytes()
    place = rng.integers(len(data) // 2, len(data))
    path.write_bytes(data[:place] + b"\0\0\0" + data[place:])


def _wrong_encoding(path, rng):
    path.write_bytes("Größe;Äpfel\n".encode("cp1252") + path.read_bytes())


def _zip(path, rng):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("holiday.jpg", b"\xff\xd8\xff" * 10)
    path.write_bytes(buffer.getvalue())


def _folder(path, rng):
    path.unlink()
    path.mkdir()


MUTATIONS = {
    "dropped column": _table(_dropped), "swapped columns": _table(_swapped), "duplicate header": _table(_duplicate_header),
    "row twice": _table(_twice), "blank cell": _table(_cell(None)), "not a number": _table(_cell("NaN")),
    "infinite": _table(_cell(float("inf"))), "text": _table(_cell("twelve")), "huge": _table(_cell(1e300)),
    "long cell": _table(_cell(LONG_CELL)), "formula": _table(_cell(FORMULA)), "HTML": _table(_cell(HTML)),
    "line break": _table(_cell('a\n"b"')), "truncated": _truncated, "NUL bytes": _nul, "flipped bytes": _bytes_flipped,
    "wrong encoding": _wrong_encoding, "zip of something else": _zip, "empty": lambda path, rng: path.write_bytes(b""),
    "a folder": _folder, "gone": lambda path, rng: path.unlink(),
}  # fmt: skip


def _agrees(table, expected, mutation):
    """Every score or count that was read is the valid file's own, but for the one cell that was changed."""
    numbers = "score" if "subject" in expected else "n"
    key = [name for name in ("study", "subject", "arm", "hours", "scale", "outcome") if name in expected]
    both = table.merge(expected, on=key, suffixes=("", "_valid"))
    same = both[numbers].eq(both[f"{numbers}_valid"]) | (both[numbers].isna() & both[f"{numbers}_valid"].isna())
    changed = 5 if mutation in ("flipped bytes",) else 1
    per_row = {"subject": 5}.get("subject" if "subject" in expected else "", 3)  # a subject's, or an arm's, rows
    return (
        len(table) <= len(expected) + per_row
        and (~same).sum() <= changed
        and len(both) >= len(table) - changed * per_row
    )


@pytest.fixture(scope="module")
def outcomes(valid, tmp_path_factory):
    """(mutation, file, "error" or "table" or what went wrong) of each copy; the report itself is not rendered."""
    place, rows = tmp_path_factory.mktemp("mutated"), []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run_dataset, "run_notebooks", lambda out, sources, **given: pd.DataFrame({
            "notebook": [one.stem for one in sources], "title": "", "seconds": 1.0, "ok": True, "failed_cell": None, "error": None}))  # fmt: skip
        patch.setattr(run_dataset, "write_pages", lambda *given: None)
        for i in range(COPIES):
            mutation = list(MUTATIONS)[i % len(MUTATIONS)]
            name = VALID[(i // len(MUTATIONS) + i) % len(VALID)]
            folder = place / str(i)
            shutil.copytree(valid[name][0], folder)
            MUTATIONS[mutation](folder / name, np.random.default_rng(i))
            rows.append((mutation, name, _what_happens(folder, name, valid[name][1], mutation)))
    return pd.DataFrame(rows, columns=["mutation", "file", "outcome"])


def _what_happens(folder, name, expected, mutation):
    before = {path.name for path in folder.iterdir()}
    checked = CliRunner().invoke(cli.app, ["check", str(folder / "dataset.toml"), "--out", str(folder / "checked")])
    ran = CliRunner().invoke(
        cli.app, ["run", str(folder / "dataset.toml"), "--out", str(folder / "out"), "--notebook", "10"]
    )
    for result in (checked, ran):
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            return f"traceback: {type(result.exception).__name__}: {result.exception}"
        if "Traceback" in result.output:
            return "traceback printed"
    left = {path.name for path in folder.iterdir()} - before - {"checked"}
    for page in (folder / "checked").glob("*.html"):
        if "<script" in page.read_text(encoding="utf-8"):
            return "a script in the report"
    if ran.exit_code == 2:
        if left:
            return f"left behind: {left}"
        return "error" if "breaks rule" in ran.output and checked.exit_code == 2 else f"unclear: {ran.output[:200]}"
    if checked.exit_code == 2 or left != {"out"}:
        return f"check says {checked.exit_code}, run {ran.exit_code}, left {left}"
    table = ka.read_dataset(folder / "dataset.toml")
    return "table" if _agrees(table, expected, mutation) else "another table"


def test_every_mutated_file_gives_a_clear_error_or_a_correct_table(outcomes, capsys):
    with capsys.disabled():
        print(
            "\n"
            + outcomes.pivot_table(
                index="mutation", columns="outcome", values="file", aggfunc="count", fill_value=0
            ).to_string()
        )
    wrong = outcomes[~outcomes["outcome"].isin(["error", "table"])]
    assert wrong.empty, wrong.to_string()
    counts = Counter(outcomes["outcome"])
    assert len(outcomes) == COPIES and counts["error"] > 60 and counts["table"] > 15


def test_a_file_without_permission_is_refused_in_words(valid, monkeypatch):
    folder, _ = valid["plain.csv"]

    def refuse(self, *arguments, **more):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("pathlib.Path.open", refuse)  # root may read everything: pretend
    with pytest.raises(ka.DatasetError, match="a file that may be read"):
        read_table(folder / "plain.csv")


def test_the_report_of_formula_like_cells_is_harmless(tmp_path):
    table = trial(n_per_arm=4)
    table.loc[3, "arm"] = FORMULA
    table.to_csv(tmp_path / "f.csv", index=False)
    CliRunner().invoke(cli.app, ["check", str(tmp_path / "f.csv"), "--out", str(tmp_path)])
    cells = pd.read_csv(tmp_path / "check_f_csv.csv")["value"].astype(str)
    assert cells.str.startswith("'=").any() and not cells.str.startswith("=").any()
