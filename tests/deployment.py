"""A hopper on an emulated bus, whose joints go where their servos send them."""

import contextlib
import tomllib
from dataclasses import dataclass, field

import numpy as np

from evoloco.bus.emulator import in_thread
from evoloco.bus.plant import Readings
from evoloco.deploy import emulation
from evoloco.deploy.champion import Champion
from evoloco.deploy.course import Course
from evoloco.deploy.gait import Gait
from evoloco.deploy.keeper import Task
from evoloco.deploy.robot import parse
from evoloco.deploy.session import deploy
from evoloco.host import Host

ROBOT = """
name = "hopper"

[bus]
baud = 1000000
latency = "20 ms"
watchdog = "100 ms"

[limits]
velocity = "12 rad/s"
current = "2.2 A"
temperature = "65 degC"
voltage = ["10.5 V", "13.5 V"]

[joints.hip_pitch]
id = 1
model = "XM430-W350"
sign = 1
zero = "0.1 rad"
position = ["-0.6 rad", "1.6 rad"]

[joints.knee]
id = 2
model = "XM430-W350"
sign = -1
zero = "20 deg"
position = ["0 rad", "2.3 rad"]

[joints.ankle_pitch]
id = 3
model = "XM430-W350"
sign = 1
zero = "0 rad"
position = ["-1 rad", "1 rad"]
gain = 900

[imu]
id = 200
rate = { address = 32, step = "0.06097561 deg/s" }
acceleration = { address = 38, step = "6.1035e-5 g" }

[feet]
foot = { id = 111, address = 26, step = "0.01 N" }

[start]
velocity = "1 rad/s"
settle = "0.1 s"

[guard]
tilt = "45 deg"
current = "40 ms"
missed = 2
"""

HOME = np.array([0.6, 1.2, 0.6])
AWAY = HOME + np.array([0.2, -0.3, 0.1])


class Puppet:
    """A robot whose joints follow their targets at once, and stay where they are without torque."""

    joints, feet, home = ("hip_pitch", "knee", "ankle_pitch"), ("foot",), HOME

    def __init__(self, angle=AWAY):
        self.angle, self.before = np.array(angle), np.array(angle)
        self.rate, self.upward = np.zeros(3), np.array([0.0, 0.0, 9.81])
        self.angles, self.driven = [self.angle], [np.zeros(3, bool)]

    def read(self):
        still = np.zeros(3)
        return Readings(
            angle=self.angle,
            velocity=still,
            torque=still,
            orientation=np.array([1.0, 0.0, 0.0, 0.0]),
            rate=self.rate,
            acceleration=self.upward,
            load=np.array([20.0]),
        )

    def advance(self, targets, driven, duration):
        self.angle = np.where(driven, targets, self.angle)
        self.angles.append(self.angle)
        self.driven.append(driven)

    def push(self, velocity):
        self.rate = np.array([40.0, 0.0, 0.0])

    def truth(self):
        return {}


@dataclass
class Deployment:
    """A course of the hopper, ready to run: a gait, unless another one is given."""

    content: dict
    host: Host
    puppet: Puppet = field(default_factory=Puppet)
    duration: float = 0.4
    course: Course | None = None

    def run(self, emulator, log, tell=print, **changes):
        robot = parse(self.content, "robot.toml").driving(Puppet.joints)
        task = Task(
            robot=self.content,
            joints=Puppet.joints,
            port=emulator.port,
            control_dt=self.host.control_dt,
            real_time=False,
            patience=1.0,
        ).model_copy(update=changes)
        gait = Gait(robot, self.host, self.duration, (0.0, 0.0, 0.0))
        return deploy(task, robot, self.course or gait, log, tell)

    @contextlib.contextmanager
    def bus(self, *faults, real_time=False):
        """The bus of the puppet."""
        robot = parse(self.content, "robot.toml")
        period = emulation.FINE if real_time else self.host.control_dt
        setup = emulation.setup(robot, period, real_time, faults)
        with in_thread(self.puppet, setup) as emulator:
            yield emulator


def deployment(**changes):
    """A deployment; changes replace pieces of the robot's file."""
    text = ROBOT
    for old, new in changes.values():
        assert old in text
        text = text.replace(old, new, 1)
    return Deployment(tomllib.loads(text), Champion.of("hopper").host())


def limp(emulator):
    """Ids of the servos that exert no torque."""
    return [servo.id for servo in emulator.machine.servos if not servo.driven]
