"""The run file of a robot: what a first gait needs, with the alternatives in comments."""

import json
import math
import os
import textwrap
from collections.abc import Mapping
from pathlib import Path

from evoloco.errors import ModelError
from evoloco.robot.first_gait import FirstGait
from evoloco.robot.home_poses import Options
from evoloco.robot.inspection import Inspection
from evoloco.robot.rest import Rest

CONTROL_STEPS = 30
"""Least number of control steps in a stride."""

LONGEST = 0.02
"""Longest control step [s]."""

TENTH = 0.1
"""Durations that users give are multiples of this [s]."""

DURATION = 5.0
"""Of an episode [s]."""

TEMPLATE = """\
# A first gait of {file}, written by: evoloco inspect {file} --run-file {name}.toml
# Evolve it with: evoloco evolve {name}.toml
# A gait that lasts in worlds that differ: evoloco evolve {name}.toml preset=robust

[morphology]
name = "mjcf"
path = {path}
torso = {torso}{other_torsos}
# Front legs first, left before right.{rejected}
feet = {feet}
joints = {joints}{others}
{home}
[controller]
name = "phase"             # one oscillator per joint; others: sine, hopf, matsuoka
{reflex}

[controller.bounds]
period = [{shortest}, {longest}]      # [s], for legs of {leg} m

[start.genes]              # a trot from the legs' Jacobian; without this table, mid-range
{genes}

[fitness.speed]            # a slow walk: {share} of sqrt(g leg length)
measure = "speed_tracking"
weight = 2.0
target = {speed}
width = {width}

[fitness.slip]             # sliding is cheaper than stepping for a simulated foot
measure = "foot_slip"
weight = {slip}
floor = {slip_floor}
floor_of = "mean"

{alternation}[fitness.upright]
measure = "upright"
weight = 0.5

[fitness.drift]
measure = "lateral_drift"
weight = -0.5
floor = 0.5

[fitness.heading]
measure = "heading"
weight = -0.3
floor = 0.5

[scenario]
duration = {duration}
control_dt = {control_dt}         # {steps} physics steps of {timestep} s
joint_noise = 0.02
{termination}
[evaluation]
heldout_episodes = 4

[optimizer]
name = "cmaes"
population_size = {population}
generations = {generations}
sigma = 0.1                # of genes without a spread of their own [their range]
"""


ALTERNATION = """\
[fitness.alternation]      # the feet take turns; standing earns nothing
measure = "alternation"
weight = 1.0

"""


def write(file: Path, out: Path, found: Inspection, gait: FirstGait) -> str:
    """The text of a run file.

    Args:
        file: Of the robot.
        out: Where the run file will stand.
        found: What was found out about the robot.
        gait: Where the search begins.

    Raises:
        ModelError: The robot is refused.
    """
    anatomy, morphology, rest = found.anatomy, found.morphology, found.rest
    if anatomy is None or morphology is None or rest is None:
        raise ModelError(found.refusal)
    timestep = float(morphology.model.opt.timestep)
    steps = control_steps(timestep, gait.period)
    genes = "\n".join(
        f"{_text(name)} = {_text(f'{start}~{spread}')}"
        for name, (start, spread) in gait.genes.items()
    )
    return TEMPLATE.format(
        file=file.name,
        name=out.stem,
        path=_text(_relative(file, out)),
        torso=_text(anatomy.torso),
        other_torsos=_also([each.body for each in anatomy.torsos[1:]]),
        rejected=_comment("No feet", [f"{each.body} ({each.why})" for each in anatomy.rejected]),
        feet=_text(list(anatomy.feet)),
        joints=_text(list(anatomy.joints)),
        others=_comment("Further joints", [*anatomy.others, *anatomy.undriven]),
        home=_home(found.home) + _packages(found.packages),
        reflex=_reflex(gait),
        shortest=_round(0.5 * gait.period),
        longest=_round(2.5 * gait.period),
        leg=_round(morphology.leg_length),
        genes=f"period = {_text(f'{_round(gait.period)}~{_round(0.1 * gait.period)}')}\n{genes}",
        share=_round(gait.speed / math.sqrt(morphology.gravity * morphology.leg_length), 2),
        speed=_round(gait.speed),
        width=_round(0.7 * gait.speed),
        slip=_round(-3 / gait.speed),
        slip_floor=_round(gait.speed),
        duration=round(round(DURATION / (steps * timestep)) * steps * timestep, 9),
        alternation=ALTERNATION if len(morphology.sides.feet) == 1 else "",
        control_dt=round(steps * timestep, 9),
        steps=steps,
        timestep=f"{timestep:g}",
        termination=_termination(rest),
        population=16,
        generations=100 if len(morphology.feet) > 2 else 300,
    )


