"""The reflexes of the frontal plane, and the body in three dimensions that they drive."""

import mujoco
import numpy as np
import pytest
from native import Native, on_one_leg

from evoloco import fields
from evoloco.controllers import reflex, reflex3d
from evoloco.errors import ModelError
from evoloco.morphologies import muscle_biped, muscle_biped3d
from evoloco.morphology import HOME

BODY = muscle_biped3d.build()
LAYOUT = BODY.observation
DT = BODY.model.opt.timestep
MUSCLES = [muscle.name for muscle in BODY.muscles]
JOINTS = [joint.name for joint in BODY.joints]


@pytest.fixture(scope="module")
def native() -> Native:
    return Native(reflex3d.Controller(BODY), BODY)


def standing(left: bool = True) -> np.ndarray:
    return on_one_leg(LAYOUT, left)


def excitations(native: Native, obs: np.ndarray, **values: float) -> dict[str, float]:
    return dict(zip(MUSCLES, native.first(obs, DT, **values), strict=True))


def rolled(obs: np.ndarray, tilt: float = 0.0, **angles: float) -> np.ndarray:
    """Observations with a tilt of the pelvis to the right and abductions of hips [rad]."""
    changed = obs.copy()
    seen = fields.record(changed, LAYOUT)
    seen.tilt[0] = tilt
    for side, angle in angles.items():
        seen.joint_angle[JOINTS.index(f"hip_roll_{side}")] = angle
    return changed


def test_abductors_of_the_standing_leg_lift_the_side_that_drops_and_adductors_let_go(
    native: Native,
) -> None:
    genes = {"adductors.stance": 0.5}
    level = excitations(native, standing(), **genes)
    dropped = excitations(native, rolled(standing(), 0.1), **genes)  # the right side is lower
    assert dropped["abductors_left"] - level["abductors_left"] == pytest.approx(2.0 * 0.1)
    assert dropped["adductors_left"] - level["adductors_left"] == pytest.approx(-2.0 * 0.1)
    other = excitations(native, rolled(standing(left=False), -0.1), **genes)
    assert other["abductors_right"] == pytest.approx(dropped["abductors_left"])


def test_abduction_of_a_standing_leg_lifts_the_pelvis_on_the_other_side() -> None:
    data = mujoco.MjData(BODY.model)
    mujoco.mj_resetDataKeyframe(BODY.model, data, BODY.model.key(HOME).id)
    data.qvel[:] = 0
    for side, sign in (("left", 1), ("right", -1)):
        data.qvel[:] = 0
        data.joint(f"hip_roll_{side}").qvel[0] = 1.0
        mujoco.mj_forward(BODY.model, data)
        speed = np.zeros(6)
        foot = BODY.model.body(f"foot_{side}").id
        mujoco.mj_objectVelocity(BODY.model, data, mujoco.mjtObj.mjOBJ_BODY, foot, speed, 0)
        assert sign * speed[4] > 0.5  # the foot moves outward
        for stem, way in (("abductors", -1), ("adductors", 1)):
            arm = data.actuator_velocity[MUSCLES.index(f"{stem}_{side}")]
            assert way * arm > 0.02, (stem, arm)  # [m]
    roll = [joint for joint in BODY.joints if joint.stem == "hip_roll"]
    assert [(joint.axis, joint.mirror) for joint in roll] == [("roll", 1.0), ("roll", 1.0)]


def test_the_swinging_leg_goes_out_where_the_body_falls_to_its_side(native: Native) -> None:
    rest = excitations(native, standing())
    # The foot is to the left of the body, which falls to the right.
    outer = excitations(native, rolled(standing(), left=0.2))
    assert rest["abductors_right"] == pytest.approx(0.02)
    assert outer["abductors_right"] - rest["abductors_right"] == pytest.approx(3.0 * 0.5 * 0.2)
    assert outer["adductors_right"] == 0.0
    there = excitations(native, rolled(standing(), left=0.2, right=0.1))
    assert there["abductors_right"] == pytest.approx(0.02)  # it is where it should be
    moving = standing()
    hip = JOINTS.index("hip_roll_left")
    fields.record(moving, LAYOUT).joint_velocity[hip] = 0.5
    assert excitations(native, moving)["abductors_right"] == pytest.approx(0.02 + 3.0 * 0.2 * 0.5)


def test_angles_count_against_the_vertical_not_the_pelvis(native: Native) -> None:
    upright = excitations(native, rolled(standing(), left=0.2, right=0.05))
    tilted = excitations(native, rolled(standing(), 0.1, left=0.1, right=0.15))
    for muscle in ("abductors_right", "adductors_right"):
        assert tilted[muscle] == pytest.approx(upright[muscle])


