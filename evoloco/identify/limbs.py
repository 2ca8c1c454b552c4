"""Which numbers of a hanging body may change in one simulation: those of different limbs."""

from collections.abc import Sequence

import mujoco

from evoloco.identify.numbers import Number
from evoloco.morphology import Morphology

Column = list[tuple[int, list[int]]]
"""Places of numbers, and the joints that each of them moves."""


def columns(body: Morphology, numbers: Sequence[Number]) -> list[Column]:
    """Groups of numbers, of which each group needs one simulation.

    A number that all limbs share stands alone, and moves all joints.
    """
    limbs = [_limb(body, joint.name) for joint in body.joints]
    shared = [
        [(place, list(range(len(limbs))))] for place, one in enumerate(numbers) if not one.element
    ]
    queues: dict[int, Column] = {}
    for place, one in enumerate(numbers):
        if one.element:
            limb = _limb_of_element(body, one)
            reach = [joint for joint, other in enumerate(limbs) if other == limb]
            queues.setdefault(limb, []).append((place, reach))

    longest = max(map(len, queues.values()), default=0)
    together = [
        [queue[rank] for queue in queues.values() if rank < len(queue)] for rank in range(longest)
    ]
    return [*shared, *together]


def _limb_of_element(body: Morphology, number: Number) -> int:
    """The limb of a number's joint or body."""
    if number.kind == "mass":
        return _below_root(body, body.model.body(number.element).id)
    return _limb(body, number.element)


def _limb(body: Morphology, joint: str) -> int:
    """The limb of a joint: the body that hangs on the fixed one."""
    return _below_root(body, int(body.model.joint(joint).bodyid[0]))


def _below_root(body: Morphology, link: int) -> int:
    """The ancestor of a body that hangs on a body which does not move."""
    model: mujoco.MjModel = body.model
    while model.body_weldid[model.body_parentid[link]] != 0:
        link = int(model.body_parentid[link])
    return link
