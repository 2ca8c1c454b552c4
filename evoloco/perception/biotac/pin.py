"""A pin that presses and rubs a fingertip in MuJoCo, as the pin of Ruppel et al. did a BioTac."""

import mujoco
import numpy as np

from evoloco.fields import Array
from evoloco.perception.biotac.skin import RADII, RATE, Contact, normals

PIN = 0.002
"""Radius of the pin's tip [m]."""

STIFFNESS = 2000.0
"""Of the servos that move the pin [N/m]."""

DEEPEST = 0.003
"""How far below the skin the pin is told to go at most [m]: at 6 N."""

LIFTED = 0.35
"""Share of the time for which the pin is told to be above the skin, about."""

SUBSTEPS = 10
"""Physics steps per reading."""

SWINGS = 6
"""Sines of which each random path is the sum."""

WORLD = f"""
<mujoco>
  <option timestep="{1 / (RATE * SUBSTEPS)}" integrator="implicitfast" cone="elliptic"
          gravity="0 0 0"/>
  <worldbody>
    <geom name="fingertip" type="ellipsoid" size="{" ".join(map(str, RADII))}" solref="0.01 1"/>
    <body name="pin">
      <joint name="out" type="slide" axis="1 0 0"/>
      <joint name="left" type="slide" axis="0 1 0"/>
      <joint name="along" type="slide" axis="0 0 1"/>
      <geom name="pin" type="sphere" size="{PIN}" mass="0.02"/>
    </body>
  </worldbody>
  <actuator>
    <position joint="out" kp="{STIFFNESS}" dampratio="1"/>
    <position joint="left" kp="{STIFFNESS}" dampratio="1"/>
    <position joint="along" kp="{STIFFNESS}" dampratio="1"/>
  </actuator>
  <sensor>
    <contact name="contact" geom1="fingertip" data="force pos" reduce="netforce"/>
  </sensor>
</mujoco>
"""


def touched(force: Array, place: Array) -> Array:
    """Places of contact [m] (T, 3), with the middle of the skin where there is no force."""
    middle = np.array([RADII[0], 0, 0])
    return np.where((force != 0).any(axis=1, keepdims=True), place, middle)


class Rig:
    """A fixed fingertip and a pin on servos."""

    def __init__(self) -> None:
        self._model = mujoco.MjModel.from_xml_string(WORLD)
        self._data = mujoco.MjData(self._model)

    def rub(self, count: int, rng: np.random.Generator, speed: float = 1.0) -> Contact:
        """Moves the pin along a random path.

        Args:
            count: Number of readings.
            rng: Draws the path, the pin's friction and the temperatures.
            speed: Of the path, over that of the training.
        """
        model, data = self._model, self._data
        model.geom_friction[:, 0] = rng.uniform(0.2, 1.0)
        path = _path(count, rng, speed)
        mujoco.mj_resetData(model, data)
        data.qpos[:] = path[0]

        felt = np.empty((count, 6))
        for row, place in enumerate(path):
            data.ctrl[:] = place
            mujoco.mj_step(model, data, SUBSTEPS)
            felt[row] = data.sensordata
        force = felt[:, :3]
        return Contact(touched(force, felt[:, 3:]), force, rng.uniform(15, 28), rng.uniform(26, 31))


def _path(count: int, rng: np.random.Generator, speed: float) -> Array:
    """Where the middle of the pin's tip is told to be [m] (count, 3)."""
    time: Array = np.asarray(speed * np.arange(count) / RATE, np.float64)
    height = np.clip(rng.uniform(-0.7, 0.7) + 0.45 * _swing(time, 0.6, rng), -0.95, 0.95)
    angle = np.clip(rng.uniform(-0.8, 0.8) + 0.5 * _swing(time, 0.6, rng), -1.4, 1.4)
    round_ = np.sqrt(1 - height**2)
    skin = np.stack([round_ * np.cos(angle), round_ * np.sin(angle), height], 1) * RADII

    quantile = np.quantile(depth := _swing(time, 2.0, rng), LIFTED)
    depth = (depth - quantile) / np.ptp(depth) * DEEPEST * rng.uniform(0.4, 1.6)
    return np.asarray(skin + normals(skin) * (PIN - depth[:, None]))


def _swing(time: Array, fastest: float, rng: np.random.Generator) -> Array:
    """A random smooth course with a standard deviation of 1, of frequencies up to some [Hz]."""
    frequency = rng.uniform(0.1 * fastest, fastest, SWINGS)
    phase = rng.uniform(-np.pi, np.pi, SWINGS)
    waves = np.sin(2 * np.pi * frequency * time[:, None] + phase)
    return np.asarray(waves.sum(1) * np.sqrt(2 / SWINGS))
