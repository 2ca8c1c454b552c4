"""Champions deployed on the emulated bus: how far they walk, and how they end after faults.

    python benchmarks/deployment.py [--parts walk faults] [--runs biped op3_class] [--duration 10]
                                    [--kinds overload ...] [--seeds 20]

walk: in lock-step, against the same deployment without a bus: the controller reads what the
simulation knows, and commands the body directly. Some gaits change by the smallest reading: the
first figure tells how much by 1e-6 rad/s. The IMU has noise in the last figure only.

faults: every kind of fault, in seeds that choose device and time, while op3_class is deployed.
Counted is how often the deployment ends with the message that it should, and with every servo limp,
or stopped by its watchdog, within 50 ms of simulated time after the fault began. A push counts from
the moment at which the torso leans farther than its guard allows.
"""

import argparse
import math
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from evoloco.bus.body import Body
from evoloco.bus.emulator import in_thread
from evoloco.bus.faults import KINDS, Fault
from evoloco.bus.machine import Event
from evoloco.bus.setup import Setup
from evoloco.deploy import emulation
from evoloco.deploy.champion import Champion
from evoloco.deploy.commands import allowed
from evoloco.deploy.gait import Gait
from evoloco.deploy.keeper import Task
from evoloco.deploy.readings import Readings
from evoloco.deploy.robot import load, parse
from evoloco.deploy.sensing import feels_loads, named
from evoloco.deploy.session import RobotError, deploy
from evoloco.genome import Array
from evoloco.morphology import Morphology

RUNS = ("biped", "biped_fast", "biped_sine", "op3_class", "xl330_biped")

PATIENCE = 0.5
"""Wall time after which a device counts as silent [s]."""

SHAKEN = 1e-6
"""Added to the turning rates, to see how much a gait depends on what cannot be measured [rad/s]."""

STRUCK = (0.8, 2.0)
"""When faults begin [s]: while the robot walks."""

ALLOWED = 0.050
"""Longest time from a fault to its end state [s]."""

Tell = Callable[[str], None]
"""Called with each phase of a deployment as it begins."""


class Watched(Body):
    """A body whose way and lean are kept.

    Attributes:
        track: Time [s], way forward [m] and lean [rad] after every advance.
    """

    def __init__(self, morphology: Morphology) -> None:
        super().__init__(morphology)
        self.track = [(0.0, 0.0, 0.0)]

    def advance(self, targets: Array, driven: NDArray[np.bool_], duration: float) -> None:
        """Steps the physics, and keeps where the body comes."""
        super().advance(targets, driven, duration)
        now = self.truth()
        self.track.append((self.track[-1][0] + duration, now["x [m]"], now["lean [rad]"]))


class Deployed:
    """A champion on a robot.

    Args:
        run: Whose champion.
        robot: Makes the content of the robot's file for a body.
    """

    def __init__(self, run: str, robot: Callable[[Morphology], dict[str, Any]]) -> None:
        self.champion = Champion.of(run)
        self.host = self.champion.host()
        content = robot(self.host.morphology)
        self.joints = [joint.name for joint in self.host.morphology.joints]
        self.content, self.robot = content, parse(content, run).driving(self.joints)

    def body(self) -> Watched:
        """A new body of the champion."""
        experiment, genome = self.champion.experiment, self.champion.genome
        ((morphology, _),) = experiment.embodied(genome[None])
        return Watched(morphology)

    def gait(self, duration: float) -> Gait:
        """What the robot is asked to do for some time [s]."""
        self.host.reset()
        return Gait(self.robot, self.host, duration, self.champion.asked(None, None))

    def feels_loads(self) -> bool:
        """Whether the commands depend on the loads of feet with load cells."""
        feet = list(self.robot.feet)
        now = named(self.robot, told(self.body(), feet), self.host.morphology.feet)
        return feels_loads(self.host, now, feet)

    def on_bus(self, body: Watched, setup: Setup, duration: float, tell: Tell) -> list[Event]:
        """Deploys the gait on an emulated bus, and returns what happened there.

        Raises:
            RobotError: It was switched off.
        """
        with in_thread(body, setup) as emulator, tempfile.TemporaryDirectory() as folder:
            task = Task(
                robot=self.content,
                joints=tuple(self.joints),
                port=emulator.port,
                control_dt=self.host.control_dt,
                real_time=False,
                patience=PATIENCE,
            )
            try:
                deploy(task, self.robot, self.gait(duration), Path(folder) / "log.csv", tell)
            finally:
                self.events = emulator.machine.events
            return self.events

    def directly(self, body: Watched, duration: float, tell: Tell, offset: float = 0.0) -> None:
        """Runs the gait on a body without a bus: readings and commands are exact.

        Args:
            body: The body.
            duration: Of the gait [s].
            tell: Called with each phase.
            offset: Added to the turning rates that are read [rad/s].
        """
        robot, every = self.robot, np.ones(len(self.joints), dtype=bool)
        command, course = body.home, self.gait(duration).goals(told(body, robot.feet, offset))
        phase, goal = next(course)
        before = ""
        while True:
            if phase != before:
                tell(phase)
            before = phase
            command = allowed(
                goal, command, robot.low, robot.high, robot.velocity, self.host.control_dt
            )
            body.advance(command, every, self.host.control_dt)
            try:
                phase, goal = course.send(told(body, robot.feet, offset))
            except StopIteration:
                return


