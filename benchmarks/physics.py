"""Why the bundled bodies are simulated as they are: speed and convergence of the alternatives.

    python benchmarks/physics.py [--repeats 15] [--body biped] [--gaits RUN_FOLDER]

Prints the tables of docs/physics.md. Every body steps on the spot, open loop:
half sines lift the legs in turn; in three dimensions, hip and ankle roll sway
too. The motion stays on its feet with every alternative, so that all of them do
the same work. Speeds are steps per second of CPU time, the fastest of
interleaved repeats. With --gaits, the genomes of a finished run walk again with
other steps.
"""

import argparse
import copy
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import mujoco
import numpy as np

from evoloco.evaluators.local import Local
from evoloco.experiment import Experiment
from evoloco.genome import Array
from evoloco.morphologies import biped, hopper, planar_biped
from evoloco.morphology import GRAVITY, HOME, Morphology
from evoloco.run import Run
from evoloco.spec import read

BODIES: dict[str, Callable[..., Morphology]] = {
    "biped": biped.build,
    "planar_biped": planar_biped.build,
    "hopper": hopper.build,
}
CONTROL_DT = 0.02
STEP = 0.005
"""The bodies' own time step [s]."""
FINER = 8
SLOPE = 2
"""Slope on which the feet must not creep [degrees]; on a steeper one the planar biped falls."""
INTEGRATORS = {
    "Euler": mujoco.mjtIntegrator.mjINT_EULER,
    "implicitfast": mujoco.mjtIntegrator.mjINT_IMPLICITFAST,
    "discrete": mujoco.mjtIntegrator.mjINT_DISCRETE,
}
Change = Callable[[mujoco.MjModel], None]


def stepping(body: Morphology, time: float) -> Array:
    """Returns the target angles [rad] of a motion that lifts the legs in turn."""
    sway, late, frequency = 0.06, 0.9, 2.0
    lift = 0.12 if len(body.feet) > 1 else 0.04  # on one leg it is a knee bend
    angle = 2 * np.pi * frequency * time
    targets = []
    for joint in body.joints:
        sign = -1 if joint.side == "right" else 1
        up = max(0.0, -sign * np.sin(angle - late))
        change = {
            "hip_roll": -sign * sway * np.sin(angle),
            "ankle_roll": sign * sway * np.sin(angle),
            "hip_pitch": lift * up,
            "knee": 2 * lift * up,
            "ankle_pitch": lift * up,
        }[joint.stem]
        targets.append(joint.home + min(1.0, time) * change)
    return np.array(targets)


@dataclass
class Motion:
    """One simulation, with a row per control step.

    Attributes:
        qpos: Positions (T, nq).
        sensordata: Readings (T, nsensordata).
        penetration: Deepest contact of any step [m].
        speed: Physics steps per second of CPU time.
    """

    qpos: Array
    sensordata: Array
    penetration: float
    speed: float


def simulate(
    body: Morphology, model: mujoco.MjModel, duration: float, moving: bool = True
) -> Motion:
    """Simulates stepping on the spot, or standing, from the home keyframe."""
    data = at_home(model)
    substeps = round(CONTROL_DT / model.opt.timestep)
    controls = [
        stepping(body, step * CONTROL_DT) if moving else data.ctrl.copy()
        for step in range(round(duration / CONTROL_DT))
    ]

    rows, deepest, elapsed = [], 0.0, 0.0
    for control in controls:
        data.ctrl[:] = control
        began = time.thread_time()
        mujoco.mj_step(model, data, substeps)
        elapsed += time.thread_time() - began
        rows.append((data.qpos.copy(), data.sensordata.copy()))
        deepest = max(deepest, -float(np.min(data.contact.dist, initial=0.0)))

    qpos, sensordata = (np.array(part) for part in zip(*rows, strict=True))
    return Motion(qpos, sensordata, deepest, len(controls) * substeps / elapsed)


def at_home(model: mujoco.MjModel) -> mujoco.MjData:
    """Returns the home keyframe, with its controls as the history of delayed actuators."""
    data = mujoco.MjData(model)
    mujoco.mj_resetDataKeyframe(model, data, model.key(HOME).id)
    for actuator in range(model.nu):
        if samples := int(model.actuator_history[actuator, 0]):
            mujoco.mj_initCtrlHistory(
                model, data, actuator, None, np.full(samples, data.ctrl[actuator])
            )
    return data


def changed(model: mujoco.MjModel, change: Change) -> mujoco.MjModel:
    """Returns a changed copy of a model."""
    model = copy.copy(model)
    change(model)
    return model


