"""Genes of a user's own file, against the files that a user would have written by hand."""

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mujoco
import numpy as np
import pytest

from evoloco.errors import EvolocoError, ModelError, UnknownNameError
from evoloco.experiment import Experiment
from evoloco.genome import Array
from evoloco.loop import evolve
from evoloco.morphologies import mjcf
from evoloco.morphology import HOME, Morphology
from evoloco.replay import replay
from evoloco.run import Run
from evoloco.search.gene_range import Range
from evoloco.sim.prepared import Body
from evoloco.spec import read

Save = Callable[..., str]

OPTIONS: dict[str, Any] = {
    "torso": "trunk",
    "feet": ["left_foot", "right_foot"],
    "joints": ["left_hip", "left_knee", "right_hip", "right_knee"],
    "home": {"left_knee": 0.2, "right_knee": 0.2},
    "servo": "xm430",
}
AFFECTED = (
    "body_pos",
    "body_quat",
    "body_ipos",
    "body_mass",
    "body_inertia",
    "body_subtreemass",
    "body_invweight0",
    "dof_invweight0",
    "dof_M0",
    "geom_pos",
    "geom_quat",
    "geom_size",
    "geom_rbound",
    "geom_aabb",
    "site_pos",
    "jnt_pos",
    "jnt_range",
    "actuator_gainprm",
    "actuator_ctrlrange",
    "actuator_acc0",
    "key_qpos",
    "key_ctrl",
)
"""Fields of a model that genes change, MuJoCo's derived constants among them."""


def walker(
    shank: float = 0.1,
    foot: float = 1.0,
    trunk: float = 1.0,
    knee: float = 100.0,
    tail: str = "",
    more: str = "",
) -> str:
    """A biped that a user wrote, in degrees, with those lengths [m], factors and range [deg].

    The shanks have a density, the feet and the trunk a mass, the thighs an inertial.
    """
    legs = "".join(
        f"""<body name="{side}_thigh" pos="0 {y} 0">
          <joint name="{side}_hip" axis="0 1 0" range="-60 60"/>
          <inertial mass=".2" pos="0 0 -.05" diaginertia="3e-4 2e-4 1.5e-4"/>
          <geom type="box" size=".01 .015 .05" pos="0 0 -.05"/>
          <body name="{side}_shank" pos="0 0 -.1">
           <joint name="{side}_knee" axis="0 1 0" range="-10 {knee}"/>
           <geom type="capsule" fromto="0 0 0 0 0 -{shank}" size=".015"/>
           <geom type="box" size=".004 .004 {0.4 * shank}" pos=".02 {y / 10} -{0.5 * shank}"
            density="300"/>
           <site name="{side}_shin" pos=".01 {y / 10} -{0.5 * shank}"/>
           <body name="{side}_foot" pos="0 0 -{shank}">
            <geom type="box" size="{0.07 * foot} {0.04 * foot} {0.01 * foot}"
             pos="{0.02 * foot} 0 -{0.01 * foot}" mass=".05"/></body></body></body>"""
        for side, y in (("left", 0.05), ("right", -0.05))
    )
    return f"""<mujoco><worldbody><body name="trunk" pos="0 0 1">
      <geom type="box" size=".05 .08 .06" pos="0 0 .05" mass="{trunk}"/>
      <site name="imu" pos="0.01 0 0.05"/>{tail}{legs}</body></worldbody>
      <actuator><position joint="left_hip" kp="30" kv="1"/></actuator>{more}</mujoco>"""


VERTICES = "0 0 0 .2 0 0 0 .3 0 .1 .1 -.3 .2 .2 -.1"
"""Of a mesh."""

TAIL = """<body name="tail" pos="-.05 0 .05">
  <geom name="tail" type="capsule" fromto="0 0 0 -.1 0 .02" size=".01"/>
  <body name="tip" pos="-.1 0 .02"><geom type="sphere" size=".02"/><site name="tip"/></body>
  </body>"""


@pytest.fixture
def save(tmp_path: Path) -> Save:
    def write(text: str, name: str = "body.xml") -> str:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return str(path)

    return write


def grown(path: str, **genes: float) -> mujoco.MjModel:
    """The model with genes; with at least one, so that it need not stand."""
    return mjcf.build(path, **OPTIONS, **{"size.trunk": 1.0, **genes}).model


