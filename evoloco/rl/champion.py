"""The champion of a training as a file of weights."""

from pathlib import Path

from evoloco.policy_file import write
from evoloco.run import Run

FILE = "policy.safetensors"
"""Its name in a run folder."""


def write_policy(run: Run) -> Path:
    """Writes the champion's network, which `controller.weights` of a run file can name.

    Raises:
        JournalError: There is no champion yet.
        StorageError: The folder cannot be written.
    """
    path = run.folder / FILE
    write(run.experiment.controller.policy(run.champion.values), path)  # type: ignore[attr-defined]
    return path
