"""The mirror image of what a body feels and does: left and right exchanged, signs turned.

References:
    Abdolhosseini et al., 2019, On learning symmetric locomotion, doi:10.1145/3359566.3360070
    (section 3.1, duplicate tuples).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evoloco.errors import SpecError
from evoloco.fields import Array
from evoloco.joint import Joint
from evoloco.mirror import TURN, VECTOR
from evoloco.morphology import Morphology
from evoloco.sensor import Clock, Estimate, Reading, Sensor
from evoloco.sensors.acceleration import NAME as ACCELERATION

QUATERNION = np.array([1.0, -1.0, 1.0, -1.0])
"""What a mirror through the x-z plane makes of an orientation."""

SIGNS = {
    "torso.position": VECTOR,
    "torso.velocity": VECTOR,
    "torso.orientation": QUATERNION,
    "torso.rate": TURN,
    ACCELERATION: VECTOR,
    "foot.position": VECTOR,
    "foot.velocity": VECTOR,
    "foot.spin": TURN,
    "foot.ground": np.concatenate([VECTOR, VECTOR]),
}
"""Signs of the components of MuJoCo's sensors, whose names here have no name of a foot."""

FORMED = {"tilt": (-1.0, 1.0), "command": (1.0, -1.0, -1.0), "clock": (-1.0, -1.0)}
"""Signs of channels that the kernel forms. A clock is half a period later in the mirror."""

HOME = 1e-6
"""Largest difference between home and its mirror image [rad]."""


@dataclass(frozen=True)
class Image:
    """Where each number of a mirror image comes from.

    Attributes:
        place: Of the number that it is made of (n,).
        sign: That the number gets (n,).
    """

    place: NDArray[np.intp]
    sign: Array

    def of(self, numbers: NDArray[Any]) -> NDArray[Any]:
        """The mirror image of numbers (..., n)."""
        return numbers[..., self.place] * self.sign


def action_image(morphology: Morphology) -> Image:
    """The image of an action: what the partners of muscles, servos or motors are asked for.

    Raises:
        SpecError: Home is not its own mirror image.
    """
    names = [part.name for part in morphology.muscles or morphology.joints]
    if morphology.muscles:
        partners = [muscle.partner for muscle in morphology.muscles]
        return Image(np.array([names.index(one) for one in partners]), np.ones(len(names)))

    joints = {joint.name: joint for joint in morphology.joints}
    for joint in joints.values():
        home = joints[joint.partner].home * _sign(joint)
        if abs(home - joint.home) > HOME:
            raise SpecError(
                f"training.mirror: at home the joint '{joint.name}' is at {joint.home:g} rad, and "
                f"the mirror image of '{joint.partner}' at {home:g} rad. Give the body a home pose "
                "whose left side is like the right one, or leave the key out."
            )
    place = [names.index(joint.partner) for joint in joints.values()]
    return Image(np.array(place), np.array([_sign(joint) for joint in joints.values()]))


def sensor_image(morphology: Morphology) -> Image:
    """The image of what is felt, channel by channel, in the order of the body's sensors.

    Raises:
        SpecError: A sensor's mirror image is not known.
    """
    sizes = [len(sensor.channels) for sensor in morphology.felt]
    begins = accumulate(sizes[:-1], initial=0)
    image_of = _images_of_readings(morphology)
    images = [_image(sensor, morphology, image_of) for sensor in morphology.felt]
    place = [begin + image.place for begin, image in zip(begins, images, strict=True)]
    return Image(np.concatenate(place), np.concatenate([image.sign for image in images]))


def _image(
    sensor: Sensor, morphology: Morphology, image_of: Mapping[str, tuple[str, Array]]
) -> Image:
    """The image of one sensor, with places within it."""
    source = sensor.source
    if isinstance(source, tuple):
        return _image_of_readings(sensor, source, image_of)
    if source == "foot_ahead":
        partners = _both_ways(morphology.sides.feet)
        places = [sensor.channels.index(partners.get(foot, foot)) for foot in sensor.channels]
        return Image(np.array(places), np.ones(len(places)))

    kinds = {Estimate: "tilt", Clock: "clock"}
    formed = source if isinstance(source, str) else kinds.get(type(source))
    if formed is None:
        raise _unknown(sensor, "is computed from MuJoCo's state")
    signs = np.array(FORMED[formed])
    return Image(np.arange(len(signs)), signs)


def _image_of_readings(
    sensor: Sensor, readings: Sequence[Reading], image_of: Mapping[str, tuple[str, Array]]
) -> Image:
    """The image of a sensor whose channels are numbers of MuJoCo's sensors."""
    places, signs = [], []
    for reading in readings:
        if reading.sensor not in image_of:
            raise _unknown(sensor, f"reads '{reading.sensor}' of the model")
        partner, components = image_of[reading.sensor]
        image = (partner, reading.component)
        found = [i for i, one in enumerate(readings) if (one.sensor, one.component) == image]
        if not found:
            raise _unknown(sensor, f"has no channel for '{partner}'")
        places.append(found[0])
        signs.append(components[reading.component])
    return Image(np.array(places), np.array(signs, float))


def _images_of_readings(morphology: Morphology) -> dict[str, tuple[str, Array]]:
    """MuJoCo's sensor that is the image of another one, and the signs of its components."""
    found: dict[str, tuple[str, Array]] = {}
    partners = _both_ways(morphology.sides.feet)

    for name, signs in SIGNS.items():
        kind, _, what = name.partition(".")
        if kind != "foot":
            found[name] = name, signs
            continue
        for foot in morphology.feet:
            found[f"foot.{foot}.{what}"] = f"foot.{partners.get(foot, foot)}.{what}", signs

    for joint in morphology.joints:
        for what in ("angle", "velocity"):
            sign = np.array([_sign(joint)])
            found[f"joint.{joint.name}.{what}"] = f"joint.{joint.partner}.{what}", sign
    for muscle in morphology.muscles:
        for what in ("length", "velocity", "force"):
            found[f"muscle.{muscle.name}.{what}"] = f"muscle.{muscle.partner}.{what}", np.ones(1)
    return found


def _both_ways(pairs: Sequence[tuple[str, str]]) -> dict[str, str]:
    return dict(pairs) | {right: left for left, right in pairs}


def _sign(joint: Joint) -> float:
    """What a mirror makes of a joint's angle, which its partner then has."""
    alone = 1.0 if joint.axis == "pitch" else -1.0
    return joint.mirror if joint.side else alone


def _unknown(sensor: Sensor, why: str) -> SpecError:
    return SpecError(
        f"training.mirror: the sensor '{sensor.name}' {why}, so its mirror image is not known. "
        "Leave the sensor or the key out."
    )
