import json

import mujoco
import numpy as np
import pytest

from evoloco.errors import ModelError, SpecError, UnknownNameError
from evoloco.identify import body_file, numbers
from evoloco.members import members
from evoloco.morphologies import (
    biped,
    fitted,
    hopper,
    humanoid,
    mjcf,
    op3_class,
    planar_biped,
    quadruped,
    walker,
    xl330_biped,
)
from evoloco.morphology import GRAVITY, HOME
from evoloco.options import checked
from evoloco.servo import SERVOS, XM430, Servo

LEGS = {"FL": (0.12, 0.08), "RL": (-0.12, 0.08), "FR": (0.12, -0.08), "RR": (-0.12, -0.08)}
DOG = {
    "torso": "trunk",
    "feet": [f"{leg}_foot" for leg in LEGS],
    "joints": [f"{leg}_{joint}" for leg in LEGS for joint in ("hip", "knee")],
    "home": {
        f"{leg}_{joint}": angle for leg in LEGS for joint, angle in (("hip", 0.5), ("knee", -1.0))
    },
}


def dog(actuators="", world="", trunk="") -> str:
    """An MJCF file in degrees, as a user has it: no floor, no free joint, no keyframe."""
    legs = "".join(
        f"""<body name="{leg}_thigh" pos="{x} {y} 0">
          <joint name="{leg}_hip" axis="0 1 0" range="-60 60"/>
          <geom type="capsule" fromto="0 0 0 0 0 -.1" size=".02" mass=".1"/>
          <body name="{leg}_shank" pos="0 0 -.1">
           <joint name="{leg}_knee" axis="0 1 0" range="-120 5"/>
           <geom type="capsule" fromto="0 0 0 0 0 -.1" size=".015" mass=".06"/>
           <body name="{leg}_foot" pos="0 0 -.1"><geom type="sphere" size=".02" mass=".02"/></body>
          </body></body>"""
        for leg, (x, y) in LEGS.items()
    )
    return f"""<mujoco><worldbody>{world}<body name="trunk" pos="0 0 1">{trunk}
      <geom type="box" size=".15 .08 .04" mass="1"/>{legs}</body></worldbody>
      <actuator>{actuators}</actuator></mujoco>"""


def link(name: str, mass: float, shape: str, place: str = "0 0 0") -> str:
    inertia = " ".join(f'{axis}="{mass / 100}"' for axis in ("ixx", "iyy", "izz"))
    return f"""<link name="{name}"><inertial><origin xyz="{place}"/><mass value="{mass}"/>
      <inertia {inertia} ixy="0" ixz="0" iyz="0"/></inertial>
      <collision><origin xyz="{place}"/><geometry>{shape}</geometry></collision></link>"""


def urdf() -> str:
    """A URDF biped: fixed feet, a welded base, and no floor, as such files are."""
    links, joints = link("base", 1.0, '<box size=".1 .2 .1"/>'), ""
    for side, y in (("l", 0.06), ("r", -0.06)):
        links += link(f"leg_{side}", 0.2, '<cylinder length=".2" radius=".02"/>', "0 0 -.1")
        links += link(f"foot_{side}", 0.1, '<box size=".16 .06 .01"/>')
        joints += f"""<joint name="hip_{side}" type="revolute">
          <parent link="base"/><child link="leg_{side}"/>
          <origin xyz="0 {y} -.05"/><axis xyz="0 1 0"/>
          <limit lower="-1" upper="1" effort="5" velocity="5"/></joint>
          <joint name="ankle_{side}" type="fixed">
          <parent link="leg_{side}"/><child link="foot_{side}"/>
          <origin xyz="0 0 -.2"/></joint>"""
    return f'<robot name="walker">{links}{joints}</robot>'


@pytest.fixture
def save(tmp_path):
    def write(text, name="body.xml"):
        path = tmp_path / name
        path.write_text(text)
        return str(path)

    return write


FITTED = json.dumps(
    {
        "format": body_file.FORMAT,
        "morphology": {"name": "biped"},
        "model": "m1",
        "values": {one.name: one.nominal for one in numbers.numbers(biped.build())},
        "network": {},
        "found": {},
    }
)
"""A fitted biped whose servos are those of the data sheet."""

