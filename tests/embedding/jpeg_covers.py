"""JPEGs made by hand for the schemes of coefficients: pictures transformed and rounded, without a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ssgan.images import cosines
from ssgan.images.coefficients import SIDE, Coefficients, Component, as_blocks

# Of ITU-T T.81, Annex K, table K.1: the usual one at quality 50.
LUMA_TABLE = np.array([
    [16, 11, 10, 16, 24, 40, 51, 61], [12, 12, 14, 19, 26, 58, 60, 55], [14, 13, 16, 24, 40, 57, 69, 56],
    [14, 17, 22, 29, 51, 87, 80, 62], [18, 22, 37, 56, 68, 109, 103, 77], [24, 35, 55, 64, 81, 104, 113, 92],
    [49, 64, 78, 87, 103, 121, 120, 101], [72, 92, 95, 98, 112, 100, 103, 99],
], dtype=np.uint16)  # fmt: skip


def picture(height: int, width: int, seed: int = 1) -> NDArray[np.float64]:
    """Return samples 0...255 (height, width): a smooth surface, and texture that grows to the right."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width]
    return (128 + 60 * np.sin(y / 11 + seed) + 40 * x / width + rng.normal(size=(height, width)) * 40 * x / width).clip(0, 255)


def component(
    height: int, width: int, *, table: NDArray[np.uint16] = LUMA_TABLE // 2, sampling: tuple[int, int] = (1, 1), seed: int = 1
) -> Component:
    """Return a component of that size in samples, whose blocks fill it up; those at the border repeat its edge."""
    rows, columns = -(-height // SIDE), -(-width // SIDE)
    samples = np.pad(picture(height, width, seed), ((0, SIDE * rows - height), (0, SIDE * columns - width)), mode="edge")
    blocks = np.rint(cosines.from_samples(samples, table)).astype(np.int16)
    return Component(blocks, table, sampling, (height // SIDE, width // SIDE), (height, width))


def gray(height: int, width: int, *, table: NDArray[np.uint16] = LUMA_TABLE // 2, seed: int = 1) -> Coefficients:
    """Return a gray JPEG."""
    return Coefficients(height, width, (component(height, width, table=table, seed=seed),), False, b"")


def color(height: int, width: int, *, table: NDArray[np.uint16] = LUMA_TABLE // 2, seed: int = 1) -> Coefficients:
    """Return a color JPEG of 4:2:0, whose chromas have a coarser table."""
    luma = component(height, width, table=table, sampling=(2, 2), seed=seed)
    chromas = (component(-(-height // 2), -(-width // 2), table=table * 2, seed=seed + k) for k in (1, 2))
    return Coefficients(height, width, (luma, *chromas), False, b"")


def of_plane(plane: NDArray[np.int16], table: NDArray[np.integer]) -> Coefficients:
    """Return the gray JPEG of a plane of coefficients (8 R, 8 C)."""
    blocks = as_blocks(plane)
    part = Component(
        blocks, table.astype(np.uint16), (1, 1), (blocks.shape[0], blocks.shape[1]), (plane.shape[0], plane.shape[1])
    )
    height, width = plane.shape
    return Coefficients(height, width, (part,), False, b"")


def references(shared: Path) -> dict[str, dict[str, NDArray[Any]]]:
    """Return the small reference covers by name: their coefficients, tables, pixels and what published programs say of them."""
    found = {}
    for path in sorted((shared / "reference" / "jpeg" / "small").glob("*.npz")):
        with np.load(path) as arrays:
            found[path.stem] = dict(arrays)
    return found
