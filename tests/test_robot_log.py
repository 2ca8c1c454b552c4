"""A robot's log comes back as it was written, and one that cannot be used is told."""

import numpy as np
import pytest

from evoloco import robot_log
from evoloco.errors import EvolocoError
from evoloco.robot_log import RobotLog, read, write

COLUMNS = ("time", "knee.command", "knee.position", "torso.rate.x", "torso.pitch", "foot.left.load")


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_a_log_comes_back_to_the_last_bit(tmp_path, ending):
    rng = np.random.default_rng(1)
    log = RobotLog({name: np.cumsum(rng.random(50)) for name in COLUMNS})
    write(tmp_path / f"log.{ending}", log)

    again = read(tmp_path / f"log.{ending}")
    assert tuple(again.columns) == COLUMNS
    for name in COLUMNS:
        np.testing.assert_array_equal(again[name], log[name])


def test_units_become_those_in_memory(tmp_path):
    path = tmp_path / "log.csv"
    path.write_text("time [ms], knee.position [deg],knee.current [mA]\n0,0,5\n20,180,7\n")

    log = read(path)
    np.testing.assert_allclose(log.time, [0, 0.02])
    np.testing.assert_allclose(log["knee.position"], [0, np.pi])
    np.testing.assert_allclose(log["knee.current"], [5e-3, 7e-3])
    assert log.joints == ("knee",)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("time [s],knee.position\n0,1\n", "names no unit"),
        ("time [s],knee.position [turns]\n0,1\n", "unit 'turns'. Known: rad, deg"),
        ("time [s],knee.positon [rad]\n0,1\n", r"Unknown column .* 'knee.positon'"),
        ("time [s],knee.position [rad]\n0,1\n0,1\n", "time does not rise from line 2"),
        ("time [s],knee.position [rad]\n0,nan\n", "'knee.position' is nan in line 2"),
        ("time [s],knee.position [rad]\n0\n", "line 2 has 1 columns, the header 2"),
        ("time [s],knee.position [rad]\n0,a\n", "line 2: could not convert"),
        ("knee.position [rad]\n0\n", "no column 'time"),
        ("time [s]\n", "at least one sample"),
        ("time [s],a.position [rad],a.position [rad]\n0,1,2\n", "'a.position' comes twice"),
    ],
)
def test_a_log_that_cannot_be_used_is_told(tmp_path, text, told):
    path = tmp_path / "log.csv"
    path.write_text(text)

    with pytest.raises(EvolocoError, match=told):
        read(path)


def test_every_quantity_has_a_heading_with_its_unit():
    for name in (*COLUMNS, *(f"knee.{what}" for what in robot_log.OF_JOINT)):
        assert robot_log.heading(name).endswith("]")
