"""Hold the quantized coefficients of a JPEG: its components, each with its table, its sampling and its blocks."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ssgan.errors import InvalidSetting
from ssgan.images.formats.jpeg_structure import Structure

SIDE = 8  # samples a side of a block
LEAST, MOST = -1023, 1023  # what changes keep to: baseline entropy coding has ten bits for an AC coefficient
COEFFICIENT_UNIT = "quantization step"


@dataclass(frozen=True, eq=False)
class Component:
    """One component of a JPEG: luma, or one of the chromas, at its own resolution.

    blocks    int16 (R, C, 8, 8): block rows from the top, blocks from the left; in a block [k, l], k the vertical and l the
              horizontal frequency, [0, 0] is DC. All coded blocks, so also those that fill the last unit beyond the picture
    table     uint16 (8, 8): the quantization steps, as [k, l]
    sampling  (horizontal, vertical) factors, 1...4
    whole     (rows, columns) of blocks that lie wholly within the picture: only these carry a message
    size      (height, width) in samples of this component: ceil of the picture's, by its share of the largest factors
    """

    blocks: NDArray[np.int16]
    table: NDArray[np.uint16]
    sampling: tuple[int, int]
    whole: tuple[int, int]
    size: tuple[int, int]

    @property
    def carriers(self) -> NDArray[np.int16]:
        """int16 (r, c, 8, 8): the blocks that lie wholly within the picture, a view."""
        return self.blocks[: self.whole[0], : self.whole[1]]

    @property
    def visible(self) -> NDArray[np.int16]:
        """int16 (r, c, 8, 8): the blocks that show at least some of the picture, a view."""
        height, width = self.size
        return self.blocks[: -(-height // SIDE), : -(-width // SIDE)]

    @property
    def num_nonzero_ac(self) -> int:
        """How many AC coefficients of the whole blocks are not zero."""
        return int(np.count_nonzero(self.carriers) - np.count_nonzero(self.carriers[:, :, 0, 0]))


@dataclass(frozen=True, eq=False)
class Precover:
    """The uncompressed original of a JPEG that was made here, and what rounding took from it.

    samples  uint8 (C, H, W): the pixels that were compressed
    errors   float64 (R, C, 8, 8) a component: each coefficient before rounding minus that after it, -1/2...1/2
    """

    samples: NDArray[np.uint8]
    errors: tuple[NDArray[np.float64], ...]


@dataclass(frozen=True, eq=False)
class Coefficients:
    """The coefficients of a JPEG file, and the file: all that is not a coefficient is written back as it was.

    height and width are the picture's, in pixels; components are one (gray) or three (color). `structure` is what the file says
    around its scans, found when it was read.
    """

    height: int
    width: int
    components: tuple[Component, ...]
    progressive: bool
    file: bytes
    structure: Structure | None = None

    def with_blocks(self, blocks: list[NDArray[np.int16]]) -> Coefficients:
        """Return the same file with other coefficients: an array (R, C, 8, 8) a component."""
        pairs = zip(self.components, blocks, strict=True)
        return replace(self, components=tuple(replace(component, blocks=changed) for component, changed in pairs))

    @property
    def num_nonzero_ac(self) -> int:
        """How many AC coefficients are not zero, in all components: a payload in bpnzAC counts these."""
        return sum(component.num_nonzero_ac for component in self.components)


def carrier_values(coefficients: Coefficients, *, components: int | None = None) -> NDArray[np.int16]:
    """Return int16 (N,): the coefficients of all whole blocks, in the order of docs/format.md; of the first components alone,
    where so many are named.
    """
    parts = [component.carriers.reshape(-1) for component in coefficients.components[:components]]
    return parts[0].copy() if len(parts) == 1 else np.concatenate(parts)


def carriers_of(coefficients: Coefficients, values: NDArray[Any], *, components: int | None = None) -> list[NDArray[Any]]:
    """Return values (N,), in the order of `carrier_values`, as the blocks (r, c, 8, 8) of each component, views where possible.

    Raises InvalidSetting for another number of values.
    """
    shapes = [component.carriers.shape for component in coefficients.components[:components]]
    sizes = [math.prod(shape) for shape in shapes]
    if values.shape != (sum(sizes),):
        raise InvalidSetting(
            f"the values are {values.shape}; this JPEG has {sum(sizes)} coefficients to change",
            hint="give one for each coefficient that carries",
        )
    return [part.reshape(shape) for part, shape in zip(np.split(values, np.cumsum(sizes)[:-1]), shapes, strict=True)]


def with_carrier_values(coefficients: Coefficients, values: NDArray[Any], *, components: int | None = None) -> Coefficients:
    """Return the same file with values (N,), in the order of `carrier_values`, in the whole blocks."""
    changed = [component.blocks for component in coefficients.components]
    for number, part in enumerate(carriers_of(coefficients, values, components=components)):
        rows, columns = coefficients.components[number].whole
        changed[number] = changed[number].copy()
        changed[number][:rows, :columns] = part
    return coefficients.with_blocks(changed)


def planes(blocks: NDArray[Any]) -> NDArray[Any]:
    """Return blocks (R, C, 8, 8) side by side as a plane (8 R, 8 C)."""
    rows, columns = blocks.shape[:2]
    return blocks.transpose(0, 2, 1, 3).reshape(SIDE * rows, SIDE * columns)


def as_blocks(plane: NDArray[Any]) -> NDArray[Any]:
    """Return a plane (8 R, 8 C) as blocks (R, C, 8, 8)."""
    rows, columns = plane.shape
    return plane.reshape(rows // SIDE, SIDE, columns // SIDE, SIDE).transpose(0, 2, 1, 3)
