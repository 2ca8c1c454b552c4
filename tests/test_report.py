import html
import math
import os
import re
import subprocess
import sys
from dataclasses import replace
from html.parser import HTMLParser

import imageio_ffmpeg
import mujoco
import numpy as np
import pytest
import traces
from traces import completed

from evoloco.ending import Ending, Outcome, Rule
from evoloco.episode import Columns, Episode
from evoloco.errors import EvolocoError
from evoloco.gait.analysis import analyse, rows
from evoloco.genome import Gene, Space
from evoloco.loop import evolve
from evoloco.morphologies import muscle_biped
from evoloco.morphology import assemble
from evoloco.report import muscles, plots
from evoloco.report.assemble import write_report
from evoloco.report.canvas import around
from evoloco.report.chronograph import chronograph, posed, sticks
from evoloco.report.findings import Findings, Generations, Term, Trials
from evoloco.report.page import number, render, strides, verdict
from evoloco.report.people import bands
from evoloco.report.video import film
from evoloco.run import Run
from evoloco.spec import read

pytestmark = pytest.mark.slow  # every test draws the pictures of a report

DT = 0.02
SECTIONS = (
    "video",
    "search",
    "footfall",
    "joints",
    "cycle",
    "oscillators",
    "portraits",
    "gait",
    "held-out",
    "fitness",
    "genome",
    "provenance",
    "spec",
)


def leg(side: str, y: float) -> str:
    return f"""
    <body name="thigh_{side}" pos="0 {y} -.05"><joint name="hip_pitch_{side}" axis="0 -1 0"/>
      <geom type="capsule" fromto="0 0 0 0 0 -.1" size=".02" mass=".2"/>
      <body name="foot_{side}" pos="0 0 -.1">
        <geom type="box" pos=".02 0 -.02" size=".05 .03 .01" mass=".1"/></body>
    </body>"""


@pytest.fixture(scope="module")
def morphology():
    spec = mujoco.MjSpec.from_string(f"""
    <mujoco><worldbody><light pos="0 0 3"/><geom name="floor" type="plane" size="9 9 1"/>
      <body name="torso" pos="0 0 .18"><freejoint/><geom type="box" size=".04 .06 .05" mass="1"/>
      {leg("left", 0.05)}{leg("right", -0.05)}</body></worldbody>
    <actuator><position name="hip_pitch_left" joint="hip_pitch_left"/>
      <position name="hip_pitch_right" joint="hip_pitch_right"/></actuator>
    <keyframe><key name="home" qpos="0 0 .18 1 0 0 0 0 0"/></keyframe></mujoco>""")
    return assemble(
        spec, "torso", ["foot_left", "foot_right"], ["hip_pitch_left", "hip_pitch_right"]
    )


def walk(morphology, steps=500, outcome=Outcome.COMPLETED, frequency=1.25, stepping=True):
    """An episode written row by row: 0.4 m/s, feet loaded for 60 % of a stride, half of it apart.

    It can be shorter, end otherwise, or keep both feet on the ground.
    """
    columns = Columns(morphology, 1)
    time = DT * np.arange(steps)
    trace = np.zeros((steps, columns.size))
    sensors = columns.slices["sensordata"].start

    def write(name, values):
        where = morphology.sensor(name)
        trace[:, sensors + where.start : sensors + where.stop] = values

    swing = 0.3 * np.sin(2 * np.pi * frequency * time)
    trace[:, columns.slices["time"]] = time[:, None]
    trace[:, columns.slices["qpos"]] = morphology.home
    trace[:, columns.slices["qpos"].start] = 0.4 * time
    trace[:, columns.slices["qpos"].start + 7 :][:, :2] = np.stack([swing, -swing], axis=1)
    trace[:, columns.slices["ctrl"]] = np.stack([swing, -swing], axis=1)
    write("torso.position", np.stack([0.4 * time, 0 * time, 0 * time + 0.18], axis=1))
    write("torso.orientation", [1, 0, 0, 0])
    for shift, (side, sign) in enumerate((("left", 1), ("right", -1))):
        write(f"hip_pitch_{side}.angle", sign * swing[:, None])
        write(
            f"hip_pitch_{side}.velocity", sign * np.gradient(swing, DT)[:, None] if steps > 1 else 0
        )
        stands = (frequency * time + shift / 2) % 1 < 0.6 if stepping else time >= 0
        write(f"foot_{side}.ground", np.outer(stands * morphology.weight / 2, [0, 0, 1, 0, 0, 0]))
    written = Episode(morphology, columns, trace, Ending(outcome, Rule.DURATION), DT, planned=500)
    completed(written)
    return written


