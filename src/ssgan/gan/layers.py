"""The layers that double and halve a side, and exact rewrites of them that are faster on a given device.

Kernel 5 with stride 2 is padded as TensorFlow's SAME has it for even sides, which is what the paper's family of code does:
twice the side up, half of it, rounded up, down. Kernel 4 is WGAN's.
"""

from __future__ import annotations

from torch import nn


def up(before: int, after: int, kernel: int, *, bias: bool) -> nn.ConvTranspose2d:
    """(N, before, S, S) -> (N, after, 2 S, 2 S)."""
    if kernel == 5:
        return nn.ConvTranspose2d(before, after, 5, stride=2, padding=2, output_padding=1, bias=bias)
    return nn.ConvTranspose2d(before, after, 4, stride=2, padding=1, bias=bias)


def down(before: int, after: int, kernel: int, *, bias: bool) -> nn.Conv2d:
    """(N, before, S, S) -> (N, after, S / 2, S / 2)."""
    return nn.Conv2d(before, after, kernel, stride=2, padding=2 if kernel == 5 else 1, bias=bias)


def down_side(side: int, kernel: int) -> int:
    """The side after `down`."""
    return (side + 1) // 2 if kernel == 5 else side // 2
