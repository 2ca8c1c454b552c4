"""Where a ball is: found by a network in pictures, or by what costs less, as equal channels."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np
from pydantic import Field

from evoloco.errors import UnknownNameError
from evoloco.fields import Array
from evoloco.ground import height
from evoloco.morphology import Morphology
from evoloco.perception import weights
from evoloco.perception.ball import compiled as ball_compiled
from evoloco.perception.ball import errors as ball_errors
from evoloco.perception.ball.lesson import BallLesson, Net, network
from evoloco.perception.ball.pitch import HEIGHT, WIDTH
from evoloco.perception.gather import Gatherer
from evoloco.perception.ground_point import ahead_of, at_height
from evoloco.perception.learned import Learned
from evoloco.perception.need import Need, Picture, Seen
from evoloco.perception.pinhole import Pinhole
from evoloco.sensor import AGE, CONFIDENCE, Compiled, Sensor

if TYPE_CHECKING:
    from evoloco.perception.ball.networks import Heads, HeatMap

CHANNELS = ("u", "v", "spread", "forward", "left", CONFIDENCE, AGE)

PICTURE = Picture(WIDTH, HEIGHT)
"""What the networks take."""

REACH = 10.0
"""Distance up to which the ball is seen without a network [m]."""

BUNDLED = {"heat_map": "", "heads": str(weights.BUNDLED / "ball_heads.safetensors")}
"""Files of weights; the empty one is the sensor's."""

lesson = BallLesson


@dataclass(frozen=True)
class Reader:
    """Finds the ball in a picture, and on level ground.

    Attributes:
        morphology: The body.
        net: The network.
        weights: File of its weights; the bundled one where empty.
        threshold: Confidence from which a ball is reported; the network's own where 0.
        radius: Of the ball, which is how high its middle is over the ground [m].
    """

    morphology: Morphology
    net: Net
    weights: str
    threshold: float
    radius: float
    needs: Need = PICTURE
    channels: tuple[str, ...] = CHANNELS

    def read(self, seen: Seen, previous: Array) -> Array | None:  # noqa: ARG002 - the contract's
        """The channels; None without a ball, or where its pixel is no place on the ground."""
        learned = loaded(self.net, self.weights)
        found = learned.find(seen.picture)
        if found.confidence < (self.threshold or float(learned.threshold)):
            return None

        eye, torso = seen.eye, seen.data.body(self.morphology.torso_frame)
        assert eye is not None, "a reader of pictures has a camera"
        ground = height(seen.model, self.morphology.floor, *torso.xpos[:2, None])[0]
        camera = Pinhole(WIDTH, HEIGHT, eye.field_of_view)
        point = at_height(np.array([found.u, found.v]), camera, eye, ground + self.radius)
        if point is None:
            return None
        forward, left = ahead_of(point, torso.xpos, torso.xmat.reshape(3, 3))
        return np.array([found.u, found.v, found.spread, forward, left, found.confidence, 0])


@cache
def loaded(net: Net, file: str) -> HeatMap | Heads:
    """A network with weights from a file, or with its bundled ones.

    Raises:
        WeightsError: They cannot be used.
    """
    return weights.fill(network(net), "ball", file or BUNDLED[net], BallLesson(net).layout)


def sensor(
    morphology: Morphology,
    by: Literal["picture", "rays", "truth", "errors"] = "picture",
    camera: str = "",
    net: Net = "heat_map",
    weights: str = "",
    engine: Literal["torch"] = "torch",
    threshold: Annotated[float, Field(ge=0, le=1)] = 0.0,
    radius: Annotated[float, Field(gt=0)] = 0.05,
    target: str = "target",
) -> Sensor:
    """Where a ball is in the picture [px] and ahead of the torso [m], and how sure that is.

    Args:
        morphology: The body.
        by: What finds it: a network in pictures, or rays that hit it; or its true place, where it
            is in the picture and not hidden, without or with the measured errors of the network.
        camera: Name of the camera; where empty, the only one that the model has.
        net: The network.
        weights: File of weights from `evoloco learn ball`; the bundled ones where empty.
        engine: What runs the network.
        threshold: Confidence from which a ball is reported; the network's own where 0.
        radius: Of the ball, which lies on level ground [m].
        target: Geom of the ball, which all but pictures need.
    """
    source: Learned | Compiled
    if by == "picture":
        source = Learned(Reader(morphology, net, weights, threshold, radius), camera, engine)
    else:
        source = _compiled(morphology, by, _camera(morphology, camera), net, target, radius)
    meaning = "where a ball is in the picture, and ahead of the torso"
    return Sensor("ball", CHANNELS, "px, px, px, m, m, 1, s", meaning, source)


def _compiled(
    morphology: Morphology, by: str, camera: str, net: Net, target: str, radius: float
) -> Compiled:
    """What the episode kernel computes instead of a network's answer.

    Raises:
        UnknownNameError: There is no such geom.
    """
    model = morphology.model
    names = [model.geom(index).name for index in range(model.ngeom)]
    if target not in names:
        where = "sensors.ball.target ([scenario.target] adds a ball 'target')"
        raise UnknownNameError("geom", target, filter(None, names), where)

    setup = ball_compiled.Setup(
        *(morphology, model.camera(camera).id, names.index(target), radius),
        *(WIDTH, HEIGHT, REACH),
    )
    if by == "rays":
        return Compiled(ball_compiled.by_rays, setup.with_rays, camera=camera)
    if by == "truth":
        return Compiled(ball_compiled.by_truth, setup.params, camera=camera)
    params = {**setup.params, **ball_errors.shipped(net)}
    return Compiled(ball_compiled.by_errors, params, camera=camera)


def _camera(morphology: Morphology, camera: str) -> str:
    """The camera's name.

    Raises:
        EvolocoError: There is no such camera, or none is named and there is not just one.
    """
    Gatherer((PICTURE,), camera).check(morphology.model)
    return camera or str(morphology.model.camera(0).name)
