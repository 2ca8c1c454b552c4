"""Muscles: MuJoCo's against the curves, moment arms against differences, numbers against papers."""

import math
from functools import cache
from types import ModuleType

import mujoco
import numpy as np
import pytest
from anatomy import SPANS

from evoloco.controllers import reflex, sine
from evoloco.errors import ModelError
from evoloco.gait import metabolism
from evoloco.morphologies import hopper, muscle_biped, muscle_biped3d, muscle_creature
from evoloco.morphology import HOME, Morphology
from evoloco.muscle_tendon import ACTIVATION, CURVES, STRAIN, MuscleTendon
from evoloco.scenario import Scenario
from evoloco.sim.prepared import Body

LENGTHS = [0.2, 0.31, 0.5, 0.8, 1.0, 1.2, 1.5, 1.69, 1.8]


@cache
def human() -> Morphology:
    morphology: Morphology = muscle_biped.build()
    return morphology


def posed(body: Morphology, seed: int, speed: float = 0.0) -> mujoco.MjData:
    """The body in the air in a random pose, its muscles at random activations."""
    model, random = body.model, np.random.default_rng(seed)
    data = mujoco.MjData(model)
    mujoco.mj_resetDataKeyframe(model, data, model.key(HOME).id)
    data.qpos[1] = 2.0
    for joint in body.joints:
        data.joint(joint.name).qpos[0] = random.uniform(joint.low + 0.1, joint.high - 0.1)
        data.joint(joint.name).qvel[0] = speed * random.standard_normal()
    data.act[:] = random.random(model.na)
    mujoco.mj_forward(model, data)
    return data


def force_length(length: float) -> float:
    """Active force over length: four parabolas between lmin, 1 and lmax."""
    low, high = CURVES["lmin"], CURVES["lmax"]
    rise, fall = (low + 1) / 2, (1 + high) / 2
    if not low <= length <= high:
        return 0.0
    if length <= rise:
        return ((length - low) / (rise - low)) ** 2 / 2
    if length <= 1:
        return 1 - ((1 - length) / (1 - rise)) ** 2 / 2
    if length <= fall:
        return 1 - ((length - 1) / (fall - 1)) ** 2 / 2
    return ((high - length) / (high - fall)) ** 2 / 2


def force_velocity(velocity: float) -> float:
    """Active force over lengthening speed in largest shortening speeds."""
    excess = CURVES["fvmax"] - 1
    if velocity <= -1:
        return 0.0
    if velocity <= 0:
        return (velocity + 1) ** 2
    return 1 + excess - (excess - velocity) ** 2 / excess if velocity <= excess else 1 + excess


def passive(length: float) -> float:
    half = (CURVES["lmax"] - 1) / 2
    if length <= 1:
        return 0.0
    beyond = (length - 1) / half
    return CURVES["fpmax"] * (beyond**2 / 2 if beyond <= 1 else 0.5 + beyond - 1)


@pytest.mark.parametrize("seed", range(5))
def test_muscle_forces_are_the_analytic_curves_of_the_published_numbers(seed: int) -> None:
    body, data = human(), posed(human(), seed, speed=3.0)
    for place, muscle in enumerate(body.muscles):
        length = (data.actuator_length[place] - muscle.slack_length) / muscle.optimal_length
        velocity = data.actuator_velocity[place] / muscle.optimal_length / CURVES["vmax"]
        active = data.act[place] * force_length(length) * force_velocity(velocity)
        wanted = -muscle.max_force * (active + passive(length))
        assert data.actuator_force[place] == pytest.approx(wanted, abs=1e-6 * muscle.max_force)


