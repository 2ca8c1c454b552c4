"""What was done with a user's model is said by every command, kept in the run and reported."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from robot_files import OPTIONS, table

from evoloco.morphologies import mjcf
from evoloco.run import Run
from evoloco.spec import read

Command = Callable[..., tuple[int, str, str]]

RUN = f"""
[morphology]
name = "mjcf"
path = "robot.xml"
torso = "frame"
feet = {OPTIONS["feet"]}
joints = {OPTIONS["joints"]}

[controller]
name = "sine"

[fitness.speed]
measure = "forward_speed"
weight = 1.0

[scenario]
duration = 0.2

[evaluation]
heldout_episodes = 1

[optimizer]
population_size = 4
generations = 1
"""

FLOOR = "Added a level floor at height 0"


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """The run file of a robot without a floor."""
    (tmp_path / "robot.xml").write_text(table(world="<light/>"), encoding="utf-8")
    path = tmp_path / "run.toml"
    path.write_text(RUN, encoding="utf-8")
    return path


@pytest.mark.slow
def test_every_command_says_what_was_done_with_the_model(
    evoloco: Command, run: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "out"
    code, out, _ = evoloco("evolve", run, "--out", folder, "--threads", "1")
    assert code == 0
    assert f"Body: {FLOOR}" in out
    assert out.index("Body: ") < out.index("generation")

    told = Run(folder).provenance["told"]
    assert any(FLOOR in sentence for sentence in told)
    report = (folder / "report.html").read_text(encoding="utf-8")
    assert "What was done with your model" in report
    assert report.count(FLOOR) == 1

    assert f"Body: {FLOOR}" in evoloco("resume", folder)[1]
    assert "Body" not in evoloco("resume", folder, "--quiet")[1]
    first = json.loads(evoloco("resume", folder, "--json")[1].splitlines()[0])
    assert first == {"event": "body", "told": told}

    dry = evoloco("evolve", run, "--dry-run", "--threads", "1")[1]
    assert f"Body: {FLOOR}" in dry
    seeds = evoloco("evolve", run, "--seeds", "0-1", "--out", tmp_path / "seeds")[1]
    assert seeds.count(f"Body: {FLOOR}") == 1


def test_python_sees_what_was_done_with_the_model(run: Path, tmp_path: Path) -> None:
    created = Run.create(read(run), tmp_path / "out", run)
    assert any(FLOOR in sentence for sentence in created.told)
    assert created.provenance["told"] == list(created.told)


@pytest.mark.filterwarnings("error")
def test_what_mujoco_warns_of_is_told_once(tmp_path: Path) -> None:
    path = tmp_path / "old.xml"
    text = table().replace("<option", '<compiler settotalmass="2"/><option')
    path.write_text(text, encoding="utf-8")
    body = mjcf.build(str(path), **OPTIONS)
    (sentence,) = (one for one in body.told if one.startswith("MuJoCo warns: "))
    assert "'settotalmass' is deprecated" in sentence