BODIES = {
    "biped": lambda _: biped.build(),
    "biped with arms": lambda _: biped.build(arms=True),
    "biped with hip yaw": lambda _: biped.build(hip_yaw=True),
    "op3_class": lambda _: op3_class.build(),
    "op3_class with all servos": lambda _: op3_class.build(arms=True, head=True),
    "xl330_biped": lambda _: xl330_biped.build(),
    "xl330_biped with all servos": lambda _: xl330_biped.build(head=True),
    "quadruped": lambda _: quadruped.build(),
    "quadruped without hip roll": lambda _: quadruped.build(hip_roll=False),
    "planar_biped": lambda _: planar_biped.build(),
    "walker": lambda _: walker.build(),
    "humanoid": lambda _: humanoid.build(),
    "hopper": lambda _: hopper.build(),
    "fitted": lambda save: fitted.build(save(FITTED, "fitted.json")),
    "hopper with ankle": lambda _: hopper.build(ankle=True),
    "mjcf": lambda save: mjcf.build(save(dog()), **DOG),
    "mjcf from urdf": lambda save: mjcf.build(
        save(urdf(), "walker.urdf"), "base", ["foot_l", "foot_r"], ["hip_l", "hip_r"]
    ),
}


@pytest.fixture(params=BODIES)
def body(request, save):
    return BODIES[request.param](save)


def at_home(body):
    data = mujoco.MjData(body.model)
    mujoco.mj_resetDataKeyframe(body.model, data, body.model.key(HOME).id)
    for actuator in range(body.model.nu):
        if samples := int(body.model.actuator_history[actuator, 0]):
            history = np.full(samples, data.ctrl[actuator])
            mujoco.mj_initCtrlHistory(body.model, data, actuator, None, history)
    mujoco.mj_forward(body.model, data)
    return data


def after(body, seconds, targets=None):
    """The state after a time, under targets [rad] of time or the home pose."""
    data = at_home(body)
    while data.time < seconds:
        if targets:
            data.ctrl[:] = targets(data.time)
        mujoco.mj_step(body.model, data)
    return data


def sensors(body):
    return [body.model.sensor(i).name for i in range(body.model.nsensor)]


def read(body, data, sensor):
    return data.sensordata[body.sensor(sensor)]


def test_every_member_is_under_contract():
    muscular = {
        "muscle_biped",
        "muscle_biped3d",
        "muscle_creature",
    }  # tests of muscles, the bird and reflex3d
    assert {name.split()[0] for name in BODIES} | muscular == set(members("morphologies"))


def test_home_stands_for_a_second(body):
    data = after(body, 1.0)
    torso = data.body(body.torso)
    assert torso.xpos[2] == pytest.approx(
        body.standing_height, abs=0.01
    )  # servos give way under the weight
    assert np.hypot(*torso.xpos[:2]) < 0.01
    assert torso.xmat[8] > np.cos(0.05)
    assert np.abs(data.qvel).max() < 0.05


def test_feet_carry_the_weight_while_standing(body):
    data = after(body, 1.0)
    load = sum(read(body, data, f"foot.{foot}.ground")[2] for foot in body.feet)
    assert load == pytest.approx(body.weight, rel=0.02)


def test_feet_touch_the_ground_at_home(body):
    data, model = at_home(body), body.model
    for foot in body.feet:
        floor, sole = min(body.floor), np.flatnonzero(model.geom_bodyid == model.body(foot).id)
        touching = [
            geom for geom in sole if model.geom_conaffinity[geom] & model.geom_contype[floor]
        ]
        gaps = [mujoco.mj_geomDistance(model, data, floor, geom, 1.0, None) for geom in touching]
        assert min(gaps) == pytest.approx(0, abs=1e-6)


def test_feet_neither_sink_nor_creep_while_standing(body):
    early, late = after(body, 0.5), after(body, 1.5)
    assert min(contact.dist for contact in late.contact) > -0.002
    for foot in body.feet:
        path = read(body, late, f"foot.{foot}.position") - read(
            body, early, f"foot.{foot}.position"
        )
        assert np.linalg.norm(path) < 0.001


def test_controls_are_the_joints_in_order(body):
    model = body.model
    assert [model.actuator(i).name for i in range(model.nu)] == [
        joint.name for joint in body.joints
    ]
    assert [model.key(HOME).ctrl[i] for i in range(model.nu)] == [
        joint.home for joint in body.joints
    ]
    assert all(joint.low <= joint.home <= joint.high for joint in body.joints)


