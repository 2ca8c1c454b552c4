"""What identifying finds of robots whose servos are none of its models, and how gaits then walk.

    python benchmarks/hidden_robot.py fit [SEED]      two minutes of log, and the held-out errors
    python benchmarks/hidden_robot.py learned [SEED]  torques of a learned servo, gaits made with it
    python benchmarks/hidden_robot.py loop [SEED...]  identify, evolve again, walk, on five robots

The robots are processes of their own (`hidden_body.py`), in lock-step with this one. In `fit` and
`learned` no bus lies between; their logs have the steps of encoders and tachometers, and torques in
steps of 0.02 N m. In `loop` everything goes through the emulated bus (`hidden_bus.py`): the log by
`--play`, and the gaits by the session and keeper of `evoloco deploy`.
"""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from hidden_body import ENCODER, TACHOMETER, Hidden
from hidden_bus import Deployment

from evoloco import robot_log
from evoloco.check.subject import Subject
from evoloco.evaluators.local import simulator
from evoloco.experiment import Experiment
from evoloco.genome import Array
from evoloco.host import Host
from evoloco.identify import body_file, excitation, learned, recording
from evoloco.identify.body_file import FittedBody
from evoloco.identify.hanging import hang
from evoloco.identify.identification import identify
from evoloco.morphologies import biped
from evoloco.robot_log import RobotLog
from evoloco.scenario import Scenario

PERIOD = 0.008
"""Of the bus [s]."""

CONTROL = 0.02
"""Of the controllers [s]."""

SAMPLES = 4
"""Of the log of a walk, in a control step."""

SPEED = 0.3
"""That gaits are asked for [m/s]."""

DURATION = 10.0
"""Of a walk [s]."""

FALLEN = 0.8, 0.2
"""Lean [rad] above which, and height of the torso [m] below which a robot has fallen."""

FITS = ((0.005, "m1,m1_play,m2,m6_play", 5), (0.0025, "m1,m1_play", 4))
"""Physics steps [s], with the models that are compared and steps of their fits."""

CHOSEN = (1, 4, 23, 24, 27)
"""Robots of the loop. Without a bus, the nominal gait falls on all, the robust one on 4, 23, 27."""

BELIEVED = """name = "believed"
preset = "robust"

[morphology]
name = "biped"
hip_yaw = true
timestep = {step}
"""

AGAIN = """name = "again"

[morphology]
{morphology}

[controller]
name = "feet"
commands = true

[controller.bounds]
double = [0.25, 0.5]

[sensors.command]

[fitness.arrival]
measure = "arrival"
weight = 4.0

[fitness.following]
measure = "command_tracking"
weight = 2.0
speed_width = 0.08

[fitness.torque]
measure = "torque"
weight = -1.0

[scenario]
duration = 6.0
joint_noise = 0.02

[scenario.command]
speed = 0.3
{randomize}

[evaluation]
episodes = {episodes}
aggregate = "mean_cvar"
heldout_episodes = 8
heldout_duration = 10.0
elite = 4

[optimizer]
name = "cmaes"
population_size = 12
generations = {generations}
sigma = 0.05
"""

NEAR = """
[randomize.mass]
factor = [0.9, 1.1]
each = true

[randomize.joint_friction]
factor = [0.7, 1.4]

[randomize.command_delay]
value = [0.0, 0.005]

[randomize.sliding_friction]
value = [0.7, 1.1]
"""
"""Worlds around the fitted body."""


def record(plant: Hidden, commands: Array, seed: int) -> RobotLog:
    """What a hanging robot logs under commands."""
    rng, on = np.random.default_rng(seed), np.ones(len(plant.joints), bool)
    rows = []
    for t, command in enumerate(commands):
        rows.append(row(plant, t * PERIOD, command, rng))
        plant.advance(command, on, PERIOD)
    return as_log(plant, rows)


def row(plant: Hidden, now: float, command: Array, rng: np.random.Generator) -> list[float]:
    """One sample of a log."""
    felt = plant.read()
    torque = np.round((felt.torque + 0.01 * rng.standard_normal(len(command))) / 0.02) * 0.02
    angle, velocity = (
        np.round(values / step) * step
        for values, step in ((felt.angle, ENCODER), (felt.velocity, TACHOMETER))
    )
    return [now, *command, *angle, *velocity, *torque]


def as_log(plant: Hidden, rows: list[list[float]]) -> RobotLog:
    kinds = ("command", "position", "velocity", "torque")
    names = ["time", *(f"{joint}.{kind}" for kind in kinds for joint in plant.joints)]
    return RobotLog(dict(zip(names, np.array(rows).T, strict=True)))


def hung_log(seed: int, duration: float) -> tuple[RobotLog, dict[str, float]]:
    """A log of a hanging robot, and its true delays, which are asked for after it."""
    plant = Hidden(seed, hung=True)
    commands = excitation.excite(
        biped.build(hip_yaw=True), "mixed", duration, PERIOD, 0.5, 5.0, seed
    )
    log = record(plant, commands, seed)
    truth = plant.ask(do="reveal")
    plant.close()
    return log, truth


