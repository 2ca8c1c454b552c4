"""Networks of half-centres: pairs of tiring neurons that inhibit each other."""

import math

import numpy as np

from evoloco.errors import UnknownNameError
from evoloco.genome import Array, Space
from evoloco.morphology import Morphology

from ._neurons import HEADER, MUSCLE, NEURON, SENSE, START, TONIC, advance, fastest
from ._pacemaker import foot_places, landing
from ._planar import Planar
from ._posture import Posture, aim
from ._symmetry import Symmetry
from ._topologies import TONIC_INPUT, TOPOLOGIES, Feedback, HalfCentres

CONTACT = 0.05
"""Load from which a foot lets a gated sense through, as a fraction of body weight."""

EXTRA = 6
"""Numbers in `state` after the neurons: the leader in phase 0 (4) and the feet's last loads (2)."""


def oscillates(tau: float, adaptation_tau: float, beta: float, inhibition: float) -> bool:
    """Whether a half-centre oscillates: 1 + tau / tau' < w < 1 + beta (Matsuoka, 2011)."""
    return 1 + tau / adaptation_tau < inhibition < 1 + beta


def frequency(tau: float, adaptation_tau: float, beta: float, inhibition: float) -> float:
    """Approximate frequency of a half-centre [Hz] (Matsuoka, 2011)."""
    squared = ((tau + adaptation_tau) * beta - tau * inhibition) / (tau * inhibition)
    return math.sqrt(squared) / (2 * math.pi * adaptation_tau)


def reset(params: Array, state: Array, dt: float) -> None:
    """Lets the network settle and stops it where the leader's y_e - y_f rises through zero.

    At most 500 network steps: 300 of half the shortest time constant, then
    up to 200 of a twentieth of it. The episode starts in this phase, and the
    leader's part of it is kept for the phase reset.
    """
    n = (state.size - EXTRA) // 2
    network = params[HEADER:]
    tonic = network[TONIC * n : (TONIC + 1) * n]
    x = state[: 2 * n]
    for i in range(n):
        x[i] = network[START * n + i]
    tau = fastest(network, n)
    for k in range(500):
        before = max(0.0, x[0]) - max(0.0, x[1])
        advance(network, tonic, x, tau / 2 if k < 300 else tau / 20, 1)
        if k >= 300 and before < 0.0 <= max(0.0, x[0]) - max(0.0, x[1]):
            break
    for i in range(2):
        state[2 * n + i] = x[i]
        state[2 * n + 2 + i] = x[n + i]
        state[2 * n + 4 + i] = 1.0


def step(params: Array, state: Array, obs: Array, time: float, dt: float, ctrl: Array) -> None:
    """Advances the network by one control step and writes target angles."""
    n = (state.size - EXTRA) // 2
    network = params[HEADER:]
    senses = HEADER + (NEURON + n) * n
    muscles = senses + SENSE * int(params[0])
    x = state[: 2 * n]

    foot = landing(params[2:5], obs, state[2 * n + 4 :])
    if foot >= 0:
        for i in range(2):
            x[(i + foot) % 2] = state[2 * n + i]
            x[n + (i + foot) % 2] = state[2 * n + 2 + i]

    drive = network[TONIC * n : (TONIC + 1) * n].copy()
    for row in range(senses, muscles, SENSE):
        place, gate = int(params[row + 1]), int(params[row + 2])
        if gate < 0 or obs[gate] >= CONTACT:
            drive[int(params[row])] += params[row + 3] * (obs[place] if place >= 0 else 1.0)
    count = math.ceil(2.0 * dt / fastest(network, n))
    advance(network, drive, x, dt / count, count)

    ctrl[:] = 0.0
    for row in range(muscles, muscles + MUSCLE * int(params[1]), MUSCLE):
        ctrl[int(params[row])] += params[row + 2] * max(0.0, x[int(params[row + 1])])
    aim(params, obs, ctrl)


