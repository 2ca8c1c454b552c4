"""One muscle with its tendon, as MuJoCo simulates it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import mujoco


@dataclass(frozen=True)
class Muscle:
    """One muscle with its tendon, as MuJoCo simulates them.

    MuJoCo's tendon does not stretch, and the angle between fibres and tendon
    is constant, so the fibre's length along the tendon is the whole length
    less that of the tendon.

    Attributes:
        name: Of the actuator.
        stem: Name without its side, such as "soleus".
        side: "left", "right" or "" for a muscle without a partner.
        partner: Name of the muscle on the other side; its own name where `side` is "".
        max_force: Largest isometric force along the tendon [N].
        optimal_length: Length along the tendon at which the fibres are strongest [m].
        slack_length: Length of the tendon [m].
        pennation: Angle between fibres and tendon [rad].
    """

    name: str
    stem: str
    side: str
    partner: str
    max_force: float
    optimal_length: float
    slack_length: float
    pennation: float

    @property
    def mass(self) -> float:
        """Mass of the fibres [kg]: their volume by a tension of 0.25 MPa, times 1059.7 kg/m³.

        References:
            Wang, Hamner, Delp and Koltun, 2012, Optimizing locomotion controllers using biologically-based
            actuators and objectives, doi:10.1145/2185520.2185521.
        """
        tension, density = 0.25e6, 1059.7
        fibre = self.optimal_length / math.cos(self.pennation)
        return self.max_force / math.cos(self.pennation) / tension * density * fibre


def read_muscle(model: mujoco.MjModel, name: str, pairs: Sequence[tuple[str, str, str]]) -> Muscle:
    """Reads one muscle off the model; its pennation is the first number of the actuator's user data."""
    actuator = model.actuator(name)
    shortest, longest, force = (float(number) for number in actuator.gainprm[:3])
    low, high = (float(length) for length in actuator.lengthrange)
    optimal = (high - low) / (longest - shortest)
    shape = (
        force,
        optimal,
        low - shortest * optimal,
        float(actuator.user[0]) if model.nuser_actuator else 0.0,
    )
    for left, right, stem in pairs:
        if name in (left, right):
            return Muscle(
                name, stem, *(("left", right) if name == left else ("right", left)), *shape
            )
    return Muscle(name, name, "", name, *shape)
