"""Actuators of a user's file, against MuJoCo's own simulation of that file."""

from collections.abc import Callable
from typing import Any

import mujoco
import numpy as np
import pytest
from robots import (
    HOME_ANGLES,
    JOINTS,
    OPTIONS,
    Save,
    at,
    build,
    control,
    each,
    resting,
    said,
    torques,
    walker,
)

from evoloco.errors import ModelError, UnknownNameError
from evoloco.morphologies import mjcf
from evoloco.morphology import HOME
from evoloco.servo import Servo

# Position actuators: at the same target angle, the torques of the user's model


@pytest.mark.parametrize(
    ("actuator", "command"),
    [
        ('<position name="JOINT" joint="JOINT" kp="20" kv=".4"/>', lambda angle: angle),
        ('<position name="JOINT" joint="JOINT" kp="2" kv=".1" gear="3"/>', lambda angle: 3 * angle),
        ('<position name="JOINT" joint="JOINT" kp="2" gear="-3"/>', lambda angle: -3 * angle),
        (
            '<position name="JOINT" joint="JOINT" kp="20" dampratio="1" inheritrange=".8"/>',
            lambda angle: angle,
        ),
        (
            '<position name="JOINT" joint="JOINT" kp="9" dampratio=".7" gear="2" '
            'forcerange="-1 .8"/>',
            lambda angle: 2 * angle,
        ),
        (
            '<general name="JOINT" joint="JOINT" gainprm="5" biastype="affine" '
            'biasprm="1.5 -20 -.3" gear="0.5"/>',
            lambda angle: (20 * 0.5 * angle - 1.5) / 5,
        ),
        ('<pid name="JOINT" joint="JOINT" kp="20" kv=".4"/>', lambda angle: angle),
        ('<pid name="JOINT" joint="JOINT" kp="2" kv=".1" gear="-3"/>', lambda angle: -3 * angle),
        (
            '<dcmotor name="JOINT" joint="JOINT" nominal="12 3 6" input="pos" gear="2" '
            'controller="4 0 .2 0 0 9"/>',
            lambda angle: 2 * angle,
        ),
    ],
)
def test_a_position_actuator_keeps_its_torques_and_takes_the_angle_of_its_joint(
    save: Save, actuator: str, command: Callable[[float], float]
) -> None:
    path = save(walker(each(actuator)))
    ours, theirs = build(path).model, mujoco.MjModel.from_xml_path(path)
    assert [ours.actuator(index).name for index in range(len(JOINTS))] == JOINTS
    for seed in range(20):
        target = np.random.default_rng(seed).uniform(-0.15, 0.6, len(JOINTS))
        found, expected = at(ours, seed), at(theirs, seed)
        found.ctrl[: len(JOINTS)] = target
        for joint, angle in zip(JOINTS, target, strict=True):
            control(theirs, expected, joint)[0] = command(angle)
        np.testing.assert_allclose(torques(ours, found), torques(theirs, expected), rtol=1e-12)


@pytest.mark.parametrize(
    ("actuator", "gear"),
    [
        ('<position name="JOINT" joint="JOINT" kp="20" kv=".4" timeconst=".05"/>', 1),
        ('<position name="JOINT" joint="JOINT" kp="5" kv=".1" gear="2" timeconst=".05"/>', 2),
        ('<position name="JOINT" joint="JOINT" kp="20" kv=".4" nsample="5" delay=".01"/>', 1),
        ('<pid name="JOINT" joint="JOINT" kp="9" ki="20" kv=".2" imax=".02" slewmax="3"/>', 1),
        (
            '<pid name="JOINT" joint="JOINT" kp="3" ki="6" kv=".1" imax=".02" slewmax="3" gear="2" '
            'armature=".002" damping=".01 .02 .03"/>',
            2,
        ),
        (
            '<dcmotor name="JOINT" joint="JOINT" nominal="12 3 6" input="pos" gear="2" '
            'inductance=".02 0" controller="4 3 .2 4 .1 9"/>',
            2,
        ),
    ],
)
def test_actuators_with_a_state_move_the_robot_as_in_the_users_model(
    save: Save, actuator: str, gear: float
) -> None:
    """The two start with states at home and 0.1 s after a new command are still together."""
    path = save(walker(each(actuator)))
    ours, theirs = build(path).model, mujoco.MjModel.from_xml_path(path)
    found, expected = mujoco.MjData(ours), mujoco.MjData(theirs)
    mujoco.mj_resetDataKeyframe(ours, found, ours.key(HOME).id)
    expected.qpos[:] = found.qpos
    theirs_at_home = np.array([gear * HOME_ANGLES[joint] for joint in JOINTS])
    for place, joint in enumerate(JOINTS):
        control(theirs, expected, joint)[0] = theirs_at_home[place]
    first = theirs.actuator_actadr[theirs.actuator_actnum > 0]
    expected.act[first] = theirs_at_home if len(first) else []
    for model, data in ((ours, found), (theirs, expected)):
        _fill(model, data)

    assert torques(ours, found) == pytest.approx(np.zeros(len(JOINTS)), abs=1e-12)
    found.ctrl[: len(JOINTS)] += 0.2
    for joint in JOINTS:
        control(theirs, expected, joint)[0] += 0.2 * gear
    for _ in range(50):
        mujoco.mj_step(ours, found)
        mujoco.mj_step(theirs, expected)
    np.testing.assert_allclose(found.qpos, expected.qpos, atol=1e-9)


