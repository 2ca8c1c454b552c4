"""Draws docs/torques.svg, the joint torques of muscle_biped over angle.

Run it with `python docs/make_torques.py`.
"""

from pathlib import Path
from typing import NamedTuple

import matplotlib
import mujoco
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from evoloco.genome import Array
from evoloco.morphologies.muscle_biped import HEIGHT, MASS, build
from evoloco.morphology import GRAVITY, HOME, Morphology
from evoloco.report.canvas import INK, STYLE

PICTURE = Path(__file__).with_name("torques.svg")

POSES = {
    "hip": {"knee": 10.0, "ankle": 0.0},
    "knee": {"hip": 70.0, "ankle": 0.0},
    "ankle": {"hip": 0.0, "knee": 10.0},
}
"""Angles of the other joints while one is measured [°]: upright, and seated for the knee."""


class People(NamedTuple):
    """Torque of people over angle: c1 cos(c2 (angle - c3)) weight height.

    Attributes:
        c1: Largest torque over weight and height [1].
        spread: Its standard deviation over people [1].
        c2: Width of the curve [1/rad].
        c3: Angle of the largest torque [rad].
    """

    c1: float
    spread: float
    c2: float
    c3: float

    def torque(self, angle: Array, share: float) -> Array:
        """Returns the torque [N m]; 0 beyond a quarter period of the curve.

        Args:
            angle: Angle of the joint [rad].
            share: Added to c1, in its spreads.
        """
        phase = np.clip(self.c2 * (angle - self.c3), -np.pi / 2, np.pi / 2)
        return np.asarray((self.c1 + share * self.spread) * np.cos(phase) * MASS * GRAVITY * HEIGHT)


PEOPLE = {
    ("hip", "extension"): People(0.161, 0.049, 0.958, 0.932),
    ("hip", "flexion"): People(0.113, 0.025, 0.738, -0.214),
    ("knee", "extension"): People(0.163, 0.040, 1.258, 1.133),
    ("knee", "flexion"): People(0.087, 0.015, 0.869, 0.522),
    ("ankle", "plantar flexion"): People(0.095, 0.022, 1.391, 0.408),
    ("ankle", "dorsiflexion"): People(0.033, 0.005, 1.510, -0.187),
}
"""Men of 18 to 25 years at rest: Anderson, Madigan and Nussbaum, 2007, Maximum voluntary joint
torque as a function of joint angle and angular velocity, doi:10.1016/j.jbiomech.2007.03.022 (active
torque, table 3)."""


def strength(body: Morphology, joint: str, sign: float, angles: Array) -> Array:
    """Returns the active torque of a left joint to one side [N m] (T,).

    That is with every muscle that turns it to this side fully active, minus
    the torque with no muscle active.

    Args:
        body: A body with muscles.
        joint: Name of the joint without its side.
        sign: +1 for flexion and dorsiflexion, -1 for the other side.
        angles: Angles of the joint [rad] (T,).
    """
    model, data = body.model, mujoco.MjData(body.model)
    torques = []
    for angle in angles:
        mujoco.mj_resetDataKeyframe(model, data, model.key(HOME).id)
        data.qvel[:] = 0
        for stem, degrees in {**POSES[joint], joint: np.degrees(angle)}.items():
            data.joint(f"{stem}_left").qpos = np.radians(degrees)

        data.act[:] = 0
        mujoco.mj_forward(model, data)
        passive = data.joint(f"{joint}_left").qfrc_actuator[0]

        # A muscle that gets shorter while the joint turns to this side pulls to this side.
        turned = data.joint(f"{joint}_left").qvel
        turned[:] = 1
        mujoco.mj_fwdVelocity(model, data)
        helping = sign * data.actuator_velocity < -1e-9

        turned[:] = 0
        data.act[:] = helping
        mujoco.mj_forward(model, data)
        torques.append(sign * (data.joint(f"{joint}_left").qfrc_actuator[0] - passive))
    return np.array(torques)


def draw() -> None:
    """Writes the picture and prints the largest torques."""
    body = build()
    with matplotlib.rc_context({**STYLE, "svg.hashsalt": "torques"}):
        figure = Figure(figsize=(9.6, 5.6), dpi=72, facecolor="white", layout="constrained")
        grid = figure.subplots(2, 3, sharex="col").T.flat
        for axes, ((joint, way), people) in zip(grid, PEOPLE.items(), strict=True):
            draw_joint(axes, body, joint, way, people)

        for axes in figure.axes:
            place = axes.get_subplotspec()
            if place.is_first_col():
                axes.set_ylabel("torque [N m]")
            if place.is_last_row():
                at_ankle = "ankle" in axes.get_title(loc="left")
                axes.set_xlabel("dorsiflexion [°]" if at_ankle else "flexion [°]")
        figure.axes[3].legend(loc="upper right")
        figure.savefig(PICTURE, format="svg", metadata={"Date": None})


def draw_joint(axes: Axes, body: Morphology, joint: str, way: str, people: People) -> None:
    """Draws the torque of one joint to one side, beside that of people."""
    limits = body.joint(f"{joint}_left")
    angles = np.linspace(limits.low, limits.high, 91)
    sign = -1.0 if way in ("extension", "plantar flexion") else 1.0
    ours = strength(body, joint, sign, angles)

    degrees = np.degrees(angles)
    band = [people.torque(angles, share) for share in (-1.0, 1.0)]
    axes.fill_between(
        degrees, *band, color=INK["muted"], alpha=0.25, linewidth=0, label="young men"
    )
    axes.plot(degrees, ours, color=INK["left"], label="muscle_biped")
    axes.set(title=f"{joint}, {way}", ylim=(0, None))

    mean = people.torque(angles, 0.0)
    spread = people.spread / people.c1 * mean.max()
    print(
        f"{joint} {way}: {ours.max():.0f} N m at {degrees[ours.argmax()]:.0f}°, "
        f"people {mean.max():.0f} ± {spread:.0f} N m at {degrees[mean.argmax()]:.0f}°"
    )


if __name__ == "__main__":
    draw()
