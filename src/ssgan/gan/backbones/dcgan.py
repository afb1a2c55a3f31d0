"""Generator and critic of the paper: fractionally strided convolutions up, strided ones down, BatchNorm and leaky ReLU between.

A. Radford, L. Metz, S. Chintala, "Unsupervised representation learning with deep convolutional generative adversarial
networks", ICLR 2016; kernel 5 and an output padding as SGAN's code has it and SSGAN's text repeats, kernel 4 as in WGAN's
reference code.
The last layer of the generator has neither BatchNorm nor leaky ReLU before its tanh, which would squeeze the dark half.
"""

from __future__ import annotations

import torch
from torch import nn

from ssgan.errors import InvalidSetting
from ssgan.gan.backbone import Backbone
from ssgan.gan.backbones import layers
from ssgan.gan.backbones.colors import colors_of
from ssgan.gan.backbones.layers import base_size, center_crop, num_doublings

SLOPE = 0.2  # of the leaky ReLU


class Generator(nn.Module):
    """A network from latents float32 (N, L) to Floats (N, C, H, W) in (-1, 1), H = W = image_size.

    Widths fall from `width` times 8 (at 64 x 64) to `width`, halving as the side doubles. A side that is no power of two times
    the first one is cut from the middle of the next larger one.
    """

    def __init__(
        self,
        image_size: int = 64,
        channels: int = 3,
        *,
        latent: int = 100,
        width: int = 64,
        kernel: int = 5,
        even_last: bool = False,
        slope: float = SLOPE,
        colors: str = "rgb",
    ) -> None:
        super().__init__()
        _expect(kernel)
        count = num_doublings(image_size)
        self.image_size, self.base_size = image_size, base_size(image_size)
        widths = [width * 2 ** (count - 1 - i) for i in range(count)]  # 512, 256, 128, 64
        self.first_width = widths[0]
        self.dense = nn.Linear(latent, widths[0] * self.base_size**2, bias=False)
        self.first_norm = nn.BatchNorm2d(widths[0])
        self.ups = nn.ModuleList(
            layers.up(before, after, kernel, bias=False) for before, after in zip(widths, widths[1:], strict=False)
        )
        self.ups.append(layers.even_up(width, channels) if even_last else layers.up(width, channels, kernel, bias=True))
        self.norms = nn.ModuleList(nn.BatchNorm2d(after) for after in widths[1:])
        self.slope, self.colors = slope, colors_of(colors)
        initialize(self)

    def forward(self, latents: torch.Tensor) -> torch.Tensor:
        """Return one image a latent."""
        x = self.dense(latents).unflatten(1, (self.first_width, self.base_size, self.base_size))
        x = layers.activated(self.first_norm, x, self.slope)
        for up, norm in zip(self.ups, self.norms, strict=False):
            x = layers.activated(norm, up(x), self.slope)  # (N, width, 2 side, 2 side)
        return center_crop(self.colors(self.ups[-1](x).tanh()), self.image_size)


class Critic(nn.Module):
    """A network from Floats (N, C, H, W) to critic values (N,), higher = rather real. The first layer has no BatchNorm.

    `norm` is `batch`, or `none` for objectives whose penalty looks at one image at a time.
    """

    def __init__(
        self, image_size: int = 64, channels: int = 3, *, width: int = 64, kernel: int = 5, norm: str = "batch"
    ) -> None:
        super().__init__()
        _expect(kernel)
        if norm not in ("batch", "none"):
            raise InvalidSetting(f"the critic has no norm '{norm}'", hint="choose from batch, none")
        count, side = num_doublings(image_size), image_size
        widths = [width * 2**i for i in range(count)]  # 64, 128, 256, 512
        self.downs, self.norms = nn.ModuleList(), nn.ModuleList()
        for i, (before, after) in enumerate(zip([channels, *widths], widths, strict=False)):
            normed = i > 0 and norm == "batch"
            self.downs.append(layers.down(before, after, kernel, bias=not normed))
            self.norms.append(nn.BatchNorm2d(after) if normed else nn.Identity())
            side = layers.down_side(side, kernel)
        self.dense = nn.Linear(widths[-1] * side**2, 1)
        initialize(self)

    def forward(self, floats: torch.Tensor) -> torch.Tensor:
        """Return one value an image; with BatchNorm in training, it depends on the batch."""
        x = floats
        for down, norm in zip(self.downs, self.norms, strict=True):
            x = layers.activated(norm, down(x), SLOPE)  # (N, width, side / 2, side / 2)
        value: torch.Tensor = self.dense(x.flatten(1)).squeeze(1)
        return value


def generator4(
    image_size: int = 64, channels: int = 3, *, latent: int = 100, width: int = 64, colors: str = "rgb"
) -> Generator:
    """Return the same with kernel 4 and ReLU, as WGAN's reference code has it."""
    return Generator(image_size, channels, latent=latent, width=width, kernel=4, slope=0.0, colors=colors)


def generator_even(
    image_size: int = 64, channels: int = 3, *, latent: int = 100, width: int = 64, colors: str = "rgb"
) -> Generator:
    """Return the paper's with a last layer that treats all pixels alike.

    With kernel 5 and stride 2 a pixel is made by four, six or nine taps, by its row and column: a checkerboard.
    """
    return Generator(image_size, channels, latent=latent, width=width, even_last=True, colors=colors)


def critic4(image_size: int = 64, channels: int = 3, *, width: int = 64, norm: str = "batch") -> Critic:
    """Return the same with kernel 4."""
    return Critic(image_size, channels, width=width, kernel=4, norm=norm)


def initialize(network: nn.Module) -> None:
    """Initialize by a normal law, mean 0 and deviation 0.02; BatchNorm's gain the same around 1 (DCGAN)."""
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
            nn.init.normal_(layer.weight, std=0.02)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
        elif isinstance(layer, nn.BatchNorm2d):
            nn.init.normal_(layer.weight, 1.0, 0.02)
            nn.init.zeros_(layer.bias)
    layers.lay_out(network)


def _expect(kernel: int) -> None:
    if kernel not in (4, 5):
        raise InvalidSetting(f"the kernel is {kernel}; it must be 4 or 5", hint="choose dcgan, which has 5, or dcgan4")


ROWS = {
    "dcgan": Backbone(Generator, Critic, "DCGAN, kernel 5: the paper's", "A. Radford, L. Metz, S. Chintala, ICLR 2016"),
    "dcgan-even": Backbone(
        generator_even,
        Critic,
        "DCGAN, kernel 5, a last layer without a checkerboard",
        "A. Odena, V. Dumoulin, C. Olah, Distill 2016",
    ),
    "dcgan4": Backbone(generator4, critic4, "DCGAN, kernel 4, as in WGAN's code", "M. Arjovsky et al., arXiv 1701.07875"),
}
