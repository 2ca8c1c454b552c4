"""Muscles by their published numbers: how these become MuJoCo's, and what can be searched."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import mujoco

from evoloco.errors import ModelError, UnknownNameError
from evoloco.genome import Gene

FIBRES = (0.5, 1.5)
"""Fibre lengths that MuJoCo's length range stands for, over the optimal length [1]."""

CURVES = {"lmin": 0.3, "lmax": 1.7, "vmax": 10.0, "fpmax": 0.8, "fvmax": 1.5}
"""Shape of the muscles, by MuJoCo's names.

They are the fibre lengths beyond which a muscle is passive [1], shortening speed without load
[1/s], passive force at `lmax` [1], and force at fast lengthening [1]. The force-length curve is
about as wide as that of Geyer and Herr, 2010 (0.56 of the optimal length to either side at 5 % of
the force).
"""

ACTIVATION = (0.010, 0.040)
"""Time constants of activation and deactivation [s]."""

THICKNESS = 0.0004
"""Radius of a muscle's picture over the root of its force [m/√N]; fibres are thrice as thick."""

STRAIN = 0.02
"""Stretch at which MuJoCo's rigid tendon is held [1]; a real one has 0 to 4 %."""

ROUNDING = 1e-9
"""What a delay may exceed a whole number of physics steps by, and not fill another one [steps]."""

FACTORS = {"max_force": (0.5, 1.5), "optimal_length": (0.7, 1.3), "slack_length": (0.9, 1.1)}
"""Numbers of a muscle that genes multiply, and usual bounds of the factors [1]."""

SHIFT = 0.03
"""Usual bound of how far a gene moves a point of a muscle's path in its segment [m]."""

LONGEST = 0.06
"""Longest delay where delays are searched [s]: all bodies of a run have buffers of this length."""


@dataclass(frozen=True)
class MuscleTendon:
    """A muscle by the numbers that papers give, on a path along points of segments.

    MuJoCo's muscle has a rigid tendon and fibres along it. So with the
    pennation a, which is taken as constant,

        optimal length = l_opt cos(a)           (1)
        largest force  = F_max cos(a)           (2)
        tendon         = (1 + strain) l_slack   (3)

    Attributes:
        max_force: Largest isometric force of the fibres F_max [N].
        optimal_length: Of the fibres, l_opt [m].
        slack_length: Of the tendon, l_slack [m].
        pennation: Angle between fibres and tendon a [rad].
        delay: Of the reflexes that reach it, from sensing to exciting [s].
        path: Segment and place in its frame, forward and upward [m], from origin
            to insertion.
        buffer: Longest delay that there is room for [s]; as long as the delay
            where None.
        outward: Distance of each point of the path from the middle of its segment,
            away from the other leg [m]; empty where the path stays in the plane
            of its leg.
    """

    max_force: float
    optimal_length: float
    slack_length: float
    pennation: float
    delay: float
    path: tuple[tuple[str, float, float], ...]
    buffer: float | None = None
    outward: tuple[float, ...] = ()

    def attach(
        self,
        spec: mujoco.MjSpec,
        name: str,
        segments: Mapping[str, tuple[mujoco.MjsBody, float]],
        sign: int = 1,
    ) -> None:
        """Adds the muscle, its tendon and its sites to a spec, all under its name.

        A control step reads what is one physics step old, so the delay of the
        excitation is shorter than that of the reflex by that step.

        Args:
            spec: The body; its time step must be final, the delay is stored in steps.
            name: Of the muscle.
            segments: Bodies by name, and where a path in the plane of the leg runs
                in them, to the left [m].
            sign: +1 for a left leg, -1 for a right one.

        Raises:
            ModelError: The path has one point, a number is not positive, or the
                delay is shorter than a step or longer than the buffer.
        """
        step = spec.option.timestep
        self._check(name, step)

        tendon = spec.add_tendon(
            name=name, width=THICKNESS * math.sqrt(self.max_force), rgba=[0.75, 0.15, 0.15, 1]
        )
        for number, (segment, x, z) in enumerate(self.path):
            body, y = segments[segment]
            y = sign * self.outward[number] if self.outward else y
            site = body.add_site(
                name=f"{name}.{number}", pos=[x, y, z], size=[0.004, 0, 0], group=4
            )
            tendon.wrap_site(site.name)

        optimal = self.optimal_length * math.cos(self.pennation)  # (1)
        force = self.max_force * math.cos(self.pennation)  # (2)
        tendon_length = (1 + STRAIN) * self.slack_length  # (3)
        muscle = spec.add_actuator(name=name, target=name, trntype=mujoco.mjtTrn.mjTRN_TENDON)
        muscle.set_to_muscle(
            timeconst=list(ACTIVATION), tausmooth=0.0, range=list(FIBRES), force=force, **CURVES
        )
        muscle.lengthrange = [tendon_length + length * optimal for length in FIBRES]
        muscle.ctrllimited, muscle.ctrlrange = mujoco.mjtLimited.mjLIMITED_TRUE, [0.0, 1.0]
        muscle.userdata = [self.pennation]

        muscle.delay = self.delay - step
        room = (self.buffer or self.delay) - step
        muscle.nsample = math.ceil(room / step - ROUNDING)

    def _check(self, name: str, step: float) -> None:
        """Refuses a muscle that cannot be, for physics steps of a duration [s]."""
        who = f"Muscle '{name}'"
        if len(self.path) < 2:
            raise ModelError(
                f"{who} has no path: it needs two points at least, {len(self.path)} came."
            )

        for what in ("max_force", "optimal_length", "slack_length"):
            value = getattr(self, what)
            if not value > 0:
                raise ModelError(f"{who}: {what} must be positive, not {value:g}.")

        if self.delay < step:
            raise ModelError(
                f"{who}: its delay of {self.delay:g} s is shorter than a physics step, {step:g} s."
            )
        if self.buffer is not None and self.delay > self.buffer:
            raise ModelError(
                f"{who}: its delay of {self.delay:g} s is longer than its buffer, "
                f"{self.buffer:g} s."
            )

    def fibre_length(self, length: float) -> float:
        """Length of the fibres over their optimal length [1] where the muscle has a length [m]."""
        fibres = length - (1 + STRAIN) * self.slack_length
        return fibres / (self.optimal_length * math.cos(self.pennation))

    def with_gene(self, what: str, value: float) -> "MuscleTendon":
        """The muscle with the value of a gene, named as in `muscle_genes` after the muscle."""
        if what in FACTORS:
            return replace(self, **{what: value * getattr(self, what)})
        if what == "delay":
            return replace(self, delay=value, buffer=LONGEST)

        number, axis = what.split(".")
        segment, x, z = self.path[int(number)]
        point = (segment, x + value, z) if axis == "x" else (segment, x, z + value)
        before, after = self.path[: int(number)], self.path[int(number) + 1 :]
        return replace(self, path=(*before, point, *after))