def test_the_curves_have_their_fixed_points() -> None:
    assert force_length(1.0) == force_velocity(0.0) == 1.0
    assert (
        force_length(CURVES["lmin"])
        == force_length(CURVES["lmax"])
        == force_velocity(-1.0)
        == passive(1.0)
        == 0.0
    )
    assert passive(CURVES["lmax"]) == pytest.approx(1.5 * CURVES["fpmax"])
    curves = [CURVES[name] for name in ("lmin", "lmax", "vmax", "fpmax", "fvmax")]
    shape = np.array([0.0, 1.0, 1.0, 200.0, *curves])
    gain = [
        mujoco.mju_muscleGain(length, 0.0, np.array([0.0, 1.0]), 1.0, shape) for length in LENGTHS
    ]
    np.testing.assert_allclose(gain, [-force_length(length) for length in LENGTHS], atol=1e-12)


def test_the_curves_that_effort_is_counted_by_are_mujocos() -> None:
    lengths, bounds = (
        np.linspace(0.2, 2.0, 91),
        np.array([0.0, 1.0]),
    )  # [m], and a range that makes them relative
    for shape in [(0.5, 1.6, 1.5, 1.3, 1.2), (0.3, 1.7, 10.0, 0.8, 1.5)]:
        numbers = np.array([0.0, 1.0, 1.0, 200.0, *shape])
        gain = [-mujoco.mju_muscleGain(length, 0.0, bounds, 1.0, numbers) for length in lengths]
        bias = [-mujoco.mju_muscleBias(length, bounds, 1.0, numbers) for length in lengths]
        shortest, longest, _, stiffness, _ = np.array(shape)
        np.testing.assert_allclose(
            metabolism.force_length(lengths, shortest, longest), gain, atol=1e-12
        )
        np.testing.assert_allclose(
            metabolism.passive_force(lengths, longest, stiffness), bias, atol=1e-12
        )


