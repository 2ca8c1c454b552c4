"""Actuators that no controller drives: they hold home; what they are told at the start."""

import math
from dataclasses import replace

import mujoco
import numpy as np
import pytest
from robots import HOME_ANGLES, JOINTS, OPTIONS, Save, build, each, resting, said, walker

from evoloco.controllers import sine
from evoloco.episode import Episode
from evoloco.errors import ModelError
from evoloco.fields import flatten
from evoloco.gait.energy import mechanical_energy
from evoloco.gait.joint_load import joint_power, joint_torque
from evoloco.morphologies import mjcf
from evoloco.morphology import HOME, Morphology
from evoloco.scenario import Scenario, Termination
from evoloco.servo import Servo
from evoloco.sim.simulator import Simulator

LEGS = each('<position name="JOINT_servo" joint="JOINT" kp="25" kv=".6"/>')
DOOR = '<motor name="closer" joint="hinge" gear="2"/>'
NECK = '<position name="nod" joint="neck" kp="3" kv=".1" gear="2"/>'
NEVER = Termination(min_height=0.0, max_tilt=math.pi, body_contact=False)


def walk(body: Morphology, duration: float = 0.6) -> Episode:
    """Legs that swing with 0.7 of every gene's range."""
    controller = sine.Controller(body)
    simulator = Simulator(
        body, controller, duration=duration, control_dt=0.02, termination=NEVER, threads=1
    )
    values = controller.space.decode(np.full(len(controller.space), 0.7))
    params = flatten(controller.parameters(values))[None]
    still = np.zeros(len(JOINTS))
    (episode,) = simulator.run(params, [Scenario(still, still)])
    return episode.copied()


def repeated(episode: Episode) -> tuple[mujoco.MjData, float]:
    """The episode's last state in plain MuJoCo, and the work of the robot's actuators [J]."""
    model, data, work = episode.morphology.model, resting(episode.morphology), 0.0
    own = episode.morphology.outputs
    for ctrl in episode["ctrl"]:
        data.ctrl[: len(JOINTS)] = ctrl
        for _ in range(episode.substeps):
            mujoco.mj_step(model, data)
            power = data.actuator_force[:own] * data.actuator_velocity[:own]
            work += np.maximum(power, 0).sum() * episode.physics_dt
    return data, work


def test_actuators_that_are_not_driven_keep_their_control_through_an_episode(save: Save) -> None:
    key = '<keyframe><key name="home" ctrl=".5 0 0 0 0 .7"/></keyframe>'
    body = build(save(walker(DOOR + LEGS + NECK, more=key)))
    assert (body.controls, body.outputs, body.model.nu) == (4, 5, 6)
    np.testing.assert_allclose(body.model.key(HOME).ctrl, [*HOME_ANGLES.values(), 0.7, 0.5])

    episode = walk(body)
    assert episode["ctrl"].shape[1] == 4
    _, work = repeated(episode)
    last = episode.columns.slices["qpos"]
    before_last, _ = repeated(_without_last(episode))
    np.testing.assert_allclose(episode.trace[-1, last], before_last.qpos, atol=1e-9)
    assert mechanical_energy(episode).sum() == pytest.approx(work, rel=1e-6)
    assert np.ptp(episode["qpos"][:, -1]) > 0.01  # the door swings
    neck = body.model.joint("neck").qposadr[0]
    np.testing.assert_allclose(episode["qpos"][-1, neck], 0.35, atol=0.15)  # 0.7 over its gear


def _without_last(episode: Episode) -> Episode:
    return replace(episode, trace=episode.trace[:-1])


def test_only_the_robots_own_actuators_count_as_its_work(save: Save) -> None:
    key = '<keyframe><key name="home" ctrl="0 0 0 0 9"/></keyframe>'
    still, pushed = (
        walk(build(save(walker(LEGS + DOOR, more=more), f"{len(more)}.xml"))) for more in ("", key)
    )
    assert np.ptp(pushed["qpos"][:, -1]) > np.ptp(still["qpos"][:, -1]) + 0.1
    np.testing.assert_allclose(mechanical_energy(pushed), mechanical_energy(still), atol=1e-12)


