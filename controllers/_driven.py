"""What an oscillator moves, joints or feet, and which options belong to which."""

from typing import Literal

from evoloco.errors import SpecError

Driven = Literal["joints", "feet"]


def check_options(drive: Driven, **given: bool) -> None:
    """Refuses options of joints where feet are driven.

    Args:
        drive: What is driven.
        given: Name of an option of joints -> whether it differs from its default.

    Raises:
        SpecError: Feet are driven, and one of them does.
    """
    names = [name for name, differs in given.items() if differs]
    if drive != "joints" and names:
        raise SpecError(
            f"controller.{names[0]} is of joints: it must be left out with controller.drive = "
            f"'{drive}', or drive = 'joints'."
        )
