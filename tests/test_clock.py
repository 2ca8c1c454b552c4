"""The clock: a sensor that tells the time of the episode."""

import numpy as np
import pytest
from learners import run_file

from evoloco import fields
from evoloco.errors import SpecError
from evoloco.evaluators.local import simulator
from evoloco.experiment import Experiment
from evoloco.spec import read


def felt(folder, *overrides):
    """What the clock told at each control step of an episode, and the times."""
    experiment = Experiment(read(run_file(folder), ("scenario.duration=0.6", *overrides)))
    params = experiment.parameters(experiment.space.start)[None]
    (episode,) = simulator(experiment, 1).run(params, experiment.scenarios(0)[:1])
    seen = fields.records(episode["obs"], experiment.morphology.observation)
    return seen.clock.copy(), 0.02 * np.arange(len(episode))


def test_the_clock_is_sine_and_cosine_of_the_time(tmp_path):
    clock, time = felt(tmp_path)
    turn = 2 * np.pi * time / 0.5
    np.testing.assert_allclose(clock, np.stack([np.sin(turn), np.cos(turn)], axis=1), atol=1e-12)


def test_it_is_late_and_noisy_as_any_sensor(tmp_path):
    prompt, _ = felt(tmp_path)
    late, _ = felt(tmp_path, "sensors.clock.delay=0.04")
    np.testing.assert_array_equal(late[2:], prompt[:-2])
    noisy, _ = felt(tmp_path, "sensors.clock.noise.gaussian=0.1")
    assert 0.05 < (noisy - prompt).std() < 0.2


def test_two_clocks_are_refused(tmp_path):
    with pytest.raises(SpecError, match="one sensor can have the source 'clock'"):
        felt(tmp_path, "sensors.second.source='clock'")
