"""Genes of muscles and of start poses: each changes what it is about, and what cannot be is told."""

from functools import cache
from types import ModuleType

import mujoco
import numpy as np
import pytest

from evoloco.errors import EvolocoError, ModelError, SpecError, UnknownNameError
from evoloco.evaluators.local import Local
from evoloco.experiment import Experiment
from evoloco.morphologies import muscle_biped, muscle_biped3d, muscle_creature
from evoloco.morphology import Morphology
from evoloco.muscle_tendon import LONGEST, STRAIN, MuscleTendon, muscle_genes, shaped
from evoloco.spec import RunSpec

MUSCLES = muscle_biped.MUSCLES
GENES = muscle_genes(MUSCLES)
STEP = 0.0025


@cache
def human() -> Morphology:
    morphology: Morphology = muscle_biped.build()
    return morphology


def differing(one: mujoco.MjModel, other: mujoco.MjModel) -> set[str]:
    """Fields of two models with different numbers, those that the compiler derives included."""
    fields = [
        name for name in dir(one) if name[0] != "_" and isinstance(getattr(one, name), np.ndarray)
    ]
    return {name for name in fields if not np.array_equal(getattr(one, name), getattr(other, name))}


PLACES = {
    "site_pos",
    "tendon_length0",
    "tendon_lengthspring",
    "tendon_invweight0",
    "actuator_length0",
    "actuator_acc0",
}
"""Fields of the model that say where muscles run, and what the compiler derives from it."""
FIELDS = {
    "max_force": {
        "actuator_gainprm",
        "actuator_biasprm",
        "tendon_width",
    },  # the last is its picture
    "optimal_length": {"actuator_lengthrange"},
    "slack_length": {"actuator_lengthrange"},
    "delay": {"actuator_delay", "actuator_history", "actuator_historyadr"},
    "x": PLACES,
    "z": PLACES,
}
"""What a gene may change, by its last word."""


@pytest.mark.parametrize("gene", GENES, ids=lambda gene: gene.name)
def test_each_gene_changes_its_fields_of_its_muscle_on_both_legs_and_nothing_else(gene) -> None:
    changed, plain = muscle_biped.build(**{gene.name: gene.decode(0.7)}), human()
    muscle, what = gene.name.split(".")[0], gene.name.split(".")[-1]
    fields = differing(changed.model, plain.model)
    assert fields
    assert fields <= FIELDS[what]
    for field in fields - {"actuator_historyadr"}:  # moved by longer histories of others
        rows = {
            index
            for index in range(len(getattr(plain.model, field)))
            if not np.array_equal(
                getattr(changed.model, field)[index], getattr(plain.model, field)[index]
            )
        }
        thing = field.split("_")[0]
        names = {getattr(plain.model, thing)(index).name for index in rows}
        point = f".{gene.name.split('.')[1]}" if thing == "site" else ""
        assert names == {f"{muscle}_left{point}", f"{muscle}_right{point}"}


@pytest.mark.parametrize("muscle", MUSCLES)
def test_genes_are_factors_delays_and_shifts_of_the_published_numbers(muscle: str) -> None:
    values = {
        "max_force": 1.2,
        "optimal_length": 0.9,
        "slack_length": 1.05,
        "delay": 0.03,
        "0.x": 0.01,
        "1.z": -0.02,
    }
    body = muscle_biped.build(**{f"{muscle}.{what}": value for what, value in values.items()})
    for there, here in zip(body.muscles, human().muscles, strict=True):
        mine = here.stem == muscle
        assert there.max_force == pytest.approx(here.max_force * (1.2 if mine else 1))
        assert there.optimal_length == pytest.approx(here.optimal_length * (0.9 if mine else 1))
        assert there.slack_length == pytest.approx(here.slack_length * (1.05 if mine else 1))
        delay = 0.03 if mine else MUSCLES[here.stem].delay
        assert body.model.actuator_delay[body.model.actuator(there.name).id] == pytest.approx(
            delay - STEP
        )
        for number, shift in ((0, (0.01, 0, 0)), (1, (0, 0, -0.02))):
            moved, was = (each.model.site(f"{here.name}.{number}").pos for each in (body, human()))
            np.testing.assert_allclose(moved - was, np.array(shift) if mine else 0, atol=1e-12)


