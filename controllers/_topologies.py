"""Networks of half-centres, given as data: which oscillators there are and who listens to whom."""

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from evoloco.genome import Gene
from evoloco.joint import Joint
from evoloco.morphology import Morphology

from ._neurons import Field, Muscle, Network, Neuron, Sense, Synapse
from ._pacemaker import first_feet
from ._symmetry import Drive, amplitude, owners

TAU, ADAPTATION_TAU, BETA, INHIBITION, TONIC_INPUT = 0.2800, 0.4977, 2.5, 2.2829, 0.4111
"""Half-centre of the NICO humanoid (Auddy et al., 2019) at k_f = 1; time constants in s."""

PERIOD, PEAK = 2.184, 0.462
"""Its simulated period [s], and the amplitude of its y_e - y_f per unit of tonic input."""

PACEMAKER = "pacemaker"

HIP = "hip"
"""Joints with this word in their stem feel tilt and load."""

Feedback = Literal["joint", "tilt", "load"]

BOUNDS: dict[Feedback, tuple[float, str]] = {
    "joint": (0.5, "1/rad"),
    "tilt": (1.0, "1/rad"),
    "load": (0.4, "1"),
}
"""Largest gain of what is felt, and its unit."""


@dataclass(frozen=True)
class Link:
    """One connection between half-centres; each side of the body has it.

    The receiver's extensor neuron hears the sender's extensor neuron through
    the weight `same` and its flexor neuron through `cross`; for the flexor
    neuron it is the other way round. Together they set the phase at which the
    receiver follows. Positive weights inhibit.

    Attributes:
        receiver: Stem of the joint that listens.
        sender: Stem of the joint that it listens to, or `PACEMAKER`.
        owner: Stem of the joint whose genes the weights are.
        genes: What the genes for `same` and `cross` are called; "" for a weight that is 0.
        across: Whether the sender stands on the other side of the body.
        low: Smallest weight [1].
        high: Largest weight [1].
    """

    receiver: str
    sender: str
    owner: str
    genes: tuple[str, str] = ("same", "cross")
    across: bool = False
    low: float = -1.0
    high: float = 1.0


@dataclass(frozen=True)
class Topology:
    """A network: one half-centre per driven joint and, where `paced`, one more that leads them."""

    paced: bool
    links: tuple[Link, ...]


def pacemaker(joints: Sequence[Joint]) -> Topology:
    """One leading half-centre that every other one follows; knees and ankles also follow their hip.

    On a body with shoulders, hips, knees and ankles these are the 13
    oscillators of the NICO humanoid (Auddy et al., 2019), whose fixed signs
    became genes.
    """
    links = [Link(joint.stem, PACEMAKER, joint.stem) for joint in joints]
    hips, knees, ankles = (
        [joint.stem for joint in joints if word in joint.stem.lower() and joint.axis == "pitch"]
        for word in (HIP, "knee", "ankle")
    )
    if len(hips) == 1:
        links += [Link(stem, hips[0], stem, ("hip", "")) for stem in knees + ankles]
    return Topology(True, tuple(links))


def ring(joints: Sequence[Joint]) -> Topology:
    """No leader: neighbours along each leg listen to each other, and the hips across."""
    stems = [joint.stem for joint in joints]
    links = []
    for above, below in itertools.pairwise(stems):
        # Neighbours that excited each other more would fire without pause.
        links += [
            Link(*pair, below, low=-0.4, high=0.6) for pair in ((below, above), (above, below))
        ]
    hip = next((stem for stem in stems if HIP in stem.lower()), stems[0])
    links.append(Link(hip, hip, hip, ("across", ""), across=True, low=0.0, high=2.0))
    return Topology(False, tuple(links))


TOPOLOGIES: dict[str, Callable[[Sequence[Joint]], Topology]] = {
    "pacemaker": pacemaker,
    "ring": ring,
}
"""What a topology looks like on a body, given one joint of every stem."""


class Reading(NamedTuple):
    """What a half-centre feels: sign times (channel - zero), times a gene.

    Attributes:
        owner: What the gene's name begins with.
        half_centre: Its number.
        field: Of the observation.
        channel: Name of the channel.
        sign: +1 or -1.
        zero: Reading that counts as none.
    """

    owner: str
    half_centre: int
    field: Field
    channel: str
    sign: float = 1.0
    zero: float = 0.0


