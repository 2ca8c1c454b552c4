"""Networks of half-centres, given as data: which oscillators there are and who listens to whom."""

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from evoloco.genome import Gene
from evoloco.morphology import Joint, Morphology

from ._neurons import ALWAYS, ONE, Network
from ._pacemaker import foot_places
from ._symmetry import Drive, amplitude, owners

TAU, ADAPTATION_TAU, BETA, INHIBITION, TONIC_INPUT = 0.2800, 0.4977, 2.5, 2.2829, 0.4111
"""Half-centre of the NICO humanoid at k_f = 1 (Auddy et al., 2019): tau, tau' [s], beta, w, tonic input."""

PERIOD, PEAK = 2.184, 0.462
"""Its simulated period [s], and the amplitude of its y_e - y_f per unit of tonic input."""

PACEMAKER = "pacemaker"

HIP = "hip"
"""Joints with this word in their stem feel tilt and load."""

Feedback = Literal["joint", "tilt", "load"]


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
    """No leader: neighbours along each leg listen to each other, and the hips to the hips across."""
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


class HalfCentres:
    """A topology laid out on a body: its genes, and the network that their values stand for.

    Half-centre k has the neurons 2 k (extensor) and 2 k + 1 (flexor); number
    0 leads. Where a half-centre of the right side hears the pacemaker, the
    pacemaker's neurons change places, which is a shift by half a period.

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
        self.tonic, first = tonic, 1 if topology.paced else 0
        self.parts = dict(enumerate(sorted(body, key=lambda part: part.late), first))
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

        weights: dict[str, Gene] = {}
        self.synapses: list[tuple[int, int, str]] = []
        for link, receiver, sender, owner in self._connections(topology):
            swap = int(sender not in self.parts and self.late[receiver])
            for cross, name in enumerate(link.genes):
                if name:
                    gene = Gene(
                        f"{owner.genes}.{name}",
                        link.low,
                        link.high,
                        "1",
                        f"inhibition of {link.receiver} by {link.sender}",
                    )
                    weights.setdefault(gene.name, gene)
                    for i in range(2):
                        self.synapses.append(
                            (2 * receiver + i, 2 * sender + (i ^ swap ^ cross), gene.name)
                        )
        self.genes += weights.values()

        felt: dict[str, Gene] = {}
        self.senses: list[tuple[int, int, float, float, str]] = []
        for kind, bound, unit in (
            ("joint", 0.5, "1/rad"),
            ("tilt", 1.0, "1/rad"),
            ("load", 0.4, "1"),
        ):
            if kind in feedback:
                for owner_name, k, place, sign, zero in self._readings(kind, morphology):
                    name = f"{owner_name}.{kind}_feedback"
                    meaning = f"{kind} felt by the extensor neuron, and its negative by the flexor"
                    felt.setdefault(name, Gene(name, -bound, bound, unit, meaning))
                    self.senses.append((k, place, sign, zero, name))
        self.genes += felt.values()

    def network(self, values: Mapping[str, float]) -> Network:
        """The network of decoded gene values."""
        scale, tonic = values["period"] / PERIOD, values.get("tonic", self.tonic)
        neurons, synapses, senses, muscles = [], [], [], []
        for k, late in enumerate(self.late):
            for flexor in (False, True):
                start = tonic / 2 if flexor == late else 0.0
                neurons.append((TAU * scale, ADAPTATION_TAU * scale, BETA, tonic, start))
            synapses += [(2 * k, 2 * k + 1, INHIBITION), (2 * k + 1, 2 * k, INHIBITION)]
        synapses += [(receiver, sender, values[gene]) for receiver, sender, gene in self.synapses]
        for k, part in self.parts.items():
            gain = part.sign / (PEAK * self.tonic)
            muscles.append((part.index, 2 * k, gain * values[f"{part.genes}.extensor"]))
            muscles.append((part.index, 2 * k + 1, -gain * values[f"{part.genes}.flexor"]))
        for k, place, sign, zero, gene in self.senses:
            for i, weight in enumerate((sign * values[gene], -sign * values[gene])):
                senses.append((2 * k + i, place, ALWAYS, weight))
                senses.append((2 * k + i, ONE, ALWAYS, -weight * zero))
        return Network(neurons, synapses, senses, muscles)

    def _connections(self, topology: Topology) -> Iterator[tuple[Link, int, int, Drive]]:
        """Every link on every side: link, receiver, sender, and the drive whose genes it has."""
        for link in topology.links:
            for receiver, part in self.parts.items():
                if part.joint.stem == link.receiver:
                    if link.sender == PACEMAKER:
                        yield link, receiver, 0, part
                        continue
                    for sender, other in self.parts.items():
                        side = part.joint.side
                        if (
                            other.joint.stem == link.sender
                            and sender != receiver
                            and (
                                (other.joint.side != side)
                                if link.across
                                else other.joint.side in (side, "")
                            )
                        ):
                            yield (
                                link,
                                receiver,
                                sender,
                                part if link.owner == link.receiver else other,
                            )

    def _readings(
        self, kind: str, morphology: Morphology
    ) -> Iterator[tuple[str, int, int, float, float]]:
        """What every half-centre feels: owner of the gene, half-centre, place in the observation, sign, zero.

        The leader feels what differs between the sides: lean to one side, the
        loads of the feet and the angles of the hips.
        """
        observation, feet = morphology.observation, foot_places(morphology)
        roll, pitch = observation.tilt.start, observation.tilt.start + 1
        hips = [part for part in self.parts.values() if HIP in part.joint.stem.lower()]
        leader = PACEMAKER if PACEMAKER in self.names else ""
        swinging = [part for part in hips if part.joint.axis == "pitch" and part.joint.side]
        if leader and kind == "joint":
            for part in swinging:
                yield (
                    leader,
                    0,
                    part.index,
                    (-part.sign if part.late else part.sign),
                    part.joint.home,
                )
        elif leader and kind == "tilt":
            yield leader, 0, roll, 1.0, 0.0
        elif leader and kind == "load" and feet[1] >= 0:
            yield leader, 0, feet[0], 1.0, 0.0
            yield leader, 0, feet[1], -1.0, 0.0
        for k, part in self.parts.items():
            if kind == "joint":
                yield part.genes, k, part.index, part.sign, part.joint.home
            elif part in hips and kind == "load" and feet[int(part.late)] >= 0:
                yield part.genes, k, feet[int(part.late)], 1.0, 0.0
            elif part in hips and kind == "tilt" and part.joint.axis in ("roll", "pitch"):
                sideways = part.joint.axis == "roll"
                yield (
                    part.genes,
                    k,
                    roll if sideways else pitch,
                    -1.0 if sideways and part.late else 1.0,
                    0.0,
                )
