"""Eight neurons with switchable connections for a planar biped of hips and knees."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import mujoco
import numpy as np

from evoloco.errors import ModelError
from evoloco.genome import Gene
from evoloco.joint import Joint
from evoloco.morphology import HOME, Morphology

from ._neurons import Field, Muscle, Network, Neuron, Sense, Synapse
from ._pacemaker import first_feet

MUTUAL = 2.0
"""Inhibition between the two neurons of a pair."""

CROSS = ((0, 2, 0), (0, 3, 1), (1, 2, 2), (1, 3, 3), (2, 0, 0), (2, 1, 1), (3, 0, 2), (3, 1, 3))
"""Connections between the hips: (receiver, sender, number of the weight)."""

DOWN = ((4, 0, 4), (4, 1, 5), (5, 0, 6), (5, 1, 7), (6, 2, 4), (6, 3, 5), (7, 2, 6), (7, 3, 7))
"""Connections from each hip to its knee."""

WEIGHTS = (
    "of a hip's flexor by the other's flexor",
    "of a hip's flexor by the other's extensor",
    "of a hip's extensor by the other's flexor",
    "of a hip's extensor by the other's extensor",
    "of a knee's flexor by its hip's flexor",
    "of a knee's flexor by its hip's extensor",
    "of a knee's extensor by its hip's flexor",
    "of a knee's extensor by its hip's extensor",
)
"""What each weight is, in words."""

SWING = 0.4
"""Angle that one unit of output moves a joint's target by [rad]."""

SIDES = ("right", "left")


class Term(NamedTuple):
    """A reading times a weight, as in `Sense`; let through by a foot that carries load."""

    field: Field
    channel: str
    weight: float
    foot: str = ""