def test_genes_at_their_start_leave_the_muscles_as_they_are() -> None:
    assert all(gene.start is not None for gene in GENES)
    values = {gene.name: gene.start for gene in GENES if not gene.name.endswith(".delay")}
    assert shaped(MUSCLES, values) == MUSCLES
    assert not differing(muscle_biped.build(**values).model, human().model)
    for gene in GENES:
        if not gene.name.endswith(".delay"):
            assert gene.decode(0.5) == pytest.approx(
                gene.start
            )  # a run's middle body is the published one


def test_every_number_of_every_muscle_is_a_gene() -> None:
    points = sum(len(muscle.path) for muscle in MUSCLES.values())
    assert len(GENES) == 4 * len(MUSCLES) + 2 * points
    assert {gene.name for gene in GENES} < {gene.name for gene in muscle_biped.GENES}


def run(**morphology) -> Experiment:
    return Experiment(
        RunSpec.model_validate(
            {
                "name": "genes",
                "morphology": {"name": "muscle_biped", **morphology},
                "controller": {"name": "reflex"},
                "fitness": {
                    "survival": {"measure": "survival", "weight": 1.0},
                    "way": {"measure": "distance", "weight": 1.0},
                },
                "scenario": {
                    "duration": 1.5,
                    "control_dt": STEP,
                    "ramp": 0.0,
                    "push": {"count": 0},
                },
            }
        )
    )


def fitness(experiment: Experiment, **values: float) -> list[float]:
    space = experiment.space
    genome = space.encode({**space.decode(space.start), **values})
    return (
        Local(experiment, threads=1)
        .evaluate(genome[None], experiment.scenarios(0), 0.0)
        .fitness.ravel()
        .tolist()
    )


def test_room_for_longer_delays_changes_no_bit_and_a_longer_delay_does() -> None:
    delays = {f"{muscle}.delay": (0.0025, LONGEST) for muscle in MUSCLES}
    plain, roomy = run(), run(genes=delays)
    published = {f"body.{muscle}.delay": entry.delay for muscle, entry in MUSCLES.items()}
    assert fitness(roomy, **published) == fitness(plain)
    assert fitness(roomy, **{**published, "body.soleus.delay": 0.05}) != fitness(plain)


def test_bodies_of_all_corners_have_one_layout() -> None:
    genes = {
        "soleus.delay": [0.0025, LONGEST],
        "glutei.slack_length": [0.95, 1.05],
        "vasti.1.x": [-0.01, 0.01],
    }
    experiment = run(genes=genes)
    corners = list(experiment.corners())
    assert len(corners) == 8
    Local(experiment, threads=1).check(corners)
    short, long = run(genes={"soleus.delay": [0.0025, LONGEST]}), muscle_biped.build()
    with pytest.raises(ModelError, match="room for delays"):
        Local(short, threads=1).check([long])


@pytest.mark.parametrize("body", [muscle_biped, muscle_biped3d, muscle_creature])
def test_a_gene_of_the_start_pose_changes_its_quantity_of_the_keyframe(body: ModuleType) -> None:
    model = body.build().model
    joints = {gene.name: gene for gene in body.POSE if gene.unit == "rad" and "_" in gene.name}
    assert len(joints) in (6, 8)  # three or four joints per leg
    for name, gene in joints.items():
        place = model.joint(name).qposadr
        assert model.key_qpos[0][place] == gene.start
        turned = body.build(**{name: gene.high}).model
        assert turned.key_qpos[0][place] == gene.high

    assert body.build(speed=0.9).model.key_qvel[0][0] == 0.9
    tense = {0.02, 0.7}  # at rest, and holding the body up
    assert set(body.build(activation=0.7).model.key_act[0]) == tense


