"""Findings of a small run, all of whose parts are real, and a reader of pages."""

import base64
import csv
import io
from html.parser import HTMLParser
from typing import Any

import mujoco
import numpy as np
import traces
from traces import completed

from evoloco.ending import Ending, Outcome, Rule
from evoloco.episode import Columns, Episode
from evoloco.gait.analysis import analyse
from evoloco.genome import Gene, Space
from evoloco.morphologies import muscle_biped
from evoloco.morphology import Morphology, assemble
from evoloco.report.findings import Attempt, Findings, Gap, Generations, Term, Trials

DT = 0.02
SECTIONS = (
    "video",
    "gait",
    "footfall",
    "conventions",
    "joints",
    "cycle",
    "oscillators",
    "portraits",
    "held-out",
    "check",
    "search",
    "fitness",
    "genome",
    "spec",
    "provenance",
)


def leg(side: str, y: float) -> str:
    return f"""
    <body name="thigh_{side}" pos="0 {y} -.05"><joint name="hip_pitch_{side}" axis="0 -1 0"/>
      <geom type="capsule" fromto="0 0 0 0 0 -.1" size=".02" mass=".2"/>
      <body name="foot_{side}" pos="0 0 -.1">
        <geom type="box" pos=".02 0 -.02" size=".05 .03 .01" mass=".1"/></body>
    </body>"""


def small_biped() -> Morphology:
    """A torso on two legs with one joint each."""
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


def walk(
    morphology: Morphology,
    steps: int = 500,
    outcome: Outcome = Outcome.COMPLETED,
    frequency: float = 1.25,
    stepping: bool = True,
) -> Episode:
    """An episode written row by row: 0.4 m/s, feet loaded for 60 % of a stride, half of it apart.

    It can be shorter, end otherwise, or keep both feet on the ground.
    """
    columns = Columns(morphology, substeps=1)
    time = DT * np.arange(steps)
    trace = np.zeros((steps, columns.size))
    sensors = columns.slices["sensordata"].start

    def write(name: str, values: Any) -> None:
        where = morphology.sensor(name)
        trace[:, sensors + where.start : sensors + where.stop] = values

    swing = 0.3 * np.sin(2 * np.pi * frequency * time)
    trace[:, columns.slices["time"]] = time[:, None]
    trace[:, columns.slices["qpos"]] = morphology.home
    trace[:, columns.slices["qpos"].start] = 0.4 * time
    trace[:, columns.slices["qpos"].start + 7 :][:, :2] = np.stack([swing, -swing], axis=1)
    trace[:, columns.slices["ctrl"]] = np.stack([swing, -swing], axis=1)
    write("torso.position", np.stack([0.4 * time, 0 * time, 0 * time + 0.18], axis=1))
    write("torso.velocity", [0.4, 0, 0])
    write("torso.orientation", [1, 0, 0, 0])
    for shift, (side, sign) in enumerate((("left", 1), ("right", -1))):
        write(f"joint.hip_pitch_{side}.angle", sign * swing[:, None])
        rate = sign * np.gradient(swing, DT)[:, None] if steps > 1 else 0
        write(f"joint.hip_pitch_{side}.velocity", rate)
        stands = (frequency * time + shift / 2) % 1 < 0.6 if stepping else time >= 0
        write(
            f"foot.foot_{side}.ground", np.outer(stands * morphology.weight / 2, [0, 0, 1, 0, 0, 0])
        )
        place = np.stack([0.4 * time, 0 * time + sign * 0.05, 0 * time], axis=1)
        write(f"foot.foot_{side}.position", place)
    rule = Rule.DURATION if outcome is Outcome.COMPLETED else Rule.CONTACT
    episode = Episode(morphology, columns, trace, Ending(outcome, rule, "torso"), DT, 500)
    completed(episode)
    return episode


