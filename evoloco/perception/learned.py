"""A learned sensor: a reader that is shown a simulation, and whose last detection is held."""

from typing import Literal

import numpy as np

from evoloco.errors import EvolocoError
from evoloco.extras import needs
from evoloco.fields import Array
from evoloco.morphology import Morphology
from evoloco.perception import thread
from evoloco.perception.gather import Gatherer, at_home
from evoloco.perception.need import Picture, Reader, Seen
from evoloco.sensor import AGE, CONFIDENCE, Moment

Engine = Literal["", "torch"]
"""What runs a network: PyTorch, or nothing where there is none."""

EXTRA = "sensors"
"""Extra of the installation that brings the engines."""


class Learned:
    """The source of a learned sensor (`evoloco.sensor.Computed`).

    The reader is asked for one simulation at a time, in the one thread that draws pictures and runs
    networks; so readings depend neither on the batch nor on threads. Where it detects nothing, the
    values before stay with a confidence of 0. The episode kernel forms the age.

    Args:
        reader: Makes numbers of what it is shown.
        camera: Name of the camera that it looks through. Where empty, it is the only one that the
            model has, if the reader needs one.
        engine: What runs its network.
        shutter: Time for which the camera's shutter is open for a picture [s].

    Raises:
        EvolocoError: The reader's channels do not end with "confidence" and "age".
    """

    def __init__(
        self, reader: Reader, camera: str = "", engine: Engine = "", shutter: float = 0.0
    ) -> None:
        if tuple(reader.channels[-2:]) != (CONFIDENCE, AGE):
            raise EvolocoError(
                f"The channels of a learned sensor end with '{CONFIDENCE}' and '{AGE}', not "
                f"{', '.join(reader.channels)}."
            )
        wanted = reader.needs if isinstance(reader.needs, tuple) else (reader.needs,)
        self.reader, self.engine = reader, engine
        self.takes_pictures = any(isinstance(need, Picture) for need in wanted)
        self._gatherer = Gatherer(wanted, camera, shutter)
        self._camera = camera
        self.history = self._gatherer.history

    def with_shutter(self, shutter: float) -> "Learned":
        """The same sensor with a camera whose shutter is open for a while [s]."""
        return Learned(self.reader, self._camera, self.engine, shutter)

    @property
    def view(self) -> tuple[Picture, str] | None:
        """The picture that the reader is shown and its camera's name; None without a picture."""
        return self._gatherer.view

    def check(self, morphology: Morphology) -> None:
        """Reads once at home, before any episode.

        Raises:
            EvolocoError: The body lacks what the reader needs, a package or OpenGL is missing, the
                first picture is of one colour or wrong, or the reader fails.
        """
        self._gatherer.check(morphology.model)
        thread.run(self._begin)
        moment = at_home(morphology.model, len(self.reader.channels), self.history)
        thread.run(self._first, moment)

    def read(self, moment: Moment) -> Array:
        """The reader's answer, or the values before with a confidence of 0 (channels,)."""
        answer = thread.run(self._answer, moment)
        if answer is None or not np.isfinite(answer[:-1]).all() or answer[-2] <= 0:
            kept = moment.previous.copy()
            kept[-2] = 0.0
            return kept
        return np.append(answer[:-1], 0.0)

    def _begin(self) -> None:
        """Prepares the thread for the engine."""
        if self.engine == "torch":
            needs("torch", EXTRA).set_num_threads(1)

    def _first(self, moment: Moment) -> None:
        """Checks the first picture, and reads it.

        Raises:
            EvolocoError: It has one colour.
        """
        seen = self._gatherer.seen(moment)
        colours = seen.picture.reshape(-1, 3)
        if len(colours) and (colours == colours[0]).all():
            raise EvolocoError(
                f"The first picture has one colour, {tuple(colours[0].tolist())} (RGB), all over: "
                "turn the camera towards something, light the scene, or see the variable MUJOCO_GL."
            )
        self._checked(self.reader.read(seen, moment.previous))

    def _answer(self, moment: Moment) -> Array | None:
        seen: Seen = self._gatherer.seen(moment)
        return self._checked(self.reader.read(seen, moment.previous))

    def _checked(self, answer: Array | None) -> Array | None:
        """An answer of the right shape.

        Raises:
            EvolocoError: It has another one.
        """
        expected = (len(self.reader.channels),)
        if answer is not None and np.shape(answer) != expected:
            raise EvolocoError(
                f"A reader must answer None or numbers of the shape {expected} (channels,), not "
                f"{np.shape(answer)}."
            )
        return None if answer is None else np.asarray(answer, np.float64)
