"""Presets of a run file: tables that stand beneath what the user writes."""

import tomllib
from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any

from evoloco.errors import SpecError, UnknownNameError
from evoloco.overrides import Content, apply
from evoloco.references import MEMBERS

KEY = "preset"
"""Key of a run file, or of a table of it, that names a preset."""

PLACES = {"": ("robust",), "randomize": ("full", "hard")}
"""Tables that may name a preset, and which; the run file itself is the empty name."""

KEYS = [f"{table}.{KEY}".lstrip(".") for table in PLACES]
"""Dotted keys that name presets."""

OF_THE_BODY = ("control_dt", "termination")
"""Keys of [scenario] that a body needs, whatever it is asked to do."""

NAMING = {table: key for place in MEMBERS for table, _, key in [place.rpartition(".")]}
"""Tables that name a member, and their keys that do."""


def expand(content: Content, overrides: Sequence[str] = ()) -> tuple[Content, list[str]]:
    """The content of a run file with the tables of the presets that it names.

    Args:
        content: Of the run file.
        overrides: As `key=value`. A preset of the whole run that is given here replaces the tables
            of the run file, see `replaced`; one that the run file names leaves what it says.

    Returns:
        The content, and the overrides that name no preset.

    Raises:
        UnknownNameError: There is no such preset.
        SpecError: A preset is not a name.
    """
    naming = [one for one in overrides if one.partition("=")[0].strip() in KEYS]
    others = [one for one in overrides if one not in naming]
    given: Content = {}
    for override in naming:
        apply(given, override)

    if KEY in given:
        content = replaced(load(_taken(given, "")), content)
    elif name := _taken(content, ""):
        content = beneath(load(name), content)

    for override in naming:
        if override.partition("=")[0].strip() != KEY:
            apply(content, override)
    if name := _taken(content, "randomize"):
        content = beneath(load(name), content)
    return content, others


def _taken(content: Content, table: str) -> str:
    """Takes the name of a preset out of a table; empty if it names none."""
    holder = content.get(table) if table else content
    if not isinstance(holder, dict):
        return ""
    name = holder.pop(KEY, "")
    where = f"{table}.{KEY}" if table else KEY
    if not isinstance(name, str):
        raise SpecError(f"{where} must be a name, one of {', '.join(PLACES[table])}; not {name!r}.")
    if name and name not in PLACES[table]:
        raise UnknownNameError("preset", name, PLACES[table], where)
    return name


def load(name: str) -> Content:
    """The tables of a preset."""
    return tomllib.loads((files("evoloco.presets") / f"{name}.toml").read_text(encoding="utf-8"))


def beneath(preset: Mapping[str, Any], content: Mapping[str, Any], table: str = "") -> Content:
    """The tables of a preset and of a run file together; where both give a key, the run file's.

    A table in which the run file names another member takes none of the preset's options.

    Args:
        preset: The tables of a preset.
        content: Those of the run file.
        table: Dotted key of the two.
    """
    key = NAMING.get(table) or NAMING.get(_starred(table))
    if key and key in content and content[key] != preset.get(key):
        return dict(content)

    merged = dict(preset)
    for name, value in content.items():
        below = preset.get(name)
        if isinstance(value, dict) and isinstance(below, dict):
            value = beneath(below, value, f"{table}.{name}".lstrip("."))
        merged[name] = value
    return merged


def replaced(preset: Mapping[str, Any], content: Mapping[str, Any]) -> Content:
    """The tables of a preset, and those of a run file that it does not have.

    Of [scenario] the run file keeps what its body needs. Starts of genes go with a controller that
    is replaced.

    Args:
        preset: The tables of a preset.
        content: Those of the run file.
    """
    gone = {KEY, *preset}
    if _table(content, "controller").get("name") != _table(preset, "controller").get("name"):
        gone.add("start")
    kept = {key: table for key, table in content.items() if key not in gone}

    scenario = _table(content, "scenario")
    kept["scenario"] = {key: scenario[key] for key in OF_THE_BODY if key in scenario}
    return beneath(preset, kept)


def _table(content: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """A table of a run file; an empty one if there is none."""
    table = content.get(key)
    return table if isinstance(table, dict) else {}


def _starred(table: str) -> str:
    """The pattern of a table of any name, such as "fitness.*" of "fitness.speed"."""
    group, dot, _ = table.partition(".")
    return f"{group}.*" if dot else ""
