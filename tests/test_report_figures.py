import math
import re
from dataclasses import replace

import mujoco
import numpy as np
import pytest
import traces
from matplotlib.figure import Figure
from pages import DT, SECTIONS, Reader, find, human_walk, saved, section, small_biped, walk

from evoloco.morphologies import hopper, muscle_biped
from evoloco.report import course, muscles, portraits
from evoloco.report.canvas import around
from evoloco.report.chronograph import chronograph, sticks
from evoloco.report.conventions import turned
from evoloco.report.curves import Axis, Curve, draw
from evoloco.report.curves import table as curves_table
from evoloco.report.findings import Generations
from evoloco.report.page import render
from evoloco.report.people import bands
from evoloco.report.skeleton import posed
from evoloco.report.span import strides
from evoloco.report.table import Table

pytestmark = pytest.mark.slow  # every test draws the pictures of a report

DASH, MINUS = "\N{EN DASH}", "\N{MINUS SIGN}"


@pytest.fixture(scope="module")
def morphology():
    return small_biped()


@pytest.fixture(scope="module")
def findings(morphology):
    return find(walk(morphology))


@pytest.fixture(scope="module")
def page(findings):
    return render(findings)


# Figures


def test_pictures_take_their_colours_from_the_page_and_are_drawn_for_desk_and_phone(page):
    pictures = re.findall(r'<div class="(wide|narrow)">(<svg.*?</svg>)', page, re.DOTALL)
    assert [kind for kind, _ in pictures] == 12 * ["wide", "narrow"]
    declared = set(re.findall(r"(--\w+):", page))
    for _, picture in pictures:
        assert set(re.findall(r"var\((--\w+)", picture)) <= declared
        assert not re.search(r"(?<!, )#[0-9a-f]{6}\b", picture), (
            "a colour that dark mode would not change"
        )


def drawn(paint, *arguments):
    """The lines that a picture draws (n, 2), by panel and label; unlabelled ones are left out."""
    figure = Figure(figsize=(13, 4))
    paint.__wrapped__(figure, *arguments)
    return {
        (axes.get_title(loc="left") or axes.get_title(), line.get_label()): line.get_xydata()
        for axes in figure.axes
        for line in axes.get_lines()
        if not line.get_label().startswith("_")
    }


@pytest.mark.parametrize("people", [False, True])
def test_the_file_of_curves_has_the_points_that_are_drawn(people):
    x = np.linspace(0, 1, 5)
    axis = Axis("time [s]", "angle [°]", (0, 1))
    curves = [
        Curve("hip", "left", x, x**2, 0.1 * x),
        Curve("hip", "right", x, 1 - x, 0.2 * x),
        Curve("knee", "", x, 3 * x),
    ]
    if people:
        curves.append(Curve("hip", "", x[:3], x[:3] + 1, x[:3], "people"))
    lines, found = drawn(draw, curves, axis), curves_table(curves, axis)
    assert len(lines) == len(curves)

    for (panel, label), points in lines.items():
        if people:
            rows = [row[2:4] for row in found.rows if tuple(row[:2]) == (panel, label)]
        else:
            column = found.columns.index(f"{panel}, {label}: angle [°]")
            rows = [(row[0], row[column]) for row in found.rows]
        np.testing.assert_array_equal(points, rows)


def test_the_file_of_orbits_has_the_points_that_are_drawn(findings):
    episode = findings.episode
    orbits = portraits.orbits(episode, findings.outputs)
    span = (2.0, 6.0)
    rows = portraits.table(episode, orbits, span).rows
    for (panel, label), points in drawn(portraits.portraits, episode, orbits, span, span).items():
        listed = [row[3:] for row in rows if tuple(row[:2]) == (panel, label)]
        np.testing.assert_array_equal(points, listed)


def test_the_file_of_the_search_has_the_points_that_are_drawn(findings):
    lines = drawn(course.fitness, findings.generations, (2, 0.9))
    rows = np.array(course.fitness_table(findings.generations).rows)
    np.testing.assert_array_equal(lines["", "best"], rows[:, [0, 1]])
    np.testing.assert_array_equal(lines["", "mean"], rows[:, [0, 2]])


