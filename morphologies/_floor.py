"""The floor that the bundled bodies stand on, its light, and settings that make pictures cheap."""

import mujoco

FRICTION = 0.8
"""Sliding friction of a rubber sole on a floor [1].

Brandao et al., 2016, Material recognition CNNs and hierarchical planning for
biped robot locomotion on slippery terrain, arXiv:1706.08685, measured
0.82 on carpet, 0.83 on marble and 0.88 on wood.
"""


def add_floor(spec: mujoco.MjSpec) -> mujoco.MjsGeom:
    """Adds a geom `floor`, a light that follows the body, and a sky to a spec.

    The floor has contact priority: friction and softness of every contact
    with it are the floor's own. It touches geoms whose `conaffinity` has bit 1.
    Shadows and multisampling are off, because software rendering is about
    thirty times faster without them.
    """
    kind, look = mujoco.mjtTexture, mujoco.mjtBuiltin
    spec.visual.quality.shadowsize = 0
    spec.visual.quality.offsamples = 0
    spec.visual.headlight.ambient = [0.35, 0.35, 0.35]
    spec.visual.headlight.diffuse = [0.45, 0.45, 0.45]
    spec.visual.headlight.specular = [0.0, 0.0, 0.0]
    spec.add_texture(
        name="sky", type=kind.mjTEXTURE_SKYBOX, builtin=look.mjBUILTIN_GRADIENT,
        rgb1=[0.96, 0.97, 0.98], rgb2=[0.75, 0.82, 0.88], width=64, height=384,
    )
    spec.add_texture(
        name="floor", type=kind.mjTEXTURE_2D, builtin=look.mjBUILTIN_CHECKER,
        rgb1=[0.80, 0.82, 0.83], rgb2=[0.68, 0.71, 0.73], width=256, height=256,
    )
    tiles = spec.add_material(name="floor", texrepeat=[2.5, 2.5], texuniform=True)
    tiles.textures[mujoco.mjtTextureRole.mjTEXROLE_RGB] = "floor"
    spec.worldbody.add_light(
        name="sun", type=mujoco.mjtLightType.mjLIGHT_DIRECTIONAL, pos=[0, 0, 4], dir=[0.3, 0.4, -1],
        diffuse=[0.5, 0.5, 0.5], castshadow=False,
    )
    return spec.worldbody.add_geom(
        name="floor", type=mujoco.mjtGeom.mjGEOM_PLANE, size=[0, 0, 1], material="floor",
        priority=1, condim=3, friction=[FRICTION, 0.005, 0.0001], contype=1, conaffinity=0,
    )