class Planar:
    """Baydin's network: what evolves is also which connections there are.

    Neurons 0 and 1 are the flexor and the extensor of the right hip, 2 and 3
    of the left hip, 4 and 5 of the right knee, 6 and 7 of the left knee. Each
    of eight weights has a switch; where it is off, the connections of that
    weight do not exist. The neurons feel the absolute angles of thighs
    (theta_1 right, theta_2 left) and shanks (theta_3, theta_4), forward
    positive, and the feet's contacts c:

        f_0 = a_1 (-theta_1 + theta_2 + c_L) = -f_1
        f_2 = a_1 (-theta_2 + theta_1 + c_R) = -f_3
        f_4 = a_2 c_L theta_4 = -f_5
        f_6 = a_2 c_R theta_3 = -f_7

    Where the original drives servo speeds, the hips' y_ext - y_flex and the
    knees' y_flex - y_ext here move target angles, `SWING` per unit.

    Attributes:
        genes: The 22 genes.
        names: Names of the four pairs.

    Raises:
        ModelError: The body has no hips and knees on both sides.
    """

    def __init__(self, morphology: Morphology) -> None:
        self.hips = [_find(morphology, "hip", side) for side in SIDES]
        self.knees = [_find(morphology, "knee", side) for side in SIDES]
        self.names = [f"{part}_{side}" for part in ("hip", "knee") for side in SIDES]
        self.feet = first_feet(morphology)
        self.turn = _turns(morphology)
        self.genes = [
            *(Gene(f"weight_{k}", 0.0, 2.0, "1", f"inhibition {w}") for k, w in enumerate(WEIGHTS)),
            *(
                Gene(f"switch_{k}", 0.0, 1.0, "1", f"{w} exists", levels=2)
                for k, w in enumerate(WEIGHTS)
            ),
            Gene("tonic", 0.0, 5.0, "1", "tonic input"),
            Gene("tau", 0.02, 0.5, "s", "membrane time constant of the hips; knees have half"),
            Gene(
                "tau_fatigue", 0.02, 0.5, "s", "fatigue time constant of the hips; knees have half"
            ),
            Gene("beta", 0.0, 5.0, "1", "strength of fatigue"),
            Gene("hip_feedback", 0.0, 2.0, "1/rad", "feedback to the hips"),
            Gene("knee_feedback", 0.0, 2.0, "1/rad", "feedback to the knees"),
        ]

    def network(self, values: Mapping[str, float]) -> Network:
        """The network of decoded gene values."""
        return Network(
            self._neurons(values),
            self._synapses(values),
            [sense for side in range(2) for sense in self._senses(side, values)],
            [muscle for side in range(2) for muscle in self._muscles(side)],
        )

    def _neurons(self, values: Mapping[str, float]) -> list[Neuron]:
        """Those of the hips, then those of the knees, which are twice as fast."""
        tau, tau_fatigue = values["tau"], values["tau_fatigue"]
        return [
            Neuron(tau * part, tau_fatigue * part, values["beta"], values["tonic"], start)
            for part in (1.0, 0.5)
            for start in (0.1, 0.0, 0.0, 0.1)
        ]

    def _synapses(self, values: Mapping[str, float]) -> list[Synapse]:
        """Inhibition within the pairs, and the connections that are switched on."""
        pairs = [Synapse(i, i ^ 1, MUTUAL) for i in range(8)]
        return pairs + [
            Synapse(receiver, sender, values[f"weight_{k}"])
            for receiver, sender, k in (*CROSS, *DOWN)
            if values[f"switch_{k}"] > 0.5
        ]

    def _senses(self, own: int, values: Mapping[str, float]) -> Iterator[Sense]:
        """What the hip and the knee of one side feel; 0 is the right side, whose knee feels c_L."""
        other, contact = 1 - own, self.feet[own]  # the left foot stands first
        hip = [*self._thigh(own, -1.0), *self._thigh(other, 1.0), Term("", "", 1.0, contact)]
        knee = self._shank(other, contact)
        yield from _felt(2 * own, values["hip_feedback"], hip)
        yield from _felt(2 * own + 4, values["knee_feedback"], knee)

    def _muscles(self, side: int) -> Iterator[Muscle]:
        """How the neurons of one side move its hip and its knee."""
        hip, knee = self.hips[side].name, self.knees[side].name
        for first, joint, flexes in ((2 * side, hip, -1), (2 * side + 4, knee, 1)):
            swing = flexes * self.turn[joint] * SWING
            for i in range(2):
                yield Muscle(joint, first + i, swing * (1 - 2 * i))

    def _thigh(self, side: int, weight: float, foot: str = "") -> list[Term]:
        """Terms that add up to the absolute angle of a thigh."""
        hip = self.hips[side].name
        return [
            Term("tilt", "pitch", -weight, foot),
            Term("joint_angle", hip, -weight * self.turn[hip], foot),
        ]

    def _shank(self, side: int, foot: str) -> list[Term]:
        """Terms that add up to the absolute angle of a shank."""
        knee = self.knees[side].name
        return [*self._thigh(side, 1.0, foot), Term("joint_angle", knee, -self.turn[knee], foot)]


def _felt(flexor: int, gain: float, terms: Sequence[Term]) -> Iterator[Sense]:
    """A sum of terms felt by a flexor, and its negative by the extensor."""
    for field, channel, weight, foot in terms:
        yield Sense(flexor, field, channel, gain * weight, foot)
        yield Sense(flexor + 1, field, channel, -gain * weight, foot)


def _find(morphology: Morphology, part: str, side: str) -> Joint:
    for joint in morphology.joints:
        if joint.stem.startswith(part) and joint.side == side and joint.axis == "pitch":
            return joint
    raise ModelError(
        f"The planar network needs a {side} {part} that pitches. The body drives: "
        f"{', '.join(joint.name for joint in morphology.joints)}."
    )


def _turns(morphology: Morphology) -> dict[str, float]:
    """+1 for a joint whose positive angle turns its segment's lower end backward at home, or -1."""
    model = morphology.model
    data = mujoco.MjData(model)
    mujoco.mj_resetDataKeyframe(model, data, model.key(HOME).id)
    mujoco.mj_kinematics(model, data)
    axes = {joint.name: data.xaxis[model.joint(joint.name).id] for joint in morphology.joints}
    return {name: float(np.copysign(1.0, axis[1])) for name, axis in axes.items()}