def test_the_activation_at_the_start_is_a_share() -> None:
    for activation in (-0.1, 1.5):
        with pytest.raises(ModelError, match=r"activation at the start must be within 0 to 1"):
            muscle_biped.build(activation=activation)


def test_a_quantity_of_the_start_pose_can_be_fixed_in_the_run_file() -> None:
    assert run(speed=0.9).morphology.model.key_qvel[0][0] == 0.9
    with pytest.raises(UnknownNameError, match=r"Did you mean 'speed'"):
        _ = run(sped=0.9).morphology


def test_a_gene_can_be_fixed_in_the_run_file() -> None:
    body = run(**{"soleus.max_force": 1.25}).morphology
    assert body.muscles[5].max_force == pytest.approx(1.25 * human().muscles[5].max_force)
    with pytest.raises(SpecError, match=r"'soleus\.max_force' stands both in"):
        _ = run(**{"soleus.max_force": 1.25}, genes={"soleus.max_force": [0.5, 1.5]}).space
    with pytest.raises(
        SpecError, match=r"Key 'morphology\.soleus\.max_force': .* number.*, not 'big'"
    ):
        _ = run(**{"soleus.max_force": "big"}).morphology
    with pytest.raises(UnknownNameError, match=r"Did you mean 'soleus\.max_force'"):
        _ = run(**{"soleus.maxforce": 1.25}).morphology
    with pytest.raises(UnknownNameError, match=r"Did you mean 'soleus\.max_force'"):
        _ = run(genes={"soleus.maxforce": [0.5, 1.5]}).space


@pytest.mark.parametrize(
    ("genes", "words"),
    [
        (
            {"soleus.slack_length": -1.0},
            r"Muscle 'soleus_left': slack_length must be positive, not -0\.248",
        ),
        ({"soleus.max_force": 0.0}, r"Muscle 'soleus_left': max_force must be positive"),
        (
            {"soleus.slack_length": 1.5},
            r"Muscle 'soleus': within the joints' limits its path leaves the fibres -",
        ),
        (
            {"soleus.slack_length": 0.5},
            r"Muscle 'soleus': .* but they pull from 0\.3 to 1\.7\. Change slack_length",
        ),
        ({"soleus.delay": 0.001}, r"delay of 0\.001 s is shorter than a physics step, 0\.0025 s"),
        ({"soleus.delay": 0.07}, r"delay of 0\.07 s is longer than its buffer, 0\.06 s"),
        ({"soleus.2.x": 0.01}, r"Unknown gene of muscles 'soleus\.2\.x'"),
        (
            {"drive": "motors", "soleus.max_force": 1.1},
            r"no muscles for the genes soleus\.max_force",
        ),
    ],
)
def test_a_gene_that_makes_no_muscle_is_told(genes: dict, words: str) -> None:
    with pytest.raises(EvolocoError, match=words):
        muscle_biped.build(**genes)


def test_fibre_length_takes_off_the_stretched_tendon() -> None:
    muscle = MuscleTendon(1000.0, 0.1, 0.2, 0.0, 0.01, (("pelvis", 0.0, 0.0), ("pelvis", 0.0, 0.1)))
    assert muscle.fibre_length((1 + STRAIN) * 0.2 + 0.1) == pytest.approx(1.0)
    body, data = human(), mujoco.MjData(human().model)
    mujoco.mj_resetDataKeyframe(body.model, data, 0)
    mujoco.mj_forward(body.model, data)
    for place, seen in enumerate(body.muscles):
        wanted = (data.actuator_length[place] - seen.slack_length) / seen.optimal_length
        assert MUSCLES[seen.stem].fibre_length(data.actuator_length[place]) == pytest.approx(wanted)
