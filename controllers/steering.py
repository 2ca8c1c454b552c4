"""Steers a gait to a ball: a small law that asks it for a speed and a turning rate."""

import math

import numba

from evoloco.controller import Reset, Step
from evoloco.errors import ModelError, SpecError
from evoloco.fields import Array, Fields, Record, Shapes
from evoloco.gait_of_run import Gait, gait_of_run
from evoloco.genome import Gene, Space
from evoloco.morphology import Morphology

from . import feet
from ._foot_paths import begin
from ._posture_feedback import bounded
from .feet import walk_as_asked

SENSORS = SIGHT, ASKED = "target", "command"
"""Sensors that a run file must add: the law's own, and the one that the gait was made with."""

CHANNELS = ("forward", "left", "confidence", "age")
"""Channels of `SIGHT` that it reads."""

NEVER = 1e9
"""Time since the last sighting where there was none [s]."""

FELT = 0.85
"""Speed of a gait over what it is asked for [1], by which the law reckons its way."""

LAW: Shapes = {
    **{"forward": (), "left": (), "age": (), "unseen": (), "side": (), "swept": ()},
    **{"speed": (), "turning": (), "asked": (3,)},
}
"""What the law keeps: where it believes the ball to be, when it saw it, on which side it looks for
it and how far it has turned so, and what it asks for."""


@numba.njit(error_model="numpy", nogil=True)
def look(law: Record, state: Record, sight: Array, dt: float) -> None:
    """Believes what is seen; what is not seen is at rest while the body moves on."""
    confidence, age = sight[int(law.confidence)], sight[int(law.age)]
    is_new = confidence > law.sure and age < state.age + dt / 2  # one that is held grows by dt
    state.age = age
    state.unseen += dt
    if not is_new:
        return

    trust = 1.0 if state.unseen > law.patience else law.trust
    state.forward += trust * (sight[int(law.forward)] - state.forward)
    state.left += trust * (sight[int(law.left)] - state.left)
    state.unseen, state.swept = 0.0, 0.0
    state.side = 1.0 if state.left >= 0.0 else -1.0


@numba.njit(error_model="numpy", nogil=True)
def move_on(state: Record, turned: float, way: float) -> None:
    """The ball as seen after the body has turned [rad] and gone a way ahead [m] (1)."""
    state.swept += turned
    forward, left = state.forward - way, state.left
    state.forward = forward + turned * left
    state.left = left - turned * forward


@numba.njit(error_model="numpy", nogil=True)
def decide(law: Record, state: Record) -> None:
    """Speed and turning rate towards where the ball is believed to be."""
    if state.unseen > law.patience:  # (2)
        if state.side * state.swept > law.sweep:
            state.side = -state.side
        state.speed, state.turning = law.side_speed, state.side * law.turning
        return

    distance = math.hypot(state.forward, state.left)
    if distance < law.stop:  # (3)
        state.speed, state.turning = 0.0, 0.0
        return

    bearing = math.atan2(state.left, state.forward)
    ahead = max(0.0, 1.0 - abs(bearing) / law.narrow)
    state.speed = law.side_speed + ahead * (law.speed - law.side_speed)  # (4)
    state.turning = bounded(law.turn_gain * bearing, law.turning)  # (5)


@numba.njit(error_model="numpy", nogil=True)
def steer(law: Record, state: Record, obs: Record, dt: float) -> None:
    """One step of the law: what it believes, and what it asks for."""
    move_on(state, dt * obs.rate[2], dt * FELT * state.speed)
    look(law, state, obs.target, dt)
    decide(law, state)

    asked = state.asked
    asked[0], asked[2] = state.speed, state.turning
    asked[1] += dt * state.turning


def reset(params: Record, state: Record, dt: float) -> None:
    """Has not seen the ball, and would look for it on the left."""
    state.law.unseen, state.law.age = NEVER, NEVER
    state.law.side = 1.0
    begin(params.paths, state.feet)


def step(params: Record, state: Record, obs: Record, time: float, dt: float, ctrl: Array) -> None:
    """Walks on by one control step, with the speed and turning that lead to the ball."""
    steer(params.law, state.law, obs, dt)
    walk_as_asked(params.paths, state.feet, state.law.asked, obs, time, dt, ctrl)


