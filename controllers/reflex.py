"""Reflexes of Geyer and Herr, gated by the state of each leg."""

from collections.abc import Sequence

import numba
import numpy as np

from evoloco.errors import ModelError
from evoloco.genome import Array, Gene, Space
from evoloco.morphology import Morphology

from ._leg_states import FEET, LATE_STANCE, LIFTOFF, SIDES, drawn, follow_legs, reset, thresholds

STEMS = ("hamstrings", "glutei", "iliopsoas", "vasti", "gastrocnemius", "soleus", "tibialis")
"""Muscles of each leg, in the order of the table of muscles."""
HAM, GLU, ILI, VAS, GAS, SOL, TIB = range(7)
WIDTH = len(STEMS) + 1
"""Numbers per leg in front of the genes: places of its muscles among the controls, and of its knee among the joints."""

GENES = (
    *thresholds(0.2, 0.0),
    Gene("tibialis.length_gain", -10.0, 10.0, "1", "on its own length", start=1.1, spread=0.1),
    Gene("tibialis.length", 0.0, 2.0, "1", "length from which it answers", start=0.71, spread=0.05),
    Gene("tibialis.soleus_gain", -10.0, 10.0, "1", "on the force of the soleus", start=-0.3, spread=0.05),
    Gene("soleus.force_gain", -10.0, 10.0, "1", "on its own force, on the ground", start=1.6, spread=0.15),
    Gene("gastrocnemius.force_gain", -10.0, 10.0, "1", "on its own force, on the ground", start=2.0, spread=0.2),
    Gene("vasti.force_gain", -10.0, 10.0, "1", "on its own force, in stance", start=1.15, spread=0.1),
    Gene("vasti.stance", -1.0, 1.0, "1", "constant in stance", start=0.2, spread=0.03),
    Gene("vasti.knee", 0.0, 0.5, "rad", "flexion of the knee below which it rests", start=0.175, spread=0.03),
    *(
        Gene(f"{muscle}.{name}", low, high, unit, meaning, start=start, spread=spread)
        for muscle, lean_gain, rate_gain in (
            ("hamstrings", 1.91, 0.4), ("glutei", 1.91, 0.4), ("iliopsoas", -1.91, -0.55),
        )
        for name, low, high, unit, meaning, start, spread in (
            ("lean_gain", -10.0, 10.0, "1/rad", "on the pelvis' lean, in stance", lean_gain, 0.2),
            ("rate_gain", -10.0, 10.0, "s/rad", "on the rate of the lean, in stance", rate_gain, 0.05),
            ("lean", -0.5, 0.5, "rad", "lean that it aims at, in stance", 0.105, 0.02),
        )
    ),
    Gene("iliopsoas.stance", -1.0, 1.0, "1", "constant in stance", start=0.05, spread=0.02),
    Gene("iliopsoas.liftoff", -1.0, 1.0, "1", "constant in liftoff", start=0.4, spread=0.05),
    Gene("glutei.liftoff", -1.0, 1.0, "1", "constant in liftoff", start=-0.1, spread=0.03),
    Gene("iliopsoas.swing_length_gain", -10.0, 10.0, "1", "on its own length, in swing", start=0.25, spread=0.05),
    Gene("iliopsoas.swing_length", 0.0, 2.0, "1", "length that it aims at, in swing", start=0.6, spread=0.05),
    Gene("iliopsoas.swing_lean_gain", -10.0, 10.0, "1/rad", "on the pelvis' lean, in swing", start=0.9, spread=0.1),
    Gene("iliopsoas.swing_rate_gain", -10.0, 10.0, "s/rad", "on the lean's rate, in swing", start=0.1, spread=0.03),
    Gene("iliopsoas.swing_lean", -0.5, 0.5, "rad", "lean that it aims at, in swing", start=0.05, spread=0.02),
    Gene("iliopsoas.hamstrings_gain", -10.0, 10.0, "1", "on the hamstrings' length, in swing", start=-2.0, spread=0.2),
    Gene("iliopsoas.hamstrings", 0.0, 2.0, "1", "hamstrings' length from which it answers", start=0.85, spread=0.05),
    Gene("hamstrings.swing_force_gain", -10.0, 10.0, "1", "on its own force, in swing", start=0.5, spread=0.1),
    Gene("glutei.swing_force_gain", -10.0, 10.0, "1", "on its own force, in swing", start=0.4, spread=0.1),
    *(Gene(f"{muscle}.constant", 0.0, 0.5, "1", "always", start=0.01, spread=0.01) for muscle in STEMS),
)  # fmt: skip

