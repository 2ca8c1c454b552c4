"""Gains of a servo within given limits, for a joint of a given robot."""

import math
from dataclasses import dataclass

import numpy as np

from evoloco.genome import Array
from evoloco.robot.plant import Plant

FULL = 0.2
"""Position error at which a servo gives its full torque, or one that can hold the robot [rad].

An XM430-W350 does so at 0.19 rad, a Unitree Go1 in MuJoCo Menagerie at 0.24 rad.
"""

SAG = 0.05
"""Position error with which a servo carries its load at home, at most [rad]."""

LOADED = 0.4
"""Damping ratio of a servo that carries a foot's share of the robot, at least [1].

That of an XM430-W350 at a hip of the OP3 is about 0.4.
"""

QUICK = 0.25
"""Largest natural frequency of a servo and its joint, over the physics steps per second [rad].

Semi-implicit Euler integration is stable below 2.
"""


@dataclass(frozen=True)
class Gains:
    """What makes a position servo at a joint.

    Attributes:
        stiffness: Torque per position error [N m/rad].
        damping: Torque per speed [N m s/rad].
        torque: Smallest and largest torque [N m] (2,); infinite for no limit.
    """

    stiffness: float
    damping: float
    torque: Array


def size(plant: Plant, joint: str, torque: Array, damping: float = 0.0) -> Gains:
    """Gains of a position servo.

    With the largest torque t, a torque s that can hold the robot, the inertia I that the servo
    feels in the air and J with a foot's share of the robot on it, the load L and the physics step
    h, the stiffness and the damping are

        k = max(min(t, s) / FULL, L / SAG)                                      (1)
        c = max(2 sqrt(k I), 2 LOADED sqrt(k J), k h / QUICK² - I / h)          (2)

    The third term of (2) keeps k / (I + c h), the squared natural frequency of a step that is
    implicit in the speed, below (QUICK / h)². What the joint damps is taken off.

    Args:
        plant: The robot at home.
        joint: Its joint.
        torque: Smallest and largest torque [N m] (2,); infinite where there is no limit.
        damping: Of the actuator itself [N m s/rad], which stays.
    """
    limit, strength = float(np.abs(torque).max()), plant.strength(joint)
    inertia, step = plant.inertia(joint), plant.dt

    stiffness = max(min(limit, strength) / FULL, min(plant.load(joint), limit) / SAG)  # (1)
    wanted = max(
        2 * math.sqrt(stiffness * inertia),
        2 * LOADED * math.sqrt(stiffness * plant.carried(joint)),
        stiffness * step / QUICK**2 - inertia / step,
    )
    return Gains(stiffness, max(wanted - plant.damping(joint), damping), torque)  # (2)
