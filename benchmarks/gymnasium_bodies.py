"""Bodies of Gymnasium as runs of evoloco: the same models, time steps, rewards and falls.

A step's reward is Gymnasium's but for its small cost of control: the speed ahead, where going back
counts 0, and what Gymnasium pays for a step that is lived. Motors keep their torques. What a policy
feels is what Gymnasium's does: joints, the torso's height, tilt, velocity and rate. Files are those
of the installed Gymnasium, and nothing of them is in this project.

    python benchmarks/gymnasium_bodies.py walker2d > walker2d.toml
"""

import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from evoloco.spec import RunSpec, read


@dataclass(frozen=True)
class Body:
    """A body of Gymnasium.

    Attributes:
        id: Gymnasium's name of the environment.
        file: Its model.
        feet: Bodies.
        joints: Driven joints, in the order of Gymnasium's actions.
        control_dt: Time of a step [s].
        lived: Reward for a step that is lived.
        min_height: Of the torso over that at home; less is a fall [1].
        max_tilt: Of the torso; more is a fall [rad]. By default nothing is.
        noise: Of the joints at the start [rad].
        steps: Of an episode.
        actions: Largest action.
        home: Keys of `[morphology.home]`.
    """

    id: str
    file: str
    feet: tuple[str, ...]
    joints: tuple[str, ...]
    control_dt: float
    lived: float
    min_height: float = 0.0
    max_tilt: float = 100.0
    noise: float = 0.005
    steps: int = 1000
    actions: float = 1.0
    home: str = ""


LEG = ("thigh_joint", "leg_joint", "foot_joint")

BODIES = {
    "walker2d": Body(
        id="Walker2d-v5",
        file="walker2d_v5.xml",
        feet=("foot", "foot_left"),
        joints=(*LEG, "thigh_left_joint", "leg_left_joint", "foot_left_joint"),
        control_dt=0.008,
        lived=1.0,
        min_height=0.64,
        max_tilt=1.0,
    ),
    "half_cheetah": Body(
        id="HalfCheetah-v5",
        file="half_cheetah.xml",
        feet=("bfoot", "ffoot"),
        joints=("bthigh", "bshin", "bfoot", "fthigh", "fshin", "ffoot"),
        control_dt=0.05,
        lived=0.0,
        noise=0.1,
    ),
    "hopper": Body(
        id="Hopper-v5",
        file="hopper.xml",
        feet=("foot",),
        joints=LEG,
        control_dt=0.008,
        lived=1.0,
        min_height=0.56,
        max_tilt=0.2,
    ),
    "humanoid": Body(
        id="Humanoid-v5",
        file="humanoid.xml",
        feet=("right_foot", "left_foot"),
        joints=(
            *("abdomen_y", "abdomen_z", "abdomen_x"),
            *("right_hip_x", "right_hip_z", "right_hip_y", "right_knee"),
            *("left_hip_x", "left_hip_z", "left_hip_y", "left_knee"),
            *("right_shoulder1", "right_shoulder2", "right_elbow"),
            *("left_shoulder1", "left_shoulder2", "left_elbow"),
        ),
        control_dt=0.015,
        lived=5.0,
        min_height=0.71,
        max_tilt=3.0,
        actions=0.4,
        home="right_knee = -0.035\nleft_knee = -0.035",
    ),
}

RUN = """
name = "{name}"

[morphology]
name = "mjcf"
path = "{path}"
torso = "torso"
feet = {feet}
joints = {joints}
control = "{control}"

[morphology.home]
{home}

[controller]
name = "policy"
normaliser = "learned"

[sensors.height]
source = "torso.position"

[sensors.velocity]
source = "torso.velocity"

[fitness.speed]
measure = "forward_speed"
weight = 1.0
floor = 0.0

{lived}
[scenario]
duration = {duration}
control_dt = {control_dt}
ramp = 0.0
joint_noise = {noise}

[scenario.termination]
min_height = {min_height}
max_tilt = {max_tilt}
body_contact = false
"""

TRAINING = """
[training]
steps = 300_000
"""

LIVED = """
[fitness.lived]
measure = "survival"
weight = {}
"""


def run_file(name: str, control: str = "torque", training: bool = True) -> str:
    """The run file of a body.

    Args:
        name: Of the body.
        control: "torque" for the model's motors, "angle" for servos within their torques.
        training: Whether the run is trained.
    """
    import gymnasium.envs.mujoco as theirs

    body = BODIES[name]
    (folder,) = theirs.__path__
    found = RUN.format(
        name=name,
        path=Path(folder) / "assets" / body.file,
        feet=list(body.feet),
        joints=list(body.joints),
        control=control,
        lived=LIVED.format(body.lived) if body.lived else "",
        duration=body.steps * body.control_dt,
        control_dt=body.control_dt,
        noise=body.noise,
        home=body.home,
        min_height=body.min_height,
        max_tilt=body.max_tilt,
    )
    return found + TRAINING if training else found


def spec(name: str, *changes: str, control: str = "torque") -> RunSpec:
    """The run of a body, with changes as on the command line."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{name}.toml"
        path.write_text(run_file(name, control), encoding="utf-8")
        return read(path, changes)


if __name__ == "__main__":
    print(run_file(sys.argv[1]))
