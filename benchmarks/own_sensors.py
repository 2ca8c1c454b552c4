"""Whether published gaits walk on what a robot itself can measure.

    python benchmarks/own_sensors.py [--runs biped biped_phase biped_hopf]

Each champion is simulated for 10 s in its held-out scenarios, with the true tilt of the torso, with
a tilt estimated from gyroscope and accelerometer, and with a gyroscope that has noise and bias
besides. None was evolved with an estimate. A gait walks as `evoloco.gait.analysis.walks` says.
"""

import argparse
import json

import numpy as np

from evoloco import fields
from evoloco.bundled import run_file
from evoloco.evaluators.local import simulator
from evoloco.experiment import Experiment
from evoloco.gait.analysis import analyse, walks
from evoloco.spec import read

DURATION = 10.0
"""Time that a gait must last [s]."""

ESTIMATE = "sensors.tilt.source=estimated_tilt"

FELT = {
    "true tilt": (),
    "estimated tilt": (ESTIMATE,),
    "estimated tilt, noisy gyroscope": (
        ESTIMATE,
        "sensors.rate.noise={gaussian=0.05, bias=0.02}",
        "sensors.acceleration.noise.gaussian=0.2",
    ),
}
"""What is felt, and the keys of the run file that say so."""


def walking(name: str, changes: tuple[str, ...]) -> str:
    """In how many held-out scenarios a champion walks."""
    file = run_file(name)
    genes = json.loads(file.with_name("champion.json").read_text())["genes"]
    experiment = Experiment(read(file, changes))
    space = experiment.space
    genome = space.encode({gene: genes[gene]["value"] for gene in space.names})
    params = experiment.parameters(genome)[None]
    episodes = simulator(experiment, duration=DURATION).run(params, experiment.held_out())
    found = [not walks(analyse(episode), DURATION) for episode in episodes]
    return f"{sum(found)} of {len(found)}"


def errors(name: str) -> str:
    """Standard deviation of the estimate's error in roll and pitch while a champion walks."""
    file = run_file(name)
    genes = json.loads(file.with_name("champion.json").read_text())["genes"]
    experiment = Experiment(read(file, ["sensors.estimated_tilt={}"]))
    space = experiment.space
    genome = space.encode({gene: genes[gene]["value"] for gene in space.names})
    runs = simulator(experiment, duration=DURATION).run(
        experiment.parameters(genome)[None], experiment.held_out()[:1]
    )
    (episode,) = runs
    seen = fields.records(episode["obs"], episode.morphology.observation)
    roll, pitch = np.degrees((seen.estimated_tilt - seen.tilt).std(axis=0))
    return f"roll {roll:.2f}, pitch {pitch:.2f} degrees"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--runs", nargs="*", default=["biped_fast", "biped_phase", "biped_hopf"])
    for name in parser.parse_args().runs:
        for felt, changes in FELT.items():
            print(f"{name}, {felt}: walks in {walking(name, changes)} held-out scenarios")
        print(f"{name}: error of the estimate, standard deviation: {errors(name)}")


if __name__ == "__main__":
    main()
