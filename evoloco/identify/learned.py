"""The learned servo model: trained on the torques of logs, and tried like the others."""

import importlib
import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from evoloco.errors import SpecError
from evoloco.extras import needs
from evoloco.genome import Array
from evoloco.identify import numbers as own
from evoloco.identify.extended import motors
from evoloco.identify.extended import prepared as with_voltages
from evoloco.identify.model import Start
from evoloco.identify.network import HISTORY, LAYERS, Network
from evoloco.identify.numbers import Number
from evoloco.identify.recording import Recording
from evoloco.morphology import Morphology

SPACING = 0.01
"""Time between the moments that the network sees [s] (Hwangbo et al., 2019)."""

EPOCHS = 60
"""Passes through the samples."""

BATCH = 512
"""Samples of every joint in a step of the optimizer."""

SMOOTHING = 7
"""Samples of the window in which velocities become accelerations."""


class Learned:
    """A network for every joint, as Hwangbo et al. (2019) train it.

    The armature stays in MuJoCo's model, so what is learned is the torque on the joint plus what
    the armature takes, plus what the back-EMF takes, which MuJoCo brakes with.

    Args:
        body: The body.
        network: Weights (see `network.Network`), as a training or a file gives them.
    """

    name = "learned"
    meaning = "a network of errors and velocities, trained on measured torques"

    def __init__(self, body: Morphology, network: Mapping[str, Any]) -> None:
        self._body, self.network = body, {n: np.asarray(v) for n, v in network.items()}
        self.prepared = with_voltages(body, self.name)
        self.numbers: tuple[Number, ...] = ()

    def body(self, values: Sequence[float], start: Start | None = None) -> Morphology:
        """The prepared body, whose joints have no friction of their own: it is in the torques."""
        bare = [Number("joint_friction", joint.name, "", 0, 0, 0) for joint in self._body.joints]
        return own.with_numbers(self.prepared, bare, [0.0] * len(bare), start)

    def actuators(self, values: Sequence[float]) -> Network:
        """The servos."""
        joints, (resistance, constant, volts) = self._body.joints, motors(self._body)
        fields = {
            **self.network,
            "low": np.array([joint.low for joint in joints]),
            "high": np.array([joint.high for joint in joints]),
            "stall": 1.5 * constant / resistance * volts,  # beside what the armature takes
            "volts": resistance / constant,
        }
        samples = math.ceil((HISTORY - 1) * SPACING / self._body.model.opt.timestep) + 2
        return Network(fields, samples)


def examples(body: Morphology, recording: Recording, part: slice) -> tuple[Array, Array]:
    """Inputs (s, joints, 6) and torques that the network is to give [N m] (s, joints).

    Raises:
        SpecError: The log has no torques.
    """
    check(recording)
    error = recording.command - recording.position
    time = recording.time[part]
    inputs = []
    for k in range(HISTORY):
        then = time - k * SPACING
        for values in (error, recording.velocity):
            inputs.append(_at(then, recording.time, values))
    return np.stack(inputs, axis=-1), on_shaft(body, recording)[part]


def check(recording: Recording) -> None:
    """Raises a SpecError where a log has no torques."""
    if recording.torque is None:
        raise SpecError(
            f"{recording.name}: a learned servo is trained on the torques of all joints, "
            "'JOINT.torque [N m]', and the log lacks some. Leave `learned` out of --models."
        )


def on_shaft(body: Morphology, recording: Recording) -> Array:
    """Torque of the motor without its brake by back-EMF [N m] (S, joints)."""
    signal = importlib.import_module("scipy.signal")
    step = float(np.median(np.diff(recording.time)))
    acceleration = signal.savgol_filter(
        recording.velocity, SMOOTHING, 2, deriv=1, delta=step, axis=0
    )
    resistance, constant, _ = motors(body)
    dofs = [int(body.model.joint(joint.name).dofadr[0]) for joint in body.joints]
    armature = body.model.dof_armature[dofs]
    return np.asarray(
        recording.torque + armature * acceleration + constant**2 / resistance * recording.velocity
    )


