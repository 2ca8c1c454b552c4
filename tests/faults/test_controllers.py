"""Controllers, bodies and measures that fail while they run."""

import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import mujoco
import numpy as np
import pytest

from evoloco.errors import EvolocoError
from evoloco.genome import Space
from evoloco.loop import evolve
from evoloco.morphology import Morphology
from evoloco.replay import replay
from evoloco.run import Run
from evoloco.scenario import Termination, draw
from evoloco.sim.simulator import Simulator
from evoloco.sim.watchdog import Watchdog
from evoloco.spec import read

from .injection import NEVER_ENDS, Ended, own, recorded
from .injection import evoloco as process


@pytest.mark.slow
def test_a_controller_that_raises_ends_the_run_with_its_words_line_and_address(
    evoloco: Callable[..., Ended], file: Path, tmp_path: Path
) -> None:
    override = own(tmp_path, 'raise ValueError("too fast")')
    failed = evoloco("evolve", file, override, "--out", tmp_path / "run")
    assert failed.code == 2
    assert "Generation 0, individual 0, episode 0 (again: evoloco replay " in failed.message
    assert (
        "the controller, 0.22 s into the episode, failed with ValueError: too fast"
        in failed.message
    )
    assert f"({tmp_path / 'own.py'}, line 10)" in failed.message
    assert recorded(tmp_path / "run") == 0
    again = evoloco("replay", tmp_path / "run", "--individual", "0:0")
    assert (again.code, again.message) == (2, failed.message)


def test_an_exception_in_reset_is_told_too(hopper: Morphology) -> None:
    def reset(params: Any, state: Any, dt: float) -> None:
        raise IndexError("no such gene")

    def step(params: Any, state: Any, obs: Any, time: float, dt: float, ctrl: Any) -> None:
        ctrl[:] = 0.0

    sim = simulator(hopper, reset, step)
    with pytest.raises(
        EvolocoError, match=r"Genome 0 in scenario 0: .* failed with IndexError: no such gene"
    ):
        list(sim.run(np.zeros((2, 1)), [draw(hopper, (0,), duration=0.2)]))


def test_a_controller_that_answers_nan_makes_unstable_episodes_and_the_run_goes_on(
    file: Path, tmp_path: Path
) -> None:
    override = own(tmp_path, "ctrl[0] = math.nan")
    run = Run.create(read(file, [override]), tmp_path / "run")
    evolve(run, 2)
    for generation in run.journal.generations():
        assert set(generation.evaluation.outcome.ravel()) == {"unstable"}
        assert np.all(np.isneginf(generation.fitness))
    run.journal.close()