def test_partners_are_mutual(body):
    for joint in body.joints:
        partner = body.joint(joint.partner)
        assert (partner.partner, partner.stem, partner.mirror) == (
            joint.name,
            joint.stem,
            joint.mirror,
        )
        assert {joint.side, partner.side} in ({"left", "right"}, {""})
        assert partner.home == pytest.approx(joint.mirror * joint.home)


def test_sensors_are_finite_and_alive_while_moving(body):
    rng = np.random.default_rng(0)
    home = np.array([joint.home for joint in body.joints])
    shake = rng.uniform(0.05, 0.15, len(home))
    trace = [
        after(body, seconds, lambda time: home + shake * np.sin(20 * time)).sensordata.copy()
        for seconds in (0.1, 0.2, 0.3, 0.4)
    ]
    assert np.isfinite(trace).all()
    for name in (
        "torso.rate",
        "torso.velocity",
        *(f"joint.{joint.name}.angle" for joint in body.joints),
    ):
        assert np.ptp(np.array(trace)[:, body.sensor(name)], axis=0).max() > 1e-4


def test_mirrored_targets_give_the_mirrored_motion():
    body = biped.build()
    swap = [[j.name for j in body.joints].index(joint.partner) for joint in body.joints]
    sign = np.array([joint.mirror for joint in body.joints])
    home = np.array([joint.home for joint in body.joints])
    swing, phase = np.random.default_rng(1).uniform(0, [[0.2], [2 * np.pi]], (2, len(home)))

    def targets(time):
        return home + swing * np.sin(8 * time + phase)

    here = after(body, 0.3, targets).qpos
    there = after(body, 0.3, lambda time: sign * targets(time)[swap]).qpos
    assert abs(here[1]) > 1e-3  # it does move sideways
    # A mirror through the x-z plane keeps x, z and pitch, and flips y, roll and yaw.
    image = [
        here[0],
        -here[1],
        here[2],
        here[3],
        -here[4],
        here[5],
        -here[6],
        *(sign * here[7:][swap]),
    ]
    np.testing.assert_allclose(there, image, atol=1e-6)  # contacts are solved in another order


def test_planar_biped_walks_the_same_on_swapped_legs():
    body = planar_biped.build()
    home = np.array([joint.home for joint in body.joints])

    def targets(time):
        return home + 0.2 * np.sin(6 * time + np.arange(4))

    here = after(body, 0.5, targets).qpos
    there = after(body, 0.5, lambda time: targets(time)[[2, 3, 0, 1]]).qpos
    np.testing.assert_allclose(there, here[[0, 1, 2, 5, 6, 3, 4]], atol=1e-6)


def moved(body, joint, point):
    """How a body moves in the torso's frame when a joint turns by 0.1 rad in the air."""
    places = []
    for turn in (0.0, 0.1):
        data = mujoco.MjData(body.model)
        data.qpos[:] = body.home
        data.joint(joint).qpos += turn
        mujoco.mj_kinematics(body.model, data)
        places.append(data.geom(point).xpos.copy())
    return places[1] - places[0]


@pytest.mark.parametrize(
    ("joint", "point", "axis", "direction"),
    [
        ("hip_roll", "sole", 1, "outwards"),
        ("hip_pitch", "shank", 0, 1),
        ("knee", "ankle", 0, -1),
        ("ankle_pitch", "front", 2, 1),
        ("ankle_roll", "outer", 2, 1),
        ("shoulder_pitch", "forearm", 0, 1),
    ],
)
@pytest.mark.parametrize(("side", "outwards"), [("left", 1), ("right", -1)])
def test_positive_angles_flex_and_go_outwards(joint, point, axis, direction, side, outwards):
    corner = {"front": f"foot_{side}_front_inner", "outer": f"foot_{side}_front_outer"}
    shift = moved(biped.build(arms=True), f"{joint}_{side}", corner.get(point, f"{point}_{side}"))
    assert shift[axis] * (outwards if direction == "outwards" else direction) > 0.001


