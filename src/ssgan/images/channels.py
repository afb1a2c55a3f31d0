"""Damage pictures as messengers and networks do: by real codecs and resizing, under names, or by a random mix.

A channel is a recipe of steps that are joined by `+`, such as `x2+jpeg80`: `jpegQ` (chroma at half the sides), `jpegQfull`
(chroma at full sides), `webpQ`, `xF` (resized by the factor F, bicubic), `cropN` (N pixels taken from every side), `borderN`
(N gray pixels added to every side), `screen` (enlarged one and a half times by two straight lines, as a screenshot has it),
`none`. The codecs are Pillow's: libjpeg-turbo and libwebp.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from ssgan.errors import InvalidSetting

# Name of a channel in a table, in the order of a first acquaintance.
CHANNELS = (
    "none", "jpeg95", "jpeg85", "jpeg75", "jpeg60", "jpeg40", "jpeg75full", "jpeg75+jpeg75", "webp80", "webp50",
    "x0.5", "x2", "x3", "x2+jpeg80", "x3+jpeg75+x0.3333", "crop1", "border2", "screen",
)  # fmt: skip
MIX = "mix"
_LARGEST_FACTOR, _LEAST_FACTOR = 8.0, 0.1
_STEP = re.compile(r"(none|screen|jpeg(\d{1,3})(full)?|webp(\d{1,3})|x(\d+(?:\.\d+)?)|crop(\d{1,2})|border(\d{1,2}))")
_KERNELS = (
    Image.Resampling.BILINEAR,
    Image.Resampling.BICUBIC,
    Image.Resampling.LANCZOS,
    Image.Resampling.BOX,
    Image.Resampling.HAMMING,
)
_FULL, _HALF = 0, 2  # Pillow's numbers of the sampling of chroma: 4:4:4 and 4:2:0


def check_channel(name: str, *, mix: bool = False) -> str:
    """Return the name of a channel. Raises InvalidSetting for one that is no recipe; `mix` allows the random mix."""
    if mix and name == MIX:
        return name
    _steps(name)
    return name


def through(picture: NDArray[np.uint8], channel: str) -> NDArray[np.uint8]:
    """Return the picture uint8 (H, W) or (H, W, C) after a channel; its size may be another.

    Raises InvalidSetting for a channel that is no recipe, or that leaves nothing of the picture.

    >>> through(np.zeros((64, 64, 3), np.uint8), "x2+jpeg80").shape
    (128, 128, 3)
    """
    image = Image.fromarray(picture)
    for step in _steps(channel):
        image = step(image)
    return np.asarray(image)


def file_through(picture: NDArray[np.uint8], channel: str) -> tuple[bytes, str]:
    """Return the file that a channel leaves of a picture, and its suffix: the last codec's, or a PNG. Raises as `through`."""
    *before, last = channel.split("+")
    image = Image.fromarray(through(picture, "+".join(before)) if before else picture)
    match = _matched(last)
    codec = _codec(match)
    if codec is not None:
        return _encoded(image, *codec), ".jpg" if codec[0] == "JPEG" else ".webp"
    file = io.BytesIO()
    _step(match)(image).save(file, "PNG")
    return file.getvalue(), ".png"