def walk(
    seed: int, experiment: Experiment, genome: Array, speed: float = SPEED
) -> tuple[float, float, RobotLog]:
    """How long a gait walks on a robot [s], how far [m], and the log."""
    plant, rng = Hidden(seed), np.random.default_rng(seed)
    host = Host(experiment, genome)
    host.asked[0] = speed
    places = [plant.joints.index(joint.name) for joint in host.morphology.joints]
    on, now, rows = np.ones(len(plant.joints), bool), 0.0, []

    while now < DURATION - 1e-9:
        targets = plant.home.copy()
        targets[places] = np.clip(host.step(felt(plant)), host.low, host.high)
        for part in range(SAMPLES):
            rows.append(row(plant, now + part * CONTROL / SAMPLES, targets, rng))
            plant.advance(targets, on, CONTROL / SAMPLES)
        now += CONTROL
        truth = plant.truth()
        if truth["lean [rad]"] > FALLEN[0] or truth["z [m]"] < FALLEN[1]:
            break
    far, log = plant.truth()["x [m]"], as_log(plant, rows)
    plant.close()
    return now, far, log


def felt(plant: Hidden) -> dict[str, Array]:
    """What a controller reads of a robot, by the names of MuJoCo's sensors."""
    found = plant.read()
    readings = {
        "torso.orientation": found.orientation,
        "torso.rate": found.rate,
        "torso.acceleration": found.acceleration,
    }
    for joint, angle, velocity in zip(plant.joints, found.angle, found.velocity, strict=True):
        readings[f"joint.{joint}.angle"] = np.array([round(angle / ENCODER) * ENCODER])
        readings[f"joint.{joint}.velocity"] = np.array([round(velocity / TACHOMETER) * TACHOMETER])
    for foot, load in zip(plant.feet, found.load, strict=True):
        readings[f"foot.{foot}.ground"] = np.array([0.0, 0.0, load])
    return readings


def simulated(experiment: Experiment, genome: Array) -> tuple[float, float]:
    """How long [s] and how far [m] a gait walks in its own simulation, from home."""
    ((body, params),) = experiment.embodied(genome[None])
    count = len(body.joints)
    scene = Scenario(np.zeros(count), np.zeros(count), command=np.array([SPEED, 0.0, 0.0]))
    native = simulator(experiment, 1, DURATION, body=body)
    (episode,) = native.run(params[None], [scene])
    return episode.duration, episode.forward


def published(run: str) -> tuple[Experiment, Array]:
    subject = Subject.of(run)
    return Experiment(subject.spec), subject.genome


def fit(seed: int, folder: Path) -> None:
    log, truth = hung_log(seed, 120.0)
    robot_log.write(folder / "log.csv", log)
    delay, lag = 1e3 * truth["delay"], 1e3 * truth["lag"]
    print(f"true delay {delay:.1f} + lag {lag:.1f} = {delay + lag:.1f} ms")
    for step, models, iterations in FITS:
        fit_models(folder, step, models, iterations)


def fit_models(folder: Path, step: float, models: str, iterations: int) -> None:
    """Fits models to `log.csv` at a physics step."""
    run, begin = folder / "believed.toml", time.process_time()
    run.write_text(BELIEVED.format(step=step))
    found = identify([folder / "log.csv"], str(run), models, False, iterations, 1)
    cpu = time.process_time() - begin
    print(f"physics step {step} s: before {1e3 * found.before_rms:.2f} mrad ({cpu:.0f} CPU s)")
    for one in found.fits:
        cut = 1 - one.rms / found.before_rms
        print(
            f"  {one.model.name:8} held out {1e3 * one.rms:6.2f} mrad, cut by {cut:.1%}, "
            f"{one.rms / found.fits[0].rms:.2f} x M1, delay {1e3 * one.delay:.1f} ms",
            flush=True,
        )


def learn(seed: int, folder: Path) -> None:
    log, _ = hung_log(seed, 90.0)
    experiment, genome = published("biped")
    walks = [walk(seed, experiment, genome, speed)[2] for speed in (0.25, 0.28, SPEED)]
    believed = hang(biped.build(hip_yaw=True))
    hung, *walked = (recording.recording(one, believed) for one in (log, *walks))

    for what, logs in (("hung", [hung]), ("hung and walking", [hung, *walked[:2]])):
        begin = time.process_time()
        model = learned.train(believed, logs)
        print(f"learned {what}, in {time.process_time() - begin:.0f} CPU s")
        print("  excitation, held out:", ratio(believed, model, hung, hung.held_out))
        whole = slice(20, len(walked[2].time))
        print("  another walk:", ratio(believed, model, walked[2], whole), flush=True)
    train_gaits(seed, folder, model)


