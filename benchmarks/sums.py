"""Measures and gait numbers beside independent sums over every physics step.

    python benchmarks/sums.py [--bodies biped_sine ...] [--substeps 1 4 10 20] [--worst 12]

Every body does what its published champion does, controlled every so many physics steps, in an
episode that nothing ends early. Slow control makes most of them fall and struggle, which is as good
for counting as walking. The other side steps through the episode with mj_step, reads MuJoCo's own
arrays after every physics step, and sums with NumPy, without evoloco's trace, sensors and measures.
Printed is how far evoloco's number is from it, relative to it. A number whose size is below a
hundredth of its scale is left out: nothing is a hundredth of nothing.
"""

import argparse
import json
from collections import defaultdict
from typing import Any

import mujoco
import numpy as np

from evoloco.bundled import run_file
from evoloco.episode import Episode
from evoloco.evaluators.local import simulator
from evoloco.experiment import Experiment
from evoloco.fields import Array
from evoloco.gait.analysis import analyse
from evoloco.members import member
from evoloco.spec import read

BODIES = ("biped_sine", "planar_biped", "hopper", "muscle_biped", "muscle_creature")
SUBSTEPS = (1, 4, 10, 20)
DURATION, WARM_UP = 6.0, 1.0
HEAD = 0.3
"""Height over the torso at which a head is shaken [m]."""

ENDLESS = [
    "scenario.termination.min_height=0.0",
    "scenario.termination.max_tilt=10.0",
    "scenario.termination.body_contact=false",
    "scenario.push.count=0",
    "evaluation.heldout_duration=0.0",
]

SCALES = {
    "cost_of_transport": 1.0, "effort": 1.0, "distance": 0.5, "forward_speed": 0.2,
    "foot_slip": 0.05, "heading": 0.2, "lateral_drift": 0.1, "body_contact": 0.2,
    "duty_factor": 0.5, "ground_reaction": 0.5, "impact_load": 1.0, "head_acceleration": 5.0,
    "head_tilt": 0.2, "joint_limit_torque": 5.0, "joint_limit_use": 0.1, "speed_tracking": 0.5,
    "upright": 0.5, "peak_load": 1.0, "lowest_torso": 0.2, "largest_tilt": 0.3, "slip": 0.05,
    "speed": 0.2, "mechanical_cost": 1.0, "electrical_cost": 1.0, "stride_frequency": 1.0,
    "alternation": 0.3,
}  # fmt: skip
"""Usual size of each number [its unit]."""


def lived(name: str, substeps: int) -> tuple[Episode, Array]:
    """An episode of a published champion, and MuJoCo's state at its start."""
    dt = float(Experiment(read(run_file(name))).morphology.model.opt.timestep)
    control = substeps * dt
    duration = control * round(DURATION / control)
    changes = [*ENDLESS, f"scenario.control_dt={control}", f"scenario.duration={duration}"]
    experiment = Experiment(read(run_file(name), changes))
    told = json.loads(run_file(name).with_name("champion.json").read_text(encoding="utf-8"))

    genome, scenario = np.array(told["genome"]), experiment.scenarios(0)[0]
    native, params = simulator(experiment, 1), experiment.parameters(genome)[None]
    bodies = [experiment.body(genome)] if experiment.body_genes else []
    (episode,) = native.run(params, [scenario], bodies=bodies)
    return episode, native.settings([scenario], bodies)[0][0].start


def steps(episode: Episode, start: Array) -> dict[str, Array]:
    """What MuJoCo has in every physics step, by name (N, ...)."""
    morphology = episode.morphology
    model, data = morphology.model, mujoco.MjData(morphology.model)
    mujoco.mj_setState(model, data, start, mujoco.mjtState.mjSTATE_INTEGRATION)
    rows: dict[str, list[Any]] = defaultdict(list)

    joints = morphology.joints
    for ctrl in np.repeat(episode["ctrl"], episode.substeps, axis=0):
        data.ctrl[:] = ctrl
        speed = data.qvel.copy()
        rows["angle"].append(np.array([data.joint(joint.name).qpos[0] for joint in joints]))
        mujoco.mj_step(model, data)  # but for qpos and qvel, data is that of where the step began
        for key, value in _read(morphology, data, speed).items():
            rows[key].append(value)
    return {key: np.array(values) for key, values in rows.items()}