def find(episode, **changes):
    """Findings of a small run, all of whose parts are real."""
    swing = episode.joint_angle[:, 0]
    space = Space(
        [
            Gene("frequency", 0.5, 2.0, "Hz", "strides per second", log=True),
            Gene("hip_pitch.amplitude", 0.0, 0.6, "rad", "swing of the hips"),
            Gene("hip_pitch.offset", -0.3, 0.3, "rad", "lean of the hips"),
        ]
    )
    best = np.array([0.1, 0.5, 0.9])
    return Findings(
        name="small <walker>",
        seed=7,
        generations=Generations(
            best, best - 0.3, best - 0.5, best - 0.1, np.array([1.0, 0.5, 0.0])
        ),
        episode=episode,
        gait=analyse(episode),
        outputs={"pacemaker": swing, "hip_pitch_left": swing, "hip_pitch_right": -swing},
        space=space,
        genome=np.array([0.625, 1.0, 0.5]),
        terms=(Term("forward_speed", 2.0, 0.4, "m/s"), Term("foot_slip", -1.0, 0.05, "m/s")),
        search=Trials(0.9, np.array([0.8, 1.0])),
        champion=(2, 5),
        stop_reason="3 generations were asked for",
        elite_fitness=0.7,
        held_out=Trials(0.6, np.array([0.2, 0.7, 0.9])),
        provenance={
            "python": "3.11.9",
            "packages": {"mujoco": "4.0.0"},
            "command": "evoloco evolve small",
        },
        spec='name = "small"',
        **{"video_missing": "No video: install libegl1 libgl1-mesa-dri.", **changes},
    )


@pytest.fixture(scope="module")
def findings(morphology):
    return find(walk(morphology))


@pytest.fixture(scope="module")
def page(findings):
    return render(findings)


class Reader(HTMLParser):
    """Collects what a browser would load, the sections, and the numbers of each table row."""

    def __init__(self, page):
        super().__init__()
        self.loaded, self.ids, self.open, self.numbers, self.words = [], [], [], [], []
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        named = dict(attributes)
        self.loaded += [
            named[key] for key in ("src", "href", "poster", "srcset", "data") if key in named
        ]
        self.ids += [named["id"]] if "id" in named and tag in ("section", "details") else []
        self.open += [] if tag in ("meta", "link", "br") else [tag]
        if tag == "data":
            self.numbers.append(float(named["value"]))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, f"</{tag}> closes another element"

    def handle_data(self, data):
        self.words.append(data)


def test_page_loads_nothing_from_elsewhere(page):
    loaded = Reader(page).loaded
    assert loaded
    assert all(address.startswith(("data:", "#")) for address in loaded)
    assert "@import" not in page
    assert not re.search(r"url\((?!#)", page)
    assert "<script" not in page
    assert "http://" not in page
    assert "https://" not in page


def test_page_has_every_section_in_order_and_closes_every_element(page):
    reader = Reader(page)
    assert tuple(reader.ids) == SECTIONS
    assert not reader.open


def test_what_befell_a_run_is_told_with_generation_and_moment(findings, page):
    assert 'id="happened"' not in page
    lost = ((3, 0.0, "A worker on node <a> died"), (12, 1e300, "Salvaged"))
    told = render(replace(findings, happened=lost))
    table = told[told.index('id="happened"') :]
    table = table[: table.index("</details>")]
    assert "What happened: 2 events" in table
    cells = [html.unescape(cell) for cell in re.findall(r"<td[^>]*>([^<]*)</td>", table)]
    dash = "\N{EN DASH}"
    assert cells == [
        "3",
        "1970-01-01 00:00:00 UTC",
        "A worker on node <a> died",
        "12",
        dash,
        "Salvaged",
    ]