def mixed(picture: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Return the picture uint8 (H, W) or (H, W, C) after damage drawn at random: up to one crop or border, resizing, and up
    to two compressions.
    """
    image = Image.fromarray(picture)
    if rng.random() < 0.15:
        pixels = int(rng.integers(1, 4))
        image = _border(image, pixels, int(rng.integers(0, 256))) if rng.random() < 0.5 else _crop(image, pixels)
    kind = rng.random()
    if kind < 0.1:
        return np.asarray(image)
    if kind < 0.45:
        factor = float(np.exp(rng.uniform(np.log(0.5), np.log(3.0))))
        image = _resized(image, factor, _KERNELS[rng.integers(len(_KERNELS))])
    if kind > 0.2:
        image = _compressed(image, rng)
    if kind > 0.85:
        image = _compressed(image, rng)
    return np.asarray(image)


def reduced(picture: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """Return a picture of any size as uint8 (side, side) or (side, side, C), by the means of areas."""
    return np.asarray(Image.fromarray(picture).resize((side, side), Image.Resampling.BOX))


def _steps(channel: str) -> list[Callable[[Image.Image], Image.Image]]:
    return [_step(_matched(word)) for word in channel.split("+")]


def _matched(word: str) -> re.Match[str]:
    match = _STEP.fullmatch(word.strip())
    if match is None:
        raise InvalidSetting(
            f"{word!r} is no step of a channel",
            hint=f"join steps such as jpeg75, webp80, x2, crop1 by +; named ones are {', '.join(CHANNELS)}",
        )
    return match


def _codec(match: re.Match[str]) -> tuple[str, int, int] | None:
    """Return format, quality and sampling of chroma of a step that compresses, None of another."""
    jpeg, full, webp = match.group(2, 3, 4)
    if jpeg is None and webp is None:
        return None
    quality = int(jpeg or webp)
    if not 1 <= quality <= 100:
        raise InvalidSetting(f"the quality is {quality}; it must be 1 to 100", hint="give what networks use, such as 75")
    return "JPEG" if jpeg is not None else "WEBP", quality, _FULL if full else _HALF


def _step(match: re.Match[str]) -> Callable[[Image.Image], Image.Image]:
    name, (factor, crop, border) = match.group(1), match.group(5, 6, 7)
    codec = _codec(match)
    if codec is not None:
        return lambda image: _coded(image, *codec)
    if factor is not None:
        times = float(factor)
        if not _LEAST_FACTOR <= times <= _LARGEST_FACTOR:
            raise InvalidSetting(f"x{factor} resizes by {times}; it must be 0.1 to 8", hint="give a factor such as 0.5 or 2")
        return lambda image: _resized(image, times, Image.Resampling.BICUBIC)
    if crop is not None or border is not None:
        pixels = int(crop or border)
        return (lambda image: _crop(image, pixels)) if crop is not None else (lambda image: _border(image, pixels, 128))
    if name == "screen":
        return lambda image: _resized(image, 1.5, Image.Resampling.BILINEAR)
    return lambda image: image


def _compressed(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    quality = int(rng.integers(40, 96))
    if rng.random() < 0.2:
        return _coded(image, "WEBP", quality, _HALF)
    return _coded(image, "JPEG", quality, _HALF if rng.random() < 0.7 else _FULL)


def _coded(image: Image.Image, kind: str, quality: int, sampling: int) -> Image.Image:
    """Return the picture as a codec gives it back."""
    with Image.open(io.BytesIO(_encoded(image, kind, quality, sampling))) as read:
        return read.convert(image.mode)


def _encoded(image: Image.Image, kind: str, quality: int, sampling: int) -> bytes:
    file = io.BytesIO()
    if kind == "JPEG":
        image.save(file, "JPEG", quality=quality, subsampling=sampling)
    else:
        image.save(file, "WEBP", quality=quality, method=0)
    return file.getvalue()


def _resized(image: Image.Image, factor: float, kernel: Image.Resampling) -> Image.Image:
    return image.resize((max(round(image.width * factor), 1), max(round(image.height * factor), 1)), kernel)


def _crop(image: Image.Image, pixels: int) -> Image.Image:
    if 2 * pixels >= min(image.size):
        raise InvalidSetting(
            f"taking {pixels} pixels from every side leaves nothing of {image.width} x {image.height}", hint="crop less"
        )
    return image.crop((pixels, pixels, image.width - pixels, image.height - pixels))


def _border(image: Image.Image, pixels: int, gray: int) -> Image.Image:
    return ImageOps.expand(image, pixels, gray if image.mode == "L" else (gray,) * 3)
