"""Ground that is no plane: a height field in place of the level plane of a body's model.

Around the field the ground is level again, as deep as the deepest point of the field may be.
"""

import math
from copy import copy
from dataclasses import dataclass, replace
from typing import Protocol

import mujoco
import numpy as np
from numpy.typing import NDArray

from evoloco.errors import ModelError, SpecError
from evoloco.fields import Array
from evoloco.morphology import Morphology

STREAM = 1
"""Marks the random numbers of the ground at a scenario's address: they change no other draw."""

SPEED = 3.0
"""Ground is laid out ahead for this speed [m/s].

It has the Froude number 1 on legs of 0.92 m, and is faster than a human walks.
"""

MARGIN = 3.0
"""Ground behind the start and to either side of it [m]."""

BASE = 0.5
"""Thickness of the ground below its deepest point [m]."""

MOST_POINTS = 250_000
"""Most points of a grid, which every model of a batch holds a copy of."""

SURFACE = (
    *("contype", "conaffinity", "condim", "priority", "friction", "solmix", "solref", "solimp"),
    *("margin", "gap", "adhesion", "surfacevel", "material", "rgba", "group"),
)
"""What a geom's surface is like."""

UNLEVEL = 1e-9
"""Largest amount by which the upward part of a level plane's normal is below 1."""

PAIRED = ("condim", "friction", "solref", "solreffriction", "solimp", "margin", "gap", "adhesion")
"""What an explicit pair of geoms says of their contact."""


class Shape(Protocol):
    """The contract of a terrain: heights over a grid of places.

    Attributes:
        highest: Largest height or depth that it may have [m].
    """

    highest: float

    def heights(self, random: np.random.Generator, x: Array, y: Array) -> Array:
        """Heights of the points [m] (rows, columns), level with 0 where the ground was level.

        Args:
            random: Random numbers.
            x: Of the columns, from where the level ground around the start ends [m] (columns,).
            y: Of the rows [m] (rows,).
        """


@dataclass(frozen=True)
class Terrain:
    """A shape laid out on a square grid, level around the start.

    The field begins `MARGIN` behind the world's origin and reaches as far to either side. Its
    outermost points are at the lowest height, where the level ground around it lies.

    Attributes:
        form: Gives the heights above the body's floor.
        cell: Distance of the grid's points [m].
        level: Distance from the world's origin within which the ground is level [m]. Up to twice
            as far, and a cell's diagonal more, it takes its shape.
        length: Ground ahead of the origin [m].

    Raises:
        SpecError: The grid would have more than `MOST_POINTS`.
    """

    form: Shape
    cell: float = 0.3
    level: float = 0.5
    length: float = 30.0

    def __post_init__(self) -> None:
        columns, rows = (self.length + MARGIN) / self.cell, 2 * MARGIN / self.cell
        if columns * rows > MOST_POINTS:
            raise SpecError(
                f"scenario.terrain.cell = {self.cell:g} m makes a grid of {columns * rows:.3g} "
                f"points for {self.length:g} m of ground, more than {MOST_POINTS}. Widen the "
                "cells, or shorten the episode."
            )

    @property
    def shape(self) -> tuple[int, int]:
        """Rows, from right to left, and columns, from back to front, of the grid."""
        side, back, front = (
            math.ceil(reach / self.cell) for reach in (MARGIN, MARGIN, self.length)
        )
        return 2 * side + 1, back + front + 1

    @property
    def _places(self) -> tuple[Array, Array]:
        """Places of the grid's columns and rows in the world [m]."""
        rows, columns = self.shape
        x = self.cell * (np.arange(columns) - math.ceil(MARGIN / self.cell))
        y = self.cell * (np.arange(rows) - (rows - 1) / 2)
        return np.asarray(x, np.float64), np.asarray(y, np.float64)

    def draw(self, seed: np.random.SeedSequence) -> Array:
        """Heights of the grid's points [m] (rows, columns)."""
        x, y = self._places
        heights = self.form.heights(np.random.default_rng(seed), x - self.level, y)
        return self._bordered(heights * self._share)

    def under(self, morphology: Morphology) -> Morphology:
        """The body on a height field in place of its floor.

        The field is level until a scenario's heights are laid.

        Raises:
            ModelError: Its floor is no level plane, or it does not stand within the level part.
        """
        floor = _plane(morphology)
        self._check_start(morphology)
        spec = morphology.spec.copy()
        geom = next(geom for geom in spec.worldbody.geoms if geom.id == floor)

        depth = float(geom.pos[2]) - self.form.highest
        around = _add_plane(spec, geom, depth)
        _pair_alike(spec, geom.name, around.name)
        self._make_field(spec, geom, depth)

        model = spec.compile()
        ground = frozenset({model.geom(geom.name).id, model.geom(around.name).id})
        level = replace(morphology, model=model, spec=spec, floor=ground)
        lay(level, self._bordered(np.zeros(self.shape)))
        return level

    def _make_field(self, spec: mujoco.MjSpec, geom: mujoco.MjsGeom, depth: float) -> None:
        """Makes a height field of the floor, with its lowest points at a height [m]."""
        rows, columns = self.shape
        half = self.cell * (columns - 1) / 2, self.cell * (rows - 1) / 2
        field = spec.add_hfield(
            name=f"{geom.name}.heights",
            nrow=rows,
            ncol=columns,
            size=[*half, 2 * self.form.highest, BASE],
            userdata=np.zeros(rows * columns),
        )
        geom.type, geom.hfieldname = mujoco.mjtGeom.mjGEOM_HFIELD, field.name
        geom.pos = [half[0] - self.cell * math.ceil(MARGIN / self.cell), 0, depth]
        geom.quat, geom.size = [1, 0, 0, 0], [0, 0, 0]

    @property
    def _share(self) -> Array:
        """Part of the shape at each point (rows, columns): 0 around the start, 1 far from it."""
        x, y = self._places
        reach = math.sqrt(2) * self.cell  # a point lifts the cells around it
        beyond = np.hypot(x, y[:, None]) - self.level - reach
        return np.asarray(np.clip(beyond / max(self.level, mujoco.mjMINVAL), 0.0, 1.0))

    def _bordered(self, heights: Array) -> Array:
        """Heights whose outermost points are at the lowest one [m] (rows, columns)."""
        heights[[0, -1]] = heights[:, [0, -1]] = -self.form.highest
        return heights

    def _check_start(self, morphology: Morphology) -> None:
        """Raises a ModelError where the torso is not above level ground at home."""
        data = mujoco.MjData(morphology.model)
        data.qpos = morphology.home
        mujoco.mj_kinematics(morphology.model, data)

        far = float(np.hypot(*data.body(morphology.torso_frame).xpos[:2]))
        if far > self.level:
            raise ModelError(
                f"The body starts {far:.3g} m from the world's origin, and rough ground is level "
                f"only up to {self.level:g} m from there: begin nearer to it, or set "
                "scenario.terrain.level to more."
            )


