"""What every controller owes, whichever body it drives."""

import functools
from types import SimpleNamespace

import numpy as np
import pytest
from native import DT, Native

from evoloco.controllers._followers import ROW, SENDER
from evoloco.errors import ModelError, UnknownNameError
from evoloco.members import member, members
from evoloco.morphologies import biped, hopper, muscle_biped, muscle_biped3d, planar_biped

MUSCULAR = {"reflex": "muscle_biped", "reflex3d": "muscle_biped3d", "muscle_fsm": "muscle_biped"}
SERVO = [name for name in members("controllers") if name not in (*MUSCULAR, "simbicon")]
MIRRORED = [
    name for name in SERVO if name in ("hopf", "matsuoka", "phase", "rulkov", "sine", "vanderpol")
]
BODIES = {
    "biped": biped.build,
    "biped with arms": lambda: biped.build(arms=True),
    "planar_biped": planar_biped.build,
    "hopper": hopper.build,
    "muscle_biped": muscle_biped.build,
    "muscle_biped with motors": lambda: muscle_biped.build(drive="motors"),
    "muscle_biped3d": muscle_biped3d.build,
}
SERVO_BODIES = [name for name in BODIES if not name.startswith("muscle")]
VARIANTS = [
    ("matsuoka", {"topology": "ring"}),
    ("matsuoka", {"topology": "planar"}),
    ("matsuoka", {"feedback": ("joint", "tilt", "load"), "tonic_gene": True, "phase_reset": True}),
    ("matsuoka", {"topology": "ring", "feedback": ("joint", "tilt", "load")}),
    *((name, {"coupling": "chain"}) for name in ("hopf", "phase", "vanderpol")),
    *(
        (name, {"feedback": ("tilt", "load"), "phase_reset": True})
        for name in ("hopf", "phase", "rulkov")
    ),
]
SERVO_CASES = [(name, {}, body) for name in SERVO for body in SERVO_BODIES] + [
    (name, options, "planar_biped" if options.get("topology") == "planar" else "biped")
    for name, options in VARIANTS
]
CASES = [
    *SERVO_CASES,
    *((name, {}, body) for name, body in MUSCULAR.items()),
    *(
        ("simbicon", {"gait": gait}, "muscle_biped with motors")
        for gait in ("walk", "run", "fast_run")
    ),
]
cases = pytest.mark.parametrize(("name", "options", "body"), CASES)


@functools.cache
def build(body):
    return BODIES[body]()


def prepare(name, options, body, seed=0):
    """A controller with random genes, and random observations of half a second."""
    controller = member("controllers", name).Controller(build(body), **options)
    rng = np.random.default_rng(seed)
    params = controller.parameters(controller.space.decode(rng.random(len(controller.space))))
    obs = 0.3 * rng.standard_normal((25, build(body).observation.size))
    where = build(body).observation.foot_load
    obs[:, where] = rng.random((25, len(build(body).feet)))
    return SimpleNamespace(
        controller=controller, native=Native(controller, build(body)), params=params, obs=obs
    )


@cases
def test_compiled_equals_interpreted(name, options, body):
    it = prepare(name, options, body)
    state = np.zeros(it.controller.state_size)
    it.controller.reset(it.params, state, DT)
    native = it.native.reset(it.params)
    np.testing.assert_allclose(native, state, rtol=1e-9, atol=1e-12)
    for k, seen in enumerate(it.obs):
        ctrl = np.full(it.native.nu, np.nan)
        it.controller.step(it.params, state, seen, k * DT, DT, ctrl)
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
    # At most 0.35 rad of offset and, beside coupling, the 0.6 rad of a free oscillator; typical is half.
    assert 0.1 < np.median(swings) < 1.2
    assert max(swings) < 2.0


