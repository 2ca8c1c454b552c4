"""Servos that drive the joints, as MuJoCo DC motors with the numbers of real ones."""

import math
from dataclasses import dataclass
from typing import ClassVar

import mujoco
import numpy as np

FIELDS = (
    *("target", "trntype", "gear", "cranklength", "slidersite", "refsite", "lengthrange"),
    *("damping", "armature", "gaintype", "gainprm", "biastype", "biasprm"),
    *("dyntype", "dynprm", "actdim", "actearly", "actlimited", "actrange"),
    *("ctrlspec", "ctrllimited", "ctrlrange", "velrange", "ffrange", "inheritrange"),
    *("forcelimited", "forcerange", "delay", "nsample", "interp", "group"),
)
"""What makes an actuator, apart from its name, its user data and its place."""


@dataclass(frozen=True)
class Servo:
    """Geared DC motor behind a position controller, seen at its output shaft.

    The controller is the proportional one of a smart servo: it puts a voltage
    proportional to the position error on the motor, at most the supply's.
    At a speed w the torque is

        torque = K / R (v - K w),   v = clip(R / K stiffness error, -voltage, voltage)
        K      = voltage / no-load speed            (1)
        R      = K voltage / stall torque           (2)
        K² / R = stall torque / no-load speed       (3)

    so the torque-speed line runs from the stall torque at rest to zero at the
    no-load speed, and K² / R acts as damping wherever the voltage is not
    clipped. MuJoCo's `dcmotor` does exactly this once its velocity gain is
    set to K² / R, because its controller takes the back-EMF out first.

    Attributes:
        stall_torque: Torque at rest under full voltage [N m].
        no_load_speed: Speed without load under full voltage [rad/s].
        stiffness: Torque per position error [N m/rad].
        voltage: Supply [V].
        armature: Inertia of rotor and gears at the output shaft [kg m²]; that of the joint where
            None.
        friction: Coulomb friction at the output shaft [N m]; that of the joint where None.
        latency: Time from a command to its effect [s].
    """

    __pydantic_config__: ClassVar = {"extra": "forbid"}

    stall_torque: float
    no_load_speed: float
    stiffness: float
    voltage: float = 12.0
    armature: float | None = None
    friction: float | None = None
    latency: float = 0.0

    @property
    def motor_constant(self) -> float:
        """Back-EMF per speed, and torque per current, K [V s/rad = N m/A]."""
        return self.voltage / self.no_load_speed  # (1)

    @property
    def resistance(self) -> float:
        """Resistance that gives the stall torque under full voltage, R [Ohm]."""
        return self.motor_constant * self.voltage / self.stall_torque  # (2)

    @property
    def damping(self) -> float:
        """Torque lost per speed to the back-EMF, K² / R [N m s/rad]."""
        return self.stall_torque / self.no_load_speed  # (3)

    def drive(self, spec: mujoco.MjSpec, joint: str) -> None:
        """Adds this servo to a joint of a spec, under the joint's name.

        The joint's range bounds the commands, and its armature and Coulomb
        friction become the servo's, if it has them. In the compiled model the first two numbers
        of the actuator's `gainprm` are `resistance` and `motor_constant`, so the
        current of a torque is torque / gainprm[1].

        Args:
            spec: The body; its time step must be final, the latency is stored in steps.
            joint: Joint to drive.
        """
        shaft = spec.joint(joint)
        if self.armature is not None:
            shaft.armature = self.armature
        if self.friction is not None:
            shaft.frictionloss = self.friction

        motor = blank(spec, joint)
        motor.set_to_dcmotor(
            motorconst=[0, 0],
            resistance=0,
            nominal=[self.voltage, self.stall_torque, self.no_load_speed],
            controller=[self.stiffness, 0, self.damping, 0, 0, self.voltage],
            ctrlspec=int(mujoco.mjtCtrlInput.mjINPUT_POS),
        )
        bound(motor, shaft)

        motor.delay = self.latency
        motor.nsample = math.ceil(self.latency / spec.option.timestep)


def blank(spec: mujoco.MjSpec, joint: str) -> mujoco.MjsActuator:
    """Adds an actuator to a joint, under its name and without the defaults of the spec."""
    standard = mujoco.MjSpec().add_actuator()
    added = spec.add_actuator(name=joint)
    for field in FIELDS:
        setattr(added, field, getattr(standard, field))
    added.target, added.trntype = joint, mujoco.mjtTrn.mjTRN_JOINT
    added.group = next(group for group in range(32) if not spec.option.disableactuator >> group & 1)
    return added


