"""What the compiled episode is given: one record of addresses, sizes, places and times.

Everything that depends on the body, the controller or the run reaches the kernel through it, at run
time, so the kernel is compiled once and serves them all.
"""

import numpy as np

RUNNING, COMPLETED, FELL, UNSTABLE, RAISED, BLIND = 0, 1, 2, 3, 4, 5
"""Codes of an episode's outcome; one whose controller or compiled sensor failed has none."""

BODY, FOOT, GROUND, SCENERY = 0, 1, 2, 3
"""Kinds of geoms: of the robot, of its feet, the ground, and of what is not the robot."""

HEIGHT, STIFFNESS, DAMPING, TURN_STIFFNESS, TURN_DAMPING = range(5)
"""Columns of the virtual support: height over the ground [m], stiffness [N/m], damping [N s/m], and
the same about the horizontal axes [N m/rad, N m s/rad]."""

SUPPORT = 5
"""Numbers in a row of the virtual support."""

GAUSSIAN, STUDENT_T, FREEDOM, BIAS, DROPOUT, QUANTUM, OFFSET = range(7)
"""Columns of a channel's noise: see `evoloco.sensor.Noise`, and a constant error [unit]."""

NOISE_COLUMNS = ("gaussian", "student_t", "freedom", "bias", "dropout", "quantum", "offset")
"""Columns of a channel's noise by name."""

NOISE = len(NOISE_COLUMNS)
"""Numbers in a row of noise."""

PUSH = 5
"""Numbers of a push: its first physics step, the one after its last, force x, y, z [N]."""

STAGE = 5
"""Numbers of a stage of the command: its first control step, start [s], speed [m/s], heading at the
start [rad], turning rate [rad/s]."""

CONTRACTION = 4
"""Numbers of a muscle in a physics step: activation, length, velocity, force."""

MOTION = 7
"""Numbers of the torso's motion: velocity, that of its vertical axis, whether there is one."""

NOWHERE = -1
"""A place that does not exist."""

REAL = ("physics_dt", "ramp", "estimate_time", "clock_period", "min_upright")
"""Entries of the record that are no integers."""

