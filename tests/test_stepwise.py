"""Measures step by step: row forms, records of a row, and the weighted sum over terms."""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import mujoco
import numpy as np
import pytest
from native import interpreted
from traces import PAIR, body, episode, noise, walk

from evoloco import fields
from evoloco.bundled import run_file
from evoloco.episode import Columns, Episode
from evoloco.errors import EvolocoError, ModelError, SpecError, UnknownNameError
from evoloco.evaluators.local import simulator
from evoloco.experiment import Experiment
from evoloco.genome import Array
from evoloco.measure import (
    PER_EPISODE,
    PER_STEP,
    RowForm,
    declared_floor,
    kind_of,
    row_form,
    unit_of,
)
from evoloco.members import member, members
from evoloco.morphology import Morphology, assemble
from evoloco.sim.batch import Batch
from evoloco.sim.setting import settle
from evoloco.spec import read
from evoloco.stepwise import Stepwise, rows
from evoloco.target import POSITION, Target, has_target
from evoloco.term import Term, fitness

ROOT = Path(__file__).parents[1]
MEASURES = {name: member("fitness", name) for name in members("fitness")}
STEPWISE = [name for name, module in MEASURES.items() if kind_of(module) == PER_STEP]

OPTIONS: dict[str, list[dict[str, Any]]] = {
    "speed_tracking": [{"target": 0.4, "width": 0.1}],
    "capped_speed": [{"cap": 0.1}],
    "torso_height": [{"share": 0.9}],
    "command_tracking": [{"speed_width": 0.3, "turning_width": 1.0, "smoothing": 0.0}],
    "ground_reaction": [{"limit": 0.9, "start": 0.2}],
    "joint_limit_use": [{"margin": 0.2}],
    "joint_limit_torque": [{"joint": "knee", "free": 5.0}],
    "reached": [{"within": 0.5}],
}
"""Options with which measures are tried, besides their defaults."""

ROUNDING = 1e-13
"""The libraries of NumPy and of compiled code differ in the last bit of exp, arctan2 and sums."""


def term(name: str, weight: float = 1.0, **options: Any) -> Term:
    module = MEASURES[name]
    form, floor = row_form(module), declared_floor(module, weight, human())
    unit = unit_of(module, human())
    return Term(name, weight, name, module.measure, options, unit, floor=floor or 0.0, form=form)


def terms_of(morphology: Morphology) -> list[Term]:
    """Every stepwise measure of a body, with default and other options."""
    has = {
        "joint_limit_torque": morphology.muscles,
        "turn_taking": morphology.sides.feet,
        "approach": has_target(morphology),
        "reached": has_target(morphology),
    }
    names = [name for name in STEPWISE if has.get(name, True)]
    return [term(name, **options) for name in names for options in [{}, *OPTIONS.get(name, [])]]


@cache
def simulated(run: str) -> Episode:
    """The first 1.2 s of what a bundled run's champion does."""
    experiment = Experiment(read(run_file(run), ["scenario.duration=1.2"]))
    told = json.loads((run_file(run).parent / "champion.json").read_text(encoding="utf-8"))
    params = experiment.parameters(np.array(told["genome"]))[None]
    (lived,) = simulator(experiment, 1).run(params, experiment.scenarios(0)[:1])
    return replace(lived, trace=lived.trace.copy())


@cache
def human() -> Morphology:
    morphology: Morphology = member("morphologies", "muscle_biped").build()
    return morphology


EPISODES: dict[str, Callable[[], Episode]] = {
    **{
        run: lambda run=run: simulated(run)
        for run in ("biped_fast", "planar_biped", "hopper", "muscle_biped")
    },
    "a walk by hand": lambda: walk(body(), steps=100),
    "a hop by hand": lambda: walk(body(("foot",)), steps=100),
    "four feet": lambda: walk(body(("left_a", "left_b", "right_a", "right_b")), steps=100),
    "noise": lambda: noise(body(), 50),
    "noise on muscles": lambda: noise(human(), 50),
    "a single step": lambda: episode(body(), 1),
    "a walk to a target": lambda: walk(
        Target().beside(body()), steps=100, changes={POSITION: [0.7, 0.1, 0.05]}
    ),
    "noise beside a target": lambda: noise(Target().beside(body()), 50),
}


def followed(terms: Sequence[Term], lived: Episode) -> tuple[Array, Array]:
    """Values (T, K) and weighted sums (T,) of an episode by the row forms."""
    together = Stepwise(terms, lived.morphology, lived.columns)
    constants, memory = together.constants(lived.morphology)[None], together.memory(1)
    values, sums = together.follow(constants, memory, lived.trace[None], lived.control_dt)
    return values[0], sums[0]


