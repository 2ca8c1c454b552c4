"""The page of a policy that looks: how each world ended, successes and failures."""

import base64
from collections.abc import Iterable

import imageio.v3 as imageio
import numpy as np

from evoloco.dexterity.looking import Looked

STYLE = (
    "body{font:15px sans-serif;margin:2em} figure{display:inline-block;margin:4px} "
    "img{width:120px;image-rendering:pixelated}"
)


def render(looked: Looked, most: int) -> str:
    """One self-contained HTML file.

    Args:
        looked: What came of looking.
        most: Goals after which an episode ended.
    """
    judged = looked.judged
    groups = {
        f"All {most} goals": judged.goals >= most,
        "Dropped": judged.dropped,
        "A goal took too long": (judged.goals < most) & ~judged.dropped,
    }
    parts = [f"<title>dexterity</title><style>{STYLE}</style><h1>A hand that looks</h1>"]
    for title, chosen in groups.items():
        parts.append(f"<h2>{title}: {chosen.sum()} of {len(chosen)} worlds</h2>")
        parts += _figures(looked, np.flatnonzero(chosen).tolist())
    return "<!doctype html><meta charset=utf-8>" + "\n".join(parts)


def _figures(looked: Looked, worlds: Iterable[int]) -> list[str]:
    """The last picture of worlds, with the number of goals."""
    found = []
    for world in worlds:
        png = imageio.imwrite("<bytes>", looked.pictures[world], extension=".png")
        address = "data:image/png;base64," + base64.b64encode(png).decode()
        told = f"world {world}: {looked.judged.goals[world]} goals"
        found.append(
            f'<figure><img src="{address}" alt="{told}"><figcaption>{told}</figcaption></figure>'
        )
    return found
