"""A camera's picture inside an HTML page."""

import base64

import imageio.v3 as imageio
import numpy as np
from numpy.typing import NDArray

WIDE = 160
"""Least width of a picture [px]: smaller ones are enlarged by a whole number."""


def address(image: NDArray[np.uint8]) -> str:
    """A picture (height, width, 3) as a `data:` address of a PNG file."""
    scale = -(-WIDE // image.shape[1])
    large = np.repeat(np.repeat(image, scale, axis=0), scale, axis=1)
    content = imageio.imwrite("<bytes>", large, extension=".png")
    return f"data:image/png;base64,{base64.b64encode(content).decode()}"
