"""Feet on paths: limbs, their inverse kinematics, and gaits that begin with a walk."""

from functools import cache
from pathlib import Path

import mujoco
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evoloco import fields
from evoloco.controllers import _limbs, feet
from evoloco.ending import Outcome
from evoloco.errors import ModelError
from evoloco.fields import Record
from evoloco.genome import Array
from evoloco.members import member
from evoloco.morphologies import biped, hopper
from evoloco.morphology import HOME, Morphology
from evoloco.scenario import Scenario, Termination
from evoloco.sim.simulator import Simulator

EXAMPLES = Path(__file__).parents[1] / "examples"
BODIES = ("biped", "biped that yaws", "hopper", "quadruped")


@cache
def body(name: str) -> Morphology:
    if name == "quadruped":
        legs = [f"{end}{side}" for end in "FR" for side in "LR"]
        joints = [f"{leg}_{joint}" for leg in legs for joint in ("hip", "knee")]
        build = member("morphologies", "mjcf").build
        path, names = str(EXAMPLES / "quadruped.xml"), [f"{leg}_foot" for leg in legs]
        return build(path, "trunk", names, joints)  # type: ignore[no-any-return]
    if name == "hopper":
        return hopper.build()
    return biped.build(hip_yaw=name == "biped that yaws")


@cache
def legs(name: str) -> tuple[tuple[_limbs.Limb, ...], Record]:
    parts = _limbs.limbs(body(name))
    values = _limbs.fields(parts, body(name).leg_length)
    flat, kind = fields.flatten(values), fields.layout_of(values)
    return parts, flat.view(kind).view(np.recarray)[0]


def reached(name: str, i: int, angles: Array) -> tuple[Array, Array, Array]:
    place, frame, lever = np.empty(3), np.empty((3, 3)), np.empty((len(angles), 6))
    _limbs.put(legs(name)[1], i, angles, place, frame, lever)
    return place, frame, lever


def somewhere(limb: _limbs.Limb, seed: int, spread: float) -> Array:
    noise = np.random.default_rng(seed).normal(0, spread, len(limb.joints))
    return np.clip(limb.home + noise, *limb.bounds)


LIMBS = [(name, i) for name in BODIES for i in range(len(legs(name)[0]))]


@pytest.mark.parametrize(("name", "i"), LIMBS)
@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_a_foot_is_where_mujoco_has_it(name: str, i: int, seed: int) -> None:
    robot, limb = body(name), legs(name)[0][i]
    data = mujoco.MjData(robot.model)
    mujoco.mj_resetDataKeyframe(robot.model, data, robot.model.key(HOME).id)
    mujoco.mj_kinematics(robot.model, data)
    torso = data.body(robot.torso).xpos.copy()
    home = data.body(limb.foot).xmat.reshape(3, 3).copy()
    sole = home.T @ (limb.sole + torso - data.body(limb.foot).xpos)

    angles = somewhere(limb, seed, 0.3)
    for joint, angle in zip(limb.joints, angles, strict=True):
        data.joint(robot.joints[joint].name).qpos = angle
    mujoco.mj_kinematics(robot.model, data)
    turn = data.body(limb.foot).xmat.reshape(3, 3)
    place, frame, _ = reached(name, i, angles)
    np.testing.assert_allclose(place, data.body(limb.foot).xpos + turn @ sole - torso, atol=1e-12)
    np.testing.assert_allclose(frame, (turn @ home.T).T, atol=1e-12)


@pytest.mark.parametrize(("name", "i"), LIMBS)
def test_levers_are_the_derivatives_of_place_and_turn(name: str, i: int) -> None:
    angles, h = somewhere(legs(name)[0][i], 1, 0.2), 1e-6
    _, frame, lever = reached(name, i, angles)
    for k in range(len(angles)):
        step = np.where(np.arange(len(angles)) == k, h, 0.0)
        after, before = reached(name, i, angles + step), reached(name, i, angles - step)
        np.testing.assert_allclose((after[0] - before[0]) / (2 * h), lever[k, :3], atol=1e-7)
        spin = frame @ ((after[1] - before[1]) / (2 * h)).T  # the turning rate, crosswise
        turned = frame.T @ spin @ frame
        rate = np.array([turned[2, 1], turned[0, 2], turned[1, 0]])
        np.testing.assert_allclose(np.abs(rate), np.abs(lever[k, 3:]), atol=1e-6)


