"""A fall never pays, it is judged over the ground beneath the torso, and it says its rule."""

import importlib
import pkgutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import mujoco
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from traces import body, noise

from evoloco.controllers import sine
from evoloco.ending import Outcome, Rule
from evoloco.episode import Episode
from evoloco.errors import EvolocoError, SpecError
from evoloco.evaluators.local import Local
from evoloco.experiment import Experiment
from evoloco.genome import Gene
from evoloco.measure import declared_floor
from evoloco.members import member
from evoloco.morphologies import hopper
from evoloco.morphology import Morphology, assemble
from evoloco.scenario import Termination, draw
from evoloco.sim.simulator import Simulator
from evoloco.spec import read
from evoloco.stance import LOADED, loaded_force
from evoloco.target import Target
from evoloco.term import Term, fitness, objectives

ROOM = importlib.import_module("evoloco.fitness").__path__
MEASURES: dict[str, Any] = {
    member.name: importlib.import_module(f"evoloco.fitness.{member.name}")
    for member in pkgutil.iter_modules(ROOM)
    if not member.name.startswith("_")
}
HUMAN = member("morphologies", "muscle_biped").build()
BODIES = {
    **dict.fromkeys(("effort", "joint_limit_torque"), HUMAN),
    **dict.fromkeys(("approach", "reached"), Target().beside(body())),
}
"""Bodies of measures that need muscles, or a target."""

NOISE = {name: noise(BODIES.get(name, body()), 60) for name in MEASURES}
"""Episodes with random numbers, for each measure."""

WEIGHTS = st.floats(-5, 5).filter(lambda weight: abs(weight) > 1e-3)
LIVED = st.lists(st.integers(1, 60), min_size=2, max_size=2, unique=True).map(sorted)


def term(name: str, weight: float, objective: str = "fitness") -> Term:
    module = MEASURES[name]
    floor = declared_floor(module, weight, BODIES.get(name, body()))
    assert floor is not None
    return Term(name, weight, name, module.measure, {}, "", objective, floor=floor)


def prefix(whole: Episode, lived: int) -> Episode:
    return replace(whole, trace=whole.trace[:lived])


# The rule


@pytest.mark.parametrize(
    "name", [name for name, module in MEASURES.items() if hasattr(module, "row")]
)
@settings(max_examples=15)
@given(weight=WEIGHTS, lived=LIVED)
def test_no_earlier_end_is_better_for_a_measure_per_step(
    name: str, weight: float, lived: list[int]
) -> None:
    whole, one = NOISE[name], term(name, weight)
    short, long = (one.weight * one.counted(prefix(whole, count)) for count in lived)
    assert short <= long + 1e-9 * max(1.0, abs(long))


@pytest.mark.parametrize("name", MEASURES)
@settings(max_examples=15)
@given(weight=WEIGHTS, lived=LIVED, value=st.floats(-1e3, 1e3))
def test_at_equal_values_a_longer_life_is_never_worse(
    name: str, weight: float, lived: list[int], value: float
) -> None:
    one = replace(term(name, weight), measure=lambda _: value)
    whole = NOISE[name]
    short, long = (one.weight * one.counted(prefix(whole, count)) for count in lived)
    assert short <= long + 1e-9 * max(1.0, abs(long))


@given(
    weights=st.lists(WEIGHTS, min_size=3, max_size=3),
    values=st.lists(st.floats(-100, 100), min_size=3, max_size=3),
    lived=LIVED,
)
def test_a_fall_never_pays_in_any_objective_whatever_the_weights(
    weights: list[float], values: list[float], lived: list[int]
) -> None:
    names = ("forward_speed", "cost_of_transport", "smoothness")
    terms = [
        replace(term(name, weight, f"goal {k % 2}"), measure=lambda _, value=value: value)
        for k, (name, weight, value) in enumerate(zip(names, weights, values, strict=True))
    ]
    counted = [
        [each.counted(prefix(NOISE["forward_speed"], count)) for each in terms] for count in lived
    ]
    short, long = objectives(terms, np.array(counted))
    assert np.all(short <= long + 1e-9 * np.maximum(1.0, np.abs(long)))
    assert fitness(terms, np.array(counted[0])) <= fitness(terms, np.array(counted[1])) + 1e-6


