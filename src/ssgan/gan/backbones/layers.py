"""Double and halve a side, with exact rewrites of these layers that are faster on a given device.

Kernel 5 with stride 2 is padded as TensorFlow's SAME has it for even sides, which is what the paper's family of code does:
twice the side up, half of it, rounded up, down. Kernel 4 is WGAN's.

The layers are torch's own, with their weights and keys; only how a batch goes through is chosen here, by device and width.

On processors, wide layers are matrix products over places (`ssgan.gan.backbones.strided_conv`). Their speed relative to torch's
own layers, forward and backward, one thread of an AVX-512 Xeon, kernel 5, batch 64, halving to 4, 8, 16 places:
    16 to 32 maps   0.5, 0.6, 0.7        64 to 128    1.2, 0.9, 0.9        128 to 256   1.8, 1.2, 0.9        256 to 512   2.1
Hence `WIDE`. The layers of 64 to 128 maps lose less than it would cost to change the order in memory before and after them. The
image's layer gains 1.15 at 64 maps, mostly where its derivative by the image is asked for, and loses below that width. Each
layer by itself: results/train_step.csv.

On graphics cards torch's own layers are used, with adjacent channels, except for kernel 5 at the image: matrix units make no
use of so few channels, so the four places of each 2 x 2 become channels, and there is no stride.
"""

from __future__ import annotations

import math

import torch
from torch import nn
from torch.utils._python_dispatch import _get_current_dispatch_mode

from ssgan.errors import InvalidSetting
from ssgan.gan.backbones import strided_conv

WIDE = 64 * 128  # the product of a layer's channels before and after, from which on it goes through as products over places
WIDE_IMAGE = 64  # the same for the layers at the image: the channels on the other side
LEAST_SIDE = 4  # of the first maps, which are 4 to 8 wide
SIZES = (16, 256)  # of images


def num_doublings(image_size: int) -> int:
    """Return how often the side is doubled. Raises InvalidSetting outside of SIZES."""
    if not SIZES[0] <= image_size <= SIZES[1]:
        raise InvalidSetting(
            f"images of {image_size} x {image_size} pixels cannot be generated",
            hint=f"choose a size from {SIZES[0]} to {SIZES[1]}",
        )
    return int(math.log2(image_size / LEAST_SIDE))


