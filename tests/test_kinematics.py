"""Inverse kinematics of legs and of closed chains: exact, within limits, the same every time."""

import mujoco
import numpy as np
import pytest

from evoloco.kinematics.closure import close, gaps
from evoloco.kinematics.crouch import Leg, crouch, find_leg, is_solved
from evoloco.kinematics.fit import fit
from evoloco.kinematics.sole import Sole, read_sole

BOX = '<geom type="box" size=".06 .03 .01" pos=".02 0 -.02"/>'
PADS = "".join(
    f'<geom type="sphere" size=".01" pos="{x} {y} -.03"/>'
    for x in (-0.04, 0.06)
    for y in (-0.03, 0.03)
)
ROD = '<geom type="capsule" fromto="-.04 0 -.02 .06 0 -.02" size=".01"/>'
CAN = '<geom type="cylinder" size=".03 .01" pos="0 0 -.02"/>'
BALL = '<geom type="sphere" size=".02"/>'


def robot(foot: str, tilt: str = "0 0 0", knee: str = "0 140", more: str = "") -> mujoco.MjModel:
    """A human's leg of six hinges under a fixed torso; `tilt` turns the frame of its foot."""
    return mujoco.MjModel.from_xml_string(
        f"""<mujoco><worldbody><body name="torso" pos="0 0 1"><geom size=".05"/>
         <body name="pelvis" pos="0 .05 0"><joint name="yaw" axis="0 0 1" range="-40 40"/>
          <joint name="roll" axis="1 0 0" range="-40 40"/>
          <joint name="hip" axis="0 1 0" range="-100 60"/><geom size=".02"/>
          <body name="shank" pos="0 0 -.1"><joint name="knee" axis="0 1 0" range="{knee}"/>
           <geom size=".02"/><body name="ankle" pos="0 0 -.12">
            <joint name="pitch" axis="0 1 0" range="-80 80"/>
            <joint name="tilt" axis="1 0 0" range="-40 40"/>
            <body name="foot" euler="{tilt}">{foot}</body></body></body></body></body>{more}
        </worldbody></mujoco>"""
    )


def read(model: mujoco.MjModel, qpos: np.ndarray | None = None) -> mujoco.MjData:
    data = mujoco.MjData(model)
    if qpos is not None:
        data.qpos[:] = qpos
    mujoco.mj_forward(model, data)
    return data


def leg_of(model: mujoco.MjModel, fixed: tuple[int, ...] = ()) -> tuple[Leg, Sole]:
    data, foot = read(model), model.body("foot").id
    geoms = [geom for geom in range(model.ngeom) if model.geom_bodyid[geom] == foot]
    sole = read_sole(model, data, foot, geoms)
    leg = find_leg(model, data, model.body("torso").id, foot, sole, fixed)
    assert leg is not None
    return leg, sole


@pytest.mark.parametrize(
    ("foot", "centre", "level"),
    [
        (BOX, [0.02, 0, -0.03], 2),
        (PADS, [0.01, 0, -0.03], 2),
        (CAN, [0, 0, -0.03], 2),
        (ROD, [0.01, 0, -0.02], 1),
        (BALL, [0, 0, 0], 0),
    ],
)
def test_a_sole_is_a_face_an_edge_or_a_point(foot: str, centre: list[float], level: int) -> None:
    _, sole = leg_of(robot(foot))
    np.testing.assert_allclose(sole.centre, centre, atol=1e-6)
    assert len(sole.level) == level
    assert abs(sole.level[:, 2]).max(initial=0) < 1e-9


@pytest.mark.parametrize("foot", [BOX, PADS, CAN, ROD, BALL])
@pytest.mark.parametrize("fraction", [0.02, 0.1, 0.3])
@pytest.mark.parametrize("tilt", ["0 0 0", "15 -20 30"])
def test_a_crouch_puts_the_sole_level_below_the_hip_within_a_micrometre(
    foot: str, fraction: float, tilt: str
) -> None:
    model = robot(foot, tilt)
    leg, sole = leg_of(model)
    qpos, errors = crouch(model, np.zeros(model.nq), [leg], fraction)
    assert is_solved(errors)
    assert max(errors) <= 1e-6

    data = read(model, qpos)
    turn = data.body("foot").xmat.reshape(3, 3)
    place = data.body("foot").xpos + turn @ sole.centre
    assert place[0] == pytest.approx(data.xanchor[model.joint("hip").id][0], abs=1e-6)
    assert np.abs((sole.level @ turn.T)[:, 2]).max(initial=0) < 1e-6
    assert (qpos >= model.jnt_range[:, 0] - 1e-12).all()
    assert (qpos <= model.jnt_range[:, 1] + 1e-12).all()


