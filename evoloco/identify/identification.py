"""From logs to a fitted body: every servo model is fitted, and the held-out error chooses."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from evoloco.errors import SpecError, unwritten
from evoloco.genome import Array
from evoloco.identify import body_file, ladder, learned, page, recording, subject
from evoloco.identify.body_file import FittedBody
from evoloco.identify.fit import Fit, fit
from evoloco.identify.gap import Gap
from evoloco.identify.hanging import hang
from evoloco.identify.learned import Learned
from evoloco.identify.player import Player
from evoloco.identify.recording import Recording
from evoloco.morphology import Morphology
from evoloco.spec import MorphologySpec

FILE, PAGE = "fitted.json", "identify.html"
"""Names of the file of the fitted body, and of the page."""

WORTH, FINE = 0.02, 1e-4
"""A model with more numbers is chosen if its error is less by this share and by this much [rad]."""


@dataclass(frozen=True, eq=False)
class Identification:
    """What was found of a robot.

    Attributes:
        told: [morphology] of the body that it was believed to be.
        body: That body, hanging.
        recordings: Its logs.
        before: Held-out RMSE of each joint of that body [rad] (joints,).
        fits: Of the servo models, the simplest first.
    """

    told: MorphologySpec
    body: Morphology
    recordings: tuple[Recording, ...]
    before: Array
    fits: tuple[Fit, ...]

    @property
    def before_rms(self) -> float:
        """Held-out RMSE over all joints of the body as it was believed to be [rad]."""
        return float(np.sqrt(np.mean(self.before**2)))

    @property
    def best(self) -> Fit:
        """The simplest model that no later one beats by much."""
        chosen = self.fits[0]
        for other in self.fits[1:]:
            if other.rms < (1 - WORTH) * chosen.rms - FINE:
                chosen = other
        return chosen

    @cached_property
    def gap(self) -> Gap:
        """Measured and simulated angles in the held-out part of the first log."""
        one = self.recordings[0]
        plain = ladder.servo_model("m1", self.body)
        nominal = np.array([number.nominal for number in plain.numbers])
        until = float(one.time[-1])
        before = Player(plain).angles([nominal], one, until)[:, 0]
        after = Player(self.best.model).angles([self.best.values], one, until)[:, 0]
        names = tuple(joint.name for joint in self.body.joints)
        return Gap.of(names, one, before, after)

    def sentences(self) -> list[str]:
        """What a reader should know."""
        best = self.best
        said = [
            f"Held-out RMSE fell from {1e3 * self.before_rms:.2f} to {1e3 * best.rms:.2f} mrad, by "
            f"{1 - best.rms / self.before_rms:.1%}; model {best.model.name}."
        ]
        if best.delay:
            said.append(f"Commands take effect after {1e3 * best.delay:.1f} ms.")
        if best.unknown:
            some = ", ".join(best.unknown[:6])
            more = f" and {len(best.unknown) - 6} more" if len(best.unknown) > 6 else ""
            said.append(f"These logs cannot tell: {some}{more}.")
        said.append(
            "Intervals are blind to errors of the model: they say how well a number of this model "
            "is known, not whether the robot has such a number."
        )
        return said

    def facts(self) -> dict[str, Any]:
        """The short form, for JSON and for the file of the fitted body."""
        best = self.best
        return {
            "logs": [one.name for one in self.recordings],
            "before": self.before_rms,
            "after": best.rms,
            "model": best.model.name,
            "models": {one.model.name: one.rms for one in self.fits},
            "joints": {
                joint.name: {"before": float(before), "after": float(after)}
                for joint, before, after in zip(
                    self.body.joints, self.before, best.error, strict=True
                )
            },
            "unknown": best.unknown,
            "intervals": {
                one.name: float(half) if np.isfinite(half) else None
                for one, half in zip(best.numbers, best.interval, strict=True)
            },
        }

    def write(self, folder: Path) -> Path:
        """Writes the file of the fitted body and the page; returns the path of the file.

        Raises:
            StorageError: It cannot be written.
        """
        path, best = folder / FILE, self.best
        values = {one.name: value for one, value in zip(best.numbers, best.values, strict=True)}
        fitted = FittedBody(
            self.told.model_dump(exclude_defaults=True),
            best.model.name,
            values,
            best.model.network if isinstance(best.model, Learned) else {},
            self.facts(),
        )
        try:
            folder.mkdir(parents=True, exist_ok=True)
            body_file.write(path, fitted)
            (folder / PAGE).write_text(page.render(self), encoding="utf-8")
        except OSError as error:
            raise unwritten(error, f"{path} cannot be written: {error}.") from error
        return path


def identify(
    logs: Sequence[Path],
    morphology: str,
    models: str = "all",
    masses: bool = False,
    iterations: int = 6,
    threads: int = 0,
    told: Callable[[str], object] = lambda _: None,
    walking: Sequence[Path] = (),
) -> Identification:
    """Fits servo models to logs.

    Args:
        logs: Files of a robot that hung.
        morphology: What it is believed to be (see `subject.morphology_of`).
        models: Names of servo models with commas between, or "all".
        masses: Whether masses of links are fitted too.
        iterations: Largest number of steps of each fit.
        threads: Number of threads; all CPUs where 0.
        told: Called with what goes on.
        walking: Files of the robot on its feet, from which `learned` learns too.

    Raises:
        EvolocoError: A name, a log or the body cannot be used.
    """
    believed = subject.morphology_of(morphology)
    body = hang(subject.build(believed))
    names = _names(models)
    chosen = [ladder.servo_model(name, body, masses) for name in names if name != Learned.name]
    recordings = recording.read(logs, body)
    if walking and Learned.name not in names:
        raise SpecError("--walking is for the servo model `learned`: name it in --models.")
    walks = recording.read(walking, body) if walking else []
    for one in [*recordings, *walks] if Learned.name in names else ():
        learned.check(one)

    fits: list[Fit] = []
    for model in chosen:
        fits.append(fit(model, recordings, _begin(model.numbers, fits), iterations, threads, told))
    if Learned.name in names:
        trained = learned.train(body, [*recordings, *walks], told=told)
        nothing = np.zeros(0)
        fits.append(Fit(trained, nothing, nothing, Player(trained).held_out(nothing, recordings)))
    return Identification(believed, body, tuple(recordings), before(body, recordings), tuple(fits))


def _names(models: str) -> list[str]:
    """Names of the servo models; `learned` only where it is named."""
    if models == "all":
        return [*ladder.NAMES]
    return [name.strip() for name in models.split(",")]


def _begin(numbers: Sequence[Any], fits: Sequence[Fit]) -> list[float]:
    """Where a fit begins: at what the one before it found, else at the nominal numbers."""
    known: dict[str, float] = {}
    for one in fits:
        known |= dict(zip((number.name for number in one.numbers), one.values, strict=True))
    return [known.get(number.name, number.begin) for number in numbers]


def before(body: Morphology, recordings: Sequence[Recording]) -> Array:
    """Held-out RMSE of each joint of a body as it was believed to be [rad] (joints,)."""
    model = ladder.servo_model("m1", body)
    nominal = np.array([one.nominal for one in model.numbers])
    return Player(model).held_out(nominal, recordings)
