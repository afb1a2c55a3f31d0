"""Read and write image files: NumPy all the way, so that the receiver needs no torch.

A file is read whole, walked, judged and only then decoded. A file is written beside its place, read back, compared and
moved into its place, so that no half-written file is ever seen. Only lossless formats are written: a message does not
outlive lossy compression.
"""

from __future__ import annotations

import io
import os
import stat
from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import BinaryIO, TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ssgan.compute.available_memory import available_memory
from ssgan.errors import InvalidSetting, NotEnoughMemory, RefusedImage, StorageFailed, unknown
from ssgan.images.arrays import ImageLike, Layout, as_alpha, samples_of
from ssgan.images.coefficients import Coefficients, Precover
from ssgan.images.detect import inspect
from ssgan.images.formats import netpbm
from ssgan.images.header import CONVERSIONS, FOLLOWING, MAX_FILE_BYTES, Header, metadata_names
from ssgan.images.orientation import UPRIGHT, turned, turned_note
from ssgan.storage.atomic import atomic_write

Decoded = TypeVar("Decoded")

# Suffix → the format written.
WRITTEN = {".png": "PNG", ".bmp": "BMP", ".pgm": "PGM", ".ppm": "PPM", ".tif": "TIFF", ".tiff": "TIFF"}
_LOSSY = {".jpg", ".jpeg", ".jpe", ".jfif", ".webp", ".heic", ".heif", ".avif", ".jp2", ".jxl"}

_NO_ALPHA = ("BMP", "PGM", "PPM")

_DECODED_BYTES = 5  # a sample, while a file is decoded, its own bytes among them
_SMALL_BYTES = 1 << 26  # what takes less is not worth asking for


@dataclass(frozen=True)
class Picture:
    """An image as it was read.

    samples    uint8 (C, H, W), C = 1 gray or 3 color
    alpha      uint8 (H, W), or None; bit-exact as in the file
    format     "PNG", "BMP", "PGM", "PPM", "PBM", "TIFF", "WebP", "JPEG" or "GIF"
    converted  the words of `CONVERSIONS` that were made use of
    notes      what else was found: metadata, a rotation asked for, bytes after the end
    orientation  1 to 8 as EXIF counts: what a viewer is asked for; `upright` applies it
    applied    the orientation that was applied already, 1 if none was
    file       the bytes that were read, where the format is one that is written, and of a JPEG; else empty
    coefficients  of a JPEG that is a cover or a stego: they carry the message, the samples are only shown
    precover   of a JPEG that was made here for a message: its original
    """

    samples: NDArray[np.uint8]
    alpha: NDArray[np.uint8] | None
    format: str
    converted: frozenset[str] = frozenset()
    notes: tuple[str, ...] = ()
    orientation: int = UPRIGHT
    applied: int = UPRIGHT
    file: bytes = field(default=b"", repr=False, compare=False)
    coefficients: Coefficients | None = field(default=None, repr=False, compare=False)
    precover: Precover | None = field(default=None, repr=False, compare=False)

    @property
    def metadata(self) -> tuple[str, ...]:
        """Names of the metadata in the file, as the notes have them."""
        return metadata_names(self.notes)

    @property
    def following(self) -> str | None:
        """The note on bytes after the end of the image; None if there are none."""
        return next((note for note in self.notes if note.endswith(FOLLOWING)), None)


def upright(picture: Picture) -> Picture:
    """Return the picture with its orientation applied to samples and alpha, noted; an upright one unchanged."""
    if picture.orientation == UPRIGHT:
        return picture
    alpha = None if picture.alpha is None else turned(picture.alpha, picture.orientation)
    notes = tuple(note for note in picture.notes if note != turned_note(picture.orientation)[0])
    notes += (f"orientation {picture.orientation} was applied",)
    samples = turned(picture.samples, picture.orientation)
    return replace(picture, samples=samples, alpha=alpha, orientation=UPRIGHT, applied=picture.orientation, notes=notes)


def read(
    source: str | os.PathLike[str] | bytes | BinaryIO, *, convert: Collection[str] = (), name: str = "", work: int = 0
) -> Picture:
    """Return the picture in a regular file, in bytes, or in an open binary stream (standard input, say).

    `convert` names the conversions of `CONVERSIONS` that the caller allows; what needs another one is a RefusedImage whose
    hint names it. `name` is the file's name where `source` has none, to compare its suffix with what the bytes are.
    `work` is how many bytes a sample the caller needs, with the picture's own. Raises RefusedImage for all that
    cannot be read, InvalidSetting for an unknown conversion, NotEnoughMemory, from the header, for what is too large for this
    machine.
    """
    if missing := set(convert) - set(CONVERSIONS):
        raise unknown("conversion", min(missing), CONVERSIONS)
    return of_source(source, name, lambda data, called: _decode(data, convert, called, work))