def test_biped_has_the_size_and_mass_of_small_servo_robots():
    body, with_arms = biped.build(), biped.build(arms=True)
    assert body.mass == pytest.approx(3.15)  # as documented, and as the OP3's model weighs
    assert 0.45 < body.size < 0.6
    assert 0.3 < body.leg_length / body.size < 0.5
    assert with_arms.mass == pytest.approx(body.mass)
    assert len(body.joints) == 10
    assert len(with_arms.joints) == 12


@pytest.mark.parametrize("build", [biped.build, planar_biped.build, hopper.build])
def test_load_cells_add_up_to_the_ground_force(build):
    body = build()
    data = after(body, 1.0)
    for foot in body.feet:
        cells = [cell for cell in sensors(body) if cell.startswith(f"{foot}.load_")]
        assert len(cells) == (4 if build is biped.build else 2)
        load = sum(read(body, data, cell)[0] for cell in cells)
        assert load == pytest.approx(read(body, data, f"foot.{foot}.ground")[2], rel=1e-3)


def test_load_cells_tell_front_from_rear_and_inner_from_outer():
    body = biped.build()
    home = np.array([joint.home for joint in body.joints])
    toes, edge = home.copy(), home.copy()
    toes[[3, 8]] += 0.03  # dorsiflexion leans the body forward
    edge[[4, 9]] -= 0.03  # inversion
    forward, outward = after(body, 1.0, lambda _: toes), after(body, 1.0, lambda _: edge)
    for foot in body.feet:
        cells = [cell for cell in sensors(body) if cell.startswith(f"{foot}.load_")]
        for data, more, less in ((forward, "front", "rear"), (outward, "outer", "inner")):
            loads = [
                sum(read(body, data, cell)[0] for cell in cells if end in cell)
                for end in (more, less)
            ]
            assert loads[0] > loads[1] + 1


@pytest.mark.parametrize("build", [biped.build, planar_biped.build, hopper.build])
def test_accelerometer_reads_gravity_at_rest(build):
    body = build()
    reading = read(body, after(body, 1.0), "torso.acceleration")
    assert np.linalg.norm(reading) == pytest.approx(GRAVITY, rel=0.01)
    assert reading[2] == pytest.approx(GRAVITY, rel=0.01)


def test_legs_cannot_pass_through_each_other():
    body = biped.build()
    home = np.array([joint.home for joint in body.joints])
    inwards = home.copy()
    inwards[[0, 5]] = -0.4
    data = after(body, 0.5, lambda _: inwards)
    left, right = (data.geom(f"sole_{side}").xpos[1] for side in ("left", "right"))
    assert left - right > 0.07  # the width of a sole is 0.078 m
    assert (
        moved(body, "hip_roll_left", "sole_left")[1] > 0.01
    )  # unhindered, 0.4 rad would cross them


def test_a_fallen_biped_touches_the_ground_with_its_chest():
    body = biped.build()
    data = at_home(body)
    data.qpos[2:7] = 0.2, np.cos(0.7), 0, np.sin(0.7), 0
    for _ in range(200):
        mujoco.mj_step(body.model, data)
    touching = {geom for contact in data.contact for geom in contact.geom} - body.floor
    assert body.model.geom("chest").id in touching - body.foot_geoms


@pytest.mark.parametrize("build", [biped.build, planar_biped.build, hopper.build])
def test_motion_agrees_with_an_eight_times_smaller_step(build):
    coarse, fine = build(), build(timestep=build().model.opt.timestep / 8)
    home = np.array([joint.home for joint in coarse.joints])

    def targets(time):
        held = np.floor(time / 0.02 + 1e-6) * 0.02  # a controller answers every 20 ms
        return home + 0.1 * np.sin(9 * held) * np.cos(np.arange(len(home)))

    angles = [after(body, 0.5, targets).qpos[-len(home) :] for body in (coarse, fine)]
    np.testing.assert_allclose(*angles, atol=0.004)  # the worst seen is 0.0013 rad


def shaft(servo, timestep=0.001, inertia=1e6):
    """A servo on a wheel so heavy that its speed stays what it is."""
    spec = mujoco.MjSpec()
    spec.option.timestep = timestep
    spec.option.gravity = [0, 0, 0]
    wheel = spec.worldbody.add_body(
        name="wheel", explicitinertial=True, mass=1, inertia=[inertia] * 3
    )
    wheel.add_joint(name="shaft", type=mujoco.mjtJoint.mjJNT_HINGE, axis=[0, 0, 1])
    servo.drive(spec, "shaft")
    model = spec.compile()
    return model, mujoco.MjData(model)