class Controller:
    """A law that leads to a ball, around a gait that walks and turns as it is asked to.

    The law keeps where it believes the ball to be: (x, y), forward and to the left of the torso.
    While the body turns by w and walks with v, the ball moves in its eyes by

        (1) dx/dt = w y - v,  dy/dt = -w x

    with w from the gyroscope and v from what was asked for. A new sighting whose confidence is
    above `sure` moves the belief by the share `trust` to what is seen. From the belief, with the
    bearing b = atan2(y, x):

        (2) not seen for `patience`: the speed side_speed, and `turning` to the side where it was
            last; `sweep` beside where it was seen, `turning` to the other side
        (3) nearer than `stop`: stand still
        (4) else the speed side_speed + max(0, 1 - |b| / narrow) (speed - side_speed)
        (5) and the turning rate turn_gain b, within `turning`

    The gait follows this, and not what the scenario asks for. All genes are the law's; those of the
    gait stay as they were found.

    Args:
        morphology: The body, with the sensors `command` and `target`. Any sensor with the channels
            forward, left, confidence and age will do: [sensors.target] source = "ball".
        gait: The run whose champion walks, a bundled one or the path of a champion.json. Its
            controller must be `feet` with commands.
        sure: Confidence above which a sighting is believed [1].

    Raises:
        ModelError: The body lacks a sensor, or a sensor a channel.
        EvolocoError: The gait is none that follows commands, or does not fit the body.
    """

    reset: Reset = staticmethod(reset)
    step: Step = staticmethod(step)

    def __init__(self, morphology: Morphology, gait: str = "biped", sure: float = 0.0) -> None:
        self._places = _places(morphology)
        self._sure = sure
        self._gait, self._values = _walking(gait, morphology)
        self.state: Shapes = {"law": LAW, **self._gait.state}
        self.space = Space(
            [
                Gene("speed", 0.1, 0.39, "m/s", "asked for where the ball is ahead", start=0.3),
                Gene("side_speed", 0.0, 0.3, "m/s", "asked for where it is aside", start=0.1),
                Gene("narrow", 0.1, 1.6, "rad", "bearing from which it is aside", start=0.6),
                Gene("turn_gain", 0.2, 3.0, "1/s", "turning rate per bearing", start=1.0),
                Gene(
                    "turning",
                    0.1,
                    0.8,
                    "rad/s",
                    "largest rate, and that of a search",
                    start=0.35,
                ),
                Gene("stop", 0.02, 0.2, "m", "distance at which it stands", start=0.1),
                Gene("trust", 0.02, 1.0, "1", "share of a sighting in the belief", start=0.4),
                Gene("patience", 0.3, 6.0, "s", "time to go on unseen", start=2.0),
                Gene("sweep", 0.5, 6.3, "rad", "turned in search before turning back", start=1.5),
            ]
        )

    def parameters(self, values: dict[str, float]) -> Fields:
        """The law's numbers, and the gait's."""
        law = {gene.name: values[gene.name] for gene in self.space.genes}
        return {
            "law": {**law, **self._places, "sure": self._sure},
            **self._gait.parameters(self._values),
        }

    def outputs(self, params: Record, states: Record) -> dict[str, Array]:
        """Where the ball is believed to be [m], and what is asked for [m/s], [rad/s]."""
        return {name: states.law[name] for name in ("forward", "left", "speed", "turning")}


def _walking(gait: str, morphology: Morphology) -> Gait:
    """The gait of a run, on a body.

    Raises:
        SpecError: It is none that follows commands.
    """
    found = gait_of_run(gait, morphology)
    follows = isinstance(found.controller, feet.Controller) and found.controller.paths.steering
    if not follows:
        raise SpecError(
            f"controller.gait: '{gait}' does not walk and turn as it is asked to. Its controller "
            "must be 'feet' with commands = true, such as that of the run 'biped'."
        )
    return found


def _places(morphology: Morphology) -> Fields:
    """Indices of the channels in the sensor of the ball, by their names.

    Raises:
        ModelError: There is no such sensor, none of the command, or it has other channels.
    """
    sensors = {sensor.name: sensor.channels for sensor in morphology.sensors}
    for name in SENSORS:
        if name not in sensors:
            raise ModelError(
                f"Controller 'steering' needs the sensor '{name}', and this body has none. Add the "
                f"table [sensors.{name}] to the run file."
            )

    missing = [channel for channel in CHANNELS if channel not in sensors[SIGHT]]
    if missing:
        raise ModelError(
            f"Controller 'steering' needs the channels {', '.join(CHANNELS)} of the sensor "
            f"'{SIGHT}', whose source has {', '.join(sensors[SIGHT])}. Give it another source."
        )
    return {channel: float(sensors[SIGHT].index(channel)) for channel in CHANNELS}