@pytest.mark.slow
def test_a_step_that_never_ends_ends_the_process_with_its_address_and_a_code_of_its_own(
    file: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    override = own(tmp_path, NEVER_ENDS, "params.period > 0.7")
    bounds = "controller.bounds={period=[0.2, 0.9]}"
    settings = override, bounds, "optimizer.name=uniform", "evaluation.time_limit=0.5"
    stuck = process("evolve", file, *settings, "--out", folder)
    assert stuck.code == 5, stuck.err
    assert "has taken longer than evaluation.time_limit, 0.5 s of wall time." in stuck.message
    assert "--time-limit" in stuck.message
    generation, _, individual = (
        stuck.message.partition("--individual ")[2].partition(")")[0].partition(":")
    )
    assert (
        f"Generation {generation}, individual {individual}, episode 0 "
        f"(again: evoloco replay {folder} --indi" in (stuck.message)
    )
    run = Run(folder)
    assert len(run.journal) == sum(1 for _ in run.journal.generations()) == int(generation)
    assert run.experiment.space.decode(run.upcoming()[int(individual)])["period"] > 0.7
    run.journal.close()
    again = process(
        "replay", folder, "--individual", f"{generation}:{individual}", "--time-limit", "0.4"
    )
    assert again.code == 5
    assert f"Generation {generation}, individual {individual}, episode 0 " in again.message
    assert "0.4 s of wall time" in again.message


def simulator(body: Morphology, reset: Any, step: Any, **options: Any) -> Simulator:
    """A simulator of a controller without genes."""
    controller: Any = SimpleNamespace(
        space=Space([]),
        state={"phase": ()},
        reset=reset,
        step=step,
        parameters=lambda values: {"gain": 0.0},
    )
    return Simulator(
        body, controller, duration=0.2, control_dt=0.02, termination=Termination(), **options
    )


@pytest.mark.slow
def test_the_watchdog_counts_only_what_runs_and_stops_with_its_block() -> None:
    running = np.array([False, True])

    def late(seconds: float) -> set[int]:
        found: set[int] = set()
        watchdog = Watchdog(0.3, lambda: running, found.add)
        with watchdog.watching():
            time.sleep(seconds)
        watchdog.close()
        return found

    assert late(0.05) == set()
    assert late(1.0) == {1}
    running[1] = False
    assert late(1.0) == set()


GROWING = """
from evoloco.morphologies.hopper import build as hopper


def build():
    body = hopper()
    body.model.dof_damping[-1] = -5.0  # gains energy instead of losing it
    return body
"""


def test_the_last_states_before_a_divergence_can_be_seen_with_one_command(
    evoloco: Callable[..., Ended], file: Path, tmp_path: Path
) -> None:
    (tmp_path / "growing.py").write_text(GROWING, encoding="utf-8")
    free = "scenario.termination={body_contact=false, max_tilt=3.2, min_height=0.0}"
    changes = [f"morphology.name={tmp_path / 'growing.py'}", free, "scenario.duration=2.0"]
    run = Run.create(read(file, changes), tmp_path / "run")
    evolve(run, 1)
    record = run.journal[0].evaluation
    individual = int(np.argmax(record.outcome[:, 0] == "unstable"))
    ((_, _, event),) = run.journal.events()
    run.journal.close()
    diverged = int((record.outcome == "unstable").sum())
    assert event.startswith(
        f"{diverged} of {record.outcome.size} episodes diverged. The first: Generation 0, "
    )
    command = event.partition("evoloco ")[2].partition(")")[0].split()
    assert command == ["replay", str(run.folder), "--individual", f"0:{individual}"]
    trace, body = tmp_path / "trace.npz", tmp_path / "body.mjb"
    again = evoloco(*command, "--trace", trace, "--model", body)
    assert again.code == 0, again.err
    model = mujoco.MjModel.from_binary_path(str(body))
    assert model.dof_damping[-1] == -5.0
    assert f"Individual 0:{individual}: fitness -inf equals the record to the last bit" in again.out
    with np.load(trace) as arrays:
        speed = np.abs(arrays["qvel"][:, -1])
        assert len(speed) == round(record.duration[individual, 0] / 0.02) > 3
        assert np.isfinite(arrays["qpos"]).all()
        assert speed[-1] > 100 * speed[1]


def test_of_several_episodes_the_one_that_diverged_is_shown(file: Path, tmp_path: Path) -> None:
    noise = ["scenario.velocity_noise=30000.0", "evaluation.episodes=6", "optimizer.name=uniform"]
    run = Run.create(read(file, noise), tmp_path / "run")
    evolve(run, 1)
    outcome = run.journal[0].evaluation.outcome
    later = [
        (i, int(np.argmax(row == "unstable")))
        for i, row in enumerate(outcome)
        if "unstable" in row[1:]
    ]
    assert any(episode for _, episode in later), outcome
    for individual, episode in later:
        again = replay(run, f"0:{individual}")
        assert again.shown is again.episodes[episode]
        assert again.equal
    run.journal.close()


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("    raise KeyError('stride')", "failed with KeyError: 'stride'"),
        ("    return float('nan')", "returned nan for an episode"),
        ("    return [[1, 2], [3]]", "failed with ValueError"),
    ],
)
def test_a_measure_that_fails_ends_the_run_with_its_name_and_address(
    file: Path, tmp_path: Path, body: str, words: str
) -> None:
    (tmp_path / "odd.py").write_text(
        f"UNIT, FLOORS = '1', (0.0, 0.0)\n\n\ndef measure(episode):\n{body}\n", encoding="utf-8"
    )
    run = Run.create(
        read(file, [f"fitness.odd={{measure='{tmp_path / 'odd.py'}', weight=1}}"]), tmp_path / "run"
    )
    with pytest.raises(
        EvolocoError, match=r"Generation 0, individual 0, episode 0 \(again: evoloco replay "
    ) as failed:
        evolve(run)
    assert words in str(failed.value)
    assert "(fitness term 'odd')" in str(failed.value)
    assert len(run.journal) == 0
    run.journal.close()
