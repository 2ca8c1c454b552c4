"""The bundled quadruped: its two mirrors, its signs, and legs that cannot pass each other."""

from collections.abc import Callable, Mapping
from dataclasses import replace

import mujoco
import numpy as np
import pytest

from evoloco.fields import Array
from evoloco.morphologies import quadruped
from evoloco.morphology import HOME, Morphology
from evoloco.self_contact import self_contacts

ENDS = {"front": "rear", "rear": "front"}
SIDES = {"left": "right", "right": "left"}


def swapped(name: str, *swaps: Mapping[str, str]) -> str:
    """The name of a joint, with other words for its end or its side."""
    words = {key: word for swap in swaps for key, word in swap.items()}
    return "_".join(words.get(word, word) for word in name.split("_"))


def after(
    body: Morphology, seconds: float, targets: Callable[[float], Array], height: float = 0.0
) -> mujoco.MjData:
    """The body after a time under targets [rad] of time, so far above the ground [m]."""
    data = mujoco.MjData(body.model)
    mujoco.mj_resetDataKeyframe(body.model, data, body.model.key(HOME).id)
    data.qpos[2] += height
    while data.time < seconds:
        data.ctrl[:] = targets(data.time)
        mujoco.mj_step(body.model, data)
    return data


def home(body: Morphology, **turns: float) -> Array:
    """Targets at home, with joints turned whose names begin so [rad]."""
    angles = np.array([joint.home for joint in body.joints])
    for start, turn in turns.items():
        angles[[joint.name.startswith(start) for joint in body.joints]] += turn
    return angles


IMAGES = {
    "from side to side": ((SIDES,), np.array([1, -1, 1]), np.array([1, -1, 1, -1])),
    "from front to rear": ((ENDS,), np.array([-1, 1, 1]), np.array([1, 1, -1, -1])),
    "turned by half a turn": ((ENDS, SIDES), np.array([-1, -1, 1]), np.array([1, -1, -1, 1])),
}
"""Legs that change places; factors on the torso's place, and on its quaternion."""


@pytest.mark.parametrize("hip_roll", [True, False])
@pytest.mark.parametrize("image", IMAGES)
def test_targets_of_the_image_move_the_body_as_its_image(image: str, hip_roll: bool) -> None:
    swaps, place, quaternion = IMAGES[image]
    body = quadruped.build(hip_roll=hip_roll)
    names = [joint.name for joint in body.joints]
    order = [names.index(swapped(name, *swaps)) for name in names]
    swing, phase = np.random.default_rng(1).uniform(0, [[0.2], [2 * np.pi]], (2, len(names)))

    def targets(time: float) -> Array:
        return home(body) + swing * np.sin(8 * time + phase)

    here = after(body, 0.3, targets).qpos
    there = after(body, 0.3, lambda time: targets(time)[order]).qpos
    assert np.abs(here[:2]).min() > 1e-4  # it does move ahead and sideways
    expected = [*(place * here[:3]), *(quaternion * here[3:7]), *here[7:][order]]
    np.testing.assert_allclose(there, expected, atol=1e-5)  # contacts are solved in another order


def test_it_has_the_documented_size_mass_and_servos() -> None:
    whole, eight = quadruped.build(), quadruped.build(hip_roll=False)
    assert (len(whole.joints), len(eight.joints)) == (12, 8)
    assert whole.mass == eight.mass == pytest.approx(2.0, abs=0.05)
    assert whole.mass > 12 * 0.082  # a servo weighs 82 g
    assert whole.size == pytest.approx(0.22, abs=0.01)
    assert whole.sides.feet == (
        ("foot_front_left", "foot_front_right"),
        ("foot_rear_left", "foot_rear_right"),
    )


@pytest.mark.parametrize("name", quadruped.LEGS)
def test_positive_angles_are_what_the_docstring_says(name: str) -> None:
    body = quadruped.build()
    ahead, left, _ = quadruped.LEGS[name]

    def moved(joint: str, part: str) -> Array:
        places = []
        for turn in (0.0, 0.2):
            data = mujoco.MjData(body.model)
            data.qpos[:] = body.home
            data.joint(f"{joint}_{name}").qpos += turn
            mujoco.mj_kinematics(body.model, data)
            places.append(data.body(f"{part}_{name}").xpos.copy())
        return np.asarray(places[1] - places[0])

    assert moved("hip_roll", "foot")[1] * left > 0.01  # outwards
    assert moved("hip_pitch", "shank")[0] * ahead < -0.01  # the knee to the middle of the trunk
    assert moved("knee", "foot")[2] > 0.005  # the leg becomes shorter


def test_each_foot_weighs_what_its_load_cell_says() -> None:
    body = quadruped.build()
    data = after(body, 1.0, lambda _: home(body))
    loads = [data.sensordata[body.sensor(f"{foot}.load_middle")][0] for foot in body.feet]
    np.testing.assert_allclose(loads, body.weight / 4, rtol=0.02)
    grounds = [data.sensordata[body.sensor(f"foot.{foot}.ground")][2] for foot in body.feet]
    np.testing.assert_allclose(loads, grounds, rtol=1e-3)


TANGLED = {
    "left and right": {"hip_roll": -0.5, "hip_pitch": -0.6, "knee": -1.1},
    "front and rear": {"hip_pitch": 0.9, "knee": -0.2},
}
"""Turns from home that take all legs into their neighbours [rad]."""


@pytest.mark.parametrize("legs", TANGLED)
def test_legs_that_touch_are_seen(legs: str) -> None:
    body = quadruped.build()
    data = after(body, 0.6, lambda _: home(body, **TANGLED[legs]), height=0.5)
    touching = {tuple(sorted(contact.geom.tolist())) for contact in data.contact}
    assert touching & set(self_contacts(body.model, body.torso))


def test_a_fallen_quadruped_touches_the_ground_with_its_trunk() -> None:
    body = quadruped.build()
    data = after(body, 1.0, lambda _: home(body, hip_roll=0.8, hip_pitch=1.0))
    touching = {int(geom) for contact in data.contact for geom in contact.geom} - body.floor
    assert touching - body.foot_geoms


def test_feet_and_their_sensors_change_their_order_together() -> None:
    body = quadruped.build()
    turned = body.with_sides(replace(body.sides, foot=body.sides.foot[::-1]))
    starts = [turned.sensor(f"foot.{foot}.position").start for foot in turned.feet]
    assert turned.feet == body.feet[::-1]
    assert starts == sorted(starts)

    def names(one: Morphology) -> list[str]:
        return [one.model.sensor(index).name for index in range(one.model.nsensor)]

    assert names(turned) != names(body)
    assert names(turned.with_sides(body.sides)) == names(body)