def content(model: mujoco.MjModel) -> bytes:
    held = np.zeros(mujoco.mj_sizeModel(model), np.uint8)
    mujoco.mj_saveModel(model, None, held)
    return held.tobytes()


# Theorems


def test_factors_of_one_and_shifts_of_none_leave_the_model_bit_identical(save: Save) -> None:
    path = save(walker(tail=TAIL))
    ones = dict.fromkeys(
        ("length.*_shank", "size.*", "mass.*", "range.*", "stiffness.*", "part.tail"), 1.0
    )
    assert content(grown(path, **ones, **{"site_y.*": 0.0})) == content(
        mjcf.build(path, **OPTIONS).model
    )


@pytest.mark.parametrize("factor", [0.7, 1.3])
def test_the_length_of_a_link_is_the_distance_of_its_hinges(save: Save, factor: float) -> None:
    oblique = walker().replace('pos="0 0 -.1"><joint', 'pos=".03 .01 -.1"><joint pos=".01 0 .02"')
    plain, longer = grown(path := save(oblique)), grown(path, **{"length.*_thigh": factor})

    def hinges(model: mujoco.MjModel) -> dict[str, Array]:
        data = mujoco.MjData(model)
        mujoco.mj_kinematics(model, data)
        return {name: data.xanchor[model.joint(name).id].copy() for name in OPTIONS["joints"]}

    before, after = hinges(plain), hinges(longer)
    for side in ("left", "right"):
        link, longer_link = (at[f"{side}_knee"] - at[f"{side}_hip"] for at in (before, after))
        np.testing.assert_allclose(longer_link, factor * link, atol=1e-12)  # in the same direction
        np.testing.assert_allclose(after[f"{side}_hip"], before[f"{side}_hip"], atol=1e-12)


def test_an_inertial_becomes_that_of_the_same_masses_further_apart(save: Save) -> None:
    masses, factor = np.array([0.02, 0.03, 0.04, 0.05]), 1.3
    points = np.random.default_rng(2).normal([0, 0, -0.05], 0.03, (4, 3))

    def inertial(points: Array) -> tuple[Array, Array]:
        centre = masses @ points / masses.sum()
        moments = (points - centre).T @ np.diag(masses) @ (points - centre)
        return centre, np.trace(moments) * np.eye(3) - moments

    centre, tensor = inertial(points)
    numbers = " ".join(
        str(tensor[i, j]) for i, j in ((0, 0), (1, 1), (2, 2), (0, 1), (0, 2), (1, 2))
    )
    place = " ".join(map(str, centre))
    text = walker().replace(
        '<inertial mass=".2" pos="0 0 -.05" diaginertia="3e-4 2e-4 1.5e-4"/>',
        f'<inertial mass="{masses.sum()}" pos="{place}" fullinertia="{numbers}"/>',
    )
    for genes, scale in (
        ({"length.*_thigh": factor}, [1, 1, factor]),
        ({"size.*_thigh": factor}, [factor] * 3),
    ):
        body = grown(save(text), **genes).body("left_thigh")
        turn = np.empty(9)
        mujoco.mju_quat2Mat(turn, body.iquat)
        turn = turn.reshape(3, 3)
        moved, expected = inertial(points * scale)
        assert body.mass[0] == pytest.approx(masses.sum())
        np.testing.assert_allclose(body.ipos, moved, atol=1e-9)
        np.testing.assert_allclose(turn @ np.diag(body.inertia) @ turn.T, expected, atol=1e-9)


def test_a_pattern_leaves_the_sides_mirror_images(save: Save) -> None:
    genes = {
        "length.*_shank": 1.2,
        "size.*_foot": 1.3,
        "mass.*_thigh": 0.8,
        "range.*_knee": 0.9,
        "stiffness.*_knee": 1.5,
        "site_y.*_shin": 0.02,
    }
    body = mjcf.build(save(walker()), **OPTIONS, **genes)
    model, mirror = body.model, np.array([1, -1, 1])
    for part in ("thigh", "shank", "foot"):
        left, right = (model.body(f"{side}_{part}") for side in ("left", "right"))
        np.testing.assert_allclose(left.pos, mirror * right.pos)
        np.testing.assert_allclose(left.ipos, mirror * right.ipos)
        np.testing.assert_allclose(left.inertia, right.inertia)
        for a, b in zip(
            *(np.flatnonzero(model.geom_bodyid == side.id) for side in (left, right)), strict=True
        ):
            np.testing.assert_allclose(model.geom_pos[a], mirror * model.geom_pos[b], atol=1e-15)
            np.testing.assert_allclose(model.geom_size[a], model.geom_size[b])
    np.testing.assert_allclose(model.site("left_shin").pos, mirror * model.site("right_shin").pos)
    knees = [body.joint(f"{side}_knee") for side in ("left", "right")]
    assert (knees[0].low, knees[0].high) == pytest.approx((knees[1].low, knees[1].high))


