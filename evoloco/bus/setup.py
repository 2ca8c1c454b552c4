"""What an emulated bus consists of, as plain data."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from evoloco.bus.faults import Fault
from evoloco.bus.foot import FootMount
from evoloco.bus.imu import ImuMount
from evoloco.bus.servo import Mount
from evoloco.bus.supply import Supply
from evoloco.errors import SpecError

FIRST_FOOT = 111
"""Id of the first foot's load cell, where none is given."""


@dataclass(frozen=True)
class Setup:
    """Devices, time and faults of a bus.

    Attributes:
        servos: One per joint of the robot.
        imu: The IMU; None where there is none.
        feet: Load cells.
        supply: What feeds the servos.
        period: Time by which the robot advances at once [s]: that of a control step, in lock-step.
        real_time: Whether time passes by itself; else it passes with every exchange (lock-step).
        faults: What goes wrong.
        seed: Of the sensors' noise and of what faults do to answers.
        watchdog_stops: Whether an expired watchdog stops a servo, see `Servo`.
    """

    servos: tuple[Mount, ...]
    imu: ImuMount | None = None
    feet: tuple[FootMount, ...] = ()
    supply: Supply = field(default_factory=Supply)
    period: float = 0.02
    real_time: bool = False
    faults: tuple[Fault, ...] = ()
    seed: int = 0
    watchdog_stops: bool = True

    def __post_init__(self) -> None:
        ids = [servo.id for servo in self.servos] + [foot.id for foot in self.feet]
        ids += [self.imu.id] if self.imu else []
        twice = sorted({one for one in ids if ids.count(one) > 1})
        if twice:
            raise SpecError(f"Two devices of the bus have the same id: {twice[0]}.")
        unknown = [fault for fault in self.faults if fault.device not in (None, *ids)]
        if unknown:
            raise SpecError(f"There is no device for the fault {unknown[0]}. Ids: {sorted(ids)}.")


def plain(joints: Sequence[str], feet: Sequence[str] = ()) -> Setup:
    """A bus with servos 1, 2, ... in the order of the joints, an IMU and the feet's load cells."""
    return Setup(
        servos=tuple(Mount(joint, number) for number, joint in enumerate(joints, 1)),
        imu=ImuMount(),
        feet=tuple(FootMount(foot, number) for number, foot in enumerate(feet, FIRST_FOOT)),
    )
