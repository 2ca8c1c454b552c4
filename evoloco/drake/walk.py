"""Episodes in Drake: the body of a genome with its controller, in a scenario."""

import math
from collections.abc import Sequence

import numpy as np

from evoloco.drake.carried import check
from evoloco.drake.contact import Contact
from evoloco.drake.diary import Diary
from evoloco.drake.readings import Readings
from evoloco.drake.servos import Servos
from evoloco.drake.surfaces import Touch
from evoloco.drake.twin import Twin
from evoloco.ending import COMPLETED, Ending, Outcome, Rule
from evoloco.episode import Columns, Episode
from evoloco.experiment import Experiment
from evoloco.genome import Array
from evoloco.ground import height
from evoloco.host import Host
from evoloco.morphology import HOME
from evoloco.scenario import Scenario, Termination
from evoloco.sim.endings import body_of
from evoloco.sim.prepared import Body
from evoloco.sim.steps import control_steps, physics_steps

STEP = 0.001
"""Usual longest step of Drake's dynamics [s]."""


def walk(
    experiment: Experiment,
    genome: Array,
    scenario: Scenario,
    contact: Contact,
    duration: float = 0.0,
    step: float = STEP,
) -> Episode:
    """Simulates an episode in Drake.

    What is recorded is as in native episodes.

    Args:
        experiment: What the genome belongs to.
        genome: (n,).
        scenario: Where the episode happens: its start, friction, masses and command.
        contact: How surfaces touch.
        duration: Of a completed episode [s]; 0 for that of the held-out episodes.
        step: Longest step of Drake's dynamics [s]: it is the model's step or a part of it.

    Raises:
        DrakeError: Something of it cannot be carried over.
        MissingExtraError: Drake is not installed.
    """
    host = Host(experiment, genome)
    check(host, scenario)
    whole = duration or experiment.heldout_duration
    return _Walk(host, experiment.termination, scenario, contact, step).run(whole)


class _Walk:
    """An episode that is under way."""

    def __init__(
        self,
        host: Host,
        termination: Termination,
        scenario: Scenario,
        contact: Contact,
        step: float,
    ) -> None:
        self._host, self._scenario, self._termination = host, scenario, termination
        self._body = Body(host.morphology, termination.min_height, 0.0)
        self._morphology = self._body.placed(scenario)
        model = self._morphology.model
        dt = model.opt.timestep
        self._parts = max(math.ceil(dt / step - 1e-9), 1)  # 1e-9: rounding of the quotient
        self._substeps = physics_steps(host.control_dt, self._morphology)

        self._twin = Twin(model, dt / self._parts, contact)
        self._ctrl = np.array(model.key(HOME).ctrl)
        self._servos = Servos(model, self._twin.step, self._ctrl)
        self._readings = Readings(self._morphology)
        self._body.start(scenario, self._morphology)
        self._twin.put(self._body.data.qpos, self._body.data.qvel)

    def run(self, duration: float) -> Episode:
        """Returns the episode."""
        host = self._host
        steps = control_steps(duration, host.control_dt, "the duration")
        columns = Columns(self._morphology, self._substeps)
        diary = Diary(self._morphology, columns, steps)
        ending, lived = COMPLETED, steps
        self._push()
        self._see()
        for step in range(steps):
            self._control(step, diary)
            with np.errstate(over="ignore", invalid="ignore"):  # where it diverges
                found = self._go(step, diary)
            if found is not None:
                ending, lived = found, step + 1
                break
        return Episode(
            self._morphology, columns, diary.trace[:lived], ending, host.control_dt, steps
        )

    def _control(self, step: int, diary: Diary) -> None:
        """Asks the controller, and writes down what it knew and answered."""
        host, time = self._host, step * self._host.control_dt
        asked = _asked(self._scenario, time)
        host.asked[:] = asked
        command = host.step(self._readings.by_name(self._sensed))
        data, (qpos, qvel) = self._servos.data, self._twin.state
        told = {
            "time": time,
            "qpos": qpos,
            "qvel": qvel,
            "ctrl": command,
            "actuator_force": data.actuator_force[: self._morphology.outputs],
            "sensordata": self._sensed,
            "obs": np.concatenate([np.atleast_1d(one) for one in host.felt().values()]),
            "command": asked,
        }
        diary.begin(step, told)
        self._ctrl[: len(command)] = command

    def _go(self, step: int, diary: Diary) -> Ending | None:
        """Goes on to the next control step; returns how the episode ended, if it did."""
        touched: list[Touch] = []
        try:
            for substep in range(self._substeps):
                self._push()
                self._see()
                diary.add(step, substep, self._sensed, self._servos.data, self._touches)
                touched += self._touches
                self._advance()
        except (RuntimeError, SystemExit):  # how Drake tells that its solver failed
            return Ending(Outcome.UNSTABLE, Rule.DIVERGED, "Drake's solver failed")
        if not all(np.isfinite(part).all() for part in self._twin.state):
            return Ending(Outcome.UNSTABLE, Rule.DIVERGED, "numbers are not finite")
        return self._fallen(diary, touched)

    def _advance(self) -> None:
        """Goes on by a physics step, in whose beginning the servos act already."""
        self._twin.advance()
        for _ in range(self._parts - 1):
            self._push()
            self._twin.advance()

    def _push(self) -> None:
        """Lets the servos act on the state."""
        self._twin.push(self._servos.torque(*self._twin.state, self._ctrl))

    def _see(self) -> None:
        """Reads contacts and sensors."""
        self._touches = self._twin.touches()
        self._sensed = self._readings.read(
            self._servos.data, self._twin.acceleration, self._touches
        )

    def _fallen(self, diary: Diary, touches: Sequence[Touch]) -> Ending | None:
        """Returns by which rule the body fell, if it did."""
        morphology, rules = self._morphology, self._termination
        position, rotation = self._twin.pose(morphology.model.body(morphology.torso_frame).id)
        over = position[2] - float(height(morphology.model, morphology.floor, *position))
        if over < self._body.min_height:
            part, limit = morphology.torso, self._body.min_height
            return Ending(Outcome.FELL, Rule.HEIGHT, part, over, limit)

        tilt = math.acos(min(max(rotation[2, 2], -1.0), 1.0))
        if tilt > rules.max_tilt:
            return Ending(Outcome.FELL, Rule.TILT, morphology.torso, tilt, rules.max_tilt)

        geom, pair = diary.on_ground(touches), diary.on_itself(touches)
        if rules.body_contact and geom is not None:
            return Ending(Outcome.FELL, Rule.CONTACT, body_of(morphology.model, geom))
        if rules.self_contact and pair is not None:
            both = " and ".join(body_of(morphology.model, part) for part in pair)
            return Ending(Outcome.FELL, Rule.SELF_CONTACT, both)
        return None


def _asked(scenario: Scenario, time: float) -> Array:
    """Speed [m/s], heading [rad] and turning rate [rad/s] that a scenario asks for (3,)."""
    # 1e-9: rounding of the time
    start, speed, heading, rate = scenario.command[scenario.command[:, 0] <= time + 1e-9][-1]
    return np.array([speed, heading + rate * (time - start), rate])