class HalfCentres:
    """A topology laid out on a body: its genes, and the network that their values stand for.

    Half-centre k has the neurons 2 k (extensor) and 2 k + 1 (flexor); number 0 leads. Where a
    half-centre of the right side hears the pacemaker, the pacemaker's neurons change places: a
    shift by half a period.

    Attributes:
        genes: Period, swings, weights and feedback.
        names: Names of the half-centres.

    Args:
        morphology: The body.
        body: Its drives.
        topology: Who listens to whom.
        feedback: What the neurons feel.
        tonic: Tonic input [1].
        tonic_gene: Whether the tonic input is searched, between a quarter and twice `tonic`.
    """

    def __init__(
        self,
        morphology: Morphology,
        body: tuple[Drive, ...],
        topology: Topology,
        feedback: Sequence[Feedback] = (),
        tonic: float = TONIC_INPUT,
        tonic_gene: bool = False,
    ) -> None:
        self.tonic, self.feet, first = tonic, first_feet(morphology), 1 if topology.paced else 0
        self.parts = dict(enumerate(_down_the_legs(morphology, body), first))
        self.names = [PACEMAKER] * first + [part.joint.name for part in self.parts.values()]
        self.late = [False] * first + [part.late for part in self.parts.values()]

        self.genes = [
            Gene("period", 0.4, 1.4, "s", "natural period of every half-centre", log=True)
        ]
        if tonic_gene:
            self.genes.append(
                Gene("tonic", tonic / 4, 2 * tonic, "1", "tonic input; swings grow with it")
            )
        for part in owners(body):
            self.genes.append(amplitude(part, "extensor", "swing by the extensor neuron"))
            self.genes.append(amplitude(part, "flexor", "swing back by the flexor neuron"))

        self.synapses = self._wire(topology)
        self.readings = self._sense(feedback)

    def network(self, values: Mapping[str, float]) -> Network:
        """The network of decoded gene values."""
        synapses = [
            Synapse(receiver, sender, values[gene]) for receiver, sender, gene in self.synapses
        ]
        return Network(
            self._neurons(values),
            [*self._mutual(), *synapses],
            list(self._senses(values)),
            list(self._muscles(values)),
        )

    def _wire(self, topology: Topology) -> list[tuple[int, int, str]]:
        """Receiver, sender and gene of every synapse between half-centres; adds the genes."""
        genes: dict[str, Gene] = {}
        synapses: list[tuple[int, int, str]] = []
        for link, receiver, sender, owner in self._connections(topology):
            swap = int(sender not in self.parts and self.late[receiver])
            for cross, weight in enumerate(link.genes):
                half = ("same", "other")[cross]
                meaning = f"inhibition of {link.receiver} by the {half} half of {link.sender}"
                if weight:
                    name = f"{owner.genes}.{weight}"
                    genes.setdefault(name, Gene(name, link.low, link.high, "1", meaning))
                    for i in range(2):
                        heard = 2 * sender + (i ^ swap ^ cross)
                        synapses.append((2 * receiver + i, heard, name))
        self.genes += genes.values()
        return synapses

    def _sense(self, feedback: Sequence[Feedback]) -> list[tuple[Reading, str]]:
        """What is felt, and the gene of its gain; adds the genes."""
        genes: dict[str, Gene] = {}
        felt: list[tuple[Reading, str]] = []
        for kind, (bound, unit) in BOUNDS.items():
            meaning = f"{kind} felt by the extensor neuron, and its negative by the flexor"
            for reading in self._readings(kind) if kind in feedback else ():
                name = f"{reading.owner}.{kind}_feedback"
                genes.setdefault(name, Gene(name, -bound, bound, unit, meaning))
                felt.append((reading, name))
        self.genes += genes.values()
        return felt

    def _neurons(self, values: Mapping[str, float]) -> list[Neuron]:
        """Two of each half-centre: left the extensor starts excited, right the flexor."""
        scale, tonic = values["period"] / PERIOD, values.get("tonic", self.tonic)
        return [
            Neuron(
                tau=TAU * scale,
                adaptation_tau=ADAPTATION_TAU * scale,
                beta=BETA,
                tonic=tonic,
                start=tonic / 2 if flexor == late else 0.0,
            )
            for late in self.late
            for flexor in (False, True)
        ]

    def _mutual(self) -> Iterator[Synapse]:
        """Inhibition within the half-centres."""
        for k in range(len(self.names)):
            yield Synapse(2 * k, 2 * k + 1, INHIBITION)
            yield Synapse(2 * k + 1, 2 * k, INHIBITION)

    def _senses(self, values: Mapping[str, float]) -> Iterator[Sense]:
        """Every reading from its zero, felt by the extensor, and its negative by the flexor."""
        for (_, k, field, channel, sign, zero), gene in self.readings:
            gain = sign * values[gene]
            for neuron, weight in ((2 * k, gain), (2 * k + 1, -gain)):
                yield Sense(neuron, field, channel, weight)
                yield Sense(neuron, "", "", -weight * zero)

    def _muscles(self, values: Mapping[str, float]) -> Iterator[Muscle]:
        """How the extensor and the flexor of a half-centre move its joint."""
        for k, part in self.parts.items():
            gain = part.sign / (PEAK * self.tonic)
            yield Muscle(part.joint.name, 2 * k, gain * values[f"{part.genes}.extensor"])
            yield Muscle(part.joint.name, 2 * k + 1, -gain * values[f"{part.genes}.flexor"])

    def _connections(self, topology: Topology) -> Iterator[tuple[Link, int, int, Drive]]:
        """Every link on every side: link, receiver, sender, and the drive whose genes it has."""
        for link in topology.links:
            for receiver, part in self.parts.items():
                if part.joint.stem != link.receiver:
                    continue
                if link.sender == PACEMAKER:
                    yield link, receiver, 0, part
                    continue
                for sender, other in self.parts.items():
                    if sender != receiver and _linked(link, part.joint, other.joint):
                        owner = part if link.owner == link.receiver else other
                        yield link, receiver, sender, owner

    def _readings(self, kind: Feedback) -> Iterator[Reading]:
        """What the leader and every half-centre feel."""
        if PACEMAKER in self.names:
            yield from self._leaders(kind)
        for k, part in self.parts.items():
            joint, owner = part.joint, part.genes
            hip, foot = HIP in joint.stem.lower(), self.feet[int(part.late)]
            if kind == "joint":
                yield Reading(owner, k, "joint_angle", joint.name, part.sign, joint.home)
            elif hip and kind == "load" and foot:
                yield Reading(owner, k, "foot_load", foot)
            elif hip and kind == "tilt" and joint.axis in ("roll", "pitch"):
                mirrored = joint.axis == "roll" and part.late
                yield Reading(owner, k, "tilt", joint.axis, -1.0 if mirrored else 1.0)

    def _leaders(self, kind: Feedback) -> Iterator[Reading]:
        """What the leader feels: roll, and the loads and angles in which the sides differ."""
        if kind == "joint":
            for part in self.parts.values():
                joint = part.joint
                if HIP in joint.stem.lower() and joint.axis == "pitch" and joint.side:
                    sign = -part.sign if part.late else part.sign
                    yield Reading(PACEMAKER, 0, "joint_angle", joint.name, sign, joint.home)
        elif kind == "tilt":
            yield Reading(PACEMAKER, 0, "tilt", "roll")
        elif self.feet[1]:
            left, right = self.feet
            yield Reading(PACEMAKER, 0, "foot_load", left)
            yield Reading(PACEMAKER, 0, "foot_load", right, -1.0)


def _down_the_legs(morphology: Morphology, body: Sequence[Drive]) -> list[Drive]:
    """Joints that lead before those that are late, each above what hangs on it."""
    model = morphology.model
    return sorted(body, key=lambda part: (part.late, int(model.joint(part.joint.name).id)))


def _linked(link: Link, receiver: Joint, sender: Joint) -> bool:
    """Whether a link goes from one joint to another: on one side of the body, or across it."""
    if sender.stem != link.sender:
        return False
    if link.across:
        return sender.side != receiver.side
    return sender.side in (receiver.side, "")
