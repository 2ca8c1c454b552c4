import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import mujoco
import numpy as np
import pytest
from journals import sign

from evoloco.controller import layouts
from evoloco.errors import EvolocoError, JournalError
from evoloco.fields import size
from evoloco.loop import evolve
from evoloco.replay import replay, save_trace
from evoloco.run import Run
from evoloco.spec import read


@pytest.fixture
def run(hop: Path) -> Run:
    """A finished run whose first generation was supported."""
    spec = read(
        hop, ["evaluation.support={stiffness=20, generations=1}", "optimizer.generations=3"]
    )
    run = Run.create(spec, hop.parent / "run")
    evolve(run)
    run.choose_champion()
    return run


def changed(path: Path, **values: Any) -> None:
    content = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({**content, **values}), encoding="utf-8")


def test_every_individual_is_rebuilt_to_the_last_bit(run: Run) -> None:
    for generation in run.journal.generations():
        for individual, genome in enumerate(generation.genomes):
            again = replay(run, f"{generation.generation}:{individual}")
            assert again.equal
            assert again.fitness.tobytes() == generation.evaluation.fitness[individual].tobytes()
            assert np.array_equal(again.genome, genome)
            assert [
                len(episode) * episode.control_dt for episode in again.episodes
            ] == pytest.approx(generation.evaluation.duration[individual])
            assert not again.reasons


def test_the_best_is_the_champion_on_its_held_out_scenarios(run: Run) -> None:
    champion, again = run.read_champion(), replay(run)
    assert again.equal
    assert (again.generation, again.individual) == (champion["generation"], champion["individual"])
    assert again.recorded.tolist() == champion["heldout"]["fitness"]
    assert len(again.episodes) == 2


def test_another_record_is_not_equal(run: Run) -> None:
    with closing(sqlite3.connect(run.journal.path)) as database, database:
        database.execute(
            "UPDATE episodes SET fitness = fitness + 1e-15 WHERE generation = 1 AND individual = 2"
        )
    sign(run.journal, 1)
    assert not replay(Run(run.folder), "1:2").equal
    assert replay(Run(run.folder), "1:1").equal


def test_what_has_changed_since_the_run_is_told(run: Run) -> None:
    packages = {**run.provenance["packages"], "mujoco": "3.9.9"}
    changed(run.folder / "provenance.json", packages=packages, cpu="abacus")
    reasons = replay(run, "0:0").reasons
    assert len(reasons) == 2
    assert reasons[0] == f"mujoco 3.9.9 then, {mujoco.__version__} now"
    assert reasons[1].startswith("cpu: abacus then, ")


@pytest.mark.parametrize(
    ("which", "words"),
    [
        ("7:0", r"has no generation 7\. Recorded: 0 to 2\."),
        ("1:5", r"Generation 1 has no individual 5\. Known: 0 to 4\."),
        ("1", r"'1' is no individual\. Allowed: best, or GENERATION:INDEX such as 12:3\."),
        ("1:-1", "is no individual"),
        ("a:b", "is no individual"),
        ("worst", "is no individual"),
        ("", "is no individual"),
    ],
)
def test_an_individual_that_does_not_exist_is_told_with_those_that_do(
    run: Run, which: str, words: str
) -> None:
    with pytest.raises(JournalError, match=words):
        replay(run, which)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"genome": [0.5, 0.5]}, "is of another run: it has 2 genes, run.toml 7"),
        ({"genome": [1.5] * 7}, r"The genome leaves \[0, 1\] at gene 'period'"),
    ],
)
def test_a_genome_of_another_run_is_noticed(run: Run, values: dict[str, Any], words: str) -> None:
    changed(run.folder / "champion.json", **values)
    with pytest.raises(EvolocoError, match=words):
        replay(run)


SUMS = (
    *("torso_position", "torso_orientation", "torso_velocity", "joint_angle", "foot_position"),
    *("ground_force", "foot_slip", "positive_work", "negative_work", "electrical_energy", "shake"),
)
"""What is recorded between control steps."""


@pytest.mark.parametrize("content", ["{}", "[]", "3"])
def test_another_json_file_is_no_champion(run: Run, content: str) -> None:
    (run.folder / "champion.json").write_text(content, encoding="utf-8")
    with pytest.raises(JournalError, match=r"holds no champion.*evoloco resume"):
        replay(run)


def test_a_saved_trace_has_mujocos_names_and_one_row_per_control_step(
    run: Run, tmp_path: Path
) -> None:
    episode = replay(run, "2:0").episodes[0]
    save_trace(episode, tmp_path / "trace.npz")
    model = run.experiment.morphology.model
    with np.load(tmp_path / "trace.npz") as trace:
        widths = {
            "qpos": model.nq,
            "qvel": model.nv,
            "ctrl": model.nu,
            "actuator_force": model.nu,
            "sensordata": model.nsensordata,
            "obs": size(run.experiment.morphology.observation),
            **{name: episode.columns.widths[name] for name in SUMS},
            "body_contact": 1,
            "self_contact": 1,
            "command": 3,
            "controller_state": size(layouts(run.experiment.controller)[1]),
        }
        assert {name: trace[name].shape for name in trace.files} == {
            "time": (len(episode),),
            **{name: (len(episode), width) for name, width in widths.items()},
        }
        np.testing.assert_allclose(trace["time"], 0.02 * np.arange(len(episode)), atol=1e-12)
        data = mujoco.MjData(model)
        data.qpos, data.qvel, data.ctrl = trace["qpos"][0], trace["qvel"][0], trace["ctrl"][0]
        mujoco.mj_forward(model, data)
        angle = run.experiment.morphology.sensor("joint.knee.angle")
        np.testing.assert_array_equal(trace["sensordata"][0, angle], data.sensordata[angle])


def test_episodes_outlive_the_simulator_that_made_them(run: Run) -> None:
    first = replay(run, "1:0")
    kept = first.episodes[0].trace.copy()
    replay(run, "1:1")
    assert np.array_equal(first.episodes[0].trace, kept)


def test_an_individual_is_replayed_on_its_own_body(hop: Path, tmp_path: Path) -> None:
    genes = ["morphology.genes.torso_mass=[0.3, 0.7]", "morphology.genes.stiffness=[7.0, 28.0]"]
    run = Run.create(read(hop, genes), tmp_path / "bodies")
    evolve(run)
    assert run.journal.genes[-2:] == ("body.torso_mass", "body.stiffness")
    champion = run.choose_champion()
    for which in ("best", "0:1", "2:3"):
        again = replay(run, which)
        assert again.equal
        values = run.experiment.space.decode(again.genome)
        assert again.episodes[0].morphology.mass == pytest.approx(values["body.torso_mass"] + 0.26)
    assert run.read_champion()["genes"]["body.torso_mass"]["unit"] == "kg"
    assert champion.genome[-2] == run.read_champion()["genome"][-2]