def _read(morphology: Any, data: Any, speed: Array) -> dict[str, Any]:
    model, torso = morphology.model, data.body(morphology.torso)
    force, centre, touched = _contacts(morphology, data)
    feet = [model.body(foot).id for foot in morphology.feet]
    slip = [_velocity(model, data, speed, *pair) for pair in zip(feet, centre, strict=True)]
    turn = torso.xmat.reshape(3, 3)
    joints = [model.joint(joint.name) for joint in morphology.joints]
    limits = data.efc_type == int(mujoco.mjtConstraint.mjCNSTR_LIMIT_JOINT)
    return {
        "force": force,
        "slip": np.hypot(*np.array(slip)[:, :2].T),
        "touched": touched,
        "power": data.actuator_force * data.actuator_velocity,
        "actuator_force": data.actuator_force.copy(),
        "position": torso.xpos.copy(),
        "velocity": _velocity(model, data, speed, torso.id, torso.xpos),
        "head": _velocity(model, data, speed, torso.id, torso.xpos + HEAD * turn[:, 2]),
        "up": turn[2].copy(),
        "yaw": np.arctan2(turn[1, 0], turn[0, 0]),
        "limit": np.array(
            [abs(data.efc_force[limits & (data.efc_id == joint.id)].sum()) for joint in joints]
        ),
    }


def _contacts(morphology: Any, data: Any) -> tuple[Array, Array, float]:
    """Force of the ground on each foot, where it acts, and whether anything else touches."""
    model, names = morphology.model, morphology.feet
    force, centre, weight = (
        np.zeros((len(names), 3)),
        np.zeros((len(names), 3)),
        np.zeros(len(names)),
    )
    wrench, touched = np.zeros(6), 0.0
    own = [set(morphology.geoms_of(name)) for name in names]
    for index in range(data.ncon):
        geoms = data.contact[index].geom.tolist()
        ground = [geom in morphology.floor for geom in geoms]
        if sum(ground) != 1:
            continue
        other = geoms[ground.index(False)]
        foot = next((i for i, mine in enumerate(own) if other in mine), None)
        if foot is None:
            touched = 1.0
            continue
        mujoco.mj_contactForce(model, data, index, wrench)
        pulled = data.contact[index].frame.reshape(3, 3).T @ wrench[:3]
        size = float(np.linalg.norm(wrench[:3]))
        force[foot] += pulled if geoms[1] == other else -pulled
        centre[foot] += size * data.contact[index].pos
        weight[foot] += size
    return force, centre / np.maximum(weight, 1e-12)[:, None], touched


def _velocity(model: Any, data: Any, speed: Array, body: int, point: Array) -> Array:
    jacobian = np.zeros((3, model.nv))
    mujoco.mj_jac(model, data, jacobian, None, point, body)
    return np.asarray(jacobian @ speed)


def measures(episode: Episode, found: dict[str, Array]) -> dict[str, float]:
    """Independent values of the measures over the whole episode."""
    body, dt = episode.morphology, episode.physics_dt
    weight = body.weight
    load, force = found["force"][:, :, 2], found["force"]
    loaded = load > 0.1 * weight / len(body.feet)
    way = float(found["position"][-1, 0] + dt * found["velocity"][-1, 0] - found["position"][0, 0])
    energy = float(np.maximum(found["power"], 0).sum()) * dt
    upright = found["up"][:, 2]
    mean_up = found["up"].mean(axis=0)
    off = np.arctan2(np.linalg.norm(np.cross(found["up"], mean_up), axis=1), found["up"] @ mean_up)
    total = force[:, :, 2].sum(axis=1) / weight
    late = np.repeat(episode.time - episode.time[0] >= 1.0, episode.substeps)
    peaks = load.reshape(len(episode), -1).max(axis=1) / weight
    model = body.model
    joints = [model.joint(joint.name).id for joint in body.joints]
    low, high = model.jnt_range[joints].T
    inset = 0.05 * (high - low)
    inner = (found["angle"] < low + inset) | (found["angle"] > high - inset)
    limited = model.jnt_limited[joints] != 0
    values = {
        "cost_of_transport": min(energy / (weight * way), 20.0) if way > 0 else 20.0,
        "distance": way,
        "forward_speed": float(found["velocity"][:, 0].mean()),
        "heading": float(np.abs(found["yaw"]).mean()),
        "lateral_drift": float(np.abs(found["position"][:, 1] - found["position"][0, 1]).mean()),
        "body_contact": float(found["touched"].mean()),
        "duty_factor": float(loaded.mean()),
        "foot_slip": float(
            ((found["slip"] * loaded).sum(axis=1) / np.maximum(loaded.sum(axis=1), 1)).mean()
        ),
        "ground_reaction": float((np.maximum(total - 1.4, 0) * late).mean()),
        "impact_load": float(peaks.mean()),
        "head_acceleration": float(
            np.sqrt(((np.diff(found["head"], axis=0) / dt) ** 2).sum(axis=1).mean())
        ),
        "head_tilt": float(np.sqrt((off**2).mean())),
        "joint_limit_use": float((inner & limited).mean()),
        "speed_tracking": float(np.exp(-(((found["velocity"][:, 0] - 0.5) / 0.25) ** 2)).mean()),
        "upright": float(upright.mean()),
        "stride_frequency": float((np.diff(loaded.astype(int), axis=0) > 0).sum())
        / len(body.feet)
        / (len(load) * dt),
    }
    if len(body.feet) == 2:
        pair = np.maximum(load, 0)
        sums = pair.sum(axis=1)
        balance = (pair[:, 0] - pair[:, 1]) / np.where(sums > 0, sums, 1)
        values["alternation"] = float(np.abs(balance - balance.mean()).mean())
    if body.muscles:
        values["joint_limit_torque"] = float(found["limit"].sum(axis=1).mean())
    return values


