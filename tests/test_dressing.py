"""Random looks of an episode's world: what they change, and what they leave alone."""

from pathlib import Path

import mujoco
import numpy as np
import pytest

from evoloco.evaluators.local import simulator
from evoloco.experiment import Experiment
from evoloco.perception.dressing import GROUND
from evoloco.sim.prepared import Body
from evoloco.spec import read

RUN = """
[morphology]
name = "biped"

[controller]
name = "sine"

[fitness.speed]
measure = "forward_speed"
weight = 1.0

[scenario]
duration = 0.6
looks = "train"
"""


def experiment(folder: Path, *overrides: str) -> Experiment:
    file = folder / "walk.toml"
    file.write_text(RUN)
    return Experiment(read(file, overrides))


def worlds(made: Experiment, count: int = 4) -> list[mujoco.MjModel]:
    here = Body(made.morphology, 0.7, 0.0)
    return [here.world(made.held_out_scenario(k)).morphology.model for k in range(count)]


def shown(model: mujoco.MjModel) -> tuple[bytes, ...]:
    return model.tex_data.tobytes(), model.light_diffuse.tobytes(), model.light_dir.tobytes()


@pytest.mark.parametrize("ball", [[], ["scenario.target={}"]])
@pytest.mark.parametrize("ground", ["plane", "rough"])
def test_every_scenario_has_looks_of_its_own_and_always_the_same(
    tmp_path: Path, ball: list[str], ground: str
) -> None:
    rough = ["scenario.terrain.roughness=0.01"] if ground == "rough" else []
    made = experiment(tmp_path, *ball, *rough)
    first, again = worlds(made), worlds(made)
    assert [shown(model) for model in first] == [shown(model) for model in again]
    for part in zip(*map(shown, first), strict=True):
        assert len(set(part)) == len(first)

    (model, *_) = first
    for geom in made.morphology.floor:
        assert model.geom_matid[geom] == model.material(GROUND).id


def test_looks_of_training_and_of_tests_differ(tmp_path: Path) -> None:
    """Lights of training are red to yellow, others cyan to violet."""
    warm = worlds(experiment(tmp_path), 8)
    cold = worlds(experiment(tmp_path, "scenario.looks=test"), 8)
    assert all((model.light_diffuse[:, 0] >= model.light_diffuse[:, 2]).all() for model in warm)
    assert all((model.light_diffuse[:, 0] <= model.light_diffuse[:, 2]).all() for model in cold)


def test_looks_change_neither_the_other_draws_nor_the_motion(tmp_path: Path) -> None:
    traces = []
    for looks in ("", "train"):
        made = experiment(tmp_path, f"scenario.looks='{looks}'", "scenario.joint_noise=0.05")
        params = made.parameters(np.full(len(made.space), 0.6))[None]
        (lived,) = simulator(made, 1).run(params, made.scenarios(0)[:1])
        traces.append(lived["qpos"].copy())
    np.testing.assert_array_equal(*traces)
