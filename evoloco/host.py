"""A controller outside the native episodes: on a robot, or in another simulator.

The host passes on what the body's sensors tell, by the names of MuJoCo's sensors, and gets
commands. The compiled functions are those of the native episodes, so equal readings give equal
commands.
"""

import ctypes
import math
from collections.abc import Mapping
from typing import Any

import mujoco
import numpy as np

from evoloco import fields
from evoloco.errors import ControllerError, EvolocoError
from evoloco.experiment import Experiment
from evoloco.genome import Array
from evoloco.morphology import Morphology
from evoloco.sensor import Clock, Estimate, Reading, Sensor
from evoloco.sensors import acceleration
from evoloco.sim.compile import CompiledController
from evoloco.standard_sensors import RATE
from evoloco.tilt import TIME_CONSTANT, filtered, leaning

ORIENTATION = "torso.orientation"
"""A MuJoCo sensor that robots lack."""

_RESET = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_double)
_STEP = ctypes.CFUNCTYPE(
    ctypes.c_int64,
    *[ctypes.c_void_p] * 3,
    *[ctypes.c_double] * 2,
    ctypes.c_void_p,
    ctypes.c_int64,
)


class Host:
    """Runs the controller of a genome, one control step at a time.

    Readings come as they are: interval, delay and noise of a run's sensors are not added. Where no
    orientation comes, roll and pitch are estimated from gyroscope and accelerometer.

    Args:
        experiment: Of the run.
        genome: (n,).

    Attributes:
        morphology: The body.
        home: Command at rest [unit of the controls] (nu,).
        low: Lower limits of the commands (nu,).
        high: Upper limits of the commands (nu,).
        control_dt: Time between control steps [s].
        time: Of the next control step [s].
        asked: Speed [m/s], heading [rad] and turning rate [rad/s] asked for. The heading turns with
            the rate.

    Raises:
        ControllerError: The controller reads what can be known in the run's own simulation only.
    """

    def __init__(self, experiment: Experiment, genome: Array) -> None:
        ((self.morphology, self._params),) = experiment.embodied(genome[None])
        self._controller = CompiledController(experiment.controller, self.morphology.observation)
        self.control_dt = experiment.spec.scenario.control_dt
        self._ramp = experiment.spec.scenario.ramp
        _check(self.morphology.sensors)

        model = self.morphology.model
        self._data = mujoco.MjData(model)
        self.home = np.array(model.key("home").ctrl)
        self.low, self.high = _limits(self.morphology)
        self._reset = _RESET(self._controller.reset)
        self._step = _STEP(self._controller.step)
        self.asked = np.zeros(3)
        self.reset()

    @property
    def reads(self) -> tuple[str, ...]:
        """Names of the MuJoCo sensors that readings are made from, the orientation aside."""
        found: dict[str, None] = {}
        for sensor in self.morphology.sensors:
            if isinstance(sensor.source, tuple):
                found |= dict.fromkeys(reading.sensor for reading in sensor.source)
            elif isinstance(sensor.source, Estimate):
                found |= dict.fromkeys((RATE, acceleration.NAME))
        return tuple(found)

    def reset(self) -> None:
        """Prepares an episode."""
        self.time, self._count = 0.0, 0
        self._tilts: dict[str, Array] = {}
        self._obs = np.zeros(fields.size(self._controller.observation))
        self._state = np.zeros(fields.size(self._controller.state))
        self._ctrl = self.home.copy()
        if self._reset(self._params.ctypes.data, self._state.ctypes.data, self.control_dt):
            raise ControllerError("The controller's `reset` raised an exception.")

    def step(self, readings: Mapping[str, Array]) -> Array:
        """Runs one control step, and returns its commands (nu,).

        Args:
            readings: Of MuJoCo's sensors, by name [their units] (dimension,).

        Raises:
            ControllerError: The controller raised an exception, or answered no finite number.
            EvolocoError: A reading is missing.
        """
        obs = fields.record(self._obs, self._controller.observation)
        for sensor in self.morphology.sensors:
            obs[sensor.name][:] = self._felt(sensor, readings)
        return self.step_felt(self._obs)

    def step_felt(self, felt: Array) -> Array:
        """Runs one control step with what the controller feels (n,) instead of readings.

        Raises:
            ControllerError: The controller raised an exception, or answered no finite number.
        """
        self._obs[:] = felt
        failed = self._step(
            *(self._params.ctypes.data, self._state.ctypes.data, self._obs.ctypes.data),
            *(self.time, self.control_dt, self._ctrl.ctypes.data, len(self._ctrl)),
        )
        if failed or not np.isfinite(self._ctrl).all():
            what = "raised an exception" if failed else f"answered {self._ctrl.tolist()}"
            raise ControllerError(f"The controller {what} at {self.time:.3f} s.")

        command = self._ctrl.copy()
        if self.time < self._ramp:
            command = self.home + self.time / self._ramp * (command - self.home)
        self.asked[1] += self.asked[2] * self.control_dt
        self._count += 1
        self.time = self._count * self.control_dt
        return command

    def felt(self) -> dict[str, Array]:
        """What the controller felt in the last control step: channels of each sensor."""
        obs = fields.record(self._obs, self._controller.observation)
        return {sensor.name: np.array(obs[sensor.name]) for sensor in self.morphology.sensors}

    def _felt(self, sensor: Sensor, readings: Mapping[str, Array]) -> Any:
        """Channels of a sensor."""
        source = sensor.source
        if isinstance(source, tuple):
            return [_read(reading, readings) for reading in source]
        if isinstance(source, Clock):
            turn = 2.0 * math.pi * self.time / source.period
            return math.sin(turn), math.cos(turn)
        if isinstance(source, Estimate):
            return self._estimate(sensor.name, readings, source.time_constant)
        if source == "command":
            return self.asked
        if source == "tilt":
            if ORIENTATION in readings:
                self._tilts[sensor.name] = np.array(tilt(readings[ORIENTATION]))
                return self._tilts[sensor.name]
            return self._estimate(sensor.name, readings, TIME_CONSTANT)
        return self._feet_ahead(readings)

    def _feet_ahead(self, readings: Mapping[str, Array]) -> list[float]:
        """Each foot ahead of the torso, over the leg's length: by joint angles and tilt."""
        turn = _rotation(readings[ORIENTATION]) if ORIENTATION in readings else self._leaning()
        forward = turn[:2, 0]
        level = float(np.hypot(*forward)) * self.morphology.leg_length
        return [float(forward @ (turn @ foot)[:2]) / level for foot in self._feet(readings)]

    def _leaning(self) -> Array:
        """Rotation matrix (3, 3) of the estimated tilt, heading along x."""
        roll, pitch = self._tilts["tilt"]
        turn = np.zeros(9)
        half = (math.cos(pitch / 2), math.sin(pitch / 2), math.cos(roll / 2), math.sin(roll / 2))
        leaning = np.array([half[0], 0, half[1], 0]), np.array([half[2], half[3], 0, 0])
        both = np.zeros(4)
        mujoco.mju_mulQuat(both, *leaning)
        mujoco.mju_quat2Mat(turn, both)
        return turn.reshape(3, 3)

    def _feet(self, readings: Mapping[str, Array]) -> Array:
        """Positions of the feet in the torso's frame [m] (F, 3), from the joint angles."""
        body, model, data = self.morphology, self.morphology.model, self._data
        mujoco.mj_resetDataKeyframe(model, data, model.key("home").id)
        for joint in body.joints:
            angle = _reading(readings, f"joint.{joint.name}.angle")[0]
            data.qpos[model.joint(joint.name).qposadr[0]] = angle

        mujoco.mj_kinematics(model, data)
        torso = data.body(body.torso)
        feet = np.array([data.body(foot).xpos for foot in body.feet])
        return np.asarray((feet - torso.xpos) @ torso.xmat.reshape(3, 3))

    def _estimate(self, name: str, readings: Mapping[str, Array], time_constant: float) -> Array:
        """Roll and pitch [rad] (2,) of the complementary filter in `sim/observe.py`.

        The estimate begins with the orientation, or else with the acceleration at rest.
        """
        measured = _reading(readings, acceleration.NAME)
        if name not in self._tilts:
            known = ORIENTATION in readings
            self._tilts[name] = (
                np.array(tilt(readings[ORIENTATION])) if known else leaning(measured)
            )
            return self._tilts[name]

        rate = _reading(readings, RATE)
        self._tilts[name] = filtered(
            self._tilts[name], rate, measured, self.control_dt, time_constant
        )
        return self._tilts[name]


