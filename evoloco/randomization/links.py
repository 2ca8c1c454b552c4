"""What a body is made of: masses, centres of mass, lengths of links."""

from dataclasses import dataclass

import mujoco
import numpy as np

from evoloco.genome import Array
from evoloco.morphology import Morphology
from evoloco.randomization.fields import Elements, Ids, bodies_of
from evoloco.randomization.ground import lowest
from evoloco.randomization.working import Working
from evoloco.stretch import MESHES, ROUND, TINY, anchor, link, rotation, seen
from evoloco.subtree import robot_root

STRETCHED = (
    *("body_pos", "body_ipos", "body_iquat", "body_inertia", "geom_pos", "geom_size"),
    *("site_pos", "site_size", "cam_pos", "light_pos", "key_qpos"),
)
"""Fields that lengths of links change."""


def weigh(working: Working, ids: Ids, new: Array, ratio: Array) -> None:
    """Sets masses [kg]; inertias follow."""
    working["body_mass"][ids] = new
    scale_inertia(working, ids, new, ratio)


def scale_inertia(working: Working, ids: Ids, _: Array, ratio: Array) -> None:
    """Multiplies inertias."""
    working["body_inertia"][ids] *= ratio[:, None]


def centres(morphology: Morphology) -> Elements:
    """Coordinates of centres of mass, such as "torso.x"."""
    names, ids = bodies_of(morphology)
    places = 3 * ids[:, None] + np.arange(3)
    return tuple(f"{name}.{axis}" for name in names for axis in "xyz"), places.ravel()


def centre_of_torso(morphology: Morphology) -> Elements:
    """Coordinates "x", "y" and "z" of the torso's centre of mass."""
    body = morphology.model.body(morphology.torso).id
    return ("x", "y", "z"), 3 * body + np.arange(3)


def read_centres(working: Working, ids: Ids) -> Array:
    """Coordinates of centres of mass in the frames of their bodies [m] (k,)."""
    return working["body_ipos"].reshape(-1)[ids]


def write_centres(working: Working, ids: Ids, new: Array, _: Array) -> None:
    """Sets coordinates of centres of mass [m]."""
    working["body_ipos"].reshape(-1)[ids] = new


def links(morphology: Morphology) -> Elements:
    """Bodies that reach from one joint to the next.

    None of them has meshes or tendons, and the root of the body can be raised.
    """
    model = morphology.model
    if _height(morphology) is None:
        return (), np.zeros(0, np.intp)
    names, ids = bodies_of(morphology)
    unfit = {0, model.body(morphology.torso).id, *_bodies_of_tendons(model)}
    unfit |= set(model.geom_bodyid[np.isin(model.geom_type, MESHES)].tolist())

    found = [
        (name, body)
        for name, body in zip(names, ids.tolist(), strict=True)
        if body not in unfit and np.linalg.norm(link(model, body, morphology.feet)) > TINY
    ]
    return tuple(name for name, _ in found), np.array([body for _, body in found], np.intp)


UP = np.array([[0.0, 0.0, 1.0]])
"""The way up, as `lowest` takes it."""


