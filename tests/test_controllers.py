"""What every controller owes, whichever body it drives."""

import dataclasses
import functools
from types import SimpleNamespace

import numpy as np
import pytest
from native import DT, Native, interpreted, mirror

from evoloco import fields
from evoloco.controller import OLD, layouts, signals
from evoloco.errors import ControllerError, ModelError, UnknownNameError
from evoloco.fitting import fitted
from evoloco.genome import Space
from evoloco.members import member, members
from evoloco.morphologies import biped, hopper, muscle_biped, muscle_biped3d, planar_biped
from evoloco.sensor import Reading, Sensor
from evoloco.sim.compile import CompiledController
from evoloco.spec import SensorSpec
from evoloco.target import Target

MUSCULAR = {"reflex": "muscle_biped", "reflex3d": "muscle_biped3d", "muscle_fsm": "muscle_biped"}
OTHERS = (*MUSCULAR, "simbicon", "steering")
SERVO = [name for name in members("controllers") if name not in OTHERS]
MIRRORED = [
    name for name in SERVO if name in ("hopf", "matsuoka", "phase", "rulkov", "sine", "vanderpol")
]


def beside_target():
    """A biped that is asked for speed and turning, and sees a ball."""
    body = Target().beside(biped.build(hip_yaw=True))
    return fitted(body, {"command": SensorSpec(), "target": SensorSpec()})


BODIES = {
    "biped": biped.build,
    "biped with arms": lambda: biped.build(arms=True),
    "planar_biped": planar_biped.build,
    "hopper": hopper.build,
    "muscle_biped": muscle_biped.build,
    "muscle_biped with motors": lambda: muscle_biped.build(drive="motors"),
    "muscle_biped3d": muscle_biped3d.build,
    "biped beside a target": beside_target,
}
FEEL_ALL = {"feedback": ("joint", "tilt", "load")}
FELT = {"feedback": ("tilt", "load"), "phase_reset": True}
ANSWERING = {"answers": True, "load": True}
SERVO_CASES = [
    *((name, {}, body) for name in SERVO for body in ("biped", "hopper")),
    *(
        (name, {}, body)
        for name in ("matsuoka", "phase")
        for body in ("biped with arms", "planar_biped")
    ),
    ("matsuoka", {"topology": "ring"}, "biped"),
    ("matsuoka", {"topology": "planar"}, "planar_biped"),
    ("matsuoka", {**FEEL_ALL, "tonic_gene": True, "phase_reset": True}, "biped"),
    ("matsuoka", {**FEEL_ALL, "topology": "ring"}, "biped"),
    *((name, {"coupling": "chain"}, "biped") for name in ("hopf", "phase", "vanderpol")),
    *((name, FELT, "biped") for name in ("hopf", "phase", "rulkov", "vanderpol")),
    ("sine", ANSWERING, "biped"),
    *((name, {**ANSWERING, "drive": "feet"}, "biped") for name in ("hopf", "matsuoka", "rulkov")),
]
CASES = [
    *SERVO_CASES,
    *((name, {}, body) for name, body in MUSCULAR.items()),
    *(
        ("simbicon", {"gait": gait}, "muscle_biped with motors")
        for gait in ("walk", "run", "fast_run")
    ),
    ("steering", {}, "biped beside a target"),
]
cases = pytest.mark.parametrize(("name", "options", "body"), CASES)
interpreted_cases = pytest.mark.parametrize(
    ("name", "options", "body"),
    [
        pytest.param(*case, marks=[pytest.mark.slow] * (case[0] == "matsuoka" and bool(case[1])))
        for case in CASES
    ],
)
"""Networks of many neurons take long without a compiler."""
FEELING = [
    ("sine", {}, "biped"),
    ("feet", {}, "biped"),
    ("matsuoka", {"topology": "planar"}, "planar_biped"),
    ("matsuoka", {**FEEL_ALL, "phase_reset": True}, "biped"),
    *((name, FELT, "biped") for name in ("hopf", "phase", "rulkov", "vanderpol")),
    ("sine", ANSWERING, "biped"),
    ("hopf", {**ANSWERING, "drive": "feet"}, "biped"),
    *((name, {}, body) for name, body in MUSCULAR.items()),
    ("simbicon", {}, "muscle_biped with motors"),
    ("steering", {}, "biped beside a target"),
]
"""Every controller, feeling all that it can."""


