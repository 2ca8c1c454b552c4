"""How fast the body goes over the ground, from its legs alone: leg odometry."""

import numba
import numpy as np

from evoloco.fields import Record, Shapes

from ._limbs import put, scratch

BRIEF = 0.05
"""Time constant of the speed of a foot [s], against the noise of angles."""

MEMORY = 0.5
"""Time constant of the speed that is felt [s], about a stride."""


def state(feet: int) -> Shapes:
    """What `feel_speed` keeps: places and speeds of the feet, and the speed of the body."""
    return {"ahead": (feet,), "speeds": (feet,), "known": (), "speed": ()}


@numba.njit(error_model="numpy", nogil=True)
def feel_speed(limbs: Record, state: Record, obs: Record, back: bool, dt: float) -> None:
    """Brings the speed that is felt nearer to that of the foot that goes backward fastest.

    A foot that stands goes backward under the torso, a swinging one forward. Which one stands is
    seen by that: the phase does not know how late servos and sensors are. On the way back it is
    the other way round.

        (1) dv_i/dt = (w_z y_i - dx_i/dt - v_i) / BRIEF
        (2) ds/dt = (max v_i - s) / MEMORY,  min v_i on the way back

    Places x_i ahead and y_i to the left of the torso are those of the joints' angles. In a curve
    the outer foot goes faster than the torso, by the gyroscope's w_z.

    The noise of the angles makes s too fast, and the filter (1) too slow. Feet that slip are not
    noticed. Over worlds and speeds, s is proportional to the speed of the torso.

    Args:
        limbs: What `_limbs.fields` gives.
        state: With the fields of `state`.
        obs: Observation.
        back: Whether the body is on the way back.
        dt: Control step [s].

    References:
        Bloesch et al., 2012, State estimation for legged robots: consistent fusion of leg
        kinematics and IMU, doi:10.15607/RSS.2012.VIII.003 (feet that stand tell the motion).
    """
    count, most = limbs.joint.shape
    memory, angles = scratch(most), np.empty(most)
    sign = -1.0 if back else 1.0
    fastest = -np.inf
    for i in range(count):
        for k in range(int(limbs.count[i])):
            angles[k] = obs.joint_angle[int(limbs.joint[i, k])]
        put(limbs, i, angles, memory.place, memory.frame, memory.lever)

        if state.known > 0.0:
            speed = (state.ahead[i] - memory.place[0]) / dt + obs.rate[2] * memory.place[1]
            state.speeds[i] += dt / (dt + BRIEF) * (speed - state.speeds[i])  # (1)
        state.ahead[i] = memory.place[0]
        fastest = max(fastest, sign * state.speeds[i])

    state.speed += dt / (dt + MEMORY) * (sign * fastest - state.speed)  # (2)
    state.known = 1.0