def test_derived_constants_are_those_of_the_model_that_has_the_genes(save: Save) -> None:
    genes = {"length.*_thigh": 1.3, "size.*_foot": 1.4, "mass.trunk": 2.0, "part.tail": 0.0}
    model = grown(save(walker(tail=TAIL)), **genes)
    fresh = copy.copy(model)
    mujoco.mj_setConst(fresh, mujoco.MjData(fresh))
    for field in (
        "body_subtreemass",
        "body_invweight0",
        "dof_invweight0",
        "dof_M0",
        "actuator_acc0",
    ):
        np.testing.assert_allclose(getattr(model, field), getattr(fresh, field), rtol=1e-12)
    assert model.stat.meaninertia == pytest.approx(fresh.stat.meaninertia)
    assert model.body_subtreemass[0] == pytest.approx(model.body_mass.sum())


def test_a_stiffer_servo_gives_more_torque_per_position_error(save: Save) -> None:
    path = save(walker())
    plain, stiff = (grown(path, **genes) for genes in ({}, {"stiffness.left_*": 1.5}))

    def torques(model: mujoco.MjModel) -> Array:
        data = mujoco.MjData(model)
        data.ctrl[:] = 0.01
        for actuator in range(model.nu):
            if samples := int(model.actuator_history[actuator, 0]):
                mujoco.mj_initCtrlHistory(model, data, actuator, None, np.full(samples, 0.01))
        mujoco.mj_forward(model, data)
        return np.array(data.actuator_force)

    factors = torques(stiff) / torques(plain)
    np.testing.assert_allclose(factors, [1.5, 1.5, 1, 1])  # a file's position actuator, then servos


def test_genes_of_one_element_multiply_and_shifts_add_up(save: Save) -> None:
    path = save(walker())
    both = grown(path, **{"mass.trunk": 2.0, "mass.tr*": 1.5, "site_z.imu": 0.01, "site_z.*": 0.02})
    assert both.body("trunk").mass[0] == pytest.approx(3.0)
    np.testing.assert_allclose(both.site("imu").pos, [0.01, 0, 0.08])


def test_sites_are_shifted_as_seen_from_the_torso(save: Save) -> None:
    turned = walker().replace(
        '<body name="right_shank"', '<body name="right_shank" euler="0 0 180"'
    )
    model = grown(
        save(turned), **{"site_x.*_shin": 0.01, "site_y.*_shin": 0.02, "site_z.*_shin": -0.03}
    )
    plain, shifts = grown(save(turned)), {}
    for side in ("left", "right"):
        places = []
        for body in (plain, model):
            data = mujoco.MjData(body)
            mujoco.mj_kinematics(body, data)
            places.append(data.site(f"{side}_shin").xpos.copy())
        shifts[side] = places[1] - places[0]
    np.testing.assert_allclose(shifts["left"], [0.01, 0.02, -0.03], atol=1e-12)
    np.testing.assert_allclose(shifts["right"], [0.01, -0.02, -0.03], atol=1e-12)


# Oracles: what the user would have written


@pytest.mark.parametrize(
    ("genes", "written"),
    [
        ({"length.*_shank": 1.3}, {"shank": 0.13}),
        ({"size.*_foot": 1.4}, {"foot": 1.4}),
        ({"mass.trunk": 0.6}, {"trunk": 0.6}),
        (
            {"length.*_shank": 0.8, "size.*_foot": 0.7, "mass.trunk": 1.5},
            {"shank": 0.08, "foot": 0.7, "trunk": 1.5},
        ),
    ],
)
def test_a_body_with_genes_is_the_one_written_by_hand(
    save: Save, genes: dict[str, float], written: dict[str, float]
) -> None:
    ours, theirs = grown(save(walker()), **genes), grown(save(walker(**written)))
    for field in AFFECTED:
        np.testing.assert_allclose(
            getattr(ours, field), getattr(theirs, field), rtol=1e-9, atol=1e-12, err_msg=field
        )