@pytest.mark.parametrize("name", EPISODES)
def test_the_row_form_of_every_measure_equals_it_on_prefixes(name: str) -> None:
    lived = EPISODES[name]()
    terms = terms_of(lived.morphology)
    values, _ = followed(terms, lived)
    for length in sorted({1, 2, 3, len(lived) // 3, len(lived) - 1, len(lived)} - {0}):
        prefix = replace(lived, trace=lived.trace[:length])
        for k, each in enumerate(terms):
            wanted, found = each.measure(prefix, **each.options), values[:length, k]
            size = max(1.0, np.abs(wanted).max())
            np.testing.assert_allclose(
                found, wanted, rtol=ROUNDING, atol=ROUNDING * size, err_msg=each.name
            )
            assert found.mean() == pytest.approx(each.value(prefix), rel=1e-12, abs=1e-12)


def test_the_simulated_episodes_step_and_touch_limits() -> None:
    for run in ("biped_fast", "planar_biped", "hopper", "muscle_biped"):
        lived = simulated(run)
        assert len(lived) > 50
        assert 0 < lived.foot_loaded.mean() < 1
    assert MEASURES["joint_limit_torque"].measure(simulated("muscle_biped")).any()


@pytest.mark.parametrize("name", [name for name in MEASURES if name not in STEPWISE])
def test_a_measure_without_a_row_form_needs_the_whole_episode(name: str) -> None:
    measure = MEASURES[name].measure
    lived = noise(human() if name == "effort" else body())
    whole = measure(lived)
    if isinstance(whole, float):
        return
    first = measure(replace(lived, trace=lived.trace[:30]))
    assert not np.allclose(first, whole[:30])


def worth(terms: Sequence[Term], lived: Episode) -> float:
    """Fitness of an episode."""
    return float(fitness(terms, np.array([each.counted(lived) for each in terms])))


def base(terms: Sequence[Term]) -> float:
    """Fitness of an episode that ended at once."""
    return sum(each.weight * each.floor for each in terms)


def test_the_rewards_over_the_planned_steps_are_the_fitness_but_for_a_constant() -> None:
    lived = replace(simulated("biped_fast"), planned=200)
    terms = [
        term(each.source, 0.3 * k - 1, **each.options)
        for k, each in enumerate(terms_of(lived.morphology))
    ]
    _, sums = followed(terms, lived)
    assert sums.min() >= 0
    assert worth(terms, lived) == pytest.approx(base(terms) + sums.sum() / 200, rel=1e-12)


def test_episodes_followed_step_by_step_and_side_by_side_equal_each_alone() -> None:
    lived = [walk(body(), steps=40, speed=0.1 * k, lag=5 * k) for k in range(3)]
    terms = terms_of(lived[0].morphology)
    together = Stepwise(terms, lived[0].morphology, lived[0].columns)
    constants = np.array([together.constants(each.morphology) for each in lived])
    memory = together.memory(3)
    alone = [followed(terms, each) for each in lived]
    for t in range(40):
        rows = np.array([each.trace[t : t + 1] for each in lived])
        values, sums = together.follow(constants, memory, rows, lived[0].control_dt)
        for k in range(3):
            assert values[k, 0].tobytes() == alone[k][0][t].tobytes()
            assert sums[k, 0] == alone[k][1][t]


def test_the_rewards_of_a_batch_that_is_stepped_add_up_to_the_fitness() -> None:
    experiment = Experiment(read(run_file("hopper")))
    morphology, dt = experiment.morphology, experiment.spec.scenario.control_dt
    batch = Batch(
        morphology,
        experiment.controller,
        capacity=4,
        steps=60,
        control_dt=dt,
        termination=experiment.termination,
        threads=1,
    )
    setting = settle(batch.body(morphology), experiment.scenarios(0)[0], 0.0, dt)
    genomes = np.random.default_rng(0).random((4, len(experiment.space)))
    params = np.array([experiment.parameters(genome) for genome in genomes])
    batch.load(np.arange(4, dtype=np.int32), params, [setting], np.zeros(4, int))

    terms = terms_of(morphology)
    together = Stepwise(terms, morphology, batch.columns)
    constants, memory = np.tile(together.constants(morphology), (4, 1)), together.memory(4)
    rewards = np.zeros(4)
    for _ in range(60):
        before = batch.lived.copy()
        batch.advance(1)
        living = batch.lived > before
        rows = np.array([batch.episode(sim).trace[-1:] for sim in range(4)])
        _, sums = together.follow(constants, memory, rows, dt)
        rewards[living] += sums[living, 0] / batch.steps

    assert 1 < batch.lived.min() < 60
    for sim in range(4):
        lived = batch.episode(sim)
        assert base(terms) + rewards[sim] == pytest.approx(worth(terms, lived), rel=1e-12)


def test_bodies_of_one_layout_have_constants_of_their_own() -> None:
    light, heavy = walk(body(), steps=30), walk(replace(body(), mass=40.0), steps=30)
    terms = [term("impact_load"), term("foot_slip")]
    together = Stepwise(terms, light.morphology, light.columns)
    constants = np.array([together.constants(each.morphology) for each in (light, heavy)])
    assert constants[1, 0] == 10 * constants[0, 0]
    traces = np.array([light.trace, light.trace])
    values, _ = together.follow(constants, together.memory(2), traces, light.control_dt)
    np.testing.assert_allclose(values[0, :, 0], 10 * values[1, :, 0])
    with pytest.raises(EvolocoError, match="must have the same joints and feet"):
        Stepwise([term("joint_limit_use")], body(), Columns(body(), 1)).constants(body(("foot",)))


def test_no_terms_sum_to_nothing() -> None:
    values, sums = followed([], walk(body(), steps=7))
    assert values.shape == (7, 0)
    assert sums.tolist() == [0.0] * 7


@pytest.mark.parametrize("name", STEPWISE)
def test_a_row_form_is_plain_python_too(name: str) -> None:
    lived = noise(Target().beside(human()), 12)
    each = term(name)
    assert each.form is not None
    form, constants = each.form, each.form.constants(lived.morphology)
    constants = fields.record(fields.flatten(constants), fields.layout_of(constants))
    memory = fields.zeros(fields.layout(form.memory(lived.morphology)))
    now = fields.records(lived.trace, lived.columns.record)
    row = interpreted(form.row)
    found = [row(constants, memory, now[t], lived.control_dt) for t in range(12)]
    np.testing.assert_allclose(found, rows(each, lived), rtol=ROUNDING, atol=ROUNDING)


# Records of a row


def with_sensors_in_front() -> Morphology:
    """A body whose user gave it sensors, which stand before ours in sensordata."""
    spec = body().spec.copy()
    for sensor in list(spec.sensors):
        spec.delete(sensor)
    for site in list(spec.sites):
        spec.delete(site)
    trunk = spec.body("torso")
    trunk.add_site(name="back")
    kinds = {"acc": mujoco.mjtSensor.mjSENS_ACCELEROMETER, "gyro": mujoco.mjtSensor.mjSENS_GYRO}
    for name, kind in kinds.items():
        spec.add_sensor(name=name, type=kind, objtype=mujoco.mjtObj.mjOBJ_SITE, objname="back")
    spec.add_sensor(
        type=mujoco.mjtSensor.mjSENS_JOINTPOS,
        objtype=mujoco.mjtObj.mjOBJ_JOINT,
        objname="hip_left_foot",
    )
    return assemble(spec, "torso", PAIR, [f"hip_{foot}" for foot in PAIR])


@cache
def bodies() -> dict[str, Morphology]:
    bundled = [name for name in members("morphologies") if name not in ("mjcf", "fitted")]
    return {
        **{name: member("morphologies", name).build() for name in bundled},
        "motors": member("morphologies", "muscle_biped").build(drive="motors"),
        "one foot": body(("foot",)),
        "sensors in front": with_sensors_in_front(),
    }


@pytest.mark.parametrize("name", bodies())
def test_every_field_of_a_row_is_what_the_episode_reads(name: str) -> None:
    morphology = bodies()[name]
    lived = noise(morphology, 5)
    now = fields.records(lived.trace, lived.columns.record)
    joints, feet = [joint.name for joint in morphology.joints], morphology.feet
    same = np.testing.assert_array_equal

    same(now.time, lived.time)
    same(now.body_contact, lived["body_contact"][:, 0])
    for array in ("qpos", "qvel", "act", "ctrl", "actuator_force"):
        same(now[array], lived[array])
    for array, shape in lived.columns.shapes.items():
        if len(shape) > 1 and all(shape):
            same(now[array], lived[array].reshape(5, *shape))
    same(now.joint_velocity, lived.joint_velocity)
    same(now.torso_rate, lived.sensor("torso.rate"))
    assert now.foot.shape == (5, len(feet))
    for i, foot in enumerate(feet):
        for sensor in ("position", "velocity", "spin", "ground"):
            same(now.foot[:, i][sensor], lived.sensor(f"foot.{foot}.{sensor}"))
    for i, muscle in enumerate(morphology.muscles):
        for sensor in ("length", "velocity", "force"):
            same(now.muscle[:, i][sensor], lived.sensor(f"muscle.{muscle.name}.{sensor}")[:, 0])
    if morphology.muscles:
        same(now.joint_limit, lived.sensors([f"joint.{joint}.limit" for joint in joints]))
    for index in range(morphology.model.nsensor):
        if sensor := morphology.model.sensor(index).name:
            same(now.sensor[sensor], lived.sensor(sensor))


def test_the_users_own_sensors_stand_in_front_and_are_read_by_name() -> None:
    morphology = with_sensors_in_front()
    assert morphology.sensor("acc").start == 0
    assert morphology.sensor("joint.hip_left_foot.angle").start == 7

    def row(constants, memory, now, dt):  # type: ignore[no-untyped-def]
        return now.sensor["gyro"][2] + now.sensor.acc[0] + now.joint_angle[0, 0]

    lived = noise(morphology, 9)
    mine = Term("mine", 1.0, "mine", lambda _: 0.0, {}, "1", form=RowForm(row))
    wanted = lived.sensor("gyro")[:, 2] + lived.sensor("acc")[:, 0] + lived.joint_angle[:, 0]
    np.testing.assert_array_equal(rows(mine, lived), wanted)


def test_a_row_form_without_a_file_is_known_by_its_code() -> None:
    lived, found = walk(body(), steps=3), []
    for value in (1.0, 2.0):
        names: dict[str, Any] = {}
        exec(f"def row(constants, memory, now, dt):\n    return {value}", names)
        mine = Term("mine", 1.0, "mine", lambda _: 0.0, {}, "1", form=RowForm(names["row"]))
        found.append(rows(mine, lived).tolist())
    assert found == [[1.0] * 3, [2.0] * 3]


# Contract and errors


def module(**names: Any) -> ModuleType:
    made = ModuleType("mine")
    made.__dict__.update(names)
    return made


def test_what_a_row_form_needs_is_in_its_module() -> None:
    assert row_form(MEASURES["distance"]) is None
    assert (kind_of(MEASURES["distance"]), kind_of(MEASURES["upright"])) == (PER_EPISODE, PER_STEP)
    form = row_form(MEASURES["ground_reaction"])
    assert form is not None
    assert form.memory(body()) == {"begun": (), "first": ()}
    assert form.constants(body(), limit=2.0)["limit"] == 2.0


def test_a_row_form_takes_the_options_of_its_measure() -> None:
    def measure(episode: Episode, free: float = 0.0) -> Array:
        return episode.time - free

    def constants(morphology: Morphology, free: float = 1.0) -> dict[str, float]:
        return {"free": free}

    row = MEASURES["survival"].row
    with pytest.raises(SpecError, match=r"`measure` takes \{'free': 0.0\}; `constants` takes none"):
        row_form(module(measure=measure, row=row))
    with pytest.raises(SpecError, match=r"with the same defaults.*\{'free': 1.0\}"):
        row_form(module(measure=measure, row=row, constants=constants))


def test_a_term_that_needs_the_whole_episode_is_refused() -> None:
    with pytest.raises(EvolocoError, match=r"'distance' has no value per step.*evoloco list"):
        rows(term("distance"), walk(body(), steps=3))


def test_options_are_checked_when_a_row_form_is_made() -> None:
    with pytest.raises(EvolocoError, match="width must be above 0"):
        rows(term("speed_tracking", width=0.0), walk(body(), steps=3))
    with pytest.raises(ModelError, match="needs joints that muscles drive"):
        rows(term("joint_limit_torque"), walk(body(), steps=3))
    with pytest.raises(UnknownNameError, match="Did you mean 'knee'"):
        rows(term("joint_limit_torque", joint="kne"), noise(human(), 3))


def test_a_term_with_a_threshold_does_not_count_step_by_step() -> None:
    assert term("upright").stepwise
    assert not replace(term("upright"), threshold=0.1).stepwise
    assert not term("distance").stepwise


def unknown_field(constants, memory, now, dt):  # type: ignore[no-untyped-def]
    return now.torso_height


def no_constant(constants, memory, now, dt):  # type: ignore[no-untyped-def]
    return constants.target


def an_object(constants, memory, now, dt):  # type: ignore[no-untyped-def]
    return float(open("file").read())


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (unknown_field, r"Unknown field of now 'torso_height'\. Known: .*torso_position"),
        (no_constant, r"Unknown field of constants 'target'\. Known: none"),
        (an_object, r"Allowed are arithmetic on the given fields"),
    ],
)
def test_a_row_form_that_numba_cannot_compile_is_told_with_its_name_and_line(
    row: Any, message: str
) -> None:
    mine = Term("mine", 1.0, "own.py", lambda _: 0.0, {}, "1", form=RowForm(row))
    where = rf"'own\.py' .* compile `{row.__name__}` in .*test_stepwise\.py, line \d+"
    with pytest.raises(SpecError, match=where + f".*{message}"):
        rows(mine, walk(body(), steps=2))


def test_the_example_of_an_own_measure_has_a_row_form_that_equals_it() -> None:
    own = member("fitness", str(ROOT / "examples" / "own_measure.py"))
    mine = Term("mine", 1.0, "own", own.measure, {"free": 0.3}, own.UNIT, form=row_form(own))
    lived = noise(body(), 20)
    np.testing.assert_array_equal(rows(mine, lived), own.measure(lived, free=0.3))