def _fill(model: mujoco.MjModel, data: mujoco.MjData) -> None:
    """Lets delayed actuators have had their control for long."""
    for index in range(model.nactuator):
        if samples := int(model.actuator_history[index, 0]):
            value = data.ctrl[model.actuator_ctrladr[index]]
            mujoco.mj_initCtrlHistory(model, data, index, None, np.full(samples, value))


@pytest.mark.parametrize("limits", ["", 'forcerange="-.6 .5"'])
def test_a_velocity_actuator_at_rest_stays_the_damping_of_the_position_actuator_beside_it(
    save: Save, limits: str
) -> None:
    pair = (
        f'<position name="JOINT" joint="JOINT" kp="20" kv=".1" {limits}/>'
        '<velocity name="JOINT_v" joint="JOINT" kv=".5" gear="2"/>'
    )
    path = save(walker(each(pair)))
    body, theirs = build(path), mujoco.MjModel.from_xml_path(path)
    for seed in range(20):
        target = np.random.default_rng(seed).uniform(-0.15, 0.6, len(JOINTS))
        found, expected = at(body.model, seed), at(theirs, seed)
        found.ctrl[: len(JOINTS)] = target
        expected.ctrl[::2] = target
        np.testing.assert_allclose(
            torques(body.model, found), torques(theirs, expected), rtol=1e-12
        )
    assert body.model.nactuator == (2 * len(JOINTS) if limits else len(JOINTS))
    assert said(body, *JOINTS, "velocity")


def test_an_integrated_velocity_becomes_a_position_with_the_same_gain(save: Save) -> None:
    actuator = '<intvelocity name="JOINT" joint="JOINT" kp="20" kv=".3" actrange="-.5 .7"/>'
    path = save(walker(each(actuator)))
    body, theirs = build(path), mujoco.MjModel.from_xml_path(path)
    found, expected = at(body.model, 1), at(theirs, 1)
    found.ctrl[:], expected.act[:] = 0.4, 0.4
    np.testing.assert_allclose(torques(body.model, found), torques(theirs, expected), rtol=1e-12)
    np.testing.assert_allclose(body.model.actuator_ctrlrange, [[-0.5, 0.7]] * len(JOINTS))
    assert said(body, "no longer a velocity")


# Motors


def test_a_motor_becomes_a_position_servo_within_the_same_torque_and_with_its_gear(
    save: Save,
) -> None:
    motor = (
        '<motor name="m_JOINT" joint="JOINT" gear="40" ctrlrange="-1 1" forcerange="-.5 .6" '
        'armature="1e-5" damping="1e-5"/>'
    )
    path = save(walker(each(motor)))
    body, theirs = build(path), mujoco.MjModel.from_xml_path(path)
    model = body.model
    for field in ("gear", "armature", "damping", "forcerange"):
        np.testing.assert_array_equal(
            getattr(model, f"actuator_{field}"), getattr(theirs, f"actuator_{field}")
        )
    for sign, limit in ((1, 24), (-1, -20)):
        data = at(model, 0)
        data.ctrl[:] = 100 * sign
        model.actuator_ctrllimited[:] = False
        np.testing.assert_allclose(torques(model, data), limit)

    np.testing.assert_allclose(torques(model, data := resting(body)), 0, atol=1e-12)
    data.ctrl[0] += 0.01
    stiffness = torques(model, data)[0] / 0.01
    assert 10 < stiffness <= 24 / 0.2 + 1e-9
    assert said(body, *JOINTS, "motor of ±24 N m", "N m/rad")
    assert body.joint("left_knee").high == pytest.approx(np.deg2rad(100))


def test_a_motors_torque_is_bounded_by_its_joint(save: Save) -> None:
    motor = '<motor name="JOINT" joint="JOINT" gear="40" ctrlrange="-1 1"/>'
    body = build(save(walker(each(motor), joint='actuatorfrcrange="-7 8"')))
    np.testing.assert_allclose(body.model.actuator_forcerange, [[-7 / 40, 8 / 40]] * len(JOINTS))
    np.testing.assert_allclose(body.model.jnt_actfrcrange[body.model.joint("left_hip").id], [-7, 8])