@pytest.mark.parametrize("excitation", [0.0, 0.3, 1.0])
def test_activation_follows_excitation_by_the_published_time_constants(excitation: float) -> None:
    body, data = human(), posed(human(), 3)
    for place in range(body.model.nu):
        samples = int(body.model.actuator_history[place, 0])
        if samples:
            mujoco.mj_initCtrlHistory(body.model, data, place, None, np.full(samples, excitation))
    data.ctrl[:] = excitation
    mujoco.mj_forward(body.model, data)
    slow = 0.5 + 1.5 * data.act
    time = np.where(excitation > data.act, ACTIVATION[0] * slow, ACTIVATION[1] / slow)
    np.testing.assert_allclose(data.act_dot, (excitation - data.act) / time, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("seed", range(3))
def test_moment_arms_are_the_differences_of_muscle_length_over_angle(seed: int) -> None:
    body, data = human(), posed(human(), seed)
    model, nudge, crossed = body.model, 1e-6, 0
    for joint in body.joints:
        address = int(model.joint(joint.name).qposadr[0])
        dof = int(model.joint(joint.name).dofadr[0])
        data.qvel[:] = 0.0
        data.qvel[dof] = 1.0
        mujoco.mj_forward(model, data)
        arm = data.actuator_velocity.copy()  # length's rate at one radian per second
        lengths = []
        for sign in (1, -1):
            data.qpos[address] += sign * nudge
            mujoco.mj_forward(model, data)
            lengths.append(data.actuator_length.copy())
            data.qpos[address] -= sign * nudge
        np.testing.assert_allclose(arm, (lengths[0] - lengths[1]) / (2 * nudge), atol=1e-5)  # [m]
        crossed += int((np.abs(arm) > 1e-3).sum())
    assert crossed == 2 * 9  # per leg: three at the hip, three at the knee, three at the ankle


def test_muscles_flex_and_extend_the_joints_that_anatomy_says() -> None:
    body, data = human(), posed(human(), 0)
    for joint in body.joints:
        data.joint(joint.name).qpos[0] = 0.3 if joint.stem != "ankle" else 0.0
    for joint in body.joints:
        data.qvel[:] = 0.0
        data.joint(joint.name).qvel[0] = 1.0
        mujoco.mj_forward(body.model, data)
        for place, muscle in enumerate(body.muscles):
            sign = SPANS[muscle.stem].get(joint.stem, 0) if muscle.side == joint.side else 0
            arm = data.actuator_velocity[place]
            assert (abs(arm) < 1e-9) if sign == 0 else (sign * arm > 0.005), (
                muscle.name,
                joint.name,
                arm,
            )


def test_pennation_and_strain_are_in_the_numbers_that_are_read_off() -> None:
    for muscle in human().muscles:
        published = muscle_biped.MUSCLES[muscle.stem]
        cosine = math.cos(published.pennation)
        assert muscle.max_force == pytest.approx(published.max_force * cosine)
        assert muscle.optimal_length == pytest.approx(published.optimal_length * cosine)
        assert muscle.slack_length == pytest.approx((1 + STRAIN) * published.slack_length)
        assert muscle.pennation == published.pennation
        volume = published.max_force / 0.25e6 * published.optimal_length
        assert muscle.mass == pytest.approx(1059.7 * volume)
        assert (muscle.side, muscle.partner) in (
            ("left", f"{muscle.stem}_right"),
            ("right", f"{muscle.stem}_left"),
        )


def test_the_body_weighs_what_its_segments_do_and_touches_the_ground() -> None:
    body = human()
    assert body.mass == pytest.approx(11.777 + 34.237 + 2 * (9.301 + 3.708 + 1.25))
    data = mujoco.MjData(body.model)
    mujoco.mj_resetDataKeyframe(body.model, data, body.model.key(HOME).id)
    mujoco.mj_kinematics(body.model, data)
    pads = [
        data.geom(f"{pad}_{side}").xpos[2] for pad in ("heel", "toes") for side in ("left", "right")
    ]
    assert min(pads) == pytest.approx(0.03, abs=1e-9)  # their radius [m]
    assert data.qvel[0] == 1.2
    assert body.leg_length == pytest.approx(0.9, abs=0.05)


def test_a_delay_of_k_steps_shifts_what_an_excitation_does_by_k_steps() -> None:
    body = human()
    model, home = body.model, Body(human(), 0.0, 0.0)
    still = Scenario(np.zeros(6), np.zeros(6))
    data = mujoco.MjData(model)
    mujoco.mj_setState(model, data, home.start(still), mujoco.mjtState.mjSTATE_INTEGRATION)
    rises, before = np.full(model.nu, -1), data.act.copy()
    data.ctrl[:] = 1.0
    for k in range(12):
        mujoco.mj_step(model, data)
        rises[(rises < 0) & (data.act > before + 0.05)] = k
    for muscle, steps in zip(body.muscles, rises, strict=True):
        delay = muscle_biped.MUSCLES[muscle.stem].delay
        assert steps == round(delay / model.opt.timestep) - 1, (
            muscle.name
        )  # one step of the delay is the sensors'


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (
            {"path": (("pelvis", 0.0, 0.0),)},
            "Muscle 'm' has no path: it needs two points at least, 1 came",
        ),
        ({"slack_length": -0.1}, r"Muscle 'm': slack_length must be positive, not -0\.1"),
        ({"delay": 0.001}, r"delay of 0\.001 s is shorter than a physics step, 0\.0025 s"),
    ],
)
def test_a_muscle_that_cannot_be_is_told(changes: dict, words: str) -> None:
    spec = mujoco.MjSpec()
    spec.option.timestep = 0.0025
    whole = {
        "max_force": 1000.0,
        "optimal_length": 0.1,
        "slack_length": 0.2,
        "pennation": 0.0,
        "delay": 0.005,
        "path": (("pelvis", 0.0, 0.0), ("pelvis", 0.0, 0.1)),
    }
    with pytest.raises(ModelError, match=words):
        MuscleTendon(**{**whole, **changes}).attach(spec, "m", {"pelvis": (spec.worldbody, 0.0)})


