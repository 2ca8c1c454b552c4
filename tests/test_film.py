import os
import subprocess
import sys

import imageio_ffmpeg
import numpy as np
import pytest
import traces
from pages import small_biped, walk

from evoloco.errors import EvolocoError
from evoloco.loop import evolve
from evoloco.morphologies import muscle_biped
from evoloco.report.assemble import write_report
from evoloco.report.video import film
from evoloco.run import Run
from evoloco.spec import read

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def morphology():
    return small_biped()


def decode(path, width, height):
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-i", str(path)]
    raw = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-"]
    process = subprocess.run(command + raw, capture_output=True, check=True)
    return np.frombuffer(process.stdout, np.uint8).reshape(-1, height, width, 3)


@pytest.mark.film
def test_film_is_a_playable_mp4_of_the_episodes_length(morphology, tmp_path):
    episode = walk(morphology, steps=50)
    try:
        path = film(episode, tmp_path / "walk.mp4", width=160, height=90, fps=30)
    except EvolocoError as error:
        pytest.skip(str(error))
    frames, seconds = imageio_ffmpeg.count_frames_and_secs(str(path))
    assert frames == 30
    assert seconds == pytest.approx(1.0, abs=0.05)
    data = path.read_bytes()
    assert data.index(b"moov") < data.index(b"mdat"), (
        "a browser could not start it before its end has come"
    )
    shots = decode(path, 160, 90)
    assert shots.shape == (30, 90, 160, 3)
    assert np.ptp(shots[0]) > 50, "nothing is seen"
    assert np.abs(shots[5].astype(int) - shots[0]).max() > 50, "nothing moves"


@pytest.mark.film
def test_film_ends_where_it_is_asked_to(morphology, tmp_path):
    episode = walk(morphology, steps=50)
    try:
        path = film(episode, tmp_path / "walk.mp4", width=160, height=90, longest=0.5)
    except EvolocoError as error:
        pytest.skip(str(error))
    assert imageio_ffmpeg.count_frames_and_secs(str(path))[0] == 15


@pytest.mark.film
def test_film_shows_muscles_red_as_they_are_active_on_a_body_that_fills_the_picture(tmp_path):
    human, reds = muscle_biped.build(), []
    for active in (0.0, 1.0):
        trace = {"qpos": human.home, "act": active, "torso.position": [0, 0, human.standing_height]}
        try:
            path = film(
                traces.episode(human, 1, trace), tmp_path / "still.mp4", width=320, height=180
            )
        except EvolocoError as error:
            pytest.skip(str(error))
        red, green, blue = decode(path, 320, 180)[0].astype(int).transpose(2, 0, 1)
        reds.append(
            (red > 90) & (green < 0.5 * red) & (blue < 0.6 * red) & (blue > 0.6 * green)
        )  # feet are orange
    rest, full = reds
    assert rest.sum() < 10 < 200 < full.sum()
    rows = np.flatnonzero(full.any(axis=1))
    heel_to_hip = np.ptp(rows) / 180
    assert heel_to_hip == pytest.approx(0.6 * 1.0 / human.size, abs=0.05), (
        "muscles reach to a height of about 1 m"
    )


@pytest.mark.film
def test_film_leaves_the_model_as_it_was(morphology, tmp_path):
    before = morphology.model.vis.global_.offwidth, morphology.model.vis.quality.shadowsize
    try:
        film(walk(morphology, steps=2), tmp_path / "walk.mp4", width=160, height=90)
    except EvolocoError as error:
        pytest.skip(str(error))
    assert (
        morphology.model.vis.global_.offwidth,
        morphology.model.vis.quality.shadowsize,
    ) == before


@pytest.mark.slow
def test_without_gl_film_names_the_packages_and_writes_nothing(tmp_path):
    script = (
        "import sys; sys.path.insert(0, sys.argv[1]); import pathlib, test_film as t\n"
        "try: t.film(t.walk(t.small_biped(), steps=5), pathlib.Path(sys.argv[2]))\n"
        "except t.EvolocoError as error: print(error)"
    )
    path = tmp_path / "walk.mp4"
    told = subprocess.run(
        [sys.executable, "-c", script, os.path.dirname(__file__), str(path)],
        env={**os.environ, "MUJOCO_GL": "disable"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "libegl1 libgl1-mesa-dri" in told.stdout
    assert not path.exists()


@pytest.mark.film
def test_a_report_shows_its_champion_or_says_why_it_cannot(hop):
    run = Run.create(read(hop), hop.parent / "run")
    evolve(run, generations=1)
    run.choose_champion()
    path, missing = write_report(run)
    assert ("<video" in path.read_text(encoding="utf-8")) == (missing == "")
    assert "MUJOCO_GL" not in missing
