"""A bundled body on sines in a Python loop; with and without what an evaluation records."""

import math

import mujoco
import numpy as np

from evoloco.controller import layouts
from evoloco.ending import COMPLETED
from evoloco.episode import Columns, Episode
from evoloco.evaluators.local import judge
from evoloco.experiment import Experiment
from evoloco.fields import Array, record
from evoloco.morphology import HOME, Morphology


def waves(experiment: Experiment, genome: Array) -> Array:
    """Period, middles, amplitudes and phases (4, nu) of a genome of the bundled `sine`."""
    kind, _ = layouts(experiment.controller)
    sine = record(experiment.parameters(genome), kind)
    middle = sine.posture.middle
    return np.array([np.full(middle.size, sine.period), middle, sine.amplitude, sine.lead])


class PythonLoop:
    """Episodes of an experiment whose controller is `sine`, one after the other.

    Args:
        experiment: Nothing ends its episodes early, and its scenarios have no noise.
        genomes: To simulate (G, n).
    """

    def __init__(self, experiment: Experiment, genomes: Array) -> None:
        self._experiment, self._body = experiment, experiment.morphology
        self._model, scenario = self._body.model, experiment.spec.scenario
        self._data = mujoco.MjData(self._model)
        self._waves = [waves(experiment, genome) for genome in genomes]
        self._dt = scenario.control_dt
        self._steps = round(scenario.duration / self._dt)
        self._substeps = round(self._dt / self._model.opt.timestep)
        self._columns = Columns(self._body, self._substeps)
        self._feet = np.array(
            [self._body.sensor(f"foot.{foot}.ground").start for foot in self._body.feet]
        )
        self._floor, self._allowed = _masks(self._body)

    def bare(self) -> int:
        """Controls and steps, and keeps nothing; physics steps done."""
        data = self._data
        for period, middle, amplitude, phase in self._waves:
            self._start()
            for t in range(self._steps):
                data.ctrl[:] = middle + amplitude * np.sin(
                    2.0 * math.pi * (t * self._dt) / period[0] + phase
                )
                mujoco.mj_step(self._model, data, self._substeps)
        return len(self._waves) * self._steps * self._substeps

    def recorded(self) -> int:
        """Does what an evaluation does; physics steps done."""
        return len(self.fitness()) * self._steps * self._substeps

    def fitness(self) -> Array:
        """Fitness of every genome (G,)."""
        return np.array(
            [judge(self._experiment, self._episode(wave)).fitness for wave in self._waves]
        )

    def _episode(self, wave: Array) -> Episode:
        model, data = self._model, self._data
        period, middle, amplitude, phase = wave
        trace = np.zeros((self._steps, self._columns.size))  # `sine` feels nothing: `obs` stays 0
        readings_end = self._columns.slices["obs"].start
        forces, works = (self._columns.slices[name] for name in ("ground_force", "positive_work"))
        self._start()
        for t, row in enumerate(trace):
            data.ctrl[:] = middle + amplitude * np.sin(
                2.0 * math.pi * (t * self._dt) / period[0] + phase
            )
            row[0] = data.time
            row[1:readings_end] = np.concatenate(
                [data.qpos, data.qvel, data.act, data.ctrl, data.actuator_force, data.sensordata]
            )
            force, touches = row[forces].reshape(self._substeps, -1), 0
            for substep in range(self._substeps):
                mujoco.mj_step(model, data)
                force[substep] = data.sensordata[self._ground].ravel()
                work = data.actuator_force * data.actuator_velocity * model.opt.timestep
                row[works] += np.maximum(work, 0.0)
                pairs = data.contact.geom
                touches += bool(
                    np.any(self._floor[pairs].any(axis=1) & ~self._allowed[pairs].all(axis=1))
                )
            row[self._columns.slices["body_contact"]] = touches / self._substeps
        return Episode(self._body, self._columns, trace, COMPLETED, self._dt, self._steps)

    def _start(self) -> None:
        model, data = self._model, self._data
        mujoco.mj_resetDataKeyframe(model, data, model.key(HOME).id)
        for actuator in range(model.nu):
            if samples := int(model.actuator_history[actuator, 0]):
                mujoco.mj_initCtrlHistory(
                    model, data, actuator, None, np.full(samples, data.ctrl[actuator])
                )
        mujoco.mj_forward(model, data)


def _masks(body: Morphology) -> tuple[np.ndarray, np.ndarray]:
    """Which geoms are ground, and which are ground or foot (ngeom,)."""
    floor, allowed = np.zeros((2, body.model.ngeom), bool)
    floor[list(body.floor)] = True
    allowed[list(body.floor | body.foot_geoms)] = True
    return floor, allowed
