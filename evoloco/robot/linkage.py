"""A robot as a tree of links: bodies that are welded together are one link."""

from dataclasses import dataclass, field
from functools import cached_property

import mujoco
import numpy as np

from evoloco.fields import Array
from evoloco.robot.extent import box, support

JOINT = mujoco.mjtJoint
DOWN = np.array([0.0, 0.0, -1.0])

TILT = 0.05
"""Slope of a ground on which the corners of a flat sole are found [1]."""

LEANS = [np.array([np.sin(lean), 0, -np.cos(lean)]) for lean in np.radians([-40, -20, 20, 40])]
"""Down, as a link sees it that leans forward or backward by up to 40°."""

ROUND = 0.1
"""Largest difference of a wheel's two diameters, and of its axle from its centre [its radius]."""


@dataclass(frozen=True, eq=False)
class Link:
    """Bodies that move as one.

    Attributes:
        bodies: Ids of the bodies, the one with the joints first.
        parent: The link that this one moves on; None of a root.
    """

    linkage: "Linkage" = field(repr=False)
    bodies: tuple[int, ...]
    parent: "Link | None" = field(repr=False)

    @property
    def model(self) -> mujoco.MjModel:
        """The compiled model."""
        return self.linkage.model

    @cached_property
    def chain(self) -> list["Link"]:
        """The links from the root to this one."""
        return [*(self.parent.chain if self.parent else []), self]

    @property
    def children(self) -> list["Link"]:
        """The links that move on this one."""
        return [link for link in self.linkage.links if link.parent is self]

    @cached_property
    def joints(self) -> list[int]:
        """Ids of the joints between this link and its parent."""
        return np.flatnonzero(self.model.jnt_bodyid == self.bodies[0]).tolist()

    @property
    def hinges(self) -> list[int]:
        """Ids of those joints that are hinges."""
        return [j for j in self.joints if self.model.jnt_type[j] == JOINT.mjJNT_HINGE]

    @property
    def mass(self) -> float:
        """Of its bodies [kg]."""
        return float(self.model.body_mass[list(self.bodies)].sum())

    @property
    def subtree_mass(self) -> float:
        """Of this link and what hangs on it [kg]."""
        return float(self.model.body_subtreemass[self.bodies[0]])

    @cached_property
    def geoms(self) -> list[int]:
        """Ids of its geoms."""
        return np.flatnonzero(np.isin(self.model.geom_bodyid, self.bodies)).tolist()

    @cached_property
    def touching(self) -> list[int]:
        """Ids of its geoms that can touch something."""
        model = self.model
        paired = {*model.pair_geom1.tolist(), *model.pair_geom2.tolist()}
        bits = model.geom_contype | model.geom_conaffinity
        return [geom for geom in self.geoms if bits[geom] or geom in paired]

    @property
    def anchor(self) -> Array:
        """Where it is hinged [m] (3,); its frame if nothing moves it."""
        data = self.linkage.data
        place = data.xanchor[self.joints[0]] if self.joints else data.xpos[self.bodies[0]]
        return np.array(place)

    @cached_property
    def tip(self) -> Array:
        """Its lowest point that can touch the ground, or is seen [m] (3,).

        Of a flat sole it is the middle.
        """
        if not self.geoms:
            return self.anchor
        geoms = self.touching or self.geoms
        lowest = min(support(self.model, self.linkage.data, geom, DOWN)[2] for geom in geoms)
        found = []
        for x, y in ((TILT, TILT), (TILT, -TILT), (-TILT, TILT), (-TILT, -TILT)):
            toward = np.array([x, y, -1.0]) / np.linalg.norm([x, y, -1.0])
            points = [support(self.model, self.linkage.data, geom, toward) for geom in geoms]
            found.append(max(points, key=lambda point: float(point @ toward)))
        return np.append(np.mean(found, axis=0)[:2], lowest)

    @cached_property
    def box(self) -> tuple[Array, Array]:
        """Its least and largest coordinates [m] (3,), (3,)."""
        found = box(self.model, self.linkage.data, self.touching or self.geoms)
        return found or (self.anchor, self.anchor)

    @property
    def name(self) -> str:
        """Of the body that stands for it: the heaviest."""
        heaviest = max(self.bodies, key=lambda body: float(self.model.body_mass[body]))
        return str(self.model.body(heaviest).name)

    @property
    def sole(self) -> str:
        """Name of the body that is the foot, of those that move as one.

        It is the last one that has the lowest geom. Where another one would touch the ground if
        the link leaned, it is the first, on which the others hang.
        """
        geoms = self.touching or self.geoms
        if not geoms:
            return self.name
        lowest = max(geoms, key=lambda geom: (round(self._depth(geom, DOWN), 4), self._body(geom)))
        body = self._body(lowest)
        others = [geom for geom in geoms if self._body(geom) != body]
        own = [geom for geom in geoms if self._body(geom) == body]
        for lean in LEANS:
            deepest = max(self._depth(geom, lean) for geom in own)
            if any(self._depth(geom, lean) > deepest + 1e-4 for geom in others):
                return str(self.model.body(self.bodies[0]).name)
        return str(self.model.body(body).name)

    def _body(self, geom: int) -> int:
        """Id of the body of a geom."""
        return int(self.model.geom_bodyid[geom])

    def _depth(self, geom: int, direction: Array) -> float:
        """How far a geom reaches in a direction [m]."""
        return float(support(self.model, self.linkage.data, geom, direction) @ direction)

    @cached_property
    def is_wheel(self) -> bool:
        """Whether it is a wheel: round about a hinge without limits that passes its centre."""
        model, data = self.model, self.linkage.data
        if len(self.joints) != 1 or not self.hinges or model.jnt_limited[self.hinges[0]]:
            return False
        if not self.geoms:
            return False

        axle = data.xaxis[self.hinges[0]]
        across = np.linalg.svd(axle[None])[2][1:]  # two directions at right angles to the axle
        reach = []
        geoms = self.touching or self.geoms
        for direction in (across[0], across[1], -across[0], -across[1]):
            ends = [support(model, data, geom, direction) for geom in geoms]
            reach.append(max(float((end - self.anchor) @ direction) for end in ends))
        return min(reach) > 0 and max(reach) - min(reach) <= ROUND * max(reach)


class Linkage:
    """All links of a model in a pose.

    Args:
        model: The compiled model.
        data: With its kinematics computed.
    """

    def __init__(self, model: mujoco.MjModel, data: mujoco.MjData) -> None:
        self.model, self.data = model, data
        first: dict[int, int] = {}
        for body in range(1, model.nbody):
            above = int(model.body_parentid[body])
            own = model.body_jntnum[body] > 0 or above == 0
            first[body] = body if own else first[above]

        self.links: list[Link] = []
        self._of: dict[int, Link] = {}
        for head in sorted(set(first.values())):
            bodies = tuple(body for body, its in first.items() if its == head)
            link = Link(self, bodies, self._of.get(int(model.body_parentid[head])))
            self.links.append(link)
            self._of.update(dict.fromkeys(bodies, link))

    @property
    def roots(self) -> list[Link]:
        """The links that hang on the world."""
        return [link for link in self.links if link.parent is None]

    def of(self, body: str) -> Link:
        """The link that a body belongs to."""
        return self._of[self.model.body(body).id]

    def under(self, root: Link) -> list[Link]:
        """A link and all that hang on it."""
        return [link for link in self.links if root in link.chain]

    def leaves(self, root: Link) -> list[Link]:
        """The links under one, on which nothing moves."""
        parents = {link.parent for link in self.links}
        return [link for link in self.under(root) if link not in parents and link is not root]