@functools.cache
def build(body):
    return BODIES[body]()


def prepare(name, options, body, seed=0):
    """A controller with random genes, and random observations of half a second."""
    morphology = build(body)
    controller = member("controllers", name).Controller(morphology, **options)
    native, rng = Native(controller, morphology), np.random.default_rng(seed)
    params = native.params(controller.space.decode(rng.random(len(controller.space))))
    obs = 0.3 * rng.standard_normal((25, native.silence.size))
    fields.records(obs, morphology.observation).foot_load[:] = rng.random(
        (25, len(morphology.feet))
    )
    return SimpleNamespace(controller=controller, native=native, params=params, obs=obs)


@interpreted_cases
def test_compiled_equals_interpreted(name, options, body):
    it = prepare(name, options, body)
    kinds, flat = it.native.kinds, np.zeros(fields.size(it.native.kinds.state))
    params, state = fields.record(it.params, kinds.params), fields.record(flat, kinds.state)
    reset, step = interpreted(it.controller.reset), interpreted(it.controller.step)
    reset(params, state, DT)
    native = it.native.reset(it.params)
    np.testing.assert_allclose(native, flat, rtol=1e-9, atol=1e-12)
    for k, seen in enumerate(it.obs[:4]):
        ctrl = np.full(it.native.nu, np.nan)
        obs = fields.record(seen, kinds.observation)
        step(params, state, obs, k * DT, DT, ctrl)
        np.testing.assert_allclose(
            it.native.step(it.params, native, seen, k * DT), ctrl, rtol=1e-9, atol=1e-12
        )


@cases
def test_all_commands_are_written_and_finite(name, options, body):
    for seed in range(5):
        it = prepare(name, options, body, seed)
        states, commands = it.native.run(
            it.params, 0.5, lambda time, it=it: it.obs[round(time / DT)]
        )
        assert np.isfinite(commands).all()
        assert np.isfinite(states).all()


def test_every_member_is_under_contract():
    assert {name for name, _, _ in CASES} == set(members("controllers"))


@pytest.mark.parametrize(("name", "options", "body"), SERVO_CASES)
def test_random_genes_swing_moderately_about_home(name, options, body):
    home = np.array([joint.home for joint in build(body).joints])
    swings = []
    for seed in range(5):
        it = prepare(name, options, body, seed)
        swings.append(np.abs(it.native.run(it.params, 3)[1] - home).max())
    # At most 0.35 rad of offset and, beside coupling, 0.6 rad of an oscillator; typical is half.
    assert 0.1 < np.median(swings) < 1.2
    assert max(swings) < 2.0


@cases
def test_the_same_start_gives_the_same_commands_and_nothing_else_is_touched(name, options, body):
    it = prepare(name, options, body)
    params, seen = it.params.copy(), it.obs.copy()
    size, guard = fields.size(it.native.kinds.state), 12345.0
    runs = []
    for _ in range(2):
        memory = np.full(size + 20, guard)
        state = memory[10 : 10 + size]
        state[:] = 0.0
        it.native.reset(params, state=state)
        commands = [it.native.step(params, state, obs, k * DT) for k, obs in enumerate(seen)]
        assert (memory[:10] == guard).all()
        assert (memory[-10:] == guard).all()
        runs.append(np.array(commands))
    np.testing.assert_array_equal(runs[0], runs[1])
    np.testing.assert_array_equal(params, it.params)
    np.testing.assert_array_equal(seen, it.obs)


