"""How far an estimated pose is off: ADD and ADD-S."""

import numpy as np
from scipy.spatial import KDTree
from scipy.spatial.distance import pdist

from evoloco.fields import Array
from evoloco.perception.pose import Pose


def add(estimate: Pose, truth: Pose, points: Array) -> float:
    """ADD: mean distance between a body's points at the estimated and at the true pose [m].

    Args:
        estimate: Of the body.
        truth: Of the body.
        points: Of its surface (n, 3).

    References:
        Hinterstoisser et al., 2012, Model based training, detection and pose estimation of
        texture-less 3D objects in heavily cluttered scenes, doi:10.1007/978-3-642-37331-2_42.
    """
    return float(np.linalg.norm(estimate(points) - truth(points), axis=1).mean())


def add_symmetric(estimate: Pose, truth: Pose, points: Array) -> float:
    """ADD-S: as ADD, but from each true point to the closest estimated one [m].

    Two poses that look alike because the body is symmetric have no error.
    """
    distances, _ = KDTree(estimate(points)).query(truth(points))
    return float(distances.mean())


def diameter(points: Array) -> float:
    """Largest distance between two points of a body [m], the scale of its ADD."""
    return float(pdist(points).max())
