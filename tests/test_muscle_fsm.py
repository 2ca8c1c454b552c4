"""The muscle state machine: poses become torques, and torques become excitations."""

import inspect

import mujoco
import numpy as np
import pytest
from native import Native, interpreted

from evoloco import fields
from evoloco.controllers import muscle_fsm, reflex
from evoloco.controllers._leg_states import TRANSITIONS
from evoloco.controllers._moment_arms import SWING, moment_arms
from evoloco.controllers._placement import BODY as MOTION
from evoloco.controllers._placement import MEMORY, follow_body
from evoloco.errors import ModelError
from evoloco.morphologies import biped, muscle_biped
from evoloco.morphology import HOME

BODY = muscle_biped.build()
LAYOUT = BODY.observation
DT = BODY.model.opt.timestep
MUSCLES = [muscle.name for muscle in BODY.muscles]
JOINTS = [joint.name for joint in BODY.joints]


def test_the_docstring_lists_the_transitions_of_the_table() -> None:
    text = inspect.getdoc(muscle_fsm.Controller)
    assert text
    for before, after, condition in TRANSITIONS:
        assert f"{before} -> {after}: {condition}" in text


def test_moment_arms_are_the_means_of_the_tendons_jacobian() -> None:
    model, data = BODY.model, mujoco.MjData(BODY.model)
    found, wanted = moment_arms(BODY), np.zeros((len(MUSCLES), len(JOINTS)))
    for column, joint in enumerate(BODY.joints):
        low, high = max(joint.home - SWING, joint.low), min(joint.home + SWING, joint.high)
        middles = low + (np.arange(200) + 0.5) * (high - low) / 200
        for angle in middles:
            mujoco.mj_resetDataKeyframe(model, data, model.key(HOME).id)
            data.joint(joint.name).qpos[0] = angle
            mujoco.mj_fwdPosition(model, data)
            moment = np.zeros((model.nu, model.nv))
            mujoco.mju_sparse2dense(
                moment,
                data.actuator_moment,
                data.moment_rownnz,
                data.moment_rowadr,
                data.moment_colind,
            )
            wanted[:, column] -= moment[:, model.joint(joint.name).dofadr[0]] / len(middles)
    sides = np.array(
        [["left" in muscle for muscle in MUSCLES], ["right" in muscle for muscle in MUSCLES]]
    )
    mean = (wanted[np.ix_(sides[0], [0, 1, 2])] + wanted[np.ix_(sides[1], [3, 4, 5])]) / 2
    np.testing.assert_allclose(found[np.ix_(sides[0], [0, 1, 2])], mean, atol=1e-6)
    np.testing.assert_allclose(found[np.ix_(sides[1], [3, 4, 5])], mean, atol=1e-6)
    assert (
        found[MUSCLES.index("vasti_left"), JOINTS.index("knee_left")] < -0.03
    )  # it extends the knee
    assert not found[np.ix_(sides[0], [3, 4, 5])].any()


def test_the_body_moves_on_as_fast_as_the_standing_foot_falls_behind() -> None:
    motion, speed, leg = fields.zeros(fields.layout(MOTION)), 1.3, 0.9
    follow = interpreted(follow_body)
    for row in range(200):
        ahead = np.array([0.2 - speed * row * DT / leg, 0.5])
        follow(motion, ahead, 0, leg, row * DT, DT)
        wanted = speed * (1 - (1 - DT / MEMORY) ** row)  # a first-order filter, from rest
        assert motion.pace == pytest.approx(wanted, abs=1e-9)
        assert motion.place == pytest.approx(speed * row * DT - 0.2 * leg)


@pytest.fixture(scope="module")
def native() -> Native:
    return Native(muscle_fsm.Controller(BODY), BODY)


def start(native: Native) -> dict[str, float]:
    space = native.controller.space
    return space.decode(space.start)


def excitations(native: Native, obs: np.ndarray, values: dict[str, float]) -> dict[str, float]:
    return dict(zip(MUSCLES, native.first(obs, DT, **values), strict=True))


