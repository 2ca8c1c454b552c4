"""Adapting neurons and the network that ties them to a body; the compiled inside of `matsuoka`."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numba
import numpy as np

from evoloco.fields import Array, Fields, Record
from evoloco.morphology import Morphology

from ._integrate import stage
from ._pacemaker import foot_loads

CONTACT = 0.05
"""Load from which a foot lets a gated sense through, as a fraction of body weight."""

ALWAYS = -1
"""In place of a foot's channel: the sense has no gate."""

CONSTANT, JOINT_ANGLE, TILT, FOOT_LOAD = range(4)
"""What a sense reads, as compiled code knows it."""

Field = Literal["", "joint_angle", "tilt", "foot_load"]
"""Field of the observation that a sense reads; "" for the constant 1."""

FIELDS: dict[Field, int] = {
    "": CONSTANT,
    "joint_angle": JOINT_ANGLE,
    "tilt": TILT,
    "foot_load": FOOT_LOAD,
}
"""Field -> what a sense of it reads."""


class Neuron(NamedTuple):
    """One neuron: time constants tau and tau' [s], beta, tonic input and membrane at the start."""

    tau: float
    adaptation_tau: float
    beta: float
    tonic: float
    start: float


class Synapse(NamedTuple):
    """The receiver hears the sender; positive weights inhibit, several between two add up."""

    receiver: int
    sender: int
    weight: float


class Sense(NamedTuple):
    """What a neuron feels: weight times a channel of a field.

    Attributes:
        neuron: Who feels it.
        field: Of the observation; "" for the constant 1.
        channel: Name of the field's channel; "" for the constant 1.
        weight: Input per unit of the reading.
        foot: Name of the foot that must carry load to let the sense through; "" for none.
    """

    neuron: int
    field: Field
    channel: str
    weight: float
    foot: str = ""


class Muscle(NamedTuple):
    """A neuron moves the target angle of a joint, known by its name, by `angle` [rad] per unit."""

    joint: str
    neuron: int
    angle: float


@dataclass(frozen=True)
class Network:
    """Neurons, who inhibits whom, what they feel and which joints they move."""

    neurons: Sequence[Neuron]
    synapses: Sequence[Synapse]
    senses: Sequence[Sense]
    muscles: Sequence[Muscle]

    def parameters(self, morphology: Morphology) -> Fields:
        """Columns of neurons (n,), inhibition (sender, receiver), senses, swing [rad] (nu, n)."""
        n, joints = len(self.neurons), [joint.name for joint in morphology.joints]
        inhibition, swing = np.zeros((n, n)), np.zeros((len(joints), n))
        for receiver, sender, weight in self.synapses:
            inhibition[sender, receiver] += weight
        for joint, neuron, angle in self.muscles:
            swing[joints.index(joint), neuron] += angle

        return {
            **dict(zip(Neuron._fields, np.transpose(self.neurons), strict=True)),
            "inhibition": inhibition,
            "senses": self._senses(morphology),
            "swing": swing,
        }

    def _senses(self, morphology: Morphology) -> Fields:
        """One entry per sense (k,): neuron, what it reads, channel, channel of the foot, weight."""
        channels = {sensor.name: sensor.channels for sensor in morphology.sensors}
        return {
            "neuron": [sense.neuron for sense in self.senses],
            "source": [FIELDS[sense.field] for sense in self.senses],
            "channel": [
                channels[sense.field].index(sense.channel) if sense.field else 0
                for sense in self.senses
            ],
            "foot": [
                channels["foot_load"].index(sense.foot) if sense.foot else ALWAYS
                for sense in self.senses
            ],
            "weight": [sense.weight for sense in self.senses],
        }


@numba.njit(error_model="numpy", nogil=True)
def inputs(network: Record, obs: Record) -> Array:
    """Tonic input and senses of every neuron, c + f(obs) (n,)."""
    senses = network.senses
    total: Array = network.tonic.copy()
    for k in range(senses.weight.size):
        foot = int(senses.foot[k])
        if foot == ALWAYS or foot_loads(obs)[foot] >= CONTACT:
            reading = read(obs, int(senses.source[k]), int(senses.channel[k]))
            total[int(senses.neuron[k])] += senses.weight[k] * reading
    return total


@numba.njit(error_model="numpy", nogil=True)
def read(obs: Record, source: int, channel: int) -> float:
    """What a sense reads."""
    if source == JOINT_ANGLE:
        return float(obs.joint_angle[channel])
    if source == TILT:
        return float(obs.tilt[channel])
    if source == FOOT_LOAD:
        return float(foot_loads(obs)[channel])
    return 1.0


@numba.njit(error_model="numpy", nogil=True)
def slope(network: Record, drive: Array, state: Record, du: Array, dv: Array) -> None:
    """Rates of change of membranes u and fatigues v (n,) under the inputs `drive` (n,)."""
    u, v, n = state.u, state.v, drive.size
    for i in range(n):
        du[i] = drive[i] - u[i] - network.beta[i] * v[i]
        dv[i] = (max(0.0, u[i]) - v[i]) / network.adaptation_tau[i]  # (2)

    for sender in range(n):
        y = u[sender]
        if y > 0.0:
            for i in range(n):
                du[i] -= network.inhibition[sender, i] * y

    for i in range(n):
        du[i] /= network.tau[i]  # (1)


@numba.njit(error_model="numpy", nogil=True)
def advance(network: Record, drive: Array, state: Record, h: float, count: int) -> None:
    """Integrates the network over `count` steps of `h` [s] with constant inputs."""
    n = drive.size
    du, dv, of_u, of_v = np.empty(n), np.empty(n), np.empty((2, n)), np.empty((2, n))
    for _ in range(count):
        for k in range(4):
            slope(network, drive, state, du, dv)
            stage(k, h, state.u, du, of_u)
            stage(k, h, state.v, dv, of_v)


@numba.njit(error_model="numpy", nogil=True)
def fastest(network: Record) -> float:
    """Shortest time constant of a network [s]."""
    tau = network.tau[0]
    for i in range(network.tau.size):
        tau = min(tau, network.tau[i], network.adaptation_tau[i])
    return float(tau)
