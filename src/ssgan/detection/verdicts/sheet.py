"""Draw a contact sheet: each picture small, in a frame of its answer's color, with answer and name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePath

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from ssgan.detection.verdicts.answer import NOT_READABLE
from ssgan.detection.verdicts.files import Judged

SIDE = 128  # pixels that a picture may be wide or high
MOST = 200  # pictures on one page
_FRAME, _GAP, _LINE = 5, 10, 13
_FONT = 11  # pixels
_LONGEST = 22  # letters of a name that fit below a picture
_PAPER, _INK = (250, 249, 245), (38, 40, 48)
# Orange and blue are easy to tell apart, also for the color-blind; the word below repeats it.
_COLORS: dict[str, tuple[int, int, int]] = {
    "found": (216, 88, 24), "nothing found": (58, 118, 196), "could not be examined": (128, 130, 138),
}  # fmt: skip
_UNREAD = (60, 60, 66)


@dataclass(frozen=True, eq=False)
class Tile:
    """One file on the sheet: `thumbnail` RGB, or None for an unreadable file; `word` is its answer."""

    thumbnail: Image.Image | None
    word: str
    name: str


def tile(judged: Judged) -> Tile:
    """Return the tile of one file, its picture reduced by averaging."""
    name, answer = PurePath(judged.name).name, judged.answer
    word = answer.why if answer.why == NOT_READABLE else answer.word
    if judged.samples is None:
        return Tile(None, word, name)
    picture = Image.fromarray(np.squeeze(judged.samples.transpose(1, 2, 0), axis=2 if len(judged.samples) == 1 else ()))
    small = picture.convert("RGB")
    small.thumbnail((SIDE, SIDE), Image.Resampling.BOX)
    return Tile(small, word, name)


def page(tiles: Sequence[Tile], *, columns: int = 6) -> np.ndarray:
    """Return uint8 (3, H, W): the first MOST tiles, row by row."""
    tiles = tiles[:MOST]
    columns = min(columns, len(tiles))
    rows = -(-len(tiles) // columns)
    width, height = SIDE + 2 * _FRAME + _GAP, SIDE + 2 * _FRAME + 3 * _LINE + _GAP
    canvas = Image.new("RGB", (columns * width + _GAP, rows * height + _GAP), _PAPER)
    pen, font = ImageDraw.Draw(canvas), ImageFont.load_default(_FONT)
    for i, one in enumerate(tiles):
        _draw(canvas, pen, font, one, _GAP + i % columns * width, _GAP + i // columns * height)
    return np.ascontiguousarray(np.asarray(canvas).transpose(2, 0, 1))


def _draw(
    canvas: Image.Image, pen: ImageDraw.ImageDraw, font: ImageFont.ImageFont | ImageFont.FreeTypeFont, one: Tile, x: int, y: int
) -> None:
    color = _COLORS.get(one.word, _UNREAD)
    outer = SIDE + 2 * _FRAME
    pen.rectangle((x, y, x + outer - 1, y + outer - 1), fill=color)
    pen.rectangle((x + _FRAME, y + _FRAME, x + _FRAME + SIDE - 1, y + _FRAME + SIDE - 1), fill=_PAPER)
    if one.thumbnail is None:
        inner = (x + _FRAME, y + _FRAME, x + _FRAME + SIDE, y + _FRAME + SIDE)
        pen.line(inner, fill=color, width=2)
    else:
        left, top = ((SIDE - length) // 2 for length in one.thumbnail.size)
        canvas.paste(one.thumbnail, (x + _FRAME + left, y + _FRAME + top))
    name = one.name if len(one.name) <= _LONGEST else f"{one.name[: _LONGEST - 1]}…"
    for k, (text, ink) in enumerate(((one.word, color), (name, _INK))):
        pen.text((x + 1, y + outer + 3 + k * _LINE), text, fill=ink, font=font)
