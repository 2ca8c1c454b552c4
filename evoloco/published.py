"""The published champions of the bundled runs, simulated again."""

import numpy as np

from evoloco import champion, provenance
from evoloco.bundled import runs
from evoloco.errors import JournalError
from evoloco.evaluators.local import judge
from evoloco.experiment import Experiment
from evoloco.individual import simulate
from evoloco.replay import Replay
from evoloco.spec import read


def replay_published(name: str, which: str = "best", time_limit: float | None = None) -> Replay:
    """Simulates the published champion of a bundled run on its held-out scenarios.

    Args:
        name: A bundled run.
        which: Must be "best": nothing else of the search is published.
        time_limit: Wall time that an episode may take [s]; by default the run file's.

    Raises:
        JournalError: Another individual is asked for, or the run file has other genes.
    """
    if which != "best":
        raise JournalError(
            f"'{name}' is a bundled run, of which only the champion is published: {which} is not. "
            f"Evolve it first, with: evoloco evolve {name}"
        )

    file = runs()[name].with_name(champion.FILE)
    published = champion.read(file)
    experiment = Experiment(read(runs()[name], [f"seed={published['seed']}"]), time_limit)
    genome = np.array(published["genome"])
    if len(genome) != len(experiment.space):
        raise JournalError(
            f"{file} has {len(genome)} genes, {runs()[name]} {len(experiment.space)}."
        )

    scenarios = experiment.held_out()
    episodes = simulate(experiment, genome, scenarios, experiment.heldout_duration)
    fitness = np.array([judge(experiment, episode)[0] for episode in episodes])
    reasons = provenance.differences(published["provenance"], provenance.collect(experiment))
    return Replay(
        published["generation"],
        published["individual"],
        genome,
        episodes,
        fitness,
        np.array(published["heldout"]["fitness"]),
        tuple(reasons),
    )
