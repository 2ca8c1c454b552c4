"""Chains agree with MuJoCo, and solvers find what they say, within limits, the same every time."""

import mujoco
import numpy as np
import pytest
from numpy.typing import NDArray

from evoloco.errors import ModelError, UnknownNameError
from evoloco.kinematics import damped, memetic, restarts
from evoloco.kinematics.chain import Chain, chain
from evoloco.kinematics.descent import Tolerance, error, new_work
from evoloco.kinematics.forward import slopes
from evoloco.kinematics.goal import ROWS, Goal, GoalError, linearize
from evoloco.morphologies.arms import planar, ur5

EXACT = 1e-12
"""Rounding of a chain of ten frames of at most a metre [m, 1]."""

SOLVERS = [restarts, memetic]

MIXED = mujoco.MjModel.from_xml_string(
    """<mujoco><compiler angle="radian"/><worldbody>
      <body name="cart" pos=".1 .2 .3" euler=".1 .2 .3">
       <freejoint name="root"/><geom size=".1"/><site name="mount" pos="0 .1 .2" euler="0 .5 0"/>
       <body name="rail" pos=".3 0 0" quat="1 2 3 4">
        <joint name="slide" type="slide" axis="1 1 0" range="-.2 .4" ref=".1"/>
        <joint name="swing" axis="0 1 1" pos="0 .1 0" range="-1 2"/><geom size=".1"/>
        <body name="plate" pos="0 0 .2" euler=".4 0 0"><geom size=".1"/>
         <body name="hand" pos=".1 0 0">
          <joint name="wrist" axis="1 0 1" pos=".05 0 0" ref=".3"/><geom size=".1"/>
          <site name="tip" pos=".1 .1 0" euler="0 0 1"/></body>
        </body></body>
       <body name="other"><joint name="loose" type="slide"/><geom size=".1"/></body></body>
    </worldbody></mujoco>"""
)
"""A slide and hinges off their bodies' origins, with references, on a cart that floats."""


def at(model: mujoco.MjModel, qpos: NDArray[np.float64]) -> mujoco.MjData:
    data = mujoco.MjData(model)
    data.qpos[:] = qpos
    mujoco.mj_kinematics(model, data)
    mujoco.mj_comPos(model, data)
    return data


def mixed_data(found: Chain, angles: NDArray[np.float64]) -> mujoco.MjData:
    qpos = MIXED.qpos0.copy()
    qpos[:7] = [1, 2, 3, 0.5, 0.5, -0.5, 0.5]
    qpos[list(found.qpos)] = angles
    return at(MIXED, qpos)


@pytest.fixture(params=["wide", "narrow"])
def arm(request: pytest.FixtureRequest) -> Chain:
    return chain(ur5.build(narrow=request.param == "narrow").model, "tool")


def test_a_chain_is_where_mujoco_says_relative_to_its_base() -> None:
    found = chain(MIXED, "tip", base="mount")
    assert found.joints == ("slide", "swing", "wrist")
    rng = np.random.default_rng(0)
    for _ in range(10):
        angles = found.draw(rng)
        data, pose = mixed_data(found, angles), found.pose(angles)
        base, tip = data.site("mount"), data.site("tip")
        turn = base.xmat.reshape(3, 3)
        assert turn @ pose.translation + base.xpos == pytest.approx(tip.xpos, abs=EXACT)
        assert (turn @ pose.rotation).ravel() == pytest.approx(tip.xmat, abs=EXACT)


def test_the_jacobian_of_a_chain_is_that_of_mujoco() -> None:
    found = chain(MIXED, "tip", base="cart")
    angles = found.draw(np.random.default_rng(1))
    data, wanted = mixed_data(found, angles), np.zeros((6, MIXED.nv))
    mujoco.mj_jacSite(MIXED, data, wanted[:3], wanted[3:], MIXED.site("tip").id)
    turn = data.body("cart").xmat.reshape(3, 3)
    dofs = [MIXED.joint(name).dofadr[0] for name in found.joints]
    jacobian = found.jacobian(angles)
    assert turn @ jacobian[:3] == pytest.approx(wanted[:3, dofs], abs=EXACT)
    assert turn @ jacobian[3:] == pytest.approx(wanted[3:, dofs], abs=EXACT)


def test_the_jacobian_is_the_slope_of_the_place(arm: Chain) -> None:
    angles, step = arm.draw(np.random.default_rng(2)), 1e-6
    for joint, column in enumerate(arm.jacobian(angles).T):
        ahead, behind = (angles + sign * step * np.eye(6)[joint] for sign in (1, -1))
        rise = (arm.pose(ahead).translation - arm.pose(behind).translation) / (2 * step)
        assert rise == pytest.approx(column[:3], abs=1e-9)  # a central difference of step 1e-6


