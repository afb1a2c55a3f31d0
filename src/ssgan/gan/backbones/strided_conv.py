"""Compute strided convolutions and their transposes as matrix products over positions; exact, and fast on processors.

A batch is laid out with the places outside and the channels inside: in memory it is (H, W, N, C). Then the part of a row that a
tap of the kernel meets is one matrix, of places and images by channels, and a layer is one batched product a tap and no more:
nothing is unfolded, and taps that would meet the border's zeros are never multiplied (a quarter of a 5 x 5 kernel on 8 x 8
places). Columns are parted into even and odd ones first, since a stride of 2 meets either.

Images have too few channels for that. Their taps are laid side by side (k * k * C, H' W' N), and the layer is one product.

Three maps, each linear in two arguments, are each other's derivatives, to any order:
    narrow(x, w) = y, widen(y, w) = x, kernel(x, y) = w    with    <narrow(x, w), y> = <x, widen(y, w)> = <w, kernel(x, y)>.
x is float32 (N, C, H, W), y (N, C', H', W'), H' = H / 2 rounded up for kernel 5 and down for kernel 4, w (C', C, k, k), as
nn.Conv2d and nn.ConvTranspose2d both have it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

import torch

IMAGE_CHANNELS = 4  # up to this many, taps are laid side by side

Size: TypeAlias = tuple[int, int]  # height, width
Derivative: TypeAlias = Callable[[torch.Tensor], torch.Tensor]


def narrow(x: torch.Tensor, w: torch.Tensor) -> torch.Tensor:
    """Return the convolution of stride 2: (N, C, H, W) -> (N, C', H', W')."""
    size = (x.shape[2], x.shape[3])
    return _bilinear(_narrow(x.detach(), w.detach()), x, w, lambda g: widen(g, w, size), lambda g: kernel(x, g, w.shape[2]))


def widen(y: torch.Tensor, w: torch.Tensor, size: Size) -> torch.Tensor:
    """Return its transpose: (N, C', H', W') -> (N, C, H, W), `size` being H and W."""
    made = _widen(y.detach(), w.detach(), size)
    return _bilinear(made, y, w, lambda g: narrow(g, w), lambda g: kernel(g, y, w.shape[2]))


def kernel(x: torch.Tensor, y: torch.Tensor, side: int) -> torch.Tensor:
    """Return the derivative by the weights: (C', C, side, side)."""
    size = (x.shape[2], x.shape[3])
    return _bilinear(_kernel(x.detach(), y.detach(), side), x, y, lambda g: widen(y, g, size), lambda g: narrow(x, g))


def narrow_side(side: int, kernel_side: int) -> int:
    """Return H' of H."""
    return (side + 1) // 2 if kernel_side == 5 else side // 2


def places_first(x: torch.Tensor) -> torch.Tensor:
    """Return (N, C, H, W) as (H, W, N, C), contiguous; no copy where memory has this order."""
    return x.permute(2, 3, 0, 1).contiguous()


# Derivatives: the two arguments have a node each, so that an unused gradient is not computed.


def _bilinear(made: torch.Tensor, first: torch.Tensor, second: torch.Tensor, *derivatives: Derivative) -> torch.Tensor:
    """Return `made`, with its derivatives by the two arguments."""
    if not (torch.is_grad_enabled() and (first.requires_grad or second.requires_grad)):
        return made
    of_each = [_By.apply(given, made, by) for given, by in zip((first, second), derivatives, strict=True)]  # type: ignore[no-untyped-call]
    whole: torch.Tensor = _Sum.apply(*of_each)  # type: ignore[no-untyped-call]
    return whole


class _By(torch.autograd.Function):
    """A value as a function of one argument; its derivative is itself made of differentiable maps."""

    @staticmethod
    def forward(ctx: Any, given: torch.Tensor, value: torch.Tensor, derivative: Derivative) -> torch.Tensor:
        ctx.derivative = derivative
        return value.view_as(value)

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        return ctx.derivative(gradients[0]), None, None


class _Sum(torch.autograd.Function):
    """One value that is a function of two arguments."""

    @staticmethod
    def forward(ctx: Any, first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
        return first.view_as(first)

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor, ...]:
        return gradients[0], gradients[0]


# Where the taps of a kernel meet an axis.


class _Tap(NamedTuple):
    """Narrow positions first...last - 1 that meet wide ones of one parity, each at its own index plus `half` among those."""

    tap: int
    parity: int
    half: int
    first: int
    last: int

    @property
    def middle(self) -> bool:
        """Whether it meets twice the position's own index."""
        return self.half == self.parity == 0

    @property
    def narrow(self) -> slice:
        return slice(self.first, self.last)

    @property
    def wide(self) -> slice:
        """The slice among the positions of its parity."""
        return slice(self.first + self.half, self.last + self.half)

    @property
    def rows(self) -> slice:
        """The slice among all positions."""
        return slice(2 * (self.first + self.half) + self.parity, 2 * (self.last + self.half - 1) + self.parity + 1, 2)


def _taps(wide: int, side: int) -> list[_Tap]:
    """Return the taps of a kernel on an axis of `wide` positions, none empty; those without a shift come first."""
    count, found = narrow_side(wide, side), []
    for tap in range(side):
        half, parity = divmod(tap - (2 if side == 5 else 1), 2)
        first, last = max(0, -half), min(count, (wide + 1 - parity) // 2 - half)
        if first < last:
            found.append(_Tap(tap, parity, half, first, last))
    return sorted(found, key=lambda tap: (tap.half != 0, tap.parity))


# The maps themselves. Products add up in the order of the taps.


def _narrow(x: torch.Tensor, w: torch.Tensor) -> torch.Tensor:
    (count, channels, height, width), (after, _, side, _) = x.shape, w.shape
    shape = (narrow_side(height, side), narrow_side(width, side), count, after)
    weights = _taps_first(w)
    if channels <= IMAGE_CHANNELS:
        return _channels_second((_side_by_side(x, side).T @ weights.view(-1, after)).view(shape))
    parted, y = _parted(places_first(x), 1), x.new_empty(shape)
    for row in _taps(height, side):
        for column in _taps(width, side):
            met = _met(parted, row, column)
            # The tap in the middle comes first: it writes every place, so that the output needs no zeros.
            fresh = row.middle and column.middle
            kernels = weights[row.tap, column.tap].expand(len(met), channels, after)
            _part(y, row, column).baddbmm_(met, kernels, beta=0 if fresh else 1)
    return _channels_second(y)


def _widen(y: torch.Tensor, w: torch.Tensor, size: Size) -> torch.Tensor:
    (count, after), (_, channels, side, _), (height, width) = y.shape[:2], w.shape, size
    y, weights = places_first(y), _taps_first(w)
    if channels <= IMAGE_CHANNELS:
        return _laid_over(weights.view(-1, after) @ y.view(-1, after).T, count, size, side)
    make = y.new_zeros if (height | width) % 2 else y.new_empty  # with even sides, taps without a shift meet every place first
    parted = [make((height, (width + 1 - parity) // 2, count, channels)) for parity in (0, 1)]
    for row in _taps(height, side):
        for column in _taps(width, side):
            given, fresh = _part(y, row, column), row.half == column.half == 0
            kernels = weights[row.tap, column.tap].T.expand(len(given), after, channels)
            _met(parted, row, column).baddbmm_(given, kernels, beta=0 if fresh else 1)
    x = y.new_empty((height, width, count, channels))
    x[:, 0::2], x[:, 1::2] = parted
    return _channels_second(x)


def _kernel(x: torch.Tensor, y: torch.Tensor, side: int) -> torch.Tensor:
    (channels, height, width), after = x.shape[1:], y.shape[1]
    y = places_first(y)
    if channels <= IMAGE_CHANNELS:
        weights = (_side_by_side(x, side) @ y.view(-1, after)).view(side, side, channels, after)
        return weights.permute(3, 2, 0, 1)
    rows, columns = _taps(height, side), _taps(width, side)
    make = x.new_empty if len(rows) == len(columns) == side else x.new_zeros  # a tap without a place is left out
    parted, weights = _parted(places_first(x), 1), make((side, side, channels, after))
    for row in rows:
        for column in columns:
            into = weights[row.tap, column.tap]
            for i, (met, given) in enumerate(zip(_met(parted, row, column), _part(y, row, column), strict=True)):
                into.addmm_(met.T, given, beta=1 if i else 0)
    return weights.permute(3, 2, 0, 1)


def _channels_second(x: torch.Tensor) -> torch.Tensor:
    """Return (H, W, N, C) as (N, C, H, W), without a copy."""
    return x.permute(2, 3, 0, 1)


def _taps_first(w: torch.Tensor) -> torch.Tensor:
    """Return (C', C, k, k) as (k, k, C, C'), contiguous; no copy where memory has this order."""
    return w.permute(2, 3, 1, 0).contiguous()


def _parted(x: torch.Tensor, axis: int) -> list[torch.Tensor]:
    """Return the even and the odd positions of an axis."""
    return [part.contiguous() for part in (x.movedim(axis, 0)[parity::2].movedim(0, axis) for parity in (0, 1))]


def _met(parted: list[torch.Tensor], row: _Tap, column: _Tap) -> torch.Tensor:
    """Return the input of a tap, a view: (rows, columns * N, C)."""
    return parted[column.parity][row.rows, column.wide].flatten(1, 2)


def _part(y: torch.Tensor, row: _Tap, column: _Tap) -> torch.Tensor:
    """Return the output of a tap, a view: (rows, columns * N, C')."""
    return y[row.narrow, column.narrow].flatten(1, 2)


# Images: few channels, taps side by side.


def _side_by_side(x: torch.Tensor, side: int) -> torch.Tensor:
    """Return (N, C, H, W) -> (k * k * C, H' * W' * N), 0 where a tap meets nothing."""
    count, channels, height, width = x.shape
    parted = _parted(x.permute(1, 2, 3, 0), 2)
    lines, places = narrow_side(height, side), narrow_side(width, side)
    rows, columns = _taps(height, side), _taps(width, side)
    make = x.new_empty if len(rows) == len(columns) == side else x.new_zeros  # a tap without a place is left out
    laid = make((side, side, channels, lines, places, count))
    for row in rows:
        for column in columns:
            into = laid[row.tap, column.tap]
            into[:, row.narrow, column.narrow] = parted[column.parity][:, row.rows, column.wide]
            for outside in (slice(row.first), slice(row.last, lines)):
                into[:, outside] = 0
            for outside in (slice(column.first), slice(column.last, places)):
                into[:, :, outside] = 0
    return laid.view(side * side * channels, -1)


def _laid_over(columns: torch.Tensor, count: int, size: Size, side: int) -> torch.Tensor:
    """Return its transpose, (k * k * C, H' * W' * N) -> (N, C, H, W): each tap's part added at its input."""
    height, width = size
    columns = columns.view(side, side, -1, narrow_side(height, side), narrow_side(width, side), count)
    channels = columns.shape[2]
    parted = [columns.new_zeros((channels, height, (width + 1 - parity) // 2, count)) for parity in (0, 1)]
    for row in _taps(height, side):
        for column in _taps(width, side):
            parted[column.parity][:, row.rows, column.wide] += columns[row.tap, column.tap, :, row.narrow, column.narrow]
    x = columns.new_empty((channels, height, width, count))
    x[:, :, 0::2], x[:, :, 1::2] = parted
    return x.permute(3, 0, 1, 2)
