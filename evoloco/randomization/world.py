"""The world of one episode: a body whose numbers differ, and what differs around it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import mujoco
import numpy as np

from evoloco.errors import ModelError, SpecError, UnknownNameError, error_context
from evoloco.genome import Array
from evoloco.morphology import Morphology
from evoloco.randomization import ground
from evoloco.randomization.draw import HOWS, Draws, Randomization
from evoloco.randomization.fields import DERIVED, INPUTS, JOINTS, READ, UNFIT, Ids, fields_of
from evoloco.randomization.working import Working, memory


class Drift(NamedTuple):
    """A number of the model that changes linearly from the start of an episode to its planned end.

    Attributes:
        field: Of the model; `memory` gives its numbers.
        place: Of the number in the field, counted through all rows.
        start: At the start, as it stands in the model.
        end: At the planned end.
    """

    field: str
    place: int
    start: float
    end: float


@dataclass(frozen=True)
class World:
    """Where one episode happens.

    Attributes:
        morphology: The body with a model of its own, whose constants are computed and whose own
            numbers are read again; the body itself where nothing of it differs.
        backlash: Play of the driven joints, from end to end [rad] (nj,).
        zero_offset: Angle of the driven joints where their servos believe zero to be [rad] (nj,):
            the angle is read less this, and goes to what is commanded plus this.
        command_delay: Time by which commands come later, beside the servos' own latency [s].
        command_jitter: Longest further delay of a single command, uniform from 0 [s].
        sensor_delay: Time by which readings come later, beside the sensors' own delay [s].
        sensor_noise: Factor on the noise of all sensors [1].
        sensor_bias: Constant error of each number that is observed, in its own unit (n,).
        slope: Angle at which the ground rises ahead and to the left [rad] (2,). The model has it.
        drifts: Numbers of the model that change within the episode.
    """

    morphology: Morphology
    backlash: Array
    zero_offset: Array
    command_delay: float
    command_jitter: float
    sensor_delay: float
    sensor_noise: float
    sensor_bias: Array
    slope: Array
    drifts: tuple[Drift, ...] = ()


def apply(draws: Draws, morphology: Morphology, data: mujoco.MjData | None = None) -> World:
    """Makes the world of an episode for a body.

    Of one number, values come before factors and these before offsets. Otherwise the order is that
    of the tables' names. Drifts come last.

    Args:
        draws: Of the episode.
        morphology: The body, which stays as it is.
        data: To work in, of its layout; a fresh one where absent.

    Raises:
        ModelError: A number would mean nothing, such as a negative mass.
    """
    ordered = sorted(draws.randomizations, key=lambda one: (HOWS.index(one.how), one.name))
    working = Working(morphology, data)
    for one in ordered:
        if not one.drift:
            _change(working, one, draws)
    if working["slope"].any():
        ground.tilt(working)

    body = _settled(working)
    drifting = [one for one in ordered if one.drift]
    drifts = _drifts(body, drifting, draws) if drifting else ()
    return _world(working, body, drifts, draws.noise)


def _change(working: Working, one: Randomization, draws: Draws) -> None:
    """Does to a body what one randomization draws."""
    count, chosen, ids = _places(one, working.morphology)
    drawn = one.numbers(draws.address, count)[chosen]
    _become(working, one, ids, drawn)


def _places(one: Randomization, morphology: Morphology) -> tuple[int, Ids, Ids]:
    """How many elements a body has, which of them change, and where their numbers stand."""
    key = ("randomized", one.quantity, one.field, one.elements)
    if key not in morphology.memo:
        names, ids = one.target.elements(morphology)
        chosen = one.chosen(names)
        morphology.memo[key] = len(names), np.array(chosen, np.intp), ids[chosen]
    places: tuple[int, Ids, Ids] = morphology.memo[key]
    return places


def _become(working: Working, one: Randomization, ids: Ids, drawn: Array) -> None:
    """Gives elements the numbers that follow from what was drawn for them.

    Raises:
        ModelError: A number is less than means anything.
    """
    quantity = one.target
    old = np.array(quantity.read(working, ids))
    new = one.become(old, drawn)
    _check_numbers(one, old, new)
    if one.how == "factor":
        ratio = drawn
    else:
        ratio = np.divide(new, old, out=np.ones_like(old), where=old != 0)
    quantity.write(working, ids, new, ratio)


def _check_numbers(one: Randomization, old: Array, new: Array) -> None:
    """Raises a ModelError where a number (k,) that was to change means nothing any more."""
    wrong = (new < one.target.least) & (new != old)
    if wrong.any():
        raise ModelError(
            f"randomize.{one.name}: {one.quantity} would be {new[wrong][0]:.4g} {one.target.unit}, "
            f"and must be at least {one.target.least:g}. Narrow its range, {one.range}."
        )


def _settled(working: Working) -> Morphology:
    """The body as it was changed: constants of its model recomputed, its own numbers read again."""
    changed = working.changed
    if not changed:
        return working.morphology
    if changed & INPUTS:
        mujoco.mj_setConst(working.model, working.data)
    if changed & READ:
        same = not changed & JOINTS
        return working.morphology.compiled_as(working.model, data=working.data, same_joints=same)
    return working.morphology.with_model(working.model)


def _drifts(body: Morphology, drifting: Sequence[Randomization], draws: Draws) -> tuple[Drift, ...]:
    """What changes until the planned end, of a body as it is at the start."""
    end = Working(body)
    for one in drifting:
        _change(end, one, draws)

    rows = []
    for field in sorted(end.changed):
        first, last = memory(body.model, field).ravel(), end[field].ravel()
        for index in np.flatnonzero(first != last).tolist():
            rows.append(Drift(field, index, float(first[index]), float(last[index])))
    return tuple(rows)


def _world(working: Working, body: Morphology, drifts: tuple[Drift, ...], noise: float) -> World:
    """The world with the signals as they were changed, and so many times the sensors' noise."""
    signals = working.signals
    signals["sensor_noise"] *= noise
    once = ("command_delay", "command_jitter", "sensor_delay", "sensor_noise")
    return World(
        body,
        backlash=signals["backlash"],
        zero_offset=signals["zero_offset"],
        **{name: float(signals[name][0]) for name in once},
        sensor_bias=signals["sensor_bias"],
        slope=signals["slope"],
        drifts=drifts,
    )


