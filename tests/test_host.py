"""A controller outside the native episodes answers as inside them."""

import numpy as np
import pytest

from evoloco.bundled import runs
from evoloco.check.subject import Subject
from evoloco.errors import EvolocoError
from evoloco.experiment import Experiment
from evoloco.host import Host
from evoloco.individual import Individual
from evoloco.spec import read


def hosted(name, *settings):
    """A host of the middle genome of a bundled run, and an episode of it."""
    experiment = Experiment(read(runs()[name], ["scenario.joint_noise=0.02", *settings]))
    genome = np.full(len(experiment.space), 0.5)
    return Host(experiment, genome), Individual(experiment, 0, 0, genome).simulate(0.5)


def readings(host, row):
    """What MuJoCo's sensors told in a control step, by name."""
    model = host.morphology.model
    return {
        model.sensor(i).name: row[model.sensor_adr[i] : model.sensor_adr[i] + model.sensor_dim[i]]
        for i in range(model.nsensor)
    }


@pytest.mark.parametrize("name", ["biped_fast", "biped_phase", "planar_biped"])
def test_equal_readings_give_the_commands_of_the_native_episode(name):
    host, episode = hosted(name)

    for sensed, obs, command in zip(
        episode["sensordata"], episode["obs"], episode["ctrl"], strict=True
    ):
        np.testing.assert_allclose(host.step(readings(host, sensed)), command, rtol=0, atol=1e-9)
        np.testing.assert_allclose(np.concatenate([*host.felt().values()]), obs, rtol=0, atol=1e-9)


def test_tilt_is_estimated_where_no_orientation_comes():
    experiment = Experiment(read(runs()["biped_fast"], ["sensors.estimated_tilt.time_constant=2"]))
    genome = Subject.of("biped_fast").genome
    episode = Individual(experiment, 0, 0, genome).simulate(1.0)
    host = Host(experiment, genome)

    for step, sensed in enumerate(episode["sensordata"]):
        told = readings(host, sensed)
        if step > 0:
            told = {name: told[name] for name in told if name in host.reads}
        host.step(told)
        felt = host.felt()
        np.testing.assert_allclose(felt["tilt"], felt["estimated_tilt"], atol=1e-12)


@pytest.mark.parametrize("name", ["muscle_biped_simbicon", "muscle_biped", "biped_fast"])
def test_limits_are_those_of_the_controls(name):
    experiment = Experiment(read(runs()[name]))
    host = Host(experiment, np.full(len(experiment.space), 0.5))

    model = experiment.morphology.model
    low, high = model.actuator_ctrlrange.T
    np.testing.assert_array_equal(host.low, np.where(model.actuator_ctrllimited, low, -np.inf))
    np.testing.assert_array_equal(host.high, np.where(model.actuator_ctrllimited, high, np.inf))


def test_missing_reading_is_named():
    host, episode = hosted("biped_fast")
    told = readings(host, episode["sensordata"][0])
    del told["torso.rate"]

    with pytest.raises(EvolocoError, match=r"reads 'torso\.rate', which did not come"):
        host.step(told)