def test_a_range_is_the_one_written_by_hand(save: Save) -> None:
    given = '<position joint="left_knee" kp="30" kv="1" ctrlrange="-.1 1.5"/></actuator>'
    text = walker().replace("</actuator>", given)
    ours = grown(save(text), **{"range.*_knee": 0.5})
    theirs = grown(
        save(text.replace('range="-10 100.0"', 'range="-5 50"').replace("-.1 1.5", "-.05 .75"))
    )
    for field in AFFECTED:
        np.testing.assert_allclose(
            getattr(ours, field), getattr(theirs, field), atol=1e-12, err_msg=field
        )


@pytest.mark.parametrize(("gene", "scale"), [("length", ".1 .2 .45"), ("size", ".15 .3 .45")])
@pytest.mark.parametrize("mass", ["", 'mass=".02"'])
def test_a_mesh_is_stretched_like_one_written_by_hand(
    save: Save, gene: str, scale: str, mass: str
) -> None:
    def text(scale: str, place: str) -> str:
        mesh = f'<asset><mesh name="m" vertex="{VERTICES}" scale="{scale}"/></asset>'
        geom = f'<geom name="m" type="mesh" mesh="m" euler="0 0 90" {mass}/>'
        geom = f'<frame pos="{place}">{geom}</frame>'
        return (
            walker()
            .replace("<worldbody>", mesh + "<worldbody>")
            .replace('<site name="left_shin"', geom + '<site name="left_shin"')
        )

    place = "0.01 0 -.03" if gene == "length" else "0.015 0 -.03"
    ours = grown(save(text(".1 .2 .3", "0.01 0 -.02")), **{f"{gene}.left_shank": 1.5})
    theirs = grown(save(text(scale, place)))
    point = {}
    for whose, model in (("ours", ours), ("theirs", theirs)):
        geom = model.geom("m")
        mesh = model.mesh(int(geom.dataid[0]))
        turn = np.empty(9)
        mujoco.mju_quat2Mat(turn, geom.quat)
        vertices = model.mesh_vert[mesh.vertadr[0] : mesh.vertadr[0] + mesh.vertnum[0]]
        point[whose] = vertices @ turn.reshape(3, 3).T + geom.pos
    np.testing.assert_allclose(
        point["ours"], point["theirs"], atol=1e-6
    )  # a factor of 1 is 1 + 1e-6
    rest = [
        model.body("left_shank").mass[0]
        for model in (ours, grown(save(walker()), **{f"{gene}.left_shank": 1.5}))
    ]
    theirs_rest = [model.body("left_shank").mass[0] for model in (theirs, grown(save(walker())))]
    assert rest[0] - rest[1] == pytest.approx(theirs_rest[0] - theirs_rest[1], rel=1e-5)


def test_meshes_that_two_geoms_share_have_one_layout_at_every_factor(save: Save) -> None:
    mesh = f'<asset><mesh name="m" vertex="{VERTICES}" scale=".1 .1 .1"/></asset>'
    text = walker().replace("<worldbody>", mesh + "<worldbody>")
    for side, turn in (("left", 0), ("right", 30)):
        geom = f'<geom type="mesh" mesh="m" euler="0 {turn} 0"/>'
        text = text.replace(f'<site name="{side}_shin"', f'{geom}<site name="{side}_shin"')
    path = save(text)
    models = [grown(path, **{"length.*_shank": factor}) for factor in (0.8, 1.0, 1.2)]
    assert len({(model.nmesh, model.nbvh) for model in models}) == 1
    assert models[0].nmesh == 2


def test_a_part_that_is_off_moves_like_a_file_without_it(save: Save) -> None:
    absent, without = (
        mjcf.build(path, **OPTIONS, **genes)
        for path, genes in (
            (save(walker(tail=TAIL), "with.xml"), {"part.tail": 0.0}),
            (save(walker(), "without.xml"), {"mass.trunk": 1.0}),
        )
    )
    assert absent.mass == pytest.approx(without.mass)
    assert absent.size == pytest.approx(without.size)

    def fallen(body: Morphology) -> Array:
        data = mujoco.MjData(body.model)
        mujoco.mj_resetDataKeyframe(body.model, data, body.model.key(HOME).id)
        data.qvel[4] = -3.0  # backwards, onto the tail
        for _ in range(300):
            mujoco.mj_step(body.model, data)
        return np.array(data.qpos)

    np.testing.assert_allclose(fallen(absent), fallen(without), atol=1e-9)
    tail = absent.model.geom("tail")
    others = np.delete(absent.model.geom_conaffinity, tail.id)
    assert not np.any(tail.contype & others)
    assert (tail.conaffinity[0], tail.rgba[3]) == (0, 0)


