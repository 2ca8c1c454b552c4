"""A history of the model's touch sensors."""

import mujoco
import numpy as np
import pytest
from instants import Asked, instant

from evoloco.errors import ModelError
from evoloco.morphologies import biped, muscle_biped
from evoloco.sensors import touch


def test_samples_stand_oldest_first_and_the_first_one_fills_the_past():
    body = biped.build()
    cells = [f"{foot}.load_{end}_{side}" for foot in body.feet for end, side in CORNERS]
    sensor = touch.sensor(body, history=3)
    asked, data = Asked(sensor), mujoco.MjData(body.model)
    told = []
    for step in range(5):
        data.sensordata[:] = 100 * (1 + step) + np.arange(body.model.nsensordata)
        told.append([data.sensor(cell).data[0] for cell in cells])
        found = asked(instant(body.model, data, np.zeros(3), np.eye(3), step))
        expected = [told[max(step - ago, 0)] for ago in (2, 1, 0)]
        np.testing.assert_array_equal(found, np.ravel(expected))
    assert len(sensor.channels) == 3 * len(cells)


CORNERS = [(end, side) for end in ("front", "rear") for side in ("inner", "outer")]


def test_a_body_without_touch_sensors_is_told_what_it_lacks():
    with pytest.raises(ModelError, match=r"sensors\.touch: the body has no touch sensors\. Give"):
        touch.sensor(muscle_biped.build())
