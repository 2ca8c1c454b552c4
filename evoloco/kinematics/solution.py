"""What a solver of inverse kinematics has found."""

from typing import NamedTuple

from evoloco.fields import Array


class Solution(NamedTuple):
    """Positions of a chain's joints.

    Attributes:
        angles: Within the limits [rad or m] (n,): the best that were found if not solved.
        solved: Whether the goal is met within the tolerance.
        distance: How far the tip is from the wanted place [m]; 0 if the place is free.
        angle: How far it is turned off [rad]; the larger one if a gaze is wanted too.
        iterations: Steps that were taken, of all starts together.
    """

    angles: Array
    solved: bool
    distance: float
    angle: float
    iterations: int
