"""Arms: what every one has, and that the UR5-like one has the published dimensions."""

import importlib
import pkgutil
from typing import get_type_hints

import mujoco
import numpy as np
import pytest
from numpy.typing import NDArray

from evoloco.arm import Arm, read_arm
from evoloco.errors import ModelError, UnknownNameError
from evoloco.kinematics.chain import chain
from evoloco.members import members
from evoloco.morphologies import arms
from evoloco.morphologies.arms import planar, ur5
from evoloco.morphology import HOME

BUILT = {
    module.name: importlib.import_module(f"{arms.__name__}.{module.name}").build
    for module in pkgutil.iter_modules(arms.__path__)
}
"""Name of a member of the room -> what builds it. Not all are arms; hands stand there too."""

ARMS = {
    **{name: build for name, build in BUILT.items() if get_type_hints(build)["return"] is Arm},
    "ur5 with narrow ranges": lambda: ur5.build(narrow=True),
    "planar with an elbow to the left": lambda: planar.build("left"),
}
"""Name of an arm -> what builds it."""

PUBLISHED = [
    (0, 0.089159, np.pi / 2),
    (-0.425, 0, 0),
    (-0.39225, 0, 0),
    (0, 0.10915, np.pi / 2),
    (0, 0.09465, -np.pi / 2),
    (0, 0.0823, 0),
]
"""a [m], d [m] and alpha [rad] of each joint of the UR5, from the manufacturer's table."""


def denavit_hartenberg(angle: float, a: float, d: float, alpha: float) -> NDArray[np.float64]:
    """Denavit and Hartenberg's matrix from one frame to the next."""
    c, s, ca, sa = np.cos(angle), np.sin(angle), np.cos(alpha), np.sin(alpha)
    return np.array(
        [[c, -s * ca, s * sa, a * c], [s, c * ca, -c * sa, a * s], [0, sa, ca, d], [0, 0, 0, 1]]
    )


@pytest.fixture(params=ARMS)
def arm(request: pytest.FixtureRequest) -> Arm:
    built: Arm = ARMS[request.param]()
    return built


def test_an_arm_is_no_body_that_a_run_can_name() -> None:
    assert not {"arms", *BUILT} & set(members("morphologies"))


def test_the_joints_of_an_arm_move_its_tool_and_have_limits_with_home_inside(arm: Arm) -> None:
    found = chain(arm.model, arm.tool)
    assert found.joints == arm.joints
    assert arm.model.jnt_limited.all()
    assert (found.low < arm.home).all()
    assert (arm.home < found.high).all()


def test_an_arm_stays_at_home_under_its_weight(arm: Arm) -> None:
    data = mujoco.MjData(arm.model)
    mujoco.mj_resetDataKeyframe(arm.model, data, arm.model.key(HOME).id)
    mujoco.mj_step(arm.model, data, nstep=500)
    assert data.qpos == pytest.approx(arm.home, abs=1e-6)  # weight is carried, so nothing sags


def test_the_servos_of_an_arm_reach_what_they_are_told(arm: Arm) -> None:
    data = mujoco.MjData(arm.model)
    mujoco.mj_resetDataKeyframe(arm.model, data, arm.model.key(HOME).id)
    data.ctrl[:] = arm.home + 0.1
    mujoco.mj_step(arm.model, data, nstep=1500)
    assert data.qpos == pytest.approx(arm.home + 0.1, abs=0.01)  # after many settling times


def test_the_ur5_like_arm_has_the_published_dimensions() -> None:
    arm, angles = ur5.build(), np.array([0.3, -1.0, 0.7, 2.0, -0.4, 1.1])
    wanted = np.eye(4)
    for angle, row in zip(angles, PUBLISHED, strict=True):
        wanted = wanted @ denavit_hartenberg(angle, *row)
    pose = chain(arm.model, arm.tool).pose(angles)
    assert pose.translation == pytest.approx(wanted[:3, 3], abs=1e-12)  # rounding
    assert pose.rotation == pytest.approx(wanted[:3, :3], abs=1e-12)


def test_the_planar_arm_reaches_a_metre() -> None:
    straight = chain(planar.build().model, "tool").pose(np.zeros(2))
    assert straight.translation == pytest.approx([1, 0, 0])


def test_what_an_arm_lacks_is_told_with_what_there_is() -> None:
    spec = planar.build().spec
    with pytest.raises(UnknownNameError, match=r"Unknown site 'hand'. Known: tool"):
        read_arm(spec, tool="hand")
    spec.actuator("elbow").name = "ellbow"
    with pytest.raises(UnknownNameError, match=r"Did you mean 'elbow'"):
        read_arm(spec)
    spec.delete(spec.key(HOME))
    with pytest.raises(ModelError, match=r"keyframe 'home'"):
        read_arm(spec)