def option(**values: float) -> Change:
    """Returns a change that sets options of a model."""

    def change(model: mujoco.MjModel) -> None:
        for name, value in values.items():
            setattr(model.opt, name, value)

    return change


def enabled(flag: mujoco.mjtDisableBit) -> Change:
    """Returns a change that enables what a flag disables."""
    return lambda model: setattr(model.opt, "disableflags", model.opt.disableflags & ~int(flag))


def speeds(body: Morphology, models: dict[str, mujoco.MjModel], repeats: int) -> dict[str, float]:
    """Returns the steps per second of each model, the best of interleaved repeats."""
    best = dict.fromkeys(models, 0.0)
    for _ in range(repeats):
        for name, model in models.items():
            best[name] = max(best[name], simulate(body, model, 2.0).speed)
    return best


def table(heads: list[str], rows: list[list[str]]) -> None:
    """Prints a table in Markdown."""
    for row in [heads, ["---"] * len(heads), *rows]:
        print(f"| {' | '.join(row)} |")
    print()


def steps_and_integrators(build: Callable[..., Morphology], repeats: int) -> None:
    """Prints convergence and cost of each integrator and step, against a finer step."""
    bodies = {step: build(timestep=step) for step in (0.002, 0.004, STEP, 0.01)}
    models = {
        (name, step): changed(body.model, option(integrator=int(kind)))
        for name, kind in INTEGRATORS.items()
        for step, body in bodies.items()
    }
    best = speeds(bodies[STEP], {str(key): model for key, model in models.items()}, repeats)

    rows = []
    for (name, step), model in models.items():
        body, fine = bodies[step], build(timestep=step / FINER)
        reference = changed(fine.model, option(integrator=model.opt.integrator))
        coarse, exact = (simulate(body, each, 2.0) for each in (model, reference))

        difference = (coarse.qpos - exact.qpos)[:, -len(body.joints) :]
        angles = np.sqrt(np.mean(difference**2))
        place = body.sensor("torso.position")
        way = np.linalg.norm((coarse.sensordata - exact.sensordata)[:, place], axis=1)

        bold = "**" if name == "Euler" and step == STEP else ""
        rate = best[str((name, step))]
        rows.append(
            [
                f"{bold}{name}{bold}",
                f"{bold}{1000 * step:g}{bold}",
                f"{rate / 1000:.1f}",
                f"{rate * step:.0f}",
                f"{1000 * angles:.2f}",
                f"{1000 * way[: len(way) // 2].max():.2f}",
                f"{1000 * way.max():.1f}",
            ]
        )
    errors = ["joints, rms [mrad]", "torso, 1 s [mm]", "torso, 2 s [mm]"]
    table(["integrator", "step [ms]", "1000 steps/s", "simulated s/s", *errors], rows)


def parts(build: Callable[..., Morphology], repeats: int) -> None:
    """Prints what single choices cost, and their effect on the contact."""
    body = build()
    flags = mujoco.mjtDisableBit
    choices: dict[str, Change] = {
        "as it is": lambda _: None,
        "elliptic cone": option(cone=int(mujoco.mjtCone.mjCONE_ELLIPTIC)),
        "elliptic cone, impratio 10": option(cone=int(mujoco.mjtCone.mjCONE_ELLIPTIC), impratio=10),
        "islands on": enabled(flags.mjDSBL_ISLAND),
        "5 solver iterations at most": option(iterations=5),
        "tolerance 1e-5": option(tolerance=1e-5),
        "solver CG": option(solver=int(mujoco.mjtSolver.mjSOL_CG)),
        "solver PGS": option(solver=int(mujoco.mjtSolver.mjSOL_PGS)),
        "no joint friction": lambda model: model.dof_frictionloss.fill(0),
        "no latency": lambda model: model.actuator_delay.fill(0),
        "no sensors": option(disableflags=body.model.opt.disableflags | int(flags.mjDSBL_SENSOR)),
        "contact 4x as stiff": lambda model: model.geom_solref.__setitem__(
            (slice(None), 0), 2 * STEP
        ),
    }
    models = {name: changed(body.model, change) for name, change in choices.items()}
    best = speeds(body, models, repeats)

    rows = []
    for name, model in models.items():
        standing = simulate(body, model, 1.0, moving=False)
        moving = simulate(body, model, 2.0)
        rows.append(
            [
                name,
                f"{best[name] / best['as it is']:.2f}",
                f"{1000 * standing.penetration:.2f}",
                f"{1000 * moving.penetration:.2f}",
                f"{1000 * creep(body, model):.2f}",
            ]
        )
    depths = ["sinks settling [mm]", "sinks stepping [mm]"]
    table(["choice", "speed", *depths, f"creeps on {SLOPE}° [mm/s]"], rows)