def test_saved_numbers_are_those_of_the_episode(findings, page):
    joints = saved(page, "joints")
    times = np.array([float(row["time [s]"]) for row in joints])
    angles = np.interp(times, findings.episode.time, np.degrees(findings.episode.joint_angle[:, 0]))
    drawn = [float(row["hip pitch, left: angle [°]"]) for row in joints]
    np.testing.assert_allclose(drawn, angles, atol=1e-4)
    assert len(joints[0]) == 1 + 4, "time, and an angle and a target on either side"

    feet = saved(page, "footfall")
    load = [float(row["load on foot left [body weights]"]) for row in feet]
    stands = [int(row["foot left stands"]) for row in feet]
    np.testing.assert_allclose(np.array(stands) / 2, load, err_msg="half a weight on each")

    fitness = saved(page, "fitness")
    assert [float(row["best fitness"]) for row in fitness] == [0.1, 0.5, 0.9]


def test_csv_leaves_out_what_is_not_a_number_and_keeps_six_digits():
    table = Table(("name, or so", "value [m]"), [("a", math.nan), ("b", 1 / 3), ("c", 2)])
    assert table.csv() == '"name, or so",value [m]\na,\nb,0.333333\nc,2\n'


def test_left_and_right_differ_in_colour_and_in_style():
    figure = Figure()
    x = np.linspace(0, 1, 5)
    pair = [Curve("hip", side, x, x) for side in ("left", "right")]
    draw.__wrapped__(figure, pair, Axis("x", "y", (0, 1)))
    left, right = figure.axes[0].get_lines()
    assert left.get_color() != right.get_color()
    assert left.is_dashed() != right.is_dashed()


def test_loads_that_are_cut_off_are_marked_and_told(morphology, page):
    episode = walk(morphology)
    episode.sensor("foot.foot_left.ground")[:, 2] *= 5
    traces.completed(episode)
    cut = render(find(episode))
    assert "A triangle marks a load above that" in section(cut, "footfall")
    assert "A triangle" not in page
    loads = [float(row["load on foot left [body weights]"]) for row in saved(cut, "footfall")]
    assert max(loads) == pytest.approx(2.5), "the file has them whole"


def test_virtual_support_is_drawn_only_where_a_run_had_it(findings, page):
    bare = replace(findings.generations, support=None)
    assert "virtual support" in page
    assert "virtual support" not in course.fitness(960, bare, (2, 0.9))


def test_failed_generations_leave_a_gap_in_the_curve():
    def segments(fitness):
        generations = Generations(fitness, fitness, fitness, fitness)
        return course.fitness(960, generations, (4, 0.9)).count("\nM ")

    whole, broken = np.linspace(0.1, 0.9, 5), np.array([0.1, 0.2, math.nan, 0.8, 0.9])
    assert segments(broken) > segments(whole)
    assert "nan" not in course.fitness(
        960, Generations(*4 * [np.array([-math.inf, 0.5, 0.9])]), (2, 0.9)
    )


def test_what_is_far_worse_does_not_flatten_a_picture_and_is_told(findings, page) -> None:
    low, high = around(np.array([2.0, 3.0, 2.5]))
    assert low == 1.0
    assert 3.0 < high < 3.2
    low, high = around(np.array([-4.0]))
    assert low < -4.0 < high
    low, high = around(np.zeros(3))
    assert low < 0.0 < high

    assert "cuts off" not in section(page, "search")
    best = np.array([0.1, 0.5, 0.9])
    far = replace(findings, generations=Generations(best, best, best - 50, best))
    assert "cuts off values far below the best" in section(render(far), "search")


def test_strides_shown_start_and_end_at_touchdowns(findings):
    start, end = strides(findings.gait, 2)
    assert start in findings.gait.touchdown[0]
    assert end - start == pytest.approx(2 / 1.25, abs=DT)


def test_chronograph_joins_joints_and_draws_the_muscles_of_every_pose(morphology):
    episode = human_walk()
    human, model = episode.morphology, episode.morphology.model
    drawn = chronograph(340, episode, (2.0, 4.0), count=3)
    assert drawn.count("stroke: var(--muscle") == 3 * 14
    assert "var(--muscle" not in chronograph(340, walk(morphology), (2.0, 4.0), count=3)
    data = posed(human, human.home)
    hip, knee, ankle = (
        data.xanchor[model.joint(f"{joint}_left").id][[0, 2]] for joint in ("hip", "knee", "ankle")
    )
    left = sticks(human, data)["left"]
    for ends in ((hip, knee), (knee, ankle)):
        assert (np.abs(left - ends).max(axis=(1, 2)) < 1e-12).any()