def _add_plane(spec: mujoco.MjSpec, floor: mujoco.MjsGeom, depth: float) -> mujoco.MjsGeom:
    """Adds a plane like the floor at a height [m], and gives both names."""
    plane = spec.worldbody.add_geom(
        type=mujoco.mjtGeom.mjGEOM_PLANE, pos=[0, 0, depth], size=copy(floor.size)
    )
    for field in SURFACE:
        setattr(plane, field, copy(getattr(floor, field)))

    floor.name = floor.name or "floor"
    plane.name = f"{floor.name}.around"
    return plane


def _pair_alike(spec: mujoco.MjSpec, geom: str, other: str) -> None:
    """Adds the explicit contact pairs that a geom has for another one too."""
    for pair in list(spec.pairs):
        names = pair.geomname1, pair.geomname2
        if geom in names:
            first, second = (other if name == geom else name for name in names)
            twin = spec.add_pair(geomname1=first, geomname2=second)
            for field in PAIRED:
                setattr(twin, field, copy(getattr(pair, field)))


def _plane(morphology: Morphology) -> int:
    """Id of the level plane that is the body's floor.

    Raises:
        ModelError: Its floor is something else.
    """
    model, floor = morphology.model, sorted(morphology.floor)
    kinds = [mujoco.mjtGeom(model.geom_type[geom]) for geom in floor]
    only = kinds == [mujoco.mjtGeom.mjGEOM_PLANE]
    if only and _is_level(model, floor[0]) and not _is_framed(morphology, floor[0]):
        return floor[0]

    found = ", ".join(
        f"'{model.geom(geom).name}' ({kind.name.removeprefix('mjGEOM_').lower()})"
        for geom, kind in zip(floor, kinds, strict=True)
    )
    raise ModelError(
        "Rough ground takes the place of one plane, level and in no frame, as the only ground in "
        f"the world; this body stands on {found}. Leave [scenario.terrain] out, or give it such a "
        "plane."
    )


def _is_level(model: mujoco.MjModel, geom: int) -> bool:
    """Whether a geom is a level one of the world body."""
    turn = np.empty(9)
    mujoco.mju_quat2Mat(turn, model.geom_quat[geom])
    upright = turn.reshape(3, 3)[2, 2]
    return bool(upright >= 1 - UNLEVEL and model.geom_bodyid[geom] == 0)


def _is_framed(morphology: Morphology, geom: int) -> bool:
    """Whether a geom of the world body stands in a frame."""
    geoms = morphology.spec.worldbody.geoms
    return any(one.id == geom and one.frame is not None for one in geoms)


def field_of(morphology: Morphology) -> int:
    """Id of the geom that is the body's rough ground; -1 where it has none."""
    kinds = morphology.model.geom_type
    return next(
        (geom for geom in sorted(morphology.floor) if kinds[geom] == mujoco.mjtGeom.mjGEOM_HFIELD),
        -1,
    )


def lay(morphology: Morphology, heights: Array) -> None:
    """Writes heights [m] (rows, columns) into a body's model.

    Raises:
        ModelError: The body is not on a grid of that many points.
    """
    field = field_of(morphology)
    shape = _grid(morphology).shape if field >= 0 else (0, 0)
    if heights.shape != shape:
        raise ModelError(
            f"Ground of {heights.shape} points does not fit a body on one of {shape}: put the body "
            "on the same ground, with Terrain.under."
        )
    lift = morphology.model.hfield_size[morphology.model.geom_dataid[field]][2]
    _grid(morphology)[:] = heights / lift + 0.5


def _grid(morphology: Morphology) -> NDArray[np.float32]:
    """A view of the heights in a model (rows, columns), from 0 to 1."""
    model = morphology.model
    field = model.geom_dataid[field_of(morphology)]
    rows, columns = model.hfield_nrow[field], model.hfield_ncol[field]
    first = model.hfield_adr[field]
    heights: NDArray[np.float32] = model.hfield_data[first : first + rows * columns]
    return heights.reshape(rows, columns)
