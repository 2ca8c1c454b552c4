"""The world that the bundled bodies stand in: integrator, floor and light."""

import mujoco

FRICTION = 0.8
"""Sliding friction of a rubber sole on a floor [1].

Brandao et al., 2016, Material recognition CNNs and hierarchical planning for
biped robot locomotion on slippery terrain, arXiv:1706.08685, measured
0.82 on carpet, 0.83 on marble and 0.88 on wood.
"""

GROUND = 1
"""Contact bit: a geom whose `conaffinity` has it collides with the floor."""


def new_world(name: str, timestep: float) -> mujoco.MjSpec:
    """An empty world with a floor; `docs/physics.md` holds the measurements behind its settings.

    The integrator is semi-implicit Euler, which suits joints without springs
    and dampers of their own: a servo's stiffness and damping are soft against
    its armature at these steps. Constraint islands are off, because one body
    is one island.

    Args:
        name: Name of the model.
        timestep: Physics step [s].
    """
    spec = mujoco.MjSpec()
    spec.modelname = name
    spec.compiler.degree = False
    spec.option.timestep = timestep
    spec.option.integrator = mujoco.mjtIntegrator.mjINT_EULER
    spec.option.cone = mujoco.mjtCone.mjCONE_PYRAMIDAL
    spec.option.disableflags |= int(mujoco.mjtDisableBit.mjDSBL_ISLAND)
    add_floor(spec)
    add_sky(spec)
    add_light(spec)
    return spec


def add_floor(spec: mujoco.MjSpec) -> mujoco.MjsGeom:
    """Adds a geom `floor` whose friction and softness hold in every contact, by its priority.

    Where the spec has something of that name, the floor and its look get another one.
    """
    kind, look = mujoco.mjtTexture, mujoco.mjtBuiltin
    name = _unused(spec, "floor")
    spec.add_texture(
        name=name,
        type=kind.mjTEXTURE_2D,
        builtin=look.mjBUILTIN_CHECKER,
        rgb1=[0.80, 0.82, 0.83],
        rgb2=[0.70, 0.73, 0.75],
        width=256,
        height=256,
    )
    tiles = spec.add_material(name=name, texrepeat=[2.5, 2.5], texuniform=True)
    tiles.textures[mujoco.mjtTextureRole.mjTEXROLE_RGB] = name
    floor: mujoco.MjsGeom = spec.worldbody.add_geom(
        name=name,
        type=mujoco.mjtGeom.mjGEOM_PLANE,
        size=[0, 0, 1],
        material=name,
        priority=1,
        condim=3,
        friction=[FRICTION, 0.005, 0.0001],
        contype=GROUND,
        conaffinity=0,
    )
    return floor


def add_sky(spec: mujoco.MjSpec) -> None:
    """Adds a sky, and haze of its colour."""
    spec.visual.rgba.haze = [0.93, 0.95, 0.96, 1]
    spec.add_texture(
        name=_unused(spec, "sky"),
        type=mujoco.mjtTexture.mjTEXTURE_SKYBOX,
        builtin=mujoco.mjtBuiltin.mjBUILTIN_GRADIENT,
        rgb1=[0.93, 0.95, 0.96],
        rgb2=[0.75, 0.82, 0.88],
        width=64,
        height=384,
    )


def add_light(spec: mujoco.MjSpec) -> None:
    """Adds daylight.

    Shadows and multisampling are off: software rendering is about thirty times faster so.
    """
    spec.visual.quality.shadowsize = 0
    spec.visual.quality.offsamples = 0
    spec.visual.headlight.ambient = [0.35, 0.35, 0.35]
    spec.visual.headlight.diffuse = [0.45, 0.45, 0.45]
    spec.visual.headlight.specular = [0, 0, 0]
    spec.worldbody.add_light(
        name=_unused(spec, "sun"),
        type=mujoco.mjtLightType.mjLIGHT_DIRECTIONAL,
        pos=[0, 0, 4],
        dir=[0.3, 0.4, -1],
        diffuse=[0.5, 0.5, 0.5],
        castshadow=False,
    )


def _unused(spec: mujoco.MjSpec, name: str) -> str:
    """A name that no geom, light, material or texture has: this one, or with a number behind."""
    things = (spec.geoms, spec.lights, spec.materials, spec.textures)
    taken = {thing.name for several in things for thing in several}
    numbered = (f"{name}{number}" for number in range(2, len(taken) + 3))
    return name if name not in taken else next(one for one in numbered if one not in taken)