def test_a_held_joint_stays_where_it_is_put() -> None:
    whole, held = chain(MIXED, "tip", "cart"), chain(MIXED, "tip", "cart", {"swing": 0.7})
    assert held.joints == ("slide", "wrist")
    pose, wanted = held.pose(np.array([0.2, 1.0])), whole.pose(np.array([0.2, 0.7, 1.0]))
    assert pose.translation == pytest.approx(wanted.translation, abs=EXACT)
    assert pose.rotation == pytest.approx(wanted.rotation, abs=EXACT)


@pytest.mark.parametrize("part", ["place", "rotation", "look_at"])
def test_near_a_goal_the_residual_shrinks_as_its_slopes_say(arm: Chain, part: str) -> None:
    angles = arm.draw(np.random.default_rng(3))
    pose, links = arm.pose(angles), arm.links
    parts = {
        "place": pose.translation,
        "rotation": pose.rotation,
        "look_at": pose.translation + 0.4 * pose.rotation[:, 2],
    }
    wanted, work = Goal(**{part: parts[part]}).wanted(), new_work(6)
    error(links, wanted, angles, work)
    slopes(links, work.frames, work.velocity)
    linearize(wanted, work.frames, links, work.velocity, work.rows)
    step = 1e-6 * np.arange(1.0, 7.0)
    error(links, wanted, angles + step, work)
    assert np.abs(work.residual).max() > 1e-7
    assert work.residual == pytest.approx(-work.rows @ step, abs=1e-10)  # squares of the step
    assert work.residual.shape == (ROWS,)


@pytest.mark.parametrize("solver", SOLVERS)
def test_solved_angles_bring_the_tool_to_the_target_within_limits(solver, arm: Chain) -> None:
    model, rng = ur5.build().model, np.random.default_rng(4)
    for seed in range(20):
        target = arm.pose(arm.draw(rng))
        found = solver.solve(arm, Goal.of(target), arm.draw(rng), seed)
        tool = at(model, found.angles).site("tool")
        turned = np.arccos(min(1.0, (np.sum(tool.xmat * target.rotation.ravel()) - 1) / 2))
        assert found.solved
        assert np.linalg.norm(tool.xpos - target.translation) <= 1e-5 + EXACT
        assert turned <= 1e-4 + 1e-7  # the arc cosine of a rounded 1
        assert (arm.low <= found.angles).all()
        assert (found.angles <= arm.high).all()


def test_small_damped_steps_are_those_of_the_textbook(arm: Chain) -> None:
    start, damping = arm.draw(np.random.default_rng(10)), 0.01
    pose, J = arm.pose(start), arm.jacobian(start)[:3]
    error = np.array([0.001, -0.002, 0.003])
    step = J.T @ np.linalg.solve(J @ J.T + damping * np.eye(3), error)
    goal = Goal(place=pose.translation + error)
    found = damped.solve(arm, goal, start, iterations=1, damping=damping)
    assert found.angles - start == pytest.approx(step, abs=1e-12)
    assert found.iterations == 1


def test_damped_steps_from_a_near_start_meet_the_goal_and_from_a_far_one_may_not(
    arm: Chain,
) -> None:
    rng = np.random.default_rng(11)
    near, far = [], []
    for _ in range(20):
        angles, start = arm.draw(rng), arm.draw(rng)
        goal = Goal.of(arm.pose(angles))
        near.append(damped.solve(arm, goal, angles + 0.001).solved)
        far.append(damped.solve(arm, goal, start).solved)
    assert sum(near) >= 19  # one may be singular
    assert sum(far) < 19


@pytest.mark.parametrize("solver", SOLVERS)
def test_the_same_arguments_give_the_same_bytes(solver, arm: Chain) -> None:
    rng = np.random.default_rng(5)
    goals = [Goal.of(arm.pose(arm.draw(rng))) for _ in range(5)]
    first, again, other = (
        [solver.solve(arm, goal, arm.low, seed) for goal in goals] for seed in (1, 1, 2)
    )
    assert [one.angles.tobytes() for one in first] == [one.angles.tobytes() for one in again]
    assert [one.iterations for one in first] == [one.iterations for one in again]
    assert [one.angles.tobytes() for one in first] != [one.angles.tobytes() for one in other]


