"""MAP-Elites and CMA-ME against pyribs used directly, and the repertoire that a run leaves."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from ribs.archives import GridArchive
from ribs.emitters import EvolutionStrategyEmitter, IsoLineEmitter
from ribs.schedulers import Scheduler
from searches import GRID, POPULATION, SIZE, Case, made, sphere

from evoloco.errors import EvolocoError
from evoloco.experiment import Experiment
from evoloco.loop import evolve
from evoloco.replay import replay
from evoloco.report.assemble import write_report
from evoloco.run import Run
from evoloco.search.repertoire import Grid, repertoire
from evoloco.spec import read

REPERTOIRE = [
    "optimizer.name=map_elites",
    "optimizer.population_size=6",
    "optimizer.generations=5",
    "optimizer.descriptors=['speed', 'still']",
    "optimizer.ranges=[[-1.0, 1.0], [0.0, 1.0]]",
    "optimizer.cells=[5, 4]",
    "fitness.still={measure='survival', weight=0.0}",
]


def test_cells_are_those_of_pyribs_also_on_their_edges_and_beyond() -> None:
    grid = Grid(("a", "b"), ((-1.0, 2.0), (0.5, 0.75)), (7, 3))
    theirs = GridArchive(solution_dim=1, dims=grid.cells, ranges=grid.ranges)
    random = np.random.default_rng(0)
    values = np.concatenate(
        [
            random.uniform([-2, 0], [3, 1], (500, 2)),
            np.array([[-1 + 3 * k / 7, 0.5 + 0.25 * (k % 4) / 3] for k in range(8)]),
        ]
    )
    places = theirs.int_to_grid_index(theirs.index_of(values))
    assert np.array_equal(grid.places(values), places)


def test_map_elites_is_the_archive_and_the_line_emitter_of_pyribs() -> None:
    ours = made(Case("map_elites", GRID), iso=0.05, line=0.3)
    theirs = GridArchive(solution_dim=SIZE, dims=GRID["cells"], ranges=GRID["ranges"], seed=1)
    emitter = IsoLineEmitter(
        theirs,
        iso_sigma=0.05,
        line_sigma=0.3,
        x0=SIZE * [0.5],
        bounds=SIZE * [(0, 1)],
        batch_size=POPULATION,
        seed=1,
    )
    scheduler = Scheduler(theirs, [emitter])
    first = ours.ask()
    theirs.add(first, sphere(first), first[:, :2])
    ours.tell(first, sphere(first), first[:, :2])
    for _ in range(20):
        genomes, asked = ours.ask(), scheduler.ask()
        np.testing.assert_array_equal(genomes, asked)
        scheduler.tell(sphere(asked), asked[:, :2])
        ours.tell(genomes, sphere(genomes), genomes[:, :2])


@pytest.mark.slow
def test_cma_me_is_the_scheduler_of_pyribs_folded_into_the_unit_cube() -> None:
    ours = made(Case("cma_me", GRID), emitters=2, sigma=0.3)
    theirs = GridArchive(solution_dim=SIZE, dims=GRID["cells"], ranges=GRID["ranges"], seed=1)
    seeds = np.random.SeedSequence([1, SIZE]).generate_state(2).tolist()
    emitters = [
        EvolutionStrategyEmitter(theirs, x0=SIZE * [0.5], sigma0=0.3, batch_size=4, seed=seed)
        for seed in seeds
    ]
    scheduler = Scheduler(theirs, emitters)
    for _ in range(30):
        genomes, asked = ours.ask(), scheduler.ask()
        folded = np.abs(np.mod(asked + 1, 2) - 1)  # a triangle wave, written another way
        np.testing.assert_allclose(genomes, folded, rtol=0, atol=1e-14)
        scheduler.tell(sphere(folded), folded[:, :2])
        ours.tell(genomes, sphere(genomes), genomes[:, :2])
    assert sum(emitter.restarts for emitter in emitters) > 0


@pytest.mark.slow
@pytest.mark.parametrize("name", ["map_elites", "cma_me"])
def test_a_repertoire_fills_more_cells_with_better_genomes_than_uniform_draws_do(name: str) -> None:
    """Means of three genes each: uniform draws pile up in the middle cells."""

    def found(case: Case) -> tuple[int, float]:
        best: dict[int, float] = {}
        optimizer = made(case)
        for _ in range(100):
            genomes = optimizer.ask()
            fitness, means = sphere(genomes), genomes.reshape(-1, 2, SIZE // 2).mean(axis=2)
            optimizer.tell(genomes, fitness, means)
            cells = np.ravel_multi_index(tuple(grid.places(means).T), grid.cells)
            for cell, value in zip(cells, fitness, strict=True):
                best[cell] = max(best.get(cell, -3.0), value)
        return len(best), sum(3 + value for value in best.values())

    fine = {**GRID, "cells": (10, 10)}
    grid = Grid(**fine)
    filled, score = found(Case(name, fine))
    assert filled > found(Case("uniform"))[0]
    assert score > found(Case("uniform"))[1]


def test_the_repertoire_of_a_run_holds_the_fittest_of_every_cell_and_each_replays(
    hop: Path, tmp_path: Path
) -> None:
    run = Run.create(read(hop, REPERTOIRE), tmp_path / "run")
    evolve(run)
    grid = Grid(("speed", "still"), ((-1.0, 1.0), (0.0, 1.0)), (5, 4))
    found = repertoire(run.journal, grid)
    theirs = GridArchive(
        solution_dim=len(run.experiment.space), dims=grid.cells, ranges=grid.ranges
    )
    for record in run.journal.generations():
        theirs.add(record.genomes, record.fitness, record.evaluation.values.mean(axis=1))
    assert found.filled == len(theirs) > 1
    for elite in theirs:
        place = tuple(theirs.int_to_grid_index([elite["index"]])[0])
        assert found.fitness[place] == elite["objective"]
        generation, individual = found.individuals[place].tolist()
        assert np.array_equal(run.journal[generation].genomes[individual], elite["solution"])
        assert replay(run, f"{generation}:{individual}").equal


@pytest.mark.parametrize("name", ["map_elites", "cma_me"])
@pytest.mark.slow
def test_a_resumed_repertoire_equals_an_uninterrupted_one_and_is_reported(
    name: str, hop: Path, tmp_path: Path
) -> None:
    spec = read(hop, [*REPERTOIRE, f"optimizer.name={name}"])
    whole, parts = Run.create(spec, tmp_path / "whole"), Run.create(spec, tmp_path / "parts")
    evolve(whole)
    evolve(parts, generations=2)
    evolve(Run(tmp_path / "parts"), generations=5)
    for one, other in zip(
        whole.journal.generations(), Run(tmp_path / "parts").journal.generations(), strict=True
    ):
        assert one.genomes.tobytes() == other.genomes.tobytes()
    whole.choose_champion()
    page = write_report(whole)[0].read_text(encoding="utf-8")
    section = page.partition('<section id="repertoire">')[2].partition("</section>")[0]
    found = repertoire(whole.journal, Grid(("speed", "still"), ((-1.0, 1.0), (0.0, 1.0)), (5, 4)))
    assert f"{found.filled} of 20 cells" in section
    for generation, individual in found.individuals[np.isfinite(found.fitness)]:
        assert f"<code>{generation}:{individual}</code>" in section
    assert section.count("<svg") == 2


@pytest.mark.parametrize(
    ("override", "words"),
    [
        (
            "optimizer.descriptors=['speed', 'stil']",
            "optimizer.descriptors: Unknown fitness term 'stil'.*'still'",
        ),
        ("optimizer.descriptors=['speed', 'speed']", "must be two different terms"),
        (
            "optimizer.ranges=[[1.0, 1.0], [0.0, 1.0]]",
            "optimizer.ranges: low 1.0 must be below high 1.0",
        ),
        ("optimizer.cells=[0, 4]", "optimizer.cells: must be positive"),
        ("optimizer={name='map_elites'}", "Key 'optimizer.descriptors': Field required"),
    ],
)
def test_a_grid_that_is_none_is_refused(override: str, words: str, hop: Path) -> None:
    with pytest.raises(EvolocoError, match=words):
        Experiment(read(hop, [*REPERTOIRE, override])).optimizer()


def test_a_population_that_strategies_cannot_share_is_refused() -> None:
    with pytest.raises(EvolocoError, match="a population of 8 cannot be shared by 3 strategies"):
        made(Case("cma_me", GRID), emitters=3)


def test_without_pyribs_both_say_what_to_install_and_the_rest_works() -> None:
    script = (
        "import sys; sys.path.insert(0, sys.argv[1]); sys.modules['ribs'] = None\n"
        "import searches as s\n"
        "from evoloco import catalogue\n"
        "from evoloco.errors import EvolocoError\n"
        "assert 'map_elites' in catalogue.overview('optimizers')\n"
        "for name in ('map_elites', 'cma_me'):\n"
        "    try: s.made(s.Case(name, s.GRID))\n"
        "    except EvolocoError as error: print(error)\n"
    )
    told = subprocess.run(
        [sys.executable, "-c", script, str(Path(__file__).parent)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout.count("needs pyribs. Install it with: pip install 'evoloco[qd]'") == 2
