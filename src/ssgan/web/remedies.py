"""Make a cover of a picture that cannot be one as it is: a PNG at half its size, or of its decoded samples."""

from __future__ import annotations

from pathlib import PurePath

import numpy as np
from PIL import Image

from ssgan import images
from ssgan.errors import RefusedImage, unknown
from ssgan.images.samples import OPAQUE

HALF, SAMPLES = "half", "samples"
REMEDIES = {HALF: "Make a PNG at half its size", SAMPLES: "Make a PNG of the decoded samples"}
# Conversion → remedies, the better one first, and what they do.
_FITTING = {
    "jpeg": ((HALF, SAMPLES), "at half its size no traces of JPEG are left; at full size they stay, and help a detector"),
    "webp": ((HALF, SAMPLES), "at half its size no traces of WebP are left; at full size they stay, and help a detector"),
    "1-bit": ((HALF,), "black and white has no room for a message; at half its size the picture gets a few grays"),
    "palette": ((HALF, SAMPLES), "at half its size colors blend; at full size each change makes a color that no palette has"),
    "few-bits": ((HALF, SAMPLES), "at half its size values blend; at full size each change makes a value that was not there"),
    "cmyk": ((HALF, SAMPLES), "a PNG is in RGB; check its colors, since color profiles are left out"),
    "16-bit": ((SAMPLES, HALF), "a PNG of the high byte of each sample is as good a cover"),
    "first-frame": ((SAMPLES, HALF), "a PNG of the first frame or page can carry a message"),
    "trailing": ((SAMPLES,), "a PNG without the bytes behind its end can carry a message"),
}


class RemediableImage(RefusedImage):
    """A refused picture, with the names of the remedies that make a cover of it."""

    def __init__(self, message: str, *, hint: str, remedies: tuple[str, ...]) -> None:
        super().__init__(message, hint=hint)
        self.remedies = remedies


def with_remedies(refused: RefusedImage, content: bytes, name: str) -> RefusedImage:
    """Return the refusal of a picture with the remedies for it, or unchanged where the picture cannot be read."""
    try:
        converted = images.read(content, convert=images.CONVERSIONS, name=name).converted
    except RefusedImage:
        return refused
    found = next((_FITTING[word] for word in _FITTING if word in converted), None)
    return refused if found is None else RemediableImage(str(refused), hint=found[1], remedies=found[0])


def make_cover(content: bytes, name: str, remedy: str) -> tuple[str, bytes]:
    """Return name and bytes of the PNG that a remedy makes of a picture, turned as its file asks for. Raises RefusedImage."""
    if remedy not in REMEDIES:
        raise unknown("remedy", remedy, REMEDIES)
    picture = images.upright(images.read(content, convert=images.CONVERSIONS, name=name))
    samples, alpha = picture.samples, picture.alpha
    if alpha is not None and alpha.min() == OPAQUE:
        alpha = None
    if remedy == HALF:
        if min(samples.shape[1:]) < 2:
            raise RefusedImage(f"{name} is one pixel wide or high", hint="take a larger picture")
        samples, alpha = _halved(samples), None if alpha is None else _halved(alpha[None])[0]
    stem = PurePath(name).stem
    return f"{stem}-half.png" if remedy == HALF else f"{stem}.png", images.encode(samples, alpha=alpha)


def _halved(samples: np.ndarray) -> np.ndarray:
    """Return uint8 (C, H // 2, W // 2): means of 2 x 2 samples, rounded; an odd last row or column is left out."""
    height, width = (length // 2 * 2 for length in samples.shape[1:])
    return np.stack([np.asarray(Image.fromarray(np.ascontiguousarray(one[:height, :width])).reduce(2)) for one in samples])