@cases
def test_every_gene_moves_the_commands_and_says_what_it_is(name, options, body):
    it = prepare(name, options, body)
    space, params_of = it.controller.space, it.native.params
    for gene in space.genes:
        assert gene.unit
        assert gene.meaning
    genome = np.random.default_rng(1).random(len(space))
    values = space.decode(genome)
    encoded = [gene.encode(values[gene.name]) for gene in space.genes]
    snapped = [gene.snap(position) for gene, position in zip(space.genes, genome, strict=True)]
    np.testing.assert_allclose(encoded, snapped, atol=1e-12)
    if options.get("topology") == "planar":
        values.update({gene: 1.0 for gene in values if gene.startswith("switch")})
    params = params_of(values)
    for gene in space.genes:
        nudged = gene.high if gene.encode(values[gene.name]) < 0.5 else gene.low
        assert not np.array_equal(params_of({**values, gene.name: nudged}), params), gene.name


@cases
def test_outputs_are_one_finite_signal_per_oscillator(name, options, body):
    it = prepare(name, options, body)
    states, _ = it.native.run(it.params, 1)
    outputs = signals(it.controller, it.params, states)
    assert outputs
    for signal in outputs.values():
        assert signal.shape == (len(states),)
        assert np.isfinite(signal).all()


def widened(body):
    """A body that observes one more thing, between the others."""
    own = build(body).sensors
    middle, channels = len(own) // 2, ("x", "y", "z")
    readings = tuple(Reading("torso.position", axis) for axis in range(3))
    place = Sensor("place", channels, "m", "position of the torso", readings)
    return dataclasses.replace(build(body), fitted=(*own[:middle], place, *own[middle:]))


@pytest.mark.parametrize(("name", "options", "body"), FEELING)
def test_a_channel_added_to_the_observation_leaves_every_command_unchanged(name, options, body):
    it, body = prepare(name, options, body), widened(body)
    wide = Native(type(it.controller)(body, **options), body)
    seen = np.random.default_rng(2).standard_normal((len(it.obs), wide.silence.size))
    here = fields.records(it.obs, it.native.kinds.observation)
    there = fields.records(seen, wide.kinds.observation)
    for field in fields.names(it.native.kinds.observation):
        there[field][:] = here[field]
    assert wide.kinds.observation != it.native.kinds.observation

    states = it.native.reset(it.params), wide.reset(it.params)
    for k, obs in enumerate(zip(it.obs, seen, strict=True)):
        narrow = it.native.step(it.params, states[0], obs[0], k * DT)
        np.testing.assert_array_equal(wide.step(it.params, states[1], obs[1], k * DT), narrow)
    np.testing.assert_array_equal(*states)


def test_every_member_is_tried_with_a_channel_added():
    # A policy reads every channel, so one more makes another network.
    assert {name for name, _, _ in FEELING} == set(members("controllers")) - {"policy"}


@pytest.mark.parametrize("name", MIRRORED)
def test_the_biped_has_at_most_40_genes_and_without_symmetry_twice_those_of_the_joints(name):
    module = member("controllers", name)
    shared = module.Controller(build("biped")).space.names
    single = module.Controller(build("biped"), symmetry="none").space.names
    stems = {joint.stem for joint in build("biped").joints}
    common = [gene for gene in shared if gene.partition(".")[0] not in stems]
    assert len(shared) <= 40
    assert len(single) - len(common) == 2 * (len(shared) - len(common))


@pytest.mark.parametrize("name", MIRRORED)
def test_equal_genes_on_both_sides_are_the_mirror_symmetry(name):
    module, body = member("controllers", name), build("biped")
    shared, single = (module.Controller(body, symmetry=symmetry) for symmetry in ("mirror", "none"))
    values = shared.space.decode(np.random.default_rng(4).random(len(shared.space)))
    owner = {joint.name: joint.stem for joint in body.joints}
    copied = {}
    for gene in single.space.names:
        joint, dot, rest = gene.partition(".")
        copied[gene] = values[owner.get(joint, joint) + dot + rest]
    np.testing.assert_array_equal(
        fields.flatten(single.parameters(copied)), fields.flatten(shared.parameters(values))
    )


