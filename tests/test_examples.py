"""Every example runs, and shows what it says."""

import json
import os
import runpy
import sqlite3
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import mujoco
import numpy as np
import pytest

from evoloco import fields
from evoloco.cameras import mounted
from evoloco.experiment import Experiment
from evoloco.loop import evolve
from evoloco.members import member
from evoloco.morphologies import biped
from evoloco.morphologies.arms import ur5
from evoloco.morphology import Morphology
from evoloco.perception.learn import learn
from evoloco.replay import replay
from evoloco.run import Run
from evoloco.sensor import Moment
from evoloco.spec import CameraSpec, read

EXAMPLES = Path(__file__).parents[1] / "examples"
SHORT = [
    "scenario.duration=0.4",
    "evaluation.heldout_episodes=2",
    "optimizer.population_size=4",
    "optimizer.generations=2",
]


def evolved(example: str, folder: Path) -> Run:
    run = Run.create(read(EXAMPLES / example, SHORT), folder / "run")
    evolve(run)
    run.choose_champion()
    return run


@pytest.mark.parametrize(
    "path", [path for path in sorted(EXAMPLES.iterdir()) if path.is_file()], ids=lambda p: p.name
)
def test_an_example_is_short_enough_to_read(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= (
        25 if path.suffix in (".toml", ".xml") else 60
    )


@pytest.mark.parametrize("example", [path.name for path in sorted(EXAMPLES.glob("*.toml"))])
def test_a_run_of_an_example_is_rebuilt_to_the_last_bit(example: str, tmp_path: Path) -> None:
    run = evolved(example, tmp_path)
    assert replay(run).equal
    assert replay(run, "1:3").equal
    assert np.isfinite(run.journal[1].fitness).all()


def test_the_controller_of_your_own_slows_down_while_its_foot_carries_load() -> None:
    own = runpy.run_path(str(EXAMPLES / "own_controller.py"))
    values = {"frequency": 1.0, "sigma": 3.0, "middle": [0.1], "swing": [0.5], "lead": [0.0]}
    params = fields.record(fields.flatten(values), fields.layout_of(values))
    dt, ctrl, advance = 0.02, np.zeros(1), {}
    for load in (0.0, 1.0):
        state = fields.zeros(fields.layout({"phase": ()}))
        obs = fields.record(np.array([load]), fields.layout({"foot_load": (1,)}))
        own["step"](params, state, obs, 0.0, dt, ctrl)
        advance[load] = state.phase
    assert advance[0.0] == pytest.approx(2 * np.pi * dt)
    assert advance[0.0] - advance[1.0] == pytest.approx(3.0 * dt)
    assert ctrl[0] == pytest.approx(0.1 + 0.5 * np.sin(advance[1.0]))


@pytest.mark.slow
def test_a_controller_of_your_own_starts_from_what_another_process_compiled(tmp_path: Path) -> None:
    script = f"""
        from pathlib import Path
        from evoloco.experiment import Experiment
        from evoloco.sim.compile import CompiledController
        from evoloco.spec import read
        made = Experiment(read(Path({str(EXAMPLES / "own_controller.toml")!r})))
        CompiledController(made.controller, made.morphology.observation)
    """

    def compiled() -> dict[str, int]:
        """What lies on disk, and since when, after a process started the controller."""
        environment = {**os.environ, "XDG_CACHE_HOME": str(tmp_path)}
        subprocess.run([sys.executable, "-c", dedent(script)], env=environment, check=True)
        return {str(path): path.stat().st_mtime_ns for path in tmp_path.rglob("*.nbc")}

    first = compiled()
    assert len(first) == 2  # reset and step
    assert compiled() == first


def test_the_measure_of_your_own_is_recorded_beside_the_bundled_ones(tmp_path: Path) -> None:
    run = evolved("own_measure.toml", tmp_path)
    own = runpy.run_path(str(EXAMPLES / "own_measure.py"))["measure"]
    again = replay(run, "1:2")
    lived = again.episodes[0]
    bounce = np.maximum(np.abs(lived.torso_velocity[:, 2]) - 0.05, 0.0)
    bounce = bounce.reshape(len(lived), -1).mean(axis=1)
    assert own(lived, free=0.05) == pytest.approx(bounce)
    database = sqlite3.connect(run.journal.path)
    (recorded,) = database.execute(
        "SELECT bounce FROM individuals WHERE generation = 1 AND individual = 2"
    ).fetchone()
    assert recorded == pytest.approx(bounce.mean())
    database.close()


def test_a_model_of_your_own_has_four_legs_in_pairs() -> None:
    body = Experiment(read(EXAMPLES / "own_mjcf.toml")).morphology
    assert body.feet == ("FL_foot", "RL_foot", "FR_foot", "RR_foot")
    assert {
        (joint.name, joint.partner, joint.mirror) for joint in body.joints if joint.side == "left"
    } == {(f"{end}L_{joint}", f"{end}R_{joint}", 1.0) for end in "FR" for joint in ("hip", "knee")}


def test_a_sensor_of_your_own_learns_to_see_how_far_a_body_is_rolled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MUJOCO_GL")  # which keeps reports from being filmed
    learned = learn(str(EXAMPLES / "horizon.py"), tmp_path, changes=["steps=700", "batch=32"])
    right = next(one.figure for one in learned.compared if one.split == "test")
    assert right.value > 0.4  # an answer of 0 is right in a tenth of all

    own = member("sensors", str(EXAMPLES / "horizon.py"))
    camera = CameraSpec(position=(0.1, 0.0, 0.1), field_of_view=60.0)
    body = mounted(biped.build(), {"head": camera})
    source = own.sensor(body, str(tmp_path / "weights.safetensors")).source
    source.check(body)
    told = [source.read(rolled(body, roll))[0] for roll in (-0.3, 0.0, 0.3)]
    np.testing.assert_allclose(told, [-0.3, 0.0, 0.3], atol=0.15)  # after a fifth of the steps


def rolled(body: Morphology, roll: float) -> Moment:
    """The moment at which a body hangs at a height, rolled to the right [rad]."""
    model, everything = body.model, mujoco.mjtState.mjSTATE_INTEGRATION
    data = mujoco.MjData(model)
    mujoco.mj_resetDataKeyframe(model, data, model.key("home").id)
    data.qpos[3:7] = np.cos(roll / 2), np.sin(roll / 2), 0, 0
    state = np.empty(mujoco.mj_stateSize(model, everything))
    mujoco.mj_getState(model, data, state, everything)
    return Moment(model, state, np.zeros(3), data.sensordata[None])


def test_reading_the_journal_prints_every_generation_and_the_genes_of_the_fittest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run = evolved("own_measure.toml", tmp_path)
    monkeypatch.setattr(sys, "argv", ["read_journal.py", str(run.folder)])
    runpy.run_path(str(EXAMPLES / "read_journal.py"), run_name="__main__")
    printed = capsys.readouterr().out
    fitness = np.array([run.journal[generation].fitness for generation in range(2)])
    for row in fitness:
        assert f"{row.max():.6f}"[:6] in printed
    generation, individual = np.unravel_index(fitness.argmax(), fitness.shape)
    assert f"The fittest is {generation}:{individual}." in printed
    assert all(name in printed for name in run.experiment.space.names)
    assert (
        json.loads((run.folder / "champion.json").read_text(encoding="utf-8"))["run"]
        == "own_measure"
    )


def test_the_example_of_reaching_solves_every_pose_by_restarts_and_memetic_search(
    capsys: pytest.CaptureFixture[str],
) -> None:
    runpy.run_path(str(EXAMPLES / "reach.py"), run_name="__main__")
    damped, restarts, memetic, *joints = capsys.readouterr().out.splitlines()
    assert "solved 100 of 100" in restarts
    assert "solved 100 of 100" in memetic
    assert "solved 100 of 100" not in damped
    assert [line.split()[0] for line in joints] == list(ur5.build().joints)
