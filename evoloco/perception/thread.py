"""The one thread of a process that draws pictures and runs networks for learned sensors.

A GL context belongs to the thread that made it: in another one, pictures are black without an
error. PyTorch's sums depend on how many threads share them, and here it is always one.
"""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


def run(function: Callable[P, T], *args: P.args, **options: P.kwargs) -> T:
    """Calls a function in that thread, waits, and returns or raises what it did.

    The function must not call this one.
    """
    return _thread(os.getpid()).submit(partial(function, *args, **options)).result()


@cache
def _thread(process: int) -> ThreadPoolExecutor:  # noqa: ARG001 - a fork has no threads
    return ThreadPoolExecutor(1, thread_name_prefix="perception")