def standing(values: dict[str, float], lean: float = 0.0, **errors: float) -> np.ndarray:
    """A flat observation of the left leg in early stance and the right one in swing.

    The trunk and every joint are where the controller wants them but for some errors [rad].
    """
    obs = np.zeros(fields.size(LAYOUT))
    seen = fields.record(obs, LAYOUT)
    seen.foot_load[:] = (1.0, 0.0)
    seen.foot_ahead[:] = (0.1, -0.3)
    seen.tilt[1] = values["trunk.lean"] + lean
    for side, state in (("left", "early_stance"), ("right", "swing")):
        for stem in ("hip", "knee", "ankle"):
            joint = f"{stem}_{side}"
            wanted = values[f"{state}.{stem}"]
            seen.joint_angle[JOINTS.index(joint)] = wanted + errors.get(joint, 0.0)
    placed = values["swing.place"] * -0.1 * BODY.leg_length
    seen.joint_angle[JOINTS.index("hip_right")] += seen.tilt[1] + placed
    return obs


def test_in_the_target_pose_nothing_but_the_constants_excites(native: Native) -> None:
    values = start(native)
    for name, excitation in excitations(native, standing(values), values).items():
        assert excitation == pytest.approx(values[f"{name.rpartition('_')[0]}.constant"], abs=1e-9)


@pytest.mark.parametrize(
    ("joint", "error", "muscle", "gain"),
    [
        ("knee_left", 0.05, "vasti_left", "stance.knee.stiffness"),
        ("ankle_left", 0.05, "soleus_left", "stance.ankle.stiffness"),
        ("ankle_left", -0.05, "tibialis_left", "stance.ankle.stiffness"),
        ("hip_right", -0.05, "iliopsoas_right", "swing.hip.stiffness"),
        ("hip_right", 0.05, "glutei_right", "swing.hip.stiffness"),
    ],
)
def test_a_muscle_of_one_joint_gives_its_share_of_the_torque_that_brings_the_joint_back(
    native: Native, joint: str, error: float, muscle: str, gain: str
) -> None:
    values = {**start(native), "trunk.counter": 0.0}
    found = excitations(native, standing(values, **{joint: error}), values)
    stem = muscle.rpartition("_")[0]
    place = MUSCLES.index(muscle)
    arm = moment_arms(BODY)[place, JOINTS.index(joint)]
    force = values[f"{stem}.share"] * -values[gain] * error / arm
    assert force > 0
    assert found[muscle] == pytest.approx(
        values[f"{stem}.constant"] + force / BODY.muscles[place].max_force
    )


def test_a_muscle_of_two_joints_weighs_them_by_its_moment_arms(native: Native) -> None:
    values = {**start(native), "trunk.counter": 0.0}
    hip, knee = 0.2, -0.1  # forward lean calls for hip extension; the knee is too straight
    obs = standing(values, lean=hip, knee_left=knee)
    place = MUSCLES.index("hamstrings_left")
    arms = moment_arms(BODY)[place, :2]
    torques = np.array([-values["trunk.stiffness"] * hip, -values["stance.knee.stiffness"] * knee])
    force = values["hamstrings.share"] * arms @ torques / (arms @ arms)
    wanted = values["hamstrings.constant"] + force / BODY.muscles[place].max_force
    assert excitations(native, obs, values)["hamstrings_left"] == pytest.approx(min(wanted, 1.0))


def test_the_standing_hip_bears_the_torque_of_the_swinging_one(native: Native) -> None:
    values = {**start(native), "trunk.counter": 1.0}
    obs = standing(values, hip_right=-0.05)  # flexion of the right hip is wanted
    found = excitations(native, obs, values)
    assert found["glutei_left"] > values["glutei.constant"]
    assert found["iliopsoas_left"] == pytest.approx(values["iliopsoas.constant"])


def test_a_body_that_is_ahead_of_its_foot_swings_the_other_leg_further(native: Native) -> None:
    values = {**start(native), "swing.place": 1.0, "trunk.counter": 0.0}
    obs = standing(values)
    # The body is 0.2 leg lengths further ahead of its foot than before.
    fields.record(obs, LAYOUT).foot_ahead[:] = (-0.1, -0.3)
    found = excitations(native, obs, values)
    assert found["iliopsoas_right"] > values["iliopsoas.constant"]


def test_bodies_without_muscles_are_refused() -> None:
    with pytest.raises(ModelError, match="lacks hip_left"):
        muscle_fsm.Controller(biped.build())
    with pytest.raises(ModelError, match="has 0 muscles"):
        muscle_fsm.Controller(muscle_biped.build(drive="motors"))
    with pytest.raises(ModelError, match="lacks"):
        reflex.Controller(muscle_biped.build(drive="motors"))
