"""A position servo whose friction depends on speed and load, as plain functions for the kernel."""

import math

import numpy as np

from evoloco.fields import Array, Fields, Record, Shapes

SCALARS = ("latency", "lag", "stribeck_speed", "stribeck_shape")
"""Numbers that all servos share."""

LOADS = (
    *("load_motor", "load_external", "load_motor_stribeck", "load_external_stribeck"),
    *("quadratic_motor", "quadratic_external"),
)
"""Coefficients of the friction that a load causes, which all servos share."""

PER_JOINT = ("gain", "stall", "emf", "volts", "low", "high", "armature", "stribeck", "backlash")
"""Numbers of each servo."""


def actuate(
    params: Record, state: Record, angle: Array, velocity: Array, dt: float, ctrl: Array
) -> None:
    """Turns target angles into the voltages of DC motors.

    The target u reaches the controller after the latency, through the play of width b:

        y(t) = min(max(y(t - dt), u(t) - b / 2), u(t) + b / 2)

    The torque that the voltage causes follows the position error with the time constant `lag`:

        lag d/dt drive = clip(gain (y - angle), -stall, stall) - drive                   (1)

    With the motor's torque tm = drive - emf velocity and the torque te of the links on the shaft,
    friction is what would stop the shaft within this physics step, but at most F:

        s = exp(-|velocity / stribeck_speed| ^ stribeck_shape)                           (2)
        F = s stribeck + |kE te - kM tm| + s |kEs te - kMs tm| + s Q                     (3)
        Q = qE te² where |te| < |tm|, else qM tm²; 0 where they pull the same way        (4)

    Coulomb and viscous friction are MuJoCo's own, in addition. (3) is equation M6; without Q it is
    M5, with kE = kM and kEs = kMs M4, without kEs M3, without any load M2. te is what moved the
    shaft in the step before, beside the motor and this friction.

    References:
        Duclusaud and Passault, 2025, Extended friction models for the physics simulation of servo
        actuators, arXiv:2410.08650, models M1 to M6.
        Stribeck, 1902, Die wesentlichen Eigenschaften der Gleit- und Rollenlager.
    """
    samples = state.sent.shape[0]
    if state.begun == 0.0:
        for j in range(ctrl.size):
            state.sent[:, j] = ctrl[j]
            state.target[j] = ctrl[j]
            state.drive[j] = params.gain[j] * (ctrl[j] - angle[j])
            state.velocity[j] = velocity[j]
        state.begun = 1.0

    head = int(state.head)
    late = min(params.latency / dt, samples - 2.0)
    newer = int(late)
    share = late - newer
    for j in range(ctrl.size):
        command = min(max(ctrl[j], params.low[j]), params.high[j])
        state.sent[head, j] = command
        first = state.sent[(head - newer) % samples, j]
        second = state.sent[(head - newer - 1) % samples, j]
        arrived = first + share * (second - first)
        half = params.backlash[j] / 2
        state.target[j] = min(max(state.target[j], arrived - half), arrived + half)

        wanted = params.gain[j] * (state.target[j] - angle[j])
        wanted = min(max(wanted, -params.stall[j]), params.stall[j])
        state.drive[j] += (wanted - state.drive[j]) * dt / (params.lag + dt)  # (1)

        motor = state.drive[j] - params.emf[j] * velocity[j]
        gained = params.armature[j] * (velocity[j] - state.velocity[j]) / dt
        external = gained - (state.motor[j] - state.friction[j])

        slow = math.exp(-(abs(velocity[j] / params.stribeck_speed) ** params.stribeck_shape))  # (2)
        opposed = external * motor < 0.0
        quadratic = 0.0
        if opposed and abs(external) < abs(motor):
            quadratic = params.quadratic_external * external**2  # (4)
        elif opposed:
            quadratic = params.quadratic_motor * motor**2
        most = (
            slow * params.stribeck[j]
            + abs(params.load_external * external - params.load_motor * motor)
            + slow
            * abs(params.load_external_stribeck * external - params.load_motor_stribeck * motor)
            + slow * quadratic
        )  # (3)
        stopping = params.armature[j] * velocity[j] / dt + motor + external
        friction = min(max(stopping, -most), most)

        state.velocity[j], state.motor[j], state.friction[j] = velocity[j], motor, friction
        ctrl[j] = (state.drive[j] - friction) * params.volts[j]
    state.head = float((head + 1) % samples)


class Friction:
    """Actuators whose friction depends on speed and load.

    Args:
        numbers: Of the fields in `SCALARS` and `LOADS`, and of those in `PER_JOINT` (nu,).
        samples: Physics steps that commands are kept for.
    """

    actuate = staticmethod(actuate)

    def __init__(self, numbers: Fields, samples: int) -> None:
        self._numbers = numbers
        count = len(numbers["gain"])
        self.state: Shapes = {
            "begun": (),
            "head": (),
            "sent": (samples, count),
            **dict.fromkeys(("target", "drive", "velocity", "motor", "friction"), (count,)),
        }

    def parameters(self) -> Fields:
        """The numbers, in the order of the fields."""
        order = (*SCALARS, *LOADS, *PER_JOINT)
        return {name: np.asarray(self._numbers[name], float) for name in order}
