"""No folder of the machine in a text that is passed on."""

import json
import sys
from pathlib import Path

import pandas as pd
from shapes_of_files import trial

import ketamine_analysis as ka
from ketamine_analysis.report import run_dataset
from ketamine_analysis.report.places import PACKAGE, machine_places, without_places


def test_the_longest_known_folder_is_replaced_wherever_it_starts():
    places = machine_places({Path("/data/study"): "..", Path("/data/study/notebooks"): "."})
    cases = {
        "/data/study/notebooks/a.ipynb": "./a.ipynb",
        "at '/data/study/tables', and (/data/study)": "at '../tables', and (..)",
        "File \x1b[32m/data/study/x.py:3\x1b[39m": "File \x1b[32m../x.py:3\x1b[39m",
        "A=/data/study:/data/study/b": "A=..:../b",
        "file:///data/study/x": "file://../x",
        "/data/study2 and /data/study-2 and more/data/study": "/data/study2 and /data/study-2 and more/data/study",
        "https://a.org/data/study": "https://a.org/data/study",
        f"{PACKAGE}/errors.py": "./ketamine_analysis/errors.py",
        f"{sys.prefix}/bin/python": "./bin/python",
        f"{Path.home()}/x": "~/x",
    }
    for text, expected in cases.items():
        assert without_places(text, places) == expected
    assert without_places({"a": ["/data/study/b", 3, None]}, places) == {"a": ["../b", 3, None]}


def test_a_recipe_elsewhere_with_absolute_paths_tells_no_folder_in_the_manifest(tmp_path, monkeypatch):
    data, recipes = tmp_path / "ann" / "data", tmp_path / "ben"
    for folder in (data, recipes):
        folder.mkdir(parents=True)
    trial(n_per_arm=5).to_csv(data / "t.csv", index=False)
    recipe = ka.write_recipe(data / "t.csv", out=recipes / "r.toml")
    text = recipe.read_text(encoding="utf-8")
    assert str(data) in text
    recipe.write_text(text.replace("confirmed = false", "confirmed = true"), encoding="utf-8")
    rows = pd.DataFrame({"notebook": ["07_a_patient_level_trial"], "ok": True})
    monkeypatch.setattr(run_dataset, "run_notebooks", lambda *given, **more: rows)
    monkeypatch.setattr(run_dataset, "write_pages", lambda *given: None)
    command = ["ketamine-analysis", "run", str(recipe), f"--out={tmp_path / 'cleo' / 'out'}"]
    done = run_dataset.run_dataset(recipe, tmp_path / "cleo" / "out", notebooks=["07"], command=command)
    manifest = (done.out / "manifest.json").read_text(encoding="utf-8")
    assert str(tmp_path) not in manifest and str(Path.home()) not in manifest
    assert [one["file"] for one in done.manifest["inputs"]] == ["t.csv", "r.toml"]
    assert json.loads(manifest)["command"] == ["ketamine-analysis", "run", "./r.toml", "--out=."]
    assert 'file = "./t.csv"' in done.manifest["recipe"]