def told(body: Body, feet: Iterable[str], offset: float = 0.0) -> Readings:
    """What a deployment reads, as the simulation knows it."""
    now = body.read()
    loads = dict(zip(body.feet, now.load, strict=True))
    still = np.zeros(len(now.angle))
    return Readings(
        position=now.angle,
        velocity=now.velocity,
        current=still,
        temperature=still,
        voltage=still,
        rate=now.rate + offset,
        acceleration=now.acceleration,
        load=np.array([loads[foot] for foot in feet]),
        error=still,
        torque=still + 1,
    )


def plain_robot(morphology: Morphology) -> dict[str, Any]:
    """A robot's file for a body, with load cells at all feet."""
    joints = {
        joint.name: {
            "id": place,
            "model": "XM430-W350",
            "sign": 1 if place % 2 else -1,
            "zero": "0 deg",
            "position": [f"{joint.low} rad", f"{joint.high} rad"],
        }
        for place, joint in enumerate(morphology.joints, 1)
    }
    feet = {
        foot: {"id": place, "address": 26, "step": "0.01 N"}
        for place, foot in enumerate(morphology.feet, 111)
    }
    return {
        "name": "plain",
        "bus": {"baud": 1_000_000, "latency": "4 ms", "watchdog": "40 ms"},
        "limits": {
            "velocity": "12 rad/s",
            "current": "4 A",
            "temperature": "70 degC",
            "voltage": ["10.5 V", "13.5 V"],
        },
        "joints": joints,
        "imu": {
            "id": 200,
            "rate": {"address": 32, "step": "0.06097561 deg/s"},
            "acceleration": {"address": 38, "step": "6.1035e-5 g"},
            "axes": ["-x", "-y", "z"],
        },
        "feet": feet,
        "start": {"velocity": "0.5 rad/s", "settle": "0.2 s"},
        "guard": {"tilt": "45 deg", "current": "0.1 s", "missed": 2},
    }


def strict_robot(morphology: Morphology) -> dict[str, Any]:
    """The ready file of the OP3 with load cells and the shortest patience that its gait allows."""
    content = load("op3")
    content["bus"]["watchdog"] = "40 ms"
    content["guard"]["current"] = "0.02 s"
    content["limits"]["current"] = "3 A"
    content["start"]["settle"] = "0.2 s"
    content["feet"] = plain_robot(morphology)["feet"]
    return content


ROBOTS = {"op3_class": lambda _: load("op3"), "xl330_biped": lambda _: load("xl330")}
"""Ready robots of runs; others get one that is made of the body."""


def walk(runs: Sequence[str], duration: float) -> None:
    for run in runs:
        deployed = Deployed(run, ROBOTS.get(run, plain_robot))
        noisy = emulation.setup(deployed.robot, deployed.host.control_dt)
        imu = replace(noisy.imu, rate_noise=0.0, acceleration_noise=0.0)
        ways = _ways(deployed, duration, replace(noisy, imu=imu), noisy)
        directly = next(ways)
        print(f"{run}: directly {directly:.3f} m in {duration:g} s", end="")
        for how in ("with 1e-6 rad/s more felt", "on the bus", "and with the IMU's noise"):
            print(f"; {how} {100 * (next(ways) / directly - 1):+.2f} %", end="", flush=True)
        used = "used" if deployed.feels_loads() else "not used"
        print(f"; loads of the feet are {used}", flush=True)


def _ways(deployed: Deployed, duration: float, *setups: Setup) -> Iterator[float]:
    """Yields how far a body walks directly [m], directly but shaken, and on every bus."""
    for offset in (0.0, SHAKEN):
        places = Places(deployed.body())
        deployed.directly(places.body, duration, places.tell, offset)
        yield places.walked()
    for setup in setups:
        places = Places(deployed.body())
        deployed.on_bus(places.body, setup, duration, places.tell)
        yield places.walked()


