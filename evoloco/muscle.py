"""One muscle with its tendon, as MuJoCo simulates it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import mujoco


@dataclass(frozen=True)
class Muscle:
    """One muscle with its tendon, as MuJoCo simulates them.

    MuJoCo's tendon does not stretch, and the angle between fibres and tendon
    is constant. So the fibres' length along the tendon is the total length
    minus that of the tendon.

    Attributes:
        name: Name of the actuator.
        stem: Name without its side, such as "soleus".
        side: "left", "right", or "" for a muscle without a partner.
        partner: Name of the muscle on the other side; the own name if `side` is "".
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
        """Mass of the fibres [kg].

        Cross-section (fibre force over a tension of 0.25 MPa) times fibre length
        times a density of 1059.7 kg/m³.

        References:
            Wang, Hamner, Delp and Koltun, 2012, Optimizing locomotion controllers using
            biologically-based actuators and objectives, doi:10.1145/2185520.2185521.
        """
        tension, density = 0.25e6, 1059.7
        fibre = self.optimal_length / math.cos(self.pennation)
        return self.max_force / math.cos(self.pennation) / tension * density * fibre


def read_muscle(model: mujoco.MjModel, name: str, pairs: Sequence[tuple[str, str, str]]) -> Muscle:
    """Reads one muscle from the model.

    Its pennation is the first number of the actuator's user data.

    Args:
        model: The compiled model.
        name: Name of the actuator.
        pairs: Left muscle, right muscle and stem of every pair.
    """
    actuator = model.actuator(name)
    shortest, longest, force, scale = (float(number) for number in actuator.gainprm[:4])
    if force < 0:  # MuJoCo then takes its own from `scale`
        force = scale / float(model.actuator_acc0[actuator.id])
    low, high = (float(length) for length in actuator.lengthrange)
    optimal_length = (high - low) / (longest - shortest)

    stem, side, partner = name, "", name
    for left, right, common in pairs:
        if name == left:
            stem, side, partner = common, "left", right
            break
        if name == right:
            stem, side, partner = common, "right", left
            break

    return Muscle(
        name,
        stem,
        side,
        partner,
        max_force=force,
        optimal_length=optimal_length,
        slack_length=low - shortest * optimal_length,
        pennation=float(actuator.user[0]) if model.nuser_actuator else 0.0,
    )
