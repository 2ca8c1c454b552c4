"""A robot's bus without the robot: the emulated bus by the robot's file."""

import math
from collections.abc import Sequence

from evoloco.bus.body import Body
from evoloco.bus.faults import Fault
from evoloco.bus.foot import FootMount
from evoloco.bus.imu import ImuMount
from evoloco.bus.servo import Mount
from evoloco.bus.setup import Setup
from evoloco.bus.supply import Supply
from evoloco.deploy.champion import Champion
from evoloco.deploy.robot import Robot
from evoloco.identify.hanging import hang

PATIENCE = 1.0
"""Time that an answer may take in lock-step [s]: physics is computed meanwhile."""

WAKING = 0.02
"""Time that it may take in real time [s]: until this machine lets the emulator's process work."""


FINE = 0.005
"""Shortest time by which the robot advances at once in real time [s]."""

PLANT = f"{__name__}:body"
"""Makes the robot behind the emulated bus; its options are `run` and `hung`."""


def body(run: str, hung: bool = False) -> Body:
    """The body of a champion.

    Args:
        run: Whose champion (see `Champion.of`).
        hung: Whether it hangs by its torso; else it stands on its feet.

    Raises:
        ModelError: It cannot hang.
    """
    champion = Champion.of(run)
    ((morphology, _),) = champion.experiment.embodied(champion.genome[None])
    return Body(hang(morphology) if hung else morphology)


def often(timestep: float) -> float:
    """How long the robot advances at once in real time [s], by the time step of its physics [s].

    Were it a control period, a host that is a little early would read the same numbers twice.
    """
    return math.ceil(FINE / timestep) * timestep


def setup(
    robot: Robot,
    period: float,
    real_time: bool = False,
    faults: Sequence[Fault] = (),
    seed: int = 0,
) -> Setup:
    """The emulated bus of a robot.

    Args:
        robot: With the joints that the run drives.
        period: Time by which the robot advances at once [s]: a control period in lock-step, less
            in real time (see `often`).
        real_time: Whether time passes by itself.
        faults: What goes wrong.
        seed: Of noise and faults.
    """
    imu = robot.imu
    return Setup(
        servos=tuple(
            Mount(name, joint.id, joint.model, joint.sign, joint.zero)
            for name, joint in robot.joints.items()
        ),
        imu=ImuMount(
            id=imu.id,
            rate_address=imu.rate.address,
            rate_step=imu.rate.step,
            acceleration_address=imu.acceleration.address,
            acceleration_step=imu.acceleration.step,
            axes=imu.axes,
        ),
        feet=tuple(
            FootMount(name, foot.id, foot.address, foot.step) for name, foot in robot.feet.items()
        ),
        supply=Supply(sum(robot.limits.voltage) / 2),
        period=period,
        real_time=real_time,
        faults=tuple(faults),
        seed=seed,
    )