@functools.cache
def parallel_axes():
    """The biped with roll and yaw axes that do not mirror each other, as most models have them."""
    body = build("biped")
    joints = tuple(
        type(joint)(**{**vars(joint), "mirror": -1.0 if joint.axis == "roll" else 1.0})
        for joint in body.joints
    )
    return type(body)(**{**{k: vars(body)[k] for k in body.__dataclass_fields__}, "joints": joints})


@pytest.mark.parametrize("axes", ["mirrored", "parallel"])
@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("sine", {}),
        ("matsuoka", {"feedback": ("joint", "tilt", "load"), "tonic_gene": True}),
        *((name, {"feedback": ("tilt", "load")}) for name in ("hopf", "phase", "vanderpol")),
        *(
            (name, {"feedback": ("tilt", "load"), "coupling": "chain"})
            for name in ("hopf", "phase", "vanderpol")
        ),
    ],
)
def test_a_mirrored_observation_half_a_period_later_gives_the_mirrored_command(name, options, axes):
    body = build("biped") if axes == "mirrored" else parallel_axes()
    controller = member("controllers", name).Controller(body, **options)
    native = Native(controller, body)
    values = controller.space.decode(np.random.default_rng(5).random(len(controller.space)))
    params = native.params({**values, "period": 0.8})
    rng = np.random.default_rng(6)
    wave, lag = 0.1 * rng.standard_normal((3, native.silence.size)), round(0.4 / DT)

    def obs(time):
        return wave[0] + wave[1] * np.sin(9 * time) + wave[2] * np.cos(5 * time)

    start = round(16 / DT)
    settled, _ = native.run(params, start * DT)
    here, there = settled[-1].copy(), native.run(params, (start + lag) * DT)[0][-1].copy()
    swap = [[joint.name for joint in body.joints].index(joint.partner) for joint in body.joints]
    sign = np.array([joint.mirror for joint in body.joints])
    # Van der Pol's and Matsuoka's periods are not quite that of the gene.
    tolerance = 0.02 if name in ("vanderpol", "matsuoka") else 1e-3
    for k in range(25):
        seen, time = obs(k * DT), (start + k) * DT
        left = native.step(params, here, seen, time)
        right = native.step(params, there, mirror(body, seen), time + lag * DT)
        np.testing.assert_allclose(right, sign * left[swap], atol=tolerance)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("matsuoka", {"feedback": ("joint", "tilt", "load")}),
        ("matsuoka", {"feedback": ("joint", "tilt", "load"), "topology": "ring"}),
        ("rulkov", {"feedback": ("tilt", "load")}),
    ],
)
@pytest.mark.parametrize("axes", ["mirrored", "parallel"])
def test_a_network_whose_sides_and_pacemaker_neurons_change_places_gives_the_mirrored_command(
    name, options, axes
):
    body = build("biped") if axes == "mirrored" else parallel_axes()
    controller = member("controllers", name).Controller(body, **options)
    native, rng = Native(controller, body), np.random.default_rng(7)
    params = native.params(controller.space.decode(rng.random(len(controller.space))))
    here = native.reset(params)
    names = list(signals(controller, params, here[None]))
    paced, width = int(names[0] == "pacemaker"), 1 if name == "rulkov" else 2
    order = [1, 0] if paced else []
    joints = names[paced:]
    for joint in joints:
        k = 2 * paced + width * joints.index(body.joint(joint).partner)
        order += range(k, k + width)

    variables = ("x", "y", "activity") if name == "rulkov" else ("u", "v")
    this = fields.record(here, native.kinds.state)
    for variable in variables:
        this[variable] += 0.01 * rng.standard_normal(len(order))
    there = here.copy()
    that = fields.record(there, native.kinds.state)
    for variable in variables:
        that[variable] = this[variable][order]

    swap = [[joint.name for joint in body.joints].index(joint.partner) for joint in body.joints]
    sign = np.array([joint.mirror for joint in body.joints])
    for k in range(50):
        seen = 0.3 * rng.standard_normal(native.silence.size)
        left = native.step(params, here, seen, k * DT)
        right = native.step(params, there, mirror(body, seen), k * DT)
        np.testing.assert_allclose(right, sign * left[swap], atol=1e-9)


