"""Read and write image files: NumPy all the way, so that the receiver needs no torch.

A file is read whole, walked, judged and only then decoded. A file is written beside its place, read back, compared and
moved into its place, so that no half-written file is ever seen. Only lossless formats are written: a message does not
outlive lossy compression.
"""

from __future__ import annotations

import contextlib
import errno
import io
import os
import secrets
import stat
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import Image

from ssgan.errors import InvalidSetting, RefusedImage, StorageFailed
from ssgan.images import netpbm
from ssgan.images.formats import inspect
from ssgan.images.header import CONVERSIONS, MAX_FILE_BYTES, Header

# Suffix → the format written.
WRITTEN = {".png": "PNG", ".bmp": "BMP", ".pgm": "PGM", ".ppm": "PPM", ".tif": "TIFF", ".tiff": "TIFF"}
_LOSSY = {".jpg", ".jpeg", ".jpe", ".jfif", ".webp", ".heic", ".heif", ".avif", ".jp2", ".jxl"}

# On 64x64 faces level 1 is as fast as any and within a few percent of level 6; see benchmarks.
_PNG_LEVEL = 1


@dataclass(frozen=True)
class Picture:
    """An image as it was read.

    samples    uint8 (C, H, W), C = 1 gray or 3 color
    alpha      uint8 (H, W), or None; bit-exact as in the file
    format     "PNG", "BMP", "PGM", "PPM", "PBM", "TIFF", "WebP", "JPEG" or "GIF"
    converted  the words of `CONVERSIONS` that were made use of
    notes      what else was found: metadata left out, a rotation asked for, bytes after the end
    """

    samples: np.ndarray
    alpha: np.ndarray | None
    format: str
    converted: frozenset[str] = frozenset()
    notes: tuple[str, ...] = ()


def read(source: str | os.PathLike[str] | bytes | BinaryIO, *, convert: Collection[str] = (), name: str = "") -> Picture:
    """The picture in a regular file, in bytes, or in an open binary stream (standard input, say).

    `convert` names the conversions of `CONVERSIONS` that the caller allows; what needs another one is a RefusedImage whose
    hint names it. `name` is the file's name where `source` has none, to compare its suffix with what the bytes are.
    Raises RefusedImage for all that cannot be read, InvalidSetting for an unknown conversion.
    """
    unknown = set(convert) - set(CONVERSIONS)
    if unknown:
        raise InvalidSetting(
            f"There is no conversion named {', '.join(sorted(unknown))}.", hint=f"Choose from {', '.join(CONVERSIONS)}."
        )
    if isinstance(source, bytes):
        data = source
    elif isinstance(source, str | os.PathLike):
        data = _file_bytes(Path(source))
        name = name or os.fspath(source)
    else:
        data = source.read(MAX_FILE_BYTES + 1)
    try:
        return _decode(data, convert, name)
    except RefusedImage as error:
        raise RefusedImage(f"{name}: {error}" if name else str(error), hint=error.hint) from error


def encode(samples: np.ndarray, format_name: str = "PNG", *, alpha: np.ndarray | None = None) -> bytes:
    """The bytes of a file with these samples, uint8 (C, H, W), and alpha, uint8 (H, W): the same for the same pixels.

    Neither metadata nor a date goes in. Alpha is kept by PNG and TIFF; the other formats raise InvalidSetting.
    """
    samples = np.asarray(samples)
    _check_samples(samples, alpha)
    if alpha is not None and format_name not in ("PNG", "TIFF"):
        raise InvalidSetting(f"{format_name} keeps no alpha channel.", hint="Write PNG or TIFF instead.")
    if format_name in ("PGM", "PPM"):
        return netpbm.encode(samples, format_name)
    planes = samples if alpha is None else np.concatenate([samples, np.asarray(alpha)[None]])
    pixels = np.ascontiguousarray(planes.transpose(1, 2, 0))  # (H, W, C)
    image = Image.fromarray(pixels[:, :, 0] if len(planes) == 1 else pixels)
    stream = io.BytesIO()
    settings = {"PNG": {"compress_level": _PNG_LEVEL}, "BMP": {}, "TIFF": {}}
    if format_name not in settings:
        raise InvalidSetting(f"{format_name} is not a format that is written.", hint="Choose PNG, BMP, PGM, PPM or TIFF.")
    image.save(stream, format=format_name, **settings[format_name])
    return stream.getvalue()


def write(
    path: str | os.PathLike[str],
    samples: np.ndarray,
    *,
    alpha: np.ndarray | None = None,
    overwrite: bool = False,
    durable: bool = True,
) -> None:
    """Write samples, uint8 (C, H, W), as the lossless format that the suffix of `path` names, and prove it by reading.

    The file is whole or not there. `durable` waits until it is on the disk; a batch that can be run again may go without.
    Raises InvalidSetting for a lossy or unknown suffix, StorageFailed where the file stands already or cannot be written.
    """
    path = Path(path)
    samples = np.asarray(samples)
    data = encode(samples, _format_of(path), alpha=alpha)
    if not overwrite and os.path.lexists(path):
        raise _in_the_way(path)
    temporary = path.with_name(f".{path.name[:100]}.{secrets.token_hex(6)}.part")
    try:
        _put(temporary, data, durable)
        _prove(temporary, samples, alpha)
        _move(temporary, path, overwrite)
        if durable:
            _sync_folder(path.parent)
    except OSError as error:
        raise StorageFailed(f"{path} could not be written: {error.strerror or error}.", hint=_hint(error)) from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink()


