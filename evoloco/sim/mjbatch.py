"""MuJoCo's batch of simulations, as mjbatch.h has it."""

import ctypes
from collections.abc import Sequence

import mujoco
import numpy as np

from evoloco.errors import EvolocoError
from evoloco.sim import capi
from evoloco.sim.arrays import Ids

MESSAGE = 500
"""Room for MuJoCo's message [bytes]."""


class MujocoBatch:
    """Simulations that a C function advances on a pool of threads.

    Args:
        model: With the layout of all models of the batch.
        capacity: Number of simulations.
        threads: Number of threads.

    Attributes:
        states: A view of MuJoCo's states (capacity, nstate), in the order of mj_getState.
        status: A view of errors: 0 where a simulation had none (capacity,).

    Raises:
        EvolocoError: MuJoCo cannot simulate the model in a batch.
    """

    def __init__(self, model: mujoco.MjModel, capacity: int, threads: int) -> None:
        self._library, self._capacity = capi.library(), capacity
        error = ctypes.create_string_buffer(MESSAGE)
        config = capi.batch_config(threads)
        self._batch = self._library.mjb_makeBatch(
            model._address, capacity, ctypes.byref(config), error, len(error)
        )
        if not self._batch:
            raise EvolocoError(
                f"MuJoCo cannot simulate this model in a batch: {error.value.decode()}"
            )

        time, length = int(mujoco.mjtState.mjSTATE_TIME), ctypes.c_int()
        address = self._library.mjb_stateComponent(self._batch, time, ctypes.byref(length))
        numbers = ctypes.cast(address, ctypes.POINTER(ctypes.c_double))
        width = mujoco.mj_stateSize(model, mujoco.mjtState.mjSTATE_INTEGRATION)
        self.states = np.ctypeslib.as_array(numbers, (capacity, width))

        status = self._library.mjb_status(self._batch)
        self.status = np.ctypeslib.as_array(status, (capacity,))

    def set_models(self, models: Sequence[mujoco.MjModel]) -> None:
        """Tells MuJoCo which model each simulation has (capacity,)."""
        addresses = [model._address for model in models]
        self._library.mjb_setModels(self._batch, (ctypes.c_void_p * self._capacity)(*addresses))

    def reset(self, ids: Ids) -> None:
        """Puts simulations at the start of their models."""
        self._library.mjb_reset(self._batch, ids.ctypes.data, len(ids), None, 0)

    def apply(self, ids: Ids, function: int, argument: int) -> None:
        """Calls a C function for each of some simulations.

        Args:
            ids: The simulations.
            function: Address of an mjfBatchFunc.
            argument: Address of what it is given.
        """
        self._library.mjb_apply(
            self._batch,
            ids.ctypes.data,
            len(ids),
            ctypes.c_void_p(function),
            ctypes.c_void_p(argument),
            1,
        )

    def close(self) -> None:
        """Gives the memory back: the views mean nothing any more."""
        self._library.mjb_deleteBatch(self._batch)
