import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from faults.injection import Ended

from evoloco import cli
from evoloco.morphologies.hopper import build
from evoloco.morphology import Morphology

HOP = """
[morphology]
name = "hopper"

[controller]
name = "sine"

[fitness.speed]
measure = "forward_speed"
weight = 1.0

[scenario]
duration = 1.0
joint_noise = 0.02

[evaluation]
episodes = 2
heldout_episodes = 2

[optimizer]
generations = 4
population_size = 5
"""
"""A run that takes a second."""


@pytest.fixture(scope="session")
def hopper() -> Morphology:
    morphology: Morphology = build()
    return morphology


@pytest.fixture
def hop(tmp_path: Path) -> Path:
    """The run file of a small run."""
    path = tmp_path / "hop.toml"
    path.write_text(HOP, encoding="utf-8")
    return path


@pytest.fixture(autouse=True)
def without_video(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Reports have no video, which takes a while to film, except in tests of films."""
    if request.node.get_closest_marker("film") is None:
        monkeypatch.setenv("MUJOCO_GL", "off")


@pytest.fixture
def evoloco(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Ended]:
    """The command line in this process."""

    def command(*arguments: object) -> Ended:
        monkeypatch.setattr(sys, "argv", ["evoloco", *map(str, arguments)])
        capsys.readouterr()
        try:
            cli.main()
            code = 0
        except SystemExit as ended:
            code = int(ended.code or 0)
        return Ended(code, *capsys.readouterr())

    return command


@pytest.fixture
def save(tmp_path: Path) -> Callable[..., str]:
    """Writes a file of a robot, and returns its path."""

    def write(text: str, name: str = "robot.xml") -> str:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return str(path)

    return write