def of_source(source: str | os.PathLike[str] | bytes | BinaryIO, name: str, decode: Callable[[bytes, str], Decoded]) -> Decoded:
    """Return what `decode` makes of the bytes of a regular file, of bytes, or of an open binary stream, and of their name.

    `name` is put before an error, where the source has none. Raises RefusedImage, also what `decode` raises.
    """
    if isinstance(source, bytes):
        data = source
    elif isinstance(source, str | os.PathLike):
        data = file_bytes(Path(source))
        name = name or os.fspath(source)
    else:
        data = source.read(MAX_FILE_BYTES + 1)
    try:
        return decode(data, name)
    except RefusedImage as error:
        if not name:
            raise
        raise RefusedImage(f"{name}: {error}", hint=error.hint) from error


def encode(
    samples: ImageLike, format_name: str = "PNG", *, alpha: ImageLike | None = None, layout: Layout | None = "chw"
) -> bytes:
    """Return the bytes of a file with these samples, uint8 (C, H, W), and alpha, uint8 (H, W): the same for the same pixels.

    Whatever `as_image` takes is taken; `layout` "hwc" or None is for NumPy (H, W, C). The file is the one that Pillow writes by
    default, which holds neither metadata nor a date. Alpha is kept by PNG and TIFF; the other formats raise InvalidSetting.
    """
    samples = samples_of(samples, layout=layout)
    alpha = as_alpha(alpha, samples)
    check_written(samples, alpha, format_name)
    if format_name in ("PGM", "PPM"):
        return netpbm.encode(samples)
    planes = samples if alpha is None else np.concatenate([samples, alpha[None]])
    pixels = np.ascontiguousarray(planes.transpose(1, 2, 0))  # (H, W, C)
    image = Image.fromarray(pixels[:, :, 0] if len(planes) == 1 else pixels)
    stream = io.BytesIO()
    # With Pillow's own settings: any other would be a mark by which our files are known.
    image.save(stream, format=format_name)
    return stream.getvalue()


def write(
    path: str | os.PathLike[str],
    samples: ImageLike,
    *,
    alpha: ImageLike | None = None,
    overwrite: bool = False,
    durable: bool = True,
    layout: Layout | None = "chw",
) -> None:
    """Write samples, uint8 (C, H, W), in the lossless format of the suffix of `path`, and prove it by reading.

    Whatever `encode` takes is taken. The file is whole or not there. `durable` waits until it is on the disk; a batch that can
    be run again may go without. Raises InvalidSetting for a lossy or unknown suffix, StorageFailed where the file exists or
    cannot be written.
    """
    path = Path(path)
    samples = samples_of(samples, layout=layout)
    alpha = as_alpha(alpha, samples)
    data = encode(samples, written_format(path), alpha=alpha)
    with atomic_write(path, overwrite=overwrite, durable=durable) as temporary:
        temporary.write_bytes(data)
        _prove(temporary, samples, alpha)


def file_bytes(path: Path) -> bytes:
    """Return all bytes of a regular file of an image's size. Raises RefusedImage for others; opening never waits, as for a
    FIFO.
    """
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    try:
        if path.is_symlink():
            raise RefusedImage(f"{path} is a symbolic link; only regular files are read", hint="name the file it points to")
        descriptor = os.open(path, flags)
        with os.fdopen(descriptor, "rb") as file:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                raise RefusedImage(f"{path} is not a regular file", hint="name an image file, or - for standard input")
            if status.st_size > MAX_FILE_BYTES:
                raise _too_long(status.st_size, f"{path}: ")
            # A byte more than there are, so that a file that grows is read on; asking for all that is allowed costs memory.
            data = file.read(status.st_size + 1)
            return data if len(data) <= status.st_size else data + file.read(MAX_FILE_BYTES + 1 - len(data))
    except (OSError, ValueError) as error:  # ValueError: a null character in the name
        reason = getattr(error, "strerror", None) or error
        raise RefusedImage(f"{path} cannot be read: {reason}", hint="check the name and the permissions") from error


def _decode(data: bytes, convert: Collection[str], name: str, work: int = 0) -> Picture:
    """Walk, judge and decode the bytes of a file."""
    header = inspect(data, name)
    missing = [word for word in header.conversions if word not in convert]
    if missing:
        word = missing[0]
        raise RefusedImage(
            f"the image would need a conversion that was not asked for: {CONVERSIONS[word]}",
            hint=f"allow the conversion {word!r} to accept it" + (f" (and {', '.join(missing[1:])})" if missing[1:] else ""),
        )
    _check_memory(header, work, name)
    samples, alpha = header.pixels()
    _check_decoded(samples, alpha, header)
    file = bytes(data) if header.format in (*WRITTEN.values(), "JPEG") else b""
    conversions = frozenset(header.conversions)
    return Picture(samples, alpha, header.format, conversions, header.notes, header.orientation, file=file)


