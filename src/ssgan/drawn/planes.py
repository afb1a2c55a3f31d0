"""Order the samples of a picture for drawing.

A picture falls into blocks of 2 x 2 pixels. First all upper left pixels are drawn, then the lower right ones, the upper right
and the lower left ones: four phases of half the picture's size. Within a phase green comes before red and blue, and within a
plane rows come from top to bottom, each from left to right.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

PHASES = ((0, 0), (1, 1), (0, 1), (1, 0))  # row and column in the block
COLORS = {1: (0,), 3: (1, 0, 2)}  # by the number of channels: those of a picture, in the order of drawing
# Of the same plane and drawn before: row and column relative to the sample.
NEIGHBORS = ((0, -1), (-1, 0), (-1, -1), (-1, 1))


def header_plane(phase: int, plane: int) -> bool:
    """Return whether this is the plane with the header, whose samples are drawn independently of each other."""
    return phase == 0 and plane == 0


def outputs(phase: int, channels: int) -> int:
    """Return the number of values that the network of a phase gives for each block (see `layout`)."""
    return layout(phase, channels)[-1]


def layout(phase: int, channels: int) -> tuple[list[int], list[int], list[list[int]], list[list[int]], int]:
    """Return where the values of a phase's planes are: means, scales, colors, neighbors; and how many there are.

    colors[p]     a weight for the residual of each plane before p
    neighbors[p]  a weight for the residual of each of NEIGHBORS, none in the header's plane
    """
    count = 2 * channels
    colors, neighbors = [], []
    for plane in range(channels):
        colors.append(list(range(count, count + plane)))
        count += plane
    for plane in range(channels):
        length = 0 if header_plane(phase, plane) else len(NEIGHBORS)
        neighbors.append(list(range(count, count + length)))
        count += length
    return list(range(channels)), list(range(channels, 2 * channels)), colors, neighbors, count


def split(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return (H, W, C) as (4, C, H / 2, W / 2): phases, and in each its planes in the order of drawing."""
    order = list(COLORS[picture.shape[2]])
    return np.stack([picture[row::2, column::2][:, :, order].transpose(2, 0, 1) for row, column in PHASES])


def joined(planes: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return (4, C, H / 2, W / 2) as (H, W, C): the inverse of `split`."""
    _, channels, height, width = planes.shape
    picture = np.empty((2 * height, 2 * width, channels), np.uint8)
    order = list(COLORS[channels])
    for phase, (row, column) in enumerate(PHASES):
        picture[row::2, column::2][:, :, order] = planes[phase].transpose(1, 2, 0)
    return picture
