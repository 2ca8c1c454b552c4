"""All that the weights of a learned sensor follow from."""

import ast
import hashlib
import importlib.util
import inspect
import platform
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

from evoloco import members, overrides
from evoloco.errors import SpecError, UnknownNameError, user_code
from evoloco.options import checked, options_of
from evoloco.perception.lesson import METHODS, TRAIN, Lesson, Settings

SHARED = "evoloco.perception"
"""Package whose modules count as parts of a lesson that imports them."""

FORMS = (f"{SHARED}.lesson", f"{SHARED}.figure")
"""Modules that do not: they only say what a lesson is."""


@dataclass(frozen=True)
class Recipe:
    """What is learned, and how.

    Attributes:
        sensor: Name of the sensor, or the stem of its file.
        seed: Of all random numbers.
        options: Of the sensor's function `lesson`.
        settings: How much is learned.
        digest: SHA-256 of the lesson's source and of all of the above. The source is the file of
            the lesson's class, and what that imports of `evoloco.perception`.
        versions: Of what the weights depend on besides.
    """

    sensor: str
    seed: int
    options: dict[str, Any]
    settings: Settings
    digest: str
    versions: dict[str, str]

    def plain(self) -> dict[str, Any]:
        """As JSON has it."""
        return asdict(self)


def prepare(sensor: str, seed: int, changes: Sequence[str] = ()) -> tuple[Lesson, Recipe]:
    """The lesson of a sensor, and how it is learned.

    Args:
        sensor: A bundled sensor, or the path of a .py file.
        seed: Of all random numbers.
        changes: Other settings, or options of the lesson, as `key=value`.

    Raises:
        SpecError: There is no such sensor, it is not learned, or a value is not allowed.
    """
    module = members.member("sensors", sensor, "learn")
    if not callable(getattr(module, "lesson", None)):
        raise SpecError(
            f"The sensor '{sensor}' is not learned: it has no function 'lesson'. Learned ones: "
            f"{', '.join(learned()) or 'none'}."
        )

    given: dict[str, Any] = {}
    for change in changes:
        overrides.apply(given, change)
    own, known = options_of(Settings), options_of(module.lesson)
    for key in given:
        if key not in {*own, *known}:
            raise UnknownNameError(f"key of the lesson '{sensor}'", key, {*own, *known})

    options = {key: value for key, value in given.items() if key in known}
    options = checked(module.lesson, options, "lesson")
    with user_code(f"The function 'lesson' of '{sensor}'"):
        lesson: Lesson = module.lesson(**options)
    members.require(lesson, METHODS, f"The lesson of the sensor '{sensor}'")
    if not lesson.splits or lesson.splits[0] != TRAIN or len(lesson.splits) < 2:
        raise SpecError(
            f"The splits of the lesson '{sensor}' must be 'train' and one or more others, not "
            f"{', '.join(lesson.splits) or 'none'}."
        )

    amounts = {key: value for key, value in given.items() if key not in known}
    settings = replace(lesson.settings, **checked(Settings, amounts, "settings"))
    return lesson, _recipe(lesson, Path(sensor).stem, seed, options, settings)


def learned() -> list[str]:
    """Names of the bundled sensors that are learned."""
    names = members.members("sensors")
    return [name for name in names if hasattr(members.member("sensors", name), "lesson")]


def _recipe(
    lesson: Lesson, sensor: str, seed: int, options: dict[str, Any], settings: Settings
) -> Recipe:
    told = repr((sensor, seed, sorted(options.items()), settings))
    digest = hashlib.sha256(told.encode())
    for file in sorted({*_sources(Path(inspect.getfile(type(lesson))))}):
        digest.update(file.read_bytes())

    versions = {name: version(name) for name in ("evoloco", "torch", "mujoco", "numpy")}
    versions["python"] = platform.python_version()
    return Recipe(sensor, seed, options, settings, digest.hexdigest(), versions)


def _sources(file: Path) -> Iterator[Path]:
    """A lesson's file, and the modules in `SHARED` that it imports, and so on."""
    yield file
    for node in ast.walk(ast.parse(file.read_bytes())):
        if not isinstance(node, ast.ImportFrom) or not str(node.module).startswith(SHARED):
            continue
        for name in (str(node.module), *(f"{node.module}.{one.name}" for one in node.names)):
            found = _file_of(name)
            if found is not None and found.stem != "__init__" and name not in FORMS:
                yield from _sources(found)


def _file_of(name: str) -> Path | None:
    """The file of a module; None where the name is no module."""
    try:
        found = importlib.util.find_spec(name)
    except ModuleNotFoundError:
        return None
    return Path(found.origin) if found and found.origin else None
