"""Define a file's header, read before decoding: size, kind of samples, and the conversions that a cover must not need.

Each format has a file of its own that walks the bytes and returns a Header. Walking by ourselves is the point: Pillow's mode
hides what matters here (a 16-bit RGB PNG opens as 8-bit RGB), warns where we must refuse, and stops before trailing data.
The decoder gets what the walk understood, and nothing else. GIF and WebP, which are never written, are left to
Pillow.
"""

from __future__ import annotations

import contextlib
import ctypes
import functools
import importlib
import io
import struct
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from ssgan.errors import RefusedImage
from ssgan.images.orientation import UPRIGHT, exif_value, known_orientation, turned_note

MAX_PIXELS = 64 * 2**20
MAX_SIDE = 20_000
MAX_FILE_BYTES = 128 * 2**20

CONVERSIONS = {
    "16-bit": "the high byte of each 16-bit sample is kept",
    "few-bits": "2 to 7 bits a sample are spread over 0 to 255",
    "1-bit": "black and white become 0 and 255",
    "palette": "palette entries become color samples",
    "cmyk": "CMYK becomes RGB by the plain formula, without profiles",
    "first-frame": "only the first frame or page is taken",
    "jpeg": "JPEG is lossy: the samples are a decoder's, with the 8x8 grid in them",
    "webp": "lossy WebP: the samples are a decoder's",
    "trailing": "bytes after the end of the image are left out",
}

_STRIP_PIXELS = 1 << 18  # decoded pixels laid into arrays at a time
FOLLOWING = "bytes follow the end of the image"  # the end of the note for them
_METADATA = "the file has metadata: "  # the beginning of the note on it


class Pixels(NamedTuple):
    """Decoded samples: uint8 (C, H, W), and the alpha channel uint8 (H, W) or None."""

    samples: NDArray[np.uint8]
    alpha: NDArray[np.uint8] | None


@dataclass(frozen=True)
class Header:
    """The result of a walk through a file. `pixels` decodes it; `conversions` are the words that must be allowed first.

    `end` is the position behind the image: bytes that follow belong to no image.
    """

    format: str
    width: int
    height: int
    channels: int
    pixels: Callable[[], Pixels]
    conversions: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    orientation: int = UPRIGHT  # as EXIF counts, 1 to 8; not applied by `pixels`
    end: int = 0


def check_size(width: int, height: int) -> None:
    """Refuse an image by its header alone: without pixels, or larger than the limits."""
    if width < 1 or height < 1:
        raise RefusedImage(f"the image is {width} x {height}: it has no pixels", hint="name a file with a picture in it")
    if max(width, height) > MAX_SIDE:
        raise RefusedImage(
            f"the image is {width} x {height}; a side may have at most {MAX_SIDE} pixels",
            hint="cut it into smaller images first",
        )
    if width * height > MAX_PIXELS:
        raise RefusedImage(
            f"the image has {width * height / 2**20:.0f} Mpixel; at most {MAX_PIXELS // 2**20} are read",
            hint="cut it into smaller images first",
        )


def truncated(what: str) -> RefusedImage:
    """Return the error for a file that ends too early."""
    return RefusedImage(f"the file is truncated: it ends within {what}", hint="get a whole copy of the file")


def damaged(what: str) -> RefusedImage:
    """Return the error for a file whose bytes contradict its format."""
    return RefusedImage(f"the file is damaged: {what}", hint="get an intact copy of the file")


def unsupported(what: str, *, hint: str = "save it as an 8-bit gray or RGB PNG first") -> RefusedImage:
    """Return the error for an image that no conversion makes into 8-bit gray or RGB."""
    return RefusedImage(f"the image is {what}, which is not read", hint=hint)


def take(data: bytes, start: int, count: int, what: str) -> bytes:
    """Return `count` bytes from `start`. Raises RefusedImage where the file ends within `what`."""
    part = data[start : start + count]
    if start < 0 or len(part) < count:
        raise truncated(what)
    return part


def exif_orientation(exif: bytes) -> tuple[int, tuple[str, ...]]:
    """Return the orientation (1 to 8) in EXIF, by which the image is shown, and a note unless it is 1."""
    try:
        value = exif_value(exif)
    except struct.error:
        return UPRIGHT, ("EXIF data is damaged",)
    return (UPRIGHT, ()) if value is None else (known_orientation(value), turned_note(value))


def metadata_note(names: list[str]) -> tuple[str, ...]:
    """Return the note on metadata that the file has and the samples do not."""
    return (f"{_METADATA}{', '.join(dict.fromkeys(names))}",) if names else ()


