"""Reflexes of Geyer and Herr, gated by the state of each leg."""

from collections.abc import Iterable

import numba

from evoloco.errors import ModelError
from evoloco.fields import Array, Fields, Record
from evoloco.genome import Gene, Space
from evoloco.morphology import Morphology

from ._genes import always, gene, nested
from ._leg_states import LATE_STANCE, LIFTOFF, drawn, follow_legs, reset, thresholds
from ._legs import FEET, PITCH, indices, on_both_sides

STEMS = ("hamstrings", "glutei", "iliopsoas", "vasti", "gastrocnemius", "soleus", "tibialis")
"""Muscles of each leg."""


def gain(name: str, start: float, spread: float, meaning: str, unit: str = "1") -> Gene:
    """The gain of a reflex."""
    return gene(name, -10.0, 10.0, unit, start, spread, meaning)


def constant(name: str, start: float, spread: float, meaning: str) -> Gene:
    """An excitation that a muscle gets in one state."""
    return gene(name, -1.0, 1.0, "1", start, spread, meaning)


def length(name: str, start: float, spread: float, meaning: str) -> Gene:
    """The length of a muscle's fibres, over the optimal one."""
    return gene(name, 0.0, 2.0, "1", start, spread, meaning)


def lean(name: str, start: float, spread: float, meaning: str) -> Gene:
    """A lean of the pelvis."""
    return gene(name, -0.5, 0.5, "rad", start, spread, meaning)


def trunk(muscle: str, lean_gain: float, rate_gain: float) -> tuple[Gene, Gene, Gene]:
    """The genes with which a muscle of the hip holds the trunk in stance."""
    wanted, rate = "on the pelvis' lean, in stance", "on the rate of the lean, in stance"
    return (
        gain(f"{muscle}.lean_gain", lean_gain, 0.2, wanted, "1/rad"),
        gain(f"{muscle}.rate_gain", rate_gain, 0.05, rate, "s/rad"),
        lean(f"{muscle}.lean", 0.105, 0.02, "lean that it aims at, in stance"),
    )


GENES = (
    *thresholds(0.2, 0.0),
    gain("tibialis.length_gain", 1.1, 0.1, "on its own length"),
    length("tibialis.length", 0.71, 0.05, "length from which it answers"),
    gain("tibialis.soleus_gain", -0.3, 0.05, "on the force of the soleus"),
    gain("soleus.force_gain", 1.6, 0.15, "on its own force, on the ground"),
    gain("gastrocnemius.force_gain", 2.0, 0.2, "on its own force, on the ground"),
    gain("vasti.force_gain", 1.15, 0.1, "on its own force, in stance"),
    constant("vasti.stance", 0.2, 0.03, "constant in stance"),
    gene("vasti.knee", 0.0, 0.5, "rad", 0.175, 0.03, "flexion of the knee below which it rests"),
    *trunk("hamstrings", 1.91, 0.4),
    *trunk("glutei", 1.91, 0.4),
    *trunk("iliopsoas", -1.91, -0.55),
    constant("iliopsoas.stance", 0.05, 0.02, "constant in stance"),
    constant("iliopsoas.liftoff", 0.4, 0.05, "constant in liftoff"),
    constant("glutei.liftoff", -0.1, 0.03, "constant in liftoff"),
    gain("iliopsoas.swing_length_gain", 0.25, 0.05, "on its own length, in swing"),
    length("iliopsoas.swing_length", 0.6, 0.05, "length that it aims at, in swing"),
    gain("iliopsoas.swing_lean_gain", 0.9, 0.1, "on the pelvis' lean, in swing", "1/rad"),
    gain("iliopsoas.swing_rate_gain", 0.1, 0.03, "on the lean's rate, in swing", "s/rad"),
    lean("iliopsoas.swing_lean", 0.05, 0.02, "lean that it aims at, in swing"),
    gain("iliopsoas.hamstrings_gain", -2.0, 0.2, "on the hamstrings' length, in swing"),
    length("iliopsoas.hamstrings", 0.85, 0.05, "hamstrings' length from which it answers"),
    gain("hamstrings.swing_force_gain", 0.5, 0.1, "on its own force, in swing"),
    gain("glutei.swing_force_gain", 0.4, 0.1, "on its own force, in swing"),
    *(always(muscle, 0.01) for muscle in STEMS),
)


def step(params: Record, state: Record, obs: Record, time: float, dt: float, ctrl: Array) -> None:
    """Follows the states of the legs and writes the excitations of the muscles."""
    follow_legs(params, state, obs)
    for leg in range(FEET):
        excite(params, state.leg[leg], obs, leg, ctrl)
    limit(state, ctrl)


