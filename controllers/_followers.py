"""One oscillator per driven joint that follows a pacemaker, directly or down its leg, at a lead."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

from evoloco.controller import Reset, Step
from evoloco.fields import Fields
from evoloco.genome import Gene, Space
from evoloco.joint import Joint
from evoloco.morphology import Morphology
from evoloco.subtree import is_in_subtree

from ._driven import Driven, check_options
from ._foot_paths import FootPaths
from ._pacemaker import Feedback, Senses
from ._posture import Posture
from ._symmetry import Drive, Symmetry, amplitude, owners

Coupling = Literal["pacemaker", "chain"]


@dataclass(eq=False)
class Followers:
    """Who follows whom: oscillator 0 is the pacemaker, oscillator j + 1 belongs to joint j.

    With "pacemaker" every joint follows the pacemaker, with "chain" the joint above it on its side.
    Phases are leads over the pacemaker in either case, so both settle into the same pattern.
    A right joint lags its left partner by half a period. Where feet are driven there is the
    pacemaker alone, and the feet's paths follow its phase.

    Its fields are the options that `hopf`, `phase` and `vanderpol` share; their controllers add
    theirs.

    Attributes:
        variables: Names of the variables of an oscillator.
        shared: Genes of all joints' oscillators beside the period.
        functions: `reset` and `step` by what is driven.
        moved: Where the joints swing about, or the paths of the feet.
        parts: Drives of the joints that have an oscillator.
        senses: What the pacemaker feels.
        names: Names of the oscillators.
        space: The genes.
        state: The variables (n,), the loads of the two feet at the control step before, and the
            feedback.
    """

    variables: ClassVar[tuple[str, ...]]
    shared: ClassVar[tuple[Gene, ...]] = ()
    functions: ClassVar[Mapping[Driven, tuple[Reset, Step]]]

    morphology: Morphology
    coupling: Coupling = "pacemaker"
    symmetry: Symmetry = "mirror"
    feedback: tuple[Feedback, ...] = ()
    phase_reset: bool = False
    reset_load: float = 0.3
    reflex: bool | None = None
    reflex_stems: tuple[str, ...] | None = None
    drive: Driven = "joints"
    answers: bool = False
    load: bool = False

    def __post_init__(self) -> None:
        reset_load = self.reset_load if self.phase_reset else math.inf
        self.senses = Senses(self.morphology, self.feedback, reset_load)
        genes = self._drive_feet() if self.drive == "feet" else self._drive_joints()

        self.names = ["pacemaker", *(part.joint.name for part in self.parts)]
        self.space = Space(genes)
        self.state = {
            **dict.fromkeys(self.variables, (len(self.names),)),
            "loads": (2,),
            self._moved: self.moved.state,
        }

    @property
    def reset(self) -> Reset:
        """Prepares an episode."""
        return self.functions[self.drive][0]

    @property
    def step(self) -> Step:
        """Runs once per control step."""
        return self.functions[self.drive][1]

    def parameters(self, values: dict[str, float]) -> Fields:
        """Oscillators, what the pacemaker feels, and what they move."""
        return {
            "oscillators": self._oscillators(values),
            "senses": self.senses.parameters(values),
            self._moved: self.moved.parameters(values),
        }

    def _drive_joints(self) -> list[Gene]:
        """Gives every joint an oscillator; returns the genes."""
        reflex = not self.answers if self.reflex is None else self.reflex
        posture = Posture(
            self.morphology,
            self.symmetry,
            reflex,
            self.reflex_stems,
            answers=self.answers,
            load=self.load,
        )
        self.moved: Posture | FootPaths = posture
        self._moved, self.parts = "posture", posture.drives

        own = [gene for part in owners(self.parts) for gene in _genes(part)]
        period = Gene("period", 0.4, 1.4, "s", "duration of a stride", log=True)
        return [period, *own, *self.shared, *self.senses.genes, *posture.genes]

    def _drive_feet(self) -> list[Gene]:
        """Leaves the pacemaker alone, which the feet follow; returns the genes."""
        check_options(
            self.drive,
            coupling=self.coupling != "pacemaker",
            symmetry=self.symmetry != "mirror",
            phase_reset=self.phase_reset,
            reflex=bool(self.reflex),
            reflex_stems=self.reflex_stems is not None,
        )
        self.moved = FootPaths(self.morphology, self.answers, load=self.load)
        self._moved, self.parts = "paths", ()
        return [*self.moved.genes, *self.senses.genes]

    def senders(self) -> list[int]:
        """Whom each oscillator follows; the pacemaker follows itself."""
        if self.coupling != "chain":
            return [0] * (len(self.parts) + 1)

        numbers = {part.joint.name: number for number, part in enumerate(self.parts, 1)}
        return [0, *(numbers.get(self._above(part.joint), 0) for part in self.parts)]

    def _above(self, joint: Joint) -> str:
        """The nearest driven joint above another one on its side; "" for none."""
        model = self.morphology.model
        place = model.joint(joint.name)
        above = {
            int(model.joint(other.name).id): other.name
            for other in self.morphology.joints
            if other.side == joint.side
            and model.joint(other.name).id < place.id
            and is_in_subtree(model, int(place.bodyid[0]), int(model.joint(other.name).bodyid[0]))
        }
        return above[max(above)] if above else ""

    def _oscillators(self, values: Mapping[str, float]) -> Fields:
        """Sender, lead over it [rad], cosine and sine of that, amplitude [rad] and sign (n,)."""
        drives, senders = self.parts, self.senders()
        late = [math.pi if part.late else 0.0 for part in drives]
        own = [values[f"{part.genes}.phase"] for part in drives]
        phases = [0.0, *(phase - lag for phase, lag in zip(own, late, strict=True))]
        leads = [phase - phases[sender] for phase, sender in zip(phases, senders, strict=True)]
        return {
            "sender": senders,
            "lead": leads,
            "cosine": [math.cos(lead) for lead in leads],
            "sine": [math.sin(lead) for lead in leads],
            "amplitude": [1.0, *(values[f"{part.genes}.amplitude"] for part in drives)],
            "sign": [1.0, *(part.sign for part in drives)],
        }


def _genes(part: Drive) -> tuple[Gene, Gene]:
    """Swing of a joint, and its phase."""
    phase = Gene(f"{part.genes}.phase", -math.pi, math.pi, "rad", "lead over the pacemaker")
    return amplitude(part, "amplitude", "swing to either side"), phase