def test_a_larger_crouch_is_lower_by_its_share_of_the_leg() -> None:
    model = robot(BOX)
    leg, sole = leg_of(model)
    heights = []
    for fraction in (0.1, 0.2, 0.4):
        data = read(model, crouch(model, np.zeros(model.nq), [leg], fraction)[0])
        turn = data.body("foot").xmat.reshape(3, 3)
        heights.append((data.body("foot").xpos + turn @ sole.centre)[2])
    rise = np.diff(heights)
    assert rise[1] == pytest.approx(2 * rise[0], abs=1e-7)
    assert 0.24 < rise[0] / 0.1 <= 0.25  # 0.1 + 0.12 + 0.03 m, less what the toes take forward


@pytest.mark.parametrize("knee", ["0 140", "-140 0"])
def test_knees_bend_as_their_limits_let_them(knee: str) -> None:
    model = robot(BOX, knee=knee)
    leg, _ = leg_of(model)
    qpos, errors = crouch(model, np.zeros(model.nq), [leg], 0.2)
    assert is_solved(errors)
    assert np.sign(qpos[model.joint("knee").qposadr[0]]) == (1 if knee == "0 140" else -1)


def test_hinges_that_only_turn_a_leg_stay_where_those_that_bend_it_suffice() -> None:
    model = robot(BOX)
    leg, _ = leg_of(model)
    qpos, errors = crouch(model, np.zeros(model.nq), [leg], 0.3)
    assert is_solved(errors)
    turning = [model.joint(name).qposadr[0] for name in ("yaw", "roll", "tilt")]
    assert not qpos[turning].any()


def test_the_same_pose_comes_every_time() -> None:
    model = robot(PADS, "15 -20 30")
    leg, _ = leg_of(model)
    first, second = (crouch(model, np.zeros(model.nq), [leg], 0.25)[0] for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_a_joint_that_keeps_its_angle_is_not_moved() -> None:
    model = robot(BALL)
    leg, _ = leg_of(model, fixed=(model.joint("pitch").id,))
    start = np.zeros(model.nq)
    start[model.joint("pitch").qposadr[0]] = 0.3
    qpos, errors = crouch(model, start, [leg], 0.2)
    assert is_solved(errors)
    assert qpos[model.joint("pitch").qposadr[0]] == 0.3


def test_a_pose_out_of_reach_is_told_by_its_error() -> None:
    model = robot(BOX, knee="0 20")
    leg, _ = leg_of(model)
    _, errors = crouch(model, np.zeros(model.nq), [leg], 0.5)
    assert not is_solved(errors)
    assert errors[0] > 0.05


def test_a_fit_finds_the_root_that_random_starts_lead_to() -> None:
    model = robot(BOX)
    knee = int(model.joint("knee").dofadr[0])

    def residual(data: mujoco.MjData) -> tuple[np.ndarray, np.ndarray]:
        angle = data.qpos[knee]
        slope = np.zeros((1, model.nv))
        slope[0, knee] = 2 * angle  # zero where it begins: no step leads away from there
        return np.array([angle**2 - 1]), slope

    at_rest = fit(model, np.zeros(model.nq), [knee], residual)
    assert at_rest.error == 1
    found = fit(model, np.zeros(model.nq), [knee], residual, [np.array([0.5])])
    assert found.qpos[knee] == pytest.approx(1, abs=1e-8)


FOUR_BAR = """<mujoco><worldbody>
  <body name="a"><joint name="a" axis="0 1 0"/>
   <geom type="capsule" fromto="0 0 0 0 0 .1" size=".01"/>
   <body name="b" pos="0 0 .1"><joint name="b" type="{kind}" axis="0 1 0"/>
    <geom type="capsule" fromto="0 0 0 .2 0 0" size=".01"/>
    <body name="c" pos=".2 0 0"><joint name="c" axis="0 1 0"/>
     <geom type="capsule" fromto="0 0 0 0 0 -.1" size=".01"/><site name="end" pos="0 0 -.1"/></body>
   </body></body><site name="foot" pos=".15 0 0"/></worldbody>
  <equality><connect name="loop" site1="end" site2="foot"/></equality></mujoco>"""


@pytest.mark.parametrize("kind", ["hinge", "ball"])
def test_a_four_bar_linkage_closes(kind: str) -> None:
    model = mujoco.MjModel.from_xml_string(FOUR_BAR.format(kind=kind))
    assert gaps(model, model.qpos0, [0])[0].size == pytest.approx(0.05)
    qpos = close(model, model.qpos0, [0], range(1, model.nv))
    data = read(model, qpos)
    np.testing.assert_allclose(data.site("end").xpos, data.site("foot").xpos, atol=1e-6)
    assert qpos[0] == 0
    np.testing.assert_array_equal(qpos, close(model, model.qpos0, [0], range(1, model.nv)))
