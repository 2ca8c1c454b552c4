"""Muscles on spatial tendons, how their published numbers become MuJoCo's, and what of them can be searched."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import mujoco

from evoloco.errors import ModelError, UnknownNameError
from evoloco.genome import Gene

FIBRES = (0.5, 1.5)
"""Fibre lengths that MuJoCo's length range stands for, over the optimal length [1]."""

CURVES = {"lmin": 0.3, "lmax": 1.7, "vmax": 10.0, "fpmax": 0.8, "fvmax": 1.5}
"""Shape of the muscles: fibre lengths beyond which they are passive, shortening speed without load [1/s], passive
force at `lmax`, and force at fast lengthening. The force-length curve is about as wide as that of Geyer and Herr,
2010 (0.56 of the optimal length to either side at 5 % of the force)."""

ACTIVATION = (0.010, 0.040)
"""Time constants of activation and deactivation [s]."""

THICKNESS = 0.0004
"""Radius of a muscle's picture over the root of its force [m/√N]: a third of what the fibres of a real one have."""

STRAIN = 0.02
"""Stretch at which MuJoCo's rigid tendon is held [1]; a real one has 0 to 4 %."""


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

        optimal length = l_opt cos(a),  largest force = F_max cos(a),
        tendon         = (1 + strain) l_slack

    Attributes:
        max_force: Largest isometric force of the fibres F_max [N].
        optimal_length: Of the fibres, l_opt [m].
        slack_length: Of the tendon, l_slack [m].
        pennation: Angle between fibres and tendon a [rad].
        delay: Of the reflexes that reach it, from sensing to exciting [s].
        path: Segment and place in its frame, forward and upward [m], from origin to insertion.
        buffer: Longest delay that there is room for [s]; as long as the delay where None.
        outward: Distance of each point of the path from the middle of its segment, away from the other leg [m]; none
            where the path stays in the plane of its leg.
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
            segments: Bodies by name, and where a path in the plane of the leg runs in them, to the left [m].
            sign: +1 for a left leg, -1 for a right one.

        Raises:
            ModelError: The path has one point, a number is not positive, or the delay is shorter than a step or longer
                than the buffer.
        """
        if len(self.path) < 2:
            raise ModelError(
                f"Muscle '{name}' has no path: it needs two points at least, {len(self.path)} came."
            )
        for what, value in (
            ("max_force", self.max_force), ("optimal_length", self.optimal_length), ("slack_length", self.slack_length),
        ):  # fmt: skip
            if not value > 0:
                raise ModelError(f"Muscle '{name}': {what} must be positive, not {value:g}.")
        step = spec.option.timestep
        if self.delay < step:
            raise ModelError(
                f"Muscle '{name}': its delay of {self.delay:g} s is shorter than a physics step, {step:g} s."
            )
        if self.buffer is not None and self.delay > self.buffer:
            raise ModelError(
                f"Muscle '{name}': its delay of {self.delay:g} s is longer than its buffer, {self.buffer:g} s."
            )
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
        muscle = spec.add_actuator(name=name, target=name, trntype=mujoco.mjtTrn.mjTRN_TENDON)
        optimal, tendon_length = (
            self.optimal_length * math.cos(self.pennation),
            (1 + STRAIN) * self.slack_length,
        )
        muscle.set_to_muscle(
            timeconst=list(ACTIVATION), tausmooth=0.0, range=list(FIBRES),
            force=self.max_force * math.cos(self.pennation), **CURVES,
        )  # fmt: skip
        muscle.lengthrange = [tendon_length + length * optimal for length in FIBRES]
        muscle.ctrllimited, muscle.ctrlrange = mujoco.mjtLimited.mjLIMITED_TRUE, [0.0, 1.0]
        muscle.userdata = [self.pennation]
        muscle.delay, room = self.delay - step, (self.buffer or self.delay) - step
        muscle.nsample = math.ceil(room / step - 1e-9)

    def fibre_length(self, length: float) -> float:
        """Length of the fibres over their optimal length [1], where the whole muscle has a length [m]."""
        fibres = length - (1 + STRAIN) * self.slack_length
        return fibres / (self.optimal_length * math.cos(self.pennation))


def muscle_genes(muscles: Mapping[str, MuscleTendon]) -> tuple[Gene, ...]:
    """What of muscles can be searched: the genes that `shaped` takes, each about the muscles of both legs."""
    genes = []
    for name, muscle in muscles.items():
        genes += [
            Gene(f"{name}.{what}", *bounds, "1", "over that of the table", start=1.0, spread=0.03)
            for what, bounds in FACTORS.items()
        ]
        genes.append(Gene(
            f"{name}.delay", 0.0025, LONGEST, "s", "from sensing to exciting", start=muscle.delay, spread=0.002,
        ))  # fmt: skip
        genes += [
            Gene(
                f"{name}.{number}.{axis}", -SHIFT, SHIFT, "m", f"shift of path point {number} {way} in the {segment}",
                start=0.0, spread=0.003,
            )
            for number, (segment, _, _) in enumerate(muscle.path)
            for axis, way in (("x", "forward"), ("z", "upward"))
        ]  # fmt: skip
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
        name, *what = gene.split(".")
        muscle = changed[name]
        if what[0] == "delay":
            changed[name] = replace(muscle, delay=value, buffer=LONGEST)
        elif what[0] in FACTORS:
            changed[name] = replace(muscle, **{what[0]: value * getattr(muscle, what[0])})
        else:
            number, axis = int(what[0]), "xz".index(what[1])
            segment, *place = muscle.path[number]
            place[axis] += value
            point = (segment, place[0], place[1])
            changed[name] = replace(
                muscle, path=(*muscle.path[:number], point, *muscle.path[number + 1 :])
            )
    return changed