def base_size(image_size: int) -> int:
    """Return the least first side whose doublings reach the image's."""
    return -(-image_size // 2 ** num_doublings(image_size))


def center_crop(floats: torch.Tensor, size: int) -> torch.Tensor:
    """Return the square (N, C, size, size) in the middle."""
    start = (floats.shape[-1] - size) // 2
    return floats[..., start : start + size, start : start + size]


def up(before: int, after: int, kernel: int, *, bias: bool) -> nn.ConvTranspose2d:
    """Return (N, before, S, S) -> (N, after, 2 S, 2 S)."""
    if kernel == 5:
        return Up(before, after, 5, stride=2, padding=2, output_padding=1, bias=bias)
    return Up(before, after, 4, stride=2, padding=1, bias=bias)


def even_up(before: int, after: int) -> nn.Sequential:
    """Return (N, before, S, S) -> (N, after, 2 S, 2 S): nearest neighbors, then a 3 x 3 convolution with bias.

    All pixels are made by as many taps (A. Odena, V. Dumoulin, C. Olah, "Deconvolution and checkerboard
    artifacts", Distill 2016).
    """
    return nn.Sequential(nn.Upsample(scale_factor=2), nn.Conv2d(before, after, 3, padding=1))


def down(before: int, after: int, kernel: int, *, bias: bool) -> nn.Conv2d:
    """Return (N, before, S, S) -> (N, after, S / 2, S / 2)."""
    return Down(before, after, kernel, stride=2, padding=2 if kernel == 5 else 1, bias=bias)


def down_side(side: int, kernel: int) -> int:
    """Return the side after `down`."""
    return strided_conv.narrow_side(side, kernel)


class Up(nn.ConvTranspose2d):
    """The transposed convolution of its parent, of kernel 5 or 4 and stride 2."""

    def forward(self, input: torch.Tensor, output_size: list[int] | None = None) -> torch.Tensor:
        """Return maps of twice the side."""
        if output_size is None and by_phases(input, self.weight):
            return nn.functional.pixel_shuffle(nn.functional.conv2d(input, *phases_up(self.weight, self.bias), padding=1), 2)
        if output_size is not None or not by_products(input, self.weight):
            return super().forward(input, output_size)
        size = (2 * input.shape[2], 2 * input.shape[3])
        return _with_bias(strided_conv.widen(input, self.weight, size), self.bias)


class Down(nn.Conv2d):
    """The convolution of its parent, of kernel 5 or 4 and stride 2."""

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        """Return maps of half the side."""
        if by_phases(input, self.weight):
            return nn.functional.conv2d(nn.functional.pixel_unshuffle(input, 2), phases_down(self.weight), self.bias, padding=1)
        if not by_products(input, self.weight):
            return super().forward(input)
        return _with_bias(strided_conv.narrow(input, self.weight), self.bias)


def by_products(x: torch.Tensor, weight: torch.Tensor) -> bool:
    """Return whether a batch is computed by matrix products over positions: wide layers on a processor, in float32.

    Tools that trace or count operations see torch's own.
    """
    if x.device.type != "cpu" or x.dtype != torch.float32 or torch.is_autocast_enabled("cpu") or not is_wide(weight):
        return False
    watched = torch.compiler.is_compiling() or torch._C._get_tracing_state() is not None
    return not watched and _get_current_dispatch_mode() is None


def by_phases(x: torch.Tensor, weight: torch.Tensor) -> bool:
    """Return whether a layer at the image is computed by its four phases: on graphics cards."""
    fits = weight.shape[1] <= strided_conv.IMAGE_CHANNELS and weight.shape[2] == 5 and x.shape[2] % 2 == x.shape[3] % 2 == 0
    return x.is_cuda and fits


def phases_up(weight: torch.Tensor, bias: torch.Tensor | None) -> tuple[torch.Tensor, torch.Tensor | None]:
    """Return weights (C, C', 5, 5) that double -> (4 C', C, 3, 3) that keep the side, a channel for each of 2 x 2 pixels.

    The place 2 j + p takes the taps k = 4 - 2 t + p of the places j + t - 1, t = 0, 1, 2; the sixth tap is zero.
    """
    before, after = weight.shape[:2]
    taps = nn.functional.pad(weight, (0, 1, 0, 1)).view(before, after, 3, 2, 3, 2).flip(2, 4)
    kernels = taps.permute(1, 3, 5, 0, 2, 4).reshape(4 * after, before, 3, 3)
    return kernels, None if bias is None else bias.repeat_interleave(4)


def phases_down(weight: torch.Tensor) -> torch.Tensor:
    """Return weights (C', C, 5, 5) that halve -> (C', 4 C, 3, 3) that keep the side of 2 x 2 pixels: taps k = 2 t + p."""
    after, before = weight.shape[:2]
    taps = nn.functional.pad(weight, (0, 1, 0, 1)).view(after, before, 3, 2, 3, 2)
    return taps.permute(0, 1, 3, 5, 2, 4).reshape(after, 4 * before, 3, 3)


def is_wide(weight: torch.Tensor) -> bool:
    """Return whether products are faster for a layer's weights (C', C, k, k), see above."""
    after, before = weight.shape[:2]
    return after >= WIDE_IMAGE if before <= strided_conv.IMAGE_CHANNELS else after * before >= WIDE


def activated(norm: nn.Module, x: torch.Tensor, slope: float) -> torch.Tensor:
    """Return leaky_relu(norm(x)) in the memory order of x, a layer's output, which it may overwrite."""
    if x.is_contiguous() or not x.permute(2, 3, 0, 1).is_contiguous() or isinstance(norm, nn.Identity):
        return nn.functional.leaky_relu_(norm(x), slope)
    places = strided_conv.places_first(x)  # (H, W, N, C)
    flat = nn.functional.leaky_relu_(norm(places.view(-1, places.shape[3], 1, 1)), slope)
    return flat.view(places.shape).permute(2, 3, 0, 1)


def lay_out(network: nn.Module) -> None:
    """Lay the weights of wide layers in memory as the products read them and make their gradients; shapes are unchanged."""
    for layer in network.modules():
        if isinstance(layer, Up | Down) and is_wide(layer.weight):
            layer.weight.data = layer.weight.data.permute(2, 3, 1, 0).contiguous().permute(3, 2, 0, 1)


def _with_bias(x: torch.Tensor, bias: torch.Tensor | None) -> torch.Tensor:
    return x if bias is None else x + bias.view(-1, 1, 1)