@pytest.mark.parametrize("solver", SOLVERS)
def test_a_target_out_of_reach_is_not_solved_and_the_arm_stretches_towards_it(solver) -> None:
    arm = chain(planar.build().model, "tool")
    found = solver.solve(arm, Goal(place=np.array([0, 1.5, 0])), None, 0, 300)
    assert not found.solved
    assert found.distance == pytest.approx(0.5, abs=1e-6)  # its reach is 1 m; flat at the minimum
    assert found.iterations == 300
    assert found.angles == pytest.approx([np.pi / 2, 0], abs=1e-2)


@pytest.mark.parametrize("solver", SOLVERS)
def test_a_place_beyond_a_limit_is_approached_up_to_the_limit(solver) -> None:
    arm = chain(planar.build("left").model, "tool")
    found = solver.solve(arm, Goal(place=np.array([1.0, 0, 0])), None, 0, 300)
    assert not found.solved
    assert found.angles[1] == pytest.approx(planar.STRAIGHT)
    assert found.distance == pytest.approx(1 - np.cos(planar.STRAIGHT / 2), abs=1e-6)


@pytest.mark.parametrize("solver", SOLVERS)
def test_what_a_goal_leaves_out_is_free(solver, arm: Chain) -> None:
    rng = np.random.default_rng(6)
    pose, start = arm.pose(arm.draw(rng)), arm.draw(rng)
    placed = solver.solve(arm, Goal(place=pose.translation), start)
    turned = solver.solve(arm, Goal(rotation=pose.rotation), start)
    assert placed.solved
    assert turned.solved
    assert placed.angle == turned.distance == 0
    assert np.abs(arm.pose(placed.angles).rotation - pose.rotation).max() > 0.01
    assert arm.pose(turned.angles).rotation == pytest.approx(pose.rotation, abs=1e-4)


@pytest.mark.parametrize("solver", SOLVERS)
def test_a_gaze_points_the_tools_axis_at_a_point(solver, arm: Chain) -> None:
    wanted = arm.pose(arm.draw(np.random.default_rng(7)))
    point = wanted.translation + 0.5 * wanted.rotation[:, 2]
    found = solver.solve(arm, Goal(place=wanted.translation, look_at=point))
    pose = arm.pose(found.angles)
    direction = (point - pose.translation) / np.linalg.norm(point - pose.translation)
    assert found.solved
    assert pose.rotation[:, 2] == pytest.approx(direction, abs=1e-4)
    assert pose.translation == pytest.approx(wanted.translation, abs=1e-5)


def test_a_coarser_tolerance_takes_fewer_steps_and_is_kept(arm: Chain) -> None:
    goal = Goal.of(arm.pose(arm.draw(np.random.default_rng(8))))
    fine, coarse = (
        restarts.solve(arm, goal, tolerance=tolerance)
        for tolerance in (Tolerance(), Tolerance(1e-2, 1e-1))
    )
    assert coarse.iterations < fine.iterations
    assert fine.distance <= 1e-5 < coarse.distance <= 1e-2


def test_unknown_names_are_told_with_those_that_exist() -> None:
    with pytest.raises(UnknownNameError, match=r"Unknown site or body 'tipp'.*Did you mean 'tip'"):
        chain(MIXED, "tipp", "cart")
    with pytest.raises(UnknownNameError, match=r"Unknown site or body 'ground'.*mount.*world"):
        chain(MIXED, "tip", "ground")
    with pytest.raises(UnknownNameError, match=r"joint between 'cart' and 'tip'.*slide, swing"):
        chain(MIXED, "tip", "cart", {"elbow": 0.0})


def test_what_is_no_chain_is_told() -> None:
    with pytest.raises(ModelError, match=r"'root' is a ball or free.*instead of 'world'.*'cart'"):
        chain(MIXED, "tip")
    with pytest.raises(ModelError, match=r"'tip' does not hang on 'other'.*cart, rail, plate"):
        chain(MIXED, "tip", "other")
    with pytest.raises(ModelError, match=r"No joint moves 'tip' relative to 'hand'"):
        chain(MIXED, "tip", "hand")
    with pytest.raises(ModelError, match=r"slide 'loose' needs limits"):
        chain(MIXED, "other", "cart")


def test_angles_and_goals_of_another_shape_are_told(arm: Chain) -> None:
    with pytest.raises(ModelError, match=r"one for each of the joints shoulder_pan.*\[1.0\]"):
        arm.pose(np.ones(1))
    with pytest.raises(GoalError, match=r"needs a place, a rotation or a point"):
        restarts.solve(arm, Goal())
    with pytest.raises(GoalError, match=r"goal.place must be finite.*\(2,\)"):
        restarts.solve(arm, Goal(place=np.zeros(2)))
    with pytest.raises(GoalError, match=r"goal.rotation must be a rotation matrix"):
        restarts.solve(arm, Goal(rotation=-np.eye(3)))
