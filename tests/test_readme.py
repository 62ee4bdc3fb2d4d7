import contextlib
import io
import re
from pathlib import Path

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")


def test_the_first_python_block_prints_what_the_readme_shows():
    code, shown = re.search(r"```python\n(.*?)```\n```\n(.*?)```", README, re.DOTALL).groups()
    assert len([line for line in code.splitlines() if line.strip()]) <= 8
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(code, {})
    assert printed.getvalue() == shown


def test_the_two_commands_are_there():
    assert "python3 -m venv .venv && .venv/bin/pip install -e . && .venv/bin/ketamine-analysis report" in README
    assert '.venv/bin/pip install -e ".[test]" && .venv/bin/pytest' in README
