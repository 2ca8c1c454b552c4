"""Every champion is judged alike: by the same fitness, scenarios, worlds and noise."""

from collections import Counter
from collections.abc import Sequence

import numpy as np

from evoloco.check.quality import Look, look
from evoloco.compare.lineup import SEED
from evoloco.compare.result import Judged
from evoloco.evaluators.local import Local, judge, simulator
from evoloco.experiment import Experiment
from evoloco.fitting import felt_alike
from evoloco.genome import Array
from evoloco.rating import aggregate, rate
from evoloco.scenario import Scenario
from evoloco.spec import NoiseSpec, RunSpec, SupportSpec


def judged_by(own: RunSpec, judge: RunSpec) -> RunSpec:
    """Returns a run file with its own body and controller, in the scenario of a judge.

    Fitness, scenario, randomization, and the noise of sensors are the judge's. The run's own
    sensors stay, without noise, with the control step that its controller was made for. A policy
    feels no sensor that only the judge has.
    """
    kept = {"control_dt": own.scenario.control_dt, "ramp": own.scenario.ramp}
    quiet = {
        name: table.model_copy(update={"noise": NoiseSpec()}) for name, table in own.sensors.items()
    }
    return own.model_copy(
        update={
            "seed": SEED,
            "fitness": judge.fitness,
            "sensors": felt_alike(own.sensors, {**quiet, **judge.sensors}),
            "randomize": judge.randomize,
            "scenario": judge.scenario.model_copy(update=kept),
            "evaluation": judge.evaluation.model_copy(update={"support": SupportSpec()}),
        }
    )


def worlds(experiment: Experiment, count: int) -> list[Scenario]:
    """Returns the worlds that judge: at full width, and of numbers that no search has seen."""
    spec = experiment.spec.scenario
    return [experiment.check_scenario(i, spec, experiment.randomizations) for i in range(count)]


def floor(experiment: Experiment) -> float:
    """Returns the fitness of an episode that ends at once: every term counts its floor."""
    return float(sum(term.weight * term.floor for term in experiment.terms))


def judged(experiment: Experiment, genome: Array, count: int, threads: int = 0) -> Judged:
    """Judges a champion.

    Args:
        experiment: Of `judged_by`.
        genome: Of the champion (n,).
        count: Number of worlds.
        threads: Number of threads; 0 for all CPUs. Results do not depend on it.
    """
    body, params = experiment.embodied(genome[None])[0]
    sim = simulator(experiment, threads, experiment.heldout_duration, body=body)
    fitness, looks = [], []
    for episode in sim.run(params[None], worlds(experiment, count)):
        fitness.append(judge(experiment, episode).fitness)
        looks.append(look(episode))

    rule, lasting = experiment.spec.evaluation, [one for one in looks if not one.fell] or looks
    whole = float(aggregate(np.array([fitness]), rule.aggregate, rule.cvar_fraction)[0])
    return Judged(
        fitness=max(whole, floor(experiment)),
        floor=floor(experiment),
        falls=sum(one.fell for one in looks),
        worlds=count,
        goes=sum(one.goes for one in looks),
        speed=float(np.mean([one.speed for one in lasting])),
        way=float(np.mean(np.nan_to_num([one.way for one in looks]))),
        verbs=dict(Counter(one.verb for one in looks).most_common()),
        numbers=_numbers(lasting),
    )


def _numbers(looks: Sequence[Look]) -> dict[str, float | None]:
    """Returns the means of gait numbers over episodes."""
    found: dict[str, float | None] = {}
    for name in looks[0].numbers:
        values = [value for one in looks if (value := one.numbers[name]) is not None]
        found[name] = float(np.mean(values)) if values else None
    return found


def qualities(experiment: Experiment, genomes: Array, count: int, threads: int = 0) -> list[float]:
    """Returns the fitness of genomes (G, n) in worlds, none below that of ending at once."""
    local = Local(experiment, threads, experiment.heldout_duration)
    evaluation = local.evaluate(genomes, worlds(experiment, count), 0.0)
    fitness = rate(experiment, evaluation).fitness
    return [max(float(one), floor(experiment)) for one in fitness]