def check(randomizations: Sequence[Randomization], morphology: Morphology) -> None:
    """Tries the ends of every range on a body.

    Raises:
        UnknownNameError: A field or an element does not exist.
        SpecError: A field cannot be randomized, or nothing would change.
        ModelError: The body has nothing that the quantity is about, or a number would mean nothing.
    """
    for one in randomizations:
        with error_context(f"randomize.{one.name}"):
            if one.field:
                _check_field(one, morphology)
            _check_elements(one, morphology)
            _check_sensors(one, morphology)
        _check_ends(one, morphology)


def _check_field(one: Randomization, morphology: Morphology) -> None:
    """Raises an error where a field of the model cannot be randomized."""
    known = fields_of(morphology)
    if one.field in UNFIT:
        raise SpecError(f"field: '{one.field}' cannot be randomized: {UNFIT[one.field]}.")
    if one.field in DERIVED:
        raise SpecError(
            f"field: '{one.field}' cannot be randomized: it follows from other fields of the model."
        )
    if one.field not in known:
        raise UnknownNameError("field of the model's elements", one.field, known)

    values = memory(morphology.model, one.field)
    columns = 1 if values.ndim == 1 else values.shape[1]
    if one.column >= columns:
        raise SpecError(f"column: '{one.field}' has {columns}, from 0; there is no {one.column}.")


def _check_elements(one: Randomization, morphology: Morphology) -> None:
    """Raises an error where a body has no such elements."""
    names, _ = one.target.elements(morphology)
    if not names:
        raise ModelError(
            f"'{one.quantity}' is the {one.target.meaning}. This body has nothing of that kind."
        )
    if not one.chosen(names):
        raise UnknownNameError("element", one.elements, names)


def _check_sensors(one: Randomization, morphology: Morphology) -> None:
    """Raises a SpecError where a change of noise reaches no reading."""
    sensors = morphology.sensors
    noisy = any(sensor.noise.gaussian or sensor.noise.student_t for sensor in sensors)
    if one.quantity == "sensor_noise" and not noisy:
        known = ", ".join(sensor.name for sensor in sensors)
        raise SpecError(
            "No sensor has noise that could become more or less: give one gaussian or student_t in "
            f"[sensors.NAME.noise], where NAME is one of {known}."
        )


def _check_ends(one: Randomization, morphology: Morphology) -> None:
    """Raises an error where an end of the range means nothing, or changes nothing."""
    names, ids = one.target.elements(morphology)
    ids = ids[one.chosen(names)]
    if one.how == "factor" and not one.target.read(Working(morphology), ids).any():
        raise SpecError(
            f"randomize.{one.name}: {one.range} changes nothing, because all these numbers are 0 "
            "on this body. Give an offset or a value instead."
        )

    for end in one.ends:
        _become(Working(morphology), one, ids, np.full(len(ids), end))
