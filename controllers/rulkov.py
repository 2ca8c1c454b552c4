"""Bursting map neurons: rhythms from a two-variable map instead of a differential equation."""

import math

import numba

from evoloco.controller import Reset, Step
from evoloco.fields import Array, Fields, Record
from evoloco.genome import Gene, Space
from evoloco.morphology import Morphology

from ._driven import Driven, check_options
from ._foot_paths import FootPaths, begin, follow_oscillator
from ._pacemaker import Feedback, Senses, feel, landing
from ._posture import Posture, aim
from ._stride import begin_at, elapsed, track
from ._symmetry import Drive, Symmetry, amplitude, owners

ALPHA, SIGMA, MU = 6.0, 0.1, 0.001
"""Parameters of a bursting neuron of the non-chaotic map (Rulkov, 2002)."""

MUTUAL, AVERAGE = 0.3, 50.0
"""Inhibition inside the pacemaker per averaged spike; iterations over which spikes are averaged."""

STRIDE = 472.0
"""Iterations in which that pacemaker goes round, as simulated."""

PEAK = 0.48
"""Largest averaged activity of its neurons, as simulated."""

SCALE, ALIKE = 4.0, 0.6
"""Slow variables and activity in what leads the pacemaker's activity by a quarter, as simulated."""

SENSITIVITY = 0.02
"""Input of a pacemaker neuron per unit of feedback [s]."""


@numba.njit(error_model="numpy", nogil=True)
def iterate(x: float, y: float, alpha: float) -> float:
    """The fast variable after one iteration of the non-chaotic map: f(x, y)."""
    if x <= 0.0:
        return alpha / (1.0 - x) + y
    if x < alpha + y:
        return alpha + y
    return -1.0


@numba.njit(error_model="numpy", nogil=True)
def fire(state: Record, i: int, beta: float, rate: float) -> None:
    """Iterates neuron i, which hears beta and whose spikes are averaged at `rate`."""
    x, y, activity = state.x, state.y, state.activity
    spike = iterate(x[i], y[i] + beta, ALPHA)
    y[i] -= MU * (x[i] + 1.0 - SIGMA)  # (2)
    x[i] = spike  # (1)
    activity[i] += rate * (max(0.0, spike) - activity[i])


@numba.njit(error_model="numpy", nogil=True)
def advance(joints: Record, state: Record, felt: float, count: int) -> None:
    """Iterates all neurons `count` times; what is felt excites neuron 0 and inhibits neuron 1."""
    for _ in range(count):
        first, second = state.activity[0], state.activity[1]
        fire(state, 0, felt - MUTUAL * second, 1.0 / AVERAGE)
        fire(state, 1, -felt - MUTUAL * first, 1.0 / AVERAGE)
        for j in range(joints.late.size):
            own, other = (second, first) if joints.late[j] > 0.0 else (first, second)
            beta = -joints.same[j] * own - joints.cross[j] * other
            fire(state, j + 2, beta, joints.rate[j])


@numba.njit(error_model="numpy", nogil=True)
def settle(params: Record, state: Record) -> None:
    """Lets the bursts settle over six strides, until the pacemaker's first neuron takes over.

    The episode starts in this phase, which is kept for the phase reset.
    """
    x, y, activity = state.x, state.y, state.activity
    x[:] = -1.0
    y[:] = -3.2
    y[0] = -3.0

    advance(params.joints, state, 0.0, int(6 * STRIDE))
    for _ in range(int(2 * STRIDE)):
        before = activity[0] - activity[1]
        advance(params.joints, state, 0.0, 1)
        if before < 0.0 <= activity[0] - activity[1]:
            break

    for i in range(2):
        state.start_x[i] = x[i]
        state.start_y[i] = y[i]
        state.start_activity[i] = activity[i]
    state.loads[:] = 1.0


@numba.njit(error_model="numpy", nogil=True)
def oscillate(params: Record, state: Record, obs: Record, time: float) -> None:
    """All neurons are iterated for a time of their own [s]."""
    foot = landing(params.senses, obs, state.loads)
    if foot >= 0:  # the right foot's landing exchanges the pacemaker's neurons
        for i in range(2):
            state.x[(i + foot) % 2] = state.start_x[i]
            state.y[(i + foot) % 2] = state.start_y[i]
            state.activity[(i + foot) % 2] = state.start_activity[i]

    due = state.due + time * params.frequency
    count = math.floor(due)
    state.due = due - count
    advance(params.joints, state, SENSITIVITY * feel(params.senses, obs), count)