def test_the_force_of_an_actuator_is_what_its_joint_lets_through(save: Save) -> None:
    actuator = '<position name="JOINT" joint="JOINT" kp="50" gear="-2"/>'
    path = save(walker(each(actuator), joint='actuatorfrcrange="-3 4"'))
    body, theirs = build(path), mujoco.MjModel.from_xml_path(path)
    for seed in range(10):
        found, expected = at(body.model, seed), at(theirs, seed)
        found.ctrl[:], expected.ctrl[:] = 0.5, -1
        wanted = torques(theirs, expected)
        np.testing.assert_allclose(torques(body.model, found), wanted)
        np.testing.assert_allclose(-2 * found.actuator_force, wanted)
    assert said(body, "left_hip", "4 N m")


@pytest.mark.parametrize(
    "actuators",
    [
        each('<motor name="JOINT" joint="JOINT" gear="30" ctrlrange="-1 1"/>'),
        each('<motor name="JOINT" joint="JOINT"/>'),
        each('<velocity name="JOINT" joint="JOINT" kv=".5" forcerange="-20 20"/>'),
        each('<dcmotor name="JOINT" joint="JOINT" nominal="24 20 15" ctrlrange="-24 24"/>'),
        each('<dcmotor name="JOINT" joint="JOINT" nominal="24 2 150" gear="10"/>'),
        "",
    ],
)
@pytest.mark.parametrize("integrator", ["Euler", "implicitfast"])
def test_servos_of_our_own_sizing_hold_the_robot_at_home_and_move_it(
    save: Save, actuators: str, integrator: str
) -> None:
    """On its feet it sags by less than 0.1 rad; in the air it follows a step and comes to rest."""
    path = save(walker(actuators, option=f'timestep="0.002" integrator="{integrator}"'))
    body = mjcf.build(path, **OPTIONS)
    data, model = resting(body), body.model
    for _ in range(500):
        mujoco.mj_step(model, data)
    angles = np.array([data.joint(joint).qpos[0] for joint in JOINTS])
    np.testing.assert_allclose(angles, list(HOME_ANGLES.values()), atol=0.1)
    assert data.body("trunk").xpos[2] > 0.9 * body.standing_height

    model.opt.gravity[:], data.qpos[2], data.qvel[:] = 0, 1, 0
    data.ctrl[: len(JOINTS)] += [-0.2, 0.4, -0.2, 0.4]
    for _ in range(250):
        mujoco.mj_step(model, data)
    moved = np.array([data.joint(joint).qpos[0] for joint in JOINTS]) - angles
    np.testing.assert_allclose(moved, [-0.2, 0.4, -0.2, 0.4], atol=0.1)
    assert max(abs(data.joint(joint).qvel[0]) for joint in JOINTS) < 0.1


def test_motors_stay_where_the_run_file_asks_for_torques(save: Save) -> None:
    motor = '<motor name="m_JOINT" joint="JOINT" gear="40" ctrlrange="-1 1"/>'
    path = save(walker(each(motor) + '<motor joint="neck" gear="5" ctrlrange="-1 1"/>'))
    body = build(path, control="torque")
    assert body.torques
    assert body.controls == len(JOINTS)
    np.testing.assert_array_equal(body.model.key(HOME).ctrl, 0)
    theirs = mujoco.MjModel.from_xml_path(path)
    first = slice(len(JOINTS))
    np.testing.assert_array_equal(
        body.model.actuator_gainprm[first], theirs.actuator_gainprm[first]
    )
    with pytest.raises(ModelError, match=r"control = \"torque\".*'left_hip'"):
        build(save(walker(each('<position joint="JOINT" kp="9"/>'))), control="torque")


# Servos that the run file asks for


def test_a_servo_keeps_what_its_table_does_not_name(save: Save) -> None:
    motor = '<motor joint="JOINT" gear="40" ctrlrange="-1 1"/>'
    path, table = save(walker(each(motor))), {"stall_torque": 9.0, "no_load_speed": 8.0}
    plain = mujoco.MjModel.from_xml_path(path)
    for extra, armature in (({}, 0.01), ({"armature": 0.03}, 0.03)):
        servo = Servo(**table, stiffness=30.0, **extra)
        body = build(path, servo=servo)
        dofs = [int(body.model.joint(joint).dofadr[0]) for joint in JOINTS]
        np.testing.assert_allclose(body.model.dof_armature[dofs], armature)
        np.testing.assert_array_equal(body.model.dof_frictionloss, plain.dof_frictionloss)
        np.testing.assert_array_equal(body.model.dof_damping, plain.dof_damping)
        assert body.has_motors
        assert said(body, "9 N m at rest", "servo")
        assert said(body, "armature", "0.03", "0.01") == bool(extra)