def test_all_bodies_of_the_genes_have_one_layout(save: Save) -> None:
    path = save(walker(tail=TAIL))
    genes: list[dict[str, float]] = [
        {"part.tail": 0},
        {"part.tail": 1, "length.*_thigh": 1.2},
        {"size.tail": 2, "site_x.tip": 0.1},
    ]
    first, *others = [Body(mjcf.build(path, **OPTIONS, **one), 0.5, 0.0) for one in genes]
    assert all(body.layout == first.layout for body in others)


# Runs

RUN = """
[morphology]
name = "mjcf"
path = "body.xml"
torso = "trunk"
feet = ["left_foot", "right_foot"]
joints = ["left_hip", "left_knee", "right_hip", "right_knee"]
home = {left_knee = 0.2, right_knee = 0.2}

[morphology.genes]
"length.*_shank" = [0.8, 1.3]
"mass.trunk" = [0.7, 1.5]
"size.*_foot" = [0.9, 1.4]
"part.tail" = [0, 1]

[controller]
name = "phase"

[fitness.speed]
measure = "forward_speed"
weight = 1.0

[scenario]
duration = 0.6

[evaluation]
heldout_episodes = 2

[optimizer]
generations = 3
population_size = 6
"""


@pytest.fixture
def own(save: Save) -> Path:
    """The run file of a small run on a file with a tail."""
    save(walker(tail=TAIL))
    return Path(save(RUN, "own.toml"))


def recorded(run: Run) -> list[bytes]:
    return [
        generation.genomes.tobytes()
        + generation.fitness.tobytes()
        + generation.evaluation.values.tobytes()
        for generation in run.journal.generations()
    ]


@pytest.mark.slow
def test_a_run_has_the_same_bytes_on_any_number_of_threads_and_resumed(
    own: Path, tmp_path: Path
) -> None:
    plain, threaded, resumed = (
        Run.create(read(own), tmp_path / name) for name in ("one", "two", "resumed")
    )
    evolve(plain, evaluator=plain.local(1))
    evolve(threaded, evaluator=threaded.local(2))
    evolve(resumed, 1, evaluator=resumed.local(2))
    evolve(Run(resumed.folder), 3)
    assert recorded(plain) == recorded(threaded) == recorded(Run(resumed.folder))
    assert plain.journal.genes[-4:] == (
        "body.length.*_shank",
        "body.mass.trunk",
        "body.size.*_foot",
        "body.part.tail",
    )
    tails = set()
    for which in range(18):
        again = replay(plain, "{}:{}".format(*divmod(which, 6)))
        assert again.equal
        values = plain.experiment.space.decode(again.genome)
        model = again.episodes[0].morphology.model
        assert model.body("left_foot").pos[2] == pytest.approx(-0.1 * values["body.length.*_shank"])
        assert (model.body("tail").mass[0] > 0) == (values["body.part.tail"] == 1)
        tails.add(values["body.part.tail"])
    assert tails == {0.0, 1.0}


def test_names_of_genes_may_be_tables_and_overrides(own: Path) -> None:
    quoted = read(own, ["morphology.genes.range.*_knee=[0.5, 1.0]"]).morphology.genes
    text = own.read_text(encoding="utf-8").replace('"mass.trunk"', "mass.trunk")
    own.write_text(text, encoding="utf-8")
    nested = read(
        own, ["morphology.genes={mass = {trunk = [0.7, 1.5]}, 'part.tail' = [0, 1]}"]
    ).morphology.genes
    assert quoted["range.*_knee"] == Range(0.5, 1.0)
    assert read(own).morphology.genes["mass.trunk"] == nested["mass.trunk"] == Range(0.7, 1.5)


