"""What a controller may feel, and what it answers then: to compare an exported one with it."""

import numpy as np

from evoloco.export.exported import Exported
from evoloco.export.trace import Trace, recorded
from evoloco.genome import Array
from evoloco.host import Host

NOISE = 0.02
"""Size of the noise on observations, beside as much of their own size."""


def felt_in(exported: Exported, steps: int, seed: int, duration: float = 2.0) -> Array:
    """Observations of an episode, again and again and with noise (steps, n).

    Args:
        exported: The champion.
        steps: Number of observations.
        seed: Of the noise.
        duration: Of the episode [s].
    """
    seen = observations(exported.host(), recorded(exported, duration))
    rows = seen[np.arange(steps) % len(seen)]
    noise = np.random.default_rng(seed).standard_normal(rows.shape)
    return np.asarray(rows + NOISE * noise * (1.0 + np.abs(rows)))


def observations(host: Host, trace: Trace) -> Array:
    """What a controller feels in a trace (T, n)."""
    host.reset()
    rows = []
    for step in range(len(trace)):
        host.asked[:] = trace.asked[step]
        host.step({name: values[step] for name, values in trace.readings.items()})
        rows.append(np.concatenate([np.zeros(0), *host.felt().values()]))
    return np.array(rows)


def stepped(exported: Exported, felt: Array) -> Array:
    """The commands within their limits (T, nu) for observations (T, n)."""
    host = exported.host()
    return np.array([np.clip(host.step_felt(row), host.low, host.high) for row in felt])
