"""Draws the README's pictures of published champions: docs/biped.png and docs/muscles.png.

Run it with `python docs/make_picture.py`.
"""

import json
import tempfile
from dataclasses import replace
from pathlib import Path

import imageio.v3 as imageio
import numpy as np

from evoloco.bundled import run_file
from evoloco.evaluators.local import simulator
from evoloco.experiment import Experiment
from evoloco.report.video import film
from evoloco.spec import read

PICTURES = {"biped": "biped.png", "muscle_biped_fsm": "muscles.png"}
"""Bundled run -> its picture."""
FRAMES = 8
STEP = 4
"""Frames of the film between two parts of the picture, at 30 per second."""
CUT = slice(40, 340), slice(215, 425)
"""Rows and columns of the film that show the body."""


def draw(name: str, path: Path) -> None:
    """Films a run's champion in its first held-out scenario, and joins some frames."""
    source = run_file(name)
    published = json.loads(source.with_name("champion.json").read_text())
    experiment = Experiment(read(source, [f"seed={published['seed']}"]))
    genome = np.array(published["genome"])

    bodies, params = [experiment.body(genome)], experiment.parameters(genome)[None]
    simulation = simulator(experiment, duration=experiment.heldout_duration)
    (episode,) = simulation.run(params, experiment.held_out()[:1], bodies=bodies)
    lasting = replace(episode, trace=episode.trace.copy())

    with tempfile.TemporaryDirectory() as folder:
        frames = imageio.imread(film(lasting, Path(folder) / "film.mp4"))
    chosen = [frames[len(frames) // 2 + STEP * i][CUT] for i in range(FRAMES)]
    imageio.imwrite(path, np.hstack(chosen))


def main() -> None:
    """Draws all pictures."""
    for name, picture in PICTURES.items():
        draw(name, Path(__file__).with_name(picture))


if __name__ == "__main__":
    main()
