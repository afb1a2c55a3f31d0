"""Choose images of a source by a seed."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ssgan import images
from ssgan.compute import seeds
from ssgan.compute.progress import Progress, silent
from ssgan.datasets import Geometry, open_source
from ssgan.datasets.loading import named, remedy, usual_shape
from ssgan.errors import InvalidSetting, RefusedImage
from ssgan.images import Images


class ImageSet(NamedTuple):
    """Images, the number of pictures to choose from, and the refused ones, each with the reason."""

    images: Images
    available: int
    bad: list[tuple[str, str]]


def choose(
    path: Path,
    geometry: Geometry,
    *,
    convert: Collection[str] = (),
    limit: int,
    seed: int = 0,
    progress: Progress[()] = silent,
) -> ImageSet:
    """Return at most `limit` images of a folder or archive, chosen at random, in the order of its names.

    A picture that is refused, or that gives another shape than most, is listed as bad. Raises InvalidSetting
    where there is nothing to choose from, RefusedImage where no picture can be used.
    """
    if limit < 1:
        raise InvalidSetting(f"limit is {limit}; it must be at least 1", hint="give a number from 1 on")
    bad: list[tuple[str, str]] = []
    found: list[tuple[str, np.ndarray]] = []
    with open_source(path) as source:
        order = seeds.generator(seed, "quality", "choice").permutation(len(source))[:limit]
        for done, place in enumerate(sorted(order.tolist()), start=1):
            name = source.names[place]
            try:
                (_, samples), *_ = geometry.cut(source.picture(name, convert=convert).samples)
                found.append((name, samples))
            except RefusedImage as error:
                bad.append((name, str(error)))
            progress(done)
        if not found:
            reason = f"; the first: {bad[0][0]}: {bad[0][1]}" if bad else ""
            raise RefusedImage(f"{path} has no usable image{reason}", hint=remedy(bad))
        shape = usual_shape([samples.shape for _, samples in found])
        assert shape is not None, "there are images"
        bad += [
            (name, f"it is {named(samples.shape)}, where most are {named(shape)}")
            for name, samples in found
            if samples.shape != shape
        ]
        return ImageSet(images.to_images(np.stack([one for _, one in found if one.shape == shape])), len(source), bad)
