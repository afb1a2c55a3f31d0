"""Apply the orientation that EXIF or a TIFF tag asks for: a move of samples, never a change of one."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from ssgan.images.files import Picture

UPRIGHT = 1


def turned(samples: NDArray[np.uint8], orientation: int) -> NDArray[np.uint8]:
    """A copy of uint8 (..., H, W) as an observer sees it: (..., W, H) for the orientations 5 to 8, which exchange the sides.

    `orientation` is 1 to 8 as EXIF counts; 1 leaves the samples as they are.
    """
    if 5 <= orientation <= 8:
        samples = np.swapaxes(samples, -1, -2)
    if orientation in (3, 4, 7, 8):
        samples = samples[..., ::-1, :]
    if orientation in (2, 3, 6, 7):
        samples = samples[..., :, ::-1]
    return np.array(samples, order="C")


def upright(picture: Picture) -> Picture:
    """The picture with its orientation applied to samples and alpha, which its notes say; one that is upright as it is."""
    if picture.orientation == UPRIGHT:
        return picture
    alpha = None if picture.alpha is None else turned(picture.alpha, picture.orientation)
    notes = tuple(note for note in picture.notes if note != turned_note(picture.orientation)[0])
    notes += (f"orientation {picture.orientation} was applied",)
    samples = turned(picture.samples, picture.orientation)
    return replace(picture, samples=samples, alpha=alpha, orientation=UPRIGHT, notes=notes)


def known_orientation(value: int) -> int:
    """1 to 8 as it is; any other value counts as upright, as it does for viewers."""
    return value if 1 <= value <= 8 else UPRIGHT


def turned_note(orientation: int) -> tuple[str, ...]:
    """The note for an orientation that was not applied; upright needs none."""
    return () if orientation == UPRIGHT else (f"orientation {orientation} is asked for and was not applied",)
