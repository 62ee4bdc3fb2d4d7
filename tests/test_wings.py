"""The house: wings in the order of the road, each looking only down; a front door that loads a wing when it is used."""

import ast
import importlib
import subprocess
import sys
from pathlib import Path

import pytest

import ketamine_analysis as ka

PACKAGE = Path(ka.__file__).parent
GROUND = ("errors", "intervals", "folders", "words")  # plain modules that all others stand on
WINGS = tuple(name for name in ka._NAMES if name not in GROUND)
ROOMS = sorted(path for path in PACKAGE.rglob("*.py") if path != PACKAGE / "__init__.py")


def room_name(path):
    """`pooling.meta_analysis`; a wing's face is `pooling`."""
    return ".".join(path.relative_to(PACKAGE).with_suffix("").parts).removesuffix(".__init__")


def imports(path):
    """The rooms that a room imports, also for types only: `pooling.meta_analysis`, `words` …"""
    package = path.parent.relative_to(PACKAGE).parts
    rooms = {room_name(one) for one in ROOMS}
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level:
            start = [*package[: len(package) - node.level + 1], *(node.module or "").split(".")]
            place = ".".join(part for part in start if part)
            inside = {f"{place}.{name.name}".lstrip(".") for name in node.names} & rooms
            yield from inside or ({place} & rooms)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            names = [node.module] if isinstance(node, ast.ImportFrom) else [name.name for name in node.names]
            assert not any(name.split(".")[0] == "ketamine_analysis" for name in names), f"{path}: import by a dot"


def arrows():
    """Wing → the wings it imports, in the order of the road; `python tests/test_wings.py` prints them."""
    found = {wing: set() for wing in WINGS}
    for path in ROOMS:
        here = room_name(path).split(".")[0]
        if here in found:
            found[here] |= {to.split(".")[0] for to in imports(path)} - {here}
    return {wing: [to for to in (*GROUND, *WINGS) if to in found[wing]] for wing in WINGS}


def test_a_wing_imports_only_from_wings_before_it():
    for wing, looks_at in arrows().items():
        up = [to for to in looks_at if to in WINGS and WINGS.index(to) > WINGS.index(wing)]
        assert up == [], f"{wing} imports {up}, which stand after it on the road"


def test_the_ground_stands_on_nothing_and_holds_all_that_is_in_no_wing():
    loose = {path.stem for path in PACKAGE.glob("*.py")} - {"__init__"}
    assert loose == set(GROUND)
    assert {path.name for path in PACKAGE.iterdir() if (path / "__init__.py").exists()} == set(WINGS)
    for name in GROUND:
        assert set(imports(PACKAGE / f"{name}.py")) <= set(GROUND)


def test_no_room_is_reached_from_itself():
    after = {room_name(path): set(imports(path)) - {room_name(path)} for path in ROOMS if path.name != "__init__.py"}
    while after:
        free = [room for room, needs in after.items() if not needs & set(after)]
        assert free, f"a circle among {sorted(after)}"
        after = {room: needs for room, needs in after.items() if room not in free}


def test_rooms_are_short_enough_to_read():
    sizes = {room_name(path): len(path.read_text(encoding="utf-8").splitlines()) for path in ROOMS}
    assert {room: size for room, size in sizes.items() if size > 300} == {}


@pytest.mark.parametrize("wing", WINGS)
def test_the_face_of_a_wing_says_what_it_takes_gives_and_how_to_read_it(wing):
    module = importlib.import_module(f"ketamine_analysis.{wing}")
    assert set(getattr(module, "__all__", ())) == set(ka._NAMES[wing].split())
    assert all(part in module.__doc__ for part in ("Takes ", "gives ", "Read: "))
    rooms = {path.stem for path in (PACKAGE / wing).glob("*.py")} - {"__init__"}
    unnamed = {room for room in rooms if f"`{room}`" not in module.__doc__}
    assert len(unnamed) <= 4, f"{wing} names no place for {unnamed}"


def test_the_first_screen_is_about_thirty_verbs_that_the_docstring_groups():
    verbs = ka._VERBS.split()
    assert 25 <= len(verbs) <= 45 and set(verbs) <= set(dir(ka)) and set(WINGS) <= set(dir(ka))
    assert [verb for verb in verbs if verb not in ka.__doc__] == []
    assert "egger_test" not in dir(ka) and ka.egger_test is ka.pooling.egger_test


def test_an_unknown_name_is_said_to_be_unknown():
    with pytest.raises(AttributeError, match="module 'ketamine_analysis' has no attribute 'egger'"):
        _ = ka.egger


def test_a_wing_is_loaded_when_it_is_first_used():
    program = """
import sys
import ketamine_analysis as ka
assert not [name for name in sys.modules if name.startswith("ketamine_analysis.")], "a wing came with the front door"
ka.read_scores
assert "ketamine_analysis.reading" in sys.modules and "ketamine_analysis.figures" not in sys.modules
assert "matplotlib" not in sys.modules and "jupyterlab" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", program], check=True)


if __name__ == "__main__":
    for wing, looks_at in arrows().items():
        print(f"{wing:12} → {', '.join(looks_at)}")
