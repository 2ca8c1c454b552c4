"""A robot at home, as its servos feel it: inertia and load of every joint."""

from collections.abc import Sequence

import mujoco
import numpy as np

from evoloco.errors import ModelError
from evoloco.morphology import GRAVITY, HOME
from evoloco.subtree import is_in_subtree, robot_bodies

LEAST = 0.2
"""Shortest arm at which a joint is taken to carry, over how far its links reach [1]."""

SPARE = 3.0
"""Torque of a joint that carries no foot, over what holds its links out at arm's length."""


class Plant:
    """A robot at home.

    Args:
        model: Compiled, with a keyframe `home`.
        torso: Name of its torso.
        feet: Names of its feet.

    Attributes:
        model: The model.
        data: At home.
        dt: Physics step [s].
        weight: Of the robot [N].
    """

    def __init__(self, model: mujoco.MjModel, torso: str, feet: Sequence[str]) -> None:
        self.model, self.data = model, mujoco.MjData(model)
        mujoco.mj_resetDataKeyframe(model, self.data, model.key(HOME).id)
        mujoco.mj_fwdPosition(model, self.data)
        mujoco.mj_fwdVelocity(model, self.data)
        self.dt = float(model.opt.timestep)

        mass = model.body_mass[robot_bodies(model, torso)].sum()
        self._gravity = float(np.linalg.norm(model.opt.gravity)) or GRAVITY
        self.weight = float(mass) * self._gravity
        self._feet = [model.body(foot).id for foot in feet]

        inverse = np.empty((model.nv, model.nv))
        mujoco.mj_solveM(model, self.data, inverse, np.eye(model.nv))
        self._mobility = np.diag(inverse)

    def inertia(self, joint: str) -> float:
        """Inertia that a servo feels at a joint while the robot floats [kg m²]."""
        return float(1 / self._mobility[self._dof(joint)])

    def damping(self, joint: str) -> float:
        """Damping that the joint has [N m s/rad]."""
        return float(self.model.dof_damping[self._dof(joint)])

    def load(self, joint: str) -> float:
        """Torque that holds a joint while every foot carries an even share of the weight [N m]."""
        torque, dof = self.data.qfrc_bias[self._dof(joint)], self._dof(joint)
        jacobian = np.empty((3, self.model.nv))
        for foot in self._feet_beyond(joint):
            mujoco.mj_jacBodyCom(self.model, self.data, jacobian, None, foot)
            torque = torque - jacobian[2, dof] * self.weight / len(self._feet)
        return float(abs(torque))

    def strength(self, joint: str) -> float:
        """Torque with which a joint can hold the robot [N m], or force of a slide [N].

        Of a leg's joint, it is the robot's weight times the distance of its foot. Of another joint,
        it is `SPARE` times what holds its links out at arm's length. An arm is at least `LEAST`
        times as long as the links reach, since an axis may go through what it carries.
        """
        number, dof = self.model.joint(joint).id, self._dof(joint)
        slides = self._slides(joint)
        anchor, axis = self.data.xanchor[number], self.data.xaxis[number]
        if self._feet_beyond(joint):
            reach = max(self._arm(joint), LEAST * self._extent(joint))
            return self.weight * (1.0 if slides else reach)

        body = self.model.dof_bodyid[dof]
        mass = float(self.model.body_subtreemass[body])
        arm = float(np.linalg.norm(np.cross(axis, self.data.subtree_com[body] - anchor)))
        reach = max(arm, LEAST * self._extent(joint))
        return SPARE * mass * self._gravity * (1.0 if slides else reach)

    def carried(self, joint: str) -> float:
        """Inertia of a foot's share of the robot on a leg whose foot stands [kg m²].

        It is 0 of joints that no foot hangs on, and the share's mass [kg] on a slide.
        """
        if not self._feet_beyond(joint):
            return 0.0
        share = self.weight / self._gravity / len(self._feet)
        return share * (1.0 if self._slides(joint) else self._arm(joint) ** 2)

    def _arm(self, joint: str) -> float:
        """Distance of the farthest foot that a joint moves from its axis [m]."""
        number = self.model.joint(joint).id
        anchor, axis = self.data.xanchor[number], self.data.xaxis[number]
        ways = [self.data.xipos[foot] - anchor for foot in self._feet_beyond(joint)]
        return float(max(np.linalg.norm(np.cross(axis, way)) for way in ways))

    def _slides(self, joint: str) -> bool:
        kind = mujoco.mjtJoint(self.model.jnt_type[self.model.joint(joint).id])
        return bool(kind == mujoco.mjtJoint.mjJNT_SLIDE)

    def _extent(self, joint: str) -> float:
        """How far what hangs on a joint reaches from it [m]."""
        model, number = self.model, self.model.joint(joint).id
        moved = self.model.dof_bodyid[self._dof(joint)]
        geoms = [i for i in range(model.ngeom) if is_in_subtree(model, model.geom_bodyid[i], moved)]
        ways = np.linalg.norm(self.data.geom_xpos[geoms] - self.data.xanchor[number], axis=1)
        return float(np.max(ways + model.geom_rbound[geoms], initial=0.0))

    def _feet_beyond(self, joint: str) -> list[int]:
        """Ids of the feet that a joint moves."""
        body = self.model.dof_bodyid[self._dof(joint)]
        return [foot for foot in self._feet if is_in_subtree(self.model, foot, body)]

    def _dof(self, joint: str) -> int:
        return int(self.model.joint(joint).dofadr[0])


def plant_of(spec: mujoco.MjSpec, path: str, torso: str, feet: Sequence[str]) -> Plant:
    """A robot at home, with the actuators of its file.

    Args:
        spec: With a keyframe `home`, whose controls do not count.
        path: Of its file.
        torso: Name of its torso.
        feet: Names of its feet.

    Raises:
        ModelError: It does not compile.
    """
    return Plant(compiled(spec, path), torso, feet)


def compiled(spec: mujoco.MjSpec, path: str) -> mujoco.MjModel:
    """A robot with a keyframe `home` without controls, compiled.

    Raises:
        ModelError: It does not compile.
    """
    home = spec.key(HOME)
    home.ctrl, home.act = [], []
    try:
        return spec.compile()
    except ValueError as error:
        raise ModelError(f"MuJoCo cannot compile {path}: {error}") from error
