"""A small real body with one leg per foot, and episodes of it written by hand."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import mujoco
import numpy as np

from evoloco.ending import Ending, Outcome, Rule
from evoloco.episode import Columns, Episode
from evoloco.fields import Array
from evoloco.morphology import Morphology, assemble

PAIR = ("left_foot", "right_foot")
VOLTAGE, STALL_TORQUE, NO_LOAD_SPEED, GEAR = 12.0, 4.0, 5.0, 2.0
MIRROR = {"position": (1, -1, 1), "velocity": (1, -1, 1), "spin": (-1, 1, -1), "rate": (-1, 1, -1)}


def body(feet: Sequence[str] = PAIR, motors: bool = False) -> Morphology:
    """A torso on straight legs with a pitch joint at each hip; the joints are `hip_<foot>`.

    The first foot of either half is in front.
    """
    spec = mujoco.MjSpec()
    spec.compiler.degree = False
    spec.option.timestep = 0.001
    spec.worldbody.add_geom(type=mujoco.mjtGeom.mjGEOM_PLANE, size=[0, 0, 1])
    torso = spec.worldbody.add_body(name="torso", pos=[0, 0, 0.5])
    torso.add_freejoint()
    torso.add_geom(type=mujoco.mjtGeom.mjGEOM_BOX, size=[0.1, 0.1, 0.05], mass=2)
    joints = [f"hip_{foot}" for foot in feet]
    for index, (foot, joint) in enumerate(zip(feet, joints, strict=True)):
        side = {"left": 0.1, "right": -0.1}.get(foot.split("_")[0], 0.0)
        leg = torso.add_body(name=foot, pos=[-0.2 * (index % max(len(feet) // 2, 1)), side, -0.1])
        leg.add_joint(name=joint, axis=[0, 1, 0], range=[-1, 1], limited=1)
        leg.add_geom(
            type=mujoco.mjtGeom.mjGEOM_BOX, pos=[0, 0, -0.2], size=[0.1, 0.04, 0.2], mass=1
        )
        actuator = spec.add_actuator(name=joint, target=joint, trntype=mujoco.mjtTrn.mjTRN_JOINT)
        actuator.gear[0] = GEAR
        if motors:
            actuator.set_to_dcmotor(
                motorconst=[0, 0],
                resistance=0,
                nominal=[VOLTAGE, STALL_TORQUE, NO_LOAD_SPEED],
                ctrlspec=int(mujoco.mjtCtrlInput.mjINPUT_VOLTAGE),
            )
    spec.add_key(name="home", qpos=[0, 0, 0.5, 1, 0, 0, 0, *(0 for _ in joints)])
    return assemble(spec, "torso", feet, joints)


def episode(
    morphology: Morphology,
    steps: int,
    values: Mapping[str, Any] | None = None,
    control_dt: float = 0.02,
    outcome: Outcome = Outcome.COMPLETED,
) -> Episode:
    """An upright torso at rest, with the given arrays and sensors written over it.

    There is one physics step in a control step, and what it records is what the sensors read.
    """
    columns, ending = Columns(morphology, substeps=1), Ending(outcome, Rule.DURATION)
    trace = np.zeros((steps, columns.size))
    written = Episode(morphology, columns, trace, ending, control_dt, steps)
    rest = {"time": np.arange(steps)[:, None] * control_dt, "torso.orientation": [1, 0, 0, 0]}
    for name, value in {**rest, **(values or {})}.items():
        (written[name] if name in columns.slices else written.sensor(name))[:] = value
    completed(written)
    return written


def completed(written: Episode) -> None:
    """Writes what the physics steps record where the sensors of an episode read it."""
    feet, joints = written.morphology.feet, written.morphology.joints
    for name in ("position", "orientation", "velocity"):
        written[f"torso_{name}"][:] = written.sensor(f"torso.{name}")
    written["joint_angle"][:] = written.sensors([f"joint.{joint.name}.angle" for joint in joints])
    written["foot_position"][:] = written.sensors([f"foot.{foot}.position" for foot in feet])
    force = np.stack([written.sensor(f"foot.{foot}.ground")[:, :3] for foot in feet], axis=1)
    written["ground_force"][:] = force.reshape(len(written), -1)
    written["foot_slip"][:] = slip(written)


def loads(morphology: Morphology, load: Array) -> dict[str, Array]:
    """What the feet's sensors read under vertical loads [body weights] (T, F)."""
    force = load * morphology.weight
    return {
        f"foot.{foot}.ground": np.pad(force[:, [index]], ((0, 0), (2, 3)))
        for index, foot in enumerate(morphology.feet)
    }


