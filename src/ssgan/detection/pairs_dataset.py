"""Serve cover/stego pairs to torch's DataLoader, with stegos made when they are asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch.utils.data import Dataset

from ssgan.compute import seeds
from ssgan.embedding.embedder import Embedder
from ssgan.errors import InvalidSetting
from ssgan.images import AnyImage, AnyImages, Images, as_image, is_batch, to_images


class PairsDataset(Dataset[tuple[Any, Any]]):
    """A `torch.utils.data.Dataset` of (cover, stego): uint8 (C, H, W) tensors, or what `transform` makes of both.

    covers     a batch (N, C, H, W), or a sequence of what `ssgan.as_image` takes: paths are read when their pair is asked for
    stegos     an `ssgan.Embedder` or its name, such as "hill@0.4"; or the stegos themselves, the i-th made from the i-th cover
    seed       a whole number or a NumPy Generator: which changes are drawn. A pair is the same in any order and any process
    transform  a function of the pair (2, C, H, W), which returns two tensors: a flip is then the same for both

    `set_epoch(k)` draws other changes for epoch k, as `train-detector --resample` does. Raises InvalidSetting for what are no
    covers or no embedder.

    >>> import ssgan, torch
    >>> pairs = ssgan.PairsDataset(ssgan.sample("faces64", 6, seed=1), "lsb@0.4", seed=1)
    >>> covers, stegos = next(iter(torch.utils.data.DataLoader(pairs, batch_size=3)))
    >>> len(pairs), covers.shape, stegos.dtype
    (6, torch.Size([3, 3, 64, 64]), torch.uint8)
    """

    def __init__(
        self,
        covers: AnyImages,
        stegos: Embedder | str | AnyImages,
        *,
        seed: int | np.random.Generator = 0,
        transform: Callable[[torch.Tensor], Any] | None = None,
    ) -> None:
        self.covers = _several(covers, "covers")
        self.embedder = Embedder.parse(stegos) if isinstance(stegos, str) else stegos if isinstance(stegos, Embedder) else None
        self.stegos = None if self.embedder is not None else _several(stegos, "stegos")  # type: ignore[arg-type]
        if self.stegos is not None and len(self.stegos) != len(self.covers):
            raise InvalidSetting(
                f"there are {len(self.covers)} covers and {len(self.stegos)} stegos", hint="give pairs, in one order"
            )
        self.seed, self.transform, self.epoch = seeds.as_seed(seed), transform, 0

    def set_epoch(self, epoch: int) -> None:
        """Draw the changes of this epoch from now on; 0 are those of the beginning."""
        self.epoch = epoch

    def __len__(self) -> int:
        """Return the number of pairs."""
        return len(self.covers)

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        """Return the pair of a number."""
        if not -len(self) <= index < len(self):
            raise IndexError(f"there is no pair {index} among {len(self)}")
        index %= len(self)
        cover = to_images(as_image(self.covers[index]))
        if self.stegos is not None:
            stego = to_images(as_image(self.stegos[index]))
        else:
            assert self.embedder is not None
            own = np.array([seeds.derive(self.seed, "pair", str(self.epoch), str(index))], dtype=np.uint64)
            stego = self.embedder.simulate_seeded(cover, own)
        if cover.shape != stego.shape:
            raise InvalidSetting(
                f"cover {index} is {tuple(cover.shape[1:])} and its stego {tuple(stego.shape[1:])}",
                hint="give pairs, in one order",
            )
        pair = torch.cat([cover, stego])
        first, second = pair if self.transform is None else self.transform(pair)
        return first, second


def _several(images: AnyImages, what: str) -> Sequence[AnyImage] | Images:
    """Return a batch or a sequence of images. Raises InvalidSetting for one image, and for none."""
    if not (is_batch(images) or isinstance(images, list | tuple)) or not len(images):  # type: ignore[arg-type]
        raise InvalidSetting(f"the {what} are no batch and no sequence of images", hint="give (N, C, H, W) or a list")
    return images  # type: ignore[return-value]
