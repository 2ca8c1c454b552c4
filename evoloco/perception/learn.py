"""Learns a sensor: examples, gradient steps, judgement, weights, report."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from evoloco.errors import user_code
from evoloco.loop import Interrupted, interruptible
from evoloco.perception import data, evaluation, learning, page, weights
from evoloco.perception.learning import Learning
from evoloco.perception.lesson import TRAIN, Arrays, Lesson
from evoloco.perception.recipe import Recipe, prepare
from evoloco.perception.training import EVERY, Training
from evoloco.record import files, lock
from evoloco.report.words import words
from evoloco.stopwatch import Stopwatch

CHECKPOINT, WEIGHTS, REPORT = "checkpoint.safetensors", "weights.safetensors", "report.html"
"""Files of a folder, besides `evoloco.perception.learning.FILE` and the folder `data`."""

Tell = Callable[[str, int, int, str], None]
"""Is told what goes on: a part of the learning, how much of it is done, of how much, and more."""


def learn(
    sensor: str, folder: Path, seed: int = 0, changes: Sequence[str] = (), tell: Tell | None = None
) -> Learning:
    """Learns a sensor, or continues what was begun in a folder. The same call gives equal bytes.

    Args:
        sensor: A bundled sensor, or the path of a .py file with a function `lesson`.
        folder: Of everything that is written.
        seed: Of all random numbers.
        changes: Other settings, or options of the lesson, as `key=value`.
        tell: Is told what goes on.

    Raises:
        SpecError: The sensor is not learned, an option is not allowed, or the folder holds another
            learning.
        Interrupted: Ctrl-C; the same call continues.
        LossError: The loss is no finite number any more; the message names the last checkpoint.
        BusyError: Another process learns in this folder.
    """
    lesson, recipe = prepare(sensor, seed, changes)
    begun = learning.read(folder)
    if begun is not None:
        learning.check_same(begun, recipe, folder)
        if begun.finished and (folder / REPORT).exists():
            return begun

    folder.mkdir(parents=True, exist_ok=True)
    with lock.held(folder), interruptible() as interrupted:
        made = _Making(lesson, recipe, folder, begun, tell, interrupted)
        try:
            return made.learned()
        except KeyboardInterrupt:  # the second Ctrl-C
            raise Interrupted(
                f"Stopped at once; what {folder} holds is whole. The same command continues."
            ) from None


class _Making:
    """A learning that goes on."""

    def __init__(
        self,
        lesson: Lesson,
        recipe: Recipe,
        folder: Path,
        begun: Learning | None,
        tell: Tell | None,
        interrupted: Callable[[], bool],
    ) -> None:
        self._lesson, self._recipe, self._folder = lesson, recipe, folder
        self._tell, self._interrupted = tell, interrupted
        self._told = begun or Learning(recipe.plain())
        self._watch, self._spent = Stopwatch(), 0.0

    def learned(self) -> Learning:
        """Does what is left to do."""
        lesson, recipe, settings = self._lesson, self._recipe, self._recipe.settings
        self._told.write(self._folder)
        examples = {
            split: self._examples(split, settings.examples if split == TRAIN else None)
            for split in lesson.splits
        }

        path = self._folder / CHECKPOINT
        training = Training(lesson, settings, recipe.seed, path)
        training.go_on(examples[TRAIN], self._after_step)
        evaluation.settle(lesson, training.network, examples)
        self._spend("training")
        digest = self._write_weights(training)

        with user_code("The lesson's 'baselines'"):
            baselines = lesson.baselines(examples[TRAIN])
        examples[TRAIN] = data.first(examples[TRAIN], settings.test_examples)
        answers = self._judge(training, examples, baselines)
        found = replace(
            self._told,
            losses=[float(f"{loss:.6g}") for loss in training.losses],
            inference=evaluation.seconds_of_one(lesson, training.network, examples[TRAIN]),
            parameters=sum(array.size for array in training.weights.values()),
            weights_digest=digest,
        )
        pictures = page.pictures(lesson, examples, answers)
        files.write(self._folder / REPORT, page.render(found, pictures), data.AGAIN)
        found.write(self._folder)
        return found

    def _examples(self, split: str, count: int | None) -> Arrays:
        """The examples of a split."""
        total = count or self._recipe.settings.test_examples
        folder, seed = self._folder / "data", self._recipe.seed

        def drawn(done: int) -> None:
            self._spend("data")
            self._say("data", done, total, f"of split {words(split)}")

        found = data.gather(self._lesson, split, total, seed, folder, drawn)
        self._spend("data")
        return found

    def _after_step(self, done: int, loss: float) -> None:
        if done % EVERY == 0:
            self._spend("training")
        self._say("training", done, self._recipe.settings.steps, f"loss {loss:.4g}")

    def _judge(
        self,
        training: Training,
        examples: dict[str, Arrays],
        baselines: Mapping[str, Callable[[Arrays], Arrays]],
    ) -> dict[str, Arrays]:
        """Compares the network with the baselines, and returns its answers."""
        lesson, answers, compared = self._lesson, {}, []
        for place, (split, drawn) in enumerate(examples.items()):
            self._say("evaluation", place, len(examples), f"on split {words(split)}")
            answers[split] = evaluation.answer(lesson, training.network, drawn)
            compared += evaluation.compare(lesson, split, drawn, answers[split], baselines)

        self._spend("evaluation")
        self._told = replace(self._told, compared=compared)
        return answers

    def _write_weights(self, training: Training) -> str:
        """Writes the weights, and returns the digest of the file."""
        recipe, path = self._recipe, self._folder / WEIGHTS
        layout = getattr(self._lesson, "layout", weights.EMPTY)
        content = weights.write(
            path, training.weights, recipe.sensor, recipe.digest, layout, recipe.plain()
        )
        return hashlib.sha256(content).hexdigest()

    def _spend(self, part: str) -> None:
        """Puts the CPU time since the last call to the account of a part."""
        now = self._watch.cpu
        cpu = {**self._told.cpu, part: self._told.cpu[part] + now - self._spent}
        self._spent, self._told = now, replace(self._told, cpu=cpu)
        if not self._told.finished:
            self._told.write(self._folder)

    def _say(self, part: str, done: int, total: int, more: str) -> None:
        """Tells how far it is.

        Raises:
            Interrupted: The user asked to stop.
        """
        if self._tell is not None:
            self._tell(part, done, total, more)
        if self._interrupted():
            raise Interrupted(
                f"Stopped in the {part}; everything up to here is in {self._folder}. The same "
                "command continues."
            )
