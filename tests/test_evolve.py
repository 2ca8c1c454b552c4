import json
import math
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from journals import sign

from evoloco.champion import elite
from evoloco.controllers import sine
from evoloco.errors import EvolocoError, JournalError, SpecError
from evoloco.evaluators.local import Local
from evoloco.loop import ALL_GENERATIONS, Interrupted, evolve
from evoloco.record import schema
from evoloco.record.journal import Generation
from evoloco.run import Run
from evoloco.spec import read

WITHOUT_VIDEO = {**os.environ, "MUJOCO_GL": "off"}
EXAMPLES = Path(__file__).parents[1] / "examples"
COMMAND = [sys.executable, "-m", "evoloco.cli"]


def record(run: Run | Path) -> list[bytes]:
    """All that a run's journal says of its generations, times aside."""
    run = run if isinstance(run, Run) else Run(run)
    return [
        b"".join(
            np.ascontiguousarray(array).tobytes()
            for array in (
                g.genomes,
                g.fitness,
                g.evaluation.fitness,
                g.evaluation.values,
                g.evaluation.duration,
            )
        )
        for g in run.journal.generations()
    ]


def begun(hop: Path, folder: str, *overrides: str) -> Run:
    return Run.create(read(hop, overrides), hop.parent / folder)


@pytest.fixture
def whole(hop: Path) -> Run:
    """A run of four generations that was never stopped."""
    run = begun(hop, "whole")
    assert evolve(run) == ALL_GENERATIONS
    return run


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


# Determinism


def test_equal_seeds_give_equal_journals_and_other_seeds_do_not(whole: Run, hop: Path) -> None:
    again, other = begun(hop, "again"), begun(hop, "other", "seed=1")
    evolve(again)
    evolve(other)
    assert record(again) == record(whole)
    assert not set(record(other)) & set(record(whole))
    assert len(set(record(whole))) == 4


def test_one_thread_gives_the_bytes_of_two(whole: Run, hop: Path) -> None:
    single = begun(hop, "single")
    evolve(single, evaluator=Local(single.experiment, 1))
    assert record(single) == record(whole)


@pytest.mark.parametrize("optimizer", ["cmaes", "uniform"])
def test_a_run_stopped_after_any_generation_and_resumed_equals_an_uninterrupted_one(
    hop: Path, optimizer: str
) -> None:
    name = f"optimizer.name={optimizer}"
    uninterrupted, stopped = begun(hop, "uninterrupted", name), begun(hop, "stopped", name)
    evolve(uninterrupted)
    for generations in (1, 3, 4):
        evolve(Run(stopped.folder), generations)
    assert record(stopped) == record(uninterrupted)


def test_a_run_that_dies_between_generations_equals_an_uninterrupted_one(
    whole: Run, hop: Path
) -> None:
    def die(record: Generation) -> None:
        raise RuntimeError

    run = begun(hop, "dying")
    for _ in range(4):
        with pytest.raises(RuntimeError):
            evolve(Run(run.folder), progress=die)
    assert evolve(Run(run.folder)) == ALL_GENERATIONS
    assert record(run) == record(whole)


def test_an_extended_run_equals_a_longer_one_and_remembers_how_long_it_is(hop: Path) -> None:
    longer, extended = begun(hop, "longer", "optimizer.generations=6"), begun(hop, "extended")
    evolve(longer)
    evolve(extended)

    def die(record: Generation) -> None:
        raise RuntimeError

    with pytest.raises(RuntimeError):
        evolve(Run(extended.folder), 6, progress=die)
    again = Run(extended.folder)
    assert again.generations == 6
    evolve(again)
    assert record(extended) == record(longer)


def test_the_spec_in_the_run_folder_is_the_resolved_one(hop: Path) -> None:
    run = begun(hop, "resolved", "seed=5")
    given = read(hop, ["seed=5"])
    assert run.spec.model_copy(update={"fitness": given.fitness}) == given
    assert run.spec.fitness["speed"].floor == -1.0  # the measure's own, written out
    assert run.provenance["seed"] == 5
    assert {"mujoco", "numpy", "numba", "cma"} <= set(run.provenance["packages"])


# What is recorded


def test_the_recorded_fitness_is_that_of_the_episodes_evaluated_again(whole: Run) -> None:
    experiment = whole.experiment
    for generation in whole.journal.generations():
        scenarios = experiment.scenarios(generation.generation)
        evaluation = Local(experiment, 1).evaluate(
            generation.genomes, scenarios, generation.support
        )
        assert evaluation.fitness.tobytes() == generation.evaluation.fitness.tobytes()
        assert generation.fitness.tobytes() == evaluation.fitness.mean(axis=1).tobytes()


