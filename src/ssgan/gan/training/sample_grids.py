"""Write grids of samples from constant latents, and measure how much the samples differ, and their grain.

A generator that makes one image of all latents has collapsed. Noise is no difference: images are compared as 8 x 8 thumbnails.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import nn

from ssgan import images
from ssgan.compute import seeds
from ssgan.gan.training.random_draws import latents
from ssgan.gan.training.settings import TrainingConfig
from ssgan.images import Floats, Images
from ssgan.images.grain import channel_correlation, residual_median
from ssgan.storage.folders import make_folder

FOLDER = "samples"
SIDE = 8  # images, of the grid
THUMBNAIL = 8  # pixels
COLLAPSED = 0.3  # of the real images' mean distance
EARLY_IMAGES = 10_000  # seen: before that, and in the first tenth of a training, all samples are alike


@dataclass(frozen=True, eq=False)
class SampleGrids:
    """The grids of one run; `real` are Floats to compare with."""

    folder: Path
    config: TrainingConfig
    real: Floats

    def write(self, generator: nn.Module, images_seen: int) -> dict[str, float]:
        """Write samples/IMAGES.png, and return figures of the samples: how much they differ, as a fraction of what real images
        do; the median of their residuals, in gray values; and in color the least correlation of two channels' residuals.
        """
        floats = sampled(generator, latents(self.config, seeds.generator(self.config.seed, "grid"), SIDE**2))
        make_folder(self.folder / FOLDER)
        pictures = images.to_pixels(floats)
        images.write(self.folder / FOLDER / f"{images_seen:09d}.png", grid(pictures), overwrite=True, durable=False)
        apart = distance(self.real)
        figures = {
            "diversity": distance(floats) / apart if apart > 0 else 1.0,
            "samples_residual_median": residual_median(pictures),
        }
        together = channel_correlation(pictures)
        return figures if math.isnan(together) else figures | {"samples_channel_correlation": together}


def alike(diversity: float, images_seen: int, duration_images: int) -> bool:
    """Return whether a generator seems to have collapsed."""
    return diversity < COLLAPSED and images_seen >= max(EARLY_IMAGES, duration_images / 10)


def warning(diversity: float, images_seen: int) -> str:
    """Return the warning on a collapse."""
    return (
        f"after {images_seen} images the generated ones differ by {diversity:.0%} of what real ones do: the generator may "
        "have collapsed onto few of them; look at the samples, and try more critic steps or a lower learning rate"
    )


def sampled(generator: nn.Module, given: torch.Tensor, *, batch: int = SIDE**2) -> Floats:
    """Return Floats on the CPU, made in evaluation mode: each image depends on its latent alone."""
    was_training = generator.training
    device = next(generator.parameters()).device
    generator.eval()
    with torch.inference_mode():
        made = torch.cat([generator(part.to(device)).float().cpu() for part in given.split(batch)])
    generator.train(was_training)
    return made


def grid(pictures: Images) -> np.ndarray:
    """Return uint8 (C, SIDE h, SIDE w) of SIDE^2 Images."""
    _, channels, height, width = pictures.shape
    rows = pictures.view(SIDE, SIDE, channels, height, width).permute(2, 0, 3, 1, 4)  # (C, row, h, column, w)
    return rows.reshape(channels, SIDE * height, SIDE * width).numpy()


def distance(floats: Floats) -> float:
    """Return the mean Euclidean distance of two thumbnails."""
    if len(floats) < 2:
        return 0.0
    return float(torch.pdist(nn.functional.adaptive_avg_pool2d(floats, THUMBNAIL).flatten(1)).mean())
