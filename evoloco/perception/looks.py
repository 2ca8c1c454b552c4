"""Random looks of a scene: its surfaces, lights, clutter and the camera's pose.

A scene is built once as a MuJoCo model, with `blank`, `add_surface` and `add_clutter`. Each
example then changes that model and its data in place, with what `draws` gives it.

| what                 | training                          | held out                 |
|----------------------|-----------------------------------|--------------------------|
| patterns of surfaces | six families                      | four others (`patterns`) |
| colours of lights    | red to yellow                     | cyan to violet           |
| shape of clutter     | boxes, cylinders, long ellipsoids | long capsules, boxes     |

A module holds out more where it can, such as heights of a camera or textures of its objects.
"""

import zlib
from collections.abc import Callable, Sequence

import mujoco
import numpy as np

from evoloco.fields import Array
from evoloco.perception.patterns import SIDE, Rng, Texture, colour, hue, surface

FACES = 6
"""Of a cube map, which MuJoCo wraps around any geom."""

BELOW = -20.0
"""Height of what is out of the scene [m]."""

LIGHTS = "sun", "lamp"
"""Lights of a scene: one far away, one within it."""

WARM, COLD = (0.0, 0.17), (0.5, 0.75)
"""Hues of lights in training and held out, as parts of the colour circle."""

SHAPES = {
    "train": (
        mujoco.mjtGeom.mjGEOM_BOX,
        mujoco.mjtGeom.mjGEOM_CYLINDER,
        mujoco.mjtGeom.mjGEOM_ELLIPSOID,
    ),
    "test": (mujoco.mjtGeom.mjGEOM_BOX, mujoco.mjtGeom.mjGEOM_CAPSULE),
}
"""Shapes of clutter. None is a sphere, which is the shape of a ball."""

LONG = mujoco.mjtGeom.mjGEOM_ELLIPSOID, mujoco.mjtGeom.mjGEOM_CAPSULE
"""Shapes that are twice as long as wide."""


def draws(seed: int, split: str, example: int) -> Rng:
    """What one example is drawn with: its own stream, whatever the number of examples is."""
    return np.random.default_rng([seed, zlib.crc32(split.encode()), example])


def blank(extent: float = 10.0) -> mujoco.MjSpec:
    """An empty scene with two lights, which is drawn without shadows or multisampling.

    Those two take tens of times longer where there is no graphics card.

    Args:
        extent: Size of the scene [m]. MuJoCo draws from a thousandth of it on.
    """
    spec = mujoco.MjSpec()
    spec.visual.quality.shadowsize = spec.visual.quality.offsamples = 0
    spec.visual.headlight.active = 0
    spec.visual.map.znear = 0.001
    spec.stat.extent = extent

    add_lights(spec)
    return spec


def add_lights(spec: mujoco.MjSpec) -> None:
    """Adds the lights that `relight` sets."""
    for name in LIGHTS:
        light = spec.worldbody.add_light(name=name, castshadow=False, pos=(0, 0, 4))
        if name == "sun":
            light.type = mujoco.mjtLightType.mjLIGHT_DIRECTIONAL


def add_surface(spec: mujoco.MjSpec, name: str, wraps: bool = True, repeat: float = 1) -> str:
    """Adds a material with a texture of its own, both of that name. Returns the name.

    Args:
        spec: The scene.
        name: Of the material.
        wraps: Whether the texture wraps around a geom. A flat one suits planes.
        repeat: How often a flat texture is laid side by side.
    """
    kinds = mujoco.mjtTexture
    kind = kinds.mjTEXTURE_CUBE if wraps else kinds.mjTEXTURE_2D
    height = FACES * SIDE if wraps else SIDE
    spec.add_texture(
        name=name, type=kind, width=SIDE, height=height, builtin=mujoco.mjtBuiltin.mjBUILTIN_FLAT
    )
    material = spec.add_material(name=name, texrepeat=(repeat, repeat))
    material.textures[mujoco.mjtTextureRole.mjTEXROLE_RGB] = name
    return name


def add_clutter(spec: mujoco.MjSpec, count: int) -> tuple[str, ...]:
    """Adds bodies that `scatter` gives a shape and a place. Returns their names.

    Each has a surface of its own, and its geom and its surface have the body's name.
    """
    names = tuple(f"clutter{number}" for number in range(count))
    for name in names:
        body = spec.worldbody.add_body(name=name, mocap=True, pos=(0, 0, BELOW))
        body.add_geom(
            name=name,
            type=mujoco.mjtGeom.mjGEOM_BOX,
            size=(0.1, 0.1, 0.1),
            material=add_surface(spec, name),
        )
    return names


def paint(model: mujoco.MjModel, name: str, faces: Texture) -> int:
    """Sets the texture of a surface; `Studio.upload` must follow. Returns the texture's index.

    Args:
        model: With the surface.
        name: Of the surface.
        faces: One texture (SIDE, SIDE, 3), or one per face of a cube map (6, SIDE, SIDE, 3).
    """
    index = model.texture(name).id
    start, size = model.tex_adr[index], model.tex_height[index] * SIDE * 3
    model.tex_data[start : start + size] = np.resize(faces, size)
    return int(index)