_FIRST = 2 * WIDTH
_PLACE = {gene.name: _FIRST + number for number, gene in enumerate(GENES)}
THRESHOLD, LATE, LANDS = (_PLACE[name] for name in ("threshold", "late", "landing"))
TIB_GAIN, TIB_LENGTH, TIB_SOLEUS = (
    _PLACE[f"tibialis.{name}"] for name in ("length_gain", "length", "soleus_gain")
)
SOL_GAIN, GAS_GAIN = _PLACE["soleus.force_gain"], _PLACE["gastrocnemius.force_gain"]
VAS_GAIN, VAS_STANCE, VAS_KNEE = (
    _PLACE[f"vasti.{name}"] for name in ("force_gain", "stance", "knee")
)
HAM_LEAN, GLU_LEAN, ILI_LEAN = (
    _PLACE[f"{name}.lean_gain"] for name in ("hamstrings", "glutei", "iliopsoas")
)
ILI_STANCE, ILI_LIFTOFF, GLU_LIFTOFF = (
    _PLACE[name] for name in ("iliopsoas.stance", "iliopsoas.liftoff", "glutei.liftoff")
)
SWING_GAIN, SWING_LENGTH, SWING_LEAN, HAMSTRINGS_GAIN, HAMSTRINGS = (
    _PLACE[f"iliopsoas.{name}"]
    for name in (
        "swing_length_gain",
        "swing_length",
        "swing_lean_gain",
        "hamstrings_gain",
        "hamstrings",
    )
)
HAM_SWING, GLU_SWING = _PLACE["hamstrings.swing_force_gain"], _PLACE["glutei.swing_force_gain"]
CONSTANT = _PLACE["hamstrings.constant"]


def step(params: Array, state: Array, obs: Array, time: float, dt: float, ctrl: Array) -> None:
    """Follows the states of the legs and writes the excitations of the muscles."""
    excite(params, state, obs, ctrl)


@numba.njit(error_model="numpy", nogil=True)
def excite(params: Array, state: Array, obs: Array, ctrl: Array) -> None:
    """What a step does; muscles that are not in the table of places keep what stands in `ctrl`, within [0, 1]."""
    muscles = ctrl.size
    lengths = obs.size - 3 * muscles
    forces = obs.size - muscles
    ahead = lengths - FEET
    load = ahead - FEET
    rate, lean = obs[load - 2], obs[load - 4]
    follow_legs(state, obs, load, ahead, params[THRESHOLD], params[LATE], params[LANDS])
    for leg in range(FEET):
        row = WIDTH * leg
        ham, glu, ili = int(params[row + HAM]), int(params[row + GLU]), int(params[row + ILI])
        vas, gas, sol = int(params[row + VAS]), int(params[row + GAS]), int(params[row + SOL])
        tib, knee = int(params[row + TIB]), int(params[row + WIDTH - 1])
        for k in range(WIDTH - 1):
            ctrl[int(params[row + k])] = params[CONSTANT + k]
        ctrl[tib] += (
            params[TIB_GAIN] * max(0.0, obs[lengths + tib] - params[TIB_LENGTH])
            + params[TIB_SOLEUS] * obs[forces + sol]
        )
        if state[leg] <= LIFTOFF:
            ctrl[sol] += params[SOL_GAIN] * obs[forces + sol]
            ctrl[gas] += params[GAS_GAIN] * obs[forces + gas]
        if state[leg] <= LATE_STANCE:
            if obs[knee] > params[VAS_KNEE]:
                ctrl[vas] += params[VAS_STANCE] + params[VAS_GAIN] * obs[forces + vas]
            ctrl[ham] += (
                params[HAM_LEAN] * (lean - params[HAM_LEAN + 2]) + params[HAM_LEAN + 1] * rate
            )
            ctrl[glu] += (
                params[GLU_LEAN] * (lean - params[GLU_LEAN + 2]) + params[GLU_LEAN + 1] * rate
            )
            ctrl[ili] += (
                params[ILI_LEAN] * (lean - params[ILI_LEAN + 2]) + params[ILI_LEAN + 1] * rate
            )
            ctrl[ili] += params[ILI_STANCE]
        elif state[leg] == LIFTOFF:
            ctrl[ili] += params[ILI_LIFTOFF]
            ctrl[glu] += params[GLU_LIFTOFF]
        else:
            ctrl[ili] += (
                params[SWING_GAIN] * (obs[lengths + ili] - params[SWING_LENGTH])
                + params[SWING_LEAN] * (lean - params[SWING_LEAN + 2])
                + params[SWING_LEAN + 1] * rate
                + params[HAMSTRINGS_GAIN] * max(0.0, obs[lengths + ham] - params[HAMSTRINGS])
            )
            ctrl[ham] += params[HAM_SWING] * obs[forces + ham]
            ctrl[glu] += params[GLU_SWING] * obs[forces + glu]
    for k in range(muscles):
        ctrl[k] = min(max(ctrl[k], 0.0), 1.0)
        state[2 * FEET + k] = ctrl[k]


