"""Policies of the hand in safetensors files."""

from pathlib import Path

from evoloco.dexterity.policy import Policy
from evoloco.dexterity.worlds import Worlds
from evoloco.perception import weights

NAME = "dexterity"
"""What the files say that they are of."""

JOINTS = 6
"""Of the hand."""


def save(policy: Policy, path: Path) -> None:
    """Writes a policy, completely or not at all."""
    arrays = {name: one.numpy(force=True) for name, one in policy.state_dict().items()}
    weights.write(path, arrays, NAME, "")


def load(path: str = "", remembers: bool = False) -> Policy:
    """Reads a policy.

    Args:
        path: Of its file; the bundled policy, which has no memory, where empty.
        remembers: Whether it has memory.

    Raises:
        WeightsError: The file has no such policy.
    """
    return weights.fill(Policy(Worlds.inputs, JOINTS, remembers), NAME, path)
