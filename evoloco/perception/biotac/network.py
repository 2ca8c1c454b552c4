"""The network of a simulated BioTac: where it is touched, times how hard, plus how warm it is."""

import torch
from torch import Tensor, nn

FEATURES = 32
"""Numbers in which the two branches meet."""

POSITION, FORCE, TEMPERATURE = slice(0, 3), slice(3, 12), slice(12, 13)
"""Places of the inputs: position; force now, before and after; temperature."""


class ProductNetwork(nn.Module):
    """Two branches, of position and of forces, whose features are multiplied.

        y = h(p(position) * f(forces)) + t(temperature)

    The paper's layers have 512 and 256 units and meet in 64 numbers; these have 128 and meet in 32.

    Args:
        outputs: Number of readings.
        width: Units of a hidden layer.

    Attributes:
        input_mean, input_scale: By which inputs are standardised (13,).
        output_mean, output_scale: By which answers are brought to their unit (outputs,).

    References:
        Ruppel, Jonetzko, Goerner, Hendrich and Zhang, 2018, Simulation of the SynTouch BioTac
        sensor, Intelligent Autonomous Systems 15; sizes from the authors' program,
        https://github.com/TAMS-Group/biotac_gazebo_plugin.
    """

    def __init__(self, outputs: int, width: int = 128) -> None:
        super().__init__()
        self.input_mean: Tensor
        self.input_scale: Tensor
        self.output_mean: Tensor
        self.output_scale: Tensor
        self.position = _branch(3, width)
        self.force = _branch(9, width)
        self.head = nn.Sequential(nn.Linear(FEATURES, width), nn.ReLU(), nn.Linear(width, outputs))
        self.temperature = nn.Sequential(nn.Linear(1, 32), nn.Sigmoid(), nn.Linear(32, outputs))
        for name, size in (("input", 13), ("output", outputs)):
            self.register_buffer(f"{name}_mean", torch.zeros(size))
            self.register_buffer(f"{name}_scale", torch.ones(size))

    def forward(self, inputs: Tensor) -> Tensor:
        """Standardised readings (n, outputs) of inputs in their units (n, 13)."""
        plain = (inputs - self.input_mean) / self.input_scale
        met = self.position(plain[:, POSITION]) * self.force(plain[:, FORCE])
        answers: Tensor = self.head(met) + self.temperature(plain[:, TEMPERATURE])
        return answers

    def readings(self, inputs: Tensor) -> Tensor:
        """Readings in their units (n, outputs)."""
        answers: Tensor = self.output_mean + self.output_scale * self(inputs)
        return answers


def _branch(inputs: int, width: int) -> nn.Module:
    return nn.Sequential(
        nn.Linear(inputs, width),
        nn.ReLU(),
        nn.Linear(width, width),
        nn.ReLU(),
        nn.Linear(width, FEATURES),
    )