def _check_memory(header: Header, work: int, name: str) -> None:
    """Refuse an image that needs more memory than is free, since the system would end the program without an error."""
    count = header.width * header.height * header.channels
    size = f"{header.width} x {header.height} pixels of {header.channels} channel{'s' * (header.channels > 1)}"
    check_memory(count * max(_DECODED_BYTES, work), f"{name + ': ' if name else ''}{size}")


def check_memory(needed: int, what: str) -> None:
    """Raise NotEnoughMemory where `what` takes more bytes than are free; what takes little is not asked about."""
    free = available_memory() if needed >= _SMALL_BYTES else None
    if free is not None and needed > free:
        raise NotEnoughMemory(
            f"{what} take about {needed / 1e9:.1f} GB of memory, and {free / 1e9:.1f} GB are free",
            hint="end other programs, raise the limit, or take a smaller picture",
        )


def _check_decoded(samples: NDArray[np.uint8], alpha: NDArray[np.uint8] | None, header: Header) -> None:
    """Refuse an image where decoder and walk disagree, since one of the two was deceived."""
    shape = (header.channels, header.height, header.width)
    if samples.dtype != np.uint8 or samples.shape != shape or (alpha is not None and alpha.shape != shape[1:]):
        raise RefusedImage(
            f"the file is damaged: decoded as {samples.shape}, announced as {shape}", hint="get an intact copy of the file"
        )


def _too_long(length: int, label: str = "") -> RefusedImage:
    limit = MAX_FILE_BYTES // 2**20
    return RefusedImage(
        f"{label}the file has {length / 2**20:.0f} MiB; at most {limit} are read", hint="cut it into smaller images"
    )


def check_written(samples: NDArray[np.uint8], alpha: NDArray[np.uint8] | None, format_name: str) -> None:
    """Raise InvalidSetting for pixels that `format_name` cannot hold: samples uint8 (C, H, W), alpha uint8 (H, W) or None."""
    _check_samples(samples, alpha)
    if format_name not in WRITTEN.values():
        raise InvalidSetting(f"{format_name} is not a format that is written", hint="choose PNG, BMP, PGM, PPM or TIFF")
    if alpha is not None and format_name in _NO_ALPHA:
        raise InvalidSetting(f"{format_name} keeps no alpha channel", hint="write PNG or TIFF instead")
    if format_name in ("PGM", "PPM") and (format_name == "PGM") != (len(samples) == 1):
        raise InvalidSetting(f"{format_name} does not hold {len(samples)} channels", hint="write gray to .pgm, color to .ppm")


def _check_samples(samples: NDArray[np.uint8], alpha: NDArray[np.uint8] | None) -> None:
    """Refuse samples that are not 8-bit gray or color with pixels."""
    if samples.dtype != np.uint8 or samples.ndim != 3 or samples.shape[0] not in (1, 3) or samples.size == 0:
        raise InvalidSetting(
            f"samples must be uint8 (C, H, W) with C = 1 or 3, not {samples.dtype} {samples.shape}",
            hint="write one image at a time: images[i]",
        )
    if alpha is not None and (np.asarray(alpha).dtype != np.uint8 or np.shape(alpha) != samples.shape[1:]):
        raise InvalidSetting(
            f"alpha must be uint8 of shape {samples.shape[1:]}",
            hint="give it the height and width of the samples, or leave it out",
        )


def written_format(path: Path) -> str:
    """Return the format of `WRITTEN` that the suffix names. Raises InvalidSetting with the reason for lossy ones."""
    suffix = path.suffix.lower()
    if suffix in _LOSSY:
        raise InvalidSetting(
            f"{path.name} would be compressed with loss, and what was embedded would be lost", hint="write a .png instead"
        )
    if suffix not in WRITTEN:
        raise InvalidSetting(f"{path.name} names no format that is written", hint=f"choose from {', '.join(WRITTEN)}")
    return WRITTEN[suffix]


def _prove(path: Path, samples: NDArray[np.uint8], alpha: NDArray[np.uint8] | None) -> None:
    """Read the file back and compare it sample for sample."""
    back = _decode(file_bytes(path), (), "")
    same_alpha = back.alpha is None if alpha is None else np.array_equal(back.alpha, alpha)  # type: ignore[arg-type]
    if not np.array_equal(back.samples, samples) or not same_alpha:
        raise StorageFailed(f"{path} did not come back as it was written", hint="check the disk, then try again")