@numba.njit(error_model="numpy", nogil=True)
def excite(params: Record, phase: float, obs: Record, leg: int, ctrl: Array) -> None:
    """Writes the excitations of a leg's seven muscles; the numbers are those of `Controller`.

    Args:
        params: Of the controller.
        phase: State of the leg.
        obs: Observation.
        leg: 0 for the left leg, 1 for the right one.
        ctrl: Excitations of all muscles.
    """
    rest(params, leg, ctrl)
    stretch(params, obs, leg, ctrl)

    if phase <= LIFTOFF:
        push(params, obs, leg, ctrl)

    if phase <= LATE_STANCE:
        stand(params, obs, leg, ctrl)
    elif phase == LIFTOFF:
        lift(params, leg, ctrl)
    else:
        swing(params, obs, leg, ctrl)


@numba.njit(error_model="numpy", nogil=True)
def rest(params: Record, leg: int, ctrl: Array) -> None:
    """In every state: the constants of all muscles (1)."""
    ctrl[int(params.muscle.hamstrings[leg])] = params.hamstrings.constant
    ctrl[int(params.muscle.glutei[leg])] = params.glutei.constant
    ctrl[int(params.muscle.iliopsoas[leg])] = params.iliopsoas.constant
    ctrl[int(params.muscle.vasti[leg])] = params.vasti.constant
    ctrl[int(params.muscle.gastrocnemius[leg])] = params.gastrocnemius.constant
    ctrl[int(params.muscle.soleus[leg])] = params.soleus.constant
    ctrl[int(params.muscle.tibialis[leg])] = params.tibialis.constant


@numba.njit(error_model="numpy", nogil=True)
def stretch(params: Record, obs: Record, leg: int, ctrl: Array) -> None:
    """In every state: the tibialis answers to its stretch, and lets the soleus pull (2)."""
    tib, sol = int(params.muscle.tibialis[leg]), int(params.muscle.soleus[leg])
    gains = params.tibialis

    ctrl[tib] += (  # (2)
        gains.length_gain * max(0.0, obs.muscle_length[tib] - gains.length)
        + gains.soleus_gain * obs.muscle_force[sol]
    )


@numba.njit(error_model="numpy", nogil=True)
def push(params: Record, obs: Record, leg: int, ctrl: Array) -> None:
    """In stance and liftoff: the calf pulls the more, the harder it pulls (3)."""
    sol, gas = int(params.muscle.soleus[leg]), int(params.muscle.gastrocnemius[leg])

    ctrl[sol] += params.soleus.force_gain * obs.muscle_force[sol]  # (3)
    ctrl[gas] += params.gastrocnemius.force_gain * obs.muscle_force[gas]  # (3)


@numba.njit(error_model="numpy", nogil=True)
def stand(params: Record, obs: Record, leg: int, ctrl: Array) -> None:
    """In early and late stance: the knee bears the body (4), and the hip holds the trunk (5)."""
    vas, ham = int(params.muscle.vasti[leg]), int(params.muscle.hamstrings[leg])
    glu, ili = int(params.muscle.glutei[leg]), int(params.muscle.iliopsoas[leg])
    knee = int(params.joint.knee[leg])

    if obs.joint_angle[knee] > params.vasti.knee:
        ctrl[vas] += params.vasti.stance + params.vasti.force_gain * obs.muscle_force[vas]  # (4)

    ctrl[ham] += answer_to_lean(params.hamstrings, obs)  # (5)
    ctrl[glu] += answer_to_lean(params.glutei, obs)  # (5)
    ctrl[ili] += answer_to_lean(params.iliopsoas, obs)  # (5)
    ctrl[ili] += params.iliopsoas.stance  # (5)


@numba.njit(error_model="numpy", nogil=True)
def answer_to_lean(gains: Record, obs: Record) -> float:
    """KP (p - p0) + KV dp/dt for the forward lean p of the pelvis."""
    return float(
        gains.lean_gain * (obs.tilt[PITCH] - gains.lean) + gains.rate_gain * obs.rate[PITCH]
    )


@numba.njit(error_model="numpy", nogil=True)
def lift(params: Record, leg: int, ctrl: Array) -> None:
    """In liftoff: the hip begins to flex (6)."""
    ctrl[int(params.muscle.iliopsoas[leg])] += params.iliopsoas.liftoff  # (6)
    ctrl[int(params.muscle.glutei[leg])] += params.glutei.liftoff  # (6)


@numba.njit(error_model="numpy", nogil=True)
def swing(params: Record, obs: Record, leg: int, ctrl: Array) -> None:
    """In swing and landing: the hip takes the leg ahead (7) and slows it down (8)."""
    ili, glu = int(params.muscle.iliopsoas[leg]), int(params.muscle.glutei[leg])
    ham = int(params.muscle.hamstrings[leg])
    gains = params.iliopsoas

    ctrl[ili] += (  # (7)
        gains.swing_length_gain * (obs.muscle_length[ili] - gains.swing_length)
        + gains.swing_lean_gain * (obs.tilt[PITCH] - gains.swing_lean)
        + gains.swing_rate_gain * obs.rate[PITCH]
        + gains.hamstrings_gain * max(0.0, obs.muscle_length[ham] - gains.hamstrings)
    )

    ctrl[ham] += params.hamstrings.swing_force_gain * obs.muscle_force[ham]  # (8)
    ctrl[glu] += params.glutei.swing_force_gain * obs.muscle_force[glu]  # (8)


