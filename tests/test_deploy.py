"""A deployment moves a robot as it was asked to, and ends with torque off whatever happens."""

import contextlib
import inspect
import os
import signal
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import numpy as np
import pytest
from deployment import AWAY, HOME, ROBOT, Deployment, Puppet, deployment, limp

from evoloco import robot_log
from evoloco.bus.control_table import POSITION_STEP
from evoloco.bus.faults import Fault
from evoloco.bus.servo import EXPIRED
from evoloco.deploy import keeper, session
from evoloco.deploy.champion import Champion
from evoloco.deploy.course import LAST
from evoloco.deploy.robot import parse, read
from evoloco.deploy.sensing import check, feels_loads
from evoloco.deploy.session import RobotError, Stopped
from evoloco.errors import SpecError

pytestmark = pytest.mark.slow

STEP = POSITION_STEP
SETTLED = 0.05
"""Simulated time within which torque is off after a fault is felt [s]."""


def test_a_robot_goes_home_slowly_walks_and_ends_at_home_with_torque_off(tmp_path):
    one, phases = deployment(), []
    with one.bus() as emulator:
        one.run(emulator, tmp_path / "log.csv", phases.append)
        assert limp(emulator) == [1, 2, 3]

    assert phases == ["to home", "standing", "walking", "fading out", LAST]
    angles = np.array(one.puppet.angles)
    np.testing.assert_allclose(angles[-1], HOME, atol=STEP)
    assert np.ptp(angles[40:60], axis=0).max() > 0.05  # it walked

    homing = angles[: round(np.pi * 0.3 / 2 / 0.02)]
    assert np.abs(np.diff(homing, axis=0)).max() <= 1.0 * 0.02 + STEP


def test_nothing_moves_when_torque_comes_on(tmp_path):
    one = deployment()
    with one.bus() as emulator:
        one.run(emulator, tmp_path / "log.csv")
    first = next(place for place, driven in enumerate(one.puppet.driven) if driven.any())

    assert one.puppet.driven[first].all()
    np.testing.assert_allclose(one.puppet.angles[:first], np.tile(AWAY, (first, 1)))
    np.testing.assert_allclose(one.puppet.angles[first], AWAY, atol=0.02 * 1.0 + STEP)


def test_the_log_holds_what_the_servos_were_sent_and_told(tmp_path):
    one = deployment()
    with one.bus() as emulator:
        one.run(emulator, tmp_path / "log.csv")
        assert emulator.machine.servos[2].registers["position_p_gain"] == 900

    log = robot_log.read(tmp_path / "log.csv")
    assert log.joints == Puppet.joints
    np.testing.assert_allclose(np.diff(log.time), 0.02)
    sent, told = (log.of_joints(what, log.joints) for what in ("command", "position"))
    np.testing.assert_allclose(told[1:], sent[:-1], atol=STEP / 2 + 1e-9)
    np.testing.assert_allclose(told[0], AWAY, atol=STEP / 2)
    np.testing.assert_allclose(log["foot.foot.load"], 20.0)
    np.testing.assert_allclose(log["torso.acceleration.z"], 9.81, atol=0.5)


def test_equal_deployments_leave_equal_logs(tmp_path):
    for name in ("one.csv", "two.csv"):
        one = deployment()
        with one.bus() as emulator:
            one.run(emulator, tmp_path / name)
    assert (tmp_path / "one.csv").read_bytes() == (tmp_path / "two.csv").read_bytes()


@pytest.mark.parametrize(
    ("kind", "device", "told", "lost"),
    [
        ("dead", 2, r"servo of knee \(id 2\) did not answer 2 times in a row", [2]),
        ("lost_bytes", 2, r"servo of knee \(id 2\) .* 2 times in a row", [2]),
        ("wrong_crc", 2, r"servo of knee \(id 2\) answered with a wrong packet", [2]),
        ("late_answers", 200, r"IMU \(id 200\) .* 2 times in a row", []),
        ("overload", 2, "knee reports: overload", []),
        ("over_temperature", 2, "knee .*(overheating|degC)", []),
        ("over_current", 2, r"knee draws \d\.\d+ A", []),
        ("reboot", 2, "knee switched itself off", []),
        ("stuck_encoder", 2, "knee stands still while its command moved", []),
        ("wild_position", 2, "knee jumped by", []),
        ("brown_out", None, "input voltage|The supply of", []),
        ("stuck_imu", 200, "Gyroscope and accelerometer repeat", []),
        ("wild_imu", 200, "The torso leans by", []),
        ("push", None, "The torso leans by", []),
        ("unplugged", None, "does not answer any more", [1, 2, 3]),
    ],
)
def test_a_fault_switches_the_robot_off_and_is_told(tmp_path, kind, device, told, lost):
    one = deployment()
    with one.bus(Fault(kind, 1.0, device)) as emulator:
        with pytest.raises(RobotError, match=told) as raised:
            one.run(emulator, tmp_path / "log.csv")
        begun = next(event.time for event in emulator.machine.events if event.what == kind)
        off = [event.time for event in emulator.machine.events if event.what == "limp"]
        left = limp(emulator)

    assert raised.value.code == 6
    ended = "It is not known whether torque is off" if lost else "Torque is off on all servos."
    assert ended in str(raised.value)
    if kind != "unplugged":  # the watchdogs of the servos are left, which make them hold
        assert left == [1, 2, 3]
    if kind not in ("unplugged", "stuck_encoder"):  # which is felt once a command has moved
        assert max(off) - begun <= SETTLED
    log = robot_log.read(tmp_path / "log.csv")
    assert log.time[-1] > 0.9
    if kind == "over_temperature":  # what tripped a guard stands in the log
        assert log["knee.temperature"][-1] > 65.0 >= log["knee.temperature"][-2]


