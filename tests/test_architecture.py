"""What imports what, and what an installation brings along."""

import ast
import fnmatch
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROOMS = ("controllers", "morphologies", "fitness", "runs")
HEAVY = (
    "numpy",
    "mujoco",
    "numba",
    "pydantic",
    "matplotlib",
    "cma",
    "deap",
    "scipy",
    "sqlite3",
    "rich.progress",
)

SOURCES = {
    room: [
        path
        for path in sorted((ROOT / room).rglob("*.py"))
        if "out" not in path.relative_to(ROOT).parts
    ]
    for room in ("evoloco", *ROOMS)
}


def imports(path: Path) -> Iterator[tuple[int, str]]:
    """Yields level (0 for an absolute import) and name of everything that a file imports."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((0, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = [node.module] if node.module else []
            yield from ((node.level, ".".join([*base, alias.name])) for alias in node.names)


def room_of(name: str) -> str:
    """The room that an absolute name is in; empty for any other name."""
    package, _, rest = name.partition(".")
    room = rest.partition(".")[0]
    return room if package == "evoloco" and room in ROOMS else ""


def identify(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_imports_are_found_in_every_form(tmp_path: Path) -> None:
    file = tmp_path / "file.py"
    file.write_text(
        "import a.b\nfrom evoloco import controllers\n"
        "def late():\n    from evoloco.fitness.upright import measure\n"
        "    from . import near\n    from .far import thing\n"
    )
    assert list(imports(file)) == [
        (0, "a.b"),
        (0, "evoloco.controllers"),
        (0, "evoloco.fitness.upright.measure"),
        (1, "near"),
        (1, "far.thing"),
    ]


@pytest.mark.parametrize("path", SOURCES["evoloco"], ids=identify)
def test_the_package_never_imports_its_rooms(path: Path) -> None:
    assert [
        name
        for level, name in imports(path)
        if room_of(name) or (level and name.split(".")[0] in ROOMS)
    ] == []


@pytest.mark.parametrize("path", [path for room in ROOMS for path in SOURCES[room]], ids=identify)
def test_rooms_import_the_package_absolutely_their_siblings_relatively_and_no_other_room(
    path: Path,
) -> None:
    room = path.relative_to(ROOT).parts[0]
    for level, name in imports(path):
        if level:
            sibling, folder = name.split(".")[0], path.parents[level - 1]
            assert folder.is_relative_to(ROOT / room), f"{name} is outside {room}"
            assert (folder / f"{sibling}.py").is_file(), f"no sibling {sibling}"
        elif name.split(".")[0] == "evoloco":
            assert room_of(name) == "", f"{name} is a sibling, or another room"


def test_python_in_the_root_of_a_checkout_imports_the_rooms_without_an_installation() -> None:
    code = (
        "import sys\n"
        "sys.meta_path = [one for one in sys.meta_path if 'editable' not in repr(one).lower()]\n"
        "import evoloco.controllers.sine, evoloco.morphologies.biped, evoloco.fitness.upright\n"
        "import evoloco.runs\n"
        "print(evoloco.controllers.sine.__file__)"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert ended.stdout.strip() == str(ROOT / "controllers" / "sine.py")


@pytest.mark.parametrize(
    "arguments", [["-c", "import evoloco.cli"], ["-m", "evoloco.cli", "--help"]]
)
def test_the_command_line_starts_without_anything_heavy(arguments: list[str]) -> None:
    code = (
        "import atexit, runpy, sys\n"
        f"heavy = {HEAVY}\n"
        "found = lambda: [name for name in heavy if name in sys.modules]\n"
        "atexit.register(lambda: print('HEAVY', *found()))\n"
    )
    if arguments[0] == "-m":
        code += f"sys.argv = {['evoloco', *arguments[2:]]}\n"
        code += f"runpy.run_module('{arguments[1]}', run_name='__main__')\n"
    else:
        code += arguments[1]
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ended.stdout.splitlines()[-1] == "HEAVY"


def test_an_installation_holds_every_module_and_data_file() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"][
        "setuptools"
    ]
    folders = {
        name: ROOT / project["package-dir"].get(name, name.replace(".", "/"))
        for name in project["packages"]
    }
    modules = {path for paths in SOURCES.values() for path in paths}
    assert {path for folder in folders.values() for path in folder.glob("*.py")} == modules

    installed = {
        path
        for package, patterns in project["package-data"].items()
        for pattern in patterns
        for path in folders[package].glob(pattern)
    }
    left_out = (".pyc", ".md")
    found = {
        path
        for room in SOURCES
        for path in (ROOT / room).rglob("*")
        if path.is_file()
        and path not in modules
        and not path.name.endswith(left_out)
        and not any(
            fnmatch.fnmatch(str(path.relative_to(ROOT)), out)
            for out in ("runs/out/*", "*/__pycache__/*")
        )
    }
    assert found == installed