def bound(actuator: mujoco.MjsActuator, joint: mujoco.MjsJoint) -> None:
    """Bounds an actuator's commands by the range of a hinge, if it has one."""
    if joint.range[0] < joint.range[1]:
        actuator.ctrlrange = np.deg2rad(joint.range) if joint.compiler.degree else joint.range
        actuator.ctrllimited = mujoco.mjtLimited.mjLIMITED_TRUE


RPM = 2 * math.pi / 60
"""One revolution per minute [rad/s]."""

XM430 = Servo(
    stall_torque=4.1,  # datasheet, at 12 V
    no_load_speed=46 * RPM,  # datasheet, at 12 V
    stiffness=21.1,  # identified on the OP3; the default gain of the firmware gives 18.9
    voltage=12.0,  # datasheet: recommended supply
    armature=0.045,  # identified on the OP3
    friction=0.03,  # identified on the OP3
    latency=0.008,  # one bus cycle of the OP3; that commands wait for a whole one is assumed
)
"""ROBOTIS DYNAMIXEL XM430-W350.

Datasheet: emanual.robotis.com/docs/en/dxl/x/xm430-w350. Its position gain of
800 / 128 duty units of 12/885 V per encoder step of 2π/4096 rad is 55 V/rad,
or 18.9 N m/rad. Identified values: the model robotis_op3 of MuJoCo Menagerie,
a robot of twenty XM430-W350, whose joint damping of 1.084 N m s/rad is its
whole torque-speed slope (K² / R is 0.85 here). Bus cycle: 8 ms since version
0.1.0 of ROBOTIS-OP3, github.com/ROBOTIS-GIT/ROBOTIS-OP3.
"""

XM430_W210 = Servo(
    stall_torque=3.0,  # datasheet, at 12 V
    no_load_speed=77 * RPM,  # datasheet, at 12 V
    stiffness=13.8,  # the default gain of the firmware, 55 V/rad as in the XM430-W350
    voltage=12.0,  # datasheet: recommended supply
    armature=0.045 * (212.6 / 353.5) ** 2,  # the same motor behind another gear
    friction=0.03 * 212.6 / 353.5,  # likewise, if the friction is the motor's (assumed)
    latency=0.008,  # as for the XM430-W350
)
"""ROBOTIS DYNAMIXEL XM430-W210, the faster gear.

Datasheet: emanual.robotis.com/docs/en/platform/turtlebot3/appendix_dynamixel.
"""

XL330 = Servo(
    stall_torque=0.52,  # datasheet, at 5 V
    no_load_speed=103 * RPM,  # datasheet, at 5 V
    stiffness=1.2,  # the default gain of the firmware, see below
    voltage=5.0,  # datasheet: recommended supply
    armature=0.0020,  # identified
    friction=0.018,  # identified
    latency=0.008,  # as for the XM430-W350 (assumed)
)
"""ROBOTIS DYNAMIXEL XL330-M288, 18 g.

Datasheet: emanual.robotis.com/docs/en/dxl/x/xl330-m288. Its position gain of
400 / 128 duty units of 5/885 V per encoder step of 2π/4096 rad is 11.5 V/rad,
or 1.2 N m/rad. Identified values: the Coulomb-viscous model (`params/xl330/m1`)
of github.com/Rhoban/bam, whose torque constant of 0.370 N m/A and resistance of
3.50 Ohm give 0.53 N m at stall. Duclusaud and Passault, 2025, Extended friction
models for the physics simulation of servo actuators, arXiv:2410.08650.
"""

XL330_M077 = Servo(
    stall_torque=0.215,  # datasheet, at 5 V
    no_load_speed=383 * RPM,  # datasheet, at 5 V
    stiffness=0.49,  # the default gain of the firmware, 11.5 V/rad as in the XL330-M288
    voltage=5.0,  # datasheet: recommended supply
    armature=0.0020 * (77.5 / 288.4) ** 2,  # the same motor behind another gear
    friction=0.018 * 77.5 / 288.4,  # likewise, if the friction is the motor's (assumed)
    latency=0.008,  # as for the XL330-M288
)
"""ROBOTIS DYNAMIXEL XL330-M077, the faster gear.

Datasheet: emanual.robotis.com/docs/en/dxl/x/xl330-m077.
"""

SERVOS = {"xm430": XM430, "xm430_w210": XM430_W210, "xl330": XL330, "xl330_m077": XL330_M077}
"""Servos by the names that run files use."""
