"""A robot that is brought into its home pose, step by step."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import mujoco
import numpy as np

from evoloco.errors import ModelError
from evoloco.fields import Array
from evoloco.kinematics.crouch import crouch, find_leg, is_solved
from evoloco.kinematics.sole import geoms_fixed_to, read_sole
from evoloco.robot.chains import close_chains
from evoloco.robot.mobility import read_mobility, turned
from evoloco.robot.soles import soles_of
from evoloco.robot.torso_frame import TURNED, facing, read_axes, read_place
from evoloco.robot.wanted_pose import WantedPose
from evoloco.subtree import joints_between

ROUNDING = 1e-9
"""By how much a solved angle may be beyond its limit [rad]."""


@dataclass
class Pose:
    """A robot that is brought into its home pose.

    Attributes:
        model: The compiled model, without keyframes.
        path: Of the file.
        torso: Name of the torso.
        feet: Names of the feet.
        joints: Names of the driven joints.
        wanted: What the user asks of the pose.
        told: Gets a sentence for everything that is changed.
        strict: Whether a pose is refused that is only as near as possible to what is asked.
        data: In the pose, with its kinematics.
        mobility: The joints between the world and the torso.
        body: Id of the torso.
    """

    model: mujoco.MjModel
    path: str
    torso: str
    feet: Sequence[str]
    joints: Sequence[str]
    wanted: WantedPose
    told: list[str]
    strict: bool

    def __post_init__(self) -> None:
        self.data = mujoco.MjData(self.model)
        self.mobility = read_mobility(self.model, self.torso)
        self.body = int(self.model.body(self.torso).id)

    def take(self, qpos: Array) -> None:
        """Moves to a position (nq,)."""
        self.data.qpos[:] = qpos
        mujoco.mj_kinematics(self.model, self.data)

    def begin(self, qpos: Array) -> None:
        """Moves to the position that home is made from (nq,).

        Raises:
            ModelError: A driven joint is outside of its range.
        """
        self.take(qpos)
        if self.wanted.crouch is None:  # a crouch may bring them into their ranges
            _check_angles(self.model, self.data, self.joints, self.path)

    def face_forward(self) -> Array:
        """The torso's axes (3, 3); turns the robot about the vertical if `forward` is given."""
        turn = self.data.xmat[self.body].reshape(3, 3)
        forward, up = self.wanted.forward, self.wanted.up
        axes = read_axes(turn, forward, up, self._legs(), self.torso, self.path, self.told)

        angle = facing(turn, axes)
        degrees = np.degrees(angle)
        if forward is None:
            if abs(degrees) > TURNED:
                self.told.append(
                    f"At home torso '{self.torso}' faces {abs(degrees):.0f}° to the "
                    f"{'left' if angle > 0 else 'right'} of the world's x axis, along which speed "
                    'counts. morphology.forward = "x" turns it there.'
                )
            return axes

        if abs(degrees) > 1e-6:
            free = self.mobility.free
            if free is None:
                raise ModelError(
                    f"{self.path}: torso '{self.torso}' cannot be turned by {-degrees:.0f}° to "
                    "face the world's x axis, since the robot has no free joint. Turn it in "
                    "the file."
                )
            self.take(turned(self.model, self.data, free, self.body, -angle))
            self.told.append(
                f"Turned the robot by {-degrees:.0f}° about the vertical: it faces the world's x "
                "axis."
            )
        return axes

    def _legs(self) -> Array | None:
        """From the hips to the feet, on average, in the world [m] (3,)."""
        ways = [
            self.data.xpos[self.model.body(foot).id] - self.data.xanchor[joints[0]]
            for foot in self.feet
            if (joints := joints_between(self.model, self.model.body(foot).id, self.body))
        ]
        return np.mean(ways, axis=0) if ways else None

    @cached_property
    def soles(self) -> dict[str, list[int]]:
        """Ids of the geoms of each foot that can touch the ground."""
        return {foot: soles_of(self.model, self.torso, foot, self.path) for foot in self.feet}

    @property
    def every_sole(self) -> list[int]:
        """Those of all feet."""
        return [geom for geoms in self.soles.values() for geom in geoms]

    def crouch(self, fraction: float) -> None:
        """Bends the legs so that the feet are flat below the hips.

        Raises:
            ModelError: The legs cannot reach that pose.
        """
        mujoco.mj_kinematics(self.model, self.data)
        fixed = self._still_joints()
        legs, feet = [], []
        for foot in self.feet:
            body = int(self.model.body(foot).id)
            geoms = geoms_fixed_to(self.model, body, self.soles[foot]) or self.soles[foot]
            sole = read_sole(self.model, self.data, body, geoms)
            leg = find_leg(self.model, self.data, self.body, body, sole, fixed)
            if leg is not None:
                legs.append(leg)
                feet.append(foot)
        if not legs:
            self.told.append("The key `crouch` does nothing: no leg has a driven joint of its own.")
            return

        qpos, errors = crouch(self.model, np.array(self.data.qpos), legs, fraction)
        if self.strict and not is_solved(errors):
            worst = int(np.argmax(errors))
            raise ModelError(
                f"{self.path}: with crouch = {fraction:g}, foot '{feet[worst]}' stays "
                f"{1000 * errors[worst]:.1f} mm from its place below the hip: its joints "
                "reach no further within their limits and the given `home` angles. Give another "
                "value, or all `home` angles."
            )
        self.take(qpos)
        self.told.append(f"Home is a crouch of {fraction:g}, with the feet flat below the hips.")

    def _still_joints(self) -> set[int]:
        """Ids of joints that a crouch leaves alone.

        They are those with given angles, those that more than one foot hangs on, such as a waist,
        and those that nothing drives, unless they belong to closed chains.
        """
        still = {self.model.joint(name).id for name in self.wanted.angles}
        if not self.model.neq:
            still |= set(range(self.model.njnt)) - {
                self.model.joint(name).id for name in self.joints
            }

        bodies = [int(self.model.body(foot).id) for foot in self.feet]
        joints = [joints_between(self.model, body, self.body) for body in bodies]
        count = Counter(joint for chain in joints for joint in chain)
        return still | {joint for joint, feet in count.items() if feet > 1}

    def close_chains(self) -> None:
        """Closes the robot's chains.

        Raises:
            ModelError: They cannot be closed.
        """
        given = {self.model.joint(name).id for name in self.wanted.angles}
        driven = {self.model.joint(name).id for name in self.joints}
        fixed = given | set(self.mobility.joints)
        qpos = np.array(self.data.qpos)
        self.take(
            close_chains(
                self.model, qpos, self.torso, driven, fixed, self.path, self.told, self.strict
            )
        )
        _check_angles(self.model, self.data, self.joints, self.path)

    def torso_place(self) -> Array:
        """Where the torso's pose is read, in its frame [m] (3,)."""
        hips = [
            self.data.xanchor[joint][2]
            for foot in self.feet
            for joint in joints_between(self.model, self.model.body(foot).id, self.body)
        ]
        if not hips:
            return np.zeros(3)
        hip = float(max(hips))
        return read_place(self.model, self.data, self.torso, self.every_sole, hip, self.told)


def _check_angles(
    model: mujoco.MjModel, data: mujoco.MjData, joints: Sequence[str], path: str
) -> None:
    """Refuses home angles outside of the joints' ranges."""
    for name in joints:
        joint, angle = model.joint(name), data.joint(name).qpos[0]
        low, high = joint.range
        if model.jnt_limited[joint.id] and not low - ROUNDING <= angle <= high + ROUNDING:
            raise ModelError(
                f"{path}: the home angle of joint '{name}', {angle:.4g} rad, is outside of its "
                f"range, {low:.4g} to {high:.4g} rad."
            )
