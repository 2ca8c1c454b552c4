"""Commands of a file are played as safely as a gait, and the log of it can be fitted."""

import numpy as np
import pytest
from deployment import HOME, ROBOT, Puppet, deployment, limp

from evoloco import robot_log
from evoloco.bus.body import Body
from evoloco.bus.control_table import POSITION_STEP
from evoloco.deploy import played
from evoloco.deploy.champion import Champion
from evoloco.deploy.course import LAST
from evoloco.deploy.played import Played
from evoloco.deploy.robot import parse
from evoloco.deploy.session import RobotError
from evoloco.identify import excitation, recording
from evoloco.identify.hanging import hang
from evoloco.identify.playback import Playback

BODY = Champion.of("hopper").host().morphology
PERIOD = 0.008
CONTROL = 0.02


def commands(duration=1.0, swing=0.2):
    return excitation.excite(BODY, "multisine", duration, PERIOD, swing, 5.0, seed=1)


def written(path, rows, period=PERIOD, change=("", "")):
    """A file of commands; a change replaces text in it."""
    robot_log.write(path, excitation.as_log(BODY, rows, period))
    path.write_text(path.read_text().replace(*change))
    return path


def played_by(one, path):
    robot = parse(one.content, "robot.toml").driving(Puppet.joints)
    return Played(robot, one.host, played.read(path, robot, CONTROL))


def test_the_robot_goes_home_plays_the_commands_and_goes_home_again(tmp_path):
    one, rows, phases = deployment(), commands() + 0.05, []
    one.course = played_by(one, written(tmp_path / "excite.csv", rows))
    with one.bus() as emulator:
        one.run(emulator, tmp_path / "log.csv", phases.append)
        assert limp(emulator) == [1, 2, 3]

    assert phases == [
        *("to home", "standing", "to the first command", "playing", "back home"),
        LAST,
    ]
    np.testing.assert_allclose(one.puppet.angles[-1], HOME, atol=POSITION_STEP)

    log = robot_log.read(tmp_path / "log.csv")
    sent = log.of_joints("command", log.joints)
    wanted = np.stack(
        [np.interp(np.arange(0, 0.99, CONTROL), np.arange(125) * PERIOD, row) for row in rows.T], 1
    )
    first = next(
        start
        for start in range(len(sent) - len(wanted))
        if np.allclose(sent[start : start + len(wanted)], wanted, atol=1e-9)
    )
    np.testing.assert_allclose(sent[first - 1], wanted[0], atol=1e-9)
    assert np.abs(np.diff(sent[: first + 1], axis=0)).max() <= 1.0 * CONTROL  # of the way home


def test_guards_watch_commands_of_a_file_too(tmp_path):
    one = deployment()
    one.puppet.upward = np.array([9.81, 0.0, 0.0])
    one.course = played_by(one, written(tmp_path / "excite.csv", commands()))
    with one.bus() as emulator, pytest.raises(RobotError, match="The torso leans by 90"):
        one.run(emulator, tmp_path / "log.csv")
    assert limp(emulator) == [1, 2, 3]


@pytest.fixture(scope="module")
def robot_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("robot") / "robot.toml"
    path.write_text(ROBOT)
    return path


def test_an_emulated_robot_hangs_and_its_log_is_one_of_the_hanging_body(
    tmp_path, evoloco, robot_file
):
    path, log = written(tmp_path / "excite.csv", commands(8.0)), tmp_path / "log.csv"
    ended = evoloco(
        *("deploy", "hopper", "--robot", robot_file, "--emulate", "--play", path, "--log", log)
    )
    assert ended.code == 0, ended.err
    assert "The emulated robot hung by its torso." in ended.out
    assert np.abs(robot_log.read(log)["torso.pitch"]).max() < 0.05

    body = hang(BODY)
    (one,) = recording.read([log], body)
    angles = Playback(body, 1).angles([body], one.commands(one.time[-1]))
    late = np.concatenate([angles[:1], angles[:-1]])  # MuJoCo's sensors are one step old
    settled = slice(one.fitted.start, len(one.time))
    found = one.sampled(late, settled)[:, 0]
    np.testing.assert_allclose(one.position[settled], found, atol=POSITION_STEP)
    assert np.ptp(one.position, axis=0).min() > 0.1


def test_a_robot_that_hangs_cannot_be_pushed_over():
    body = Body(hang(BODY))
    body.push(np.array([0.0, 3.0, 0.0]))
    still = Body(hang(BODY))
    for one in (body, still):
        one.advance(one.home, np.ones(3, bool), CONTROL)
    assert np.array_equal(body.read().velocity, still.read().velocity)


def test_a_duration_plays_the_beginning_of_a_file(tmp_path):
    robot = parse(deployment().content, "robot.toml").driving(Puppet.joints)
    path = written(tmp_path / "excite.csv", commands(2.0))
    whole, half = (played.read(path, robot, CONTROL, duration) for duration in (None, 1.0))
    assert len(half) == 51
    assert np.array_equal(whole[:51], half)


def test_a_dry_run_says_what_would_be_played(tmp_path, evoloco, robot_file):
    path = written(tmp_path / "excite.csv", commands(2.0))
    ended = evoloco("deploy", "hopper", "--robot", robot_file, "--dry-run", "--play", path)
    assert ended.code == 0
    assert "It would play 2 s of commands in control steps of 20 ms, go home" in ended.out


@pytest.mark.parametrize(
    ("changes", "more", "told"),
    [
        ({"change": ("knee.command", "elbow.command")}, (), "Unknown joint 'elbow'"),
        ({"change": ("knee.command [rad]", "knee.command [turns]")}, (), "has the unit 'turns'"),
        ({"change": ("knee.command", "knee.position")}, (), "no column 'knee.command'"),
        ({"change": ("time [s]", "when")}, (), "names no unit"),
        ({"period": 0.04}, (), "40 ms lie between the commands at 0.000 s and the next"),
        ({"rows": commands() + 1.2}, (), "beyond the limits of robot 'hopper', -0.6 to 1.6 rad"),
        ({}, ("--speed", "0.1"), "--speed and --turning-rate are for a gait"),
    ],
)
def test_commands_that_cannot_be_played_are_one_message_and_code_2(
    tmp_path, evoloco, robot_file, changes, more, told
):
    path = written(tmp_path / "excite.csv", **{"rows": commands(), **changes})
    ended = evoloco("deploy", "hopper", "--robot", robot_file, "--emulate", "--play", path, *more)
    assert ended.code == 2
    assert told in ended.err
    assert ended.err.count("\n") == 1
