"""An episode once more, in plain MuJoCo: every physics step of what a controller asked for."""

from dataclasses import dataclass, field
from typing import Any

import mujoco
import numpy as np

from evoloco.episode import Episode
from evoloco.fields import Array
from evoloco.morphology import Morphology


@dataclass
class Steps:
    """What was there in each of N physics steps.

    Attributes:
        force: Of the ground on each foot, in the world [N] (N, F, 3).
        power: Of each actuator [W] (N, nu).
        actuator_force: Of each actuator (N, nu).
        actuator_velocity: Of each actuator (N, nu).
        torso: Position of the torso [m] (N, 3).
        upright: Cosine of its tilt (N,).
        head: Velocity of the point 0.3 m above the torso [m/s] (N, 3).
        foot: Position of each foot [m] (N, F, 3).
        slip: Horizontal speed of each loaded foot at its centre of pressure [m/s] (N, F).
        joint: Angles of the driven joints [rad] (N, nu).
        limit: Torques of the joints' limits [N m] (N, nu).
        end: Position of the torso after the last step [m] (3,).
    """

    force: list[Array] = field(default_factory=list)
    power: list[Array] = field(default_factory=list)
    actuator_force: list[Array] = field(default_factory=list)
    actuator_velocity: list[Array] = field(default_factory=list)
    torso: list[Array] = field(default_factory=list)
    upright: list[float] = field(default_factory=list)
    head: list[Array] = field(default_factory=list)
    foot: list[Array] = field(default_factory=list)
    slip: list[Array] = field(default_factory=list)
    joint: list[Array] = field(default_factory=list)
    limit: list[Array] = field(default_factory=list)
    end: Array = field(default_factory=lambda: np.zeros(3))


HEAD = 0.3
"""Height of a point over the torso frame [m]."""


def loop(episode: Episode, start: Array) -> Steps:
    """Steps through an episode by the controls that it recorded, from MuJoCo's state at start."""
    morphology, found = episode.morphology, Steps()
    model, data = morphology.model, mujoco.MjData(morphology.model)
    mujoco.mj_setState(model, data, start, mujoco.mjtState.mjSTATE_INTEGRATION)

    joints = morphology.joints
    for ctrl in np.repeat(episode["ctrl"], episode.substeps, axis=0):
        data.ctrl[:] = ctrl
        speed = data.qvel.copy()
        found.joint.append(np.array([data.joint(joint.name).qpos[0] for joint in joints]))
        mujoco.mj_step(model, data)  # but for qpos and qvel, data is that of where the step began
        _read(morphology, data, speed, found)
    mujoco.mj_kinematics(model, data)
    found.end = data.body(morphology.torso).xpos.copy()
    return found


def _read(morphology: Morphology, data: Any, speed: Array, found: Steps) -> None:
    """Reads a physics step that began with a speed (nv,)."""
    model = morphology.model
    force, centre = _ground(morphology, data)
    found.force.append(force)
    found.actuator_force.append(data.actuator_force.copy())
    found.actuator_velocity.append(data.actuator_velocity.copy())
    found.power.append(data.actuator_force * data.actuator_velocity)

    torso = data.body(morphology.torso)
    found.torso.append(torso.xpos.copy())
    found.upright.append(float(torso.xmat[8]))
    above = torso.xpos + HEAD * torso.xmat.reshape(3, 3)[:, 2]
    found.head.append(_velocity(model, data, speed, torso.id, above))

    feet = [model.body(foot).id for foot in morphology.feet]
    found.foot.append(data.xpos[feet].copy())
    moved = [_velocity(model, data, speed, *pair) for pair in zip(feet, centre, strict=True)]
    found.slip.append(np.hypot(*np.array(moved)[:, :2].T) * (force[:, 2] > 0))

    joints = [model.joint(joint.name) for joint in morphology.joints]
    found.limit.append(np.array([_limit(data, joint.id) for joint in joints]))


def _ground(morphology: Morphology, data: Any) -> tuple[Array, Array]:
    """Force of the ground on each foot and where it acts, from MuJoCo's contacts (F, 3), (F, 3)."""
    model, names = morphology.model, morphology.feet
    force, centre = np.zeros((len(names), 3)), np.zeros((len(names), 3))
    weight, wrench = np.zeros(len(names)), np.zeros(6)
    geoms = [set(morphology.geoms_of(name)) for name in names]
    for index in range(data.ncon):
        contact = data.contact[index]
        for foot, own in enumerate(geoms):
            inside = [geom in own for geom in contact.geom]
            if sum(inside) != 1 or model.geom_bodyid[contact.geom[inside.index(False)]] != 0:
                continue
            mujoco.mj_contactForce(model, data, index, wrench)
            pulled = contact.frame.reshape(3, 3).T @ wrench[:3]
            force[foot] += pulled if inside[1] else -pulled
            size = float(np.linalg.norm(wrench[:3]))
            centre[foot] += size * contact.pos
            weight[foot] += size
    return force, centre / np.maximum(weight, 1e-12)[:, None]


def _velocity(model: mujoco.MjModel, data: Any, speed: Array, body: int, point: Array) -> Array:
    """Velocity of a point of a body [m/s] (3,)."""
    jacobian = np.zeros((3, model.nv))
    mujoco.mj_jac(model, data, jacobian, None, point, body)
    return np.asarray(jacobian @ speed)


def _limit(data: Any, joint: int) -> float:
    """Torque of a joint's limit [N m]."""
    limits = data.efc_type == int(mujoco.mjtConstraint.mjCNSTR_LIMIT_JOINT)
    return float(data.efc_force[limits & (data.efc_id == joint)].sum())
