"""A gripper with a pad of taxels and a soft fingertip, and its sensors in a run."""

from collections.abc import Callable

import mujoco
import numpy as np
import pytest

from evoloco.errors import UnknownNameError
from evoloco.fields import Array
from evoloco.fitting import fitted
from evoloco.members import member, members, nested
from evoloco.morphologies.arms import tactile_gripper
from evoloco.morphology import HOME, Morphology
from evoloco.perception.learned import Learned
from evoloco.perception.slip.bristles import feet
from evoloco.perception.slip.taxels import taxel_order
from evoloco.sensor import Moment
from evoloco.spec import SensorSpec

CONTROL_DT, SUBSTEPS = 0.01, 10
CHANNELS = {"stable": 0, "translation": 1, "rotation": 2}


@pytest.fixture(scope="module")
def body() -> Morphology:
    sensors = {"slip": SensorSpec(), "biotac": SensorSpec()}
    return fitted(tactile_gripper.build(), sensors)


def source(body: Morphology, name: str) -> Learned:
    """What computes a sensor of the body."""
    found = next(one for one in body.sensors if one.name == name).source
    assert isinstance(found, Learned)
    return found


Change = Callable[[mujoco.MjModel, mujoco.MjData, float], None]


def lived(body: Morphology, change: Change, name: str, steps: int = 60) -> Array:
    """Readings of a sensor in every third control step after the 33rd; changes begin at 0.4 s."""
    model, data = body.model, mujoco.MjData(body.model)
    mujoco.mj_resetDataKeyframe(model, data, model.key(HOME).id)
    reader, history, told = source(body, name), [], []
    state = np.empty(mujoco.mj_stateSize(model, mujoco.mjtState.mjSTATE_INTEGRATION))
    previous = np.zeros(len(reader.reader.channels))
    for step in range(steps):
        if step >= 40:
            change(model, data, CONTROL_DT * (step - 40))
        mujoco.mj_step(model, data, SUBSTEPS)
        history.append(data.sensordata.copy())
        if step >= 33 and step % 3 == 0:
            mujoco.mj_getState(model, data, state, mujoco.mjtState.mjSTATE_INTEGRATION)
            previous = reader.read(
                Moment(model, state, previous, np.array(history[-reader.history :]))
            )
            told.append(previous)
    return np.array(told)


def hold(model: mujoco.MjModel, data: mujoco.MjData, time: float) -> None:
    """Changes nothing."""


def turn(model: mujoco.MjModel, data: mujoco.MjData, time: float) -> None:
    """Weakens the grip, and turns the block about the pad's normal."""
    data.ctrl[:] = 0.004
    data.xfrc_applied[model.body("block").id, 4] = 0.6 * time


def open_wide(model: mujoco.MjModel, data: mujoco.MjData, time: float) -> None:
    """Opens the fingers."""
    data.ctrl[:] = -0.01


def test_a_run_can_name_the_gripper_and_the_list_of_walkers_has_none() -> None:
    assert "arms/tactile_gripper" in nested("morphologies")
    assert not [name for name in members("morphologies") if "gripper" in name]
    assert member("morphologies", "arms/tactile_gripper").build is tactile_gripper.build
    with pytest.raises(UnknownNameError, match="arms/none"):
        member("morphologies", "arms/none", "morphology.name")


def test_the_block_is_held_at_home_and_dropped_where_the_fingers_open(body: Morphology) -> None:
    model, data = body.model, mujoco.MjData(body.model)
    mujoco.mj_resetDataKeyframe(model, data, model.key(HOME).id)
    start = data.body("block").xpos[2]
    mujoco.mj_step(model, data, 1000)
    assert data.body("block").xpos[2] == pytest.approx(0.23, abs=0.001)
    assert data.sensor("pad.force").data[0] == pytest.approx(1000 * tactile_gripper.CLOSED, rel=0.1)
    open_wide(model, data, 0.0)
    mujoco.mj_step(model, data, 600)
    assert data.body("block").xpos[2] < 0.1
    assert data.sensor("pad.force").data[0] == 0
    assert start == 0


def test_all_taxels_touch_the_block_and_stand_in_the_order_of_the_bristles(body) -> None:
    model, data = body.model, mujoco.MjData(body.model)
    mujoco.mj_resetDataKeyframe(model, data, model.key(HOME).id)
    mujoco.mj_step(model, data, 300)
    depth = data.sensor("pad.taxels").data[:144]
    assert (depth > 0).all()

    order, mesh = taxel_order(model, "pad.taxels"), model.mesh("taxels")
    places = model.mesh_vert[mesh.vertadr[0] :][:144]
    rotation = np.empty(9)
    mujoco.mju_quat2Mat(rotation, model.geom("taxels").quat)
    in_pad = places @ rotation.reshape(3, 3).T
    np.testing.assert_allclose(in_pad[order, :2], feet(), atol=1e-6)


def test_the_sensors_can_be_read_at_home(body: Morphology) -> None:
    for name in ("slip", "biotac"):
        source(body, name).check(body)


def test_a_block_that_is_held_is_stable_and_one_that_turns_is_told(body: Morphology) -> None:
    held = lived(body, hold, "slip")
    assert (held[:, CHANNELS["stable"]] > 0.5).all()
    turning = lived(body, turn, "slip", 66)
    assert turning[:, CHANNELS["rotation"]].max() > 0.8
    assert turning[0, CHANNELS["rotation"]] < 0.1


def test_a_pad_without_a_block_keeps_its_last_answer_without_confidence(body: Morphology) -> None:
    told = lived(body, open_wide, "slip")
    assert told[0, -2] > 0.5
    assert told[-1, -2] == 0
    np.testing.assert_array_equal(told[-1, :3], told[-2, :3])


def test_the_fingertip_feels_that_the_grip_opens(body: Morphology) -> None:
    told = lived(body, open_wide, "biotac", 90)
    pressure, nearest = 2, 4
    assert told[0, pressure] > told[-1, pressure] + 300
    assert told[-1, nearest] > told[0, nearest] + 500
    assert (told[:, -2] == 1).all()