@numba.njit(error_model="numpy", nogil=True)
def limit(state: Record, ctrl: Array) -> None:
    """Limits excitations to [0, 1], and keeps them to draw."""
    for muscle in range(ctrl.size):
        ctrl[muscle] = min(max(ctrl[muscle], 0.0), 1.0)
        state.excitation[muscle] = ctrl[muscle]


def indices_of(
    morphology: Morphology, muscles: Iterable[str], joints: Iterable[str]
) -> dict[str, dict[str, list[int]]]:
    """Fields of `params` that tell where muscles and joints are.

    Args:
        morphology: The body.
        muscles: Stems of all muscles of a leg.
        joints: Stems of joints of a leg.

    Returns:
        `muscle` and `joint`, each with the indices of the left and the right one by stem.

    Raises:
        ModelError: The body lacks one of them, or has other muscles.
    """
    known = [muscle.name for muscle in morphology.muscles]
    hinges = [joint.name for joint in morphology.joints]
    wanted = on_both_sides(muscles)
    lacking = sorted(set(wanted) - set(known))
    lacking += [name for name in on_both_sides(joints) if name not in hinges]

    if lacking or len(known) != len(wanted) or len(morphology.feet) != FEET:
        problem = f"lacks {', '.join(lacking)}" if lacking else "has others besides"
        raise ModelError(
            f"Reflexes need two legs with the muscles {', '.join(muscles)} and the joints "
            f"{', '.join(joints)} on either side; this body {problem}."
        )
    return {"muscle": indices(known, muscles), "joint": indices(hinges, joints)}


class Controller:
    """Excites muscles by delayed feedback of lengths, forces and lean, as the leg's state allows.

    A leg is in one of five states; from -> to: condition

        early stance -> liftoff: the other leg is loaded, and this foot behind it
        early stance -> late stance: the foot is less ahead of the pelvis than `late`
        late stance -> liftoff: the other leg is loaded, and this foot behind it
        liftoff -> swing: the leg is not loaded
        swing -> early stance: the leg is loaded, and this foot ahead of the other
        swing -> landing: the leg is not loaded, and the foot is ahead of the pelvis by `landing`
        landing -> early stance: the leg is loaded

    With lengths l over the optimal length, forces f over the largest isometric one, the pelvis'
    forward lean p and constants c, the excitations are sums of

        every state      all muscles         c                                            (1)
                         tibialis            KL max(0, l - l0) + KF f_soleus              (2)
        stance, liftoff  soleus              KF f                                         (3)
                         gastrocnemius       KF f                                         (3)
        stance           vasti               c_stance + KF f                              (4)
                         hamstrings, glutei  KP (p - p0) + KV dp/dt                       (5)
                         iliopsoas           KP (p - p0) + KV dp/dt + c_stance            (5)
        liftoff          iliopsoas, glutei   c_liftoff                                    (6)
        swing, landing   iliopsoas           KL (l - l0) + KP (p - p0) + KV dp/dt
                                             + K max(0, l_hamstrings - l_hamstrings0)     (7)
                         hamstrings, glutei  KF f                                         (8)

    limited to [0, 1]; (4) holds while the knee is flexed more than `vasti.knee`. Excitations reach
    a muscle after the muscle's delay, which stands for that of the whole arc: feedback, and the
    state that gates it. Both legs share their genes, whose starting values are those of SCONE's
    scenario; the constants of the muscles are searched besides.

    Args:
        morphology: A body with seven muscles per leg, called `hamstrings_left` and so on, and
            joints `knee_left` and `knee_right`.

    Raises:
        ModelError: The body lacks one of the muscles or a knee, or has others.

    References:
        Geyer and Herr, 2010, A muscle-reflex model that encodes principles of legged mechanics
        produces human walking dynamics and muscle activities, doi:10.1109/TNSRE.2010.2047592.
        Geijtenbeek, 2019, SCONE: open source software for predictive simulation of biological
        motion, doi:10.21105/joss.01421.
    """

    reset = staticmethod(reset)
    step = staticmethod(step)

    def __init__(self, morphology: Morphology) -> None:
        self._indices = indices_of(morphology, STEMS, ("knee",))
        self._muscles = [muscle.name for muscle in morphology.muscles]
        self.space = Space(GENES)
        self.state = {"leg": (FEET,), "excitation": (len(self._muscles),)}

    def parameters(self, values: dict[str, float]) -> Fields:
        """Indices of muscles and knees, and the genes."""
        return {**self._indices, **nested(values, self.space.names)}

    def outputs(self, params: Record, states: Record) -> dict[str, Array]:
        """States of the legs, from 0 (early stance) to 1 (landing), and excitations."""
        return drawn(states, self._muscles)