def find(episode: Episode, others: tuple[Episode, ...] = (), **changes: Any) -> Findings:
    """Findings of a small run whose champion left this episode, and others."""
    swing = episode.joint_angle[:, 0]
    space = Space(
        [
            Gene("frequency", 0.5, 2.0, "Hz", "strides per second", log=True),
            Gene("hip_pitch.amplitude", 0.0, 0.6, "rad", "swing"),
            Gene("knee.amplitude", -0.3, 0.3, "rad", "swing"),
        ]
    )
    best = np.array([0.1, 0.5, 0.9])
    outputs = {"pacemaker": swing}
    for joint in episode.morphology.joints[:2]:
        outputs[joint.name] = swing if joint.side != "right" else -swing
    content: dict[str, Any] = {
        "name": "small <walker>",
        "seed": 7,
        "generations": Generations(
            best, best - 0.3, best - 0.5, best - 0.1, np.array([1.0, 0.5, 0.0])
        ),
        "episode": episode,
        "attempts": tuple(
            Attempt(analyse(each), 0.9 - 0.1 * place)
            for place, each in enumerate((episode, *others))
        ),
        "outputs": outputs,
        "space": space,
        "genome": np.array([0.625, 1.0, 0.5]),
        "terms": (
            Term("forward_speed", 2.0, 0.5, 0.4, "m/s"),
            Term("foot_slip", -1.0, 0.05, 0.05, "m/s", 1.0),
        ),
        "champion": (2, 5),
        "stop_reason": "3 generations were asked for",
        "fitness": 0.9,
        "held_out": Trials(0.6, np.array([0.2, 0.7, 0.9])),
        "elite_fitness": 0.7,
        "gap": Gap(
            Trials(0.9, np.array([0.8, 1.0])), Trials(0.65, np.array([0.25, 0.75, 0.95])), 8.0
        ),
        "wanted_speed": (0.5, 0.5),
        "provenance": {
            "python": "3.11.9",
            "packages": {"mujoco": "4.0.0"},
            "command": "evoloco evolve small",
        },
        "spec": 'name = "small"',
        "video_missing": "No video: install libegl1 libgl1-mesa-dri.",
    }
    return Findings(**{**content, **changes})


class Reader(HTMLParser):
    """Collects what a browser would load, the sections, numbers, and text of a page.

    Attributes:
        loaded: Addresses of everything that the page names.
        ids: Ids of sections, figures and the like, in order.
        open: Elements that are not closed.
        numbers: Values of all `data` elements.
        words: Texts.
        labels: Labels of all figures.
        files: Address of each file that can be saved, by its name.
    """

    def __init__(self, page: str) -> None:
        super().__init__()
        self.loaded: list[str | None] = []
        self.ids: list[str | None] = []
        self.open: list[str] = []
        self.numbers: list[float] = []
        self.words: list[str] = []
        self.labels: list[str | None] = []
        self.files: dict[str, str] = {}
        self.feed(page)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        named = dict(attributes)
        self.loaded += [
            named[key] for key in ("src", "href", "poster", "srcset", "data") if key in named
        ]
        self.ids += [named["id"]] if "id" in named and tag in ("section", "details") else []
        self.open += [] if tag in ("meta", "link", "br") else [tag]
        if tag == "data":
            self.numbers.append(float(str(named["value"])))
        if named.get("role") == "img":
            self.labels.append(named.get("aria-label"))
        if "download" in named:
            self.files[str(named["download"])] = str(named["href"])

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, f"</{tag}> closes another element"

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def section(page: str, name: str) -> str:
    """The text of one section of a page."""
    rest = page[page.index(f'<section id="{name}"') :]
    return rest[: rest.index("</section>")]


def text_of(page: str) -> str:
    """The text of a page, in one line."""
    return " ".join(" ".join(Reader(page).words).split())


def saved(page: str, name: str) -> list[dict[str, str]]:
    """Rows of a CSV that the page carries."""
    _, _, content = Reader(page).files[f"{name}.csv"].partition("base64,")
    return list(csv.DictReader(io.StringIO(base64.b64decode(content).decode())))


def human_walk() -> Episode:
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
            "foot.foot_left.ground": pattern.sensor("foot.left_foot.ground") * weight,
            "foot.foot_right.ground": pattern.sensor("foot.right_foot.ground") * weight,
        },
    )