def torque(servo, command, velocity):
    model, data = shaft(servo)
    if samples := int(model.actuator_history[0, 0]):
        mujoco.mj_initCtrlHistory(model, data, 0, None, np.full(samples, command))
    data.ctrl[0], data.qvel[0] = command, velocity
    mujoco.mj_forward(model, data)
    return data.actuator_force[0]


@pytest.mark.parametrize("servo", SERVOS.values(), ids=SERVOS)
@pytest.mark.parametrize(("speed", "share"), [(0.0, 1.0), (0.5, 0.5), (1.0, 0.0), (-1.0, 2.0)])
@pytest.mark.parametrize("direction", [1, -1])
def test_full_voltage_gives_the_torque_speed_line(servo, speed, share, direction):
    far = 3.0 * direction
    expected = share * servo.stall_torque * direction
    assert torque(servo, far, speed * servo.no_load_speed * direction) == pytest.approx(
        expected, abs=1e-9
    )


def test_below_full_voltage_a_servo_is_a_spring_with_the_back_emf_as_damper():
    error, velocity = 0.05, 1.3
    expected = XM430.stiffness * error - XM430.stall_torque / XM430.no_load_speed * velocity
    assert torque(XM430, error, velocity) == pytest.approx(expected)


def test_model_tells_resistance_and_motor_constant():
    model, _ = shaft(XM430)
    resistance, constant = model.actuator_gainprm[0, :2]
    assert (resistance, constant) == pytest.approx((XM430.resistance, XM430.motor_constant))
    assert constant * 12 / resistance == pytest.approx(4.1)  # N m at stall: K V / R
    assert constant * XM430.no_load_speed == pytest.approx(12)  # V at no load: K w


def test_stiffness_follows_from_the_firmware():
    gain, full, encoder = (
        800 / 128,
        12 / 885,
        2 * np.pi / 4096,
    )  # duty units/step, V/duty unit, rad/step
    derived = gain * full / encoder * XM430.stall_torque / 12
    assert derived == pytest.approx(18.9, abs=0.05)
    assert derived == pytest.approx(XM430.stiffness, rel=0.15)  # another robot's identification


@pytest.mark.parametrize("timestep", [0.001, 0.004, 0.005])
def test_commands_take_effect_after_the_latency(timestep):
    model, data = shaft(XM430, timestep)
    data.ctrl[0] = 1.0
    steps = 0
    while data.actuator_force[0] == 0:
        mujoco.mj_step(model, data)
        steps += 1
    assert (steps - 1) * timestep == pytest.approx(np.ceil(XM430.latency / timestep) * timestep)


def test_a_servo_replaces_motors_and_position_actuators_are_kept(save):
    actuators = (
        '<position joint="FR_hip" kp="30" kv="1"/><motor joint="FL_hip"/><motor joint="RL_knee"/>'
    )
    body = mjcf.build(save(dog(actuators)), servo="xm430", **DOG)
    kept, replaced = body.model.actuator("FR_hip"), body.model.actuator("FL_hip")
    assert kept.gainprm[0] == 30
    np.testing.assert_allclose(kept.ctrlrange, np.deg2rad([-60, 60]))
    assert replaced.gaintype == mujoco.mjtGain.mjGAIN_DCMOTOR
    np.testing.assert_allclose(replaced.ctrlrange, np.deg2rad([-60, 60]))


def test_what_a_file_has_is_kept(save):
    world = '<geom name="ground" type="plane" size="5 5 1" friction="0.3"/><light pos="0 0 3"/>'
    text = dog(world=world, trunk='<joint type="slide" axis="0 0 1"/>')
    body = mjcf.build(save(text), timestep=0.003, **DOG)
    assert body.floor == {body.model.geom("ground").id}
    assert body.model.nlight == 1
    assert body.model.nv == 9
    assert body.model.opt.timestep == 0.003


