"""The human with motors: controls that are torques, on the body that muscles move."""

from functools import cache

import mujoco
import numpy as np
import pytest

from evoloco.ending import COMPLETED
from evoloco.episode import Columns, Episode
from evoloco.errors import ModelError
from evoloco.gait.energy import electrical_energy
from evoloco.members import member
from evoloco.morphologies import biped, muscle_biped
from evoloco.morphology import HOME, Morphology, assemble
from evoloco.report.signals import joint_curves

SERVO = ("sine", "hopf", "matsuoka", "phase", "rulkov", "vanderpol")
BONES = (
    "body_mass",
    "body_inertia",
    "body_ipos",
    "body_pos",
    "jnt_pos",
    "jnt_axis",
    "jnt_range",
    "dof_damping",
    "dof_armature",
    "geom_size",
    "geom_pos",
    "geom_friction",
    "geom_conaffinity",
)


@cache
def human() -> Morphology:
    morphology: Morphology = muscle_biped.build(drive="motors")
    return morphology


def test_a_motor_exerts_its_control_on_its_joint_up_to_its_limit() -> None:
    body = human()
    model, data = body.model, mujoco.MjData(body.model)
    assert (body.torques, body.muscles) == (True, ())
    mujoco.mj_resetDataKeyframe(model, data, model.key(HOME).id)
    limits = [muscle_biped.TORQUES[joint.stem] for joint in body.joints]
    random = np.random.default_rng(0)
    for torques in (
        random.uniform(-90, 90, model.nu),
        np.full(model.nu, 1e4),
        np.full(model.nu, -1e4),
    ):
        data.ctrl[:] = torques
        mujoco.mj_forward(model, data)
        wanted = np.clip(torques, -np.array(limits), limits)
        for joint, torque in zip(body.joints, wanted, strict=True):
            assert data.joint(joint.name).qfrc_actuator[0] == pytest.approx(torque)
    assert not data.qfrc_actuator[:3].any()  # nothing holds the body up


def test_it_is_the_body_that_muscles_move() -> None:
    body, other = human(), muscle_biped.build()
    for field in BONES:
        np.testing.assert_array_equal(
            getattr(body.model, field), getattr(other.model, field), field
        )
    np.testing.assert_array_equal(body.model.key(HOME).qpos, other.model.key(HOME).qpos)
    np.testing.assert_array_equal(body.model.key(HOME).qvel, other.model.key(HOME).qvel)
    assert body.joints == other.joints
    assert not body.model.key(HOME).ctrl.any()
    assert (other.torques, biped.build().torques) == (False, False)


def test_limits_are_those_of_the_joints_not_of_the_torques() -> None:
    for joint in human().joints:
        low, high = human().model.joint(joint.name).range
        assert (joint.low, joint.high) == (low, high)


@pytest.mark.parametrize("name", SERVO)
def test_controllers_of_servos_refuse_torques(name: str) -> None:
    with pytest.raises(
        ModelError, match="tells servos angles; the motors of this body take torques"
    ):
        member("controllers", name).Controller(human())


def test_motors_among_servos_are_refused() -> None:
    spec = mujoco.MjSpec.from_string("""
        <mujoco><worldbody><body name="torso"><freejoint/><geom size="0.1"/>
        <body name="foot" pos="0 0 -0.2"><joint name="hip" axis="0 1 0"/>
        <joint name="knee" axis="0 1 0"/><geom size="0.1"/></body></body>
        <geom type="plane" size="0 0 1"/></worldbody><actuator><motor name="hip" joint="hip"/>
        <position name="knee" joint="knee" kp="9"/></actuator>
        <keyframe><key name="home" qpos="0 0 0.3 1 0 0 0 0 0"/></keyframe></mujoco>""")
    with pytest.raises(ModelError, match=r"\['hip'\] take a torque, but \['knee'\] do not"):
        assemble(spec, "torso", ["foot"], ["hip", "knee"])


def working(body: Morphology) -> Episode:
    """Every actuator pulls or turns with 2 [N, N m], every joint at 3 rad/s."""
    columns = Columns(body, 1)
    episode = Episode(body, columns, np.zeros((4, columns.size)), COMPLETED, 0.01, 4)
    episode["actuator_force"][:] = 2.0
    for joint in body.joints:
        episode.sensor(f"joint.{joint.name}.velocity")[:] = 3.0
    return episode


def test_torques_and_muscles_have_no_electrical_side() -> None:
    with pytest.raises(ModelError, match=r"not all actuators of hip_left, .* are"):
        electrical_energy(working(human()))
    with pytest.raises(ModelError, match=r"this body has muscles\. Ask for effort"):
        electrical_energy(working(muscle_biped.build()))


def test_a_torque_is_not_drawn_as_the_target_of_an_angle() -> None:
    servos = joint_curves(working(biped.build()), (0.0, 0.03))
    motors = joint_curves(working(human()), (0.0, 0.03))
    assert {curve.what for curve in servos} == {"", "target"}
    assert {curve.what for curve in motors} == {""}