@numba.njit(error_model="numpy", nogil=True)
def angle(activity: Array, y: Array) -> float:
    """Angle of the pacemaker on its cycle [rad]: equation (3)."""
    active = activity[0] - activity[1]
    return math.atan2(active, SCALE * (y[0] - y[1]) + ALIKE * active)


@numba.njit(error_model="numpy", nogil=True)
def phase(state: Record) -> float:
    """Phase of the pacemaker since its first neuron took over, in turns."""
    since = angle(state.activity, state.y) - angle(state.start_activity, state.start_y)
    return float(since / (2.0 * math.pi))


def reset(params: Record, state: Record, dt: float) -> None:
    """Starts the settled neurons, both feet on the ground."""
    settle(params, state)
    begin_at(params.posture.feedback, state.posture, phase(state))


def step(params: Record, state: Record, obs: Record, time: float, dt: float, ctrl: Array) -> None:
    """Iterates the neurons over one control step and writes target angles."""
    feedback = params.posture.feedback
    own = elapsed(feedback, state.posture, obs, dt)
    oscillate(params, state, obs, own)
    track(feedback, state.posture, phase(state), own)

    for j in range(ctrl.size):
        ctrl[j] = params.joints.swing[j] * (2.0 * state.activity[j + 2] / PEAK - 1.0)

    aim(params.posture, state.posture, obs, dt, ctrl)


def reset_feet(params: Record, state: Record, dt: float) -> None:
    """Starts the settled pacemaker alone, every joint at home."""
    settle(params, state)
    begin(params.paths, state.paths)


def step_feet(
    params: Record, state: Record, obs: Record, time: float, dt: float, ctrl: Array
) -> None:
    """Advances the pacemaker by one control step and puts the feet where its phase wants them."""
    own = elapsed(params.paths.feedback, state.paths.feedback, obs, dt)
    oscillate(params, state, obs, own)
    follow_oscillator(params.paths, state.paths, phase(state), own, time, dt, ctrl)