def control_steps(timestep: float, period: float) -> int:
    """Number of physics steps in a control step; a tenth of a second is a multiple if possible.

    Args:
        timestep: Of the physics [s].
        period: Duration of a stride [s].
    """
    most = max(1, math.floor(min(LONGEST, period / CONTROL_STEPS) / timestep + 1e-9))
    for whole in (TENTH, DURATION):
        for steps in range(most, most // 2, -1):
            count = whole / (steps * timestep)
            if abs(count - round(count)) < 1e-6:
                return steps
    return most


def _text(value: object) -> str:
    """A text or list as TOML."""
    return json.dumps(value, ensure_ascii=False)


def _round(value: float, digits: int = 3) -> float:
    """A number with a few significant digits."""
    return float(f"{value:.{digits}g}")


def _relative(file: Path, out: Path) -> str:
    """Path of a file as seen from the folder of another; absolute on another drive."""
    try:
        return Path(os.path.relpath(file.resolve(), out.resolve().parent)).as_posix()
    except ValueError:
        return file.resolve().as_posix()


def _also(names: list[str]) -> str:
    return f"  # or {', '.join(names)}" if names else ""


def _comment(what: str, entries: list[str], width: int = 96) -> str:
    """Entries as lines of comments; nothing where there are none."""
    if not entries:
        return ""
    text = f"{what}: {', '.join(entries[:12])}"
    text += f" and {len(entries) - 12} more." if len(entries) > 12 else "."
    return "".join(f"\n# {line}" for line in textwrap.wrap(text, width))


COMMENTS = {
    "crouch": "of the leg length, so that feet can be lifted and lowered",
    "forward": "axis of the torso that faces the world's x, along which speed counts",
    "keyframe": "of the file",
}
"""What the keys of the home pose mean."""


def _home(home: Options) -> str:
    """The keys of the home pose."""
    lines = [
        f"{key} = {_text(value)}  # {COMMENTS[key]}" for key, value in home.items() if key != "home"
    ]
    if angles := home.get("home"):
        entries = (f"{_text(name)} = {angle}" for name, angle in angles.items())
        lines += ["# In the middle of their ranges [rad].", f"home = {{ {', '.join(entries)} }}"]
    return "".join(f"{line}\n" for line in lines)


def _packages(packages: Mapping[str, str]) -> str:
    """The table of packages."""
    if not packages:
        return ""
    entries = (
        f"{_text(name)} = {_text(Path(at).resolve().as_posix())}" for name, at in packages.items()
    )
    return f"packages = {{ {', '.join(entries)} }}\n"


def _reflex(gait: FirstGait) -> str:
    """Which joints answer the torso's tilt."""
    if not gait.reflexes:
        return "reflex = false             # true: hips and ankles answer the torso's tilt"
    return f"reflex_stems = {_text(list(gait.reflexes))}   # these answer the torso's tilt"


def _termination(rest: Rest) -> str:
    """What ends an episode, where that is not the usual."""
    if not rest.resting:
        return ""
    return (
        f"\n[scenario.termination]\nbody_contact = false     # {', '.join(rest.resting[:3])} "
        "rests on the ground at home\n"
    )
