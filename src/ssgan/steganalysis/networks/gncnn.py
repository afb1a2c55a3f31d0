"""GNCNN: a fixed high-pass filter, convolutions with Gaussian activations and average pooling, three dense layers.

Y. Qian, J. Dong, W. Wang, T. Tan, "Deep learning for steganalysis via convolutional neural networks", SPIE 9409, 2015; the
steganalyser S and S* of the SSGAN paper. The published form is for 256 x 256; `same` has the same 256 features at any size:
four convolutional layers at 64 x 64, one more for each doubling.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import nn

from ssgan.compute.threads import Parts
from ssgan.errors import InvalidSetting
from ssgan.images import filters
from ssgan.steganalysis.network import Network, Recipe
from ssgan.steganalysis.networks.fused import gncnn_fused

MAPS = 16
FEATURE_SIDE = 4  # the last maps are 4 x 4: 256 features
LEAST_SIZE = 32


class Gncnn(nn.Module):
    """A network from gray values 0...255 float (N, C, H, W) to logits (N,). Color: each channel is filtered by itself, then all
    are mixed.

    `sigma` is the width of the activation exp(-x^2 / sigma^2), in units of the filtered gray value.
    """

    fused_by_images = True

    def __init__(self, image_size: int = 64, channels: int = 1, *, form: str = "same", sigma: float = 1.0) -> None:
        super().__init__()
        if form == "published":
            if image_size != 256:
                raise InvalidSetting(f"the published GNCNN reads 256 x 256, not {image_size}", hint="use the form same")
            kernels, padded, pads = [5, 3, 3, 3, 5], False, [1, 1, 0, 0, 0]
        elif form == "same":
            if image_size < LEAST_SIZE:
                raise InvalidSetting(
                    f"GNCNN reads images of {LEAST_SIZE} x {LEAST_SIZE} or more, not {image_size}",
                    hint="take larger images, or another detector",
                )
            count = int(math.log2(image_size / FEATURE_SIDE))
            kernels, padded, pads = [5, *[3] * (count - 2), 5], True, [1] * count
        else:
            raise InvalidSetting(f"GNCNN has no form '{form}'", hint="choose same, or published for 256 x 256")
        self.register_buffer("kv", torch.tensor(filters.KV, dtype=torch.float32).expand(channels, 1, 5, 5).clone())
        self.kv: torch.Tensor
        self.padded, self.sigma = padded, sigma
        self.convolutions = nn.ModuleList(
            nn.Conv2d(channels if i == 0 else MAPS, MAPS, kernel, padding=kernel // 2 if padded else 0)
            for i, kernel in enumerate(kernels)
        )
        self.pools = nn.ModuleList(nn.AvgPool2d(3, stride=2, padding=pad) for pad in pads)
        self.dense = nn.Sequential(
            nn.Linear(MAPS * FEATURE_SIDE**2, 128), nn.ReLU(), nn.Linear(128, 128), nn.ReLU(), nn.Linear(128, 1)
        )
        for weight in (parameter for parameter in self.convolutions.parameters() if parameter.ndim == 4):
            nn.init.xavier_uniform_(weight)  # N(0, 0.01) of the paper leaves every activation at its flat top

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Return one logit an image, independent of the other images of the batch."""
        x = nn.functional.conv2d(images, self.kv, padding=2 if self.padded else 0, groups=images.shape[1])
        for convolution, pool in zip(self.convolutions, self.pools, strict=True):
            x = pool(torch.exp(-(convolution(x) / self.sigma).square()))  # (N, 16, H / 2, W / 2)
        return self._judged(x)

    def fused(self, images: torch.Tensor, parts: Parts) -> torch.Tensor:
        """Return what `forward` does in training: float32, on the processor, differentiable once. As published it is slow."""
        if not self.padded:
            return self(images)
        layers = [(layer.get_parameter("weight"), layer.get_parameter("bias")) for layer in self.convolutions]
        return self._judged(gncnn_fused.features(images, self.kv, self.sigma, layers, parts))

    def lean(self, images: torch.Tensor) -> torch.Tensor:
        """Return the same in half as many passes over the maps, differentiable once, since a graphics card waits for its
        memory.
        """
        x = nn.functional.conv2d(images, self.kv, padding=2 if self.padded else 0, groups=images.shape[1])
        for convolution, pool in zip(self.convolutions, self.pools, strict=True):
            x = pool(_Gaussian.apply(convolution(x), self.sigma))  # type: ignore[no-untyped-call]
        return self._judged(x)

    def _judged(self, x: torch.Tensor) -> torch.Tensor:
        x = nn.functional.adaptive_avg_pool2d(x, FEATURE_SIDE)  # the identity where the side is a power of two
        logit: torch.Tensor = self.dense(x.flatten(1)).squeeze(1)
        return logit


class _Gaussian(torch.autograd.Function):
    """exp(-x^2 / sigma^2) in two passes, its derivative -2 x / sigma^2 times that in two."""

    @staticmethod
    def forward(context: Any, x: torch.Tensor, sigma: float) -> torch.Tensor:
        y = torch.addcmul(x.new_zeros(()), x, x, value=-1 / sigma**2).exp_()
        context.save_for_backward(x, y)
        context.sigma = sigma
        return y

    @staticmethod
    def backward(context: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor, None]:
        x, y = context.saved_tensors
        return torch.addcmul(x.new_zeros(()), gradients[0] * y, x, value=-2 / context.sigma**2), None


# The paper's SGD stays at chance for long on thousands of images; Adamax does not.
ROWS = {
    "gncnn": Network(
        Gncnn, "GNCNN", "KV filter, Gaussian activations, average pooling; the paper's S and S*",
        "Y. Qian, J. Dong, W. Wang, T. Tan, Deep learning for steganalysis via convolutional neural networks, SPIE 9409, 2015",
        "KV filter, fixed | 5 x 5 x 16, Gaussian, average 3 x 3 / 2 | 3 x 3 x 16 the same, twice at 64 x 64, once more for "
        "each "
        "doubling | 5 x 5 x 16 the same: 4 x 4 x 16 | dense 128, 128, 1, ReLU",
        "each channel is filtered by itself, then all are mixed",
        recipe=Recipe("adamax", 2e-3, 1e-4),
    ),
}  # fmt: skip
