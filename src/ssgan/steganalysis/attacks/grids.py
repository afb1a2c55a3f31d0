"""See in a JPEG of high quality whether it was a JPEG before on another grid, as a crop or a screenshot of one is.

A compression leaves steps between its blocks (Z. Fan, R. de Queiroz, "Identification of bitmap compression history: JPEG
detection and quantizer estimation", IEEE TIP 12(2), 2003). A picture that is saved again at a high quality keeps them, away
from the edges of its new blocks.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from ssgan.images.coefficients import SIDE, Component
from ssgan.images.idct import pixels_of_blocks
from ssgan.images.quantization import nearest_quality

LEAST_QUALITY = 97  # below it the last compression hides the steps of the one before
LARGEST_STEP = 12  # more is an edge of what the picture shows
PLACES = 5  # of a grid that are looked at: those beside its own steps feel them
# Of 100 photographs at quality 98 two exceed it, of crops of them as JPEGs of quality 88 97, of screenshots 87.
DEVIATIONS = 4.0


def has_other_grid(luma: Component) -> bool:
    """Return whether steps recur every 8 pixels off the grid of the luma; False where its quality hides that."""
    if nearest_quality(luma.table) < LEAST_QUALITY or min(luma.whole) < 2:
        return False
    pixels = pixels_of_blocks(luma.carriers, luma.table)
    return max(_excess(pixels), _excess(pixels.T)) > DEVIATIONS


def _excess(pixels: NDArray[np.uint8]) -> float:
    """Return by how many deviations the largest steps, of those at one place of the grid's columns, exceed the others'."""
    values = pixels.astype(np.int16)
    steps = np.abs(values[:, :-3] - 3 * values[:, 1:-2] + 3 * values[:, 2:-1] - values[:, 3:])
    means = np.minimum(steps, LARGEST_STEP).mean(axis=0)  # of the steps between the columns x + 1 and x + 2
    places = means[: len(means) // SIDE * SIDE].reshape(-1, SIDE)[:, :PLACES]
    largest = int(places.mean(axis=0).argmax())
    excess = places[:, largest] - np.delete(places, largest, axis=1).mean(axis=1)
    deviation = float(excess.std()) / math.sqrt(len(excess))
    return float(excess.mean()) / deviation if deviation > 0 else 0.0
