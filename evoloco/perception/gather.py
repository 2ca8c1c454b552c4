"""Gathers what a reader needs to know of one simulation after the other."""

import mujoco
import numpy as np

from evoloco.errors import EvolocoError, UnknownNameError
from evoloco.fields import Array
from evoloco.morphology import HOME
from evoloco.perception.cast import picture as pixels
from evoloco.perception.need import Eye, Need, Picture, Rays, Readings, Seen, Touch
from evoloco.perception.pictures import picture
from evoloco.perception.rays import cast
from evoloco.perception.shutter import smeared
from evoloco.sensor import Moment


class Gatherer:
    """Gathers what a reader needs. It works in the thread of `evoloco.perception.thread`.

    Args:
        needs: What the reader must be shown.
        camera: Name of the camera; where empty, the only one that the model has.
        shutter: Time for which it is open for a picture [s].

    Attributes:
        history: Rows of MuJoCo's readings that it needs of a moment.

    Raises:
        EvolocoError: A need stands there twice.
    """

    def __init__(self, needs: tuple[Need, ...], camera: str, shutter: float = 0.0) -> None:
        self._needs, self._camera = {type(need): need for need in needs}, camera
        self._shutter = shutter
        if len(self._needs) < len(needs):
            raise EvolocoError("A reader needs things of different kinds, not one kind twice.")

        rays = self._needs.get(Rays)
        kept = [need.history for need in needs if isinstance(need, Touch | Readings)]
        self.history = max(kept, default=1)
        if isinstance(rays, Rays):
            self._rays = pixels(rays.width, rays.height, rays.field_of_view)
        self._data: mujoco.MjData | None = None

    @property
    def looks(self) -> bool:
        """Whether it needs a camera."""
        return bool(self._camera) or Rays in self._needs or Picture in self._needs

    @property
    def view(self) -> tuple[Picture, str] | None:
        """The picture that is needed and the camera's name; None without a picture."""
        need = self._needs.get(Picture)
        return (need, self._camera) if isinstance(need, Picture) else None

    def check(self, model: mujoco.MjModel) -> None:
        """Checks that a model has what is needed.

        Raises:
            UnknownNameError: It has no such camera or sensor.
            EvolocoError: It has no touch sensor, or no camera or several where none is named.
        """
        if Touch in self._needs and not _touch_places(model).size:
            raise EvolocoError("The body has no touch sensors (MuJoCo's `touch`).")
        if isinstance(readings := self._needs.get(Readings), Readings):
            _places(model, readings.sensors)
        names = [model.camera(i).name for i in range(model.ncam)]
        if not self.looks or self._camera in names:
            return
        if self._camera:
            raise UnknownNameError("camera", self._camera, names, "camera")
        if len(names) != 1:
            raise EvolocoError(
                "Say with `camera` which camera it looks through. Known: "
                f"{', '.join(names) or 'none; [cameras.NAME] adds one'}."
            )

    def seen(self, moment: Moment) -> Seen:
        """What the reader is shown of a moment. The next call uses its data again.

        Raises:
            EvolocoError: This machine cannot draw, or its first picture is wrong.
        """
        model, data = moment.model, self._placed(moment)
        camera = self._id(model) if self.looks else -1
        shown: dict[str, object] = {}

        picture_need, rays = self._needs.get(Picture), self._needs.get(Rays)
        if camera >= 0:
            shown["eye"] = Eye(
                data.cam_xpos[camera].copy(),
                data.cam_xmat[camera].reshape(3, 3).copy(),
                float(model.cam_fovy[camera]),
            )
        if isinstance(picture_need, Picture):
            size = picture_need.width, picture_need.height
            sharp = picture(model, data, camera, *size)
            shown["picture"] = smeared(sharp, model, data, camera, self._shutter)
        if isinstance(rays, Rays):
            shown["distances"], shown["geoms"] = self._cast(model, data, camera, rays)
        if isinstance(touch := self._needs.get(Touch), Touch):
            shown["touch"] = moment.sensordata[-touch.history :, _touch_places(model)]
        if isinstance(readings := self._needs.get(Readings), Readings):
            places = _places(model, readings.sensors)
            shown["readings"] = moment.sensordata[-readings.history :, places]
        return Seen(model, data, **shown)  # type: ignore[arg-type]

    def _placed(self, moment: Moment) -> mujoco.MjData:
        """The simulation with its positions computed."""
        if self._data is None:
            self._data = mujoco.MjData(moment.model)
        data, everything = self._data, mujoco.mjtState.mjSTATE_INTEGRATION
        mujoco.mj_setState(moment.model, data, moment.state, everything)
        mujoco.mj_kinematics(moment.model, data)
        mujoco.mj_comPos(moment.model, data)
        mujoco.mj_camlight(moment.model, data)
        mujoco.mj_tendon(moment.model, data)
        return data

    def _id(self, model: mujoco.MjModel) -> int:
        return int(model.camera(self._camera).id) if self._camera else 0

    def _cast(
        self, model: mujoco.MjModel, data: mujoco.MjData, camera: int, rays: Rays
    ) -> tuple[Array, np.ndarray]:
        """Distances [m] and geoms (height, width)."""
        distances, geoms, _ = cast(model, data, camera, self._rays, rays.reach)
        shape = rays.height, rays.width
        return distances.reshape(shape), geoms.reshape(shape)


def at_home(model: mujoco.MjModel, channels: int, history: int) -> Moment:
    """The moment at which a body stands at home.

    Args:
        model: Of the body.
        channels: Of the sensor.
        history: Rows of MuJoCo's readings.
    """
    data, everything = mujoco.MjData(model), mujoco.mjtState.mjSTATE_INTEGRATION
    mujoco.mj_resetDataKeyframe(model, data, model.key(HOME).id)
    mujoco.mj_forward(model, data)
    state = np.empty(mujoco.mj_stateSize(model, everything))
    mujoco.mj_getState(model, data, state, everything)
    return Moment(model, state, np.zeros(channels), np.tile(data.sensordata, (history, 1)))


def _touch_places(model: mujoco.MjModel) -> np.ndarray:
    """Where the readings of touch sensors stand in sensordata, in the order of the sensors."""
    return np.asarray(model.sensor_adr[model.sensor_type == mujoco.mjtSensor.mjSENS_TOUCH])


def _places(model: mujoco.MjModel, sensors: tuple[str, ...]) -> np.ndarray:
    """Where the readings of sensors stand in sensordata.

    Raises:
        UnknownNameError: The model lacks one.
    """
    known = [model.sensor(index).name for index in range(model.nsensor)]
    for name in sensors:
        if name not in known:
            raise UnknownNameError("MuJoCo sensor", name, filter(None, known))
    found = [model.sensor(name) for name in sensors]
    return np.concatenate([one.adr[0] + np.arange(one.dim[0]) for one in found])