class Controller:
    """One bursting neuron per driven joint, driven by two that take turns.

    A neuron has a fast variable x, which spikes, and a slow one y, which groups the spikes into
    bursts:

        (1) x(k + 1) = f(x(k), y(k) + beta(k))
        (2) y(k + 1) = y(k) - mu (x(k) + 1 - sigma)

        f(x, y) = alpha / (1 - x) + y   where x <= 0
                  alpha + y             where 0 < x < alpha + y
                  -1                    elsewhere

    (beta aside: equations 1 and 2 of Rulkov, 2002). Its activity a is the running mean of max(0,
    x).

    The pacemaker's two neurons inhibit each other, beta_0 = -0.3 a_1 + f(obs) and beta_1 = -0.3 a_0
    - f(obs), so that their bursts alternate. A joint's neuron has beta = -same a_0 - cross a_1,
    with the two exchanged on the right side. The joint's signal is its activity, scaled and
    centred. How long it averages sets how much it lags. One iteration lasts 1/472 of the period:
    about 1 to 3 ms.

    The pacemaker's phase is the angle of its two neurons on their cycle, from the start on:

        (3) angle = atan2(a_0 - a_1, 4 (y_0 - y_1) + 0.6 (a_0 - a_1))

    The stride's phase follows it at half to twice the rate of the period, never back. Where feet
    are driven, these two neurons are all there is, and the feet's paths follow that phase.

    Args:
        morphology: The body.
        symmetry: "mirror" shares genes between left and right, "none" gives each joint its own.
        feedback: What the pacemaker feels: the torso's roll ("tilt"), left minus right foot load
            ("load").
        phase_reset: Whether a foot's landing puts the pacemaker into phase 0 (left) or half a
            period on.
        reset_load: Load from which a foot has landed, as a fraction of body weight.
        reflex: Whether torso tilt and rate move the target angles; by default not with `answers`.
        reflex_stems: Joints that take part in the reflex; those of hips and ankles where None.
        drive: "joints", or "feet" on paths that follow the pacemaker's phase.
        answers: Whether hips, ankles, steps and phase answer the torso's tilt, filtered and
            bounded.
        load: Whether landings reset and hold the phase; the robot then needs load cells or switches
            at its feet.

    Raises:
        SpecError: An option is of joints, and feet are driven.
        ModelError: The body has muscles, or motors that take torques; or feet are driven or felt,
            and there is none that can be.

    References:
        Rulkov, 2002, Modeling of spiking-bursting neural behavior using two-dimensional map,
        doi:10.1103/PhysRevE.65.041922.
    """

    def __init__(
        self,
        morphology: Morphology,
        symmetry: Symmetry = "mirror",
        feedback: tuple[Feedback, ...] = (),
        phase_reset: bool = False,
        reset_load: float = 0.3,
        reflex: bool | None = None,
        reflex_stems: tuple[str, ...] | None = None,
        drive: Driven = "joints",
        answers: bool = False,
        load: bool = False,
    ) -> None:
        self.senses = Senses(morphology, feedback, reset_load if phase_reset else math.inf)
        self.moved: Posture | FootPaths
        if drive == "feet":
            check_options(
                drive,
                symmetry=symmetry != "mirror",
                phase_reset=phase_reset,
                reflex=bool(reflex),
                reflex_stems=reflex_stems is not None,
            )
            self._moved, self.moved = "paths", FootPaths(morphology, answers, load=load)
        else:
            reflex = not answers if reflex is None else reflex
            posture = Posture(
                morphology, symmetry, reflex, reflex_stems, answers=answers, load=load
            )
            self._moved, self.moved = "posture", posture

        self.parts = self.moved.drives if isinstance(self.moved, Posture) else ()
        period = Gene("period", 0.4, 1.4, "s", "duration of a stride", log=True)
        own = [period] * bool(self.parts) + [g for p in owners(self.parts) for g in _genes(p)]
        self.space = Space([*own, *self.senses.genes, *self.moved.genes])

        self.names = ["pacemaker", *(part.joint.name for part in self.parts)]
        neurons = (2 + len(self.parts),)
        self.state = {
            **dict.fromkeys(("x", "y", "activity"), neurons),
            **dict.fromkeys(("start_x", "start_y", "start_activity"), (2,)),
            "due": (),  # part of an iteration
            "loads": (2,),
            self._moved: self.moved.state,
        }

    @property
    def reset(self) -> Reset:
        """Prepares an episode."""
        return reset if isinstance(self.moved, Posture) else reset_feet

    @property
    def step(self) -> Step:
        """Runs once per control step."""
        return step if isinstance(self.moved, Posture) else step_feet

    def parameters(self, values: dict[str, float]) -> Fields:
        """Iterations per second, what each joint's neuron hears, senses, and what is moved."""
        return {
            "frequency": STRIDE / values["period"],
            "joints": self._joints(values),
            "senses": self.senses.parameters(values),
            self._moved: self.moved.parameters(values),
        }

    def outputs(self, params: Record, states: Record) -> dict[str, Array]:
        """Difference between the pacemaker's activities; each joint's activity, centred."""
        activity = states.activity / PEAK
        signals = [activity[:, 0] - activity[:, 1], *(2 * activity[:, 2:] - 1).T]
        return dict(zip(self.names, signals, strict=True))

    def _joints(self, values: dict[str, float]) -> Fields:
        """Weights, averaging rate, swing [rad] and lateness of each joint (nu,)."""
        parts = self.parts
        return {
            "same": [values[f"{part.genes}.same"] for part in parts],
            "cross": [values[f"{part.genes}.cross"] for part in parts],
            "rate": [1.0 / (STRIDE * values[f"{part.genes}.average"]) for part in parts],
            "swing": [part.sign * values[f"{part.genes}.amplitude"] for part in parts],
            "late": [float(part.late) for part in parts],
        }


def _genes(part: Drive) -> list[Gene]:
    """Swing of a joint, whom its neuron hears, and how long it averages."""
    name = part.genes
    return [
        amplitude(part, "amplitude", "swing to either side"),
        Gene(f"{name}.same", -0.6, 0.6, "1", "inhibition by the pacemaker's neuron of its side"),
        Gene(f"{name}.cross", -0.6, 0.6, "1", "inhibition by the pacemaker's other neuron"),
        Gene(f"{name}.average", 0.1, 0.5, "1", "share of a stride over which spikes are averaged"),
    ]