@pytest.mark.slow
def test_same_findings_give_the_same_bytes_in_another_process(page, tmp_path):
    script = "import sys; sys.path.insert(0, sys.argv[1]); import test_report as t\n" + (
        "page = t.render(t.find(t.walk(t.morphology.__wrapped__())))\n"
        "open(sys.argv[2], 'w', encoding='utf-8').write(page)"
    )
    written = tmp_path / "page.html"
    subprocess.run(
        [sys.executable, "-c", script, os.path.dirname(__file__), str(written)], check=True
    )
    assert written.read_text(encoding="utf-8") == page


def test_numbers_of_the_gait_table_are_those_of_the_gait(findings, page):
    table = page[page.index('<section id="gait"') : page.index('<section id="held-out"')]
    shown = Reader(table).numbers
    expected = [value for _, value, _, _ in rows(findings.gait)]
    np.testing.assert_array_equal(shown, expected)
    for name, value, _, meaning in rows(findings.gait):
        assert name.replace("_", " ") in table
        assert number(value) in table
        assert html.escape(meaning, quote=False) in table


def test_gap_and_sum_are_differences_and_sums(findings, page):
    held_out = page[page.index('<section id="held-out"') : page.index('<section id="fitness"')]
    assert Reader(held_out).numbers == [0.9, 0.7, 0.6, pytest.approx(0.3), 0.2]
    fitness = page[page.index('<section id="fitness"') : page.index('<section id="genome"')]
    assert Reader(fitness).numbers[-1] == pytest.approx(2.0 * 0.4 - 1.0 * 0.05)


def test_genes_on_a_bound_are_marked_and_the_others_not(page):
    table = page[page.index('<section id="genome"') : page.index('<section id="provenance"')]
    body = re.findall(r"<tr.*?</tr>", table.split("<tbody>")[1], re.DOTALL)
    assert ["on its high bound" in row for row in body] == [False, True, False]
    assert ['class="bound"' in row for row in body] == [False, True, False]
    assert [float(left) for left in re.findall(r"left:([\d.]+)%", table)] == [62.5, 100, 50]


def test_user_text_is_escaped(page):
    assert "small &lt;walker&gt;" in page
    assert "<walker>" not in page


def test_page_without_video_names_the_packages(page):
    assert "<video" not in page
    assert "libegl1 libgl1-mesa-dri" in page


def test_page_with_video_carries_its_bytes(morphology):
    page = render(find(walk(morphology, steps=60), video=b"frames"))
    assert 'src="data:video/mp4;base64,ZnJhbWVz"' in page
    assert "libegl1" not in page


def test_pictures_take_their_colours_from_the_page_and_are_drawn_for_desk_and_phone(page):
    pictures = re.findall(r'<div class="(wide|narrow)">(<svg.*?</svg>)', page, re.DOTALL)
    assert [kind for kind, _ in pictures] == 9 * ["wide", "narrow"]
    declared = set(re.findall(r"(--\w+):", page))
    for _, picture in pictures:
        assert set(re.findall(r"var\((--\w+)", picture)) <= declared
        assert not re.search(r"(?<!, )#[0-9a-f]{6}\b", picture), (
            "a colour that dark mode would not change"
        )


def test_virtual_support_is_drawn_only_where_a_run_had_it(findings, page):
    bare = replace(findings.generations, support=None)
    assert "virtual support" in page
    assert "virtual support" not in plots.fitness(960, bare, (2, 0.9))


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({}, "walks"),
        ({"steps": 260, "outcome": Outcome.FELL}, "fell"),
        ({"steps": 40, "outcome": Outcome.UNSTABLE}, "diverged"),
        ({"stepping": False}, "stays up"),
        ({"steps": 1, "outcome": Outcome.FELL}, "fell"),
        ({"steps": 2, "outcome": Outcome.UNSTABLE, "stepping": False}, "diverged"),
    ],
)
def test_every_end_of_a_champion_renders_and_is_told(morphology, changes, word):
    findings = find(walk(morphology, **changes))
    assert verdict(findings)[0] == word
    page = render(findings)
    assert tuple(Reader(page).ids) == SECTIONS
    assert f'">{word}</span>' in page


def test_a_champion_without_oscillators_or_held_out_scenarios_renders(findings):
    page = render(replace(findings, outputs={}, elite_fitness=None, held_out=None))
    assert tuple(Reader(page).ids) == SECTIONS
    assert "no oscillators" in page
    assert "no held-out scenarios" in page