def test_servos_are_given_by_patterns_of_joints(save: Save) -> None:
    position = each('<position joint="JOINT" kp="17"/>', ["left_knee", "right_knee"])
    servo = Servo(stall_torque=9.0, no_load_speed=8.0, stiffness=30.0)
    body = build(save(walker(position)), servo={"left_knee": "xm430", "*_hip": servo})
    kinds = body.model.actuator_gaintype == mujoco.mjtGain.mjGAIN_DCMOTOR
    np.testing.assert_array_equal(kinds, [True, True, True, False])
    assert body.model.actuator("left_hip").gainprm[4] == 30.0
    assert body.model.actuator("left_knee").gainprm[4] == pytest.approx(21.1)
    assert body.model.actuator("right_knee").gainprm[0] == 17.0


def test_a_servo_takes_nothing_from_the_files_defaults(save: Save) -> None:
    default = '<general gear="7" forcerange="-.1 .1" ctrlrange="0 .1" biasprm="1 2 3"/>'
    for servo in (None, "xm430"):
        plain, other = (build(save(walker(default=text)), servo=servo) for text in ("", default))
        for field in ("gear", "forcerange", "ctrlrange", "biasprm", "gainprm"):
            np.testing.assert_array_equal(
                getattr(plain.model, f"actuator_{field}"),
                getattr(other.model, f"actuator_{field}"),
            )


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"servo": "xm43"}, ["servo 'xm43'", "xm430"]),
        ({"servo": {"*_ankle": "xm430"}}, ["*_ankle", "left_knee"]),
        ({"servo": {"*_knee": "xm43"}}, ["servo 'xm43'"]),
        ({"hold": ["nek"]}, ["nek", "neck"]),
        ({"free": ["*_hip"]}, ["*_hip", "left_hip", "joints"]),
        ({"hold": ["neck"], "free": ["n*"]}, ["neck", "hold", "free"]),
    ],
)
def test_wishes_that_do_not_fit_the_robot_are_refused(
    save: Save, options: dict[str, Any], words: list[str]
) -> None:
    with pytest.raises((UnknownNameError, ModelError)) as refused:
        build(save(walker()), **options)
    assert all(word in str(refused.value) for word in words)


def test_a_urdfs_limits_of_torque_and_speed_are_those_of_its_servos(save: Save) -> None:
    legs = "".join(
        f"""<link name="{side}_leg"><inertial><origin xyz="0 0 -.1"/><mass value=".5"/>
         <inertia ixx=".01" iyy=".01" izz=".01" ixy="0" ixz="0" iyz="0"/></inertial>
         <collision><origin xyz="0 0 -.2"/><geometry><sphere radius=".02"/></geometry></collision>
         </link><joint name="{side}_hip" type="revolute"><parent link="trunk"/>
         <child link="{side}_leg"/><origin xyz="0 {y} 0"/><axis xyz="0 1 0"/>
         <limit lower="-1" upper="1" effort="6" velocity="{speed}"/></joint>"""
        for side, y, speed in (("left", 0.1, 5), ("right", -0.1, 0))
    )
    head = """<link name="head"><inertial><mass value=".2"/>
      <inertia ixx=".01" iyy=".01" izz=".01" ixy="0" ixz="0" iyz="0"/></inertial></link>
      <joint name="neck" type="revolute"><parent link="trunk"/><child link="head"/>
      <axis xyz="0 1 0"/><limit lower="-1" upper="1" effort="3" velocity="5"/></joint>"""
    text = f"""<robot name="r">{head}<link name="trunk"><inertial><mass value="1"/>
      <inertia ixx=".01" iyy=".01" izz=".01" ixy="0" ixz="0" iyz="0"/></inertial></link>{legs}
      </robot>"""
    legs_only = {"torso": "trunk", "feet": ["left_leg", "right_leg"], "home": {}}
    path = save(text, "r.urdf")
    body = build(path, **legs_only, joints=["left_hip", "right_hip"])
    model, data = body.model, resting(body)
    assert model.actuator("neck").id == 2
    assert said(body, "neck", "holds home")
    freed = build(path, **legs_only, joints=["left_hip", "right_hip"], free=["neck"])
    assert freed.model.nu == 2

    data.ctrl[:] = 100
    model.actuator_ctrllimited[:] = False

    def torque_at(speed: float) -> list[float]:
        for joint in ("left_hip", "right_hip"):
            data.joint(joint).qvel = speed
        mujoco.mj_forward(model, data)
        return [data.joint(joint).qfrc_actuator[0] for joint in ("left_hip", "right_hip")]

    assert torque_at(0) == pytest.approx([6, 6])
    assert torque_at(5) == pytest.approx([0, 6])
    assert said(body, "left_hip", "5 rad/s")
    assert said(body, "right_hip", "the file's limit")