def repaint(
    model: mujoco.MjModel,
    rng: Rng,
    names: Sequence[str],
    held_out: bool,
    paint_with: Callable[[Rng], Array] = colour,
) -> list[int]:
    """Gives surfaces random textures and gloss.

    Args:
        model: With the surfaces.
        rng: Draws.
        names: Of the surfaces.
        held_out: Whether in patterns that no training picture has.
        paint_with: Draws a colour.

    Returns:
        Indices of the textures, for `Studio.upload`.
    """
    painted = []
    for name in names:
        painted.append(paint(model, name, surface(rng, held_out, paint_with)))
        model.mat_specular[model.material(name).id] = rng.uniform(0, 0.5)
        model.mat_shininess[model.material(name).id] = rng.uniform(0.1, 0.9)
    return painted


def relight(model: mujoco.MjModel, rng: Rng, held_out: bool) -> None:
    """Gives the lights of `blank` random directions, places, colours and strengths."""
    for name in LIGHTS:
        light = model.light(name).id
        direction = rng.normal(0, 0.5, 3) - (0, 0, 1)
        model.light_dir[light] = direction / np.linalg.norm(direction)
        model.light_pos[light] = *rng.uniform(-4, 4, 2), rng.uniform(2, 4)

        tint = hue(rng.uniform(*(COLD if held_out else WARM)), rng.uniform(0, 0.45), 1)
        model.light_diffuse[light] = tint * rng.uniform(0.4, 1)
        model.light_ambient[light] = tint * rng.uniform(0.25, 0.5)
        model.light_specular[light] = 0.2


def aim(
    model: mujoco.MjModel,
    camera: str,
    position: Sequence[float] | Array,
    yaw: float,
    pitch: float,
    roll: float = 0,
    field_of_view: float | None = None,
) -> None:
    """Places a camera that is fixed to the world.

    Args:
        model: With the camera.
        camera: Its name.
        position: Of the camera [m] (3,).
        yaw: Heading of its view, from the x axis to the left [rad].
        pitch: Of its view below the horizon [rad].
        roll: Of the camera about its view, to the right [rad].
        field_of_view: Vertical [deg]; None leaves it.
    """
    index = model.camera(camera).id
    model.cam_pos[index] = position
    mujoco.mju_mat2Quat(model.cam_quat[index], view(yaw, pitch, roll).ravel())
    if field_of_view is not None:
        model.cam_fovy[index] = field_of_view


def view(yaw: float, pitch: float, roll: float) -> Array:
    """Rotation of a camera in MuJoCo's axes, which point right, up and back (3, 3).

    Args:
        yaw: Heading of its view, from the x axis to the left [rad].
        pitch: Of its view below the horizon [rad].
        roll: Of the camera about its view, to the right [rad].
    """
    ahead = np.array([np.cos(yaw) * np.cos(pitch), np.sin(yaw) * np.cos(pitch), -np.sin(pitch)])
    level = np.array([np.sin(yaw), -np.cos(yaw), 0])
    right = np.cos(roll) * level - np.sin(roll) * np.cross(level, ahead)
    return np.stack([right, np.cross(-ahead, right), -ahead], axis=1)


def turned(rng: Rng) -> Array:
    """A random rotation, as a unit quaternion (4,), evenly over all rotations."""
    drawn = rng.normal(size=4)
    return np.asarray(drawn / np.linalg.norm(drawn))


def place(
    model: mujoco.MjModel,
    data: mujoco.MjData,
    body: str,
    position: Sequence[float] | Array,
    rotation: Array | None = None,
) -> None:
    """Places a mocap body; `remove` takes it out again."""
    mocap = model.body(body).mocapid[0]
    data.mocap_pos[mocap] = position
    data.mocap_quat[mocap] = (1, 0, 0, 0) if rotation is None else rotation


def remove(model: mujoco.MjModel, data: mujoco.MjData, body: str) -> None:
    """Takes a mocap body out of the scene."""
    place(model, data, body, (0, 0, BELOW))


def scatter(
    model: mujoco.MjModel,
    data: mujoco.MjData,
    rng: Rng,
    body: str,
    position: Sequence[float] | Array,
    held_out: bool,
    sizes: tuple[float, float] = (0.04, 0.12),
) -> None:
    """Places clutter on the ground, in a random shape and rotation.

    Args:
        model: With the clutter.
        data: Of the model.
        rng: Draws.
        body: Name of the clutter.
        position: On the ground, x and y [m].
        held_out: Whether in the shapes that no training picture has.
        sizes: Smallest and largest half width [m].
    """
    geom = model.geom(body).id
    shapes = SHAPES["test" if held_out else "train"]
    model.geom_type[geom] = shapes[rng.integers(len(shapes))]

    size = rng.uniform(*sizes, 3)
    if model.geom_type[geom] in LONG:  # or it would pass for a ball
        size[1], size[2] = size[0], 2 * size[0]
    model.geom_size[geom] = size
    place(model, data, body, (*position, size.min()), turned(rng))