def test_a_term_below_its_threshold_adds_nothing_and_is_marked(findings, page):
    below = replace(findings.terms[1], threshold=0.1, counts=False)
    told = render(replace(findings, terms=(findings.terms[0], below)))
    assert "below its threshold of 0.1" in told
    assert "or nothing if that is below its threshold" in told
    assert below.contribution == 0.0
    assert "threshold" not in page


def human_walk():
    """The muscular human at 1 m/s, in its home pose, with muscles at rates of their own."""
    human, pattern = muscle_biped.build(), traces.walk(traces.body(), speed=1.0)
    weight = human.weight / pattern.morphology.weight
    levels = np.linspace(0.1, 0.8, len(human.muscles))
    return traces.episode(
        human,
        500,
        {
            "qpos": human.home,
            "act": levels,
            "ctrl": levels,
            "torso.position": pattern.sensor("torso.position"),
            "foot_left.ground": pattern.sensor("left_foot.ground") * weight,
            "foot_right.ground": pattern.sensor("right_foot.ground") * weight,
        },
    )


def test_a_human_on_muscles_has_its_activations_its_energy_and_people_beside_it(page):
    assert ">people</text>" not in page  # of a body that is no human
    findings = find(human_walk(), people=bands("muscle_biped"))
    page = render(findings)
    cycle = page[page.index('<section id="cycle"') : page.index('<section id="energy"')]
    assert "10.15125/BATH-01258" in cycle
    assert cycle.count("<svg") == 6
    for title in ("hip", "knee", "ankle", "vertical", "fore-aft", "soleus", "tibialis"):
        assert f">{title}</text>" in cycle
    assert cycle.count(">people</text>") == 2  # of the angles, wide and narrow
    energy = page[page.index('<section id="energy"') : page.index('<section id="oscillators"')]
    efforts = Reader(energy).numbers
    assert len(efforts) == 14
    assert sum(efforts) + 1.51 / 1.0 == pytest.approx(
        findings.gait.effort, rel=0.01
    )  # 399 steps of way, 400 of time
    assert ">resting body</text>" in energy


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


def test_a_body_that_does_not_step_has_no_gait_cycle_to_show(morphology):
    page = render(find(walk(morphology, stepping=False)))
    section = page[page.index('<section id="cycle"') : page.index('<section id="oscillators"')]
    assert "No foot took a whole stride" in section
    assert "<svg" not in section
    assert 'id="energy"' not in page


def test_failed_generations_leave_a_gap_in_the_curve():
    def segments(fitness):
        generations = Generations(fitness, fitness, fitness, fitness)
        return plots.fitness(960, generations, (4, 0.9)).count("\nM ")

    whole, broken = np.linspace(0.1, 0.9, 5), np.array([0.1, 0.2, math.nan, 0.8, 0.9])
    assert segments(broken) > segments(whole)
    assert "nan" not in plots.fitness(
        960, Generations(*4 * [np.array([-math.inf, 0.5, 0.9])]), (2, 0.9)
    )


def test_strides_shown_start_and_end_at_touchdowns(findings):
    start, end = strides(findings.gait, 2)
    assert start in findings.gait.touchdown[0]
    assert end - start == pytest.approx(2 / 1.25, abs=DT)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.41234, "0.412"),
        (-1.5, "\N{MINUS SIGN}1.5"),
        (12345.6, "12346"),
        (math.nan, "\N{EN DASH}"),
        (None, "\N{EN DASH}"),
        (-math.inf, "\N{MINUS SIGN}∞"),
        (0.0, "0"),
    ],
)
def test_numbers_have_three_digits_and_a_dash_stands_for_none(value, text):
    assert number(value) == text


@pytest.mark.film
def test_film_is_a_playable_mp4_of_the_episodes_length(morphology, tmp_path):
    episode = walk(morphology, steps=50)
    try:
        path = film(episode, tmp_path / "walk.mp4", width=160, height=90, fps=30)
    except EvolocoError as error:
        pytest.skip(str(error))
    frames, seconds = imageio_ffmpeg.count_frames_and_secs(str(path))
    assert frames == 30
    assert seconds == pytest.approx(1.0, abs=0.05)
    data = path.read_bytes()
    assert data.index(b"moov") < data.index(b"mdat"), (
        "a browser could not start it before its end has come"
    )
    shots = decode(path, 160, 90)
    assert shots.shape == (30, 90, 160, 3)
    assert np.ptp(shots[0]) > 50, "nothing is seen"
    assert np.abs(shots[5].astype(int) - shots[0]).max() > 50, "nothing moves"


