"""A policy as an ONNX file: from what is felt to commands, with the normaliser inside.

    input   felt      float32 (batch, n)   what the policy feels, in the order of `sensors`
    output  command   float32 (batch, nu)  commands within their limits

The file's metadata is that of a bundle, under the key `evoloco` as JSON. The fading in of the first
moments (`ramp`) is left to the program that runs the file.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from evoloco import fields
from evoloco.controller import layouts
from evoloco.export.calibration import Calibration
from evoloco.export.description import describe
from evoloco.export.exported import Exported, ExportError
from evoloco.export.felt import felt_in, stepped
from evoloco.export.folder import refuse_existing
from evoloco.extras import needs
from evoloco.genome import Array
from evoloco.members import member
from evoloco.policy_file import Policy
from evoloco.record import files

OPSET = 17
"""Version of ONNX's operators: old enough for what runs on robots."""

TRIED = 200
"""Observations with which a file is checked."""

TOLERANCE = 1e-4
"""Largest difference of a command from the policy's own, as a share of its range: float32."""

CONSTANT = 1e-6
"""Smallest range of a command over the tried observations [its unit]."""


@dataclass(frozen=True, eq=False)
class Network:
    """A policy's numbers.

    Attributes:
        layers: Weights (inputs, outputs) and biases (outputs,) of each layer.
        mean: Of the inputs [their units] (n,).
        spread: Of the inputs [their units] (n,).
        clip: Largest size of an input [its spread].
        squash: Whether the last sums go through tanh.
        centre: Command where an action is 0 (nu,).
        reach: Change of the command where an action is 1 (nu,).
        low: Lower limits of the commands (nu,).
        high: Upper limits of the commands (nu,).
    """

    layers: list[tuple[Array, Array]]
    mean: Array
    spread: Array
    clip: float
    squash: bool
    centre: Array
    reach: Array
    low: Array
    high: Array

    def check(self) -> None:
        """Checks that shapes fit together and that all numbers are finite.

        Raises:
            ExportError: They do not.
        """
        size = len(self.mean)
        if self.spread.shape != (size,):
            raise ExportError(
                f"The policy has {size} means of inputs and {self.spread.shape} spreads."
            )
        for place, (weights, biases) in enumerate(self.layers):
            if weights.shape != (size, len(biases)):
                raise ExportError(
                    f"Layer {place} of the policy must have weights ({size}, {len(biases)}), and "
                    f"{weights.shape} came."
                )
            size = len(biases)
        if self.centre.shape != (size,):
            raise ExportError(
                f"The policy has {size} outputs, and the body takes {len(self.centre)} commands."
            )
        numbers = [*(part for layer in self.layers for part in layer), self.mean, self.spread]
        if not all(np.isfinite(part).all() for part in numbers):
            raise ExportError("The policy holds a number that is not finite: it has diverged.")


def network_of(exported: Exported) -> Network:
    """The network of a champion.

    Raises:
        ExportError: Its controller is no policy.
    """
    experiment = exported.experiment
    controller: Any = experiment.controller
    if not hasattr(controller, "layout"):
        raise ExportError(
            f"The controller '{experiment.spec.controller.name}' is no network: ONNX is for "
            "policies. Export it with: --to c, or --to json"
        )
    host = exported.host()
    params = fields.record(experiment.parameters(exported.genome), layouts(controller)[0])
    policy = Policy(controller.layout, params.weights, params.shift, params.scale)
    return Network(
        layers=policy.layers,
        mean=policy.mean,
        spread=policy.spread,
        clip=member("controllers", experiment.spec.controller.name).CLIP,
        squash=controller.layout.squash,
        centre=params.centre,
        reach=params.reach,
        low=np.maximum(params.low, host.low),
        high=np.minimum(params.high, host.high),
    )


