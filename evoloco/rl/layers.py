"""Layers of a network in PyTorch and in evoloco's own form."""

from collections.abc import Sequence
from typing import Any

import torch

from evoloco.fields import Array
from evoloco.policy_file import Layout, Policy, flattened


def taken_from(layers: Sequence[Any], layout: Layout, mean: Array, spread: Array) -> Policy:
    """A network from PyTorch's linear layers.

    Args:
        layers: From first to last.
        layout: Of the network.
        mean: Of the inputs [their units].
        spread: Of the inputs [their units].
    """
    flat = flattened([(one.weight.detach().numpy().T, one.bias.detach().numpy()) for one in layers])
    return Policy(layout, flat, mean, spread)


def set_layers(layers: Sequence[Any], policy: Policy) -> None:
    """Gives PyTorch's linear layers the weights of a network."""
    with torch.no_grad():
        for layer, (matrix, bias) in zip(layers, policy.layers, strict=True):
            layer.weight.copy_(torch.as_tensor(matrix.T.copy()))
            layer.bias.copy_(torch.as_tensor(bias.copy()))
