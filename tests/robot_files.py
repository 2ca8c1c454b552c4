"""A small robot in the words of its user's file, with what surrounds it."""

from typing import Any

LEGS = {
    "front_left": (0.1, 0.06),
    "front_right": (0.1, -0.06),
    "hind_left": (-0.1, 0.06),
    "hind_right": (-0.1, -0.06),
}
"""Names of the legs, and where their hips are [m]."""

FLOOR = '<geom name="ground" type="plane" size="9 9 1"/>'
"""The usual ground."""

OPTIONS: dict[str, Any] = {
    "torso": "frame",
    "feet": [f"{leg}_toe" for leg in LEGS],
    "joints": [f"{leg}_swing" for leg in LEGS],
}
"""What a run file says of it."""

HEIGHT = 0.13
"""Height of its trunk where its feet touch a floor at height 0 [m]."""


def table(
    world: str = FLOOR,
    before: str = "",
    after: str = "",
    trunk: str = '<freejoint name="root"/>',
    shank: str = "",
    sole: str = '<geom name="{leg}_sole" type="sphere" size=".03" mass=".02"/>',
    assets: str = "",
    more: str = "",
    height: float = HEIGHT,
) -> str:
    """A robot of four stiff legs that stands with its feet 10 cm below the hips.

    Args:
        world: Geoms of the world.
        before: Bodies before the robot.
        after: Bodies behind it.
        trunk: What the trunk has beside its shape.
        shank: What each leg has beside its shape; `{leg}` is the leg's name.
        sole: Geom of each foot.
        assets: Meshes, height fields and so on.
        more: Further sections.
        height: Of the trunk [m].
    """
    legs = "".join(
        f"""<body name="{leg}_leg" pos="{x} {y} 0">
          <joint name="{leg}_swing" axis="0 1 0" range="-50 50"/>{shank.format(leg=leg)}
          <geom type="capsule" fromto="0 0 -.02 0 0 -.08" size=".012" mass=".05"/>
          <body name="{leg}_toe" pos="0 0 -.1">{sole.format(leg=leg)}
           <site name="{leg}_tip"/></body></body>"""
        for leg, (x, y) in LEGS.items()
    )
    drives = "".join(
        f'<position name="{leg}_swing" joint="{leg}_swing" kp="8" kv=".2"/>' for leg in LEGS
    )
    return f"""<mujoco><option timestep=".002"/><asset>{assets}</asset><worldbody>{world}{before}
      <body name="frame" pos="0 0 {height}">{trunk}
       <geom name="plate" type="box" size=".12 .05 .02" mass=".8"/>{legs}</body>{after}
      </worldbody><actuator>{drives}</actuator>{more}</mujoco>"""
