"""A person turns joints by hand: signs and zeros are found, and wrong ones are told."""

import contextlib
import time

import numpy as np
import pytest
from deployment import HOME, ROBOT, Puppet, deployment

from evoloco.cli import deploying
from evoloco.deploy import calibration
from evoloco.deploy.robot import parse
from evoloco.deploy.servos import Servos
from evoloco.errors import SpecError

pytestmark = pytest.mark.slow

PERIOD = 0.02
"""Time between measurements [s]."""


class Person:
    """Does what is asked: turns joints of a puppet, leans it, and lets its devices measure."""

    def __init__(self, machine, puppet, lazy=""):
        self.machine, self.puppet, self.lazy, self.asked = machine, puppet, lazy, []

    def __call__(self, text):
        self.asked.append(text)
        name, _, what = text.partition(": ")
        if name in Puppet.joints and name != self.lazy:
            self.turn(Puppet.joints.index(name), what)
        elif "forward" in text or "right side" in text:
            lean = np.radians(25)
            turned = [-np.sin(lean), 0.0] if "forward" in text else [0.0, np.sin(lean)]
            self.puppet.upward = 9.81 * np.array([*turned, np.cos(lean)])

        done = self.machine.time + 2.5 * PERIOD
        while self.machine.time < done:
            time.sleep(0.01)

    def turn(self, place, what):
        angle = self.puppet.angle.copy()
        if "where its angle is 0" in what:
            angle[place] = 0.0
        elif what.startswith("bring it"):
            angle[place] = HOME[place]
        else:
            angle[place] += 0.4 if "rises" in what else -0.4
        self.puppet.angle = angle


@contextlib.contextmanager
def at_hand(content):
    """A puppet on the bus of a right file, and servos that another file describes."""
    right = deployment()
    robot = parse(content, "robot.toml").driving(Puppet.joints)
    with right.bus(real_time=True) as emulator, Servos(robot, emulator.port, 1.0) as servos:
        yield emulator.machine, right.puppet, robot, servos


def wrong_content(**joints):
    """The content of a file that says other things about joints."""
    content = deployment().content
    for name, values in joints.items():
        content["joints"][name] |= values
    return content


def test_calibration_finds_signs_and_zeros_that_a_file_had_wrong():
    wrong = wrong_content(knee={"sign": 1, "zero": "0 rad"}, hip_pitch={"zero": "-0.2 rad"})
    with at_hand(wrong) as (machine, puppet, robot, servos):
        found = parse(calibration.calibrate(wrong, robot, servos, Person(machine, puppet)), "found")

    right = parse(deployment().content, "right")
    for name, joint in right.joints.items():
        assert found.joints[name].sign == joint.sign
        assert found.joints[name].zero == pytest.approx(joint.zero, abs=0.002)
        assert found.joints[name].position == joint.position


def test_a_joint_that_is_not_turned_is_told():
    content = deployment().content
    with (
        at_hand(content) as (machine, puppet, robot, servos),
        pytest.raises(SpecError, match=r"knee \(id 2"),
    ):
        calibration.calibrate(content, robot, servos, Person(machine, puppet, lazy="knee"))


def test_a_right_file_passes_the_check_and_nothing_is_written():
    with at_hand(deployment().content) as (machine, puppet, robot, servos):
        person = Person(machine, puppet)
        assert calibration.check(robot, servos, HOME, person) == []
    assert len(person.asked) == 3 + 1 + 3 + 2
    assert not np.any(puppet.driven)


def test_the_home_posture_reveals_a_wrong_sign():
    content = wrong_content(knee={"sign": 1, "zero": "-20 deg"})
    content["joints"]["knee"]["zero"] = "20 deg"
    content["joints"]["knee"]["position"] = ["-2 rad", "2 rad"]
    with at_hand(content) as (machine, puppet, robot, servos):
        found = calibration.check(robot, servos, HOME, Person(machine, puppet))
    assert len(found) == 2
    assert "knee should be at 1.20 rad and tells -1.20 rad: its sign is wrong." in found
    assert "knee (id 2): its angle fell: its sign is wrong." in found


def test_wrong_axes_of_the_imu_are_told():
    content = deployment().content
    content["imu"]["axes"] = ["-x", "-y", "z"]
    with at_hand(content) as (machine, puppet, robot, servos):
        found = calibration.check(robot, servos, HOME, Person(machine, puppet))
    assert len(found) == 2
    assert all("see imu.axes" in sentence for sentence in found)

    content["imu"]["axes"] = ["z", "y", "-x"]
    with at_hand(content) as (machine, puppet, robot, servos):
        found = calibration.imu_differences(servos.read())
    assert "its axes are wrong" in found[0]


def test_the_table_names_every_joint():
    with at_hand(deployment().content) as (_, _, robot, servos):
        table = calibration.table(robot, servos.read())
    for name in Puppet.joints:
        assert name in table
    assert "12.0" in table


def test_the_command_writes_a_file_that_its_own_check_accepts(tmp_path, evoloco, monkeypatch):
    right = deployment()
    path, out = tmp_path / "robot.toml", tmp_path / "out.toml"
    wrongly = ROBOT.replace("sign = -1", "sign = 1").replace('"20 deg"', '"0 deg"')
    path.write_text(wrongly.replace('"20 ms"', '"2 s"'))  # a busy machine answers late
    with right.bus(real_time=True) as emulator:
        person = Person(emulator.machine, right.puppet)
        monkeypatch.setattr(deploying, "_ask", person)
        port = ("--port", emulator.port)

        wrong = evoloco("deploy", "hopper", "--robot", path, *port, "--check")
        made = evoloco("deploy", "hopper", "--robot", path, *port, "--calibrate", out)
        again = evoloco("deploy", "hopper", "--robot", path, *port, "--calibrate", out)
        person.puppet.upward = np.array([0.0, 0.0, 9.81])
        checked = evoloco("deploy", "hopper", "--robot", out, *port, "--check")

    assert (wrong.code, made.code, again.code, checked.code) == (2, 0, 2, 0)
    assert "knee (id 2): its angle fell: its sign is wrong." in wrong.out
    assert "exists: move it away" in again.err
    assert "Signs, zeros and the IMU's axes are right." in checked.out