def test_the_keeper_starts_without_anything_heavy():
    code = (
        "import sys, evoloco.deploy.keeper\n"
        "print([name for name in ('mujoco', 'numba', 'scipy') if name in sys.modules])"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ended.stdout == "[]\n"


def failing(host, after, error):
    """Lets a controller fail after some steps."""
    step, count = host.step, iter(range(after))

    def fails(readings):
        if next(count, None) is None:
            raise error
        return step(readings)

    host.step = fails


@pytest.mark.parametrize("error", [ZeroDivisionError("in a controller"), KeyboardInterrupt()])
def test_an_exception_in_the_session_switches_torque_off(tmp_path, error):
    one = deployment()
    failing(one.host, 5, error)
    with one.bus() as emulator, pytest.raises(type(error)) as raised:
        one.run(emulator, tmp_path / "log.csv")
    assert limp(emulator) == [1, 2, 3]
    assert raised.value.__notes__ == ["Torque is off on all servos."]


def test_a_command_that_is_no_number_switches_torque_off(tmp_path):
    one = deployment()
    step = one.host.step
    one.host.step = lambda readings: step(readings) + (np.nan if one.host.time > 0.2 else 0.0)
    with one.bus() as emulator, pytest.raises(RobotError, match="command of hip_pitch is nan"):
        one.run(emulator, tmp_path / "log.csv")
    assert limp(emulator) == [1, 2, 3]
    assert np.isfinite(one.puppet.angles).all()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_to_the_session_switches_torque_off(tmp_path, number):
    one = deployment()

    def tell(phase):
        if phase == "walking":
            os.kill(os.getpid(), number)

    before = signal.getsignal(number)
    with one.bus() as emulator, pytest.raises(Stopped, match="Torque is off on all") as raised:
        one.run(emulator, tmp_path / "log.csv", tell)
    assert limp(emulator) == [1, 2, 3]
    assert raised.value.code == 130
    assert signal.getsignal(number) is before


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGSTOP])
def test_torque_goes_off_though_the_keeper_is_killed_or_stopped(tmp_path, monkeypatch, number):
    one, keepers = deployment(), []

    class Noted(session.Keeper):
        def __init__(self, *given):
            super().__init__(*given)
            keepers.append(self._process.pid)

    def tell(phase):
        if phase == "walking":
            os.kill(keepers[0], number)

    monkeypatch.setattr(session, "Keeper", Noted)
    monkeypatch.setattr(session, "STARTS", 5.0)
    with one.bus() as emulator, pytest.raises(RobotError, match="keeper") as raised:
        one.run(emulator, tmp_path / "log.csv", tell, patience=0.3)
    assert limp(emulator) == [1, 2, 3]
    assert "Torque is off on all servos." in str(raised.value)


def test_a_controller_that_is_too_slow_for_its_deadlines_switches_torque_off(tmp_path):
    one = deployment(latency=('"20 ms"', '"500 ms"'))
    one.puppet, step = Puppet(HOME), one.host.step

    def slow(readings):
        time.sleep(1.5 * one.host.control_dt)
        return step(readings)

    one.host.step = slow
    with one.bus(real_time=True) as emulator, pytest.raises(RobotError, match="2 deadlines were"):
        one.run(emulator, tmp_path / "log.csv", real_time=True)
    assert limp(emulator) == [1, 2, 3]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (('"1.6 rad"', '"0.5 rad"'), "home posture has hip_pitch at 0.60 rad, beyond the limits"),
        (("[feet]\nfoot =", "[feet]\nhand ="), "has a foot 'hand', the body foot"),
    ],
)
def test_a_robot_that_does_not_fit_the_body_is_told(change, told):
    one = deployment(change=change)
    robot = parse(one.content, "robot.toml").driving(Puppet.joints)
    with pytest.raises(SpecError, match=told):
        check(robot, one.host)