def test_a_file_s_own_keyframe_is_home(save):
    angles = " ".join("0.4 -0.8" for _ in LEGS)
    home = f'<key name="home" qpos="0 0 1 1 0 0 0 {angles}"/>'
    keys = f'<keyframe>{home}<key name="other"/></keyframe></mujoco>'
    text = dog(trunk="<freejoint/>").replace("</mujoco>", keys)
    options = {**DOG, "home": {"FL_hip": 0.45, "RL_hip": 0.45}}
    body = mjcf.build(save(text), **options)
    assert [body.joint(name).home for name in ("FL_hip", "FR_hip", "FL_knee")] == [0.45, 0.4, -0.8]
    assert body.standing_height == pytest.approx(0.2, abs=0.02)


def test_quadruped_joints_find_their_partners(save):
    body = mjcf.build(save(dog()), **DOG)
    assert body.joint("RL_knee").partner == "RR_knee"
    assert body.joint("RL_knee").stem == "rear_knee"


def test_partners_can_be_given(save):
    mirror = {"FL_hip": "RR_hip", "FL_knee": "RR_knee"}
    body = mjcf.build(save(dog()), mirror=mirror, **DOG)
    assert body.joint("FL_hip").partner == "RR_hip"
    assert body.joint("RL_hip").side == ""


def test_a_servo_can_be_a_table_of_a_run_file(save):
    table = {"stall_torque": 2.0, "no_load_speed": 6.0, "stiffness": 15.0, "armature": 0.02}
    options = checked(mjcf.build, {"path": save(dog()), "servo": table, **DOG}, "morphology")
    assert options["servo"] == Servo(**table)
    assert mjcf.build(**options).model.actuator("FL_hip").gainprm[4] == 15.0
    with pytest.raises(SpecError, match="stiffnes"):
        checked(
            mjcf.build,
            {"path": "x", "servo": {**table, "stiffnes": 1.0}, **DOG},
            "morphology",
        )


def test_missing_and_unreadable_files_are_errors(save):
    with pytest.raises(SpecError, match=r"nowhere\.xml"):
        mjcf.build("nowhere.xml", **DOG)
    with pytest.raises(ModelError, match="cannot read"):
        mjcf.build(save("<mujoco><worldbody>"), **DOG)
    with pytest.raises(ModelError, match="cannot compile"):
        mjcf.build(save(dog().replace('mass="1"', 'mass="-1"')), **DOG)


@pytest.mark.parametrize(
    ("option", "value", "known"),
    [
        ("torso", "trunc", "Did you mean 'trunk'"),
        ("feet", ["FL_food"], "Did you mean 'FL_foot'"),
        ("joints", ["FL_hop"], "Did you mean 'FL_hip'"),
        ("home", {"FL_hop": 0.1}, "Did you mean 'FL_hip'"),
        ("servo", "xm340", "xm430_w210"),
        ("mirror", {"FL_hip": "FR_hop"}, "FR_hip"),
    ],
)
def test_unknown_names_are_told_with_the_known_ones(save, option, value, known):
    with pytest.raises(UnknownNameError, match=known):
        mjcf.build(save(dog()), **{**DOG, option: value})


def test_only_hinges_can_be_driven(save):
    text = dog(trunk='<joint name="lift" type="slide" axis="0 0 1"/>')
    with pytest.raises(ModelError, match="'lift' is not a hinge"):
        mjcf.build(save(text), **{**DOG, "joints": ["lift"]})


def test_a_foot_that_cannot_touch_is_an_error(save):
    text = dog().replace('<geom type="sphere"', '<geom type="sphere" contype="0" conaffinity="0"')
    with pytest.raises(ModelError, match="foot 'FL_foot' has no geom"):
        mjcf.build(save(text), **DOG)


def test_a_body_that_diverges_while_standing_is_an_error(save):
    stiff = {"stall_torque": 1e5, "no_load_speed": 1e4, "stiffness": 1e6}
    with pytest.raises(ModelError, match="diverges"):
        mjcf.build(save(dog()), servo=Servo(**stiff), timestep=0.02, **DOG)


def test_a_body_that_falls_at_home_is_a_warning(save):
    home = {"hip_l": 0.9, "hip_r": 0.9}
    with pytest.warns(UserWarning, match="falls at home"):
        mjcf.build(
            save(urdf(), "walker.urdf"), "base", ["foot_l", "foot_r"], ["hip_l", "hip_r"], home=home
        )
