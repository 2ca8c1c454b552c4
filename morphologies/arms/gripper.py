"""A parallel gripper on driven slides."""

import mujoco

from evoloco.morphology import HOME
from evoloco.perception.grasp.gripper import CARRIER, FINGERS, HAND, Gripper, add_gripper


def build() -> Gripper:
    """A gripper above the ground, without anything to grasp.

    Slides `x`, `y` and `z` [m] carry the hand, `turn` [rad] turns it about the axis along which
    its fingers point, and the slides `left` and `right` [m] close the fingers: 85 mm apart when
    open, 60 mm long, up to 15 N each. Scenes to grasp in are in `evoloco.perception.grasp.scene`.
    """
    spec = mujoco.MjSpec()
    spec.modelname = "gripper"
    spec.compiler.degree = False
    spec.option.timestep = 0.002
    spec.option.integrator = mujoco.mjtIntegrator.mjINT_IMPLICITFAST
    spec.worldbody.add_geom(
        name="ground", type=mujoco.mjtGeom.mjGEOM_PLANE, size=[0.4, 0.4, 0.1], condim=4
    )
    add_gripper(spec)

    pose = [0, 0, 0.15, 0, 0, 0]
    spec.add_key(name=HOME, qpos=pose, ctrl=pose)
    return Gripper(spec, spec.compile(), (*CARRIER, *FINGERS), HAND)
