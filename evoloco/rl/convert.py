"""Policies of Stable-Baselines3 as files of evoloco."""

import io
import pickle
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import torch

from evoloco.fields import Array
from evoloco.policy_file import Layout, Policy, PolicyError, flattened

TINY = 1e-8
"""Added to variances, as Stable-Baselines3 does."""


def converted(archive: Path, layout: Layout, normaliser: Path | None = None) -> Policy:
    """The policy of an archive that Stable-Baselines3's `PPO.save` or `A2C.save` wrote.

    Of the archive only `policy.pth` is read, with PyTorch's loader for weights alone, which runs no
    code. The hidden units must be tanh, which is the default, and which the file does not tell.

    Args:
        archive: The .zip file.
        layout: What the run needs.
        normaliser: A .pkl file that `VecNormalize.save` wrote. It is unpickled, which runs whatever
            code it holds.

    Raises:
        PolicyError: The file is something else, or has another layout.
    """
    try:
        with zipfile.ZipFile(archive) as file:
            state = torch.load(io.BytesIO(file.read("policy.pth")), weights_only=True)
        layers = _layers(state)
    except (OSError, KeyError, zipfile.BadZipFile, pickle.UnpicklingError, ValueError) as error:
        raise PolicyError(
            f"{archive} is no archive of Stable-Baselines3's PPO or A2C with an MlpPolicy: {error}."
        ) from None

    sizes = (len(layers[0][0]), *(len(bias) for _, bias in layers))
    if sizes != layout.sizes:
        raise PolicyError(
            f"{archive} does not fit this run. It has layers of {_listed(sizes)}. The run needs "
            f"{_listed(layout.sizes)}: {layout}."
        )
    mean, spread = _normaliser(normaliser, sizes[0]) if normaliser else _none(sizes[0])
    return Policy(layout, flattened(layers), mean, spread)


def _layers(state: dict[str, Any]) -> list[tuple[Array, Array]]:
    """Weights and biases of the policy's layers, from first to last.

    Raises:
        ValueError: They are those of another kind of policy.
    """
    stem = "mlp_extractor.policy_net."
    hidden = sorted(
        {int(name.split(".")[2]) for name in state if name.startswith(stem)},
    )
    names = [*(f"{stem}{index}" for index in hidden), "action_net"]
    if "action_net.weight" not in state:
        raise ValueError(f"it holds {', '.join(sorted(state)[:6])}, but no action_net")
    return [
        (
            state[f"{name}.weight"].numpy().T.astype(np.float64),
            state[f"{name}.bias"].numpy().astype(np.float64),
        )
        for name in names
    ]


def _normaliser(path: Path, inputs: int) -> tuple[Array, Array]:
    """Means and spreads of a pickled VecNormalize."""
    try:
        kept = pickle.loads(path.read_bytes()).obs_rms
        mean, var = np.array(kept.mean, np.float64), np.array(kept.var, np.float64)
    except Exception as error:
        raise PolicyError(f"{path} holds no VecNormalize: {error}.") from None
    if mean.shape != (inputs,):
        raise PolicyError(f"{path} normalises {mean.size} inputs; the policy has {inputs}.")
    return mean, np.sqrt(var + TINY)


def _none(inputs: int) -> tuple[Array, Array]:
    return np.zeros(inputs), np.ones(inputs)


def _listed(sizes: tuple[int, ...]) -> str:
    return " - ".join(map(str, sizes)) + " units"