def train(
    body: Morphology,
    recordings: Sequence[Recording],
    seed: int = 0,
    told: Callable[[str], object] = lambda _: None,
) -> Learned:
    """Trains the networks of all joints at once on the fitted parts of logs.

    Args:
        body: The hanging body.
        recordings: With torques.
        seed: Of weights and batches.
        told: Called with what goes on.

    Raises:
        SpecError: A log has no torques.
    """
    torch: Any = needs("torch", "rl")
    parts = [examples(body, one, one.fitted) for one in recordings]
    inputs = np.concatenate([one for one, _ in parts])
    torques = np.concatenate([one for _, one in parts])
    spread = np.sqrt(np.mean(inputs**2, axis=(0, 1)))
    scale = np.tile([1 / spread[0], 1 / spread[1]], HISTORY)
    most = float(np.sqrt(np.mean(torques**2)))

    torch.manual_seed(seed)
    torch.set_num_threads(1)
    joints = inputs.shape[1]
    x = torch.tensor((inputs * scale).transpose(1, 0, 2), dtype=torch.float32)
    y = torch.tensor((torques / most).T, dtype=torch.float32)
    layers = []
    for before, after in itertools.pairwise(LAYERS):
        weight = torch.randn(joints, before, after) / math.sqrt(before)
        layers.append((weight.requires_grad_(), torch.zeros(joints, 1, after).requires_grad_()))

    optimizer = torch.optim.Adam([one for pair in layers for one in pair], lr=3e-3)
    steps = EPOCHS * math.ceil(x.shape[1] / BATCH)
    slower = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    for step in range(steps):
        chosen = torch.randint(x.shape[1], (BATCH,))
        loss = ((_forward(torch, layers, x[:, chosen]) - y[:, chosen]) ** 2).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        slower.step()
        if step % (steps // 4) == 0:
            told(f"learned: {most * math.sqrt(loss.item()):.3f} N m in the fitted part")

    network: dict[str, Any] = {
        "spacing": SPACING,
        "error_scale": float(scale[0]),
        "velocity_scale": float(scale[1]),
        "torque_scale": most,
    }
    for place, (weight, bias) in enumerate(layers, start=1):
        flat = place == len(layers)
        rows, shifts = weight.detach().numpy().astype(float), bias.detach().numpy().astype(float)
        network[f"weight{place}"] = rows[:, :, 0] if flat else rows
        network[f"bias{place}"] = shifts[:, 0, 0] if flat else shifts[:, 0]
    return Learned(body, network)


def predicted(model: Learned, inputs: Array) -> Array:
    """Torques of the networks for inputs (s, joints, 6), as `examples` has them [N m]."""
    net = model.network
    scale = np.tile([net["error_scale"], net["velocity_scale"]], HISTORY)
    hidden = (inputs * scale).transpose(1, 0, 2)
    for place in (1, 2, 3):
        hidden = hidden @ net[f"weight{place}"] + net[f"bias{place}"][:, None]
        hidden = hidden / (1.0 + np.abs(hidden))
    out = np.einsum("jsn,jn->js", hidden, net["weight4"]) + net["bias4"][:, None]
    return np.asarray(net["torque_scale"] * out.T)


def ideal(body: Morphology, recording: Recording) -> Array:
    """Torques of the servos as the body has them [N m] (S, joints): gain times error, to stall."""
    resistance, constant, volts = motors(body)
    gain = np.array([own.value(body, "servo_gain", joint.name) for joint in body.joints])
    stall = constant / resistance * volts
    error = recording.command - recording.position
    return np.asarray(np.clip(gain * error, -stall, stall))


def _forward(torch: Any, layers: Sequence[tuple[Any, Any]], x: Any) -> Any:
    """Outputs of the networks of all joints (joints, s)."""
    for weight, bias in layers[:-1]:
        x = torch.nn.functional.softsign(torch.baddbmm(bias, x, weight))
    weight, bias = layers[-1]
    return torch.baddbmm(bias, x, weight)[:, :, 0]


def _at(then: Array, time: Array, values: Array) -> Array:
    """Values (S, joints) at other times, between samples in proportion."""
    return np.stack([np.interp(then, time, column) for column in values.T], axis=1)