class Places:
    """Where a body is as each phase of a deployment begins."""

    def __init__(self, body: Watched) -> None:
        self.body = body
        self.places: list[tuple[str, float]] = []

    def tell(self, phase: str) -> None:
        """Keeps the place of the body."""
        self.places.append((phase, self.body.truth()["x [m]"]))

    def walked(self) -> float:
        """Way forward from the beginning of the gait to that of the next phase [m]."""
        (start,) = [n for n, (phase, _) in enumerate(self.places) if phase == "walking"]
        return self.places[start + 1][1] - self.places[start][1]


ENDINGS = {
    "lost_bytes": "did not answer|answered with a wrong packet",
    "wrong_crc": "answered with a wrong packet",
    "garbled": "did not answer|answered with a wrong packet",
    "duplicated": "",
    "late_answers": "did not answer",
    "dead": "did not answer",
    "overload": "reports: overload",
    "over_temperature": "reports: overheating",
    "over_current": "draws",
    "reboot": "switched itself off",
    "stuck_encoder": "stands still",
    "wild_position": "jumped",
    "stuck_imu": "repeat themselves",
    "wild_imu": "leans",
    "brown_out": "reports: input voltage|has .* V",
    "push": "leans|draws",
    "unplugged": "does not answer any more",
}
"""What the one message says after each fault; empty where the gait goes on."""


def faults(kinds: Sequence[str], seeds: int) -> None:
    deployed = Deployed("op3_class", strict_robot)
    print("fault | ended as it should | within 50 ms | longest | a message")
    for kind in kinds:
        found = [_struck(deployed, kind, seed) for seed in range(seeds)]
        right = sum(one.right for one in found)
        soon = sum(one.right and one.delay <= ALLOWED for one in found)
        longest = 1e3 * max(one.delay for one in found)
        shown = next((one.message for one in found if not one.right), found[0].message)
        print(f"{kind} | {right} | {soon} of {seeds} | {longest:.0f} ms | {shown}", flush=True)


class Ending(NamedTuple):
    """How a deployment ended after a fault: as it should or not, after which time [s], and why."""

    right: bool
    delay: float
    message: str


def _ignore(phase: str) -> None:
    del phase


def _struck(deployed: Deployed, kind: str, seed: int) -> Ending:
    """Deploys a gait into a fault."""
    draws = np.random.default_rng((seed, sorted(KINDS).index(kind)))
    robot = deployed.robot
    servos = [joint.id for joint in robot.joints.values()]
    others = [robot.imu.id, *(foot.id for foot in robot.feet.values())]
    able = {"servo": servos, "imu": [robot.imu.id], "device": [*servos, *others]}
    device = int(draws.choice(able[KINDS[kind]])) if KINDS[kind] in able else None
    fault = Fault(kind, float(draws.uniform(*STRUCK)), device)

    setup = emulation.setup(robot, deployed.host.control_dt, faults=(fault,), seed=seed)
    body, message = deployed.body(), ""
    try:
        deployed.on_bus(body, setup, STRUCK[1] + 1.0, _ignore)
    except RobotError as error:
        message = str(error)
    delay = _delay(deployed, body, fault, servos)
    expected = ENDINGS[kind]
    right = bool(re.search(expected, message)) if expected else not message
    return Ending(right, delay, message)


def _delay(deployed: Deployed, body: Watched, fault: Fault, servos: Sequence[int]) -> float:
    """Time from a fault, or from a lean beyond the guard, to when the last servo is stopped [s]."""
    events = deployed.events
    begun = next((event.time for event in events if event.what == fault.kind), math.inf)
    if fault.kind == "push":
        limit = deployed.robot.guard.tilt
        begun = next(time for time, _, lean in body.track if time > begun and lean > limit)
    if not ENDINGS[fault.kind]:
        return 0.0
    stopped = [
        max(
            (event.time for event in events if event[1:] in (("limp", one), ("expired", one))),
            default=math.inf,
        )
        for one in servos
    ]
    return max(stopped) - begun


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--parts", nargs="+", default=["walk", "faults"])
    parser.add_argument("--runs", nargs="+", default=RUNS)
    parser.add_argument("--duration", type=float, default=10.0)
    parser.add_argument("--kinds", nargs="+", default=list(KINDS), choices=KINDS)
    parser.add_argument("--seeds", type=int, default=20)
    options = parser.parse_args()
    if "walk" in options.parts:
        walk(options.runs, options.duration)
    if "faults" in options.parts:
        faults(options.kinds, options.seeds)


if __name__ == "__main__":
    main()
