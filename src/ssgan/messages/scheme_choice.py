"""Choose the scheme that goes with a cover where none is named, and say what a cover takes by a scheme.

In color the channels of a pixel change together where the message fits into the pixels: in photographs the grain of the
channels goes together, and a change in one of them shows in the difference to the others.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ssgan.embedding.titles import (
    APART,
    COEFFICIENT_TITLES,
    LUMA,
    SIDE_INFORMED,
    TITLES,
    USUAL_FOR_JPEGS,
    USUAL_FOR_PIXELS,
    scheme_name,
    split_scheme,
)
from ssgan.errors import InvalidSetting, unknown
from ssgan.images import Picture
from ssgan.images.samples import OPAQUE
from ssgan.messages import container
from ssgan.messages.order import COEFFICIENT_RULE, PIXEL_RULE, FrozenRule, frozen_count

PIXEL_SCHEME, COEFFICIENT_SCHEME, NEW_JPEG_SCHEME = USUAL_FOR_PIXELS, USUAL_FOR_JPEGS, "siuniward"
COLOR_SCHEME = f"{PIXEL_SCHEME}:{LUMA}"


def picture_samples(picture: Picture) -> tuple[int, FrozenRule]:
    """Return how many samples of a picture count, and which of them may be frozen."""
    if picture.coefficients is None:
        return container.usable_samples(picture.samples, picture.alpha), PIXEL_RULE
    return sum(component.carriers.size for component in picture.coefficients.components), COEFFICIENT_RULE


def picture_capacity(picture: Picture) -> int:
    """Return the largest message in bytes that a picture takes as a cover, with any key and scheme."""
    return container.capacity_bytes(*picture_samples(picture))


def joins_channels(picture: Picture, scheme: str) -> bool:
    """Return whether a scheme changes the channels of this picture's pixels together; it can in color alone."""
    is_color = picture.coefficients is None and len(picture.samples) == container.COLORS
    return is_color and split_scheme(scheme)[1]


def scheme_capacity(picture: Picture, scheme: str) -> int:
    """Return the largest message in bytes that a picture takes by a scheme, with any key."""
    if joins_channels(picture, scheme):
        return container.pixel_capacity_bytes(picture_samples(picture)[0])
    return picture_capacity(picture)


def fits_empty_message(picture: Picture, scheme: str) -> bool:
    """Return whether an empty message fits in a picture by a scheme."""
    samples, rule = picture_samples(picture)
    if joins_channels(picture, scheme):
        return container.pixel_plaintext_bytes(samples) >= 0
    return container.fits_empty_message(samples, rule)


def together_bytes(image: NDArray[np.uint8], alpha: NDArray[np.uint8] | None) -> int:
    """Return the most bytes that an image uint8 (C, H, W) takes for certain where the channels of a pixel change together;
    negative where none do, as in gray.

    At most half a bit is asked of a pixel that may change, so that the code always finds a way.
    """
    if len(image) != container.COLORS:
        return -1
    moves = container.may_move(image)
    movable = int(np.count_nonzero(moves if alpha is None else moves & (alpha == OPAQUE)))
    counting = container.usable_samples(image, alpha)
    frozen = frozen_count(counting)
    most = container.max_plaintext_bytes(movable - frozen)
    return max((rung for rung in container.rungs(counting // container.COLORS - frozen) if rung <= most), default=-1)


def fitting_scheme(name: str, channels: int) -> str:
    """Return a scheme for pixels in the spelling of lists, without `luma` where there is one channel alone."""
    scheme = scheme_name(name)
    return scheme if channels == container.COLORS else split_scheme(scheme)[0]


def usual_scheme(size: int, image: NDArray[np.uint8], alpha: NDArray[np.uint8] | None) -> str:
    """Return the scheme by which `size` bytes are hidden in an image uint8 (C, H, W) where none is named.

    The channels change together where there are three, and pixels enough that may change.
    """
    return COLOR_SCHEME if size <= together_bytes(image, alpha) else PIXEL_SCHEME


def check_scheme(wanted: str) -> None:
    """Raise InvalidSetting for a scheme that does not exist, or that does not change the channels together as asked."""
    scheme, joins = split_scheme(wanted)
    if scheme not in (*TITLES, *COEFFICIENT_TITLES):
        raise unknown("scheme", wanted, (*TITLES, *COEFFICIENT_TITLES))
    if joins and scheme in (*APART, *COEFFICIENT_TITLES):
        raise InvalidSetting(
            f"the scheme {scheme} does not change the channels of a pixel together",
            hint=f"use {scheme}, or a scheme such as {COLOR_SCHEME}",
        )


def scheme_for(picture: Picture, wanted: str | None, size: int, *, name: str = "the cover") -> str:
    """Return the scheme to hide `size` bytes in a picture by, the usual one where none is `wanted`.

    Raises InvalidSetting for one that is made for the other kind of samples.
    """
    is_jpeg, is_new = picture.coefficients is not None, picture.precover is not None
    if is_jpeg:
        usual = NEW_JPEG_SCHEME if is_new else COEFFICIENT_SCHEME
    else:
        usual = usual_scheme(size, picture.samples, picture.alpha)
    scheme = usual if wanted is None else wanted if is_jpeg else fitting_scheme(wanted, len(picture.samples))
    hint = f"leave the scheme out, or use {usual}"
    if scheme in SIDE_INFORMED and not is_new:
        which = "a JPEG already" if is_jpeg else "to stay what it is"
        more = "" if is_jpeg else ", or let a new JPEG be made: --jpeg 90"
        raise InvalidSetting(f"the scheme {scheme} is made for new JPEGs, and {name} is {which}", hint=hint + more)
    if split_scheme(scheme)[0] not in (COEFFICIENT_TITLES if is_jpeg else TITLES):
        found = ("to become a JPEG" if is_new else "a JPEG") if is_jpeg else "none"
        made = "pixels" if is_jpeg else "the coefficients of JPEGs"
        raise InvalidSetting(f"the scheme {scheme} is made for {made}, and {name} is {found}", hint=hint)
    return scheme