def test_torques_and_powers_are_those_of_the_driven_joints(save: Save) -> None:
    episode = walk(build(save(walker(NECK + LEGS))))
    assert joint_torque(episode).shape == joint_power(episode).shape == (len(episode), 4)
    frame = episode.to_frame()
    assert {"ctrl.left_hip", "actuator_force.nod", "positive_work.nod"} <= set(frame.columns)
    assert "ctrl.nod" not in frame.columns


def test_held_joints_keep_their_angle_at_home(save: Save) -> None:
    motor = '<motor name="nod" joint="neck" gear="2" ctrlrange="-1 1"/>'
    home = {**HOME_ANGLES, "neck": 0.5}
    for actuator, words in ((NECK, "actuator holds home"), (motor, "servo holds home")):
        body = build(save(walker(actuator + LEGS)), home=home)
        model, data = body.model, resting(body)
        for _ in range(200):
            mujoco.mj_step(model, data)
        assert data.joint("neck").qpos[0] == pytest.approx(0.5, abs=0.1)
        assert said(body, "neck", words)


def test_joints_are_held_and_freed_by_patterns(save: Save) -> None:
    limp, held = (build(save(walker(LEGS)), hold=hold) for hold in ((), ["n*"]))
    freed = build(save(walker(NECK + LEGS)), free=["neck"])
    assert (limp.model.nu, held.model.nu, freed.model.nu) == (4, 5, 4)
    assert held.model.actuator("neck").trnid[0] == held.model.joint("neck").id
    for body, key in ((limp, "hold"), (held, "hold"), (freed, "free")):
        assert said(body, "neck", f"`{key}`")


@pytest.mark.parametrize(
    ("actuator", "more"),
    [
        ('<adhesion name="grip" body="left_foot" gain="9" ctrlrange="0 1"/>', ""),
        ('<position name="cord" tendon="cord" kp="9"/>', "cord"),
        ('<motor name="cord" tendon="cord" gear="9"/>', "cord"),
        ('<general name="jet" site="back" gear="0 0 1 0 0 0"/>', ""),
        ('<damper name="brake" joint="left_hip" kv="1" ctrlrange="0 1"/>', ""),
    ],
)
def test_other_actuators_rest_and_give_no_force_at_home(
    save: Save, actuator: str, more: str
) -> None:
    cord = """<tendon><spatial name="cord"><site site="back"/><site site="chin"/></spatial>
      </tendon>"""
    body = build(save(walker(actuator + LEGS, more=cord if more else "")))
    data = resting(body)
    mujoco.mj_forward(body.model, data)
    assert data.actuator_force[4] == pytest.approx(0, abs=1e-9)
    assert said(body, "at home")


@pytest.mark.parametrize("inputs", ["expmap", "quat"])
def test_a_ball_joint_is_held_at_home_by_its_servo(save: Save, inputs: str) -> None:
    """Its servo has three or four controls, and three forces, all of them the robot's."""
    servo = f'<orientation name="nod" joint="ball" kp="3" kv=".1" input="{inputs}"/>'
    hinge = '<joint name="neck" axis="0 1 0" range="-90 90" />'
    text = walker(servo + LEGS)
    assert hinge in text
    turned = "<keyframe><key name='home' qpos='0 0 1 1 0 0 0 .9 .3 .1 .2 0 0 0 0 0'/></keyframe>"
    path = save(
        text.replace(hinge, '<joint name="ball" type="ball"/>').replace(
            "</mujoco>", f"{turned}</mujoco>"
        )
    )
    body = build(path)
    assert body.outputs == 7
    data = resting(body)
    assert data.joint("ball").qpos[1] == pytest.approx(0.3, abs=0.05)
    mujoco.mj_forward(body.model, data)
    np.testing.assert_allclose(data.actuator_force[4:7], 0, atol=1e-9)
    assert walk(body)["actuator_force"].shape[1] == 7