def test_genomes_are_judged_by_the_aggregate_that_the_run_file_names(hop: Path) -> None:
    run = begun(hop, "worst", "evaluation.aggregate=worst")
    evolve(run, 1)
    assert np.array_equal(run.journal[0].fitness, run.journal[0].evaluation.fitness.min(axis=1))


def test_support_fades_over_its_generations_and_champions_come_from_those_without(
    hop: Path,
) -> None:
    support, one = "evaluation.support={stiffness=20, generations=2}", "evaluation.elite=1"
    run = begun(hop, "supported", support, one, "optimizer.name=uniform")
    evolve(run)
    assert [generation.support for generation in run.journal.generations()] == [1.0, 0.5, 0.0, 0.0]
    champion = run.choose_champion()
    assert champion.generation >= 2
    assert champion.search_fitness < run.journal[0].fitness.max()


def test_progress_is_told_after_each_generation_is_recorded(hop: Path) -> None:
    run, seen = begun(hop, "told"), []
    evolve(run, progress=lambda generation: seen.append((generation.generation, len(run.journal))))
    assert seen == [(0, 1), (1, 2), (2, 3), (3, 4)]


def test_the_optimizers_reason_to_stop_is_recorded_and_holds_when_resumed(hop: Path) -> None:
    run = begun(hop, "flat", "fitness={nothing={measure='survival', weight=0.0}}")
    reason = evolve(run)
    assert reason.startswith("cmaes: tolfun")
    assert run.journal.note("stop_reason") == reason
    again = Run(run.folder)
    assert evolve(again) == reason
    assert len(again.journal) == len(run.journal) < 4


# The champion


def test_the_champion_is_chosen_on_scenarios_of_its_own_and_judged_on_others(whole: Run) -> None:
    champion = whole.choose_champion()
    candidates = [
        (generation.generation, int(np.argmax(generation.fitness)))
        for generation in whole.journal.generations()
    ]
    genomes = np.array([whole.journal[g].genomes[i] for g, i in candidates])
    evaluator = Local(whole.experiment)
    chosen_by = evaluator.evaluate(genomes, whole.experiment.elite_scenarios(), 0.0).fitness.mean(
        axis=1
    )
    heldout = evaluator.evaluate(genomes, whole.experiment.held_out(), 0.0).fitness.mean(axis=1)
    best = int(np.argmax(chosen_by))
    assert (champion.generation, champion.individual) == candidates[best]
    assert champion.elite_fitness == chosen_by[best]
    assert champion.heldout_fitness == heldout[best]
    assert champion.search_fitness == whole.journal[champion.generation].fitness.max()


def test_a_genome_that_stays_counts_with_the_mean_of_the_generations_that_evaluated_it(
    hop: Path,
) -> None:
    # Only elites: each generation evaluates the genomes of the first again, in new scenarios.
    stay = [
        "optimizer={name='ga', elites=3, crossover_rate=0, mutation_rate=0}",
        "optimizer.population_size=4",
        "optimizer.generations=4",
    ]
    run = begun(hop, "stays", *stay, "scenario.joint_noise=0.2")
    evolve(run)
    found: dict[bytes, list[float]] = {}
    for generation in run.journal.generations():
        for genome, fitness in zip(generation.genomes, generation.fitness, strict=True):
            found.setdefault(genome.tobytes(), []).append(fitness)
    candidates = elite(run.experiment, run.journal)
    assert max(len(found[candidate.genome.tobytes()]) for candidate in candidates) > 4
    for candidate in candidates:
        fitness = found[candidate.genome.tobytes()]
        assert candidate.fitness == np.mean(fitness)
        assert candidate.fitness < max(fitness)
    ranks = [candidate.fitness for candidate in candidates]
    assert ranks == sorted(ranks, reverse=True)
    assert len({candidate.genome.tobytes() for candidate in candidates}) == len(candidates)


def test_the_elite_comes_from_generations_with_whole_pushes(hop: Path) -> None:
    pushes = ["scenario.push={count=1, impulse=0.1, growth=2}", "optimizer.generations=4"]
    run = begun(hop, "pushed", *pushes)
    evolve(run)
    assert {candidate.generation for candidate in elite(run.experiment, run.journal)} <= {2, 3}


def test_the_elite_are_means_where_the_optimizer_puts_its_mean_first(hop: Path) -> None:
    run = begun(
        hop, "means", "optimizer.mean=true", "optimizer.generations=6", "evaluation.elite=4"
    )
    evolve(run)
    candidates = elite(run.experiment, run.journal)
    assert [candidate.individual for candidate in candidates] == [0, 0, 0, 0]
    assert [candidate.generation for candidate in candidates] == [5, 4, 2, 1]
    for candidate in candidates:
        assert (candidate.genome == run.journal[candidate.generation].genomes[0]).all()