def test_sine_feels_nothing_and_the_others_lean_against_a_tilt():
    body = build("biped")
    for name in MIRRORED:
        controller = member("controllers", name).Controller(body)
        native = Native(controller, body)
        values = controller.space.decode(np.full(len(controller.space), 0.7))
        params = native.params(values)
        tilted = native.see(tilt=(0.1, 0.2), rate=(0.5, 1.0, 2.0))
        upright, leaning = (
            native.step(params, native.reset(params), obs, 0.0) for obs in (native.silence, tilted)
        )
        for joint, answer in zip(body.joints, leaning - upright, strict=True):
            lean, rate = (0.1, 0.5) if joint.axis == "roll" else (0.2, 1.0)
            if joint.axis == "roll" and joint.side == "right":
                lean, rate = -lean, -rate
            wanted = (
                values.get(f"{joint.stem}.tilt", 0) * lean
                + values.get(f"{joint.stem}.rate", 0) * rate
            )
            assert answer == pytest.approx(wanted, abs=1e-12)
            assert (wanted != 0) == (name != "sine" and joint.stem != "knee")


def test_switched_off_connections_do_not_exist():
    body = build("planar_biped")
    controller = member("controllers", "matsuoka").Controller(body, topology="planar")
    assert len(controller.space) == 22
    params = Native(controller, body).params
    values = controller.space.decode(np.full(22, 0.6))
    off = {**values, "switch_3": 0.4}
    changed = {**off, "weight_3": 1.9}
    np.testing.assert_array_equal(params(off), params(changed))
    assert not np.array_equal(params(values), params(off))
    assert len(controller.wiring.network(values).synapses) == 8 + 16
    assert len(controller.wiring.network(off).synapses) == 8 + 14


def test_the_planar_network_feels_absolute_segment_angles():
    """A pose of the legs and its tilt away, so that all segments keep their place in the world."""
    body = build("planar_biped")
    controller = member("controllers", "matsuoka").Controller(body, topology="planar")
    native = Native(controller, body)
    params = native.params(controller.space.decode(np.full(22, 0.7)))

    def pose(lean):
        # Hip flexion is against, knee flexion along the direction in which the torso leans forward.
        hips = {"left": 0.4 + lean, "right": -0.1 + lean}
        angles = [hips[joint.side] if joint.stem == "hip_pitch" else 0.2 for joint in body.joints]
        return native.see(joint_angle=angles, tilt=(0.0, lean), foot_load=(0.6, 0.0))

    def answer(obs):
        state = native.reset(params)
        return [native.step(params, state, obs, 0.0) for _ in range(20)][-1]

    upright, leaning = answer(pose(0.0)), answer(pose(0.3))
    np.testing.assert_allclose(upright, leaning, atol=1e-12)
    assert np.abs(answer(native.silence) - upright).max() > 0.01


