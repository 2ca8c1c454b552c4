"""What the compiled episode is told once for a batch: tables, sizes, places and offsets."""

import math

import mujoco
import numpy as np

from evoloco.episode import Columns
from evoloco.fields import names, place, size
from evoloco.morphology import Morphology
from evoloco.scenario import Termination
from evoloco.self_contact import welds
from evoloco.sensor import Clock, Estimate
from evoloco.sim import capi, plan
from evoloco.sim.arrays import Arrays
from evoloco.sim.compile import CompiledController
from evoloco.sim.prepared import Body, kinds


def fill(
    arrays: Arrays,
    body: Body,
    compiled: CompiledController,
    columns: Columns,
    termination: Termination,
) -> None:
    """Writes into the plan what stays as it is, except for times.

    Args:
        arrays: With the plan.
        body: The batch's own.
        compiled: Its controller.
        columns: Layout of a row of the trace.
        termination: What counts as a fall.
    """
    morphology = body.morphology
    _fill_tables(arrays, body)
    arrays.set(
        reset_function=compiled.reset,
        step_function=compiled.step,
        **_sizes(morphology, compiled, columns),
        **_places_in_sensordata(morphology),
        **_places_in_obs(morphology),
        **_offsets(body.data),
        **_bodies(morphology),
        **_columns(columns),
        min_upright=_min_upright(termination.max_tilt),
        end_on_contact=int(termination.body_contact),
        end_on_self_contact=int(termination.self_contact),
        **_estimate(morphology),
        **_clock(morphology),
    )


def _fill_tables(arrays: Arrays, body: Body) -> None:
    """Hands over the arrays that all simulations share."""
    morphology, model = body.morphology, body.morphology.model

    gather = np.array([reading[:2] for reading in body.readings], np.int64)
    arrays.use("gather", gather.reshape(-1, 2))
    arrays.set(gather_count=len(gather))
    arrays.use("geom_kind", kinds(morphology))
    arrays.use("geom_weld", welds(model))

    position = [morphology.sensor(f"foot.{foot}.position").start for foot in morphology.feet]
    ground = [morphology.sensor(f"foot.{foot}.ground").start for foot in morphology.feet]
    limited = morphology.joints if morphology.muscles else ()
    limits = [morphology.sensor(f"joint.{joint.name}.limit").start for joint in limited]
    arrays.use("foot_position", np.array(position, np.int64))
    arrays.use("foot_ground", np.array(ground, np.int64))
    arrays.use("foot_body", np.array([model.body(foot).id for foot in morphology.feet], np.int64))
    arrays.use("limit_place", np.array(limits, np.int64))

    joints = [model.joint(joint.name) for joint in morphology.joints]
    arrays.use("joint_qpos", np.array([joint.qposadr[0] for joint in joints], np.int64))
    arrays.use("joint_qvel", np.array([joint.dofadr[0] for joint in joints], np.int64))


def _sizes(
    morphology: Morphology, compiled: CompiledController, columns: Columns
) -> dict[str, int]:
    of_model = ("nq", "nv", "na", "nsensordata", "ngeom", "nbody")
    return {
        **{name: getattr(morphology.model, name) for name in of_model},
        "nu": morphology.controls,
        "outputs": morphology.outputs,
        "joints": len(morphology.joints),
        "feet": len(morphology.feet),
        "limits": len(morphology.joints) if morphology.muscles else 0,
        "param_size": size(compiled.params),
        "state_size": size(compiled.state),
        "obs_size": size(morphology.observation),
        "row_size": columns.size,
    }


def _places_in_sensordata(morphology: Morphology) -> dict[str, int]:
    """Places of the torso's readings."""
    of_torso = ("orientation", "position", "velocity", "rate")
    return {name: morphology.sensor(f"torso.{name}").start for name in of_torso}


def _places_in_obs(morphology: Morphology) -> dict[str, int]:
    """Places of the sensors that the kernel forms, and of those that it forms one from."""
    layout = morphology.observation
    starts = {name: place(layout, name).start for name in names(layout)}
    formed = {
        sensor.source: starts[sensor.name]
        for sensor in morphology.sensors
        if isinstance(sensor.source, str)
    }
    return {
        "tilt_at": formed.get("tilt", plan.NOWHERE),
        "foot_ahead_at": formed.get("foot_ahead", plan.NOWHERE),
        "asked_at": formed.get("command", plan.NOWHERE),
        "felt_rate": starts.get("rate", plan.NOWHERE),
        "felt_acceleration": starts.get("acceleration", plan.NOWHERE),
    }


def _estimate(morphology: Morphology) -> dict[str, float]:
    """Place and time constant [s] of the estimated tilt, if there is one."""
    for sensor in morphology.sensors:
        if isinstance(sensor.source, Estimate):
            at = place(morphology.observation, sensor.name).start
            return {"estimate_at": at, "estimate_time": sensor.source.time_constant}
    return {"estimate_at": plan.NOWHERE, "estimate_time": 1.0}


def _clock(morphology: Morphology) -> dict[str, float]:
    """Place and period [s] of the clock, if there is one."""
    for sensor in morphology.sensors:
        if isinstance(sensor.source, Clock):
            at = place(morphology.observation, sensor.name).start
            return {"clock_at": at, "clock_period": sensor.source.period}
    return {"clock_at": plan.NOWHERE, "clock_period": 1.0}


def _offsets(data: mujoco.MjData) -> dict[str, int]:
    """Byte offsets in mjData and mjContact."""
    direct = ("time", "ncon", "warning", "contact")
    arrays = (
        *("qpos", "qvel", "act", "ctrl", "sensordata", "xfrc_applied"),
        *("actuator_force", "actuator_velocity", "actuator_length"),
        *("cvel", "subtree_com", "xpos", "xquat", "xmat"),
    )
    return {
        **{f"at_{name}": capi.offset("mjData", name) for name in direct},
        **{f"at_{name}": capi.pointer_offset(data, name) for name in arrays},
        "contact_size": capi.size("mjContact"),
        "contact_geom": capi.offset("mjContact", "geom"),
        "contact_exclude": capi.offset("mjContact", "exclude"),
    }


def _bodies(morphology: Morphology) -> dict[str, int]:
    """The torso, the body whose pose is the torso's, and the one that the robot begins with."""
    model = morphology.model
    torso = model.body(morphology.torso).id
    frame = model.body(morphology.torso_frame).id
    return {"torso": torso, "frame": frame, "root": int(model.body_rootid[torso])}


def _columns(columns: Columns) -> dict[str, int]:
    """Where the arrays that the kernel fills step by step stand in a row of the trace."""
    found = {
        "position_column": "torso_position",
        "orientation_column": "torso_orientation",
        "velocity_column": "torso_velocity",
        "angle_column": "joint_angle",
        "foot_column": "foot_position",
        "force_column": "ground_force",
        "slip_column": "foot_slip",
        "limit_column": "limit_torque",
        "muscle_column": "contraction",
        "work_column": "positive_work",
        "energy_column": "electrical_energy",
        "shake_column": "shake",
        "contact_column": "body_contact",
        "self_contact_column": "self_contact",
        "state_column": "controller_state",
    }
    return {
        column: columns.slices[name].start if columns.widths[name] else plan.NOWHERE
        for column, name in found.items()
    }


def _min_upright(max_tilt: float) -> float:
    """Cosine of the largest tilt [rad]; one that no body reaches where any tilt is allowed."""
    return math.cos(max_tilt) if max_tilt < math.pi else -math.inf
