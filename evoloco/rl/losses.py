"""The error of a training that has diverged."""

from evoloco.errors import EvolocoError


class LossError(EvolocoError):
    """The loss or a weight is no finite number any more."""
