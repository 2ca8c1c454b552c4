"""SIMBICON: its states, and its torques."""

from pathlib import Path

import numpy as np
import pytest
from native import Native

from evoloco import fields
from evoloco.controllers import simbicon
from evoloco.errors import ModelError
from evoloco.morphologies import biped, hopper, muscle_biped
from evoloco.sim.compile import CompiledController

BODY = muscle_biped.build(drive="motors")
LAYOUT = BODY.observation
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
    params = native.params({**start(native), "duration": 0.1, "contact": 0.1})
    loads = [(1.0, 0.0)] * 80 + [(0.5, 0.5)] * 10 + [(0.0, 1.0)] * 110
    states, _ = native.run(
        params, 200 * DT, lambda time: native.see(foot_load=loads[round(time / DT)]), dt=DT
    )
    seen = fields.records(states, native.kinds.state)
    assert seen.standing.tolist() == [0.0] * 80 + [1.0] * 120
    assert (
        seen.phase[:80].tolist() == [0.0] * 40 + [1.0] * 40
    )  # reaching, the right foot in the air
    # On the right foot; the left one never comes down again.
    assert seen.phase[80:].tolist() == [0.0] * 40 + [1.0] * 80


def test_a_foot_strikes_only_after_it_has_left_the_ground(native: Native) -> None:
    params = native.params({**start(native), "duration": 0.1})
    both = native.see(foot_load=(0.5, 0.5))
    states, _ = native.run(params, 200 * DT, lambda _: both, dt=DT)
    last = fields.record(states[-1], native.kinds.state)
    assert (last.standing, last.phase, last.free) == (0, 1, 0)


@pytest.mark.parametrize("seed", range(20))
def test_hips_together_turn_the_torso_as_wanted_and_other_joints_go_to_their_pose(
    native: Native, seed: int
) -> None:
    values, random = start(native), np.random.default_rng(seed)
    obs = 0.3 * random.standard_normal(fields.size(LAYOUT))
    seen = fields.record(obs, LAYOUT)
    seen.foot_load[:] = (1.0, 0.0)
    torque = dict(zip(JOINTS, native.first(obs, DT), strict=True))
    angle = dict(zip(JOINTS, seen.joint_angle, strict=True))
    speed = dict(zip(JOINTS, seen.joint_velocity, strict=True))
    lean, rate = seen.tilt[1], seen.rate[1]

    trunk = values["torso.stiffness"] * (values["lift.lean"] - lean)
    trunk -= values["torso.damping"] * rate
    assert torque["hip_left"] + torque["hip_right"] == pytest.approx(trunk)

    targets = {
        "knee_left": "stance_knee",
        "ankle_left": "stance_ankle",
        "knee_right": "swing_knee",
        "ankle_right": "swing_ankle",
    }
    for joint, target in targets.items():
        stem = joint.partition("_")[0]
        wanted = values[f"{stem}.stiffness"] * (values[f"lift.{target}"] - angle[joint])
        assert torque[joint] == pytest.approx(wanted - values[f"{stem}.damping"] * speed[joint])

    place = -seen.foot_ahead[0] * BODY.leg_length
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


@pytest.mark.slow
def test_a_body_that_observes_what_another_one_does_and_more_compiles_without_a_warning(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    shapes = {name: LAYOUT[name].shape for name in fields.names(LAYOUT)}
    for number in range(2):
        shapes[f"extra_{number}"] = (3,)
        CompiledController(simbicon.Controller(BODY), fields.layout(shapes))