def test_champion_json_holds_the_genome_and_what_it_means(whole: Run) -> None:
    champion = whole.choose_champion()
    content = json.loads((whole.folder / "champion.json").read_text(encoding="utf-8"))
    assert content == whole.read_champion()
    assert content["genome"] == champion.genome.tolist()
    assert content["heldout"]["fitness"] == champion.evaluation.fitness[0].tolist()
    values = whole.experiment.space.decode(champion.genome)
    assert {name: gene["value"] for name, gene in content["genes"].items()} == values
    assert content["genes"]["period"]["unit"] == "s"
    assert "champion.tmp" not in files(whole.folder)


def test_a_run_without_generations_has_no_champion(hop: Path) -> None:
    run = begun(hop, "empty")
    with pytest.raises(JournalError, match="no recorded generation"):
        run.choose_champion()
    with pytest.raises(JournalError, match="No champion yet"):
        run.read_champion()
    (run.folder / "champion.json").write_text("{", encoding="utf-8")
    with pytest.raises(JournalError, match="is not JSON"):
        run.read_champion()


# Folders


def test_an_existing_folder_is_refused_and_left_as_it_is(whole: Run, hop: Path) -> None:
    whole.journal.close()
    before = files(whole.folder)
    with pytest.raises(
        SpecError, match=f"exists and is not overwritten.*evoloco resume {whole.folder}"
    ):
        begun(hop, "whole", "seed=9")
    assert files(whole.folder) == before


def test_what_a_killed_process_left_does_not_hinder_the_next(hop: Path) -> None:
    left = hop.parent / "again.making"
    (left / "deep").mkdir(parents=True)
    (left / "journal.sqlite").write_text("half", encoding="utf-8")
    assert begun(hop, "again").journal.note("schema") == schema.VERSION
    assert not left.exists()


@pytest.mark.parametrize(
    "override",
    [
        "scenario.control_dt=0.007",
        "scenario.duration=1.01",
        "evaluation.heldout_duration=1.01",
        "fitness.fitness={measure='survival', weight=1}",
        "fitness.Speed={measure='survival', weight=1}",
        "optimizer.sigma=3.0",
    ],
)
def test_a_spec_that_does_not_fit_leaves_nothing_behind(hop: Path, override: str) -> None:
    before = set(hop.parent.iterdir())
    with pytest.raises(EvolocoError, match=r"^run file: "):
        begun(hop, "new", override)
    assert set(hop.parent.iterdir()) == before


def test_a_folder_that_is_no_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match=r"is not a run: it has no run\.toml"):
        Run(tmp_path)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("seed = 0", "seed = 1"),
        ("duration = 1.0", "duration = 2.0"),
        ('name = "hop"', 'name = "hip"'),
    ],
)
def test_an_edited_run_file_is_noticed(whole: Run, old: str, new: str) -> None:
    path = whole.folder / "run.toml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    before = files(whole.folder)
    with pytest.raises(JournalError, match="has changed since the run started"):
        Run(whole.folder)
    assert files(whole.folder) == before
    path.write_text(text, encoding="utf-8")
    assert evolve(Run(whole.folder)) == ALL_GENERATIONS


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        (
            ["morphology.ankle=true"],
            "of another run: its genes differ from those of .* in ankle_pitch",
        ),
        (
            ["fitness.alive={measure='survival', weight=1}"],
            "of another run: its fitness terms are speed, alive",
        ),
        (["seed=3"], "Generation 0 of .* does not follow from run.toml"),
    ],
)
def test_a_journal_of_another_run_is_noticed(
    whole: Run, hop: Path, overrides: list[str], words: str
) -> None:
    other = begun(hop, "other", *overrides)
    evolve(other, 1)
    other.journal.close()
    whole.journal.close()
    shutil.copy(other.folder / "journal.sqlite", whole.folder / "journal.sqlite")
    before = files(whole.folder)
    with pytest.raises(JournalError, match=words):
        evolve(Run(whole.folder))
    assert files(whole.folder).keys() >= before.keys()
    assert files(whole.folder)["journal.sqlite"] == before["journal.sqlite"]


def test_a_record_that_was_tampered_with_is_noticed(whole: Run) -> None:
    whole.journal.close()
    with closing(sqlite3.connect(whole.folder / "journal.sqlite")) as database, database:
        database.execute(
            "UPDATE individuals SET fitness = fitness + 1 WHERE generation = 1 AND individual = 0"
        )
    with pytest.raises(
        JournalError,
        match=r"generation 1 does not match its checksum\. Generations 0 to 0 are intact",
    ):
        evolve(Run(whole.folder), 5)
    run = Run(whole.folder)
    sign(run.journal, 1)
    with pytest.raises(JournalError, match=r"Generation 2 of .* does not follow.* was edited"):
        evolve(run, 5)


