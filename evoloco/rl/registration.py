"""Makes Gymnasium know the environments."""

from gymnasium.envs.registration import register as add
from gymnasium.envs.registration import registry

from evoloco.bundled import runs

ENTRY = "evoloco.rl.env:RunEnv"
"""What is made."""


def register() -> None:
    """Registers `evoloco/NAME-v0` for every bundled run, and `evoloco/Run-v0` for any run file."""
    for name in (*runs(), "Run"):
        identity = f"evoloco/{name}-v0"
        if identity not in registry:
            add(identity, ENTRY, kwargs={} if name == "Run" else {"run": name})