@pytest.mark.parametrize(
    "name", [name for name, module in MEASURES.items() if hasattr(module, "row")]
)
@settings(max_examples=15)
@given(weight=WEIGHTS, lived=st.integers(1, 60), floor=st.floats(-2, 2))
def test_a_floor_of_the_mean_counts_single_steps_in_full_and_no_life_is_worse_than_none(
    name: str, weight: float, lived: int, floor: float
) -> None:
    whole = NOISE[name]
    one = replace(term(name, weight), floor=floor, floor_of_mean=True)
    mean, counted = one.judged(prefix(whole, lived))
    assert not one.stepwise
    assert one.weight * counted >= one.weight * floor - 1e-9

    share = lived / whole.planned
    worst = max(mean, floor) if weight > 0 else min(mean, floor)
    assert counted == pytest.approx(share * worst + (1 - share) * floor, rel=1e-9, abs=1e-9)


def test_a_run_of_costs_alone_prefers_standing_to_falling(hop: Path) -> None:
    cost = "fitness={c={measure='cost_of_transport', weight=-1.0}}"
    experiment = Experiment(read(hop, [cost]))
    genomes = np.random.default_rng(0).random((12, len(experiment.space)))
    found = Local(experiment).evaluate(genomes, experiment.scenarios(0), 0.0)
    fell = found.outcome == Outcome.FELL
    assert fell.any()
    assert np.all(found.fitness >= -20.0)  # the floor: nothing is worse than getting nowhere
    assert np.all(found.fitness[fell] <= -20.0 * (1 - found.duration[fell]))


def test_a_floor_of_the_run_file_takes_the_place_of_the_measures_own(hop: Path) -> None:
    experiment = Experiment(read(hop, ["fitness.speed.floor=-0.25"]))
    assert experiment.terms[0].floor == -0.25
    assert experiment.told.fitness["speed"].floor == -0.25
    assert Experiment(read(hop)).told.fitness["speed"].floor == -1.0


def test_a_run_file_says_that_a_floor_is_one_of_the_mean(hop: Path) -> None:
    assert Experiment(read(hop)).terms[0].stepwise
    experiment = Experiment(read(hop, ["fitness.speed.floor_of=mean"]))
    assert experiment.terms[0].floor_of_mean
    with pytest.raises(SpecError, match=r"fitness\.speed\.floor_of.*'step' or 'mean'"):
        read(hop, ["fitness.speed.floor_of=life"])


def test_a_penalty_without_floors_is_refused_and_a_reward_has_none_below_0(
    hop: Path, tmp_path: Path
) -> None:
    (tmp_path / "mine.py").write_text("def measure(episode):\n    return 1.0\n")
    mine = f"fitness.mine={{measure='{tmp_path / 'mine.py'}', weight=%s}}"
    assert Experiment(read(hop, [mine % 1.0])).terms[-1].floor == 0.0
    with pytest.raises(SpecError, match=r"fitness\.mine\.floor is missing.*declares no FLOORS"):
        _ = Experiment(read(hop, [mine % -1.0])).terms
    given_floor = read(hop, [mine % -1.0, "fitness.mine.floor=3.0"])
    assert Experiment(given_floor).terms[-1].floor == 3.0


# The ground beneath the torso


def on(floor: str, height: float, tilt: float = 0.0) -> Morphology:
    """A ball on a weak leg over some ground that slopes about the y axis [rad]."""
    down = np.degrees(tilt)
    spec = mujoco.MjSpec.from_string(f"""
        <mujoco><worldbody>{floor}
        <body name="torso" pos="0 0 {height}" euler="0 {down} 0"><freejoint/>
        <geom size="0.05" mass="1"/>
        <body name="foot" pos="0 0 -0.2"><joint name="hip" axis="0 1 0"/>
        <geom size="0.05" mass="1"/></body></body></worldbody>
        <actuator><position name="hip" joint="hip" kp="5"/></actuator>
        <keyframe><key name="home" qpos="0 0 {height} 1 0 0 0 0"/></keyframe></mujoco>""")
    return assemble(spec, "torso", ["foot"], ["hip"])


