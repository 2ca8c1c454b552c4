"""The corner of a film that shows what a sensor's camera sees."""

from pathlib import Path

import numpy as np
import pytest
from traces import body, episode

from evoloco.episode import Episode
from evoloco.evaluators.local import simulator
from evoloco.experiment import Experiment
from evoloco.report.inset import FOUND, FRAME, NOTHING, inset_of
from evoloco.spec import read

EYE = '''
import numpy as np
from evoloco.perception.learned import Learned
from evoloco.perception.need import Picture
from evoloco.sensor import Sensor


class Reader:
    needs, channels = Picture(40, 30), ("u", "v", "confidence", "age")

    def __init__(self, finds):
        self.finds = finds

    def read(self, seen, previous):
        return np.array([10.0, 20.0, 1.0, 0.0]) if self.finds else None


def sensor(morphology, finds: bool = True):
    """Finds something at the same pixel always."""
    return Sensor("eye", Reader.channels, "px, px, 1, s", "a place", Learned(Reader(finds)))
'''
RUN = """
[morphology]
name = "hopper"

[controller]
name = "sine"

[cameras.head]
position = [0.1, 0.0, 0.2]
pitch = 40

[sensors.eye]
source = "eye.py"
interval = 0.1

[fitness.alive]
measure = "survival"
weight = 1.0

[scenario]
duration = 0.2

[scenario.target]
bearing = 0
distance = 0.5
"""
WIDTH, HEIGHT, SCALE = 320, 180, 2
"""Of the film; its inset is about a third as high as it."""


@pytest.fixture(autouse=True)
def drawing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MUJOCO_GL", raising=False)


def filmed(folder: Path, *overrides: str) -> tuple[Episode, np.ndarray]:
    """An episode, and its inset at step 8 on a black film, the uppermost row first."""
    (folder / "eye.py").write_text(EYE)
    (folder / "run.toml").write_text(RUN)
    made = Experiment(read(folder / "run.toml", overrides))
    params = made.parameters(made.space.start)[None]
    (lived,) = simulator(made, 1).run(params, made.scenarios(0)[:1])
    pixels = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    inset = inset_of(lived)
    assert inset is not None
    inset.draw(pixels, 8)
    return lived, pixels[::-1]


def test_a_detection_is_marked_where_it_is_in_the_picture(tmp_path: Path) -> None:
    _, film = filmed(tmp_path)
    corner = film[: 30 * SCALE + 2 * FRAME, -40 * SCALE - 2 * FRAME :]
    assert not film[len(corner) :].any()
    assert not film[:, : -corner.shape[1]].any()
    assert (corner[0] == FOUND).all()

    red = np.argwhere((corner[FRAME:-FRAME, FRAME:-FRAME] == FOUND).all(axis=2))
    middle = (red.min(axis=0) + red.max(axis=0)) / 2 / SCALE
    np.testing.assert_allclose(middle, (20.5, 10.5), atol=0.5)


def test_without_a_detection_the_picture_has_no_mark_and_shows_the_ball(tmp_path: Path) -> None:
    _, film = filmed(tmp_path, "sensors.eye.finds=false")
    corner = film[: 30 * SCALE + 2 * FRAME, -40 * SCALE - 2 * FRAME :].astype(int)
    assert (corner[0] == NOTHING).all()
    shown = corner[FRAME:-FRAME, FRAME:-FRAME]
    assert not (shown == FOUND).all(axis=2).any()
    reddish = shown[..., 0] - shown[..., 1:].max(axis=2) > 60
    across = np.argwhere(reddish)[:, 1].mean() / SCALE
    assert across == pytest.approx(20, abs=1)  # straight ahead


def test_an_episode_without_pictures_has_no_inset() -> None:
    assert inset_of(episode(body(), 2)) is None
