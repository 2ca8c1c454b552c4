"""SIMBICON: its states, and its torques."""

import numpy as np
import pytest
from native import Native

from evoloco.controllers import simbicon
from evoloco.controllers.simbicon import FREE, STANDING, STATE
from evoloco.errors import ModelError
from evoloco.morphologies import biped, hopper, muscle_biped

BODY = muscle_biped.build(drive="motors")
WHERE = BODY.observation
DT = BODY.model.opt.timestep
JOINTS = [joint.name for joint in BODY.joints]


@pytest.fixture(scope="module")
def native() -> Native:
    return Native(simbicon.Controller(BODY), BODY)


def start(native: Native) -> dict[str, float]:
    space = native.controller.space
    return space.decode(space.start)


def test_a_search_begins_at_the_published_walk(native: Native) -> None:
    values = start(native)
    assert values["duration"] == pytest.approx(0.3)
    assert values["reach.place"] == pytest.approx(2.2)
    assert values["reach.swing_hip"] == pytest.approx(-0.7)
    assert values["lift.swing_knee"] == pytest.approx(1.1)  # flexion
    run = simbicon.Controller(BODY, gait="fast_run").space
    assert run.decode(run.start)["lift.lean"] == pytest.approx(0.2)  # forward
    assert not [name for name in run.names if name.startswith("reach")]


def test_a_step_lifts_for_its_duration_and_reaches_until_the_foot_strikes(native: Native) -> None:
    values = {**start(native), "duration": 0.1, "contact": 0.1}
    params = native.controller.parameters(values)
    state, seen = native.reset(params, DT), []
    obs = np.zeros(WHERE.size)
    for row in range(200):
        obs[WHERE.foot_load] = (1.0, 0.0) if row < 80 else (0.5, 0.5) if row < 90 else (0.0, 1.0)
        native.step(params, state, obs, row * DT, DT)
        seen.append((int(state[STANDING]), int(state[STATE])))
    assert seen[:40] == [(0, 0)] * 40
    assert seen[40:80] == [(0, 1)] * 40  # reaching, the right foot in the air
    assert seen[80:120] == [(1, 0)] * 40  # on the right foot
    assert seen[120:] == [(1, 1)] * 80  # the left foot never comes down again


def test_a_foot_strikes_only_after_it_has_left_the_ground(native: Native) -> None:
    values = {**start(native), "duration": 0.1}
    params = native.controller.parameters(values)
    state, obs = native.reset(params, DT), np.zeros(WHERE.size)
    obs[WHERE.foot_load] = (0.5, 0.5)
    for row in range(200):
        native.step(params, state, obs, row * DT, DT)
    assert (state[STANDING], state[STATE], state[FREE]) == (0, 1, 0)


def test_hips_together_turn_the_torso_as_wanted_and_other_joints_go_to_their_pose(
    native: Native,
) -> None:
    values, random = start(native), np.random.default_rng(4)
    params = native.controller.parameters(values)
    for _ in range(20):
        obs = 0.3 * random.standard_normal(WHERE.size)
        obs[WHERE.foot_load] = (1.0, 0.0)
        torque = dict(
            zip(JOINTS, native.step(params, native.reset(params, DT), obs, 0.0, DT), strict=True)
        )
        lean, rate = obs[WHERE.tilt.start + 1], obs[WHERE.rate.start + 1]
        trunk = (
            values["torso.stiffness"] * (values["lift.lean"] - lean)
            - values["torso.damping"] * rate
        )
        assert torque["hip_left"] + torque["hip_right"] == pytest.approx(trunk)
        angle = dict(zip(JOINTS, obs[WHERE.joint_angle], strict=True))
        speed = dict(zip(JOINTS, obs[WHERE.joint_velocity], strict=True))
        for joint, target in (
            ("knee_left", "stance_knee"), ("ankle_left", "stance_ankle"), ("knee_right", "swing_knee"),
            ("ankle_right", "swing_ankle"),
        ):  # fmt: skip
            stem = joint.partition("_")[0]
            wanted = values[f"{stem}.stiffness"] * (values[f"lift.{target}"] - angle[joint])
            assert torque[joint] == pytest.approx(wanted - values[f"{stem}.damping"] * speed[joint])
        place = -obs[WHERE.foot_ahead][0] * BODY.leg_length
        thigh, turn = angle["hip_right"] - lean, speed["hip_right"] - rate
        target = values["lift.swing_hip"] + values["lift.place"] * place
        wanted = values["hip.stiffness"] * (target - thigh) - values["hip.damping"] * turn
        assert torque["hip_right"] == pytest.approx(wanted)


def test_other_bodies_are_refused() -> None:
    for body, word in (
        (muscle_biped.build(), "muscles"),
        (hopper.build(), "servos"),
        (biped.build(), "servos"),
    ):
        with pytest.raises(ModelError, match=f"this body has {word}"):
            simbicon.Controller(body)