def test_sign_of_an_angle_is_where_the_far_end_goes():
    human = muscle_biped.build()
    ways = {joint.stem: turned(human, joint).way for joint in human.joints}
    model, data = human.model, mujoco.MjData(human.model)
    for joint in human.joints:
        mujoco.mj_resetDataKeyframe(model, data, 0)
        data.qpos[model.joint(joint.name).qposadr[0]] += 1e-3
        mujoco.mj_kinematics(model, data)
        bent = data.body(f"foot_{joint.side}").xpos - 0
        mujoco.mj_resetDataKeyframe(model, data, 0)
        mujoco.mj_kinematics(model, data)
        change = bent - data.body(f"foot_{joint.side}").xpos
        if joint.stem in ("hip", "knee"):
            assert ways[joint.stem] == ("forward" if change[0] > 0 else "backward")
    arc = turned(human, human.joints[0]).arc
    assert len({round(float(np.linalg.norm(point - arc[0])), 9) for point in arc}) == len(arc)


# Bodies


def test_a_human_on_muscles_has_its_activations_its_energy_and_people_beside_it(page):
    assert ">people</text>" not in page  # of a body that is no human
    findings = find(human_walk(), people=bands("muscle_biped"))
    page = render(findings)
    cycle = section(page, "cycle")
    assert "10.15125/BATH-01258" in cycle
    assert cycle.count("<svg") == 10
    for title in ("hip", "knee", "ankle", "vertical", "fore-aft", "soleus", "tibialis"):
        assert f">{title}</text>" in cycle
    assert cycle.count(">people</text>") == 2  # of the angles, wide and narrow
    energy = section(page, "energy")
    efforts = Reader(energy + "</section>").numbers
    assert len(efforts) == 14
    assert sum(efforts) + 1.51 / 1.0 == pytest.approx(
        findings.gait.effort, rel=0.01
    )  # 399 steps of way, 400 of time
    assert ">resting body</text>" in energy


@pytest.mark.parametrize(
    "body",
    [
        hopper.build,
        lambda: traces.body(("left_foot", "left_hind", "right_foot", "right_hind")),
        lambda: traces.body(("foot",)),
    ],
    ids=["hopper", "four feet", "one foot"],
)
def test_bodies_with_one_foot_or_four_have_a_report(body):
    morphology = body()
    feet = len(morphology.feet)
    if morphology.joints[0].name == "hip_pitch":
        episode = traces.episode(morphology, 300, {"qpos": morphology.home})
    else:
        episode = traces.walk(morphology)
    page = render(find(episode))
    assert tuple(Reader(page).ids) == SECTIONS
    columns = saved(page, "footfall")[0]
    assert sum(name.startswith("load on") for name in columns) == feet


def test_a_body_that_does_not_step_has_no_gait_cycle_to_show(morphology):
    page = render(find(walk(morphology, stepping=False)))
    cycle = section(page, "cycle")
    assert "No foot took a whole stride" in cycle
    assert "<svg" not in cycle
    assert 'id="energy"' not in page


def test_bands_of_people_are_those_of_walking_and_go_with_human_bodies_only():
    assert bands("biped") == bands("hopper") == {}
    people = bands("muscle_biped")
    assert set(people) == {"hip", "knee", "ankle"}
    for band in people.values():
        assert band.phases.tolist() == [*range(0, 100, 4), 100]
        assert band.mean.shape == band.spread.shape == (26,)
        assert band.mean[-1] == pytest.approx(band.mean[0], abs=1.5)  # a cycle closes
    peak = people["knee"].phases[people["knee"].mean.argmax()]
    assert 68 <= peak <= 76, "the knee bends most in mid-swing"
    assert 48 <= people["hip"].phases[people["hip"].mean.argmin()] <= 56, (
        "the hip is straightest before liftoff"
    )
    assert 60 <= people["ankle"].phases[people["ankle"].mean.argmin()] <= 68, "the ankle at liftoff"


def test_paths_of_muscles_are_as_long_as_their_tendons():
    model = muscle_biped.build().model
    data = mujoco.MjData(model)
    mujoco.mj_resetDataKeyframe(model, data, 0)
    mujoco.mj_forward(model, data)
    lengths = [
        np.linalg.norm(np.diff(path, axis=0), axis=1).sum() for path in muscles.paths(model, data)
    ]
    np.testing.assert_allclose(lengths, data.actuator_length, rtol=1e-12)
