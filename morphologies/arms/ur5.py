"""An arm of six joints with the dimensions of the UR5 of Universal Robots."""

from pathlib import Path

import mujoco

from evoloco.arm import Arm, read_arm

NARROW = {
    "shoulder_pan": (-1.5, 1.5),
    "shoulder_lift": (-2.2, -0.2),
    "elbow": (-2.4, -0.1),
    "wrist_1": (-2.0, 1.0),
    "wrist_2": (-1.8, 0.3),
    "wrist_3": (-1.5, 1.5),
}
"""Ranges of an arm that works above a table with its elbow up [rad]."""


def build(narrow: bool = False) -> Arm:
    """An arm with the reach of a UR5, 0.85 m, on ideal servos that carry its weight.

    Denavit-Hartenberg parameters, as published:

        joint          a [m]      d [m]      alpha
        shoulder_pan   0          0.089159   pi/2
        shoulder_lift  -0.425     0          0
        elbow          -0.39225   0          0
        wrist_1        0          0.10915    pi/2
        wrist_2        0          0.09465    -pi/2
        wrist_3        0          0.0823     0

    The robot's joints turn by two turns; here by one, which reaches every pose as well. Links do
    not touch each other or anything else.

    Args:
        narrow: Whether the joints have only the ranges `NARROW`.

    References:
        Universal Robots, DH parameters for calculations of kinematics and dynamics,
        https://www.universal-robots.com/articles/ur/application-installation/dh-parameters-for-calculations-of-kinematics-and-dynamics/.
    """
    spec = mujoco.MjSpec.from_file(str(Path(__file__).with_name("ur5.xml")))
    for name, limits in (NARROW if narrow else {}).items():
        spec.joint(name).range = limits
    return read_arm(spec)
