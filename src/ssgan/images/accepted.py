"""Accept pictures at every public door: one in memory or in a file, or a batch of them.

All functions that take an image take it here, so that all of them take the same kinds and refuse the rest in the same words.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ssgan.errors import InvalidSetting, RefusedImage
from ssgan.images import files
from ssgan.images.arrays import Axes, ImageLike, Layout, as_alpha, batch_of, with_axes
from ssgan.images.detect import JPEG_SIGNATURE
from ssgan.images.files import Picture

if TYPE_CHECKING:
    AnyImage: TypeAlias = ImageLike | Picture | str | os.PathLike[str]
    AnyImages: TypeAlias = AnyImage | Sequence[AnyImage]
else:
    AnyImage: TypeAlias = "ImageLike | Picture | str | os.PathLike[str]"
    AnyImages: TypeAlias = "AnyImage | Sequence[AnyImage]"


@dataclass(frozen=True, eq=False)
class AcceptedImage:
    """One picture: samples uint8 (C, H, W), C = 1 or 3, alpha uint8 (H, W) or None, and the axes that it came with."""

    samples: NDArray[np.uint8]
    alpha: NDArray[np.uint8] | None
    axes: Axes


def accept(image: AnyImage, *, alpha: ImageLike | None = None, layout: Layout | None = None) -> AcceptedImage:
    """Return one picture with its alpha: the one given, or the file's. Raises as `as_image` does.

    What is in a file comes back as Pillow would have it: (H, W) gray or (H, W, 3) color; a Picture's samples are (C, H, W).
    """
    if isinstance(image, str | os.PathLike):
        data = files.file_bytes(_path(image))
        if data.startswith(JPEG_SIGNATURE):
            raise RefusedImage(
                f"{os.fspath(image)} is a JPEG: its pixels are a decoder's, and messages are in its coefficients",
                hint='use hide_file, reveal_files or read_coefficients; for its pixels, read(path, convert=["jpeg"])',
            )
        picture = files.read(data, name=os.fspath(image))
        samples, axes = picture.samples, _axes_of_file(picture)
    elif isinstance(image, Picture):
        picture, samples, axes = image, image.samples, "chw"
    else:
        samples, axes = with_axes(image, layout=layout)
        return AcceptedImage(samples, as_alpha(alpha, samples), axes)
    return AcceptedImage(samples, picture.alpha if alpha is None else as_alpha(alpha, samples), axes)


def as_image(image: AnyImage, *, layout: Layout | None = None) -> NDArray[np.uint8]:
    """Return one picture as uint8 (C, H, W), C = 1 gray or 3 color; memory is shared where possible.

    image   a NumPy array (H, W), (C, H, W) or (H, W, C) of whole numbers 0...255; a PIL image of mode L or RGB; a torch tensor
            (H, W) or (C, H, W); the Picture that `ssgan.read` returns; or the path of a lossless image file
    layout  "chw" or "hwc": what three axes are. Without it the shape decides, and a NumPy array that can be read both ways is
            refused

    Raises InvalidSetting for everything else, with the shape that is wanted, and RefusedImage for a file that cannot be read.

    >>> import numpy, ssgan
    >>> ssgan.as_image(numpy.zeros((24, 32, 3), int)).shape
    (3, 24, 32)
    """
    return accept(image, layout=layout).samples


def as_images(images: AnyImages, *, layout: Layout | None = None) -> NDArray[np.uint8]:
    """Return pictures as uint8 (N, C, H, W): a batch, a sequence of pictures of one size, or one picture (N = 1).

    A batch is a NumPy array (N, C, H, W) or (N, H, W, C), or a torch tensor (N, C, H, W); each of a sequence, and a picture by
    itself, is what `as_image` takes. Raises as `as_image` does, and InvalidSetting where pictures differ in shape.
    """
    if is_batch(images):
        return batch_of(images, layout=layout)
    if not isinstance(images, list | tuple):
        return as_image(images, layout=layout)[None]  # type: ignore[arg-type]
    found = [as_image(image, layout=layout) for image in images]
    if not found:
        raise InvalidSetting("no image is given", hint="give one image or more")
    shapes = {samples.shape for samples in found}
    if len(shapes) > 1:
        first, second = sorted(shapes)[:2]
        raise InvalidSetting(
            f"the images differ in shape: {first} and {second}, as (C, H, W)", hint="cut all to one size, or give one at a time"
        )
    return np.stack(found)


def is_one(images: AnyImages) -> bool:
    """Return whether it is one picture, and neither a batch nor a sequence."""
    return not isinstance(images, list | tuple) and not is_batch(images)


def is_batch(images: object) -> bool:
    """Return whether it is an array or a tensor with four axes."""
    return getattr(images, "ndim", 0) == 4


def write(
    path: str | os.PathLike[str],
    image: AnyImage,
    *,
    alpha: ImageLike | None = None,
    overwrite: bool = False,
    layout: Layout | None = None,
) -> None:
    """Write an image in the lossless format of the suffix of `path`, and prove it by reading.

    path       ends with .png, .bmp, .pgm, .ppm, .tif or .tiff
    image      as `as_image` takes it
    alpha      uint8 (H, W), for .png and .tif
    overwrite  replace an existing file
    layout     "chw" or "hwc", where the shape of a NumPy array leaves it open

    The file is whole or not there. Raises InvalidSetting for a lossy or unknown suffix, StorageFailed where the file exists or
    cannot be written.

    >>> import numpy, pathlib, ssgan, tempfile
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> ssgan.write(folder / "gray.png", numpy.full((8, 8), 128))
    >>> ssgan.read(folder / "gray.png").samples.shape
    (1, 8, 8)
    """
    taken = accept(image, alpha=alpha, layout=layout)
    files.write(path, taken.samples, alpha=taken.alpha, overwrite=overwrite)


def _path(image: str | os.PathLike[str]) -> Path:
    try:
        return Path(image)
    except TypeError:  # a path of bytes
        raise InvalidSetting("a path is a str or a pathlib.Path", hint="decode it first: os.fsdecode(path)") from None


def _axes_of_file(picture: Picture) -> Axes:
    return "hw" if len(picture.samples) == 1 else "hwc"
