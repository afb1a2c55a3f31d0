"""Samples that a message can ride on: whole numbers, the range that a change may not leave, and which of them may change."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from ssgan.errors import InvalidSetting

PEAK = 255  # the largest gray value of an 8-bit sample


@dataclass(frozen=True, eq=False)
class Samples:
    """A batch of samples of one kind; pixels are one maker of it.

    values: whole numbers (N, C, H, W) of a torch integer type that also holds `low` and `high`, each within `low`...`high`,
    both included; a sample at `high` may not rise, one at `low` may not fall. usable: bool, of the same shape, False where a
    sample may not change at all; None where all may. unit: what one step is, for people, such as "gray value".
    Raises InvalidSetting for values that are not whole numbers, and for a mask of another shape or type.
    """

    values: torch.Tensor
    low: int
    high: int
    usable: torch.Tensor | None = None
    unit: str = "gray value"

    def __post_init__(self) -> None:
        if self.values.dtype.is_floating_point or self.values.dtype.is_complex or self.values.dtype == torch.bool:
            raise InvalidSetting(f"samples are {self.values.dtype}; expected whole numbers", hint="round them first")
        bounds = torch.iinfo(self.values.dtype)
        if not bounds.min <= self.low < self.high <= bounds.max:
            raise InvalidSetting(
                f"samples of {self.values.dtype} cannot lie within {self.low}...{self.high}",
                hint="give the lower end first, and a type that holds both",
            )
        if self.usable is not None and (self.usable.dtype != torch.bool or self.usable.shape != self.values.shape):
            raise InvalidSetting(
                f"usable is {self.usable.dtype} {tuple(self.usable.shape)}; expected bool {tuple(self.values.shape)}",
                hint="say of each sample whether it may change",
            )


def pixels(covers: torch.Tensor) -> Samples:
    """Return Images uint8 (N, C, H, W) as samples 0...255, all of them usable."""
    return Samples(covers, 0, PEAK)