def test_a_missing_or_broken_provenance_is_told(whole: Run) -> None:
    (whole.folder / "provenance.json").write_text("{", encoding="utf-8")
    with pytest.raises(JournalError, match=r"provenance\.json cannot be read"):
        Run(whole.folder)


# Real processes, stopped


def until(condition: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    while not condition() and process.poll() is None:
        time.sleep(0.02)


def recorded(folder: Path) -> int:
    """Generations in the journal of a run that another process writes."""
    try:
        with closing(
            sqlite3.connect(f"file:{folder / 'journal.sqlite'}?mode=ro", uri=True)
        ) as database:
            return int(database.execute("SELECT count(*) FROM generations").fetchone()[0])
    except sqlite3.Error:
        return 0


def started(*arguments: object) -> subprocess.Popen[str]:
    command = [*COMMAND, *map(str, arguments)]
    return subprocess.Popen(
        command, env=WITHOUT_VIDEO, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


@pytest.mark.slow
def test_ctrl_c_ends_with_a_whole_journal_and_says_how_to_go_on(hop: Path) -> None:
    folder = hop.parent / "stopped"
    process = started("evolve", hop, "optimizer.generations=100000", "--out", folder)
    until(lambda: recorded(folder) >= 2, process)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=20)
    assert process.returncode == 130, err
    assert f"Continue with: evoloco resume {folder}" in err
    assert "Traceback" not in err
    stopped = Run(folder)
    generations = len(stopped.journal)
    assert 2 <= generations < 100_000
    assert stopped.journal.note("stop_reason") == "interrupted"
    whole = begun(hop, "whole", "optimizer.generations=100000")
    evolve(whole, generations + 2)
    evolve(stopped, generations + 2)
    assert record(stopped) == record(whole)


def test_ctrl_c_in_this_process_stops_after_the_generation_and_gives_the_signal_back(
    hop: Path,
) -> None:
    run, before = begun(hop, "stopped"), signal.getsignal(signal.SIGINT)

    def interrupt(record: Generation) -> None:
        if record.generation == 1:
            signal.raise_signal(signal.SIGINT)

    with pytest.raises(
        Interrupted, match=f"Stopped after generation 1.*evoloco resume {run.folder}"
    ):
        evolve(run, progress=interrupt)
    assert len(run.journal) == 2
    assert signal.getsignal(signal.SIGINT) is before


@pytest.mark.slow
def test_a_controller_edited_while_its_run_was_stopped_is_noticed(hop: Path) -> None:
    source = Path(sine.__file__).read_text()
    source = source.replace("from ._", "from evoloco.controllers._")
    source = source.replace("from . import", "from evoloco.controllers import")
    own = hop.with_name("own.py")
    own.write_text(source)
    run = begun(hop, "own", f"controller.name={own}")
    evolve(run, 2)
    own.write_text(source + "\n# edited\n")
    before = record(run)
    with pytest.raises(
        JournalError, match=r"cannot continue as it started: .*own\.py has changed since"
    ):
        evolve(Run(run.folder), 4)
    assert record(run) == before


def test_an_included_file_edited_while_its_run_was_stopped_is_noticed(tmp_path: Path) -> None:
    shutil.copytree(EXAMPLES, tmp_path, dirs_exist_ok=True)
    robot = (tmp_path / "quadruped.xml").rename(tmp_path / "robot.xml")
    (tmp_path / "quadruped.xml").write_text('<mujoco><include file="robot.xml"/></mujoco>')
    small = ["scenario.duration=0.4", "optimizer.population_size=4", "evaluation.elite=1"]
    run = Run.create(read(tmp_path / "own_mjcf.toml", small), tmp_path / "run")
    evolve(run, 1)
    assert len(Run(run.folder).journal) == 1
    robot.write_text(robot.read_text().replace('mass="', 'mass="1'))
    with pytest.raises(
        JournalError, match=r"cannot continue as it started: .*/robot\.xml has changed since"
    ):
        evolve(Run(run.folder), 2)


def test_an_unstable_champion_is_strict_json_and_reads_back_as_minus_infinity(whole: Run) -> None:
    whole.choose_champion()
    content = json.loads((whole.folder / "champion.json").read_text(), parse_constant=pytest.fail)
    content["heldout"]["fitness"] = [None, 1.0]
    (whole.folder / "champion.json").write_text(json.dumps(content))
    assert whole.read_champion()["heldout"]["fitness"] == [-math.inf, 1.0]