def test_a_tendon_that_moves_a_driven_joint_is_told(save: Save) -> None:
    cord = """<tendon><fixed name="cord"><joint joint="left_hip" coef="1"/>
      <joint joint="neck" coef="1"/></fixed></tendon>"""
    path = save(walker(LEGS + '<motor name="cord" tendon="cord"/>', more=cord))
    body = build(path)
    assert said(body, "'cord'", "left_hip")
    assert not said(body, "neck", "without an actuator")
    freed = build(path, free=["co*"])
    assert freed.model.nu == 4
    assert said(freed, "cord", "`free`")


def test_sensors_of_actuators_follow_them(save: Save) -> None:
    sensors = """<sensor><actuatorfrc name="hip" actuator="left_hip_servo"/>
      <actuatorfrc name="neck" actuator="nod"/></sensor>"""
    path = save(walker(NECK + LEGS, more=sensors))
    body = build(path)
    for name, actuator in (("hip", "left_hip"), ("neck", "nod")):
        assert body.model.sensor(name).objid[0] == body.model.actuator(actuator).id
    freed = build(path, free=["neck"])
    assert freed.model.nsensor == body.model.nsensor - 1
    assert said(freed, "'neck'", "sensor")


def test_an_actuator_with_the_name_of_a_driven_joint_makes_room_for_it(save: Save) -> None:
    body = build(save(walker('<position name="left_hip" joint="neck" kp="3"/>' + LEGS)))
    model = body.model
    assert model.actuator("left_hip").trnid[0] == model.joint("left_hip").id
    assert model.actuator(4).trnid[0] == model.joint("neck").id
    assert said(body, "'left_hip'", "called")


def test_actuators_of_a_group_that_is_switched_off_do_not_drive(save: Save) -> None:
    off = each('<motor name="off_JOINT" joint="JOINT" gear="9" group="0"/>')
    on = LEGS.replace("kp=", 'group="1" kp=')
    option = 'timestep="0.002" integrator="implicitfast" actuatorgroupdisable="0"'
    for actuators in (off + on, off):
        body = build(save(walker(actuators, option=option)))
        data = resting(body)
        data.ctrl[:4] += 0.1
        mujoco.mj_forward(body.model, data)
        for joint in JOINTS:
            assert data.joint(joint).qfrc_actuator[0] > 0.1

    flag = option + '><flag actuation="disable"/></option><option timestep="0.002"'
    with pytest.raises(ModelError, match="actuation"):
        build(save(walker(LEGS, option=flag)))


# States at home


@pytest.mark.parametrize(
    "actuator",
    [
        '<position joint="JOINT" kp="25" kv=".6" timeconst=".1"/>',
        '<general joint="JOINT" gainprm="25" biastype="affine" biasprm="0 -25 -.6" '
        'dyntype="filter" dynprm=".1"/>',
        '<pid joint="JOINT" kp="25" kv=".6" slewmax="2" ki="1"/>',
        '<position joint="JOINT" kp="25" kv=".6" delay=".03" nsample="15"/>',
    ],
)
def test_servos_with_memory_begin_as_if_they_had_always_been_at_home(
    save: Save, actuator: str
) -> None:
    """Episodes that answer home all the time begin without a torque."""
    body = build(save(walker(each(actuator) + NECK)))
    episode = walk(body, 0.1)
    assert episode["actuator_force"][0] == pytest.approx(np.zeros(5), abs=1e-9)


def test_a_filtered_servo_stands_like_one_without_a_filter(save: Save) -> None:
    plain, filtered = (
        build(save(walker(each(f'<position joint="JOINT" kp="25" kv=".6" {more}/>'))))
        for more in ("", 'timeconst=".1"')
    )
    for body in (plain, filtered):
        data = resting(body)
        for _ in range(100):
            mujoco.mj_step(body.model, data)
        if body is plain:
            wanted = data.qpos.copy()
    np.testing.assert_allclose(data.qpos, wanted, atol=1e-9)


