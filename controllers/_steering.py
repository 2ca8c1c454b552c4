"""What is asked of a walking body, as steps can follow it: speed, turning, standing still."""

import math
from collections.abc import Mapping

import numba

from evoloco.errors import ModelError
from evoloco.fields import Array, Fields, Record, Shapes
from evoloco.genome import Gene
from evoloco.morphology import Morphology

from ._odometry import MEMORY
from ._posture_feedback import bounded

EASE = 0.5
"""Time constant with which speed and turning come to what is asked [s]."""

SLOWEST, STILLEST = 0.01, 0.02
"""Below this speed [m/s] and turning rate [rad/s], a body is asked to stand still."""

LOST = 0.5
"""Largest error of the heading that is made good [rad]."""

FASTEST = 0.8
"""Largest turning rate of steps [rad/s]."""

FELT = 0.8, 1.0
"""Speed by the legs over that of the body: about 0.85 on two legs and 0.93 on four.

A wider range lets a search walk more slowly than it is asked to.
"""

MOST = 0.065
"""Largest speed of steps that makes good a missing speed [sqrt(g L)]."""

STATE: Shapes = {
    **{"speed": (), "turning": (), "error": (), "activity": (), "heading": ()},
    **{"eased": (), "goal": (), "more": ()},
}
"""What `steer` keeps."""

SENSOR = "command"
"""Sensor that says what is asked."""


class Steering:
    """Speed v and turning rate w of steps, from the asked V, W and H, and what is felt of both.

        (1) dm/dt = speed.hold (g - s),  within `MOST`
        (2) dv/dt = (speed.gain V + speed.offset + m - v) / T
        (3) de/dt = dH/dt - w_z
        (4) dw/dt = (turn.gain (W + heading.gain e) - w) / T
        (5) da/dt = (1 - a) / T, and -a / T while the body is asked to stand still

    T is `EASE`. The legs feel the speed s (`_odometry`), and g is speed.felt V, as late as that. So
    steps grow where servos lag, on the way uphill and under loads. The error e is that of the
    heading, by dead reckoning. The heading H that is asked for turns by W itself. The activity a is
    a factor on what lifts feet and sways the body.

    Attributes:
        genes: Of the answers to what is asked.

    Args:
        morphology: The body.

    Raises:
        ModelError: It does not feel what is asked.
    """

    def __init__(self, morphology: Morphology) -> None:
        if SENSOR not in {sensor.name for sensor in morphology.sensors}:
            raise ModelError(
                "controller.commands: this body does not feel what is asked. Add the table "
                "[sensors.command] to the run file."
            )
        self._most = MOST * math.sqrt(morphology.gravity * morphology.leg_length)
        self.genes = [
            Gene("speed.gain", 0.5, 2.0, "1", "speed of steps over that asked", start=0.84),
            Gene("speed.offset", -0.1, 0.1, "m/s", "speed of steps beside that asked", start=0.0),
            Gene("speed.hold", 0.0, 1.0, "1/s", "speed of steps per missing speed", start=0.3),
            Gene("speed.felt", *FELT, "1", "speed by the legs over that asked", start=0.85),
            Gene("turn.gain", 0.5, 2.5, "1", "turning of steps over that asked", start=1.2),
            Gene("heading.gain", 0.0, 3.0, "1/s", "turning per error of heading", start=1.8),
        ]

    def parameters(self, values: Mapping[str, float]) -> Fields:
        """The genes, by names without dots."""
        return {
            "most": self._most,
            **{gene.name.replace(".", "_"): values[gene.name] for gene in self.genes},
        }


@numba.njit(error_model="numpy", nogil=True)
def steer(steering: Record, state: Record, felt: float, obs: Record, dt: float) -> None:
    """Brings the speed, turning and activity of steps nearer to what the scenario asks for."""
    follow_asked(steering, state, felt, obs.command, obs.rate[2], dt)


@numba.njit(error_model="numpy", nogil=True)
def follow_asked(
    steering: Record, state: Record, felt: float, asked: Array, rate: float, dt: float
) -> None:
    """Brings the speed, turning and activity of steps nearer to what is asked.

    Args:
        steering: The numbers of the genes.
        state: What is kept.
        felt: Speed that the legs feel [m/s].
        asked: Speed [m/s], heading [rad] and turning rate [rad/s] (3,).
        rate: Turning rate that the gyroscope feels [rad/s].
        dt: Control step [s].
    """
    speed, heading, turning = asked[0], asked[1], asked[2]
    share = dt / (dt + EASE)
    still = abs(speed) < SLOWEST and abs(turning) < STILLEST

    goal = 0.0 if still else speed
    state.eased += share * (steering.speed_felt * goal - state.eased)
    state.goal += dt / (dt + MEMORY) * (state.eased - state.goal)
    more = steering.speed_hold * (state.goal - felt)
    state.more = 0.0 if still else bounded(state.more + dt * more, steering.most)  # (1)

    wanted = 0.0 if still else steering.speed_gain * speed + steering.speed_offset + state.more
    state.speed += share * (wanted - state.speed)  # (2)

    turned = heading - state.heading
    state.heading = heading
    state.error = bounded(state.error + turned - dt * rate, LOST)  # (3)
    wanted = 0.0 if still else turning + steering.heading_gain * state.error
    wanted = bounded(steering.turn_gain * wanted, FASTEST)
    state.turning += share * (wanted - state.turning)  # (4)

    state.activity += share * ((0.0 if still else 1.0) - state.activity)  # (5)