def muscle_genes(muscles: Mapping[str, MuscleTendon]) -> tuple[Gene, ...]:
    """What of muscles can be searched, each gene about the muscles of both legs.

    Genes are called `<muscle>.max_force`, `.optimal_length`, `.slack_length`,
    `.delay`, and `.<point>.x` and `.<point>.z` for the points of the path.
    """
    genes = []
    for name, muscle in muscles.items():
        for what, bounds in FACTORS.items():
            meaning = "over that of the table"
            genes.append(Gene(f"{name}.{what}", *bounds, "1", meaning, start=1.0, spread=0.03))

        genes.append(
            Gene(
                f"{name}.delay",
                0.0025,
                LONGEST,
                "s",
                "from sensing to exciting",
                start=muscle.delay,
                spread=0.002,
            )
        )

        for number, (segment, _, _) in enumerate(muscle.path):
            for axis, way in (("x", "forward"), ("z", "upward")):
                which = f"{name}.{number}.{axis}"
                meaning = f"shift of path point {number} {way} in the {segment}"
                genes.append(Gene(which, -SHIFT, SHIFT, "m", meaning, start=0.0, spread=0.003))
    return tuple(genes)


def shaped(
    muscles: Mapping[str, MuscleTendon], values: Mapping[str, float]
) -> dict[str, MuscleTendon]:
    """Muscles with the values of genes.

    Args:
        muscles: By their names.
        values: Of `muscle_genes`, by name.

    Raises:
        UnknownNameError: There is no such gene.
    """
    known = [gene.name for gene in muscle_genes(muscles)]
    changed = dict(muscles)
    for gene, value in values.items():
        if gene not in known:
            raise UnknownNameError("gene of muscles", gene, known)
        name, _, what = gene.partition(".")
        changed[name] = changed[name].with_gene(what, value)
    return changed
