"""`evoloco inspect`."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from evoloco.robot.anatomy import Anatomy
    from evoloco.robot.facts import Section
    from evoloco.robot.inspection import Inspection
    from evoloco.robot.linkage import Linkage

EXAMPLES = (
    "evoloco inspect examples/quadruped.xml",
    "evoloco inspect examples/crawler.urdf --run-file crawl.toml --picture crawler.png",
    "evoloco inspect examples/quadruped.xml --joints '*_hip' --no-picture --json",
)

WIDTH = 80
"""Narrowest terminal that the tables are made for."""


def inspect(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A robot, as MJCF or URDF.")],
    run_file: Annotated[
        Path | None,
        typer.Option(metavar="OUT.toml", help="Writes a run file that evolves a first gait."),
    ] = None,
    picture: Annotated[
        Path | None,
        typer.Option(
            metavar="OUT.png",
            help="Where to write the picture of the home pose.",
            show_default="NAME.png in the working directory",
        ),
    ] = None,
    no_picture: Annotated[
        bool, typer.Option("--no-picture", help="Writes no picture; the sketch stays.")
    ] = False,
    torso: Annotated[
        str, typer.Option(metavar="NAME", help="The torso, if not the found one.")
    ] = "",
    feet: Annotated[
        str, typer.Option(metavar="A,B", help="The bodies that are feet, if not the found ones.")
    ] = "",
    joints: Annotated[
        str,
        typer.Option(
            metavar="PATTERN,...",
            help="The joints to drive, if not all of the legs: names, or patterns with * and ?.",
        ),
    ] = "",
    package: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=DIR", help="Folder of a ROS package that a URDF names; may be repeated."
        ),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Prints everything as one JSON object, and nothing else.")
    ] = False,
) -> None:
    """Says what a robot is, which parts walk, what evoloco would change, and what looks wrong."""
    from evoloco.errors import ModelError
    from evoloco.robot.inspection import inspect_file

    found = inspect_file(str(file), torso, _names(feet), _names(joints), _packages(package or []))
    written: dict[str, str] = {}
    notes: list[str] = []
    if picture or not (no_picture or as_json):
        _draw(found, picture or Path(f"{file.stem}.png"), written, notes)
    if run_file is not None and not found.refusal:
        run_file.parent.mkdir(parents=True, exist_ok=True)
        _write(found, file, run_file)
        written["run_file"] = str(run_file)

    if as_json:
        from evoloco.progress import print_json

        print_json("inspection", {"file": str(file), **_facts(found), **written})
    else:
        _print(found, file, written, notes)
    if found.refusal:
        raise ModelError(found.refusal)


def _names(text: str) -> list[str]:
    """Names that are separated by commas."""
    return [name.strip() for name in text.split(",") if name.strip()]


def _packages(given: Sequence[str]) -> dict[str, str]:
    """Folders of packages by name.

    Raises:
        SpecError: A package is not given as NAME=DIR.
    """
    from evoloco.errors import SpecError

    found = {}
    for entry in given:
        name, equals, folder = entry.partition("=")
        if not (name and equals and folder):
            raise SpecError(f"--package {entry}: give a package as NAME=DIR.")
        found[name] = folder
    return found


def _draw(found: "Inspection", path: Path, written: dict[str, str], notes: list[str]) -> None:
    """Draws the picture, if this machine can."""
    from evoloco.errors import EvolocoError
    from evoloco.robot.portrait import draw

    linkage = found.at_home
    torso = found.anatomy.torso if found.anatomy else linkage.links[0].name if linkage.links else ""
    if not torso:
        return
    try:
        draw(linkage, torso, path)
    except EvolocoError as error:
        notes.append(str(error).replace("No video", "No picture", 1))
        return
    written["picture"] = str(path)


def _write(found: "Inspection", file: Path, run_file: Path) -> None:
    """Writes the run file."""
    from evoloco.record.files import ONCE_MORE, replacing
    from evoloco.robot.first_gait import first_gait
    from evoloco.robot.run_file import write

    if found.morphology is None:
        return
    text = write(file, run_file, found, first_gait(found.morphology))
    with replacing(run_file, ONCE_MORE) as unfinished:
        unfinished.write_text(text, encoding="utf-8")


def _print(found: "Inspection", file: Path, written: dict[str, str], notes: Sequence[str]) -> None:
    """Prints tables, the sketch, and what to do next."""
    from rich.console import Console

    console = Console(highlight=False, markup=False, emoji=False)
    console.print(f"{file} ({found.pose})")
    for section in found.sections:
        _table(console, section)
    if found.anatomy is not None:
        _table(console, _parts(found, found.anatomy))
        _sketch(console, found.at_home, found.anatomy)
    _list(console, "What evoloco adds or changes", found.told)
    _list(console, "Warnings", found.warnings)
    _list(console, "Notes", notes)

    console.print()
    for what, path in written.items():
        console.print(f"{what.replace('_', ' ').capitalize()}: {path}", soft_wrap=True)
    if "run_file" in written:
        console.print(f"Next: evoloco evolve {written['run_file']}", soft_wrap=True)
    elif not found.refusal:
        console.print(f"Next: evoloco inspect {file} --run-file {file.stem}.toml", soft_wrap=True)


def _table(console: "Console", section: "Section") -> None:
    """Prints a table that fits the terminal."""
    from rich.table import Table

    table = Table(
        title=section.title,
        title_justify="left",
        title_style="bold",
        box=None,
        pad_edge=False,
        show_header=bool(section.header),
        header_style="dim",
    )
    for name in section.header or ("", ""):
        table.add_column(name, overflow="fold")
    for row in section.rows:
        table.add_row(*row)
    console.print()
    console.print(table)


def _list(console: "Console", title: str, sentences: Sequence[str]) -> None:
    """Prints sentences under a title."""
    if sentences:
        console.print()
        console.print(title, style="bold")
        for sentence in sentences:
            console.print(f"- {sentence}")


def _parts(found: "Inspection", anatomy: "Anatomy") -> "Section":
    """What of the robot is what, as a table."""
    from evoloco.robot.facts import Section, short

    rows = [
        ("torso" if place == 0 else "  or", each.body, ", ".join(each.reasons))
        for place, each in enumerate(anatomy.torsos)
    ]
    rows += [
        ("foot" if place == 0 else "", leg.foot, ", ".join(leg.joints) or "no joints")
        for place, leg in enumerate(anatomy.legs)
    ]
    rows += [("no foot", each.body, each.why) for each in anatomy.rejected[:6]]
    if len(anatomy.rejected) > 6:
        rows.append(("", f"{len(anatomy.rejected) - 6} more", ""))

    forward = anatomy.forward
    pairs = ", ".join(f"{left} | {right}" for left, right in found.pairs)
    more = [
        ("pairs", pairs or "none", "left | right, mirror images at home"),
        (
            "forward",
            forward.direction,
            ", ".join(forward.reasons) or "by convention: nothing tells",
        ),
        ("up", "+z", "the height of the torso over the feet"),
    ]
    if anatomy.undriven:
        more.append(
            (
                "left alone",
                short(anatomy.undriven),
                "without an actuator, or not needed straight ahead",
            )
        )
    if anatomy.others:
        more.append(("not in a leg", short(anatomy.others), f"{len(anatomy.others)} joints"))
    if found.home:
        keys = ", ".join(f"{key} = {value}" for key, value in found.home.items())
        more.append(("home", keys, "keys of the run file for the pose in which it stands"))
    return Section("Parts", ("what", "name", "why, or joints"), (*rows, *more))


def _sketch(console: "Console", linkage: "Linkage", anatomy: "Anatomy") -> None:
    """Prints the robot from its right side and from the front, next to each other."""
    from evoloco.robot.sketch import sketch

    views = [sketch(linkage, anatomy, across) for across in (0, 1)]
    rows = max(map(len, views))
    left, right = ([""] * (rows - len(view)) + view for view in views)
    console.print()
    console.print("At home, from the right side and from the front", style="bold")
    for a, b in zip(left, right, strict=True):
        console.print(f"{a:{WIDTH // 2}}{b}", no_wrap=True, overflow="crop")
    console.print("# torso  : body  o driven joint  . other joint  A sole  = ground", style="dim")


def _facts(found: "Inspection") -> dict[str, Any]:
    """Everything as data for JSON."""
    facts: dict[str, Any] = {
        "pose": found.pose,
        "sections": {
            section.title.partition(" (")[0].lower(): [
                dict(zip(section.header, row, strict=True)) if section.header else list(row)
                for row in section.rows
            ]
            for section in found.sections
        },
        "told": list(found.told),
        "warnings": found.warnings,
        "home": found.home,
        "refusal": found.refusal,
    }
    if anatomy := found.anatomy:
        facts |= {
            "torsos": [
                {"body": each.body, "reasons": list(each.reasons)} for each in anatomy.torsos
            ],
            "feet": list(anatomy.feet),
            "joints": list(anatomy.joints),
            "legs": [{"foot": leg.foot, "joints": list(leg.joints)} for leg in anatomy.legs],
            "pairs": [list(pair) for pair in found.pairs],
            "rejected": {each.body: each.why for each in anatomy.rejected},
            "others": [*anatomy.others, *anatomy.undriven],
            "forward": anatomy.forward.direction,
            "forward_reasons": list(anatomy.forward.reasons),
            "up": "+z",
        }
    if found.rest is not None:
        facts["stands"] = found.rest.stands
    return facts
