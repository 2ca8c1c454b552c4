"""A neural network from what the body feels to target angles: evolved, or learned."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Annotated, Literal

import numba
import numpy as np
from pydantic import Field

from evoloco.controller import Reset, Step
from evoloco.errors import EvolocoError
from evoloco.fields import Array, Fields, Record, Shapes
from evoloco.genome import Gene, Space
from evoloco.morphology import Morphology
from evoloco.policy_file import Layout, Policy
from evoloco.policy_file import read as read_policy
from evoloco.sim.flat import flat

LARGEST_WEIGHT = 100.0
"""Bound of weights and biases [1]; a trained network stays far below it."""

LARGEST_MEAN = 1e4
"""Bound of an input's mean [its unit]."""

SPREADS = (1e-6, 1e6)
"""Bounds of an input's spread [its unit]."""

CLIP = 10.0
"""Largest size of an input [its spread]."""

USUAL = {"rad": 0.5, "rad/s": 3.0, "m/s": 0.5, "m/s²": 5.0}
"""Spread of a sensor's readings in walking, by its unit; 1 for any other."""

STEP = 0.3
"""Initial standard deviation of the searched weights of a layer, times the root of its inputs."""


def reset(params: Record, state: Record, dt: float) -> None:
    """Nothing is remembered from one step to the next."""


def step(params: Record, state: Record, obs: Record, time: float, dt: float, ctrl: Array) -> None:
    """Writes the targets that belong to what is felt."""
    if params.commanded == 0.0:
        decide(params, state, flat(obs))

    for j in range(ctrl.size):
        action = min(max(state.action[j], -1.0), 1.0)
        target = params.centre[j] + params.reach[j] * action
        ctrl[j] = min(max(target, params.low[j]), params.high[j])


@numba.njit(error_model="numpy", nogil=True)
def decide(params: Record, state: Record, felt: Array) -> None:
    """Runs the network: `state.action` from what is felt (n,), with the noise in the state."""
    layers = params.sizes.size - 1
    signals = np.empty(int(params.sizes.max()))
    sums = np.empty(signals.size)
    for i in range(params.shift.size):  # hidden sensors come last
        signal = (felt[i] - params.shift[i]) / params.scale[i]
        signals[i] = min(max(signal, -CLIP), CLIP)

    at = 0
    for layer in range(layers):
        inputs, outputs = int(params.sizes[layer]), int(params.sizes[layer + 1])
        for j in range(outputs):
            sums[j] = params.weights[at + inputs * outputs + j]
        for i in range(inputs):
            signal = signals[i]
            for j in range(outputs):
                sums[j] += signal * params.weights[at + i * outputs + j]
        at += (inputs + 1) * outputs
        for j in range(outputs):
            last = layer == layers - 1
            signals[j] = sums[j] if last and params.squash == 0.0 else np.tanh(sums[j])

    for j in range(state.action.size):
        state.action[j] = signals[j] + params.deviation[j] * state.noise[j]