class Controller:
    """One half-centre per driven joint, and the network that ties them together.

    A half-centre is an extensor and a flexor neuron that inhibit each other
    and tire; neuron i obeys

        tau  du_i/dt = -u_i - beta v_i - sum_j w_ij y_j + c + f_i(obs)
        tau' dv_i/dt = -v_i + y_i,    y_i = max(0, u_i)

    and the joint's signal is E y_e - F y_f. A half-centre alone oscillates
    where 1 + tau / tau' < w < 1 + beta; its amplitude is proportional to c and
    its period to the time constants. E and F are given as the angles that a
    free half-centre would reach, so their bounds are radians on every body.

    Args:
        morphology: The body.
        topology: "pacemaker": a leading half-centre drives all joints; "ring": neighbours along each leg and
            the hips inhibit each other; "planar": Baydin's eight neurons, whose links switch on and off.
        symmetry: "mirror" shares genes between left and right, "none" gives each joint its own.
        feedback: What the neurons feel: the angle of their joint, the torso's tilt, the load of their foot.
        tonic: Tonic input c [1].
        tonic_gene: Whether the tonic input is searched too.
        phase_reset: Whether a foot's landing puts the leader into phase 0 (left) or half a period on (right).
        reset_load: Load from which a foot has landed, as a fraction of body weight.
        reflex: Whether torso tilt and rate move the target angles; by default not with "planar".
        reflex_stems: Joints that take part in the reflex; those of hips and ankles where None.

    Raises:
        UnknownNameError: No topology has the name, or the body has no joint of a stem.
        ModelError: The body lacks the joints of the planar network.

    References:
        Matsuoka, 1985, Sustained oscillations generated by mutually inhibiting neurons with adaptation,
        doi:10.1007/BF00449593. Matsuoka, 2011, Analysis of a neural oscillator,
        doi:10.1007/s00422-011-0432-z. The 13-oscillator network: Auddy, Magg and Wermter, 2019, Hierarchical
        control for bipedal locomotion using central pattern generators and neural networks.
        The planar network: Baydin, 2012, Evolution of central pattern generators for the control of a
        five-link bipedal walking mechanism, arXiv:0801.0830.
    """

    reset = staticmethod(reset)
    step = staticmethod(step)

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
    ) -> None:
        if topology not in (*TOPOLOGIES, "planar"):
            raise UnknownNameError("topology", topology, (*TOPOLOGIES, "planar"))
        planar = topology == "planar"
        reflex = not planar if reflex is None else reflex
        self.posture = Posture(morphology, symmetry, reflex, reflex_stems, offsets=not planar)
        self.wiring: HalfCentres | Planar
        if planar:
            self.wiring = Planar(morphology)
        else:
            one_per_stem = list(
                {joint.stem: joint for joint in reversed(morphology.joints)}.values()
            )[::-1]
            layout = TOPOLOGIES[topology](one_per_stem)
            self.wiring = HalfCentres(
                morphology, self.posture.drives, layout, feedback, tonic, tonic_gene
            )
        self.reset_load = reset_load if phase_reset else math.inf
        self.feet = foot_places(morphology)
        self.space = Space([*self.wiring.genes, *self.posture.genes])
        self.state_size = 4 * len(self.wiring.names) + EXTRA

    def parameters(self, values: dict[str, float]) -> Array:
        """Header, the tables of `Network`, and the posture, in one row."""
        network = self.wiring.network(values).parameters(self.reset_load, self.feet)
        return np.concatenate([network, self.posture.parameters(values)])

    def outputs(self, params: Array, states: Array) -> dict[str, Array]:
        """Output y_e - y_f of every half-centre."""
        y = np.maximum(0.0, states[:, : 2 * len(self.wiring.names)])
        return {name: y[:, 2 * k] - y[:, 2 * k + 1] for k, name in enumerate(self.wiring.names)}