@pytest.mark.parametrize(
    ("override", "words"),
    [
        (
            "lenght.trunk=[0.5, 1]",
            "morphology.genes: 'lenght.trunk': Unknown kind of gene 'lenght'.|mean 'length'?",
        ),
        (
            "mass.trunc=[0.5, 1]",
            "Unknown body in |body.xml 'trunc'. Known: left_foot, |Did you mean 'trunk'?",
        ),
        ("mass.wor*=[0.5, 1]", "Unknown body in "),
        ("range.*_ankle=[0.5, 1]", "Unknown joint in |'*_ankle'. Known: left_hip, left_knee"),
        ("stiffness.tail=[0.5, 1]", "Unknown driven joint in |body.xml 'tail'"),
        ("site_x.ima=[0.0, 1]", "Unknown site in |Did you mean 'imu'?"),
        ("mass=[0.5, 1]", "Unknown body in |''. Known: "),
        (
            "mass.trunk=[0.0, 1]",
            "all genes low: 'mass.trunk' is a factor and must be positive, not 0.",
        ),
        (
            "part.tail=[0.0, 0.5]",
            "its levels are 0, 1; the bounds 0 and 0.5 must be among them",
        ),
        (
            "range.*_knee=[0.05, 1]",
            "the home angle of joint 'left_knee', 0.2 rad, is outside of its range, -0.0087",
        ),
        (
            "part.left_foot=[0, 1]",
            "body 'left_foot' cannot be switched off: 'left_foot' is the torso or a foot.",
        ),
        ("part.left_shank=[0, 1]", "cannot be switched off: 'left_foot' is the torso or a foot."),
        ("length.tip=[0.5, 1]", "body 'tip' has no length"),
    ],
)
def test_a_gene_that_does_not_fit_is_told_before_the_run_begins(
    own: Path, override: str, words: str
) -> None:
    folder = own.parent / "run"
    with pytest.raises(EvolocoError) as caught:
        Run.create(read(own, [f"morphology.genes.{override}"]), folder, own)
    message = str(caught.value)
    assert message.startswith(f"{own}: ")
    assert all(part in message for part in words.split("|")), message
    assert not folder.exists()


def test_corners_are_all_low_all_high_and_each_gene_alone(own: Path) -> None:
    experiment = Experiment(
        read(own, ["morphology.genes={'length.*_shank' = [0.9, 1.1], 'mass.trunk' = [1, 2]}"])
    )
    models = [body.model for body in experiment.corners()]
    corners = [
        (model.body("left_foot").pos[2] / -0.1, model.body("trunk").mass[0]) for model in models
    ]
    np.testing.assert_allclose(
        corners, [(0.9, 1), (1.1, 2), (0.9, 1.5), (1.1, 1.5), (1, 1), (1, 2)]
    )


@pytest.mark.parametrize(
    ("more", "tail", "reason"),
    [
        ("", TAIL.replace("<geom", '<joint name="wag"/><geom', 1), "the joint 'wag' moves it"),
        ('<contact><pair geom1="tail" geom2="trunk"/></contact>', TAIL, "a contact pair"),
        (
            '<equality><connect name="rope" body1="tip" body2="trunk" anchor="0 0 0"/></equality>',
            TAIL,
            "'rope' holds",
        ),
        (
            '<tendon><spatial><site site="tip"/><site site="imu"/></spatial></tendon>',
            TAIL,
            "a tendon runs over it",
        ),
    ],
)
def test_what_is_tied_to_a_part_keeps_it_from_being_switched_off(
    save: Save, more: str, tail: str, reason: str
) -> None:
    text = walker(tail=tail, more=more).replace(
        '<geom type="box" size=".05', '<geom name="trunk" type="box" size=".05'
    )
    path = save(text)
    assert grown(path, **{"part.tail": 1.0})
    with pytest.raises(ModelError, match=rf"body 'tail' cannot be switched off: .*{reason}"):
        grown(path, **{"part.tail": 0.0})


def test_a_joint_without_a_range_has_none_to_scale(save: Save) -> None:
    path = save(walker().replace('range="-60 60"', ""))
    with pytest.raises(ModelError, match="joint 'left_hip' has no range"):
        grown(path, **{"range.left_hip": 0.5})


def test_a_file_that_does_not_compile_is_told_with_genes_too(save: Save) -> None:
    with pytest.raises(ModelError, match="cannot compile"):
        grown(save(walker(trunk=-1.0)), **{"mass.trunk": 2.0})
    with pytest.raises(UnknownNameError, match="Did you mean 'trunk'"):
        grown(save(walker()), **{"mass.trunc": 2.0})