# Muscles

MUSCLES = each('<muscle name="JOINT" joint="JOINT" force="30" lengthrange="-1 1"/>')


def test_muscles_that_move_every_driven_joint_are_the_controls(save: Save) -> None:
    body = build(save(walker(NECK + MUSCLES)))
    assert [muscle.name for muscle in body.muscles] == [f"{joint}_muscle" for joint in JOINTS]
    assert (body.controls, body.outputs) == (4, 5)
    assert body.muscles[0].partner == "left_hip_muscle".replace("left", "right")
    assert said(body, "left_hip_muscle")
    with pytest.raises(ModelError, match=r"muscle_fsm.*servo"):
        sine.Controller(body)


def test_a_muscles_force_follows_from_its_scale_where_the_file_gives_none(save: Save) -> None:
    body = build(save(walker(MUSCLES.replace('force="30"', 'scale="200"'))))
    data = resting(body)
    data.act[:], data.ctrl[:] = 1, 1
    mujoco.mj_forward(body.model, data)
    assert 0 < -data.actuator_force[0] <= body.muscles[0].max_force * 2.5


@pytest.mark.parametrize("servo", [None, "xm430"])
def test_muscles_beside_servos_rest(save: Save, servo: str | None) -> None:
    actuators = MUSCLES + (LEGS if servo is None else "")
    body = build(save(walker(actuators)), servo=servo)
    assert body.muscles == ()
    assert (body.controls, body.model.nu) == (4, 8)
    np.testing.assert_array_equal(body.model.key(HOME).ctrl[4:], 0)
    assert said(body, *JOINTS, "muscle")


def test_one_muscle_that_does_not_move_every_joint_rests_beside_servos(save: Save) -> None:
    cord = """<tendon><spatial name="cord"><site site="back"/><site site="chin"/></spatial>
      </tendon>"""
    muscle = '<muscle name="cord" tendon="cord" force="10" lengthrange=".05 .5"/>'
    body = build(save(walker(muscle, more=cord)))
    assert (body.controls, body.model.nu, body.muscles) == (4, 5, ())
    assert said(body, "'cord'", "muscle")


def test_plugins_are_refused(save: Save) -> None:
    plugin = """<mujoco><extension><plugin plugin="mujoco.pid"/></extension>"""
    text = walker(LEGS + '<plugin name="p" joint="neck" plugin="mujoco.pid" actdim="0"/>')
    with pytest.raises(ModelError, match=r"'p'.*pid"):
        build(save(text.replace("<mujoco>", plugin, 1)))


# What stays


FIELDS = (
    *("body_mass", "body_inertia", "dof_armature", "dof_damping", "dof_frictionloss"),
    *("jnt_range", "jnt_actfrcrange", "jnt_stiffness", "geom_friction", "geom_solref"),
    *("geom_solimp", "geom_condim", "geom_margin", "geom_priority", "geom_contype"),
    *("eq_data", "tendon_range", "exclude_signature", "body_gravcomp"),
)
OF_ACTUATOR = (
    *("gear", "gainprm", "biasprm", "dynprm", "forcerange", "forcelimited", "gaintype"),
    *("biastype", "dyntype", "damping", "armature", "delay", "actrange", "cranklength"),
)