def test_a_body_on_muscles_has_no_servos():
    host = Champion.of("muscle_biped").host()
    with pytest.raises(SpecError, match="but muscles drive the joints"):
        check(read("op3"), host)


def test_a_controller_that_uses_loads_needs_load_cells():
    host = Champion.of("hopper").host()
    told = {name: np.zeros(6) for name in host.reads}
    told |= {"torso.rate": np.zeros(3), "torso.acceleration": np.array([0.0, 0.0, 9.81])}
    assert not feels_loads(host, told, ["foot"])

    step = host.step
    host.step = lambda now: step(now) + 0.01 * now["foot.foot.ground"][2]
    assert feels_loads(host, told, ["foot"])


@contextlib.contextmanager
def standing(folder):
    """The command in a process of its own, while its robot stands, and the robot's bus.

    A machine that is busy with other tests may stop either of them for a while.
    """
    one = Deployment(tomllib.loads(ROBOT), Champion.of("hopper").host(), Puppet(HOME))
    patient = (("missed = 2", "missed = 250"), ('"20 ms"', '"500 ms"'), ('"0.1 s"', '"60 s"'))
    text = ROBOT
    for old, new in patient:
        text = text.replace(old, new)
    (folder / "robot.toml").write_text(text)

    with one.bus(real_time=True) as emulator:
        words = ["deploy", "hopper", "--robot", "robot.toml", "--log", "log.csv", "--port"]
        command = [sys.executable, "-m", "evoloco.cli", *words, emulator.port]
        process = subprocess.Popen(command, cwd=folder, stderr=subprocess.PIPE, text=True)
        told = ""
        while "Standing" not in told:
            line = process.stderr.readline()
            assert line, told
            told += line
        while limp(emulator) or len((folder / "log.csv").read_text().splitlines()) < 15:
            time.sleep(0.05)
        yield emulator, process


@pytest.mark.parametrize(
    ("number", "code"),
    [(signal.SIGKILL, -9), (signal.SIGSTOP, None), (signal.SIGTERM, 130), (signal.SIGINT, 130)],
)
def test_torque_goes_off_though_the_command_is_killed_or_stopped(tmp_path, number, code):
    with standing(tmp_path) as (emulator, process):
        process.send_signal(number)
        due = time.monotonic() + 20.0
        while limp(emulator) != [1, 2, 3] and time.monotonic() < due:
            time.sleep(0.02)
        assert limp(emulator) == [1, 2, 3]
        if code is None:
            process.kill()
        assert process.wait(20) == (code or -9)
        told = process.communicate()[1]
    if code == 130:
        assert "Torque is off on all servos." in told
    assert len(robot_log.read(tmp_path / "log.csv")) > 10


def test_the_watchdogs_of_the_servos_are_left_if_both_processes_are_killed(tmp_path):
    with standing(tmp_path) as (emulator, process):
        child = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text()
        process.send_signal(signal.SIGSTOP)  # it would notice the keeper's death
        os.kill(int(child), signal.SIGKILL)
        process.kill()
        process.communicate()

        due = time.monotonic() + 20.0
        while expired(emulator) != [1, 2, 3] and time.monotonic() < due:
            time.sleep(0.02)
    assert expired(emulator) == [1, 2, 3]
    assert limp(emulator) == []  # they stand, with torque


def expired(emulator):
    """Ids of the servos whose watchdog has stopped them."""
    return [
        servo.id for servo in emulator.machine.servos if servo.registers["bus_watchdog"] == EXPIRED
    ]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("id = 2\n", "id = 7\n"), r"knee \(id 7\) did not answer on .*: check power, cable, id"),
        (
            ('id = 2\nmodel = "XM430-W350"', 'id = 2\nmodel = "XM540-W270"'),
            "knee .* is XM430-W350, but the robot's file says XM540-W270",
        ),
        (("sign = -1", "sign = 1"), r"knee stands at -\d.* Its sign may be wrong"),
    ],
)
def test_a_robot_that_is_not_as_its_file_says_does_not_move(tmp_path, change, told):
    one, other = deployment(), deployment(change=change)
    other.puppet = one.puppet
    if "sign" in change[0]:
        one.content["joints"]["knee"]["zero"] = "0 rad"
        other.content["joints"]["knee"]["zero"] = "0 rad"
    with one.bus() as emulator, pytest.raises(SpecError, match=told) as raised:
        other.run(emulator, tmp_path / "log.csv")
    assert str(raised.value).endswith("Nothing moved.")
    assert raised.value.code == 2
    assert limp(emulator) == [1, 2, 3]
    assert not np.any(one.puppet.driven)


