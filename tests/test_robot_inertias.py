"""Inertias that MuJoCo refuses are mended as little as possible, and only these."""

from pathlib import Path

import mujoco
import numpy as np
import pytest

from evoloco.robot.file import load


def model(inertial: str, joint: str = '<joint axis="0 0 1"/>', child: str = "") -> str:
    """A body on a hinge that carries the body in question."""
    return f"""<mujoco><worldbody><body name="root"><joint name="j"/><geom size=".1"/>
      <body name="link">{joint}{inertial}{child}</body></body></worldbody></mujoco>"""


def inertial(mass: float, moments: str, kind: str = "diaginertia") -> str:
    return f'<inertial pos=".1 .2 .3" mass="{mass}" {kind}="{moments}"/>'


def loaded(tmp_path: Path, text: str) -> tuple[mujoco.MjModel, list[str]]:
    told: list[str] = []
    path = tmp_path / "robot.xml"
    path.write_text(text, encoding="utf-8")
    return load(str(path), told).compile(), told


@pytest.mark.parametrize(
    ("given", "moments", "mass"),
    [
        (inertial(1, "1 1 3"), [5 / 3] * 3, 1),  # no masses have moments of which one is so large
        (inertial(2, "1e-6 1e-6 1e-6 1e-6 1e-6 1e-6", "fullinertia"), [1e-6] * 3, 2),
        (inertial(2, ".3 .3 .3 .5 0 0", "fullinertia"), [1.1 / 3] * 3, 2),  # -.2, .3 and .8
        (inertial(1, "0 0 0 0 0 0", "fullinertia"), [1e-8] * 3, 1),
    ],
)
def test_moments_that_no_masses_have_become_their_mean(
    tmp_path: Path, given: str, moments: list[float], mass: float
) -> None:
    with pytest.raises(ValueError, match="inertia"):
        mujoco.MjModel.from_xml_string(model(given))
    compiled, told = loaded(tmp_path, model(given))
    np.testing.assert_allclose(compiled.body("link").inertia, moments)
    np.testing.assert_allclose(compiled.body("link").ipos, [0.1, 0.2, 0.3])
    assert compiled.body("link").mass[0] == mass
    (sentence,) = (one for one in told if "inertia" in one)
    assert sentence.startswith("1 body has an inertia that no masses have: 'link'.")


def test_mujoco_s_balance_of_an_inertia_is_the_same(tmp_path: Path) -> None:
    text = model(inertial(1, "1 1 3"))
    theirs = mujoco.MjModel.from_xml_string(
        text.replace("<worldbody>", '<compiler balanceinertia="true"/><worldbody>')
    )
    ours, _ = loaded(tmp_path, text)
    np.testing.assert_allclose(ours.body_inertia, theirs.body_inertia)


@pytest.mark.parametrize("given", ["", inertial(0, "0 0 0"), inertial(0, "1 1 1")])
def test_a_link_that_moves_without_mass_gets_that_of_a_speck(tmp_path: Path, given: str) -> None:
    compiled, told = loaded(tmp_path, model(given))
    assert compiled.body("link").mass[0] == 1e-4
    assert "1 body moves without mass, which cannot be simulated: 'link'. Each got 0.1 g." in told


@pytest.mark.parametrize(
    "text",
    [
        model(inertial(1, "1 2 3")),
        model(inertial(0, "0 0 0"), child='<body><geom size=".1"/></body>'),
        model(inertial(0, "0 0 0"), joint=""),
        model("", joint=""),
        model(inertial(1, "1 2 2 .1 .2 .3", "fullinertia")),
    ],
)
def test_what_mujoco_takes_stays_as_it_is(tmp_path: Path, text: str) -> None:
    before = mujoco.MjModel.from_xml_string(text)
    after, told = loaded(tmp_path, text)
    for field in ("body_mass", "body_inertia", "body_ipos", "body_iquat"):
        np.testing.assert_array_equal(getattr(after, field), getattr(before, field))
    assert all("had no name" in sentence for sentence in told)


def test_a_body_fixed_without_mass_needs_none(tmp_path: Path) -> None:
    text = model(inertial(0, "0 0 0 0 0 0", "fullinertia"), joint="")
    compiled, _ = loaded(tmp_path, text)
    assert compiled.body("link").mass[0] == 0
