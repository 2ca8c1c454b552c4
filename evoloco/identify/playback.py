"""What the joints of a hanging robot do under the commands of a log, for many bodies at once."""

import math
from collections.abc import Sequence

import numpy as np

from evoloco.actuator import Actuators
from evoloco.errors import EvolocoError
from evoloco.fields import Array, Fields, Record, Shapes
from evoloco.genome import Gene, Space
from evoloco.morphology import Morphology
from evoloco.scenario import Scenario, Termination
from evoloco.sim.batch import Batch
from evoloco.sim.plan import UNSTABLE
from evoloco.sim.setting import settle

NEVER = Termination(min_height=0.0, max_tilt=math.pi, body_contact=False)
"""A hanging robot cannot fall."""


def reset(params: Record, state: Record, dt: float) -> None:
    """Has nothing to prepare."""


def step(params: Record, state: Record, obs: Record, time: float, dt: float, ctrl: Array) -> None:
    """Commands what the parameters hold at the moment."""
    for j in range(ctrl.size):
        ctrl[j] = params.command[j]


class Follower:
    """A controller whose parameters are its command, and change while it runs.

    Args:
        count: Number of joints.
    """

    reset, step = staticmethod(reset), staticmethod(step)

    def __init__(self, count: int) -> None:
        self.state: Shapes = {"unused": ()}
        self.space = Space([Gene("unused", 0.0, 1.0)])
        self._count = count

    def parameters(self, values: dict[str, float]) -> Fields:
        """The command [rad] (nu,)."""
        return {"command": np.zeros(self._count)}


class Playback:
    """Plays commands to hanging bodies of one layout.

    Every physics step of the native episode gets its own command, so a fit happens in the very
    simulation that evolution uses.

    Args:
        body: A hanging body.
        count: Bodies that are simulated at once.
        actuators: What lies between commands and MuJoCo's controls, if anything.
        threads: Number of threads; all CPUs where 0.
    """

    def __init__(
        self, body: Morphology, count: int, actuators: Actuators | None = None, threads: int = 0
    ) -> None:
        self.dt = float(body.model.opt.timestep)
        self._count = count
        self._batch = Batch(
            body,
            Follower(body.controls),
            capacity=count,
            steps=2**31,
            control_dt=self.dt,
            termination=NEVER,
            actuators=actuators,
            rows=1,
            ramp=0.0,
            threads=threads,
        )
        self._places = [int(body.model.joint(one.name).qposadr[0]) for one in body.joints]
        self._still = Scenario(np.zeros(body.controls), np.zeros(body.controls))

    def angles(
        self,
        bodies: Sequence[Morphology],
        commands: Array,
        actuator_params: Array | None = None,
    ) -> Array:
        """Angles of the driven joints [rad] (T + 1, bodies, joints); NaN from where one diverges.

        Args:
            bodies: They start in their home keyframes.
            commands: In every physics step [rad] (T, joints).
            actuator_params: Flat parameters of the actuators of each body (bodies, n).

        Raises:
            EvolocoError: There are more bodies than there is room for.
        """
        if len(bodies) > self._count:
            raise EvolocoError(f"{len(bodies)} bodies came; there is room for {self._count}.")
        batch, ids = self._batch, np.arange(len(bodies), dtype=np.int32)
        settings = [settle(batch.body(body), self._still, 0.0, self.dt) for body in bodies]
        first = np.tile(commands[0], (len(bodies), 1))
        batch.load(ids, first, settings, np.arange(len(bodies)))
        if actuator_params is not None:
            batch.arrays["actuator_params"][ids] = actuator_params
        places = 1 + np.array(self._places)  # MuJoCo's state begins with the time

        found = np.empty((len(commands) + 1, len(bodies), commands.shape[1]))
        for t, command in enumerate(commands):
            found[t] = batch.states[ids][:, places]
            batch.params[ids] = command
            batch.advance(1, ids, observe=False)
        found[-1] = batch.states[ids][:, places]
        found[:, batch.outcome[ids] == UNSTABLE] = np.nan
        return found