def places(morphology: Morphology, stems: Sequence[str], joints: Sequence[str]) -> Array:
    """Places of the muscles of either leg among the controls, then of its joints among the joints (2, n).

    Args:
        morphology: The body.
        stems: Muscles of a leg.
        joints: Joints of a leg.

    Raises:
        ModelError: The body lacks one of them, or has other muscles.
    """
    names = [muscle.name for muscle in morphology.muscles]
    known = [joint.name for joint in morphology.joints]
    muscles = [[f"{stem}_{side}" for stem in stems] for side in SIDES]
    hinges = [[f"{joint}_{side}" for joint in joints] for side in SIDES]
    lacking = sorted(name for row in muscles for name in row if name not in names)
    lacking += [name for row in hinges for name in row if name not in known]
    if lacking or len(names) != len(SIDES) * len(stems) or len(morphology.feet) != FEET:
        raise ModelError(
            f"Reflexes need two legs with the muscles {', '.join(stems)} and the joints {', '.join(joints)} on either "
            "side; this body "
            + (f"lacks {', '.join(lacking)}." if lacking else "has others besides.")
        )
    return np.array([
        [*map(names.index, row), *map(known.index, angles)] for row, angles in zip(muscles, hinges, strict=True)
    ], dtype=float)  # fmt: skip


class Controller:
    """Excites each muscle by delayed feedback of lengths, forces and the pelvis' lean, as the leg's state allows.

    A leg is in one of five states; from -> to: condition

        early stance -> liftoff: the other leg is loaded, and this foot behind it
        early stance -> late stance: the foot is less ahead of the pelvis than `late`
        late stance -> liftoff: the other leg is loaded, and this foot behind it
        liftoff -> swing: the leg is not loaded
        swing -> early stance: the leg is loaded, and this foot ahead of the other
        swing -> landing: the leg is not loaded, and the foot more ahead of the pelvis than `landing`
        landing -> early stance: the leg is loaded

    With lengths l over the optimal length, forces f over the largest isometric
    one, the pelvis' forward lean p and constants c, the excitations are

        always            tibialis       c + KL max(0, l - l0) + KF f_soleus
        stance, liftoff   soleus         c + KF f
                          gastrocnemius  c + KF f
        stance            vasti          c + c_stance + KF f, while the knee is flexed more than `vasti.knee`
                          hamstrings, glutei, iliopsoas   c + KP (p - p0) + KV dp/dt (iliopsoas: + c_stance)
        liftoff           iliopsoas, glutei   c + c_liftoff
        swing, landing    iliopsoas      c + KL (l - l0) + KP (p - p0) + KV dp/dt + K max(0, l_ham - l_ham0)
                          hamstrings, glutei  c + KF f

    limited to [0, 1]. They reach a muscle after the muscle's delay, which
    stands for that of the whole arc: feedback, and the state that gates it.
    Both legs share their genes, whose starting values are those of SCONE's
    scenario; the constants of the muscles are searched besides.

    Args:
        morphology: A body with seven muscles per leg, called `hamstrings_left` and so on, and joints `knee_left`.

    Raises:
        ModelError: The body lacks one of the muscles or a knee, or has others.

    References:
        Geyer and Herr, 2010, A muscle-reflex model that encodes principles of legged mechanics produces human
        walking dynamics and muscle activities, doi:10.1109/TNSRE.2010.2047592. Geijtenbeek, 2019, SCONE: open
        source software for predictive simulation of biological motion, doi:10.21105/joss.01421.
    """

    reset = staticmethod(reset)
    step = staticmethod(step)

    def __init__(self, morphology: Morphology) -> None:
        self._places = np.ravel(places(morphology, STEMS, ("knee",)))
        self._muscles = [muscle.name for muscle in morphology.muscles]
        self.space = Space(GENES)
        self.state_size = 2 * FEET + len(self._muscles)

    def parameters(self, values: dict[str, float]) -> Array:
        """Places of muscles and knees of both legs, then the genes."""
        return np.array([*self._places, *(values[gene.name] for gene in GENES)])

    def outputs(self, params: Array, states: Array) -> dict[str, Array]:
        """States of the legs, from 0 (early stance) to 1 (landing), and excitations."""
        return drawn(states, self._muscles, 2 * FEET)