@pytest.mark.parametrize("integrator", ["Euler", "implicit", "RK4"])
def test_the_model_is_the_users_apart_from_what_is_told(save: Save, integrator: str) -> None:
    more = """<equality><joint joint1="neck" joint2="left_hip" polycoef="0 .1 0 0 0"/></equality>
      <contact><exclude body1="left_foot" body2="right_foot"/></contact>"""
    path = save(
        walker(
            LEGS.replace('kv=".6"', 'kv=".02" forcerange="-9 9" ctrlrange="-1 2"') + NECK + DOOR,
            more=more,
            joint='stiffness=".3" actuatorfrcrange="-20 20"',
            foot='friction="1.5 .02 .003" condim="4" solref=".01 .9" margin=".001"',
            option=f'timestep="0.001" cone="elliptic" impratio="3" integrator="{integrator}" '
            'iterations="20" density="1.2"',
        )
    )
    body, theirs = build(path), mujoco.MjModel.from_xml_path(path)
    ours = body.model
    assert (ours.nq, ours.nv, ours.na, ours.nu) == (theirs.nq, theirs.nv, theirs.na, theirs.nu)
    for field in FIELDS:
        np.testing.assert_array_equal(getattr(ours, field), getattr(theirs, field), field)
    for option in dir(theirs.opt):
        if not option.startswith("_"):
            np.testing.assert_array_equal(getattr(ours.opt, option), getattr(theirs.opt, option))
    for field in OF_ACTUATOR:
        np.testing.assert_array_equal(
            getattr(ours, f"actuator_{field}"), getattr(theirs, f"actuator_{field}"), field
        )
    assert not any("servo" in sentence for sentence in body.told)
    assert ours.opt.integrator == theirs.opt.integrator


@pytest.mark.filterwarnings("ignore:.*falls at home")
def test_euler_integration_is_replaced_where_the_robot_diverges_with_it(save: Save) -> None:
    belt = """<tendon><fixed name="belt" damping="80"><joint joint="left_hip" coef="1"/>
      <joint joint="left_knee" coef="1"/></fixed></tendon>"""
    path = save(walker(LEGS, more=belt, option='timestep="0.002" integrator="Euler"'))
    body = mjcf.build(path, **OPTIONS)
    assert body.model.opt.integrator == mujoco.mjtIntegrator.mjINT_IMPLICITFAST
    assert said(body, "Euler", "diverges")
    assert build(path).model.opt.integrator == mujoco.mjtIntegrator.mjINT_IMPLICITFAST


def test_damping_of_the_joint_steadies_that_of_its_servo_under_euler_integration(
    save: Save,
) -> None:
    """Euler integration is implicit in the damping of joints, which adds to their inertia."""
    quick = each('<position joint="JOINT" kp="30" kv="9"/>')
    for damping, replaced in (("9", False), (".2", True)):
        text = walker(quick, option='timestep="0.002" integrator="Euler"')
        body = build(save(text.replace('damping=".2"', f'damping="{damping}"')))
        assert said(body, "Euler", "left_hip", "faster than a step") == replaced


@pytest.mark.parametrize("integrator", ["Euler", "RK4"])
def test_an_explicit_integrator_is_replaced_for_a_servo_that_damps_faster_than_a_step(
    save: Save, integrator: str
) -> None:
    text = walker(option=f'timestep="0.002" integrator="{integrator}"')
    path = save(text.replace('armature=".01"', 'armature="0"'))
    servo = Servo(stall_torque=9.0, no_load_speed=3.0, stiffness=30.0)
    assert said(build(path, servo=servo), integrator, "left_knee", "faster than a step")


# The added floor


@pytest.mark.parametrize("priority", [0, 2, -1])
def test_in_contacts_with_an_added_floor_the_feet_rule(save: Save, priority: int) -> None:
    own = f'friction=".4 .02 .003" condim="6" solref=".008 1.2" priority="{priority}"'
    default = '<geom margin=".001" friction="1.1 .1 .1" solref=".03 1"/>'
    body = build(save(walker(LEGS, foot=own, floor="", default=default)))
    model, data = body.model, resting(body)
    for _ in range(20):
        mujoco.mj_step(model, data)
    touching = [
        contact
        for contact in data.contact
        if model.geom("left_sole").id in contact.geom and contact.dim > 1
    ]
    assert touching
    for contact in touching:
        assert contact.dim == 6
        np.testing.assert_allclose(contact.friction, [0.4, 0.4, 0.02, 0.003, 0.003])
        np.testing.assert_allclose(contact.solref, [0.008, 1.2])
        np.testing.assert_allclose(contact.solimp, model.geom("left_sole").solimp)
        assert contact.includemargin == pytest.approx(0.001)