def _decode(data: bytes, convert: Collection[str], name: str) -> Picture:
    """Walk, judge, decode."""
    header = inspect(data, name)
    missing = [word for word in header.conversions if word not in convert]
    if missing:
        word = missing[0]
        raise RefusedImage(
            f"The image would need a conversion that was not asked for: {CONVERSIONS[word]}.",
            hint=f"To accept it, allow the conversion {word!r}" + (f" (and {', '.join(missing[1:])})." if missing[1:] else "."),
        )
    samples, alpha = header.pixels()
    _check_decoded(samples, alpha, header)
    return Picture(samples, alpha, header.format, frozenset(header.conversions), header.notes)


def _check_decoded(samples: np.ndarray, alpha: np.ndarray | None, header: Header) -> None:
    """The decoder must agree with the walk, or one of the two was deceived."""
    shape = (header.channels, header.height, header.width)
    if samples.dtype != np.uint8 or samples.shape != shape or (alpha is not None and alpha.shape != shape[1:]):
        raise RefusedImage(
            f"The file is damaged: decoded as {samples.shape}, announced as {shape}.", hint="Get an intact copy of the file."
        )


def _file_bytes(path: Path) -> bytes:
    """All bytes of a regular file. Links and devices are refused, and opening never waits (a FIFO would)."""
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    try:
        if path.is_symlink():
            raise RefusedImage(f"{path} is a symbolic link; only regular files are read.", hint="Name the file it points to.")
        descriptor = os.open(path, flags)
        with os.fdopen(descriptor, "rb") as file:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                raise RefusedImage(f"{path} is not a regular file.", hint="Name an image file, or - for standard input.")
            if status.st_size > MAX_FILE_BYTES:
                raise _too_long(status.st_size, f"{path}: ")
            return file.read(MAX_FILE_BYTES + 1)
    except (OSError, ValueError) as error:  # ValueError: a null character in the name
        reason = getattr(error, "strerror", None) or error
        raise RefusedImage(f"{path} cannot be read: {reason}.", hint="Check the name and the permissions.") from error


def _too_long(length: int, label: str = "") -> RefusedImage:
    limit = MAX_FILE_BYTES // 2**20
    return RefusedImage(f"{label}The file has {length / 2**20:.0f} MiB; {limit} are read.", hint="Cut it into smaller images.")


def _check_samples(samples: np.ndarray, alpha: np.ndarray | None) -> None:
    """Only 8-bit gray or color images with pixels are written."""
    if samples.dtype != np.uint8 or samples.ndim != 3 or samples.shape[0] not in (1, 3) or samples.size == 0:
        raise InvalidSetting(
            f"Samples must be uint8 (C, H, W) with C = 1 or 3, not {samples.dtype} {samples.shape}.",
            hint="Write one image at a time: images[i].",
        )
    if alpha is not None and (np.asarray(alpha).dtype != np.uint8 or np.shape(alpha) != samples.shape[1:]):
        raise InvalidSetting(f"Alpha must be uint8 of shape {samples.shape[1:]}.")


def _format_of(path: Path) -> str:
    """The format that the suffix names; lossy ones are turned away with the reason."""
    suffix = path.suffix.lower()
    if suffix in _LOSSY:
        raise InvalidSetting(
            f"{path.name} would be compressed with loss, and what was embedded would be lost.", hint="Write a .png instead."
        )
    if suffix not in WRITTEN:
        raise InvalidSetting(f"{path.name} names no format that is written.", hint=f"Choose from {', '.join(WRITTEN)}.")
    return WRITTEN[suffix]


def _put(path: Path, data: bytes, durable: bool) -> None:
    with path.open("xb") as file:
        file.write(data)
        if durable:
            file.flush()
            os.fsync(file.fileno())


def _prove(path: Path, samples: np.ndarray, alpha: np.ndarray | None) -> None:
    """What was written must come back, sample for sample."""
    back = _decode(_file_bytes(path), (), "")
    same_alpha = back.alpha is None if alpha is None else np.array_equal(back.alpha, alpha)  # type: ignore[arg-type]
    if not np.array_equal(back.samples, samples) or not same_alpha:
        raise StorageFailed(f"{path} did not come back as it was written.", hint="Check the disk, then try again.")


def _move(temporary: Path, path: Path, overwrite: bool) -> None:
    """Into place in one step. Without `overwrite` a link does it, because it fails where a file appeared meanwhile."""
    if overwrite:
        temporary.replace(path)
        return
    try:
        os.link(temporary, path)
    except FileExistsError:
        raise _in_the_way(path) from None
    except OSError:  # A file system without hard links: the check before has to do.
        if os.path.lexists(path):
            raise _in_the_way(path) from None
        temporary.replace(path)


def _sync_folder(folder: Path) -> None:
    """The name itself goes to the disk; some systems cannot open a folder, and then it is theirs to keep."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _in_the_way(path: Path) -> StorageFailed:
    return StorageFailed(f"{path} exists already and was left as it is.", hint="Choose another name, or allow overwriting.")


def _hint(error: OSError) -> str:
    return {
        errno.ENOSPC: "Free some space on the disk.",
        errno.EACCES: "Check the permissions of the folder.",
        errno.EROFS: "Choose a folder that can be written to.",
        errno.ENOENT: "Make the folder first.",
        errno.ENOTDIR: "Choose a folder that can be written to.",
        errno.ENAMETOOLONG: "Choose a shorter name.",
    }.get(error.errno or 0, "Check the disk, then try again.")
