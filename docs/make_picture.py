"""Draws docs/biped.png, the picture of the README: the published biped on its way.

Run it with `python docs/make_picture.py`.
"""

import json
import tempfile
from dataclasses import replace
from pathlib import Path

import imageio.v3 as imageio
import numpy as np

from evoloco.build import Experiment, run_file
from evoloco.evaluators.local import simulator
from evoloco.report.video import film
from evoloco.spec import read

FRAMES = 8
STEP = 4
"""Frames of the film from one picture to the next, at 30 per second."""
CUT = slice(40, 340), slice(215, 425)
"""Rows and columns of the film that show the body."""


def main() -> None:
    """Films the champion in its first held-out scenario, and puts some frames side by side."""
    source = run_file("biped")
    published = json.loads(source.with_name("champion.json").read_text())
    experiment = Experiment(read(source, [f"seed={published['seed']}"]))
    params = experiment.parameters(np.array(published["genome"]))[None]
    simulation = simulator(experiment, duration=experiment.heldout_duration)
    (episode,) = simulation.run(params, experiment.held_out()[:1])
    with tempfile.TemporaryDirectory() as folder:
        video = film(replace(episode, trace=episode.trace.copy()), Path(folder) / "film.mp4")
        frames = imageio.imread(video)
    chosen = [frames[len(frames) // 2 + STEP * i][CUT] for i in range(FRAMES)]
    imageio.imwrite(Path(__file__).with_name("biped.png"), np.hstack(chosen))


if __name__ == "__main__":
    main()
