"""The page of a policy that looks: how each world ended, successes and failures."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from evoloco.dexterity.looking import Looked
from evoloco.report.shot import address
from evoloco.report.template import environment, style


def render(looked: Looked, most: int) -> str:
    """One self-contained HTML file.

    Args:
        looked: What came of looking.
        most: Goals after which an episode ended.
    """
    judged = looked.judged
    endings = {
        f"All {most} goals": judged.goals >= most,
        "Dropped": judged.dropped & (judged.goals < most),
        "A goal took too long": (judged.goals < most) & ~judged.dropped,
    }
    return (
        environment()
        .get_template("looking.html")
        .render(
            groups={ending: _worlds(looked, chosen) for ending, chosen in endings.items()},
            count=len(judged.goals),
            most=most,
            style=style(),
        )
    )


def _worlds(looked: Looked, chosen: NDArray[np.bool_]) -> list[dict[str, Any]]:
    """Number, goals and last picture of worlds."""
    return [
        {
            "number": world,
            "goals": int(looked.judged.goals[world]),
            "address": address(looked.pictures[world]),
        }
        for world in np.flatnonzero(chosen).tolist()
    ]