def built(network: Network) -> Any:
    """The ONNX model of a network.

    Raises:
        ExportError: Its shapes do not fit, or a number is not finite.
        MissingExtraError: onnx is not installed.
    """
    network.check()
    onnx = needs("onnx", "onnx")
    helper, real = onnx.helper, onnx.TensorProto.FLOAT
    nodes: list[Any] = []
    held: list[Any] = []

    def node(kind: str, *inputs: str, **options: Any) -> str:
        """Adds an operation, and returns the name of its result."""
        name = f"{kind.lower()}_{len(nodes)}"
        nodes.append(helper.make_node(kind, list(inputs), [name], **options))
        return name

    def constant(name: str, values: Any) -> str:
        """Adds numbers, and returns their name."""
        held.append(onnx.numpy_helper.from_array(np.asarray(values, np.float32), name))
        return name

    def within(signal: str, low: str, high: str) -> str:
        """Limits a signal."""
        return node("Min", node("Max", signal, low), high)

    least, most = constant("least_input", -network.clip), constant("most_input", network.clip)
    signal = node("Sub", "felt", constant("mean", network.mean))
    signal = within(node("Div", signal, constant("spread", network.spread)), least, most)
    for place, (weights, biases) in enumerate(network.layers):
        names = constant(f"weights_{place}", weights), constant(f"biases_{place}", biases)
        signal = node("Gemm", signal, *names)
        if place < len(network.layers) - 1 or network.squash:
            signal = node("Tanh", signal)

    action = within(signal, constant("least_action", -1.0), constant("most_action", 1.0))
    target = node("Mul", action, constant("reach", network.reach))
    target = node("Add", target, constant("centre", network.centre))
    bounded = within(target, constant("low", network.low), constant("high", network.high))
    nodes.append(helper.make_node("Identity", [bounded], ["command"]))

    felt = helper.make_tensor_value_info("felt", real, ["batch", len(network.mean)])
    command = helper.make_tensor_value_info("command", real, ["batch", len(network.centre)])
    graph = helper.make_graph(nodes, "policy", [felt], [command], held)
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", OPSET)], producer_name="evoloco", ir_version=8
    )
    onnx.checker.check_model(model, full_check=True)
    return model


def write(exported: Exported, out: Path, calibration: dict[str, Calibration]) -> float:
    """Writes a policy as an ONNX file, and checks it with ONNX Runtime.

    Args:
        exported: The champion.
        out: The file.
        calibration: How its servos are mounted, by name of the control.

    Returns:
        Largest difference of a command from the policy's own, as a share of its range.

    Raises:
        ExportError: The file exists, the champion is no policy, or the file does not do what the
            policy does.
        MissingExtraError: onnx or onnxruntime is not installed.
    """
    refuse_existing(out)
    network = network_of(exported)
    model = built(network)
    entry = model.metadata_props.add()
    entry.key = "evoloco"
    entry.value = describe(exported, calibration).model_dump_json()

    content = model.SerializeToString(deterministic=True)
    names = [control["name"] for control in json.loads(entry.value)["controls"]]
    felt = felt_in(exported, TRIED, seed=0)
    difference = checked(content, felt, stepped(exported, felt), _ramp(exported), names)
    with files.replacing(out, files.ONCE_MORE) as unfinished:
        unfinished.write_bytes(content)
    return difference


def checked(content: bytes, felt: Array, commands: Array, first: int, names: list[str]) -> float:
    """Runs an ONNX file, and compares its commands.

    Args:
        content: Of the file.
        felt: Observations (T, n).
        commands: What they should give (T, nu).
        first: Observation from which on the commands are not faded in any more.
        names: Of the commands.

    Returns:
        Largest difference of a command, as a share of its range.

    Raises:
        ExportError: A command is constant, not finite, or another one.
    """
    runtime = needs("onnxruntime", "onnx")
    session = runtime.InferenceSession(content, providers=["CPUExecutionProvider"])
    (entry,) = session.get_inputs()
    width = entry.shape[-1]
    (got,) = session.run(None, {entry.name: np.asarray(felt[:, :width], np.float32)})
    if got.shape != commands.shape:
        raise ExportError(f"The ONNX file answers {got.shape}; {commands.shape} is needed.")
    if not np.isfinite(got).all():
        raise ExportError("The ONNX file answers a number that is not finite.")

    spans = np.ptp(got, axis=0)
    constant = [name for name, span in zip(names, spans.tolist(), strict=True) if span < CONSTANT]
    if constant:
        raise ExportError(
            f"The policy answers the same whatever it feels, for {', '.join(constant)}: it does "
            "not control them."
        )
    difference = float((np.abs(got - commands)[first:] / spans).max())
    if not difference <= TOLERANCE:
        raise ExportError(
            f"The ONNX file differs from the policy by {difference:.2g} of a command's range, more "
            f"than {TOLERANCE:g}."
        )
    return difference


def _ramp(exported: Exported) -> int:
    """Control steps in which commands fade in."""
    scenario = exported.experiment.spec.scenario
    return int(np.ceil(scenario.ramp / scenario.control_dt))