def slip(written: Episode) -> Array:
    """Horizontal speeds of loaded feet at their centres of pressure [m/s] (T, F)."""
    speeds = []
    for foot in written.morphology.feet:
        ground = written.sensor(f"foot.{foot}.ground")
        lever = ground[:, 3:] - written.sensor(f"foot.{foot}.position")
        moved = written.sensor(f"foot.{foot}.velocity") + np.cross(
            written.sensor(f"foot.{foot}.spin"), lever
        )
        speeds.append(np.hypot(moved[:, 0], moved[:, 1]) * (ground[:, 2] > 0))
    return np.stack(speeds, axis=1)


def noise(morphology: Morphology, steps: int = 60, seed: int = 0) -> Episode:
    """An episode in which every number is drawn at random, the quaternions normalised."""
    drawn = episode(morphology, steps)
    drawn.trace[:] = np.random.default_rng(seed).normal(size=drawn.trace.shape)
    drawn.sensor("torso.orientation")[:] /= np.linalg.norm(
        drawn.sensor("torso.orientation"), axis=1, keepdims=True
    )
    for foot in morphology.feet:
        drawn.sensor(f"foot.{foot}.ground")[:, 2] *= morphology.weight
    completed(drawn)
    return drawn


def walk(
    morphology: Morphology,
    stride: int = 40,
    stance: int = 24,
    lag: int = 20,
    speed: float = 0.4,
    steps: int = 500,
    changes: Mapping[str, Any] | None = None,
    outcome: Outcome = Outcome.COMPLETED,
) -> Episode:
    """Feet that stand for `stance` of `stride` control steps; the second half is `lag` later.

    Standing feet carry one body weight in all, swinging ones rise by 0.03 m.
    """
    rows, feet = np.arange(steps), morphology.feet
    shift = np.where(np.arange(len(feet)) < max(len(feet) // 2, 1), 0, lag)
    phase = (rows[:, None] - shift) % stride
    standing = phase < stance
    load = morphology.weight * standing / np.maximum(standing.sum(axis=1, keepdims=True), 1)
    swing = np.where(standing, 0.0, np.sin(np.pi * (phase - stance) / max(stride - stance, 1)))
    values: dict[str, Any] = {
        "torso.position": np.stack([speed * 0.02 * rows, 0.0 * rows, 0.5 + 0.0 * rows], axis=1),
        "torso.velocity": [speed, 0, 0],
    }
    values |= loads(morphology, load / morphology.weight)
    for index, foot in enumerate(feet):
        values[f"foot.{foot}.position"] = np.pad(0.1 + 0.03 * swing[:, [index]], ((0, 0), (2, 0)))
        values[f"joint.hip_{foot}.angle"] = 0.3 * np.cos(2 * np.pi * phase[:, [index]] / stride)
    return episode(morphology, steps, {**values, **(changes or {})}, outcome=outcome)


def mirrored(original: Episode) -> Episode:
    """The same episode seen in a mirror through the x-z plane, for a body with feet in pairs."""
    image = replace(original, trace=original.trace.copy())
    feet = original.morphology.feet
    other = dict(zip(feet, feet[len(feet) // 2 :] + feet[: len(feet) // 2], strict=True))
    order = [feet.index(other[foot]) for foot in feet]
    for name in ("ctrl", "actuator_force"):
        image[name][:] = original[name][:, order]
    image["command"][:] = original["command"] * (1, -1, -1)
    image.sensor("torso.orientation")[:] = original.sensor("torso.orientation") * (1, -1, 1, -1)
    for name in ("position", "velocity", "rate"):
        image.sensor(f"torso.{name}")[:] = original.sensor(f"torso.{name}") * MIRROR[name]
    for foot in feet:
        for name in ("position", "velocity", "spin"):
            image.sensor(f"foot.{foot}.{name}")[:] = (
                original.sensor(f"foot.{other[foot]}.{name}") * MIRROR[name]
            )
        image.sensor(f"foot.{foot}.ground")[:] = original.sensor(f"foot.{other[foot]}.ground") * (
            1,
            -1,
            1,
            1,
            -1,
            1,
        )
        for name in ("angle", "velocity"):
            image.sensor(f"joint.hip_{foot}.{name}")[:] = original.sensor(
                f"joint.hip_{other[foot]}.{name}"
            )
    completed(image)
    return image
