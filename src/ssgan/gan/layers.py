"""The layers that double and halve a side, and exact rewrites of them that are faster on a given device.

Kernel 5 with stride 2 is padded as TensorFlow's SAME has it for even sides, which is what the paper's family of code does:
twice the side up, half of it, rounded up, down. Kernel 4 is WGAN's.

The layers are torch's own, with their weights and keys; only how a batch goes through is chosen here, see `by_products`.
"""

from __future__ import annotations

import torch
from torch import nn

from ssgan.gan import strided

LEAST_BATCH = 8  # below, the products are too small to pay


def up(before: int, after: int, kernel: int, *, bias: bool) -> nn.ConvTranspose2d:
    """(N, before, S, S) -> (N, after, 2 S, 2 S)."""
    if kernel == 5:
        return Up(before, after, 5, stride=2, padding=2, output_padding=1, bias=bias)
    return Up(before, after, 4, stride=2, padding=1, bias=bias)


def down(before: int, after: int, kernel: int, *, bias: bool) -> nn.Conv2d:
    """(N, before, S, S) -> (N, after, S / 2, S / 2)."""
    return Down(before, after, kernel, stride=2, padding=2 if kernel == 5 else 1, bias=bias)


def down_side(side: int, kernel: int) -> int:
    """The side after `down`."""
    return strided.narrow_side(side, kernel)


class Up(nn.ConvTranspose2d):
    """As its parent, of kernel 5 or 4 and stride 2."""

    def forward(self, input: torch.Tensor, output_size: list[int] | None = None) -> torch.Tensor:
        """Twice the side."""
        if output_size is not None or not by_products(input):
            return super().forward(input, output_size)
        size = (2 * input.shape[2], 2 * input.shape[3])
        return _with_bias(strided.widen(input, self.weight, size), self.bias)


class Down(nn.Conv2d):
    """As its parent, of kernel 5 or 4 and stride 2."""

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        """Half the side."""
        if not by_products(input):
            return super().forward(input)
        return _with_bias(strided.narrow(input, self.weight), self.bias)


def by_products(x: torch.Tensor) -> bool:
    """Whether a batch goes through as matrix products over places: on a processor, in float32, if it is large enough."""
    if x.device.type != "cpu" or x.dtype != torch.float32 or torch.is_autocast_enabled("cpu"):
        return False
    traced = torch.compiler.is_compiling() or torch._C._get_tracing_state() is not None
    return not traced and x.shape[0] >= LEAST_BATCH


def activated(norm: nn.Module, x: torch.Tensor, slope: float) -> torch.Tensor:
    """leaky_relu(norm(x)); places that come first in memory stay so. It may write over x, which is a layer's output."""
    if not by_products(x) or x.is_contiguous() or isinstance(norm, nn.Identity):
        return nn.functional.leaky_relu_(norm(x), slope)
    places = strided.places_first(x)  # (H, W, N, C)
    flat = nn.functional.leaky_relu_(norm(places.view(-1, places.shape[3], 1, 1)), slope)
    return flat.view(places.shape).permute(2, 3, 0, 1)


def lay_out(network: nn.Module) -> None:
    """Lay the weights of these layers in memory as the products read them and make their gradients; shapes stay as they are."""
    for layer in network.modules():
        if isinstance(layer, Up | Down):
            layer.weight.data = layer.weight.data.permute(2, 3, 1, 0).contiguous().permute(3, 2, 0, 1)


def _with_bias(x: torch.Tensor, bias: torch.Tensor | None) -> torch.Tensor:
    return x if bias is None else x + bias.view(-1, 1, 1)