@cases
def test_the_same_start_gives_the_same_commands_and_nothing_else_is_touched(name, options, body):
    it = prepare(name, options, body)
    params, seen = it.params.copy(), it.obs.copy()
    size, guard = it.controller.state_size, 12345.0
    runs = []
    for _ in range(2):
        memory = np.full(size + 20, guard)
        state = memory[10 : 10 + size]
        state[:] = 0.0
        it.native._reset(params.ctypes.data, state.ctypes.data, DT, params.size, size)
        commands = [it.native.step(params, state, obs, k * DT) for k, obs in enumerate(seen)]
        assert (memory[:10] == guard).all()
        assert (memory[-10:] == guard).all()
        runs.append(np.array(commands))
    np.testing.assert_array_equal(runs[0], runs[1])
    np.testing.assert_array_equal(params, it.params)
    np.testing.assert_array_equal(seen, it.obs)


@cases
def test_every_gene_moves_the_commands_and_says_what_it_is(name, options, body):
    controller = prepare(name, options, body).controller
    for gene in controller.space.genes:
        assert gene.unit
        assert gene.meaning
    genome = np.random.default_rng(1).random(len(controller.space))
    values = controller.space.decode(genome)
    encoded = [gene.encode(values[gene.name]) for gene in controller.space.genes]
    snapped = [
        gene.snap(position) for gene, position in zip(controller.space.genes, genome, strict=True)
    ]
    np.testing.assert_allclose(encoded, snapped, atol=1e-12)
    if options.get("topology") == "planar":
        values.update({gene: 1.0 for gene in values if gene.startswith("switch")})
    params = controller.parameters(values)
    for gene in controller.space.genes:
        nudged = gene.high if gene.encode(values[gene.name]) < 0.5 else gene.low
        assert not np.array_equal(controller.parameters({**values, gene.name: nudged}), params), (
            gene.name
        )


@cases
def test_outputs_are_one_finite_signal_per_oscillator(name, options, body):
    it = prepare(name, options, body)
    states, _ = it.native.run(it.params, 1)
    outputs = it.controller.outputs(it.params, states)
    assert outputs
    for signal in outputs.values():
        assert signal.shape == (len(states),)
        assert np.isfinite(signal).all()


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
    np.testing.assert_array_equal(single.parameters(copied), shared.parameters(values))


