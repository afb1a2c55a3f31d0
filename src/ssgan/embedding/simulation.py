"""Simulate stegos of images of any kind by an embedder's name, in one call."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ssgan.compute import seeds
from ssgan.embedding.embedder import Embedder
from ssgan.errors import InvalidSetting
from ssgan.images import AnyImage, Layout, accept, as_images, is_batch, laid_out
from ssgan.images.arrays import CHANNELS
from ssgan.images.coefficients import Coefficients
from ssgan.images.samples import Samples


def simulate(
    covers: AnyImage | Samples[Any] | Coefficients,
    embedder: Embedder | str,
    seed: int | np.random.Generator,
    *,
    layout: Layout | None = None,
) -> Any:
    """Return the stego of an image, or the stegos of a batch, in the kind and the axes of the covers.

    covers    one image as `ssgan.as_image` takes it (its stego is a NumPy array uint8 with its axes); a NumPy array or a torch
              tensor uint8 (N, C, H, W); the Coefficients of a JPEG, for schemes such as juniward; or Samples of another kind
    embedder  an `ssgan.Embedder` or its name: the scheme, @, and the payload in bits per sample, as in "hill@0.4"
    seed      a whole number, or a NumPy Generator: which changes are drawn
    layout    "chw" or "hwc", where the shape of a NumPy array leaves it open

    No message is in the stego: the changes are those that a sender would make on average. `ssgan.hide` sends real messages.
    Raises InvalidSetting for what is no cover or no embedder, DoesNotFit where the payload does not fit.

    >>> import numpy, ssgan
    >>> cover = numpy.random.default_rng(1).integers(90, 110, (64, 64))
    >>> stego = ssgan.simulate(cover, "lsb@0.4", seed=1)
    >>> stego.shape, round(ssgan.difference(cover, stego).change_rate, 1)
    ((64, 64), 0.1)
    """
    chosen = Embedder.parse(embedder) if isinstance(embedder, str) else embedder
    if isinstance(covers, Coefficients):
        from ssgan.embedding.coefficient_embedder import simulate_coefficients

        return simulate_coefficients(covers, chosen, seed)
    if isinstance(covers, Samples) or (is_batch(covers) and not isinstance(covers, np.ndarray)):
        return chosen.simulate(covers, seed)  # type: ignore[arg-type]
    if isinstance(covers, list | tuple):
        raise InvalidSetting("covers are a list", hint="give one image at a time, or numpy.stack those of one size")
    if is_batch(covers):
        batch = as_images(covers, layout=layout)
        stegos = _simulated(batch, chosen, seed)
        is_last = layout == "hwc" or np.asarray(covers).shape[1] not in CHANNELS
        return np.ascontiguousarray(stegos.transpose(0, 2, 3, 1)) if is_last else stegos
    taken = accept(covers, layout=layout)
    return laid_out(_simulated(taken.samples[None], chosen, seed)[0], taken.axes)


def _simulated(covers: NDArray[np.uint8], embedder: Embedder, seed: int | np.random.Generator) -> NDArray[np.uint8]:
    """Return stegos uint8 (N, C, H, W) of such covers, one seed an image."""
    own = seeds.image_seeds(seeds.as_generator(seed), len(covers))
    return embedder.simulate_seeded(covers, own)