def tilt(orientation: Array) -> tuple[float, float]:
    """Roll and pitch [rad] of a quaternion (4,); leaning forward is positive."""
    up = _rotation(orientation)[2]
    return math.atan2(up[1], up[2]), math.atan2(-up[0], math.hypot(up[1], up[2]))


def _rotation(orientation: Array) -> Array:
    """Rotation matrix of a quaternion (3, 3)."""
    w, x, y, z = orientation
    return np.array(
        [
            (1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)),
            (2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)),
            (2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)),
        ]
    )


def _read(reading: Reading, readings: Mapping[str, Array]) -> float:
    value = _reading(readings, reading.sensor)[reading.component]
    return float(reading.scale * (value - reading.shift))


def _reading(readings: Mapping[str, Array], name: str) -> Array:
    if name not in readings:
        raise EvolocoError(
            f"The controller reads '{name}', which did not come. What came: "
            f"{', '.join(readings) or 'nothing'}."
        )
    return readings[name]


def _limits(body: Morphology) -> tuple[Array, Array]:
    """Lower and upper limits of the commands (nu,); infinite where a motor has none."""
    if not body.muscles and not body.torques:
        joints = body.joints
        return np.array([one.low for one in joints]), np.array([one.high for one in joints])
    count = body.controls
    limited = np.array(body.model.actuator_ctrllimited[:count], bool)
    low, high = np.array(body.model.actuator_ctrlrange[:count]).T
    return np.where(limited, low, -np.inf), np.where(limited, high, np.inf)


def _check(sensors: tuple[Sensor, ...]) -> None:
    """Raises a ControllerError where a sensor is computed from the simulation's state."""
    simulated = [sensor.name for sensor in sensors if sensor.simulated]
    if simulated:
        raise ControllerError(
            f"Sensors that are computed from MuJoCo's state cannot be read elsewhere: "
            f"{', '.join(simulated)}. Leave them out of [sensors]."
        )