def mirror(body, obs):
    """What the body would observe in a mirror."""
    where, image = body.observation, obs.copy()
    names = [joint.name for joint in body.joints]
    swap = [names.index(joint.partner) for joint in body.joints]
    sign = np.array([joint.mirror for joint in body.joints])
    image[where.joint_angle] = sign * obs[where.joint_angle][swap]
    image[where.joint_velocity] = sign * obs[where.joint_velocity][swap]
    image[where.tilt] *= [-1, 1]
    image[where.rate] *= [-1, 1, -1]
    image[where.foot_load] = obs[where.foot_load][::-1]
    return image


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
    params = controller.parameters({**values, "period": 0.8})
    rng = np.random.default_rng(6)
    wave, lag = 0.1 * rng.standard_normal((3, body.observation.size)), round(0.4 / DT)

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
    params = controller.parameters(controller.space.decode(rng.random(len(controller.space))))
    here = native.reset(params)
    names = list(controller.outputs(params, here[None]))
    order = [1, 0] if names[0] == "pacemaker" else []
    joints, width = names[len(order) // 2 :], 1 if name == "rulkov" else 2
    for joint in joints:
        k = len(order[:2]) * (names[0] == "pacemaker") + width * joints.index(
            body.joint(joint).partner
        )
        order += range(k, k + width)
    n, tables = len(order), 3 if name == "rulkov" else 2
    here[: tables * n] += 0.01 * rng.standard_normal(tables * n)
    there = here.copy()
    for table in range(tables):
        there[table * n : (table + 1) * n] = here[table * n : (table + 1) * n][order]
    swap = [[joint.name for joint in body.joints].index(joint.partner) for joint in body.joints]
    sign = np.array([joint.mirror for joint in body.joints])
    for k in range(50):
        seen = 0.3 * rng.standard_normal(body.observation.size)
        left = native.step(params, here, seen, k * DT)
        right = native.step(params, there, mirror(body, seen), k * DT)
        np.testing.assert_allclose(right, sign * left[swap], atol=1e-9)


def test_sine_feels_nothing_and_the_others_lean_against_a_tilt():
    body = build("biped")
    tilted = np.zeros(body.observation.size)
    tilted[body.observation.tilt] = 0.1, 0.2
    tilted[body.observation.rate] = 0.5, 1.0, 2.0
    for name in MIRRORED:
        controller = member("controllers", name).Controller(body)
        native = Native(controller, body)
        values = controller.space.decode(np.full(len(controller.space), 0.7))
        params = controller.parameters(values)
        upright, leaning = (
            native.step(params, native.reset(params), obs, 0.0)
            for obs in (np.zeros_like(tilted), tilted)
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
    values = controller.space.decode(np.full(22, 0.6))
    off = {**values, "switch_3": 0.4}
    changed = {**off, "weight_3": 1.9}
    np.testing.assert_array_equal(controller.parameters(off), controller.parameters(changed))
    assert not np.array_equal(controller.parameters(values), controller.parameters(off))
    assert len(controller.wiring.network(values).synapses) == 8 + 16
    assert len(controller.wiring.network(off).synapses) == 8 + 14


def test_the_planar_network_feels_absolute_segment_angles():
    """A pose of the legs and its tilt away, so that all segments keep their place in the world."""
    body = build("planar_biped")
    controller = member("controllers", "matsuoka").Controller(body, topology="planar")
    native = Native(controller, body)
    params = controller.parameters(controller.space.decode(np.full(22, 0.7)))
    upright, leaning = np.zeros(body.observation.size), np.zeros(body.observation.size)
    for obs, lean in ((upright, 0.0), (leaning, 0.3)):
        for k, joint in enumerate(body.joints):
            # Hip flexion is against, knee flexion along the direction in which the torso leans forward.
            obs[k] = (
                (0.4 if joint.side == "left" else -0.1) + lean if joint.stem == "hip_pitch" else 0.2
            )
        obs[body.observation.tilt.start + 1] = lean
        obs[body.observation.foot_load] = 0.6, 0.0
    states = [native.reset(params) for _ in range(2)]
    for _ in range(20):
        seen = zip(states, (upright, leaning), strict=True)
        commands = [native.step(params, state, obs, 0.0) for state, obs in seen]
    np.testing.assert_allclose(commands[0], commands[1], atol=1e-12)
    straight = native.reset(params)
    for _ in range(20):
        other = native.step(params, straight, np.zeros_like(upright), 0.0)
    assert np.abs(other - commands[0]).max() > 0.01


def test_the_planar_network_lifts_the_leg_whose_partner_stands():
    body = build("planar_biped")
    controller = member("controllers", "matsuoka").Controller(body, topology="planar")
    native, values = Native(controller, body), controller.space.decode(np.full(22, 0.6))
    felt, unfelt = (
        controller.parameters({**values, "hip_feedback": gain, "knee_feedback": gain})
        for gain in (1.0, 0.0)
    )
    in_the_air, standing = np.zeros(body.observation.size), np.zeros(body.observation.size)
    standing[body.observation.foot_load] = 0.9, 0.0
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
    at_home = np.zeros(body.observation.size)
    at_home[body.observation.joint_angle] = [joint.home for joint in body.joints]
    away = at_home + 0.1
    (_, felt), (_, unfelt), (_, moved) = (
        native.run(controller.parameters(genes), 1, lambda time, obs=obs: obs)
        for genes, obs in ((values, at_home), (silent, at_home), (values, away))
    )
    np.testing.assert_allclose(felt, unfelt, atol=1e-12)
    assert np.abs(moved - felt).max() > 0.05


def test_a_chain_follows_down_each_leg_and_a_pacemaker_directly():
    senders = {"pacemaker": [0] * 11, "chain": [0, 0, 1, 2, 3, 4, 0, 6, 7, 8, 9]}
    for coupling, expected in senders.items():
        followers = (
            member("controllers", "phase").Controller(build("biped"), coupling=coupling).followers
        )
        values = {gene.name: gene.decode(0.5) for gene in followers.genes}
        assert followers.parameters(values)[SENDER::ROW].tolist() == expected


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
