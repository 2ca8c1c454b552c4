"""The gait of a run's champion on another body: its controller, and the values of its genes."""

from pathlib import Path
from typing import NamedTuple

import numpy as np

from evoloco import champion, provenance
from evoloco.bundled import runs
from evoloco.controller import Controller
from evoloco.errors import SpecError, UnknownNameError, error_context
from evoloco.experiment import Experiment
from evoloco.members import member
from evoloco.morphology import Morphology
from evoloco.options import checked
from evoloco.spec import ControllerSpec, RunSpec, read


class Gait(NamedTuple):
    """A controller with the values of its genes.

    Attributes:
        controller: The controller, on its body.
        values: Of its genes, by name.
    """

    controller: Controller
    values: dict[str, float]


def gait_of_run(name: str, morphology: Morphology) -> Gait:
    """The controller of a run's champion, made for a body.

    Args:
        name: A bundled run, or the path of a champion.json beside its run.toml.
        morphology: The body, which must have what the controller needs.

    Raises:
        EvolocoError: There is no such champion, or its controller does not fit the body.
    """
    with error_context("controller.gait"):
        file = _champion_file(name)
        published = champion.read(file)
        experiment = Experiment(_run_of(file, published))
        genome = np.array(published["genome"])
        if len(genome) != len(experiment.space):
            raise SpecError(f"{file} has {len(genome)} genes, its run {len(experiment.space)}.")

        brain = experiment.spec.controller
        kind = member("controllers", brain.name, "controller.name").Controller
        options = checked(kind, brain.options, "controller", ControllerSpec.model_fields)
        values = {**experiment.space.decode(genome), **brain.fixed}
        return Gait(kind(morphology, **options), values)


def _champion_file(name: str) -> Path:
    """The champion.json that a name means."""
    if name.endswith(".json"):
        return Path(name)
    if name not in runs():
        hint = "a gait is a bundled run or the path of a champion.json beside its run.toml"
        raise UnknownNameError("run", name, runs(), hint)
    return runs()[name].with_name(champion.FILE)


def _run_of(file: Path, published: dict[str, object]) -> RunSpec:
    """The run that a champion belongs to."""
    run_file = file.with_name("run.toml")
    if run_file not in runs().values():
        provenance.refuse_code(run_file)
    return read(run_file, [f"seed={published.get('seed', 0)}"])