def gait_numbers(episode: Episode, found: dict[str, Array]) -> dict[str, float]:
    """Independent values of gait numbers, after the warm-up where the gait's are."""
    body, dt = episode.morphology, episode.physics_dt
    begin = round(WARM_UP / episode.control_dt) * episode.substeps
    weight, position = body.weight, found["position"]
    load = found["force"][begin:, :, 2]
    loaded = load > 0.1 * weight / len(body.feet)
    way = float(position[-1, 0] + dt * found["velocity"][-1, 0] - position[begin, 0])
    energy = float(np.maximum(found["power"][begin:], 0).sum()) * dt
    up = found["up"]
    values = {
        "speed": way / ((len(position) - begin) * dt),
        "mechanical_cost": energy / (weight * way) if way > 0 else np.nan,
        "peak_load": float(load.sum(axis=1).max()) / weight,
        "slip": float((found["slip"][begin:] * loaded).sum()) / max(int(loaded.sum()), 1),
        "lowest_torso": float(position[:, 2].min()),
        "largest_tilt": float(np.arctan2(np.hypot(up[:, 0], up[:, 1]), up[:, 2]).max()),
    }
    if body.has_motors:
        resistance, constant = body.model.actuator_gainprm[:, :2].T
        current = found["actuator_force"] / constant
        drawn = np.maximum(resistance * current**2 + found["power"], 0)[begin:].sum() * dt
        values["electrical_cost"] = float(drawn) / (weight * way) if way > 0 else np.nan
    return values


def compare(name: str, substeps: int) -> dict[str, tuple[float, float]]:
    """The number of evoloco and the independent one, by name."""
    episode, start = lived(name, substeps)
    found = steps(episode, start)
    table = {}
    options = {"head_acceleration": {"height": HEAD}}
    for key, wanted in measures(episode, found).items():
        value = member("fitness", key).measure(episode, **options.get(key, {}))
        table[key] = (float(np.mean(value)), wanted)
    gait = analyse(episode, WARM_UP)
    for key, wanted in gait_numbers(episode, found).items():
        table[f"gait {key}"] = (float(getattr(gait, key)), wanted)
    return table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--bodies", nargs="+", default=BODIES)
    parser.add_argument("--substeps", nargs="+", type=int, default=SUBSTEPS)
    parser.add_argument("--worst", type=int, default=12, help="numbers that are printed one by one")
    args = parser.parse_args()

    worst: dict[str, float] = defaultdict(float)
    rows = []
    for name in args.bodies:
        for substeps in args.substeps:
            for key, (value, wanted) in compare(name, substeps).items():
                scale = SCALES[key.removeprefix("gait ")]
                if np.isnan(wanted) or abs(wanted) < scale / 100:
                    continue
                off = abs(value - wanted) / abs(wanted)
                worst[key] = max(worst[key], off)
                rows.append((off, key, name, substeps, value, wanted))

    print(f"{len(rows)} numbers; {sum(row[0] <= 0.01 for row in rows)} within 1 %.")
    print("| number | largest error |\n|---|---|")
    for key, off in worst.items():
        print(f"| {key} | {100 * off:.2f} % |")
    print("\n| off | number | run | physics steps per control step | evoloco | independent |")
    print("|---|---|---|---|---|---|")
    for off, key, name, substeps, value, wanted in sorted(rows, reverse=True)[: args.worst]:
        print(f"| {100 * off:.2f} % | {key} | {name} | {substeps} | {value:.5g} | {wanted:.5g} |")


if __name__ == "__main__":
    main()
