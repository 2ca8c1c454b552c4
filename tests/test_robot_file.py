"""A robot's file says what it means, and one that cannot be used is told in one sentence."""

import tomllib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evoloco.check.subject import Subject
from evoloco.deploy import robot
from evoloco.deploy.tables import Joint
from evoloco.errors import EvolocoError, SpecError
from evoloco.experiment import Experiment

BODIES = {"op3": "op3_class", "xl330": "xl330_biped"}
"""Bundled run whose body each ready file is of."""


def changed(old, new):
    """The content of the ready file of the OP3 with another piece of text."""
    text = robot.ready()["op3"].read_text(encoding="utf-8")
    assert old in text
    return tomllib.loads(text.replace(old, new, 1))


def test_every_ready_file_is_of_a_bundled_body():
    assert set(robot.ready()) == set(BODIES)


@pytest.mark.parametrize("name", BODIES)
def test_a_ready_file_has_joints_and_limits_of_its_body_and_says_that_it_is_untested(name):
    body = Experiment(Subject.of(BODIES[name]).spec).morphology
    found = robot.read(name).driving([joint.name for joint in body.joints])

    assert found.untested
    assert list(found.joints) == [joint.name for joint in body.joints]
    np.testing.assert_allclose(found.low, [joint.low for joint in body.joints])
    np.testing.assert_allclose(found.high, [joint.high for joint in body.joints])


@given(angle=st.floats(-1.2, 1.2), sign=st.sampled_from((1, -1)), zero=st.floats(-1.0, 1.0))
def test_a_joint_and_its_servo_turn_into_each_other(angle, sign, zero):
    joint = Joint(
        id=1,
        model="XM430-W350",
        sign=sign,
        zero=f"{zero} rad",
        position=("-1.2 rad", "1.2 rad"),
    )
    assert joint.joint_angle(joint.servo_angle(angle)) == pytest.approx(angle, abs=1e-12)
    assert joint.servo_angle(0.0) == zero


def test_units_become_those_in_memory():
    found = robot.parse(changed('"45 deg"', '"0.5 rad"'), "file")
    assert found.guard.tilt == 0.5
    assert found.start.velocity == 0.5
    assert robot.parse(changed('"4 ms"', '"0.25 s"'), "file").bus.latency == 0.25


def test_a_joint_may_have_limits_of_its_own():
    found = robot.parse(changed("id = 8,", 'id = 8, current = "700 mA",'), "file")
    np.testing.assert_allclose(found.current, [0.7, *[2.2] * 11])


def test_axes_of_the_imu_turn_its_readings_into_the_torso_frame():
    imu = robot.read("op3").imu
    np.testing.assert_array_equal(imu.turn @ [1.0, 2.0, 3.0], [-1.0, -2.0, 3.0])
    assert np.linalg.det(imu.turn) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('model = "XM430-W350"', 'model = "XM430"', "servo model 'XM430'. Known: .*Did you mean"),
        ('current = "2.2 A"', "", "Key 'limits.current' is missing"),
        (
            ', position = ["-0.5 rad", "0.9 rad"]',
            "",
            "Key 'joints.hip_yaw_left.position' is mis",
        ),
        ('"2.2 A"', '"1.5 amps"', "unit 'amps' is unknown. Known: A, mA"),
        ('"2.2 A"', "1.5", "must be a text with a number and its unit"),
        ('"2.2 A"', '"nan A"', "must be finite"),
        ('"2.2 A"', '"many A"', "'many' is no number"),
        ('"2.2 A"', '"-1 A"', "Key 'limits.current'.*greater than 0"),
        ("sign = 1", "sign = 2", "Key 'joints.hip_yaw_left.sign'"),
        ('["-0.5 rad", "0.9 rad"]', '["0.9 rad", "-0.5 rad"]', "first number must be the smaller"),
        ('zero = "0 deg"', 'zero = "150 deg"', "beyond half a turn"),
        ("id = 10", "id = 8", "'hip_yaw_left' and 'hip_roll_left' have the same id 8"),
        ('"-x", "-y", "z"', '"-x", "y", "z"', "mirror image"),
        ('"-x", "-y", "z"', '"x", "x", "z"', "must come once"),
        ("[guard]", "[guards]", "Unknown key 'guards'|Key 'guard' is missing"),
    ],
)
def test_a_mistake_is_told_with_its_key(old, new, told):
    with pytest.raises(SpecError, match=told) as raised:
        robot.parse(changed(old, new), "robot.toml")
    assert str(raised.value).startswith("robot.toml: ")
    assert raised.value.code == 2


def test_joints_that_only_the_file_or_only_the_run_has_are_told():
    found = robot.read("op3")
    with pytest.raises(EvolocoError, match="Unknown joint 'hip_yaw_right'"):
        found.driving([name for name in found.joints if name != "hip_yaw_right"])
    with pytest.raises(SpecError, match="lacks joints that the run drives: tail"):
        found.driving([*found.joints, "tail"])


@pytest.mark.parametrize(
    ("name", "told"), [("op4", "Did you mean 'op3'"), ("none.toml", "cannot be read")]
)
def test_a_file_that_is_missing_is_told(name, told):
    with pytest.raises(EvolocoError, match=told):
        robot.read(name)


def test_a_file_that_is_not_toml_is_told(tmp_path):
    path = tmp_path / "robot.toml"
    path.write_text("name = op3")
    with pytest.raises(SpecError, match="is not TOML"):
        robot.read(str(path))
