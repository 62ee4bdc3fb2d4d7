"""What SECURITY.md promises of files and of the network, held here; its other promises name their own tests."""

import ast
import os
import pickle
import re
import subprocess
import sys
from pathlib import Path

import pytest

import ketamine_analysis as ka
from ketamine_analysis.any_file.examination import examine
from ketamine_analysis.report import cli

PACKAGE = Path(ka.__file__).parent
NAMES = ("a.pkl", "a.csv", "a.parquet", "a.feather", "a.sav", "a.dta", "a.xpt", "a.xlsx", "a.rds", "a.json", "a.toml")
NETWORK = {
    "socket",
    "ssl",
    "http",
    "requests",
    "urllib.request",
    "ftplib",
    "smtplib",
    "webbrowser",
    "xmlrpc",
    "asyncio",
}
# in every Python process of a run: what it connects to, what it looks up
WATCH = """
import os, sys
def watch(event, given):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.sendto"):
        with open(os.environ["SEEN"], "a") as file:
            file.write(f"{event} {given[1] if event == 'socket.connect' else given[0]}\\n")
sys.addaudithook(watch)
open(os.environ["SEEN"], "a").close()
"""


class Harmful:
    """Writes a file when it is unpickled."""

    def __reduce__(self):
        return os.system, (f"touch {os.environ['HARM']}",)


@pytest.mark.parametrize("name", NAMES)
def test_no_code_in_a_file_runs(tmp_path, monkeypatch, name):
    monkeypatch.setenv("HARM", str(tmp_path / "harm"))
    (tmp_path / name).write_bytes(pickle.dumps(Harmful()))
    assert examine(tmp_path / name).exit_code == 2 and not (tmp_path / "harm").exists()
    pickle.loads((tmp_path / name).read_bytes())  # and the file can harm
    assert (tmp_path / "harm").exists()


def test_the_package_evaluates_no_text_and_has_no_way_to_the_network():
    calls, imported = set(), set()
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                calls.add(node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", ""))
            elif isinstance(node, ast.Import):
                imported |= {name.name for name in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level:
                imported |= {node.module, *(f"{node.module}.{name.name}" for name in node.names)}
    assert calls & {"eval", "exec", "system", "popen", "read_pickle", "urlopen", "urlretrieve"} == set()
    assert imported & NETWORK == set() and imported & {"pickle", "shelve", "marshal"} == set()


@pytest.mark.slow
def test_a_run_speaks_to_nobody_but_its_own_kernels(tmp_path):
    ka.simulate_trial(n_per_arm=20, seed=1).to_csv(tmp_path / "trial.csv", index=False)
    (tmp_path / "sitecustomize.py").write_text(WATCH)
    (tmp_path / "program.py").write_text(
        "from ketamine_analysis.report import cli\nif __name__ == '__main__':\n    cli.app()\n"
    )
    paths = os.pathsep.join((str(tmp_path), str(Path(cli.__file__).parents[2])))
    environment = {**os.environ, "PYTHONPATH": paths, "SEEN": str(tmp_path / "seen")}
    command = [sys.executable, "program.py", "run", "trial.csv", "--notebook", "07", "--out", "out"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    seen = (tmp_path / "seen").read_text().splitlines()
    assert [line for line in seen if not re.search(r"127\.0\.0\.1|localhost|::1", line)] == []
