"""Try what a message lives through: change its files as programs and networks do, and reveal from what is left.

Nothing is estimated: each transformation writes real files, by real codecs, and the receiver's own code reads them.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ssgan import images
from ssgan.compute.progress import Progress, silent
from ssgan.errors import InvalidSetting, SsganError, unknown
from ssgan.images.channels import file_through
from ssgan.images.formats import jpeg
from ssgan.messages.keys import Key, check_key

Reveal = Callable[[Sequence[Path], Key], bytes]
File = tuple[bytes, str]  # content and suffix


@dataclass(frozen=True)
class Survival:
    """What one transformation left: `outcome` is `message`, or the text of the error that reading ended with."""

    name: str
    words: str
    lives: bool
    outcome: str


# Name → what it does, in the order of the table. Those in the second table are channels (`ssgan.images.channels`).
OF_FILES: dict[str, str] = {
    "copy": "the files as they are, under other names",
    "reversed": "the files in the opposite order",
    "one lost": "all files but one",
    "no metadata": "EXIF and text taken out of the files",
    "saved as png": "opened and saved as PNG",
    "one gray level": "one sample changed by 1",
    "brighter": "every sample raised by 4",
    "gray": "made gray",
    "mirrored": "mirrored",
    "turned": "turned by a quarter",
}
BY_CHANNEL: dict[str, str] = {
    "jpeg95": "JPEG 95", "jpeg85": "JPEG 85", "jpeg75": "JPEG 75", "jpeg60": "JPEG 60", "jpeg40": "JPEG 40",
    "jpeg75+jpeg75": "JPEG 75, twice", "webp80": "WebP 80", "webp50": "WebP 50", "x0.5": "reduced to half the side",
    "x2": "enlarged twice", "x2+jpeg80": "enlarged twice, then JPEG 80",
    "x3+jpeg75+x0.3333": "enlarged, JPEG 75, reduced again",
    "crop1": "one pixel cut off every side", "border2": "a border of two gray pixels", "screen": "a screenshot's scaling",
}  # fmt: skip
TRANSFORMATIONS = (*OF_FILES, *BY_CHANNEL)
_SEVERAL = ("reversed", "one lost")  # make sense for several files only
_METADATA = (*range(0xE1, 0xEE), 0xFE)  # markers of APP1 to APP13 and of comments; APP14 says how colors are stored


def survive(
    files: Sequence[Path],
    key: Key,
    reveal: Reveal,
    *,
    names: Sequence[str] = (),
    progress: Progress[()] = silent,
) -> list[Survival]:
    """Return what the message in these files lives through: one stego, all stegos of a spread message, or an album.

    `reveal` returns the message of files, such as `album_files.reveal_files_of_any_kind`. `names` are those of TRANSFORMATIONS
    or recipes of channels, as `["copy", "jpeg75"]`; all, if left out. Raises what `reveal` raises where the files as they are
    say nothing.
    """
    check_key(key)
    wanted = list(names) or [name for name in TRANSFORMATIONS if len(files) > 1 or name not in _SEVERAL]
    given = [(images.file_bytes(path), path.suffix.lower()) for path in files]
    for name in wanted:
        _check(name, len(files))
    message = reveal(files, key)
    found = []
    with tempfile.TemporaryDirectory(prefix="ssgan-") as folder:
        for number, name in enumerate(wanted):
            found.append(_tried(name, given, message, key, reveal, Path(folder) / str(number)))
            progress(number + 1)
    return found


def _tried(name: str, given: Sequence[File], message: bytes, key: Key, reveal: Reveal, folder: Path) -> Survival:
    words = OF_FILES.get(name) or BY_CHANNEL.get(name) or name
    folder.mkdir()
    try:
        paths = []
        for number, (content, suffix) in enumerate(_changed(name, given)):
            paths.append(folder / f"picture-{number:04d}{suffix}")
            paths[-1].write_bytes(content)
        back = reveal(paths, key)
    except SsganError as error:
        return Survival(name, words, False, str(error))
    return Survival(name, words, back == message, "message" if back == message else "another message")


def _check(name: str, count: int) -> None:
    if name in _SEVERAL and count == 1:
        raise InvalidSetting(f"{name!r} is asked for, and one file is given", hint="leave it out")
    if name in OF_FILES or name in BY_CHANNEL:
        return
    try:
        file_through(np.zeros((64, 64, 3), np.uint8), name)
    except InvalidSetting as error:
        if not any(letter.isdigit() for letter in name):
            raise unknown("transformation", name, TRANSFORMATIONS) from error
        raise


def _changed(name: str, given: Sequence[File]) -> list[File]:
    """Return the files that a transformation leaves."""
    if name == "copy":
        return list(given)
    if name == "reversed":
        return list(reversed(given))
    if name == "one lost":
        return list(given[:-1])
    if name == "no metadata":
        return [_without_metadata(file) for file in given]
    if name == "saved as png":
        return [(_saved(content), ".png") for content, _ in given]
    shown = [_samples(content) for content, _ in given]
    if name not in OF_FILES:
        return [file_through(picture, name) for picture in shown]
    return [(_png(_sample_change(name, picture)), ".png") for picture in shown]


def _sample_change(name: str, picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    if name == "one gray level":
        changed = picture.copy()
        middle = changed[changed.shape[0] // 2, changed.shape[1] // 2 :]
        middle.ravel()[0] ^= 1
        return changed
    if name == "brighter":
        return np.asarray(np.minimum(picture.astype(np.int16) + 4, 255), np.uint8)
    if name == "gray":
        return np.asarray(Image.fromarray(picture).convert("L"))
    if name == "mirrored":
        return np.ascontiguousarray(picture[:, ::-1])
    assert name == "turned"
    return np.ascontiguousarray(np.rot90(picture))


def _samples(content: bytes) -> NDArray[np.uint8]:
    """Return the picture that a program shows, uint8 (H, W) or (H, W, C)."""
    samples = images.read(content, convert=images.CONVERSIONS).samples
    return np.ascontiguousarray(samples[0] if len(samples) == 1 else samples.transpose(1, 2, 0))


def _without_metadata(file: File) -> File:
    """Return a file without EXIF and text; a JPEG's coefficients stay as they are."""
    content, suffix = file
    if not content.startswith(images.JPEG_SIGNATURE):
        return _saved(content), ".png"
    kept, at = [], 0
    for segment in jpeg.segments(content):
        if segment.marker in _METADATA:
            kept.append(content[at : segment.start - 2])
            at = segment.end
    return b"".join([*kept, content[at:]]), suffix


def _saved(content: bytes) -> bytes:
    """Return the picture in a file as a PNG, transparency and all."""
    picture = images.read(content, convert=images.CONVERSIONS)
    return images.encode(picture.samples, "PNG", alpha=picture.alpha)


def _png(picture: NDArray[np.uint8]) -> bytes:
    """Return a PNG of a picture uint8 (H, W) or (H, W, C)."""
    return images.encode(picture[None] if picture.ndim == 2 else picture.transpose(2, 0, 1), "PNG")
