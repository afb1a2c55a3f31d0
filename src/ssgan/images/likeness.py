"""Write a stego as its cover's file was written, so that the file does not reveal which program made it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ssgan.errors import RefusedImage
from ssgan.images.detect import inspect
from ssgan.images.encoded import Encoded
from ssgan.images.files import Picture, check_written, encode, read
from ssgan.images.formats import bmp, netpbm, png_writing, tiff_writing
from ssgan.images.header import Pixels
from ssgan.images.orientation import UPRIGHT


def encode_like(
    samples: NDArray[np.uint8],
    cover: Picture,
    format_name: str = "PNG",
    *,
    alpha: NDArray[np.uint8] | None = None,
    keep_metadata: bool = False,
) -> Encoded:
    """Return the file of samples uint8 (C, H, W) and alpha uint8 (H, W), written as the file of `cover` was, if it is one.

    Metadata that may name person, place or time is left out unless `keep_metadata`. Where the cover is in no file, or in one
    of another format, or its kind cannot hold the samples, it is written as Pillow does. The same pixels always come back.
    Raises InvalidSetting as `encode` does.
    """
    check_written(samples, alpha, format_name)
    if cover.format != format_name:
        notes = (f"the cover is a {cover.format} file; the stego is written as Pillow writes {format_name}",)
        return Encoded(encode(samples, format_name, alpha=alpha), "usual", notes)
    if not cover.file:
        return Encoded(encode(samples, format_name, alpha=alpha))
    stego, is_turned = Pixels(samples, alpha), cover.applied != UPRIGHT
    written: Encoded | None = None
    if format_name == "PNG":
        original = inspect(cover.file).pixels() if is_turned else Pixels(cover.samples, cover.alpha)
        written = png_writing.encode_like(cover.file, original, stego, keep_metadata=keep_metadata, is_turned=is_turned)
    elif format_name == "BMP":
        written = bmp.encode_like(cover.file, stego)
    elif format_name in ("PGM", "PPM"):
        written = netpbm.encode_like(cover.file, samples, keep_metadata=keep_metadata)
    elif not is_turned:
        written = tiff_writing.encode_like(cover.file, Pixels(cover.samples, cover.alpha), stego, keep_metadata=keep_metadata)
    if written is not None and _holds(written.content, stego):
        return written
    notes = (f"the cover's kind of {format_name} cannot hold the stego, which is written as Pillow writes {format_name}",)
    return Encoded(encode(samples, format_name, alpha=alpha), "usual", notes)


def _holds(content: bytes, pixels: Pixels) -> bool:
    """Return whether the file gives back the pixels, and needs no conversion."""
    try:
        back = read(content)
    except RefusedImage:
        return False
    same_alpha = back.alpha is None if pixels.alpha is None else np.array_equal(back.alpha, pixels.alpha)  # type: ignore[arg-type]
    return same_alpha and np.array_equal(back.samples, pixels.samples)
