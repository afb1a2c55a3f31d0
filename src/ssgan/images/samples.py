"""Define samples that can carry a message: whole numbers, the range that a change must not leave, and which may change.

Pixels are one maker of `Samples`; other whole numbers to change by one, such as quantized coefficients, are made alike.
Values are a NumPy array, which needs no torch, or a torch tensor.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Generic, TypeAlias, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from ssgan.compute.lazy_torch import as_array
from ssgan.errors import InvalidSetting

if TYPE_CHECKING:
    import torch

PEAK = 255  # the largest gray value of an 8-bit sample
OPAQUE = 255  # the alpha of a pixel that nothing shines through
PIXEL_UNIT = "gray value"

Whole: TypeAlias = NDArray[np.integer[Any]]
Values = TypeVar("Values", NDArray[Any], "torch.Tensor")


@dataclass(frozen=True, eq=False)
class Samples(Generic[Values]):
    """Samples of one kind, in any shape: a batch (N, C, H, W), one picture (C, H, W) or flat (n,).

    values: whole numbers, of a type that also holds `low` and `high`. Samples in `low`...`high` - 1 may rise, those in
    `low` + 1...`high` may fall; one beyond these ends may not change at all. usable: bool, of the same shape, False where a
    sample may not change whatever its value; None where all may. unit: what one step is, for people, such as "gray value".
    Raises InvalidSetting for values that are not whole numbers, and for a mask of another shape or type.
    """

    values: Values
    low: int
    high: int
    usable: Values | None = None
    unit: str = PIXEL_UNIT

    def __post_init__(self) -> None:
        least, greatest = self._type_ends
        if not least <= self.low < self.high <= greatest:
            raise InvalidSetting(
                f"the range {self.low}...{self.high} does not suit samples of {self.values.dtype}",
                hint="give the lower end first, and a type that holds both",
            )
        mask = self.usable
        if mask is not None and (str(mask.dtype).removeprefix("torch.") != "bool" or mask.shape != self.values.shape):
            raise InvalidSetting(
                f"usable is {mask.dtype} {tuple(mask.shape)}; expected bool {tuple(self.values.shape)}",
                hint="say of each sample whether it may change",
            )

    def __len__(self) -> int:
        return len(self.values)

    @property
    def may_rise(self) -> Values:
        """bool, of the values' shape: which samples may be raised by one."""
        allowed = self.values < self.high
        if self._type_ends[0] < self.low:
            allowed = allowed & (self.values >= self.low)
        return self._and_usable(allowed)

    @property
    def may_fall(self) -> Values:
        """bool, of the values' shape: which samples may be lowered by one."""
        allowed = self.values > self.low
        if self._type_ends[1] > self.high:
            allowed = allowed & (self.values <= self.high)
        return self._and_usable(allowed)

    def part(self, which: Any) -> Samples[Values]:
        """Return the samples that an index of the first axis picks: a slice, places or None for a new axis."""
        usable = None if self.usable is None else self.usable[which]
        return replace(self, values=self.values[which], usable=usable)

    def as_arrays(self) -> Samples[NDArray[Any]]:
        """Return the same samples as arrays in main memory, sharing it where possible."""
        usable = None if self.usable is None else as_array(self.usable)
        return Samples(as_array(self.values), self.low, self.high, usable, self.unit)

    def _and_usable(self, allowed: Any) -> Values:
        return cast(Values, allowed if self.usable is None else allowed & self.usable)

    @property
    def _type_ends(self) -> tuple[int, int]:
        return _ends(self.values.dtype)


@functools.cache
def _ends(kind: Any) -> tuple[int, int]:
    """Return the least and the greatest value of a type. Raises InvalidSetting for one that holds no whole numbers."""
    if isinstance(kind, np.dtype):
        if kind.kind in "iu":
            bounds = np.iinfo(kind)
            return int(bounds.min), int(bounds.max)
    else:
        import torch

        if not (kind.is_floating_point or kind.is_complex or kind == torch.bool):
            return torch.iinfo(kind).min, torch.iinfo(kind).max
    raise InvalidSetting(f"samples are {kind}; expected whole numbers", hint="round them first")


def pixels(images: Values) -> Samples[Values]:
    """Return pixels uint8, in any shape, as samples 0...255, all of them usable."""
    return Samples(images, 0, PEAK)


def low_bytes(values: Whole) -> NDArray[np.uint8]:
    """Return the values modulo 256, uint8 of the same shape: they hold the bits that a message is read from."""
    return values.astype(np.uint8, copy=False)
