"""Apply the orientation in EXIF or a TIFF tag: a move of samples, never a change of one."""

from __future__ import annotations

import struct

import numpy as np
from numpy.typing import NDArray

UPRIGHT = 1
_TAG = 274


def turned(samples: NDArray[np.uint8], orientation: int) -> NDArray[np.uint8]:
    """Return a copy of uint8 (..., H, W) turned upright: (..., W, H) for the orientations 5 to 8, which exchange the sides.

    `orientation` is 1 to 8 as EXIF counts; 1 leaves the samples as they are.
    """
    if 5 <= orientation <= 8:
        samples = np.swapaxes(samples, -1, -2)
    if orientation in (3, 4, 7, 8):
        samples = samples[..., ::-1, :]
    if orientation in (2, 3, 6, 7):
        samples = samples[..., :, ::-1]
    return np.array(samples, order="C")


def known_orientation(value: int) -> int:
    """Return 1 to 8 unchanged; any other value counts as upright, as in viewers."""
    return value if 1 <= value <= 8 else UPRIGHT


def turned_note(orientation: int) -> tuple[str, ...]:
    """Return the note for an orientation that was not applied; upright needs none."""
    return () if orientation == UPRIGHT else (f"orientation {orientation} is asked for and was not applied",)


def exif_value(exif: bytes) -> int | None:
    """Return the value of EXIF's orientation tag, None where there is none. Raises struct.error for damaged data."""
    place = _place(exif)
    return None if place is None else int(struct.unpack_from(place[1] + "H", exif, place[0])[0])


def upright_exif(exif: bytes) -> bytes:
    """Return the same EXIF data with the orientation 1. Raises struct.error for damaged data."""
    place = _place(exif)
    if place is None:
        return exif
    start, order = place
    return exif[:start] + struct.pack(order + "H", UPRIGHT) + exif[start + 2 :]


def _place(exif: bytes) -> tuple[int, str] | None:
    """Return the position of the orientation's value, and the byte order as `struct` names it."""
    skipped = 6 if exif.startswith(b"Exif\0\0") else 0
    body = exif[skipped:]
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(body[:4])
    if order is None:
        return None
    (start,) = struct.unpack_from(order + "I", body, 4)
    (entries,) = struct.unpack_from(order + "H", body, start)
    for entry in range(start + 2, start + 2 + 12 * entries, 12):
        tag, _, _, _ = struct.unpack_from(order + "HHIH", body, entry)
        if tag == _TAG:
            return skipped + entry + 8, order
    return None