def decode(path, width, height):
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-i", str(path)]
    raw = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-"]
    process = subprocess.run(command + raw, capture_output=True, check=True)
    return np.frombuffer(process.stdout, np.uint8).reshape(-1, height, width, 3)


@pytest.mark.film
def test_film_ends_where_it_is_asked_to_and_the_page_tells(morphology, tmp_path):
    episode = walk(morphology, steps=50)
    try:
        path = film(episode, tmp_path / "walk.mp4", width=160, height=90, longest=0.5)
    except EvolocoError as error:
        pytest.skip(str(error))
    assert imageio_ffmpeg.count_frames_and_secs(str(path))[0] == 15
    long = replace(episode, trace=np.repeat(episode.trace, 14, axis=0))
    assert "The first 12 s of 14 s." in render(find(long, video=b"frames"))
    assert "The first" not in render(find(episode, video=b"frames"))


@pytest.mark.film
def test_film_shows_muscles_red_as_they_are_active_on_a_body_that_fills_the_picture(tmp_path):
    human, reds = muscle_biped.build(), []
    for active in (0.0, 1.0):
        trace = {"qpos": human.home, "act": active, "torso.position": [0, 0, human.standing_height]}
        try:
            path = film(
                traces.episode(human, 1, trace), tmp_path / "still.mp4", width=320, height=180
            )
        except EvolocoError as error:
            pytest.skip(str(error))
        red, green, blue = decode(path, 320, 180)[0].astype(int).transpose(2, 0, 1)
        reds.append(
            (red > 90) & (green < 0.5 * red) & (blue < 0.6 * red) & (blue > 0.6 * green)
        )  # feet are orange
    rest, full = reds
    assert rest.sum() < 10 < 200 < full.sum()
    rows = np.flatnonzero(full.any(axis=1))
    heel_to_hip = np.ptp(rows) / 180
    assert heel_to_hip == pytest.approx(0.6 * 1.0 / human.size, abs=0.05), (
        "muscles reach to a height of about 1 m"
    )


@pytest.mark.film
def test_film_leaves_the_model_as_it_was(morphology, tmp_path):
    before = morphology.model.vis.global_.offwidth, morphology.model.vis.quality.shadowsize
    try:
        film(walk(morphology, steps=2), tmp_path / "walk.mp4", width=160, height=90)
    except EvolocoError as error:
        pytest.skip(str(error))
    assert (
        morphology.model.vis.global_.offwidth,
        morphology.model.vis.quality.shadowsize,
    ) == before


@pytest.mark.film
def test_a_report_shows_its_champion_or_says_why_it_cannot(hop):
    run = Run.create(read(hop), hop.parent / "run")
    evolve(run, generations=1)
    run.choose_champion()
    path, missing = write_report(run)
    assert ("<video" in path.read_text(encoding="utf-8")) == (missing == "")
    assert "MUJOCO_GL" not in missing


@pytest.mark.slow
def test_without_gl_film_names_the_packages_and_writes_nothing(tmp_path):
    script = (
        "import sys; sys.path.insert(0, sys.argv[1]); import pathlib, test_report as t\n"
        "try: t.film(t.walk(t.morphology.__wrapped__(), steps=5), pathlib.Path(sys.argv[2]))\n"
        "except t.EvolocoError as error: print(error)"
    )
    path = tmp_path / "walk.mp4"
    told = subprocess.run(
        [sys.executable, "-c", script, os.path.dirname(__file__), str(path)],
        env={**os.environ, "MUJOCO_GL": "disable"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "libegl1 libgl1-mesa-dri" in told.stdout
    assert not path.exists()


def test_what_is_far_worse_does_not_flatten_a_picture() -> None:
    values = np.array([2.0, 3.0, 2.5])
    low, high = around(values)
    assert low == 1.0
    assert 3.0 < high < 3.2
    low, high = around(np.array([-4.0]))
    assert low < -4.0 < high
    low, high = around(np.zeros(3))
    assert low < 0.0 < high