def test_controllers_of_servos_refuse_muscles_and_reflexes_refuse_servos() -> None:
    with pytest.raises(ModelError, match="drives joints by servos; this body has muscles"):
        sine.Controller(human())
    with pytest.raises(
        ModelError, match=r"Reflexes need two legs with the muscles .* lacks gastrocnemius_left, "
    ):
        reflex.Controller(hopper.build())


@pytest.mark.parametrize(
    ("kind", "mass"), [(muscle_biped, 74.532), (muscle_biped3d, 74.532), (muscle_creature, 11.84)]
)
def test_what_is_there_for_looks_weighs_nothing_and_touches_nothing(
    kind: ModuleType, mass: float
) -> None:
    body: Morphology = kind.build()
    model, data = body.model, mujoco.MjData(body.model)
    mujoco.mj_resetDataKeyframe(model, data, model.key(HOME).id)
    mujoco.mj_forward(model, data)
    touching = {
        geom
        for geom in range(model.ngeom)
        if model.geom_contype[geom] or model.geom_conaffinity[geom]
    }
    names = ("heel", "toes", *(["big_toe"] * (kind is muscle_biped3d)))
    pads = {model.geom(f"{pad}_{side}").id for pad in names for side in ("left", "right")}
    assert touching == pads | body.floor
    assert body.mass == pytest.approx(mass)
    lowest = min(data.geom_xpos[pad][2] - model.geom_size[pad][0] for pad in pads)
    assert lowest == pytest.approx(0.0, abs=1e-12)
    data.qpos = body.reference
    mujoco.mj_kinematics(model, data)
    assert body.leg_length == pytest.approx(data.xanchor[model.joint("hip_left").id][2], abs=1e-12)


def test_an_episode_begins_with_the_joint_rates_of_the_keyframe() -> None:
    body = muscle_biped.build(turn_hip_right=3.0, turn_knee_right=-2.0, speed=1.5)
    joints, noise = len(body.joints), np.linspace(-0.3, 0.3, len(body.joints))
    begun = Body(body, 0.0, 0.0)
    begun.start(Scenario(np.zeros(joints), noise))
    data, model = begun.data, body.model
    for joint, added in zip(body.joints, noise, strict=True):
        dof = int(model.joint(joint.name).dofadr[0])
        assert data.qvel[dof] == model.key(HOME).qvel[dof] + added
    assert data.joint("hip_right").qvel[0] == pytest.approx(3.0 + noise[3])


def test_bodies_that_start_otherwise_share_no_keyframe_and_compile_to_what_they_are() -> None:
    plain, other = (
        muscle_biped.build(),
        muscle_biped.build(lean=0.25, knee_left=0.5, speed=1.7, activation=0.4),
    )
    for body, lean, speed in ((plain, 0.1, 1.2), (other, 0.25, 1.7)):
        again = body.spec.compile()
        for name in ("qpos", "qvel", "act", "ctrl"):
            np.testing.assert_array_equal(
                getattr(again.key(HOME), name), getattr(body.model.key(HOME), name)
            )
        assert body.home[2] == lean
        assert body.model.key(HOME).qvel[0] == speed
        np.testing.assert_array_equal(again.dof_invweight0, body.model.dof_invweight0)
    assert other.leg_length == plain.leg_length  # of the reference pose, which no start moves
    assert other.standing_height == plain.standing_height


def test_the_human_starts_over_a_foot_that_stands_still() -> None:
    body = muscle_biped.build(speed=1.2)
    data = mujoco.MjData(body.model)
    mujoco.mj_resetDataKeyframe(body.model, data, 0)
    mujoco.mj_forward(body.model, data)
    speeds = np.zeros((2, 6))
    for side, speed in zip(("left", "right"), speeds, strict=True):
        mujoco.mj_objectVelocity(
            body.model, data, mujoco.mjtObj.mjOBJ_BODY, body.model.body(f"foot_{side}").id, speed, 0
        )
    assert abs(speeds[0, 3]) < 0.1 * 1.2  # forward speed of the standing foot [m/s]
    assert speeds[1, 3] > 1.2  # the swinging one overtakes the body