@dataclass(frozen=True)
class Lengthening:
    """How all the bodies of a model are lengthened, as `Stretch` does it with one.

    A point p of a body with the hinge a and the direction d goes to
    p + (f - 1) (d · (p - a)) d.

    Attributes:
        origin: a of every body (nbody, 3).
        direction: d; zeros where a body is no link (nbody, 3).
        hinge: Of every body in the frame of its parent, seen from its own place there (nbody, 3).
        sizes: Squared part along d of each axis of geoms and sites; 0 for sizes that stay.
        height: Where the height of the root stands in qpos, and its sign there.
    """

    origin: Array
    direction: Array
    hinge: Array
    sizes: dict[str, Array]
    height: tuple[int, float]

    @classmethod
    def of(cls, morphology: Morphology) -> "Lengthening":
        """That of a body; it stays with it."""
        if "lengthening" not in morphology.memo:
            morphology.memo["lengthening"] = cls._found(morphology)
        found: Lengthening = morphology.memo["lengthening"]
        return found

    @classmethod
    def _found(cls, morphology: Morphology) -> "Lengthening":
        model = morphology.model
        origin, direction, hinge = (np.zeros((model.nbody, 3)) for _ in range(3))

        for body in range(1, model.nbody):
            origin[body] = anchor(model, body)
            hinge[body] = seen(model, body, origin[body]) - model.body_pos[body]
        for body in links(morphology)[1].tolist():
            vector = link(model, body, morphology.feet)
            direction[body] = vector / np.linalg.norm(vector)

        sizes = {
            kind: _alignment(
                getattr(model, f"{kind}_quat"),
                getattr(model, f"{kind}_type"),
                direction[getattr(model, f"{kind}_bodyid")],
            )
            for kind in ("geom", "site")
        }
        return cls(origin, direction, hinge, sizes, _height(morphology) or (0, 0.0))

    def apply(self, working: Working, length: Array) -> None:
        """Multiplies the lengths of all bodies (nbody,)."""
        model = working.model
        parent, nothing = model.body_parentid, np.zeros(3)
        for field, owner, shift in (
            ("body_pos", parent, self.hinge),
            ("body_ipos", np.arange(model.nbody), nothing),
            ("geom_pos", model.geom_bodyid, nothing),
            ("site_pos", model.site_bodyid, nothing),
            ("cam_pos", model.cam_bodyid, nothing),
            ("light_pos", model.light_bodyid, nothing),
        ):
            points, way = working[field], self.direction[owner]
            far = np.einsum("ij,ij->i", points + shift - self.origin[owner], way)
            points += ((length[owner] - 1) * far)[:, None] * way

        for kind, along in self.sizes.items():
            factor = length[getattr(model, f"{kind}_bodyid")]
            working[f"{kind}_size"][:] *= np.sqrt(1 + (factor**2 - 1)[:, None] * along)
        self._turn_inertia(working, length)

    def _turn_inertia(self, working: Working, length: Array) -> None:
        """Gives the stretched bodies the inertia of the same masses at their new places."""
        some = np.flatnonzero(length != 1)
        way = self.direction[some]
        matrix = np.eye(3) + (length[some] - 1)[:, None, None] * way[:, :, None] * way[:, None, :]
        inertias, turns = working["body_inertia"], working["body_iquat"]

        turn = np.array([rotation(turns[body]) for body in some])
        inertia = np.einsum("bij,bj,bkj->bik", turn, inertias[some], turn)
        moments = matrix @ (_trace(inertia) / 2 - inertia) @ matrix
        values, axes = np.linalg.eigh(_trace(moments) - moments)
        axes[:, :, 2] = np.cross(axes[:, :, 0], axes[:, :, 1])  # a rotation, not a mirror image
        inertias[some] = values
        for body, frame in zip(some, axes, strict=True):
            mujoco.mju_mat2Quat(turns[body], frame.ravel())


def stretch(working: Working, ids: Ids, new: Array, _: Array) -> None:
    """Multiplies the lengths of links; at home, the body's lowest point stays as high as it was."""
    if np.all(new == 1):
        return

    length = np.ones(working.model.nbody)
    length[ids] = new
    lengthening = Lengthening.of(working.morphology)
    lengthening.apply(working, length)
    place, sign = lengthening.height
    working.home[place] += sign * (_sole(working.morphology) - lowest(working, UP)[0])


def _trace(matrices: Array) -> Array:
    """The unit matrix times the trace of each matrix (n, 3, 3)."""
    return np.asarray(np.einsum("bii->b", matrices)[:, None, None] * np.eye(3))


def _sole(morphology: Morphology) -> float:
    """Height of the lowest point of a body at home [m]; it stays with the body."""
    if "sole" not in morphology.memo:
        morphology.memo["sole"] = float(lowest(Working(morphology), UP)[0])
    sole: float = morphology.memo["sole"]
    return sole


def _alignment(turns: Array, kinds: Array, ways: Array) -> Array:
    """Squared part along a direction of each axis of geoms or sites (n, 3); 0 for sizes to stay."""
    parts = [(way @ rotation(turn)) ** 2 for turn, way in zip(turns, ways, strict=True)]
    along = np.array(parts).reshape(-1, 3)
    along[kinds == mujoco.mjtGeom.mjGEOM_SPHERE] = 0.0

    # A round one has a radius, which stays, and a half length along its z.
    lengths = np.zeros_like(along)
    lengths[:, 1] = along[:, 2]
    is_round = np.isin(kinds, ROUND)
    along[is_round] = lengths[is_round]
    return along


def _height(morphology: Morphology) -> tuple[int, float] | None:
    """Where the height of the root stands in qpos, and its sign there; None where it has none."""
    model = morphology.model
    root = robot_root(model, morphology.torso)
    for joint in np.flatnonzero(model.jnt_bodyid == root):
        place, kind = int(model.jnt_qposadr[joint]), model.jnt_type[joint]
        if kind == mujoco.mjtJoint.mjJNT_FREE:
            return place + 2, 1.0
        if kind == mujoco.mjtJoint.mjJNT_SLIDE and abs(model.jnt_axis[joint, 2]) == 1:
            return place, float(model.jnt_axis[joint, 2])
    return None


def _bodies_of_tendons(model: mujoco.MjModel) -> set[int]:
    """Bodies that tendons run over."""
    of = {
        mujoco.mjtWrap.mjWRAP_SITE: model.site_bodyid,
        mujoco.mjtWrap.mjWRAP_SPHERE: model.geom_bodyid,
        mujoco.mjtWrap.mjWRAP_CYLINDER: model.geom_bodyid,
    }
    return {
        int(of[mujoco.mjtWrap(kind)][thing])
        for kind, thing in zip(model.wrap_type, model.wrap_objid, strict=True)
        if mujoco.mjtWrap(kind) in of
    }
