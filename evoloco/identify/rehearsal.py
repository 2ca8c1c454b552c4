"""What a simulated robot does under an excitation, before a real one gets it."""

from dataclasses import dataclass

import mujoco
import numpy as np

from evoloco.delay import fill_histories
from evoloco.genome import Array
from evoloco.identify import ladder
from evoloco.identify.body_file import FittedBody
from evoloco.identify.hanging import hang
from evoloco.identify.numbers import LATENCY
from evoloco.morphology import HOME, Morphology
from evoloco.robot_log import RobotLog

FALLEN = 0.8
"""Tilt of the torso from which on a standing robot has fallen [rad]."""


@dataclass(frozen=True, eq=False)
class Rehearsal:
    """What happened.

    Attributes:
        log: Commands and positions, as a robot's, at whole physics steps.
        fastest: Largest speed of each joint [rad/s] (joints,).
        touched: Two parts of the robot that touched each other; empty where none did.
        fell: Time at which a standing robot fell [s]; None where it did not.
    """

    log: RobotLog
    fastest: Array
    touched: str
    fell: float | None


def rehearse(
    morphology: Morphology, commands: Array, period: float, standing: bool = False
) -> Rehearsal:
    """Plays commands to a simulated robot.

    Args:
        morphology: The robot.
        commands: [rad] (T, joints).
        period: Time between them [s].
        standing: Whether it stands on its feet; else it hangs by its torso.
    """
    body = morphology if standing else hang(morphology)
    model, data = body.model, mujoco.MjData(body.model)
    mujoco.mj_resetDataKeyframe(model, data, model.key(HOME).id)
    fill_histories(model, data)
    mujoco.mj_forward(model, data)
    places = [int(model.joint(joint.name).qposadr[0]) for joint in body.joints]
    speeds = [int(model.joint(joint.name).dofadr[0]) for joint in body.joints]

    positions, velocities = np.empty_like(commands), np.empty_like(commands)
    times = np.empty(len(commands))
    touched, fell, done = "", None, 0
    for t, command in enumerate(commands):
        times[t], positions[t], velocities[t] = data.time, data.qpos[places], data.qvel[speeds]
        data.ctrl[: len(command)] = command
        for _ in range(round((t + 1) * period / model.opt.timestep) - done):
            mujoco.mj_step(model, data)
            done += 1
        touched = touched or _touching(body, data)
        leaning = data.body(body.torso_frame).xmat[8] < np.cos(FALLEN)
        if standing and fell is None and leaning:
            fell = float(t * period)

    columns = {"time": times}
    for place, joint in enumerate(body.joints):
        columns[f"{joint.name}.command"] = commands[:, place]
        columns[f"{joint.name}.position"] = positions[:, place]
        columns[f"{joint.name}.velocity"] = velocities[:, place]
    return Rehearsal(RobotLog(columns), np.abs(velocities).max(axis=0), touched, fell)


def stranger(body: Morphology) -> Morphology:
    """A robot of the same kind with other servos, to try an identification without a robot.

    Its commands come 10 ms later, its gains are a fifth smaller, its rotors a fifth heavier, and
    its friction is three times as large.
    """
    factors = {"servo_gain": 0.8, "armature": 1.2, "joint_friction": 3.0}
    values = {
        one.name: one.nominal * factors.get(one.kind, 1.0) + 0.01 * (one.name == LATENCY)
        for one in ladder.servo_model("m1", body).numbers
    }
    return ladder.body(body, FittedBody({}, "m1", values, {}, {}))


def _touching(body: Morphology, data: mujoco.MjData) -> str:
    """Two parts of the robot that touch each other; empty where none do."""
    for pair in data.contact.geom[: data.ncon].tolist():
        if not body.floor.intersection(pair):
            first, second = (body.model.body(body.model.geom_bodyid[geom]).name for geom in pair)
            return f"'{first}' and '{second}'"
    return ""