def test_the_planar_network_lifts_the_leg_whose_partner_stands():
    body = build("planar_biped")
    controller = member("controllers", "matsuoka").Controller(body, topology="planar")
    native, values = Native(controller, body), controller.space.decode(np.full(22, 0.6))
    felt, unfelt = (
        native.params({**values, "hip_feedback": gain, "knee_feedback": gain})
        for gain in (1.0, 0.0)
    )
    in_the_air, standing = native.silence, native.see(foot_load=(0.9, 0.0))
    flexed = {}
    for label, params, obs in (
        ("unfelt", unfelt, standing),
        ("air", felt, in_the_air),
        ("left", felt, standing),
    ):
        state = native.reset(params)
        flexed[label] = np.mean([native.step(params, state, obs, 0.0) for _ in range(200)], axis=0)
    np.testing.assert_array_equal(flexed["air"], flexed["unfelt"])
    right_hip = [joint.name for joint in body.joints].index("hip_pitch_right")
    assert flexed["left"][right_hip] > flexed["air"][right_hip] + 0.01


def test_joint_feedback_is_silent_at_home():
    body = build("biped")
    controller = member("controllers", "matsuoka").Controller(body, feedback=("joint",))
    native = Native(controller, body)
    values = controller.space.decode(np.full(len(controller.space), 0.7))
    silent = {
        name: 0.0 if name.endswith("joint_feedback") else value for name, value in values.items()
    }
    at_home = native.see(joint_angle=[joint.home for joint in body.joints])
    away = at_home + 0.1
    (_, felt), (_, unfelt), (_, moved) = (
        native.run(native.params(genes), 1, lambda time, obs=obs: obs)
        for genes, obs in ((values, at_home), (silent, at_home), (values, away))
    )
    np.testing.assert_allclose(felt, unfelt, atol=1e-12)
    assert np.abs(moved - felt).max() > 0.05


def test_a_chain_follows_down_each_leg_and_a_pacemaker_directly():
    senders = {"pacemaker": [0] * 11, "chain": [0, 0, 1, 2, 3, 4, 0, 6, 7, 8, 9]}
    for coupling, expected in senders.items():
        controller = member("controllers", "phase").Controller(build("biped"), coupling=coupling)
        values = controller.space.decode(np.full(len(controller.space), 0.5))
        assert controller.parameters(values)["oscillators"]["sender"] == expected


def test_unknown_topologies_and_joints_are_told_with_the_known_ones():
    controller = member("controllers", "matsuoka").Controller
    with pytest.raises(UnknownNameError, match=r"'rings'.*pacemaker, planar, ring.*mean 'ring'"):
        controller(build("biped"), topology="rings")
    with pytest.raises(UnknownNameError, match=r"'hips'.*ankle_pitch.*hip_roll"):
        controller(build("biped"), reflex_stems=("hips",))
    with pytest.raises(ModelError, match=r"right hip.*hip_pitch, knee"):
        controller(build("hopper"), topology="planar")


def test_the_reflex_can_be_moved_to_other_joints_or_left_out():
    controller = member("controllers", "phase").Controller
    names = controller(build("biped"), reflex_stems=("knee",)).space.names
    assert [name for name in names if name.endswith(".tilt")] == ["knee.tilt"]
    assert not [
        name
        for name in controller(build("biped"), reflex=False).space.names
        if name.endswith(".tilt")
    ]


def reset(params, state, dt):
    state.phase = 0.0


def step(params, state, obs, time, dt, ctrl):
    state.phase += dt * params.frequency
    ctrl[:] = state.phase


def controller(step=step, reset=reset, params=None, **state):
    """A controller without genes."""
    values = {"frequency": 2.0} if params is None else params
    return SimpleNamespace(
        space=Space([]),
        state=state or {"phase": ()},
        reset=reset,
        step=step,
        parameters=lambda genes: values,
    )


def test_a_controller_for_flat_arrays_is_told_in_one_sentence_what_to_change():
    flat = SimpleNamespace(
        space=Space([]), state_size=1, reset=reset, step=step, parameters=lambda _: np.zeros(1)
    )
    named_state = controller(params=np.zeros(1))
    named_params = controller()
    del named_params.state
    for old in (flat, named_state, named_params):
        with pytest.raises(ControllerError) as told:
            CompiledController(old, build("hopper").observation)
        assert str(told.value) == OLD
    assert "docs/write-a-controller.md" in OLD


