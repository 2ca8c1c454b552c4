"""A learned actuator as plain functions for the kernel: what a servo did lately -> its torque."""

import numpy as np

from evoloco.fields import Array, Fields, Record, Shapes

HISTORY = 3
"""Moments that the network sees: now, and one and two spacings ago."""

HIDDEN = 32
"""Units of each hidden layer."""

LAYERS = (2 * HISTORY, HIDDEN, HIDDEN, HIDDEN, 1)
"""Inputs, hidden units and output of the network."""


def actuate(
    params: Record, state: Record, angle: Array, velocity: Array, dt: float, ctrl: Array
) -> None:
    """Turns target angles into the voltages of DC motors, as a network learned it.

    The network of a joint sees position error and velocity now, one and two spacings ago. What it
    learned is the torque without the motor's own brake by back-EMF, which is MuJoCo's.

    References:
        Hwangbo et al., 2019, Learning agile and dynamic motor skills for legged robots,
        doi:10.1126/scirobotics.aau5872 (three hidden layers of 32 softsign units).
    """
    samples = state.error.shape[0]
    if state.begun == 0.0:
        for j in range(ctrl.size):
            state.error[:, j] = ctrl[j] - angle[j]
            state.velocity[:, j] = velocity[j]
        state.begun = 1.0

    head = int(state.head)
    for j in range(ctrl.size):
        command = min(max(ctrl[j], params.low[j]), params.high[j])
        state.error[head, j], state.velocity[head, j] = command - angle[j], velocity[j]
        for k in range(HISTORY):
            late = min(k * params.spacing / dt, samples - 2.0)
            newer = int(late)
            share = late - newer
            first, second = (head - newer) % samples, (head - newer - 1) % samples
            error = state.error[first, j] + share * (state.error[second, j] - state.error[first, j])
            speed = state.velocity[first, j]
            speed += share * (state.velocity[second, j] - speed)
            state.inputs[2 * k] = error * params.error_scale
            state.inputs[2 * k + 1] = speed * params.velocity_scale

        # Inputs in the outer loops: the inner ones run over neighbours, which compilers vectorize.
        state.first[:] = params.bias1[j]
        for i in range(2 * HISTORY):
            for n in range(HIDDEN):
                state.first[n] += params.weight1[j, i, n] * state.inputs[i]
        state.second[:] = params.bias2[j]
        for i in range(HIDDEN):
            out = state.first[i] / (1.0 + abs(state.first[i]))
            for n in range(HIDDEN):
                state.second[n] += params.weight2[j, i, n] * out
        state.first[:] = params.bias3[j]
        for i in range(HIDDEN):
            out = state.second[i] / (1.0 + abs(state.second[i]))
            for n in range(HIDDEN):
                state.first[n] += params.weight3[j, i, n] * out
        torque = params.bias4[j]
        for i in range(HIDDEN):
            torque += params.weight4[j, i] * state.first[i] / (1.0 + abs(state.first[i]))
        torque = min(max(torque * params.torque_scale, -params.stall[j]), params.stall[j])
        ctrl[j] = torque * params.volts[j]
    state.head = float((head + 1) % samples)


class Network:
    """Actuators that a network of every joint describes.

    Args:
        numbers: `spacing` [s], scales, `weight1` (nu, 6, 32) to `weight4` (nu, 32), `bias1` to
            `bias4`, and of every joint `low`, `high` [rad], `stall` [N m] and `volts` [V/(N m)].
        samples: Physics steps that readings are kept for.
    """

    actuate = staticmethod(actuate)

    def __init__(self, numbers: Fields, samples: int) -> None:
        self._numbers = numbers
        count = len(numbers["low"])
        self.state: Shapes = {
            "begun": (),
            "head": (),
            "error": (samples, count),
            "velocity": (samples, count),
            "inputs": (2 * HISTORY,),
            "first": (HIDDEN,),
            "second": (HIDDEN,),
        }

    def parameters(self) -> Fields:
        """The numbers, in the order of their names."""
        return {name: np.asarray(self._numbers[name], float) for name in sorted(self._numbers)}
