"""What hangs on a body of a model."""

import mujoco


def is_in_subtree(model: mujoco.MjModel, body: int, root: int) -> bool:
    """Whether a body is `root` or hangs on it."""
    while body > root:
        body = int(model.body_parentid[body])
    return bool(body == root)


def geoms_of(model: mujoco.MjModel, body: str) -> list[int]:
    """Ids of the geoms of a body and of what hangs on it."""
    root, bodies = model.body(body).id, model.geom_bodyid
    return [geom for geom in range(model.ngeom) if is_in_subtree(model, bodies[geom], root)]
