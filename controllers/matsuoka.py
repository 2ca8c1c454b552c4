"""Networks of half-centres: pairs of tiring neurons that inhibit each other."""

import math

import numba
import numpy as np

from evoloco.controller import Reset, Step
from evoloco.errors import SpecError, UnknownNameError
from evoloco.fields import Array, Fields, Record
from evoloco.genome import Space
from evoloco.morphology import Morphology

from ._driven import Driven, check_options
from ._foot_paths import FootPaths, begin, follow_oscillator
from ._neurons import advance, fastest, inputs
from ._pacemaker import foot_channels, landing
from ._planar import Planar
from ._posture import Posture, aim
from ._stride import begin_at, elapsed, track
from ._symmetry import Symmetry, one_of_each
from ._topologies import TONIC_INPUT, TOPOLOGIES, Feedback, HalfCentres

ALIKE, SCALE = 1.5, 0.6
"""What the free half-centre's membranes have in common with its fatigues, and what scales the rest
to a circle, as simulated."""


def oscillates(tau: float, adaptation_tau: float, beta: float, inhibition: float) -> bool:
    """Whether a half-centre oscillates: 1 + tau / tau' < w < 1 + beta (Matsuoka, 2011)."""
    return 1 + tau / adaptation_tau < inhibition < 1 + beta


def frequency(tau: float, adaptation_tau: float, beta: float, inhibition: float) -> float:
    """Approximate frequency of a half-centre [Hz] (Matsuoka, 2011)."""
    squared = ((tau + adaptation_tau) * beta - tau * inhibition) / (tau * inhibition)
    return math.sqrt(squared) / (2 * math.pi * adaptation_tau)


@numba.njit(error_model="numpy", nogil=True)
def leader(u: Array) -> float:
    """Output y_e - y_f of the leading half-centre."""
    return float(max(0.0, u[0]) - max(0.0, u[1]))


@numba.njit(error_model="numpy", nogil=True)
def angle(u: Array, v: Array) -> float:
    """Angle of the leading half-centre on its cycle [rad]: equation (6)."""
    membrane, fatigue = u[0] - u[1], v[0] - v[1]
    return math.atan2(fatigue, SCALE * (membrane - ALIKE * fatigue))


@numba.njit(error_model="numpy", nogil=True)
def phase(state: Record) -> float:
    """Phase of the leading half-centre since its y_e - y_f rose through zero, in turns."""
    since = angle(state.u, state.v) - angle(state.leader_u, state.leader_v)
    return float(since / (2.0 * math.pi))


@numba.njit(error_model="numpy", nogil=True)
def settle(params: Record, state: Record) -> None:
    """Lets the network settle and stops it where the leader's y_e - y_f rises through zero.

    At most 500 network steps: 300 of half the shortest time constant, then up to 200 of a twentieth
    of it. The episode starts in this phase, and the leader's part of it is kept for the phase
    reset.
    """
    network, u, v = params.network, state.u, state.v
    tonic, tau = network.tonic.copy(), fastest(network)
    for i in range(u.size):
        u[i] = network.start[i]

    for k in range(500):
        before = leader(u)
        advance(network, tonic, state, tau / 2 if k < 300 else tau / 20, 1)
        if k >= 300 and before < 0.0 <= leader(u):
            break

    for i in range(2):
        state.leader_u[i] = u[i]
        state.leader_v[i] = v[i]
    state.loads[:] = 1.0


@numba.njit(error_model="numpy", nogil=True)
def oscillate(params: Record, state: Record, obs: Record, time: float) -> None:
    """The network goes on by a time of its own [s]."""
    network, u, v = params.network, state.u, state.v
    foot = landing(params.landing, obs, state.loads)
    if foot >= 0:  # the right foot's landing exchanges the leader's neurons
        for i in range(2):
            u[(i + foot) % 2] = state.leader_u[i]
            v[(i + foot) % 2] = state.leader_v[i]

    count = max(1, math.ceil(2.0 * time / fastest(network)))
    advance(network, inputs(network, obs), state, time / count, count)


def reset(params: Record, state: Record, dt: float) -> None:
    """Starts the settled network, both feet on the ground."""
    settle(params, state)
    begin_at(params.posture.feedback, state.posture, phase(state))