def test_a_dry_run_writes_nothing(tmp_path):
    one = deployment()
    with one.bus() as emulator:
        before = [bytes(servo.registers.memory) for servo in emulator.machine.servos]
        one.run(emulator, tmp_path / "log.csv", dry=True)
        for servo, memory in zip(emulator.machine.servos, before, strict=True):
            kept = [*range(0, 120), *range(122, 126)]  # all but what a servo measures
            assert [servo.registers.memory[at] for at in kept] == [memory[at] for at in kept]
    assert not np.any(one.puppet.driven)


def test_the_command_line_tries_everything_on_an_emulated_bus(tmp_path, evoloco):
    log = tmp_path / "log.csv"
    ended = evoloco(
        *("deploy", "op3_class", "--robot", "op3", "--emulate", "--duration", "1", "--log", log)
    )
    assert ended.code == 0
    assert "The emulated robot came" in ended.out
    assert "no deadlines in lock-step" in ended.out
    assert "Walking ..." in ended.err
    assert len(robot_log.read(log)) > 100


def test_a_fault_of_the_emulated_bus_ends_with_code_6(tmp_path, evoloco):
    log = ("--log", tmp_path / "log.csv")
    ended = evoloco(
        *("deploy", "op3_class", "--robot", "op3", "--emulate", "--fault", "reboot:14@1", *log)
    )
    assert ended.code == 6
    told = "evoloco: The servo of knee_left switched itself off. Torque is off on all servos."
    assert told in ended.err.splitlines()


def test_a_dry_run_without_a_port_says_what_would_happen(evoloco):
    ended = evoloco("deploy", "xl330_biped", "--robot", "xl330", "--dry-run", "--duration", "1")
    assert ended.code == 0
    assert "It would find 10 servos" in ended.out
    assert "XL330-M288" in ended.out


def test_a_bundle_is_deployed_as_its_run_and_an_edited_one_is_refused(tmp_path, evoloco):
    bundle, robot = tmp_path / "bundle", tmp_path / "robot.toml"
    robot.write_text(ROBOT)
    plan = ("--robot", robot, "--dry-run", "--duration", "1")
    exported = evoloco("export", "hopper", "--to", "json", "--out", bundle, "--allow-falls")
    assert exported.code == 0

    of_bundle, of_run = evoloco("deploy", bundle, *plan), evoloco("deploy", "hopper", *plan)
    assert of_bundle.code == 0
    assert of_bundle.out == of_run.out

    path = bundle / "bundle.json"
    path.write_text(path.read_text().replace("0.5", "0.6", 1))
    edited = evoloco("deploy", bundle, *plan)
    assert edited.code == 2
    assert "was changed after its export" in edited.err


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("op3_class", "--robot", "op3"), "No port: name that of the servos' bus"),
        (("op3_class", "--robot", "op4"), "Unknown ready robot 'op4'"),
        (("op3_class", "--robot", "xl330"), "Unknown joint 'ankle_left'"),
        (("op3_class", "--robot", "op3", "--port", "/dev/null"), "cannot be opened"),
        (("op3_class", "--robot", "op3", "--port", "/dev/nothing"), "cannot be opened"),
        (("op3_class", "--robot", "op3", "--real-time"), "--real-time is for --emulate"),
        (("op3_class", "--robot", "op3", "--fault", "push@1"), "--fault is for --emulate"),
        (("op3_class", "--robot", "op3", "--emulate", "--fault", "flood@1"), "fault 'flood'"),
        (
            ("op3_class", "--robot", "op3", "--emulate", "--speed", "9"),
            "beyond what the gait is for",
        ),
        (("nothing", "--robot", "op3", "--emulate"), "nothing"),
    ],
)
def test_bad_input_is_one_message_and_code_2(evoloco, arguments, told):
    ended = evoloco("deploy", *arguments)
    assert ended.code == 2
    assert told in ended.err
    assert "Traceback" not in ended.err


def test_only_the_keeper_sends_goals_and_only_after_its_guards():
    folder = Path(session.__file__).parent
    callers = [file.name for file in folder.glob("*.py") if ".send_goals(" in file.read_text()]
    assert callers == ["keeper.py"]

    source = inspect.getsource(keeper.Keeper._sent)
    order = [source.index(word) for word in ("guard.command", "_refuse", "allowed(", "send_goals")]
    assert order == sorted(order)
