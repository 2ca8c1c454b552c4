"""What may be commanded: finite, within the soft limits, and not faster than they allow."""

import numpy as np

from evoloco.genome import Array


def allowed(
    goal: Array, before: Array, low: Array, high: Array, velocity: Array, dt: float
) -> Array:
    """The command nearest to a goal that may be sent (J,) [rad].

    It moves from the last command towards the limited goal, by what the velocity allows. So it
    stays within the limits if the last one was, and comes back into them if it was not.

    Args:
        goal: What is wanted [rad] (J,), finite.
        before: The last command [rad] (J,).
        low: Lowest commands [rad] (J,).
        high: Highest commands [rad] (J,).
        velocity: Fastest change of a command [rad/s] (J,).
        dt: Time since the last command [s].
    """
    change = np.clip(goal, low, high) - before
    reach = velocity * dt
    return before + np.clip(change, -reach, reach)


def ramp(start: Array, end: Array, velocity: float, dt: float) -> Array:
    """Commands (T, J) [rad] that lead from one posture to another at rest.

    All joints go with one cosine, whose fastest change is the velocity:

        q(t) = start + (end - start) (1 - cos(pi t / T)) / 2,   T = pi max|end - start| / (2 v)

    Args:
        start: [rad] (J,).
        end: [rad] (J,).
        velocity: Of the joint that has farthest to go [rad/s].
        dt: Time between commands [s].
    """
    duration = np.pi * np.abs(end - start).max() / (2.0 * velocity)
    steps = max(1, int(np.ceil(duration / dt)))
    share = (1.0 - np.cos(np.pi * np.arange(1, steps + 1) / steps)) / 2.0
    path = start + share[:, None] * (end - start)
    path[-1] = end
    return path