def typo_in_params(params, state, obs, time, dt, ctrl):
    ctrl[:] = params.frequenzy


def typo_in_state(params, state, obs, time, dt, ctrl):
    ctrl[:] = state.fase


def typo_in_obs(params, state, obs, time, dt, ctrl):
    ctrl[:] = obs.tiltt[1]


@pytest.mark.parametrize(
    ("step", "words"),
    [
        (typo_in_params, r"'frequenzy'.*frequency.*Did you mean 'frequency'\?"),
        (typo_in_state, r"'fase'.*phase"),
        (typo_in_obs, r"'tiltt'.*foot_load.*joint_angle.*rate.*tilt.*Did you mean 'tilt'\?"),
    ],
)
def test_an_unknown_field_is_told_with_the_known_ones(step, words):
    with pytest.raises((ControllerError, UnknownNameError), match=words):
        CompiledController(controller(step), build("biped").observation)


def test_code_is_compiled_once_for_equal_sources_and_layouts_and_anew_for_others():
    def step_of(controller, body="hopper"):
        return CompiledController(controller, build(body).observation).step

    first = step_of(controller())
    assert step_of(controller()) == first
    others = {
        "another state": step_of(controller(phase=(), more=(2,))),
        "other parameters": step_of(controller(params={"offset": 1.0, "frequency": 2.0})),
        "another observation": step_of(controller(), "biped"),
        "another function": step_of(controller(twice)),
    }
    assert len({first, *others.values()}) == 1 + len(others)


def twice(params, state, obs, time, dt, ctrl):
    state.phase += 2.0 * dt * params.frequency
    ctrl[:] = state.phase


def test_the_layout_of_parameters_is_that_of_what_is_returned():
    params, state = layouts(controller(params={"a": 1.0, "b": {"c": np.zeros((2, 3))}}))
    assert params == fields.layout({"a": (), "b": {"c": (2, 3)}})
    assert state == fields.layout({"phase": ()})


SILENT = """
import math

from evoloco.genome import Gene, Space


def reset(params, state, dt):
    state.phase = 0.0


def step(params, state, obs, time, dt, ctrl):
    state.phase += 2 * math.pi * params.frequency * dt
    for j in range(ctrl.size):
        ctrl[j] = 0.3 * math.sin(state.phase)


class Controller:
    \"\"\"One phase, and nothing to draw.\"\"\"

    reset, step = staticmethod(reset), staticmethod(step)
    state = {"phase": ()}

    def __init__(self, morphology):
        self.space = Space([Gene("frequency", 0.5, 2.0, "Hz")])

    def parameters(self, values):
        return {"frequency": values["frequency"]}
"""


@pytest.mark.slow
def test_a_controller_without_outputs_evolves_and_reports(evoloco, hop, tmp_path):
    (tmp_path / "silent.py").write_text(SILENT, encoding="utf-8")
    own, folder = f"controller.name={tmp_path / 'silent.py'}", tmp_path / "run"
    ended = evoloco("evolve", hop, own, "--out", folder)
    assert ended.code == 0, ended.err
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert "This controller has no oscillators to show." in page


@pytest.mark.parametrize("name", ["matsuoka", "phase", "rulkov"])
def test_a_body_without_feet_has_no_foot_to_feel(name):
    body = dataclasses.replace(build("hopper"), feet=())
    assert "foot_load" not in fields.names(body.observation)
    module = member("controllers", name)
    feeling = module.Controller(body, feedback=("tilt", "load"), phase_reset=True)
    assert not [gene for gene in feeling.space.names if "load" in gene]
    it = Native(feeling, body)
    params = it.params(feeling.space.decode(np.full(len(feeling.space), 0.7)))
    assert np.isfinite(it.run(params, 0.2)[1]).all()