def step(params: Record, state: Record, obs: Record, time: float, dt: float, ctrl: Array) -> None:
    """Advances the network by one control step and writes target angles."""
    network, u, feedback = params.network, state.u, params.posture.feedback
    own = elapsed(feedback, state.posture, obs, dt)
    oscillate(params, state, obs, own)
    track(feedback, state.posture, phase(state), own)

    ctrl[:] = 0.0
    for j in range(ctrl.size):
        for i in range(u.size):
            ctrl[j] += network.swing[j, i] * max(0.0, u[i])  # (4)

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
    """One half-centre per driven joint, and the network that ties them together.

    A half-centre is an extensor and a flexor neuron that inhibit each other and tire. Neuron i
    obeys

        (1) tau  du_i/dt = -u_i - beta v_i - sum_j w_ij y_j + c + f_i(obs)
        (2) tau' dv_i/dt = -v_i + y_i
        (3) y_i = max(0, u_i)

    and the joint's signal is

        (4) s = E y_e - F y_f

    A half-centre alone oscillates where 1 + tau / tau' < w < 1 + beta; its amplitude is
    proportional to c and its period to the time constants. E and F are given as the angles that a
    free half-centre would reach, so their bounds are radians on every body.

    The phase of the leading half-centre is the angle of its two antagonists' states on their cycle,
    counted from the start (5). The membranes' difference u leads that of the fatigues v; what it
    has in common with v is taken away, and the rest scaled, so that the free half-centre turns
    almost evenly (6), at 0.8 to 1.24 of its mean rate:

        (5) p = (angle - angle at the start) / 2 pi
        (6) angle = atan2(v_e - v_f, 0.6 (u_e - u_f - 1.5 (v_e - v_f)))

    The stride's phase follows it at half to twice the rate of the period, never back. Where feet
    are driven, the leading half-centre is all there is, and the feet's paths follow that phase.

    Args:
        morphology: The body.
        topology: "pacemaker": a leading half-centre drives all joints; "ring": neighbours along
            each leg and the hips inhibit each other; "planar": Baydin's eight neurons, whose links
            switch on and off.
        symmetry: "mirror" shares genes between left and right, "none" gives each joint its own.
        feedback: What the neurons feel: the angle of their joint, the torso's tilt, the load of
            their foot.
        tonic: Tonic input c [1].
        tonic_gene: Whether the tonic input is searched too.
        phase_reset: Whether a foot's landing puts the leader into phase 0 (left) or half a period
            on (right).
        reset_load: Load from which a foot has landed, as a fraction of body weight.
        reflex: Whether torso tilt and rate move the target angles; by default not with "planar",
            nor with `answers`.
        reflex_stems: Joints that take part in the reflex; those of hips and ankles where None.
        drive: "joints", or "feet" on paths that follow the leading half-centre's phase.
        answers: Whether hips, ankles, steps and phase answer the torso's tilt, filtered and
            bounded.
        load: Whether landings reset and hold the phase; the robot then needs load cells or switches
            at its feet.

    Raises:
        UnknownNameError: No topology has the name, or the body has no joint of a stem.
        ModelError: The body lacks the joints of the planar network, or feet.
        SpecError: An option is of joints, and feet are driven; or the planar network, which has no
            period, shall answer.

    References:
        Matsuoka, 1985, Sustained oscillations generated by mutually inhibiting neurons with
        adaptation, doi:10.1007/BF00449593. Matsuoka, 2011, Analysis of a neural oscillator,
        doi:10.1007/s00422-011-0432-z. The 13-oscillator network: Auddy, Magg and Wermter, 2019,
        Hierarchical control for bipedal locomotion using central pattern generators and neural
        networks. Phases of two-dimensional projections of a cycle: Pikovsky, Rosenblum and Kurths,
        2001, Synchronization, ISBN 978-0521592857. The planar network: Baydin, 2012, Evolution of
        central pattern generators for the control of a five-link bipedal walking mechanism,
        arXiv:0801.0830.
    """

    def __init__(
        self,
        morphology: Morphology,
        topology: str = "pacemaker",
        symmetry: Symmetry = "mirror",
        feedback: tuple[Feedback, ...] = (),
        tonic: float = TONIC_INPUT,
        tonic_gene: bool = False,
        phase_reset: bool = False,
        reset_load: float = 0.3,
        reflex: bool | None = None,
        reflex_stems: tuple[str, ...] | None = None,
        drive: Driven = "joints",
        answers: bool = False,
        load: bool = False,
    ) -> None:
        known = (*TOPOLOGIES, "planar")
        if topology not in known:
            raise UnknownNameError("topology", topology, known)
        self.morphology, planar = morphology, topology == "planar"
        if planar and (answers or load):
            raise SpecError(
                "controller.answers and controller.load need a period, which the planar network "
                "has not. Leave them out, or choose the topology 'pacemaker' or 'ring'."
            )

        self.moved: Posture | FootPaths
        if drive == "feet":
            check_options(
                drive,
                topology=topology != "pacemaker",
                symmetry=symmetry != "mirror",
                feedback="joint" in feedback,
                phase_reset=phase_reset,
                reflex=bool(reflex),
                reflex_stems=reflex_stems is not None,
            )
            self._moved, self.moved = "paths", FootPaths(morphology, answers, load=load)
        else:
            reflex = not (planar or answers) if reflex is None else reflex
            self._moved, self.moved = (
                "posture",
                Posture(morphology, symmetry, reflex, reflex_stems, not planar, answers, load),
            )

        self.wiring: HalfCentres | Planar
        if planar:
            self.wiring = Planar(morphology)
        else:
            parts = self.moved.drives if isinstance(self.moved, Posture) else ()
            links = TOPOLOGIES[topology](one_of_each(morphology) if parts else ())
            self.wiring = HalfCentres(morphology, parts, links, feedback, tonic, tonic_gene)

        self.reset_load = reset_load if phase_reset else math.inf
        known_genes = {gene.name for gene in self.moved.genes}  # the paths have a period too
        own = [gene for gene in self.wiring.genes if gene.name not in known_genes]
        self.space = Space([*own, *self.moved.genes])
        n = 2 * len(self.wiring.names)
        self.state = {
            **{"u": (n,), "v": (n,), "leader_u": (2,), "leader_v": (2,), "loads": (2,)},
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
        """Network, what resets the leader, and what is moved."""
        feet = foot_channels(self.morphology)
        return {
            "network": self.wiring.network(values).parameters(self.morphology),
            "landing": {"reset_load": self.reset_load, "feet": feet},
            self._moved: self.moved.parameters(values),
        }

    def outputs(self, params: Record, states: Record) -> dict[str, Array]:
        """Output y_e - y_f of every half-centre."""
        y = np.maximum(0.0, states.u)
        return {name: y[:, 2 * k] - y[:, 2 * k + 1] for k, name in enumerate(self.wiring.names)}
