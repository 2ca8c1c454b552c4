"""What a bundle says about a champion: units, limits, sensors, rate, where it comes from."""

from collections.abc import Sequence
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from evoloco import fields, provenance
from evoloco.controller import layouts
from evoloco.ending import Outcome
from evoloco.export.calibration import Calibration
from evoloco.export.exported import Exported
from evoloco.host import Host
from evoloco.joint import Joint
from evoloco.json_number import finite
from evoloco.members import member
from evoloco.morphology import Morphology
from evoloco.muscle import Muscle

KEPT = ("evoloco", "commit", "python", "packages", "cpu")
"""Facts about what produced a bundle."""


class _Facts(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", allow_inf_nan=False)


class Control(_Facts):
    """One number that the controller commands, in the order of the commands."""

    name: str = Field(description="of the joint, or of the muscle")
    unit: str = Field(description="of command, limits, home and offset")
    low: float | None = Field(description="lower limit of the command; null for none")
    high: float | None = Field(description="upper limit of the command; null for none")
    home: float = Field(description="command at rest")
    sign: int = Field(description="servo angle = sign * command + offset")
    offset: float = Field(description="servo angle = sign * command + offset")
    axis: str = Field(description="axis of the torso that the joint turns about; empty if none")
    partner: str = Field(description="its mirror image; its own name if none")
    mirror: float = Field(
        description="1 where the partner's mirror image has the same angle, or -1"
    )


class Felt(_Facts):
    """One sensor, in the order of the observation."""

    name: str
    channels: list[str] = Field(description="names of its numbers")
    first: int = Field(description="place of its first number in the observation")
    unit: str = Field(description="of every channel")
    meaning: str
    delay: float = Field(description="age of a reading in the simulation [s]")
    interval: float = Field(description="time between readings in the simulation [s]; 0 for all")


class Normaliser(_Facts):
    """How a policy scales what it feels: (value - mean) / spread, within [-clip, clip]."""

    mean: list[float] = Field(description="of each number that the policy feels")
    spread: list[float] = Field(description="of each number that the policy feels")
    clip: float


class HeldOut(_Facts):
    """How the episodes ended that judged the champion."""

    episodes: int
    completed: int
    fell: int


class Description(_Facts):
    """A champion, and what a program needs to run it."""

    format: Literal["evoloco bundle 1"] = "evoloco bundle 1"
    run: str = Field(description="name of the run")
    seed: int
    champion_sha256: str = Field(description="digest of the run file and the genome")
    morphology: str
    controller: str
    control_dt: float = Field(description="time between control steps [s]")
    rate: float = Field(description="control steps per second [Hz]")
    ramp: float = Field(description="time in which commands fade in from home [s]")
    controls: list[Control]
    readings: list[str] = Field(description="MuJoCo's sensors that the controller needs")
    sensors: list[Felt]
    normaliser: Normaliser | None = Field(description="of a policy; null for other controllers")
    genome: list[float]
    heldout: HeldOut
    provenance: dict[str, Any] = Field(description="versions and machine of the export")
    used_files: dict[str, str] = Field(description="SHA-256 of each file that the run uses")
    files: dict[str, str] = Field(description="SHA-256 of each file beside bundle.json")
    sha256: str = Field(description="of this object with an empty text in this place")


def describe(exported: Exported, calibration: dict[str, Calibration]) -> Description:
    """Describes a champion; `files` and `sha256` are empty.

    Raises:
        ControllerError: The controller reads what can be known in the run's own simulation only.
    """
    host, spec = exported.host(), exported.experiment.spec
    facts = provenance.collect(exported.experiment)
    return Description(
        run=spec.name,
        seed=spec.seed,
        champion_sha256=exported.sha256,
        morphology=spec.morphology.name,
        controller=spec.controller.name,
        control_dt=host.control_dt,
        rate=1.0 / host.control_dt,
        ramp=spec.scenario.ramp,
        controls=controls(host, calibration),
        readings=list(host.reads),
        sensors=sensors(host.morphology),
        normaliser=normaliser(exported),
        genome=exported.genome.tolist(),
        heldout=HeldOut(
            episodes=sum(exported.heldout.values()),
            completed=exported.heldout.get(Outcome.COMPLETED, 0),
            fell=exported.heldout.get(Outcome.FELL, 0),
        ),
        provenance={key: facts[key] for key in KEPT},
        used_files=exported.files,
        files={},
        sha256="",
    )


def units(body: Morphology) -> list[str]:
    """Unit of each control of a body."""
    if body.muscles:
        return ["1"] * body.controls
    turning, sliding = ("N m", "N") if body.torques else ("rad", "m")
    return [turning if joint.axis else sliding for joint in body.joints]


def names(body: Morphology) -> list[str]:
    """Names of a body's controls: joints, or muscles."""
    driven: Sequence[Muscle | Joint] = body.muscles or body.joints
    return [part.name for part in driven]


def controls(host: Host, calibration: dict[str, Calibration]) -> list[Control]:
    """The controls of a body."""
    body, found = host.morphology, []
    for place, (name, unit) in enumerate(zip(names(body), units(body), strict=True)):
        joint = None if body.muscles else body.joints[place]
        mounted = calibration.get(name, Calibration())
        found.append(
            Control(
                name=name,
                unit=unit,
                low=finite(float(host.low[place])),
                high=finite(float(host.high[place])),
                home=float(host.home[place]),
                sign=mounted.sign,
                offset=mounted.offset,
                axis=joint.axis if joint else "",
                partner=joint.partner if joint else name,
                mirror=joint.mirror if joint else 1.0,
            )
        )
    return found


def sensors(body: Morphology) -> list[Felt]:
    """What a controller reads on a body."""
    return [
        Felt(
            name=sensor.name,
            channels=list(sensor.channels),
            first=fields.place(body.observation, sensor.name).start,
            unit=sensor.unit,
            meaning=sensor.meaning,
            delay=sensor.delay,
            interval=sensor.interval,
        )
        for sensor in body.sensors
    ]


def normaliser(exported: Exported) -> Normaliser | None:
    """How a champion scales what it feels, if it is a policy."""
    experiment = exported.experiment
    if not hasattr(experiment.controller, "layout"):
        return None
    row, (kind, _) = experiment.parameters(exported.genome), layouts(experiment.controller)
    params = fields.record(row, kind)
    clip = member("controllers", experiment.spec.controller.name).CLIP
    return Normaliser(mean=params.shift.tolist(), spread=params.scale.tolist(), clip=clip)