def train_gaits(seed: int, folder: Path, model: learned.Learned, generations: int = 25) -> None:
    """Evolves the same gait with three models of the servos, and walks each on the robot."""
    (folder / "believed.toml").write_text(BELIEVED.format(step=0.005))
    short, _ = hung_log(seed, 45.0)
    robot_log.write(folder / "short.csv", short)
    found = identify([folder / "short.csv"], str(folder / "believed.toml"), "m1_play", False, 5, 1)
    files = {"fitted": found.write(folder), "learned": folder / "learned.json"}
    told = {"name": "biped", "hip_yaw": True}
    body_file.write(files["learned"], FittedBody(told, "learned", {}, model.network, {}))
    bodies = {"ideal": 'name = "biped"\nhip_yaw = true'}
    bodies |= {name: f'name = "fitted"\npath = "{file}"' for name, file in files.items()}

    for name, morphology in bodies.items():
        experiment, genome = evolve(folder, name, morphology, generations, "", 1)
        said, there = simulated(experiment, genome), walk(seed, experiment, genome)[:2]
        print(
            f"evolved with {name}: simulation {said[1]:.2f} m in {said[0]:.1f} s, robot "
            f"{there[1]:.2f} m in {there[0]:.1f} s",
            flush=True,
        )


def evolve(
    folder: Path,
    name: str,
    morphology: str,
    generations: int,
    worlds: str,
    episodes: int,
    *more: str,
) -> tuple[Experiment, Array]:
    """The champion of a short search on a body."""
    text = AGAIN.format(
        morphology=morphology, generations=generations, randomize=worlds, episodes=episodes
    )
    (folder / f"{name}.toml").write_text(text)
    out = folder / f"run-{name}"
    command = ["evoloco", "evolve", f"{folder}/{name}.toml", "--threads", "1", "--out", str(out)]
    subprocess.run([*command, "-q", *more], check=True)
    return published(str(out))


def ratio(body: object, model: learned.Learned, one: recording.Recording, part: slice) -> str:
    """RMSE of torques of the learned and of the ideal model."""
    inputs, torques = learned.examples(body, one, part)
    errors = [
        float(np.sqrt(np.mean((found - torques) ** 2)))
        for found in (learned.predicted(model, inputs), learned.ideal(body, one)[part])
    ]
    return f"learned {errors[0]:.3f} N m, ideal {errors[1]:.3f} N m: {errors[0] / errors[1]:.1%}"


def loop(seed: int, folder: Path, generations: int = 8) -> None:
    before = [
        walk_on_bus(seed, *published(run), folder / f"{run}.csv") for run in ("biped_fast", "biped")
    ]
    begin = time.process_time()
    (folder / "believed.toml").write_text(BELIEVED.format(step=0.005))
    play_on_bus(seed, folder, 45.0)
    found = identify([folder / "log.csv"], str(folder / "believed.toml"), "m1,m1_play", False, 4, 1)
    file = found.write(folder)
    took = time.process_time() - begin

    fitted = f'name = "fitted"\npath = "{file}"'
    start = ("--start", "biped")
    experiment, genome = evolve(folder, "again", fitted, generations, NEAR, 3, *start)
    said = simulated(experiment, genome)
    there = walk_on_bus(seed, experiment, genome, folder / "walk.csv")
    print(
        f"robot {seed}: nominal gait {before[0][0]:.1f} s, robust gait {before[1][0]:.1f} s; "
        f"{found.best.model.name} {1e3 * found.before_rms:.1f} -> {1e3 * found.best.rms:.1f} mrad "
        f"({took:.0f} CPU s); evolved again: simulation {said[1]:.2f} m in {said[0]:.1f} s, robot "
        f"{there[1]:.2f} m in {there[0]:.1f} s ({there[1] / said[1] - 1:+.1%})",
        flush=True,
    )
    for name, (_, _, why) in zip(("nominal", "robust", "new"), (*before, there), strict=True):
        if why:
            print(f"  {name} gait: {why}", flush=True)


def walk_on_bus(
    seed: int, experiment: Experiment, genome: Array, log: Path
) -> tuple[float, float, str]:
    """How long a gait walks on a robot behind the bus [s], how far [m], and why it ended early."""
    return Deployment(experiment, genome).walk(seed, SPEED, DURATION, log)


def play_on_bus(seed: int, folder: Path, duration: float) -> None:
    """Writes `log.csv` of a robot that hangs behind the bus."""
    body = biped.build(hip_yaw=True)
    commands = excitation.excite(body, "mixed", duration, PERIOD, 0.5, 5.0, seed)
    robot_log.write(folder / "excite.csv", excitation.as_log(body, commands, PERIOD))
    Deployment(*published("biped")).play(seed, folder / "excite.csv", folder / "log.csv")


if __name__ == "__main__":
    parts = {"fit": (fit, (4,)), "learned": (learn, (24,)), "loop": (loop, CHOSEN)}
    part, seeds = parts[sys.argv[1]]
    for number in map(int, sys.argv[2:] or seeds):
        with tempfile.TemporaryDirectory() as scratch:
            part(number, Path(scratch))