def creep(body: Morphology, model: mujoco.MjModel) -> float:
    """Returns the speed at which a standing body creeps on a slope [m/s], in the second second."""
    sideways = GRAVITY * np.tan(np.radians(SLOPE))
    tilted = changed(model, lambda each: each.opt.gravity.__setitem__(0, sideways))
    place = simulate(body, tilted, 2.0, moving=False).qpos[:, 0]
    return float((place[-1] - place[len(place) // 2]) / 1.0)


def standing_and_falling(builds: dict[str, Callable[..., Morphology]]) -> None:
    """Prints the force of standing, and the energy of a body thrown without friction and motors."""
    steps = (STEP, STEP / 2, STEP / FINER)
    rows = []
    for name, build in builds.items():
        body = build()
        loads = simulate(body, body.model, 2.0, moving=False).sensordata[50:]
        load = sum(loads[:, body.sensor(f"foot.{foot}.ground")][:, 2] for foot in body.feet)
        weight = f"{100 * np.mean(load) / body.weight - 100:+.3f}"
        drifts = [energy_drift(build(timestep=step).model) for step in steps]
        rows.append([name, f"{body.mass:.2f}", weight, *(f"{100 * drift:.3f}" for drift in drifts)])

    heads = ["body", "mass [kg]", "ground force over weight [%]"]
    heads += [f"energy drift at {1000 * step:g} ms [%]" for step in steps]
    table(heads, rows)


def energy_drift(model: mujoco.MjModel) -> float:
    """Returns the largest change of energy in 0.5 s of free flight, over the kinetic energy [1]."""
    flags = mujoco.mjtDisableBit
    off = (
        flags.mjDSBL_ACTUATION
        | flags.mjDSBL_CONTACT
        | flags.mjDSBL_LIMIT
        | flags.mjDSBL_FRICTIONLOSS
    )
    model = changed(model, option(disableflags=model.opt.disableflags | int(off)))
    model.opt.enableflags |= int(mujoco.mjtEnableBit.mjENBL_ENERGY)

    data = at_home(model)
    data.qvel[:] = np.random.default_rng(0).uniform(-3, 3, model.nv)
    mujoco.mj_forward(model, data)
    kinetic, energies = data.energy[1], []
    while data.time < 0.5:
        mujoco.mj_step(model, data)
        mujoco.mj_forward(model, data)
        energies.append(data.energy.sum())
    return float(np.ptp(energies) / kinetic)


def gaits(folder: Path, count: int = 40) -> None:
    """Prints distance and falls of a run's better gaits with other steps."""
    records = list(Run(folder).journal.generations())
    genomes = np.concatenate([record.genomes for record in records])
    fitness = np.concatenate([record.fitness for record in records])
    better = np.argsort(-fitness)[: len(fitness) // 4]
    genomes = genomes[better[:: max(1, len(better) // count)]][:count]

    found = []
    for step in (2 * STEP, STEP, STEP / 2, STEP / FINER):
        experiment = Experiment(read(folder / "run.toml", [f"morphology.timestep={step}"]))
        evaluation = Local(experiment).evaluate(genomes, experiment.scenarios(0)[:1], 0.0)
        fell = int(np.sum(evaluation.outcome != "completed"))
        found.append((step, fell, evaluation.distance[:, 0], evaluation.fitness[:, 0]))

    finest = found[-1][-1]
    rows = [
        [
            f"{1000 * step:g}",
            f"{fell} of {len(way)}",
            f"{way.mean():.2f}",
            f"{quality.mean():.2f}",
            f"{rank_correlation(quality, finest):.2f}",
        ]
        for step, fell, way, quality in found
    ]
    means = ["mean distance [m]", "mean fitness"]
    table(["step [ms]", "fell", *means, "rank correlation with the finest"], rows)


def rank_correlation(a: Array, b: Array) -> float:
    """Returns Spearman's rank correlation."""
    first, second = (np.argsort(np.argsort(values)).astype(np.float64) for values in (a, b))
    return float(np.corrcoef(first, second)[0, 1])


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--repeats", type=int, default=15)
    parser.add_argument("--body", choices=list(BODIES))
    parser.add_argument("--gaits", type=Path)
    arguments = parser.parse_args()
    if arguments.gaits:
        gaits(arguments.gaits)
        return
    chosen = {name: build for name, build in BODIES.items() if arguments.body in (None, name)}
    for name, build in chosen.items():
        print(f"### {name}\n")
        steps_and_integrators(build, arguments.repeats)
        parts(build, arguments.repeats)
    print("### Standing and flying\n")
    standing_and_falling(chosen)


if __name__ == "__main__":
    main()