@pytest.mark.parametrize("name", ["biped", "biped that yaws"])
@settings(max_examples=20, deadline=None)
@given(
    ahead=st.floats(-0.04, 0.04), left=st.floats(-0.02, 0.02), up=st.floats(0, 0.03),
    roll=st.floats(-0.1, 0.1), pitch=st.floats(-0.1, 0.1),
)  # fmt: skip
def test_a_foot_gets_where_it_is_wanted_with_its_sole_as_wanted(
    name: str, ahead: float, left: float, up: float, roll: float, pitch: float
) -> None:
    parts, record = legs(name)
    for i, limb in enumerate(parts):
        angles, target = limb.home.copy(), limb.sole + np.array([ahead, left, up])
        _limbs.reach(
            record, i, target, np.array([roll, pitch, 0.0]), angles, 20, _limbs.scratch(len(angles))
        )
        place, frame, _ = reached(name, i, angles)
        np.testing.assert_allclose(place, target, atol=2e-4)
        assert (frame[1, 2] - frame[2, 1]) / 2 == pytest.approx(roll, abs=2e-3)
        assert (frame[2, 0] - frame[0, 2]) / 2 == pytest.approx(pitch, abs=2e-3)
        assert np.all((angles >= limb.bounds[0]) & (angles <= limb.bounds[1]))


def test_a_target_out_of_reach_is_approached_within_the_limits() -> None:
    parts, record = legs("biped")
    angles = parts[0].home.copy()
    _limbs.reach(
        record,
        0,
        parts[0].sole - np.array([0.0, 0.0, 0.2]),
        np.zeros(3),
        angles,
        60,
        _limbs.scratch(len(angles)),
    )
    place, _, _ = reached("biped", 0, angles)
    assert place[2] < parts[0].sole[2] - 0.005  # straighter, but not beyond
    assert np.all((angles >= parts[0].bounds[0]) & (angles <= parts[0].bounds[1]))


def test_cholesky_solves_what_numpy_solves() -> None:
    random = np.random.default_rng(0)
    for n in range(1, 8):
        half = random.normal(size=(n, n))
        a, b = half @ half.T + np.eye(n), random.normal(size=n)
        wanted = np.linalg.solve(a, b)
        _limbs.solve(a.copy(), b)
        np.testing.assert_allclose(b, wanted, rtol=1e-10)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["biped", "quadruped"])
def test_the_starting_genes_walk_forward_without_a_search(name: str) -> None:
    robot = body(name)
    controller = feet.Controller(robot)
    start = {gene.name: float(gene.start or 0.0) for gene in controller.space.genes}
    params = fields.flatten(controller.parameters(start))
    still = np.zeros(len(robot.joints))
    simulator = Simulator(
        robot, controller, duration=5.0, control_dt=0.02, termination=Termination(), threads=1
    )
    (episode,) = simulator.run(params[None], [Scenario(still, still)])
    assert episode.outcome is Outcome.COMPLETED
    assert episode.way[0] > 0.1


def test_answers_are_genes_only_where_they_are_asked_for() -> None:
    names = feet.Controller(biped.build(), answers=False).space.names
    assert "stride" in names
    assert not any("tilt" in name or "rate" in name for name in names)


def test_a_foot_that_no_hinge_moves_is_refused() -> None:
    spec = mujoco.MjSpec.from_string("""
        <mujoco><worldbody><geom type="plane" size="0 0 1"/>
        <body name="torso" pos="0 0 .3"><freejoint/><geom size=".1" mass="1"/>
        <body name="foot" pos="0 0 -.2"><joint name="leg" type="slide" axis="0 0 1"/>
        <geom size=".05" mass=".1"/></body></body></worldbody>
        <actuator><position name="leg" joint="leg" kp="100"/></actuator>
        <keyframe><key name="home" qpos="0 0 .25 1 0 0 0 0"/></keyframe></mujoco>""")
    from evoloco.morphology import assemble

    robot = assemble(spec, "torso", ["foot"], ["leg"])
    with pytest.raises(ModelError, match="'foot' cannot be put anywhere: it must hang on driven"):
        feet.Controller(robot)
