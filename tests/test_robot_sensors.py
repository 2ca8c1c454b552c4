"""The standard sensors of a user's robot: of any names that MuJoCo takes."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import mujoco
import numpy as np
import pytest

from evoloco.morphologies import mjcf
from evoloco.morphology import HOME, Morphology

Build = Callable[[str], Morphology]

POGO = """<mujoco><worldbody><geom type="plane" size="0 0 1"/>
  <body name="{torso}" pos="0 0 .4"><geom type="box" size=".1 .1 .02" mass="1"/>{more}
   <body name="shin"><joint name="{joint}" axis="0 1 0" range="-60 60"/>
    <geom type="capsule" fromto="0 0 0 0 0 -.2" size=".02"/>
    <body name="{foot}" pos="0 0 -.2"><geom size=".03"/></body></body></body></worldbody>
  <actuator><position name="{actuator}" joint="{joint}" kp="20"/></actuator>{sensors}</mujoco>"""
"""A leg with a hinge, which falls over; its names are to be filled in."""


@pytest.fixture
def build(tmp_path: Path) -> Callable[..., Morphology]:
    def body(more: str = "", sensors: str = "", **names: str) -> Morphology:
        given = {"torso": "trunk", "joint": "hip", "foot": "toe", "actuator": "a", **names}
        path = tmp_path / "pogo.xml"
        path.write_text(POGO.format(more=more, sensors=sensors, **given), encoding="utf-8")
        options: dict[str, Any] = {"feet": [given["foot"]], "joints": [given["joint"]]}
        return mjcf.build(str(path), given["torso"], **options, **{f"mass.{given['torso']}": 1.0})

    return body


def at_home(body: Morphology) -> mujoco.MjData:
    data = mujoco.MjData(body.model)
    mujoco.mj_resetDataKeyframe(body.model, data, body.model.key(HOME).id)
    data.qpos[:3], data.qvel[:3], data.qvel[-1] = [0.1, 0.2, 3], [1, 2, 3], 4
    mujoco.mj_forward(body.model, data)
    return data


@pytest.mark.parametrize("name", ["same", "torso", "foot", "joint.x", "torso.imu"])
def test_a_torso_a_foot_a_joint_and_an_actuator_may_share_a_name(build, name) -> None:
    body = build(joint=name, foot=name, actuator=name)
    data = at_home(body)
    assert data.sensordata[body.sensor(f"joint.{name}.velocity")] == pytest.approx([4])
    place = data.body(name).xpos
    np.testing.assert_array_equal(data.sensordata[body.sensor(f"foot.{name}.position")], place)


def test_sensors_and_sites_of_the_file_stay_beside_the_standard_ones_of_the_same_names(
    build,
) -> None:
    more = '<site name="torso.imu" pos=".3 0 0"/><site name="torso.imu_" pos=".2 0 0"/>'
    sensors = """<sensor><framepos name="torso.position" objtype="site" objname="torso.imu"/>
      <jointpos name="foot.toe.ground" joint="hip"/><clock name="clock"/></sensor>"""
    body = build(more, sensors)
    data = at_home(body)
    assert data.sensordata[body.sensor("torso.position")] == pytest.approx([0.1, 0.2, 3])
    assert data.sensordata[body.sensor("file.torso.position")] == pytest.approx([0.4, 0.2, 3])
    assert data.sensordata[body.sensor("file.foot.toe.ground")] == pytest.approx([0])
    assert body.model.site("torso.imu").pos == pytest.approx([0.3, 0, 0])
    renamed = [line for line in body.told if "file." in line]
    assert len(renamed) == 2
    assert "'torso.position' is called 'file.torso.position'" in renamed[0]
