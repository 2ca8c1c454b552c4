"""`evoloco evolve RUN --dry-run`."""

import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evoloco.dry_run import DryRun, dry_run
from evoloco.errors import error_context
from evoloco.figures import clock
from evoloco.json_number import finite
from evoloco.seeds import parse

if TYPE_CHECKING:
    from evoloco.cli.output import Output
    from evoloco.spec import RunSpec

WIDTH = 79
"""Columns of the text."""

LABEL = 12
"""Columns of the words before it."""


def rehearse(
    output: "Output", spec: "RunSpec", source: Path, folder: Path, threads: int, seeds: str | None
) -> None:
    """Tries everything that a run needs, and prints what would happen.

    Args:
        output: Where to say so.
        spec: The run file.
        source: Where it comes from.
        folder: Where the run, or several, would be recorded.
        threads: Number of threads; 0 for all CPUs.
        seeds: Seeds of several runs; None for one run.
    """
    repeats = 1 if seeds is None else len(parse(seeds))
    with output.doing("Building, standing and trying one genome ..."), error_context(source):
        found = dry_run(spec, threads)

    output.body(found.experiment.morphology.told)
    for label, text in _rows(found, folder, repeats).items():
        lines = textwrap.wrap(text, WIDTH - LABEL, break_on_hyphens=False)
        output.say(f"{label:{LABEL}}" + f"\n{' ' * LABEL}".join(lines))
    output.say("Nothing was written.")
    output.data("dry-run", _plain(found, folder, repeats))
    if not found.stands:
        output.warn(_fall(found))


def _rows(found: DryRun, folder: Path, repeats: int) -> dict[str, str]:
    """Returns what would happen, by the words before it."""
    experiment = found.experiment
    spec, body = experiment.spec, experiment.morphology
    rule, own = spec.evaluation, found.counts
    each = f"{rule.episodes} per genome" if rule.episodes > 1 else "1 per genome"
    rows = {
        "Run": f"{spec.name}: {spec.morphology.name} + {spec.controller.name}",
        "Body": f"{body.mass:.4g} kg, {body.size:.3g} m, {len(body.joints)} driven joints, feet: "
        f"{', '.join(body.feet)}; physics step {body.model.opt.timestep * 1000:.3g} ms, control "
        f"step {spec.scenario.control_dt * 1000:.3g} ms",
        "Genes": f"{sum(own)}: {own[0]} of the controller, {own[1]} of the body",
        "Fitness": "  ".join(
            f"{term.weight:+g} {term.name} ({term.source})" for term in experiment.terms
        ),
        "Search": f"{spec.optimizer.name}: {spec.optimizer.generations} generations of "
        f"{spec.optimizer.population_size} genomes, seed {spec.seed}",
        "Scenarios": f"{each}, {spec.scenario.duration:g} s each; then {rule.heldout_episodes} "
        f"choose the champion from the {rule.elite} fittest and {rule.heldout_episodes} judge it, "
        f"{experiment.heldout_duration:g} s each",
        "Aids": _aids(spec),
        "Start": "; ".join(experiment.start_notes),
        "Left out": " ".join(experiment.left_out),
        "At home": f"the body stands for {found.stood:g} s"
        if found.stands
        else f"the body falls after {found.stood:.2f} s",
        "One genome": _one_genome(found),
        "Cost": _cost(found, repeats),
        "Folder": f"{folder}{_existing(folder, repeats)}",
    }
    return {label: text for label, text in rows.items() if text}


def _aids(spec: "RunSpec") -> str:
    """Returns what helps the body, or spares it, early in the search; empty if nothing does."""
    support, push = spec.evaluation.support, spec.scenario.push
    parts = []
    if support.strength(0) > 0:
        parts.append(f"a virtual support during the first {support.generations} generations")
    if push.count and push.impulse and push.growth:
        parts.append(f"pushes that grow during the first {push.growth} generations")
    return ", ".join(parts)


def _existing(folder: Path, repeats: int) -> str:
    """Returns what it means that a folder exists; nothing if it does not."""
    if not folder.exists():
        return ""
    if repeats > 1:
        return " (exists: its finished seeds would be skipped, others continued)"
    return " (exists, and is not overwritten: choose another with --out or --seed)"


def _one_genome(found: DryRun) -> str:
    """Returns how the first genome did."""
    tried = found.genome
    episodes = [
        f"{outcome} after {duration:.2f} s"
        for outcome, duration in zip(tried.outcome[0], tried.duration[0], strict=True)
    ]
    shown = ", ".join(episodes[:3]) + (", ..." if len(episodes) > 3 else "")
    return f"{shown}; fitness {tried.fitness[0].mean():.4g}"


def _cost(found: DryRun, repeats: int) -> str:
    """Returns how long the run would take."""
    threads = f"{found.threads} thread{'s' if found.threads > 1 else ''}"
    times = f", {clock(repeats * found.total_time)} for {repeats} seeds" if repeats > 1 else ""
    return (
        f"at most about {found.generation_time:.2g} s per generation and "
        f"{clock(found.total_time)} in all{times} on {threads}, at {found.pace:.0f} simulated s/s "
        "on each; film and report come on top, and episodes that end early take less"
    )


def _fall(found: DryRun) -> str:
    """Returns what a fall at home may mean."""
    body = found.experiment.morphology
    if body.muscles or body.torques:
        drive = "muscles" if body.muscles else "torque motors"
        return (
            f"the body falls at home after {found.stood:.2f} s: {found.standing.ending}. Its "
            f"{drive} hold no posture by themselves, so this may be as it should: the controller "
            "has to keep it up."
        )
    return (
        f"the body falls at home after {found.stood:.2f} s, although its servos hold the home "
        f"keyframe: {found.standing.ending}. Look at the keyframe, at [scenario.termination], and "
        "at the servos' strength."
    )


def _plain(found: DryRun, folder: Path, repeats: int) -> dict[str, Any]:
    """Returns what would happen for JSON."""
    spec, body = found.experiment.spec, found.experiment.morphology
    return {
        "run": spec.name,
        "seed": spec.seed,
        "seeds": repeats,
        "folder": str(folder),
        "folder_exists": folder.exists(),
        "mass": body.mass,
        "size": body.size,
        "driven_joints": len(body.joints),
        "controller_genes": found.counts[0],
        "body_genes": found.counts[1],
        "generations": spec.optimizer.generations,
        "population_size": spec.optimizer.population_size,
        "episodes": spec.evaluation.episodes,
        "stands_at_home": found.stands,
        "stood": found.stood,
        "genome": {
            "outcome": found.genome.outcome[0].tolist(),
            "duration": found.genome.duration[0].tolist(),
            "fitness": [finite(value) for value in found.genome.fitness[0].tolist()],
        },
        "threads": found.threads,
        "simulated_per_second_and_thread": found.pace,
        "generation_time": found.generation_time,
        "total_time": repeats * found.total_time,
    }