def metadata_names(notes: Sequence[str]) -> tuple[str, ...]:
    """Return the names in the note that `metadata_note` makes; none where there is no such note."""
    found = (note.removeprefix(_METADATA).split(", ") for note in notes if note.startswith(_METADATA))
    return tuple(name for names in found for name in names)


def trailing(data: bytes, end: int, *, padding: int = 0) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the conversion and the note for bytes after `end`; up to `padding` zero bytes are the format's own alignment."""
    extra = data[end:]
    if not extra or (len(extra) <= padding and not any(extra)):
        return (), ()
    return ("trailing",), (f"{len(extra)} {FOLLOWING}",)


@functools.cache
def _silence_libtiff() -> None:
    """Keep libtiff from writing to standard error: its errors come as exceptions, and become refusals.

    The handlers are the library's, found through Pillow's own module; where libtiff is a part of that module, it still prints.
    """
    with contextlib.suppress(OSError, AttributeError):
        library = ctypes.CDLL(importlib.import_module("PIL._imaging").__file__)
        for name in ("TIFFSetErrorHandler", "TIFFSetWarningHandler"):
            setter = getattr(library, name)
            setter.argtypes, setter.restype = [ctypes.c_void_p], ctypes.c_void_p
            setter(None)


@contextlib.contextmanager
def open_with_pillow(stream: io.BytesIO, format_name: str, size: tuple[int, int]) -> Iterator[Image.Image]:
    """Open a file of this size by Pillow restricted to that one format.

    Any error of Pillow within the block is a refusal: a decoder that meets a hostile file may fail in any way. So is its
    warning of a bomb, which comes before the memory is taken: a frame of a GIF may be larger than its header says.
    """
    if format_name == "TIFF":
        _silence_libtiff()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            image = Image.open(stream, formats=[format_name])
        with image:
            if image.size != size:
                raise damaged("its parts disagree on its size")
            yield image
    except RefusedImage:
        raise
    except UnidentifiedImageError as error:  # it names the stream
        raise damaged(f"the {format_name} decoder finds no image in it") from error
    except Exception as error:  # Pillow's list of exceptions is open: OSError, SyntaxError, ValueError, struct.error, ...
        raise damaged(f"the {format_name} decoder stopped ({error})") from error


def decode_with_pillow(data: bytes, format_name: str, size: tuple[int, int], channels: int) -> Pixels:
    """Return the pixels of a file, decoded by Pillow, as 1 or 3 channels."""
    with open_with_pillow(io.BytesIO(data), format_name, size) as image:
        pixels = _pixels(image)
    samples = pixels.samples
    if len(samples) < channels:  # a palette of grays in order opens as gray
        samples = samples.repeat(channels, axis=0)
    elif len(samples) > channels and (samples == samples[:1]).all():  # 16-bit gray with alpha opens as RGBA
        samples = samples[:1]
    return Pixels(samples, pixels.alpha)


def _pixels(image: Image.Image) -> Pixels:
    """Return samples and alpha of a Pillow image of any mode that a walk lets through."""
    if image.mode.startswith("I;16") or image.mode == "I":
        return Pixels((np.asarray(image).astype(np.uint16) >> 8).astype(np.uint8)[None], None)
    if image.mode in ("P", "PA"):
        has_alpha = image.mode == "PA" or "transparency" in image.info
        image = image.convert("RGBA" if has_alpha else "RGB")
    elif image.mode == "CMYK":
        image = image.convert("RGB")
    elif image.mode == "1":
        image = image.convert("L")
    if image.mode not in ("L", "LA", "RGB", "RGBA"):
        raise unsupported(f"of Pillow's mode {image.mode}")
    channels = len(image.getbands())
    samples = np.empty((channels - image.mode.endswith("A"), image.height, image.width), np.uint8)
    alpha = np.empty(samples.shape[1:], np.uint8) if len(samples) < channels else None
    rows = max(1, _STRIP_PIXELS // image.width)
    for top in range(0, image.height, rows):  # of a whole image, Pillow would make three copies on the way to an array
        strip = np.asarray(image.crop((0, top, image.width, min(image.height, top + rows)))).reshape(-1, image.width, channels)
        samples[:, top : top + rows] = strip[:, :, : len(samples)].transpose(2, 0, 1)
        if alpha is not None:
            alpha[top : top + rows] = strip[:, :, -1]
    return Pixels(samples, alpha)
