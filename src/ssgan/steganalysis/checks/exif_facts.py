"""Read the EXIF of a file: its texts, and its thumbnail beside the picture."""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image

from ssgan.steganalysis.checks.facts import Fact, quoted
from ssgan.steganalysis.checks.known_files import what_begins

_BASE, _PHOTO, _THUMBNAIL = 0, 0x8769, ExifTags.IFD.IFD1  # directories: of the picture, of the photograph, of the thumbnail
# Tags whose value is a text that somebody writes, by directory. Those for a name, a date or a program are left out.
_TEXTS = {
    _BASE: {0x010E: "ImageDescription", 0x9C9B: "XPTitle", 0x9C9C: "XPComment", 0x9C9E: "XPKeywords", 0x9C9F: "XPSubject"},
    _PHOTO: {0x9286: "UserComment"},
}
_OFFSET, _LENGTH = 0x0201, 0x0202
# What cameras write by themselves.
_BY_CAMERAS = re.compile(
    r"(?:OLYMPUS|SONY DSC|KONICA|MINOLTA|NIKON|SAMSUNG|CASIO|PENTAX|RICOH|FUJI|DCIM|Exif_JPEG|binary comment|"
    r"Created (?:by|with)|cof|hdr|dav|mde|oznor|rhdr)|[\W\d_]*$", re.IGNORECASE
)  # fmt: skip
_CODES = {b"ASCII\0\0\0": "ascii", b"UNICODE\0": "utf-16-le", b"JIS\0\0\0\0\0": "shift-jis", bytes(8): "utf-8"}
_SIDE = 24  # pixels to which both are reduced
_ALIKE = 0.5  # the correlation below which it is another picture; a crop of a tenth on each side leaves 0.6 and more
_FLAT = 4.0  # the deviation in gray values from which pictures can be compared


def exif_facts(exif: bytes, samples: NDArray[np.uint8] | None, offset: int | None) -> Iterator[Fact]:
    """Yield the facts of an EXIF block that begins at `offset` of the file, beside the picture, uint8 (C, H, W)."""
    found, block = Image.Exif(), exif.removeprefix(b"Exif\0\0")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found.load(block)
            directories = {_BASE: dict(found), _PHOTO: dict(found.get_ifd(_PHOTO)), _THUMBNAIL: dict(found.get_ifd(_THUMBNAIL))}
    except Exception:  # a decoder that meets a hostile block may fail in any way
        return
    for directory, tags in _TEXTS.items():
        for tag, name in tags.items():
            text = _text(directories[directory].get(tag), name)
            if text and not _BY_CAMERAS.match(text):
                yield Fact("text", f"{name} in EXIF: {quoted(text.encode())}", offset, text.encode())
    start, length = (directories[_THUMBNAIL].get(tag) for tag in (_OFFSET, _LENGTH))
    if isinstance(start, int) and isinstance(length, int) and length:
        yield from _thumbnail(block[start : start + length], samples, None if offset is None else offset + start)


def _text(value: object, name: str) -> str:
    """Return the value of a tag as text, "" where it is none."""
    if isinstance(value, tuple) and all(isinstance(one, int) and 0 <= one < 256 for one in value):
        value = bytes(value)
    if name.startswith("XP") and isinstance(value, bytes):
        return value.decode("utf-16-le", "replace").strip(" \0\r\n")
    if isinstance(value, bytes):
        code = _CODES.get(value[:8]) if name == "UserComment" else "utf-8"
        value = (value[8:] if code and name == "UserComment" else value).decode(code or "utf-8", "ignore")
    return value.strip(" \0\r\n") if isinstance(value, str) else ""


def _thumbnail(content: bytes, samples: NDArray[np.uint8] | None, offset: int | None) -> Iterator[Fact]:
    """Yield what the thumbnail is, where it is not the picture made small."""
    try:
        with Image.open(io.BytesIO(content), formats=["JPEG"]) as opened:
            size, small = opened.size, np.asarray(opened.convert("L"))
    except Exception:  # likewise
        what = what_begins(content)
        if what and what != "a JPEG":
            yield Fact("thumbnail", f"In place of EXIF's thumbnail is {what}.", offset, content)
        return
    if samples is not None and (alike := likeness(small, samples)) < _ALIKE:
        sentence = f"EXIF's thumbnail, {size[0]} x {size[1]} pixels, shows another picture (correlation {alike:.2f})."
        yield Fact("thumbnail", sentence, offset, content)


def likeness(thumbnail: NDArray[np.uint8], samples: NDArray[np.uint8]) -> float:
    """Return the largest correlation of a thumbnail, uint8 (h, w), with a picture, uint8 (C, H, W), over four turns.

    1 where one of them is flat: nothing can be said then. Bars that fill a thumbnail up to its shape are cut off.
    """
    weights = np.array([0.299, 0.587, 0.114]) if len(samples) == 3 else np.ones(1)
    step = max(1, min(samples.shape[1:]) // 256)
    gray = np.tensordot(weights, samples[:, ::step, ::step].astype(float), 1)
    best = -1.0
    for turns in range(4):
        whole = np.rot90(gray, turns)
        for small in (thumbnail, _within(thumbnail, whole.shape[1] / whole.shape[0])):
            first, second = _reduced(small), _reduced(whole)
            if min(first.std(), second.std()) < _FLAT:
                return 1.0
            best = max(best, float(np.corrcoef(first.ravel(), second.ravel())[0, 1]))
    return best


def _within(thumbnail: NDArray[np.uint8], aspect: float) -> NDArray[np.uint8]:
    """Return the middle of a thumbnail that has the aspect of the picture."""
    height, width = thumbnail.shape
    rows, columns = min(height, max(1, round(width / aspect))), min(width, max(1, round(height * aspect)))
    top, left = (height - rows) // 2, (width - columns) // 2
    return thumbnail[top : top + rows, left : left + columns]


def _reduced(gray: NDArray[np.uint8]) -> NDArray[np.float64]:
    picture = Image.fromarray(np.ascontiguousarray(gray, dtype=np.uint8))
    return np.asarray(picture.resize((_SIDE, _SIDE), Image.Resampling.BOX), float)
