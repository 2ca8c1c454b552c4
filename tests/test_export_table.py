"""A table holds the champion's trajectory, in the format of a robot's log."""

import numpy as np
import pytest

from evoloco import robot_log
from evoloco.bundled import runs
from evoloco.experiment import Experiment
from evoloco.export import table
from evoloco.export.exported import Exported
from evoloco.spec import read


def exported(run):
    """The middle genome of a run, for half a second."""
    experiment = Experiment(read(runs()[run], ["evaluation.heldout_duration=0.5"]))
    return Exported(experiment, np.full(len(experiment.space), 0.5), "0" * 64, {})


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_table_is_a_robots_log_of_the_episode(ending, tmp_path):
    path = tmp_path / f"walk.{ending}"
    episode = table.write(exported("biped_fast"), path)
    log = robot_log.read(path)

    joints = [joint.name for joint in episode.morphology.joints]
    assert len(log) == len(episode) > 10
    np.testing.assert_array_equal(log.of_joints("command", joints), episode["ctrl"])
    np.testing.assert_array_equal(log.of_joints("velocity", joints), episode.joint_velocity)
    tilt = episode["obs"][:, episode.morphology.observation.fields["tilt"][1] // 8]
    np.testing.assert_allclose(log["torso.roll"], tilt, atol=1e-12)
    assert log["foot.foot_left.load"].max() > 1.0  # [N]


def test_table_of_muscles_names_their_excitations(tmp_path):
    episode = table.write(exported("muscle_biped"), tmp_path / "walk.csv")

    header = (tmp_path / "walk.csv").read_text().splitlines()[0].split(",")
    first = f"{episode.morphology.muscles[0].name}.excitation [1]"
    values = np.loadtxt(tmp_path / "walk.csv", delimiter=",", skiprows=1)
    np.testing.assert_array_equal(values[:, header.index(first)], episode["ctrl"][:, 0])


def test_command_line_writes_a_table_once(evoloco, tmp_path):
    path = tmp_path / "walk.csv"
    assert evoloco("export", "hopper", "--to", "csv", "--out", path).code == 0
    content = path.read_bytes()

    ended = evoloco("export", "hopper", "--to", "csv", "--out", path)
    assert ended.code == 2
    assert "exists and is not overwritten" in ended.err
    assert path.read_bytes() == content

    ended = evoloco("export", "hopper", "--to", "parquet", "--out", tmp_path / "walk.tsv")
    assert "a parquet file must end in .parquet" in ended.err
