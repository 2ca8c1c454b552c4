"""Layers in compiled code, beside those of PyTorch."""

import mujoco
import numpy as np
import pytest
import torch
from instants import Asked, instant
from safetensors.numpy import load_file
from safetensors.torch import save_file

from evoloco.errors import EvolocoError
from evoloco.perception.layers import dense, lstm, parameters, relu, tanh
from evoloco.sensor import Compiled, Sensor

INPUTS, UNITS, OUTPUTS, STEPS = 5, 8, 3, 50

LIKE_PYTORCH = 1e-6
"""PyTorch computes with 32 bits: sums of some ten numbers of about 1 differ by some 1e-7."""


class Network(torch.nn.Module):
    """Two layers, and one that remembers."""

    def __init__(self):
        super().__init__()
        self.first = torch.nn.Linear(INPUTS, UNITS)
        self.recall = torch.nn.LSTM(UNITS, UNITS)
        self.head = torch.nn.Linear(UNITS, OUTPUTS)

    def forward(self, series, bent):
        return self.head(self.recall(bent(self.first(series)))[0])


def read_tanh(params, memory, seen, readings):
    dense(params.first, seen.sensordata, memory.units)
    tanh(memory.units)
    lstm(params.recall, memory.units, memory.hidden, memory.cell)
    dense(params.head, memory.hidden, readings)


def read_relu(params, memory, seen, readings):
    dense(params.first, seen.sensordata, memory.units)
    relu(memory.units)
    lstm(params.recall, memory.units, memory.hidden, memory.cell)
    dense(params.head, memory.hidden, readings)


@pytest.mark.parametrize(("read", "bent"), [(read_tanh, torch.tanh), (read_relu, torch.relu)])
def test_a_network_from_a_file_answers_as_in_pytorch(tmp_path, read, bent):
    torch.manual_seed(0)
    network, series = Network(), 2 * torch.randn(STEPS, INPUTS)
    save_file(network.state_dict(), tmp_path / "weights.safetensors")
    with torch.no_grad():
        expected = network(series, bent).numpy()

    sizes = {"units": (UNITS,), "hidden": (UNITS,), "cell": (UNITS,)}
    source = Compiled(read, parameters(load_file(tmp_path / "weights.safetensors")), sizes)
    asked = Asked(Sensor("net", tuple("abc"), "1", "what a network answers", source))
    model = mujoco.MjModel.from_xml_string("<mujoco/>")
    shown = instant(model, mujoco.MjData(model), np.zeros(3), np.eye(3))
    found = [asked(shown._replace(sensordata=row)) for row in series.numpy().astype(float)]
    np.testing.assert_allclose(found, expected, rtol=0, atol=LIKE_PYTORCH)
    assert np.ptp(expected) > 0.1


def test_layers_without_a_name_are_refused():
    with pytest.raises(EvolocoError, match=r"layer of '0\.weight' has no name .*Name the layers"):
        parameters({"0.weight": np.zeros((2, 2))})
