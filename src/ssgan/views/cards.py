"""Show results in a notebook: a card of HTML with facts and a picture, and pictures side by side as one."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ssgan.errors import InvalidSetting
from ssgan.images import AnyImages, Layout, as_image, as_images, is_batch
from ssgan.storage.names import shown
from ssgan.views import pages
from ssgan.views.contact_sheet import contact_sheet
from ssgan.views.maps import side_by_side

CARD_SIDE = 1024  # pixels of a picture on a card: of a larger one, pixels are left out
MOST_SIDE = 4096  # pixels of an enlarged picture
_CELL = "text-align:left;vertical-align:top"


@runtime_checkable
class Pictured(Protocol):
    """A result that can be looked at: `picture` is uint8 (C, H, W), C = 1 or 3."""

    @property
    def picture(self) -> NDArray[np.uint8]:
        """The picture, uint8 (C, H, W)."""


def card(title: str, facts: Mapping[str, object], picture: NDArray[np.uint8] | None = None) -> str:
    """Return HTML without scripts: a title, a row for each fact, and a picture uint8 (C, H, W) as inline PNG."""
    rows = "".join(
        f'<tr><th style="{_CELL}">{_text(name)}</th><td style="{_CELL}">{_text(f)}</td></tr>' for name, f in facts.items()
    )
    seen = "" if picture is None else f'<img alt="{_text(title)}" src="{pages.inline(picture)}">'
    return f"<div><b>{_text(title)}</b>{seen and '<br>' + seen}<table>{rows}</table></div>"


def show(
    images: AnyImages | Pictured, *more: Any, columns: int = 8, scale: int = 1, layout: Layout | None = None
) -> Image.Image:
    """Return images as one PIL image, which a notebook displays; `.save("FILE.png")` keeps it.

    images   one image, as `ssgan.as_image` takes it; a batch (N, C, H, W), as `ssgan.as_images` does; or a result with a
             picture, such as those of `ssgan.hide`, `ssgan.costs` and `ssgan.inspect`
    more     further images or results, which come to the right of the first
    columns  of a batch: images in a row
    scale    enlarge each pixel to a square of so many pixels
    layout   "chw" or "hwc", where the shape of a NumPy array leaves it open

    Raises InvalidSetting for what is no image, and for images beside each other that differ in height.

    >>> import numpy, ssgan
    >>> ssgan.show(numpy.zeros((3, 24, 32), int), scale=2).size
    (64, 48)
    """
    parts = [_part(one, columns, layout) for one in (images, *more)]
    if len({part.shape[1] for part in parts}) > 1:
        heights = ", ".join(str(part.shape[1]) for part in parts)
        raise InvalidSetting(f"the images are {heights} pixels high", hint="show them one at a time, or cut them alike")
    joined = parts[0]
    if len(parts) > 1:
        joined = side_by_side([part.repeat(3 // len(part), axis=0) for part in parts])
    if scale < 1 or scale * max(joined.shape[1:]) > MOST_SIDE and scale > 1:
        raise InvalidSetting(
            f"scale is {scale}; sides would have up to {scale * max(joined.shape[1:])} pixels", hint="give 1 or a little more"
        )
    rows = joined.repeat(scale, axis=1).repeat(scale, axis=2).transpose(1, 2, 0)
    return Image.fromarray(np.ascontiguousarray(rows[..., 0] if rows.shape[2] == 1 else rows))


def _part(given: Any, columns: int, layout: Layout | None) -> NDArray[np.uint8]:
    """Return uint8 (C, H, W) of one argument of `show`."""
    if is_batch(given) or isinstance(given, list | tuple):
        if columns < 1:
            raise InvalidSetting(f"columns is {columns}; it must be at least 1", hint="leave it out for 8")
        return contact_sheet(as_images(given, layout=layout), columns)
    if isinstance(given, Pictured):
        return given.picture
    return as_image(given, layout=layout)


def _small(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return a picture for a notebook: of a large one, every second pixel or fewer."""
    step = -(-max(picture.shape[1:]) // CARD_SIDE)
    return np.ascontiguousarray(picture[:, ::step, ::step])


def _text(value: object) -> str:
    return escape(shown(str(value)))