def falling(morphology: Morphology, duration: float, **rules: Any) -> Episode:
    """An episode of a body that nothing moves."""
    controller = sine.Controller(morphology)
    rules = {"min_height": 0.7, "max_tilt": 10.0, "body_contact": False, **rules}
    native = Simulator(
        morphology,
        controller,
        duration=duration,
        control_dt=0.02,
        termination=Termination(**rules),
        ramp=100.0,
        threads=1,
    )
    values = {gene.name: gene.decode(0.5) for gene in controller.space.genes}
    from evoloco.fields import flatten

    params = flatten(controller.parameters(values))[None]
    (episode,) = native.run(params, [draw(morphology, (0,), duration=duration)])
    return replace(episode, trace=episode.trace.copy())


PLANE = '<geom type="plane" size="0 0 1" pos="0 0 {z}" euler="0 {tilt} 0"/>'


def test_a_body_that_slides_down_a_slope_does_not_fall_for_descending() -> None:
    slope = PLANE.format(z=0, tilt=20).replace("/>", ' friction="0 0 0"/>')
    episode = falling(on(slope, 0.2662), 1.5, min_height=0.05)
    low = episode.sensor("torso.position")[:, 2].min()
    assert low < 0.05 * 0.2662  # in the world, it sinks below what would be a fall on level ground
    assert episode.outcome is Outcome.COMPLETED


@pytest.mark.parametrize("z", [-3.0, 0.0, 5.0])
@pytest.mark.parametrize(
    "floor",
    [
        '<geom type="plane" size="0 0 1" pos="0 0 {z}"/>',
        '<geom type="box" size="2 2 0.5" pos="0 0 {box}"/>',
    ],
    ids=["plane", "box"],
)
def test_a_fall_is_the_same_wherever_the_floor_lies(floor: str, z: float) -> None:
    lifted = on(floor.format(z=z, box=z - 0.5), z + 0.25)
    episode = falling(lifted, 0.6)
    assert episode.outcome is Outcome.COMPLETED
    early = falling(lifted, 0.6, min_height=1.05)
    assert early.ending.rule is Rule.HEIGHT
    assert early.ending.value == pytest.approx(0.25, abs=0.01)
    assert early.ending.limit == pytest.approx(1.05 * 0.25)


def test_another_start_moves_neither_lengths_nor_limits() -> None:
    plain = hopper.build()
    crouched = plain.starting((0.5 * plain.home).tolist(), np.zeros(plain.model.nv).tolist())
    for name in ("leg_length", "standing_height", "size", "mass"):
        assert getattr(crouched, name) == getattr(plain, name)


# What ended an episode


def test_an_ending_says_its_rule_its_part_and_its_number() -> None:
    lifted = on('<geom type="plane" size="0 0 1"/>', 0.25)
    low = falling(lifted, 0.6, min_height=1.05).ending
    assert str(low) == f"torso was {low.value:.3f} m above the ground beneath it, less than 0.263 m"
    tilted = falling(on('<geom type="plane" size="0 0 1"/>', 0.25, 0.3), 5.0, max_tilt=0.5).ending
    assert tilted.rule in (Rule.TILT, Rule.DURATION)
    lying = falling(
        on('<geom type="plane" size="0 0 1"/>', 0.045), 0.5, min_height=0.0, body_contact=True
    ).ending
    assert str(lying) == "torso touched the ground"
    assert str(falling(lifted, 0.1).ending) == "it lasted to its end"


# Weight, stance, levels