class Controller:
    """A network of tanh units (a multilayer perceptron) that is asked at every control step.

    An input is a channel of the run's sensors that are not hidden, in their order, less its mean
    and over its spread, within [-10, 10]. With the layers' weights W_k and biases b_k,

        h_0 = input,  h_k = tanh(h_{k-1} W_k + b_k),  action = h_{L-1} W_L + b_L

    and the control is centre + reach * action, with the action within [-1, 1]: for a servo the
    centre is the home angle, for a muscle half an excitation, for a motor no torque. It stays
    within the limits of the joint.

    All weights and biases are genes. They begin at those of a file, or at 0.

    Args:
        morphology: The body.
        hidden: Units of each hidden layer.
        reach: Largest distance of a servo's target from home [rad].
        weights: A file of weights, as training writes it, to begin with.
        normaliser: "usual" for fixed means and spreads of the inputs: home angles and usual sizes,
            or those of the file. "learned" makes them genes too, which training sets.
        squash: Whether the action is tanh of the last sum, as SAC has it.

    Raises:
        PolicyError: The file has another layout, or is none of weights.
    """

    reset: Reset = staticmethod(reset)
    step: Step = staticmethod(step)

    def __init__(
        self,
        morphology: Morphology,
        hidden: tuple[Annotated[int, Field(ge=1, le=1024)], ...] = (64, 64),
        reach: Annotated[float, Field(gt=0)] = 0.5,
        weights: str = "",
        normaliser: Literal["usual", "learned"] = "usual",
        squash: bool = False,
    ) -> None:
        self.layout = Layout.of(morphology, hidden, squash)
        self._controls = _controls(morphology, reach)
        self.learns = normaliser == "learned"

        if weights:
            self._begin = read_policy(weights, self.layout)
        else:
            self._begin = self.layout.zeros(*_usual(morphology))
        self.space = Space(list(self._genes()))
        self.state: Shapes = {"action": (morphology.controls,), "noise": (morphology.controls,)}

    def _genes(self) -> Iterator[Gene]:
        """Weights and biases layer by layer, then means and spreads where they are genes."""
        begin, sizes = self._begin.weights.tolist(), self.layout.sizes
        step = np.concatenate(
            [
                np.full((inputs + 1) * outputs, STEP / np.sqrt(inputs))
                for inputs, outputs in pairwise(sizes)
            ]
        )
        for name, start, spread in zip(self.layout.weight_names, begin, step.tolist(), strict=True):
            yield Gene(
                name, -LARGEST_WEIGHT, LARGEST_WEIGHT, "1", "weight", start=start, spread=spread
            )
        if not self.learns:
            return
        for name, mean in zip(self.layout.inputs, self._begin.mean.tolist(), strict=True):
            yield Gene(
                f"mean.{name}", -LARGEST_MEAN, LARGEST_MEAN, "1", "mean of an input", start=mean
            )
        for name, spread in zip(self.layout.inputs, self._begin.spread.tolist(), strict=True):
            yield Gene(
                f"spread.{name}", *SPREADS, "1", "spread of an input", log=True, start=spread
            )

    def parameters(self, values: dict[str, float]) -> Fields:
        """The network of gene values, and what its outputs mean for the controls."""
        return self.fields(self.policy(values))

    def policy(self, values: dict[str, float]) -> Policy:
        """The network of gene values."""
        weights = np.array([values[name] for name in self.layout.weight_names])
        if not self.learns:
            return Policy(self.layout, weights, self._begin.mean, self._begin.spread)
        mean, spread = (
            np.array([values[f"{kind}.{name}"] for name in self.layout.inputs])
            for kind in ("mean", "spread")
        )
        return Policy(self.layout, weights, mean, spread)

    def values(self, policy: Policy) -> dict[str, float]:
        """Gene values of a network.

        Raises:
            EvolocoError: A weight is out of bounds, or NaN.
        """
        values = dict(zip(self.layout.weight_names, policy.weights.tolist(), strict=True))
        if self.learns:
            for kind, row in (("mean", policy.mean), ("spread", policy.spread)):
                names = (f"{kind}.{name}" for name in self.layout.inputs)
                values |= dict(zip(names, row.tolist(), strict=True))

        for gene in self.space.genes:
            if not gene.low <= values[gene.name] <= gene.high:
                raise EvolocoError(
                    f"The network's {gene.name} is {values[gene.name]:g}, beyond {gene.low:g} to "
                    f"{gene.high:g}: it has diverged."
                )
        return values

    def fields(self, policy: Policy, deviation: Array | None = None) -> Fields:
        """The fields of `params` for a network.

        Args:
            policy: The network.
            deviation: Standard deviation of the noise on each action [1]; no noise where absent.
        """
        return {
            "commanded": 0.0,
            "squash": float(self.layout.squash),
            "sizes": np.array(self.layout.sizes, np.float64),
            "weights": policy.weights,
            "shift": policy.mean,
            "scale": policy.spread,
            "deviation": np.zeros(len(self._controls["low"])) if deviation is None else deviation,
            **self._controls,
        }

    def outputs(self, params: Record, states: Record) -> dict[str, Array]:
        """The action on each control, within [-1, 1]."""
        actions = np.clip(states.action, -1.0, 1.0)
        return {name: actions[:, j] for j, name in enumerate(self.layout.outputs)}


def _controls(morphology: Morphology, reach: float) -> dict[str, Array]:
    """Centre, reach and limits of the controls, each (nu,)."""
    count = morphology.controls
    if morphology.muscles:
        half = np.full(count, 0.5)
        return {"centre": half, "reach": half, "low": np.zeros(count), "high": np.ones(count)}
    if morphology.torques:
        limited = np.array(morphology.model.actuator_ctrllimited[:count], bool)
        largest = np.where(limited, morphology.model.actuator_ctrlrange[:count, 1], 1.0)
        return {
            "centre": np.zeros(count),
            "reach": largest,
            "low": -largest,
            "high": largest,
        }
    joints = morphology.joints
    return {
        "centre": np.array([joint.home for joint in joints]),
        "reach": np.full(count, reach),
        "low": np.array([joint.low for joint in joints]),
        "high": np.array([joint.high for joint in joints]),
    }


def _usual(morphology: Morphology) -> tuple[Array, Array]:
    """Usual means and spreads of the inputs [their units], each (n,)."""
    home = {joint.name: joint.home for joint in morphology.joints}
    mean, spread = [], []
    for sensor in morphology.felt:
        for channel in sensor.channels:
            mean.append(home.get(channel, 0.0) if sensor.name == "joint_angle" else 0.0)
            spread.append(USUAL.get(sensor.unit, 1.0))
    return np.array(mean), np.array(spread)
