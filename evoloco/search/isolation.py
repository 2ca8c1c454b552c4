"""Global random numbers of a search's own, for libraries that draw from global state."""

import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np


class Isolation:
    """A state of `random` and of NumPy's global generator that holds inside its blocks only.

    What a library draws in a block depends on the seed and on what was drawn in
    earlier blocks, and nothing outside can tell that it drew. The state is the
    process's, so blocks of several threads must not overlap.

    Args:
        seed: Numbers that are the seed together.
    """

    def __init__(self, seed: Sequence[int]) -> None:
        words = np.random.SeedSequence(list(seed)).generate_state(8)
        self._python = random.Random(words.tobytes()).getstate()
        self._numpy = np.random.RandomState(words).get_state()

    @contextmanager
    def __call__(self) -> Iterator[None]:
        """A block in which global random numbers are the search's own."""
        outside = random.getstate(), np.random.get_state()
        random.setstate(self._python)
        np.random.set_state(self._numpy)

        try:
            yield
        finally:
            self._python, self._numpy = random.getstate(), np.random.get_state()
            random.setstate(outside[0])
            np.random.set_state(outside[1])