def test_muscles_of_the_sagittal_plane_answer_as_those_of_the_planar_body(native: Native) -> None:
    body = muscle_biped.build()
    planar = Native(reflex.Controller(body), body)
    names, joints = [muscle.name for muscle in body.muscles], [joint.name for joint in body.joints]
    places = {
        "joint_angle": [JOINTS.index(name) for name in joints],
        "joint_velocity": [JOINTS.index(name) for name in joints],
        "muscle_length": [MUSCLES.index(name) for name in names],
        "muscle_velocity": [MUSCLES.index(name) for name in names],
        "muscle_force": [MUSCLES.index(name) for name in names],
    }
    random = np.random.default_rng(3)
    for _ in range(20):
        obs = np.abs(random.normal(0.5, 0.3, fields.size(body.observation)))
        seen = fields.record(obs, body.observation)
        seen.foot_ahead[:] = random.normal(0, 0.3, 2)
        wide = np.zeros(fields.size(LAYOUT))
        for sensor in fields.names(LAYOUT):
            fields.record(wide, LAYOUT)[sensor][places.get(sensor, slice(None))] = seen[sensor]
        here = excitations(native, wide)
        there = dict(zip(names, planar.first(obs, DT), strict=True))
        assert {name: here[name] for name in names} == there


def test_mirrored_observations_give_mirrored_excitations(native: Native) -> None:
    random = np.random.default_rng(2)
    for _ in range(20):
        obs = np.abs(random.normal(0.5, 0.3, fields.size(LAYOUT)))
        seen = fields.record(obs, LAYOUT)
        for sensor in ("foot_ahead", "tilt", "rate"):
            seen[sensor][:] = random.normal(0, 0.3, seen[sensor].size)
        seen.joint_angle[:] *= 0.3
        image = obs.copy()
        mirrored = fields.record(image, LAYOUT)
        for sensor in ("foot_load", "foot_ahead"):
            mirrored[sensor][:] = seen[sensor][::-1]
        for sensor in ("joint_angle", "joint_velocity"):
            mirrored[sensor][:] = np.roll(seen[sensor], len(JOINTS) // 2)
        for sensor in ("muscle_length", "muscle_velocity", "muscle_force"):
            mirrored[sensor][:] = np.roll(seen[sensor], len(MUSCLES) // 2)
        mirrored.tilt[:] *= [-1, 1]
        mirrored.rate[:] *= [-1, 1, -1]
        here, there = excitations(native, obs), excitations(native, image)
        for muscle in BODY.muscles:
            assert there[muscle.partner] == here[muscle.name]


def test_a_body_without_hips_that_roll_is_refused() -> None:
    with pytest.raises(
        ModelError, match=r"lacks abductors_left, .*, hip_roll_left, hip_roll_right"
    ):
        reflex3d.Controller(muscle_biped.build())
    with pytest.raises(ModelError, match="this body has others besides"):
        reflex.Controller(BODY)


def test_the_body_is_the_planar_one_with_room_to_the_side() -> None:
    planar = muscle_biped.build()
    assert BODY.mass == pytest.approx(planar.mass)
    assert BODY.leg_length == pytest.approx(planar.leg_length, abs=0.02)
    for muscle in planar.muscles:
        here = next(other for other in BODY.muscles if other.name == muscle.name)
        assert here == muscle
    data = mujoco.MjData(BODY.model)
    mujoco.mj_resetDataKeyframe(BODY.model, data, BODY.model.key(HOME).id)
    mujoco.mj_kinematics(BODY.model, data)
    pads = [
        data.geom(f"{pad}_{side}").xpos
        for pad in ("heel", "toes", "big_toe")
        for side in ("left", "right")
    ]
    assert min(pad[2] for pad in pads) == pytest.approx(0.03, abs=1e-9)  # their radius [m]
    assert data.geom("toes_left").xpos[1] > data.geom("big_toe_left").xpos[1] > 0
    leaning = muscle_biped3d.build(lean=0.2, tilt=0.1, sway=0.3)
    data = mujoco.MjData(leaning.model)
    mujoco.mj_resetDataKeyframe(leaning.model, data, leaning.model.key(HOME).id)
    mujoco.mj_kinematics(leaning.model, data)
    up = data.body("pelvis").xmat.reshape(3, 3)[2]
    assert np.arctan2(-up[0], np.hypot(up[1], up[2])) == pytest.approx(0.2)
    assert np.arctan2(up[1], up[2]) == pytest.approx(0.1)
    assert data.qvel[1] == 0.3


def test_a_mirrored_body_moves_alike() -> None:
    """One second in the air: left and right exchanged, everything sideways changes its sign."""
    model, ends = BODY.model, []
    half = model.nu // 2
    for image in (False, True):
        data = mujoco.MjData(model)
        mujoco.mj_resetDataKeyframe(model, data, model.key(HOME).id)
        data.qpos[2] += 5
        for joint in BODY.joints:
            name = joint.partner if image else joint.name
            data.joint(name).qpos[0] = joint.home
        data.qvel[:] = 0
        data.qvel[1] = -0.4 if image else 0.4
        excitation = np.linspace(0, 0.2, model.nu)
        data.act[:] = data.ctrl[:] = np.roll(excitation, half) if image else excitation
        for _ in range(100):
            mujoco.mj_step(model, data)
        side = [data.joint(joint.partner if image else joint.name).qpos[0] for joint in BODY.joints]
        sign = -1 if image else 1
        w, x, y, z = data.qpos[3:7]
        ends.append(
            [data.qpos[0], sign * data.qpos[1], data.qpos[2], w, sign * x, y, sign * z, *side]
        )
    np.testing.assert_allclose(*ends, atol=1e-6)
