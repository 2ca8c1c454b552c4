"""The geoms of a foot that touch the ground."""

import mujoco
import numpy as np

from evoloco.errors import ModelError
from evoloco.robot.ground_below import find_contacts
from evoloco.subtree import geoms_of, robot_geoms


def soles_of(model: mujoco.MjModel, torso: str, foot: str, path: str) -> list[int]:
    """Ids of the geoms of a foot that can touch the ground.

    Args:
        model: The model.
        torso: Name of the torso.
        foot: Name of the foot.
        path: Of the file.

    Raises:
        ModelError: There are none.
    """
    contacts = find_contacts(model, torso, geoms_of(model, foot))
    if not contacts.sole:
        raise ModelError(_untouchable(model, path, torso, foot))
    return sorted(set(contacts.sole))


def _untouchable(model: mujoco.MjModel, path: str, torso: str, foot: str) -> str:
    """Why a foot cannot touch the ground."""
    geoms = geoms_of(model, foot)
    solid = [geom for geom in geoms if model.geom_contype[geom] | model.geom_conaffinity[geom]]
    if not geoms:
        return f"{path}: foot '{foot}' has no geom. Name the body whose geoms touch the ground."
    if not solid:
        return (
            f"{path}: foot '{foot}' has no geom that can touch the ground: contype and conaffinity "
            f"of {_one_or_all(len(geoms))} are 0. Set contype to 1."
        )

    still = model.body_treeid[model.geom_bodyid] < 0
    still[robot_geoms(model, torso)] = False
    ground = np.flatnonzero(still)
    if not len(ground):
        return f"{path}: the world has no geom that foot '{foot}' could touch. Add a floor."
    return (
        f"{path}: foot '{foot}' has no geom that can touch the ground: its contype and "
        f"conaffinity, {_bits(model, solid)}, match none of the world's, "
        f"{_bits(model, ground.tolist())}. One's contype must share a bit with the other's "
        "conaffinity."
    )


def _one_or_all(count: int) -> str:
    return "its only geom" if count == 1 else f"all its {count} geoms"


def _bits(model: mujoco.MjModel, geoms: list[int]) -> str:
    """The contact bits of geoms, each pair of them once."""
    found = {(int(model.geom_contype[geom]), int(model.geom_conaffinity[geom])) for geom in geoms}
    return ", ".join(f"{contype} and {conaffinity}" for contype, conaffinity in sorted(found))
