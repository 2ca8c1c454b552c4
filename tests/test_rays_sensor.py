"""Distances along rays from a camera, computed inside the episode."""

import mujoco
import numpy as np
import pytest
from instants import Asked, instant

from evoloco.errors import SpecError, UnknownNameError
from evoloco.morphologies import biped
from evoloco.perception.cast import cast, picture, turned
from evoloco.perception.rays import cast as cast_in_python
from evoloco.sensors import rays
from evoloco.sim.compile import jit

WIDTH, HEIGHT, VIEW, REACH = 24, 16, 70.0, 3.0
FORWARD = (0.5, 0.5, -0.5, -0.5)
"""Of a camera that looks along the x axis of its body, with z upward."""


@pytest.fixture(scope="module")
def scene():
    """A biped with a camera that looks ahead and down at its own feet, things around it."""

    def furnish(spec):
        torso = spec.body("torso")
        ahead, down = torso.add_camera(), torso.add_camera()
        ahead.name, ahead.quat = "ahead", FORWARD
        down.name, down.pos, down.quat = "down", (0.05, 0, 0.1), (0.65, 0.28, -0.28, -0.65)
        for place in ((0.8, 0.1, 0.3), (0.5, -0.3, 0.1), (0.4, 0.2, 0.02)):
            spec.worldbody.add_geom(type=mujoco.mjtGeom.mjGEOM_SPHERE, size=[0.1, 0, 0], pos=place)
        ghost = spec.worldbody.add_geom(size=[0.2, 0.2, 0.2], pos=(0.5, 0, 0.3), rgba=(1, 1, 1, 0))
        ghost.type = mujoco.mjtGeom.mjGEOM_BOX

    body = biped.build().changed(furnish)
    data = mujoco.MjData(body.model)
    mujoco.mj_resetDataKeyframe(body.model, data, 0)
    mujoco.mj_forward(body.model, data)
    return body, data


def seen_from(body, data, camera, step=0):
    place = data.camera(camera) if camera else data.body(body.torso_frame)
    pose = (place.xpos, place.xmat)
    return instant(body.model, data, *pose, step=step)


def asked(body, **options):
    given = {"width": WIDTH, "height": HEIGHT, "field_of_view": VIEW, "reach": REACH, **options}
    return Asked(rays.sensor(body, **given))


@pytest.mark.parametrize("camera", ["ahead", "down"])
def test_a_depth_picture_is_that_of_mujocos_own_rays(scene, camera):
    body, data = scene
    found = asked(body, camera=camera, sectors=0)(seen_from(body, data, camera))
    directions = picture(WIDTH, HEIGHT, VIEW)
    expected, geoms, _ = cast_in_python(
        body.model, data, body.model.camera(camera).id, directions, REACH
    )
    np.testing.assert_allclose(found[:-2], expected, atol=1e-9)
    assert found[-2] == 1
    assert len(set(geoms.tolist())) > 3

    carrier = body.model.cam_bodyid[body.model.camera(camera).id]
    again, hits = compiled_cast(seen_from(body, data, camera), directions, REACH, carrier)
    np.testing.assert_allclose(again, expected, atol=1e-12)
    np.testing.assert_array_equal(hits, geoms)


@jit
def compiled_cast(seen, directions, reach, body):
    return cast(seen, turned(seen.rotation, directions), reach, body)


def test_a_sector_is_the_least_distance_of_its_columns(scene):
    body, data = scene
    every = asked(body, camera="ahead", sectors=0)(seen_from(body, data, "ahead"))
    sectors = asked(body, camera="ahead", sectors=6)(seen_from(body, data, "ahead"))
    columns = every[:-2].reshape(HEIGHT, 6, WIDTH // 6)
    np.testing.assert_array_equal(sectors[:-2], columns.min(axis=(0, 2)))


def test_without_a_camera_it_looks_along_the_heading_of_the_torso(scene):
    body, data = scene
    from_torso = asked(body, sectors=0)(seen_from(body, data, ""))
    from_camera = asked(body, camera="ahead", sectors=0)(seen_from(body, data, "ahead"))
    np.testing.assert_allclose(from_torso, from_camera, atol=1e-9)


def test_lost_rays_lower_the_confidence_and_leave_their_distances(scene):
    body, data = scene
    lossy = asked(body, camera="ahead", sectors=0, dropout=0.3)
    first = lossy(seen_from(body, data, "ahead"))
    mujoco.mj_resetDataKeyframe(body.model, data, 0)
    data.qpos[0] += 0.05
    mujoco.mj_forward(body.model, data)
    moved = asked(body, camera="ahead", sectors=0)(seen_from(body, data, "ahead"))
    later = lossy(seen_from(body, data, "ahead", step=1))

    count = WIDTH * HEIGHT
    assert first[-2] == 1
    assert later[-2] == pytest.approx(0.7, abs=0.1)
    fresh = later[:-2] == moved[:-2]
    kept = later[:-2] == first[:-2]
    assert (fresh | kept).all()
    assert (fresh & ~kept).sum() <= round(later[-2] * count) <= fresh.sum()


def test_sectors_and_rays_have_bounds():
    body = biped.build()
    with pytest.raises(SpecError, match=r"sectors = 20 must be at most width = 16"):
        rays.sensor(body, sectors=20)
    with pytest.raises(SpecError, match=r"40000 rays came; at most 10000"):
        rays.sensor(body, width=200, height=200)
    with pytest.raises(UnknownNameError, match=r"sensors\.rays\.camera: Unknown camera 'nose'"):
        rays.sensor(body, camera="nose")