@pytest.mark.parametrize("gravity", [1.62, 9.81, 24.8])
def test_body_weight_is_that_of_the_models_own_gravity(gravity: float) -> None:
    there = on('<geom type="plane" size="0 0 1"/>', 0.25)
    model = there.model
    model.opt.gravity[:] = 0, 0, -gravity
    episode = falling(there.with_model(model), 1.0)
    assert there.weight == pytest.approx(2.0 * gravity)
    load = episode.foot_load[len(episode.foot_load) // 2 :, 0]
    np.testing.assert_allclose(load / there.weight, 1.0, atol=0.02)
    assert episode.stance[len(episode.stance) // 2 :].all()


@pytest.mark.parametrize("count", [1, 2, 4, 20])
def test_an_even_load_is_a_stance_whatever_the_number_of_feet(count: int) -> None:
    feet = [f"foot_{index}" for index in range(count)]
    many = body(feet)
    assert loaded_force(many) == pytest.approx(LOADED * many.weight / count)
    standing = noise(many, 30)
    standing["ground_force"][:] = np.tile([0, 0, many.weight / count], count)
    assert standing.stance.all()
    assert standing.foot_loaded.all()


def test_levels_stay_levels_in_narrower_bounds() -> None:
    count = Gene("count", 0.0, 4.0, levels=5)
    assert count.between(0.5, 3.9).values_of_levels == [1.0, 2.0, 3.0]
    assert count.between(1, 2).levels == 2
    with pytest.raises(EvolocoError, match=r"levels are 0, 1, 2, 3, 4; .*Fix a gene"):
        count.between(0.5, 1.5)
    with pytest.raises(EvolocoError, match="must be among them"):
        count.between(0.0, 9.0)
    with pytest.raises(EvolocoError, match=r"2\.5 is none of its levels, 0, 1, 2, 3, 4"):
        count.check_fixed(2.5)
    count.check_fixed(3.0)


# The robot and its scenery


def test_a_loose_object_is_neither_weight_nor_part_of_the_robot() -> None:
    crate = (
        '<body name="crate" pos="1 0 0.2"><freejoint/>'
        '<geom type="box" size=".2 .2 .2" mass="20"/></body>'
    )
    home = "0 0 0.25 1 0 0 0 0 1 0 0.2 1 0 0 0"
    spec = mujoco.MjSpec.from_string(f"""
        <mujoco><worldbody><geom type="plane" size="0 0 1"/>
        <body name="torso" pos="0 0 0.25"><freejoint/><geom size="0.05" mass="1"/>
        <body name="foot" pos="0 0 -0.2"><joint name="hip" axis="0 1 0"/>
        <geom size="0.05" mass="0.64"/></body></body>{crate}</worldbody>
        <actuator><position name="hip" joint="hip" kp="5"/></actuator>
        <keyframe><key name="home" qpos="{home}"/></keyframe></mujoco>""")
    robot = assemble(spec, "torso", ["foot"], ["hip"])
    assert robot.mass == pytest.approx(1.64)
    episode = falling(robot, 0.6, body_contact=True)
    assert episode.outcome is Outcome.COMPLETED
    assert not episode["body_contact"].any()


def test_symmetry_is_that_of_legs_though_arms_come_first() -> None:
    from evoloco.gait.symmetry import hip_pair

    limbs = "".join(
        f'<body name="{side}_arm" pos="0 {y} 0.2"><joint name="{side}_shoulder" axis="0 1 0"/>'
        '<geom size="0.03"/></body>'
        for side, y in (("left", 0.2), ("right", -0.2))
    ) + "".join(
        f'<body name="{side}_foot" pos="0 {y} -0.3"><joint name="{side}_hip" axis="0 1 0"/>'
        '<geom size="0.03"/></body>'
        for side, y in (("left", 0.1), ("right", -0.1))
    )
    joints = ["left_shoulder", "right_shoulder", "left_hip", "right_hip"]
    motors = "".join(f'<position name="{joint}" joint="{joint}" kp="5"/>' for joint in joints)
    spec = mujoco.MjSpec.from_string(f"""
        <mujoco><worldbody><geom type="plane" size="0 0 1"/><body name="torso" pos="0 0 0.35">
        <freejoint/><geom size="0.05"/>{limbs}</body></worldbody><actuator>{motors}</actuator>
        <keyframe><key name="home" qpos="0 0 0.35 1 0 0 0 0 0 0 0"/></keyframe></mujoco>""")
    robot = assemble(spec, "torso", ["left_foot", "right_foot"], joints)
    pair = hip_pair(robot)
    assert pair is not None
    assert [robot.joints[index].name for index in pair[:2]] == ["left_hip", "right_hip"]
