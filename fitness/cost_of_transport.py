"""Energy per weight and distance."""

from evoloco.episode import Episode
from evoloco.gait import energy

UNIT = "1"
FLOORS = (0.0, 20.0)


def measure(episode: Episode, power: str = "mechanical", cap: float = 20.0) -> float:
    """Work of the actuators over weight and forward distance [1]; one number.

        CoT = sum_steps sum_joints max(0, P) dt / (m g d)

    It is never above the cap, which it reaches if the body does not get forward. So it stays
    finite, and moving never costs more than standing still.

    Args:
        episode: What is measured.
        power: "mechanical", torque times joint velocity, or "electrical", what the servos draw.
        cap: Largest value [1]. Collins et al. give 0.2 for a walking human, 3.2 for Honda's ASIMO.

    Raises:
        UnknownNameError: There is no such power.
        ModelError: The power is electrical and an actuator has no motor.

    References:
        Collins, Ruina, Tedrake, Wisse, 2005, Efficient bipedal robots based on
        passive-dynamic walkers, doi:10.1126/science.1107799.
    """
    return min(energy.cost_of_transport(episode, power), cap)
