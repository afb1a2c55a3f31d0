"""Choose the useful blocks of a picture: those with texture, where few samples are at the ends of the range.

Where an image is saturated or flat its last bits follow no model, and the attacks on LSB replacement see messages that are not
there: kodim08 of the Kodak photographs, a white house against the sky, passes for 0.2 bits per sample. Without such blocks the
false alarms go. The attacks see a mosaic of the others in the picture's place.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

SIDE = 32  # pixels of a block
SATURATED, FLAT = 0.01, 0.5  # shares of samples at the ends, and of equal neighbors, from which a block is left out
END = 1  # steps from 0 and 255 that are the ends: a message moves samples by one
FEWEST_BLOCKS = 4
_COUNTED = (0.02, 0.98)  # of a histogram, the part in which empty values are counted
_RARE = 0.1  # of the median count: below that a value counts as missing
MISSING = 0.35  # share of missing values from which a histogram is a made one: stretched, posterized, of a palette
FEWEST_VALUES = 16


@dataclass(frozen=True, eq=False)
class UsefulBlocks:
    """The useful blocks as one image, uint8 (C, k SIDE, SIDE), or None; their `share` of all; the reason against the rest."""

    mosaic: np.ndarray | None
    share: float
    saturated: float
    flat: float


def useful(image: np.ndarray) -> UsefulBlocks:
    """Return the blocks of an image, uint8 (C, H, W); the remainder at the right and below is ignored."""
    channels, height, width = image.shape
    rows, columns = height // SIDE, width // SIDE
    if rows * columns < 1:
        return UsefulBlocks(None, 0.0, 0.0, 0.0)
    cut = image[:, : rows * SIDE, : columns * SIDE].reshape(channels, rows, SIDE, columns, SIDE)
    blocks = cut.transpose(1, 3, 0, 2, 4).reshape(rows * columns, channels, SIDE, SIDE)
    saturated = ((blocks <= END) | (blocks >= 255 - END)).mean(axis=(1, 2, 3)) > SATURATED
    flat = (blocks[..., 1:] == blocks[..., :-1]).mean(axis=(1, 2, 3)) > FLAT
    kept = ~saturated & ~flat
    mosaic = None
    if kept.sum() >= FEWEST_BLOCKS:
        mosaic = np.ascontiguousarray(blocks[kept].transpose(1, 0, 2, 3).reshape(channels, -1, SIDE))
    return UsefulBlocks(mosaic, float(kept.mean()), float(saturated.mean()), float(flat.mean()))


def has_made_histogram(image: np.ndarray) -> bool:
    """Return whether values are missing between those that occur, as after a change of contrast or with a palette, in any
    channel.
    """
    return any(_misses(np.bincount(channel.ravel(), minlength=256)) for channel in image)


def _misses(counts: np.ndarray) -> bool:
    below = np.cumsum(counts) / counts.sum()
    low, high = np.searchsorted(below, _COUNTED)
    inner = counts[low : high + 1]
    present = inner[inner > 0]
    if len(present) < FEWEST_VALUES:
        return True
    return float((inner < _RARE * np.median(present)).mean()) > MISSING