PLAN = np.dtype(
    [
        (name, np.float64 if name in REAL else np.int64)
        for name in (
            # Addresses of arrays with a row per simulation.
            "params",  # (nsim, param_size)
            "state",  # (nsim, state_size)
            "obs",  # (nsim, obs_size): what the controller feels
            "true",  # (nsim, obs_size): what it would feel without noise, delay and interval
            "held",  # (nsim, obs_size): last sample of each channel
            "bias",  # (nsim, obs_size): bias of each channel in this episode
            "stamp",  # (nsim, obs_size): control step of the last detection, for ages
            "history",  # (nsim, depth, obs_size): samples of the last control steps
            "estimate",  # (nsim, 2): estimated roll and pitch [rad]
            "readings",  # (nsim, nsensordata + outputs): sensordata, actuator_force between calls
            "trace",  # (nsim, rows, row_size)
            "outcome",  # int64 (nsim, 1)
            "lived",  # int64 (nsim, 1): control steps done
            "fresh",  # int64 (nsim, 1): 1 from loading until the episode has begun
            "observed",  # int64 (nsim, 1): 1 where obs belongs to the control step that comes next
            "busy",  # int64 (nsim, 1): 1 while a thread simulates it
            "sensor_free",  # int64 (nsim, 1): model for physics steps whose sensors nobody reads
            "key",  # int64 (nsim, 2): of the random numbers of this episode
            "pushes",  # (nsim, push_count, PUSH)
            "drift_address",  # int64 (nsim, drift_count, 2): of a number in both models
            "drift_value",  # (nsim, drift_count, 2): its value at the start, and at the planned end
            "gather_scale",  # (nsim, gather_count)
            "gather_shift",  # (nsim, gather_count): taken off a reading before it is scaled
            "home_ctrl",  # (nsim, nu)
            "floor_kind",  # int64 (nsim, floors, KIND): see `evoloco.ground`
            "floor_form",  # (nsim, floors, FORM)
            "home_ground",  # (nsim, 1): height of the ground beneath the torso at home [m]
            "rule",  # int64 (nsim, 3): the rule that ended the episode, and on which parts
            "rule_value",  # (nsim, 1): the number that broke it
            "motion",  # (nsim, 7): the torso's motion in the physics step before
            "motor",  # (nsim, outputs, 2): resistance and torque constant of each servo
            "touches_itself",  # int64 (nsim, 1): whether parts of the robot can touch each other
            "min_height",  # (nsim, 1): height over the ground below which an episode ends [m]
            "support",  # (nsim, SUPPORT): the virtual support
            "leg_length",  # (nsim, 1) [m]
            "asked",  # (nsim, stage_count, STAGE): stages of the command
            "stage",  # int64 (nsim, 1): number of the present one
            "noise",  # (nsim, obs_size, NOISE)
            "delay",  # int64 (nsim, obs_size): of each channel [control steps]
            "command",  # (nsim, nu): the answer of a controller that does not reach ctrl at once
            "command_offset",  # (nsim, nu): added to every command
            "late",  # (nsim, late_count, nu): commands on their way
            "arrival",  # int64 (nsim, late_count): physics step in which they arrive
            "command_delay",  # int64 (nsim, 2): delay and jitter [physics steps]
            "actuator_params",  # (nsim, actuator_param_size)
            "actuator_state",  # (nsim, actuator_state_size)
            "sensor_memory",  # (nsim, sensor_memory_size): of compiled sensors
            "joint_angle",  # (nsim, joints): for the actuators
            "joint_velocity",  # (nsim, joints)
            # Addresses of arrays that all simulations share.
            "gather",  # int64 (gather_count, 2): from sensordata, to obs
            "geom_kind",  # int64 (ngeom,): BODY, FOOT or GROUND
            "geom_weld",  # int64 (ngeom,): group of bodies that do not move within it
            "foot_ground",  # int64 (feet,): place of the ground's force in sensordata
            "foot_body",  # int64 (feet,): body of each foot
            "limit_place",  # int64 (limits,): place of each joint limit's torque in sensordata
            "foot_position",  # int64 (feet,): place of the foot's position in sensordata
            "interval",  # int64 (obs_size,): control steps between samples of each channel
            "compiled",  # int64 (compiled_count, COMPILED): see `evoloco.sim.sense`
            "dates",  # int64 (obs_size,): 1 for a channel that is the age of those before it
            "frames",  # int64 (obs_size,): the channel whose draw says whether a sample is lost
            "joint_qpos",  # int64 (joints,): place in qpos
            "joint_qvel",  # int64 (joints,): place in qvel
            # Compiled functions.
            "reset_function",
            "step_function",
            "actuate_function",  # 0 for none
            # Sizes.
            "nq",
            "nv",
            "na",
            "nu",  # numbers that the controller writes; other controls stay as at the start
            "outputs",  # forces of the robot's own actuators, which are the first ones
            "nsensordata",
            "joints",
            "param_size",
            "state_size",
            "obs_size",
            "row_size",
            "actuator_param_size",
            "actuator_state_size",
            "sensor_memory_size",
            "compiled_count",
            "gather_count",
            "push_count",
            "stage_count",
            "drift_count",
            "late_count",
            "feet",
            "limits",
            "floors",
            "ngeom",
            "nbody",
            # Time.
            "advance",  # control steps that this call simulates
            "observe",  # whether obs belongs to the next control step after the call
            "steps",  # control steps of a completed episode
            "rows",  # rows of a trace, which later rows write over
            "depth",  # control steps that the history remembers
            "substeps",
            "physics_dt",
            "ramp",
            "estimate_time",  # time constant of the tilt estimate [s]
            "clock_period",  # of the clock [s]
            # Places: in sensordata, in obs, of a body, of a column of the trace; or NOWHERE.
            "orientation",
            "position",
            "velocity",
            "rate",
            "tilt_at",
            "foot_ahead_at",
            "asked_at",
            "estimate_at",
            "clock_at",
            "felt_rate",
            "felt_acceleration",
            "torso",
            "frame",
            "root",
            "position_column",
            "orientation_column",
            "velocity_column",
            "angle_column",
            "foot_column",
            "force_column",
            "slip_column",
            "limit_column",
            "muscle_column",
            "work_column",
            "energy_column",
            "shake_column",
            "contact_column",
            "self_contact_column",
            "state_column",
            # Choices.
            "disturbed",  # whether readings pass through interval, delay and noise
            "indirect",  # whether commands are delayed, shifted or pass through actuators
            "end_on_contact",
            "end_on_self_contact",
            "min_upright",  # cosine of the largest tilt
            # Byte offsets in mjData and mjContact.
            "at_time",
            "at_qpos",
            "at_qvel",
            "at_act",
            "at_ctrl",
            "at_actuator_force",
            "at_actuator_velocity",
            "at_actuator_length",
            "at_sensordata",
            "at_xfrc_applied",
            "at_cvel",
            "at_subtree_com",
            "at_xpos",
            "at_xquat",
            "at_xmat",
            "at_ncon",
            "at_contact",
            "at_warning",
            "contact_size",
            "contact_geom",
            "contact_exclude",
        )
    ]
)
"""The record."""
